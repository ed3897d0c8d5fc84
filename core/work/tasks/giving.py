"""Who may give a task to whom (任务下达权限): the HQ office, a leader, and a unit that breaks its own task down.

``DIRECT`` over the unit gives anything; ``LEAD`` gives tasks as a leader's; ``ANSWER`` over the parent's unit gives parts of
that parent to units below it (二级联动).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Fault
from core.work.dated import valid_on
from core.work.roles import ANSWER, DIRECT, LEAD
from core.work.tasks.wishes import Above, TaskWish
from tenants.access import Actor, reach
from tenants.models import UnitPath

LEADER = "leader"


@dataclass(frozen=True, slots=True)
class Givers:
    """What an actor may give (下达范围): the units by verb and campaign, None for all; what lies below the parents' units."""

    units: Mapping[tuple[str, str], frozenset[UUID] | None]
    below: frozenset[tuple[UUID, UUID]] = field(default_factory=frozenset)

    def directs(self, wish: TaskWish) -> bool:
        """Whether the actor gives this as the HQ office."""
        return self._has(DIRECT, wish.campaign, wish.unit_id)

    def leads(self, wish: TaskWish) -> bool:
        """Whether the actor gives this as a leader."""
        return self._has(LEAD, wish.campaign, wish.unit_id)

    def breaks_down(self, wish: TaskWish, above: Above | None) -> bool:
        """Whether this is a part of the actor's own unit's task for a unit below it."""
        if above is None or (above.unit_id, wish.unit_id) not in self.below:
            return False
        return self._has(ANSWER, above.campaign, above.unit_id)

    def may(self, wish: TaskWish, above: Above | None) -> bool:
        """Whether the actor may give this at all."""
        return self.directs(wish) or self.leads(wish) or self.breaks_down(wish, above)

    def fault(self, wish: TaskWish, above: Above | None, name: str) -> Fault | None:
        """Why not, as a fault of the unit's field."""
        if self.may(wish, above):
            return None
        remedy = N_("请选择您能下达任务的单位；本单位的任务可以分解给下级单位")
        return Fault(N_("您的岗位不能给这个单位下达任务"), "unit_id", value=name, remedy=remedy)

    def _has(self, verb: str, campaign: str, unit: UUID) -> bool:
        units = self.units.get((verb, campaign), frozenset())
        return units is None or unit in units


def givers_of(
    session: Session, actor: Actor, wishes: Sequence[TaskWish], parents: Iterable[Above], day: date
) -> Givers:
    """What the actor may give of some wishes: one query for each verb and campaign that is limited."""
    above = list(parents)
    campaigns = {wish.campaign for wish in wishes} | {one.campaign for one in above}
    units: dict[tuple[str, str], frozenset[UUID] | None] = {}
    for verb in (DIRECT, LEAD, ANSWER):
        for campaign in campaigns if actor.has(verb) else ():
            covered = actor.covers(verb)
            query = reach(actor, verb, day, campaign=campaign or None)
            units[verb, campaign] = None if covered else frozenset(session.scalars(query))
    return Givers(units, _below(session, above, day) if actor.has(ANSWER) else frozenset())


def _below(session: Session, parents: Sequence[Above], day: date) -> frozenset[tuple[UUID, UUID]]:
    if not parents:
        return frozenset()
    query = select(UnitPath.ancestor_id, UnitPath.unit_id).where(
        UnitPath.ancestor_id.in_({one.unit_id for one in parents}), UnitPath.depth > 0, valid_on(UnitPath, day)
    )
    return frozenset((row[0], row[1]) for row in session.execute(query))
