"""Patrol shifts (巡查班次): who walked which route, from when to when, and what was found and put right on the way.

A shift may be joint: road chief, grid worker and enforcement walk together (联合巡查). Whoever walks along may report for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import ZONE, local_day
from core.work.journal import record
from core.work.loop.sight import sees_finding
from core.work.loop.states import DISMISSED, ON_SPOT
from core.work.organisation.areas import in_area
from core.work.permits import require
from core.work.roles import REPORT, SEE
from core.work.tables import Finding, Patrol, PatrolMember
from core.work.wording import read_text, shown
from tenants.access import Actor, reach
from tenants.db import new_id
from tenants.db import now as server_now
from tenants.models import Person, Unit

DUTIES: dict[str, tuple[str, str]] = {
    "road_chief": (N_("路长"), "Road chief"),
    "grid_worker": (N_("网格员"), "Grid worker"),
    "enforcement": (N_("执法人员"), "Enforcement"),
    "sanitation": (N_("环卫人员"), "Sanitation"),
    "volunteer": (N_("志愿者"), "Volunteer"),
    "other": (N_("其他"), "Other"),
}
LATE = timedelta(hours=24)  # how long after its end findings may still arrive from phones without signal (ours)
MOST_MEMBERS = 20
LONGEST_ROUTE = 100


@dataclass(frozen=True, slots=True)
class PatrolRow:
    """One shift with what came of it (班次行): counted are findings that the reader sees and nobody dismissed."""

    patrol: Patrol
    unit_name: str
    person_name: str
    members: Sequence[tuple[str, str]]  # name and duty
    fixed: int = 0
    passed_on: int = 0


def start_patrol(
    session: Session,
    actor: Actor,
    *,
    unit_id: UUID,
    route: str = "",
    members: Mapping[UUID, str],
    now: datetime | None = None,
    patrol_id: UUID | None = None,
) -> Patrol:
    """Begin a shift (开始巡查) in a unit's territory; ``members`` are people with the duty that each walks with.

    The actor walks along; his own duty is 'other' unless he is named. ``patrol_id`` comes from the phone. Raises InvalidInput, Forbidden, and Conflict when one of
    them is on another shift.
    """
    moment = now or server_now()
    require(session, actor, REPORT, unit_id, local_day(moment))
    walking = {actor.person_id: "other"} | dict(members)
    said = _checked(session, route, walking)
    _refuse_busy(session, list(walking))
    patrol = Patrol(id=patrol_id or new_id(), unit_id=unit_id, person_id=actor.person_id, route=said, started_at=moment)
    session.add(patrol)
    session.flush()
    session.add_all(PatrolMember(patrol_id=patrol.id, person_id=p, duty=duty) for p, duty in walking.items())
    session.flush()
    record(session, actor, "patrol.start", "patrol", patrol.id, route=said, members=len(walking))
    return patrol


def join_patrol(
    session: Session, actor: Actor, patrol_id: UUID, *, members: Mapping[UUID, str], now: datetime | None = None
) -> Patrol:
    """More people walk along from now on (中途加入); anyone on the shift may say so, who is on it already stays as he is.

    Raises NotFound, InvalidInput, and Conflict when the shift has ended or one of them is on another shift.
    """
    moment = now or server_now()
    patrol = own_patrol(session, actor, patrol_id)
    session.refresh(patrol, with_for_update=True)
    chosen = select(PatrolMember.person_id, PatrolMember.duty).where(PatrolMember.patrol_id == patrol_id)
    walking: dict[UUID, str] = {row.person_id: row.duty for row in session.execute(chosen)}
    fresh = {person: duty for person, duty in members.items() if person not in walking}
    if not members:
        raise InvalidInput(faults=[Fault(N_("没有选人"), "members", remedy=N_("请选一起走的人"))])
    _checked(session, patrol.route, walking | fresh, fresh)
    if patrol.ended_at is not None:
        raise Conflict(N_("这个班次已经结束"))
    _refuse_busy(session, list(fresh))
    session.add_all(PatrolMember(patrol_id=patrol_id, person_id=p, duty=duty) for p, duty in fresh.items())
    session.flush()
    if fresh:
        record(session, actor, "patrol.join", "patrol", patrol_id, members=len(fresh), at=moment.isoformat())
    return patrol


def end_patrol(
    session: Session, actor: Actor, patrol_id: UUID, *, note: str = "", now: datetime | None = None
) -> Patrol:
    """End a shift (结束巡查); anyone who walked along may. Raises NotFound, Conflict when it has ended, InvalidInput."""
    faults: list[Fault] = []
    said = read_text(note, "note", faults)
    if faults:
        raise InvalidInput(faults=faults)
    patrol = own_patrol(session, actor, patrol_id)
    if patrol.ended_at is not None:
        raise Conflict(N_("这个班次已经结束"))
    ended = session.execute(
        update(Patrol)
        .where(Patrol.tenant_id == actor.tenant.id, Patrol.id == patrol_id, Patrol.ended_at.is_(None))
        .values(ended_at=now or server_now(), note=said)
        .returning(Patrol.id)
        .execution_options(synchronize_session=False)
    ).first()
    if ended is None:
        raise Conflict(N_("这个班次已经结束"))
    session.refresh(patrol)
    record(session, actor, "patrol.end", "patrol", patrol.id)
    return patrol


def own_patrol(session: Session, actor: Actor, patrol_id: UUID) -> Patrol:
    """A shift that the actor walks or walked along. Raises NotFound."""
    found = session.scalars(select(Patrol).where(Patrol.id == patrol_id, _walks(actor.person_id))).first()
    if found is None:
        raise NotFound
    return found


def patrol_for_report(session: Session, actor: Actor, patrol_id: UUID, now: datetime) -> Patrol:
    """A shift for which the actor may report now: one that he walks along, not ended longer ago than a day.

    Raises NotFound, Conflict when it ended too long ago.
    """
    patrol = own_patrol(session, actor, patrol_id)
    if patrol.ended_at is not None and now > patrol.ended_at + LATE:
        raise Conflict(N_("这个班次早已结束，不能再为它上报；请开始新的班次"))
    return patrol


def running_patrol(session: Session, actor: Actor) -> Patrol | None:
    """The shift that the actor is on now; None when he is on none."""
    chosen = select(Patrol).where(Patrol.ended_at.is_(None), _walks(actor.person_id))
    return session.scalars(chosen.order_by(Patrol.started_at.desc()).limit(1)).first()


@dataclass(frozen=True, slots=True)
class PatrolFilter:
    """Which shifts to list (班次筛选); days are those of their start."""

    since: date | None = None
    until: date | None = None
    unit_id: UUID | None = None
    running: bool | None = None
    area_id: UUID | None = None


def list_patrols(
    session: Session,
    actor: Actor,
    wanted: PatrolFilter,
    *,
    on: date,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[PatrolRow]:
    """The shifts in reach, the latest first (three queries); ``after`` is the start and id of the last one seen."""
    query = (
        select(Patrol, Unit.name, Person.name)
        .join(Unit, and_(Unit.tenant_id == Patrol.tenant_id, Unit.id == Patrol.unit_id))
        .join(Person, and_(Person.tenant_id == Patrol.tenant_id, Person.id == Patrol.person_id))
        .where(Patrol.tenant_id == actor.tenant.id, *shifts_wanted(actor, wanted, on))
        .order_by(Patrol.started_at.desc(), Patrol.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Patrol.started_at, Patrol.id) < after)
    found = session.execute(query).all()
    ids = [patrol.id for patrol, _, _ in found]
    members, counts = _members(session, ids), _counts(session, actor, ids, on)
    return [
        PatrolRow(patrol, unit, person, members.get(patrol.id, ()), *counts.get(patrol.id, (0, 0)))
        for patrol, unit, person in found
    ]


def find_patrol(session: Session, actor: Actor, patrol_id: UUID, *, on: date) -> Patrol | None:
    """A shift that the actor's list has; None for any other."""
    return session.scalar(select(Patrol).where(Patrol.id == patrol_id, *shifts_wanted(actor, PatrolFilter(), on)))


