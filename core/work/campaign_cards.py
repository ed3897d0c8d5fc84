"""The campaigns page's cards (活动卡片): what each campaign is, its state here, and what enabling adds to the load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, or_, select

from core.campaigns.catalogue import Campaign, Edition
from core.campaigns.registry import Registry
from core.work.enabling import campaign_as_run
from core.work.tables import Site, SiteKind
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Load:
    """What a campaign asks at one site type (新增负担): its forms, their items, and how many questions are new here.

    ``new_questions`` are those that no other campaign in force asks at this site type; ``sites`` stand here today.
    """

    site_type: str
    name_zh: str
    name_en: str
    forms: tuple[str, ...]
    items: int
    new_questions: int
    sites: int


@dataclass(frozen=True, slots=True)
class Card:
    """One campaign as the administrator sees it. ``state``: available, enabled, suspended or archived.

    ``installed`` is False when only the frozen definition is left; ``newer`` names a later edition of the plugin.
    """

    campaign: Campaign
    state: str
    edition: Edition
    installed: bool
    newer: str
    adds: tuple[Load, ...]

    @property
    def key(self) -> str:
        """The campaign's key."""
        return self.campaign.key

    @property
    def indicators(self) -> int:
        """How many indicators the edition has."""
        return len(self.edition.indicators)

    @property
    def points(self) -> Decimal:
        """The edition's points in all."""
        return self.edition.points

    @property
    def forms(self) -> int:
        """How many checklists the edition has."""
        return len(self.edition.forms)

    @property
    def items(self) -> int:
        """How many items its checklists have."""
        return sum(len(form.items) for form in self.edition.forms)


def list_campaigns(session: ScopedSession, registry: Registry, *, on: date) -> list[Card]:
    """All campaigns that are installed or were ever enabled here, by key, with what each adds per site type."""
    rows = {row.campaign: row for row in session.scalars(select(EnabledCampaign))}
    shown = {key: registry.campaigns[key] for key in registry.campaigns if key not in rows}
    shown |= {key: campaign_as_run(session, registry, row) for key, row in rows.items()}
    sites = _sites_by_type(session, on)
    cards = []
    for key, campaign in sorted(shown.items()):
        state = rows[key].state if key in rows else "available"
        others = [shown[k].edition for k, row in rows.items() if k != key and row.state == "enabled"]
        latest = registry.campaigns[key].edition if key in registry.campaigns else campaign.edition
        newer = latest.key if latest.valid_from > campaign.edition.valid_from else ""
        adds = _adds(campaign, others, registry, sites)
        cards.append(Card(campaign, state, campaign.edition, key in registry.campaigns, newer, adds))
    return cards


def _adds(
    campaign: Campaign, others: Iterable[Edition], registry: Registry, sites: Mapping[str, int]
) -> tuple[Load, ...]:
    words = registry.vocabulary.with_own(campaign.site_types).site_types
    asked = {t: _questions(others, t) for f in campaign.edition.forms for t in f.site_types}
    loads = []
    for code, known in asked.items():
        forms = campaign.edition.forms_for([code])
        items = [item for form in forms for item in form.items]
        new = {item.question for item in items} - known
        word = words.get(code)
        names = (word.name_zh, word.name_en) if word else (code, code)
        loads.append(Load(code, *names, tuple(f.code for f in forms), len(items), len(new), sites.get(code, 0)))
    return tuple(loads)


def _questions(editions: Iterable[Edition], site_type: str) -> frozenset[str]:
    return frozenset(i.question for e in editions for f in e.forms_for([site_type]) for i in f.items)


def _sites_by_type(session: ScopedSession, on: date) -> dict[str, int]:
    rows = session.execute(
        select(SiteKind.site_type, func.count())
        .join(Site, (Site.tenant_id == SiteKind.tenant_id) & (Site.id == SiteKind.site_id))
        .where(
            Site.state == "active", SiteKind.valid_from <= on, or_(SiteKind.valid_to.is_(None), SiteKind.valid_to > on)
        )
        .group_by(SiteKind.site_type)
    )
    return dict(rows.all())
