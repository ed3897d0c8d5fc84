"""Splits for the routes' world (任务分解): one issued in each district, and fresh drafts and issued ones for each write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from secrets import token_hex
from uuid import UUID

from sqlalchemy import delete, select

from core.campaigns.registry import installed
from core.work.splits.answering import send_back
from core.work.splits.editing import RowWish, save_row
from core.work.splits.issuing import issue_split
from core.work.splits.making import Start, add_row, drop_split, make_split
from core.work.splits.portions import Portion, portions_of
from core.work.splits.reading import Line, lines_of
from core.work.splits.states import DRAFT, ISSUED, LEAD
from core.work.tables import Split, SplitRow
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession

KEY = "sanitary_city"


def give_splits(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date
) -> dict[str, str]:
    """An issued table whose clause a unit carries, which it has sent back once."""
    made = new_split(session, ids, actors, today, ISSUED)
    version = 2  # a share that was given out
    send_back(session, actors["liaison"], UUID(made["share_id"]), version=version, reason="路由退回", now=now())
    return made


def new_split(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date, state: str
) -> dict[str, str]:
    """A table with one clause of the district's own, in a draft or issued; an earlier draft is dropped. ``mark`` is the clause's."""
    if state == DRAFT and (kept := _untouched(session, ids)) is not None:
        return kept  # two requests that are compared need one and the same
    office, campaign = actors["hq_office"], installed().campaigns[KEY]
    for other in session.scalars(select(Split.id).where(Split.campaign == KEY, Split.state == DRAFT)).all():
        drop_split(session, office, other, now=now())
    split = make_split(session, office, campaign, Start(copy=False, title="路由分解表"), on=today, now=now())
    session.execute(
        delete(SplitRow).where(SplitRow.split_id == split.id)
    )  # forty clauses cost the walk more than one tells
    row = add_row(session, office, split.id, code="路-1", title="路由分解项", points=300, now=now())
    # Another demand each time: what stays the same keeps its acceptance.
    wish, carried = RowWish(f"要求{token_hex(3)}", None, None, "", today), [Portion(UUID(ids["unit_id"]), LEAD, 300)]
    save_row(session, office, split.id, row.id, wish, carried, mark=_line(session, split).mark, now=now())
    if state == ISSUED:
        day = max(filter(None, [today, _last_day(session)]))
        issue_split(session, office, campaign, split.id, version=1, valid_from=day, now=now())
    return _named(split, _line(session, split))


def _named(split: Split, line: Line) -> dict[str, str]:
    found = {"split_id": str(split.id), "row_id": str(line.row.id), "share_id": str(line.shares[0].id)}
    return found | {"mark": line.mark}


def _untouched(session: ScopedSession, ids: Mapping[str, str]) -> dict[str, str] | None:
    """The draft that stands, when nobody has changed it."""
    split = session.scalars(select(Split).where(Split.campaign == KEY, Split.state == DRAFT)).first()
    lines = lines_of(session, split.id) if split else []
    if split is None or len(lines) != 1 or lines[0].row.requirement[:2] != "要求":
        return None
    carried = [Portion(UUID(ids["unit_id"]), LEAD, 300)]
    return _named(split, lines[0]) if portions_of(lines[0]) == carried else None


def uneven(session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date) -> dict[str, str]:
    """A draft whose clause lacks points."""
    made = new_split(session, ids, actors, today, DRAFT)
    line = lines_of(session, UUID(made["split_id"]))[0]
    less = [Portion(portions_of(line)[0].unit_id, LEAD, 100)]
    save_row(session, actors["hq_office"], line.row.split_id, line.row.id, RowWish(), less, mark=line.mark, now=now())
    return made


def _line(session: ScopedSession, split: Split) -> Line:
    return lines_of(session, split.id)[0]


def _last_day(session: ScopedSession) -> date | None:
    chosen = select(Split.valid_from).where(Split.campaign == KEY, Split.state == ISSUED)
    return session.scalars(chosen).first()
