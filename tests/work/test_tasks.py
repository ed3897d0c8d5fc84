"""Tasks (任务): given and refused, parents and children, who sees what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from core.errors import InvalidInput
from core.work.organisation.succession import Succession, hand_over
from core.work.tables import Note, Task, TaskAssist, TaskEvent
from core.work.tasks.making import TaskWish, create, create_many
from core.work.tasks.sight import sees_task
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actors, bare_district

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
DUE = date(2026, 12, 20)


@pytest.fixture(scope="module")
def district(wall: Wall) -> District:
    return bare_district(wall)


@pytest.fixture(scope="module")
def people(wall: Wall, district: District) -> dict[str, Actor]:
    wishes = {
        "office": ("hq_office", district.root),
        "street": ("liaison", district.street),
        "first": ("liaison", district.communities[0]),
        "second": ("liaison", district.communities[1]),
        "leader": ("leader", district.root),
        "inspector": ("inspector", district.street),
    }
    made = add_actors(wall, district.ref, [(role, unit, name) for name, (role, unit) in wishes.items()])
    return dict(zip(wishes, made, strict=True))


def wish(unit: UUID, **more: object) -> TaskWish:
    given: dict[str, object] = {"title": "清理楼道杂物", "unit_id": unit, "due_on": DUE} | more
    return TaskWish(**given)  # type: ignore[arg-type]  # put together for tests


def faults(session: ScopedSession, actor: Actor, *wishes: TaskWish) -> set[tuple[str, int | None]]:
    with pytest.raises(InvalidInput) as raised:
        create_many(session, actor, list(wishes), now=NOW, issue=True)
    return {(one.field, one.row) for one in raised.value.faults}


def test_a_task_is_issued_with_a_number_an_event_and_notes(
    wall: Wall, district: District, people: dict[str, Actor]
) -> None:
    with district.session(wall) as session:
        made = create(session, people["office"], wish(district.communities[0]), now=NOW, issue=True)
        assert (made.state, made.version, made.progress, made.leaf) == ("issued", 1, 0, True)
        assert made.number is not None
        assert made.number.startswith("T2026-")
        assert (made.starts_on, made.first_due_on, made.issued_at) == (DAY, DUE, NOW)
        event = session.scalars(select(TaskEvent).where(TaskEvent.task_id == made.id)).one()
        assert (event.verb, event.to_state, event.person_name) == ("issue", "issued", "office")
        told = session.scalars(select(Note.person_id).where(Note.object_id == str(made.id))).all()
        assert told == [people["first"].person_id]
        draft = create(session, people["office"], wish(district.communities[0]), now=NOW)
        assert (draft.state, draft.number) == ("draft", None)


def test_many_with_parents_in_one_call(wall: Wall, district: District, people: dict[str, Actor]) -> None:
    top = UUID(int=7 << 76 | 1 << 63)
    rows = [wish(district.communities[n % 2], parent_id=top, weight=n + 1) for n in range(40)]
    with district.session(wall) as session:
        made = create_many(session, people["office"], [*rows, wish(district.street, id=top)], now=NOW, issue=True)
        assert [one.parent_id for one in made] == [top] * 40 + [None]
        assert not made[-1].leaf
        assert all(one.leaf for one in made[:-1])
        numbers = [one.number for one in made]
        assert numbers == sorted(numbers, key=str)
        assert len(set(numbers)) == 41


def test_what_is_wrong_is_said_by_field_and_row(wall: Wall, district: District, people: dict[str, Actor]) -> None:
    unit, office = district.communities[0], people["office"]
    with district.session(wall) as session:
        parent = create(session, office, wish(district.street), now=NOW, issue=True)
        wrong = [
            wish(unit, title=" "),
            wish(UUID(int=5)),
            wish(unit, due_on=DUE + timedelta(days=1), parent_id=parent.id),
            wish(unit, way="count"),
            wish(unit, way="count", target=Decimal("2.5")),
            wish(unit, way="quantity", target=Decimal(5), measure="光年"),
            wish(unit, starts_on=DUE + timedelta(days=1)),
            wish(unit, assists=(unit,)),
            wish(unit, campaign="nothing"),
            wish(unit, weight=0),
            wish(unit, parent_id=UUID(int=9)),
            wish(unit, code="Ａ－１"),
            wish(unit, code="A-1"),
        ]
        fields = (
            "title",
            "unit_id",
            "due_on",
            "target",
            "target",
            "measure",
            "starts_on",
            "assists",
            "campaign",
            "weight",
        )
        wanted = {(name, row) for row, name in enumerate((*fields, "parent_id"), 1)} | {("code", 13), ("measure", 6)}
        assert faults(session, office, *wrong) == wanted
        assert session.scalars(select(Task).where(Task.title == "")).first() is None


def test_who_may_give_what(wall: Wall, district: District, people: dict[str, Actor]) -> None:
    street, (first, second) = district.street, district.communities
    with district.session(wall) as session:
        parent = create(session, people["office"], wish(street), now=NOW, issue=True)
        assert faults(session, people["street"], wish(first)) == {("unit_id", None)}
        assert faults(session, people["first"], wish(second, parent_id=parent.id)) >= {("unit_id", None)}
        assert faults(session, people["street"], wish(street, parent_id=parent.id)) == {("unit_id", None)}
        part = create(session, people["street"], wish(first, parent_id=parent.id), now=NOW, issue=True)
        assert part.source == "own"
        own = create(session, people["leader"], wish(first), now=NOW, issue=True)
        assert own.source == "leader"
        assert faults(session, people["inspector"], wish(first)) == {("unit_id", None)}


def test_who_sees_what(wall: Wall, district: District, people: dict[str, Actor]) -> None:
    first, second = district.communities
    with district.session(wall) as session:
        own = create(session, people["office"], wish(first), now=NOW, issue=True).id
        helped = create(session, people["office"], wish(first, assists=(second,)), now=NOW, issue=True).id
        named = create(
            session, people["office"], wish(first, person_id=people["second"].person_id), now=NOW, issue=True
        ).id
        draft = create(session, people["office"], wish(first), now=NOW).id
        ids = {own, helped, named, draft}

        def seen(name: str) -> set[UUID]:
            return set(session.scalars(select(Task.id).where(Task.id.in_(ids), sees_task(people[name], DAY))))

        assert seen("office") == ids
        assert seen("first") == seen("street") == seen("inspector") == ids - {draft}
        assert seen("second") == {helped, named}


def test_open_tasks_follow_the_heir_of_their_unit(wall: Wall) -> None:
    district = bare_district(wall)
    [office] = add_actors(wall, district.ref, [("hq_office", district.root, "office")])
    old, heir = district.communities
    with district.session(wall) as session:
        open_one = create(session, office, wish(old, assists=(district.street,)), now=NOW, issue=True)
        helped = create(session, office, wish(district.street, assists=(old,)), now=NOW, issue=True)
        own = create(session, office, wish(heir, assists=(old,)), now=NOW, issue=True)
        work = Succession(DAY, NOW, "两个社区合并", {old: heir})
        moved = hand_over(session, None, work)
        assert moved["tasks"] == 1
        session.refresh(open_one)
        assert (open_one.unit_id, open_one.version, open_one.state) == (heir, 2, "issued")
        [event] = session.scalars(select(TaskEvent).where(TaskEvent.task_id == open_one.id, TaskEvent.verb == "move"))
        assert event.detail["unit"][1] == "测试区第2社区"
        assert event.note == "两个社区合并"

        def assisting(task: Task) -> list[UUID]:
            return list(session.scalars(select(TaskAssist.unit_id).where(TaskAssist.task_id == task.id)))

        assert assisting(open_one) == [district.street]
        assert assisting(helped) == [heir]
        assert assisting(own) == []
