"""A district for the tests of what comes in without a form (测试用上报): two sites on the map, patrols and conduct people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.work.inspection.photos import store
from core.work.intake.reporting import report
from core.work.tables import Finding, FindingEvent, Part, Site
from tenants.access import Actor
from tenants.scope import Wall
from tests.factory import add_actor, add_site
from tests.work.market import THURSDAY, Town, town
from tests.work.pictures import jpeg

DAY = date(2026, 11, 19)
HERE = (Decimal("112.560000"), Decimal("37.870000"))  # the market
NEXT_DOOR = (Decimal("112.560300"), Decimal("37.870000"))  # 26 m further east
DOWN_THE_ROAD = (Decimal("112.562000"), Decimal("37.870000"))  # 176 m


@dataclass
class Street:
    """The town with its people for intake."""

    town: Town
    kiosk: UUID  # a shop next door, in the other community
    grid: Actor  # grid worker of the market's community
    conduct: Actor  # conduct supervisor of the district
    trusted: Actor  # conduct liaison of the street
    photos: tuple[str, ...]

    @property
    def district(self):
        return self.town.district

    @property
    def office(self) -> Actor:
        return self.town.office

    @property
    def market(self) -> UUID:
        return self.town.market

    @property
    def ref(self):
        return self.town.ref


def street(wall: Wall, files: Path) -> Street:
    place = town(wall)
    district = place.district
    with district.session(wall) as session:
        market = session.get_one(Site, (place.ref.id, place.market))
        market.longitude, market.latitude = HERE
        kiosk = add_site(session, district.communities[1], "shop", name="隔壁小店")
        near = session.get_one(Site, (place.ref.id, kiosk))
        near.longitude, near.latitude = NEXT_DOOR
        photos = tuple(str(store(session, place.inspector, jpeg((64, 48 + n)), files=files).id) for n in range(4))
        session.commit()
    return Street(
        place,
        kiosk,
        add_actor(wall, place.ref, "grid_worker", district.communities[0]),
        add_actor(wall, place.ref, "discipline", district.root),
        add_actor(wall, place.ref, "discipline_liaison", district.street),
        photos,
    )


def bring_in(session, stage: Street, actor: Actor | None = None, **changed: Any) -> Finding:
    """Litter at the market, reported by its grid worker; ``changed`` overrides anything."""
    given: dict[str, Any] = {"source": "snapshot", "category": "ENV-LITTER", "site_id": stage.market, "now": THURSDAY}
    return report(session, actor or stage.grid, **(given | changed))


def opening(session, finding: Finding) -> FindingEvent:
    return session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id, FindingEvent.version == 1)
    ).one()


def parts(session, finding: Finding) -> dict[str, Part]:
    return {part.kind: part for part in session.scalars(select(Part).where(Part.finding_id == finding.id))}
