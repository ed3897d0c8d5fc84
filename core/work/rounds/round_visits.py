"""The visits of a round (轮次检查记录): who reads which of them, the list with points and findings, and its photos.

Of a secret round that is not released, whoever plans it reads every visit; its members read their own ones alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.loop.sight import sees_finding, sees_visit
from core.work.rounds.counted import asked_by, counts_for
from core.work.rounds.sight import plans, reads_results
from core.work.tables import Attachment, File, Finding, Round, Sheet, Site, Visit
from tenants.access import Actor
from tenants.models import Person, Unit

LARGEST_PAGE = 200
After = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class VisitFilter:
    """Which visits (检查筛选): a part of the site's name, one person, only those that found something."""

    text: str = ""
    person_id: UUID | None = None
    found: bool = False


@dataclass(frozen=True, slots=True)
class RoundVisit:
    """One visit of a round (轮次检查): points in 1/100 over the forms that the round asks, findings as the reader sees them."""

    id: UUID
    site_id: UUID
    site_name: str
    unit_name: str
    person_id: UUID
    person_name: str
    day: date
    submitted_at: datetime
    is_corrected: bool
    earned: int
    possible: int
    findings: int


def reads_all(session: Session, actor: Actor, of: Round, on: date) -> bool:
    """Whether every visit of the round is for the actor; otherwise his own ones are."""
    return plans(session, actor, of, on) if of.hidden else reads_results(session, actor, of, on)


def visits_in_view(session: Session, actor: Actor, of: Round, on: date) -> ColumnElement[bool]:
    """Filter on Visit: those that the actor reads among a round's."""
    mine = true() if reads_all(session, actor, of, on) else Visit.person_id == actor.person_id
    return and_(sees_visit(actor, on), mine)


def find_visit(session: Session, actor: Actor, of: Round, visit_id: UUID, on: date) -> Visit:
    """A visit that was made for the round, in force or corrected since. Raises NotFound, alike for unknown and unseen ones."""
    asked = (Visit.id == visit_id, Visit.round_id == of.id, visits_in_view(session, actor, of, on))
    found = session.scalars(select(Visit).where(*asked)).first()
    if found is None:
        raise NotFound
    return found


def list_visits(
    session: Session,
    actor: Actor,
    of: Round,
    wanted: VisitFilter,
    *,
    on: date,
    after: After | None = None,
    size: int = 50,
) -> list[RoundVisit]:
    """A page of the visits that count for the round and one more, the latest first (one query)."""
    points = (
        select(func.coalesce(func.sum(Sheet.earned), 0), func.coalesce(func.sum(Sheet.possible), 0))
        .where(Sheet.tenant_id == of.tenant_id, Sheet.visit_id == Visit.id, *asked_by(of, Sheet))
        .correlate(Visit)
        .lateral()
    )
    earned, possible = points.c
    opened = _findings(actor, on)
    query = (
        select(Visit, Site.name, Unit.name, Person.name, earned, possible, opened)
        .join(Site, and_(Site.tenant_id == Visit.tenant_id, Site.id == Visit.site_id))
        .join(Unit, and_(Unit.tenant_id == Visit.tenant_id, Unit.id == Visit.unit_id))
        .join(Person, and_(Person.tenant_id == Visit.tenant_id, Person.id == Visit.person_id))
        .join(points, true())
        .where(counts_for(of), visits_in_view(session, actor, of, on), *_conditions(wanted, opened))
        .order_by(Visit.submitted_at.desc(), Visit.id.desc())
        .limit(min(size, LARGEST_PAGE) + 1)
    )
    if after is not None:
        query = query.where(tuple_(Visit.submitted_at, Visit.id) < after)
    return [_row(*line) for line in session.execute(query)]


def inspectors_of(session: Session, actor: Actor, of: Round, on: date) -> Sequence[tuple[UUID, str]]:
    """Who made the visits that the actor reads, by name."""
    query = (
        select(Person.id, Person.name)
        .join(Visit, and_(Visit.tenant_id == Person.tenant_id, Visit.person_id == Person.id))
        .where(counts_for(of), visits_in_view(session, actor, of, on))
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return [(person, name) for person, name in session.execute(query)]


def shows_photo(session: Session, actor: Actor, of: Round, file: File, on: date) -> bool:
    """Whether a photo is shown in the room of this round: of a secret one its own photos alone, and to members their own."""
    if not of.hidden:
        return reads_results(session, actor, of, on)
    if file.sealed_for != of.id:
        return False
    if reads_all(session, actor, of, on) or file.person_id == actor.person_id:
        return True
    at = or_(
        Attachment.visit_id == Visit.id,
        Attachment.finding_id.in_(
            select(Finding.id).where(Finding.tenant_id == of.tenant_id, Finding.visit_id == Visit.id).correlate(Visit)
        ),
    )
    own = select(Visit.id).join(Attachment, and_(Attachment.tenant_id == Visit.tenant_id, at))
    own = own.where(Attachment.file_id == file.id, Visit.round_id == of.id, Visit.person_id == actor.person_id)
    return session.scalar(own.limit(1)) is not None


def _findings(actor: Actor, on: date) -> ColumnElement[int]:
    query = select(func.count()).where(
        Finding.tenant_id == actor.tenant.id, Finding.visit_id == Visit.id, sees_finding(actor, on)
    )
    return query.correlate(Visit).scalar_subquery()


def _conditions(wanted: VisitFilter, opened: ColumnElement[int]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text.strip():
        found.append(Site.name.contains(wanted.text.strip(), autoescape=True))
    if wanted.person_id is not None:
        found.append(Visit.person_id == wanted.person_id)
    if wanted.found:
        found.append(opened > 0)
    return found


def _row(visit: Visit, site: str, unit: str, person: str, earned: int, possible: int, findings: int) -> RoundVisit:
    return RoundVisit(
        visit.id,
        visit.site_id,
        site,
        unit,
        visit.person_id,
        person,
        visit.day,
        visit.submitted_at,
        visit.replaces_id is not None,
        earned,
        possible,
        findings,
    )
