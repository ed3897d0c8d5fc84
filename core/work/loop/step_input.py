"""What a step of a finding was given (办理内容), checked against what the step needs, with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.campaigns.vocabulary import load_vocabulary
from core.errors import N_, Fault, InvalidInput
from core.work.inspection.photos import find_files
from core.work.loop.parties import Transition
from core.work.loop.states import OUTCOMES, REJECT_REASONS, RETURN_REASONS
from core.work.tables import File, Finding
from core.work.wording import read_text, shown
from tenants.models import Person, Unit

MOST_PHOTOS = 20  # with one step (ours)
MOST_DAYS = 120  # of one time limit or extension, in working days (ours)
LONGEST_PARKING = timedelta(days=366)
LONGEST_TITLE = 200
LONGEST_LEADER = 60
SEVERITIES: dict[str, tuple[str, str]] = {
    "ordinary": (N_("一般"), "Ordinary"),
    "serious": (N_("较重"), "Serious"),
    "urgent": (N_("紧急"), "Urgent"),
}
CHANGEABLE = ("category", "title", "detail", "severity", "place", "restricted", "site_id", "unit_id")
PLACED = ("site_id", "unit_id")  # where it is: ids as text, '' for no site
YES, NO = "yes", "no"  # what is said of the restricted class
_REASONS = {"reject": REJECT_REASONS, "return": RETURN_REASONS}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody sends with a step (办理请求), unchecked. ``photos`` are file ids or SHA-256; ``changes`` new values by field."""

    note: str = ""
    photos: Sequence[str] = ()
    outcome: str | None = None
    reason: str | None = None
    unit_id: UUID | None = None
    person_id: UUID | None = None
    days: int | None = None
    review_on: date | None = None
    due_on: date | None = None
    target_id: UUID | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    precedent: bool = False
    severity: str | None = None
    leader: str = ""
    said_on: date | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """The same, checked (办理内容): files, the unit, the person and the target as rows."""

    note: str = ""
    files: tuple[File, ...] = ()
    outcome: str | None = None
    reason: str | None = None
    unit: Unit | None = None
    person: Person | None = None
    days: int | None = None
    review_on: date | None = None
    due_on: date | None = None
    target: Finding | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    precedent: bool = False
    severity: str | None = None
    leader: str = ""
    said_on: date | None = None


def check_given(session: Session, step: Transition, asked: Asked, on: date) -> Given:
    """What the step needs and got. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    note = read_text(asked.note, "note", faults)
    files = _files(session, step, asked, faults)
    outcome = _outcome(step, asked, note, faults)
    if step.needs_note and not note:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明理由")))
    given = Given(
        note=note,
        files=files,
        outcome=outcome,
        reason=_reason(step, asked, faults),
        unit=_unit(session, step, asked, on, faults),
        person=_person(session, step, asked, faults),
        days=_days(step, asked, faults),
        review_on=_review(step, asked, on, faults),
        due_on=_own_day(step, asked, on, faults),
        target=_target(session, step, asked, faults),
        changes=_changes(step, asked, faults),
        precedent=asked.precedent and "precedent" in step.fields,
        severity=_severity(step, asked, faults),
        leader=read_text(asked.leader, "leader", faults, LONGEST_LEADER) if "leader" in step.fields else "",
        said_on=_said_on(step, asked, on, faults),
    )
    if faults:
        raise InvalidInput(faults=faults)
    return given


def _files(session: Session, step: Transition, asked: Asked, faults: list[Fault]) -> tuple[File, ...]:
    refs = list(dict.fromkeys(str(ref) for ref in asked.photos))
    if refs and "photos" not in step.fields:
        return ()
    files = find_files(session, refs)
    remedy = N_("请先上传照片")
    faults += [Fault(N_("没有这张照片"), "photos", None, shown(r), "", remedy) for r in refs if r not in files]
    if step.needs_photo and not refs:
        faults.append(Fault(N_("缺少整改后的照片"), "photos", remedy=N_("请至少附一张照片")))
    if len(refs) > MOST_PHOTOS:
        remedy = N_("最多 {most} 张")
        faults.append(Fault(N_("照片过多"), "photos", None, str(len(refs)), "", remedy, {"most": MOST_PHOTOS}))
    return tuple({files[r].id: files[r] for r in refs if r in files}.values())


def _outcome(step: Transition, asked: Asked, note: str, faults: list[Fault]) -> str | None:
    if not step.needs_outcome:
        return None
    said = asked.outcome or None
    if said not in OUTCOMES:
        faults.append(_choose(N_("请选择销号结论"), "outcome", said, OUTCOMES))
    elif OUTCOMES[said].needs_note and not note:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明理由")))
    return said


def _reason(step: Transition, asked: Asked, faults: list[Fault]) -> str | None:
    known = _REASONS.get(step.verb)
    if known is None:
        return None
    if asked.reason not in known:
        faults.append(_choose(N_("请选择原因"), "reason", asked.reason, known))
    return asked.reason


def _unit(session: Session, step: Transition, asked: Asked, on: date, faults: list[Fault]) -> Unit | None:
    if "unit" not in step.fields or (asked.unit_id is None and "unit" not in step.needs):
        return None
    live = (Unit.valid_from <= on, or_(Unit.valid_to.is_(None), Unit.valid_to > on))
    found = session.scalars(select(Unit).where(Unit.id == asked.unit_id, *live)).first() if asked.unit_id else None
    if found is None:
        value = shown(asked.unit_id or "")
        faults.append(Fault(N_("没有选单位"), "unit", value=value, remedy=N_("请从现有单位中选一个")))
    return found


def _person(session: Session, step: Transition, asked: Asked, faults: list[Fault]) -> Person | None:
    if "person" not in step.fields or (asked.person_id is None and "person" not in step.needs):
        return None
    chosen = select(Person).where(Person.id == asked.person_id, Person.state == "active")
    found = session.scalars(chosen).first() if asked.person_id else None
    if found is None:
        value = shown(asked.person_id or "")
        faults.append(Fault(N_("没有选责任人"), "person", value=value, remedy=N_("请从本单位人员中选一人")))
    return found


def _days(step: Transition, asked: Asked, faults: list[Fault]) -> int | None:
    if "days" not in step.fields or (asked.days is None and "days" not in step.needs):
        return None
    if asked.days is None or not 1 <= asked.days <= MOST_DAYS:
        value = "" if asked.days is None else str(asked.days)
        remedy = N_("请填 1 到 {most} 个工作日")
        faults.append(Fault(N_("工作日数不对"), "days", None, value, "", remedy, {"most": MOST_DAYS}))
    return asked.days


def _review(step: Transition, asked: Asked, on: date, faults: list[Fault]) -> date | None:
    if "review_on" not in step.fields or (asked.review_on is None and "review_on" not in step.needs):
        return None
    if asked.review_on is None or not on < asked.review_on <= on + LONGEST_PARKING:
        value = "" if asked.review_on is None else asked.review_on.isoformat()
        faults.append(Fault(N_("复核日期不对"), "review_on", value=value, remedy=N_("请填今天以后、一年以内的日期")))
    return asked.review_on


def _own_day(step: Transition, asked: Asked, on: date, faults: list[Fault]) -> date | None:
    """The day by which a helping unit shall have done its part; today at the earliest."""
    if "due_on" not in step.fields or asked.due_on is None:
        return None
    if not on <= asked.due_on <= on + LONGEST_PARKING:
        value = asked.due_on.isoformat()
        faults.append(Fault(N_("协办期限不对"), "due_on", value=value, remedy=N_("请填今天或以后、一年以内的日期")))
    return asked.due_on


def _said_on(step: Transition, asked: Asked, on: date, faults: list[Fault]) -> date | None:
    """The day that stands on a leader's paper; no later than today."""
    if "said_on" not in step.fields or asked.said_on is None:
        return None
    if asked.said_on > on:
        value = asked.said_on.isoformat()
        faults.append(Fault(N_("批示日期不对"), "said_on", value=value, remedy=N_("请填今天或以前的日期")))
    return asked.said_on


