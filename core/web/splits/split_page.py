"""The page of one split (分解表页面): the matrix with its filter, and one row of it, as they are shown after every act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import render_template, request
from sqlalchemy import select

from core.campaigns import Campaign
from core.errors import NotFound, SanchengError
from core.request import actor, db, today
from core.web.errors import fault_map, say, say_fault
from core.web.paging import Page, bad_argument, cut, read_cursor, read_id
from core.web.running import running_one
from core.web.splits.split_words import LINE_WORDS, OPEN, state_options, tables, titles_of, unit_choices
from core.work.splits.reading import Filter, Line, Table, list_splits, with_names
from core.work.splits.states import DRAFT, ISSUED
from core.work.tables import Split, SplitEvent
from tenants.models import Unit

ROWS = 25  # a page of the matrix is a form: more clauses than these are not edited at one sitting (ours)
SHOWN_FAULTS = 50
EVENTS = 30


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed and refused (退回的输入): cells and faults by their name, what concerns all; ``alone``: one row is answered."""

    cells: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    alone: bool = False


def campaign_of(split: Split) -> Campaign:
    """The campaign of a split; one that is suspended is not found."""
    return running_one(split.campaign)


def read_filter() -> Filter:
    """The filter of this address. Raises InvalidInput."""
    said = request.args.get("state", "")
    if said and said not in (*LINE_WORDS, OPEN):
        raise bad_argument("state", said)
    ids = {name: request.args.get(name, "") for name in ("owner", "unit")}
    owner, unit = (read_id(ids[name], name) if ids[name] else None for name in ("owner", "unit"))
    return Filter(owner, unit, said, request.args.get("q", "").replace("\x00", "").strip()[:60])


def _filtered(table: Table) -> list[Line]:
    wanted = read_filter()
    return [line for line in table.lines if wanted.wants(line)]


def show_page(table: Table, error: SanchengError | None = None, typed: Typed | None = None) -> tuple[str, int]:
    """The page of a table, after a refusal with what was typed."""
    split, campaign = table.split, campaign_of(table.split)
    lines = _filtered(table)
    page = _cut(lines)
    answering = [
        s for line in table.lines for s in line.shares if s.state == ISSUED and s.unit_id in table.sight.answers
    ]
    others = list_splits(db(), actor(), today(), campaigns=[split.campaign])
    issues = [one for one in others if one.id != split.id and one.state not in ("draft", "dropped")]
    shown = render_template(
        "splits/show.html",
        table=table,
        split=split,
        page=page,
        found=len(lines),
        columns=_columns(table, page.rows),
        titles=titles_of(campaign, split),
        typed=typed or Typed(refusal=say(error) if error and not error.faults else ""),
        faults=_faults(error, typed)[:SHOWN_FAULTS],
        errors=fault_map(error) if error else {},
        wanted=read_filter(),
        owners=_owners(table),
        carrying=[(unit.id, unit.name) for unit in table.columns],
        unit_pairs=[(key, name) for key, name, _kind in unit_choices()] if split.state == DRAFT else [],
        states=state_options(),
        counts=table.counts(),
        editable=any(table.edits(line) for line in page.rows) and split.state == DRAFT,
        returned=[line for line in table.lines if table.edits(line)] if split.state == ISSUED else [],
        answering=len(answering) if split.state == ISSUED else 0,
        before=issues[0]
        if issues and split.state == DRAFT
        else next((one for one in issues if one.issue < split.issue), None),
        events=_events(split),
        left=_left(split),
        day=today(),
        makes_tasks=split.state == ISSUED and any(table.sight.edits(line.row) for line in table.lines),
        **tables(),
    )
    return shown, error.status if error else 200


def _faults(error: SanchengError | None, typed: Typed | None) -> list[str]:
    """What is wrong, in words; of cells with their clause and unit."""
    if typed is not None and typed.faults:
        return list(typed.faults.values())
    return [say_fault(fault) for fault in error.faults] if error else []


def _cut(lines: Sequence[Line]) -> Page[Line]:
    after = read_cursor(1)
    if after is not None:
        codes = [line.row.code for line in lines]
        if after[0] not in codes:
            raise bad_argument("cursor", after[0])
        lines = lines[codes.index(after[0]) + 1 :]
    return cut(list(lines), lambda line: (line.row.code,), ROWS)


def _columns(table: Table, lines: Sequence[Line]) -> list[Unit]:
    """The units that carry something on this page, and those that the reader wants a column for."""
    carrying = {share.unit_id for line in lines for share in line.shares}
    found = [unit for unit in table.columns if unit.id in carrying]
    wanted = [read_id(one, "col") for one in request.values.getlist("col") if one][:20]
    extra = [one for one in dict.fromkeys(wanted) if one not in carrying]
    more = {unit.id: unit for unit in db().scalars(select(Unit).where(Unit.id.in_(extra)))} if extra else {}
    return found + [more[one] for one in extra if one in more]


def _owners(table: Table) -> list[tuple[str, str]]:
    ids = {line.row.owner_unit_id for line in table.lines if line.row.owner_unit_id}
    return sorted(((str(one), table.name(one)) for one in ids), key=lambda pair: pair[1])


def _events(split: Split) -> Sequence[SplitEvent]:
    chosen = select(SplitEvent).where(SplitEvent.split_id == split.id)
    return db().scalars(chosen.order_by(SplitEvent.at.desc(), SplitEvent.id.desc()).limit(EVENTS)).all()


def _left(split: Split) -> Mapping[str, Any]:
    """What could not be carried over when this table was made."""
    chosen = select(SplitEvent.detail).where(SplitEvent.split_id == split.id, SplitEvent.verb == "copy")
    found: Mapping[str, Any] = db().scalars(chosen.limit(1)).first() or {}
    return found


def show_row(table: Table, row_id: UUID, typed: Typed, status: int) -> tuple[str, int]:
    """One row of the matrix, as the page shows it; its columns are those that were sent."""
    line = next((one for one in table.lines if one.row.id == row_id), None)
    if line is None:
        raise NotFound
    ids = [read_id(name.rpartition(".")[2], "unit") for name in request.form if name.startswith("c.")]
    units = {unit.id: unit for unit in db().scalars(select(Unit).where(Unit.id.in_(ids)))}
    shown = render_template(
        "splits/_line.html",
        table=with_names(db(), table.split, [line], table.sight),
        split=table.split,
        line=line,
        columns=[units[one] for one in ids if one in units],
        titles=titles_of(campaign_of(table.split), table.split),
        typed=typed,
        editable=True,
        **tables(),
    )
    return shown, status
