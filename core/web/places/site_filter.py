"""Which sites a list, a map or a file means (点位筛选): what the address asks for, and the sites that answer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement, Select, func, select
from werkzeug.datastructures import MultiDict

from core.figures.site_attainment.picking import among, check_states, sites_standing
from core.request import house
from core.web.as_of import read_as_of
from core.web.organisation.area_choice import read_area
from core.web.paging import bad_argument, read_id
from core.web.places.site_words import SITE_STATES
from core.work.desk.findings import Filter as Findings
from core.work.desk.findings import counting_query
from core.work.loop.sight import sees_visit
from core.work.loop.transitions import NOT_CLOSED
from core.work.organisation.areas import sites_in_area
from core.work.organisation.grids import sites_in_grid
from core.work.places import site_lists
from core.work.places.nearby import Point
from core.work.places.site_search import MATCH, NEAR, read_point
from core.work.tables import Finding, Site, Visit
from tenants.access import Actor
from tenants.scope import ScopedSession

ANY = "any"
LIST, MAP = "list", "map"
FINDINGS, ATTAINED = "findings", "attained"  # what a map is coloured by


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page's address asks for."""

    text: str
    site_type: str
    unit_id: UUID | None
    state: str
    sort: str
    area_id: UUID | None = None
    grid_id: UUID | None = None
    zone: str = ""
    as_of: date | None = None
    near: Point | None = None
    view: str = LIST
    attained: str = ""
    campaign: str = ""
    colour: str = FINDINGS

    @property
    def is_map(self) -> bool:
        """Whether the map stands beside the list."""
        return self.view == MAP

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        places = (self.unit_id, self.area_id, self.grid_id, self.as_of)
        said = (self.text, self.site_type, self.zone, self.attained, self.campaign and not self.is_coloured)
        return any(said) or any(places) or self.state != "active"

    @property
    def is_coloured(self) -> bool:
        """Whether the map is coloured by attainment, not by findings."""
        return self.is_map and self.colour == ATTAINED

    def places(self, tenant_id: int, on: date) -> list[ColumnElement[bool]]:
        """The area, the grid and the zone as conditions on Site."""
        found = [sites_in_area(tenant_id, self.area_id, on)] if self.area_id else []
        found += [Site.zone == self.zone] if self.zone else []
        return [*found, sites_in_grid(tenant_id, self.grid_id, on)] if self.grid_id else found


@dataclass(frozen=True, slots=True)
class Standing:
    """How a site of the list stands (点位近况): the day of its last visit, its open findings."""

    last_visit: date | None = None
    open_findings: int = 0


def read_filter() -> Filter:
    """The filter of this request. Raises InvalidInput."""
    return filter_from(request.args)


def filter_from(said: MultiDict[str, str]) -> Filter:
    """A filter as an address says it. Raises InvalidInput."""
    unit, state = said.get("unit", ""), said.get("state", "active")
    if state not in (*SITE_STATES, ANY):
        raise bad_argument("state", state)
    names = ("q", "type", "zone", "campaign")
    *texts, zone, campaign = [said.get(name, "").replace("\x00", "").strip()[:60] for name in names]
    grid = said.get("grid", "")
    places = (read_area(said), read_id(grid, "grid") if grid else None)
    near = read_point(said.get("near", ""))
    view, colour = said.get("view") or LIST, said.get("colour") or FINDINGS
    if view not in (LIST, MAP):
        raise bad_argument("view", view)
    if colour not in (FINDINGS, ATTAINED):
        raise bad_argument("colour", colour)
    attained = check_states([said["attained"]])[0] if said.get("attained") else ""
    sort = said.get("sort") or (MATCH if texts[0] else NEAR if near else "name")
    unit_id = read_id(unit, "unit") if unit else None
    return Filter(*texts, unit_id, state, sort, *places, zone, read_as_of(), near, view, attained, campaign, colour)


def attained_only(session: ScopedSession, who: Actor, wanted: Filter, on: date) -> list[ColumnElement[bool]]:
    """The condition on Site that a filter by attainment means: one reading of the rule for the whole list; none without a filter."""
    if not wanted.attained:
        return []
    found = sites_standing(
        session,
        who,
        on,
        states=[wanted.attained],
        campaign=wanted.campaign,
        as_of=wanted.as_of,
        registry=house().registry,
    )
    return [among(found)]


def chosen_sites(
    session: ScopedSession, who: Actor, wanted: Filter, on: date, also: Sequence[ColumnElement[bool]] = ()
) -> Select[Site]:
    """The sites of a filter as they stand today, in no order, for a map; ``also``: more conditions, such as :func:`attained_only`."""
    return site_lists.sites_query(
        session,
        who,
        today=on,
        types=[wanted.site_type] if wanted.site_type else [],
        unit_id=wanted.unit_id,
        text=wanted.text,
        state=None if wanted.state == ANY else wanted.state,
        also=[*wanted.places(session.tenant_id, on), *also],
    )


def read_page(
    session: ScopedSession,
    who: Actor,
    wanted: Filter,
    cursor: str | None,
    on: date,
    size: int,
    *,
    also: Sequence[ColumnElement[bool]] | None = None,
) -> site_lists.SitePage:
    """One page of the sites within reach; ``also`` is what :func:`attained_only` gave, where many pages are read. Raises InvalidInput."""
    narrowed = attained_only(session, who, wanted, on) if also is None else also
    return site_lists.list_sites(
        session,
        who,
        today=on,
        types=[wanted.site_type] if wanted.site_type else [],
        unit_id=wanted.unit_id,
        text=wanted.text,
        state=None if wanted.state == ANY else wanted.state,
        also=[*wanted.places(session.tenant_id, wanted.as_of or on), *narrowed],
        as_of=wanted.as_of,
        cursor=cursor,
        page_size=size,
        sort=wanted.sort,
        near=wanted.near,
    )


def standings(
    session: ScopedSession, who: Actor, ids: Sequence[UUID], on: date, moment: datetime, as_of: date | None = None
) -> Mapping[UUID, Standing]:
    """The last visit and the open findings of some sites, within reach; both as of a day if one is given."""
    own = who.tenant.id
    visited = (
        select(Visit.site_id, func.max(Visit.day))
        .where(Visit.tenant_id == own, Visit.site_id.in_(ids), Visit.replaced_at.is_(None), sees_visit(who, on))
        .group_by(Visit.site_id)
    )
    if as_of is not None:
        visited = visited.where(Visit.day <= as_of)
    open_ones = Findings(states=NOT_CLOSED, as_of=as_of, extra=(Finding.site_id.in_(ids),))
    waiting = counting_query(who, open_ones, moment, Finding.site_id, func.count()).group_by(Finding.site_id)
    days: dict[UUID, date] = dict(session.execute(visited).all())
    counts: dict[UUID, int] = dict(session.execute(waiting).all())
    return {one: Standing(days.get(one), counts.get(one, 0)) for one in ids}
