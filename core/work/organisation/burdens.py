"""What hangs on a unit (在手事项): open findings, people, places, papers - what must go somewhere before it can be closed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal, select, union_all

from core.errors import N_
from core.work.dated import touches, valid_on
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.tables import Finding, Part, Site
from core.work.tables.charts import AreaMember, SiteGrid
from core.work.tables.duties import Sponsorship
from core.work.tables.notices import Notice, NoticeAddressee
from core.work.tables.routes import RoutingRule
from tenants.access import Actor
from tenants.models import Holding, Post, Unit, UnitParent, UnitRole
from tenants.scope import ScopedSession

Rows = Select[*tuple[Any, ...]]
OPEN_NOTICES = ("issued", "read", "signed", "replied")


@dataclass(slots=True)
class Burden:
    """What hangs on one unit, counted (在手事项数).

    ``children`` are the units directly under it, ``findings`` those that are not closed and have a part here, ``holdings``
    appointments in force or to come, ``sites`` those in its territory or in its operation that are in use.
    """

    children: int = 0
    findings: int = 0
    posts: int = 0
    holdings: int = 0
    sites: int = 0
    sponsorships: int = 0
    roles: int = 0
    notices: int = 0
    areas: int = 0
    grids: int = 0
    rules: int = 0

    @property
    def any(self) -> bool:
        """Whether anything hangs on the unit but posts that nobody holds."""
        return any(count for name, count in self.counts().items() if name != "posts")

    def counts(self) -> dict[str, int]:
        """The counts by their names in :data:`WORDS`."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def add(self, other: Burden) -> None:
        """Add another unit's counts."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


WORDS: Mapping[str, str] = {
    "children": N_("下级单位"),
    "findings": N_("未办结问题"),
    "posts": N_("岗位"),
    "holdings": N_("在岗任职"),
    "sites": N_("在用点位"),
    "sponsorships": N_("包保关系"),
    "roles": N_("部门职责"),
    "notices": N_("未办结通知"),
    "areas": N_("片区成员"),
    "grids": N_("网格归属"),
    "rules": N_("派遣规则"),
}


# The same as a refusal says it.
STILL: Mapping[str, str] = {
    "children": N_("还有 {n} 个下级单位"),
    "findings": N_("还有 {n} 件未办结问题"),
    "holdings": N_("还有 {n} 人次在岗"),
    "sites": N_("还有 {n} 个在用点位"),
    "sponsorships": N_("还有 {n} 项包保关系"),
    "roles": N_("还承担 {n} 项部门职责"),
    "notices": N_("还有 {n} 份未办结通知"),
    "areas": N_("还有 {n} 项片区成员关系"),
    "grids": N_("还有 {n} 个点位划在这个网格"),
    "rules": N_("还有 {n} 条派遣规则用到它"),
}


@dataclass(frozen=True, slots=True)
class Burdens:
    """The burdens of several units, empty ones for the rest."""

    by_unit: Mapping[UUID, Burden] = field(default_factory=dict)

    def of(self, unit_id: UUID) -> Burden:
        """What hangs on one unit."""
        return self.by_unit.get(unit_id) or Burden()

    def total(self) -> Burden:
        """Everything together."""
        whole = Burden()
        for one in self.by_unit.values():
            whole.add(one)
        return whole


def burdens(session: ScopedSession, actor: Actor | None, units: Collection[UUID], on: date) -> Burdens:
    """What hangs on some units on a day (one statement). With an actor, findings that he may see are counted alone."""
    tenant, ids = session.tenant_id, list(units)
    if not ids:
        return Burdens()
    counted = union_all(
        *(_named(name, chosen) for name, chosen in (*_chart(tenant, ids, on), *_work(tenant, actor, ids, on)))
    )
    found: dict[UUID, Burden] = {}
    for name, unit_id, number in session.execute(counted):
        burden = found.setdefault(unit_id, Burden())
        setattr(burden, name, getattr(burden, name) + number)
    return Burdens(found)


def _named(name: str, chosen: Rows) -> Rows:
    rows = chosen.subquery()
    return select(literal(name).label("name"), rows.c.unit_id, func.count()).group_by(rows.c.unit_id)


def _chart(tenant: int, ids: list[UUID], on: date) -> list[tuple[str, Rows]]:
    children = (
        select(UnitParent.parent_id.label("unit_id"))
        .join(Unit, (Unit.tenant_id == UnitParent.tenant_id) & (Unit.id == UnitParent.unit_id))
        .where(UnitParent.tenant_id == tenant, UnitParent.parent_id.in_(ids))
        .where(valid_on(UnitParent, on), valid_on(Unit, on))
    )
    posts = select(Post.unit_id).where(Post.tenant_id == tenant, Post.unit_id.in_(ids))
    holdings = (
        select(Post.unit_id)
        .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
        .where(Post.tenant_id == tenant, Post.unit_id.in_(ids), touches(Holding, on, None))
    )
    roles = select(UnitRole.unit_id).where(
        UnitRole.tenant_id == tenant, UnitRole.unit_id.in_(ids), touches(UnitRole, on, None)
    )
    return [("children", children), ("posts", posts), ("holdings", holdings), ("roles", roles)]


def _work(tenant: int, actor: Actor | None, ids: list[UUID], on: date) -> list[tuple[str, Rows]]:
    parts = (
        select(Part.unit_id, Part.finding_id)
        .distinct()
        .join(Finding, (Finding.tenant_id == Part.tenant_id) & (Finding.id == Part.finding_id))
        .where(Part.tenant_id == tenant, Part.unit_id.in_(ids), Part.ended_at.is_(None))
        .where(Finding.state.in_(NOT_CLOSED))
    )
    if actor is not None:
        parts = parts.where(sees_finding(actor, on))
    found: list[tuple[str, Rows]] = [("findings", parts)]
    used = (Site.tenant_id == tenant, Site.state == "active")
    for one in (Site.unit_id, Site.operator_unit_id):
        sited = select(one.label("unit_id")).where(*used, one.in_(ids))
        found.append(("sites", sited))
    for one in (Sponsorship.unit_id, Sponsorship.object_unit_id):
        sponsored = select(one.label("unit_id")).where(Sponsorship.tenant_id == tenant, one.in_(ids))
        found.append(("sponsorships", sponsored.where(touches(Sponsorship, on, None))))
    notices = (
        select(NoticeAddressee.unit_id)
        .join(Notice, (Notice.tenant_id == NoticeAddressee.tenant_id) & (Notice.id == NoticeAddressee.notice_id))
        .where(NoticeAddressee.tenant_id == tenant, NoticeAddressee.unit_id.in_(ids))
    )
    found.append(("notices", notices.where(NoticeAddressee.state.in_(OPEN_NOTICES), Notice.restricted.is_(False))))
    for member in (AreaMember.area_id, AreaMember.unit_id):
        members = select(member.label("unit_id")).where(AreaMember.tenant_id == tenant, member.in_(ids))
        found.append(("areas", members.where(touches(AreaMember, on, None))))
    grids = select(SiteGrid.unit_id).where(SiteGrid.tenant_id == tenant, SiteGrid.unit_id.in_(ids))
    found.append(("grids", grids.where(touches(SiteGrid, on, None))))
    for rule in (RoutingRule.territory_id, RoutingRule.line_unit_id, RoutingRule.place_unit_id):
        rules = select(rule.label("unit_id")).where(RoutingRule.tenant_id == tenant, rule.in_(ids))
        found.append(("rules", rules.where(touches(RoutingRule, on, None))))
    return found


def has_unseen(session: ScopedSession, unit_id: UUID) -> bool:
    """Whether any finding that is not closed has a part at the unit, seen by the actor or not; for guards, never shown."""
    chosen = (
        select(Part.finding_id)
        .join(Finding, (Finding.tenant_id == Part.tenant_id) & (Finding.id == Part.finding_id))
        .where(Part.unit_id == unit_id, Part.ended_at.is_(None), Finding.state.in_(NOT_CLOSED))
    )
    return session.scalars(chosen.limit(1)).first() is not None
