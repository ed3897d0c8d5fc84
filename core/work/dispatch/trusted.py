"""Trusted hands (作风纪律联络): the unit with a conduct liaison to which a restricted finding goes, nearest first."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.dated import valid_on
from core.work.roles import ANSWER, RESTRICTED, ROLES
from tenants.models import Holding, Post, UnitPath

TRUSTED = tuple(role.code for role in ROLES.values() if {ANSWER, RESTRICTED} <= role.verbs)


def trusted_lead(session: Session, unit_id: UUID, on: date) -> UUID:
    """The unit itself, or the nearest one above it, where somebody holds a post that may answer restricted findings.

    Raises InvalidInput when there is none.
    """
    found = session.scalar(
        select(UnitPath.ancestor_id)
        .join(Post, and_(Post.tenant_id == UnitPath.tenant_id, Post.unit_id == UnitPath.ancestor_id))
        .join(Holding, and_(Holding.tenant_id == Post.tenant_id, Holding.post_id == Post.id))
        .where(
            UnitPath.unit_id == unit_id,
            valid_on(UnitPath, on),
            Post.role.in_(TRUSTED),
            valid_on(Holding, on),
        )
        .order_by(UnitPath.depth)
        .limit(1)
    )
    if found is None:
        remedy = N_("请管理员先为该单位或其上级设作风纪律联络员")
        raise InvalidInput(faults=[Fault(N_("没有可以承办的作风纪律联络员"), "unit_id", remedy=remedy)])
    return found
