"""Reading quantities (工作量查询): the list by kind with inputs, outputs, outcomes and stocks apart, one entry with its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select, true, tuple_

from core.work.quantities.doubles import Candidate, candidates_of
from core.work.quantities.ground import Ground, ground_of
from core.work.quantities.sight import get_entry, sees_entry
from core.work.quantities.sums import MOST, Gap, gap_of
from core.work.quantities.words import FLOWS, LIVE
from core.work.tables import QuantityEntry, QuantityEvent, QuantityKind, QuantityPair, Site
from tenants.access import Actor, subtree
from tenants.models import Unit
from tenants.scope import ScopedSession

# The columns of a list and its keyset: flows in their order, then kinds by code, then entries as they came.
_FLOW = case({flow: place for place, flow in enumerate(FLOWS)}, value=QuantityKind.flow, else_=len(FLOWS))
_LIKE = str.maketrans("", "", "%_\\")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which quantities (筛选): ``state`` '' those that stand, ``all`` every one; ``start`` and ``end`` touch the period."""

    text: str = ""
    flow: str = ""
    kind_id: UUID | None = None
    unit_id: UUID | None = None
    campaign: str = ""
    basis: str = ""
    state: str = ""
    document: str = ""
    plan_id: UUID | None = None
    project_id: UUID | None = None
    task_id: UUID | None = None
    start: date | None = None
    end: date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filtered."""
        return self == Asked()

    def items(self) -> list[tuple[str, Any]]:
        """The filters that are set, by name."""
        return [(one.name, getattr(self, one.name)) for one in fields(self) if getattr(self, one.name)]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a list shows it (填报行): with the names of what it belongs to."""

    entry: QuantityEntry
    kind: QuantityKind
    unit_name: str = ""
    scope_unit_name: str = ""
    site_name: str = ""
    site_code: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One entry with all that is known of it (一条填报)."""

    line: Line
    events: Sequence[QuantityEvent]
    total: Line | None
    parts: Sequence[Line]
    gap: Gap | None
    merged_into: Line | None
    merged: Sequence[Line]
    candidates: Sequence[Candidate]
    settled: Sequence[tuple[QuantityPair, Line]]
    ground: Ground = field(repr=False)


def list_entries(
    session: ScopedSession,
    actor: Actor | None,
    asked: Asked,
    *,
    today: date,
    after: tuple[int, str, UUID] | None = None,
    limit: int | None = None,
) -> list[Line]:
    """The entries within reach, flow by flow and kind by kind, from the one after ``after`` (:func:`key_of`)."""
    chosen = select_entries(session, actor, asked, today).order_by(_FLOW, QuantityKind.code, QuantityEntry.id)
    if after is not None:
        chosen = chosen.where(tuple_(_FLOW, QuantityKind.code, QuantityEntry.id) > tuple_(*after))
    return list(_named(session, session.execute(chosen.limit(limit))))


def key_of(line: Line) -> tuple[int, str, UUID]:
    """Where a line stands in the list."""
    return list(FLOWS).index(line.kind.flow), line.kind.code, line.entry.id


def lines_by_id(session: ScopedSession, actor: Actor | None, ids: Iterable[UUID], *, today: date) -> dict[UUID, Line]:
    """Entries within reach by their ids."""
    chosen = select_entries(session, actor, Asked(state="all"), today).where(QuantityEntry.id.in_(set(ids)))
    return {line.entry.id: line for line in _named(session, session.execute(chosen))}


def read_entry(session: ScopedSession, actor: Actor | None, entry_id: UUID, *, today: date) -> Found:
    """One entry with its history, parts, total, and what may be double. Raises NotFound."""
    entry, kind = get_entry(session, actor, entry_id, today)
    events = session.scalars(
        select(QuantityEvent).where(QuantityEvent.entry_id == entry.id).order_by(QuantityEvent.version.desc())
    ).all()
    near = [one for one, _kind in session.execute(_near(session, actor, entry, today))]
    ground = ground_of(session, [entry, *(one for one in near if one.id != entry.id)], today)
    candidates = [one for one in candidates_of(_with(entry, near), ground) if entry.id in one.pair]
    settled = {pair: row for pair, row in ground.verdicts.items() if entry.id in pair and row.verdict != "open"}
    others = {one for pair in settled for one in pair} | {entry.total_id, entry.merged_into_id} - {None}
    known = lines_by_id(session, actor, [one for one in others if one], today=today)
    parts = _of(session, actor, QuantityEntry.total_id == entry.id, today)
    return Found(
        line=next(iter(_named(session, [(entry, kind)]))),
        events=events,
        total=known.get(entry.total_id) if entry.total_id else None,
        parts=parts,
        gap=gap_of(entry, [one.entry for one in parts]),
        merged_into=known.get(entry.merged_into_id) if entry.merged_into_id else None,
        merged=_of(session, actor, QuantityEntry.merged_into_id == entry.id, today),
        candidates=candidates,
        settled=[
            (row, known[_other(pair, entry.id)]) for pair, row in settled.items() if _other(pair, entry.id) in known
        ],
        ground=ground,
    )


def _other(pair: tuple[UUID, UUID], entry_id: UUID) -> UUID:
    return pair[1] if pair[0] == entry_id else pair[0]


def _with(entry: QuantityEntry, near: Iterable[QuantityEntry]) -> list[QuantityEntry]:
    return [entry, *(one for one in near if one.id != entry.id)]


def select_entries(
    session: ScopedSession, actor: Actor | None, asked: Asked, today: date
) -> Select[QuantityEntry, QuantityKind]:
    """The entries that a filter finds within reach, with their kinds."""
    chosen = (
        select(QuantityEntry, QuantityKind)
        .join(QuantityKind, QuantityKind.id == QuantityEntry.kind_id)
        .where(true() if actor is None else sees_entry(actor, today))
    )
    for name in ("kind_id", "plan_id", "project_id", "task_id", "document"):
        value = getattr(asked, name)
        chosen = chosen.where(getattr(QuantityEntry, name) == value) if value else chosen
    for name in ("flow", "campaign"):
        value = getattr(asked, name)
        chosen = chosen.where(getattr(QuantityKind, name) == value) if value else chosen
    if asked.state != "all":
        chosen = chosen.where(QuantityEntry.state.in_((asked.state,) if asked.state else LIVE))
    if asked.basis == "verified":
        chosen = chosen.where(QuantityEntry.state == "verified")
    elif asked.basis:
        chosen = chosen.where(QuantityEntry.basis == asked.basis, QuantityEntry.state != "verified")
    return _more(session, chosen, asked, today)


def _more(
    session: ScopedSession, chosen: Select[QuantityEntry, QuantityKind], asked: Asked, today: date
) -> Select[QuantityEntry, QuantityKind]:
    if asked.unit_id:
        units = subtree(session.tenant_id, asked.unit_id, today)
        chosen = chosen.where(or_(QuantityEntry.unit_id.in_(units), QuantityEntry.scope_unit_id.in_(units)))
    if asked.start:
        chosen = chosen.where(or_(QuantityEntry.period_end.is_(None), QuantityEntry.period_end >= asked.start))
    if asked.end:
        chosen = chosen.where(or_(QuantityEntry.period_start.is_(None), QuantityEntry.period_start <= asked.end))
    if asked.text:
        like = f"%{asked.text.translate(_LIKE)}%"
        names = (QuantityKind.name_zh, QuantityKind.name_en, QuantityEntry.scope, QuantityEntry.document)
        chosen = chosen.where(or_(*(name.ilike(like) for name in names)))
    return chosen


def _near(
    session: ScopedSession, actor: Actor | None, entry: QuantityEntry, today: date
) -> Select[QuantityEntry, QuantityKind]:
    """What an entry may be double with: of its kind, or in its document."""
    beside = QuantityEntry.kind_id == entry.kind_id
    if entry.document:
        beside = or_(beside, func.lower(QuantityEntry.document) == entry.document.lower())
    return select_entries(session, actor, Asked(), today).where(beside).limit(MOST)


def _of(session: ScopedSession, actor: Actor | None, condition: Any, today: date) -> list[Line]:
    chosen = select_entries(session, actor, Asked(state="all"), today).where(condition).order_by(QuantityEntry.id)
    return list(_named(session, session.execute(chosen)))


def _named(session: ScopedSession, rows: Iterable[Sequence[Any]]) -> Iterator[Line]:
    listed = list(rows)
    unit_ids = {one for entry, _kind in listed for one in (entry.unit_id, entry.scope_unit_id) if one}
    site_ids = {entry.site_id for entry, _kind in listed if entry.site_id}
    units = {row.id: row.name for row in session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(unit_ids)))}
    found = session.execute(select(Site.id, Site.name, Site.code).where(Site.id.in_(site_ids)))
    sites = {site_id: (name, code or "") for site_id, name, code in found}
    for entry, kind in listed:
        site = sites.get(entry.site_id, ("", ""))
        yield Line(entry, kind, units.get(entry.unit_id, ""), units.get(entry.scope_unit_id, ""), *site)
