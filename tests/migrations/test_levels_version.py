"""0004 under people's rows: a district keeps its city, and stepping back is refused while a province stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from core.database import current, downgrade, upgrade
from core.databases import Urls, create_database, drop_database
from tenants.scope import Wall
from tests.conftest import SECRET

AT = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)


@pytest.fixture
def old(server: Urls) -> Iterator[Urls]:
    name = f"migrate_{uuid.uuid4().hex[:10]}"
    create_database(server.superuser, name)
    urls = server.for_database(name)
    upgrade(urls.owner, SECRET, revision="0003")
    yield urls
    drop_database(server.superuser, name)


def add(urls: Urls, slug: str, kind: str, column: str, upper: int | None = None) -> int:
    """A tenant, written as a version knows it."""
    wall = Wall(urls.app, SECRET)
    with wall.platform() as session:
        statement = (
            f"INSERT INTO tenant (slug, kind, name, pinyin, state, is_demo, created_at, {column}) "
            "VALUES (:slug, :kind, :slug, '', 'active', false, :at, :upper) RETURNING id"
        )
        made = session.scalar(text(statement), {"slug": slug, "kind": kind, "at": AT, "upper": upper})
        session.commit()
    wall.dispose()
    return int(made)


def read(urls: Urls, column: str) -> dict[str, tuple[str, int | None]]:
    wall = Wall(urls.app, SECRET)
    with wall.platform() as session:
        rows = session.execute(text(f"SELECT slug, kind, {column} FROM tenant")).all()
    wall.dispose()
    return {slug: (kind, upper) for slug, kind, upper in rows}


def test_a_district_keeps_its_city_back_and_forth(old: Urls) -> None:
    city = add(old, "1403", "city", "city_id")
    add(old, "140302", "district", "city_id", city)
    for _ in range(2):
        upgrade(old.owner, SECRET)
        assert read(old, "upper_id") == {"1403": ("city", None), "140302": ("district", city)}
        downgrade(old.owner, "0003")
        assert read(old, "city_id") == {"1403": ("city", None), "140302": ("district", city)}


@pytest.mark.parametrize(("slug", "kind"), [("14", "province"), ("nation", "nation")])
def test_stepping_back_is_refused_while_a_province_or_nation_stands(old: Urls, slug: str, kind: str) -> None:
    upgrade(old.owner, SECRET)
    newest = current(old.owner)
    city = add(old, "1403", "city", "upper_id", add(old, slug, kind, "upper_id"))
    with pytest.raises(RuntimeError, match=slug):
        downgrade(old.owner, "0003")
    assert current(old.owner) == newest
    assert read(old, "upper_id")["1403"] == ("city", city - 1)
