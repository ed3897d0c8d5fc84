"""Measures one market visit (three forms, 37 items, 10 findings) inside the server: run it as a module.

``SANCHENG_TEST_SUPERUSER_URL=... python -m tests.work.bench_visit [rounds]`` prints the median and 95th percentile in ms.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import uuid

from sqlalchemy import event

from core.database import upgrade
from core.databases import Urls, create_database, drop_database
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.work.market import ALL_GOOD, ANSWERS, send, town


def measure(wall: Wall, rounds: int) -> None:
    place = town(wall)
    statements = 0

    @event.listens_for(wall.engine, "before_cursor_execute")
    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    for name, answers in (("10 findings", ANSWERS), ("no finding", ALL_GOOD)):
        taken = []
        for _ in range(rounds):
            before = statements
            start = time.perf_counter()
            with place.district.session(wall) as session:
                send(session, place, answers)
                session.commit()
            taken.append((time.perf_counter() - start) * 1000)
        p95 = statistics.quantiles(taken, n=20)[-1]
        print(
            f"{name}: median {statistics.median(taken):.1f} ms, p95 {p95:.1f} ms, n={rounds}, {statements - before} statements"
        )


def main() -> None:
    superuser = os.environ["SANCHENG_TEST_SUPERUSER_URL"]
    given = {role: superuser.replace("//postgres@", f"//sancheng_{role}@") for role in ("app", "owner", "jobs")}
    name = f"bench_{uuid.uuid4().hex[:10]}"
    create_database(superuser, name)
    urls = Urls(superuser=superuser, **given).for_database(name)
    upgrade(urls.owner, SECRET)
    wall = Wall(urls.app, SECRET)
    try:
        measure(wall, int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    finally:
        wall.dispose()
        drop_database(superuser, name)


if __name__ == "__main__":
    main()
