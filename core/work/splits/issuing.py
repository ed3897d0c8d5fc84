"""Issues a split as a whole (印发分解表): only when every clause adds up; it replaces the one before from its day on.

Shares that are the same as in the issue before keep their acceptance, and tasks that were made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.errors import N_, Fault, InvalidInput, Stale
from core.work.calendar import local_day
from core.work.editions.in_force import edition_of
from core.work.splits.carrying import code_map
from core.work.splits.checking import faults_of, ground_of_lines
from core.work.splits.notices import tell_issued
from core.work.splits.portions import portion_of
from core.work.splits.reading import Line, lines_of
from core.work.splits.sight import require_directing
from core.work.splits.states import ACCEPTED, DRAFT, ISSUED, REPLACED
from core.work.splits.steps import keep_event, lock_split
from core.work.tables import Split, SplitShare
from tenants.access import Actor
from tenants.scope import ScopedSession

FARTHEST = timedelta(days=731)  # a table is issued for about two years ahead or back at most (ours)


def faults_of_split(session: Session, split_id: UUID, on: date) -> list[Fault]:
    """Everything for which a table cannot be issued, clause by clause (印发前检查)."""
    lines = lines_of(session, split_id)
    ground = ground_of_lines(session, lines, on)
    found = [fault for line in lines for fault in faults_of(line, ground)]
    if not lines:
        found.append(Fault(N_("分解表没有分解项"), "rows", remedy=N_("请先增加分解项")))
    return found


def issue_split(
    session: ScopedSession,
    actor: Actor,
    campaign: Campaign,
    split_id: UUID,
    *,
    version: int,
    valid_from: date,
    now: datetime,
) -> Split:
    """Issue a draft from a day on; every share goes to its unit with a note.

    Raises NotFound, Conflict (no draft), Stale, Forbidden, InvalidInput naming each clause with its sum and gap.
    """
    split = lock_split(session, actor, split_id, DRAFT, now=now, whole=True)
    require_directing(session, actor, split.campaign, local_day(now))
    if split.version != version:
        raise Stale(N_("别人刚刚更新过"))
    last = session.scalars(
        select(Split).where(Split.campaign == split.campaign, Split.state == ISSUED).with_for_update(),
        execution_options={"populate_existing": True},
    ).first()
    faults = faults_of_split(session, split_id, local_day(now)) + _of_day(valid_from, last, local_day(now))
    if faults:
        raise InvalidInput(N_("分解表还不能印发"), faults=faults)
    waiting = _give_out(session, campaign, split, last, now)
    if last is not None:
        last.state, last.valid_to, last.changed_at = REPLACED, valid_from, now
        last.version += 1
        session.flush()
        keep_event(session, actor, last, "replace", now, detail={"by": split.issue})
    split.state, split.valid_from, split.issued_at, split.changed_at = ISSUED, valid_from, now, now
    split.replaces_id, split.version = (last.id if last else None), split.version + 1
    session.flush()
    keep_event(
        session, actor, split, "issue", now, detail={"shares": len(waiting), "valid_from": valid_from.isoformat()}
    )
    tell_issued(session, actor, split, {share.unit_id for share in waiting}, now=now)
    return split


def _of_day(day: date, last: Split | None, today: date) -> list[Fault]:
    if abs(day - today) > FARTHEST:
        return [Fault(N_("日期不对"), "valid_from", value=str(day), remedy=N_("请填两年之内的日期"))]
    if last is not None and last.valid_from is not None and day < last.valid_from:
        params = {"day": str(last.valid_from)}
        remedy = N_("请填 {day} 或更晚")
        return [Fault(N_("早于上一版的起始日期"), "valid_from", value=str(day), remedy=remedy, params=params)]
    return []


def _give_out(
    session: ScopedSession, campaign: Campaign, split: Split, last: Split | None, now: datetime
) -> list[SplitShare]:
    """Give every share out; gives those that are to be accepted."""
    kept = _before(session, campaign, split, last)
    waiting = []
    for line in lines_of(session, split.id):
        for share in line.shares:
            old = kept.get((line.row.code, share.unit_id))
            share.state, share.version, share.changed_at = ISSUED, share.version + 1, now
            if old is not None and share.task_id is None:
                share.task_id = old[1].task_id
            if old is not None and old[1].state == ACCEPTED and _same(line, share, *old):
                share.state, share.answered_by, share.answered_at = ACCEPTED, old[1].answered_by, old[1].answered_at
            else:
                waiting.append(share)
    session.flush()
    return waiting


def _same(line: Line, share: SplitShare, old: Line, was: SplitShare) -> bool:
    """Whether a unit is asked for just the same: its own part, and what the clause demands."""
    said = (line.row.requirement, line.row.amount, line.row.measure, line.due_of(share), line.row.points)
    before = (old.row.requirement, old.row.amount, old.row.measure, old.due_of(was), old.row.points)
    return portion_of(share) == portion_of(was) and said == before


def _before(
    session: ScopedSession, campaign: Campaign, split: Split, last: Split | None
) -> Mapping[tuple[str, UUID], tuple[Line, SplitShare]]:
    """The shares of the issue before by the code that their clause has now, and by unit."""
    if last is None:
        return {}
    codes = code_map(
        edition_of(session, campaign, last.edition_sha256), edition_of(session, campaign, split.edition_sha256)
    )
    found: dict[tuple[str, UUID], tuple[Line, SplitShare]] = {}
    for line in lines_of(session, last.id):
        code, _why = codes.get(line.row.code, (line.row.code, ""))
        for share in line.shares if code else ():
            found[code, share.unit_id] = (line, share)
    return found
