"""Every test runs on a real PostgreSQL with the migrated schema; each makes its own tenants and commits for real."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.database import upgrade
from core.databases import Urls, create_database, drop_database
from core.embedded import EmbeddedServer
from core.instance import Instance
from tenants.scope import Wall

SECRET = "a secret of the tests"
QUICK = {"fsync": "off", "synchronous_commit": "off", "max_connections": "120"}


@pytest.fixture(autouse=True)
def _no_outside_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "localhost", "::1")):
            raise AssertionError(f"a test reached for the outside world: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


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
def urls(server: Urls) -> Iterator[Urls]:
    """The migrated database that the tests of one worker share."""
    name = f"test_{uuid.uuid4().hex[:10]}"
    create_database(server.superuser, name)
    made = server.for_database(name)
    upgrade(made.owner, SECRET)
    yield made
    drop_database(server.superuser, name)


@pytest.fixture(scope="session")
def wall(urls: Urls) -> Iterator[Wall]:
    """The product's own door to that database, as the app role."""
    door = Wall(urls.app, SECRET)
    yield door
    door.dispose()
