"""Reading the forms of projects (项目表单读取): versions, rows of tables, and how a refused form is said."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import request

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, SanchengError, Stale
from core.web.errors import say_fault
from core.web.paging import bad_argument
from core.work.wording import shown

REFUSED = (InvalidInput, Stale, Conflict, Forbidden)
MOST_ROWS = 200


def version_of() -> int:
    """The version that the form was made from. Raises InvalidInput for what nobody's page sent."""
    said = request.form.get("version", "")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise bad_argument("version", said)
    return int(said)


def rows_of(*names: str) -> list[dict[str, str]]:
    """The rows of a table's fields, a dict a row; rows without a text in the first field and without an id are left out.

    Every row has every field, so that the n-th value of each belongs together; ``place`` is where it stood in the form.
    """
    columns = {name: request.form.getlist(name)[:MOST_ROWS] for name in (*names, "id")}
    count = max((len(column) for column in columns.values()), default=0)
    rows = [
        {name: column[place].strip() if place < len(column) else "" for name, column in columns.items()}
        | {"place": str(place)}
        for place in range(count)
    ]
    return [row for row in rows if row[names[0]]]


def read_row_id(row: dict[str, str], name: str, field: str, faults: list[Fault]) -> UUID | None:
    """An id in a row; what is none is a fault."""
    if not row.get(name):
        return None
    try:
        return UUID(row[name])
    except ValueError:
        faults.append(Fault(N_("选项无效"), field, value=shown(row[name]), remedy=N_("请从列表里选")))
        return None


def fault_list(error: SanchengError | None) -> list[tuple[str, str]]:
    """Every fault with its field, in the reader's language; several of one field stand one below the other."""
    return [(one.field, say_fault(replace(one, field=""))) for one in error.faults] if error else []


def fault_map(error: SanchengError | None) -> dict[str, str]:
    """Field -> what is wrong there, beside the field; several in one sentence after the other."""
    found: dict[str, str] = {}
    for name, said in fault_list(error):
        if name:
            found[name] = f"{found[name]} {said}" if name in found else said
    return found
