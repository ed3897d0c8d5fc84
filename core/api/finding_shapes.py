"""Findings as JSON (问题的应答结构): a line of a list, and everything on one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.api.fields import Body, Day, Flag, Id, ListOf, Mapping, Moment, Number, OneOf, Part, Text, Whole
from core.api.replies import hundredths
from core.work.desk.finding_detail import Detail, Photo
from core.work.desk.findings import FindingRow
from core.work.duties.sponsor_beside import NearSponsor
from core.work.intake.sources import SOURCES
from core.work.loop.states import ALL_OUTCOMES, STATES
from core.work.loop.step_input import SEVERITIES


class PartShape(Body):
    """A unit's part in a finding (责任分工)."""

    kind = Text(required=True, validate=OneOf(("line", "place", "assist")))
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    leading = Flag(required=True)
    state = Text(required=True, validate=OneOf(("informed", "open", "done", "cosigned", "declined")))
    assignee = Text(required=True, metadata={"description": "the person in charge by name, empty when none is named"})
    asked = Text(required=True, metadata={"description": "what an assisting unit was asked for"})
    due_on = Day(required=True, allow_none=True, metadata={"description": "its own day, where one was said"})


class SponsorShape(Body):
    """Who sponsored the place on the day when the finding was made (包保人), nearest first."""

    id = Id(required=True)
    kind = Text(required=True, metadata={"description": "as what: leader, department, officer, road_chief and others"})
    name = Text(required=True, metadata={"description": "the person, or the unit that sponsors"})
    title = Text(required=True)
    field = Text(required=True, metadata={"description": "the matters that are sponsored, empty for all"})


