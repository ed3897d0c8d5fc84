"""Who goes and looks in a check of similar sites (举一反三排查人): whoever visits and reports there and does not judge it.

Inspectors and grid workers by the shipped roles; the HQ office, which plans and checks, and outside assessors are not sent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.papers.notes import tell
from core.work.roles import CHECK, REPORT, ROLES, VISIT
from core.work.tables import FindingCampaign, Site, Sweep
from tenants.access import Actor
from tenants.models import Holding, Post, UnitPath

KIND = "sweep"
PLANNED = N_("举一反三“{title}”：您的范围内有点位要排查，期限 {day}")


def is_sent(verbs: Collection[str]) -> bool:
    """Whether a post with these verbs is sent to look."""
    return VISIT in verbs and REPORT in verbs and CHECK not in verbs


def walked_by(actor: Actor, on: date) -> dict[str, Select[UUID]]:
    """The units in which the actor is sent to look, by the campaign to which his post is limited ('' for none)."""
    roots: dict[str, list[UUID]] = {}
    for duty in actor.duties:
        if is_sent(duty.verbs):
            roots.setdefault(duty.campaign or "", []).append(duty.unit_id)
    return {
        campaign: select(UnitPath.unit_id).where(
            UnitPath.tenant_id == actor.tenant.id, UnitPath.ancestor_id.in_(units), valid_on(UnitPath, on)
        )
        for campaign, units in roots.items()
    }


def tell_planned(session: Session, actor: Actor, sweep: Sweep, sites: Sequence[UUID], now: datetime) -> int:
    """Tell everybody who is to look in a check that was just planned; gives how many were told."""
    on = local_day(now)
    places = select(Site.unit_id).where(Site.tenant_id == actor.tenant.id, Site.id.in_(sites))
    named = select(FindingCampaign.campaign).where(
        FindingCampaign.tenant_id == actor.tenant.id, FindingCampaign.finding_id == sweep.finding_id
    )
    people = session.scalars(
        select(Holding.person_id)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(UnitPath, (UnitPath.tenant_id == Post.tenant_id) & (UnitPath.ancestor_id == Post.unit_id))
        .where(
            UnitPath.unit_id.in_(places),
            Post.role.in_([role.code for role in ROLES.values() if is_sent(role.verbs)]),
            or_(Post.campaign.is_(None), Post.campaign.in_(named)),
            valid_on(UnitPath, on),
            valid_on(Holding, on),
        )
        .distinct()
    ).all()
    return tell(
        session,
        person_ids=people,
        kind=f"{KIND}.plan",
        text=PLANNED,
        params={"title": sweep.title, "day": sweep.due_on.isoformat()},
        object_kind=KIND,
        object_id=sweep.id,
        now=now,
        but=actor.person_id,
    )
