"""Every test runs on a real PostgreSQL with the migrated schema; each makes its own tenants and commits for real."""

from __future__ import annotations

import gc
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from core.database import upgrade
from core.databases import Urls, clone, create_database, drop_database
from core.embedded import EmbeddedServer
from core.instance import Instance
from core.work import passwords
from tenants.scope import Wall

SECRET = "a secret of the tests"


class Compiled(BytecodeCache):
    """The templates that this process has compiled, for the many applications that its tests make (模板缓存)."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self.kept.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
gc.set_threshold(100_000, 50, 100)  # applications by the hundred are no rubbish: a twentieth of the time [measured]
# Files that take a while, the longest first: pytest-xdist hands out whole files (--dist loadfile) in the order of
# collection, and one of these begun last would leave the other workers idle until it ends. Names are prefixes.
LONG = (
    "tests/browser/test_axe",
    "tests/routes/test_leaks_to_offices",
    "tests/routes/test_leaks_to_outsiders",
    "tests/routes/test_secrecy",
    "tests/web/test_restricted_pages",
    "tests/work/test_state_machine",
    "tests/routes/test_leaks",
    "tests/texts/test_rendered",
    "tests/api/test_hostile",
    "tests/demo",
    "tests/browser",
    "tests/work/test_histories",
    "tests/work/test_whistles",
    "tests/web/test_menu",
    "tests/work/test_races",
    "tests/migrations",
)
# The longest sweeps run in full where somebody waits for no answer (.ci/run), and in part in `make test` on two cores.
WHOLE = os.environ.get("SANCHENG_TEST_WHOLE") == "1"
# Statistics are kept fresh: tables grow from nothing within minutes here, and a plan for an empty one reads all of it.
QUICK = {"fsync": "off", "synchronous_commit": "off", "max_connections": "120", "autovacuum_naptime": "15s"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; all else keeps its order (the sort is stable)."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG)))


@pytest.fixture(autouse=True)
def _no_outside_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "localhost", "::1")):
            raise AssertionError(f"a test reached for the outside world: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hash passwords at the lowest price: a processor's tenth of a second for each is for thieves, not for tests.

    What the product hashes with is the matter of test_accounts.
    """
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("nobody's password"))
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    """A database server: the one named by SANCHENG_TEST_SUPERUSER_URL, else an embedded one of our own.

    SANCHENG_TEST_PG_BIN points the embedded one at other binaries, such as Debian's PostgreSQL 15.
    """
    given = os.environ.get("SANCHENG_TEST_SUPERUSER_URL")
    if given:

        def role(name: str) -> str:
            return given.replace("//postgres@", f"//{name}@")

        yield Urls(app=role("sancheng_app"), owner=role("sancheng_owner"), jobs=role("sancheng_jobs"), superuser=given)
        return
    binaries = os.environ.get("SANCHENG_TEST_PG_BIN")
    folder = (
        tmp_path_factory.mktemp("pg") if os.geteuid() else Path("/var/lib") / f"sancheng-test-{uuid.uuid4().hex[:8]}"
    )
    embedded = EmbeddedServer(Instance.at(folder), binaries=Path(binaries) if binaries else None, settings=QUICK)
    try:
        yield embedded.start()
    finally:
        embedded.stop()
        if not os.geteuid():
            import shutil

            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: Urls) -> Iterator[str]:
    """An empty, migrated database to clone where a test needs an installation of its own."""
    name = f"template_{uuid.uuid4().hex[:10]}"
    create_database(server.superuser, name)
    upgrade(server.for_database(name).owner, SECRET)
    yield name
    drop_database(server.superuser, name)


@pytest.fixture(scope="session")
def urls(server: Urls, template: str) -> Iterator[Urls]:
    """The migrated database that the tests of one worker share."""
    name = f"test_{uuid.uuid4().hex[:10]}"
    clone(server.superuser, template, name)
    yield server.for_database(name)
    drop_database(server.superuser, name)


Once = Callable[[Callable[[Urls, str], AbstractContextManager[Any]]], Any]


@pytest.fixture(scope="session")
def once(server: Urls, template: str) -> Iterator[Once]:
    """What a worker makes once for all files that ask for it (只建一次): entered when first asked for, left at its end."""
    made: dict[Any, Any] = {}
    with ExitStack() as kept:

        def get(make: Callable[[Urls, str], AbstractContextManager[Any]]) -> Any:
            if make not in made:
                made[make] = kept.enter_context(make(server, template))
            return made[make]

        yield get


@pytest.fixture
def own_urls(server: Urls, template: str) -> Iterator[Urls]:
    """A migrated database of one test's own: for what goes through all tenants, such as a worker that empties the queue.

    In the shared one it would also do the work of every district that the worker's earlier tests left there.
    """
    name = f"own_{uuid.uuid4().hex[:10]}"
    clone(server.superuser, template, name)
    yield server.for_database(name)
    drop_database(server.superuser, name)


@pytest.fixture
def own_wall(own_urls: Urls) -> Iterator[Wall]:
    """The product's own door to the test's own database."""
    door = Wall(own_urls.app, SECRET)
    yield door
    door.dispose()


@pytest.fixture(scope="session")
def wall(urls: Urls) -> Iterator[Wall]:
    """The product's own door to that database, as the app role."""
    door = Wall(urls.app, SECRET, query_cache_size=4000)  # one for all files: what one compiled serves the next
    yield door
    door.dispose()
