"""What a visit says to the questions beside the items (填写内容): checked by the form's own conditions, and which items they hide.

A form that was designed asks more than its items. What is said to that is sent by the form's SHA-256, keyed as
``core.campaigns.xlsform.keys`` says; the items' own answers come by question as ever and are put in here, so that conditions
read them. An item that its condition hides counts as not applicable in that form (ours: nobody could have looked at it).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.campaigns import Form
from core.campaigns.xlsform.filling import Filled, check_answers
from core.campaigns.xlsform.keys import keys
from core.campaigns.xlsform.model import META, Field, Placed, Repeat, Survey
from core.errors import N_, Fault
from core.work.calendar import ZONE, local_day
from core.work.inspection.visit_plan import PlannedForm, VisitPlan
from core.work.tables import File
from core.work.wording import shown

FIELD = "entries"
ENTRY = "entry:"  # begins the question of an attached photo that answers a question beside the items
FormKey = tuple[str, str]  # campaign, form
ItemKey = tuple[str, str, str]  # campaign, form, item


@dataclass(frozen=True, slots=True)
class Setting:
    """When and by whom a form is filled in (填写环境), for formulas and for what a device fills in by itself."""

    moment: datetime
    started_at: datetime | None = None
    who: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """What holds of the entries (核对后的填写内容): the data by form, the items that their conditions hide, and the photos.

    ``photos``: references by the question under which they are attached.
    """

    data: Mapping[FormKey, Mapping[str, Any]] = field(default_factory=dict)
    hidden: frozenset[ItemKey] = frozenset()
    photos: Mapping[str, str] = field(default_factory=dict)

    def gone(self, plan: VisitPlan, forms: Collection[PlannedForm]) -> frozenset[str]:
        """The questions that none of the answered forms asks, because every item of theirs is hidden."""
        asked = {planned.key for planned in forms}
        found = set()
        for code, one in plan.questions.items() if self.hidden else ():
            items = [(*item.planned.key, item.item.code) for item in one.items if item.planned.key in asked]
            if items and self.hidden.issuperset(items):
                found.add(code)
        return frozenset(found)


def entered_forms(plan: VisitPlan, entries: Mapping[str, Any]) -> tuple[PlannedForm, ...]:
    """The forms of the plan to whose further questions something was said."""
    return tuple(one for one in plan.forms if one.form.survey is not None and entries.get(one.form.sha256))


def check_entries(
    plan: VisitPlan,
    forms: Sequence[PlannedForm],
    entries: Mapping[str, Any],
    answers: Mapping[str, Any],
    setting: Setting,
    faults: list[Fault],
) -> Entered:
    """Check what was said to the further questions of the answered ``forms``; ``answers`` are the raw ones by question."""
    known = {planned.form.sha256 for planned in plan.forms if planned.form.survey is not None}
    remedy = N_("请刷新检查表后重新提交")
    faults += [
        Fault(N_("这个点位没有这张检查表"), FIELD, value=shown(sha256)[:12], remedy=remedy)
        for sha256, said in entries.items()
        if sha256 not in known and said
    ]
    data: dict[FormKey, Mapping[str, Any]] = {}
    hidden: set[ItemKey] = set()
    photos: dict[str, str] = {}
    for planned in forms:
        if planned.form.survey is None:
            continue
        filled = _check(planned.form, planned.form.survey, entries.get(planned.form.sha256) or {}, answers, setting)
        code = planned.form.code
        faults += [replace(one, field=f"{FIELD}.{code}.{one.field}", where=code) for one in filled.faults]
        items = _item_keys(planned.form.survey)
        kept = {key: value for key, value in filled.data.items() if key not in items}
        if kept:
            data[planned.key] = kept
        hidden |= {(*planned.key, item) for key, item in items.items() if key in filled.hidden}
        photos |= {
            f"{ENTRY}{planned.campaign.key}/{code}:{place}": row[key]
            for place, row, key in images(planned.form.survey, kept)
        }
    return Entered(data, frozenset(hidden), photos)


def _check(form: Form, survey: Survey, said: Any, answers: Mapping[str, Any], setting: Setting) -> Filled:
    """One form's data with its items' answers and what the device fills in."""
    if not isinstance(said, Mapping):
        remedy = N_("应为对象，按题目名填写")
        return Filled({}, (Fault(N_("内容的写法不对"), "", value=shown(said), remedy=remedy),))
    questions = {item.code: item.question for item in form.items}
    items = _item_keys(survey)
    here = setting.moment.astimezone(ZONE)
    given = {str(key): value for key, value in said.items() if key not in items}
    given |= {key: answers[questions[item]] for key, item in items.items() if answers.get(questions.get(item, ""))}
    return check_answers(survey, given | _meta(survey, setting), now=here)


def _item_keys(survey: Survey) -> dict[str, str]:
    """Key -> code of the fields that are items."""
    found = keys(survey)
    return {found[one.path]: one.part.name for one in survey.walk() if _is_item(one)}


def _is_item(placed: Placed) -> bool:
    return isinstance(placed.part, Field) and placed.part.scoring is not None


def _meta(survey: Survey, setting: Setting) -> dict[str, str]:
    """What a device fills in by itself, as the visit itself knows it: its day, its beginning, its end, its inspector."""
    began = setting.started_at if setting.started_at is not None and setting.started_at.tzinfo else setting.moment
    said = {
        "today": local_day(setting.moment).isoformat(),
        "start": began.astimezone(ZONE).isoformat(timespec="seconds"),
        "end": setting.moment.astimezone(ZONE).isoformat(timespec="seconds"),
        "username": setting.who,
        "deviceid": "",
    }
    found = keys(survey)
    outer = [one for one in survey.walk() if isinstance(one.part, Field) and one.part.type in META and not one.repeats]
    return {found[one.path]: said[one.part.type] for one in outer if isinstance(one.part, Field)}


def images(survey: Survey, data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every picture that was taken as an answer: its place, the record in which it stands, and its key there."""
    found = keys(survey)
    walked = list(survey.walk())

    def look(row: Any, prefix: str, inside: str) -> Iterator[tuple[str, dict[str, Any], str]]:
        for one in walked:
            if (one.repeats[-1] if one.repeats else "") != inside or not isinstance(row, dict):
                continue
            key = found[one.path]
            if isinstance(one.part, Repeat):
                for number, under in enumerate(row.get(key) or (), 1):
                    yield from look(under, f"{prefix}{key}[{number}].", one.path)
            elif isinstance(one.part, Field) and one.part.type == "image" and row.get(key):
                yield f"{prefix}{key}", row, key

    yield from look(data, "", "")


def place_of(question: str) -> str:
    """The field of a fault about a photo that is attached under such a question."""
    form, _, place = question.removeprefix(ENTRY).partition(":")
    return f"{FIELD}.{form.partition('/')[2]}.{place}"


def entry_rows(forms: Sequence[PlannedForm], entered: Entered, files: Mapping[str, File]) -> list[dict[str, Any]]:
    """The rows of a visit's entries: pictures by the ids of their files."""
    rows = []
    for planned in forms:
        if planned.form.survey is None or planned.key not in entered.data:
            continue
        data = _copy(entered.data[planned.key])
        for _, row, key in images(planned.form.survey, data):
            row[key] = str(files[row[key]].id)
        campaign, form = planned.key
        rows.append({"campaign": campaign, "form": form, "form_sha256": planned.form.sha256, "data": data})
    return rows


def _copy(said: Any) -> Any:
    if isinstance(said, Mapping):
        return {key: _copy(value) for key, value in said.items()}
    return [_copy(one) for one in said] if isinstance(said, list) else said
