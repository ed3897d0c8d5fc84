"""What a workbook may get wrong, one by one: refused with sheet, row and column, and all of it at once."""

from __future__ import annotations

import pytest

from core.campaigns.registry import installed
from core.campaigns.xlsform.model import Field, Group, Include, Repeat, Text
from core.campaigns.xlsform.reading import read_workbook
from tests.campaigns.xlsform.examples import ACCEPTED, as_csv, read, spots

HEAD = "type | name | label | relevant | constraint | calculation | choice_filter | appearance | parameters | default"


def form(*rows: str, rest: str = "") -> str:
    return "\n".join(["[survey]", HEAD, *rows, rest])


def errors(text: str) -> list[tuple[str, int | None, str]]:
    found = read(text)
    assert found.design is None
    assert spots(found.findings)
    assert all(one.message and one.text() for one in found.findings)
    assert all(one.remedy for one in found.errors)
    return spots(found.findings)


BAD = {
    "unsupported types": (
        ["audio | a | A", "rank yn | b | B", "select_one_from_file x.csv | c | C"],
        [(2, "type"), (3, "type"), (4, "type")],
    ),
    "geo shapes": (
        ["geotrace | a | A", "geoshape | b | B", "barcode | c | C", "xml-external | d |"],
        [(n, "type") for n in (2, 3, 4, 5)],
    ),
    "no type": ([" | a | A"], [(2, "type")]),
    "no name": (["text | | A"], [(2, "name")]),
    "no label": (["text | a | "], [(2, "label")]),
    "a name with a blank": (["text | a b | A"], [(2, "name")]),
    "a name from a digit": (["text | 1a | A"], [(2, "name")]),
    "a name of the system": (["text | meta | A"], [(2, "name")]),
    "the same name twice": (["text | a | A", "text | a | B"], [(3, "name")]),
    "two repeats of one name": (
        [
            "begin group | g | G",
            "begin repeat | r | R",
            "text | a | A",
            "end repeat",
            "end group",
            "begin repeat | r | R",
            "text | b | B",
            "end repeat",
        ],
        [(7, "name")],
    ),
    "a group left open": (["begin group | g | G", "text | a | A"], [(2, "type")]),
    "an end too many": (["text | a | A", "end group"], [(3, "type")]),
    "closed by the wrong word": (["begin group | g | G", "text | a | A", "end repeat"], [(4, "type")]),
    "no list": (["select_one yn | a | A"], [(2, "type")]),
    "no such question": (["text | a | A | ${b} = 1"], [(2, "relevant")]),
    "a question in other letters": (["text | Shop | A", "text | b | B | ${shop} = 1"], [(3, "relevant")]),
    "a broken formula": (["integer | a | A | | . >"], [(2, "constraint")]),
    "a Chinese comma": (["integer | a | A | | | if(1，2，3)"], [(2, "calculation")]),
    "an unknown function": (["integer | a | A | | | eval('1')"], [(2, "calculation")]),
    "no calculation": (["calculate | a | "], [(2, "calculation")]),
    "a circle": (["calculate | a | | | | ${b} + 1", "calculate | b | | | | ${a} + 1"], [(2, "calculation")]),
    "a circle of itself": (["calculate | a | | | | ${a} + 1"], [(2, "calculation")]),
    "a quoted answer that is not there": (["note | a | 您选了 ${shop}"], [(2, "label")]),
    "two of the name that is meant": (
        ["begin group | g | G", "text | a | A", "end group", "text | a | A", "text | b | B | ${a} = 1"],
        [(6, "relevant")],
    ),
    "a range without room": (["range | a | A | | | | | | start=5 end=5"], [(2, "parameters")]),
    "a parameter nobody knows": (["range | a | A | | | | | | begin=5"], [(2, "parameters")]),
    "parameters as prose": (["range | a | A | | | | | | from 1 to 5"], [(2, "parameters")]),
    "a search in a file": (["text | a | A | | | | | search('x')"], [(2, "appearance")]),
    "a default that cannot be": (["text | a | A | | | | | | | concat(${b})"], [(2, "default")]),
    "a block that is not there": (["include | safety | "], [(2, "name")]),
    "a loop": (["begin loop over x | a | A", "text | b | B", "end loop"], [(2, "type"), (4, "type")]),
    "all at once": (
        ["audio | a | A", "text | b c | B", "integer | d | D | ${x} > 1 | . >"],
        [(2, "type"), (3, "name"), (4, "relevant"), (4, "constraint")],
    ),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_fault_is_named_where_it_is(name: str) -> None:
    rows, wanted = BAD[name]
    assert errors(form(*rows)) == [("survey", row, column) for row, column in wanted]


CHOICES = {
    "a choice twice": ("list_name | name | label\nyn | yes | 是\nyn | yes | 对", [("choices", 3, "name")]),
    "a choice without a value": ("list_name | name | label\nyn | | 是\nyn | no | 否", [("choices", 2, "name")]),
    "another list": ("list_name | name | label\nny | yes | 是", [("survey", 2, "type")]),
    "a blank in a value": ("list_name | name | label\nyn | y es | 是", [("survey", 2, "type")]),
    "an answer that is not there": ("list_name | name | label\nyn | yes | 是 ${x}", [("choices", 2, "label")]),
}


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_a_fault_in_the_choices_is_named(name: str) -> None:
    rows, wanted = CHOICES[name]
    assert errors(form("select_multiple yn | a | A", rest=f"[choices]\n{rows}")) == wanted


def test_one_name_twice_is_allowed_where_the_settings_say_so() -> None:
    rows = "[choices]\nlist_name | name | label\nyn | yes | 是\nyn | yes | 对\n[settings]\nallow_choice_duplicates\nyes"
    assert read(form("select_one yn | a | A", rest=rows)).accepted


SCORED = "type | name | label | question | mode | rule | points | category | indicators | key"
ITEMS = {
    "no such question": ("integer | a | A | no_such | deduct | per=1,cap=100 | 100 |", [("survey", 2, "question")]),
    "another type": ("text | a | A | litter_count | deduct | per=1,cap=100 | 100 |", [("survey", 2, "type")]),
    "a rule that is none": ("integer | a | A | litter_count | deduct | two each | 100 |", [("survey", 2, "rule")]),
    "no points": ("integer | a | A | litter_count | deduct | per=1,cap=9 | |", [("survey", 2, "points")]),
    "no such category": (
        "integer | a | A | litter_count | deduct | per=1,cap=9 | 100 | NOPE",
        [("survey", 2, "category")],
    ),
}


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_a_fault_in_the_scoring_is_named(name: str) -> None:
    row, wanted = ITEMS[name]
    row += "" if "NOPE" in row else "ENV-LITTER"
    assert errors(f"[survey]\n{SCORED}\n{row}") == wanted


def test_an_item_is_not_asked_in_a_repeat_nor_twice() -> None:
    row = "integer | {} | A | litter_count | deduct | per=1,cap=50 | 50 | ENV-LITTER"
    inside = ["begin repeat | r | R", row.format("a"), "end repeat", row.format("b")]
    assert errors("\n".join(["[survey]", SCORED, *inside])) == [("survey", 3, "mode"), ("survey", 5, "question")]


def test_points_that_are_not_100_are_told_and_refused_only_in_a_campaign() -> None:
    text = f"[survey]\n{SCORED}\ninteger | a | A | litter_count | deduct | per=1,cap=50 | 50 | ENV-LITTER"
    found = read(text)
    assert found.accepted
    assert [(one.severity, one.column) for one in found.findings] == [("warning", "points")]
    assert not read(f"{text}\n[settings]\nform_id | campaign\nX | civilized_city").accepted


@pytest.mark.parametrize("name", sorted(ACCEPTED))
@pytest.mark.parametrize("kind", ["form.xlsx", "form.csv"])
def test_a_good_form_is_accepted_without_a_word(name: str, kind: str) -> None:
    found = read(ACCEPTED[name], kind)
    assert found.accepted
    assert found.findings == ()


def test_both_files_say_the_same() -> None:
    for text in ACCEPTED.values():
        assert read(text, "form.xlsx").design == read(text, "form.csv").design


def test_the_tree_is_as_written() -> None:
    design = read(ACCEPTED["stalls"]).design
    assert design is not None
    top = design.survey.children
    assert isinstance(top[0], Group)
    assert top[0].appearance == "field-list"
    assert isinstance(top[2], Repeat)
    assert top[2].count == "${stalls}"
    placed = {one.path: one for one in design.survey.walk()}
    assert placed["stall/owner"].repeats == ("stall",)
    assert placed["place/why"].repeats == ()
    field = placed["place/shop"].part
    assert isinstance(field, Field)
    assert field.hint == Text("照招牌写")
    assert placed["colours"].part == Field("colours", "select_multiple", Text("颜色"), choices="colour", or_other=True)


def test_old_spellings_are_understood() -> None:
    design = read(ACCEPTED["old_words"]).design
    assert design is not None
    (room, beds, kind, view) = (one.part for one in design.survey.walk())
    assert isinstance(room, Repeat)
    assert isinstance(beds, Field)
    assert (beds.type, beds.constraint, beds.constraint_message, beds.appearance) == (
        "integer",
        ". < 9",
        Text("太多"),
        "minimal",
    )
    assert isinstance(kind, Field)
    assert [one.name for one in design.survey.choices(kind.choices)] == ["a", "b"]
    assert isinstance(view, Field)
    assert view.type == "image"


def test_a_block_is_a_place_in_the_form() -> None:
    design = read(ACCEPTED["shared"]).design
    assert design is not None
    assert [type(one) for one in design.survey.children] == [Field, Include, Field]
    assert {one.block for one in design.survey.walk()} == {"", "safety"}


def test_block_rows_that_are_torn_apart_are_refused() -> None:
    head = "[survey]\ntype | name | label | block"
    rows = ["text | a | A | safety", "text | b | B |", "text | c | C | safety"]
    assert errors("\n".join([head, *rows])) == [("survey", 4, "block")]


def test_unknown_columns_are_told_and_left_out() -> None:
    found = read("[survey]\ntype | name | label | colour | audio\ntext | a | A | red | a.mp3")
    assert found.accepted
    assert [(one.severity, one.column) for one in found.findings] == [("info", "colour"), ("info", "audio")]


def test_a_column_twice_is_refused() -> None:
    assert errors("[survey]\ntype | name | value | label\ntext | a | b | A") == [("survey", 1, "value")]


def test_other_languages_are_told() -> None:
    text = "[survey]\ntype | name | label::中文 (zh) | label::Français (fr)\ntext | a | 店名 | Nom"
    found = read(text)
    assert [one.severity for one in found.findings] == ["info"]
    alone = read(text.replace("中文 (zh)", "Español (es)"))
    assert alone.design is not None
    assert alone.design.survey.fields()[0].label == Text("店名")


def test_a_title_in_both_languages_keeps_both() -> None:
    for columns in ("form_title | form_title::English (en)", "form_title::中文 (zh) | form_title::English (en)"):
        text = f"[survey]\ntype | name | label\ntext | a | A\n[settings]\n{columns}\n门店检查 | Shops"
        design = read(text).design
        assert design is not None
        assert design.title == Text("门店检查", "Shops")


def test_a_title_above_the_header_does_no_harm() -> None:
    found = read("[survey]\n农贸市场检查表\n\ntype | name | label\ntext | a | ")
    assert spots(found.findings) == [("survey", 4, "label")]


def test_disabled_rows_and_notes_without_a_name() -> None:
    text = "[survey]\ntype | name | label | disabled\naudio | a | A | yes\nnote | | 谢谢 |"
    design = read(text).design
    assert design is not None
    assert [one.name for one in design.survey.fields()] == ["note_3"]


def test_no_survey_and_an_empty_one() -> None:
    assert errors("[choices]\nlist_name | name\na | b\n[settings]\nform_id\nx") == [("", None, "")]
    assert errors("[survey]\nname | label\na | A") == [("survey", 1, "type")]
    assert errors("[survey]\ntype | name | label") == [("survey", None, "")]


def test_the_name_of_the_file_stands_in_for_the_code() -> None:
    data = as_csv("[survey]\ntype | name | label\ntext | a | A")
    found = read_workbook(data, "folder/小店 shop 1.csv", installed().vocabulary)
    assert found.design is not None
    assert found.design.code == "shop-1"
    assert [one.severity for one in found.findings] == ["warning"]
