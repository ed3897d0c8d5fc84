"""Posts on the pages (岗位): who sits where on a day, what is empty or shared, and appointing somebody who is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput, NotFound
from core.request import actor, db, require, tenant, today
from core.web.as_of import read_on
from core.web.duties.people import campaign_options, unit_options
from core.web.duties.person_choice import person_options
from core.web.errors import fault_map, say
from core.web.exports import stream_csv
from core.web.form_fields import day_of, id_of
from core.web.organisation.area_choice import read_area, units_of
from core.web.paging import PAGE, Page, bad_argument, cut, read_cursor, read_id
from core.web.words import listed, roles_of, say_role
from core.work.dated import valid_on
from core.work.duties.coverage_posts import PostFace
from core.work.duties.holdings import KINDS, appoint
from core.work.duties.post_lists import STATES, PostRow, find_face, list_posts, seats_of
from core.work.roles import ADMINISTER, ROLES
from core.work.tables import Site, SitePost
from tenants.access import Actor, may
from tenants.scope import ScopedSession

blueprint = Blueprint("posts", __name__, url_prefix="/t/<slug>/posts")
blueprint.before_request(asked.enter)

STATE_WORDS = dict(
    zip(STATES, ((N_("一人任职"), "active"), (N_("空缺"), "soon"), (N_("多人任职"), "active")), strict=True)
)
SITES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """What the page's address asks for."""

    unit_id: UUID | None
    role: str
    state: str
    text: str
    on: date | None
    area_id: UUID | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.unit_id or self.role or self.state or self.text or self.on or self.area_id)


def read_filter() -> Filter:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    role, state, unit = said.get("role", ""), said.get("state", ""), said.get("unit", "")
    if role and role not in ROLES:
        raise bad_argument("role", role)
    if state and state not in STATES:
        raise bad_argument("state", state)
    unit_id = read_id(unit, "unit") if unit else None
    text = said.get("q", "").strip()[:40].replace("\x00", "")
    return Filter(unit_id, role, state, text, read_on(), read_area())


def read_posts(session: ScopedSession, who: Actor, wanted: Filter, on: date) -> list[PostRow]:
    """The posts that a filter asks for."""
    more = {"unit_id": wanted.unit_id, "role": wanted.role, "state": wanted.state, "text": wanted.text}
    inside = units_of(session, wanted.area_id, on)
    rows = list_posts(session, who, on=on, **more)
    return [row for row in rows if inside is None or row.face.unit_id in inside]


def page_of(rows: Sequence[PostRow], size: int = PAGE) -> Page[PostRow]:
    """The page after the post that the cursor names."""
    cursor, at = read_cursor(1), 0
    if cursor:
        after = read_id(cursor[0], "cursor")
        at = next((n + 1 for n, row in enumerate(rows) if row.face.id == after), 0)
    return cut(rows[at : at + size + 1], lambda row: (row.face.id,), size)


@blueprint.get("")
@require(ADMINISTER)
def show() -> str:
    """The posts with who sits on them on a day; empty ones marked."""
    wanted, session = read_filter(), db()
    rows = read_posts(session, actor(), wanted, wanted.on or today())
    return render_template(
        "posts/list.html",
        page=page_of(rows),
        total=len(rows),
        empty=sum(row.state == "empty" for row in rows),
        wanted=wanted,
        states=[(code, gettext(word)) for code, (word, _) in STATE_WORDS.items()],
        state_words=STATE_WORDS,
        units=unit_options(session, actor(), wanted.on or today()),
        roles=[(r.code, gettext(r.title_zh)) for r in roles_of(tenant().kind)],
        campaigns=dict(campaign_options(session)),
        say_role=say_role,
        listed=listed,
    )


@blueprint.get("/export.csv")
@require(ADMINISTER)
def export() -> Response:
    """The same list as CSV."""
    wanted, who = read_filter(), actor()
    on = wanted.on or today()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        campaigns = dict(campaign_options(session))
        for row in read_posts(session, who, wanted, on):
            face = row.face
            place = (face.unit_name, face.title, say_role(face.role), campaigns.get(face.campaign or "", face.campaign))
            seats = (listed(face.holders), listed(face.deputies), face.until.isoformat() if face.until else "")
            yield *place, *seats, row.sites, gettext(STATE_WORDS[row.state][0])

    head = (N_("单位"), N_("岗位名称"), N_("角色"), N_("创建项目"), N_("任职人"), N_("代理人"), N_("任职至"))
    head += (N_("指定点位数"), N_("状态"))
    return stream_csv(f"posts-{on.isoformat()}.csv", [gettext(text) for text in head], rows)


def _find(post_id: UUID, on: date) -> PostFace:
    """A post at a unit that the actor administers. Raises NotFound for all others."""
    face = find_face(db(), post_id, on)
    if not may(db(), actor(), ADMINISTER, face.unit_id, today()):
        raise NotFound
    return face


def _page(
    post_id: UUID,
    status: int = 200,
    values: Mapping[str, str] | None = None,
    error: Mapping[str, str] | None = None,
) -> tuple[str, int]:
    session, face = db(), _find(post_id, today())
    sites = (
        select(Site.id, Site.name, SitePost.campaign)
        .join(SitePost, (SitePost.tenant_id == Site.tenant_id) & (SitePost.site_id == Site.id))
        .where(SitePost.post_id == post_id, valid_on(SitePost, today()))
        .order_by(Site.pinyin, Site.id)
    )
    page = render_template(
        "posts/one.html",
        face=face,
        seats=seats_of(session, post_id),
        kinds=KINDS,
        sites=session.execute(sites.limit(SITES_SHOWN + 1)).all(),
        shown=SITES_SHOWN,
        people=person_options(session, actor(), today(), everybody=True),
        campaigns=dict(campaign_options(session)),
        say_role=say_role,
        today=today(),
        values=values or {},
        errors=error or {},
    )
    return page, status


@blueprint.get("/<uuid:post_id>")
@require(ADMINISTER)
def show_one(post_id: UUID) -> tuple[str, int]:
    """One post: everybody who held it, holds it and will, and the sites it answers for."""
    return _page(post_id)


@blueprint.post("/<uuid:post_id>/holders")
@require(ADMINISTER)
def give(post_id: UUID) -> AnyResponse | tuple[str, int]:
    """Appoint somebody who is known to this post."""
    form = request.form
    _find(post_id, today())
    try:
        person = id_of(form, "person")
        if person is None:
            return _page(post_id, 422, form, {"person": gettext("请选择人员")})
        term = {"valid_from": day_of(form, "valid_from"), "until": day_of(form, "until")}
        held = appoint(db(), actor(), person, post_id, today=today(), kind=form.get("kind") or None, **term)
    except (InvalidInput, Conflict) as error:
        return _page(post_id, error.status, form, fault_map(error) or {"person": say(error)})
    flash(gettext("已任职，自 %(day)s 起生效", day=held.valid_from.isoformat()))
    return redirect(url_for("posts.show_one", post_id=post_id), 303)
