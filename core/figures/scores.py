"""Scores (计分): from the records of a period to indicators, headings and the campaign, exact to the last point.

Only verified results enter. What has no source yet is *not assessed* with its reason; a period is scored by the edition
that is handed in, which is the tenant's enabled one (:func:`core.work.enabling.enabled`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from core.campaigns import Campaign, Edition, score_indicator
from core.campaigns.arithmetic import half_up
from core.campaigns.attainment import NOT_ASSESSED
from core.campaigns.scoring import KEY_GROUP_FLOOR
from core.errors import N_, Forbidden, NotFound
from core.figures.effects import bars, read_effects, take_effect
from core.figures.finding_metrics import FindingFacts, read_findings
from core.figures.frames import Frame, SliceKey, frame_of
from core.figures.item_metrics import ItemFacts, ItemSums, enabled_keys, items_asking, read_items
from core.figures.model import CampaignScore, CategoryFigure, IndicatorFigure, Sample, Veto, total_of
from core.figures.periods import Period, day_of
from core.figures.reasons import ASSESSED, empty_reason, scoring_reason, unfed_reason
from core.figures.recheck_metrics import read_rechecks
from core.figures.terms import (
    FindingTerm,
    ItemTerm,
    Plan,
    RecheckTerm,
    Selection,
    Term,
    group_selections,
    plan_indicator,
    questions_asked,
)
from core.work.roles import SEE
from core.work.tables import NegativeEntry
from tenants.access import Actor, may, root_unit
from tenants.db import now
from tenants.models import Unit
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Plans:
    """An edition's plans for this tenant: the figures, the samples beside them, the key groups."""

    figures: tuple[Plan, ...]
    samples: Mapping[str, Plan]
    groups: Mapping[str, Selection]

    def terms(self) -> Iterable[Term]:
        """Every term that is to be read."""
        for plan in (*self.figures, *self.samples.values()):
            yield from plan.terms


def score_campaign(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime | None = None,
) -> CampaignScore:
    """Score one campaign in a unit's subtree (None: the whole district); an area's are its members' records.

    ``actor`` None is the installation itself. Raises NotFound for an unknown unit, Forbidden for one out of reach.
    """
    units = () if unit_id is None else (unit_id,)
    slices = score_slices(session, actor, campaign, edition, (period,), units, cut_off=cut_off)
    return slices[unit_id, 0]


def score_slices(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    periods: tuple[Period, ...],
    units: tuple[UUID, ...] = (),
    *,
    cut_off: datetime | None = None,
) -> dict[SliceKey, CampaignScore]:
    """Score several disjoint periods or units at once, by (unit, index of the period), with the same few queries."""
    frame = frame_of(session, periods, cut_off or now(), units)
    for unit_id in units or (None,):
        check_reach(session, actor, unit_id, frame)
    plans = make_plans(session, frame, campaign.key, edition)
    selections = [t.selection for t in plans.terms() if isinstance(t, ItemTerm)]
    items = read_items(session, frame, [*selections, *plans.groups.values()], campaign.key)
    findings = read_findings(session, frame, [t for t in plans.terms() if isinstance(t, FindingTerm)], campaign.key)
    again = read_rechecks(session, frame, [t for t in plans.terms() if isinstance(t, RecheckTerm)], campaign.key)
    for key, counts in again.items():
        findings[key].terms |= counts
    entries = read_effects(session, frame, campaign.key)
    return {
        key: _score(campaign, edition, frame, key, plans, items[key], findings[key], entries[key])
        for key in frame.slices
    }


def check_reach(session: ScopedSession, actor: Actor | None, unit_id: UUID | None, frame: Frame) -> None:
    """Refuse a unit that does not exist (NotFound) or lies out of the actor's reach (Forbidden).

    The district's own totals are for everyone who may see anything; what lies under a unit is for its reach.
    """
    if unit_id is not None and session.get(Unit, (frame.tenant_id, unit_id)) is None:
        raise NotFound(N_("没有找到这个单位"))
    if actor is None:
        return
    if not may(session, actor, SEE, unit_id, day_of(frame.cut_off)):
        raise Forbidden(N_("没有查看这个单位数据的权限"))


def reaches_root(session: ScopedSession, actor: Actor | None, on: datetime) -> bool:
    """Whether the actor sees the whole district's rows, not its totals alone."""
    return actor is None or may(session, actor, SEE, root_unit(session).id, day_of(on))


def make_plans(session: ScopedSession, frame: Frame, campaign: str, edition: Edition) -> Plans:
    """How each indicator gets its numbers in this tenant; questions are read wherever an enabled campaign asks them."""
    questions = questions_asked(edition)
    enabled = sorted({*enabled_keys(session), campaign}) if questions else ()
    asked = items_asking(session, frame, questions, enabled)
    figures = tuple(plan_indicator(edition, campaign, i, asked) for i in edition.indicators)
    sampled = {code for m in edition.metrics if m.row == "sample" for code in m.indicators}
    samples = {
        i.code: plan_indicator(edition, campaign, i, asked, "sample") for i in edition.indicators if i.code in sampled
    }
    return Plans(figures, samples, group_selections(edition, campaign))


