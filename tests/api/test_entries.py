"""Questions beside the items over the API: sent, read back, corrected, refused by their place."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.db import new_id
from tenants.scope import Wall
from tests.work.asking_more import CODE, Street, said


@pytest.fixture
def street(wall: Wall) -> Street:
    return Street(wall)


def body_of(street: Street, beside: Any) -> dict[str, Any]:
    entries = {street.form.sha256: beside}
    return {"id": str(new_id()), "site_id": str(street.site), "answers": street.answers(), "entries": entries}


def test_entries_are_sent_read_and_corrected(client_for, street: Street) -> None:
    caller = client_for(street.inspector)
    body = body_of(street, said())
    made = caller.post("visits", json=body)
    assert made.status_code == 201, made.text
    assert caller.post("visits", json=body).status_code == 200
    other = body | {"entries": {street.form.sha256: said(length="121")}}
    assert caller.post("visits", json=other).status_code == 409
    [read] = caller.get(f"visits/{body['id']}").get_json()["entries"]
    assert (read["form"], read["form_sha256"], read["data"]["length"]) == (CODE, street.form.sha256, 120)
    again = {"id": str(new_id()), "answers": body["answers"], "reason": "量错了", "entries": other["entries"]}
    sent = caller.post(f"visits/{body['id']}/corrections", json=again)
    assert sent.status_code == 201, sent.text
    assert caller.get(f"visits/{again['id']}").get_json()["entries"][0]["data"]["length"] == 121
    kept = {"id": str(new_id()), "answers": body["answers"], "reason": "补充说明", "note": "雨天"}
    assert caller.post(f"visits/{again['id']}/corrections", json=kept).status_code == 201
    assert caller.get(f"visits/{kept['id']}").get_json()["entries"][0]["data"]["length"] == 121


def test_the_plan_says_what_is_asked_beside_the_items(client_for, street: Street) -> None:
    plan = client_for(street.inspector).get(f"visits/plan?site={street.site}").get_json()
    asked = {form["sha256"]: form["survey"] for form in plan["forms"]}
    assert {part["key"] for part in asked[street.form.sha256]["parts"]} >= {"paved", "length", "stalls", "trade"}


def test_what_does_not_fit_is_refused_by_its_place(client_for, street: Street) -> None:
    caller = client_for(street.inspector)
    made = caller.post("visits", json=body_of(street, said(length="0", stalls=[{}])))
    assert made.status_code == 422
    fields = {one["field"]: one for one in made.get_json()["faults"]}
    assert fields.keys() == {f"entries.{CODE}.length", f"entries.{CODE}.stalls[1].trade"}
    assert all(one["message"] and one["remedy"] for one in fields.values())
    assert "1 到 5000" in fields[f"entries.{CODE}.length"]["message"]
