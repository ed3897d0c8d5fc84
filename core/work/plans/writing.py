"""Making and changing plans (编制计划): what is said is checked as a whole, and every fault is named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, Forbidden, InvalidInput
from core.work.calendar import ZONE, WorkCalendar, load_calendar, local_day
from core.work.dated import valid_on
from core.work.plans.days import count_days, last_day
from core.work.plans.kinds import DAYS, DRAFT, KINDS, LIVE, SPRINT, WORKING
from core.work.plans.sight import sees_plan, to_change
from core.work.plans.steps import note_step, step
from core.work.roles import DIRECT
from core.work.serials import take_serials
from core.work.tables import Plan, PlanLine
from core.work.wording import read_text
from tenants.access import Actor, may
from tenants.db import new_id
from tenants.models import Person, Unit

LONGEST_TITLE, LONGEST_GOAL, LONGEST_DOCUMENT = 80, 2000, 120
CHOOSE = N_("请从列表里选")


@dataclass(frozen=True, slots=True)
class PlanWish:
    """What a plan shall be (计划内容). Of a sprint ``length`` may stand instead of ``ends_on``: so many counted days from the first."""

    kind: str
    title: str
    unit_id: UUID
    starts_on: date
    ends_on: date | None = None
    length: int | None = None
    goal: str = ""
    document: str = ""
    campaign: str = ""
    person_id: UUID | None = None
    parent_id: UUID | None = None
    days: str = "calendar"


def create(
    session: Session, actor: Actor, wish: PlanWish, *, now: datetime, known_campaigns: Collection[str] | None = None
) -> Plan:
    """Make a plan as a draft. Raises InvalidInput with every fault, and Forbidden where the actor may not plan."""
    values = read_wish(session, actor, wish, now=now, known_campaigns=known_campaigns)
    if not may(session, actor, DIRECT, wish.unit_id, local_day(now), campaign=wish.campaign or None):
        raise Forbidden(N_("您的岗位不能修改这个计划"))
    return enter(session, actor, values, now=now, state=DRAFT)


def enter(session: Session, actor: Actor, values: dict[str, Any], *, now: datetime, state: str) -> Plan:
    """Write a checked plan with its number."""
    row = Plan(
        **values,
        id=new_id(),
        number=next_number(session, actor, now),
        state=state,
        version=1,
        created_by=actor.name,
        created_at=now,
        changed_at=now,
    )
    session.add(row)
    session.flush()
    note_step(session, actor, row, "create", now=now, before=None)
    return row


def next_number(session: Session, actor: Actor, now: datetime) -> str:
    """The next number of a plan (计划编号), by year."""
    year = local_day(now).year
    return f"JH{year}-{take_serials(session, actor, f'plan-{year}')[0]:04d}"


def edit(
    session: Session,
    actor: Actor,
    plan_id: UUID,
    wish: PlanWish,
    *,
    version: int,
    now: datetime,
    known_campaigns: Collection[str] | None = None,
) -> Plan:
    """Change a draft or a plan in force; its kind stays. Raises what ``create`` raises, NotFound, Stale and Conflict."""
    day = local_day(now)
    of = to_change(session, actor, plan_id, day)
    values = read_wish(session, actor, wish, now=now, known_campaigns=known_campaigns, of=of)
    if not may(session, actor, DIRECT, wish.unit_id, day, campaign=wish.campaign or None):
        raise Forbidden(N_("您的岗位不能修改这个计划"))
    changed = {name: value for name, value in values.items() if getattr(of, name) != value}
    said = {"fields": sorted(changed)}
    return step(session, actor, of, "edit", version=version, now=now, values=changed, detail=said)


def read_wish(
    session: Session,
    actor: Actor,
    wish: PlanWish,
    *,
    now: datetime,
    known_campaigns: Collection[str] | None = None,
    of: Plan | None = None,
) -> dict[str, Any]:
    """The columns of a wish that holds; ``of`` is the plan that is changed, or replaced. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    values: dict[str, Any] = {
        "kind": of.kind if of else wish.kind,
        "title": read_text(wish.title, "title", faults, LONGEST_TITLE),
        "goal": read_text(wish.goal, "goal", faults, LONGEST_GOAL),
        "document": read_text(wish.document, "document", faults, LONGEST_DOCUMENT),
        "campaign": wish.campaign,
        "unit_id": wish.unit_id,
        "person_id": wish.person_id,
        "parent_id": wish.parent_id,
        "starts_on": wish.starts_on,
        "days": wish.days,
    }
    if values["kind"] not in KINDS:
        raise InvalidInput(faults=[Fault(N_("选项无效"), "kind", value=values["kind"][:20], remedy=CHOOSE)])
    if not values["title"]:
        faults.append(Fault(N_("缺少这一项"), "title", remedy=N_("请填写名称")))
    if values["days"] not in DAYS:
        faults.append(Fault(N_("选项无效"), "days", value=values["days"][:20], remedy=CHOOSE))
    if wish.campaign and known_campaigns is not None and wish.campaign not in known_campaigns:
        faults.append(Fault(N_("没有启用这个创建项目"), "campaign", value=wish.campaign[:40], remedy=CHOOSE))
    values["ends_on"] = _end(session, wish, values["kind"], faults)
    faults += _known(session, wish, local_day(now))
    if not faults:
        faults = [*_above(session, actor, values, local_day(now), of), *_below(session, values, of)]
    if faults:
        raise InvalidInput(faults=faults)
    return values


