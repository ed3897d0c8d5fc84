"""Publishing a period (发布一期): first exactly what would leave and to whom, then the seal; nothing goes out unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core.campaigns import Campaign
from core.errors import Conflict, InvalidInput, SanchengError
from core.figures.comparison import UNRANKED
from core.figures.periods import Period, containing, parse_period
from core.figures.publishing import Copy, Preview, preview, publish
from core.figures.sealed_effects import effects_of, without_effects
from core.figures.sealed_rows import SITE, UNIT, of_level
from core.figures.tables import PublishedFigure
from core.request import actor, db, now, require, tenant, today
from core.web.errors import fault_map, say, say_fault
from core.web.running import running, running_one, title_of
from core.web.scores.figure_words import say_number, say_points, say_target, say_value
from core.web.scores.grants import SAYS
from core.web.scores.periods import Choice, read_period, say_period
from core.web.scores.publications import enter
from core.web.scores.sealed import Group, Sealed, group_figures, points_of, say_warnings
from core.web.words import by_locale
from core.work.roles import PUBLISH

blueprint = Blueprint("publishing", __name__, url_prefix="/t/<slug>/publications/new")
blueprint.before_request(enter)

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Leaving:
    """One copy as the preview shows it (送达内容): who gets it, in which detail, with which figures."""

    copy: Copy
    sealed: Sealed
    groups: Sequence[Group]
    units: Sequence[PublishedFigure]
    sites: Sequence[PublishedFigure]

    @property
    def listed(self) -> int:
        """How many headings and indicators are listed."""
        return len(without_effects(self.copy.figures))


def leaving_of(found: Preview) -> list[Leaving]:
    """The copies of a preview, those that leave the district first."""
    listed = [
        Leaving(
            copy,
            Sealed(copy.publication, effects_of(copy.figures)),
            group_figures(copy.figures),
            of_level(copy.figures, UNIT),
            of_level(copy.figures, SITE),
        )
        for copy in found.copies
    ]
    return sorted(listed, key=lambda one: one.copy.is_own)


def fingerprint(found: Preview) -> str:
    """What a preview showed, as a word that its form carries: publishing something else is refused."""
    seen = [
        (c.publication.reader_slug, c.publication.content_sha256, c.publication.corrects_sha256) for c in found.copies
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


@blueprint.get("")
@require(PUBLISH)
def ask() -> AnyResponse | str | tuple[str, int]:
    """Choose a campaign and a period; then everything that would leave, reader by reader."""
    choice = read_period(containing("month", today()).previous)
    campaigns, wanted = running(choice.period.start), request.args.get("campaign", "")
    campaign = running_one(wanted, choice.period.start) if wanted else campaigns[0] if campaigns else None
    if campaign is None:
        return _page(None, choice, None)
    try:
        return _page(campaign, choice, preview(db(), actor(), campaign, choice.period, now=now()))
    except InvalidInput as error:
        return _page(campaign, choice, None, errors=fault_map(error), faults=_said(error)), 422


def _page(
    campaign: Campaign | None,
    choice: Choice,
    found: Preview | None,
    *,
    errors: Mapping[str, str] | None = None,
    faults: Sequence[tuple[str, str]] = (),
) -> str:
    return render_template(
        "publications/new.html",
        campaigns=[(one.key, title_of(one)) for one in running()],
        campaign=campaign,
        choice=choice,
        found=found,
        leaving=leaving_of(found) if found else [],
        seen=fingerprint(found) if found else "",
        warnings=say_warnings(found.copies[0].publication.warnings) if found else [],
        is_open=choice.period.end >= today(),
        has_upper=tenant().upper_id is not None,
        errors=errors or {},
        faults=faults,
        reason=request.form.get("reason", ""),
        longest=LONGEST_REASON,
        says=SAYS,
        unranked=UNRANKED,
        title_of=title_of,
        say_period=say_period,
        say_points=say_points,
        say_number=say_number,
        say_value=say_value,
        say_target=say_target,
        points_of=points_of,
        by_locale=by_locale,
    )


def _said(error: SanchengError) -> list[tuple[str, str]]:
    return [(fault.field, say_fault(fault)) for fault in error.faults] or [("", say(error))]


@blueprint.post("")
@require(PUBLISH)
def send() -> AnyResponse | tuple[str, int]:
    """Seal and send what the preview showed; when the records have changed since, show it again instead."""
    form = request.form
    period = parse_period(form.get("period", ""))
    campaign = running_one(form.get("campaign", ""), period.start)
    reason = form.get("reason", "").replace("\x00", "").strip()
    found = preview(db(), actor(), campaign, period, now=now())
    refused = _refusal(found, reason, form.get("seen", ""))
    if refused:
        return _again(campaign, period, found, refused)
    try:
        sent = publish(db(), actor(), campaign, campaign.edition, period, now=now(), reason=reason)
    except (InvalidInput, Conflict) as error:
        return _again(campaign, period, found, _said(error))
    readers = gettext("、").join(row.reader_name for row in sent[1:])
    text = (
        gettext("已发布并封签，已送达%(readers)s", readers=readers)
        if readers
        else gettext("已发布并封签，只在本区县留存")
    )
    flash({"text": text, "next": gettext("看报告"), "href": url_for("reports.show_one", report_id=sent[0].id)})
    return redirect(url_for("publications.show_one", publication_id=sent[0].id), 303)


def _refusal(found: Preview, reason: str, seen: str) -> list[tuple[str, str]]:
    """Why the form is given back: what it showed is no longer what would leave, or a reason is missing or too long."""
    if seen != fingerprint(found):
        return [("", gettext("预览之后又有新的记录，要送出的内容变了。下面是现在的内容，请重新核对再发布。"))]
    if found.is_correction and not reason:
        return [("reason", gettext("这一期已经发布过，再次发布是更正，请写明原因"))]
    if len(reason) > LONGEST_REASON:
        return [("reason", gettext("更正原因最多 %(n)s 个字", n=LONGEST_REASON))]
    return []


def _again(campaign: Campaign, period: Period, found: Preview, faults: Sequence[tuple[str, str]]) -> tuple[str, int]:
    choice = Choice(period, (period,))
    return _page(campaign, choice, found, errors={name: text for name, text in faults if name}, faults=faults), 422
