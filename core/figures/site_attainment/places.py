"""Places with their state in each campaign (点位达标清单), how many stand how (达标统计), and form by form why (达标依据)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, or_, select, text

from core.figures.site_attainment.ground import Ground
from core.figures.site_attainment.statement import board_statement, forms_statement, list_statement, next_places
from core.figures.site_attainment.states import BELOW, BLOCKED, KEY_FAILED, NEVER, RELAPSED, VETOED
from core.work.places.reaching import reaches_site
from core.work.roles import SEE
from core.work.tables import Site
from tenants.access import Actor, reach
from tenants.scope import ScopedSession

After = tuple[str, UUID, str]  # pinyin, site, campaign
FEW = 500  # places; above it reading all of a district's failures at once is quicker


@dataclass(frozen=True, slots=True)
class Standing:
    """One place in one campaign (点位达标): its state, what stands on either track, and its open findings."""

    site_id: UUID
    campaign: str
    name: str
    pinyin: str
    code: str | None
    unit_id: UUID
    state: str
    is_self_met: bool
    is_verified: bool
    self_day: date | None
    verified_day: date | None
    open_findings: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The latest check of a form on one track (最近一次): points in 1/100, and what failed it."""

    visit_id: UUID
    day: date
    at: datetime
    attains: bool
    earned: int
    possible: int
    key_failed: bool
    vetoed: bool

    @property
    def fault(self) -> str:
        """Why it does not attain, '' when it does."""
        if self.attains:
            return ""
        return KEY_FAILED if self.key_failed else VETOED if self.vetoed else BELOW


@dataclass(frozen=True, slots=True)
class FormStanding:
    """One form at one place (检查表达标情况), with the open finding that stands against it, if any."""

    site_id: UUID
    campaign: str
    form: str
    is_verified: bool
    is_self_met: bool
    is_relapsed: bool
    by_others: Checked | None
    by_itself: Checked | None
    finding_id: UUID | None
    finding_number: str | None
    finding_title: str
    finding_title_en: str

    def without_words(self) -> FormStanding:
        """The same for a reader who may not see the finding itself: that there is one, not what."""
        return replace(self, finding_number=None, finding_title="", finding_title_en="")

    @property
    def missing(self) -> str:
        """What is missing to be up to standard (还差什么), '' when nothing is."""
        if self.is_verified or self.is_self_met:
            return ""
        track = self.by_others or self.by_itself
        if track is None:
            return NEVER
        if not track.attains and self.by_itself is not None and self.by_itself.at > track.at:
            track = self.by_itself
        return track.fault or BLOCKED  # what attains and does not stand has a finding against it


