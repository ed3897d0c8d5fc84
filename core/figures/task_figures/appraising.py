"""What an appraisal is computed from (考核取数): each unit's days, part by part, and the whole body that is frozen with its arithmetic.

Tasks come from the daily places as they were kept, findings from the ledger by the day on which they were due, checklists from
verified visits by day; restricted, hidden and self-found matters count nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Date, and_, cast, func, select
from sqlalchemy.orm import aliased

from core.campaigns.arithmetic import half_up
from core.figures.card_findings import STOPPED, VERIFIED
from core.figures.card_subjects import pairs_of, subjects_of
from core.figures.periods import ONE_DAY, Period, day_of
from core.work.appraisals.freezing import freeze, require_signer
from core.work.appraisals.rolling import DayLine, Days, MonthLine, PartLine, Result, WeekLine, roll
from core.work.appraisals.rules import CHECKLIST, ON_TIME, TASK_IN_TIME, TASK_RATE, TASK_VERIFIED, Rule, read_rule
from core.work.loop.transitions import CLOSED_STATES, DISMISSED
from core.work.marks.card_proposing import Subject, standing
from core.work.marks.card_rules import BY_LEAD, BY_PLACE, League
from core.work.tables import Appraisal, AppraisalRule, Finding, Sheet, TaskDay, Visit
from tenants.access import Actor, root_unit
from tenants.scope import ScopedSession

KINDS: Mapping[str, tuple[str, ...]] = {
    "area": ("area",),
    "subdistrict": ("subdistrict",),
    "department": ("department", "hq"),
}
DEPARTMENT = "department"
ByUnit = dict[UUID, dict[date, tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One unit's appraisal (考核行): its place, its number and the arithmetic."""

    unit: Subject
    rank: int | None
    result: Result


def appraise(session: ScopedSession, rule: Rule, league: str, period: Period, *, now: datetime) -> list[Row]:
    """Compute a period for every unit of a league, best first; of a running one up to yesterday. Nothing is kept."""
    until = min(period.end, day_of(now) - ONE_DAY)
    units = subjects_of(session, _league(league), root_unit(session).id, max(until, period.start))
    ids = [one.id for one in units]
    data = {one.code: READ[one.code](session, league, ids, period.start, until) for one in rule.parts}
    results = [
        roll(rule, period, {code: days.get(one.id, {}) for code, days in data.items()}, until=until) for one in units
    ]
    ranks = standing([one.total for one in results], more=True)
    found = [Row(unit, rank, result) for unit, rank, result in zip(units, ranks, results, strict=True)]
    return sorted(found, key=lambda one: (one.rank is None, one.rank or 0))


def freeze_period(
    session: ScopedSession, actor: Actor, row: AppraisalRule, period: Period, *, reason: str = "", now: datetime
) -> Appraisal:
    """Compute a period that is over and freeze it. Raises Forbidden, Conflict, InvalidInput as :func:`freeze`."""
    require_signer(session, actor, now)
    rows = appraise(session, read_rule(row.body), row.league, period, now=now)
    body = body_of(actor.tenant.slug, actor.tenant.name, row, period, rows, now=now)
    return freeze(session, actor, row, period, body, reason=reason, now=now)


def body_of(
    slug: str, name: str, rule: AppraisalRule, period: Period, rows: Sequence[Row], *, now: datetime
) -> dict[str, Any]:
    """What is frozen, as plain JSON: the district by slug, the rule as it is, and each unit with its arithmetic."""
    return {
        "district": {"slug": slug, "name": name},
        "rule": {"name": rule.name, "version": rule.version, "league": rule.league, "body": dict(rule.body)},
        "period": {"kind": period.kind, "start": period.start.isoformat(), "end": period.end.isoformat()},
        "computed_at": now.isoformat(),
        "units": [_unit(one) for one in rows],
    }


def _unit(one: Row) -> dict[str, Any]:
    result = one.result
    return {
        "unit_id": str(one.unit.id),
        "name": one.unit.name,
        "kind": one.unit.kind,
        "rank": one.rank,
        "total": exact(result.total),
        "score": str(half_up(result.total * 100)) if result.total is not None else None,
        "weight": result.weight,
        "parts": [_part(part) for part in result.parts],
    }


def _part(one: PartLine) -> dict[str, Any]:
    weight = {"code": one.part.code, "weight": one.part.weight, "days": one.days}
    return weight | {"value": exact(one.value), "months": [_month(month) for month in one.months]}


def _month(one: MonthLine) -> dict[str, Any]:
    return _span(one) | {"weeks": [_week(week) for week in one.weeks]}


def _week(one: WeekLine) -> dict[str, Any]:
    return _span(one) | {"days": [_day(day) for day in one.days]}


