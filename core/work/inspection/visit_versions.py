"""What one version of a visit says (检查版本), and what a correction changed, question by question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns import Answer
from core.work.inspection.entries import ENTRY, FormKey, entry_rows
from core.work.inspection.visit_input import CheckedVisit
from core.work.tables import AnswerRow, Attachment, File, Finding, SheetEntry, Visit


@dataclass(frozen=True, slots=True)
class Version:
    """The answers, notes and photos of one version by question, its note at large, and how grave its findings are now.

    ``entries`` are what was said to the questions beside the items, by campaign and form.

    Of restricted findings nothing is said: whoever visited may not know of them any more.
    """

    answers: Mapping[str, Answer]
    notes: Mapping[str, str]
    photos: Mapping[str, tuple[UUID, ...]]
    note: str
    severities: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[FormKey, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changed:
    """One question that a correction changed (更正明细); None where a version did not answer it."""

    question: str
    before: Answer | None
    after: Answer | None
    note_before: str
    note_after: str
    photos_before: tuple[UUID, ...]
    photos_after: tuple[UUID, ...]


def version_of(session: Session, visit: Visit) -> Version:
    """Read one version (four queries)."""
    rows = session.scalars(select(AnswerRow).where(AnswerRow.visit_id == visit.id).order_by(AnswerRow.question)).all()
    photos: dict[str, list[UUID]] = {}
    beside = Attachment.question.not_like(f"{ENTRY}%")  # those stand in the entries
    attached = select(Attachment.question, Attachment.file_id).where(Attachment.visit_id == visit.id, beside)
    for question, file_id in session.execute(attached.order_by(Attachment.id)):
        photos.setdefault(question, []).append(file_id)
    graded = select(Finding.question, Finding.severity).where(
        Finding.visit_id == visit.id, Finding.question != "", Finding.restricted.is_(False)
    )
    return Version(
        {r.question: Answer(r.na, r.yes, r.count, r.rating, r.n, r.m) for r in rows},
        {r.question: r.note for r in rows if r.note},
        {question: tuple(files) for question, files in photos.items()},
        visit.note,
        dict(session.execute(graded).all()),
        {(row.campaign, row.form): row.data for row in _entries(session, visit)},
    )


def _entries(session: Session, visit: Visit) -> Sequence[SheetEntry]:
    return session.scalars(select(SheetEntry).where(SheetEntry.visit_id == visit.id)).all()


def is_same(version: Version, checked: CheckedVisit, files: Mapping[str, File]) -> bool:
    """Whether a submission says exactly what a version said; ``files`` are those behind its photos."""
    photos = {code: tuple(files[ref].id for ref in refs) for code, refs in checked.photos.items()}
    if any(version.severities.get(code, said) != said for code, said in checked.severities.items()):
        return False
    entries = {(row["campaign"], row["form"]): row["data"] for row in entry_rows(checked.forms, checked.entered, files)}
    now = (checked.answers, checked.notes, photos, checked.note, entries)
    return now == (version.answers, version.notes, version.photos, version.note, version.entries)


def changes(before: Version, after: Version) -> list[Changed]:
    """What differs between two versions, by question."""
    found = []
    for code in sorted({*before.answers, *after.answers}):
        old, new = before.answers.get(code), after.answers.get(code)
        notes = before.notes.get(code, ""), after.notes.get(code, "")
        photos = before.photos.get(code, ()), after.photos.get(code, ())
        if old != new or notes[0] != notes[1] or photos[0] != photos[1]:
            found.append(Changed(code, old, new, *notes, *photos))
    return found
