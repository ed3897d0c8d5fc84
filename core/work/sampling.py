"""Draws closed findings to look at again (回头看抽样): at a declared rate, by a recorded seed, for people who did not handle them.

The draw can be repeated by anybody: each closed finding's place in it is SHA-256 of the seed and its id (ours); the smallest
ones are taken. What is closed or reopened later changes nobody else's place.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import ZONE, local_day
from core.work.journal import record
from core.work.permits import require
from core.work.roles import CHECK, DIRECT, VISIT, verbs_of
from core.work.sight import sees_finding
from core.work.states import CLOSED
from core.work.tables import Finding, FindingEvent, Part, Recheck, RecheckSample
from tenants.access import Actor, root_unit
from tenants.models import Holding, Person, Post, UnitPath
from tenants.scope import ScopedSession

FIXED = ("fixed", "on_spot")  # only what is said to be fixed can have come back
LONGEST_TITLE = 80
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draw:
    """What a sample would take (抽样预览): the population, the ids drawn in order, and who would look at each."""

    population: int
    drawn: Sequence[UUID]
    people: Mapping[UUID, UUID | None]


def rank_of(seed: str, finding_id: UUID) -> bytes:
    """The place of a finding in a draw."""
    return hashlib.sha256(f"{seed}:{finding_id}".encode()).digest()


def choose(seed: str, population: Iterable[UUID], rate_percent: int) -> list[UUID]:
    """The findings that a seed draws: the rate of the population, rounded up, at least one of a population that is not empty."""
    ids = sorted(population, key=lambda one: rank_of(seed, one))
    return ids[: -(-len(ids) * rate_percent // 100)]


def preview(
    session: ScopedSession,
    actor: Actor,
    *,
    closed_from: date,
    closed_to: date,
    rate_percent: int,
    seed: str,
    pool: Sequence[UUID] = (),
    now: datetime,
) -> Draw:
    """What a draw would take, without writing anything. ``pool`` are the people who may look; empty means all inspectors.

    Raises InvalidInput and Forbidden.
    """
    _check(closed_from, closed_to, rate_percent, local_day(now))
    require(session, actor, DIRECT, root_unit(session).id, local_day(now))
    population = _population(session, actor, closed_from, closed_to, local_day(now))
    drawn = choose(seed, population, rate_percent)
    return Draw(len(population), drawn, _share_out(session, seed, drawn, pool, local_day(now)))


def draw(
    session: ScopedSession,
    actor: Actor,
    *,
    title: str,
    closed_from: date,
    closed_to: date,
    rate_percent: int,
    due_on: date,
    now: datetime,
    seed: str = "",
    pool: Sequence[UUID] = (),
) -> RecheckSample:
    """Draw a sample and hand it out (抽取回头看); the seed is recorded, a new one unless the preview's is given.

    Raises InvalidInput (bad dates or rate, nothing to draw) and Forbidden.
    """
    day = local_day(now)
    said = title.strip()[:LONGEST_TITLE]
    if not said or due_on <= day:
        field, remedy = ("title", N_("请填写名称")) if not said else ("due_on", N_("请填今天以后的日期"))
        raise InvalidInput(faults=[Fault(N_("填写不完整"), field, value=str(due_on), remedy=remedy)])
    chosen = seed or secrets.token_hex(8)
    found = preview(
        session,
        actor,
        closed_from=closed_from,
        closed_to=closed_to,
        rate_percent=rate_percent,
        seed=chosen,
        pool=pool,
        now=now,
    )
    if not found.drawn:
        remedy = N_("请放宽销号日期")
        raise InvalidInput(faults=[Fault(N_("这段时间没有可抽的已销号问题"), "closed_from", remedy=remedy)])
    sample = RecheckSample(
        title=said,
        closed_from=closed_from,
        closed_to=closed_to,
        rate_percent=rate_percent,
        seed=chosen,
        population=found.population,
        drawn=len(found.drawn),
        body={"pool": [str(one) for one in pool]},
        person_id=actor.person_id,
        person_name=actor.name,
        created_at=now,
    )
    session.add(sample)
    session.flush()
    session.add_all(
        Recheck(sample_id=sample.id, finding_id=one, person_id=found.people.get(one), due_on=due_on, created_at=now)
        for one in found.drawn
    )
    record(session, actor, "recheck.draw", "recheck_sample", sample.id, seed=chosen, drawn=sample.drawn)
    session.flush()
    return sample


def handlers_of(session: Session, finding_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Everybody who ever took a step at some findings."""
    found: dict[UUID, set[UUID]] = {one: set() for one in finding_ids}
    rows = session.execute(
        select(FindingEvent.finding_id, FindingEvent.person_id)
        .where(FindingEvent.finding_id.in_(finding_ids), FindingEvent.person_id.is_not(None))
        .distinct()
    )
    for finding_id, person_id in rows:
        if person_id is not None:
            found[finding_id].add(person_id)
    return found


