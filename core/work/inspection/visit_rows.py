"""The rows of a visit (检查结果入库): sheets with their frozen form, item results, answers - scored once, stored as they are.

Points become integers of 1/100 here, half-up, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.campaigns import FormScore, ItemScore, score_form, score_item, to_body
from core.work.bulk import insert_rows
from core.work.inspection.visit_input import CheckedVisit
from core.work.inspection.visit_plan import PlannedForm, VisitPlan
from core.work.tables import AnswerRow, Definition, Finding, ItemResult, Sheet, Site, Visit
from tenants.access import Actor
from tenants.db import now as server_now

ItemKey = tuple[str, str, str]  # campaign, form, item


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a visit (得分): of each item, and of each answered form."""

    items: Mapping[ItemKey, ItemScore]
    forms: Mapping[tuple[str, str], FormScore]


def cents(points: Decimal) -> int:
    """Points as stored: integers of 1/100."""
    return int((points * 100).to_integral_value(ROUND_HALF_UP))


def score_visit(plan: VisitPlan, checked: CheckedVisit, attrs: Mapping[str, Any]) -> Scored:
    """Score every item of the answered forms from the shared answers; ``attrs`` are the site's."""
    items: dict[ItemKey, ItemScore] = {}
    forms: dict[tuple[str, str], FormScore] = {}
    for planned in checked.forms:
        scores = {
            item.code: score_item(item, plan.questions[item.question].question, checked.answers[item.question], attrs)
            for item in planned.form.items
        }
        items |= {(*planned.key, code): score for code, score in scores.items()}
        forms[planned.key] = score_form(planned.form, scores)
    return Scored(items, forms)


def freeze_forms(session: Session, actor: Actor, forms: Sequence[PlannedForm]) -> None:
    """Keep the definitions that the visit is stored with, by content; what is kept already stays."""
    wanted = {p.form.sha256: ("form", p.campaign.key, p.form.code, p.form) for p in forms} | {
        p.campaign.edition.sha256: ("edition", p.campaign.key, p.campaign.edition.key, p.campaign.edition)
        for p in forms
    }
    known = set(session.scalars(select(Definition.sha256).where(Definition.sha256.in_(wanted))))
    rows = [
        {"tenant_id": actor.tenant.id, "sha256": sha256, "kind": kind, "campaign": campaign, "code": code}
        | {"body": to_body(definition), "created_at": server_now()}
        for sha256, (kind, campaign, code, definition) in sorted(wanted.items(), key=lambda pair: pair[0])
        if sha256 not in known
    ]
    if rows:
        session.execute(insert(Definition).on_conflict_do_nothing(), rows)


def add_sheets(session: Session, visit: Visit, checked: CheckedVisit, scored: Scored) -> list[Sheet]:
    """One sheet for each campaign's answered form."""
    sheets = [
        Sheet(
            visit_id=visit.id,
            campaign=planned.campaign.key,
            form=planned.form.code,
            form_sha256=planned.form.sha256,
            edition=planned.campaign.edition.key,
            edition_sha256=planned.campaign.edition.sha256,
            **_stamp(visit),
            earned=cents(scored.forms[planned.key].earned),
            possible=cents(scored.forms[planned.key].possible),
            vetoes=list(scored.forms[planned.key].veto),
        )
        for planned in checked.forms
    ]
    session.add_all(sheets)
    return sheets


def insert_results(session: Session, actor: Actor, visit: Visit, checked: CheckedVisit, scored: Scored) -> None:
    """The answers and, for each item of each answered form, its outcome."""
    key = {"visit_id": visit.id, "hidden": visit.hidden}
    answers = [
        key | {"question": code, "note": checked.notes.get(code, "")} | asdict(answer)
        for code, answer in checked.answers.items()
    ]
    insert_rows(session, actor, AnswerRow, answers)
    stamp = key | _stamp(visit)
    results = [
        stamp
        | {"campaign": planned.campaign.key, "form": planned.form.code, "item": item.code, "question": item.question}
        | _result(scored.items[(*planned.key, item.code)])
        for planned in checked.forms
        for item in planned.form.items
    ]
    insert_rows(session, actor, ItemResult, results)


def _stamp(visit: Visit) -> dict[str, Any]:
    """What every result repeats of its visit, so that figures need no join."""
    return {"day": visit.day, "unit_id": visit.unit_id, "site_id": visit.site_id, "basis": visit.basis}


def _result(score: ItemScore) -> dict[str, Any]:
    return {
        "outcome": score.outcome,
        "earned": cents(score.earned),
        "possible": cents(score.possible),
        "n": score.n,
        "m": score.m,
    }


def claim_visit(
    session: Session, actor: Actor, visit_id: UUID, site: Site, body_sha256: bytes, **values: Any
) -> Visit | None:
    """Enter the visit under the id that the device gave it; None when somebody was faster (after waiting for him)."""
    row = {"tenant_id": actor.tenant.id, "id": visit_id, "site_id": site.id, "unit_id": site.unit_id}
    row |= {"person_id": actor.person_id, "body_sha256": body_sha256, "summary": {}} | values
    return session.scalars(insert(Visit).values(row).on_conflict_do_nothing().returning(Visit)).first()


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
