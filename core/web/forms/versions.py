"""One form of a district (表格版本): what is in use, every version with its workbook, and what each changed."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign, Form
from core.campaigns.xlsform.scored import design_of
from core.errors import Conflict, InvalidInput, NotFound
from core.request import actor, db, now, require
from core.web import district
from core.web.errors import say
from core.web.forms.previewing import show_preview
from core.web.forms.words import STATES, Shown, say_differences, say_title, send_form, words_of
from core.web.paging import bad_argument
from core.web.places.site_words import say_types
from core.web.running import running_one, title_of
from core.work.forms.fielding import form_in_use, read_forms
from core.work.forms.versions import end_version, get_version, publish, shipped_form, versions_of
from core.work.roles import ADMINISTER, SEE
from core.work.tables import OwnForm

blueprint = Blueprint("form_versions", __name__, url_prefix="/t/<slug>/forms/<campaign>/<form>")
blueprint.before_request(district.enter)


@blueprint.get("")
@require(SEE)
def show(campaign: str, form: str) -> str:
    """The form in use and its versions, each with what it changed against the one before."""
    runs = running_one(campaign)
    rows = versions_of(db(), campaign, form)
    in_use = form_in_use(db(), runs, form)
    if in_use is None and not rows:
        raise NotFound
    return render_template(
        "forms/form.html",
        campaign=runs,
        code=form,
        form=in_use,
        shipped=shipped_form(runs, form),
        rows=rows,
        changes=_changes(runs, form, rows),
        states=STATES,
        title_of=title_of,
        say_title=say_title,
        say_types=say_types,
    )


def _changes(campaign: Campaign, code: str, rows: list[OwnForm]) -> dict[UUID, list[Shown]]:
    """What each version changed against the one before it, the first against the shipped form."""
    words = words_of(campaign)
    forms = read_forms(db(), [row.sha256 for row in rows])
    found: dict[UUID, list[Shown]] = {}
    before = shipped_form(campaign, code)
    for row in reversed(rows):
        form = forms[row.sha256]
        designs = [design_of(one, words, campaign.key) for one in (before, form) if one is not None]
        found[row.id] = say_differences(*designs) if len(designs) == 2 else []
        before = form
    return found


def _form(campaign: Campaign, code: str) -> Form:
    """The version that the address asks for: a number, ``shipped``, or what is in use. Raises NotFound."""
    said = request.args.get("version", "")
    if said and said != "shipped":
        if not said.isdecimal() or len(said) > 6:
            raise bad_argument("version", said)
        row = next((one for one in versions_of(db(), campaign.key, code) if one.number == int(said)), None)
        found = read_forms(db(), [row.sha256]).get(row.sha256) if row else None
    else:
        found = shipped_form(campaign, code) if said else form_in_use(db(), campaign, code)
    if found is None:
        raise NotFound
    return found


@blueprint.get("/form.xlsx")
@require(SEE)
def workbook(campaign: str, form: str) -> Response:
    """A version as the workbook that one changes, and that ODK or Kobo run as well."""
    runs = running_one(campaign)
    return send_form(runs, _form(runs, form))


@blueprint.get("/preview")
@require(SEE)
def preview(campaign: str, form: str) -> str:
    """A version as a phone shows it, without sending anything."""
    runs = running_one(campaign)
    return show_preview(runs, _form(runs, form))


@blueprint.post("/<uuid:version_id>/publish")
@require(ADMINISTER)
def put_in_use(campaign: str, form: str, version_id: UUID) -> AnyResponse:
    """Give a version to the inspectors; an older one again is a way back."""
    runs, row = running_one(campaign), _own(campaign, form, version_id)
    try:
        publish(db(), actor(), row.id, runs, read_forms(db(), [row.sha256])[row.sha256], now=now())
    except (Conflict, InvalidInput) as error:
        flash(say(error), "error")
    else:
        flash(gettext("第 %(n)s 版已发布，从下一次检查起使用", n=row.number))
    return redirect(url_for("form_versions.show", campaign=campaign, form=form), 303)


@blueprint.post("/<uuid:version_id>/end")
@require(ADMINISTER)
def end(campaign: str, form: str, version_id: UUID) -> AnyResponse:
    """Take a version out of use, or drop a draft."""
    row = _own(campaign, form, version_id)
    try:
        end_version(db(), actor(), row.id, now=now())
    except Conflict as error:
        flash(say(error), "error")
    else:
        flash(gettext("第 %(n)s 版：%(state)s", n=row.number, state=gettext(STATES[row.state][0])))
    return redirect(url_for("form_versions.show", campaign=campaign, form=form), 303)


def _own(campaign: str, form: str, version_id: UUID) -> OwnForm:
    row = get_version(db(), version_id)
    if (row.campaign, row.code) != (campaign, form):
        raise NotFound
    return row
