"""Daily places by completed tasks (任务逐日排名): areas, streets and departments apart, kept with the facts they came from.

Ranked is the share of tasks reported done, among units of one group; equal shares share a rank; a unit with fewer tasks than
the minimum has none. A unit has what its subtree has to do, an area besides what its members have. A day that is over is
computed as of its end from the histories (:mod:`core.figures.task_figures.facts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from core.errors import N_, Conflict
from core.figures.periods import ONE_DAY, day_of
from core.figures.task_figures.facts import Moment
from core.figures.task_figures.rates import Sums, add_up, members, sums_by_unit
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.journal import record
from core.work.marks.card_proposing import standing
from core.work.marks.card_rules import CLASSES
from core.work.permits import require
from core.work.roles import DIRECT
from core.work.tables import Task, TaskDay
from core.work.tasks.states import DRAFT
from tenants.access import Actor, root_unit
from tenants.models import Unit
from tenants.scope import ScopedSession

AREA, DEPARTMENT = "area", "department"
LEAGUES: Mapping[str, str] = {"area": AREA, "subdistrict": AREA, "department": DEPARTMENT}
GROUPS: Mapping[str, str] = {"area": N_("片区"), "subdistrict": N_("街道（镇、乡）"), "department": N_("部门")}
MINIMUM = 3  # tasks under which a unit has no place (ours)
CATCH_UP = timedelta(days=62)  # as for card schemes
NO_TASKS, FEW_TASKS = "no_data", "low_volume"
UNRANKED: Mapping[str, str] = {NO_TASKS: N_("没有任务"), FEW_TASKS: N_("任务太少，不排名次")}
METHOD = (
    N_("名次按完成率（已报完成 ÷ 已下达，不含草稿和已撤销）从高到低；相同的并列"),
    N_("片区、街道、部门各排各的；只数末级任务；单位的任务含其下级，片区的含成员单位"),
    N_("任务少于 3 件的不排名次；已过去的日子按当天结束时的状态统计，任务的单位、创建项目、计划按现在的"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One unit's place on a day (任务名次); ``unranked`` is '' or says why there is none."""

    unit_id: UUID
    unit_name: str
    group: str
    campaign: str
    rank: int | None
    unranked: str
    sums: Sums
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def league(self) -> str:
        """``area`` or ``department``."""
        return LEAGUES[self.group]


@dataclass(frozen=True, slots=True)
class _Member:
    id: UUID
    name: str
    group: str


def stand(session: ScopedSession, moment: Moment) -> list[Standing]:
    """The places of all units on a day, for all tasks together and for each campaign; nothing is kept (four queries).

    Of all together every unit is named; of a campaign those that have tasks of it.
    """
    units = _members(session, moment.day)
    inside = members(session, [one.id for one in units], moment.day)
    counted = sums_by_unit(session, moment)
    found: list[Standing] = []
    for campaign in ("", *sorted({code for _, code in counted if code})):
        own = _of(counted, campaign)
        rolled = [(one, add_up(own[unit] for unit in inside[one.id] & own.keys())) for one in units]
        found += place(campaign, [pair for pair in rolled if not campaign or pair[1].total])
    return found


def place(campaign: str, counted: Iterable[tuple[_Member, Sums]]) -> list[Standing]:
    """Rank the units of each group by their counts, best first, those without a place last."""
    listed, found = list(counted), []
    for group in GROUPS:
        mine = [(one, sums) for one, sums in listed if one.group == group]
        whys = [unranked(sums.total, MINIMUM) for _, sums in mine]
        ranks = standing([None if why else s.ratio for (_, s), why in zip(mine, whys, strict=True)], more=True)
        rule = {"group": group, "minimum": MINIMUM}
        rows = [
            Standing(one.id, one.name, group, campaign, rank, why, sums, rule | {"counts": asdict(sums)})
            for (one, sums), rank, why in zip(mine, ranks, whys, strict=True)
        ]
        found += sorted(rows, key=lambda one: (one.rank is None, one.rank or 0))
    return found


def unranked(total: int, minimum: int) -> str:
    """Why a unit takes no place: '' when it does."""
    return NO_TASKS if not total else FEW_TASKS if total < minimum else ""


def replay(rows: Sequence[TaskDay]) -> dict[tuple[str, UUID], int | None]:
    """The ranks of kept rows by campaign and unit, computed again from their facts alone."""
    found: dict[tuple[str, UUID], int | None] = {}
    for key in {(one.campaign, one.facts["group"]) for one in rows}:
        mine = [one for one in rows if (one.campaign, one.facts["group"]) == key]
        ratios = [_ratio(one.facts) for one in mine]
        found |= {
            (one.campaign, one.unit_id): rank for one, rank in zip(mine, standing(ratios, more=True), strict=True)
        }
    return found


def _ratio(facts: Mapping[str, Any]) -> Fraction | None:
    counts = facts["counts"]
    return None if unranked(counts["total"], facts["minimum"]) else Fraction(counts["done"], counts["total"])


