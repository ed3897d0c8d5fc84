"""Reports of a project (项目填报): how much is done line by line, what was paid, and objects one by one; made for a phone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Fault, InvalidInput, NotFound, SanchengError
from core.request import actor, db, now, require, require_any, today
from core.web import district
from core.web.errors import say
from core.web.form_fields import day_of
from core.web.photos import posted
from core.web.projects import project_words as words
from core.web.projects.fields import REFUSED, fault_list, fault_map, version_of
from core.web.words import counted
from core.work.projects.bill import Done, items_of, read_amount, report
from core.work.projects.objects import import_objects, set_objects
from core.work.projects.opened import open_project
from core.work.projects.shares import pay, read_payment, shares_of
from core.work.projects.site_files import set_findings, sign
from core.work.projects.states import OBJECT_STATES, RUNNING
from core.work.projects.steps import find_project, open_kept
from core.work.roles import ANSWER, DIRECT, SEE
from core.work.tasks.work_photos import MOST_PHOTOS
from core.work.wording import LONGEST_NOTE

blueprint = Blueprint("project_reports", __name__, url_prefix="/t/<slug>/projects")
blueprint.before_request(district.enter)


@blueprint.get("/<uuid:project_id>/report")
@require_any(ANSWER, DIRECT)
def ask(project_id: UUID) -> str:
    """The table to tell how much is done until a day."""
    open_kept(db(), actor(), project_id, now())
    return _report_form(project_id)


@blueprint.post("/<uuid:project_id>/report")
@require_any(ANSWER, DIRECT)
def send(project_id: UUID) -> AnyResponse | tuple[str, int]:
    """Tell it; lines that say what they said before are left out."""
    faults: list[Fault] = []
    done, day, photos = _read_done(project_id, faults), None, posted("photos", faults)
    try:
        day = day_of(request.form, "day")
        if faults:
            raise InvalidInput(faults=faults)
        given = {"note": request.form.get("note", ""), "reason": request.form.get("reason", ""), "photos": photos}
        report(db(), actor(), project_id, done, day=day or today(), version=version_of(), now=now(), **given)
    except REFUSED as error:
        return _report_form(project_id, error, photos), error.status
    flash(gettext("已填报"))
    return redirect(url_for("project.show", project_id=project_id), 303)


def _read_done(project_id: UUID, faults: list[Fault]) -> dict[UUID, Done]:
    found: dict[UUID, Done] = {}
    for item in items_of(db(), find_project(db(), actor(), project_id, now()).id):
        said = request.form.get(f"done.{item.id}", "").strip()
        if not said or said == words.item_done(item):
            continue
        try:
            amount = read_amount(said, item.measure, f"done.{item.id}")
        except InvalidInput as error:
            faults += error.faults
            continue
        if amount is not None:
            found[item.id] = amount
    return found


def _report_form(project_id: UUID, error: SanchengError | None = None, photos: Any = ()) -> str:
    found = open_project(db(), actor(), project_id, now=now())
    return _render("projects/report.html", found, error, photos=photos)


def _render(template: str, found: Any, error: SanchengError | None, **more: Any) -> str:
    return render_template(
        template,
        found=found,
        project=found.project,
        said=request.form if error else {},
        version=request.form.get("version", found.project.version),
        faults=fault_map(error),
        all_faults=fault_list(error),
        refusal=say(error) if error and not error.faults else "",
        running=found.project.state == RUNNING,
        today=today(),
        longest=LONGEST_NOTE,
        most_photos=MOST_PHOTOS,
        words=words,
        **more,
    )


@blueprint.get("/<uuid:project_id>/pay")
@require_any(ANSWER, DIRECT)
def ask_pay(project_id: UUID) -> str:
    """The table to enter what was paid."""
    open_kept(db(), actor(), project_id, now())
    return _render("projects/pay.html", open_project(db(), actor(), project_id, now=now()), None)


@blueprint.post("/<uuid:project_id>/pay")
@require_any(ANSWER, DIRECT)
def send_pay(project_id: UUID) -> AnyResponse | tuple[str, int]:
    """Enter it, an amount a share; a leading minus takes back."""
    amounts: dict[UUID, int] = {}
    faults: list[Fault] = []
    for share in shares_of(db(), find_project(db(), actor(), project_id, now()).id):
        field = f"paid.{share.id}"
        try:
            amounts[share.id] = read_payment(request.form.get(field, ""), field)
        except InvalidInput as error:
            faults += error.faults
    try:
        day = day_of(request.form, "day") or today()
        if faults:
            raise InvalidInput(faults=faults)
        pay(
            db(),
            actor(),
            project_id,
            amounts,
            day=day,
            note=request.form.get("note", ""),
            version=version_of(),
            now=now(),
        )
    except REFUSED as error:
        found = open_project(db(), actor(), project_id, now=now())
        return _render("projects/pay.html", found, error), error.status
    flash(gettext("支付已登记"))
    return redirect(url_for("project.show", project_id=project_id), 303)


@blueprint.get("/<uuid:project_id>/objects/<uuid:bill_line_id>")
@require(SEE)
def show_objects(project_id: UUID, bill_line_id: UUID) -> str:
    """The list of a counter's objects, each with its state; with the means to tick and to add."""
    return _objects(project_id, bill_line_id)


