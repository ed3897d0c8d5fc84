"""Meetings counted (会议统计): by kind and tier, by who chaired, and which were missed against the usual cadence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.periods import Period, containing
from core.work.calendar import WorkCalendar
from core.work.dated import ONE_DAY
from core.work.meetings.kinds import CANCELLED, KINDS, TOOK_PLACE
from core.work.meetings.meeting_list import MeetingFilter, conditions_of
from core.work.meetings.sight import sees_meeting
from core.work.tables import Meeting
from tenants.access import Actor
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many meetings of a kind and tier took place, were planned, were called off (分类分级统计)."""

    kind: str
    tier: int
    held: int
    planned: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class ChairCount:
    """How many meetings somebody chaired (主持次数), by kind."""

    chair: str
    held: int
    by_kind: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """A period in which a unit that usually holds a kind of meeting held none (未按期召开)."""

    kind: str
    unit_id: UUID
    unit_name: str
    period: Period


def count_kinds(session: Session, actor: Actor, wanted: MeetingFilter, on: date) -> list[KindCount]:
    """The counts by kind and tier, in the order of the kinds (one query)."""
    held = func.count().filter(Meeting.state.in_(TOOK_PLACE))
    off = func.count().filter(Meeting.state == CANCELLED)
    query = (
        select(Meeting.kind, Meeting.tier, held, func.count() - held - off, off)
        .where(sees_meeting(actor, on), *conditions_of(actor, wanted, on))
        .group_by(Meeting.kind, Meeting.tier)
    )
    order = list(KINDS)
    rows = [KindCount(*row) for row in session.execute(query)]
    return sorted(rows, key=lambda row: (order.index(row.kind) if row.kind in order else len(order), row.tier))


def count_chairs(session: Session, actor: Actor, wanted: MeetingFilter, on: date) -> list[ChairCount]:
    """Who chaired how many that took place, the most first (one query)."""
    query = (
        select(Meeting.chair_name, Meeting.kind, func.count())
        .where(
            sees_meeting(actor, on),
            *conditions_of(actor, wanted, on),
            Meeting.state.in_(TOOK_PLACE),
            Meeting.chair_name != "",
        )
        .group_by(Meeting.chair_name, Meeting.kind)
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for chair, kind, n in session.execute(query):
        found.setdefault(chair, []).append((kind, n))
    order = list(KINDS)
    rows = [
        ChairCount(
            chair,
            sum(n for _, n in kinds),
            tuple(sorted(kinds, key=lambda one: order.index(one[0]) if one[0] in order else len(order))),
        )
        for chair, kinds in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.held, row.chair))


def missed(
    session: Session, actor: Actor, since: date, until: date, *, calendar: WorkCalendar, on: date
) -> list[Missed]:
    """Periods that are over without the meeting that is usual in them, the latest first (one query).

    A unit is expected to hold a kind from the period of its first such meeting on; periods without a working day are left out,
    and so is the one that is not over yet (ours).
    """
    usual = [kind.code for kind in KINDS.values() if kind.cadence]
    query = (
        select(Meeting.kind, Meeting.unit_id, Unit.name, Meeting.held_on)
        .join(Unit, (Unit.tenant_id == Meeting.tenant_id) & (Unit.id == Meeting.unit_id))
        .where(sees_meeting(actor, on), Meeting.kind.in_(usual), Meeting.state.in_(TOOK_PLACE))
    )
    days: dict[tuple[str, UUID, str], set[Period]] = {}
    for kind, unit, name, day in session.execute(query):
        days.setdefault((kind, unit, name), set()).add(containing(KINDS[kind].cadence, day))
    found = [
        Missed(kind, unit, name, period)
        for (kind, unit, name), held in days.items()
        for period in _expected(KINDS[kind].cadence, max(since, min(held).start), min(until, on - ONE_DAY))
        if period not in held and _has_work(calendar, period)
    ]
    return sorted(found, key=lambda one: (one.period.end, one.unit_name, one.kind), reverse=True)


def _expected(cadence: str, first: date, last: date) -> Iterator[Period]:
    """The whole periods that end between two days."""
    period = containing(cadence, first)
    while period.end <= last:
        yield period
        period = period.next


def _has_work(calendar: WorkCalendar, period: Period) -> bool:
    day = period.start
    while day <= period.end:
        if calendar.is_working(day):
            return True
        day += ONE_DAY
    return False
