"""What a clause shall be split into (拟定分工): checked as a whole, then written as the difference to what is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_, Fault
from core.work.names import narrow
from core.work.splits.checking import Ground
from core.work.splits.points import all_to_first, read_hundredths, split_evenly
from core.work.splits.reading import Line
from core.work.splits.states import ASSIST, DRAFT, ISSUED, LEAD, MOST_UNITS, RETURNED, ROLES
from core.work.statistics.measures import plain
from core.work.tables import SplitShare
from core.work.wording import shown

MOST_AMOUNT = Decimal(10) ** 15
FIRST_YEAR, LAST_YEAR = 2000, 2100
_LEADING = ("●", "*", "主", "牵头", "牵", "l", "L")
_HELPING = ("○", "配合", "配", "o", "O", "a", "A")


@dataclass(frozen=True, slots=True)
class Portion:
    """What one unit shall carry (拟定分工), points in 1/100."""

    unit_id: UUID
    role: str = ASSIST
    points: int = 0
    person_id: UUID | None = None
    amount: Decimal | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a clause's shares (分工变化): unit ids; ``reissued`` are those that are to be accepted (again)."""

    added: tuple[UUID, ...] = ()
    changed: tuple[UUID, ...] = ()
    removed: tuple[UUID, ...] = ()
    reissued: tuple[UUID, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.reissued)


def portion_of(share: SplitShare) -> Portion:
    """A share as it stands."""
    return Portion(share.unit_id, share.role, share.points, share.person_id, share.amount, share.due_on)


def portions_of(line: Line) -> list[Portion]:
    """A clause's shares as they stand, the lead first."""
    return [portion_of(share) for share in line.shares]


def read_cell(text: str, before: Portion | None, unit_id: UUID, place: str, faults: list[Fault]) -> Portion | None:
    """What was typed into a cell of the matrix: ``3`` points in the role that the unit has, ``*3`` leads, ``o3`` assists.

    A sign alone keeps the points; nothing, or ``-``, takes the unit out. Words (主, 牵头, 配) and ●, ○ are understood too.
    """
    said = narrow(text).replace(" ", "")
    if said in ("", "-", "—"):
        return None
    role = before.role if before else ASSIST
    for sign, words in ((LEAD, _LEADING), (ASSIST, _HELPING)):
        word = next((one for one in words if said.startswith(one)), "")
        if word:
            role, said = sign, said.removeprefix(word)
            break
    points = read_hundredths(said, place, faults) if said else before.points if before else 0
    return replace(before or Portion(unit_id), role=role, points=points)


def one_lead(portions: Sequence[Portion], chosen: UUID | None = None) -> list[Portion]:
    """The same with one lead at most (只有一个牵头): ``chosen`` where it leads; the earlier lead assists from then on."""
    leads = [one.unit_id for one in portions if one.role == LEAD]
    lead = chosen if chosen in leads else leads[0] if leads else None
    return [replace(one, role=LEAD if one.unit_id == lead else ASSIST) for one in portions]


def shared_out(total: int, portions: Sequence[Portion], how: str) -> list[Portion]:
    """The same units with the clause's points shared out: ``even`` in equal parts, the rest to the lead, or all to the ``lead``."""
    ordered = sorted(one_lead(portions), key=lambda one: one.role != LEAD)
    if ordered and ordered[0].role != LEAD:
        ordered[0] = replace(ordered[0], role=LEAD)
    share = split_evenly if how == "even" else all_to_first
    return [replace(one, points=part) for one, part in zip(ordered, share(total, len(ordered)), strict=True)]


