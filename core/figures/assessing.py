"""An indicator's figure from what was read (评定): the verified one decides, self-checked and declared values stand beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.campaigns import IndicatorScore, score_indicator
from core.campaigns.attainment import NO_DATA, NOT_ASSESSED
from core.campaigns.trail import step
from core.errors import N_
from core.figures.figure import IndicatorFigure, Sample, Track
from core.figures.item_metrics import SELF, VERIFIED
from core.figures.reading import Facts, Reading, read_plan, read_references
from core.figures.reasons import ASSESSED, NO_EXACT_RATE, Reason, empty_reason, scoring_reason, unfed_reason
from core.figures.stat_facts import DECLARED
from core.figures.terms import Plan


def figure_of(plan: Plan, sample: Plan | None, facts: Facts, *, alone: bool = False) -> IndicatorFigure:
    """One indicator: its verified figure with every step, and the tracks beside it unless it is wanted ``alone``."""
    reading = read_plan(plan, facts)
    score = score_reading(plan, facts, reading)
    tracks = () if alone else tuple(_tracks(plan, facts, reading, score))
    found = IndicatorFigure(
        plan.indicator,
        score.status if score else NOT_ASSESSED,
        *_reason(plan, reading, score),
        reading.numerator,
        reading.denominator,
        None,
        None,
        plan.indicator.points,
        reading.n,
        sample=_sample(sample, facts),
        plan=plan,
        tracks=tracks,
        strata=reading.strata,
        observed=reading.observed,
        decided_by=reading.decided_by,
    )
    return found if score is None else _scored(found, score)


def _scored(found: IndicatorFigure, score: IndicatorScore) -> IndicatorFigure:
    return replace(
        found,
        value=score.value,
        earned=score.earned,
        possible=score.possible,
        met=score.met,
        breach=score.breach,
        steps=score.steps,
        exact=score.exact,
        level=score.level,
        over=score.over,
    )


def score_reading(plan: Plan, facts: Facts, reading: Reading, basis: str = VERIFIED) -> IndicatorScore | None:
    """The score of what was read on one basis; None when nothing was observed. The only way from numbers to points."""
    if not reading.n:
        return None
    given = read_references(plan, facts, reading, basis)
    if not reading.is_rate:
        said = (*reading.steps, step(N_("分子和分母都只是约数或下限，得不出准确的比率")))
        return IndicatorScore(NOT_ASSESSED, None, None, plan.indicator.points, NO_EXACT_RATE.zh, steps=said)
    score = score_indicator(
        plan.indicator,
        reading.numerator,
        reading.denominator,
        values=reading.values,
        reference=given.mean,
        previous=given.previous,
        size=given.size,
        parts=reading.parts,
        levels=given.levels,
    )
    return replace(score, steps=(*reading.steps, *given.steps, *score.steps))


def _reason(plan: Plan, reading: Reading, score: IndicatorScore | None) -> Reason:
    """Why there is no score: no source, nothing entered, nothing seen, or what the rule itself says."""
    if score is not None and score.earned is not None:
        return ASSESSED
    if plan.unfed:
        return unfed_reason(plan.unfed)
    missing = [metric for metric in map(plan.metric, reading.missing) if metric is not None]
    if missing and (score is None or score.reason == NO_DATA):
        return unfed_reason(missing)
    if score is None:
        return empty_reason(plan)
    return NO_EXACT_RATE if score.reason == NO_EXACT_RATE.zh else scoring_reason(score)


def _tracks(plan: Plan, facts: Facts, verified: Reading, score: IndicatorScore | None) -> Iterable[Track]:
    if score is not None:
        yield _track(VERIFIED, verified, score)
    for basis in (SELF, DECLARED):
        reading = read_plan(plan, facts, basis)
        other = score_reading(plan, facts, reading, basis)
        if other is not None:
            yield _track(basis, reading, other)


def _track(basis: str, reading: Reading, score: IndicatorScore) -> Track:
    pair = (reading.numerator, reading.denominator)
    return Track(basis, *pair, reading.n, score.value, score.earned, score.exact)


def _sample(plan: Plan | None, facts: Facts) -> Sample | None:
    if plan is None:
        return None
    reading = read_plan(plan, facts)
    if reading.numerator is None or reading.denominator is None:
        return None
    return Sample(reading.numerator, reading.denominator, reading.n)
