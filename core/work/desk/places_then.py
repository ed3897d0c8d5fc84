"""Where a finding was said to be on a day that is past (往日地点): before its site or territory was put right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.work.tables import Finding, FindingEvent, Site
from tenants.models import Unit

PLACES = ("site_id", "unit_id", "place")


def placed_then(
    tenant: int, until: datetime, column: InstrumentedAttribute[Any], wanted: Select[UUID] | Sequence[UUID]
) -> ColumnElement[bool]:
    """Condition on Finding: it was said to be at one of some sites, or units, before a moment."""
    was = _place_then(tenant, until, column)
    if isinstance(wanted, Select):
        return was.in_(select(cast(wanted.subquery().c[0], String)))
    return was.in_([str(one) for one in wanted])


def _place_then(tenant: int, until: datetime, column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """The site or the unit of a finding as it stood before a moment, as text: what the first correction since says of before."""
    before = FindingEvent.detail["before"]
    chosen = select(before[column.key].astext).where(
        FindingEvent.tenant_id == tenant,
        FindingEvent.finding_id == Finding.id,
        FindingEvent.at >= until,
        FindingEvent.verb == "correct",
        before.has_key(column.key),
    )
    first = chosen.order_by(FindingEvent.version).limit(1).correlate(Finding).scalar_subquery()
    return func.coalesce(first, cast(column, String))


def places_of(session: Session, values: Mapping[UUID, Mapping[str, str]]) -> dict[UUID, dict[str, Any]]:
    """What rows of a list say of the place on that day, of the findings that were moved since (three queries, when there are any).

    ``values`` are, by finding, what stood before its first correction since.
    """
    moved = {key: said for key, said in values.items() if any(name in said for name in PLACES)}
    if not moved:
        return {}
    now = {one.id: one for one in session.scalars(select(Finding).where(Finding.id.in_(moved)))}
    found: dict[UUID, dict[str, Any]] = {}
    for key, said in moved.items():
        site = said.get("site_id", str(now[key].site_id or ""))
        place, unit = said.get("place", now[key].place), said.get("unit_id", str(now[key].unit_id))
        found[key] = {"site_id": UUID(site) if site else None, "unit_id": UUID(unit), "site_name": place}
    sites = _names(session, Site, (one["site_id"] for one in found.values() if one["site_id"]))
    units = _names(session, Unit, (one["unit_id"] for one in found.values()))
    for one in found.values():
        one["site_name"] = sites.get(one["site_id"], one["site_name"])
        one["unit_name"] = units.get(one["unit_id"], "")
    return found


def _names(session: Session, table: type[Site | Unit], ids: Iterable[UUID]) -> dict[UUID, str]:
    wanted = set(ids)
    return dict(session.execute(select(table.id, table.name).where(table.id.in_(wanted))).all()) if wanted else {}
