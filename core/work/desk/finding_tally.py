"""The counts above a list (清单计数): what is not over exactly, all of it up to a limit that never reads a whole ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.work.desk.finding_filters import Filter, is_overdue
from core.work.desk.findings import FindingRow, Page, counting_query
from core.work.loop.clocks import end_of
from core.work.loop.states import ANSWERED, AT_DESK, CLOSED_STATES, NOT_CLOSED
from tenants.access import Actor

MOST = 1_000  # above it a list says "more than" (ours; design 8 allows no more than 10 000)


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


def tally(session: Session, actor: Actor, wanted: Filter, *, now: datetime, whole: Page | None = None) -> Tally:
    """Count what a filter shows: the open ones, which have an index of their own, then all, unless the open ones reach the limit.

    ``whole`` is the list's first page: when nothing follows it, its rows are counted and nothing is read again.
    """
    if whole is not None and whole.next_cursor is None:
        return _of_rows(whole.rows)
    of = wanted.columns(actor.tenant.id)
    until = end_of(wanted.as_of) if wanted.as_of else now
    conditions = (of.state == ANSWERED, of.state.in_(AT_DESK), is_overdue(until, of), of.reopened)
    unfinished = (
        wanted.view == "rectification"
    )  # the list asks for these alone already; said twice, the planner guesses less
    live = counting_query(actor, wanted, now, *_sums(conditions))
    found = session.execute(live if unfinished else live.where(of.stood_in(NOT_CLOSED))).one()
    known = dict(zip(("open", *_NAMES), found, strict=True))
    if unfinished or known["open"] > MOST:
        total, closed = known["open"], 0
    else:
        closing = of.state.in_(CLOSED_STATES).label("is_closed")
        some = counting_query(actor, wanted, now, closing).limit(MOST + 1).subquery()
        total, closed = session.execute(select(func.count(), func.count().filter(some.c.is_closed))).one()
    return Tally(min(total, MOST), total > MOST, closed=closed, **known)


def _of_rows(rows: Sequence[FindingRow]) -> Tally:
    """The same counts of a list that is here in full."""
    live = [row for row in rows if row.state in NOT_CLOSED]
    return Tally(
        total=len(rows),
        more=False,
        open=len(live),
        at_desk=sum(row.state in AT_DESK for row in live),
        to_check=sum(row.state == ANSWERED for row in live),
        overdue=sum(row.overdue for row in live),
        recurring=sum(row.reopened > 0 for row in live),
        closed=sum(row.state in CLOSED_STATES for row in rows),
    )


_NAMES = ("to_check", "at_desk", "overdue", "recurring")


def _sums(conditions: Sequence[ColumnElement[Any]]) -> list[ColumnElement[int]]:
    return [func.count(), *(func.count().filter(condition) for condition in conditions)]
