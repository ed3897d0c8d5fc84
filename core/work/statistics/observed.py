"""What scores read of the statistics (统计取数): locked values within some days, as they were known at a cut-off.

How several periods make one value is the statistic's own matter (``combine``): counts are added, marks are averaged, and of
what stands at a day - population, areas - the latest value holds until a later one replaces it, for a year at most (ours).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Row, Select, Subquery, and_, bindparam, func, or_, select

from core.work.tables import LockedValue, Observation, Statistic
from tenants.scope import ScopedSession

STANDS = timedelta(days=366)  # ours: a population of last year still serves this year, an older one no more
EXACT = "exact"
# From what says least to what says all: a sum is only as exact as the least exact of its terms.
LOOSENESS = ("exact", "about", "tens_of_thousands", "over", "at_least")
Key = tuple[str, UUID, str]


@dataclass(frozen=True, slots=True)
class Observed:
    """The value of a statistic for a unit on one basis (统计值), exact; ``n`` counts the observations in it.

    ``qualifier`` is the loosest of its terms' numerators, ``denominator_qualifier`` of their denominators. ``population_on``
    is the latest day of a population base named, ``versions`` the locked versions that it stands on, in order of periods.
    """

    numerator: Fraction
    denominator: Fraction | None
    n: int
    qualifier: str
    population_on: date | None
    versions: tuple[UUID, ...]
    denominator_qualifier: str = EXACT
    measure: str = ""
    denominator_measure: str = ""


def observed(
    session: ScopedSession,
    codes: Collection[str],
    start: date,
    end: date,
    cut_off: datetime,
    bases: Collection[str],
    units: Collection[UUID] | None,
) -> Mapping[Key, Observed]:
    """The values of some statistics within [start, end] as locked by ``cut_off``, keyed (code, unit, basis).

    Which code feeds a metric of an indicator says :func:`core.work.statistics.codes.code_of`.
    ``units`` None reads every unit. A value that is not there has no key: missing is not zero.
    """
    if not codes or not bases or (units is not None and not units):
        return {}
    found: dict[Key, list[Row[Any]]] = {}
    asked: dict[str, Any] = {"tenant": session.tenant_id, "codes": list(codes), "bases": list(bases)}
    asked |= {"start": start, "end": end, "old": start - STANDS, "cut_off": cut_off}
    if units is None:
        rows = session.execute(_LOCKED, asked)
    else:
        rows = session.execute(_LOCKED_OF, asked | {"units": list(units)})
    for row in rows:
        found.setdefault((row.code, row.unit_id, row.basis), []).append(row)
    return {key: _combine(rows) for key, rows in found.items()}


def _locked() -> Select[Any]:
    """The last version of each observation locked by the cut-off, oldest period first; what is asked for is bound."""
    version = _versions()
    start: BindParameter[date] = bindparam("start")
    end: BindParameter[date] = bindparam("end")
    inside = and_(Observation.period_start >= start, Observation.period_end <= end)
    stands = and_(
        Statistic.combine == "last", Observation.period_start <= end, Observation.period_end >= bindparam("old")
    )
    codes: BindParameter[Any] = bindparam("codes", expanding=True)
    bases: BindParameter[Any] = bindparam("bases", expanding=True)
    return (
        select(
            Statistic.code,
            Statistic.combine,
            Statistic.measure,
            Statistic.denominator_measure,
            Observation.unit_id,
            Observation.basis,
            Observation.period_end,
            version.c.id.label("version_id"),
            version.c.numerator,
            version.c.denominator,
            version.c.qualifier,
            version.c.denominator_qualifier,
            version.c.population_on,
        )
        .join(
            Observation,
            and_(Observation.tenant_id == Statistic.tenant_id, Observation.statistic_id == Statistic.id),
        )
        .join(version, and_(version.c.tenant_id == Observation.tenant_id, version.c.observation_id == Observation.id))
        .where(version.c.place == 1, Statistic.code.in_(codes), Observation.basis.in_(bases), or_(inside, stands))
        .order_by(Observation.period_end, Observation.period_start.desc(), Observation.id)
    )


def _versions() -> Subquery:
    """Every locked version with its place among those of its observation, the last one first."""
    place = func.row_number().over(partition_by=LockedValue.observation_id, order_by=LockedValue.number.desc())
    return (
        select(LockedValue)
        .add_columns(place.label("place"))
        .where(LockedValue.tenant_id == bindparam("tenant"), LockedValue.locked_at <= bindparam("cut_off"))
        .subquery()
    )


# Built once: a score asks for eight spans of days, and to say it anew cost more than the database took [measured].
_LOCKED = _locked()
_LOCKED_OF = _LOCKED.where(Observation.unit_id.in_(bindparam("units", expanding=True)))


def _combine(rows: Sequence[Row[Any]]) -> Observed:
    """One value of the terms: their sum, their mean, or the last of them."""
    used = rows[-1:] if rows[0].combine == "last" else rows
    share = Fraction(1, len(used)) if rows[0].combine == "mean" else Fraction(1)
    below = [row.denominator for row in used]
    dates = [row.population_on for row in used if row.population_on]
    return Observed(
        numerator=sum((Fraction(row.numerator) for row in used), Fraction(0)) * share,
        denominator=None if None in below else sum((Fraction(one) for one in below), Fraction(0)) * share,
        n=len(used),
        qualifier=loosest(row.qualifier for row in used),
        population_on=max(dates, default=None),
        versions=tuple(row.version_id for row in used),
        denominator_qualifier=loosest(row.denominator_qualifier for row in used),
        measure=rows[0].measure,
        denominator_measure=rows[0].denominator_measure,
    )


def loosest(qualifiers: Iterable[str]) -> str:
    """The qualifier that says least of some (最宽的限定词): a sum is only as exact as its least exact term."""
    return max(qualifiers, key=LOOSENESS.index, default=EXACT)
