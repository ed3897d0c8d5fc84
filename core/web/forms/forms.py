"""The forms of a district (表格): shipped and own, by campaign, and a workbook's way from upload over its check to a version."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign, Form
from core.campaigns.xlsform.model import Read
from core.campaigns.xlsform.reading import read_workbook
from core.campaigns.xlsform.scored import design_of, to_form
from core.errors import Fault, InvalidInput, TooLarge
from core.request import actor, db, now, require
from core.web import district, uploads
from core.web.errors import say, say_fault
from core.web.forms.previewing import show_preview
from core.web.forms.words import STATES, say_differences, say_remarks, say_title, words_of
from core.web.places.site_words import say_types
from core.web.running import running, running_one, title_of
from core.web.words import by_locale
from core.work.forms.fielding import form_in_use, with_own
from core.work.forms.versions import check_form, draft, publish, shipped_form, versions_of
from core.work.roles import ADMINISTER, SEE

blueprint = Blueprint("forms", __name__, url_prefix="/t/<slug>/forms")
blueprint.before_request(district.enter)

SHOWN = 300


@blueprint.get("")
@require(SEE)
def show_list() -> tuple[str, int]:
    """Every form that is in use, by campaign, with its version; and the way in for a workbook."""
    return _list()


def _list(status: int = 200, said: str = "") -> tuple[str, int]:
    rooms = [
        (one, [(form, _origin(one, form)) for form in one.edition.all_forms], _waiting(one))
        for one in with_own(db(), running())
    ]
    page = render_template(
        "forms/list.html",
        rooms=rooms,
        said=said,
        title_of=title_of,
        say_title=say_title,
        say_types=say_types,
        by_locale=by_locale,
    )
    return page, status


def _origin(campaign: Campaign, form: Form) -> str:
    """Shipped as it is, changed by the district, or the district's own."""
    shipped = shipped_form(campaign, form.code)
    return "own" if shipped is None else "shipped" if shipped.sha256 == form.sha256 else "changed"


def _waiting(campaign: Campaign) -> list[Any]:
    """Drafts that nobody has published: each form's newest."""
    return [row for row in versions_of(db(), campaign.key) if row.state == "draft"]


@blueprint.post("/upload")
@require(ADMINISTER)
def upload() -> AnyResponse | tuple[str, int]:
    """Keep the workbook for its check; nothing is written into the tables."""
    campaign, file = running_one(request.form.get("campaign", "")), request.files.get("file")
    if file is None or not file.filename:
        return _list(422, gettext("请选择一个 .xlsx、.xls 或 .csv 文件"))
    kept = uploads.keep(file.read())
    return redirect(url_for("forms.check", campaign=campaign.key, sha256=kept, name=file.filename[-120:]), 303)


def _name() -> str:
    return request.values.get("name", "").strip()[:120].replace("\x00", "") or "form.xlsx"


def _read(campaign: Campaign, sha256: str) -> Read:
    codes = {campaign.key: [one.code for one in campaign.edition.indicators]}
    return read_workbook(uploads.fetch(sha256), _name(), words_of(campaign), indicators=codes)


def _accepted(campaign: Campaign, sha256: str) -> Form:
    """The form of a workbook that was accepted. Raises InvalidInput when it is not."""
    found = _read(campaign, sha256)
    if found.design is None:
        raise InvalidInput
    return to_form(found.design, words_of(campaign))


@blueprint.get("/uploads/<campaign>/<sha256>")
@require(ADMINISTER)
def check(campaign: str, sha256: str) -> tuple[str, int]:
    """Every remark on the workbook; when it can be used, what it changes, how it looks on a phone, and the next step."""
    return _check(running_one(campaign), sha256)


def _check(campaign: Campaign, sha256: str, said: str = "", status: int = 200) -> tuple[str, int]:
    found = _read(campaign, sha256)
    form, faults, shown = None, list[Fault](), []
    words = words_of(campaign)
    if found.design is not None:
        form = to_form(found.design, words)
        faults = check_form(campaign, form)
        before = form_in_use(db(), campaign, form.code)
        shown = say_differences(design_of(before, words, campaign.key), found.design) if before else []
    remarks = say_remarks(found.findings)
    page = render_template(
        "forms/check.html",
        campaign=campaign,
        sha256=sha256,
        name=_name(),
        form=form,
        fresh=form is not None and form_in_use(db(), campaign, form.code) is None,
        remarks=remarks[:SHOWN],
        more=len(remarks) - SHOWN,
        faults=[(one.value, say_fault(one)) for one in faults],
        differences=shown,
        refused=form is None or bool(faults),
        said=said,
        title_of=title_of,
        say_title=say_title,
        say_types=say_types,
    )
    return page, status if form and not faults else 422


@blueprint.get("/uploads/<campaign>/<sha256>/preview")
@require(ADMINISTER)
def preview(campaign: str, sha256: str) -> str:
    """The form of a workbook as a phone shows it, without sending anything."""
    runs = running_one(campaign)
    return show_preview(runs, _accepted(runs, sha256))


@blueprint.post("/uploads/<campaign>/<sha256>")
@require(ADMINISTER)
def keep(campaign: str, sha256: str) -> AnyResponse | tuple[str, int]:
    """Keep the workbook's form as a draft, or give it to the inspectors at once."""
    runs = running_one(campaign)
    try:
        form = _accepted(runs, sha256)
        note = request.form.get("note", "")
        row = draft(db(), actor(), runs, form, file_name=_name(), note=note, now=now())
        if request.form.get("go") == "publish":
            row = publish(db(), actor(), row.id, runs, form, now=now())
    except (InvalidInput, TooLarge) as error:
        return _check(runs, sha256, say(error), error.status)
    uploads.forget(sha256)
    state = gettext(STATES[row.state][0])
    flash(gettext("%(code)s 第 %(n)s 版：%(state)s", code=row.code, n=row.number, state=state))
    return redirect(url_for("form_versions.show", campaign=campaign, form=row.code), 303)
