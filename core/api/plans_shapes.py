"""Plans as JSON (计划的应答结构): a plan, its lines, what is under each with whole numbers, never a rate alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.api.fields import Body, Day, Flag, Id, ListOf, Number, OneOf, Part, Text, Whole
from core.figures.task_figures.burn_down import BurnDown
from core.figures.task_figures.drive_sums import Coverage, DriveSum, FindingSum
from core.figures.task_figures.line_sums import LineSum, Sum
from core.figures.task_figures.target_sums import TargetSum
from core.work.plans.days import Countdown
from core.work.plans.kinds import DAYS, KINDS, STATES
from core.work.plans.plan_list import PlanRow
from core.work.statistics.measures import plain

SUM_SAID = "leaf tasks issued and not cancelled; progress is their mean in 1/100 of a percent, null without tasks"


class PlanSumShape(Body):
    """What is under a plan or line (进度汇总), as far as the asker sees it."""

    tasks = Whole(required=True)
    done = Whole(required=True)
    verified = Whole(required=True)
    late = Whole(required=True)
    at_risk = Whole(required=True)
    progress = Whole(required=True, allow_none=True)
    projects = Whole(required=True)
    accepted = Whole(required=True)


class WorkPlanShape(Body):
    """A plan (计划): sum is what lies directly under it."""

    id = Id(required=True)
    number = Text(required=True)
    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    title = Text(required=True)
    goal = Text(required=True)
    document = Text(required=True)
    campaign = Text(required=True)
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    person_id = Id(required=True, allow_none=True)
    parent_id = Id(required=True, allow_none=True)
    replaces_id = Id(required=True, allow_none=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    days = Text(required=True, validate=OneOf(tuple(DAYS)))
    version = Whole(required=True)
    sum = Part(PlanSumShape, required=True, metadata={"description": SUM_SAID})


class WorkPlanList(Body):
    """Plans (计划清单)."""

    items = ListOf(Part(WorkPlanShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class PlanLineShape(Body):
    """A line (条线); of a group the sum contains the lines in it."""

    id = Id(required=True)
    parent_id = Id(required=True, allow_none=True)
    title = Text(required=True)
    goal = Text(required=True)
    unit_id = Id(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    milestone = Text(required=True)
    due_on = Day(required=True, allow_none=True)
    reached_on = Day(required=True, allow_none=True)
    dropped = Flag(required=True)
    state = Text(required=True, validate=OneOf(("planned", "doing", "late", "finished", "dropped")))
    sum = Part(PlanSumShape, required=True)


class CountdownShape(Body):
    """Where a sprint stands today (倒计时): the first day is day 1, left are the days after today."""

    state = Text(required=True, validate=OneOf(("before", "running", "over")))
    total = Whole(required=True)
    number = Whole(required=True)
    left = Whole(required=True)
    ahead = Whole(required=True)
    counts = Flag(required=True)
    provisional = Flag(required=True)


class DriveShape(Body):
    """What a drive came to (整治汇总): findings and places that the asker sees."""

    found = Whole(required=True)
    closed = Whole(required=True)
    open = Whole(required=True)
    overdue = Whole(required=True)
    earlier = Whole(required=True)
    sites = Whole(required=True)
    visited = Whole(required=True)
    touched = Whole(required=True)
    units = Whole(required=True)
    units_touched = Whole(required=True)


class PlanReportedShape(Body):
    """What was reported of a kind in one scope on one basis (填报汇总); value null: why says the reason."""

    scope = Text(required=True)
    basis = Text(required=True)
    value = Number(required=True, allow_none=True)
    qualifier = Text(required=True)
    entries = Whole(required=True)
    unknown = Whole(required=True)
    why = Text(required=True)


class PlanTargetShape(Body):
    """A quantity against its target (目标与完成), in the kind's own unit; several scopes are never added."""

    kind = Text(required=True)
    measure = Text(required=True)
    flow = Text(required=True)
    line_id = Id(required=True, allow_none=True)
    planned = Number(required=True, allow_none=True)
    foreign = Whole(required=True)
    reported = ListOf(Part(PlanReportedShape), required=True)


