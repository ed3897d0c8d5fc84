"""Responsibility units (责任单位) of one tenant: the tree as of a day, adding and renaming, and who does which duty.

Nothing is deleted: a rename keeps the former name with its days, a department handed over keeps the former mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, true

from core.campaigns.terms import Vocabulary
from core.campaigns.vocabulary import load_vocabulary
from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.dated import valid_on
from core.work.journal import record
from core.work.names import counted, narrow, pinyin_key, tidy
from core.work.organisation.closure import check_day, refuse_rewriting
from core.work.organisation.territory import OFFICES, NewUnit, offices, plant
from core.work.permits import require
from core.work.roles import ADMINISTER
from tenants.access import Actor, root_unit
from tenants.models import Unit, UnitName, UnitParent, UnitRole
from tenants.scope import ScopedSession

LONGEST = 80

# Kinds of unit that a tenant may add; the root (district or city) comes with onboarding.
UNIT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "subdistrict": N_("街道（镇、乡）"),
        "community": N_("社区"),
        "village": N_("行政村"),
        "grid": N_("网格"),
        "department": N_("部门"),
        "hq": N_("创建项目办公室"),
        "operator": N_("主办（经营）单位"),
        "headquarters": N_("指挥部"),
        "work_group": N_("工作组（专班）"),
        "guidance_group": N_("指导督导组"),
        "area": N_("片区"),
    }
)
HEADQUARTERS_KINDS = frozenset({"headquarters", "work_group", "guidance_group", "area"})


@dataclass(frozen=True, slots=True)
class Node:
    """One unit in the tree, in reading order: its place, its name as of the day, its depth under the root."""

    id: UUID
    name: str
    kind: str
    code: str | None
    depth: int
    parent: UUID | None
    tree: str
    commanded: bool = True


@dataclass(frozen=True, slots=True)
class Department:
    """Which unit does a duty here (部门对应); ``unit_id`` is None while nobody does."""

    role: str
    title_zh: str
    title_en: str
    kind: str
    unit_id: UUID | None
    unit_name: str
    confirmed: bool
    since: date | None


def tree(session: ScopedSession, on: date, within: Select[UUID] | None = None) -> list[Node]:
    """All units on a day (单位树), parents before children; subdistricts by code, offices by name.

    ``within`` leaves those only whose ids it selects, each where it stands in the whole tree (one query all the same).
    """
    units = session.execute(_as_of(on, true() if within is None else Unit.id.in_(within))).all()
    below: dict[UUID | None, list[Any]] = {}  # rows with the columns just read
    known = {unit.id for unit in units}
    for unit in sorted(units, key=lambda u: (u.tree, u.code is None, u.code or "", counted(u.name, u.pinyin), u.id)):
        below.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)
    nodes: list[Node] = []
    waiting: list[tuple[Any, int, UUID | None]] = [(unit, 0, None) for unit in reversed(below.get(None, []))]
    while waiting:
        unit, depth, parent = waiting.pop()
        if unit.chosen:
            name = unit.former or unit.name
            nodes.append(Node(unit.id, name, unit.kind, unit.code, depth, parent, unit.tree, unit.commanded))
        waiting += [(child, depth + 1, unit.id) for child in reversed(below.get(unit.id, []))]
    return nodes


def _as_of(on: date, chosen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The units of a day, each with the unit above it, the name it bore then, and whether it is ``chosen``."""
    linked = and_(UnitParent.tenant_id == Unit.tenant_id, UnitParent.unit_id == Unit.id, valid_on(UnitParent, on))
    named = and_(
        UnitName.tenant_id == Unit.tenant_id,
        UnitName.unit_id == Unit.id,
        UnitName.valid_from <= on,
        UnitName.valid_to > on,
    )
    read: tuple[Any, ...] = (Unit.id, Unit.name, Unit.pinyin, Unit.kind, Unit.code, Unit.tree, Unit.commanded)
    read += (UnitParent.parent_id, UnitName.name.label("former"), chosen.label("chosen"))
    found = select(*read).where(valid_on(Unit, on))
    return found.outerjoin(UnitParent, linked).outerjoin(UnitName, named)


