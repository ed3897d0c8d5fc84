"""Self-check beside verification (自查与核查的差距): how far a district's own values lie from the verified ones it sent.

Only rates in per cent are compared, in percentage points, and only where both left the district under its grant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select

from core.campaigns.arithmetic import half_up
from core.figures.periods import Period
from core.figures.tables import PublishedFigure
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class SelfGap:
    """The gap of one publication (差距): over how many indicators, their mean, and the widest with its code; in points of %."""

    n: int
    mean: Decimal
    code: str
    widest: Decimal


def read_self_gaps(session: ScopedSession, period: Period, sent: Mapping[UUID, int]) -> Mapping[UUID, SelfGap]:
    """The gap of each publication of a period that sent both values of some rate; ``sent`` names the district of each."""
    query = select(
        PublishedFigure.publication_id, PublishedFigure.code, PublishedFigure.self_value - PublishedFigure.value
    ).where(
        PublishedFigure.reader_id == session.tenant_id,
        PublishedFigure.period_start == period.start,
        PublishedFigure.tenant_id.in_(sent.values()),
        PublishedFigure.publication_id.in_(sent),
        PublishedFigure.level == "indicator",
        PublishedFigure.unit == "%",
        PublishedFigure.self_value.is_not(None),
        PublishedFigure.value.is_not(None),
    )
    found: dict[UUID, list[tuple[str, Decimal]]] = {}
    for publication, code, gap in session.execute(query.order_by(PublishedFigure.position)):
        found.setdefault(publication, []).append((code, gap))
    return {publication: _gap(gaps) for publication, gaps in found.items()}


def _gap(gaps: list[tuple[str, Decimal]]) -> SelfGap:
    code, widest = max(gaps, key=lambda one: abs(one[1]))
    return SelfGap(len(gaps), half_up(sum((Fraction(gap) for _, gap in gaps), Fraction(0)) / len(gaps)), code, widest)
