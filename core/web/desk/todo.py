"""What waits for a person (待办): counted in a short session of its own, one tenant at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.request import house, now, today
from core.work.accounts import Seat
from core.work.actors import resolve_actor
from core.work.desk.inbox import tally_kinds


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one tenant (其他单位待办): how much, how much of it late, and the earliest deadline."""

    count: int = 0
    late: int = 0
    earliest: datetime | None = None


def tally_waiting(seat: Seat) -> Waiting:
    """What waits for the person of a seat (one statement there); never one query over several tenants."""
    with house().wall.open(seat.tenant.id) as session:
        actor = resolve_actor(session, seat.tenant, seat.person_id, today())
        tallies = tally_kinds(session, actor, now()).values() if actor else ()
    earliest = min((one.earliest for one in tallies if one.earliest), default=None)
    return Waiting(sum(one.count for one in tallies), sum(one.late for one in tallies), earliest)
