"""Projects as JSON (项目的应答结构): a line of the list, and one in full; money in yuan, shares in 1/100 of a percent."""

from __future__ import annotations

from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.work.projects.funds import Fund, FundLine, FundTable
from core.work.projects.opened import Opened, Row
from core.work.projects.project_list import Line
from core.work.projects.shares import say_yuan
from core.work.projects.stages import is_late
from core.work.projects.states import FLOWS, KINDS, OBJECT_STATES, SOURCES, STAGE_STATES, STATES, VERBS
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import ProjectEvent, ProjectObject, ProjectShare, ProjectStage, WorkPhoto

YUAN = {"description": "in yuan"}
EXACT = {"description": "an exact decimal, as text"}


class ProjectShape(Body):
    """A project in a list (项目). `progress`: mean of the rates of its counters and outputs in 1/100 %, null without such lines."""

    id = Id(required=True)
    number = Text(required=True)
    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    title = Text(required=True)
    place = Text(required=True)
    campaign = Text(required=True)
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    acceptance_unit_id = Id(required=True, allow_none=True)
    site_id = Id(required=True, allow_none=True)
    plan_id = Id(required=True, allow_none=True)
    line_id = Id(required=True, allow_none=True)
    task_id = Id(required=True, allow_none=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    late_days = Whole(required=True)
    stage = Text(required=True, metadata={"description": "the current one; empty when all are passed"})
    stages_passed = Whole(required=True)
    stages = Whole(required=True)
    late_stages = Whole(required=True)
    progress = Whole(required=True, allow_none=True)
    cost = Number(required=True, allow_none=True, metadata=YUAN)
    cost_qualifier = Text(required=True)
    planned = Number(required=True, metadata={"description": "what the shares plan, in yuan"})
    paid = Number(required=True, metadata=YUAN)
    contractor = Text(required=True)
    contract = Text(required=True)
    version = Whole(required=True)


class ProjectList(Body):
    """Projects (项目清单)."""

    items = ListOf(Part(ProjectShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class ProjectStageShape(Body):
    """A stage with its gate (阶段)."""

    id = Id(required=True)
    position = Whole(required=True)
    title = Text(required=True)
    gate = Text(required=True)
    needs_photo = Flag(required=True)
    by_other = Flag(required=True)
    planned_on = Day(required=True, allow_none=True)
    state = Text(required=True, validate=OneOf(tuple(STAGE_STATES)))
    passed_on = Day(required=True, allow_none=True)
    passed_by = Text(required=True)
    note = Text(required=True)
    late = Flag(required=True)


class ProjectObjectShape(Body):
    """One object of a counter's list (清单对象)."""

    id = Id(required=True)
    name = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(OBJECT_STATES)))
    due_on = Day(required=True, allow_none=True)
    done_on = Day(required=True, allow_none=True)
    note = Text(required=True)


class ProjectItemShape(Body):
    """A line of the bill (清单一行), in one unit; `remaining` to `forecast_on` are of a counter, else null."""

    id = Id(required=True)
    title = Text(required=True)
    flow = Text(required=True, validate=OneOf(tuple(FLOWS)))
    measure = Text(required=True, validate=OneOf(tuple(MEASURES)))
    kind_id = Id(required=True, allow_none=True)
    planned = Text(required=True, metadata=EXACT)
    planned_qualifier = Text(required=True)
    done = Text(required=True, metadata=EXACT)
    done_qualifier = Text(required=True)
    remaining = Text(required=True, allow_none=True)
    dropped = Whole(required=True, allow_none=True)
    pace = Text(required=True, allow_none=True, metadata={"description": "done, late, at_risk, on_pace or not_begun"})
    forecast_on = Day(required=True, allow_none=True)
    objects = ListOf(Part(ProjectObjectShape), required=True)


class ProjectShareShape(Body):
    """A share of the cost (资金分担)."""

    id = Id(required=True)
    payer = Text(required=True)
    source = Text(required=True, validate=OneOf(tuple(SOURCES)))
    planned = Number(required=True, metadata=YUAN)
    paid = Number(required=True, metadata=YUAN)


class WorkPhotoShape(Body):
    """A photo that proves work (佐证照片)."""

    file_id = Id(required=True)
    kind = Text(required=True)
    step = Whole(required=True)
    caption = Text(required=True)
    person_name = Text(required=True)
    created_at = Moment(required=True)


class ProjectEventShape(Body):
    """One step of a project (项目记录)."""

    version = Whole(required=True)
    at = Moment(required=True)
    verb = Text(required=True, validate=OneOf(tuple(VERBS)))
    from_state = Text(required=True, allow_none=True)
    to_state = Text(required=True)
    person_name = Text(required=True)
    note = Text(required=True)


class ProjectDetail(Body):
    """Everything on one project (项目详情); findings are those of a site's file that the asker sees."""

    id = Id(required=True)
    number = Text(required=True)
    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    title = Text(required=True)
    place = Text(required=True)
    problem = Text(required=True)
    campaign = Text(required=True)
    unit_id = Id(required=True)
    acceptance_unit_id = Id(required=True, allow_none=True)
    site_id = Id(required=True, allow_none=True)
    task_id = Id(required=True, allow_none=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    days_used = Whole(required=True)
    days_planned = Whole(required=True)
    cost = Number(required=True, allow_none=True, metadata=YUAN)
    cost_qualifier = Text(required=True)
    contractor = Text(required=True)
    contract = Text(required=True)
    owner_name = Text(required=True)
    owner_signed_on = Day(required=True, allow_none=True)
    progress = Whole(required=True, allow_none=True)
    version = Whole(required=True)
    stages = ListOf(Part(ProjectStageShape), required=True)
    items = ListOf(Part(ProjectItemShape), required=True)
    shares = ListOf(Part(ProjectShareShape), required=True)
    photos = ListOf(Part(WorkPhotoShape), required=True)
    findings = ListOf(Id(), required=True)
    events = ListOf(Part(ProjectEventShape), required=True)


class FundShape(Body):
    """One source over all projects (一种来源)."""

    source = Text(required=True, validate=OneOf(tuple(SOURCES)))
    planned = Number(required=True, metadata=YUAN)
    paid = Number(required=True, metadata=YUAN)
    projects = Whole(required=True)


class FundLineShape(Body):
    """One share of one project (一份资金)."""

    project_id = Id(required=True)
    number = Text(required=True)
    title = Text(required=True)
    unit_name = Text(required=True)
    payer = Text(required=True)
    source = Text(required=True, validate=OneOf(tuple(SOURCES)))
    planned = Number(required=True, metadata=YUAN)
    paid = Number(required=True, metadata=YUAN)


class FundTableShape(Body):
    """Budget and use of all projects in sight (专项资金)."""

    planned = Number(required=True, metadata=YUAN)
    paid = Number(required=True, metadata=YUAN)
    without_shares = Whole(required=True, metadata={"description": "projects that have a cost and no shares"})
    funds = ListOf(Part(FundShape), required=True)
    lines = ListOf(Part(FundLineShape), required=True)


def shape_line(line: Line) -> dict[str, Any]:
    """A project in a list as JSON."""
    said = {name: getattr(line.project, name) for name in ProjectShape.names() if hasattr(line.project, name)}
    said |= {name: getattr(line, name) for name in ProjectShape.names() if hasattr(line, name)}
    return ProjectShape.arrange(_in_yuan(said))


def shape_project(found: Opened) -> dict[str, Any]:
    """A project in full as JSON."""
    said = {name: getattr(found.project, name) for name in ProjectDetail.names() if hasattr(found.project, name)}
    return ProjectDetail.arrange(
        _in_yuan(said)
        | {
            "days_used": found.days_used,
            "days_planned": found.days_planned,
            "progress": found.progress,
            "stages": [_stage(one, found) for one in found.stages],
            "items": [_item(one) for one in found.rows],
            "shares": [_pick(ProjectShareShape, one) for one in found.shares],
            "photos": [_pick(WorkPhotoShape, one) for one in found.photos],
            "findings": [one.id for one in found.findings],
            "events": [_pick(ProjectEventShape, one) for one in found.events],
        }
    )


def _pick(shape: type[Body], row: ProjectShare | WorkPhoto | ProjectEvent | ProjectObject | Fund | FundLine) -> Any:
    return shape.arrange(_in_yuan({name: getattr(row, name) for name in shape.names()}))


def _in_yuan(said: dict[str, Any]) -> dict[str, Any]:
    """The amounts of a row, which it keeps in fen, as the API says them."""
    money = {name: said[name] for name in ("cost", "planned", "paid") if said.get(name) is not None}
    return said | {name: say_yuan(fen) for name, fen in money.items()}


def _stage(stage: ProjectStage, found: Opened) -> dict[str, Any]:
    said = {name: getattr(stage, name) for name in ProjectStageShape.names() - {"late"}}
    return ProjectStageShape.arrange(said | {"late": is_late(stage, found.on)})


def _item(row: Row) -> dict[str, Any]:
    one, counter = row.item, row.counter
    said = {name: getattr(one, name) for name in ProjectItemShape.names() if hasattr(one, name)}
    return ProjectItemShape.arrange(
        said
        | {
            "planned": plain(one.planned),
            "done": plain(one.done),
            "remaining": plain(counter.remaining) if counter else None,
            "dropped": counter.dropped if counter else None,
            "pace": counter.state if counter else None,
            "forecast_on": counter.forecast_on if counter else None,
            "objects": [_pick(ProjectObjectShape, thing) for thing in row.objects],
        }
    )


def shape_funds(table: FundTable) -> dict[str, Any]:
    """The fund table as JSON."""
    return FundTableShape.arrange(
        {
            "planned": say_yuan(table.planned),
            "paid": say_yuan(table.paid),
            "without_shares": table.unplanned,
            "funds": [_pick(FundShape, one) for one in table.funds],
            "lines": [_pick(FundLineShape, one) for one in table.lines],
        }
    )
