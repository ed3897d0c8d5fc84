"""Plans of rounds that come again (周期计划): kept, changed, paused, ended; each change is one UPDATE with its version."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import local_day
from core.work.inspection.visit_standing import BESIDE
from core.work.journal import record, sealed
from core.work.rounds.kinds import SECRET_MODE
from core.work.rounds.lines import lines_of
from core.work.rounds.planning import Wish, read_wish
from core.work.rounds.recurring import Recurrence, faults_of
from core.work.rounds.sight import get_round, may_plan, need_plan, plan_in_view
from core.work.rounds.stops import PLANNED
from core.work.rounds.teams import teams_of
from core.work.tables import Audit, Round, RoundPlan, RoundStop
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit

KIND = "round_plan"
ACTIVE, PAUSED, ENDED = "active", "paused", "ended"
STATES: Mapping[str, tuple[str, str]] = {
    ACTIVE: (N_("执行中"), "active"),
    PAUSED: (N_("已暂停"), "held"),
    ENDED: (N_("已停止"), "neutral"),
}


@dataclass(frozen=True, slots=True)
class PlanWish:
    """What a plan shall be (计划内容): ``copy_of`` is a round whose teams, lines and stops each new one gets; ``beside``: see core.work.rounds.beside."""

    kind: str
    title: str
    unit_id: UUID
    rule: Recurrence
    starts_on: date
    ends_on: date | None = None
    mode: str = ""
    campaigns: tuple[str, ...] = ()
    criteria: str = ""
    copy_of: UUID | None = None
    opens: bool = False
    beside: bool = False


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan in a list (计划行): how many rounds it made, and the latest."""

    plan: RoundPlan
    unit_name: str
    rounds: int = 0
    latest: date | None = None


def list_plans(session: Session, actor: Actor, on: date) -> list[PlanRow]:
    """The plans that the actor may change, those in force first, then by title."""
    made = (
        select(Round.plan_id, func.count().label("n"), func.max(Round.starts_on).label("latest"))
        .where(Round.tenant_id == actor.tenant.id, Round.plan_id.is_not(None))
        .group_by(Round.plan_id)
        .subquery()
    )
    query = (
        select(RoundPlan, Unit.name, func.coalesce(made.c.n, 0), made.c.latest)
        .join(Unit, and_(Unit.tenant_id == RoundPlan.tenant_id, Unit.id == RoundPlan.unit_id))
        .outerjoin(made, made.c.plan_id == RoundPlan.id)
        .where(plan_in_view(actor, on))
        .order_by(RoundPlan.state, RoundPlan.title, RoundPlan.id)
    )
    return [PlanRow(*row) for row in session.execute(query)]


def get_plan(session: Session, actor: Actor, plan_id: UUID, on: date) -> RoundPlan:
    """A plan that the actor may change. Raises NotFound."""
    found = session.scalars(select(RoundPlan).where(RoundPlan.id == plan_id, plan_in_view(actor, on))).first()
    if found is None:
        raise NotFound
    return found


def keep_plan(
    session: Session,
    actor: Actor,
    wish: PlanWish,
    *,
    now: datetime,
    known_campaigns: Collection[str] | None = None,
) -> RoundPlan:
    """Keep a new plan. Raises InvalidInput, Forbidden, NotFound (the round to copy)."""
    values = _read(session, actor, wish, now, known_campaigns)
    row = RoundPlan(
        **values, id=new_id(), hidden=values["mode"] == SECRET_MODE, created_by=actor.name, created_at=now, state=ACTIVE
    )
    session.add(row)
    session.flush()
    _note(session, actor, row, "keep")
    return row


def change_plan(
    session: Session,
    actor: Actor,
    plan_id: UUID,
    wish: PlanWish,
    *,
    version: int,
    now: datetime,
    known_campaigns: Collection[str] | None = None,
) -> RoundPlan:
    """Change a plan; rounds that it made stay as they are. Its teams and stops stay unless another round is copied."""
    day = local_day(now)
    row = get_plan(session, actor, plan_id, day)
    values = _read(session, actor, wish, now, known_campaigns, row)
    if values["mode"] != row.mode:
        remedy = N_("请另建一个计划")
        raise InvalidInput(faults=[Fault(N_("建立以后不能在公开和暗访之间更改"), "mode", remedy=remedy)])
    _step(session, row, version, values)
    _note(session, actor, row, "change")
    return row


def set_state(session: Session, actor: Actor, plan_id: UUID, state: str, *, version: int, now: datetime) -> RoundPlan:
    """Pause, resume or end a plan; an ended one stays ended. Days that pass while it is paused are not made up for."""
    day = local_day(now)
    row = get_plan(session, actor, plan_id, day)
    if row.state in (ENDED, state) or state not in STATES:
        raise Conflict(N_("这个计划现在的状态不能这样改"))
    values: dict[str, Any] = {"state": state}
    if state == ACTIVE:
        values["made_until"] = max(filter(None, (row.made_until, _before(day))), default=None)
    _step(session, row, version, values)
    _note(session, actor, row, state)
    return row


