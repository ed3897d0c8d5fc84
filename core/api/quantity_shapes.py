"""Quantities as JSON (工作量的应答结构): kinds, entries and what may be double; numbers as exact text."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_babel import get_locale, gettext

from core.api.fields import Body, Day, Flag, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.work.quantities import doubles
from core.work.quantities.doubles import Candidate
from core.work.quantities.reading import Line
from core.work.quantities.sums import Gap
from core.work.quantities.words import BASES, FLOWS, STATES, basis_of
from core.work.quantities.writing import QUALIFIERS, say_quantity
from core.work.tables import QuantityKind


class QuantityKindShape(Body):
    """A kind of the dictionary (工作量科目); flow tells what is put in, done, brought about or there."""

    id = Id(required=True)
    code = Text(required=True)
    name_zh = Text(required=True)
    name_en = Text(required=True)
    measure = Text(required=True)
    flow = Text(required=True, validate=OneOf(tuple(FLOWS)))
    campaign = Text(required=True)
    state = Text(required=True, validate=OneOf(("active", "retired")))
    version = Whole(required=True)


class QuantityKindList(Body):
    """Kinds (科目清单)."""

    items = ListOf(Part(QuantityKindShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class QuantityShape(Body):
    """An entry (工作量填报): value, or low and high, or none of them where words alone were said; text is how it reads."""

    id = Id(required=True)
    kind = Text(required=True)
    kind_id = Id(required=True)
    flow = Text(required=True, validate=OneOf(tuple(FLOWS)))
    unit_id = Id(required=True)
    scope = Text(required=True)
    scope_unit_id = Id(required=True, allow_none=True)
    site_id = Id(required=True, allow_none=True)
    plan_id = Id(required=True, allow_none=True)
    line_id = Id(required=True, allow_none=True)
    project_id = Id(required=True, allow_none=True)
    task_id = Id(required=True, allow_none=True)
    total_id = Id(required=True, allow_none=True)
    merged_into_id = Id(required=True, allow_none=True)
    value = Number(required=True, allow_none=True)
    low = Number(required=True, allow_none=True)
    high = Number(required=True, allow_none=True)
    qualifier = Text(required=True, validate=OneOf(tuple(QUALIFIERS)))
    said = Text(required=True)
    text = Text(required=True)
    measure = Text(required=True)
    period_start = Day(required=True, allow_none=True)
    period_end = Day(required=True, allow_none=True)
    precision = Text(required=True, validate=OneOf(("day", "month", "year", "none")))
    period_text = Text(required=True)
    basis = Text(required=True, validate=OneOf(tuple(BASES)))
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    version = Whole(required=True)
    document = Text(required=True)
    note = Text(required=True)
    person_name = Text(required=True)
    created_at = Moment(required=True)
    changed_at = Moment(required=True)


class QuantityList(Body):
    """Entries (工作量清单)."""

    items = ListOf(Part(QuantityShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class CandidateShape(Body):
    """Two entries that may be one (疑似重复); why says which rule found them, text says it in words."""

    first_id = Id(required=True)
    second_id = Id(required=True)
    why = Text(required=True, validate=OneOf(tuple(doubles.WHY)))
    text = Text(required=True)
    may_merge = Flag(required=True)


class CandidateList(Body):
    """Open candidates (疑似重复清单)."""

    items = ListOf(Part(CandidateShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class GapShape(Body):
    """A declared total against its parts (合计与分项); short is negative where the parts are more."""

    total = Number(required=True)
    parts = Number(required=True)
    short = Number(required=True)
    percent = Number(required=True, allow_none=True)
    n = Whole(required=True)
    unknown = Whole(required=True)


class QuantityDetail(QuantityShape):
    """An entry with its parts and what may be double (一条填报)."""

    parts = ListOf(Id(), required=True)
    gap = Part(GapShape, required=True, allow_none=True)
    candidates = ListOf(Part(CandidateShape), required=True)


_ROW = (
    *("id", "kind_id", "unit_id", "scope", "scope_unit_id", "site_id", "plan_id", "line_id", "project_id", "task_id"),
    *("total_id", "merged_into_id", "qualifier", "said", "measure", "period_start", "period_end", "precision"),
    *("period_text", "state", "version", "document", "note", "person_name", "created_at", "changed_at"),
)


def shape_kind(row: QuantityKind) -> dict[str, Any]:
    """A kind as JSON."""
    return QuantityKindShape.pick(row)


def shape_quantity(line: Line) -> dict[str, Any]:
    """An entry as JSON."""
    entry = line.entry
    numbers = {name: _number(getattr(entry, name)) for name in ("value", "low", "high")}
    own = {name: getattr(entry, name) for name in _ROW}
    return (
        own
        | numbers
        | {
            "kind": line.kind.code,
            "flow": line.kind.flow,
            "basis": basis_of(entry.state, entry.basis),
            "text": say_quantity(entry, str(get_locale() or "zh")),
        }
    )


def shape_candidate(one: Candidate) -> dict[str, Any]:
    """A candidate as JSON."""
    first, second = one.pair
    said = gettext(doubles.WHY[one.why])
    return {"first_id": first, "second_id": second, "why": one.why, "text": said, "may_merge": one.may_merge}


def shape_detail(line: Line, parts: Sequence[UUID], gap: Gap | None, candidates: Sequence[Candidate]) -> dict[str, Any]:
    """An entry with what belongs to it as JSON."""
    return shape_quantity(line) | {
        "parts": list(parts),
        "gap": _gap(gap) if gap else None,
        "candidates": [shape_candidate(one) for one in candidates],
    }


def _gap(gap: Gap) -> dict[str, Any]:
    numbers = {name: _number(getattr(gap, name)) for name in ("total", "parts", "short", "percent")}
    return numbers | {"n": gap.n, "unknown": gap.unknown}


def _number(value: Decimal | None) -> str | None:
    """A number as exact text without noughts that nobody said."""
    if value is None:
        return None
    said = f"{value:f}"
    return said.rstrip("0").rstrip(".") if "." in said else said
