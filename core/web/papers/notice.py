"""One notice on the pages (文书): what it says, the steps that are allowed now, its paper to print and as a Word document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.documents.notices import MOST_PICTURES, Paper, file_name, paper_of, render_notice
from core.documents.word import WORD_TYPE
from core.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound, SanchengError, Stale
from core.request import actor, db, house, now, require, require_any, tenant
from core.web.duties.sponsor_reading import sponsors_beside
from core.web.errors import fault_map
from core.web.ledger.finding_words import say_state as say_finding_state
from core.web.ledger.finding_words import say_title
from core.web.ledger.finding_words import tone_of as tone_of_finding
from core.web.paging import read_id
from core.web.papers.notice_words import (
    CONSEQUENCES,
    DONE,
    read_history,
    say_kind,
    say_refusal,
    say_state,
    say_subject,
    say_units,
    say_way,
    tone_of,
)
from core.web.photos import posted
from core.work.calendar import local_day
from core.work.desk.finding_filters import refuse_bad
from core.work.desk.first_photos import first_photos
from core.work.inspection.photos import thumbnail
from core.work.loop.step_input import MOST_PHOTOS
from core.work.papers import notices
from core.work.papers.notice_moves import PARTIES, waits_for
from core.work.papers.notices import NoticeDetail
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("notice", __name__, url_prefix="/t/<slug>/notices")
blueprint.before_request(asked.enter)


@blueprint.get("/<uuid:notice_id>")
@require(SEE)
def show(notice_id: UUID) -> str:
    """A notice with its findings, history and the allowed steps; opening it is reading it."""
    return _page(notices.open_notice(db(), actor(), notice_id, now=now()))


@blueprint.post("/<uuid:notice_id>/act")
@require_any(ANSWER, DIRECT)
def act(notice_id: UUID) -> AnyResponse | tuple[str, int]:
    """Take one step; what is refused comes back with everything that was typed, and with who was faster."""
    said = request.form
    broken: list[Fault] = []
    sent = posted("photos", broken)
    verb, note = said.get("verb", "")[:40], said.get("note", "")
    version = int(said["version"]) if said.get("version", "").isascii() and said.get("version", "").isdigit() else 0
    try:
        refuse_bad(broken)
        unit = read_id(said["unit"], "unit") if said.get("unit") else None
        done = notices.act(
            db(), actor(), notice_id, verb, version=version, note=note, photos=sent, unit_id=unit, now=now()
        )
    except (InvalidInput, Stale, Conflict, Forbidden) as error:
        found = notices.read_notice(db(), actor(), notice_id, now=now())
        typed = {"verb": verb, "note": note, "photos": sent, "unit": said.get("unit", "")}
        return _page(found, typed, error), error.status
    flash({"text": gettext(DONE[verb], number=done.number), "next": gettext("回到待办"), "href": url_for("inbox.show")})
    return redirect(url_for("notice.show", notice_id=notice_id), 303)


@blueprint.get("/<uuid:notice_id>/print")
@require(SEE)
def show_paper(notice_id: UUID) -> str:
    """The paper alone, to be printed."""
    found = notices.open_notice(db(), actor(), notice_id, now=now())
    return render_template("notices/print.html", found=found, d=_paper(found))


@blueprint.get("/<uuid:notice_id>.docx")
@require(SEE)
def get_word(notice_id: UUID) -> Response:
    """The same paper as a Word document."""
    paper = _paper(notices.open_notice(db(), actor(), notice_id, now=now()))
    made = Response(render_notice(paper, _pictures(paper)), content_type=WORD_TYPE)
    made.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name(paper))}"
    return made


def _page(found: NoticeDetail, typed: Mapping[str, object] | None = None, error: SanchengError | None = None) -> str:
    waited = waits_for(found.kind, found.notice.state)
    names = [one.row.unit_name for one in found.addressees]
    many = len(names) > 1
    own = [one.row.state for one in found.addressees if one.mine]
    return render_template(
        "notices/one.html",
        found=found,
        notice=found.notice,
        typed=typed or {"verb": "", "note": "", "photos": (), "unit": ""},
        most_photos=MOST_PHOTOS,
        say_way=say_way,
        errors=fault_map(error) if error else {},
        refusal=say_refusal(error) if error and not error.faults else "",
        waited=gettext(PARTIES[waited][0]) if waited else "",
        photos=first_photos(db(), actor(), [row.id for row in found.findings], now()),
        history=read_history(found.events),
        many=many,
        to=say_units(names),
        state=own[0] if len(own) == 1 else found.notice.state,
        signed=sum(one.row.signed_at is not None for one in found.addressees),
        whole=[move for move in found.allowed if move.whole],
        beside=None
        if many
        else sponsors_beside(db(), unit_id=found.notice.unit_id, on=local_day(found.notice.issued_at)),
        consequences=CONSEQUENCES,
        longest=LONGEST_NOTE,
        say_kind=say_kind,
        say_subject=say_subject,
        say_state=say_state,
        tone_of=tone_of,
        say_title=say_title,
        say_finding_state=say_finding_state,
        tone_of_finding=tone_of_finding,
    )


def _paper(found: NoticeDetail) -> Paper:
    photos = first_photos(db(), actor(), [row.id for row in found.findings], now())
    return paper_of(found, photos, is_demo=tenant().is_demo)


def _pictures(paper: Paper) -> dict[UUID, Path]:
    """The small pictures of the paper, as far as their files are there."""
    pictures = {}
    for line in paper.lines[:MOST_PICTURES]:
        if line.photo_id is not None:
            try:
                pictures[line.photo_id] = thumbnail(db(), actor(), line.photo_id, house().settings.files, now=now())
            except NotFound:  # the file is gone; the paper says so by a dash
                continue
    return pictures
