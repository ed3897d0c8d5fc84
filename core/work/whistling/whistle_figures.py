"""The figures of whistles (吹哨报到统计): who was called, came in time and solved; exact integers, cancelled ones apart.

A whistle belongs to the period in which it was blown. What was called off counts for nobody but as *cancelled* of its
caller. Minutes are from the call to the arrival by the clock; the median is rounded half up at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Integer, Row, and_, case, cast, extract, func, or_, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.roles import SEE
from core.work.tables import Whistle, WhistleCall
from core.work.whistling.whistle_sight import awaited, sees_whistle
from core.work.whistling.whistle_steps import CANCELLED
from tenants.access import Actor, reach
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class CalledFigures:
    """One called unit in a period (应哨统计). ``escalated``: whistles escalated while it was not there.

    ``minutes`` is the median from call to arrival, None when it never came. Requests that it ``declined`` count in no other
    number.
    """

    unit_id: UUID
    unit_name: str
    commanded: bool
    called: int
    accepted: int
    arrived: int
    in_time: int
    minutes: int | None
    solved: int
    escalated: int
    declined: int


@dataclass(frozen=True, slots=True)
class CallerFigures:
    """One calling area in a period (吹哨统计). ``in_time``: every called unit was there in time.

    ``calls`` are the units called in all but those that ``declined`` a request, ``arrived`` those that came; ``minutes`` is
    the median of their arrivals.
    """

    unit_id: UUID
    unit_name: str
    called: int
    calls: int
    accepted: int
    arrived: int
    in_time: int
    minutes: int | None
    solved: int
    escalated: int
    cancelled: int
    declined: int


def called_figures(
    session: Session, actor: Actor, since: datetime, until: datetime, *, now: datetime
) -> list[CalledFigures]:
    """The called units in a period, the most called first (one query).

    Counted are calls of units within the reader's reach, and calls of anybody by a caller within it.
    """
    day = local_day(now)
    units = reach(actor, SEE, day)
    absent = or_(awaited(WhistleCall), WhistleCall.arrived_at > Whistle.escalated_at)
    rows = session.execute(
        select(
            Unit.id,
            Unit.name,
            Unit.commanded,
            *_counts(),
            _sum(WhistleCall.arrived_at <= Whistle.arrive_by).label("in_time"),
            func.count(WhistleCall.solved_at).label("solved"),
            _sum(and_(Whistle.escalated_at.is_not(None), absent)).label("escalated"),
        )
        .select_from(WhistleCall)
        .join(Whistle, and_(Whistle.tenant_id == WhistleCall.tenant_id, Whistle.id == WhistleCall.whistle_id))
        .join(Unit, and_(Unit.tenant_id == WhistleCall.tenant_id, Unit.id == WhistleCall.unit_id))
        .where(
            *_period(actor, since, until),
            Whistle.state != CANCELLED,
            or_(WhistleCall.unit_id.in_(units), Whistle.caller_unit_id.in_(units)),
        )
        .group_by(Unit.id, Unit.name, Unit.commanded, Unit.pinyin)
        .order_by(_stands().desc(), Unit.pinyin, Unit.id)
    )
    return [_called(row) for row in rows]


def _called(row: Row[Any]) -> CalledFigures:
    """A line of called units from its row: the same names, and the median of its two middle minutes."""
    names = ("commanded", "called", "accepted", "arrived", "in_time", "solved", "escalated", "declined")
    same = {name: getattr(row, name) for name in names}
    return CalledFigures(unit_id=row.id, unit_name=row.name, minutes=median_minutes(row.low, row.high), **same)


def caller_figures(
    session: Session, actor: Actor, since: datetime, until: datetime, *, now: datetime
) -> list[CallerFigures]:
    """The calling areas in a period, the busiest first (two queries), over the whistles that the reader sees."""
    day = local_day(now)
    calls = {row.unit_id: row for row in session.execute(_calls_by_caller(actor, since, until, day))}
    open_or_solved = Whistle.state != CANCELLED
    rows = session.execute(
        select(
            Unit.id,
            Unit.name,
            _sum(open_or_solved).label("called"),
            _sum(Whistle.solved_at.is_not(None)).label("solved"),
            _sum(and_(open_or_solved, Whistle.escalated_at.is_not(None))).label("escalated"),
            _sum(~open_or_solved).label("cancelled"),
            _sum(and_(open_or_solved, _all_in_time(actor))).label("in_time"),
        )
        .select_from(Whistle)
        .join(Unit, and_(Unit.tenant_id == Whistle.tenant_id, Unit.id == Whistle.caller_unit_id))
        .where(*_period(actor, since, until), sees_whistle(actor, day))
        .group_by(Unit.id, Unit.name, Unit.pinyin)
        .order_by(func.count().desc(), Unit.pinyin, Unit.id)
    )
    return [_caller(row, calls.get(row.id)) for row in rows]


def median_minutes(low: int | None, high: int | None) -> int | None:
    """Whole minutes from the two middle values in seconds, rounded half up; None without any."""
    return None if low is None or high is None else (low + high + 60) // 120


def _caller(row: Any, calls: Any) -> CallerFigures:
    return CallerFigures(
        unit_id=row.id,
        unit_name=row.name,
        called=row.called,
        calls=calls.called if calls else 0,
        accepted=calls.accepted if calls else 0,
        arrived=calls.arrived if calls else 0,
        in_time=row.in_time,
        minutes=median_minutes(calls.low, calls.high) if calls else None,
        solved=row.solved,
        escalated=row.escalated,
        cancelled=row.cancelled,
        declined=calls.declined if calls else 0,
    )


def _calls_by_caller(actor: Actor, since: datetime, until: datetime, day: date) -> Any:
    """The calls of each caller's whistles that were not called off."""
    return (
        select(Whistle.caller_unit_id.label("unit_id"), *_counts())
        .select_from(WhistleCall)
        .join(Whistle, and_(Whistle.tenant_id == WhistleCall.tenant_id, Whistle.id == WhistleCall.whistle_id))
        .where(*_period(actor, since, until), Whistle.state != CANCELLED, sees_whistle(actor, day))
        .group_by(Whistle.caller_unit_id)
    )


