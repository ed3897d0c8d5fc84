"""The rows of a reported finding (上报入库): the finding, its parts, campaigns, links, photos and first line of history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.campaigns.registry import installed
from core.work.bulk import insert_rows
from core.work.calendar import WorkCalendar, local_day
from core.work.counting.marking import mark_findings
from core.work.dispatch.routing import Route
from core.work.enabling import campaign_as_run
from core.work.intake.report_input import CheckedReport
from core.work.loop import clocks
from core.work.loop.states import CLOSED, DISPATCHED, ON_SPOT
from core.work.loop.transitions import OPEN
from core.work.serials import take_serials
from core.work.tables import Attachment, File, Finding, FindingCampaign, FindingEvent, FindingLink, Part
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import EnabledCampaign, Unit

HOUR = timedelta(hours=1)  # the shortest time limit of a deadline said by hand (ours)
PROPOSAL = 2 * clocks.DAY  # the desk accepts within a day: half of this (ours, as in core.work.loop.clocks)


@dataclass(frozen=True, slots=True)
class Entry:
    """A report that is to be written (待入库的上报)."""

    id: UUID
    digest: str
    checked: CheckedReport
    route: Route
    state: str
    basis: str
    patrol_id: UUID | None
    target: Finding | None


def claim(session: Session, actor: Actor, entry: Entry, calendar: WorkCalendar, now: datetime) -> Finding | None:
    """Enter the finding under the id that the device gave it; None when somebody was faster (after waiting for him).

    Its number is taken after that, so that a lost race costs none. Restricted ones are counted apart: a gap is a count.
    """
    row = {"tenant_id": actor.tenant.id, "id": entry.id} | _columns(entry, calendar, now)
    finding = session.scalars(insert(Finding).values(row).on_conflict_do_nothing().returning(Finding)).first()
    if finding is not None:
        year, apart = local_day(now).year, entry.checked.restricted
        (number,) = take_serials(session, actor, f"conduct-{year}" if apart else f"finding-{year}")
        finding.number = f"{year}-J{number:05d}" if apart else f"{year}-{number:05d}"
        session.flush()
    return finding


def write_rows(session: Session, actor: Actor, entry: Entry, finding: Finding, now: datetime) -> None:
    """Write what belongs to a finding that is ours now."""
    key = {"finding_id": finding.id, "hidden": finding.hidden}
    lead_state = {CLOSED: "done", DISPATCHED: "open"}.get(entry.state, "informed")
    parts = [part | ({"state": lead_state} if part["leading"] else {}) for part in entry.route.parts()]
    insert_rows(session, actor, Part, [key | part for part in parts])
    insert_rows(session, actor, FindingCampaign, [key | {"campaign": one} for one in entry.checked.campaigns])
    insert_rows(session, actor, FindingLink, [key | link for link in _links(session, entry)])
    insert_rows(session, actor, Attachment, _photos(entry, key, now))
    insert_rows(session, actor, FindingEvent, [key | _opening(session, actor, entry, finding, now)])
    mark_findings(session, actor.tenant.id, [finding])


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
            "hidden": False,
        }
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


def _opening(session: Session, actor: Actor, entry: Entry, finding: Finding, now: datetime) -> dict[str, Any]:
    """The first line of history; it says all that a replay and a repetition need."""
    checked = entry.checked
    verb = next((verb for verb in sorted(checked.source.verbs) if actor.has(verb)), "")
    unit_id = min(actor.roots(verb), default=None)
    detail: dict[str, Any] = {"due_at": finding.due_at.isoformat(), "lead": str(entry.route.line)}
    detail |= {"body": entry.digest, "source": checked.source.code} | entry.route.facts
    if checked.before:
        detail["photos"] = [str(file.id) for file in checked.before]
    if entry.state == CLOSED:
        detail |= {"outcome": ON_SPOT, "fixed": [str(file.id) for file in checked.after]}
    if entry.target is not None:
        detail["duplicate_of"] = str(entry.target.id)
    return {
        "version": 1,
        "id": new_id(),
        "at": now,
        "verb": OPEN,
        "from_state": None,
        "to_state": entry.state,
        "person_id": actor.person_id,
        "person_name": actor.name,
        "unit_id": unit_id,
        "unit_name": (session.scalar(select(Unit.name).where(Unit.id == unit_id)) or "") if unit_id else "",
        "note": "",
        "detail": detail,
    }


def _photos(entry: Entry, key: dict[str, Any], now: datetime) -> list[dict[str, Any]]:
    files: tuple[File, ...] = (*entry.checked.before, *entry.checked.after)
    row = key | {"version": 1, "visit_id": None, "question": "", "created_at": now}
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
