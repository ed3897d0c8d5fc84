"""What is done about a failed question besides opening a finding (现场处置): put right on the spot, or an open one found still there.

Both are said by question. What is said of a question that passes has no effect, as with its severity.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from core.campaigns import Answer, score_item
from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.inspection.entries import ItemKey
from core.work.inspection.visit_plan import VisitPlan
from core.work.journal import seal_of
from core.work.loop.sight import sees_finding
from core.work.tables import Finding, Visit
from core.work.wording import shown
from tenants.access import Actor

FIXED, AGAIN = "fixed", "again"


def failing(
    plan: VisitPlan, answers: Mapping[str, Answer], attrs: Mapping[str, Any], hidden: Collection[ItemKey] = ()
) -> Callable[[str], bool]:
    """Whether the answer to a question of the plan fails one of its items that is not ``hidden``; without an answer it does not."""

    def fails(code: str) -> bool:
        planned = plan.questions.get(code)
        if planned is None or code not in answers:
            return False
        return any(
            score_item(one.item, planned.question, answers[code], attrs).outcome == "fail"
            for one in planned.items
            if (*one.planned.key, one.item.code) not in hidden
        )

    return fails


def read_fixed(
    plan: VisitPlan,
    said: Mapping[str, Any],
    before: Mapping[str, Sequence[str]],
    fails: Callable[[str], bool],
    most: int,
    faults: list[Fault],
) -> dict[str, tuple[str, ...]]:
    """The photos after by question, of what was put right on the spot (当场整改); it takes photos before and after."""
    found: dict[str, tuple[str, ...]] = {}
    for code, refs in said.items():
        place = f"{FIXED}.{code}"
        if code not in plan.questions:
            faults.append(_unasked(place, refs))
            continue
        if not fails(code):
            continue
        items = plan.questions[code].item_codes
        listed = list(dict.fromkeys(str(ref) for ref in refs)) if isinstance(refs, list | tuple) else []
        if len(listed) > most or (refs and not listed):
            remedy = N_("每个问题最多 {most} 张，写成列表")
            faults.append(Fault(N_("照片过多或写法不对"), place, None, shown(refs), items, remedy, {"most": most}))
        remedy = N_("当场处置要有处置前和处置后的照片")
        if not before.get(code):
            faults.append(Fault(N_("缺少处置前的照片"), f"photos.{code}", where=items, remedy=remedy))
        if not refs:
            faults.append(Fault(N_("缺少处置后的照片"), place, where=items, remedy=remedy))
        found[code] = tuple(listed)
    return found


def read_again(
    plan: VisitPlan,
    said: Mapping[str, Any],
    fixed: Mapping[str, Any],
    fails: Callable[[str], bool],
    faults: list[Fault],
) -> dict[str, UUID]:
    """The open finding by question that the inspector found still there (仍未整改)."""
    found: dict[str, UUID] = {}
    for code, value in said.items():
        place = f"{AGAIN}.{code}"
        if not value or (code in plan.questions and not fails(code)):
            continue
        if code not in plan.questions:
            faults.append(_unasked(place, value))
        elif code in fixed:
            remedy = N_("当场整改的单独立案销号；仍未整改的由责任单位继续办理")
            faults.append(Fault(N_("当场整改和仍未整改只能选一项"), place, where=_items(plan, code), remedy=remedy))
        elif (known := _as_id(value)) is None:
            faults.append(unknown_finding(place, shown(value), _items(plan, code)))
        else:
            found[code] = known
    return found


def check_again(
    session: Session, actor: Actor, site_id: UUID, plan: VisitPlan, again: Mapping[str, UUID], now: datetime
) -> None:
    """Refuse what names no finding of the same question or category at this site that the actor sees (one query).

    Whether it is open still is judged when the visit is entered: it may be closed by then. Raises InvalidInput.
    """
    if not again:
        return
    known = {
        one.id: one
        for one in session.scalars(
            select(Finding).where(
                Finding.id.in_(again.values()),
                Finding.site_id == site_id,
                *open_to_all(seal_of(session).get("sealed_for")),
                sees_finding(actor, local_day(now)),
            )
        )
    }
    faults = [
        unknown_finding(f"{AGAIN}.{code}", str(finding_id), _items(plan, code))
        for code, finding_id in again.items()
        if finding_id not in known or not is_about(plan, code, known[finding_id])
    ]
    if faults:
        raise InvalidInput(faults=faults)


def open_to_all(round_id: UUID | None = None) -> tuple[Any, ...]:
    """What a finding must be so that a visit may speak of it: not restricted, and of no secret round but the visit's own."""
    known: ColumnElement[bool] = Finding.hidden.is_(False)
    if round_id is not None:
        its = exists().where(
            Visit.tenant_id == Finding.tenant_id, Visit.id == Finding.visit_id, Visit.round_id == round_id
        )
        known = or_(known, its.correlate(Finding), Finding.round_id == round_id)
    return Finding.restricted.is_(False), known


def is_about(plan: VisitPlan, code: str, finding: Finding) -> bool:
    """Whether a finding is of a question, or was reported without a form under a category of its items."""
    if finding.question:
        return finding.question == code
    return finding.category in {one.item.category for one in plan.questions[code].items}


def check_photos(
    files: Mapping[str, Any], photos: Mapping[str, Sequence[str]], fixed: Mapping[str, Sequence[str]]
) -> None:
    """Refuse a photo that is to show a question both before and after. Raises InvalidInput."""
    remedy = N_("处置后请另拍一张")
    faults = [
        Fault(N_("处置前后是同一张照片"), f"{FIXED}.{code}", remedy=remedy)
        for code, refs in fixed.items()
        if {files[ref].id for ref in refs} & {files[ref].id for ref in photos.get(code, ())}
    ]
    if faults:
        raise InvalidInput(faults=faults)


def unknown_finding(place: str, value: str, items: str) -> Fault:
    """The fault of a finding that cannot be meant."""
    remedy = N_("请从这个点位未销号的同样问题中选，或另立一件")
    return Fault(N_("没有这件可接着办的问题"), place, None, value, items, remedy)


def _unasked(place: str, value: Any) -> Fault:
    remedy = N_("当场整改和仍未整改只能写在应查的问题上")
    return Fault(N_("这个点位没有这个问题"), place, value=shown(value), remedy=remedy)


def _items(plan: VisitPlan, code: str) -> str:
    return plan.questions[code].item_codes


def _as_id(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
