"""The phone's addresses (手机端接口): what it takes along, what it sends, each once, and how the server says no."""

from __future__ import annotations

import gzip
import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from core.request import COOKIE
from core.web.field.files import app_files, static_folder
from core.work.calendar import local_day
from core.work.tables import Finding, Patrol, Visit
from tenants.access import Actor
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import add_actor, add_site, come_in
from tests.work.market import ALL_GOOD, Town, town
from tests.work.pictures import jpeg


@dataclass
class Line:
    """One person's phone, as the server sees it (一部手机)."""

    client: FlaskClient
    who: Actor
    csrf: str
    slug: str

    def at(self, path: str) -> str:
        return f"/t/{self.slug}/field/{path}"

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(self.at(path), **more)

    def send(self, body: dict[str, Any], clock: datetime | None = None, **more: Any) -> Any:
        headers = {"X-CSRF-Token": self.csrf, "X-Device-Now": (clock or now()).isoformat()}
        return self.client.post(
            self.at("send"), json={"person_id": str(self.who.person_id)} | body, headers=headers, **more
        )

    def photo(self, seed: int) -> str:
        answer = self.client.post(
            self.at("photos"), data=jpeg(seed=seed), headers={"X-CSRF-Token": self.csrf}, content_type="image/jpeg"
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json["sha256"])


@dataclass
class Spot:
    place: Town
    wall: Wall
    app: Flask

    def line(self, who: Actor, locale: str = "zh") -> Line:
        client = self.app.test_client()
        token, csrf = come_in(self.wall, who, locale)
        client.set_cookie(COOKIE, token)
        return Line(client, who, csrf, self.place.ref.slug)

    def visit(self, **more: Any) -> dict[str, Any]:
        made = {"kind": "visit", "id": str(new_id()), "site_id": str(self.place.market), "answers": dict(ALL_GOOD)}
        return made | more

    def stored(self, visit_id: str) -> Visit:
        with self.place.district.session(self.wall) as session:
            found = session.scalars(select(Visit).where(Visit.id == uuid.UUID(visit_id))).one()
            session.expunge(found)
            return found


@pytest.fixture
def spot(app: Flask, wall: Wall) -> Spot:
    return Spot(town(wall), wall, app)


def test_the_app_is_small(app: Flask) -> None:
    """Whatever a phone loads to work without signal, compressed as any proxy does: under 300 KB, by far."""
    with app.test_request_context():
        static = static_folder()
        sizes = {name: len(gzip.compress((static / name).read_bytes(), 6)) for name in app_files(static)}
    print(f"the app in {len(sizes)} files: {sum(sizes.values()) / 1000:.1f} KB compressed")
    assert len(sizes) > 12
    asking = {name for name in sizes if "/formula" in name or "/survey" in name}
    assert sum(size for name, size in sizes.items() if name not in asking) < 60_000
    assert sum(sizes[name] for name in asking) < 60_000, "formulas and all questions of designed forms"
    assert not [name for name in sizes if name.startswith("vendor/")]


