"""Patrol shifts on the pages (巡查班次): begin and end one, who walks along, what was fixed and passed on, the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import and_, select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Fault, InvalidInput, SanchengError
from core.request import actor, db, now, require, require_any, today
from core.settings import ZONE
from core.web.errors import say
from core.web.exports import stream_csv
from core.web.intake import patrol_sums
from core.web.intake.report_form import faults_of
from core.web.organisation.area_choice import read_area
from core.web.paging import PAGE, bad_argument, cut, read_cursor, read_day, read_id
from core.web.places.site_words import unit_options
from core.web.words import listed
from core.work.dated import valid_on
from core.work.intake.patrols import (
    DUTIES,
    LONGEST_ROUTE,
    PatrolFilter,
    PatrolRow,
    end_patrol,
    join_patrol,
    list_patrols,
    running_patrol,
    start_patrol,
)
from core.work.roles import REPORT, SEE
from tenants.models import Holding, Person, Post, Unit
from tenants.scope import ScopedSession

blueprint = Blueprint("patrols", __name__, url_prefix="/t/<slug>/patrols")
blueprint.before_request(asked.enter)

MOST_PEOPLE = 500
OTHER = "other"
JOINT = ("road_chief", "grid_worker", "enforcement", "sanitation", "volunteer")  # asked one by one on the form


@blueprint.get("")
@require_any(SEE, REPORT)
def show_list() -> tuple[str, int]:
    """The shifts within reach, the latest first, and the one that the reader is on."""
    return _page(MultiDict())


@blueprint.post("")
@require(REPORT)
def start() -> AnyResponse | tuple[str, int]:
    """Begin a shift."""
    said: MultiDict[str, str] = MultiDict(request.form)
    unit = read_id(said.get("unit", ""), "unit")
    try:
        walking = _read_members(said) | ({actor().person_id: said["duty"]} if said.get("duty") else {})
        start_patrol(db(), actor(), unit_id=unit, route=said.get("route", ""), members=walking, now=now())
    except (InvalidInput, Conflict) as error:
        return _page(said, error)
    flash({"text": gettext("班次已开始"), "next": gettext("随手上报"), "href": url_for("reporting.ask")}, "success")  # type: ignore[arg-type]  # Flask's flash takes any value that the page knows
    return redirect(url_for("patrols.show_list"), 303)


@blueprint.post("/<uuid:patrol_id>/members")
@require(REPORT)
def join(patrol_id: UUID) -> AnyResponse | tuple[str, int]:
    """Somebody walks along from now on."""
    said: MultiDict[str, str] = MultiDict(request.form)
    try:
        join_patrol(db(), actor(), patrol_id, members=_read_members(said), now=now())
    except (InvalidInput, Conflict) as error:
        return _page(said, error)
    flash(gettext("已加入班次"))
    return redirect(url_for("patrols.show_list"), 303)


@blueprint.post("/<uuid:patrol_id>/end")
@require(REPORT)
def end(patrol_id: UUID) -> AnyResponse | tuple[str, int]:
    """End a shift."""
    try:
        end_patrol(db(), actor(), patrol_id, note=request.form.get("note", ""), now=now())
    except (InvalidInput, Conflict) as error:
        return _page(MultiDict(), error)
    flash(gettext("班次已结束"))
    return redirect(url_for("patrols.show_list"), 303)


@blueprint.get("/sums.csv")
@require_any(SEE, REPORT)
def export_sums() -> Response:
    """The sums of the list as CSV."""
    return patrol_sums.export_sums(_wanted())


@blueprint.get("/export.csv")
@require_any(SEE, REPORT)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, on = _wanted(), actor(), today()
    duties = {code: gettext(zh) for code, (zh, _en) in DUTIES.items()}

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        after: tuple[datetime, UUID] | None = None
        while page := list_patrols(session, who, wanted, on=on, after=after, limit=200):
            yield from (_csv_line(row, duties) for row in page)
            after = (page[-1].patrol.started_at, page[-1].patrol.id)

    head = (N_("开始时间"), N_("结束时间"), N_("单位"), N_("路线"), N_("带队"), N_("人员"), N_("当场处置"), N_("转交"))
    return stream_csv(f"patrols-{on.isoformat()}.csv", [gettext(text) for text in (*head, N_("说明"))], rows)


def _csv_line(row: PatrolRow, duties: Mapping[str, str]) -> Sequence[object]:
    patrol = row.patrol
    walking = listed(f"{name} {duties.get(duty, duty)}" for name, duty in row.members)
    times = [
        at.astimezone(ZONE).isoformat(timespec="minutes") if at else "" for at in (patrol.started_at, patrol.ended_at)
    ]
    return (*times, row.unit_name, patrol.route, row.person_name, walking, row.fixed, row.passed_on, patrol.note)


def _wanted() -> PatrolFilter:
    unit, running = request.args.get("unit", ""), request.args.get("state", "")
    return PatrolFilter(
        read_day("from"),
        read_day("to"),
        read_id(unit, "unit") if unit else None,
        {"running": True, "ended": False}.get(running),
        read_area(),
    )


def _page(said: MultiDict[str, str], error: SanchengError | None = None) -> tuple[str, int]:
    session, wanted = db(), _wanted()
    cursor = read_cursor(2)
    after = (_moment(cursor[0]), read_id(cursor[1], "cursor")) if cursor else None
    rows = list_patrols(session, actor(), wanted, on=today(), after=after, limit=PAGE + 1)
    page = cut(rows, lambda row: (row.patrol.started_at.isoformat(), row.patrol.id))
    can_walk = actor().has(REPORT)
    running = running_patrol(session, actor()) if can_walk else None
    context = {
        "page": page,
        "wanted": wanted,
        "said": said,
        "faults": faults_of(error, {}),
        "refusal": say(error) if error and not error.faults else "",
        "running": running,
        "can_walk": can_walk,
        "units": unit_options(session, actor(), today()),
        "walked": unit_options(session, actor(), today(), REPORT) if can_walk else [],
        "people": _people(session) if can_walk else [],
        "chosen": {one: said.getlist(f"member.{one}") for one in (*JOINT, OTHER)},
        "duties": {code: gettext(zh) for code, (zh, _en) in DUTIES.items()},
        "joint": JOINT,
        "joining": (*JOINT, OTHER),
        "longest_route": LONGEST_ROUTE,
        **patrol_sums.sums_of(wanted),
    }
    return render_template("patrols/list.html", **context), error.status if error else 200


def _moment(text: str) -> datetime:
    """The moment in a cursor. Raises InvalidInput for one that this list did not give."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise bad_argument("cursor", text) from None
    if found.tzinfo is None:
        raise bad_argument("cursor", text)
    return found


