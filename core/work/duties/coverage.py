"""Coverage proof (责任覆盖证明): on any day every active site has, for every enabled campaign, one accountable post with a holder.

The rule (ours). For a site and a campaign the first of these that names any post decides:

1. a post assigned to the site for that campaign, 2. a post assigned to the site for all campaigns (SitePost),
3. the liaison posts at the nearest unit above the site that has any for this campaign; there those limited to the campaign
   go before those for all. The tenant's own unit is not asked: what everybody answers for, nobody does.

No post is a *gap*, a post that nobody holds on that day is *vacant* (a deputy alone does not fill it), more than one post
is *double*. Posts have no end: at step 3 one that nobody holds makes no double. Every unit of
LIAISON_KINDS needs a liaison post of its own with a holder.

A site is there on a day when it had a type by then, or was added by then. Campaigns, the state and the unit of a site are
those of the day, as far as the trail says what changed since (coverage_past, places.sites_past).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import Select, or_, select

from core.work.dated import valid_on
from core.work.duties.coverage_past import campaigns_on
from core.work.duties.coverage_posts import Posts, load_posts
from core.work.organisation.areas import in_area
from core.work.places.sites_past import sites_then
from core.work.tables import Site, SitePost
from tenants.access import subtree
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

COVERED, GAP, VACANT, DOUBLE = "covered", "gap", "vacant", "double"
STATES = (COVERED, GAP, VACANT, DOUBLE)
FEW = 500  # sites that are named one by one in a query; above it all are read
LIAISON_KINDS = (
    "subdistrict",
    "community",
    "village",
    "department",
    "hq",
    "work_group",
    "guidance_group",
    "area",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answers (责任岗): the state and the posts that led to it; ``unit_id`` is where they were found."""

    state: str
    posts: tuple[UUID, ...] = ()


NOBODY = Answer(GAP)


