"""Refusals: one shape, the right status and headers, in the reader's language, and never a trace of what exists."""

from __future__ import annotations

import json
import uuid

import pytest
from flask import Flask

from core.request import COOKIE
from core.work.accounts import create_user, find_login, open_login
from core.work.invitations import join
from core.work.places import site_lists
from tenants.db import now
from tenants.scope import Wall
from tests.api.shapes import check_answer
from tests.work.market import Town, town


def ask(app: Flask, method: str, path: str, **more):
    made = app.test_client().open(path, method=method, **more)
    check_answer(app, method, made)
    return made


def test_nobody_is_asked_to_log_in(app: Flask, place: Town) -> None:
    for headers in ({}, {"Authorization": "Bearer sc_x_wrong"}, {"Authorization": "Basic eDp5"}):
        made = ask(app, "GET", f"/api/v1/t/{place.ref.slug}/sites", headers=headers)
        assert made.status_code == 401
        assert made.headers["WWW-Authenticate"].startswith("Bearer")
        assert made.get_json()["code"] == "login_needed"


def test_foreign_unknown_and_out_of_kind_are_the_same_404(app: Flask, client_for, place: Town, wall: Wall) -> None:
    other = town(wall)
    caller = client_for(place.office)
    answers = [
        caller.get(path)
        for path in (
            f"/api/v1/t/{other.ref.slug}/sites",
            "/api/v1/t/nowhere/sites",
            f"/api/v1/t/{other.ref.slug}/sites/{other.market}",
            f"sites/{other.market}",
            f"sites/{uuid.uuid4()}",
            "sites/not-an-id",
            "no-such-room",
            "/api/v1/nothing",
            f"/api/v1/c/{place.ref.slug}/comparison",
            "campaigns/../../etc/passwd",
            "figures/no_such_campaign",
            "forms/civilized_city/NO-SUCH",
        )
    ]
    assert {made.status_code for made in answers} == {404}
    assert len({made.data for made in answers}) == 1
    kept = [{k: v for k, v in made.headers.items() if k not in {"X-Request-Id", "Date"}} for made in answers]
    assert all(one == kept[0] for one in kept)


def test_a_wrong_method_names_those_that_work(client_for, place: Town) -> None:
    made = client_for(place.office).ask("PUT", "sites")
    assert made.status_code == 405
    assert {"GET", "POST"} <= {word.strip() for word in made.headers["Allow"].split(",")}
    assert made.get_json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b'{"name": ', "application/json", 400, "unreadable"),
        (b'{"name": NaN}', "application/json", 400, "unreadable"),
        (b'{"name": "\\ud800"}', "application/json", 400, "unreadable"),
        (b"\xff\xfe", "application/json", 400, "unreadable"),
        (b"[" * 5000, "application/json", 400, "unreadable"),
        (b'{"attrs": ' + b"[" * 990 + b"]" * 990 + b"}", "application/json", 400, "unreadable"),
        (b'{"name": "x"}', "text/plain", 415, "wrong_media"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "wrong_media"),
        (b"[]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b'{"name": "a\\u0000b"}', "application/json", 422, "invalid"),
        (b"", "application/json", 422, "invalid"),
        (b" " * (2 * 1024 * 1024 + 1), "application/json", 413, "too_large"),
    ],
)
def test_a_body_that_cannot_be_read(client_for, place: Town, body: bytes, kind: str, status: int, code: str) -> None:
    made = client_for(place.office).post("sites", data=body, content_type=kind)
    assert (made.status_code, made.get_json()["code"]) == (status, code), made.text


def test_faults_name_field_value_and_remedy(client_for, place: Town) -> None:
    body = {"name": 3, "unit_id": "x", "types": "produce_market", "height": 1, "state": "gone", "longitude": 112.5}
    made = client_for(place.office).post("sites", json=body)
    assert made.status_code == 422
    faults = {fault["field"]: fault for fault in made.get_json()["faults"]}
    assert set(faults) == {"name", "unit_id", "types", "height", "state", "longitude"}
    assert faults["unit_id"] == {"field": "unit_id", "message": "应为 UUID", "value": "x"}
    assert faults["state"]["remedy"] == "可选：active、closed"
    assert faults["longitude"]["value"] == "112.5"


def test_refusals_follow_the_readers_language(client_for, place: Town) -> None:
    caller = client_for(place.office)
    caller.locale = "en-GB,en;q=0.9"
    made = caller.post("sites", json={"name": "x"})
    assert made.headers["Content-Language"] == "en"
    assert "Accept-Language" in made.headers["Vary"]
    caller.locale = "zh-CN"
    assert caller.post("sites", json={"name": "x"}).headers["Content-Language"] == "zh"


def test_what_a_post_does_not_allow_is_forbidden(client_for, place: Town) -> None:
    made = client_for(place.leader).post("sites", json={"name": "x"})
    assert made.status_code == 403
    assert client_for(place.inspector).get("audit").status_code == 403
    assert client_for(place.inspector).get("grants").status_code == 403


def test_what_breaks_is_logged_and_not_shown(
    client_for, place: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the machine room")

    monkeypatch.setattr(site_lists, "list_sites", broken)
    caller = client_for(place.office)
    made = caller.app.test_client().get(caller.path("sites"), headers={"Authorization": f"Bearer {caller.token}"})
    assert made.status_code == 500
    assert made.mimetype == "application/problem+json"
    assert made.get_json()["code"] == "broken"
    assert "secret" not in made.text
    assert made.headers["X-Request-Id"] in caplog.text


def test_pages_still_speak_html(app: Flask) -> None:
    made = app.test_client().get("/no-such-page")
    assert made.status_code == 404
    assert made.mimetype == "text/html"


def test_a_browser_needs_its_word_to_change_something(app: Flask, place: Town, wall: Wall) -> None:
    with wall.platform() as session:
        user = create_user(session, login=f"u{uuid.uuid4().hex[:8]}", name="测试", password="a long password")
        join(session, place.ref.id, user, place.office.person_id)
        token = open_login(session, user, device="", now=now())
        session.commit()
    client = app.test_client()
    client.set_cookie(COOKIE, token)
    address = f"/api/v1/t/{place.ref.slug}/sites"
    assert client.get(address).status_code == 200
    refused = client.post(address, json={})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "forged_form")
    assert refused.mimetype == "application/problem+json"
    with wall.platform() as session:
        known = find_login(session, token, now())
    assert known
    assert client.post(address, json={}, headers={"X-CSRF-Token": known.csrf}).status_code == 422
    assert json.loads(client.post(address, json={}, headers={"X-CSRF-Token": "no"}).data)["code"] == "forged_form"
