"""Holding metrics.csv against the edition (取数规则核对): every numerator and denominator has exactly one figure row."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from core.campaigns.catalogue import Indicator, Metric
from core.campaigns.crosschecks import input_names
from core.campaigns.forms import ReadForm
from core.campaigns.indicators import Placed
from core.campaigns.tables import Row
from core.campaigns.terms import Vocabulary
from core.errors import N_

#: source -> the selector terms it understands
TERMS = {
    "items": ("linked", "item", "question", "form"),
    "findings": ("campaign", "state", "time"),
    "sites": ("site_type", "attr", "unit_kind", "where"),
    "records": ("ledger", "where", "measure", "distinct"),
    "sampling": ("ledger", "where", "measure", "distinct"),
    "statistics": ("role", "period", "by", "shared"),
    "survey": ("survey", "answer", "ledger", "follow_up_call"),
}


@dataclass(frozen=True, slots=True)
class Shelves:
    """What a selector may refer to (可引用的代码)."""

    indicators: dict[str, Indicator]
    items: set[str]
    forms: set[str]
    linked: set[str]
    words: Vocabulary


def shelves_of(placed: Placed[Indicator], read: list[ReadForm], words: Vocabulary) -> Shelves:
    """The codes of an edition as read so far."""
    items = [item for one in read for item, _ in one.items]
    return Shelves(
        {i.code: i for i, _ in placed},
        {i.code for i in items},
        {one.form.code for one in read},
        {code for i in items for code in i.indicators},
        words,
    )


def check_metrics(placed: Placed[Metric], indicators: Placed[Indicator], shelves: Shelves) -> None:
    """References, availability, and cover: one figure row each, sample rows in pairs, none twice, none too many."""
    for metric, row in placed:
        for code in metric.indicators:
            row.known("indicators", code, shelves.indicators, N_("没有这个指标"))
        _check_available(metric, row)
        for key, value in metric.selector:
            _check_term(metric, key, value, shelves, row)
    _check_cover(placed, indicators)
    _check_samples(placed, shelves.indicators)


def _check_available(metric: Metric, row: Row) -> None:
    """What comes from visits and findings is there from the start, all else is not; registers of sites may be either."""
    if metric.source != "sites" and (metric.source in ("items", "findings")) != (metric.available_in == "spine"):
        row.fault("available_in", N_("与数据来源不符"), N_("检查项和问题写 spine，其他来源不写 spine"))


def _check_term(metric: Metric, key: str, value: str, shelves: Shelves, row: Row) -> None:
    if key not in TERMS.get(metric.source, ()):
        remedy = N_("来源 {source} 可用：{terms}")
        terms = ", ".join(TERMS.get(metric.source, ()))
        row.fault("selector", N_("选择条件不适用于这个来源"), remedy, key, source=metric.source, terms=terms)
    elif key == "linked":
        for code in (c for c in metric.indicators if c in shelves.indicators and c not in shelves.linked):
            row.fault("selector", N_("没有检查项关联到指标 {code}"), N_("请改写选择条件"), code=code)
    elif key == "item":
        row.known("selector", value, shelves.items, N_("没有这个检查项"))
    elif key == "question":
        row.known("selector", value, shelves.words.questions, N_("没有这个观测项"))
    elif key == "form":
        _check_form_term(metric, value, shelves, row)
    elif key == "role":
        row.known("selector", value, shelves.words.roles, N_("没有这个职责角色"))
    elif key == "site_type":
        for code in value.split(" or "):
            row.known("selector", code.strip(), shelves.words.site_types, N_("没有这个点位类型"))


def _check_form_term(metric: Metric, value: str, shelves: Shelves, row: Row) -> None:
    """``form=scoring_params`` reads the indicator's own forms; any other value is a form code."""
    if value != "scoring_params":
        row.known("selector", value, shelves.forms, N_("没有这个检查表"))
        return
    for code in metric.indicators:
        if code in shelves.indicators and not shelves.indicators[code].forms:
            row.fault(
                "selector", N_("指标 {code} 的参数里没有 forms="), N_("请在 scoring_params 写明检查表"), code=code
            )


def _check_cover(placed: Placed[Metric], indicators: Placed[Indicator]) -> None:
    """Each name an indicator needs has one figure row, and no figure row is for nothing."""
    count = Counter((code, m.name, m.row) for m, _ in placed for code in m.indicators)
    needed = {(i.code, name) for i, _ in indicators for name in input_names(i)}
    for metric, row in placed:
        for code in metric.indicators:
            if count[code, metric.name, metric.row] > 1:
                params = {"code": code, "name": metric.name}
                row.fault("metric", N_("指标 {code} 的 {name} 有两行取数规则"), N_("请删去其中一行"), **params)
            elif metric.row == "figure" and (code, metric.name) not in needed:
                row.fault("metric", N_("指标 {code} 不用这个数"), N_("请核对分子分母的名称"), code=code)
    for indicator, row in indicators:
        for name in input_names(indicator):
            if not count[indicator.code, name, "figure"]:
                column = "numerator" if name in indicator.numerator else "denominator"
                row.fault(column, N_("没有取数规则"), N_("请在 metrics.csv 为它写一行 row=figure"), name)


def _check_samples(placed: Placed[Metric], by_code: dict[str, Indicator]) -> None:
    """A sample share needs all of its indicator's names, like the figure it stands beside."""
    given: dict[str, dict[str, Row]] = defaultdict(dict)
    for metric, row in placed:
        if metric.row == "sample":
            for code in metric.indicators:
                given[code][metric.name] = row
    for code, rows in given.items():
        if code in by_code and set(rows) != set(input_names(by_code[code])):
            row = next(iter(rows.values()))
            row.fault("metric", N_("指标 {code} 的抽查取数不成对"), N_("分子分母都要有 row=sample"), code=code)
