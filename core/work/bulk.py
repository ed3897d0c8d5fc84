"""Many rows in one go (批量写入): one statement, one plan and one round trip for all rows of a table.

The rows travel as one JSON text that the database reads as rows of the table itself. A statement for each row would be
planned for each row (statements are never prepared, for the sake of pgbouncer): a visit of a hundred answers writes two
hundred rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from sqlalchemy import LargeBinary, insert, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause

from tenants.access import Actor
from tenants.db import Base


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
    """What JSON has no word for."""
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(type(value).__name__)
