"""Reminds of numbers that nobody handed in when their day is over (统计催报), once for a day, however often it runs.

``reminded_on`` of the line is the day about which was reminded last: claiming it decides between runs that are late,
doubled or at the same moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Date, Uuid, cast, column, func, or_, select, update

from core.errors import N_
from core.periods import Period, containing
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.papers.notes import tell
from core.work.roles import ANSWER, ROLES
from core.work.statistics.waiting import unhanded
from core.work.tables import Statistic
from tenants.models import Holding, Post, Unit
from tenants.scope import ScopedSession

KIND, OBJECT = "numbers.late", "numbers"
OWNER, UNIT = "owner", "unit"
ONE = N_("{unit}的统计“{title}”（{period}）已于 {due} 到期，还没有上报")
MANY = N_("{unit}有 {count} 项统计（{period}）已于 {due} 到期，还没有上报")


@dataclass(frozen=True, slots=True)
class Late:
    """One number of one unit that is late (逾期未报)."""

    statistic_id: UUID
    name_zh: str
    name_en: str
    campaign: str
    owner_id: UUID
    about_id: UUID
    each: bool
    period: Period
    due_on: date


def remind_statistics(session: ScopedSession, now: datetime) -> int:
    """Remind those who answer for what is late; gives how many lines were reminded of."""
    late = _late(session, local_day(now))
    claimed = _claim(session, {one.statistic_id: one.due_on for one in late})
    told = [one for one in late if one.statistic_id in claimed]
    _tell_all(session, told, OWNER, now)
    asked = {one.about_id for one in told if one.each}
    own = _with_posts(session, asked, local_day(now))
    _tell_all(session, [one for one in told if one.each and one.about_id in own], UNIT, now)
    return len(claimed)


def _late(session: ScopedSession, today: date) -> list[Late]:
    """What is late in the latest period of each line whose day is over."""
    query = unhanded(session.tenant_id, today).add_columns(Statistic.reminded_on)
    newest: dict[UUID, date] = {}
    rows = []
    for row in session.execute(query):
        if row.due_on >= today or (row.reminded_on is not None and row.reminded_on >= row.due_on):
            continue
        newest[row.id] = max(newest.get(row.id, row.due_on), row.due_on)
        rows.append(row)
    return [_late_of(row) for row in rows if row.due_on == newest[row.id]]


def _late_of(row: Any) -> Late:
    period = containing(row.period_kind, row.period_start)
    names = (row.id, row.name_zh, row.name_en or row.name_zh, row.campaign, row.owner_unit_id, row.about_id)
    return Late(*names, each=bool(row.unit_kind), period=period, due_on=row.due_on)


def _claim(session: ScopedSession, days: dict[UUID, date]) -> set[UUID]:
    """Note the day about which is reminded; gives the lines that nobody had noted before."""
    if not days:
        return set()
    lists = cast(list(days), ARRAY(Uuid())), cast(list(days.values()), ARRAY(Date))
    named = (column("id", Uuid()), column("due_on", Date))
    asked = func.unnest(*lists).table_valued(*named, name="asked").render_derived()
    done = session.execute(
        update(Statistic)
        .where(
            Statistic.tenant_id == session.tenant_id,
            Statistic.id == asked.c.id,
            or_(Statistic.reminded_on.is_(None), Statistic.reminded_on < asked.c.due_on),
        )
        .values(reminded_on=asked.c.due_on)
        .returning(Statistic.id)
        .execution_options(synchronize_session=False)
    )
    return set(done.scalars())


def _with_posts(session: ScopedSession, units: Collection[UUID], on: date) -> set[UUID]:
    """Of some units, those with a post of their own that answers: where nobody sits, the owner alone is reminded."""
    if not units:
        return set()
    roles = [role.code for role in ROLES.values() if ANSWER in role.verbs]
    held = (
        select(Post.unit_id)
        .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
        .where(Post.unit_id.in_(units), Post.role.in_(roles), valid_on(Holding, on))
    )
    return set(session.scalars(held))


def _tell_all(session: ScopedSession, late: Iterable[Late], which: str, now: datetime) -> None:
    """One note to each unit about each period, however many numbers there are."""
    groups: dict[tuple[UUID, Period, date], list[Late]] = defaultdict(list)
    for one in late:
        groups[one.owner_id if which == OWNER else one.about_id, one.period, one.due_on].append(one)
    named = select(Unit.id, Unit.name).where(Unit.id.in_({unit for unit, _period, _day in groups}))
    names = {row.id: row.name for row in session.execute(named)}
    for (unit, period, due), group in groups.items():
        _tell(session, unit, which, _params(names[unit], period, due, group), group, now)


def _params(unit: str, period: Period, due: date, group: Sequence[Late]) -> dict[str, Any]:
    alone = {"title": group[0].name_zh, "title_en": group[0].name_en} if len(group) == 1 else {"count": len(group)}
    span = {"period": period.label_zh, "period_en": period.label_en, "key": period.key}
    return {"unit": unit, "due": due.isoformat()} | span | alone


def _tell(
    session: ScopedSession, unit: UUID, which: str, params: dict[str, Any], group: Sequence[Late], now: datetime
) -> None:
    campaigns = {one.campaign for one in group}
    tell(
        session,
        unit_ids=[unit],
        kind=KIND,
        text=ONE if "title" in params else MANY,
        params=params | {"which": which},
        object_kind=OBJECT,
        object_id=unit,
        now=now,
        campaigns=None if "" in campaigns else campaigns,
    )
