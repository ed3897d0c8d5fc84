"""A form sent after the login has ended: a page that says so and leads back, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from core.app import create_app
from core.settings import Settings
from core.work.accounts import find_login, log_out
from core.work.tables import Site
from tenants.db import now
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import add_actor, bare_district, come_in


@pytest.fixture(scope="module")
def app(wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    files: Path = tmp_path_factory.mktemp("files")
    return create_app(Settings(database_url="", secret_key=SECRET, files=files), wall=wall)


def test_a_form_after_the_login_ended_leads_back(app: Flask, wall: Wall) -> None:
    district = bare_district(wall, "甲区")
    clerk = add_actor(wall, district.ref, "hq_office", district.root)
    token, csrf = come_in(wall, clerk)
    client = app.test_client()
    client.set_cookie("sancheng_login", token)
    page = f"/t/{district.ref.slug}/sites/new"
    assert client.get(page).status_code == 200
    with wall.platform() as session:
        login = find_login(session, token, now())
        assert login
        log_out(session, login.user_id)
        session.commit()
    form = {"csrf_token": csrf, "name": "新市场", "unit_id": str(district.street), "types": "produce_market"}
    answer = client.post(page, data=form, headers={"Referer": f"http://localhost{page}"})
    assert answer.status_code == 401
    assert f"/login?next={page}" in answer.get_data(as_text=True)
    assert client.get(page).headers["Location"].startswith("/login?next=")
    with district.session(wall) as session:
        assert session.scalars(select(Site)).all() == []


def test_another_sites_address_is_not_a_way_back(app: Flask, wall: Wall) -> None:
    district = bare_district(wall, "乙区")
    answer = app.test_client().post(
        f"/t/{district.ref.slug}/sites/new", headers={"Referer": "http://elsewhere.example/x"}
    )
    assert answer.status_code == 401
    assert "/login?next=/" in answer.get_data(as_text=True)
    assert "elsewhere" not in answer.get_data(as_text=True)
