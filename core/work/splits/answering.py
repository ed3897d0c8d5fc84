"""A unit's answer to its share (接收与退回分工): accepted, or sent back with a reason; who split it answers by a new issue of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, Stale
from core.work.calendar import local_day
from core.work.roles import ANSWER
from core.work.splits.notices import tell_returned
from core.work.splits.sight import find_share
from core.work.splits.states import ACCEPTED, ISSUED, RETURNED, SHARE_STATES
from core.work.splits.steps import keep_event
from core.work.tables import Split, SplitRow, SplitShare
from core.work.wording import read_text
from tenants.access import Actor, may, reach
from tenants.models import Unit

LONGEST_REASON = 500


def accept(session: Session, actor: Actor, share_id: UUID, *, version: int, now: datetime) -> SplitShare:
    """Accept a share for its unit (接收). Raises NotFound, Forbidden, Conflict, Stale."""
    split, row, share = _waiting(session, actor, share_id, version, now)
    _answer(session, actor, split, row, share, ACCEPTED, now)
    return share


def send_back(
    session: Session, actor: Actor, share_id: UUID, *, version: int, reason: str, now: datetime
) -> SplitShare:
    """Send a share back with a reason (退回). Raises NotFound, Forbidden, Conflict, Stale, InvalidInput."""
    split, row, share = _waiting(session, actor, share_id, version, now)
    faults: list[Fault] = []
    said = read_text(reason, "reason", faults, LONGEST_REASON)
    if not said and not faults:
        faults.append(Fault(N_("缺少退回理由"), "reason", remedy=N_("请写明为什么不由本单位承担、建议由谁承担")))
    if faults:
        raise InvalidInput(faults=faults)
    share.reason = said
    _answer(session, actor, split, row, share, RETURNED, now)
    unit = session.scalar(select(Unit.name).where(Unit.id == share.unit_id)) or ""
    tell_returned(session, actor, split, row, share, unit, now=now)
    return share


def accept_all(session: Session, actor: Actor, split_id: UUID, *, now: datetime) -> int:
    """Accept everything of a table that waits for the actor's units (全部接收); gives how many. Raises Conflict when none does."""
    split = session.scalars(select(Split).where(Split.id == split_id, Split.state == ISSUED)).first()
    mine = reach(actor, ANSWER, local_day(now), campaign=split.campaign if split else None)
    chosen = select(SplitShare).where(
        SplitShare.split_id == split_id, SplitShare.state == ISSUED, SplitShare.unit_id.in_(mine)
    )
    shares = session.scalars(chosen.order_by(SplitShare.id).with_for_update()).all() if split else []
    if split is None or not shares:
        raise Conflict(N_("没有等您接收的分工"))
    rows = {row.id: row for row in session.scalars(select(SplitRow).where(SplitRow.split_id == split_id))}
    for share in shares:
        _answer(session, actor, split, rows[share.row_id], share, ACCEPTED, now)
    return len(shares)


def _waiting(
    session: Session, actor: Actor, share_id: UUID, version: int, now: datetime
) -> tuple[Split, SplitRow, SplitShare]:
    """A share that waits for an answer of one of the actor's units."""
    split, row, share = find_share(session, actor, share_id, local_day(now))
    if not may(session, actor, ANSWER, share.unit_id, local_day(now), campaign=split.campaign):
        raise Forbidden(N_("分工由承担单位的联络员接收或退回"))
    if share.version != version:
        raise Stale(N_("别人刚刚更新过"))
    if split.state != ISSUED or share.state != ISSUED:
        raise Conflict(N_("这项分工目前是“{state}”，不用再办"), state=SHARE_STATES[share.state][0])
    return split, row, share


def _answer(
    session: Session, actor: Actor, split: Split, row: SplitRow, share: SplitShare, state: str, now: datetime
) -> None:
    share.state, share.version, share.changed_at = state, share.version + 1, now
    share.answered_by, share.answered_at = actor.name, now
    verb, note = ("accept", "") if state == ACCEPTED else ("return", share.reason)
    keep_event(
        session, actor, split, verb, now, share=share, code=row.code, note=note, detail={"unit": str(share.unit_id)}
    )
    session.flush()
