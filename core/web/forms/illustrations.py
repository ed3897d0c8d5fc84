"""Illustrations (示范图): what right looks like for each item of the forms in use, beside the question on phones and on paper."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import get_locale, gettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign, Form
from core.errors import Conflict, Fault, NotFound, SanchengError
from core.request import actor, db, house, now, require, require_any
from core.web import district
from core.web.errors import say, say_fault
from core.web.exports import stream_csv
from core.web.forms.pictured import drawings
from core.web.forms.pieces import DRAWN, NONE, OWN, Piece, asked_for, piece_of
from core.web.forms.words import say_title
from core.web.paging import PAGE, bad_argument, make_cursor, read_cursor
from core.web.photos import KEPT
from core.web.running import running, title_of
from core.web.words import counted
from core.work.forms.fielding import with_own
from core.work.forms.illustrating import (
    ENDINGS,
    histories,
    match_name,
    names_known,
    put_back,
    put_picture,
    take_away,
    unmatched,
)
from core.work.forms.pictures import kept, open_picture
from core.work.inspection.photo_reading import MAX_BYTES
from core.work.roles import ADMINISTER, SEE, VISIT

blueprint = Blueprint("illustrations", __name__, url_prefix="/t/<slug>/illustrations")
blueprint.before_request(district.enter)

SOURCES = (NONE, DRAWN, OWN)
TOLD = 10  # refused files that one message names


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of the page (筛选): a form as campaign/code, and what is shown there."""

    form: str
    source: str


@blueprint.get("")
@require(SEE)
def show_list() -> str:
    """Every item of the forms in use with what is shown beside it; and the way in for pictures."""
    return _list()


def _list(faults: Sequence[tuple[str, str]] = ()) -> str:
    wanted, every = _filter(), list(_pieces())
    chosen = _chosen(every, wanted)
    start = _start(chosen)
    rows = chosen[start : start + PAGE]
    further = start + PAGE < len(chosen)
    return render_template(
        "forms/illustrations.html",
        rows=rows,
        next=make_cursor(*_key(rows[-1])) if further and rows else None,
        total=len(chosen),
        every=len(every),
        shown=sum(one.source != NONE for one in every),
        own=sum(one.source == OWN for one in every),
        wanted=wanted,
        forms=[(f"{run.key}/{form.code}", f"{title_of(run)} · {say_title(form)}") for run, form in _runs()],
        faults=faults,
        most=MAX_BYTES // 1024 // 1024,
        title_of=title_of,
        say_title=say_title,
    )


def _filter() -> Wanted:
    """The filter of this request. Raises InvalidInput."""
    form, source = request.args.get("form", ""), request.args.get("source", "")
    if source not in ("", *SOURCES):
        raise bad_argument("source", source)
    if form and form not in {f"{run.key}/{one.code}" for run, one in _runs()}:
        raise bad_argument("form", form[:60])
    return Wanted(form, source)


def _runs() -> list[tuple[Campaign, Form]]:
    return [(run, form) for run in with_own(db(), running()) for form in run.edition.all_forms]


def _pieces() -> Iterator[Piece]:
    known, stood = kept(db()), histories(db())
    drawn = drawings(Path(current_app.static_folder or ""))
    for one in asked_for(_runs(), str(get_locale() or "zh")):
        yield piece_of(one, known, stood, drawn)


def _chosen(pieces: Sequence[Piece], wanted: Wanted) -> list[Piece]:
    return [
        one
        for one in pieces
        if wanted.form in ("", f"{one.asked.campaign.key}/{one.asked.form.code}") and wanted.source in ("", one.source)
    ]


def _key(piece: Piece) -> tuple[str, str, str, str]:
    return piece.asked.campaign.key, piece.asked.form.code, piece.asked.code, piece.put


def _start(pieces: Sequence[Piece]) -> int:
    """Where the page begins: after the row that the address names, at the top when that is gone."""
    said = read_cursor(4)
    found = [number for number, one in enumerate(pieces, 1) if said is not None and list(_key(one)) == said]
    return found[0] if found else 0


