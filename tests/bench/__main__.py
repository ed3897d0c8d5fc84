"""``python -m tests.bench`` (测速): how long the main acts take, on an embedded server of its own; it prints and never judges.

Wanted: onboarding 小店区 under 3 s, a visit of three forms answered in under 100 ms at the median on 2 cores (issue 2); the
filtered list page of 100 000 findings under 60 ms at the median and 200 ms at p99 under 8 clients (issue 3).
``--figures`` measures what issue 4 wants, against its peers, and writes docs/performance.md. ``--tasks`` measures what issue 6
wants of 100 000 tasks and writes that page's part on tasks. ``--json`` prints one JSON object, ``--quick`` runs fewer rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url, select, text

from core.app import create_app
from core.campaigns.registry import installed
from core.cli.ground import Ground as CommandGround
from core.database import upgrade
from core.databases import Urls, create_database
from core.embedded import EmbeddedServer
from core.figures.grants import give_grant
from core.figures.periods import containing
from core.figures.publishing import publish
from core.figures.scores import score_campaign
from core.instance import Instance
from core.request import COOKIE
from core.settings import ZONE, Settings
from core.work.accounts import create_user, open_login
from core.work.invitations import join, make_api_token
from core.work.onboarding import create_bureau, create_district
from core.work.tables import Site
from tenants.access import Actor, TenantRef
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.bench.figures import run_figures
from tests.bench.lists import settle, time_lists
from tests.bench.pages import put_part, tasks_part
from tests.bench.tasks import time_tasks
from tests.factory import add_actor, add_site, come_in
from tests.figures.build import Made, fill, make
from tests.work.market import ANSWERS, Town, town
from tests.work.pictures import jpeg

PERFORMANCE = Path(__file__).parents[2] / "docs" / "performance.md"
SECRET = "a secret of the bench, long enough to sign with"


@dataclass
class Timing:
    """One act, timed several times (一项计时), in milliseconds."""

    name: str
    wanted: str = ""
    times: list[float] = field(default_factory=list)

    @contextmanager
    def taking(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.times.append((time.perf_counter() - begun) * 1000)

    def repeat(self, rounds: int, act: Callable[[], object], *, warm: int = 1) -> Timing:
        for _ in range(warm):
            act()
        for _ in range(rounds):
            with self.taking():
                act()
        return self

    @property
    def line(self) -> dict[str, object]:
        low, middle, high = min(self.times), statistics.median(self.times), max(self.times)
        last = sorted(self.times)[max(-(-len(self.times) * 99 // 100) - 1, 0)]
        return {
            "act": self.name,
            "n": len(self.times),
            "min_ms": round(low, 2),
            "median_ms": round(middle, 2),
            "p99_ms": round(last, 2),
            "max_ms": round(high, 2),
            "wanted": self.wanted,
        }


@dataclass
class Ground:
    """A migrated database on a server of its own, and the application on it (测速场地)."""

    urls: Urls
    wall: Wall
    files: Path
    app: Flask


@contextmanager
def ground() -> Iterator[Ground]:
    """Start an embedded server with the product's own settings; nothing stays behind."""
    root = not os.geteuid()
    folder = Path("/var/lib") / f"sancheng-bench-{uuid.uuid4().hex[:8]}" if root else Path(tempfile.mkdtemp())
    files = Path(tempfile.mkdtemp(prefix="sancheng-bench-files-"))
    server = EmbeddedServer(Instance.at(folder / "instance"))
    try:
        urls = server.start()
        create_database(urls.superuser, "bench")
        urls = urls.for_database("bench")
        upgrade(urls.owner, SECRET)
        wall = Wall(urls.app, SECRET)
        yield Ground(urls, wall, files, create_app(Settings(urls.app, SECRET, files), wall=wall))
        wall.dispose()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(files, ignore_errors=True)


def time_onboarding(at: Ground, rounds: int) -> list[Timing]:
    """小店区 from the national list, three campaigns, under a slug of its own each time."""
    found = Timing("onboard 140105 (10 + 152 units, 3 campaigns)", "< 3000 ms")
    keys = tuple(installed().campaigns)
    today = now().astimezone(ZONE).date()

    def act() -> None:
        with at.wall.platform() as session:
            made = create_district(
                session, at.wall.open, division="140105", slug=f"x{uuid.uuid4().hex[:8]}", campaigns=keys, today=today
            )
        assert made.units == {"2": 10, "3": 152}, made.units

    return [found.repeat(rounds, act, warm=0)]


def key_of(at: Ground, ref: TenantRef, person_id: uuid.UUID) -> dict[str, str]:
    """The headers of a machine's key."""
    with at.wall.open(ref.id) as session:
        token = make_api_token(session, None, ref.slug, person_id, name="测速")
        session.commit()
    return {"Authorization": f"Bearer {token}"}


