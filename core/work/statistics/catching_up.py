"""Gives the districts of before the statistics their dictionary (补建统计目录): once, when the database is brought up to date.

Enabling a campaign and changing its edition settle the dictionary by themselves; who had enabled his campaigns before
there was one (version 0003) has no line yet, and gets them here from the editions that he runs.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select

from core.campaigns import Registry
from core.work.calendar import local_day
from core.work.enabling import enabled
from core.work.journal import record
from core.work.statistics.dictionary import OBJECT, settle_dictionary
from core.work.tables import Statistic
from tenants.access import DISTRICT
from tenants.models import EnabledCampaign, Unit
from tenants.scope import ScopedSession


def settle_first(session: ScopedSession, registry: Registry, now: datetime) -> int:
    """Settle the dictionary of a district that runs campaigns and has no line of an edition; gives how many are new."""
    known = exists().where(Statistic.tenant_id == session.tenant_id, Statistic.origin == "edition")
    runs = exists().where(EnabledCampaign.tenant_id == session.tenant_id, EnabledCampaign.state == "enabled")
    root = exists().where(Unit.tenant_id == session.tenant_id, Unit.kind == DISTRICT, Unit.tree == "administration")
    if not session.scalar(select(~known & runs & root)):
        return 0
    day = local_day(now)
    editions = [(one.key, one.edition) for one in enabled(session, registry, day=day)]
    made = settle_dictionary(session, editions, today=day)
    record(session, None, "statistic.settle", OBJECT, "", added=made)
    return made
