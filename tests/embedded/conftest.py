"""Rooms for the tests of the embedded server: real servers in folders of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.databases import Urls
from core.embedded import EmbeddedServer, make_urls
from core.instance import Instance

TOLD = os.environ.get("SANCHENG_TEST_PG_BIN")
BINARIES = Path(TOLD) if TOLD else None
QUICK = {"fsync": "off"}


def make_folder() -> Path:
    """An empty folder whose parents everybody may pass: pytest's own folders are closed to root's system account."""
    return Path(tempfile.mkdtemp(prefix="sc-")).resolve()


def make_server(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(Instance.at(folder), binaries=BINARIES, settings=QUICK)


def find_processes(folder: Path) -> list[str]:
    """Every process that was started for this folder or works in it, seen without the code under test."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            if int(entry.name) != os.getpid() and (str(folder) in words or str(folder) in os.readlink(entry / "cwd")):
                found.append(f"{entry.name} {words}")
        except OSError:
            continue
    return found


@pytest.fixture
def place() -> Iterator[Path]:
    folder = make_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def parent_folder(place: Path) -> Path:
    """A folder that everybody may pass, to put instances into."""
    place.chmod(0o711)
    return place


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    folder = make_folder()
    running = make_server(folder)
    running.start()
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def urls(server: EmbeddedServer) -> Urls:
    return make_urls(server.instance)
