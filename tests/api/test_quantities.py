"""Quantities over the API (工作量接口): reporting, correcting with versions, settling, and what is refused."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from core.work.quantities.kinds import KindWish, add_kind
from tenants.db import now
from tenants.scope import Wall
from tests.factory import District, add_actors, bare_district


@dataclass
class Case:
    place: District
    office: Any
    mate: Any
    liaison: Any
    kinds: dict[str, UUID]

    def report(self, kind: str, amount: str, **more: Any) -> dict[str, Any]:
        body = {"kind_id": str(self.kinds[kind]), "unit_id": str(self.place.street), "amount": amount} | more
        answer = self.office.post("quantities", json=body)
        assert answer.status_code == 201, answer.get_json()
        return answer.get_json()


@pytest.fixture(scope="module")
def case(wall: Wall, client_for: Any) -> Case:
    place = bare_district(wall)
    people = add_actors(
        wall,
        place.ref,
        [("hq_office", place.root, ""), ("hq_office", place.root, ""), ("liaison", place.communities[0], "")],
    )
    with place.session(wall) as session:
        kinds = {
            code: add_kind(session, None, KindWish(code, name, measure, flow), now=now()).id
            for code, name, measure, flow in (
                ("trips", "出动车辆", "trip", "input"),
                ("ditches", "疏通边沟", "m", "output"),
                ("caterers", "餐饮单位", "operator", "stock"),
            )
        }
        session.commit()
    return Case(place, *(client_for(one) for one in people), kinds)


def step(caller: Any, made: dict[str, Any], verb: str, **more: Any) -> Any:
    tag = {"If-Match": f'"v{made["version"]}"'}
    return caller.post(f"quantities/{made['id']}/actions", json={"verb": verb} | more, headers=tag)


def test_a_quantity_goes_from_report_to_verification(case: Case) -> None:
    made = case.report("trips", "5700多", period="2018", scope="社区", document="汇报")
    assert (made["value"], made["qualifier"], made["text"], made["flow"]) == ("5700", "over", "5700余车次", "input")
    assert (made["period_start"], made["period_end"], made["precision"]) == ("2018-01-01", "2018-12-31", "year")
    assert step(case.office, made, "verify").status_code == 403
    checked = step(case.mate, made, "verify", reason="看过台账").get_json()
    assert (checked["state"], checked["basis"]) == ("verified", "verified")
    assert step(case.mate, made, "verify").status_code in (409, 412)
    tag = {"If-Match": '"v2"'}
    body = {"amount": "5800", "reason": "漏报", "period": "2018", "scope": "社区", "document": "汇报"}
    assert case.office.ask("PUT", f"quantities/{made['id']}", json=body).status_code == 428
    fixed = case.office.ask("PUT", f"quantities/{made['id']}", json=body, headers=tag).get_json()
    assert (fixed["value"], fixed["state"], fixed["version"]) == ("5800", "reported", 3)
    assert (
        case.office.ask("PUT", f"quantities/{made['id']}", json=body | {"amount": "1"}, headers=tag).status_code == 412
    )
    assert step(case.office, fixed, "withdraw").status_code == 422
    assert step(case.office, fixed, "withdraw", reason="不属实").get_json()["state"] == "withdrawn"


def test_words_and_ranges_stay_what_they_are(case: Case) -> None:
    vague, between = case.report("trips", "数十", scope="甲"), case.report("trips", "7-8", scope="乙")
    assert (vague["value"], vague["qualifier"], vague["text"]) == (None, "tens", "数十车次")
    assert (between["value"], between["low"], between["high"]) == (None, "7", "8")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "很多"}, "amount"),
        ({"amount": "5.7公里"}, "amount"),
        ({"amount": "5.7", "measure": "公里"}, "measure"),
        ({"amount": "5.7", "period": "2018-13"}, "period"),
        ({"amount": "5.7", "site_id": str(uuid.uuid4())}, "site"),
        ({"amount": "5.7", "line_id": str(uuid.uuid4())}, "line"),
        ({"amount": "5.7", "scope_unit_id": str(uuid.uuid4())}, "scope_unit"),
        ({"amount": "5.7", "basis": "verified"}, "basis"),
    ],
)
def test_what_is_refused_names_its_field(case: Case, change: dict[str, str], field: str) -> None:
    body = {"kind_id": str(case.kinds["ditches"]), "unit_id": str(case.place.street)} | change
    answer = case.office.post("quantities", json=body)
    assert answer.status_code == 422
    assert field in {fault["field"] for fault in answer.get_json()["faults"]}


def test_doubles_are_listed_settled_and_taken_back(case: Case) -> None:
    first, second = (case.report("ditches", "5700", period="2017", document=f"文{n}") for n in (1, 2))
    slip = case.report("trips", "5700", period="2017", document="文1")

    def open_pairs() -> set[frozenset[str]]:
        rows = case.office.get("quantities/doubles").get_json()["items"]
        return {frozenset({row["first_id"], row["second_id"]}) for row in rows}

    pair, copied = frozenset({first["id"], second["id"]}), frozenset({first["id"], slip["id"]})
    assert {pair, copied} <= open_pairs()
    assert step(case.office, first, "merge", other_id=slip["id"]).status_code == 409
    assert step(case.office, first, "disjoint", other_id=slip["id"]).status_code == 422
    assert step(case.office, first, "disjoint", other_id=slip["id"], reason="核过原文").status_code == 200
    assert step(case.office, first, "merge", other_id=second["id"]).status_code == 200
    assert not {pair, copied} & open_pairs()
    assert case.office.get(f"quantities/{second['id']}").get_json()["merged_into_id"] == first["id"]
    assert step(case.office, first, "undo", other_id=second["id"]).status_code == 200
    assert pair in open_pairs()


def test_a_total_shows_its_gap(case: Case) -> None:
    whole = case.report("caterers", "3182")
    for scope, amount in (("大型", "36"), ("中型", "142"), ("小型", "2124"), ("微型", "819")):
        part = case.report("caterers", amount, scope=scope)
        assert step(case.office, part, "part", total_id=whole["id"]).status_code == 200
    gap = case.office.get(f"quantities/{whole['id']}").get_json()["gap"]
    assert (gap["parts"], gap["short"], gap["percent"], gap["n"]) == ("3121", "61", "1.92", 4)


def test_others_neither_see_nor_report(case: Case) -> None:
    made = case.report("trips", "3", period="2016")
    assert case.liaison.get(f"quantities/{made['id']}").status_code == 404
    body = {"kind_id": str(case.kinds["trips"]), "unit_id": str(case.place.street), "amount": "3"}
    assert case.liaison.post("quantities", json=body).status_code == 403
    assert isinstance(case.liaison.get("quantities").get_json()["items"], list)


def test_kinds_are_added_once(case: Case) -> None:
    body = {"code": "api_trees", "name_zh": "补植树木", "measure": "株"}
    assert case.liaison.post("quantities/kinds", json=body).status_code == 403
    assert case.office.post("quantities/kinds", json=body).get_json()["measure"] == "tree"
    assert case.office.post("quantities/kinds", json=body).status_code == 409
    assert "api_trees" in {row["code"] for row in case.office.get("quantities/kinds?q=api_").get_json()["items"]}
