"""The page about the wall says what the code does."""

from __future__ import annotations

from tests.wall.table import PAGE, TABLE, renew


def test_the_page_agrees_with_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renew(page), "run: python -m tests.wall.table"


def test_every_probe_tells_its_story() -> None:
    assert len(TABLE) >= 42
    assert [p.id for p in TABLE if not p.story.endswith(".") or "|" in p.story + p.name + p.holds + p.still] == []
