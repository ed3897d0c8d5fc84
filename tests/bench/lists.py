"""The lists of a large ledger under eight clients (清单测速): through the whole application over HTTP, by those who read them.

Wanted (issue 3): a ledger of 100 000 findings, the filtered list page under 60 ms at the median and 200 ms at p99 with
8 clients. Measured is what the server needs (from the request to the last byte of its answer, waiting for
one another included), once with people who read a page before they ask for the next, once with machines that never wait.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask.testing import FlaskClient
from sqlalchemy import make_url

from core.databases import Urls
from tenants.access import Actor
from tenants.scope import Wall
from tests.bench.ledger import Ledger, lay_ledger

CLIENTS = 8
READS = 1.0  # seconds that a person looks at a page before the next one
Browser = Callable[[Actor], FlaskClient]


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


def pages_of(ledger: Ledger, browsers: dict[str, FlaskClient]) -> list[Page]:
    """What is asked for: the three lists, filters one by one and together, and deep pages by cursor."""
    street, line = ledger.units["street"], ledger.units["sanitation"]
    asked = {
        "all": "view=problem",
        "rectification": "view=rectification",
        "responsibility of a department": f"view=responsibility&unit={line}",
        "overdue in a street": f"view=rectification&group=overdue&unit={street}",
        "campaign, category, serious": "campaign=sanitary_city&category=ENV-BIN&severity=serious",
        "a period": "from=2026-03-01&to=2026-03-31",
    }
    found = [Page("HQ", what, query) for what, query in asked.items()]
    found.append(Page("HQ", "page 40 by cursor", f"view=problem&cursor={deep(browsers['HQ'], ledger, 40)}"))
    for who in ("street", "community", "department"):
        found += [Page(who, "all", "view=problem"), Page(who, "rectification", "view=rectification")]
    return found


def deep(client: FlaskClient, ledger: Ledger, pages: int) -> str:
    """The cursor after so many pages."""
    cursor = ""
    for _ in range(pages):
        answer = client.get(f"/t/{ledger.ref.slug}/findings?view=problem&cursor={cursor}")
        found = re.search(r'rel="next" href="[^"]*cursor=([\w-]+)', answer.get_data(as_text=True))
        assert found, answer.status_code
        cursor = found[1]
    return cursor


WHO = {"HQ": "office", "street": "street", "community": "community", "department": "department"}


def ask_all(ledger: Ledger, pages: list[Page], browser: Browser, *, seconds: float, reads: float) -> None:
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
            answer = clients[page.who].get(f"/t/{ledger.ref.slug}/findings?{page.query}")
            took = (time.perf_counter() - begun) * 1000
            assert answer.status_code == 200, (page.name, answer.status_code)
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


def time_lists(
    wall: Wall, urls: Urls, browser: Browser, *, count: int, seconds: float
) -> list[tuple[str, list[float]]]:
    """Each page's times under people, then all pages' together under people and under machines."""
    ledger = lay_ledger(wall, count)
    settle(urls)
    browsers = {who: browser(getattr(ledger, WHO[who])) for who in WHO}
    pages = pages_of(ledger, browsers)
    for page in pages:  # once each, so that nothing is measured for the first time
        browsers[page.who].get(f"/t/{ledger.ref.slug}/findings?{page.query}")
    ask_all(ledger, pages, browser, seconds=seconds, reads=READS)
    found = [(f"{page.name}, {count} findings", page.times) for page in pages if page.times]
    people = [took for page in pages for took in page.times]
    for page in pages:
        page.times = []
    ask_all(ledger, pages, browser, seconds=seconds, reads=0)
    machines = [took for page in pages for took in page.times]
    head = f"all these lists, {CLIENTS} clients"
    return [*found, (f"{head} that read {READS:g} s a page", people), (f"{head} that never wait", machines)]
