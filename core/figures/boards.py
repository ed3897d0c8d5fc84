"""A bureau's whole league table in few columns (名次表): everybody ranked, and only who is shown is read in full.

Ranks are competition ranks over the share of assessed points as printed, to two decimals, within one league: one campaign,
one edition, and demonstration never with the real. Shares are integers of 1/100 % here: what is compared three thousand times
is not made a fraction first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import BigInteger, cast, func, select

from core.errors import N_
from core.figures.effects import NEGATIVE
from core.figures.intervals import ANYWHERE, Bounds
from core.figures.periods import Period
from core.figures.received import Sent, Silent, along_index, last_of, last_sent, silent_in
from core.figures.tables import Publication
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

League = tuple[str, bool]  # the edition's hash, and whether it is demonstration


class Spot(NamedTuple):
    """One district's place in the table (榜位); ``share`` in 1/100 % is None under a bar and of nothing assessed."""

    tenant_id: int
    slug: str
    name: str
    code: str | None
    sent: Sent | None
    unranked: str
    share: int | None
    rank: int | None

    @property
    def league(self) -> League | None:
        """Whom it is ranked with; None of who is not ranked."""
        return (self.sent.edition_sha256, self.sent.is_demo) if self.sent and self.rank else None


class Told(NamedTuple):
    """What the intervals of a league allow (名次区间): the best and worst rank, and whether it is told from the one above."""

    best: int | None = None
    worst: int | None = None
    same_as_above: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """One league in a line (联赛概况): how many are ranked, and the best, the middle and the worst share in per cent."""

    edition: str
    edition_sha256: str
    is_demo: bool
    ranked: int
    best: Decimal
    median: Decimal
    worst: Decimal


@dataclass(frozen=True)
class Board:
    """One campaign and period, ranked whole (名次表): the ranked by league, then those shown only, then the silent."""

    campaign: str
    period: Period
    spots: tuple[Spot, ...]

    @cached_property
    def leagues(self) -> Mapping[League, Sequence[Spot]]:
        """The ranked of each league in the order of their ranks."""
        found: dict[League, list[Spot]] = {}
        for one in self.spots:
            if one.league is not None:
                found.setdefault(one.league, []).append(one)
        return found

    @property
    def published(self) -> int:
        """How many published the period."""
        return sum(1 for one in self.spots if one.sent)

    def summaries(self) -> list[Summary]:
        """Each league in a line, in the order of the table."""
        return [_summary(own) for own in self.leagues.values()]

    def told(self, shown: Iterable[Spot]) -> dict[int, Told]:
        """What the intervals allow to some of the ranked, by district; a publication without an interval allows all."""
        found: dict[int, Told] = {}
        wanted: dict[League, set[int]] = {}
        for one in shown:
            if one.league is not None:
                wanted.setdefault(one.league, set()).add(one.tenant_id)
        for league, districts in wanted.items():
            found |= _told(self.leagues[league], districts)
        return found


def read_board(session: ScopedSession, campaign: str, period: Period) -> Board:
    """The table of a campaign and period (two queries, however many districts there are)."""
    sent = rank_sent(last_sent(session, campaign, period))
    return Board(
        campaign, period, tuple(sorted([*sent, *map(_silent, silent_in(session, campaign, period))], key=_order))
    )


def ranks_of(session: ScopedSession, campaign: str, period: Period, districts: Collection[int] = ()) -> dict[int, int]:
    """The ranks of a period by district, or of some districts among all; who has none is absent (one query).

    The same ranks as :func:`rank_sent` gives, by the database: of a period that is not shown nothing else is read.
    """
    one = Publication
    columns = (one.tenant_id, one.earned, one.assessed, one.visits, one.edition_sha256, one.is_demo)
    barred = one.vetoes.contains([NEGATIVE]).label("barred")
    last = last_of(session, campaign, period, (*columns, barred)).subquery().c
    whole = cast(last.assessed, BigInteger)
    share = func.sign(last.earned) * func.div(func.abs(cast(last.earned, BigInteger)) * 20_000 + whole, whole * 2)
    rank = func.rank().over(partition_by=(last.edition_sha256, last.is_demo), order_by=share.desc()).label("rank")
    ranked = select(last.tenant_id, rank).where(last.visits >= MINIMUM_VISITS, last.assessed != 0, ~last.barred)
    found = ranked.subquery().c
    query = select(found.tenant_id, found.rank)
    with along_index(session):
        rows = session.execute(query.where(found.tenant_id.in_(districts)) if districts else query)
        return {tenant_id: int(place) for tenant_id, place in rows}


