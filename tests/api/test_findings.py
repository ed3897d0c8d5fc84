"""Findings over the API: versions in both directions, the whole first lap, repetition, and who may do what."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from core.work.invitations import find_api_token, revoke_api_token
from core.work.loop.transitions import TRANSITIONS
from tenants.db import now
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.factory import add_actor
from tests.work.market import FAILED, Town, send, town
from tests.work.pictures import jpeg


@pytest.fixture
def site(wall: Wall) -> Town:
    """A district whose market was visited, with what failed still open."""
    found = town(wall)
    with found.district.session(wall) as session:
        send(session, found)
        session.commit()
    return found


def mine(caller: Caller) -> dict[str, Any]:
    """A finding that the caller's unit leads, in full."""
    for row in caller.get("findings?view=responsibility&sort=due_at").get_json()["items"]:
        full = caller.get(f"findings/{row['id']}").get_json()
        if full["allowed"]:
            return full
    raise AssertionError("nothing to do")


def step(caller: Caller, finding: dict[str, Any], verb: str, **more: Any) -> Any:
    headers = {"If-Match": f'"v{finding["version"]}"'} | more.pop("headers", {})
    return caller.post(f"findings/{finding['id']}/actions", json={"verb": verb} | more, headers=headers)


def test_the_first_lap(client_for, site: Town) -> None:
    liaison, office = client_for(site.liaison), client_for(site.office)
    led = mine(liaison)
    made = liaison.get(f"findings/{led['id']}")
    assert made.headers["ETag"] == '"v1"'
    assert [one["verb"] for one in made.get_json()["allowed"]] == [
        *("take", "return", "assign", "assist", "drop_part", "answer")
    ]
    taken = step(liaison, made.get_json(), "take")
    assert taken.status_code == 200, taken.text
    assert taken.headers["ETag"] == '"v2"'
    photo = liaison.post("photos", data=jpeg(), content_type="image/jpeg").get_json()["id"]
    without = step(liaison, taken.get_json(), "answer", note="已清理")
    assert (without.status_code, without.get_json()["faults"][0]["field"]) == (422, "photos")
    answered = step(liaison, taken.get_json(), "answer", note="已清理", photos=[photo]).get_json()
    assert answered["state"] == "answered"
    assert [one["id"] for one in answered["after"]] == [photo]
    assert step(liaison, answered, "close", outcome="fixed").status_code == 403
    seen = office.get(f"findings/{led['id']}").get_json()
    assert [one["verb"] for one in seen["allowed"]] == ["instruct", "close", "send_back", "cancel", "correct"]
    back = step(office, seen, "send_back", note="角落未清").get_json()
    again = step(liaison, back, "answer", note="已重做", photos=[photo]).get_json()
    closed = step(office, again, "close", outcome="fixed").get_json()
    assert (closed["state"], closed["outcome"]) == ("closed", "fixed")
    assert [event["verb"] for event in closed["events"]] == [
        "open",
        "take",
        "answer",
        "send_back",
        "answer",
        "close",
    ]
    assert [event["version"] for event in closed["events"]] == [1, 2, 3, 4, 5, 6]
    opened = step(office, closed, "reopen", note="复发").get_json()
    assert (opened["state"], opened["reopened"]) == ("rectifying", 1)


def test_versions_go_both_ways(client_for, site: Town) -> None:
    caller = client_for(site.liaison)
    one = mine(caller)
    address = f"findings/{one['id']}/actions"
    missing = caller.post(address, json={"verb": "take"})
    assert (missing.status_code, missing.get_json()["code"]) == (428, "version_needed")
    for said in ("*", '"v99999999999"', "v1", 'W/"v1"'):
        assert caller.post(address, json={"verb": "take"}, headers={"If-Match": said}).status_code == 412
    assert step(caller, one, "take").status_code == 200
    stale = step(caller, one, "take")
    assert (stale.status_code, stale.get_json()["code"]) == (412, "stale")
    assert stale.headers["ETag"] == '"v2"'
    assert "第 2 版" in stale.get_json()["detail"]
    wrong = step(caller, one | {"version": 2}, "take")
    assert (wrong.status_code, wrong.get_json()["code"]) == (409, "conflict")


