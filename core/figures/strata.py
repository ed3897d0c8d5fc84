"""Means by site type (各类点位平均): each type weighs the same however often it was visited; a type not visited is missing.

A mean over visits would let the type that is visited most decide. So every visit weighs ``visits / (types x visits of its
type)``: the weights add up to the number of visits, the weighted sum over that number is the mean of the type means, and the
rows of an explanation still add up to their figure. ``mean=visits`` in the scoring parameters keeps the plain mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from core.campaigns import Edition, Indicator
from core.campaigns.trail import Step, step
from core.errors import N_


@dataclass(frozen=True, slots=True)
class Stratum:
    """The visits to one type of sites (一类点位): how many, and the sum of their scores out of 100."""

    site_type: str
    visits: Fraction
    score: Fraction

    @property
    def mean(self) -> Fraction:
        """The mean score out of 100."""
        return self.score / self.visits


def by_type(indicator: Indicator) -> bool:
    """Whether an indicator is a mean of site types' means."""
    return indicator.mode == "site_mean" and indicator.params.get("mean", "types") == "types"


def types_of(edition: Edition, forms: Iterable[str]) -> tuple[str, ...]:
    """The site types that some forms are for, in the edition's order."""
    wanted = set(forms)
    return tuple(dict.fromkeys(t for form in edition.forms if form.code in wanted for t in form.site_types))


def type_in(kinds: str, types: tuple[str, ...]) -> str:
    """The type under which a place of several types counts: the first that the forms are for; '' when it has none now."""
    standing = set(kinds.split(","))
    return next((one for one in types if one in standing), "")


def weights(strata: Iterable[Stratum]) -> Mapping[str, Fraction]:
    """What one visit weighs, by site type."""
    listed = [one for one in strata if one.visits]
    visits = sum((one.visits for one in listed), Fraction(0))
    return {one.site_type: visits / (len(listed) * one.visits) for one in listed}


def mean_steps(strata: Iterable[Stratum]) -> tuple[Step, ...]:
    """Each type's mean, as the computation begins."""
    listed = sorted((one for one in strata if one.visits), key=lambda one: one.site_type)
    text = N_("点位类型 {type}：{score} ÷ {visits} 次检查 = {mean}")
    found = [step(text, type=one.site_type, score=one.score, visits=one.visits, mean=one.mean) for one in listed]
    if len(listed) > 1:
        mean = sum((one.mean for one in listed), Fraction(0)) / len(listed)
        found.append(step(N_("{n} 类点位的平均：{mean}；没有查到的类型不计"), n=str(len(listed)), mean=mean))
    return tuple(found)
