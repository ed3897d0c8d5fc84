"""Edits a split (修改分解表): cell by cell in a draft, by whole clauses everywhere, each by the group that answers for it.

In an issued table only clauses with a returned share are edited, and only so that their points add up: saving issues them anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import local_day
from core.work.splits.checking import faults_of, ground_of
from core.work.splits.notices import tell_issued
from core.work.splits.portions import (
    MOST_AMOUNT,
    Portion,
    Written,
    faults_of_portions,
    one_lead,
    portion_of,
    portions_of,
    read_cell,
    shared_out,
    write_portions,
)
from core.work.splits.reading import Line, lines_of
from core.work.splits.sight import Sight, sight_of
from core.work.splits.states import DRAFT, ISSUED, LEAD, RETURNED
from core.work.splits.steps import keep_event, lock_split
from core.work.statistics.measures import find_measure, plain
from core.work.tables import Split, SplitRow
from core.work.wording import read_text
from tenants.access import Actor
from tenants.models import Unit

EVEN, ALL_TO_LEAD = "even", "lead"


@dataclass(frozen=True, slots=True)
class RowWish:
    """What a clause shall say beside its shares (分解项内容); ``owner_unit_id`` is changed by the HQ office alone."""

    requirement: str = ""
    owner_unit_id: UUID | None = None
    amount: Decimal | None = None
    measure: str = ""
    due_on: date | None = None


def save_cells(
    session: Session,
    actor: Actor,
    split_id: UUID,
    cells: Mapping[UUID, Mapping[UUID, str]],
    marks: Mapping[UUID, str],
    *,
    now: datetime,
) -> list[UUID]:
    """Save cells of the matrix of a draft (逐格修改): row -> unit -> what was typed; gives the rows that changed.

    Sums are not asked for yet. ``marks`` say of each row what its writer had seen. Raises NotFound, Conflict (no draft), Stale
    (a row was changed meanwhile), Forbidden, InvalidInput with the cell of each fault.
    """
    split = lock_split(session, actor, split_id, DRAFT, now=now)
    lines = _locked(session, actor, split, list(cells), now)
    units = {unit for typed in cells.values() for unit in typed} | {s.unit_id for one in lines for s in one.shares}
    ground = ground_of(session, units, (s.person_id for one in lines for s in one.shares), local_day(now))
    faults: list[Fault] = []
    wished: list[tuple[Line, list[Portion]]] = []
    for line in lines:
        portions = _with_cells(line, cells[line.row.id], faults)
        if portions == portions_of(line):
            continue
        if marks.get(line.row.id) != line.mark:
            raise _overtaken(line)
        faults += faults_of_portions(portions, ground, lambda one, _what, row=line.row: f"c.{row.id}.{one.unit_id}")  # type: ignore[misc]  # the row is bound
        wished.append((line, portions))
    if faults:
        raise InvalidInput(faults=faults)
    for line, portions in wished:
        _keep(session, actor, split, line, write_portions(session, line, portions, issued=False, now=now), now)
    return [line.row.id for line, _ in wished]


def _with_cells(line: Line, typed: Mapping[UUID, str], faults: list[Fault]) -> list[Portion]:
    """A clause's portions after what was typed; the first unit of a clause leads."""
    found = {one.unit_id: one for one in portions_of(line)}
    chosen = None
    for unit_id, text in typed.items():
        before = found.get(unit_id)
        wish = read_cell(text, before, unit_id, f"c.{line.row.id}.{unit_id}", faults)
        if wish is None:
            found.pop(unit_id, None)
            continue
        if wish.role == LEAD and (before is None or before.role != LEAD):
            chosen = unit_id
        found[unit_id] = wish
    portions = one_lead(list(found.values()), chosen)
    if len(portions) == 1 and not line.shares:
        portions = [Portion(portions[0].unit_id, LEAD, portions[0].points)]
    return portions


def save_row(
    session: Session,
    actor: Actor,
    split_id: UUID,
    row_id: UUID,
    wish: RowWish,
    portions: Sequence[Portion],
    *,
    mark: str,
    note: str = "",
    now: datetime,
) -> Written:
    """Save a whole clause (保存分解项). Of an issued table it must add up, and its changed and returned shares are issued anew.

    Raises NotFound, Conflict, Stale, Forbidden (another group's clause), InvalidInput.
    """
    split = lock_split(session, actor, split_id, DRAFT, ISSUED, now=now)
    line = _locked(session, actor, split, [row_id], now)[0]
    issued = split.state == ISSUED
    if issued and not any(share.state == RETURNED for share in line.shares):
        raise Conflict(N_("已印发的分解项，有单位退回时才能调整；其余的请建立新版"))
    if mark != line.mark:
        raise _overtaken(line)
    said = _checked(session, line, wish, portions, note, now)
    before = _said(line.row)
    sight = sight_of(session, actor, split.campaign, local_day(now))
    with session.begin_nested():  # what does not add up leaves everything as it was
        _put(line.row, wish, sight)
        written = write_portions(session, line, portions, issued=issued, now=now)
        fresh = lines_of(session, split.id, [row_id])[0]
        if issued:
            _refuse_open(session, fresh, now)
    moved = _said(line.row) != before
    if written or moved:
        verb = "reissue" if issued else "change"
        _keep(session, actor, split, fresh, written, now, verb=verb, note=said)
    if written.reissued:
        tell_issued(session, actor, split, written.reissued, again=True, now=now)
    return written


