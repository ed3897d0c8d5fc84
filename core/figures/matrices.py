"""Districts side by side in detail (市级对比明细): indicators by districts, and shares over time.

Only what a district sent under its grant is here; a cell that it did not send is absent, not zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from core.figures.comparison import (
    ComparisonRow,
    as_points,
    check_compare,
    compare,
    known_districts,
    latest_received,
    to_rows,
)
from core.figures.model import percent
from core.figures.periods import Period, last_periods
from core.figures.tables import PublishedFigure
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Cell:
    """One district's published figure of one indicator or heading (对比格)."""

    status: str
    value: Decimal | None
    earned: Decimal | None
    possible: Decimal
    percent: Decimal | None
    n: int
    reason_zh: str
    reason_en: str
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    self_value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """An indicator or heading across the districts, by tenant; one that did not send it is absent (对比矩阵行)."""

    level: str
    code: str
    name_zh: str
    name_en: str
    unit: str
    target: str
    cells: Mapping[int, Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Indicators by districts (对比矩阵): the columns are the compared districts in their ranking order."""

    columns: tuple[ComparisonRow, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class Break:
    """The period at which a district began to be scored by another edition (版本更替), by its place in the series."""

    at: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Series:
    """A district's share of assessed points over periods (走势); a gap is None. ``tenant_id`` is never shown.

    ``editions`` is the edition that scored each period, as key and hash; None where nothing was published.
    """

    tenant_id: int
    district_slug: str
    district_name: str
    values: tuple[Decimal | None, ...]
    editions: tuple[tuple[str, str] | None, ...] = ()

    @property
    def breaks(self) -> list[Break]:
        """Where another edition began to score: shares before and after cannot be compared."""
        found: list[Break] = []
        last: tuple[str, str] | None = None
        for at, one in enumerate(self.editions):
            if one is not None and last is not None and one[1] != last[1]:
                found.append(Break(at, last[0], one[0]))
            last = one or last
        return found


def matrix(
    session: ScopedSession, actor: Actor | None, campaign: str, period: Period, level: str = "indicator"
) -> Matrix:
    """The published headings ('category') or indicators of all districts side by side. Raises Forbidden."""
    columns = tuple(compare(session, actor, campaign, period))
    senders = {r.publication_id: r.tenant_id for r in columns if r.publication_id}
    query = select(PublishedFigure).where(
        PublishedFigure.reader_id == session.tenant_id,
        PublishedFigure.publication_id.in_(senders),
        PublishedFigure.level == level,
    )
    rows: dict[str, MatrixRow] = {}
    cells: dict[str, dict[int, Cell]] = {}
    for one in session.scalars(query.order_by(PublishedFigure.position, PublishedFigure.id)):
        named = (one.level, one.code, one.name_zh, one.name_en, one.unit, one.target)
        by_tenant = cells.setdefault(one.code, {})
        rows.setdefault(one.code, MatrixRow(*named, by_tenant))
        by_tenant[senders[one.publication_id]] = _cell(one)
    return Matrix(columns, tuple(rows.values()))


def comparison_trend(
    session: ScopedSession, actor: Actor | None, campaign: str, kind: str, day: date, count: int = 6
) -> tuple[tuple[Period, ...], list[Series]]:
    """Each district's share of assessed points in the last periods of a kind. Raises Forbidden."""
    check_compare(actor)
    periods = last_periods(kind, day, count)
    found = [{r.tenant_id: r for r in to_rows(latest_received(session, campaign, p).values())} for p in periods]
    series = []
    for row in known_districts(session, campaign).values():
        sent = [f.get(row.tenant_id) for f in found]
        values = tuple(one.percent if one else None for one in sent)
        editions = tuple((one.edition, one.edition_sha256) if one else None for one in sent)
        series.append(Series(row.tenant_id, row.district_slug, row.district_name, values, editions))
    return periods, series


def _cell(one: PublishedFigure) -> Cell:
    earned = None if one.earned is None else as_points(one.earned)
    share = None if one.earned is None else percent(one.earned, one.assessed)
    words = (one.reason, one.reason_en)
    beside = (one.numerator, one.denominator, one.self_value)
    return Cell(one.status, one.value, earned, as_points(one.possible), share, one.n, *words, *beside)
