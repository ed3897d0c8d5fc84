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
from core.work.calendar import local_day
from core.work.places.grams import index_sites
from core.work.tables import Site, SiteKind
from tenants.access import Actor, TenantRef
from tenants.accounts import AppUser, Membership, Tenant
from tenants.db import new_id, now
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


def bare_tenant(
    wall: Wall, kind: str = "district", name: str = "测试区", upper_id: int | None = None, code: str | None = None
) -> TenantRef:
    """A tenant row alone."""
    slug = f"t{uuid.uuid4().hex[:10]}"
    with wall.platform() as session:
        tenant = Tenant(slug=slug, kind=kind, name=name, pinyin="ceshiqu", upper_id=upper_id, code=code)
        session.add(tenant)
        session.commit()
        return TenantRef(tenant.id, slug, name, kind, code=code, upper_id=upper_id)


def lay_units(session: ScopedSession, rows: list[tuple[str, str, list[int]]]) -> list[UUID]:
    """Units at once, for a flush of each by itself costs more than most tests: kind, name, ancestors by place, nearest first."""
    ids = sorted(new_id() for _ in rows)  # in the order of the rows, however many share a millisecond
    session.add_all(
        Unit(id=one, kind=kind, name=name, pinyin=name, valid_from=SINCE)
        for one, (kind, name, _) in zip(ids, rows, strict=True)
    )
    session.flush()
    for one, (_, _, parents) in zip(ids, rows, strict=True):
        if parents:
            session.add(UnitParent(unit_id=one, parent_id=ids[parents[0]], valid_from=SINCE))
        chain = [one, *(ids[parent] for parent in parents)]
        session.add_all(
            UnitPath(ancestor_id=above, unit_id=one, valid_from=SINCE, depth=depth) for depth, above in enumerate(chain)
        )
    session.flush()
    return ids


def bare_district(
    wall: Wall, name: str = "测试区", campaigns: dict[str, tuple[str, str]] | None = None, upper_id: int | None = None
) -> District:
    """A district with units and departments; ``campaigns`` maps key to (edition key, edition sha256), all enabled."""
    ref = bare_tenant(wall, name=name, upper_id=upper_id)
    roles = [role for role in load_vocabulary().roles.values() if role.kind in ("department", "hq")]
    places = [("district", name, []), ("subdistrict", f"{name}一街道", [0])]
    places += [("community", f"{name}第{n}社区", [1, 0]) for n in (1, 2)]
    with wall.open(ref.id) as session:
        root, street, *rest = lay_units(session, places + [(role.kind, f"{name}{role.name_zh}", [0]) for role in roles])
        made = District(ref, root, street, rest[:2], dict(zip((role.code for role in roles), rest[2:], strict=True)))
        session.add_all(UnitRole(role=code, unit_id=unit, valid_from=SINCE) for code, unit in made.departments.items())
        for key, (edition, sha256) in (campaigns or {}).items():
            session.add(EnabledCampaign(campaign=key, state="enabled", edition=edition, edition_sha256=sha256))
        session.commit()
    return made


def add_actor(wall: Wall, ref: TenantRef, role: str, unit_id: UUID, name: str = "") -> Actor:
    """A person with one post of a role at a unit, resolved as an actor."""
    return add_actors(wall, ref, [(role, unit_id, name)])[0]


def add_actors(wall: Wall, ref: TenantRef, wishes: list[tuple[str, UUID, str]]) -> list[Actor]:
    """People at once, each with one post: role, unit and name (one is made up where there is none)."""
    ids = sorted(new_id() for _ in wishes)
    with wall.open(ref.id) as session:
        posts = [Post(id=new_id(), unit_id=unit, title=role, role=role) for role, unit, _ in wishes]
        session.add_all(posts)
        session.add_all(
            Person(id=one, name=name or f"{role}-{uuid.uuid4().hex[:6]}")
            for one, (role, _, name) in zip(ids, wishes, strict=True)
        )
        session.flush()
        session.add_all(
            Holding(person_id=one, post_id=post.id, valid_from=SINCE) for one, post in zip(ids, posts, strict=True)
        )
        session.commit()
        found = [resolve_actor(session, ref, one, local_day(now())) for one in ids]
        assert all(found)
        return [actor for actor in found if actor]


def add_site(session: ScopedSession, unit_id: UUID, *types: str, name: str = "测试点位", **attrs: object) -> UUID:
    """A site of the given types in the territory of a unit."""
    site = Site(name=name, pinyin=name, unit_id=unit_id, attrs=dict(attrs))
    session.add(site)
    session.flush()
    session.add_all(SiteKind(site_id=site.id, site_type=kind, valid_from=SINCE) for kind in types)
    index_sites(session, [site.id])
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
