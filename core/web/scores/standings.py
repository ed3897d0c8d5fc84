"""The city publishes its table back (公布名次): first exactly what each district would be told, then one sealed row to each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput, SanchengError
from core.figures.comparison import MINIMUM_VISITS, UNRANKED, campaign_titles
from core.figures.issued_standings import METHOD_ZH, Issue, issue, prepare, said_of
from core.figures.periods import Period, containing, parse_period
from core.figures.tables import Standing
from core.request import actor, db, now, require, tenant, today
from core.settings import ZONE
from core.web.errors import fault_map, say, say_fault
from core.web.scores.comparison_asked import read_asked
from core.web.scores.comparison_shown import SIZE, read_start
from core.web.scores.figure_words import say_points
from core.web.scores.periods import Choice
from core.web.table_files import send_table
from core.web.words import by_locale, counted
from core.work.roles import COMPARE
from tenants.scope import ScopedSession

blueprint = Blueprint("standings", __name__, url_prefix="/c/<slug>/standings")
blueprint.before_request(asked.enter_city)

LONGEST_REASON = 500


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """What would be published to whom, and what was."""
    wanted = read_asked()
    return _page(wanted.campaign, wanted.choice)


def _page(
    campaign: str,
    choice: Choice,
    *,
    errors: Mapping[str, str] | None = None,
    faults: Sequence[tuple[str, str]] = (),
) -> str:
    titles = {key: by_locale(*said) for key, said in campaign_titles(db()).items()}
    issues = prepare(db(), actor(), campaign, choice.period, now=now()) if campaign else []
    start = read_start(len(issues))
    return render_template(
        "standings/city.html",
        campaign=campaign,
        titles=titles,
        choice=choice,
        issues=issues,
        shown=issues[start - 1 : start - 1 + SIZE],
        next=start + SIZE if start + SIZE <= len(issues) else None,
        before=max(start - SIZE, 1) if start > 1 else None,
        new=[one for one in issues if one.is_new],
        is_correction=any(one.is_new and one.old for one in issues),
        seen=fingerprint(issues),
        method=[say_method()],
        unranked=UNRANKED,
        errors=errors or {},
        faults=faults,
        reason=request.form.get("reason", ""),
        longest=LONGEST_REASON,
        say_points=say_points,
    )


def say_method() -> str:
    """How the table is made, as printed beside it."""
    return gettext(METHOD_ZH).format(visits=MINIMUM_VISITS)


def fingerprint(issues: Sequence[Issue]) -> str:
    """What the page showed, as a word that its form carries: publishing something else is refused."""
    return hashlib.sha256("\n".join(said_of(one.row) for one in issues if one.is_new).encode()).hexdigest()


@blueprint.post("")
@require(COMPARE)
def send() -> AnyResponse | tuple[str, int]:
    """Publish the table to the districts, as the page showed it."""
    form = request.form
    campaign, period = form.get("campaign", ""), parse_period(form.get("period", ""))
    reason = form.get("reason", "").replace("\x00", "").strip()
    shown = prepare(db(), actor(), campaign, period, now=now())
    if form.get("seen", "") != fingerprint(shown):
        text = gettext("页面打开之后又有区县发布，名次变了。下面是现在的名次，请重新核对再公布。")
        return _again(campaign, period, [("", text)])
    if len(reason) > LONGEST_REASON:
        return _again(campaign, period, [("reason", gettext("更正原因最多 %(n)s 个字", n=LONGEST_REASON))])
    try:
        sent = issue(db(), actor(), campaign, period, now=now(), reason=reason)
    except (InvalidInput, Conflict) as error:
        return _again(campaign, period, _said(error), fault_map(error))
    flash(counted("名次已公布给 %(n)s 个区县", len(sent)))
    return redirect(url_for("standings.show", campaign=campaign, kind=period.kind, period=period.key), 303)


def _said(error: SanchengError) -> list[tuple[str, str]]:
    return [(fault.field, say_fault(fault)) for fault in error.faults] or [("", say(error))]


def _again(
    campaign: str, period: Period, faults: Sequence[tuple[str, str]], errors: Mapping[str, str] | None = None
) -> tuple[str, int]:
    by_field = errors or {name: text for name, text in faults if name}
    return _page(campaign, Choice(period, (period,)), errors=by_field, faults=faults), 422


@blueprint.get("/export.csv")
@blueprint.get("/export.xlsx", endpoint="export_workbook")
@require(COMPARE)
def export() -> Response:
    """What was published in a campaign, every issue of every period, as CSV."""
    wanted = read_asked()
    head = (N_("区县"), N_("周期"), N_("名次"), N_("上期名次"), N_("参加排名"), N_("占已评估分%"), N_("区间下限%"))
    tail = (N_("区间上限%"), N_("最好名次"), N_("最差名次"), N_("检查次数"), N_("公布时间"), N_("封签"), N_("更正原因"))

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        mine = (Standing.tenant_id == session.tenant_id, Standing.campaign == wanted.campaign)
        query = select(Standing).where(*mine).order_by(Standing.issued_at.desc(), Standing.rank, Standing.id)
        for one in session.scalars(query):
            at = one.issued_at.astimezone(ZONE).isoformat(timespec="seconds")
            period = Period(one.period_kind, one.period_start, one.period_end).key
            place = (one.reader_name, period, one.rank, one.previous_rank, one.size, one.percent)
            told = (one.interval_low, one.interval_high, one.best, one.worst, one.visits)
            yield (*place, *told, at, one.sha256, one.reason)

    name = f"standings-{tenant().slug}-{wanted.campaign}-{containing('day', today()).key}"
    return send_table(name, gettext("公布的排名"), [gettext(text) for text in head + tail], rows)
