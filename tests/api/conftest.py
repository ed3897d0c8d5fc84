"""The API's tests (接口测试): the real application on a real database, asked with real keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from core.work.invitations import make_api_token
from tenants.access import Actor
from tenants.scope import Wall
from tests.api.province import Province, province
from tests.api.shapes import check_answer
from tests.conftest import SECRET
from tests.work.market import Town, town


@dataclass
class Caller:
    """One machine with one person's key; every answer is checked against the description that is served."""

    app: Flask
    slug: str
    token: str
    kind: str = "district"
    locale: str = "zh"

    def path(self, said: str) -> str:
        return said if said.startswith("/") else f"/api/v1/{'c' if self.kind == 'city' else 't'}/{self.slug}/{said}"

    def ask(self, method: str, said: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": self.locale} | more.pop("headers", {})
        made = self.app.test_client().open(self.path(said), method=method, headers=headers, **more)
        check_answer(self.app, method, made)
        return made

    def get(self, said: str, **more: Any) -> TestResponse:
        return self.ask("GET", said, **more)

    def post(self, said: str, **more: Any) -> TestResponse:
        return self.ask("POST", said, **more)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="session")
def app(urls: Urls, wall: Wall, files: Path) -> Flask:
    return create_app(Settings(urls.app, SECRET, files), wall=wall)


@pytest.fixture(scope="session")
def client_for(app: Flask, wall: Wall) -> Callable[[Actor], Caller]:
    """A caller with a fresh key for an actor."""

    def make(actor: Actor) -> Caller:
        with wall.open(actor.tenant.id) as session:
            token = make_api_token(session, None, actor.tenant.slug, actor.person_id, name="测试")
            session.commit()
        return Caller(app, actor.tenant.slug, token, actor.tenant.kind)

    return make


@pytest.fixture(scope="session")
def place(wall: Wall) -> Town:
    """The district that reading tests share; who changes something makes his own."""
    return town(wall)


@pytest.fixture(scope="session")
def land(wall: Wall) -> Province:
    """A city with two districts; tests that publish make their own."""
    return province(wall)
