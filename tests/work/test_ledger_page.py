"""The page about the ledger says what the table says."""

from __future__ import annotations

import re

from core.work.loop.states import STATES
from core.work.loop.transitions import TRANSITIONS
from tests.work.ledger_page import PAGE, renew


def test_the_page_agrees_with_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renew(page), "run: python -m tests.work.ledger_page"


def test_nothing_is_left_out_and_nothing_else_is_named() -> None:
    page = PAGE.read_text(encoding="utf-8")
    lines = re.findall(r"^\| `(\w+)`", page, re.MULTILINE)
    assert [one for one in lines if one in TRANSITIONS] == list(TRANSITIONS)
    assert [one for one in lines if one in STATES] == list(STATES)
    arrows = re.findall(r"^  (\w+) --> (\w+): ([\w, ]+)$", page, re.MULTILINE)
    assert len(arrows) > 25
    for start, end, verbs in arrows:
        for verb in verbs.split(", "):
            assert start in TRANSITIONS[verb].from_states, (start, verb)
            assert TRANSITIONS[verb].to_state == end
