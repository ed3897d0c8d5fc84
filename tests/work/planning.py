"""A district for plans (计划测试区): an office, a leader, liaisons, and tasks straight in the tables with their history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from core.work.calendar import ZONE
from core.work.tables import Task, TaskEvent
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actors, bare_district

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=ZONE)


@dataclass
class Planners:
    """The district and who acts in it."""

    district: District
    office: Actor
    leader: Actor
    street: Actor
    department: Actor

    def unit(self, role: str = "market_regulator") -> UUID:
        return self.district.departments[role]


def planners(wall: Wall) -> Planners:
    """A district of its own."""
    made = bare_district(wall)
    wishes = [
        ("hq_office", made.root, "办公室"),
        ("leader", made.root, "领导甲"),
        ("liaison", made.street, "街道联络员"),
        ("liaison", made.departments["market_regulator"], "部门联络员"),
    ]
    return Planners(made, *add_actors(wall, made.ref, wishes))


def moment(day: date, hour: int = 10) -> datetime:
    """A clock hour of a day where the districts are."""
    return datetime.combine(day, time(hour), ZONE)


def lay_task(
    session: ScopedSession,
    unit_id: UUID,
    plan_id: UUID,
    steps: Sequence[tuple[str, datetime]],
    *,
    line_id: UUID | None = None,
    due_on: date = TODAY + timedelta(days=5),
    starts_on: date = TODAY - timedelta(days=20),
    progress: int = 0,
    leaf: bool = True,
    reported: bool = False,
    parent_id: UUID | None = None,
) -> Task:
    """A task with the states that it went through and when: the last one is its state."""
    row = Task(
        id=new_id(),
        title="任务",
        unit_id=unit_id,
        plan_id=plan_id,
        line_id=line_id,
        starts_on=starts_on,
        due_on=due_on,
        first_due_on=due_on,
        state=steps[-1][0],
        version=len(steps),
        progress=progress,
        leaf=leaf,
        parent_id=parent_id,
        reported_at=steps[-1][1] if reported else None,
    )
    session.add(row)
    session.flush()
    before = None
    for number, (state, at) in enumerate(steps, 1):
        session.add(
            TaskEvent(task_id=row.id, version=number, at=at, verb="step", from_state=before, to_state=state, detail={})
        )
        before = state
    session.flush()
    return row
