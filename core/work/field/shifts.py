"""Shifts that were walked without signal (离线巡查班次): begun and ended on the phone, with one track for all who walk along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.intake.patrols import end_patrol, own_patrol, start_patrol
from core.work.journal import record
from core.work.tables import Patrol, PatrolMember
from core.work.wording import shown
from tenants.access import Actor

MOST_POINTS = 3000  # of one shift (ours): a point a minute for two days
TAKEN = N_("这个编号的班次已经登记过，内容不同；请开始新的班次")
_PLACES = Decimal("0.000001")


def begin_shift(
    session: Session,
    actor: Actor,
    patrol_id: UUID,
    *,
    unit_id: UUID,
    route: str,
    members: Mapping[str, Any],
    started_at: datetime,
    now: datetime,
) -> tuple[Patrol, bool]:
    """Enter a shift under the id that the phone gave it; says whether it is new. Raises as ``start_patrol``, and Conflict."""
    walking = _members(members)
    known = session.scalars(select(Patrol).where(Patrol.id == patrol_id)).first()
    if known is None:
        made = start_patrol(
            session, actor, unit_id=unit_id, route=route, members=walking, now=min(started_at, now), patrol_id=patrol_id
        )
        return made, True
    chosen = select(PatrolMember.person_id).where(PatrolMember.patrol_id == patrol_id)
    is_same = (known.person_id, known.unit_id, known.route) == (actor.person_id, unit_id, route.strip())
    if not is_same or set(walking) - set(session.scalars(chosen)):
        raise Conflict(TAKEN)
    return known, False


def finish_shift(
    session: Session, actor: Actor, patrol_id: UUID, *, note: str, ended_at: datetime, now: datetime
) -> bool:
    """End a shift at the moment that the phone says; False when somebody who walks along ended it before."""
    patrol = own_patrol(session, actor, patrol_id)
    if patrol.ended_at is not None:
        return False
    end_patrol(session, actor, patrol_id, note=note, now=max(min(ended_at, now), patrol.started_at))
    return True


def keep_track(session: Session, actor: Actor, patrol_id: UUID, points: Sequence[Any], *, now: datetime) -> int:
    """Add places to a shift's track, each once; gives how many were new. Raises NotFound, InvalidInput."""
    patrol = own_patrol(session, actor, patrol_id)
    session.refresh(patrol, with_for_update=True)
    fresh = [_point(one, actor, place) for place, one in enumerate(points)]
    known = {(one["person"], one["at"]) for one in patrol.track}
    added = {(one["person"], one["at"]): one for one in fresh if (one["person"], one["at"]) not in known}
    room = MOST_POINTS - len(patrol.track)
    kept = list(added.values())[: max(0, room)]
    if kept:
        patrol.track = sorted([*patrol.track, *kept], key=lambda one: (one["at"], one["person"]))
        record(session, actor, "patrol.track", "patrol", patrol_id, points=len(kept), at=now.isoformat())
    return len(kept)


def _members(said: Mapping[str, Any]) -> dict[UUID, str]:
    try:
        return {UUID(str(person)): str(duty) for person, duty in said.items()}
    except ValueError:
        raise InvalidInput(faults=[Fault(N_("没有这个人员"), "members", remedy=N_("请从在岗人员中选择"))]) from None


def _point(said: Any, actor: Actor, place: int) -> dict[str, Any]:
    """A place of the track as it is kept. Raises InvalidInput."""
    try:
        at = datetime.fromisoformat(str(said["at"]))
        longitude, latitude = (Decimal(str(said[name])).quantize(_PLACES) for name in ("longitude", "latitude"))
        accuracy = min(max(round(float(said.get("accuracy") or 0)), 0), 100_000)
        is_odd = at.tzinfo is None or abs(longitude) > 180 or abs(latitude) > 90
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, InvalidOperation):
        is_odd = True
    if is_odd:
        remedy = N_("请刷新页面后重新发送")
        raise InvalidInput(faults=[Fault(N_("坐标不对"), f"points.{place}", None, shown(said), "", remedy)])
    where = {"longitude": str(longitude), "latitude": str(latitude), "accuracy": accuracy}
    return {"at": at.isoformat(), "person": str(actor.person_id)} | where
