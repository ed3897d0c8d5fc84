"""What is due at a site, as JSON (检查方案的应答结构)."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from typing import Any

from core.api.fields import Body, Flag, Id, ListOf, Mapping, Moment, Number, Part, Text
from core.api.problems import say
from core.campaigns.xlsform.shapes import shape_survey
from core.work.inspection.visit_plan import PlannedItem, PlannedQuestion, QuestionGroup, VisitPlan
from core.work.intake.open_before import Standing
from core.work.tables import Site

SURVEY_SAID = "what the form asks beside its items, for the visit's `entries`; null when it asks its items only"


class PlannedFormShape(Body):
    """One campaign's form due at the site (应查检查表)."""

    campaign = Text(required=True)
    code = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    edition = Text(required=True)
    sha256 = Text(required=True)
    survey = Mapping(required=True, allow_none=True, metadata={"description": SURVEY_SAID})


class PlannedItemShape(Body):
    """An item that a question serves (对应检查项)."""

    campaign = Text(required=True)
    form = Text(required=True)
    code = Text(required=True)
    text_zh = Text(required=True)
    text_en = Text(required=True)
    points = Number(required=True)
    key = Text(required=True)


class QuestionShape(Body):
    """A question, asked once (观测项)."""

    code = Text(required=True)
    answer_type = Text(required=True)
    text_zh = Text(required=True)
    text_en = Text(required=True)
    key = Flag(required=True)
    hints = ListOf(Text(), required=True)
    items = ListOf(Part(PlannedItemShape), required=True)


class GroupShape(Body):
    """Questions that are answered in one spot (检查分组)."""

    code = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    questions = ListOf(Part(QuestionShape), required=True)


class StandingShape(Body):
    """An open finding at a question (未销号问题): of the question itself, or reported without a form under its category."""

    question = Text(required=True)
    same_question = Flag(required=True)
    id = Id(required=True)
    number = Text(required=True, allow_none=True)
    title = Text(required=True)
    title_en = Text(required=True)
    state = Text(required=True)
    opened_at = Moment(required=True)


class PlanShape(Body):
    """The forms and questions due at a site (检查方案)."""

    site_id = Id(required=True)
    site_name = Text(required=True)
    forms = ListOf(Part(PlannedFormShape), required=True)
    groups = ListOf(Part(GroupShape), required=True)
    standing = ListOf(
        Part(StandingShape), required=True, metadata={"description": "what is open here, to be sent as `again`"}
    )


def shape_plan(site: Site, plan: VisitPlan, standing: AnyMapping[str, Standing]) -> dict[str, Any]:
    """A plan as JSON; hints are said in the reader's language."""
    forms = [
        {
            "campaign": planned.campaign.key,
            "code": planned.form.code,
            "title_zh": planned.form.title_zh,
            "title_en": planned.form.title_en,
            "edition": planned.campaign.edition.key,
            "sha256": planned.form.sha256,
            "survey": shape_survey(planned.form),
        }
        for planned in plan.forms
    ]
    named = {"site_id": site.id, "site_name": site.name, "forms": forms, "groups": [*map(_group, plan.groups)]}
    return named | {"standing": [*_standing(standing)]}


def _standing(standing: AnyMapping[str, Standing]) -> Iterator[dict[str, Any]]:
    for code, here in standing.items():
        for is_same, findings in ((True, here.same), (False, here.alike)):
            for one in findings:
                said = {
                    name: getattr(one, name) for name in ("id", "number", "title", "title_en", "state", "opened_at")
                }
                yield {"question": code, "same_question": is_same} | said


def _group(group: QuestionGroup) -> dict[str, Any]:
    titles = {"code": group.code, "title_zh": group.title_zh, "title_en": group.title_en}
    return titles | {"questions": [*map(_question, group.questions)]}


def _question(planned: PlannedQuestion) -> dict[str, Any]:
    question = planned.question
    return {
        "code": planned.code,
        "answer_type": question.answer_type,
        "text_zh": question.text_zh,
        "text_en": question.text_en,
        "key": planned.key,
        "hints": [say(hint.text, dict(hint.params)) for hint in planned.hints],
        "items": [*map(_item, planned.items)],
    }


def _item(one: PlannedItem) -> dict[str, Any]:
    return {
        "campaign": one.campaign.key,
        "form": one.planned.form.code,
        "code": one.item.code,
        "text_zh": one.item.text_zh,
        "text_en": one.item.text_en,
        "points": one.item.points,
        "key": one.item.key,
    }
