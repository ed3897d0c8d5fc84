"""Statistics behind scores (统计取数): locked values of a period, of the period before, of five years, of each subdistrict.

The district's own value stands at its root; a unit's at the unit. Parts are never added up to a whole: a declared total and
the sum of its parts are two numbers. Nothing is read where nothing was ever locked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Indicator
from core.campaigns.targets import YEARS, alternative, is_worst, needs_mean, needs_size
from core.figures.frames import Frame, SliceKey
from core.figures.item_metrics import SELF, VERIFIED
from core.figures.periods import ONE_DAY, Period, containing, day_of
from core.figures.terms import Plan, StatTerm
from core.work.dated import valid_on
from core.work.statistics.observed import Observed, observed
from core.work.tables import LockedValue
from tenants.access import root_unit
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

DECLARED = "declared"
BASES = (VERIFIED, SELF, DECLARED)
POPULATION = "resident_population"  # what decides a city's size (ours): permanent residents, as locked
LEAGUE = "subdistrict"
Values = Mapping[tuple[str, str], Observed]  # by basis and code


@dataclass(frozen=True, slots=True)
class StatPart:
    """What one subdistrict entered (分街道数据)."""

    unit_id: UUID
    name: str
    values: Values


@dataclass(slots=True)
class StatFacts:
    """The statistics of one slice (一个口径的统计值)."""

    unit_id: UUID | None = None
    values: Values = field(default_factory=dict)
    windows: dict[int, Values] = field(default_factory=dict)
    before: Values = field(default_factory=dict)
    years: tuple[Values, ...] = ()
    parts: tuple[StatPart, ...] = ()
    population: Observed | None = None
    population_basis: str = ""

    def read(self, term: StatTerm, basis: str) -> Observed | None:
        """The value that a term reads on a basis; None when nothing is locked."""
        there = self.windows.get(term.months, {}) if term.months else self.values
        return there.get((basis, term.code))


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every read needs."""

    session: ScopedSession
    frame: Frame
    root: UUID

    def units(self) -> list[UUID]:
        return [unit or self.root for unit in self.frame.units or (None,)]

    def read(self, codes: Collection[str], start: date, end: date, units: Collection[UUID]) -> dict[UUID, Values]:
        """The values of some codes between two days, by unit."""
        found: dict[UUID, dict[tuple[str, str], Observed]] = {unit: {} for unit in units}
        if codes:
            rows = observed(self.session, codes, start, end, self.frame.cut_off, BASES, units)
            for (code, unit, basis), one in rows.items():
                found[unit][basis, code] = one
        return dict(found)


def read_statistics(session: ScopedSession, frame: Frame, plans: Iterable[Plan]) -> dict[SliceKey, StatFacts]:
    """The statistics of a frame: one query a period, and one for each reference that a target needs."""
    listed = [plan for plan in plans if plan.stats or needs_size(plan.indicator)]
    locked = select(LockedValue.id).where(LockedValue.tenant_id == frame.tenant_id).exists()
    facts = {key: StatFacts() for key in frame.slices}
    if not listed or not session.scalar(select(locked)):
        return facts
    desk = _Desk(session, frame, root_unit(session).id)
    for span, period in enumerate(frame.periods):
        for unit, one in _read_span(desk, listed, period).items():
            one.unit_id = unit
            facts[(unit if frame.units else None), span] = one
    return facts


def _read_span(desk: _Desk, plans: list[Plan], period: Period) -> dict[UUID, StatFacts]:
    units = desk.units()
    terms = [term for plan in plans for term in plan.stats]
    now = desk.read({t.code for t in terms if not t.months}, period.start, period.end, units)
    facts = {unit: StatFacts(values=now[unit]) for unit in units}
    for months in sorted({t.months for t in terms if t.months}):
        codes = {t.code for t in terms if t.months == months}
        for unit, values in desk.read(codes, _months_before(period.end, months), period.end, units).items():
            facts[unit].windows[months] = values
    _read_references(desk, plans, period, facts)
    return facts


def _read_references(desk: _Desk, plans: list[Plan], period: Period, facts: dict[UUID, StatFacts]) -> None:
    """What targets are held against: the period before, five years, the subdistricts, the city's size."""
    units = list(facts)
    falling = _codes(plans, lambda one: bool(alternative(one)))
    for unit, values in desk.read(falling, period.previous.start, period.previous.end, units).items():
        facts[unit].before = values
    own = _codes(plans, needs_mean)
    for years in range(YEARS, 0, -1) if own else ():
        then = years_before(period, years)
        for unit, values in desk.read(own, then.start, then.end, units).items():
            facts[unit].years += (values,)
    worst = _codes(plans, is_worst)
    for unit in units if worst else ():
        facts[unit].parts = _parts(desk, worst, period, unit)
    if any(needs_size(plan.indicator) for plan in plans):
        found = desk.read({POPULATION}, period.start, period.end, [desk.root])[desk.root]
        basis = next((one for one in (VERIFIED, DECLARED, SELF) if (one, POPULATION) in found), "")
        for one in facts.values():
            one.population_basis, one.population = basis, found.get((basis, POPULATION))


def _codes(plans: Iterable[Plan], wanted: Callable[[Indicator], bool]) -> frozenset[str]:
    return frozenset(t.code for plan in plans if wanted(plan.indicator) for t in plan.stats)


def _parts(desk: _Desk, codes: Collection[str], period: Period, above: UUID) -> tuple[StatPart, ...]:
    """The subdistricts under a unit on the period's last day, each with what it entered."""
    named = subdistricts(desk.session, desk.frame, period, above)
    found = desk.read(codes, period.start, period.end, list(named))
    return tuple(StatPart(unit, name, found[unit]) for unit, name in named.items())


def subdistricts(session: ScopedSession, frame: Frame, period: Period, above: UUID) -> dict[UUID, str]:
    """The subdistricts under a unit, itself among them, in the tree of the period's last day, with their names."""
    day = max(period.start, min(period.end, day_of(frame.cut_off)))
    query = (
        select(Unit.id, Unit.name)
        .join(UnitPath, (UnitPath.tenant_id == Unit.tenant_id) & (UnitPath.unit_id == Unit.id))
        .where(
            Unit.tenant_id == frame.tenant_id,
            Unit.kind == LEAGUE,
            UnitPath.ancestor_id == above,
            valid_on(UnitPath, day),
            valid_on(Unit, day),
        )
        .order_by(Unit.pinyin, Unit.id)
    )
    return {row.id: row.name for row in session.execute(query)}


def _months_before(end: date, months: int) -> date:
    """The first day of a window of some months that ends with a day (近三年)."""
    after = end + ONE_DAY
    count = after.year * 12 + after.month - 1 - months
    day = min(after.day, 28)
    return date(count // 12, count % 12 + 1, day)


def years_before(period: Period, years: int) -> Period:
    """The same period some years earlier (往年同期)."""
    start, year = period.start, period.start.year - years
    leap = start.month == 2 and start.day == 29
    return containing(period.kind, start.replace(year=year, day=28) if leap else start.replace(year=year))
