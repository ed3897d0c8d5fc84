"""Lists what was imported of districts outside the installation (外部导入清单), page by page, each line with its indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import aliased

from core.figures.comparison import check_compare
from core.figures.outside_tables import OutsideFigure, OutsidePublication
from core.figures.periods import Period
from tenants.access import Actor
from tenants.scope import ScopedSession

Place = tuple[datetime, UUID]  # where a page ended: moment and id of its last row


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is asked for (导入筛选); ``replaced`` with those that a later import has taken the place of."""

    campaign: str = ""
    period: Period | None = None
    text: str = ""
    replaced: bool = True


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """One import (导入), and whether it is the one that counts."""

    publication: OutsidePublication
    counts: bool


def list_outside(
    session: ScopedSession, actor: Actor | None, wanted: Wanted, *, limit: int, after: Place | None = None
) -> list[OutsideRow]:
    """The imports that are asked for, the latest first, from after ``after`` on. Raises Forbidden."""
    check_compare(actor)
    counts = _counts(session)
    query = select(OutsidePublication, counts.label("counts")).where(*_filters(wanted))
    if not wanted.replaced:
        query = query.where(counts)
    if after is not None:
        query = query.where(tuple_(OutsidePublication.imported_at, OutsidePublication.id) < tuple_(*after))
    order = (OutsidePublication.imported_at.desc(), OutsidePublication.id.desc())
    return [OutsideRow(*row) for row in session.execute(query.order_by(*order).limit(limit))]


def _counts(session: ScopedSession) -> ColumnElement[bool]:
    """Filter on OutsidePublication: no later import took its place."""
    later = aliased(OutsidePublication)
    same = ("campaign", "period_kind", "period_start", "district_name")
    found = select(later.id).where(
        later.tenant_id == session.tenant_id,
        *(getattr(later, name) == getattr(OutsidePublication, name) for name in same),
        later.version > OutsidePublication.version,
    )
    return ~found.correlate(OutsidePublication).exists()


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.campaign:
        found.append(OutsidePublication.campaign == wanted.campaign)
    if wanted.period is not None:
        found.append(OutsidePublication.period_kind == wanted.period.kind)
        found.append(OutsidePublication.period_start == wanted.period.start)
    if wanted.text:
        found.append(func.strpos(OutsidePublication.district_name, wanted.text) > 0)
    return found


def figures_of(session: ScopedSession, rows: Sequence[OutsideRow]) -> Mapping[UUID, Sequence[OutsideFigure]]:
    """The indicators of many imports by code, in one query; nothing for those without any."""
    wanted = [one.publication.id for one in rows]
    query = select(OutsideFigure).where(OutsideFigure.publication_id.in_(wanted))
    found: dict[UUID, list[OutsideFigure]] = {}
    for one in session.scalars(query.order_by(OutsideFigure.code)) if wanted else ():
        found.setdefault(one.publication_id, []).append(one)
    return found


def place_of(row: OutsideRow) -> Place:
    """Where a page that ends with this row has ended."""
    return row.publication.imported_at, row.publication.id
