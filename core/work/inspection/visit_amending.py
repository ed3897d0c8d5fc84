"""What a corrected visit means for the ledger (更正后的问题): cancelled, kept or opened, question by question.

A finding of a question that passes now is cancelled while it is still under way; one that is closed or dismissed already
keeps its end and gets a line of history. A finding that stays belongs to the new version from now on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.work.calendar import load_calendar
from core.work.dispatch.routing import owners_of
from core.work.inspection.visit_findings import Opening, failures_of, open_findings
from core.work.inspection.visit_input import CheckedVisit
from core.work.inspection.visit_plan import VisitPlan
from core.work.inspection.visit_rows import Scored
from core.work.loop.ledger import act_by_system
from core.work.loop.system_lines import write_line
from core.work.loop.transitions import TRANSITIONS
from core.work.tables import Finding, Site, Visit
from tenants.access import Actor

CANCEL, NOTE, CORRECT = "cancel", "note", "correct"


@dataclass(frozen=True, slots=True)
class Amended:
    """A visit in its old and new version (更正前后): ``failed`` are the questions that failed in the old one."""

    old: Visit
    new: Visit
    site: Site
    plan: VisitPlan
    checked: CheckedVisit
    scored: Scored
    campaigns: Sequence[Campaign]
    failed: frozenset[str]
    reason: str


def amend_findings(
    session: Session, actor: Actor, amended: Amended, now: datetime
) -> tuple[list[Finding], list[Finding], list[Finding]]:
    """The findings that stay, those that were cancelled and those that were opened."""
    failures = failures_of(amended.plan, amended.checked, amended.scored)
    failing = {failure.question for failure in failures}
    standing = session.scalars(
        select(Finding).where(Finding.visit_id == amended.old.id).order_by(Finding.number, Finding.id)
    ).all()
    gone = [one for one in standing if one.question and one.question not in failing]
    cancelled = [one for one in gone if _cancel(session, actor, amended, one, now)]
    kept = [one for one in standing if one not in gone]
    _move(session, amended, kept)
    for one in kept:
        _grade(session, actor, amended, one, now)
    fresh = [failure for failure in failures if failure.question not in amended.failed]
    owners = owners_of(session, actor, amended.site, amended.new.day)
    calendar = load_calendar(session, now)
    opening = Opening(amended.new, amended.checked, amended.scored, owners, calendar, amended.campaigns)
    return kept, cancelled, open_findings(session, actor, opening, fresh, now)


def _cancel(session: Session, actor: Actor, amended: Amended, finding: Finding, now: datetime) -> bool:
    """Cancel a finding that the corrected visit no longer has; False when it had ended before."""
    verb = CANCEL if finding.state in TRANSITIONS[CANCEL].from_states else NOTE
    said = write_line("visit_corrected", person=actor.name, reason=amended.reason)
    act_by_system(session, finding.id, verb, now=now, **said)
    return verb == CANCEL


def still_said(session: Session, actor: Actor, amended: Amended, now: datetime) -> list[dict[str, Any]]:
    """Which findings the corrected visit still found again (仍未整改); the histories of the others say that it does not."""
    failing = {one.question for one in failures_of(amended.plan, amended.checked, amended.scored)}
    kept: list[dict[str, Any]] = []
    for one in amended.old.summary.get("again", ()):
        if one["question"] in failing:
            kept.append(one)
        else:
            said = write_line("visit_corrected", person=actor.name, reason=amended.reason)
            act_by_system(session, UUID(one["id"]), NOTE, now=now, **said)
    return kept


def _grade(session: Session, actor: Actor, amended: Amended, finding: Finding, now: datetime) -> None:
    """Give a finding that stays the severity of the corrected visit; its time limit follows as with any correction."""
    said = amended.checked.severities.get(finding.question, finding.severity)
    if said == finding.severity or finding.restricted or finding.state not in TRANSITIONS[CORRECT].from_states:
        return
    line = write_line("visit_corrected", person=actor.name, reason=amended.reason)
    act_by_system(session, finding.id, CORRECT, now=now, person=actor, changes={"severity": said}, **line)


def _move(session: Session, amended: Amended, kept: Sequence[Finding]) -> None:
    """Let what stays belong to the version in force; its life goes on undisturbed."""
    if not kept:
        return
    session.execute(
        update(Finding)
        .where(Finding.tenant_id == amended.old.tenant_id, Finding.id.in_([one.id for one in kept]))
        .values(visit_id=amended.new.id)
        .execution_options(synchronize_session=False)
    )
    for one in kept:
        session.refresh(one)
