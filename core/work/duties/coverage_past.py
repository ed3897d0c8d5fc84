"""The campaigns that ran on a day (往日启用情况): read backwards off the trail, for the coverage proof of any date."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from core.work.enabling import DISABLE, ENABLE, KIND
from core.work.loop.clocks import end_of
from core.work.tables import Audit
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession


def campaigns_on(session: ScopedSession, on: date) -> tuple[str, ...]:
    """The campaigns that ran at the end of a day (当日启用的创建项目), by key: those of now, each switch since taken back."""
    query = select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")
    running = set(session.scalars(query))
    lines = session.execute(
        select(Audit.verb, Audit.object_id)
        .where(Audit.object_kind == KIND, Audit.verb.in_((ENABLE, DISABLE)), Audit.at >= end_of(on))
        .order_by(Audit.at.desc(), Audit.id.desc())
    )
    for verb, campaign in lines:
        (running.add if verb == DISABLE else running.discard)(campaign)
    return tuple(sorted(running))
