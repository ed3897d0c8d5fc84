"""Draws closed findings to look at again (回头看抽样): at a declared rate, by a recorded seed, for people who did not handle them.

The draw can be repeated by anybody: each closed finding's place in it is SHA-256 of the seed and its id (ours); the smallest
ones are taken. The population is kept with the sample, so that what is closed or reopened later changes nothing of it.
The restricted class is never in a sample (ours): a count of it would tell of it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.calendar import ZONE, local_day
from core.work.journal import record
from core.work.loop.sight import sees_finding
from core.work.loop.states import CLOSED
from core.work.permits import require
from core.work.proofs.recheck_notes import tell_drawn
from core.work.proofs.recheck_people import cases_of, lookers, why_not
from core.work.roles import DIRECT
from core.work.tables import Finding, Recheck, RecheckSample
from core.work.wording import read_text, shown
from tenants.access import Actor, root_unit
from tenants.scope import ScopedSession

FIXED = ("fixed", "on_spot")  # only what is said to be fixed can have come back
LONGEST_TITLE, LONGEST_SEED = 80, 64
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be drawn (抽样条件). ``pool`` are the people who may look; empty means everybody who inspects."""

    closed_from: date
    closed_to: date
    rate_percent: int
    seed: str
    pool: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Draw:
    """What a sample would take (抽样预览): the population, the ids drawn in order, and who would look at each."""

    population: Sequence[UUID]
    drawn: Sequence[UUID]
    people: Mapping[UUID, UUID | None]


def next_seed(session: ScopedSession, secret: str, closed_from: date, closed_to: date, now: datetime) -> str:
    """The seed of the next sample of a period: nobody can choose it, and looking again gives the same one (ours).

    It depends on the installation's secret, the days, today and how many samples there are, not on the rate: another rate
    makes the same list longer or shorter, so that nobody previews until the draw is to his liking.
    """
    count = session.scalar(select(func.count()).select_from(RecheckSample))
    said = f"{session.tenant_id} {closed_from} {closed_to} {local_day(now)} {count}"
    return hmac.new(secret.encode(), f"recheck {said}".encode(), hashlib.sha256).hexdigest()[:16]


def rank_of(seed: str, finding_id: UUID) -> bytes:
    """The place of a finding in a draw."""
    return hashlib.sha256(f"{seed}:{finding_id}".encode()).digest()


