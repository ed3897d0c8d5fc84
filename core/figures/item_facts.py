"""What visits add up to (检查记录合计): the sums that figures are made of, and what one visit brings to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from uuid import UUID

from core.figures.strata import Stratum, type_in
from core.figures.terms import FormTerm, ItemTerm, Selection

FormKey = tuple[str, str]  # campaign and form code


ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class ItemSums:
    """Sums over visits (汇总): ``visits`` that answered, of them ``passed``; ``percent`` is the sum of scores out of 100.

    ``n`` of ``m``: yes = 1 of 1, rating 7 or more = 1 of 1, a count = 1 of 1 when it passed; ``raw`` adds the numbers as
    answered. ``earned`` and ``possible`` are points.
    """

    visits: Fraction = ZERO
    passed: Fraction = ZERO
    percent: Fraction = ZERO
    n: Fraction = ZERO
    m: Fraction = ZERO
    raw: Fraction = ZERO
    earned: Fraction = ZERO
    possible: Fraction = ZERO

    def __add__(self, other: ItemSums) -> ItemSums:
        return ItemSums(
            _add(self.visits, other.visits),
            _add(self.passed, other.passed),
            _add(self.percent, other.percent),
            _add(self.n, other.n),
            _add(self.m, other.m),
            _add(self.raw, other.raw),
            _add(self.earned, other.earned),
            _add(self.possible, other.possible),
        )


def _add(one: Fraction, other: Fraction) -> Fraction:
    """The sum of two fractions; most of them are the one zero, and adding that is dear."""
    if other is ZERO:
        return one
    return other if one is ZERO else one + other


def whole(number: int) -> Fraction:
    """A whole number as a fraction; nothing is the one zero, which is added for nothing."""
    return Fraction(number) if number else ZERO


class RowSums:
    """Rows of sums added up as whole numbers (整数累加): points are 1/100, scores out of 100 by the points possible a visit."""

    __slots__ = ("_earned", "_m", "_n", "_passed", "_points", "_possible", "_raw", "_visits")

    def __init__(self) -> None:
        self._visits = self._passed = self._earned = self._possible = self._n = self._m = self._raw = 0
        self._points: dict[int, int] = {}  # earned by what was possible in each visit

    def add(self, visits: int, passed: int, earned: int, possible: int, n: int, m: int, raw: int) -> None:
        """Add visits that each could give the same points."""
        self._visits += visits
        self._passed += passed
        self._earned += earned
        self._possible += possible * visits
        self._n, self._m, self._raw = self._n + n, self._m + m, self._raw + raw
        self._points[possible] = self._points.get(possible, 0) + earned

    def sums(self) -> ItemSums:
        """What was added, exactly."""
        shares = (Fraction(earned * 100, each) for each, earned in self._points.items() if each and earned)
        return ItemSums(
            whole(self._visits),
            whole(self._passed),
            sum(shares, ZERO),
            whole(self._n),
            whole(self._m),
            whole(self._raw),
            Fraction(self._earned, 100) if self._earned else ZERO,
            Fraction(self._possible, 100) if self._possible else ZERO,
        )


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


class FactSums:
    """The sums of one slice while its rows come in (汇总中): whole numbers, made exact fractions at the end."""

    def __init__(self) -> None:
        self.whole: dict[Selection | FormKey, RowSums] = {}
        self.kinds: dict[Selection | FormKey, dict[str, RowSums]] = {}

    def add(self, key: Selection | FormKey, values: tuple[int, ...], kinds: str | None) -> None:
        """Add a row of sums to its key, and to the same of places of some types."""
        self.whole.setdefault(key, RowSums()).add(*values)
        if kinds is not None:
            self.kinds.setdefault(key, {}).setdefault(kinds, RowSums()).add(*values)

    def facts(self) -> ItemFacts:
        """The sums as figures read them."""
        found = ItemFacts()
        for key, one in self.whole.items():
            if isinstance(key, frozenset):
                found.items[key] = one.sums()
            else:
                found.forms[key] = one.sums()
        found.kinds = {key: {kinds: one.sums() for kinds, one in here.items()} for key, here in self.kinds.items()}
        return found
