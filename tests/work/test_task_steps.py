"""The life of a task (任务流转): what may follow what, by whom; invariants on random walks; of two at once one wins."""

from __future__ import annotations

import random
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, SanchengError, Stale
from core.figures.task_figures import pace
from core.work.tables import Note, Task, TaskAssist, TaskEvent, TaskReport
from core.work.tasks.acting import act, steps_for
from core.work.tasks.breaking import break_down
from core.work.tasks.listing import TaskFilter, list_tasks
from core.work.tasks.making import TaskWish, create, create_many
from core.work.tasks.moves import CHECKER, MOVES, SYSTEM
from core.work.tasks.progress import half_up, mean, recount_parents, share_done
from core.work.tasks.standing import standing_of
from core.work.tasks.states import CANCELLED, STATES, WHOLE, is_at_risk
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actors, bare_district

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
DUE = date(2026, 12, 20)


class Place:
    """A district with one person of each kind, and one task at a time."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.district: District = bare_district(wall)
        self.street, (self.first, self.second) = self.district.street, self.district.communities
        posts = {
            "office": ("hq_office", self.district.root),
            "other": ("hq_office", self.district.root),
            "street": ("liaison", self.street),
            "first": ("liaison", self.first),
            "second": ("liaison", self.second),
            "inside": ("hq_office", self.first),
            "leader": ("leader", self.district.root),
        }
        made = add_actors(wall, self.district.ref, [(role, unit, name) for name, (role, unit) in posts.items()])
        self.people: dict[str, Actor] = dict(zip(posts, made, strict=True))

    def open(self) -> ScopedSession:
        return self.district.session(self.wall)

    def give(self, session: ScopedSession, **more: Any) -> Task:
        given: dict[str, Any] = {"title": "清理楼道杂物", "unit_id": self.first, "due_on": DUE} | more
        return create(session, self.people["office"], TaskWish(**given), now=NOW, issue=True)

    def do(self, session: ScopedSession, task: Task, who: str, verb: str, now: datetime = NOW, **asked: Any) -> Task:
        return act(session, self.people[who], task.id, verb, version=task.version, now=now, **asked)


@pytest.fixture(scope="module")
def place(wall: Wall) -> Place:
    return Place(wall)


def test_from_issue_to_close(place: Place) -> None:
    with place.open() as session:
        task = place.give(session)
        place.do(session, task, "first", "accept", note="收到")
        place.do(session, task, "first", "report", progress=4050, note="一半")
        assert (task.state, task.progress) == ("doing", 4050)
        place.do(session, task, "first", "finish")
        assert (task.state, task.progress) == ("done", WHOLE)
        with pytest.raises(Forbidden):
            place.do(session, task, "first", "verify")
        place.do(session, task, "office", "verify")
        place.do(session, task, "office", "close")
        assert (task.state, task.version, task.verified_by) == ("closed", 6, place.people["office"].person_id)
        events = session.scalars(
            select(TaskEvent).where(TaskEvent.task_id == task.id).order_by(TaskEvent.version)
        ).all()
        assert [one.verb for one in events] == ["issue", "accept", "report", "finish", "verify", "close"]
        reports = session.scalars(select(TaskReport).where(TaskReport.task_id == task.id)).all()
        assert sorted((one.sequence, one.progress) for one in reports) == [(1, 4050), (2, WHOLE)]


def test_nobody_of_the_doing_units_verifies(place: Place) -> None:
    with place.open() as session:
        task = place.give(session, assists=(place.second,), person_id=place.people["other"].person_id)
        place.do(session, task, "second", "report", progress=100)
        row = session.scalars(select(TaskReport).where(TaskReport.task_id == task.id)).one()
        assert row.unit_id == place.second
        place.do(session, task, "street", "finish")
        for who in ("first", "second", "inside", "other", "street"):
            with pytest.raises(Forbidden):
                place.do(session, task, who, "verify")
        place.do(session, task, "office", "verify")


def test_returned_with_a_reason_and_issued_to_another_unit(place: Place) -> None:
    with place.open() as session:
        task = place.give(session, assists=(place.second,))
        with pytest.raises(InvalidInput) as raised:
            place.do(session, task, "first", "return")
        assert raised.value.faults[0].field == "note"
        place.do(session, task, "first", "return", note="不属于我单位")
        told = session.scalars(select(Note.person_id).where(Note.object_id == str(task.id))).all()
        assert place.people["inside"].person_id in told  # the nearest who directs
        place.do(session, task, "office", "reissue", unit_id=place.second)
        assert (task.state, task.unit_id) == ("issued", place.second)
        assert session.scalars(select(TaskAssist).where(TaskAssist.task_id == task.id)).all() == []


def test_a_report_is_checked_by_field(place: Place) -> None:
    with place.open() as session:
        count = place.give(session, way="count", target=Decimal(47), measure="户")
        size = place.give(session, way="quantity", target=Decimal(500), measure="m2")
        percent = place.give(session)

        def refused(task: Task, **asked: Any) -> set[str]:
            with pytest.raises(InvalidInput) as raised:
                place.do(session, task, "first", "report", **asked)
            assert all(one.remedy for one in raised.value.faults)
            return {one.field for one in raised.value.faults}

        assert refused(count, done=Decimal(48)) == {"done"}
        assert refused(count, done=Decimal("1.5")) == {"done"}
        assert refused(count, done=Decimal(3), measure="座") == {"measure"}
        assert refused(count, progress=100) == {"progress", "done"}
        assert refused(size, done=Decimal(501)) == {"done"}
        assert refused(size, done=Decimal(-1)) == {"done"}
        assert refused(percent, progress=10_001) == {"progress"}
        assert refused(percent, done=Decimal(4)) == {"done"}
        assert refused(percent, progress=1, day=DAY + timedelta(days=1)) == {"day"}
        assert refused(percent, progress=1, photos=("f" * 64,)) == {"photos"}
        place.do(session, count, "first", "report", done=Decimal(9), measure="户")
        assert count.progress == 1915  # 9 of 47 = 19.148...
        assert refused(count, done=Decimal(8)) == {"note"}
        place.do(session, count, "first", "report", done=Decimal(8), note="重复计了一户")
        assert refused(count, done=Decimal(9), day=DAY - timedelta(days=1)) == {"day"}
        with pytest.raises(InvalidInput):
            place.do(session, count, "first", "finish")
        with pytest.raises(InvalidInput):
            place.do(session, count, "office", "change", changes={"target": Decimal(7)}, note="核减")
        place.do(session, count, "office", "change", changes={"target": Decimal(8)}, note="核减")
        assert count.progress == WHOLE
        place.do(session, count, "first", "finish")


def test_extension_stays_within_the_parent(place: Place) -> None:
    with place.open() as session:
        parent = place.give(session, unit_id=place.street)
        early = DUE - timedelta(days=10)
        [task] = break_down(
            session,
            place.people["street"],
            parent.id,
            [TaskWish("清理一区", place.first, early)],
            version=parent.version,
            now=NOW,
        )
        place.do(session, task, "first", "accept")
        with pytest.raises(InvalidInput):
            place.do(session, task, "first", "ask_extension", due_on=DUE + timedelta(days=1), note="雨天")
        place.do(session, task, "first", "ask_extension", due_on=DUE, note="雨天")
        with pytest.raises(Conflict):
            place.do(session, task, "first", "ask_extension", due_on=DUE, note="雨天")
        with pytest.raises(Forbidden):
            place.do(session, task, "first", "grant")
        place.do(session, task, "street", "grant")
        assert (task.due_on, task.first_due_on, task.wanted_due_on) == (DUE, early, None)
        last = session.scalars(select(TaskEvent).where(TaskEvent.task_id == task.id, TaskEvent.verb == "grant")).one()
        assert last.detail["due_on"] == [early.isoformat(), DUE.isoformat()]
        with pytest.raises(InvalidInput):
            place.do(session, parent, "office", "change", changes={"due_on": early}, note="提前")


def test_a_parent_follows_its_children_and_is_finished_by_its_unit(place: Place) -> None:
    with place.open() as session:
        parent = place.give(session, unit_id=place.street)
        parts = [TaskWish("一区", place.first, DUE, weight=100), TaskWish("二区", place.second, DUE, weight=200)]
        one, two = break_down(session, place.people["street"], parent.id, parts, version=parent.version, now=NOW)
        assert (parent.leaf, parent.state, parent.version) == (False, "accepted", 2)
        with pytest.raises(Conflict):
            place.do(session, parent, "street", "report", progress=100)
        place.do(session, one, "first", "report", progress=5000)
        session.refresh(parent)
        assert parent.progress == 1667
        assert parent.version == 2
        place.do(session, one, "first", "finish")
        with pytest.raises(Conflict):
            place.do(session, parent, "street", "finish")
        place.do(session, two, "street", "cancel", note="合并到一区")
        session.refresh(parent)
        assert parent.progress == WHOLE
        assert parent.state == "accepted"
        place.do(session, parent, "street", "finish")
        with pytest.raises(Conflict):
            place.do(session, one, "office", "send_back", note="没做完")
        place.do(session, parent, "office", "send_back", note="没做完")
        place.do(session, one, "office", "cancel", note="不做了")
        session.refresh(parent)
        assert parent.leaf
        assert parent.progress == 0


def test_cancelling_cancels_what_is_under_it(place: Place) -> None:
    with place.open() as session:
        parent = place.give(session, unit_id=place.street)
        made = break_down(
            session, place.people["street"], parent.id, [TaskWish("一区", place.first, DUE)], version=1, now=NOW
        )
        place.do(session, parent, "office", "cancel", note="计划取消")
        session.refresh(made[0])
        assert (made[0].state, parent.state) == (CANCELLED, CANCELLED)


def test_taken_late_is_said(place: Place) -> None:
    with place.open() as session:
        early, late = place.give(session), place.give(session)
        place.do(session, early, "first", "accept", now=NOW + timedelta(hours=3))
        place.do(session, late, "first", "accept", now=NOW + timedelta(days=6))
        details = dict(
            session.execute(select(TaskEvent.task_id, TaskEvent.detail).where(TaskEvent.verb == "accept")).all()
        )
        assert details[late.id] == {"late": True}
        assert details[early.id] == {}


def test_progress_is_the_same_in_any_order(place: Place) -> None:
    rng = random.Random("任务进度")
    for _ in range(300):
        children = [(rng.randint(1, 10_000), rng.randint(0, WHOLE)) for _ in range(rng.randint(1, 30))]
        first = mean(children)
        rng.shuffle(children)
        exact = Fraction(sum(w * p for w, p in children), sum(w for w, _ in children))
        assert first == mean(children) == half_up(exact)
        assert abs(Fraction(first) - exact) <= Fraction(1, 2)
    assert mean([]) is None
    assert share_done(Decimal(1), Decimal(3)) == 3333
    assert share_done(Decimal(1), Decimal(8)) == 1250


def test_a_recount_gives_what_steps_gave(place: Place) -> None:
    rng = random.Random("三级任务")
    with place.open() as session:
        ids = [UUID(int=(0xA0 + n) << 64 | 7 << 76 | rng.getrandbits(60)) for n in range(13)]
        wishes = [TaskWish("总", place.street, DUE, id=ids[0])]
        wishes += [TaskWish("分", place.street, DUE, id=ids[n], parent_id=ids[0], weight=n) for n in (1, 2, 3)]
        wishes += [
            TaskWish("细", place.first, DUE, id=ids[n], parent_id=ids[1 + n % 3], weight=rng.randint(1, 300))
            for n in range(4, 13)
        ]
        tasks = create_many(session, place.people["office"], wishes, now=NOW, issue=True)
        leaves = tasks[4:] * 2
        rng.shuffle(leaves)
        for leaf in leaves:
            place.do(session, leaf, "first", "report", progress=max(leaf.progress, rng.randint(0, WHOLE)))
        session.expire_all()
        stepped = {task.id: task.progress for task in tasks}
        for task in tasks[:4]:
            below = [(one.weight, one.progress) for one in tasks if one.parent_id == task.id]
            assert stepped[task.id] == mean(below)
        recount_parents(session, [task.id for task in tasks])
        session.expire_all()
        assert {task.id: task.progress for task in tasks} == stepped


_ASKED: dict[str, dict[str, Any]] = {
    "report": {"progress": 5000, "note": "进展"},
    "ask_extension": {"due_on": DUE + timedelta(days=400), "note": "延期"},
    "change": {"changes": {"title": "改过的任务"}, "note": "修改"},
}


@pytest.mark.parametrize("seed", range(4))
def test_random_walks_keep_what_must_hold(place: Place, seed: int) -> None:
    rng, refused = random.Random(seed), []
    with place.open() as session:
        task = place.give(session, assists=(place.second,))
        for n in range(40):
            who, verb = rng.choice(sorted(place.people)), rng.choice(sorted(MOVES))
            before, person = (task.version, task.state), place.people[who]
            offered = {move.verb for move in steps_for(session, person, task, NOW)}
            asked = {"note": "说明"} | _ASKED.get(verb, {})
            asked |= {"unit_id": rng.choice([place.first, place.second])} if verb in ("transfer", "reissue") else {}
            asked |= {"person_id": person.person_id} if verb == "assign" else {}
            if verb == "change":
                asked["changes"] = {"title": f"改过的任务{n}"}
            own = standing_of(session, person, task, DAY)
            try:
                with session.begin_nested():
                    place.do(session, task, who, verb, **asked)
            except SanchengError as error:
                session.refresh(task)
                assert (task.version, task.state) == before
                refused.append((verb in offered, isinstance(error, InvalidInput)))
                continue
            assert verb in offered
            assert SYSTEM not in MOVES[verb].by
            assert task.version == before[0] + 1
            assert before[1] in MOVES[verb].from_states
            assert task.state == (MOVES[verb].to_state or before[1])
            if verb == "verify":
                assert CHECKER in own.parties
                assert not own.own
                assert who in ("office", "other")
        events = session.scalars(
            select(TaskEvent).where(TaskEvent.task_id == task.id).order_by(TaskEvent.version)
        ).all()
        assert [one.version for one in events] == list(range(1, task.version + 1))
        assert [one.from_state for one in events[1:]] == [one.to_state for one in events[:-1]]
        assert events[-1].to_state == task.state
        assert task.state in STATES


def test_of_two_at_once_one_wins(place: Place) -> None:
    with place.open() as session:
        task = place.give(session)
        session.commit()
        task_id = task.id
    start, outcomes = threading.Barrier(2), []

    def race(verb: str, **asked: Any) -> None:
        with place.open() as own:
            start.wait()
            try:
                act(own, place.people["first"], task_id, verb, version=1, now=NOW, **asked)
                own.commit()
                outcomes.append("won")
            except Stale as error:
                outcomes.append(f"lost to {error.params['who']} at {error.params['version']}")

    threads = [
        threading.Thread(target=race, args=("accept",)),
        threading.Thread(target=race, args=("report",), kwargs={"progress": 100}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost to first at 2", "won"]
    with place.open() as session:
        assert len(session.scalars(select(TaskEvent).where(TaskEvent.task_id == task_id)).all()) == 2


def test_two_children_reported_at_once_are_both_counted(place: Place) -> None:
    with place.open() as session:
        parent = place.give(session, unit_id=place.street)
        parts = [TaskWish("一区", place.first, DUE), TaskWish("二区", place.second, DUE)]
        made = break_down(session, place.people["street"], parent.id, parts, version=1, now=NOW)
        session.commit()
        ids = [one.id for one in made]
    start = threading.Barrier(2)

    def tell(task_id: UUID, who: str) -> None:
        with place.open() as own:
            start.wait()
            act(own, place.people[who], task_id, "report", version=1, now=NOW, progress=WHOLE)
            own.commit()

    threads = [threading.Thread(target=tell, args=one) for one in zip(ids, ("first", "second"), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with place.open() as session:
        assert session.scalar(select(Task.progress).where(Task.id == parent.id)) == WHOLE


def test_at_risk_is_the_pace_of_the_figures(place: Place) -> None:
    rng = random.Random("进度灯")
    with place.open() as session:
        wishes = []
        for n in range(80):
            starts = DAY - timedelta(days=rng.randint(-3, 60))
            due = max(starts, DAY + timedelta(days=rng.randint(-20, 60)))
            wishes.append(TaskWish(f"任务{n}", place.first, due, starts_on=starts))
        made = create_many(session, place.people["office"], wishes, now=NOW, issue=True)
        for task in made[:60]:
            place.do(session, task, "first", "report", progress=rng.choice([0, 1, 999, 5000, 9000, 9999, WHOLE]))
        for task in made[:5]:
            place.do(session, task, "first", "finish")
        ids = [task.id for task in made]
        found = set(session.scalars(select(Task.id).where(Task.id.in_(ids), is_at_risk(DAY))))
        told = {one.id for one in made if one.reported_at is not None and one.state == "doing" and one.due_on >= DAY}
        wanted = {
            one.id
            for one in made
            if one.id in told and pace.is_at_risk(one.starts_on, one.due_on, DAY, one.progress, reported=True)
        }
        assert found == wanted
        assert 5 < len(found) < 60
        listed = list_tasks(session, place.people["office"], TaskFilter(tab="risk"), day=DAY, size=200)
        assert {row.task.id for row in listed} >= found
