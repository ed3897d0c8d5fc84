"""What each step of a task does (办理结果): the columns it writes, and what its line of history says from and to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select

from core.errors import N_, Conflict
from core.work.calendar import load_calendar
from core.work.statistics.measures import plain
from core.work.tables import Task, TaskReport
from core.work.tasks.asked import TaskStep
from core.work.tasks.making import numbers_for
from core.work.tasks.progress import share_done
from core.work.tasks.reporting import Told, read_told
from core.work.tasks.states import BEFORE_DONE, CANCELLED, DONE_STATES, DRAFT, PERCENT, STATES, WHOLE
from core.work.tasks.wishes import (
    LONGEST_REQUIREMENT,
    LONGEST_TITLE,
    MOST_WEIGHT,
    check_amount,
    later_than_parent,
)
from core.work.wording import read_text

Change = dict[str, Any]
Effect = Callable[[TaskStep], tuple[Change, Change]]
_NOT_DONE: Change = {"done_at": None, "verified_at": None, "verified_by": None, "closed_at": None}


def carry_out(step: TaskStep) -> tuple[Change, Change]:
    """The columns that a step writes and the detail of its line; what is wrong is in ``step.faults``."""
    effect = EFFECTS.get(step.move.verb)
    return effect(step) if effect else ({}, {})


def _parent(step: TaskStep) -> Task | None:
    task = step.task
    return None if task.parent_id is None else step.session.scalars(select(Task).where(Task.id == task.parent_id)).one()


def _issue(step: TaskStep) -> tuple[Change, Change]:
    parent = _parent(step)
    if parent is not None and parent.state == DRAFT:
        step.fault(N_("上级任务还没有下达"), "parent_id", parent.title, N_("请先下达上级任务"))
    if (fault := step.around.unit_fault("unit_id", step.task.unit_id)) is not None:
        step.faults.append(fault)
    if step.faults or step.actor is None:
        return {}, {}
    (number,) = numbers_for(step.session, step.actor, 1, step.now)
    return {"issued_at": step.now, "number": step.task.number or number}, {}


def _accept(step: TaskStep) -> tuple[Change, Change]:
    """Taken later than the district's time for taking (working time) is said in the history (接收超时)."""
    values: Change = {"accepted_at": step.now}
    if step.asked.person_id is not None:
        values["person_id"] = step.asked.person_id
    issued = step.task.issued_at
    if issued is None:
        return values, {}
    calendar = load_calendar(step.session, issued)
    late = step.now > calendar.add_working_time(issued, calendar.acceptance)
    return values, {"late": True} if late else {}


def _return(_step: TaskStep) -> tuple[Change, Change]:
    return {"accepted_at": None, "wanted_due_on": None}, {}


def _hand_out(step: TaskStep) -> tuple[Change, Change]:
    """Issued again, to the same unit or another one: acceptance begins anew; the person in charge goes with the unit."""
    task, asked = step.task, step.asked
    values: Change = {"issued_at": step.now, "accepted_at": None, "wanted_due_on": None, "person_id": asked.person_id}
    detail: Change = {}
    if asked.unit_id is not None and asked.unit_id != task.unit_id:
        values["unit_id"] = asked.unit_id
        names = step.around.unit_name(task.unit_id), step.around.unit_name(asked.unit_id)
        detail |= {"unit_id": [str(task.unit_id), str(asked.unit_id)], "unit": list(names)}
    else:
        values["person_id"] = asked.person_id or task.person_id
        if (fault := step.around.unit_fault("unit_id", task.unit_id)) is not None:
            step.faults.append(fault)
    if step.move.verb == "transfer" and not detail and asked.unit_id is not None:
        step.fault(N_("就是现在的单位"), "unit_id", step.around.unit_name(task.unit_id), N_("请选择另一个单位"))
    if asked.due_on is not None and asked.due_on != task.due_on:
        _fit(step, asked.due_on)
        values["due_on"], detail["due_on"] = asked.due_on, [task.due_on.isoformat(), asked.due_on.isoformat()]
    return values, detail


