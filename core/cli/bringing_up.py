"""Brings an installation up to this version (升级): the tables first, then what districts of older versions still lack."""

from __future__ import annotations

import logging
from datetime import datetime

from core.campaigns.registry import Registry, installed
from core.cli.ground import Ground
from core.database import upgrade
from core.errors import SanchengError
from core.work.statistics.catching_up import settle_first
from core.work.tidying import active_tenants
from tenants.db import now
from tenants.scope import Wall

LOG = logging.getLogger("sancheng.upgrade")


def bring_up(ground: Ground) -> str:
    """Migrate, then settle the dictionaries that are missing; gives the revision reached. Safe to run twice."""
    reached = upgrade(ground.urls.owner, ground.secret)
    with ground.wall() as wall:
        settle_everywhere(wall, installed(), now())
    return reached


def settle_everywhere(wall: Wall, registry: Registry, at: datetime) -> int:
    """Settle the dictionary of statistics of every district that has none (补建目录), each in a scope of its own.

    Gives how many lines are new. A district whose edition can no longer be read is named in the log and left as it is.
    """
    with wall.platform() as session:
        tenants = active_tenants(session)
    made = 0
    for tenant_id in tenants:
        with wall.open(tenant_id) as session:
            try:
                made += settle_first(session, registry, at)
                session.commit()
            except SanchengError as error:
                LOG.warning("tenant %s has no dictionary of statistics: %s", tenant_id, error.code)
    return made
