"""The life of a whistle (吹哨报到流转): its states and the one table of what may follow what, by whom.

An area *whistles* (吹哨) and departments *report* (报到): each called unit has three clocks - accepted, on site, its part
solved. Pages, API, the page of the docs and the tests read this table; nobody else spells the rules. The rules are ours,
after the mechanism of the reports (call, arrival time, joint handling, escalation to a leader).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from core.errors import N_

CALLED = "called"
ON_SITE = "on_site"
SOLVED = "solved"
ESCALATED = "escalated"
CANCELLED = "cancelled"

BLOW = "blow"
ACCEPT = "accept"
ARRIVE = "arrive"
REPORT = "report"
DECLINE = "decline"
CONFIRM = "confirm"
CANCEL = "cancel"
ESCALATE = "escalate"
OVERDUE = "overdue"
OVERRUN = "overrun"
INSTRUCT = "instruct"

CALLER = "caller"  # the unit that whistled (吹哨单位)
RESPONDER = "responder"  # a called unit, at its own call (应哨单位)
LEADER = "leader"  # a leader over the caller, or the HQ office (领导或创建办)
CLOCK = "clock"  # the job that watches the times of arrival and of the solution (系统计时)

PARTIES: Mapping[str, str] = MappingProxyType(
    {CALLER: N_("吹哨单位"), RESPONDER: N_("应哨单位"), LEADER: N_("领导或创建办"), CLOCK: N_("系统计时")}
)


@dataclass(frozen=True, slots=True)
class State:
    """A state of a whistle (吹哨状态); ``open`` while something is still to be done."""

    code: str
    title_zh: str
    title_en: str
    open: bool = True


STATES: Mapping[str, State] = MappingProxyType(
    {
        state.code: state
        for state in (
            State(CALLED, N_("已吹哨，等待到场"), "Called, waiting for arrival"),
            State(ON_SITE, N_("到场处置中"), "On site"),
            State(ESCALATED, N_("已提级"), "Escalated"),
            State(SOLVED, N_("已解决"), "Solved", open=False),
            State(CANCELLED, N_("已撤销"), "Cancelled", open=False),
        )
    }
)
OPEN: tuple[str, ...] = tuple(state.code for state in STATES.values() if state.open)

# How far one called unit has come (应哨进度), from its own clocks.
WAITING, ACCEPTED, PRESENT, DONE, DECLINED = "waiting", "accepted", "present", "done", "declined"
STAGES: Mapping[str, str] = MappingProxyType(
    {
        WAITING: N_("未接哨"),
        ACCEPTED: N_("已接哨"),
        PRESENT: N_("已到场"),
        DONE: N_("已办完本单位部分"),
        DECLINED: N_("已婉拒"),
    }
)


@dataclass(frozen=True, slots=True)
class Move:
    """One step (办理): ``leads`` says from which states it is allowed and where it leads.

    ``stages`` is how far the called unit must have come for a responder's move; ``another`` refuses whoever belongs to a
    called unit or acted for one: the helper does not judge his own help; ``requested`` is for a unit that was asked and not
    ordered (商请).
    """

    verb: str
    title_zh: str
    title_en: str
    by: str
    leads: Mapping[str, str]
    stages: frozenset[str] = frozenset()
    needs_note: bool = False
    takes_photo: bool = False
    another: bool = False
    requested: bool = False


def _same(*states: str) -> dict[str, str]:
    return {state: state for state in states}


def _into(target: str, *states: str) -> dict[str, str]:
    return dict.fromkeys(states, target)


MOVES: Mapping[str, Move] = MappingProxyType(
    {
        move.verb: move
        for move in (
            Move(ACCEPT, N_("接哨"), "Accept", RESPONDER, _same(*OPEN), frozenset({WAITING})),
            Move(
                ARRIVE,
                N_("报到（已到场）"),
                "Report on site",
                RESPONDER,
                _into(ON_SITE, CALLED, ON_SITE) | _same(ESCALATED),
                frozenset({WAITING, ACCEPTED}),
                takes_photo=True,
            ),
            Move(
                REPORT,
                N_("报告本单位已办完"),
                "Report own part solved",
                RESPONDER,
                _same(ON_SITE, ESCALATED),
                frozenset({PRESENT}),
                needs_note=True,
                takes_photo=True,
            ),
            Move(
                DECLINE,
                N_("婉拒商请"),
                "Decline the request",
                RESPONDER,
                _same(*OPEN),
                frozenset({WAITING, ACCEPTED}),
                needs_note=True,
                requested=True,
            ),
            Move(
                CONFIRM,
                N_("确认解决"),
                "Confirm solved",
                CALLER,
                _into(SOLVED, ON_SITE, ESCALATED),
                needs_note=True,
                takes_photo=True,
                another=True,
            ),
            Move(CANCEL, N_("撤销吹哨"), "Cancel", CALLER, _into(CANCELLED, *OPEN), needs_note=True),
            Move(ESCALATE, N_("提级领导"), "Escalate", CALLER, _into(ESCALATED, CALLED, ON_SITE), needs_note=True),
            Move(
                OVERDUE, N_("逾时未到齐，自动提级"), "Escalated by the clock", CLOCK, _into(ESCALATED, CALLED, ON_SITE)
            ),
            Move(
                OVERRUN, N_("逾时未解决，自动提级"), "Unsolved, escalated by the clock", CLOCK, _into(ESCALATED, *OPEN)
            ),
            Move(INSTRUCT, N_("领导批示"), "Note the leader's word", LEADER, _same(ESCALATED), needs_note=True),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to one whistle (办理身份).

    ``calls``: he acts for the caller. ``responds``: the called units that he answers for. ``leads``: he leads or directs
    over the caller. ``helped``: he belongs to a called unit, or acted for one.
    """

    calls: bool = False
    responds: frozenset[UUID] = frozenset()
    leads: bool = False
    helped: bool = False

    def permits(self, move: Move, unit_id: UUID | None = None) -> bool:
        """Whether he may take the move as far as the person goes, at the call of ``unit_id`` for a responder's."""
        if move.another and self.helped:
            return False
        if move.by == RESPONDER:
            return bool(self.responds) if unit_id is None else unit_id in self.responds
        return (move.by == CALLER and self.calls) or (move.by == LEADER and self.leads)


