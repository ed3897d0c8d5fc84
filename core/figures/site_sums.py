"""What each site brings to a score (分点位合计), so that sites can be drawn again: the same rows as the figures, by site.

Visits and findings at a site are that site's. Findings at a free place, re-inspections and statistics belong to no site: they
stay as they are in every draw. An indicator whose sums by site do not add up to its figure is left as it is, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from uuid import UUID

from sqlalchemy import func, select

from core.campaigns import score_indicator
from core.figures.curves import Curve
from core.figures.finding_metrics import condition_of, own_findings
from core.figures.frames import Frame, SliceKey, by_moment
from core.figures.intervals import Averaged, Interval, Points, Scored, Spread, bootstrap, seed_of
from core.figures.item_facts import ItemSums
from core.figures.item_metrics import per_sheet, per_visit, sums_of, totals
from core.figures.model import CampaignScore, IndicatorFigure
from core.figures.regrading import regraded
from core.figures.strata import type_in
from core.figures.terms import FindingTerm, FormTerm, ItemTerm, Selection, Term
from core.work.marks.negative_moves import CAP, DEDUCT
from core.work.tables import Finding
from tenants.scope import ScopedSession

Key = Selection | str | FindingTerm  # items, a form, or a condition on findings
Curves = dict[str, Curve]  # of one edition's indicators, shared by its units


@dataclass(slots=True)
class SiteSums:
    """The sums of one slice by site (一个口径的分点位合计); a site of None is no site. Sites stand in one fixed order."""

    sums: dict[Key, dict[UUID | None, ItemSums]] = field(default_factory=dict)
    kinds: dict[Key, dict[tuple[str, UUID], ItemSums]] = field(default_factory=dict)

    def add(self, key: Key, site: UUID | None, sums: ItemSums, kinds: str | None = None) -> None:
        """Add what a site brings to a sum; ``kinds`` are its types where the sum is averaged by type."""
        here = self.sums.setdefault(key, {})
        here[site] = here[site] + sums if site in here else sums
        if kinds is not None and site is not None:
            typed = self.kinds.setdefault(key, {})
            typed[kinds, site] = typed[kinds, site] + sums if (kinds, site) in typed else sums

    @property
    def places(self) -> dict[UUID, int]:
        """Every site with its place in the draw."""
        sites = {site for here in self.sums.values() for site in here if site is not None}
        return {site: place for place, site in enumerate(sorted(sites))}

    def spread(self, term: Term | None, places: Mapping[UUID, int]) -> Spread | None:
        """A term's sum by site; None for what does not come from sites."""
        if isinstance(term, ItemTerm):
            return self._spread([term.selection], term.measure, places)
        if isinstance(term, FormTerm):
            return self._spread(term.forms, term.measure, places)
        return self._spread([term], "n", places) if isinstance(term, FindingTerm) else None

    def by_type(self, term: ItemTerm | FormTerm, places: Mapping[UUID, int]) -> tuple[tuple[Spread, Spread], ...]:
        """The sum of scores and the visits of each site type that a term averages."""
        keys: Iterable[Key] = [term.selection] if isinstance(term, ItemTerm) else term.forms
        found: dict[str, dict[UUID, ItemSums]] = {}
        for key in keys:
            for (kinds, site), sums in self.kinds.get(key, {}).items():
                here = found.setdefault(type_in(kinds, term.types), {})
                here[site] = here[site] + sums if site in here else sums
        return tuple(
            (_placed(one, "percent", places), _placed(one, "visits", places)) for _, one in sorted(found.items())
        )

    def _spread(self, keys: Iterable[Key], measure: str, places: Mapping[UUID, int]) -> Spread:
        found: dict[UUID | None, float] = {}
        for key in keys:
            for site, sums in self.sums.get(key, {}).items():
                found[site] = found.get(site, 0.0) + float(getattr(sums, measure))
        fixed = found.pop(None, 0.0)
        placed = sorted((places[site], value) for site, value in found.items() if site is not None)
        return Spread(tuple(place for place, _ in placed), tuple(value for _, value in placed), fixed)


def _placed(sums: Mapping[UUID, ItemSums], measure: str, places: Mapping[UUID, int]) -> Spread:
    found = sorted((places[site], float(getattr(one, measure))) for site, one in sums.items())
    return Spread(tuple(place for place, _ in found), tuple(value for _, value in found))


def read_intervals(
    session: ScopedSession, frame: Frame, scores: Mapping[SliceKey, CampaignScore], tenant: str
) -> dict[SliceKey, Interval | None]:
    """The interval of each score of a frame, with three queries for all of them; ``tenant`` is the slug for the seed."""
    one = next(iter(scores.values()), None)
    if one is None:
        return {}
    frame = regraded(session, frame, one.campaign, one.edition)
    sums = read_site_sums(session, frame, _terms(scores.values()), one.campaign.key)
    return {key: interval_of(score, sums[key], tenant) for key, score in scores.items()}


def interval_of(
    score: CampaignScore,
    sums: SiteSums,
    tenant: str,
) -> Interval | None:
    """The interval of one score."""
    scored, fixed = drawn_parts(score, sums, curves_of(score.edition.sha256))
    seed = seed_of(tenant, score.campaign.key, score.edition.key, score.period.key, score.unit_id or "")
    return bootstrap(len(sums.places), list(scored.values()), fixed, seed, _share(score), score.percent_of_assessed)


@lru_cache(maxsize=16)
def curves_of(edition_sha256: str) -> Curves:  # noqa: ARG001 - the key under which they are kept
    """The curves of an edition, whose hash says all about them: kept for the next who asks."""
    return {}


