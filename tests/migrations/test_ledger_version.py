"""0002 under people's rows: old findings get their clocks, campaigns and parts; stepping back keeps what 0001 can keep."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

import migrations
from core.database import downgrade, upgrade
from core.databases import Urls, create_database, drop_database
from tenants.db import new_id
from tenants.scope import Wall
from tests.conftest import SECRET

HEAD = (Path(migrations.__file__).parent / ".current-head").read_text().strip()
OPENED = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
STATES = ("dispatched", "answered", "closed")


@pytest.fixture
def old(server: Urls) -> Iterator[Urls]:
    name = f"migrate_{uuid.uuid4().hex[:10]}"
    create_database(server.superuser, name)
    urls = server.for_database(name)
    upgrade(urls.owner, SECRET, revision="0001")
    yield urls
    drop_database(server.superuser, name)


def settle(wall: Wall, slug: str) -> int:
    """A tenant with one finding in each old state, written as 0001 knows them."""
    with wall.platform() as session:
        tenant = session.scalar(
            text(
                "INSERT INTO tenant (slug, kind, name, pinyin, state, is_demo, created_at) "
                "VALUES (:slug, 'district', '旧区', 'jiuqu', 'active', false, :at) RETURNING id"
            ),
            {"slug": slug, "at": OPENED},
        )
        session.commit()
    unit, site, person, visit = (new_id() for _ in range(4))
    key = {"t": tenant, "unit": unit, "site": site, "person": person, "visit": visit, "at": OPENED}
    with wall.open(tenant) as session:
        for statement in (
            (
                "INSERT INTO unit (tenant_id, id, tree, kind, name, pinyin, valid_from) "
                "VALUES (:t, :unit, 'administration', 'district', '旧区', '', '2020-01-01')"
            ),
            (
                "INSERT INTO person (tenant_id, id, name, pinyin, phone, state, created_at) "
                "VALUES (:t, :person, '演示人', '', '', 'active', :at)"
            ),
            (
                "INSERT INTO site (tenant_id, id, name, pinyin, address, unit_id, attrs, state, created_at) "
                "VALUES (:t, :site, '旧点位', '', '', :unit, '{}', 'active', :at)"
            ),
            (
                "INSERT INTO visit (tenant_id, id, site_id, unit_id, person_id, basis, day, submitted_at, note, body_sha256, "
                "summary) VALUES (:t, :visit, :site, :unit, :person, 'self', '2026-11-19', :at, '', '', '{}')"
            ),
        ):
            session.execute(text(statement), key)
        for state in STATES:
            row = key | {"f": new_id(), "state": state}
            for statement in (
                (
                    "INSERT INTO finding (tenant_id, id, site_id, unit_id, visit_id, question, category, title, title_en, detail, "
                    "state, version, key_item, working_days, opened_at, due_at, reopened, changed_at) VALUES (:t, :f, :site, "
                    ":unit, :visit, '', 'ENV-LITTER', '旧问题', '', '', :state, 1, false, 3, :at, :at, 0, :at)"
                ),
                (
                    'INSERT INTO part (tenant_id, finding_id, kind, unit_id, "leading") VALUES (:t, :f, '
                    "'line', :unit, true)"
                ),
                (
                    "INSERT INTO finding_item (tenant_id, finding_id, campaign, form, item, lost) "
                    "VALUES (:t, :f, 'sanitary_city', 'MKT', 'a', 1), (:t, :f, 'sanitary_city', 'MKT', 'b', 1), "
                    "(:t, :f, 'food_safety_city', 'MKT', 'c', 1)"
                ),
                (
                    "INSERT INTO finding_event (tenant_id, finding_id, version, id, at, verb, to_state, person_name, unit_name, "
                    "note, detail) VALUES (:t, :f, 1, :f, :at, 'open', :state, '', '', '', '{}')"
                ),
            ):
                session.execute(text(statement), row)
        session.commit()
    return int(tenant)


def test_old_rows_get_what_the_new_columns_say(old: Urls) -> None:
    wall = Wall(old.app, SECRET)
    tenants = [settle(wall, f"old{n}") for n in range(2)]
    wall.dispose()
    assert upgrade(old.owner, SECRET, revision="0002") == "0002"
    wall = Wall(old.app, SECRET)
    for tenant in tenants:
        with wall.open(tenant) as session:
            found = session.execute(
                text(
                    "SELECT state, clock_from, clock_seconds, limit_seconds, basis, source FROM finding ORDER BY state"
                )
            ).all()
            assert [tuple(row) for row in found] == [
                (state, OPENED, 3 * 86_400, 3 * 86_400, "self", "visit") for state in sorted(STATES)
            ]
            parts = dict(
                session.execute(
                    text('SELECT f.state, p.state FROM part p JOIN finding f ON f.id = p.finding_id AND p."leading"')
                ).all()
            )
            assert parts == {"dispatched": "open", "answered": "done", "closed": "done"}
            assert session.scalar(text("SELECT count(*) FROM finding_campaign")) == 2 * len(STATES)
    wall.dispose()


def test_stepping_back_keeps_what_the_old_version_can_keep(old: Urls) -> None:
    wall = Wall(old.app, SECRET)
    tenant = settle(wall, "back")
    upgrade(old.owner, SECRET)
    with wall.open(tenant) as session:
        session.execute(text("UPDATE finding SET state = 'returned' WHERE state = 'dispatched'"))
        session.execute(text("UPDATE finding SET state = 'stable' WHERE state = 'closed'"))
        session.execute(text("UPDATE finding SET state = 'parked', site_id = NULL WHERE state = 'answered'"))
        session.commit()
    wall.dispose()
    downgrade(old.owner, "0001")
    with wall.open(tenant) as session:
        # The one without a site is nothing that 0001 could keep.
        assert sorted(session.scalars(text("SELECT state FROM finding"))) == ["closed", "dispatched"]
        assert session.scalar(text("SELECT count(*) FROM finding_event")) == 2
    wall.dispose()
    assert upgrade(old.owner, SECRET) == HEAD
