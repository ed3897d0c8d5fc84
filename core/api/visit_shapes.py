"""Visits as JSON (检查的应答结构): in a list, in full, and as the answer to a submission."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Mapping, Moment, Number, OneOf, Part, Text, Whole
from core.api.replies import hundredths
from core.api.visit_reading import VisitInFull, VisitRow
from core.campaigns import Answer, to_raw
from core.work.tables import AnswerRow, ItemResult, Sheet, Visit

BASES = ("self", "verified")
ARRIVALS = ("", "late", "undated")
ARRIVAL_SAID = "late: sent over an hour after; undated: the phone's day was not believed, `day` is that of the arrival"


class SheetShape(Body):
    """One campaign's form as answered in a visit (检查表得分)."""

    campaign = Text(required=True)
    form = Text(required=True)
    form_sha256 = Text(required=True)
    edition = Text(required=True)
    earned = Number(required=True)
    possible = Number(required=True)
    vetoes = ListOf(Text(), required=True)


class OpenedShape(Body):
    """A finding that a visit opened (新开问题)."""

    id = Id(required=True)
    number = Text(required=True, allow_none=True)
    question = Text(required=True)
    category = Text(required=True)
    title = Text(required=True)
    title_en = Text(required=True)
    key_item = Flag(required=True)
    due_at = Moment(required=True)
    outcome = Text(required=True, allow_none=True, metadata={"description": "on_spot: put right and closed at once"})


class AgainShape(Body):
    """An open finding that a visit found still there (仍未整改)."""

    id = Id(required=True)
    question = Text(required=True)
    number = Text(required=True, allow_none=True)
    title = Text(required=True)
    title_en = Text(required=True)


class SubmittedShape(Body):
    """What a submission led to (提交结果); the same for every repetition."""

    id = Id(required=True)
    site_id = Id(required=True)
    unit_id = Id(required=True)
    person_id = Id(required=True)
    submitted_at = Moment(required=True)
    day = Day(required=True)
    basis = Text(required=True, validate=OneOf(BASES))
    sheets = ListOf(Part(SheetShape), required=True)
    findings = ListOf(Part(OpenedShape), required=True)
    again = ListOf(Part(AgainShape), required=True, metadata={"description": "open before, and found still there"})
    not_asked = ListOf(
        Text(),
        required=True,
        metadata={"description": "questions of a newer edition that the visit's forms did not ask: not assessed"},
    )


class VisitShape(Body):
    """A submitted visit in a list (检查记录)."""

    id = Id(required=True)
    day = Day(required=True)
    submitted_at = Moment(required=True)
    started_at = Moment(required=True, allow_none=True)
    basis = Text(required=True, validate=OneOf(BASES))
    site_id = Id(required=True)
    site_name = Text(required=True)
    unit_id = Id(required=True)
    person_id = Id(required=True)
    person_name = Text(required=True)
    note = Text(required=True)
    finished_at = Moment(
        required=True, allow_none=True, metadata={"description": "by the phone, put right by the server's clock"}
    )
    device_skew_seconds = Whole(
        required=True, allow_none=True, metadata={"description": "by how much the phone's clock was fast when it sent"}
    )
    arrival = Text(required=True, validate=OneOf(ARRIVALS), metadata={"description": ARRIVAL_SAID})
    sheets = ListOf(Part(SheetShape), required=True)
    replaces_id = Id(required=True, allow_none=True, metadata={"description": "the version that this one corrects"})
    replaced_at = Moment(required=True, allow_none=True, metadata={"description": "when a correction took its place"})


class AnswerShape(Body):
    """What was observed for one question (回答)."""

    question = Text(required=True)
    answer = Mapping(required=True)
    note = Text(required=True)
    photos = ListOf(Id(), required=True)


class EntriesShape(Body):
    """What was said to a form's questions beside its items (填写内容)."""

    campaign = Text(required=True)
    form = Text(required=True)
    form_sha256 = Text(required=True)
    data = Mapping(required=True, metadata={"description": "by the question's name; repeats are lists"})


