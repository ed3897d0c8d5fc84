"""The pages of one step for many tasks: from the filtered list or the ticked rows, a preview, one confirmation."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from core.work.calendar import local_day
from core.work.tables import Task, TaskEvent
from core.work.tasks.making import TaskWish, create_many
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actors, bare_district
from tests.web.desk import clerk, content

TODAY = local_day(now())
DUE = TODAY + timedelta(days=30)


class Room:
    """An office with tasks of two communities before its pages."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.wall, self.home = wall, bare_district(wall, name="批页区")
        roles = [("hq_office", self.home.root, ""), ("liaison", self.home.communities[0], "")]
        self.actor, liaison = add_actors(wall, self.home.ref, roles)
        self.office, self.liaison = clerk(app, wall, self.actor), clerk(app, wall, liaison)
        self.english = clerk(app, wall, add_actors(wall, self.home.ref, [("hq_office", self.home.root, "")])[0], "en")

    def make(self, count: int, place: int = 0, *, issue: bool = True, title: str = "批页") -> list[UUID]:
        with self.home.session(self.wall) as session:
            unit = self.home.communities[place]
            wishes = [TaskWish(f"{title} {n}", unit, DUE) for n in range(count)]
            made = [one.id for one in create_many(session, self.actor, wishes, now=now(), issue=issue)]
            session.commit()
        return made

    def states(self, tasks: list[UUID]) -> list[str]:
        with self.home.session(self.wall) as session:
            found = dict(session.execute(select(Task.id, Task.state).where(Task.id.in_(tasks))).all())
            return [found[one] for one in tasks]


@pytest.fixture(scope="module")
def room(app: Flask, wall: Wall) -> Room:
    return Room(app, wall)


def sent(page: str) -> str:
    """What the confirmation carries."""
    found = re.search(r'name="versions" value="([^"]*)"', page)
    assert found
    return found[1]


def test_all_that_the_filter_shows_is_cancelled_after_a_preview(room: Room) -> None:
    mine, others = room.make(3), room.make(2, 1)
    unit = room.home.communities[0]
    asked = room.office.read(f"tasks/bulk?step=cancel&unit={unit}")
    assert "符合条件的 3 项" in asked
    _, seen = room.office.send(
        f"tasks/bulk/preview?unit={unit}", {"step": "cancel", "scope": "all", "note": "不做了"}, 200
    )
    assert "能办 3 项" in content(seen)
    assert room.states(mine) == ["issued"] * 3
    given = {"step": "cancel", "note": "不做了", "versions": sent(seen)}
    _, done = room.office.send(f"tasks/bulk/act?unit={unit}", given, 200)
    assert "办成 3 项" in content(done)
    assert room.states(mine + others) == ["cancelled"] * 3 + ["issued"] * 2
    _, again = room.office.send("tasks/bulk/act", given, 200)
    assert "没有办成 3 项" in content(again)
    with room.home.session(room.wall) as session:
        assert (
            len(session.scalars(select(TaskEvent).where(TaskEvent.task_id.in_(mine), TaskEvent.verb == "cancel")).all())
            == 3
        )


def test_ticked_rows_alone_and_what_cannot_be_done_is_named(room: Room) -> None:
    drafts, issued = room.make(2, issue=False, title="草稿"), room.make(1)
    ticked = [str(drafts[0]), str(issued[0])]
    _, seen = room.office.send("tasks/bulk/preview", {"step": "issue", "scope": "ticked", "id": ticked}, 200)
    assert "能办 1 项" in content(seen)
    assert "任务目前是“待接收”，不能办理“下达”" in content(seen)
    room.office.send("tasks/bulk/act", {"step": "issue", "versions": sent(seen)}, 200)
    assert room.states(drafts) == ["issued", "draft"]


def test_faults_stand_beside_their_fields_and_nothing_is_done(room: Room) -> None:
    tasks = room.make(1)
    day = (DUE + timedelta(days=3)).isoformat()
    _, page = room.office.send(
        "tasks/bulk/preview", {"step": "due", "scope": "all", "due_on": "某日", "note": "顺延原因"}, 422
    )
    assert "日期写法无效" in page
    assert "顺延原因" in page
    _, page = room.office.send("tasks/bulk/act", {"step": "due", "due_on": day, "versions": f"{tasks[0]}.1"}, 422)
    assert "请写明原因或情况" in page
    room.office.send("tasks/bulk/act", {"step": "due", "due_on": day, "note": "顺延", "versions": f"{tasks[0]}.x"}, 422)
    room.office.send("tasks/bulk/act", {"step": "due", "due_on": day, "note": "顺延", "versions": f"{tasks[0]}.1"}, 200)
    with room.home.session(room.wall) as session:
        assert session.scalars(select(Task.due_on).where(Task.id == tasks[0])).one().isoformat() == day
    assert room.office.ask("tasks/bulk?step=accept").status_code == 422


def test_every_step_has_a_page_in_both_languages_and_only_for_whoever_directs(room: Room) -> None:
    room.make(1, issue=False)
    for step in ("issue", "due", "transfer", "person", "verify", "close", "cancel"):
        for who in (room.office, room.english):
            assert who.ask(f"tasks/bulk?step={step}").status_code == 200
    assert room.liaison.ask("tasks/bulk").status_code == 403
    room.liaison.send("tasks/bulk/preview", {"step": "issue"}, 403)
    room.liaison.send("tasks/bulk/act", {"step": "issue"}, 403)
