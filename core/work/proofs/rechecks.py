"""Looks at closed findings again (回头看): stable, or relapsed - then the same finding opens again with its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.journal import record
from core.work.loop.ledger import act_by_system
from core.work.loop.sight import audit_kind, sees_finding
from core.work.loop.states import CLOSED
from core.work.permits import require
from core.work.proofs.recheck_notes import tell_drawn
from core.work.proofs.recheck_people import cases_of, lookers, why_not
from core.work.roles import CHECK, DIRECT
from core.work.tables import Finding, Part, Recheck, Site
from core.work.wording import read_text, shown
from tenants.access import Actor, may
from tenants.models import Person, UnitPath
from tenants.scope import ScopedSession

RESULTS = {"stable": "confirm_stable", "relapsed": "relapse"}
DUE, STABLE, RELAPSED, DROPPED = STATES = ("due", "stable", "relapsed", "dropped")
LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class RecheckRow:
    """One re-inspection in a list (回头看任务)."""

    recheck: Recheck
    finding: Finding
    place: str
    person: str


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show of the re-inspections (筛选); empty means all that the reader sees."""

    mine: bool = False
    state: str = ""
    sample_id: UUID | None = None
    unit_id: UUID | None = None
    finding_id: UUID | None = None


def plan_recheck(
    session: ScopedSession, actor: Actor, finding_id: UUID, *, person_id: UUID | None, due_on: date, now: datetime
) -> Recheck:
    """Ask for one closed finding to be looked at again, outside any sample; ``person_id`` None leaves it to whoever checks.

    Raises NotFound, Forbidden, Conflict (not closed, or asked for already) and InvalidInput.
    """
    day = local_day(now)
    # The finding's row is ours until the end, so that it is asked for once.
    chosen = select(Finding).where(Finding.id == finding_id, sees_finding(actor, day)).with_for_update(of=Finding)
    finding = session.scalars(chosen, execution_options={"populate_existing": True}).first()
    if finding is None:
        raise NotFound
    require(session, actor, DIRECT, finding.unit_id, day)
    if finding.state != CLOSED:
        raise Conflict(N_("只有已销号的问题可以安排回头看"))
    if session.scalar(select(Recheck.id).where(Recheck.finding_id == finding.id, Recheck.state == DUE).limit(1)):
        raise Conflict(N_("这个问题已经安排了回头看"))
    if due_on <= day:
        remedy = N_("请填今天以后的日期")
        raise InvalidInput(faults=[Fault(N_("回头看日期不对"), "due_on", value=str(due_on), remedy=remedy)])
    if person_id is not None and finding.restricted:
        remedy = N_("请不指定人，由有权核查的人填写")
        raise InvalidInput(faults=[Fault(N_("限定范围的问题不指定复查人"), "person", remedy=remedy)])
    if person_id is not None and (reason := why_not_him(session, finding, person_id, day)):
        raise InvalidInput(faults=[Fault(reason, "person", remedy=N_("请换一个人"))])
    found = Recheck(finding_id=finding.id, person_id=person_id, due_on=due_on, hidden=finding.hidden, created_at=now)
    session.add(found)
    session.flush()
    record(session, actor, "recheck.plan", audit_kind(finding.restricted), finding.id, due_on=str(due_on))
    tell_drawn(session, actor, [found], now)
    return found


def settle_recheck(
    session: ScopedSession,
    actor: Actor,
    recheck_id: UUID,
    result: str,
    *,
    note: str = "",
    photos: Sequence[str] = (),
    now: datetime,
) -> Finding:
    """Say what was found on the spot (回头看结果): ``stable`` or ``relapsed``; the finding takes the step in the same moment.

    Raises NotFound, Forbidden (his own work), Conflict (settled already, by whom) and InvalidInput.
    """
    day = local_day(now)
    found, finding = _get(session, actor, recheck_id, day, lock=True)
    if found.state != DUE:
        raise _settled(session, found)
    if reason := why_not_him(session, finding, actor.person_id, day):
        raise Forbidden(reason)
    said = _checked(result, note, photos)
    found.state, found.note, found.done_at, found.done_by = result, said, now, actor.person_id
    session.flush()
    return act_by_system(session, finding.id, RESULTS[result], person=actor, note=said, photos=photos, now=now)


def get_recheck(session: ScopedSession, actor: Actor, recheck_id: UUID, now: datetime) -> RecheckRow:
    """One re-inspection that is the actor's, or whose finding he checks or directs. Raises NotFound."""
    found, finding = _get(session, actor, recheck_id, local_day(now))
    person = session.scalar(select(Person.name).where(Person.id == (found.done_by or found.person_id)))
    place = session.scalar(select(Site.name).where(Site.id == finding.site_id)) if finding.site_id else finding.place
    return RecheckRow(found, finding, place or "", person or "")


