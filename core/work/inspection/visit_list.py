"""Visits as people look them up (检查记录): the list of a place or a period, and one visit with its sheets and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, tuple_
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.desk.findings import Filter as FindingFilter
from core.work.desk.findings import FindingRow, base_query, rows_of
from core.work.loop.sight import sees_visit
from core.work.tables import AnswerRow, Attachment, Finding, ItemResult, Sheet, Site, Visit
from core.work.wording import shown
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Person, Unit

LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One line of the list of visits (检查记录行), newest first."""

    id: UUID
    day: date
    submitted_at: datetime
    basis: str
    site_id: UUID
    site_name: str
    unit_id: UUID
    unit_name: str
    person_id: UUID
    person_name: str
    sheets: tuple[Sheet, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitDetail:
    """One visit with everything in it (检查详情); ``findings`` it opened, ``again`` were open and found still there, in the reader's reach."""

    visit: Visit
    row: VisitRow
    answers: Sequence[AnswerRow]
    results: Sequence[ItemResult]
    findings: Sequence[FindingRow]
    photos: Sequence[Attachment]
    again: Sequence[FindingRow] = ()


def list_visits(
    session: Session,
    actor: Actor,
    *,
    site_id: UUID | None = None,
    person_id: UUID | None = None,
    since: date | None = None,
    until: date | None = None,
    cursor: str | None = None,
    page_size: int = 50,
    now: datetime | None = None,
) -> tuple[list[VisitRow], str | None]:
    """A page of visits in the actor's reach, newest day first, and the cursor of the next (two queries).

    A visit that was corrected is in no list; its correction is.

    ``since`` and ``until`` are days, both included. Raises InvalidInput for a page over 200 rows and a bad cursor.
    """
    if not 1 <= page_size <= LARGEST_PAGE:
        fault = Fault(
            N_("每页条数超出范围"), "page_size", None, str(page_size), "", N_("请填 1 到 {most}"), {"most": 200}
        )
        raise InvalidInput(faults=[fault])
    query = _rows(actor, now or server_now())
    query = query.where(Visit.replaced_at.is_(None), *_wanted(site_id, person_id, since, until))
    if cursor:
        query = query.where(tuple_(Visit.day, Visit.id) < _read_cursor(cursor))
    found = session.execute(query.order_by(Visit.day.desc(), Visit.id.desc()).limit(page_size + 1)).all()
    rows = _with_sheets(session, [_row(*line) for line in found[:page_size]])
    return rows, f"{rows[-1].day}~{rows[-1].id}" if len(found) > page_size else None


def visit_detail(session: Session, actor: Actor, visit_id: UUID, *, now: datetime | None = None) -> VisitDetail:
    """One visit that the actor may see; NotFound otherwise."""
    moment = now or server_now()
    found = session.execute(_rows(actor, moment).where(Visit.id == visit_id)).first()
    if found is None:
        raise NotFound
    again = [UUID(one["id"]) for one in found[0].summary.get("again", ())]
    order = (ItemResult.campaign, ItemResult.form, ItemResult.item)
    return VisitDetail(
        visit=found[0],
        row=_with_sheets(session, [_row(*found)])[0],
        answers=session.scalars(select(AnswerRow).where(AnswerRow.visit_id == visit_id)).all(),
        results=session.scalars(select(ItemResult).where(ItemResult.visit_id == visit_id).order_by(*order)).all(),
        findings=_findings(session, actor, Finding.visit_id == visit_id, moment),
        photos=session.scalars(select(Attachment).where(Attachment.visit_id == visit_id).order_by(Attachment.id)).all(),
        again=_findings(session, actor, Finding.id.in_(again), moment) if again else (),
    )


def _findings(session: Session, actor: Actor, which: ColumnElement[bool], now: datetime) -> list[FindingRow]:
    wanted = FindingFilter(extra=(which,))
    found = session.execute(base_query(actor, wanted, now).order_by(Finding.number)).all()
    return rows_of(session, found, now)


def _rows(actor: Actor, now: datetime) -> Select[Visit, str, str, str]:
    tenant = actor.tenant.id
    return (
        select(Visit, Site.name, Unit.name, Person.name)
        .join(Site, and_(Site.tenant_id == Visit.tenant_id, Site.id == Visit.site_id))
        .join(Unit, and_(Unit.tenant_id == Visit.tenant_id, Unit.id == Visit.unit_id))
        .join(Person, and_(Person.tenant_id == Visit.tenant_id, Person.id == Visit.person_id))
        .where(Visit.tenant_id == tenant, sees_visit(actor, local_day(now)))
    )


def _wanted(
    site_id: UUID | None, person_id: UUID | None, since: date | None, until: date | None
) -> list[ColumnElement[bool]]:
    """The filter as conditions; what is not given is no condition."""
    conditions: list[ColumnElement[bool]] = []
    if site_id is not None:
        conditions.append(Visit.site_id == site_id)
    if person_id is not None:
        conditions.append(Visit.person_id == person_id)
    if since is not None:
        conditions.append(Visit.day >= since)
    if until is not None:
        conditions.append(Visit.day <= until)
    return conditions


def _row(visit: Visit, site: str, unit: str, person: str) -> VisitRow:
    same = {n: getattr(visit, n) for n in ("id", "day", "submitted_at", "basis", "site_id", "unit_id", "person_id")}
    return VisitRow(**same, site_name=site, unit_name=unit, person_name=person)


def _with_sheets(session: Session, rows: list[VisitRow]) -> list[VisitRow]:
    sheets: dict[UUID, list[Sheet]] = {}
    if rows:
        wanted = select(Sheet).where(Sheet.visit_id.in_([row.id for row in rows]))
        for sheet in session.scalars(wanted.order_by(Sheet.campaign, Sheet.form)):
            sheets.setdefault(sheet.visit_id, []).append(sheet)
    return [replace(row, sheets=tuple(sheets.get(row.id, ()))) for row in rows]


def _read_cursor(cursor: str) -> tuple[date, UUID]:
    day, _, last_id = cursor.partition("~")
    try:
        return date.fromisoformat(day), UUID(last_id)
    except ValueError:
        fault = Fault(N_("翻页位置无效"), "cursor", value=shown(cursor), remedy=N_("请从第一页重新开始"))
    raise InvalidInput(faults=[fault])
