"""Where a whistle calls to (吹哨地点): a site or a free text, in whose territory, and the finding that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault
from core.work.loop.sight import sees_finding
from core.work.roles import SEE
from core.work.tables import Finding, Site
from core.work.wording import read_text
from tenants.access import Actor, reach, subtree

LONGEST_PLACE = 120


@dataclass(frozen=True, slots=True)
class Place:
    """A checked place (地点): its words, the unit in whose territory it lies, and where on the map if known."""

    text: str
    unit_id: UUID
    site_id: UUID | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None


def read_place(
    session: Session,
    actor: Actor,
    *,
    caller_unit_id: UUID,
    site_id: UUID | None,
    text: str,
    longitude: Decimal | None,
    latitude: Decimal | None,
    on: date,
    faults: list[Fault],
) -> Place:
    """The place of a whistle: a site's own words and position unless others are given; a free text lies at the caller."""
    words = read_text(text, "place", faults, LONGEST_PLACE)
    _check_position(longitude, latitude, faults)
    site = _find_site(session, actor, caller_unit_id, site_id, on, faults) if site_id else None
    if site is None:
        if not words and site_id is None:
            faults.append(Fault(N_("缺少地点"), "place", remedy=N_("请选择点位，或写明地点")))
        return Place(words, caller_unit_id, None, longitude, latitude)
    here = (longitude, latitude) if longitude is not None else (site.longitude, site.latitude)
    return Place(words or site.name, site.unit_id, site.id, *here)


def _find_site(
    session: Session, actor: Actor, caller: UUID, site_id: UUID, on: date, faults: list[Fault]
) -> Site | None:
    """A site in the caller's territory or in the actor's reach; an unknown one and a foreign one are the same fault."""
    near = or_(Site.unit_id.in_(reach(actor, SEE, on)), Site.unit_id.in_(subtree(actor.tenant.id, caller, on)))
    site = session.scalars(select(Site).where(Site.id == site_id, Site.state == "active", near)).first()
    if site is None:
        faults.append(Fault(N_("没有这个点位"), "site_id", remedy=N_("请选择您范围内在用的点位，或直接写明地点")))
    return site


def _check_position(longitude: Decimal | None, latitude: Decimal | None, faults: list[Fault]) -> None:
    for value, name, most in ((longitude, "longitude", 180), (latitude, "latitude", 90)):
        if value is not None and not (value.is_finite() and abs(value) <= most):
            remedy = N_("请填 {least} 到 {most} 之间的数")
            params = {"least": -most, "most": most}
            faults.append(Fault(N_("坐标超出范围"), name, None, str(value)[:20], "", remedy, params))
    if (longitude is None) != (latitude is None):
        missing = "longitude" if longitude is None else "latitude"
        faults.append(Fault(N_("坐标不完整"), missing, remedy=N_("经度和纬度请一起填写")))


def find_finding(session: Session, actor: Actor, finding_id: UUID, on: date, faults: list[Fault]) -> UUID | None:
    """The finding that a whistle is about: one that the actor sees, and that may be spoken of to other units."""
    query = select(Finding.id, Finding.restricted).where(Finding.id == finding_id, sees_finding(actor, on))
    row = session.execute(query).first()
    if row is None:
        faults.append(Fault(N_("没有这个问题"), "finding_id", remedy=N_("请从问题页面发起吹哨")))
        return None
    if row.restricted:
        remedy = N_("请不要关联这个问题，或按作风纪律的渠道办理")
        faults.append(Fault(N_("受限问题不能通过吹哨告知其他单位"), "finding_id", remedy=remedy))
        return None
    return finding_id


@dataclass(frozen=True, slots=True)
class Subject:
    """What a whistle about a finding starts from (吹哨起因): its title and its place."""

    id: UUID
    matter: str
    place: str


def subject_of(session: Session, actor: Actor, finding_id: UUID, on: date) -> Subject | None:
    """The finding that somebody would whistle about, when he sees it and it may be spoken of to other units."""
    if find_finding(session, actor, finding_id, on, []) is None:
        return None
    query = select(Finding.title, Finding.place, Site.name).outerjoin(
        Site, (Site.tenant_id == Finding.tenant_id) & (Site.id == Finding.site_id)
    )
    title, place, site = session.execute(query.where(Finding.id == finding_id)).one()
    return Subject(finding_id, title, place or site or "")
