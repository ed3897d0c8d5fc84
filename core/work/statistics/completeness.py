"""How complete and how timely the statistics are (完整性与及时性): due, in time, late, missing, by unit and period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.periods import ONE_DAY, Period, containing
from core.work.statistics.grid import DUE, EARLY, LATE, MISSING, ON_TIME, Asked, Pair, due_on, pairs_of, timeliness_of
from core.work.statistics.steps import LOCKED
from core.work.tables import Observation
from tenants.access import Actor
from tenants.scope import ScopedSession

MOST_PERIODS = 400  # of one statistic in one question: a year of days


@dataclass(frozen=True, slots=True)
class Tally:
    """The standing of some rows (完整率): ``due`` = handed in on time + late + missing; ``waiting`` are still in time."""

    on_time: int = 0
    late: int = 0
    missing: int = 0
    waiting: int = 0
    locked: int = 0

    @property
    def due(self) -> int:
        """What should be there by now."""
        return self.on_time + self.late + self.missing

    @property
    def handed(self) -> int:
        """What is there."""
        return self.on_time + self.late

    def plus(self, timeliness: str, locked: bool) -> Tally:
        """The same with one row more."""
        name = {ON_TIME: "on_time", LATE: "late", MISSING: "missing", DUE: "waiting"}.get(timeliness)
        grown = replace(self, **{name: getattr(self, name) + 1}) if name else self
        return replace(grown, locked=grown.locked + 1) if locked else grown


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """One owner in one period (单位报送情况)."""

    owner_id: UUID
    owner: str
    period: Period
    tally: Tally


def completeness(
    session: ScopedSession, actor: Actor, first: date, last: date, *, today: date, asked: Asked | None = None
) -> list[UnitStanding]:
    """How each owner stands in each period that ends within [first, last], newest first; only what is in the actor's sight."""
    pairs = pairs_of(session, actor, asked or Asked(), today=today)
    rows = _rows(session, pairs, first, last)
    found: dict[tuple[UUID, Period], Tally] = defaultdict(Tally)
    names = {}
    for pair in pairs:
        names[pair.statistic.owner_unit_id] = pair.owner_name
        for period in _ending(pair, first, last):
            values = rows.get((pair.statistic.id, pair.unit_id, period.kind, period.start), [])
            standing = timeliness_of(pair.statistic, period, values, today)
            if standing != EARLY:
                key = (pair.statistic.owner_unit_id, period)
                found[key] = found[key].plus(standing, any(v.state == LOCKED for v in values))
    standings = [UnitStanding(owner, names[owner], period, tally) for (owner, period), tally in found.items()]
    return sorted(standings, key=lambda s: (-s.period.end.toordinal(), s.period.kind, s.owner))


def whole(standings: Iterable[UnitStanding]) -> Tally:
    """All of them together."""
    found = Tally()
    for one in standings:
        tally = one.tally
        found = Tally(
            found.on_time + tally.on_time,
            found.late + tally.late,
            found.missing + tally.missing,
            found.waiting + tally.waiting,
            found.locked + tally.locked,
        )
    return found


def standing_of(
    session: ScopedSession, codes: Collection[str], first: date, last: date, *, today: date
) -> Mapping[str, Tally]:
    """How the values behind a figure stand (数据完整性), by statistic: what is said beside the figure, whoever reads it."""
    if not codes:
        return {}
    pairs = pairs_of(session, None, Asked(codes=frozenset(codes)), today=today)
    rows, found = _rows(session, pairs, first, last), dict.fromkeys(codes, Tally())
    for pair in pairs:
        for period in _ending(pair, first, last):
            values = rows.get((pair.statistic.id, pair.unit_id, period.kind, period.start), [])
            standing = timeliness_of(pair.statistic, period, values, today)
            code = pair.statistic.code
            found[code] = found[code].plus(standing, any(v.state == LOCKED for v in values))
    return found


def missing_rows(
    session: ScopedSession, actor: Actor, first: date, last: date, *, today: date, asked: Asked | None = None
) -> list[tuple[Pair, Period, date]]:
    """What was due and is not there (缺报清单): the pair, its period and the day by which it was due; the oldest first."""
    pairs = pairs_of(session, actor, asked or Asked(), today=today)
    rows = _rows(session, pairs, first, last)
    found = []
    for pair in pairs:
        for period in _ending(pair, first, last):
            values = rows.get((pair.statistic.id, pair.unit_id, period.kind, period.start), [])
            if timeliness_of(pair.statistic, period, values, today) == MISSING:
                found.append((pair, period, due_on(pair.statistic, period)))
    return sorted(found, key=lambda one: (one[2], one[0].owner_name, one[0].statistic.code))


def _ending(pair: Pair, first: date, last: date) -> list[Period]:
    """The periods of a pair's own kind that end within two days, since it was asked for."""
    start = max(first, pair.statistic.valid_from)
    found: list[Period] = []
    period = containing(pair.statistic.frequency, start)
    while period.end <= last and len(found) < MOST_PERIODS:
        if period.end >= start:
            found.append(period)
        period = containing(pair.statistic.frequency, period.end + ONE_DAY)
    return found


def _rows(session: ScopedSession, pairs: Sequence[Pair], first: date, last: date) -> Mapping[Any, list[Observation]]:
    statistics = {pair.statistic.id for pair in pairs}
    found: dict[Any, list[Observation]] = defaultdict(list)
    if statistics:
        rows = session.scalars(
            select(Observation).where(
                Observation.statistic_id.in_(statistics),
                Observation.period_end >= first,
                Observation.period_end <= last,
            )
        )
        for row in rows:
            found[row.statistic_id, row.unit_id, row.period_kind, row.period_start].append(row)
    return found
