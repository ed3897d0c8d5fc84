"""Reads what decides about a place (派遣依据): rules, precedents, phases, its types, zone and areas, all in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Text, Uuid, and_, cast, false, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from core.work.dated import valid_on
from core.work.tables import AreaMember, CampaignPhase, Precedent, RoutingRule, Site, SiteGrid, SiteKind
from tenants.access import Actor
from tenants.models import Unit

_TEXTS = ("category", "site_type", "campaign", "severity", "phase", "zone", "line_role", "reason", "since")
_IDS = ("id", "territory_id", "line_unit_id", "place_unit_id")
_NUMBERS = ("hours", "returns")


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A tenant's rule in force (派遣规则); units that have ended say nothing any more."""

    id: UUID
    category: str
    site_type: str
    territory_id: UUID | None
    campaign: str
    severity: str
    phase: str
    zone: str
    line_unit_id: UUID | None
    line_role: str
    place_unit_id: UUID | None
    hours: int | None
    note: str
    since: str

    @property
    def conditions(self) -> int:
        """How many conditions it has."""
        said = (self.category, self.site_type, self.territory_id, self.campaign, self.severity, self.phase, self.zone)
        return sum(bool(one) for one in said)


@dataclass(frozen=True, slots=True)
class PastRow:
    """A precedent in force (权责判例) whose unit still stands."""

    id: UUID
    category: str
    site_type: str
    territory_id: UUID | None
    campaign: str
    unit_id: UUID
    reason: str
    returns: int


@dataclass
class Sources:
    """Everything that was read (派遣依据)."""

    rules: list[RuleRow] = field(default_factory=list)
    past: list[PastRow] = field(default_factory=list)
    types: frozenset[str] = frozenset()
    zone: str = ""
    phases: dict[str, str] = field(default_factory=dict)
    areas: tuple[UUID, ...] = ()


def read_sources(
    session: Session,
    actor: Actor,
    above: Sequence[UUID],
    site_id: UUID | None,
    categories: set[str],
    on: date,
) -> Sources:
    """Read what decides about findings of some categories at a place (one query); ``above`` is the place and its units."""
    tenant = actor.tenant.id
    arms = [_rules(tenant, categories, on), _past(tenant, categories, on), _phases(tenant, on)]
    arms.append(_areas(tenant, above, site_id, on))
    if site_id is not None:
        arms += [_types(tenant, site_id, on), _grids(tenant, site_id, on), _zone(tenant, site_id)]
    return _sort_out(list(session.execute(union_all(*arms)).mappings()))


def _arm(what: str, **columns: Any) -> list[Any]:
    """One arm's columns; what it does not have is NULL of the right type."""
    found: list[Any] = [literal(what).label("what")]
    for names, kind in ((_TEXTS, Text()), (_IDS, Uuid()), (_NUMBERS, Integer())):
        found += [cast(columns[name] if name in columns else null(), kind).label(name) for name in names]
    return found


def _rules(tenant: int, categories: set[str], on: date) -> Select[Any]:
    line, place = aliased(Unit), aliased(Unit)
    rule = RoutingRule
    columns = {name: getattr(rule, name) for name in ("category", "site_type", "campaign", "severity", "phase", "zone")}
    columns |= {"line_role": rule.line_role, "reason": rule.note, "since": rule.valid_from, "hours": rule.hours}
    columns |= {"id": rule.id, "territory_id": rule.territory_id, "line_unit_id": line.id, "place_unit_id": place.id}
    return (
        select(*_arm("rule", **columns))
        .select_from(rule)
        .outerjoin(line, and_(line.tenant_id == tenant, line.id == rule.line_unit_id, valid_on(line, on)))
        .outerjoin(place, and_(place.tenant_id == tenant, place.id == rule.place_unit_id, valid_on(place, on)))
        .where(rule.tenant_id == tenant, rule.category.in_({"", *categories}), valid_on(rule, on))
    )


def _past(tenant: int, categories: set[str], on: date) -> Select[Any]:
    past = Precedent
    columns = {name: getattr(past, name) for name in ("category", "site_type", "campaign", "reason", "returns")}
    columns |= {"id": past.id, "territory_id": past.territory_id, "line_unit_id": past.unit_id}
    return (
        select(*_arm("past", **columns))
        .select_from(past)
        .join(Unit, and_(Unit.tenant_id == tenant, Unit.id == past.unit_id, valid_on(Unit, on)))
        .where(
            past.tenant_id == tenant,
            past.category.in_(categories),
            or_(past.valid_to.is_(None), past.valid_to > on),
        )
    )


def _phases(tenant: int, on: date) -> Select[Any]:
    phase = CampaignPhase
    columns = {"campaign": phase.campaign, "phase": phase.phase, "since": phase.valid_from}
    return select(*_arm("phase", **columns)).where(phase.tenant_id == tenant, phase.valid_from <= on)


def _areas(tenant: int, above: Sequence[UUID], site_id: UUID | None, on: date) -> Select[Any]:
    here = or_(AreaMember.unit_id.in_(above), AreaMember.site_id == site_id if site_id else false())
    return select(*_arm("area", territory_id=AreaMember.area_id)).where(
        AreaMember.tenant_id == tenant, here, valid_on(AreaMember, on)
    )


def _grids(tenant: int, site_id: UUID, on: date) -> Select[Any]:
    return select(*_arm("area", territory_id=SiteGrid.unit_id)).where(
        SiteGrid.tenant_id == tenant, SiteGrid.site_id == site_id, valid_on(SiteGrid, on)
    )


def _types(tenant: int, site_id: UUID, on: date) -> Select[Any]:
    return select(*_arm("type", site_type=SiteKind.site_type)).where(
        SiteKind.tenant_id == tenant, SiteKind.site_id == site_id, valid_on(SiteKind, on)
    )


def _zone(tenant: int, site_id: UUID) -> Select[Any]:
    return select(*_arm("zone", zone=Site.zone)).where(Site.tenant_id == tenant, Site.id == site_id)


def _sort_out(rows: Sequence[Any]) -> Sources:
    def of(what: str) -> list[Any]:
        return [row for row in rows if row["what"] == what]

    found = Sources()
    for row in of("rule"):
        names = [name for name in RuleRow.__dataclass_fields__ if name != "note"]
        found.rules.append(RuleRow(**{name: row[name] for name in names}, note=row["reason"]))
    for row in of("past"):
        names = [name for name in PastRow.__dataclass_fields__ if name != "unit_id"]
        found.past.append(PastRow(**{name: row[name] for name in names}, unit_id=row["line_unit_id"]))
    found.phases = {row["campaign"]: row["phase"] for row in sorted(of("phase"), key=lambda one: one["since"])}
    found.types = frozenset(row["site_type"] for row in of("type"))
    found.zone = next((row["zone"] for row in of("zone")), "")
    found.areas = tuple(dict.fromkeys(row["territory_id"] for row in of("area")))
    return found
