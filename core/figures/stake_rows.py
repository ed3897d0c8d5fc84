"""What costs points (失分记录): the items that did not pass in the visits of a period, and the findings that still stand.

The same rows as the scores: verified, in force, of the frame's days and unit. Findings are those that count in figures and
that the reader may see; restricted ones count nowhere and are not here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping, and_, select, true
from sqlalchemy.orm import Session

from core.campaigns import Campaign, Item
from core.campaigns.terms import Question
from core.figures.finding_metrics import COLUMNS, DONE, FindingPart, counting, described, part_of
from core.figures.frames import Frame, by_day, by_moment
from core.figures.in_order import Best, best_result
from core.figures.item_metrics import VERIFIED, per_sheet, per_visit
from core.figures.periods import day_of
from core.figures.place_kinds import kinds_on, register_of
from core.figures.terms import Selection
from core.work.inspection.visit_chain import in_force
from core.work.loop.sight import sees_finding
from core.work.loop.transitions import SEEN_AGAIN
from core.work.tables import Finding, FindingCampaign, FindingEvent, Site
from tenants.access import Actor

LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FailedRow:
    """One item that did not pass in one visit (不合格记录), with what being in order would add; points are 1/100."""

    visit_id: UUID
    day: date
    campaign: str
    form: str
    item: str
    question: str
    site_id: UUID
    site: str
    kinds: str
    earned: int
    possible: int
    gain: int
    more_n: int
    more_raw: int

    @property
    def key(self) -> str:
        """What is put in order at once: everything this question found at this site."""
        return f"{self.question}@{self.site_id}"


@dataclass(frozen=True, slots=True)
class Standing:
    """One finding that is not done (未办结问题): its campaigns, and whether its deadline lies in the period."""

    part: FindingPart
    question: str
    category: str
    campaigns: frozenset[str]
    is_due_in: bool

    @property
    def key(self) -> str:
        """The same key as of the items that raised it; a finding without them stands alone."""
        if self.question and self.part.site_id:
            return f"{self.question}@{self.part.site_id}"
        return str(self.part.finding_id)


class Bests:
    """The best result of every item of the campaigns that run (各检查项合格时的结果), computed once each."""

    def __init__(self, campaigns: Iterable[Campaign], questions: Mapping[str, Question]) -> None:
        listed = list(campaigns)
        self._items = {(c.key, i.code): i for c in listed for f in c.edition.forms for i in f.items}
        self._questions = {**questions, **{q.code: q for c in listed for q in c.questions}}
        self._known: dict[tuple[str, str, int | None, str], Best] = {}

    def item(self, campaign: str, code: str) -> Item | None:
        """The item as its campaign's edition has it; None for one that no edition in force has."""
        return self._items.get((campaign, code))

    def question(self, code: str) -> Question | None:
        """The question of a code."""
        return self._questions.get(code)

    def of(self, campaign: str, code: str, question: str, m: int | None, attrs: Mapping[str, Any]) -> Best | None:
        """What an item would have given at best where ``m`` were looked at; None for one that is no longer known."""
        key = (campaign, code, m, str(attrs.get("length_m")))
        if key not in self._known:
            item, asked = self.item(campaign, code), self.question(question)
            if item is None or asked is None:
                return None
            self._known[key] = best_result(item, asked, m, attrs)
        return self._known[key]


def failed_rows(session: Session, frame: Frame, campaigns: Collection[str], bests: Bests) -> list[FailedRow]:
    """Every verified result of a frame of one slice that did not pass, oldest first (two queries)."""
    result, register = frame.results, register_of(frame)
    names = ("visit_id", "day", "campaign", "form", "item", "question", "site_id", "earned", "possible", "n", "m")
    query = (
        select(*(getattr(result, name) for name in names))
        .add_columns(kinds_on(register, result.day).label("kinds"))
        .outerjoin(register, register.c.site_id == result.site_id)
        .where(
            result.tenant_id == frame.tenant_id,
            result.campaign.in_(sorted(campaigns)),
            result.basis == VERIFIED,
            result.outcome == "fail",
            in_force(frame.tenant_id, result.visit_id),
        )
    )
    query = by_day(frame, query, result.day, result.unit_id, result.site_id)
    query = query.order_by(result.day, result.visit_id, result.campaign, result.form, result.item)
    rows = session.execute(query).all()
    places = _places(session, frame, {row[6] for row in rows})
    return [_row(row, *places[row[6]], bests) for row in rows]