def get_unit(session: ScopedSession, unit_id: UUID) -> Unit:
    """One unit, closed ones too. Raises NotFound."""
    unit = session.get(Unit, (session.tenant_id, unit_id))
    if unit is None:
        raise NotFound(N_("没有找到这个单位"))
    return unit


def former_names(session: ScopedSession, unit_id: UUID) -> list[UnitName]:
    """The names a unit bore before (曾用名), oldest first."""
    chosen = select(UnitName).where(UnitName.unit_id == unit_id).order_by(UnitName.valid_from)
    return list(session.scalars(chosen))


def add_unit(
    session: ScopedSession,
    actor: Actor | None,
    *,
    name: str,
    kind: str,
    today: date,
    parent_id: UUID | None = None,
    code: str | None = None,
    code_issuer: str | None = None,
    on: date | None = None,
) -> Unit:
    """Add a unit (新增单位) under another, from today or an earlier day on; no ``parent_id`` means the tenant's own unit.

    Headquarters, their groups and areas stand in their own tree, directly or under one another; so does whatever stands
    under one of them. Raises InvalidInput, NotFound (unknown parent), Conflict (that name stands there already, the code is
    taken, or the parent was closed) and Forbidden.
    """
    parent = get_unit(session, parent_id) if parent_id else root_unit(session)
    require(session, actor, ADMINISTER, parent.id, today)
    said, number = checked_name(name), narrow(code or "") or None
    check_kind(kind)
    check_day(on or today, today, parent)
    refuse_rewriting(session, [parent.id], on or today, today)
    if number and not tidy(code_issuer or ""):
        fault = Fault(N_("代码没有发布机构"), field="code_issuer", value=number, remedy=N_("请写明代码由谁发布"))
        raise InvalidInput(faults=[fault])
    _refuse_twin(session, parent, said, number)
    grove = "headquarters" if kind in HEADQUARTERS_KINDS else parent.tree
    unit = NewUnit(said, kind, parent.id, number, tidy(code_issuer or "") if number else None, grove)
    plant(session, [unit], on or today)
    record(session, actor, "unit.add", "unit", unit.id, name=said, unit_kind=kind, parent=parent.name)
    return get_unit(session, unit.id)


def checked_name(name: str, field: str = "name") -> str:
    """A unit's name without stray blanks. Raises InvalidInput when it is empty or too long."""
    said = tidy(name)
    if not said:
        raise InvalidInput(faults=[Fault(N_("不能为空"), field=field, remedy=N_("请填写名称"))])
    if len(said) > LONGEST:
        remedy = N_("请缩短到 80 个字以内")
        raise InvalidInput(faults=[Fault(N_("名称过长"), field=field, value=said[:20], remedy=remedy)])
    return said


def check_kind(kind: str) -> None:
    """Raise InvalidInput unless a tenant may add units of this kind."""
    if kind not in UNIT_KINDS:
        fault = Fault(
            N_("没有这种单位类型"),
            field="kind",
            value=kind,
            remedy=N_("可用的类型：{kinds}"),
            params={"kinds": "、".join(UNIT_KINDS)},
        )
        raise InvalidInput(faults=[fault])


def _refuse_twin(session: ScopedSession, parent: Unit, name: str, code: str | None) -> None:
    beside = (
        select(Unit.id)
        .join(UnitParent, (UnitParent.tenant_id == Unit.tenant_id) & (UnitParent.unit_id == Unit.id))
        .where(UnitParent.parent_id == parent.id, UnitParent.valid_to.is_(None), Unit.valid_to.is_(None))
    )
    if session.scalars(beside.where(Unit.name == name)).first():
        fault = Fault(N_("名称重复"), field="name", value=name, remedy=N_("请用已有的单位，或换一个名称"))
        raise Conflict(N_("{parent}下已有{name}"), faults=[fault], parent=parent.name, name=name)
    twin = (
        session.scalars(select(Unit.name).where(Unit.code == code, Unit.valid_to.is_(None))).first() if code else None
    )
    if twin:
        fault = Fault(N_("代码重复"), field="code", value=code or "", remedy=N_("请核对代码"))
        raise Conflict(N_("代码 {code} 已属于{name}"), faults=[fault], code=code, name=twin)


