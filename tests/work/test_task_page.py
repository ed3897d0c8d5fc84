"""The page about tasks says what the code does (任务说明页)."""

from __future__ import annotations

from core.work.tasks.moves import MOVES
from core.work.tasks.states import STATES
from tests.work.task_page import PAGE, renew


def test_the_page_says_what_the_table_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renew(page), "run: python -m tests.work.task_page"
    assert all(f"| `{name}` |" in page for name in (*MOVES, *STATES))


def test_every_state_is_reached_and_left() -> None:
    reached = {move.to_state for move in MOVES.values()} | {"draft"}
    left = {state for move in MOVES.values() for state in move.from_states}
    assert reached - {""} == set(STATES)
    assert set(STATES) - left == {"cancelled"}
