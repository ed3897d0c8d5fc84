"""Assigning sites to a post (指定责任岗): the ticked ones or all of a list, previewed, then written in one step."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Conflict, InvalidInput, NotFound
from core.request import actor, db, require_any, today
from core.web import district
from core.web.duties.coverage import WRONG, prove, read_asked
from core.web.errors import fault_map, say
from core.web.form_fields import day_of, id_of
from core.web.paging import read_id
from core.web.places.site_words import campaign_titles
from core.web.words import listed, say_role
from core.work.duties.coverage_posts import load_posts
from core.work.duties.site_posts import Assignment, assign_sites, preview_assignment, release_site
from core.work.roles import ADMINISTER, DIRECT, SEE
from core.work.tables import Site
from tenants.access import reach
from tenants.scope import ScopedSession

blueprint = Blueprint("coverage_assign", __name__, url_prefix="/t/<slug>/coverage/assign")
blueprint.before_request(district.enter)

SHOWN = 50
FILTER = ("unit", "area", "state", "campaign", "q")


def _ids(said: MultiDict[str, str]) -> list[UUID]:
    """The sites meant: those that are ticked, or all of the list that the address filters (``all``)."""
    if said.get("all") != "1":
        return list(dict.fromkeys(read_id(one, "site") for one in said.getlist("site")))
    found = read_asked({name.removeprefix("f_"): value for name, value in said.items() if name.startswith("f_")})
    proof = prove(db(), actor(), found, today())
    return list(dict.fromkeys(place.id for place, _, _ in proof.rows(found.states, found.campaign)))


def _seal(ids: Sequence[UUID]) -> str:
    """What tells whether a list is still the one that was seen."""
    return hashlib.sha256(b"".join(one.bytes for one in sorted(ids))).hexdigest()[:32]


def _names(session: ScopedSession, ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """The first of the sites by name; one out of reach or unknown is told as neither."""
    mine = Site.unit_id.in_(reach(actor(), SEE, today()))
    chosen = select(Site.id, Site.name).where(Site.id.in_(ids), mine).order_by(Site.pinyin, Site.id)
    rows = [(one, name) for one, name in session.execute(chosen)]
    if len(rows) != len(ids):
        raise NotFound
    return rows[:SHOWN]


def _keep(said: MultiDict[str, str], ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """The hidden fields that name the sites again."""
    if said.get("all") == "1":
        return [("all", "1"), *((name, value) for name, value in said.items() if name.startswith("f_"))]
    return [("site", str(one)) for one in ids]


def _page(
    said: MultiDict[str, str], errors: Mapping[str, str], status: int = 200, plan: Assignment | None = None
) -> tuple[str, int]:
    session = db()
    ids = _ids(said)
    posts = load_posts(session, today())
    mine = {u for verb in (ADMINISTER, DIRECT) for u in session.scalars(reach(actor(), verb, today()))}
    titles = campaign_titles(session)
    context: dict[str, Any] = {
        "names": _names(session, ids),
        "count": len(ids),
        "keep": _keep(said, ids),
        "seal": _seal(ids),
        "posts": [
            (str(f.id), f"{f.unit_name} · {f.title} · {listed(f.holders) or gettext('空缺')}")
            for f in posts.faces.values()
            if f.unit_id in mine
        ],
        "campaigns": list(titles.items()),
        "values": said,
        "errors": errors,
        "plan": plan,
        "face": posts.faces.get(plan.post.id) if plan else None,
        "before": {
            one: [f"{posts.faces[p].unit_name} · {posts.faces[p].title}" for p in old] for one, old in plan.replaced
        }
        if plan
        else {},
        "titles": titles,
        "say_role": say_role,
        "wrong": WRONG,
    }
    return render_template("coverage/assign.html", **context), status


@blueprint.get("")
@require_any(ADMINISTER, DIRECT)
def ask() -> tuple[str, int]:
    """The form for the chosen sites: which post, which campaign, from when."""
    said = request.args.copy()
    if said.get("all") == "1" and not any(name.startswith("f_") for name in said):
        said.update({f"f_{name}": said[name] for name in FILTER if said.get(name)})
    if said.get("campaign") and "f_campaign" not in said:
        said["f_campaign"] = said["campaign"]
    return _page(said, {})


@blueprint.post("")
@require_any(ADMINISTER, DIRECT)
def act() -> AnyResponse | tuple[str, int]:
    """See first what would change; the same form with ``confirm`` writes it."""
    said = request.form
    try:
        ids = _ids(said)
        _names(db(), ids)
        post = id_of(said, "post")
        if post is None:
            return _page(said, {"post": gettext("请选择岗位")}, 422)
        term = {"valid_from": day_of(said, "valid_from"), "until": day_of(said, "until")}
        wish = {"campaign": said.get("campaign", ""), "today": today(), **term}
        if said.get("confirm") != "1":
            return _page(said, {}, 200, preview_assignment(db(), actor(), ids, post, **wish))
        if said.get("seen") != _seal(ids):
            plan = preview_assignment(db(), actor(), ids, post, **wish)
            return _page(said, {"site": gettext("清单刚刚变了，请再看一遍")}, 409, plan)
        done = assign_sites(db(), actor(), ids, post, **wish)
    except (InvalidInput, Conflict) as error:
        return _page(said, fault_map(error) or {"post": say(error)}, error.status)
    flash(gettext("已为 %(n)s 个点位指定责任岗：%(title)s", n=done.count, title=done.post.title))
    return redirect(url_for("coverage.show"), 303)


@blueprint.post("/release")
@require_any(ADMINISTER, DIRECT)
def release() -> AnyResponse:
    """End a post's own accountability for one site today."""
    site, post = read_id(request.form.get("site", ""), "site"), read_id(request.form.get("post", ""), "post")
    _names(db(), [site])
    release_site(db(), actor(), site, post, campaign=request.form.get("campaign", ""), today=today())
    flash(gettext("已解除；今天起由最近一级单位的联络员负责"))
    return redirect(
        url_for("posts.show_one", post_id=post) if actor().has(ADMINISTER) else url_for("coverage.show"), 303
    )
