"""Completion rates of tasks (任务完成率): done of all that were issued, with both numbers, by unit, area, line, campaign or plan.

11 487 of 11 831 is 97.09 %: rounded half-up when it is shown, kept as two whole numbers. *Reported* done (done, verified,
closed) is the rate; *verified* done stands beside it. Leaf tasks alone are counted, drafts and cancelled ones are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, or_, select, union

from core.campaigns.arithmetic import half_up
from core.figures.task_figures.facts import SUMS, Moment, facts, joined_whole, sums_of
from core.work.dated import valid_on
from core.work.organisation.areas import AREA
from core.work.tables import AreaMember, Plan, PlanLine, Task
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

ALL, UNIT, AREAS, LINE, CAMPAIGN, PLAN = "all", "unit", "area", "line", "campaign", "plan"
BY = (UNIT, AREAS, LINE, CAMPAIGN, PLAN)


@dataclass(frozen=True, slots=True)
class Sums:
    """How many tasks (任务数): all counted, reported done, verified, overdue, at risk, and by light (the rest is grey)."""

    total: int = 0
    done: int = 0
    verified: int = 0
    overdue: int = 0
    at_risk: int = 0
    red: int = 0
    amber: int = 0
    green: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def grey(self) -> int:
        """Of how many nothing can be said yet."""
        return self.total - self.red - self.amber - self.green

    @property
    def open(self) -> int:
        """Not done."""
        return self.total - self.done

    @property
    def ratio(self) -> Fraction | None:
        """Reported done of all; None of nothing."""
        return Fraction(self.done, self.total) if self.total else None

    @property
    def percent(self) -> Decimal | None:
        """The same in percent, two decimals, half-up."""
        return half_up(Fraction(100 * self.done, self.total)) if self.total else None

    @property
    def verified_percent(self) -> Decimal | None:
        """Verified done of all, in percent."""
        return half_up(Fraction(100 * self.verified, self.total)) if self.total else None


@dataclass(frozen=True, slots=True)
class Rate:
    """One line of a table of completion rates (完成率): what it is of, and the counts. ``id`` None: of nothing named."""

    id: UUID | None
    code: str
    name: str
    kind: str
    sums: Sums


def completion(
    session: ScopedSession,
    *,
    day: date,
    by: str = UNIT,
    campaign: str | None = None,
    moment: Moment | None = None,
    conditions: Sequence[ColumnElement[bool]] = (),
    within: UUID | None = None,
) -> list[Rate]:
    """Completion rates on a day, a line for each unit, area, line, campaign or plan that has tasks.

    ``moment`` says as of when (else now, on ``day``). ``campaign`` narrows to one, '' to tasks of none. ``within`` narrows to a
    unit and all under it (or an area). ``conditions`` are the reader's sight. An area counts what lies in it or in its members.
    Raises ValueError for another ``by``.
    """
    if by not in BY:
        raise ValueError(by)
    narrowed = list(conditions)
    if campaign is not None:
        narrowed.append(Task.campaign == campaign)
    if within is not None:
        narrowed.append(Task.unit_id.in_(_inside(session, [within], day)))
    moment = moment or Moment(day)
    table = facts(session, moment, narrowed)
    with joined_whole(session, moment):
        if by == AREAS:
            return _by_area(session, table, day)
        if by == CAMPAIGN:
            return [Rate(None, code, code, CAMPAIGN, sums) for code, sums in sorted(_grouped(session, table, CAMPAIGN))]
        return _named(session, table, by)


def totals(session: ScopedSession, moment: Moment, conditions: Sequence[ColumnElement[bool]] = ()) -> Sums:
    """The counts of all tasks that the conditions leave (one query)."""
    table = facts(session, moment, conditions)
    with joined_whole(session, moment):
        row = session.execute(select(*sums_of(table)).select_from(table)).one()
    return Sums(*(int(getattr(row, name)) for name in SUMS))


def sums_by_unit(session: ScopedSession, moment: Moment) -> dict[tuple[UUID, str], Sums]:
    """The counts by the unit that has the task and its campaign (one query); roll-ups add these up."""
    table = facts(session, moment)
    query = select(table.c.unit_id, table.c.campaign, *sums_of(table)).group_by(table.c.unit_id, table.c.campaign)
    with joined_whole(session, moment):
        return {(row.unit_id, row.campaign): _sums(row) for row in session.execute(query).all()}


def members(session: ScopedSession, subjects: Sequence[UUID], day: date) -> Mapping[UUID, set[UUID]]:
    """The units that belong to each subject on a day, each once: its subtree, and of an area that of its members (one query)."""
    found: dict[UUID, set[UUID]] = {one: set() for one in subjects}
    for subject, unit in session.execute(_pairs(session, subjects, day)) if subjects else ():
        found[subject].add(unit)
    return found


def add_up(parts: Iterable[Sums]) -> Sums:
    """The sum of some counts."""
    return sum(parts, Sums())


def _pairs(session: ScopedSession, subjects: Sequence[UUID], day: date) -> Select[Any]:
    tenant_id = session.tenant_id
    own = select(UnitPath.ancestor_id.label("subject"), UnitPath.unit_id.label("unit")).where(
        UnitPath.tenant_id == tenant_id, UnitPath.ancestor_id.in_(subjects), valid_on(UnitPath, day)
    )
    area, below = UnitPath.__table__.alias("area"), UnitPath.__table__.alias("below")
    member = and_(AreaMember.tenant_id == tenant_id, AreaMember.area_id == area.c.unit_id, valid_on(AreaMember, day))
    inside = and_(below.c.tenant_id == tenant_id, below.c.ancestor_id == AreaMember.unit_id, _on(below.c, day))
    of_area = (
        select(area.c.ancestor_id.label("subject"), below.c.unit_id.label("unit"))
        .select_from(area)
        .join(AreaMember, member)
        .join(below, inside)
        .where(area.c.tenant_id == tenant_id, area.c.ancestor_id.in_(subjects), _on(area.c, day))
    )
    return select(union(own, of_area).subquery())


def _on(columns: Any, day: date) -> ColumnElement[bool]:
    return and_(columns.valid_from <= day, or_(columns.valid_to.is_(None), columns.valid_to > day))


def _inside(session: ScopedSession, subjects: Sequence[UUID], day: date) -> Select[Any]:
    pairs = _pairs(session, subjects, day).subquery()
    return select(pairs.c.unit)


def _by_area(session: ScopedSession, table: Subquery, day: date) -> list[Rate]:
    units = session.execute(
        select(Unit.id, Unit.name).where(Unit.kind == AREA, valid_on(Unit, day)).order_by(Unit.pinyin, Unit.id)
    ).all()
    own = dict(_grouped(session, table, "unit_id"))
    inside = members(session, [one.id for one in units], day)
    found = [
        Rate(one.id, "", one.name, AREA, add_up(own[unit] for unit in inside[one.id] if unit in own)) for one in units
    ]
    return [one for one in found if one.sums.total]


def _named(session: ScopedSession, table: Subquery, by: str) -> list[Rate]:
    column = {UNIT: "unit_id", LINE: "line_id", PLAN: "plan_id"}[by]
    counted = dict(_grouped(session, table, column))
    found = [
        Rate(row.id, row.code or "", row.name, row.kind, counted[row.id])
        for row in session.execute(_names(by).where(_names_key(by).in_([one for one in counted if one])))
    ]
    return [*found, Rate(None, "", "", by, counted[None])] if None in counted else found


def _names(by: str) -> Select[Any]:
    code: Any = Unit.code if by == UNIT else Plan.number
    columns: dict[str, tuple[Any, ...]] = {
        UNIT: (Unit.id, Unit.name, Unit.kind),
        LINE: (PlanLine.id, PlanLine.title.label("name"), Plan.kind),
        PLAN: (Plan.id, Plan.title.label("name"), Plan.kind),
    }
    named = select(code.label("code"), *columns[by])
    if by == UNIT:
        return named.order_by(Unit.pinyin, Unit.id)
    if by == LINE:
        of_plan = and_(Plan.tenant_id == PlanLine.tenant_id, Plan.id == PlanLine.plan_id)
        return named.join(PlanLine, of_plan).order_by(Plan.number, PlanLine.position, PlanLine.id)
    return named.order_by(Plan.number)


def _names_key(by: str) -> Any:
    return {UNIT: Unit.id, LINE: PlanLine.id, PLAN: Plan.id}[by]


def _grouped(session: ScopedSession, table: Subquery, column: str) -> list[tuple[Any, Sums]]:
    key = table.c[column]
    return [(row[0], _sums(row)) for row in session.execute(select(key, *sums_of(table)).group_by(key))]


def _sums(row: Any) -> Sums:
    return Sums(*(int(getattr(row, name)) for name in SUMS))
