"""Daily ranks (逐日排名) as they are kept: insert only, each day with the facts it came from; a correction is a revision.

The highest revision of a day is shown; the earlier ones stay to be compared. :func:`replay` computes the places again from
the facts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core.work.marks.card_proposing import Subject, Value, decisive, standing, unranked
from core.work.marks.card_rules import BY_VALUE, MEASURES, MORE, Scheme
from core.work.tables import CardScheme, RankDay

Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Placed:
    """One subject's place (名次) on a day in a league; ``unranked`` is '' or says why there is none."""

    league: str
    subject: Subject
    rank: int | None
    numerator: int
    denominator: int
    n: int
    unranked: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> Fraction | None:
        """The number that was ranked; None without data."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None


@dataclass(frozen=True, slots=True)
class KeptDay:
    """A day as it is kept (逐日排名): its places, best first, and which revision they are."""

    day: date
    revision: int
    computed_at: datetime
    places: tuple[Placed, ...]

    @property
    def is_corrected(self) -> bool:
        """Whether an earlier computation of the day said otherwise."""
        return self.revision > 1


def ratio_of(measure: str, counts: Mapping[str, int]) -> tuple[int, int, int]:
    """A measure's numerator, denominator and volume out of the day's counts (取数口径)."""
    if measure in ("share", "checklist"):
        return counts["earned"], counts["possible"], counts["visits"]
    if MEASURES[measure].is_rate:
        over, under = _RATES[measure]
        return counts[over], counts[under], counts[under]
    seen = counts["visits"] + counts["found"] if measure == "found" else counts["concerned"]
    return counts[measure], 1, seen


_RATES: Mapping[str, tuple[str, str]] = {
    "on_time_rate": ("on_time", "due"),
    "closing_rate": ("found_closed", "found"),
    "relapse_rate": ("relapsed", "closings"),
    "task_rate": ("done", "total"),
    "task_verified_rate": ("verified", "total"),
}


def place(scheme: Scheme, league: str, counts: Iterable[tuple[Subject, Mapping[str, int]]]) -> list[Placed]:
    """Rank the subjects of one league by the day's counts, best first, those without a place last."""
    values = []
    for subject, seen in counts:
        numerator, denominator, n = ratio_of(scheme.measure.code, seen)
        values.append((Value(subject, numerator, denominator, n, scheme.days), seen))
    whys = [unranked(scheme, value) for value, _ in values]
    more = scheme.more_is_better
    numbers = [
        None if why else decisive(value, scheme.method, more) for (value, _), why in zip(values, whys, strict=True)
    ]
    ranks = standing(numbers, more=more)
    rule: dict[str, Any] = {"measure": scheme.measure.code, "direction": scheme.direction, "volume": scheme.volume}
    rule |= {"method": scheme.method} if scheme.method != BY_VALUE else {}
    found = [
        Placed(
            league,
            value.subject,
            rank,
            value.numerator,
            value.denominator,
            value.n,
            why,
            rule | {"counts": dict(seen)},
        )
        for (value, seen), rank, why in zip(values, ranks, whys, strict=True)
    ]
    return sorted(found, key=lambda one: (one.rank is None, one.rank or 0, one.subject.name))


def replay(places: Sequence[Placed]) -> dict[Key, int | None]:
    """The ranks of a kept day, computed again from its facts alone."""
    found: dict[Key, int | None] = {}
    for league in {one.league for one in places}:
        rows = [one for one in places if one.league == league]
        ratios = []
        for one in rows:
            over, under, n = ratio_of(one.facts["measure"], one.facts["counts"])
            value = Value(one.subject, over, under, n)
            ratios.append(decisive(value, _method(one), _more(one)) if n >= one.facts["volume"] else None)
        ranks = standing(ratios, more=_more(rows[0]))
        found |= {(league, one.subject.id): rank for one, rank in zip(rows, ranks, strict=True)}
    return found


