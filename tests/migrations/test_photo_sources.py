"""0005 under people's photos: what was kept until now had been read in the bytes, and a step back keeps time and place."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from core.database import downgrade, upgrade
from core.databases import Urls, create_database, drop_database
from tenants.scope import Wall
from tests.conftest import SECRET

AT = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
FILE = """INSERT INTO file (tenant_id, id, original_sha256, sha256, media_type, size, width, height, person_id, created_at,
  taken_at, longitude, latitude) VALUES (:t, :id, :sha, :sha, 'image/jpeg', 1, 1, 1, :p, :at, :taken, :x, :y)"""


@pytest.fixture
def old(server: Urls) -> Iterator[Urls]:
    name = f"migrate_{uuid.uuid4().hex[:10]}"
    create_database(server.superuser, name)
    urls = server.for_database(name)
    upgrade(urls.owner, SECRET, revision="0004")
    yield urls
    drop_database(server.superuser, name)


def add_photos(urls: Urls) -> int:
    """A district with one photo that says all, one that says when, one that says nothing; named by what they say."""
    wall = Wall(urls.app, SECRET)
    with wall.platform() as session:
        told = {"slug": "t1", "at": AT}
        tenant = session.scalar(
            text(
                "INSERT INTO tenant (slug, kind, name, pinyin, state, is_demo, created_at)"
                " VALUES (:slug, 'district', :slug, '', 'active', false, :at) RETURNING id"
            ),
            told,
        )
        session.commit()
    with wall.open(tenant) as session:
        person = uuid.uuid4()
        session.execute(
            text(
                "INSERT INTO person (tenant_id, id, name, pinyin, phone, state, created_at)"
                " VALUES (:t, :p, '演示', 'yanshi', '', 'active', :at)"
            ),
            {"t": tenant, "p": person, "at": AT},
        )
        for sha, taken, x, y in (("all", AT, 112, 37), ("when", AT, None, None), ("nothing", None, None, None)):
            row = {"t": tenant, "id": uuid.uuid4(), "sha": sha, "p": person, "at": AT, "taken": taken, "x": x, "y": y}
            session.execute(text(FILE), row)
        session.commit()
    wall.dispose()
    return int(tenant)


def read(urls: Urls, tenant: int, columns: str) -> dict[str, tuple[object, ...]]:
    wall = Wall(urls.app, SECRET)
    with wall.open(tenant) as session:
        rows = session.execute(text(f"SELECT sha256, {columns} FROM file")).all()
    wall.dispose()
    return {row[0]: tuple(row[1:]) for row in rows}


def test_photos_of_before_say_who_read_them_and_keep_their_time_and_place(old: Urls) -> None:
    tenant = add_photos(old)
    before = read(old, tenant, "taken_at, longitude, latitude")
    for _ in range(2):
        upgrade(old.owner, SECRET)
        sources = {"all": ("exif", "exif"), "when": ("exif", ""), "nothing": ("", "")}
        assert read(old, tenant, "time_source, place_source") == sources
        assert set(read(old, tenant, "device_at, device_longitude, device_skew_seconds").values()) == {
            (None, None, None)
        }
        downgrade(old.owner, "0004")
        assert read(old, tenant, "taken_at, longitude, latitude") == before
