"""Sites on the pages (点位): the list with its CSV, and adding or changing one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, func, select
from werkzeug.datastructures import MultiDict

from core import request as asked
from core.errors import N_
from core.figures.site_outlines import kept_outlines
from core.request import actor, db, require_any, tenant, today
from core.web.as_of import read_as_of
from core.web.exports import stream_csv
from core.web.headers import POLICY
from core.web.marks.card_beside import cards_beside
from core.web.organisation.area_choice import read_area
from core.web.paging import bad_argument, read_id
from core.web.places.grid_choice import grid_options
from core.web.places.site_grids import grid_form
from core.web.places.site_people import read_people
from core.web.places.site_reading import read_card
from core.web.places.site_words import SITE_STATES, say_metres, say_points, say_types, type_options, unit_options
from core.web.words import by_locale, listed
from core.work.desk.findings import Filter as Findings
from core.work.desk.findings import counting_query
from core.work.loop.sight import sees_visit
from core.work.loop.transitions import NOT_CLOSED, STATES
from core.work.organisation.areas import sites_in_area
from core.work.organisation.grids import sites_in_grid
from core.work.places import site_lists
from core.work.places.datum import shown_in
from core.work.places.nearby import Point
from core.work.places.reaching import may_at
from core.work.places.site_attrs import ATTRS
from core.work.places.site_search import MATCH, NEAR, RANKED, read_point
from core.work.places.site_settings import MapSettings, read_settings
from core.work.places.zones import known_zones
from core.work.proofs.sweep_reading import open_at_site
from core.work.roles import KEEP_SITES, SEE, VISIT
from core.work.tables import Finding, Site, Visit
from tenants.access import Actor, may
from tenants.scope import ScopedSession

blueprint = Blueprint("sites", __name__, url_prefix="/t/<slug>/sites")
blueprint.before_request(asked.enter)

ANY = "any"
LIST, MAP = "list", "map"


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

    @property
    def is_map(self) -> bool:
        """Whether the map stands beside the list."""
        return self.view == MAP

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        places = (self.unit_id, self.area_id, self.grid_id, self.as_of)
        return bool(self.text or self.site_type or self.zone or any(places) or self.state != "active")

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
    *texts, zone = [said.get(name, "").replace("\x00", "").strip()[:60] for name in ("q", "type", "zone")]
    grid = said.get("grid", "")
    places = (read_area(said), read_id(grid, "grid") if grid else None)
    near = read_point(said.get("near", ""))
    view = said.get("view") or LIST
    if view not in (LIST, MAP):
        raise bad_argument("view", view)
    sort = said.get("sort") or (MATCH if texts[0] else NEAR if near else "name")
    unit_id = read_id(unit, "unit") if unit else None
    return Filter(*texts, unit_id, state, sort, *places, zone, read_as_of(), near, view)


def chosen_sites(session: ScopedSession, who: Actor, wanted: Filter, on: date) -> Select[Site]:
    """The sites of a filter as they stand today, in no order, for a map."""
    return site_lists.sites_query(
        session,
        who,
        today=on,
        types=[wanted.site_type] if wanted.site_type else [],
        unit_id=wanted.unit_id,
        text=wanted.text,
        state=None if wanted.state == ANY else wanted.state,
        also=wanted.places(session.tenant_id, on),
    )


def read_page(
    session: ScopedSession, who: Actor, wanted: Filter, cursor: str | None, on: date, size: int
) -> site_lists.SitePage:
    """One page of the sites within reach. Raises InvalidInput."""
    return site_lists.list_sites(
        session,
        who,
        today=on,
        types=[wanted.site_type] if wanted.site_type else [],
        unit_id=wanted.unit_id,
        text=wanted.text,
        state=None if wanted.state == ANY else wanted.state,
        also=wanted.places(session.tenant_id, wanted.as_of or on),
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


@blueprint.get("")
@require_any(SEE, VISIT)
def show_list() -> Response:
    """The sites within reach, by type, unit, state and text; as a list, or beside a map."""
    wanted, session = read_filter(), db()
    page = read_page(session, actor(), wanted, request.args.get("cursor") or None, today(), 50)
    tiles = read_settings(session, MapSettings, tenant().id)[0] if wanted.is_map else MapSettings()
    answer = make_response(_list_page(wanted, page, tiles))
    if tiles.origin:  # this page alone may fetch pictures there
        answer.headers["Content-Security-Policy"] = POLICY.replace("img-src 'self'", f"img-src 'self' {tiles.origin}")
    return answer


def _list_page(wanted: Filter, page: site_lists.SitePage, tiles: MapSettings) -> str:
    session = db()
    here = [round(one, 6) for one in shown_in(tiles.datum, *map(float, wanted.near))] if wanted.near else None
    return render_template(
        "sites/list.html",
        page=page,
        wanted=wanted,
        standings=standings(session, actor(), [row.id for row in page.rows], today(), asked.now(), wanted.as_of),
        keeps=actor().has(KEEP_SITES) and not wanted.as_of and grid_form(),
        types=type_options(),
        units=unit_options(session, actor(), today()),
        grids=grid_options(session, wanted.as_of or today()),
        zones=[(one, one) for one in known_zones(session)],
        states=SITE_STATES,
        say_types=say_types,
        say_metres=say_metres,
        tiles=tiles,
        here=here,
        outlines=kept_outlines(session) if wanted.is_map else None,
    )


@blueprint.get("/export.csv")
@require_any(SEE, VISIT)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, on, moment = read_filter(), actor(), today(), asked.now()
    if wanted.sort in RANKED:  # a whole list is read by name
        wanted = replace(wanted, sort="name")
    states = {key: gettext(text) for key, (text, _) in SITE_STATES.items()}

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        cursor: str | None = None
        while True:
            page = read_page(session, who, wanted, cursor, on, site_lists.MOST)
            near = standings(session, who, [row.id for row in page.rows], on, moment, wanted.as_of)
            for row in page.rows:
                last = near[row.id].last_visit
                place = (row.longitude, row.latitude) if row.longitude is not None else ("", "")
                yield (
                    *(row.code, row.name, say_types(row.types), row.unit_name, row.operator_name, row.address),
                    *(states[row.state], last.isoformat() if last else "", near[row.id].open_findings, *place),
                    *(row.zone, row.attrs.get("length_m", "")),
                )
            cursor = page.cursor
            if cursor is None:
                return

    head = (N_("编号"), N_("名称"), N_("点位类型"), N_("所在单位"), N_("主办（经营）单位"), N_("地址"), N_("状态"))
    tail = (N_("上次检查"), N_("未办结问题"), N_("经度"), N_("纬度"), N_("区域"), N_("长度（米）"))
    return stream_csv(f"sites-{(wanted.as_of or on).isoformat()}.csv", [gettext(text) for text in head + tail], rows)


@blueprint.get("/<uuid:site_id>")
@require_any(SEE, VISIT)
def show(site_id: UUID) -> str:
    """A site's card: types, owner, last visits by form, open findings, history."""
    session, who = db(), actor()
    as_of = read_as_of()
    card = read_card(session, who, site_id, asked.now(), today(), as_of)
    is_active = card.row.state == "active" and as_of is None
    return render_template(
        "sites/one.html",
        card=card,
        row=card.row,
        attrs=[
            (by_locale(a.title_zh, a.title_en), card.row.attrs[a.code])
            for a in ATTRS.values()
            if a.code in card.row.attrs
        ],
        can_visit=is_active and card.has_forms and may_at(session, who, VISIT, card.row, today()),
        can_keep=as_of is None and may(session, who, KEEP_SITES, card.row.unit_id, today()),
        as_of=as_of,
        cards_here=cards_beside(session, who, [site_id], as_of or today()),
        people=read_people(session, card.row, as_of or today()),
        listed=listed,
        sweeps_here=[] if as_of else open_at_site(session, who, site_id, asked.now()),
        states=SITE_STATES,
        finding_states=STATES,
        say_types=say_types,
        say_points=say_points,
    )