def _target(session: Session, step: Transition, asked: Asked, faults: list[Fault]) -> Finding | None:
    if "target" not in step.fields:
        return None
    found = session.scalars(select(Finding).where(Finding.id == asked.target_id)).first() if asked.target_id else None
    if found is None:
        value = shown(asked.target_id or "")
        faults.append(Fault(N_("没有选要并入的问题"), "target", value=value, remedy=N_("请选一件办理中的问题")))
    return found


def _changes(step: Transition, asked: Asked, faults: list[Fault]) -> Mapping[str, str]:
    if "changes" not in step.fields:
        return {}
    clean: dict[str, str] = {}
    for name, value in asked.changes.items():
        if name not in CHANGEABLE:
            faults.append(_choose(N_("这一项不能更正"), "changes", name, CHANGEABLE))
            continue
        clean[name] = read_text(value, f"changes.{name}", faults, LONGEST_TITLE if name != "detail" else 2000)
    if not asked.changes:
        faults.append(Fault(N_("没有要更正的内容"), "changes", remedy=N_("请改动至少一项")))
    if "title" in clean and not clean["title"]:
        faults.append(Fault(N_("不能为空"), "changes.title", remedy=N_("请写明问题")))
    if "severity" in clean and clean["severity"] not in SEVERITIES:
        faults.append(_choose(N_("没有这个严重程度"), "changes.severity", clean["severity"], SEVERITIES))
    if "restricted" in clean and clean["restricted"] not in (YES, NO):
        faults.append(_choose(N_("请选择是或否"), "changes.restricted", clean["restricted"], (YES, NO)))
    faults += [_no_place(name, clean[name]) for name in PLACED if name in clean and not _is_place(name, clean[name])]
    known = load_vocabulary().categories
    if "category" in clean and clean["category"] not in known:
        faults.append(_choose(N_("没有这个问题类别"), "changes.category", clean["category"], known))
    return clean


def value_of(finding: Finding, name: str) -> str:
    """What a finding says now in a field that can be corrected, as a correction would say it."""
    value: str | bool | UUID | None = getattr(finding, name)
    if isinstance(value, bool):
        return YES if value else NO
    return str(value or "")


def _is_place(name: str, said: str) -> bool:
    if not said:
        return name == "site_id"
    try:
        return bool(UUID(said))
    except ValueError:
        return False


def _no_place(name: str, said: str) -> Fault:
    if name == "site_id":
        remedy = N_("请从本辖区在用的点位中选一个")
        return Fault(N_("没有这个点位"), f"changes.{name}", value=shown(said), remedy=remedy)
    return Fault(N_("没有这个单位"), f"changes.{name}", value=shown(said), remedy=N_("请从本辖区现有单位中选一个"))


def _severity(step: Transition, asked: Asked, faults: list[Fault]) -> str | None:
    if "severity" not in step.fields or asked.severity is None:
        return None
    if asked.severity not in SEVERITIES:
        faults.append(_choose(N_("没有这个严重程度"), "severity", asked.severity, SEVERITIES))
    return asked.severity


def _choose(message: str, place: str, value: str | None, known: Mapping[str, Any] | Sequence[str]) -> Fault:
    params = {"known": ", ".join(known)}
    return Fault(message, place, None, shown(value or ""), "", N_("可填：{known}"), params)
