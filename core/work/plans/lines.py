"""The lines of a plan (条线): groups and lines are added, moved, dropped and taken up again; a milestone is reached on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.plans.sight import get_line, to_change
from core.work.plans.steps import step
from core.work.plans.writing import CHOOSE, LONGEST_GOAL, LONGEST_TITLE
from core.work.tables import Plan, PlanLine
from core.work.wording import read_text
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Person, Unit

LONGEST_MILESTONE = 200
MOST_LINES = 200  # of one plan (ours)
UP, DOWN = "up", "down"


@dataclass(frozen=True, slots=True)
class LineWish:
    """What a line shall be (条线内容); ``parent_id`` is the group that it belongs to."""

    title: str
    parent_id: UUID | None = None
    goal: str = ""
    unit_id: UUID | None = None
    person_id: UUID | None = None
    milestone: str = ""
    due_on: date | None = None


def add_lines(
    session: Session, actor: Actor, plan_id: UUID, wishes: Sequence[LineWish], *, version: int, now: datetime
) -> list[PlanLine]:
    """Add lines at the end of their group. Raises InvalidInput, NotFound, Forbidden, Conflict, Stale."""
    day = local_day(now)
    of = to_change(session, actor, plan_id, day)
    if not wishes:
        raise InvalidInput(faults=[Fault(N_("缺少这一项"), "title", remedy=N_("请填写名称"))])
    count, last = session.execute(
        select(func.count(), func.coalesce(func.max(PlanLine.position), 0)).where(PlanLine.plan_id == of.id)
    ).one()
    if count + len(wishes) > MOST_LINES:
        raise Conflict(N_("一个计划最多 {most} 条条线"), most=MOST_LINES)
    rows = [
        PlanLine(id=new_id(), plan_id=of.id, position=last + n, dropped=False, **_read(session, of, wish, day))
        for n, wish in enumerate(wishes, 1)
    ]
    session.add_all(rows)
    said = {"lines": [row.title for row in rows]}
    step(session, actor, of, "line_add", version=version, now=now, detail=said)
    return rows


def change_line(
    session: Session, actor: Actor, plan_id: UUID, line_id: UUID, wish: LineWish, *, version: int, now: datetime
) -> PlanLine:
    """Change a line. Raises what ``add_lines`` raises."""
    day = local_day(now)
    of = to_change(session, actor, plan_id, day)
    row = get_line(session, of, line_id)
    values = _read(session, of, wish, day, row)
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    said = {"line": row.title, "fields": sorted(changed)}
    step(session, actor, of, "line_edit", version=version, now=now, detail=said)
    return row


def move_line(
    session: Session, actor: Actor, plan_id: UUID, line_id: UUID, way: str, *, version: int, now: datetime
) -> PlanLine:
    """Change places with the line before or after it in its group; at the end of the group nothing is changed."""
    of = to_change(session, actor, plan_id, local_day(now))
    row = get_line(session, of, line_id)
    beside = PlanLine.parent_id.is_(None) if row.parent_id is None else PlanLine.parent_id == row.parent_id
    chosen = select(PlanLine).where(PlanLine.plan_id == of.id, beside)
    rows = list(session.scalars(chosen.order_by(PlanLine.position, PlanLine.id)))
    at = rows.index(row)
    to = at + {UP: -1, DOWN: 1}.get(way, 0)
    if 0 <= to < len(rows) and to != at:
        rows.insert(to, rows.pop(at))
        for place, one in zip(sorted(each.position for each in rows), rows, strict=True):
            one.position = place
    step(session, actor, of, "line_move", version=version, now=now, detail={"line": row.title})
    return row


def drop_line(
    session: Session, actor: Actor, plan_id: UUID, line_id: UUID, *, dropped: bool, version: int, now: datetime
) -> PlanLine:
    """Give a line up, a group with all that is in it, or take it up again; what was done under it stays."""
    of = to_change(session, actor, plan_id, local_day(now))
    row = get_line(session, of, line_id)
    if not dropped and row.parent_id and get_line(session, of, row.parent_id).dropped:
        raise Conflict(N_("它所在的组已经放弃；请先恢复那一组"))
    row.dropped = dropped
    for one in session.scalars(select(PlanLine).where(PlanLine.parent_id == row.id)):
        one.dropped = dropped
    verb = "line_drop" if dropped else "line_back"
    step(session, actor, of, verb, version=version, now=now, detail={"line": row.title})
    return row


def reach_milestone(
    session: Session, actor: Actor, plan_id: UUID, line_id: UUID, on: date | None, *, version: int, now: datetime
) -> PlanLine:
    """Say on which day a line's milestone was reached; None takes it back. Raises InvalidInput for a day to come."""
    day = local_day(now)
    of = to_change(session, actor, plan_id, day)
    row = get_line(session, of, line_id)
    if not row.milestone:
        raise Conflict(N_("这条条线没有里程碑"))
    if on is not None and not of.starts_on <= on <= day:
        params = {"first": str(of.starts_on), "last": str(day)}
        fault = Fault(
            N_("日期超出范围"),
            "reached_on",
            value=str(on),
            remedy=N_("请填 {first} 到 {last} 之间的日子"),
            params=params,
        )
        raise InvalidInput(faults=[fault])
    row.reached_on = on
    said = {"line": row.title, "milestone": row.milestone, "day": str(on) if on else None}
    step(session, actor, of, "line_reach", version=version, now=now, detail=said)
    return row


