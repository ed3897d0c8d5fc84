"""Planning a round (安排轮次): made as a draft, changed while it is one, opened, closed or called off.

Secret rounds are released by core.work.rounds.releasing alone; until then they have no number.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.rounds.kinds import KINDS, MODES, SECRET_MODE, SOURCES, kind_of
from core.work.rounds.sight import may_plan
from core.work.rounds.steps import CANCELLED, CLOSED, DRAFT, OPEN, note_step, step, to_change
from core.work.serials import take_serials_of
from core.work.tables import Round, RoundMember, RoundStop
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit

LONGEST_TITLE, LONGEST_CRITERIA, LONGEST_NOTE = 80, 1000, 300
MOST_DAYS = 100  # of one round (ours)
_CODE = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a round shall be (轮次内容); ``weight`` in 1/100, empty ``source`` and ``mode`` mean the kind's own.

    ``campaigns`` and ``forms`` (codes) narrow what is asked; empty is everything that is due at each place.
    """

    kind: str
    title: str
    unit_id: UUID
    starts_on: date
    ends_on: date
    mode: str = ""
    source: str = ""
    weight: int | None = None
    campaigns: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    criteria: str = ""
    sampling: Mapping[str, Any] = field(default_factory=dict)


def create(
    session: Session,
    actor: Actor,
    wish: Wish,
    *,
    now: datetime,
    round_id: UUID | None = None,
    plan_id: UUID | None = None,
    known_campaigns: Collection[str] | None = None,
) -> Round:
    """Make a round as a draft. Raises InvalidInput, and Forbidden where the actor may not plan such a one."""
    values = read_wish(session, wish, known_campaigns)
    if not may_plan(session, actor, values["kind"], values["mode"], wish.unit_id, local_day(now)):
        raise Forbidden(N_("您的岗位不能安排这个轮次"))
    return enter(session, actor, values, now=now, round_id=round_id, plan_id=plan_id)


def enter(
    session: Session,
    actor: Actor | None,
    values: Mapping[str, Any],
    *,
    now: datetime,
    round_id: UUID | None = None,
    plan_id: UUID | None = None,
) -> Round:
    """Write a checked draft, with its number when it is no secret."""
    hidden = values["mode"] == SECRET_MODE
    row = Round(
        **values,
        id=round_id or new_id(),
        plan_id=plan_id,
        number=None if hidden else next_number(session, now),
        state=DRAFT,
        version=1,
        hidden=hidden,
        created_by=actor.name if actor else "",
        created_at=now,
    )
    session.add(row)
    session.flush()
    note_step(session, actor, row, "create", now=now)
    return row


def next_number(session: Session, now: datetime) -> str:
    """The next number of a public round (轮次编号), by year."""
    year = local_day(now).year
    tenant: int = session.tenant_id  # type: ignore[attr-defined]  # a ScopedSession
    return f"L{year}-{take_serials_of(session, tenant, f'round-{year}')[0]:04d}"


def edit(
    session: Session,
    actor: Actor,
    round_id: UUID,
    wish: Wish,
    *,
    version: int,
    now: datetime,
    known_campaigns: Collection[str] | None = None,
) -> Round:
    """Change a draft; its mode stays, for what is hidden was born so. Raises what ``create`` raises, Stale and Conflict."""
    row = to_change(session, actor, round_id, now=now, states=(DRAFT,))
    values = read_wish(session, wish, known_campaigns)
    if values["mode"] != row.mode:
        remedy = N_("请另建一个轮次")
        raise InvalidInput(faults=[Fault(N_("建立以后不能在公开和暗访之间更改"), "mode", remedy=remedy)])
    if not may_plan(session, actor, values["kind"], row.mode, wish.unit_id, local_day(now)):
        raise Forbidden(N_("您的岗位不能安排这个轮次"))
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    said = {"fields": sorted(changed)}
    return step(session, actor, row, "edit", version=version, now=now, values=changed, detail=said)


def open_round(session: Session, actor: Actor, round_id: UUID, *, version: int, now: datetime) -> Round:
    """Open it (开始): its members are sent out. Raises Conflict without stops or without members."""
    row = to_change(session, actor, round_id, now=now, states=(DRAFT,))
    lacking = _lacking(session, row.id)
    if lacking:
        raise Conflict(lacking)
    return step(session, actor, row, "open", version=version, now=now, values={"state": OPEN})


