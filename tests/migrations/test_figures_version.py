"""0003 under people's rows: papers that went to one unit get it as their addressee, and stepping back keeps the papers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.database import downgrade, upgrade
from core.databases import Urls, create_database, drop_database
from tenants.db import new_id
from tenants.scope import Wall
from tests.conftest import SECRET

AT = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=2)
LIVES = {"issued": ("issued",), "signed": ("issued", "read", "signed"), "replied": ("issued", "replied")}


@pytest.fixture
def old(server: Urls) -> Iterator[Urls]:
    name = f"migrate_{uuid.uuid4().hex[:10]}"
    create_database(server.superuser, name)
    urls = server.for_database(name)
    upgrade(urls.owner, SECRET, revision="0002")
    yield urls
    drop_database(server.superuser, name)


def settle(wall: Wall, slug: str) -> int:
    """A tenant with one paper in each of some states, written as 0002 knows them."""
    with wall.platform() as session:
        tenant = session.scalar(
            text(
                "INSERT INTO tenant (slug, kind, name, pinyin, state, is_demo, created_at) "
                "VALUES (:slug, 'district', '旧区', 'jiuqu', 'active', false, :at) RETURNING id"
            ),
            {"slug": slug, "at": AT},
        )
        session.commit()
    unit = new_id()
    with wall.open(tenant) as session:
        session.execute(
            text(
                "INSERT INTO unit (tenant_id, id, tree, kind, name, pinyin, valid_from) "
                "VALUES (:t, :unit, 'administration', 'district', '旧区', '', '2020-01-01')"
            ),
            {"t": tenant, "unit": unit},
        )
        for serial, (state, life) in enumerate(LIVES.items(), 1):
            row = {"t": tenant, "unit": unit, "id": new_id(), "s": serial, "state": state, "at": AT, "v": len(life)}
            session.execute(
                text(
                    "INSERT INTO notice (tenant_id, id, kind, year, serial, number, unit_id, unit_name, title, demand, clause, "
                    "state, version, restricted, issuer, issued_by, issued_at, changed_at) VALUES (:t, :id, 'circular', 2026, "
                    ":s, 'n', :unit, '旧名', '题', '', '', :state, :v, false, '', '', :at, :at)"
                ),
                row,
            )
            for version, to in enumerate(life, 1):
                line = row | {"version": version, "to": to, "event": new_id(), "at": AT if version == 1 else LATER}
                session.execute(
                    text(
                        "INSERT INTO notice_event (tenant_id, notice_id, version, id, at, verb, to_state, person_name, "
                        "unit_name, note, photos) VALUES (:t, :id, :version, :event, :at, 'x', :to, '', '', '', '[]')"
                    ),
                    line,
                )
        session.commit()
    return int(tenant)


def test_old_papers_get_their_addressee_and_keep_it_back_and_forth(old: Urls) -> None:
    wall = Wall(old.app, SECRET)
    tenants = [settle(wall, f"old{n}") for n in range(2)]
    wall.dispose()
    for _ in range(2):
        upgrade(old.owner, SECRET, revision="0003")
        wall = Wall(old.app, SECRET)
        for tenant in tenants:
            with wall.open(tenant) as session:
                found = session.execute(
                    text(
                        "SELECT a.state, a.position, a.unit_name, a.version, a.read_at, a.signed_at, a.replied_at "
                        "FROM notice_addressee a JOIN notice n ON n.id = a.notice_id AND n.unit_id = a.unit_id ORDER BY n.serial"
                    )
                ).all()
                assert [tuple(row) for row in found] == [
                    ("issued", 1, "旧名", 1, None, None, None),
                    ("signed", 1, "旧名", 3, LATER, LATER, None),
                    ("replied", 1, "旧名", 2, LATER, LATER, LATER),
                ]
        wall.dispose()
        downgrade(old.owner, "0002")
        wall = Wall(old.app, SECRET)
        with wall.open(tenants[0]) as session:
            assert session.scalar(text("SELECT count(*) FROM notice")) == len(LIVES)
        wall.dispose()
