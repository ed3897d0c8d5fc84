"""One campaign's score with its failed rows beside it (活动失分盘): any of them put in order, scored by the very same code.

A change is laid onto the sums that the score was made of; indicators, totals, vetoes and the negative list then follow by
:func:`core.figures.assessing.figure_of` and :func:`core.figures.scores.score_ground`. Nothing is scored another way here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from uuid import UUID

from core.campaigns.attainment import ASSESSED
from core.figures.assessing import figure_of
from core.figures.figure import IndicatorFigure
from core.figures.finding_metrics import AT_REST
from core.figures.item_facts import ZERO as ZERO_SUM
from core.figures.item_facts import FormKey, ItemFacts, ItemSums, whole
from core.figures.item_metrics import VERIFIED
from core.figures.model import ZERO, CampaignScore
from core.figures.reading import Facts
from core.figures.scores import Ground, score_ground
from core.figures.stake_rows import FailedRow, Standing
from core.figures.terms import FindingTerm, FormTerm, ItemTerm, Plan, Selection
from core.work.loop.transitions import CLOSED

Key = Selection | FormKey
NOTHING = ItemSums()


@dataclass(frozen=True, slots=True)
class Move:
    """What a change does to one indicator (得分变化): the figure now and after."""

    before: IndicatorFigure
    after: IndicatorFigure

    @property
    def gain(self) -> Decimal:
        """Points after less points now, each rounded as scores are; an indicator not assessed has none now."""
        return (self.after.earned or ZERO) - (self.before.earned or ZERO)

    @property
    def exact_gain(self) -> Fraction:
        """The same without rounding."""
        return exact_points(self.after) - exact_points(self.before)


def exact_points(figure: IndicatorFigure) -> Fraction:
    """The points of a figure before they were rounded, as its computation noted them; 0 when not assessed."""
    if figure.earned is None:
        return Fraction(0)
    for one in reversed(figure.steps):
        noted = dict(one.noted)
        if "exact" in noted and "share" in noted:
            exact = noted["exact"]
            return exact if isinstance(exact, Fraction) else Fraction(str(exact))
    return Fraction(figure.earned)


@dataclass(slots=True)
class Delta:
    """What a change adds to the sums (增量): by items or form, the same by site types, and to counts of findings."""

    sums: dict[Key, ItemSums] = field(default_factory=dict)
    kinds: dict[tuple[Key, str], ItemSums] = field(default_factory=dict)
    findings: dict[FindingTerm, int] = field(default_factory=dict)

    def add(self, key: Key, kinds: str, sums: ItemSums) -> None:
        """Add to a sum and to the same of the places of some types."""
        place = (key, kinds)
        self.sums[key] = self.sums[key] + sums if key in self.sums else sums
        self.kinds[place] = self.kinds[place] + sums if place in self.kinds else sums


@dataclass(slots=True)
class Board:
    """One campaign in one unit and period: its score, its failed rows, the findings that stand, all sums behind them.

    ``possible`` and ``sheets`` are the points that items and sheets could give in a visit, in 1/100.
    """

    ground: Ground
    rows: Sequence[FailedRow]
    standing: Sequence[Standing]
    possible: Mapping[tuple[Selection, UUID], int]
    sheets: Mapping[tuple[UUID, str], int]
    score: CampaignScore = field(init=False)
    _reading: dict[tuple[str, str], list[Selection]] = field(init=False, default_factory=dict)
    _failing: dict[tuple[Selection, UUID], int] = field(init=False, default_factory=dict)
    _known: dict[object, IndicatorFigure] = field(init=False, default_factory=dict)
    _figures: dict[str, IndicatorFigure] = field(init=False, default_factory=dict)
    _readers: dict[Key | FindingTerm, list[Plan]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Score what is, and note which sums read which item."""
        self.score = score_ground(self.ground)
        self._figures = {one.code: one for one in self.score.indicators}
        for plan in self.ground.plans.figures:
            for key in dict.fromkeys(_keys_read(plan, self.campaign)):
                self._readers.setdefault(key, []).append(plan)
        terms = [t for plan in self._plans() for t in plan.terms if isinstance(t, ItemTerm)]
        for selection in dict.fromkeys([t.selection for t in terms] + list(self.ground.plans.groups.values())):
            for pair in selection:
                self._reading.setdefault(pair, []).append(selection)
        for row in self.rows:
            for selection in self._reading.get((row.campaign, row.item), ()):
                place = (selection, row.visit_id)
                self._failing[place] = self._failing.get(place, 0) + 1

    @property
    def campaign(self) -> str:
        """The campaign's key."""
        return self.ground.campaign.key

    def _plans(self) -> Iterable[Plan]:
        yield from self.ground.plans.figures
        yield from self.ground.plans.samples.values()

    def delta(self, rows: Iterable[FailedRow], standing: Iterable[Standing]) -> Delta:
        """What it adds when some failed rows had been in order and some findings are closed now."""
        found, mended = Delta(), dict[tuple[Selection, UUID], int]()
        for row in rows:
            for selection in self._reading.get((row.campaign, row.item), ()):
                place = (selection, row.visit_id)
                mended[place] = mended.get(place, 0) + 1
                is_whole = mended[place] == self._failing[place]
                each = row.possible if len(selection) == 1 else self.possible.get(place, 0)
                found.add(selection, row.kinds, _sums(row.gain, each, int(is_whole), row.more_n, row.more_raw))
            if row.campaign == self.campaign and row.gain:
                each = self.sheets[row.visit_id, row.form]
                found.add((row.campaign, row.form), row.kinds, _sums(row.gain, each))
        for one in standing:
            self._pass(one, found, CLOSED)
        return found

    def missed(self, standing: Iterable[Standing]) -> Delta:
        """What it takes when findings not yet due pass their deadlines in the period as they stand."""
        found = Delta()
        for one in standing:
            if one.part.due_at > self.ground.frame.cut_off:
                self._pass(one, found, one.part.state)
        return found

    def _pass(self, one: Standing, found: Delta, state: str) -> None:
        """Add what a finding does to the counts when it passes its deadline in a state; closed means closed at the cut-off."""
        if self.campaign not in one.campaigns or not one.is_due_in:
            return
        moment = self.ground.frame.cut_off
        for term in self.ground.facts.findings.terms:
            if isinstance(term, FindingTerm):
                was = one.part.due_at <= moment and _counts(term, one.part.state)
                is_late = term.on_time and moment > one.part.due_at
                more = int(_counts(term, state) and not is_late) - int(was)
                if more:
                    found.findings[term] = found.findings.get(term, 0) + more

    def facts(self, delta: Delta) -> Facts:
        """The facts of this score with a change laid onto them."""
        facts, items = self.ground.facts, self.ground.facts.items[VERIFIED]
        changed = ItemFacts(dict(items.items), dict(items.forms), dict(items.kinds), items.visits, items.sites)
        for key, sums in delta.sums.items():
            if isinstance(key, frozenset):
                changed.items[key] = changed.items.get(key, NOTHING) + sums
            else:
                changed.forms[key] = changed.forms.get(key, NOTHING) + sums
        for (key, kinds), sums in delta.kinds.items():
            if key in items.kinds:
                here = changed.kinds[key] = dict(changed.kinds[key])
                here[kinds] = here.get(kinds, NOTHING) + sums
        terms = dict(facts.findings.terms)
        for term, more in delta.findings.items():
            terms[term] = terms.get(term, Fraction(0)) + more
        return replace(facts, items={**facts.items, VERIFIED: changed}, findings=replace(facts.findings, terms=terms))

    def moves(self, delta: Delta) -> tuple[Move, ...]:
        """The indicators whose points or value a change moves, those that gain most first."""
        touched: dict[str, tuple[Plan, set[object]]] = {}
        for key, change in (*delta.sums.items(), *delta.findings.items()):
            for plan in self._readers.get(key, ()) if change else ():
                touched.setdefault(plan.indicator.code, (plan, set()))[1].add((key, change))
        for (key, kinds), sums in delta.kinds.items():
            for plan in self._readers.get(key, ()):
                if plan.strata_term is not None:
                    touched[plan.indicator.code][1].add((key, kinds, sums))
        found: list[Move] = []
        facts: Facts | None = None
        for code, (plan, changes) in touched.items():
            known = (code, frozenset(changes))
            if known not in self._known:
                facts = facts or self.facts(delta)
                self._known[known] = figure_of(plan, None, facts, alone=True)
            before, after = self._figures[code], self._known[known]
            if (before.earned, before.exact) != (after.earned, after.exact):
                found.append(Move(before, after))
        return tuple(sorted(found, key=lambda one: (-one.exact_gain, one.before.code)))

    def _moved(self, delta: Delta) -> set[str]:
        """The indicators that read anything of a change, in their figure or in the sample beside it: all others stand."""
        keys = {*delta.sums, *delta.findings}
        samples = self.ground.plans.samples.items()
        beside = {code for code, plan in samples if not keys.isdisjoint(_keys_read(plan, self.campaign))}
        return beside | {plan.indicator.code for key in keys for plan in self._readers.get(key, ())}

    def _figure(self, plan: Plan, facts: Facts) -> IndicatorFigure:
        return figure_of(plan, self.ground.plans.samples.get(plan.indicator.code), facts)

    def score_with(self, delta: Delta, reached: Collection[str] = ()) -> CampaignScore:
        """The whole score with a change; the indicators in ``reached`` are taken to have reached their targets."""
        facts, moved = self.facts(delta), self._moved(delta)
        figures = (
            self._figure(plan, facts) if plan.indicator.code in moved else self._figures[plan.indicator.code]
            for plan in self.ground.plans.figures
        )
        assumed = tuple(_reach(one) if one.code in reached else one for one in figures)
        return score_ground(replace(self.ground, facts=facts), assumed)


