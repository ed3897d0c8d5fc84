"""Blowing the whistle (吹哨): an area calls departments to a place; units that cannot be ordered get a request (商请)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.bulk import insert_rows
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.journal import record
from core.work.serials import take_serials
from core.work.tables import Whistle, WhistleCall, WhistleEvent
from core.work.whistling.whistle_notes import tell_called
from core.work.whistling.whistle_places import Place, find_finding, read_place
from core.work.whistling.whistle_rules import check_minutes, end_of, load_rules
from core.work.whistling.whistle_sight import CALLER_KINDS, calling_units
from core.work.whistling.whistle_steps import BLOW, CALLED
from core.work.wording import read_text, shown
from tenants.access import ROOTS, Actor
from tenants.db import new_id
from tenants.db import now as server_now
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

LONGEST_MATTER = 500
MOST_UNITS = 20  # called with one whistle (ours)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody calls for (吹哨内容), as it was sent.

    ``minutes`` until the called units are to be there and ``working`` (counted in working time) default to the tenant's
    rules; ``unit_ids`` are the called units; ``solve_by`` is when all should be done, if anybody says so.
    """

    caller_unit_id: UUID
    unit_ids: Sequence[UUID]
    matter: str
    place: str = ""
    site_id: UUID | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    finding_id: UUID | None = None
    minutes: int | None = None
    working: bool | None = None
    solve_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """The same, checked against the tenant's units, places and rules."""

    caller: Unit
    called: tuple[Unit, ...]
    place: Place
    matter: str
    finding_id: UUID | None
    arrive_by: datetime
    solve_by: datetime | None
    working: bool


def blow(
    session: ScopedSession,
    actor: Actor,
    wanted: Wanted,
    *,
    whistle_id: UUID | None = None,
    now: datetime | None = None,
) -> Whistle:
    """Whistle: one row, one call for each unit, one line of history, one note to each called unit's people.

    ``whistle_id`` is made by the page: the same form sent twice by the same person gives the same whistle. Raises
    InvalidInput with every fault, Conflict when the id is somebody else's.
    """
    moment = now or server_now()
    earlier = session.get(Whistle, (session.tenant_id, whistle_id)) if whistle_id else None
    if earlier is not None:
        if earlier.person_id != actor.person_id:
            raise Conflict
        return earlier
    checked = _check(session, actor, wanted, moment)
    whistle = _enter(session, actor, checked, whistle_id or new_id(), moment)
    record(session, actor, "whistle.blow", "whistle", whistle.id, number=whistle.number, called=len(checked.called))
    session.flush()
    tell_called(session, whistle, checked.caller.name, checked.called, moment)
    return whistle


def callers_for(session: Session, actor: Actor, on: date) -> list[Unit]:
    """The units for which the actor may whistle, by name."""
    mine = calling_units(session, actor, on)
    query = select(Unit).where(Unit.id.in_(mine), Unit.kind.in_(CALLER_KINDS), valid_on(Unit, on))
    return list(session.scalars(query.order_by(Unit.pinyin, Unit.id)))


def callable_units(session: Session, caller_unit_id: UUID | None, on: date) -> list[Unit]:
    """The units that may be called: in force, no root, and neither the caller nor above or beneath it."""
    query = select(Unit).where(valid_on(Unit, on), Unit.kind.not_in(ROOTS))
    if caller_unit_id is not None:
        query = query.where(Unit.id.not_in(_line_of(session, caller_unit_id, on)))
    return list(session.scalars(query.order_by(Unit.pinyin, Unit.id)))


def often_called(session: Session, caller_unit_ids: Sequence[UUID], limit: int = 6) -> list[UUID]:
    """The units that these callers called most, so that the next whistle is three taps away."""
    counted = func.count()
    rows = session.execute(
        select(WhistleCall.unit_id, counted)
        .join(Whistle, (Whistle.tenant_id == WhistleCall.tenant_id) & (Whistle.id == WhistleCall.whistle_id))
        .where(Whistle.caller_unit_id.in_(caller_unit_ids))
        .group_by(WhistleCall.unit_id)
        .order_by(counted.desc(), WhistleCall.unit_id)
        .limit(limit)
    )
    return [unit_id for unit_id, _count in rows]


def _line_of(session: Session, unit_id: UUID, on: date) -> set[UUID]:
    """A unit with all above and all beneath it on a day."""
    rows = session.execute(
        select(UnitPath.ancestor_id, UnitPath.unit_id).where(
            or_(UnitPath.unit_id == unit_id, UnitPath.ancestor_id == unit_id), valid_on(UnitPath, on)
        )
    )
    return {unit_id}.union(*((above, unit) for above, unit in rows))


