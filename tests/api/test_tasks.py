"""Tasks over the API: from giving to verification, versions, repetition, refusals by field, parts, and who sees what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from core.work.calendar import local_day
from tenants.db import now
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.factory import add_actors, bare_district

Clients = Callable[..., Caller]


@pytest.fixture(scope="module")
def place(wall: Wall) -> SimpleNamespace:
    district = bare_district(wall)
    posts = {
        "office": ("hq_office", district.root),
        "street": ("liaison", district.street),
        "first": ("liaison", district.communities[0]),
        "second": ("liaison", district.communities[1]),
    }
    made = add_actors(wall, district.ref, [(role, unit, name) for name, (role, unit) in posts.items()])
    return SimpleNamespace(**dict(zip(posts, made, strict=True)), on=district.street, units=district.communities)


def body(place: SimpleNamespace, **more: Any) -> dict[str, Any]:
    due = (local_day(now()) + timedelta(days=20)).isoformat()
    said = {"title": "拆除旱厕", "unit_id": str(place.units[0]), "due_on": due}
    return said | {"way": "count", "target": "23", "measure": "座"} | more


def act(caller: Caller, made: dict[str, Any], verb: str, **more: Any) -> Any:
    headers = {"If-Match": f'"v{made["version"]}"'} | more.pop("headers", {})
    return caller.post(f"tasks/{made['id']}/actions", json={"verb": verb} | more, headers=headers)


def test_from_giving_to_verification(client_for: Clients, place: SimpleNamespace) -> None:
    office, first = client_for(place.office), client_for(place.first)
    made = office.post("tasks", json=body(place))
    assert made.status_code == 201, made.text
    said = made.get_json()
    assert made.headers["Location"].endswith(f"/tasks/{said['id']}")
    assert (said["state"], said["target"], said["progress"], said["measure"]) == ("issued", "23", "0.00", "structure")
    seen = first.get(f"tasks/{said['id']}").get_json()
    assert [one["verb"] for one in seen["steps"]] == ["accept", "return", "report", "finish", "assign"]
    told = act(first, seen, "report", done="9", note="九座").get_json()
    assert (told["progress"], told["done"], told["state"]) == ("39.13", "9", "doing")
    assert act(first, seen, "report", done="10").status_code == 412
    for wrong in ({"done": "24"}, {"progress": "120"}, {"done": "3", "measure": "户"}, {}):
        refused = act(first, told, "report", **wrong)
        assert refused.status_code == 422
        assert refused.get_json()["errors"] if "errors" in refused.get_json() else refused.get_json()
    done = act(first, told, "finish", done="23").get_json()
    assert act(first, done, "verify").status_code == 403
    assert act(office, done, "close").status_code == 409
    verified = act(office, done, "verify").get_json()
    assert verified["state"] == "verified"
    assert verified["verified_at"]
    history = office.get(f"tasks/{said['id']}").get_json()["history"]
    assert [one["verb"] for one in reversed(history)] == ["issue", "report", "finish", "verify"]


def test_versions_and_repetition(client_for: Clients, place: SimpleNamespace) -> None:
    office, first = client_for(place.office), client_for(place.first)
    key = {"Idempotency-Key": str(uuid4())}
    one, two = (office.post("tasks", json=body(place), headers=key) for _ in range(2))
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.get_json() == two.get_json()
    assert two.headers["Idempotency-Replayed"] == "true"
    made = one.get_json()
    assert first.post(f"tasks/{made['id']}/actions", json={"verb": "accept"}).status_code == 428
    again = {"Idempotency-Key": str(uuid4())}
    taken = [act(first, made, "accept", headers=again) for _ in range(2)]
    assert [one.status_code for one in taken] == [200, 200]
    assert act(first, made, "accept").status_code == 412
    assert act(first, made, "burn").status_code == 422


def test_parts_and_what_others_see(client_for: Clients, place: SimpleNamespace) -> None:
    office, street, first, second = (client_for(getattr(place, who)) for who in ("office", "street", "first", "second"))
    made = office.post("tasks", json=body(place, unit_id=str(place.on))).get_json()
    late = (local_day(now()) + timedelta(days=90)).isoformat()
    there, version = f"tasks/{made['id']}/parts", {"If-Match": '"v1"'}
    wrong = street.post(there, json={"parts": [body(place, due_on=late)]}, headers=version)
    assert wrong.status_code == 422
    parts = [body(place, target="20"), body(place, unit_id=str(place.units[1]), target="3")]
    whole = street.post(there, json={"parts": parts}, headers=version)
    assert whole.status_code == 201, whole.text
    assert (whole.get_json()["leaf"], whole.get_json()["state"]) == (False, "accepted")
    mine = first.get(f"tasks?q=拆除旱厕&parent_id={made['id']}").get_json()["items"]
    assert len(mine) == 1
    assert mine[0]["parent_id"] is None
    assert first.get(f"tasks/{made['id']}").status_code == 404
    assert second.get(f"tasks/{mine[0]['id']}").status_code == 404
    act(first, mine[0], "report", done="10")
    assert office.get(f"tasks/{made['id']}").get_json()["progress"] == "25.00"
    assert len(office.get("tasks?tab=open&page_size=1").get_json()["items"]) == 1
    assert first.post("tasks", json=body(place)).status_code == 422