@dataclass(frozen=True, slots=True)
class Offer:
    """A move that somebody may take now (可办理), at the call of a unit where it is a responder's."""

    move: Move
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one called unit has come (应哨进度), and whether it was asked instead of ordered (商请)."""

    stage: str
    requested: bool = False

    def lets(self, move: Move) -> bool:
        """Whether a responder's move may be taken at this call."""
        return self.stage in move.stages and (self.requested or not move.requested)


def fits(move: Move, state: str, progress: Progress | None = None) -> bool:
    """Whether the state, and for a responder's move the progress of its call, lets the move be taken."""
    return state in move.leads and (move.by != RESPONDER or (progress is not None and progress.lets(move)))


def offers(state: str, called: Mapping[UUID, Progress], standing: Standing) -> list[Offer]:
    """What a person may do now, in the table's order; ``called`` is how far each called unit has come."""
    found: list[Offer] = []
    for move in MOVES.values():
        calls: tuple[UUID | None, ...] = tuple(called) if move.by == RESPONDER else (None,)
        found += [
            Offer(move, unit)
            for unit in calls
            if standing.permits(move, unit) and fits(move, state, called.get(unit) if unit else None)
        ]
    return found


def possible(state: str, called: Mapping[UUID, Progress]) -> list[Move]:
    """What anybody at all may do now, the clock aside; for refusals that say what is allowed and by whom."""
    here: set[Progress | None] = {None, *called.values()}
    return [
        move for move in MOVES.values() if move.by != CLOCK and any(fits(move, state, progress) for progress in here)
    ]


def draw() -> str:
    """The table as a diagram (Mermaid) for the docs: one arrow for each state that a move leads to another."""
    lines = ["stateDiagram-v2", f"    [*] --> {CALLED}: {BLOW} ({CALLER})"]
    for move in MOVES.values():
        lines += [f"    {state} --> {target}: {move.verb} ({move.by})" for state, target in move.leads.items()]
    lines += [f"    {state.code} --> [*]" for state in STATES.values() if not state.open]
    return "\n".join(lines) + "\n"
