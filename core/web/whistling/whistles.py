"""Whistles on the pages (吹哨报到): the list with its running clocks, the figures, the rules, and the same as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, InvalidInput
from core.figures.periods import Period, containing, last_periods, parse_period
from core.request import actor, db, now, require, require_any, today
from core.settings import ZONE
from core.web.as_of import read_as_of
from core.web.errors import fault_map
from core.web.exports import stream_csv
from core.web.organisation.area_choice import read_area
from core.web.paging import bad_argument, read_id
from core.web.places.site_words import unit_options
from core.web.scores.periods import read_period, say_period
from core.web.whistling.whistle_words import Clock, arrival_clock, clock_words, say_state, tone_of
from core.work.loop.clocks import end_of
from core.work.roles import ADMINISTER, DIRECT, SEE
from core.work.whistling.whistle_blowing import callers_for
from core.work.whistling.whistle_figures import CalledFigures, CallerFigures, called_figures, caller_figures
from core.work.whistling.whistle_list import LARGEST_PAGE, Filter, WhistleRow, list_whistles
from core.work.whistling.whistle_rules import Rules, load_rules, may_set, set_rules
from core.work.whistling.whistle_steps import STATES
from tenants.scope import ScopedSession

blueprint = Blueprint("whistles", __name__, url_prefix="/t/<slug>/whistles")
blueprint.before_request(asked.enter)

Reader = Callable[..., Sequence[CalledFigures | CallerFigures]]
MONTHS = 6  # back, that the list offers beside today and this week (ours)
CALLED_HEAD = (
    *(N_("应哨单位"), N_("被叫次数"), N_("已接哨"), N_("已到场"), N_("按时到场"), N_("到场用时中位数（分钟）")),
    *(N_("已办完"), N_("未到场致提级"), N_("已婉拒")),
)
CALLER_HEAD = (
    *(N_("吹哨单位"), N_("吹哨次数"), N_("叫到单位次"), N_("已接哨"), N_("已到场"), N_("全部按时到齐")),
    *(N_("到场用时中位数（分钟）"), N_("已解决"), N_("提级"), N_("已撤销"), N_("被婉拒")),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list's address asks for."""

    state: str
    unit_id: UUID | None
    period: Period | None
    is_late: bool
    text: str
    area_id: UUID | None
    as_of: date | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return any((self.state, self.unit_id, self.period, self.is_late, self.text, self.area_id, self.as_of))

    def filter(self) -> Filter:
        """The same as the list takes it."""
        since, until = self.period.bounds if self.period else (None, None)
        states, units = [self.state] if self.state else [], [self.unit_id] if self.unit_id else []
        return Filter(states, units, since, until, True if self.is_late else None, self.text, self.area_id, self.as_of)


def read_asked() -> Asked:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    state, unit, period = said.get("state", ""), said.get("unit", ""), said.get("period", "").strip()
    if state and state not in STATES:
        raise bad_argument("state", state)
    return Asked(
        state,
        read_id(unit, "unit") if unit else None,
        parse_period(period) if period else None,
        said.get("late") == "1",
        said.get("q", "").strip()[:60],
        read_area(),
        read_as_of(),
    )


def period_options(chosen: Period | None) -> list[tuple[str, str]]:
    """The periods that the list offers: today, this week, the last months, and the chosen one."""
    offered = [containing("day", today()), containing("week", today())]
    offered += reversed(last_periods("month", today(), MONTHS))
    if chosen and chosen not in offered:
        offered.append(chosen)
    return [(one.key, say_period(one)) for one in offered]


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """The whistles within reach, newest first."""
    wanted, session = read_asked(), db()
    page = list_whistles(session, actor(), wanted.filter(), cursor=request.args.get("cursor") or None, now=now())
    return render_template(
        "whistles/list.html",
        page=page,
        wanted=wanted,
        states=[(code, say_state(code)) for code in STATES],
        units=unit_options(session, actor(), today()),
        periods=period_options(wanted.period),
        clocks={row.id: _clock(row, wanted) for row in page.rows},
        words=clock_words(),
        at=now(),
        may_blow=wanted.as_of is None and bool(callers_for(session, actor(), today())),
        say_state=say_state,
        tone_of=tone_of,
    )


