"""Who sees, enters and judges a statistic (填报权限): its owner's unit, the unit it is about, the HQ office."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select

from core.work.roles import ANSWER, DIRECT, SEE
from core.work.tables import Statistic
from tenants.access import Actor, may, reach
from tenants.scope import ScopedSession


def may_enter(session: ScopedSession, actor: Actor | None, statistic: Statistic, unit_id: UUID, on: date) -> bool:
    """Whether the actor enters this statistic: an answering post of its owner, of the unit it is about, or the HQ office."""
    if actor is None:
        return True
    campaign = statistic.campaign or None
    if may(session, actor, ANSWER, statistic.owner_unit_id, on, campaign=campaign):
        return True
    if statistic.unit_kind and may(session, actor, ANSWER, unit_id, on, campaign=campaign):
        return True
    return may(session, actor, DIRECT, statistic.owner_unit_id, on, campaign=campaign)


def may_judge(session: ScopedSession, actor: Actor | None, statistic: Statistic, on: date) -> bool:
    """Whether the actor reviews and locks this statistic: a directing post above its owner."""
    return actor is None or may(
        session, actor, DIRECT, statistic.owner_unit_id, on, campaign=statistic.campaign or None
    )


def sees_pair(session: ScopedSession, actor: Actor | None, statistic: Statistic, unit_id: UUID, on: date) -> bool:
    """Whether the actor may read the values of a statistic for a unit."""
    if actor is None:
        return True
    campaign = statistic.campaign or None
    return any(may(session, actor, SEE, unit, on, campaign=campaign) for unit in (statistic.owner_unit_id, unit_id))


@dataclass(frozen=True, slots=True)
class Hands:
    """What one actor may do with whole lists of statistics (填报与审核范围), asked once: units by verb and campaign."""

    answers: Mapping[str, frozenset[UUID]]
    directs: Mapping[str, frozenset[UUID]]

    def enter(self, statistic: Statistic, unit_id: UUID) -> bool:
        """As :func:`may_enter`."""
        mine = self.answers.get(statistic.campaign, frozenset())
        own = statistic.owner_unit_id in mine or bool(statistic.unit_kind and unit_id in mine)
        return own or self.judge(statistic)

    def judge(self, statistic: Statistic) -> bool:
        """As :func:`may_judge`."""
        return statistic.owner_unit_id in self.directs.get(statistic.campaign, frozenset())


def hands_of(session: ScopedSession, actor: Actor, statistics: Iterable[Statistic], on: date) -> Hands:
    """What an actor may do with some statistics, in two queries a campaign."""
    campaigns = {one.campaign for one in statistics}
    answers, directs = (
        {c: frozenset(session.scalars(reach(actor, verb, on, campaign=c or None))) for c in campaigns}
        for verb in (ANSWER, DIRECT)
    )
    return Hands(answers, directs)


def pairs_seen(
    session: ScopedSession, actor: Actor | None, unit: Any, on: date, verb: str = SEE
) -> ColumnElement[bool]:  # ``unit`` is a column of unit ids
    """The condition that a statistic and a unit are within reach of a verb, campaign by campaign."""
    if actor is None or actor.covers(verb):
        return Statistic.tenant_id == session.tenant_id
    campaigns: Iterable[str] = session.scalars(select(Statistic.campaign).distinct())
    terms = []
    for campaign in campaigns:
        mine = reach(actor, verb, on, campaign=campaign or None)
        terms.append(and_(Statistic.campaign == campaign, or_(Statistic.owner_unit_id.in_(mine), unit.in_(mine))))
    return or_(false(), *terms)


def owned_seen(session: ScopedSession, actor: Actor, on: date) -> ColumnElement[bool]:
    """The condition that a line of the dictionary is within reach: its owner is, or it is asked of units of the actor's."""
    return pairs_seen(session, actor, Statistic.owner_unit_id, on)
