"""Effects of the negative list inside a seal (发布件中的负面清单影响): one figure of level ``effect`` for each entry.

They go to every reader whatever the detail, behind the other figures, so that seals made before keep their text. Of such a
figure ``status`` is the kind of effect, ``possible`` the points deducted or the ceiling, ``assessed`` the total before and
``earned`` the total after it (None under a bar), ``reason`` the document.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import literal_column, select

from core.figures.effects import NEGATIVE
from core.figures.model import EffectLine, cents, percent
from core.figures.periods import Period
from core.figures.tables import Publication, PublishedFigure
from core.work.marks.negative_moves import BAR
from tenants.db import new_id
from tenants.scope import ScopedSession

EFFECT = "effect"


@dataclass(frozen=True, slots=True)
class SealedEffect:
    """One effect as it was sealed (已发布的影响); ``after`` is None under a bar."""

    title: str
    document: str
    effect: str
    points: Decimal
    before: Decimal
    after: Decimal | None


def effect_figures(lines: Sequence[EffectLine], row: Publication, behind: int) -> Iterator[PublishedFigure]:
    """The effects of a score as figures of a copy, behind a position."""
    for number, line in enumerate(lines, 1):
        yield PublishedFigure(
            id=new_id(),
            reader_id=row.reader_id,
            tenant_id=row.tenant_id,
            publication_id=row.id,
            period_start=row.period_start,
            position=behind + number,
            level=EFFECT,
            code=f"NEG-{number:02d}",
            category="",
            name_zh=line.title,
            name_en=line.title,
            status=line.effect,
            reason=line.document,
            reason_en=line.document,
            unit="points",
            target="",
            earned=None if line.after is None else cents(line.after),
            assessed=cents(line.before),
            possible=cents(line.points),
            n=1,
        )


def effects_of(figures: Iterable[PublishedFigure]) -> tuple[SealedEffect, ...]:
    """The effects among a publication's figures, in their order."""
    return tuple(_effect(one) for one in sorted(figures, key=lambda f: f.position) if one.level == EFFECT)


def without_effects(figures: Iterable[PublishedFigure]) -> list[PublishedFigure]:
    """A publication's headings and indicators."""
    return [one for one in figures if one.level in ("category", "indicator")]


def read_effects_of(
    session: ScopedSession, period: Period, districts: Collection[int] = ()
) -> dict[UUID, tuple[SealedEffect, ...]]:
    """The effects of all publications received for periods that begin with this one, or of some districts' (one query)."""
    query = select(PublishedFigure).where(
        PublishedFigure.reader_id == session.tenant_id,
        PublishedFigure.period_start == period.start,
        PublishedFigure.level == literal_column(f"'{EFFECT}'"),  # as the index that holds the effects alone says it
    )
    if districts:
        query = query.where(PublishedFigure.tenant_id.in_(districts))
    found: dict[UUID, list[PublishedFigure]] = {}
    for one in session.scalars(query):
        found.setdefault(one.publication_id, []).append(one)
    return {key: effects_of(figures) for key, figures in found.items()}


def before_effects(earned: Decimal, effects: Sequence[SealedEffect]) -> Decimal:
    """The total as it was before the negative list; ``earned`` where it took nothing."""
    return effects[0].before if effects else earned


def is_barred(effects: Iterable[SealedEffect]) -> bool:
    """Whether one of them is a bar (一票否决)."""
    return any(one.effect == BAR for one in effects)


def share_of(row: Publication, points: int) -> Decimal | None:
    """A publication's points as a share of others in percent; None under a bar."""
    return None if NEGATIVE in row.vetoes else percent(row.earned, points)


def _effect(one: PublishedFigure) -> SealedEffect:
    points, before = (Decimal(value).scaleb(-2) for value in (one.possible, one.assessed))
    after = None if one.earned is None else Decimal(one.earned).scaleb(-2)
    return SealedEffect(one.name_zh, one.reason, one.status, points, before, after)