def _check(closed_from: date, closed_to: date, rate_percent: int, today: date) -> None:
    faults = []
    if closed_to < closed_from or closed_from > today:
        value = f"{closed_from} - {closed_to}"
        faults.append(Fault(N_("销号日期范围不对"), "closed_from", value=value, remedy=N_("请填先后两个日期")))
    if not 1 <= rate_percent <= 100:
        faults.append(Fault(N_("抽样比例不对"), "rate_percent", value=str(rate_percent), remedy=N_("请填 1 到 100")))
    if faults:
        raise InvalidInput(faults=faults)


def _population(session: Session, actor: Actor, start: date, end: date, on: date) -> list[UUID]:
    """What was closed as fixed in the days, is closed still, and waits for no other re-inspection."""
    waiting = exists().where(
        Recheck.tenant_id == actor.tenant.id, Recheck.finding_id == Finding.id, Recheck.state == "due"
    )
    query = select(Finding.id).where(
        Finding.state == CLOSED,
        Finding.outcome.in_(FIXED),
        Finding.closed_at >= datetime.combine(start, time(0), ZONE),
        Finding.closed_at < datetime.combine(end + _DAY, time(0), ZONE),
        ~waiting.correlate(Finding),
        sees_finding(actor, on),
    )
    return list(session.scalars(query))


def _share_out(
    session: ScopedSession, seed: str, drawn: Sequence[UUID], pool: Sequence[UUID], on: date
) -> dict[UUID, UUID | None]:
    """Give each finding to the person of the pool who has fewest so far, never to a handler or to the fixer's own unit."""
    people = _pool(session, pool, on)
    handlers = handlers_of(session, drawn)
    leads = dict(
        session.execute(
            select(Part.finding_id, Part.unit_id).where(
                Part.finding_id.in_(drawn), Part.leading, Part.ended_at.is_(None)
            )
        ).all()
    )
    load = dict.fromkeys(people, 0)
    found: dict[UUID, UUID | None] = {}
    for one in drawn:
        able = [p for p, units in people.items() if p not in handlers[one] and leads.get(one) not in units]
        best = min(able, key=lambda p: (load[p], rank_of(seed, p)), default=None)
        found[one] = best
        if best is not None:
            load[best] += 1
    return found


def _pool(session: ScopedSession, pool: Sequence[UUID], on: date) -> dict[UUID, set[UUID]]:
    """The people who may look, each with the units of his posts and all units above them."""
    query = (
        select(Person.id, Post.role, Post.campaign, UnitPath.ancestor_id)
        .join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(UnitPath, (UnitPath.tenant_id == Post.tenant_id) & (UnitPath.unit_id == Post.unit_id))
        .where(
            Person.state == "active",
            Holding.valid_from <= on,
            (Holding.valid_to.is_(None)) | (Holding.valid_to > on),
            UnitPath.valid_from <= on,
            (UnitPath.valid_to.is_(None)) | (UnitPath.valid_to > on),
        )
    )
    if pool:
        query = query.where(Person.id.in_(pool))
    able: set[UUID] = set()
    units: dict[UUID, set[UUID]] = {}
    for person_id, role, campaign, ancestor_id in session.execute(query):
        if verbs_of(role, campaign) & {VISIT, CHECK}:
            able.add(person_id)
        units.setdefault(person_id, set()).add(ancestor_id)
    return {person_id: held for person_id, held in units.items() if person_id in able}