def _fit(step: TaskStep, due_on: date) -> None:
    """A day within the parent's, and not before the task begins."""
    parent = _parent(step)
    if parent is not None and due_on > parent.due_on:
        step.faults.append(later_than_parent("due_on", due_on, parent.due_on))
    if due_on < step.task.starts_on:
        remedy = N_("请填 {day} 或以后的日期")
        step.fault(N_("截止日期早于开始日期"), "due_on", due_on, remedy, day=step.task.starts_on.isoformat())


def _last_report(step: TaskStep) -> tuple[int, date | None]:
    query = select(func.max(TaskReport.sequence), func.max(TaskReport.day)).where(TaskReport.task_id == step.task.id)
    sequence, day = step.session.execute(query).one()
    return sequence or 0, day


def _report(step: TaskStep) -> tuple[Change, Change]:
    asked, task = step.asked, step.task
    sequence, last_day = _last_report(step)
    told = Told(asked.progress, asked.done, asked.measure, asked.day, asked.note)
    reached = read_told(task, told, step.today, last_day, step.faults)
    if reached is None:
        return {}, {}
    values: Change = {"done": reached.done, "progress": reached.progress, "reported_at": step.now}
    values["accepted_at"] = task.accepted_at or step.now  # whoever reports has taken it
    detail: Change = {"sequence": sequence + 1, "day": reached.day.isoformat()}
    detail["progress"] = [task.progress, reached.progress]
    if task.way != PERCENT:
        detail["done"] = [plain(task.done), plain(reached.done)]
    return values, detail


def _finish(step: TaskStep) -> tuple[Change, Change]:
    task, asked = step.task, step.asked
    values: Change = {"done_at": step.now, "wanted_due_on": None, "accepted_at": task.accepted_at or step.now}
    if not task.leaf:
        _refuse_undone_children(step)
        return values, {}
    if task.way == PERCENT:
        told = Told(progress=WHOLE, day=asked.day, note=asked.note)
    elif asked.done is None and task.done == task.target:
        return values, {}
    else:
        told = Told(done=task.done if asked.done is None else asked.done, measure=asked.measure, note=asked.note)
        if told.done is not None and task.target is not None and told.done < task.target:
            remedy = N_("目标量是 {target}；请填报实际数量，做完再提交；目标确已调整的，请先由下达单位修改目标量")
            step.fault(N_("还没有做完"), "done", plain(told.done), remedy, target=plain(task.target))
            return {}, {}
    if task.way == PERCENT and task.progress == WHOLE:
        return values, {}
    sequence, last_day = _last_report(step)
    reached = read_told(task, told, step.today, last_day, step.faults)
    if reached is None:
        return {}, {}
    values |= {"done": reached.done, "progress": reached.progress, "reported_at": step.now}
    detail: Change = {"sequence": sequence + 1, "day": reached.day.isoformat()}
    return values, detail | {"progress": [task.progress, reached.progress]}


def _refuse_undone_children(step: TaskStep) -> None:
    """A parent is done when all its children are done or better; then its own unit says so."""
    left = select(func.count()).where(
        Task.parent_id == step.task.id,
        Task.state.not_in((*DONE_STATES, CANCELLED)),
        Task.tenant_id == step.task.tenant_id,
    )
    n = step.session.scalar(left) or 0
    if n:
        raise Conflict(N_("还有 {n} 项下级任务没有完成，全部完成后才能提交"), n=n)


def _verify(step: TaskStep) -> tuple[Change, Change]:
    return {"verified_at": step.now, "verified_by": step.actor.person_id if step.actor else None}, {}


def _undo(step: TaskStep) -> tuple[Change, Change]:
    """Back to work: refused while the parent counts it as done."""
    parent = _parent(step)
    if parent is not None and parent.state not in BEFORE_DONE:
        state = STATES[parent.state][0]
        raise Conflict(N_("上级任务已是“{state}”，请先退回或重新打开上级任务"), state=state)
    return dict(_NOT_DONE), {}


def _ask_extension(step: TaskStep) -> tuple[Change, Change]:
    wanted = step.asked.due_on
    if wanted is None:
        return {}, {}
    _later(step, wanted)
    return {"wanted_due_on": wanted}, {"wanted": wanted.isoformat()}


def _later(step: TaskStep, day: date) -> None:
    due = step.task.due_on
    if day <= due:
        step.fault(N_("不晚于现在的期限"), "due_on", day, N_("请填 {due} 以后的日期"), due=due.isoformat())
    _fit(step, day)


