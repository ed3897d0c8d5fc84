"""What was sent in for a visit (检查提交), read and checked: every fault is named at once, nothing is half-accepted.

A form counts as answered when one of its own questions is - one that no other form due here asks; a form without such
questions when any of its questions is. An answered form must be answered whole (不适用 is an answer); a form not answered
is left out, so that one campaign's inspector need not fill the others' forms (ours).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.campaigns import Answer, Item, parse_answer
from core.errors import N_, Fault, InvalidInput
from core.work.inspection.entries import Entered, Setting, check_entries, entered_forms
from core.work.inspection.visit_dealing import failing, read_again, read_fixed
from core.work.inspection.visit_plan import PlannedForm, PlannedQuestion, VisitPlan
from core.work.loop.step_input import SEVERITIES
from core.work.wording import read_text, shown

MOST_PHOTOS = 9  # beside one question (ours)
NOT_ASKED = Answer(na=True)


@dataclass(frozen=True, slots=True)
class VisitBody:
    """The body of a submission (提交内容) as it came; its hash tells a repetition from another visit under the same id."""

    site_id: UUID
    answers: Mapping[str, Mapping[str, Any]]
    photos: Mapping[str, Sequence[str]]
    notes: Mapping[str, str]
    started_at: datetime | None
    note: str
    basis: str | None
    severities: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    again: Mapping[str, Any] = field(default_factory=dict)
    forms: Sequence[str] = ()
    finished_at: datetime | None = None
    round_id: UUID | None = None
    entries: Mapping[str, Any] = field(default_factory=dict)

    def sha256(self) -> bytes:
        """SHA-256 over the canonical body: keys sorted, empty photos, notes and values left out."""
        plain: dict[str, Any] = {
            "site": str(self.site_id),
            "answers": {str(k): said for k, v in self.answers.items() if (said := _filled(v))},
            "photos": {str(k): v for k, v in self.photos.items() if v},
            "notes": {str(k): str(v).strip() for k, v in self.notes.items() if str(v).strip()},
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "note": self.note.strip(),
            "basis": self.basis,
        }
        graded = {str(k): str(v) for k, v in self.severities.items() if v}
        if graded:  # left out when there are none: bodies from before there were severities hash as they did
            plain["severities"] = graded
        if self.fixed:  # likewise
            plain["fixed"] = {str(k): v for k, v in self.fixed.items()}
        again = {str(k): str(v) for k, v in self.again.items() if v}
        if again:
            plain["again"] = again
        if self.forms:  # likewise: the forms that it was opened with
            plain["forms"] = sorted(map(str, self.forms))
        if self.finished_at is not None:  # likewise
            plain["finished_at"] = self.finished_at.isoformat()
        if self.round_id is not None:  # likewise
            plain["round_id"] = str(self.round_id)
        if entered := {str(k): v for k, v in self.entries.items() if v}:  # likewise
            plain["entries"] = entered
        text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _filled(raw: Any) -> Any:  # a raw answer without its empty values; anything else as it is
    if isinstance(raw, (dict, Mapping)):  # the plain one is by far the quicker to judge
        return {str(k): v for k, v in raw.items() if v is not None and v != ""}
    return raw


@dataclass(frozen=True, slots=True)
class CheckedVisit:
    """A submission that holds (核对后的提交): the forms answered, the answers and what lies beside them."""

    forms: tuple[PlannedForm, ...]
    answers: Mapping[str, Answer]
    photos: Mapping[str, tuple[str, ...]]
    notes: Mapping[str, str]
    note: str
    severities: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    again: Mapping[str, UUID] = field(default_factory=dict)
    entered: Entered = field(default_factory=Entered)

    def answer_to(self, planned: PlannedForm, item: Item) -> Answer:
        """What was answered to an item: not applicable where the form's own conditions hide it."""
        return NOT_ASKED if (*planned.key, item.code) in self.entered.hidden else self.answers[item.question]


def check_body(plan: VisitPlan, body: VisitBody, attrs: Mapping[str, Any], setting: Setting) -> CheckedVisit:
    """Check a submission against what is due at the site, of which ``attrs`` are known. Raises InvalidInput with all faults at once.

    A fault's ``field`` is the question (with the part of the answer), ``where`` its items, ``value`` what was sent. What was
    said to a question that the forms' conditions hide is left out, as XLSForm has it (隐藏的题视为未答).
    """
    faults: list[Fault] = []
    codes = {str(code) for code, raw in body.answers.items() if _filled(raw)}
    forms = answered_forms(plan, codes, entered_forms(plan, body.entries))
    entered = check_entries(plan, forms, body.entries, body.answers, setting, faults)
    gone = entered.gone(plan, forms)
    body = _without(body, gone) if gone else body
    answers = _answers(plan, body, faults)
    _check_whole(plan, forms, body, gone, faults)
    photos = _photos(plan, body, faults)
    notes = _notes(plan, body, faults)
    severities = _severities(plan, body, faults)
    fails = failing(plan, answers, attrs, entered.hidden)
    fixed = read_fixed(plan, body.fixed, body.photos, fails, MOST_PHOTOS, faults)
    again = read_again(plan, body.again, body.fixed, fails, faults)
    note = read_text(body.note, "note", faults)
    if body.started_at is not None and body.started_at.tzinfo is None:
        shown = body.started_at.isoformat()
        faults.append(
            Fault(N_("时间缺少时区"), "started_at", value=shown, remedy=N_("请写成 2026-11-21T09:30:00+08:00"))
        )
    if faults:
        raise InvalidInput(faults=faults)
    return CheckedVisit(forms, answers, photos, notes, note, severities, fixed, again, entered)


