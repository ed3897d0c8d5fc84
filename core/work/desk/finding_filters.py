"""What a list of findings is narrowed to (问题筛选): the same conditions for pages, files, counts, bulk steps and the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.desk.finding_past import NOW, Columns, columns_of
from core.work.desk.parts_then import part_then, person_then, value_then
from core.work.desk.places_then import placed_then
from core.work.intake.sources import NAMED, SOURCES
from core.work.loop.clocks import end_of
from core.work.loop.orders import is_mine
from core.work.loop.states import (
    ACCEPTED,
    ALL_OUTCOMES,
    ANSWERED,
    CLOSED_STATES,
    DISMISSED,
    HELD,
    NOT_CLOSED,
    ON_SPOT,
    PARKED,
    REPORTED,
    RETURNED,
    STATES,
    WITH_UNIT,
)
from core.work.loop.step_input import SEVERITIES
from core.work.organisation.areas import findings_in_area
from core.work.organisation.grids import findings_in_grid
from core.work.tables import Finding, FindingCampaign, FindingLink, Part, Site
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.models import UnitPath

View = Literal["problem", "rectification", "responsibility"]
VIEWS: tuple[View, ...] = ("problem", "rectification", "responsibility")
_NUMBER = re.compile(r"\d{4}-\d{5,}")
OVERDUE, RECURRING = "overdue", "recurring"
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "new": (N_("待受理"), (REPORTED, ACCEPTED)),
    "working": (N_("办理中"), (*WITH_UNIT, RETURNED, PARKED, HELD)),
    "to_check": (N_("待核查"), (ANSWERED,)),
    OVERDUE: (N_("超期"), WITH_UNIT),
    "closed": (N_("已销号"), CLOSED_STATES),
    RECURRING: (N_("反复"), tuple(STATES)),
    "dismissed": (N_("未办理结束"), DISMISSED),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show (筛选). Empty means everything; several values of one kind mean any of them.

    ``units`` stand for their subtrees, ``areas`` for their members and ``grids`` for the sites that lie in them, all as on the day ``as_of`` or today. ``groups``
    are the keys of GROUPS. ``people`` are persons in charge. ``opened_from`` and ``opened_to`` are days, both included.
    ``mine``: what the reader himself opened, or ordered as a leader. ``on_spot``: put right at once, or (False) handed on; neither has what was dismissed.
    With ``as_of`` the list is as it was at the end of that day: states, parts, persons, categories, severities. ``text`` is part of a title, number, place, site's name or of who asked for it.
    """

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
    groups: Sequence[str] = ()
    people: Sequence[UUID] = ()
    areas: Sequence[UUID] = ()
    grids: Sequence[UUID] = ()
    sources: Sequence[str] = ()
    severities: Sequence[str] = ()
    returned: bool | None = None
    relapsed: bool | None = None
    opened_from: date | None = None
    opened_to: date | None = None
    as_of: date | None = None
    outcomes: Sequence[str] = ()
    mine: bool | None = None
    patrol_id: UUID | None = None
    on_spot: bool | None = None

    def columns(self, tenant_id: int) -> Columns:
        """The columns that the conditions are about: the findings as they are, or as they were."""
        return columns_of(tenant_id, self.as_of)


