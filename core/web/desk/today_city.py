"""The city bureau's day (市级今日): which districts have published the last period, and what came in latest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select

from core.figures.comparison import Place, known_districts, latest_received, received_periods
from core.figures.model import percent
from core.figures.periods import Period, containing
from core.figures.shelf import period_of
from core.figures.tables import Publication
from tenants.access import Actor
from tenants.scope import ScopedSession

LATEST = 8


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
    """Districts by name and sender, campaigns as columns; a cell without a publication has not come yet, one outside ``due`` is not granted."""

    districts: Sequence[tuple[str, int]]
    columns: Sequence[Column]
    due: frozenset[Place]
    cells: Mapping[Place, Received]
    latest: Sequence[Received]


def read_city(session: ScopedSession, actor: Actor, now: datetime, on: date) -> CityPage:
    """What the city holds, read from publications addressed to it alone."""
    known = known_districts(session, None)
    columns: list[Column] = []
    cells: dict[Place, Received] = {}
    for key in dict.fromkeys(campaign for campaign, _ in known):
        own = [row for row in known.values() if row.campaign == key]
        kinds = [period.kind for period in received_periods(session, actor, key)]
        period = containing(kinds[0] if kinds else "month", on).previous
        found = latest_received(session, key, period)
        cells |= {place: Received(one, period) for place, one in found.items()}
        missing = tuple(row.district_name for row in own if (key, row.tenant_id) not in found)
        columns.append(Column(key, own[0].title_zh, own[0].title_en, period, len(found), len(own), missing))
    names = {row.tenant_id: row for row in known.values()}
    districts = sorted((row.district_slug, row.district_name, sender) for sender, row in names.items())
    return CityPage(
        [(name, sender) for _, name, sender in districts], columns, frozenset(known), cells, _latest(session, now)
    )


def _latest(session: ScopedSession, now: datetime) -> list[Received]:
    city = session.tenant_id
    query = (
        select(Publication)
        .where(Publication.reader_id == city, Publication.tenant_id != city, Publication.published_at <= now)
        .order_by(Publication.published_at.desc(), Publication.id.desc())
        .limit(LATEST)
    )
    return [Received(one, period_of(one)) for one in session.scalars(query)]
