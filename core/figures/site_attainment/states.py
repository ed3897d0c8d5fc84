"""The states of a place in a campaign (达标状态), and what each needs; the statement decides by the same words."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import N_
from core.work.loop.states import ANSWERED, EXTENSION_ASKED, PARKING_ASKED, RECTIFYING, TAKEN

VERIFIED, MET, RECTIFYING_HERE, NOT_MET, RELAPSED, UNCHECKED = (
    "verified",
    "met",
    "rectifying",
    "not_met",
    "relapsed",
    "unchecked",
)
# The word and the tone of its dot, in the order in which pages list them.
STATES: Mapping[str, tuple[str, str]] = {
    VERIFIED: (N_("核验达标"), "verified"),
    MET: (N_("自查达标"), "active"),
    RECTIFYING_HERE: (N_("整改中"), "soon"),
    NOT_MET: (N_("未达标"), "overdue"),
    RELAPSED: (N_("达标后反弹"), "overdue"),
    UNCHECKED: (N_("还没查过"), "held"),
}
# Somebody works on it: the unit took it, or answered and waits for the check. One that nobody took yet is no work.
WORKED_ON = (TAKEN, RECTIFYING, EXTENSION_ASKED, PARKING_ASKED, ANSWERED)

# Why one form at a place is not up to standard (ours), in the order in which it is asked.
BELOW, KEY_FAILED, VETOED, BLOCKED, NEVER = "below", "key_failed", "vetoed", "blocked", "never"