class WholePlanShape(WorkPlanShape):
    """A plan with its lines, a sprint's count-down, what a drive came to, and its quantities (计划详情)."""

    lines = ListOf(Part(PlanLineShape), required=True)
    countdown = Part(CountdownShape, required=True, allow_none=True)
    drive = Part(DriveShape, required=True, allow_none=True)
    targets = ListOf(Part(PlanTargetShape), required=True)


class BurnDayShape(Body):
    """A day of the burn-down (燃尽日): remaining, scope and finished are null on days to come; ideal is rounded to 1/100."""

    day = Day(required=True)
    counts = Flag(required=True)
    scope = Whole(required=True, allow_none=True)
    remaining = Whole(required=True, allow_none=True)
    finished = Whole(required=True, allow_none=True)
    ideal = Number(required=True)
    due = Whole(required=True)
    due_done = Whole(required=True)


class BurnDownShape(Body):
    """The burn-down of a plan (燃尽): left are the counted days from tomorrow on."""

    remaining = Whole(required=True)
    scope = Whole(required=True)
    left = Whole(required=True)
    behind = Flag(required=True)
    days = ListOf(Part(BurnDayShape), required=True)


def shape_sum(one: Sum) -> dict[str, Any]:
    """Counts as JSON."""
    names = ("tasks", "done", "verified", "late", "at_risk", "projects", "accepted")
    return {name: getattr(one, name) for name in names} | {"progress": one.mean}


def shape_plan(row: PlanRow, sums: Sum) -> dict[str, Any]:
    """A plan as JSON."""
    plan = row.plan
    own = {name: getattr(plan, name) for name in _PLAN}
    return own | {"unit_name": row.unit_name, "sum": shape_sum(sums)}


_PLAN = (
    *("id", "number", "kind", "state", "title", "goal", "document", "campaign", "unit_id", "person_id"),
    *("parent_id", "replaces_id", "starts_on", "ends_on", "days", "version"),
)
_LINE = (
    *("id", "parent_id", "title", "goal", "unit_id", "person_id", "milestone", "due_on", "reached_on"),
    "dropped",
)


def shape_whole(
    row: PlanRow,
    sums: Sum,
    lines: Sequence[LineSum],
    countdown: Countdown | None,
    drive: DriveSum | None,
    targets: Sequence[TargetSum],
) -> dict[str, Any]:
    """A plan with everything under it as JSON."""
    return shape_plan(row, sums) | {
        "lines": [_line(one) for one in lines],
        "countdown": CountdownShape.pick(countdown) if countdown else None,
        "drive": _drive(drive.findings, drive.coverage) if drive else None,
        "targets": [_target(one) for one in targets],
    }


def shape_burn_down(found: BurnDown) -> dict[str, Any]:
    """A burn-down as JSON."""
    head = {name: getattr(found, name) for name in ("remaining", "scope", "left", "behind")}
    names = ("day", "counts", "scope", "remaining", "finished", "due", "due_done")
    days = [{name: getattr(one, name) for name in names} | {"ideal": f"{_hundredths(one.ideal)}"} for one in found.days]
    return head | {"days": days}


def _hundredths(value: Any) -> str:
    whole = int((value * 200 + 1) // 2)
    return f"{whole // 100}.{whole % 100:02d}"


def _line(one: LineSum) -> dict[str, Any]:
    own = {name: getattr(one.row.line, name) for name in _LINE}
    return own | {"state": one.state, "sum": shape_sum(one.sum)}


def _drive(findings: FindingSum, coverage: Coverage) -> dict[str, Any]:
    counted = {name: getattr(findings, name) for name in ("found", "closed", "open", "overdue", "earlier")}
    names = ("sites", "visited", "touched", "units", "units_touched")
    return counted | {name: getattr(coverage, name) for name in names}


def _target(one: TargetSum) -> Mapping[str, Any]:
    line: UUID | None = one.line_id
    return {
        "kind": one.kind.code,
        "measure": one.kind.measure,
        "flow": one.kind.flow,
        "line_id": line,
        "planned": None if one.planned is None else plain(one.planned),
        "foreign": one.foreign,
        "reported": [
            {"scope": each.scope, "basis": each.basis, "qualifier": each.total.qualifier, "entries": each.total.n}
            | {"unknown": each.total.unknown, "why": each.total.why}
            | {"value": None if each.total.value is None else plain(each.total.value)}
            for each in one.rows
        ],
    }
