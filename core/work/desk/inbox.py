"""What waits for a person (待办箱): every kind of duty as one query, counted and searched in one statement each.

A kind is judged by the posts alone, so that counting is cheap; who is his own unit's checker is told when he opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from core.work.appeals.appeal_sight import of_campaign
from core.work.calendar import ZONE, day_end
from core.work.desk import inbox_splits, inbox_tasks
from core.work.desk.inbox_findings import to_answer, to_assist, to_check, to_cosign, to_direct
from core.work.desk.inbox_queries import (
    appeal_query,
    cards_query,
    doubt_query,
    handed_query,
    notices_in,
    notices_to_check,
    objection_query,
    recheck_query,
    sweep_query,
    whistle_query,
    word_query,
)
from core.work.loop.states import WITH_UNIT
from core.work.papers.notice_kinds import KINDS as PAPERS
from core.work.papers.notice_moves import REPLIED
from core.work.roles import ANSWER, CHECK, DIRECT, LEAD, PUBLISH, VISIT
from core.work.statistics import waiting as numbers
from core.work.tables import (
    Appeal,
    CardIssue,
    Finding,
    FindingCampaign,
    HandOn,
    Notice,
    NoticeAddressee,
    NoticeFinding,
    Observation,
    Recheck,
    Signal,
    Sweep,
    Whistle,
    WhistleCall,
)
from tenants.access import Actor

ANSWER_KIND, ASSIST, COSIGN, CHECK_KIND, DESK = "answer", "assist", "cosign", "check", "desk"
NOTICE_IN, NOTICE_CHECK, RECHECK, WHISTLE, APPEAL, HANDED = (
    "notice",
    "notice_check",
    "recheck",
    "whistle",
    "appeal",
    "handed",
)
SWEEP, DOUBT, WORD, CARDS, OBJECTION = "sweep", "doubt", "word", "cards", "objection"
NUMBERS, NUMBERS_BACK, NUMBERS_CHECK = "numbers", "numbers_back", "numbers_check"
NO_DUE = cast(null(), DateTime(timezone=True))
FAR = datetime(9999, 1, 1, tzinfo=ZONE)  # what has no deadline comes last
Condition = Callable[[Actor, datetime], ColumnElement[bool]]
Query = Callable[[Actor, datetime], Select[Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of duty (待办类别): the verbs without which nobody has it, what waits, in which order, due when.

    ``keys`` order the rows and name each one; ``due`` is the deadline, NULL where a row has none; ``campaign`` says of a
    campaign's key whether a row belongs to it.
    """

    verbs: frozenset[str]
    query: Query
    keys: tuple[SQLColumnExpression[Any], ...]
    due: SQLColumnExpression[Any]
    campaign: Callable[[Actor, str], ColumnElement[bool]]

    def waiting(self, actor: Actor, now: datetime, campaign: str = "") -> Select[Any]:
        """What waits for the actor, of one campaign if one is named."""
        found = self.query(actor, now)
        return found.where(self.campaign(actor, campaign)) if campaign else found


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of a kind waits (待办统计): how many, how many of them late, and the earliest deadline."""

    count: int
    late: int
    earliest: datetime | None


def _by_finding(column: Any) -> Callable[[Actor, str], ColumnElement[bool]]:
    """Of a campaign by the finding that a column names."""

    def named(actor: Actor, campaign: str) -> ColumnElement[bool]:
        found = select(FindingCampaign.finding_id).where(
            FindingCampaign.tenant_id == actor.tenant.id, FindingCampaign.campaign == campaign
        )
        wanted: ColumnElement[bool] = column.in_(found)
        return wanted

    return named


def _by_notice(actor: Actor, campaign: str) -> ColumnElement[bool]:
    """Of a campaign by any of the findings that a notice is about."""
    return exists().where(
        NoticeFinding.tenant_id == actor.tenant.id,
        NoticeFinding.notice_id == Notice.id,
        FindingCampaign.tenant_id == actor.tenant.id,
        FindingCampaign.finding_id == NoticeFinding.finding_id,
        FindingCampaign.campaign == campaign,
    )


def _by_appeal(actor: Actor, campaign: str) -> ColumnElement[bool]:
    return of_campaign(actor.tenant.id, campaign)


def _by_none(_actor: Actor, _campaign: str) -> ColumnElement[bool]:
    return false()


# Findings by kind of duty, with the verb without which nobody has it.
OF_FINDINGS: dict[str, tuple[str, Condition]] = {
    ANSWER_KIND: (ANSWER, to_answer),
    ASSIST: (ANSWER, to_assist),
    COSIGN: (ANSWER, to_cosign),
    CHECK_KIND: (CHECK, to_check),
    DESK: (DIRECT, to_direct),
}


def _of_findings(verb: str, condition: Condition) -> Kind:
    def query(actor: Actor, now: datetime) -> Select[Any]:
        return select(Finding).where(condition(actor, now))

    due = case((Finding.state.in_(WITH_UNIT), Finding.due_at))
    return Kind(frozenset({verb}), query, (Finding.due_at, Finding.id), due, _by_finding(Finding.id))


def _of_notices(verb: str, condition: Condition, order: SQLColumnExpression[Any]) -> Kind:
    def query(actor: Actor, now: datetime) -> Select[Any]:
        same = and_(Notice.tenant_id == NoticeAddressee.tenant_id, Notice.id == NoticeAddressee.notice_id)
        wanted = NoticeAddressee.tenant_id == actor.tenant.id, condition(actor, now)
        return select(NoticeAddressee).join(Notice, same).where(*wanted)

    replying = [kind.code for kind in PAPERS.values() if kind.replies]
    due = case((Notice.kind.in_(replying) & (NoticeAddressee.state != REPLIED), Notice.due_at))
    return Kind(frozenset({verb}), query, (order, Notice.id, NoticeAddressee.unit_id), due, _by_notice)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind: _of_findings(*known) for kind, known in OF_FINDINGS.items()}
    | {
        NOTICE_IN: _of_notices(ANSWER, notices_in, func.coalesce(Notice.due_at, FAR)),
        NOTICE_CHECK: _of_notices(DIRECT, notices_to_check, Notice.changed_at),
        WHISTLE: Kind(
            frozenset({ANSWER}),
            whistle_query,
            (Whistle.arrive_by, Whistle.id, WhistleCall.unit_id),
            case((WhistleCall.arrived_at.is_(None), Whistle.arrive_by), else_=Whistle.solve_by),
            _by_finding(Whistle.finding_id),
        ),
        WORD: Kind(
            frozenset({LEAD, DIRECT}),
            word_query,
            (func.coalesce(Whistle.escalated_at, Whistle.called_at), Whistle.id),
            Whistle.solve_by,
            _by_finding(Whistle.finding_id),
        ),
        HANDED: Kind(
            frozenset({ANSWER}),
            handed_query,
            (func.coalesce(HandOn.answered_at, HandOn.created_at), HandOn.id),
            NO_DUE,
            _by_finding(HandOn.finding_id),
        ),
        RECHECK: Kind(
            frozenset({VISIT, CHECK}),
            recheck_query,
            (Recheck.due_on, Recheck.id),
            day_end(Recheck.due_on),
            _by_finding(Recheck.finding_id),
        ),
        SWEEP: Kind(
            frozenset({VISIT, DIRECT}),
            sweep_query,
            (Sweep.due_on, Sweep.id),
            day_end(Sweep.due_on),
            _by_finding(Sweep.finding_id),
        ),
        DOUBT: Kind(
            frozenset({CHECK, DIRECT}),
            doubt_query,
            (Signal.raised_at, Signal.id),
            NO_DUE,
            _by_finding(Signal.finding_id),
        ),
        OBJECTION: Kind(frozenset({DIRECT}), objection_query, (Appeal.due_at, Appeal.id), Appeal.due_at, _by_appeal),
        CARDS: Kind(frozenset({PUBLISH}), cards_query, (CardIssue.period_end, CardIssue.id), NO_DUE, _by_none),
        APPEAL: Kind(
            frozenset({PUBLISH}), appeal_query, (CardIssue.changed_at, CardIssue.id), CardIssue.appeal_due_at, _by_none
        ),
        NUMBERS: Kind(
            frozenset({ANSWER, DIRECT}),
            numbers.due_query,
            (numbers.DUE, numbers.UNIT, numbers.FIRST),
            day_end(numbers.DUE),
            numbers.of_campaign,
        ),
        NUMBERS_BACK: Kind(
            frozenset({ANSWER, DIRECT}),
            numbers.returned_query,
            (Observation.changed_at, Observation.id),
            NO_DUE,
            numbers.value_of_campaign,
        ),
        NUMBERS_CHECK: Kind(
            frozenset({DIRECT}),
            numbers.judging_query,
            (numbers.SINCE, numbers.UNIT, numbers.FIRST),
            NO_DUE,
            numbers.of_campaign,
        ),
    }
    | inbox_tasks.kinds(Kind)
    | inbox_splits.kinds(Kind)
)


def kinds_of(actor: Actor) -> dict[str, Kind]:
    """The kinds of duty that the actor's posts know."""
    return {code: kind for code, kind in KINDS.items() if kind.verbs & actor.verbs}


