"""Scores as JSON (得分的应答结构): totals, headings and indicators, each basis apart."""

from __future__ import annotations

from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Mapping, Moment, Number, OneOf, Part, Text, Whole
from core.figures.model import CampaignScore, CategoryFigure, IndicatorFigure, Totals
from core.work.marks.negative_moves import EFFECTS

STATUSES = ("assessed", "not_assessed")


class TotalsShape(Body):
    """Points earned, assessed and in all, with the shares; null when nothing is assessed (合计)."""

    earned = Number(required=True)
    assessed = Number(required=True)
    total = Number(required=True)
    percent_of_assessed = Number(required=True, allow_none=True)
    percent_of_all = Number(required=True, allow_none=True)
    coverage = Number(required=True, allow_none=True)


class VetoShape(Body):
    """What rules the district out (否决)."""

    kind = Text(required=True, validate=OneOf(("gate", "key_group", "bar")))
    code = Text(required=True)
    name_zh = Text(required=True)
    name_en = Text(required=True)
    text_zh = Text(required=True)
    text_en = Text(required=True)


class EffectShape(Body):
    """What an entry of the negative list does to the total, with its document; after a bar there is none (负面清单影响)."""

    entry_id = Id(required=True, allow_none=True, metadata={"description": "null for the edition's veto policy"})
    title = Text(required=True)
    document = Text(required=True)
    source = Text(required=True)
    happened_on = Day(required=True)
    triggered_on = Day(required=True)
    effect = Text(required=True, validate=OneOf(tuple(EFFECTS)))
    points = Number(required=True)
    before = Number(required=True)
    after = Number(required=True, allow_none=True)


class ScoreShape(Body):
    """One campaign's score in a unit (null: the district) and period, as of the cut-off (活动得分)."""

    campaign = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    edition = Text(required=True)
    edition_sha256 = Text(required=True)
    period = Text(required=True)
    period_start = Day(required=True)
    period_end = Day(required=True)
    cut_off = Moment(required=True)
    unit_id = Id(required=True, allow_none=True)
    totals = Part(TotalsShape, required=True, metadata={"description": "after the effects of the negative list"})
    earned_before = Number(required=True, metadata={"description": "points before those effects"})
    effects = ListOf(Part(EffectShape), required=True)
    barred = Flag(required=True, metadata={"description": "an event bars the title: no share, no rank"})
    vetoes = ListOf(Part(VetoShape), required=True)
    visits = Whole(required=True)
    sites = Whole(required=True)
    findings = Mapping(required=True, metadata={"additionalProperties": {"type": "integer"}})


class ScoreList(Body):
    """The campaigns' scores side by side (得分列表)."""

    items = ListOf(Part(ScoreShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class HeadingShape(Body):
    """One heading with its points (测评项目)."""

    code = Text(required=True)
    name_zh = Text(required=True)
    name_en = Text(required=True)
    totals = Part(TotalsShape, required=True)
    n = Whole(required=True)


class SampleShape(Body):
    """A verified share seen in visits, beside a ledger's figure and never mixed with it (抽查值)."""

    numerator = Number(required=True)
    denominator = Number(required=True)
    value = Number(required=True, allow_none=True)
    n = Whole(required=True)


class TrackShape(Body):
    """One indicator on one basis, apart from the others: verified, self or declared (口径)."""

    basis = Text(required=True, validate=OneOf(("verified", "self", "declared")))
    numerator = Number(required=True, allow_none=True)
    denominator = Number(required=True, allow_none=True)
    n = Whole(required=True)
    value = Number(required=True, allow_none=True)
    earned = Number(required=True, allow_none=True)


class FigureShape(Body):
    """One indicator; not assessed is not zero, and says why (指标数值)."""

    code = Text(required=True)
    category = Text(required=True)
    name_zh = Text(required=True)
    name_en = Text(required=True)
    status = Text(required=True, validate=OneOf(STATUSES))
    reason_zh = Text(required=True)
    reason_en = Text(required=True)
    numerator = Number(required=True, allow_none=True)
    denominator = Number(required=True, allow_none=True)
    value = Number(required=True, allow_none=True)
    unit = Text(required=True)
    target = Text(required=True)
    met = Flag(required=True, allow_none=True)
    earned = Number(required=True, allow_none=True)
    possible = Number(required=True)
    n = Whole(required=True)
    sample = Part(SampleShape, required=True, allow_none=True)
    level = Text(required=True, metadata={"description": "the letter of a level indicator, else empty"})
    over = Flag(required=True, metadata={"description": "a rate above 100 %"})
    tracks = ListOf(Part(TrackShape), required=True)
    gap = Number(required=True, allow_none=True, metadata={"description": "self-checked less verified value"})


class ScoreDetail(ScoreShape):
    """A score with its headings and indicators (得分明细)."""

    categories = ListOf(Part(HeadingShape), required=True)
    indicators = ListOf(Part(FigureShape), required=True)
    estimate = Part(
        TotalsShape,
        required=True,
        metadata={"description": "with self-checked and declared values where nothing was verified; never ranked"},
    )
    estimated = ListOf(Text(), required=True, metadata={"description": "indicators that only the estimate has"})


def shape_score(score: CampaignScore) -> dict[str, Any]:
    """A score as JSON."""
    return {
        "campaign": score.campaign.key,
        "title_zh": score.campaign.title_zh,
        "title_en": score.campaign.title_en,
        "edition": score.edition.key,
        "edition_sha256": score.edition.sha256,
        "period": score.period.key,
        "period_start": score.period.start,
        "period_end": score.period.end,
        "cut_off": score.cut_off,
        "unit_id": score.unit_id,
        "totals": TotalsShape.pick(score),
        "earned_before": score.totals.earned,
        "effects": [EffectShape.pick(line) for line in score.effects],
        "barred": score.barred,
        "vetoes": [VetoShape.pick(veto) for veto in score.vetoes],
        "visits": score.visits,
        "sites": score.sites,
        "findings": score.findings,
    }


def shape_detail(score: CampaignScore) -> dict[str, Any]:
    """A score with its headings and indicators as JSON."""
    categories = [shape_heading(one) for one in score.categories]
    more = {"estimate": shape_totals(score.estimate), "estimated": list(score.estimated)}
    return shape_score(score) | more | {"categories": categories, "indicators": [*map(shape_figure, score.indicators)]}


def shape_totals(totals: Totals) -> dict[str, Any]:
    """Totals as JSON."""
    return TotalsShape.pick(totals)


def shape_heading(one: CategoryFigure) -> dict[str, Any]:
    """A heading as JSON."""
    return HeadingShape.pick(one) | {"totals": shape_totals(one.totals)}


def shape_figure(one: IndicatorFigure) -> dict[str, Any]:
    """An indicator as JSON."""
    sample = SampleShape.pick(one.sample) if one.sample else None
    return FigureShape.pick(one) | {"sample": sample, "tracks": [*map(TrackShape.pick, one.tracks)]}
