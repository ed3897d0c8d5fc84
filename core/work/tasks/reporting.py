"""Progress as it is told (进展填报): totals up to a day, checked against the task's own way, target and unit of measure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.errors import N_, Fault, InvalidInput
from core.work.statistics.measures import MEASURES, find_measure, plain
from core.work.tables import Task
from core.work.tasks.progress import share_done
from core.work.tasks.states import PERCENT, WHOLE
from core.work.tasks.wishes import is_whole
from core.work.wording import shown


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells of a task (填报内容): ``progress`` in 1/100 % or ``done`` as a total, perhaps in a named unit."""

    progress: int | None = None
    done: Decimal | None = None
    measure: str = ""
    day: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a task stands after a report (填报结果)."""

    day: date
    done: Decimal
    progress: int


def read_told(task: Task, told: Told, today: date, last_day: date | None, faults: list[Fault]) -> Reached | None:
    """Check a report on a task against what was told before; what is wrong is a fault with field, value and remedy."""
    before = len(faults)
    day = _day(told, today, last_day, faults)
    done, progress = _percent(task, told, faults) if task.way == PERCENT else _amount(task, told, faults)
    if len(faults) > before:
        return None
    went_down = progress < task.progress if task.way == PERCENT else done < task.done
    if went_down and not told.note.strip():
        value = percent(task.progress) if task.way == PERCENT else plain(task.done)
        remedy = N_("比上次的 {before} 少；请在说明中写明原因")
        faults.append(Fault(N_("进度比上次低"), "note", remedy=remedy, params={"before": value}))
        return None
    return Reached(day, done, progress)


def _day(told: Told, today: date, last_day: date | None, faults: list[Fault]) -> date:
    day = told.day or today
    if day > today:
        faults.append(Fault(N_("日期还没有到"), "day", value=day.isoformat(), remedy=N_("请填今天或以前的日期")))
    elif last_day is not None and day < last_day:
        remedy, params = N_("上次填报是 {day}；请填那天或以后的日期"), {"day": last_day.isoformat()}
        faults.append(Fault(N_("日期早于上次填报"), "day", None, day.isoformat(), "", remedy, params))
    return day


def _percent(task: Task, told: Told, faults: list[Fault]) -> tuple[Decimal, int]:
    if told.done is not None or told.measure:
        value = told.measure or plain(told.done or 0)
        remedy = N_("请填 0 到 100 的百分比")
        faults.append(Fault(N_("这项任务按百分比填报"), "done", value=shown(value), remedy=remedy))
    elif told.progress is None:
        faults.append(Fault(N_("缺少这一项"), "progress", remedy=N_("请填 0 到 100 的百分比")))
    elif not 0 <= told.progress <= WHOLE:
        remedy = N_("请填 0 到 100 的百分比")
        faults.append(Fault(N_("进度超出 0% 到 100%"), "progress", value=percent(told.progress), remedy=remedy))
    return task.done, told.progress or 0


def _amount(task: Task, told: Told, faults: list[Fault]) -> tuple[Decimal, int]:
    if told.progress is not None:
        value, remedy = percent(told.progress), N_("请填累计完成的数量，百分比由系统计算")
        faults.append(Fault(N_("这项任务按数量填报"), "progress", value=value, remedy=remedy))
    _foreign(task, told.measure, faults)
    target = task.target or Decimal(1)
    if told.done is None:
        faults.append(Fault(N_("缺少这一项"), "done", remedy=N_("请填到今天为止累计完成的数量")))
        return task.done, 0
    value = plain(told.done)
    if told.done < 0:
        faults.append(Fault(N_("数量不能小于 0"), "done", value=value, remedy=N_("请填累计完成的数量")))
    elif is_whole(task.way, task.measure) and told.done != told.done.to_integral_value():
        faults.append(Fault(N_("这个单位按整数计"), "done", value=value, remedy=N_("请填整数")))
    elif told.done > target:
        remedy = N_("目标量是 {target}；请核对数量，目标确已提高的，请先由下达单位修改目标量")
        faults.append(Fault(N_("超过了目标量"), "done", value=value, remedy=remedy, params={"target": plain(target)}))
    return told.done, share_done(told.done, target) if told.done >= 0 else 0


def _foreign(task: Task, said: str, faults: list[Fault]) -> None:
    """Refuse another unit of measure than the task's."""
    if not said.strip():
        return
    try:
        code = find_measure(said).code
    except InvalidInput as error:
        faults += error.faults
        return
    if code != task.measure:
        own = MEASURES[task.measure].both if task.measure else N_("件数")
        remedy = N_("这项任务以“{measure}”计；请换算后再填")
        faults.append(Fault(N_("计量单位不同"), "measure", value=shown(said), remedy=remedy, params={"measure": own}))


def percent(progress: int) -> str:
    """A progress in 1/100 % as people write it: 87.5%."""
    return f"{plain(Decimal(progress) / 100)}%"