def rename_unit(session: ScopedSession, actor: Actor | None, unit_id: UUID, name: str, *, today: date) -> Unit:
    """Give a unit a new name from today on (更名); the old one stays readable for the days it was borne.

    The same name changes nothing. Raises NotFound, InvalidInput and Forbidden.
    """
    unit, said = get_unit(session, unit_id), checked_name(name)
    require(session, actor, ADMINISTER, unit.id, today)
    if said == unit.name:
        return unit
    before = unit.name
    rename_on(session, unit, said, today)
    record(session, actor, "unit.rename", "unit", unit.id, before=before, after=said)
    session.flush()
    return unit


def rename_on(session: ScopedSession, unit: Unit, name: str, on: date) -> None:
    """Write another name from a day on; a name that was given and taken back on one day was borne on none."""
    last = session.scalar(select(func.max(UnitName.valid_to)).where(UnitName.unit_id == unit.id))
    since = last or unit.valid_from
    if since < on:
        session.add(UnitName(unit_id=unit.id, valid_from=since, valid_to=on, name=unit.name))
    unit.name, unit.pinyin = name, pinyin_key(name)
    session.flush()


def departments(session: ScopedSession, on: date, *, vocabulary: Vocabulary | None = None) -> list[Department]:
    """Each duty with the unit that does it on a day (部门对应表), in the vocabulary's order."""
    words = (vocabulary or load_vocabulary()).roles.values()
    rows = session.execute(
        select(UnitRole, Unit.name)
        .join(Unit, (Unit.tenant_id == UnitRole.tenant_id) & (Unit.id == UnitRole.unit_id))
        .where(valid_on(UnitRole, on))
        .order_by(UnitRole.valid_from)
    )
    mapped = {row.role: (row, name) for row, name in rows}
    found = []
    for word in (w for w in words if w.kind in OFFICES):
        row, name = mapped.get(word.code, (None, ""))
        place = (row.unit_id, name, row.confirmed, row.valid_from) if row else (None, "", False, None)
        found.append(Department(word.code, word.name_zh, word.name_en, word.kind, *place))
    return found


def map_department(
    session: ScopedSession,
    actor: Actor | None,
    role: str,
    *,
    today: date,
    unit_id: UUID | None = None,
    name: str | None = None,
    vocabulary: Vocabulary | None = None,
) -> UnitRole:
    """Say which unit does a duty from today on (部门对应), by its id or by a name that is added under the root if new.

    The mapping becomes confirmed; the former one is closed, not deleted. Raises InvalidInput (no such duty, neither unit
    nor name), NotFound (unknown unit) and Forbidden.
    """
    root = root_unit(session)
    require(session, actor, ADMINISTER, root.id, today)
    word = (vocabulary or load_vocabulary()).roles.get(role)
    if word is None or word.kind not in OFFICES:
        remedy = N_("请从部门对应表里选一项职责")
        raise InvalidInput(faults=[Fault(N_("没有这项部门职责"), field="role", value=role, remedy=remedy)])
    if unit_id is None and not tidy(name or ""):
        raise InvalidInput(
            faults=[Fault(N_("没有选单位"), field="unit_id", remedy=N_("请选一个单位，或填写新单位的名称"))]
        )
    unit = (
        get_unit(session, unit_id)
        if unit_id
        else _office(session, actor, root, checked_name(name or ""), word.kind, today)
    )
    row = _remap(session, role, unit.id, today)
    record(session, actor, "unit.map_role", "unit", unit.id, role=role, name=unit.name)
    return row


def _office(session: ScopedSession, actor: Actor | None, root: Unit, name: str, kind: str, today: date) -> Unit:
    standing = offices(session, root.id).get(name)
    return get_unit(session, standing) if standing else add_unit(session, actor, name=name, kind=kind, today=today)


def _remap(session: ScopedSession, role: str, unit_id: UUID, today: date) -> UnitRole:
    """Close the mapping in force and open the new one; on the day it began it is corrected in place."""
    row = session.scalars(select(UnitRole).where(UnitRole.role == role, UnitRole.valid_to.is_(None))).first()
    if row is None or (row.unit_id != unit_id and row.valid_from < today):
        if row is not None:
            row.valid_to = today
        row = UnitRole(role=role, unit_id=unit_id, valid_from=today)
        session.add(row)
    row.unit_id, row.confirmed = unit_id, True
    session.flush()
    return row
