"""Sums over findings (问题台账取数): those of the campaign, raised by an item of its forms or given to it at intake.

Never by display links. A finding of a self-check does not count: only what somebody else verified ranks. Restricted
findings count nowhere, nor do rejected, cancelled and merged ones; what is parked or held is not due, hence never late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from core.figures.frames import Frame, SliceKey, by_moment
from core.figures.item_metrics import VERIFIED
from core.figures.terms import FindingTerm, RecheckTerm, Selection
from core.work.loop.states import PARKED, STANDS, STATES
from core.work.loop.transitions import CLOSED, CLOSED_STATES, DISMISSED, SEEN_AGAIN
from core.work.tables import Finding, FindingCampaign, FindingEvent, FindingItem, Site

DONE = (*CLOSED_STATES, *DISMISSED)
AT_REST = (PARKED, *(state.code for state in STATES.values() if state.clock == STANDS))


@dataclass(frozen=True, slots=True)
class FindingPart:
    """One finding that a figure counts, or that costs an indicator points (问题明细); ``lost`` is 1/100 points.

    ``site`` names the site, or the free place where there is none.
    """

    finding_id: UUID
    number: str | None
    title: str
    title_en: str
    state: str
    due_at: datetime
    closed_at: datetime | None
    site_id: UUID | None
    site: str
    visit_id: UUID | None
    lost: int = 0


@dataclass(slots=True)
class FindingFacts:
    """The findings of one slice (问题汇总): ``summary`` has found, due, closed, on_time and overdue."""

    terms: dict[FindingTerm | RecheckTerm, Fraction] = field(default_factory=dict)
    summary: dict[str, int] = field(default_factory=dict)


DUE = FindingTerm(frozenset(DISMISSED), unwanted=True, on_time=False)
SETTLED = FindingTerm(frozenset(CLOSED_STATES), unwanted=False, on_time=False)
ON_TIME = FindingTerm(frozenset(CLOSED_STATES), unwanted=False, on_time=True)


def read_findings(
    session: Session, frame: Frame, terms: Iterable[FindingTerm], campaign: str
) -> dict[SliceKey, FindingFacts]:
    """All counts of a frame: those due by their deadline, those found by the day they were opened."""
    wanted = list(dict.fromkeys([DUE, SETTLED, ON_TIME, *terms]))
    empty = {"found": 0, "due": 0, "closed": 0, "on_time": 0, "overdue": 0}
    facts = {key: FindingFacts(dict.fromkeys(wanted, Fraction(0)), dict(empty)) for key in frame.slices}
    due = by_moment(frame, own_findings(frame, campaign), Finding.due_at, Finding.unit_id, Finding.site_id)
    for row in session.execute(_counted(due, wanted, frame)):
        one = facts[row.unit, row.span]
        one.terms |= {term: Fraction(row[2 + n]) for n, term in enumerate(wanted)}
        numbers = {"due": DUE, "closed": SETTLED, "on_time": ON_TIME}
        one.summary |= {name: int(one.terms[term]) for name, term in numbers.items()}
        one.summary["overdue"] = one.summary["due"] - one.summary["closed"]
    opened = by_moment(frame, own_findings(frame, campaign), Finding.opened_at, Finding.unit_id, Finding.site_id)
    base = opened.where(Finding.state.not_in(DISMISSED)).subquery()
    for row in session.execute(select(base.c.unit, base.c.span, func.count()).group_by(base.c.unit, base.c.span)):
        facts[row.unit, row.span].summary["found"] = row[2]
    return facts


def finding_parts(
    session: Session, frame: Frame, terms: tuple[FindingTerm, ...], campaign: str
) -> list[tuple[FindingPart, tuple[bool, ...]]]:
    """The findings behind some terms in a frame of one slice, each with whether it counts in each term."""
    query = by_moment(frame, own_findings(frame, campaign), Finding.due_at, Finding.unit_id, Finding.site_id)
    inside = [condition_of(term, Finding.state, Finding.closed_at, Finding.due_at, frame) for term in terms]
    flags = [case((one, 1), else_=0).label(f"counts_{n}") for n, one in enumerate(inside)]
    query = described(query.where(or_(*inside)).add_columns(*flags), frame)
    rows = session.execute(query.order_by(Finding.due_at, Finding.id)).mappings()
    return [(part_of(row), tuple(bool(row[flag.name]) for flag in flags)) for row in rows]


def costing_findings(session: Session, frame: Frame, selection: Selection) -> list[FindingPart]:
    """Findings still open that were raised by some items in the frame's days, or found still there, the dearest first; each once."""
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
    standing = select(*COLUMNS).where(*counting(frame), Finding.state.not_in(DONE))
    standing = standing.join(lost, lost.c.finding_id == Finding.id)
    opened = by_moment(frame, standing, Finding.opened_at, Finding.unit_id, Finding.site_id)
    seen = and_(
        FindingEvent.tenant_id == frame.tenant_id,
        FindingEvent.finding_id == Finding.id,
        FindingEvent.verb == SEEN_AGAIN,
    )
    again = standing.join(FindingEvent, seen).where(Finding.seen_again > 0)
    again = by_moment(frame, again, FindingEvent.at, Finding.unit_id, Finding.site_id)
    found: dict[UUID, FindingPart] = {}
    for query in (opened, again):
        for row in session.execute(described(query.add_columns(lost.c.lost), frame)).mappings():
            found[row["id"]] = part_of(row, row["lost"])
    return sorted(found.values(), key=lambda one: (-one.lost, one.due_at, one.finding_id))


COLUMNS: tuple[Any, ...] = (
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


def counting(frame: Frame) -> tuple[ColumnElement[bool], ...]:
    """What a finding must be to enter any figure, whatever its state: verified and not restricted."""
    return Finding.tenant_id == frame.tenant_id, Finding.basis == VERIFIED, Finding.restricted.is_(False)


def own_findings(frame: Frame, campaign: str) -> Select[Any]:
    """The campaign's findings that may enter a figure."""
    belongs = exists().where(
        FindingCampaign.tenant_id == frame.tenant_id,
        FindingCampaign.finding_id == Finding.id,
        FindingCampaign.campaign == campaign,
    )
    return select(*COLUMNS).where(*counting(frame), belongs)


def _counted(query: Select[Any], terms: list[FindingTerm], frame: Frame) -> Select[Any]:
    base = query.subquery("base")
    c = base.c
    counts = [func.count().filter(condition_of(t, c.state, c.closed_at, c.due_at, frame)) for t in terms]
    return select(c.unit, c.span, *counts).group_by(c.unit, c.span)


def condition_of(term: FindingTerm, state: Any, closed_at: Any, due_at: Any, frame: Frame) -> ColumnElement[bool]:
    """Whether a finding counts in a term, as it stood at the cut-off; the columns may be a subquery's."""
    if term.unwanted:
        due: ColumnElement[bool] = state.not_in(sorted({*term.states, *AT_REST}))
        return due
    within: list[ColumnElement[bool]] = [state.in_(sorted(term.states))]
    if CLOSED in term.states:
        within.append(closed_at <= frame.cut_off)
    if term.on_time:
        within.append(closed_at <= due_at)
    return and_(*within)


def described(query: Select[Any], frame: Frame) -> Select[Any]:
    """Add the column ``site``: the site's name, or the free place."""
    at_site = and_(Site.tenant_id == frame.tenant_id, Site.id == Finding.site_id)
    return query.add_columns(func.coalesce(Site.name, Finding.place).label("site")).outerjoin(Site, at_site)


def part_of(row: RowMapping, lost: int = 0) -> FindingPart:
    """A row of the query's columns as what people are shown."""
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
