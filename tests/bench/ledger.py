"""A district with a large ledger (大台账): real units, 2 000 sites, findings of two years in all states, written in bulk."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text

from core.campaigns.registry import installed
from core.work.calendar import local_day
from core.work.loop.states import CLOSED_STATES, STATES, WITH_UNIT
from core.work.onboarding import create_district
from core.work.tables import Finding, Site, SiteKind
from tenants.access import Actor, TenantRef
from tenants.db import new_id
from tenants.models import Unit, UnitRole
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor

SITES = 2000
DAYS = 730
# How a finding of each state came there; "open" is the first line of every one.
ROADS = {
    "reported": "open:reported",
    "accepted": "open:reported accept:accepted",
    "rejected": "open:reported reject:rejected",
    "dispatched": "open:dispatched",
    "returned": "open:dispatched return:returned",
    "taken": "open:dispatched take:taken",
    "rectifying": "open:dispatched take:taken start:rectifying",
    "extension_asked": "open:dispatched take:taken ask_extension:extension_asked",
    "parking_asked": "open:dispatched take:taken ask_parking:parking_asked",
    "parked": "open:dispatched take:taken ask_parking:parking_asked park:parked",
    "answered": "open:dispatched take:taken answer:answered",
    "closed": "open:dispatched take:taken answer:answered close:closed",
    "stable": "open:dispatched take:taken answer:answered close:closed confirm_stable:stable",
    "cancelled": "open:dispatched cancel:cancelled",
    "merged": "open:dispatched merge:merged",
}
# Of a hundred findings of two years, those that are not closed for good; the rest is closed (ours, from a year of a district).
OPEN_SHARE = {
    "reported": 40,
    "accepted": 20,
    "dispatched": 120,
    "returned": 20,
    "taken": 120,
    "rectifying": 200,
    "extension_asked": 15,
    "parking_asked": 5,
    "parked": 30,
    "answered": 110,
    "stable": 900,
    "cancelled": 60,
    "rejected": 60,
    "merged": 40,
}
CATEGORIES = {
    "ENV-LITTER": ("sanitation", "地面有烟头和纸屑"),
    "ENV-BIN": ("sanitation", "垃圾桶满溢"),
    "ORD-POSTER": ("urban_management", "墙面有小广告"),
    "ORD-PARK": ("urban_management", "机动车占用人行道"),
    "SAF-FIRE": ("fire_rescue", "消防通道堆放杂物"),
    "LIC-SHOW": ("market_regulator", "经营者没有公示证照"),
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """A tenant with its ledger, and those who look at it."""

    ref: TenantRef
    office: Actor
    street: Actor
    community: Actor
    department: Actor
    units: dict[str, UUID]
    count: int


def lay_ledger(wall: Wall, count: int = 100_000, seed: int = 7) -> Ledger:
    """Lay a district of the national list with ``count`` findings. The same seed lays the same ledger."""
    chance = random.Random(seed)
    slug = f"g{uuid.uuid4().hex[:8]}"
    today = local_day(datetime.now(UTC))
    with wall.platform() as session:
        made = create_district(
            session, wall.open, division="140105", slug=slug, campaigns=tuple(installed().campaigns), today=today
        )
        ref = TenantRef(made.tenant.id, slug, made.tenant.name, "district")
        session.commit()
    with wall.open(ref.id) as session:
        places, lines = _units(session)
        sites = _sites(session, ref.id, places, chance)
        rows = _findings(ref.id, sites, count, chance)
        for start in range(0, count, 2000):
            session.execute(insert(Finding), rows[start : start + 2000])
        _beside(session, ref.id, lines)
        session.commit()
        root = session.scalars(select(Unit.id).where(Unit.kind == "district")).one()
        street = session.scalars(select(Unit.id).where(Unit.kind == "subdistrict").order_by(Unit.code).limit(1)).one()
    people = {
        "office": add_actor(wall, ref, "hq_office", root),
        "street": add_actor(wall, ref, "liaison", street),
        "community": add_actor(wall, ref, "liaison", places[0]),
        "department": add_actor(wall, ref, "liaison", lines["sanitation"]),
    }
    units = {"street": street, "community": places[0], "sanitation": lines["sanitation"]}
    return Ledger(ref, **people, units=units, count=count)


def _units(session: ScopedSession) -> tuple[list[UUID], dict[str, UUID]]:
    """The communities, and the departments by their role."""
    places = list(session.scalars(select(Unit.id).where(Unit.kind.in_(("community", "village"))).order_by(Unit.code)))
    known = dict(session.execute(select(UnitRole.role, UnitRole.unit_id)).all())
    return places, {role: known[role] for role, _ in CATEGORIES.values()}


def _sites(session: ScopedSession, tenant: int, places: list[UUID], chance: random.Random) -> list[tuple[UUID, UUID]]:
    rows = [
        {"tenant_id": tenant, "id": new_id(), "name": f"点位{n:04d}", "pinyin": f"dianwei{n:04d}", "unit_id": where}
        for n, where in enumerate(chance.choices(places, k=SITES))
    ]
    session.execute(insert(Site), rows)
    kinds = [{"tenant_id": tenant, "site_id": row["id"], "site_type": "produce_market"} for row in rows]
    session.execute(insert(SiteKind), [kind | {"valid_from": datetime(2020, 1, 1).date()} for kind in kinds])
    return [(row["id"], row["unit_id"]) for row in rows]


def _findings(tenant: int, sites: list[tuple[UUID, UUID]], count: int, chance: random.Random) -> list[dict[str, Any]]:
    """Oldest first, five to a visit; what is open was opened lately, as in life."""
    end = datetime.now(UTC).replace(microsecond=0)
    first = end - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / (count // 5 + 1)
    live = [state for state, share in OPEN_SHARE.items() for _ in range(share)]
    found = []
    for number in range(count):
        opened = first + step * (number // 5)
        if number % 5 == 0:
            site, unit = chance.choice(sites)
        lately = number > count * 0.9
        state = chance.choice(live) if lately and chance.random() < 0.8 else "closed" if chance.random() < 0.93 else ""
        state = state or chance.choice(("stable", "cancelled", "rejected", "merged"))
        found.append(_finding(tenant, number, state, opened, site, unit, chance))
    return found


def _finding(
    tenant: int, number: int, state: str, opened: datetime, site: UUID, unit: UUID, chance: random.Random
) -> dict[str, Any]:
    category = chance.choice(list(CATEGORIES))
    days = chance.choice((1, 1, 3, 5))
    due = opened + timedelta(days=days + chance.choice((0, 0, 2, 10)) * (state in WITH_UNIT))
    done = state in CLOSED_STATES
    answered = opened + timedelta(hours=20)
    again = int(chance.random() < 0.04)
    return {
        "tenant_id": tenant,
        "id": new_id(),
        "number": f"{opened.year}-{number:06d}",
        "site_id": site,
        "unit_id": unit,
        "source": chance.choice(("visit", "visit", "visit", "patrol", "leader")),
        "severity": chance.choice(("ordinary", "ordinary", "ordinary", "serious", "urgent")),
        "restricted": chance.random() < 0.01,
        "category": category,
        "title": CATEGORIES[category][1],
        "title_en": "",
        "state": state,
        "version": len(ROADS[state].split()),
        "key_item": chance.random() < 0.05,
        "working_days": days,
        "opened_at": opened,
        "due_at": due,
        "answered_at": answered if done or state == "answered" else None,
        "closed_at": opened + timedelta(hours=30) if done else None,
        "outcome": "fixed" if done else None,
        "returns": int(chance.random() < 0.06),
        "reopened": again,
        "relapsed": again,
        "clock_from": opened,
        "clock_seconds": days * 86400,
        "limit_seconds": days * 86400,
        "changed_at": opened + timedelta(hours=5) * (len(ROADS[state].split()) - 1),
    }


def _beside(session: ScopedSession, tenant: int, lines: dict[str, UUID]) -> None:
    """Parts, campaigns, links and histories of all findings, each in one statement of the database's own."""
    for category, (role, _) in CATEGORIES.items():
        session.execute(
            text(
                'INSERT INTO part (tenant_id, finding_id, kind, unit_id, "leading", state, hidden)'
                " SELECT tenant_id, id, 'line', :unit, true, CASE WHEN answered_at IS NULL THEN 'open' ELSE 'done' END, false"
                " FROM finding"
                " WHERE tenant_id = :tenant AND category = :category"
            ),
            {"tenant": tenant, "category": category, "unit": lines[role]},
        )
    for statement in _STATEMENTS:
        session.execute(text(statement), {"tenant": tenant})
    _history(session, tenant)


