"""The way from a place to its visit (去检查): for whoever may visit there."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from core.figures.site_attainment.picking import among
from core.request import actor, db, house, today
from core.work.dated import valid_on
from core.work.forms.fielding import fielded
from core.work.places.reaching import reaches_site
from core.work.roles import VISIT
from core.work.tables import Site, SiteKind


def visitable(sites: Collection[UUID]) -> frozenset[UUID]:
    """Those of some sites that the reader may inspect: in use, within reach of a post of his, and some form asks something there."""
    who, on = actor(), today()
    if not sites or not who.has(VISIT):
        return frozenset()
    due = {
        kind for one in fielded(db(), house().registry) for form in one.edition.all_forms for kind in form.site_types
    }
    typed = select(SiteKind.site_id).where(
        SiteKind.tenant_id == who.tenant.id, SiteKind.site_type.in_(due), valid_on(SiteKind, on)
    )
    mine = select(Site.id).where(Site.tenant_id == who.tenant.id, Site.state == "active", reaches_site(who, VISIT, on))
    return frozenset(db().scalars(mine.where(among(sites), Site.id.in_(typed))))
