"""The city compares its districts (市级对比): from addressed publications only, in the city's own scope.

Districts are ranked by their share *of assessed points* as printed, to two decimals: equal values share a rank (1, 1, 3).
Coverage, volume and what is not assessed stand beside it. Under a minimum volume a district is shown, not ranked. Only
districts scored by the same edition are ranked against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Forbidden
from core.figures.effects import NEGATIVE
from core.figures.intervals import rank_ranges, same_as_above
from core.figures.model import percent
from core.figures.periods import Period
from core.figures.sealed_effects import SealedEffect, before_effects, read_sealed_effects
from core.figures.seals import SHORT
from core.figures.tables import Publication, PublicationGrant
from core.work.roles import COMPARE
from tenants.access import Actor
from tenants.scope import ScopedSession

MINIMUM_VISITS = 30  # fewer verified visits are shown but not ranked (ours)

RANKED = ""
NOT_PUBLISHED = "not_published"
LOW_VOLUME = "low_volume"
BARRED = "barred"
NOTHING_ASSESSED = "nothing_assessed"
UNRANKED: dict[str, tuple[str, str]] = {
    NOT_PUBLISHED: (N_("本期未发布"), "not published"),
    LOW_VOLUME: (N_("检查次数不足，不参加排名"), "too few visits to rank"),
    NOTHING_ASSESSED: (N_("没有已评估的指标"), "nothing assessed"),
    BARRED: (N_("一票否决，不参加排名"), "barred, not ranked"),
}

Place = tuple[str, int]  # campaign and the tenant who sent it: a slug is a text that its author writes


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One district in one campaign and period (对比行). ``unranked`` is '' or a key of UNRANKED.

    Points are Decimal; ``percent`` is of assessed points, ``gap`` the points not assessed; ``seal`` the first characters
    of the publication's hash. ``earned`` is what remains after the ``effects`` of the negative list; under a bar there are
    no shares and no rank. ``best`` and ``worst`` are the ranks that the published intervals allow, ``same_as_above`` says that
    it cannot be told from the one above it; ``warnings`` came with the publication. A district without a publication has its
    names only. ``tenant_id`` tells districts apart and is never shown.
    """

    campaign: str
    title_zh: str
    title_en: str
    district_slug: str
    district_name: str
    tenant_id: int
    unranked: str = NOT_PUBLISHED
    rank: int | None = None
    previous_rank: int | None = None
    publication_id: UUID | None = None
    edition: str = ""
    edition_sha256: str = ""
    percent: Decimal | None = None
    interval_low: Decimal | None = None
    interval_high: Decimal | None = None
    best: int | None = None
    worst: int | None = None
    same_as_above: bool = False
    percent_of_all: Decimal | None = None
    coverage: Decimal | None = None
    earned: Decimal | None = None
    assessed: Decimal | None = None
    total: Decimal | None = None
    gap: Decimal | None = None
    visits: int = 0
    sites: int = 0
    findings: Mapping[str, int] | None = None
    vetoes: tuple[str, ...] = ()
    effects: tuple[SealedEffect, ...] = ()
    detail: str = ""
    sha256: str = ""
    is_correction: bool = False
    is_demo: bool = False
    warnings: tuple[Mapping[str, Any], ...] = ()
    cut_off: datetime | None = None
    published_at: datetime | None = None

    @property
    def earned_before(self) -> Decimal | None:
        """The points before the negative list took any."""
        return None if self.earned is None else before_effects(self.earned, self.effects)

    @property
    def seal(self) -> str:
        """The seal's first characters, for comparing by eye."""
        return self.sha256[:SHORT]


def compare(session: ScopedSession, actor: Actor | None, campaign: str | None, period: Period) -> list[ComparisonRow]:
    """Rank the districts in one campaign (None: in each) for a period; those without a publication come last.

    Raises Forbidden. The latest correction of a period counts.
    """
    check_compare(actor)
    known = known_districts(session, campaign)
    before = _ranks(to_rows(latest_received(session, campaign, period.previous).values()))
    now = latest_received(session, campaign, period)
    ranks = _ranks(rows := to_rows(now.values()))
    lines = read_sealed_effects(session, [p.id for p in now.values()])
    found = [
        replace(
            r,
            rank=ranks.get(_place(r)),
            previous_rank=before.get(_place(r)),
            effects=lines.get(r.publication_id, ()) if r.publication_id else (),
        )
        for r in rows
    ]
    missing = [replace(r, previous_rank=before.get(_place(r))) for p, r in known.items() if p not in now]
    return _told_apart(sorted([*found, *missing], key=_order))


def _told_apart(rows: Sequence[ComparisonRow]) -> list[ComparisonRow]:
    """The rows with the ranks that the intervals of their league allow; an old publication without one allows all."""
    found = list(rows)
    for league in dict.fromkeys(league_of(one) for one in rows if one.rank):
        places = [n for n, one in enumerate(rows) if one.rank and league_of(one) == league]
        ends = [(rows[n].interval_low, rows[n].interval_high) for n in places]
        bounds = [(low, high) if low is not None and high is not None else None for low, high in ends]
        told = zip(places, rank_ranges(bounds), same_as_above(bounds), strict=True)
        for n, (best, worst), same in told:
            found[n] = replace(rows[n], best=best, worst=worst, same_as_above=same)
    return found


def league_of(row: ComparisonRow) -> tuple[str, str, bool]:
    """Who is ranked together: one campaign, one edition, and demonstration never with the real."""
    return row.campaign, row.edition_sha256, row.is_demo