class FindingFacts(Body):
    """What the ledger's row says of a finding (问题); overdue: the unit has not answered and the deadline has passed."""

    id = Id(required=True)
    number = Text(required=True, allow_none=True)
    title = Text(required=True)
    title_en = Text(required=True)
    category = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    version = Whole(required=True)
    key_item = Flag(required=True)
    site_id = Id(required=True, allow_none=True)
    site_name = Text(required=True, metadata={"description": "the site, or the free place when there is no site"})
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    opened_at = Moment(required=True)
    due_at = Moment(required=True)
    answered_at = Moment(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
    outcome = Text(required=True, allow_none=True, validate=OneOf(tuple(ALL_OUTCOMES)))
    source = Text(required=True, validate=OneOf(tuple(SOURCES)))
    severity = Text(required=True, validate=OneOf(tuple(SEVERITIES)))
    restricted = Flag(required=True)
    priority = Flag(required=True)
    returns = Whole(required=True)
    extended_days = Whole(required=True)
    reopened = Whole(required=True)
    relapsed = Whole(required=True)
    seen_again = Whole(required=True, metadata={"description": "how often a later visit found it still there"})
    review_on = Day(required=True, allow_none=True)
    overdue = Flag(required=True)
    parts = ListOf(Part(PartShape), required=True)
    campaigns = ListOf(Text(), required=True)


class FindingShape(FindingFacts):
    """A finding in a list (问题), with who sponsored its place on the day when it was made."""

    sponsors = ListOf(Part(SponsorShape), required=True)


class FindingList(Body):
    """Findings (问题清单)."""

    items = ListOf(Part(FindingShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class EventShape(Body):
    """One step in a finding's life (办理记录)."""

    version = Whole(required=True)
    at = Moment(required=True)
    verb = Text(required=True)
    from_state = Text(required=True, allow_none=True)
    to_state = Text(required=True)
    person_id = Id(required=True, allow_none=True)
    person_name = Text(required=True)
    unit_name = Text(required=True)
    note = Text(required=True)
    detail = Mapping(required=True)


class FindingItemShape(Body):
    """An item that raised the finding, with the points it cost (对应检查项)."""

    campaign = Text(required=True)
    form = Text(required=True)
    item = Text(required=True)
    lost = Number(required=True)


class LinkShape(Body):
    """An indicator that the finding touches (关联指标)."""

    campaign = Text(required=True)
    indicator = Text(required=True)
    direct = Flag(required=True)


class PhotoRefShape(Body):
    """A photo beside a finding; version is null for those of the visit (照片)."""

    id = Id(required=True)
    version = Whole(required=True, allow_none=True)
    taken_at = Moment(required=True, allow_none=True)
    sent_at = Moment(required=True)
    width = Whole(required=True)
    height = Whole(required=True)


class StepShape(Body):
    """A step that the asker may take now, with what it needs (可办理)."""

    verb = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    to_state = Text(required=True, metadata={"description": "empty: the state stays; *: back to where it was"})
    needs = ListOf(Text(), required=True, metadata={"description": "fields that it must be given"})
    takes = ListOf(Text(), required=True, metadata={"description": "fields that it can be given besides"})
    needs_note = Flag(required=True)
    needs_photo = Flag(required=True)
    needs_outcome = Flag(required=True)


class FindingDetail(FindingShape):
    """Everything on one finding (问题详情); working seconds left are negative when late, null when nobody waits."""

    detail = Text(required=True)
    visit_id = Id(required=True, allow_none=True)
    patrol_id = Id(required=True, allow_none=True)
    merged_into = Id(required=True, allow_none=True)
    place = Text(required=True)
    longitude = Number(required=True, allow_none=True)
    latitude = Number(required=True, allow_none=True)
    basis = Text(required=True, validate=OneOf(("self", "verified")))
    asked_by = Text(required=True)
    reported_back_at = Moment(required=True, allow_none=True)
    asked_days = Whole(required=True, allow_none=True)
    accept_by = Moment(required=True, allow_none=True)
    stopped_at = Moment(required=True, allow_none=True)
    working_days = Whole(required=True)
    working_seconds_left = Whole(required=True, allow_none=True)
    provisional = Flag(required=True)
    events = ListOf(Part(EventShape), required=True)
    items = ListOf(Part(FindingItemShape), required=True)
    links = ListOf(Part(LinkShape), required=True)
    before = ListOf(Part(PhotoRefShape), required=True)
    after = ListOf(Part(PhotoRefShape), required=True)
    allowed = ListOf(Part(StepShape), required=True)


# Columns of the finding that only the answer about one has.
OF_DETAIL = (
    *("visit_id", "patrol_id", "merged_into", "place", "longitude", "latitude", "basis", "asked_by"),
    *("reported_back_at", "asked_days", "accept_by", "stopped_at", "working_days"),
)


def shape_finding(row: FindingRow, sponsors: Sequence[NearSponsor]) -> dict[str, Any]:
    """A finding in a list as JSON."""
    parts = [PartShape.pick(part) for part in row.parts]
    return FindingFacts.pick(row) | {"parts": parts, "sponsors": [SponsorShape.pick(one) for one in sponsors]}


def shape_detail(found: Detail, sponsors: Sequence[NearSponsor]) -> dict[str, Any]:
    """A finding in full as JSON."""
    left = found.time_left
    return shape_finding(found.row, sponsors) | {
        "detail": found.finding.detail,
        **{name: getattr(found.finding, name) for name in OF_DETAIL},
        "working_seconds_left": None if left is None else int(left.total_seconds()),
        "provisional": found.provisional,
        "events": [EventShape.pick(event) for event in found.events],
        "items": [FindingItemShape.pick(item) | {"lost": hundredths(item.lost)} for item in found.items],
        "links": [LinkShape.pick(link) for link in found.links],
        "before": [_photo(photo) for photo in found.before],
        "after": [_photo(photo) for photo in found.after],
        "allowed": [StepShape.pick(step) for step in found.allowed],
    }


def _photo(photo: Photo) -> dict[str, Any]:
    said = {name: getattr(photo, name) for name in ("version", "taken_at", "sent_at", "width", "height")}
    return {"id": photo.file_id} | said
