"""Which sites a post reaches (点位可达): those in the territory of its unit, and those that lie in one of its grids.

A site stands in one unit's territory and may lie in a grid of each of several partitions; who has a post at such a grid goes
to its sites as well, from the day the site was put there until it is taken out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.tables import Site, SiteGrid
from tenants.access import Actor, may, reach


def reaches_site(actor: Actor, verb: str, on: date) -> ColumnElement[bool]:
    """Condition on Site: a post with the verb covers its unit, or a grid in which it lies on the day."""
    units = reach(actor, verb, on)
    lying = select(SiteGrid.site_id).where(
        SiteGrid.tenant_id == actor.tenant.id, SiteGrid.unit_id.in_(units), valid_on(SiteGrid, on)
    )
    return or_(Site.unit_id.in_(units), Site.id.in_(lying))


def may_at(
    session: Session,
    actor: Actor,
    verb: str,
    site: Any,  # a Site or a row of the list: with id and unit_id
    on: date,
    *,
    campaign: str | None = None,
) -> bool:
    """Whether the actor's posts allow a verb at a site: at its unit, or at one of its grids."""
    grids = select(SiteGrid.unit_id).where(SiteGrid.site_id == site.id, valid_on(SiteGrid, on))
    if may(session, actor, verb, site.unit_id, on, campaign=campaign):
        return True
    return any(may(session, actor, verb, unit, on, campaign=campaign) for unit in session.scalars(grids))
