"""One indicator of every district (指标名次): ranks with those of the period before, intervals, and the periods before that.

Ranked in few columns (:mod:`core.figures.nationwide`); numerators, denominators and intervals are read beside, and what the
intervals allow is told of those alone who are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from core.errors import NotFound
from core.figures.boards import League, Told, tell_apart
from core.figures.intervals import ANYWHERE
from core.figures.nationwide import Placed, Point, figure_table, rank_indicator
from core.figures.periods import Period
from core.figures.received import along_index
from core.figures.tables import PublishedFigure
from tenants.access import Actor
from tenants.scope import ScopedSession

LESS = ("<", "<=")  # a target of such a sign wants little


class Detail(NamedTuple):
    """What was published beside a value (数值明细); points are integers of 1/100."""

    numerator: Decimal | None
    denominator: Decimal | None
    low: Decimal | None
    high: Decimal | None
    earned: int | None
    possible: int
    target: str


@dataclass(frozen=True)
class IndicatorBoard:
    """All districts on one indicator in a period (指标名次表). ``ascending`` when less is better, ``least`` the smallest n ranked."""

    code: str
    name_zh: str
    name_en: str
    unit: str
    targets: tuple[str, ...]
    ascending: bool
    least: int
    places: tuple[Placed, ...]
    before: Mapping[int, int]
    details: Mapping[UUID, Detail]

    @cached_property
    def leagues(self) -> Mapping[League, Sequence[Placed]]:
        """The ranked of each league in the order of their ranks."""
        found: dict[League, list[Placed]] = {}
        for one in self.places:
            if one.rank is not None:
                found.setdefault(one.league, []).append(one)
        return found

    def told(self, shown: Sequence[Placed]) -> dict[int, Told]:
        """What the intervals allow to some of the ranked, by district; one without an interval is absent."""
        wanted = {one.tenant_id for one in shown if self.detail(one).low is not None}
        found: dict[int, Told] = {}
        for own in self.leagues.values():
            places = [place for place, one in enumerate(own) if one.tenant_id in wanted]
            bounds = [self._bounds(one) for one in own] if places else []
            told = tell_apart(bounds, places, more=not self.ascending)
            found |= {own[place].tenant_id: one for place, one in told.items()}
        return found

    def detail(self, one: Placed) -> Detail:
        """What stands beside a district's value; nothing of one that did not send it."""
        return self.details.get(one.publication_id, NOTHING)

    def _bounds(self, one: Placed) -> tuple[Decimal, Decimal]:
        found = self.detail(one)
        return ANYWHERE if found.low is None or found.high is None else (found.low, found.high)


NOTHING = Detail(None, None, None, None, None, 0, "")


def read_indicator(
    session: ScopedSession,
    actor: Actor | None,
    campaign: str,
    code: str,
    period: Period,
    *,
    least: int = 1,
    ascending: bool | None = None,
) -> IndicatorBoard:
    """The ranks of an indicator or heading; ``ascending`` None follows the published target.

    Raises Forbidden, and NotFound when nobody sent a figure of this code in the period or the one before.
    """
    figure = PublishedFigure
    mine = (figure.reader_id == session.tenant_id, figure.code == code, figure.level.in_(("category", "indicator")))
    columns = (figure.numerator, figure.denominator, figure.interval_low, figure.interval_high)
    points = (figure.earned, figure.possible, figure.target)
    rows = select(figure.publication_id, *columns, *points).where(*mine, figure.period_start == period.start)
    with along_index(session):
        details = {key: Detail(*values) for key, *values in session.execute(rows)}
    names = select(figure.name_zh, figure.name_en, figure.unit).where(
        *mine, figure.period_start.in_((period.start, period.previous.start))
    )
    named = session.execute(names.order_by(figure.period_start.desc()).limit(1)).first()
    if named is None:
        raise NotFound
    targets = tuple(dict.fromkeys(one.target for one in details.values() if one.target))
    less = bool(targets) and all(one.split(" ", 1)[0] in LESS for one in targets)
    upward = less if ascending is None else ascending
    placed, earlier = (
        rank_indicator(session, actor, campaign, code, one, least=least, ascending=upward)
        for one in (period, period.previous)
    )
    before = {one.tenant_id: one.rank for one in earlier if one.rank}
    return IndicatorBoard(code, *named, targets, upward, least, tuple(placed), before, details)


def read_history(
    session: ScopedSession,
    actor: Actor | None,
    campaign: str,
    code: str,
    periods: Sequence[Period],
    districts: Sequence[int],
) -> Mapping[tuple[int, date], Point]:
    """The values of some districts in some periods, by district and the period's first day (one query). Raises Forbidden."""
    if not districts:
        return {}
    found = figure_table(session, actor, campaign, (code,), periods, districts)
    return {(tenant_id, start): point for (tenant_id, _, start), point in found.items()}


__all__ = ["Detail", "IndicatorBoard", "read_history", "read_indicator"]
