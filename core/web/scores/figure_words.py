"""Words of scores (得分用词): shares, points, targets, units, methods and rules as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from flask_babel import gettext

from core.campaigns import Campaign, Indicator, Item
from core.campaigns.rules import Rule, parse_rule
from core.campaigns.trail import Step
from core.errors import N_
from core.figures.rules import number_text, points_text
from core.request import house
from core.web.words import by_locale, counted

DASH = "—"
SIGNS: Mapping[str, str] = MappingProxyType({">=": "≥", "<=": "≤"})
UNITS: Mapping[str, str] = MappingProxyType(
    {
        "%": "%",
        "score": N_("分"),
        "count": N_("个"),
        "level": N_("级"),
        "bool": "",
        "per 1000 residents": N_("份/千人"),
        "m2/person": N_("平方米/人"),
        "days/year": N_("天/年"),
        "per 1000 births": "‰",
        "per 100000": N_("/10万"),
    }
)
TARGETS: Mapping[str, str] = MappingProxyType({"mean_5y": N_("本地前五年平均"), "by_size": N_("按城市规模")})
METHODS: Mapping[str, str] = MappingProxyType(
    {
        "field": N_("实地考察"),
        "material": N_("材料审核"),
        "survey": N_("问卷调查"),
        "statistic": N_("统计数据"),
        "ledger": N_("台账登记"),
        "sampling": N_("抽检监测"),
        "departmental": N_("部门评价"),
        "observation": N_("整体观察"),
    }
)
FREQUENCIES: Mapping[str, str] = MappingProxyType(
    {
        "continuous": N_("随时"),
        "daily": N_("每天"),
        "weekly": N_("每周"),
        "ten_day": N_("每旬"),
        "monthly": N_("每月"),
        "quarterly": N_("每季"),
        "seasonal": N_("按季节"),
        "yearly": N_("每年"),
    }
)
ANSWERS: Mapping[str, str] = MappingProxyType(
    {"yes_no": N_("是或否"), "count": N_("计数"), "rating10": N_("0–10 分"), "n_of_m": N_("几分之几")}
)
EVIDENCE: Mapping[str, str] = MappingProxyType(
    {"photo+place": N_("照片和位置"), "photo per occurrence": N_("每处一张照片"), "count sheet": N_("计数表")}
)


def say_points(value: Decimal | None) -> str:
    """Points or a share with two decimals; a dash for nothing."""
    return DASH if value is None else f"{value:.2f}"


def say_change(value: Decimal | None) -> str:
    """A difference with its sign; a dash for nothing."""
    return DASH if value is None else f"{value:+.2f}".replace("-", "−") if value else "0.00"


def say_number(value: Fraction | Decimal | None) -> str:
    """A count or sum: whole, or two decimals; a dash for nothing."""
    return number_text(value)


def say_unit(unit: str, number: str = "") -> str:
    """The unit of a value, short enough to stand behind the ``number``."""
    known = UNITS.get(unit, unit)
    if unit == "count":
        return counted(known, n=number)
    return gettext(known) if known else ""


def say_value(value: Decimal | None, unit: str) -> str:
    """A value with its unit."""
    if value is None:
        return DASH
    text = points_text(value) if unit in ("count", "level", "bool") else f"{value:.2f}"
    return f"{text}{_behind(unit, text)}"


def say_target(target: str, unit: str) -> str:
    """A target, such as '>= 95', as the paper would print it with its unit."""
    sign, _, wanted = target.partition(" ")
    return (
        f"{SIGNS.get(sign, sign)} {gettext(TARGETS[wanted]) if wanted in TARGETS else wanted + _behind(unit, wanted)}"
    )


def _behind(unit: str, number: str) -> str:
    word = say_unit(unit, number)
    return word if not word or word in "%‰" or word.startswith("/") or not word.isascii() else f" {word}"


def target_number(indicator: Indicator) -> float | None:
    """The target where it is a plain number, for a line in a chart."""
    return float(indicator.target) if indicator.target.replace(".", "", 1).isdecimal() else None


def say_step(one: Step) -> str:
    """One step of a computation in the reader's language; a site type by its name."""
    words = dict(one.words)
    if "type" in words:
        words["type"] = say_type(words["type"])
    return gettext(one.text).format(**words)


def say_type(code: str) -> str:
    """A site type in the reader's language; the code where nobody knows it (a campaign's own, or none at all)."""
    known = house().registry.vocabulary.site_types.get(code)
    return by_locale(known.name_zh, known.name_en) if known else code or gettext("未登记类型")


LIFE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "save": N_("填报"),
        "submit": N_("上报"),
        "review": N_("审核"),
        "lock": N_("锁定"),
        "return": N_("退回"),
        "correct": N_("更正"),
    }
)


def say_role(campaign: Campaign, code: str) -> str:
    """The office behind a duty in the reader's language."""
    known = {**house().registry.vocabulary.roles, **{one.code: one for one in campaign.roles}}.get(code)
    return by_locale(known.name_zh, known.name_en) if known else code


def say_category(campaign: Campaign, code: str) -> str:
    """A kind of defect in the reader's language."""
    known = {**house().registry.vocabulary.categories, **{one.code: one for one in campaign.categories}}.get(code)
    return by_locale(known.name_zh, known.name_en) if known else code


def say_rule(item: Item) -> str:
    """How a checklist item's points come from the answer."""
    rule = parse_rule(item.mode, item.rule)
    if rule.source or rule.grades:
        return _derived(item.mode, rule)
    if item.mode == "deduct":
        per, most = number_text(rule.per), number_text(rule.cap)
        return gettext("每处扣 %(per)s 分，最多扣 %(most)s 分", per=per, most=most)
    if item.mode == "min_count":
        if rule.per_metres:
            return gettext("每 %(metres)s 米不少于 %(need)s 处得满分", metres=rule.per_metres, need=rule.need)
        return gettext("不少于 %(need)s 处得满分", need=rule.need)
    return gettext(_PLAIN[item.mode])


_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "conform": N_("符合得满分，不符合不得分"),
        "band10": N_("按 0–10 分评定折算，7 分及以上合格"),
        "ratio": N_("按合格的比例得分"),
    }
)


def _derived(mode: str, rule: Rule) -> str:
    source = rule.source or "rating10"
    seen = gettext(_SOURCES[source])
    if mode == "conform":
        sign, bound = rule.passing or ("=", 0)
        return gettext(
            "%(seen)s %(sign)s %(bound)s 得满分，否则不得分", seen=seen, sign=SIGNS.get(sign, sign), bound=bound
        )
    if rule.grades:
        grades = gettext("、").join(
            f"{letter} {SIGNS.get(sign, sign)} {bound}: {share}" for letter, sign, bound, share in rule.grades
        )
        return gettext(
            "按%(seen)s定等次（得分率）：%(grades)s，其余 %(rest)s", seen=seen, grades=grades, rest=rule.last
        )
    bands = gettext("、").join(
        gettext("%(raw)s 折 %(rating)s 分", raw=raw, rating=rating) for raw, rating in rule.bands
    )
    return gettext("按%(seen)s折成十分制：%(bands)s，其余 %(rest)s 分", seen=seen, bands=bands, rest=rule.otherwise)


_SOURCES: Mapping[str, str] = MappingProxyType(
    {"count": N_("个数"), "unmet": N_("未达到的个数"), "rating10": N_("评分")}
)
