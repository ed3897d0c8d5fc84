"""Marks the days whose counts a change touches (标记待重算), in the transaction of the change itself.

A mark is a row of its own, never an update: two who write into the same unit on the same day do not wait for each other.
Rows of secret rounds leave no mark, for a mark is seen without clearance; their release marks them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.tables import Finding, Visit
from core.work.tables.tally import DayMark
from tenants.db import new_id

Pair = tuple[date, UUID]  # a day, and the unit whose territory it was in


def mark_days(session: Session, tenant_id: int, pairs: Iterable[Pair]) -> None:
    """Mark some units' days as changed; nothing happens without any."""
    rows = [mark | {"tenant_id": tenant_id, "id": new_id()} for mark in marks_of(pairs)]
    if rows:
        session.execute(insert(DayMark), rows)


def marks_of(pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    """The marks of some units' days as rows, for whoever writes them in one statement with the change."""
    return [{"day": day, "unit_id": unit} for day, unit in sorted(set(pairs))]


def mark_visit(session: Session, visit: Visit) -> None:
    """Mark the day of a visit that was entered, or took another's place."""
    if not visit.hidden:
        mark_days(session, visit.tenant_id, [(visit.day, visit.unit_id)])


def mark_findings(session: Session, tenant_id: int, findings: Iterable[Finding], before: Iterable[Pair] = ()) -> None:
    """Mark the days of findings that were opened or changed; ``before`` are those that they stood on until now."""
    mark_days(session, tenant_id, [*before, *(pair for one in findings for pair in days_of(one))])


def days_of(finding: Finding) -> list[Pair]:
    """The days on which a finding counts: when it was opened and, if so, when it was closed."""
    if finding.hidden:
        return []
    moments = (finding.opened_at, finding.closed_at)
    return [(local_day(moment), finding.unit_id) for moment in moments if moment is not None]