@dataclass(frozen=True, slots=True)
class Tally:
    """So many places (达标数): of all that should be checked, those up to standard on either track; how many stand how."""

    places: int = 0
    self_met: int = 0
    verified: int = 0
    states: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        states = {
            name: self.states.get(name, 0) + other.states.get(name, 0) for name in {**self.states, **other.states}
        }
        sums = (self.places + other.places, self.self_met + other.self_met, self.verified + other.verified)
        return Tally(*sums, states)

    @property
    def gap(self) -> int:
        """How many more say so of themselves than others found (自查与核验之差); may be negative."""
        return self.self_met - self.verified

    @property
    def relapsed(self) -> int:
        """How many lost it again."""
        return self.states.get(RELAPSED, 0)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which places (范围): ids (None: all of the district), and which campaign of each when ``pairs`` are given.

    ``types``: it has one of each of these groups of types on the day; ``without``: none of these.
    """

    sites: Sequence[UUID] | None = None
    pairs: Sequence[tuple[UUID, str]] | None = None
    types: Sequence[str] = ()
    without: Sequence[str] = ()

    @property
    def is_few(self) -> bool:
        """Whether it is so small that the places are better looked up one by one."""
        return self.sites is not None and len(self.sites) <= FEW

    def narrowed(self) -> tuple[str, dict[str, Any]]:
        """The conditions on the sites, and what they bind."""
        said, bound = [], dict[str, Any]()
        if self.sites is not None:
            said.append("AND s.id = ANY(CAST(:only AS uuid[]))")
            bound["only"] = list(self.sites)
        if self.without:
            said.append(f"AND NOT {_TYPED.format('= ANY(:without_types)')}")
            bound["without_types"] = list(self.without)
        for n, kind in enumerate(self.types):
            said.append(f"AND {_TYPED.format(f'= :type_{n}')}")
            bound[f"type_{n}"] = kind
        return " ".join(said), bound


_TYPED = """EXISTS (SELECT FROM site_kind q WHERE q.tenant_id = :tenant AND q.site_id = s.id AND q.site_type {}
    AND q.valid_from <= :on AND (q.valid_to IS NULL OR q.valid_to > :on))"""


def within(
    session: ScopedSession,
    actor: Actor | None,
    on: date,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    types: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Scope:
    """The places that an actor may see and some conditions on Site allow; all of them without a look where nothing narrows."""
    limits = list(conditions)
    if actor is not None and not actor.covers(SEE):
        limits.append(or_(reaches_site(actor, SEE, on), Site.operator_unit_id.in_(reach(actor, SEE, on))))
    if not limits:
        return Scope(types=types, without=without)
    ids = list(session.scalars(select(Site.id).where(Site.tenant_id == session.tenant_id, *limits)))
    return Scope(ids, types=types, without=without)


def read_board(session: ScopedSession, ground: Ground, scope: Scope) -> dict[str, dict[UUID | None, Tally]]:
    """How many places stand how, by campaign and subdistrict (None: in none). One statement."""
    narrowed, bound = scope.narrowed()
    rows = session.execute(text(board_statement(ground, narrowed, few=scope.is_few)), ground.params() | bound)
    found: dict[str, dict[UUID | None, Tally]] = {key: {} for key in dict.fromkeys(one for one, _, _ in ground.due)}
    for campaign, street, state, self_met, verified, places in rows:
        one = Tally(places, places * self_met, places * verified, {state: places})
        mine = found[campaign]
        mine[street] = mine.get(street, Tally()) + one
    return found


def whole(tallies: Iterable[Tally]) -> Tally:
    """Some tallies added up."""
    return sum(tallies, Tally())


def list_standings(
    session: ScopedSession,
    ground: Ground,
    scope: Scope,
    *,
    states: Collection[str] = (),
    after: After | None = None,
    limit: int | None = None,
) -> list[Standing]:
    """Places by name, each with its state in each campaign; ``states`` of some states only, ``after`` a row. One statement."""
    narrowed, bound = scope.narrowed()
    filters = []
    if states:
        filters.append("AND t.state = ANY(:states)")
        bound["states"] = sorted(states)
    if scope.pairs is not None:
        filters.append(
            "AND (p.id, t.campaign) IN (SELECT * FROM unnest(CAST(:pair_sites AS uuid[]), CAST(:pair_campaigns AS text[])))"
        )
        bound |= {"pair_sites": [one for one, _ in scope.pairs], "pair_campaigns": [key for _, key in scope.pairs]}
    if after is not None:
        filters.append("AND (p.pinyin, p.id, t.campaign) > (:after_pinyin, CAST(:after_site AS uuid), :after_campaign)")
        bound |= dict(zip(("after_pinyin", "after_site", "after_campaign"), after, strict=True))
    limited = ""
    if limit is not None:
        limited, bound["limit"] = "LIMIT :limit", limit
        if not states and scope.pairs is None:
            narrowed += f" {next_places(is_later=after is not None)}"
    few = scope.is_few or (limit is not None and limit <= FEW and not states)
    statement = list_statement(ground, narrowed, " ".join(filters), limited, few=few)
    return [Standing(*row) for row in session.execute(text(statement), ground.params() | bound)]


def read_forms(
    session: ScopedSession, ground: Ground, sites: Collection[UUID]
) -> dict[tuple[UUID, str], list[FormStanding]]:
    """Form by form why some places stand as they do, by site and campaign. One statement."""
    narrowed, bound = Scope(sorted(set(sites))).narrowed()
    rows = session.execute(text(forms_statement(ground, narrowed)), ground.params() | bound) if sites else ()
    found: dict[tuple[UUID, str], list[FormStanding]] = {}
    for row in rows:
        found.setdefault((row.site_id, row.campaign), []).append(_form(row))
    return found


def _form(row: Row[Any]) -> FormStanding:
    return FormStanding(
        row.site_id,
        row.campaign,
        row.form,
        row.is_verified,
        row.is_self_met,
        row.is_relapsed,
        _checked(row, "v") if row.v_id else None,
        _checked(row, "s") if row.s_id else None,
        row.finding_id,
        row.number,
        row.title or "",
        row.title_en or "",
    )


def _checked(row: Row[Any], track: str) -> Checked:
    names = ("id", "day", "at", "ok", "earned", "possible", "key", "veto")
    return Checked(*(getattr(row, f"{track}_{name}") for name in names))
