"""How far a round has come (轮次进度): visits against the quota, by stop, line and team, and who is late.

A point's wanted visits are its line's least number, one without a line; visits beyond count for nothing more. A team is late
when its share of visits is behind the share of the round's working days that are over (ours); days off count where the round
has no working day at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from core.work.calendar import WorkCalendar
from core.work.rounds.counted import counts_for
from core.work.rounds.lines import lines_of
from core.work.rounds.stops import PLANNED
from core.work.rounds.teams import Team, teams_of
from core.work.tables import Round, RoundLine, RoundStop, Site, Visit
from tenants.models import Unit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop with its visits (轮次点位): ``wanted`` is the least number, ``most`` the greatest."""

    site_id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    line_id: UUID | None
    position: int
    stratum: str
    state: str
    reason: str
    longitude: Decimal | None
    latitude: Decimal | None
    visits: int = 0
    last_at: datetime | None = None
    wanted: int = 1
    most: int = 1

    @property
    def is_planned(self) -> bool:
        """Whether somebody is to go there: it was not dropped."""
        return self.state == PLANNED

    @property
    def counted(self) -> int:
        """Its visits as far as they were asked for."""
        return min(self.visits, self.wanted)

    @property
    def is_done(self) -> bool:
        """Whether it was visited often enough."""
        return self.visits >= self.wanted


@dataclass(frozen=True, slots=True)
class Tally:
    """Visits of some stops (进度): ``visited`` of ``wanted``, ``extra`` beyond; ``done`` of ``stops`` points are finished."""

    visited: int = 0
    wanted: int = 0
    extra: int = 0
    done: int = 0
    stops: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LineProgress:
    """A line with its stops (线路进度); ``line`` None holds what is on no line."""

    line: RoundLine | None
    stops: tuple[Stop, ...]
    tally: Tally


@dataclass(frozen=True, slots=True)
class TeamProgress:
    """A team with its lines (分组进度); ``team`` None holds the lines of nobody. ``late`` is behind the straight line."""

    team: Team | None
    lines: tuple[LineProgress, ...]
    tally: Tally
    late: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """A whole round (轮次进度); ``expected`` is the share of its working days that are over."""

    teams: tuple[TeamProgress, ...]
    tally: Tally
    expected: Fraction = Fraction(0)
    dropped: tuple[Stop, ...] = field(default=())

    @property
    def late(self) -> tuple[TeamProgress, ...]:
        """The teams that are behind."""
        return tuple(one for one in self.teams if one.late)

    @property
    def stops(self) -> Iterable[Stop]:
        """All stops that were not dropped."""
        return (stop for team in self.teams for line in team.lines for stop in line.stops)


def stops_of(session: Session, of: Round, within: ColumnElement[bool] | None = None) -> list[Stop]:
    """The stops of a round in order, dropped ones too, with their visits (three queries); ``within`` filters on Site."""
    query = (
        select(
            RoundStop.site_id,
            Site.name,
            Site.unit_id,
            Unit.name,
            RoundStop.line_id,
            RoundStop.position,
            RoundStop.stratum,
            RoundStop.state,
            RoundStop.reason,
            Site.longitude,
            Site.latitude,
        )
        .join(Site, (Site.tenant_id == RoundStop.tenant_id) & (Site.id == RoundStop.site_id))
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .where(RoundStop.round_id == of.id, true() if within is None else within)
        .order_by(RoundStop.position, RoundStop.site_id)
    )
    quotas: dict[UUID | None, tuple[int, int]] = {
        line.id: (line.visits_min, line.visits_max) for line in lines_of(session, of.id)
    }
    visits = visits_by_site(session, of)
    return [Stop(*row, *visits.get(row[0], (0, None)), *quotas.get(row[4], (1, 1))) for row in session.execute(query)]


def visits_by_site(session: Session, of: Round) -> dict[UUID, tuple[int, datetime | None]]:
    """How often each site was visited for the round, and when last."""
    query = select(Visit.site_id, func.count(), func.max(Visit.submitted_at)).where(counts_for(of))
    return {site: (n, last) for site, n, last in session.execute(query.group_by(Visit.site_id))}


def read_progress(
    session: Session, of: Round, on: date, calendar: WorkCalendar, within: ColumnElement[bool] | None = None
) -> Progress:
    """How far a round has come on a day (six queries, whatever its size)."""
    stops = stops_of(session, of, within)
    planned = [one for one in stops if one.is_planned]
    expected = expected_share(of, on, calendar)
    teams = arrange(planned, lines_of(session, of.id), teams_of(session, of.id))
    running = of.state == "open" and on >= of.starts_on
    marked = tuple(
        TeamProgress(
            one.team, one.lines, one.tally, running and one.team is not None and _is_behind(one.tally, expected)
        )
        for one in teams
    )
    return Progress(marked, tally_of(planned), expected, tuple(one for one in stops if not one.is_planned))


def arrange(stops: Sequence[Stop], lines: Sequence[RoundLine], teams: Sequence[Team]) -> list[TeamProgress]:
    """Stops under their lines, lines under their teams; what has none comes last."""
    by_line: dict[UUID | None, list[Stop]] = {}
    known = {line.id for line in lines}
    for stop in stops:
        by_line.setdefault(stop.line_id if stop.line_id in known else None, []).append(stop)
    by_team: dict[UUID | None, list[LineProgress]] = {}
    named = {team.id for team in teams}
    for line in lines:
        its = tuple(by_line.get(line.id, ()))
        team = line.team_id if line.team_id in named else None
        by_team.setdefault(team, []).append(LineProgress(line, its, tally_of(its)))
    if loose := tuple(by_line.get(None, ())):
        by_team.setdefault(None, []).append(LineProgress(None, loose, tally_of(loose)))
    found = [_team(team, by_team.get(team.id, ())) for team in teams]
    return [*found, _team(None, by_team[None])] if None in by_team else found


def _team(team: Team | None, lines: Sequence[LineProgress]) -> TeamProgress:
    return TeamProgress(team, tuple(lines), tally_of([stop for line in lines for stop in line.stops]))


def tally_of(stops: Sequence[Stop]) -> Tally:
    """The visits of some stops, each as far as it was asked for."""
    counted = sum(one.counted for one in stops)
    return Tally(
        visited=counted,
        wanted=sum(one.wanted for one in stops),
        extra=sum(one.visits for one in stops) - counted,
        done=sum(one.is_done for one in stops),
        stops=len(stops),
        last_at=max((one.last_at for one in stops if one.last_at is not None), default=None),
    )


def expected_share(of: Round, on: date, calendar: WorkCalendar) -> Fraction:
    """The share of a round's working days that are over before a day (应完成比例)."""
    days = [of.starts_on + n * _DAY for n in range((of.ends_on - of.starts_on).days + 1)]
    worked = [day for day in days if calendar.is_working(day)] or days
    return Fraction(sum(day < on for day in worked), len(worked))


def _is_behind(tally: Tally, expected: Fraction) -> bool:
    return tally.wanted > 0 and Fraction(tally.visited, tally.wanted) < expected
