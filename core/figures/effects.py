"""What the negative list does to a total (负面清单影响): points taken off, a ceiling, a bar, each with its document.

Deductions come first, then the lowest ceiling, all in integers of 1/100. A ceiling is meant for the whole scale, so on the
points that could be assessed it is its proportion of them: 80 of 100 is 48.80 of 61. Under a bar no total counts.

An entry counts in a period when it is in force on the period's last day, or on the day of the cut-off where that comes
first: triggered by then and not cleared yet. In the district's total every entry counts; in a unit's, those of that unit
and of the units under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns import Edition
from core.campaigns.arithmetic import half_up
from core.campaigns.policy import CAPPED, INELIGIBLE
from core.figures.frames import Frame, SliceKey
from core.figures.model import EffectLine, Totals, Veto, cents
from core.figures.periods import day_of
from core.work.dated import valid_on
from core.work.marks.negative_moves import BAR, CAP, DEDUCT
from core.work.tables import AreaMember, NegativeEntry
from tenants.models import UnitPath

NEGATIVE = "NEGATIVE-LIST"  # the code under which a bar stands among the vetoes, also in a seal
_ORDER = (DEDUCT, CAP, BAR)


@dataclass(frozen=True, slots=True)
class InForce:
    """An entry and the units whose totals it touches (生效条目); the district's own is not listed."""

    entry: NegativeEntry
    units: frozenset[UUID]


def read_effects(session: Session, frame: Frame, campaign: str) -> dict[SliceKey, tuple[NegativeEntry, ...]]:
    """The entries that count in each slice, in the order in which they take effect (one query, and one for each entry that has a unit)."""
    found = session.scalars(
        select(NegativeEntry).where(
            NegativeEntry.tenant_id == frame.tenant_id,
            NegativeEntry.campaign == campaign,
            NegativeEntry.triggered_on.is_not(None),
        )
    ).all()
    touched = [InForce(one, _above(session, frame, one)) for one in found]
    return {key: _counting(touched, key[0], _last_day(frame, key[1])) for key in frame.slices}


def _last_day(frame: Frame, span: int) -> date:
    return min(frame.periods[span].end, day_of(frame.cut_off))


def _above(session: Session, frame: Frame, entry: NegativeEntry) -> frozenset[UUID]:
    """The frame's units that an entry's unit lay in when it was triggered, itself among them."""
    day = entry.triggered_on
    if entry.unit_id is None or day is None or not frame.units:
        return frozenset()
    above = select(UnitPath.ancestor_id).where(
        UnitPath.tenant_id == frame.tenant_id, UnitPath.unit_id == entry.unit_id, valid_on(UnitPath, day)
    )
    found = set(session.scalars(above.where(UnitPath.ancestor_id.in_(frame.units))))
    if frame.has_area:  # an area is touched by what happens in a member
        member = select(AreaMember.area_id).where(AreaMember.unit_id.in_(above), valid_on(AreaMember, day))
        found |= set(session.scalars(member.where(AreaMember.area_id.in_(frame.units))))
    return frozenset(found)


def _counting(touched: Iterable[InForce], unit: UUID | None, on: date) -> tuple[NegativeEntry, ...]:
    counting = [one.entry for one in touched if _in_force(one.entry, on) and (unit is None or unit in one.units)]
    return tuple(sorted(counting, key=lambda e: (_ORDER.index(e.effect), -e.points, e.triggered_on, str(e.id))))


def _in_force(entry: NegativeEntry, on: date) -> bool:
    begun = entry.triggered_on is not None and entry.triggered_on <= on
    return begun and (entry.cleared_on is None or entry.cleared_on > on)


def take_effect(totals: Totals, entries: Sequence[NegativeEntry]) -> tuple[EffectLine, ...]:
    """Each entry's line: the points before and after it; after a bar there are none."""
    lines: list[EffectLine] = []
    points = cents(totals.earned)
    for entry in entries:
        before = points
        if entry.effect == DEDUCT:
            points = max(0, points - entry.points)
        elif entry.effect == CAP:
            points = min(points, _ceiling(totals, entry.points))
        barred = entry.effect == BAR
        lines.append(_line(entry, before, None if barred else points))
    return tuple(lines)


def rule_on(
    totals: Totals, lines: Sequence[EffectLine], vetoes: Sequence[Veto], edition: Edition, on: date
) -> tuple[EffectLine, ...]:
    """The lines and, after them, what the edition's policy makes of its vetoes: a ceiling, or no total at all."""
    policy = edition.veto_policy
    if any(line.after is None for line in lines):
        return tuple(lines)
    ruled = {policy.effect(veto.kind): veto for veto in reversed(vetoes)}  # the first veto of each effect names it
    effect = next((one for one in (INELIGIBLE, CAPPED) if one in ruled), None)
    if effect is None:
        return tuple(lines)
    before = cents(lines[-1].after or Decimal(0)) if lines else cents(totals.earned)
    cap = cents(policy.cap or Decimal(0))
    after = None if effect == INELIGIBLE else min(before, _ceiling(totals, cap))
    line = EffectLine(
        entry_id=None,
        title=f"否决项：{ruled[effect].name_zh}",
        document=edition.document,
        source="edition",
        happened_on=on,
        triggered_on=on,
        effect=BAR if effect == INELIGIBLE else CAP,
        points=Decimal(0 if effect == INELIGIBLE else cap).scaleb(-2),
        before=Decimal(before).scaleb(-2),
        after=None if after is None else Decimal(after).scaleb(-2),
    )
    return (*lines, line)


def _ceiling(totals: Totals, points: int) -> int:
    """A ceiling on the whole scale as its proportion of the assessed points, half-up, in 1/100."""
    if not totals.total:
        return points
    return cents(half_up(Fraction(points, 100) * Fraction(totals.assessed) / Fraction(totals.total)))


def _line(entry: NegativeEntry, before: int, after: int | None) -> EffectLine:
    assert entry.triggered_on is not None, "only what was triggered has an effect"
    return EffectLine(
        entry_id=entry.id,
        title=entry.title,
        document=entry.document,
        source=entry.source,
        happened_on=entry.happened_on,
        triggered_on=entry.triggered_on,
        effect=entry.effect,
        points=Decimal(entry.points).scaleb(-2),
        before=Decimal(before).scaleb(-2),
        after=None if after is None else Decimal(after).scaleb(-2),
    )


def bars(lines: Iterable[EffectLine]) -> Iterable[Veto]:
    """Each bar as a veto among the others (一票否决); seals know them all by one code."""
    for one in lines:
        if one.after is None:
            by_list = one.entry_id is not None
            name_zh = "负面清单一票否决" if by_list else "按版本规则一票否决"
            name_en = "Barred by the negative list" if by_list else "Barred by the edition's veto policy"
            zh, en = f"{name_zh}：{one.title}（{one.document}）", f"{name_en}: {one.title} ({one.document})"
            yield Veto("bar", NEGATIVE, name_zh, name_en, zh, en)
