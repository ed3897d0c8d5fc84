"""Makes a split (建立分解表): in one go from the edition in force, or from the issue before; own clauses are added by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.campaigns import Campaign, Edition
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.editions.in_force import edition_for, edition_of
from core.work.names import narrow
from core.work.splits.carrying import Carried, carry, code_map, own_clauses
from core.work.splits.points import hundredths
from core.work.splits.reading import Line, lines_of
from core.work.splits.sight import require_directing
from core.work.splits.states import DRAFT, DROPPED, ISSUED, LEAD, LONGEST_CODE, LONGEST_TITLE, MOST_ROWS
from core.work.splits.steps import keep_event, lock_split
from core.work.tables import Split, SplitRow, SplitShare
from core.work.wording import read_text
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit, UnitRole
from tenants.scope import ScopedSession

TITLE_ZH = "{campaign}标准与责任分解表（第{issue}版）"  # the title of a document: kept as it was given, in Chinese


@dataclass(frozen=True, slots=True)
class Start:
    """How a new table begins (建立方式): from the issue before or from the edition alone; ``prefill``: its lead roles' units lead."""

    copy: bool = True
    prefill: bool = False
    title: str = ""


def make_split(
    session: ScopedSession, actor: Actor, campaign: Campaign, start: Start, *, on: date, now: datetime
) -> Split:
    """Make a draft for the edition that is in force on a day: its indicators with points, owners where the edition says so.

    Raises Forbidden, Conflict (there is a draft already), InvalidInput.
    """
    require_directing(session, actor, campaign.key, local_day(now))
    _refuse_second(session, campaign.key)
    faults: list[Fault] = []
    title = read_text(start.title, "title", faults, LONGEST_TITLE)
    if faults:
        raise InvalidInput(faults=faults)
    edition = edition_for(session, campaign, on)
    last = session.scalars(
        select(Split).where(Split.campaign == campaign.key, Split.state == ISSUED).order_by(Split.issue.desc()).limit(1)
    ).first()
    issue = (session.scalar(select(func.max(Split.issue)).where(Split.campaign == campaign.key)) or 0) + 1
    split = Split(
        campaign=campaign.key,
        edition=edition.key,
        edition_sha256=edition.sha256,
        issue=issue,
        title=title or TITLE_ZH.format(campaign=campaign.title_zh, issue=issue),
        replaces_id=last.id if last else None,
        created_by=actor.name,
        created_at=now,
        changed_at=now,
    )
    session.add(split)
    session.flush()
    rows = _rows_of_edition(session, split, edition, local_day(now))
    carried = _carried(session, campaign, split, last, edition, rows) if last is not None and start.copy else None
    if start.prefill:
        _prefill(session, rows, carried)
    detail = _told(session, carried) if carried else {}
    keep_event(session, actor, split, "copy" if carried else "create", now, detail={"rows": len(rows)} | detail)
    session.flush()
    return split


def _refuse_second(session: Session, campaign: str) -> None:
    other = session.scalar(select(Split.issue).where(Split.campaign == campaign, Split.state == DRAFT).limit(1))
    if other is not None:
        raise Conflict(N_("第 {issue} 版还在拟订，请先印发或作废它"), issue=other)


def _rows_of_edition(session: Session, split: Split, edition: Edition, on: date) -> dict[str, SplitRow]:
    """A clause for each indicator with points; its owner is the unit that does its lead role here, where one does."""
    chosen = select(UnitRole.role, UnitRole.unit_id).where(valid_on(UnitRole, on))
    owners = {row[0]: row[1] for row in session.execute(chosen)}
    scored = [one for one in edition.indicators if one.points > 0]
    rows = {
        one.code: SplitRow(
            id=new_id(),
            split_id=split.id,
            position=place,
            code=one.code,
            title=one.name_zh,
            owner_unit_id=owners.get(one.lead_role),
            points=hundredths(one.points),
        )
        for place, one in enumerate(scored, 1)
    }
    session.add_all(rows.values())
    session.flush()
    return rows


def _carried(
    session: ScopedSession, campaign: Campaign, split: Split, last: Split, edition: Edition, rows: dict[str, SplitRow]
) -> Carried:
    """Write what the issue before says of the clauses that are the same, and its own clauses."""
    before = edition_of(session, campaign, last.edition_sha256)
    lines = lines_of(session, last.id)
    for line in own_clauses(lines, before, rows):
        old = line.row
        rows[old.code] = SplitRow(
            id=new_id(), split_id=split.id, position=len(rows) + 1, code=old.code, title=old.title, points=old.points
        )
        session.add(rows[old.code])
    session.flush()
    found = carry(lines, code_map(before, edition), {code: row.points for code, row in rows.items()})
    for code, line in found.lines.items():
        _take_over(session, split, rows[code], line)
    session.flush()
    return found


