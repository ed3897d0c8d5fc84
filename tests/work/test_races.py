"""Sixteen threads over a thousand findings (并发销号): each is closed once, with one line of history; losers learn who won."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from sqlalchemy import func, select

from core.errors import Stale
from core.work.loop.ledger import act
from core.work.tables import Finding, FindingEvent
from tests.conftest import WHOLE
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, lay_finding, town

THREADS, FINDINGS = 16, 1_000 if WHOLE else 200


def test_sixteen_threads_on_a_thousand_findings_close_none_twice(wall, tmp_path) -> None:
    place = town(wall, tmp_path)
    with place.district.session(wall) as session:
        findings = [lay_finding(session, place, "answered").id for _ in range(FINDINGS)]
        session.commit()
    checkers = [place.people["office"], add_actor(wall, place.district.ref, "hq_office", place.district.root, "另一人")]
    won: list[UUID] = []
    lost: Counter[str] = Counter()
    guard = threading.Lock()

    def run(number: int) -> None:
        mine = Counter[str]()
        for finding in random.Random(number).sample(findings, FINDINGS):
            verb, given = ("close", {"outcome": "fixed"}) if number % 4 else ("send_back", {"note": "再查"})
            with place.district.session(wall) as session:
                try:
                    act(session, checkers[number % 2], finding, verb, version=1, now=THURSDAY, **given)
                    session.commit()
                    won.append(finding)
                except Stale as error:
                    mine[f"{error.params['version']} {error.params['state_code']} {error.text()}"] += 1
        with guard:
            lost.update(mine)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(run, number) for number in range(THREADS)]:
            done.result()
    assert sorted(won) == sorted(findings)
    assert lost.total() == (THREADS - 1) * FINDINGS
    assert all(said.startswith(("2 closed ", "2 rectifying ")) for said in lost)
    assert all("演示office" in said or "另一人" in said for said in lost)
    with place.district.session(wall) as session:
        lines = session.execute(
            select(FindingEvent.version, func.count()).group_by(FindingEvent.version).order_by(FindingEvent.version)
        ).all()
        assert [tuple(line) for line in lines] == [(1, FINDINGS), (2, FINDINGS)]
        assert session.scalar(select(func.count()).select_from(Finding).where(Finding.version == 2)) == FINDINGS