def _check(session: ScopedSession, actor: Actor, wanted: Wanted, now: datetime) -> _Checked:
    """Everything that is wrong, at once. Raises InvalidInput."""
    faults: list[Fault] = []
    day, rules = local_day(now), load_rules(session)
    caller = next((u for u in callers_for(session, actor, day) if u.id == wanted.caller_unit_id), None)
    if caller is None:
        remedy = N_("请选择您任职的街道、社区、网格或片区")
        faults.append(Fault(N_("您不能代表这个单位吹哨"), "caller_unit_id", remedy=remedy))
    called = _check_called(session, wanted, caller, day, faults)
    matter = read_text(wanted.matter, "matter", faults, LONGEST_MATTER)
    if not matter:
        faults.append(Fault(N_("缺少事项"), "matter", remedy=N_("请写明需要解决什么")))
    place = read_place(
        session,
        actor,
        caller_unit_id=wanted.caller_unit_id,
        site_id=wanted.site_id,
        text=wanted.place,
        longitude=wanted.longitude,
        latitude=wanted.latitude,
        on=day,
        faults=faults,
    )
    finding_id = find_finding(session, actor, wanted.finding_id, day, faults) if wanted.finding_id else None
    minutes = rules.minutes if wanted.minutes is None else wanted.minutes
    check_minutes(minutes, "minutes", faults)
    if faults or caller is None:
        raise InvalidInput(faults=faults)
    working = rules.working if wanted.working is None else wanted.working
    arrive_by = end_of(session, now, minutes, working=working)
    if wanted.solve_by is not None and wanted.solve_by <= arrive_by:
        remedy = N_("请填晚于到场时限的时间，或不填")
        raise InvalidInput(faults=[Fault(N_("解决时限早于到场时限"), "solve_by", remedy=remedy)])
    return _Checked(caller, called, place, matter, finding_id, arrive_by, wanted.solve_by, working)


def _check_called(
    session: Session, wanted: Wanted, caller: Unit | None, on: date, faults: list[Fault]
) -> tuple[Unit, ...]:
    """The called units; unknown and foreign ones, and those in the caller's own line, are the same fault."""
    ids = list(dict.fromkeys(wanted.unit_ids))
    if not ids:
        faults.append(Fault(N_("没有选择应哨单位"), "unit_ids", remedy=N_("请至少选择一个单位")))
    if len(ids) > MOST_UNITS:
        remedy = N_("一次最多 {most} 个单位")
        params = {"most": MOST_UNITS}
        faults.append(Fault(N_("应哨单位过多"), "unit_ids", None, str(len(ids)), "", remedy, params))
        return ()
    known = {unit.id: unit for unit in callable_units(session, caller.id if caller else None, on)}
    remedy = N_("请选择在用的部门或单位；吹哨单位自己及其上下级不能应哨")
    faults += [Fault(N_("不能叫到这个单位"), "unit_ids", None, shown(i), "", remedy) for i in ids if i not in known]
    return tuple(known[i] for i in ids if i in known)


def _enter(session: Session, actor: Actor, checked: _Checked, whistle_id: UUID, now: datetime) -> Whistle:
    """The rows of a new whistle; its number is taken late, for others wait meanwhile."""
    year, place = local_day(now).year, checked.place
    (number,) = take_serials(session, actor, f"whistle-{year}")
    whistle = Whistle(
        id=whistle_id,
        number=f"{year}-{number:04d}",
        caller_unit_id=checked.caller.id,
        unit_id=place.unit_id,
        site_id=place.site_id,
        finding_id=checked.finding_id,
        place=place.text,
        longitude=place.longitude,
        latitude=place.latitude,
        matter=checked.matter,
        person_id=actor.person_id,
        state=CALLED,
        called_at=now,
        arrive_by=checked.arrive_by,
        solve_by=checked.solve_by,
        working=checked.working,
        changed_at=now,
    )
    session.add(whistle)
    session.flush()
    blank = {"whistle_id": whistle.id, "arrived_by": "", "note": ""}
    calls = [blank | {"unit_id": unit.id, "requested": not unit.commanded} for unit in checked.called]
    insert_rows(session, actor, WhistleCall, calls)
    session.add(
        WhistleEvent(
            whistle_id=whistle.id,
            version=1,
            at=now,
            verb=BLOW,
            to_state=CALLED,
            unit_id=checked.caller.id,
            unit_name=checked.caller.name,
            person_id=actor.person_id,
            person_name=actor.name,
            note=checked.matter,
        )
    )
    return whistle