def _people(session: ScopedSession) -> list[tuple[str, str]]:
    """The people with a post today, by name, with their unit."""
    rows = session.execute(
        select(Person.id, Person.name, Unit.name)
        .join(Holding, and_(Holding.tenant_id == Person.tenant_id, Holding.person_id == Person.id))
        .join(Post, and_(Post.tenant_id == Holding.tenant_id, Post.id == Holding.post_id))
        .join(Unit, and_(Unit.tenant_id == Post.tenant_id, Unit.id == Post.unit_id))
        .where(Person.state == "active", valid_on(Holding, today()), Person.id != actor().person_id)
        .order_by(Person.pinyin, Person.id)
        .limit(MOST_PEOPLE)
    )
    found: dict[UUID, str] = {}
    for person_id, name, unit in rows:
        found.setdefault(person_id, f"{name} · {unit}")
    return [(str(key), text) for key, text in found.items()]


def _read_members(said: MultiDict[str, str]) -> dict[UUID, str]:
    """Who walks along, any number a duty. Raises InvalidInput for one person under two duties."""
    found: dict[UUID, str] = {}
    for duty in (*JOINT, OTHER):
        for text in filter(None, said.getlist(f"member.{duty}")):
            person = read_id(text, "members")
            if found.setdefault(person, duty) != duty:
                name = db().scalar(select(Person.name).where(Person.id == person)) or text
                remedy = N_("请只留一种身份")
                raise InvalidInput(faults=[Fault(N_("同一个人选了两种身份"), "members", value=name, remedy=remedy)])
    return found
