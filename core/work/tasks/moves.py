"""The life of a task (任务流转): the one table of what may follow what, by whom, and with what.

Buttons, judgment, API, documentation and tests read this table; nobody else spells the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from core.errors import N_
from core.work.roles import ANSWER, CHECK, DIRECT
from core.work.tables import Task
from core.work.tasks.states import (
    ACCEPTED,
    BEFORE_DONE,
    CANCELLED,
    CLOSED,
    DOING,
    DONE,
    DRAFT,
    ISSUED,
    OPEN_STATES,
    RETURNED,
    VERIFIED,
    WITH_UNIT,
)

STAYS = ""  # the step is a line of history; the state is what it was
DESK, GIVER, UNIT, ASSIST, PERSON, CHECKER, SYSTEM = "desk", "giver", "unit", "assist", "person", "checker", "system"
PARTIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DESK: (N_("创建办（统筹安排）"), "the HQ office (directs)"),
        GIVER: (N_("上级任务的单位"), "the unit of the parent task"),
        UNIT: (N_("牵头单位"), "the lead unit"),
        ASSIST: (N_("配合单位"), "an assisting unit"),
        PERSON: (N_("责任人"), "the person in charge"),
        CHECKER: (N_("另一方（核验）"), "another party (verifies)"),
        SYSTEM: (N_("系统"), "the system"),
    }
)
# The verbs of core.work.roles that make a party, at the unit it is about; the person in charge is named by the task itself.
VERBS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {DESK: (DIRECT,), GIVER: (ANSWER,), UNIT: (ANSWER,), ASSIST: (ANSWER,), CHECKER: (CHECK, DIRECT)}
)
ASKED, NOT_ASKED = "asked", "not_asked"


@dataclass(frozen=True, slots=True)
class TaskMove:
    """One step that a task may take (任务办理).

    ``needs`` and ``takes`` name the fields it asks for and those it can do with. ``when``: only while an extension is asked
    for, or only while none is. ``leaf``: only where no children do the work.
    """

    verb: str
    title_zh: str
    title_en: str
    from_states: tuple[str, ...]
    to_state: str
    by: tuple[str, ...]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    when: str = ""
    leaf: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Everything that the step can be given."""
        return (*self.needs, *self.takes)


@dataclass(frozen=True, slots=True)
class TaskStanding:
    """How a person stands to one task (办理身份): his parties; ``own`` says why he is no other party, '' when he may verify."""

    parties: frozenset[str] = field(default_factory=frozenset)
    own: str = ""

    def permits(self, move: TaskMove) -> bool:
        """Whether he may take the step as far as the person goes, whatever the state."""
        return any(party in self.parties and not (party == CHECKER and self.own) for party in move.by)


THE_SYSTEM = TaskStanding(frozenset({SYSTEM}))


def _move(
    verb: str,
    title_zh: str,
    title_en: str,
    come_from: Iterable[str],
    to_state: str,
    *by: str,
    needs: str = "",
    takes: str = "",
    when: str = "",
    leaf: bool = False,
) -> TaskMove:
    states, asked = tuple(come_from), tuple(needs.split())
    return TaskMove(verb, title_zh, title_en, states, to_state, by, asked, tuple(takes.split()), when, leaf)


_TAKEN = (ACCEPTED, DOING)
REPORT, FINISH, BREAK_DOWN, MOVE = "report", "finish", "break_down", "move"

MOVES: Mapping[str, TaskMove] = MappingProxyType(
    {
        move.verb: move
        for move in (
            _move("issue", N_("下达"), "Issue", [DRAFT], ISSUED, DESK, takes="note"),
            _move("accept", N_("接收"), "Accept", [ISSUED], ACCEPTED, UNIT, takes="person note"),
            _move("return", N_("退回"), "Return", (ISSUED, ACCEPTED), RETURNED, UNIT, needs="note"),
            _move(
                "reissue",
                N_("重新下达"),
                "Issue again",
                [RETURNED],
                ISSUED,
                DESK,
                GIVER,
                takes="unit due_on person note",
            ),
            _move(
                REPORT,
                N_("填报进展"),
                "Report progress",
                WITH_UNIT,
                DOING,
                UNIT,
                ASSIST,
                PERSON,
                needs="amount",
                takes="note photos day",
                leaf=True,
            ),
            _move(FINISH, N_("完成"), "Done", WITH_UNIT, DONE, UNIT, takes="amount note photos"),
            _move("assign", N_("指定责任人"), "Name the person in charge", WITH_UNIT, STAYS, UNIT, needs="person"),
            _move(
                "ask_extension",
                N_("申请延期"),
                "Ask for an extension",
                _TAKEN,
                STAYS,
                UNIT,
                needs="due_on note",
                when=NOT_ASKED,
            ),
            _move("grant", N_("同意延期"), "Grant", _TAKEN, STAYS, DESK, GIVER, takes="due_on note", when=ASKED),
            _move("refuse", N_("不同意延期"), "Refuse", _TAKEN, STAYS, DESK, GIVER, needs="note", when=ASKED),
            _move("verify", N_("核验通过"), "Verify", [DONE], VERIFIED, CHECKER, takes="note photos"),
            _move("send_back", N_("退回重做"), "Send back", (DONE, VERIFIED), DOING, CHECKER, needs="note"),
            _move("close", N_("办结"), "Close", [VERIFIED], CLOSED, DESK, takes="note"),
            _move("reopen", N_("重新打开"), "Reopen", [CLOSED], DOING, CHECKER, needs="note"),
            _move("change", N_("修改"), "Change", BEFORE_DONE, STAYS, DESK, GIVER, needs="changes note"),
            _move(
                "transfer",
                N_("改派"),
                "Give to another unit",
                WITH_UNIT,
                ISSUED,
                DESK,
                GIVER,
                needs="unit note",
                takes="due_on person",
            ),
            _move("cancel", N_("撤销"), "Cancel", (*BEFORE_DONE, DONE), CANCELLED, DESK, GIVER, needs="note"),
            _move(BREAK_DOWN, N_("分解"), "Break down", WITH_UNIT, STAYS, SYSTEM, takes="note"),
            _move(MOVE, N_("随机构调整移交"), "Move", (DRAFT, *OPEN_STATES), STAYS, SYSTEM, needs="note"),
        )
    }
)


def fits(move: TaskMove, task: Task) -> bool:
    """Whether the table knows the step for a task as it stands."""
    if task.state not in move.from_states or (move.leaf and not task.leaf):
        return False
    return not move.when or (move.when == ASKED) == (task.wanted_due_on is not None)


def allowed(task: Task, standing: TaskStanding) -> list[TaskMove]:
    """The steps that a person may take now, in the table's order."""
    return [move for move in MOVES.values() if fits(move, task) and standing.permits(move)]
