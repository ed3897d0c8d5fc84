"""Attainment as a filter for a round's sites (按达标状态选点): where a place stands in the campaigns that the round asks."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from core.figures.site_attainment.counting import list_states
from core.figures.site_attainment.ground import read_ground
from core.figures.site_attainment.scope import within
from core.figures.site_attainment.states import STATES
from core.request import actor, db, house, today
from core.web.paging import bad_argument
from core.work.tables import Round, Site
from tenants.access import subtree


def sites_in_state(of: Round, state: str) -> Collection[UUID] | None:
    """The sites of a round's unit that stand so in one of its campaigns, or in any where it names none; None without a state.

    Hidden rows count nowhere (docs/attainment.md), whoever asks. Raises InvalidInput for a state that does not exist.
    """
    if not state:
        return None
    if state not in STATES:
        raise bad_argument("attained", state)
    ground = read_ground(db(), today=today(), registry=house().registry)
    scope = within(db(), None, today(), [Site.unit_id.in_(subtree(actor().tenant.id, of.unit_id, today()))])
    found = list_states(db(), ground, scope, states=[state])
    return {site for site, campaign, _ in found if not of.campaigns or campaign in of.campaigns}
