"""The job worker (后台任务进程): one normal scope a job, one commit at its end; it connects to the queue directly."""

from __future__ import annotations

import logging

from procrastinate import App, PsycopgConnector
from sqlalchemy.engine import make_url

from core.work.queue import enqueue
from core.work.tidying import tidy_platform, tidy_tenant
from tenants.db import now
from tenants.scope import Wall

LOG = logging.getLogger("sancheng.jobs")
NIGHTLY = "30 3 * * *"


def make_worker(wall: Wall, jobs_url: str) -> App:
    """Build the queue's application with all tasks; ``jobs_url`` belongs to the role that owns the queue's rows only."""
    url = make_url(jobs_url).set(drivername="postgresql").update_query_dict({"options": "-csearch_path=jobs"})
    queue = App(connector=PsycopgConnector(conninfo=url.render_as_string(hide_password=False), min_size=1, max_size=2))

    @queue.periodic(cron=NIGHTLY)
    @queue.task(name="tidy", pass_context=False)
    def tidy(timestamp: int) -> None:
        """Put away old logins, then ask for each tenant's turn inside that tenant's own scope."""
        with wall.platform() as session:
            tenants = tidy_platform(session, now())
            session.commit()
        for tenant_id in tenants:
            with wall.open(tenant_id) as session:
                enqueue(session, "tidy_tenant", lock="tidy")
                session.commit()
        LOG.info("tidied at %s for %s tenants", timestamp, len(tenants))

    @queue.task(name="tidy_tenant")
    def tidy_one(tenant: int) -> None:
        """Put away one tenant's old request replays."""
        with wall.open(tenant) as session:
            tidy_tenant(session, now())
            session.commit()

    return queue


def run_worker(wall: Wall, jobs_url: str, *, wait: bool = True) -> None:
    """Run jobs until a signal says stop; with ``wait=False`` until the queue is empty."""
    make_worker(wall, jobs_url).run_worker(wait=wait, concurrency=1, listen_notify=wait)
