"""Opens findings for what failed (问题立案): one for each failed question, however many items and campaigns it touches.

The item with the shortest time limit leads: its category, text and owner become the finding's (ours). The unit in the
line of duty answers; the place is informed and co-signs when it is another unit. What the item declares may be overridden
by the district's rules and precedents (core.work.dispatch.routing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.work.bulk import insert_rows
from core.work.calendar import WorkCalendar, local_day
from core.work.counting.marking import mark_findings
from core.work.dispatch.precedents import count_used
from core.work.dispatch.routing import Case, Declared, Owners, Route, load_router
from core.work.inspection.visit_input import CheckedVisit
from core.work.inspection.visit_plan import PlannedItem, VisitPlan
from core.work.inspection.visit_rows import Scored, cents
from core.work.loop import clocks
from core.work.loop.announcing import announce_visit
from core.work.loop.transitions import CLOSED, DISPATCHED, ON_SPOT, OPEN
from core.work.roles import VISIT
from core.work.serials import take_serials
from core.work.tables import (
    Attachment,
    File,
    Finding,
    FindingCampaign,
    FindingEvent,
    FindingItem,
    FindingLink,
    Part,
    Site,
    Visit,
)
from tenants.access import Actor
from tenants.db import new_id

ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed question (不合格项) with the items that it failed; the leading one first."""

    question: str
    items: tuple[PlannedItem, ...]

    @property
    def lead(self) -> PlannedItem:
        """The item whose time limit is the shortest."""
        return self.items[0]


@dataclass(frozen=True, slots=True)
class Opening:
    """What an opening needs to know besides the failures (立案背景)."""

    visit: Visit
    checked: CheckedVisit
    scored: Scored
    owners: Owners
    calendar: WorkCalendar
    campaigns: Sequence[Campaign]
    fixed: Mapping[str, Sequence[File]] = field(default_factory=dict)

    def state(self, question: str) -> str:
        """What a finding of a question begins as: closed when it was put right on the spot, else in its unit's hands."""
        return CLOSED if question in self.fixed else DISPATCHED


def failures_of(plan: VisitPlan, checked: CheckedVisit, scored: Scored) -> list[Failure]:
    """The failed questions of the answered forms, in the order they were asked."""
    if not any(score.outcome == "fail" for score in scored.items.values()):
        return []
    answered = {planned.key for planned in checked.forms}
    found = []
    for code, planned in plan.questions.items():
        failed = [
            one
            for one in planned.items
            if one.planned.key in answered and scored.items[(*one.planned.key, one.item.code)].outcome == "fail"
        ]
        if failed:
            found.append(Failure(code, tuple(sorted(failed, key=lambda one: one.item.working_days))))
    return found


def open_findings(
    session: Session, actor: Actor, opening: Opening, failures: Sequence[Failure], now: datetime
) -> list[Finding]:
    """Open the findings of a visit with their numbers, parts, items, links and first line of history."""
    if not failures:
        return []
    routes = _routes(session, actor, opening, failures)
    findings = [
        _finding(opening, failure, routes[failure.question], number, now)
        for failure, number in zip(failures, _numbers(session, actor, opening, len(failures), now), strict=True)
    ]
    session.add_all(findings)
    session.flush()
    if not opening.visit.hidden:
        count_used(session, actor, routes.values())
    first = _first_event(actor, opening, now)
    parts = [
        {"finding_id": finding.id, "hidden": finding.hidden} | part
        for finding, failure in zip(findings, failures, strict=True)
        for part in _parts(opening, failure, routes[failure.question])
    ]
    insert_rows(session, actor, Part, parts)
    makers = ((FindingItem, _items), (FindingLink, _links), (FindingCampaign, _campaigns))
    for table, rows_of in makers:
        rows = [
            {"finding_id": finding.id, "hidden": finding.hidden} | row
            for finding, failure in zip(findings, failures, strict=True)
            for row in rows_of(opening, failure)
        ]
        insert_rows(session, actor, table, rows)
    events = [
        first
        | {"finding_id": f.id, "id": new_id(), "hidden": f.hidden, "to_state": f.state}
        | {"detail": {"due_at": f.due_at.isoformat()} | _way(routes[f.question]) | _spot(opening, f.question)}
        for f in findings
    ]
    insert_rows(session, actor, FindingEvent, events)
    mark_findings(session, actor.tenant.id, findings)
    insert_rows(session, actor, Attachment, [row for f in findings for row in _after(opening, f, now)])
    site = session.get_one(Site, (actor.tenant.id, opening.visit.site_id))
    leads: dict[Any, Any] = {part["finding_id"]: part["unit_id"] for part in parts if part["leading"]}
    handed = [(finding, leads[finding.id]) for finding in findings if finding.state == DISPATCHED]
    announce_visit(session, actor, site.name, handed, now)
    return findings


def _numbers(session: Session, actor: Actor, opening: Opening, count: int, now: datetime) -> list[str | None]:
    """The findings' numbers; those of a secret round get theirs at its release, for a gap is a count (design 4).

    No failure of a form is of the restricted class: that one is reported, under a series of its own.
    """
    if opening.visit.hidden:
        return [None] * count
    year = local_day(now).year
    return [f"{year}-{number:05d}" for number in take_serials(session, actor, f"finding-{year}", count)]