def share_out(
    session: Session, actor: Actor, split_id: UUID, row_ids: Sequence[UUID], how: str, *, now: datetime
) -> int:
    """Share the points of some clauses of a draft out among their units (平均分配、全归牵头); gives how many changed.

    Clauses without units are left alone. Raises NotFound, Conflict, Forbidden.
    """
    split = lock_split(session, actor, split_id, DRAFT, now=now)
    done = 0
    for line in _locked(session, actor, split, row_ids, now):
        portions = shared_out(line.row.points, portions_of(line), how)
        written = write_portions(session, line, portions, issued=False, now=now)
        if written:
            done += 1
            _keep(session, actor, split, line, written, now, how=how)
    return done


def _locked(session: Session, actor: Actor, split: Split, row_ids: Sequence[UUID], now: datetime) -> list[Line]:
    """Clauses that nobody else changes until the end of this transaction. Raises NotFound, Forbidden."""
    chosen = select(SplitRow).where(SplitRow.split_id == split.id, SplitRow.id.in_(row_ids)).order_by(SplitRow.id)
    rows = session.scalars(chosen.with_for_update(), execution_options={"populate_existing": True}).all()
    lines = lines_of(session, split.id, [row.id for row in rows])
    sight = sight_of(session, actor, split.campaign, local_day(now))
    seen = [one for one in lines if sight.sees(split, one.row, [share.unit_id for share in one.shares])]
    if len(seen) < len(set(row_ids)):
        raise NotFound
    if not all(sight.edits(line.row) for line in seen):
        raise Forbidden(N_("分解项由负责它的牵头组或创建办分解"))
    return seen


def _overtaken(line: Line) -> Stale:
    return Stale(N_("{code} 刚刚被别人改过，请刷新后再改"), code=line.row.code)


def _checked(
    session: Session,
    line: Line,
    wish: RowWish,
    portions: Sequence[Portion],
    note: str,
    now: datetime,
) -> str:
    """The note of a wish in order. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    said = read_text(note, "note", faults, 500)
    read_text(wish.requirement, "requirement", faults)
    _check_amount(wish, faults)
    units = {one.unit_id for one in portions} | ({wish.owner_unit_id} if wish.owner_unit_id else set())
    ground = ground_of(session, units, (one.person_id for one in portions), local_day(now))
    if wish.owner_unit_id and wish.owner_unit_id not in ground.units and wish.owner_unit_id != line.row.owner_unit_id:
        faults.append(Fault(N_("单位已不存在"), "owner", remedy=N_("请选一个现有的单位")))
    faults += faults_of_portions(portions, ground, lambda one, what: f"{what}.{one.unit_id}")
    if faults:
        raise InvalidInput(faults=faults)
    return said


def _check_amount(wish: RowWish, faults: list[Fault]) -> None:
    if wish.amount is not None and not 0 < wish.amount <= MOST_AMOUNT:
        faults.append(Fault(N_("数量不对"), "amount", value=plain(wish.amount), remedy=N_("请填大于 0 的数，或留空")))
    if wish.amount is not None and not wish.measure:
        faults.append(Fault(N_("数量没有计量单位"), "measure", value=plain(wish.amount), remedy=N_("请选择计量单位")))
    if wish.measure:
        try:
            find_measure(wish.measure)
        except InvalidInput as error:
            faults += error.faults


def _said(row: SplitRow) -> tuple[Any, ...]:
    return (row.requirement, row.owner_unit_id, row.amount, row.measure, row.due_on)


def _put(row: SplitRow, wish: RowWish, sight: Sight) -> None:
    row.requirement, row.amount, row.due_on = wish.requirement.strip(), wish.amount, wish.due_on
    row.measure = find_measure(wish.measure).code if wish.measure else ""
    if sight.directs:
        row.owner_unit_id = wish.owner_unit_id


def _refuse_open(session: Session, line: Line, now: datetime) -> None:
    """Raises InvalidInput when a clause of an issued table would not add up."""
    ground = ground_of(session, (s.unit_id for s in line.shares), (s.person_id for s in line.shares), local_day(now))
    faults = faults_of(line, ground)
    if faults:
        raise InvalidInput(faults=faults)


def _keep(
    session: Session,
    actor: Actor,
    split: Split,
    line: Line,
    written: Written,
    now: datetime,
    *,
    verb: str = "change",
    note: str = "",
    **more: Any,
) -> None:
    """The history of a changed clause: names of the units, so that it stays readable when they are gone."""
    groups = {"added": written.added, "changed": written.changed, "removed": written.removed}
    ids = {unit for units in groups.values() for unit in units}
    names = (
        {row[0]: row[1] for row in session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids)))} if ids else {}
    )
    said: dict[str, Any] = {key: [names.get(unit, "") for unit in units] for key, units in groups.items() if units}
    keep_event(session, actor, split, verb, now, code=line.row.code, note=note, detail=said | more)


__all__ = ["ALL_TO_LEAD", "EVEN", "RowWish", "portion_of", "save_cells", "save_row", "share_out"]