class ResultShape(Body):
    """One item's outcome (检查项结果)."""

    campaign = Text(required=True)
    form = Text(required=True)
    item = Text(required=True)
    question = Text(required=True)
    outcome = Text(required=True, validate=OneOf(("pass", "fail", "na")))
    earned = Number(required=True)
    possible = Number(required=True)


class VisitDetail(VisitShape):
    """A submitted visit with its answers and results (检查详情)."""

    answers = ListOf(Part(AnswerShape), required=True)
    entries = ListOf(Part(EntriesShape), required=True)
    results = ListOf(Part(ResultShape), required=True)
    findings = ListOf(Id(), required=True)
    versions = ListOf(Id(), required=True, metadata={"description": "from the first version to the one in force"})


class VisitList(Body):
    """Visits (检查列表)."""

    items = ListOf(Part(VisitShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


def shape_sheet(sheet: Sheet) -> dict[str, Any]:
    """A sheet as JSON."""
    fields = ("campaign", "form", "form_sha256", "edition", "earned", "possible", "vetoes")
    return text_points({name: getattr(sheet, name) for name in fields})


def text_points(row: AnyMapping[str, Any]) -> dict[str, Any]:
    """The same with its points, kept as integers of 1/100, as text."""
    return dict(row) | {name: hundredths(row[name]) for name in ("earned", "possible")}


def shape_submitted(visit: Visit) -> dict[str, Any]:
    """The answer to a submission, from the summary that was kept with it."""
    kept = visit.summary
    return {
        "id": visit.id,
        "site_id": visit.site_id,
        "unit_id": visit.unit_id,
        "person_id": visit.person_id,
        "submitted_at": visit.submitted_at,
        "day": visit.day,
        "basis": visit.basis,
        "sheets": [text_points(SheetShape.arrange(sheet)) for sheet in kept["sheets"]],
        "findings": [OpenedShape.arrange({"outcome": None} | finding) for finding in kept["findings"]],
        "again": [AgainShape.arrange(finding) for finding in kept.get("again", ())],
        "not_asked": kept.get("not_asked", []),
    }


def shape_visit(row: VisitRow) -> dict[str, Any]:
    """A visit in a list as JSON."""
    visit = row.visit
    return {
        "id": visit.id,
        "day": visit.day,
        "submitted_at": visit.submitted_at,
        "started_at": visit.started_at,
        "basis": visit.basis,
        "site_id": visit.site_id,
        "site_name": row.site_name,
        "unit_id": visit.unit_id,
        "person_id": visit.person_id,
        "person_name": row.person_name,
        "note": visit.note,
        "finished_at": visit.finished_at,
        "device_skew_seconds": visit.device_skew_seconds,
        "arrival": visit.arrival,
        "sheets": [shape_sheet(sheet) for sheet in row.sheets],
        "replaces_id": visit.replaces_id,
        "replaced_at": visit.replaced_at,
    }


def shape_detail(found: VisitInFull) -> dict[str, Any]:
    """A visit in full as JSON."""
    return shape_visit(found.row) | {
        "answers": [shape_answer(answer, found) for answer in found.answers],
        "entries": [EntriesShape.pick(entry) for entry in found.entries],
        "results": [shape_result(result) for result in found.results],
        "findings": found.findings,
        "versions": found.versions,
    }


def shape_answer(row: AnswerRow, found: VisitInFull) -> dict[str, Any]:
    """An answer as it may be sent again."""
    given = Answer(row.na, row.yes, row.count, row.rating, row.n, row.m)
    return {
        "question": row.question,
        "answer": to_raw(given),
        "note": row.note,
        "photos": found.photos.get(row.question, ()),
    }


def shape_result(row: ItemResult) -> dict[str, Any]:
    """An item's outcome as JSON."""
    fields = ("campaign", "form", "item", "question", "outcome", "earned", "possible")
    return text_points({name: getattr(row, name) for name in fields})
