"""Findings by what people call them (问题编号): the number on papers and in talk."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.tables import Finding
from tenants.access import Actor


def id_of_number(session: Session, actor: Actor, number: str, *, now: datetime) -> UUID | None:
    """The finding of a number within the actor's reach; None when there is none (one query)."""
    query = select(Finding.id).where(Finding.number == number.strip(), sees_finding(actor, local_day(now)))
    return session.scalars(query).first()