@blueprint.get("/illustrations.csv")
@require(SEE)
def export() -> Response:
    """The same list, for whoever takes the pictures: which file name each item wants."""
    said = {OWN: gettext("本区的图"), DRAWN: gettext("随系统的图"), NONE: gettext("没有示范图")}
    rows: list[list[Any]] = [
        [title_of(a.campaign), a.form.code, a.code, a.text, f"{one.put}", said[one.source], one.standing]
        for one in _chosen(list(_pieces()), _filter())
        for a in (one.asked,)
    ]
    header = [
        *(gettext("创建项目"), gettext("检查表"), gettext("代码"), gettext("内容")),
        *(gettext("图名"), gettext("状态"), gettext("现用图名")),
    ]
    return stream_csv("illustrations.csv", header, lambda _: rows)


@blueprint.get("/illustrations.zip")
@require(SEE)
def download() -> Response:
    """All the district's pictures by their names, as ODK wants them beside a form."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, file_id in sorted(kept(db()).items()):
            try:
                path = open_picture(db(), file_id, house().settings.files)
            except NotFound:  # a file that was lost: the others are there
                continue
            packed.write(path, _file_name(name))
    file.seek(0)
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name="illustrations.zip")


def _file_name(name: str) -> str:
    """A picture's name as a file: what a form asks for as it is, a code with the ending of its kind."""
    plain = name.replace("/", "_").replace("\\", "_").lstrip(".")
    return plain if plain.lower().endswith(ENDINGS) else f"{plain}.jpg"


@blueprint.post("")
@require(ADMINISTER)
def upload() -> AnyResponse | tuple[str, int]:
    """Take pictures in by their file names, or one for the item that it was sent beside; what is refused is named."""
    sent = [one for one in request.files.getlist("files") if one.filename]
    name = request.form.get("name", "")
    known = names_known(form for _, form in _runs())
    taken, faults = 0, list[str]()
    for one in sent:
        try:
            _take(one, name, known)
            taken += 1
        except SanchengError as error:
            faults += [gettext("：").join(((one.filename or "")[-60:], text)) for text in _told(error)]
    if request.accept_mimetypes.best == "application/json":
        answer = jsonify(taken=taken, faults=faults)
        answer.status_code = 200 if taken else 422
        return answer
    if not taken:
        faults = faults or [gettext("请选择一张或多张图片")]
        return _list([("files", text) for text in faults[:TOLD]]), 422
    flash(counted("已收下 %(n)s 张示范图", n=taken))
    for text in faults[:TOLD]:
        flash(text, "error")
    return _back()


def _take(part: FileStorage, name: str, known: Mapping[str, str]) -> None:
    """One picture, under the given name or the one that its file name stands for. Raises what put_picture does."""
    found = name or match_name(part.filename or "", known)
    if not found:
        raise unmatched(part.filename or "")
    data = part.stream.read(MAX_BYTES + 1)
    put_picture(db(), actor(), found, data, files=house().settings.files, known=known, now=now())


def _told(error: SanchengError) -> list[str]:
    return [say_fault(Fault(f.message, remedy=f.remedy, params=f.params)) for f in error.faults] or [say(error)]


@blueprint.post("/take-away")
@require(ADMINISTER)
def take() -> AnyResponse:
    """Show the district's picture of a name no more."""
    return _change(take_away, gettext("示范图已撤下"))


@blueprint.post("/put-back")
@require(ADMINISTER)
def back() -> AnyResponse:
    """Show the former picture of a name again."""
    return _change(put_back, gettext("已换回原来的示范图"))


def _change(do: Callable[..., None], said: str) -> AnyResponse:
    try:
        do(db(), actor(), request.form.get("name", ""), now=now())
    except Conflict as error:
        flash(say(error), "error")
    else:
        flash(said)
    return _back()


def _back() -> AnyResponse:
    """To the list as it was filtered."""
    said = {key: request.form[key] for key in ("form", "source", "cursor") if request.form.get(key)}
    return redirect(url_for("illustrations.show_list", **said), 303)


@blueprint.get("/<uuid:photo_id>")
@require_any(SEE, VISIT)
def show(photo_id: UUID) -> Response:
    """An illustration, the same for ever under its address. Raises NotFound for any other file."""
    path = open_picture(db(), photo_id, house().settings.files)
    answer = send_file(path, mimetype="image/jpeg", conditional=True, etag=path.name)
    answer.headers["Cache-Control"] = KEPT
    return answer