def _routes(session: Session, actor: Actor, opening: Opening, failures: Iterable[Failure]) -> dict[str, Route]:
    """Who answers for each failed question and by when (one query)."""
    categories = {failure.lead.item.category for failure in failures}
    router = load_router(session, actor, opening.owners, opening.visit, categories, opening.visit.day)
    return {failure.question: router.decide(_case(opening, failure), _declared(failure)) for failure in failures}


def _case(opening: Opening, failure: Failure) -> Case:
    campaigns = frozenset(one.campaign.key for one in failure.items)
    return Case(failure.lead.item.category, _severity(opening, failure), campaigns)


def _severity(opening: Opening, failure: Failure) -> str:
    """What whoever visited says of it, else ordinary (ours): neither items nor categories declare a severity."""
    return opening.checked.severities.get(failure.question, ORDINARY)


def _declared(failure: Failure) -> Declared:
    lead = failure.lead
    return Declared(lead.item.owner_role, lead.item.working_days, lead.campaign.hq_role)


def _way(route: Route) -> dict[str, Any]:
    return {"lead": str(route.line)} | route.facts


def _finding(opening: Opening, failure: Failure, route: Route, number: str | None, now: datetime) -> Finding:
    visit, item = opening.visit, failure.lead.item
    return Finding(
        id=new_id(),
        number=number,
        site_id=visit.site_id,
        unit_id=visit.unit_id,
        visit_id=visit.id,
        question=failure.question,
        category=item.category,
        severity=_severity(opening, failure),
        title=item.text_zh,
        title_en=item.text_en,
        detail=opening.checked.notes.get(failure.question, ""),
        state=opening.state(failure.question),
        version=1,
        key_item=any(one.item.key for one in failure.items),
        working_days=route.working_days,
        source="visit",
        basis=visit.basis,
        patrol_id=visit.patrol_id,
        opened_at=now,
        changed_at=now,
        hidden=visit.hidden,
        **clocks.start(opening.calendar, now, route.limit) | _closed(opening, failure.question, now),
    )


def _closed(opening: Opening, question: str, now: datetime) -> dict[str, Any]:
    """The columns of what was put right on the spot (发现即处置), as with a report of such a finding."""
    if question not in opening.fixed:
        return {}
    return {"accept_by": None, "answered_at": now, "closed_at": now, "outcome": ON_SPOT}


def _parts(opening: Opening, failure: Failure, route: Route) -> list[dict[str, Any]]:
    """The parts of the route; of what was put right already, the lead is done."""
    is_done = failure.question in opening.fixed
    return [part | ({"state": "done"} if is_done and part["leading"] else {}) for part in route.parts()]


def _spot(opening: Opening, question: str) -> dict[str, Any]:
    if question not in opening.fixed:
        return {}
    return {"outcome": ON_SPOT, "fixed": [str(file.id) for file in opening.fixed[question]]}


def _after(opening: Opening, finding: Finding, now: datetime) -> list[dict[str, Any]]:
    """The photos after, with the first line of history; those before lie at the visit's answer."""
    key = {"finding_id": finding.id, "version": 1, "visit_id": None, "question": "", "hidden": finding.hidden}
    files = opening.fixed.get(finding.question, ())
    ids = sorted(new_id() for _ in files)  # made within a millisecond they are in no order by themselves
    return [key | {"id": one, "file_id": file.id, "created_at": now} for one, file in zip(ids, files, strict=True)]


def _campaigns(_opening: Opening, failure: Failure) -> list[dict[str, Any]]:
    return [{"campaign": key} for key in sorted({one.campaign.key for one in failure.items})]


def _items(opening: Opening, failure: Failure) -> list[dict[str, Any]]:
    def lost(one: PlannedItem) -> int:
        score = opening.scored.items[(*one.planned.key, one.item.code)]
        return cents(score.possible) - cents(score.earned)

    return [
        {"campaign": one.campaign.key, "form": one.planned.form.code, "item": one.item.code, "lost": lost(one)}
        for one in failure.items
    ]


def _links(opening: Opening, failure: Failure) -> list[dict[str, Any]]:
    """Indicators that the failed items count for (direct), and those worth a look: see_also and the category's links."""
    direct = {(one.campaign.key, code): True for one in failure.items for code in one.item.indicators}
    aside = {code for one in failure.items for code in one.item.see_also}
    for campaign in opening.campaigns:
        own = {indicator.code for indicator in campaign.edition.indicators}
        linked = {link.indicator for link in campaign.edition.links if link.category == failure.lead.item.category}
        direct |= {
            (campaign.key, code): False for code in sorted((aside & own) | linked) if (campaign.key, code) not in direct
        }
    return [{"campaign": key, "indicator": code, "direct": is_direct} for (key, code), is_direct in direct.items()]


def _first_event(actor: Actor, opening: Opening, now: datetime) -> dict[str, Any]:
    unit_id = min(actor.roots(VISIT), default=None)
    return {
        "version": 1,
        "at": now,
        "verb": OPEN,
        "from_state": None,
        "to_state": DISPATCHED,
        "person_id": actor.person_id,
        "person_name": actor.name,
        "unit_id": unit_id,
        "unit_name": opening.owners.names.get(unit_id, "") if unit_id else "",
        "note": "",
        "detail": {},
    }
