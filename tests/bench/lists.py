"""The lists of a large ledger under eight clients (清单测速): the product's own web server over HTTP, asked by those who read them.

Wanted (issue 3): a ledger of 100 000 findings, the filtered list page under 60 ms at the median and 200 ms at p99 with
8 clients. Measured is what a client waits for, from the request to the last byte of the answer over a kept connection,
once with people who read a page before they ask for the next, once with machines that never wait.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any
from urllib.parse import quote

import psycopg
from sqlalchemy import make_url, select

from core.cli.ground import Ground
from core.cli.server import gunicorn_command
from core.databases import Urls
from core.request import COOKIE
from core.work.desk.bulk_steps import MOST as BULK
from core.work.desk.bulk_steps import act_on_all, step_of
from core.work.tables import Finding
from tenants.access import Actor
from tenants.db import now
from tenants.scope import Wall
from tests.bench.ledger import Ledger, lay_ledger
from tests.browser.running import free_port
from tests.factory import come_in

CLIENTS = 8
READS = 1.0  # seconds that a person looks at a page before the next one
WORKERS = 2  # as `sancheng serve` starts


class Browser:
    """A person's browser (浏览器): one kept connection, and the cookies that it was given."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = {COOKIE: token}

    def get(self, path: str) -> tuple[int, str]:
        said = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": said, "Accept-Language": "zh"}
        try:
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
        except (RemoteDisconnected, ConnectionResetError):  # it was idle too long; browsers ask again, too
            self.connection.close()
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
        for given in answer.headers.get_all("Set-Cookie", []):
            name, _, value = given.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read().decode()


Opener = Callable[[Actor], Browser]


@contextmanager
def product(ground: Ground) -> Iterator[int]:
    """The product's web server, started as ``sancheng serve`` starts it; gives its port."""
    port = free_port()
    command = gunicorn_command(ground, f"127.0.0.1:{port}", WORKERS)
    with subprocess.Popen(command.argv, env={**os.environ, **command.env}) as child:
        try:
            while not command.is_ready():
                assert child.poll() is None, "the web server did not start"
                time.sleep(0.2)
            yield port
        finally:
            child.terminate()


@dataclass
class Page:
    """One page that is asked for (测速页面), with what each answer took, in milliseconds."""

    who: str
    what: str
    query: str
    times: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The line's name."""
        return f"list, {self.who}: {self.what}"


def pages_of(ledger: Ledger, browsers: dict[str, Browser]) -> list[Page]:
    """What is asked for: the three lists, filters one by one and together, and deep pages by cursor."""
    street, line = ledger.units["street"], ledger.units["sanitation"]
    asked = {
        "all": "view=problem",
        "rectification": "view=rectification",
        "responsibility of a department": f"view=responsibility&unit={line}",
        "overdue in a street": f"view=rectification&group=overdue&unit={street}",
        "campaign, category, serious": "campaign=sanitary_city&category=ENV-BIN&severity=serious",
        "a period": "from=2026-03-01&to=2026-03-31",
        "a site by name": "q=点位0042",
        "as of a day": "view=rectification&as_of=2026-09-01",
    }
    found = [Page("HQ", what, query) for what, query in asked.items()]
    found.append(Page("HQ", "page 40 by cursor", f"view=problem&cursor={deep(browsers['HQ'], ledger, 40)}"))
    for who in ("street", "community", "department"):
        found += [Page(who, "all", "view=problem"), Page(who, "rectification", "view=rectification")]
    return found


def deep(client: Browser, ledger: Ledger, pages: int) -> str:
    """The cursor after so many pages."""
    cursor = ""
    for _ in range(pages):
        status, page = client.get(f"/t/{ledger.ref.slug}/findings?view=problem&cursor={cursor}")
        found = re.search(r'rel="next" href="[^"]*cursor=([\w-]+)', page)
        assert found, status
        cursor = found[1]
    return cursor


WHO = {"HQ": "office", "street": "street", "community": "community", "department": "department"}


def ask_all(ledger: Ledger, pages: list[Page], browser: Opener, *, seconds: float, reads: float) -> None:
    """Eight clients ask for pages in an order of their own until the time is over."""
    until = time.perf_counter() + seconds
    lock = threading.Lock()

    seats = [{who: browser(getattr(ledger, WHO[who])) for who in WHO} for _ in range(CLIENTS)]

    def one(number: int) -> None:
        chance, clients = random.Random(number), seats[number]
        time.sleep(reads * number / CLIENTS)
        while time.perf_counter() < until:
            page = chance.choice(pages)
            begun = time.perf_counter()
            status, _ = clients[page.who].get(f"/t/{ledger.ref.slug}/findings?{quote(page.query, safe='=&')}")
            took = (time.perf_counter() - begun) * 1000
            assert status == 200, (page.name, status)
            with lock:
                page.times.append(took)
            time.sleep(reads and chance.uniform(reads / 2, reads * 1.5))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def settle(urls: Urls) -> None:
    """Let the database know its tables, as autovacuum does within minutes."""
    parts = make_url(urls.superuser)
    where: dict[str, Any] = {"host": str(parts.query.get("host", parts.host)), "port": parts.port}
    with psycopg.connect(
        **where, user=parts.username, password=parts.password, dbname=parts.database, autocommit=True
    ) as plain:
        plain.execute("VACUUM ANALYZE")


def time_lists(wall: Wall, ground: Ground, *, count: int, seconds: float) -> list[tuple[str, list[float]]]:
    """Each page's times under people, then all pages' together under people and under machines."""
    ledger = lay_ledger(wall, count)
    settle(ground.urls)
    with product(ground) as port:
        found = time_pages(wall, ledger, port, seconds=seconds)
    return [*found, (f"one step for {BULK} findings at once", time_bulk(wall, ledger))]


def time_bulk(wall: Wall, ledger: Ledger, rounds: int = 3) -> list[float]:
    """One step of the office for 500 findings at once, taken back each time."""
    times = []
    for _ in range(rounds):
        with wall.open(ledger.ref.id) as session:
            waiting = (Finding.state == "taken") & Finding.restricted.is_(False)
            seen = session.execute(select(Finding.id, Finding.version).where(waiting).limit(BULK)).all()
            versions = dict(seen)
            begun = time.perf_counter()
            step = step_of(ledger.office, "cancel")
            done = act_on_all(session, ledger.office, step, versions, now=now(), note="测速")
            times.append((time.perf_counter() - begun) * 1000)
            assert all(one.refusal is None for one in done)
            session.rollback()
    return times


def time_pages(wall: Wall, ledger: Ledger, port: int, *, seconds: float) -> list[tuple[str, list[float]]]:
    """The same on a ledger that stands and a server that runs."""

    def browser(who: Actor) -> Browser:
        return Browser(port, come_in(wall, who)[0])

    browsers = {who: browser(getattr(ledger, WHO[who])) for who in WHO}
    pages = pages_of(ledger, browsers)
    for page in pages * 2 * WORKERS:  # so that nothing is measured for the first time, in no process
        browsers[page.who].get(f"/t/{ledger.ref.slug}/findings?{quote(page.query, safe='=&')}")
    ask_all(ledger, pages, browser, seconds=seconds, reads=READS)
    found = [(f"{page.name}, {ledger.count} findings", page.times) for page in pages if page.times]
    people = [took for page in pages for took in page.times]
    for page in pages:
        page.times = []
    ask_all(ledger, pages, browser, seconds=seconds, reads=0)
    machines = [took for page in pages for took in page.times]
    head = f"all these lists, {CLIENTS} clients"
    return [*found, (f"{head} that read {READS:g} s a page", people), (f"{head} that never wait", machines)]
