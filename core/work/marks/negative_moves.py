"""The life of an entry of the negative list (负面清单状态): watched, triggered, cleared, and the one table of its moves.

Buttons, judgement and tests read this table; nobody else spells the rules.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import N_

WATCHED, TRIGGERED, CLEARED = "watched", "triggered", "cleared"
STATES: dict[str, tuple[str, str]] = {
    WATCHED: (N_("关注"), "Watched"),
    TRIGGERED: (N_("已触发"), "Triggered"),
    CLEARED: (N_("已解除"), "Cleared"),
}
DEDUCT, CAP, BAR = "deduct", "cap", "bar"
EFFECTS: dict[str, tuple[str, str]] = {
    DEDUCT: (N_("扣分"), "Deduction"),
    CAP: (N_("总分封顶"), "Cap on the total"),
    BAR: (N_("一票否决"), "Veto"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One step that an entry may take (负面清单步骤). ``needs`` names what must come with it: on, document, note."""

    verb: str
    title_zh: str
    title_en: str
    from_state: str
    to_state: str
    needs: tuple[str, ...]


WATCH, CORRECT, TRIGGER, WITHDRAW, CLEAR, DISMISS = "watch", "correct", "trigger", "withdraw", "clear", "dismiss"
MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        Move(WATCH, N_("列入关注"), "Watch", "", WATCHED, ()),
        Move(CORRECT, N_("更正内容"), "Correct", WATCHED, WATCHED, ("note",)),
        Move(TRIGGER, N_("触发"), "Trigger", WATCHED, TRIGGERED, ("on", "document")),
        Move(DISMISS, N_("解除关注"), "Stop watching", WATCHED, CLEARED, ("note",)),
        Move(CLEAR, N_("解除"), "Clear", TRIGGERED, CLEARED, ("on", "document")),
        Move(WITHDRAW, N_("撤回触发"), "Withdraw the trigger", TRIGGERED, WATCHED, ("note",)),
    )
}


def moves_from(state: str) -> list[Move]:
    """The moves out of a state, in the table's order."""
    return [move for move in MOVES.values() if move.from_state == state]
