"""Corrections of a visit (检查更正链): which visits are in force, and the chain from the first version to the newest.

A corrected visit stays as it was; it only says when it was replaced. Every list, total and figure asks :func:`in_force`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from core.work.tables import Visit


def in_force(tenant_id: int, visit_id: InstrumentedAttribute[UUID] | ColumnElement[Any]) -> ColumnElement[bool]:
    """Filter on rows of a visit, such as its results: the visit was not replaced by a correction.

    The replaced ones are few and have an index of their own, so the filter is one small look-up for the whole statement.
    """
    replaced = select(Visit.id).where(Visit.tenant_id == tenant_id, Visit.replaced_at.is_not(None))
    return visit_id.not_in(replaced)
