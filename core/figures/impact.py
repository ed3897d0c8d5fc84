"""What a new edition would change here (版本影响): computed from the district's own records of a period, nothing assumed.

The same visits are scored by both editions, so the report says how many points of the new one they already cover, which
indicators they leave open, what the checklists newly ask - and of that, what other campaigns' forms had answered already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from core.campaigns import Campaign, Edition, Item, load_vocabulary
from core.campaigns.lineage import SAME, Change, Lineage, lineage_of
from core.figures.item_metrics import VERIFIED
from core.figures.model import CampaignScore, IndicatorFigure
from core.figures.periods import Period, day_of
from core.figures.scores import score_campaign
from core.work.dated import valid_on
from core.work.organisation.units import departments
from core.work.tables import AnswerRow, Site, SiteKind, Visit
from tenants.access import Actor
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class NewItem:
    """A checklist item that nobody was asked here by this campaign (新增检查项); ``answered`` counts what others had asked."""

    form: str
    item: Item
    answered: int


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    """One change with both figures of the period (指标变化); several on either side where indicators were split or merged."""

    change: Change
    before: tuple[IndicatorFigure, ...]
    after: tuple[IndicatorFigure, ...]

    @property
    def differs(self) -> bool:
        """Whether the same records give another result, whatever became of the indicator's own words."""
        said = [[(f.earned, f.numerator, f.denominator) for f in side] for side in (self.before, self.after)]
        return said[0] != said[1]

    @property
    def delta(self) -> Decimal | None:
        """The points that the new edition gives more, negative when fewer; None where a side is missing or not assessed."""
        sides = [[f.earned for f in side] for side in (self.before, self.after)]
        if any(not side or None in side for side in sides):
            return None
        old, new = (sum((one for one in side if one is not None), Decimal(0)) for side in sides)
        return new - old

    @property
    def covered(self) -> bool:
        """Whether the period's records assess every new indicator of the change."""
        return bool(self.after) and all(figure.assessed for figure in self.after)


@dataclass(frozen=True, slots=True)
class Duty:
    """What one unit must do newly (新任务): items that are new or changed for its role, or sites where more is asked."""

    unit: str
    role: str
    role_en: str
    new: tuple[str, ...]
    changed: tuple[str, ...]
    sites: int = 0


@dataclass(frozen=True, slots=True)
class Impact:
    """The whole report (版本影响报告) for one period."""

    before: CampaignScore
    after: CampaignScore
    lineage: Lineage
    rows: tuple[IndicatorChange, ...]
    new_items: tuple[NewItem, ...]
    duties: tuple[Duty, ...]

    @property
    def covered(self) -> Decimal | None:
        """The points of the new edition that the period's records assess, in percent (证据覆盖)."""
        return self.after.coverage

    @property
    def moved(self) -> tuple[IndicatorChange, ...]:
        """The indicators that changed, and those that kept their words and are scored otherwise (their checklists changed)."""
        return tuple(row for row in self.rows if row.change.kind != SAME or row.differs)

    @property
    def open(self) -> tuple[IndicatorFigure, ...]:
        """Indicators of the new edition that the period's records do not assess."""
        return tuple(figure for figure in self.after.indicators if not figure.assessed)


def impact_of(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    old: Edition,
    new: Edition,
    period: Period,
    *,
    cut_off: datetime,
) -> Impact:
    """Compare two editions by what this district recorded in a period. Raises Forbidden as the scores do."""
    before = score_campaign(session, actor, campaign, old, period, cut_off=cut_off)
    after = score_campaign(session, actor, campaign, new, period, cut_off=cut_off)
    lineage = lineage_of(old, new)
    found = {"old": {f.code: f for f in before.indicators}, "new": {f.code: f for f in after.indicators}}
    rows = tuple(
        IndicatorChange(
            one, tuple(found["old"][code] for code in one.old), tuple(found["new"][code] for code in one.new)
        )
        for one in lineage.changes
    )
    items = _new_items(session, lineage, new, period)
    return Impact(before, after, lineage, rows, items, _duties(session, campaign, new, lineage, cut_off))


def _new_items(session: ScopedSession, lineage: Lineage, new: Edition, period: Period) -> tuple[NewItem, ...]:
    """The items that the forms newly ask, with how often their question was answered in the period all the same."""
    added = [(form.code, new.item(code)) for form in lineage.forms for code in form.added]
    if not added:
        return ()
    query = (
        select(AnswerRow.question, func.count())
        .join(Visit, (Visit.tenant_id == AnswerRow.tenant_id) & (Visit.id == AnswerRow.visit_id))
        .where(
            AnswerRow.question.in_({item.question for _, item in added}),
            AnswerRow.na.is_(False),
            Visit.basis == VERIFIED,
            Visit.replaced_at.is_(None),
            Visit.day.between(period.start, period.end),
        )
        .group_by(AnswerRow.question)
    )
    answered = {question: n for question, n in session.execute(query)}  # noqa: C416 - dict() does not know a row's types
    return tuple(NewItem(form, item, answered.get(item.question, 0)) for form, item in added)


def _duties(
    session: ScopedSession, campaign: Campaign, new: Edition, lineage: Lineage, cut_off: datetime
) -> tuple[Duty, ...]:
    """What departments answer for newly, by the role of the items; then where more is asked, by subdistrict."""
    by_role: dict[str, tuple[list[str], list[str]]] = {}
    for form in lineage.forms:
        for codes, place in ((form.added, 0), (form.changed, 1)):
            for code in codes:
                by_role.setdefault(new.item(code).owner_role, ([], []))[place].append(code)
    words = load_vocabulary().with_own(roles=campaign.roles)
    known = {one.role: one for one in departments(session, day_of(cut_off), vocabulary=words)}
    found = []
    for code, (added, changed) in sorted(by_role.items()):
        role, unit = words.roles[code], known.get(code)
        found.append(Duty(unit.unit_name if unit else "", role.name_zh, role.name_en, tuple(added), tuple(changed)))
    return (*found, *_places(session, new, lineage, cut_off))


def _places(session: ScopedSession, new: Edition, lineage: Lineage, cut_off: datetime) -> Sequence[Duty]:
    """For each subdistrict the sites where a form newly asks something (one query)."""
    forms = [form for form in lineage.forms if form.added]
    types = {t for form in forms for t in new.form(form.code).site_types}
    if not types:
        return []
    on = day_of(cut_off)
    above = (UnitPath.tenant_id == Site.tenant_id) & (UnitPath.unit_id == Site.unit_id) & valid_on(UnitPath, on)
    query = (
        select(Unit.id, Unit.name, func.count(Site.id.distinct()))
        .join(UnitPath, (UnitPath.tenant_id == Unit.tenant_id) & (UnitPath.ancestor_id == Unit.id))
        .join(Site, above)
        .join(SiteKind, (SiteKind.tenant_id == Site.tenant_id) & (SiteKind.site_id == Site.id))
        .where(
            Unit.kind == "subdistrict", Site.state == "active", SiteKind.site_type.in_(types), valid_on(SiteKind, on)
        )
        .group_by(Unit.id, Unit.name, Unit.pinyin)
        .order_by(Unit.pinyin)
    )
    codes = tuple(code for form in forms for code in form.added)
    return [Duty(name, "", "", codes, (), sites) for _, name, sites in session.execute(query)]
