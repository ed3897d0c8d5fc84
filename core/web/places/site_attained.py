"""Sites coloured by attainment (达标着色): marks and dots of the map in one campaign, its legend with counts, and states for lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import Float, Select, cast

from core.figures.site_attainment.counting import list_states
from core.figures.site_attainment.ground import read_ground
from core.figures.site_attainment.picking import among, pick_places
from core.figures.site_attainment.scope import Scope
from core.figures.site_attainment.states import STATES
from core.request import house
from core.web.places.site_filter import Filter, chosen_sites
from core.work.places.site_map import MOST_POINTS, Box, extent, in_view
from core.work.tables import Site
from tenants.access import Actor
from tenants.scope import ScopedSession

MANY = 2_000  # places in view; above it the whole district is read, which is quicker than naming so many (ours)
GRAIN = 100_000  # dots are told in whole hundred-thousandths of a degree, about a metre
ORDER = tuple(STATES)  # dots carry a state by its place herein

Shown = Callable[[float, float], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Shade:
    """One state in the legend (图例): its code, its word, and how many places of the filter stand so."""

    code: str
    word: str
    n: int


@dataclass(frozen=True, slots=True)
class Coloured:
    """What a coloured map shows (着色内容): the box, how many places are in view and their states; few are named, many are dots."""

    box: Box | None
    total: int
    states: Mapping[UUID, str]
    few: Select[Site] | None = None
    dots: Sequence[tuple[float, float, str]] = ()


def with_campaign(wanted: Filter, titles: Mapping[str, str]) -> Filter:
    """The filter with the campaign whose states are painted: the one asked for, else the first."""
    return wanted if wanted.campaign else replace(wanted, campaign=next(iter(titles), ""))


def read_legend(session: ScopedSession, who: Actor, wanted: Filter, on: date) -> list[Shade]:
    """How many places of a filter stand how in its campaign, whatever state is filtered."""
    bare = replace(wanted, attained="", colour="", campaign="", sort="name", near=None)
    sites = (
        list(session.scalars(chosen_sites(session, who, bare, on).with_only_columns(Site.id))) if bare.active else None
    )
    picked = pick_places(session, who, on, campaign=wanted.campaign, sites=sites, registry=house().registry)
    counts = Counter(one.state for one in picked)
    return [Shade(code, gettext(word), counts[code]) for code, (word, _) in STATES.items()]


def read_coloured(session: ScopedSession, who: Actor, wanted: Filter, box: Box | None, on: date) -> Coloured:
    """The places of a filter in view with their states; those of which the campaign asks nothing are left out."""
    chosen = chosen_sites(session, who, wanted, on)
    box = box or extent(session, chosen)
    if box is None:
        return Coloured(None, 0, {})
    here = in_view(chosen, box)
    east, north = cast(Site.longitude, Float), cast(Site.latitude, Float)
    rows = session.execute(here.with_only_columns(Site.id, east, north).order_by(Site.id)).all()
    named = None if len(rows) > MANY else [row[0] for row in rows]
    states = [wanted.attained] if wanted.attained else []
    picked = pick_places(
        session, who, on, states=states, campaign=wanted.campaign, sites=named, registry=house().registry
    )
    standing = {one.site_id: one.state for one in picked}
    seen = [row for row in rows if row[0] in standing]
    if len(seen) <= MOST_POINTS:
        return Coloured(box, len(seen), standing, here.where(among([row[0] for row in seen])))
    return Coloured(box, len(seen), standing, dots=[(x, y, standing[site]) for site, x, y in seen])


def say_dots(view: Coloured, shown: Shown) -> dict[str, Any]:
    """Dots as numbers alone: a corner in degrees, then for each so many grains east and north of it and its state's number."""
    assert view.box is not None, "dots lie in a box"
    west, south = view.box.west, view.box.south
    left, low = shown(west, south)
    grains: list[int] = []
    for x, y, state in view.dots:
        east, north = shown(x, y)
        grains += (round((east - left) * GRAIN), round((north - low) * GRAIN), ORDER.index(state))
    return {"corner": [left, low], "grain": GRAIN, "dots": grains}


def read_standing(
    session: ScopedSession, sites: Collection[UUID], on: date, as_of: date | None = None
) -> dict[UUID, list[tuple[str, str]]]:
    """Campaign and state of some places, by place and in the order of the campaigns."""
    if not sites:
        return {}
    ground = read_ground(session, today=on, as_of=as_of, registry=house().registry)
    found: dict[UUID, list[tuple[str, str]]] = {}
    for site, campaign, state in sorted(list_states(session, ground, Scope(list(sites)))):
        found.setdefault(site, []).append((campaign, state))
    return found
