"""Task ranks over the API: the places of a day, rates of what one sees, the wall."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.api.task_rank_shapes import WallShape
from core.figures.task_figures import places
from core.work.calendar import local_day
from tenants.db import now
from tenants.scope import Wall
from tests.figures.tasking import task
from tests.work.carding import Town, at, town

TODAY = local_day(now())
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(scope="module")
def place(wall: Wall) -> Town:
    made = town(wall, "接口区", streets=3)
    with made.session(wall) as session:
        for street, done in zip(made.streets, (3, 1, 3), strict=True):
            for n in range(4):
                steps = [("done", at(YESTERDAY, 6))] if n < done else ()
                task(
                    session,
                    street,
                    starts_on=YESTERDAY,
                    due_on=TODAY + timedelta(days=90),
                    steps=steps,
                    made=at(YESTERDAY, 5),
                )
        places.compute_day(session, YESTERDAY, now=now())
        session.commit()
    return made


def test_places_of_today_and_of_a_kept_day(client_for, place: Town) -> None:
    caller = client_for(place.office)
    for day, revision in ((TODAY, 0), (YESTERDAY, 1)):
        items = caller.get(f"task-ranks?league=subdistrict&day={day}").get_json()["items"]
        assert [(one["rank"], one["sums"]["done"], one["sums"]["total"]) for one in items] == [
            (1, 3, 4),
            (1, 3, 4),
            (3, 1, 4),
        ]
        assert {one["revision"] for one in items} == {revision}
        assert items[0]["sums"]["percent"] == "75.00"
        assert {one["previous_rank"] for one in items} == ({1, 3} if day == TODAY else {None})
    assert caller.get(f"task-ranks?day={TODAY + timedelta(days=1)}").status_code == 422
    assert caller.get("task-ranks?league=everybody").status_code == 422
    assert caller.get("task-ranks?campaign=food_safety_city&league=subdistrict").get_json()["items"] == []


def test_rates_are_of_what_one_sees(client_for, place: Town) -> None:
    whole = client_for(place.office).get("task-ranks/rates").get_json()["items"]
    assert sum(one["sums"]["done"] for one in whole) == 7
    mine = client_for(place.liaisons[1]).get("task-ranks/rates").get_json()["items"]
    assert [(one["id"], one["sums"]["done"], one["sums"]["total"]) for one in mine] == [(str(place.streets[1]), 1, 4)]
    by = client_for(place.office).get("task-ranks/rates?by=campaign").get_json()["items"]
    assert [(one["code"], one["sums"]["total"]) for one in by] == [("", 12)]
    assert client_for(place.office).get("task-ranks/rates?by=colour").status_code == 422


def test_the_wall(client_for, place: Town) -> None:
    made = client_for(place.office).get("task-ranks/wall")
    assert WallShape().validate(made.get_json()) == {}
    rows = made.get_json()["rows"]
    assert {one["group"] for one in rows} == {"subdistrict"}
    assert {one["light"] for one in rows} == {"green"}
