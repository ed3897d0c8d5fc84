"""The bill of quantities (工程量清单): each line in one unit of measure, planned against done, never added to another's.

More done than planned is no silent thing: it is refused, or taken with a reason as a change of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.projects.counting import Told
from core.work.projects.states import BILL, DRAFT, FLOWS, REPORT
from core.work.projects.steps import need_reason, open_kept, refuse_faults, step
from core.work.quantities.writing import read_quantity
from core.work.statistics.measures import MEASURES, plain
from core.work.tables import Project, ProjectItem, ProjectObject, QuantityKind
from core.work.tasks.photo_kinds import PROJECT
from core.work.tasks.work_photos import attach, read_refs
from core.work.wording import read_text, shown
from tenants.access import Actor

MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class LineWish:
    """One line as it shall be (清单一行). ``id`` of one that stands already; ``kind_id`` of the quantity dictionary."""

    title: str
    flow: str
    measure: str
    planned: Decimal
    planned_qualifier: str = "exact"
    kind_id: UUID | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What is done of a line until a day, in all (累计完成)."""

    value: Decimal
    qualifier: str = "exact"


def read_amount(text: str, measure: str, field: str) -> Done | None:
    """A number of a unit as people write it (1100余, 约300) with its qualifier; None for nothing.

    Raises InvalidInput for words without a number, a range, a foreign unit behind it, or a fraction of what is counted in whole.
    """
    read = read_quantity(text, measure, field)
    if read.is_empty:
        return None
    known = MEASURES.get(measure)
    if read.value is None:
        remedy = N_("清单里请填一个数，例如 20、300余、约300")
        raise InvalidInput(faults=[Fault(N_("这里要一个数"), field, value=shown(text), remedy=remedy)])
    if known is not None and read.unit and read.unit not in (known.code, known.name_zh, known.name_en):
        params = {"unit": known.both}
        message, remedy = N_("单位不对：这一行的单位是{unit}"), N_("请换算后只填数字，不同单位分行填写")
        raise InvalidInput(faults=[Fault(message, field, value=shown(text), remedy=remedy, params=params)])
    if known is not None and known.whole and read.value != read.value.to_integral_value():
        params = {"unit": known.both}
        raise InvalidInput(faults=[Fault(N_("{unit}应为整数"), field, value=shown(text), params=params)])
    return Done(read.value, read.qualifier)


def items_of(session: Session, project_id: UUID) -> Sequence[ProjectItem]:
    """A project's lines, in their order, as they are in the database now."""
    query = select(ProjectItem).where(ProjectItem.project_id == project_id)
    ordered = query.order_by(ProjectItem.position, ProjectItem.id)
    return session.scalars(ordered, execution_options={"populate_existing": True}).all()


def listed_items(session: Session, project_id: UUID) -> dict[UUID, int]:
    """How many objects stand in the list of each line that has one."""
    query = select(ProjectObject.item_id, func.count()).where(ProjectObject.project_id == project_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(ProjectObject.item_id))}


