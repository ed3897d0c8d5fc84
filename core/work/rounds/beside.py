"""Places beside the stops (点位以外): whether a round's teams may visit sites of its unit that are no stops, and how many there are.

Such a visit counts in the round's results like any other; progress and quotas are of the stops alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.work.inspection.visit_standing import BESIDE
from core.work.rounds.stops import PLANNED
from core.work.tables import Round, RoundStop, Site, Visit
from tenants.access import subtree


@dataclass(frozen=True, slots=True)
class Beside:
    """The places of a unit (点位以外的点位): active ones, and how many of them are no stops."""

    sites: int
    others: int


def allows_beside(sampling: Mapping[str, Any]) -> bool:
    """Whether a round's sampling lets its teams visit places beside its stops."""
    return sampling.get(BESIDE) is True


def with_beside(sampling: Mapping[str, Any], allowed: bool) -> dict[str, Any]:
    """The same sampling, with or without that leave."""
    kept = {key: value for key, value in sampling.items() if key != BESIDE}
    return kept | ({BESIDE: True} if allowed else {})


def count_beside(session: Session, tenant: int, unit_id: UUID, stops: Collection[UUID], on: date) -> Beside:
    """How many active sites a unit has with all below it on a day, and how many of them are not among some stops (one query)."""
    within = (Site.state == "active", Site.unit_id.in_(subtree(tenant, unit_id, on)))
    query = select(func.count(), func.count().filter(Site.id.not_in(list(stops)))).where(*within)
    sites, others = session.execute(query).one()
    return Beside(sites, others)


def stop_ids(session: Session, of: Round) -> list[UUID]:
    """The stops of a round that were not dropped."""
    query = select(RoundStop.site_id).where(RoundStop.round_id == of.id, RoundStop.state == PLANNED)
    return list(session.scalars(query))


def visits_beside(session: Session, of: Round) -> int:
    """How many visits were made for a round at places that are no stops of it."""
    query = select(func.count()).where(
        Visit.round_id == of.id, Visit.replaced_at.is_(None), Visit.site_id.not_in(stop_ids(session, of))
    )
    return session.scalar(query) or 0
