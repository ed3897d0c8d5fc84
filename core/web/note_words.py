"""Notes in the reader's language (提醒用词), and where each leads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import url_for
from flask_babel import get_locale, gettext

from core.web.papers.notice_words import say_subject
from core.work.tables import Note

# What a note is about -> the page that shows it, and the name of its id there.
PAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "finding": ("finding.show", "finding_id"),
        "notice": ("notice.show", "notice_id"),
        "whistle": ("whistle.show", "whistle_id"),
        "appeal": ("appeal.show", "appeal_id"),
        "card": ("card.show", "card_id"),
        "negative": ("negative_entry.show", "entry_id"),
        "recheck": ("recheck.show", "recheck_id"),
        "sweep": ("sweeps.show", "sweep_id"),
        "project": ("project.show", "project_id"),
        "meeting": ("meeting.show", "meeting_id"),
        "task": ("task.show", "task_id"),
        "split": ("split.show", "split_id"),
    }
)


def say_note(note: Note) -> str:
    """A note in the reader's language; of a value that is kept in both languages, the reader's."""
    english = str(get_locale() or "zh").startswith("en")
    values: dict[str, Any] = dict(note.params)
    if english:
        values |= {key.removesuffix("_en"): value for key, value in note.params.items() if key.endswith("_en")}
        if note.kind.startswith("notice") and "title" in values:
            values["title"] = say_subject(str(values["title"]), by_system=True)
    text: str = gettext(note.text)
    try:
        return text.format(**values)
    except (KeyError, IndexError):  # a note of an older version that kept other values
        return text


def lead_to(note: Note) -> str:
    """The address of what the note is about; the inbox where it is about several things."""
    if note.object_kind in PAGES and note.object_id:
        endpoint, name = PAGES[note.object_kind]
        return url_for(endpoint, **{name: note.object_id})
    if note.object_kind == "card_period":
        return url_for("cards.show", scheme=note.object_id, period=note.params.get("period", ""))
    if note.object_kind == "notice_draft":
        return f"{url_for('notices.ask')}?{note.params.get('query', '')}"
    if note.object_kind == "tasks":
        return url_for("tasks.show_list", unit=note.object_id, state="issued")
    if note.object_kind == "numbers":
        where = {note.params.get("which", "owner"): note.object_id}
        return url_for("statistics.show", period=note.params.get("key", ""), timeliness="missing", **where)
    return url_for("inbox.show")
