"""The rows behind a figure (明细行): visits, findings and locked values, each with what it adds.

They come from the same inner queries as the sums, so that for every indicator the rows add up to the figure exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from core.campaigns import Campaign, Edition
from core.figures.explain_observations import ObservationLife, ObservationPart, observation_parts
from core.figures.finding_metrics import FindingPart, finding_parts
from core.figures.frames import Frame
from core.figures.item_metrics import VisitPart, parts_of
from core.figures.model import IndicatorFigure
from core.figures.periods import day_of
from core.figures.recheck_metrics import recheck_parts
from core.figures.strata import Stratum, type_in, weights
from core.figures.terms import FindingTerm, FormTerm, ItemTerm, Plan, RecheckTerm, Selection
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A checklist item that did not pass (不合格检查项)."""

    code: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class ExplainRow:
    """One visit, finding or locked value, and what it adds to the numerator and the denominator (明细行).

    ``kind`` is 'visit', 'finding' or 'observation', ``ref`` its id; ``weight`` is what a visit counts where site types weigh
    the same, ``observation`` who answered for a locked value; ``label`` names the form or the finding, ``failed`` the items of
    the visit that did not pass. ``denominator`` is None for a plain value. A finding at a free place has no ``site_id``.
    """

    kind: str
    ref: UUID
    number: str | None
    day: date
    site_id: UUID | None
    site: str
    label: str
    label_en: str
    numerator: Fraction
    denominator: Fraction | None
    failed: tuple[FailedItem, ...] = ()
    visit_id: UUID | None = None
    weight: Fraction = Fraction(1)
    site_type: str = ""
    observation: ObservationLife | None = None


def rows_of(
    session: ScopedSession, frame: Frame, figure: IndicatorFigure, campaign: Campaign, edition: Edition
) -> list[ExplainRow]:
    """Every row behind a figure; over them numerator and denominator add up to the figure's."""
    plan = figure.plan
    if plan is None:
        return []
    found = _record_rows(session, frame, plan, campaign, edition)
    return found + observation_rows(session, figure)


def _record_rows(
    session: ScopedSession, frame: Frame, plan: Plan, campaign: Campaign, edition: Edition
) -> list[ExplainRow]:
    if any(isinstance(t, FindingTerm | RecheckTerm) for t in plan.terms):
        return _finding_rows(session, frame, plan, campaign.key)
    terms = plan.terms
    read: dict[Selection | tuple[str, ...], list[VisitPart]] = {}
    parts: dict[tuple[UUID, str], VisitPart] = {}
    shares: dict[tuple[UUID, str], list[Fraction]] = {}
    for place, term in enumerate(terms):
        if not isinstance(term, ItemTerm | FormTerm):
            continue
        source = term.selection if isinstance(term, ItemTerm) else term.forms
        if source not in read:
            read[source] = parts_of(session, frame, term, campaign.key)
        for part in read[source]:
            key = (part.visit_id, part.forms[0] if isinstance(term, FormTerm) else "")
            parts.setdefault(key, part)
            shares.setdefault(key, [Fraction(0)] * len(terms))[place] = getattr(part.sums, term.measure)
    weighed = _weights(plan, parts.values())
    return [_visit_row(part, shares[key], edition, weighed) for key, part in parts.items()]


@dataclass(frozen=True, slots=True)
class _Weights:
    """What a visit weighs by the type of its place; every visit weighs 1 where there are no types."""

    types: tuple[str, ...] = ()
    by_type: Mapping[str, Fraction] = field(default_factory=dict)

    def of(self, part: VisitPart) -> tuple[str, Fraction]:
        """The type under which a visit counts, and its weight."""
        kind = type_in(part.kinds, self.types) if self.types else ""
        return kind, self.by_type.get(kind, Fraction(1))


def _weights(plan: Plan, parts: Iterable[VisitPart]) -> _Weights:
    term = plan.strata_term
    if term is None:
        return _Weights()
    visits = Counter(type_in(part.kinds, term.types) for part in parts)
    strata = [Stratum(kind, Fraction(n), Fraction(0)) for kind, n in visits.items()]
    return _Weights(term.types, weights(strata))


def _visit_row(part: VisitPart, shares: list[Fraction], edition: Edition, weighed: _Weights) -> ExplainRow:
    kind, weight = weighed.of(part)
    titles = {f.code: (f.title_zh, f.title_en) for f in edition.forms}
    named = [titles.get(code, (code, code)) for code in part.forms]
    return ExplainRow(
        kind="visit",
        ref=part.visit_id,
        number=None,
        day=part.day,
        site_id=part.site_id,
        site=part.site,
        label="、".join(zh for zh, _ in named),
        label_en=", ".join(en for _, en in named),
        numerator=shares[0] * weight,
        denominator=shares[1] * weight if len(shares) > 1 else None,
        weight=weight,
        site_type=kind,
        failed=tuple(_failed(code, edition) for code in part.failed),
        visit_id=part.visit_id,
    )


def _failed(code: str, edition: Edition) -> FailedItem:
    """The item's words; another campaign's item is named by its code."""
    for form in edition.forms:
        for item in form.items:
            if item.code == code:
                return FailedItem(code, item.text_zh, item.text_en)
    return FailedItem(code, code, code)


def _finding_rows(session: ScopedSession, frame: Frame, plan: Plan, campaign: str) -> list[ExplainRow]:
    due = tuple(t for t in plan.terms if isinstance(t, FindingTerm))
    again = tuple(t for t in plan.terms if isinstance(t, RecheckTerm))
    if again:
        return [_finding_row(*one) for one in recheck_parts(session, frame, again, campaign)]
    return [_finding_row(part, counts, part.due_at) for part, counts in finding_parts(session, frame, due, campaign)]


def _finding_row(part: FindingPart, counts: tuple[bool, ...], on: datetime) -> ExplainRow:
    """One finding under the day that brought it into the period: its deadline, or its re-inspection."""
    shares = [Fraction(int(one)) for one in counts]
    return ExplainRow(
        kind="finding",
        ref=part.finding_id,
        number=part.number,
        day=day_of(on),
        site_id=part.site_id,
        site=part.site,
        label=part.title,
        label_en=part.title_en,
        numerator=shares[0],
        denominator=shares[1] if len(shares) > 1 else None,
        visit_id=part.visit_id,
    )


def observation_rows(session: ScopedSession, figure: IndicatorFigure) -> list[ExplainRow]:
    """The locked values behind a figure: those of the numerator, then those of the denominator."""
    below = figure.indicator.denominator
    found: list[ExplainRow] = []
    for metric, one in figure.observed:
        for part in observation_parts(session, metric, one):
            is_below = metric == below and figure.denominator is not None
            found.append(_observation_row(part, is_below, figure.denominator is not None))
    return found


def _observation_row(part: ObservationPart, is_below: bool, has_below: bool) -> ExplainRow:
    nothing = Fraction(0)
    return ExplainRow(
        kind="observation",
        ref=part.version_id,
        number=None,
        day=part.life.period_end,
        site_id=None,
        site=part.unit,
        label=part.name_zh,
        label_en=part.name_en or part.name_zh,
        numerator=nothing if is_below else part.share,
        denominator=(part.share if is_below else nothing) if has_below else None,
        observation=part.life,
    )
