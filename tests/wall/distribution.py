"""How each table would lie on a cluster (分布布局), by its class of the wall, and what would not go there.

The rules are Citus's own: a distributed table's primary key, unique constraints and unique indexes hold the distribution
column; a foreign key between distributed tables holds both tables' distribution columns at the same place; a reference
table refers to reference tables only; what stays local is referred to by local tables only. ``python -m
tests.wall.distribution`` writes the table into docs/scaling.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import ForeignKeyConstraint, Identity, MetaData, Sequence, Table, UniqueConstraint

from core.figures import tables as figures
from core.work import tables as work
from tenants import accounts, models
from tenants.db import Base

ROOMS = (figures, work, accounts, models)
PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
BEGIN, END = "<!-- tables -->", "<!-- /tables -->"
DISTRIBUTED, REFERENCE, LOCAL = "distributed", "reference", "local"
COLUMN = {"tenant": "tenant_id", "addressed": "reader_id"}
# Of the platform's tables, those that every request writes or reads by itself: they stay on the coordinator.
WRITTEN_OFTEN = frozenset({"login_session", "throttle", "platform_event"})


def lies(table: Table) -> tuple[str, str]:
    """How a table lies, and its distribution column."""
    wall = str(table.info.get("wall", ""))
    if wall in COLUMN:
        return DISTRIBUTED, COLUMN[wall]
    return (LOCAL if table.name in WRITTEN_OFTEN else REFERENCE), ""


def walk(metadata: MetaData = Base.metadata) -> Iterator[str]:
    """Everything that could not be distributed, by name."""
    for table in metadata.sorted_tables:
        kind, column = lies(table)
        if kind == DISTRIBUTED:
            yield from _walk_keys(table, column)
        for constraint in table.constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                yield from _walk_reference(table, constraint)


def _walk_keys(table: Table, column: str) -> Iterator[str]:
    keys = {"primary key": [one.name for one in table.primary_key.columns]}
    keys |= {
        str(one.name): [c.name for c in one.columns] for one in table.constraints if isinstance(one, UniqueConstraint)
    }
    keys |= {str(one.name): [c.name for c in one.columns] for one in table.indexes if one.unique}
    for name, columns in keys.items():
        if column not in columns:
            yield f"{table.name}: {name} {columns} is without {column}"
    if str(table.c[column].type) != "INTEGER" or table.c[column].nullable:
        yield f"{table.name}: {column} is no integer that is always there, so that it would not lie beside the others"
    for one in table.columns:
        if isinstance(one.default, Sequence) or isinstance(one.server_default, Identity) or one.autoincrement is True:
            yield f"{table.name}: {one.name} counts upwards, which each shard would do by itself"


def _walk_reference(table: Table, key: ForeignKeyConstraint) -> Iterator[str]:
    (kind, column), (target_kind, target_column) = lies(table), lies(key.referred_table)
    name = f"{table.name}: {key.name} to {key.referred_table.name}"
    if kind == DISTRIBUTED and target_kind == DISTRIBUTED:
        pairs = [(own.parent.name, own.column.name) for own in key.elements]
        if (column, target_column) not in pairs:
            yield f"{name} does not pair {column} with {target_column}"
    elif kind == DISTRIBUTED and target_kind == LOCAL:
        yield f"{name}, which stays on one machine"
    elif kind == REFERENCE and target_kind != REFERENCE:
        yield f"{name}, which is no reference table"
    elif kind == LOCAL and target_kind == DISTRIBUTED:
        yield f"{name}, which is distributed"


def table_text(metadata: MetaData = Base.metadata) -> str:
    """The table of docs/scaling.md."""
    lines = ["| table | lies | by |", "|---|---|---|"]
    for name in sorted(metadata.tables):
        kind, column = lies(metadata.tables[name])
        lines.append(f"| `{name}` | {kind} | {f'`{column}`' if column else ''} |")
    return "\n".join(lines)


def page_with_table(page: str) -> str:
    """The page with the table as the code says it is."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table_text()}\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text()))
