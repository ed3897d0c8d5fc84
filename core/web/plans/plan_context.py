"""What a plan's page and paper show (计划页内容): read once for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import request
from sqlalchemy import select

from core.figures.task_figures.burn_down import read_burn_down
from core.figures.task_figures.drive_sums import Coverage, FindingSum, read_drive, sum_scopes
from core.figures.task_figures.line_sums import (
    LineSum,
    Sum,
    of_plan,
    read_sums,
    total,
)
from core.figures.task_figures.plan_standing import read_standing
from core.figures.task_figures.target_sums import read_targets
from core.request import actor, db, now, today
from core.web.ledger.finding_words import say_category
from core.web.paging import bad_argument, read_id
from core.web.places.site_words import campaign_titles, say_types
from core.web.plans import plan_words as words
from core.web.statistics.statistic_words import say_measure, say_number
from core.web.words import by_locale, listed
from core.work.plans.days import count_down
from core.work.plans.kinds import ACTIVE, CLOSED, DRIVE, LIVE, REPLACED, SPRINT
from core.work.plans.plan_list import PlanRow, children_of, get_row, history, next_issue
from core.work.plans.scope import DriveScope, scope_of
from core.work.plans.sight import may_lead
from core.work.plans.steps import LONGEST_NOTE
from core.work.plans.writing import calendar_from
from core.work.roles import DIRECT, SEE
from core.work.tables import Plan, PlanLine, Site
from tenants.models import Unit
from tenants.scope import ScopedSession

AHEAD = 7  # days of the daily plan on the page


@dataclass(frozen=True, slots=True)
class Child:
    """A plan that carries out another one, with all that lies under it."""

    row: PlanRow
    sum: Sum


@dataclass(frozen=True, slots=True)
class BoundLine:
    """A line of a drive that binds something by itself (条线整治范围)."""

    line: PlanLine
    said: str
    findings: FindingSum
    coverage: Coverage


def context_of(of: Plan) -> dict[str, Any]:
    """Everything that the page and the paper of a plan show."""
    day, session = today(), db()
    standing = read_standing(session, actor(), of, day)
    lines = standing.lines
    children = _children(session, of, day)
    may_change = actor().has(DIRECT) and may_lead(session, actor(), of, day)
    events = history(session, of)
    return {
        "of": of,
        "row": get_row(session, of),
        "lines": lines,
        "shown": _narrowed(lines),
        "line_states": words.options(words.LINE_STATES),
        "loose": standing.loose,
        "whole": total([standing.own, *(one.sum for one in children)]),
        "children": children,
        "above": session.get(Plan, (of.tenant_id, of.parent_id)) if of.parent_id else None,
        "before": session.get(Plan, (of.tenant_id, of.replaces_id)) if of.replaces_id else None,
        "after": next_issue(session, of) if of.state == REPLACED else None,
        "targets": read_targets(session, actor(), [of.id], day),
        "line_titles": {one.row.line.id: one.row.line.title for one in lines},
        "campaigns": campaign_titles(session),
        "may_change": may_change and of.state in LIVE,
        "may_lead": may_change,
        "whole_sight": actor().covers(SEE),
        "history": [words.event_line(one) for one in events],
        "longest_note": LONGEST_NOTE,
        "words": words,
        "today": day,
        "say_measure": say_measure,
        "say_number": say_number,
        "by_locale": by_locale,
        **(_sprint(session, of, day) if of.kind == SPRINT and of.state in (ACTIVE, CLOSED) else {}),
        **(_drive(session, of, lines, day) if of.kind == DRIVE else {}),
    }


def _narrowed(lines: Sequence[LineSum]) -> list[LineSum]:
    """The lines that the address asks for: by state, unit, or a part of the title; a group stays with what is left in it."""
    state, text = request.args.get("state", ""), request.args.get("q", "").strip()
    unit = read_id(request.args["unit_of"], "unit_of") if request.args.get("unit_of") else None
    if state and state not in words.LINE_STATES:
        raise bad_argument("state", state)

    def fits(one: LineSum) -> bool:
        line = one.row.line
        return (not state or one.state == state) and (not text or text in line.title) and unit in (None, line.unit_id)

    kept = [one for one in lines if fits(one)]
    groups = {one.row.line.parent_id for one in kept}
    return [one for one in lines if one in kept or one.row.line.id in groups]


def _children(session: ScopedSession, of: Plan, day: date) -> list[Child]:
    """The plans under this one, each with all that lies under it in turn."""

    def whole(row: PlanRow) -> Sum:
        inner = children_of(session, actor(), row.plan, day)
        mine = of_plan(read_sums(session, actor(), [row.plan.id], day), row.plan.id)
        return total([mine, *(whole(one) for one in inner)])

    return [Child(row, whole(row)) for row in children_of(session, actor(), of, day) if row.plan.state != "cancelled"]


def _sprint(session: ScopedSession, of: Plan, day: date) -> dict[str, Any]:
    """Count-down, burn-down and the daily plan of the days to come."""
    calendar = calendar_from(session, of.starts_on)
    unit = read_id(request.args["unit"], "unit") if request.args.get("unit") else None
    burn = read_burn_down(session, actor(), of, day, calendar, unit_id=unit)
    first = max(day, of.starts_on)
    coming = [one for one in burn.days if first <= one.day < first + timedelta(days=AHEAD)]
    overdue = sum(one.due - one.due_done for one in burn.days if one.day < day)
    return {
        "countdown": count_down(of.starts_on, of.ends_on, day, of.days, calendar),
        "burn": burn,
        "coming": coming,
        "overdue": overdue,
        "unit": unit,
    }


def _drive(session: ScopedSession, of: Plan, lines: Sequence[LineSum], day: date) -> dict[str, Any]:
    """What a drive binds and what that came to, as a whole and line by line."""
    bound = []
    for one in lines:
        scope = scope_of(of, one.row.line.id)
        if not scope.is_empty and not one.row.line.dropped:
            sums = sum_scopes(session, actor(), of, [scope], now(), day)
            bound.append(BoundLine(one.row.line, say_scope(session, scope), *sums))
    whole = scope_of(of)
    return {
        "drive": read_drive(session, actor(), of, now(), day),
        "scope": whole,
        "scope_said": say_scope(session, whole),
        "bound": bound,
    }


def say_scope(session: ScopedSession, scope: DriveScope) -> str:
    """What a scope binds, in the reader's words."""
    units = select(Unit.name).where(Unit.id.in_(scope.units)).order_by(Unit.pinyin)
    sites = select(Site.name).where(Site.id.in_(scope.sites)).order_by(Site.pinyin)
    parts = [
        listed(say_category(one) for one in scope.categories),
        say_types(scope.site_types),
        listed(session.scalars(units)) if scope.units else "",
        listed(session.scalars(sites)) if scope.sites else "",
    ]
    return " · ".join(part for part in parts if part)
