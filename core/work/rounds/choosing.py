"""Choosing sites for a round (选点): by type, unit, area, what is open there, when it was last visited, or an earlier round."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, func, literal, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.dated import valid_on
from core.work.loop.states import CLOSED_STATES, NOT_CLOSED
from core.work.organisation.areas import in_area
from core.work.rounds.counted import counts_for
from core.work.rounds.sight import get_round
from core.work.rounds.stops import PLANNED
from core.work.tables import Finding, ItemResult, Round, RoundStop, Site, SiteKind, Visit
from tenants.access import Actor, subtree
from tenants.models import Unit

OFFERED = 500  # sites shown at once (ours)
STANDINGS: Mapping[str, str] = {
    "open": N_("有未办结的问题"),
    "clean": N_("没有未办结的问题"),
    "closed": N_("有已销号的问题"),
}
EARLIER: Mapping[str, str] = {"failed": N_("查出问题的点位"), "closed": N_("问题已销号的点位")}


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """Which sites (选点条件): ``idle_days`` not visited by anybody for so long; ``earlier`` and ``of_earlier`` an earlier round.

    ``standing`` is by findings that are no secret and not restricted. ``only`` are sites that were chosen elsewhere, such as by attainment.
    """

    types: tuple[str, ...] = ()
    unit_id: UUID | None = None
    area_id: UUID | None = None
    standing: str = ""
    idle_days: int | None = None
    text: str = ""
    earlier: UUID | None = None
    of_earlier: str = "failed"
    only: Collection[UUID] | None = None
    limit: int = OFFERED


@dataclass(frozen=True, slots=True)
class Choice:
    """A site to choose (可选点位); ``last`` is the day of anybody's last visit that is no secret."""

    id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    last: date | None


def find_sites(session: Session, actor: Actor, of: Round, wanted: SiteFilter, on: date) -> list[Choice]:
    """Active sites of the round's unit that are not in it yet, the longest unvisited first. Raises InvalidInput, NotFound."""
    tenant = of.tenant_id
    query = (
        select(Site.id, Site.name, Site.unit_id, Unit.name, _last(tenant))
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .where(Site.state == "active", Site.unit_id.in_(subtree(tenant, of.unit_id, on)))
        .where(*_conditions(tenant, wanted, on))
        .order_by(_last(tenant).asc().nulls_first(), Site.pinyin, Site.id)
        .limit(wanted.limit)
    )
    there = select(RoundStop.site_id).where(RoundStop.round_id == of.id, RoundStop.state == PLANNED)
    query = query.where(Site.id.not_in(there.where(RoundStop.tenant_id == tenant)))
    if wanted.earlier is not None:
        query = query.where(Site.id.in_(_of_earlier(session, actor, of, wanted, on)))
    return [Choice(*row) for row in session.execute(query)]


def _last(tenant: int) -> ColumnElement[date]:
    last = select(func.max(Visit.day)).where(
        Visit.tenant_id == tenant, Visit.site_id == Site.id, Visit.replaced_at.is_(None), Visit.hidden.is_(False)
    )
    return last.correlate(Site).scalar_subquery()


def _conditions(tenant: int, wanted: SiteFilter, on: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.types:
        typed = select(SiteKind.site_id).where(
            SiteKind.tenant_id == tenant, SiteKind.site_type.in_(wanted.types), valid_on(SiteKind, on)
        )
        found.append(Site.id.in_(typed))
    if wanted.unit_id is not None:
        found.append(Site.unit_id.in_(subtree(tenant, wanted.unit_id, on)))
    if wanted.area_id is not None:
        found.append(in_area(tenant, wanted.area_id, on, Site.unit_id, Site.id))
    if wanted.text.strip():
        said = wanted.text.strip()
        found.append(or_(Site.name.contains(said, autoescape=True), Site.code == said))
    if wanted.standing:
        found.append(_standing(tenant, wanted.standing))
    if wanted.only is not None:
        found.append(Site.id == any_(literal(sorted(wanted.only), ARRAY(Uuid))))
    if wanted.idle_days is not None:
        found.append(func.coalesce(_last(tenant) <= on - timedelta(days=wanted.idle_days), True))
    return found


def _standing(tenant: int, standing: str) -> ColumnElement[bool]:
    """Condition on Site by the findings there, none of them secret or restricted."""
    if standing not in STANDINGS:
        raise InvalidInput(faults=[Fault(N_("选项无效"), "standing", value=standing[:20], remedy=N_("请从列表里选"))])
    states = CLOSED_STATES if standing == "closed" else NOT_CLOSED
    having = Site.id.in_(_found(tenant, states))
    return ~having if standing == "clean" else having


def _found(tenant: int, states: Sequence[str]) -> Select[UUID | None]:
    return select(Finding.site_id).where(
        Finding.tenant_id == tenant,
        Finding.site_id.is_not(None),
        Finding.state.in_(states),
        Finding.hidden.is_(False),
        Finding.restricted.is_(False),
    )


def _of_earlier(session: Session, actor: Actor, of: Round, wanted: SiteFilter, on: date) -> Select[UUID | None]:
    """The sites of an earlier round where something failed, or where what it found is closed by now."""
    assert wanted.earlier is not None, "asked for with one only"
    earlier = get_round(session, actor, wanted.earlier, on)
    if earlier.hidden and not of.hidden:
        remedy = N_("请等它解密，或把这一轮也设为暗访")
        raise InvalidInput(faults=[Fault(N_("公开的轮次不能取自没有解密的暗访"), "earlier", remedy=remedy)])
    tenant = of.tenant_id
    visits = select(Visit.id).where(Visit.tenant_id == tenant, counts_for(earlier))
    if wanted.of_earlier == "closed":
        its = or_(Finding.visit_id.in_(visits), Finding.round_id == earlier.id)
        closed = select(Finding.site_id).where(Finding.tenant_id == tenant, its)
        return closed.where(Finding.state.in_(CLOSED_STATES), Finding.restricted.is_(False))
    failed = select(ItemResult.site_id).where(ItemResult.tenant_id == tenant, ItemResult.visit_id.in_(visits))
    return failed.where(ItemResult.outcome == "fail")
