"""Lists of cards (亮牌清单): those of a period, and all that were ever shown, newest period first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from core.work.marks.card_moves import DROPPED, PUBLIC, STANDING
from core.work.tables import CardEvent, CardIssue

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cards to list (亮牌筛选); empty means all. ``after`` is the last row of the page before.

    ``since`` and ``until`` bound the first day of the period, both included.
    """

    schemes: Sequence[UUID] = ()
    subject_id: UUID | None = None
    colour: str = ""
    text: str = ""
    after: tuple[date, UUID] | None = None
    since: date | None = None
    until: date | None = None


def cards_of(session: Session, scheme_id: UUID, start: date, *, unshown: bool) -> list[CardIssue]:
    """The cards of a period by league and place: those that everybody sees, with ``unshown`` also those in work."""
    query = select(CardIssue).where(CardIssue.scheme_id == scheme_id, CardIssue.period_start == start)
    query = query.where(CardIssue.state != DROPPED) if unshown else query.where(_public())
    order = (CardIssue.league, CardIssue.rank.nulls_last(), CardIssue.subject_name, CardIssue.created_at)
    return list(session.scalars(query.order_by(*order)))


def list_shown(session: Session, wanted: Wanted, size: int = PAGE) -> list[CardIssue]:
    """Cards that are or were shown, newest period first; one more than ``size`` tells of another page."""
    query = select(CardIssue).where(CardIssue.scheme_id.in_(wanted.schemes), _public())
    if wanted.subject_id:
        query = query.where(CardIssue.subject_id == wanted.subject_id)
    if wanted.colour:
        query = query.where(CardIssue.colour == wanted.colour)
    if wanted.text:
        query = query.where(CardIssue.subject_name.contains(wanted.text, autoescape=True))
    if wanted.since:
        query = query.where(CardIssue.period_start >= wanted.since)
    if wanted.until:
        query = query.where(CardIssue.period_start <= wanted.until)
    if wanted.after:
        start, last = wanted.after
        query = query.where(
            or_(CardIssue.period_start < start, and_(CardIssue.period_start == start, CardIssue.id < last))
        )
    return list(session.scalars(query.order_by(CardIssue.period_start.desc(), CardIssue.id.desc()).limit(size + 1)))


def corrections_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, CardIssue]:
    """The shown card that corrects each of some cards, where there is one."""
    rows = session.scalars(select(CardIssue).where(CardIssue.corrects_id.in_(ids), _public()))
    return {row.corrects_id: row for row in rows if row.corrects_id}


def events_of(session: Session, card_id: UUID) -> list[CardEvent]:
    """A card's history, oldest first."""
    return list(session.scalars(select(CardEvent).where(CardEvent.card_id == card_id).order_by(CardEvent.version)))


def last_notes(session: Session, ids: Sequence[UUID]) -> dict[UUID, CardEvent]:
    """The last step of each card (one query): the reason that stands beside it."""
    highest = (
        select(CardEvent.card_id, func.max(CardEvent.version).label("version"))
        .where(CardEvent.card_id.in_(ids))
        .group_by(CardEvent.card_id)
        .subquery()
    )
    rows = session.scalars(
        select(CardEvent).join(
            highest, and_(highest.c.card_id == CardEvent.card_id, highest.c.version == CardEvent.version)
        )
    )
    return {row.card_id: row for row in rows}


def stood_at(session: Session, ids: Sequence[UUID], until: datetime) -> dict[UUID, str]:
    """The state of each card just before a moment, as its history tells (one query); one that was not there yet is left out."""
    query = select(CardEvent.card_id, CardEvent.to_state).where(CardEvent.card_id.in_(ids), CardEvent.at < until)
    return dict(session.execute(query.order_by(CardEvent.card_id, CardEvent.version)).all())  # the last one stays


def latest_cards(session: Session, scheme_id: UUID, until: date) -> dict[tuple[str, UUID], tuple[CardIssue, int]]:
    """Each subject's latest standing card, and in how many periods in a row it was of that colour (连续)."""
    rows = session.scalars(
        select(CardIssue)
        .where(CardIssue.scheme_id == scheme_id, CardIssue.period_end <= until, CardIssue.state.in_(STANDING))
        .order_by(CardIssue.period_start.desc())
    )
    found: dict[tuple[str, UUID], tuple[CardIssue, int]] = {}
    ended: set[tuple[str, UUID]] = set()
    reached: dict[tuple[str, UUID], date] = {}
    for row in rows:
        key = (row.league, row.subject_id)
        if key not in found:
            found[key] = (row, 1)
        elif key not in ended:
            first, count = found[key]
            adjoins = (reached[key] - row.period_end).days == 1 and first.colour == row.colour
            found[key] = (first, count + adjoins)
            ended |= set() if adjoins else {key}
        reached[key] = row.period_start
    return found


def periods_with_cards(session: Session, scheme_id: UUID) -> list[date]:
    """The first days of the periods that have cards, newest first."""
    query = select(CardIssue.period_start).where(CardIssue.scheme_id == scheme_id).distinct()
    return list(session.scalars(query.order_by(CardIssue.period_start.desc()).limit(60)))


def has_cards(session: Session, scheme_id: UUID, kind: str, start: date) -> bool:
    """Whether any card of a period was ever put forward."""
    query = select(CardIssue.id).where(
        CardIssue.scheme_id == scheme_id, CardIssue.period_kind == kind, CardIssue.period_start == start
    )
    return session.scalar(query.limit(1)) is not None


def _public() -> ColumnElement[bool]:
    return and_(CardIssue.state.in_(PUBLIC), CardIssue.shown_at.is_not(None))
