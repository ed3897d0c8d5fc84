"""Two districts side by side (两区对照): figure by figure, with the difference and what makes the two hard to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.figures.comparison import check_compare, latest_received
from core.figures.periods import Period
from core.figures.shelf import figures_of
from core.figures.tables import Publication, PublishedFigure
from tenants.access import Actor
from tenants.scope import ScopedSession

EDITION, PERIOD, DEMO, DETAIL, CUT_OFF = "edition", "period", "demo", "detail", "cut_off"
DOUBTS = (EDITION, PERIOD, DEMO, DETAIL, CUT_OFF)
SHOWN = ("category", "indicator")
FAR_CUT_OFF_DAYS = 7  # figures of the same period, cut off further apart, say so (ours)


@dataclass(frozen=True, slots=True)
class PairRow:
    """One heading or indicator of both (对照行); a side that did not send it is None.

    ``difference`` is left less right, in the unit of the value; None unless both were assessed in the same unit.
    """

    level: str
    code: str
    name_zh: str
    name_en: str
    unit: str
    left: PublishedFigure | None
    right: PublishedFigure | None

    @property
    def difference(self) -> Decimal | None:
        """How far the left value lies above the right one."""
        if self.left is None or self.right is None or self.left.unit != self.right.unit:
            return None
        if self.left.value is None or self.right.value is None:
            return None
        return self.left.value - self.right.value


@dataclass(frozen=True, slots=True)
class Pair:
    """Both publications with their figures (两区对照); ``doubts`` names what differs besides the values."""

    left: Publication | None
    right: Publication | None
    rows: tuple[PairRow, ...]
    doubts: tuple[str, ...]


def read_pair(
    session: ScopedSession,
    actor: Actor | None,
    campaign: str,
    left: tuple[int, Period],
    right: tuple[int, Period],
) -> Pair:
    """The last publications of two districts, each by its tenant and period, figure by figure. Raises Forbidden."""
    check_compare(actor)
    sides = [
        latest_received(session, campaign, period, (tenant,)).get((campaign, tenant))
        for tenant, period in (left, right)
    ]
    found = [_by_code(session, one) for one in sides]
    return Pair(sides[0], sides[1], tuple(_rows(*found)), tuple(_doubts(*sides)))


def _by_code(session: ScopedSession, one: Publication | None) -> dict[tuple[str, str], PublishedFigure]:
    figures = figures_of(session, one) if one else []
    return {(figure.level, figure.code): figure for figure in figures if figure.level in SHOWN}


def _rows(
    left: Mapping[tuple[str, str], PublishedFigure], right: Mapping[tuple[str, str], PublishedFigure]
) -> Iterator[PairRow]:
    """In the order of the left catalogue; what only the right one has comes after it."""
    for key in dict.fromkeys((*left, *right)):
        one = left.get(key) or right[key]
        yield PairRow(one.level, one.code, one.name_zh, one.name_en, one.unit, left.get(key), right.get(key))


def _doubts(left: Publication | None, right: Publication | None) -> Iterator[str]:
    if left is None or right is None:
        return
    if left.edition_sha256 != right.edition_sha256:
        yield EDITION
    if (left.period_kind, left.period_start) != (right.period_kind, right.period_start):
        yield PERIOD
    elif abs((left.cut_off - right.cut_off).days) > FAR_CUT_OFF_DAYS:
        yield CUT_OFF
    if left.is_demo != right.is_demo:
        yield DEMO
    if left.detail != right.detail:
        yield DETAIL
