"""Onboarding a district or a bureau (开通): its row on the platform, its real units, its departments, its campaigns.

Two transactions cannot be one: the platform's row is committed first, the tenant's own rows follow. Whatever breaks in
between, the same call again completes what is missing and changes nothing that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.campaigns.catalogue import Campaign
from core.campaigns.registry import Registry, installed
from core.campaigns.terms import Role
from core.campaigns.vocabulary import load_vocabulary
from core.work.accounts import tenant_ref
from core.work.calendar import seed_calendar
from core.work.divisions import CODE_ISSUER, STATED, Division, subtree
from core.work.enabling import enable
from core.work.journal import record
from core.work.organisation.territory import (
    Growth,
    NewUnit,
    Renamed,
    coded_units,
    offices,
    plan_departments,
    plan_divisions,
    plant,
    settle_departments,
    settle_divisions,
)
from core.work.tables import CalendarDay
from core.work.tenancy import Claim, claim, find_upper, settle_tenant, standing
from tenants.access import DISTRICT, TenantRef
from tenants.accounts import Tenant
from tenants.db import new_id
from tenants.models import EnabledCampaign, Unit, UnitRole
from tenants.scope import ScopedSession

OpenTenant = Callable[[int], AbstractContextManager[ScopedSession]]

LEVEL_OF_KIND = {"subdistrict": "2", "community": "3", "village": "3"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What onboarding did, or would do in a dry run (开通结果).

    ``units`` counts the standing units by level under the district, "2" subdistricts and "3" communities and villages;
    ``added``, ``departments`` and ``campaigns`` name what this call added; ``renamed`` what the list calls differently.
    In a dry run of a new tenant ``tenant.id`` is 0.
    """

    tenant: TenantRef
    created: bool
    units: dict[str, int]
    added: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    dry_run: bool = False

    def plain(self) -> dict[str, object]:
        """The outcome as the command line's JSON says it: slug, whether it is new, units by level."""
        return {"tenant": self.tenant.slug, "created": self.created, "units": dict(self.units)}


def create_district(
    platform_session: Session,
    open_tenant: OpenTenant,
    *,
    today: date,
    division: str | None = None,
    name: str | None = None,
    slug: str | None = None,
    campaigns: Iterable[str] = (),
    upper: str | None = None,
    is_demo: bool = False,
    dry_run: bool = False,
    registry: Registry | None = None,
) -> Outcome:
    """Onboard a district (区县开通) from its six-digit division code, or from a name and a slug.

    ``open_tenant`` is ``wall.open``; ``upper`` is the slug of its city's tenant, or its province's; ``campaigns`` are keys of installed ones.
    Commits both sessions (see above); a dry run writes nothing. Raises InvalidInput (unknown division, bad slug),
    NotFound (unknown bureau or campaign) and Conflict (the slug belongs to another tenant), all before anything is written.
    """
    wanted = claim(DISTRICT, division, name, slug)
    known = installed() if registry is None else registry
    chosen = [known.get(key) for key in dict.fromkeys(campaigns)]
    above = find_upper(platform_session, wanted, upper) if upper else None
    if dry_run:
        return _rehearse(platform_session, open_tenant, wanted, above, chosen, is_demo=is_demo)
    row, created = settle_tenant(platform_session, wanted, above, is_demo=is_demo)
    ref = tenant_ref(row)
    platform_session.commit()
    # The row's lock lets two onboardings of the same district follow each other instead of planting it twice.
    platform_session.execute(select(Tenant.id).where(Tenant.id == ref.id).with_for_update())
    with open_tenant(ref.id) as session:
        outcome = _settle(session, ref, wanted, chosen, today, created=created)
        session.commit()
    platform_session.commit()
    return outcome


