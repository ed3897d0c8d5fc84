"""Reads visits (读取检查记录) within reach: pages by day, and one in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.inspection.visit_chain import stood_at, versions
from core.work.loop.sight import sees_finding, sees_visit
from core.work.organisation.areas import visits_in_area
from core.work.tables import AnswerRow, Attachment, Finding, ItemResult, Sheet, SheetEntry, Site, Visit
from tenants.access import Actor, subtree
from tenants.models import Person


@dataclass(frozen=True, slots=True)
class VisitFilter:
    """Which visits (检查筛选); what is left out does not limit."""

    site_id: UUID | None = None
    unit_id: UUID | None = None
    person_id: UUID | None = None
    campaigns: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    newest_first: bool = True
    area_id: UUID | None = None
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit with the names that a list shows and its sheets."""

    visit: Visit
    site_name: str
    person_name: str
    sheets: Sequence[Sheet]


@dataclass(frozen=True, slots=True)
class VisitInFull:
    """A visit with everything that hangs on it; ``photos`` by question, ``findings`` those within reach.

    ``versions`` are the ids from the first version to the one in force.
    """

    row: VisitRow
    answers: Sequence[AnswerRow]
    results: Sequence[ItemResult]
    photos: Mapping[str, Sequence[UUID]]
    findings: Sequence[UUID]
    entries: Sequence[SheetEntry]
    versions: Sequence[UUID]


def read_visits(
    session: Session, actor: Actor, wanted: VisitFilter, after: tuple[Any, ...] | None, most: int, on: date
) -> list[VisitRow]:
    """The visits in force, now or on a past day, within reach by (day, id), at most so many, after the given pair when there is one."""
    keys = (Visit.day, Visit.id)
    day = wanted.as_of or on
    query = _filtered(_chosen(actor, on), actor, wanted, day).where(stood_at(wanted.as_of))
    if wanted.area_id is not None:
        query = query.where(visits_in_area(actor.tenant.id, wanted.area_id, day))
    if after is not None:
        here, there = tuple_(*keys), tuple_(*after)
        query = query.where(here < there if wanted.newest_first else here > there)
    query = query.order_by(*(key.desc() if wanted.newest_first else key.asc() for key in keys)).limit(most)
    return _with_sheets(session, query)


def read_visit(session: Session, actor: Actor, visit_id: UUID, on: date) -> VisitInFull:
    """One visit in full. Raises NotFound when it is unknown or out of reach."""
    rows = _with_sheets(session, _chosen(actor, on).where(Visit.id == visit_id))
    if not rows:
        raise NotFound
    answers = session.scalars(select(AnswerRow).where(AnswerRow.visit_id == visit_id).order_by(AnswerRow.question))
    order = (ItemResult.campaign, ItemResult.form, ItemResult.item)
    results = session.scalars(select(ItemResult).where(ItemResult.visit_id == visit_id).order_by(*order))
    attached = select(Attachment.question, Attachment.file_id).where(Attachment.visit_id == visit_id)
    photos: dict[str, list[UUID]] = {}
    for question, file_id in session.execute(attached.order_by(Attachment.id)):
        photos.setdefault(question, []).append(file_id)
    findings = select(Finding.id).where(Finding.visit_id == visit_id, sees_finding(actor, on)).order_by(Finding.id)
    chain = [one.id for one in versions(session, actor, rows[0].visit, on)]
    said = select(SheetEntry).where(SheetEntry.visit_id == visit_id).order_by(SheetEntry.campaign, SheetEntry.form)
    opened, entries = session.scalars(findings).all(), session.scalars(said).all()
    return VisitInFull(rows[0], answers.all(), results.all(), photos, opened, entries, chain)


def _chosen(actor: Actor, on: date) -> Select[Visit, str, str]:
    return (
        select(Visit, Site.name, Person.name)
        .join(Site, (Site.tenant_id == Visit.tenant_id) & (Site.id == Visit.site_id))
        .join(Person, (Person.tenant_id == Visit.tenant_id) & (Person.id == Visit.person_id))
        .where(sees_visit(actor, on))
    )


def _filtered(query: Select[Visit, str, str], actor: Actor, wanted: VisitFilter, on: date) -> Select[Visit, str, str]:
    for column, value in ((Visit.site_id, wanted.site_id), (Visit.person_id, wanted.person_id)):
        if value is not None:
            query = query.where(column == value)
    if wanted.unit_id is not None:
        query = query.where(Visit.unit_id.in_(subtree(actor.tenant.id, wanted.unit_id, on)))
    if wanted.bases:
        query = query.where(Visit.basis.in_(wanted.bases))
    if wanted.campaigns:
        of_these = select(Sheet.visit_id).where(
            Sheet.tenant_id == actor.tenant.id, Sheet.campaign.in_(wanted.campaigns)
        )
        query = query.where(Visit.id.in_(of_these))
    if wanted.since is not None:
        query = query.where(Visit.day >= wanted.since)
    return query.where(Visit.day <= wanted.until) if wanted.until is not None else query


def _with_sheets(session: Session, query: Select[Visit, str, str]) -> list[VisitRow]:
    found = session.execute(query).all()
    sheets: dict[UUID, list[Sheet]] = {}
    of_these = select(Sheet).where(Sheet.visit_id.in_([visit.id for visit, _, _ in found]))
    for sheet in session.scalars(of_these.order_by(Sheet.campaign, Sheet.form)):
        sheets.setdefault(sheet.visit_id, []).append(sheet)
    return [VisitRow(visit, site, person, sheets.get(visit.id, ())) for visit, site, person in found]
