"""Puts a finding right (更正), and what follows from another severity, category or place: time limit and proposed owner.

The limit is decided again as long as nobody set it by hand, and days of a granted extension stay added. A correction alone
makes nobody late: a shorter limit that would be over already begins now, and never ends after the old one (ours). What was
answered or closed keeps the deadline that it was judged by; the new limit counts when its clock starts again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dispatch.precedents import count_used
from core.work.dispatch.rerouting import Decided, decide_again, said_of
from core.work.loop import clocks
from core.work.loop.effects_class import change_class
from core.work.loop.effects_place import Moved, move_parts_of_place, new_place
from core.work.loop.parts import give_lead, lead_of, settle_lead
from core.work.loop.states import ACCEPTED, DISPATCHED, NONE, PARKED, REPORTED, STATES
from core.work.loop.step import Change, Step
from core.work.loop.step_input import PLACED, YES, value_of
from core.work.tables import FindingEvent
from tenants.models import Unit

ROUTED = ("category", "severity")  # what routing asks for
BEGINNINGS = ("dispatch", "arbitrate", "transfer", "unpark")  # steps that can be given a time limit in days


def correct(step: Step) -> tuple[Change, Change]:
    """Change what was reported wrong; before and after stay in the history."""
    given = {name: value for name, value in step.given.changes.items() if name not in PLACED}
    moved = new_place(step)
    given |= moved.changed(step.finding) if moved else {}
    before = {name: value_of(step.finding, name) for name in given}
    changed: dict[str, Any] = {n: v for n, v in given.items() if v != before[n]}
    if not changed:
        raise InvalidInput(faults=[Fault(N_("没有要更正的内容"), "changes", remedy=N_("请改动至少一项"))])
    extra: Change = {"title_en": ""} if "title" in changed else {}
    facts: Change = {"before": {n: before[n] for n in changed}, "after": dict(changed)}
    if "restricted" in changed:
        changed["restricted"] = changed["restricted"] == YES
        facts |= change_class(step, changed["restricted"])
    decided = _decide(step, {n: v for n, v in changed.items() if n in ROUTED}, moved)
    if decided is not None and _says_else(decided):
        extra |= _clock(step, decided, facts)
        _propose(step, decided, facts)
    if moved is not None:
        extra |= moved.columns
        facts |= move_parts_of_place(step, moved, decided.after.place if decided else moved.unit_id)
    return changed | extra, facts


def route_anew(step: Step, changed: Mapping[str, str]) -> Decided | None:
    """What routing says with these changes; None when it says nothing else, or nothing that it asks for changed."""
    decided = _decide(step, changed, None)
    return decided if decided and _says_else(decided) else None


def _decide(step: Step, changed: Mapping[str, str], moved: Moved | None) -> Decided | None:
    """Both decisions, when anything changed that routing asks for."""
    if step.actor is None or not (changed or moved):
        return None
    now = said_of(step.finding)
    said = replace(now, category=changed.get("category", now.category), severity=changed.get("severity", now.severity))
    if moved is not None:
        said = replace(said, unit_id=moved.unit_id, site_id=moved.site_id)
    return decide_again(step.session, step.actor, step.finding, said, local_day(step.now))


def _says_else(decided: Decided) -> bool:
    return decided.moves_limit or decided.moves_owner


def limit_facts(step: Step, decided: Decided) -> Change:
    """The old and the new time limit for the history, in seconds of working time."""
    return {"limit": {"before": step.finding.limit_seconds, "after": int(decided.after.limit.total_seconds())}}


def by_hand(step: Step) -> bool:
    """Whether somebody set the deadline or the days of the time limit by hand."""
    if step.finding.due_fixed and step.finding.state != PARKED:
        return True
    events = select(FindingEvent.detail).where(
        FindingEvent.finding_id == step.finding.id, FindingEvent.verb.in_(BEGINNINGS)
    )
    return any("days" in detail for detail in step.session.scalars(events))


def _clock(step: Step, decided: Decided, facts: Change) -> Change:
    """The columns of the new time limit, and what the history says of it."""
    finding = step.finding
    if not decided.moves_limit or by_hand(step):
        return {}
    facts |= limit_facts(step, decided)
    seconds = int(decided.after.limit.total_seconds())
    changed: Change = {"limit_seconds": seconds, "working_days": decided.after.working_days}
    waits = finding.state in (REPORTED, ACCEPTED)
    if STATES[finding.state].clock == NONE and not waits:
        return changed
    changed |= _deadline(step, seconds - finding.limit_seconds)
    if finding.state == DISPATCHED and finding.accept_by is not None:
        changed["accept_by"] = min(finding.accept_by, clocks.accept_by(step.calendar, step.now, decided.after.limit))
    return changed


def _deadline(step: Step, longer: int) -> Change:
    """The deadline with so many seconds more, or fewer; a shorter one that would be over already begins anew."""
    finding, moment = step.finding, step.finding.stopped_at or step.now
    since, span = finding.clock_from or finding.opened_at, finding.clock_seconds + longer
    due = step.calendar.add_working_time(since, timedelta(seconds=max(span, 0)))
    if longer > 0 or due > moment:
        return {"clock_from": since, "clock_seconds": span, "due_at": due}
    whole = finding.limit_seconds + longer + finding.extended_days * int(clocks.DAY.total_seconds())
    anew = step.calendar.add_working_time(moment, timedelta(seconds=whole))
    return {} if finding.due_at <= anew else {"clock_from": moment, "clock_seconds": whole, "due_at": anew}


def _propose(step: Step, decided: Decided, facts: Change) -> None:
    """What nobody dispatched yet is proposed to whom routing names now; a restricted one stays in trusted hands."""
    finding, line = step.finding, decided.after.line
    if finding.state not in (REPORTED, ACCEPTED) or not decided.moves_owner or finding.restricted:
        return
    before = lead_of(step.session, finding)
    if before is not None and before.unit_id == line:
        return
    give_lead(step.session, finding, line, None, step.now)
    settle_lead(step.session, finding, "informed")
    if step.actor is not None:
        count_used(step.session, step.actor, [decided.after])
    name = step.session.scalar(select(Unit.name).where(Unit.id == line)) or ""
    facts |= {"lead": str(line), "proposed": {"id": str(line), "name": name}} | decided.after.facts
