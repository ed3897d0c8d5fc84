"""Rooms for the wall's tests: one ring on the real wall, and databases whose wall is broken in one way each."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from core.databases import Urls, clone, drop_database
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.wall.ring import Ring, make_ring


@pytest.fixture(scope="session")
def ring(wall: Wall, urls: Urls) -> Ring:
    """Attacker, victim and city on the product's own wall."""
    return make_ring(wall, urls)


@pytest.fixture
def copy(server: Urls, template: str) -> Iterator[Urls]:
    """A migrated database of the test's own, to break."""
    name = f"broken_{uuid.uuid4().hex[:10]}"
    clone(server.superuser, template, name)
    yield server.for_database(name)
    drop_database(server.superuser, name)


__all__ = ["SECRET"]
