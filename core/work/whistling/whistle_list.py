"""Lists of whistles (吹哨清单), always within the reader's reach."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.loop.clocks import end_of
from core.work.organisation.areas import in_area
from core.work.tables import Whistle, WhistleCall, WhistleEvent
from core.work.whistling.whistle_sight import sees_whistle
from core.work.whistling.whistle_steps import OPEN, STATES
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Unit, UnitPath

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class WhistleRow:
    """One line of the list (吹哨清单行). ``late``: still open, the arrival time has passed and somebody is missing."""

    id: UUID
    number: str
    state: str
    version: int
    caller_unit_id: UUID
    caller: str
    place: str
    matter: str
    called_at: datetime
    arrive_by: datetime
    solve_by: datetime | None
    solved_at: datetime | None
    escalated_at: datetime | None
    called: int
    accepted: int
    arrived: int
    done: int
    declined: int
    late: bool

    @property
    def expected(self) -> int:
        """How many of the called units are expected there: all but those that declined a request."""
        return self.called - self.declined


@dataclass(frozen=True, slots=True)
class WhistlePage:
    """A page of the list (分页); ``next_cursor`` is None on the last one."""

    rows: Sequence[WhistleRow]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show (筛选); empty means everything. ``units`` stand for their subtrees, as caller, place or called unit.

    ``since`` and ``until`` bound the moment of the call, the second one excluded; ``text`` is part of number, place or matter.
    With ``as_of`` the list is as it was at the end of that day: states and clocks.
    """

    states: Sequence[str] = ()
    units: Sequence[UUID] = ()
    since: datetime | None = None
    until: datetime | None = None
    late: bool | None = None
    text: str = ""
    area_id: UUID | None = None
    as_of: date | None = None

    def moment(self, now: datetime) -> datetime:
        """The moment that the list shows: now, or the end of the past day."""
        return now if self.as_of is None else end_of(self.as_of)


def list_whistles(
    session: Session,
    actor: Actor,
    wanted: Filter | None = None,
    *,
    cursor: str | None = None,
    page_size: int = 50,
    now: datetime | None = None,
) -> WhistlePage:
    """One page of the whistles within the actor's reach, newest first (one query). Raises InvalidInput."""
    moment, filters = now or server_now(), wanted or Filter()
    _check(filters, page_size)
    until = filters.moment(moment)
    query = rows_query(actor, moment, filters.as_of).where(*_conditions(actor, filters, moment))
    if cursor:
        query = query.where(tuple_(Whistle.called_at, Whistle.id) < _read_cursor(cursor))
    query = query.order_by(Whistle.called_at.desc(), Whistle.id.desc()).limit(page_size + 1)
    found = [row_of(*one, until) for one in session.execute(query)]
    last = found[page_size - 1] if len(found) > page_size else None
    return WhistlePage(found[:page_size], _write_cursor(last) if last else None)


