"""Steps of a round (轮次步骤): one UPDATE with the expected version in its WHERE, and one line of history beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Stale
from core.work.calendar import local_day
from core.work.journal import record
from core.work.rounds.sealing import seal
from core.work.rounds.sight import get_round, need_plan
from core.work.tables import Round, RoundEvent
from tenants.access import Actor

KIND = "round"
DRAFT, OPEN, CLOSED, RELEASED, CANCELLED = "draft", "open", "closed", "released", "cancelled"
LIVE = (DRAFT, OPEN)


def to_change(
    session: Session, actor: Actor, round_id: UUID, *, now: datetime, states: Collection[str] = LIVE
) -> Round:
    """The round for a change. Raises NotFound, Forbidden, and Conflict in a state that does not allow it."""
    day = local_day(now)
    found = get_round(session, actor, round_id, day)
    need_plan(session, actor, found, day)
    if found.state not in states:
        raise Conflict(N_("这个轮次现在的状态不能这样改"))
    return found


def step(
    session: Session,
    actor: Actor | None,
    of: Round,
    verb: str,
    *,
    version: int,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Round:
    """Take a step: raise the version, write history and trail, both sealed with the round. Raises Stale for a lost race."""
    session.flush()
    changed = session.execute(
        update(Round)
        .where(Round.id == of.id, Round.version == version, Round.state == of.state)
        .values(version=Round.version + 1, **(values or {}))
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # a cursor's result
        raise Stale
    session.refresh(of)
    note_step(session, actor, of, verb, now=now, note=note, detail=detail)
    return of


def note_step(
    session: Session,
    actor: Actor | None,
    of: Round,
    verb: str,
    *,
    now: datetime,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one line of a round's history and of the trail."""
    said = dict(detail or {})
    session.add(
        RoundEvent(
            round_id=of.id,
            version=of.version,
            verb=verb,
            person_name=actor.name if actor else "",
            note=note,
            detail=said,
            at=now,
            hidden=of.hidden,
        )
    )
    with seal(session, of):
        record(session, actor, f"round.{verb}", KIND, of.id, **said)
        session.flush()
