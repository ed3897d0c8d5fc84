"""Who may look again at what was closed (回头看人员): who can go there, did not handle it, and is not of the fixer's unit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.dated import valid_on
from core.work.roles import CHECK, VISIT, verbs_of
from core.work.tables import Finding, FindingCampaign, FindingEvent, Part
from tenants.models import Holding, Person, Post, UnitPath

HANDLED = N_("经办过这个问题的人不能回头看")
SAME_UNIT = N_("整改单位的人员不能回头看")
CANNOT_GO = N_("这个人的岗位不能检查这个地方")
SPAN = 1000  # rows named in one statement


@dataclass(slots=True)
class Looker:
    """A person who may look (复查人): where his posts let him check, for which campaign, and of which units he is."""

    name: str = ""
    roots: list[tuple[UUID, str | None]] = field(default_factory=list)
    units: set[UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Case:
    """What counts about a closed finding: the units over its place, its campaigns, who handled it, who put it right."""

    above: Collection[UUID]
    campaigns: Collection[str]
    handlers: Collection[UUID]
    lead: UUID | None


def why_not(person_id: UUID, looker: Looker | None, case: Case) -> str:
    """Why somebody may not look at a finding again; '' when he may."""
    if person_id in case.handlers:
        return HANDLED
    if looker is not None and case.lead in looker.units:
        return SAME_UNIT
    roots = looker.roots if looker else ()
    can_go = any(unit in case.above and (limit is None or limit in case.campaigns) for unit, limit in roots)
    return "" if can_go else CANNOT_GO


def lookers(session: Session, on: date, people: Sequence[UUID] = ()) -> dict[UUID, Looker]:
    """Active people with a post that visits or checks, or just those named (one query); inactive ones are left out."""
    query = (
        select(Person.id, Person.name, Post.role, Post.campaign, Post.unit_id, UnitPath.ancestor_id)
        .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(UnitPath, (UnitPath.tenant_id == Post.tenant_id) & (UnitPath.unit_id == Post.unit_id))
        .where(Person.state == "active", valid_on(Holding, on), valid_on(UnitPath, on))
    )
    if people:
        query = query.where(Person.id.in_(people))
    found: dict[UUID, Looker] = {}
    for person_id, name, role, campaign, unit_id, ancestor_id in session.execute(query):
        looker = found.setdefault(person_id, Looker(name))
        looker.units.add(ancestor_id)
        if unit_id == ancestor_id and verbs_of(role, campaign) & {VISIT, CHECK}:
            looker.roots.append((unit_id, campaign))
    return {person_id: looker for person_id, looker in found.items() if looker.roots}


def cases_of(session: Session, finding_ids: Sequence[UUID], on: date) -> dict[UUID, Case]:
    """What counts about some findings (four queries for each thousand)."""
    found: dict[UUID, Case] = {}
    for start in range(0, len(finding_ids), SPAN):
        found |= _cases(session, finding_ids[start : start + SPAN], on)
    return found


def handlers_of(session: Session, finding_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Everybody who ever took a step at some findings."""
    found: dict[UUID, set[UUID]] = {one: set() for one in finding_ids}
    rows = session.execute(
        select(FindingEvent.finding_id, FindingEvent.person_id)
        .where(FindingEvent.finding_id.in_(finding_ids), FindingEvent.person_id.is_not(None))
        .distinct()
    )
    for finding_id, person_id in rows:
        if person_id is not None:
            found[finding_id].add(person_id)
    return found


def _cases(session: Session, ids: Sequence[UUID], on: date) -> dict[UUID, Case]:
    handlers = handlers_of(session, ids)
    leading = (Part.finding_id.in_(ids), Part.leading, Part.ended_at.is_(None))
    leads: Mapping[UUID, UUID] = dict(session.execute(select(Part.finding_id, Part.unit_id).where(*leading)).all())
    campaigns: dict[UUID, set[str]] = {one: set() for one in ids}
    named = select(FindingCampaign.finding_id, FindingCampaign.campaign).where(FindingCampaign.finding_id.in_(ids))
    for finding_id, campaign in session.execute(named):
        campaigns[finding_id].add(campaign)
    above: dict[UUID, set[UUID]] = {one: set() for one in ids}
    paths = (
        select(Finding.id, UnitPath.ancestor_id)
        .join(UnitPath, (UnitPath.tenant_id == Finding.tenant_id) & (UnitPath.unit_id == Finding.unit_id))
        .where(Finding.id.in_(ids), valid_on(UnitPath, on))
    )
    for finding_id, ancestor_id in session.execute(paths):
        above[finding_id].add(ancestor_id)
    return {one: Case(above[one], campaigns[one], handlers[one], leads.get(one)) for one in ids}
