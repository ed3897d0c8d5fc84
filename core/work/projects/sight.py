"""Who sees a project, and how a person stands to it (项目可见范围与身份)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.roles import ANSWER, CHECK, DIRECT, SEE
from core.work.tables import Project, Site
from tenants.access import Actor, reach_of
from tenants.models import UnitPath


@dataclass(frozen=True, slots=True)
class Standing:
    """How an actor stands to a project (身份).

    ``keeps``: he answers for its unit, or directs it: reports, pays, lets gates pass. ``directs``: he directs the unit.
    ``accepts``: he may accept it: of the accepting unit, or who checks above, and no one of the unit that builds.
    ``other``: he is another party for a gate: he answers for, checks or directs over it, and is no one of the unit that builds.
    """

    keeps: bool
    directs: bool
    accepts: bool
    other: bool


def sees_project(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Project: its unit, the accepting unit or its site lies in the actor's reach, or it is his own.

    A post for one campaign sees that campaign's projects and those of none.
    """
    if actor.covers(SEE):
        return true()
    found: list[ColumnElement[bool]] = [Project.person_id == actor.person_id]
    for campaign in sorted({d.campaign or "" for d in actor.duties if SEE in d.verbs}):
        units = reach_of(actor, SEE, on, campaign or None)
        site = exists().where(
            Site.tenant_id == actor.tenant.id,
            Site.id == Project.site_id,
            or_(Site.unit_id.in_(units), Site.operator_unit_id.in_(units)),
        )
        inside = or_(Project.unit_id.in_(units), Project.acceptance_unit_id.in_(units), site.correlate(Project))
        found.append(and_(inside, Project.campaign.in_(("", campaign))) if campaign else inside)
    return or_(false(), *found)


def under(actor: Actor, verb: str, on: date) -> ColumnElement[bool]:
    """Filter on Project: its unit lies under a post of the actor's with the verb."""
    found: list[ColumnElement[bool]] = []
    for campaign in sorted({d.campaign or "" for d in actor.duties if verb in d.verbs}):
        inside = Project.unit_id.in_(reach_of(actor, verb, on, campaign or None))
        found.append(and_(inside, Project.campaign.in_(("", campaign))) if campaign else inside)
    return or_(false(), *found)


def standing_at(session: Session, actor: Actor, project: Project, on: date) -> Standing:
    """Judge one person at one project (one query)."""
    above = _above(session, project, actor, on)
    roots = {verb: actor.roots(verb, project.campaign or None) for verb in (ANSWER, CHECK, DIRECT)}
    unit = above[project.unit_id]
    directs = bool(roots[DIRECT] & unit)
    keeps = directs or bool(roots[ANSWER] & unit) or project.person_id == actor.person_id
    own = any(project.unit_id in above[duty.unit_id] for duty in actor.duties)
    stranger = not own and project.person_id != actor.person_id
    judge: set[UUID] = above[project.acceptance_unit_id] if project.acceptance_unit_id else set()
    named = bool((roots[ANSWER] | roots[CHECK] | roots[DIRECT]) & judge)
    checks = bool((roots[CHECK] | roots[DIRECT]) & unit)
    return Standing(keeps, directs, stranger and named, stranger and (named or checks))


def _above(session: Session, project: Project, actor: Actor, on: date) -> dict[UUID, set[UUID]]:
    """The ancestors, themselves included, of the project's units and of those of the actor's posts (one query)."""
    units = {project.unit_id, *(duty.unit_id for duty in actor.duties)}
    units |= {project.acceptance_unit_id} if project.acceptance_unit_id else set()
    found: dict[UUID, set[UUID]] = {unit: {unit} for unit in units}
    query = select(UnitPath.unit_id, UnitPath.ancestor_id).where(UnitPath.unit_id.in_(units), valid_on(UnitPath, on))
    for unit_id, ancestor_id in session.execute(query):
        found[unit_id].add(ancestor_id)
    return found