def _grant(step: TaskStep) -> tuple[Change, Change]:
    day = step.asked.due_on or step.task.wanted_due_on
    assert day is not None
    _later(step, day)
    return {"due_on": day, "wanted_due_on": None}, {"due_on": [step.task.due_on.isoformat(), day.isoformat()]}


def _assign(step: TaskStep) -> tuple[Change, Change]:
    return {"person_id": step.asked.person_id}, {
        "person_id": [_plain(step.task.person_id), _plain(step.asked.person_id)]
    }


def _change(step: TaskStep) -> tuple[Change, Change]:
    """Change what was given; a new target counts what was reported anew."""
    task, wanted = step.task, dict(step.asked.changes)
    changed = {name: value for name, value in wanted.items() if getattr(task, name, value) != value}
    if not changed and not step.faults:
        step.fault(N_("没有改动"), "changes", remedy=N_("请修改至少一项"))
    _check_changed(step, changed)
    if step.faults:
        return {}, {}
    detail = {name: [_plain(getattr(task, name)), _plain(value)] for name, value in changed.items()}
    if "target" in changed:
        changed["progress"] = share_done(task.done, changed["target"]) if task.leaf else task.progress
    if task.state == DRAFT and "due_on" in changed:
        changed["first_due_on"] = changed["due_on"]
    return changed, detail


def _check_changed(step: TaskStep, changed: Mapping[str, Any]) -> None:
    task, faults = step.task, step.faults
    if "title" in changed and not read_text(changed["title"], "title", faults, LONGEST_TITLE):
        step.fault(N_("缺少这一项"), "title", remedy=N_("请填写任务名称"))
    read_text(changed.get("requirement", ""), "requirement", faults, LONGEST_REQUIREMENT)
    if not 1 <= changed.get("weight", 100) <= MOST_WEIGHT:
        remedy = N_("请填 1 到 {most} 的整数，通常为 100")
        step.fault(N_("权重不对"), "weight", changed["weight"], remedy, most=MOST_WEIGHT)
    if "target" in changed:
        check_amount(task.way, changed["target"], task.measure, faults)
        if task.leaf and isinstance(changed["target"], Decimal) and changed["target"] < task.done:
            remedy = N_("已填报 {done}；请先填报更正，再改目标量")
            step.fault(N_("目标量小于已完成的数量"), "target", plain(changed["target"]), remedy, done=plain(task.done))
    starts, due = changed.get("starts_on", task.starts_on), changed.get("due_on", task.due_on)
    if starts > due:
        remedy = N_("开始日期不晚于截止日期 {due}")
        step.fault(N_("开始日期晚于截止日期"), "starts_on", starts, remedy, due=due.isoformat())
    if "due_on" in changed:
        _within_family(step, due)


def _within_family(step: TaskStep, due: date) -> None:
    """Not later than the parent, not earlier than any child."""
    parent = _parent(step)
    if parent is not None and due > parent.due_on:
        step.faults.append(later_than_parent("due_on", due, parent.due_on))
    live = Task.parent_id == step.task.id, Task.state != CANCELLED
    last = step.session.scalar(select(func.max(Task.due_on)).where(*live))
    if last is not None and due < last:
        remedy = N_("下级任务最晚的是 {last}；请先提前下级任务，或填那天以后的日期")
        step.fault(N_("早于下级任务的截止日期"), "due_on", due, remedy, last=last.isoformat())


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return value if value is None or isinstance(value, str | int) else str(value)


EFFECTS: Mapping[str, Effect] = MappingProxyType(
    {
        "issue": _issue,
        "accept": _accept,
        "return": _return,
        "reissue": _hand_out,
        "transfer": _hand_out,
        "report": _report,
        "finish": _finish,
        "verify": _verify,
        "send_back": _undo,
        "reopen": _undo,
        "ask_extension": _ask_extension,
        "grant": _grant,
        "refuse": lambda _step: ({"wanted_due_on": None}, {}),
        "close": lambda step: ({"closed_at": step.now}, {}),
        "cancel": lambda _step: ({"wanted_due_on": None}, {}),
        "assign": _assign,
        "change": _change,
    }
)
RECOUNTED = frozenset({"report", "finish", "change", "cancel"})  # what moves the parent's progress
