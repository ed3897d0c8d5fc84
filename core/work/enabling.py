"""Switching campaigns on and off in one tenant (活动启用): a row each, no table and no record is touched by it.

The first enabling freezes the edition, its forms and the campaign's own words by content, so that records stay readable
when the plugin is upgraded or gone. A suspended campaign is in no list of campaigns in force: its hooks are never called.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from core.campaigns.body import campaign_from_body, digest, edition_from_body, to_body
from core.campaigns.catalogue import Campaign, Edition
from core.campaigns.registry import Registry
from core.campaigns.vocabulary import load_vocabulary
from core.errors import N_, NotFound
from core.work.bulk import ask
from core.work.calendar import local_day
from core.work.editions.choices import IN_FORCE, choice_on
from core.work.journal import record_at
from core.work.loop.mass_steps import hold_unneeded, release_needed
from core.work.organisation.territory import settle_departments
from core.work.permits import require
from core.work.queue import HIDDEN_SWITCHES, ask_hidden
from core.work.roles import ADMINISTER
from core.work.statistics.dictionary import settle_dictionary
from core.work.tables import Definition
from tenants.access import DISTRICT, ROOTS, Actor
from tenants.db import now
from tenants.models import EnabledCampaign, Unit
from tenants.scope import ScopedSession

log = logging.getLogger(__name__)

KIND = "campaign"
ENABLE, DISABLE = "campaign.enable", "campaign.suspend"
HELD = N_("所属创建项目已停用，中止办理")
RELEASED = N_("所属创建项目已恢复启用")
_editions: dict[str, Edition] = {}  # by SHA-256: the same content is the same edition in every tenant


def enable(
    session: ScopedSession, actor: Actor | None, campaign: Campaign, *, today: date, at: datetime | None = None
) -> EnabledCampaign:
    """Enable a campaign (启用), or enable it again: everything that it had is found as it was, and held findings run on.

    The first time, the edition in force today is frozen and departments for the campaign's own roles are added; later
    enabling keeps the edition that the tenant has. Enabling what is enabled changes nothing. ``at`` is the moment from which
    held clocks run on, by default now. Raises Forbidden.
    """
    root, moment = _root(session), at or now()
    require(session, actor, ADMINISTER, root.id if root else None, today)
    row = session.get(EnabledCampaign, (session.tenant_id, campaign.key))
    if row is not None and row.state == "enabled":
        return row
    if row is None:
        edition = _edition_on(campaign, today)
        freeze(session, campaign, edition)
        row = EnabledCampaign(
            campaign=campaign.key, state="enabled", edition=edition.key, edition_sha256=edition.sha256
        )
        session.add(row)
        if root is not None and root.kind == DISTRICT:
            settle_departments(session, root.id, (*load_vocabulary().roles.values(), *campaign.roles), today)
            settle_dictionary(session, [(campaign.key, edition)], today=today)
    else:
        row.state, row.changed_at = "enabled", moment
        ask_hidden(session, HIDDEN_SWITCHES)
    session.flush()
    detail = {"edition": row.edition, "edition_sha256": row.edition_sha256}
    record_at(session, moment, actor, ENABLE, KIND, campaign.key, **detail)
    release_needed(session, actor, note=RELEASED, now=moment)
    return row


def suspend(
    session: ScopedSession, actor: Actor | None, key: str, *, today: date, at: datetime | None = None
) -> EnabledCampaign:
    """Suspend a campaign (停用): nothing is deleted; findings that no enabled campaign needs are held, their clocks stand.

    Suspending what is suspended changes nothing.

    Raises NotFound when it was never enabled here, and Forbidden.
    """
    root, moment = _root(session), at or now()
    require(session, actor, ADMINISTER, root.id if root else None, today)
    row = session.get(EnabledCampaign, (session.tenant_id, key))
    if row is None:
        raise NotFound(N_("这里没有启用过创建项目 {key}"), key=key)
    if row.state == "enabled":
        row.state, row.changed_at = "suspended", moment
        ask_hidden(session, HIDDEN_SWITCHES)
        session.flush()
        record_at(session, moment, actor, DISABLE, KIND, key)
        hold_unneeded(session, actor, note=HELD, now=moment)
    return row


def enabled(session: ScopedSession, registry: Registry, *, day: date | None = None) -> list[Campaign]:
    """The campaigns in force here (在用活动), each with the one edition that holds on a day (by default today), by key.

    An edition that the installed plugin no longer has, or whose plugin is gone, is read from its frozen definition.
    """
    on = day or local_day(now())
    rows = ask(session, _RUNNING, {"tenant": session.tenant_id, "on": on, "role": IN_FORCE})
    return [campaign_with(session, registry, key, sha256) for key, sha256 in rows.all()]


# Written as text: every visit asks it.
_RUNNING = text("""
SELECT c.campaign, coalesce(e.sha256, c.edition_sha256)
FROM enabled_campaign c
LEFT JOIN enabled_edition e ON e.tenant_id = :tenant AND e.campaign = c.campaign AND e.role = :role
  AND e.valid_from <= :on AND (e.valid_to IS NULL OR e.valid_to > :on)
