"""What is asked twice (重复填报): questions that several checklists ask, and questions answered again within a week.

The same question of several campaigns is answered once in one visit. What the meter names is where that does not help:
visits one after another at the same place, and questions about the same defect that campaigns word differently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select

from core.campaigns import Campaign
from core.figures.load import made_in, under_community
from core.figures.periods import Period
from core.work.roles import SEE
from core.work.tables import AnswerRow, ItemResult, Site, Visit
from tenants.access import Actor, reach
from tenants.models import UnitPath
from tenants.scope import ScopedSession

MOST = 2_000  # as many repeated questions are listed, those asked most often (ours)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A question answered more than once at one place in the period (重复填报), with the campaigns whose items it served."""

    question: str
    site_id: UUID
    site_name: str
    unit_id: UUID
    times: int
    campaigns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What the enabled checklists ask at one site type (检查表重合).

    ``items`` are answered by ``questions``, each once. ``shared`` are the questions that several campaigns ask, with their
    keys; ``alike`` the categories of defect about which campaigns ask in different words.
    """

    site_type: str
    items: int
    questions: int
    shared: Mapping[str, tuple[str, ...]]
    alike: Mapping[str, Mapping[str, tuple[str, ...]]]

    @property
    def spared(self) -> int:
        """Answers that one visit for all campaigns saves."""
        return self.items - self.questions


def find_repeated(session: ScopedSession, actor: Actor, week: Period) -> list[Repeated]:
    """Questions answered more than once at the same place, within reach, most often first (two queries)."""
    query = (
        select(UnitPath.ancestor_id, Visit.site_id, Site.name, AnswerRow.question, func.count().label("times"))
        .select_from(Visit)
        .join(UnitPath, under_community(actor, Visit.unit_id, Visit.day))
        .join(AnswerRow, and_(AnswerRow.tenant_id == Visit.tenant_id, AnswerRow.visit_id == Visit.id))
        .join(Site, and_(Site.tenant_id == Visit.tenant_id, Site.id == Visit.site_id))
        .where(*made_in(actor, week), UnitPath.ancestor_id.in_(reach(actor, SEE, week.end)))
        .group_by(UnitPath.ancestor_id, Visit.site_id, Site.name, AnswerRow.question)
        .having(func.count() > 1)
        .order_by(func.count().desc(), Site.name, AnswerRow.question)
        .limit(MOST)
    )
    rows = session.execute(query).all()
    served = _served(session, actor, week, {row.site_id for row in rows})
    return [
        Repeated(
            row.question, row.site_id, row.name, row.ancestor_id, row.times, served.get((row.site_id, row.question), ())
        )
        for row in rows
    ]


def _served(
    session: ScopedSession, actor: Actor, week: Period, sites: set[UUID]
) -> dict[tuple[UUID, str], tuple[str, ...]]:
    """The campaigns whose items the answers of some places served."""
    query = (
        select(ItemResult.site_id, ItemResult.question, ItemResult.campaign)
        .join(Visit, and_(Visit.tenant_id == ItemResult.tenant_id, Visit.id == ItemResult.visit_id))
        .where(*made_in(actor, week), ItemResult.site_id.in_(sites))
        .distinct()
        .order_by(ItemResult.campaign)
    )
    found: dict[tuple[UUID, str], tuple[str, ...]] = {}
    for site, question, campaign in session.execute(query) if sites else ():
        found[site, question] = (*found.get((site, question), ()), campaign)
    return found


def compare_forms(campaigns: Sequence[Campaign]) -> list[Overlap]:
    """Every site type that the checklists of two or more campaigns meet at, the largest overlap first."""
    types = {t for one in campaigns for form in one.edition.forms for t in form.site_types}
    found = [_overlap(code, campaigns) for code in sorted(types)]
    return sorted((one for one in found if one.shared or one.alike), key=lambda one: (-one.spared, one.site_type))


def _overlap(site_type: str, campaigns: Sequence[Campaign]) -> Overlap:
    asked = [(c.key, item) for c in campaigns for f in c.edition.forms_for([site_type]) for item in f.items]
    by_question: dict[str, set[str]] = {}
    by_category: dict[str, dict[str, set[str]]] = {}
    for key, item in asked:
        by_question.setdefault(item.question, set()).add(key)
        by_category.setdefault(item.category, {}).setdefault(item.question, set()).add(key)
    shared = {question: tuple(sorted(keys)) for question, keys in by_question.items() if len(keys) > 1}
    alike = {
        category: {question: tuple(sorted(keys)) for question, keys in questions.items()}
        for category, questions in by_category.items()
        if category and len(questions) > 1 and len({frozenset(keys) for keys in questions.values()}) > 1
    }
    return Overlap(site_type, len(asked), len(by_question), shared, alike)
