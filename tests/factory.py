"""Small districts for tests (测试用区县): written straight into the tables, committed for real."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.campaigns.vocabulary import load_vocabulary
from core.work.accounts import find_login, open_login
from core.work.actors import resolve_actor
from core.work.tables import Site, SiteKind
from tenants.access import Actor, TenantRef
from tenants.accounts import AppUser, Membership, Tenant
from tenants.db import now
from tenants.models import EnabledCampaign, Holding, Person, Post, Unit, UnitParent, UnitPath, UnitRole
from tenants.scope import ScopedSession, Wall

SINCE = date(2020, 1, 1)


@dataclass
class District:
    """A district with one subdistrict, two communities and one department a role."""

    ref: TenantRef
    root: UUID
    street: UUID
    communities: list[UUID]
    departments: dict[str, UUID] = field(default_factory=dict)

    def session(self, wall: Wall) -> ScopedSession:
        return wall.open(self.ref.id)


def add_unit(session: ScopedSession, kind: str, name: str, parents: list[UUID], code: str | None = None) -> UUID:
    """Add a unit under the given ancestors, nearest first."""
    unit = Unit(kind=kind, name=name, pinyin=name, code=code, valid_from=SINCE)
    session.add(unit)
    session.flush()
    session.add(UnitPath(ancestor_id=unit.id, unit_id=unit.id, valid_from=SINCE, depth=0))
    if parents:
        session.add(UnitParent(unit_id=unit.id, parent_id=parents[0], valid_from=SINCE))
    for depth, ancestor in enumerate(parents, 1):
        session.add(UnitPath(ancestor_id=ancestor, unit_id=unit.id, valid_from=SINCE, depth=depth))
    session.flush()
    return unit.id


def bare_tenant(wall: Wall, kind: str = "district", name: str = "测试区", city_id: int | None = None) -> TenantRef:
    """A tenant row alone."""
    slug = f"t{uuid.uuid4().hex[:10]}"
    with wall.platform() as session:
        tenant = Tenant(slug=slug, kind=kind, name=name, pinyin="ceshiqu", city_id=city_id)
        session.add(tenant)
        session.commit()
        return TenantRef(tenant.id, slug, name, kind, city_id=city_id)


def bare_district(
    wall: Wall, name: str = "测试区", campaigns: dict[str, tuple[str, str]] | None = None, city_id: int | None = None
) -> District:
    """A district with units and departments; ``campaigns`` maps key to (edition key, edition sha256), all enabled."""
    ref = bare_tenant(wall, name=name, city_id=city_id)
    with wall.open(ref.id) as session:
        root = add_unit(session, "district", name, [])
        street = add_unit(session, "subdistrict", f"{name}一街道", [root])
        homes = [add_unit(session, "community", f"{name}第{n}社区", [street, root]) for n in (1, 2)]
        made = District(ref, root, street, homes)
        for role in load_vocabulary().roles.values():
            if role.kind in ("department", "hq"):
                made.departments[role.code] = add_unit(session, role.kind, f"{name}{role.name_zh}", [root])
                session.add(UnitRole(role=role.code, unit_id=made.departments[role.code], valid_from=SINCE))
        for key, (edition, sha256) in (campaigns or {}).items():
            session.add(EnabledCampaign(campaign=key, state="enabled", edition=edition, edition_sha256=sha256))
        session.commit()
    return made


def add_actor(wall: Wall, ref: TenantRef, role: str, unit_id: UUID, name: str = "") -> Actor:
    """A person with one post of a role at a unit, resolved as an actor."""
    with wall.open(ref.id) as session:
        person = Person(name=name or f"{role}-{uuid.uuid4().hex[:6]}")
        post = Post(unit_id=unit_id, title=role, role=role)
        session.add_all([person, post])
        session.flush()
        session.add(Holding(person_id=person.id, post_id=post.id, valid_from=SINCE))
        session.commit()
        actor = resolve_actor(session, ref, person.id, date.today())
        assert actor
        return actor


def add_site(session: ScopedSession, unit_id: UUID, *types: str, name: str = "测试点位", **attrs: object) -> UUID:
    """A site of the given types in the territory of a unit."""
    site = Site(name=name, pinyin=name, unit_id=unit_id, attrs=dict(attrs))
    session.add(site)
    session.flush()
    session.add_all(SiteKind(site_id=site.id, site_type=kind, valid_from=SINCE) for kind in types)
    session.flush()
    return site.id


def come_in(wall: Wall, actor: Actor, locale: str = "zh") -> tuple[str, str]:
    """Log a person in, with the account he has or a new one; gives the cookie's token and the word of forms."""
    with wall.platform() as session:
        seat = session.scalars(
            select(Membership).where(Membership.tenant_id == actor.tenant.id, Membership.person_id == actor.person_id)
        ).first()
        user = session.get(AppUser, seat.user_id) if seat else None
        if user is None:
            user = AppUser(login=f"u{uuid.uuid4().hex[:12]}", name=actor.name)
            session.add(user)
            session.flush()
            session.add(
                Membership(tenant_id=actor.tenant.id, user_id=user.id, person_id=actor.person_id, login=user.login)
            )
        user.locale = locale
        token = open_login(session, user, device="测试", now=now())
        login = find_login(session, token, now())
        assert login
        session.commit()
        return token, login.csrf