def count_kinds(session: Session, actor: Actor, now: datetime) -> dict[str, int]:
    """How many things of each kind wait for the actor (one statement); kinds that his posts do not know are left out."""
    wanted = kinds_of(actor)
    if not wanted:
        return {}
    numbers = [_number(kind.waiting(actor, now)).scalar_subquery().label(code) for code, kind in wanted.items()]
    return dict(zip(wanted, session.execute(select(*numbers)).one(), strict=True))


def tally_kinds(session: Session, actor: Actor, now: datetime, campaign: str = "") -> dict[str, Tally]:
    """The same with how many are late and the earliest deadline (one statement), of one campaign if one is named."""
    wanted = kinds_of(actor)
    if not wanted:
        return {}
    rows = [
        kind.waiting(actor, now, campaign)
        .with_only_columns(
            literal(code).label("code"),
            func.count().label("count"),
            func.count().filter(kind.due < now).label("late"),
            func.min(kind.due).label("earliest"),
        )
        .order_by(None)
        for code, kind in wanted.items()
    ]
    return {code: Tally(count, late, at) for code, count, late, at in session.execute(union_all(*rows))}


def _number(query: Select[Any]) -> Select[Any]:
    """The number of rows of a query, as one more query."""
    return query.with_only_columns(func.count()).order_by(None)
