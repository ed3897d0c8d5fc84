"""Who has to publish what by when (应报日历): the city's terms, who published in time, late or not yet, and one reminder each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput, SanchengError
from core.figures.due import IN_TIME, LATE, LONGEST, OVERDUE, WAITING, due_calendar, read_terms, remind, set_term
from core.figures.periods import parse_period
from core.request import actor, db, now, require, tenant, today
from core.settings import ZONE
from core.web.errors import fault_map, say, say_fault
from core.web.scores.comparison_asked import read_asked, send_table
from core.web.scores.periods import KINDS, say_period
from core.web.words import by_locale, counted
from core.work.roles import COMPARE
from tenants.scope import ScopedSession

blueprint = Blueprint("comparison_due", __name__, url_prefix="/c/<slug>/comparison/due")
blueprint.before_request(asked.enter_city)

STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        IN_TIME: (N_("按期发布"), "verified"),
        LATE: (N_("逾期发布"), "soon"),
        WAITING: (N_("未到期，未发布"), "neutral"),
        OVERDUE: (N_("逾期未发布"), "overdue"),
    }
)
HEADER = (
    *(N_("创建项目"), N_("周期"), N_("应报日"), N_("区县"), N_("区县代号"), N_("状态"), N_("发布时间"), N_("提醒时间")),
)
MOST_DIGITS = 4


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """The calendar with the terms that it follows."""
    return _page()


def _page(faults: Sequence[tuple[str, str]] = (), errors: Mapping[str, str] | None = None) -> str:
    wanted = read_asked()
    chosen = request.args.get("state", "")
    calendar = due_calendar(db(), actor(), now=now())
    return render_template(
        "comparison/due.html",
        wanted=wanted,
        calendar=calendar,
        chosen=chosen if chosen in STATES else "",
        terms=read_terms(db(), actor()),
        kinds=[(kind, gettext(word)) for kind, word in KINDS.items()],
        states=STATES,
        values=request.form,
        faults=faults,
        errors=errors or {},
        longest=LONGEST,
        say_period=say_period,
        by_locale=by_locale,
    )


@blueprint.get("/export.csv")
@require(COMPARE)
def export() -> Response:
    """The calendar as a table, one line a district and period."""
    return _file("csv")


@blueprint.get("/export.xlsx")
@require(COMPARE)
def export_book() -> Response:
    """The same as a workbook."""
    return _file("xlsx")


def _file(ending: str) -> Response:
    who, at = actor(), now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for due in due_calendar(session, who, now=at):
            for one in due.districts:
                moments = (one.published_at, one.reminder.reminded_at if one.reminder else None)
                said = [moment.astimezone(ZONE).isoformat(timespec="seconds") if moment else "" for moment in moments]
                place = (by_locale(due.title_zh, due.title_en), due.period.key, due.on.isoformat())
                yield (*place, one.name, one.slug, gettext(STATES[one.state][0]), *said)

    return send_table(f"due-{tenant().slug}", gettext("应报日历"), [gettext(word) for word in HEADER], ending, rows)


@blueprint.post("/terms")
@require(COMPARE)
def keep() -> AnyResponse | tuple[str, int]:
    """Set or lift the term of a campaign's kind of period."""
    form = request.form
    days = form.get("days_after", "").strip()
    stops = "stop" in form
    number = int(days) if days.isascii() and days.isdecimal() and len(days) <= MOST_DIGITS else -1
    try:
        set_term(
            db(),
            actor(),
            form.get("campaign", ""),
            form.get("kind", ""),
            None if stops else number,
            since=today().replace(month=1, day=1),
            now=now(),
        )
    except InvalidInput as error:
        return _page([(f.field, say_fault(f)) for f in error.faults], fault_map(error)), 422
    flash(gettext("这种周期不再要求发布") if stops else gettext("发布期限已保存"))
    return redirect(url_for("comparison_due.show"), 303)


@blueprint.post("/reminders")
@require(COMPARE)
def send() -> AnyResponse | tuple[str, int]:
    """Remind the districts that did not publish a period; each is reminded once."""
    form = request.form
    try:
        period = parse_period(form.get("period", ""))
        only = set(form.getlist("district")) or None
        sent = remind(db(), actor(), form.get("campaign", ""), period, now=now(), only=only)
    except (InvalidInput, Conflict) as error:
        return _page(_said(error)), 422
    flash(counted("已提醒 %(n)s 个区县", len(sent)))
    return redirect(url_for("comparison_due.show"), 303)


def _said(error: SanchengError) -> list[tuple[str, str]]:
    return [(fault.field, say_fault(fault)) for fault in error.faults] or [("", say(error))]