def time_visits(at: Ground, rounds: int) -> list[Timing]:
    """A produce market of three forms through the API: with ten findings and a photo, with none, and sent again."""
    place: Town = town(at.wall)
    client, headers = at.app.test_client(), key_of(at, place.ref, place.inspector.person_id)
    path = f"/api/v1/t/{place.ref.slug}/visits"
    photo = client.post(
        f"/api/v1/t/{place.ref.slug}/photos", data=jpeg(), content_type="image/jpeg", headers=headers
    ).get_json()["id"]
    good = {code: answer | ({"yes": True} if "yes" in answer else {}) for code, answer in ANSWERS.items()}
    good |= {"toilet_clean": {"rating": 10}, "parking_offences": {"count": 0}, "illegal_posters": {"count": 0}}
    last: dict[str, object] = {}

    def send(answers: object, status: int, body: dict[str, object] | None = None) -> None:
        sent = body or {
            "id": str(new_id()),
            "site_id": str(place.market),
            "answers": answers,
            "photos": {"toilet_clean": [photo]},
        }
        made = client.post(path, json=sent, headers=headers)
        assert made.status_code == status, made.text
        last.update(sent)

    bad = Timing("submit a visit of 3 forms, 34 questions, 10 findings, 1 photo (API)", "< 100 ms at the median")
    bad.repeat(rounds, lambda: send(ANSWERS, 201), warm=3)
    few = Timing("the same with few findings (API)", "< 100 ms at the median").repeat(rounds, lambda: send(good, 201))
    again = Timing("the same visit sent again (API)").repeat(rounds, lambda: send(None, 200, dict(last)))
    plan = Timing("what is due at the site (API)")
    plan.repeat(rounds, lambda: client.get(f"{path}/plan?site={place.market}", headers=headers))
    return [bad, few, again, plan]


def time_scores(at: Ground, rounds: int) -> tuple[list[Timing], Made]:
    """One campaign of a district of 90 days with 900 visits."""
    with at.wall.platform() as session:
        city = create_bureau(session, at.wall.open, name="测速市", slug="cesu", today=now().date()).tenant
    made = make(at.wall, *installed().campaigns.values(), upper_id=city.id)
    last = now().astimezone(ZONE).date()
    fill(at.wall, made, first=last - timedelta(days=89), days=90, per_day=10)
    period, found = containing("quarter", last), []
    for campaign in installed().campaigns.values():
        timing = Timing(f"score {campaign.key}, a district of 90 days, 900 visits")

        def act(campaign=campaign) -> None:
            with at.wall.open(made.district.ref.id) as session:
                score_campaign(session, None, campaign, campaign.edition, period, cut_off=now())

        found.append(timing.repeat(rounds, act))
    return found, made


def logged_in(at: Ground, ref: TenantRef, person_id: uuid.UUID) -> FlaskClient:
    """A browser of a person."""
    with at.wall.platform() as session:
        user = create_user(session, login=f"b{uuid.uuid4().hex[:8]}", name="测速", password=None)
        session.flush()
        join(session, ref.id, user, person_id)
        token = open_login(session, user, device="", now=now())
        session.commit()
    client = at.app.test_client()
    client.set_cookie(COOKIE, token)
    return client


def time_comparison(at: Ground, rounds: int) -> list[Timing]:
    """The city's page with ten districts that published three campaigns each."""
    with at.wall.platform() as session:
        city = create_bureau(session, at.wall.open, name="比较市", slug="bijiao", today=now().date()).tenant
    period = containing("month", now().astimezone(ZONE).date())
    for number in range(10):
        made = make(at.wall, *installed().campaigns.values(), name=f"第{number}区", upper_id=city.id)
        fill(at.wall, made, first=period.start, days=5, per_day=4, seed=number)
        with made.district.session(at.wall) as session:
            for campaign in made.campaigns:
                give_grant(session, None, city, campaign.key, "indicators", period.start, issuer=made.district.ref)
                publish(session, None, campaign, campaign.edition, period, now=now(), issuer=made.district.ref)
            session.commit()
    with at.wall.open(city.id) as session:
        root = session.execute(text("SELECT id FROM unit WHERE kind = 'city'")).scalar_one()
    bureau = add_actor(at.wall, city, "bureau", root)
    client = logged_in(at, city, bureau.person_id)
    found = []
    for path in (f"/c/{city.slug}/comparison", f"/t/{city.slug}/"):
        assert client.get(path).status_code == 200, path
        found.append(
            Timing(f"page {path}, 10 districts x 3 campaigns").repeat(rounds, lambda path=path: client.get(path))
        )
    return found


