"""The coverage proof on a page (责任覆盖): for a day, which site lacks an accountable post in which campaign, which unit a liaison."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy import Select, select

from core.errors import N_
from core.request import actor, db, require_any, today
from core.web import district
from core.web.as_of import read_on
from core.web.exports import Rows, stream_csv
from core.web.organisation.area_choice import read_area
from core.web.paging import PAGE, Page, bad_argument, cut, read_cursor, read_id
from core.web.places.site_words import campaign_titles, unit_options
from core.web.words import listed, say_kind
from core.web.workbook_answers import send_xlsx
from core.work.dated import valid_on
from core.work.duties.coverage import (
    COVERED,
    DOUBLE,
    GAP,
    STATES,
    VACANT,
    Answer,
    Coverage,
    Place,
    UnitAnswer,
    prove_coverage,
)
from core.work.duties.coverage_posts import Posts
from core.work.duties.sponsor_places import names_on
from core.work.roles import ADMINISTER, DIRECT, LEAD
from tenants.access import Actor
from tenants.models import UnitPath
from tenants.scope import ScopedSession

blueprint = Blueprint("coverage", __name__, url_prefix="/t/<slug>/coverage")
blueprint.before_request(district.enter)

READERS = (ADMINISTER, DIRECT, LEAD)
WORDS: Mapping[str, tuple[str, str]] = {
    GAP: (N_("没有责任岗"), "soon"),
    VACANT: (N_("岗位空缺"), "soon"),
    DOUBLE: (N_("多个责任岗"), "soon"),
    COVERED: (N_("有人负责"), "active"),
}
UNIT_WORDS: Mapping[str, tuple[str, str]] = WORDS | {
    GAP: (N_("没有联络员岗"), "soon"),
    COVERED: (N_("有联络员"), "active"),
}
WRONG = "wrong"  # everything that is not covered: what the page shows unless asked


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for."""

    on: date | None
    unit_id: UUID | None
    state: str
    campaign: str
    text: str
    area_id: UUID | None

    @property
    def states(self) -> tuple[str, ...]:
        """The states to list."""
        return tuple(one for one in STATES if one != COVERED) if self.state == WRONG else (self.state,)

    @property
    def active(self) -> bool:
        """Whether anything but the state is filtered."""
        return bool(self.on or self.unit_id or self.area_id or self.campaign or self.text or self.state != WRONG)


def read_asked(said: Mapping[str, str] | None = None) -> Asked:
    """The filter of this request's address, or of a form that carries it. Raises InvalidInput."""
    args = request.args if said is None else said
    state = args.get("state") or WRONG
    if state != WRONG and state not in STATES:
        raise bad_argument("state", state)
    unit = args.get("unit", "")
    texts = {name: args.get(name, "").replace("\x00", "").strip()[:60] for name in ("campaign", "q")}
    places = (read_id(unit, "unit") if unit else None, read_area(args))
    return Asked(read_on(args), places[0], state, texts["campaign"], texts["q"], places[1])


def within(who: Actor, on: date) -> Select[UUID] | None:
    """The units whose coverage a reader may see: under his posts that administer, direct or lead; None for all."""
    if any(who.covers(verb) for verb in READERS):
        return None
    roots = {unit for verb in READERS for unit in who.roots(verb)}
    chosen = select(UnitPath.unit_id).where(UnitPath.tenant_id == who.tenant.id, UnitPath.ancestor_id.in_(roots))
    return chosen.where(valid_on(UnitPath, on))


def prove(session: ScopedSession, who: Actor, found: Asked, on: date) -> Coverage:
    """The proof for a filter and its reader."""
    limits = {"unit_id": found.unit_id, "area_id": found.area_id, "text": found.text}
    return prove_coverage(session, on, within=within(who, on), **limits)


def _cut(rows: Sequence[tuple[Place, str, Answer]]) -> Page[tuple[Place, str, Answer]]:
    cursor, at = read_cursor(2), 0
    if cursor:
        after = (read_id(cursor[0], "cursor"), cursor[1])
        at = next((n + 1 for n, (place, campaign, _) in enumerate(rows) if (place.id, campaign) == after), 0)
    return cut(rows[at : at + PAGE + 1], lambda row: (row[0].id, row[1]), PAGE)


