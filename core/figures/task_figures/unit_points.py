"""A unit's score of the points that it carries (单位责任分得分): its shares of the split, each at the rate its indicator is at.

For each share: points x (the indicator's earned / possible of the whole district in the period, as scored everywhere). Points are
what shares carry, whoever leads: lead and assisting shares count alike. An indicator that is not assessed is missing, never
zero: "of assessed points" leaves it out, "of all points" keeps it in the denominator, coverage says how much was assessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Campaign, Edition
from core.campaigns.arithmetic import half_up
from core.errors import N_, NotFound
from core.figures.figure import IndicatorFigure
from core.figures.periods import Period, day_of
from core.figures.scores import score_campaign
from core.work.splits.reading import Line, lines_of, split_in_force
from core.work.splits.sight import sight_of
from core.work.tables import Split, SplitShare
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession

OWN_CLAUSE = N_("自定条款，测评体系不评")
OTHER_EDITION = N_("分解表和这一期的测评体系版本不同，没有这一条")


@dataclass(frozen=True, slots=True)
class Piece:
    """One share in a unit's score (得分明细): its clause, its points in 1/100, and at which rate they are earned; None: not assessed."""

    line: Line
    share: SplitShare
    figure: IndicatorFigure | None
    why: str = ""

    @property
    def rate(self) -> Fraction | None:
        """The indicator's earned of possible points, exact."""
        figure = self.figure
        if figure is None or figure.earned is None or not figure.possible:
            return None
        return Fraction(figure.earned) / Fraction(figure.possible)

    @property
    def earned(self) -> Fraction | None:
        """The points earned of this share, exact; None when its indicator is not assessed."""
        return None if self.rate is None else Fraction(self.share.points, 100) * self.rate


@dataclass(frozen=True, slots=True)
class UnitPoints:
    """What a unit carries and has earned of it (单位责任分); ``n`` assessed shares of ``of``, ``rank`` within its kind of unit."""

    unit: Unit
    pieces: tuple[Piece, ...]
    rank: int | None = None

    @property
    def carried(self) -> Decimal:
        """All points that it carries."""
        return half_up(Fraction(sum(one.share.points for one in self.pieces), 100))

    @property
    def assessed(self) -> Decimal:
        """The points it carries of indicators that were assessed."""
        return half_up(Fraction(sum(one.share.points for one in self.scored), 100))

    @property
    def scored(self) -> tuple[Piece, ...]:
        """The shares whose indicator was assessed."""
        return tuple(one for one in self.pieces if one.rate is not None)

    @property
    def n(self) -> int:
        """How many shares with points were assessed."""
        return sum(1 for one in self.scored if one.share.points)

    @property
    def of(self) -> int:
        """How many shares with points it has."""
        return sum(1 for one in self.pieces if one.share.points)

    @property
    def exact(self) -> Fraction:
        """The points earned, exact."""
        return sum((one.earned for one in self.scored if one.earned is not None), Fraction(0))

    @property
    def earned(self) -> Decimal:
        """The points earned."""
        return half_up(self.exact)

    @property
    def percent_of_assessed(self) -> Decimal | None:
        """Earned of assessed points in per cent; None when nothing it carries was assessed."""
        return _percent(self.exact, sum(one.share.points for one in self.scored))

    @property
    def percent_of_all(self) -> Decimal | None:
        """Earned of all points that it carries, in per cent."""
        return _percent(self.exact, sum(one.share.points for one in self.pieces)) if self.n else None

    @property
    def coverage(self) -> Decimal | None:
        """Assessed of carried points in per cent."""
        whole = sum(one.share.points for one in self.pieces)
        return _percent(Fraction(sum(one.share.points for one in self.scored), 100), whole)


@dataclass(frozen=True, slots=True)
class Board:
    """The units of a campaign and period with what they carry (责任分榜), by kind of unit; ``split`` None: no table was in force."""

    split: Split | None
    leagues: Mapping[str, tuple[UnitPoints, ...]]

    def unit(self, unit_id: UUID) -> UnitPoints:
        """One unit. Raises NotFound when it carries nothing, or is out of reach."""
        found = next((one for rows in self.leagues.values() for one in rows if one.unit.id == unit_id), None)
        if found is None:
            raise NotFound
        return found


def unit_points(
    session: ScopedSession, actor: Actor, campaign: Campaign, edition: Edition, period: Period, *, cut_off: datetime
) -> Board:
    """What the units within reach carry and have earned, by the table in force on the period's last day (or that of ``cut_off``)."""
    day = min(period.end, day_of(cut_off))
    split = split_in_force(session, campaign.key, day)
    if split is None:
        return Board(None, {})
    score = score_campaign(session, None, campaign, edition, period, cut_off=cut_off)
    figures = {one.code: one for one in score.indicators}
    lines = lines_of(session, split.id)
    sight = sight_of(session, actor, campaign.key, day)
    by_unit = pieces_by_unit(lines, figures, same=split.edition_sha256 == edition.sha256)
    shown = {unit: pieces for unit, pieces in by_unit.items() if sight.directs or sight.whole or unit in sight.seen}
    units = session.scalars(select(Unit).where(Unit.id.in_(shown)).order_by(Unit.pinyin, Unit.id))
    leagues: dict[str, list[UnitPoints]] = defaultdict(list)
    for unit in units:
        leagues[unit.kind].append(UnitPoints(unit, shown[unit.id]))
    return Board(split, {kind: ranked(rows) for kind, rows in sorted(leagues.items())})


def pieces_by_unit(
    lines: Iterable[Line], figures: Mapping[str, IndicatorFigure], *, same: bool = True
) -> dict[UUID, tuple[Piece, ...]]:
    """Every unit's shares with the figures of their clauses; ``same``: the table is of the period's own edition."""
    found: dict[UUID, list[Piece]] = defaultdict(list)
    for line in lines:
        figure = figures.get(line.row.code)
        why = "" if figure else OWN_CLAUSE if same else OTHER_EDITION
        for share in line.shares:
            found[share.unit_id].append(Piece(line, share, figure, why))
    return {unit: tuple(pieces) for unit, pieces in found.items()}


def ranked(rows: Sequence[UnitPoints]) -> tuple[UnitPoints, ...]:
    """One league by its share of assessed points (two decimals), equal ones share a rank; who has none stands last, unranked."""
    known = sorted((one for one in rows if one.percent_of_assessed is not None), key=_order)
    values = [one.percent_of_assessed for one in known]
    placed = [replace(one, rank=values.index(one.percent_of_assessed) + 1) for one in known]
    return (*placed, *(one for one in rows if one.percent_of_assessed is None))


def _order(one: UnitPoints) -> tuple[Decimal, str]:
    return -(one.percent_of_assessed or Decimal(0)), one.unit.pinyin


def _percent(part: Fraction, hundredths: int) -> Decimal | None:
    return half_up(part * 10_000 / hundredths) if hundredths else None
