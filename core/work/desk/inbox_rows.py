"""The lines of the inbox (待办明细): of each kind the most urgent first, with what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from core.work.calendar import local_day
from core.work.desk import inbox_splits, inbox_tasks
from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.desk.inbox import (
    APPEAL,
    ASSIST,
    CARDS,
    DOUBT,
    HANDED,
    KINDS,
    NOTICE_CHECK,
    NOTICE_IN,
    NUMBERS,
    NUMBERS_BACK,
    NUMBERS_CHECK,
    OBJECTION,
    OF_FINDINGS,
    RECHECK,
    SWEEP,
    WHISTLE,
    WORD,
)
from core.work.desk.inbox_duty import Duty, of_appeal, of_due_numbers, of_judged_numbers, of_returned_number
from core.work.loop import clocks
from core.work.loop.announcing import campaigns_by_finding
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
from core.work.papers.notice_kinds import KINDS as PAPERS
from core.work.papers.notice_moves import REPLIED, SIGNED, is_late
from core.work.roles import ANSWER
from core.work.statistics import waiting as w
from core.work.tables import (
    Appeal,
    CardIssue,
    CardScheme,
    Finding,
    FindingCampaign,
    Notice,
    NoticeAddressee,
    NoticeFinding,
    Observation,
    Part,
    Recheck,
    Signal,
    Site,
    Statistic,
    Sweep,
    Whistle,
    WhistleCall,
)
from tenants.access import Actor, reach
from tenants.models import Unit

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
Row = Any  # of the columns that a kind shows
__all__ = ["Duty", "read_duties"]


def read_duties(
    session: Session,
    actor: Actor,
    kind: str,
    now: datetime,
    *,
    limit: int,
    after: Sequence[Any] | None = None,
    campaign: str = "",
) -> list[Duty]:
    """The most urgent duties of one kind, of one campaign if one is named; ``after`` are the keys of the last one before."""
    known = KINDS[kind]
    if kind in OF_FINDINGS:
        extra = [OF_FINDINGS[kind][1](actor, now)] + ([known.campaign(actor, campaign)] if campaign else [])
        query = base_query(actor, Filter(extra=tuple(extra)), now)
    else:
        query = known.waiting(actor, now, campaign).with_only_columns(*known.keys, *SHOWN[kind][0])
    if after is not None:
        query = query.where(tuple_(*known.keys) > tuple_(*after))
    rows = session.execute(query.order_by(*known.keys).limit(limit)).all()
    if kind in OF_FINDINGS:
        found = [_finding(row, _step(kind, row.state)) for row in rows_of(session, rows, now)]
        return _with_own_days(session, actor, found, now) if kind == ASSIST else found
    first, make = len(known.keys), SHOWN[kind][1]
    duties = [replace(make(row[first:], actor, now), keys=tuple(row[:first])) for row in rows]
    return _with_campaigns(session, duties)


def _with_own_days(session: Session, actor: Actor, duties: Sequence[Duty], now: datetime) -> list[Duty]:
    """The same, due on the day that the actor's own helping part has, where one was said (协办期限)."""
    own = session.execute(
        select(Part.finding_id, func.min(Part.due_on))
        .where(
            Part.finding_id.in_([duty.id for duty in duties]),
            Part.kind == ASSIST,
            Part.state == "open",
            Part.ended_at.is_(None),
            Part.due_on.is_not(None),
            Part.unit_id.in_(reach(actor, ANSWER, local_day(now))),
        )
        .group_by(Part.finding_id)
    ).all()
    days = {finding: clocks.end_of(day) for finding, day in own if day}
    return [replace(d, due_at=days[d.id], late=days[d.id] < now) if d.id in days else d for d in duties]


def _with_campaigns(session: Session, duties: Sequence[Duty]) -> list[Duty]:
    """The same with their campaigns: those of the finding, or of all findings that a notice is about."""
    by_finding = campaigns_by_finding(session, {duty.finding_id for duty in duties if duty.finding_id})
    by_notice = _campaigns_of_notices(session, [duty.id for duty in duties if duty.about == "notice"])
    return [
        replace(
            duty,
            campaigns=by_finding.get(duty.finding_id, ())
            if duty.finding_id
            else by_notice.get(duty.id, duty.campaigns),
        )
        for duty in duties
    ]


def _campaigns_of_notices(session: Session, ids: Iterable[UUID]) -> dict[UUID, tuple[str, ...]]:
    wanted = list(ids)
    if not wanted:
        return {}
    named = func.array_agg(FindingCampaign.campaign.distinct())
    rows = session.execute(
        select(NoticeFinding.notice_id, named)
        .join(
            FindingCampaign,
            (FindingCampaign.tenant_id == NoticeFinding.tenant_id)
            & (FindingCampaign.finding_id == NoticeFinding.finding_id),
        )
        .where(NoticeFinding.notice_id.in_(wanted))
        .group_by(NoticeFinding.notice_id)
    )
    return {notice: tuple(sorted(campaigns)) for notice, campaigns in rows}


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
        finding_id=row.id,
        campaigns=row.campaigns,
        keys=(row.due_at, row.id),
    )


