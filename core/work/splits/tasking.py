"""Makes tasks of shares (由分工生成任务): one task for each share, shown first; a share that has its task gets no second one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden
from core.work.calendar import local_day
from core.work.splits.reading import Line, Table, lines_of, with_names
from core.work.splits.sight import sight_of
from core.work.splits.states import ACCEPTED, ASSIST, ISSUED
from core.work.splits.steps import keep_event, lock_split
from core.work.tables import Split, SplitShare, Task
from core.work.tasks.making import TaskWish, check_wishes, create_many
from core.work.tasks.states import PERCENT, QUANTITY
from core.work.tasks.wishes import LONGEST_TITLE
from tenants.access import Actor

SOURCE = "clause"
HELPING = "（配合）"  # in the title of an assisting unit's task; titles are kept as they were given, in Chinese


@dataclass(frozen=True, slots=True)
class Choice:
    """Of which shares tasks are made (生成范围): accepted ones, or all that were issued; ``due_on`` where a share has no day."""

    waiting: bool = False
    due_on: date | None = None
    starts_on: date | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One task that would be made (拟生成的任务), with what stands against it."""

    line: Line
    share: SplitShare
    wish: TaskWish | None
    faults: tuple[Fault, ...] = ()


def plan_tasks(
    session: Session, actor: Actor, split_id: UUID, choice: Choice, *, now: datetime
) -> tuple[Table, list[Planned]]:
    """What :func:`make_tasks` would make, for the clauses that the actor answers for. Raises NotFound, Conflict, Forbidden."""
    split = lock_split(session, actor, split_id, ISSUED, now=now)
    lines = _own_lines(session, actor, split, now)
    planned = [_plan(split, line, share, choice) for line, share in _open(lines, choice)]
    wishes = [one.wish for one in planned if one.wish is not None]
    _ready, faults = check_wishes(session, actor, wishes, now=now, issue=True, by_right=True)
    places = {id(wish): place for place, wish in enumerate(wishes)}
    found = [
        replace(one, faults=(*one.faults, *faults.get(places[id(one.wish)], ()))) if one.wish is not None else one
        for one in planned
    ]
    sight = sight_of(session, actor, split.campaign, local_day(now))
    return with_names(session, split, lines, sight), found


def make_tasks(session: Session, actor: Actor, split_id: UUID, choice: Choice, *, now: datetime) -> list[Task]:
    """Make and issue the tasks of all shares without a fault, once. Raises Conflict when there is nothing to make, and as above."""
    split = lock_split(session, actor, split_id, ISSUED, now=now)
    chosen = select(SplitShare.id).where(SplitShare.split_id == split_id).order_by(SplitShare.id)
    session.scalars(chosen.with_for_update()).all()  # of two who press at once, the second finds them made
    session.expire_all()
    _table, planned = plan_tasks(session, actor, split_id, choice, now=now)
    ready = [(one.share, one.wish) for one in planned if one.wish is not None and not one.faults]
    if not ready:
        raise Conflict(N_("没有可以生成任务的分工"))
    tasks = create_many(session, actor, [wish for _share, wish in ready], now=now, issue=True, by_right=True)
    for (share, _wish), task in zip(ready, tasks, strict=True):
        share.task_id = task.id
    keep_event(session, actor, split, "tasks", now, detail={"count": len(tasks)})
    session.flush()
    return tasks


def _own_lines(session: Session, actor: Actor, split: Split, now: datetime) -> list[Line]:
    sight = sight_of(session, actor, split.campaign, local_day(now))
    lines = [line for line in lines_of(session, split.id) if sight.edits(line.row)]
    if not lines:
        raise Forbidden(N_("任务由负责分解的牵头组或创建办生成"))
    return lines


def _open(lines: Sequence[Line], choice: Choice) -> list[tuple[Line, SplitShare]]:
    """The shares that are to have a task and have none."""
    states = {ACCEPTED, ISSUED} if choice.waiting else {ACCEPTED}
    return [(line, share) for line in lines for share in line.shares if share.state in states and share.task_id is None]


def _plan(split: Split, line: Line, share: SplitShare, choice: Choice) -> Planned:
    due = line.due_of(share) or choice.due_on
    if due is None:
        fault = Fault(N_("没有完成时限"), line.row.code, remedy=N_("请填一个统一的完成时限，或在分解表里补上"))
        return Planned(line, share, None, (fault,))
    amount, tail = line.amount_of(share), HELPING if share.role == ASSIST else ""
    counted = amount is not None and bool(line.row.measure)
    wish = TaskWish(
        title=line.row.title[: LONGEST_TITLE - len(tail)] + tail,
        unit_id=share.unit_id,
        due_on=due,
        starts_on=min(choice.starts_on, due) if choice.starts_on else None,
        person_id=share.person_id,
        campaign=split.campaign,
        source=SOURCE,
        source_id=share.id,
        requirement=line.row.requirement,
        way=QUANTITY if counted else PERCENT,
        target=amount if counted else None,
        measure=line.row.measure if counted else "",
    )
    return Planned(line, share, wish)