def drawn_parts(score: CampaignScore, sums: SiteSums, memo: Curves) -> tuple[dict[str, Scored | Averaged], Points]:
    """The assessed indicators that vary with the sites, by code, and the points of those that do not."""
    scored, fixed, places = {}, (0.0, 0.0), sums.places
    for figure in score.indicators:
        if figure.earned is None:
            continue
        one = _scored(figure, sums, places, memo)
        if one is None:
            fixed = (fixed[0] + float(figure.earned), fixed[1] + float(figure.possible))
        else:
            scored[figure.code] = one
    return scored, fixed


def read_site_sums(
    session: ScopedSession, frame: Frame, terms: Iterable[Term], campaign: str
) -> dict[SliceKey, SiteSums]:
    """The sums of a frame by site, of the terms that come from sites."""
    found = {key: SiteSums() for key in frame.slices}
    wanted = list(dict.fromkeys(terms))
    numbered = dict(enumerate(dict.fromkeys(t.selection for t in wanted if isinstance(t, ItemTerm) and t.selection)))
    if numbered:
        typed = any(t.types for t in wanted if isinstance(t, ItemTerm))
        names = ("key", "site_id", "kinds") if typed else ("key", "site_id")
        for row in session.execute(totals(per_visit(frame, numbered, named=typed), names)).mappings():
            found[row["unit"], row["span"]].add(numbered[row["key"]], row["site_id"], sums_of(row), row.get("kinds"))
    if any(isinstance(t, FormTerm) for t in wanted):
        for row in session.execute(totals(per_sheet(frame, campaign), ("form", "site_id", "kinds"))).mappings():
            found[row["unit"], row["span"]].add(row["form"], row["site_id"], sums_of(row), row["kinds"])
    _add_findings(session, frame, [t for t in wanted if isinstance(t, FindingTerm)], campaign, found)
    return found


def _add_findings(
    session: ScopedSession, frame: Frame, terms: list[FindingTerm], campaign: str, found: dict[SliceKey, SiteSums]
) -> None:
    if not terms:
        return
    due = by_moment(frame, own_findings(frame, campaign), Finding.due_at, Finding.unit_id, Finding.site_id)
    c = due.subquery("base").c
    counts = [func.count().filter(condition_of(t, c.state, c.closed_at, c.due_at, frame)) for t in terms]
    for row in session.execute(select(c.unit, c.span, c.site_id, *counts).group_by(c.unit, c.span, c.site_id)):
        for n, term in enumerate(terms):
            found[row.unit, row.span].add(term, row.site_id, ItemSums(n=Fraction(row[3 + n])))


def _terms(scores: Iterable[CampaignScore]) -> Iterable[Term]:
    for score in scores:
        for figure in score.indicators:
            if figure.plan:
                yield from figure.plan.terms


def _scored(
    figure: IndicatorFigure,
    sums: SiteSums,
    places: Mapping[UUID, int],
    memo: Curves,
) -> Scored | Averaged | None:
    """How an indicator is scored in a draw; None when its figure is not what its sites and its rule alone give."""
    plan = figure.plan
    if plan is None or plan.named or plan.stats or figure.numerator is None or not _is_plain(figure):
        return None
    if figure.code not in memo:
        memo[figure.code] = Curve(figure.indicator, figure.denominator is not None)
    score = memo[figure.code].points
    term = plan.numerator
    if isinstance(term, ItemTerm | FormTerm) and term.types:
        types = Averaged(sums.by_type(term, places), score)
        return types if _averages(types, figure) else None
    numerator, denominator = sums.spread(term, places), sums.spread(plan.denominator, places)
    if numerator is None or (plan.denominator is not None and denominator is None):
        return None
    if not _adds_up(numerator, figure.numerator) or not _adds_up(denominator, figure.denominator):
        return None
    return Scored(numerator, denominator, score)


def _is_plain(figure: IndicatorFigure) -> bool:
    """Whether the rule makes the points of the ratio alone, without earlier periods, other units or a policy."""
    under, over = figure.denominator, figure.numerator
    if over is None or under == 0:
        return False
    plain = score_indicator(figure.indicator, over / under if under else over, None if under is None else Fraction(1))
    return plain.earned == figure.earned and plain.possible == figure.possible


def _averages(types: Averaged, figure: IndicatorFigure) -> bool:
    means = [sum(over.values) / sum(under.values) for over, under in types.types if sum(under.values)]
    if not means or not figure.numerator or not figure.denominator:
        return False
    return abs(sum(means) / len(means) - float(figure.numerator / figure.denominator)) <= 1e-6


def _adds_up(spread: Spread | None, whole: Fraction | None) -> bool:
    if spread is None or whole is None:
        return spread is None and whole is None
    return abs(sum(spread.values) + spread.fixed - float(whole)) <= 1e-6 * max(1.0, abs(float(whole)))


def _share(score: CampaignScore) -> Callable[[float, float], float | None]:
    """The share of assessed points after what the negative list takes (see :mod:`core.figures.effects`)."""
    lines = [(line.effect, float(line.points)) for line in score.effects]
    total = float(score.total)

    def share(earned: float, assessed: float) -> float | None:
        if not assessed:
            return None
        for effect, points in lines:
            if effect == DEDUCT:
                earned = max(0.0, earned - points)
            elif effect == CAP:
                earned = min(earned, points * assessed / total if total else points)
        return earned / assessed * 100

    return share
