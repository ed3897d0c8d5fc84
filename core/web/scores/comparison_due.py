"""Who has to publish what by when (应报日历): the city's terms, who published in time, late or not yet, and one reminder each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, InvalidInput, SanchengError
from core.figures.due import (
    IN_TIME,
    LATE,
    LONGEST,
    OVERDUE,
    WAITING,
    Due,
    Expected,
    due_calendar,
    read_terms,
    remind,
    set_term,
)
from core.figures.periods import Period, parse_period
from core.request import actor, db, now, require, tenant, today
from core.settings import ZONE
from core.web.errors import fault_map, say, say_fault
from core.web.paging import Page, bad_argument, cut, read_cursor
from core.web.scores.comparison_asked import read_asked
from core.web.scores.periods import KINDS, say_period
from core.web.table_files import send_table
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
ROWS = 100  # districts on a page, of as many periods as they fill (ours)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the calendar is asked for (日历筛选): a campaign, a period and a state, or all."""

    campaign: str = ""
    period: Period | None = None
    state: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        said = {"campaign": self.campaign, "due": self.period.key if self.period else "", "state": self.state}
        return {name: value for name, value in said.items() if value}

    def rows(self, calendar: Iterable[Due]) -> list[tuple[Due, Expected]]:
        """The districts that are asked for, each with its period, in the calendar's order."""
        return [
            (due, one)
            for due in calendar
            if self.campaign in ("", due.campaign) and self.period in (None, due.period)
            for one in due.districts
            if self.state in ("", one.state)
        ]


def _read_shown() -> Shown:
    """The filter of this request. Raises InvalidInput."""
    said = {name: request.args.get(name, "").strip()[:60] for name in ("campaign", "due", "state")}
    if said["state"] and said["state"] not in STATES:
        raise bad_argument("state", said["state"])
    return Shown(said["campaign"], parse_period(said["due"]) if said["due"] else None, said["state"])


def _cut(rows: Sequence[tuple[Due, Expected]]) -> Page[tuple[Due, Expected]]:
    """One page of the districts; it goes on after the one that the address names. Raises InvalidInput."""
    after = read_cursor(3)
    if after is not None:
        keys = [_key(row) for row in rows]
        if tuple(after) not in keys:
            raise bad_argument("cursor", request.args["cursor"])
        rows = rows[keys.index((after[0], after[1], after[2])) + 1 :]
    return cut(rows, _key, ROWS)


def _key(row: tuple[Due, Expected]) -> tuple[str, str, str]:
    due, one = row
    return due.campaign, due.period.key, one.slug


@blueprint.get("")
@require(COMPARE)
def show() -> str:
    """The calendar with the terms that it follows."""
    return _page()


def _page(faults: Sequence[tuple[str, str]] = (), errors: Mapping[str, str] | None = None) -> str:
    wanted, shown = read_asked(), _read_shown()
    calendar = due_calendar(db(), actor(), now=now())
    rows = shown.rows(calendar)
    page = _cut(rows)
    return render_template(
        "comparison/due.html",
        wanted=wanted,
        calendar=calendar,
        shown=shown,
        parts=[(due, [one for _due, one in group]) for due, group in groupby(page.rows, key=lambda row: row[0])],
        page=page,
        found=len(rows),
        periods=[(key, say_period(parse_period(key))) for key in dict.fromkeys(due.period.key for due in calendar)],
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
@blueprint.get("/export.xlsx", endpoint="export_book")
@require(COMPARE)
def export() -> Response:
    """The calendar as a table, one line a district and period."""
    who, at, shown = actor(), now(), _read_shown()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for due, one in shown.rows(due_calendar(session, who, now=at)):
            moments = (one.published_at, one.reminder.reminded_at if one.reminder else None)
            said = [moment.astimezone(ZONE).isoformat(timespec="seconds") if moment else "" for moment in moments]
            place = (by_locale(due.title_zh, due.title_en), due.period.key, due.on.isoformat())
            yield (*place, one.name, one.slug, gettext(STATES[one.state][0]), *said)

    return send_table(f"due-{tenant().slug}", gettext("应报日历"), [gettext(word) for word in HEADER], rows)


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
