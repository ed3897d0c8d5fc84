"""What waits for whom (待办与统计): the numbers of the first page and each person's own list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.desk.finding_filters import Filter, conditions_of, is_overdue
from core.work.desk.finding_past import NOW, Columns
from core.work.desk.findings import FindingRow, base_query, counting_query, rows_of
from core.work.desk.inbox import count_kinds
from core.work.desk.inbox_findings import to_answer, to_check
from core.work.desk.parts_then import leading_unit
from core.work.loop.clocks import end_of
from core.work.loop.sight import sees_finding
from core.work.loop.transitions import ANSWERED, CLOSED_STATES, NOT_CLOSED, WITH_UNIT
from core.work.roles import ANSWER, CHECK
from core.work.tables import Finding, Part
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Unit

SOON = timedelta(hours=24)  # "due soon" is the next 24 hours by the clock (ours)


@dataclass(frozen=True, slots=True)
class Counts:
    """Findings by where they stand (问题统计): ``open`` = with the unit + to be checked; overdue and soon are with the unit."""

    total: int
    open: int
    with_unit: int
    to_check: int
    overdue: int
    due_soon: int
    closed: int
    reopened: int


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """The findings that one unit leads (牵头单位统计)."""

    unit_id: UUID
    unit_name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Todo:
    """What waits for a person (待办): findings to answer and answers to check, the most urgent first, with full counts."""

    answer: Sequence[FindingRow]
    check: Sequence[FindingRow]
    answer_count: int
    check_count: int

    @property
    def count(self) -> int:
        """The number of findings that wait for him as unit or as checker; all his duties are :mod:`core.work.desk.inbox`."""
        return self.answer_count + self.check_count


def counts(session: Session, actor: Actor, wanted: Filter | None = None, *, now: datetime | None = None) -> Counts:
    """Count the findings in the actor's reach that a filter shows (one query); of a past day as they stood that evening."""
    moment = now or server_now()
    chosen = wanted or Filter()
    sums = _sums(_evening(chosen, moment), chosen.columns(actor.tenant.id))
    return Counts(*list(session.execute(counting_query(actor, chosen, moment, *sums)).one()))


def counts_by_unit(
    session: Session,
    actor: Actor,
    wanted: Filter | None = None,
    *,
    now: datetime | None = None,
    limit: int = 100,
) -> list[UnitCounts]:
    """Per leading unit, those with most overdue findings first (one query); within the actor's reach.

    Of a past day it is who led then.
    """
    moment, chosen = now or server_now(), wanted or Filter()
    read = _units_now if chosen.as_of is None else _units_then
    rows = read(session, actor, chosen, moment, limit)
    return [UnitCounts(row[0], row[1], Counts(*list(row)[2:])) for row in rows]


def _units_now(
    session: Session, actor: Actor, wanted: Filter, now: datetime, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    overdue = func.count().filter(is_overdue(now))
    return session.execute(
        select(Part.unit_id, Unit.name, *_sums(now))
        .join(Finding, and_(Finding.tenant_id == Part.tenant_id, Finding.id == Part.finding_id))
        .join(Unit, and_(Unit.tenant_id == Part.tenant_id, Unit.id == Part.unit_id))
        .where(Part.tenant_id == actor.tenant.id, Part.leading, sees_finding(actor, local_day(now)))
        .where(*conditions_of(actor, wanted, now))
        .group_by(Part.unit_id, Unit.name, Unit.pinyin)
        .order_by(overdue.desc(), func.count().desc(), Unit.pinyin)
        .limit(limit)
    ).all()


def _units_then(
    session: Session, actor: Actor, wanted: Filter, now: datetime, limit: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    until, of = _evening(wanted, now), wanted.columns(actor.tenant.id)
    lead = leading_unit(actor.tenant.id, until).label("lead")
    flags = [one.label(f"is_{n}") for n, one in enumerate(_conditions(until, of))]
    each = counting_query(actor, wanted, now, lead, *flags).subquery("each")
    sums = [func.count(), *(func.count().filter(each.c[flag.name]) for flag in flags)]
    return session.execute(
        select(Unit.id, Unit.name, *sums)
        .join(each, Unit.id == each.c.lead)
        .where(Unit.tenant_id == actor.tenant.id)
        .group_by(Unit.id, Unit.name, Unit.pinyin)
        .order_by(func.count().filter(each.c[flags[OVERDUE].name]).desc(), func.count().desc(), Unit.pinyin)
        .limit(limit)
    ).all()


def _evening(wanted: Filter, now: datetime) -> datetime:
    """The moment that deadlines are held against: the end of the past day, or now."""
    return now if wanted.as_of is None else end_of(wanted.as_of)


def todo(
    session: Session,
    actor: Actor,
    now: datetime | None = None,
    *,
    limit: int = 50,
    also: Sequence[ColumnElement[bool]] = (),
) -> Todo:
    """What waits for this person: findings that his units lead, and answers that he may check; ``also`` narrows both."""
    moment = now or server_now()
    leads, checks = and_(to_answer(actor, moment), *also), and_(to_check(actor, moment), *also)
    answer = _urgent(session, actor, leads, moment, limit) if actor.has(ANSWER) else []
    check = _urgent(session, actor, checks, moment, limit) if actor.has(CHECK) else []
    return Todo(
        answer,
        check,
        len(answer) if len(answer) < limit else _count(session, leads),
        len(check) if len(check) < limit else _count(session, checks),
    )


def todo_count(session: Session, actor: Actor, now: datetime | None = None) -> int:
    """The number of things of every kind that wait for this person, for the top bar (one statement)."""
    return sum(count_kinds(session, actor, now or server_now()).values())


def _sums(now: datetime, of: Columns = NOW) -> list[ColumnElement[int]]:
    """The columns of Counts, in its order."""
    return [func.count(), *(func.count().filter(condition) for condition in _conditions(now, of))]


def _conditions(now: datetime, of: Columns) -> tuple[ColumnElement[bool], ...]:
    """What the columns of Counts after the first one count."""
    with_unit = of.state.in_(WITH_UNIT)
    return (
        of.state.in_(NOT_CLOSED),
        with_unit,
        of.state == ANSWERED,
        is_overdue(now, of),
        and_(with_unit, of.due_at >= now, of.due_at < now + SOON),
        of.state.in_(CLOSED_STATES),
        of.reopened,
    )


OVERDUE = 3  # the place of what is overdue among the conditions


def _urgent(
    session: Session, actor: Actor, waiting: ColumnElement[bool], now: datetime, limit: int
) -> list[FindingRow]:
    query = base_query(actor, Filter(extra=(waiting,)), now).order_by(Finding.due_at, Finding.id).limit(limit)
    return rows_of(session, session.execute(query).all(), now)


def _count(session: Session, waiting: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Finding).where(waiting)) or 0
