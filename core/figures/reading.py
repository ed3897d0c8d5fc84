"""The numbers of one indicator in one slice (取数): what its plan finds in visits, findings and statistics on one basis.

Nothing observed is nothing, not zero: a term without data is None and is named among the missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID

from core.campaigns import Edition, Indicator
from core.campaigns.attainment import level_order, value_of
from core.campaigns.levels import levels_of
from core.campaigns.policy import sizes_of
from core.campaigns.targets import alternative, is_worst, needs_mean, needs_size, own_mean, size_of
from core.campaigns.trail import Step, step
from core.errors import N_
from core.figures.finding_metrics import FindingFacts
from core.figures.item_facts import ItemFacts, ItemSums
from core.figures.item_metrics import VERIFIED
from core.figures.past import Pair, Past
from core.figures.stat_facts import StatFacts, StatPart, Values
from core.figures.strata import Stratum, mean_steps
from core.figures.terms import FindingTerm, FormTerm, ItemTerm, Plan, RecheckTerm, StatTerm, Term
from core.work.statistics.observed import Observed
from core.work.statistics.rates import LOWER, rate_of


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read of one slice (一个口径的全部数据); ``items`` by basis."""

    campaign: str
    edition: Edition
    items: Mapping[str, ItemFacts]
    findings: FindingFacts
    stats: StatFacts
    past: Past = field(default_factory=Past)


@dataclass(slots=True)
class Reading:
    """What a plan found (取数结果). ``values`` has each named metric, ``missing`` the names without data.

    ``decided_by`` is the worst subdistrict, where that decides.
    """

    numerator: Fraction | None = None
    denominator: Fraction | None = None
    n: int = 0
    values: dict[str, Fraction | None] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    strata: tuple[Stratum, ...] = ()
    observed: tuple[tuple[str, Observed], ...] = ()
    parts: tuple[Pair, ...] = ()
    steps: tuple[Step, ...] = ()
    decided_by: UUID | None = None

    @property
    def is_rate(self) -> bool:
        """Whether the numbers give an exact rate: two lower bounds do not."""
        pair = [one for _, one in self.observed]
        if len(pair) != 2 or self.numerator is None or not self.denominator:
            return True
        return rate_of(self.numerator, self.denominator, pair[0].qualifier, pair[1].qualifier).said != "none"


@dataclass(frozen=True, slots=True)
class References:
    """What the target of an indicator is held against here (参照值)."""

    mean: Fraction | None = None
    previous: Fraction | None = None
    size: str | None = None
    levels: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


def read_plan(plan: Plan, facts: Facts, basis: str = VERIFIED) -> Reading:
    """Numerator, denominator, their number of observations, and where they come from."""
    if is_worst(plan.indicator):
        return _worst(plan, facts, basis)
    if plan.named:
        return _named(plan, facts.stats, basis)
    counts = [_read(term, facts, basis) for term in plan.terms]
    seen = [n for _, n in counts]
    stats = [isinstance(term, StatTerm) for term in plan.terms]
    n = max(seen, default=0)
    rest = max((one for one, stat in zip(seen, stats, strict=True) if not stat), default=0)
    values = [value if (one if stat else rest) else None for (value, one), stat in zip(counts, stats, strict=True)]
    reading = Reading(n=n if values and values[0] is not None else 0)
    reading.missing = tuple(
        t.name for t, v in zip(plan.terms, values, strict=True) if v is None and isinstance(t, StatTerm)
    )
    if n:
        reading.numerator, reading.denominator = values[0], values[1] if len(values) > 1 else None
    _stratify(plan, facts, basis, reading)
    _note_statistics(plan, facts.stats, basis, reading)
    return reading


def _read(term: Term, facts: Facts, basis: str) -> tuple[Fraction, int]:
    """The value of a term and how many visits, findings or observations it saw."""
    if isinstance(term, StatTerm):
        found = facts.stats.read(term, basis)
        return (found.numerator, found.n) if found else (Fraction(0), 0)
    if isinstance(term, FindingTerm | RecheckTerm):
        count = facts.findings.terms[term] if basis == VERIFIED else Fraction(0)
        return count, int(count)
    sums = facts.items[basis].sums(term, facts.campaign) if basis in facts.items else ItemSums()
    value: Fraction = getattr(sums, term.measure)
    return value, int(sums.visits)


def _stratify(plan: Plan, facts: Facts, basis: str, reading: Reading) -> None:
    """A mean of site types' means: the numerator weighs every type the same, the denominator stays the number of visits."""
    term: ItemTerm | FormTerm | None = plan.strata_term
    if term is None or not reading.n or not reading.denominator:
        return
    reading.strata = tuple(one for one in facts.items[basis].strata(term, facts.campaign) if one.visits)
    means = [one.mean for one in reading.strata]
    reading.numerator = sum(means, Fraction(0)) / len(means) * reading.denominator
    reading.steps = mean_steps(reading.strata)


def _note_statistics(plan: Plan, stats: StatFacts, basis: str, reading: Reading) -> None:
    found = [(term.name, stats.read(term, basis)) for term in plan.stats]
    reading.observed = tuple((name, one) for name, one in found if one is not None)
    reading.steps += tuple(_observed_steps(reading.observed))


