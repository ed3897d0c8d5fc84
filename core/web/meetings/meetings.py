"""The list of meetings (会议清单) with its filters, its files, and the counts by kind, tier and chair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_
from core.periods import Period, containing, parse_period
from core.request import actor, db, now, require, today
from core.web.meetings import words
from core.web.paging import PAGE, bad_argument, cut, read_cursor, read_day, read_id
from core.web.places.site_words import unit_options
from core.web.scores.periods import say_period
from core.web.table_files import send_table
from core.work.calendar import load_calendar
from core.work.meetings.counting import count_chairs, count_kinds, missed
from core.work.meetings.kinds import STATES, TIERS
from core.work.meetings.meeting_list import LARGEST_PAGE, MeetingFilter, MeetingRow, list_meetings
from core.work.roles import DIRECT, SEE
from tenants.scope import ScopedSession

blueprint = Blueprint("meetings", __name__, url_prefix="/t/<slug>/meetings")
blueprint.before_request(asked.enter)

GAPS = 6  # missed meetings named above the list; the counts have all (ours)
LOOKED_BACK = 90  # days in which they are looked for (ours)


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The meetings in sight, the latest first."""
    wanted, on = _wanted(), today()
    found = list_meetings(db(), actor(), wanted, on=on, after=_after(), size=PAGE)
    gaps = missed(db(), actor(), on - timedelta(days=LOOKED_BACK), on, calendar=load_calendar(db(), now()), on=on)
    return render_template(
        "meetings/list.html",
        page=cut(found, lambda row: (row.meeting.held_on.isoformat(), row.meeting.id)),
        wanted=wanted,
        filtered=any(request.args.get(name) for name in ("kind", "tier", "state", "unit", "month", "q")),
        month=request.args.get("month", ""),
        months=_months(on),
        kinds=words.kind_options(),
        tiers=words.options(TIERS),
        states=words.options(STATES),
        units=unit_options(db(), actor(), on),
        gaps=gaps[:GAPS],
        more_gaps=len(gaps) - GAPS,
        may_plan=actor().has(DIRECT),
        words=words,
        say_period=say_period,
        today=on,
    )


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_xlsx")
@require(SEE)
def export() -> Response:
    """The same list as CSV or as a workbook."""
    wanted, on, who = _wanted(), today(), actor()
    head = (
        N_("编号"), N_("会议"), N_("类别"), N_("级别"), N_("日期"), N_("召集单位"), N_("主持人"), N_("地点"),
        N_("状态"), N_("应到"), N_("实到"), N_("议定事项"), N_("已转任务"),
    )  # fmt: skip

    def read(session: ScopedSession) -> Iterator[Sequence[object]]:
        after: tuple[date, UUID] | None = None
        while found := list_meetings(session, who, wanted, on=on, after=after, size=LARGEST_PAGE):
            yield from (_line(row) for row in found[:LARGEST_PAGE])
            if len(found) <= LARGEST_PAGE:
                return
            last = found[LARGEST_PAGE - 1].meeting
            after = (last.held_on, last.id)

    return send_table(f"meetings-{on.isoformat()}", gettext("会议"), [gettext(text) for text in head], read)


@blueprint.get("/counts")
@require(SEE)
def show_counts() -> str:
    """How many meetings of which kind and tier, who chaired how many, and which were missed."""
    wanted, on = _span(), today()
    return render_template(
        "meetings/counts.html",
        wanted=wanted,
        kinds=count_kinds(db(), actor(), wanted, on),
        chairs=count_chairs(db(), actor(), wanted, on),
        gaps=missed(db(), actor(), *_days(wanted), calendar=load_calendar(db(), now()), on=on),
        units=unit_options(db(), actor(), on),
        words=words,
        say_period=say_period,
    )


@blueprint.get("/counts.csv")
@blueprint.get("/counts.xlsx", endpoint="export_counts_xlsx")
@require(SEE)
def export_counts() -> Response:
    """The counts as CSV or as a workbook: by kind and tier, by chair, and what was missed."""
    wanted, on, who, at = _span(), today(), actor(), now()
    head = [gettext(text) for text in (N_("统计"), N_("类别"), N_("级别"), N_("名称"), N_("次数"))]

    def read(session: ScopedSession) -> Iterator[Sequence[object]]:
        for row in count_kinds(session, who, wanted, on):
            yield gettext("已召开"), words.say_kind(row.kind), words.say_tier(row.tier), "", row.held
        for chair in count_chairs(session, who, wanted, on):
            for kind, n in chair.by_kind:
                yield gettext("主持"), words.say_kind(kind), "", chair.chair, n
        for gap in missed(session, who, *_days(wanted), calendar=load_calendar(session, at), on=on):
            yield gettext("没有召开"), words.say_kind(gap.kind), "", gap.unit_name, gap.period.key

    return send_table(f"meeting-counts-{on.isoformat()}", gettext("会议统计"), head, read)


def _line(row: MeetingRow) -> Sequence[object]:
    of = row.meeting
    said = (of.number, of.title, words.say_kind(of.kind), words.say_tier(of.tier), of.held_on.isoformat())
    place = (row.unit_name, of.chair_name, of.place, words.state_of(of.state)[0])
    return (*said, *place, row.asked, row.came, row.decisions, row.tasks)


def _wanted() -> MeetingFilter:
    said, unit, tier = request.args, request.args.get("unit", ""), request.args.get("tier", "")
    if tier and not (tier.isascii() and tier.isdigit() and len(tier) == 1):
        raise bad_argument("tier", tier)
    month = _month(said.get("month", ""))
    return MeetingFilter(
        kind=said.get("kind", ""),
        tier=int(tier or 0),
        state=said.get("state", ""),
        unit_id=read_id(unit, "unit") if unit else None,
        since=month.start if month else None,
        until=month.end if month else None,
        text=said.get("q", ""),
    )


def _month(text: str) -> Period | None:
    if not text:
        return None
    found = parse_period(text)
    if found.kind != "month":
        raise bad_argument("month", text)
    return found


def _months(on: date) -> list[tuple[str, str]]:
    """The months of a year back and the one to come, as choices."""
    found = [containing("month", on).next]
    while len(found) < 14:
        found.append(found[-1].previous)
    return [(one.key, say_period(one)) for one in found]


def _span() -> MeetingFilter:
    """The days that are counted: this year's unless others are said."""
    on, unit = today(), request.args.get("unit", "")
    since = read_day("from") or date(on.year, 1, 1)
    until = read_day("to") or on
    if (until - since).days > 3660:
        raise bad_argument("from", since.isoformat())
    return MeetingFilter(since=since, until=until, unit_id=read_id(unit, "unit") if unit else None)


def _days(wanted: MeetingFilter) -> tuple[date, date]:
    assert wanted.since is not None, "a span has its first day"
    assert wanted.until is not None, "and its last"
    return wanted.since, wanted.until


def _after() -> tuple[date, UUID] | None:
    keys = read_cursor(2)
    if keys is None:
        return None
    try:
        return date.fromisoformat(keys[0]), UUID(keys[1])
    except ValueError:
        raise bad_argument("cursor", request.args.get("cursor", "")) from None
