"""Visits over the API: the plan, submitting once and twice, every bad body, reading within reach."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.work.calendar import local_day
from core.work.tables import Finding, Visit
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import add_actor
from tests.work.market import ANSWERS, FAILED, Town, town
from tests.work.pictures import jpeg
from tests.work.test_opened_with import ADDED, NEW, OLD, ROAD_NEW, ROAD_OLD, answers_of, switch
from tests.work.test_opened_with import place as road


def body_of(place: Town, **changed: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "site_id": str(place.market), "answers": dict(ANSWERS)} | changed


def test_the_plan_asks_each_question_once(client_for, place: Town) -> None:
    made = client_for(place.inspector).get(f"visits/plan?site={place.market}")
    assert made.status_code == 200
    plan = made.get_json()
    assert len(plan["forms"]) == 3
    asked = [question["code"] for group in plan["groups"] for question in group["questions"]]
    assert len(asked) == len(set(asked)) == 34
    assert set(asked) == set(ANSWERS)
    shared = next(q for g in plan["groups"] for q in g["questions"] if q["code"] == "toilet_clean")
    assert [item["campaign"] for item in shared["items"]] == ["civilized_city", "sanitary_city"]


def test_a_visit_is_made_once_and_answered_alike(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(place.inspector)
    body = body_of(place, note="早市", started_at="2026-11-19T09:30:00+08:00")
    first = caller.post("visits", json=body)
    assert first.status_code == 201, first.text
    assert first.headers["Location"] == caller.path(f"visits/{body['id']}")
    again = caller.post("visits", json=body)
    assert again.status_code == 200
    assert again.data == first.data
    made = first.get_json()
    assert {finding["question"] for finding in made["findings"]} == FAILED
    assert {sheet["campaign"]: sheet["earned"] for sheet in made["sheets"]}.keys() == {
        "civilized_city",
        "food_safety_city",
        "sanitary_city",
    }
    other = caller.post("visits", json=body | {"note": "晚市"})
    assert (other.status_code, other.get_json()["code"]) == (409, "conflict")
    with place.district.session(wall) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
        assert session.scalar(select(func.count()).select_from(Finding)) == len(FAILED)
    full = caller.get(f"visits/{body['id']}").get_json()
    assert {answer["question"]: answer["answer"] for answer in full["answers"]} == dict(ANSWERS)
    assert len(full["results"]) == 37
    assert set(full["findings"]) == {finding["id"] for finding in made["findings"]}
    assert {sheet["form"]: sheet["earned"] for sheet in full["sheets"]} == {
        sheet["form"]: sheet["earned"] for sheet in made["sheets"]
    }


def test_a_severity_is_said_beside_what_failed(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(place.inspector)
    body = body_of(place, severities={"toilet_clean": "urgent"})
    made = caller.post("visits", json=body).get_json()
    ids = {finding["question"]: finding["id"] for finding in made["findings"]}
    said = {code: caller.get(f"findings/{one}").get_json()["severity"] for code, one in ids.items()}
    assert said == {code: "urgent" if code == "toilet_clean" else "ordinary" for code in FAILED}
    corrected = {"id": str(new_id()), "answers": body["answers"], "severities": {"toilet_clean": "serious"}}
    sent = caller.post(f"visits/{body['id']}/corrections", json=corrected | {"reason": "没有那么急"})
    assert sent.status_code == 201, sent.text
    assert caller.get(f"findings/{ids['toilet_clean']}").get_json()["severity"] == "serious"


def test_what_failed_is_dealt_with_at_once(client_for, wall: Wall) -> None:
    """Put right on the spot, and found still there the next time: the plan says what is open."""
    place = town(wall)
    caller = client_for(place.inspector)
    before, after = (caller.post("photos", data=jpeg(seed=n), content_type="image/jpeg").get_json() for n in (81, 82))
    dealt = {"photos": {"toilet_clean": [before["id"]]}, "fixed": {"toilet_clean": [after["id"]]}}
    made = caller.post("visits", json=body_of(place, **dealt)).get_json()
    assert {one["question"]: one["outcome"] for one in made["findings"]} == {
        code: "on_spot" if code == "toilet_clean" else None for code in FAILED
    }
    assert made["again"] == []
    plan = caller.get(f"visits/plan?site={place.market}").get_json()
    standing = {one["question"]: one["id"] for one in plan["standing"] if one["same_question"]}
    assert standing.keys() == FAILED - {"toilet_clean"}
    again = caller.post("visits", json=body_of(place, again=standing)).get_json()
    assert [one["question"] for one in again["findings"]] == ["toilet_clean"]
    assert {one["question"]: one["id"] for one in again["again"]} == standing
    seen = caller.get(f"findings/{standing['illegal_posters']}").get_json()
    assert (seen["seen_again"], seen["version"]) == (1, 2)
    missing = caller.post("visits", json=body_of(place, fixed={"toilet_clean": []}))
    assert missing.status_code == 422
    assert {one["field"] for one in missing.get_json()["faults"]} == {"fixed.toilet_clean", "photos.toilet_clean"}


def test_photos_are_sent_before_and_referred_to(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(place.inspector)
    data = jpeg()
    sent = caller.post("photos", data=data, content_type="image/jpeg").get_json()
    digest = hashlib.sha256(data).hexdigest()
    body = body_of(place, photos={"toilet_clean": [digest]}, notes={"toilet_clean": "地面有污水"})
    assert caller.post("visits", json=body).status_code == 201
    full = caller.get(f"visits/{body['id']}").get_json()
    answer = next(one for one in full["answers"] if one["question"] == "toilet_clean")
    assert (answer["photos"], answer["note"]) == ([sent["id"]], "地面有污水")


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"id": "7"}, 422, "id"),
        ({"id": None}, 422, "id"),
        ({"site_id": "nowhere"}, 422, "site_id"),
        ({"site_id": str(UUID(int=1))}, 404, None),
        ({"answers": []}, 422, "answers"),
        ({"answers": {}}, 422, "answers"),
        ({"answers": {**ANSWERS, "no_such_question": {"yes": True}}}, 422, "no_such_question"),
        ({"answers": {**ANSWERS, "toilet_clean": {"rating": 11}}}, 422, "toilet_clean.rating"),
        ({"answers": {**ANSWERS, "toilet_clean": 8}}, 422, "toilet_clean"),
        ({"answers": {**ANSWERS, "stall_licences": {"n": 9, "m": 7}}}, 422, "stall_licences.n"),
        ({"answers": {**ANSWERS, "trade_rules_posted": {"count": 1}}}, 422, "trade_rules_posted.count"),
        ({"answers": {k: v for k, v in ANSWERS.items() if k != "toilet_clean"}}, 422, "toilet_clean"),
        ({"photos": {"toilet_clean": ["f" * 64]}}, 422, "photos.toilet_clean"),
        ({"photos": {"toilet_clean": "x"}}, 422, "photos.toilet_clean"),
        ({"notes": {"toilet_clean": 5}}, 422, "notes.toilet_clean"),
        ({"notes": {"toilet_clean": "长" * 2001}}, 422, "notes.toilet_clean"),
        ({"severities": {"toilet_clean": "grave"}}, 422, "severities.toilet_clean"),
        ({"severities": {"toilet_clean": 3}}, 422, "severities.toilet_clean"),
        ({"severities": {"no_such_question": "urgent"}}, 422, "severities.no_such_question"),
        ({"note": "长" * 2001}, 422, "note"),
        ({"started_at": "2026-11-19T09:30:00"}, 422, "started_at"),
        ({"started_at": "0001-01-01T00:00:00Z"}, 422, "started_at"),
        ({"basis": "declared"}, 422, "basis"),
        ({"campaign": "civilized_city"}, 422, "campaign"),
    ],
)
def test_a_bad_visit_leaves_nothing(
    client_for, wall: Wall, place: Town, changed: dict[str, Any], status: int, field: str | None
) -> None:
    made = client_for(place.inspector).post("visits", json=body_of(place) | changed)
    assert made.status_code == status, made.text
    if field is not None:
        faults = {fault["field"]: fault for fault in made.get_json()["faults"]}
        assert field in faults, faults
        assert faults[field]["message"]
    with place.district.session(wall) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 0


def test_who_may_not_visit_does_not(client_for, wall: Wall, place: Town) -> None:
    assert client_for(place.liaison).post("visits", json=body_of(place)).status_code == 403
    elsewhere = add_actor(wall, place.ref, "inspector", place.district.communities[1])
    assert client_for(elsewhere).post("visits", json=body_of(place)).status_code == 404


def test_lists_are_filtered(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(place.inspector)
    body = body_of(place)
    caller.post("visits", json=body)

    def ids(query: str) -> list[str]:
        return [one["id"] for one in caller.get(f"visits?{query}").get_json()["items"]]

    found, none = [body["id"]], []
    day = caller.get("visits").get_json()["items"][0]["day"]
    assert ids("") == ids(f"site_id={place.market}") == ids("basis=verified") == found
    assert ids(f"from={day}&to={day}") == ids("campaign=civilized_city&campaign=sanitary_city") == found
    assert ids(f"unit_id={place.district.street}") == ids(f"person_id={place.inspector.person_id}") == found
    assert ids("basis=self") == ids("to=2000-01-01") == ids("campaign=x") == none
    assert ids(f"unit_id={place.district.communities[1]}") == none
    elsewhere = add_actor(wall, place.ref, "leader", place.district.communities[1])
    assert client_for(elsewhere).get("visits").get_json()["items"] == []
    assert client_for(elsewhere).get(f"visits/{body['id']}").status_code == 404


def test_a_correction_takes_the_visits_place(client_for, wall: Wall) -> None:
    place = town(wall)
    caller, office = client_for(place.inspector), client_for(place.office)
    first = body_of(place, note="早市")
    caller.post("visits", json=first)
    answers = dict(ANSWERS) | {"toilet_clean": {"rating": 9}}
    body = {"id": str(new_id()), "answers": answers, "note": "早市", "reason": "看错了厕所"}
    made = caller.post(f"visits/{first['id']}/corrections", json=body)
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == caller.path(f"visits/{body['id']}")
    assert {finding["question"] for finding in made.get_json()["findings"]} == FAILED - {"toilet_clean"}
    again = caller.post(f"visits/{first['id']}/corrections", json=body)
    assert (again.status_code, again.data) == (200, made.data)
    late = office.post(f"visits/{first['id']}/corrections", json=body | {"id": str(new_id())})
    assert (late.status_code, late.get_json()["code"]) == (409, "conflict")
    bare = caller.post(f"visits/{body['id']}/corrections", json={"id": str(new_id()), "answers": {}, "reason": "无"})
    assert bare.status_code == 422
    listed = [visit["id"] for visit in caller.get("visits").get_json()["items"]]
    assert body["id"] in listed
    assert first["id"] not in listed
    for key in (first["id"], body["id"]):
        assert caller.get(f"visits/{key}").get_json()["versions"] == [first["id"], body["id"]]
    old = caller.get(f"visits/{first['id']}").get_json()
    assert old["replaced_at"]
    assert old["findings"] != []
    other = client_for(add_actor(wall, place.ref, "inspector", place.district.root))
    refused = other.post(f"visits/{body['id']}/corrections", json=body | {"id": str(new_id())})
    assert refused.status_code == 403


def test_a_visit_opened_with_the_old_editions_forms_is_taken_after_the_switch(client_for, wall: Wall) -> None:
    here = road(wall)
    caller = client_for(here.inspector)
    opened = [form["sha256"] for form in caller.get(f"visits/plan?site={here.road}").get_json()["forms"]]
    assert opened == [ROAD_OLD.sha256]
    with here.district.session(wall) as session:
        switch(session, NEW, local_day(now()))
        session.commit()
    body = {"id": str(new_id()), "site_id": str(here.road), "answers": answers_of(ROAD_OLD)}
    unnamed = caller.post("visits", json=body)
    assert [f["field"] for f in unnamed.get_json()["faults"]] == [ADDED], (
        "without naming its forms it is held against the new"
    )
    made = caller.post("visits", json=body | {"forms": opened})
    assert made.status_code == 201, made.text
    said = made.get_json()
    assert [(s["edition"], s["form_sha256"]) for s in said["sheets"]] == [(OLD.key, ROAD_OLD.sha256)]
    assert said["not_asked"] == [ADDED]
    again = caller.post("visits", json=body | {"forms": opened})
    assert (again.status_code, again.data) == (200, made.data)
    strange = caller.post("visits", json=body | {"id": str(new_id()), "forms": ["f" * 64]})
    assert strange.status_code == 422
    assert [(f["field"], f["value"]) for f in strange.get_json()["faults"]] == [("forms", "f" * 12)]
    assert caller.post("visits", json=body | {"id": str(new_id()), "forms": ["f" * 64] * 101}).status_code == 422
    fresh = body | {"id": str(new_id()), "answers": answers_of(ROAD_NEW), "forms": [ROAD_NEW.sha256]}
    assert caller.post("visits", json=fresh).get_json()["not_asked"] == []
