"""Splits as JSON (任务分解的应答结构): tables and shares; points as decimal text, amounts with their unit of measure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.api.fields import Body, Day, Id, ListOf, Moment, Number, OneOf, Part, Text, Whole
from core.work.splits.reading import Line, Tally
from core.work.splits.states import ROLES, SHARE_STATES, STATES
from core.work.tables import Split, SplitShare


class SplitShape(Body):
    """A split (分解表); rows and shares count the whole table, also what the asker does not read."""

    id = Id(required=True)
    campaign = Text(required=True)
    edition = Text(required=True)
    edition_sha256 = Text(required=True)
    issue = Whole(required=True)
    title = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    version = Whole(required=True)
    valid_from = Day(required=True, allow_none=True)
    valid_to = Day(required=True, allow_none=True, metadata={"description": "the first day on which it holds no more"})
    issued_at = Moment(required=True, allow_none=True)
    replaces_id = Id(required=True, allow_none=True)
    rows = Whole(required=True)
    shares = Whole(required=True)
    accepted = Whole(required=True)
    waiting = Whole(required=True)
    returned = Whole(required=True)


class SplitList(Body):
    """Splits (分解表清单)."""

    items = ListOf(Part(SplitShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class SplitShareShape(Body):
    """A share (分工) with its clause: what one unit carries of it. due_on and amount are its own, else its clause's."""

    id = Id(required=True)
    row_id = Id(required=True)
    code = Text(required=True)
    title = Text(required=True)
    requirement = Text(required=True)
    owner_unit_id = Id(required=True, allow_none=True)
    row_points = Number(required=True)
    unit_id = Id(required=True)
    role = Text(required=True, validate=OneOf(tuple(ROLES)))
    points = Number(required=True)
    person_id = Id(required=True, allow_none=True)
    amount = Number(required=True, allow_none=True)
    measure = Text(required=True)
    due_on = Day(required=True, allow_none=True)
    state = Text(required=True, validate=OneOf(tuple(SHARE_STATES)))
    reason = Text(required=True)
    version = Whole(required=True)
    task_id = Id(required=True, allow_none=True)
    answered_by = Text(required=True)
    answered_at = Moment(required=True, allow_none=True)


class SplitShareList(Body):
    """Shares of a split (分工清单), by clause."""

    items = ListOf(Part(SplitShareShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


def shape_split(split: Split, tally: Tally) -> dict[str, Any]:
    """A split as JSON."""
    names = ("id", "campaign", "edition", "edition_sha256", "issue", "title", "state", "version")
    days = ("valid_from", "valid_to", "issued_at", "replaces_id")
    counts = ("rows", "shares", "accepted", "waiting", "returned")
    return {name: getattr(split, name) for name in (*names, *days)} | {name: getattr(tally, name) for name in counts}


def shape_share(line: Line, share: SplitShare) -> dict[str, Any]:
    """A share with its clause as JSON."""
    row = line.row
    own = ("id", "row_id", "unit_id", "role", "person_id", "state", "reason", "version", "task_id")
    return {name: getattr(share, name) for name in (*own, "answered_by", "answered_at")} | {
        "code": row.code,
        "title": row.title,
        "requirement": row.requirement,
        "owner_unit_id": row.owner_unit_id,
        "row_points": Decimal(row.points).scaleb(-2),
        "points": Decimal(share.points).scaleb(-2),
        "amount": line.amount_of(share),
        "measure": row.measure,
        "due_on": line.due_of(share),
    }
