"""The lists of findings (问题清单、整改清单、责任清单): three views of one ledger, always within the reader's reach."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.sight import sees_finding
from core.work.tables import Finding, FindingCampaign, FindingLink, Part, Site
from core.work.transitions import NOT_CLOSED, STATES, WITH_UNIT
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Person, Unit, UnitPath

View = Literal["problem", "rectification", "responsibility"]
VIEWS: tuple[View, ...] = ("problem", "rectification", "responsibility")
SORTS: dict[str, InstrumentedAttribute[datetime]] = {"due_at": Finding.due_at, "opened_at": Finding.opened_at}
LARGEST_PAGE = 200


@dataclass(frozen=True, slots=True)
class PartRow:
    """A unit's part in a finding (责任分工)."""

    kind: str
    unit_id: UUID
    unit_name: str
    leading: bool
    state: str = "informed"
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One line of a list (清单行). ``overdue``: the unit has not answered and the deadline has passed."""

    id: UUID
    number: str | None
    title: str
    title_en: str
    category: str
    state: str
    version: int
    key_item: bool
    site_id: UUID | None
    site_name: str
    unit_id: UUID
    unit_name: str
    source: str
    severity: str
    restricted: bool
    priority: bool
    returns: int
    relapsed: int
    extended_days: int
    review_on: date | None
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    reopened: int
    overdue: bool
    parts: tuple[PartRow, ...] = ()
    campaigns: tuple[str, ...] = ()

    @property
    def lead(self) -> PartRow | None:
        """The unit that answers (牵头单位)."""
        return next((part for part in self.parts if part.leading), None)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list (分页); ``next_cursor`` is None on the last one."""

    rows: Sequence[FindingRow]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show (筛选). Empty means everything; ``units`` stand for their subtrees, ``text`` is part of a title, number or site."""

    view: View = "problem"
    states: Sequence[str] = ()
    units: Sequence[UUID] = ()
    categories: Sequence[str] = ()
    campaigns: Sequence[str] = ()
    indicators: Sequence[str] = ()
    site_id: UUID | None = None
    overdue: bool | None = None
    text: str = ""
    extra: Sequence[ColumnElement[bool]] = field(default_factory=tuple)


def list_findings(
    session: Session,
    actor: Actor,
    *,
    view: View = "problem",
    states: Sequence[str] = (),
    units: Sequence[UUID] = (),
    categories: Sequence[str] = (),
    campaigns: Sequence[str] = (),
    indicators: Sequence[str] = (),
    site_id: UUID | None = None,
    overdue: bool | None = None,
    text: str = "",
    cursor: str | None = None,
    page_size: int = 50,
    sort: str | None = None,
    now: datetime | None = None,
) -> Page:
    """One page of a list within the actor's reach (three queries); the filters are those of :class:`Filter`.

    ``sort`` is due_at, opened_at, or one of them with a leading '-'; by default the rectification list is by deadline, the
    others newest first. Raises InvalidInput for an unknown view, sort, state or cursor, and for a page over 200 rows.
    """
    wanted = Filter(view, states, units, categories, campaigns, indicators, site_id, overdue, text)
    moment = now or server_now()
    order = sort or ("due_at" if wanted.view == "rectification" else "-opened_at")
    _check(wanted, order, page_size)
    column, descending = SORTS[order.lstrip("-")], order.startswith("-")
    query = base_query(actor, wanted, moment)
    if cursor:
        value, last_id = _read_cursor(cursor, order)
        place = tuple_(column, Finding.id)
        query = query.where(place < (value, last_id) if descending else place > (value, last_id))
    by = (column.desc(), Finding.id.desc()) if descending else (column, Finding.id)
    found = session.execute(query.order_by(*by).limit(page_size + 1)).all()
    rows = rows_of(session, found[:page_size], moment)
    last = rows[-1] if len(found) > page_size else None
    return Page(rows, _write_cursor(order, getattr(last, order.lstrip("-")), last.id) if last else None)


def base_query(actor: Actor, wanted: Filter, now: datetime) -> Select[Finding, str, str]:
    """The rows of a list before order and page: finding, names of site and place."""
    place = aliased(Unit)
    query = (
        select(Finding, func.coalesce(Site.name, Finding.place), place.name)
        .outerjoin(Site, and_(Site.tenant_id == Finding.tenant_id, Site.id == Finding.site_id))
        .join(place, and_(place.tenant_id == Finding.tenant_id, place.id == Finding.unit_id))
    )
    return query.where(
        Finding.tenant_id == actor.tenant.id, sees_finding(actor, local_day(now)), *_wanted(actor, wanted, now)
    )


def rows_of(session: Session, found: Sequence[Any], now: datetime) -> list[FindingRow]:
    """List rows with their parts and campaigns (two queries for the whole page)."""
    ids = [finding.id for finding, _, _ in found]
    parts = parts_of(session, ids)
    campaigns: dict[UUID, list[str]] = {}
    if ids:
        for finding_id, key in session.execute(
            select(FindingCampaign.finding_id, FindingCampaign.campaign).where(FindingCampaign.finding_id.in_(ids))
        ):
            campaigns.setdefault(finding_id, []).append(key)
    return [
        _row(finding, site, unit, now, parts.get(finding.id, ()), tuple(sorted(campaigns.get(finding.id, ()))))
        for finding, site, unit in found
    ]


def parts_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[PartRow, ...]]:
    """The parts of some findings, the leading one first."""
    found: dict[UUID, tuple[PartRow, ...]] = {}
    if not ids:
        return found
    rows = session.execute(
        select(Part.finding_id, Part.kind, Part.unit_id, Unit.name, Part.leading, Part.state, Person.name)
        .join(Unit, and_(Unit.tenant_id == Part.tenant_id, Unit.id == Part.unit_id))
        .outerjoin(Person, and_(Person.tenant_id == Part.tenant_id, Person.id == Part.assignee_id))
        .where(Part.finding_id.in_(ids), Part.ended_at.is_(None))
        .order_by(Part.leading.desc(), Part.kind, Unit.pinyin)
    )
    for finding_id, kind, unit_id, name, leading, state, person in rows:
        found[finding_id] = (*found.get(finding_id, ()), PartRow(kind, unit_id, name, leading, state, person or ""))
    return found


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """Filter on Finding: the unit has not answered and the deadline has passed (逾期)."""
    return and_(Finding.state.in_(WITH_UNIT), Finding.due_at < now)


def _row(
    finding: Finding, site: str, unit: str, now: datetime, parts: tuple[PartRow, ...], campaigns: tuple[str, ...]
) -> FindingRow:
    same = {name: getattr(finding, name) for name in _SAME}
    overdue = finding.state in WITH_UNIT and finding.due_at < now
    return FindingRow(**same, site_name=site, unit_name=unit, overdue=overdue, parts=parts, campaigns=campaigns)


_SAME = tuple(n for n in FindingRow.__dataclass_fields__ if hasattr(Finding, n) and n not in ("parts", "campaigns"))


def _wanted(actor: Actor, wanted: Filter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions."""
    conditions = list(wanted.extra)
    if wanted.view == "rectification":
        conditions.append(Finding.state.in_(NOT_CLOSED))
    if wanted.states:
        conditions.append(Finding.state.in_(wanted.states))
    if wanted.categories:
        conditions.append(Finding.category.in_(wanted.categories))
    if wanted.site_id is not None:
        conditions.append(Finding.site_id == wanted.site_id)
    if wanted.overdue is not None:
        conditions.append(is_overdue(now) if wanted.overdue else ~is_overdue(now))
    if wanted.campaigns:
        conditions.append(_has(FindingCampaign, actor, FindingCampaign.campaign.in_(wanted.campaigns)))
    if wanted.indicators:
        conditions.append(_has(FindingLink, actor, FindingLink.indicator.in_(wanted.indicators)))
    if wanted.units:
        conditions.append(_of_units(actor, wanted, now))
    if wanted.text.strip():
        sought = f"%{_escaped(wanted.text.strip())}%"
        conditions.append(
            or_(
                *(
                    c.like(sought, escape="\\")
                    for c in (Finding.title, Finding.title_en, Finding.number, Finding.place, Site.name)
                )
            )
        )
    return conditions


