"""Saved filters of the leak tests (常用筛选): one that stands in each district, and new ones of whoever asks."""

from __future__ import annotations

import secrets
from dataclasses import replace
from uuid import UUID

from core.work.desk.saved_filters import remove_filter, save_filter
from tenants.access import Actor
from tenants.scope import ScopedSession

PAGE = "findings"


def keep_filter(session: ScopedSession, actor: Actor) -> dict[str, str]:
    """A shared filter of a district, with its id under the name that addresses use."""
    row = save_filter(session, actor, PAGE, "我的条件", "view=problem&group=overdue", shared=True)
    return {"filter_id": str(row.id)}


def new_filter(session: ScopedSession, actor: Actor, person_id: UUID, *, removed: bool = False) -> dict[str, str]:
    """A new filter of a person, taken off again if wanted."""
    own = replace(actor, person_id=person_id)
    row = save_filter(session, own, PAGE, f"条件{secrets.token_hex(4)}", "view=problem&group=new")
    if removed:
        remove_filter(session, own, row.id)
    return {"filter_id": str(row.id)}
