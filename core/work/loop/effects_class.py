"""Turns a finding into the restricted class (限定范围) and back: by a desk that may know of conduct, with its reason.

Number, deadline and history stay. The lead goes to trusted hands, the nearest above the unit that had it; helping units are
out of it, and of those who lose sight of it nobody is told. Papers, notes and earlier lines of the trail follow by
themselves: who may see them is judged by the finding as it is now.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Forbidden, InvalidInput
from core.work.calendar import local_day
from core.work.dispatch.trusted import trusted_lead
from core.work.loop.parts import give_lead, lead_of, parts_in_force, settle_lead
from core.work.loop.states import NOT_CLOSED
from core.work.loop.step import Change, Step
from core.work.roles import RESTRICTED
from core.work.tables import Finding, Outbox, Part
from tenants.access import may


def change_class(step: Step, restricted: bool) -> Change:
    """Judge and carry out the change of class; gives what the history says besides. Raises Forbidden, Conflict, InvalidInput."""
    session, actor, finding = step.session, step.actor, step.finding
    if actor is None or not may(session, actor, RESTRICTED, finding.unit_id, local_day(step.now)):
        raise Forbidden(N_("只有负责作风纪律的岗位可以转入或转出限定范围"))
    if finding.state not in NOT_CLOSED:
        raise Conflict(N_("已经办结的问题不能再转入或转出限定范围"))
    if session.scalar(select(Finding.id).where(Finding.merged_into == finding.id).limit(1)) is not None:
        raise Conflict(N_("有问题并入了这一件，请先撤销并案"))
    return _entrust(step) if restricted else {}


def _entrust(step: Step) -> Change:
    """Put it into trusted hands, and take back what was not sent out yet."""
    session, finding = step.session, step.finding
    before = lead_of(session, finding)
    for part in parts_in_force(session, finding):
        if part.kind == "assist":
            part.ended_at = step.now
    unit_id = _trusted(step, before)
    _take_back(session, finding)
    if before is not None and before.unit_id == unit_id:
        before.assignee_id = None
        session.flush()
        return {}
    state, done_at = (before.state, before.done_at) if before else ("informed", None)
    give_lead(session, finding, unit_id, None, step.now)
    settle_lead(session, finding, state, done_at)
    session.flush()
    return {"lead": str(unit_id)} | ({"lead_before": str(before.unit_id)} if before else {})


def _trusted(step: Step, lead: Part | None) -> UUID:
    """The trusted hands nearest above the unit that had it, else above the place. Raises InvalidInput when there are none."""
    on, place = local_day(step.now), step.finding.unit_id
    if lead is not None and lead.unit_id != place:
        try:
            return trusted_lead(step.session, lead.unit_id, on)
        except InvalidInput:  # a department without a conduct liaison above it
            return trusted_lead(step.session, place, on)
    return trusted_lead(step.session, place, on)


def _take_back(session: Session, finding: Finding) -> None:
    """Drop what waits in the outbox about it: whoever may still know is told anew."""
    session.execute(
        delete(Outbox)
        .where(
            Outbox.tenant_id == finding.tenant_id,
            Outbox.sent_at.is_(None),
            Outbox.body["object_id"].astext == str(finding.id),
        )
        .execution_options(synchronize_session=False)
    )
