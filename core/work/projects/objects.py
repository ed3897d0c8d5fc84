"""Objects one by one (逐户逐件清单): households or things that a counter counts down to zero, each with its consent and its day.

What is dropped leaves the denominator and is shown beside it, with the reason. The line's two numbers follow its list.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, NotFound
from core.periods import containing
from core.work.bulk import insert_rows
from core.work.calendar import local_day
from core.work.projects.bill import items_of
from core.work.projects.states import (
    COUNTER,
    DONE,
    DRAFT,
    DROPPED,
    LIST,
    OBJECT_STATES,
    TICK,
)
from core.work.projects.steps import need_reason, open_kept, refuse_faults, step
from core.work.statistics.writing import read_partial_date
from core.work.tables import Project, ProjectItem, ProjectObject
from core.work.tasks.photo_kinds import PROJECT
from core.work.tasks.work_photos import attach, read_refs
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import new_id

MOST_OBJECTS = 2000  # of one line (ours)
_HEADS = frozenset({"名称", "对象", "户主", "姓名", "户名", "锅炉", "name", "object", "household"})


@dataclass(frozen=True, slots=True)
class ObjectWish:
    """One object as it was pasted (清单对象): its name, its own last day if it has one, a remark; ``row`` counts from 1."""

    name: str
    due_on: date | None
    note: str
    row: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did (导入结果): how many were added, and how many stood there already."""

    added: int
    same: int


def read_objects(text: str, faults: list[Fault]) -> list[ObjectWish]:
    """Names as pasted or as CSV: a row an object, of up to three columns: name, last day, remark; a row of titles is skipped.

    Separated by tabs, commas or semicolons. Faults name the row, the value and the remedy, at ``names``.
    """
    said = unicodedata.normalize("NFKC", text.removeprefix("\ufeff"))
    mark = "\t" if "\t" in said else ";" if ";" in said and "," not in said else ","
    found: list[ObjectWish] = []
    seen: dict[str, int] = {}
    for number, cells in enumerate(csv.reader(io.StringIO(said), delimiter=mark), start=1):
        row = [" ".join(cell.split()) for cell in cells]
        if not any(row) or (not found and row[0].lower() in _HEADS):
            continue
        wish = _read_row(row, number, faults)
        if wish.name in seen:
            remedy, params = N_("同名的请加门牌或编号区别"), {"first": seen[wish.name]}
            message = N_("和第 {first} 行重名")
            faults.append(Fault(message, "names", number, shown(wish.name), "", remedy, params))
        seen.setdefault(wish.name, number)
        found.append(wish)
    if not found and not faults:
        faults.append(Fault(N_("没有读到名称"), "names", remedy=N_("请每行填一个名称，可以从表格粘贴")))
    if len(found) > MOST_OBJECTS:
        faults.append(Fault(N_("清单过长"), "names", value=str(len(found)), remedy=N_("一行清单最多 2000 个对象")))
    return found


def _read_row(row: Sequence[str], number: int, faults: list[Fault]) -> ObjectWish:
    name, due, note = (*row, "", "", "")[:3]
    own: list[Fault] = []
    read_text(name, "names", own, 100)
    read_text(note, "names", own, 500)
    if not name:
        own.append(Fault(N_("缺少名称"), "names", number, remedy=N_("请填名称，不要的行整行删去")))
    day = _read_due(due, number, own)
    faults += [Fault(f.message, f.field, number, f.value, f.where, f.remedy, f.params) for f in own]
    return ObjectWish(name, day, note, number)


def _read_due(text: str, number: int, faults: list[Fault]) -> date | None:
    if not text:
        return None
    found, precision, fault = read_partial_date(text, "names")
    if found is None or fault is not None or precision not in ("day", "month"):
        remedy = N_("请写成 2026-12-31 或 2026年12月31日")
        faults.append(Fault(N_("看不懂这个日期"), "names", number, shown(text), "", remedy))
        return None
    return found if precision == "day" else containing("month", found).end


def objects_of(session: Session, item_ids: Iterable[UUID]) -> dict[UUID, list[ProjectObject]]:
    """The objects of some lines, in their order (one query)."""
    found: dict[UUID, list[ProjectObject]] = {one: [] for one in item_ids}
    if found:
        query = select(ProjectObject).where(ProjectObject.item_id.in_(list(found)))
        ordered = query.order_by(ProjectObject.position, ProjectObject.id)
        for row in session.scalars(ordered, execution_options={"populate_existing": True}):
            found[row.item_id].append(row)
    return found


def dropped_of(objects: Iterable[ProjectObject]) -> int:
    """How many have left the count."""
    return sum(1 for one in objects if one.state == DROPPED)


