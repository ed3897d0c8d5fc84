"""Blowing the whistle on the pages (吹哨): place, matter, departments, and the button; made for a phone in one hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require_any, today
from core.settings import ZONE
from core.web.errors import fault_map, say
from core.web.paging import read_id
from core.web.whistling.whistle_words import say_minutes
from core.work.places.site_lists import get_site, list_sites
from core.work.roles import ANSWER, REPORT
from core.work.whistling.whistle_blowing import (
    LONGEST_MATTER,
    MOST_UNITS,
    Wanted,
    blow,
    callable_units,
    callers_for,
    often_called,
)
from core.work.whistling.whistle_places import LONGEST_PLACE, subject_of
from core.work.whistling.whistle_rules import load_rules
from tenants.db import new_id
from tenants.models import Unit

blueprint = Blueprint("whistling", __name__, url_prefix="/t/<slug>/whistles")
blueprint.before_request(asked.enter)

DEPARTMENTS = frozenset({"department", "hq"})
MINUTES = (30, 60, 120, 240)  # offered beside the tenant's own rule (ours)
MOST_SITES = 200


@dataclass(frozen=True, slots=True)
class Group:
    """Some units to call under one heading (可叫单位); ``open`` shows them at once."""

    title: str
    units: Sequence[Unit]
    open: bool = True


@blueprint.get("/new")
@require_any(ANSWER, REPORT)
def ask() -> str:
    """The form; its id is made here, so that a second submission is the same whistle."""
    said = MultiDict(request.args)
    said["id"] = str(new_id())
    return _form(_start(said))


@blueprint.post("/new")
@require_any(ANSWER, REPORT)
def submit() -> AnyResponse | tuple[str, int]:
    """Whistle; what is wrong comes back with everything that was typed."""
    said = request.form
    key = read_id(said.get("id", ""), "id")
    try:
        done = blow(db(), actor(), _read(said), whistle_id=key, now=now())
    except InvalidInput as error:
        return _form(said, error), error.status
    except Conflict as error:
        fresh = MultiDict(said)
        fresh["id"] = str(new_id())
        return _form(fresh, error), error.status
    flash(gettext("吹哨 %(number)s 已发出，应哨单位已收到提醒", number=done.number), "success")
    return redirect(url_for("whistle.show", whistle_id=done.id), 303)


def _start(said: MultiDict[str, str]) -> MultiDict[str, str]:
    """Take place and matter from the finding that the reader came from, as far as he sees it."""
    if said.get("finding"):
        known = subject_of(db(), actor(), read_id(said["finding"], "finding"), today())
        if known is not None:
            said["finding_id"], said["matter"], said["place"] = str(known.id), known.matter, known.place
    said["site_id"] = said.get("site", "")
    return said


def _read(said: MultiDict[str, str]) -> Wanted:
    """What the form says, as far as it can be read. Raises InvalidInput."""
    faults: list[Fault] = []
    longitude, latitude = (_number(said.get(name, ""), name, faults) for name in ("longitude", "latitude"))
    minutes = said.get("minutes", "").strip()
    if minutes and not (minutes.isascii() and minutes.isdigit() and len(minutes) < 7):
        faults.append(Fault(N_("应为整数"), "minutes", value=minutes[:20], remedy=N_("请填分钟数")))
    solve_by = _moment(said.get("solve_by", ""), faults)
    if faults:
        raise InvalidInput(faults=faults)
    site, finding = said.get("site_id", ""), said.get("finding_id", "")
    return Wanted(
        caller_unit_id=read_id(said.get("caller", ""), "caller"),
        unit_ids=[read_id(one, "unit") for one in said.getlist("unit")],
        matter=said.get("matter", ""),
        place=said.get("place", ""),
        site_id=read_id(site, "site_id") if site else None,
        longitude=longitude,
        latitude=latitude,
        finding_id=read_id(finding, "finding_id") if finding else None,
        minutes=int(minutes) if minutes else None,
        solve_by=solve_by,
    )


def _number(said: str, name: str, faults: list[Fault]) -> Decimal | None:
    try:
        return Decimal(said.strip()) if said.strip() else None
    except InvalidOperation:
        faults.append(Fault(N_("应为数字"), name, value=said[:20], remedy=N_("请填度数，或不填")))
        return None


def _moment(said: str, faults: list[Fault]) -> datetime | None:
    """A moment of the local clock, as the browser writes it."""
    try:
        return datetime.fromisoformat(said.strip()).replace(tzinfo=ZONE) if said.strip() else None
    except ValueError:
        faults.append(Fault(N_("时间写法无效"), "solve_by", value=said[:20], remedy=N_("请写成 2026-03-02T17:00")))
        return None


def _form(said: MultiDict[str, str], error: SanchengError | None = None) -> str:
    session, who = db(), actor()
    callers = callers_for(session, who, today())
    chosen = next((unit for unit in callers if str(unit.id) == said.get("caller")), callers[0] if callers else None)
    rules, picked = load_rules(session), set(said.getlist("unit"))
    return render_template(
        "whistles/new.html",
        said=said,
        callers=callers,
        chosen=chosen,
        groups=_groups(callers, chosen, picked),
        picked=picked,
        sites=_sites(chosen, said.get("site_id", "")),
        caller_options=[(unit.id, unit.name) for unit in callers],
        minute_options=[(one, say_minutes(timedelta(minutes=one))) for one in sorted({*MINUTES, rules.minutes})],
        usual=rules.minutes,
        working=rules.working,
        faults=_faults(error),
        refusal=say(error) if error and not error.faults else "",
        longest_matter=LONGEST_MATTER,
        longest_place=LONGEST_PLACE,
        most=MOST_UNITS,
    )


def _faults(error: SanchengError | None) -> dict[str, str]:
    """The faults beside the fields of the form, which are named more shortly than those of the work."""
    names = {"unit_ids": "unit", "caller_unit_id": "caller"}
    return {names.get(field, field): text for field, text in (fault_map(error) if error else {}).items()}


def _groups(callers: Sequence[Unit], chosen: Unit | None, picked: set[str]) -> list[Group]:
    """The units to call: those that were called most, the departments, and the others behind a fold."""
    if chosen is None:
        return []
    known = {unit.id: unit for unit in callable_units(db(), chosen.id, today())}
    often = [known[one] for one in often_called(db(), [unit.id for unit in callers]) if one in known]
    rest = [unit for unit in known.values() if unit not in often]
    departments = [unit for unit in rest if unit.kind in DEPARTMENTS]
    others = [unit for unit in rest if unit.kind not in DEPARTMENTS]
    groups = [
        Group(gettext("常叫的单位"), often),
        Group(gettext("部门"), departments, not often or _any(departments, picked)),
        Group(gettext("其他单位"), others, _any(others, picked)),
    ]
    return [group for group in groups if group.units]


def _any(units: Sequence[Unit], picked: set[str]) -> bool:
    return any(str(unit.id) in picked for unit in units)


def _sites(chosen: Unit | None, said: str) -> list[tuple[UUID, str]]:
    """The sites in use under the calling unit, as far as one list goes, and the one that the reader came from."""
    if chosen is None:
        return []
    page = list_sites(db(), actor(), today=today(), unit_id=chosen.id, page_size=MOST_SITES)
    found = [(row.id, row.name) for row in page.rows]
    if said and said not in {str(key) for key, _name in found}:
        try:
            row = get_site(db(), actor(), read_id(said, "site_id"), today=today())
        except NotFound:
            return found
        found.insert(0, (row.id, row.name))
    return found
