"""Attainment of a large district (达标测速): ``python -m tests.bench.attainment`` lays 20 000 sites of three campaigns and times the page's statements."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from core.bench.ground import Trial, trial
from core.campaigns import installed
from core.figures.site_attainment.board import read_board
from core.figures.site_attainment.choosing import Choice, choose, read_lines
from core.figures.site_attainment.places import list_standings, read_forms
from core.work.tables import Finding, FindingCampaign, FindingItem, ItemResult, Sheet, Site, SiteKind, Visit
from tenants.db import new_id
from tenants.models import Person
from tenants.scope import ScopedSession
from tests.factory import District, add_actor, bare_district

TODAY = date(2026, 6, 30)
TYPES = (
    "produce_market",
    "supermarket",
    "public_toilet",
    "main_road",
    "housing_estate",
    "small_caterer",
    "school_canteen",
)
LOT = 20_000


def lay(session: ScopedSession, district: District, person: UUID, sites: int, rounds: int) -> dict[str, int]:
    """So many sites, each checked so many times on either track; every sixth check fails an item and opens a finding."""
    chance = random.Random(5)
    rows: dict[Any, list[dict[str, Any]]] = {}
    campaigns = installed().campaigns
    due = {kind: [(c, f) for c in campaigns.values() for f in c.edition.forms_for([kind])] for kind in TYPES}

    def add(table: Any, **row: Any) -> None:
        rows.setdefault(table, []).append({"tenant_id": session.tenant_id} | row)

    for n in range(sites):
        site, kind, unit = new_id(), TYPES[n % len(TYPES)], district.communities[n % 2]
        add(Site, id=site, name=f"点位{n}", pinyin=f"dian wei {n:06d}", unit_id=unit)
        add(SiteKind, site_id=site, site_type=kind, valid_from=date(2020, 1, 1))
        for turn in range(rounds):
            moment = datetime(2026, 1, 1, 2, tzinfo=UTC) + timedelta(minutes=chance.randrange(200_000))
            stamp = {
                "site_id": site,
                "unit_id": unit,
                "day": moment.date(),
                "basis": "verified" if turn % 2 else "self",
            }
            visit, bad = new_id(), chance.random() < 1 / 6
            add(Visit, id=visit, person_id=person, body_sha256=b"x", summary={}, submitted_at=moment, **stamp)
            for campaign, form in due[kind]:
                of = {"visit_id": visit, "campaign": campaign.key, "form": form.code}
                sealed = {"form_sha256": form.sha256, "edition": "e", "edition_sha256": campaign.edition.sha256}
                add(Sheet, **of, **stamp, **sealed, earned=8500 if bad else 9700, possible=10_000, vetoes=[])
                for place, item in enumerate(form.items):
                    said = {"item": item.code, "question": item.question, "earned": 0, "possible": 1000}
                    add(ItemResult, **of, **stamp, **said, outcome="fail" if bad and place == turn % 5 else "pass")
            if bad:
                lay_finding(add, visit, stamp, due[kind], moment, is_open=chance.random() < 0.3)
        if len(rows.get(ItemResult, ())) > LOT * 5:
            write(session, rows)
    write(session, rows)
    return {"sites": sites, "visits": sites * rounds}


def lay_finding(
    add: Callable[..., None],
    visit: UUID,
    stamp: dict[str, Any],
    due: Sequence[Any],
    moment: datetime,
    *,
    is_open: bool,
) -> None:
    """What one visit found, of every campaign that asks there."""
    finding, place = new_id(), {name: stamp[name] for name in ("site_id", "unit_id", "basis")}
    told = {"category": "ENV-LITTER", "title": "问题", "working_days": 1, "opened_at": moment, "due_at": moment}
    state = "rectifying" if is_open else "closed"
    add(Finding, id=finding, visit_id=visit, state=state, version=1, **told, **place)
    for campaign, form in due:
        add(FindingCampaign, finding_id=finding, campaign=campaign.key)
        add(FindingItem, finding_id=finding, campaign=campaign.key, form=form.code, item=form.items[0].code, lost=1)


def write(session: ScopedSession, rows: dict[Any, list[dict[str, Any]]]) -> None:
    """Write what was gathered, in the order of its references."""
    for table in (Site, SiteKind, Visit, Sheet, ItemResult, Finding, FindingCampaign, FindingItem):
        listed = rows.pop(table, [])
        for start in range(0, len(listed), LOT):
            session.execute(insert(table), listed[start : start + LOT])
    session.commit()


def time_attainment(session: ScopedSession, actor: Any, rounds: int = 5) -> dict[str, float]:
    """Milliseconds of the board, a page with and without a state, one card, and the board of a past day: the middle of some tries."""
    now = choose(session, actor, Choice(), TODAY)
    then = choose(session, actor, Choice(as_of=TODAY - timedelta(days=60)), TODAY)
    first = list_standings(session, now.ground, now.scope, limit=1)[0].site_id
    acts: dict[str, Callable[[], object]] = {
        "choose": lambda: choose(session, actor, Choice(), TODAY),
        "board": lambda: read_board(session, now.ground, now.scope),
        "page": lambda: read_lines(session, actor, now, TODAY, limit=51),
        "page, relapsed": lambda: read_lines(session, actor, now, TODAY, states=["relapsed"], limit=51),
        "card": lambda: read_forms(session, now.ground, [first]),
        "board of a past day": lambda: read_board(session, then.ground, then.scope),
    }
    found = {}
    for name, act in acts.items():
        times = []
        for _ in range(rounds):
            begun = perf_counter()
            act()
            times.append((perf_counter() - begun) * 1000)
        found[name] = round(median(times), 1)
    return found


def run(at: Trial, sites: int, rounds: int) -> dict[str, float]:
    """Lay a district and time it."""
    edition = {key: (one.edition.key, one.edition.sha256) for key, one in installed().campaigns.items()}
    district = bare_district(at.wall, campaigns=edition)
    actor = add_actor(at.wall, district.ref, "hq_office", district.root)
    with district.session(at.wall) as session:
        person = Person(name="检查员")
        session.add(person)
        session.commit()
        sys.stdout.write(f"{lay(session, district, person.id, sites, rounds)}\n")
    at.settle()
    with district.session(at.wall) as session:
        return time_attainment(session, actor)


def main(sites: int = 20_000, rounds: int = 4) -> None:
    """On a server of its own."""
    with trial(name="attainment") as at:
        for name, milliseconds in run(at, sites, rounds).items():
            sys.stdout.write(f"{name:24} {milliseconds:10.1f} ms\n")


if __name__ == "__main__":
    main(*(int(said) for said in sys.argv[1:]))
