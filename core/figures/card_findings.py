"""What became of findings (问题整改取数) for daily ranks: each count as it stood at the end of the day, for each subject.

The state at a moment is read from the history, so that a day that is computed late says what it would have said then. What
was dismissed counts nowhere; self-checks, restricted findings and those still hidden are never counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Date, Select, Subquery, and_, case, cast, false, func, or_, select, union
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.figures.card_subjects import pairs_of
from core.work.loop.transitions import CLOSED_STATES, DISMISSED, NOT_CLOSED, WITH_UNIT
from core.work.marks.card_rules import BY_LEAD, League
from core.work.tables import Finding, FindingCampaign, FindingEvent, FindingItem, Visit
from tenants.models import UnitPath
from tenants.scope import ScopedSession

VERIFIED = "verified"
STOPPED = ("returned", "held", "parked")  # the clock stands or has been put off: no deadline passes here
COUNTS = (
    *("found", "found_closed", "due", "on_time", "overdue", "open", "concerned", "returns", "relapsed", "closings"),
    "visits",
)


@dataclass(frozen=True, slots=True)
class Window:
    """What a day's rank looks back on (取数时段): from a first moment to the cut-off, which is not part of it."""

    first: date
    start: datetime
    cut_off: datetime
    last: date


def finding_counts(
    session: ScopedSession,
    league: League,
    ids: Sequence[UUID],
    window: Window,
    *,
    campaign: str = "",
    categories: Sequence[str] = (),
) -> dict[UUID, dict[str, int]]:
    """The counts of each subject in a window (three queries); a subject without any record has zeros."""
    found = {one: dict.fromkeys(COUNTS, 0) for one in ids}
    if not ids:
        return found
    facts = _facts(session, window, campaign, categories)
    day = cast(func.timezone("Asia/Shanghai", Finding.opened_at), Date)
    columns = {"key": Finding.id, "unit": Finding.unit_id, "site": Finding.site_id, "day": day}
    pairs = pairs_of(league, session.tenant_id, ids, Finding, **columns)
    sums = _sums(facts, window)
    query = select(pairs.c.subject, *(one.label(name) for name, one in sums.items()))
    for row in session.execute(query.join(facts, facts.c.id == pairs.c.record).group_by(pairs.c.subject)):
        found[row.subject] |= {name: int(getattr(row, name)) for name in sums}
    if league.count_by == BY_LEAD:
        returned = _returns_by_unit(session, ids, window, facts)
        for one, counts in found.items():
            counts["returns"] = returned.get(one, 0)
        return found
    for subject, n in _visits(session, league, ids, window):
        found[subject]["visits"] = n
    return found


def _facts(session: ScopedSession, window: Window, campaign: str, categories: Sequence[str]) -> Subquery:
    """One row a finding that may be counted, with its state and closing as they stood at the cut-off.

    History is joined as grouped lists, never looked up finding by finding: the wall's own check costs each look-up.
    """
    then, during = _then(session, window), _during(session, window)
    changed = Finding.changed_at >= window.cut_off
    query = (
        select(
            Finding.id.label("id"),
            Finding.opened_at.label("opened_at"),
            Finding.due_at.label("due_at"),
            case((changed, func.coalesce(then.c.state, Finding.state)), else_=Finding.state).label("state"),
            case((changed, func.coalesce(then.c.closed_at, Finding.closed_at)), else_=Finding.closed_at).label(
                "closed_at"
            ),
            func.coalesce(during.c.relapsed, false()).label("relapsed"),
            func.coalesce(during.c.closing, false()).label("closing"),
            func.coalesce(during.c.returns, 0).label("returns"),
        )
        .select_from(Finding)
        .outerjoin(then, then.c.finding_id == Finding.id)
        .outerjoin(during, during.c.finding_id == Finding.id)
        .where(
            Finding.tenant_id == session.tenant_id,
            Finding.opened_at < window.cut_off,
            Finding.basis == VERIFIED,
            Finding.restricted.is_(False),
            Finding.hidden.is_(False),
            or_(
                Finding.opened_at >= window.start,
                Finding.due_at >= window.start,
                Finding.changed_at >= window.start,
                Finding.state.in_(NOT_CLOSED),
            ),
        )
    )
    if categories:
        query = query.where(Finding.category.in_(categories))
    return _of_campaign(session, query, campaign).subquery("facts")


def _of_campaign(session: ScopedSession, query: Select[Any], campaign: str) -> Select[Any]:
    if not campaign:
        return query
    mine = union(
        *(
            select(t.finding_id).where(t.tenant_id == session.tenant_id, t.campaign == campaign)
            for t in (FindingItem, FindingCampaign)
        )
    )
    return query.where(Finding.id.in_(mine))


