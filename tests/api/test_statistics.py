"""Statistics over the API (统计接口): versions both ways, repetition, the steps to the lock, who sees what."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from core.work.calendar import local_day
from core.work.statistics.dictionary import Declared, declare
from core.work.statistics.writing import last_finished
from tenants.db import now
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.factory import District, add_actor, bare_district

MONTH = last_finished("month", local_day(now()))


@dataclass
class Case:
    district: District
    owner: Caller
    mate: Caller
    office: Caller
    other: Caller

    @property
    def path(self) -> str:
        return f"statistics/alpha/observations/{self.district.root}/{MONTH.key}/self"


@pytest.fixture
def case(client_for, wall: Wall) -> Case:
    district = bare_district(wall)
    owner = district.departments["market_regulator"]
    with district.session(wall) as session:
        line = Declared("alpha", "甲", "Alpha", "household", owner, "month", "总数", "All", "household")
        declare(session, None, line, today=MONTH.start)
        session.commit()
    people = [("liaison", owner), ("liaison", owner), ("hq_office", district.root)]
    people.append(("liaison", district.departments["education_bureau"]))
    return Case(district, *(client_for(add_actor(wall, district.ref, role, unit)) for role, unit in people))


def put(caller: Caller, case: Case, version: int, numerator: str = "9", **more: Any) -> Any:
    headers = {"If-Match": f'"v{version}"'} | more.pop("headers", {})
    return caller.ask("PUT", case.path, json={"numerator": numerator, "denominator": "23"} | more, headers=headers)


def step(caller: Caller, made: dict[str, Any], verb: str, **more: Any) -> Any:
    headers = {"If-Match": f'"v{made["version"]}"'}
    return caller.post(f"statistics/observations/{made['id']}/actions", json={"verb": verb} | more, headers=headers)


def test_from_a_draft_to_the_lock(case: Case) -> None:
    answer = put(case.owner, case, 0, population_on="2020-11")
    made = answer.get_json()
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"v1"')
    assert (made["rate"], made["rate_said"], made["state"], made["population_on"]) == (
        "39.13",
        "exact",
        "draft",
        "2020-11",
    )
    made = step(case.owner, made, "submit").get_json()
    assert step(case.owner, made, "review").status_code == 403
    assert step(case.office, made, "return").status_code == 422
    made = step(case.office, made, "review").get_json()
    made = step(case.office, made, "lock").get_json()
    assert made["state"] == "locked"
    assert put(case.owner, case, made["version"], "10").status_code == 409
    made = step(case.owner, made, "correct", reason="抄错").get_json()
    assert (made["state"], made["reason"]) == ("draft", "抄错")


def test_versions_and_repetition(case: Case) -> None:
    assert case.owner.ask("PUT", case.path, json={"numerator": "9"}).status_code == 428
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = put(case.owner, case, 0, headers=key)
    again = put(case.owner, case, 0, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json() == first.get_json()
    assert put(case.owner, case, 0, "10", headers=key).status_code == 409
    late = put(case.mate, case, 0, "11")
    assert late.status_code == 412
    assert "第 1 版" in late.get_json()["detail"]
    assert put(case.mate, case, 1, "11").get_json()["version"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"numerator": 9}, "numerator"),
        ({"numerator": "9" * 30}, "numerator"),
        ({"numerator": "1e5"}, "numerator"),
        ({"numerator": "1", "qualifier": "some"}, "qualifier"),
        ({"numerator": "1", "population_on": "2018年11月日"}, "population_on"),
        ({"numerator": "1", "wrong": 1}, "wrong"),
    ],
)
def test_bad_values_are_refused_by_field(case: Case, body: dict[str, Any], field: str) -> None:
    answer = case.owner.ask("PUT", case.path, json=body, headers={"If-Match": '"v0"'})
    assert answer.status_code == 422
    assert field in str(answer.get_json())


def test_lists_and_what_is_odd(case: Case) -> None:
    made = put(case.owner, case, 0, "24").get_json()
    assert [one["kind"] for one in made["remarks"]] == ["over_whole"]
    listed = case.office.get(f"statistics/observations?period={MONTH.key}").get_json()
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert [one["code"] for one in case.owner.get("statistics").get_json()["items"]] == ["alpha"]
    assert case.other.get("statistics").get_json()["items"] == []
    assert case.other.get("statistics/observations").get_json()["items"] == []
    assert case.other.get(f"statistics/observations/{made['id']}").status_code == 404
    assert put(case.other, case, 1).status_code == 404
    assert case.owner.get(f"statistics/observations/{made['id']}").headers["ETag"] == '"v1"'
