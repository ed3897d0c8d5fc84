"""Day counts: kept while people write at the same time, equal to a full recount whatever happens, and read exactly."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from core.errors import SanchengError
from core.figures.day_counts import daily, sums_by_code
from core.work.calendar import local_day
from core.work.counting.marking import mark_findings
from core.work.counting.recounting import differences, recount
from core.work.inspection.visit_corrections import correct
from core.work.loop.ledger import act
from core.work.tables import DayCount, DayMark, Finding, Visit
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, THURSDAY, Town, campaigns, send, town

DAY = local_day(THURSDAY)
WRITERS, ACTS = 4, 6


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


def count_all(session: ScopedSession) -> None:
    while recount(session):
        session.commit()
    session.commit()


def marks(session: ScopedSession) -> int:
    return session.scalar(select(func.count()).select_from(DayMark)) or 0


def test_a_visit_marks_its_day_and_the_count_takes_the_mark_away(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        send(session, place)
        session.commit()
        assert marks(session) > 0
        assert recount(session, THURSDAY) == 1
        session.commit()
        assert marks(session) == 0
        assert differences(session) == []
        failed = session.scalar(
            select(DayCount.visits - DayCount.passed).where(DayCount.kind == "item", DayCount.code == "CIV-MARKET-01")
        )
        assert failed is not None
        opened = session.scalar(select(func.sum(DayCount.n)).where(DayCount.kind == "opened"))
        assert opened == len(FAILED)
        assert recount(session) == 0


def test_what_is_rolled_back_leaves_no_mark(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        send(session, place)
        session.rollback()
        assert marks(session) == 0


def test_a_count_that_was_spoilt_is_named(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        send(session, place)
        count_all(session)
        session.execute(
            text(
                "INSERT INTO day_count SELECT tenant_id, day + 1, unit_id, kind, campaign, code, basis, possible, visits,"
                " passed, earned, n, m, raw FROM day_count WHERE tenant_id = :t AND kind = 'form' AND code = 'SAN-MARKET'"
            ),
            {"t": place.ref.id},
        )
        session.execute(
            text("DELETE FROM day_count WHERE tenant_id = :t AND kind = 'form' AND code = 'CIV-MARKET'"),
            {"t": place.ref.id},
        )
        found = {(one.key["code"], one.key["day"]): one for one in differences(session)}
        assert set(found) == {("SAN-MARKET", DAY + timedelta(days=1)), ("CIV-MARKET", DAY)}
        assert found["CIV-MARKET", DAY].kept is None
        assert found["SAN-MARKET", DAY + timedelta(days=1)].counted is None
        assert "CIV-MARKET" in found["CIV-MARKET", DAY].said


def test_numbers_are_exact_while_a_day_is_still_marked(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        send(session, place)
        count_all(session)
        send(session, place, ALL_GOOD)
        assert marks(session) > 0
        assert daily(session, "opened", DAY, DAY) == {DAY: len(FAILED)}
        assert daily(session, "form", DAY, DAY, campaign="civilized_city") == {DAY: 2}
        one = sums_by_code(session, "item", DAY, DAY, campaign="civilized_city")
        session.commit()
        count_all(session)
        assert sums_by_code(session, "item", DAY, DAY, campaign="civilized_city") == one
        sheet = sums_by_code(session, "form", DAY, DAY, campaign="civilized_city")["CIV-MARKET"]
        assert sheet.visits == 2
        assert sheet.percent > Fraction(100)
        none = sums_by_code(session, "form", DAY, DAY, campaign="civilized_city", units=[place.district.street])
        assert none == {}


def test_a_finding_that_closes_reopens_and_is_cancelled_is_counted_each_time(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        finding = send(session, place).findings[0]
        count_all(session)
        for verb, given in (("cancel", {"note": "不是问题"}),):
            act(session, place.office, finding.id, verb, version=1, now=THURSDAY + timedelta(hours=1), **given)
        session.commit()
        assert daily(session, "opened", DAY, DAY) == {DAY: len(FAILED) - 1}
        count_all(session)
        assert differences(session) == []
        assert daily(session, "opened", DAY, DAY) == {DAY: len(FAILED) - 1}


def test_secret_rows_leave_no_mark_and_are_in_no_count(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        made = send(session, place)
        count_all(session)
        session.commit()
    with wall.open(place.ref.id, cleared=True) as session:
        for table in ("visit", "finding"):
            session.execute(text(f"UPDATE {table} SET hidden = true WHERE tenant_id = :t"), {"t": place.ref.id})
        session.commit()
    with wall.open(place.ref.id) as session:
        said = differences(session)
        assert said
        assert all(one.counted is None for one in said)
        assert made.visit.id


def _write(wall: Wall, place: Town, number: int) -> Counter[str]:
    """One person's acts in an order of his own: visits, corrections, steps of findings; refusals are counted."""
    chance, done = random.Random(number), Counter[str]()
    for turn in range(ACTS):
        at = THURSDAY + timedelta(hours=chance.randint(0, 40))
        with place.district.session(wall) as session:
            try:
                done[_act(session, place, chance, at, turn)] += 1
                session.commit()
            except SanchengError as error:
                session.rollback()
                done[type(error).__name__] += 1
    return done


