"""The audit trail (操作日志) over the API: who did what to which object, the latest first."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import Select, select, tuple_

from core import request as asked
from core.api.fields import Body, Day, Id, Length, ListOf, Mapping, Moment, Part, Text
from core.api.replies import ListQuery, a_moment, cursor_of, read_cursor, reply_list, sort_by
from core.api.rooms import READING, Room
from core.settings import ZONE
from core.work.loop.sight import sees_line
from core.work.roles import AUDIT
from core.work.tables import Audit

room = Room("audit", __name__, description="The audit trail (操作日志); it is only ever added to.")


class AuditShape(Body):
    """One line of the trail (日志)."""

    id = Id(required=True)
    at = Moment(required=True)
    person_id = Id(required=True, allow_none=True)
    person_name = Text(required=True)
    verb = Text(required=True)
    object_kind = Text(required=True)
    object_id = Text(required=True)
    detail = Mapping(required=True)
    request_id = Text(required=True)


class AuditList(Body):
    """Lines of the trail (日志列表)."""

    items = ListOf(Part(AuditShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class AuditQuery(ListQuery):
    """Which lines (日志筛选)."""

    sort = sort_by("-at", "at")
    person_id = Id()
    verb = ListOf(Text(), load_default=[], metadata={"description": "repeat for several"})
    object_kind = ListOf(Text(), load_default=[], metadata={"description": "repeat for several"})
    object_id = Text(validate=Length(max=80))
    since = Day(data_key="from")
    until = Day(data_key="to")


@room.get("/audit")
@asked.require(AUDIT)
@room.arguments(AuditQuery, location="query")
@room.response(200, AuditList)
@room.refuses(*READING)
def list_audit(query: dict[str, Any]) -> Response:
    """List the lines of the audit trail"""
    newest_first, size = query["sort"].startswith("-"), query["page_size"]
    lines = _filtered(query)
    after = read_cursor(query["cursor"], [a_moment, UUID])
    keys = (Audit.at, Audit.id)
    if after is not None:
        here, there = tuple_(*keys), tuple_(*after)
        lines = lines.where(here < there if newest_first else here > there)
    lines = lines.order_by(*(key.desc() if newest_first else key.asc() for key in keys)).limit(size + 1)
    found = asked.db().scalars(lines).all()
    last = found[size - 1] if len(found) > size else None
    return reply_list(map(shape_line, found[:size]), cursor_of(last.at, last.id) if last else None)


def _filtered(query: dict[str, Any]) -> Select[Audit]:
    lines = select(Audit).where(sees_line(asked.db(), asked.actor(), asked.today()))
    for column, name in ((Audit.person_id, "person_id"), (Audit.object_id, "object_id")):
        if name in query:
            lines = lines.where(column == query[name])
    for column, name in ((Audit.verb, "verb"), (Audit.object_kind, "object_kind")):
        if query[name]:
            lines = lines.where(column.in_(query[name]))
    if "since" in query:
        lines = lines.where(Audit.at >= _midnight(query["since"]))
    return lines.where(Audit.at < _midnight(query["until"] + timedelta(days=1))) if "until" in query else lines


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def shape_line(row: Audit) -> dict[str, Any]:
    """A line as JSON."""
    fields = ("id", "at", "person_id", "person_name", "verb", "object_kind", "object_id", "detail", "request_id")
    return {name: getattr(row, name) for name in fields}
