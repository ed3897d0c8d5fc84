"""Tasks (任务取数) for daily ranks of a card scheme: how many a unit has, how many are done and overdue at the end of the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from core.figures.task_figures.facts import Moment
from core.figures.task_figures.rates import add_up, members, sums_by_unit
from tenants.scope import ScopedSession

COUNTS = ("total", "done", "verified", "at_risk", "tasks_overdue", "concerned")


def task_counts(
    session: ScopedSession, campaign: str, ids: Sequence[UUID], day: date, cut_off: datetime
) -> dict[UUID, dict[str, int]]:
    """The counts of each unit's subtree, of an area's with its members, at the end of ``day`` or at a ``cut_off`` before it."""
    end = Moment.end_of(day)
    moment = end if end.cut_off and cut_off >= end.cut_off else Moment(day)
    inside, counted = members(session, ids, day), sums_by_unit(session, moment)
    found = {}
    for one in ids:
        mine = (
            sums for (unit, code), sums in counted.items() if unit in inside[one] and (not campaign or code == campaign)
        )
        sums = add_up(mine)
        numbers = (sums.total, sums.done, sums.verified, sums.at_risk, sums.overdue, sums.total)
        found[one] = dict(zip(COUNTS, numbers, strict=True))
    return found
