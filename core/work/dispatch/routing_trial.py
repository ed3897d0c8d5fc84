"""Why would this go there? (派遣试算): the decision that routing would take at a site, with everything that spoke for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns.registry import installed
from core.errors import N_, Fault, InvalidInput, NotFound
from core.work.dispatch.routing import Case, Declared, Place, Route, load_router, owners_at
from core.work.loop.step_input import SEVERITIES
from core.work.roles import SEE
from core.work.tables import Site
from core.work.wording import shown
from tenants.access import Actor, may
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class Trial:
    """A decision as it would be taken (试算结果); ``names`` are the units' names."""

    route: Route
    phases: dict[str, str]
    names: dict[UUID, str]


def declared_of(category: str, campaigns: Iterable[str]) -> Declared:
    """What the shared category declares (类别责任), with the office of the first named campaign. Raises InvalidInput."""
    found = installed().vocabulary.categories.get(category)
    if found is None:
        remedy = N_("请从列表中选择")
        raise InvalidInput(faults=[Fault(N_("没有这个问题类别"), "category", value=shown(category), remedy=remedy)])
    known = installed().campaigns
    office = next((known[key].hq_role for key in sorted(campaigns) if key in known), "")
    return Declared(found.default_owner, found.working_days, office)


def try_route(
    session: Session,
    actor: Actor,
    *,
    category: str,
    site_id: UUID | None = None,
    unit_id: UUID | None = None,
    severity: str = "ordinary",
    campaigns: Iterable[str] = (),
    on: date,
) -> Trial:
    """Decide for a finding that does not exist (two or three queries). Raises InvalidInput, NotFound out of reach."""
    if severity not in SEVERITIES:
        remedy = N_("请从列表中选择")
        raise InvalidInput(faults=[Fault(N_("没有这个严重程度"), "severity", value=shown(severity), remedy=remedy)])
    named = frozenset(campaigns)
    declared = declared_of(category, named)
    site = session.scalars(select(Site).where(Site.id == site_id)).first() if site_id else None
    where = site.unit_id if site else unit_id
    if where is None or (site_id and site is None) or not may(session, actor, SEE, where, on):
        raise NotFound
    owners = owners_at(session, actor, where, site.operator_unit_id if site else None, on)
    router = load_router(session, actor, owners, Place(site_id), [category], on)
    route = router.decide(Case(category, severity, named), declared)
    wanted = {route.line, route.place, *(link.value for link in route.chain if isinstance(link.value, UUID))}
    names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted))).all())
    return Trial(route, dict(router.phases), names)
