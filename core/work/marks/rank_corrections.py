"""What corrections of a day's ranks changed (排名更正): each revision beside the one before, subject by subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.marks.ranking_days import KeptDay, Placed, placed_of, replay
from core.work.tables import RankDay


@dataclass(frozen=True, slots=True)
class Changed:
    """One subject whose place or number a correction changed (名次变动); ``before`` or ``after`` is None where it has no line."""

    league: str
    name: str
    before: Placed | None
    after: Placed | None


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction of a day (更正): which computation it was, when, and what it changed."""

    revision: int
    computed_at: datetime
    changed: tuple[Changed, ...]


def corrections_of_day(session: Session, scheme_id: UUID, day: date) -> list[Correction]:
    """The corrections of a day, the newest first; empty for a day that was computed once (one query)."""
    revisions = _revisions(session, scheme_id, day)
    return [
        Correction(new.revision, new.computed_at, tuple(compare(old.places, new.places)))
        for old, new in reversed(list(pairwise(revisions)))
    ]


def compare(before: Sequence[Placed], after: Sequence[Placed]) -> list[Changed]:
    """The subjects whose place, number or volume differ, in the order of their new places."""
    old = {(one.league, one.subject.id): one for one in before}
    new = {(one.league, one.subject.id): one for one in after}
    return [
        Changed(key[0], (new.get(key) or old[key]).subject.name, old.get(key), new.get(key))
        for key in [*new, *(key for key in old if key not in new)]
        if _said(old.get(key)) != _said(new.get(key))
    ]


def is_replayed(kept: KeptDay) -> bool:
    """Whether the kept facts alone give the kept places again."""
    found = replay(kept.places)
    return all(found[one.league, one.subject.id] == one.rank for one in kept.places)


def _said(one: Placed | None) -> tuple[object, ...]:
    return (one.rank, one.numerator, one.denominator, one.n, one.unranked) if one else ()


def _revisions(session: Session, scheme_id: UUID, day: date) -> list[KeptDay]:
    rows = session.scalars(
        select(RankDay)
        .where(RankDay.scheme_id == scheme_id, RankDay.day == day)
        .order_by(RankDay.revision, RankDay.league, RankDay.rank.nulls_last(), RankDay.subject_name)
    ).all()
    found: dict[int, list[RankDay]] = {}
    for one in rows:
        found.setdefault(one.revision, []).append(one)
    return [KeptDay(day, n, made[0].computed_at, tuple(map(placed_of, made))) for n, made in found.items()]
