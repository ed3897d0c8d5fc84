"""Puts away what has served its time (清理): old login sessions and tries, old request replays, citizens' contacts. Never a record."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.work.idempotency import forget_replies
from core.work.plates.citizens import purge_contacts
from tenants.accounts import LoginSession, Tenant, Throttle
from tenants.scope import ScopedSession

REPLAY_DAYS = 1


def tidy_platform(session: Session, now: datetime) -> None:
    """Remove expired logins and old counts of tries in scope 0."""
    session.execute(delete(LoginSession).where(LoginSession.expires_at < now - timedelta(days=1)))
    session.execute(delete(Throttle).where(Throttle.window_start < now - timedelta(days=1)))


def active_tenants(session: Session) -> list[int]:
    """The tenants whose turn comes, in scope 0."""
    return list(session.scalars(select(Tenant.id).where(Tenant.state == "active").order_by(Tenant.id)))


def tidy_tenant(session: ScopedSession, now: datetime) -> int:
    """Remove replays that no honest client will ask for again, and citizens' contacts past their time; gives how many."""
    return forget_replies(session, now - timedelta(days=REPLAY_DAYS)) + purge_contacts(session, now)
