"""Rounds over the API: versions in both directions, repetition, who may do what, pages without gap, and no word of a secret one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.work.calendar import local_day
from core.work.rounds.planning import close_round, create
from core.work.rounds.releasing import release
from core.work.tables import Round
from tenants.db import now
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.work.rounding import ALL_GOOD, ANSWERS, Rounds, open_one, rounds_town, visit

Clients = Callable[..., Caller]


@pytest.fixture
def place(wall: Wall) -> Rounds:
    return rounds_town(wall)


def lives() -> dict[str, Any]:
    day = local_day(now())
    return {"starts_on": day, "ends_on": day + timedelta(days=6), "now": now()}


def body(place: Rounds, **more: Any) -> dict[str, Any]:
    day = local_day(now())
    team = {"name": "一组", "members": [str(place.people["first"].person_id)], "visits_min": 2}
    team |= {"sites": [str(one) for one in place.sites[:3]]}
    said = {"kind": "weekly", "title": "接口周督查", "unit_id": str(place.district.root), "teams": [team]}
    return said | {"starts_on": day.isoformat(), "ends_on": (day + timedelta(days=6)).isoformat()} | more


def act(caller: Caller, made: dict[str, Any], verb: str, **more: Any) -> Any:
    headers = {"If-Match": f'"v{made["version"]}"'} | more.pop("headers", {})
    return caller.post(f"rounds/{made['id']}/actions", json={"verb": verb} | more, headers=headers)


def test_a_round_from_draft_to_closed(client_for: Clients, place: Rounds) -> None:
    office = client_for(place.office)
    made = office.post("rounds", json=body(place))
    assert made.status_code == 201, made.text
    said = made.get_json()
    assert made.headers["Location"].endswith(f"/rounds/{said['id']}")
    assert made.headers["ETag"] == f'"v{said["version"]}"'
    assert (said["state"], said["stops"], said["mode"]) == ("draft", 3, "announced")
    assert office.get(f"rounds/{said['id']}").headers["ETag"] == made.headers["ETag"]
    opened = act(office, said, "open")
    assert opened.status_code == 200, opened.text
    assert opened.headers["ETag"] == f'"v{said["version"] + 1}"'
    with place.session() as session:
        of = session.get_one(Round, (place.district.ref.id, said["id"]))
        visit(place, session, place.sites[0], of, answers=ANSWERS, now=now())
        session.commit()
    progress = office.get(f"rounds/{said['id']}/progress").get_json()
    assert (progress["tally"]["visited"], progress["tally"]["wanted"]) == (1, 6)
    assert progress["teams"][0]["lines"][0]["stops"][0]["most"] == 2
    results = office.get(f"rounds/{said['id']}/results").get_json()
    assert [one["name"] for one in results["by_site"]] == ["第1市场"]
    assert results["points"]["visits"] == 1
    closed = act(office, opened.get_json(), "close", note="查完了")
    assert closed.get_json()["state"] == "closed"
    assert act(office, closed.get_json(), "open").status_code == 409


def test_a_change_needs_the_version_that_was_seen(client_for: Clients, place: Rounds) -> None:
    office = client_for(place.office)
    made = office.post("rounds", json=body(place)).get_json()
    there = f"rounds/{made['id']}/actions"
    assert office.post(there, json={"verb": "open"}).status_code == 428
    assert office.post(there, json={"verb": "open"}, headers={"If-Match": '"v1"'}).status_code == 412
    assert act(office, made, "open").status_code == 200
    assert act(office, made, "close").status_code == 412
    assert office.get(f"rounds/{made['id']}").get_json()["state"] == "open"
    assert act(office, office.get(f"rounds/{made['id']}").get_json(), "cancel").status_code == 422
    assert act(office, made, "burn").status_code == 422


def test_a_repetition_gets_the_first_answer(client_for: Clients, place: Rounds) -> None:
    office = client_for(place.office)
    key = {"Idempotency-Key": str(uuid4())}
    first, second = (office.post("rounds", json=body(place), headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert second.headers["ETag"] == first.headers["ETag"]
    assert office.post("rounds", json=body(place, title="另一轮"), headers=key).status_code in (409, 422)
    assert len(office.get("rounds?when=running").get_json()["items"]) == 1
    again = {"Idempotency-Key": str(uuid4())}
    opened = [act(office, first.get_json(), "open", headers=again) for _ in range(2)]
    assert [one.status_code for one in opened] == [200, 200]
    assert opened[0].get_json() == opened[1].get_json()


def test_what_does_not_hold_is_refused_and_nothing_is_left(client_for: Clients, place: Rounds) -> None:
    office, day = client_for(place.office), local_day(now())
    for wrong, field in (
        ({"kind": "ten_day_secret"}, "kind"),
        ({"kind": "experts"}, "kind"),
        ({"ends_on": (day - timedelta(days=1)).isoformat()}, "ends_on"),
        ({"campaigns": ["no_such_city"]}, "campaigns"),
        ({"title": ""}, "title"),
        ({"mode": "secret"}, "mode"),
        ({"teams": [body(place)["teams"][0] | {"visits_max": 1}]}, "visits_min"),
        ({"teams": [body(place)["teams"][0] | {"sites": [str(uuid4())]}]}, "sites"),
    ):
        refused = office.post("rounds", json=body(place) | wrong)
        assert refused.status_code == 422, (wrong, refused.text)
        assert field in {one["field"].split(".")[-1] for one in refused.get_json()["faults"]}, refused.text
    assert office.get("rounds").get_json()["items"] == []
    assert office.post("rounds", json=body(place, unit_id=str(uuid4()))).status_code == 404
    assert client_for(place.people["first"]).post("rounds", json=body(place)).status_code == 403
    liaison = client_for(place.people["liaison"])
    assert liaison.post("rounds", json=body(place)).status_code == 403
    own = body(place, kind="self_check", unit_id=str(place.district.street), teams=[])
    assert liaison.post("rounds", json=own).status_code == 201


def test_what_is_not_for_the_asker_is_not_there(client_for: Clients, place: Rounds) -> None:
    office = client_for(place.office)
    draft = office.post("rounds", json=body(place)).get_json()
    unknown = client_for(place.people["liaison"]).get(f"rounds/{uuid4()}")
    assert unknown.status_code == 404
    for who in ("liaison", "leader", "first"):
        caller = client_for(place.people[who])
        for part in ("", "/progress", "/results"):
            found = caller.get(f"rounds/{draft['id']}{part}")
            assert found.status_code == 404
            assert {**found.get_json(), "instance": ""} == {**unknown.get_json(), "instance": ""}
        assert caller.get("rounds").get_json()["items"] == []
    for who in ("first", "leader"):
        assert act(client_for(place.people[who]), draft, "open").status_code == 403
    assert act(client_for(place.people["liaison"]), draft, "open").status_code == 404
    with place.session() as session:
        of = open_one(place, session, kind="congress", mode="announced", **lives())
        visit(place, session, place.sites[0], of, answers=ALL_GOOD, now=now())
        session.commit()
        key = of.id
    assert client_for(place.people["leader"]).get(f"rounds/{key}").status_code == 200
    assert client_for(place.people["leader"]).get(f"rounds/{key}/results").status_code == 404
    assert client_for(place.people["first"]).get(f"rounds/{key}/results").status_code == 200


def test_a_secret_round_is_met_by_no_key_until_its_release(client_for: Clients, place: Rounds) -> None:
    with place.session() as session:
        of = open_one(place, session, kind="ten_day_secret", title="十一月暗访", **lives())
        visit(place, session, place.sites[0], of, answers=ANSWERS, now=now())
        session.commit()
        key, version = of.id, of.version
    for who in ("office", "first", "liaison", "leader"):
        caller = client_for(place.people[who])
        unknown = caller.get(f"rounds/{uuid4()}").get_json()
        for part in ("", "/progress", "/results"):
            found = caller.get(f"rounds/{key}{part}")
            assert found.status_code == 404
            assert {**found.get_json(), "instance": ""} == {**unknown, "instance": ""}
        assert caller.get("rounds").get_json()["items"] == []
        assert caller.get("rounds?mode=secret").status_code == 422
        assert "十一月暗访" not in caller.get("visits").text + caller.get("findings").text
    assert act(client_for(place.office), {"id": key, "version": version}, "close").status_code == 404
    with place.session() as session:
        of = close_round(session, place.office, key, version=version, now=now())
        release(session, place.office, key, version=of.version, now=now())
        session.commit()
    shown = client_for(place.people["liaison"]).get(f"rounds/{key}").get_json()
    assert (shown["state"], shown["mode"], shown["visits"]) == ("released", "secret", 1)


def test_pages_meet_without_gap_or_double(client_for: Clients, place: Rounds) -> None:
    day = local_day(now())
    with place.session() as session:
        for n in range(7):
            start = day - timedelta(days=n % 3)
            create(session, place.office, place.wish(title=f"第{n}轮", starts_on=start, ends_on=day), now=now())
        session.commit()
    office = client_for(place.office)
    for asked, whole in (("", 7), ("when=running&", 7), ("q=第3&", 1), ("state=closed&", 0), ("from=2090-01-01&", 0)):
        seen: list[str] = []
        cursor = ""
        while True:
            page = office.get(f"rounds?{asked}page_size=3{cursor}").get_json()
            seen += [one["id"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert len(seen) == len(set(seen)) == whole, asked
    assert office.get("rounds?cursor=nonsense").status_code == 422
    assert office.get("rounds?page_size=0").status_code == 422
    assert office.get("rounds?kind=nonsense").status_code == 422
