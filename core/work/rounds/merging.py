"""Where a member goes today (今日点位): the stops of his open rounds, one for each place, however many rounds send him there.

What is asked there is asked once for all campaigns by the plan of the visit. A place of a secret round never stands together
with that of an announced one: two visits, two stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.work.rounds.clearance import sees_round
from core.work.rounds.kinds import SECRET_MODE
from core.work.rounds.progress import visits_by_site
from core.work.rounds.steps import OPEN
from core.work.rounds.stops import PLANNED
from core.work.tables import Round, RoundLine, RoundMember, RoundStop, Site
from tenants.access import Actor
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class Errand:
    """What one round wants at a place (轮次要求): ``visits`` of at least ``wanted`` and at most ``most``, by all of the team."""

    round_id: UUID
    title: str
    kind: str
    mode: str
    ends_on: date
    line: str
    position: int
    visits: int
    wanted: int
    most: int
    campaigns: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()

    @property
    def left(self) -> int:
        """How many visits are missing."""
        return max(self.wanted - self.visits, 0)


@dataclass(frozen=True, slots=True)
class TodayStop:
    """A place to go to (今日点位) with everything that is wanted there; a visit is made for ``round_id``, the first of them."""

    site_id: UUID
    name: str
    unit_id: UUID
    unit_name: str
    longitude: Decimal | None
    latitude: Decimal | None
    secret: bool
    errands: tuple[Errand, ...]

    @property
    def round_id(self) -> UUID:
        """The round for which a visit is sent in; it counts for the announced others by itself."""
        return self.errands[0].round_id

    @property
    def left(self) -> int:
        """How many visits are missing for the round that wants most."""
        return max(one.left for one in self.errands)

    @property
    def is_done(self) -> bool:
        """Whether every round has had its visits there."""
        return self.left == 0


def rounds_for(session: Session, actor: Actor, on: date) -> Sequence[Round]:
    """The open rounds in whose teams the actor is, of a day; a secret one only in a cleared session."""
    mine = select(RoundMember.round_id).where(
        RoundMember.tenant_id == actor.tenant.id,
        RoundMember.person_id == actor.person_id,
        RoundMember.ended_at.is_(None),
    )
    query = select(Round).where(
        Round.state == OPEN, Round.starts_on <= on, Round.ends_on >= on, Round.id.in_(mine), sees_round(actor, on)
    )
    return session.scalars(query.order_by(Round.ends_on, Round.starts_on, Round.id)).all()


def stops_for(session: Session, actor: Actor, on: date, *, finished: bool = False) -> list[TodayStop]:
    """The actor's places of a day in walking order, each once; ``finished`` shows also those that have had their visits.

    His are the stops on his team's lines, and those on no line or on a line of no team.
    """
    return merged(session, rounds_for(session, actor, on), actor.person_id, finished=finished)


def merged(
    session: Session, rounds: Sequence[Round], person_id: UUID | None = None, *, finished: bool = True
) -> list[TodayStop]:
    """What is due at each place for some rounds (合并): announced rounds together, each secret one apart.

    ``person_id`` narrows it to what that member's team walks. In the order of the first round that sends there.
    """
    places: dict[tuple[UUID, UUID | None], TodayStop] = {}
    errands: dict[tuple[UUID, UUID | None], list[Errand]] = {}
    for of in rounds:
        visits = visits_by_site(session, of)
        for row in _stops(session, of, person_id):
            key = (row.id, of.id if of.mode == SECRET_MODE else None)
            places.setdefault(key, _place(row, secret=key[1] is not None))
            errands.setdefault(key, []).append(_errand(of, row, visits.get(row.id, (0, None))[0]))
    stops = [replace(place, errands=tuple(errands[key])) for key, place in places.items()]
    return [one for one in stops if finished or not one.is_done]


def _stops(session: Session, of: Round, person_id: UUID | None) -> Sequence[Any]:
    """The stops of a round on the way of one member, or all of them."""
    query = (
        select(
            Site.id,
            Site.name,
            Site.unit_id,
            Unit.name.label("unit_name"),
            Site.longitude,
            Site.latitude,
            RoundStop.position,
            RoundLine.name.label("line"),
            RoundLine.visits_min,
            RoundLine.visits_max,
        )
        .select_from(RoundStop)
        .join(Site, (Site.tenant_id == RoundStop.tenant_id) & (Site.id == RoundStop.site_id))
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .outerjoin(RoundLine, (RoundLine.tenant_id == RoundStop.tenant_id) & (RoundLine.id == RoundStop.line_id))
        .where(RoundStop.round_id == of.id, RoundStop.state == PLANNED)
        .order_by(RoundLine.position.nulls_last(), RoundStop.position, Site.id)
    )
    if person_id is not None:
        team = select(RoundMember.team_id).where(
            RoundMember.tenant_id == of.tenant_id,
            RoundMember.round_id == of.id,
            RoundMember.person_id == person_id,
            RoundMember.ended_at.is_(None),
        )
        query = query.where(or_(RoundLine.team_id.is_(None), RoundLine.team_id.in_(team)))
    return session.execute(query).all()


def _place(row: Any, *, secret: bool) -> TodayStop:
    return TodayStop(
        site_id=row.id,
        name=row.name,
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        longitude=row.longitude,
        latitude=row.latitude,
        secret=secret,
        errands=(),
    )


def _errand(of: Round, row: Any, visits: int) -> Errand:
    return Errand(
        round_id=of.id,
        title=of.title,
        kind=of.kind,
        mode=of.mode,
        ends_on=of.ends_on,
        line=row.line or "",
        position=row.position,
        visits=visits,
        wanted=row.visits_min or 1,
        most=row.visits_max or 1,
        campaigns=tuple(of.campaigns),
        forms=tuple(of.forms),
    )
