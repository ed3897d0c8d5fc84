"""Who had a part in a finding on a day that is past (往日责任分工), and what it was called then, read off the history.

Rows of parts are never deleted, but say only what is now. They tell in which findings a unit ever took part; the history
says whether it did on the day. Only findings in which something changed since are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Uuid, and_, case, cast, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from core.work.tables import Finding, FindingEvent, Part

HELP, ENDS = "assist", ("drop_part", "decline_part")


def part_then(tenant: int, until: datetime, units: Select[UUID]) -> ColumnElement[bool]:
    """Condition on Finding: one of the units led it, helped with it or was its place just before a moment."""
    ever = select(Part.finding_id).where(Part.tenant_id == tenant, Part.unit_id.in_(units))
    lead = _lead_then(tenant, until)
    stood = or_(Part.ended_at.is_(None), Part.ended_at >= until)
    held = case(
        (lead == cast(Part.unit_id, String), True),
        (Part.kind == "assist", and_(stood, _helped(tenant, until))),
        (Part.kind == "place", and_(stood, lead.is_not(None), ~_came_later(tenant, until))),
        else_=False,
    )
    row = exists().where(Part.tenant_id == tenant, Part.finding_id == Finding.id, Part.unit_id.in_(units), held)
    return and_(Finding.id.in_(ever).is_(True), row.correlate(Finding))


def leading_unit(tenant: int, until: datetime) -> ColumnElement[UUID]:
    """The unit that led a finding just before a moment: its part, where nothing has changed since, else what the history says."""
    now = select(Part.unit_id).where(Part.tenant_id == tenant, Part.finding_id == Finding.id, Part.leading)
    then = cast(_lead_then(tenant, until), Uuid)
    return case((Finding.changed_at < until, now.limit(1).correlate(Finding).scalar_subquery()), else_=then)


def _lead_then(tenant: int, until: datetime) -> ColumnElement[Any]:
    """The unit that led, as the last line says that names one."""
    lead = FindingEvent.detail["lead"].astext
    chosen = select(lead).where(*_before(tenant, until), FindingEvent.detail.has_key("lead"))
    return chosen.order_by(FindingEvent.version.desc()).limit(1).correlate(Finding).scalar_subquery()


def _helped(tenant: int, until: datetime) -> ColumnElement[Any]:
    """Whether the last line about a helping unit lets it help: it was asked, or took over another's part."""
    unit = cast(Part.unit_id, String)
    came = FindingEvent.detail.contains(_moved("to", unit, Part.kind))
    about = or_(
        and_(FindingEvent.verb.in_((HELP, *ENDS)), FindingEvent.detail["unit"]["id"].astext == unit),
        FindingEvent.detail["lead"].astext == unit,
        FindingEvent.detail.contains(_moved("from", unit, Part.kind)),
        came,
    )
    last = select(or_(FindingEvent.verb == HELP, came)).where(*_before(tenant, until), about)
    found = last.order_by(FindingEvent.version.desc()).limit(1).correlate(Finding, Part).scalar_subquery()
    return func.coalesce(found, False)


def _came_later(tenant: int, until: datetime) -> ColumnElement[bool]:
    """Whether the place's part came to the unit by a reorganisation after the moment."""
    moved = FindingEvent.detail.contains(_moved("to", cast(Part.unit_id, String), Part.kind))
    later = (*_of(tenant), FindingEvent.at >= until)
    return exists().where(*later, moved).correlate(Finding, Part)


def _moved(key: str, unit: ColumnElement[str], kind: Any) -> ColumnElement[Any]:
    one = func.jsonb_build_object("kind", kind, literal(key), unit)
    return func.jsonb_build_object("moved", func.jsonb_build_array(one))


def person_then(tenant: int, until: datetime, people: Sequence[UUID]) -> ColumnElement[bool]:
    """Condition on Finding: one of the persons was in charge of the lead, or of a helping unit's part, before a moment."""
    said = [str(one) for one in people]
    named, handed = FindingEvent.detail["person"]["id"].astext, FindingEvent.detail["handed"]
    about = or_(
        FindingEvent.detail.has_key("person"),
        FindingEvent.detail.has_key("lead_before"),
        handed["from"].astext.in_(said),
        handed["to"].astext.in_(said),
    )
    chosen = select(func.coalesce(named, handed["to"].astext))
    last = chosen.where(*_before(tenant, until), FindingEvent.verb != HELP, about).order_by(FindingEvent.version.desc())
    return or_(last.limit(1).correlate(Finding).scalar_subquery().in_(said), _helper_then(tenant, until, said))


def _helper_then(tenant: int, until: datetime, said: Sequence[str]) -> ColumnElement[bool]:
    """Whether a helping unit was asked with the person in charge, and nothing ended that before the moment."""
    later = aliased(FindingEvent)
    unit = FindingEvent.detail["unit"]["id"].astext
    ended = exists().where(
        later.tenant_id == tenant,
        later.finding_id == FindingEvent.finding_id,
        later.version > FindingEvent.version,
        later.at < until,
        or_(
            and_(later.verb.in_((HELP, *ENDS)), later.detail["unit"]["id"].astext == unit),
            later.detail["lead"].astext == unit,
            later.detail["handed"]["from"].astext.in_(said),
        ),
    )
    person = FindingEvent.detail["person"]["id"].astext.in_(said)
    found = exists().where(*_before(tenant, until), FindingEvent.verb == HELP, person, ~ended.correlate(FindingEvent))
    return found.correlate(Finding)


def value_then(tenant: int, until: datetime, name: str) -> ColumnElement[Any]:
    """A column of Finding as it was before a moment: what the first correction since says stood before it."""
    before = FindingEvent.detail["before"]
    chosen = select(before[name].astext).where(*_of(tenant), FindingEvent.at >= until, before.has_key(name))
    first = chosen.order_by(FindingEvent.version).limit(1).correlate(Finding).scalar_subquery()
    return func.coalesce(first, getattr(Finding, name))


def _before(tenant: int, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (*_of(tenant), FindingEvent.at < until)


def _of(tenant: int) -> tuple[ColumnElement[bool], ...]:
    return FindingEvent.tenant_id == tenant, FindingEvent.finding_id == Finding.id