@dataclass(frozen=True, slots=True)
class Place:
    """A site as the proof lists it."""

    id: UUID
    name: str
    pinyin: str
    code: str | None
    unit_id: UUID


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """A unit with the state of its own liaison (单位联络员)."""

    unit_id: UUID
    name: str
    kind: str
    pinyin: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Coverage:
    """The proof for one day (覆盖证明): an answer for every site and campaign, and one for every unit."""

    on: date
    campaigns: tuple[str, ...]
    places: tuple[Place, ...]
    answers: Mapping[tuple[UUID, str], Answer]
    units: tuple[UnitAnswer, ...]
    posts: Posts
    counts: Mapping[str, int] = field(default_factory=dict)
    unit_counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and nothing is double."""
        return all(self.counts.get(state, 0) == 0 == self.unit_counts.get(state, 0) for state in STATES[1:])

    def rows(self, states: Iterable[str] = STATES, campaign: str = "") -> list[tuple[Place, str, Answer]]:
        """Site, campaign and answer of the states asked for, in the order of the sites."""
        wanted = frozenset(states)
        asked = [one for one in self.campaigns if not campaign or one == campaign]
        found = ((place, one, self.answers[place.id, one]) for place in self.places for one in asked)
        return [row for row in found if row[2].state in wanted]


def prove_coverage(
    session: ScopedSession,
    on: date,
    *,
    within: Select[UUID] | None = None,
    unit_id: UUID | None = None,
    area_id: UUID | None = None,
    text: str = "",
) -> Coverage:
    """Prove the coverage of a day (责任覆盖证明), with eight queries whatever the size.

    ``within`` selects the units whose sites and liaisons count (a reader's reach), ``unit_id`` one unit with what lies
    under it, ``area_id`` an area with its members, ``text`` a part of the site's or unit's name or code. Rows of other days
    are not touched.
    """
    limits = [within] if within is not None else []
    limits += [subtree(session.tenant_id, unit_id, on)] if unit_id is not None else []
    campaigns = campaigns_on(session, on)
    places = _places(session, on, limits, area_id, text)
    posts = load_posts(session, on)
    answers = _answer_sites(session, on, places, campaigns, posts)
    units = _answer_units(session, on, limits, area_id, text, posts)
    counts = Counter(answer.state for answer in answers.values())
    return Coverage(on, campaigns, places, answers, units, posts, counts, Counter(u.answer.state for u in units))


def answer_site(session: ScopedSession, place: Place, on: date) -> tuple[Mapping[str, Answer], Posts]:
    """Who answers for one site in each campaign of a day (点位责任岗), and the posts (seven queries)."""
    campaigns, posts = campaigns_on(session, on), load_posts(session, on)
    answers = _answer_sites(session, on, [place], campaigns, posts)
    return {campaign: answers[place.id, campaign] for campaign in campaigns}, posts


def answer_places(
    session: ScopedSession, places: Sequence[Place], on: date
) -> tuple[Mapping[tuple[UUID, str], Answer], Posts]:
    """Who answers for some sites in each campaign of a day (点位责任岗), and the posts (seven queries for all of them)."""
    posts = load_posts(session, on)
    return _answer_sites(session, on, places, campaigns_on(session, on), posts) if places else {}, posts


def _places(
    session: ScopedSession, on: date, limits: Sequence[Select[UUID]], area_id: UUID | None, text: str
) -> tuple[Place, ...]:
    then = sites_then(session, on)
    unit = then.unit
    chosen = select(Site.id, Site.name, Site.pinyin, Site.code, unit)
    chosen = chosen.where(then.in_use, then.was_there(session.tenant_id))
    for limit in limits:
        chosen = chosen.where(unit.in_(limit))
    if area_id is not None:
        chosen = chosen.where(in_area(session.tenant_id, area_id, on, unit, Site.id))
    if text:
        chosen = chosen.where(or_(Site.name.contains(text, autoescape=True), Site.code == text))
    return tuple(Place(*row) for row in session.execute(chosen.order_by(Site.pinyin, Site.id)))


def _answer_sites(
    session: ScopedSession, on: date, places: Sequence[Place], campaigns: Sequence[str], posts: Posts
) -> dict[tuple[UUID, str], Answer]:
    assigned = _assigned(session, on, [place.id for place in places] if len(places) <= FEW else None)
    above = _above(session, on, {place.unit_id for place in places}, posts.root)
    near = {
        (unit, campaign): _nearest(chain, campaign, posts) for unit, chain in above.items() for campaign in campaigns
    }
    answers = {}
    for place in places:
        own = assigned.get(place.id)
        for campaign in campaigns:
            named = (own.get(campaign) or own.get("")) if own else None
            answers[place.id, campaign] = posts_answer(named, posts) if named else near[place.unit_id, campaign]
    return answers


def _assigned(session: ScopedSession, on: date, only: Sequence[UUID] | None) -> dict[UUID, dict[str, list[UUID]]]:
    """The posts assigned to sites on a day, or to some alone: site -> campaign ('' for all) -> posts."""
    found: dict[UUID, dict[str, list[UUID]]] = {}
    chosen = select(SitePost.site_id, SitePost.campaign, SitePost.post_id).where(valid_on(SitePost, on))
    chosen = chosen if only is None else chosen.where(SitePost.site_id.in_(only))
    for site, campaign, post in session.execute(chosen):
        found.setdefault(site, {}).setdefault(campaign, []).append(post)
    return found


def _above(session: ScopedSession, on: date, units: Iterable[UUID], root: UUID) -> dict[UUID, list[UUID]]:
    """Each unit with those above it, nearest first, without the tenant's own."""
    wanted = list(units)
    rows = session.execute(
        select(UnitPath.unit_id, UnitPath.ancestor_id)
        .where(UnitPath.unit_id.in_(wanted), valid_on(UnitPath, on))
        .order_by(UnitPath.unit_id, UnitPath.depth)
    )
    found: dict[UUID, list[UUID]] = {unit: [] for unit in wanted}
    for unit, ancestor in rows:
        if ancestor != root:
            found[unit].append(ancestor)
    return found


def _nearest(chain: Sequence[UUID], campaign: str, posts: Posts) -> Answer:
    """The liaison posts at the nearest unit that has any for the campaign."""
    for unit in chain:
        here = posts.liaisons.get(unit)
        named = (here.get(campaign) or here.get("")) if here else None
        if named:
            held = [one for one in named if one in posts.held]
            return posts_answer(held, posts) if held else Answer(VACANT, tuple(named))
    return NOBODY


def posts_answer(named: Sequence[UUID], posts: Posts) -> Answer:
    """The state that some posts make: double, held, or vacant."""
    if len(named) > 1:
        return Answer(DOUBLE, tuple(named))
    return Answer(COVERED if named[0] in posts.held else VACANT, tuple(named))


def _answer_units(
    session: ScopedSession,
    on: date,
    limits: Sequence[Select[UUID]],
    area_id: UUID | None,
    text: str,
    posts: Posts,
) -> tuple[UnitAnswer, ...]:
    chosen = select(Unit.id, Unit.name, Unit.kind, Unit.pinyin).where(Unit.kind.in_(LIAISON_KINDS), valid_on(Unit, on))
    for limit in limits:
        chosen = chosen.where(Unit.id.in_(limit))
    if area_id is not None:
        chosen = chosen.where(in_area(session.tenant_id, area_id, on, Unit.id))
    if text:
        chosen = chosen.where(or_(Unit.name.contains(text, autoescape=True), Unit.code == text))
    rows = session.execute(chosen.order_by(Unit.pinyin, Unit.id))
    return tuple(UnitAnswer(*row, _own_liaison(row[0], posts)) for row in rows)


def _own_liaison(unit_id: UUID, posts: Posts) -> Answer:
    named = [post for group in posts.liaisons.get(unit_id, {}).values() for post in group]
    held = [post for post in named if post in posts.held]
    if held:
        return Answer(COVERED, tuple(held))
    return Answer(VACANT, tuple(named)) if named else NOBODY
