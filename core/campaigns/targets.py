"""What an indicator has to reach (目标): a number, a level, "or falling", the own five-year mean, the worst subdistrict, by city size.

Shapes are edition data, spelled in the columns ``target`` and ``scoring_params`` (frameworks 3.2):

=====================  ===================================  ==========================================
shape                  target                               scoring_params
=====================  ===================================  ==========================================
a number               ``95``                               (none)
a level                ``C``                                ``A=1;B=2/3;C=1/3;none=0`` (mode level)
or falling, or rising  ``5.6``                              ``alt=falling`` or ``alt=rising``
own five-year mean     ``mean_5y``                          ``ref=own_5y_mean``
worst subdistrict      any                                  ``scope=min_over_subdistricts``
by city size           ``by_size``                          ``ref=city_size;small=90;medium=92;large=95``
=====================  ===================================  ==========================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.campaigns.arithmetic import Number, exact
from core.campaigns.catalogue import Indicator
from core.campaigns.policy import CitySize
from core.campaigns.trail import Step, step
from core.errors import N_

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
MEAN, BY_SIZE = "mean_5y", "by_size"
OWN_MEAN, CITY_SIZE = "own_5y_mean", "city_size"
FALLING, RISING = "falling", "rising"
WORST = "min_over_subdistricts"
YEARS = 5

NO_MEAN = N_("缺少本地前五年均值，无法确定目标")
NO_TARGET = N_("目标值不是数字，且没有给出参照")
NO_SIZE = N_("按城市规模定目标，缺少人口数")

_AT = {
    ">=": N_("目标：不低于 {target}"),
    ">": N_("目标：高于 {target}"),
    "<=": N_("目标：不高于 {target}"),
    "<": N_("目标：低于 {target}"),
    "=": N_("目标：等于 {target}"),
}


@dataclass(frozen=True, slots=True)
class References:
    """What a target may need beside its own number (参照值).

    ``mean`` is the own mean of the five years before, ``previous`` the value of the period before, ``size`` the name of the
    city's size band.
    """

    mean: Number | None = None
    previous: Number | None = None
    size: str | None = None


def is_worst(indicator: Indicator) -> bool:
    """Whether the worst subdistrict decides."""
    return WORST in indicator.params.get("scope", "")


def needs_mean(indicator: Indicator) -> bool:
    """Whether the target is the own five-year mean."""
    return indicator.target == MEAN or indicator.params.get("ref") == OWN_MEAN


def needs_size(indicator: Indicator) -> bool:
    """Whether the target depends on the city's size."""
    return indicator.target == BY_SIZE or indicator.params.get("ref") == CITY_SIZE


def alternative(indicator: Indicator) -> str:
    """'falling', 'rising' or '': what else meets the target."""
    found = indicator.params.get("alt", "")
    return found if found in (FALLING, RISING) else ""


def goal(indicator: Indicator, given: References) -> Fraction | str:
    """The number that the value is held against, or the reason why there is none."""
    if NUMBER.fullmatch(indicator.target):
        return exact(indicator.target)
    if needs_size(indicator):
        found = indicator.params.get(given.size or "", "")
        return exact(found) if NUMBER.fullmatch(found) else NO_SIZE
    if given.mean is not None:
        return exact(given.mean)
    return NO_MEAN if needs_mean(indicator) else NO_TARGET


def goal_steps(indicator: Indicator, target: Fraction, given: References) -> Iterable[Step]:
    """Where the target came from, and the target."""
    if needs_size(indicator) and given.size:
        yield step(N_("城市规模属于 {size} 档"), size=given.size)
    if needs_mean(indicator):
        yield step(N_("本地前五年均值：{mean}"), mean=target)
    yield step(_AT[indicator.target_op], target=target)


def shape(indicator: Indicator) -> tuple[Step, ...]:
    """The target spelled out, one line for each of its parts (目标的写法)."""
    found: list[Step] = []
    if indicator.mode == "level":
        found.append(step(N_("目标：等级不低于 {target}"), target=indicator.target))
    elif needs_mean(indicator):
        found.append(step(N_("目标：与本地前五年均值比较（{op}）"), op=indicator.target_op))
    elif needs_size(indicator):
        bands = ", ".join(f"{key} {value}" for key, value in indicator.params.items() if NUMBER.fullmatch(value))
        found.append(step(N_("目标：按城市规模（{op}）：{bands}"), op=indicator.target_op, bands=bands))
    elif indicator.target_op in _AT:
        found.append(step(_AT[indicator.target_op], target=indicator.target))
    if alternative(indicator):
        text = {FALLING: N_("或低于上一期的数值"), RISING: N_("或高于上一期的数值")}
        found.append(step(text[alternative(indicator)]))
    if is_worst(indicator):
        found.append(step(N_("按最差的街道评定，不按平均数")))
    return tuple(found)


def size_of(population: Number, sizes: Sequence[CitySize]) -> str | None:
    """The name of the size band that a population lies in (城市规模档); None when the edition has no bands."""
    for one in sizes:
        if one.below is None or exact(population) < exact(one.below):
            return one.name
    return None


def own_mean(years: Sequence[Number | None]) -> Fraction | None:
    """The mean of the five years before; None when one of them is missing: a mean of fewer years is another target."""
    known = [exact(value) for value in years if value is not None]
    return sum(known, Fraction(0)) / YEARS if len(known) == YEARS and len(years) == YEARS else None


def target_number(indicator: Indicator) -> Decimal | None:
    """The target where it is a plain number."""
    return Decimal(indicator.target) if NUMBER.fullmatch(indicator.target) else None
