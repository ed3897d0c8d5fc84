"""A new issue of a plan (计划改版): its lines, targets, tasks, projects and quantities go over, the old one stays readable.

What stood under the old plan is told by its last line of history: how many tasks of each line were there and done when it was
replaced. Every task, project and quantity that goes over gets a line in its own history.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.work.bulk import ask
from core.work.calendar import local_day
from core.work.plans.kinds import ACTIVE, LIVE, REPLACED
from core.work.plans.scope import LINES
from core.work.plans.sight import to_change
from core.work.plans.steps import step
from core.work.plans.writing import PlanWish, enter, read_wish
from core.work.tables import Plan, PlanLine, PlanTarget
from tenants.access import Actor
from tenants.db import new_id

CARRIED = "carried"
# What is moved to the new line; a history row per moved row, with the version that the move gave it.
_MOVED = """
WITH pair AS (SELECT * FROM unnest(CAST(:old AS uuid[]), CAST(:new AS uuid[])) AS p(old_id, new_id)),
moved AS (
  UPDATE {table} t SET plan_id = :plan, line_id = (SELECT p.new_id FROM pair p WHERE p.old_id = t.line_id),
    version = t.version + 1, changed_at = :now
  WHERE t.tenant_id = :tenant AND t.plan_id = :of RETURNING t.*)
INSERT INTO {history} {written}"""
_STATES = """(tenant_id, {key}, version, id, at, verb, from_state, to_state, person_id, person_name, note, detail)
SELECT tenant_id, id, version, gen_random_uuid(), :now, :verb, state, state, :person, :name, :note, CAST(:detail AS jsonb) FROM moved"""
_VALUES = """(tenant_id, entry_id, version, at, verb, to_state, value, low, high, qualifier, person_id, person_name, note)
SELECT tenant_id, id, version, :now, :verb, state, value, low, high, qualifier, :person, :name, :note FROM moved"""
MOVES = tuple(
    text(_MOVED.format(table=table, history=history, written=written))
    for table, history, written in (
        ("task", "task_event", _STATES.format(key="task_id")),
        ("project", "project_event", _STATES.format(key="project_id")),
        ("quantity_entry", "quantity_event", _VALUES),
    )
)


def replace_plan(
    session: Session,
    actor: Actor,
    plan_id: UUID,
    wish: PlanWish,
    *,
    version: int,
    now: datetime,
    stood: Mapping[str, Any] | None = None,
    known_campaigns: frozenset[str] | None = None,
) -> Plan:
    """Put a new issue in force for an active plan; ``stood`` is what the old one shows from now on (sums by line).

    Raises InvalidInput, NotFound, Forbidden, Conflict, Stale.
    """
    old = to_change(session, actor, plan_id, local_day(now), states=(ACTIVE,))
    values = read_wish(session, actor, wish, now=now, known_campaigns=known_campaigns, of=old)
    new = enter(session, actor, {**values, "replaces_id": old.id}, now=now, state=ACTIVE)
    pairs = _carry_lines(session, old, new)
    new.scope = _renamed(old.scope, pairs)
    for target in session.scalars(select(PlanTarget).where(PlanTarget.plan_id == old.id)):
        line = pairs.get(target.line_id) if target.line_id else None
        row = PlanTarget(id=new_id(), plan_id=new.id, line_id=line, kind_id=target.kind_id, planned=target.planned)
        session.add(row)
    said = {"by": new.number, "stood": dict(stood or {})}
    step(session, actor, old, "replace", version=version, now=now, values={"state": REPLACED}, detail=said)
    _carry_work(session, actor, old, new, pairs, now)
    for child in session.scalars(select(Plan).where(Plan.parent_id == old.id, Plan.state.in_(LIVE))).all():
        detail = {"from": old.number, "to": new.number}
        step(
            session, actor, child, CARRIED, version=child.version, now=now, values={"parent_id": new.id}, detail=detail
        )
    return new


def _carry_lines(session: Session, old: Plan, new: Plan) -> dict[UUID, UUID]:
    """The lines that were not given up, groups first, with the new id of each."""
    chosen = select(PlanLine).where(PlanLine.plan_id == old.id, PlanLine.dropped.is_(False))
    rows = sorted(session.scalars(chosen), key=lambda row: (row.parent_id is not None, row.position))
    pairs = {row.id: new_id() for row in rows}
    kept = ("position", "title", "goal", "unit_id", "person_id", "milestone", "due_on", "reached_on")
    for level in (False, True):
        session.add_all(
            PlanLine(
                id=pairs[row.id],
                plan_id=new.id,
                parent_id=pairs.get(row.parent_id) if row.parent_id else None,
                **{name: getattr(row, name) for name in kept},
            )
            for row in rows
            if (row.parent_id is not None) is level
        )
        session.flush()
    return pairs


def _renamed(scope: Mapping[str, Any], pairs: Mapping[UUID, UUID]) -> dict[str, Any]:
    """A scope with the lines by their new ids."""
    lines = {str(pairs[UUID(one)]): said for one, said in scope.get(LINES, {}).items() if UUID(one) in pairs}
    kept = {name: value for name, value in scope.items() if name != LINES}
    return kept | ({LINES: lines} if lines else {})


def _carry_work(
    session: Session, actor: Actor, old: Plan, new: Plan, pairs: Mapping[UUID, UUID], now: datetime
) -> None:
    values = {
        "old": list(pairs),
        "new": list(pairs.values()),
        "plan": new.id,
        "of": old.id,
        "tenant": actor.tenant.id,
        "now": now,
        "verb": CARRIED,
        "person": actor.person_id,
        "name": actor.name,
        "note": f"{old.number} → {new.number}",
    }
    for statement in MOVES:
        asked = values | ({"detail": "{}"} if ":detail" in statement.text else {})
        ask(session, statement, asked)
    session.expire_all()
