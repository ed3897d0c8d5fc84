"""Gives tasks (下达任务): one, or thousands in a few statements; numbers at issue, history, notes to the units' liaisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Fault, InvalidInput
from core.work.bulk import insert_rows
from core.work.calendar import local_day
from core.work.journal import record_at
from core.work.serials import take_serials
from core.work.tables import Task, TaskAssist, TaskEvent
from core.work.tasks.giving import LEADER, Givers, givers_of
from core.work.tasks.progress import recount_parents
from core.work.tasks.sight import sees_task
from core.work.tasks.states import DRAFT, ISSUED
from core.work.tasks.steps import KIND
from core.work.tasks.surroundings import look_around
from core.work.tasks.telling import tell_issued
from core.work.tasks.wishes import (
    Above,
    TaskWish,
    above_of,
    as_values,
    faults_of,
    repeated_codes,
    tidied,
    unissued_parent,
)
from tenants.access import Actor
from tenants.db import new_id

__all__ = ["TaskWish", "check_wishes", "create", "create_many", "numbers_for"]


def create(session: Session, actor: Actor, wish: TaskWish, *, now: datetime, issue: bool = False) -> Task:
    """Make one task, and issue it at once with ``issue``. Raises InvalidInput with every fault of the wish."""
    return create_many(session, actor, [wish], now=now, issue=issue)[0]


def create_many(
    session: Session,
    actor: Actor,
    wishes: Sequence[TaskWish],
    *,
    now: datetime,
    issue: bool = False,
    by_right: bool = False,
) -> list[Task]:
    """Make many tasks in a few statements (批量下达), parents before or after their children; gives them in the wishes' order.

    ``by_right``: the caller has judged that the actor may give them (a group that answers for its split). Raises InvalidInput with
    every fault; its ``row`` is the wish's place from 1 where there are several. Then nothing is written.
    """
    if not wishes:
        return []
    named = [replace(wish, id=wish.id or new_id()) for wish in wishes]
    ready, found = check_wishes(session, actor, named, now=now, issue=issue, by_right=by_right)
    several = len(wishes) > 1
    faults = [replace(one, row=place + 1) if several else one for place, own in sorted(found.items()) for one in own]
    if faults:
        raise InvalidInput(faults=faults)
    rows = _write(session, actor, ready, now, issue)
    ids = [row["id"] for row in rows]
    if any(wish.parent_id for wish in ready):
        recount_parents(session, ids)
    _record(session, actor, rows, now, issue)
    if issue:
        tell_issued(session, actor, rows, now)
    tasks = {task.id: task for task in session.scalars(select(Task).where(Task.id.in_(ids)))}
    return [tasks[one] for one in ids]


def check_wishes(
    session: Session,
    actor: Actor,
    wishes: Sequence[TaskWish],
    *,
    now: datetime,
    issue: bool = False,
    by_right: bool = False,
) -> tuple[list[TaskWish], dict[int, list[Fault]]]:
    """The wishes as they would be written, and the faults of each by its place (from 0); parents are locked meanwhile."""
    day = local_day(now)
    above = _parents(session, actor, wishes, now, issue)
    ready = [tidied(wish, above.get(wish.parent_id) if wish.parent_id else None, day) for wish in wishes]
    around = look_around(
        session,
        day,
        units={unit for wish in ready for unit in (wish.unit_id, *wish.assists)},
        people={wish.person_id for wish in ready if wish.person_id},
        plans={wish.plan_id for wish in ready if wish.plan_id},
        lines={wish.line_id for wish in ready if wish.line_id},
        codes={wish.code for wish in ready if wish.code},
    )
    givers = None if by_right else givers_of(session, actor, ready, above.values(), day)
    faults: dict[int, list[Fault]] = {}
    for place, wish in enumerate(ready):
        parent = above.get(wish.parent_id) if wish.parent_id else None
        found = faults_of(wish, parent, around)
        extra = [unissued_parent(parent, issue)]
        if givers is not None:
            extra.append(givers.fault(wish, parent, around.unit_name(wish.unit_id)))
            ready[place] = _as_given(wish, parent, givers)
        found += [one for one in extra if one is not None]
        if found:
            faults[place] = found
    for place, fault in repeated_codes(ready).items():
        faults.setdefault(place, []).append(fault)
    return ready, faults


def _as_given(wish: TaskWish, parent: Above | None, givers: Givers) -> TaskWish:
    """A wish of somebody who gives it as a leader alone is a leader's task (领导交办)."""
    plain = givers.directs(wish) or givers.breaks_down(wish, parent) or not givers.leads(wish)
    return wish if plain else replace(wish, source=LEADER)


def _parents(
    session: Session, actor: Actor, wishes: Sequence[TaskWish], now: datetime, issue: bool
) -> dict[UUID, Above]:
    """The parents that are named, of this call or before, as far as the actor sees them."""
    wanted = {wish.parent_id for wish in wishes if wish.parent_id}
    if not wanted:
        return {}
    state = ISSUED if issue else DRAFT
    found = {wish.id: above_of(wish, state) for wish in wishes if wish.id is not None and wish.id in wanted}
    rest = sorted(wanted - found.keys())
    query = select(Task).where(Task.id.in_(rest), sees_task(actor, local_day(now))).order_by(Task.id)
    rows = session.scalars(query.with_for_update(of=Task), execution_options={"populate_existing": True})
    return found | {row.id: above_of(row, row.state) for row in rows}


def _write(
    session: Session, actor: Actor, wishes: Sequence[TaskWish], now: datetime, issue: bool
) -> list[dict[str, Any]]:
    session.flush()
    state = ISSUED if issue else DRAFT
    numbers: Sequence[str | None] = numbers_for(session, actor, len(wishes), now) if issue else [None] * len(wishes)
    same = {"state": state, "created_by": actor.name, "created_at": now, "changed_at": now}
    same["issued_at"] = now if issue else None
    rows = [as_values(wish) | same | {"number": number} for wish, number in zip(wishes, numbers, strict=True)]
    insert_rows(session, actor, Task, rows)
    helping = [{"task_id": wish.id, "unit_id": unit} for wish in wishes for unit in dict.fromkeys(wish.assists)]
    insert_rows(session, actor, TaskAssist, helping)
    event = {"version": 1, "at": now, "verb": "issue" if issue else "create", "from_state": None, "to_state": state}
    event |= {"person_id": actor.person_id, "person_name": actor.name, "note": "", "detail": {}}
    insert_rows(session, actor, TaskEvent, [event | {"task_id": wish.id} for wish in wishes])
    return rows


def numbers_for(session: Session, actor: Actor, count: int, now: datetime) -> list[str]:
    """The next numbers of tasks (任务编号), such as T2026-00042: given at issue, one series a year."""
    year = local_day(now).year
    return [f"T{year}-{number:05d}" for number in take_serials(session, actor, f"task-{year}", count)]


def _record(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]], now: datetime, issue: bool) -> None:
    """One line of the trail for one task; for many at once one line with their number."""
    verb = "task.issue" if issue else "task.create"
    if len(rows) == 1:
        record_at(session, now, actor, verb, KIND, rows[0]["id"], number=rows[0]["number"] or "")
    else:
        record_at(session, now, actor, f"{verb}_many", KIND, "", count=len(rows))
    session.flush()
