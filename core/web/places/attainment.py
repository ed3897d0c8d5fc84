"""Attainment on a page (点位达标): how many places are up to standard on either track, which are not, and what they lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as Answered

from core import request as asked
from core.errors import N_, NotFound
from core.figures.site_attainment.board import Tally, read_board, whole
from core.figures.site_attainment.choosing import Choice, choose, read_lines
from core.figures.site_attainment.scope import After
from core.figures.site_attainment.states import STATES
from core.request import actor, db, require, tenant, today
from core.web import district
from core.web.as_of import read_as_of
from core.web.exports import stream_csv
from core.web.organisation.area_choice import read_area
from core.web.paging import PAGE, bad_argument, cut, read_cursor, read_id
from core.web.places.attainment_words import (
    TABS,
    form_name,
    latest,
    say_checked,
    say_lacks,
    say_missing,
    say_person,
    seats_of,
)
from core.web.places.site_words import campaign_titles, type_options, unit_options
from core.web.places.visit_links import visitable
from core.web.workbook_answers import send_xlsx
from core.work.duties.sponsor_places import names_on
from core.work.places.subjects import SUBJECTS, plan_subjects, settle_subjects
from core.work.roles import KEEP_SITES, SEE
from core.work.tenant_settings import may_set
from tenants.access import Actor, may, root_unit
from tenants.models import Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("attainment", __name__, url_prefix="/t/<slug>/attainment")
blueprint.before_request(district.enter)

BATCH = 400  # places a step of an export
HEAD = (
    N_("编号"), N_("名称"), N_("所在单位"), N_("创建项目"), N_("达标状态"), N_("责任人"), N_("上次自查"), N_("自查得分"),
    N_("上次核验"), N_("核验得分"), N_("未办结问题"), N_("还差什么"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StreetRow:
    """One subdistrict of the board (街道达标): its tally in each campaign."""

    id: UUID | None
    name: str
    tallies: Mapping[str, Tally]


def read_choice() -> Choice:
    """What the page's address asks for. Raises InvalidInput."""
    said = request.args
    subject, state, unit = said.get("of", ""), said.get("state", ""), said.get("unit", "")
    if subject not in TABS:
        raise bad_argument("of", subject)
    if state and state not in STATES:
        raise bad_argument("state", state)
    kind, campaign, person, text = (
        said.get(name, "").replace("\x00", "").strip()[:60] for name in ("type", "campaign", "person", "q")
    )
    places = (read_id(unit, "unit") if unit else None, read_area())
    return Choice(subject, kind, *places, campaign, (state,) if state else (), person, text, read_as_of())


@blueprint.get("")
@require(SEE)
def show() -> str:
    """The board of both tracks, and the places by name with what each lacks."""
    choice, session, who = read_choice(), db(), actor()
    chosen = choose(session, who, choice, today())
    board = {key: one for key, one in read_board(session, chosen.ground, chosen.scope).items() if one}
    lines, posts = read_lines(session, who, chosen, today(), states=choice.states, after=_after(), limit=PAGE + 1)
    page = cut(lines, lambda one: (one.standing.pinyin, one.standing.site_id, one.standing.campaign))
    subject, keeps = choice.subject, may(session, who, KEEP_SITES, root_unit(session).id, today())
    return render_template(
        "attainment/show.html",
        choice=choice,
        page=page,
        ground=chosen.ground,
        board={key: whole(one.values()) for key, one in board.items()},
        streets=street_rows(session, board),
        tabs=[(code, gettext(word)) for code, word in TABS.items()],
        states=STATES,
        options=[(code, gettext(word)) for code, (word, _) in STATES.items()],
        types=type_options(),
        units=unit_options(session, who, choice.as_of or today()),
        titles=campaign_titles(session),
        names=names_on(session, {one.standing.unit_id for one in page.rows}, chosen.ground.on),
        posts=posts,
        visitable=visitable({one.standing.site_id for one in page.rows}) if not choice.as_of else (),
        plan=plan_subjects(session, subject, today()) if subject and keeps and not choice.as_of else None,
        subjects=SUBJECTS,
        may_set=may_set(session, who, asked.now()),
        latest=latest,
        say_checked=say_checked,
        say_lacks=say_lacks,
        say_missing=say_missing,
        form_name=form_name,
        seats_of=seats_of,
        say_person=say_person,
    )


