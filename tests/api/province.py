"""A city with two districts (测试市) that were visited today, for what is published, compared and kept apart."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from core.figures.periods import containing
from core.work.calendar import local_day
from tenants.access import Actor, TenantRef
from tenants.accounts import Tenant
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor, add_unit, bare_tenant
from tests.work.market import ALL_GOOD, ANSWERS, Town, send, town


@dataclass
class Province:
    """The city, its bureau, and two districts with one administrator each."""

    city: TenantRef
    bureau: Actor
    north: Town
    south: Town
    administrators: dict[str, Actor]


def province(wall: Wall) -> Province:
    """The two districts had one market visit each, the northern one with failures."""
    city = bare_tenant(wall, kind="city", name="测试市")
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    towns = [town(wall, name) for name in ("北区", "南区")]
    with wall.platform() as session:
        ids = [one.ref.id for one in towns]
        session.execute(update(Tenant).where(Tenant.id.in_(ids)).values(upper_id=city.id))
        session.commit()
    for one, answers in zip(towns, (ANSWERS, ALL_GOOD), strict=True):
        with one.district.session(wall) as session:
            send(session, one, answers, now=now())
            session.commit()
    admins = {one.ref.slug: add_actor(wall, one.ref, "administrator", one.district.root) for one in towns}
    return Province(city, add_actor(wall, city, "bureau", root), *towns, admins)


def month() -> str:
    """The period in which the visits of today lie."""
    return containing("month", local_day(now())).key