def create_bureau(
    platform_session: Session,
    open_tenant: OpenTenant,
    *,
    today: date,
    kind: str = "city",
    division: str | None = None,
    name: str | None = None,
    slug: str | None = None,
    upper: str | None = None,
    is_demo: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Onboard a bureau of a city, a province or the nation (市级、省级、国家级开通) with its root unit.

    A municipality (直辖市) is a city with its province's code. ``upper`` is the slug of the bureau above. Raises as
    create_district.
    """
    wanted = claim(kind, division, name, slug)
    above = find_upper(platform_session, wanted, upper) if upper else None
    if dry_run:
        row = standing(platform_session, wanted, above)
        return Outcome(
            tenant_ref(row) if row else _unborn(wanted, above, is_demo=is_demo), row is None, {}, dry_run=True
        )
    row, created = settle_tenant(platform_session, wanted, above, is_demo=is_demo)
    ref = tenant_ref(row)
    platform_session.commit()
    platform_session.execute(select(Tenant.id).where(Tenant.id == ref.id).with_for_update())
    with open_tenant(ref.id) as session:
        _settle_root(session, wanted, today)
        session.commit()
    platform_session.commit()
    return Outcome(ref, created, {})


def _settle(
    session: ScopedSession, ref: TenantRef, wanted: Claim, campaigns: Sequence[Campaign], today: date, *, created: bool
) -> Outcome:
    """Complete a district's own rows: root, territory, departments, calendar, campaigns."""
    root, since = _settle_root(session, wanted, today)
    growth = settle_divisions(session, root, _below(wanted), since)
    departments = settle_departments(session, root, _roles(campaigns), since)
    known = set(session.scalars(select(EnabledCampaign.campaign)))
    fresh = [c for c in campaigns if c.key not in known]
    if created or not session.scalar(select(func.count()).select_from(CalendarDay)):
        seed_calendar(session, (today.year, today.year + 1))
    for campaign in fresh:
        enable(session, None, campaign, today=today)
    if growth.added or departments:
        added = {"units": len(growth.added), "departments": len(departments)}
        record(session, None, "tenant.onboard", "tenant", ref.slug, code=ref.code, **added)
    return _outcome(ref, created, growth, departments, fresh, _levels(session))


def _settle_root(session: ScopedSession, wanted: Claim, today: date) -> tuple[UUID, date]:
    """The tenant's own unit, planted when missing, and the day from which its units are valid.

    Units of the national list stood on the day that it states; so does the district itself.
    """
    standing_root = session.scalars(select(Unit).where(Unit.kind == wanted.kind, Unit.tree == "administration")).first()
    if standing_root is not None:
        return standing_root.id, standing_root.valid_from
    since = min(STATED, today) if wanted.division else today
    code, issuer = (wanted.division.code, CODE_ISSUER) if wanted.division else (None, None)
    root = NewUnit(wanted.name, wanted.kind, None, code, issuer)
    plant(session, [root], since)
    record(session, None, "unit.add", "unit", root.id, name=root.name)
    return root.id, since


def _rehearse(
    platform_session: Session,
    open_tenant: OpenTenant,
    wanted: Claim,
    upper: TenantRef | None,
    campaigns: Sequence[Campaign],
    *,
    is_demo: bool,
) -> Outcome:
    """What onboarding would do, without writing."""
    row = standing(platform_session, wanted, upper)
    if row is None:
        root = new_id()
        growth = plan_divisions(_below(wanted), root, {})
        departments, _ = plan_departments(_roles(campaigns), root, (), {})
        ref = _unborn(wanted, upper, is_demo=is_demo)
        return _outcome(ref, True, growth, departments, campaigns, {}, dry_run=True)
    with open_tenant(row.id) as session:
        top = session.scalars(select(Unit.id).where(Unit.kind == DISTRICT, Unit.tree == "administration")).first()
        root = top or new_id()
        growth = plan_divisions(_below(wanted), root, coded_units(session))
        mapped = set(session.scalars(select(UnitRole.role).distinct()))
        departments, _ = plan_departments(_roles(campaigns), root, mapped, offices(session, root))
        known = set(session.scalars(select(EnabledCampaign.campaign)))
        fresh = [c for c in campaigns if c.key not in known]
        return _outcome(tenant_ref(row), False, growth, departments, fresh, _levels(session), dry_run=True)


def _outcome(
    ref: TenantRef,
    created: bool,
    growth: Growth,
    departments: Sequence[NewUnit],
    campaigns: Sequence[Campaign],
    standing_units: dict[str, int],
    *,
    dry_run: bool = False,
) -> Outcome:
    units = {"2": 0, "3": 0} | standing_units
    if dry_run:
        for unit in growth.added:
            units[LEVEL_OF_KIND[unit.kind]] += 1
    return Outcome(
        ref,
        created,
        units,
        tuple(u.name for u in growth.added),
        tuple(u.name for u in departments),
        tuple(c.key for c in campaigns),
        growth.renamed,
        dry_run,
    )


def _levels(session: ScopedSession) -> dict[str, int]:
    rows = session.execute(
        select(Unit.kind, func.count()).where(Unit.kind.in_(LEVEL_OF_KIND), Unit.valid_to.is_(None)).group_by(Unit.kind)
    )
    found: dict[str, int] = {}
    for kind, count in rows:
        found[LEVEL_OF_KIND[kind]] = found.get(LEVEL_OF_KIND[kind], 0) + count
    return found


def _below(wanted: Claim) -> list[Division]:
    if wanted.division is None:
        return []
    return [d for d in subtree(wanted.division.code) if d.level in ("subdistrict", "community")]


def _roles(campaigns: Iterable[Campaign]) -> list[Role]:
    return [*load_vocabulary().roles.values(), *(role for c in campaigns for role in c.roles)]


def _unborn(wanted: Claim, upper: TenantRef | None, *, is_demo: bool) -> TenantRef:
    code = wanted.division.code if wanted.division else None
    return TenantRef(0, wanted.slug, wanted.name, wanted.kind, is_demo, code, upper.id if upper else None)
