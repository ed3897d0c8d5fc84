"""Zones (区域): the district's own word for how strictly a place is kept, such as 核心区; routing rules may ask for it."""

from __future__ import annotations

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from core.work.tables import RoutingRule, Site


def known_zones(session: Session) -> list[str]:
    """The words in use on sites and in rules, for a choice; a new word may be written at any time."""
    sites = select(Site.zone).where(Site.zone != "")
    rules = select(RoutingRule.zone).where(RoutingRule.zone != "")
    return sorted(session.scalars(union(sites, rules)))
