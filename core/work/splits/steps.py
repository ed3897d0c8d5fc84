"""What every change of a split does alike (分解步骤): it locks the table, keeps a line of history and one of the trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict
from core.work.calendar import local_day
from core.work.journal import record_at
from core.work.splits.sight import find_split
from core.work.splits.states import STATES, STEPS
from core.work.tables import Split, SplitEvent, SplitShare
from tenants.access import Actor

KIND = "split"
assert STEPS, "every verb of an event has its word there"


def lock_split(
    session: Session, actor: Actor, split_id: UUID, *states: str, now: datetime, whole: bool = False
) -> Split:
    """A split that stays as it is until the end of this transaction, in one of the states.

    Editors share the lock; with ``whole`` nobody else works on it meanwhile. Raises NotFound, Conflict.
    """
    found = find_split(session, actor, split_id, local_day(now))
    chosen = select(Split).where(Split.id == split_id).with_for_update(read=not whole)
    split = session.scalars(chosen, execution_options={"populate_existing": True}).one()
    if split.state not in states:
        raise Conflict(N_("这份分解表目前是“{state}”，不能这样办理"), state=STATES[split.state][0])
    assert split is found, "one row is one object"
    return split


def keep_event(
    session: Session,
    actor: Actor,
    split: Split,
    verb: str,
    now: datetime,
    *,
    share: SplitShare | None = None,
    code: str = "",
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """One line of the split's own history and one of the audit trail."""
    session.add(
        SplitEvent(
            split_id=split.id,
            share_id=share.id if share else None,
            row_code=code,
            at=now,
            verb=verb,
            to_state=share.state if share else split.state,
            person_id=actor.person_id,
            person_name=actor.name,
            note=note,
            detail=dict(detail or {}),
        )
    )
    record_at(
        session, now, actor, f"split.{verb}", KIND, split.id, issue=split.issue, campaign=split.campaign, code=code
    )
