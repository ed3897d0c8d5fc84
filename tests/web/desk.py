"""Somebody at a desk or on the road (测试用操作人): logged in to one district's pages, as a browser would be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.work.actors import resolve_actor
from core.work.calendar import local_day
from tenants.access import Actor
from tenants.db import now
from tenants.models import Holding, Post
from tenants.scope import Wall
from tests.factory import SINCE, come_in


@dataclass
class Clerk:
    """A person before the pages of one tenant."""

    client: FlaskClient
    slug: str
    csrf: str

    def ask(self, path: str = "", **more: Any) -> TestResponse:
        return self.client.get(f"/t/{self.slug}/{path}", **more)

    def read(self, path: str = "", status: int = 200) -> str:
        answer = self.ask(path)
        assert answer.status_code == status, (path, answer.status_code)
        return unescape(answer.get_data(as_text=True))

    def send(self, path: str, data: dict[str, Any], status: int) -> tuple[TestResponse, str]:
        answer = self.client.post(f"/t/{self.slug}/{path}", data={"csrf_token": self.csrf} | data)
        page = unescape(answer.get_data(as_text=True))
        assert answer.status_code == status, (path, answer.status_code, content(page)[:1500])
        return answer, page

    def photo(self, body: bytes) -> str:
        said = {"X-CSRF-Token": self.csrf, "Content-Type": "image/jpeg"}
        answer = self.client.post(f"/t/{self.slug}/photos", data=body, headers=said)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.get_json()["sha256"])


def clerk(app: Flask, wall: Wall, actor: Actor, locale: str = "zh") -> Clerk:
    """Log a person in."""
    token, csrf = come_in(wall, actor, locale)
    client = app.test_client()
    client.set_cookie("sancheng_login", token)
    return Clerk(client, actor.tenant.slug, csrf)


def content(page: str) -> str:
    """The text of a page's main part, tags off and blanks folded."""
    main = re.search(r"<main.*?</main>", page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main[0] if main else page)).strip()


def panels(page: str) -> list[str]:
    """The titles of the panels of a page's main part, in their order."""
    main = page[page.index("<main") : page.index("</main>")]
    return [re.sub(r"<span.*", "", one).strip() for one in re.findall(r"<header><h2>(.*?)</h2>", main, re.DOTALL)]


def with_second_post(wall: Wall, actor: Actor, role: str) -> Actor:
    """The same person with one more post at his first unit."""
    with wall.open(actor.tenant.id) as session:
        post = Post(unit_id=actor.duties[0].unit_id, title=role, role=role)
        session.add(post)
        session.flush()
        session.add(Holding(person_id=actor.person_id, post_id=post.id, valid_from=SINCE))
        session.commit()
        found = resolve_actor(session, actor.tenant, actor.person_id, local_day(now()))
        assert found
        return found
