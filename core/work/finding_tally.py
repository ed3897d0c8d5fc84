"""The counts above a list (清单计数): what is not over exactly, all of it up to a limit that never reads a whole ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.work.finding_filters import Filter, is_overdue
from core.work.findings import counting_query
from core.work.states import ANSWERED, AT_DESK, CLOSED_STATES, NOT_CLOSED
from tenants.access import Actor

MOST = 10_000  # above it a list says "more than" (design 8)


@dataclass(frozen=True, slots=True)
class Tally:
    """Findings of a list by where they stand (清单计数); ``total`` and ``closed`` are at least so many when ``more``."""

    total: int
    more: bool
    open: int
    at_desk: int
    to_check: int
    overdue: int
    recurring: int
    closed: int


def tally(session: Session, actor: Actor, wanted: Filter, *, now: datetime) -> Tally:
    """Count what a filter shows (two queries): the open ones by their own index, all of them no further than needed."""
    of = wanted.columns(actor.tenant.id)
    conditions = (of.state == ANSWERED, of.state.in_(AT_DESK), is_overdue(now, of), of.reopened)
    sums = (func.count(), *(func.count().filter(condition) for condition in conditions))
    live = counting_query(actor, wanted, now, *sums).where(of.state.in_(NOT_CLOSED))
    opened, to_check, at_desk, overdue, recurring = session.execute(live).one()
    some = counting_query(actor, wanted, now, of.state.label("state")).limit(MOST + 1).subquery()
    by_state: dict[str, int] = dict(session.execute(select(some.c.state, func.count()).group_by(some.c.state)).all())
    total = sum(by_state.values())
    closed = sum(by_state.get(state, 0) for state in CLOSED_STATES)
    return Tally(min(total, MOST), total > MOST, opened, at_desk, to_check, overdue, recurring, closed)