def _method(one: Placed) -> str:
    """How a kept place was ranked; a day that does not say was ranked by its value."""
    return str(one.facts.get("method", BY_VALUE))


def _more(one: Placed) -> bool:
    return bool(one.facts["direction"] == MORE)


def keep_day(
    session: Session,
    row: CardScheme,
    day: date,
    places: Sequence[Placed],
    now: datetime,
    *,
    version: int | None = None,
) -> int:
    """Keep a day's places, as a new revision when they differ from what is kept; gives the revision, 0 for an empty day.

    ``version`` is the scheme's version that ranked the day. The scheme's row is locked until the commit, so that two runs at once write one revision.
    """
    session.execute(select(CardScheme.id).where(CardScheme.id == row.id).with_for_update())
    kept = read_day(session, row.id, day)
    if kept is not None and _same(kept.places, places):
        return kept.revision
    revision = kept.revision + 1 if kept else 1
    session.add_all(_row(row.id, version or row.version, day, revision, one, now) for one in places)
    session.flush()
    return revision if places else 0


def read_day(session: Session, scheme_id: UUID, day: date) -> KeptDay | None:
    """A day as it is kept now; None when it was never computed."""
    found = read_days(session, scheme_id, day, day)
    return found[0] if found else None


def read_days(session: Session, scheme_id: UUID, first: date, last: date) -> list[KeptDay]:
    """The kept days of a span, oldest first, each in its highest revision (one query)."""
    other = aliased(RankDay)
    highest = (
        select(func.max(other.revision))
        .where(other.tenant_id == RankDay.tenant_id, other.scheme_id == RankDay.scheme_id, other.day == RankDay.day)
        .correlate(RankDay)
        .scalar_subquery()
    )
    rows = session.scalars(
        select(RankDay)
        .where(RankDay.scheme_id == scheme_id, RankDay.day.between(first, last), RankDay.revision == highest)
        .order_by(RankDay.day, RankDay.league, RankDay.rank.nulls_last(), RankDay.subject_name)
    ).all()
    days: dict[date, list[RankDay]] = {}
    for one in rows:
        days.setdefault(one.day, []).append(one)
    return [
        KeptDay(day, found[0].revision, found[0].computed_at, tuple(placed_of(one) for one in found))
        for day, found in days.items()
    ]


def last_kept(session: Session, scheme_id: UUID) -> date | None:
    """The last day that is kept."""
    return session.scalar(select(func.max(RankDay.day)).where(RankDay.scheme_id == scheme_id))


def _same(kept: Sequence[Placed], found: Sequence[Placed]) -> bool:
    def said(rows: Sequence[Placed]) -> dict[Key, tuple[int | None, int, int, Mapping[str, Any]]]:
        return {(p.league, p.subject.id): (p.rank, p.numerator, p.denominator, p.facts) for p in rows}

    return said(kept) == said(found)


def _row(scheme_id: UUID, version: int, day: date, revision: int, one: Placed, now: datetime) -> RankDay:
    return RankDay(
        scheme_id=scheme_id,
        day=day,
        revision=revision,
        league=one.league,
        subject_id=one.subject.id,
        subject_kind=one.subject.kind,
        subject_name=one.subject.name,
        rank=one.rank,
        numerator=one.numerator,
        denominator=one.denominator,
        facts=dict(one.facts) | {"n": one.n, "unranked": one.unranked, "scheme_version": version},
        computed_at=now,
    )


def placed_of(row: RankDay) -> Placed:
    """A kept row as a place."""
    facts: dict[str, Any] = {
        key: row.facts[key] for key in ("measure", "direction", "volume", "counts", "method") if key in row.facts
    }
    subject = Subject(row.subject_id, row.subject_kind, row.subject_name)
    n, why = row.facts["n"], row.facts["unranked"]
    return Placed(row.league, subject, row.rank, row.numerator, row.denominator, n, why, facts)