def faults_of_portions(
    portions: Sequence[Portion], ground: Ground, place: Callable[[Portion, str], str]
) -> list[Fault]:
    """Everything wrong with a wish for one clause, sums apart; ``place`` names the field of a unit."""
    found: list[Fault] = []
    if len(portions) > MOST_UNITS:
        params = {"most": MOST_UNITS}
        found.append(
            Fault(N_("单位过多"), "units", value=str(len(portions)), remedy=N_("最多 {most} 个"), params=params)
        )
    leads = [one for one in portions if one.role == LEAD]
    if len(leads) > 1:
        remedy = N_("只能有一个牵头单位，其余改为配合")
        names = [ground.names.get(one.unit_id, "") for one in leads]
        found.append(
            Fault(N_("有 {n} 个牵头单位"), "units", None, "、".join(names)[:60], "", remedy, {"n": len(leads)})
        )
    seen: set[UUID] = set()
    for one in portions:
        found += _of_one(one, ground, place, again=one.unit_id in seen)
        seen.add(one.unit_id)
    return found


def _of_one(one: Portion, ground: Ground, place: Callable[[Portion, str], str], *, again: bool) -> list[Fault]:
    name = ground.names.get(one.unit_id, "")
    found = []
    if one.unit_id not in ground.units:
        remedy = N_("请选一个现有的单位")
        found.append(Fault(N_("单位已不存在"), place(one, "unit"), value=name, remedy=remedy))
    if again:
        found.append(Fault(N_("单位重复"), place(one, "unit"), value=name, remedy=N_("同一条里每个单位只写一次")))
    if one.role not in ROLES:
        found.append(Fault(N_("请选择牵头或配合"), place(one, "role"), value=shown(one.role)))
    if one.person_id and one.person_id not in ground.people.get(one.unit_id, ()):
        remedy = N_("请另选一位在该单位任职的人，或留空")
        found.append(Fault(N_("责任人不在该单位任职"), place(one, "person"), value=name, remedy=remedy))
    if one.amount is not None and not 0 < one.amount <= MOST_AMOUNT:
        remedy = N_("请填大于 0 的数，或留空")
        found.append(Fault(N_("数量不对"), place(one, "amount"), value=plain(one.amount), remedy=remedy))
    if one.due_on and not FIRST_YEAR <= one.due_on.year <= LAST_YEAR:
        found.append(Fault(N_("日期不对"), place(one, "due"), value=str(one.due_on), remedy=N_("请写成 2026-03-02")))
    return found


def write_portions(
    session: Session, line: Line, portions: Sequence[Portion], *, issued: bool, now: datetime
) -> Written:
    """Write the difference (保存分工). Of an issued table what changed, and what had come back, is to be accepted anew.

    Shares that stay the same keep their acceptance; nothing is checked here.
    """
    wanted = {one.unit_id: one for one in portions}
    added, changed, removed, again = [], [], [], []
    for share in line.shares:
        wish = wanted.pop(share.unit_id, None)
        if wish is None:
            removed.append(share.unit_id)
            session.delete(share)
        elif portion_of(share) != wish:
            changed.append(share.unit_id)
            _change(share, wish, now)
            again += [share.unit_id] if issued else []
            _offer(share, issued)
        elif issued and share.state == RETURNED:
            again.append(share.unit_id)
            _offer(share, issued)
    session.flush()  # a unit that was taken out may come back in another role
    for wish in wanted.values():
        added.append(wish.unit_id)
        again += [wish.unit_id] if issued else []
        share = SplitShare(split_id=line.row.split_id, row_id=line.row.id, unit_id=wish.unit_id, changed_at=now)
        _change(share, wish, now)
        share.state, share.version = ISSUED if issued else DRAFT, 1
        session.add(share)
    session.flush()
    return Written(tuple(added), tuple(changed), tuple(removed), tuple(again))


def _change(share: SplitShare, wish: Portion, now: datetime) -> None:
    share.role, share.points, share.person_id = wish.role, wish.points, wish.person_id
    share.amount, share.due_on, share.changed_at = wish.amount, wish.due_on, now
    share.version = (share.version or 0) + 1


def _offer(share: SplitShare, issued: bool) -> None:
    """Let the unit answer anew."""
    share.state, share.reason = ISSUED if issued else DRAFT, ""
    share.answered_by, share.answered_at = "", None