def why_not_him(session: ScopedSession, finding: Finding, person_id: UUID, day: date) -> str:
    """Why a person may not look at a finding again; '' when he may."""
    looker = lookers(session, day, [person_id]).get(person_id)
    return why_not(person_id, looker, cases_of(session, [finding.id], day)[finding.id])


def list_rechecks(
    session: ScopedSession,
    actor: Actor,
    wanted: Filter | None = None,
    *,
    now: datetime,
    after: tuple[int, date, UUID] | None = None,
    size: int = 50,
) -> list[RecheckRow]:
    """Re-inspections whose findings the actor sees, what is due first, by its day; one more than ``size`` if there are more.

    ``after`` is the place of the last one: 0 (due) or 1, its day, its id.
    """
    asked, day = wanted or Filter(), local_day(now)
    over = case((Recheck.state == DUE, 0), else_=1)
    query = (
        select(Recheck, Finding, func.coalesce(Site.name, Finding.place), Person.name)
        .join(Finding, (Finding.tenant_id == Recheck.tenant_id) & (Finding.id == Recheck.finding_id))
        .outerjoin(Site, (Site.tenant_id == Finding.tenant_id) & (Site.id == Finding.site_id))
        .outerjoin(
            Person,
            (Person.tenant_id == Recheck.tenant_id) & (Person.id == func.coalesce(Recheck.done_by, Recheck.person_id)),
        )
        .where(Recheck.tenant_id == session.tenant_id, sees_finding(actor, day))
    )
    if asked.mine:
        query = query.where(Recheck.person_id == actor.person_id)
    for column, value in (
        (Recheck.state, asked.state),
        (Recheck.sample_id, asked.sample_id),
        (Recheck.finding_id, asked.finding_id),
    ):
        if value:
            query = query.where(column == value)
    if asked.unit_id is not None:
        query = query.where(_of_unit(session, asked.unit_id, day))
    if after is not None:
        query = query.where(tuple_(over, Recheck.due_on, Recheck.id) > after)
    rows = session.execute(query.order_by(over, Recheck.due_on, Recheck.id).limit(size + 1))
    return [RecheckRow(recheck, finding, place, name or "") for recheck, finding, place, name in rows]


def _of_unit(session: ScopedSession, unit_id: UUID, day: date) -> ColumnElement[bool]:
    """The finding's place, or who led it, lies under a unit."""
    under = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == session.tenant_id, UnitPath.ancestor_id == unit_id, valid_on(UnitPath, day)
    )
    led = select(Part.finding_id).where(
        Part.tenant_id == session.tenant_id, Part.leading, Part.ended_at.is_(None), Part.unit_id.in_(under)
    )
    return or_(Finding.unit_id.in_(under), Finding.id.in_(led))


def _get(
    session: ScopedSession, actor: Actor, recheck_id: UUID, day: date, *, lock: bool = False
) -> tuple[Recheck, Finding]:
    found = session.scalars(
        select(Recheck).where(Recheck.id == recheck_id), execution_options={"populate_existing": True}
    ).first()
    seen = select(Finding).where(Finding.id == (found.finding_id if found else None), sees_finding(actor, day))
    # The finding's row first, as every step takes it: two who lock in another order would wait for each other.
    finding = session.scalars(seen.with_for_update(of=Finding) if lock else seen).first()
    if found is None or finding is None:
        raise NotFound
    if lock:
        session.refresh(found, with_for_update=True)
    own = found.person_id == actor.person_id
    if not own and not any(may(session, actor, verb, finding.unit_id, day) for verb in (CHECK, DIRECT)):
        raise NotFound
    return found, finding


def _settled(session: Session, found: Recheck) -> Conflict:
    if found.state == DROPPED:
        return Conflict(N_("这个问题已经另行办理，不用再回头看"))
    who = session.scalar(select(Person.name).where(Person.id == found.done_by)) or ""
    return Conflict(N_("这次回头看已由{who}填写结果"), who=who)


def _checked(result: str, note: str, photos: Sequence[str]) -> str:
    """The note, when result, note and photos go together."""
    faults: list[Fault] = []
    said = read_text(note, "note", faults)
    if result not in RESULTS:
        params = {"known": ", ".join(RESULTS)}
        faults.append(Fault(N_("请选择回头看结果"), "result", None, shown(result), "", N_("可填：{known}"), params))
    if result == RELAPSED and not said:
        faults.append(Fault(N_("没有写明情况"), "note", remedy=N_("反弹须写明情况")))
    if result == RELAPSED and not photos:
        faults.append(Fault(N_("没有照片"), "photos", remedy=N_("反弹至少附一张照片")))
    if faults:
        raise InvalidInput(faults=faults)
    return said
