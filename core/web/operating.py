"""What the operator's pages read and do inside one tenant (开通落地): short sessions of their own, one tenant at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, or_, select

from core.request import house, today
from core.work.duties.posts import ADMINISTRATOR
from core.work.operators import invite_administrator, note_operation
from tenants.access import TenantRef
from tenants.accounts import Membership
from tenants.models import EnabledCampaign, Holding, Person, Post, Unit

Levels = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a tenant has: campaigns with their state, administrators with whether they have an account."""

    campaigns: tuple[tuple[str, str], ...]
    administrators: tuple[tuple[str, bool], ...]


def count_levels(tenant_id: int) -> Levels:
    """How many units of each kind stand in one tenant."""
    with house().wall.open(tenant_id) as session:
        rows = session.execute(select(Unit.kind, func.count()).where(Unit.valid_to.is_(None)).group_by(Unit.kind))
        found = dict(rows.all())
    return {
        "2": found.get("subdistrict", 0),
        "3": found.get("community", 0) + found.get("village", 0),
        "offices": found.get("department", 0) + found.get("hq", 0),
        "all": sum(found.values()),
    }


def read_standing(tenant_id: int) -> Standing:
    """The campaigns and administrators of one tenant."""
    with house().wall.open(tenant_id) as session:
        chosen = select(EnabledCampaign.campaign, EnabledCampaign.state).order_by(EnabledCampaign.campaign)
        campaigns = tuple(session.execute(chosen))
        held = (
            select(Person.name, func.count(Membership.user_id))
            .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
            .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
            .outerjoin(Membership, (Membership.tenant_id == Person.tenant_id) & (Membership.person_id == Person.id))
            .where(Post.role == ADMINISTRATOR, or_(Holding.valid_to.is_(None), Holding.valid_to > today()))
            .group_by(Person.id, Person.name, Person.pinyin)
            .order_by(Person.pinyin)
        )
        administrators = tuple((name, bool(accounts)) for name, accounts in session.execute(held))
    return Standing(campaigns, administrators)


def add_administrator(ref: TenantRef, name: str, user_id: UUID, now: datetime, today: date) -> str:
    """Invite an administrator of one tenant; gives the link's token. Raises InvalidInput."""
    wall = house().wall
    with wall.open(ref.id) as session:
        token = invite_administrator(session, name, now, today)
        session.commit()
    with wall.platform() as platform:
        note_operation(platform, user_id, "tenant.invite", ref.slug)
        platform.commit()
    return token
