"""How a metric row becomes a sum (取数): selector terms resolved to checklist items, forms or conditions on findings.

What visits and findings cannot tell yet is *unfed*; the indicator is then not assessed, and its reason names the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.campaigns import Edition, Indicator, Metric
from core.work.loop.transitions import CLOSED, CLOSED_STATES

Selection = frozenset[tuple[str, str]]  # campaign and item code

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TIMES = frozenset({"due_at in period", "closed_at <= due_at"})
_RECHECKED = frozenset({"stable", "relapsed"})
POINTS = "_points"  # a metric of this ending sums points earned, with "_max" points possible (ours)


@dataclass(frozen=True, slots=True)
class ItemTerm:
    """A number over the visits that answered some items (检查项取数). ``measure`` names a field of ItemSums."""

    selection: Selection
    measure: str


@dataclass(frozen=True, slots=True)
class FormTerm:
    """A number over the sheets of some forms (检查表取数)."""

    forms: tuple[str, ...]
    measure: str


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


Term = ItemTerm | FormTerm | FindingTerm | RecheckTerm


@dataclass(frozen=True, slots=True)
class Plan:
    """How one indicator gets its numerator and denominator (取数方案); ``unfed`` names the rows without a source yet."""

    indicator: Indicator
    numerator: Term | None
    denominator: Term | None
    unfed: tuple[Metric, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms to be read, when all of them can be."""
        return () if self.unfed else tuple(t for t in (self.numerator, self.denominator) if t is not None)


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
    if not _NAME.fullmatch(indicator.numerator):  # an expression over several metrics, such as a vector level
        unfed = [m for m in metrics.values() if m.source not in ("items", "findings")]
    return Plan(indicator, built[0], built[1], tuple(unfed))


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
        return None
    forms = [value for key, value in metric.selector if key == "form"]
    if forms:
        named = indicator.forms if forms == ["scoring_params"] else tuple(forms)
        return FormTerm(named, "percent" if metric.aggregate == "sum" else "visits")
    selection = _select(edition, campaign, indicator.code, metric.selector, asked)
    return ItemTerm(selection, _measure(indicator, metric, is_numerator))


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
