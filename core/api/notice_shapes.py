"""Notices as JSON (文书的应答结构): a line of a list, and everything on one."""

from __future__ import annotations

from typing import Any

from core.api.fields import Body, Flag, Id, ListOf, Moment, OneOf, Part, Text, Whole
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_list import NoticeRow
from core.work.papers.notice_moves import STATES
from core.work.papers.notices import NoticeDetail


class AddresseeShape(Body):
    """A unit to which a notice goes (主送单位), with how far it is."""

    unit_id = Id(required=True)
    unit_name = Text(required=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    read_at = Moment(required=True, allow_none=True)
    signed_at = Moment(required=True, allow_none=True)
    replied_at = Moment(required=True, allow_none=True)


class NoticeShape(Body):
    """A notice in a list (通知文书); unit_id is the first addressee, state that of the addressee who is least far; overdue: an answer is still asked for and its day has passed; gone: its findings have all left the unit."""

    id = Id(required=True)
    number = Text(required=True)
    kind = Text(required=True, validate=OneOf(tuple(KINDS)))
    unit_id = Id(required=True)
    unit_name = Text(required=True)
    title = Text(required=True)
    due_at = Moment(required=True, allow_none=True)
    state = Text(required=True, validate=OneOf(tuple(STATES)))
    version = Whole(required=True)
    restricted = Flag(required=True)
    issuer = Text(required=True)
    issued_by = Text(required=True)
    issued_at = Moment(required=True)
    findings = Whole(required=True)
    overdue = Flag(required=True)
    gone = Flag(required=True)
    addressees = ListOf(Part(AddresseeShape), required=True)


class NoticeList(Body):
    """Notices (文书清单)."""

    items = ListOf(Part(NoticeShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class NoticeEventShape(Body):
    """One step in a notice's life (文书办理记录)."""

    version = Whole(required=True)
    at = Moment(required=True)
    verb = Text(required=True)
    from_state = Text(required=True, allow_none=True)
    to_state = Text(required=True)
    unit_id = Id(required=True, allow_none=True)
    person_id = Id(required=True, allow_none=True)
    person_name = Text(required=True)
    unit_name = Text(required=True)
    note = Text(required=True)
    photos = ListOf(Text(), required=True)


class NoticeStepShape(Body):
    """A step that the asker may take now (可办理)."""

    verb = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    needs_note = Flag(required=True)


class NoticeDetailShape(NoticeShape):
    """Everything on one notice (文书详情); finding_ids are those that the asker sees, hidden_findings counts the others."""

    demand = Text(required=True)
    clause = Text(required=True)
    finding_ids = ListOf(Id(), required=True)
    hidden_findings = Whole(required=True)
    escalates_id = Id(required=True, allow_none=True)
    events = ListOf(Part(NoticeEventShape), required=True)
    allowed = ListOf(Part(NoticeStepShape), required=True)


def shape_notice(row: NoticeRow) -> dict[str, Any]:
    """A notice in a list as JSON."""
    return NoticeShape.pick(row) | {"addressees": [AddresseeShape.pick(one) for one in row.addressees]}


def shape_detail(found: NoticeDetail) -> dict[str, Any]:
    """A notice in full as JSON."""
    notice = found.notice
    counted = {
        "findings": len(found.findings) + found.others,
        "overdue": found.overdue,
        "gone": found.gone,
        "addressees": [AddresseeShape.pick(one.row) for one in found.addressees],
    }
    same = {name: getattr(notice, name) for name in NoticeShape.names() if name not in counted}
    return NoticeDetailShape.arrange(
        same
        | counted
        | {
            "demand": notice.demand,
            "clause": notice.clause,
            "finding_ids": [row.id for row in found.findings],
            "hidden_findings": found.others,
            "escalates_id": found.escalates.id if found.escalates else None,
            "events": [NoticeEventShape.pick(event) for event in found.events],
            "allowed": [NoticeStepShape.pick(move) for move in found.allowed],
        }
    )
