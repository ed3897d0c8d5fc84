"""The life of a finding (问题流转): the one table of what may follow what, by whom, and with what.

Pages, API, ledger, documentation and tests read this table; nobody else spells the rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import N_
from core.work.loop.parties import PARTIES, PERMISSIONS, RESUMES, STAYS, Standing, Transition
from core.work.loop.states import (
    ACCEPTED,
    ANOTHER,
    ANSWERED,
    ASSISTING,
    AT_DESK,
    CANCELLED,
    CLOSED,
    CLOSED_STATES,
    DESK,
    DISMISSED,
    DISPATCHED,
    EXTENSION_ASKED,
    HELD,
    LEADER,
    LEADING,
    MERGED,
    NOT_CLOSED,
    ON_SPOT,
    OUTCOMES,
    PARKED,
    PARKING_ASKED,
    PLACE,
    RECTIFYING,
    REJECT_REASONS,
    REJECTED,
    REPORTED,
    RETURN_REASONS,
    RETURNED,
    STABLE,
    STATES,
    SYSTEM,
    TAKEN,
    WITH_UNIT,
)

OPEN = "open"
REPLY = "answer"
TAKE = "take"
CLOSE = "close"
SEND_BACK = "send_back"
REOPEN = "reopen"
UNSEAL = "unseal"  # by the release of its secret round, with its number and new clocks, never by hand
SEEN_AGAIN = "seen_again"  # by the visit that found it still there, never by hand


def _step(
    verb: str,
    title_zh: str,
    title_en: str,
    come_from: Iterable[str],
    to_state: str,
    *by: str,
    needs: str = "",
    takes: str = "",
    new: bool = False,
    source: str = "",
) -> Transition:
    return Transition(
        verb,
        title_zh,
        title_en,
        frozenset(come_from),
        to_state,
        by,
        tuple(needs.split()),
        tuple(takes.split()),
        new,
        source,
    )


_NEW = (REPORTED, ACCEPTED)
_HAVING = (DISPATCHED, TAKEN, RECTIFYING)
_LIVE = tuple(code for code in NOT_CLOSED if code != HELD)

TRANSITIONS: dict[str, Transition] = {
    step.verb: step
    for step in (
        _step("accept", N_("受理"), "Accept", [REPORTED], ACCEPTED, DESK, takes="note"),
        _step("reject", N_("不予受理"), "Reject", _NEW, REJECTED, DESK, needs="reason note"),
        _step(
            "dispatch", N_("派遣"), "Dispatch", _NEW, DISPATCHED, DESK, takes="unit person days severity note", new=True
        ),
        _step(TAKE, N_("接收"), "Take", [DISPATCHED], TAKEN, LEADING, SYSTEM, takes="person note"),
        _step(
            "return", N_("退回"), "Return", [DISPATCHED], RETURNED, LEADING, needs="reason note", takes="unit photos"
        ),
        _step(
            "arbitrate",
            N_("裁定"),
            "Arbitrate",
            [RETURNED],
            DISPATCHED,
            DESK,
            needs="unit note",
            takes="days precedent",
        ),
        _step("start", N_("开始整改"), "Start work", [TAKEN], RECTIFYING, LEADING, takes="note"),
        _step("assign", N_("指定责任人"), "Name the person in charge", WITH_UNIT, STAYS, LEADING, needs="person"),
        _step(
            "assist",
            N_("请求协办"),
            "Ask for help",
            WITH_UNIT,
            STAYS,
            LEADING,
            DESK,
            needs="unit note",
            takes="person due_on",
        ),
        _step(
            "finish_part",
            N_("完成协办"),
            "Finish the part",
            WITH_UNIT,
            STAYS,
            ASSISTING,
            needs="note",
            takes="unit photos",
        ),
        _step(
            "decline_part",
            N_("退回协办"),
            "Decline the part",
            WITH_UNIT,
            STAYS,
            ASSISTING,
            needs="note",
            takes="unit photos",
        ),
        _step("drop_part", N_("取消协办"), "Drop a part", WITH_UNIT, STAYS, LEADING, DESK, needs="unit note"),
        _step(
            "transfer",
            N_("转办"),
            "Transfer",
            (*WITH_UNIT, RETURNED, PARKED),
            DISPATCHED,
            DESK,
            needs="unit note",
            takes="days",
            new=True,
        ),
        _step(
            "ask_extension",
            N_("申请延期"),
            "Ask for an extension",
            (TAKEN, RECTIFYING),
            EXTENSION_ASKED,
            LEADING,
            needs="days note",
        ),
        _step("grant", N_("同意延期"), "Grant", [EXTENSION_ASKED], RECTIFYING, DESK, takes="days note"),
        _step("refuse", N_("不同意延期"), "Refuse", [EXTENSION_ASKED], RECTIFYING, DESK, needs="note"),
        _step(
            "ask_parking",
            N_("申请挂账"),
            "Ask to park",
            (TAKEN, RECTIFYING),
            PARKING_ASKED,
            LEADING,
            needs="review_on note",
        ),
        _step("park", N_("同意挂账"), "Park", [PARKING_ASKED], PARKED, DESK, takes="review_on note"),
        _step("refuse_parking", N_("不同意挂账"), "Refuse to park", [PARKING_ASKED], RECTIFYING, DESK, needs="note"),
        _step("unpark", N_("恢复整改"), "Resume", [PARKED], RECTIFYING, DESK, SYSTEM, takes="days note", new=True),
        _step(REPLY, N_("提交整改结果"), "Answer", WITH_UNIT, ANSWERED, LEADING, needs="photos", takes="note"),
        _step("cosign", N_("属地会签"), "Co-sign", [ANSWERED], STAYS, PLACE, takes="note photos"),
        _step(
            "instruct",
            N_("批示"),
            "Instruct",
            _LIVE,
            STAYS,
            LEADER,
            DESK,
            needs="note",
            takes="leader said_on photos",
        ),
        _step(
            "report_back",
            N_("回报交办领导"),
            "Report back",
            [ANSWERED],
            STAYS,
            DESK,
            needs="note",
            takes="photos",
            source="leader",
        ),
        _step(CLOSE, N_("销号"), "Close", [ANSWERED], CLOSED, ANOTHER, needs="outcome", takes="note photos"),
        _step(SEND_BACK, N_("退回重改"), "Send back", [ANSWERED], RECTIFYING, ANOTHER, needs="note", takes="photos"),
        _step(REOPEN, N_("重新打开"), "Reopen", [CLOSED], RECTIFYING, ANOTHER, needs="note", takes="photos", new=True),
        _step(
            "confirm_stable", N_("复查稳固"), "Confirm stable", [CLOSED], STABLE, ANOTHER, SYSTEM, takes="note photos"
        ),
        _step(
            "relapse",
            N_("复查反弹"),
            "Relapsed",
            CLOSED_STATES,
            RECTIFYING,
            ANOTHER,
            SYSTEM,
            needs="note",
            takes="photos",
            new=True,
        ),
        _step("cancel", N_("撤销"), "Cancel", _LIVE, CANCELLED, DESK, SYSTEM, needs="note"),
        _step("restore", N_("撤回撤销"), "Restore", (REJECTED, CANCELLED), REPORTED, DESK, needs="note"),
        _step("merge", N_("并案"), "Merge", (*_NEW, *WITH_UNIT, RETURNED), MERGED, DESK, needs="target", takes="note"),
        _step("unmerge", N_("撤销并案"), "Unmerge", [MERGED], RESUMES, DESK, needs="note"),
        _step(
            "correct",
            N_("更正"),
            "Correct",
            (*_LIVE, *CLOSED_STATES),
            STAYS,
            DESK,
            SYSTEM,
            needs="changes note",
        ),
        _step("hold", N_("中止"), "Hold", _LIVE, HELD, SYSTEM, takes="note"),
        _step("release", N_("恢复"), "Release", [HELD], RESUMES, SYSTEM, takes="note"),
        _step("move", N_("随机构调整移交"), "Move", NOT_CLOSED, STAYS, SYSTEM, needs="note", takes="unit"),
        _step("note", N_("记录"), "Note", tuple(STATES), STAYS, SYSTEM, needs="note"),
        _step(
            SEEN_AGAIN, N_("再次检查仍未整改"), "Found again", NOT_CLOSED, STAYS, SYSTEM, needs="note", takes="photos"
        ),
        _step(UNSEAL, N_("暗访解密"), "Released from secrecy", tuple(STATES), STAYS, SYSTEM, takes="note"),
        _step("recompute", N_("重算期限"), "Recompute", (REPORTED, *WITH_UNIT), STAYS, SYSTEM, takes="note"),
    )
}


def allowed(state: str, standing: Standing, source: str = "") -> list[Transition]:
    """The steps that a person may take now, in the table's order; ``source`` is the finding's."""
    return [
        step
        for step in TRANSITIONS.values()
        if state in step.from_states and step.source in ("", source) and standing.permits(step)
    ]


__all__ = [
    "ANOTHER",
    "ANSWERED",
    "AT_DESK",
    "CLOSE",
    "CLOSED",
    "CLOSED_STATES",
    "DISMISSED",
    "DISPATCHED",
    "HELD",
    "LEADING",
    "NOT_CLOSED",
    "ON_SPOT",
    "OPEN",
    "OUTCOMES",
    "PARTIES",
    "PERMISSIONS",
    "RECTIFYING",
    "REJECT_REASONS",
    "REOPEN",
    "REPLY",
    "RESUMES",
    "RETURN_REASONS",
    "SEEN_AGAIN",
    "SEND_BACK",
    "STATES",
    "STAYS",
    "TAKE",
    "TAKEN",
    "TRANSITIONS",
    "UNSEAL",
    "WITH_UNIT",
    "Standing",
    "Transition",
    "allowed",
]