def _after() -> After | None:
    said = read_cursor(3)
    if said and "\x00" in "".join(said):
        raise bad_argument("cursor", said[2])
    return (said[0], read_id(said[1], "cursor"), said[2]) if said else None


def street_rows(session: ScopedSession, board: Mapping[str, Mapping[UUID | None, Tally]]) -> list[StreetRow]:
    """The subdistricts of a board by name; places that lie in none come last."""
    ids = {street for one in board.values() for street in one}
    named = select(Unit.id, Unit.name).where(Unit.id.in_([one for one in ids if one])).order_by(Unit.pinyin, Unit.id)
    order: list[tuple[UUID | None, str]] = [(key, name) for key, name in session.execute(named)]
    order += [(None, gettext("不在街道内"))] if None in ids else []
    return [
        StreetRow(key, name, {campaign: one[key] for campaign, one in board.items() if key in one})
        for key, name in order
    ]


@blueprint.post("/subjects/<subject>")
@require(KEEP_SITES)
def settle(subject: str) -> Answered:
    """Give each grid or village its place to check, rename what was renamed, close what is gone."""
    if subject not in SUBJECTS:
        raise NotFound
    done = settle_subjects(db(), actor(), subject, today=today())
    said = {"made": len(done.missing), "renamed": len(done.renamed), "ended": len(done.ended)}
    flash(gettext("检查对象已核对：新建 %(made)s 个，改名 %(renamed)s 个，关闭 %(ended)s 个", **said))
    return redirect(url_for("attainment.show", of=subject), 303)


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The places of the list with everything that the page says, as CSV."""
    choice, who, on = read_choice(), actor(), today()
    head = [gettext(text) for text in HEAD]
    return stream_csv(_file_name(choice, on, "csv"), head, lambda session: _rows(session, who, choice, on))


@blueprint.get("/export.xlsx")
@require(SEE)
def export_workbook() -> Response:
    """The same as an Excel workbook."""
    choice, who, on = read_choice(), actor(), today()
    head = [gettext(text) for text in HEAD]
    name = _file_name(choice, on, "xlsx")
    return send_xlsx(name, gettext("点位达标"), head, lambda session: _rows(session, who, choice, on))


def _file_name(choice: Choice, on: date, ending: str) -> str:
    return f"attainment-{tenant().slug}-{choice.subject or 'site'}-{(choice.as_of or on).isoformat()}.{ending}"


def _rows(session: ScopedSession, who: Actor, choice: Choice, on: date) -> Iterator[Sequence[object]]:
    chosen = choose(session, who, choice, on)
    titles, after = campaign_titles(session), None
    while True:
        lines, posts = read_lines(session, who, chosen, on, states=choice.states, after=after, limit=BATCH)
        names = names_on(session, {one.standing.unit_id for one in lines}, chosen.ground.on)
        for line in lines:
            one, own, others = line.standing, latest(line, "by_itself"), latest(line, "by_others")
            yield (
                *(one.code or "", one.name, names.get(one.unit_id, ""), titles.get(one.campaign, one.campaign)),
                *(gettext(STATES[one.state][0]), say_person(line.answer, posts)),
                *(own.day.isoformat() if own else "", say_checked(own)),
                *(others.day.isoformat() if others else "", say_checked(others)),
                *(one.open_findings, say_lacks(chosen.ground, line.forms)),
            )
        if len(lines) < BATCH:
            return
        last = lines[-1].standing
        after = (last.pinyin, last.site_id, last.campaign)
