"""Checks a split before it is issued (印发前检查): one lead to a clause, points that sum, units and people that exist.

Every refusal names the clause's code, the sum and the gap, so that it can be mended without searching.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault
from core.work.dated import valid_on
from core.work.splits.points import say_hundredths
from core.work.splits.reading import Line
from core.work.tables import SplitShare
from tenants.models import Holding, Person, Post, Unit, UnitPath


@dataclass(frozen=True, slots=True)
class Ground:
    """What a split is checked against (核对依据): units that exist on the day, and who holds a post at or under which."""

    units: Collection[UUID]
    people: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)  # unit -> people with a post at or under it
    names: Mapping[UUID, str] = field(default_factory=dict)


def ground_of(session: Session, units: Iterable[UUID], people: Iterable[UUID | None], on: date) -> Ground:
    """The ground for some units and people on a day (two queries)."""
    wanted, persons = set(units), {one for one in people if one}
    rows = session.execute(select(Unit.id, Unit.name, valid_on(Unit, on)).where(Unit.id.in_(wanted))).all()
    held: dict[UUID, set[UUID]] = {}
    if persons:
        query = (
            select(UnitPath.ancestor_id, Person.id)
            .join(Post, (Post.tenant_id == UnitPath.tenant_id) & (Post.unit_id == UnitPath.unit_id))
            .join(Holding, (Holding.tenant_id == Post.tenant_id) & (Holding.post_id == Post.id))
            .join(Person, (Person.tenant_id == Holding.tenant_id) & (Person.id == Holding.person_id))
            .where(UnitPath.ancestor_id.in_(wanted), Person.id.in_(persons), Person.state == "active")
            .where(valid_on(UnitPath, on), valid_on(Holding, on))
        )
        for unit, person in session.execute(query):
            held.setdefault(unit, set()).add(person)
    return Ground({row[0] for row in rows if row[2]}, held, {row[0]: row[1] for row in rows})


def ground_of_lines(session: Session, lines: Iterable[Line], on: date) -> Ground:
    """The ground for all shares of some clauses."""
    shares = [share for line in lines for share in line.shares]
    return ground_of(session, (one.unit_id for one in shares), (one.person_id for one in shares), on)


def faults_of(line: Line, ground: Ground) -> list[Fault]:
    """Everything for which a clause cannot be issued; ``field`` is its code."""
    found = [*_of_lead(line), *_of_sum(line)]
    for share in line.shares:
        found += _of_share(line, share, ground)
    return found


def _of_lead(line: Line) -> list[Fault]:
    code, leads = line.row.code, len(line.leads)
    if not line.shares:
        return [Fault(N_("没有分给任何单位"), code, value=line.row.title[:40], remedy=N_("请选一个牵头单位"))]
    if leads == 0:
        return [Fault(N_("没有牵头单位"), code, remedy=N_("请把其中一个单位改为牵头"))]
    if leads > 1:
        params = {"n": leads}
        return [Fault(N_("有 {n} 个牵头单位"), code, remedy=N_("只能有一个牵头单位，其余改为配合"), params=params)]
    return []


def _of_sum(line: Line) -> list[Fault]:
    """The sum against the clause's points: which it is, and what is missing or too much."""
    if not line.gap or not line.shares:
        return []
    params = {"sum": say_hundredths(line.shared), "points": say_hundredths(line.row.points)}
    params["gap"] = say_hundredths(abs(line.gap))
    if line.gap > 0:
        message, remedy = N_("各单位分值合计 {sum} 分，应为 {points} 分，还差 {gap} 分"), N_("请把差的 {gap} 分分下去")
    else:
        message, remedy = N_("各单位分值合计 {sum} 分，应为 {points} 分，多了 {gap} 分"), N_("请减去多出的 {gap} 分")
    return [Fault(message, line.row.code, remedy=remedy, params=params)]


def _of_share(line: Line, share: SplitShare, ground: Ground) -> list[Fault]:
    code, name = line.row.code, ground.names.get(share.unit_id, "")
    found = []
    if share.unit_id not in ground.units:
        found.append(Fault(N_("单位已不存在"), code, value=name, remedy=N_("请改给承接它的单位")))
    if share.person_id and share.person_id not in ground.people.get(share.unit_id, ()):
        remedy = N_("请另选一位在该单位任职的人，或留空")
        found.append(Fault(N_("责任人不在该单位任职"), code, value=name, remedy=remedy))
    return found
