"""Splits over the API: tables, one table's shares, and a unit's answer with its version, its reason and its repetition."""

from __future__ import annotations

import pytest

from core.work.tables import Split
from tenants.scope import Wall
from tests.work.splitting import KEY, Stage, set_up


@pytest.fixture
def issued(wall: Wall) -> tuple[Stage, str]:
    stage = set_up(wall)
    with stage.district.session(wall) as session:
        split: Split = stage.make(session)
        stage.fill(session, split)
        stage.issue(session, split)
        session.commit()
        return stage, str(split.id)


def test_tables_and_shares_within_reach(issued: tuple[Stage, str], client_for) -> None:
    stage, split = issued
    office, city = client_for(stage.people["office"]), client_for(stage.people["city"])
    [one] = office.get(f"splits?campaign={KEY}&state=issued").get_json()["items"]
    assert (one["id"], one["issue"], one["accepted"]) == (split, 1, 0)
    assert one["waiting"] == one["shares"]
    assert office.get("splits?state=draft").get_json()["items"] == []
    assert office.get(f"splits/{split}").headers["ETag"] == '"v2"'
    shares = office.get(f"splits/{split}/shares?page_size=200").get_json()["items"]
    assert len(shares) == one["shares"]
    paged, cursor = [], ""
    while cursor is not None:
        page = office.get(f"splits/{split}/shares?page_size=15&cursor={cursor}").get_json()
        paged, cursor = paged + page["items"], page["next_cursor"]
    assert paged == shares
    assert {share["code"] for share in city.get(f"splits/{split}/shares?page_size=200").get_json()["items"]} < {
        share["code"] for share in shares
    }
    mine = office.get(f"splits/{split}/shares?unit_id={stage.city}").get_json()["items"]
    assert {share["role"] for share in mine} == {"assist"}
    assert client_for(stage.people["street"]).get(f"splits/{split}/shares").get_json()["items"] == []


def test_a_unit_answers_its_share(issued: tuple[Stage, str], client_for) -> None:
    stage, split = issued
    city = client_for(stage.people["city"])
    first, second = city.get(f"splits/{split}/shares?unit_id={stage.city}").get_json()["items"]
    path = f"splits/shares/{first['id']}/answers"
    assert city.post(path, json={"verb": "accept"}).status_code == 428
    assert city.post(path, json={"verb": "accept"}, headers={"If-Match": '"v9"'}).status_code == 412
    done = city.post(path, json={"verb": "accept"}, headers={"If-Match": f'"v{first["version"]}"'})
    assert (done.status_code, done.get_json()["state"]) == (200, "accepted")
    back = f"splits/shares/{second['id']}/answers"
    match = {"If-Match": f'"v{second["version"]}"'}
    assert city.post(back, json={"verb": "return"}, headers=match).status_code == 422
    said = {"verb": "return", "reason": "不是本单位职责"}
    assert city.post(back, json=said, headers=match).get_json()["reason"] == "不是本单位职责"
    other = client_for(stage.people["sanitation"])
    assert other.post(path, json={"verb": "accept"}, headers={"If-Match": '"v3"'}).status_code == 403
