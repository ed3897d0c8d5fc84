"""The life of a finding (问题流转): its states, its outcomes and the one table of what may follow what, by whom.

Pages, API and ledger read this table; nobody else spells the rules. *Closed* (销号) carries an outcome, and closed is not
the same as fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import N_
from core.work.roles import ANSWER, CHECK

DISPATCHED = "dispatched"
TAKEN = "taken"
RECTIFYING = "rectifying"
ANSWERED = "answered"
CLOSED = "closed"

OPEN = "open"
TAKE = "take"
REPLY = "answer"
CLOSE = "close"
SEND_BACK = "send_back"
REOPEN = "reopen"

LEADING = "leading"  # the unit of the leading part (牵头单位)
ANOTHER = "another"  # another party than the one that fixed it (另一方)


@dataclass(frozen=True, slots=True)
class State:
    """A state of a finding (问题状态). ``waits_for`` is who must act now: LEADING, ANOTHER or '' when it is over."""

    code: str
    title_zh: str
    title_en: str
    waits_for: str


STATES: dict[str, State] = {
    state.code: state
    for state in (
        State(DISPATCHED, N_("已交办"), "Dispatched", LEADING),
        State(TAKEN, N_("已接收"), "Taken", LEADING),
        State(RECTIFYING, N_("整改中"), "Rectifying", LEADING),
        State(ANSWERED, N_("待核查"), "Answered, to be checked", ANOTHER),
        State(CLOSED, N_("已销号"), "Closed", ""),
    )
}

# Who is waited for: the clock of the deadline concerns the first, the queue of checkers the second.
WITH_UNIT: tuple[str, ...] = tuple(s.code for s in STATES.values() if s.waits_for == LEADING)
NOT_CLOSED: tuple[str, ...] = tuple(s.code for s in STATES.values() if s.waits_for)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a closed finding ended in (销号结论); one that is not fixed must say why."""

    code: str
    title_zh: str
    title_en: str
    needs_note: bool = True


OUTCOMES: dict[str, Outcome] = {
    outcome.code: outcome
    for outcome in (
        Outcome("fixed", N_("已整改到位"), "Fixed", needs_note=False),
        Outcome("cannot_fix", N_("确实无法整改"), "Cannot be fixed"),
        Outcome("not_a_problem", N_("核实不是问题"), "Not a problem"),
    )
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One step that a finding may take (流转).

    ``permission`` is the verb of :mod:`core.work.roles`, judged over the leading part's unit (``by`` LEADING) or over the
    place of the finding by another party than the fixer (ANOTHER). ``new_deadline`` starts the time limit again.
    """

    verb: str
    title_zh: str
    title_en: str
    from_states: frozenset[str]
    to_state: str
    permission: str
    by: str
    needs_note: bool = False
    needs_photo: bool = False
    needs_outcome: bool = False
    new_deadline: bool = False


TRANSITIONS: dict[str, Transition] = {
    step.verb: step
    for step in (
        Transition(TAKE, N_("接收"), "Take", frozenset({DISPATCHED}), TAKEN, ANSWER, LEADING),
        Transition(
            REPLY,
            N_("提交整改结果"),
            "Answer",
            frozenset({DISPATCHED, TAKEN, RECTIFYING}),
            ANSWERED,
            ANSWER,
            LEADING,
            needs_photo=True,
        ),
        Transition(CLOSE, N_("销号"), "Close", frozenset({ANSWERED}), CLOSED, CHECK, ANOTHER, needs_outcome=True),
        Transition(
            SEND_BACK, N_("退回重改"), "Send back", frozenset({ANSWERED}), RECTIFYING, CHECK, ANOTHER, needs_note=True
        ),
        Transition(
            REOPEN,
            N_("重新打开"),
            "Reopen",
            frozenset({CLOSED}),
            RECTIFYING,
            CHECK,
            ANOTHER,
            needs_note=True,
            new_deadline=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to one finding (办理身份).

    ``answers``: his ANSWER covers the leading part's unit. ``checks``: his CHECK covers the place. ``own``: why he is no
    other party - he answered it himself, or he checks from within the unit that fixed it; '' when he may judge.
    """

    answers: bool
    checks: bool
    own: str = ""

    def permits(self, step: Transition) -> bool:
        """Whether he may take the step as far as the person goes, whatever the state."""
        return self.answers if step.by == LEADING else self.checks and not self.own


def allowed(state: str, standing: Standing) -> list[Transition]:
    """The steps that a person may take now, in the table's order."""
    return [step for step in TRANSITIONS.values() if state in step.from_states and standing.permits(step)]
