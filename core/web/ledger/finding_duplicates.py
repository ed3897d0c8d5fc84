"""Duplicates on a finding's page (重复问题): what was merged into it, with photos; what it may repeat; in and out by one click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import NotFound, SanchengError
from core.request import actor, db, house, now, require, tenant, today
from core.web.errors import say
from core.web.ledger import finding_words as words
from core.web.ledger.finding_words import say_refusal
from core.web.paging import bad_argument, read_id
from core.web.photos import KEPT
from core.work.desk.finding_detail import Detail
from core.work.inspection import photos
from core.work.intake.duplicate_pairs import MOST, call_different, suspected_pairs
from core.work.intake.duplicates import Candidate, MergedSource, candidates_for, file_of_merged, merged_sources, top_of
from core.work.loop import ledger
from core.work.loop.sight import sees_finding
from core.work.loop.states import MERGED, STATES
from core.work.roles import DIRECT, SEE
from core.work.tables import Finding, FindingEvent

blueprint = Blueprint("duplicates", __name__, url_prefix="/t/<slug>/findings")
blueprint.before_request(asked.enter)

MERGE, UNMERGE = "merge", "unmerge"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What a finding's page says of duplicates (重复情况).

    ``sources`` were merged into it; ``candidates`` may be the same; ``proposed`` is the one that the reporter named; ``top`` is
    where a merged one went, None while the reader may not see it.
    """

    sources: Sequence[MergedSource]
    candidates: Sequence[Candidate]
    proposed: Finding | None
    top: Finding | None
    can_merge: bool
    can_unmerge: bool

    @property
    def any(self) -> bool:
        """Whether the panel has anything to say."""
        return bool(self.sources or self.candidates or self.proposed)


def read_duplicates(session: Session, found: Detail) -> Duplicates:
    """Read what a finding's page says of duplicates (up to seven queries); for who may see the finding."""
    finding, verbs = found.finding, {step.verb for step in found.allowed}
    can_merge = MERGE in verbs
    is_merged = finding.state == MERGED
    top = top_of(session, finding) if is_merged else None
    return Duplicates(
        merged_sources(session, finding),
        candidates_for(session, actor(), finding, now=now()) if can_merge else (),
        _proposed(session, found.events) if not is_merged else None,
        _seen(session, top.id) if top is not None and top.id != finding.id else None,
        can_merge,
        UNMERGE in verbs,
    )


def _proposed(session: Session, events: Sequence[FindingEvent]) -> Finding | None:
    said = next((event.detail.get("duplicate_of") for event in events if event.version == 1), None)
    return _seen(session, UUID(said)) if said else None


def _seen(session: Session, finding_id: UUID) -> Finding | None:
    return session.scalars(select(Finding).where(Finding.id == finding_id, sees_finding(actor(), today()))).first()


@blueprint.get("/duplicates")
@require(DIRECT)
def show_pairs() -> str:
    """Pairs of open findings that may be the same, with their photos; merged or called different by one click."""
    found = suspected_pairs(db(), actor(), now=now(), limit=MOST)
    return render_template("findings/pairs.html", pairs=found[:MOST], more=len(found) > MOST, words=words)


@blueprint.post("/<uuid:finding_id>/different")
@require(DIRECT)
def keep_apart(finding_id: UUID) -> AnyResponse:
    """Say that this one is not the same as another."""
    call_different(db(), actor(), finding_id, read_id(request.form.get("other", ""), "other"), now=now())
    flash(gettext("已记下：不是同一件"), "success")
    return redirect(url_for("duplicates.show_pairs"), 303)


@blueprint.post("/<uuid:finding_id>/merge")
@require(DIRECT)
def merge(finding_id: UUID) -> AnyResponse:
    """Merge this one into another."""
    target = read_id(request.form.get("target", ""), "target")
    if _seen(db(), target) is None:
        raise NotFound
    _act(finding_id, MERGE, target_id=target)
    if request.form.get("back") == "pairs":
        return redirect(url_for("duplicates.show_pairs"), 303)
    return redirect(url_for("finding.show", finding_id=finding_id), 303)


@blueprint.post("/<uuid:finding_id>/unmerge")
@require(DIRECT)
def unmerge(finding_id: UUID) -> AnyResponse:
    """Take a merged one out again."""
    _act(finding_id, UNMERGE, note=request.form.get("note", ""))
    return redirect(url_for("finding.show", finding_id=finding_id), 303)


def _act(finding_id: UUID, verb: str, **given: object) -> None:
    """Take the step on the version that the page showed; a refusal is said on the page that follows."""
    said = request.form.get("version", "")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise bad_argument("version", said)
    try:
        done = ledger.act(db(), actor(), finding_id, verb, version=int(said), now=now(), **given)
    except NotFound:
        raise
    except SanchengError as error:
        db().rollback()
        flash(gettext("；").join(say(error).splitlines()) if error.faults else say_refusal(error), "error")
        return
    flash(gettext("已办理：%(state)s", state=gettext(STATES[done.state].title_zh)))


@blueprint.get("/<uuid:finding_id>/merged/<ref>")
@require(SEE)
def show_photo(finding_id: UUID, ref: str) -> Response:
    """A photo of what was merged into a finding, for whoever sees the finding."""
    finding = _seen(db(), finding_id)
    file = file_of_merged(db(), finding, read_id(ref, "ref")) if finding is not None else None
    if file is None:
        raise NotFound
    path: Path = photos.path_of(house().settings.files, tenant().id, file.sha256)
    if not path.is_file():
        raise NotFound
    answer = send_file(path, mimetype="image/jpeg", conditional=True, etag=path.name)
    answer.headers["Cache-Control"] = KEPT
    return answer
