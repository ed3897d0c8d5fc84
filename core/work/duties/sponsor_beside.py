"""Sponsors beside the rows of a list of findings (清单旁的包保人): each row's as of the day when it was found, few words each.

A page of findings asks once for all its rows, in one statement; what a sponsor did stands on the finding's own page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    CompoundSelect,
    Date,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
)

from core.work.calendar import local_day
from core.work.desk.findings import FindingRow
from core.work.duties.sponsor_fields import categories_of
from core.work.duties.sponsor_kinds import ORDER
from core.work.duties.sponsor_places import GRID, SITE, SITE_AREA
from core.work.tables import AreaMember, CategorySet, Site, SiteGrid, Sponsorship
from tenants.models import Person, Unit, UnitPath
from tenants.scope import ScopedSession

Span = tuple[date, date | None]
Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class NearSponsor:
    """A sponsor as a list names him (包保人): the person, else the unit, and as what."""

    id: UUID
    kind: str
    name: str
    title: str
    field: str


@dataclass(frozen=True, slots=True)
class _Link:
    """A sponsorship of a place of the page, with the days on which it and the way to it hold."""

    sponsor: NearSponsor
    campaign: str | None
    distance: int
    spans: tuple[Span, ...]

    def holds(self, day: date) -> bool:
        return all(start <= day and (end is None or day < end) for start, end in self.spans)

    @property
    def order(self) -> tuple[int, int, str, UUID]:
        one = self.sponsor
        return self.distance, ORDER.get(one.kind, len(ORDER)), one.field, one.id


def sponsors_beside_findings(session: ScopedSession, rows: Sequence[FindingRow]) -> dict[UUID, tuple[NearSponsor, ...]]:
    """The sponsors of each finding's place on the day when it was found, nearest first (包保人).

    Who is limited to another campaign or whose field is another is left out, and so is who stands there twice. One query,
    and one more where anything is sponsored at all.
    """
    known, sets = session.execute(_known(), {"tenant": session.tenant_id}).one() if rows else (False, None)
    if not known:
        return dict.fromkeys((row.id for row in rows), ())
    links = _read(session, {row.unit_id for row in rows}, {row.site_id for row in rows if row.site_id})
    fields = {link.sponsor.field for found in links.values() for link in found}
    meant = categories_of(session, fields, sets=sets or ())
    return {row.id: _of_row(row, links, meant) for row in rows}


@cache
def _known() -> Rows:
    """Whether the tenant knows any sponsor, and its own groups of categories (built once).

    The large statement takes longer to plan than this one to answer.
    """
    tenant: BindParameter[int] = bindparam("tenant")
    groups = select(func.jsonb_agg(CategorySet.body)).where(
        CategorySet.tenant_id == tenant, CategorySet.state == "active"
    )
    return select(exists().where(Sponsorship.tenant_id == tenant), groups.scalar_subquery())


def _of_row(
    row: FindingRow, links: dict[UUID, list[_Link]], meant: dict[str, frozenset[str] | None]
) -> tuple[NearSponsor, ...]:
    day = local_day(row.opened_at)
    near = [*links.get(row.unit_id, ()), *(links.get(row.site_id, ()) if row.site_id else ())]
    standing = [
        link
        for link in near
        if link.holds(day)
        and (link.campaign is None or link.campaign in row.campaigns)
        and _fits(meant[link.sponsor.field], row.category)
    ]
    return tuple(_once(link.sponsor for link in sorted(standing, key=lambda link: link.order)))


def _fits(categories: frozenset[str] | None, category: str) -> bool:
    return categories is None or category in categories


def _once(sponsors: Iterable[NearSponsor]) -> Iterable[NearSponsor]:
    """Each sponsorship once, by the nearest way, and each name once in the same kind."""
    seen: set[tuple[str, str]] = set()
    for one in sponsors:
        if (one.kind, one.name) not in seen:
            seen.add((one.kind, one.name))
            yield one


def _read(session: ScopedSession, units: set[UUID], sites: set[UUID]) -> dict[UUID, list[_Link]]:
    """The sponsorships around some units and sites, by the place of the page (one query)."""
    if not units:
        return {}
    given = {"tenant": session.tenant_id, "units": list(units)} | ({"sites": list(sites)} if sites else {})
    found: dict[UUID, list[_Link]] = {}
    for place, _, distance, since, until, joined, left, row, name in session.execute(_links(bool(sites)), given):
        spans: tuple[Span, ...] = ((row.valid_from, row.valid_to), (since, until))
        if joined is not None:
            spans = (*spans, (joined, left))
        sponsor = NearSponsor(row.id, row.kind, name, row.title, row.field)
        found.setdefault(place, []).append(_Link(sponsor, row.campaign, distance, spans))
    return found


@cache
def _links(with_sites: bool) -> Rows:
    """The statement, built once: building it takes longer than the database needs to answer it."""
    around = _around(with_sites=with_sites).cte("around")
    named = func.coalesce(Person.name, Unit.name, "")
    return (
        select(around, Sponsorship, named)
        .join(Sponsorship, func.coalesce(Sponsorship.object_unit_id, Sponsorship.object_site_id) == around.c.object_id)
        .outerjoin(Person, and_(Person.tenant_id == Sponsorship.tenant_id, Person.id == Sponsorship.person_id))
        .outerjoin(Unit, and_(Unit.tenant_id == Sponsorship.tenant_id, Unit.id == Sponsorship.unit_id))
        .where(Sponsorship.tenant_id == bindparam("tenant"))
    )


def _around(*, with_sites: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """Place, sponsored object, distance, and the days of the one or two links between them."""
    tenant: BindParameter[int] = bindparam("tenant")
    units, sites = (any_(bindparam(name, type_=ARRAY(Uuid))) for name in ("units", "sites"))
    depth, path = UnitPath.depth, (UnitPath.valid_from, UnitPath.valid_to)
    nothing = (cast(null(), Date()).label("joined_on"), cast(null(), Date()).label("left_on"))
    way = (UnitPath.ancestor_id.label("object_id"), (2 * depth).label("distance"))
    above: Rows = select(UnitPath.unit_id.label("place_id"), *way, *path, *nothing)
    by_unit = and_(AreaMember.tenant_id == UnitPath.tenant_id, AreaMember.unit_id == UnitPath.ancestor_id)
    area = (AreaMember.valid_from, AreaMember.valid_to)
    areas: Rows = select(UnitPath.unit_id, AreaMember.area_id, 2 * depth + 1, *path, *area).join(AreaMember, by_unit)
    here = and_(UnitPath.tenant_id == tenant, UnitPath.unit_id == units)
    grids: Rows = select(
        SiteGrid.site_id, SiteGrid.unit_id, literal(GRID), SiteGrid.valid_from, SiteGrid.valid_to, *nothing
    )
    site_areas: Rows = select(AreaMember.site_id, AreaMember.area_id, literal(SITE_AREA), *area, *nothing)
    always = (cast(literal(date.min), Date()), cast(null(), Date()))
    itself: Rows = select(Site.id, Site.id.label("object_id"), literal(SITE), *always, *nothing)
    parts = [above.where(here), areas.where(here)]
    if with_sites:
        parts += [
            grids.where(SiteGrid.tenant_id == tenant, SiteGrid.site_id == sites),
            site_areas.where(AreaMember.tenant_id == tenant, AreaMember.site_id == sites),
            itself.where(Site.tenant_id == tenant, Site.id == sites),
        ]
    return union_all(*parts)
