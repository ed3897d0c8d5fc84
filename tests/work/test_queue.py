"""Jobs: queued in the asker's own transaction, stamped by the database, run in a normal scope of their tenant."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.databases import Urls, connect
from core.jobs.worker import make_worker, run_worker, take_up_lost
from core.work.queue import enqueue
from core.work.tables import Idempotency
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import District, bare_district


def old_reply(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        row = Idempotency(person_id=new_id(), key="old", request_sha256=b"x", status=200, body="{}")
        row.created_at = now() - timedelta(days=3)
        session.add(row)
        session.commit()


def replies(wall: Wall, district: District) -> int:
    with district.session(wall) as session:
        return len(session.scalars(select(Idempotency)).all())


def jobs(urls: Urls) -> int:
    database = urls.app.rsplit("/", 1)[-1].split("?")[0]
    with connect(urls.superuser, database=database) as connection:
        row = connection.execute("SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = 'todo'").fetchone()
        return int(row[0]) if row else -1


def test_a_job_runs_for_its_own_district_only_and_only_after_the_commit(own_wall: Wall, own_urls: Urls) -> None:
    wall, urls = own_wall, own_urls
    mine, other = bare_district(wall, "甲区"), bare_district(wall, "乙区")
    old_reply(wall, mine)
    old_reply(wall, other)
    before = jobs(urls)
    with mine.session(wall) as session:
        enqueue(session, "turn", lock="tidy", name="tidy")
        session.rollback()
    assert jobs(urls) == before
    with mine.session(wall) as session:
        enqueue(session, "turn", lock="tidy", name="tidy", tenant=other.ref.id)
        session.commit()
    assert jobs(urls) == before + 1
    run_worker(wall, urls.jobs, wait=False)
    assert jobs(urls) == 0
    assert (replies(wall, mine), replies(wall, other)) == (0, 1)


def kept(urls: Urls, status: str) -> int:
    database = urls.app.rsplit("/", 1)[-1].split("?")[0]
    with connect(urls.superuser, database=database) as connection:
        row = connection.execute("SELECT count(*) FROM jobs.procrastinate_jobs WHERE status = %s", [status]).fetchone()
        return int(row[0]) if row else -1


def leave_behind(urls: Urls, heard_before: str) -> None:
    """Let the one job be begun by a worker that was last heard of so long ago, as a machine without power leaves it."""
    database = urls.app.rsplit("/", 1)[-1].split("?")[0]
    with connect(urls.superuser, database=database) as connection:
        connection.execute("SET search_path = jobs")
        connection.execute(
            "WITH gone AS (INSERT INTO jobs.procrastinate_workers (last_heartbeat) "
            "VALUES (now() - %s::interval) RETURNING id) "
            "UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM gone) "
            "WHERE status = 'todo'",
            [heard_before],
        )


@pytest.mark.parametrize(("heard_before", "lost"), [("1 hour", 1), ("1 second", 0)])
def test_what_a_lost_worker_left_is_asked_for_again(
    own_wall: Wall, own_urls: Urls, heard_before: str, lost: int
) -> None:
    mine = bare_district(own_wall, "甲区")
    old_reply(own_wall, mine)
    with mine.session(own_wall) as session:
        enqueue(session, "turn", lock="tidy", name="tidy")
        session.commit()
    leave_behind(own_urls, heard_before)

    async def take_up() -> int:
        queue = make_worker(own_wall, own_urls.jobs)
        async with queue.open_async():
            return await take_up_lost(queue)

    assert asyncio.run(take_up()) == lost
    assert kept(own_urls, "doing") == 1 - lost
    if lost:
        run_worker(own_wall, own_urls.jobs, wait=False)
        assert replies(own_wall, mine) == 0
        assert kept(own_urls, "succeeded") == 0
