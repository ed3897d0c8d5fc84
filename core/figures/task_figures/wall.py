"""The data of the wall (任务上墙、进度上墙、责任上墙): one row an area, a street, a department or a line, with its light and who answers for it.

The light of a row (ours): red with anything overdue, amber with anything at risk, green otherwise, grey without tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from core.errors import N_
from core.figures.task_figures.facts import Moment
from core.figures.task_figures.pace import AMBER, GREEN, GREY, RED
from core.figures.task_figures.places import GROUPS, Standing, kept_before, read_day, stand
from core.figures.task_figures.rates import LINE, Rate, Sums, completion
from core.work.duties.sponsoring import SponsorLine, sponsors_of_units
from core.work.tables import PlanLine
from tenants.models import Person, Unit
from tenants.scope import ScopedSession

LINES = "line"
RULE = N_("行灯：有超期任务为红；没有超期而有预计超期为黄；其余为绿；没有任务为灰")
MOST_NAMES = 2  # sponsors named in a row


@dataclass(frozen=True, slots=True)
class WallRow:
    """One row of the wall (挂图行): what is named, its numbers, its light, the unit and the people responsible.

    ``rank`` is the place on the day, ``before`` the one on the kept day before. ``sponsors`` are the nearest ones of a unit.
    """

    id: UUID | None
    group: str
    name: str
    sums: Sums
    light: str
    rank: int | None = None
    before: int | None = None
    unit: str = ""
    person: str = ""
    sponsors: tuple[str, ...] = ()
    milestone: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Wall:
    """The whole wall on a day (挂图作战): areas, streets, departments, then the lines of plans."""

    day: date
    rows: tuple[WallRow, ...]

    def of(self, group: str) -> list[WallRow]:
        """The rows of one group."""
        return [one for one in self.rows if one.group == group]


def light_of(sums: Sums) -> str:
    """The light of a row by what it adds up."""
    if not sums.total:
        return GREY
    return RED if sums.overdue else AMBER if sums.at_risk else GREEN


def read_wall(session: ScopedSession, day: date, *, campaign: str = "") -> Wall:
    """The wall as it stands now; who is without any task is left out."""
    placed = [one for one in stand(session, Moment(day)) if one.campaign == campaign and one.sums.total]
    units = [one.unit_id for one in placed]
    before = ranks_before(session, day, campaign)
    sponsors = sponsors_of_units(session, units, day, campaign=campaign or None) if units else {}
    named = {
        unit: tuple(dict.fromkeys(_who(line) for line in lines if line.distance == lines[0].distance))
        for unit, lines in sponsors.items()
        if lines
    }
    rows = [_unit_row(one, before.get(one.unit_id), named.get(one.unit_id, ())) for one in placed]
    lines = completion(session, day=day, by=LINE, campaign=campaign or None)
    return Wall(day, (*rows, *_line_rows(session, [one for one in lines if one.id])))


def ranks_before(session: ScopedSession, day: date, campaign: str = "") -> dict[UUID, int | None]:
    """The places of the last kept day before a day."""
    last = kept_before(session, day)
    return {row.unit_id: row.rank for row in read_day(session, last, campaign)} if last else {}


def _who(line: SponsorLine) -> str:
    return line.person_name or line.unit_name


def _unit_row(one: Standing, before: int | None, sponsors: tuple[str, ...]) -> WallRow:
    names = sponsors[:MOST_NAMES]
    return WallRow(
        one.unit_id,
        one.group,
        one.unit_name,
        one.sums,
        light_of(one.sums),
        rank=one.rank,
        before=before,
        unit=one.unit_name,
        sponsors=names,
    )


def _line_rows(session: ScopedSession, rates: Sequence[Rate]) -> list[WallRow]:
    """The lines with who is responsible and their milestone, dropped ones left out (one query)."""
    unit = and_(Unit.tenant_id == PlanLine.tenant_id, Unit.id == PlanLine.unit_id)
    person = and_(Person.tenant_id == PlanLine.tenant_id, Person.id == PlanLine.person_id)
    query = select(PlanLine, Unit.name, Person.name).outerjoin(Unit, unit).outerjoin(Person, person)
    ids = [one.id for one in rates]
    known: dict[UUID | None, Any] = (
        {row[0].id: row for row in session.execute(query.where(PlanLine.id.in_(ids)))} if ids else {}
    )
    found = []
    for one in rates:
        line, unit_name, person_name = known.get(one.id, (None, None, None))
        if line is None or line.dropped:
            continue
        found.append(
            WallRow(
                one.id,
                LINES,
                one.name,
                one.sums,
                light_of(one.sums),
                unit=unit_name or "",
                person=person_name or "",
                milestone=line.milestone,
                due_on=line.due_on,
            )
        )
    return found


TITLES = {**GROUPS, LINES: N_("条线")}