def _observed_steps(listed: Iterable[tuple[str, Observed]]) -> Iterable[Step]:
    for name, one in listed:
        yield step(N_("{name} = {value}（{n} 条锁定的填报值）"), name=name, value=one.numerator, n=str(one.n))
        if one.qualifier != "exact":
            yield step(N_("{name} 是下限（余、至少）") if one.qualifier in LOWER else N_("{name} 是约数"), name=name)
        if one.population_on is not None:
            yield step(N_("{name} 的人口口径日期：{day}"), name=name, day=one.population_on.isoformat())


def _named(plan: Plan, stats: StatFacts, basis: str) -> Reading:
    """The metrics of a longer formula by their names."""
    reading = Reading()
    for term in plan.named:
        found = stats.read(term, basis)
        reading.values[term.name] = found.numerator if found else None
        reading.n += found.n if found else 0
    reading.missing = tuple(name for name, value in reading.values.items() if value is None)
    _note_statistics(plan, stats, basis, reading)
    return reading


def _worst(plan: Plan, facts: Facts, basis: str) -> Reading:
    """Each subdistrict's pair; the figure's own is the worst one's."""
    reading = Reading()
    worst: Fraction | None = None
    said: list[Step] = []
    for unit, name, pair, seen in _parts(plan, facts, basis):
        value = value_of(plan.indicator, *pair)
        reading.parts += (pair,)
        reading.n += int(pair[0] is not None)
        text = N_("{unit}：{value}") if value is not None else N_("{unit}：没有数据")
        said.append(step(text, unit=name, **({} if value is None else {"value": value})))
        if value is not None and (worst is None or (value > worst) == (plan.indicator.direction == "down")):
            worst, reading.numerator, reading.denominator = value, pair[0], pair[1]
            reading.observed, reading.decided_by = seen, unit
    reading.missing = () if reading.n else tuple(term.name for term in plan.stats)
    reading.steps = tuple(said)
    return reading


def _parts(plan: Plan, facts: Facts, basis: str) -> Iterable[tuple[UUID, str, Pair, tuple[tuple[str, Observed], ...]]]:
    """Each subdistrict with its pair and the statistics in it: from what it entered, or from visits and findings there."""
    if plan.stats:
        for part in facts.stats.parts:
            yield part.unit_id, part.name, _pair(plan, part, basis), _observed(plan, part.values, basis)
    elif basis == VERIFIED:
        for unit, name, pairs in facts.past.parts:
            yield unit, name, pairs[plan.indicator.code], ()


def _observed(plan: Plan, values: Values, basis: str) -> tuple[tuple[str, Observed], ...]:
    found = [(term.name, values.get((basis, term.code))) for term in plan.stats]
    return tuple((name, one) for name, one in found if one is not None)


def _pair(plan: Plan, part: StatPart, basis: str) -> Pair:
    found = [_value(part.values, term, basis) for term in plan.stats]
    return found[0], found[1] if len(found) > 1 else None


def _value(values: Values, term: StatTerm, basis: str) -> Fraction | None:
    found = values.get((basis, term.code))
    return found.numerator if found else None


def read_references(plan: Plan, facts: Facts, reading: Reading, basis: str = VERIFIED) -> References:
    """The references that the indicator's target needs, on the same basis as its value."""
    one, stats = plan.indicator, facts.stats
    steps: list[Step] = []
    mean = previous = size = None
    if needs_mean(one):
        years = [_there(plan, values, basis) for values in stats.years] if plan.stats else _then(one, facts, basis)
        mean = own_mean(years)
        steps.append(step(N_("前五年：{years}"), years=_listed(years)))
    if alternative(one):
        before = facts.past.before.get(one.code, (None, None)) if basis == VERIFIED else (None, None)
        previous = _there(plan, stats.before, basis) if plan.stats else value_of(one, *before)
    if needs_size(one) and stats.population is not None:
        size = size_of(stats.population.numerator, sizes_of(facts.edition.city_sizes))
        verified = stats.population_basis == VERIFIED
        text = (
            N_("城市规模按核验的常住人口 {population}")
            if verified
            else N_("城市规模按填报的常住人口 {population}（没有核验）")
        )
        steps.append(step(text, population=stats.population.numerator))
    return References(mean, previous, size, _levels(one, facts.edition, reading), tuple(steps))


def _then(indicator: Indicator, facts: Facts, basis: str) -> list[Fraction | None]:
    """A recorded indicator's values in the five years before; only what was verified is compared."""
    there = facts.past.years if basis == VERIFIED else ()
    return [value_of(indicator, *pairs.get(indicator.code, (None, None))) for pairs in there]


def _there(plan: Plan, values: Values, basis: str) -> Fraction | None:
    """The indicator's value in another period."""
    found = [_value(values, term, basis) for term in plan.stats]
    return value_of(plan.indicator, found[0], found[1] if len(found) > 1 else None)


def _listed(years: Iterable[Fraction | None]) -> str:
    return ", ".join("—" if value is None else step("{v}", v=value).zh for value in years)


def _levels(indicator: Indicator, edition: Edition, reading: Reading) -> dict[str, str]:
    """The level that each metric of a level indicator reaches."""
    if indicator.mode != "level":
        return {}
    return levels_of(edition.levels, indicator.code, level_order(indicator), reading.values)
