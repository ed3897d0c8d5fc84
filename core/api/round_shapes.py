"""Rounds as JSON (轮次的应答结构): what a round is, how far it has come, what it came to; rates with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.api.replies import hundredths
from core.work.rounds.kinds import KINDS, MODES, SOURCES, STATES
from core.work.rounds.progress import Progress, Tally
from core.work.rounds.result_lines import ItemLine, SiteLine, UnitLine
from core.work.rounds.results import Change, Points, Totals
from core.work.rounds.round_list import RoundRow


class RoundShape(Body):
    """A round (轮次): weight in 1/100; visited are the stops that had a visit of its own."""

    id = Id(required=True)
    number = Text(required=True, allow_none=True)
    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    mode = Text(required=True, validate=OneOf(tuple(MODES)))
    source = Text(required=True, validate=OneOf(tuple(SOURCES)))
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    title = Text(required=True)
    unit_id = Id(required=True)
    plan_id = Id(required=True, allow_none=True)
    draw_id = Id(required=True, allow_none=True)
    campaigns = ListOf(Text(), required=True)
    forms = ListOf(Text(), required=True)
    weight = Whole(required=True)
    criteria = Text(required=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    stops = Whole(required=True)
    visited = Whole(required=True)
    visits = Whole(required=True)
    version = Whole(required=True)
    closed_at = Moment(required=True, allow_none=True)
    released_at = Moment(required=True, allow_none=True)


class RoundList(Body):
    """Rounds (轮次清单)."""

    items = ListOf(Part(RoundShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class RoundTallyShape(Body):
    """Visits against the quota (进度): extra are visits beyond it."""

    visited = Whole(required=True)
    wanted = Whole(required=True)
    extra = Whole(required=True)
    done = Whole(required=True)
    stops = Whole(required=True)
    last_at = Moment(required=True, allow_none=True)


class RoundStopShape(Body):
    """A stop (轮次点位)."""

    site_id = Id(required=True)
    name = Text(required=True)
    unit_id = Id(required=True)
    state = Text(required=True)
    reason = Text(required=True)
    stratum = Text(required=True)
    visits = Whole(required=True)
    wanted = Whole(required=True)
    most = Whole(required=True)
    last_at = Moment(required=True, allow_none=True)


class ProgressLineShape(Body):
    """A line with its stops in order (线路进度)."""

    line_id = Id(required=True, allow_none=True)
    name = Text(required=True)
    tally = Part(RoundTallyShape, required=True)
    stops = ListOf(Part(RoundStopShape), required=True)


class ProgressTeamShape(Body):
    """A team with its lines (分组进度)."""

    team_id = Id(required=True, allow_none=True)
    name = Text(required=True)
    late = Flag(required=True)
    tally = Part(RoundTallyShape, required=True)
    lines = ListOf(Part(ProgressLineShape), required=True)


class ProgressShape(Body):
    """How far a round has come (轮次进度); expected is the share of its working days that are over."""

    expected = Number(required=True)
    tally = Part(RoundTallyShape, required=True)
    teams = ListOf(Part(ProgressTeamShape), required=True)
    dropped = ListOf(Part(RoundStopShape), required=True)


class PointsShape(Body):
    """Points of those possible (得分); percent is rounded half-up, null where nothing was assessed."""

    earned = Number(required=True)
    possible = Number(required=True)
    percent = Number(required=True, allow_none=True)
    visits = Whole(required=True)
    sites = Whole(required=True)


class RoundItemShape(Body):
    """One item (逐项结果)."""

    campaign = Text(required=True)
    form = Text(required=True)
    item = Text(required=True)
    n = Whole(required=True)
    failed = Whole(required=True)
    na = Whole(required=True)
    points = Part(PointsShape, required=True)


class RoundUnitShape(Body):
    """One unit (分单位结果)."""

    unit_id = Id(required=True)
    name = Text(required=True)
    points = Part(PointsShape, required=True)


class RoundSiteShape(Body):
    """One site (分点位结果)."""

    site_id = Id(required=True)
    name = Text(required=True)
    unit_id = Id(required=True)
    failed = Whole(required=True)
    points = Part(PointsShape, required=True)


class ResultsShape(Body):
    """What a round came to (轮次结果); others are visits of the other basis, which count for nothing here."""

    basis = Text(required=True)
    points = Part(PointsShape, required=True)
    planned = Whole(required=True)
    forms = Whole(required=True)
    items = Whole(required=True)
    observations = Whole(required=True)
    findings = Whole(required=True)
    vetoes = Whole(required=True)
    others = Whole(required=True)
    before_id = Id(required=True, allow_none=True)
    before = Part(PointsShape, required=True, allow_none=True)
    comparable = Flag(required=True)
    by_item = ListOf(Part(RoundItemShape), required=True)
    by_unit = ListOf(Part(RoundUnitShape), required=True)
    by_site = ListOf(Part(RoundSiteShape), required=True)


def shape_round(row: RoundRow) -> dict[str, Any]:
    """A round as JSON."""
    beside = {"stops": row.stops, "visited": row.visited, "visits": row.visits}
    own = {name: getattr(row.round, name) for name in RoundShape.names() - beside.keys()}
    return RoundShape.arrange(own | beside)


def shape_progress(found: Progress) -> dict[str, Any]:
    """How far a round has come as JSON."""
    return {
        "expected": found.expected,
        "tally": _tally(found.tally),
        "teams": [
            {
                "team_id": one.team.id if one.team else None,
                "name": one.team.name if one.team else "",
                "late": one.late,
                "tally": _tally(one.tally),
                "lines": [
                    {
                        "line_id": line.line.id if line.line else None,
                        "name": line.line.name if line.line else "",
                        "tally": _tally(line.tally),
                        "stops": [RoundStopShape.pick(stop) for stop in line.stops],
                    }
                    for line in one.lines
                ],
            }
            for one in found.teams
        ],
        "dropped": [RoundStopShape.pick(stop) for stop in found.dropped],
    }


def shape_results(
    basis: str,
    header: Totals,
    before: Change,
    lines: tuple[Sequence[ItemLine], Sequence[UnitLine], Sequence[SiteLine]],
) -> dict[str, Any]:
    """What a round came to as JSON."""
    items, units, sites = lines
    numbers = {name: getattr(header, name) for name in ("planned", "forms", "items", "observations", "findings")}
    return (
        {"basis": basis, "points": _points(header.points)}
        | numbers
        | {"vetoes": header.vetoes, "others": header.others}
        | {
            "before_id": before.before.id if before.before else None,
            "before": _points(before.points) if before.before else None,
            "comparable": before.comparable,
            "by_item": [
                {name: getattr(one, name) for name in ("campaign", "form", "item", "n", "failed", "na")}
                | {"points": _points(one.points)}
                for one in items
            ],
            "by_unit": [{"unit_id": u.unit_id, "name": u.name, "points": _points(u.points)} for u in units],
            "by_site": [
                {
                    "site_id": s.site_id,
                    "name": s.name,
                    "unit_id": s.unit_id,
                    "failed": s.failed,
                    "points": _points(s.points),
                }
                for s in sites
            ],
        }
    )


def _tally(tally: Tally) -> dict[str, Any]:
    return RoundTallyShape.pick(tally)


def _points(points: Points) -> dict[str, Any]:
    return {
        "earned": hundredths(points.earned),
        "possible": hundredths(points.possible),
        "percent": points.percent,
        "visits": points.visits,
        "sites": points.sites,
    }
