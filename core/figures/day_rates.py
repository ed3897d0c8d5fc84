"""An indicator day by day (指标逐日): the rates that the kept counts give exactly, beside their targets.

Numbers of items add up over days: so many of so many, or one item passed and answered. What is folded a visit at a time -
several items that must all pass, means by site type - does not, and is read from the rows alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from core.campaigns import Edition, Indicator
from core.campaigns.arithmetic import exact
from core.campaigns.targets import NUMBER
from core.figures.day_counts import DAY, item_sums
from core.figures.terms import ItemTerm, Plan, Selection
from tenants.scope import ScopedSession

_COUNTS = frozenset({"n", "m"})
_VISITS = frozenset({"passed", "visits"})


@dataclass(frozen=True, slots=True)
class DayRate:
    """A rate whose numerator and denominator are sums of kept counts (逐日比率): of some items, two measures."""

    indicator: Indicator
    selection: Selection
    numerator: str
    denominator: str

    @property
    def target(self) -> Fraction | None:
        """The target where it is a number."""
        return exact(self.indicator.target) if NUMBER.fullmatch(self.indicator.target) else None


def rate_of_days(plan: Plan, edition: Edition, campaign: str) -> DayRate | None:
    """How a plan reads the kept counts; None when they do not give it exactly, or it is no rate in percent."""
    over, under, one = plan.numerator, plan.denominator, plan.indicator
    if plan.unfed or one.unit != "%" or not isinstance(over, ItemTerm) or not isinstance(under, ItemTerm):
        return None
    if over.types or under.types or over.selection != under.selection or not over.selection:
        return None
    measures = {over.measure, under.measure}
    if measures <= _COUNTS or (measures <= _VISITS and _asked_once(over.selection, edition, campaign)):
        return DayRate(one, over.selection, over.measure, under.measure)
    return None


def _asked_once(selection: Selection, edition: Edition, campaign: str) -> bool:
    """Whether a visit answers a selection at most once: one item of one form of this campaign."""
    forms = Counter((campaign, item.code) for form in edition.forms for item in form.items)
    return len(selection) == 1 and all(forms[pair] == 1 for pair in selection)


def read_rates(
    session: ScopedSession,
    rate: DayRate,
    first: date,
    last: date,
    *,
    basis: str = "verified",
    units: Collection[UUID] = (),
    step: str = DAY,
) -> Mapping[tuple[date, UUID | None], tuple[int, int]]:
    """Numerator and denominator of each day or month and unit, as answered on the forms of that day (one statement)."""
    found = item_sums(session, rate.selection, first, last, basis=basis, units=units, step=step)
    return {
        key: (sums[rate.numerator], sums[rate.denominator]) for key, sums in found.items() if sums[rate.denominator]
    }
