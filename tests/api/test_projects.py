"""Projects over the API: the list, one in full, the fund table, and a report with the version that was seen."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from core.work.projects.bill import set_bill
from core.work.projects.finishing import start
from core.work.projects.making import create_project
from core.work.projects.shares import set_shares
from tenants.db import now
from tests.api.conftest import Caller
from tests.work.building import MA_LANE, Yard, lay_yard, lines, shared, wish


@dataclass
class Bench:
    yard: Yard
    builder: Caller
    judge: Caller
    outsider: Caller
    project: str


@pytest.fixture(scope="module")
def bench(wall, client_for, tmp_path_factory) -> Bench:
    yard = lay_yard(wall, tmp_path_factory.mktemp("files"))
    with yard.district.session(wall) as session:
        made = create_project(session, yard.builder, wish(yard), now=now())
        set_bill(session, yard.builder, made.id, lines(*MA_LANE), version=1, now=now())
        set_shares(session, yard.builder, made.id, shared(), 200_000_000, version=2, now=now())
        start(session, yard.builder, made.id, version=3, now=now())
        session.commit()
    people = (yard.builder, yard.judge, yard.outsider)
    return Bench(yard, *(client_for(one) for one in people), str(made.id))


def test_one_in_full(bench):
    answer = bench.judge.get(f"projects/{bench.project}")
    said = answer.get_json()
    assert (said["state"], said["cost"], said["progress"]) == ("running", "2000000", 0)
    assert [one["measure"] for one in said["items"] if one["title"].startswith("拆违拆临")] == ["place", "m2"]
    assert {one["source"]: one["planned"] for one in said["shares"]} == {
        "owner": "500000",
        "society": "300000",
        "finance": "1200000",
    }
    assert answer.headers["ETag"].startswith('"v')
    assert bench.outsider.get(f"projects/{bench.project}").status_code == 404


def test_the_list_and_the_funds(bench):
    rows = bench.builder.get("projects?kind=works&state=open").get_json()["items"]
    assert [one["id"] for one in rows] == [bench.project]
    assert rows[0]["planned"] == "2000000"
    assert bench.builder.get("projects?late=maybe").status_code == 422
    table = bench.builder.get("projects/funds").get_json()
    assert (table["planned"], table["paid"], table["without_shares"]) == ("2000000", "0", 0)
    assert bench.outsider.get("projects/funds").get_json()["lines"] == []


def test_a_report_needs_the_version_and_a_reason_to_exceed(bench):
    said = bench.builder.get(f"projects/{bench.project}").get_json()
    item = next(one for one in said["items"] if one["title"] == "清理垃圾")
    path, seen = f"projects/{bench.project}/report", {"If-Match": f'"v{said["version"]}"'}
    body = {"items": [{"item_id": item["id"], "done": "1150"}]}
    assert bench.builder.post(path, json=body).status_code == 428
    assert bench.outsider.post(path, json=body, headers=seen).status_code == 404
    assert bench.judge.post(path, json=body, headers=seen).status_code == 403
    assert bench.builder.post(path, json=body, headers=seen).status_code == 422
    wrong = {"items": [{"item_id": item["id"], "done": "300平方米"}]}
    refused = bench.builder.post(path, json=wrong, headers=seen)
    assert refused.status_code == 422
    assert "items.0.done" in refused.text
    done = bench.builder.post(path, json=body | {"reason": "巷尾另有一堆"}, headers=seen)
    assert done.status_code == 200, done.text
    after = next(one for one in done.get_json()["items"] if one["id"] == item["id"])
    assert (after["planned"], after["done"]) == ("1150", "1150")
    assert bench.builder.post(path, json=body, headers=seen).status_code == 412
