"""How task ranks look over the API (任务排名接口格式): counts, places, completion rates, the rows of the wall."""

from __future__ import annotations

from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.figures.task_figures.pace import LIGHTS
from core.figures.task_figures.places import FEW_TASKS, GROUPS, NO_TASKS, Standing
from core.figures.task_figures.rates import BY, Rate, Sums
from core.figures.task_figures.wall import LINES, WallRow


class SumsShape(Body):
    """Counts of leaf tasks (任务数); drafts and cancelled ones are not in them. ``percent`` is done of total, half-up."""

    total = Whole(required=True)
    done = Whole(required=True, metadata={"description": "reported done: done, verified or closed"})
    verified = Whole(required=True)
    overdue = Whole(required=True)
    at_risk = Whole(required=True, metadata={"description": "will be late at their pace"})
    red = Whole(required=True)
    amber = Whole(required=True)
    green = Whole(required=True)
    grey = Whole(required=True)
    percent = Number(required=True, allow_none=True)
    verified_percent = Number(required=True, allow_none=True)


class TaskRankShape(Body):
    """One unit's place on one day (任务名次); of a day that still runs as it stands, with revision 0."""

    day = Day(required=True)
    league = Text(required=True, validate=OneOf(GROUPS))
    campaign = Text(required=True, metadata={"description": "empty: all tasks together"})
    rank = Whole(required=True, allow_none=True)
    unranked = Text(required=True, validate=OneOf(("", NO_TASKS, FEW_TASKS)))
    previous_rank = Whole(required=True, allow_none=True, metadata={"description": "of the kept day before"})
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    sums = Part(SumsShape, required=True)
    revision = Whole(required=True)
    corrected = Flag(required=True)
    computed_at = Moment(required=True, allow_none=True)


class TaskRankList(Body):
    """Places of a day, league by league, the best first (任务排名清单)."""

    items = ListOf(Part(TaskRankShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class RateShape(Body):
    """One completion rate (完成率): of a unit, an area, a line, a campaign or a plan; id null: of none of them."""

    by = Text(required=True, validate=OneOf(BY))
    id = Id(required=True, allow_none=True)
    code = Text(required=True, metadata={"description": "a campaign's key, a plan's number; else empty"})
    name = Text(required=True)
    sums = Part(SumsShape, required=True)


class RateList(Body):
    """Completion rates of the tasks that the asker sees (完成率清单)."""

    items = ListOf(Part(RateShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class WallRowShape(Body):
    """One row of the wall (挂图行): its light, its numbers, and who answers for it."""

    group = Text(required=True, validate=OneOf((*GROUPS, LINES)))
    id = Id(required=True, allow_none=True)
    name = Text(required=True)
    light = Text(required=True, validate=OneOf(LIGHTS))
    rank = Whole(required=True, allow_none=True)
    previous_rank = Whole(required=True, allow_none=True)
    sums = Part(SumsShape, required=True)
    unit = Text(required=True)
    person = Text(required=True)
    sponsors = ListOf(Text(), required=True)
    milestone = Text(required=True)
    due_on = Day(required=True, allow_none=True)


class WallShape(Body):
    """The wall as it stands now (任务上墙、进度上墙、责任上墙): areas, streets, departments, then lines."""

    day = Day(required=True)
    campaign = Text(required=True)
    rows = ListOf(Part(WallRowShape), required=True)


def shape_sums(one: Sums) -> dict[str, Any]:
    """Counts as JSON."""
    return {name: getattr(one, name) for name in SumsShape.names()}


def shape_place(one: Standing, kept: dict[str, Any]) -> dict[str, Any]:
    """A place as JSON; ``kept`` tells the day, the revision and the place before."""
    unit = {"unit_id": one.unit_id, "unit_name": one.unit_name, "sums": shape_sums(one.sums)}
    place = {"league": one.group, "campaign": one.campaign, "rank": one.rank, "unranked": one.unranked}
    return place | unit | kept


def shape_rate(one: Rate, by: str) -> dict[str, Any]:
    """A completion rate as JSON."""
    return {"by": by, "id": one.id, "code": one.code, "name": one.name, "sums": shape_sums(one.sums)}


def shape_row(one: WallRow) -> dict[str, Any]:
    """A row of the wall as JSON."""
    who = {"unit": one.unit, "person": one.person, "sponsors": list(one.sponsors)}
    place = {"group": one.group, "id": one.id, "name": one.name, "light": one.light}
    ranks = {"rank": one.rank, "previous_rank": one.before, "sums": shape_sums(one.sums)}
    return place | ranks | who | {"milestone": one.milestone, "due_on": one.due_on}