def _lacking(session: Session, round_id: UUID) -> str:
    """What a round still needs before it can be opened; '' when nothing."""
    stops = select(func.count()).where(RoundStop.round_id == round_id, RoundStop.state == "planned")
    if not session.scalar(stops):
        return N_("还没有点位；请先加入点位或抽样")
    members = select(func.count()).where(RoundMember.round_id == round_id, RoundMember.ended_at.is_(None))
    if not session.scalar(members):
        return N_("还没有组员；请先编组")
    return ""


def close_round(
    session: Session, actor: Actor, round_id: UUID, *, version: int, now: datetime, note: str = ""
) -> Round:
    """Close it (结束): nothing more is visited for it. A secret one stays hidden until it is released."""
    row = to_change(session, actor, round_id, now=now, states=(OPEN,))
    values = {"state": CLOSED, "closed_at": now}
    return step(session, actor, row, "close", version=version, now=now, values=values, note=_note(note))


def cancel_round(session: Session, actor: Actor, round_id: UUID, *, version: int, now: datetime, note: str) -> Round:
    """Call it off (取消), with a reason; what was visited stays. A secret one that found something is released instead."""
    row = to_change(session, actor, round_id, now=now)
    said = _note(note)
    if not said:
        raise InvalidInput(faults=[Fault(N_("缺少这一项"), "note", remedy=N_("请写明取消的原因"))])
    if row.hidden and row.state == OPEN:
        raise Conflict(N_("暗访已经开始，请先结束再解密"))
    return step(session, actor, row, "cancel", version=version, now=now, values={"state": CANCELLED}, note=said)


def _note(text: str) -> str:
    faults: list[Fault] = []
    said = read_text(text, "note", faults, LONGEST_NOTE)
    if faults:
        raise InvalidInput(faults=faults)
    return said


def read_wish(session: Session, wish: Wish, known_campaigns: Collection[str] | None = None) -> dict[str, Any]:
    """The columns of a wish that holds. Raises InvalidInput with every fault, NotFound for an unknown unit."""
    faults: list[Fault] = []
    kind = kind_of(wish.kind)
    values: dict[str, Any] = {
        "kind": wish.kind,
        "mode": wish.mode or kind.mode,
        "source": wish.source or kind.source,
        "weight": kind.weight if wish.weight is None else wish.weight,
        "title": read_text(wish.title, "title", faults, LONGEST_TITLE),
        "criteria": read_text(wish.criteria, "criteria", faults, LONGEST_CRITERIA),
        "unit_id": wish.unit_id,
        "campaigns": sorted(set(wish.campaigns)),
        "forms": sorted(set(wish.forms)),
        "sampling": dict(wish.sampling),
        "starts_on": wish.starts_on,
        "ends_on": wish.ends_on,
    }
    faults += _faults(values, known_campaigns)
    if faults:
        raise InvalidInput(faults=faults)
    if session.get(Unit, (session.tenant_id, wish.unit_id)) is None:  # type: ignore[attr-defined]  # a ScopedSession
        raise NotFound
    return values


def _faults(values: Mapping[str, Any], known_campaigns: Collection[str] | None) -> list[Fault]:
    found: list[Fault] = []
    for name, known in (("kind", KINDS), ("mode", MODES), ("source", SOURCES)):
        if values[name] not in known:
            found.append(Fault(N_("选项无效"), name, value=str(values[name])[:20], remedy=N_("请从列表里选")))
    if not values["title"]:
        found.append(Fault(N_("缺少这一项"), "title", remedy=N_("请填写名称")))
    if values["ends_on"] < values["starts_on"]:
        found.append(Fault(N_("结束日早于开始日"), "ends_on", value=str(values["ends_on"]), remedy=N_("请核对日期")))
    elif values["ends_on"] - values["starts_on"] >= timedelta(days=MOST_DAYS):
        remedy, most = N_("一个轮次最多 {most} 天"), {"most": MOST_DAYS}
        found.append(Fault(N_("时间过长"), "ends_on", None, str(values["ends_on"]), "", remedy, most))
    if not 0 <= values["weight"] <= 1000:
        found.append(Fault(N_("权重超出范围"), "weight", value=str(values["weight"]), remedy=N_("请填 0 到 10")))
    found += [
        Fault(N_("选项无效"), "forms", value=shown(one), remedy=N_("请从列表里选"))
        for one in values["forms"]
        if not _CODE.fullmatch(one)
    ]
    strange = [] if known_campaigns is None else [one for one in values["campaigns"] if one not in known_campaigns]
    return found + [
        Fault(N_("没有启用这个创建项目"), "campaigns", value=one[:40], remedy=N_("请从列表里选")) for one in strange
    ]
