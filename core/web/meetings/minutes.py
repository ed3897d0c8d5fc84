"""Minutes on the pages (会议纪要): written, locked, corrected with a reason; the paper to print and as a Word document."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.documents.minutes import Minutes, file_name, minutes_of, render_minutes
from core.documents.word import WORD_TYPE
from core.request import actor, db, now, require, tenant, today
from core.web.meetings.one_meeting import act, version_said
from core.work.meetings.minutes import correct_minutes, publish_minutes, write_minutes
from core.work.meetings.sight import get_meeting
from core.work.roles import DIRECT, SEE
from core.work.tables import Meeting

blueprint = Blueprint("meeting_minutes", __name__, url_prefix="/t/<slug>/meetings")
blueprint.before_request(asked.enter)

PART = "minutes"


@blueprint.post("/<uuid:meeting_id>/minutes")
@require(DIRECT)
def write(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Keep the words, and lock the minutes where that was asked for."""
    said, out = request.form.get("minutes", ""), request.form.get("do") == "publish"

    def run() -> None:
        of = write_minutes(db(), actor(), meeting_id, said, version=version_said(), now=now())
        if out:
            publish_minutes(db(), actor(), meeting_id, version=of.version, now=now())

    return act(meeting_id, run, gettext("纪要已定稿") if out else gettext("纪要已保存"), part=PART)


@blueprint.post("/<uuid:meeting_id>/correct")
@require(DIRECT)
def correct(meeting_id: UUID) -> AnyResponse | tuple[str, int]:
    """Open locked minutes for a correction."""
    reason = request.form.get("reason", "")
    return act(
        meeting_id,
        lambda: correct_minutes(db(), actor(), meeting_id, version=version_said(), reason=reason, now=now()),
        gettext("纪要可以更正了；改好后请重新定稿"),
        part=PART,
    )


@blueprint.get("/<uuid:meeting_id>/minutes")
@require(SEE)
def show_paper(meeting_id: UUID) -> str:
    """The paper alone, to be printed."""
    of = get_meeting(db(), actor(), meeting_id, today())
    return render_template("meetings/print.html", of=of, d=_paper(of))


@blueprint.get("/<uuid:meeting_id>.docx")
@require(SEE)
def get_word(meeting_id: UUID) -> Response:
    """The same paper as a Word document."""
    paper = _paper(get_meeting(db(), actor(), meeting_id, today()))
    made = Response(render_minutes(paper), content_type=WORD_TYPE)
    made.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file_name(paper))}"
    return made


def _paper(of: Meeting) -> Minutes:
    return minutes_of(db(), actor(), of, is_demo=tenant().is_demo, now=now())
