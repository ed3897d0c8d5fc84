"""A stage for the pages of scores: the real application, districts with records of last month, people who log in."""

from __future__ import annotations

import csv
import io
import re
import uuid
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.figures.periods import Period, containing
from core.work.accounts import create_user
from core.work.calendar import local_day
from core.work.duties.posts import add_person_with_post
from core.work.invitations import join
from tenants.access import TenantRef
from tenants.db import now
from tenants.scope import Wall

TODAY = local_day(now())
MONTH: Period = containing("month", TODAY).previous
PASSWORD = "a password of the tests"


class Reader:
    """A browser of one person: keeps cookies, carries the form's word, reads pages as text."""

    def __init__(self, app: Flask, login: str) -> None:
        self.client: FlaskClient = app.test_client()
        answer = self.client.post("/login", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/account").get_data(as_text=True))
        assert found
        self.csrf = found.group(1)

    def ask(self, path: str, status: int = 200) -> TestResponse:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[-1500:])
        return answer

    def get(self, path: str, status: int = 200) -> str:
        return self.ask(path, status).get_data(as_text=True)

    def json(self, path: str) -> dict[str, object]:
        found = self.ask(path).get_json()
        assert isinstance(found, dict)
        return found

    def lines(self, path: str) -> list[list[str]]:
        return cells_of(self.get(path))

    def post(self, path: str, status: int = 303, **data: object) -> TestResponse:
        answer = self.client.post(path, data={"csrf_token": self.csrf} | data)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[-1500:])
        return answer


def cells_of(text: str) -> list[list[str]]:
    """A CSV answer as rows; it begins with a byte order mark."""
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def plain(page: str) -> str:
    """A page's words without its tags and idle space."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def seat(app: Flask, wall: Wall, ref: TenantRef, role: str, unit: UUID) -> Reader:
    """A person with one post of a role at a unit, logged in."""
    login = f"u{uuid.uuid4().hex[:10]}"
    with wall.open(ref.id) as session:
        person = add_person_with_post(
            session, None, name=f"测试{login[:6]}", unit_id=unit, role=role, title="", today=TODAY
        )
        session.commit()
        person_id = person.id
    with wall.platform() as platform:
        user = create_user(platform, login=login, name=login, password=PASSWORD)
        join(platform, ref.id, user, person_id)
        platform.commit()
    return Reader(app, login)
