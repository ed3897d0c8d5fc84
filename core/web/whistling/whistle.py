"""One whistle on the pages (吹哨): blowing it in three taps, the called units with their clocks, the steps allowed now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import Conflict, Fault, Forbidden, InvalidInput, SanchengError, Stale
from core.request import actor, db, now, require_any
from core.web import photos
from core.web.errors import fault_map
from core.web.paging import bad_argument, read_id
from core.web.whistling.whistle_words import (
    CONSEQUENCES,
    DONE,
    arrival_clock,
    clock_words,
    read_history,
    say_refusal,
    say_stage,
    say_state,
    since_call,
    stage_tone,
    tone_of,
)
from core.work.papers.notes import mark_seen
from core.work.roles import ANSWER, DIRECT, LEAD, REPORT, SEE
from core.work.tables import Whistle
from core.work.whistling import whistles
from core.work.whistling.whistle_detail import Detail, detail
from core.work.whistling.whistle_notes import KIND
from core.work.whistling.whistle_steps import ESCALATE, OPEN, Move
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("whistle", __name__, url_prefix="/t/<slug>/whistles")
blueprint.before_request(asked.enter)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed for a step (填写的内容), kept whatever comes of it."""

    verb: str = ""
    version: int = 0
    unit_id: UUID | None = None
    note: str = ""
    photos: Sequence[str] = ()
    leader: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """The steps that belong together in one form (办理台): those at one called unit, or those of the caller or a leader."""

    number: int
    unit_id: UUID | None
    unit_name: str
    bare: Sequence[Move]
    given: Sequence[Move]

    @property
    def takes_photo(self) -> bool:
        """Whether any of them may show a photo."""
        return any(move.takes_photo for move in self.given)

    @property
    def needs_note(self) -> bool:
        """Whether all of them must say something."""
        return all(move.needs_note for move in self.given)

    @property
    def escalates(self) -> bool:
        """Whether one of them goes to a leader."""
        return any(move.verb == ESCALATE for move in self.given)


@blueprint.get("/<uuid:whistle_id>")
@require_any(SEE)
def show(whistle_id: UUID) -> str:
    """A whistle with its called units, clocks, history and the steps allowed now; its notes to the reader are read."""
    page = _page(whistle_id, Typed())
    mark_seen(db(), actor(), KIND, whistle_id, now())
    return page


@blueprint.post("/<uuid:whistle_id>/act")
@require_any(ANSWER, REPORT, LEAD, DIRECT)
def act(whistle_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take one step; what is refused comes back with everything that was typed, and with who was faster."""
    faults: list[Fault] = []
    typed = _read_typed(faults)
    try:
        done = _take_step(whistle_id, typed, faults)
    except (InvalidInput, Stale, Conflict, Forbidden) as error:
        return _page(whistle_id, typed, error), error.status
    flash(gettext(DONE[typed.verb], number=done.number), "success")
    return redirect(url_for("whistle.show", whistle_id=whistle_id), 303)


def _take_step(whistle_id: UUID, typed: Typed, faults: list[Fault]) -> Whistle:
    """The step itself, unless a photo could not be kept."""
    if faults:
        raise InvalidInput(faults=faults)
    return whistles.act(
        db(),
        actor(),
        whistle_id,
        typed.verb,
        version=typed.version,
        unit_id=typed.unit_id,
        note=typed.note,
        photo=typed.photos[0] if typed.photos else "",
        leader_id=read_id(typed.leader, "leader") if typed.leader else None,
        now=now(),
    )


def _read_typed(faults: list[Fault]) -> Typed:
    said = request.form
    version, unit = said.get("version", ""), said.get("unit", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise bad_argument("version", version)
    return Typed(
        said.get("verb", "")[:40],
        int(version),
        read_id(unit, "unit") if unit else None,
        said.get("note", ""),
        photos.posted("photo", faults),
        said.get("leader", "")[:40],
    )


def desks_of(found: Detail) -> list[Desk]:
    """The offered steps by where they belong, called units first in the page's order."""
    names = {call.unit_id: call.unit_name for call in found.calls}
    made = []
    for number, unit in enumerate((None, *names)):
        moves = [offer.move for offer in found.offers if offer.unit_id == unit]
        given = [move for move in moves if move.needs_note or move.takes_photo]
        bare = [move for move in moves if move not in given]
        if moves:
            made.append(Desk(number, unit, names.get(unit, "") if unit else "", bare, given))
    return made


def _page(whistle_id: UUID, typed: Typed, error: SanchengError | None = None) -> str:
    found = detail(db(), actor(), whistle_id, now=now())
    desks, faults = desks_of(found), fault_map(error) if error else {}
    used = next((desk.number for desk in desks if desk.unit_id == typed.unit_id), 0)
    lost_race = isinstance(error, Stale | Conflict)
    since = [event for event in found.events if event.version > typed.version] if lost_race else []
    return render_template(
        "whistles/one.html",
        found=found,
        row=found.row,
        clock=arrival_clock(found.row, now()),
        words=clock_words(),
        at=now(),
        desks=desks,
        leaders=[(one.person_id, f"{one.name} · {one.unit_name}") for one in found.leaders],
        shots=[event for event in found.events if event.photo_id],
        history=read_history(found.events),
        since=read_history(since),
        is_open=found.row.state in OPEN,
        typed=typed,
        faults=faults,
        summary=[({"leader_id": "leader"}.get(field, f"{field}-{used}"), text) for field, text in faults.items()],
        refusal=say_refusal(error) if error and not error.faults else "",
        consequences=CONSEQUENCES,
        longest_note=LONGEST_NOTE,
        say_state=say_state,
        say_stage=say_stage,
        stage_tone=stage_tone,
        since_call=since_call,
        tone_of=tone_of,
    )
