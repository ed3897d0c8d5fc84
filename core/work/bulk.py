"""Many rows in one go (批量写入): one statement, one plan and one round trip for all rows of a table.

The rows travel as one JSON text that the database reads as rows of the table itself. A statement for each row would be
planned for each row (statements are never prepared, for the sake of pgbouncer): a visit of a hundred answers writes two
hundred rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import CursorResult, LargeBinary, insert, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.sql.elements import TextClause

from tenants.access import Actor
from tenants.db import Base

T = TypeVar("T", bound=Base)
_Shape = tuple[
    type[Base], frozenset[str], frozenset[str]
]  # a table, what is alike in all its rows, what is each row's own
_NONE: frozenset[str] = frozenset()
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own way


@dataclass(frozen=True, slots=True)
class Lot:
    """Rows of one table that are written together with others' (一批); ``same`` is what all of them have alike."""

    table: type[Base]
    rows: Sequence[Mapping[str, Any]]
    same: Mapping[str, Any] = field(default_factory=dict)


def ask(session: Session, statement: TextClause, values: Mapping[str, Any]) -> CursorResult[*tuple[Any, ...]]:
    """Ask a statement that is written as text and carries its tenant itself; what waits to be written is written first.

    For what every request asks: building such a statement anew, and reading its rows as objects, costs more than the database.
    """
    session.flush()
    return session.connection().execute(statement, values)


def insert_together(session: Session, actor: Actor, first: Lot, rest: Iterable[Lot]) -> bool:
    """Insert one row under a key that somebody else may hold, and all that belongs to it, in one statement.

    False, and nothing is written, when the key is there already (after waiting for whoever is entering it). All rows of a lot
    have the same keys, and values that JSON can say; what a flush would fill in is filled in.
    """
    lots = [_filled(lot, actor) for lot in (first, *rest) if lot.rows]
    sent = {f"s{n}": _json(lot.same) for n, lot in enumerate(lots)}
    sent |= {f"r{n}": _json(lot.rows) for n, lot in enumerate(lots) if lot.rows}
    shapes = tuple((lot.table, frozenset(lot.same), frozenset(lot.rows[0]) if lot.rows else _NONE) for lot in lots)
    return bool(ask(session, _together(shapes), sent).scalar_one())


def whole_row(table: type[Base], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with a value for each column of its table: its own, else what a flush would fill in, else none."""
    filled, computed = _defaults(table, frozenset(row))
    made = {name: make(None) for name, make in computed.items()}
    return dict.fromkeys(table.__table__.columns.keys()) | filled | made | dict(row)


def made_of(table: type[T], row: Mapping[str, Any]) -> T:
    """The mapped object of a whole row, as the database would give it: moments in UTC."""
    return table(**{k: v.astimezone(UTC) if isinstance(v, datetime) else v for k, v in row.items()})


def stand(session: Session, made: T) -> T:
    """Take an object of a whole row that was just inserted as read, without reading it back."""
    make_transient_to_detached(made)
    key = session.identity_key(instance=made)
    if key in session.identity_map:  # from a transaction that was rolled back
        session.expunge(session.identity_map[key])
    session.add(made)
    return made


def _filled(lot: Lot, actor: Actor) -> Lot:
    """A lot with the tenant, and with what a flush would fill in; of a single row, all is alike."""
    given = frozenset(lot.rows[0]) | frozenset(lot.same) | {"tenant_id"}
    filled, computed = _defaults(lot.table, given)
    same = {"tenant_id": actor.tenant.id} | filled | dict(lot.same)
    rows = lot.rows
    if computed:
        rows = [{name: make(None) for name, make in computed.items()} | dict(row) for row in rows]
    return Lot(lot.table, (), same | dict(rows[0])) if len(rows) == 1 else Lot(lot.table, rows, same)


def _json(value: Any) -> str:
    return orjson.dumps(value, default=_plain).decode()


@cache
def _together(shapes: tuple[_Shape, ...]) -> TextClause:
    """The statement for lots of these shapes: what follows the first is written only if the first was."""
    parts = [_insert(number, *shape) for number, shape in enumerate(shapes)]
    return text(f"WITH {', '.join(parts)} SELECT count(*) FROM l0")  # noqa: S608 - our own names


def _insert(number: int, table: type[Base], same: frozenset[str], own: frozenset[str]) -> str:
    """One lot's part of the statement."""
    name = table.__table__.fullname  # type: ignore[attr-defined]  # a mapped class has a table
    alike, each = sorted(same), sorted(own)
    names = ", ".join(f'"{one}"' for one in (*alike, *each))
    values = ", ".join([*(f's."{one}"' for one in alike), *(f'r."{one}"' for one in each)])
    source = f"json_to_record(CAST(:s{number} AS json)) AS s({_typed(table, alike)})"
    if each:
        source += f", json_to_recordset(CAST(:r{number} AS json)) AS r({_typed(table, each)})"
    made = f"INSERT INTO {name} ({names}) SELECT {values} FROM {source}"  # noqa: S608 - our own names
    return f"l{number} AS ({made}" + (", l0)" if number else " ON CONFLICT DO NOTHING RETURNING 1)")


def _typed(table: type[Base], names: Iterable[str]) -> str:
    columns = table.__table__.columns
    return ", ".join(f'"{one}" {columns[one].type.compile(dialect=_DIALECT)}' for one in names)


def insert_rows(session: Session, actor: Actor, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of a tenant table for the actor's tenant; all rows have the same keys. Nothing happens without rows."""
    if not rows:
        return
    given = frozenset(rows[0]) | {"tenant_id"}
    tenant = {"tenant_id": actor.tenant.id}
    if not _is_plain(table):
        # Without render_nulls rows are split into a statement for each pattern of empty values.
        statement = insert(table).execution_options(render_nulls=True)
        session.execute(statement, [tenant | row for row in rows])
        return
    filled, computed = _defaults(table, given)
    whole = [filled | {name: make(None) for name, make in computed.items()} | row | tenant for row in rows]
    session.execute(_statement(table, given), {"rows": orjson.dumps(whole, default=_plain).decode()})


@cache
def _is_plain(table: type[Base]) -> bool:
    """Whether all of a table's values can be written as JSON."""
    return not any(isinstance(column.type, LargeBinary) for column in table.__table__.columns)


@cache
def _defaults(table: type[Base], given: frozenset[str]) -> tuple[dict[str, Any], dict[str, Callable[[Any], Any]]]:
    """What a flush would fill in for columns that are not given: values, and those that are made for each row."""
    filled: dict[str, Any] = {}
    computed: dict[str, Callable[[Any], Any]] = {}
    for column in table.__table__.columns:
        default = column.default
        if column.name in given or default is None:
            continue
        if default.is_scalar:
            filled[column.name] = default.arg
        else:
            computed[column.name] = default.arg
    return filled, computed


@cache
def _statement(table: type[Base], given: frozenset[str]) -> TextClause:
    """The insert of the columns that are given or have a default; what the database fills in by itself is left to it."""
    filled, computed = _defaults(table, given)
    name = table.__table__.fullname  # type: ignore[attr-defined]  # a mapped class has a table
    columns = ", ".join(f'"{one}"' for one in sorted({*given, *filled, *computed}))
    source = f"jsonb_populate_recordset(CAST(NULL AS {name}), CAST(:rows AS jsonb))"
    return text(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {source}")  # noqa: S608 - our own names


def _plain(value: Any) -> str:
    """What JSON has no word for; bytes as PostgreSQL writes them."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(type(value).__name__)
