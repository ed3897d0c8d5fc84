"""What the statistics behind a period say against themselves (统计提示): parts against totals, late and missing returns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select

from core.campaigns.arithmetic import half_up
from core.figures.model import CampaignScore
from core.work.statistics.completeness import completeness, whole
from core.work.statistics.grid import Asked
from core.work.statistics.measures import plain
from core.work.statistics.observed import observed
from core.work.tables import Statistic
from tenants.access import Actor
from tenants.scope import ScopedSession

PARTS, LATE, MISSING = "parts_against_total", "late", "missing"
BASES = ("verified", "declared", "self")


def statistic_warnings(
    session: ScopedSession, actor: Actor | None, score: CampaignScore, on: date
) -> Iterator[dict[str, Any]]:
    """The warnings of a period's statistics; whether returns are late is known where somebody acts who sees them."""
    yield from _parts(session, score)
    if actor is None:
        return
    period = score.period
    asked = Asked(campaign=score.campaign.key)
    tally = whole(completeness(session, actor, period.start, period.end, today=on, asked=asked))
    for code, count in ((LATE, tally.late), (MISSING, tally.missing)):
        if count:
            yield {"code": code, "count": str(count), "due": str(tally.due)}


def _parts(session: ScopedSession, score: CampaignScore) -> Iterator[dict[str, Any]]:
    """Totals whose locked parts add up to something else: both stay, the gap is named."""
    query = select(Statistic).where(func.jsonb_array_length(Statistic.parts) > 0).order_by(Statistic.code)
    rows = session.scalars(query).all()
    codes = {code for row in rows for code in (row.code, *row.parts)}
    period = score.period
    found = observed(session, codes, period.start, period.end, score.cut_off, BASES, None)
    for row in rows:
        for (code, unit, basis), total in sorted(found.items(), key=lambda one: (one[0][2], str(one[0][1]))):
            parts = [found.get((part, unit, basis)) for part in row.parts]
            if code != row.code or any(one is None for one in parts):
                continue
            added = sum((one.numerator for one in parts if one is not None), Fraction(0))
            if added != total.numerator:
                gap = abs(total.numerator - added)
                share = str(half_up(gap / total.numerator * 100)) if total.numerator else ""
                said = {"sum": plain(added), "total": plain(total.numerator), "gap": plain(gap), "share": share}
                yield {"code": PARTS, "of": code, "name": row.name_zh, "basis": basis, **said}
