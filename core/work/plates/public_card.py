"""What anybody may read of a place behind its plate (公开信息): where it is, its duties, and the last verified grade in words.

Only what was verified and is not hidden counts, and only the word is told: no points, no findings, no names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.dated import valid_on
from core.work.tables import Sheet, SiteKind, Visit

# From this share of the points on (percent, ours); a veto gives the last word whatever the points.
GRADES: tuple[tuple[int, str, str], ...] = (
    (90, N_("优秀"), "verified"),
    (80, N_("良好"), "active"),
    (60, N_("达到基本要求"), "soon"),
    (0, N_("需要改进"), "overdue"),
)


@dataclass(frozen=True, slots=True)
class Grade:
    """How a place did at the last verified check (公开等级): a word, its tone, the day."""

    word: str
    tone: str
    day: date


def types_of(session: Session, site_id: UUID, on: date) -> tuple[str, ...]:
    """The types that a site has on a day."""
    chosen = select(SiteKind.site_type).where(SiteKind.site_id == site_id, valid_on(SiteKind, on))
    return tuple(session.scalars(chosen.order_by(SiteKind.site_type)))


def public_grade(session: Session, site_id: UUID) -> Grade | None:
    """The grade of the last verified visit that nobody hides; None while there is none with points."""
    last = session.execute(
        select(Visit.id, Visit.day)
        .join(Sheet, (Sheet.tenant_id == Visit.tenant_id) & (Sheet.visit_id == Visit.id))
        .where(
            Visit.site_id == site_id,
            Visit.basis == "verified",
            Visit.hidden.is_(False),
            Visit.replaced_at.is_(None),
            Sheet.hidden.is_(False),
            Sheet.possible > 0,
        )
        .order_by(Visit.day.desc(), Visit.submitted_at.desc())
        .limit(1)
    ).first()
    if last is None:
        return None
    sheets = session.scalars(select(Sheet).where(Sheet.visit_id == last.id, Sheet.hidden.is_(False))).all()
    earned, possible = sum(one.earned for one in sheets), sum(one.possible for one in sheets)
    share = 0 if any(one.vetoes for one in sheets) else earned * 100 // possible
    word, tone = next((word, tone) for least, word, tone in GRADES if share >= least)
    return Grade(word, tone, last.day)
