"""What waits for a person (待办): counted in a short session of its own, one tenant at a time."""

from __future__ import annotations

from core.request import house, now, today
from core.work.accounts import Seat
from core.work.actors import resolve_actor
from core.work.desk.waiting import todo_count


def count_waiting(seat: Seat) -> int:
    """How many things wait for the person of a seat; never one query over several tenants."""
    with house().wall.open(seat.tenant.id) as session:
        actor = resolve_actor(session, seat.tenant, seat.person_id, today())
        return todo_count(session, actor, now()) if actor else 0
