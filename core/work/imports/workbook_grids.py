"""The column 网格 of the sheet 点位: the grid of a site in each partition, ``社区网格：一网格；单元网格：0123``.

A grid without its partition lies in the usual one. An empty cell, and a partition that the cell does not name, stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Fault
from core.work.imports.workbook_places import Gazetteer
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.names import tidy
from core.work.organisation.grids import LONGEST, USUAL
from core.work.tables import SiteGrid
from tenants.scope import ScopedSession

COLUMN = "grids"
Grids = Mapping[str, UUID]  # partition -> unit
_BETWEEN = re.compile(r"[;；]")
_NAMED = re.compile(r"[:：]")


def grids_now(session: ScopedSession) -> dict[UUID, dict[str, UUID]]:
    """In which grids the sites lie: site -> partition -> unit."""
    found: dict[UUID, dict[str, UUID]] = {}
    for row in session.scalars(select(SiteGrid).where(SiteGrid.valid_to.is_(None))):
        found.setdefault(row.site_id, {})[row.partition] = row.unit_id
    return found


def read_grids(sheet: Sheet, row: SheetRow, book: Gazetteer, faults: list[Fault]) -> Grids:
    """The grids that a row names; unknown, ambiguous and doubled ones become faults."""
    found: dict[str, UUID] = {}
    for part in (tidy(one) for one in _BETWEEN.split(row.cells.get(COLUMN, ""))):
        if not part:
            continue
        named = [tidy(one) for one in _NAMED.split(part, maxsplit=1)]
        partition, said = named if len(named) == 2 else (USUAL[0], part)
        if not partition or len(partition) > LONGEST or partition in found:
            remedy = N_("每种网格写一次，写成“社区网格：网格名称”，几种用分号隔开")
            faults.append(sheet.fault(row, COLUMN, N_("网格写法无效"), remedy, part))
            continue
        place = book.resolve(sheet, SheetRow(row.number, {COLUMN: said}), COLUMN, faults)
        if place is not None and place.tree != "administration":
            faults.append(sheet.fault(row, COLUMN, N_("网格要在行政架构里"), N_("请选网格、社区或村"), said))
        elif place is not None:
            found[partition] = place.id
    return found
