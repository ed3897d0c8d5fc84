"""What is wished for as a task (拟下达的任务), and everything that can be wrong with it: each fault names field, value and remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.errors import N_, Fault, InvalidInput
from core.work.names import narrow, tidy
from core.work.statistics.measures import MEASURES, find_measure, plain
from core.work.tables import Task
from core.work.tasks.states import BEFORE_DONE, COUNT, DRAFT, PERCENT, QUANTITY, SOURCES, STATES, WAYS
from core.work.tasks.surroundings import Surroundings
from core.work.wording import read_text, shown

LONGEST_TITLE, LONGEST_REQUIREMENT, LONGEST_CODE = 200, 2000, 60
MOST_WEIGHT, MOST_TARGET = 10_000, Decimal(10) ** 12
MOST_ASSISTS = 30
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class TaskWish:
    """A task as somebody wishes it (拟下达的任务); campaign, plan and line are its parent's where they are left out.

    ``starts_on`` None begins today, or on ``due_on`` where that has passed. ``measure`` is a code or a name of a unit of
    measure, ``target`` the amount where progress is told by count or quantity. ``id`` lets wishes of one call be parents of
    one another; it is made where it is None.
    """

    title: str
    unit_id: UUID
    due_on: date
    starts_on: date | None = None
    person_id: UUID | None = None
    assists: tuple[UUID, ...] = ()
    campaign: str = ""
    source: str = "own"
    source_id: UUID | None = None
    parent_id: UUID | None = None
    plan_id: UUID | None = None
    line_id: UUID | None = None
    requirement: str = ""
    way: str = PERCENT
    target: Decimal | None = None
    measure: str = ""
    weight: int = 100
    code: str | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Above:
    """What matters of a task's parent (上级任务): its day, unit and state, and what a child takes over."""

    id: UUID
    title: str
    unit_id: UUID
    due_on: date
    state: str
    campaign: str
    plan_id: UUID | None
    line_id: UUID | None


def above_of(row: Task | TaskWish, state: str) -> Above:
    """A task, or a wish of the same call, as the parent of others."""
    assert row.id is not None
    return Above(row.id, row.title, row.unit_id, row.due_on, state, row.campaign, row.plan_id, row.line_id)


def tidied(wish: TaskWish, above: Above | None, today: date) -> TaskWish:
    """A wish with its texts trimmed, its day of beginning, and what it takes over from its parent."""
    found = replace(
        wish,
        title=tidy(wish.title),
        requirement=wish.requirement.strip(),
        code=narrow(wish.code) or None if wish.code else None,
        measure=_measure_code(wish.measure),
        starts_on=wish.starts_on or min(today, wish.due_on),
    )
    if above is None:
        return found
    found = replace(found, campaign=found.campaign or above.campaign)
    if found.plan_id is None and found.line_id is None:
        found = replace(found, plan_id=above.plan_id, line_id=above.line_id)
    return found


def _measure_code(said: str) -> str:
    said = said.strip()
    try:
        return find_measure(said).code if said else ""
    except InvalidInput:
        return said


def faults_of(wish: TaskWish, above: Above | None, around: Surroundings) -> list[Fault]:
    """Everything that is wrong with a tidied wish; nothing when it can be given."""
    faults: list[Fault] = []
    _texts(wish, faults)
    _people(wish, around, faults)
    _days(wish, above, faults)
    check_amount(wish.way, wish.target, wish.measure, faults)
    _belonging(wish, above, around, faults)
    if not 1 <= wish.weight <= MOST_WEIGHT:
        remedy = N_("请填 1 到 {most} 的整数，通常为 100")
        faults.append(Fault(N_("权重不对"), "weight", None, str(wish.weight), "", remedy, {"most": MOST_WEIGHT}))
    return faults


def _texts(wish: TaskWish, faults: list[Fault]) -> None:
    if not read_text(wish.title, "title", faults, LONGEST_TITLE):
        faults.append(Fault(N_("缺少这一项"), "title", remedy=N_("请填写任务名称")))
    read_text(wish.requirement, "requirement", faults, LONGEST_REQUIREMENT)
    read_text(wish.code or "", "code", faults, LONGEST_CODE)


def _people(wish: TaskWish, around: Surroundings, faults: list[Fault]) -> None:
    for field, unit in (("unit_id", wish.unit_id), *(("assists", one) for one in wish.assists)):
        if (fault := around.unit_fault(field, unit)) is not None:
            faults.append(fault)
    if wish.unit_id in wish.assists:
        value = around.unit_name(wish.unit_id)
        faults.append(Fault(N_("牵头单位不能同时是配合单位"), "assists", value=value, remedy=N_("请从配合单位中去掉")))
    if len(wish.assists) > MOST_ASSISTS:
        remedy = N_("最多 {most} 个；请分成几项任务")
        faults.append(
            Fault(N_("配合单位太多"), "assists", None, str(len(wish.assists)), "", remedy, {"most": MOST_ASSISTS})
        )
    if wish.person_id is not None and wish.person_id not in around.people:
        faults.append(Fault(N_("没有这个人，或已停用"), "person_id", remedy=N_("请从在用的人员中选择")))


