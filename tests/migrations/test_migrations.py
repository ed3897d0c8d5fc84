"""The numbered versions lead from nothing to what the models say and back, also under people's rows."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

import migrations
from core.database import downgrade, head, lay_key, migration_config, upgrade
from core.databases import Urls, create_database, drop_database
from core.figures import tables as figures
from core.work import tables as work
from tenants import accounts, models
from tenants.db import Base
from tenants.models import Person, Unit
from tenants.scope import Scope, Signer, UnsafeWall, Wall, database_answers
from tests.conftest import SECRET
from tests.factory import bare_tenant
from tests.wall.broken import superuser
from tests.wall.policies import walk_database
from tests.wall.ring import make_ring

ROOMS = (figures, work, accounts, models)
FOLDER = Path(migrations.__file__).parent


@pytest.fixture
def empty(server: Urls) -> Iterator[Urls]:
    name = f"migrate_{uuid.uuid4().hex[:10]}"
    create_database(server.superuser, name)
    yield server.for_database(name)
    drop_database(server.superuser, name)


@pytest.fixture
def owner(empty: Urls) -> Iterator[Engine]:
    upgrade(empty.owner, SECRET)
    engine = create_engine(empty.owner)
    yield engine
    engine.dispose()


def contents(urls: Urls) -> list[str]:
    """Everything of ours that stands in the database: relations, functions, types, schemas, policies."""
    asked = """
      SELECT 'relation ' || n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'jobs')
      UNION ALL SELECT 'function ' || p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('public', 'jobs')
      UNION ALL SELECT 'type ' || t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname IN ('public', 'jobs')
      UNION ALL SELECT 'schema ' || nspname FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
      UNION ALL SELECT 'policy ' || tablename || '.' || policyname FROM pg_policies
      ORDER BY 1"""
    with superuser(urls) as connection:
        return [row[0] for row in connection.execute(asked)]


def test_there_is_one_head_and_the_file_names_it() -> None:
    script = ScriptDirectory.from_config(migration_config())
    assert script.get_heads() == [(FOLDER / ".current-head").read_text().strip()]
    assert script.get_heads() == [head()]


def test_every_version_says_what_it_is_for() -> None:
    for version in ScriptDirectory.from_config(migration_config()).walk_revisions():
        assert version.doc, version.revision
        assert Path(version.path).name.startswith(f"{version.revision}_")


def test_the_models_are_what_the_versions_make(owner: Engine) -> None:
    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return not (kind == "table" and name == "wall_key")

    options = {"compare_type": True, "compare_server_default": True, "include_name": ours}
    with owner.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_every_table_of_ours_is_known_to_the_environment() -> None:
    """A module with tables that ``migrations/env.py`` does not import would never be migrated."""
    code = (FOLDER / "env.py").read_text().partition("connection = ")[0]
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint(*Base.metadata.tables)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=FOLDER.parent,
    )
    written = {
        name
        for room in ("core", "tenants", "plugins")
        for path in (FOLDER.parent / room).rglob("*.py")
        for name in re.findall(r'__tablename__ = "(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert written
    assert set(done.stdout.split()) == written


def test_down_and_up_again(empty: Urls) -> None:
    bare = contents(empty)
    upgrade(empty.owner, SECRET)
    first = contents(empty)
    downgrade(empty.owner, "base")
    assert [name for name in contents(empty) if "alembic_version" not in name] == bare
    upgrade(empty.owner, SECRET)
    assert contents(empty) == first
    assert walk_database(empty.superuser) == []


def test_down_and_up_again_under_rows(empty: Urls) -> None:
    """Two districts have worked, a job waits; nobody's row stops the way down, and the way up gives a working wall."""
    upgrade(empty.owner, SECRET)
    wall = Wall(empty.app, SECRET)
    ring = make_ring(wall, empty)
    with wall.open(ring.mine.id) as session:
        session.execute(text("SELECT enqueue('probe', 'probe', '{}')"))
        session.commit()
    wall.dispose()
    downgrade(empty.owner, "base")
    assert upgrade(empty.owner, SECRET) == head()
    again = Wall(empty.app, SECRET)
    assert make_ring(again, empty).mine.id == 2
    again.dispose()


def test_a_second_upgrade_changes_nothing(empty: Urls) -> None:
    upgrade(empty.owner, SECRET)
    wall = Wall(empty.app, SECRET)
    ref = bare_tenant(wall)
    before = contents(empty)
    assert upgrade(empty.owner, SECRET) == head()
    assert contents(empty) == before
    with wall.platform() as session:
        assert session.scalar(text("SELECT count(*) FROM tenant WHERE slug = :s"), {"s": ref.slug}) == 1
    wall.dispose()


def test_two_upgrades_at_once_make_one(empty: Urls) -> None:
    """Two machines start a new release at the same moment: one migrates, the other waits and finds it done."""
    code = "import sys; from core.database import upgrade; print(upgrade(sys.argv[1], sys.argv[2]))"
    command = [sys.executable, "-c", code, empty.owner, SECRET]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=FOLDER.parent)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert [out.strip() for out, _ in told] == [head()] * 2
    assert walk_database(empty.superuser) == []


def test_an_upgrade_that_fails_leaves_nothing(empty: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    """All versions and the key are one transaction: a half-migrated database does not exist."""
    before = contents(empty)

    def fail(*_: object) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr("core.database.lay_key", fail)
    with pytest.raises(RuntimeError, match="stops here"):
        upgrade(empty.owner, SECRET)
    assert contents(empty) == before


def test_a_new_secret_lays_a_new_key(empty: Urls) -> None:
    upgrade(empty.owner, SECRET)
    upgrade(empty.owner, "another secret")
    new, old = Wall(empty.app, "another secret"), Wall(empty.app, SECRET)
    assert database_answers(new)
    with pytest.raises(UnsafeWall):
        database_answers(old)
    new.dispose()
    old.dispose()


def test_the_key_is_laid_once(owner: Engine) -> None:
    with owner.begin() as connection:
        lay_key(connection, SECRET)
        rows = connection.execute(text("SELECT inner_pad, outer_pad FROM wall_key")).all()
    assert [tuple(map(bytes, row)) for row in rows] == [Signer(SECRET).pads()]


def test_the_owner_touches_nothing_without_a_scope(empty: Urls, owner: Engine) -> None:
    """The trap for data migrations: under FORCE the owner's own UPDATE succeeds, and changes no row."""
    wall = Wall(empty.app, SECRET)
    refs = [bare_tenant(wall), bare_tenant(wall)]
    for ref in refs:
        with wall.open(ref.id) as session:
            session.add(Unit(kind="district", name="旧名", valid_from=date(2026, 1, 1)))
            session.add(Person(name="旧名"))
            session.commit()
    wall.dispose()
    rename = text("UPDATE unit SET name = '新名'")
    with owner.begin() as connection:
        assert connection.execute(rename).rowcount == 0
    changed = 0
    for ref in refs:
        # The way that works: one scope a tenant, and the count asserted.
        with owner.begin() as connection:
            value = {"v": Signer(SECRET).sign(Scope(ref.id))}
            connection.execute(text("SELECT set_config('app.scope', :v, true)"), value)
            changed += connection.execute(rename).rowcount
    assert changed == len(refs)


def test_alembic_keeps_one_version_table(owner: Engine) -> None:
    names = inspect(owner).get_table_names()
    assert [name for name in names if "version" in name] == ["alembic_version"]
