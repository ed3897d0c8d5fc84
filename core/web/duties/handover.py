"""Hand-over on the pages (交接): choose posts and items, see what would pass, do it in one step, print the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, InvalidInput, NotFound
from core.request import actor, db, now, require, today
from core.web.duties.people import campaign_options
from core.web.duties.person import find
from core.web.duties.person_choice import person_options
from core.web.errors import fault_map, say
from core.web.form_fields import day_of, id_of
from core.web.paging import read_id
from core.web.words import by_locale, say_role
from core.work.duties.handover_items import KINDS, find_items
from core.work.duties.handovers import Preview, get_handover, hand_over, preview_handover
from core.work.duties.holdings import KINDS as HOLDING_KINDS
from core.work.duties.people import PersonRow
from core.work.loop.sight import sees_finding
from core.work.roles import ADMINISTER
from core.work.tables import Finding, Handover
from tenants.scope import ScopedSession

blueprint = Blueprint("handover", __name__, url_prefix="/t/<slug>/people/<uuid:person_id>/handover")
blueprint.before_request(asked.enter)
records = Blueprint("handovers", __name__, url_prefix="/t/<slug>/handovers")
records.before_request(asked.enter)

SHOWN = 200  # findings named on the record; the count tells the rest


def _form(row: PersonRow, values: Mapping[str, Any], errors: Mapping[str, str], status: int = 200) -> tuple[str, int]:
    session = db()
    open_items = find_items(session, actor(), row.id, on=today(), today=today())
    page = render_template(
        "people/handover.html",
        person=row,
        people=person_options(session, actor(), today(), but=row.id, everybody=True),
        counts=open_items.counts,
        kinds=KINDS,
        campaigns=dict(campaign_options(session)),
        say_role=say_role,
        values=values,
        errors=errors,
        today=today(),
    )
    return page, status


@blueprint.get("")
@require(ADMINISTER)
def ask(person_id: UUID) -> tuple[str, int]:
    """The form: the successor, the posts, the open items, the day."""
    row = find(person_id)
    posts = [str(post.post_id) for post in row.posts]
    return _form(row, {"posts": posts, "kinds": list(KINDS), "on": today().isoformat()}, {})


def _read(form: MultiDict[str, str]) -> dict[str, Any]:
    """The form as arguments of a hand-over. Raises InvalidInput."""
    return {
        "posts": [read_id(one, "posts") for one in form.getlist("posts")],
        "kinds": [kind for kind in form.getlist("kinds") if kind in KINDS],
        "on": day_of(form, "on") or today(),
    }


def _kept(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, for the form again."""
    many = {name: form.getlist(name) for name in ("posts", "kinds")}
    return many | {name: form.get(name, "") for name in ("to", "on", "note")}


@blueprint.post("")
@require(ADMINISTER)
def act(person_id: UUID) -> AnyResponse | tuple[str, int]:
    """See first what would pass; the same form with ``confirm`` does it."""
    row, form = find(person_id), request.form
    try:
        to = id_of(form, "to")
        if to is None:
            return _form(row, _kept(form), {"to": gettext("请选择接手人")}, 422)
        wish = _read(form)
        if not _is_offered(to):
            raise NotFound
        if form.get("confirm") == "1":
            return _done(row, to, wish, form.get("note", ""))
        seen = preview_handover(db(), actor(), row.id, to, today=today(), **wish)
    except (InvalidInput, Conflict) as error:
        return _form(row, _kept(form), fault_map(error) or {"to": say(error)}, error.status)
    return _preview(row, seen, _kept(form)), 200


def _is_offered(person_id: UUID) -> bool:
    """Whether a successor is offered to this reader: in his reach, or without a post yet."""
    offered = person_options(db(), actor(), today(), everybody=True)
    return any(key == str(person_id) for key, _ in offered)


def _preview(row: PersonRow, seen: Preview, values: Mapping[str, Any]) -> str:
    return render_template(
        "people/handover_preview.html",
        person=row,
        seen=seen,
        kinds=KINDS,
        holding_kinds=HOLDING_KINDS,
        findings=_findings(db(), seen.items.of("findings")),
        values=values,
        say_role=say_role,
    )


def _done(row: PersonRow, to: UUID, wish: dict[str, Any], note: str) -> AnyResponse:
    made = hand_over(db(), actor(), row.id, to, note=note, today=today(), now=now(), **wish)
    said = gettext("已交接：%(from)s 交给 %(to)s", **{"from": row.name, "to": made.body["to"]})
    flash({"text": said, "next": gettext("看接手人"), "href": url_for("person.show", person_id=to)})
    return redirect(url_for("handovers.show", handover_id=made.id), 303)


def _findings(session: ScopedSession, ids: Sequence[UUID]) -> list[tuple[UUID, str | None, str]]:
    """Id, number and title in the reader's language of the findings that he may see, by deadline."""
    if not ids:
        return []
    chosen = select(Finding.id, Finding.number, Finding.title, Finding.title_en)
    seen = chosen.where(Finding.id.in_(ids), sees_finding(actor(), today())).order_by(Finding.due_at, Finding.id)
    return [(one, number, by_locale(zh, en)) for one, number, zh, en in session.execute(seen)]


@records.get("/<uuid:handover_id>")
def show(handover_id: UUID) -> str:
    """The record, to read and to print: for the two, and for who administers one of them."""
    row = get_handover(db(), handover_id)
    if not _may_read(row):
        raise NotFound
    findings = _findings(db(), [UUID(one) for one in row.body.get("findings", ())])
    counts = {kind: len(row.body.get(kind, ())) for kind in KINDS if kind in row.body}
    if "findings" in counts:
        counts["findings"] = len(findings)
    return render_template(
        "people/handover_record.html",
        row=row,
        counts=counts,
        kinds=KINDS,
        holding_kinds=HOLDING_KINDS,
        findings=findings[:SHOWN],
        more=max(len(findings) - SHOWN, 0),
        say_role=say_role,
    )


def _may_read(row: Handover) -> bool:
    if actor().person_id in (row.from_id, row.to_id):
        return True
    if not actor().has(ADMINISTER):
        return False
    for person in (row.from_id, row.to_id):
        try:
            find(person)
        except NotFound:
            continue
        return True
    return False
