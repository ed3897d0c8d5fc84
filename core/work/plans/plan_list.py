"""Plans in lists and in the forms of others (计划清单): what is in force on a day, with the lines that may be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, extract, or_, select, tuple_
from sqlalchemy.orm import Session

from core.work.plans.kinds import ACTIVE
from core.work.plans.sight import sees_plan
from core.work.tables import Plan, PlanEvent, PlanLine
from core.work.wording import shown
from tenants.access import Actor
from tenants.models import Person, Unit

NOW, COMING, PAST = "now", "coming", "past"
WHEN = (NOW, COMING, PAST)


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """What a list of plans is narrowed to (计划筛选)."""

    kind: str = ""
    state: str = ""
    year: int | None = None
    campaign: str = ""
    unit_id: UUID | None = None
    text: str = ""
    when: str = ""
    on: date | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        said = (self.kind, self.state, self.campaign, self.text, self.when)
        return any(said) or self.year is not None or self.unit_id is not None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan in a list (计划行) with the names of its unit and person."""

    plan: Plan
    unit_name: str
    person_name: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with the names of its unit and person (条线行)."""

    line: PlanLine
    unit_name: str
    person_name: str


@dataclass(frozen=True, slots=True)
class LineChoice:
    """A line that a task may belong to (可选条线): ``group`` is the line above it, '' for none."""

    line_id: UUID
    plan_id: UUID
    plan_title: str
    group: str
    title: str


def list_plans(
    session: Session,
    actor: Actor,
    wanted: PlanFilter,
    *,
    on: date,
    after: tuple[date, UUID] | None = None,
    size: int | None = None,
) -> list[PlanRow]:
    """The plans that the actor may read, the latest beginning first; one more than ``size`` where there are more."""
    query = _rows().where(sees_plan(actor, on), *_conditions(wanted, on))
    if after is not None:
        query = query.where(tuple_(Plan.starts_on, Plan.id) < tuple_(*after))
    query = query.order_by(Plan.starts_on.desc(), Plan.id.desc())
    return [PlanRow(*row) for row in session.execute(query.limit(None if size is None else size + 1))]


def get_row(session: Session, plan: Plan) -> PlanRow:
    """A plan with its names."""
    return PlanRow(*session.execute(_rows().where(Plan.id == plan.id)).one())


def children_of(session: Session, actor: Actor, plan: Plan, on: date) -> list[PlanRow]:
    """The plans that carry one out and are not replaced, by their first day."""
    query = _rows().where(sees_plan(actor, on), Plan.parent_id == plan.id, Plan.state != "replaced")
    return [PlanRow(*row) for row in session.execute(query.order_by(Plan.starts_on, Plan.number))]


def next_issue(session: Session, plan: Plan) -> Plan | None:
    """The plan that replaced this one."""
    return session.scalars(select(Plan).where(Plan.replaces_id == plan.id)).first()


def history(session: Session, plan: Plan) -> list[PlanEvent]:
    """What happened to a plan, newest first."""
    chosen = select(PlanEvent).where(PlanEvent.plan_id == plan.id)
    return list(session.scalars(chosen.order_by(PlanEvent.version.desc())))


def lines_of(session: Session, plan_ids: Sequence[UUID]) -> list[LineRow]:
    """The lines of some plans in their order: a group, then the lines in it."""
    if not plan_ids:
        return []
    query = (
        select(PlanLine, Unit.name, Person.name)
        .outerjoin(Unit, and_(Unit.tenant_id == PlanLine.tenant_id, Unit.id == PlanLine.unit_id))
        .outerjoin(Person, and_(Person.tenant_id == PlanLine.tenant_id, Person.id == PlanLine.person_id))
        .where(PlanLine.plan_id.in_(plan_ids))
        .order_by(PlanLine.position, PlanLine.id)
    )
    rows = [LineRow(line, unit or "", person or "") for line, unit, person in session.execute(query)]
    inner: dict[UUID | None, list[LineRow]] = {}
    for row in rows:
        inner.setdefault(row.line.parent_id, []).append(row)
    return [one for top in inner.get(None, ()) for one in (top, *inner.get(top.line.id, ()))]


def plans_in_force(session: Session, day: date) -> list[Plan]:
    """The plans that are active and run on a day, by kind and first day: what tasks and projects may be put under."""
    chosen = select(Plan).where(Plan.state == ACTIVE, Plan.starts_on <= day, Plan.ends_on >= day)
    return list(session.scalars(chosen.order_by(Plan.starts_on, Plan.number)))


def line_choices(session: Session, day: date) -> list[LineChoice]:
    """The lines of the plans in force on a day, plan by plan; a group that has lines in it is no choice itself."""
    plans = plans_in_force(session, day)
    rows = [one.line for one in lines_of(session, [one.id for one in plans]) if not one.line.dropped]
    groups = {one.parent_id for one in rows if one.parent_id}
    titles = {one.id: one.title for one in rows}
    return [
        LineChoice(one.id, plan.id, plan.title, titles.get(one.parent_id, "") if one.parent_id else "", one.title)
        for plan in plans
        for one in rows
        if one.plan_id == plan.id and one.id not in groups
    ]


def _rows() -> Select[*tuple[Plan, str, str]]:
    return (
        select(Plan, Unit.name, Person.name)
        .join(Unit, and_(Unit.tenant_id == Plan.tenant_id, Unit.id == Plan.unit_id))
        .outerjoin(Person, and_(Person.tenant_id == Plan.tenant_id, Person.id == Plan.person_id))
    )


def _conditions(wanted: PlanFilter, on: date) -> list[ColumnElement[bool]]:
    day = wanted.on or on
    found: list[ColumnElement[bool]] = []
    for column, said in ((Plan.kind, wanted.kind), (Plan.state, wanted.state), (Plan.campaign, wanted.campaign)):
        found += [column == said] if said else []
    if wanted.unit_id is not None:
        led = select(PlanLine.plan_id).where(PlanLine.unit_id == wanted.unit_id, PlanLine.dropped.is_(False))
        found.append(or_(Plan.unit_id == wanted.unit_id, Plan.id.in_(led)))
    if wanted.year is not None:
        found += [
            extract("year", Plan.starts_on) <= wanted.year,
            extract("year", Plan.ends_on) >= wanted.year,
        ]
    if said := shown(wanted.text.strip()):
        found.append(or_(Plan.title.contains(said, autoescape=True), Plan.number == said))
    when = {
        NOW: and_(Plan.starts_on <= day, Plan.ends_on >= day),
        COMING: Plan.starts_on > day,
        PAST: Plan.ends_on < day,
    }
    return found + ([when[wanted.when]] if wanted.when in when else [])
