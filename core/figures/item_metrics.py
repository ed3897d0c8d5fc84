"""Sums over visits (检查记录取数): one query for all selected items, one for all forms, exact integers only.

Only *verified* results of visits in force count; not applicable is left out. The rows behind a sum come from the very same inner query, so
that an explanation cannot differ from its figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    RowMapping,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import Function

from core.figures.frames import Frame, SliceKey, by_day
from core.figures.terms import FormTerm, ItemTerm, Selection
from core.work.inspection.visit_chain import in_force
from core.work.tables import ItemResult, Sheet, Site
from tenants.models import EnabledCampaign

VERIFIED = "verified"
FormKey = tuple[str, str]  # campaign and form code


@dataclass(frozen=True, slots=True)
class ItemSums:
    """Sums over visits (汇总): ``visits`` that answered, of them ``passed``; ``percent`` is the sum of scores out of 100.

    ``n`` of ``m``: yes = 1 of 1, rating 7 or more = 1 of 1, a count = 1 of 1 when it passed; ``raw`` adds the numbers as
    answered. ``earned`` and ``possible`` are points.
    """

    visits: Fraction = Fraction(0)
    passed: Fraction = Fraction(0)
    percent: Fraction = Fraction(0)
    n: Fraction = Fraction(0)
    m: Fraction = Fraction(0)
    raw: Fraction = Fraction(0)
    earned: Fraction = Fraction(0)
    possible: Fraction = Fraction(0)

    def __add__(self, other: ItemSums) -> ItemSums:
        names = self.__dataclass_fields__
        return ItemSums(**{name: getattr(self, name) + getattr(other, name) for name in names})


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


@dataclass(slots=True)
class ItemFacts:
    """The sums of one slice by selection and by form (一个口径的汇总)."""

    items: dict[Selection, ItemSums] = field(default_factory=dict)
    forms: dict[FormKey, ItemSums] = field(default_factory=dict)
    visits: int = 0
    sites: int = 0

    def sums(self, term: ItemTerm | FormTerm, campaign: str) -> ItemSums:
        """The sums that a term reads."""
        if isinstance(term, ItemTerm):
            return self.items.get(term.selection, ItemSums())
        return sum((self.forms.get((campaign, f), ItemSums()) for f in term.forms), ItemSums())


def enabled_keys(session: Session) -> tuple[str, ...]:
    """The campaigns that run in this tenant."""
    query = select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")
    return tuple(session.scalars(query.order_by(EnabledCampaign.campaign)))


def items_asking(
    session: Session, frame: Frame, questions: Iterable[str], campaigns: Sequence[str]
) -> dict[str, Selection]:
    """The items by which enabled campaigns asked some questions in the frame's days."""
    if not (wanted := tuple(questions)) or not campaigns:
        return {}
    query = select(ItemResult.question, ItemResult.campaign, ItemResult.item).where(
        ItemResult.tenant_id == frame.tenant_id,
        ItemResult.question.in_(wanted),
        ItemResult.campaign.in_(campaigns),
        ItemResult.day >= min(p.start for p in frame.spans),
        ItemResult.day <= max(p.end for p in frame.spans),
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for question, campaign, item in session.execute(query.distinct()):
        found.setdefault(question, set()).add((campaign, item))
    return {question: frozenset(items) for question, items in found.items()}


def read_items(
    session: Session, frame: Frame, selections: Iterable[Selection], campaign: str
) -> dict[SliceKey, ItemFacts]:
    """All sums of a frame: three queries whatever the number of indicators."""
    facts = {key: ItemFacts() for key in frame.slices}
    numbered = dict(enumerate(s for s in dict.fromkeys(selections) if s))
    if numbered:
        for row in session.execute(_totals(_per_visit(frame, numbered), ("key",))).mappings():
            here, selection = facts[row["unit"], row["span"]].items, numbered[row["key"]]
            here[selection] = here.get(selection, ItemSums()) + _sums(row)
    for row in session.execute(_totals(_per_sheet(frame, campaign), ("form",))).mappings():
        forms, key = facts[row["unit"], row["span"]].forms, (campaign, row["form"])
        forms[key] = forms.get(key, ItemSums()) + _sums(row)
    for row in session.execute(_volume(frame, campaign)).mappings():
        one = facts[row["unit"], row["span"]]
        one.visits, one.sites = row["visits"], row["sites"]
    return facts


def parts_of(session: Session, frame: Frame, term: ItemTerm | FormTerm, campaign: str) -> list[VisitPart]:
    """The visits behind a term in a frame of one slice, newest first."""
    if isinstance(term, ItemTerm):
        if not term.selection:
            return []
        inner = _per_visit(frame, {0: term.selection}, named=True)
    else:
        inner = _per_sheet(frame, campaign, term.forms)
    query = select(inner, Site.name.label("site")).join(
        Site, and_(Site.tenant_id == frame.tenant_id, Site.id == inner.c.site_id)
    )
    rows = session.execute(query.order_by(inner.c.day.desc(), inner.c.visit_id))
    return [_part(row) for row in rows.mappings()]


def _part(row: RowMapping) -> VisitPart:
    failed = tuple(sorted(row.get("failed") or ()))
    place = (row["visit_id"], row["day"], row["site_id"], row["site"])
    forms = (row["form"],) if "form" in row else tuple(sorted(row["forms"]))
    return VisitPart(*place, _sums(row), forms, failed)


def _sums(row: RowMapping) -> ItemSums:
    """One row of sums, all with the same possible points a visit."""
    visits = Fraction(row.get("visits", 1))
    earned, each = Fraction(row["earned"]), Fraction(row["possible"])
    return ItemSums(
        visits=visits,
        passed=Fraction(row["passed"]),
        percent=earned * 100 / each if each else Fraction(0),
        n=Fraction(row["n"]),
        m=Fraction(row["m"]),
        raw=Fraction(row["raw"]),
        earned=earned / 100,
        possible=each * visits / 100,
    )


def _per_visit(frame: Frame, numbered: Mapping[int, Selection], *, named: bool = False) -> Subquery:
    """One row for each selection and visit: whether all passed, and the sums of n, m and points."""
    pairs = [(key, c, item) for key, one in numbered.items() for c, item in sorted(one)]
    # Three bound arrays instead of a list of values: SQLAlchemy keeps the compiled statement, which is a third of the time.
    keys, campaigns, items = ([pair[place] for pair in pairs] for place in range(3))
    wanted = (
        func.unnest(
            bindparam(None, keys, ARRAY(Integer)),
            bindparam(None, campaigns, ARRAY(String)),
            bindparam(None, items, ARRAY(String)),
        )
        .table_valued(column("key", Integer), column("campaign", String), column("item", String), name="wanted")
        .render_derived()
    )
    result = ItemResult
    query: Select[*tuple[Any, ...]] = (
        select(
            wanted.c.key,
            result.visit_id,
            result.day,
            result.site_id,
            result.form,
            result.item,
            result.outcome,
            result.earned,
            result.possible,
            result.n,
            result.m,
        )
        .join(wanted, and_(wanted.c.campaign == result.campaign, wanted.c.item == result.item))
        .where(
            result.tenant_id == frame.tenant_id,
            result.campaign.in_(sorted({c for _, c, _ in pairs})),
            result.basis == VERIFIED,
            result.outcome != "na",
            in_force(frame.tenant_id, result.visit_id),
        )
    )
    base = by_day(frame, query, result.day, result.unit_id, result.site_id).subquery("base")
    return _folded(base, named)


def _folded(base: Subquery, named: bool) -> Subquery:
    c = base.c
    passed = case((c.outcome == "pass", 1), else_=0)
    columns: list[Any] = [
        func.min(passed).label("passed"),
        func.sum(c.earned).label("earned"),
        func.sum(c.possible).label("possible"),
        func.sum(case((c.m.is_(None), passed), else_=c.n)).label("n"),
        func.sum(func.coalesce(c.m, 1)).label("m"),
        func.sum(func.coalesce(c.n, 0)).label("raw"),
    ]
    keys = [c.unit, c.span, c.key, c.visit_id]
    if named:
        failed: Function[Any] = func.array_agg(c.item)
        columns.append(failed.filter(c.outcome != "pass").label("failed"))
        columns.append(func.array_agg(c.form.distinct()).label("forms"))
        keys += [c.day, c.site_id]
    return select(*keys, *columns).group_by(*keys).subquery("per_visit")


def _per_sheet(frame: Frame, campaign: str, forms: Sequence[str] = ()) -> Subquery:
    """One row for each sheet of the campaign that has points to give."""
    query: Select[*tuple[Any, ...]] = select(
        Sheet.form,
        Sheet.visit_id,
        Sheet.day,
        Sheet.site_id,
        Sheet.earned,
        Sheet.possible,
        literal(0).label("passed"),
        literal(0).label("n"),
        literal(0).label("m"),
        literal(0).label("raw"),
    ).where(
        Sheet.tenant_id == frame.tenant_id,
        Sheet.campaign == campaign,
        Sheet.basis == VERIFIED,
        Sheet.possible > 0,
        in_force(frame.tenant_id, Sheet.visit_id),
    )
    if forms:
        query = query.where(Sheet.form.in_(forms))
    return by_day(frame, query, Sheet.day, Sheet.unit_id, Sheet.site_id).subquery("per_sheet")


def _totals(inner: Subquery, names: tuple[str, ...]) -> Select[Any]:
    """The sums over visits of the same possible points, so that scores out of 100 add up without rounding."""
    c = inner.c
    keys = [c.unit, c.span, *(c[name] for name in names), c.possible]
    sums = [func.sum(c[name]).label(name) for name in ("passed", "earned", "n", "m", "raw")]
    return select(*keys, func.count().label("visits"), *sums).group_by(*keys)


def _volume(frame: Frame, campaign: str) -> Select[Any]:
    """How many verified visits answered a form of the campaign, at how many sites."""
    query: Select[*tuple[Any, ...]] = select(Sheet.visit_id, Sheet.site_id).where(
        Sheet.tenant_id == frame.tenant_id,
        Sheet.campaign == campaign,
        Sheet.basis == VERIFIED,
        in_force(frame.tenant_id, Sheet.visit_id),
    )
    base = by_day(frame, query, Sheet.day, Sheet.unit_id, Sheet.site_id).subquery("base")
    counts = (
        func.count(base.c.visit_id.distinct()).label("visits"),
        func.count(base.c.site_id.distinct()).label("sites"),
    )
    return select(base.c.unit, base.c.span, *counts).group_by(base.c.unit, base.c.span)


__all__ = [
    "ItemFacts",
    "ItemSums",
    "VisitPart",
    "enabled_keys",
    "items_asking",
    "parts_of",
    "read_items",
]
