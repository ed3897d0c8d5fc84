"""Sums over findings (问题台账取数): those raised by an item of the campaign's own forms, never by display links.

A finding of a self-check does not count: only what somebody else verified ranks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from core.figures.frames import Frame, SliceKey, by_moment
from core.figures.item_metrics import VERIFIED
from core.figures.terms import FindingTerm, Selection
from core.work.tables import Finding, FindingItem, Site, Visit

DISMISSED = ("rejected", "cancelled", "merged")
DONE = ("closed", *DISMISSED)


@dataclass(frozen=True, slots=True)
class FindingPart:
    """One finding that a figure counts, or that costs an indicator points (问题明细); ``lost`` is 1/100 points."""

    finding_id: UUID
    number: str | None
    title: str
    title_en: str
    state: str
    due_at: datetime
    closed_at: datetime | None
    site_id: UUID
    site: str
    visit_id: UUID | None
    lost: int = 0


@dataclass(slots=True)
class FindingFacts:
    """The findings of one slice (问题汇总): ``summary`` has found, due, closed, on_time and overdue."""

    terms: dict[FindingTerm, Fraction] = field(default_factory=dict)
    summary: dict[str, int] = field(default_factory=dict)


DUE = FindingTerm(frozenset(DISMISSED), unwanted=True, on_time=False)
CLOSED = FindingTerm(frozenset({"closed"}), unwanted=False, on_time=False)
ON_TIME = FindingTerm(frozenset({"closed"}), unwanted=False, on_time=True)


def read_findings(
    session: Session, frame: Frame, terms: Iterable[FindingTerm], campaign: str
) -> dict[SliceKey, FindingFacts]:
    """All counts of a frame: those due by their deadline, those found by the day they were opened."""
    wanted = list(dict.fromkeys([DUE, CLOSED, ON_TIME, *terms]))
    empty = {"found": 0, "due": 0, "closed": 0, "on_time": 0, "overdue": 0}
    facts = {key: FindingFacts(dict.fromkeys(wanted, Fraction(0)), dict(empty)) for key in frame.slices}
    due = by_moment(frame, _own(frame, campaign), Finding.due_at, Finding.unit_id)
    for row in session.execute(_counted(due, wanted, frame)):
        one = facts[row.unit, row.span]
        one.terms = {term: Fraction(row[2 + n]) for n, term in enumerate(wanted)}
        numbers = {"due": DUE, "closed": CLOSED, "on_time": ON_TIME}
        one.summary |= {name: int(one.terms[term]) for name, term in numbers.items()}
        one.summary["overdue"] = one.summary["due"] - one.summary["closed"]
    opened = by_moment(frame, _own(frame, campaign), Finding.opened_at, Finding.unit_id)
    base = opened.where(Finding.state.not_in(DISMISSED)).subquery()
    for row in session.execute(select(base.c.unit, base.c.span, func.count()).group_by(base.c.unit, base.c.span)):
        facts[row.unit, row.span].summary["found"] = row[2]
    return facts


def finding_parts(
    session: Session, frame: Frame, terms: tuple[FindingTerm, ...], campaign: str
) -> list[tuple[FindingPart, tuple[bool, ...]]]:
    """The findings behind some terms in a frame of one slice, each with whether it counts in each term."""
    query = by_moment(frame, _own(frame, campaign), Finding.due_at, Finding.unit_id)
    inside = [_condition(term, Finding.state, Finding.closed_at, Finding.due_at, frame) for term in terms]
    flags = [case((one, 1), else_=0).label(f"counts_{n}") for n, one in enumerate(inside)]
    query = _described(query.where(or_(*inside)).add_columns(*flags), frame)
    rows = session.execute(query.order_by(Finding.due_at, Finding.id)).mappings()
    return [(_part(row), tuple(bool(row[flag.name]) for flag in flags)) for row in rows]


def costing_findings(session: Session, frame: Frame, selection: Selection) -> list[FindingPart]:
    """Findings still open that were raised by some items in the frame's days, the dearest first."""
    if not selection:
        return []
    lost = (
        select(FindingItem.finding_id, func.max(FindingItem.lost).label("lost"))
        .where(
            FindingItem.tenant_id == frame.tenant_id,
            or_(*(and_(FindingItem.campaign == c, FindingItem.item == item) for c, item in sorted(selection))),
        )
        .group_by(FindingItem.finding_id)
        .subquery("lost")
    )
    query = select(*_COLUMNS).where(Finding.tenant_id == frame.tenant_id, Finding.state.not_in(DONE))
    query = by_moment(frame, query, Finding.opened_at, Finding.unit_id).join(lost, lost.c.finding_id == Finding.id)
    query = query.where(_verified(frame)).add_columns(lost.c.lost)
    query = _described(query, frame).order_by(lost.c.lost.desc(), Finding.due_at, Finding.id)
    return [_part(row, row["lost"]) for row in session.execute(query).mappings()]


_COLUMNS: tuple[Any, ...] = (
    Finding.id,
    Finding.number,
    Finding.title,
    Finding.title_en,
    Finding.state,
    Finding.due_at,
    Finding.closed_at,
    Finding.site_id,
    Finding.visit_id,
)


def _verified(frame: Frame) -> ColumnElement[bool]:
    seen = exists().where(Visit.tenant_id == frame.tenant_id, Visit.id == Finding.visit_id, Visit.basis == VERIFIED)
    return or_(Finding.visit_id.is_(None), seen)


def _own(frame: Frame, campaign: str) -> Select[Any]:
    raised = exists().where(
        FindingItem.tenant_id == frame.tenant_id,
        FindingItem.finding_id == Finding.id,
        FindingItem.campaign == campaign,
    )
    return select(*_COLUMNS).where(Finding.tenant_id == frame.tenant_id, raised, _verified(frame))


def _counted(query: Select[Any], terms: list[FindingTerm], frame: Frame) -> Select[Any]:
    base = query.subquery("base")
    c = base.c
    counts = [func.count().filter(_condition(t, c.state, c.closed_at, c.due_at, frame)) for t in terms]
    return select(c.unit, c.span, *counts).group_by(c.unit, c.span)


def _condition(term: FindingTerm, state: Any, closed_at: Any, due_at: Any, frame: Frame) -> ColumnElement[bool]:
    """Whether a finding counts in a term, as it stood at the cut-off; the columns may be a subquery's."""
    if term.unwanted:
        unwanted: ColumnElement[bool] = not_(state.in_(sorted(term.states)))
        return unwanted
    within: list[ColumnElement[bool]] = [state.in_(sorted(term.states))]
    if "closed" in term.states:
        within.append(closed_at <= frame.cut_off)
    if term.on_time:
        within.append(closed_at <= due_at)
    return and_(*within)


def _described(query: Select[Any], frame: Frame) -> Select[Any]:
    return query.add_columns(Site.name.label("site")).join(
        Site, and_(Site.tenant_id == frame.tenant_id, Site.id == Finding.site_id)
    )


def _part(row: RowMapping, lost: int = 0) -> FindingPart:
    return FindingPart(
        finding_id=row["id"],
        number=row["number"],
        title=row["title"],
        title_en=row["title_en"],
        state=row["state"],
        due_at=row["due_at"],
        closed_at=row["closed_at"],
        site_id=row["site_id"],
        site=row["site"],
        visit_id=row["visit_id"],
        lost=lost,
    )