def shifts_wanted(actor: Actor, wanted: PatrolFilter, on: date) -> list[ColumnElement[bool]]:
    """The filter as conditions on Patrol: within reach, or walked along."""
    found = [or_(Patrol.unit_id.in_(reach(actor, SEE, on)), _walks(actor.person_id))]
    if wanted.since:
        found.append(Patrol.started_at >= datetime.combine(wanted.since, datetime.min.time(), ZONE))
    if wanted.until:
        found.append(Patrol.started_at < datetime.combine(wanted.until + timedelta(days=1), datetime.min.time(), ZONE))
    if wanted.unit_id:
        found.append(Patrol.unit_id == wanted.unit_id)
    if wanted.area_id:
        found.append(in_area(actor.tenant.id, wanted.area_id, on, Patrol.unit_id))
    if wanted.running is not None:
        found.append(Patrol.ended_at.is_(None) if wanted.running else Patrol.ended_at.is_not(None))
    return found


def _walks(person_id: UUID) -> ColumnElement[bool]:
    member = exists().where(
        PatrolMember.tenant_id == Patrol.tenant_id,
        PatrolMember.patrol_id == Patrol.id,
        PatrolMember.person_id == person_id,
    )
    return member.correlate(Patrol)


def _members(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    found: dict[UUID, list[tuple[str, str]]] = {}
    rows = session.execute(
        select(PatrolMember.patrol_id, Person.name, PatrolMember.duty)
        .join(Person, and_(Person.tenant_id == PatrolMember.tenant_id, Person.id == PatrolMember.person_id))
        .where(PatrolMember.patrol_id.in_(ids))
        .order_by(Person.pinyin, Person.id)
    )
    for patrol_id, name, duty in rows:
        found.setdefault(patrol_id, []).append((name, duty))
    return found


def _counts(session: Session, actor: Actor, ids: Sequence[UUID], on: date) -> dict[UUID, tuple[int, int]]:
    fixed = func.count().filter(Finding.outcome == ON_SPOT)
    rows = session.execute(
        select(Finding.patrol_id, fixed, func.count() - fixed)
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.patrol_id.in_(ids),
            Finding.state.not_in(DISMISSED),
            sees_finding(actor, on),
        )
        .group_by(Finding.patrol_id)
    )
    return {patrol_id: (done, passed) for patrol_id, done, passed in rows if patrol_id}