def import_objects(
    session: Session,
    actor: Actor,
    project_id: UUID,
    item_id: UUID,
    text: str,
    *,
    reason: str = "",
    version: int,
    now: datetime,
) -> Imported:
    """Add objects to a counter's list by name (导入清单对象); a name that stands there stays as it is, a second import adds nothing.

    Once the project runs, a list that makes the plan another one needs a reason. Raises NotFound, Forbidden, Conflict, Stale,
    InvalidInput with every fault by row.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    item = _counter(session, project_id, item_id)
    faults: list[Fault] = []
    wishes = read_objects(text, faults)
    known = objects_of(session, [item_id])[item_id]
    names = {one.name for one in known}
    fresh = [one for one in wishes if one.name not in names]
    planned = len(known) + len(fresh) - dropped_of(known)
    if item.done and not known:
        remedy = N_("请先把这一行的完成量改为 0，导入后逐件登记")
        faults.append(Fault(N_("这一行已经直接填过完成量"), "names", value=str(item.done), remedy=remedy))
    if project.state != DRAFT and fresh and planned != item.planned:
        need_reason(reason, faults, "reason", N_("清单使计划数变了，要写明原因"))
    if len(known) + len(fresh) > MOST_OBJECTS:
        faults.append(Fault(N_("清单过长"), "names", remedy=N_("一行清单最多 2000 个对象")))
    refuse_faults(faults)
    detail = {"title": item.title, "added": len(fresh), "same": len(wishes) - len(fresh), "planned": planned}
    step(session, actor, project, LIST, version=version, note=reason.strip(), detail=detail, now=now)
    insert_rows(session, actor, ProjectObject, [_row(item, one, len(known)) for one in fresh])
    _recount(session, item)
    return Imported(len(fresh), len(wishes) - len(fresh))


def _row(item: ProjectItem, wish: ObjectWish, after: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "project_id": item.project_id,
        "item_id": item.id,
        "position": after + wish.row,
        "name": wish.name,
        "state": "todo",
        "due_on": wish.due_on,
        "done_on": None,
        "note": wish.note,
    }


def set_objects(
    session: Session,
    actor: Actor,
    project_id: UUID,
    object_ids: Sequence[UUID],
    state: str,
    *,
    day: date,
    note: str = "",
    photos: Sequence[str] = (),
    version: int,
    now: datetime,
) -> Project:
    """Say how far some objects of one line are (逐件办理): agreed, done on a day, dropped with a reason, or back to do.

    Raises NotFound, Forbidden, Conflict, Stale, InvalidInput.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    query = select(ProjectObject).where(ProjectObject.project_id == project_id, ProjectObject.id.in_(object_ids))
    rows = session.scalars(query.order_by(ProjectObject.position)).all()
    faults: list[Fault] = []
    said, files = read_text(note, "note", faults), read_refs(session, photos, faults)
    if not rows or len({one.item_id for one in rows}) > 1:
        faults.append(Fault(N_("没有选对象"), "objects", remedy=N_("请勾选要办理的对象")))
    if state not in OBJECT_STATES:
        faults.append(Fault(N_("没有这种状态"), "state", value=shown(state), remedy=N_("请从列出的选项中选择")))
    if day > local_day(now):
        faults.append(Fault(N_("日期在将来"), "day", value=day.isoformat(), remedy=N_("请填今天或以前的日期")))
    back = any(one.state == DONE for one in rows) and state != DONE
    if (state == DROPPED or back) and not said and not faults:
        faults.append(Fault(N_("不再计入或退回的，要写明原因"), "note", remedy=N_("请写明原因")))
    refuse_faults(faults)
    item = session.get_one(ProjectItem, (actor.tenant.id, rows[0].item_id))
    moved = [{"name": one.name, "from": one.state} for one in rows]
    detail = {"title": item.title, "objects": moved, "to": state, "day": day.isoformat()}
    step(session, actor, project, TICK, version=version, note=said, detail=detail, now=now)
    for one in rows:
        one.state, one.done_on = state, (day if state == DONE else None)
        one.note = said or one.note
    session.flush()
    _recount(session, item)
    attach(session, actor, PROJECT, project.id, files, step=project.version, caption=item.title[:200], now=now)
    return project


def _counter(session: Session, project_id: UUID, item_id: UUID) -> ProjectItem:
    item = next((one for one in items_of(session, project_id) if one.id == item_id), None)
    if item is None:
        raise NotFound
    if item.flow != COUNTER:
        raise Conflict(N_("只有“销号计数”的行可以逐件列单"))
    return item


def _recount(session: Session, item: ProjectItem) -> None:
    """Let the line's numbers be those of its list, in one statement."""
    counted = (
        select(
            func.count().filter(ProjectObject.state != DROPPED).label("planned"),
            func.count().filter(ProjectObject.state == DONE).label("done"),
        )
        .where(ProjectObject.tenant_id == item.tenant_id, ProjectObject.item_id == item.id)
        .subquery()
    )
    planned, done = select(counted.c.planned).scalar_subquery(), select(counted.c.done).scalar_subquery()
    session.execute(
        update(ProjectItem)
        .where(ProjectItem.tenant_id == item.tenant_id, ProjectItem.id == item.id)
        .values(planned=planned, done=done, planned_qualifier="exact", done_qualifier="exact")
        .execution_options(synchronize_session=False)
    )
    session.refresh(item)
