"""Notices over the API: issued once under a number, versions in both directions, boxes, and who may do what."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tenants.db import now
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.work.ledger_town import Town, lay_finding, town


@pytest.fixture
def site(wall: Wall, files) -> Town:
    return town(wall, files, "接口区")


def draft(site: Town, **changed: Any) -> dict[str, Any]:
    given = {
        "kind": "rectification_notice",
        "unit_id": str(site.lead),
        "title": "地面",
        "demand": "立即清理",
        "due_at": (now() + timedelta(days=3)).isoformat(),
    }
    return given | changed


def step(caller: Caller, notice: dict[str, Any], verb: str, **more: Any) -> Any:
    headers = {"If-Match": f'"v{notice["version"]}"'} | more.pop("headers", {})
    return caller.post(f"notices/{notice['id']}/actions", json={"verb": verb} | more, headers=headers)


def test_a_notice_from_issue_to_close(client_for, wall: Wall, site: Town) -> None:
    with site.district.session(wall) as session:
        finding = str(lay_finding(session, site, "rectifying").id)
        session.commit()
    office, liaison = client_for(site.people["office"]), client_for(site.people["liaison"])
    made = office.post("notices", json=draft(site, finding_ids=[finding]))
    assert made.status_code == 201, made.text
    one = made.get_json()
    assert one["number"].endswith("第1号")
    assert (one["finding_ids"], one["hidden_findings"], one["findings"]) == ([finding], 0, 1)
    assert made.headers["ETag"] == '"v1"'
    assert made.headers["Location"].endswith(f"/notices/{one['id']}")
    seen = liaison.get(f"notices/{one['id']}").get_json()
    assert (seen["state"], [move["verb"] for move in seen["allowed"]]) == ("issued", ["sign", "reply"])
    signed = step(liaison, seen, "sign").get_json()
    answered = step(liaison, signed, "reply", note="已清理").get_json()
    assert step(liaison, answered, "close").status_code == 403
    closed = step(office, answered, "close").get_json()
    assert closed["state"] == "closed"
    assert [event["verb"] for event in closed["events"]] == ["issue", "sign", "reply", "close"]
    assert step(office, closed, "cancel", note="晚").status_code == 409


def test_versions_go_both_ways(client_for, site: Town) -> None:
    office, liaison = client_for(site.people["office"]), client_for(site.people["liaison"])
    one = office.post("notices", json=draft(site)).get_json()
    address = f"notices/{one['id']}/actions"
    missing = liaison.post(address, json={"verb": "sign"})
    assert (missing.status_code, missing.get_json()["code"]) == (428, "version_needed")
    assert step(liaison, one, "sign").status_code == 200
    stale = step(liaison, one, "reply", note="x")
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"v2"')


def test_a_repetition_takes_no_second_number(client_for, site: Town) -> None:
    office = client_for(site.people["office"])
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = draft(site)
    first, again = (office.post("notices", json=body, headers=key) for _ in range(2))
    assert first.data == again.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert office.post("notices", json=body | {"title": "另一件"}, headers=key).status_code == 409
    assert office.post("notices", json=body).get_json()["number"].endswith("第2号")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "letter"}, "kind"),
        ({"unit_id": "7"}, "unit_id"),
        ({"title": ""}, "title"),
        ({"due_at": "2020-01-01T00:00:00Z"}, "due_at"),
        ({"due_at": "2026-01-01"}, "due_at"),
        ({"due_at": None}, "due_at"),
        ({"finding_ids": [str(uuid.uuid4())]}, "findings"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_draft_names_the_field(client_for, site: Town, changed: dict[str, Any], field: str) -> None:
    made = client_for(site.people["office"]).post("notices", json=draft(site) | changed)
    assert made.status_code == 422, made.text
    assert [fault["field"] for fault in made.get_json()["faults"]] == [field]


def test_lists_are_boxed_filtered_and_paged(client_for, site: Town) -> None:
    office, liaison = client_for(site.people["office"]), client_for(site.people["liaison"])
    stranger = client_for(site.people["stranger"])
    made = [office.post("notices", json=draft(site, title=f"第{n}份")).get_json()["id"] for n in range(3)]
    card = office.post("notices", json=draft(site, kind="reminder_card", unit_id=str(site.other))).get_json()["id"]

    def ids(caller: Caller, query: str) -> list[str]:
        found = caller.get(f"notices?{query}")
        assert found.status_code == 200, found.text
        return [row["id"] for row in found.get_json()["items"]]

    assert ids(liaison, "box=in") == made[::-1]
    assert ids(office, "") == ids(office, "box=out") == [card, *made[::-1]]
    assert ids(office, "kind=reminder_card&kind=circular") == ids(stranger, "") == [card]
    assert ids(office, f"unit_id={site.lead}") == made[::-1]
    assert ids(office, "state=closed") == ids(office, "overdue=true") == ids(office, "until=2020-01-01") == []
    first = office.get("notices?page_size=2")
    assert first.headers["Link"].endswith('rel="next"')
    rest = office.get(f"notices?page_size=2&cursor={first.get_json()['next_cursor']}").get_json()
    assert [row["id"] for row in rest["items"]] == made[1::-1]
    assert rest["next_cursor"] is None
    for bad in ("box=x", "kind=x", "state=x", "unit_id=1", "since=x", "cursor=x", "overdue=maybe"):
        assert office.get(f"notices?{bad}").status_code == 422, bad


def test_out_of_reach_is_not_found(client_for, site: Town) -> None:
    one = client_for(site.people["office"]).post("notices", json=draft(site)).get_json()
    stranger = client_for(site.people["stranger"])
    unknown = stranger.get(f"notices/{uuid.uuid4()}")
    assert stranger.get(f"notices/{one['id']}").data == unknown.data
    assert step(stranger, one, "sign").status_code == 404
    assert stranger.post("notices", json=draft(site)).status_code == 403
    assert client_for(site.people["inspector"]).post("notices", json=draft(site)).status_code == 403
