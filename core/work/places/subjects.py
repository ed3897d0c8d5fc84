"""Grids and villages as places to check (检查对象): one site of the type grid or village for each unit, following the chart.

The site bears the unit's name and lies in it, so whoever has a post there reaches it. A new unit is offered, a renamed one
renamed, the site of a closed one is closed; nothing is deleted, and asking twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select

from core.errors import N_, Fault, InvalidInput
from core.work.dated import valid_on
from core.work.journal import record
from core.work.names import pinyin_key
from core.work.permits import require
from core.work.places.grams import index_sites
from core.work.roles import KEEP_SITES
from core.work.tables import Site, SiteKind
from tenants.access import Actor, root_unit
from tenants.db import new_id
from tenants.models import Unit
from tenants.scope import ScopedSession

GRID, VILLAGE = "grid", "village"
SUBJECTS: Mapping[str, str] = {GRID: N_("网格"), VILLAGE: N_("行政村")}  # kind of unit, and site type of the same code


@dataclass(frozen=True, slots=True)
class SubjectPlan:
    """What is to be done (检查对象核对): units without a place, places whose unit is renamed, places whose unit is gone.

    ``standing`` is how many are as they should be.
    """

    kind: str
    missing: Sequence[Unit]
    renamed: Sequence[tuple[Site, str]]
    ended: Sequence[Site]
    standing: int

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.missing or self.renamed or self.ended)


def plan_subjects(session: ScopedSession, kind: str, on: date) -> SubjectPlan:
    """Compare the units of a kind with the places made for them on a day (two queries). Raises InvalidInput for another kind."""
    if kind not in SUBJECTS:
        raise InvalidInput(
            faults=[Fault(N_("没有这种检查对象"), "kind", value=kind[:20], remedy=N_("可填 grid、village"))]
        )
    units = {unit.id: unit for unit in session.scalars(_units(kind, on))}
    sites = session.scalars(
        select(Site)
        .join(SiteKind, (SiteKind.tenant_id == Site.tenant_id) & (SiteKind.site_id == Site.id))
        .where(Site.state == "active", SiteKind.site_type == kind, SiteKind.valid_to.is_(None))
        .order_by(Site.created_at, Site.id)
    ).all()
    keepers = _keepers(sites, units)
    renamed = [(site, units[unit].name) for unit, site in keepers.items() if site.name != units[unit].name]
    kept = {site.id for site in keepers.values()}
    missing = [unit for key, unit in units.items() if key not in keepers]
    ended = [site for site in sites if site.id not in kept]
    return SubjectPlan(kind, missing, renamed, ended, len(keepers) - len(renamed))


def _units(kind: str, on: date) -> Select[Unit]:
    return (
        select(Unit).where(Unit.kind == kind, valid_on(Unit, on)).order_by(Unit.code.nulls_last(), Unit.pinyin, Unit.id)
    )


def _keepers(sites: Collection[Site], units: Mapping[UUID, Unit]) -> dict[UUID, Site]:
    """The place that stays for each unit: the one of its name, else the oldest. A merged unit's place moved in beside it."""
    found: dict[UUID, Site] = {}
    for site in sites:
        if site.unit_id in units:
            known = found.setdefault(site.unit_id, site)
            if known.name != units[site.unit_id].name == site.name:
                found[site.unit_id] = site
    return found


def settle_subjects(session: ScopedSession, actor: Actor | None, kind: str, *, today: date) -> SubjectPlan:
    """Make, rename and close places so that each unit of a kind has one (建立检查对象); gives what was done.

    Raises Forbidden unless the actor keeps sites in the whole district, and InvalidInput for another kind.
    """
    root = root_unit(session)
    require(session, actor, KEEP_SITES, root.id, today)
    session.execute(
        select(Unit.id).where(Unit.id == root.id).with_for_update()
    )  # two at once would make all of them twice
    plan = plan_subjects(session, kind, today)
    taken = {
        (unit, name) for unit, name in session.execute(select(Site.unit_id, Site.name).where(Site.state == "active"))
    }
    for site in plan.ended:
        site.state = "closed"
        record(session, actor, "site.change", "site", site.id, changes={"state": "closed"}, before={"state": "active"})
    for site, name in plan.renamed:
        site.name, site.pinyin = name, pinyin_key(name)
        record(session, actor, "site.change", "site", site.id, changes={"name": name})
    made = [_site(unit, kind, taken) for unit in plan.missing]
    session.add_all(made)
    session.flush()
    session.add_all(SiteKind(site_id=site.id, site_type=kind, valid_from=today) for site in made)
    for site in made:
        record(session, actor, "site.add", "site", site.id, name=site.name, types=[kind])
    session.flush()
    index_sites(session, [site.id for site in (*made, *(site for site, _ in plan.renamed))])
    return plan


def _site(unit: Unit, kind: str, taken: Collection[tuple[UUID, str]]) -> Site:
    """The place of a unit; where a place of another type bears the unit's very name, ours says what it is."""
    name = f"{unit.name}（{SUBJECTS[kind]}）" if (unit.id, unit.name) in taken else unit.name
    return Site(id=new_id(), name=name, pinyin=pinyin_key(name), unit_id=unit.id, attrs={})
