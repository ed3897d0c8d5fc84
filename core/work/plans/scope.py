"""What a drive binds (整治范围): categories of findings, types of sites, units or areas, single sites; of the whole or line by line.

Findings are those of the categories *and* at places of the types *and* in the units or at the sites; what is not said does not
narrow. An area (集中连片片区) is a unit here: its members count across the lines of streets. A scope that says nothing binds
nothing. A drive with lines may bind each line by itself (444 专项整治): the whole is then all of these together, each thing once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.organisation.areas import in_area
from core.work.plans.kinds import DRIVE
from core.work.plans.sight import get_line, to_change
from core.work.plans.steps import step
from core.work.plans.writing import CHOOSE
from core.work.tables import Finding, Plan, Site, SiteKind
from tenants.access import Actor
from tenants.models import Unit

LINES = "lines"  # under this word a scope keeps what its lines bind
MOST = 300  # units or sites that one scope names (ours)


@dataclass(frozen=True, slots=True)
class DriveScope:
    """What a drive, or one of its lines, is about (整治范围)."""

    categories: tuple[str, ...] = ()
    site_types: tuple[str, ...] = ()
    units: tuple[UUID, ...] = ()
    sites: tuple[UUID, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it binds nothing."""
        return not (self.categories or self.site_types or self.units or self.sites)

    @property
    def has_places(self) -> bool:
        """Whether it names places, so that it can be told how many of them were touched."""
        return bool(self.site_types or self.units or self.sites)

    def to_json(self) -> dict[str, list[str]]:
        """As the plan keeps it: sorted, what is not said left out."""
        said = {
            "categories": sorted(self.categories),
            "site_types": sorted(self.site_types),
            "units": sorted(map(str, self.units)),
            "sites": sorted(map(str, self.sites)),
        }
        return {name: values for name, values in said.items() if values}


def scope_of(plan: Plan, line_id: UUID | None = None) -> DriveScope:
    """What a plan binds itself, or one of its lines."""
    raw: Mapping[str, Any] = plan.scope if line_id is None else plan.scope.get(LINES, {}).get(str(line_id), {})
    return DriveScope(
        tuple(raw.get("categories", ())),
        tuple(raw.get("site_types", ())),
        tuple(UUID(one) for one in raw.get("units", ())),
        tuple(UUID(one) for one in raw.get("sites", ())),
    )


def scopes_of(plan: Plan, dropped: Collection[UUID] = ()) -> list[DriveScope]:
    """All that a plan and its lines bind, as far as they bind anything; ``dropped`` are lines that were given up."""
    bound = (UUID(one) for one in sorted(plan.scope.get(LINES, {})))
    whole = [scope_of(plan), *(scope_of(plan, line) for line in bound if line not in dropped)]
    return [one for one in whole if not one.is_empty]


def findings_in(tenant_id: int, scopes: Collection[DriveScope], on: date) -> ColumnElement[bool]:
    """Condition on Finding: any of the scopes binds it. Sight is the caller's."""
    return or_(false(), *(_findings_of(tenant_id, one, on) for one in scopes if not one.is_empty))


def sites_in(tenant_id: int, scopes: Collection[DriveScope], on: date) -> ColumnElement[bool]:
    """Condition on Site: any of the scopes names it, or its type, or where it is; categories alone name no site."""
    return or_(false(), *(_sites_of(tenant_id, one, on) for one in scopes if one.has_places))


def _findings_of(tenant_id: int, scope: DriveScope, on: date) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = []
    if scope.categories:
        found.append(Finding.category.in_(scope.categories))
    if scope.site_types:
        found.append(Finding.site_id.in_(_of_types(tenant_id, scope, on)))
    places = [in_area(tenant_id, one, on, Finding.unit_id, Finding.site_id) for one in scope.units]
    if scope.sites:
        places.append(Finding.site_id.in_(scope.sites))
    return and_(*found, *([or_(*places)] if places else []))


def _sites_of(tenant_id: int, scope: DriveScope, on: date) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = [Site.state == "active"]
    if scope.site_types:
        found.append(Site.id.in_(_of_types(tenant_id, scope, on)))
    places = [in_area(tenant_id, one, on, Site.unit_id, Site.id) for one in scope.units]
    if scope.sites:
        places.append(Site.id.in_(scope.sites))
    return and_(*found, *([or_(*places)] if places else []))


def _of_types(tenant_id: int, scope: DriveScope, on: date) -> Any:
    return select(SiteKind.site_id).where(
        SiteKind.tenant_id == tenant_id, SiteKind.site_type.in_(scope.site_types), valid_on(SiteKind, on)
    )


def check_scope(
    session: Session, scope: DriveScope, on: date, *, categories: Collection[str], site_types: Collection[str]
) -> None:
    """Raise InvalidInput naming every word that is not known here; ``categories`` and ``site_types`` are the known ones."""
    faults = [
        Fault(N_("选项无效"), field, value=one[:40], remedy=CHOOSE)
        for field, said, known in (
            ("categories", scope.categories, categories),
            ("site_types", scope.site_types, site_types),
        )
        for one in said
        if one not in known
    ]
    for field, said, table in (("units", scope.units, Unit), ("sites", scope.sites, Site)):
        if len(said) > MOST:
            remedy = N_("最多 {most} 个")
            faults.append(Fault(N_("选得太多"), field, value=str(len(said)), remedy=remedy, params={"most": MOST}))
            continue
        current = valid_on(Unit, on) if table is Unit else Site.state == "active"
        known_ids = set(session.scalars(select(table.id).where(table.id.in_(said), current))) if said else set()
        missing = [one for one in said if one not in known_ids]
        if missing:
            words = {"units": N_("这个单位不存在或已撤销"), "sites": N_("没有这个点位")}
            faults.append(Fault(words[field], field, value=str(len(missing)), remedy=CHOOSE))
    if faults:
        raise InvalidInput(faults=faults)


def set_scope(
    session: Session,
    actor: Actor,
    plan_id: UUID,
    line_id: UUID | None,
    scope: DriveScope,
    *,
    version: int,
    now: datetime,
    categories: Collection[str],
    site_types: Collection[str],
) -> Plan:
    """Bind what a drive or one of its lines is about; an empty scope binds nothing any more.

    Raises InvalidInput, NotFound, Forbidden, Conflict, Stale.
    """
    day = local_day(now)
    of = to_change(session, actor, plan_id, day)
    if of.kind != DRIVE:
        raise Conflict(N_("只有专项整治才设整治范围"))
    line = get_line(session, of, line_id) if line_id else None
    check_scope(session, scope, day, categories=categories, site_types=site_types)
    said = {name: value for name, value in of.scope.items() if name == LINES}
    lines = dict(said.get(LINES, {}))
    if line is None:
        kept = {**scope.to_json(), **said}
    else:
        lines.pop(str(line.id), None)
        lines |= {} if scope.is_empty else {str(line.id): scope.to_json()}
        kept = {
            **{name: value for name, value in of.scope.items() if name != LINES},
            **({LINES: lines} if lines else {}),
        }
    detail = {"line": line.title if line else "", "scope": scope.to_json()}
    return step(session, actor, of, "scope", version=version, now=now, values={"scope": kept}, detail=detail)
