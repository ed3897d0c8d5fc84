"""What is odd about a value (填报核对): said beside it, named and measured, never corrected and never in its way.

Parts against their declared total, rates above 100 %, bounds of plausibility, a typed rate against the computed one, the
same number returned by two units, a population base that changed since the last period.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from core.campaigns import Edition
from core.errors import N_
from core.work.statistics.codes import SOURCES, code_of
from core.work.statistics.grid import Line
from core.work.statistics.measures import MEASURES, Quantity, plain, total
from core.work.statistics.rates import Rate, rate_of, rounded
from core.work.statistics.seeds import ROW
from core.work.statistics.writing import say_partial_date
from core.work.tables import Observation, Statistic
from tenants.scope import ScopedSession

LEAST_EQUAL = 10  # ours: small numbers are equal by chance
WARN, HINT = "warning", "hint"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at (核对提示): ``text`` is a source text for its parameters; ``kind`` is a stable word."""

    kind: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    level: str = WARN


@dataclass(frozen=True, slots=True)
class RatePair:
    """A numerator and a denominator that an indicator divides (分子分母), each a statistic of its own."""

    indicator: str
    name_zh: str
    name_en: str
    numerator: str
    denominator: str


def rate_pairs(editions: Iterable[tuple[str, Edition]]) -> tuple[RatePair, ...]:
    """The rates that the editions in force compute of statistics."""
    found = []
    for _campaign, edition in editions:
        for one in edition.indicators:
            metrics = {m.name: m for m in edition.metrics_for(one.code, ROW) if m.source in SOURCES}
            if one.unit == "%" and one.numerator in metrics and one.denominator in metrics:
                codes = (code_of(metrics[name], one.code) for name in (one.numerator, one.denominator))
                found.append(RatePair(one.code, one.name_zh, one.name_en, *codes))
    return tuple(found)


def rate_of_row(row: Observation) -> Rate:
    """The rate that a value with its own denominator makes."""
    return rate_of(row.numerator, row.denominator, row.qualifier, row.denominator_qualifier)


def remarks_of(
    session: ScopedSession, lines: Sequence[Line], pairs: Collection[RatePair] = ()
) -> Mapping[UUID, list[Remark]]:
    """What is odd about the values of some lines, by value; a line without values has nothing odd."""
    found: dict[UUID, list[Remark]] = defaultdict(list)
    for line in lines:
        for row in line.values:
            found[row.id] += _alone(line, row)
    beside = _beside(session, lines)
    for line in lines:
        for row in line.values:
            found[row.id] += _parts(line.pair.statistic, row, beside)
            found[row.id] += _rates(line.pair.statistic, row, beside, pairs)
            found[row.id] += _equals(line, row, lines)
    return found


def _alone(line: Line, row: Observation) -> list[Remark]:
    """What a value says against itself and against its last one."""
    statistic, said = line.pair.statistic, []
    if row.numerator is None:
        return []
    if statistic.minimum is not None and row.numerator < statistic.minimum:
        said.append(
            Remark("bounds", N_("{value} 低于合理下限 {limit}"), _numbers(value=row.numerator, limit=statistic.minimum))
        )
    if statistic.maximum is not None and row.numerator > statistic.maximum:
        said.append(
            Remark("bounds", N_("{value} 高于合理上限 {limit}"), _numbers(value=row.numerator, limit=statistic.maximum))
        )
    measure = MEASURES.get(statistic.measure)
    if measure is not None and measure.whole and row.numerator % 1:
        said.append(
            Remark(
                "fraction",
                N_("{value} 不是整数，而计量单位是{unit}"),
                {"value": plain(row.numerator), "unit": measure.both},
            )
        )
    said += _own_rate(row)
    said += _population(line, row)
    return said


def _own_rate(row: Observation) -> list[Remark]:
    rate, said = rate_of_row(row), []
    if rate.said == "none":
        said.append(Remark("no_rate", N_("分子、分母带“余”“约”“数万”，算不出准确比率")))
    if rate.over_whole:
        said.append(Remark("over_whole", N_("比率 {rate}% 超过 100%，请核对范围"), {"rate": rate.text}))
    if row.declared_rate is not None and rate.percent is not None and row.declared_rate != rounded(rate.percent):
        params = {"declared": f"{row.declared_rate:f}", "rate": rate.text}
        said.append(
            Remark(
                "declared_rate",
                N_("自填比率 {declared}% 与分子分母算得的 {rate}% 不一致；自填的只作申报值保留"),
                params,
            )
        )
    elif row.declared_rate is not None and rate.percent is None:
        params = {"declared": f"{row.declared_rate:f}"}
        text = N_("自填比率 {declared}% 没有分子分母可核；只作申报值保留")
        said.append(Remark("declared_rate", text, params, HINT))
    return said


