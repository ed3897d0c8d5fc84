"""Writes what a workbook of tasks asks for (导入写入): changes first, then new tasks part by part, with how far they were at the import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, delete, literal
from sqlalchemy.orm import Session

from core.errors import N_, InvalidInput
from core.work.bulk import insert_rows
from core.work.calendar import local_day
from core.work.papers.notes import tell
from core.work.statistics.measures import plain
from core.work.tables import TaskAssist, TaskReport
from core.work.tasks.bulk_writing import MassStep, lock_versions, write_steps
from core.work.tasks.importing_compare import Change, Comparison
from core.work.tasks.importing_sheet import Line
from core.work.tasks.making import create_many
from core.work.tasks.progress import half_up, recount_parents, share_done
from core.work.tasks.states import DOING, DONE, DRAFT, ISSUED, PERCENT, WHOLE
from core.work.tasks.telling import MANY_NOTE
from core.work.tasks.wishes import TaskWish, is_whole
from tenants.access import Actor

PART = 2000  # tasks that are written, and seen by others, together
VERB = "import"  # in the history: how far a task was when it was brought in; nobody's report, so that anybody may verify it


def write_changes(session: Session, actor: Actor, changes: Sequence[Change], *, now: datetime) -> int:
    """Write what rows change; a task that somebody else changed meanwhile is refused. Gives how many were written."""
    standing = lock_versions(session, [one.task.id for one in changes])
    steps, told = [], []
    for one in changes:
        if standing.get(one.task.id) != one.task.version:
            one.line.refuse("name", N_("别人刚刚更新过"), N_("请再导入一次"), one.task.title)
            continue
        told.append(one)
        steps.append(MassStep(one.task.id, one.task.version, one.task.state, one.task.state, *_change(one)))
    write_steps(session, actor, steps, "change", note="", now=now)
    _write_assists(session, actor, told)
    recount_parents(session, [one.task.id for one in told if "weight" in one.values])
    _tell_changed(session, actor, told, now)
    return len(told)


def _change(one: Change) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns that a row changes, and the same from and to."""
    task, values = one.task, dict(one.values)
    detail: dict[str, Any] = {name: [_said(getattr(task, name)), _said(value)] for name, value in values.items()}
    detail["workbook"] = True
    if one.assists is not None:
        detail["assists"] = ["", str(len(one.assists))]
    if "due_on" in values and task.state == DRAFT:
        values["first_due_on"] = values["due_on"]
    return values, detail


def _said(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return value if value is None or isinstance(value, str | int) else str(value)


def _write_assists(session: Session, actor: Actor, changes: Sequence[Change]) -> None:
    changed = {one.task.id: one.assists for one in changes if one.assists is not None}
    if not changed:
        return
    old = delete(TaskAssist).where(TaskAssist.task_id == any_(literal(sorted(changed), ARRAY(Uuid))))
    session.execute(old.execution_options(synchronize_session=False))
    rows = [{"task_id": task, "unit_id": unit} for task, units in changed.items() for unit in units]
    insert_rows(session, actor, TaskAssist, rows)


def _tell_changed(session: Session, actor: Actor, changes: Sequence[Change], now: datetime) -> None:
    """One note for each unit whose tasks changed; drafts are nobody's business yet."""
    by_unit: dict[UUID, int] = {}
    for one in changes:
        if one.task.state != DRAFT:
            by_unit[one.task.unit_id] = by_unit.get(one.task.unit_id, 0) + 1
    for unit, count in by_unit.items():
        tell(
            session,
            unit_ids=[unit],
            kind=MANY_NOTE,
            text=N_("任务有修改：{count} 项"),
            params={"count": count},
            object_kind="tasks",
            object_id=unit,
            now=now,
            but=actor.person_id,
        )


def write_part(
    session: Session,
    actor: Actor,
    found: Comparison,
    start: int,
    *,
    now: datetime,
    issue: bool,
    parents: frozenset[str],
) -> int:
    """Make the new tasks of one part; gives how many. A row that is refused only now has its reason, the others are made.

    ``parents`` are the numbers of tasks that have children in the file: how far those are is counted, not told.
    """
    pairs = [one for one in found.wishes[start : start + PART] if not one[0].faults]
    while pairs:
        try:
            create_many(session, actor, [wish for _, wish in pairs], now=now, issue=issue)
        except InvalidInput as error:
            if not any(fault.row or len(pairs) == 1 for fault in error.faults):
                raise
            for fault in error.faults:
                pairs[(fault.row or 1) - 1][0].take([fault])
            pairs = [one for one in pairs if not one[0].faults]
            continue
        _write_progress(session, actor, [one for one in pairs if one[0].key not in parents], now=now, issue=issue)
        return len(pairs)
    return 0


def _write_progress(
    session: Session, actor: Actor, pairs: Sequence[tuple[Line, TaskWish]], *, now: datetime, issue: bool
) -> None:
    """How far tasks were when they were brought in: a first report each; what is issued is then in progress, or done."""
    steps, reports = [], []
    day = local_day(now)
    for line, wish in pairs:
        if not line.progress or wish.id is None:
            continue
        done, progress = reached(wish, line.progress)
        state = (DONE if progress == WHOLE else DOING) if issue else DRAFT
        values: dict[str, Any] = {"done": done, "progress": progress}
        if issue:
            values |= {"accepted_at": now, "reported_at": now, "done_at": now if state == DONE else None}
        detail = {"sequence": 1, "day": day.isoformat(), "progress": [0, progress]}
        steps.append(MassStep(wish.id, 1, ISSUED if issue else DRAFT, state, values, detail))
        told = {"task_id": wish.id, "sequence": 1, "day": day, "done": done, "progress": progress}
        told |= {"unit_id": wish.unit_id, "person_id": actor.person_id, "person_name": actor.name, "at": now}
        reports.append(told)
    write_steps(session, actor, steps, VERB, note="", now=now)
    insert_rows(session, actor, TaskReport, reports)
    recount_parents(session, [step.id for step in steps])


def reached(wish: TaskWish, share: int) -> tuple[Decimal, int]:
    """What is done of a wish that is so far (1/100 %), and how far that is: things are counted whole."""
    if wish.way == PERCENT or wish.target is None:
        return Decimal(0), share
    exact = Fraction(wish.target) * share / WHOLE
    if is_whole(wish.way, wish.measure):
        done = Decimal(half_up(exact))
    else:
        done = Decimal(half_up(exact * 1_000_000)).scaleb(-6).normalize()
    return done, share_done(done, wish.target)


def parents_in(lines: Sequence[Line]) -> frozenset[str]:
    """The numbers that other rows name as their parent."""
    return frozenset(line.parent for line in lines if line.parent)


def counts_of(found: Comparison) -> Mapping[str, int]:
    """How many rows a comparison would make, change, leave and refuse."""
    refused = len(found.refused)
    return {"created": len(found.wishes), "changed": len(found.changes), "same": found.same, "refused": refused}
