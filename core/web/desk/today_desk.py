"""Desk work of the day (今日办理): what a unit must answer, what the HQ office checks, chases and publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists

from core.figures.periods import containing
from core.figures.shelf import own_publications, period_of
from core.request import house
from core.web.ledger.finding_words import Left, time_left
from core.web.words import by_locale
from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.desk.waiting import Counts, Todo, UnitCounts, counts, counts_by_unit, todo
from core.work.enabling import enabled
from core.work.loop.transitions import ANSWERED
from core.work.roles import ANSWER, PUBLISH
from core.work.tables import Finding, Part
from tenants.access import Actor, reach
from tenants.scope import ScopedSession

LISTED = 12  # findings shown of each queue; the list behind it has the rest (ours)
LATE_UNITS = 8
WAITING = 5


@dataclass(frozen=True, slots=True)
class Answers:
    """What a unit has to answer (待整改), and what it answered and others must check (已答复待核查)."""

    todo: Todo
    left: Mapping[UUID, Left]
    sent: Sequence[FindingRow]
    sent_count: int
    counted: Counts


@dataclass(frozen=True, slots=True)
class Due:
    """One campaign's last closed period (待发布): None when it is not published."""

    title: str
    period_zh: str
    period_en: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """Findings of the month and of now (本月数字)."""

    month: Counts
    now: Counts
    since: date


@dataclass(frozen=True, slots=True)
class Desk:
    """The HQ office's day (创建办今日)."""

    numbers: Numbers
    late: Sequence[UnitCounts]
    todo: Todo
    dues: Sequence[Due]


def read_answers(session: ScopedSession, actor: Actor, now: datetime, on: date) -> Answers:
    """A liaison's day: by deadline, the latest first; counted over what his units lead."""
    waiting = todo(session, actor, now, limit=LISTED)
    leads = exists().where(
        Part.tenant_id == actor.tenant.id,
        Part.finding_id == Finding.id,
        Part.leading,
        Part.unit_id.in_(reach(actor, ANSWER, on)),
    )
    own = leads.correlate(Finding)
    counted = counts(session, actor, Filter(extra=(own,)), now=now)
    sent = base_query(actor, Filter(extra=(own, Finding.state == ANSWERED)), now)
    latest = session.execute(sent.order_by(Finding.answered_at.desc(), Finding.id).limit(WAITING)).all()
    left = time_left(session, waiting.answer, now)
    return Answers(waiting, left, rows_of(session, latest, now), counted.to_check, counted)


def read_numbers(session: ScopedSession, actor: Actor, now: datetime, on: date) -> Numbers:
    """This month's findings within reach, and all that stand open now."""
    month = containing("month", on)
    opened = Filter(extra=(Finding.opened_at >= month.bounds[0],))
    return Numbers(counts(session, actor, opened, now=now), counts(session, actor, now=now), month.start)


def read_desk(session: ScopedSession, actor: Actor, now: datetime, on: date) -> Desk:
    """The HQ office's day."""
    late = [unit for unit in counts_by_unit(session, actor, now=now, limit=LATE_UNITS) if unit.counts.overdue]
    dues = read_dues(session, on) if actor.has(PUBLISH) else []
    return Desk(read_numbers(session, actor, now, on), late, todo(session, actor, now, limit=LISTED), dues)


def read_dues(session: ScopedSession, on: date) -> list[Due]:
    """For each campaign the last closed period of the kind that was published last, by the month at first (ours)."""
    own = own_publications(session)
    found = []
    for campaign in enabled(session, house().registry):
        mine = [one for one in own if one.campaign == campaign.key]
        period = containing(mine[0].period_kind if mine else "month", on).previous
        sent = next((one.published_at for one in mine if period_of(one) == period), None)
        title = by_locale(campaign.title_zh, campaign.title_en)
        found.append(Due(title, period.label_zh, period.label_en, sent))
    return found
