"""When a visit took place (检查时间): the phone says when it was finished, the server how far that clock can be believed.

A phone without signal sends hours or days later. The visit belongs to the day on which it took place, not to that on which it
arrived; a clock that is wrong is put right by what it says at the moment of sending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.loop.sight import sees_visit
from core.work.tables import Visit
from tenants.access import Actor

OLDEST = timedelta(days=14)  # a visit that took place longer ago counts on the day of its arrival (ours)
AHEAD = timedelta(minutes=5)  # by which a moment may be in the future: the way of the message (ours)
LATE = timedelta(hours=1)  # after which a visit is said to have arrived late (ours)
ODD = 120  # seconds by which a clock may be off before anybody is told (ours)
ARRIVED, ARRIVED_LATE, UNDATED = "", "late", "undated"


@dataclass(frozen=True, slots=True)
class Timing:
    """When a visit took place (检查时间): its day, and what the server made of the phone's word."""

    day: date
    finished_at: datetime | None = None
    device_skew_seconds: int | None = None
    arrival: str = ARRIVED

    def stamp(self) -> dict[str, Any]:
        """The columns of the visit."""
        names = ("day", "finished_at", "device_skew_seconds", "arrival")
        return {name: getattr(self, name) for name in names}


def time_visit(now: datetime, finished_at: datetime | None, device_now: datetime | None) -> Timing:
    """Judge when a visit took place: ``finished_at`` and ``device_now`` (when it was sent) by the phone's clock.

    Without them it took place now. Raises InvalidInput for a moment without time zone.
    """
    _check_zones(finished_at=finished_at, device_now=device_now)
    skew = None if device_now is None else round((device_now - now).total_seconds())
    if skew is not None and abs(skew) > 10**9:  # a clock that was never set; the column holds no more
        skew = 10**9 if skew > 0 else -(10**9)
    if finished_at is None:
        return Timing(local_day(now), None, skew)
    done = finished_at - timedelta(seconds=skew or 0)
    if not now - OLDEST <= done <= now + AHEAD:
        return Timing(local_day(now), done, skew, UNDATED)
    done = min(done, now)
    is_late = now - done > LATE
    return Timing(local_day(done), done, skew, ARRIVED_LATE if is_late else ARRIVED)


def _check_zones(**moments: datetime | None) -> None:
    remedy = N_("请写成 2026-11-21T09:30:00+08:00")
    faults = [
        Fault(N_("时间缺少时区"), name, value=moment.isoformat(), remedy=remedy)
        for name, moment in moments.items()
        if moment is not None and moment.tzinfo is None
    ]
    if faults:
        raise InvalidInput(faults=faults)


def crossed_with(session: Session, actor: Actor, visit: Visit, on: date) -> Sequence[Visit]:
    """Other visits of the same site that were submitted between this one's finish and its arrival, or the other way round.

    Both sides say so: whoever was second on the spot may have been first at the server. What a correction replaced is left out, and what the actor may not see on the day.
    """
    finished = visit.finished_at if visit.finished_at is not None and visit.arrival else visit.submitted_at
    between = and_(Visit.submitted_at > finished, Visit.submitted_at < visit.submitted_at)
    overtaken = and_(
        Visit.arrival != ARRIVED, Visit.finished_at < visit.submitted_at, Visit.submitted_at > visit.submitted_at
    )
    chosen = select(Visit).where(
        Visit.site_id == visit.site_id,
        Visit.id != visit.id,
        Visit.replaced_at.is_(None),
        sees_visit(actor, on),
        or_(between, overtaken),
    )
    return session.scalars(chosen.order_by(Visit.submitted_at, Visit.id).limit(20)).all()
