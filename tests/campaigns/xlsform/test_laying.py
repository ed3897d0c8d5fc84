"""Where further questions stand on a list of items, and the shape in which browsers read a form."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.campaigns import Form, installed
from core.campaigns.xlsform.keys import keys
from core.campaigns.xlsform.laying import laid_out, opened_blocks
from core.campaigns.xlsform.model import Block, Field, Group, Include, Part, Repeat, Scoring, Survey, Text
from core.campaigns.xlsform.shapes import shape_survey
from tests.browser.asking_all import asking_all
from tests.campaigns.xlsform.examples import STALLS, read
from tests.campaigns.xlsform.wild_surveys import Wild


def item(name: str) -> Field:
    return Field(name, "select_one", Text(name), choices="yes_no", scoring=Scoring(f"q_{name}", "conform", Decimal(1)))


def text(name: str) -> Field:
    return Field(name, "text", Text(name))


def where(*parts: Part, blocks: tuple[Block, ...] = ()) -> list[tuple[str, list[str]]]:
    return [(one.after, [placed.path for placed in one.parts]) for one in laid_out(Survey(parts, (), blocks))]


def test_each_stands_after_the_item_before_it() -> None:
    assert where(text("a"), item("i"), text("b"), text("c"), item("k"), item("m"), text("d")) == [
        ("", ["a"]),
        ("q_i", ["b", "c"]),
        ("q_m", ["d"]),
    ]
    assert where(item("i"), item("k")) == []


def test_a_group_that_holds_an_item_is_opened_and_others_stay_whole() -> None:
    whole = Group("g", Text("组"), children=(text("a"), Group("h", children=(text("b"),))))
    rows = Repeat("r", Text("行"), children=(text("c"),))
    opened = Group(
        "o", Text("开"), relevant="${a} = 'x'", children=(text("d"), Group("p", children=(item("i"), rows)), text("e"))
    )
    assert where(whole, opened) == [("", ["g", "o/d"]), ("q_i", ["o/p/r", "o/e"])]
    (top, after) = laid_out(Survey((whole, opened)))
    assert [one.name for one in top.parts[1].above] == ["o"]
    assert [one.name for one in after.parts[0].above] == ["o", "p"]
    assert top.parts[1].above[0].relevant == "${a} = 'x'"


def test_common_blocks_are_laid_out_also_inside_of_groups() -> None:
    shared = Block("common", (text("b"), item("i"), text("c")))
    assert where(text("a"), Include("common"), blocks=(shared,)) == [("", ["a", "b"]), ("q_i", ["c"])]
    plain = Block("plain", (text("b"),))
    (laid,) = laid_out(Survey((Group("g", children=(Include("plain"),)),), (), (plain,)))
    (group,) = laid.parts
    assert isinstance(group.part, Group)
    assert [one.name for one in group.part.children if isinstance(one, Field)] == ["b"]
    assert opened_blocks(Survey((Include("nobody"),))) == ()


def test_what_nobody_sees_is_laid_nowhere() -> None:
    unseen = [Field(kind, kind) for kind in ("hidden", "today", "start", "end", "deviceid", "username", "calculate")]
    assert where(*unseen, Group("g", children=(Field("h", "hidden"),))) == []
    assert where(Field("sum", "calculate", Text("合计"))) == [("", ["sum"])]


def test_every_seen_part_of_wild_forms_is_laid_exactly_once() -> None:
    for seed in range(60):
        survey = Wild(seed).form().survey
        assert survey is not None
        laid = [placed.path for one in laid_out(survey) for placed in one.parts]
        assert len(laid) == len(set(laid))
        under = {
            placed.path
            for placed in survey.walk()
            if any(placed.path == p or placed.path.startswith(f"{p}/") for p in laid)
        }
        rest = [placed for placed in survey.walk() if placed.path not in under]
        for placed in rest:
            part = placed.part
            if isinstance(part, Field):
                assert part.scoring is not None or part.type in ("hidden", "today", "calculate")
        assert not {one.path for one in survey.walk() if isinstance(one.part, Field) and one.part.scoring} & under


def test_a_form_of_plain_items_has_no_shape() -> None:
    for campaign in installed().campaigns.values():
        assert all(shape_survey(form) is None for form in campaign.edition.forms if form.survey is None)


def test_the_shape_says_everything_once_and_nothing_empty() -> None:
    design = read(STALLS).design
    assert design is not None
    shape = shape_survey(Form("S", "摊点", "Stalls", (), (), "f" * 64, design.survey))
    assert shape is not None
    parts = {one["path"]: one for one in shape["parts"]}
    assert list(parts) == [one.path for one in design.survey.walk()]
    assert {one["path"]: one["key"] for one in shape["parts"]} == dict(keys(design.survey))
    assert parts["place/why"] == {
        "key": "why",
        "path": "place/why",
        "name": "why",
        "kind": "field",
        "type": "text",
        "above": ["place"],
        "label": ["为什么没有", ""],
        "relevant": "${licence} = 'no'",
    }
    assert parts["stall"]["count"] == "${stalls}"
    assert parts["colours"]["or_other"] is True
    assert shape["homes"]["weight"] == ["stall"]
    assert [one["name"] for one in shape["lists"]["colour"]] == ["red", "green"]
    assert all(
        value not in ("", [], {}, None, False) for one in parts.values() for key, value in one.items() if key != "above"
    )


def test_the_shape_of_ranges_defaults_pictures_and_items() -> None:
    fields = (
        Field("r", "range", parameters="end=2.50 start=-1 step=0.5"),
        Field("fixed", "text", default="甲"),
        Field("told", "date", default="today()"),
        Field("image", "text", image=Text("a.jpg")),
        item("i"),
    )
    shape = shape_survey(Form("S", "表", "Form", (), (), "0" * 64, Survey(fields)))
    assert shape is not None
    parts = {one["name"]: one for one in shape["parts"]}
    assert parts["r"]["bounds"] == ["-1", "2.5", "0.5"]
    assert parts["fixed"]["default"] == "甲"
    assert parts["told"]["default_formula"] == "today()"
    assert "default" not in parts["told"]
    assert parts["image"]["image"] == ["a.jpg", ""]
    assert parts["i"]["question"] == "q_i"
    assert shape["laid"] == [{"after": "", "parts": ["r", "fixed", "told", "image"]}]


def test_a_real_form_between_its_items() -> None:
    form = asking_all()
    assert form.survey is not None
    laid = {one.after: [placed.part.name for placed in one.parts] for one in laid_out(form.survey)}
    first, kerb, second, *_ = [one.scoring.question for one in form.survey.items() if one.scoring]
    assert laid == {"": ["place"], first: ["why"], kerb: ["loose"], second: ["stalls", "timing"]}
    assert shape_survey(replace(form, survey=None)) is None
