"""A road form that asks in every way there is (各种题型的表), and a district whose inspectors are given it."""

from __future__ import annotations

from dataclasses import replace

from core.campaigns import Form, installed
from core.campaigns.xlsform.model import Choice, ChoiceList, Design, Field, Group, Repeat, Survey, Text
from core.campaigns.xlsform.scored import survey_of, to_form
from core.work.forms.versions import shipped_form
from tenants.scope import Wall
from tests.work.asking_more import CODE, KERB, SANITARY, Street, borrowed

PAVING = ChoiceList("paving", (Choice("yes", Text("有", "Yes")), Choice("no", Text("没有", "No"))))
GOODS = ChoiceList("goods", (Choice("fruit", Text("瓜果", "Fruit")), Choice("meal", Text("早点", "Breakfast"))))
PARTS = ChoiceList(
    "parts",
    tuple(
        Choice(code, Text(zh, en), attributes=(("of", of),))
        for code, zh, en, of in (
            ("kerb", "路缘石", "Kerb", "yes"),
            ("tiles", "盲道砖", "Tactile tiles", "yes"),
            ("edge", "路肩", "Verge", "no"),
        )
    ),
)


def asking_all() -> Form:
    """Every type of question, groups in groups, repeats in repeats, conditions on items and items under conditions."""
    shipped = shipped_form(SANITARY, CODE)
    assert shipped is not None
    words = installed().vocabulary.with_own(questions=SANITARY.questions)
    usual = survey_of(shipped, words)
    first, second, *rest = usual.children
    assert isinstance(first, Field)
    assert isinstance(second, Field)
    top = Group(
        "place",
        Text("路段情况", "The stretch"),
        Text("站在起点填", "Fill this in at the start"),
        children=(
            Field("paved", "select_one", Text("有没有人行道", "Is there a pavement"), required="true()", choices="paving"),
            Field("part", "select_one", Text("看的是哪一部分", "Which part"), choices="parts",
                  choice_filter="of = ${paved}", appearance="minimal", relevant="${paved} != ''"),
            Field("length", "integer", Text("长度（米）", "Length (m)"), Text("从路口量起", "From the junction"),
                  constraint=". > 0 and . <= 5000", constraint_message=Text("长度应为 1 到 5000 米", "1 to 5000 m")),
            Field("width", "decimal", Text("宽度（米）", "Width (m)")),
            Field("area", "calculate", Text("面积（平方米）", "Area (m²)"), calculation="${length} * ${width}"),
            Field("where", "geopoint", Text("起点", "Start")),
        ),
    )  # fmt: skip
    stalls = Repeat(
        "stalls",
        Text("占道摊点", "Stall"),
        Text("每个摊点一条", "One for each stall"),
        children=(
            Field("trade", "text", Text("卖什么", "What is sold"), required="true()"),
            Field("seen", "image", Text("照片", "Photo")),
            Field("goods", "select_multiple", Text("有哪些货", "Goods"), choices="goods", or_other=True),
            Field("bags", "integer", Text("垃圾桶几个", "How many bins"), default="0"),
            Repeat("bin", Text("垃圾桶", "Bin"), count="${bags}",
                   children=(Field("full", "range", Text("满到几成", "How full (tenths)"), parameters="start=0 end=10 step=1"),)),
        ),
    )  # fmt: skip
    timing = Group(
        "timing",
        Text("时间", "Times"),
        children=(
            Field("day", "date", Text("上次清扫日期", "Last swept on"), constraint=". <= today()",
                  constraint_message=Text("不能晚于今天", "Not after today")),
            Field("hour", "time", Text("几点", "At what time")),
            Field("moment", "dateTime", Text("洒水时间", "Watered at")),
            Field("share", "range", Text("覆盖百分比", "Coverage in percent"), parameters="start=0 end=100 step=5"),
            Field("bins", "n_of_m", Text("果皮箱", "Litter bins")),
            Field("sum", "text", Text("一共几个摊点", "Stalls in all"), calculation="count(${stalls})", read_only="true()"),
            Field("told", "note", Text("共 ${sum} 个摊点，请核对。", "${sum} stalls in all; please check.")),
        ),
    )  # fmt: skip
    kerb = replace(borrowed(shipped, words), name=KERB, relevant="${paved} = 'yes'")
    inner = Group(
        "paving",
        Text("人行道", "Pavement"),
        relevant="${paved} = 'yes'",
        children=(kerb, Field("loose", "integer", Text("松动几块", "Loose tiles"), required=f"${{{KERB}}} = 'no'")),
    )
    why = Field(
        "why", "text", Text("为什么没有", "Why is there none"), relevant="${paved} = 'no'", appearance="multiline"
    )
    survey = Survey((top, first, why, inner, second, stalls, timing, *rest), (*usual.lists, PAVING, GOODS, PARTS))
    design = Design(CODE, Text(shipped.title_zh, shipped.title_en), survey, shipped.site_types, SANITARY.key)
    return to_form(design, words)


class Wide(Street):
    """The same district with the form that has every kind of question (现场)."""

    def __init__(self, wall: Wall) -> None:
        super().__init__(wall, asking_all())
