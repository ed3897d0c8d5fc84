"""Rounds of different sources side by side (分来源比较): own office, third party, experts, deputies; never mixed silently.

Each source has its own sum. A weighted line over the rounds is made only where it is asked for, and says of how many it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns.arithmetic import half_up
from core.work.rounds.results import Points, look_at, totals
from core.work.rounds.sight import OVER, in_view, reads_results
from core.work.tables import Round
from tenants.access import Actor

MOST = 60  # rounds of one comparison (ours)


@dataclass(frozen=True, slots=True)
class OfRound:
    """A round with its points (单轮得分)."""

    round: Round
    points: Points


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source and basis (来源): its rounds, and their points added up."""

    source: str
    basis: str
    rounds: tuple[OfRound, ...]
    points: Points


@dataclass(frozen=True, slots=True)
class Weighted:
    """The rounds' rates by their weights (加权): ``over`` and ``under`` are exact; verified rounds alone."""

    over: Fraction
    under: int
    rounds: int

    @property
    def percent(self) -> Decimal | None:
        """In per cent, two decimals, half-up."""
        return half_up(self.over * 100 / self.under) if self.under else None


def by_source(session: Session, actor: Actor, since: date, until: date, on: date) -> list[SourceLine]:
    """Announced and released rounds that ended within the days and whose results the actor reads, by source and basis.

    Each round is read by itself: a period has few.
    """
    query = (
        select(Round)
        .where(Round.ends_on.between(since, until), Round.state.in_(OVER), Round.hidden.is_(False), in_view(actor, on))
        .order_by(Round.ends_on.desc(), Round.id)
        .limit(MOST)
    )
    found: dict[tuple[str, str], list[OfRound]] = {}
    for of in session.scalars(query).all():
        if reads_results(session, actor, of, on):
            look = look_at(session, actor, of, on)
            found.setdefault((of.source, look.basis), []).append(OfRound(of, totals(look).points))
    return [SourceLine(*key, tuple(rounds), added(rounds)) for key, rounds in sorted(found.items())]


def added(rounds: Sequence[OfRound]) -> Points:
    """The points of some rounds together; sites that two of them visited count twice, as visits do."""
    return Points(
        sum(one.points.earned for one in rounds),
        sum(one.points.possible for one in rounds),
        sum(one.points.visits for one in rounds),
        sum(one.points.sites for one in rounds),
    )


def weighted(lines: Sequence[SourceLine]) -> Weighted:
    """The weighted mean of the verified rounds' rates; those without a rate or of weight 0 are left out."""
    rounds = [one for line in lines if line.basis == "verified" for one in line.rounds]
    counted = [
        (one.round.weight, one.points.rate) for one in rounds if one.points.rate is not None and one.round.weight
    ]
    over = sum((weight * rate for weight, rate in counted), Fraction(0))
    return Weighted(over, sum(weight for weight, _ in counted), len(counted))
