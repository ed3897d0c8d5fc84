"""Who stands under whom (隶属关系), kept with its dated closure (层级闭包): many units re-planted in a few statements.

A closed unit keeps a place in the closure, under the unit that took it over (ours): its visits, findings and papers stay
stamped with it for ever, and whoever answers for the heir must be able to read them. What ends a unit is its own
``valid_to``, by which trees and lists leave it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, column, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.dated import valid_on
from tenants.access import root_unit
from tenants.models import Unit, UnitParent, UnitPath
from tenants.scope import ScopedSession

Chain = list[UUID]  # a unit and those above it, itself first


def lock_chart(session: ScopedSession) -> Unit:
    """The tenant's own unit, locked until the end of the transaction: changes of the chart follow one another (架构锁)."""
    root = root_unit(session)
    session.execute(select(Unit.id).where(Unit.id == root.id).with_for_update())
    return root


def parents_on(session: ScopedSession, on: date) -> dict[UUID, UUID]:
    """The parent of every unit on a day, of closed ones too (上级单位)."""
    links = select(UnitParent.unit_id, UnitParent.parent_id).where(
        UnitParent.tenant_id == session.tenant_id, valid_on(UnitParent, on)
    )
    return dict(session.execute(links).all())


def chain_of(unit_id: UUID, parents: Mapping[UUID, UUID]) -> Chain:
    """A unit and everything above it, itself first. Raises Conflict when the tree runs in a circle."""
    chain, seen = [unit_id], {unit_id}
    while (above := parents.get(chain[-1])) is not None:
        if above in seen:
            raise Conflict(N_("单位不能隶属于它自己的下级"))
        chain.append(above)
        seen.add(above)
    return chain


def under(tops: Iterable[UUID], parents: Mapping[UUID, UUID]) -> set[UUID]:
    """Some units and everything under them."""
    below: dict[UUID, list[UUID]] = {}
    for unit, parent in parents.items():
        below.setdefault(parent, []).append(unit)
    found: set[UUID] = set()
    waiting = list(tops)
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.add(unit)
            waiting += below.get(unit, [])
    return found


def last_change(session: ScopedSession, units: Iterable[UUID]) -> date | None:
    """The last day on which the place of any of these units in the tree changed (最近变动日)."""
    ends = func.max(func.greatest(UnitPath.valid_from, func.coalesce(UnitPath.valid_to, UnitPath.valid_from)))
    last: date | None = session.scalar(select(ends).where(UnitPath.unit_id.in_(list(units))))
    return last


def refuse_rewriting(session: ScopedSession, units: Iterable[UUID], on: date, today: date) -> None:
    """Raise Conflict when something about these units changed after a day in the past on which it is to be changed."""
    if on >= today:
        return
    last = last_change(session, units)
    if last is not None and last > on:
        fault = Fault(
            N_("那天以后组织又有过变动"),
            field="on",
            value=on.isoformat(),
            remedy=N_("请填 {day} 或以后的日期"),
            params={"day": last.isoformat()},
        )
        raise Conflict(N_("不能改写以前的组织"), faults=[fault])


def check_day(day: date, today: date, *units: Unit) -> None:
    """Raise InvalidInput when a change's day is to come, or when one of the units does not stand on it."""
    if day > today:
        raise _unfit(N_("日期还没有到"), N_("以后才生效的变动，请用机构调整"), day.isoformat())
    for unit in units:
        if unit.valid_to is not None:
            raise _unfit(N_("这个单位已经撤销"), N_("请选现有的单位"), unit.name, "unit")
        if unit.valid_from > day:
            value = f"{unit.name} {day.isoformat()}"
            raise _unfit(
                N_("那天还没有这个单位"), N_("请填 {day} 或以后的日期"), value, day=unit.valid_from.isoformat()
            )


def _unfit(message: str, remedy: str, value: str, field: str = "on", **params: str) -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field, value=value, remedy=remedy, params=params)])


def replant(session: ScopedSession, parents: Mapping[UUID, UUID], on: date) -> set[UUID]:
    """Put units under other parents from a day on, with everything under them; gives the units whose place changed.

    Units without a place yet (just added) are given one. Raises Conflict when the tree would run in a circle; the caller
    has made sure that nothing about these units changed after the day (:func:`refuse_rewriting`).
    """
    standing = parents_on(session, on)
    wanted = {unit: parent for unit, parent in parents.items() if standing.get(unit) != parent}
    if not wanted:
        return set()
    after = {**standing, **wanted}
    affected = under(wanted, after)
    chains = {(above, unit): depth for unit in affected for depth, above in enumerate(chain_of(unit, after))}
    held = dict[tuple[UUID, UUID], int]()
    rows = select(UnitPath.ancestor_id, UnitPath.unit_id, UnitPath.depth).where(
        UnitPath.tenant_id == session.tenant_id, UnitPath.unit_id.in_(affected), valid_on(UnitPath, on)
    )
    for above, unit, depth in session.execute(rows):
        held[(above, unit)] = depth
    _close_paths(session, [pair for pair, depth in held.items() if chains.get(pair) != depth], on)
    fresh = [(*pair, depth) for pair, depth in chains.items() if held.get(pair) != depth]
    _open_paths(session, fresh, on)
    _write_parents(session, wanted, on)
    return affected


def _close_paths(session: ScopedSession, gone: Sequence[tuple[UUID, UUID]], on: date) -> None:
    if not gone:
        return
    columns = (literal([pair[n] for pair in gone], ARRAY(Uuid)) for n in (0, 1))
    pairs = (
        func.unnest(*columns).table_valued(column("above", Uuid), column("unit", Uuid), name="gone").render_derived()
    )
    session.execute(
        update(UnitPath)
        .where(
            UnitPath.ancestor_id == pairs.c.above,
            UnitPath.unit_id == pairs.c.unit,
            valid_on(UnitPath, on),
        )
        .values(valid_to=on)
        .execution_options(synchronize_session=False)
    )


def _open_paths(session: ScopedSession, fresh: Sequence[tuple[UUID, UUID, int]], on: date) -> None:
    """Open rows; one that was closed on the very day it is opened again is opened in place."""
    rows = [{"ancestor_id": above, "unit_id": unit, "depth": depth} for above, unit, depth in fresh]
    statement = insert(UnitPath)
    keys = ["tenant_id", "ancestor_id", "unit_id", "valid_from"]
    again = {"depth": statement.excluded.depth, "valid_to": None}
    _insert(session, statement.on_conflict_do_update(index_elements=keys, set_=again), rows, on)


def _write_parents(session: ScopedSession, wanted: Mapping[UUID, UUID], on: date) -> None:
    ended = update(UnitParent).where(UnitParent.unit_id.in_(wanted), valid_on(UnitParent, on)).values(valid_to=on)
    session.execute(ended.execution_options(synchronize_session=False))
    statement = insert(UnitParent)
    again = {"parent_id": statement.excluded.parent_id, "valid_to": None}
    statement = statement.on_conflict_do_update(index_elements=["tenant_id", "unit_id", "valid_from"], set_=again)
    _insert(session, statement, [{"unit_id": unit, "parent_id": parent} for unit, parent in wanted.items()], on)


def _insert(session: ScopedSession, statement: Any, rows: Sequence[dict[str, Any]], on: date) -> None:
    if rows:
        session.execute(statement, [{"tenant_id": session.tenant_id, "valid_from": on} | row for row in rows])
