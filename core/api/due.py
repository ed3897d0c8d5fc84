"""The due calendar of a bureau (应报日历) over the API: its terms, who published in time, late or not yet, and reminders."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Response

from core import request as asked
from core.api.describe import REPEATABLE
from core.api.fields import Body, Day, Length, ListOf, Moment, OneOf, Part, PeriodKey, Range, Text, Whole
from core.api.replies import ListQuery, cut_list, once, reply
from core.api.rooms import READING, WRITING, Room
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
from core.figures.due_tables import PublicationReminder, PublicationTerm
from core.figures.periods import KINDS, Period, day_of
from core.work.roles import COMPARE

room = Room("due", __name__, description="Who has to publish what by when (应报日历).", city=True)
STATES = (IN_TIME, LATE, WAITING, OVERDUE)
MOST_DISTRICTS = 3000  # named in one reminder; there are 2 978 in the country


class TermShape(Body):
    """How many days after its end a kind of period is due (发布期限)."""

    campaign = Text(required=True)
    kind = Text(required=True, validate=OneOf(KINDS))
    days_after = Whole(required=True, allow_none=True, metadata={"description": "null: no longer due"})
    since = Day(required=True, metadata={"description": "the first day whose periods are due"})
    changed_by = Text(required=True)
    changed_at = Moment(required=True)


class TermList(Body):
    """Terms in force (发布期限清单)."""

    items = ListOf(Part(TermShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class NewTerm(Body):
    """A term to set (设定期限); null lifts it."""

    days_after = Whole(required=True, allow_none=True, validate=Range(0, LONGEST))


class DueShape(Body):
    """One district that has to publish one period (应报区县)."""

    campaign = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    period = PeriodKey(required=True)
    due_on = Day(required=True)
    district_slug = Text(required=True)
    district_name = Text(required=True)
    state = Text(required=True, validate=OneOf(STATES))
    published_at = Moment(required=True, allow_none=True)
    days_late = Whole(required=True, metadata={"description": "days from the due day to the publication, or to today"})
    reminded_at = Moment(required=True, allow_none=True)
    reminded_by = Text(required=True)


class DueList(Body):
    """Districts by due period, the newest first (应报清单)."""

    items = ListOf(Part(DueShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class DueQuery(ListQuery):
    """Which districts (应报筛选)."""

    campaign = Text(load_default="", validate=Length(max=60))
    period = PeriodKey(load_default=None)
    state = Text(load_default="", validate=OneOf(("", *STATES)))


class NewReminder(Body):
    """A reminder to send (提醒): about a due period to everybody who is missing, or to some of them."""

    campaign = Text(required=True, validate=Length(max=60))
    period = PeriodKey(required=True)
    districts = ListOf(
        Text(),
        load_default=[],
        validate=Length(max=MOST_DISTRICTS),
        metadata={"description": "slugs; everybody who has not published and was not reminded if left out"},
    )


class ReminderShape(Body):
    """A reminder that was sent (已提醒)."""

    campaign = Text(required=True)
    period = PeriodKey(required=True)
    due_on = Day(required=True)
    district_slug = Text(required=True)
    district_name = Text(required=True)
    reminded_at = Moment(required=True)
    reminded_by = Text(required=True)


class ReminderList(Body):
    """What was sent (提醒清单)."""

    items = ListOf(Part(ReminderShape), required=True)


@room.get("/comparison/due")
@asked.require(COMPARE)
@room.arguments(DueQuery, location="query")
@room.response(200, DueList)
@room.refuses(*READING)
def list_due(query: dict[str, Any]) -> Response:
    """List who has to publish the last ended periods of each term, with who did not and who was reminded"""
    today = asked.today()
    calendar = due_calendar(asked.db(), asked.actor(), now=asked.now())
    rows = [
        (due, one)
        for due in calendar
        if query["campaign"] in ("", due.campaign) and query["period"] in (None, due.period)
        for one in due.districts
        if query["state"] in ("", one.state)
    ]
    return cut_list(rows, query, lambda pair: _shape(*pair, today), key=_key)


def _key(pair: tuple[Due, Expected]) -> str:
    due, one = pair
    return f"{due.campaign}/{due.period.key}/{one.slug}"


def _shape(due: Due, one: Expected, today: date) -> dict[str, Any]:
    until = day_of(one.published_at) if one.published_at else today
    said = {name: getattr(due, name) for name in ("campaign", "title_zh", "title_en")}
    return said | {
        "period": due.period.key,
        "due_on": due.on,
        "district_slug": one.slug,
        "district_name": one.name,
        "state": one.state,
        "published_at": one.published_at,
        "days_late": max((until - due.on) // timedelta(days=1), 0),
        "reminded_at": one.reminder.reminded_at if one.reminder else None,
        "reminded_by": one.reminder.reminded_by if one.reminder else "",
    }


@room.get("/comparison/due/terms")
@asked.require(COMPARE)
@room.arguments(ListQuery, location="query")
@room.response(200, TermList)
@room.refuses(*READING)
def list_terms(query: dict[str, Any]) -> Response:
    """List the terms in force"""
    rows = read_terms(asked.db(), asked.actor())
    return cut_list(rows, query, shape_term, key=lambda row: f"{row.campaign}/{row.period_kind}")


@room.put("/comparison/due/terms/<campaign>/<kind>")
@asked.require(COMPARE)
@room.arguments(NewTerm)
@room.response(200, TermShape)
@room.refuses(*WRITING)
def put_term(body: dict[str, Any], campaign: str, kind: str) -> Response:
    """Let a kind of period be due so many days after its end, from this year's first on; null lifts the term"""
    since = asked.today().replace(month=1, day=1)
    made = set_term(asked.db(), asked.actor(), campaign, kind, body["days_after"], since=since, now=asked.now())
    return reply(shape_term(made))


@room.post("/comparison/due/reminders")
@asked.require(COMPARE)
@room.doc(parameters=[REPEATABLE])
@room.arguments(NewReminder)
@room.response(201, ReminderList)
@room.refuses(*WRITING)
def send_reminders(body: dict[str, Any]) -> Response:
    """Remind who has not published a due period; each district once, and 409 when nobody is left

    A repetition with the same Idempotency-Key gets the first answer.
    """

    def run() -> tuple[int, Any]:
        only = set(body["districts"]) or None
        sent = remind(asked.db(), asked.actor(), body["campaign"], body["period"], now=asked.now(), only=only)
        return 201, {"items": [shape_reminder(row) for row in sent]}

    return once(run)


def shape_term(row: PublicationTerm) -> dict[str, Any]:
    """A term as JSON."""
    same = ("campaign", "days_after", "since", "changed_by", "changed_at")
    return {"kind": row.period_kind} | {name: getattr(row, name) for name in same}


def shape_reminder(row: PublicationReminder) -> dict[str, Any]:
    """A reminder as JSON."""
    period = Period(row.period_kind, row.period_start, row.period_end)
    place = {"district_slug": row.reader_slug, "district_name": row.reader_name}
    same = ("campaign", "due_on", "reminded_at", "reminded_by")
    return {"period": period.key} | place | {name: getattr(row, name) for name in same}
