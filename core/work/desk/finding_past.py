"""Findings as they were (往日台账): what the history says of each at the end of a day, for lists asked "as of" it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, DateTime, FromClause, and_, case, cast, func, lateral, or_, select
from sqlalchemy.orm import Session

from core.work.loop.clocks import end_of
from core.work.loop.history import BrokenHistory, Replayed, replay
from core.work.tables import Finding, FindingEvent

LOG = logging.getLogger("sancheng.ledger")
AGAIN = ("reopen", "relapse")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a condition finds what a step changes (时点列): the finding's own columns, or those of a day that is past.

    ``past`` must be joined laterally, from the left, when it is set; ``existed`` says that the finding was there already,
    ``changed`` that a step was taken since.
    """

    state: ColumnElement[Any]
    due_at: ColumnElement[Any]
    returned: ColumnElement[bool]
    reopened: ColumnElement[bool]
    relapsed: ColumnElement[bool]
    past: FromClause | None = None
    existed: tuple[ColumnElement[bool], ...] = ()
    changed: ColumnElement[bool] | None = None

    def stood_in(self, states: Sequence[str]) -> ColumnElement[bool]:
        """Whether a finding stood in one of some states; of a past day, an index finds what is there still or has changed since."""
        then = self.state.in_(states)
        return then if self.changed is None else and_(or_(self.changed, NOW.state.in_(states)), then)


NOW = Columns(
    Finding.state,  # type: ignore[arg-type]  # a mapped column is a column
    Finding.due_at,  # type: ignore[arg-type]  # likewise
    Finding.returns > 0,
    Finding.reopened > 0,
    Finding.relapsed > 0,
)


@lru_cache(maxsize=512)
def columns_of(tenant_id: int, day: date | None) -> Columns:
    """The columns at the end of a day; those of now when there is none. One object for all parts of a statement."""
    if day is None:
        return NOW
    until = end_of(day)
    changed = Finding.changed_at >= until  # the others stand today as they stood then: their histories need not be read
    past = lateral(
        select(FindingEvent.to_state, FindingEvent.detail["due_at"].astext.label("due_at"))
        .where(
            changed,
            FindingEvent.tenant_id == tenant_id,
            FindingEvent.finding_id == Finding.id,
            FindingEvent.at < until,
        )
        .order_by(FindingEvent.version.desc())
        .limit(1)
        .correlate(Finding)
    ).alias("past")
    told = ((NOW.returned, ("return",)), (NOW.reopened, AGAIN), (NOW.relapsed, ("relapse",)))
    returned, reopened, relapsed = (and_(now, _taken(tenant_id, until, verbs)) for now, verbs in told)
    return Columns(
        state=case((changed, past.c.to_state), else_=NOW.state),
        due_at=case((changed, cast(past.c.due_at, DateTime(timezone=True))), else_=NOW.due_at),
        returned=case((changed, returned), else_=NOW.returned),
        reopened=case((changed, reopened), else_=NOW.reopened),
        relapsed=case((changed, relapsed), else_=NOW.relapsed),
        past=past,
        existed=(Finding.opened_at < until,),
        changed=changed,
    )


def _taken(tenant_id: int, until: datetime, verbs: Sequence[str]) -> ColumnElement[bool]:
    """Whether a step of these was taken before a moment: the first is sought finding by finding, for the few that had one ever."""
    first = select(func.min(FindingEvent.at)).where(
        FindingEvent.tenant_id == tenant_id, FindingEvent.finding_id == Finding.id, FindingEvent.verb.in_(verbs)
    )
    return first.correlate(Finding).scalar_subquery() < until


@dataclass(frozen=True, slots=True)
class Then:
    """A finding at the end of a day (往日状态): what its history replays to, who was in charge, what was corrected since."""

    told: Replayed
    person: str
    values: Mapping[str, str]


def replay_until(session: Session, ids: Sequence[Any], day: date) -> dict[Any, Then]:
    """What the histories of some findings say at the end of a day (one query)."""
    lines: dict[Any, list[FindingEvent]] = {}
    for event in session.scalars(
        select(FindingEvent)
        .where(FindingEvent.finding_id.in_(ids))
        .order_by(FindingEvent.finding_id, FindingEvent.version)
    ):
        lines.setdefault(event.finding_id, []).append(event)
    found = {finding_id: then_of(events, end_of(day)) for finding_id, events in lines.items()}
    return {finding_id: then for finding_id, then in found.items() if then is not None}


def then_of(events: Sequence[FindingEvent], until: datetime) -> Then | None:
    """What a whole history says of a moment; None when the finding was not there yet."""
    past = [event for event in events if event.at < until]
    if not past:
        return None
    values: dict[str, str] = {}
    for event in events[len(past) :]:
        values = dict(event.detail.get("before") or {}) | values  # the first correction since says what stood then
    return Then(_told(past), _in_charge(past), values)


def _in_charge(events: Sequence[FindingEvent]) -> str:
    """The name of the person in charge at the unit that leads (责任人)."""
    name, known = "", ""
    for event in events:
        detail = event.detail
        if event.verb != "assist" and ("person" in detail or "lead_before" in detail):
            person = detail.get("person") or {}
            name, known = person.get("name", ""), person.get("id", "")
        elif (handed := detail.get("handed")) and handed["from"] == known:
            name, known = handed["name"], handed["to"]
    return name


def _told(events: Sequence[FindingEvent]) -> Replayed:
    """What a history says; of one that no legal steps could have written, its last line (a list fails soft)."""
    try:
        return replay(events)
    except BrokenHistory as error:
        LOG.warning("finding %s: %s", events[0].finding_id, error)
        last = events[-1]
        return Replayed(last.to_state, last.version, None, None, 0, 0, 0, None)