@blueprint.post("/<uuid:project_id>/objects/<uuid:bill_line_id>")
@require_any(ANSWER, DIRECT)
def tick(project_id: UUID, bill_line_id: UUID) -> AnyResponse | tuple[str, int]:
    """Say how far the ticked ones are."""
    form = request.form
    faults: list[Fault] = []
    photos = posted("photos", faults)
    try:
        day = day_of(form, "day") or today()
        if faults:
            raise InvalidInput(faults=faults)
        chosen = [UUID(one) for one in form.getlist("objects") if len(one) == 36 and one.count("-") == 4]
        given = {"note": form.get("note", ""), "photos": photos, "version": version_of(), "now": now()}
        set_objects(db(), actor(), project_id, chosen, form.get("state", ""), day=day, **given)
    except REFUSED as error:
        return _objects(project_id, bill_line_id, error), error.status
    flash(counted("已登记 %(n)s 个对象", n=len(chosen)))
    return redirect(url_for("project_reports.show_objects", project_id=project_id, bill_line_id=bill_line_id), 303)


@blueprint.post("/<uuid:project_id>/objects/<uuid:bill_line_id>/import")
@require_any(ANSWER, DIRECT)
def add(project_id: UUID, bill_line_id: UUID) -> AnyResponse | tuple[str, int]:
    """Add objects by pasting names, or a CSV file."""
    form, file = request.form, request.files.get("file")
    text = form.get("names", "")
    if file is not None and file.filename:
        text = _decode(file.stream.read(1_000_000))
    try:
        given = {"reason": form.get("reason", ""), "version": version_of(), "now": now()}
        made = import_objects(db(), actor(), project_id, bill_line_id, text, **given)
    except REFUSED as error:
        return _objects(project_id, bill_line_id, error), error.status
    flash(gettext("新列入 %(added)s，原已在列 %(same)s", added=made.added, same=made.same))
    return redirect(url_for("project_reports.show_objects", project_id=project_id, bill_line_id=bill_line_id), 303)


def _decode(body: bytes) -> str:
    """A CSV file as officials save it: UTF-8, with or without a mark, else GB18030."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("gb18030", errors="replace")


def _objects(project_id: UUID, bill_line_id: UUID, error: SanchengError | None = None) -> str:
    found = open_project(db(), actor(), project_id, now=now())
    row = next((one for one in found.rows if one.item.id == bill_line_id and one.counter is not None), None)
    if row is None:
        raise NotFound
    return _render("projects/objects.html", found, error, row=row, states=words.options(OBJECT_STATES))


@blueprint.post("/<uuid:project_id>/findings")
@require_any(ANSWER, DIRECT)
def pick(project_id: UUID) -> AnyResponse:
    """Say which of the site's findings the file settles."""
    chosen = [UUID(one) for one in request.form.getlist("findings") if len(one) == 36 and one.count("-") == 4]
    set_findings(db(), actor(), project_id, chosen, version=version_of(), now=now())
    flash(counted("已列入 %(n)s 个问题", n=len(chosen)))
    return redirect(url_for("project.show", project_id=project_id) + "#findings", 303)


@blueprint.get("/<uuid:project_id>/sign")
@require_any(ANSWER, DIRECT)
def ask_sign(project_id: UUID) -> str:
    """The form to enter that the owner signed."""
    open_kept(db(), actor(), project_id, now())
    return _render("projects/sign.html", open_project(db(), actor(), project_id, now=now()), None, photos=())


@blueprint.post("/<uuid:project_id>/sign")
@require_any(ANSWER, DIRECT)
def send_sign(project_id: UUID) -> AnyResponse | tuple[str, int]:
    """Enter it, with the scan of the signed sheet."""
    faults: list[Fault] = []
    photos = posted("photos", faults)
    try:
        if faults:
            raise InvalidInput(faults=faults)
        given = {"signed_on": day_of(request.form, "signed_on"), "photos": photos, "now": now()}
        sign(db(), actor(), project_id, owner_name=request.form.get("owner_name", ""), version=version_of(), **given)
    except REFUSED as error:
        found = open_project(db(), actor(), project_id, now=now())
        return _render("projects/sign.html", found, error, photos=photos), error.status
    flash(gettext("签字已登记"))
    return redirect(url_for("project.show", project_id=project_id), 303)