def time_wall(at: Ground, rounds: int) -> list[Timing]:
    """A list of 50 of 2 000 sites through the wall, and the same without policies as the superuser."""
    place = town(at.wall)
    with at.wall.open(place.ref.id) as session:
        for number in range(2000):
            add_site(session, place.district.communities[0], "produce_market", name=f"点位{number}")
        session.commit()
    chosen = select(Site).order_by(Site.pinyin, Site.id).limit(50)

    def scoped() -> None:
        with at.wall.open(place.ref.id) as session:
            assert len(session.execute(chosen).all()) == 50

    through = Timing("a list of 50 of 2 000 sites through the wall (open, sign, read)").repeat(rounds * 2, scoped)
    parts = make_url(at.urls.superuser)
    host = parts.query.get("host", parts.host)
    with psycopg.connect(
        host=str(host), port=parts.port, user=parts.username, password=parts.password, dbname=parts.database
    ) as plain:
        query = "SELECT * FROM site WHERE tenant_id = %s ORDER BY pinyin, id LIMIT 50"

        def unscoped() -> None:
            assert len(plain.execute(query, [place.ref.id]).fetchall()) == 50
            plain.commit()

        without = Timing("the same rows as the superuser, plain psycopg, no policy").repeat(rounds * 2, unscoped)

    def empty() -> None:
        with at.wall.open(place.ref.id) as session:
            session.execute(text("SELECT 1")).one()

    cost = Timing("a session that asks for 1 (open, sign, begin, end)").repeat(rounds * 2, empty)
    return [through, without, cost]


def time_large_ledger(at: Ground, *, quick: bool) -> list[Timing]:
    """The lists of 100 000 findings (10 000 with --quick) under eight clients."""
    count, seconds = (10_000, 5.0) if quick else (100_000, 30.0)
    measured = time_lists(at.wall, CommandGround(at.urls, SECRET, at.files / "files"), count=count, seconds=seconds)
    wanted = "< 60 ms at the median, < 200 ms at p99"
    return [Timing(name, wanted if "clients" in name else "", times) for name, times in measured]


def time_many_tasks(at: Ground, *, quick: bool) -> list[Timing]:
    """The list of 100 000 tasks, an import of 12 000, a day's ranks (a tenth of each with --quick)."""

    def log_in(who: Actor) -> tuple[FlaskClient, str]:
        token, csrf = come_in(at.wall, who)
        client = at.app.test_client()
        client.set_cookie(COOKIE, token)
        return client, csrf

    count, brought, rounds = (10_000, 1200, 3) if quick else (100_000, 12_000, 15)
    measured = time_tasks(at.wall, log_in, count=count, brought=brought, rounds=rounds, settle=lambda: settle(at.urls))
    return [Timing(name, wanted, times) for name, wanted, times in measured]


def tell(line: str) -> None:
    """How far a long run is."""
    print(line, file=sys.stderr, flush=True)


def show(found: list[Timing]) -> None:
    """The table for people."""
    print(f"{'act':<74}{'n':>4}{'min':>10}{'median':>10}{'p99':>10}{'max':>10}  wanted")
    for one in found:
        said = one.line
        numbers = f"{said['n']:>4}{said['min_ms']:>10}{said['median_ms']:>10}{said['p99_ms']:>10}{said['max_ms']:>10}"
        print(f"{said['act']:<74}{numbers}  {said['wanted']}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--figures", action="store_true", help="issue 4 alone: scale, and ratios to the peers")
    parser.add_argument(
        "--tasks", action="store_true", help="issue 6 alone: the list, the import and the ranks of tasks"
    )
    parser.add_argument("--tenants", type=int, help="districts of --figures; the whole nation without it")
    parser.add_argument("--stage", type=Path, help="folder in which --figures keeps what it lays, to measure it again")
    given = parser.parse_args()
    if given.figures:
        page = run_figures(quick=given.quick, tell=tell, tenants=given.tenants, keep=given.stage)
        PERFORMANCE.write_text(put_part(page, PERFORMANCE.read_text()))
        print(page)
        return
    if given.tasks:
        with ground() as at:
            found = time_many_tasks(at, quick=given.quick)
        show(found)
        part = tasks_part([one.line for one in found], os.cpu_count() or 1, os.getloadavg()[1])
        if not given.quick:
            PERFORMANCE.write_text(put_part(PERFORMANCE.read_text(), part))
        return
    rounds = 5 if given.quick else 20
    with ground() as at:
        found = time_onboarding(at, 3 if given.quick else 5)
        found += time_visits(at, rounds)
        found += time_scores(at, rounds)[0]
        found += time_comparison(at, rounds)
        found += time_wall(at, rounds)
        found += time_large_ledger(at, quick=given.quick)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "times": [one.line for one in found]}
    if given.json:
        print(json.dumps(machine, ensure_ascii=False))
    else:
        print(f"Python {machine['python']}, {machine['cores']} cores; milliseconds")
        show(found)


if __name__ == "__main__":
    main()
