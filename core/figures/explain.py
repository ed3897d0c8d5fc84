"""Why a figure is what it is (数值说明): the visits or findings behind it, the rule, the formula with its numbers.

The rows come from the same inner queries as the sums, so for every indicator the rows add up to the figure exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from uuid import UUID

from core.campaigns import Campaign, Edition
from core.errors import N_, Forbidden
from core.figures.finding_metrics import FindingPart, costing_findings, finding_parts
from core.figures.frames import Frame, frame_of
from core.figures.item_metrics import VisitPart, parts_of
from core.figures.model import IndicatorFigure
from core.figures.periods import Period, day_of
from core.figures.recheck_metrics import recheck_parts
from core.figures.rules import formula_with_numbers, rule_of
from core.figures.scores import reaches_root, score_campaign
from core.figures.terms import FindingTerm, FormTerm, ItemTerm, Plan, RecheckTerm, Selection
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A checklist item that did not pass (不合格检查项)."""

    code: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class ExplainRow:
    """One visit, or one finding, and what it adds to the numerator and the denominator (明细行).

    ``kind`` is 'visit' or 'finding', ``ref`` its id; ``label`` names the form or the finding, ``failed`` the items of
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


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure with everything behind it (说明): rows, rule, formula with numbers, open findings that cost points."""

    figure: IndicatorFigure
    rows: tuple[ExplainRow, ...]
    rule_zh: str
    rule_en: str
    formula: str
    findings: tuple[FindingPart, ...]

    @property
    def numerator(self) -> Fraction | None:
        """The sum over the rows; equals the figure's numerator."""
        return sum((r.numerator for r in self.rows), Fraction(0)) if self.rows else None

    @property
    def denominator(self) -> Fraction | None:
        """The sum over the rows; equals the figure's denominator, None for a plain value."""
        parts = [r.denominator for r in self.rows if r.denominator is not None]
        return sum(parts, Fraction(0)) if parts else None


def explain(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    code: str,
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime | None = None,
) -> Explanation:
    """Explain one indicator down to the visit and the finding.

    Raises NotFound for an unknown indicator or unit; Forbidden when the rows lie out of the actor's reach: whoever sees a
    part of the district asks for his own unit. An area's rows lie across the lines of the tree: they are for the whole district's.
    """
    edition.indicator(code)
    moment = cut_off or now()
    if unit_id is None and not reaches_root(session, actor, moment):
        raise Forbidden(N_("全区明细只对全区岗位开放；请选择本单位查看"))
    frame = frame_of(session, (period,), moment, () if unit_id is None else (unit_id,))
    if frame.has_area and not reaches_root(session, actor, moment):
        raise Forbidden(N_("片区的明细只对全区岗位开放；请选择本单位查看"))
    score = score_campaign(session, actor, campaign, edition, period, unit_id, cut_off=moment)
    figure = score.indicator(code)
    rows = _rows(session, frame, figure.plan, campaign, edition) if figure.plan else []
    rule = rule_of(figure.indicator)
    cost = costing_findings(session, frame, _costly(figure.plan, edition, campaign.key))
    return Explanation(figure, tuple(rows), rule.zh, rule.en, formula_with_numbers(figure), tuple(cost))


def _rows(session: ScopedSession, frame: Frame, plan: Plan, campaign: Campaign, edition: Edition) -> list[ExplainRow]:
    if any(isinstance(t, FindingTerm | RecheckTerm) for t in plan.terms):
        return _finding_rows(session, frame, plan, campaign.key)
    terms = [t for t in plan.terms if isinstance(t, ItemTerm | FormTerm)]
    read: dict[Selection | tuple[str, ...], list[VisitPart]] = {}
    parts: dict[tuple[UUID, str], VisitPart] = {}
    shares: dict[tuple[UUID, str], list[Fraction]] = {}
    for place, term in enumerate(terms):
        source = term.selection if isinstance(term, ItemTerm) else term.forms
        if source not in read:
            read[source] = parts_of(session, frame, term, campaign.key)
        for part in read[source]:
            key = (part.visit_id, part.forms[0] if isinstance(term, FormTerm) else "")
            parts.setdefault(key, part)
            shares.setdefault(key, [Fraction(0)] * len(terms))[place] = getattr(part.sums, term.measure)
    return [_visit_row(part, shares[key], edition) for key, part in parts.items()]


def _visit_row(part: VisitPart, shares: list[Fraction], edition: Edition) -> ExplainRow:
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
        numerator=shares[0],
        denominator=shares[1] if len(shares) > 1 else None,
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


def _costly(plan: Plan | None, edition: Edition, campaign: str) -> Selection:
    """The items whose findings cost this indicator points."""
    found: set[tuple[str, str]] = set()
    for term in plan.terms if plan else ():
        if isinstance(term, ItemTerm):
            found |= term.selection
        elif isinstance(term, FormTerm):
            found |= {(campaign, i.code) for f in edition.forms if f.code in term.forms for i in f.items}
    return frozenset(found)
