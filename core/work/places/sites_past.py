"""Sites as they stood on a day that is past (往日点位): in use or not, and in which unit, read backwards off the trail.

What moved in a reorganisation, or was changed before the trail kept what stood before, is told under the unit of now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, or_, select

from core.work.loop.clocks import end_of
from core.work.tables import Audit, Site, SiteKind
from tenants.scope import ScopedSession

SITE, CHANGE = "site", "site.change"


@dataclass(frozen=True, slots=True)
class SitesThen:
    """Sites that stood otherwise at the end of a day (往日点位): in use then, out of use then, and under which unit."""

    on: date
    active: frozenset[UUID] = frozenset()
    closed: frozenset[UUID] = frozenset()
    units: Mapping[UUID, UUID] = field(default_factory=dict)

    @property
    def in_use(self) -> ColumnElement[bool]:
        """Condition on Site: it was in use at the end of the day."""
        return and_(or_(Site.state == "active", Site.id.in_(self.active)), Site.id.not_in(self.closed))

    @property
    def unit(self) -> ColumnElement[UUID]:
        """The unit of a Site at the end of the day."""
        moved = [(Site.id == site, unit) for site, unit in self.units.items()]
        return case(*moved, else_=Site.unit_id) if moved else Site.unit_id  # type: ignore[return-value]  # a mapped column is a column

    def was_there(self, tenant_id: int) -> ColumnElement[bool]:
        """Condition on Site: it was added by the end of the day, or had a type by then."""
        typed = select(SiteKind.site_id).where(SiteKind.tenant_id == tenant_id, SiteKind.valid_from <= self.on)
        return or_(Site.id.in_(typed), Site.created_at < end_of(self.on))

    def state_of(self, site_id: UUID, now: str) -> str:
        """The state of one site then."""
        if site_id in self.active or site_id in self.closed:
            return "active" if site_id in self.active else "closed"
        return now


def sites_then(session: ScopedSession, on: date) -> SitesThen:
    """The sites that were opened, closed or moved since a day, as they stood at its end (one query)."""
    changes, before = Audit.detail["changes"], Audit.detail["before"]
    lines = session.execute(
        select(Audit.object_id, changes["state"].astext, before["unit_id"].astext)
        .where(
            Audit.object_kind == SITE,
            Audit.verb == CHANGE,
            Audit.at >= end_of(on),
            or_(changes.has_key("state"), before.has_key("unit_id")),
        )
        .order_by(Audit.at.desc(), Audit.id.desc())
    )
    return _read_back(on, [(UUID(site), state, unit) for site, state, unit in lines])


def _read_back(on: date, lines: Sequence[tuple[UUID, str | None, str | None]]) -> SitesThen:
    """The first change after the day says what stood before it; lines come the latest first."""
    states: dict[UUID, bool] = {}
    units: dict[UUID, UUID] = {}
    for site, state, unit in lines:
        if state is not None:
            states[site] = state == "closed"  # what was closed later was in use
        if unit is not None:
            units[site] = UUID(unit)
    active = frozenset(site for site, used in states.items() if used)
    return SitesThen(on, active, frozenset(states) - active, units)