def test_the_shell_is_nobodys_and_speaks_two_languages(spot: Spot) -> None:
    line = spot.line(spot.place.inspector)
    page = line.get("")
    assert page.status_code == 200
    assert "离线" not in page.headers.get("Set-Cookie", "")
    assert spot.place.inspector.name not in page.text
    assert line.csrf not in page.text
    whole = len(gzip.compress(page.data)) + sum(
        len(gzip.compress(line.get(one).data)) for one in ("worker.js", "bundle")
    )
    assert whole < 100_000
    manifest = line.get("app.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    assert manifest.json["scope"] == manifest.json["start_url"] == line.at("")
    for icon in manifest.json["icons"]:
        with line.client.get(icon["src"]) as picture:
            assert picture.status_code == 200
            assert picture.mimetype == "image/png"
    worker = line.get("worker.js")
    assert worker.mimetype == "text/javascript"
    assert "import " not in worker.text.split("KEPT = ")[1].split("\n", 1)[1].split("/*")[0]
    assert "\nexport " not in worker.text
    assert "\nimport " not in worker.text


def test_a_login_that_is_over_is_said_as_json(spot: Spot, app: Flask) -> None:
    client = app.test_client()
    slug = spot.place.ref.slug
    for path in ("session", "bundle", "sites?q=x"):
        answer = client.get(f"/t/{slug}/field/{path}")
        assert (answer.status_code, answer.json["code"]) == (401, "login_needed")
    assert client.post(f"/t/{slug}/field/send", json={}).status_code == 401
    page = client.get(f"/t/{slug}/field/")
    assert page.status_code == 302
    assert page.headers["Location"] == f"/login?next=/t/{slug}/field/"


def test_what_is_taken_along(spot: Spot) -> None:
    line = spot.line(spot.place.inspector)
    answer = line.get("bundle")
    body = answer.json
    market = next(one for one in body["sites"] if one["id"] == str(spot.place.market))
    plan = body["plans"][market["plan"]]
    asked = [body["questions"][key] for group in plan["groups"] for key in group["questions"]]
    assert {one["code"] for one in asked} == set(ALL_GOOD)
    assert {body["forms"][sha256]["campaign"] for sha256 in plan["forms"]} == {
        "civilized_city",
        "food_safety_city",
        "sanitary_city",
    }
    toilet = next(one for one in asked if one["code"] == "toilet_clean")
    assert (toilet["kinds"]["9"], toilet["kinds"]["5"]) == ("good", "bad")
    posters = next(one for one in asked if one["code"] == "illegal_posters")
    assert posters["limits"] == {"beyond": 1}
    assert all(len(one["text"]) == 2 for one in asked)
    assert body["me"]["person"] == str(spot.place.inspector.person_id)
    assert line.csrf not in answer.text, "the word of forms is asked for before sending, never kept"
    again = line.get("bundle", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_a_thousand_sites_come_as_five_hundred_and_share_their_forms(spot: Spot) -> None:
    with spot.place.district.session(spot.wall) as session:
        for n in range(520):
            add_site(session, spot.place.district.communities[0], "back_street", name=f"示例巷{n}")
        session.commit()
    answer = spot.line(spot.place.inspector).get("bundle")
    assert len(answer.json["sites"]) == 500
    assert len(answer.json["plans"]) <= 2
    assert len(gzip.compress(answer.data)) < 60_000


def test_a_visit_is_taken_once_and_its_repetition_answered_alike(spot: Spot) -> None:
    line = spot.line(spot.place.inspector)
    done = now() - timedelta(minutes=3)
    body = spot.visit(started_at=(done - timedelta(minutes=9)).isoformat(), finished_at=done.isoformat())
    first, second = line.send(body), line.send(body, clock=now() + timedelta(seconds=40))
    assert (first.status_code, second.status_code) == (201, 200), first.text
    assert second.json == first.json | {"replayed": True}
    other = line.send(body | {"note": "改过"})
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    with spot.place.district.session(spot.wall) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1


def test_what_is_wrong_is_said_beside_its_question(spot: Spot) -> None:
    line = spot.line(spot.place.inspector)
    answer = line.send(
        spot.visit(answers=ALL_GOOD | {"toilet_clean": {"rating": 11}}, photos={"toilet_clean": ["0" * 64]})
    )
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert any("toilet_clean" in one["field"] for one in answer.json["faults"])
    for strange in (
        {"kind": "nothing"},
        spot.visit(id="x"),
        spot.visit(surprise=1),
        spot.visit(finished_at="2026-01-01T00:00:00"),
        spot.visit(note=["x"]),
    ):
        answer = line.send(strange)
        assert answer.status_code == 422, strange
        assert answer.json["faults"]
    assert line.send(spot.visit(site_id=str(uuid.uuid4()))).status_code == 404


def test_nobody_sends_what_another_has_filled_in(spot: Spot) -> None:
    other = add_actor(spot.wall, spot.place.ref, "inspector", spot.place.district.root)
    answer = spot.line(other).send(spot.visit() | {"person_id": str(spot.place.inspector.person_id)})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    forged = spot.line(spot.place.inspector)
    forged.csrf = "x"
    answer = forged.send(spot.visit())
    assert (answer.status_code, answer.json["code"]) == (400, "forged_form")


@pytest.mark.parametrize(
    ("ago", "fast", "arrival", "day"),
    [
        (timedelta(minutes=2), timedelta(), "", 0),
        (timedelta(days=3), timedelta(), "late", 3),
        (timedelta(days=3), timedelta(days=400), "late", 3),
        (timedelta(days=2), timedelta(hours=-30), "late", 2),
        (timedelta(days=15), timedelta(), "undated", 0),
        (timedelta(days=-1), timedelta(), "undated", 0),
    ],
)
def test_a_visit_counts_on_the_day_it_took_place(
    spot: Spot, ago: timedelta, fast: timedelta, arrival: str, day: int
) -> None:
    line, moment = spot.line(spot.place.inspector), now()
    body = spot.visit(finished_at=(moment - ago + fast).isoformat())
    answer = line.send(body, clock=moment + fast)
    assert answer.status_code == 201, answer.text
    found = spot.stored(body["id"])
    assert (found.arrival, found.day) == (arrival, local_day(moment - timedelta(days=day)))
    assert found.finished_at is not None
    assert abs(found.finished_at - (moment - ago)) < timedelta(seconds=30), "put right by the server's clock"
    assert abs((found.device_skew_seconds or 0) - fast.total_seconds()) < 30
    assert answer.json["day"] == found.day.isoformat()


def test_visits_that_crossed_say_so_both(spot: Spot) -> None:
    early, late = spot.line(spot.place.inspector), spot.line(spot.place.office)
    done = now() - timedelta(hours=5)
    quick = spot.visit()
    assert late.send(quick).status_code == 201
    slow = spot.visit(finished_at=done.isoformat())
    assert early.send(slow).status_code == 201
    for one in (quick, slow):
        page = early.client.get(f"/t/{early.slug}/visits/{one['id']}")
        assert "前后交错" in page.text
    assert "没有信号" in early.client.get(f"/t/{early.slug}/visits/{slow['id']}").text
    alone = spot.visit()
    assert early.send(alone).status_code == 201
    assert "前后交错" not in early.client.get(f"/t/{early.slug}/visits/{alone['id']}").text
    shown = early.client.get(f"/api/v1/t/{early.slug}/visits/{slow['id']}").json
    assert (shown["arrival"], shown["finished_at"] is not None) == ("late", True)


def report(spot: Spot, **more: Any) -> dict[str, Any]:
    return {"kind": "report", "id": str(new_id()), "category": "ENV-LITTER", "site_id": str(spot.place.market)} | more


def test_a_quick_finding_is_taken_once_and_put_right_on_the_spot(spot: Spot) -> None:
    line = spot.line(spot.place.inspector)
    before, after = line.photo(1), line.photo(2)
    assert before == hashlib.sha256(jpeg(seed=1)).hexdigest()
    body = report(spot, photos=[before], fixed=[after], longitude="112.558333", latitude="37.736806")
    first, second = line.send(body), line.send(body)
    assert (first.status_code, second.status_code) == (201, 200), first.text
    assert (first.json["state"], first.json["outcome"]) == ("closed", "on_spot")
    assert line.send(body | {"detail": "别的"}).status_code == 409
    assert line.send(report(spot, photos=[before], fixed=[])).status_code == 422


def test_a_patrol_walked_without_signal(spot: Spot) -> None:
    line, along = spot.line(spot.place.inspector), spot.place.office
    patrol_id, began = str(new_id()), now() - timedelta(hours=2)
    start = {"kind": "patrol_start", "id": patrol_id, "unit_id": str(spot.place.district.street), "route": "一路"}
    start |= {"members": {str(along.person_id): "enforcement"}, "started_at": began.isoformat()}
    assert [line.send(start).status_code for _ in range(2)] == [201, 200]
    assert line.send(start | {"route": "二路"}).status_code == 409
    points = [
        {
            "at": (began + timedelta(minutes=n)).isoformat(),
            "longitude": f"112.55{n}",
            "latitude": "37.73",
            "accuracy": 12,
        }
        for n in range(3)
    ]
    track = {"kind": "patrol_track", "id": str(new_id()), "patrol_id": patrol_id, "points": points}
    assert line.send(track).json["points"] == 3
    assert line.send(track).json["points"] == 0
    more = {
        "kind": "patrol_track",
        "id": str(new_id()),
        "patrol_id": patrol_id,
        "points": [points[0] | {"at": began.isoformat()}],
    }
    assert spot.line(along).send(more).json["points"] == 1, "one track for all who walk along"
    stranger = spot.line(add_actor(spot.wall, spot.place.ref, "inspector", spot.place.district.root))
    assert stranger.send(more | {"id": str(new_id())}).status_code == 404
    for strange in (
        {"at": "x"},
        {"at": began.isoformat(), "longitude": "999", "latitude": "1"},
        7,
        {"at": "2026-01-01T00:00:00", "longitude": "1", "latitude": "1"},
    ):
        assert line.send(track | {"points": [strange]}).status_code == 422
    found = line.send(report(spot, photos=[line.photo(3)], patrol_id=patrol_id))
    assert found.status_code == 201, found.text
    end = {
        "kind": "patrol_end",
        "id": str(new_id()),
        "patrol_id": patrol_id,
        "ended_at": (began + timedelta(hours=1)).isoformat(),
    }
    assert [line.send(end).status_code for _ in range(2)] == [201, 200]
    with spot.place.district.session(spot.wall) as session:
        patrol = session.scalars(select(Patrol)).one()
        assert [one["person"] for one in patrol.track].count(str(along.person_id)) == 1
        assert len(patrol.track) == 4
        assert patrol.ended_at is not None
        assert abs(patrol.ended_at - patrol.started_at - timedelta(hours=1)) < timedelta(seconds=30)
        assert session.scalars(select(Finding.patrol_id)).all() == [patrol.id]


def test_a_search_finds_by_name_pinyin_and_code_within_reach(spot: Spot) -> None:
    line = spot.line(spot.place.inspector)

    def found(text: str) -> list[str]:
        return [one["id"] for one in line.get("sites", query_string={"q": text}).json["sites"]]

    assert found("便民") == [str(spot.place.market)]
    assert found("没有这样的") == []
    one = line.get(f"sites/{spot.place.market}").json
    assert one["sites"][0]["plan"] in one["plans"]
    assert line.get(f"sites/{uuid.uuid4()}").json["code"] == "not_found"
    assert line.get("bundle?near=112.5,37.7").status_code == 200
    assert line.get("bundle?near=x").status_code == 422
    assert line.get("bundle?near=999,0").status_code == 422


def test_the_liaison_has_no_phone_of_an_inspector(spot: Spot) -> None:
    answer = spot.line(spot.place.liaison).send(spot.visit())
    assert answer.status_code == 403
