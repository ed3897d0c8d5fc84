"""The columns that make a field an item (计分列), read by the same rules as a campaign's own checklists."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from decimal import Decimal
from typing import Any

from core.campaigns.catalogue import Item
from core.campaigns.forms import read_item
from core.campaigns.tables import Faults, Row
from core.campaigns.terms import Vocabulary
from core.campaigns.xlsform.lists import YES_NO
from core.campaigns.xlsform.model import ChoiceList, Field, Scoring
from core.campaigns.xlsform.own_questions import ANSWERS, own_question
from core.campaigns.xlsform.sheets import Line
from core.errors import N_

COLUMNS = tuple(one.name for one in fields(Scoring))


def is_item(line: Line) -> bool:
    """Whether a row earns points: it names how, or both what is observed and how much it weighs."""
    return line.has("mode") or (line.has("question") and line.has("points"))


def earned_by(scoring: Scoring) -> dict[str, Any]:
    """What an item and its field's scoring say alike, by name."""
    return {name: getattr(scoring, name) for name in COLUMNS}


def scoring_of(item: Item) -> Scoring:
    """How an item earns points, without its words."""
    return Scoring(**{name: getattr(item, name) for name in COLUMNS})


def read_scoring(
    line: Line, field: Field, words: Vocabulary, own: str, *, feeding: bool, indicators: Collection[str] | None = None
) -> Scoring:
    """How a row earns points; every fault is noted in its cell.

    ``own`` is the code of the question that it asks alone when it names none. ``feeding``: the form's items name indicators;
    ``indicators`` are the codes there are, None when unknown.
    """
    faults = Faults()
    cells = _cells(line, field)
    if not line.has("question"):
        if field.type not in ANSWERS:
            remedy = N_("检查项用 select_one yes_no、integer、range（0 到 10）或 n_of_m；不计分的题请把 mode 留空")
            line.error("type", N_("这种题不能作检查项"), remedy, value=field.type)
            return Scoring(own, line.text("mode"), Decimal(0))
        cells, words = cells | {"question": own}, words.with_own(questions=[own_question(field, own)])
    row = Row(line.sheet, line.number, cells, faults)
    item = read_item(row, 1, words, feeding=feeding)
    for one in faults.found:
        line.error(one.field, one.message, one.remedy, **(one.params | {"value": one.value}))
    for code in item.indicators:
        if indicators is not None and code not in indicators:
            line.error("indicators", N_("没有这个指标"), N_("请改用创建项目里已有的指标代码"), value=code)
    return scoring_of(item)


def _cells(line: Line, field: Field) -> dict[str, str]:
    """The row as a checklist's row: the type in the checklist's word, texts in both languages."""
    found = {key: line.text(key) for key in COLUMNS}
    label = line.both("label")
    word = "select_one yes_no" if field.type == "select_one" else field.type
    return found | {
        "type": word,
        "name": field.name,
        "label": label.said("zh"),
        "label::en": label.said("en"),
        "hint": line.both("hint").said("zh"),
    }


def check_answers_fit(line: Line, field: Field, lists: dict[str, ChoiceList]) -> None:
    """What a scored field lets one answer is what its question asks."""
    if field.type == "select_one":
        given = {one.name for one in lists[field.choices].choices} if field.choices in lists else {"yes", "no"}
        if not {"yes", "no"} <= given <= {one.name for one in YES_NO.choices} or field.or_other:
            remedy = N_("计分的单选题只用 yes、no 和 na 三个选项值")
            line.error("type", N_("选项不是“是、否、不适用”"), remedy, value=field.choices)
    elif field.type == "range" and field.parameters.split() != ["start=0", "end=10", "step=1"]:
        line.error("parameters", N_("评分应为 0 到 10 的整数"), N_("请写成 start=0 end=10 step=1"))
