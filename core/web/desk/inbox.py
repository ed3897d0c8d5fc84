"""The inbox (待办): everything that waits for a person here, by kind and deadline, with the next step; notes beside it.

It is open to everybody in a tenant: somebody for whom nothing can wait still gets notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, NotFound
from core.request import actor, db, house, login, now, tenant
from core.web.desk.inbox_words import KINDS, lead_on, say_code, say_step
from core.web.desk.todo import Waiting, tally_waiting
from core.web.exports import stream_csv
from core.web.note_words import lead_to, say_note
from core.web.paging import bad_argument, cut, read_cursor, read_id
from core.web.papers.notices import read_after
from core.web.places.site_words import campaign_titles
from core.web.words import by_locale, counted, listed
from core.work.accounts import find_seats
from core.work.calendar import deadline_clock
from core.work.desk.inbox import KINDS as QUERIES
from core.work.desk.inbox import Tally, kinds_of, tally_kinds
from core.work.desk.inbox_rows import Duty, read_duties
from core.work.papers.notes import list_notes, mark_read, unread_count
from core.work.tables import Note
from tenants.scope import ScopedSession

blueprint = Blueprint("inbox", __name__, url_prefix="/t/<slug>/inbox")
blueprint.before_request(asked.enter)

LISTED = 8  # of each kind; its own page has all of them (ours)
NOTES = 8
PAGE = 50
HEADER = (N_("事项"), N_("编号"), N_("地点"), N_("所属创建项目"), N_("期限"), N_("超期"), N_("下一步"))


@dataclass(frozen=True, slots=True)
class Section:
    """One kind with its most urgent duties (待办版块)."""

    code: str
    title: str
    tally: Tally
    duties: Sequence[Duty]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another tenant where something waits for the same person (其他单位)."""

    name: str
    href: str
    waiting: Waiting


def read_campaign(titles: Mapping[str, str]) -> str:
    """The campaign that the address asks for; '' for all. Raises InvalidInput."""
    said = request.args.get("campaign", "").strip()
    if said and said not in titles:
        raise bad_argument("campaign", said)
    return said


def read_sections(at: datetime, campaign: str) -> list[Section]:
    """The kinds of which something waits, in the order of the page."""
    tallies = tally_kinds(db(), actor(), at, campaign)
    return [
        Section(
            code,
            gettext(title),
            tallies[code],
            read_duties(db(), actor(), code, at, limit=LISTED, campaign=campaign),
        )
        for code, title in KINDS.items()
        if code in tallies and tallies[code].count
    ]


def read_elsewhere() -> list[Elsewhere]:
    """The other tenants of the person who is logged in: a short session each, never one query over several."""
    known = login()
    if known is None:
        return []
    with house().wall.platform() as session:
        seats = [seat for seat in find_seats(session, known.user_id) if seat.tenant.id != tenant().id]
    found = [(seat.tenant, tally_waiting(seat)) for seat in seats]
    return [Elsewhere(one.name, url_for("inbox.show", slug=one.slug), told) for one, told in found if told.count]


def _shared(titles: Mapping[str, str], campaign: str) -> dict[str, Any]:
    """What the pages with duties have in common."""
    return {
        "titles": titles,
        "campaign": campaign,
        "say_step": say_step,
        "say_code": say_code,
        "lead_on": lead_on,
        "say_campaigns": lambda duty: _campaigns_of(duty, titles) if len(titles) > 1 else "",
        "by_locale": by_locale,
    }


@blueprint.get("")
def show() -> str:
    """Everything that waits for the reader here, the unread notes, and where else something waits."""
    titles = campaign_titles(db())
    campaign = read_campaign(titles)
    sections = read_sections(now(), campaign)
    return render_template(
        "inbox/show.html",
        sections=sections,
        total=sum(section.tally.count for section in sections),
        late=sum(section.tally.late for section in sections),
        notes=list_notes(db(), actor(), now=now(), unread=True, limit=NOTES),
        unread=unread_count(db(), actor(), now()),
        elsewhere=read_elsewhere(),
        say_note=say_note,
        **_shared(titles, campaign),
    )


