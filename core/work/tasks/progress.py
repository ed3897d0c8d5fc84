"""How far a task is (进度): by hundredths of a percent, exact until the end; a parent is as far as its children are.

Rounding is half-up to 1/100 %, once, at the very end (design 2). Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.work.bulk import ask
from core.work.tables import Task
from core.work.tasks.states import WHOLE


def half_up(value: Fraction) -> int:
    """A number that is not negative, rounded to a whole one, a half upwards."""
    return int((value + Fraction(1, 2)) // 1)


def share_done(done: Decimal, target: Decimal) -> int:
    """How far ``done`` of ``target`` is, in 1/100 %; never more than the whole."""
    return min(WHOLE, half_up(Fraction(done) * WHOLE / Fraction(target)))


def mean(children: Iterable[tuple[int, int]]) -> int | None:
    """The weighted mean of (weight, progress) pairs in 1/100 %, whatever their order; None without any."""
    total = weights = 0
    for weight, progress in children:
        total += weight * progress
        weights += weight
    return half_up(Fraction(total, weights)) if weights else None


@dataclass(frozen=True, slots=True)
class _Sum:
    total: int
    weights: int


def recount_parents(session: Session, task_ids: Iterable[UUID]) -> None:
    """Recount everything above some tasks, level by level, in the transaction that changed them.

    The parents are locked first, so that of two children reported at once neither is forgotten. A parent whose children
    are all cancelled is a leaf again, as far as its own last report says. State and version of a parent stay.
    """
    below = set(task_ids)
    while below:
        query = select(Task.parent_id).where(Task.id.in_(below), Task.parent_id.is_not(None)).distinct()
        parents = [one for one in session.scalars(query) if one is not None]
        if parents:
            _recount(session, sorted(parents))
        below = set(parents)


def _recount(session: Session, parents: list[UUID]) -> None:
    tenant = int(session.tenant_id)  # type: ignore[attr-defined]  # every session of ours is a ScopedSession
    named = {"tenant": tenant, "parents": parents}
    ask(session, _LOCK, named)
    sums = {row[0]: _Sum(int(row[1]), int(row[2])) for row in ask(session, _SUMS, named)}
    own = _own_reports(session, named, [one for one in parents if one not in sums])
    ids, shares = [], []
    for parent in parents:
        found = sums.get(parent)
        ids.append(parent)
        shares.append(half_up(Fraction(found.total, found.weights)) if found else own.get(parent, 0))
    values = {"tenant": tenant, "ids": ids, "shares": shares, "leaves": [one not in sums for one in ids]}
    ask(session, _WRITE, values)
    for parent in parents:
        known = session.identity_map.get(session.identity_key(Task, (tenant, parent)))
        if known is not None:
            session.expire(known, ["progress", "leaf"])


def _own_reports(session: Session, named: Mapping[str, Any], parents: list[UUID]) -> dict[UUID, int]:
    """The last own report of each of some tasks."""
    if not parents:
        return {}
    return {row[0]: row[1] for row in ask(session, _REPORTED, {**named, "parents": parents})}


_LOCK = text("SELECT id FROM task WHERE tenant_id = :tenant AND id = ANY(:parents) ORDER BY id FOR UPDATE")
_SUMS = text("""
SELECT parent_id, sum(weight::bigint * progress), sum(weight::bigint) FROM task
WHERE tenant_id = :tenant AND parent_id = ANY(:parents) AND state <> 'cancelled' GROUP BY parent_id
""")
_REPORTED = text("""
SELECT DISTINCT ON (task_id) task_id, progress FROM task_report
WHERE tenant_id = :tenant AND task_id = ANY(:parents) ORDER BY task_id, sequence DESC
""")
_WRITE = text("""
UPDATE task t SET progress = n.share, leaf = n.leaf
FROM unnest(CAST(:ids AS uuid[]), CAST(:shares AS integer[]), CAST(:leaves AS boolean[])) AS n(id, share, leaf)
WHERE t.tenant_id = :tenant AND t.id = n.id AND (t.progress, t.leaf) IS DISTINCT FROM (n.share, n.leaf)
""")
