"""Mutual checks (互查): a unit checks another one, never its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from core.errors import N_, Fault, InvalidInput
from core.work.dated import valid_on
from core.work.rounds.kinds import VISITORS
from core.work.tables import Round, RoundLine, RoundMember, RoundStop, Site
from tenants.access import ROOTS
from tenants.models import Holding, Person, Post, Unit, UnitPath

MUTUAL = "mutual"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Own:
    """A place that somebody would check in his own unit (本单位点位)."""

    person: str
    site: str
    unit: str


def own_places(session: Session, of: Round, on: date, *, most: int = _SHOWN) -> list[Own]:
    """Places of a round on the way of somebody whose post is at their unit, above or below it (one query).

    A post at the district itself belongs to no party. A place on no line is on everybody's way.
    """
    tenant, above, below = of.tenant_id, aliased(UnitPath), aliased(UnitPath)
    member = (RoundMember.round_id == of.id, RoundMember.ended_at.is_(None))
    query = (
        select(Person.name, Site.name, Unit.name)
        .select_from(RoundStop)
        .join(Site, (Site.tenant_id == RoundStop.tenant_id) & (Site.id == RoundStop.site_id))
        .outerjoin(RoundLine, (RoundLine.tenant_id == RoundStop.tenant_id) & (RoundLine.id == RoundStop.line_id))
        .join(
            RoundMember,
            (RoundMember.tenant_id == RoundStop.tenant_id)
            & (RoundMember.round_id == RoundStop.round_id)
            & or_(RoundLine.team_id.is_(None), RoundLine.team_id == RoundMember.team_id),
        )
        .join(Person, (Person.tenant_id == RoundMember.tenant_id) & (Person.id == RoundMember.person_id))
        .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
        .outerjoin(
            above, (above.tenant_id == tenant) & (above.ancestor_id == Unit.id) & (above.unit_id == Site.unit_id)
        )
        .outerjoin(
            below, (below.tenant_id == tenant) & (below.ancestor_id == Site.unit_id) & (below.unit_id == Unit.id)
        )
        .where(RoundStop.round_id == of.id, RoundStop.state == "planned", *member)
        .where(Post.role.in_(VISITORS), valid_on(Holding, on), Unit.kind.not_in(ROOTS))
        .where(or_(valid_on(above, on) & above.unit_id.is_not(None), valid_on(below, on) & below.unit_id.is_not(None)))
        .order_by(Person.pinyin, Site.pinyin, Site.id)
        .limit(most)
    )
    return [Own(*row) for row in session.execute(query)]


def refuse_own(session: Session, of: Round, on: date) -> None:
    """Raise InvalidInput when a mutual check would send somebody to his own unit; other kinds pass."""
    if of.kind != MUTUAL:
        return
    session.flush()
    found = own_places(session, of, on)
    if found:
        raise InvalidInput(faults=_faults(found))


def _faults(found: Iterable[Own]) -> list[Fault]:
    said, remedy = N_("{person} 的岗位在{unit}，互查不能查本单位的 {site}"), N_("请换组，或把点位移到别的线路")
    return [
        Fault(said, "sites", remedy=remedy, params={"person": one.person, "unit": one.unit, "site": one.site})
        for one in found
    ]


__all__ = ["MUTUAL", "Own", "own_places", "refuse_own"]
