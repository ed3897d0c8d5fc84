"""Why a figure is what it is (数值说明): the visits, findings and locked values behind it, the rule, every step of it.

The steps are those that the score itself took (``figure.steps``): there is no second arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from core.campaigns import Campaign, Edition
from core.errors import N_, Forbidden
from core.figures.explain_rows import ExplainRow, FailedItem, rows_of
from core.figures.finding_metrics import FindingPart, costing_findings
from core.figures.frames import frame_of
from core.figures.model import IndicatorFigure
from core.figures.periods import Period
from core.figures.regrading import regraded
from core.figures.rules import formula_with_numbers, rule_of
from core.figures.scores import opens_area, reaches_root, score_campaign
from core.figures.terms import FormTerm, ItemTerm, Plan, Selection
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession


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
        known = self.rows and self.figure.numerator is not None
        return sum((r.numerator for r in self.rows), Fraction(0)) if known else None

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
    part of the district asks for his own unit. An area's rows are for whoever sees all its members.
    """
    edition.indicator(code)
    moment = cut_off or now()
    if unit_id is None and not reaches_root(session, actor, moment):
        raise Forbidden(N_("全区明细只对全区岗位开放；请选择本单位查看"))
    frame = frame_of(session, (period,), moment, () if unit_id is None else (unit_id,))
    if frame.has_area and unit_id is not None and not opens_area(session, actor, unit_id, period, moment):
        raise Forbidden(N_("片区的明细只对管辖全部成员的岗位开放；请选择本单位查看"))
    score = score_campaign(session, actor, campaign, edition, period, unit_id, cut_off=moment)
    figure = score.indicator(code)
    if figure.decided_by is not None:  # the worst subdistrict's rows are the figure's
        frame = frame_of(session, (period,), moment, (figure.decided_by,))
    frame = regraded(session, frame, campaign, edition)
    rows = rows_of(session, frame, figure, campaign, edition)
    rule = rule_of(figure.indicator)
    cost = costing_findings(session, frame, _costly(figure.plan, edition, campaign.key))
    return Explanation(figure, tuple(rows), rule.zh, rule.en, formula_with_numbers(figure), tuple(cost))


def _costly(plan: Plan | None, edition: Edition, campaign: str) -> Selection:
    """The items whose findings cost this indicator points."""
    found: set[tuple[str, str]] = set()
    for term in plan.terms if plan else ():
        if isinstance(term, ItemTerm):
            found |= term.selection
        elif isinstance(term, FormTerm):
            found |= {(campaign, i.code) for f in edition.forms if f.code in term.forms for i in f.items}
    return frozenset(found)


__all__ = ["ExplainRow", "Explanation", "FailedItem", "explain"]
