"""Statistics as JSON (统计的应答结构): lines of the dictionary and observations, numbers as exact text."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.periods import KINDS, Period
from core.work.statistics.checks import Remark, rate_of_row
from core.work.statistics.dictionary import COMBINES
from core.work.statistics.grid import TIMELINESS, Line
from core.work.statistics.rates import QUALIFIERS
from core.work.statistics.seeds import BASES
from core.work.statistics.steps import STATES
from core.work.statistics.writing import say_partial_date
from core.work.tables import Observation, Statistic


class StatisticShape(Body):
    """A line of the dictionary (统计指标); campaign '' is shared by all; unit_kind '' asks for one value of the district."""

    id = Id(required=True)
    code = Text(required=True)
    name_zh = Text(required=True)
    name_en = Text(required=True)
    measure = Text(required=True)
    denominator_zh = Text(required=True)
    denominator_en = Text(required=True)
    denominator_measure = Text(required=True)
    owner_unit_id = Id(required=True)
    unit_kind = Text(required=True)
    frequency = Text(required=True, validate=OneOf(KINDS))
    due_days = Whole(required=True)
    combine = Text(required=True, validate=OneOf(COMBINES))
    campaign = Text(required=True)
    parts = ListOf(Text(), required=True)
    bases = ListOf(Text(validate=OneOf(BASES)), required=True)
    needs_population = Flag(required=True)
    minimum = Number(required=True, allow_none=True)
    maximum = Number(required=True, allow_none=True)
    valid_from = Day(required=True)
    valid_to = Day(required=True, allow_none=True)
    version = Whole(required=True)


class StatisticList(Body):
    """Lines of the dictionary (统计目录)."""

    items = ListOf(Part(StatisticShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class RemarkShape(Body):
    """What is odd about a value (核对提示); never corrected by itself. text is in the asker's language."""

    kind = Text(required=True)
    level = Text(required=True, validate=OneOf(("warning", "hint")))
    text = Text(required=True)


class StatisticValueShape(Body):
    """A value of a statistic (统计填报值); rate is computed in percent, null where there is no exact or bounded one."""

    id = Id(required=True)
    code = Text(required=True)
    unit_id = Id(required=True)
    period = Text(required=True)
    basis = Text(required=True, validate=OneOf(BASES))
    state = Text(required=True, validate=OneOf(STATES))
    version = Whole(required=True)
    numerator = Number(required=True, allow_none=True)
    qualifier = Text(required=True, validate=OneOf(QUALIFIERS))
    denominator = Number(required=True, allow_none=True)
    denominator_qualifier = Text(required=True, validate=OneOf(QUALIFIERS))
    rate = Number(required=True, allow_none=True)
    rate_said = Text(required=True)
    declared_rate = Number(required=True, allow_none=True)
    population_base = Text(required=True)
    population_on = Text(required=True)
    note = Text(required=True)
    reason = Text(required=True)
    timeliness = Text(required=True, validate=OneOf(TIMELINESS))
    due_on = Day(required=True)
    submitted_at = Moment(required=True, allow_none=True)
    locked_at = Moment(required=True, allow_none=True)
    remarks = ListOf(Part(RemarkShape), required=True)


class StatisticValueList(Body):
    """Values of statistics (统计填报清单)."""

    items = ListOf(Part(StatisticValueShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


def shape_statistic(row: Statistic) -> dict[str, Any]:
    """A line of the dictionary as JSON."""
    return StatisticShape.pick(row)


def shape_observation(line: Line, row: Observation, remarks: list[Remark]) -> dict[str, Any]:
    """A value as JSON."""
    rate = rate_of_row(row)
    return {
        "id": row.id,
        "code": line.pair.statistic.code,
        "unit_id": row.unit_id,
        "period": Period(row.period_kind, row.period_start, row.period_end).key,
        "basis": row.basis,
        "state": row.state,
        "version": row.version,
        "numerator": row.numerator,
        "qualifier": row.qualifier,
        "denominator": row.denominator,
        "denominator_qualifier": row.denominator_qualifier,
        "rate": rate.text or None,
        "rate_said": rate.said,
        "declared_rate": row.declared_rate,
        "population_base": row.population_base,
        "population_on": say_partial_date(row.population_on, row.population_precision),
        "note": row.note,
        "reason": row.reason,
        "timeliness": line.timeliness,
        "due_on": line.due_on,
        "submitted_at": row.submitted_at,
        "locked_at": row.locked_at,
        "remarks": [
            {"kind": one.kind, "level": one.level, "text": gettext(one.text).format(**one.params)} for one in remarks
        ],
    }
