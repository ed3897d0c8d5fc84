"""The leader's one page (领导一页): what is late, where points are lost, what changed since yesterday, which unit is late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import exists, func, or_, select

from core.figures.model import percent
from core.figures.overview import Change, Loss, changed_since_yesterday, points_lost
from core.figures.periods import Period, containing
from core.request import house
from core.web.desk.look import Look
from core.web.duties.sponsor_reading import Beside, sponsors_beside_units
from core.web.ledger.finding_words import Left, time_left
from core.work.desk.findings import Filter, FindingRow, list_findings
from core.work.desk.waiting import Counts, UnitCounts, counts, counts_by_unit
from core.work.enabling import enabled
from core.work.inspection.visit_chain import stood_at
from core.work.intake.sources import LEADER
from core.work.loop.orders import reports_of
from core.work.loop.sight import sees_visit
from core.work.loop.states import CLOSED_STATES
from core.work.organisation.area_sight import sees_area
from core.work.roles import LEAD
from core.work.tables import Finding, FindingEvent, Visit
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

    ``reports`` answer his own orders, ``beside`` are the late units' sponsors; not ``opens``: the area's score is not his.
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
    opens: bool = True


def read_leader(session: ScopedSession, actor: Actor, look: Look) -> LeaderPage:
    """The page for the part of the district that the leader's post covers, or for an area; as of a day if one is asked for."""
    period = containing("month", look.on - SETTLING)
    unit_id = look.area_id or unit_of(session, actor)
    opens = look.area_id is None or sees_area(session, actor, look.area_id, look.on, period.start)
    lines = read_lines(session, actor, period, unit_id, look.cut_off) if opens else []
    late, orders = (
        list_findings(session, actor, look.narrow(wanted), page_size=size, now=look.now).rows
        for wanted, size in ((LATE, LATE_FINDINGS), (MY_ORDERS, ORDERS))
    )
    found = counts_by_unit(session, actor, look.narrow(), now=look.now, limit=LATE_UNITS)
    units = [one for one in found if one.counts.overdue]
    since = look.moment - A_DAY
    return LeaderPage(
        period,
        unit_id,
        counts(session, actor, look.narrow(), now=look.now),
        counts(session, actor, look.narrow(Filter(extra=(Finding.opened_at >= since,))), now=look.now).total,
        counts(session, actor, look.narrow(_closed_since(session, look, since)), now=look.now).total,
        _visits(session, actor, look, since),
        lines,
        dearest(lines),
        units,
        late,
        time_left(session, [*late, *orders], look.moment),
        orders,
        {} if look.as_of else reports_of(session, [row.id for row in orders]),
        sponsors_beside_units(session, [one.unit_id for one in units], look.on, days=look.month),
        opens,
    )


def _closed_since(session: ScopedSession, look: Look, since: datetime) -> Filter:
    """What was closed in the last day: of a past one by the histories, for some may have been opened again since."""
    if look.as_of is None:
        return Filter(extra=(Finding.closed_at >= since,))
    closing = exists().where(
        FindingEvent.tenant_id == session.tenant_id,
        FindingEvent.finding_id == Finding.id,
        FindingEvent.at >= since,
        FindingEvent.at < look.moment,
        FindingEvent.to_state.in_(CLOSED_STATES),
        or_(FindingEvent.from_state.is_(None), FindingEvent.from_state.not_in(CLOSED_STATES)),
    )
    return Filter(states=CLOSED_STATES, extra=(closing.correlate(Finding),))


def unit_of(session: ScopedSession, actor: Actor) -> UUID | None:
    """The unit that the leader's post covers; None for the whole district, the first one of several."""
    roots = actor.roots(LEAD)
    return None if root_unit(session).id in roots else min(roots)


def read_lines(session: ScopedSession, actor: Actor, period: Period, unit_id: UUID | None, now: datetime) -> list[Line]:
    """Each campaign in force, scored for the district, for one unit or for an area, as of a moment."""
    found = []
    for one in enabled(session, house().registry, day=period.start):
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


def _visits(session: ScopedSession, actor: Actor, look: Look, since: datetime) -> int:
    query = select(func.count()).select_from(Visit).where(Visit.submitted_at >= since, sees_visit(actor, look.on))
    query = query.where(*look.visits(session.tenant_id), stood_at(look.as_of))
    return session.scalar(query) or 0
