"""Tells who should know of a step (办理提醒): the one that is waited for now, and whoever the step concerns.

Never of hidden findings; of restricted ones only those who may see them; and nobody of what he did himself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.bulk import Lot
from core.work.calendar import deadline_text, local_day
from core.work.loop.orders import opener_of, orderers_of
from core.work.loop.parties import PERMISSIONS
from core.work.loop.states import ACCEPTED, ANOTHER, DESK, LEADING, PLACE, REPORTED
from core.work.loop.step import Step
from core.work.loop.step_input import YES
from core.work.papers.notes import notes_to, tell
from core.work.tables import Finding, FindingCampaign, Part
from tenants.access import Actor
from tenants.models import Unit

Handed = Sequence[tuple[Finding, UUID]]  # findings, each with the unit that leads
KIND = "finding"
GIVEN = "given"  # the unit that the step names
BEFORE = "before"  # the unit that led until this step
TARGET = "target"  # the unit that leads the finding into which this one goes
OPENER = "opener"  # whoever reported it
ORDERER = "orderer"  # of a leader's order: whoever entered it, and the leader named
UNDISPATCHED = (REPORTED, ACCEPTED)

TO_DO = N_("问题 {number}「{title}」交您单位办理，{due} 前整改")
OPENED = N_("检查 {site} 发现 {count} 个问题，交您单位办理，最早 {due} 前整改")

ASK = N_("商请贵单位办理问题 {number}「{title}」，请于 {due} 前办结；不便办理的请说明理由")
ASK_OPENED = N_("检查 {site} 发现 {count} 个问题，商请贵单位办理，最早 {due} 前办结；不便办理的请说明理由")
UNSEALED = N_("暗访轮次 {number} 已解密，其中 {count} 个问题交您单位办理，最早 {due} 前整改")
ASK_UNSEALED = N_(
    "暗访轮次 {number} 已解密，商请贵单位办理其中 {count} 个问题，最早 {due} 前办结；不便办理的请说明理由"
)
ARBITRATED = N_("问题 {number}「{title}」已裁定由您单位办理，{due} 前整改")
# What a unit reads instead that nobody here can order (不受指令的单位).
ASKS: dict[str, str] = {TO_DO: ASK, ARBITRATED: ASK, OPENED: ASK_OPENED, UNSEALED: ASK_UNSEALED}

# What each step says, and to whom. A step that is not here tells nobody.
TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "dispatch": ((LEADING, TO_DO),),
    "return": ((DESK, N_("问题 {number}「{title}」被退回，待裁定")),),
    "arbitrate": (
        (LEADING, ARBITRATED),
        (BEFORE, N_("问题 {number}「{title}」已裁定由其他单位办理")),
    ),
    "assign": ((LEADING, N_("问题 {number}「{title}」指定了责任人，{due} 前整改")),),
    "assist": ((GIVEN, N_("问题 {number}「{title}」请您单位协办，{due} 前整改")),),
    "finish_part": ((LEADING, N_("问题 {number}「{title}」有协办单位已完成")),),
    "decline_part": (
        (DESK, N_("问题 {number}「{title}」有协办单位退回协办，请核对该由谁协办")),
        (LEADING, N_("问题 {number}「{title}」有协办单位退回协办")),
    ),
    "drop_part": ((GIVEN, N_("问题 {number}「{title}」不再需要您单位协办")),),
    "transfer": ((LEADING, TO_DO), (BEFORE, N_("问题 {number}「{title}」已转由其他单位办理"))),
    "ask_extension": ((DESK, N_("问题 {number}「{title}」申请延期，待审批")),),
    "grant": ((LEADING, N_("问题 {number}「{title}」同意延期，{due} 前整改")),),
    "refuse": ((LEADING, N_("问题 {number}「{title}」不同意延期，{due} 前整改")),),
    "ask_parking": ((DESK, N_("问题 {number}「{title}」申请挂账，待审批")),),
    "park": ((LEADING, N_("问题 {number}「{title}」同意挂账")),),
    "refuse_parking": ((LEADING, N_("问题 {number}「{title}」不同意挂账，{due} 前整改")),),
    "unpark": ((LEADING, N_("问题 {number}「{title}」恢复整改，{due} 前整改")),),
    "answer": (
        (ANOTHER, N_("问题 {number}「{title}」已提交整改结果，待核查")),
        (PLACE, N_("问题 {number}「{title}」已提交整改结果，请会签")),
    ),
    "seen_again": ((LEADING, N_("问题 {number}「{title}」再次检查时仍未整改")),),
    "instruct": (
        (LEADING, N_("领导对问题 {number}「{title}」有批示")),
        (DESK, N_("领导对问题 {number}「{title}」有批示")),
    ),
    "report_back": ((ORDERER, N_("您交办的问题 {number}「{title}」已回报办理结果")),),
    "close": (
        (LEADING, N_("问题 {number}「{title}」已销号")),
        (PLACE, N_("问题 {number}「{title}」已销号")),
        (ORDERER, N_("您交办的问题 {number}「{title}」已销号")),
    ),
    "send_back": ((LEADING, N_("问题 {number}「{title}」核查未通过，退回重改，{due} 前整改")),),
    "reopen": ((LEADING, N_("问题 {number}「{title}」重新打开，{due} 前整改")),),
    "relapse": (
        (LEADING, N_("问题 {number}「{title}」复查反弹，重新整改，{due} 前整改")),
        (PLACE, N_("问题 {number}「{title}」复查反弹")),
    ),
    "reject": ((OPENER, N_("您上报的问题 {number}「{title}」不予受理")),),
    "cancel": ((LEADING, N_("问题 {number}「{title}」已撤销")),),
    "restore": ((DESK, N_("问题 {number}「{title}」恢复受理，待派遣")),),
    "merge": (
        (LEADING, N_("问题 {number}「{title}」已并案")),
        (TARGET, N_("问题 {number}「{title}」并入了您单位办理的问题")),
    ),
    "correct": ((LEADING, TO_DO),),
    "unmerge": ((LEADING, N_("问题 {number}「{title}」撤销并案，恢复办理")),),
}


def announce(step: Step, before: str) -> None:
    """Leave in-app notes about a step that was just taken; ``before`` is the state that it left."""
    said = TEXTS.get(step.transition.verb, ())
    if step.finding.hidden or not said:
        return
    who = _Concerned(step)
    for party, text in said:
        if step.transition.verb == "correct" and step.given.changes.get("restricted") != YES:
            continue  # a correction is told to nobody, but for whose hands it was put into
        if party == LEADING and before in UNDISPATCHED and step.transition.verb != "dispatch":
            continue  # the unit is only proposed, and knows of nothing yet
        units, people = who.of(party)
        tell(
            step.session,
            unit_ids=units,
            person_ids=people,
            verb=PERMISSIONS.get(party, PERMISSIONS[LEADING]),
            text=ASKS.get(text, text) if party == LEADING and who.asked else text,
            params=params_of(step.finding),
            now=step.now,
            restricted=step.finding.restricted,
            campaigns=who.campaigns,
            but=step.actor.person_id if step.actor else None,
            kind=f"{KIND}.{step.transition.verb}",
            object_kind=KIND,
            object_id=step.finding.id,
        )


def notes_of_new(
    session: Session,
    finding: Finding,
    lead: UUID,
    campaigns: Collection[str],
    now: datetime,
    *,
    is_asked: bool,
    but: UUID | None = None,
) -> list[Lot]:
    """What is told of one finding that comes in (新问题提醒), for whoever enters it.

    The desk hears of what was reported; the leading unit of what it must do, or is asked to do (``is_asked``).
    """
    if finding.hidden or finding.closed_at is not None:
        return []
    unwatched = finding.state in UNDISPATCHED
    text = N_("新上报问题 {number}「{title}」，待受理派遣") if unwatched else TO_DO
    return notes_to(
        session,
        unit_ids=[finding.unit_id if unwatched else lead],
        verb=PERMISSIONS[DESK if unwatched else LEADING],
        kind=f"{KIND}.open",
        text=ASKS.get(text, text) if is_asked else text,
        params=params_of(finding),
        object_kind=KIND,
        object_id=finding.id,
        now=now,
        restricted=finding.restricted,
        campaigns=campaigns,
        but=but,
    )


def announce_visit(session: Session, actor: Actor, site_name: str, opened: Handed, now: datetime) -> int:
    """Tell the leading units of what a visit found (检查发现提醒): one note to each with the count, not one for each finding.

    ``opened`` are the findings with the unit that leads each; hidden ones are left out.
    """
    return _announce_many(session, actor, OPENED, {"site": site_name}, opened, now)


def announce_round(session: Session, actor: Actor, number: str, opened: Handed, now: datetime) -> int:
    """Tell the leading units of what a secret round found, when it is released (解密提醒): one note to each with the count."""
    return _announce_many(session, actor, UNSEALED, {"number": number}, opened, now)


def _announce_many(
    session: Session, actor: Actor, text: str, said: Mapping[str, str], opened: Handed, now: datetime
) -> int:
    shown = [(finding, unit) for finding, unit in opened if not finding.hidden]
    told, asked = 0, _asked_units(session, {unit for _, unit in shown})
    for (unit, restricted), count in Counter((unit, finding.restricted) for finding, unit in shown).items():
        own = [f for f, lead in shown if (lead, f.restricted) == (unit, restricted)]
        first = min(own, key=lambda finding: finding.due_at)
        told += tell(
            session,
            unit_ids=[unit],
            kind=f"{KIND}.open",
            text=ASKS[text] if unit in asked else text,
            params={**said, "count": count, "due": deadline_text(first.due_at)},
            object_kind=KIND if count == 1 else "inbox",
            object_id=first.id if count == 1 else "",
            now=now,
            restricted=restricted,
            but=actor.person_id,
        )
    return told


def params_of(finding: Finding) -> dict[str, Any]:
    """What a note says of a finding: number, title (English beside it) and deadline."""
    title = {"title": finding.title} | ({"title_en": finding.title_en} if finding.title_en else {})
    return title | {"number": finding.number or "", "due": deadline_text(finding.due_at)}


def campaigns_by_finding(session: Session, ids: Iterable[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The campaigns of several findings (one query)."""
    found: dict[UUID, tuple[str, ...]] = {}
    wanted = select(FindingCampaign.finding_id, FindingCampaign.campaign).where(FindingCampaign.finding_id.in_(ids))
    for finding_id, campaign in session.execute(wanted.order_by(FindingCampaign.campaign)):
        found[finding_id] = (*found.get(finding_id, ()), campaign)
    return found


