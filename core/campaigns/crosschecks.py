"""Holding the files of an edition against each other (核对): points, references, numbering, cover of every figure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from core.campaigns.arithmetic import tidy
from core.campaigns.attainment import level_order
from core.campaigns.catalogue import Indicator, Item, Link, Material
from core.campaigns.expressions import BadExpression, names, parse
from core.campaigns.forms import ReadForm
from core.campaigns.indicators import Placed
from core.campaigns.levels import LevelBound
from core.campaigns.policy import CitySize
from core.campaigns.tables import Faults, Row
from core.campaigns.targets import needs_size
from core.campaigns.terms import Vocabulary
from core.errors import N_

FORM_POINTS = Decimal(100)
_OWN_PARAMS = frozenset({"floor", "ceiling", "per"})

_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")
_SHARE = re.compile(r"(0|1|0?\.[0-9]{1,6}|[0-9]{1,3}/[1-9][0-9]{0,2})")  # a level's share: 1, 0.66 or 2/3


def check_indicators(placed: Placed[Indicator], scale: Decimal, words: Vocabulary, where: str, faults: Faults) -> None:
    """Targets, parameters and formulas fit the mode, roles exist, and the points add up to the scale."""
    for indicator, row in placed:
        if indicator.lead_role:
            row.known("lead_role", indicator.lead_role, words.roles, N_("没有这个职责角色"))
        _check_target(indicator, row)
        _check_params(indicator, row)
        _check_formula(row)
    total = tidy(sum((i.points for i, _ in placed), Decimal(0)))
    if not faults.concern(where) and total != scale:
        place = {"where": where, "field": "points", "value": str(total)}
        params = {"scale": str(scale)}
        faults.add(N_("指标分值之和不等于总分"), **place, remedy=N_("应为 {scale}，请调整分值"), params=params)


def _check_target(indicator: Indicator, row: Row) -> None:
    if indicator.mode == "level":
        if indicator.target not in indicator.params:
            remedy = N_("可用等级：{levels}")
            row.fault("target", N_("目标等级不在等级表里"), remedy, levels=", ".join(level_order(indicator)))
    elif not _NUMBER.fullmatch(indicator.target) and "ref" not in indicator.params:
        row.fault("target", N_("目标值不是数字"), N_("请填数字，或在 scoring_params 写明参照，如 ref=own_5y_mean"))


def _check_params(indicator: Indicator, row: Row) -> None:
    """Each mode has its parameters, as numbers where it computes with them."""
    needed = {"linear": "floor", "lower_linear": "ceiling", "deduct": "per"}.get(indicator.mode)
    params = indicator.params
    if needed and not _NUMBER.fullmatch(params.get(needed, "")):
        row.fault("scoring_params", N_("缺少参数或不是数字"), N_("请写成 {needed}=60"), needed=needed)
    elif needed in ("floor", "ceiling") and _same_number(params[needed], indicator.target):
        row.fault("scoring_params", N_("起点与目标值相同，无法按比例计分"), N_("请改起点或改用 threshold"))
    if indicator.mode == "level" and not (params and all(_is_share(v) for v in params.values())):
        row.fault("scoring_params", N_("等级表写法有误"), N_("请写成 A=1;B=2/3;C=1/3;none=0，每级在 0 到 1 之间"))
    if needs_size(indicator) and not any(_NUMBER.fullmatch(v) for k, v in params.items() if k not in _OWN_PARAMS):
        row.fault("scoring_params", N_("没有写明各城市规模的目标"), N_("请写成 small=90;medium=92;large=95"))
    if indicator.params.get("mean", "types") not in ("types", "visits"):
        row.fault(
            "scoring_params", N_("平均方式不认识"), N_("请写 mean=types（各类点位平均）或 mean=visits（各次检查平均）")
        )
    if indicator.mode == "site_mean" and not (indicator.forms or params.get("items") == "linked"):
        row.fault("scoring_params", N_("没有写明取哪些检查表"), N_("请写成 forms=检查表代码，或 items=linked"))
    if (indicator.points == 0) != (indicator.mode == "gate"):
        row.fault("points", N_("门槛指标不计分，其他指标必须有分"), N_("请核对 points 与 scoring_mode"))


def check_sizes(placed: Placed[Indicator], sizes: Sequence[CitySize]) -> None:
    """A target by city size is given for every size of the edition, or it is not assessed in some cities."""
    for indicator, row in placed:
        numbers = [name for name, said in indicator.params.items() if _NUMBER.fullmatch(said)]
        missing = [one.name for one in sizes if one.name not in numbers]
        if needs_size(indicator) and numbers and missing:
            params = {"missing": ", ".join(missing), "bands": ";".join(f"{one.name}=90" for one in sizes)}
            row.fault("scoring_params", N_("缺少城市规模 {missing} 的目标"), N_("请写成 {bands}"), **params)


def _is_share(text: str) -> bool:
    """A number from 0 to 1, written as a decimal or as a fraction."""
    return bool(_SHARE.fullmatch(text)) and Fraction(text) <= 1


def _same_number(one: str, other: str) -> bool:
    return bool(_NUMBER.fullmatch(other)) and Decimal(one) == Decimal(other)


def _check_formula(row: Row) -> None:
    """The formula can be read and uses no name beyond numerator and denominator."""
    parsed: dict[str, tuple[str, ...]] = {}
    for column in ("formula", "numerator", "denominator"):
        text = row.text(column)
        try:
            parsed[column] = names(parse(text)) if text else ()
        except BadExpression as bad:
            fault = bad.faults[0]
            row.fault(column, fault.message, fault.remedy, **fault.params)
            return
    for name in parsed["formula"]:
        if name not in parsed["numerator"] + parsed["denominator"]:
            row.fault("formula", N_("公式用到的名称不是分子也不是分母"), N_("请核对写法"), name)


def input_names(indicator: Indicator) -> tuple[str, ...]:
    """The metric names an indicator needs (分子与分母); empty when they cannot be read."""
    try:
        found = [n for text in (indicator.numerator, indicator.denominator) if text for n in names(parse(text))]
    except BadExpression:
        return ()
    return tuple(dict.fromkeys(found))


def check_forms(
    read: list[ReadForm], by_code: dict[str, Indicator], links: set[Link], words: Vocabulary, faults: Faults
) -> None:
    """Numbering, points, doubles, and each item's indicators."""
    seen: dict[str, str] = {}
    for one in read:
        for item, row in one.items:
            if item.code in seen:
                row.fault("name", N_("检查项代码重复"), N_("{first} 已用过，请换一个"), first=seen[item.code])
            seen.setdefault(item.code, one.where)
            _check_number(one, item, row)
            for code in item.indicators:
                if row.known("indicators", code, by_code, N_("没有这个指标")):
                    _check_item_link(one.form.code, item, by_code[code], row)
                    if item.category in words.categories:
                        _check_linked(item, code, links, row)
            _check_see_also(item, by_code, row)
        _check_form(one, faults)