def _checked(session: Session, route: str, walking: Mapping[UUID, str], fresh: Mapping[UUID, str] | None = None) -> str:
    """The route's text; people are looked up when they are new, ``fresh`` or all. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    said = read_text(route, "route", faults, LONGEST_ROUTE)
    for duty in sorted(set(walking.values()) - DUTIES.keys()):
        params = {"known": ", ".join(DUTIES)}
        faults.append(Fault(N_("没有这种身份"), "members", None, shown(duty), "", N_("可填：{known}"), params))
    if len(walking) > MOST_MEMBERS:
        most = {"most": MOST_MEMBERS}
        faults.append(Fault(N_("人员过多"), "members", None, str(len(walking)), "", N_("最多 {most} 人"), most))
    sought = walking if fresh is None else fresh
    active = set(session.scalars(select(Person.id).where(Person.id.in_(sought), Person.state == "active")))
    if set(sought) - active:
        faults.append(Fault(N_("没有这个人员"), "members", remedy=N_("请从在岗人员中选择")))
    if faults:
        raise InvalidInput(faults=faults)
    return said


def _refuse_busy(session: Session, people: Sequence[UUID]) -> None:
    """Nobody walks two shifts at once; the people's rows are locked, so that two starts at a moment see each other."""
    session.execute(select(Person.id).where(Person.id.in_(people)).order_by(Person.id).with_for_update())
    busy = session.execute(
        select(Person.name, Patrol.started_at)
        .join(PatrolMember, and_(PatrolMember.tenant_id == Person.tenant_id, PatrolMember.person_id == Person.id))
        .join(Patrol, and_(Patrol.tenant_id == PatrolMember.tenant_id, Patrol.id == PatrolMember.patrol_id))
        .where(Person.id.in_(people), Patrol.ended_at.is_(None))
        .order_by(Person.pinyin)
    ).first()
    if busy is not None:
        since = busy[1].astimezone(ZONE).strftime("%m-%d %H:%M")
        raise Conflict(N_("{name} 还在 {since} 开始的班次上；请先结束那个班次"), name=busy[0], since=since)
