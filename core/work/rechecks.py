"""Looks at closed findings again (回头看): stable, or relapsed - then the same finding opens again with its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.journal import record
from core.work.ledger import act_by_system
from core.work.permits import require
from core.work.roles import CHECK, DIRECT
from core.work.sampling import handlers_of
from core.work.sight import audit_kind, sees_finding
from core.work.states import CLOSED
from core.work.tables import Finding, Part, Recheck
from core.work.wording import read_text
from tenants.access import Actor, may, root_unit
from tenants.models import Holding, Person, Post, UnitPath
from tenants.scope import ScopedSession

RESULTS = {"stable": "confirm_stable", "relapsed": "relapse"}


@dataclass(frozen=True, slots=True)
class RecheckRow:
    """One re-inspection in a list (回头看任务)."""

    recheck: Recheck
    finding: Finding
    person: str


def plan_recheck(
    session: ScopedSession, actor: Actor, finding_id: UUID, *, person_id: UUID | None, due_on: date, now: datetime
) -> Recheck:
    """Ask for one closed finding to be looked at again, outside any sample. Raises NotFound, Conflict, InvalidInput."""
    day = local_day(now)
    require(session, actor, DIRECT, root_unit(session).id, day)
    finding = session.scalars(select(Finding).where(Finding.id == finding_id, sees_finding(actor, day))).first()
    if finding is None:
        raise NotFound
    if finding.state != CLOSED:
        raise Conflict(N_("只有已销号的问题可以安排回头看"))
    if due_on <= day:
        remedy = N_("请填今天以后的日期")
        raise InvalidInput(faults=[Fault(N_("回头看日期不对"), "due_on", value=str(due_on), remedy=remedy)])
    if person_id is not None:
        _refuse_own(session, finding, person_id, day)
    found = Recheck(finding_id=finding.id, person_id=person_id, due_on=due_on, hidden=finding.hidden, created_at=now)
    session.add(found)
    session.flush()
    record(session, actor, "recheck.plan", audit_kind(finding.restricted), finding.id, due_on=str(due_on))
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

    Raises NotFound, Forbidden (not his, or his own work), Conflict (settled already, by whom) and InvalidInput.
    """
    day = local_day(now)
    found = session.scalars(select(Recheck).where(Recheck.id == recheck_id).with_for_update()).first()
    finding = session.get(Finding, (session.tenant_id, found.finding_id)) if found else None
    if found is None or finding is None:
        raise NotFound
    mine = found.person_id == actor.person_id
    if not mine and not may(session, actor, CHECK, finding.unit_id, day):
        raise NotFound
    if found.state != "due":
        raise Conflict(N_("这次回头看已经有结果"))
    if result not in RESULTS:
        params = {"known": ", ".join(RESULTS)}
        raise InvalidInput(
            faults=[Fault(N_("请选择回头看结果"), "result", None, result[:20], "", N_("可填：{known}"), params)]
        )
    _refuse_own(session, finding, actor.person_id, day)
    faults: list[Fault] = []
    said = read_text(note, "note", faults)
    if result == "relapsed" and not (said and photos):
        field = "photos" if said else "note"
        faults.append(Fault(N_("反弹须写明情况并附照片"), field, remedy=N_("请写明情况，至少附一张照片")))
    if faults:
        raise InvalidInput(faults=faults)
    step = act_by_system(session, finding.id, RESULTS[result], person=actor, note=said, photos=photos, now=now)
    found.state, found.note, found.done_at, found.done_by = result, said, now, actor.person_id
    session.execute(
        update(Recheck)
        .where(Recheck.tenant_id == session.tenant_id, Recheck.finding_id == finding.id, Recheck.state == "due")
        .values(state="dropped")
    )
    session.flush()
    return step


def list_rechecks(
    session: ScopedSession,
    actor: Actor,
    *,
    now: datetime,
    mine: bool = False,
    state: str = "",
    sample_id: UUID | None = None,
    limit: int = 200,
) -> list[RecheckRow]:
    """Re-inspections (回头看任务), the most urgent first: a person's own, or all whose findings he sees."""
    query = (
        select(Recheck, Finding, Person.name)
        .join(Finding, (Finding.tenant_id == Recheck.tenant_id) & (Finding.id == Recheck.finding_id))
        .outerjoin(Person, (Person.tenant_id == Recheck.tenant_id) & (Person.id == Recheck.person_id))
        .where(Recheck.tenant_id == session.tenant_id)
    )
    wanted = Recheck.person_id == actor.person_id if mine else sees_finding(actor, local_day(now))
    query = query.where(wanted)
    if state:
        query = query.where(Recheck.state == state)
    if sample_id is not None:
        query = query.where(Recheck.sample_id == sample_id)
    rows = session.execute(query.order_by(Recheck.state != "due", Recheck.due_on, Recheck.id).limit(limit))
    return [RecheckRow(recheck, finding, name or "") for recheck, finding, name in rows]


def results_of(session: Session, sample_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many of each sample are due, stable, relapsed, dropped; the relapse rate is relapsed of stable + relapsed."""
    found: dict[UUID, dict[str, int]] = {one: {} for one in sample_ids}
    rows = session.execute(
        select(Recheck.sample_id, Recheck.state, func.count())
        .where(Recheck.sample_id.in_(sample_ids))
        .group_by(Recheck.sample_id, Recheck.state)
    )
    for sample_id, state, count in rows:
        if sample_id is not None:
            found[sample_id][state] = count
    return found


def _refuse_own(session: ScopedSession, finding: Finding, person_id: UUID, day: date) -> None:
    """Nobody looks again at what he handled himself, or what his own unit put right."""
    if person_id in handlers_of(session, [finding.id])[finding.id]:
        raise Forbidden(N_("经办过这个问题的人不能回头看"))
    lead = session.scalar(
        select(Part.unit_id).where(Part.finding_id == finding.id, Part.leading, Part.ended_at.is_(None))
    )
    if lead is None:
        return
    inside = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == session.tenant_id,
        UnitPath.ancestor_id == lead,
        UnitPath.valid_from <= day,
        (UnitPath.valid_to.is_(None)) | (UnitPath.valid_to > day),
    )
    held = (
        select(Holding.id)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .where(
            Holding.person_id == person_id,
            Post.unit_id.in_(inside),
            Holding.valid_from <= day,
            (Holding.valid_to.is_(None)) | (Holding.valid_to > day),
        )
    )
    if session.scalar(held.limit(1)) is not None:
        raise Forbidden(N_("整改单位的人员不能回头看"))
