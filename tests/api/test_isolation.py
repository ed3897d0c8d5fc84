"""Two districts beside each other: no canary of the other is ever in an answer, and its ids are as good as none."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.work.tables import Finding, Visit
from tenants.models import Person, Unit
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.api.province import month
from tests.api.shapes import MARK, described
from tests.factory import add_actor
from tests.work.market import Town, send, town
from tests.work.pictures import jpeg

CANARY = "金丝雀"
BODIES: dict[str, dict[str, Any]] = {
    "actions": {"verb": "take"},
    "sites": {"name": "x"},
    "people": {"name": "x"},
}


@pytest.fixture(scope="module")
def other(wall: Wall, client_for) -> dict[str, str]:
    """Ids of everything in a district whose every name is a canary."""
    place = town(wall, CANARY)
    with place.district.session(wall) as session:
        sent = send(session, place, note=CANARY)
        for person in session.scalars(select(Person)):
            person.name = f"{CANARY}{person.name}"
        session.commit()
        finding = session.scalars(select(Finding.id).where(Finding.visit_id == sent.visit.id)).first()
        assert session.scalars(select(Unit.name).where(Unit.id == place.district.root)).one() == CANARY
        assert session.get(Visit, (place.ref.id, sent.visit.id))
    office = client_for(place.office)
    photo = client_for(place.inspector).post("photos", data=jpeg(), content_type="image/jpeg").get_json()["id"]
    published = office.post("publications", json={"campaign": "sanitary_city", "period": month()}).get_json()["id"]
    return {
        "slug": place.ref.slug,
        "site_id": str(place.market),
        "unit_id": str(place.district.root),
        "person_id": str(place.office.person_id),
        "visit_id": str(sent.visit.id),
        "finding_id": str(finding),
        "photo_id": photo,
        "publication_id": published,
        "report_id": published,
        "grant_id": published,
    }


@pytest.fixture(scope="module")
def callers(wall: Wall, client_for) -> tuple[Town, list[Caller]]:
    place = town(wall, "本区")
    administrator = add_actor(wall, place.ref, "administrator", place.district.root)
    people = (administrator, place.office, place.inspector, place.liaison, place.leader)
    return place, [client_for(actor) for actor in people]


def operations(app: Flask) -> list[tuple[str, str]]:
    return [(m, p) for p, item in described(app)["paths"].items() for m in item if m != "parameters"]


def fill(path: str, ids: dict[str, str]) -> str:
    return MARK.sub(lambda found: ids.get(found[1], "civilized_city"), path)


def test_every_route_answers_the_other_like_nothing(app: Flask, callers, other: dict[str, str]) -> None:
    place, asking = callers
    checked = 0
    for method, path in operations(app):
        body = BODIES.get(path.rsplit("/", 1)[1], {})
        more: dict[str, Any] = {"headers": {"If-Match": '"v1"'}}
        if method in ("post", "patch"):
            more["json"] = body
        nowhere = {name: str(uuid.uuid4()) for name in other} | {"slug": "nowhere"}
        own_slug = {"slug": place.ref.slug}
        for caller in asking:
            pairs = [(fill(path, other), fill(path, nowhere))]
            if len(MARK.findall(path)) > 1:
                pairs.append((fill(path, other | own_slug), fill(path, nowhere | own_slug)))
            for theirs, none in pairs:
                made, unknown = caller.ask(method.upper(), theirs, **more), caller.ask(method.upper(), none, **more)
                assert (made.status_code, made.data) == (unknown.status_code, unknown.data), theirs
                assert CANARY not in made.text
                checked += 1
            if "/t/{slug}" in path:
                assert caller.ask(method.upper(), fill(path, other), **more).status_code == 404, path
    assert checked > 250


def test_no_filter_reaches_the_other(callers, other: dict[str, str]) -> None:
    _, asking = callers
    for caller in asking[:2]:
        for query in (
            f"sites?unit_id={other['unit_id']}",
            f"visits?site_id={other['site_id']}",
            f"visits?unit_id={other['unit_id']}",
            f"visits?person_id={other['person_id']}",
            f"findings?site_id={other['site_id']}",
            f"findings?unit_id={other['unit_id']}",
            f"people?unit_id={other['unit_id']}",
            f"audit?object_id={other['visit_id']}",
            f"sites?q={CANARY}",
            f"findings?q={CANARY}",
            f"people?q={CANARY}",
            f"rankings?campaign=sanitary_city&unit_id={other['unit_id']}",
        ):
            made = caller.get(query)
            assert made.status_code in (200, 403)
            assert made.status_code == 403 or made.get_json()["items"] == [], query


def test_bodies_cannot_name_the_other(callers, wall: Wall, other: dict[str, str]) -> None:
    place, (_, office, inspector, *_) = callers
    visit = {"id": str(uuid.uuid4()), "site_id": other["site_id"], "answers": {"toilet_clean": {"rating": 3}}}
    assert inspector.post("visits", json=visit).status_code == 404
    site = {"name": "x", "unit_id": other["unit_id"], "types": ["produce_market"]}
    foreign = office.post("sites", json=site)
    unknown = office.post("sites", json=site | {"unit_id": (nobody := str(uuid.uuid4()))})
    assert foreign.status_code == unknown.status_code == 422
    assert foreign.text.replace(other["unit_id"], "") == unknown.text.replace(nobody, "")
    own = office.ask("PATCH", f"sites/{place.market}", json={"operator_unit_id": other["unit_id"]})
    assert (own.status_code, own.get_json()["faults"][0]["field"]) == (422, "operator_unit_id")
    with place.district.session(wall) as session:
        sent = send(session, place)
        session.commit()
        finding = session.scalars(select(Finding.id).where(Finding.visit_id == sent.visit.id)).first()
    body = {"verb": "answer", "photos": [other["photo_id"]]}
    made = office.post(f"findings/{finding}/actions", json=body, headers={"If-Match": '"v1"'})
    assert made.status_code in (403, 422)


def test_a_key_opens_one_door(callers, other: dict[str, str]) -> None:
    _, asking = callers
    for caller in asking:
        assert caller.get(f"/api/v1/t/{other['slug']}/units").status_code == 404
        revoked = Caller(caller.app, caller.slug, caller.token + "x")
        assert revoked.get("units").status_code == 401