def choose(seed: str, population: Iterable[UUID], rate_percent: int) -> list[UUID]:
    """The findings that a seed draws: the rate of the population, rounded up, at least one of a population that is not empty."""
    ids = sorted(population, key=lambda one: rank_of(seed, one))
    return ids[: -(-len(ids) * rate_percent // 100)]


def preview(session: ScopedSession, actor: Actor, wanted: Wanted, *, now: datetime) -> Draw:
    """What a draw would take, without writing anything. Raises InvalidInput and Forbidden."""
    day = local_day(now)
    require(session, actor, DIRECT, root_unit(session).id, day)
    faults = _faults(wanted, day)
    if faults:
        raise InvalidInput(faults=faults)
    population = _population(session, actor, wanted.closed_from, wanted.closed_to, day)
    drawn = choose(wanted.seed, population, wanted.rate_percent)
    return Draw(population, drawn, _share_out(session, wanted.seed, drawn, wanted.pool, day))


def draw(
    session: ScopedSession, actor: Actor, wanted: Wanted, *, title: str, due_on: date, now: datetime
) -> RecheckSample:
    """Draw a sample and hand it out (抽取回头看), with the seed of its preview. The same form again gives the same sample.

    Raises InvalidInput (bad dates or rate, nothing to draw), Conflict (the seed was used for something else), Forbidden.
    """
    # Two draws at once would take the same findings twice.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"recheck {session.tenant_id}", 0))))
    earlier = session.scalars(select(RecheckSample).where(RecheckSample.seed == wanted.seed)).first()
    asked = (wanted.closed_from, wanted.closed_to, wanted.rate_percent)
    if earlier is not None:
        if (earlier.closed_from, earlier.closed_to, earlier.rate_percent, earlier.person_id) != (
            *asked,
            actor.person_id,
        ):
            raise Conflict(N_("这个种子已经用过，请重新预览"))
        return earlier
    found = preview(session, actor, wanted, now=now)
    said = _checked(title, due_on, found, local_day(now))
    sample = RecheckSample(
        title=said,
        closed_from=wanted.closed_from,
        closed_to=wanted.closed_to,
        rate_percent=wanted.rate_percent,
        seed=wanted.seed,
        population=len(found.population),
        drawn=len(found.drawn),
        body={"pool": [str(one) for one in wanted.pool], "population": sorted(map(str, found.population))},
        person_id=actor.person_id,
        person_name=actor.name,
        created_at=now,
    )
    session.add(sample)
    session.flush()
    drawn = [
        Recheck(sample_id=sample.id, finding_id=one, person_id=found.people.get(one), due_on=due_on, created_at=now)
        for one in found.drawn
    ]
    session.add_all(drawn)
    session.flush()
    tell_drawn(session, actor, drawn, now)
    record(session, actor, "recheck.draw", "recheck_sample", sample.id, seed=wanted.seed, drawn=sample.drawn)
    session.flush()
    return sample


def _checked(title: str, due_on: date, found: Draw, today: date) -> str:
    """The title, when everything about the sample is as it should be."""
    faults: list[Fault] = []
    said = read_text(title, "title", faults, LONGEST_TITLE)
    if not said and not faults:
        faults.append(Fault(N_("没有名称"), "title", remedy=N_("请填写名称")))
    if due_on <= today:
        remedy = N_("请填今天以后的日期")
        faults.append(Fault(N_("回头看日期不对"), "due_on", value=due_on.isoformat(), remedy=remedy))
    if not found.drawn:
        remedy = N_("请放宽销号日期")
        faults.append(Fault(N_("这段时间没有可抽的已销号问题"), "closed_from", remedy=remedy))
    if faults:
        raise InvalidInput(faults=faults)
    return said


def _faults(wanted: Wanted, today: date) -> list[Fault]:
    faults: list[Fault] = []
    if wanted.closed_to < wanted.closed_from or wanted.closed_from > today:
        value = f"{wanted.closed_from} - {wanted.closed_to}"
        faults.append(Fault(N_("销号日期范围不对"), "closed_from", value=value, remedy=N_("请填先后两个日期")))
    if not 1 <= wanted.rate_percent <= 100:
        value = str(wanted.rate_percent)
        faults.append(Fault(N_("抽样比例不对"), "rate_percent", value=value, remedy=N_("请填 1 到 100")))
    if not wanted.seed.isascii() or not wanted.seed.isalnum() or len(wanted.seed) > LONGEST_SEED:
        faults.append(Fault(N_("种子不对"), "seed", value=shown(wanted.seed), remedy=N_("请重新预览")))
    return faults


def _population(session: Session, actor: Actor, start: date, end: date, on: date) -> list[UUID]:
    """What was closed as fixed in the days, is closed still, and waits for no other re-inspection."""
    waiting = exists().where(
        Recheck.tenant_id == actor.tenant.id, Recheck.finding_id == Finding.id, Recheck.state == "due"
    )
    query = select(Finding.id).where(
        Finding.state == CLOSED,
        Finding.restricted.is_(False),
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
    """Give each finding to the able person of the pool who has fewest so far; nobody when none is able."""
    people, cases = lookers(session, on, pool), cases_of(session, drawn, on)
    load = dict.fromkeys(people, 0)
    found: dict[UUID, UUID | None] = {}
    for one in drawn:
        able = [person for person, looker in people.items() if not why_not(person, looker, cases[one])]
        best = min(able, key=lambda person: (load[person], rank_of(seed, person)), default=None)
        found[one] = best
        if best is not None:
            load[best] += 1
    return found
