"""People (人员) over the API: who holds which post on a day; for administrators, within their reach."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.describe import REPEATABLE
from core.api.fields import Body, Day, Flag, Id, Length, ListOf, Part, Text
from core.api.replies import ListQuery, cut_list, once, placed, reply
from core.api.rooms import READING, WRITING, Room
from core.errors import NotFound
from core.work.duties import people
from core.work.permits import require
from core.work.roles import ADMINISTER
from tenants.access import root_unit

room = Room("people", __name__, description="People and their posts (人员与岗位), for administrators.")


class PostShape(Body):
    """A post that a person holds (任职)."""

    holding_id = Id(required=True)
    post_id = Id(required=True)
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    role = Text(required=True)
    title = Text(required=True)
    campaign = Text(required=True, allow_none=True)
    valid_from = Day(required=True)
    valid_to = Day(required=True, allow_none=True)


class PersonShape(Body):
    """A person with the posts held on the day asked for (人员)."""

    id = Id(required=True)
    name = Text(required=True)
    phone = Text(required=True)
    state = Text(required=True)
    posts = ListOf(Part(PostShape), required=True)


class PersonList(Body):
    """People by pinyin (人员列表)."""

    items = ListOf(Part(PersonShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class PersonQuery(ListQuery):
    """Which people (人员筛选)."""

    on = Day(metadata={"description": "as of this day; today if left out"})
    q = Text(load_default="", validate=Length(max=40), metadata={"description": "part of the name, pinyin or phone"})
    unit_id = Id()
    inactive = Flag(load_default=False, metadata={"description": "add those who left"})


class NewPerson(Body):
    """A person to add (新增人员)."""

    name = Text(required=True)
    phone = Text(load_default="")


class PersonChange(Body):
    """What to correct; a field left out stays (更正人员)."""

    name = Text()
    phone = Text()


@room.get("/people")
@asked.require(ADMINISTER)
@room.arguments(PersonQuery, location="query")
@room.response(200, PersonList)
@room.refuses(*READING)
def list_people(query: dict[str, Any]) -> Response:
    """List people with the posts they hold on a day"""
    rows = people.list_people(
        asked.db(),
        asked.actor(),
        on=query.get("on") or asked.today(),
        text=query["q"],
        unit_id=query.get("unit_id"),
        inactive=query["inactive"],
    )
    return cut_list(rows, query, shape_person)


@room.get("/people/<uuid:person_id>")
@asked.require(ADMINISTER)
@room.response(200, PersonShape)
@room.refuses(401, 403, 404)
def get_person(person_id: UUID) -> Response:
    """Show one person"""
    return reply(shape_person(_in_reach(person_id)))


@room.post("/people")
@asked.require(ADMINISTER)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewPerson)
@room.response(201, PersonShape)
@room.refuses(*WRITING)
def add_person(body: dict[str, Any]) -> Response:
    """Add a person; posts and invitations are given on the page

    A person without a post belongs to the whole: only who administers the whole tenant adds one.
    A repetition with the same Idempotency-Key gets the first answer.
    """

    def run() -> tuple[int, Any]:
        require(asked.db(), asked.actor(), ADMINISTER, root_unit(asked.db()).id, asked.today())
        made = people.add_person(asked.db(), asked.actor(), **body, today=asked.today())
        return 201, shape_person(people.get_person(asked.db(), made.id, on=asked.today()))

    return once(run, headers=placed("people"))


@room.patch("/people/<uuid:person_id>")
@asked.require(ADMINISTER)
@room.arguments(PersonChange)
@room.response(200, PersonShape)
@room.refuses(*WRITING)
def change_person(body: dict[str, Any], person_id: UUID) -> Response:
    """Correct a person's name or phone"""
    _in_reach(person_id)
    people.change_person(asked.db(), asked.actor(), person_id, **body, today=asked.today())
    return reply(shape_person(people.get_person(asked.db(), person_id, on=asked.today())))


def _in_reach(person_id: UUID) -> people.PersonRow:
    rows = people.list_people(asked.db(), asked.actor(), on=asked.today(), inactive=True)
    found = next((row for row in rows if row.id == person_id), None)
    if found is None:
        raise NotFound
    return found


def shape_person(row: people.PersonRow) -> dict[str, Any]:
    """A person as JSON."""
    fields = ("holding_id", "post_id", "unit_id", "unit_name", "role", "title", "campaign", "valid_from", "valid_to")
    return {
        "id": row.id,
        "name": row.name,
        "phone": row.phone,
        "state": row.state,
        "posts": [{name: getattr(post, name) for name in fields} for post in row.posts],
    }
