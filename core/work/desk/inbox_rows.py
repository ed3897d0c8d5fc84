"""The lines of the inbox (待办明细): of each kind the most urgent first, with what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.desk.inbox import (
    APPEAL,
    HANDED,
    NOTICE_CHECK,
    NOTICE_IN,
    OF_FINDINGS,
    RECHECK,
    WHISTLE,
    appeal_query,
    handed_query,
    notices_in,
    notices_to_check,
    recheck_query,
    whistle_query,
)
from core.work.loop import clocks
from core.work.loop.states import (
    ACCEPTED,
    ANSWERED,
    DISPATCHED,
    EXTENSION_ASKED,
    PARKING_ASKED,
    REPORTED,
    RETURNED,
    WITH_UNIT,
)
from core.work.papers.notice_kinds import KINDS
from core.work.papers.notice_list import row_of, rows_query
from core.work.papers.notice_moves import REPLIED, SIGNED
from core.work.tables import CardIssue, Finding, HandOn, Notice, Recheck, Whistle, WhistleCall
from tenants.access import Actor

# The step that the desk is most likely to take, by state; the finding's page offers the others.
AT_DESK: Mapping[str, str] = {
    REPORTED: "dispatch",
    ACCEPTED: "dispatch",
    RETURNED: "arbitrate",
    EXTENSION_ASKED: "grant",
    PARKING_ASKED: "park",
    ANSWERED: "report_back",
}
STEPS: Mapping[str, str] = {"assist": "finish_part", "cosign": "cosign", "check": "close"}
AT_ONCE = frozenset({"take", "cosign", "sign"})  # steps that ask for nothing: one click, no form


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that waits (待办): what and where, by when, and the step that comes next.

    ``about`` is the kind of object that ``id`` names; ``number`` may be empty; ``code`` is a kind of paper where it is one.
    """

    about: str
    id: UUID
    title: str
    place: str
    step: str
    title_en: str = ""
    number: str = ""
    code: str = ""
    version: int = 0
    due_at: datetime | None = None
    late: bool = False

    @property
    def at_once(self) -> bool:
        """Whether one click does it."""
        return self.step in AT_ONCE


def read_duties(session: Session, actor: Actor, kind: str, now: datetime, *, limit: int) -> Sequence[Duty]:
    """The most urgent duties of one kind."""
    if kind in OF_FINDINGS:
        return _findings(session, actor, kind, now, limit)
    return _OTHERS[kind](session, actor, now, limit)


def _findings(session: Session, actor: Actor, kind: str, now: datetime, limit: int) -> list[Duty]:
    condition = OF_FINDINGS[kind][1](actor, now)
    query = base_query(actor, Filter(extra=(condition,)), now).order_by(Finding.due_at, Finding.id).limit(limit)
    return [_finding(row, _step(kind, row.state)) for row in rows_of(session, session.execute(query).all(), now)]


def _step(kind: str, state: str) -> str:
    if kind == "answer":
        return "take" if state == DISPATCHED else "answer"
    return AT_DESK.get(state, "") if kind == "desk" else STEPS[kind]


def _finding(row: FindingRow, step: str) -> Duty:
    return Duty(
        about="finding",
        id=row.id,
        title=row.title,
        title_en=row.title_en,
        place=row.site_name or row.unit_name,
        step=step,
        number=row.number or "",
        version=row.version,
        due_at=row.due_at if row.state in WITH_UNIT else None,
        late=row.overdue,
    )


def _notices(session: Session, actor: Actor, now: datetime, limit: int) -> list[Duty]:
    waiting = rows_query(actor, now).where(notices_in(actor, now))
    rows = session.execute(waiting.order_by(Notice.due_at.nulls_last(), Notice.id).limit(limit))
    return [_notice(notice, count, now) for notice, count in rows]


def _answers(session: Session, actor: Actor, now: datetime, limit: int) -> list[Duty]:
    waiting = rows_query(actor, now).where(notices_to_check(actor, now))
    rows = session.execute(waiting.order_by(Notice.changed_at, Notice.id).limit(limit))
    return [_notice(notice, count, now) for notice, count in rows]


def _notice(notice: Notice, findings: int, now: datetime) -> Duty:
    row = row_of(notice, findings, now)
    step = {SIGNED: "reply", REPLIED: "close"}.get(row.state, "sign")
    due = row.due_at if KINDS[row.kind].replies and row.state != REPLIED else None
    about = Duty("notice", row.id, row.title, row.unit_name, step)
    return replace(about, number=row.number, code=row.kind, version=row.version, due_at=due, late=row.overdue)


def _rechecks(session: Session, actor: Actor, now: datetime, limit: int) -> list[Duty]:
    query = recheck_query(actor, now).with_only_columns(Recheck, Finding).order_by(Recheck.due_on, Recheck.id)
    found = []
    for recheck, finding in session.execute(query.limit(limit)):
        due = clocks.end_of(recheck.due_on)
        about = Duty("finding", finding.id, finding.title, finding.place, "confirm_stable", finding.title_en)
        found.append(replace(about, number=finding.number or "", version=finding.version, due_at=due, late=due < now))
    return found


def _whistles(session: Session, actor: Actor, now: datetime, limit: int) -> list[Duty]:
    query = whistle_query(actor, now).with_only_columns(WhistleCall, Whistle)
    found = []
    for call, whistle in session.execute(query.order_by(Whistle.arrive_by, Whistle.id).limit(limit)):
        step = "report" if call.arrived_at else "arrive" if call.accepted_at else "accept"
        due = None if call.arrived_at else whistle.arrive_by
        about = Duty("whistle", whistle.id, whistle.matter, whistle.place, step, number=whistle.number)
        found.append(replace(about, due_at=due, late=due is not None and due < now))
    return found


def _appeals(session: Session, actor: Actor, now: datetime, limit: int) -> list[Duty]:
    cards = session.scalars(appeal_query(actor, now).order_by(CardIssue.changed_at, CardIssue.id).limit(limit))
    return [Duty("card", card.id, card.subject_name, card.league, "uphold", version=card.version) for card in cards]


def _handed(session: Session, actor: Actor, now: datetime, limit: int) -> list[Duty]:
    query = handed_query(actor, now).with_only_columns(HandOn, Finding).order_by(HandOn.answered_at, HandOn.id)
    rows = session.execute(query.limit(limit))
    return [
        Duty("finding", row.id, row.title, row.place, "confirm_handed", row.title_en, row.number or "")
        for _, row in rows
    ]


_OTHERS: Mapping[str, Callable[[Session, Actor, datetime, int], Sequence[Duty]]] = {
    NOTICE_IN: _notices,
    NOTICE_CHECK: _answers,
    RECHECK: _rechecks,
    WHISTLE: _whistles,
    APPEAL: _appeals,
    HANDED: _handed,
}