def test_a_step_sent_twice_is_taken_once(client_for, site: Town) -> None:
    caller = client_for(site.liaison)
    one = mine(caller)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = step(caller, one, "take", headers=key)
    again = step(caller, one, "take", headers=key)
    assert first.status_code == again.status_code == 200
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"] == '"v2"'
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = step(caller, one, "take", note="另一次", headers=key)
    assert (other.status_code, other.get_json()["code"]) == (409, "conflict")
    bad = step(caller, one, "take", headers={"Idempotency-Key": "with a blank"})
    assert (bad.status_code, bad.get_json()["faults"][0]["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verb"),
        ({"verb": "burn"}, "verb"),
        ({"verb": "take", "photos": "x"}, "photos"),
        ({"verb": "take", "photos": ["x"] * 21}, "photos"),
        ({"verb": "take", "outcome": "gone"}, "outcome"),
        ({"verb": "take", "version": 1}, "version"),
    ],
)
def test_a_bad_step_names_the_field(client_for, place: Town, body: dict[str, Any], field: str) -> None:
    address = f"findings/{uuid.uuid4()}/actions"
    made = client_for(place.liaison).post(address, json=body, headers={"If-Match": '"v1"'})
    assert made.status_code == 422
    assert [fault["field"] for fault in made.get_json()["faults"]] == [field]


def test_lists_are_filtered_and_counted(client_for, wall: Wall, site: Town) -> None:
    caller = client_for(site.office)

    def count(query: str) -> int:
        made = caller.get(f"findings?{query}")
        assert made.status_code == 200, made.text
        return len(made.get_json()["items"])

    assert count("") == count("state=dispatched&state=taken") == count(f"site_id={site.market}") == len(FAILED)
    assert count("state=closed") == count("q=没有这样的") == count("campaign=x") == count("indicator=x") == 0
    assert count("overdue=true") + count("overdue=false") == len(FAILED)
    assert 0 < count("campaign=sanitary_city") < len(FAILED)
    assert caller.get("findings/counts").get_json()["total"] == len(FAILED)
    for bad in (
        "sort=title",
        "state=x",
        "view=x",
        "overdue=maybe",
        "site_id=7",
        "unit_id=7",
        "cursor=%00",
        "colour=red",
    ):
        made = caller.get(f"findings?{bad}")
        assert made.status_code == 422, bad
        assert made.get_json()["faults"][0]["field"].split(".")[0] == bad.split("=")[0]
    elsewhere = client_for(add_actor(wall, site.ref, "leader", site.district.communities[1]))
    assert elsewhere.get("findings").get_json()["items"] == []
    assert elsewhere.get("findings/counts").get_json()["total"] == 0


def test_every_step_takes_its_fields(client_for, wall: Wall, site: Town) -> None:
    liaison, office = client_for(site.liaison), client_for(site.office)
    one = mine(liaison)
    by_verb = {step["verb"]: step for step in one["allowed"]}
    assert by_verb["return"]["needs"] == ["reason", "note"]
    assert by_verb["return"]["takes"] == ["unit", "photos"]
    assert by_verb["take"] | {"title_zh": "", "title_en": ""} == {
        "verb": "take",
        "title_zh": "",
        "title_en": "",
        "to_state": "taken",
        "needs": [],
        "takes": ["person", "note"],
        "needs_note": False,
        "needs_photo": False,
        "needs_outcome": False,
    }
    finance = str(site.district.departments["finance_bureau"])
    back = step(liaison, one, "return", reason="not_our_duty", note="不归我们", unit_id=finance).get_json()
    assert (back["state"], back["returns"], back["stopped_at"] is not None) == ("returned", 1, True)
    assert back["working_seconds_left"] is None
    settled = step(office, back, "arbitrate", unit_id=finance, note="按职责", days=2, precedent=True).get_json()
    assert [part["unit_id"] for part in settled["parts"] if part["leading"]] == [finance]
    assert (settled["state"], settled["stopped_at"]) == ("dispatched", None)
    changed = step(office, settled, "correct", changes={"severity": "urgent"}, note="很急").get_json()
    assert changed["severity"] == "urgent"
    assert changed["events"][-1]["detail"]["before"] == {"severity": "ordinary"}
    moved = step(office, changed, "correct", changes={"site_id": "", "place": "北口"}, note="不在点位上").get_json()
    assert (moved["site_id"], moved["site_name"]) == (None, "北口")
    detail = moved["events"][-1]["detail"]
    assert detail["before"] == {"site_id": changed["site_id"], "place": ""}
    assert detail["names"][changed["site_id"]] == changed["site_name"]
    nowhere = step(office, moved, "correct", changes={"site_id": changed["unit_id"]}, note="x")
    assert (nowhere.status_code, nowhere.get_json()["faults"][0]["field"]) == (422, "changes.site_id")
    back = step(office, moved, "correct", changes={"site_id": changed["site_id"]}, note="还是在点位上")
    changed = back.get_json()
    wrong = step(office, changed, "correct", changes={"state": "closed"}, note="x")
    assert (wrong.status_code, wrong.get_json()["faults"][0]["field"]) == (422, "changes.state")
    late = step(office, changed, "transfer", unit_id=finance, note="x", days=500)
    assert (late.status_code, late.get_json()["faults"][0]["field"]) == (422, "days")


