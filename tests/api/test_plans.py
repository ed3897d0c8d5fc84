"""Plans over the API (计划接口): the list, one with its lines, a burn-down; each answer loads into its schema."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.api.plans_shapes import BurnDownShape, WholePlanShape
from core.work.calendar import local_day
from core.work.plans.lines import LineWish, add_lines
from core.work.plans.scope import DriveScope, set_scope
from core.work.plans.steps import move
from core.work.plans.writing import PlanWish, create
from tenants.db import now
from tests.work.planning import Planners, lay_task, moment, planners


@pytest.fixture(scope="module")
def place(wall) -> Planners:
    return planners(wall)


@pytest.fixture(scope="module")
def ids(wall, place) -> dict[str, str]:
    day = local_day(now())
    first, last = day - timedelta(days=9), day + timedelta(days=40)
    with place.district.session(wall) as session:
        drive = create(session, place.office, PlanWish("drive", "专项", place.district.root, first, last), now=now())
        (line,) = add_lines(session, place.office, drive.id, [LineWish("占道")], version=1, now=now())
        known = {"categories": ["A"], "site_types": []}
        set_scope(session, place.office, drive.id, None, DriveScope(("A",)), version=2, now=now(), **known)
        move(session, place.office, drive.id, "activate", version=3, now=now())
        wish = PlanWish("sprint", "大干50天", place.district.root, first, length=50)
        sprint = create(session, place.office, wish, now=now())
        move(session, place.office, sprint.id, "activate", version=1, now=now())
        at = moment(first)
        lay_task(session, place.unit(), drive.id, [("issued", at)], line_id=line.id)
        lay_task(session, place.unit(), sprint.id, [("issued", at), ("done", at)])
        lay_task(session, place.district.street, sprint.id, [("issued", at)])
        draft = create(session, place.office, PlanWish("annual", "草稿", place.district.root, first, last), now=now())
        session.commit()
        return {"drive": str(drive.id), "sprint": str(sprint.id), "draft": str(draft.id)}


def test_one_plan_with_everything_under_it(client_for, place, ids):
    caller = client_for(place.office)
    answer = caller.get(f"plans/{ids['drive']}")
    assert answer.headers["ETag"] == '"v4"'
    body = answer.get_json()
    WholePlanShape().load(body)
    assert body["sum"]["tasks"] == 1
    assert body["lines"][0]["sum"]["done"] == 0
    assert body["drive"]["found"] == 0
    assert body["countdown"] is None
    sprint = caller.get(f"plans/{ids['sprint']}").get_json()
    WholePlanShape().load(sprint)
    assert (sprint["countdown"]["number"], sprint["countdown"]["left"]) == (10, 40)
    assert sprint["drive"] is None


def test_a_burn_down_of_all_and_of_one_unit(client_for, place, ids):
    caller = client_for(place.office)
    body = caller.get(f"plans/{ids['sprint']}/burn-down").get_json()
    BurnDownShape().load(body)
    assert (body["scope"], body["remaining"], len(body["days"])) == (2, 1, 50)
    assert body["days"][-1]["ideal"] == "0.00"
    mine = caller.get(f"plans/{ids['sprint']}/burn-down?unit_id={place.unit()}").get_json()
    assert (mine["scope"], mine["remaining"]) == (1, 0)


def test_drafts_and_tasks_of_others_are_not_told(client_for, place, ids):
    caller = client_for(place.street)
    assert caller.get(f"plans/{ids['draft']}").status_code == 404
    assert ids["draft"] not in {one["id"] for one in caller.get("plans").get_json()["items"]}
    assert caller.get(f"plans/{ids['drive']}").get_json()["sum"]["tasks"] == 0
    assert caller.get(f"plans/{ids['sprint']}/burn-down").get_json()["scope"] == 1
    office = client_for(place.office)
    found = office.get("plans?kind=sprint").get_json()["items"]
    assert [(one["id"], one["sum"]["tasks"], one["sum"]["done"]) for one in found] == [(ids["sprint"], 2, 1)]
