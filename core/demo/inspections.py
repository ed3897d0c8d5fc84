"""The demo's inspections (演示检查): visits with answers from a fixed seed, and findings led through their life."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Campaign
from core.demo.places import Stage, draw_after, liaison_of
from core.settings import ZONE
from core.work.inspection.visit_plan import PlannedQuestion, plan
from core.work.inspection.visits import submit
from core.work.loop.ledger import act
from core.work.tables import Finding, Part
from tenants.scope import ScopedSession

BATCH = 40
FRESH = timedelta(days=12)
OFTEN_ABSENT = frozenset({"live_poultry_zone", "live_poultry_slaughter", "live_poultry_hygiene"})


def days_between(first: date, last: date) -> list[date]:
    """All days from the first to the last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def play_visits(
    session: ScopedSession, stage: Stage, campaigns: list[Campaign], first: date, until: datetime
) -> Iterator[int]:
    """Submit the district's visits in order of time; yields after every batch, so that the caller commits."""
    random = Random(stage.part.seed)  # noqa: S311 - a fixed seed is the point
    days = days_between(first, until.astimezone(ZONE).date())
    total = stage.part.visits * len(days) // 30
    # Districts with the same seed share days, sites and answers; the number differs with the district.
    own = Random(f"{stage.part.division}-{stage.part.seed}")  # noqa: S311 - numbers, not secrets
    moments = sorted((random.choice(days), random.randrange(9 * 60, 17 * 60)) for _ in range(total))
    for number, (day, minute) in enumerate(moments, 1):
        visit_id = UUID(int=own.getrandbits(128), version=4)
        site_id, types = stage.sites[random.randrange(len(stage.sites))]
        trend = (day - first).days / max(1, len(days)) * 0.06
        answers, photos = answer_all(random, stage, plan(types, campaigns), stage.part.quality + trend)
        at = datetime.combine(day, time(minute // 60, minute % 60), ZONE)
        if not answers or at > until:
            continue
        actor = stage.actors["演示检查员甲" if number % 2 else "演示检查员乙"]
        submit(
            session,
            actor,
            campaigns=campaigns,
            visit_id=visit_id,
            site_id=site_id,
            answers=answers,
            photos=photos,
            started_at=at - timedelta(minutes=12),
            note="演示数据",
            now=at,
        )
        if number % BATCH == 0:
            yield number
    yield total


def answer_all(random: Random, stage: Stage, due: Any, quality: float) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Answer every question of a visit; what is bad gets a photo."""
    answers: dict[str, Any] = {}
    photos: dict[str, list[str]] = {}
    for group in due.groups:
        for asked in group.questions:
            good = random.random() < quality
            if asked.code in OFTEN_ABSENT and stage.part.seed % 2:
                answers[asked.code] = {"na": True}
                continue
            answers[asked.code] = answer(random, asked, good=good)
            if not good and stage.photos:
                photos[asked.code] = [random.choice(stage.photos)]
    return answers, photos


def answer(random: Random, asked: PlannedQuestion, *, good: bool) -> dict[str, Any]:
    """One answer of the question's type, good or bad."""
    kind = asked.question.answer_type
    if kind == "yes_no":
        return {"yes": good}
    if kind == "rating10":
        return {"rating": random.randint(8, 10) if good else random.randint(3, 6)}
    if kind == "n_of_m":
        m = random.randint(5, 12)
        return {"n": m if good else m - random.randint(1, 3), "m": m}
    if any(one.item.mode == "min_count" for one in asked.items):
        return {"count": random.randint(24, 30) if good else random.randint(0, 1)}
    return {"count": 0 if good else random.randint(1, 4)}


def play_findings(session: ScopedSession, stage: Stage, until: datetime) -> Iterator[int]:
    """Lead most findings through take, answer and check; some late, some sent back once, the newest left open."""
    random = Random(stage.part.seed + 1)  # noqa: S311 - a fixed seed is the point
    chosen = (
        select(Finding.id, Finding.number, Finding.opened_at, Finding.due_at, Part.unit_id)
        .join(Part, (Part.tenant_id == Finding.tenant_id) & (Part.finding_id == Finding.id))
        .where(Part.leading.is_(True), Finding.state == "dispatched", Finding.opened_at < until - timedelta(hours=6))
        .order_by(Finding.opened_at, Finding.number)
    )
    for number, (finding_id, key, opened, due, unit_id) in enumerate(session.execute(chosen).all(), 1):
        session.expunge_all()
        photo = draw_after(session, stage, stage.actors["演示检查员甲"], str(key)) if stage.is_main else ""
        lead(session, stage, random, finding_id, unit_id, opened, due, until, photo=photo)
        if number % BATCH == 0:
            yield number
    yield 0


def lead(
    session: ScopedSession,
    stage: Stage,
    random: Random,
    finding_id: UUID,
    unit_id: UUID,
    opened: datetime,
    due: datetime,
    until: datetime,
    *,
    photo: str = "",
) -> None:
    """Take one finding as far as the clock and its unit's diligence allow; ``photo`` is its own, '' one of the six."""
    liaison = liaison_of(session, stage, unit_id, opened.astimezone(ZONE).date())
    checker = stage.actors["演示创建办"]
    span = due - opened
    pace = random.choice((0.3, 0.5, 0.7, 0.9, 0.9, 1.6)) if random.random() < 0.93 else 9.0
    common = random.choice(stage.photos)
    photos = [photo or common]
    again = random.random() < 0.08
    steps = [
        (liaison, "take", opened + span * min(pace, 1.0) / 3, {}),
        (liaison, "answer", opened + span * pace, {"photos": photos, "note": "已整改（演示数据）"}),
    ]
    if again:
        steps.append((checker, "send_back", opened + span * (pace + 0.05), {"note": "照片看不出整改效果（演示数据）"}))
        steps.append(
            (liaison, "answer", opened + span * (pace + 0.4), {"photos": photos, "note": "重新整改（演示数据）"})
        )
    steps.append((checker, "close", steps[-1][2] + timedelta(hours=2), {"outcome": "fixed"}))
    if until - opened < FRESH and random.random() < 0.6:
        steps = steps[: random.randrange(3)]  # the newest are still under way: not taken, taken, or waiting for a check
    version, before = 1, opened
    for actor, verb, moment, given in steps:
        at = before = max(before + timedelta(minutes=7), in_office(moment))
        if at > until:
            return
        version = act(session, actor, finding_id, verb, version=version, now=at, **given).version


def in_office(moment: datetime) -> datetime:
    """The moment, moved into the working hours of its day: nobody closes findings at night."""
    local = moment.astimezone(ZONE)
    return local.replace(hour=min(max(local.hour, 9), 17))
