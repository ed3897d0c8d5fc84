"""Items with a question of their own (自有观测项): read from a workbook, kept in the form, written and read again the same."""

from __future__ import annotations

import pytest

from core.campaigns import form_from_body, to_body
from core.campaigns.body import seal
from core.campaigns.registry import installed
from core.campaigns.terms import Question
from core.campaigns.xlsform.own_questions import is_own, own_code
from core.campaigns.xlsform.reading import read_workbook
from core.campaigns.xlsform.scored import design_of, survey_of, to_form
from core.campaigns.xlsform.writing import write_workbook
from tests.campaigns.xlsform.examples import CHECKLIST, as_xlsx, read

WORDS = installed().vocabulary
YARD = """
[survey]
type | name | label::中文 (zh) | label::English (en) | required | question | mode | rule | points | category | parameters | constraint | constraint_message::中文 (zh) | constraint_message::English (en)
select_one yes_no | Y-01 | 门口有没有花 | flowers at the gate | yes | | conform | 0 or full | 40 | ENV-LITTER | | | |
integer | Y-02 | 地面烟头数 | butts on the ground | | | deduct | per=2,cap=30 | 30 | ENV-LITTER | | . >= 0 | 应为 0 或更大的整数 | a whole number, 0 or more
n_of_m | Y-03 | 有水的花池 | troughs with water | yes | | ratio | ok/checked | 20 | ENV-LITTER | | | |
range | Y-04 | 院子好看吗 | is the yard fair | | | band10 | 9-10/7-8/0-6 | 10 | ENV-LITTER | start=0 end=10 step=1 | | |
[settings]
form_id | form_title | form_title::English (en) | site_types
OWN-YARD | 院子自查表 | Yard | main_road
"""
CODES = ("own_own_yard_y_01", "own_own_yard_y_02", "own_own_yard_y_03", "own_own_yard_y_04")


def yard():
    found = read(YARD)
    assert [one.text() for one in found.findings if one.severity == "error"] == []
    assert found.design
    return to_form(found.design, WORDS)


def test_no_word_of_the_vocabularies_begins_like_one_of_a_forms_own() -> None:
    assert not [code for code in WORDS.questions if is_own(code)]
    assert own_code("OWN-YARD", "Y-01") == CODES[0]


def test_an_item_without_a_question_has_one_of_its_own() -> None:
    form = yard()
    assert form.questions == (
        Question(CODES[0], "yes_no", "门口有没有花", "flowers at the gate"),
        Question(CODES[1], "count", "地面烟头数", "butts on the ground"),
        Question(CODES[2], "n_of_m", "有水的花池", "troughs with water"),
        Question(CODES[3], "rating10", "院子好看吗", "is the yard fair"),
    )
    assert tuple(one.question for one in form.items) == CODES
    assert form.points == 100
    assert form.survey is None, "asked in the usual way: nothing beside its items"
    assert [one.type for one in survey_of(form, WORDS).items()] == ["select_one", "integer", "n_of_m", "range"]


def test_it_is_kept_in_the_form_and_comes_back_from_its_workbook() -> None:
    form = yard()
    assert form_from_body(to_body(form)) == form
    data = write_workbook(design_of(form, WORDS), WORDS)
    again = read_workbook(data, "form.xlsx", WORDS)
    assert [one for one in again.findings if one.severity != "info"] == []
    assert again.design
    assert to_form(again.design, WORDS) == form
    renamed = to_form(read(YARD.replace("OWN-YARD", "OWN-COURT")).design, WORDS)
    assert renamed.items[0].question == "own_own_court_y_01", "a copy under another code asks for itself"


def test_what_asks_nothing_alone_is_sealed_as_before() -> None:
    form = installed().campaigns["sanitary_city"].edition.forms[0]
    assert '"questions"' not in to_body(form)
    assert seal(form).sha256 == form.sha256
    assert to_form(read(CHECKLIST).design, WORDS).questions == ()


@pytest.mark.parametrize(
    ("before", "after", "column", "said"),
    [
        ("integer | Y-02", "text | Y-02", "type", "这种题不能作检查项"),
        ("integer | Y-02", "decimal | Y-02", "type", "这种题不能作检查项"),
        ("| | deduct", "| no_such_question | deduct", "question", "没有这个观测项"),
        ("| | deduct", f"| {CODES[1]} | deduct", "question", "没有这个观测项"),
        ("integer | Y-02", "integer | Y_01", "name", "检查项代码重复"),
        ("| | deduct | per=2,cap=30", "| | band10 | 9-10/7-8/0-6", "mode", "计分方式与答案类型"),
        ("| per=2,cap=30 | 30 |", "| per=2,cap=30 | 31 |", "points", "满分不是100分"),
    ],
)
def test_what_cannot_be_is_refused_in_its_cell(before: str, after: str, column: str, said: str) -> None:
    assert before in YARD
    found = read(YARD.replace(before, after, 1))
    hits = [one for one in found.findings if said in one.text()]
    assert hits, [one.text() for one in found.findings]
    assert hits[0].column.startswith(column)
    assert hits[0].remedy
    assert read_workbook(as_xlsx(YARD), "a.xlsx", WORDS).design