def campaigns_of(session: Session, finding_id: UUID) -> tuple[str, ...]:
    """The campaigns that a finding belongs to."""
    return tuple(session.scalars(select(FindingCampaign.campaign).where(FindingCampaign.finding_id == finding_id)))


class _Concerned:
    """Whom a step concerns (提醒对象): read once for all its texts."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.campaigns = campaigns_of(step.session, step.finding.id)
        self.parts = step.session.execute(_standing_parts(step.finding)).all()
        self.asked = any(part.leading and not part.commanded for part in self.parts)

    def of(self, party: str) -> tuple[Iterable[UUID], Iterable[UUID | None]]:
        """The units and the people of one party."""
        given = self.step.given
        units: Iterable[UUID] = ()
        people: Iterable[UUID | None] = ()
        if party == LEADING:
            units, people = self._lead()
        elif party == PLACE:
            units = [part.unit_id for part in self.parts if part.kind == "place" and not part.leading]
        elif party in (DESK, ANOTHER):
            units = [self.step.finding.unit_id]
        elif party == BEFORE:
            units = self._led_before()
        elif party == TARGET:
            units = self._target()
        elif party == GIVEN:
            units, people = [given.unit.id] if given.unit else [], [given.person.id if given.person else None]
        elif party == OPENER:
            people = [opener_of(self.step.session, self.step.finding)]
        elif party == ORDERER:
            people = orderers_of(self.step.session, self.step.finding, local_day(self.step.now))
        return units, people

    def _lead(self) -> tuple[Iterable[UUID], Iterable[UUID | None]]:
        lead = next((part for part in self.parts if part.leading), None)
        if lead is None:
            return (), ()
        named = self.step.transition.verb == "assign"
        return ([] if named else [lead.unit_id]), [lead.assignee_id]

    def _led_before(self) -> list[UUID]:
        """The unit whose line ended with this very step."""
        query = select(Part.unit_id).where(
            Part.finding_id == self.step.finding.id, Part.kind == "line", Part.ended_at == self.step.now
        )
        return list(self.step.session.scalars(query))

    def _target(self) -> list[UUID]:
        target = self.step.given.target
        if target is None:
            return []
        return list(
            self.step.session.scalars(
                select(Part.unit_id).where(Part.finding_id == target.id, Part.leading, Part.ended_at.is_(None))
            )
        )


def _asked_units(session: Session, units: set[UUID]) -> set[UUID]:
    """Of some units those that are asked, not ordered."""
    return set(session.scalars(select(Unit.id).where(Unit.id.in_(units), Unit.commanded.is_(False))))


def _standing_parts(finding: Finding) -> Any:
    return (
        select(Part.kind, Part.unit_id, Part.leading, Part.assignee_id, Unit.commanded)
        .join(Unit, and_(Unit.tenant_id == Part.tenant_id, Unit.id == Part.unit_id))
        .where(Part.finding_id == finding.id, Part.ended_at.is_(None))
    )
