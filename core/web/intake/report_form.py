"""Reads the form of a report (上报表单): what was typed becomes a body for the ledger, with every fault beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from flask import request
from werkzeug.datastructures import MultiDict

from core.errors import N_, Fault, SanchengError
from core.request import actor, db, now
from core.web import photos
from core.web.errors import say_fault
from core.web.paging import bad_argument
from core.work.intake.duplicates import Candidate, candidates
from core.work.intake.report_input import ReportBody
from core.work.intake.reporting import own_campaigns
from core.work.intake.sources import PATROL, SNAPSHOT, SOURCES
from core.work.loop import clocks
from core.work.places.nearby import Point

FREE = "free"  # the choice of a place that is no site
NEW = "new"  # the choice of one that repeats nothing
Said = MultiDict[str, str]

# What the ledger calls a field, and the field of the page that holds it.
FIELDS: Mapping[str, str] = {
    "site_id": "site",
    "unit_id": "unit",
    "fixed": "after",
    "merge_into": "duplicate",
    "lead_unit_id": "lead",
    "due_at": "due_on",
    "campaigns": "campaign",
}


def read_point(said: Mapping[str, str], faults: list[Fault] | None = None) -> Point | None:
    """Longitude and latitude as the device said them; None without, a fault when they are no numbers."""
    found: list[Decimal] = []
    for name in ("longitude", "latitude"):
        text = said.get(name, "").strip()
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or abs(value) > 180:
            if faults is not None:
                remedy = N_("请重新定位，或清空坐标")
                faults.append(Fault(N_("坐标不对"), name, value=text[:20], remedy=remedy))
            return None
        found.append(value)
    return (found[0], found[1]) if abs(found[1]) <= 90 else None


def read_body(said: Said, faults: list[Fault]) -> ReportBody:
    """The report that the form stands for; what cannot be read is a fault."""
    point = read_point(said, faults)
    site = said.get("site", "")
    duplicate = said.get("duplicate", "")
    fixed = tuple(photos.posted("after", faults)) if said.get("fixed") else None
    return ReportBody(
        source=_source(said),
        category=said.get("category", ""),
        site_id=_id(site, "site") if site and site != FREE else None,
        unit_id=_id(said["unit"], "unit") if said.get("unit") and site in ("", FREE) else None,
        place=said.get("place", ""),
        longitude=point[0] if point else None,
        latitude=point[1] if point else None,
        title=said.get("title", ""),
        detail=said.get("detail", ""),
        severity=said.get("severity", "") or "ordinary",
        photos=tuple(photos.posted("photos", faults)),
        fixed=fixed,
        campaigns=tuple(said.getlist("campaign")) or own_campaigns(actor()),
        patrol_id=_id(said["patrol_id"], "patrol_id") if _source(said) == PATROL else None,
        asked_by=said.get("asked_by", ""),
        due_at=clocks.end_of(day) if (day := _day(said.get("due_on", ""), faults)) else None,
        priority=True if said.get("priority") else None,
        lead_unit_id=_id(said["lead"], "lead") if said.get("lead") else None,
        merge_into=_id(duplicate, "duplicate") if duplicate not in ("", NEW) else None,
    )


def _source(said: Said) -> str:
    """The source; what is reported on a shift comes from the shift."""
    chosen = said.get("source", "")
    return PATROL if chosen == SNAPSHOT and said.get("patrol_id") else chosen


def ask_about_twins(body: ReportBody, said: Said) -> list[Candidate]:
    """What the report may repeat, while nobody has said whether it does; nothing once it is said, or fixed already."""
    if said.get("duplicate") or body.fixed is not None:
        return []
    return twins_of(body)


def twins_of(body: ReportBody) -> list[Candidate]:
    """The findings that a report may repeat."""
    source = SOURCES.get(body.source)
    point = None if body.longitude is None or body.latitude is None else (body.longitude, body.latitude)
    return candidates(
        db(),
        actor(),
        category=body.category,
        site_id=body.site_id,
        point=point,
        restricted=bool(source and source.restricted),
        now=now(),
    )


def faults_of(error: SanchengError | None, fields: Mapping[str, str] = FIELDS) -> dict[str, str]:
    """The faults by the page's own fields, without the names that only machines use: they stand beside the fields."""
    found: dict[str, str] = {}
    for fault in error.faults if error else ():
        name = fields.get(fault.field, fault.field)
        found.setdefault(name, say_fault(replace(fault, field="", row=None)))
    return found


def typed() -> Said:
    """What was posted."""
    return MultiDict(request.form)


def _id(text: str, name: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise bad_argument(name, text) from None


def _day(text: str, faults: list[Fault]) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        faults.append(Fault(N_("日期写法不对"), "due_on", value=text[:20], remedy=N_("请填写如 2026-11-21 的日期")))
        return None
