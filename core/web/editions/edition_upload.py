"""A district's own edition from a workbook (上传本区版本): template, check with lineage and sample scores, adoption on a date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign, Edition, Indicator
from core.campaigns.lineage import KINDS
from core.campaigns.samples import sample_scores
from core.errors import Conflict, Fault, InvalidInput, TooLarge
from core.figures.impact import impact_of
from core.figures.periods import containing
from core.figures.rules import rule_of
from core.request import actor, db, now, require, today
from core.web import uploads
from core.web.editions.edition_rules import rules_of
from core.web.editions.edition_words import CHANGES, ROLES, title_of_edition
from core.web.editions.editions import enter, read_choice
from core.web.editions.impact import say_parts
from core.web.errors import fault_map, say
from core.web.imports import XLSX
from core.web.running import running_one, title_of
from core.web.scores.figure_words import say_change, say_points, say_target
from core.web.scores.periods import say_period
from core.web.words import by_locale
from core.work.editions.choices import IN_FORCE, PRIVATE, SHIPPED
from core.work.editions.known import check_code
from core.work.editions.switching import choose_edition
from core.work.editions.workbook_reading import read_own_edition
from core.work.editions.workbook_template import edition_workbook
from core.work.roles import ADMINISTER

blueprint = Blueprint("edition_upload", __name__, url_prefix="/t/<slug>/campaigns/<key>/own-edition")
blueprint.before_request(enter)

SHOWN = 200


def _name() -> str:
    return request.values.get("name", "").strip()[:120].replace("\x00", "") or "edition.xlsx"


def _ask(campaign: Campaign, status: int = 200, said: str = "", faults: tuple[Fault, ...] = ()) -> tuple[str, int]:
    page = render_template(
        "editions/upload.html",
        campaign=campaign,
        said=said,
        faults=faults[:SHOWN],
        bad=len(faults),
        title_of=title_of,
        title_of_edition=title_of_edition,
        say=_say_in_workbook,
    )
    return page, status


def _say_in_workbook(text: str, params: Mapping[str, object]) -> str:
    """A message of the loader in the words of a workbook: its files are sheets here."""
    said = gettext(text).format(**params) if params else gettext(text)
    return said.replace(".csv", "").replace(".toml", "")


@blueprint.get("")
@require(ADMINISTER)
def show(key: str) -> tuple[str, int]:
    """What to do, the template, and the form for the file."""
    return _ask(running_one(key))


@blueprint.get("/template.xlsx")
@require(ADMINISTER)
def template(key: str) -> Response:
    """The edition in force as a workbook to be changed."""
    campaign = running_one(key)
    answer = Response(edition_workbook(campaign, campaign.edition, f"own_{today().year}"), content_type=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{key}-edition.xlsx"'
    return answer


@blueprint.post("")
@require(ADMINISTER)
def upload(key: str) -> AnyResponse | tuple[str, int]:
    """Keep the file for the check; nothing is written into the tables."""
    campaign, file = running_one(key), request.files.get("file")
    if file is None or not file.filename:
        return _ask(campaign, 422, gettext("请选择一个 .xlsx 文件"))
    kept = uploads.keep(file.read())
    return redirect(url_for("edition_upload.check", key=key, sha256=kept, name=file.filename[-120:]), 303)


def _read(campaign: Campaign, sha256: str) -> Edition:
    """The edition of a workbook that waits. Raises InvalidInput, also for a code that is another edition's here."""
    edition = read_own_edition(campaign, uploads.fetch(sha256), _name())
    check_code(db(), campaign, edition)
    return edition


@blueprint.get("/<sha256>")
@require(ADMINISTER)
def check(key: str, sha256: str) -> tuple[str, int]:
    """Every fault of the workbook; without one its lineage against the edition in force, sample scores, and the adoption."""
    campaign = running_one(key)
    try:
        edition = _read(campaign, sha256)
    except (InvalidInput, TooLarge) as error:
        return _ask(campaign, error.status, say(error), tuple(error.faults))
    return _preview(campaign, edition, sha256), 200


def _preview(campaign: Campaign, edition: Edition, sha256: str, **typed: Any) -> str:
    period = containing("month", today()).previous
    found = impact_of(db(), actor(), campaign, campaign.edition, edition, period, cut_off=now())
    return render_template(
        "editions/own.html",
        campaign=campaign,
        edition=edition,
        sha256=sha256,
        name=_name(),
        found=found,
        period=say_period(period),
        moved=found.moved,
        kinds=[(kind, CHANGES[kind][0], found.lineage.count(kind)) for kind in KINDS],
        samples=sample_scores(edition),
        rules=rules_of(campaign, edition, campaign.edition),
        changes=CHANGES,
        roles=ROLES,
        role=typed.get("role", "shadow"),
        day=typed.get("day", today()).isoformat(),
        errors=typed.get("errors", {}),
        said=typed.get("said", ""),
        say_parts=say_parts,
        say_rule=_say_rule,
        title_of=title_of,
        title_of_edition=title_of_edition,
        say_points=say_points,
        say_change=say_change,
        say_target=say_target,
        by_locale=by_locale,
    )


def _say_rule(indicator: Indicator) -> str:
    """How an indicator is scored, in words."""
    rule = rule_of(indicator)
    return by_locale(rule.zh, rule.en)


@blueprint.post("/<sha256>")
@require(ADMINISTER)
def adopt(key: str, sha256: str) -> AnyResponse | tuple[str, int]:
    """Freeze the edition of a workbook without faults and choose it from a day on."""
    campaign = running_one(key)
    role, day = read_choice()
    try:
        edition = _read(campaign, sha256)
    except (InvalidInput, TooLarge) as error:
        return _ask(campaign, error.status, say(error), tuple(error.faults))
    try:
        source = SHIPPED if edition.sha256 in {one.sha256 for one in campaign.shipped} else PRIVATE
        choose_edition(db(), actor(), campaign, edition, role=role, day=day, today=today(), source=source)
    except (InvalidInput, Conflict) as error:
        typed = {"role": role, "day": day, "errors": fault_map(error), "said": say(error)}
        return _preview(campaign, edition, sha256, **typed), error.status
    uploads.forget(sha256)
    title = title_of_edition(edition)
    if role == IN_FORCE:
        flash(gettext("%(edition)s自 %(day)s 起在用", edition=title, day=day.isoformat()))
    else:
        flash(gettext("%(edition)s自 %(day)s 起作影子版本试算", edition=title, day=day.isoformat()))
    return redirect(url_for("editions.show", key=key), 303)
