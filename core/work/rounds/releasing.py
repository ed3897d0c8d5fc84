"""Releases a secret round (暗访解密): all of it at once, in one transaction, or nothing of it.

Its rows are un-hidden by a function of the database (``app_release`` in migrations/wall.py), which alone may touch those that
nobody changes. Its findings get their numbers in the order in which they were opened; their clocks start now, for no unit can
be late for what it could not know; their units are told, and the days that it was walked on are counted anew.

A round that was called off (取消) was a draft and found nothing. It stays hidden until its planners make it public as called off:
then its plan, its trail and the seed of its draw can be read, and nothing else follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select, text, union_all, update
from sqlalchemy.orm import Session, aliased

from core.errors import N_, Conflict, Forbidden, NotFound, Stale
from core.work.bulk import insert_rows
from core.work.calendar import WorkCalendar, load_calendar, local_day
from core.work.counting.marking import days_of, mark_days
from core.work.dispatch.precedents import add_uses
from core.work.dispatch.routing import PRECEDENT
from core.work.loop import clocks
from core.work.loop.announcing import announce_round
from core.work.loop.states import DISPATCHED, HELD, WITH_UNIT
from core.work.loop.transitions import OPEN, UNSEAL
from core.work.rounds.clearance import may_release, sees_round
from core.work.rounds.drawing import show_seed
from core.work.rounds.planning import next_number
from core.work.rounds.steps import CANCELLED, CLOSED, RELEASED, step
from core.work.serials import take_serials
from core.work.tables import Draw, Finding, FindingEvent, Part, Round, Visit
from tenants.access import Actor
from tenants.db import new_id

RELEASABLE = (CLOSED, CANCELLED)
_CLOCK = (
    "clock_from",
    "clock_seconds",
    "limit_seconds",
    "due_at",
    "accept_by",
    "due_fixed",
    "stopped_at",
    "extended_days",
    "asked_days",
)


@dataclass(frozen=True, slots=True)
class Released:
    """What a release came to (解密结果): the round with its number, its findings with theirs, and how many people were told."""

    round: Round
    findings: int
    told: int


def release(session: Session, actor: Actor, round_id: UUID, *, version: int, now: datetime) -> Released:
    """Release a closed secret round, or one that was called off, as such. Needs a cleared session and SECRET at the round's unit.

    Raises NotFound, Forbidden, Stale (somebody was faster), Conflict (it is not closed, or no secret any more). Several hundred
    findings take a few seconds: the number of statements does not grow with them.
    """
    of = _claim(session, actor, round_id, version, now)
    draw_id, after = of.draw_id, CANCELLED if of.state == CANCELLED else RELEASED
    # The database lets go of closed rounds alone; nobody sees that one which was called off is one for a moment.
    session.execute(update(Round).where(Round.id == of.id).values(state=CLOSED))
    session.execute(select(func.app_release(of.id)))
    session.expire_all()
    number = next_number(session, now)
    values = {"state": after, "number": number, "released_at": now}
    findings = _findings(session, of.id)
    _enter(session, actor, findings, load_calendar(session, now), number, now)
    told = announce_round(session, actor, number, _handed(session, findings), now)
    mark_days(session, actor.tenant.id, [*_days(session, of.id), *(day for one in findings for day in days_of(one))])
    add_uses(session, actor, _precedents(session, findings))
    if draw_id is not None:
        show_seed(session, session.get_one(Draw, (actor.tenant.id, draw_id)), now)
    step(session, actor, of, "release", version=version, now=now, values=values, detail={"findings": len(findings)})
    session.flush()
    return Released(of, len(findings), told)


def _claim(session: Session, actor: Actor, round_id: UUID, version: int, now: datetime) -> Round:
    """The round, when it may be released now; its row is ours until the end."""
    day = local_day(now)
    query = select(Round).where(Round.id == round_id, sees_round(actor, day)).with_for_update(of=Round)
    found = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFound
    if not may_release(session, actor, found, day):
        raise Forbidden(N_("您的岗位不能解密这一轮"))
    if not found.hidden:
        raise Conflict(N_("这一轮不是待解密的暗访"))
    if found.version != version:
        raise Stale
    if found.state not in RELEASABLE:
        raise Conflict(N_("请先结束这一轮，再解密"))
    return found


def _findings(session: Session, round_id: UUID) -> Sequence[Finding]:
    """What the round found, in the order in which it was opened."""
    one = aliased(Finding)
    its = (Visit.tenant_id == one.tenant_id) & (Visit.id == one.visit_id)
    # Two ways to it, each by its own index.
    ids = union_all(
        select(one.id).join(Visit, its).where(Visit.round_id == round_id),
        select(one.id).where(one.round_id == round_id),
    )
    query = select(Finding).where(Finding.id.in_(ids))
    return session.scalars(query.order_by(Finding.opened_at, Finding.id).with_for_update(of=Finding)).all()


def _enter(
    session: Session, actor: Actor, findings: Sequence[Finding], calendar: WorkCalendar, number: str, now: datetime
) -> None:
    """Give the findings their numbers and clocks, and a line of history each: two statements for all of them."""
    if not findings:
        return
    year = local_day(now).year
    numbers = (f"{year}-{one:05d}" for one in take_serials(session, actor, f"finding-{year}", len(findings)))
    clock = _Clocks(calendar, now)
    rows = [
        {"id": one.id, "number": said, "version": one.version}
        | {name: getattr(one, name) for name in _CLOCK}
        | clock.of(one)
        for one, said in zip(findings, numbers, strict=True)
    ]
    session.flush()
    said = {"tenant": actor.tenant.id, "now": now, "rows": orjson.dumps(rows).decode()}
    session.connection().execute(_NUMBER, said)
    insert_rows(
        session,
        actor,
        FindingEvent,
        [_line(actor, one, row, number, now) for one, row in zip(findings, rows, strict=True)],
    )
    for one in findings:
        session.expire(one)


class _Clocks:
    """The clocks of what is released now (解密起算): each time limit is computed once."""

    def __init__(self, calendar: WorkCalendar, now: datetime) -> None:
        self._calendar = calendar
        self._now = now
        self._started: dict[int, dict[str, Any]] = {}

    def of(self, finding: Finding) -> dict[str, Any]:
        """What changes: everything starts again while it is with its unit; what is held stands at its beginning."""
        if finding.state not in (*WITH_UNIT, HELD):
            return {}
        seconds = finding.limit_seconds
        if seconds not in self._started:
            self._started[seconds] = clocks.start(self._calendar, self._now, timedelta(seconds=seconds))
        return self._started[seconds] | ({"stopped_at": self._now} if finding.state == HELD else {})


_NUMBER = text("""
UPDATE finding f SET number = r.number, clock_from = r.clock_from, clock_seconds = r.clock_seconds,
  limit_seconds = r.limit_seconds, due_at = r.due_at, accept_by = r.accept_by, due_fixed = r.due_fixed,
  stopped_at = r.stopped_at, extended_days = r.extended_days, asked_days = r.asked_days,
  version = f.version + 1, changed_at = :now