@blueprint.get("")
@require_any(*READERS)
def show() -> str:
    """Sites by campaign that lack somebody or have too many; a link to put it right."""
    found, session = read_asked(), db()
    on = found.on or today()
    proof = prove(session, actor(), found, on)
    page = _cut(proof.rows(found.states, found.campaign))
    return render_template(
        "coverage/show.html",
        proof=proof,
        page=page,
        total=len(proof.rows(found.states, found.campaign)),
        asked=found,
        on=on,
        today=today(),
        words=WORDS,
        states=[(WRONG, gettext("有问题的")), *((code, gettext(word)) for code, (word, _) in WORDS.items())],
        names=names_on(session, {place.unit_id for place, _, _ in page.rows}, on),
        units=unit_options(session, actor(), on),
        campaigns=campaign_titles(session),
        may_assign=any(actor().has(verb) for verb in (ADMINISTER, DIRECT)),
        say_posts=say_posts,
        covered=COVERED,
        gap=GAP,
    )


def say_posts(answer: Answer, posts: Posts) -> list[tuple[UUID, str, str]]:
    """The posts behind an answer: id, unit and title, and who sits there."""
    faces = [posts.faces[one] for one in answer.posts if one in posts.faces]
    return [(f.id, f"{f.unit_name} · {f.title}", listed(f.holders) or _say_vacant(f.deputies)) for f in faces]


def _say_vacant(deputies: Sequence[str]) -> str:
    return gettext("空缺，由 %(names)s 代理", names=listed(deputies)) if deputies else gettext("空缺")


HEAD = (
    N_("点位"),
    N_("点位编号"),
    N_("所在单位"),
    N_("创建项目"),
    N_("状态"),
    N_("责任岗"),
    N_("任职人"),
)
UNIT_HEAD = (N_("单位"), N_("类型"), N_("状态"), N_("联络员岗"), N_("任职人"))


def _rows() -> Callable[[ScopedSession], Rows]:
    found, who, on = read_asked(), actor(), today()
    day = found.on or on

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        proof, titles = prove(session, who, found, day), campaign_titles(session)
        names = names_on(session, {place.unit_id for place in proof.places}, day)
        for place, campaign, answer in proof.rows(found.states, found.campaign):
            seats = say_posts(answer, proof.posts)
            where = (place.name, place.code or "", names.get(place.unit_id, ""), titles.get(campaign, campaign))
            state = gettext(WORDS[answer.state][0])
            yield *where, state, listed(seat[1] for seat in seats), listed(seat[2] for seat in seats)

    return rows


@blueprint.get("/export.csv")
@require_any(*READERS)
def export() -> Response:
    """The list as CSV, whole."""
    name = f"coverage-{(read_asked().on or today()).isoformat()}.csv"
    return stream_csv(name, [gettext(text) for text in HEAD], _rows())


@blueprint.get("/export.xlsx")
@require_any(*READERS)
def export_workbook() -> Response:
    """The list as an Excel workbook."""
    name = f"coverage-{(read_asked().on or today()).isoformat()}.xlsx"
    return send_xlsx(name, gettext("责任覆盖"), [gettext(text) for text in HEAD], _rows())


def _units(proof: Coverage, found: Asked) -> list[UnitAnswer]:
    return [row for row in proof.units if row.answer.state in found.states]


@blueprint.get("/units")
@require_any(*READERS)
def show_units() -> str:
    """Units and their liaisons."""
    found, session = read_asked(), db()
    on = found.on or today()
    proof = prove(session, actor(), found, on)
    rows = _units(proof, found)
    cursor = read_cursor(1)
    after = read_id(cursor[0], "cursor") if cursor else None
    at = next((n + 1 for n, row in enumerate(rows) if row.unit_id == after), 0) if after else 0
    return render_template(
        "coverage/units.html",
        proof=proof,
        page=cut(rows[at : at + PAGE + 1], lambda row: (row.unit_id,), PAGE),
        total=len(rows),
        asked=found,
        on=on,
        today=today(),
        words=UNIT_WORDS,
        states=[
            (WRONG, gettext("有问题的")),
            *((code, gettext(word)) for code, (word, _) in UNIT_WORDS.items() if code != DOUBLE),
        ],
        units=unit_options(session, actor(), on),
        say_kind=say_kind,
        say_posts=say_posts,
        covered=COVERED,
        gap=GAP,
        administers=actor().has(ADMINISTER),
    )


@blueprint.get("/units.csv")
@require_any(*READERS)
def export_units() -> Response:
    """Units and their liaisons as CSV."""
    found, who, on = read_asked(), actor(), today()
    day = found.on or on

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        proof = prove(session, who, found, day)
        for row in _units(proof, found):
            seats = say_posts(row.answer, proof.posts)
            state = gettext(UNIT_WORDS[row.answer.state][0])
            yield row.name, say_kind(row.kind), state, listed(s[1] for s in seats), listed(s[2] for s in seats)

    return stream_csv(f"liaisons-{day.isoformat()}.csv", [gettext(text) for text in UNIT_HEAD], rows)
