"""The city bureau's day (市级今日): which districts have published the last period, and what came in latest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select

from core.figures.comparison import ComparisonRow, Place, known_districts, latest_received, received_periods
from core.figures.model import percent
from core.figures.periods import Period, containing
from core.figures.received import last_sent
from core.figures.shelf import period_of
from core.figures.tables import Publication
from tenants.access import Actor
from tenants.scope import ScopedSession

LATEST = 8
MANY = 60


@dataclass(frozen=True, slots=True)
class Column:
    """One campaign with its last closed period (项目和周期); ``came`` of ``of`` districts have published it, ``missing`` have not."""

    key: str
    title_zh: str
    title_en: str
    period: Period
    came: int
    of: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """A publication as the list shows it (收到的发布件)."""

    publication: Publication
    period: Period

    @property
    def percent(self) -> Decimal | None:
        """Earned of assessed points in percent."""
        return percent(self.publication.earned, self.publication.assessed)


@dataclass(frozen=True, slots=True)
class CityPage:
    """Districts by name and sender, campaigns as columns; a cell without a publication has not come yet, one outside ``due`` is not granted.

    ``known`` counts all districts; of more than MANY only so many are shown, those first that have not published.
    """

    districts: Sequence[tuple[str, int]]
    columns: Sequence[Column]
    due: frozenset[Place]
    cells: Mapping[Place, Received]
    latest: Sequence[Received]
    known: int


def read_city(session: ScopedSession, actor: Actor, now: datetime, on: date) -> CityPage:
    """What the bureau holds, read from publications addressed to it alone."""
    known = known_districts(session, None)
    columns: list[Column] = []
    silent: set[int] = set()
    for key in dict.fromkeys(campaign for campaign, _ in known):
        column, missing = _column(session, actor, key, [row for row in known.values() if row.campaign == key], on)
        columns.append(column)
        silent |= missing
    names = {row.tenant_id: row for row in known.values()}
    many = len(names) > MANY
    districts = sorted((many and sender not in silent, row.district_slug, sender) for sender, row in names.items())
    shown = [(names[sender].district_name, sender) for _, _, sender in districts[:MANY]]
    cells = {
        place: Received(one, column.period)
        for column in columns
        for place, one in latest_received(session, column.key, column.period, [sender for _, sender in shown]).items()
    }
    return CityPage(shown, columns, frozenset(known), cells, _latest(session, now), len(names))


def _column(
    session: ScopedSession, actor: Actor, key: str, own: Sequence[ComparisonRow], on: date
) -> tuple[Column, set[int]]:
    """A campaign's last closed period, and who has not published it."""
    kinds = [period.kind for period in received_periods(session, actor, key)]
    period = containing(kinds[0] if kinds else "month", on).previous
    came = {one.tenant_id for one in last_sent(session, key, period)}
    missing = [row for row in own if row.tenant_id not in came]
    names = tuple(row.district_name for row in missing)
    column = Column(key, own[0].title_zh, own[0].title_en, period, len(own) - len(missing), len(own), names)
    return column, {row.tenant_id for row in missing}


def _latest(session: ScopedSession, now: datetime) -> list[Received]:
    city = session.tenant_id
    query = (
        select(Publication)
        .where(Publication.reader_id == city, Publication.tenant_id != city, Publication.published_at <= now)
        .order_by(Publication.published_at.desc(), Publication.id.desc())
        .limit(LATEST)
    )
    return [Received(one, period_of(one)) for one in session.scalars(query)]
