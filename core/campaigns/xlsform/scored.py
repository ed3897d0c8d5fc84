"""Between a design and a checklist (表格与检查表): the scored fields are the items, everything else is the survey round them."""

from __future__ import annotations

from dataclasses import replace

from core.campaigns.body import seal
from core.campaigns.catalogue import Form, Item
from core.campaigns.terms import Vocabulary
from core.campaigns.xlsform.lists import YES_NO
from core.campaigns.xlsform.model import Design, Field, Survey, Text
from core.campaigns.xlsform.own_questions import own_questions
from core.campaigns.xlsform.parameters import RATING
from core.campaigns.xlsform.scoring import earned_by, scoring_of

_TYPES = {"yes_no": "select_one", "count": "integer", "rating10": "range", "n_of_m": "n_of_m"}
#: Answers that can say "not applicable" by themselves are asked for; a count or a rating may be left open (不适用)
_REQUIRED = frozenset({"yes_no", "n_of_m"})
_WHOLE = Text("应为 0 或更大的整数", "a whole number, 0 or more")
VERSION_LENGTH = 12


def to_form(design: Design, vocabulary: Vocabulary) -> Form:
    """The sealed checklist of a design; its ``survey`` is None when it asks nothing but its items in the usual way."""
    items = tuple(_item(field, number) for number, field in enumerate(design.survey.items(), 1))
    title = design.title
    asked = own_questions(design.survey)
    plain = Form(design.code, title.said("zh"), title.said("en"), design.site_types, items, questions=asked)
    usual = items and survey_of(plain, vocabulary) == design.survey
    return seal(plain if usual else replace(plain, survey=design.survey))


def survey_of(form: Form, vocabulary: Vocabulary) -> Survey:
    """What a checklist asks, as a survey: its own when it was designed, else one field an item in the usual way."""
    if form.survey is not None:
        return form.survey
    known = vocabulary.with_own(questions=form.questions) if form.questions else vocabulary
    fields = tuple(_field(item, known) for item in form.items)
    return Survey(fields, (YES_NO,) if any(one.choices for one in fields) else ())


def design_of(form: Form, vocabulary: Vocabulary, campaign: str = "") -> Design:
    """A checklist as a design, to be written as a workbook; its version is the beginning of its hash."""
    english = "" if form.title_en == form.title_zh else form.title_en
    title, survey = Text(form.title_zh, english), survey_of(form, vocabulary)
    return Design(form.code, title, survey, form.site_types, campaign, form.sha256[:VERSION_LENGTH])


def _item(field: Field, number: int) -> Item:
    if field.scoring is None:
        raise ValueError(field.name)
    return Item(
        code=field.name,
        number=number,
        text_zh=field.label.said("zh"),
        text_en=field.label.said("en"),
        hint=field.hint.said("zh"),
        **earned_by(field.scoring),
    )


def _field(item: Item, vocabulary: Vocabulary) -> Field:
    answer = vocabulary.questions[item.question].answer_type
    english = "" if item.text_en == item.text_zh else item.text_en
    usual = Field(item.code, _TYPES[answer], Text(item.text_zh, english), Text(item.hint), scoring=scoring_of(item))
    if answer in _REQUIRED:
        usual = replace(usual, required="true()")
    if answer == "yes_no":
        return replace(usual, choices=YES_NO.name)
    if answer == "count":
        return replace(usual, constraint=". >= 0", constraint_message=_WHOLE)
    return replace(usual, parameters=RATING) if answer == "rating10" else usual
