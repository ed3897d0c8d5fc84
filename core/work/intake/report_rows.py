"""The rows of a reported finding (上报入库): the finding, its parts, campaigns, links, photos and first line of history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns.registry import installed
from core.work.bulk import Lot, insert_together, made_of, stand, whole_row
from core.work.calendar import WorkCalendar, local_day
from core.work.counting.marking import days_of, marks_of
from core.work.dispatch.routing import Route
from core.work.enabling import campaign_as_run
from core.work.intake.report_input import CheckedReport
from core.work.intake.report_standing import ReportStanding
from core.work.intake.sources import Source
from core.work.loop import clocks
from core.work.loop.states import CLOSED, DISPATCHED, ON_SPOT
from core.work.loop.transitions import OPEN
from core.work.organisation.owners import UnitFacts
from core.work.serials import give_back, take_serials
from core.work.tables import Attachment, File, Finding, FindingCampaign, FindingEvent, FindingLink, Part
from core.work.tables.tally import DayMark
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import EnabledCampaign

_COLUMNS = [column.name for column in Finding.__table__.columns]
HOUR = timedelta(hours=1)  # the shortest time limit of a deadline said by hand (ours)
PROPOSAL = 2 * clocks.DAY  # the desk accepts within a day: half of this (ours, as in core.work.loop.clocks)


@dataclass(frozen=True, slots=True)
class Entry:
    """A report that is to be written (待入库的上报); ``units`` are those that it speaks of."""

    id: UUID
    digest: str
    checked: CheckedReport
    route: Route
    state: str
    basis: str
    patrol_id: UUID | None
    target: Finding | None
    units: Mapping[UUID, UnitFacts]
    standing: ReportStanding

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The parts of the route; the lead of what is not dispatched yet is only proposed."""
        lead_state = {CLOSED: "done", DISPATCHED: "open"}.get(self.state, "informed")
        return [part | ({"state": lead_state} if part["leading"] else {}) for part in self.route.parts()]


def new_finding(session: Session, actor: Actor, entry: Entry, calendar: WorkCalendar, now: datetime) -> Finding:
    """The finding as it will stand, whole. Its number is taken now, for the trail and the notes say it, too.

    Restricted ones are counted apart: a gap is a count. Those of a secret round get theirs at its release.
    """
    number = None if entry.standing.is_secret else _number(session, actor, entry, now)
    row = {"tenant_id": actor.tenant.id, "id": entry.id, "number": number} | _columns(entry, calendar, now)
    return made_of(Finding, whole_row(Finding, row))


def _number(session: Session, actor: Actor, entry: Entry, now: datetime) -> str:
    year, apart = local_day(now).year, entry.checked.restricted
    (number,) = take_serials(session, actor, _series(entry, now))
    return f"{year}-J{number:05d}" if apart else f"{year}-{number:05d}"


def enter_rows(
    session: Session, actor: Actor, entry: Entry, finding: Finding, opening: Mapping[str, Any], beside: Iterable[Lot]
) -> bool:
    """Enter the finding under the id that the device gave it, and all that belongs to it, in one statement.

    False when somebody was faster (after waiting for him); the number is given back then: its series is still ours alone.
    """
    key = {"finding_id": finding.id, "hidden": finding.hidden}
    lots = [
        Lot(Part, entry.parts, key),
        Lot(FindingCampaign, [{"campaign": one} for one in entry.checked.campaigns], key),
        Lot(FindingLink, _links(session, entry), key),
        Lot(Attachment, _photos(entry, finding.opened_at), key),
        Lot(FindingEvent, [opening], key),
        Lot(DayMark, marks_of(days_of(finding))),
    ]
    row = {name: getattr(finding, name) for name in _COLUMNS}
    is_ours = insert_together(session, actor, Lot(Finding, [row]), [*lots, *beside])
    if is_ours:
        stand(session, finding)
    elif finding.number is not None:
        give_back(session, actor, _series(entry, finding.opened_at))
    return is_ours


def _series(entry: Entry, now: datetime) -> str:
    return f"{'conduct' if entry.checked.restricted else 'finding'}-{local_day(now).year}"