def _take_over(session: Session, split: Split, row: SplitRow, line: Line) -> None:
    """A clause as the issue before has it: owner, demand, amount, day and shares."""
    old = line.row
    row.requirement, row.owner_unit_id = old.requirement, old.owner_unit_id or row.owner_unit_id
    row.amount, row.measure, row.due_on = old.amount, old.measure, old.due_on
    for share in line.shares:
        said = {name: getattr(share, name) for name in ("unit_id", "role", "points", "person_id", "amount", "due_on")}
        session.add(SplitShare(split_id=split.id, row_id=row.id, task_id=share.task_id, **said))


def _prefill(session: Session, rows: Mapping[str, SplitRow], carried: Carried | None) -> None:
    """Where a clause has no units yet, its owner leads and carries all of it."""
    filled = {code for code, line in carried.lines.items() if line.shares} if carried else set()
    for code, row in rows.items():
        if code not in filled and row.owner_unit_id is not None:
            share = SplitShare(
                split_id=row.split_id, row_id=row.id, unit_id=row.owner_unit_id, role=LEAD, points=row.points
            )
            session.add(share)


def _told(session: Session, carried: Carried) -> dict[str, object]:
    """What could not be carried, and whose points moved, as the history keeps it."""
    ids = {one.unit_id for left in carried.left for one in left.shares}
    names = (
        {row[0]: row[1] for row in session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids)))} if ids else {}
    )
    left = [
        {"code": one.code, "title": one.title, "why": one.why, "points": one.points}
        | {"units": [names.get(share.unit_id, "") for share in one.shares]}
        for one in carried.left
    ]
    moved = [{"code": code, "was": was, "now": now} for code, was, now in carried.moved]
    return {"carried": sum(1 for line in carried.lines.values() if line.shares), "left": left, "moved": moved}


def add_row(
    session: Session, actor: Actor, split_id: UUID, *, code: str, title: str, points: int, now: datetime
) -> SplitRow:
    """Add a clause of the district's own to a draft (自定条款); points in 1/100, 0 where it is only a duty.

    Raises NotFound, Conflict, Forbidden, InvalidInput.
    """
    split = lock_split(session, actor, split_id, DRAFT, now=now)
    require_directing(session, actor, split.campaign, local_day(now))
    faults: list[Fault] = []
    number, said = narrow(code), read_text(title, "title", faults, LONGEST_TITLE)
    read_text(number, "code", faults, LONGEST_CODE)
    for value, field in ((number, "code"), (said, "title")):
        if not value and not faults:
            faults.append(Fault(N_("没有填"), field, remedy=N_("请填写条款编号和内容")))
    known = select(SplitRow.code, SplitRow.position).where(SplitRow.split_id == split_id)
    rows = {row[0]: row[1] for row in session.execute(known)}
    if number in rows:
        faults.append(Fault(N_("这个编号已经有了"), "code", value=number, remedy=N_("请换一个编号")))
    if len(rows) >= MOST_ROWS:
        faults.append(Fault(N_("分解项过多"), "code", remedy=N_("最多 {most} 项"), params={"most": MOST_ROWS}))
    if faults:
        raise InvalidInput(faults=faults)
    row = SplitRow(
        split_id=split_id, code=number, title=said, points=points, position=max(rows.values(), default=0) + 1
    )
    session.add(row)
    session.flush()
    keep_event(session, actor, split, "add", now, code=number, detail={"title": said, "points": points})
    return row


def remove_row(
    session: ScopedSession, actor: Actor, campaign: Campaign, split_id: UUID, row_id: UUID, *, now: datetime
) -> None:
    """Take a clause of the district's own out of a draft again; an indicator of the edition stays.

    Raises NotFound, Conflict, Forbidden.
    """
    split = lock_split(session, actor, split_id, DRAFT, now=now)
    require_directing(session, actor, split.campaign, local_day(now))
    lines = lines_of(session, split_id, [row_id])
    if not lines:
        raise NotFound
    row = lines[0].row
    edition = edition_of(session, campaign, split.edition_sha256)
    if row.code in {one.code for one in edition.indicators}:
        raise Forbidden(N_("测评体系的指标不能从分解表删去"))
    for share in lines[0].shares:
        session.delete(share)
    session.flush()
    session.delete(row)
    keep_event(session, actor, split, "remove", now, code=row.code, detail={"title": row.title, "points": row.points})
    session.flush()


def drop_split(session: Session, actor: Actor, split_id: UUID, *, now: datetime) -> None:
    """Drop a draft (作废草稿); it stays readable for the HQ office. Raises NotFound, Conflict, Forbidden."""
    split = lock_split(session, actor, split_id, DRAFT, now=now, whole=True)
    require_directing(session, actor, split.campaign, local_day(now))
    split.state, split.changed_at = DROPPED, now
    keep_event(session, actor, split, "drop", now)
