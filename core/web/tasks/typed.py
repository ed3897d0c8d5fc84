"""What people type into the forms of tasks (任务表单): numbers in any width, days, chosen ids; faults stand beside their field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from core.errors import N_, Fault, InvalidInput
from core.web.form_fields import day_of, id_of
from core.work.names import narrow
from core.work.tables import Task
from core.work.tasks.asked import CHANGEABLE
from core.work.tasks.making import TaskWish
from core.work.tasks.moves import TaskMove
from core.work.tasks.states import PERCENT

Form = MultiDict[str, str]
_LONGEST = 20


def number_of(form: Mapping[str, str], name: str, faults: list[Fault]) -> Decimal | None:
    """The number in a field, None when it is empty; full-width digits and commas between thousands are understood."""
    said = narrow(form.get(name, "")).replace(",", "").removesuffix("%")
    if not said:
        return None
    try:
        value = Decimal(said)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or len(said) > _LONGEST:
        faults.append(Fault(N_("不是数字"), name, value=said[:_LONGEST], remedy=N_("请填数字，例如 12 或 37.5")))
        return None
    return value


def hundredths_of(form: Mapping[str, str], name: str, faults: list[Fault]) -> int | None:
    """A percentage in 1/100 %."""
    value = number_of(form, name, faults)
    if value is None:
        return None
    if value * 100 != (value * 100).to_integral_value():
        faults.append(Fault(N_("最多两位小数"), name, value=str(value), remedy=N_("例如 37.25")))
        return None
    return int(value * 100)


def whole_of(form: Mapping[str, str], name: str, faults: list[Fault], default: int) -> int:
    """A whole number."""
    value = number_of(form, name, faults)
    if value is None:
        return default
    if value != value.to_integral_value():
        faults.append(Fault(N_("应为整数"), name, value=str(value), remedy=N_("请填整数")))
        return default
    return int(value)


def _gathered(read: Any, form: Form, name: str, faults: list[Fault]) -> Any:
    try:
        return read(form, name)
    except InvalidInput as error:
        faults += error.faults
        return None


def day_in(form: Form, name: str, faults: list[Fault]) -> date | None:
    """A day; what is none is noted."""
    found: date | None = _gathered(day_of, form, name, faults)
    return found


def id_in(form: Form, name: str, faults: list[Fault]) -> UUID | None:
    """A chosen id; what is none is noted."""
    found: UUID | None = _gathered(id_of, form, name, faults)
    return found


def read_wish(form: Form, parent_id: UUID | None = None) -> TaskWish:
    """A new task as it was typed. Raises InvalidInput for what cannot be read; the rest is judged where it is made."""
    faults: list[Fault] = []
    unit, due_on = id_in(form, "unit_id", faults), day_in(form, "due_on", faults)
    if unit is None and not any(one.field == "unit_id" for one in faults):
        faults.append(Fault(N_("缺少这一项"), "unit_id", remedy=N_("请选择牵头单位")))
    if due_on is None and not any(one.field == "due_on" for one in faults):
        faults.append(Fault(N_("缺少这一项"), "due_on", remedy=N_("请填截止日期")))
    assists = tuple(_ids(form.getlist("assists"), faults))
    plan, _, line = form.get("plan", "").partition("/")
    way = form.get("way", PERCENT)
    given: dict[str, Any] = {
        "starts_on": day_in(form, "starts_on", faults),
        "person_id": id_in(form, "person_id", faults),
        "plan_id": _id(plan, "plan", faults),
        "line_id": _id(line, "plan", faults),
        "target": number_of(form, "target", faults),
        "weight": whole_of(form, "weight", faults, 100),
    }
    if faults or unit is None or due_on is None:
        raise InvalidInput(faults=faults)
    return TaskWish(
        form.get("title", ""),
        unit,
        due_on,
        assists=assists,
        campaign=form.get("campaign", ""),
        source=form.get("source", "") or "own",
        parent_id=parent_id,
        requirement=form.get("requirement", ""),
        way=way,
        measure=form.get("measure", "") if way != PERCENT else "",
        code=form.get("code", "") or None,
        **given,
    )


def _ids(said: list[str], faults: list[Fault]) -> list[UUID]:
    return [one for one in (_id(text, "assists", faults) for text in said) if one is not None]


def _id(text: str, name: str, faults: list[Fault]) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        faults.append(Fault(N_("选项无效"), name, value=text[:_LONGEST], remedy=N_("请从列表里选")))
        return None


def read_asked(form: Form, move: TaskMove, task: Task) -> tuple[dict[str, Any], list[Fault]]:
    """What a step was given, as :class:`core.work.tasks.asked.Asked` takes it, and what could not be read."""
    faults: list[Fault] = []
    asked: dict[str, Any] = {"note": form.get("note", "")} if "note" in move.fields else {}
    if "amount" in move.fields and task.leaf:
        if task.way == PERCENT:
            asked["progress"] = hundredths_of(form, "progress", faults)
        else:
            asked["done"] = number_of(form, "done", faults)
    for name, key, read in (
        ("day", "day", day_in),
        ("due_on", "due_on", day_in),
        ("person", "person_id", id_in),
        ("unit", "unit_id", id_in),
    ):
        if name in move.fields:
            asked[key] = read(form, key, faults)
    if "changes" in move.fields:
        asked["changes"] = read_changes(form, task, faults)
    return asked, faults


def read_changes(form: Form, task: Task, faults: list[Fault]) -> dict[str, Any]:
    """The columns that a form names and that differ from the task."""
    readers: dict[str, Any] = {
        "title": lambda: form.get("title", "").strip(),
        "requirement": lambda: form.get("requirement", "").strip(),
        "weight": lambda: whole_of(form, "weight", faults, task.weight),
        "starts_on": lambda: day_in(form, "starts_on", faults) or task.starts_on,
        "due_on": lambda: day_in(form, "due_on", faults) or task.due_on,
        "target": lambda: number_of(form, "target", faults) or task.target,
        "person_id": lambda: id_in(form, "person_id", faults),
    }
    found = {name: readers[name]() for name in CHANGEABLE if name in form}
    return {name: value for name, value in found.items() if value != getattr(task, name)}
