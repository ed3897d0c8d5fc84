"""How a person stands to a finding (办理身份): do his posts reach its leading unit, its place, and is he another party.

The fixer's own unit never closes a finding (design 6): neither who answered it, nor who checks from within that unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.roles import ANSWER, CHECK
from core.work.tables import Finding, FindingEvent, FindingItem, Part
from core.work.transitions import REPLY, Standing
from tenants.access import Actor
from tenants.models import UnitPath

ANSWERED_HIMSELF = N_("整改结果是您本人提交的，须由另一方核查")
SAME_UNIT = N_("牵头整改的是您所在的单位，须由另一方核查")


def standing_of(session: Session, actor: Actor, finding: Finding, on: date) -> Standing:
    """Judge one person at one finding on a day (two queries). A post for one campaign counts for that one's findings."""
    lead, answered_himself, campaigns = _facts(session, actor, finding)
    checkers, posts = _roots(actor, CHECK, campaigns), {duty.unit_id for duty in actor.duties}
    above = _above(session, {lead, finding.unit_id, *posts}, on)
    checking = checkers & above[finding.unit_id]
    # Whoever has any post at the leading unit or inside it is no other party, whatever else he is; one above it is.
    inside = any(lead in above[unit] for unit in posts)
    own = ANSWERED_HIMSELF if answered_himself else SAME_UNIT if checking and inside else ""
    return Standing(answers=bool(_roots(actor, ANSWER, campaigns) & above[lead]), checks=bool(checking), own=own)


def _roots(actor: Actor, verb: str, campaigns: Sequence[str]) -> frozenset[UUID]:
    """The units from which the actor's verb reaches a finding of these campaigns; one that fits is enough."""
    return frozenset().union(*(actor.roots(verb, one) for one in campaigns)) if campaigns else actor.roots(verb)


def _facts(session: Session, actor: Actor, finding: Finding) -> tuple[UUID, bool, Sequence[str]]:
    """The leading part's unit, whether the actor ever answered the finding, and the campaigns whose items raised it."""
    answered = (
        select(FindingEvent.version)
        .where(
            FindingEvent.tenant_id == actor.tenant.id,
            FindingEvent.finding_id == finding.id,
            FindingEvent.verb == REPLY,
            FindingEvent.person_id == actor.person_id,
        )
        .exists()
    )
    campaigns = (
        select(func.array_agg(FindingItem.campaign.distinct()))
        .where(FindingItem.tenant_id == actor.tenant.id, FindingItem.finding_id == finding.id)
        .scalar_subquery()
    )
    lead, himself, raised_by = session.execute(
        select(Part.unit_id, answered, campaigns).where(Part.finding_id == finding.id, Part.leading)
    ).one()
    return lead, himself, raised_by or ()


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
