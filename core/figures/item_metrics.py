"""Sums over visits (检查记录取数): one query for all selected items, one for all forms, exact integers only.

Only *verified* results of visits in force count; not applicable is left out. The rows behind a sum come from the very same inner query, so
that an explanation cannot differ from its figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql import TableValuedAlias
from sqlalchemy.sql.functions import Function

from core.figures.frames import Frame, SliceKey, by_day
from core.figures.item_facts import FactSums, ItemFacts, ItemSums, RowSums, VisitPart
from core.figures.place_kinds import kinds_on, register_of
from core.figures.terms import FormTerm, ItemTerm, Selection
from core.work.inspection.visit_chain import in_force
from core.work.tables import Site
from tenants.models import EnabledCampaign

VERIFIED, SELF = "verified", "self"
BASES = (VERIFIED, SELF)
SUMMED = ("visits", "passed", "earned", "possible", "n", "m", "raw")  # a row of sums, as RowSums takes it


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
) -> dict[str, dict[SliceKey, ItemFacts]]:
    """All sums of a frame by basis: three queries whatever the number of indicators, bases and site types.

    What is ``typed`` is summed by site type, too. Self-checks are there only where there are any.
    """
    tallies = {(basis, key): FactSums() for basis in BASES for key in frame.slices}
    numbered = dict(enumerate(s for s in dict.fromkeys(selections) if s))
    wanted = set(typed)
    by_type = {n for n, one in numbered.items() if one in wanted}
    if numbered:
        names = ("basis", "key", "kinds") if by_type else ("basis", "key")
        inner = per_visit(frame, numbered, bases=BASES, typed=by_type)
        for row in session.execute(totals(inner, names)).mappings():
            one = tallies[row["basis"], (row["unit"], row["span"])]
            one.add(numbered[row["key"]], _values(row), row["kinds"] if row["key"] in by_type else None)
    for row in session.execute(totals(per_sheet(frame, campaign, bases=BASES), ("basis", "form", "kinds"))).mappings():
        tallies[row["basis"], (row["unit"], row["span"])].add((campaign, row["form"]), _values(row), row["kinds"])
    facts = {basis: {key: tallies[basis, key].facts() for key in frame.slices} for basis in BASES}
    for row in session.execute(_volume(frame, campaign)).mappings():
        here = facts[row["basis"]][row["unit"], row["span"]]
        here.visits, here.sites = row["visits"], row["sites"]
    if not any(one.visits for one in facts[SELF].values()):
        del facts[SELF]
    return facts


def _values(row: RowMapping) -> tuple[int, ...]:
    return tuple(int(row[name]) for name in SUMMED)


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
    one = RowSums()
    one.add(int(row.get("visits", 1)), *(int(row[name]) for name in SUMMED[1:]))
    return one.sums()


def per_visit(
    frame: Frame,
    numbered: Mapping[int, Selection],
    *,
    named: bool = False,
    bases: Sequence[str] = (VERIFIED,),
    typed: Collection[int] = (),
) -> Subquery:
    """One row for each selection and visit: whether all passed, and the sums of n, m and points.

    ``named`` adds day, types of the place, forms and failed items; ``typed`` the types alone, of some selections.
    """
    wanted, campaigns = _wanted(numbered)
    result = frame.results
    query: Select[*tuple[Any, ...]] = (
        select(
            wanted.c.key,
            result.visit_id,
            result.basis,
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
            result.campaign.in_(campaigns),
            result.basis.in_(bases),
            result.outcome != "na",
            in_force(frame.tenant_id, result.visit_id),
        )
    )
    if named or typed:
        register = register_of(frame)
        kinds = kinds_on(register, result.day)
        kinds = kinds if named else case((wanted.c.key.in_(sorted(typed)), kinds), else_="")
        query = query.add_columns(kinds.label("kinds")).outerjoin(register, register.c.site_id == result.site_id)
    base = by_day(frame, query, result.day, result.unit_id, result.site_id).subquery("base")
    return _folded(base, named)


def _wanted(numbered: Mapping[int, Selection]) -> tuple[TableValuedAlias, list[str]]:
    """The items of some selections as a table, and their campaigns."""
    pairs = [(key, c, item) for key, one in numbered.items() for c, item in sorted(one)]
    # Three bound arrays instead of a list of values: SQLAlchemy keeps the compiled statement, which is a third of the time.
    keys, campaigns, items = ([pair[place] for pair in pairs] for place in range(3))
    table = (
        func.unnest(
            bindparam(None, keys, ARRAY(Integer)),
            bindparam(None, campaigns, ARRAY(String)),
            bindparam(None, items, ARRAY(String)),
        )
        .table_valued(column("key", Integer), column("campaign", String), column("item", String), name="wanted")
        .render_derived()
    )
    return table, sorted(set(campaigns))


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
    keys = [c.unit, c.span, c.key, c.visit_id, c.basis, c.site_id]
    if "kinds" in c:
        keys.append(c.kinds)
    if named:
        failed: Function[Any] = func.array_agg(c.item)
        columns.append(failed.filter(c.outcome != "pass").label("failed"))
        columns.append(func.array_agg(c.form.distinct()).label("forms"))
        keys.append(c.day)
    return select(*keys, *columns).group_by(*keys).subquery("per_visit")


def per_sheet(frame: Frame, campaign: str, forms: Sequence[str] = (), bases: Sequence[str] = (VERIFIED,)) -> Subquery:
    """One row for each sheet of the campaign that has points to give."""
    sheet, register = frame.sheets, register_of(frame)
    query: Select[*tuple[Any, ...]] = select(
        sheet.form,
        sheet.visit_id,
        sheet.basis,
        sheet.day,
        sheet.site_id,
        sheet.earned,
        sheet.possible,
        literal(0).label("passed"),
        literal(0).label("n"),
        literal(0).label("m"),
        literal(0).label("raw"),
        kinds_on(register, sheet.day).label("kinds"),
    ).where(
        sheet.tenant_id == frame.tenant_id,
        sheet.campaign == campaign,
        sheet.basis.in_(bases),
        sheet.possible > 0,
        in_force(frame.tenant_id, sheet.visit_id),
    )
    query = query.outerjoin(register, register.c.site_id == sheet.site_id)
    if forms:
        query = query.where(sheet.form.in_(forms))
    return by_day(frame, query, sheet.day, sheet.unit_id, sheet.site_id).subquery("per_sheet")


def totals(inner: Subquery, names: tuple[str, ...]) -> Select[Any]:
    """The sums over visits of the same possible points, so that scores out of 100 add up without rounding."""
    c = inner.c
    keys = [c.unit, c.span, *(c[name] for name in names), c.possible]
    sums = [func.sum(c[name]).label(name) for name in ("passed", "earned", "n", "m", "raw")]
    return select(*keys, func.count().label("visits"), *sums).group_by(*keys)


def _volume(frame: Frame, campaign: str) -> Select[Any]:
    """How many visits answered a form of the campaign, at how many sites."""
    sheet = frame.sheets
    query: Select[*tuple[Any, ...]] = select(sheet.visit_id, sheet.basis, sheet.site_id).where(
        sheet.tenant_id == frame.tenant_id,
        sheet.campaign == campaign,
        sheet.basis.in_(BASES),
        in_force(frame.tenant_id, sheet.visit_id),
    )
    base = by_day(frame, query, sheet.day, sheet.unit_id, sheet.site_id).subquery("base")
    counts = (
        func.count(base.c.visit_id.distinct()).label("visits"),
        func.count(base.c.site_id.distinct()).label("sites"),
    )
    keys = (base.c.basis, base.c.unit, base.c.span)
    return select(*keys, *counts).group_by(*keys)


__all__ = [
    "ItemFacts",
    "ItemSums",
    "VisitPart",
    "enabled_keys",
    "items_asking",
    "parts_of",
    "read_items",
]
