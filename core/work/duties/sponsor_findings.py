"""The findings of a sponsorship (包保地的问题): those at its places, of its field and campaign, and which of them were settled.

A finding is settled at a sponsor's place when it was closed there within his term: the ledger says so, nobody writes it twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Select, Text, Uuid, and_, column, exists, func, literal, or_, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from core.work.calendar import ZONE
from core.work.dated import ONE_DAY
from core.work.duties.sponsor_fields import categories_of
from core.work.duties.sponsor_places import Territory, territories
from core.work.tables import Finding, FindingCampaign, Sponsorship
from tenants.scope import ScopedSession

Days = tuple[date, date]
Row = tuple[UUID, UUID, datetime, datetime, str]
_COLUMNS: tuple[tuple[str, TypeEngine[Any]], ...] = (
    ("sponsorship_id", Uuid()),
    ("place_id", Uuid()),
    ("start", DateTime(timezone=True)),
    ("after", DateTime(timezone=True)),
    ("campaign", Text()),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sponsorship answers for (包保范围): its places, the categories of its field (None: all), its campaign if limited."""

    territory: Territory
    categories: frozenset[str] | None = None
    campaign: str | None = None

    def has(self, unit_id: UUID, site_id: UUID | None, category: str, campaigns: Collection[str]) -> bool:
        """Whether a finding is one of them."""
        fits = self.categories is None or category in self.categories
        return fits and self.territory.has(unit_id, site_id) and (not self.campaign or self.campaign in campaigns)

    def findings(self, tenant_id: int) -> ColumnElement[bool]:
        """The condition on Finding that it is one of them; restricted ones never are."""
        found = [Finding.restricted.is_(False), self.territory.findings()]
        if self.categories is not None:
            found.append(Finding.category.in_(self.categories))
        return and_(*found, _of_campaign(tenant_id, self.campaign)) if self.campaign else and_(*found)


def _of_campaign(tenant_id: int, campaign: str | ColumnElement[str]) -> ColumnElement[bool]:
    named = exists().where(
        FindingCampaign.tenant_id == tenant_id,
        FindingCampaign.finding_id == Finding.id,
        FindingCampaign.campaign == campaign,
    )
    return named.correlate(Finding)


def claims(session: ScopedSession, rows: Collection[Sponsorship], on: date) -> dict[UUID, Claim]:
    """What each sponsorship answers for on a day (six queries for all of them); a project has no place of its own."""
    known = territories(session, {row.object_unit_id for row in rows if row.object_unit_id}, on)
    meant = categories_of(session, {row.field for row in rows})
    return {row.id: Claim(_ground(row, known), meant[row.field], row.campaign) for row in rows}


def _ground(row: Sponsorship, known: Mapping[UUID, Territory]) -> Territory:
    if row.object_site_id is not None:
        return Territory(sites=frozenset({row.object_site_id}))
    return known.get(row.object_unit_id, Territory()) if row.object_unit_id is not None else Territory()


def term_in(row: Sponsorship, days: Days) -> tuple[datetime, datetime] | None:
    """The moments of a sponsor's term within a first and a last day (Asia/Shanghai), the end not included; None: none."""
    start, end = max(days[0], row.valid_from), days[1] + ONE_DAY
    end = end if row.valid_to is None else min(end, row.valid_to)
    if start >= end:
        return None
    first, after = (datetime.combine(day, time(), ZONE).astimezone(UTC) for day in (start, end))
    return first, after


def count_settled(
    session: ScopedSession, rows: Sequence[Sponsorship], known: Mapping[UUID, Claim], days: Days
) -> dict[UUID, int]:
    """How many findings were settled at each sponsor's places in a period, within his term (one query for all)."""
    units, sites = _places(rows, known, days)
    tenant = session.tenant_id
    parts = [_closed_at(tenant, _table(units, "held_units"), by_site=False)] if units else []
    parts += [_closed_at(tenant, _table(sites, "held_sites"), by_site=True)] if sites else []
    if not parts:
        return {}
    found = union(*parts).subquery()
    counted = select(found.c.sponsorship_id, found.c.category, func.count())
    sums: dict[UUID, int] = {}
    for one, category, count in session.execute(counted.group_by(found.c.sponsorship_id, found.c.category)):
        wanted = known[one].categories
        if wanted is None or category in wanted:
            sums[one] = sums.get(one, 0) + count
    return sums


def _places(rows: Sequence[Sponsorship], known: Mapping[UUID, Claim], days: Days) -> tuple[list[Row], list[Row]]:
    """Each sponsorship with each of its units and sites, and the term within the period."""
    units: list[Row] = []
    sites: list[Row] = []
    for row in rows:
        term = term_in(row, days)
        if term is not None:
            ground = known[row.id].territory
            units += [(row.id, place, *term, row.campaign or "") for place in ground.units]
            sites += [(row.id, place, *term, row.campaign or "") for place in ground.sites]
    return units, sites


def _table(rows: Sequence[Row], name: str) -> TableValuedAlias:
    arrays = (
        literal(list(cells), ARRAY(kind)) for cells, (_, kind) in zip(zip(*rows, strict=True), _COLUMNS, strict=True)
    )
    return func.unnest(*arrays).table_valued(*(column(*one) for one in _COLUMNS)).render_derived(name)


def _closed_at(tenant: int, places: TableValuedAlias, *, by_site: bool) -> Select[UUID, UUID, str]:
    here = places.c.place_id == (Finding.site_id if by_site else Finding.unit_id)
    return (
        select(places.c.sponsorship_id, Finding.id.label("finding_id"), Finding.category.label("category"))
        .join(Finding, here)
        .where(
            Finding.tenant_id == tenant,
            Finding.restricted.is_(False),
            Finding.closed_at >= places.c.start,
            Finding.closed_at < places.c.after,
            or_(places.c.campaign == "", _of_campaign(tenant, places.c.campaign).correlate(Finding, places)),
        )
    )
