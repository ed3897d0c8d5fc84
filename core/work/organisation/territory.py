"""Plants units (单位落地): the real subdistricts and communities of a place, and one department for each duty.

Everything here only adds: what stands already is left alone, what the list calls differently is reported.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select

from core.campaigns.terms import Role
from core.work.divisions import CODE_ISSUER, ISSUER, Division
from core.work.names import pinyin_key
from tenants.db import new_id
from tenants.models import Unit, UnitParent, UnitPath, UnitRole
from tenants.scope import ScopedSession

OFFICES = ("department", "hq")  # kinds of role that have an office of their own
TERRITORIES = frozenset({"subdistrict", "community", "village", "grid"})  # kinds of unit in which sites lie
_COMMITTEE = re.compile(r"(居委会|居民委员会|社区)$")
_VILLAGE = re.compile(r"村委会|村民委员会|嘎查|村$")


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to plant under a parent (None: a root)."""

    name: str
    kind: str
    parent_id: UUID | None
    code: str | None = None
    code_issuer: str | None = None
    tree: str = "administration"
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Renamed:
    """A unit that the division list calls differently (名称不一致); reported, never changed by an import."""

    code: str
    here: str
    listed: str


@dataclass(frozen=True, slots=True)
class Growth:
    """What planting a division list did: units added, and names that differ."""

    added: tuple[NewUnit, ...] = ()
    renamed: tuple[Renamed, ...] = ()


def kind_of(division: Division) -> str:
    """The unit kind of a division: subdistrict, or community or village by the committee's name."""
    if division.level != "community":
        return "subdistrict"
    if _COMMITTEE.search(division.name):
        return "community"
    return "village" if _VILLAGE.search(division.name) else "community"


def plant(session: ScopedSession, units: Sequence[NewUnit], since: date) -> None:
    """Insert units with their parents and their dated closure; a parent comes before its children."""
    if not units:
        return
    tenant = {"tenant_id": session.tenant_id}
    above = _ancestors(session, {u.parent_id for u in units if u.parent_id} - {u.id for u in units})
    for unit in units:
        up = [(a, depth + 1, start) for a, depth, start in above.get(unit.parent_id, [])] if unit.parent_id else []
        above[unit.id] = [(unit.id, 0, since), *((a, depth, max(start, since)) for a, depth, start in up)]
    session.execute(
        insert(Unit),
        [
            tenant
            | {"id": u.id, "tree": u.tree, "kind": u.kind, "name": u.name, "pinyin": pinyin_key(u.name)}
            | {"code": u.code, "code_issuer": u.code_issuer, "valid_from": since}
            for u in units
        ],
    )
    parents = [{"unit_id": u.id, "parent_id": u.parent_id, "valid_from": since} for u in units if u.parent_id]
    if parents:
        session.execute(insert(UnitParent), [tenant | p for p in parents])
    session.execute(
        insert(UnitPath),
        [
            tenant | {"unit_id": u.id, "ancestor_id": a, "depth": depth, "valid_from": start}
            for u in units
            for a, depth, start in above[u.id]
        ],
    )


def _ancestors(session: ScopedSession, parents: Iterable[UUID]) -> dict[UUID | None, list[tuple[UUID, int, date]]]:
    """The standing closure of the given units: ancestor, depth, since when."""
    found: dict[UUID | None, list[tuple[UUID, int, date]]] = {}
    rows = session.execute(
        select(UnitPath.unit_id, UnitPath.ancestor_id, UnitPath.depth, UnitPath.valid_from).where(
            UnitPath.unit_id.in_(list(parents)), UnitPath.valid_to.is_(None)
        )
    )
    for unit_id, ancestor_id, depth, start in rows:
        found.setdefault(unit_id, []).append((ancestor_id, depth, start))
    return found


def plan_divisions(divisions: Sequence[Division], root_id: UUID, here: Mapping[str, tuple[UUID, str]]) -> Growth:
    """Compare a division list, sorted by code, with the units that stand, by code with id and name (落地方案)."""
    places = {code: unit_id for code, (unit_id, _) in here.items()}
    added: list[NewUnit] = []
    renamed: list[Renamed] = []
    for one in divisions:
        if one.code in here:
            if here[one.code][1] != one.name:
                renamed.append(Renamed(one.code, here[one.code][1], one.name))
            continue
        parent = places.get(one.code[:9], root_id) if len(one.code) == 12 else root_id
        unit = NewUnit(one.name, kind_of(one), parent, one.code, CODE_ISSUER)
        places[one.code] = unit.id
        added.append(unit)
    return Growth(tuple(added), tuple(renamed))


def plan_departments(
    roles: Iterable[Role], root_id: UUID, mapped: Collection[str], standing: Mapping[str, UUID]
) -> tuple[list[NewUnit], dict[str, UUID]]:
    """The departments to plant for duties without a unit, and the unit of each such duty (部门方案).

    Roles of operators and of the place itself need none. A standing department of the typical name is used again.
    """
    made: dict[str, NewUnit] = {}
    places: dict[str, UUID] = {}
    for role in roles:
        if role.kind not in OFFICES or role.code in mapped:
            continue
        name = role.typical_names[0] if role.typical_names else role.name_zh
        if name not in standing and name not in made:
            made[name] = NewUnit(name, role.kind, root_id)
        places[role.code] = standing[name] if name in standing else made[name].id
    return list(made.values()), places


def coded_units(session: ScopedSession) -> dict[str, tuple[UUID, str]]:
    """The units that bear a code of the division list's issuer: code, then id and present name."""
    rows = session.execute(select(Unit.code, Unit.code_issuer, Unit.id, Unit.name).where(Unit.code.is_not(None)))
    return {code: (unit_id, name) for code, issuer, unit_id, name in rows if code and (issuer or "").startswith(ISSUER)}


def settle_divisions(session: ScopedSession, root_id: UUID, divisions: Sequence[Division], since: date) -> Growth:
    """Plant the subdistricts and communities that are not there yet (街道社区落地); nothing is removed or renamed."""
    growth = plan_divisions(divisions, root_id, coded_units(session))
    plant(session, growth.added, since)
    return growth


def settle_departments(session: ScopedSession, root_id: UUID, roles: Iterable[Role], since: date) -> list[NewUnit]:
    """Give each duty without a unit a department of its typical name (部门落地), mapped but not confirmed."""
    mapped = set(session.scalars(select(UnitRole.role).distinct()))
    made, places = plan_departments(roles, root_id, mapped, offices(session, root_id))
    plant(session, made, since)
    if places:
        rows = [{"role": role, "unit_id": unit_id} for role, unit_id in places.items()]
        stamp = {"tenant_id": session.tenant_id, "valid_from": since, "confirmed": False}
        session.execute(insert(UnitRole), [stamp | row for row in rows])
    return made


def offices(session: ScopedSession, root_id: UUID) -> dict[str, UUID]:
    """The standing offices directly under the root, by name."""
    rows = session.execute(
        select(Unit.name, Unit.id)
        .join(UnitParent, (UnitParent.tenant_id == Unit.tenant_id) & (UnitParent.unit_id == Unit.id))
        .where(
            UnitParent.parent_id == root_id,
            UnitParent.valid_to.is_(None),
            Unit.valid_to.is_(None),
            Unit.kind.in_(OFFICES),
        )
    )
    return dict(rows.all())