def _days(wish: TaskWish, above: Above | None, faults: list[Fault]) -> None:
    if not FIRST_YEAR <= wish.due_on.year <= LAST_YEAR:
        faults.append(Fault(N_("日期不对"), "due_on", value=wish.due_on.isoformat(), remedy=N_("请填四位年份的日期")))
    if wish.starts_on is not None and wish.starts_on > wish.due_on:
        remedy = N_("开始日期不晚于截止日期 {due}")
        params = {"due": wish.due_on.isoformat()}
        faults.append(
            Fault(N_("开始日期晚于截止日期"), "starts_on", None, wish.starts_on.isoformat(), "", remedy, params)
        )
    if above is not None and wish.due_on > above.due_on:
        faults.append(later_than_parent("due_on", wish.due_on, above.due_on))


def later_than_parent(field: str, wished: date, due: date) -> Fault:
    """The refusal of a child's day after its parent's."""
    remedy = N_("请填 {due} 或以前的日期，或先延长上级任务")
    return Fault(
        N_("截止日期晚于上级任务"), field, value=wished.isoformat(), remedy=remedy, params={"due": due.isoformat()}
    )


def check_amount(way: str, target: Decimal | None, measure: str, faults: list[Fault]) -> None:
    """Check how progress is told: a target where something is counted, a unit of measure that the product knows."""
    if way not in WAYS:
        faults.append(Fault(N_("没有这种进度方式"), "way", value=shown(way), remedy=N_("可用：百分比、件数、数量")))
        return
    if measure and measure not in MEASURES:
        remedy = N_("请从计量单位表中选择，例如：个、处、户、座、延长米、人次、人、%、吨、平方米、天、元")
        faults.append(Fault(N_("没有这个计量单位"), "measure", value=shown(measure), remedy=remedy))
    if way == PERCENT:
        if target is not None:
            remedy = N_("按百分比的任务不填目标量；要填，请改为按件数或按数量")
            faults.append(Fault(N_("按百分比的任务没有目标量"), "target", value=plain(target), remedy=remedy))
        return
    if way == QUANTITY and not measure:
        faults.append(Fault(N_("缺少计量单位"), "measure", remedy=N_("请选择计量单位，例如：处、平方米、延长米")))
    if target is None or not 0 < target <= MOST_TARGET:
        value = "" if target is None else plain(target)
        faults.append(Fault(N_("目标量不对"), "target", value=value, remedy=N_("请填大于 0 的数")))
    elif is_whole(way, measure) and target != target.to_integral_value():
        faults.append(Fault(N_("这个单位按整数计"), "target", value=plain(target), remedy=N_("请填整数")))


def is_whole(way: str, measure: str) -> bool:
    """Whether amounts are whole numbers: things are counted."""
    found = MEASURES.get(measure)
    return way == COUNT or (found is not None and found.whole)


def _belonging(wish: TaskWish, above: Above | None, around: Surroundings, faults: list[Fault]) -> None:
    if wish.source not in SOURCES:
        faults.append(Fault(N_("没有这种任务来源"), "source", value=shown(wish.source), remedy=N_("请从列表中选择")))
    if wish.campaign and wish.campaign not in around.campaigns:
        faults.append(
            Fault(N_("没有启用这个创建"), "campaign", value=shown(wish.campaign), remedy=N_("请选择已启用的创建项目"))
        )
    if wish.plan_id is not None and wish.plan_id not in around.plans:
        faults.append(Fault(N_("没有这个计划"), "plan_id", remedy=N_("请从计划列表中选择")))
    if wish.line_id is not None and around.lines.get(wish.line_id) != wish.plan_id:
        faults.append(Fault(N_("这个计划没有这条线"), "line_id", remedy=N_("请选择同一计划的条线")))
    if wish.code and wish.code in around.codes:
        faults.append(
            Fault(N_("这个编号已有任务"), "code", value=shown(wish.code), remedy=N_("请换一个编号，或改原有的任务"))
        )
    if wish.parent_id is not None:
        _parent(wish, above, faults)


def _parent(wish: TaskWish, above: Above | None, faults: list[Fault]) -> None:
    if above is None or wish.parent_id == wish.id:
        faults.append(Fault(N_("没有这个上级任务"), "parent_id", remedy=N_("请从任务列表中选择上级任务")))
    elif above.state not in BEFORE_DONE:
        remedy = N_("请选择还没有完成的任务，或先重新打开它")
        params = {"state": STATES[above.state][0]}
        faults.append(Fault(N_("上级任务已是“{state}”"), "parent_id", value=above.title, remedy=remedy, params=params))


def repeated_codes(wishes: Sequence[TaskWish]) -> dict[int, Fault]:
    """Wishes of one call that have a code which an earlier one has, by their place."""
    counts: Counter[str] = Counter()
    found: dict[int, Fault] = {}
    for place, wish in enumerate(wishes):
        code = narrow(wish.code) if wish.code else ""
        counts[code] += 1
        if code and counts[code] > 1:
            found[place] = Fault(N_("编号重复"), "code", value=shown(code), remedy=N_("每项任务一个编号；请改其中一个"))
    return found


def unissued_parent(above: Above | None, issue: bool) -> Fault | None:
    """A task cannot be issued before its parent is."""
    if not issue or above is None or above.state != DRAFT:
        return None
    return Fault(N_("上级任务还没有下达"), "parent_id", value=above.title, remedy=N_("请先下达上级任务"))


def as_values(wish: TaskWish) -> dict[str, Any]:
    """The columns of a task that a wish gives."""
    return {name: getattr(wish, name) for name in _COLUMNS} | {"first_due_on": wish.due_on}


_COLUMNS = tuple(one.name for one in fields(TaskWish) if one.name != "assists")
