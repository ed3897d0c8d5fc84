"""One finding as it was at the end of a day that is past (往日问题): who led, how it stood, what had been written by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.desk.finding_detail import Detail, detail
from core.work.desk.findings import FindingRow, as_they_were
from core.work.loop.clocks import end_of
from core.work.tables import FindingEvent
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class FindingThen:
    """A finding with its history and photos up to a day (往日详情)."""

    on: date
    row: FindingRow
    events: Sequence[FindingEvent]
    found: Detail


def finding_then(session: Session, actor: Actor, finding_id: UUID, day: date, *, now: datetime) -> FindingThen:
    """One finding within the actor's reach of today, as it was at the end of a day. NotFound before it was opened."""
    found, until = detail(session, actor, finding_id, now=now), end_of(day)
    rows = as_they_were(session, [found.row], day) if found.row.opened_at < until else []
    if not rows:
        raise NotFound
    return FindingThen(day, rows[0], [event for event in found.events if event.at < until], found)
