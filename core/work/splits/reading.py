"""Reads a split (看分解表): its clauses with their shares, names of units and people, and what is not in order yet."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.work.splits.points import gap_of
from core.work.splits.sight import Sight, find_split, own_units, sight_of
from core.work.splits.states import ACCEPTED, DRAFT, DROPPED, ISSUED, LEAD, RETURNED
from core.work.tables import Split, SplitRow, SplitShare
from tenants.access import Actor
from tenants.models import Person, Unit

EMPTY, UNEVEN = "empty", "uneven"  # a clause without units, and one whose points or lead are not in order
LINE_STATES = (EMPTY, UNEVEN, DRAFT, ISSUED, RETURNED, ACCEPTED)


@dataclass(frozen=True, slots=True)
class Line:
    """One clause with its shares (分解项), the lead unit first."""

    row: SplitRow
    shares: tuple[SplitShare, ...]

    @property
    def shared(self) -> int:
        """The points of all shares, in 1/100."""
        return sum(share.points for share in self.shares)

    @property
    def gap(self) -> int:
        """What the shares lack of the clause's points, in 1/100; negative when they exceed it."""
        return gap_of(self.row.points, [share.points for share in self.shares])

    @property
    def leads(self) -> tuple[SplitShare, ...]:
        """The shares that lead; in order when it is exactly one."""
        return tuple(share for share in self.shares if share.role == LEAD)

    @property
    def complete(self) -> bool:
        """Whether it can be issued: one lead, and points that add up."""
        return len(self.leads) == 1 and self.gap == 0

    @property
    def state(self) -> str:
        """What matters most of its shares: a returned one, one that waits, else accepted."""
        if not self.shares:
            return EMPTY
        if not self.complete:
            return UNEVEN
        states = {share.state for share in self.shares}
        return next(one for one in (RETURNED, ISSUED, DRAFT, ACCEPTED) if one in states)

    @property
    def mark(self) -> str:
        """What a page has seen of it (版本标记): whoever saves with another mark was overtaken."""
        row = self.row
        said = [row.title, row.requirement, row.owner_unit_id, row.points, row.amount, row.measure, row.due_on]
        for one in sorted(self.shares, key=lambda share: str(share.unit_id)):
            said += [one.unit_id, one.role, one.points, one.person_id, one.amount, one.due_on, one.state]
        return hashlib.sha256(repr([_plain(value) for value in said]).encode()).hexdigest()[:16]

    def of(self, unit_id: UUID) -> SplitShare | None:
        """The share of a unit."""
        return next((share for share in self.shares if share.unit_id == unit_id), None)

    def due_of(self, share: SplitShare) -> date | None:
        """The last day of a share: its own, else its clause's."""
        return share.due_on or self.row.due_on

    def amount_of(self, share: SplitShare) -> Decimal | None:
        """The amount of a share: its own, else its clause's where it is the only one."""
        return share.amount if share.amount is not None or len(self.shares) > 1 else self.row.amount


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which clauses (分解项筛选): of a group, of a unit, in a state, with a word in them; ``open`` those that are not in order."""

    owner_id: UUID | None = None
    unit_id: UUID | None = None
    state: str = ""
    text: str = ""

    def wants(self, line: Line) -> bool:
        """Whether a clause is among them."""
        row = line.row
        return (
            (self.owner_id is None or row.owner_unit_id == self.owner_id)
            and (self.unit_id is None or line.of(self.unit_id) is not None)
            and (not self.state or line.state == self.state or (self.state == "open" and not line.complete))
            and self.text.casefold() in f"{row.code} {row.title}".casefold()
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A split as one reader sees it (分解表): the clauses in his sight with the names that they need."""

    split: Split
    lines: tuple[Line, ...]
    units: Mapping[UUID, Unit]
    people: Mapping[UUID, str]
    sight: Sight

    def name(self, unit_id: UUID | None) -> str:
        """A unit's name, '' for none."""
        return self.units[unit_id].name if unit_id is not None and unit_id in self.units else ""

    def edits(self, line: Line) -> bool:
        """Whether the reader may change a clause now: of a draft his own, of an issued table those with a returned share."""
        if not self.sight.edits(line.row):
            return False
        returned = any(share.state == RETURNED for share in line.shares)
        return self.split.state == DRAFT or (self.split.state == ISSUED and returned)

    @property
    def columns(self) -> tuple[Unit, ...]:
        """The units that carry something here, by kind and name: the columns of the matrix."""
        carrying = {share.unit_id for line in self.lines for share in line.shares}
        return tuple(
            sorted((self.units[one] for one in carrying), key=lambda unit: (unit.kind, unit.pinyin, unit.name))
        )

    def counts(self) -> dict[str, int]:
        """How many clauses are in each state."""
        found = dict.fromkeys(LINE_STATES, 0)
        for line in self.lines:
            found[line.state] += 1
        return found