def _has(
    table: type[FindingCampaign | FindingLink | Part], actor: Actor, condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    return (
        exists().where(table.tenant_id == actor.tenant.id, table.finding_id == Finding.id, condition).correlate(Finding)
    )


def _of_units(actor: Actor, wanted: Filter, now: datetime) -> ColumnElement[bool]:
    """Findings in which a unit of the subtrees has a part; but for the responsibility list also those at its places."""
    day = local_day(now)
    under = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.ancestor_id.in_(wanted.units),
        UnitPath.valid_from <= day,
        or_(UnitPath.valid_to.is_(None), UnitPath.valid_to > day),
    )
    part = _has(Part, actor, Part.unit_id.in_(under) & Part.ended_at.is_(None))
    return part if wanted.view == "responsibility" else or_(Finding.unit_id.in_(under), part)


def _escaped(text: str) -> str:
    """A text for LIKE with its own signs taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _check(wanted: Filter, order: str, page_size: int) -> None:
    faults: list[Fault] = []
    if wanted.view not in VIEWS:
        faults.append(_unknown("view", wanted.view, VIEWS))
    if order.lstrip("-") not in SORTS or order.startswith("--"):
        faults.append(_unknown("sort", order, [sign + name for name in SORTS for sign in ("", "-")]))
    faults += [_unknown("state", state, list(STATES)) for state in wanted.states if state not in STATES]
    if not 1 <= page_size <= LARGEST_PAGE:
        remedy = N_("请填 1 到 {most}")
        faults.append(
            Fault(N_("每页条数超出范围"), "page_size", None, str(page_size), "", remedy, {"most": LARGEST_PAGE})
        )
    read_text(wanted.text, "text", faults, longest=100)
    if faults:
        raise InvalidInput(faults=faults)


def _unknown(place: str, value: str, known: Sequence[str]) -> Fault:
    return Fault(N_("没有这个取值"), place, None, shown(value), "", N_("可填：{known}"), {"known": ", ".join(known)})


def _write_cursor(order: str, value: datetime, last_id: UUID) -> str:
    text = json.dumps([order, value.isoformat(), str(last_id)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, order: str) -> tuple[datetime, UUID]:
    try:
        said, value, last_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found: tuple[datetime, UUID] | None = datetime.fromisoformat(value), UUID(last_id)
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error):
        said, found = None, None
    if found is None or said != order or found[0].tzinfo is None:
        raise InvalidInput(
            faults=[Fault(N_("翻页位置无效"), "cursor", value=shown(cursor), remedy=N_("请从第一页重新开始"))]
        )
    return found