def check_subjects(read: list[ReadForm], taken: dict[str, str], faults: Faults) -> None:
    """The forms of grids and villages: numbering, points, doubles; ``taken`` are the codes of the editions' forms and items."""
    for one in read:
        if one.form.code in taken:
            one.row.fault("code", N_("检查表代码重复"), N_("{first} 已用过，请换一个"), first=taken[one.form.code])
        for item, row in one.items:
            if item.code in taken:
                row.fault("name", N_("检查项代码重复"), N_("{first} 已用过，请换一个"), first=taken[item.code])
            _check_number(one, item, row)
        _check_form(one, faults)


def _check_number(one: ReadForm, item: Item, row: Row) -> None:
    wanted = f"{one.form.code}-{item.number:02d}"
    if item.code != wanted:
        row.fault("name", N_("检查项编号不连续"), N_("这一行应是 {wanted}"), wanted=wanted)


def _check_form(one: ReadForm, faults: Faults) -> None:
    """A form has 100 points and asks no question twice."""
    asked: dict[str, str] = {}
    for item, row in one.items:
        if asked.setdefault(item.question, item.code) != item.code:
            row.fault("question", N_("同一张表问了两次"), N_("{first} 已问过"), first=asked[item.question])
    if not faults.concern(one.where) and one.form.points != FORM_POINTS:
        place = {"where": one.where, "field": "points", "value": str(one.form.points)}
        faults.add(N_("检查表满分不是100分"), **place, remedy=N_("请调整各项分值，合计应为 100"))


def _check_item_link(form: str, item: Item, indicator: Indicator, row: Row) -> None:
    """An item may feed an indicator when its form is in the mean; one that is no field indicator needs a reason."""
    in_mean = indicator.params.get("items") == "linked" or form in indicator.forms
    if indicator.mode == "site_mean" and not in_mean:
        row.fault("indicators", N_("该指标的点位得分不含这张检查表"), N_("请改指标，或加入其 forms="), indicator.code)
    if indicator.method != "field" and not item.note:
        row.fault("note", N_("指标 {code} 不是实地考察指标"), N_("请在 note 写明理由"), code=indicator.code)


def _check_linked(item: Item, code: str, links: set[Link], row: Row) -> None:
    """The finding that the item raises must lead to the indicator: links.csv knows the pair."""
    if Link(item.category, code) not in links:
        remedy = N_("请在 links.csv 加上这一对")
        row.fault("category", N_("问题类别与指标 {code} 没有关联"), remedy, code=code)


def _check_see_also(item: Item, by_code: dict[str, Indicator], row: Row) -> None:
    """A code for display only; one that looks like an own indicator must be one, others belong to other campaigns."""
    own = {code.split("-")[0] for code in by_code}
    for code in item.see_also:
        if code in item.indicators:
            row.fault("see_also", N_("已是本项的指标"), N_("请从 see_also 删去"), code)
        elif code.split("-")[0] in own:
            row.known("see_also", code, by_code, N_("没有这个指标"))


def check_means(placed: Placed[Indicator], forms: set[str]) -> None:
    """The forms that a site mean names exist."""
    for indicator, row in placed:
        for code in indicator.forms:
            row.known("scoring_params", code, forms, N_("没有这个检查表"))


def check_links(placed: Placed[Link], by_code: dict[str, Indicator], words: Vocabulary) -> None:
    """Links name existing categories and indicators."""
    for link, row in placed:
        row.known("category", link.category, words.categories, N_("没有这个问题类别"))
        row.known("indicator", link.indicator, by_code, N_("没有这个指标"))


def check_materials(placed: Placed[Material], by_code: dict[str, Indicator]) -> None:
    """Materials name existing indicators."""
    for material, row in placed:
        row.known("indicator", material.indicator, by_code, N_("没有这个指标"))


def check_levels(placed: Placed[LevelBound], by_code: dict[str, Indicator]) -> None:
    """Bounds name level indicators, their metrics and their levels."""
    for one, row in placed:
        if not row.known("indicator", one.indicator, by_code, N_("没有这个指标")):
            continue
        indicator = by_code[one.indicator]
        if indicator.mode != "level":
            row.fault("indicator", N_("不是等级指标"), N_("请核对 scoring_mode"))
            continue
        row.known("metric", one.metric, input_names(indicator), N_("指标不用这个数"))
        row.known("level", one.level, level_order(indicator), N_("等级不在等级表里"))
