"""The inbox (待办): everything that waits for a person here, by kind and deadline, with the next step; notes beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, NotFound
from core.request import actor, db, house, login, now, require_any, tenant
from core.web.desk.todo import count_waiting
from core.web.ledger.finding_words import say_verb
from core.web.note_words import lead_to, say_note
from core.web.paging import cut
from core.web.papers.notice_words import say_kind
from core.web.papers.notice_words import say_verb as say_notice_verb
from core.web.papers.notices import read_after
from core.web.whistling.whistle_words import say_verb as say_whistle_verb
from core.web.words import by_locale
from core.work.accounts import find_seats
from core.work.desk.inbox import count_kinds
from core.work.desk.inbox_rows import Duty, read_duties
from core.work.papers.notes import list_notes, mark_read, unread_count
from core.work.roles import ADMINISTER, ANSWER, CHECK, COMPARE, SEE, VISIT
from core.work.tables import Note

blueprint = Blueprint("inbox", __name__, url_prefix="/t/<slug>/inbox")
blueprint.before_request(asked.enter)

LISTED = 8  # of each kind; the list behind it has the rest (ours)
NOTES = 8
PAGE = 50
EVERYONE = (SEE, VISIT, ANSWER, CHECK, ADMINISTER, COMPARE)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of duty on the page (待办类别): its title, and the list that has all of it."""

    title: str
    endpoint: str
    query: Mapping[str, str]


# In the order of the page.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "whistle": Kind(N_("吹哨叫到我们的"), "whistles.show_list", {}),
        "answer": Kind(N_("待整改"), "findings.show_list", {"view": "rectification"}),
        "assist": Kind(N_("待协办"), "findings.show_list", {"view": "responsibility"}),
        "notice": Kind(N_("待签收答复的文书"), "notices.show_list", {"box": "in"}),
        "desk": Kind(N_("待受理、派遣、审批"), "findings.show_list", {"view": "rectification"}),
        "check": Kind(N_("待核查"), "findings.show_list", {"state": "answered"}),
        "notice_check": Kind(N_("待核查的文书答复"), "notices.show_list", {"box": "out", "state": "replied"}),
        "recheck": Kind(N_("待回头看"), "findings.show_list", {"state": "closed"}),
        "cosign": Kind(N_("待属地会签"), "findings.show_list", {"state": "answered"}),
        "handed": Kind(N_("外部已答复，待确认"), "findings.show_list", {"view": "rectification"}),
        "appeal": Kind(N_("待裁决的亮牌申诉"), "cards.show", {}),
    }
)
OBJECTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "finding": ("finding.show", "finding_id"),
        "notice": ("notice.show", "notice_id"),
        "whistle": ("whistle.show", "whistle_id"),
        "card": ("card.show", "card_id"),
    }
)


@dataclass(frozen=True, slots=True)
class Section:
    """One kind with its most urgent duties (待办版块)."""

    code: str
    title: str
    count: int
    duties: Sequence[Duty]
    more: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another tenant where something waits for the same person (其他单位)."""

    name: str
    href: str
    count: int


def read_sections(at: datetime) -> list[Section]:
    """The kinds of which something waits, in the order of the page."""
    counted = count_kinds(db(), actor(), at)
    return [
        Section(
            code,
            gettext(kind.title),
            counted[code],
            read_duties(db(), actor(), code, at, limit=LISTED),
            url_for(kind.endpoint, **kind.query),
        )
        for code, kind in KINDS.items()
        if counted.get(code)
    ]


def read_elsewhere() -> list[Elsewhere]:
    """The other tenants of the person who is logged in: a short session each, never one query over several."""
    known = login()
    if known is None:
        return []
    with house().wall.platform() as session:
        seats = [seat for seat in find_seats(session, known.user_id) if seat.tenant.id != tenant().id]
    counted = [(seat.tenant, count_waiting(seat)) for seat in seats]
    return [Elsewhere(one.name, url_for("inbox.show", slug=one.slug), count) for one, count in counted if count]


def say_step(duty: Duty) -> str:
    """The next step, on the button."""
    if duty.about == "notice":
        return say_notice_verb(duty.step)
    if duty.about == "whistle":
        return say_whistle_verb(duty.step)
    if duty.about == "card":
        return gettext("裁决")
    return gettext("确认") if duty.step == "confirm_handed" else say_verb(duty.step)


def lead_on(duty: Duty) -> str:
    """The page where the step is taken, with its form open."""
    endpoint, name = OBJECTS[duty.about]
    step = {"do": duty.step} if duty.about == "finding" and duty.step != "confirm_handed" else {}
    return url_for(endpoint, **{name: duty.id}, **step)


@blueprint.get("")
@require_any(*EVERYONE)
def show() -> str:
    """Everything that waits for the reader here, the unread notes, and where else something waits."""
    sections = read_sections(now())
    return render_template(
        "inbox/show.html",
        sections=sections,
        total=sum(section.count for section in sections),
        late=sum(duty.late for section in sections for duty in section.duties),
        notes=list_notes(db(), actor(), now=now(), unread=True, limit=NOTES),
        unread=unread_count(db(), actor(), now()),
        elsewhere=read_elsewhere(),
        say_step=say_step,
        lead_on=lead_on,
        say_note=say_note,
        say_kind=say_kind,
        by_locale=by_locale,
    )


@blueprint.get("/notes")
@require_any(*EVERYONE)
def show_notes() -> str:
    """All notes of the reader, the newest first."""
    found = list_notes(db(), actor(), now=now(), before=read_after(), limit=PAGE + 1)
    page = cut(found, lambda note: (note.created_at.isoformat(), note.id), PAGE)
    unread = unread_count(db(), actor(), now())
    return render_template("inbox/notes.html", page=page, unread=unread, say_note=say_note)


@blueprint.get("/notes/<uuid:note_id>")
@require_any(*EVERYONE)
def follow(note_id: UUID) -> AnyResponse:
    """Go where a note leads; it counts as read then."""
    note = db().get(Note, (db().tenant_id, note_id))
    if note is None or note.person_id != actor().person_id:
        raise NotFound
    mark_read(db(), actor(), now(), note_ids=[note_id])
    return redirect(lead_to(note), 303)


@blueprint.post("/notes/read")
@require_any(*EVERYONE)
def read_all() -> AnyResponse:
    """Mark all notes read."""
    done = mark_read(db(), actor(), now())
    flash(gettext("%(n)s 条提醒已标为已读", n=done))
    back = "inbox.show_notes" if request.form.get("back") == "notes" else "inbox.show"
    return redirect(url_for(back), 303)