def set_bill(
    session: Session,
    actor: Actor,
    project_id: UUID,
    rows: Sequence[LineWish],
    *,
    reason: str = "",
    version: int,
    now: datetime,
) -> Project:
    """Say which lines a project has (调整清单); once it runs with a reason, and the history keeps both bills.

    A line with something done, or with a list, is not taken out and keeps its unit. Raises NotFound, Forbidden, Conflict, Stale,
    InvalidInput with every fault; ``row`` counts from 1.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    known = {one.id: one for one in items_of(session, project_id)}
    faults = _check(session, rows, known, listed_items(session, project_id))
    if project.state != DRAFT:
        need_reason(reason, faults, "reason", N_("启动后的修改要写明原因"))
    refuse_faults(faults)
    detail = {
        "from": [_line(one.title, one.planned, one.measure) for one in known.values()],
        "to": [_line(one.title, one.planned, one.measure) for one in rows],
    }
    step(session, actor, project, BILL, version=version, note=reason.strip(), detail=detail, now=now)
    kept = {one.id for one in rows}
    for item_id, item in known.items():
        if item_id not in kept:
            session.delete(item)
    for place, row in enumerate(rows, start=1):
        item = known[row.id] if row.id else ProjectItem(project_id=project.id, title="", measure=row.measure)
        item.position, item.title, item.flow, item.measure = place, row.title.strip(), row.flow, row.measure
        item.planned, item.planned_qualifier, item.kind_id = row.planned, row.planned_qualifier, row.kind_id
        session.add(item)
    session.flush()
    return project


def _line(title: str, planned: Decimal, measure: str) -> list[str]:
    return [title.strip(), plain(planned), measure]


def _check(
    session: Session, rows: Sequence[LineWish], known: Mapping[UUID, ProjectItem], listed: Mapping[UUID, int]
) -> list[Fault]:
    faults: list[Fault] = []
    if len(rows) > MOST_LINES:
        faults.append(
            Fault(N_("清单行数过多"), "items", value=str(len(rows)), remedy=N_("最多 100 行，请拆成几个项目"))
        )
    kinds = {row.kind_id for row in rows if row.kind_id}
    measures = dict(
        session.execute(select(QuantityKind.id, QuantityKind.measure).where(QuantityKind.id.in_(kinds))).all()
    )
    for place, row in enumerate(rows, start=1):
        name = f"items.{place - 1}"
        read_text(row.title, f"{name}.title", faults, 100)
        if not row.title.strip():
            faults.append(Fault(N_("缺少名称"), f"{name}.title", place, remedy=N_("请填写，例如：清理积存垃圾")))
        if row.flow not in FLOWS:
            faults.append(Fault(N_("没有这一类"), f"{name}.flow", place, shown(row.flow)))
        if row.measure not in MEASURES:
            remedy = N_("请从计量单位表中选择")
            faults.append(Fault(N_("没有这个计量单位"), f"{name}.measure", place, shown(row.measure), "", remedy))
        if row.kind_id and measures.get(row.kind_id) != row.measure:
            faults.append(Fault(N_("单位和工作量科目的单位不同"), f"{name}.measure", place, shown(row.measure)))
        item = known.get(row.id) if row.id else None
        if row.id and item is None:
            faults.append(Fault(N_("没有找到"), f"{name}.title", place, remedy=N_("请刷新后再试")))
        elif item is not None:
            faults += _check_old(row, item, place, bool(listed.get(item.id)))
    gone = [one for key, one in known.items() if key not in {row.id for row in rows} and (one.done or listed.get(key))]
    remedy = N_("请保留这一行，可以把计划改小")
    return faults + [
        Fault(N_("已有完成量或逐件清单的行不能删去"), "items", value=one.title, remedy=remedy) for one in gone
    ]


def _check_old(row: LineWish, item: ProjectItem, place: int, listed: bool) -> list[Fault]:
    name = f"items.{place - 1}"
    if row.measure != item.measure and (item.done or listed):
        return [Fault(N_("已有完成量，不能换单位"), f"{name}.measure", place, remedy=N_("请另加一行"))]
    if listed and row.planned != item.planned:
        remedy = N_("请在逐件清单里增加对象，或把不做的标为不再计入")
        return [Fault(N_("这一行的计划由逐件清单算出"), f"{name}.planned", place, remedy=remedy)]
    if Told(row.planned, item.done, row.planned_qualifier).exceeds:
        params = {"done": plain(item.done)}
        return [Fault(N_("已经完成 {done}，计划不能更少"), f"{name}.planned", place, plain(row.planned), params=params)]
    return []


def report(
    session: Session,
    actor: Actor,
    project_id: UUID,
    done: Mapping[UUID, Done],
    *,
    day: date,
    note: str = "",
    reason: str = "",
    photos: Sequence[str] = (),
    version: int,
    now: datetime,
) -> Project:
    """Tell how much is done until a day (填报工程量), in all, line by line; lines that are not named stay.

    More than planned needs ``reason``: then the plan is raised with it, and the history says so. Less than before needs a note.
    Raises NotFound, Forbidden, Conflict, Stale, InvalidInput with every fault (``done.<line's id>``).
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    items = {one.id: one for one in items_of(session, project_id)}
    listed, faults = listed_items(session, project_id), list[Fault]()
    said, files = read_text(note, "note", faults), read_refs(session, photos, faults)
    changed = {key: one for key, one in done.items() if key not in items or _differs(items[key], one)}
    faults += _judge(items, changed, listed, day, now, bool(files))
    over = [key for key, one in changed.items() if key in items and _exceeds(items[key], one)]
    why = read_text(reason, "reason", faults)
    if over and not why:
        faults += [_over(items[key], changed[key]) for key in over]
    less = any(one.value < items[key].done for key, one in changed.items() if key in items)
    if less and not said:
        faults.append(Fault(N_("完成量比以前少，要写明原因"), "note", remedy=N_("请在说明里写清楚更正了什么")))
    refuse_faults(faults)
    detail = _told(items, changed, over, why, day)
    step(session, actor, project, REPORT, version=version, note=said, detail=detail, now=now)
    for key, one in changed.items():
        item = items[key]
        item.done, item.done_qualifier = one.value, one.qualifier
        if key in over:
            item.planned, item.planned_qualifier = one.value, one.qualifier
    session.flush()
    attach(session, actor, PROJECT, project.id, files, step=project.version, now=now)
    return project


def _differs(item: ProjectItem, one: Done) -> bool:
    return item.done != one.value or item.done_qualifier != one.qualifier


def _exceeds(item: ProjectItem, one: Done) -> bool:
    return Told(item.planned, one.value, item.planned_qualifier).exceeds


def _judge(
    items: Mapping[UUID, ProjectItem],
    changed: Mapping[UUID, Done],
    listed: Mapping[UUID, int],
    day: date,
    now: datetime,
    with_photos: bool,
) -> list[Fault]:
    faults: list[Fault] = []
    if day > local_day(now):
        faults.append(Fault(N_("日期在将来"), "day", value=day.isoformat(), remedy=N_("请填今天或以前的日期")))
    if not changed and not with_photos:
        faults.append(Fault(N_("没有新的完成量"), "done", remedy=N_("请至少填一行，或上传照片")))
    for key, one in changed.items():
        if key not in items:
            faults.append(Fault(N_("没有找到"), f"done.{key}", remedy=N_("请刷新后再试")))
        elif listed.get(key):
            remedy = N_("请在逐件清单里登记完成")
            faults.append(Fault(N_("这一行按逐件清单计数，不直接填"), f"done.{key}", remedy=remedy))
        elif one.value < 0:
            faults.append(Fault(N_("完成量不能为负"), f"done.{key}", value=plain(one.value)))
    return faults


def _over(item: ProjectItem, one: Done) -> Fault:
    params = {"title": item.title, "planned": plain(item.planned), "over": plain(one.value - item.planned)}
    remedy = N_("请核对；确实增加了工程量的，在“超出计划的原因”里写明，计划随之调整")
    return Fault(
        N_("{title}：超出计划 {planned} 的部分有 {over}"), f"done.{item.id}", None, plain(one.value), "", remedy, params
    )


def _told(
    items: Mapping[UUID, ProjectItem], changed: Mapping[UUID, Done], over: Sequence[UUID], why: str, day: date
) -> dict[str, Any]:
    rows = [
        {
            "id": str(key),
            "title": items[key].title,
            "measure": items[key].measure,
            "from": plain(items[key].done),
            "to": plain(one.value),
            "qualifier": one.qualifier,
        }
        for key, one in changed.items()
    ]
    plan = [{"title": items[k].title, "from": plain(items[k].planned), "to": plain(changed[k].value)} for k in over]
    return {"day": day.isoformat(), "items": rows} | ({"plan": plan, "reason": why} if over else {})
