"""The life of a card (亮牌流转): the one table of what may follow what, by whom, and with what.

Pages, judgments and documentation read this table; nobody else spells the rules. Who publishes for the scheme's unit gives
and takes cards; the unit that got one may appeal.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import N_
from core.work.roles import ANSWER, PUBLISH

PROPOSED, DROPPED, CONFIRMED, SHOWN = "proposed", "dropped", "confirmed", "shown"
APPEALED, UPHELD, WITHDRAWN = "appealed", "upheld", "withdrawn"
PUBLIC = (SHOWN, APPEALED, UPHELD, WITHDRAWN)  # the last only when it had been shown
IN_WORK = (PROPOSED, CONFIRMED)  # somebody still has to decide
STANDING = (SHOWN, APPEALED, UPHELD)  # a card that counts, also in a row of periods
LIVE = (PROPOSED, CONFIRMED, *STANDING)  # a subject has at most one of these in a period

PUBLISHER, SUBJECT = "publisher", "subject"
CORRECT, PROPOSE, RENEW, APPEAL = "correct", "propose", "renew", "appeal"


@dataclass(frozen=True, slots=True)
class CardState:
    """A state of a card (亮牌状态) with its tone on the page."""

    code: str
    title_zh: str
    title_en: str
    tone: str


CARD_STATES: dict[str, CardState] = {
    state.code: state
    for state in (
        CardState(PROPOSED, N_("待确认"), "Proposed", "waiting"),
        CardState(DROPPED, N_("未采用"), "Dropped", "held"),
        CardState(CONFIRMED, N_("已确认，未公示"), "Confirmed, not shown", "next"),
        CardState(SHOWN, N_("已公示"), "Shown", "active"),
        CardState(APPEALED, N_("申诉中"), "Appealed", "soon"),
        CardState(UPHELD, N_("复核维持"), "Upheld", "active"),
        CardState(WITHDRAWN, N_("已撤回"), "Withdrawn", "held"),
    )
}


@dataclass(frozen=True, slots=True)
class Move:
    """One step that a card may take (亮牌办理): by whom, from where to where, and whether it must say why.

    ``after_zh`` says what comes of it, before it is done.
    """

    verb: str
    title_zh: str
    title_en: str
    from_states: tuple[str, ...]
    to_state: str
    by: str
    needs_note: bool
    after_zh: str
    after_en: str

    @property
    def photos(self) -> bool:
        """Whether photos may come with it."""
        return self.verb == APPEAL

    @property
    def permission(self) -> str:
        """The verb of core.work.roles that the person needs: at the scheme's unit, or at the subject's."""
        return PUBLISH if self.by == PUBLISHER else ANSWER


MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        Move(
            "confirm",
            N_("确认"),
            "Confirm",
            (PROPOSED,),
            CONFIRMED,
            PUBLISHER,
            False,
            N_("记下确认人；还没有公示"),
            "records who confirmed it; nothing is shown yet",
        ),
        Move(
            "drop",
            N_("不采用"),
            "Drop",
            (PROPOSED, CONFIRMED),
            DROPPED,
            PUBLISHER,
            True,
            N_("这张牌不会公示"),
            "the card will not be shown",
        ),
        Move(
            "show",
            N_("公示"),
            "Show",
            (CONFIRMED,),
            SHOWN,
            PUBLISHER,
            False,
            N_("全区都能看到，有关单位可以申诉"),
            "everybody in the district sees it; the unit may appeal",
        ),
        Move(
            "appeal",
            N_("申诉"),
            "Appeal",
            (SHOWN,),
            APPEALED,
            SUBJECT,
            True,
            N_("牌仍然公示，标明申诉中，等复核"),
            "the card stays in sight, marked as appealed",
        ),
        Move(
            "uphold",
            N_("维持"),
            "Uphold",
            (APPEALED,),
            UPHELD,
            PUBLISHER,
            True,
            N_("申诉不成立，牌不变，理由一并公示"),
            "the appeal fails; the card stands, with the reason",
        ),
        Move(
            "withdraw",
            N_("撤回"),
            "Withdraw",
            STANDING,
            WITHDRAWN,
            PUBLISHER,
            True,
            N_("牌不再计算，但和理由一起留在页面上"),
            "the card no longer counts, but stays in sight with the reason",
        ),
        Move(
            CORRECT,
            N_("更正"),
            "Correct",
            (*STANDING, WITHDRAWN),
            WITHDRAWN,
            PUBLISHER,
            True,
            N_("原牌撤回，另发一张注明更正哪一张"),
            "the old card is withdrawn; a new one names it",
        ),
    )
}
STEPS: dict[str, str] = {
    PROPOSE: N_("按规则提出"),
    RENEW: N_("数据变化，重新提出"),
} | {move.verb: move.title_zh for move in MOVES.values()}


def moves_from(state: str, parties: frozenset[str]) -> list[Move]:
    """The steps that these parties may take now, in the table's order."""
    return [move for move in MOVES.values() if state in move.from_states and move.by in parties]
