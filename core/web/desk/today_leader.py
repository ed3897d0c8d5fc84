"""The leader's one page (领导一页): what is late, where points are lost, what changed since yesterday, which unit is late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.figures.model import percent
from core.figures.overview import Change, Loss, changed_since_yesterday, points_lost
from core.figures.periods import Period, containing
from core.request import house
from core.web.duties.sponsor_reading import Beside, sponsors_beside_units
from core.web.ledger.finding_words import Left, time_left
from core.work.desk.findings import Filter, FindingRow, list_findings
from core.work.desk.waiting import Counts, UnitCounts, counts, counts_by_unit
from core.work.enabling import enabled
from core.work.intake.sources import LEADER
from core.work.loop.orders import reports_of
from core.work.loop.sight import sees_visit
from core.work.roles import LEAD
from core.work.tables import Finding, Visit
from tenants.access import Actor, root_unit
from tenants.scope import ScopedSession

LOSSES = 5
LATE_UNITS = 5
LATE_FINDINGS = 3
ORDERS = 5
LATE = Filter(view="rectification", overdue=True)
MY_ORDERS = Filter(sources=(LEADER,), mine=True)
SETTLING = timedelta(
    days=2
)  # the first two days of a month still show the month before, which has something to say (ours)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One campaign with its score now and a day ago (项目得分)."""

    key: str
    title_zh: str
    title_en: str
    change: Change


@dataclass(frozen=True, slots=True)
class Dear:
    """An indicator that loses points (失分项): ``weight`` is what it costs of all the campaign's points, in percent."""

    key: str
    title_zh: str
    title_en: str
    total: Decimal
    loss: Loss
    weight: Decimal


@dataclass(frozen=True, slots=True)
class LeaderPage:
    """Everything on the page; ``found``, ``closed`` and ``visits`` since this time yesterday.

    ``reports`` answer his own orders, ``beside`` are the late units' sponsors.
    """

    period: Period
    unit_id: UUID | None
    counted: Counts
    found: int
    closed: int
    visits: int
    lines: Sequence[Line]
    dear: Sequence[Dear]
    units: Sequence[UnitCounts]
    late: Sequence[FindingRow]
    left: Mapping[UUID, Left]
    orders: Sequence[FindingRow]
    reports: Mapping[UUID, str]
    beside: Mapping[UUID, Beside]


def read_leader(session: ScopedSession, actor: Actor, now: datetime, on: date) -> LeaderPage:
    """The page for the part of the district that the leader's post covers."""
    period = containing("month", on - SETTLING)
    unit_id = unit_of(session, actor)
    lines = read_lines(session, actor, period, unit_id, now)
    late = list_findings(session, actor, LATE, page_size=LATE_FINDINGS, now=now).rows
    units = [one for one in counts_by_unit(session, actor, now=now, limit=LATE_UNITS) if one.counts.overdue]
    since = now - A_DAY
    orders = list_findings(session, actor, MY_ORDERS, page_size=ORDERS, now=now).rows
    return LeaderPage(
        period,
        unit_id,
        counts(session, actor, now=now),
        counts(session, actor, Filter(extra=(Finding.opened_at >= since,)), now=now).total,
        counts(session, actor, Filter(extra=(Finding.closed_at >= since,)), now=now).total,
        _visits(session, actor, since, on),
        lines,
        dearest(lines),
        units,
        late,
        time_left(session, [*late, *orders], now),
        orders,
        reports_of(session, [row.id for row in orders]),
        sponsors_beside_units(session, [one.unit_id for one in units], on),
    )


def unit_of(session: ScopedSession, actor: Actor) -> UUID | None:
    """The unit that the leader's post covers; None for the whole district, the first one of several."""
    roots = actor.roots(LEAD)
    return None if root_unit(session).id in roots else min(roots)


def read_lines(session: ScopedSession, actor: Actor, period: Period, unit_id: UUID | None, now: datetime) -> list[Line]:
    """Each campaign in force, scored for the district or for one unit."""
    found = []
    for one in enabled(session, house().registry):
        change = changed_since_yesterday(session, actor, one, one.edition, period, unit_id, cut_off=now)
        found.append(Line(one.key, one.title_zh, one.title_en, change))
    return found


def dearest(lines: Sequence[Line], count: int = LOSSES) -> list[Dear]:
    """The indicators that cost most over all campaigns, each weighed by its own campaign's points."""
    found = []
    for line in lines:
        score = line.change.today
        for loss in points_lost(score, count):
            weight = percent(loss.lost, score.total) or Decimal(0)
            found.append(Dear(line.key, line.title_zh, line.title_en, score.total, loss, weight))
    return sorted(found, key=lambda one: (-one.weight, one.key, one.loss.figure.code))[:count]


def _visits(session: ScopedSession, actor: Actor, since: datetime, on: date) -> int:
    query = select(func.count()).select_from(Visit).where(Visit.submitted_at >= since, sees_visit(actor, on))
    query = query.where(Visit.replaced_at.is_(None))
    return session.scalar(query) or 0