def read_table(session: Session, actor: Actor, split_id: UUID, on: date) -> Table:
    """A split with the clauses that the actor may read. Raises NotFound."""
    split = find_split(session, actor, split_id, on)
    sight = sight_of(session, actor, split.campaign, on)
    lines = [
        one
        for one in lines_of(session, split.id)
        if sight.sees(split, one.row, [share.unit_id for share in one.shares])
    ]
    return with_names(session, split, lines, sight)


def with_names(session: Session, split: Split, lines: Sequence[Line], sight: Sight) -> Table:
    """Some clauses with the names that they need, in two queries."""
    units = {share.unit_id for line in lines for share in line.shares}
    units |= {line.row.owner_unit_id for line in lines if line.row.owner_unit_id}
    people = {share.person_id for line in lines for share in line.shares if share.person_id}
    named = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(units)))} if units else {}
    chosen = select(Person.id, Person.name).where(Person.id.in_(people))
    said = {row[0]: row[1] for row in session.execute(chosen)} if people else {}
    return Table(split, tuple(lines), named, said, sight)


def lines_of(session: Session, split_id: UUID, row_ids: Iterable[UUID] | None = None) -> list[Line]:
    """All clauses of a split, or some, in their order (two queries); for whoever has judged already who reads them."""
    wanted = [SplitRow.split_id == split_id]
    shared = [SplitShare.split_id == split_id]
    if row_ids is not None:
        ids = list(row_ids)
        wanted.append(SplitRow.id.in_(ids))
        shared.append(SplitShare.row_id.in_(ids))
    rows = session.scalars(select(SplitRow).where(*wanted).order_by(SplitRow.position, SplitRow.code)).all()
    shares: dict[UUID, list[SplitShare]] = defaultdict(list)
    query = select(SplitShare).where(*shared).order_by(SplitShare.role.desc(), SplitShare.id)
    for share in session.scalars(query):
        shares[share.row_id].append(share)
    return [Line(row, tuple(shares.get(row.id, ()))) for row in rows]


def list_splits(
    session: Session, actor: Actor, on: date, *, campaigns: Sequence[str], after: tuple[str, int] | None = None
) -> list[Split]:
    """The splits of some campaigns that the actor may open, by campaign, the latest issue first; ``after`` the last one seen."""
    found: list[Split] = []
    for campaign in sorted(campaigns):
        chosen = select(Split).where(Split.campaign == campaign).order_by(Split.issue.desc())
        sight = sight_of(session, actor, campaign, on)
        if not sight.directs:
            mine = select(SplitRow.split_id).where(SplitRow.owner_unit_id.in_(own_units(actor, campaign)))
            chosen = chosen.where(Split.state != DROPPED, (Split.state != DRAFT) | Split.id.in_(mine))
        if sight.seen:
            found += session.scalars(chosen).all()
    if after is None:
        return found
    return [one for one in found if (one.campaign, -one.issue) > (after[0], -after[1])]


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a split is (分解进度), of the whole table: clauses, shares, and how many of these wait, are accepted, came back."""

    rows: int
    shares: int
    waiting: int
    accepted: int
    returned: int
    tasks: int


def tallies_of(session: Session, splits: Sequence[Split]) -> dict[UUID, Tally]:
    """How far each split is (two queries for all of them)."""
    ids = [one.id for one in splits]
    if not ids:
        return {}
    chosen = select(SplitRow.split_id, func.count()).where(SplitRow.split_id.in_(ids)).group_by(SplitRow.split_id)
    rows = {row[0]: row[1] for row in session.execute(chosen)}
    counts = [func.count().filter(SplitShare.state == one) for one in (ISSUED, ACCEPTED, RETURNED)]
    asked = select(SplitShare.split_id, func.count(), *counts, func.count(SplitShare.task_id))
    shares = {
        row[0]: row[1:]
        for row in session.execute(asked.where(SplitShare.split_id.in_(ids)).group_by(SplitShare.split_id))
    }
    return {one: Tally(rows.get(one, 0), *shares.get(one, (0, 0, 0, 0, 0))) for one in ids}


def split_in_force(session: Session, campaign: str, day: date) -> Split | None:
    """The split of a campaign that holds on a day (现行分解表): the last one issued of those whose days hold it."""
    chosen = select(Split).where(
        Split.campaign == campaign,
        Split.state.not_in((DRAFT, DROPPED)),
        Split.valid_from <= day,
        (Split.valid_to.is_(None)) | (Split.valid_to > day),
    )
    return session.scalars(chosen.order_by(Split.issue.desc()).limit(1)).first()