@blueprint.get("/<duty>")
def show_kind(duty: str) -> str:
    """All of one kind of duty, the most urgent first."""
    _known(duty)
    titles = campaign_titles(db())
    campaign, after = read_campaign(titles), _read_keys(duty)
    rows = read_duties(db(), actor(), duty, now(), limit=PAGE + 1, after=after, campaign=campaign)
    return render_template(
        "inbox/kind.html",
        kind=duty,
        title=gettext(KINDS[duty]),
        tally=tally_kinds(db(), actor(), now(), campaign)[duty],
        page=cut(rows, lambda one: [_text(key) for key in one.keys], PAGE),
        **_shared(titles, campaign),
    )


@blueprint.get("/<duty>/export.csv")
def export(duty: str) -> Response:
    """All of one kind of duty as CSV."""
    _known(duty)
    titles, who, at = campaign_titles(db()), actor(), now()
    campaign = read_campaign(titles)

    def read(session: ScopedSession) -> Iterator[Sequence[object]]:
        after: Sequence[Any] | None = None
        while rows := read_duties(session, who, duty, at, limit=PAGE, after=after, campaign=campaign):
            yield from (_line(one, titles) for one in rows)
            after = rows[-1].keys

    return stream_csv(f"{gettext(KINDS[duty])}.csv", [gettext(name) for name in HEADER], read)


def _line(duty: Duty, titles: Mapping[str, str]) -> list[object]:
    return [
        by_locale(duty.title, duty.title_en),
        duty.number,
        duty.place,
        _campaigns_of(duty, titles),
        " ".join(map(str, deadline_clock(duty.due_at))) if duty.due_at else "",
        gettext("是") if duty.late else "",
        say_step(duty),
    ]


def _campaigns_of(duty: Duty, titles: Mapping[str, str]) -> str:
    return listed(titles.get(key, key) for key in duty.campaigns)


def _known(duty: str) -> None:
    """Raise NotFound for a kind of duty that nobody has, or the reader's posts do not know."""
    if duty not in KINDS or duty not in kinds_of(actor()):
        raise NotFound


def _read_keys(duty: str) -> list[Any] | None:
    """Where the page before ended. Raises InvalidInput."""
    keys = read_cursor(len(QUERIES[duty].keys))
    if keys is None:
        return None
    try:
        at: date | None = date.fromisoformat(keys[0]) if len(keys[0]) == 10 else datetime.fromisoformat(keys[0])
    except ValueError:
        at = None
    if at is None or (isinstance(at, datetime) and at.tzinfo is None):
        raise bad_argument("cursor", keys[0])
    return [at, *(read_id(key, "cursor") for key in keys[1:])]


def _text(key: Any) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)


@blueprint.get("/notes")
def show_notes() -> str:
    """All notes of the reader, the newest first."""
    found = list_notes(db(), actor(), now=now(), before=read_after(), limit=PAGE + 1)
    page = cut(found, lambda note: (note.created_at.isoformat(), note.id), PAGE)
    unread = unread_count(db(), actor(), now())
    return render_template("inbox/notes.html", page=page, unread=unread, say_note=say_note)


@blueprint.get("/notes/<uuid:note_id>")
def follow(note_id: UUID) -> AnyResponse:
    """Go where a note leads; it counts as read then."""
    note = db().get(Note, (db().tenant_id, note_id))
    if note is None or note.person_id != actor().person_id:
        raise NotFound
    mark_read(db(), actor(), now(), note_ids=[note_id])
    return redirect(lead_to(note), 303)


@blueprint.post("/notes/read")
def read_all() -> AnyResponse:
    """Mark all notes read."""
    done = mark_read(db(), actor(), now())
    flash(counted("%(n)s 条提醒已标为已读", n=done))
    back = "inbox.show_notes" if request.form.get("back") == "notes" else "inbox.show"
    return redirect(url_for(back), 303)
