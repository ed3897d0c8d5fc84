"""What was filled in: hidden answers go, calculations come, and every fault is said in the form's own words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from core.campaigns.xlsform.expressions import Context
from core.campaigns.xlsform.filling import Filled, check_answers, fill_text, offered
from core.campaigns.xlsform.keys import columns_of, homes_of, keys
from core.campaigns.xlsform.model import Field, Survey
from tests.campaigns.xlsform.examples import CASCADE, CHECKLIST, DEVICE, STALLS, read

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=8)))


def survey(text: str) -> Survey:
    design = read(text).design
    assert design is not None
    return design.survey


def fill(text: str, data: dict[str, Any]) -> Filled:
    return check_answers(survey(text), data, now=NOW)


def one(kind: str, raw: Any, **more: str) -> Filled:
    """One answer to one question of a type."""
    columns = {"type": kind, "name": "a", "label": "甲", **more}
    lists = "[choices]\nlist_name | name | label\nyn | yes | 是\nyn | no | 否"
    text = f"[survey]\n{' | '.join(columns)}\n{' | '.join(columns.values())}\n{lists}"
    return fill(text, {"a": raw})


STALL = {
    "shop": "甲店",
    "licence": "yes",
    "stalls": 2,
    "stall": [{"owner": "王", "weight": "5"}, {"owner": "李", "weight": 2.5}],
}


def test_answers_are_kept_as_plain_values_and_calculations_are_done() -> None:
    found = fill(STALLS, STALL)
    assert found.faults == ()
    rows = [{"owner": "王", "weight": "5", "twice": "10"}, {"owner": "李", "weight": "2.5", "twice": "5"}]
    assert found.data == {"shop": "甲店", "licence": "yes", "stalls": 2, "stall": rows, "total": "7.5"}
    assert found.hidden == {"why"}


def test_a_hidden_answer_is_cleared_and_asks_for_nothing() -> None:
    kept = fill(STALLS, STALL | {"licence": "no", "why": "正在办"})
    assert kept.data["why"] == "正在办"
    gone = fill(STALLS, STALL | {"licence": "yes", "why": "正在办"})
    assert "why" not in gone.data
    nobody = fill(STALLS, {"stalls": 0, "stall": [{"owner": "王", "weight": -1}]})
    assert nobody.data == {"stalls": 0, "total": "0"}
    assert {"stall", "stall[1].owner", "stall[1].weight", "stall[1].twice"} <= nobody.hidden
    assert nobody.faults == ()


def test_a_hidden_answer_counts_as_none_in_other_formulas() -> None:
    text = (
        "[survey]\ntype | name | label | relevant | required\n"
        "integer | a | A | |\ninteger | b | B | ${a} > 1 |\ntext | c | C | ${b} > 1 | yes"
    )
    assert fill(text, {"a": 2, "b": 2, "c": "x"}).data == {"a": 2, "b": 2, "c": "x"}
    hidden = fill(text, {"a": 1, "b": 2, "c": "x"})
    assert hidden.data == {"a": 1}
    assert hidden.hidden == {"b", "c"}
    assert [one.field for one in fill(text, {"a": 2, "b": 2}).faults] == ["c"]


def test_a_constraint_speaks_in_the_forms_own_words() -> None:
    (fault,) = fill(STALLS, {"stalls": 30, "stall": [{}] * 30}).faults
    assert (fault.message, fault.field, fault.value) == ("摊位数应在 0 到 20 之间", "stalls", "30")


def test_a_fault_in_a_row_names_the_row() -> None:
    found = fill(STALLS, STALL | {"stall": [{"owner": "王", "weight": 1}, {"owner": "李", "weight": "-1"}]})
    assert [one.field for one in found.faults] == ["stall[2].weight"]


def test_a_repeat_has_as_many_rows_as_its_number_says() -> None:
    (fault,) = fill(STALLS, STALL | {"stalls": 3}).faults
    assert fault.field == "stall"
    assert fault.text() == "stall：应有 3 条，填了 2 条。请补上或删去"


def test_what_the_form_does_not_ask_is_named() -> None:
    found = fill(STALLS, {"nobody": 1, "stalls": 1, "stall": [{"x": 1}]})
    assert sorted(one.field for one in found.faults) == ["nobody", "stall[1].x"]


def test_a_repeat_that_is_no_list_is_a_fault() -> None:
    for raw in ("x", [1], {"a": 1}, [{}] * 201):
        found = fill(STALLS, {"stalls": 1, "stall": raw})
        assert [one.field for one in found.faults] == ["stall"]


def test_choices_are_those_on_offer() -> None:
    assert fill(STALLS, {"licence": "maybe"}).faults[0].value == "maybe"
    assert fill(STALLS, {"colours": ["red", "other"], "colours_other": "紫"}).data["colours_other"] == "紫"
    form = survey(CASCADE)
    field = form.fields()[1]
    there = offered(form, field, Context(now=NOW, values={"street": "s2"}))
    assert [choice.name for choice in there] == ["c2", "c3"]
    assert fill(CASCADE, {"street": "s1", "community": "c1"}).faults == ()
    (fault,) = fill(CASCADE, {"street": "s1", "community": "c2"}).faults
    assert (fault.field, fault.value) == ("community", "c2")


def test_the_words_for_other_stand_and_fall_with_that_choice() -> None:
    text = """