def _counts() -> tuple[ColumnElement[Any], ...]:
    """The calls, and the two middle arrival times in whole seconds: the lower from below, the upper from above."""
    seconds = cast(func.floor(extract("epoch", WhistleCall.arrived_at - Whistle.called_at)), BigInteger)
    return (
        _stands().label("called"),
        func.count(WhistleCall.declined_at).label("declined"),
        func.count(WhistleCall.accepted_at).filter(WhistleCall.declined_at.is_(None)).label("accepted"),
        func.count(WhistleCall.arrived_at).label("arrived"),
        func.percentile_disc(0.5).within_group(seconds.asc()).label("low"),
        func.percentile_disc(0.5).within_group(seconds.desc()).label("high"),
    )


def _stands() -> ColumnElement[int]:
    """How many calls stand: all but the requests that were declined."""
    return func.count().filter(WhistleCall.declined_at.is_(None))


def _all_in_time(actor: Actor) -> ColumnElement[bool]:
    """Somebody came, and no called unit is missing or came late."""
    calls = select(WhistleCall.unit_id).where(
        WhistleCall.tenant_id == actor.tenant.id, WhistleCall.whistle_id == Whistle.id
    )
    late = calls.where(or_(awaited(WhistleCall), WhistleCall.arrived_at > Whistle.arrive_by))
    came = calls.where(WhistleCall.arrived_at.is_not(None))
    return and_(came.correlate(Whistle).exists(), ~late.correlate(Whistle).exists())


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(case((condition, 1), else_=0)), 0), Integer)


def _period(actor: Actor, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Whistle.tenant_id == actor.tenant.id, Whistle.called_at >= since, Whistle.called_at < until)
