"""The job worker (后台任务进程): one normal scope a job, one commit at its end; it connects to the queue directly."""

from __future__ import annotations

import logging

from procrastinate import App, PsycopgConnector
from sqlalchemy.engine import make_url

from core.jobs.turns import NIGHTLY, OFTEN, ask_turns, take_turn
from core.work.queue import TURN
from core.work.tidying import tidy_platform
from tenants.db import now
from tenants.scope import Wall

LOG = logging.getLogger("sancheng.jobs")
NIGHT = "5 16 * * *"  # by UTC: five past midnight where the districts are
EVERY_TEN_MINUTES = "*/10 * * * *"


def make_worker(wall: Wall, jobs_url: str) -> App:
    """Build the queue's application with all tasks; ``jobs_url`` belongs to the role that owns the queue's rows only."""
    url = make_url(jobs_url).set(drivername="postgresql").update_query_dict({"options": "-csearch_path=jobs"})
    queue = App(connector=PsycopgConnector(conninfo=url.render_as_string(hide_password=False), min_size=1, max_size=2))

    @queue.periodic(cron=NIGHT)
    @queue.task(name="nightly", pass_context=False)
    def nightly(timestamp: int) -> None:
        """Put away old logins, then ask for each tenant's night."""
        with wall.platform() as session:
            tidy_platform(session, now())
            session.commit()
        LOG.info("night of %s for %s tenants", timestamp, ask_turns(wall, NIGHTLY))

    @queue.periodic(cron=EVERY_TEN_MINUTES)
    @queue.task(name="often", pass_context=False)
    def often(timestamp: int) -> None:
        """Ask for each tenant's turn: reminders, time-outs, the ladder, whistles."""
        LOG.debug("turns of %s for %s tenants", timestamp, ask_turns(wall, OFTEN))

    @queue.periodic(cron=EVERY_TEN_MINUTES)
    @queue.task(name="take_up", pass_context=False)
    async def take_up(timestamp: int) -> None:
        """Ask again for what a worker had begun that is gone: its lock would hold up the tenant's turns for ever."""
        LOG.debug("at %s %s jobs of lost workers", timestamp, await take_up_lost(queue))

    @queue.task(name=TURN)
    def turn(tenant: int, name: str) -> None:
        """Do one part of one tenant's turn."""
        take_turn(wall, tenant, name, now())

    return queue


async def take_up_lost(queue: App) -> int:
    """Ask again for the jobs of workers that have not been heard of for half a minute; gives how many there were.

    Every part of a turn does each thing once, so that a job which was all but done does no harm.
    """
    lost = list(await queue.job_manager.get_stalled_jobs())
    for job in lost:
        LOG.warning("job %s (%s) was left behind by a worker; it is asked for again", job.id, job.task_name)
        await queue.job_manager.retry_job(job)
    return len(lost)


def run_worker(wall: Wall, jobs_url: str, *, wait: bool = True) -> None:
    """Run jobs until a signal says stop; with ``wait=False`` until the queue is empty. What is done is not kept."""
    queue = make_worker(wall, jobs_url)
    queue.run_worker(wait=wait, concurrency=1, listen_notify=wait, delete_jobs="successful")
