"""The life of a notice (文书流转): the one table of what may follow what, and by whom.

Buttons, judgment, API and documentation read this table. *Overdue* (逾期) is no state: it is an answer that is still
asked for when its day has passed. Every addressee has a state of its own and takes and gets the steps for itself; the
paper's own state is that of the addressee who is least far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.errors import N_
from core.work.papers.notice_kinds import NoticeKind

ISSUED, READ, SIGNED, REPLIED, CLOSED, CANCELLED = "issued", "read", "signed", "replied", "closed", "cancelled"
STATES: dict[str, tuple[str, str]] = {
    ISSUED: (N_("待签收"), "Issued"),
    READ: (N_("已阅待签收"), "Read"),
    SIGNED: (N_("已签收"), "Signed for"),
    REPLIED: (N_("已答复待核"), "Replied"),
    CLOSED: (N_("已办结"), "Closed"),
    CANCELLED: (N_("已撤销"), "Cancelled"),
}
ADDRESSEE, ISSUER = "addressee", "issuer"
PARTIES: dict[str, tuple[str, str]] = {
    ADDRESSEE: (N_("收文单位"), "the addressed unit"),
    ISSUER: (N_("发文的创建办"), "the HQ office that issues it"),
}
UNSIGNED = (ISSUED, READ)
FORWARD = (ISSUED, READ, SIGNED, REPLIED, CLOSED)
WAITING = (ISSUED, READ, SIGNED)  # with the addressee, as long as the kind asks for an answer


@dataclass(frozen=True, slots=True)
class NoticeMove:
    """One step (文书办理). ``needs_note``: it must say why or what; ``replies``: only of kinds that ask for an answer.

    ``photos``: it takes photos. ``whole``: it is about the whole paper, every other one about one addressee.
    """

    verb: str
    title_zh: str
    title_en: str
    from_states: tuple[str, ...]
    to_state: str
    by: str
    needs_note: bool = False
    replies: bool = False
    offered: bool = True
    photos: bool = False
    whole: bool = False


ISSUE = "issue"
MOVES: dict[str, NoticeMove] = {
    move.verb: move
    for move in (
        NoticeMove("read", N_("阅读"), "Read", (ISSUED,), READ, ADDRESSEE, offered=False),
        NoticeMove("sign", N_("签收"), "Sign for it", UNSIGNED, SIGNED, ADDRESSEE),
        NoticeMove(
            "reply", N_("答复"), "Reply", WAITING, REPLIED, ADDRESSEE, needs_note=True, replies=True, photos=True
        ),
        NoticeMove(
            "send_back", N_("退回重新答复"), "Ask again", (REPLIED,), SIGNED, ISSUER, needs_note=True, replies=True
        ),
        NoticeMove("close", N_("核查办结"), "Check and close", (REPLIED,), CLOSED, ISSUER, replies=True),
        NoticeMove("cancel", N_("撤销"), "Cancel", (*WAITING, REPLIED), CANCELLED, ISSUER, needs_note=True, whole=True),
    )
}


def fits(move: NoticeMove, kind: NoticeKind, state: str) -> bool:
    """Whether the table knows the step from this state for this kind of paper."""
    return state in move.from_states and (kind.replies or not move.replies)


def allowed(kind: NoticeKind, state: str, parties: frozenset[str]) -> Sequence[NoticeMove]:
    """The steps that somebody may take now, in the table's order."""
    return [move for move in MOVES.values() if move.offered and move.by in parties and fits(move, kind, state)]


def state_of(states: Iterable[str]) -> str:
    """The state of a paper by those of its addressees: the least far of those that it still goes to."""
    left = {state for state in states if state != CANCELLED}
    return min(left, key=FORWARD.index) if left else CANCELLED


def waits_for(kind: NoticeKind, state: str) -> str:
    """Who is waited for: the addressee until he has signed and answered, then the issuer; '' when it is over."""
    if state in UNSIGNED or (state == SIGNED and kind.replies):
        return ADDRESSEE
    return ISSUER if state == REPLIED else ""


def is_late(kind: NoticeKind, state: str, due_at: datetime | None, now: datetime) -> bool:
    """Whether an answer is still asked for and its day has passed (逾期)."""
    return due_at is not None and due_at < now and kind.replies and waits_for(kind, state) == ADDRESSEE
