"""How a year is made of its days (考核汇总办法): a rule as plain data, read and checked. No database here.

Each part is rolled up by itself - days to weeks, weeks to months, months to quarters and years - and the parts are joined by their
weights at the end. Weeks end where their month ends, so that every day belongs to one week and one month (ours).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.errors import N_, Fault, InvalidInput
from core.work.wording import shown

WHOLE = 10_000  # 100 % in 1/100 of a percent
TASK_RATE, TASK_VERIFIED, TASK_IN_TIME = "task_rate", "task_verified", "task_in_time"
ON_TIME, CHECKLIST = "findings_on_time", "checklist"
PARTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        TASK_RATE: (N_("任务完成率"), N_("当天已报完成的任务 ÷ 已下达的任务")),
        TASK_VERIFIED: (N_("任务核验完成率"), N_("当天已核验的任务 ÷ 已下达的任务")),
        TASK_IN_TIME: (N_("任务未超期率"), N_("当天没有超期的任务 ÷ 已下达的任务")),
        ON_TIME: (N_("问题按期办结率"), N_("当天到期的问题中按期办结的 ÷ 当天到期的问题")),
        CHECKLIST: (N_("检查表得分率"), N_("当天核查得分 ÷ 应得分")),
    }
)
SKIPPED, ZERO, CARRIED = "skipped", "zero", "carried"
MISSING: Mapping[str, str] = MappingProxyType(
    {
        SKIPPED: N_("不计入：只平均有数据的天"),
        ZERO: N_("按零计入"),
        CARRIED: N_("沿用本期最近一天的数（之前没有的不计入）"),
    }
)
EQUAL, BY_DAYS = "equal", "days"
WEEKS: Mapping[str, str] = MappingProxyType({EQUAL: N_("各周权重相同"), BY_DAYS: N_("按计入的天数加权")})
REWEIGH = "reweigh"
MISSING_PARTS: Mapping[str, str] = MappingProxyType(
    {REWEIGH: N_("没有数据的部分不计，其余按权重折算"), ZERO: N_("没有数据的部分按零计")}
)
GROUPS: Mapping[str, str] = MappingProxyType(
    {"area": N_("片区"), "subdistrict": N_("街道（镇、乡）"), "department": N_("部门")}
)
KINDS = ("week", "month", "quarter", "year")
MONTHS = 12
MOST_DAYS = 366
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an appraisal (考核内容) with its weight in 1/100 of a percent."""

    code: str
    weight: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, read and checked. ``months`` are the weights of January to December in the year, equal ones by default."""

    parts: tuple[Part, ...]
    missing: str = SKIPPED
    weeks: str = EQUAL
    months: tuple[int, ...] = (1,) * MONTHS
    minimum_days: int = 1
    missing_part: str = REWEIGH

    def body(self) -> dict[str, Any]:
        """The rule as plain JSON."""
        return {
            "parts": [{"code": one.code, "weight": one.weight} for one in self.parts],
            "missing": self.missing,
            "weeks": self.weeks,
            "months": list(self.months),
            "minimum_days": self.minimum_days,
            "missing_part": self.missing_part,
        }


def read_rule(raw: Any) -> Rule:
    """A rule out of parsed JSON. Raises InvalidInput with every fault: field, value, remedy."""
    body = raw if isinstance(raw, Mapping) else {}
    faults: list[Fault] = []
    rule = Rule(
        parts=_parts(body.get("parts"), faults),
        missing=_one_of(body.get("missing", SKIPPED), MISSING, "missing", faults),
        weeks=_one_of(body.get("weeks", EQUAL), WEEKS, "weeks", faults),
        months=_months(body.get("months", [1] * MONTHS), faults),
        minimum_days=_days(body.get("minimum_days", 1), faults),
        missing_part=_one_of(body.get("missing_part", REWEIGH), MISSING_PARTS, "missing_part", faults),
    )
    if faults:
        raise InvalidInput(faults=faults)
    return rule


def _parts(raw: Any, faults: list[Fault]) -> tuple[Part, ...]:
    rows: Sequence[Any] = raw if isinstance(raw, Sequence) and not isinstance(raw, str) else ()
    found: list[Part] = []
    for one in rows:
        code, weight = (one.get("code"), one.get("weight")) if isinstance(one, Mapping) else (None, None)
        place = f"parts.{code if isinstance(code, str) else ''}"
        if code not in PARTS or code in [part.code for part in found]:
            faults.append(Fault(N_("没有这项考核内容，或重复了"), place, value=shown(code), remedy=N_("每项只写一次")))
        elif isinstance(weight, bool) or not isinstance(weight, int) or not 0 < weight <= WHOLE:
            remedy = N_("请填 0.01 到 100 之间的百分数，最多两位小数")
            faults.append(Fault(N_("权重无效"), place, value=shown(weight), remedy=remedy))
        else:
            found.append(Part(str(code), weight))
    total = sum(one.weight for one in found)
    if not faults and total != WHOLE:
        message = N_("各项权重之和应为 100%，现在是 {sum}%")
        params = {"sum": say_hundredths(total)}
        remedy = N_("请调整权重，使其相加正好是 100")
        faults.append(Fault(message, "parts", value=say_hundredths(total), remedy=remedy, params=params))
    return tuple(found)


def say_hundredths(value: int) -> str:
    """1/100 of a percent as people write it: 7000 is 70, 1250 is 12.5."""
    whole, rest = divmod(value, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)


def _months(raw: Any, faults: list[Fault]) -> tuple[int, ...]:
    listed = raw if isinstance(raw, list) and len(raw) == MONTHS else []
    if any(listed) and all(type(one) is int and 0 <= one <= 1000 for one in listed):
        return tuple(listed)
    faults.append(
        Fault(N_("各月权重无效"), "months", value=shown(raw), remedy=N_("请填 12 个 0 到 1000 的整数，不能全为 0"))
    )
    return (1,) * MONTHS


def _days(raw: Any, faults: list[Fault]) -> int:
    if type(raw) is int and 1 <= raw <= MOST_DAYS:
        return raw
    faults.append(Fault(N_("最少天数无效"), "minimum_days", value=shown(raw), remedy=N_("请填 1 到 366 的整数")))
    return 1


def _one_of(raw: Any, known: Mapping[str, str], field: str, faults: list[Fault]) -> str:
    if raw in known:
        return str(raw)
    faults.append(Fault(N_("没有这个取值"), field, value=shown(raw), remedy=N_("请从所列选项中选择")))
    return next(iter(known))


# S4-20: daily check, weekly circular, monthly exam, annual appraisal; three to start from.
SAMPLES: Mapping[str, tuple[str, str, dict[str, Any]]] = MappingProxyType(
    {
        "areas": (
            N_("片区年度考核（任务六、问题三、检查一）"),
            "area",
            Rule((Part(TASK_RATE, 6000), Part(ON_TIME, 3000), Part(CHECKLIST, 1000)), minimum_days=5).body(),
        ),
        "streets": (
            N_("街道年度考核（任务五、核验二、问题三）"),
            "subdistrict",
            Rule((Part(TASK_RATE, 5000), Part(TASK_VERIFIED, 2000), Part(ON_TIME, 3000)), CARRIED, BY_DAYS).body(),
        ),
        "departments": (
            N_("部门年度考核（任务完成七、未超期三）"),
            "department",
            Rule((Part(TASK_RATE, 7000), Part(TASK_IN_TIME, 3000)), minimum_days=5).body(),
        ),
    }
)
