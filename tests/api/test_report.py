"""Reporting over the API: once and twice, on the spot, duplicates, every bad body; answers as described."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.work.dispatch.category_sets import keep_set
from core.work.tables import Finding
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.work.intake import HERE, NEXT_DOOR, Street, bring_in, street


@pytest.fixture
def place(wall: Wall, files: Path) -> Street:
    return street(wall, files)


def litter(place: Street, **changed: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "category": "ENV-LITTER", "site_id": str(place.market)} | changed


def test_a_report_is_made_once_and_answered_alike(client_for, wall: Wall, place: Street) -> None:
    caller = client_for(place.grid)
    body = litter(place, detail="路边一堆", photos=[place.photos[0]])
    first = caller.post("findings", json=body)
    assert first.status_code == 201, first.text
    made = first.get_json()
    assert (made["state"], made["source"], made["version"]) == ("reported", "snapshot", 1)
    assert first.headers["ETag"] == '"v1"'
    assert first.headers["Location"] == caller.path(f"findings/{body['id']}")
    assert [(part["kind"], part["leading"]) for part in made["parts"]] == [("line", True), ("place", False)]
    assert made["route"] == {}
    again = caller.post("findings", json=body)
    assert (again.status_code, again.get_json()) == (200, made)
    other = caller.post("findings", json=body | {"detail": "别的"})
    assert (other.status_code, other.get_json()["code"]) == (409, "conflict")
    with place.district.session(wall) as session:
        assert len(session.scalars(select(Finding)).all()) == 1


def test_an_idempotency_key_replays_the_first_answer(client_for, place: Street) -> None:
    caller = client_for(place.grid)
    body = {key: value for key, value in litter(place).items() if key != "id"}
    headers = {"Idempotency-Key": "report-1"}
    first = caller.post("findings", json=body, headers=headers)
    again = caller.post("findings", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert caller.post("findings", json=body | {"place": "门口"}, headers=headers).status_code == 409


def test_on_the_spot_by_leaders_and_into_another(client_for, wall: Wall, place: Street) -> None:
    office = client_for(place.office)
    done = office.post("findings", json=litter(place, photos=[place.photos[0]], fixed=[place.photos[1]])).get_json()
    assert (done["state"], done["outcome"]) == ("closed", "on_spot")
    due = (now() + timedelta(days=5)).isoformat()
    led = office.post("findings", json=litter(place, source="leader", asked_by="区长", due_at=due)).get_json()
    assert (led["state"], led["source"]) == ("dispatched", "leader")
    joined = office.post("findings", json=litter(place, merge_into=led["id"]))
    assert joined.headers["ETag"] == '"v2"'
    said = joined.get_json()
    assert (said["state"], said["merged_into"], said["duplicate_of"]) == ("merged", led["id"], led["id"])
    free = office.post(
        "findings",
        json={
            "category": "ORD-STALL",
            "place": "小店门前",
            "longitude": str(NEXT_DOOR[0]),
            "latitude": str(NEXT_DOOR[1]),
        },
    ).get_json()
    assert (free["site_id"], free["unit_id"]) == (None, str(place.district.communities[1]))


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"category": "NO-SUCH"}, 422, "category"),
        ({"source": "visit"}, 422, "source"),
        ({"severity": "dire"}, 422, "severity"),
        ({"photos": ["x"]}, 422, "photos"),
        ({"fixed": []}, 422, "fixed"),
        ({"longitude": "x"}, 422, "longitude"),
        ({"longitude": "200", "latitude": "10"}, 422, "longitude"),
        ({"due_at": "2020-01-01T00:00:00Z"}, 422, "due_at"),
        ({"merge_into": "01a00000-0000-7000-8000-000000000000"}, 422, "merge_into"),
        ({"nonsense": 1}, 422, "nonsense"),
        ({"site_id": "01a00000-0000-7000-8000-000000000000"}, 404, ""),
        ({"source": "leader", "asked_by": "区长"}, 403, ""),
        ({"restricted": True}, 403, ""),
        ({"lead_unit_id": "01a00000-0000-7000-8000-000000000000"}, 403, ""),
    ],
)
def test_bad_reports_are_problems(client_for, place: Street, changed, status, field) -> None:
    answer = client_for(place.grid).post("findings", json=litter(place, **changed))
    assert answer.status_code == status, answer.text
    if field:
        assert field in [one["field"] for one in answer.get_json()["faults"]]


def test_who_may_not_report_is_refused(client_for, place: Street) -> None:
    assert client_for(place.trusted).post("findings", json=litter(place)).status_code == 403


def test_duplicates_by_site_and_by_point(client_for, wall: Wall, place: Street) -> None:
    with place.district.session(wall) as session:
        first = bring_in(session, place, now=now() - timedelta(hours=1))
        bring_in(session, place, place.conduct, source="conduct", category="ENV-LITTER", now=now())
        session.commit()
    caller = client_for(place.office)
    said = caller.get(f"findings/duplicates?category=ENV-LITTER&site_id={place.market}").get_json()
    assert [(one["id"], one["same_site"], one["metres"]) for one in said["items"]] == [(str(first.id), True, 0)]
    near = f"findings/duplicates?category=ENV-LITTER&longitude={NEXT_DOOR[0]}&latitude={NEXT_DOOR[1]}"
    assert [one["metres"] for one in caller.get(near).get_json()["items"]] == [26]
    assert caller.get(f"{near}&metres=20").get_json()["items"] == []
    assert caller.get("findings/duplicates?category=ENV-LITTER").get_json()["items"] == []
    far = f"findings/duplicates?category=ENV-LITTER&longitude=999&latitude={HERE[1]}"
    assert caller.get(far).get_json()["items"] == []
    for query in ("", "category=ENV-LITTER&metres=0", "category=ENV-LITTER&hours=9999"):
        assert caller.get(f"findings/duplicates?{query}").status_code == 422


def test_the_tenants_own_sets_are_listed(client_for, wall: Wall, place: Street) -> None:
    with place.district.session(wall) as session:
        keep_set(session, place.office, "九乱", [("乱扔乱倒", ["ENV-LITTER"])], now=now())
        session.commit()
    (one,) = client_for(place.grid).get("category-sets").get_json()["items"]
    assert (one["name"], one["groups"]) == ("九乱", [{"name": "乱扔乱倒", "categories": ["ENV-LITTER"]}])
