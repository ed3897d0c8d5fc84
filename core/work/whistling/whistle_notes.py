"""What a whistle tells to whom (吹哨提醒): the called units at once, the caller when they answer, leaders when it is escalated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.calendar import deadline_text, local_day
from core.work.dated import valid_on
from core.work.papers.notes import tell
from core.work.roles import ANSWER, DIRECT, LEAD, ROLES
from core.work.tables import Whistle
from core.work.whistling.whistle_steps import (
    ACCEPT,
    ARRIVE,
    CANCEL,
    CONFIRM,
    DECLINE,
    ESCALATE,
    INSTRUCT,
    MOVES,
    OVERDUE,
    OVERRUN,
    REPORT,
    RESPONDER,
)
from tenants.models import Holding, Person, Post, Unit, UnitPath

KIND = "whistle"
CALL = N_("吹哨 {number}：{caller} 请您单位 {at} 前到 {place}：{matter}")
REQUEST = N_("商请 {number}：{caller} 商请贵单位 {at} 前到 {place}：{matter}")
TEXTS = {
    ACCEPT: N_("吹哨 {number}：{unit} 已接哨"),
    ARRIVE: N_("吹哨 {number}：{unit} 已到场"),
    REPORT: N_("吹哨 {number}：{unit} 报告本单位部分已办完"),
    DECLINE: N_("商请 {number}：{unit} 婉拒，不能到场"),
    CONFIRM: N_("吹哨 {number}：{unit} 已确认解决"),
    CANCEL: N_("吹哨 {number}：{unit} 已撤销"),
    ESCALATE: N_("吹哨 {number}：{unit} 已提级，{place}"),
    OVERDUE: N_("吹哨 {number}：到场时限已过，应哨单位没有到齐，已自动提级，{place}"),
    OVERRUN: N_("吹哨 {number}：解决时限已过，事情还没有解决，已自动提级，{place}"),
    INSTRUCT: N_("吹哨 {number}：领导有批示"),
}


@dataclass(frozen=True, slots=True)
class Leader:
    """A person who may be told of an escalation (提级对象)."""

    person_id: UUID
    name: str
    unit_name: str


def tell_called(session: Session, whistle: Whistle, caller: str, called: Sequence[Unit], now: datetime) -> None:
    """Tell the people of the called units; one that cannot be ordered is asked."""
    at = deadline_text(whistle.arrive_by)
    params = {"number": whistle.number, "caller": caller, "at": at, "place": whistle.place, "matter": whistle.matter}
    for text, commanded in ((CALL, True), (REQUEST, False)):
        units = [unit.id for unit in called if unit.commanded is commanded]
        if units:
            tell(
                session,
                unit_ids=units,
                verb=ANSWER,
                kind=KIND,
                text=text,
                params=params,
                object_kind=KIND,
                object_id=whistle.id,
                now=now,
            )


def tell_step(
    session: Session,
    whistle: Whistle,
    verb: str,
    *,
    unit: str,
    called: Sequence[UUID],
    by: UUID | None,
    now: datetime,
) -> None:
    """Tell whom a step concerns: the caller of a called unit's, the called units of the caller's, leaders of an escalation.

    ``by`` is who took the step; nobody is told what he did himself.
    """
    people = {whistle.person_id}
    if verb in (ESCALATE, OVERDUE, OVERRUN):
        chosen = {whistle.leader_id} if whistle.leader_id else set()
        people |= chosen or {one.person_id for one in leaders_of(session, whistle.caller_unit_id, local_day(now))}
    concerns_called = MOVES[verb].by != RESPONDER
    tell(
        session,
        unit_ids=called if concerns_called else (),
        person_ids=people,
        verb=ANSWER,
        kind=KIND,
        text=TEXTS[verb],
        params={"number": whistle.number, "unit": unit, "place": whistle.place},
        object_kind=KIND,
        object_id=whistle.id,
        now=now,
        but=by,
    )


def leaders_of(session: Session, unit_id: UUID, on: date) -> list[Leader]:
    """To whom a unit escalates: the leaders nearest above it; where there is none, the HQ office nearest above."""
    for verb in (LEAD, DIRECT):
        roles = [role.code for role in ROLES.values() if verb in role.verbs and role.code != "discipline"]
        rows = session.execute(
            select(Person.id, Person.name, Unit.name.label("unit"), UnitPath.depth)
            .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
            .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
            .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
            .join(UnitPath, (UnitPath.tenant_id == Unit.tenant_id) & (UnitPath.ancestor_id == Unit.id))
            .where(
                UnitPath.unit_id == unit_id,
                Post.role.in_(roles),
                Person.state == "active",
                valid_on(UnitPath, on),
                valid_on(Holding, on),
            )
            .order_by(UnitPath.depth, Person.pinyin, Person.id)
        ).all()
        nearest = rows[0].depth if rows else None
        found = {row.id: Leader(row.id, row.name, row.unit) for row in rows if row.depth == nearest}
        if found:
            return list(found.values())
    return []
