"""One step for many findings (批量办理): first a preview of which may take it and why others may not, then each by the ledger.

Each finding stands for itself: what is refused is named and left as it was, the rest is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, SanchengError
from core.work.calendar import local_day
from core.work.desk.finding_filters import Filter
from core.work.desk.findings import FindingRow, base_query, rows_of
from core.work.loop.ledger import act, check_person, check_state
from core.work.loop.parties import PERMISSIONS, Transition
from core.work.loop.standing import standings_of
from core.work.loop.step_input import Asked, check_given
from core.work.loop.transitions import TRANSITIONS
from core.work.tables import Finding
from core.work.wording import shown
from tenants.access import Actor

MOST = 500  # findings in one go
# What cannot be the same for many: proof of each, the other finding, the words of one.
SINGLE = frozenset({"photos", "target", "changes"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finding before the step (预览): ``refusal`` says why it cannot take it, None when it can."""

    row: FindingRow
    refusal: SanchengError | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A finding after the step (结果): what it is now, or why it was refused."""

    id: UUID
    number: str | None
    title: str
    state: str
    refusal: SanchengError | None = None


def steps_in_bulk(actor: Actor) -> list[Transition]:
    """The steps that a person may take for many findings at once, as far as his posts go."""
    return [
        step
        for step in TRANSITIONS.values()
        if not SINGLE & set(step.needs) and any(PERMISSIONS[party] in actor.verbs for party in step.by)
    ]


def step_of(actor: Actor, verb: str) -> Transition:
    """One of these steps. Raises InvalidInput for any other."""
    known = {step.verb: step for step in steps_in_bulk(actor)}
    if verb not in known:
        remedy = N_("请从可批量办理的事项中选一项")
        raise InvalidInput(faults=[Fault(N_("这一项不能批量办理"), "verb", value=shown(verb), remedy=remedy)])
    return known[verb]


def preview(
    session: Session, actor: Actor, step: Transition, chosen: Sequence[UUID] | Filter, *, now: datetime
) -> list[Candidate]:
    """Which of the chosen findings may take a step (six queries for any number); those out of reach are not among them.

    ``chosen`` are ids or a filter. Raises Conflict for more than 500.
    """
    wanted = chosen if isinstance(chosen, Filter) else Filter(extra=(Finding.id.in_(list(chosen)),))
    query = base_query(actor, wanted, now).add_columns(Finding).order_by(Finding.due_at, Finding.id)
    found = session.execute(query.limit(MOST + 1)).all()
    if len(found) > MOST:
        raise Conflict(N_("一次最多办理 {most} 件，请再缩小范围"), most=MOST)
    standings = standings_of(session, actor, [line[-1] for line in found], local_day(now))
    rows = rows_of(session, found, now)
    return [Candidate(row, _refusal(line[-1], step, standings)) for row, line in zip(rows, found, strict=True)]


def act_on_all(
    session: Session, actor: Actor, step: Transition, versions: Mapping[UUID, int], *, now: datetime, **asked: Any
) -> list[Done]:
    """Take a step for each finding as it was seen (``versions`` by id), each within a savepoint of its own.

    What is missing for all of them - a field that the step needs - is raised before anything is done (InvalidInput).
    """
    if len(versions) > MOST:
        raise Conflict(N_("一次最多办理 {most} 件，请再缩小范围"), most=MOST)
    check_given(session, step, Asked(**asked), local_day(now))
    done: list[Done] = []
    for one in preview(session, actor, step, list(versions), now=now):
        row = one.row
        try:
            with session.begin_nested():
                finding = act(session, actor, row.id, step.verb, version=versions[row.id], now=now, **asked)
            done.append(Done(row.id, finding.number, finding.title, finding.state))
        except SanchengError as error:
            done.append(Done(row.id, row.number, row.title, row.state, error))
    return done


def _refusal(finding: Finding, step: Transition, standings: Mapping[UUID, Any]) -> SanchengError | None:
    standing = standings[finding.id]
    try:
        check_person(step, standing)
        check_state(finding, step, standing)
    except SanchengError as error:
        return error
    return None
