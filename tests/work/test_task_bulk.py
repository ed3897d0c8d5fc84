"""One step for many tasks: the same judgment as for one, all in a few statements, an event each, nothing done twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, select

from core.errors import Conflict, InvalidInput
from core.work.tables import Note, Task, TaskAssist, TaskEvent
from core.work.tasks import bulk
from core.work.tasks.acting import act
from core.work.tasks.bulk import STEPS, BulkAsked, Preview, act_on_all, choose, count_chosen, preview, step_named
from core.work.tasks.listing import TaskFilter
from core.work.tasks.making import TaskWish, create_many
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actors, bare_district

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DAY, DUE = date(2026, 11, 20), date(2026, 12, 20)
LATER = timedelta(days=10)


class Stage:
    """A district with an office, a leader, two liaisons and an inspector."""

    def __init__(self, wall: Wall) -> None:
        self.wall, self.home = wall, bare_district(wall, name="批量区")
        first, second = self.home.communities
        roles = [("hq_office", self.home.root), ("liaison", first), ("liaison", second), ("inspector", self.home.root)]
        made = add_actors(wall, self.home.ref, [(role, unit, "") for role, unit in roles])
        self.office, self.first, self.second, self.inspector = made


@pytest.fixture(scope="module")
def stage(wall: Wall) -> Stage:
    return Stage(wall)


@pytest.fixture
def session(stage: Stage) -> Iterator[ScopedSession]:
    with stage.home.session(stage.wall) as session:
        yield session


def make(session: ScopedSession, stage: Stage, count: int = 3, *, issue: bool = True, **more: Any) -> list[Task]:
    """Some tasks of the first community."""
    given = {"unit_id": stage.home.communities[0], "due_on": DUE} | more
    return create_many(
        session, stage.office, [TaskWish(f"批量 {n}", **given) for n in range(count)], now=NOW, issue=issue
    )


def do(session: ScopedSession, actor: Actor, code: str, tasks: list[Task], **asked: Any) -> Preview:
    """Preview, then do; both must agree."""
    step, given = STEPS[code], BulkAsked(**asked)
    chosen = choose(session, actor, [one.id for one in tasks], day=DAY)
    seen = preview(session, actor, step, chosen, given, now=NOW)
    able = {row.task.id for row in seen.able}
    versions = {one.id: one.version for one in chosen}
    done = act_on_all(session, actor, step, versions, given, now=NOW)
    assert {row.task.id for row in done.able} == able
    assert {row.task.id: why for row, why in done.refused} == {row.task.id: why for row, why in seen.refused}
    return done


def verbs(session: ScopedSession, task: UUID) -> list[str]:
    """The steps of a task, the first first."""
    return list(session.scalars(select(TaskEvent.verb).where(TaskEvent.task_id == task).order_by(TaskEvent.version)))


def test_drafts_are_issued_with_numbers_parents_with_their_children(session: ScopedSession, stage: Stage) -> None:
    parent = make(session, stage, 1, issue=False)[0]
    children = make(session, stage, 2, issue=False, parent_id=parent.id)
    alone = do(session, stage.office, "issue", children)
    assert [why.message for _, why in alone.refused] == ["上级任务还没有下达：{title}"] * 2
    notes = session.scalar(select(func.count()).select_from(Note))
    done = do(session, stage.office, "issue", [*children, parent], note="一批下达")
    assert ({row.task.state for row in done.able}, done.refused) == ({"issued"}, [])
    assert len({row.task.number for row in done.able} - {None}) == 3
    assert verbs(session, parent.id) == ["create", "issue"]
    assert session.scalar(select(func.count()).select_from(Note)) == (notes or 0) + 1, "one note to the unit"


def test_the_deadline_moves_within_the_family(session: ScopedSession, stage: Stage) -> None:
    parent = make(session, stage, 1)[0]
    child = make(session, stage, 1, parent_id=parent.id)[0]
    refused = do(session, stage.office, "due", [child], due_on=DUE + LATER, note="顺延")
    assert refused.refused[0][1].params == {"day": DUE.isoformat()}
    done = do(session, stage.office, "due", [child, parent], due_on=DUE + LATER, note="顺延")
    assert [row.task.due_on for row in done.able] == [DUE + LATER] * 2
    assert [row.task.first_due_on for row in done.able] == [DUE] * 2
    early = do(session, stage.office, "due", [parent], due_on=DUE, note="提前")
    assert early.refused[0][1].message == "早于下级任务的期限 {day}"
    assert (
        do(session, stage.office, "due", [child], due_on=DUE + LATER, note="同一天").refused[0][1].message
        == "就是现在的期限"
    )
    seen = session.scalars(select(TaskEvent).where(TaskEvent.task_id == child.id, TaskEvent.version == 2)).one()
    assert (seen.verb, seen.note, seen.detail) == (
        "change",
        "顺延",
        {"due_on": [DUE.isoformat(), (DUE + LATER).isoformat()]},
    )


def test_a_child_stays_when_its_parent_cannot_move_with_it(session: ScopedSession, stage: Stage) -> None:
    parent = make(session, stage, 1)[0]
    child = make(session, stage, 1, parent_id=parent.id)[0]
    act(session, stage.office, parent.id, "cancel", version=1, now=NOW, note="不做了")
    other = make(session, stage, 1)[0]
    done = do(session, stage.office, "due", [parent, child, other], due_on=DUE + LATER, note="顺延")
    assert [row.task.id for row in done.able] == [other.id]
    assert len(done.refused) == 2


def test_another_unit_takes_over_and_no_longer_assists(session: ScopedSession, stage: Stage) -> None:
    second = stage.home.communities[1]
    helped = make(session, stage, 1, assists=(second,), person_id=stage.first.person_id)
    act(session, stage.first, helped[0].id, "accept", version=1, now=NOW)
    there = make(session, stage, 1, unit_id=second)
    done = do(session, stage.office, "transfer", [*helped, *there], unit_id=second, note="职责调整")
    (row,) = done.able
    assert (row.task.unit_id, row.task.state, row.task.person_id, row.task.accepted_at) == (
        second,
        "issued",
        None,
        None,
    )
    assert done.refused[0][1].message == "就是现在的单位"
    assert not session.scalars(select(TaskAssist).where(TaskAssist.task_id == row.task.id)).all()
    assert verbs(session, row.task.id) == ["issue", "accept", "transfer"]


def test_verify_and_close_what_is_done_by_others(session: ScopedSession, stage: Stage) -> None:
    tasks = make(session, stage, 3)
    for task in tasks[:2]:
        act(session, stage.first, task.id, "finish", version=1, now=NOW)
    done = do(session, stage.office, "verify", tasks)
    assert [row.task.verified_by for row in done.able] == [stage.office.person_id] * 2
    assert [why.params["state"] for _, why in done.refused] == ["待接收"]
    closed = do(session, stage.office, "close", tasks)
    assert ([row.task.state for row in closed.able], len(closed.refused)) == (["closed"] * 2, 1)


def test_who_did_it_does_not_verify_it(session: ScopedSession, stage: Stage) -> None:
    task = make(session, stage, 1, person_id=stage.office.person_id)[0]
    act(session, stage.first, task.id, "finish", version=1, now=NOW)
    refused = do(session, stage.office, "verify", [task]).refused
    assert refused[0][1].message.startswith("进展是您本人填报的")


def test_cancelled_with_everything_below_and_the_parent_recounted(session: ScopedSession, stage: Stage) -> None:
    top = make(session, stage, 1)[0]
    middle = make(session, stage, 2, parent_id=top.id)
    low = make(session, stage, 2, parent_id=middle[0].id)
    act(session, stage.first, middle[1].id, "report", version=1, now=NOW, progress=4000)
    done = do(session, stage.office, "cancel", [middle[0]], note="取消")
    assert len(done.able) == 1
    session.expire_all()
    assert {session.scalars(select(Task.state).where(Task.id == one.id)).one() for one in low} == {"cancelled"}
    assert session.scalars(select(Task.progress).where(Task.id == top.id)).one() == 4000


def test_a_person_is_named_for_all(session: ScopedSession, stage: Stage) -> None:
    tasks = make(session, stage, 2)
    done = do(session, stage.office, "person", tasks, person_id=stage.first.person_id)
    assert {row.task.person_id for row in done.able} == {stage.first.person_id}
    assert {row.person_name for row in done.able} == {stage.first.name}


def test_whoever_was_faster_wins(session: ScopedSession, stage: Stage) -> None:
    tasks = make(session, stage, 2)
    act(session, stage.first, tasks[0].id, "accept", version=1, now=NOW)
    seen = {one.id: 1 for one in tasks}
    done = act_on_all(session, stage.office, STEPS["cancel"], seen, BulkAsked(note="撤"), now=NOW)
    assert [row.task.id for row in done.able] == [tasks[1].id]
    assert done.refused[0][1].message.startswith("别人刚刚更新过")
    again = act_on_all(session, stage.office, STEPS["cancel"], seen, BulkAsked(note="撤"), now=NOW)
    assert not again.able
    assert verbs(session, tasks[1].id) == ["issue", "cancel"]


def test_what_is_missing_or_wrong_for_all_is_said_before_anything_is_done(
    session: ScopedSession, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = make(session, stage, 2)
    seen = {one.id: one.version for one in tasks}
    for code, fields in (
        ("due", {"due_on", "note"}),
        ("transfer", {"unit_id", "note"}),
        ("person", {"person_id"}),
        ("cancel", {"note"}),
    ):
        with pytest.raises(InvalidInput) as raised:
            act_on_all(session, stage.office, STEPS[code], seen, BulkAsked(), now=NOW)
        assert {one.field for one in raised.value.faults} == fields
        assert all(one.remedy for one in raised.value.faults)
    with pytest.raises(InvalidInput):
        step_named(stage.first, "cancel")
    with pytest.raises(InvalidInput):
        step_named(stage.office, "accept")
    monkeypatch.setattr(bulk, "MOST", 1)
    with pytest.raises(Conflict):
        choose(session, stage.office, list(seen), day=DAY)
    with pytest.raises(Conflict):
        act_on_all(session, stage.office, STEPS["close"], seen, BulkAsked(), now=NOW)


def test_everything_that_a_filter_shows(session: ScopedSession, stage: Stage) -> None:
    make(session, stage, 4, due_on=date(2027, 5, 5))
    wanted = TaskFilter(due_from=date(2027, 5, 5), due_to=date(2027, 5, 5))
    assert count_chosen(session, stage.office, wanted, day=DAY) == 4
    assert len(choose(session, stage.office, wanted, day=DAY)) == 4
    assert not choose(session, stage.second, wanted, day=DAY)


def test_any_number_of_tasks_takes_the_same_few_statements(session: ScopedSession, stage: Stage) -> None:
    counts = []
    for number in (5, 300):
        tasks = make(session, stage, number)
        seen, asked = {one.id: one.version for one in tasks}, []
        engine = session.get_bind()

        def note(*args: Any, asked: list[str] = asked) -> None:
            asked.append(args[2])

        event.listen(engine, "before_cursor_execute", note)
        try:
            done = act_on_all(session, stage.office, STEPS["cancel"], seen, BulkAsked(note="撤"), now=NOW)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        assert len(done.able) == number
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] < 40