def _notice(row: Row, _actor: Actor, now: datetime) -> Duty:
    notice, unit = row
    kind = PAPERS[notice.kind]
    step = {SIGNED: "reply", REPLIED: "close"}.get(unit.state, "sign")
    due = notice.due_at if kind.replies and unit.state != REPLIED else None
    late = is_late(kind, unit.state, notice.due_at, now)
    about = Duty("notice", notice.id, notice.title, unit.unit_name, step, number=notice.number, code=notice.kind)
    return replace(about, version=notice.version, due_at=due, late=late, unit_id=unit.unit_id)


def _of_finding(about: str, ref: UUID, finding: Finding, place: str | None, step: str) -> Duty:
    """A duty about a finding that is done elsewhere than by a step of its own."""
    found = Duty(about, ref, finding.title, place or "", step, finding.title_en, finding.number or "")
    return replace(found, finding_id=finding.id)


def _recheck(row: Row, _actor: Actor, now: datetime) -> Duty:
    recheck, finding, place = row
    due = clocks.end_of(recheck.due_on)
    return replace(_of_finding("recheck", recheck.id, finding, place, "recheck"), due_at=due, late=due < now)


def _whistle(row: Row, _actor: Actor, now: datetime) -> Duty:
    call, whistle = row
    step = "report" if call.arrived_at else "arrive" if call.accepted_at else "accept"
    due = whistle.solve_by if call.arrived_at else whistle.arrive_by
    return _about_whistle(whistle, step, due, now)


def _word(row: Row, _actor: Actor, now: datetime) -> Duty:
    return _about_whistle(row[0], "instruct", row[0].solve_by, now)


def _about_whistle(whistle: Whistle, step: str, due: datetime | None, now: datetime) -> Duty:
    about = Duty("whistle", whistle.id, whistle.matter, whistle.place, step, number=whistle.number)
    return replace(about, due_at=due, late=due is not None and due < now, finding_id=whistle.finding_id)


def _appeal(row: Row, _actor: Actor, now: datetime) -> Duty:
    card, due = row[0], row[0].appeal_due_at
    about = Duty("card", card.id, card.subject_name, _span(card), "uphold", version=card.version)
    return replace(about, due_at=due, late=due is not None and due < now)


def _span(card: CardIssue) -> str:
    """The days of a card's period, in figures."""
    return f"{card.period_start}–{card.period_end}"


def _cards(row: Row, _actor: Actor, _now: datetime) -> Duty:
    """A period of a scheme; ``code`` is its first day, by which its page is found."""
    card, name, body = row
    english = body.get("title_en") or ""
    return Duty("cards", card.scheme_id, name, _span(card), "give_cards", title_en=english, code=str(card.period_start))


def _handed(row: Row, _actor: Actor, _now: datetime) -> Duty:
    finding, place = row
    return _of_finding("handed", finding.id, finding, place, "confirm_handed")


def _sweep(row: Row, actor: Actor, now: datetime) -> Duty:
    sweep = row[0]
    due = clocks.end_of(sweep.due_on)
    step = "end_sweep" if sweep.person_id == actor.person_id else "sweep"
    about = Duty("sweep", sweep.id, sweep.title, "", step, finding_id=sweep.finding_id)
    return replace(about, due_at=due, late=due < now)


def _doubt(row: Row, _actor: Actor, _now: datetime) -> Duty:
    signal, finding, place = row
    return replace(_of_finding("doubt", signal.id, finding, place, "settle"), code=signal.kind)


_PLACE = func.coalesce(Site.name, Finding.place)
# What is read of each kind beside its keys, and how a line is made of it.
SHOWN: Mapping[str, tuple[Sequence[Any], Callable[[Row, Actor, datetime], Duty]]] = MappingProxyType(
    {
        NOTICE_IN: ((Notice, NoticeAddressee), _notice),
        NOTICE_CHECK: ((Notice, NoticeAddressee), _notice),
        RECHECK: ((Recheck, Finding, _PLACE), _recheck),
        WHISTLE: ((WhistleCall, Whistle), _whistle),
        WORD: ((Whistle,), _word),
        CARDS: ((CardIssue, CardScheme.name, CardScheme.body), _cards),
        APPEAL: ((CardIssue,), _appeal),
        OBJECTION: ((Appeal, Finding), of_appeal),
        HANDED: ((Finding, _PLACE), _handed),
        SWEEP: ((Sweep,), _sweep),
        DOUBT: ((Signal, Finding, _PLACE), _doubt),
        NUMBERS: (w.DUE_COLUMNS, of_due_numbers),
        NUMBERS_BACK: ((Observation, Statistic, Unit.name), of_returned_number),
        NUMBERS_CHECK: (w.JUDGING_COLUMNS, of_judged_numbers),
        **inbox_tasks.SHOWN,
        **inbox_splits.SHOWN,
    }
)
