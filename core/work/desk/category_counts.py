"""Findings by category (分类统计): how many there are, stand open and are closed, now or at the end of a past day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.work.desk.finding_filters import Filter
from core.work.desk.findings import counting_query
from core.work.desk.parts_then import value_then
from core.work.loop.clocks import end_of
from core.work.loop.states import CLOSED_STATES, DISMISSED, NOT_CLOSED
from core.work.tables import Finding
from tenants.access import Actor


def counts_by_category(
    session: Session, actor: Actor, wanted: Filter, *, now: datetime
) -> list[tuple[str, int, int, int]]:
    """Category, all, open and closed of what a filter shows within reach; what was rejected, cancelled or merged counts nowhere."""
    tenant, of = actor.tenant.id, wanted.columns(actor.tenant.id)
    category: ColumnElement[Any] | Any = Finding.category
    if wanted.as_of is not None:  # a correction since may have called it otherwise
        category = value_then(tenant, end_of(wanted.as_of), "category")
    each = (
        counting_query(actor, wanted, now, category.label("category"), of.state.label("state"))
        .where(of.state.not_in(DISMISSED))
        .subquery("each")
    )
    sums: Sequence[ColumnElement[int]] = (
        func.count(),
        func.count().filter(each.c.state.in_(NOT_CLOSED)),
        func.count().filter(each.c.state.in_(CLOSED_STATES)),
    )
    found = session.execute(select(each.c.category, *sums).group_by(each.c.category))
    return [(name, total, is_open, closed) for name, total, is_open, closed in found]