WHERE c.tenant_id = :tenant AND c.state = 'enabled' ORDER BY c.campaign
""")


def campaign_as_run(
    session: ScopedSession, registry: Registry, row: EnabledCampaign, *, day: date | None = None
) -> Campaign:
    """A campaign with the edition that holds on a day (by default today), whatever its state; for pages that read old records."""
    choice = choice_on(session, row.campaign, day or local_day(now()))
    return campaign_with(session, registry, row.campaign, choice.sha256 if choice else row.edition_sha256)


def campaign_with(session: ScopedSession, registry: Registry, key: str, sha256: str) -> Campaign:
    """A campaign with one edition to run, the package's others beside it. Raises NotFound when it was never frozen here."""
    campaign = registry.campaigns.get(key)
    shipped = campaign.shipped if campaign is not None else ()
    found = next((edition for edition in shipped if edition.sha256 == sha256), None)
    if campaign is not None and found is not None and len(campaign.editions) == 1 and campaign.edition is found:
        return campaign
    edition = found or frozen_edition(session, sha256)
    shell = campaign or _frozen_campaign(session, key)
    if edition.subjects != shell.subject_forms:
        edition = replace(edition, subjects=shell.subject_forms)
    return replace(shell, editions=(edition,), others=tuple(one for one in shipped if one is not found))


def frozen_edition(session: ScopedSession, sha256: str) -> Edition:
    """The edition behind a hash, from this tenant's definitions. Raises NotFound when it was never frozen here."""
    if sha256 not in _editions:
        body = session.scalar(select(Definition.body).where(Definition.sha256 == sha256, Definition.kind == "edition"))
        if body is None:
            raise NotFound(N_("没有找到测评体系版本 {sha256}"), sha256=sha256[:12])
        _editions[sha256] = edition_from_body(body)
    return _editions[sha256]


def _frozen_campaign(session: ScopedSession, key: str) -> Campaign:
    """The campaign's titles and own words as they were when it was enabled; its package is gone, so it has no hooks."""
    body = session.scalar(
        select(Definition.body)
        .where(Definition.kind == "campaign", Definition.campaign == key)
        .order_by(Definition.created_at.desc())
        .limit(1)
    )
    if body is None:
        raise NotFound(N_("没有安装创建项目 {key}，也没有留存它的定义"), key=key)
    log.warning("创建项目 %s 的插件不在，按留存的定义运行", key)
    return replace(campaign_from_body(body), package="")


def _edition_on(campaign: Campaign, today: date) -> Edition:
    """The edition in force; a district may also prepare for one that is still to come."""
    try:
        return campaign.edition_for(today)
    except NotFound:
        return campaign.edition


def freeze(session: ScopedSession, campaign: Campaign, edition: Edition) -> None:
    """Keep the campaign's own words, the edition and its forms by content (定义留存); what is kept already stays."""
    shell = to_body(replace(campaign, editions=(), others=()))
    kept = [
        ("campaign", campaign.key, digest(shell), shell),
        ("edition", edition.key, edition.sha256, to_body(edition)),
    ]
    kept += [("form", form.code, form.sha256, to_body(form)) for form in edition.forms]
    rows = [
        {"tenant_id": session.tenant_id, "sha256": sha256, "kind": kind, "campaign": campaign.key, "code": code}
        | {"body": body, "created_at": now()}
        for kind, code, sha256, body in kept
    ]
    session.execute(insert(Definition).on_conflict_do_nothing(), rows)


def _root(session: ScopedSession) -> Unit | None:
    return session.scalars(select(Unit).where(Unit.kind.in_(ROOTS), Unit.tree == "administration")).first()
