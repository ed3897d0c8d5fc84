"""Asks the judge before a write (权限核对): one place for the refusal's words."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_, Forbidden
from tenants.access import Actor, may


def require(
    session: Session, actor: Actor | None, verb: str, unit_id: UUID | None, on: date, *, campaign: str | None = None
) -> None:
    """Raise Forbidden unless the actor's posts allow the verb at the unit on a day, for a campaign if one is named.

    ``actor`` is None for the installation itself (a command, onboarding, the demo), which may do everything.
    """
    if actor is not None and not may(session, actor, verb, unit_id, on, campaign=campaign):
        raise Forbidden(N_("您的岗位不能在这个单位办理此事；请联系管理员"))
