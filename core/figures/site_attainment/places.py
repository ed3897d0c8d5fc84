"""Places with their state in each campaign (点位达标清单), and form by form why (达标依据)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.figures.site_attainment.counting import list_states
from core.figures.site_attainment.ground import Ground
from core.figures.site_attainment.scope import FEW, After, Scope
from core.figures.site_attainment.statement import forms_statement, list_statement, next_places
from core.figures.site_attainment.states import BELOW, BLOCKED, KEY_FAILED, NEVER, VETOED
from tenants.scope import ScopedSession

FIRST = 400  # places that are looked through for a page of some states before all are counted (ours)


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


def list_standings(
    session: ScopedSession,
    ground: Ground,
    scope: Scope,
    *,
    states: Collection[str] = (),
    after: After | None = None,
    limit: int | None = None,
) -> list[Standing]:
    """Places by name, each with its state in each campaign; ``states`` of some states only, ``after`` a row.

    One statement; for some states of a large district a second one, which looks first where they are.
    """
    if not states or scope.is_few:
        return _listed(session, ground, scope, states, after, limit)
    if limit is not None and scope.pairs is None:
        near = _listed(session, ground, scope, (), after, max(FIRST, limit))
        found = [one for one in near if one.state in states]
        if len(found) >= limit or len(near) < FIRST:
            return found[:limit]
    keys = list_states(session, ground, scope, states=states, after=after, limit=limit)
    pairs = [(site, campaign) for site, campaign, _ in keys]
    chosen = Scope(list(dict.fromkeys(site for site, _ in pairs)), pairs)
    return _listed(session, ground, chosen, (), None, None) if pairs else []


def _listed(
    session: ScopedSession,
    ground: Ground,
    scope: Scope,
    states: Collection[str],
    after: After | None,
    limit: int | None,
) -> list[Standing]:
    narrowed, bound = scope.narrowed()
    filtered, more = scope.filters(states, after)
    limited = ""
    if limit is not None:
        limited, bound["limit"] = "LIMIT :limit", limit
        if not states and scope.pairs is None:
            narrowed += f" {next_places(is_later=after is not None)}"
    few = scope.is_few or (limit is not None and limit <= FEW and not states)
    statement = list_statement(ground, narrowed, filtered, limited, few=few)
    return [Standing(*row) for row in session.execute(text(statement), ground.params() | bound | more)]


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