def _closing() -> ColumnElement[bool]:
    """A step that closes: from a state that is not closed, or by opening as fixed on the spot."""
    came_from = func.coalesce(FindingEvent.from_state, "").not_in(CLOSED_STATES)
    return and_(FindingEvent.to_state.in_(CLOSED_STATES), came_from)


def _then(session: ScopedSession, window: Window) -> CTE:
    """The last state and the last closing before the cut-off, of the findings that have changed since."""
    changed = and_(
        Finding.tenant_id == session.tenant_id,
        Finding.id == FindingEvent.finding_id,
        Finding.changed_at >= window.cut_off,
    )
    last = aggregate_order_by(FindingEvent.to_state, FindingEvent.version.desc())
    return (
        select(
            FindingEvent.finding_id,
            func.array_agg(last)[1].label("state"),
            func.max(FindingEvent.at).filter(_closing()).label("closed_at"),
        )
        .join(Finding, changed)
        .where(FindingEvent.tenant_id == session.tenant_id, FindingEvent.at < window.cut_off)
        .group_by(FindingEvent.finding_id)
        .cte("then")
        .prefix_with("MATERIALIZED")  # read once, however few findings the planner believes in (it read it for each)
    )


def _during(session: ScopedSession, window: Window) -> CTE:
    """What happened to each finding within the window."""
    return (
        select(
            FindingEvent.finding_id,
            func.bool_or(FindingEvent.verb == "relapse").label("relapsed"),
            func.bool_or(_closing()).label("closing"),
            func.count().filter(FindingEvent.verb == "return").label("returns"),
        )
        .where(
            FindingEvent.tenant_id == session.tenant_id,
            FindingEvent.at >= window.start,
            FindingEvent.at < window.cut_off,
        )
        .group_by(FindingEvent.finding_id)
        .cte("during")
        .prefix_with("MATERIALIZED")  # likewise
    )


def _sums(facts: Subquery, window: Window) -> dict[str, Any]:
    c = facts.c
    counted = c.state.not_in(DISMISSED)
    found = and_(counted, c.opened_at >= window.start)
    closed, open_now = c.state.in_(CLOSED_STATES), c.state.in_(NOT_CLOSED)
    due = and_(counted, c.due_at >= window.start, c.due_at < window.cut_off, c.state.not_in(STOPPED))
    conditions = {
        "found": found,
        "found_closed": and_(found, closed),
        "due": due,
        "on_time": and_(due, closed, c.closed_at <= c.due_at),
        "overdue": and_(c.state.in_(WITH_UNIT), c.due_at < window.cut_off),
        "open": open_now,
        "concerned": found | open_now,
        "relapsed": and_(counted, c.relapsed),
        "closings": and_(counted, c.closing | c.relapsed),
    }
    sums: dict[str, Any] = {name: func.count().filter(one) for name, one in conditions.items()}
    return sums | {"returns": func.coalesce(func.sum(c.returns).filter(counted), 0)}


def _returns_by_unit(session: ScopedSession, ids: Sequence[UUID], window: Window, facts: Subquery) -> dict[UUID, int]:
    """How often each unit gave a finding back, whoever leads it since."""
    day = cast(func.timezone("Asia/Shanghai", FindingEvent.at), Date)
    stood = and_(
        UnitPath.tenant_id == session.tenant_id,
        UnitPath.unit_id == FindingEvent.unit_id,
        UnitPath.valid_from <= day,
        UnitPath.valid_to.is_(None) | (UnitPath.valid_to > day),
    )
    query = (
        select(UnitPath.ancestor_id, func.count())
        .select_from(FindingEvent)
        .join(facts, facts.c.id == FindingEvent.finding_id)
        .join(UnitPath, stood)
        .where(
            FindingEvent.tenant_id == session.tenant_id,
            FindingEvent.verb == "return",
            FindingEvent.at >= window.start,
            FindingEvent.at < window.cut_off,
            facts.c.state.not_in(DISMISSED),
            UnitPath.ancestor_id.in_(ids),
        )
        .group_by(UnitPath.ancestor_id)
    )
    return dict(session.execute(query).all())


def _visits(session: ScopedSession, league: League, ids: Sequence[UUID], window: Window) -> Sequence[Any]:
    """Verified visits of the window: how often somebody looked."""
    columns = {"key": Visit.id, "unit": Visit.unit_id, "site": Visit.site_id, "day": Visit.day}
    pairs = pairs_of(league, session.tenant_id, ids, Visit, **columns)
    query = (
        select(pairs.c.subject, func.count())
        .join(Visit, and_(Visit.tenant_id == session.tenant_id, Visit.id == pairs.c.record))
        .where(
            Visit.basis == VERIFIED,
            Visit.hidden.is_(False),
            Visit.replaced_at.is_(None),
            Visit.day.between(window.first, window.last),
        )
        .group_by(pairs.c.subject)
    )
    return session.execute(query).all()
