"""Tells who should know that the negative list now costs points, or no longer (负面清单提醒): the unit, leaders, publishers."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.marks.negative_moves import CLEAR, TRIGGER, WITHDRAW
from core.work.papers.notes import tell
from core.work.roles import LEAD, PUBLISH, ROLES
from core.work.tables import NegativeEntry
from tenants.access import Actor, root_unit
from tenants.models import Holding, Person, Post

KIND = "negative"
TEXTS = MappingProxyType(
    {
        TRIGGER: N_("负面清单「{title}」已触发，自 {day} 起影响得分"),
        CLEAR: N_("负面清单「{title}」已解除，自 {day} 起不再影响得分"),
        WITHDRAW: N_("负面清单「{title}」已撤回触发，不影响得分"),
    }
)


def tell_of(session: Session, actor: Actor | None, entry: NegativeEntry, verb: str, now: datetime) -> int:
    """Leave a note of a step that changed what an entry does to the score; gives how many were told."""
    if verb not in TEXTS:
        return 0
    day = entry.cleared_on if verb == CLEAR else entry.triggered_on
    return tell(
        session,
        unit_ids=[entry.unit_id] if entry.unit_id else [],
        person_ids=_above(session, entry.campaign, local_day(now)),
        kind=f"{KIND}.{verb}",
        text=TEXTS[verb],
        params={"title": entry.title, "day": day.isoformat() if day else ""},
        object_kind=KIND,
        object_id=entry.id,
        now=now,
        campaigns=(entry.campaign,),
        but=actor.person_id if actor else None,
    )


def _above(session: Session, campaign: str, on: date) -> list[UUID]:
    """The district's leaders and those who publish its figures, for every campaign or for this one (one query)."""
    roles = [role.code for role in ROLES.values() if {LEAD, PUBLISH} & role.verbs]
    return list(
        session.scalars(
            select(Holding.person_id)
            .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
            .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
            .where(
                Post.unit_id == root_unit(session).id,
                Post.role.in_(roles),
                or_(Post.campaign.is_(None), Post.campaign == campaign),
                Person.state == "active",
                valid_on(Holding, on),
            )
            .distinct()
        )
    )
