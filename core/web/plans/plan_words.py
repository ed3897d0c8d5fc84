"""Words of the plans on the pages (计划用词): kinds, states, steps, days and lights in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from flask_babel import gettext

from core.errors import N_, SanchengError
from core.figures.task_figures.burn_down import LOOK_BACK
from core.figures.task_figures.line_sums import DOING, DROPPED, FINISHED, LATE, PLANNED
from core.web.errors import say_fault
from core.web.words import counted, listed
from core.work.plans.days import BEFORE, OVER, Countdown
from core.work.plans.kinds import DAYS, KINDS, STATES, WORKING
from core.work.quantities.sums import WHY
from core.work.quantities.words import BASES
from core.work.tables import Plan, PlanEvent

LINE_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        PLANNED: (N_("未开展"), "waiting"),
        DOING: (N_("推进中"), "active"),
        LATE: (N_("有逾期"), "overdue"),
        FINISHED: (N_("已完成"), "next"),
        DROPPED: (N_("已放弃"), "held"),
    }
)
FLOWS: Mapping[str, str] = MappingProxyType(
    {"input": N_("投入"), "output": N_("产出"), "outcome": N_("成效"), "stock": N_("底数")}
)
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "create": N_("编制计划"),
        "edit": N_("修改计划"),
        "activate": N_("启用计划"),
        "close": N_("结束计划"),
        "reopen": N_("重新启用"),
        "cancel": N_("取消计划"),
        "replace": N_("由新版代替"),
        "carried": N_("随上级计划转到新版"),
        "line_add": N_("增加条线"),
        "line_edit": N_("修改条线"),
        "line_move": N_("调整条线顺序"),
        "line_drop": N_("放弃条线"),
        "line_back": N_("恢复条线"),
        "line_reach": N_("里程碑"),
        "scope": N_("设置整治范围"),
        "targets": N_("设置目标量"),
    }
)
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "title": N_("名称"),
        "goal": N_("计划目标"),
        "document": N_("依据文件"),
        "campaign": N_("创建项目"),
        "unit_id": N_("牵头单位"),
        "person_id": N_("责任人"),
        "parent_id": N_("上级"),
        "starts_on": N_("开始日"),
        "ends_on": N_("结束日"),
        "days": N_("天数算法"),
        "milestone": N_("里程碑"),
        "due_on": N_("完成日期"),
        "kind_id": N_("科目"),
        "line_id": N_("条线"),
        "planned": N_("目标"),
    }
)


def say_kind(code: str) -> str:
    """A kind's name; an unknown one as it is written."""
    return gettext(KINDS[code].title) if code in KINDS else code


def state_of(code: str) -> tuple[str, str]:
    """A plan's state: its word and tone."""
    word, tone = STATES.get(code, (code, "neutral"))
    return gettext(word), tone


def line_state(code: str) -> tuple[str, str]:
    """A line's state: its word and tone."""
    word, tone = LINE_STATES[code]
    return gettext(word), tone


def say_flow(code: str) -> str:
    """Whether a quantity is put in or brought about."""
    return gettext(FLOWS[code]) if code in FLOWS else code


def say_why(code: str) -> str:
    """Why quantities are not added."""
    return gettext(WHY[code]) if code in WHY else code


def say_basis(code: str) -> str:
    """On what a quantity rests."""
    return gettext(BASES[code]) if code in BASES else code


def options(known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A table of words as the choices of a filter; of pairs the word comes first."""
    return [(code, gettext(one[0] if isinstance(one, tuple) else one)) for code, one in known.items()]


def kind_options() -> list[tuple[str, str]]:
    """The kinds as choices."""
    return [(code, say_kind(code)) for code in KINDS]


def say_countdown(at: Countdown) -> str:
    """Where a sprint stands, in one line."""
    if at.state == BEFORE:
        return gettext("%(ahead)s 天后开始，共 %(total)s 天", ahead=at.ahead, total=at.total)
    if at.state == OVER:
        return counted("共 %(n)s 天，已经结束", n=at.total)
    return gettext(
        "第 %(number)s 天，共 %(total)s 天，还剩 %(left)s 天", number=at.number, total=at.total, left=at.left
    )


def say_rule(plan: Plan) -> str:
    """How the days are counted, printed beside every count-down."""
    unit = gettext(DAYS[plan.days]).lower()
    said = gettext("按%(unit)s计算：开始那天是第 1 天，结束那天也算；还剩的天数不含今天。", unit=unit)
    return said + (gettext("休息日不计，天数停在前一个工作日。") if plan.days == WORKING else "")


def say_tenths(value: Fraction) -> str:
    """A number a day, rounded half-up to a tenth."""
    tenths = int((value * 20 + 1) // 2)
    return f"{tenths // 10}.{tenths % 10}"


def say_progress(hundredths: int | None) -> str:
    """A progress in 1/100 of a percent as people read it, rounded half-up to a tenth."""
    if hundredths is None:
        return "—"
    tenths = (hundredths + 5) // 10
    return f"{tenths // 10}.{tenths % 10}%"


def say_rate(part: int, whole: int) -> str:
    """A share of some things, rounded half-up to a tenth of a per cent."""
    tenths = (part * 2000 + whole) // (whole * 2)
    return f"{tenths // 10}.{tenths % 10}%"


def say_share(part: Decimal, whole: Decimal) -> str:
    """A quantity as a share of its target, rounded half-up to a tenth of a per cent."""
    tenths = int((Fraction(part) / Fraction(whole) * 2000 + 1) // 2)
    return f"{tenths // 10}.{tenths % 10}%"


def look_back() -> int:
    """By how many counted days the pace is told."""
    return LOOK_BACK


def fault_words(error: SanchengError) -> dict[str, str]:
    """Field -> what is wrong there; the field's own label says which it is."""
    return {one.field: say_fault(replace(one, field="")) for one in error.faults if one.field}


def row_faults(error: SanchengError) -> list[str]:
    """Each fault of a table as a sentence that names its row and column."""
    return [say_fault(replace(one, field=FIELDS.get(one.field, one.field))) for one in error.faults]


def event_line(event: PlanEvent) -> dict[str, Any]:
    """One line of a plan's history."""
    what = gettext(STEPS[event.verb]) if event.verb in STEPS else event.verb
    return {"at": event.at, "what": what, "who": event.person_name, "text": _detail(event)}


def _detail(event: PlanEvent) -> str:
    detail = event.detail
    said = [event.note] if event.note else []
    if isinstance(detail.get("lines"), list):
        said.append(listed(detail["lines"]))
    if detail.get("line"):
        said.append(str(detail["line"]))
    if detail.get("milestone"):
        said.append(f"{detail['milestone']} {detail['day'] or gettext('取消')}")
    if detail.get("fields"):
        said.append(listed(gettext(FIELDS.get(one, one)) for one in detail["fields"]))
    if detail.get("by"):
        said.append(str(detail["by"]))
    if detail.get("from"):
        said.append(f"{detail['from']} → {detail['to']}")
    return " · ".join(said)