def _span(one: MonthLine | WeekLine) -> dict[str, Any]:
    days = {"start": one.start.isoformat(), "end": one.end.isoformat()}
    return days | {"weight": one.weight, "value": exact(one.value)}


def _day(one: DayLine) -> list[Any]:
    return [one.day.isoformat(), one.numerator, one.denominator, one.how]


def exact(value: Fraction | None) -> str | None:
    """A fraction as it is written in a body: 2/3, or 1."""
    return None if value is None else str(value)


def _tasks(number_in: Callable[[Mapping[str, int]], int]) -> Callable[..., ByUnit]:
    """Reads a share of tasks from the kept days, each in its highest revision (one query)."""

    def read(session: ScopedSession, _league: str, ids: Sequence[UUID], start: date, end: date) -> ByUnit:
        other = aliased(TaskDay)
        newest = (
            select(func.max(other.revision))
            .where(other.tenant_id == TaskDay.tenant_id, other.day == TaskDay.day)
            .correlate(TaskDay)
            .scalar_subquery()
        )
        query = select(TaskDay.unit_id, TaskDay.day, TaskDay.facts, TaskDay.denominator).where(
            *(TaskDay.unit_id.in_(ids), TaskDay.day.between(start, end), TaskDay.campaign == ""),
            *(TaskDay.denominator > 0, TaskDay.revision == newest),
        )
        found: ByUnit = {}
        for unit, day, facts, total in session.execute(query) if ids else ():
            found.setdefault(unit, {})[day] = (number_in(facts["counts"]), total)
        return found

    return read


def _on_time(session: ScopedSession, league: str, ids: Sequence[UUID], start: date, end: date) -> ByUnit:
    """Findings by the day on which they were due: closed in time, of all that were due (one query)."""
    if not ids or end < start:
        return {}
    due = cast(func.timezone("Asia/Shanghai", Finding.due_at), Date)
    opened = cast(func.timezone("Asia/Shanghai", Finding.opened_at), Date)
    columns: dict[str, Any] = {"key": Finding.id, "unit": Finding.unit_id, "site": Finding.site_id, "day": opened}
    pairs = pairs_of(_league(league), session.tenant_id, ids, Finding, **columns)
    in_time = and_(Finding.state.in_(CLOSED_STATES), Finding.closed_at <= Finding.due_at)
    first, after = Period("day", start, end).bounds
    query = (
        select(pairs.c.subject, due, func.count().filter(in_time), func.count())
        .join(Finding, and_(Finding.tenant_id == session.tenant_id, Finding.id == pairs.c.record))
        .where(
            *(Finding.due_at >= first, Finding.due_at < after, Finding.basis == VERIFIED),
            *(Finding.restricted.is_(False), Finding.hidden.is_(False), Finding.state.not_in((*DISMISSED, *STOPPED))),
        )
        .group_by(pairs.c.subject, due)
    )
    return _collect(session.execute(query).all())


def _checklist(session: ScopedSession, league: str, ids: Sequence[UUID], start: date, end: date) -> ByUnit:
    """Points of the checklists of verified visits by day: earned of possible, in 1/100 (one query)."""
    if not ids or end < start:
        return {}
    columns: dict[str, Any] = {"key": Visit.id, "unit": Visit.unit_id, "site": Visit.site_id, "day": Visit.day}
    pairs = pairs_of(_league(league, by=BY_PLACE), session.tenant_id, ids, Visit, **columns)
    query = (
        select(pairs.c.subject, Visit.day, func.sum(Sheet.earned), func.sum(Sheet.possible))
        .join(Visit, and_(Visit.tenant_id == session.tenant_id, Visit.id == pairs.c.record))
        .join(Sheet, and_(Sheet.tenant_id == session.tenant_id, Sheet.visit_id == Visit.id))
        .where(
            *(Visit.day.between(start, end), Visit.basis == VERIFIED),
            *(Visit.hidden.is_(False), Visit.replaced_at.is_(None)),
        )
        .group_by(pairs.c.subject, Visit.day)
    )
    return _collect(session.execute(query).all())


def _collect(rows: Sequence[Any]) -> ByUnit:
    found: ByUnit = {}
    for unit, day, over, under in rows:
        if under:
            found.setdefault(unit, {})[day] = (int(over), int(under))
    return found


def _league(code: str, by: str = "") -> League:
    lead = BY_LEAD if code == DEPARTMENT else BY_PLACE
    return League(key=code, title=code, kinds=KINDS[code], count_by=by or lead)


READ: Mapping[str, Callable[..., Mapping[UUID, Days]]] = {
    TASK_RATE: _tasks(lambda counts: counts["done"]),
    TASK_VERIFIED: _tasks(lambda counts: counts["verified"]),
    TASK_IN_TIME: _tasks(lambda counts: counts["total"] - counts["overdue"]),
    ON_TIME: _on_time,
    CHECKLIST: _checklist,
}
