"""The states of a task (任务状态), and which of them count as open, as done and as verified.

Of two completion rates the main one counts what is reported done (11 487 of 11 831), the other what another party has
verified; both are of :data:`COUNTED_STATES`. *Overdue* (逾期) is no state: it is an open task whose day has passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from sqlalchemy import BigInteger, ColumnElement, Date, and_, cast, func, literal

from core.errors import N_
from core.work.tables import Task

DRAFT, ISSUED, RETURNED, ACCEPTED, DOING = "draft", "issued", "returned", "accepted", "doing"
DONE, VERIFIED, CLOSED, CANCELLED = "done", "verified", "closed", "cancelled"

STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DRAFT: (N_("未下达"), "Not issued"),
        ISSUED: (N_("待接收"), "To be accepted"),
        RETURNED: (N_("已退回"), "Returned"),
        ACCEPTED: (N_("已接收"), "Accepted"),
        DOING: (N_("进行中"), "In progress"),
        DONE: (N_("已完成待核验"), "Done, to be verified"),
        VERIFIED: (N_("已核验"), "Verified"),
        CLOSED: (N_("已办结"), "Closed"),
        CANCELLED: (N_("已撤销"), "Cancelled"),
    }
)
OPEN_STATES = (ISSUED, RETURNED, ACCEPTED, DOING)
WITH_UNIT = (ISSUED, ACCEPTED, DOING)  # the unit has it; a returned one is with the office
DONE_STATES = (DONE, VERIFIED, CLOSED)  # done in "reported"
VERIFIED_STATES = (VERIFIED, CLOSED)  # done in "verified"
COUNTED_STATES = (*OPEN_STATES, *DONE_STATES)
BEFORE_DONE = (DRAFT, *OPEN_STATES)

PERCENT, COUNT, QUANTITY = "percent", "count", "quantity"
WAYS: Mapping[str, str] = MappingProxyType({PERCENT: N_("按百分比"), COUNT: N_("按件数"), QUANTITY: N_("按数量和单位")})
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "clause": N_("任务分解"),
        "meeting": N_("会议议定"),
        "pledge": N_("责任状"),
        "leader": N_("领导交办"),
        "plan": N_("计划"),
        "drive": N_("专项整治"),
        "project": N_("项目"),
        "finding": N_("检查问题"),
        "own": N_("日常安排"),
    }
)
WHOLE = 10_000  # 100 % in 1/100 of a percent


def is_overdue(day: date) -> ColumnElement[bool]:
    """The condition that a task is open and its day has passed (逾期)."""
    return and_(Task.state.in_(OPEN_STATES), Task.due_on < day)


def is_at_risk(day: date) -> ColumnElement[bool]:
    """The condition that an open task which is not late will be at its pace (预计超期).

    In whole days, first and last counted: there is a report, a tenth of the days is gone, and a larger share of the days is
    gone than of the work is done. Source: ours; the same rule as core.figures.task_figures.pace, a test compares.
    """
    gone = cast(literal(day, Date) - Task.starts_on + 1, BigInteger)
    total = func.greatest(cast(Task.due_on - Task.starts_on + 1, BigInteger), 1)
    return and_(
        Task.state.in_(OPEN_STATES),
        Task.due_on >= day,
        Task.reported_at.is_not(None),
        Task.progress < WHOLE,
        gone > 0,
        gone * 10 >= total,
        gone * WHOLE > Task.progress * total,
    )


def late_days(task: Task, day: date) -> int:
    """By how many days an open task is late; 0 when it is not."""
    return max(0, (day - task.due_on).days) if task.state in OPEN_STATES else 0
