"""Records of a checklist (填写记录) over the API: the visits that answered a form, with its items' answers and what was said beside."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.fields import Body, Day, Id, Length, ListOf, Mapping, Moment, Number, OneOf, Part, Text, Whole
from core.api.replies import ListQuery, a_day, cursor_of, hundredths, read_cursor, reply_list
from core.api.rooms import READING, Room
from core.api.visit_shapes import BASES
from core.campaigns import Answer, to_raw
from core.errors import NotFound
from core.work.enabling import campaign_as_run
from core.work.forms.entries import Record, Wanted, item_answers, list_records, used_versions
from core.work.forms.fielding import with_own
from core.work.forms.versions import versions_of
from core.work.roles import SEE
from tenants.models import EnabledCampaign

room = Room("records", __name__, description="Records (填写记录): what visits answered to one form, by its versions.")


class RecordQuery(ListQuery):
    """Which records (记录筛选)."""

    since = Day(data_key="from")
    until = Day(data_key="to")
    unit_id = Id(metadata={"description": "a unit and everything under it"})
    version = Text(load_default="", validate=Length(max=64), metadata={"description": "a form_sha256"})
    q = Text(
        load_default="",
        validate=Length(max=60),
        metadata={"description": "part of a place's or person's name or of what was said beside the items"},
    )


class RecordShape(Body):
    """One visit's sheet of the form (填写记录)."""

    visit_id = Id(required=True)
    day = Day(required=True)
    submitted_at = Moment(required=True)
    basis = Text(required=True, validate=OneOf(BASES))
    site_id = Id(required=True)
    site_code = Text(required=True, allow_none=True)
    site_name = Text(required=True)
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    person_id = Id(required=True)
    person_name = Text(required=True)
    form_sha256 = Text(required=True)
    version = Whole(
        required=True, allow_none=True, metadata={"description": "the district's number of it; null for a shipped form"}
    )
    earned = Number(required=True)
    possible = Number(required=True)
    answers = Mapping(required=True, metadata={"description": "by item code, as they are submitted"})
    entries = Mapping(
        required=True,
        metadata={"description": "what was said beside the items by key; repeats are lists, pictures photo ids"},
    )


class RecordList(Body):
    """Records, the latest day first (填写记录列表)."""

    items = ListOf(Part(RecordShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


@room.get("/forms/<campaign>/<code>/records")
@asked.require(SEE)
@room.arguments(RecordQuery, location="query")
@room.response(200, RecordList)
@room.refuses(*READING)
def list_form_records(query: dict[str, Any], campaign: str, code: str) -> Response:
    """List the visits that answered a form, the latest first, with all that was answered

    A form out of use and a suspended campaign keep their records. Each is read by the version that it was answered with.
    """
    session, who, on = asked.db(), asked.actor(), asked.today()
    numbers = _numbers(campaign, code)
    names = ("since", "until", "unit_id")
    wanted = Wanted(**{name: query.get(name) for name in names}, version=query["version"], text=query["q"])
    size, after = query["page_size"], read_cursor(query["cursor"], [a_day, UUID])
    rows = list_records(session, who, campaign, code, wanted, after, size + 1, on)
    last = rows[size - 1] if len(rows) > size else None
    answers = item_answers(session, campaign, code, [row.visit_id for row in rows[:size]])
    items = (shape_record(row, numbers.get(row.form_sha256), answers[row.visit_id]) for row in rows[:size])
    return reply_list(items, cursor_of(last.day, last.visit_id) if last else None)


def _numbers(key: str, code: str) -> dict[str, int]:
    """The district's numbers of a form's versions. Raises NotFound for a form that is not and was not here."""
    row = asked.db().get(EnabledCampaign, (asked.db().tenant_id, key))
    if row is None:
        raise NotFound
    own = versions_of(asked.db(), key, code)
    runs = with_own(asked.db(), [campaign_as_run(asked.db(), asked.house().registry, row)])[0]
    is_known = own or any(one.code == code for one in runs.edition.all_forms)
    if not is_known and not used_versions(asked.db(), asked.actor(), key, code, asked.today()):
        raise NotFound
    return {one.sha256: one.number for one in reversed(own)}


def shape_record(row: Record, version: int | None, answers: AnyMapping[str, tuple[Answer, str]]) -> dict[str, Any]:
    """A record as JSON."""
    said = {item: to_raw(answer) for item, (answer, _) in answers.items()}
    own = {"version": version, "earned": hundredths(row.earned), "possible": hundredths(row.possible), "answers": said}
    same = {name: getattr(row, name) for name in RecordShape.names() if name not in own}
    return RecordShape.arrange(same | own)
