"""A server of its own for a trial (测试场地): nothing of the instance is touched, and nothing stays behind."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.database import upgrade
from core.databases import Urls, connect, create_database
from core.embedded import EmbeddedServer
from core.instance import Instance
from tenants.scope import Wall

SECRET = "a secret of the bench, long enough to sign with"  # noqa: S105 - of a server that is thrown away
# Loading needs no log flushed a transaction: what breaks is thrown away. Reading is measured with the product's own settings.
LOADING = {"synchronous_commit": "off", "max_wal_size": "4GB", "shared_buffers": "512MB"}


@dataclass(frozen=True, slots=True)
class Trial:
    """A migrated database on a throw-away server, and the door to it (测试场地)."""

    urls: Urls
    wall: Wall
    files: Path
    name: str

    def settle(self) -> None:
        """Let the database know its tables, as autovacuum does within minutes."""
        with connect(self.urls.superuser, database=self.name) as plain:
            plain.execute("VACUUM ANALYZE")


@contextmanager
def trial(*, name: str = "bench", keep: Path | None = None) -> Iterator[Trial]:
    """Start a server in a folder of its own; server, folder and files are gone afterwards.

    With ``keep`` the server stands in that folder and its databases stay: a nation takes long to lay, and is measured often.
    """
    root = not os.geteuid()
    own = Path("/var/lib") / f"sancheng-bench-{uuid.uuid4().hex[:8]}" if root else Path(tempfile.mkdtemp())
    folder = keep or own
    files = Path(tempfile.mkdtemp(prefix="sancheng-bench-files-"))
    server = EmbeddedServer(Instance.at(folder / "instance"), settings=LOADING)
    try:
        urls = server.start()
        create_database(urls.superuser, name)
        urls = urls.for_database(name)
        upgrade(urls.owner, SECRET)
        wall = Wall(urls.app, SECRET)
        yield Trial(urls, wall, files, name)
        wall.dispose()
    finally:
        server.stop()
        shutil.rmtree(own, ignore_errors=True)
        shutil.rmtree(files, ignore_errors=True)