def _places(session: Session, frame: Frame, sites: Collection[UUID]) -> dict[UUID, tuple[str, Mapping[str, Any]]]:
    """Name and fields of some sites."""
    query = select(Site.id, Site.name, Site.attrs).where(Site.tenant_id == frame.tenant_id, Site.id.in_(sorted(sites)))
    return {row.id: (row.name, row.attrs or {}) for row in session.execute(query)}


def _row(row: Row[Any], site: str, attrs: Mapping[str, Any], bests: Bests) -> FailedRow:
    """A stored result with what its best would have added; an item that is no longer known has its full points to give."""
    visit_id, day, campaign, form, item, question, site_id, earned, possible, n, m, kinds, *_ = row
    best = bests.of(campaign, item, question, m, attrs) or Best(possible, n if m is None else m, m)
    n_now = 0 if m is None else n  # as sums read it: what has no m counts 1 when it passed
    n_then = 1 if m is None else best.n or 0
    more = (best.earned - earned, n_then - n_now, (best.n or 0) - (n or 0))
    place = (visit_id, day, campaign, form, item, question, site_id, site, kinds)
    return FailedRow(*place, earned, possible, *more)


def possible_in_visits(session: Session, frame: Frame, selections: Iterable[Selection]) -> dict[tuple[Any, UUID], int]:
    """The points that some selections could give in each visit, by selection and visit."""
    numbered = dict(enumerate(dict.fromkeys(one for one in selections if one)))
    if not numbered:
        return {}
    inner = per_visit(frame, numbered).c
    rows = session.execute(select(inner.key, inner.visit_id, inner.possible))
    return {(numbered[row.key], row.visit_id): int(row.possible) for row in rows}


def possible_on_sheets(session: Session, frame: Frame, campaign: str) -> dict[tuple[UUID, str], int]:
    """The points that each sheet which lost some could give, by visit and form."""
    inner = per_sheet(frame, campaign).c
    rows = session.execute(select(inner.visit_id, inner.form, inner.possible).where(inner.earned < inner.possible))
    return {(row.visit_id, row.form): int(row.possible) for row in rows}


def standing_findings(session: Session, actor: Actor | None, frame: Frame) -> list[Standing]:
    """The findings not done that fall due in the frame's days, were found in them or found still there; each once."""
    seen = true() if actor is None else sees_finding(actor, day_of(frame.cut_off))
    base = select(*COLUMNS, Finding.question, Finding.category)
    base = base.where(*counting(frame), Finding.state.not_in(DONE), seen)
    later = replace(frame, cut_off=LATEST)
    again = and_(
        FindingEvent.tenant_id == frame.tenant_id,
        FindingEvent.finding_id == Finding.id,
        FindingEvent.verb == SEEN_AGAIN,
    )
    queries = (
        (by_moment(later, base, Finding.due_at, Finding.unit_id, Finding.site_id), True),
        (by_moment(frame, base, Finding.opened_at, Finding.unit_id, Finding.site_id), False),
        (by_moment(frame, base.join(FindingEvent, again), FindingEvent.at, Finding.unit_id, Finding.site_id), False),
    )
    found: dict[UUID, tuple[RowMapping, bool]] = {}
    for query, is_due in queries:
        for row in session.execute(described(query, frame)).mappings():
            found.setdefault(row["id"], (row, is_due))
    named: dict[UUID, set[str]] = {}
    given = select(FindingCampaign.finding_id, FindingCampaign.campaign)
    for finding_id, campaign in session.execute(given.where(FindingCampaign.finding_id.in_(list(found)))):
        named.setdefault(finding_id, set()).add(campaign)
    listed = [
        Standing(part_of(row), row["question"], row["category"], frozenset(named.get(key, ())), is_due)
        for key, (row, is_due) in found.items()
    ]
    return sorted(listed, key=lambda one: (one.part.due_at, one.part.finding_id))
