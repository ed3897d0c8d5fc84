"""Places by how they stand (按达标状态选点): for lists, maps, exports and whoever chooses where a round shall go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, bindparam, func, select

from core.campaigns.registry import Registry
from core.errors import N_, Fault, InvalidInput
from core.figures.site_attainment.counting import list_states
from core.figures.site_attainment.ground import read_ground
from core.figures.site_attainment.scope import within
from core.figures.site_attainment.states import STATES
from core.work.tables import Site
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Picked:
    """A place that stands so in a campaign (所选点位)."""

    site_id: UUID
    campaign: str
    state: str


def check_states(states: Collection[str], field: str = "attained") -> tuple[str, ...]:
    """Some states as they are asked for, each once. Raises InvalidInput for one that is none."""
    for one in states:
        if one not in STATES:
            remedy = N_("可填 verified、met、rectifying、not_met、relapsed、unchecked")
            raise InvalidInput(faults=[Fault(N_("没有这种达标状态"), field, value=one[:40], remedy=remedy)])
    return tuple(dict.fromkeys(states))


def pick_places(
    session: ScopedSession,
    actor: Actor | None,
    on: date,
    *,
    states: Collection[str] = (),
    campaign: str = "",
    sites: Sequence[UUID] | None = None,
    as_of: date | None = None,
    registry: Registry | None = None,
) -> list[Picked]:
    """How places within an actor's sight stand (达标状态), in no order: every place once for each campaign that asks something there.

    ``states``: those alone; ``campaign``: that one alone, else all in force; ``sites``: among these; ``as_of``: at the end of a
    past day. One pass over the district, whatever its size. Raises InvalidInput for a state that is none.
    """
    wanted = check_states(states)
    ground = read_ground(session, today=on, as_of=as_of, campaign=campaign, registry=registry)
    conditions = [] if sites is None else [among(sites)]
    scope = within(session, actor, on, conditions)
    return [Picked(*row) for row in list_states(session, ground, scope, states=wanted)] if scope.sites != [] else []


def sites_standing(
    session: ScopedSession,
    actor: Actor | None,
    on: date,
    *,
    states: Collection[str],
    campaign: str = "",
    as_of: date | None = None,
    registry: Registry | None = None,
) -> list[UUID]:
    """The places that stand in one of some states (按达标状态选点), in one campaign or in any; each once, by id.

    Arguments and errors as of :func:`pick_places`.
    """
    rows = pick_places(session, actor, on, states=states, campaign=campaign, as_of=as_of, registry=registry)
    return sorted({one.site_id for one in rows})


def among(sites: Collection[UUID]) -> ColumnElement[bool]:
    """Condition on Site: one of these, however many; they are sent as one value."""
    sent = bindparam(None, list(sites), ARRAY(Uuid()))
    return Site.id.in_(select(func.unnest(sent)))
