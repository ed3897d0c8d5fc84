"""Who sees an appeal, and who decides it (申诉可见范围): filters that lists, pages, photos and judgments share.

The appealing unit and those above it see it, as far as they see the finding. It is decided by who directs above the unit:
never by somebody with a post at the unit or inside it, never by the person who raised it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, String, cast, exists, false, func, or_, select, true

from core.work.dated import valid_on
from core.work.loop.sight import sees_finding
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.tables import Appeal, AppealEvent, File, Finding, FindingCampaign
from tenants.access import Actor
from tenants.models import UnitPath


def sees_appeal(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Appeal: its unit lies in the actor's reach, or he raised it; of a finding that he sees, if it is about one."""
    own = Appeal.person_id == actor.person_id
    return (own | _under(actor, SEE, on, 0)) & _thing_seen(actor, on)


def answers_appeal(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Appeal: the actor answers for its unit, and may take it back."""
    return _under(actor, ANSWER, on, 0) & _thing_seen(actor, on)


def decides_appeal(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Appeal: the actor directs above its unit, has no post inside it, and did not raise it."""
    posts = [duty.unit_id for duty in actor.duties]
    own = select(UnitPath.ancestor_id).where(
        UnitPath.tenant_id == actor.tenant.id, UnitPath.unit_id.in_(posts), valid_on(UnitPath, on)
    )
    another = (Appeal.person_id != actor.person_id) & Appeal.unit_id.not_in(own)
    return another & _under(actor, DIRECT, on, 1) & _thing_seen(actor, on)


def sees_appeal_photo(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on File: it came with an appeal that the actor sees."""
    tenant = actor.tenant.id
    found = exists().where(
        AppealEvent.tenant_id == tenant,
        AppealEvent.detail["photos"].contains(func.jsonb_build_array(cast(File.id, String))),
        Appeal.tenant_id == tenant,
        Appeal.id == AppealEvent.appeal_id,
        sees_appeal(actor, on),
    )
    return found.correlate(File)


def of_campaign(tenant_id: int, campaign: str) -> ColumnElement[bool]:
    """Filter on Appeal: its figure, or its finding, belongs to a campaign."""
    findings = select(FindingCampaign.finding_id).where(
        FindingCampaign.tenant_id == tenant_id, FindingCampaign.campaign == campaign
    )
    return or_(Appeal.campaign == campaign, Appeal.finding_id.in_(findings))


def _under(actor: Actor, verb: str, on: date, depth: int) -> ColumnElement[bool]:
    """The appeal's unit lies at least so many steps below a post with the verb; a post for one campaign counts for that one's."""
    found: list[ColumnElement[bool]] = []
    for campaign in sorted({d.campaign or "" for d in actor.duties if verb in d.verbs}):
        roots = [d.unit_id for d in actor.duties if verb in d.verbs and (d.campaign or "") == campaign]
        below = exists().where(
            UnitPath.tenant_id == actor.tenant.id,
            UnitPath.unit_id == Appeal.unit_id,
            UnitPath.ancestor_id.in_(roots),
            UnitPath.depth >= depth,
            valid_on(UnitPath, on),
        )
        fits: Any = of_campaign(actor.tenant.id, campaign) if campaign else true()
        found.append(below.correlate(Appeal) & fits)
    return or_(false(), *found)


def _thing_seen(actor: Actor, on: date) -> ColumnElement[bool]:
    seen = exists().where(
        Finding.tenant_id == actor.tenant.id, Finding.id == Appeal.finding_id, sees_finding(actor, on)
    )
    return or_(Appeal.finding_id.is_(None), seen.correlate(Appeal))
