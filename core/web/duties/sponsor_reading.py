"""Sponsors as they stand beside something (包保情况): on the pages of findings, rankings and cards.

A view gives ``beside=sponsors_beside(...)`` to its template, which says ``{% include "sponsors/_beside.html" %}``.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from core.request import actor, today
from core.work.duties.sponsor_lists import visible_sponsorships
from core.work.duties.sponsoring import SponsorLine, sponsors_of_units, sponsors_on
from tenants.scope import ScopedSession

Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Beside:
    """Who sponsored a place on a day, with what they did from a first to a last day; ``opens``: whose pages open to the reader."""

    on: date
    days: Days
    lines: Sequence[SponsorLine]
    opens: Collection[UUID] = ()


def month_of(on: date) -> Days:
    """The month around a day, as far as it has gone."""
    last = on.replace(day=monthrange(on.year, on.month)[1])
    return on.replace(day=1), max(on, min(last, today()))


def sponsors_beside(
    session: ScopedSession,
    *,
    unit_id: UUID,
    site_id: UUID | None = None,
    on: date,
    days: Days | None = None,
    campaigns: Collection[str] | None = None,
    category: str | None = None,
) -> Beside:
    """The sponsors of one place on a day (当日包保), nearest first; ``days`` is the month of the day when not given."""
    span = days or month_of(on)
    more = {"site_id": site_id, "campaigns": campaigns, "category": category}
    lines = sponsors_on(session, unit_id=unit_id, on=on, did=span, **more)
    return Beside(on, span, lines, visible_sponsorships(session, actor(), [line.id for line in lines], today()))


def sponsors_beside_units(
    session: ScopedSession,
    unit_ids: Iterable[UUID],
    on: date,
    *,
    days: Days | None = None,
    campaign: str | None = None,
) -> Mapping[UUID, Beside]:
    """The same for the rows of a ranking or a list, nearest first, those above and of areas too; few queries for all."""
    span = days or month_of(on)
    found = sponsors_of_units(session, unit_ids, on, did=span, campaign=campaign)
    return {unit: Beside(on, span, lines) for unit, lines in found.items()}
