"""An explanation as JSON (数值说明的应答结构): the figure, its target, every step, and the rows that add up to it."""

from __future__ import annotations

from typing import Any

from core.api.fields import Body, Day, Id, ListOf, Mapping, Moment, Number, OneOf, Part, Text, Whole
from core.api.figure_shapes import FigureShape, shape_figure
from core.campaigns.targets import shape
from core.figures.explain import ExplainRow, Explanation
from core.figures.finding_metrics import FindingPart


class FailedShape(Body):
    """An item that did not pass (不合格检查项)."""

    code = Text(required=True)
    text_zh = Text(required=True)
    text_en = Text(required=True)


class LockedStepShape(Body):
    """One step in the life of a locked value (经手)."""

    verb = Text(required=True)
    person = Text(required=True)
    at = Moment(required=True)
    note = Text(required=True)


class LockedValueShape(Body):
    """Who answered for a locked value (填报值来历)."""

    observation_id = Id(required=True)
    metric = Text(required=True)
    code = Text(required=True)
    period_kind = Text(required=True)
    period_start = Day(required=True)
    period_end = Day(required=True)
    basis = Text(required=True)
    number = Whole(required=True, metadata={"description": "the locked version"})
    value = Number(required=True)
    qualifier = Text(required=True)
    population_base = Text(required=True)
    population_on = Day(required=True, allow_none=True)
    note = Text(required=True)
    reason = Text(required=True)
    steps = ListOf(Part(LockedStepShape), required=True)


class TrailStepShape(Body):
    """One step of the computation: its Chinese source text, the exact numbers, and both put together (计算步骤)."""

    text = Text(required=True)
    words = Mapping(required=True, metadata={"additionalProperties": {"type": "string"}})
    zh = Text(required=True)


class RowShape(Body):
    """One visit, finding or locked value and what it adds to numerator and denominator (明细行)."""

    kind = Text(required=True, validate=OneOf(("visit", "finding", "observation")))
    ref = Id(required=True)
    number = Text(required=True, allow_none=True)
    day = Day(required=True)
    site_id = Id(required=True, allow_none=True)
    site = Text(required=True)
    label = Text(required=True)
    label_en = Text(required=True)
    numerator = Number(required=True)
    denominator = Number(required=True, allow_none=True)
    failed = ListOf(Part(FailedShape), required=True)
    visit_id = Id(required=True, allow_none=True)
    weight = Number(required=True, metadata={"description": "what a visit counts where site types weigh the same"})
    site_type = Text(required=True)
    observation = Part(LockedValueShape, required=True, allow_none=True)


class CostShape(Body):
    """An open finding that costs points (失分问题)."""

    finding_id = Id(required=True)
    number = Text(required=True, allow_none=True)
    title = Text(required=True)
    title_en = Text(required=True)
    state = Text(required=True)
    site_id = Id(required=True, allow_none=True)
    site = Text(required=True)
    due_at = Moment(required=True)


class ExplanationShape(Body):
    """A figure with everything behind it; the rows add up to it exactly (数值说明)."""

    figure = Part(FigureShape, required=True)
    rule_zh = Text(required=True)
    rule_en = Text(required=True)
    formula = Text(required=True)
    target = ListOf(
        Part(TrailStepShape), required=True, metadata={"description": "the target with its shape spelled out"}
    )
    steps = ListOf(Part(TrailStepShape), required=True)
    numerator = Number(required=True, allow_none=True)
    denominator = Number(required=True, allow_none=True)
    rows = ListOf(Part(RowShape), required=True)
    findings = ListOf(Part(CostShape), required=True)


def shape_explanation(found: Explanation) -> dict[str, Any]:
    """An explanation as JSON."""
    return {
        "figure": shape_figure(found.figure),
        "rule_zh": found.rule_zh,
        "rule_en": found.rule_en,
        "formula": found.formula,
        "target": [*map(TrailStepShape.pick, shape(found.figure.indicator))],
        "steps": [*map(TrailStepShape.pick, found.figure.steps)],
        "numerator": found.numerator,
        "denominator": found.denominator,
        "rows": [*map(shape_row, found.rows)],
        "findings": [*map(shape_cost, found.findings)],
    }


def shape_row(row: ExplainRow) -> dict[str, Any]:
    """A row of an explanation as JSON."""
    life = row.observation
    papers = LockedValueShape.pick(life) | {"steps": [*map(LockedStepShape.pick, life.steps)]} if life else None
    return RowShape.pick(row) | {"failed": [FailedShape.pick(item) for item in row.failed], "observation": papers}


def shape_cost(part: FindingPart) -> dict[str, Any]:
    """A finding that costs points as JSON."""
    return CostShape.pick(part)