def _clock(row: WhistleRow, wanted: Asked) -> Clock:
    """The clock of the arrival; of a past day it stands still."""
    if wanted.as_of is None:
        return arrival_clock(row, now())
    return replace(arrival_clock(row, end_of(wanted.as_of)), until=None)


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, moment = read_asked(), actor(), now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        cursor: str | None = None
        while True:
            page = list_whistles(session, who, wanted.filter(), cursor=cursor, page_size=LARGEST_PAGE, now=moment)
            yield from (_csv_line(row) for row in page.rows)
            cursor = page.next_cursor
            if cursor is None:
                return

    head = (N_("编号"), N_("吹哨单位"), N_("地点"), N_("事项"), N_("状态"), N_("吹哨时间"), N_("到场时限"))
    tail = (
        N_("应哨单位数"),
        N_("已接哨"),
        N_("已到场"),
        N_("已办完"),
        N_("已婉拒"),
        N_("逾时未到齐"),
        N_("提级时间"),
        N_("解决时间"),
    )
    return stream_csv(
        f"whistles-{(wanted.as_of or today()).isoformat()}.csv", [gettext(text) for text in head + tail], rows
    )


def _csv_line(row: WhistleRow) -> Sequence[object]:
    late = gettext("是") if row.late else gettext("否")
    return (
        *(row.number, row.caller, row.place, row.matter, say_state(row.state)),
        *(_local(row.called_at), _local(row.arrive_by), row.called, row.accepted, row.arrived, row.done),
        *(row.declined, late, _local(row.escalated_at), _local(row.solved_at)),
    )


def _local(at: datetime | None) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds") if at else ""


@blueprint.get("/figures")
@require(SEE)
def show_figures() -> str:
    """Who was called and came, by called unit and by calling area, in one period."""
    return _figures()


def _figures(error: InvalidInput | None = None) -> str:
    choice, session = read_period(), db()
    since, until = choice.period.bounds
    return render_template(
        "whistles/figures.html",
        choice=choice,
        called=called_figures(session, actor(), since, until, now=now()),
        callers=caller_figures(session, actor(), since, until, now=now()),
        rules=load_rules(session),
        may_set=may_set(session, actor(), now()),
        typed=request.form,
        faults=fault_map(error) if error else {},
    )


@blueprint.get("/figures/called.csv")
@require(SEE)
def export_called() -> Response:
    """The figures of called units as CSV."""
    return _csv("called", CALLED_HEAD, called_figures)


@blueprint.get("/figures/callers.csv")
@require(SEE)
def export_callers() -> Response:
    """The figures of calling areas as CSV."""
    return _csv("callers", CALLER_HEAD, caller_figures)


def _csv(name: str, head: Sequence[str], read: Reader) -> Response:
    who, moment, period = actor(), now(), read_period().period

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        since, until = period.bounds
        for one in read(session, who, since, until, now=moment):
            yield _numbers(one)

    return stream_csv(f"whistles-{name}-{period.key}.csv", [gettext(text) for text in head], rows)


def _numbers(one: CalledFigures | CallerFigures) -> list[Any]:
    """A line of figures as it is shown: the name, then every number in its order."""
    kept = [name.name for name in fields(one) if name.name not in ("unit_id", "commanded")]
    return [getattr(one, name) for name in kept]


@blueprint.post("/rules")
@require_any(DIRECT, ADMINISTER)
def change_rules() -> AnyResponse | tuple[str, int]:
    """Set the arrival time, how it is counted, and the grace before escalation."""
    said = request.form
    try:
        rules = Rules(_whole(said.get("minutes", "")), said.get("working") == "1", _whole(said.get("grace", "")))
        set_rules(db(), actor(), rules, now=now())
    except InvalidInput as error:
        return _figures(error), error.status
    flash(gettext("吹哨规则已保存，从下一次吹哨起生效"), "success")
    return redirect(url_for("whistles.show_figures"), 303)


def _whole(said: str) -> int:
    """A whole number as typed; what is none is out of range."""
    clean = said.strip()
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) < 7 else -1
