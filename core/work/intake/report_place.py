"""Where a reported finding is (发现地点): a site, or a free place whose territory is chosen or told by the nearest site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.places.nearby import TERRITORY, nearest_sites
from core.work.roles import REPORT
from core.work.tables import RoundStop, Site
from core.work.wording import read_text
from tenants.access import Actor, reach
from tenants.models import Unit

LONGEST_PLACE = 200
_WORLD = {"longitude": Decimal(180), "latitude": Decimal(90)}


@dataclass(frozen=True, slots=True)
class ReportedPlace:
    """A place as it was found (发现地点): ``unit_id`` is the territory, stamped on the finding."""

    unit_id: UUID
    site_id: UUID | None = None
    operator_id: UUID | None = None
    text: str = ""
    longitude: Decimal | None = None
    latitude: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SaidPlace:
    """What was sent about the place (填报的地点); ``needs_text``: a free place must be described.

    ``round_id`` is a round of the reporter's: its stops are for him, wherever they lie.
    """

    site_id: UUID | None
    unit_id: UUID | None
    place: str
    longitude: Decimal | None
    latitude: Decimal | None
    needs_text: bool = True
    round_id: UUID | None = None


def read_place(
    session: Session, actor: Actor, said: SaidPlace, faults: list[Fault], now: datetime
) -> ReportedPlace | None:
    """The place of a report; None with faults when it is not told well enough.

    A site carries its own territory; else the chosen unit is it, else that of the nearest site within 2 km. Raises NotFound
    for a site or a unit out of the reach of the actor's reports.
    """
    on = local_day(now)
    text = read_text(said.place, "place", faults, LONGEST_PLACE)
    point = _point(said, faults)
    if said.site_id is not None:
        return _at_site(session, actor, said, text, point, on)
    unit_id = said.unit_id
    if unit_id is None and point is not None:
        near = nearest_sites(session, actor, point, on=on, within=TERRITORY, limit=1)
        unit_id = near[0].unit_id if near else None
    if unit_id is None:
        remedy = N_("请选点位，或选所在单位并写明地点")
        faults.append(Fault(N_("没有写明地点"), "site_id", remedy=remedy))
        return None
    if not text and said.needs_text:
        faults.append(Fault(N_("没有写明地点"), "place", remedy=N_("请写明路段、门牌或参照物")))
    reached = select(Unit.id).where(Unit.id == unit_id, Unit.id.in_(reach(actor, REPORT, on)), valid_on(Unit, on))
    if session.scalar(reached) is None:
        raise NotFound
    return ReportedPlace(unit_id, None, None, text, *(point or (None, None)))


def _at_site(
    session: Session, actor: Actor, said: SaidPlace, text: str, point: tuple[Decimal, Decimal] | None, on: date
) -> ReportedPlace:
    within: ColumnElement[bool] = Site.unit_id.in_(reach(actor, REPORT, on))
    if said.round_id is not None:
        stops = select(RoundStop.site_id).where(RoundStop.round_id == said.round_id, RoundStop.state != "dropped")
        within = or_(within, Site.id.in_(stops))
    site = session.scalars(select(Site).where(Site.id == said.site_id, Site.state == "active", within)).first()
    if site is None:
        raise NotFound
    longitude, latitude = point or (site.longitude, site.latitude)
    return ReportedPlace(site.unit_id, site.id, site.operator_unit_id, text, longitude, latitude)


def _point(said: SaidPlace, faults: list[Fault]) -> tuple[Decimal, Decimal] | None:
    """Longitude and latitude, both or none, to six places as the database keeps them."""
    values = {"longitude": said.longitude, "latitude": said.latitude}
    if (said.longitude is None) != (said.latitude is None):
        missing = next(name for name, value in values.items() if value is None)
        faults.append(Fault(N_("经度和纬度要一起给"), missing, remedy=N_("请都填写，或都不填")))
    for name, value in values.items():
        if value is not None and not (value.is_finite() and abs(value) <= _WORLD[name]):
            remedy, params = N_("请填 -{most} 到 {most} 之间的度数"), {"most": str(_WORLD[name])}
            faults.append(Fault(N_("坐标不对"), name, None, str(value)[:40], "", remedy, params))
    if said.longitude is None or said.latitude is None or faults:
        return None
    places = Decimal("0.000001")
    return said.longitude.quantize(places), said.latitude.quantize(places)
