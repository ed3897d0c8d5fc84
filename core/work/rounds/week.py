"""A week of rounds (周历): which run on which day, how many visits each day had, and the teams that are behind, the furthest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.work.calendar import WorkCalendar
from core.work.rounds.progress import Progress, TeamProgress, read_progress
from core.work.rounds.round_list import RoundFilter, RoundRow, list_rounds, this_week
from core.work.rounds.sight import reads_whole
from core.work.rounds.steps import CANCELLED, OPEN
from core.work.tables import Visit
from tenants.access import Actor

MOST = 100  # rounds of one week (ours); the list has the others


@dataclass(frozen=True, slots=True)
class WeekRound:
    """One round on one day (当日轮次): the how manieth of its days it is, and how many of its own visits were made then."""

    row: RoundRow
    day_number: int
    visits: int


@dataclass(frozen=True, slots=True)
class WeekDay:
    """One day of the week (周历一天); without rounds nothing is planned on it."""

    day: date
    is_working: bool
    rounds: tuple[WeekRound, ...]


@dataclass(frozen=True, slots=True)
class LateTeam:
    """A team that is behind (落后的组): what is missing of what should have been done by now, as a share of all."""

    row: RoundRow
    team: TeamProgress
    expected: Fraction

    @property
    def behind(self) -> Fraction:
        """The share by which it is behind."""
        return self.expected - Fraction(self.team.tally.visited, self.team.tally.wanted)


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday to Sunday (周历); ``visited`` of ``wanted`` over its open rounds that the reader sees as a whole."""

    first: date
    days: tuple[WeekDay, ...]
    late: tuple[LateTeam, ...]
    rounds: tuple[RoundRow, ...]
    visited: int
    wanted: int

    @property
    def idle(self) -> tuple[WeekDay, ...]:
        """The working days on which nothing is planned."""
        return tuple(one for one in self.days if one.is_working and not one.rounds)


def read_week(session: Session, actor: Actor, of: date, calendar: WorkCalendar, *, on: date) -> Week:
    """The week in which the day ``of`` lies, as the actor sees it on the day ``on``; rounds that were called off are left out."""
    monday, sunday = this_week(of)
    found = list_rounds(session, actor, RoundFilter(since=monday, until=sunday), on=on, size=MOST)[:MOST]
    rows = sorted((one for one in found if one.round.state != CANCELLED), key=_key)
    running = [one for one in rows if one.round.state == OPEN and reads_whole(session, actor, one.round, on)]
    progress = [(one, read_progress(session, one.round, on, calendar)) for one in running]
    late = sorted(_late(progress), key=lambda one: (-one.behind, one.row.round.ends_on, one.row.round.title))
    visits = _visits(session, [one.round.id for one in rows], monday, sunday)
    days = tuple(_day(monday + timedelta(days=n), rows, visits, calendar) for n in range(7))
    tallies = [one.tally for _, one in progress]
    return Week(
        monday, days, tuple(late), tuple(rows), sum(one.visited for one in tallies), sum(one.wanted for one in tallies)
    )


def _key(row: RoundRow) -> tuple[date, date, str]:
    return row.round.ends_on, row.round.starts_on, row.round.title


def _late(progress: Sequence[tuple[RoundRow, Progress]]) -> list[LateTeam]:
    return [LateTeam(row, team, one.expected) for row, one in progress for team in one.late]


def _visits(session: Session, rounds: Sequence[UUID], first: date, last: date) -> dict[tuple[UUID, date], int]:
    """How many visits of each round were made on each day (one query)."""
    query = select(Visit.round_id, Visit.day, func.count()).where(
        Visit.round_id.in_(rounds), Visit.day.between(first, last), Visit.replaced_at.is_(None)
    )
    return {(of, day): n for of, day, n in session.execute(query.group_by(Visit.round_id, Visit.day)) if of}


def _day(day: date, rows: Sequence[RoundRow], visits: dict[tuple[UUID, date], int], calendar: WorkCalendar) -> WeekDay:
    its = tuple(
        WeekRound(row, (day - row.round.starts_on).days + 1, visits.get((row.round.id, day), 0))
        for row in rows
        if row.round.starts_on <= day <= row.round.ends_on
    )
    return WeekDay(day, calendar.is_working(day), its)
