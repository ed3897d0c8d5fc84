"""The working calendar as a month (工作日历): which days are off or worked, and changing one by hand."""

from __future__ import annotations

import calendar as weeks
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import InvalidInput, SanchengError
from core.request import actor, db, now, require, today
from core.settings import ZONE
from core.web.errors import fault_map, say
from core.web.paging import bad_argument
from core.web.settings import require_whole
from core.web.words import counted
from core.work.calendar import load_calendar
from core.work.calendar_notice import LONGEST, read_notice_text
from core.work.loop.recomputing import change_day, enter_notice, load_years, preview_notice
from core.work.roles import ADMINISTER
from core.work.tables import CalendarDay
from tenants.scope import ScopedSession

blueprint = Blueprint("calendar", __name__, url_prefix="/t/<slug>/settings/calendar")
blueprint.before_request(asked.enter)

FIRST_YEAR, LAST_YEAR = 2004, 2100


@dataclass(frozen=True, slots=True)
class Square:
    """One day of the month as the page shows it: off or worked, its own name, whether that may still change."""

    day: date
    inside: bool
    working: bool
    name: str
    special: bool
    provisional: bool


def read_month() -> date:
    """The first day of the month that the address names, else of this month. Raises InvalidInput."""
    said = request.values.get("month", "")
    if not said:
        return today().replace(day=1)
    return checked(f"{said}-01", "month", said)


def checked(text: str, name: str, said: str | None = None) -> date:
    """A day that the calendar can hold. Raises InvalidInput."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise bad_argument(name, text if said is None else said) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise bad_argument(name, text if said is None else said)
    return day


def month_squares(session: ScopedSession, first: date) -> tuple[list[list[Square]], bool]:
    """The weeks of a month, Monday first, and whether the year is not announced yet."""
    days = weeks.Calendar().monthdatescalendar(first.year, first.month)
    known = load_calendar(session, datetime.combine(first, time(12), ZONE))
    rows = session.scalars(select(CalendarDay).where(CalendarDay.day.between(days[0][0], days[-1][-1])))
    own: Mapping[date, CalendarDay] = {row.day: row for row in rows}

    def square(day: date) -> Square:
        row = own.get(day)
        working = row.working if row else day.weekday() < 5
        special = bool(row and not row.provisional and (row.name or row.working != (day.weekday() < 5)))
        return Square(
            day, day.month == first.month, working, row.name if row else "", special, bool(row and row.provisional)
        )

    return [[square(day) for day in week] for week in days], known.is_provisional(first)


def _page(first: date, chosen: date | None, status: int = 200, **more: object) -> tuple[str, int]:
    session = db()
    grid, provisional = month_squares(session, first)
    row = session.get(CalendarDay, (session.tenant_id, chosen)) if chosen else None
    values = (
        {"working": row.working if row else chosen.weekday() < 5, "name": row.name if row else ""} if chosen else {}
    )
    entered = session.scalar(
        select(CalendarDay.day)
        .where(CalendarDay.day.between(date(first.year, 1, 1), date(first.year, 12, 31)))
        .limit(1)
    )
    before, after = (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=31)).replace(day=1)
    context = {
        "first": first,
        "grid": grid,
        "provisional": provisional,
        "seeded": entered is not None,
        "chosen": chosen,
        "values": values,
        "errors": {},
        "before": before,
        "after": after,
        "weekdays": [format_date(day.day, "EEE") for day in grid[0]],
        "today": today(),
    }
    return render_template("settings/calendar.html", **(context | more)), status


@blueprint.get("")
@require(ADMINISTER)
def show() -> tuple[str, int]:
    """One month, with the day that is to be changed beside it."""
    said = request.args.get("day", "")
    chosen = checked(said, "day") if said else None
    return _page(chosen.replace(day=1) if chosen else read_month(), chosen)


@blueprint.post("")
@require(ADMINISTER)
def change() -> AnyResponse | tuple[str, int]:
    """Declare one day worked or off by hand."""
    require_whole()
    day = checked(request.form.get("day", ""), "day")
    working, name = request.form.get("working", ""), request.form.get("name", "")
    if working not in {"0", "1"}:
        raise bad_argument("working", working)
    try:
        moved = change_day(db(), actor(), day, working == "1", name, now=now())
    except InvalidInput as error:
        return _page(
            day.replace(day=1),
            day,
            error.status,
            values={"working": working == "1", "name": name},
            errors=fault_map(error) or {"name": say(error)},
        )
    said = gettext("上班") if working == "1" else gettext("放假")
    text = gettext(
        "%(day)s 已改为%(state)s；重算了 %(n)s 件问题的期限", day=format_date(day, "long"), state=said, n=moved
    )
    flash(text)
    return redirect(url_for("calendar.show", month=f"{day:%Y-%m}"), 303)


@blueprint.post("/year")
@require(ADMINISTER)
def load_year() -> AnyResponse:
    """Enter the official days of a year; days that were set by hand stay."""
    require_whole()
    said = request.form.get("year", "")
    first = checked(f"{said}-01-01", "year", said)
    try:
        provisional, moved = load_years(db(), actor(), [first.year], now=now())
    except SanchengError as error:
        flash(say(error), "error")
        return redirect(url_for("calendar.show", month=request.form.get("month", f"{first:%Y-%m}")), 303)
    if provisional:
        flash(gettext("%(year)s 年的放假安排还没有公布，周末已按休息日载入并标为暂定", year=first.year), "warning")
    else:
        text = gettext("%(year)s 年的法定节假日和调休已载入，重算了 %(n)s 件问题的期限", year=first.year, n=moved)
        flash(text)
    return redirect(url_for("calendar.show", month=request.form.get("month") or f"{first:%Y-%m}"), 303)


@blueprint.get("/notice")
@require(ADMINISTER)
def ask_notice() -> tuple[str, int]:
    """The form into which a year's notice of holidays is pasted."""
    said = request.args.get("year", f"{today().year + 1}")
    return _notice(checked(f"{said}-01-01", "year", said).year, "")


@blueprint.post("/notice")
@require(ADMINISTER)
def enter() -> AnyResponse | tuple[str, int]:
    """First show what the notice says and how many deadlines move, then, with ``step=enter``, enter it."""
    require_whole()
    said, text = request.form.get("year", ""), request.form.get("text", "")
    year = checked(f"{said}-01-01", "year", said).year
    try:
        days = read_notice_text(year, text)
    except InvalidInput as error:
        return _notice(year, text, error.status, errors=fault_map(error))
    if request.form.get("step") != "enter":
        moved = preview_notice(db(), actor(), year, days, now=now())
        return _notice(year, text, days=days, moved=moved)
    moved = enter_notice(db(), actor(), year, days, now=now())
    flash(counted("%(year)s 年的放假安排已录入，重算了 %(n)s 件问题的期限", n=moved, year=year))
    return redirect(url_for("calendar.show", month=f"{year}-01"), 303)


def _notice(year: int, text: str, status: int = 200, **more: object) -> tuple[str, int]:
    context: dict[str, object] = {"year": year, "text": text, "errors": {}, "days": (), "moved": 0, "longest": LONGEST}
    return render_template("settings/calendar_notice.html", **(context | more)), status
