"""The chart as a table (架构表): the columns of the workbook's sheet 单位, so that what goes out can come in again."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

import xlsxwriter
from sqlalchemy import select

from core.work.dated import valid_on
from core.work.imports.workbook_reading import UNITS
from core.work.imports.workbook_template import write_row
from core.work.organisation.chart_drafts import Draft
from core.work.organisation.units import UNIT_KINDS, Node, tree
from core.work.roles import ROLES
from tenants.models import Holding, Person, Post, Unit
from tenants.scope import ScopedSession

ALL = ""
_TITLES = {column.code: column.titles[0] for column in UNITS.columns}
CHART = ("parent", "name", "kind", "code", "code_issuer", "post", "person", "role")
NEW_CHART = ("parent", "name", "kind", "origin")

Holders = Mapping[UUID, Sequence[tuple[str, str, str]]]  # unit -> (title, role's title, names)


def header(columns: Iterable[str] = CHART) -> list[str]:
    """The titles of columns, as the import reads them."""
    return [_TITLES[code] for code in columns]


def holders_on(session: ScopedSession, on: date, units: Iterable[UUID] | None = None) -> Holders:
    """Who holds which post where on a day (任职一览): titles with the names of all who hold them."""
    chosen = (
        select(Post.unit_id, Post.title, Post.role, Person.name)
        .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
        .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
        .where(valid_on(Holding, on), Post.campaign.is_(None), Person.state == "active")
        .order_by(Post.id, Holding.valid_from, Person.pinyin)
    )
    if units is not None:
        chosen = chosen.where(Post.unit_id.in_(list(units)))
    found: dict[UUID, dict[tuple[str, str], list[str]]] = {}
    for unit_id, title, role, name in session.execute(chosen):
        names = found.setdefault(unit_id, {}).setdefault((title, role), [])
        if name not in names:
            names.append(name)
    return {
        unit_id: [
            (title, ROLES[role].title_zh if role in ROLES else role, "、".join(names))
            for (title, role), names in held.items()
        ]
        for unit_id, held in found.items()
    }


def chart_rows(session: ScopedSession, on: date, grove: str = ALL) -> list[list[str]]:
    """The units on a day as rows (架构表), parents before children; a unit with several posts takes several rows."""
    nodes = {node.id: node for node in tree(session, on)}
    holders = holders_on(session, on)
    issuers = dict(session.execute(select(Unit.id, Unit.code_issuer).where(Unit.code.is_not(None))).all())
    words = _paths(nodes)
    rows = []
    for node in nodes.values():
        if node.parent is None or (grove and node.tree != grove):
            continue
        above = nodes[node.parent]
        unit = [words[above.id] if above.parent else "", node.name, UNIT_KINDS.get(node.kind, node.kind)]
        codes = [[node.code or "", issuers.get(node.id) or ""]]
        for n, (title, role, names) in enumerate(holders.get(node.id) or [("", "", "")]):
            rows.append([*unit, *(codes[0] if n == 0 else ["", ""]), title, names, role if title else ""])
    return rows


def _paths(nodes: Mapping[UUID, Node]) -> dict[UUID, str]:
    """How a cell may say each unit: by its name, by its parent and name where the name is not the only one."""
    counts: dict[str, int] = {}
    for node in nodes.values():
        counts[node.name] = counts.get(node.name, 0) + 1
    return {
        node.id: node.name if counts[node.name] == 1 or not node.parent else f"{nodes[node.parent].name}/{node.name}"
        for node in nodes.values()
    }


def draft_rows(draft: Draft, standing: Mapping[UUID, Node]) -> list[list[str]]:
    """A proposed chart as rows: each unit of it with those that it comes from, to be changed and brought in again."""
    counts: dict[str, int] = {}
    for seat in draft.seats.values():
        counts[seat.name] = counts.get(seat.name, 0) + 1
    old = _paths(standing)
    origins: dict[str, list[str]] = {seat.key: [old[seat.id]] for seat in draft.seats.values() if seat.id in old}
    for unit, fate in draft.fates.items():
        for key in fate.to:
            if key != str(unit):
                origins.setdefault(key, []).append(old[unit])
    rows = []
    for seat, _ in draft.ordered():
        above = draft.seats.get(seat.parent or "")
        if above is None and draft.tree == "administration":
            continue
        said = "" if above is None or (above.parent is None and draft.tree == "administration") else above.name
        if said and above is not None and counts[said] > 1 and above.parent in draft.seats:
            said = f"{draft.seats[above.parent].name}/{said}"
        rows.append([said, seat.name, UNIT_KINDS.get(seat.kind, seat.kind), "；".join(origins.get(seat.key, []))])
    return rows


def write_workbook(rows: Iterable[Sequence[str]], columns: Sequence[str] = CHART) -> bytes:
    """Rows as an .xlsx with the sheet 单位 (导出工作簿); no cell is a formula."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet(UNITS.titles[0])
        sheet.set_column(0, len(columns) - 1, 22)
        sheet.freeze_panes(1, 0)
        write_row(sheet, 0, header(columns), book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            write_row(sheet, number, row)
    return buffer.getvalue()