def rank_sent(sent: Iterable[Sent]) -> list[Spot]:
    """Publications of one campaign and period with their ranks: 1 + how many of the league are strictly better."""
    judged = [(one, *_judge(one)) for one in sent]
    shares: dict[League, list[int]] = {}
    for one, unranked, share in judged:
        if unranked == RANKED and share is not None:
            shares.setdefault((one.edition_sha256, one.is_demo), []).append(share)
    places = {league: places_of(own) for league, own in shares.items()}
    return [
        Spot(
            *(one.tenant_id, one.slug, one.name, one.code, one, unranked, share),
            places[one.edition_sha256, one.is_demo][share] if unranked == RANKED and share is not None else None,
        )
        for one, unranked, share in judged
    ]


def places_of(shares: list[int]) -> dict[int, int]:
    """The rank of each share: equal ones share it."""
    found: dict[int, int] = {}
    for place, share in enumerate(sorted(shares, reverse=True), 1):
        found.setdefault(share, place)
    return found


def _judge(one: Sent) -> tuple[str, int | None]:
    """Why a publication is not ranked ('' when it is), and its share."""
    if one.is_barred:
        return BARRED, None
    if not one.assessed:
        return NOTHING_ASSESSED, None
    return LOW_VOLUME if one.visits < MINIMUM_VISITS else RANKED, hundredths(one.earned, one.assessed)


def hundredths(part: int, whole: int) -> int:
    """A share in 1/100 %, halves away from zero: the same as :func:`core.figures.model.percent` says, without fractions."""
    found = (abs(part) * 20_000 + whole) // (2 * whole)
    return found if part >= 0 else -found


def as_percent(share: int | None) -> Decimal | None:
    """A share in 1/100 % as it is printed."""
    return None if share is None else Decimal(share).scaleb(-2)


def _silent(one: Silent) -> Spot:
    return Spot(one.tenant_id, one.slug, one.name, one.code, None, NOT_PUBLISHED, None, None)


def _order(one: Spot) -> tuple[str, bool, bool, int, bool, str, int]:
    """Ranked ones by edition and rank, then those shown only, then those without a publication, by slug."""
    sent = one.sent
    edition = sent.edition if sent and one.rank else "~"
    return (
        edition,
        bool(sent and sent.is_demo),
        one.rank is None,
        one.rank or 0,
        sent is None,
        one.slug,
        one.tenant_id,
    )


def _summary(own: Sequence[Spot]) -> Summary:
    shares = [one.share for one in own if one.share is not None]
    sent = own[0].sent
    assert sent is not None
    low, high = shares[(len(shares) - 1) // 2], shares[len(shares) // 2]
    median = (low + high + 1) // 2  # halves up, as everything printed
    values = [Decimal(one).scaleb(-2) for one in (shares[0], median, shares[-1])]
    return Summary(sent.edition, sent.edition_sha256, sent.is_demo, len(own), *values)


def _told(own: Sequence[Spot], districts: Collection[int]) -> dict[int, Told]:
    wanted = [place for place, one in enumerate(own) if one.tenant_id in districts]
    told = tell_apart([_bounds(one) for one in own], wanted)
    return {own[place].tenant_id: one for place, one in told.items()}


def tell_apart(bounds: Sequence[Bounds], wanted: Iterable[int], *, more: bool = True) -> dict[int, Told]:
    """What the intervals of a league, in the order of its ranks, allow to some of its places (from 0).

    The same as :func:`core.figures.intervals.rank_ranges` and ``same_as_above`` say of everybody. ``more``: whether the
    larger value is the better one.
    """
    lows, highs, size = sorted(low for low, _ in bounds), sorted(high for _, high in bounds), len(bounds)
    found: dict[int, Told] = {}
    for place in wanted:
        low, high = bounds[place]
        above, below = size - bisect_right(lows, high), bisect_left(highs, low)
        better, worse = (above, below) if more else (below, above)
        before = bounds[place - 1] if place else None
        same = before is not None and before[0] <= high and low <= before[1]
        found[place] = Told(1 + better, size - worse, same)
    return found


def _bounds(one: Spot) -> Bounds:
    sent = one.sent
    return ANYWHERE if sent is None or sent.low is None or sent.high is None else (sent.low, sent.high)


__all__ = [
    "BARRED",
    "LOW_VOLUME",
    "MINIMUM_VISITS",
    "NOTHING_ASSESSED",
    "NOT_PUBLISHED",
    "RANKED",
    "UNRANKED",
    "Board",
    "League",
    "Spot",
    "Summary",
    "Told",
    "as_percent",
    "hundredths",
    "places_of",
    "rank_sent",
    "ranks_of",
    "read_board",
    "tell_apart",
]