[survey]
type | name | label | relevant | calculation
select_one yn | ask | 问吗 | |
select_one kind or_other | kind | 哪类 | ${ask} = 'yes' |
calculate | said | | | concat(${kind_other}, '!')
[choices]
list name | name | label
yn | yes | 是
yn | no | 否
kind | a | 甲
"""
    told = {"ask": "yes", "kind": "other", "kind_other": " 丙 "}
    assert fill(text, told).data == {"ask": "yes", "kind": "other", "kind_other": "丙", "said": "丙!"}
    assert fill(text, told | {"kind": "a"}).data == {"ask": "yes", "kind": "a", "said": "!"}
    assert fill(text, told | {"ask": "no"}).data == {"ask": "no", "said": "!"}


def test_a_count_below_nothing_wants_no_rows() -> None:
    text = "[survey]\ntype | name | label | repeat_count\ninteger | n | 几 |\nbegin repeat | r | 行 | ${n} - 5\ntext | t | 题 |\nend repeat | | |"
    assert fill(text, {"n": 1}).faults == ()
    (fault,) = fill(text, {"n": 1, "r": [{"t": "x"}]}).faults
    assert (fault.field, fault.params) == ("r", {"wanted": 0, "rows": 1})


GOOD = [
    ("text", " 店名 ", "店名"),
    ("integer", "12", 12),
    ("integer", -3, -3),
    ("decimal", "1.50", "1.5"),
    ("decimal", 2, "2"),
    ("decimal", 0.1, "0.1"),
    ("range", "7", 7),
    ("date", "2026-03-02", "2026-03-02"),
    ("time", "08:30", "08:30:00"),
    ("dateTime", "2026-03-02T08:30+08:00", "2026-03-02T08:30:00+08:00"),
    ("select_one yn", "yes", "yes"),
    ("select_multiple yn", "yes no yes", ["yes", "no"]),
    ("select_multiple yn", ["no"], ["no"]),
    ("image", "photo-1.jpg", "photo-1.jpg"),
    ("geopoint", "37.7369 112.5656", "37.7369 112.5656 0 0"),
    ("geopoint", {"latitude": 37.7369, "longitude": 112.5656, "accuracy": 5}, "37.7369 112.5656 0 5"),
    ("n_of_m", {"n": 3, "m": "4"}, {"n": 3, "m": 4}),
    ("n_of_m", {"na": True}, {"na": True}),
    ("hidden", "qr", "qr"),
    ("today", "2026-11-22", "2026-11-22"),
    ("deviceid", "abc", "abc"),
]
BAD = [
    ("text", 5),
    ("text", "x" * 10_001),
    ("integer", "1.5"),
    ("integer", True),
    ("integer", "１２"),
    ("integer", 10**13),
    ("integer", [1]),
    ("decimal", "1e5"),
    ("decimal", "NaN"),
    ("decimal", "1,5"),
    ("range", 11),
    ("range", "7.5"),
    ("date", "2026-02-30"),
    ("date", "03/02/2026"),
    ("time", "25:00"),
    ("dateTime", "yesterday"),
    ("select_one yn", ["yes"]),
    ("select_one yn", "ja"),
    ("select_multiple yn", {"yes": 1}),
    ("select_multiple yn", ["yes", "ja"]),
    ("geopoint", "91 10"),
    ("geopoint", "north"),
    ("geopoint", 5),
    ("n_of_m", {"n": 5, "m": 4}),
    ("n_of_m", {"n": 1}),
    ("n_of_m", 3),
]


@pytest.mark.parametrize(("kind", "raw", "kept"), GOOD)
def test_an_answer_is_read_by_its_type(kind: str, raw: Any, kept: Any) -> None:
    assert one(kind, raw) == Filled({"a": kept})


@pytest.mark.parametrize(("kind", "raw"), BAD)
def test_an_answer_that_does_not_fit_is_a_fault(kind: str, raw: Any) -> None:
    found = one(kind, raw)
    assert [fault.field for fault in found.faults] == ["a"]
    assert found.faults[0].remedy


@pytest.mark.parametrize("raw", [None, "", "  ", [], {}])
def test_nothing_is_nothing(raw: Any) -> None:
    assert one("text", raw) == Filled({})
    (fault,) = one("text", raw, required="yes", required_message="请写店名").faults
    assert fault.message == "请写店名"


def test_a_scored_item_is_kept_and_can_be_asked_about() -> None:
    text = CHECKLIST.replace("text | remark | 其他情况 |", "text | remark | 其他情况 ${P-02} |")
    found = fill(text, {"P-01": {"yes": False}, "P-02": {"count": 3}, "P-03": {"n": 1, "m": 2}, "remark": "无"})
    assert found.faults == ()
    assert found.data == {"P-01": {"yes": False}, "P-02": {"count": 3}, "P-03": {"n": 1, "m": 2}, "remark": "无"}


def test_an_item_may_hang_on_another() -> None:
    text = "[survey]\ntype | name | label | question | mode | rule | points | category | relevant\n"
    text += "select_one yes_no | a | A | food_licence_shown | conform | 0 or full | 50 | LIC-SHOW |\n"
    text += "n_of_m | b | B | staff_certificates | ratio | ok/checked | 50 | HC-CERT | ${a} = 'yes'\n"
    text += "note | c | C | | | | | | ${b_n} < ${b_m}"
    assert fill(text, {"a": {"yes": False}}).hidden == {"b", "c"}
    assert fill(text, {"a": {"yes": True}, "b": {"n": 1, "m": 2}}).hidden == set()
    assert fill(text, {"a": {"na": True}, "b": {"n": 1, "m": 2}}).data == {"a": {"na": True}}


def test_a_message_quotes_answers() -> None:
    assert fill_text("共 ${n} 处 ${x}", Context(now=NOW, values={"n": 3})) == "共 3 处 "


def test_a_read_only_answer_is_the_forms_own() -> None:
    text = "[survey]\ntype | name | label | calculation | read_only\ninteger | a | A | | \ninteger | b | B | ${a} * 2 | yes"
    assert fill(text, {"a": 2, "b": 99}).data == {"a": 2, "b": 4}


def test_calculations_in_any_order_settle() -> None:
    rows = "\n".join(f"calculate | c{n} | ${{c{n + 1}}} + 1" for n in range(30))
    found = fill(f"[survey]\ntype | name | calculation\n{rows}\ncalculate | c30 | 1", {})
    assert found.data["c0"] == "31"


def test_keys_are_names_or_paths() -> None:
    text = "[survey]\ntype | name | label\nbegin group | g | G\ntext | a | A\nend group | |\ntext | a | A\ntext | b | B"
    form = survey(text)
    assert dict(keys(form)) == {"g": "g", "g/a": "g/a", "a": "a", "b": "b"}
    assert check_answers(form, {"g/a": "1", "a": "2"}, now=NOW).data == {"g/a": "1", "a": "2"}
    assert columns_of(form) == ("g/a", "a", "b")
    assert homes_of(survey(STALLS)) == {"owner": ("stall",), "weight": ("stall",), "twice": ("stall",)}


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="moment"):
        check_answers(survey(DEVICE), {}, now=datetime(2026, 1, 1))


def test_a_step_may_be_a_fraction() -> None:
    assert fill(DEVICE, {"grade": "0.75"}).data["grade"] == "0.75"
    assert [fault.field for fault in fill(DEVICE, {"grade": "0.8"}).faults] == ["grade"]
    assert isinstance(survey(DEVICE).fields()[0], Field)
