"""The versions of a visit for its page (检查更正记录): who corrected what, when and why, question by question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.web.forms.entries_history import EntryChange
from core.web.inspection.visit_entries import changed_entries
from core.web.inspection.visit_reading import VisitView, question_words, say_answer
from core.work.calendar import local_day
from core.work.inspection.visit_chain import versions
from core.work.inspection.visit_versions import Changed, changes, version_of
from core.work.tables import Visit
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version (检查版本): when it came to be, by whom, and the reason of a correction."""

    visit_id: UUID
    at: datetime
    by: str
    reason: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One question that this version changed (更正明细), in words; '' where a version did not answer it."""

    text: str
    before: str
    after: str
    note_before: str
    note_after: str
    photos_before: int
    photos_after: int


@dataclass(frozen=True, slots=True)
class History:
    """All versions, the first one first, and what the shown one changed against the one before (更正记录)."""

    versions: Sequence[VersionView]
    changes: Sequence[ChangeView]
    note_before: str = ""
    note_after: str = ""
    entries: Sequence[EntryChange] = ()

    @property
    def count(self) -> int:
        """How many questions and entries the shown version changed."""
        return len(self.changes) + len(self.entries)

    @property
    def newest(self) -> UUID:
        """The version in force."""
        return self.versions[-1].visit_id

    @property
    def note_changed(self) -> bool:
        """Whether the note at large was changed."""
        return self.note_before != self.note_after


def read_history(session: ScopedSession, actor: Actor, view: VisitView, now: datetime) -> History:
    """The versions of a shown visit; a visit that was never corrected has one and nothing changed."""
    chain = versions(session, actor, view.visit, local_day(now))
    listed = [_version(one, before, view) for one, before in zip(chain, [None, *chain], strict=False)]
    here = next(n for n, one in enumerate(chain) if one.id == view.visit.id)
    if here == 0:
        return History(listed, ())
    old, new = version_of(session, chain[here - 1]), version_of(session, chain[here])
    text_of = question_words(session, view.visit)
    changed = [_change(one, text_of(one.question)) for one in changes(old, new)]
    entries = changed_entries(session, old.entries, new.entries, chain[here - 1].sheets, chain[here].sheets)
    return History(listed, changed, old.note, new.note, entries)


def _version(one: Visit, before: Visit | None, view: VisitView) -> VersionView:
    said: dict[str, Any] = one.summary.get("correction", {})
    at = (before.replaced_at if before else None) or one.submitted_at
    return VersionView(one.id, at, said.get("by", view.person_name), said.get("reason", ""), one.id == view.visit.id)


def _change(one: Changed, text: str) -> ChangeView:
    said = [say_answer(answer) if answer else "" for answer in (one.before, one.after)]
    photos = (len(one.photos_before), len(one.photos_after))
    return ChangeView(text, said[0], said[1], one.note_before, one.note_after, *photos)