def plan_history(session: Session, plan_id: UUID) -> Sequence[Audit]:
    """What was done to a plan, the newest first."""
    query = select(Audit).where(Audit.object_kind == KIND, Audit.object_id == str(plan_id))
    return session.scalars(query.order_by(Audit.at.desc(), Audit.id.desc()).limit(100)).all()


def template_of(session: Session, of: Round) -> dict[str, Any]:
    """What a plan keeps of a round: teams with their people, lines with quotas, stops in order, forms, sampling, source, weight."""
    stops = session.scalars(
        select(RoundStop).where(RoundStop.round_id == of.id, RoundStop.state == PLANNED).order_by(RoundStop.position)
    ).all()
    lines = lines_of(session, of.id)
    known = {line.id for line in lines}
    teams = [
        {
            "id": str(team.id),
            "name": team.name,
            "members": [{"person": str(one.person_id), "leads": one.leads} for one in team.members],
        }
        for team in teams_of(session, of.id)
    ]
    return {
        "teams": teams,
        "lines": [
            {
                "id": str(line.id),
                "name": line.name,
                "team": str(line.team_id) if line.team_id else None,
                "visits": [line.visits_min, line.visits_max],
            }
            for line in lines
        ],
        "stops": [[str(one.site_id), str(one.line_id) if one.line_id in known else None, one.stratum] for one in stops],
        "forms": list(of.forms),
        "source": of.source,
        "weight": of.weight,
    }


def _read(
    session: Session,
    actor: Actor,
    wish: PlanWish,
    now: datetime,
    known_campaigns: Collection[str] | None,
    row: RoundPlan | None = None,
) -> dict[str, Any]:
    """The columns of a wish that holds."""
    faults = faults_of(wish.rule)
    if wish.ends_on is not None and wish.ends_on < wish.starts_on:
        faults.append(Fault(N_("结束日早于开始日"), "ends_on", value=str(wish.ends_on), remedy=N_("请核对日期")))
    if faults:
        raise InvalidInput(faults=faults)
    one = Wish(wish.kind, wish.title, wish.unit_id, wish.starts_on, wish.starts_on, mode=wish.mode)
    checked = read_wish(
        session, Wish(**{**_fields(one), "campaigns": wish.campaigns, "criteria": wish.criteria}), known_campaigns
    )
    if not may_plan(session, actor, wish.kind, checked["mode"], wish.unit_id, local_day(now)):
        raise Forbidden(N_("您的岗位不能安排这个轮次"))
    template = _template(session, actor, wish, checked["mode"], now, row)
    names = ("kind", "mode", "title", "unit_id", "campaigns")
    return {name: checked[name] for name in names} | {
        "recurrence": wish.rule.as_json(),
        "template": template | {"criteria": checked["criteria"], "opens": wish.opens, BESIDE: wish.beside},
        "starts_on": wish.starts_on,
        "ends_on": wish.ends_on,
    }


def _fields(wish: Wish) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in wish.__dataclass_fields__}


def _template(
    session: Session, actor: Actor, wish: PlanWish, mode: str, now: datetime, row: RoundPlan | None
) -> dict[str, Any]:
    """The template of the round to copy, else the one that the plan has. A public plan copies no secret round."""
    if wish.copy_of is None:
        return dict(row.template) if row is not None else {}
    day = local_day(now)
    of = get_round(session, actor, wish.copy_of, day)
    need_plan(session, actor, of, day)
    if of.hidden and mode != SECRET_MODE:
        remedy = N_("请选公开的轮次，或把计划也设为暗访")
        raise InvalidInput(faults=[Fault(N_("公开的计划不能照抄没有解密的暗访"), "copy", remedy=remedy)])
    return template_of(session, of)


def _before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _step(session: Session, row: RoundPlan, version: int, values: Mapping[str, Any]) -> None:
    changed = session.execute(
        update(RoundPlan)
        .where(RoundPlan.id == row.id, RoundPlan.version == version)
        .values(version=RoundPlan.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # a cursor's result
        raise Stale
    session.refresh(row)


def _note(session: Session, actor: Actor, row: RoundPlan, verb: str) -> None:
    """A line of the trail; that of a secret plan stays as hidden as the plan."""
    with sealed(session, row.id if row.hidden else None):
        record(session, actor, f"round_plan.{verb}", KIND, row.id, version=row.version, title=row.title)
        session.flush()


__all__ = [
    "ACTIVE",
    "ENDED",
    "PAUSED",
    "STATES",
    "PlanRow",
    "PlanWish",
    "change_plan",
    "get_plan",
    "keep_plan",
    "list_plans",
    "plan_history",
    "set_state",
    "template_of",
]