def _end(session: Session, wish: PlanWish, kind: str, faults: list[Fault]) -> date:
    """The last day: as it was said, or by the number of days."""
    calendar, ends = calendar_from(session, wish.starts_on), wish.ends_on
    if wish.length is not None and kind == SPRINT:
        ends = last_day(wish.starts_on, wish.length, wish.days, calendar)
    if ends is None:
        faults.append(Fault(N_("缺少这一项"), "ends_on", remedy=N_("请填写结束日")))
        return wish.starts_on
    if ends < wish.starts_on:
        faults.append(Fault(N_("结束日早于开始日"), "ends_on", value=str(ends), remedy=N_("请核对日期")))
        return ends
    most = KINDS[kind].most_days
    if (ends - wish.starts_on).days >= most:
        remedy, params = N_("这一类计划最长 {most} 天"), {"most": most}
        faults.append(Fault(N_("期限过长"), "ends_on", value=str(ends), remedy=remedy, params=params))
    elif kind == SPRINT and wish.days == WORKING and not count_days(wish.starts_on, ends, WORKING, calendar):
        remedy = N_("请改日期，或按日历日计算")
        faults.append(Fault(N_("这段时间没有工作日"), "ends_on", value=str(ends), remedy=remedy))
    return ends


def calendar_from(session: Session, first: date) -> WorkCalendar:
    """The calendar of the years that begin with a plan's first day (430 days from it at least)."""
    return load_calendar(session, datetime.combine(first, time(12), ZONE))


def _known(session: Session, wish: PlanWish, day: date) -> list[Fault]:
    """Faults of the unit and the person."""
    found = []
    if session.scalar(select(Unit.id).where(Unit.id == wish.unit_id, valid_on(Unit, day))) is None:
        found.append(Fault(N_("这个单位不存在或已撤销"), "unit_id", remedy=CHOOSE))
    if wish.person_id is not None and session.scalar(select(Person.id).where(Person.id == wish.person_id)) is None:
        found.append(Fault(N_("没有这个人"), "person_id", remedy=CHOOSE))
    return found


def _above(session: Session, actor: Actor, values: dict[str, Any], day: date, of: Plan | None) -> list[Fault]:
    """Faults of the plan that it carries out: its kind, its state, its days, and no circle."""
    if values["parent_id"] is None:
        return []
    chosen = select(Plan).where(Plan.id == values["parent_id"], sees_plan(actor, day))
    above = session.scalars(chosen).first()
    if above is None or above.kind not in KINDS[values["kind"]].above or (of and _is_under(session, above, of)):
        return [Fault(N_("不能作为这个计划的上级"), "parent_id", remedy=CHOOSE)]
    if above.state not in LIVE and (of is None or of.parent_id != above.id):
        return [Fault(N_("上级计划已经不在执行"), "parent_id", value=above.title, remedy=CHOOSE)]
    params = {"first": str(above.starts_on), "last": str(above.ends_on)}
    remedy = N_("上级计划从 {first} 到 {last}")
    found = []
    if values["starts_on"] < above.starts_on:
        value = str(values["starts_on"])
        found.append(Fault(N_("早于上级计划的开始日"), "starts_on", value=value, remedy=remedy, params=params))
    if values["ends_on"] > above.ends_on:
        value = str(values["ends_on"])
        found.append(Fault(N_("晚于上级计划的结束日"), "ends_on", value=value, remedy=remedy, params=params))
    return found


def _is_under(session: Session, above: Plan, of: Plan) -> bool:
    """Whether a plan is another one, or carries it out through others."""
    at: Plan | None = above
    while at is not None:
        if at.id == of.id:
            return True
        at = session.get(Plan, (at.tenant_id, at.parent_id)) if at.parent_id else None
    return False


def _below(session: Session, values: dict[str, Any], of: Plan | None) -> list[Fault]:
    """Faults of the days: what is under a plan in force ends with it."""
    if of is None:
        return []
    of_lines = select(func.max(PlanLine.due_on)).where(PlanLine.plan_id == of.id, PlanLine.dropped.is_(False))
    under = select(func.min(Plan.starts_on), func.max(Plan.ends_on)).where(
        Plan.parent_id == of.id, Plan.state.in_(LIVE)
    )
    first, last = session.execute(under).one()
    latest = max((one for one in (session.scalar(of_lines), last) if one is not None), default=None)
    found = []
    if latest is not None and values["ends_on"] < latest:
        value, remedy = str(values["ends_on"]), N_("它的条线或下级计划到 {last} 才结束")
        found.append(Fault(N_("结束日过早"), "ends_on", value=value, remedy=remedy, params={"last": str(latest)}))
    if first is not None and values["starts_on"] > first:
        value, remedy = str(values["starts_on"]), N_("它的下级计划从 {first} 开始")
        found.append(Fault(N_("开始日过晚"), "starts_on", value=value, remedy=remedy, params={"first": str(first)}))
    return found
