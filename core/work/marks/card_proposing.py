"""From values to places, from places to cards (排名与亮牌): exact, and each card with the reason for it. No database here.

Rules (ours where the reports are silent): equal values share a rank and a card; who has no data has no rank; the
first colour that fits is given, tops from the best, bottoms from the worst, then the others; when the whole league is one tie there is no first and
no last; shares of a league are rounded half-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any
from uuid import UUID

from core.work.marks.card_rules import BY_VALUE, BY_WILSON, IN, PERCENT, Colour, Give, League, Scheme, Streak
from core.work.marks.wilson import wilson

NO_DATA, LOW_VOLUME, FEW_DAYS = "no_data", "low_volume", "few_days"
RULE, VETO = "rule", "veto"
NO_RULE, SMALL_LEAGUE, ALL_TIED, TIE_OUT = "no_rule", "small_league", "all_tied", "tie_out"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who gets the card (亮牌对象): a unit or a site."""

    id: UUID
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """One subject's number (数值) as an exact ratio; no denominator is no data.

    ``n`` is the volume behind it, ``days`` on how many days of the period it had a rank.
    """

    subject: Subject
    numerator: int
    denominator: int
    n: int = 0
    days: int = 0

    @property
    def ratio(self) -> Fraction | None:
        """The number; None without data."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None


@dataclass(frozen=True, slots=True)
class Held:
    """A card that was shown in an earlier period (历次亮牌); ``colour`` is the one earned before any streak."""

    start: date
    end: date
    colour: str


@dataclass(frozen=True, slots=True)
class Breach:
    """An entry of the negative list that is in force for a subject (负面清单)."""

    entry_id: UUID
    title: str
    effect: str
    on: date


@dataclass(frozen=True, slots=True)
class Proposal:
    """A card proposed for one subject (拟亮牌), or None with the reason why there is none.

    ``reason`` is plain JSON: why, rule, numbers, rank, size, tied, cut, split, n, days, streak, mark, veto.
    """

    value: Value
    league: str
    colour: str | None
    rank: int | None
    reason: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a subject stands: its rank among ``size`` ranked ones, ``tied`` of which have the same value."""

    rank: int
    size: int
    tied: int
    shown: Fraction

    @property
    def last(self) -> int:
        """The last place that the tie takes up, from the front."""
        return self.rank + self.tied - 1

    @property
    def from_end(self) -> tuple[int, int]:
        """The first and last place of the tie, from the end."""
        return self.size - self.last + 1, self.size - self.rank + 1


def standing(values: Sequence[Fraction | None], *, more: bool) -> list[int | None]:
    """Competition ranks (名次): 1 + how many are strictly better; equal values share a rank, no value is no rank."""
    counted = [value for value in values if value is not None]
    return [
        None if value is None else 1 + sum(other > value if more else other < value for other in counted)
        for value in values
    ]


def decisive(value: Value, method: str, more: bool) -> Fraction | None:
    """The number by which a value is ranked: itself, or by ``wilson`` the end of its interval that speaks against it."""
    if method != BY_WILSON:
        return value.ratio
    interval = wilson(value.numerator, value.denominator)
    return Fraction(interval[0] if more else interval[1]) if interval else None


def whole_share(size: int, percent: int) -> int:
    """How many of a league a share of it is, rounded half-up."""
    return floor(Fraction(size * percent, 100) + Fraction(1, 2))


def unranked(scheme: Scheme, value: Value) -> str:
    """Why a subject takes no place: '' when it does."""
    if value.ratio is None:
        return NO_DATA
    if value.n < scheme.volume:
        return LOW_VOLUME
    return FEW_DAYS if value.days < scheme.days and scheme.by_ranks else ""


def propose(
    scheme: Scheme,
    league: League,
    values: Sequence[Value],
    *,
    start: date,
    history: Mapping[UUID, Sequence[Held]] | None = None,
    breaches: Mapping[UUID, Sequence[Breach]] | None = None,
) -> list[Proposal]:
    """The cards of one league in the period that begins on ``start``, best place first; pure and repeatable.

    ``values`` are those that decide: the measure's own at the end of the period, or the means of the daily ranks.
    """
    whys = [unranked(scheme, value) for value in values]
    method = BY_VALUE if scheme.by_ranks else scheme.method
    counted = [
        None if why else decisive(value, method, scheme.more_is_better) for value, why in zip(values, whys, strict=True)
    ]
    ranks = standing(counted, more=scheme.more_is_better and not scheme.by_ranks)
    size = sum(rank is not None for rank in ranks)
    found = []
    for value, rank, why in zip(values, ranks, whys, strict=True):
        place = _place(scheme, value, rank, size, ranks)
        colour, reason = (None, {"why": why}) if place is None else _earn(scheme, place)
        reason |= {"n": value.n, "days": value.days, "size": size, "tied": place.tied if place else 0}
        colour = _streak(scheme, colour, reason, start, (history or {}).get(value.subject.id, ()))
        colour = _veto(scheme, colour, reason, (breaches or {}).get(value.subject.id, ()))
        found.append(Proposal(value, league.key, colour, rank, reason))
    return sorted(found, key=lambda one: (one.rank is None, one.rank or 0, one.value.subject.name))


def _place(scheme: Scheme, value: Value, rank: int | None, size: int, ranks: Sequence[int | None]) -> _Place | None:
    ratio = value.ratio
    if rank is None or ratio is None:
        return None
    shown = ratio * 100 if scheme.unit == PERCENT else ratio
    return _Place(rank, size, list(ranks).count(rank), shown)


