"""Appeals over the API: raised once, decided by another party with an effect, and refused as on the page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from core.figures.periods import containing
from core.work.calendar import local_day
from core.work.tables import Finding, Part
from tenants.db import now
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.factory import add_actor, add_site
from tests.work.market import Town, send, town

CODE, FOOD = "FS-C1", "food_safety_city"


@dataclass
class Court:
    """A district with findings of one office, who answers for it, who decides, and who has nothing to do with it."""

    place: Town
    findings: list[str]
    liaison: Caller
    office: Caller
    near: Caller
    stranger: Caller


@pytest.fixture(scope="module")
def court(wall: Wall, client_for) -> Court:
    place = town(wall)
    unit = place.district.departments["sanitation"]
    with place.district.session(wall) as session:
        for n in range(4):
            site = add_site(session, place.district.communities[0], "produce_market", name=f"{n}号市场")
            send(session, place, site_id=site, now=now())
        mine = select(Part.finding_id).where(Part.unit_id == unit, Part.leading)
        findings = [str(one) for one in session.scalars(select(Finding.id).where(Finding.id.in_(mine)))]
        session.commit()
    homes = [add_actor(wall, place.ref, "liaison", one) for one in place.district.communities[:2]]
    second = add_actor(wall, place.ref, "hq_office", place.district.root)
    people = (place.liaison, second, *homes)
    return Court(place, findings, *(client_for(one) for one in people))


def version_of(caller: Caller, finding: str) -> int:
    said: int = caller.get(f"findings/{finding}").get_json()["version"]
    return said


def step(caller: Caller, one: str, version: int = 1, **body: object):
    return caller.post(f"appeals/{one}/actions", json=body, headers={"If-Match": f'"v{version}"'})


def test_raised_once_and_upheld_with_its_effect(court: Court) -> None:
    finding = court.findings.pop()
    body = {"finding_id": finding, "reason": "已经整改到位"}
    key = {"Idempotency-Key": str(uuid4())}
    first = court.liaison.post("appeals", json=body, headers=key)
    assert (first.status_code, first.headers["ETag"]) == (201, '"v1"')
    again = court.liaison.post("appeals", json=body, headers=key)
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    assert court.liaison.post("appeals", json=body).status_code == 409
    made = first.get_json()
    assert (made["kind"], made["finding_id"], made["state"], made["allowed"]) == (
        "finding",
        finding,
        "raised",
        ["withdraw"],
    )
    assert first.headers["Location"].endswith(f"/appeals/{made['id']}")
    assert court.stranger.get(f"appeals/{made['id']}").status_code == 404

    seen = court.office.get(f"appeals/{made['id']}").get_json()
    assert seen["allowed"] == ["uphold", "reject"]
    assert "cancel" in [one["effect"] for one in seen["effects"]]
    assert seen["finding_version"] == version_of(court.office, finding)
    assert made["id"] in [one["id"] for one in court.office.get("appeals?state=mine").get_json()["items"]]
    assert step(court.liaison, made["id"], verb="uphold", note="同意", effect="cancel").status_code == 403
    bare = step(court.office, made["id"], verb="uphold", note="属实")
    assert (bare.status_code, bare.get_json()["faults"][0]["field"]) == (422, "effect")
    stale = step(court.office, made["id"], verb="uphold", note="属实", effect="cancel", finding_version=99)
    assert stale.status_code == 412
    assert court.office.get(f"appeals/{made['id']}").get_json()["state"] == "raised", "a refused effect decides nothing"
    given = {"verb": "uphold", "note": "属实", "effect": "cancel", "finding_version": seen["finding_version"]}
    done = step(court.office, made["id"], **given)
    assert (done.status_code, done.headers["ETag"]) == (200, '"v2"')
    said = done.get_json()
    assert (said["state"], said["effect"], said["effect_id"], said["allowed"]) == ("upheld", "cancel", finding, [])
    assert [one["verb"] for one in said["events"]] == ["raise", "uphold"]
    assert court.office.get(f"findings/{finding}").get_json()["state"] == "cancelled"
    slower = step(court.office, made["id"], verb="reject", note="不属实")
    assert (slower.status_code, slower.headers["ETag"]) == (412, '"v2"')
    missing = court.office.post(f"appeals/{made['id']}/actions", json={"verb": "reject", "note": "x"})
    assert missing.status_code == 428


def test_a_correction_names_what_was_and_what_is(court: Court) -> None:
    finding = court.findings.pop()
    made = court.liaison.post("appeals", json={"finding_id": finding, "reason": "写重了"}).get_json()
    was = court.office.get(f"findings/{finding}").get_json()["title"]
    given = {
        "effect": "correct",
        "finding_version": version_of(court.office, finding),
        "changes": {"title": "地面有少量污水"},
    }
    done = step(court.office, made["id"], verb="uphold", note="属实", **given).get_json()
    assert (done["changed_before"]["title"], done["changed_after"]["title"]) == (was, "地面有少量污水")
    assert done["name_zh"] == "地面有少量污水"


def test_taken_back_it_may_be_raised_again(court: Court) -> None:
    finding = court.findings.pop()
    for _ in range(2):
        made = court.liaison.post("appeals", json={"finding_id": finding, "reason": "有误"}).get_json()
        back = step(court.liaison, made["id"], verb="withdraw", note="核实过了")
        assert (back.status_code, back.get_json()["state"]) == (200, "withdrawn")
    found = court.liaison.get(f"appeals?state=withdrawn&kind=finding&unit_id={made['unit_id']}").get_json()["items"]
    assert {finding} == {one["finding_id"] for one in found}


def test_a_figure_is_computed_again(court: Court, wall: Wall) -> None:
    month = containing("month", local_day(now()))
    about = {"campaign": FOOD, "indicator": CODE, "period": month.key}
    home = court.place.district.communities[0]
    body = about | {"figure_unit_id": str(home), "reason": "有一户已经办证"}
    answer = court.near.post("appeals", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.get_json()
    assert (made["kind"], made["campaign"], made["period"]) == ("figure", FOOD, month.key)
    assert (made["figure_before"]["numerator"], made["figure_before"]["denominator"]) == ("28", "36")
    assert made["figure_after"] is None
    assert court.stranger.post("appeals", json=body).status_code == 403
    done = step(court.office, made["id"], verb="uphold", note="属实，重算").get_json()
    assert (done["state"], done["effect"]) == ("upheld", "run")
    assert done["figure_after"]["numerator"] == "28"
    assert float(done["points"]) == 0
    assert UUID(done["effect_id"])
    kept = court.office.get(f"appeals?kind=figure&campaign={FOOD}").get_json()["items"]
    assert [one["id"] for one in kept] == [made["id"]]


def test_one_thing_at_a_time(court: Court) -> None:
    finding = court.findings[0]
    for body, field in (
        ({"reason": "x"}, "campaign"),
        ({"reason": "x", "campaign": FOOD, "indicator": CODE}, "period"),
        ({"reason": "x", "campaign": FOOD, "finding_id": finding}, "finding_id"),
        ({"finding_id": finding}, "reason"),
        ({"finding_id": finding, "reason": "x", "photos": [str(uuid4())]}, "photos"),
    ):
        made = court.liaison.post("appeals", json=body)
        assert (made.status_code, made.get_json()["faults"][0]["field"]) == (422, field), made.text
    assert court.liaison.post("appeals", json={"finding_id": str(uuid4()), "reason": "x"}).status_code == 404
    for query in ("state=gone", "kind=card", "unit_id=x"):
        assert court.office.get(f"appeals?{query}").status_code == 422
