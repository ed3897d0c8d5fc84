"""A sponsor's part of the day (包保人今日): his places and what is open there, by deadline; with or without a post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from core.web.ledger.finding_words import Left, time_left
from core.work.desk.findings import FindingRow
from core.work.duties.sponsor_log import open_findings, own_sponsorships, visible
from core.work.duties.sponsoring import SponsorLine
from tenants.access import Actor
from tenants.scope import ScopedSession

SHOWN, MOST = 6, 50


@dataclass(frozen=True, slots=True)
class SponsorPage:
    """What he sponsors (我的包保): his places, the first open findings there, and how many there are, ``most`` or more."""

    lines: Sequence[SponsorLine]
    findings: Sequence[FindingRow]
    left: Mapping[UUID, Left]
    opens: set[UUID]
    count: int
    most: int = MOST


def read_sponsor(session: ScopedSession, actor: Actor, now: datetime, on: date) -> SponsorPage | None:
    """The section, or None for whoever sponsors nothing."""
    lines = own_sponsorships(session, actor, on)
    if not lines:
        return None
    found = [row for row, _ in open_findings(session, actor, lines, now, on, limit=MOST)]
    first = found[:SHOWN]
    opens = visible(session, actor, [row.id for row in first], on)
    return SponsorPage(lines, first, time_left(session, first, now), opens, len(found))