def _reach(figure: IndicatorFigure) -> IndicatorFigure:
    """A figure as if its target were reached: all its points, no breach; its value is not invented."""
    if figure.met:
        return figure
    return replace(
        figure, status=ASSESSED, earned=figure.possible, met=True, breach=False, value=None, exact=None, steps=()
    )


@lru_cache(maxsize=4096)
def _sums(gain: int, each: int, passed: int = 0, more_n: int = 0, more_raw: int = 0) -> ItemSums:
    """What a row in order adds; thousands of rows have few different ones. ``gain`` and ``each`` are 1/100 points."""
    percent, earned = (
        (Fraction(gain * 100, each) if each else ZERO_SUM, Fraction(gain, 100)) if gain else (ZERO_SUM,) * 2
    )
    return ItemSums(passed=whole(passed), percent=percent, n=whole(more_n), raw=whole(more_raw), earned=earned)


def _counts(term: FindingTerm, state: str) -> bool:
    """Whether a finding in a state counts in a term that falls due (:func:`core.figures.finding_metrics.condition_of`)."""
    return state not in {*term.states, *AT_REST} if term.unwanted else state in term.states


def _keys_read(plan: Plan, campaign: str) -> Iterable[Key | FindingTerm]:
    """The sums and counts that a plan reads."""
    for term in plan.terms:
        if isinstance(term, FindingTerm):
            yield term
        elif isinstance(term, ItemTerm):
            yield term.selection
        elif isinstance(term, FormTerm):
            yield from ((campaign, form) for form in term.forms)
