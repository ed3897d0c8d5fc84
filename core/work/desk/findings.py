"""The lists of findings (问题清单、整改清单、责任清单): three views of one ledger, always within the reader's reach."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, and_, any_, bindparam, func, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.desk.finding_filters import (
    VIEWS,
    Filter,
    View,
    check_filter,
    conditions_of,
    is_overdue,
    refuse_bad,
    unknown,
)
from core.work.desk.finding_past import Then, replay_until
from core.work.desk.places_then import places_of
from core.work.loop.clocks import end_of
from core.work.loop.sight import sees_finding
from core.work.loop.states import WITH_UNIT
from core.work.tables import Finding, FindingCampaign, Part, Site
from core.work.wording import shown
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Person, Unit

SORTS: dict[str, InstrumentedAttribute[datetime]] = {"due_at": Finding.due_at, "opened_at": Finding.opened_at}
LARGEST_PAGE = 200
__all__ = ["LARGEST_PAGE", "SORTS", "VIEWS", "Filter", "FindingRow", "Page", "PartRow", "View", "is_overdue"]


@dataclass(frozen=True, slots=True)
class PartRow:
    """A unit's part in a finding (责任分工); ``requested``: the headquarters cannot order the unit, it is asked (商请)."""

    kind: str
    unit_id: UUID
    unit_name: str
    leading: bool
    state: str = "informed"
    assignee: str = ""
    asked: str = ""
    due_on: date | None = None
    requested: bool = False


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
    unit_id: UUID
    source: str
    severity: str
    restricted: bool
    priority: bool
    returns: int
    seen_again: int
    relapsed: int
    extended_days: int
    review_on: date | None
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    reopened: int
    site_name: str
    unit_name: str
    campaigns: tuple[str, ...]
    overdue: bool
    parts: tuple[PartRow, ...] = ()

    @property
    def lead(self) -> PartRow | None:
        """The unit that answers (牵头单位)."""
        return next((part for part in self.parts if part.leading), None)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list (分页); ``next_cursor`` is None on the last one."""

    rows: Sequence[FindingRow]
    next_cursor: str | None


def list_findings(
    session: Session,
    actor: Actor,
    wanted: Filter | None = None,
    *,
    cursor: str | None = None,
    page_size: int = 50,
    sort: str | None = None,
    now: datetime | None = None,
) -> Page:
    """One page of a list within the actor's reach (two queries; one more when it is asked as of a day).

    ``sort`` is due_at, opened_at, or one of them with a leading '-'; by default the rectification list is by deadline, the
    others newest first. Raises InvalidInput for an unknown view, sort, state or cursor, and for a page over 200 rows.
    """
    wanted, moment = wanted or Filter(), now or server_now()
    order = sort or ("due_at" if wanted.view == "rectification" else "-opened_at")
    refuse_bad([*check_filter(wanted), *_faults(order, page_size)])
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
    end = _write_cursor(order, getattr(last, order.lstrip("-")), last.id) if last else None
    return Page(as_they_were(session, rows, wanted.as_of) if wanted.as_of else rows, end)


def base_query(
    actor: Actor, wanted: Filter, now: datetime, *, sight: ColumnElement[bool] | None = None
) -> Select[*tuple[Any, ...]]:
    """The rows of a list before order and page, for :func:`rows_of`; what is added behind its columns is left alone there.

    ``sight`` stands for the reach of the actor's posts where he sees by another right, as a sponsor does.
    """
    past = wanted.columns(actor.tenant.id).past
    query = _lines() if past is None else _lines().outerjoin(past, true())
    return _narrowed(query, actor, wanted, now, sight)


@cache
def _lines() -> Select[*tuple[Any, ...]]:
    """What a line shows, in the order of FindingRow: the finding's own columns, then the names beside it (built once)."""
    place = aliased(Unit)
    return (
        select(*_OWN, func.coalesce(Site.name, Finding.place), place.name, _campaigns())
        .select_from(Finding)
        .outerjoin(Site, and_(Site.tenant_id == Finding.tenant_id, Site.id == Finding.site_id))
        .join(place, and_(place.tenant_id == Finding.tenant_id, place.id == Finding.unit_id))
    )


def _campaigns() -> ColumnElement[list[str]]:
    """The campaigns of a finding, sorted, as a column."""
    keys = select(FindingCampaign.campaign).where(
        FindingCampaign.tenant_id == Finding.tenant_id, FindingCampaign.finding_id == Finding.id
    )
    sorted_keys = keys.order_by(FindingCampaign.campaign).correlate(Finding).scalar_subquery()
    return func.array(sorted_keys, type_=ARRAY(Text))


def counting_query(
    actor: Actor, wanted: Filter, now: datetime, *columns: ColumnElement[Any]
) -> Select[*tuple[Any, ...]]:
    """The same rows for counting, without the names."""
    query = select(*columns).select_from(Finding)
    past = wanted.columns(actor.tenant.id).past
    return _narrowed(query if past is None else query.outerjoin(past, true()), actor, wanted, now)