def rows_query(
    actor: Actor, now: datetime, as_of: date | None = None
) -> Select[Whistle, str, str, int, int, int, int, int]:
    """The whistles that the actor sees, with the caller's name, the state and how far the called units have come."""

    def reached(clock: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
        return _was(clock, as_of)

    counted = (
        select(
            WhistleCall.whistle_id,
            func.count().label("called"),
            func.count().filter(reached(WhistleCall.accepted_at), ~reached(WhistleCall.declined_at)).label("accepted"),
            func.count().filter(reached(WhistleCall.arrived_at)).label("arrived"),
            func.count().filter(reached(WhistleCall.solved_at)).label("done"),
            func.count().filter(reached(WhistleCall.declined_at)).label("declined"),
        )
        .where(WhistleCall.tenant_id == Whistle.tenant_id, WhistleCall.whistle_id == Whistle.id)
        .group_by(WhistleCall.whistle_id)
        .lateral("counted")
    )
    numbers = (counted.c.called, counted.c.accepted, counted.c.arrived, counted.c.done, counted.c.declined)
    return (
        select(Whistle, Unit.name, state_then(actor.tenant.id, as_of), *numbers)
        .join(Unit, and_(Unit.tenant_id == Whistle.tenant_id, Unit.id == Whistle.caller_unit_id))
        .join(counted, true())
        .where(Whistle.tenant_id == actor.tenant.id, sees_whistle(actor, local_day(now)))
    )


def row_of(
    whistle: Whistle,
    caller: str,
    state: str,
    called: int,
    accepted: int,
    arrived: int,
    done: int,
    declined: int,
    at: datetime,
) -> WhistleRow:
    """What the query gave as a line of the list, as it stood at a moment."""
    same = {name: getattr(whistle, name) for name in WhistleRow.__dataclass_fields__ if hasattr(Whistle, name)}
    late = state in OPEN and whistle.arrive_by < at and arrived < called - declined
    same |= {"called": called, "accepted": accepted, "arrived": arrived, "done": done, "declined": declined}
    same |= {name: same[name] if same[name] and same[name] <= at else None for name in ("solved_at", "escalated_at")}
    return WhistleRow(**same | {"state": state}, caller=caller, late=late)


def state_then(tenant: int, as_of: date | None) -> ColumnElement[Any]:
    """A whistle's state at the end of a day, as its history says; the present one without a day."""
    if as_of is None:
        return Whistle.state  # type: ignore[return-value]  # a mapped column is a column
    last = select(WhistleEvent.to_state).where(
        WhistleEvent.tenant_id == tenant, WhistleEvent.whistle_id == Whistle.id, WhistleEvent.at < end_of(as_of)
    )
    found = last.order_by(WhistleEvent.version.desc()).limit(1).correlate(Whistle).scalar_subquery()
    return func.coalesce(found, Whistle.state)


def _was(clock: InstrumentedAttribute[datetime | None], as_of: date | None) -> ColumnElement[bool]:
    """Whether one of a called unit's clocks has been stopped, or had been at the end of a day."""
    reached = clock.is_not(None)
    return reached if as_of is None else and_(reached, clock < end_of(as_of))


def _conditions(actor: Actor, wanted: Filter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions."""
    conditions: list[ColumnElement[bool]] = []
    state, day = state_then(actor.tenant.id, wanted.as_of), wanted.as_of or local_day(now)
    if wanted.as_of is not None:
        conditions.append(Whistle.called_at < end_of(wanted.as_of))
    if wanted.states:
        conditions.append(state.in_(wanted.states))
    if wanted.units:
        conditions.append(_of_units(actor, wanted.units, day))
    if wanted.area_id is not None:
        places = (Whistle.unit_id, Whistle.site_id)
        conditions.append(in_area(actor.tenant.id, wanted.area_id, day, *places))
    if wanted.since is not None:
        conditions.append(Whistle.called_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Whistle.called_at < wanted.until)
    if wanted.late is not None:
        clocks = (WhistleCall.arrived_at, WhistleCall.declined_at)
        missing = and_(*(~_was(clock, wanted.as_of) for clock in clocks))
        late = and_(state.in_(OPEN), Whistle.arrive_by < wanted.moment(now), _has_call(actor, missing))
        conditions.append(late if wanted.late else ~late)
    if wanted.text.strip():
        sought = wanted.text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        columns = (Whistle.number, Whistle.place, Whistle.matter)
        conditions.append(or_(*(column.like(f"%{sought}%", escape="\\") for column in columns)))
    return conditions


def _has_call(actor: Actor, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    found = exists().where(WhistleCall.tenant_id == actor.tenant.id, WhistleCall.whistle_id == Whistle.id, condition)
    return found.correlate(Whistle)


def _of_units(actor: Actor, units: Sequence[UUID], on: date) -> ColumnElement[bool]:
    under = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id, UnitPath.ancestor_id.in_(units), valid_on(UnitPath, on)
    )
    return or_(
        Whistle.caller_unit_id.in_(under),
        Whistle.unit_id.in_(under),
        _has_call(actor, WhistleCall.unit_id.in_(under)),
    )


def _check(wanted: Filter, page_size: int) -> None:
    faults: list[Fault] = []
    for state in wanted.states:
        if state not in STATES:
            params = {"known": ", ".join(STATES)}
            faults.append(Fault(N_("没有这个取值"), "state", None, shown(state), "", N_("可填：{known}"), params))
    if not 1 <= page_size <= LARGEST_PAGE:
        remedy, most = N_("请填 1 到 {most}"), {"most": LARGEST_PAGE}
        faults.append(Fault(N_("每页条数超出范围"), "page_size", None, str(page_size), "", remedy, most))
    read_text(wanted.text, "text", faults, longest=100)
    if faults:
        raise InvalidInput(faults=faults)


def _write_cursor(last: WhistleRow) -> str:
    text = json.dumps([last.called_at.isoformat(), str(last.id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        value, last_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found: tuple[datetime, UUID] | None = datetime.fromisoformat(value), UUID(last_id)
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error):
        found = None
    if found is None or found[0].tzinfo is None:
        remedy = N_("请从第一页重新开始")
        raise InvalidInput(faults=[Fault(N_("翻页位置无效"), "cursor", value=shown(cursor), remedy=remedy)])
    return found
