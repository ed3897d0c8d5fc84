"""The dated choices of an edition (版本选择), as rows: which holds on a day, which was chosen when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.tables import EnabledEdition

IN_FORCE, SHADOW = "in_force", "shadow"
SHIPPED, PRIVATE = "shipped", "private"


def choice_on(session: Session, campaign: str, day: date, role: str = IN_FORCE) -> EnabledEdition | None:
    """The choice that holds on a day; None in force means the edition that the campaign was enabled with."""
    mine = (EnabledEdition.campaign == campaign, EnabledEdition.role == role)
    newest = (EnabledEdition.valid_from.desc(), EnabledEdition.id.desc())
    return session.scalars(
        select(EnabledEdition).where(*mine, valid_on(EnabledEdition, day)).order_by(*newest).limit(1)
    ).first()


def choices_of(session: Session, campaign: str) -> Sequence[EnabledEdition]:
    """Every choice that held or will hold on some day, earliest first; what was taken back before it began is left out."""
    lasts = EnabledEdition.valid_to.is_(None) | (EnabledEdition.valid_to > EnabledEdition.valid_from)
    return session.scalars(
        select(EnabledEdition)
        .where(EnabledEdition.campaign == campaign, lasts)
        .order_by(EnabledEdition.valid_from, EnabledEdition.id)
    ).all()