def conditions_of(actor: Actor, wanted: Filter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions on Finding; a day that is past needs its ``columns`` joined."""
    tenant, of = actor.tenant.id, wanted.columns(actor.tenant.id)
    day = wanted.as_of or local_day(now)
    found = [*wanted.extra, *_plain(tenant, wanted), *_dated(wanted, of, now)]
    if wanted.mine is not None:
        found.append(is_mine(actor) if wanted.mine else ~is_mine(actor))
    if wanted.campaigns:
        found.append(_has(FindingCampaign, tenant, FindingCampaign.campaign.in_(wanted.campaigns)))
    if wanted.indicators:
        found.append(_has(FindingLink, tenant, FindingLink.indicator.in_(wanted.indicators)))
    if wanted.people:
        found.append(_of_people(tenant, wanted))
    if wanted.units:
        found.append(_of_units(tenant, wanted, day))
    if wanted.areas:
        found.append(or_(*(findings_in_area(tenant, area, day) for area in wanted.areas)))
    if wanted.grids:
        found.append(or_(*(findings_in_grid(tenant, grid, day) for grid in wanted.grids)))
    if wanted.text.strip():
        found.append(_of_text(tenant, wanted.text.strip()))
    return found


def _plain(tenant: int, wanted: Filter) -> list[ColumnElement[bool]]:
    """Conditions that do not change with time, and those that a correction alone changes."""
    found: list[ColumnElement[bool]] = []
    for column, values in (
        (Finding.category, wanted.categories),
        (Finding.severity, wanted.severities),
    ):
        if values:
            found.append(_valued(tenant, wanted.as_of, column, values))
    if wanted.sources:
        found.append(Finding.source.in_(wanted.sources))
    if wanted.site_id is not None:
        found.append(_placed(tenant, wanted.as_of, Finding.site_id, [wanted.site_id]))
    if wanted.patrol_id is not None:
        found.append(Finding.patrol_id == wanted.patrol_id)
    if wanted.opened_from is not None:
        found.append(Finding.opened_at >= end_of(wanted.opened_from - timedelta(days=1)))
    if wanted.opened_to is not None:
        found.append(Finding.opened_at < end_of(wanted.opened_to))
    return found


def _dated(wanted: Filter, of: Columns, now: datetime) -> list[ColumnElement[bool]]:
    """Conditions on what a step changes."""
    moment = end_of(wanted.as_of) if wanted.as_of else now
    found = list(of.existed)
    if wanted.view == "rectification":
        found.append(of.stood_in(NOT_CLOSED))
    if wanted.states:
        found.append(of.stood_in(wanted.states))
    if wanted.groups:
        found.append(or_(*(_of_group(group, of, moment) for group in wanted.groups)))
    if wanted.outcomes:
        found.append(and_(of.stood_in(CLOSED_STATES), Finding.outcome.in_(wanted.outcomes)))
    if wanted.on_spot is not None:
        spot = Finding.outcome == ON_SPOT if wanted.on_spot else Finding.outcome.is_distinct_from(ON_SPOT)
        found += [of.state.not_in(DISMISSED), spot]
    if wanted.overdue is not None:
        late = is_overdue(moment, of)
        found.append(late if wanted.overdue else ~late)
    if wanted.returned is not None:
        found.append(of.returned if wanted.returned else ~of.returned)
    if wanted.relapsed is not None:
        found.append(of.relapsed if wanted.relapsed else ~of.relapsed)
    return found


def is_overdue(now: datetime, of: Columns = NOW) -> ColumnElement[bool]:
    """Filter on Finding: the unit has not answered and the deadline has passed (逾期)."""
    return and_(of.stood_in(WITH_UNIT), of.due_at < now)


def _of_group(group: str, of: Columns, now: datetime) -> ColumnElement[bool]:
    if group == OVERDUE:
        return is_overdue(now, of)
    return of.reopened if group == RECURRING else of.stood_in(GROUPS[group][1])


def _has(
    table: type[FindingCampaign | FindingLink], tenant: int, condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Condition on Finding: it has such a row beside it. The planner may look row by row for a page, or join for a count."""
    return exists().where(table.tenant_id == tenant, table.finding_id == Finding.id, condition).correlate(Finding)


def _takes_part(tenant: int, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Condition on Finding: it has such a part that has not ended.

    "IS TRUE" makes it a look into a hash, never a join: the planner expects few parts of a unit, where a department has
    a third of the ledger, and a join then takes a second, the hash some hundredths.
    """
    parts = select(Part.finding_id).where(Part.tenant_id == tenant, condition, Part.ended_at.is_(None))
    return Finding.id.in_(parts).is_(True)


def _as_it_stood(
    as_of: date | None, now: ColumnElement[bool], then: Callable[[datetime], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """A condition as of a day: ``now`` for what has not changed since, what the history says of the others."""
    if as_of is None:
        return now
    until = end_of(as_of)
    return or_(and_(Finding.changed_at < until, now), and_(Finding.changed_at >= until, then(until)))


def _valued(
    tenant: int, as_of: date | None, column: InstrumentedAttribute[str], values: Sequence[str]
) -> ColumnElement[bool]:
    def then(until: datetime) -> ColumnElement[bool]:
        return value_then(tenant, until, column.key).in_(values)

    return _as_it_stood(as_of, column.in_(values), then)


def _of_people(tenant: int, wanted: Filter) -> ColumnElement[bool]:
    def then(until: datetime) -> ColumnElement[bool]:
        return person_then(tenant, until, wanted.people)

    return _as_it_stood(wanted.as_of, _takes_part(tenant, Part.assignee_id.in_(wanted.people)), then)


def _of_units(tenant: int, wanted: Filter, day: date) -> ColumnElement[bool]:
    """Findings in which a unit of the subtrees has a part; but for the responsibility list also those at its places."""
    under = select(UnitPath.unit_id).where(
        UnitPath.tenant_id == tenant, UnitPath.ancestor_id.in_(wanted.units), valid_on(UnitPath, day)
    )

    def then(until: datetime) -> ColumnElement[bool]:
        return part_then(tenant, until, under)

    part = _as_it_stood(wanted.as_of, _takes_part(tenant, Part.unit_id.in_(under)), then)
    return part if wanted.view == "responsibility" else or_(_placed(tenant, wanted.as_of, Finding.unit_id, under), part)


def _placed(
    tenant: int, as_of: date | None, column: InstrumentedAttribute[Any], wanted: Select[UUID] | Sequence[UUID]
) -> ColumnElement[bool]:
    """Findings at one of some places, as of a day by where they were said to be then."""
    return _as_it_stood(as_of, column.in_(wanted), lambda until: placed_then(tenant, until, column, wanted))


def _of_text(tenant: int, text: str) -> ColumnElement[bool]:
    """Part of a title, number or place, of who asked for it, or of a site's name: the few sites are sought first, never joined to the ledger."""
    if _NUMBER.fullmatch(text):
        return Finding.number == text  # a whole number has an index
    sought = f"%{_escaped(text)}%"
    columns: list[InstrumentedAttribute[Any]] = [Finding.title, Finding.place]
    columns += [Finding.title_en] if text.isascii() else []
    columns += [Finding.number] if set(text) <= set("0123456789-") else []
    sites = select(Site.id).where(Site.tenant_id == tenant, Site.name.like(sought, escape="\\"))
    told = and_(Finding.source.in_(NAMED), Finding.asked_by.like(sought, escape="\\"))
    found = (column.like(sought, escape="\\") for column in columns)
    return or_(*found, told, Finding.site_id.in_(sites).is_(True))


def _escaped(text: str) -> str:
    """A text for LIKE with its own signs taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def check_filter(wanted: Filter) -> list[Fault]:
    """What the filter says that cannot be: unknown words, a period that ends before it begins, an unreadable text."""
    faults: list[Fault] = []
    if wanted.view not in VIEWS:
        faults.append(unknown("view", wanted.view, VIEWS))
    known: tuple[tuple[str, Sequence[str], Sequence[str]], ...] = (
        ("state", wanted.states, list(STATES)),
        ("group", wanted.groups, list(GROUPS)),
        ("source", wanted.sources, list(SOURCES)),
        ("severity", wanted.severities, list(SEVERITIES)),
        ("outcome", wanted.outcomes, list(ALL_OUTCOMES)),
    )
    faults += [unknown(name, v, choices) for name, values, choices in known for v in values if v not in choices]
    if wanted.opened_from and wanted.opened_to and wanted.opened_from > wanted.opened_to:
        remedy = N_("请让起始日期不晚于截止日期")
        faults.append(Fault(N_("期间的起止颠倒"), "to", value=wanted.opened_to.isoformat(), remedy=remedy))
    read_text(wanted.text, "text", faults, longest=100)
    return faults


def refuse_bad(faults: Sequence[Fault]) -> None:
    """Raise InvalidInput when there is any fault."""
    if faults:
        raise InvalidInput(faults=faults)


def unknown(place: str, value: str, known: Sequence[str]) -> Fault:
    """The fault of a word that is none of those known."""
    return Fault(N_("没有这个取值"), place, None, shown(value), "", N_("可填：{known}"), {"known": ", ".join(known)})
