"""The administrator's and the operator's pages, walked with the real application on a real database."""

from __future__ import annotations

import ast
import io
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

import core
from core.app import create_app
from core.campaigns.registry import Refusal, installed
from core.databases import Urls
from core.settings import Settings
from core.web.audit_words import KINDS, VERBS
from core.web.words import VERBS as ROLE_VERBS
from core.work.accounts import create_user
from core.work.invitations import find_api_token, join
from core.work.onboarding import create_city, create_district
from core.work.posts import add_person_with_post
from core.work.roles import ROLES
from core.work.tables import Audit, CalendarDay, Site
from tenants.access import TenantRef, root_unit
from tenants.accounts import AppUser, Membership, PlatformEvent, Tenant
from tenants.db import now
from tenants.models import EnabledCampaign, Person, Unit, UnitName, UnitRole
from tenants.scope import Wall
from tests.conftest import SECRET

TODAY = date.today()
PASSWORD = "a password of the tests"


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The product itself, with one plugin that was refused at start."""
    refused = Refusal("broken_city", "sancheng-broken", "ValueError: 缺少文件 campaign.toml")
    registry = replace(installed(), refused=(refused,))
    settings = Settings(urls.app, SECRET, tmp_path_factory.mktemp("files"))
    return create_app(settings, registry=registry, wall=wall)


class Reader:
    """A browser of one person: keeps cookies, carries the form's word, reads pages as text."""

    def __init__(self, app: Flask, login: str) -> None:
        self.client: FlaskClient = app.test_client()
        answer = self.client.post("/login", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        page = self.client.get("/account").get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        self.csrf = found.group(1)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[:400])
        return answer.get_data(as_text=True)

    def post(self, path: str, status: int = 303, **data: object) -> TestResponse:
        answer = self.client.post(path, data={"csrf_token": self.csrf} | data)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[:600])
        return answer

    def follow(self, path: str, **data: object) -> str:
        return self.get(self.post(path, **data).headers["Location"])


class Place:
    """A district with an administrator, onboarded by the product's own function."""

    def __init__(self, app: Flask, wall: Wall, *, city: str | None = None, campaigns: tuple[str, ...] = ()) -> None:
        self.app, self.wall = app, wall
        slug = f"d{uuid.uuid4().hex[:10]}"
        with wall.platform() as platform:
            given = {"name": "试验区", "slug": slug, "today": TODAY, "campaigns": campaigns, "city": city}
            self.ref: TenantRef = create_district(platform, wall.open, **given).tenant
        self.t = f"/t/{slug}"
        self.root = self.ids(select(root_unit_id()))[0]
        self.admin, self.admin_id = self.seat("administrator", self.root)

    def ids(self, chosen: object) -> list[UUID]:
        with self.wall.open(self.ref.id) as session:
            return list(session.scalars(chosen))  # type: ignore[call-overload]

    def seat(self, role: str, unit: UUID, *, operator: bool = False) -> tuple[Reader, UUID]:
        login = f"u{uuid.uuid4().hex[:10]}"
        with self.wall.open(self.ref.id) as session:
            person = add_person_with_post(
                session, None, name=f"测试{login[:6]}", unit_id=unit, role=role, title="", today=TODAY
            )
            session.commit()
            person_id = person.id
        with self.wall.platform() as platform:
            user = create_user(platform, login=login, name=login, password=PASSWORD, is_operator=operator)
            join(platform, self.ref.id, user, person_id)
            platform.commit()
        return Reader(self.app, login), person_id

    def add_unit(self, name: str, kind: str = "community", parent: UUID | None = None) -> UUID:
        self.admin.post(f"{self.t}/units/new", name=name, kind=kind, parent=str(parent or ""))
        return self.ids(select(Unit.id).where(Unit.name == name))[0]


def root_unit_id() -> object:
    return Unit.id.label("id") if False else Unit.__table__.c.id


@pytest.fixture(scope="module")
def place(app: Flask, wall: Wall) -> Place:
    return Place(app, wall)


@pytest.fixture(scope="module")
def operator(app: Flask, wall: Wall) -> Iterator[Reader]:
    yield Place(app, wall).seat("administrator", _root(wall), operator=True)[0]


def _root(wall: Wall) -> UUID:
    raise NotImplementedError
