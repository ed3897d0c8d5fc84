"""What every scene of the demo's ledger needs (演示场景): who plays, where, and at which moment of the laid days."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from core.campaigns.registry import Registry
from core.demo.places import Stage, draw_after, liaison_of, seat_person
from core.settings import ZONE
from core.work.dated import valid_on
from core.work.tables import Site
from tenants.access import Actor, root_unit
from tenants.models import Unit, UnitRole
from tenants.scope import ScopedSession

SUPERVISOR = "演示作风督导员"
LABEL = "（演示数据）"


@dataclass
class Play:
    """A scene's stage, days and actors (演示场景); everything that it writes is committed by its caller."""

    session: ScopedSession
    stage: Stage
    registry: Registry
    first: date
    until: datetime
    _sites: dict[str, UUID] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The last day of the demo."""
        return self.until.astimezone(ZONE).date()

    @property
    def desk(self) -> Actor:
        """The HQ office."""
        return self.stage.actors["演示创建办"]

    def at(self, back: int, hour: int, minute: int = 0) -> datetime:
        """An hour of the day so many days before the last one, never after the demo's end."""
        return min(self.hour(back, hour, minute), self.until)

    def hour(self, back: int, hour: int, minute: int = 0) -> datetime:
        """An hour of the day so many days before the last one, of one after it when they are fewer than none."""
        return datetime.combine(self.today - timedelta(days=back), time(hour, minute), ZONE)

    def root(self) -> UUID:
        """The district's own unit."""
        return root_unit(self.session).id

    def units(self, *kinds: str) -> list[Unit]:
        """The units of some kinds on the last day, by code, then by name."""
        chosen = select(Unit).where(Unit.kind.in_(kinds), valid_on(Unit, self.today))
        return list(self.session.scalars(chosen.order_by(Unit.code.nulls_last(), Unit.pinyin, Unit.id)))

    def street(self, number: int) -> UUID:
        """One of the district's streets; the last one has nobody at present and plays no part."""
        streets = self.units("subdistrict")
        return streets[number % max(1, len(streets) - 1)].id

    def office(self, role: str) -> UUID:
        """The unit that does a duty."""
        chosen = select(UnitRole.unit_id).where(UnitRole.role == role, valid_on(UnitRole, self.today))
        return self.session.scalars(chosen).one()

    def liaison(self, unit_id: UUID) -> Actor:
        """The made-up liaison officer of a unit."""
        return liaison_of(self.session, self.stage, unit_id, self.first, on=self.today)

    def seat(self, name: str, unit_id: UUID, role: str, *, until: date | None = None) -> Actor:
        """A made-up person with a post since the first day; one whose post ends began on the last day."""
        since = self.today if until else self.first
        return seat_person(self.session, self.stage.tenant, name, unit_id, role, since, on=self.today, until=until)

    def site(self, name: str) -> UUID:
        """A made-up site, by the name after its label: 农贸市场1号."""
        if not self._sites:
            self._sites = {site.name: site.id for site in self.session.scalars(select(Site))}
        return self._sites[f"演示{name}"]

    def photo(self, key: str) -> str:
        """A photo that only this key has."""
        return draw_after(self.session, self.stage, self.stage.actors["演示检查员甲"], key)