def _earn(scheme: Scheme, place: _Place) -> tuple[str | None, dict[str, Any]]:
    """The first colour that fits in the order of trying, else the one for the rest; and why."""
    missed = NO_RULE
    for colour in _in_order(scheme):
        fits, why, cut = _fits(scheme, colour, place)
        if fits:
            return colour.code, _reason(colour.give, cut) | {"earned": colour.code, "split": why == TIE_OUT}
        missed = why if missed == NO_RULE else missed
    rest = next((one for one in scheme.colours if one.give.rule == "rest" and _bounded(one.give, place)), None)
    if rest is None:
        return None, {"why": missed}
    return rest.code, _reason(rest.give, 0) | {"earned": rest.code}


def _in_order(scheme: Scheme) -> list[Colour]:
    """The colours as they are tried: the top ones from the best, the bottom ones from the worst, then all others from the best.

    So the last of a league is the last, also when a range of ranks or a wider bottom reaches as far.
    """
    top = [one for one in scheme.colours if one.give.rule in ("top", "top_share")]
    bottom = [one for one in reversed(scheme.colours) if one.give.rule in ("bottom", "bottom_share")]
    others = [one for one in scheme.colours if one not in (*top, *bottom) and one.give.rule != "rest"]
    return [*top, *bottom, *others]


def _reason(give: Give, cut: int) -> dict[str, Any]:
    bounds = {name: str(bound) for name, bound in give.bounds.items()}
    numbers = [give.first, give.last] if give.rule == "ranks" else [give.first]
    return {"why": RULE, "rule": give.rule, "numbers": numbers, "cut": cut, "bounds": bounds}


def _fits(scheme: Scheme, colour: Colour, place: _Place) -> tuple[bool, str, int]:
    """Whether a place earns a colour; why not; and how many places the cut lets in.

    A tie that the cut falls into is let in or left out whole; "let in by a split tie" is told by TIE_OUT beside True.
    """
    give = colour.give
    if not _bounded(give, place):
        return False, NO_RULE, 0
    worst = colour is scheme.colours[-1] and len(scheme.colours) > 1 and place.size < scheme.small_under
    if worst and place.from_end[1] > scheme.small_worst:
        fits, _, cut = _placed(scheme, give, place)
        return False, SMALL_LEAGUE if fits else NO_RULE, cut
    return _placed(scheme, give, place)


def _placed(scheme: Scheme, give: Give, place: _Place) -> tuple[bool, str, int]:
    if give.rule in ("", "rest"):
        return True, "", 0
    if give.rule == "ranks":
        return give.first <= place.rank <= give.last, NO_RULE, 0
    cut = whole_share(place.size, give.first) if give.rule.endswith("share") else give.first
    first, last = (place.rank, place.last) if give.rule.startswith("top") else place.from_end
    if first > cut:
        return False, NO_RULE, cut
    if place.tied == place.size > 1:
        return False, ALL_TIED, cut
    if last <= cut:
        return True, "", cut
    return scheme.ties == IN, TIE_OUT, cut


def _bounded(give: Give, place: _Place) -> bool:
    """Whether a value keeps all bounds of a colour."""
    keeps = {
        "at_least": lambda bound: place.shown >= bound,
        "above": lambda bound: place.shown > bound,
        "at_most": lambda bound: place.shown <= bound,
        "below": lambda bound: place.shown < bound,
    }
    return all(keeps[name](bound) for name, bound in give.bounds.items())


def _streak(
    scheme: Scheme, colour: str | None, reason: dict[str, Any], start: date, history: Sequence[Held]
) -> str | None:
    """Another colour, or a mark, after so many periods in a row; the longest rule that is met counts for the colour."""
    if colour is None:
        return None
    row = 1 + _in_a_row(colour, start, history)
    met = sorted((s for s in scheme.streaks if s.colour == colour and row >= s.periods), key=_length)
    changed = next((s for s in reversed(met) if s.to), None)
    marked = next((s for s in reversed(met) if s.mark), None)
    if marked:
        reason["mark"] = {"zh": marked.mark, "en": marked.mark_en, "periods": row}
    if changed is None:
        return colour
    reason["streak"] = {"colour": colour, "periods": row, "to": changed.to}
    return changed.to


def _length(streak: Streak) -> int:
    return streak.periods


def _in_a_row(colour: str, start: date, history: Sequence[Held]) -> int:
    """How many periods directly before ``start`` ended in the same colour; a gap ends the row."""
    count = 0
    for held in sorted(history, key=lambda one: one.start, reverse=True):
        if held.end + ONE_DAY != start or held.colour != colour:
            break
        count, start = count + 1, held.start
    return count


def _veto(scheme: Scheme, colour: str | None, reason: dict[str, Any], breaches: Sequence[Breach]) -> str | None:
    """The colour of an entry of the negative list, whatever was earned; the worst of several."""
    codes = [one.code for one in scheme.colours]
    given = [(codes.index(v.colour), v.colour, b) for v in scheme.vetoes for b in breaches if b.effect == v.effect]
    if not given:
        return colour
    _, code, breach = max(given, key=lambda one: one[0])
    said = {"entry": str(breach.entry_id), "title": breach.title, "effect": breach.effect, "on": breach.on.isoformat()}
    reason |= {"veto": said, "instead_of": colour, "why": VETO}
    return code
