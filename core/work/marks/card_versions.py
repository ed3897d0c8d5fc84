"""The versions of a scheme (办法版本): what is over keeps the rules of its time, whatever the scheme says today.

A day is ranked by the version in force at its end, a period gets its cards by the version in force at the end of its last
day; a change thus takes effect from its own day on. Days before a scheme came into force are ranked by the version with
which its first day ended (ours: the first night also computes the period before).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.marks.card_reading import read_scheme
from core.work.marks.card_rules import Scheme
from core.work.tables import CardScheme, CardSchemeChange

ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that count for a day (当日办法): their version, as they are written and as they are read."""

    version: int
    body: dict[str, Any]
    scheme: Scheme


def keep_version(session: Session, row: CardScheme, now: datetime) -> None:
    """Keep a scheme as its newest version has it."""
    session.add(CardSchemeChange(scheme_id=row.id, version=row.version, state=row.state, body=row.body, at=now))
    session.flush()


def rules_on(session: Session, row: CardScheme, day: date) -> Rules:
    """The rules in force at the end of a day; those of a scheme that never was in force are what it says now."""
    found = _of_day(_in_force(session, row.id), day)
    version, body = (found.version, found.body) if found else (row.version, row.body)
    return Rules(version, body, read_scheme(body, kept=True))


def in_force_since(session: Session, row: CardScheme) -> date | None:
    """The first day on which a scheme was in force; None when it never was."""
    versions = _in_force(session, row.id)
    return local_day(versions[0].at) if versions else None


def _in_force(session: Session, scheme_id: UUID) -> Sequence[CardSchemeChange]:
    """The versions with which a scheme was in force, oldest first."""
    return session.scalars(
        select(CardSchemeChange)
        .where(CardSchemeChange.scheme_id == scheme_id, CardSchemeChange.state == ACTIVE)
        .order_by(CardSchemeChange.version)
    ).all()


def _of_day(versions: Sequence[CardSchemeChange], day: date) -> CardSchemeChange | None:
    if not versions:
        return None
    until = max(day, local_day(versions[0].at))
    return [one for one in versions if local_day(one.at) <= until][-1]