def _score(
    campaign: Campaign,
    edition: Edition,
    frame: Frame,
    key: SliceKey,
    plans: Plans,
    items: ItemFacts,
    findings: FindingFacts,
    entries: tuple[NegativeEntry, ...],
) -> CampaignScore:
    figures = tuple(
        _figure(plan, plans.samples.get(plan.indicator.code), items, findings, campaign.key) for plan in plans.figures
    )
    totals = total_of(figures)
    effects = take_effect(totals, entries)
    return CampaignScore(
        campaign=campaign,
        edition=edition,
        period=frame.periods[key[1]],
        unit_id=key[0],
        cut_off=frame.cut_off,
        indicators=figures,
        categories=_categories(edition, figures),
        totals=totals,
        vetoes=(*_gates(figures), *_groups(plans.groups, items), *bars(effects)),
        visits=items.visits,
        sites=items.sites,
        findings=findings.summary,
        effects=effects,
    )


def _figure(
    plan: Plan, sample: Plan | None, items: ItemFacts, findings: FindingFacts, campaign: str
) -> IndicatorFigure:
    indicator = plan.indicator
    beside = _sample(sample, items, findings, campaign)
    numerator, denominator, n = read_plan(plan, items, findings, campaign)
    if n == 0:
        reason = unfed_reason(plan.unfed) if plan.unfed else empty_reason(plan)
        return IndicatorFigure(
            indicator, NOT_ASSESSED, *reason, None, None, None, None, indicator.points, 0, sample=beside, plan=plan
        )
    score = score_indicator(indicator, numerator, denominator)
    reason = ASSESSED if score.earned is not None else scoring_reason(score)
    return IndicatorFigure(
        indicator,
        score.status,
        *reason,
        numerator,
        denominator,
        score.value,
        score.earned,
        score.possible,
        n,
        score.met,
        score.breach,
        beside,
        plan,
    )


def read_plan(
    plan: Plan, items: ItemFacts, findings: FindingFacts, campaign: str
) -> tuple[Fraction | None, Fraction | None, int]:
    """Numerator, denominator and the number of observations; nothing observed is nothing, not zero."""
    counts = [_read(term, items, findings, campaign) for term in plan.terms]
    n = max((seen for _, seen in counts), default=0)
    if n == 0:
        return None, None, 0
    return counts[0][0], counts[1][0] if len(counts) > 1 else None, n


def _read(term: Term, items: ItemFacts, findings: FindingFacts, campaign: str) -> tuple[Fraction, int]:
    """The value of a term and how many visits or findings it saw."""
    if isinstance(term, FindingTerm | RecheckTerm):
        found = findings.terms[term]
        return found, int(found)
    sums: ItemSums = items.sums(term, campaign)
    value: Fraction = getattr(sums, term.measure)
    return value, int(sums.visits)


def _sample(plan: Plan | None, items: ItemFacts, findings: FindingFacts, campaign: str) -> Sample | None:
    if plan is None:
        return None
    numerator, denominator, n = read_plan(plan, items, findings, campaign)
    return Sample(numerator, denominator, n) if numerator is not None and denominator is not None else None


def _categories(edition: Edition, figures: tuple[IndicatorFigure, ...]) -> tuple[CategoryFigure, ...]:
    found = []
    for group in edition.categories():
        members = [f for f in figures if f.category == group.code]
        n = sum(f.n for f in members)
        found.append(CategoryFigure(group.code, group.name_zh, group.name_en, total_of(members), n))
    return tuple(found)


def _gates(figures: Iterable[IndicatorFigure]) -> Iterable[Veto]:
    for one in figures:
        if one.breach:
            zh = f"前置条件未达到：{one.name_zh} {one.value}（目标 {one.target}）"
            en = f"gate broken: {one.name_en} {one.value} (target {one.target})"
            yield Veto("gate", one.code, one.name_zh, one.name_en, zh, en)


def _groups(groups: Mapping[str, Selection], items: ItemFacts) -> Iterable[Veto]:
    """Key groups whose points over the period stay under 70 % of what was possible."""
    for group, selection in groups.items():
        sums = items.items.get(selection, ItemSums())
        if sums.possible and sums.earned < KEY_GROUP_FLOOR * sums.possible:
            zh = f"关键项组 {group} 得 {_points(sums.earned)} 分，低于满分 {_points(sums.possible)} 分的七成"
            en = f"key group {group} earned {_points(sums.earned)} of {_points(sums.possible)}, under 70 %"
            yield Veto("key_group", group, f"关键项组 {group}", f"key group {group}", zh, en)


def _points(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else str(half_up(value))
