"""The bureau compares its districts (区县比较): from addressed publications only, in the reader's own scope.

Districts are ranked by their share *of assessed points* as printed, to two decimals: equal values share a rank (1, 1, 3).
Coverage, volume and what is not assessed stand beside it. Under a minimum volume a district is shown, not ranked. Only
districts scored by the same edition are ranked against each other. Who is ranked how is read in few columns
(:mod:`core.figures.boards`); the rest of a row only of those who are asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Forbidden
from core.figures.boards import (
    BARRED,
    LOW_VOLUME,
    MINIMUM_VISITS,
    NOT_PUBLISHED,
    NOTHING_ASSESSED,
    RANKED,
    UNRANKED,
    Board,
    Spot,
    Told,
    as_percent,
    ranks_of,
    read_board,
)
from core.figures.model import percent
from core.figures.periods import Period
from core.figures.received import (
    Silent,
    Titles,
    last_of,
    last_sent,
    newest_of,
    of_period,
    received_titles,
    silent_in,
    walk_received,
)
from core.figures.sealed_effects import SealedEffect, before_effects, read_effects_of
from core.figures.seals import SHORT
from core.figures.tables import Publication
from core.work.roles import COMPARE
from tenants.access import Actor
from tenants.scope import ScopedSession

NEVER = date(1900, 1, 1)  # no period begins there: everybody known is silent in it
FEW = 300  # more districts than this are read as their whole period, by one walk along the index

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
    code: str | None = None
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
    titles = campaign_titles(session)
    found: list[ComparisonRow] = []
    for key in titles if campaign is None else (campaign,):
        board = read_board(session, key, period)
        found += read_rows(session, board, board.spots, titles.get(key, (key, key)))
    return found


def campaign_titles(session: ScopedSession) -> Mapping[str, Titles]:
    """The campaigns of which the bureau received or was granted something, by key, with their titles."""
    return received_titles(session, walk_received(session))


def read_rows(session: ScopedSession, board: Board, shown: Sequence[Spot], titles: Titles) -> list[ComparisonRow]:
    """Some places of a table in full: what was published, the rank before, and what the intervals allow.

    ``titles`` are the campaign's, for districts that published nothing.
    """
    whole = len(shown) > FEW
    wanted = () if whole else [one.tenant_id for one in shown]
    query = select(*FULL).where(*of_period(session, board.campaign, board.period))
    rows = {one.id: one for one in session.execute(query.where(Publication.tenant_id.in_(wanted)) if wanted else query)}
    effects = read_effects_of(session, board.period, wanted)
    before = ranks_of(session, board.campaign, board.period.previous, wanted) if shown else {}
    told = board.told(shown)
    nothing = Told()
    return [
        _row(board, one, titles, before.get(one.tenant_id))
        if one.sent is None
        else _sent_row(
            board,
            one,
            rows[one.sent.publication_id],
            told.get(one.tenant_id, nothing),
            before.get(one.tenant_id),
            effects.get(one.sent.publication_id, ()),
        )
        for one in shown
    ]


_P = Publication
FULL = (
    *(_P.id, _P.title_zh, _P.title_en, _P.total, _P.sites, _P.findings, _P.vetoes, _P.detail, _P.sha256),
    *(_P.corrects_sha256, _P.warnings, _P.cut_off, _P.published_at),
)


def _row(board: Board, spot: Spot, titles: Titles, before: int | None) -> ComparisonRow:
    """A district that did not publish: its names only."""
    names = (board.campaign, *titles, spot.slug, spot.name, spot.tenant_id)
    return ComparisonRow(*names, code=spot.code, previous_rank=before)


def _sent_row(
    board: Board, spot: Spot, one: Any, told: Told, before: int | None, effects: tuple[SealedEffect, ...]
) -> ComparisonRow:
    sent = spot.sent
    assert sent is not None
    barred = sent.is_barred
    return ComparisonRow(
        campaign=board.campaign,
        title_zh=one.title_zh,
        title_en=one.title_en,
        district_slug=spot.slug,
        district_name=spot.name,
        tenant_id=spot.tenant_id,
        code=spot.code,
        unranked=spot.unranked,
        rank=spot.rank,
        previous_rank=before,
        publication_id=sent.publication_id,
        edition=sent.edition,
        edition_sha256=sent.edition_sha256,
        percent=as_percent(spot.share),
        interval_low=None if barred else sent.low,
        interval_high=None if barred else sent.high,
        best=told.best,
        worst=told.worst,
        same_as_above=told.same_as_above,
        percent_of_all=None if barred else percent(sent.earned, one.total),
        coverage=percent(sent.assessed, one.total),
        earned=as_points(sent.earned),
        assessed=as_points(sent.assessed),
        total=as_points(one.total),
        gap=as_points(one.total - sent.assessed),
        visits=sent.visits,
        sites=one.sites,
        findings=one.findings,
        vetoes=tuple(one.vetoes),
        effects=effects,
        detail=one.detail,
        sha256=one.sha256,
        is_correction=one.corrects_sha256 is not None,
        is_demo=sent.is_demo,
        warnings=tuple(one.warnings or ()),
        cut_off=one.cut_off,
        published_at=one.published_at,
    )


def league_of(row: ComparisonRow) -> tuple[str, str, bool]:
    """Who is ranked together: one campaign, one edition, and demonstration never with the real."""
    return row.campaign, row.edition_sha256, row.is_demo


def received_periods(session: ScopedSession, actor: Actor | None, campaign: str | None = None) -> list[Period]:
    """The periods for which the bureau holds at least one publication, newest first. Raises Forbidden."""
    check_compare(actor)
    found = {one.period for one in walk_received(session) if campaign in (None, one.campaign)}
    return sorted(found, key=lambda p: (p.start, p.end), reverse=True)


def check_compare(actor: Actor | None) -> None:
    """Raise Forbidden unless the actor may compare; None is the installation itself."""
    if actor is not None and not actor.has(COMPARE):
        raise Forbidden(N_("没有查看区县比较的权限"))


def latest_received(
    session: ScopedSession, campaign: str, period: Period, districts: Collection[int] = ()
) -> dict[Place, Publication]:
    """The last publication of each district, or of those named, in a campaign for a period."""
    query = last_of(session, campaign, period, (Publication,), districts)
    return {(one.campaign, one.tenant_id): one for one in session.scalars(query)}


def known_districts(session: ScopedSession, campaign: str | None) -> dict[Place, ComparisonRow]:
    """Every district that ever published to this bureau or holds a grant for it, by name, as rows without figures."""
    received = walk_received(session)
    titles = received_titles(session, received)
    found: dict[Place, ComparisonRow] = {}
    for key in titles if campaign is None else (campaign,):
        for one in named_districts(session, key, newest_of(received, key)):
            names = (*titles.get(key, (key, key)), one.slug, one.name)
            found[key, one.tenant_id] = ComparisonRow(key, *names, one.tenant_id)
    return found


def named_districts(session: ScopedSession, campaign: str, newest: Period | None) -> list[Silent]:
    """The districts of a campaign by slug and name, as each named itself in the newest period or last before it."""
    period = newest or Period("month", NEVER, NEVER)
    sent = [Silent(one.tenant_id, one.slug, one.name, one.code) for one in last_sent(session, campaign, period)]
    found = [*sent, *silent_in(session, campaign, period)]
    return sorted(found, key=lambda one: (one.slug, one.name, one.tenant_id))


def as_points(cents: int) -> Decimal:
    """Stored points (1/100) as a number."""
    return Decimal(cents).scaleb(-2)


__all__ = [
    "BARRED",
    "LOW_VOLUME",
    "MINIMUM_VISITS",
    "NOTHING_ASSESSED",
    "NOT_PUBLISHED",
    "RANKED",
    "UNRANKED",
    "ComparisonRow",
    "Place",
    "as_points",
    "campaign_titles",
    "check_compare",
    "compare",
    "known_districts",
    "latest_received",
    "league_of",
    "named_districts",
    "read_rows",
    "received_periods",
]