def _without(body: VisitBody, gone: Collection[str]) -> VisitBody:
    """The body without what was said of some questions."""

    def rest(said: Mapping[str, Any]) -> dict[str, Any]:
        return {code: value for code, value in said.items() if code not in gone}

    return replace(
        body,
        answers=rest(body.answers),
        photos=rest(body.photos),
        notes=rest(body.notes),
        severities=rest(body.severities),
        fixed=rest(body.fixed),
        again=rest(body.again),
    )


def answered_forms(plan: VisitPlan, codes: set[str], entered: Collection[PlannedForm] = ()) -> tuple[PlannedForm, ...]:
    """The forms that count as answered, given the questions that were answered and the forms that were filled in beside them."""
    asked = {planned.key: {i.question for i in planned.form.items} for planned in plan.forms}

    def own(planned: PlannedForm) -> set[str]:
        others = set().union(*(q for key, q in asked.items() if key != planned.key))
        return asked[planned.key] - others or asked[planned.key]

    found = tuple(p for p in plan.forms if own(p) & codes or p in entered)
    return found or tuple(p for p in plan.forms if asked[p.key] & codes)


def _answers(plan: VisitPlan, body: VisitBody, faults: list[Fault]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for code, raw in body.answers.items():
        planned = _planned(plan, code, raw, faults)
        if planned is None or not _filled(raw):
            continue
        if not isinstance(raw, Mapping):
            remedy = N_("请写成对象，例如 {example}")
            params = {"example": '{"yes": true}'}
            faults.append(
                Fault(N_("答案的写法不对"), code, None, shown(raw), planned.item_codes, remedy, params),
            )
            continue
        try:
            found[planned.code] = parse_answer(planned.question, raw)
        except InvalidInput as error:
            faults += [
                Fault(f.message, f.field, None, f.value, planned.item_codes, f.remedy, f.params) for f in error.faults
            ]
    return found


def _planned(plan: VisitPlan, code: Any, value: Any, faults: list[Fault]) -> PlannedQuestion | None:
    """The question due under a code, or None with a fault."""
    planned = plan.questions.get(code) if isinstance(code, str) else None
    if planned is None:
        remedy = N_("请刷新检查表后重新提交；这里只收本点位应查的问题")
        faults.append(Fault(N_("这个点位没有这个问题"), shown(code), value=shown(value), remedy=remedy))
    return planned


def _check_whole(
    plan: VisitPlan, forms: Sequence[PlannedForm], body: VisitBody, gone: Collection[str], faults: list[Fault]
) -> None:
    """Every question of an answered form has an answer unless it is gone, and at least one form is answered."""
    if not plan.forms:
        faults.append(
            Fault(N_("这个点位没有应查的检查表"), "site_id", remedy=N_("请核对点位类型，或先启用相应的创建项目"))
        )
    elif not forms:
        faults.append(Fault(N_("一张检查表也没有答"), "answers", remedy=N_("请至少答完一张检查表")))
    wanted = dict.fromkeys(i.question for planned in forms for i in planned.form.items)
    for code in plan.questions:
        if code in wanted and code not in gone and not _filled(body.answers.get(code)):
            items = plan.questions[code].item_codes
            faults.append(Fault(N_("没有作答"), code, where=items, remedy=N_("请作答，或选“不适用”")))


def _photos(plan: VisitPlan, body: VisitBody, faults: list[Fault]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code, refs in body.photos.items():
        if not refs:
            continue
        place = f"photos.{code}"
        listed = list(dict.fromkeys(str(ref) for ref in refs)) if isinstance(refs, list | tuple) else []
        if not 0 < len(listed) <= MOST_PHOTOS:
            remedy = N_("每个问题最多 {most} 张，写成列表")
            faults.append(Fault(N_("照片过多或写法不对"), place, None, shown(refs), "", remedy, {"most": MOST_PHOTOS}))
        elif _beside(plan, code, listed[0], place, body, faults):
            found[code] = tuple(listed)
    return found


def _notes(plan: VisitPlan, body: VisitBody, faults: list[Fault]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, text in body.notes.items():
        place = f"notes.{code}"
        clean = read_text(text, place, faults)
        if clean and _beside(plan, code, clean, place, body, faults):
            found[code] = clean
    return found


def _severities(plan: VisitPlan, body: VisitBody, faults: list[Fault]) -> dict[str, str]:
    """How grave each question's problem is; what is said of a question that passes has no effect."""
    found: dict[str, str] = {}
    for code, said in body.severities.items():
        place = f"severities.{code}"
        if not said:
            continue
        if not isinstance(said, str) or said not in SEVERITIES:
            known, remedy = {"known": ", ".join(SEVERITIES)}, N_("可填：{known}")
            faults.append(Fault(N_("没有这个严重程度"), place, None, shown(said), "", remedy, known))
        elif code not in plan.questions:
            remedy = N_("严重程度只能写在应查的问题上")
            faults.append(Fault(N_("这个点位没有这个问题"), place, value=shown(said), remedy=remedy))
        else:
            found[code] = said
    return found


def _beside(plan: VisitPlan, code: str, value: Any, place: str, body: VisitBody, faults: list[Fault]) -> bool:
    """Whether a photo or a note lies beside a question that was answered."""
    if code not in plan.questions:
        faults.append(
            Fault(N_("这个点位没有这个问题"), place, value=shown(value), remedy=N_("照片和说明只能附在应查的问题上"))
        )
        return False
    if not _filled(body.answers.get(code)):
        items = plan.questions[code].item_codes
        faults.append(Fault(N_("附了照片或说明，但没有作答"), place, None, shown(value), items, N_("请先作答")))
        return False
    return True
