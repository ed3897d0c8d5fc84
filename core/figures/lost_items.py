"""Items that lose points easily (易失分项): the checklist items of a period by the points they lost, the dearest first.

In the whole of a unit, at sites of one type, and grouped by type and by unit; a site of two types stands under each. Read from the same verified results as the scores. An item of a form that two campaigns share stands under each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, select

from core.campaigns import Campaign, Item
from core.figures.frames import Frame, by_day, frame_of
from core.figures.item_metrics import VERIFIED
from core.figures.model import percent
from core.figures.periods import Period
from core.figures.scores import check_reach
from core.work.dated import valid_on
from core.work.inspection.visit_chain import in_force
from core.work.tables import ItemResult, SiteKind
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class LostItem:
    """One item with what it lost in a period and in the one before (易失分项); ``item`` None when the edition has none such.

    ``visits`` answered it (not applicable left out), ``failed`` of them did not pass.
    """

    campaign: str
    code: str
    item: Item | None
    form: str
    question: str
    visits: int
    failed: int
    lost: Decimal
    possible: Decimal
    lost_before: Decimal

    @property
    def fail_rate(self) -> Decimal | None:
        """Visits that did not pass, in percent."""
        return percent(self.failed, self.visits)


def lost_items(
    session: ScopedSession,
    actor: Actor | None,
    campaigns: Sequence[Campaign],
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime,
    count: int | None = 20,
    site_type: str = "",
) -> list[LostItem]:
    """The items that lost points in a period, at sites of a type if given, the dearest first (one query).

    Raises NotFound, Forbidden.
    """
    frame = frame_of(session, (period.previous, period), cut_off, () if unit_id is None else (unit_id,))
    check_reach(session, actor, unit_id, frame)
    return _grouped(session, frame, campaigns, count, site_type).get("", [])


def lost_by_type(
    session: ScopedSession,
    actor: Actor | None,
    campaigns: Sequence[Campaign],
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime,
    count: int | None = 3,
) -> dict[str, list[LostItem]]:
    """The same by the type that the sites had on the day (one query). Raises NotFound, Forbidden."""
    frame = frame_of(session, (period.previous, period), cut_off, () if unit_id is None else (unit_id,))
    check_reach(session, actor, unit_id, frame)
    return _grouped(session, frame, campaigns, count, by="site_type")


def lost_by_unit(
    session: ScopedSession,
    actor: Actor | None,
    campaigns: Sequence[Campaign],
    period: Period,
    units: Sequence[UUID],
    *,
    cut_off: datetime,
    count: int | None = 3,
    site_type: str = "",
) -> dict[UUID, list[LostItem]]:
    """The same of each of some units (one query). Raises NotFound, Forbidden."""
    if not units:
        return {}
    frame = frame_of(session, (period.previous, period), cut_off, tuple(units))
    for unit_id in units:
        check_reach(session, actor, unit_id, frame)
    return _grouped(session, frame, campaigns, count, site_type, "unit")


def _grouped(
    session: ScopedSession,
    frame: Frame,
    campaigns: Sequence[Campaign],
    count: int | None,
    site_type: str = "",
    by: str = "",
) -> dict[Any, list[LostItem]]:
    """The losing items of each group, the dearest first; one group of '' when nothing is grouped."""
    known = {one.key: {i.code: (f.code, i) for f in one.edition.forms for i in f.items} for one in campaigns}
    spans: dict[tuple[Any, str, str], dict[int, Any]] = {}
    for row in session.execute(_sums(frame, sorted(known), site_type, by)).mappings():
        spans.setdefault((row[by] if by else "", row["campaign"], row["item"]), {})[row["span"]] = row
    found: dict[Any, list[LostItem]] = {}
    for (group, *key), rows in spans.items():
        if 1 in rows and rows[1]["lost"]:
            found.setdefault(group, []).append(_item((key[0], key[1]), rows, known))
    order = {
        group: sorted(listed, key=lambda one: (-one.lost, one.campaign, one.code)) for group, listed in found.items()
    }
    return {group: listed[:count] for group, listed in order.items()}


def _item(
    key: tuple[str, str], rows: Mapping[int, Any], known: Mapping[str, Mapping[str, tuple[str, Item]]]
) -> LostItem:
    campaign, code = key
    now, before = rows[1], rows.get(0)
    form, item = known[campaign].get(code, (now["form"], None))
    return LostItem(
        campaign=campaign,
        code=code,
        item=item,
        form=form,
        question=now["question"],
        visits=now["visits"],
        failed=now["failed"],
        lost=_points(now["lost"]),
        possible=_points(now["possible"]),
        lost_before=_points(before["lost"] if before else 0),
    )


def _points(cents: int) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)


def _sums(frame: Frame, campaigns: Sequence[str], site_type: str = "", by: str = "") -> Select[Any]:
    result = ItemResult
    query: Select[*tuple[Any, ...]] = select(
        result.campaign,
        result.item,
        result.form,
        result.question,
        result.outcome,
        result.earned,
        result.possible,
    ).where(
        result.tenant_id == frame.tenant_id,
        result.campaign.in_(campaigns),
        result.basis == VERIFIED,
        result.outcome != "na",
        in_force(frame.tenant_id, result.visit_id),
    )
    if site_type or by == "site_type":
        typed = and_(
            SiteKind.tenant_id == frame.tenant_id, SiteKind.site_id == result.site_id, valid_on(SiteKind, result.day)
        )
        query = query.add_columns(SiteKind.site_type).join(SiteKind, typed)
        query = query.where(SiteKind.site_type == site_type) if site_type else query
    base = by_day(frame, query, result.day, result.unit_id, result.site_id).subquery("base")
    c = base.c
    sums = (
        func.count().label("visits"),
        func.sum(case((c.outcome == "fail", 1), else_=0)).label("failed"),
        func.sum(c.possible - c.earned).label("lost"),
        func.sum(c.possible).label("possible"),
        func.min(c.form).label("form"),
        func.min(c.question).label("question"),
    )
    keys = [c.campaign, c.item, c.span] + ([c[by]] if by else [])
    return select(*keys, *sums).group_by(*keys)
