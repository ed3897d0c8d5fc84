"""What visits add up to (检查记录合计): the sums that figures are made of, and what one visit brings to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from uuid import UUID

from core.figures.strata import Stratum, type_in
from core.figures.terms import FormTerm, ItemTerm, Selection

FormKey = tuple[str, str]  # campaign and form code


@dataclass(frozen=True, slots=True)
class ItemSums:
    """Sums over visits (汇总): ``visits`` that answered, of them ``passed``; ``percent`` is the sum of scores out of 100.

    ``n`` of ``m``: yes = 1 of 1, rating 7 or more = 1 of 1, a count = 1 of 1 when it passed; ``raw`` adds the numbers as
    answered. ``earned`` and ``possible`` are points.
    """

    visits: Fraction = Fraction(0)
    passed: Fraction = Fraction(0)
    percent: Fraction = Fraction(0)
    n: Fraction = Fraction(0)
    m: Fraction = Fraction(0)
    raw: Fraction = Fraction(0)
    earned: Fraction = Fraction(0)
    possible: Fraction = Fraction(0)

    def __add__(self, other: ItemSums) -> ItemSums:
        return ItemSums(**{name: _add(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__})


def _add(one: Fraction, other: Fraction) -> Fraction:
    """The sum of two fractions; most of them are zero, and adding those is dear."""
    return one + other if one and other else one or other


@dataclass(frozen=True, slots=True)
class VisitPart:
    """What one visit adds to the sums (一次检查的贡献), and the items that did not pass."""

    visit_id: UUID
    day: date
    site_id: UUID
    site: str
    sums: ItemSums
    forms: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    kinds: str = ""  # the site's types on that day, by comma


@dataclass(slots=True)
class ItemFacts:
    """The sums of one slice by selection and by form (一个口径的汇总), each also by the types of the places."""

    items: dict[Selection, ItemSums] = field(default_factory=dict)
    forms: dict[FormKey, ItemSums] = field(default_factory=dict)
    kinds: dict[Selection | FormKey, dict[str, ItemSums]] = field(default_factory=dict)
    visits: int = 0
    sites: int = 0

    def add_kind(self, key: Selection | FormKey, kinds: str, sums: ItemSums) -> None:
        """Add what the visits to places of these types bring."""
        here = self.kinds.setdefault(key, {})
        here[kinds] = here[kinds] + sums if kinds in here else sums

    def sums(self, term: ItemTerm | FormTerm, campaign: str) -> ItemSums:
        """The sums that a term reads."""
        if isinstance(term, ItemTerm):
            return self.items.get(term.selection, ItemSums())
        return sum((self.forms.get((campaign, f), ItemSums()) for f in term.forms), ItemSums())

    def strata(self, term: ItemTerm | FormTerm, campaign: str) -> tuple[Stratum, ...]:
        """The sums that a term reads, by site type."""
        keys = [term.selection] if isinstance(term, ItemTerm) else [(campaign, form) for form in term.forms]
        found: dict[str, ItemSums] = {}
        for key in keys:
            for kinds, sums in self.kinds.get(key, {}).items():
                kind = type_in(kinds, term.types)
                found[kind] = found.get(kind, ItemSums()) + sums
        return tuple(Stratum(kind, sums.visits, sums.percent) for kind, sums in sorted(found.items()))
