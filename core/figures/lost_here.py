"""What is most easily lost here (这里最容易失分), before a visit starts: at sites of the same type, and at this very site.

Read from the last visits alone, so that it costs the same in a large district: the latest hundred at sites of the same types
within a month, and this site's own last ten. Only verified results of visits in force count. It is no score.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_

from core.figures.item_metrics import VERIFIED
from core.work.tables import ItemResult, SiteKind, Visit
from tenants.scope import ScopedSession

DAYS = 30  # how far back the district is looked at (ours)
ALIKE = 100  # and at how many visits at most (ours)
LAST_VISITS = 10  # how many of the site's own visits (ours)
SHOWN = 5


@dataclass(frozen=True, slots=True)
class LostHere:
    """One question of the form (易失分题): visits that answered it and failed, in the district and at this site."""

    question: str
    visits: int
    failed: int
    visits_here: int = 0
    failed_here: int = 0


def lost_here(
    session: ScopedSession, site_id: UUID, items: Collection[tuple[str, str]], day: date, count: int = SHOWN
) -> list[LostHere]:
    """The questions of some items (campaign, code) that lose most points at sites of this site's types, then those lost here.

    Ordered by points lost in the district, then by failures at this site; what never failed is left out.
    """
    if not items:
        return []
    kinds = select(SiteKind.site_type).where(SiteKind.site_id == site_id, _valid(day))
    alike = select(SiteKind.site_id).where(SiteKind.site_type.in_(kinds), _valid(day))
    since = Visit.day.between(day - timedelta(days=DAYS), day)
    there = _latest(session, ALIKE, Visit.site_id.in_(alike), since)
    here = _latest(session, LAST_VISITS, Visit.site_id == site_id, Visit.day <= day)
    found: dict[str, _Count] = {}
    for row in session.execute(_results(session, {*there, *here}, items)):
        one = found.setdefault(row.question, _Count())
        if row.visit_id in there:
            one.add(row.visit_id, row.outcome, row.possible - row.earned)
        if row.visit_id in here:
            one.add_here(row.visit_id, row.outcome)
    losing = sorted(found.items(), key=lambda pair: (-pair[1].lost, -len(pair[1].failed_here), pair[0]))
    lines = [one.line(question) for question, one in losing]
    return [one for one in lines if one.failed or one.failed_here][:count]


@dataclass(slots=True)
class _Count:
    """The visits of one question as they are counted: a question of two items counts a visit once."""

    visits: set[UUID] = field(default_factory=set)
    failed: set[UUID] = field(default_factory=set)
    visits_here: set[UUID] = field(default_factory=set)
    failed_here: set[UUID] = field(default_factory=set)
    lost: int = 0

    def add(self, visit_id: UUID, outcome: str, lost: int) -> None:
        self.visits.add(visit_id)
        self.lost += lost
        if outcome == "fail":
            self.failed.add(visit_id)

    def add_here(self, visit_id: UUID, outcome: str) -> None:
        self.visits_here.add(visit_id)
        if outcome == "fail":
            self.failed_here.add(visit_id)

    def line(self, question: str) -> LostHere:
        counts = (self.visits, self.failed, self.visits_here, self.failed_here)
        return LostHere(question, *(len(one) for one in counts))


def _valid(day: date) -> ColumnElement[bool]:
    return and_(SiteKind.valid_from <= day, or_(SiteKind.valid_to.is_(None), SiteKind.valid_to > day))


def _latest(session: ScopedSession, count: int, *where: ColumnElement[bool]) -> set[UUID]:
    """The latest verified visits in force."""
    mine = (Visit.tenant_id == session.tenant_id, Visit.basis == VERIFIED, Visit.replaced_at.is_(None))
    return set(session.scalars(select(Visit.id).where(*mine, *where).order_by(Visit.day.desc()).limit(count)))


def _results(
    session: ScopedSession, visits: Collection[UUID], items: Collection[tuple[str, str]]
) -> Select[*tuple[Any, ...]]:
    """What some visits answered to some items."""
    result = ItemResult
    return select(result.visit_id, result.question, result.outcome, result.possible, result.earned).where(
        result.tenant_id == session.tenant_id,
        result.visit_id.in_(visits),
        tuple_(result.campaign, result.item).in_(sorted(set(items))),
        result.outcome != "na",
    )