def _read(session: Session, of: Plan, wish: LineWish, day: date, row: PlanLine | None = None) -> dict[str, Any]:
    """The columns of a line that holds."""
    faults: list[Fault] = []
    values: dict[str, Any] = {
        "title": read_text(wish.title, "title", faults, LONGEST_TITLE),
        "goal": read_text(wish.goal, "goal", faults, LONGEST_GOAL),
        "milestone": read_text(wish.milestone, "milestone", faults, LONGEST_MILESTONE),
        "parent_id": wish.parent_id,
        "unit_id": wish.unit_id,
        "person_id": wish.person_id,
        "due_on": wish.due_on,
    }
    if not values["title"]:
        faults.append(Fault(N_("缺少这一项"), "title", remedy=N_("请填写名称")))
    if wish.due_on is not None and not of.starts_on <= wish.due_on <= of.ends_on:
        params = {"first": str(of.starts_on), "last": str(of.ends_on)}
        remedy = N_("请填 {first} 到 {last} 之间的日子")
        faults.append(Fault(N_("不在计划的期限内"), "due_on", value=str(wish.due_on), remedy=remedy, params=params))
    if values["milestone"] and wish.due_on is None:
        faults.append(Fault(N_("里程碑没有日期"), "due_on", remedy=N_("请填写哪一天达到")))
    if wish.unit_id is not None and (row is None or row.unit_id != wish.unit_id):
        known = select(Unit.id).where(Unit.id == wish.unit_id, valid_on(Unit, day))
        if session.scalar(known) is None:
            faults.append(Fault(N_("这个单位不存在或已撤销"), "unit_id", remedy=CHOOSE))
    if wish.person_id is not None and session.scalar(select(Person.id).where(Person.id == wish.person_id)) is None:
        faults.append(Fault(N_("没有这个人"), "person_id", remedy=CHOOSE))
    faults += _group(session, of, wish.parent_id, row)
    if faults:
        raise InvalidInput(faults=faults)
    return values


def _group(session: Session, of: Plan, parent_id: UUID | None, row: PlanLine | None) -> list[Fault]:
    """Faults of the group: it is a line of this plan at the top, and a group is not put into another one."""
    if parent_id is None:
        return []
    chosen = select(PlanLine).where(PlanLine.plan_id == of.id, PlanLine.id == parent_id, PlanLine.parent_id.is_(None))
    group = session.scalars(chosen).first()
    if group is None or group.dropped or (row is not None and group.id == row.id):
        return [Fault(N_("没有这一组"), "parent_id", remedy=CHOOSE)]
    if row is not None and session.scalar(select(PlanLine.id).where(PlanLine.parent_id == row.id).limit(1)):
        return [Fault(N_("它自己就是一组，不能再放进别的组"), "parent_id", remedy=N_("请先把组里的条线移出来"))]
    return []
