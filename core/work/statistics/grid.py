"""What is due in a period (应报清单): every statistic with its unit, its values, the last value beside, and how it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, tuple_

from core.periods import KINDS, Period
from core.settings import ZONE
from core.work.dated import valid_on
from core.work.roles import SEE
from core.work.statistics.dictionary import in_force
from core.work.statistics.sight import pairs_seen
from core.work.statistics.writing import last_finished
from core.work.tables import Observation, Statistic
from tenants.access import ROOTS, Actor
from tenants.models import EnabledCampaign, Unit
from tenants.scope import ScopedSession

# How a row stands against its day: handed in by then, later, not yet and still in time, not yet and late, not asked for.
ON_TIME, LATE, DUE, MISSING, EARLY = "on_time", "late", "due", "missing", "early"
TIMELINESS = (ON_TIME, LATE, DUE, MISSING, EARLY)


@dataclass(frozen=True, slots=True)
class Pair:
    """One statistic for one unit (填报项): what one row of the list is about."""

    statistic: Statistic
    unit_id: UUID
    unit_name: str
    owner_name: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list (应报行): a pair in its period with the values that are there, one a basis, and the last ones."""

    pair: Pair
    period: Period
    values: tuple[Observation, ...] = ()
    last: tuple[Observation, ...] = ()
    timeliness: str = DUE
    due_on: date = field(default=date.max)

    @property
    def key(self) -> str:
        """The row's name in forms: statistic, unit and period."""
        return f"{self.pair.statistic.id.hex}-{self.pair.unit_id.hex}-{self.period.key}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to list (筛选): a period or, with None, the last finished one of each kind; an owner, the unit they are about."""

    period: Period | None = None
    frequency: str = ""
    owner_id: UUID | None = None
    unit_id: UUID | None = None
    campaign: str = ""
    text: str = ""
    state: str = ""
    timeliness: str = ""
    codes: frozenset[str] = frozenset()


def pairs_of(session: ScopedSession, actor: Actor | None, asked: Asked, *, today: date, verb: str = SEE) -> list[Pair]:
    """The statistics in force with the units they are asked of, within reach, by owner and name."""
    owner = Unit.__table__.alias("owner")
    whole = Statistic.unit_kind == ""
    statement = (
        select(Statistic, Unit.id, Unit.name, owner.c.name)
        .join(owner, and_(owner.c.tenant_id == Statistic.tenant_id, owner.c.id == Statistic.owner_unit_id))
        .join(
            Unit,
            and_(
                Unit.tenant_id == Statistic.tenant_id,
                or_(
                    and_(whole, Unit.kind.in_(ROOTS)),
                    and_(Statistic.unit_kind != "", Unit.kind == Statistic.unit_kind),
                ),
            ),
        )
        .where(
            Unit.tree == "administration",
            valid_on(Unit, today),
            *in_force(_running(session), today),
            pairs_seen(session, actor, Unit.id, today, verb),
            *_wanted(asked),
        )
        .order_by(owner.c.pinyin, owner.c.id, Statistic.frequency, Statistic.code, Unit.pinyin, Unit.id)
    )
    return [Pair(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]


def _running(session: ScopedSession) -> Iterable[str]:
    return session.scalars(select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")).all()


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    terms: list[ColumnElement[bool]] = []
    if asked.owner_id:
        terms.append(Statistic.owner_unit_id == asked.owner_id)
    if asked.unit_id:
        terms.append(Unit.id == asked.unit_id)
    if asked.frequency or asked.period:
        terms.append(Statistic.frequency == (asked.period.kind if asked.period else asked.frequency))
    if asked.codes:
        terms.append(Statistic.code.in_(asked.codes))
    if asked.campaign:
        terms.append(Statistic.campaign.in_(("", asked.campaign)))
    if asked.text:
        like = f"%{asked.text.replace('%', '').replace('_', '')}%"
        terms.append(or_(Statistic.code.ilike(like), Statistic.name_zh.ilike(like), Statistic.name_en.ilike(like)))
    return terms


def lines_of(session: ScopedSession, actor: Actor, asked: Asked, *, today: date) -> list[Line]:
    """What is asked in a period, with its values and those of the period before; filtered by state and timeliness."""
    pairs = pairs_of(session, actor, asked, today=today)
    periods = {kind: asked.period or last_finished(kind, today) for kind in KINDS}
    wanted = {kind: (period, period.previous) for kind, period in periods.items()}
    values = _values(session, pairs, wanted)
    lines = []
    for pair in pairs:
        period, before = wanted[pair.statistic.frequency]
        lines.append(_line(pair, period, values, before, today))
    return [line for line in lines if _kept(line, asked)]


def _line(pair: Pair, period: Period, values: Mapping[Any, list[Observation]], before: Period, today: date) -> Line:
    here = tuple(values.get((pair.statistic.id, pair.unit_id, period.start), ()))
    due = due_on(pair.statistic, period)
    last = tuple(values.get((pair.statistic.id, pair.unit_id, before.start), ()))
    return Line(pair, period, here, last, timeliness_of(pair.statistic, period, here, today), due)


def _values(
    session: ScopedSession, pairs: Collection[Pair], wanted: Mapping[str, tuple[Period, ...]]
) -> Mapping[Any, list[Observation]]:
    """The observations of some pairs in their periods, by statistic, unit and start."""
    spans = {(kind, period.start) for kind, both in wanted.items() for period in both}
    statistics = {pair.statistic.id for pair in pairs}
    if not statistics:
        return {}
    rows = session.scalars(
        select(Observation)
        .where(
            Observation.statistic_id.in_(statistics),
            tuple_(Observation.period_kind, Observation.period_start).in_(spans),
        )
        .order_by(Observation.basis)
    )
    found: dict[Any, list[Observation]] = {}
    for row in rows:
        found.setdefault((row.statistic_id, row.unit_id, row.period_start), []).append(row)
    return found


def due_on(statistic: Statistic, period: Period) -> date:
    """The last day on which a period's value is in time (报送期限)."""
    return period.end + timedelta(days=statistic.due_days)


def timeliness_of(statistic: Statistic, period: Period, values: Collection[Observation], today: date) -> str:
    """How a row stands against its day; what lies before the statistic was asked for is never missing."""
    handed = [v.first_submitted_at.astimezone(ZONE).date() for v in values if v.first_submitted_at]
    limit = due_on(statistic, period)
    if handed:
        return ON_TIME if min(handed) <= limit else LATE
    if period.end >= today or period.end < statistic.valid_from:
        return EARLY
    return DUE if today <= limit else MISSING


def _kept(line: Line, asked: Asked) -> bool:
    if asked.timeliness and line.timeliness != asked.timeliness:
        return False
    if asked.state == "none":
        return not line.values
    return not asked.state or any(value.state == asked.state for value in line.values)
