"""Whistles for the routes' world (吹哨): one under way in each district, and fresh ones for every writing request."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from core.work.tables import Whistle
from core.work.whistling.whistle_blowing import Wanted, blow
from core.work.whistling.whistle_rules import Rules, set_rules
from core.work.whistling.whistles import act
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession


def blow_fresh(session: ScopedSession, ids: Mapping[str, str], caller: Actor) -> Whistle:
    """A whistle that nobody has answered yet; a new one when none is left."""
    waiting = session.scalars(select(Whistle).where(Whistle.version == 1).order_by(Whistle.number)).first()
    if waiting is not None:
        return waiting
    wanted = Wanted(UUID(ids["unit_id"]), [UUID(ids["called_id"])], "污水外溢", "一号院")
    return blow(session, caller, wanted)


def lead_on(session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], helper: Actor) -> str:
    """A whistle with an arrival, a photo, a part that is solved and a leader's word; gives its id."""
    whistle = blow_fresh(session, ids, actors["liaison"])
    act(session, helper, whistle.id, "arrive", version=1, photo=ids["photo_id"])
    act(session, helper, whistle.id, "report", version=2, note="已疏通")
    act(session, actors["liaison"], whistle.id, "escalate", version=3, note="还差一家")
    act(session, actors["leader"], whistle.id, "instruct", version=4, note="今天办完")
    set_rules(session, actors["hq_office"], Rules(), now=now())
    return str(whistle.id)
