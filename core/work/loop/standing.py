"""How a person stands to a finding (办理身份): do his posts reach its units and its place, and is he another party.

The fixer's own unit never closes a finding (design 6): neither who answered it, nor who checks from within that unit.
Who may not see a restricted finding takes no part in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.loop.parties import PERMISSIONS
from core.work.loop.states import ANOTHER, ASSISTING, DESK, LEADER, LEADING, PLACE, SYSTEM
from core.work.loop.transitions import REPLY, Standing
from core.work.roles import RESTRICTED
from core.work.tables import Finding, FindingCampaign, FindingEvent, Part
from tenants.access import Actor
from tenants.models import UnitPath

ANSWERED_HIMSELF = N_("整改结果是您本人提交的，须由另一方核查")
SAME_UNIT = N_("牵头整改的是您所在的单位，须由另一方核查")
THE_SYSTEM = Standing(frozenset({SYSTEM}))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a judgment needs to know of a finding."""

    place: UUID
    leads: frozenset[UUID]
    helpers: frozenset[UUID]
    places: frozenset[UUID]
    answered_himself: bool
    campaigns: Sequence[str]


def standing_of(session: Session, actor: Actor, finding: Finding, on: date) -> Standing:
    """Judge one person at one finding on a day (two queries). A post for one campaign counts for that one's findings."""
    return standings_of(session, actor, [finding], on)[finding.id]


def standings_of(session: Session, actor: Actor, findings: Sequence[Finding], on: date) -> dict[UUID, Standing]:
    """Judge one person at several findings at once, with as few queries as for one."""
    judged = [finding for finding in findings if actor.has(RESTRICTED) or not finding.restricted]
    found = {finding.id: Standing() for finding in findings}
    if not judged:
        return found
    facts = _facts(session, actor, judged)
    posts = {duty.unit_id for duty in actor.duties}
    units = posts.union(*({one.place, *one.helpers, *one.places, *one.leads} for one in facts.values()))
    above = _above(session, units, on)
    return found | {key: _judge(actor, one, posts, above) for key, one in facts.items()}


def _judge(actor: Actor, facts: _Facts, posts: set[UUID], above: Mapping[UUID, set[UUID]]) -> Standing:
    """The parties that a person belongs to at a finding."""
    about: dict[str, Iterable[UUID]] = {
        LEADING: facts.leads,
        ASSISTING: facts.helpers,
        PLACE: facts.places,
        ANOTHER: {facts.place},
        DESK: {facts.place},
        LEADER: {facts.place},
    }
    parties = {party for party, units in about.items() if _reaches(actor, party, units, above, facts.campaigns)}
    return Standing(frozenset(parties), _why_not(facts, posts, above) if ANOTHER in parties else "")


def _reaches(
    actor: Actor,
    party: str,
    units: Iterable[UUID],
    above: Mapping[UUID, set[UUID]],
    campaigns: Sequence[str],
) -> bool:
    """Whether a post with the party's verb stands above one of its units; one campaign that fits is enough."""
    verb = PERMISSIONS[party]
    roots = frozenset().union(*(actor.roots(verb, one) for one in campaigns)) if campaigns else actor.roots(verb)
    return any(roots & above[unit] for unit in units)


def _why_not(facts: _Facts, posts: set[UUID], above: Mapping[UUID, set[UUID]]) -> str:
    """Why somebody whose checks reach the place is no other party; '' when he is one.

    Whoever has any post at the leading unit or inside it is the fixer's own unit, whatever else he is; one above it is not.
    """
    if facts.answered_himself:
        return ANSWERED_HIMSELF
    return SAME_UNIT if any(facts.leads & above[unit] for unit in posts) else ""


def _facts(session: Session, actor: Actor, findings: Sequence[Finding]) -> dict[UUID, _Facts]:
    """The units that have a part, whether the actor ever answered the finding, and the campaigns that it belongs to."""
    tenant, ids = actor.tenant.id, [finding.id for finding in findings]
    answered = (
        select(FindingEvent.version)
        .where(
            FindingEvent.tenant_id == tenant,
            FindingEvent.finding_id == Finding.id,
            FindingEvent.verb.in_((REPLY, "finish_part")),
            FindingEvent.person_id == actor.person_id,
        )
        .exists()
    )
    campaigns = (
        select(func.array_agg(FindingCampaign.campaign))
        .where(FindingCampaign.tenant_id == tenant, FindingCampaign.finding_id == Finding.id)
        .scalar_subquery()
    )
    query = (
        select(Finding, answered.correlate(Finding), campaigns.correlate(Finding), Part)
        .outerjoin(Part, and_(Part.tenant_id == tenant, Part.finding_id == Finding.id, Part.ended_at.is_(None)))
        .where(Finding.tenant_id == tenant, Finding.id.in_(ids))
    )
    known: dict[UUID, tuple[Finding, bool, tuple[str, ...]]] = {}
    parts: dict[UUID, list[Part]] = {key: [] for key in ids}
    for finding, himself, named, part in session.execute(query):
        known[finding.id] = (finding, himself, tuple(named or ()))
        parts[finding.id] += [part] if part else []
    return {key: _fact(finding, parts[key], himself, named) for key, (finding, himself, named) in known.items()}


def _fact(finding: Finding, parts: Sequence[Part], himself: bool, campaigns: Sequence[str]) -> _Facts:
    return _Facts(
        finding.unit_id,
        frozenset(part.unit_id for part in parts if part.leading),
        frozenset(part.unit_id for part in parts if not part.leading and part.state == "open"),
        frozenset(part.unit_id for part in parts if part.kind == "place" and not part.leading),
        himself,
        campaigns,
    )


def _above(session: Session, units: set[UUID], on: date) -> dict[UUID, set[UUID]]:
    """Each unit's ancestors on a day, itself included (one query)."""
    found: dict[UUID, set[UUID]] = {unit: {unit} for unit in units}
    rows = session.execute(
        select(UnitPath.unit_id, UnitPath.ancestor_id).where(
            UnitPath.unit_id.in_(units),
            UnitPath.valid_from <= on,
            or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > on),
        )
    )
    for unit_id, ancestor_id in rows:
        found[unit_id].add(ancestor_id)
    return found