FROM jsonb_populate_recordset(CAST(NULL AS finding), CAST(:rows AS jsonb)) r
WHERE f.tenant_id = :tenant AND f.id = r.id AND f.version = r.version
""")


def _line(actor: Actor, finding: Finding, row: Mapping[str, Any], number: str, now: datetime) -> dict[str, Any]:
    """The line of a finding's history: since when it is known, under which number, and until when it is to be put right."""
    return {
        "finding_id": finding.id,
        "version": finding.version + 1,
        "id": new_id(),
        "at": now,
        "verb": UNSEAL,
        "from_state": finding.state,
        "to_state": finding.state,
        "person_id": actor.person_id,
        "person_name": actor.name,
        "unit_id": None,
        "unit_name": "",
        "note": "",
        "detail": {"due_at": row["due_at"].isoformat(), "number": row["number"], "round": number},
    }


def _handed(session: Session, findings: Sequence[Finding]) -> list[tuple[Finding, UUID]]:
    """What its units now have to do, each with the unit that leads (one query)."""
    open_ones = {one.id: one for one in findings if one.state == DISPATCHED}
    leads = select(Part.finding_id, Part.unit_id).where(
        Part.finding_id.in_(open_ones), Part.leading, Part.ended_at.is_(None)
    )
    return [(open_ones[finding], unit) for finding, unit in session.execute(leads)]


def _days(session: Session, round_id: UUID) -> list[tuple[Any, UUID]]:
    """The days and units that the round's visits count on."""
    query = select(Visit.day, Visit.unit_id).where(Visit.round_id == round_id, Visit.replaced_at.is_(None))
    return [(day, unit) for day, unit in session.execute(query.distinct())]


def _precedents(session: Session, findings: Sequence[Finding]) -> Counter[UUID]:
    """How often the round's findings went by each precedent; that was not counted when they were opened."""
    first = select(FindingEvent.detail).where(
        FindingEvent.finding_id.in_([one.id for one in findings]), FindingEvent.version == 1, FindingEvent.verb == OPEN
    )
    routes = [detail["route"] for detail in session.scalars(first) if "route" in detail]
    return Counter(UUID(route["id"]) for route in routes if route["why"] == PRECEDENT)
