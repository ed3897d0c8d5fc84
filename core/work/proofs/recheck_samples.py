"""The samples that were drawn (抽样记录): their results, and drawing each again to see that nobody chose by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.proofs.sampling import choose, rank_of
from core.work.tables import Recheck, RecheckSample
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a sample (抽样结果). The relapse rate is ``relapsed`` of ``looked_at``; what dropped out is no result."""

    due: int = 0
    stable: int = 0
    relapsed: int = 0
    dropped: int = 0

    @property
    def looked_at(self) -> int:
        """How many were looked at."""
        return self.stable + self.relapsed


@dataclass(frozen=True, slots=True)
class Again:
    """The same draw once more (重抽核对): its ids by rank, and whether they are those that were handed out."""

    ranked: Sequence[UUID]
    drawn: frozenset[UUID]
    fits: bool


def list_samples(
    session: Session, *, after: tuple[datetime, UUID] | None = None, size: int = 50
) -> list[RecheckSample]:
    """Samples, newest first, one more than ``size`` when there are more; ``after`` is the last one's moment and id."""
    query = select(RecheckSample).order_by(RecheckSample.created_at.desc(), RecheckSample.id.desc()).limit(size + 1)
    if after is not None:
        query = query.where(tuple_(RecheckSample.created_at, RecheckSample.id) < after)
    return list(session.scalars(query))


def get_sample(session: ScopedSession, sample_id: UUID) -> RecheckSample:
    """One sample. Raises NotFound."""
    found = session.get(RecheckSample, (session.tenant_id, sample_id))
    if found is None:
        raise NotFound
    return found


def results_of(session: Session, sample_ids: Sequence[UUID]) -> dict[UUID, Results]:
    """What came of some samples (one query)."""
    counted: dict[UUID, dict[str, int]] = {one: {} for one in sample_ids}
    rows = session.execute(
        select(Recheck.sample_id, Recheck.state, func.count())
        .where(Recheck.sample_id.in_(sample_ids))
        .group_by(Recheck.sample_id, Recheck.state)
    )
    for sample_id, state, count in rows:
        if sample_id is not None:
            counted[sample_id][state] = count
    return {one: Results(**states) for one, states in counted.items()}


def draw_again(session: Session, sample: RecheckSample) -> Again:
    """Draw a sample again from its recorded population, seed and rate."""
    population = [UUID(one) for one in sample.body.get("population", ())]
    drawn = choose(sample.seed, population, sample.rate_percent)
    handed = set(session.scalars(select(Recheck.finding_id).where(Recheck.sample_id == sample.id)))
    ranked = sorted(population, key=lambda one: rank_of(sample.seed, one))
    return Again(ranked, frozenset(drawn), set(drawn) == handed and len(population) == sample.population)
