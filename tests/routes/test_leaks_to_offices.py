"""No route shows another district's rows to the offices of a district: who reaches furthest (串看测试)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.databases import Urls
from tests.conftest import Once
from tests.routes.walk import asking, walk
from tests.routes.world import World, standing


@pytest.fixture(scope="module")
def world(server: Urls, once: Once) -> Iterator[World]:
    with standing(server, once) as made:
        yield made


@pytest.mark.parametrize("asker", asking("offices"))
def test_nobody_sees_the_other_tenants_rows(world: World, asker: str) -> None:
    walk(world, asker)