def _act(session: ScopedSession, place: Town, chance: random.Random, at, turn: int) -> str:
    chosen = chance.random()
    if turn == 0 or chosen < 0.4:
        send(session, place, chance.choice([ANSWERS, ALL_GOOD]), now=at)
        return "visit"
    if chosen < 0.6:
        visit = chance.choice(_ids(session, select(Visit.id).where(Visit.replaced_at.is_(None))))
        answers = chance.choice([ANSWERS, ALL_GOOD])
        given = {"campaigns": campaigns(), "new_visit_id": new_id(), "answers": answers, "reason": "看错了", "now": at}
        correct(session, place.office, visit, note=f"第 {turn} 次", **given)  # never just as it was
        return "correction"
    finding = session.get(Finding, (place.ref.id, chance.choice(_ids(session, select(Finding.id)))))
    if finding is None:  # nothing has failed yet
        send(session, place, now=at)
        return "visit"
    verb = "cancel" if finding.state != "cancelled" else "note"
    act(session, place.office, finding.id, verb, version=finding.version, now=at, note="试")
    return verb


def _ids(session: ScopedSession, query) -> list[UUID]:
    return list(session.scalars(query)) or [new_id()]


def test_counts_kept_while_many_write_equal_a_full_recount(wall: Wall, place: Town) -> None:
    """Writers and two counters at the same time; after every count, what is not marked is right, and in the end all is."""
    stop = threading.Event()
    checked = Counter[str]()

    def count() -> None:
        while not stop.is_set():
            with place.district.session(wall) as session:
                checked["days"] += recount(session)
                session.commit()
                assert differences(session) == []
                checked["checks"] += 1

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        counters = [pool.submit(count) for _ in range(2)]
        writers = [pool.submit(_write, wall, place, number) for number in range(WRITERS)]
        wait(writers)
        stop.set()
        wait(counters)
    done = sum((one.result() for one in writers), Counter[str]())
    for one in counters:
        one.result()
    assert done["visit"] >= WRITERS
    assert done["correction"]
    assert done["cancel"]
    assert checked["days"]
    assert checked["checks"] > 3
    with place.district.session(wall) as session:
        count_all(session)
        assert marks(session) == 0
        assert differences(session) == []
        stand = select(func.count()).select_from(Visit).where(Visit.replaced_at.is_(None))
        forms = sum(daily(session, "form", DAY, DAY + timedelta(days=3), campaign="civilized_city").values())
        assert forms == session.scalar(stand)


def test_a_finding_that_named_roles_alone_see_is_in_no_sum(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        send(session, place)
        count_all(session)
        found = session.scalars(select(Finding).order_by(Finding.number)).first()
        assert found
        found.restricted = True
        session.flush()
        mark_findings(session, place.ref.id, [found])
        assert daily(session, "opened", DAY, DAY) == {DAY: len(FAILED) - 1}
        session.commit()
        count_all(session)
        assert daily(session, "opened", DAY, DAY) == {DAY: len(FAILED) - 1}
        assert differences(session) == []
