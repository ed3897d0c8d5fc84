"""Steps that say who works on a finding (责任变动): dispatch, take, return, arbitrate, transfer, helping units."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dispatch.precedents import remember
from core.work.loop import clocks
from core.work.loop.effects_correct import limit_facts, route_anew
from core.work.loop.parts import add_part, decline_part, end_part, finish_part, give_lead, lead_of, settle_lead
from core.work.loop.step import Change, Step
from core.work.organisation.unit_people import people_of


def dispatch(step: Step) -> tuple[Change, Change]:
    """Hand what was reported to its owner (派遣), the proposed one or another.

    Another severity is routed anew: it brings its own time limit, unless days are said, and its own owner, unless one is.
    """
    given, finding = step.given, step.finding
    changed: Change = {"severity": given.severity} if given.severity else {}
    decided = route_anew(step, changed) if given.severity != finding.severity else None
    facts: Change = _judged(step)
    if given.days is not None:
        changed["working_days"] = given.days
    elif decided is not None and decided.moves_limit and not finding.due_fixed:
        changed |= {"working_days": decided.after.working_days}
        changed |= clocks.start(step.calendar, step.now, decided.after.limit)
        facts |= limit_facts(step, decided)
    if given.unit is not None:
        return changed, facts | _hand_to(step, given.unit.id)
    if decided is not None and decided.moves_owner and not finding.restricted:
        return changed, facts | _hand_to(step, decided.after.line) | decided.after.facts
    return changed, facts | _named(step)


def _judged(step: Step) -> Change:
    """What the desk says of the severity, when it says something else than was reported."""
    before, after = step.finding.severity, step.given.severity
    return {"before": {"severity": before}, "after": {"severity": after}} if after and after != before else {}


def _named(step: Step) -> Change:
    """Hand it to the unit that was proposed, and to its person in charge if one is named."""
    lead = lead_of(step.session, step.finding)
    settle_lead(step.session, step.finding, "open")
    return {} if lead is None else {"lead": str(lead.unit_id)} | assign(step)[1]


def _hand_to(step: Step, unit_id: UUID) -> Change:
    """Give the lead to a unit; who had it before is out of it."""
    before = lead_of(step.session, step.finding)
    _check_colleague(step, unit_id)
    person = step.given.person.id if step.given.person else None
    give_lead(step.session, step.finding, unit_id, person, step.now)
    was = {} if before is None or before.unit_id == unit_id else {"lead_before": str(before.unit_id)}
    return was | {"lead": str(unit_id)} | _named_person(step)


def _named_person(step: Step) -> Change:
    """The person in charge, for the history."""
    person = step.given.person
    return {"person": {"id": str(person.id), "name": person.name}} if person else {}


def take(step: Step) -> tuple[Change, Change]:
    """Take it (接收), with the person in charge if one is named."""
    return {"accept_by": None}, assign(step)[1] if step.given.person else {}


def assign(step: Step) -> tuple[Change, Change]:
    """Name the person in charge: somebody with a post at the leading unit or under it."""
    lead, person = lead_of(step.session, step.finding), step.given.person
    if lead is None or person is None:
        return {}, {}
    _check_colleague(step, lead.unit_id)
    lead.assignee_id = person.id
    return {}, _named_person(step)


def _check_colleague(step: Step, unit_id: UUID) -> None:
    """Refuse a person in charge who holds no post at the unit that shall work, nor under it."""
    person = step.given.person
    if person and not people_of(step.session, unit_id, local_day(step.now), person_id=person.id):
        remedy = N_("请从本单位人员中选一人")
        raise InvalidInput(faults=[Fault(N_("此人不在该单位任职"), "person", value=person.name, remedy=remedy)])


def give_back(step: Step) -> tuple[Change, Change]:
    """Give it back with a reason (退回); counted, and the clock stands until it is arbitrated."""
    facts: Change = {"reason": step.given.reason, "returns": step.finding.returns + 1}
    if step.given.unit:
        facts["proposed"] = {"id": str(step.given.unit.id), "name": step.given.unit.name}
    return {"returns": step.finding.returns + 1, "accept_by": None}, facts


def arbitrate(step: Step) -> tuple[Change, Change]:
    """The same unit goes on with the time that was left; another one gets the time limit anew."""
    before, unit = lead_of(step.session, step.finding), step.given.unit
    if unit is None:
        raise InvalidInput
    is_same = before is not None and before.unit_id == unit.id
    changed = {} if is_same and step.given.days is None else clocks.start(step.calendar, step.now, step.limit())
    if is_same:
        left = timedelta(seconds=step.finding.limit_seconds)
        changed["accept_by"] = clocks.accept_by(step.calendar, step.now, left)
    facts = _hand_to(step, unit.id)
    if step.given.precedent:
        remember(step.session, step.actor, step.finding, unit.id, step.given.note, step.now)
        facts["precedent"] = True
    return changed, facts


def transfer(step: Step) -> tuple[Change, Change]:
    """Hand it to another unit (转办)."""
    before, unit = lead_of(step.session, step.finding), step.given.unit
    if unit is None or (before is not None and before.unit_id == unit.id):
        remedy = N_("请选另一个单位")
        name = unit.name if unit else ""
        raise InvalidInput(faults=[Fault(N_("已经由这个单位牵头"), "unit", value=name, remedy=remedy)])
    return {"asked_days": None, "review_on": None}, _hand_to(step, unit.id)


def ask_help(step: Step) -> tuple[Change, Change]:
    """Ask a unit to help with its part (协办)."""
    unit = step.given.unit
    if unit is None:
        raise InvalidInput
    _check_colleague(step, unit.id)
    person = step.given.person.id if step.given.person else None
    due_on = step.given.due_on
    add_part(step.session, step.finding, unit, step.given.note, person, due_on)
    own_day = {} if due_on is None else {"due_on": due_on.isoformat()}
    return {}, {"unit": {"id": str(unit.id), "name": unit.name}} | _named_person(step) | own_day


def finish_help(step: Step) -> tuple[Change, Change]:
    """Report the own part done (完成协办)."""
    actor, wanted = step.actor, step.given.unit.id if step.given.unit else None
    part = finish_part(step.session, actor, step.finding, wanted, step.now)
    return {}, {"unit": {"id": str(part.unit_id)}}


def decline_help(step: Step) -> tuple[Change, Change]:
    """Give a part back that is not one's own to do (退回协办), with the reason; the desk and the leading unit are told."""
    actor, wanted = step.actor, step.given.unit.id if step.given.unit else None
    part = decline_part(step.session, actor, step.finding, wanted, step.now)
    return {}, {"unit": {"id": str(part.unit_id)}}


def drop_help(step: Step) -> tuple[Change, Change]:
    """Take a helping unit out of it (取消协办)."""
    if step.given.unit is None:
        raise InvalidInput
    end_part(step.session, step.finding, step.given.unit, step.now)
    return {}, {"unit": {"id": str(step.given.unit.id), "name": step.given.unit.name}}
