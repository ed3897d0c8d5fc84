"""A campaign's editions here (测评体系版本): which runs when, choosing one from a day on, taking a choice back."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.campaigns import Campaign
from core.campaigns.lineage import KINDS
from core.errors import Conflict, InvalidInput, NotFound
from core.figures.by_edition import break_after
from core.figures.impact import impact_of
from core.figures.periods import containing
from core.request import actor, db, now, require, tenant, today
from core.web.editions.edition_words import CHANGES, ROLES, say_source, title_of_edition
from core.web.errors import fault_map, say
from core.web.imports import XLSX
from core.web.paging import bad_argument
from core.web.running import running_one, title_of
from core.web.scores.figure_words import say_points
from core.web.scores.periods import say_period
from core.web.words import by_locale
from core.work.dated import last_day_of
from core.work.editions.choices import IN_FORCE, choices_of
from core.work.editions.in_force import spans_of
from core.work.editions.known import Known, known_edition, known_editions
from core.work.editions.switching import check_choice, choose_edition, withdraw_edition
from core.work.editions.workbook_template import edition_workbook
from core.work.roles import ADMINISTER, SEE

blueprint = Blueprint("editions", __name__, url_prefix="/t/<slug>/campaigns/<key>/editions")


@blueprint.before_request
def enter() -> None:
    """Only districts run campaigns."""
    asked.enter()
    if tenant().kind != "district":
        raise NotFound


@blueprint.get("")
@require(SEE)
def show(key: str) -> str:
    """Which edition scores which days, and every edition there is to choose from."""
    campaign = running_one(key)
    known = {one.edition.sha256: one for one in known_editions(db(), campaign)}
    return render_template(
        "editions/list.html",
        campaign=campaign,
        known=list(known.values()),
        by_hash=known,
        begin=spans_of(db(), campaign)[0].edition,
        choices=choices_of(db(), key),
        roles=ROLES,
        now_on=today(),
        last_day=last_day_of,
        title_of=title_of,
        title_of_edition=title_of_edition,
        say_source=say_source,
        by_locale=by_locale,
    )


@blueprint.get("/<edition_sha>/workbook.xlsx")
@require(SEE)
def export_workbook(key: str, edition_sha: str) -> Response:
    """An edition as the workbook that an upload takes (导出工作簿): read back unchanged it is the same edition."""
    campaign = running_one(key)
    edition = known_edition(db(), campaign, edition_sha).edition
    answer = Response(edition_workbook(campaign, edition), content_type=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{key}-{edition.key}.xlsx"'
    return answer


def read_choice() -> tuple[str, date]:
    """The role and the day that a form asks for. Raises InvalidInput."""
    role, day = request.values.get("role", IN_FORCE), request.values.get("day", "").strip()
    if role not in ROLES:
        raise bad_argument("role", role)
    try:
        return role, date.fromisoformat(day) if day else today()
    except ValueError:
        raise bad_argument("day", day) from None


@blueprint.get("/<edition_sha>/switch")
@require(ADMINISTER)
def preview(key: str, edition_sha: str) -> tuple[str, int]:
    """What choosing an edition from a day on would mean; nothing is written."""
    campaign = running_one(key)
    known = known_edition(db(), campaign, edition_sha)
    role, day = read_choice()
    try:
        check_choice(db(), campaign, known.edition, role=role, day=day, today=today())
    except (InvalidInput, Conflict) as error:
        return _preview(campaign, known, role, day, fault_map(error), say(error)), error.status
    return _preview(campaign, known, role, day), 200


def _preview(
    campaign: Campaign, known: Known, role: str, day: date, errors: dict[str, str] | None = None, said: str = ""
) -> str:
    month, quarter = (break_after(containing(kind, day), day) for kind in ("month", "quarter"))
    last = containing("month", today()).previous
    old, new = campaign.edition, known.edition
    found = None if said else impact_of(db(), actor(), campaign, old, new, last, cut_off=now())
    return render_template(
        "editions/switch.html",
        campaign=campaign,
        known=known,
        role=role,
        day=day,
        errors=errors or {},
        said=said,
        first=[say_period(one) for one in (month, quarter)],
        found=found,
        period=say_period(last),
        period_key=last.key,
        kinds=[(CHANGES[kind][0], found.lineage.count(kind)) for kind in KINDS] if found else [],
        say_points=say_points,
        roles=ROLES,
        title_of=title_of,
        title_of_edition=title_of_edition,
        say_source=say_source,
    )


@blueprint.post("/<edition_sha>/switch")
@require(ADMINISTER)
def switch(key: str, edition_sha: str) -> AnyResponse | tuple[str, int]:
    """Choose an edition from a day on, as the preview showed."""
    campaign = running_one(key)
    known = known_edition(db(), campaign, edition_sha)
    role, day = read_choice()
    asked_for = {"role": role, "day": day, "today": today(), "source": known.source}
    try:
        choose_edition(db(), actor(), campaign, known.edition, **asked_for)
    except (InvalidInput, Conflict) as error:
        return _preview(campaign, known, role, day, fault_map(error), say(error)), error.status
    title, when = title_of_edition(known.edition), day.isoformat()
    if role == IN_FORCE:
        flash(gettext("%(edition)s自 %(day)s 起在用", edition=title, day=when))
    else:
        flash(gettext("%(edition)s自 %(day)s 起作影子版本试算", edition=title, day=when))
    return redirect(url_for("editions.show", key=key), 303)


@blueprint.post("/choices/<uuid:choice_id>/withdraw")
@require(ADMINISTER)
def withdraw(key: str, choice_id: UUID) -> AnyResponse:
    """Take a choice back that has not begun, or end a shadow."""
    running_one(key)
    try:
        withdraw_edition(db(), actor(), choice_id, campaign=key, today=today())
    except Conflict as error:
        flash({"text": say(error), "tone": "error"})
    else:
        flash(gettext("已撤回这项版本选择"))
    return redirect(url_for("editions.show", key=key), 303)
