"""Teams of a round (编组): a name, its people, one of whom may lead; nobody is in two teams of one round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.rounds.kinds import VISITORS
from core.work.rounds.mutual import refuse_own
from core.work.rounds.steps import step, to_change
from core.work.tables import Round, RoundLine, RoundMember, RoundTeam
from core.work.wording import read_text
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Holding, Person, Post, Unit

LONGEST_NAME = 40
MOST_TEAMS, MOST_MEMBERS = 40, 60  # (ours)


@dataclass(frozen=True, slots=True)
class Member:
    """One of a team (组员)."""

    person_id: UUID
    name: str
    leads: bool = False


@dataclass(frozen=True, slots=True)
class Team:
    """A team with its people (检查组)."""

    id: UUID
    name: str
    position: int
    members: tuple[Member, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be in a team (可选人员): by a post that visits, at ``unit_id``."""

    person_id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    role: str


def teams_of(session: Session, round_id: UUID) -> list[Team]:
    """The teams of a round that were not dissolved, with their people (two queries)."""
    rows = session.scalars(
        select(RoundTeam)
        .where(RoundTeam.round_id == round_id, RoundTeam.ended_at.is_(None))
        .order_by(RoundTeam.position, RoundTeam.id)
    ).all()
    query = (
        select(RoundMember.team_id, RoundMember.person_id, Person.name, RoundMember.leads)
        .join(Person, (Person.tenant_id == RoundMember.tenant_id) & (Person.id == RoundMember.person_id))
        .where(RoundMember.round_id == round_id, RoundMember.ended_at.is_(None))
        .order_by(RoundMember.leads.desc(), Person.pinyin, Person.id)
    )
    people: dict[UUID, list[Member]] = {}
    for team, person, name, leads in session.execute(query):
        people.setdefault(team, []).append(Member(person, name, leads))
    return [Team(row.id, row.name, row.position, tuple(people.get(row.id, ()))) for row in rows]


def candidates(session: Session, on: date) -> list[Candidate]:
    """Everybody with a post that visits, by name; a person with several such posts once."""
    query = (
        select(Person.id, Person.name, Unit.id, Unit.name, Post.role)
        .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
        .where(Post.role.in_(VISITORS), valid_on(Holding, on))
        .order_by(Person.pinyin, Person.id)
    )
    found: dict[UUID, Candidate] = {}
    for row in session.execute(query):
        found.setdefault(row[0], Candidate(*row))
    return list(found.values())


def add_team(
    session: Session,
    actor: Actor,
    round_id: UUID,
    *,
    version: int,
    name: str,
    members: Sequence[UUID] = (),
    leader: UUID | None = None,
    now: datetime,
) -> RoundTeam:
    """Add a team with its people. Raises InvalidInput, NotFound, Forbidden, Conflict, Stale."""
    row = to_change(session, actor, round_id, now=now)
    said = _name(name)
    count = session.scalar(select(func.count()).where(RoundTeam.round_id == round_id, RoundTeam.ended_at.is_(None)))
    if (count or 0) >= MOST_TEAMS:
        raise Conflict(N_("一个轮次的组太多了"))
    team = enter_team(session, row, said, (count or 0) + 1)
    _seat(session, row, team.id, members, leader, now)
    step(session, actor, row, "team", version=version, now=now, detail={"team": said, "members": len(set(members))})
    return team


def enter_team(session: Session, of: Round, name: str, position: int) -> RoundTeam:
    """Write a team's row."""
    team = RoundTeam(id=new_id(), round_id=of.id, name=name, position=position, hidden=of.hidden)
    session.add(team)
    session.flush()
    return team


def change_team(
    session: Session,
    actor: Actor,
    round_id: UUID,
    team_id: UUID,
    *,
    version: int,
    name: str,
    members: Sequence[UUID],
    leader: UUID | None = None,
    now: datetime,
) -> RoundTeam:
    """Give a team its name and exactly these people."""
    row = to_change(session, actor, round_id, now=now)
    team = find_team(session, round_id, team_id)
    team.name = _name(name)
    session.execute(
        update(RoundMember)
        .where(RoundMember.round_id == round_id, RoundMember.team_id == team_id, RoundMember.ended_at.is_(None))
        .where(RoundMember.person_id.not_in(set(members)))
        .values(ended_at=now)
    )
    _seat(session, row, team_id, members, leader, now)
    step(
        session, actor, row, "team", version=version, now=now, detail={"team": team.name, "members": len(set(members))}
    )
    return team


def end_team(session: Session, actor: Actor, round_id: UUID, team_id: UUID, *, version: int, now: datetime) -> Round:
    """Dissolve a team: its people leave the round, its lines stay without a team."""
    row = to_change(session, actor, round_id, now=now)
    team = find_team(session, round_id, team_id)
    team.ended_at = now
    its = (RoundMember.round_id == round_id, RoundMember.team_id == team_id, RoundMember.ended_at.is_(None))
    session.execute(update(RoundMember).where(*its).values(ended_at=now))
    session.execute(
        update(RoundLine).where(RoundLine.round_id == round_id, RoundLine.team_id == team_id).values(team_id=None)
    )
    return step(session, actor, row, "team_end", version=version, now=now, detail={"team": team.name})


def find_team(session: Session, round_id: UUID, team_id: UUID) -> RoundTeam:
    """A team of this round that was not dissolved. Raises NotFound."""
    asked = (RoundTeam.id == team_id, RoundTeam.round_id == round_id, RoundTeam.ended_at.is_(None))
    found = session.scalars(select(RoundTeam).where(*asked)).first()
    if found is None:
        raise NotFound
    return found


def _seat(
    session: Session, of: Round, team_id: UUID, members: Sequence[UUID], leader: UUID | None, now: datetime
) -> None:
    """Put people into a team; whoever was in another one of the round changes over."""
    wanted = list(dict.fromkeys(members))
    if len(wanted) > MOST_MEMBERS:
        raise InvalidInput(faults=[Fault(N_("组员过多"), "members", value=str(len(wanted)), remedy=N_("请分成几组"))])
    known = {one.person_id for one in candidates(session, local_day(now))}
    if strange := [one for one in wanted if one not in known]:
        remedy = N_("只能选有检查岗位的人员")
        raise InvalidInput(faults=[Fault(N_("没有检查岗位"), "members", value=str(strange[0]), remedy=remedy)])
    seat(session, of, team_id, [(one, one == leader) for one in wanted])
    refuse_own(session, of, local_day(now))


def seat(session: Session, of: Round, team_id: UUID, people: Sequence[tuple[UUID, bool]]) -> None:
    """Write the rows of people in a team: who, and whether he leads."""
    rows = {
        row.person_id: row for row in session.scalars(select(RoundMember).where(RoundMember.round_id == of.id)).all()
    }
    for person, leads in people:
        row = rows.get(person)
        if row is None:
            row = RoundMember(round_id=of.id, person_id=person, team_id=team_id, hidden=of.hidden)
            session.add(row)
        row.team_id, row.leads, row.ended_at = team_id, leads, None
    session.flush()


def _name(text: str) -> str:
    faults: list[Fault] = []
    said = read_text(text, "name", faults, LONGEST_NAME)
    if not said and not faults:
        faults.append(Fault(N_("缺少这一项"), "name", remedy=N_("请填写名称")))
    if faults:
        raise InvalidInput(faults=faults)
    return said