_STATEMENTS = (
    (
        'INSERT INTO part (tenant_id, finding_id, kind, unit_id, "leading", state, hidden)'
        " SELECT tenant_id, id, 'place', unit_id, false, 'informed', false FROM finding WHERE tenant_id = :tenant"
    ),
    (
        "INSERT INTO finding_campaign (tenant_id, finding_id, campaign, hidden) SELECT tenant_id, id, 'civilized_city', false"
        " FROM finding WHERE tenant_id = :tenant"
    ),
    (
        "INSERT INTO finding_campaign (tenant_id, finding_id, campaign, hidden) SELECT tenant_id, id, 'sanitary_city', false"
        " FROM finding WHERE tenant_id = :tenant AND category LIKE 'ENV%'"
    ),
    (
        "INSERT INTO finding_link (tenant_id, finding_id, campaign, indicator, direct, hidden)"
        " SELECT tenant_id, id, 'civilized_city', 'CIV-' || category, true, false FROM finding WHERE tenant_id = :tenant"
    ),
)


def _history(session: ScopedSession, tenant: int) -> None:
    """The lines of all histories, five hours from one to the next."""
    rows = []
    for state, road in ROADS.items():
        before = None
        for version, step in enumerate(road.split(), 1):
            verb, after = step.split(":")
            rows.append({"of": state, "version": version, "verb": verb, "before": before, "after": after})
            before = after
    for row in rows:
        session.execute(
            text(
                "INSERT INTO finding_event (tenant_id, finding_id, version, id, at, verb, from_state, to_state, person_name,"
                " unit_name, note, detail, hidden)"
                " SELECT tenant_id, id, :version, gen_random_uuid(), opened_at + (:version - 1) * interval '5 hours',"
                " :verb, CAST(:before AS text), :after, '', '', '', jsonb_build_object('due_at', due_at), false"
                " FROM finding WHERE tenant_id = :tenant AND state = :of"
            ),
            row | {"tenant": tenant},
        )


assert set(OPEN_SHARE) | {"closed"} == set(ROADS) < set(STATES)