def test_a_refused_state_says_what_is_open(client_for, site: Town) -> None:
    liaison = client_for(site.liaison)
    one = mine(liaison)
    taken = step(liaison, one, "take").get_json()
    refused = step(liaison, taken, "take").get_json()
    assert (refused["status"], refused["state"], refused["waits_for"]) == (409, "taken", "leading")
    assert refused["allowed"] == [one["verb"] for one in taken["allowed"]]
    office = client_for(site.office)
    refused = step(office, office.get(f"findings/{one['id']}").get_json(), "close", outcome="fixed").get_json()
    assert (refused["state"], refused["waits_for"]) == ("taken", "leading")
    assert "transfer" in refused["allowed"]


def test_the_new_filters(client_for, site: Town) -> None:
    caller = client_for(site.office)

    def count(query: str) -> int:
        made = caller.get(f"findings?{query}")
        assert made.status_code == 200, made.text
        counted = caller.get(f"findings/counts?{query}").get_json()
        assert counted["total"] == len(made.get_json()["items"])
        return counted["total"]

    whole = len(FAILED)
    assert count("group=working") == count("source=visit") == count("severity=ordinary&severity=urgent") == whole
    assert count("group=to_check&group=closed") == count("severity=urgent") == count("returned=true") == 0
    assert count("relapsed=false&returned=false") == whole
    assert count("opened_from=2026-11-19&opened_to=2026-11-19") == count("as_of=2026-11-19") == whole
    assert count("as_of=2026-11-18") == count("opened_from=2026-11-20") == 0
    assert count(f"person_id={site.liaison.person_id}") == count(f"area_id={uuid4()}") == 0
    assert count(f"area_id={site.district.root}") == whole, "what lies under a unit belongs to it as to an area"
    for bad in ("group=x", "source=x", "severity=x", "returned=x", "as_of=x", "person_id=7", "area_id=7"):
        made = caller.get(f"findings/counts?{bad}")
        assert made.status_code == 422, bad
        assert made.get_json()["faults"][0]["field"].split(".")[0] == bad.split("=")[0]
    assert caller.get("findings?opened_from=2026-11-20&opened_to=2026-11-19").status_code == 422


def test_the_description_names_every_step(app, client_for, site: Town) -> None:
    described = app.test_client().get("/api/v1/openapi.json").get_json()["components"]["schemas"]["FindingStep"]
    assert described["properties"]["verb"]["enum"] == list(TRANSITIONS)
    fields = {name for one in TRANSITIONS.values() for name in one.fields}
    named = {name.removesuffix("_id") for name in described["properties"]}
    assert fields <= named


def test_a_longer_page_asks_no_more(client_for, wall: Wall, site: Town) -> None:
    caller, said = client_for(site.office), []
    caller.get("findings")  # whatever is asked once only, is asked

    def note(_connection, _cursor, statement, *_rest) -> None:
        said.append(statement)

    event.listen(wall.engine, "before_cursor_execute", note)
    try:
        assert len(caller.get("findings?page_size=1").get_json()["items"]) == 1
        short = len(said)
        assert len(caller.get("findings?page_size=50").get_json()["items"]) == len(FAILED) > 1
    finally:
        event.remove(wall.engine, "before_cursor_execute", note)
    # Two scopes, the key, the actor, the lines, their parts, their sponsors (none here).
    assert short == len(said) - short == 7


def test_a_key_is_dead_as_soon_as_it_is_revoked(client_for, wall: Wall, site: Town) -> None:
    caller = client_for(site.office)
    assert caller.get("findings").status_code == 200
    with wall.platform() as session:
        key, tenant = find_api_token(session, caller.token, now())
        assert (key.person_id, tenant.slug) == (site.office.person_id, site.ref.slug)
        assert key.used_at is not None  # the request has said that it was here
    with wall.open(site.ref.id) as session:
        revoke_api_token(session, site.office, key.id, now())
        session.commit()
    assert caller.get("findings").status_code == 401
