"""A sealed publication as a page reads it (发布件): its figures by heading, and whether seal and chain hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from flask_babel import gettext
from sqlalchemy import select

from core.errors import N_
from core.figures.comparison import as_points
from core.figures.model import percent
from core.figures.sealed_effects import SealedEffect, before_effects, is_barred, share_of
from core.figures.seals import SHORT, seal_of
from core.figures.tables import Publication, PublishedFigure
from core.figures.warnings import WORDS_ZH
from tenants.scope import ScopedSession

FINDINGS: Mapping[str, str] = MappingProxyType(
    {
        "found": N_("发现问题"),
        "due": N_("到期问题"),
        "closed": N_("到期已销号"),
        "on_time": N_("按期销号"),
        "overdue": N_("到期未销号"),
    }
)


@dataclass(frozen=True, slots=True)
class Check:
    """What a recomputation found (封签核对): the seal itself, and that the one before it is the one it names."""

    recomputed: str
    holds: bool
    follows: bool


@dataclass(frozen=True, slots=True)
class Sealed:
    """A publication's points and shares, ready to print (发布件数值)."""

    row: Publication
    effects: tuple[SealedEffect, ...] = ()

    @property
    def earned_before(self) -> Decimal:
        """Points before the negative list took any."""
        return before_effects(self.earned, self.effects)

    @property
    def barred(self) -> bool:
        """Whether an event rules the district out."""
        return is_barred(self.effects)

    @property
    def seal(self) -> str:
        """The seal's first characters, for comparing by eye."""
        return self.row.sha256[:SHORT]

    @property
    def earned(self) -> Decimal:
        """Points earned."""
        return as_points(self.row.earned)

    @property
    def assessed(self) -> Decimal:
        """Points of the indicators that were assessed."""
        return as_points(self.row.assessed)

    @property
    def total(self) -> Decimal:
        """All points of the edition."""
        return as_points(self.row.total)

    @property
    def share(self) -> Decimal | None:
        """Earned of assessed points in percent; None under a bar."""
        return share_of(self.row, self.row.assessed)

    @property
    def coverage(self) -> Decimal | None:
        """Assessed of all points in percent."""
        return percent(self.row.assessed, self.row.total)


@dataclass(frozen=True, slots=True)
class Group:
    """A heading with the indicators under it (测评项目); either may be absent by the detail that was granted."""

    head: PublishedFigure | None
    members: tuple[PublishedFigure, ...]


def check_seal(session: ScopedSession, row: Publication, figures: Iterable[PublishedFigure]) -> Check:
    """Recompute one publication's seal, and find whether the seal before it is where it says."""
    recomputed = seal_of(row, figures)
    before = session.scalar(
        select(Publication.sha256).where(
            Publication.reader_id == row.reader_id,
            Publication.tenant_id == row.tenant_id,
            Publication.sequence == row.sequence - 1,
        )
    )
    follows = before == row.previous_sha256 and (before is not None or row.sequence == 1)
    return Check(recomputed, recomputed == row.sha256, follows)


def corrected_by(session: ScopedSession, row: Publication) -> Publication | None:
    """The publication that corrects this one, when there is one."""
    return session.scalars(
        select(Publication)
        .where(
            Publication.reader_id == row.reader_id,
            Publication.tenant_id == row.tenant_id,
            Publication.corrects_sha256 == row.sha256,
        )
        .order_by(Publication.sequence)
    ).first()


def group_figures(figures: Sequence[PublishedFigure]) -> list[Group]:
    """Figures under their headings, in their order."""
    heads = [one for one in figures if one.level == "category"]
    known = {one.code for one in heads}
    found = [
        Group(one, tuple(f for f in figures if f.level == "indicator" and f.category == one.code)) for one in heads
    ]
    loose = tuple(f for f in figures if f.level == "indicator" and f.category not in known)
    return [*found, *([Group(None, loose)] if loose else [])]


def say_warnings(warnings: Iterable[Mapping[str, str]]) -> list[str]:
    """The warnings of a publication in words; one that this version does not know by its code."""
    return [_say_warning(one.get("code", ""), one) for one in warnings]


def _say_warning(code: str, numbers: Mapping[str, str]) -> str:
    try:
        return gettext(WORDS_ZH[code]).format(**numbers)
    except KeyError:  # another version's code, or its numbers
        return code


def points_of(cents: int | None) -> Decimal | None:
    """Stored points (1/100) as a number; None stays None."""
    return None if cents is None else as_points(cents)