def received_periods(session: ScopedSession, actor: Actor | None, campaign: str | None = None) -> list[Period]:
    """The periods for which the city holds at least one publication, newest first. Raises Forbidden."""
    check_compare(actor)
    columns = (Publication.period_kind, Publication.period_start, Publication.period_end)
    query = select(*columns).where(Publication.reader_id == session.tenant_id).distinct()
    if campaign is not None:
        query = query.where(Publication.campaign == campaign)
    found = [Period(*row) for row in session.execute(query)]
    return sorted(found, key=lambda p: (p.start, p.end), reverse=True)


def check_compare(actor: Actor | None) -> None:
    """Raise Forbidden unless the actor may compare; None is the installation itself."""
    if actor is not None and not actor.has(COMPARE):
        raise Forbidden(N_("没有查看市级对比的权限"))


def latest_received(session: ScopedSession, campaign: str | None, period: Period) -> dict[Place, Publication]:
    """The last publication of each district and campaign for a period: corrections come after what they correct."""
    query = select(Publication).where(
        Publication.reader_id == session.tenant_id,
        Publication.tenant_id != session.tenant_id,
        Publication.period_kind == period.kind,
        Publication.period_start == period.start,
    )
    if campaign is not None:
        query = query.where(Publication.campaign == campaign)
    return {(p.campaign, p.tenant_id): p for p in session.scalars(query.order_by(Publication.sequence))}


def known_districts(session: ScopedSession, campaign: str | None) -> dict[Place, ComparisonRow]:
    """Every district that ever published to this city or holds a grant for it, by name, as rows without figures."""
    city = session.tenant_id
    sent = select(
        Publication.campaign,
        Publication.tenant_id,
        Publication.district_slug,
        Publication.district_name,
        Publication.title_zh,
        Publication.title_en,
    ).where(Publication.reader_id == city, Publication.tenant_id != city)
    granted = select(
        PublicationGrant.campaign,
        PublicationGrant.tenant_id,
        PublicationGrant.district_slug,
        PublicationGrant.district_name,
    ).where(PublicationGrant.reader_id == city, PublicationGrant.tenant_id != city)
    if campaign is not None:
        sent = sent.where(Publication.campaign == campaign)
        granted = granted.where(PublicationGrant.campaign == campaign)
    titles: dict[str, tuple[str, str]] = {}
    found: dict[Place, tuple[str, str]] = {}
    for key, tenant_id, slug, name, zh, en in session.execute(sent.order_by(Publication.published_at)):
        titles[key] = (zh, en)
        found[key, tenant_id] = (slug, name)
    for key, tenant_id, slug, name in session.execute(granted.order_by(PublicationGrant.created_at)):
        found.setdefault((key, tenant_id), (slug, name))
    ordered = sorted(found.items(), key=lambda one: (one[0][0], *one[1], one[0][1]))
    return {
        (key, tenant_id): ComparisonRow(key, *titles.get(key, (key, key)), slug, name, tenant_id)
        for (key, tenant_id), (slug, name) in ordered
    }


def to_rows(publications: Iterable[Publication]) -> list[ComparisonRow]:
    """Publications as rows, not ranked yet."""
    return [_row(p) for p in publications]


def _row(one: Publication) -> ComparisonRow:
    unranked = LOW_VOLUME if one.visits < MINIMUM_VISITS else RANKED
    if not one.assessed:
        unranked = NOTHING_ASSESSED
    barred = NEGATIVE in one.vetoes
    if barred:
        unranked = BARRED
    return ComparisonRow(
        campaign=one.campaign,
        title_zh=one.title_zh,
        title_en=one.title_en,
        district_slug=one.district_slug,
        district_name=one.district_name,
        tenant_id=one.tenant_id,
        unranked=unranked,
        publication_id=one.id,
        edition=one.edition,
        edition_sha256=one.edition_sha256,
        percent=None if barred else percent(one.earned, one.assessed),
        interval_low=None if barred else one.interval_low,
        interval_high=None if barred else one.interval_high,
        percent_of_all=None if barred else percent(one.earned, one.total),
        coverage=percent(one.assessed, one.total),
        earned=as_points(one.earned),
        assessed=as_points(one.assessed),
        total=as_points(one.total),
        gap=as_points(one.total - one.assessed),
        visits=one.visits,
        sites=one.sites,
        findings=one.findings,
        vetoes=tuple(one.vetoes),
        detail=one.detail,
        sha256=one.sha256,
        is_correction=one.corrects_sha256 is not None,
        is_demo=one.is_demo,
        warnings=tuple(one.warnings or ()),
        cut_off=one.cut_off,
        published_at=one.published_at,
    )


def _ranks(rows: Iterable[ComparisonRow]) -> dict[Place, int]:
    """Competition ranks within a league: 1 + how many are strictly better."""
    ranked = [r for r in rows if r.unranked == RANKED and r.percent is not None]
    found = {}
    for one in ranked:
        league = [r for r in ranked if league_of(r) == league_of(one)]
        better = sum(1 for r in league if r.percent is not None and one.percent is not None and r.percent > one.percent)
        found[_place(one)] = better + 1
    return found


def _place(row: ComparisonRow) -> Place:
    return row.campaign, row.tenant_id


def _order(row: ComparisonRow) -> tuple[str, str, bool, bool, int, bool, str, int]:
    """By campaign; ranked ones first, then those shown only, then those without a publication, then by slug."""
    return (
        row.campaign,
        row.edition if row.rank else "~",
        row.is_demo,
        row.rank is None,
        row.rank or 0,
        row.publication_id is None,
        row.district_slug,
        row.tenant_id,
    )


def as_points(cents: int) -> Decimal:
    """Stored points (1/100) as a number."""
    return Decimal(cents).scaleb(-2)
