"""Scores (计分): from the records of a period to indicators, headings and the campaign, exact to the last point.

Only verified results enter. What has no source yet is *not assessed* with its reason; a period is scored by the edition
that is handed in, which is the tenant's enabled one (:func:`core.work.enabling.enabled`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.campaigns import Campaign, Edition
from core.errors import N_, Forbidden, NotFound
from core.figures.assessing import figure_of
from core.figures.effects import bars, read_effects, rule_on, take_effect
from core.figures.finding_metrics import read_findings
from core.figures.frames import Frame, SliceKey, frame_of
from core.figures.item_facts import ItemFacts
from core.figures.item_metrics import VERIFIED, enabled_keys, items_asking, read_items
from core.figures.model import CampaignScore, CategoryFigure, IndicatorFigure, total_of
from core.figures.past import Pairs, read_past
from core.figures.periods import Period, day_of
from core.figures.reading import Facts, read_plan
from core.figures.recheck_metrics import read_rechecks
from core.figures.regrading import regraded
from core.figures.stat_facts import read_statistics
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
from core.figures.vetoes import gates, groups
from core.work.organisation.area_sight import covers_members, sees_area
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


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that one slice's score is made of (计分依据), so that changed facts are scored the very same way."""

    campaign: Campaign
    frame: Frame
    key: SliceKey
    plans: Plans
    facts: Facts
    entries: tuple[NegativeEntry, ...]


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
    grounds = read_grounds(session, actor, campaign, edition, periods, units, cut_off=cut_off)
    return {key: score_ground(one) for key, one in grounds.items()}


def read_grounds(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    periods: tuple[Period, ...],
    units: tuple[UUID, ...] = (),
    *,
    cut_off: datetime | None = None,
) -> dict[SliceKey, Ground]:
    """What the scores of some slices are made of, read but not scored yet; arguments and errors as of ``score_slices``."""
    frame = frame_of(session, periods, cut_off or now(), units)
    for unit_id in units or (None,):
        check_reach(session, actor, unit_id, frame)
    frame = regraded(session, frame, campaign, edition)
    plans = make_plans(session, frame, campaign.key, edition)
    items = _read_items(session, frame, plans, campaign.key)
    findings = read_findings(session, frame, [t for t in plans.terms() if isinstance(t, FindingTerm)], campaign.key)
    again = read_rechecks(session, frame, [t for t in plans.terms() if isinstance(t, RecheckTerm)], campaign.key)
    for key, counts in again.items():
        findings[key].terms |= counts
    stats = read_statistics(session, frame, plans.figures)
    entries = read_effects(session, frame, campaign.key)

    def pairs_of(bare: Edition, other: tuple[Period, ...], places: tuple[UUID, ...]) -> dict[SliceKey, Pairs]:
        grounds = read_grounds(session, None, campaign, bare, other, places, cut_off=frame.cut_off)
        return {key: _pairs(one) for key, one in grounds.items()}

    past = read_past(session, frame, edition, plans.figures, pairs_of)
    found: dict[SliceKey, Ground] = {}
    for key in frame.slices:
        here = {basis: one[key] for basis, one in items.items()}
        facts = Facts(campaign.key, edition, here, findings[key], stats[key], past[key])
        found[key] = Ground(campaign, frame, key, plans, facts, entries[key])
    return found


def _pairs(ground: Ground) -> Pairs:
    """What each indicator of a slice found, before any target."""
    found = {plan.indicator.code: read_plan(plan, ground.facts) for plan in ground.plans.figures}
    return {code: (one.numerator, one.denominator) for code, one in found.items()}


def _read_items(
    session: ScopedSession, frame: Frame, plans: Plans, campaign: str
) -> dict[str, dict[SliceKey, ItemFacts]]:
    """The visits' sums by basis; those of self-checks only where there are any."""
    terms = [t for t in plans.terms() if isinstance(t, ItemTerm)]
    selections, typed = [t.selection for t in terms], [t.selection for t in terms if t.types]
    return read_items(session, frame, [*selections, *plans.groups.values()], campaign, typed)


def check_reach(session: ScopedSession, actor: Actor | None, unit_id: UUID | None, frame: Frame) -> None:
    """Refuse a unit that does not exist (NotFound) or lies out of the actor's reach (Forbidden).

    The district's own totals are for everyone who may see anything; what lies under a unit is for its reach, and what
    lies in an area also for whoever reaches all its members.
    """
    if unit_id is not None and session.get(Unit, (frame.tenant_id, unit_id)) is None:
        raise NotFound(N_("没有找到这个单位"))
    if actor is None:
        return
    on = day_of(frame.cut_off)
    if may(session, actor, SEE, unit_id, on):
        return
    first = min(period.start for period in frame.periods)
    if unit_id is None or not frame.has_area or not sees_area(session, actor, unit_id, on, first):
        raise Forbidden(N_("没有查看这个单位数据的权限"))


def reaches_root(session: ScopedSession, actor: Actor | None, on: datetime) -> bool:
    """Whether the actor sees the whole district's rows, not its totals alone."""
    return actor is None or may(session, actor, SEE, root_unit(session).id, day_of(on))


def opens_area(session: ScopedSession, actor: Actor | None, area_id: UUID, period: Period, moment: datetime) -> bool:
    """Whether the rows behind an area's figures are the actor's to see: he sees the whole district, or all its members."""
    if actor is None or reaches_root(session, actor, moment):
        return True
    return covers_members(session, actor, area_id, day_of(moment), period.start)


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


def score_ground(ground: Ground, figures: tuple[IndicatorFigure, ...] | None = None) -> CampaignScore:
    """The score of one slice; ``figures`` stand in for its own where somebody asks what would be, if."""
    plans, facts, frame, key = ground.plans, ground.facts, ground.frame, ground.key
    edition, items = facts.edition, facts.items[VERIFIED]
    if figures is None:
        figures = tuple(figure_of(plan, plans.samples.get(plan.indicator.code), facts) for plan in plans.figures)
    totals = total_of(figures)
    vetoes = (*gates(figures), *groups(plans.groups, items))
    last = min(frame.periods[key[1]].end, day_of(frame.cut_off))
    effects = rule_on(totals, take_effect(totals, ground.entries), vetoes, edition, last)
    return CampaignScore(
        campaign=ground.campaign,
        edition=edition,
        period=frame.periods[key[1]],
        unit_id=key[0],
        cut_off=frame.cut_off,
        indicators=figures,
        categories=_categories(edition, figures),
        totals=totals,
        vetoes=(*vetoes, *bars(effects)),
        visits=items.visits,
        sites=items.sites,
        findings=facts.findings.summary,
        effects=effects,
        undated=frame.undated[key[1]] if frame.undated else 0,
    )


def _categories(edition: Edition, figures: tuple[IndicatorFigure, ...]) -> tuple[CategoryFigure, ...]:
    found = []
    for group in edition.categories():
        members = [f for f in figures if f.category == group.code]
        n = sum(f.n for f in members)
        found.append(CategoryFigure(group.code, group.name_zh, group.name_en, total_of(members), n))
    return tuple(found)
