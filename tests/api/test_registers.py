"""Units, people, sites, campaigns and forms over the API."""

from __future__ import annotations

import uuid

from core.campaigns import installed
from tenants.scope import Wall
from tests.factory import add_actor
from tests.work.market import Town, town


def test_units_are_the_tree(client_for, place: Town) -> None:
    caller = client_for(place.liaison)
    found = caller.get("units?page_size=200").get_json()["items"]
    assert (found[0]["id"], found[0]["parent_id"], found[0]["depth"]) == (str(place.district.root), None, 0)
    homes = caller.get("units?kind=community&kind=subdistrict").get_json()["items"]
    assert {one["kind"] for one in homes} == {"community", "subdistrict"}
    assert {one["parent_id"] for one in homes if one["kind"] == "community"} == {str(place.district.street)}
    assert caller.get("units?on=2001-01-01").get_json()["items"] == []


def test_people_are_for_administrators(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(add_actor(wall, place.ref, "administrator", place.district.root))
    assert client_for(place.office).get("people").status_code == 403
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = caller.post("people", json={"name": "测试人员", "phone": "0351-1234567"}, headers=key)
    again = caller.post("people", json={"name": "测试人员", "phone": "0351-1234567"}, headers=key)
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    made = first.get_json()
    assert first.headers["Location"] == again.headers["Location"] == caller.path(f"people/{made['id']}")
    assert caller.get(f"people/{made['id']}").get_json() == made
    twin = caller.post("people", json={"name": "测试人员", "phone": "0351-1234567"})
    assert (twin.status_code, twin.get_json()["faults"][0]["field"]) == (409, "name")
    changed = caller.ask("PATCH", f"people/{made['id']}", json={"phone": "13800000000"})
    assert changed.get_json() == made | {"phone": "13800000000"}
    assert [one["id"] for one in caller.get("people?q=测试人员").get_json()["items"]] == [made["id"]]
    held = caller.get(f"people?unit_id={place.district.departments['sanitation']}").get_json()["items"]
    assert [one["posts"][0]["role"] for one in held] == ["liaison"]
    bad = caller.ask("PATCH", f"people/{made['id']}", json={"phone": "abc", "nickname": "x"})
    assert [fault["field"] for fault in bad.get_json()["faults"]] == ["nickname"]
    assert caller.ask("PATCH", f"people/{uuid.uuid4()}", json={"name": "x"}).status_code == 404


def test_a_lower_administrator_reaches_his_own(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(add_actor(wall, place.ref, "administrator", place.district.street))
    assert [one["posts"][0]["role"] for one in caller.get("people").get_json()["items"]] == ["administrator"]
    assert caller.get(f"people/{place.office.person_id}").status_code == 404
    assert caller.ask("PATCH", f"people/{place.office.person_id}", json={"name": "x"}).status_code == 404


def test_sites_are_added_changed_and_found(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(place.office)
    home = str(place.district.communities[0])
    body = {"name": "测试大街", "unit_id": home, "types": ["main_road"], "attrs": {"length_m": 1200}}
    body |= {"longitude": "112.56", "latitude": "37.87", "code": "R1", "zone": "核心区"}
    first = caller.post("sites", json=body)
    assert first.status_code == 201, first.text
    made = first.get_json()
    assert first.headers["Location"] == caller.path(f"sites/{made['id']}")
    assert (made["longitude"], made["attrs"], made["zone"]) == ("112.560000", {"length_m": 1200}, "核心区")
    assert caller.get(f"sites/{made['id']}").get_json() == made
    changed = caller.ask(
        "PATCH", f"sites/{made['id']}", json={"code": None, "attrs": {"length_m": None, "class": "一类"}}
    )
    assert changed.get_json() == made | {"code": None, "attrs": {"class": "一类"}}
    twin = caller.post("sites", json={"name": "测试大街", "unit_id": home, "types": ["main_road"]})
    assert (twin.status_code, twin.get_json()["faults"][0]["field"]) == (409, "name")
    for query, count in (
        ("", 2),
        ("type=main_road", 1),
        ("type=main_road&type=produce_market", 2),
        ("q=大街", 1),
        (f"unit_id={place.district.street}", 2),
        (f"unit_id={place.district.communities[1]}", 0),
        ("state=closed", 0),
        ("state=any&sort=-created", 2),
    ):
        assert len(caller.get(f"sites?{query}").get_json()["items"]) == count, query
    closed = caller.ask("PATCH", f"sites/{made['id']}", json={"state": "closed"})
    assert closed.get_json()["state"] == "closed"
    assert len(caller.get("sites").get_json()["items"]) == 1


def test_a_bad_site_names_every_field(client_for, wall: Wall, place: Town) -> None:
    other = town(wall)
    body = {"name": " ", "unit_id": str(other.district.root), "types": ["castle"], "attrs": {"height": 3}}
    body |= {"longitude": "37.8", "latitude": "112.5"}
    made = client_for(place.office).post("sites", json=body)
    assert made.status_code == 422
    fields = [fault["field"] for fault in made.get_json()["faults"]]
    assert sorted(fields) == ["attrs.height", "latitude", "longitude", "name", "types", "unit_id"]
    assert all(fault["remedy"] for fault in made.get_json()["faults"])


def test_campaigns_are_switched_and_their_rooms_with_them(client_for, wall: Wall) -> None:
    place = town(wall)
    admin = client_for(add_actor(wall, place.ref, "administrator", place.district.root))
    caller = client_for(place.office)
    campaign = installed().get("sanitary_city")
    code = campaign.edition.forms[0].code
    dead = [f"forms/sanitary_city/{code}", "figures/sanitary_city", "rankings?campaign=sanitary_city"]
    before = {path: caller.get(path).status_code for path in dead}
    assert set(before.values()) == {200}
    assert caller.post("campaigns/sanitary_city/suspend").status_code == 403
    made = admin.post("campaigns/sanitary_city/suspend")
    assert (made.status_code, made.get_json()["state"]) == (200, "suspended")
    assert {caller.get(path).status_code for path in dead} == {404}
    assert "sanitary_city" not in {one["campaign"] for one in caller.get("forms").get_json()["items"]}
    assert [one["key"] for one in caller.get("campaigns?state=suspended").get_json()["items"]] == ["sanitary_city"]
    assert admin.post("campaigns/sanitary_city/enable").get_json()["state"] == "enabled"
    assert {path: caller.get(path).status_code for path in dead} == before
    assert admin.post("campaigns/no_such/enable").status_code == 404
    assert admin.post("campaigns/no_such/suspend").status_code == 404


def test_forms_are_the_whole_catalogue(client_for, place: Town) -> None:
    caller = client_for(place.inspector)
    listed = caller.get("forms?page_size=200").get_json()["items"]
    wanted = {(c.key, f.code): f for c in installed().campaigns.values() for f in c.edition.all_forms}
    assert {(one["campaign"], one["code"]) for one in listed} == wanted.keys()
    market = caller.get("forms?type=produce_market&campaign=civilized_city").get_json()["items"]
    assert [one["code"] for one in market] == ["CIV-MARKET"]
    full = caller.get("forms/civilized_city/CIV-MARKET").get_json()
    assert full["points"] == "100"
    assert full["item_count"] == len(full["items"])
    assert [item["code"] for item in full["items"]] == [i.code for i in wanted["civilized_city", "CIV-MARKET"].items]
    assert full["sha256"] == wanted["civilized_city", "CIV-MARKET"].sha256
