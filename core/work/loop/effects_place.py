"""Moves a finding to where it really is (更正地点): another site, or another territory for a place that is no site.

The unit of the place is stamped anew, its part ends and that of the new place begins, and the history keeps both with the
names of the day. Who leads is not touched by this: routing proposes anew, as with another category.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.loop.parts import lead_of, move_place_part
from core.work.loop.step import Change, Step
from core.work.loop.step_input import PLACED
from core.work.roles import DIRECT
from core.work.tables import Finding, Site
from tenants.access import reach
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a finding was and shall be (地点更正); ``names`` are those of the sites and units on the day, by their ids."""

    unit_id: UUID
    site_id: UUID | None
    longitude: Decimal | None
    latitude: Decimal | None
    names: dict[str, str]

    @property
    def columns(self) -> Change:
        """The finding's columns."""
        return {name: getattr(self, name) for name in ("unit_id", "site_id", "longitude", "latitude")}

    def changed(self, finding: Finding) -> dict[str, str]:
        """What differs, as the history says it."""
        said = {"site_id": self.site_id, "unit_id": self.unit_id}
        return {name: str(value or "") for name, value in said.items() if value != getattr(finding, name)}


def new_place(step: Step) -> Moved | None:
    """Where the correction says that the finding is; None when it says nothing of that. Raises InvalidInput."""
    said = {name: value for name, value in step.given.changes.items() if name in PLACED}
    if not said:
        return None
    site_id, unit_id = said.get("site_id"), said.get("unit_id")
    if site_id:
        return _at_site(step, UUID(site_id), unit_id)
    if site_id is None and step.finding.site_id is not None:
        remedy = N_("请改点位；不在任何点位的，请清空点位并写明位置")
        raise InvalidInput(faults=[Fault(N_("问题在点位上，所在单位随点位"), "changes.unit_id", remedy=remedy)])
    return _at_large(step, unit_id)


def move_parts_of_place(step: Step, moved: Moved, place: UUID) -> Change:
    """Let the new place's unit be informed instead of the old one; gives what the history says."""
    session, finding = step.session, step.finding
    lead = lead_of(session, finding)
    gone = move_place_part(session, finding, place, step.now, is_led=lead is not None and lead.unit_id == place)
    facts: Change = {"names": moved.names}
    if gone is not None and gone != place:
        facts["moved"] = [{"kind": "place", "from": str(gone), "to": str(place)}]
    return facts


def _at_site(step: Step, site_id: UUID, unit_id: str | None) -> Moved:
    row = step.session.execute(
        select(Site, Unit.name)
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .where(Site.id == site_id, Site.state == "active", *_reached(step, Site.unit_id))
    ).first()
    if row is None:
        remedy = N_("请从本辖区在用的点位中选一个")
        raise InvalidInput(faults=[Fault(N_("没有这个点位"), "changes.site_id", value=str(site_id), remedy=remedy)])
    site, unit_name = row
    if unit_id and unit_id != str(site.unit_id):
        remedy = N_("选了点位就不必再选单位")
        raise InvalidInput(
            faults=[Fault(N_("所在单位和点位不一致"), "changes.unit_id", value=unit_name, remedy=remedy)]
        )
    finding = step.finding
    own = finding.visit_id is None or finding.longitude is not None  # a visit's finding lies where its site does
    point = (site.longitude, site.latitude) if own else (None, None)
    names = {str(site.id): site.name, str(site.unit_id): unit_name}
    return Moved(site.unit_id, site.id, *point, _old_names(step) | names)


def _at_large(step: Step, unit_id: str | None) -> Moved:
    """A place that is no site: in words, in a unit's territory."""
    finding = step.finding
    if not (step.given.changes.get("place", finding.place) or finding.restricted):
        remedy = N_("请写明路段、门牌或参照物")
        raise InvalidInput(faults=[Fault(N_("没有写明地点"), "changes.place", remedy=remedy)])
    wanted = UUID(unit_id) if unit_id else finding.unit_id
    query = select(Unit.name).where(Unit.id == wanted, valid_on(Unit, local_day(step.now)), *_reached(step, Unit.id))
    name = step.session.scalar(query)
    if name is None:
        remedy = N_("请从本辖区现有单位中选一个")
        raise InvalidInput(faults=[Fault(N_("没有这个单位"), "changes.unit_id", value=str(wanted), remedy=remedy)])
    point = (finding.longitude, finding.latitude) if finding.site_id is None else (None, None)
    return Moved(wanted, None, *point, _old_names(step) | {str(wanted): name})


def _reached(step: Step, column: Any) -> tuple[Any, ...]:
    """A desk moves a finding within the territory that it directs, nowhere else."""
    return (column.in_(reach(step.actor, DIRECT, local_day(step.now))),) if step.actor else ()


def _old_names(step: Step) -> dict[str, str]:
    finding, session = step.finding, step.session
    found = {str(finding.unit_id): session.scalar(select(Unit.name).where(Unit.id == finding.unit_id)) or ""}
    if finding.site_id is not None:
        found[str(finding.site_id)] = session.scalar(select(Site.name).where(Site.id == finding.site_id)) or ""
    return found
