"""Sums over visits (检查记录取数): one query for all selected items, one for all forms, exact integers only.

Only *verified* results of visits in force count; not applicable is left out. The rows behind a sum come from the very same inner query, so
that an explanation cannot differ from its figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

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
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import Function

from core.figures.frames import Frame, SliceKey, by_day
from core.figures.item_facts import ItemFacts, ItemSums, VisitPart
from core.figures.terms import FormTerm, ItemTerm, Selection
from core.work.inspection.visit_chain import in_force
from core.work.tables import Site, SiteKind
from tenants.models import EnabledCampaign

VERIFIED, SELF = "verified", "self"


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
    asked = frame.results
    query = select(asked.question, asked.campaign, asked.item).where(
        asked.tenant_id == frame.tenant_id,
        asked.question.in_(wanted),
        asked.campaign.in_(campaigns),
        asked.day >= min(p.start for p in frame.spans),
        asked.day <= max(p.end for p in frame.spans),
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for question, campaign, item in session.execute(query.distinct()):
        found.setdefault(question, set()).add((campaign, item))
    return {question: frozenset(items) for question, items in found.items()}


def read_items(
    session: Session,
    frame: Frame,
    selections: Iterable[Selection],
    campaign: str,
    typed: Iterable[Selection] = (),
    basis: str = VERIFIED,
) -> dict[SliceKey, ItemFacts]:
    """All sums of a frame: three queries whatever the number of indicators, one more for what is ``typed`` by site type."""
    facts = {key: ItemFacts() for key in frame.slices}
    numbered = dict(enumerate(s for s in dict.fromkeys(selections) if s))
    if numbered:
        for row in session.execute(totals(per_visit(frame, numbered, basis=basis), ("key",))).mappings():
            here, selection, sums = facts[row["unit"], row["span"]].items, numbered[row["key"]], sums_of(row)
            here[selection] = here[selection] + sums if selection in here else sums
    by_type = {n: one for n, one in numbered.items() if one in set(typed)}
    if by_type:
        inner = per_visit(frame, by_type, named=True, basis=basis)
        for row in session.execute(totals(inner, ("key", "kinds"))).mappings():
            facts[row["unit"], row["span"]].add_kind(by_type[row["key"]], row["kinds"], sums_of(row))
    for row in session.execute(totals(per_sheet(frame, campaign, basis=basis), ("form", "kinds"))).mappings():
        one, key, sums = facts[row["unit"], row["span"]], (campaign, row["form"]), sums_of(row)
        one.forms[key] = one.forms[key] + sums if key in one.forms else sums
        one.add_kind(key, row["kinds"], sums)
    for row in session.execute(_volume(frame, campaign, basis)).mappings():
        one = facts[row["unit"], row["span"]]
        one.visits, one.sites = row["visits"], row["sites"]
    return facts


def parts_of(session: Session, frame: Frame, term: ItemTerm | FormTerm, campaign: str) -> list[VisitPart]:
    """The visits behind a term in a frame of one slice, newest first."""
    if isinstance(term, ItemTerm):
        if not term.selection:
            return []
        inner = per_visit(frame, {0: term.selection}, named=True)
    else:
        inner = per_sheet(frame, campaign, term.forms)
    query = select(inner, Site.name.label("site")).join(
        Site, and_(Site.tenant_id == frame.tenant_id, Site.id == inner.c.site_id)
    )
    rows = session.execute(query.order_by(inner.c.day.desc(), inner.c.visit_id))
    return [_part(row) for row in rows.mappings()]


def _part(row: RowMapping) -> VisitPart:
    failed = tuple(sorted(row.get("failed") or ()))
    place = (row["visit_id"], row["day"], row["site_id"], row["site"])
    forms = (row["form"],) if "form" in row else tuple(sorted(row["forms"]))
    return VisitPart(*place, sums_of(row), forms, failed, row["kinds"])


def sums_of(row: RowMapping) -> ItemSums:
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


def has_self_checks(session: Session, frame: Frame, campaign: str) -> bool:
    """Whether somebody checked himself in the frame's days: most reads need not look any further."""
    sheet = frame.sheets
    found = select(sheet.visit_id).where(
        sheet.tenant_id == frame.tenant_id,
        sheet.campaign == campaign,
        sheet.basis == SELF,
        or_(*(sheet.day.between(p.start, p.end) for p in frame.spans)),
    )
    return session.scalar(select(found.exists())) or False


