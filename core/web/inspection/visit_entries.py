"""What a visit said beside the items, for its page (填写内容): a part a form, its pictures with what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from core.web.forms.entries_history import EntryChange, entry_changes
from core.web.forms.entries_view import Node, view_entries
from core.web.words import by_locale
from core.work.forms.entries import entries_of
from core.work.forms.fielding import read_forms
from core.work.inspection.entries import ENTRY, FormKey
from core.work.tables import Sheet
from tenants.scope import ScopedSession

Photo = TypeVar("Photo")


@dataclass(frozen=True, slots=True)
class EntriesView(Generic[Photo]):
    """One form's entries (填写内容): what it is called, where it belongs, and what was said; ``photos`` by file."""

    form: str
    campaign: str
    nodes: Sequence[Node]
    photos: Mapping[UUID, Photo]


def read_entries(
    session: ScopedSession,
    visit_id: UUID,
    titles: Mapping[str, str],
    photos: Mapping[str, Sequence[tuple[UUID, Photo]]],
) -> list[EntriesView[Photo]]:
    """The entries of a visit by form; ``photos`` are all of its photos by question, each with its file (two queries)."""
    rows = entries_of(session, visit_id)
    forms = read_forms(session, [row.form_sha256 for row in rows])
    taken = dict(pair for question, pairs in photos.items() if question.startswith(ENTRY) for pair in pairs)
    found = []
    for row in rows:
        form = forms.get(row.form_sha256)
        nodes = view_entries(form, row.data) if form else []
        if form and nodes:
            title = by_locale(form.title_zh, form.title_en)
            found.append(EntriesView(title, titles.get(row.campaign, row.campaign), nodes, taken))
    return found


def changed_entries(
    session: ScopedSession,
    old: Mapping[FormKey, Mapping[str, object]],
    new: Mapping[FormKey, Mapping[str, object]],
    old_sheets: Iterable[Sheet],
    new_sheets: Iterable[Sheet],
) -> list[EntryChange]:
    """What a correction changed beside the items, form by form, each version read by its own form."""
    hashes = [{(one.campaign, one.form): one.form_sha256 for one in sheets} for sheets in (old_sheets, new_sheets)]
    forms = read_forms(session, list(dict.fromkeys([*hashes[0].values(), *hashes[1].values()])))
    found: list[EntryChange] = []
    for key in dict.fromkeys([*new, *old]):
        before, after = (forms.get(one.get(key, "")) for one in hashes)
        found += entry_changes(before, old.get(key, {}), after, new.get(key, {}))
    return found
