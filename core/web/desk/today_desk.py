"""Desk work of the day (今日办理): what a unit must answer, what the HQ office checks, chases and publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists

from core.figures.periods import containing
from core.figures.shelf import own_publications, period_of
from core.request import house
from core.web.desk.look import Look
from core.web.ledger.finding_words import Left, time_left
from core.web.words import by_locale
from core.work.desk.findings import Filter, FindingRow, base_query, list_findings, rows_of
from core.work.desk.parts_then import leading_unit
from core.work.desk.waiting import Counts, Todo, UnitCounts, counts, counts_by_unit, todo
from core.work.enabling import enabled
from core.work.loop.states import ANSWERED, WITH_UNIT
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


def read_answers(session: ScopedSession, actor: Actor, look: Look) -> Answers:
    """A liaison's day: by deadline, the latest first; counted over what his units lead, or led on a past day."""
    own = _leads(actor, look)
    counted = counts(session, actor, look.narrow(Filter(extra=(own,))), now=look.now)
    if look.as_of is not None:
        waiting = _stood(session, actor, look, Filter(states=WITH_UNIT, extra=(own,)))
        sent: Sequence[FindingRow] = _stood(session, actor, look, Filter(states=(ANSWERED,), extra=(own,)))[:WAITING]
        then = Todo(waiting, [], counted.with_unit, 0)
        return Answers(then, time_left(session, waiting, look.moment), sent, counted.to_check, counted)
    found = todo(session, actor, look.now, limit=LISTED, also=look.findings(actor.tenant.id))
    answered = Filter(extra=(own, Finding.state == ANSWERED))
    query = base_query(actor, look.narrow(answered), look.now).order_by(Finding.answered_at.desc(), Finding.id)
    sent = rows_of(session, session.execute(query.limit(WAITING)).all(), look.now)
    return Answers(found, time_left(session, found.answer, look.now), sent, counted.to_check, counted)


def _leads(actor: Actor, look: Look) -> ColumnElement[bool]:
    """Condition on Finding: one of his units leads it, or led it on the past day."""
    units = reach(actor, ANSWER, look.on)
    if look.as_of is not None:
        return leading_unit(actor.tenant.id, look.moment).in_(units)
    leads = exists().where(
        Part.tenant_id == actor.tenant.id, Part.finding_id == Finding.id, Part.leading, Part.unit_id.in_(units)
    )
    return leads.correlate(Finding)


def _stood(session: ScopedSession, actor: Actor, look: Look, wanted: Filter) -> Sequence[FindingRow]:
    """The first findings of a past day's list, by deadline."""
    return list_findings(session, actor, look.narrow(wanted), page_size=LISTED, sort="due_at", now=look.now).rows


def read_numbers(session: ScopedSession, actor: Actor, look: Look) -> Numbers:
    """The month's findings within reach, and all that stand open, now or on the past day."""
    month = containing("month", look.on)
    opened = look.narrow(Filter(extra=(Finding.opened_at >= month.bounds[0],)))
    since, whole = (counts(session, actor, one, now=look.now) for one in (opened, look.narrow()))
    return Numbers(since, whole, month.start)


def read_desk(session: ScopedSession, actor: Actor, look: Look) -> Desk:
    """The HQ office's day."""
    found = counts_by_unit(session, actor, look.narrow(), now=look.now, limit=LATE_UNITS)
    late = [unit for unit in found if unit.counts.overdue]
    dues = read_dues(session, look) if actor.has(PUBLISH) and look.area_id is None else []
    numbers = read_numbers(session, actor, look)
    if look.as_of is None:
        waiting = todo(session, actor, look.now, limit=LISTED, also=look.findings(actor.tenant.id))
    else:
        rows = _stood(session, actor, look, Filter(states=(ANSWERED,)))
        waiting = Todo([], rows, 0, numbers.now.to_check)
    return Desk(numbers, late, waiting, dues)


def read_dues(session: ScopedSession, look: Look) -> list[Due]:
    """For each campaign the last closed period of the kind that was published last, by the month at first (ours)."""
    own = [one for one in own_publications(session) if one.published_at < look.moment]
    found = []
    for campaign in enabled(session, house().registry):
        mine = [one for one in own if one.campaign == campaign.key]
        period = containing(mine[0].period_kind if mine else "month", look.on).previous
        sent = next((one.published_at for one in mine if period_of(one) == period), None)
        title = by_locale(campaign.title_zh, campaign.title_en)
        found.append(Due(title, period.label_zh, period.label_en, sent))
    return found
