"""How a metric row becomes a sum (取数): selector terms resolved to checklist items, forms or conditions on findings.

What visits and findings cannot tell yet is *unfed*; the indicator is then not assessed, and its reason names the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.campaigns import Edition, Indicator, Metric
from core.figures.strata import by_type, types_of
from core.work.loop.transitions import CLOSED, CLOSED_STATES
from core.work.statistics.codes import SOURCES as STATISTICS
from core.work.statistics.codes import code_of

Selection = frozenset[tuple[str, str]]  # campaign and item code

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TIMES = frozenset({"due_at in period", "closed_at <= due_at"})
_WINDOW = re.compile(r"([0-9]{1,3})m", re.ASCII)  # window=36m
_RECHECKED = frozenset({"stable", "relapsed"})
POINTS = "_points"  # a metric of this ending sums points earned, with "_max" points possible (ours)


@dataclass(frozen=True, slots=True)
class ItemTerm:
    """A number over the visits that answered some items (检查项取数). ``measure`` names a field of ItemSums.

    ``types`` are the site types whose means are averaged; none: every visit counts the same.
    """

    selection: Selection
    measure: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormTerm:
    """A number over the sheets of some forms (检查表取数); ``types`` as in :class:`ItemTerm`."""

    forms: tuple[str, ...]
    measure: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingTerm:
    """A number of findings (问题取数): states wanted or unwanted, and whether only those closed in time count."""

    states: frozenset[str]
    unwanted: bool
    on_time: bool


@dataclass(frozen=True, slots=True)
class RecheckTerm:
    """A number of findings that were re-inspected (回头看取数) and found in one of the states: stable or relapsed."""

    states: frozenset[str]


@dataclass(frozen=True, slots=True)
class StatTerm:
    """A locked value of a statistic (统计取数): ``name`` is the metric's, ``code`` that of the tenant's dictionary.

    ``months`` is how far back it is counted where a gate asks for a window (近三年), else 0: the period itself.
    """

    name: str
    code: str
    months: int = 0


Term = ItemTerm | FormTerm | FindingTerm | RecheckTerm | StatTerm


@dataclass(frozen=True, slots=True)
class Plan:
    """How one indicator gets its numbers (取数方案): numerator and denominator, or ``named`` metrics of a longer formula.

    ``unfed`` names the rows without a source yet.
    """

    indicator: Indicator
    numerator: Term | None
    denominator: Term | None
    unfed: tuple[Metric, ...] = ()
    named: tuple[StatTerm, ...] = ()
    metrics: tuple[Metric, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms to be read, when all of them can be."""
        pair = (t for t in (self.numerator, self.denominator) if t is not None)
        return () if self.unfed else (*pair, *self.named)

    @property
    def stats(self) -> tuple[StatTerm, ...]:
        """The terms that read statistics."""
        return tuple(t for t in self.terms if isinstance(t, StatTerm))

    @property
    def strata_term(self) -> ItemTerm | FormTerm | None:
        """The term whose site types are averaged; None where every visit counts the same."""
        one = self.numerator
        return one if isinstance(one, ItemTerm | FormTerm) and one.types else None

    def metric(self, name: str) -> Metric | None:
        """The row of metrics.csv behind a name."""
        return next((one for one in self.metrics if one.name == name), None)


def plan_indicator(
    edition: Edition, campaign: str, indicator: Indicator, asked: Mapping[str, Selection], row: str = "figure"
) -> Plan:
    """The plan of one indicator; ``asked`` maps a question to the items of enabled campaigns that ask it."""
    metrics = {m.name: m for m in edition.metrics_for(indicator.code, row)}
    unfed: list[Metric] = []
    built: list[Term | None] = []
    for name, is_numerator in ((indicator.numerator, True), (indicator.denominator, False)):
        metric = metrics.get(name)
        term = _term(edition, campaign, indicator, metric, is_numerator, asked) if metric else None
        if metric and term is None:
            unfed.append(metric)
        built.append(term)
    named: list[StatTerm] = []
    if not _NAME.fullmatch(indicator.numerator):  # an expression over several metrics, such as a vector level
        found = {m.name: _stat_term(indicator, m) for m in metrics.values()}
        unfed = [m for m in metrics.values() if found[m.name] is None]
        named = [term for term in found.values() if term is not None]
    return Plan(indicator, built[0], built[1], tuple(unfed), tuple(named), tuple(metrics.values()))


