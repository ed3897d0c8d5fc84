"""The rows of a visit (检查结果入库): sheets with their frozen form, item results, answers - scored once, stored as they are.

Points become integers of 1/100 here, half-up, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.campaigns import Answer, FormScore, ItemScore, score_form, score_item, to_body
from core.work.bulk import Lot, insert_together, made_of, stand, whole_row
from core.work.counting.marking import marks_of
from core.work.inspection.entries import ItemKey
from core.work.inspection.visit_input import CheckedVisit
from core.work.inspection.visit_plan import PlannedForm, VisitPlan
from core.work.tables import AnswerRow, Definition, Finding, ItemResult, Sheet, Site, Visit
from core.work.tables.tally import DayMark
from tenants.access import Actor
from tenants.db import now as server_now


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a visit (得分): of each item, and of each answered form."""

    items: Mapping[ItemKey, ItemScore]
    forms: Mapping[tuple[str, str], FormScore]


@lru_cache(maxsize=4096)
def cents(points: Decimal) -> int:
    """Points as stored: integers of 1/100."""
    return int((points * 100).to_integral_value(ROUND_HALF_UP))


def score_visit(plan: VisitPlan, checked: CheckedVisit, attrs: Mapping[str, Any]) -> Scored:
    """Score every item of the answered forms from the shared answers; ``attrs`` are the site's."""
    items: dict[ItemKey, ItemScore] = {}
    forms: dict[tuple[str, str], FormScore] = {}
    for planned in checked.forms:
        scores = {
            item.code: score_item(item, plan.questions[item.question].question, checked.answer_to(planned, item), attrs)
            for item in planned.form.items
        }
        items |= {(*planned.key, code): score for code, score in scores.items()}
        forms[planned.key] = score_form(planned.form, scores)
    return Scored(items, forms)


def freeze_forms(
    session: Session, actor: Actor, forms: Sequence[PlannedForm], kept: Collection[str] | None = None
) -> None:
    """Keep the definitions that the visit is stored with, by content; what is ``kept`` already (None: look) stays."""
    wanted = {p.form.sha256: ("form", p.campaign.key, p.form.code, p.form) for p in forms} | {
        p.campaign.edition.sha256: ("edition", p.campaign.key, p.campaign.edition.key, p.campaign.edition)
        for p in forms
    }
    if kept is None:
        kept = set(session.scalars(select(Definition.sha256).where(Definition.sha256.in_(wanted))))
    rows = [
        {"tenant_id": actor.tenant.id, "sha256": sha256, "kind": kind, "campaign": campaign, "code": code}
        | {"body": to_body(definition), "created_at": server_now()}
        for sha256, (kind, campaign, code, definition) in sorted(wanted.items(), key=lambda pair: pair[0])
        if sha256 not in kept
    ]
    if rows:
        session.execute(insert(Definition).on_conflict_do_nothing(), rows)


def new_visit(actor: Actor, visit_id: UUID, site: Site, body_sha256: bytes, **values: Any) -> Visit:
    """The visit as it will stand, whole, under the id that the device gave it."""
    row = {"tenant_id": actor.tenant.id, "id": visit_id, "site_id": site.id, "unit_id": site.unit_id}
    row |= {"person_id": actor.person_id, "body_sha256": body_sha256, "summary": {}} | values
    return made_of(Visit, whole_row(Visit, row))


def sheets_of(visit: Visit, checked: CheckedVisit, scored: Scored) -> list[Sheet]:
    """One sheet for each campaign's answered form."""
    same = {"tenant_id": visit.tenant_id, "visit_id": visit.id, "hidden": visit.hidden} | _stamp(visit)
    return [
        Sheet(
            **same,
            campaign=planned.campaign.key,
            form=planned.form.code,
            form_sha256=planned.form.sha256,
            edition=planned.campaign.edition.key,
            edition_sha256=planned.campaign.edition.sha256,
            earned=cents(scored.forms[planned.key].earned),
            possible=cents(scored.forms[planned.key].possible),
            vetoes=list(scored.forms[planned.key].veto),
        )
        for planned in checked.forms
    ]


def enter_rows(
    session: Session,
    actor: Actor,
    visit: Visit,
    checked: CheckedVisit,
    scored: Scored,
    sheets: Sequence[Sheet],
    beside: Iterable[Lot],
) -> bool:
    """Enter the visit with its sheets, answers and results, and what lies ``beside``, in one statement.

    False when somebody was faster under its id (after waiting for him).
    """
    key = {"visit_id": visit.id, "hidden": visit.hidden}
    stamp = key | _stamp(visit)
    lots = [
        Lot(Sheet, [{name: getattr(sheet, name) for name in _OF_SHEET} for sheet in sheets], stamp),
        Lot(AnswerRow, [_answer(code, answer, checked) for code, answer in checked.answers.items()], key),
        Lot(ItemResult, [row for planned in checked.forms for row in _results(planned, scored)], stamp),
        Lot(DayMark, marks_of([] if visit.hidden else [(visit.day, visit.unit_id)])),
    ]
    row = {name: getattr(visit, name) for name in _OF_VISIT}
    is_ours = insert_together(session, actor, Lot(Visit, [row]), [*lots, *beside])
    if is_ours:
        stand(session, visit)
    return is_ours


_OF_VISIT = [column.name for column in Visit.__table__.columns]
_OF_SHEET = ("campaign", "form", "form_sha256", "edition", "edition_sha256", "earned", "possible", "vetoes")


def _answer(code: str, answer: Answer, checked: CheckedVisit) -> dict[str, Any]:
    return {
        "question": code,
        "note": checked.notes.get(code, ""),
        "na": answer.na,
        "yes": answer.yes,
        "count": answer.count,
        "rating": answer.rating,
        "n": answer.n,
        "m": answer.m,
    }


def _results(planned: PlannedForm, scored: Scored) -> Iterator[dict[str, Any]]:
    """For each item of an answered form, its outcome."""
    campaign, form = planned.key
    for item in planned.form.items:
        score = scored.items[campaign, form, item.code]
        yield {
            "campaign": campaign,
            "form": form,
            "item": item.code,
            "question": item.question,
            "outcome": score.outcome,
            "earned": cents(score.earned),
            "possible": cents(score.possible),
            "n": score.n,
            "m": score.m,
        }


def _stamp(visit: Visit) -> dict[str, Any]:
    """What every result repeats of its visit, so that figures need no join."""
    return {"day": visit.day, "unit_id": visit.unit_id, "site_id": visit.site_id, "basis": visit.basis}


def summary_of(
    visit: Visit, sheets: Sequence[Sheet], findings: Sequence[Finding], again: Mapping[str, Finding] | None = None
) -> dict[str, Any]:
    """The answer that the submission gets, as plain JSON; a repetition is answered with the same, whatever came after.

    ``again`` are open findings by question that the visit found still there.
    """
    return {
        "day": visit.day.isoformat(),
        "basis": visit.basis,
        "sheets": [
            {
                name: getattr(s, name)
                for name in ("campaign", "form", "form_sha256", "edition", "earned", "possible", "vetoes")
            }
            for s in sheets
        ],
        "findings": [
            {"id": str(f.id), "due_at": f.due_at.isoformat(), "outcome": f.outcome}
            | {name: getattr(f, name) for name in ("number", "question", "category", "title", "title_en", "key_item")}
            for f in findings
        ],
        "again": [
            {"id": str(f.id), "question": code, "number": f.number, "title": f.title, "title_en": f.title_en}
            for code, f in sorted((again or {}).items())
        ],
    }
