"""Sites on the pages (点位): the list with its CSV, and adding or changing one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext

from core import request as asked
from core.errors import N_
from core.figures.site_attainment.states import STATES as ATTAINED_STATES
from core.figures.site_outlines import kept_outlines
from core.request import actor, db, require_any, tenant, today
from core.web.as_of import read_as_of
from core.web.exports import stream_csv
from core.web.headers import POLICY
from core.web.marks.card_beside import cards_beside
from core.web.places.grid_choice import grid_options
from core.web.places.site_attained import read_legend, read_standing, with_campaign
from core.web.places.site_filter import Filter, attained_only, read_filter, read_page, standings
from core.web.places.site_grids import grid_form
from core.web.places.site_people import read_people
from core.web.places.site_reading import read_card
from core.web.places.site_words import (
    SITE_STATES,
    campaign_titles,
    say_metres,
    say_points,
    say_types,
    type_options,
    unit_options,
)
from core.web.projects.beside import projects_at_site
from core.web.words import by_locale, listed
from core.work.loop.transitions import STATES
from core.work.places import site_lists
from core.work.places.datum import shown_in
from core.work.places.reaching import may_at
from core.work.places.site_attrs import ATTRS
from core.work.places.site_search import RANKED
from core.work.places.site_settings import MapSettings, read_settings
from core.work.places.zones import known_zones
from core.work.proofs.sweep_reading import open_at_site
from core.work.roles import KEEP_SITES, SEE, VISIT
from tenants.access import may
from tenants.scope import ScopedSession

blueprint = Blueprint("sites", __name__, url_prefix="/t/<slug>/sites")
blueprint.before_request(asked.enter)


@blueprint.get("")
@require_any(SEE, VISIT)
def show_list() -> Response:
    """The sites within reach, by type, unit, state and text; as a list, or beside a map."""
    wanted, session = read_filter(), db()
    if wanted.is_coloured:
        wanted = with_campaign(wanted, campaign_titles(session))
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
        titles=campaign_titles(session),
        attained_states=ATTAINED_STATES,
        standing_of=lambda ids: {site: dict(of) for site, of in read_standing(session, ids, today()).items()},
        legend=read_legend(session, actor(), wanted, today()) if wanted.is_coloured else [],
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
        narrowed, titles = attained_only(session, who, wanted, on), campaign_titles(session)
        while True:
            page = read_page(session, who, wanted, cursor, on, site_lists.MOST, also=narrowed)
            stands = read_standing(session, [row.id for row in page.rows], on, wanted.as_of)
            near = standings(session, who, [row.id for row in page.rows], on, moment, wanted.as_of)
            for row in page.rows:
                last = near[row.id].last_visit
                place = (row.longitude, row.latitude) if row.longitude is not None else ("", "")
                yield (
                    *(row.code, row.name, say_types(row.types), row.unit_name, row.operator_name, row.address),
                    *(states[row.state], last.isoformat() if last else "", near[row.id].open_findings, *place),
                    *(row.zone, row.attrs.get("length_m", "")),
                    listed(
                        [
                            f"{titles.get(key, key)} {gettext(ATTAINED_STATES[state][0])}"
                            for key, state in stands.get(row.id, ())
                        ]
                    ),
                )
            cursor = page.cursor
            if cursor is None:
                return

    head = (N_("编号"), N_("名称"), N_("点位类型"), N_("所在单位"), N_("主办（经营）单位"), N_("地址"), N_("状态"))
    tail = (N_("上次检查"), N_("未办结问题"), N_("经度"), N_("纬度"), N_("区域"), N_("长度（米）"), N_("达标状态"))
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
        projects_here=projects_at_site(site_id),
        sweeps_here=[] if as_of else open_at_site(session, who, site_id, asked.now()),
        states=SITE_STATES,
        finding_states=STATES,
        say_types=say_types,
        say_points=say_points,
    )