def compute_day(session: ScopedSession, day: date, *, now: datetime) -> int:
    """Compute a day that is over and keep it; gives its revision, 0 where no task was counted.

    The same facts write nothing, others make a new revision. Raises Conflict for a day that is not over.
    """
    if day >= day_of(now):
        raise Conflict(N_("{day} 还没有结束，结束后再计算名次"), day=day.isoformat())
    places = stand(session, Moment.end_of(day))
    if not any(one.sums.total for one in places):
        return 0
    key = f"task_day {session.tenant_id}"  # two runs at once write one revision
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    kept = read_day(session, day)
    if kept and _said_rows(kept) == _said(places):
        return kept[0].revision
    revision = kept[0].revision + 1 if kept else 1
    session.execute(insert(TaskDay), [_row(session.tenant_id, day, revision, one, now) for one in places])
    return revision


def recompute_day(session: ScopedSession, actor: Actor, day: date, *, now: datetime) -> int:
    """The same by hand (核对重算), for whoever directs the tasks of the whole district. Raises Forbidden, Conflict."""
    root = root_unit(session).id
    require(session, actor, DIRECT, root, day_of(now))
    revision = compute_day(session, day, now=now)
    record(session, actor, "task_rank.compute", "task_day", root, day=day.isoformat(), version=revision)
    return revision


def close_task_days(session: ScopedSession, now: datetime) -> int:
    """Keep every day that is over and not kept yet, at most :data:`CATCH_UP` back; gives how many. For the nightly job."""
    yesterday = day_of(now) - ONE_DAY
    last = session.scalar(select(func.max(TaskDay.day)))
    first = last + ONE_DAY if last else _first_day(session)
    if first is None:
        return 0
    first = max(first, yesterday - CATCH_UP)
    days = [first + n * ONE_DAY for n in range((yesterday - first).days + 1)]
    return sum(compute_day(session, day, now=now) > 0 for day in days)


def read_day(session: ScopedSession, day: date, campaign: str | None = None) -> list[TaskDay]:
    """A day as it is kept, in its highest revision, best places first in each league; empty when it was never computed."""
    highest = select(func.max(TaskDay.revision)).where(TaskDay.day == day).scalar_subquery()
    query = select(TaskDay).where(TaskDay.day == day, TaskDay.revision == highest)
    if campaign is not None:
        query = query.where(TaskDay.campaign == campaign)
    order = (TaskDay.campaign, TaskDay.league, TaskDay.rank.nulls_last(), TaskDay.unit_name, TaskDay.unit_id)
    return list(session.scalars(query.order_by(*order)))


def kept_before(session: ScopedSession, day: date) -> date | None:
    """The last kept day before a day."""
    return session.scalar(select(func.max(TaskDay.day)).where(TaskDay.day < day))


def standing_of(row: TaskDay) -> Standing:
    """A kept row as a place."""
    sums = Sums(**row.facts["counts"])
    why = unranked(sums.total, row.facts["minimum"])
    return Standing(row.unit_id, row.unit_name, row.facts["group"], row.campaign, row.rank, why, sums, row.facts)


def _members(session: ScopedSession, day: date) -> list[_Member]:
    kinds = [kind for kind, group in CLASSES.items() if group in GROUPS]
    query = select(Unit.id, Unit.name, Unit.kind).where(Unit.kind.in_(kinds), valid_on(Unit, day))
    rows = session.execute(query.order_by(Unit.pinyin, Unit.id))
    return [_Member(row[0], row[1], CLASSES[row[2]]) for row in rows]


def _of(counted: Mapping[tuple[UUID, str], Sums], campaign: str) -> dict[UUID, Sums]:
    """The counts by unit, of one campaign or ('') of all together."""
    found: dict[UUID, Sums] = {}
    for (unit, code), sums in counted.items():
        if not campaign or code == campaign:
            found[unit] = found.get(unit, Sums()) + sums
    return found


def _first_day(session: ScopedSession) -> date | None:
    """The day on which the first task was issued."""
    query = select(func.min(Task.issued_at)).where(Task.state != DRAFT)
    first = session.scalar(query)
    return local_day(first) if first else None


def _said(places: Iterable[Standing]) -> dict[tuple[str, UUID], tuple[Any, ...]]:
    return {(one.campaign, one.unit_id): (one.rank, dict(one.facts)) for one in places}


def _said_rows(rows: Iterable[TaskDay]) -> dict[tuple[str, UUID], tuple[Any, ...]]:
    return {(one.campaign, one.unit_id): (one.rank, one.facts) for one in rows}


def _row(tenant_id: int, day: date, revision: int, one: Standing, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "day": day,
        "revision": revision,
        "campaign": one.campaign,
        "league": one.league,
        "unit_id": one.unit_id,
        "unit_name": one.unit_name,
        "rank": one.rank,
        "numerator": one.sums.done,
        "denominator": one.sums.total,
        "overdue": one.sums.overdue,
        "at_risk": one.sums.at_risk,
        "facts": dict(one.facts),
        "computed_at": now,
    }
