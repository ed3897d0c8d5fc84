"""What is said of an entry of the negative list (负面清单填报), checked: every fault is named at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.marks.negative_moves import CAP, DEDUCT, EFFECTS, Move
from core.work.names import narrow
from core.work.tables import Finding, NegativeEntry, Notice
from core.work.wording import read_text, shown
from tenants.access import root_unit
from tenants.models import EnabledCampaign, Unit

MOST_POINTS = 100_000  # 1/100 points: no scale is larger than 1000 (ours)


@dataclass(frozen=True, slots=True)
class Event:
    """What an entry says (负面清单事项); ``points`` are what is deducted, or the total that cannot be exceeded."""

    campaign: str
    title: str
    happened_on: date | None
    effect: str
    points: str | Decimal | int | None = None
    source: str = ""
    document: str = ""
    unit_id: UUID | None = None
    behind: str = ""


def checked_event(session: Session, event: Event, now: datetime) -> dict[str, Any]:
    """The columns of what an entry says. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    title = read_text(event.title, "title", faults, 200)
    if not title:
        faults.append(Fault(N_("缺少事项"), "title", remedy=N_("请写明发生了什么")))
    running = select(EnabledCampaign.campaign).where(EnabledCampaign.campaign == event.campaign)
    if session.scalar(running) is None:
        faults.append(
            Fault(
                N_("本区没有这个创建项目"), "campaign", value=shown(event.campaign), remedy=N_("请先启用，或另选一个")
            )
        )
    if event.happened_on is None or event.happened_on > local_day(now):
        day = event.happened_on.isoformat() if event.happened_on else ""
        faults.append(Fault(N_("发生日期不对"), "happened_on", value=day, remedy=N_("请填今天或更早的日期")))
    if event.unit_id is not None and session.get(Unit, (root_unit(session).tenant_id, event.unit_id)) is None:
        faults.append(Fault(N_("没有这个单位"), "unit_id", value=str(event.unit_id), remedy=N_("请从名单里选择")))
    texts = {
        "source": read_text(event.source, "source", faults, 200),
        "document": read_text(event.document, "document", faults, 200),
        "behind": _behind(session, event.behind, faults),
    }
    points = _points(event, faults)
    if faults:
        raise InvalidInput(faults=faults)
    kept = {"campaign": event.campaign, "happened_on": event.happened_on, "effect": event.effect}
    return kept | texts | {"title": title, "points": points, "unit_id": event.unit_id}


def _behind(session: Session, said: str, faults: list[Fault]) -> str:
    """The number of a finding, none of the restricted class, or of a notice."""
    number = narrow(said)
    if not number:
        return ""
    finding = select(Finding.id).where(
        Finding.number == number, Finding.restricted.is_(False), Finding.hidden.is_(False)
    )
    notice = select(Notice.id).where(Notice.number == number)
    if session.scalar(finding.limit(1)) is None and session.scalar(notice.limit(1)) is None:
        remedy = N_("请照抄问题或文书的编号，可以不填")
        faults.append(Fault(N_("没有这个编号的问题或文书"), "behind", value=shown(number), remedy=remedy))
    return number


def _points(event: Event, faults: list[Fault]) -> int:
    """The points of an effect as integers of 1/100; a bar has none."""
    if event.effect not in EFFECTS:
        remedy = N_("可填：{effects}")
        known = {"effects": ", ".join(EFFECTS)}
        faults.append(Fault(N_("没有这种影响"), "effect", None, shown(event.effect), "", remedy, known))
    if event.effect not in (DEDUCT, CAP):
        return 0
    try:
        cents = Decimal(str(event.points).strip()) * 100
        whole = int(cents) if cents == cents.to_integral_value() else -1
    except (InvalidOperation, ValueError, OverflowError):
        whole = -1
    lowest = 1 if event.effect == DEDUCT else 0
    if not lowest <= whole <= MOST_POINTS:
        said = "" if event.points is None else shown(event.points)
        faults.append(Fault(N_("分值不对"), "points", value=said, remedy=N_("请填正数，最多两位小数，例如 2 或 0.5")))
        return 0
    return whole


def check_given(
    step: Move, note: str, document: str, on: date | None, entry: NegativeEntry, today: date
) -> tuple[str, str]:
    """The note and the document of a step. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    said, paper = read_text(note, "note", faults), read_text(document, "document", faults, 200)
    if "note" in step.needs and not said:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明理由")))
    if "document" in step.needs and not paper:
        faults.append(Fault(N_("缺少依据文件"), "document", remedy=N_("请填文号或文件名；它与影响一起显示")))
    if "on" in step.needs:
        first = entry.triggered_on or entry.happened_on
        if on is None:
            faults.append(Fault(N_("缺少日期"), "on", remedy=N_("请填生效的日期")))
        elif not first <= on <= today:
            days = {"first": first.isoformat(), "last": today.isoformat()}
            faults.append(
                Fault(N_("日期不对"), "on", None, on.isoformat(), "", N_("应在 {first} 到 {last} 之间"), days)
            )
    if faults:
        raise InvalidInput(faults=faults)
    return said, paper
