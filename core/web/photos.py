"""Photos on the pages (照片): sent one by one before the form that refers to them, shown to whoever may see their place.

The page sends the bytes as they are with ``X-Content-SHA256`` and what the device says of time and place; the answer is JSON,
good or bad. A form carries what could not be sent itself under the field's name plus ``_file``, and what the device says of
each, in the same order, as a JSON list of objects under ``said.`` plus the name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from flask import Blueprint, Response, jsonify, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from core import request as asked
from core.errors import N_, Fault, InvalidInput, NotFound, SanchengError, TooLarge
from core.request import actor, db, house, now, require_any, tenant, today
from core.web.errors import say, say_fault
from core.web.paging import bad_argument
from core.work.inspection import photos
from core.work.inspection.photo_reading import MAX_BYTES
from core.work.inspection.photo_said import HEADERS, NOTHING, Said, read_said
from core.work.journal import seal_of
from core.work.roles import ANSWER, CHECK, REPORT, SEE, VISIT
from core.work.rounds.clearance import find_round, hold_round
from core.work.tables import File
from tenants.access import Actor

blueprint = Blueprint("photos", __name__, url_prefix="/t/<slug>/photos")
blueprint.before_request(asked.enter)

ROUND = "X-Round"
KEPT = "private, max-age=31536000, immutable"  # a photo never changes under its address
Finder = Callable[[Session, Actor, UUID, Path], Path]


@blueprint.post("")
@require_any(VISIT, ANSWER, CHECK, REPORT)
def upload() -> Response:
    """Keep one photo; the form then refers to it by ``sha256``. At most 12 MB, JPEG, PNG, WebP or HEIC."""
    return keep_sent(_secret_round)


def keep_sent(sealed_for: Callable[[], UUID | None]) -> Response:
    """Keep the photo that the request carries; ``sealed_for`` gives the secret round that it is for, if it is for one."""
    try:
        found = photos.store(
            db(),
            actor(),
            _sent_bytes(),
            files=house().settings.files,
            declared_sha256=request.headers.get("X-Content-SHA256"),
            said=read_said({name: request.headers.get(header) for name, header in HEADERS.items()}, now()),
            sealed_for=sealed_for(),
            now=now(),
        )
    except SanchengError as error:
        return _refusal(error)
    answer = jsonify(
        id=str(found.id),
        sha256=found.original_sha256,
        width=found.width,
        height=found.height,
        taken_at=found.taken_at.isoformat() if found.taken_at else None,
    )
    answer.status_code = 201
    answer.headers["Location"] = url_for("photos.show", ref=str(found.id))
    return answer


def _secret_round() -> UUID | None:
    """The secret round that the phone says a photo was taken for: it is hidden from its upload on. NotFound out of his sight."""
    said = request.headers.get(ROUND, "")
    if not said:
        return None
    try:
        known = find_round(db(), actor(), UUID(said), today())
    except ValueError:
        raise bad_argument(ROUND, said[:60]) from None
    return known.id if hold_round(db(), known.id).hidden else None


@blueprint.get("/<ref>")
@require_any(SEE, VISIT, ANSWER, CHECK)
def show(ref: str) -> Response:
    """A photo by its id or SHA-256."""
    return picture(ref, photos.open_photo)


@blueprint.get("/<ref>/small")
@require_any(SEE, VISIT, ANSWER, CHECK)
def show_small(ref: str) -> Response:
    """The same, 320 px on its longest side."""
    return picture(ref, photos.thumbnail)


def posted(name: str, faults: list[Fault]) -> list[str]:
    """The photos that a form refers to under ``name``, and those it carries itself under ``<name>_file``, kept now.

    Each carried file is kept in a transaction of its own, as if it had been sent before: when the form comes back with
    errors, its photos are there. What cannot be kept is a fault at ``name``, naming the file. Those of a form that works for a
    secret round (core.work.journal.sealed) are sealed for it.
    """
    refs = [ref.strip() for ref in request.form.getlist(name) if ref.strip()]
    carried = [part for part in request.files.getlist(f"{name}_file") if part.filename]
    for part, said in zip(carried, _said_of_each(name, len(carried)), strict=True):
        kept = _keep(part, said, name, faults)
        refs += [kept] if kept else []
    return list(dict.fromkeys(refs))


def _said_of_each(name: str, count: int) -> list[Said]:
    """What the device says of the files that a form carries. It is the script's, not the person's: nonsense says nothing."""
    try:
        rows = json.loads(request.form.get(f"said.{name}") or "[]")
        if not isinstance(rows, list) or len(rows) != count:
            return [NOTHING] * count
        return [read_said({key: str(row.get(key) or "") for key in HEADERS}, now()) for row in rows]
    except (ValueError, AttributeError, RecursionError, InvalidInput):
        return [NOTHING] * count


def _keep(part: FileStorage, said: Said, name: str, faults: list[Fault]) -> str:
    sealed_for = seal_of(db()).get("sealed_for")
    with house().wall.open(tenant().id, cleared=sealed_for is not None) as session:
        try:
            data = part.stream.read(MAX_BYTES + 1)
            found = photos.store(session, actor(), data, files=_files(), said=said, sealed_for=sealed_for, now=now())
        except SanchengError as error:
            why = error.faults[0] if error.faults else Fault(error.message, params=error.params)
            remedy = why.remedy or N_("请换一张照片")
            faults.append(Fault(why.message, name, None, part.filename or "", "", remedy, why.params))
            return ""
        session.commit()
        return found.original_sha256


def _files() -> Path:
    return house().settings.files


def _sent_bytes() -> bytes:
    """The body, never more than one byte over the limit."""
    try:
        found: bytes = request.stream.read(MAX_BYTES + 1)
    except RequestEntityTooLarge:
        raise TooLarge(N_("照片不能超过 {most} MB"), most=MAX_BYTES // 1024 // 1024) from None
    if not found:
        raise InvalidInput(faults=[Fault(N_("没有收到照片"), remedy=N_("请重新拍摄或选择"))])
    return found


def _refusal(error: SanchengError) -> Response:
    """The refusal as problem details (RFC 9457); ``detail`` is one sentence for the person who took the photo."""
    faults = [say_fault(Fault(f.message, value=f.value, remedy=f.remedy, params=f.params)) for f in error.faults]
    title = gettext(error.title)
    answer = jsonify(title=title, detail=gettext("；").join(faults) or say(error), status=error.status)
    answer.status_code = error.status
    answer.content_type = "application/problem+json"
    return answer


def picture(ref: str, find: Finder) -> Response:
    """The answer with a photo that the actor may see. Raises NotFound."""
    known = photos.find_files(db(), [ref]).get(ref)
    if not isinstance(known, File):
        raise NotFound
    path = find(db(), actor(), known.id, _files())
    answer = send_file(path, mimetype="image/jpeg", conditional=True, etag=path.name)
    answer.headers["Cache-Control"] = KEPT
    return answer
