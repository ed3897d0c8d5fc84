"""Sites on the pages (点位): the list with its CSV, and adding or changing one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy import func, select

from core import request as asked
from core.errors import N_
from core.request import actor, db, require_any, today
from core.web.exports import stream_csv
from core.web.paging import bad_argument, read_id
from core.web.places.site_reading import read_card
from core.web.places.site_words import SITE_STATES, say_points, say_types, type_options, unit_options
from core.web.words import by_locale
from core.work.loop.sight import sees_finding, sees_visit
from core.work.loop.transitions import NOT_CLOSED, STATES
from core.work.places import site_lists
from core.work.places.site_attrs import ATTRS
from core.work.proofs.sweep_reading import open_at_site
from core.work.roles import KEEP_SITES, SEE, VISIT
from core.work.tables import Finding, Visit
from tenants.access import Actor, may
from tenants.scope import ScopedSession

blueprint = Blueprint("sites", __name__, url_prefix="/t/<slug>/sites")
blueprint.before_request(asked.enter)

ANY = "any"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page's address asks for."""

    text: str
    site_type: str
    unit_id: UUID | None
    state: str
    sort: str

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.text or self.site_type or self.unit_id or self.state != "active")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a site of the list stands (点位近况): the day of its last visit, its open findings."""

    last_visit: date | None = None
    open_findings: int = 0


def read_filter() -> Filter:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    unit, state = said.get("unit", ""), said.get("state", "active")
    if state not in (*SITE_STATES, ANY):
        raise bad_argument("state", state)
    texts = [said.get(name, "").replace("\x00", "").strip()[:60] for name in ("q", "type")]
    return Filter(*texts, read_id(unit, "unit") if unit else None, state, said.get("sort") or "name")


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
        cursor=cursor,
        page_size=size,
        sort=wanted.sort,
    )


def standings(session: ScopedSession, who: Actor, ids: Sequence[UUID], on: date) -> Mapping[UUID, Standing]:
    """The last visit and the open findings of some sites, within reach."""
    tenant = who.tenant.id
    visited = (
        select(Visit.site_id, func.max(Visit.day))
        .where(Visit.tenant_id == tenant, Visit.site_id.in_(ids), Visit.replaced_at.is_(None), sees_visit(who, on))
        .group_by(Visit.site_id)
    )
    waiting = (
        select(Finding.site_id, func.count())
        .where(
            Finding.tenant_id == tenant,
            Finding.site_id.in_(ids),
            Finding.state.in_(NOT_CLOSED),
            sees_finding(who, on),
        )
        .group_by(Finding.site_id)
    )
    days: dict[UUID, date] = dict(session.execute(visited).all())
    counts: dict[UUID, int] = dict(session.execute(waiting).all())
    return {one: Standing(days.get(one), counts.get(one, 0)) for one in ids}


@blueprint.get("")
@require_any(SEE, VISIT)
def show_list() -> str:
    """The sites within reach, by type, unit, state and text."""
    wanted, session = read_filter(), db()
    page = read_page(session, actor(), wanted, request.args.get("cursor") or None, today(), 50)
    return render_template(
        "sites/list.html",
        page=page,
        wanted=wanted,
        standings=standings(session, actor(), [row.id for row in page.rows], today()),
        types=type_options(),
        units=unit_options(session, actor(), today()),
        states=SITE_STATES,
        say_types=say_types,
    )


@blueprint.get("/export.csv")
@require_any(SEE, VISIT)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, on = read_filter(), actor(), today()
    states = {key: gettext(text) for key, (text, _) in SITE_STATES.items()}

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        cursor: str | None = None
        while True:
            page = read_page(session, who, wanted, cursor, on, site_lists.MOST)
            near = standings(session, who, [row.id for row in page.rows], on)
            for row in page.rows:
                last = near[row.id].last_visit
                place = (row.longitude, row.latitude) if row.longitude is not None else ("", "")
                yield (
                    *(row.code, row.name, say_types(row.types), row.unit_name, row.operator_name, row.address),
                    *(states[row.state], last.isoformat() if last else "", near[row.id].open_findings, *place),
                    row.attrs.get("length_m", ""),
                )
            cursor = page.cursor
            if cursor is None:
                return

    head = (N_("编号"), N_("名称"), N_("点位类型"), N_("所在单位"), N_("主办（经营）单位"), N_("地址"), N_("状态"))
    tail = (N_("上次检查"), N_("未办结问题"), N_("经度"), N_("纬度"), N_("长度（米）"))
    return stream_csv(f"sites-{on.isoformat()}.csv", [gettext(text) for text in head + tail], rows)


@blueprint.get("/<uuid:site_id>")
@require_any(SEE, VISIT)
def show(site_id: UUID) -> str:
    """A site's card: types, owner, last visits by form, open findings, history."""
    session, who = db(), actor()
    card = read_card(session, who, site_id, asked.now(), today())
    is_active = card.row.state == "active"
    return render_template(
        "sites/one.html",
        card=card,
        row=card.row,
        attrs=[
            (by_locale(a.title_zh, a.title_en), card.row.attrs[a.code])
            for a in ATTRS.values()
            if a.code in card.row.attrs
        ],
        can_visit=is_active and card.has_forms and may(session, who, VISIT, card.row.unit_id, today()),
        can_keep=may(session, who, KEEP_SITES, card.row.unit_id, today()),
        sweeps_here=open_at_site(session, who, site_id, asked.now()),
        states=SITE_STATES,
        finding_states=STATES,
        say_types=say_types,
        say_points=say_points,
    )
