"""The kept daily ranks as one list (逐日排名清单): newest day first, in each league the best place first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from core.work.tables import RankDay

UNRANKED = 2**31 - 1  # where those without a rank stand in the order

Place = tuple[date, UUID, str, int, UUID]


@dataclass(frozen=True, slots=True)
class RankFilter:
    """Which places to list (排名筛选); empty means all of the ``schemes``. Days are counted with both ends."""

    schemes: Sequence[UUID]
    leagues: Sequence[str] = ()
    subjects: Sequence[UUID] = ()
    since: date | None = None
    until: date | None = None


def list_places(session: Session, wanted: RankFilter, *, after: Place | None = None, limit: int = 50) -> list[RankDay]:
    """The places of kept days, each day in its highest revision (one query); ``after`` is the place of the last row seen."""
    other = aliased(RankDay)
    highest = (
        select(func.max(other.revision))
        .where(other.tenant_id == RankDay.tenant_id, other.scheme_id == RankDay.scheme_id, other.day == RankDay.day)
        .correlate(RankDay)
        .scalar_subquery()
    )
    query = select(RankDay).where(RankDay.revision == highest, *_conditions(wanted))
    if after is not None:
        day, *rest = after
        query = query.where(or_(RankDay.day < day, and_(RankDay.day == day, tuple_(*_order()) > tuple_(*rest))))
    return list(session.scalars(query.order_by(RankDay.day.desc(), *_order()).limit(limit)))


def place_of(row: RankDay) -> Place:
    """Where a row stands in the list, for the next page."""
    return row.day, row.scheme_id, row.league, UNRANKED if row.rank is None else row.rank, row.subject_id


def _order() -> tuple[ColumnElement[UUID], ColumnElement[str], ColumnElement[int], ColumnElement[UUID]]:
    rank = func.coalesce(RankDay.rank, UNRANKED)
    return RankDay.scheme_id.expression, RankDay.league.expression, rank, RankDay.subject_id.expression


def _conditions(wanted: RankFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [RankDay.scheme_id.in_(wanted.schemes)]
    if wanted.leagues:
        found.append(RankDay.league.in_(wanted.leagues))
    if wanted.subjects:
        found.append(RankDay.subject_id.in_(wanted.subjects))
    if wanted.since is not None:
        found.append(RankDay.day >= wanted.since)
    if wanted.until is not None:
        found.append(RankDay.day <= wanted.until)
    return found
