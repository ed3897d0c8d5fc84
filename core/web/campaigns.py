"""Campaigns of the district (创建项目): what is installed, what runs here, enabling and suspending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.campaigns.catalogue import Campaign, Edition
from core.campaigns.terms import Role
from core.errors import NotFound
from core.request import actor, db, house, require, require_any, tenant, today
from core.web.words import by_locale
from core.work.dated import valid_on
from core.work.enabling import campaign_as_run, enable, suspend
from core.work.organisation.territory import OFFICES
from core.work.roles import ADMINISTER, SEE
from core.work.tables import Audit, SiteKind
from tenants.models import EnabledCampaign, Unit, UnitRole
from tenants.scope import ScopedSession

blueprint = Blueprint("campaigns", __name__, url_prefix="/t/<slug>/campaigns")

STATES = ("enabled", "suspended", "archived")


@blueprint.before_request
def enter() -> None:
    """Only districts run campaigns."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@dataclass(frozen=True, slots=True)
class Addition:
    """What enabling a campaign adds here: new duties, sites that get a form, questions asked already by others."""

    roles: tuple[Role, ...]
    sites: int
    communities: int
    questions: int
    shared: int


@dataclass(frozen=True, slots=True)
class Card:
    """One campaign as the page shows it; ``state`` is available, enabled, suspended or archived."""

    campaign: Campaign
    edition: Edition
    state: str
    installed: bool
    adds: Addition

    @property
    def items(self) -> int:
        """How many checklist items the edition has in all."""
        return sum(len(form.items) for form in self.edition.forms)


def questions_of(edition: Edition) -> frozenset[str]:
    """The shared questions that an edition's forms ask."""
    return frozenset(item.question for form in edition.forms for item in form.items)


def read_cards(session: ScopedSession) -> list[Card]:
    """Every installed campaign and every one that ever ran here, with what it adds beside the others in force."""
    registry = house().registry
    rows = {row.campaign: row for row in session.scalars(select(EnabledCampaign))}
    runs = {key: campaign_as_run(session, registry, row) for key, row in rows.items()}
    asked_now = {key: questions_of(run.edition) for key, run in runs.items() if rows[key].state == "enabled"}
    mapped = frozenset(session.scalars(select(UnitRole.role).distinct()))
    communities = session.scalar(
        select(func.count()).select_from(Unit).where(Unit.kind.in_(("community", "village")), valid_on(Unit, today()))
    )
    cards = []
    for key in sorted({*registry.campaigns, *rows}):
        run = runs.get(key) or registry.campaigns[key]
        others = frozenset().union(*(found for other, found in asked_now.items() if other != key))
        mine = questions_of(run.edition)
        roles = tuple(r for r in run.roles if r.kind in OFFICES and r.code not in mapped)
        adds = Addition(roles, count_sites(session, run.edition), communities or 0, len(mine), len(mine & others))
        state = rows[key].state if key in rows else "available"
        cards.append(Card(run, run.edition, state, key in registry.campaigns, adds))
    return cards


def count_sites(session: ScopedSession, edition: Edition) -> int:
    """How many sites here have a form in an edition today."""
    types = {site_type for form in edition.forms for site_type in form.site_types}
    chosen = select(func.count(SiteKind.site_id.distinct())).where(
        SiteKind.site_type.in_(types),
        SiteKind.valid_from <= today(),
        (SiteKind.valid_to.is_(None)) | (SiteKind.valid_to > today()),
    )
    return session.scalar(chosen) or 0


@blueprint.get("")
@require_any(SEE, ADMINISTER)
def show() -> str:
    """A card for each campaign; refused plugins by name for administrators."""
    refused = house().registry.refused if actor().has(ADMINISTER) else ()
    return render_template("campaigns/list.html", cards=read_cards(db()), refused=refused, by_locale=by_locale)


@blueprint.get("/<key>")
@require_any(SEE, ADMINISTER)
def show_one(key: str) -> str:
    """One campaign's edition, headings and forms; a suspended one stays readable, with a notice."""
    card = next((c for c in read_cards(db()) if c.campaign.key == key), None)
    if card is None:
        raise NotFound
    changes = select(Audit).where(Audit.object_kind == "campaign", Audit.object_id == key)
    history = db().scalars(changes.order_by(Audit.at.desc()).limit(20)).all()
    vocabulary: Mapping[str, object] = house().registry.vocabulary.site_types
    return render_template("campaigns/one.html", card=card, history=history, site_types=vocabulary, by_locale=by_locale)


@blueprint.post("/<key>/enable")
@require(ADMINISTER)
def switch_on(key: str) -> AnyResponse:
    """Enable a campaign, or enable it again: everything that it had is found as it was."""
    campaign = house().registry.campaigns.get(key)
    if campaign is None:
        raise NotFound
    enable(db(), actor(), campaign, today=today())
    name = by_locale(campaign.title_zh, campaign.title_en)
    flash(
        {
            "text": gettext("已启用%(name)s", name=name),
            "next": gettext("核对部门对应"),
            "href": url_for("departments.show"),
        }
    )
    return redirect(url_for("campaigns.show"), 303)


@blueprint.post("/<key>/suspend")
@require(ADMINISTER)
def switch_off(key: str) -> AnyResponse:
    """Suspend a campaign: pages and forms disappear, nothing is deleted."""
    row = suspend(db(), actor(), key, today=today())
    campaign = campaign_as_run(db(), house().registry, row)
    flash(gettext("已停用%(name)s；数据都在，随时可以再启用", name=by_locale(campaign.title_zh, campaign.title_en)))
    return redirect(url_for("campaigns.show"), 303)
