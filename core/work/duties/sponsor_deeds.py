"""What sponsors did (包保情况): inspections at the places of the object, and what they wrote into their own log.

They stay apart: an inspection is a record of the work, a log entry is what the sponsor says. Of what he logged as settled,
only what was really closed in the period is counted as closed. What was closed at his places in his term counts by itself,
whether he logged it or not, so that nothing is asked twice. Restricted findings count nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.errors import N_
from core.work.calendar import ZONE
from core.work.duties.sponsor_findings import Claim, claims, count_settled
from core.work.tables import Finding, SponsorEntry, Sponsorship, Visit
from tenants.scope import ScopedSession

ENTRY_KINDS: Mapping[str, str] = MappingProxyType(
    {"visit": N_("到访"), "settled": N_("办结事项"), "meeting": N_("会商"), "other": N_("其他")}
)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What one sponsor did in a period (包保情况).

    ``inspections``: submitted visits at places of the object; ``entries``: log entries by kind; ``closed``: findings that
    he logged as settled and that were closed in the period; ``at_places``: all findings of his field that were closed at
    his places (包保地销号); ``last``: the last day on which he did anything himself.
    """

    inspections: int = 0
    entries: Mapping[str, int] = field(default_factory=dict)
    closed: int = 0
    last: date | None = None
    at_places: int = 0

    @property
    def came(self) -> int:
        """Visits that he logged."""
        return self.entries.get("visit", 0)

    @property
    def settled(self) -> int:
        """Items that he logged as settled."""
        return self.entries.get("settled", 0)

    @property
    def other(self) -> int:
        """Meetings and everything else that he logged."""
        return self.entries.get("meeting", 0) + self.entries.get("other", 0)

    @property
    def idle(self) -> bool:
        """Whether nothing at all is recorded of himself; what others settled at his places is no deed of his."""
        return self.last is None and not self.closed

    @property
    def body(self) -> dict[str, Any]:
        """As a card keeps it."""
        last = self.last.isoformat() if self.last else None
        counted = {"inspections": self.inspections, "entries": dict(self.entries), "closed": self.closed, "last": last}
        return counted | {"at_places": self.at_places}


def deeds(session: ScopedSession, sponsorship_ids: Collection[UUID], days: tuple[date, date]) -> dict[UUID, Deeds]:
    """What the sponsors did from a first to a last day (包保情况), each within his own term (eleven queries for all)."""
    ids = list(dict.fromkeys(sponsorship_ids))
    if not ids:
        return {}
    rows = session.scalars(select(Sponsorship).where(Sponsorship.id.in_(ids))).all()
    entries, last = _entries(session, ids, days)
    closed = _closed(session, ids, days)
    known = claims(session, rows, days[1])
    visits = _inspections(session, rows, known, days)
    settled = count_settled(session, rows, known, days)
    found = {}
    for one in ids:
        count, day = visits.get(one, (0, None))
        latest = max((d for d in (day, last.get(one)) if d is not None), default=None)
        found[one] = Deeds(count, entries.get(one, {}), closed.get(one, 0), latest, settled.get(one, 0))
    return found


def _entries(
    session: ScopedSession, ids: Sequence[UUID], days: tuple[date, date]
) -> tuple[dict[UUID, dict[str, int]], dict[UUID, date]]:
    rows = session.execute(
        select(SponsorEntry.sponsorship_id, SponsorEntry.kind, func.count(), func.max(SponsorEntry.day))
        .where(SponsorEntry.sponsorship_id.in_(ids), SponsorEntry.day.between(*days))
        .group_by(SponsorEntry.sponsorship_id, SponsorEntry.kind)
    )
    counted: dict[UUID, dict[str, int]] = {}
    last: dict[UUID, date] = {}
    for one, kind, count, day in rows:
        counted.setdefault(one, {})[kind] = count
        last[one] = max(day, last.get(one, day))
    return counted, last


def span_of(days: tuple[date, date]) -> tuple[datetime, datetime]:
    """The moments from the beginning of the first day until before the day after the last one (Asia/Shanghai)."""
    start, end = (datetime.combine(day, time(), ZONE).astimezone(UTC) for day in (days[0], days[1] + timedelta(1)))
    return start, end


def _closed(session: ScopedSession, ids: Sequence[UUID], days: tuple[date, date]) -> dict[UUID, int]:
    start, end = span_of(days)
    rows = session.execute(
        select(SponsorEntry.sponsorship_id, func.count(Finding.id.distinct()))
        .join(Finding, (Finding.tenant_id == SponsorEntry.tenant_id) & (Finding.id == SponsorEntry.finding_id))
        .where(SponsorEntry.sponsorship_id.in_(ids), SponsorEntry.kind == "settled", SponsorEntry.day <= days[1])
        .where(Finding.closed_at >= start, Finding.closed_at < end, Finding.restricted.is_(False))
        .group_by(SponsorEntry.sponsorship_id)
    )
    return dict(rows.all())


def _inspections(
    session: ScopedSession, rows: Sequence[Sponsorship], known: Mapping[UUID, Claim], days: tuple[date, date]
) -> dict[UUID, tuple[int, date | None]]:
    people = {row.person_id for row in rows if row.person_id}
    visits = _visits(session, people, days) if people else {}
    if not visits:
        return {}
    found: dict[UUID, tuple[int, date | None]] = {}
    for row in rows:
        ground = known[row.id].territory
        made = [
            v for v in visits.get(row.person_id, ()) if row.person_id and ground.has(v[1], v[2]) and _within(row, v[0])
        ]
        if made:
            found[row.id] = (sum(v[3] for v in made), max(v[0] for v in made))
    return found


def _visits(
    session: ScopedSession, people: Collection[UUID], days: tuple[date, date]
) -> dict[UUID | None, list[tuple[date, UUID, UUID, int]]]:
    rows = session.execute(
        select(Visit.person_id, Visit.day, Visit.unit_id, Visit.site_id, func.count())
        .where(Visit.person_id.in_(people), Visit.day.between(*days), Visit.replaced_at.is_(None))
        .group_by(Visit.person_id, Visit.day, Visit.unit_id, Visit.site_id)
    )
    found: dict[UUID | None, list[tuple[date, UUID, UUID, int]]] = {}
    for person, day, unit, site, count in rows:
        found.setdefault(person, []).append((day, unit, site, count))
    return found


def _within(row: Sponsorship, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
