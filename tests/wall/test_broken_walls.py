"""With a piece of the wall taken away the probes leak, so that their silence on the real wall means something."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from core.databases import Urls
from migrations.wall import CONDITIONS
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.wall.broken import (
    UNSIGNED,
    UNSTAMPED,
    LiteralUnwashed,
    Unguarded,
    Unwashed,
    alter,
    fell,
    without_predicate,
)
from tests.wall.reading import PREDICATE
from tests.wall.ring import make_ring
from tests.wall.table import TABLE

PROMISED = 32
"""Leaks that the run without policies must find at least (the issue's own number)."""


def leaks(wall: Wall, urls: Urls, numbers: Iterable[str] = ()) -> set[str]:
    """The probes that get through a broken wall: all of them, or only the numbers told."""
    chosen = set(numbers) or {probe.id for probe in TABLE}
    try:
        ring = make_ring(wall, urls)
        alter(urls, "ANALYZE")  # what autovacuum does in a running installation
        return {probe.id for probe in TABLE if probe.id in chosen and probe.act(ring) > 0}
    finally:
        wall.dispose()


def test_without_policies_the_probes_leak(copy: Urls) -> None:
    fell(copy)
    found = leaks(Unguarded(copy.app, SECRET), copy)
    assert len(found) >= PROMISED
    assert found == {probe.id for probe in TABLE if not probe.still}


def test_without_policies_and_predicate_the_orm_leaks_too(copy: Urls) -> None:
    fell(copy)
    held = {probe.id for probe in TABLE if probe.still == PREDICATE}
    with without_predicate():
        assert leaks(Unguarded(copy.app, SECRET), copy, held) == held


def test_plain_set_is_caught(copy: Urls) -> None:
    """Literal text is overheard; on the session it stays for whoever gets the connection next."""
    suspects = {"P87", "P89", "P90", "P91", "P100", "P101", "P102", "P106"}
    found = leaks(LiteralUnwashed(copy.app, SECRET), copy, suspects)
    assert {"P90", "P89", "P91", "P100"} <= found


def test_unwashed_connections_are_caught(copy: Urls) -> None:
    suspects = {f"P{n}" for n in range(100, 109)}
    assert leaks(Unwashed(copy.app, SECRET), copy, suspects) == {"P103", "P104", "P105"}


def test_unsigned_setting_is_caught(copy: Urls) -> None:
    alter(copy, UNSIGNED)
    found = leaks(Unguarded(copy.app, SECRET), copy, {f"P{n}" for n in range(80, 92)})
    assert {"P80", "P81", "P82", "P83", "P84"} <= found


def test_forgotten_clearance_is_caught(copy: Urls) -> None:
    using, check = CONDITIONS["tenant"]
    alter(copy, f"ALTER POLICY finding_wall ON finding USING ({using}) WITH CHECK ({check})")
    found = leaks(Wall(copy.app, SECRET), copy, {f"P{n}" for n in range(120, 138)})
    assert {"P120", "P121", "P122", "P128", "P131", "P132", "P133"} <= found


def test_check_less_policy_is_caught(copy: Urls) -> None:
    using, _ = CONDITIONS["tenant"]
    alter(copy, f"ALTER POLICY site_wall ON site USING ({using}) WITH CHECK (true)")
    found = leaks(Wall(copy.app, SECRET), copy, {f"P{n}" for n in range(40, 74)})
    # Updates, upserts and RETURNING stay held: PostgreSQL asks USING of the row that they would leave or give back.
    assert {"P40", "P41", "P42", "P43", "P49", "P64"} <= found
    assert not {"P44", "P47", "P55", "P57"} & found


def test_job_door_without_a_stamp_is_caught(copy: Urls) -> None:
    alter(copy, UNSTAMPED)
    assert "P150" in leaks(Wall(copy.app, SECRET), copy, {"P150", "P151", "P152"})


@pytest.mark.parametrize("table", ["finding", "membership"])
def test_one_permissive_policy_is_caught(copy: Urls, table: str) -> None:
    alter(copy, f"CREATE POLICY spare ON {table} USING (true)")
    found = leaks(Wall(copy.app, SECRET), copy, {"P13", "P32", "P16", "P120"})
    assert found >= ({"P13", "P16", "P120"} if table == "finding" else {"P32"})