def _stat_term(indicator: Indicator, metric: Metric) -> StatTerm | None:
    """The statistic behind a metric; None for what has another source."""
    if metric.source not in STATISTICS:
        return None
    window = _WINDOW.fullmatch(indicator.params.get("window", ""))
    return StatTerm(metric.name, code_of(metric, indicator.code), int(window[1]) if window else 0)


def _term(
    edition: Edition,
    campaign: str,
    indicator: Indicator,
    metric: Metric,
    is_numerator: bool,
    asked: Mapping[str, Selection],
) -> Term | None:
    if metric.source == "findings":
        return _finding_term(metric)
    if metric.source != "items":
        return _stat_term(indicator, metric)
    measure, means = _measure(indicator, metric, is_numerator), by_type(indicator)
    forms = [value for key, value in metric.selector if key == "form"]
    if forms:
        named = indicator.forms if forms == ["scoring_params"] else tuple(forms)
        counted = "percent" if metric.aggregate == "sum" else "visits"
        return FormTerm(named, counted, types_of(edition, named) if means else ())
    selection = _select(edition, campaign, indicator.code, metric.selector, asked)
    asking = [f.code for f in edition.forms if any((campaign, i.code) in selection for i in f.items)]
    return ItemTerm(selection, measure, types_of(edition, asking) if means else ())


def _measure(indicator: Indicator, metric: Metric, is_numerator: bool) -> str:
    """The field of ItemSums that a metric row reads: counts by passed / answered, sums by n / m or points."""
    if metric.aggregate == "count":
        return "passed" if is_numerator else "visits"
    if metric.name.endswith(POINTS):
        return "earned"
    if metric.name.endswith(f"{POINTS}_max"):
        return "possible"
    if indicator.mode == "site_mean":
        return "percent"
    if not indicator.denominator:
        return "raw"
    return "n" if is_numerator else "m"


def _select(
    edition: Edition,
    campaign: str,
    code: str,
    selector: Iterable[tuple[str, str]],
    asked: Mapping[str, Selection],
) -> Selection:
    own = [item for form in edition.forms for item in form.items]
    found: set[tuple[str, str]] = set()
    for key, value in selector:
        if key == "linked":
            found |= {(campaign, i.code) for i in own if code in i.indicators}
        elif key == "item":
            found.add((campaign, value))
        elif key == "question":
            mine = {(campaign, i.code) for i in own if i.question == value}
            codes = {item for _, item in mine}  # a form shared by two campaigns answers once
            found |= mine | {(c, i) for c, i in asked.get(value, ()) if i not in codes}
    return frozenset(found)


def _finding_term(metric: Metric) -> FindingTerm | RecheckTerm | None:
    """The condition on findings, or None when the ledger does not record it. What is closed may be found stable later."""
    given = dict(metric.selector)
    times = set(given.get("time", "").split(" and "))
    text = given.get("state", "")
    unwanted = text.startswith("any but ")
    names = frozenset(text.removeprefix("any but ").split(", ") if unwanted else text.split(" or "))
    if given.get("campaign") != "own":
        return None
    if times == {"rechecked_at in period"}:
        return RecheckTerm(names) if names <= _RECHECKED else None
    if "due_at in period" not in times or times - _TIMES:
        return None
    closed = CLOSED_STATES if CLOSED in names else ()
    return FindingTerm(names.union(closed), unwanted, "closed_at <= due_at" in times)


def group_selections(edition: Edition, campaign: str) -> dict[str, Selection]:
    """The key groups of an edition's items (关键项组) with their items."""
    found: dict[str, set[tuple[str, str]]] = {}
    for form in edition.forms:
        for item in form.items:
            if item.key not in ("", "key"):
                found.setdefault(item.key, set()).add((campaign, item.code))
    return {group: frozenset(items) for group, items in found.items()}


def questions_asked(edition: Edition) -> frozenset[str]:
    """The questions that an edition's metrics read wherever they are asked."""
    return frozenset(v for m in edition.metrics if m.source == "items" for k, v in m.selector if k == "question")
