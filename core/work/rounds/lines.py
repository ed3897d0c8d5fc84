"""Lines of a round (线路): who walks them, and how often each of their points is visited, such as 7 to 8 times."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.rounds.mutual import refuse_own
from core.work.rounds.steps import step, to_change
from core.work.rounds.teams import LONGEST_NAME, find_team
from core.work.tables import Round, RoundLine, RoundStop
from core.work.wording import read_text
from tenants.access import Actor
from tenants.db import new_id

MOST_LINES, MOST_VISITS = 60, 99  # (ours)


def lines_of(session: Session, round_id: UUID) -> list[RoundLine]:
    """The lines of a round that were not given up, in their order."""
    query = select(RoundLine).where(RoundLine.round_id == round_id, RoundLine.ended_at.is_(None))
    return list(session.scalars(query.order_by(RoundLine.position, RoundLine.id)))


def add_line(
    session: Session,
    actor: Actor,
    round_id: UUID,
    *,
    version: int,
    name: str,
    team_id: UUID | None = None,
    visits_min: int = 1,
    visits_max: int = 1,
    now: datetime,
) -> RoundLine:
    """Add a line, with its quota for each point. Raises InvalidInput, NotFound, Forbidden, Conflict, Stale."""
    row = to_change(session, actor, round_id, now=now)
    said = _checked(name, visits_min, visits_max)
    if team_id is not None:
        find_team(session, round_id, team_id)
    query = select(func.count()).where(RoundLine.round_id == round_id, RoundLine.ended_at.is_(None))
    count = session.scalar(query) or 0
    if count >= MOST_LINES:
        raise Conflict(N_("一个轮次的线路太多了"))
    line = enter_line(session, row, said, team_id, visits_min, visits_max, count + 1)
    step(session, actor, row, "line", version=version, now=now, detail=_said(line))
    return line


def enter_line(
    session: Session, of: Round, name: str, team_id: UUID | None, visits_min: int, visits_max: int, position: int
) -> RoundLine:
    """Write a line's row."""
    values = {"visits_min": visits_min, "visits_max": visits_max, "position": position, "hidden": of.hidden}
    line = RoundLine(id=new_id(), round_id=of.id, team_id=team_id, name=name, **values)
    session.add(line)
    session.flush()
    return line


def change_line(
    session: Session,
    actor: Actor,
    round_id: UUID,
    line_id: UUID,
    *,
    version: int,
    name: str,
    team_id: UUID | None,
    visits_min: int,
    visits_max: int,
    now: datetime,
) -> RoundLine:
    """Change a line's name, team and quota."""
    row = to_change(session, actor, round_id, now=now)
    line = find_line(session, round_id, line_id)
    line.name = _checked(name, visits_min, visits_max)
    if team_id is not None:
        find_team(session, round_id, team_id)
    line.team_id, line.visits_min, line.visits_max = team_id, visits_min, visits_max
    refuse_own(session, row, local_day(now))
    step(session, actor, row, "line", version=version, now=now, detail=_said(line))
    return line


def end_line(session: Session, actor: Actor, round_id: UUID, line_id: UUID, *, version: int, now: datetime) -> Round:
    """Give a line up: its points stay in the round, on no line."""
    row = to_change(session, actor, round_id, now=now)
    line = find_line(session, round_id, line_id)
    line.ended_at = now
    session.execute(
        update(RoundStop).where(RoundStop.round_id == round_id, RoundStop.line_id == line_id).values(line_id=None)
    )
    return step(session, actor, row, "line_end", version=version, now=now, detail={"line": line.name})


def find_line(session: Session, round_id: UUID, line_id: UUID) -> RoundLine:
    """A line of this round. Raises NotFound."""
    asked = (RoundLine.id == line_id, RoundLine.round_id == round_id, RoundLine.ended_at.is_(None))
    found = session.scalars(select(RoundLine).where(*asked)).first()
    if found is None:
        raise NotFound
    return found


def _said(line: RoundLine) -> dict[str, object]:
    return {"line": line.name, "visits": [line.visits_min, line.visits_max]}


def _checked(name: str, visits_min: int, visits_max: int) -> str:
    faults: list[Fault] = []
    said = read_text(name, "name", faults, LONGEST_NAME)
    if not said and not faults:
        faults.append(Fault(N_("缺少这一项"), "name", remedy=N_("请填写名称")))
    if not 1 <= visits_min <= visits_max <= MOST_VISITS:
        value, most = f"{visits_min}-{visits_max}", {"most": MOST_VISITS}
        remedy = N_("最少次数不小于 1，最多次数不小于最少次数，不超过 {most}")
        faults.append(Fault(N_("每点次数不对"), "visits_min", None, value, "", remedy, most))
    if faults:
        raise InvalidInput(faults=faults)
    return said
