"""The sheet choices (选项表): lists of choices with their labels, pictures and the columns that filters read."""

from __future__ import annotations

from collections.abc import Iterable

from core.campaigns.xlsform.model import Choice, ChoiceList, Field, Text
from core.campaigns.xlsform.sheets import Line, Remarks
from core.campaigns.xlsform.tokens import is_name
from core.errors import N_

#: The list of every yes-or-no item; "not applicable" is always open to the inspector
YES_NO = ChoiceList(
    "yes_no",
    (
        Choice("yes", Text("是", "Yes")),
        Choice("no", Text("否", "No")),
        Choice("na", Text("不适用", "Not applicable")),
    ),
)


def read_lists(lines: Iterable[Line], *, doubles: bool) -> dict[str, ChoiceList]:
    """The lists by name, choices in the order of the sheet; ``doubles``: the settings allow one name twice."""
    found: dict[str, list[Choice]] = {}
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        name, value = line.text("list_name"), line.text("name")
        if not name:
            if line.cells:
                line.warn("list_name", N_("这一行没有写属于哪个选项表，已略过"), N_("请填 list_name"))
            continue
        if not value:
            line.error("name", N_("选项没有值（name）"), N_("请填选项的值，例如 yes"))
            continue
        first = seen.setdefault((name, value), line.number)
        if first != line.number and not doubles:
            line.error("name", N_("选项重复：第 {first} 行已用过"), N_("请换一个值，或删去这一行"), first=first)
        if not line.has("label", "image"):
            line.warn("label", N_("选项没有文字"), N_("请在 label 列填选项"))
        others = tuple((title, said) for title, said in line.others.items() if is_name(title))
        found.setdefault(name, []).append(Choice(value, line.both("label"), line.both("image").said(), others))
    return {name: ChoiceList(name, tuple(choices)) for name, choices in found.items()}


def tell_titles(sheet: str, row: int, titles: Iterable[str], remarks: Remarks) -> None:
    """Name the further columns that cannot serve a filter."""
    for title in titles:
        if not is_name(title):
            message = N_("列名不能用在选项筛选里，已略过")
            remarks.add("info", message, sheet=sheet, row=row, column=title, value=title)


def check_choices(line: Line, field: Field, lists: dict[str, ChoiceList]) -> None:
    """The list of a select exists, and its values can be told apart in an answer."""
    found = lists.get(field.choices)
    if found is None:
        remedy = N_("请在 choices 表加上 list_name 为 {name} 的行") if lists else N_("请加一张 choices 表")
        line.error("type", N_("没有选项表 {name}"), remedy, name=field.choices)
        return
    if field.type == "select_multiple":
        for one in found.choices:
            if " " in one.name:
                message = N_("多选题的选项值不能有空格：{value}")
                line.error("type", message, N_("请在 choices 表里改掉空格"), name=field.choices, value=one.name)
    if field.or_other and field.choice_filter:
        line.error("choice_filter", N_("or_other 不能与选项筛选同用"), N_("请把“其他”写进选项表"))
