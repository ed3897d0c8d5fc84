"""The list of rounds (轮次清单): this week's calendar, what runs, what is coming, what is over; filters are in the address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_
from core.request import actor, db, now, require_any, today
from core.web.paging import PAGE, bad_argument, cut, read_cursor, read_day, read_id
from core.web.places.site_words import unit_options
from core.web.rounds import words
from core.web.table_files import send_table
from core.work.roles import ANSWER, DIRECT, SEE, VISIT
from core.work.rounds.clearance import may_plan_secret
from core.work.rounds.kinds import MODES, SOURCES, STATES, plannable
from core.work.rounds.merging import stops_for
from core.work.rounds.round_list import LARGEST_PAGE, WHEN, RoundFilter, RoundRow, list_rounds, this_week
from core.work.rounds.sealing import note_reads

blueprint = Blueprint("rounds", __name__, url_prefix="/t/<slug>/rounds")
blueprint.before_request(asked.enter_cleared)

SHOWN_IN_WEEK = 60  # rounds of one week in the strip above the list (ours)


@blueprint.get("")
@require_any(SEE, VISIT)
def show_list() -> str:
    """The rounds in view of a tab, by default what runs now."""
    wanted, on = _wanted(), today()
    found = list_rounds(db(), actor(), wanted, on=on, after=_after(), size=PAGE)
    page = cut(found, lambda row: (row.round.starts_on.isoformat(), row.round.id))
    week = _week(on)
    note_reads(
        db(), actor(), [*(row.round for row in page.rows), *(row.round for row in week)], "rounds.list", now=now()
    )
    filtered = any(request.args.get(name) for name in ("kind", "mode", "state", "source", "unit", "from", "to", "q"))
    return render_template(
        "rounds/list.html",
        page=page,
        wanted=wanted,
        filtered=filtered,
        week=_days(week, on),
        tabs=_tabs(wanted.when),
        kinds=words.kind_options(),
        sources=words.options(SOURCES),
        states=words.options(STATES),
        modes=words.options(MODES) if may_plan_secret(actor()) else [],
        units=unit_options(db(), actor(), on),
        may_plan=bool(plannable(actor())),
        may_keep_plans=actor().has(DIRECT) or actor().has(ANSWER),
        mine=stops_for(db(), actor(), on) if actor().has(VISIT) else [],
        words=words,
        today=on,
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_xlsx")
@require_any(SEE, VISIT)
def export() -> Response:
    """The same list as CSV or as a workbook."""
    wanted, on = _wanted(), today()
    rows = list(_all(wanted, on))
    note_reads(db(), actor(), [row.round for row in rows], "rounds.export", now=now())
    head = (
        N_("编号"), N_("轮次"), N_("类别"), N_("方式"), N_("来源"), N_("单位"), N_("开始"), N_("结束"), N_("状态"),
        N_("点位数"), N_("已查点位"), N_("检查次数"),
    )  # fmt: skip
    lines = [_line(row) for row in rows]  # read in this session: the file's own one meets no secret
    return send_table(f"rounds-{on.isoformat()}", gettext("轮次"), [gettext(text) for text in head], lambda _: lines)


def _all(wanted: RoundFilter, on: date) -> Iterator[RoundRow]:
    """Every round of the filter, page after page."""
    after: tuple[date, UUID] | None = None
    while found := list_rounds(db(), actor(), wanted, on=on, after=after, size=LARGEST_PAGE):
        yield from found[:LARGEST_PAGE]
        if len(found) <= LARGEST_PAGE:
            return
        last = found[LARGEST_PAGE - 1].round
        after = (last.starts_on, last.id)


def _line(row: RoundRow) -> Sequence[object]:
    of = row.round
    said = (words.say_kind(of.kind), words.say_mode(of.mode), words.say_source(of.source), row.unit_name)
    days = (of.starts_on.isoformat(), of.ends_on.isoformat(), words.state_of(of.state)[0])
    return (of.number or "", of.title, *said, *days, row.stops, row.visited, row.visits)


def _wanted() -> RoundFilter:
    said, unit, plan = request.args, request.args.get("unit", ""), request.args.get("plan", "")
    return RoundFilter(
        kind=said.get("kind", ""),
        mode=said.get("mode", ""),
        state=said.get("state", ""),
        source=said.get("source", ""),
        when=said.get("when") or ("" if said.get("state") or plan else "running"),
        unit_id=read_id(unit, "unit") if unit else None,
        plan_id=read_id(plan, "plan") if plan else None,
        since=read_day("from"),
        until=read_day("to"),
        text=said.get("q", ""),
    )


def _after() -> tuple[date, UUID] | None:
    keys = read_cursor(2)
    if keys is None:
        return None
    try:
        return date.fromisoformat(keys[0]), UUID(keys[1])
    except ValueError:
        raise bad_argument("cursor", request.args.get("cursor", "")) from None


def _tabs(here: str) -> list[tuple[str, str, bool]]:
    names = {"running": N_("正在进行"), "coming": N_("即将开始"), "over": N_("已经结束")}
    return [(one, gettext(names[one]), one == here) for one in WHEN]


def _week(on: date) -> list[RoundRow]:
    """The rounds that touch this week, whatever the filters say."""
    monday, sunday = this_week(on)
    found = list_rounds(db(), actor(), RoundFilter(since=monday, until=sunday), on=on, size=SHOWN_IN_WEEK)
    return [row for row in found[:SHOWN_IN_WEEK] if row.round.state != "cancelled"]


def _days(rows: Sequence[RoundRow], on: date) -> list[tuple[date, list[RoundRow]]]:
    """The week's days with the rounds of each."""
    return [
        (day, [row for row in rows if row.round.starts_on <= day <= row.round.ends_on])
        for day in words.days_of(*this_week(on))
    ]