def _narrowed(
    query: Select[*tuple[Any, ...]],
    actor: Actor,
    wanted: Filter,
    now: datetime,
    sight: ColumnElement[bool] | None = None,
) -> Select[*tuple[Any, ...]]:
    own = Finding.tenant_id == actor.tenant.id
    seen = sees_finding(actor, local_day(now)) if sight is None else sight
    return query.where(own, seen, *conditions_of(actor, wanted, now))


def as_they_were(session: Session, rows: Sequence[FindingRow], day: date) -> list[FindingRow]:
    """The rows as their histories tell of the end of a day; only who led then is named."""
    past, until = replay_until(session, [row.id for row in rows], day), end_of(day)
    leads = {one.told.lead for one in past.values() if one.told.lead}
    names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(leads))).all())
    places = places_of(session, {key: one.values for key, one in past.items()})
    found = [_as_it_was(row, past[row.id], names, until) for row in rows if row.id in past]
    return [replace(row, **places[row.id]) if row.id in places else row for row in found]


def _as_it_was(row: FindingRow, past: Then, names: Mapping[UUID, str], until: datetime) -> FindingRow:
    then = past.told
    due_at = then.due_at or row.due_at
    lead = PartRow("line", then.lead, names.get(then.lead, ""), True, assignee=past.person) if then.lead else None
    corrected = {name: value for name, value in past.values.items() if name in _CORRECTED}
    return replace(
        row,
        **corrected,  # type: ignore[arg-type]  # the texts that a correction may change
        state=then.state,
        version=then.version,
        due_at=due_at,
        returns=then.returns,
        seen_again=then.seen_again,
        reopened=then.reopened,
        relapsed=then.relapsed,
        outcome=then.outcome,
        answered_at=row.answered_at if row.answered_at and row.answered_at < until else None,
        closed_at=row.closed_at if row.closed_at and row.closed_at < until else None,
        overdue=then.state in WITH_UNIT and due_at < until,
        parts=(lead,) if lead else (),
    )


_CORRECTED = ("category", "severity", "title")


def rows_of(session: Session, found: Sequence[Any], now: datetime) -> list[FindingRow]:
    """List rows with their parts (one query for the whole page)."""
    parts = parts_of(session, [line[0] for line in found])
    rows = []
    for line in found:
        overdue = line[_STATE] in WITH_UNIT and line[_DUE] < now
        said = (*line[:_WIDTH], tuple(line[_WIDTH]), overdue, parts.get(line[0], ()))
        rows.append(FindingRow(*said))
    return rows


def parts_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[PartRow, ...]]:
    """The parts of some findings, the leading one first."""
    found: dict[UUID, list[PartRow]] = {}
    if not ids:
        return {}
    rows = session.execute(_parts(), {"ids": list(ids)})
    for finding_id, kind, unit_id, name, leading, state, person, asked, due_on, commanded in rows:
        part = PartRow(kind, unit_id, name, leading, state, person or "", asked, due_on, not commanded)
        found.setdefault(finding_id, []).append(part)
    return {finding_id: tuple(parts) for finding_id, parts in found.items()}


@cache
def _parts() -> Select[*tuple[Any, ...]]:
    """The statement, built once for all lists."""
    return (
        select(Part.finding_id, Part.kind, Part.unit_id, Unit.name, Part.leading, Part.state, Person.name, Part.asked)
        .add_columns(Part.due_on, Unit.commanded)
        .join(Unit, and_(Unit.tenant_id == Part.tenant_id, Unit.id == Part.unit_id))
        .outerjoin(Person, and_(Person.tenant_id == Part.tenant_id, Person.id == Part.assignee_id))
        .where(Part.finding_id == any_(bindparam("ids", type_=ARRAY(Uuid))), Part.ended_at.is_(None))
        .order_by(Part.leading.desc(), Part.kind, Unit.pinyin)
    )


_FIELDS = tuple(FindingRow.__dataclass_fields__)
_OWN = tuple(getattr(Finding, name) for name in _FIELDS[: _FIELDS.index("site_name")])
_WIDTH = _FIELDS.index("campaigns")
_STATE, _DUE = _FIELDS.index("state"), _FIELDS.index("due_at")


def _faults(order: str, page_size: int) -> list[Fault]:
    faults: list[Fault] = []
    if order.lstrip("-") not in SORTS or order.startswith("--"):
        faults.append(unknown("sort", order, [sign + name for name in SORTS for sign in ("", "-")]))
    if not 1 <= page_size <= LARGEST_PAGE:
        remedy = N_("请填 1 到 {most}")
        params = {"most": LARGEST_PAGE}
        faults.append(Fault(N_("每页条数超出范围"), "page_size", None, str(page_size), "", remedy, params))
    return faults


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