def kinds_of(frame: Frame, site: Any, day: Any) -> Any:  # columns of a row, and the types of its place as text
    """The types that a row's site had on its day, by comma; those it ever had where the register began later."""
    kind = SiteKind
    listed = func.string_agg(kind.site_type, aggregate_order_by(literal_column("','"), kind.site_type))
    ever = select(listed).where(kind.tenant_id == frame.tenant_id, kind.site_id == site)
    then = ever.where(kind.valid_from <= day, or_(kind.valid_to.is_(None), kind.valid_to > day))
    return func.coalesce(then.scalar_subquery(), ever.scalar_subquery(), "")


def per_visit(
    frame: Frame, numbered: Mapping[int, Selection], *, named: bool = False, basis: str = VERIFIED
) -> Subquery:
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
    result = frame.results
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
            result.basis == basis,
            result.outcome != "na",
            in_force(frame.tenant_id, result.visit_id),
        )
    )
    base = by_day(frame, query, result.day, result.unit_id, result.site_id).subquery("base")
    return _folded(frame, base, named)


def _folded(frame: Frame, base: Subquery, named: bool) -> Subquery:
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
    keys = [c.unit, c.span, c.key, c.visit_id, c.site_id]
    if named:
        failed: Function[Any] = func.array_agg(c.item)
        columns.append(failed.filter(c.outcome != "pass").label("failed"))
        columns.append(func.array_agg(c.form.distinct()).label("forms"))
        columns.append(kinds_of(frame, c.site_id, c.day).label("kinds"))
        keys.append(c.day)
    return select(*keys, *columns).group_by(*keys).subquery("per_visit")


def per_sheet(frame: Frame, campaign: str, forms: Sequence[str] = (), basis: str = VERIFIED) -> Subquery:
    """One row for each sheet of the campaign that has points to give."""
    sheet = frame.sheets
    query: Select[*tuple[Any, ...]] = select(
        sheet.form,
        sheet.visit_id,
        sheet.day,
        sheet.site_id,
        sheet.earned,
        sheet.possible,
        literal(0).label("passed"),
        literal(0).label("n"),
        literal(0).label("m"),
        literal(0).label("raw"),
        kinds_of(frame, sheet.site_id, sheet.day).label("kinds"),
    ).where(
        sheet.tenant_id == frame.tenant_id,
        sheet.campaign == campaign,
        sheet.basis == basis,
        sheet.possible > 0,
        in_force(frame.tenant_id, sheet.visit_id),
    )
    if forms:
        query = query.where(sheet.form.in_(forms))
    return by_day(frame, query, sheet.day, sheet.unit_id, sheet.site_id).subquery("per_sheet")


def totals(inner: Subquery, names: tuple[str, ...]) -> Select[Any]:
    """The sums over visits of the same possible points, so that scores out of 100 add up without rounding."""
    c = inner.c
    keys = [c.unit, c.span, *(c[name] for name in names), c.possible]
    sums = [func.sum(c[name]).label(name) for name in ("passed", "earned", "n", "m", "raw")]
    return select(*keys, func.count().label("visits"), *sums).group_by(*keys)


def _volume(frame: Frame, campaign: str, basis: str) -> Select[Any]:
    """How many visits answered a form of the campaign, at how many sites."""
    sheet = frame.sheets
    query: Select[*tuple[Any, ...]] = select(sheet.visit_id, sheet.site_id).where(
        sheet.tenant_id == frame.tenant_id,
        sheet.campaign == campaign,
        sheet.basis == basis,
        in_force(frame.tenant_id, sheet.visit_id),
    )
    base = by_day(frame, query, sheet.day, sheet.unit_id, sheet.site_id).subquery("base")
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
