"""The records of a form (填写记录): the visits that answered it, by day, unit, version and text, and all of them as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext

from core.campaigns import Campaign, Form
from core.campaigns.xlsform.model import Repeat
from core.errors import NotFound
from core.request import actor, db, house, require_any, tenant, today
from core.web import district
from core.web.forms.entries_files import Told, send_csv, send_workbook, send_zip
from core.web.forms.entries_view import first_said
from core.web.forms.words import say_title, words_of
from core.web.inspection.visits import BASES
from core.web.paging import PAGE, Page, bad_argument, cut, read_cursor, read_day, read_id
from core.web.places.site_words import say_points, unit_options
from core.web.running import title_of
from core.work.enabling import campaign_as_run
from core.work.forms.entries import Record, Used, Wanted, list_records, used_versions
from core.work.forms.entries_columns import layout_of
from core.work.forms.fielding import read_forms, with_own
from core.work.forms.versions import versions_of
from core.work.roles import SEE, VISIT
from tenants.models import EnabledCampaign

blueprint = Blueprint("form_entries", __name__, url_prefix="/t/<slug>/forms/<campaign>/<form>/records")
blueprint.before_request(district.enter)

SAID = 3  # entries of a record that its line shows (ours)


@dataclass(frozen=True, slots=True)
class Kept:
    """A form with what is known of its versions (表格): those with records, their content, their numbers here."""

    campaign: Campaign
    code: str
    used: Sequence[Used]
    forms: Mapping[str, Form]
    numbers: Mapping[str, int]
    is_running: bool

    @property
    def newest(self) -> Form | None:
        """The version that came into use last, among those with records."""
        return next((self.forms[one.sha256] for one in self.used if one.sha256 in self.forms), None)

    @property
    def repeats(self) -> bool:
        """Whether any version has a repeat, which is a table of its own."""
        surveys = [one.survey for one in self.listed if one.survey is not None]
        return any(isinstance(placed.part, Repeat) for survey in surveys for placed in survey.walk())

    @property
    def listed(self) -> list[Form]:
        """The versions with records, the newest first."""
        return [self.forms[one.sha256] for one in self.used if one.sha256 in self.forms]


@blueprint.get("")
@require_any(SEE, VISIT)
def show(campaign: str, form: str) -> str:
    """The visits that answered a form, the latest first."""
    kept, wanted = _kept(campaign, form), read_wanted()
    page = _page(campaign, form, wanted)
    newest = kept.newest
    return render_template(
        "forms/records.html",
        kept=kept,
        title=say_title(newest) if newest else form,
        page=page,
        wanted=wanted,
        said={one.visit_id: first_said(kept.forms.get(one.form_sha256), one.entries, SAID) for one in page.rows},
        bases=BASES,
        units=unit_options(db(), actor(), today()),
        versions=[
            (one.sha256, f"{say_version(kept.numbers, one.sha256)} · {one.sha256[:12]} ({one.records})")
            for one in kept.used
        ],
        say_version=lambda sha256: say_version(kept.numbers, sha256),
        say_points=say_points,
        may_see=actor().has(SEE) and kept.is_running,
        title_of=title_of,
    )


def read_wanted() -> Wanted:
    """The filter of this request. Raises InvalidInput."""
    said = request.args
    unit, version = said.get("unit", ""), said.get("version", "")
    if version and (len(version) != 64 or not version.isalnum()):
        raise bad_argument("version", version)
    text = said.get("q", "").replace("\x00", "").strip()[:60]
    return Wanted(read_day("from"), read_day("to"), read_id(unit, "unit") if unit else None, version, text)


def say_version(numbers: Mapping[str, int], sha256: str) -> str:
    """A version in words: the district's number, or that it is shipped."""
    number = numbers.get(sha256)
    return gettext("第 %(n)s 版", n=number) if number else gettext("随系统提供")


def _page(campaign: str, form: str, wanted: Wanted) -> Page[Record]:
    said = read_cursor(2)
    after = (_day(said[0]), read_id(said[1], "cursor")) if said else None
    rows = list_records(db(), actor(), campaign, form, wanted, after, PAGE + 1, today())
    return cut(rows, lambda row: (row.day, row.visit_id), PAGE)


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise bad_argument("cursor", said) from None


def _kept(key: str, code: str) -> Kept:
    """A form that is here, was here, or has records within reach; of a suspended campaign as well. Raises NotFound."""
    row = db().get(EnabledCampaign, (db().tenant_id, key))
    if row is None:
        raise NotFound
    campaign = campaign_as_run(db(), house().registry, row)
    own = versions_of(db(), key, code)
    used = used_versions(db(), actor(), key, code, today())
    shipped = with_own(db(), [campaign])[0].edition.all_forms
    if not own and not used and all(one.code != code for one in shipped):
        raise NotFound
    forms = read_forms(db(), [one.sha256 for one in used])
    numbers = {one.sha256: one.number for one in reversed(own)}
    return Kept(campaign, code, used, forms, numbers, row.state == "enabled")


def _told(campaign: str, form: str) -> tuple[str, Told]:
    """What a file of the records is called, and what it tells."""
    kept, wanted = _kept(campaign, form), read_wanted()
    nobody = UUID(int=0)
    photos = url_for("photos.show", ref=nobody, _external=True).removesuffix(str(nobody))
    layout = layout_of(kept.listed, words_of(kept.campaign))
    told = Told(campaign, form, wanted, actor(), today(), layout, kept.numbers, photos)
    return f"records-{tenant().slug}-{form}-{today().isoformat()}", told


@blueprint.get("/export.csv")
@require_any(SEE, VISIT)
def export(campaign: str, form: str) -> Response:
    """The records as CSV, a row each."""
    return send_csv(*_told(campaign, form))


@blueprint.get("/export.zip")
@require_any(SEE, VISIT)
def export_tables(campaign: str, form: str) -> Response:
    """The records, the rows of their repeats and what the columns are, as CSV files in a zip."""
    return send_zip(*_told(campaign, form))


@blueprint.get("/export.xlsx")
@require_any(SEE, VISIT)
def export_workbook(campaign: str, form: str) -> Response:
    """The same as an Excel workbook, a sheet a table."""
    return send_workbook(*_told(campaign, form))