def _population(line: Line, row: Observation) -> list[Remark]:
    """A population base that is not that of the last period: the two must not be compared without saying so."""
    last = next((one for one in line.last if one.basis == row.basis), None)
    if (
        last is None
        or not (row.population_base or row.population_on)
        or not (last.population_base or last.population_on)
    ):
        return []
    now, then = _base(row), _base(last)
    if now == then:
        return []
    text = N_("人口口径与上期不同：本期 {now}，上期 {then}；两期不宜直接比较")
    return [Remark("population", text, {"now": now, "then": then})]


def _base(row: Observation) -> str:
    day = say_partial_date(row.population_on, row.population_precision)
    return " ".join(part for part in (row.population_base, day) if part)


Place = tuple[str, UUID, Any, str, str]  # code, unit, start, kind, basis


def _beside(session: ScopedSession, lines: Sequence[Line]) -> Mapping[Place, tuple[Observation, str]]:
    """Everything entered in the same periods, with its measure: parts and denominators may lie on other pages."""
    spans = {(line.period.kind, line.period.start) for line in lines if line.values}
    if not spans:
        return {}
    rows = session.execute(
        select(Observation, Statistic.code, Statistic.measure)
        .join(Statistic, (Statistic.tenant_id == Observation.tenant_id) & (Statistic.id == Observation.statistic_id))
        .where(tuple_(Observation.period_kind, Observation.period_start).in_(spans))
    )
    return {(code, r.unit_id, r.period_start, r.period_kind, r.basis): (r, measure) for r, code, measure in rows}


def _parts(statistic: Statistic, row: Observation, beside: Mapping[Place, tuple[Observation, str]]) -> list[Remark]:
    """Parts against the total that was declared: both stay, the gap is named (3121 against 3182: 61, 1.92 %)."""
    if not statistic.parts or row.numerator is None:
        return []
    place = (row.unit_id, row.period_start, row.period_kind, row.basis)
    rows = [(code, beside.get((code, *place))) for code in statistic.parts]
    absent = [code for code, one in rows if one is None or one[0].numerator is None]
    if absent:
        params = {"codes": " ".join(absent), "n": len(absent)}
        return [Remark("parts_missing", N_("还有分项没有填：{codes}"), params, HINT)]
    values = [(one[0].numerator or Decimal(0), one[1]) for _code, one in rows if one is not None]
    added = total(Quantity(Fraction(value), measure) for value, measure in values)
    if added is None or added.value == row.numerator:
        return []
    gap = Fraction(row.numerator) - added.value
    share = rounded(abs(gap) / Fraction(row.numerator) * 100) if row.numerator else None
    params = {
        "terms": " + ".join(plain(value) for value, _measure in values),
        "sum": plain(added.value),
        "total": plain(row.numerator),
        "gap": plain(abs(gap)),
        "share": "—" if share is None else f"{share}",
    }
    return [Remark("parts_gap", N_("分项 {terms} = {sum}，申报合计 {total}，相差 {gap}（{share}%）"), params)]


def _rates(
    statistic: Statistic,
    row: Observation,
    beside: Mapping[Place, tuple[Observation, str]],
    pairs: Collection[RatePair],
) -> list[Remark]:
    """The rates that indicators make of this numerator and a denominator entered apart, above 100 %."""
    said = []
    for pair in pairs:
        if pair.numerator != statistic.code:
            continue
        below = beside.get((pair.denominator, row.unit_id, row.period_start, row.period_kind, row.basis))
        rate = rate_of(row.numerator, below[0].numerator) if below else None
        if rate is not None and rate.over_whole:
            params = {"indicator": pair.indicator, "rate": rate.text}
            said.append(Remark("over_whole", N_("{indicator} 的比率 {rate}% 超过 100%，请核对范围"), params))
    return said


def _equals(line: Line, row: Observation, lines: Sequence[Line]) -> list[Remark]:
    """The same number returned by another unit for another statistic: perhaps one thing counted twice (S3)."""
    mine = line.pair.statistic
    if row.numerator is None or row.numerator < LEAST_EQUAL or mine.apart or mine.measure not in MEASURES:
        return []
    twins = [
        other.pair
        for other in lines
        for value in other.values
        if value.numerator == row.numerator
        and other.pair.statistic.owner_unit_id != mine.owner_unit_id
        and other.pair.statistic.id != mine.id
        and not other.pair.statistic.apart
        and other.period == line.period
    ]
    text = N_("与“{name}”（{unit}）报的数相同：{value}；是不是同一件事报了两次？不是请在目录里注明互不重复")
    return [
        Remark("equal", text, {"name": t.statistic.name_zh, "unit": t.owner_name, "value": plain(row.numerator)}, HINT)
        for t in twins[:3]
    ]


def _numbers(**values: Decimal) -> dict[str, str]:
    return {name: plain(value) for name, value in values.items()}
