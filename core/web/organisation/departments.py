"""Which real department does which duty (部门对应): one row a duty, confirmed one by one or all as they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput, NotFound
from core.request import actor, db, house, require, tenant, today
from core.web.as_of import read_as_of
from core.web.errors import fault_map, say
from core.web.exports import stream_csv
from core.web.paging import read_id
from core.web.words import by_locale, listed
from core.work.organisation.territory import OFFICES
from core.work.organisation.units import departments, map_department, tree
from core.work.roles import ADMINISTER
from core.work.tables import Site
from tenants.scope import ScopedSession

blueprint = Blueprint("departments", __name__, url_prefix="/t/<slug>/units/departments")


@blueprint.before_request
def enter() -> None:
    """Only a district dispatches findings to departments."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


def office_options(session: ScopedSession) -> list[tuple[str, str]]:
    """The units that may do a duty: departments and offices first, then everything else under the root."""
    nodes = [node for node in tree(session, today()) if node.depth <= 1]
    ordered = sorted(nodes, key=lambda node: node.kind not in OFFICES)
    return [(str(node.id), node.name) for node in ordered]


def _page(
    status: int = 200, role: str = "", values: Mapping[str, str] | None = None, error: str = ""
) -> tuple[str, int]:
    vocabulary, as_of = house().registry.vocabulary, read_as_of()
    rows = departments(db(), as_of or today(), vocabulary=vocabulary)
    hints = {word.code: word.typical_names for word in vocabulary.roles.values()}
    operated = select(func.count(), func.count(Site.operator_unit_id)).where(Site.state == "active")
    sites, with_operator = db().execute(operated).one()
    page = render_template(
        "units/departments.html",
        rows=rows,
        as_of=as_of,
        open=sum(not row.confirmed for row in rows),
        hints=hints,
        units=office_options(db()),
        role=role,
        values=values or {},
        error=error,
        sites=sites,
        with_operator=with_operator,
        by_locale=by_locale,
        listed=listed,
    )
    return page, status


@blueprint.get("")
@require(ADMINISTER)
def show() -> tuple[str, int]:
    """Every duty with the unit that does it."""
    return _page()


@blueprint.get("/export.csv")
@require(ADMINISTER)
def export() -> Response:
    """The same table as CSV, as of the day that the page shows."""
    day, vocabulary = read_as_of() or today(), house().registry.vocabulary
    states = {True: gettext("已确认"), False: gettext("待确认")}

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for row in departments(session, day, vocabulary=vocabulary):
            state = states[row.confirmed] if row.unit_id else gettext("没有对应")
            since = row.since.isoformat() if row.since else ""
            yield row.role, by_locale(row.title_zh, row.title_en), row.unit_name, state, since

    head = (N_("代码"), N_("职责"), N_("承担单位"), N_("状态"), N_("自"))
    return stream_csv(f"departments-{day.isoformat()}.csv", [gettext(text) for text in head], rows)


@blueprint.post("")
@require(ADMINISTER)
def choose() -> AnyResponse | tuple[str, int]:
    """Say which unit does one duty from today on; a new name becomes a new department."""
    form = request.form
    role, name, chosen = form.get("role", ""), form.get("name", "").strip(), form.get("unit", "")
    vocabulary = house().registry.vocabulary
    try:
        unit = read_id(chosen, "unit") if chosen and not name else None
        map_department(db(), actor(), role, unit_id=unit, name=name or None, today=today(), vocabulary=vocabulary)
    except (InvalidInput, Conflict) as error:
        said = next(iter(fault_map(error).values()), say(error))
        return _page(error.status, role, form, said)
    word = vocabulary.roles[role]
    flash(gettext("“%(duty)s”今天起由所选单位负责", duty=by_locale(word.name_zh, word.name_en)))
    return redirect(url_for("departments.show") + f"#{role}", 303)


@blueprint.post("/confirm")
@require(ADMINISTER)
def confirm_all() -> AnyResponse:
    """Confirm every mapping as it stands."""
    vocabulary = house().registry.vocabulary
    waiting = [d for d in departments(db(), today(), vocabulary=vocabulary) if d.unit_id and not d.confirmed]
    for duty in waiting:
        map_department(db(), actor(), duty.role, unit_id=duty.unit_id, today=today(), vocabulary=vocabulary)
    flash(gettext("已确认 %(n)s 项", n=len(waiting)))
    return redirect(url_for("departments.show"), 303)