def _columns(entry: Entry, calendar: WorkCalendar, now: datetime) -> dict[str, Any]:
    checked, where = entry.checked, entry.checked.where
    same = ("title", "title_en", "detail", "severity", "restricted", "priority", "asked_by")
    return (
        {name: getattr(checked, name) for name in same}
        | {
            "site_id": where.site_id,
            "unit_id": where.unit_id,
            "place": where.text,
            "longitude": where.longitude,
            "latitude": where.latitude,
            "source": checked.source.code,
            "basis": entry.basis,
            "patrol_id": entry.patrol_id,
            "category": checked.category.code,
            "state": entry.state,
            "version": 1,
            "opened_at": now,
            "changed_at": now,
        }
        | entry.standing.stamp()
        | _clock(entry, calendar, now)
    )


def _clock(entry: Entry, calendar: WorkCalendar, now: datetime) -> dict[str, Any]:
    """The clocks: the unit's own, or the desk's for taking it in; a deadline said by hand stays as it is."""
    limit, due = entry.route.limit, entry.checked.due_at
    if due is not None:
        limit = max(calendar.working_time_left(now, due), HOUR)
    columns = clocks.start(calendar, now, limit) | {"working_days": -(-limit // clocks.DAY)}
    if due is not None:
        columns |= {"due_at": due, "due_fixed": True}
    if entry.state == CLOSED:
        return columns | {"accept_by": None, "answered_at": now, "closed_at": now, "outcome": ON_SPOT}
    if entry.state != DISPATCHED:
        columns["accept_by"] = clocks.accept_by(calendar, now, PROPOSAL)
    return columns


def opening_of(actor: Actor, entry: Entry, finding: Finding) -> dict[str, Any]:
    """The first line of history; it says all that a replay and a repetition need."""
    checked = entry.checked
    unit_id = own_unit(actor, checked.source)
    detail: dict[str, Any] = {"due_at": finding.due_at.isoformat(), "lead": str(entry.route.line)}
    detail |= {"body": entry.digest, "source": checked.source.code} | entry.route.facts | entry.standing.facts()
    if checked.before:
        detail["photos"] = [str(file.id) for file in checked.before]
    if entry.state == CLOSED:
        detail |= {"outcome": ON_SPOT, "fixed": [str(file.id) for file in checked.after]}
    if entry.target is not None:
        detail["duplicate_of"] = str(entry.target.id)
    return {
        "version": 1,
        "id": new_id(),
        "at": finding.opened_at,
        "verb": OPEN,
        "from_state": None,
        "to_state": entry.state,
        "person_id": actor.person_id,
        "person_name": actor.name,
        "unit_id": unit_id,
        "unit_name": entry.units[unit_id].name if unit_id and unit_id in entry.units else "",
        "note": "",
        "detail": detail,
    }


def own_unit(actor: Actor, source: Source) -> UUID | None:
    """The unit as whose person the actor reports."""
    verb = next((verb for verb in sorted(source.verbs) if actor.has(verb)), "")
    return min(actor.roots(verb), default=None)


def _photos(entry: Entry, now: datetime) -> list[dict[str, Any]]:
    files: tuple[File, ...] = (*entry.checked.before, *entry.checked.after)
    row = {"version": 1, "visit_id": None, "question": "", "created_at": now}
    ids = sorted(new_id() for _ in files)  # made within a millisecond they are in no order by themselves
    return [row | {"id": key_id, "file_id": file.id} for key_id, file in zip(ids, files, strict=True)]


def _links(session: Session, entry: Entry) -> list[dict[str, Any]]:
    """The indicators of the named campaigns that the category touches; worth a look, never for points."""
    if not entry.checked.campaigns:
        return []
    rows = session.scalars(select(EnabledCampaign).where(EnabledCampaign.campaign.in_(entry.checked.campaigns)))
    code = entry.checked.category.code
    found = []
    for row in rows:
        edition = campaign_as_run(session, installed(), row).edition  # type: ignore[arg-type]  # a scope's session
        own = {indicator.code for indicator in edition.indicators}
        linked = sorted({link.indicator for link in edition.links if link.category == code} & own)
        found += [{"campaign": row.campaign, "indicator": one, "direct": False} for one in linked]
    return found
