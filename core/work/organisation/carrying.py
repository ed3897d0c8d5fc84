"""Carries dated rows from old units to new ones (随调整移交): the old row ends on the day, a new one begins.

What begins on that day or later is corrected in place. Few statements for any number of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from core.work.dated import touches
from tenants.db import Base, new_id
from tenants.scope import ScopedSession

# What two rows may differ in and still say the same: the later one is not carried beside the earlier one.
_OWN = frozenset({"tenant_id", "id", "valid_from", "valid_to", "created_at", "document", "note", "confirmed"})


def mapped(column: InstrumentedAttribute[Any], heirs: Mapping[UUID, UUID]) -> ColumnElement[Any]:
    """A column's value with old units replaced by their heirs."""
    return case(dict(heirs), value=column, else_=column)


def replace(
    session: ScopedSession,
    column: InstrumentedAttribute[Any],
    heirs: Mapping[UUID, UUID],
    *conditions: ColumnElement[bool],
) -> int:
    """Write the heirs into a column that keeps no history (现状登记); gives how many rows changed."""
    if not heirs:
        return 0
    statement = update(column.class_).where(column.in_(heirs), *conditions).values({column: mapped(column, heirs)})
    done = session.execute(statement.returning(column).execution_options(synchronize_session="fetch"))
    return len(done.all())


def carry(session: ScopedSession, table: type[Any], names: Sequence[str], heirs: Mapping[UUID, UUID], on: date) -> int:
    """End the dated rows that name old units and begin the same with their heirs; gives how many rows were carried.

    ``names`` are the columns that hold units (or posts). Who stands there already in the same way is not doubled.
    """
    if not heirs:
        return 0
    columns = [getattr(table, name) for name in names]
    here = or_(*(column.in_(heirs) for column in columns))
    rows = session.execute(
        select(*table.__table__.columns).where(table.tenant_id == session.tenant_id, here, touches(table, on, None))
    ).mappings()
    old = [dict(row) for row in rows]
    if not old:
        return 0
    standing = _standing(session, table, columns, set(heirs.values()), on)
    copies = [_copy(row, names, heirs, on) for row in old]
    wanted = {(_sense(row), row["valid_from"], row["valid_to"]): row for row in copies if _sense(row) not in standing}
    _end(session, table, here, on)
    _begin(session, table, list(wanted.values()))
    return len(old)


def _copy(row: Mapping[str, Any], names: Collection[str], heirs: Mapping[UUID, UUID], on: date) -> dict[str, Any]:
    copy = dict(row) | {"valid_from": max(on, row["valid_from"])}
    copy |= {name: heirs.get(row[name], row[name]) for name in names}
    return copy | ({"id": new_id()} if "id" in row else {})


def _sense(row: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """What a row says, apart from its days and its number."""
    return tuple(sorted((name, value) for name, value in row.items() if name not in _OWN))


def _standing(
    session: ScopedSession, table: type[Base], columns: Iterable[InstrumentedAttribute[Any]], units: set[UUID], on: date
) -> set[tuple[tuple[str, Any], ...]]:
    """What the heirs have already, for good: a row of theirs that will end keeps nobody out."""
    dated: Any = table
    chosen = select(*table.__table__.columns).where(
        dated.tenant_id == session.tenant_id,
        or_(*(column.in_(units) for column in columns)),
        and_(dated.valid_from <= on, dated.valid_to.is_(None)),
    )
    return {_sense(dict(row)) for row in session.execute(chosen).mappings()}


def _end(session: ScopedSession, table: type[Any], here: ColumnElement[bool], on: date) -> None:
    """End what began before the day on that day, and what begins later on the day it would have."""
    last = case((table.valid_from > on, table.valid_from), else_=on)
    statement = update(table).where(here, touches(table, on, None)).values(valid_to=last)
    session.execute(statement.execution_options(synchronize_session="fetch"))


def _begin(session: ScopedSession, table: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """Begin rows; one with the same key that ended on the very day it began is begun again."""
    if not rows:
        return
    keys = [column.name for column in table.__table__.primary_key.columns]
    statement = insert(table)
    rest = {c.name: statement.excluded[c.name] for c in table.__table__.columns if c.name not in keys}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    session.execute(statement.execution_options(render_nulls=True), list(rows))
