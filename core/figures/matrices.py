"""Districts side by side in detail (市级对比明细): indicators by districts, and shares over time.

Only what a district sent under its grant is here; a cell that it did not send is absent, not zero.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from core.figures.boards import Board, Spot, as_percent, hundredths
from core.figures.comparison import ComparisonRow, as_points, check_compare, compare, named_districts
from core.figures.effects import NEGATIVE
from core.figures.periods import Period, last_periods
from core.figures.received import Silent, along_index, newest_of, walk_received
from core.figures.tables import Publication, PublishedFigure
from tenants.access import Actor
from tenants.scope import ScopedSession

TOTALS = "totals"  # the detail in which no heading is sent
FEW = 300  # of more districts a whole level is read by the reader's key alone


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
    return matrix_of(session, compare(session, actor, campaign, period), period, level)


def matrix_of(session: ScopedSession, columns: Sequence[ComparisonRow], period: Period, level: str) -> Matrix:
    """The same of some districts of a league table (one query)."""
    senders = {r.publication_id: r.tenant_id for r in columns if r.publication_id}
    figure = PublishedFigure
    query = select(*NAMED, *CELL).where(
        figure.reader_id == session.tenant_id, figure.period_start == period.start, figure.level == level
    )
    if len(senders) <= FEW:
        query = query.where(figure.tenant_id.in_(senders.values()), figure.publication_id.in_(senders))
    rows: dict[str, MatrixRow] = {}
    cells: dict[str, dict[int, Cell]] = {}
    found = session.execute(query.order_by(figure.position, figure.id)) if senders else ()
    for publication, level_, code, zh, en, unit, target, *rest in found:
        if publication in senders:
            by_tenant = cells.setdefault(code, {})
            rows.setdefault(code, MatrixRow(level_, code, zh, en, unit, target, by_tenant))
            by_tenant[senders[publication]] = _cell(*rest)
    return Matrix(tuple(columns), tuple(rows.values()))


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading as it was published (测评项目)."""

    code: str
    name_zh: str
    name_en: str


def read_headings(session: ScopedSession, board: Board) -> tuple[Heading, ...]:
    """The headings of a table's publications, as the first district of each edition that sent them named them."""
    firsts: dict[str, Spot] = {}
    for one in board.spots:
        if one.sent is not None and one.sent.detail != TOTALS:
            firsts.setdefault(one.sent.edition_sha256, one)
    figure = PublishedFigure
    found: dict[str, Heading] = {}
    for one in firsts.values():
        query = select(figure.code, figure.name_zh, figure.name_en).where(
            figure.reader_id == session.tenant_id,
            figure.tenant_id == one.tenant_id,
            figure.publication_id == (one.sent.publication_id if one.sent else None),
            figure.level == "category",
        )
        for row in session.execute(query.order_by(figure.position)):
            found.setdefault(row.code, Heading(*row))
    return tuple(found.values())


def read_unassessed(session: ScopedSession, sent: Mapping[UUID, int]) -> dict[UUID, list[tuple[str, str, str]]]:
    """The headings that publications sent as not assessed, as code and names; ``sent`` names each one's district.

    A publication that sent no heading at all is absent (one query).
    """
    figure = PublishedFigure
    missing = or_(figure.earned.is_(None), figure.assessed == 0)
    query = select(
        figure.publication_id, figure.code, figure.name_zh, figure.name_en, and_(missing, figure.possible > 0)
    ).where(
        figure.reader_id == session.tenant_id,
        figure.tenant_id.in_(sent.values()),
        figure.publication_id.in_(sent),
        figure.level == "category",
    )
    found: dict[UUID, list[tuple[str, str, str]]] = {}
    for publication, code, zh, en, is_missing in session.execute(query.order_by(figure.position, figure.id)):
        own = found.setdefault(publication, [])
        if is_missing:
            own.append((code, zh, en))
    return found


def read_shares(session: ScopedSession, period: Period, code: str) -> dict[UUID, Decimal | None]:
    """The share of assessed points of one heading or indicator in every publication of a period (one query)."""
    figure = PublishedFigure
    query = select(figure.publication_id, figure.earned, figure.assessed).where(
        figure.reader_id == session.tenant_id, figure.code == code, figure.period_start == period.start
    )
    with along_index(session):
        rows = session.execute(query).all()
    return {key: as_percent(hundredths(earned, of)) if earned is not None and of else None for key, earned, of in rows}


_F = PublishedFigure
NAMED = (_F.publication_id, _F.level, _F.code, _F.name_zh, _F.name_en, _F.unit, _F.target)
CELL = (
    *(_F.status, _F.value, _F.earned, _F.assessed, _F.possible, _F.n, _F.reason, _F.reason_en),
    *(_F.numerator, _F.denominator, _F.self_value),
)


def _cell(
    status: str,
    value: Decimal | None,
    earned: int | None,
    assessed: int,
    possible: int,
    n: int,
    zh: str,
    en: str,
    *beside: Any,
) -> Cell:
    points = None if earned is None else as_points(earned)
    share = as_percent(hundredths(earned, assessed)) if earned is not None and assessed else None
    return Cell(status, value, points, as_points(possible), share, n, zh, en, *beside)


def comparison_trend(
    session: ScopedSession,
    actor: Actor | None,
    campaign: str,
    kind: str,
    day: date,
    count: int = 6,
    districts: Collection[Silent | Spot] | None = None,
) -> tuple[tuple[Period, ...], list[Series]]:
    """The share of assessed points of each district, or of some, in the last periods of a kind. Raises Forbidden."""
    check_compare(actor)
    periods = last_periods(kind, day, count)
    named: Collection[Silent | Spot] | None = districts
    if named is None:
        named = named_districts(session, campaign, newest_of(walk_received(session), campaign))
    tenants = [one.tenant_id for one in named]
    sent = _shares(session, campaign, periods, tenants if len(tenants) <= FEW else ())
    series = []
    for one in sorted(named, key=lambda one: (one.slug, one.name, one.tenant_id)):
        own = [sent.get((one.tenant_id, period.start)) for period in periods]
        values = tuple(found[0] if found else None for found in own)
        editions = tuple(found[1] if found else None for found in own)
        series.append(Series(one.tenant_id, one.slug, one.name, values, editions))
    return periods, series


def _shares(
    session: ScopedSession, campaign: str, periods: Sequence[Period], districts: Collection[int]
) -> dict[tuple[int, date], tuple[Decimal | None, tuple[str, str]]]:
    """Each district's share and edition in some periods of one kind, corrections applied (one query)."""
    one = Publication
    columns = (one.tenant_id, one.period_start, one.earned, one.assessed, one.vetoes.contains([NEGATIVE]))
    query = (
        select(*columns, one.edition, one.edition_sha256)
        .ext(distinct_on(one.period_start, one.tenant_id))
        .where(
            one.reader_id == session.tenant_id,
            one.tenant_id != session.tenant_id,
            one.campaign == campaign,
            one.period_kind == periods[0].kind,
            one.period_start.in_([period.start for period in periods]),
        )
        .order_by(one.period_start, one.tenant_id, one.sequence.desc())
    )
    if districts:
        query = query.where(one.tenant_id.in_(districts))
    return {
        (tenant, start): (as_percent(hundredths(earned, of)) if of and not barred else None, (edition, sha256))
        for tenant, start, earned, of, barred, edition, sha256 in session.execute(query)
    }
