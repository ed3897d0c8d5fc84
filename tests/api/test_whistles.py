"""Whistles over the API (吹哨报到接口): versions both ways, the whole story, repetition, and who may do what."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from core.work.whistling.whistles import act
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.factory import add_actor
from tests.work.market import Town, town
from tests.work.pictures import jpeg


@dataclass
class Case:
    place: Town
    area: Caller
    called: Caller
    office: Caller
    body: dict[str, Any]


@pytest.fixture
def case(client_for, wall: Wall) -> Case:
    place = town(wall)
    home = place.district.communities[0]
    area = client_for(add_actor(wall, place.ref, "liaison", home, "社区联络员"))
    body = {
        "caller_unit_id": str(home),
        "unit_ids": [str(place.district.departments[role]) for role in ("sanitation", "urban_management")],
        "matter": "井盖松动",
        "place": "一号院东门",
        "longitude": "112.549248",
        "latitude": "37.857014",
    }
    return Case(place, area, client_for(place.liaison), client_for(place.office), body)


def blown(case: Case, **changed: Any) -> dict[str, Any]:
    made = case.area.post("whistles", json=case.body | changed)
    assert made.status_code == 201, made.text
    return made.get_json()


def step(caller: Caller, whistle: dict[str, Any], verb: str, **more: Any) -> Any:
    headers = {"If-Match": f'"v{whistle["version"]}"'} | more.pop("headers", {})
    return caller.post(f"whistles/{whistle['id']}/actions", json={"verb": verb} | more, headers=headers)


def test_the_whole_story(case: Case) -> None:
    made = case.area.post("whistles", json=case.body)
    one = made.get_json()
    assert (made.status_code, made.headers["ETag"]) == (201, '"v1"')
    assert made.headers["Location"].endswith(f"/whistles/{one['id']}")
    assert (one["state"], one["called"], one["longitude"]) == ("called", 2, "112.549248")
    seen = case.called.get(f"whistles/{one['id']}")
    assert seen.headers["ETag"] == '"v1"'
    own = case.body["unit_ids"][0]
    assert [(s["verb"], s["unit_id"]) for s in seen.get_json()["allowed"]] == [("accept", own), ("arrive", own)]
    photo = case.called.post("photos", data=jpeg(), content_type="image/jpeg").get_json()["id"]
    there = step(case.called, one, "arrive", photo=photo)
    assert (there.status_code, there.headers["ETag"]) == (200, '"v2"')
    assert there.get_json()["events"][-1]["photo_id"] == photo
    assert case.area.get(f"photos/{photo}").status_code == 200
    assert step(case.called, there.get_json(), "report", note="已加固").get_json()["calls"]
    over = case.area.get(f"whistles/{one['id']}").get_json()
    done = step(case.area, over, "confirm", note="已看过").get_json()
    assert (done["state"], done["result"], done["allowed"]) == ("solved", "已看过", [])
    assert [event["verb"] for event in done["events"]] == ["blow", "arrive", "report", "confirm"]
    figures = case.office.get("whistles/figures").get_json()
    assert {row["unit_id"]: row["arrived"] for row in figures["called"]} == dict(
        zip(case.body["unit_ids"], (1, 0), strict=True)
    )
    assert [(row["called"], row["solved"]) for row in figures["callers"]] == [(1, 1)]


def test_versions_go_both_ways(case: Case) -> None:
    one = blown(case)
    address = f"whistles/{one['id']}/actions"
    missing = case.called.post(address, json={"verb": "accept"})
    assert (missing.status_code, missing.get_json()["code"]) == (428, "version_needed")
    assert case.called.post(address, json={"verb": "accept"}, headers={"If-Match": "v1"}).status_code == 412
    assert step(case.called, one, "accept").status_code == 200
    stale = step(case.called, one, "arrive")
    assert (stale.status_code, stale.get_json()["code"]) == (412, "stale")
    assert "测试区环卫" in stale.get_json()["detail"]
    wrong = step(case.area, one | {"version": 2}, "confirm", note="x")
    assert (wrong.status_code, wrong.get_json()["code"]) == (409, "conflict")
    assert "现在可以办理" in wrong.get_json()["detail"]
    forbidden = step(case.called, one | {"version": 2}, "cancel", note="x")
    assert (forbidden.status_code, forbidden.get_json()["code"]) == (403, "forbidden")
    assert "吹哨单位" in forbidden.get_json()["detail"]


def test_sent_twice_is_done_once(case: Case, wall: Wall) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = case.area.post("whistles", json=case.body, headers=key)
    again = case.area.post("whistles", json=case.body, headers=key)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"] == '"v1"'
    other = case.area.post("whistles", json=case.body | {"matter": "别的"}, headers=key)
    assert other.status_code == 409
    assert len(case.office.get("whistles").get_json()["items"]) == 1
    one, key = first.get_json(), {"Idempotency-Key": str(uuid.uuid4())}
    taken = step(case.called, one, "accept", headers=key)
    assert step(case.called, one, "accept", headers=key).data == taken.data


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"unit_ids": []}, "unit_ids"),
        ({"unit_ids": [str(uuid.uuid4())]}, "unit_ids"),
        ({"unit_ids": "x"}, "unit_ids"),
        ({"matter": ""}, "matter"),
        ({"place": ""}, "place"),
        ({"longitude": "east"}, "longitude"),
        ({"longitude": "200"}, "longitude"),
        ({"minutes": 0}, "minutes"),
        ({"solve_by": "2020-01-01T00:00:00Z"}, "solve_by"),
        ({"finding_id": str(uuid.uuid4())}, "finding_id"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_bad_whistle_names_the_field(case: Case, changed: dict[str, Any], field: str) -> None:
    made = case.area.post("whistles", json=case.body | changed)
    assert made.status_code == 422, made.text
    assert {fault["field"].split(".")[0] for fault in made.get_json()["faults"]} == {field}


def test_lists_are_filtered_and_turned(case: Case, wall: Wall) -> None:
    made = [blown(case, matter=f"事项{n}") for n in range(3)]
    with case.place.district.session(wall) as session:
        act(session, case.place.liaison, uuid.UUID(made[0]["id"]), "arrive", version=1)
        session.commit()

    def count(query: str) -> int:
        answer = case.office.get(f"whistles?{query}")
        assert answer.status_code == 200, answer.text
        return len(answer.get_json()["items"])

    unit = case.body["unit_ids"][1]
    assert (count(""), count("state=called"), count("state=called&state=on_site"), count("late=true")) == (3, 2, 3, 0)
    assert (count(f"unit_id={unit}"), count("period=1999"), count("q=事项1")) == (3, 0, 1)
    first = case.office.get("whistles?page_size=2").get_json()
    rest = case.office.get(f"whistles?page_size=2&cursor={first['next_cursor']}").get_json()
    assert [row["id"] for row in first["items"] + rest["items"]] == [one["id"] for one in reversed(made)]
    assert rest["next_cursor"] is None
    for query in ("state=lost", "cursor=x", "period=never", "page_size=0", "sort=x"):
        assert case.office.get(f"whistles?{query}").status_code == 422, query


def test_who_may_not_is_refused(case: Case, client_for, wall: Wall) -> None:
    one = blown(case)
    stranger = client_for(add_actor(wall, case.place.ref, "liaison", case.place.district.departments["finance_bureau"]))
    address = f"whistles/{one['id']}"
    unknown = stranger.get(f"whistles/{uuid.uuid4()}")
    assert (stranger.get(address).status_code, stranger.get(address).data) == (404, unknown.data)
    assert step(stranger, one, "accept").status_code == 404
    assert case.called.post("whistles", json=case.body).status_code == 422, "a department does not whistle for others"
    admin = client_for(add_actor(wall, case.place.ref, "administrator", case.place.district.root))
    assert admin.post("whistles", json=case.body).status_code == 403
