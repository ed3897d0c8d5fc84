"""What issue 4 wants to be fast (测速：数据与规模): ours against hand-written SQL, Django REST Framework and the bare driver.

Everything that is compared is measured in turns within one run, and told as a ratio with its spread. Ours always with login,
policies and audit. ``--quick`` lays a small part of the nation: its ratios show that the measuring works.
"""

from __future__ import annotations

import os
import resource
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path

from sqlalchemy import insert, select

from core.bench.ground import SECRET, trial
from core.bench.nation import Nation
from core.bench.plan import Size
from core.campaigns import Campaign, parse_answer, score_item
from core.campaigns.registry import installed
from core.cli.ground import Ground
from core.databases import connect
from core.figures.nationwide import figure_table, rank_indicator
from core.figures.terms import FindingTerm, FormTerm, ItemTerm, RecheckTerm, plan_indicator
from core.request import COOKIE
from core.settings import ZONE
from core.work.inspection.visit_plan import PlannedQuestion, plan
from core.work.invitations import make_api_token
from core.work.tables import Site, SiteKind
from tenants.access import root_unit
from tenants.db import new_id, now
from tenants.models import Unit
from tenants.scope import Wall
from tests.bench.kept import find_stage, keep_stage
from tests.bench.ledger import Ledger
from tests.bench.lists import product
from tests.bench.peer import AskedItem, Asker, serve_peer
from tests.bench.raw import compare_raw, rate
from tests.bench.rounds import HEAD, Target, interleave, ratios
from tests.bench.stage import COMPARED, Stage, Tell, lay_stage, wall_of
from tests.factory import add_actor, come_in

NATION = 2978
INDICATORS, MONTHS = 20, 11
RANKED = "CIV-G2"


def measure(stage: Stage, files: Path, rounds: int, each: int, tell: Tell) -> list[Target]:
    """Everything, one part after the other; within a part everybody is asked in turns."""
    found = [*time_comparison(stage, rounds, each), *time_ranking(stage, rounds, each)]
    tell("comparison and ranking measured")
    with ExitStack() as open_:
        ports = {
            name: open_.enter_context(product(Ground(stage.urls.for_database(name), SECRET, files)))
            for name in ("bench", "small", "open")
        }
        found += time_lists(stage, ports, rounds, each)
        found += time_league(stage, ports["bench"], rounds)
        found += time_bare(stage, ports["bench"], rounds, each)
        tell("lists and the league table measured")
        stopped = time_peer(stage, ports["bench"], rounds, each)
    return [*stopped, *found]


def time_comparison(stage: Stage, rounds: int, each: int) -> list[Target]:
    """30 districts x 20 indicators x 11 months from published figures, and by hand from the raw rows; both must agree."""
    campaign, periods = stage.campaign, stage.nation.size.periods[-MONTHS:]
    codes = fed(campaign)[:INDICATORS]
    tenants = [ref.id for ref in stage.nation.districts[:COMPARED]]

    def ours() -> dict[tuple[int, str, object], Decimal]:
        with stage.at.wall.open(stage.nation.reader.id) as session:
            table = figure_table(session, None, campaign.key, codes, periods, tenants)
        return {
            key: rate(one.numerator, one.denominator)
            for key, one in table.items()
            if one.numerator is not None and one.denominator
        }

    with connect(stage.urls.superuser, database="bench") as plain:

        def raw() -> dict[tuple[int, str, object], Decimal]:
            return compare_raw(plain, campaign, codes, tenants, periods[0].start, periods[-1].end)

        mine, theirs = ours(), raw()
        apart = [key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)]
        assert mine, "nothing was published"
        assert not apart, (len(apart), len(mine), [(key, mine.get(key), theirs.get(key)) for key in apart[:5]])
        times = interleave({"ours": ours, "raw": raw}, rounds, max(each // 4, 2))
    what = f"{COMPARED} districts x {len(codes)} indicators x {MONTHS} months, {len(mine):,} cells, identical"
    return [
        Target(
            "Comparison against hand-written SQL over raw rows",
            what,
            ">= 4x",
            ratios(times["raw"], times["ours"]),
            least=4,
        )
    ]


def fed(campaign: Campaign) -> list[str]:
    """The indicators that visits, findings and re-inspections feed by themselves, in the order of the catalogue."""
    found = []
    for one in campaign.edition.indicators:
        numerator = plan_indicator(campaign.edition, campaign.key, one, {}).numerator
        if isinstance(numerator, ItemTerm | FormTerm | FindingTerm | RecheckTerm):
            found.append(one.code)
    return found


def time_ranking(stage: Stage, rounds: int, each: int) -> list[Target]:
    """All districts on one indicator: the session opened, signed, read and ranked."""
    period, size = stage.nation.size.periods[-1], stage.nation.size

    def on(wall: Wall) -> Callable[[], object]:
        def act() -> None:
            with wall.open(stage.nation.reader.id) as session:
                assert len(rank_indicator(session, None, stage.campaign.key, RANKED, period)) == size.tenants

        return act

    times = interleave({"one": on(stage.at.wall), "ten": on(stage.ten)}, rounds, each)
    what = f"{size.tenants:,} districts on one indicator"
    return [
        Target("Ranking, milliseconds", what, "< 25 ms", tuple(times["one"]), most=25),
        Target("Ranking with ten times the findings", what, "<= 1.3x", ratios(times["ten"], times["one"]), most=1.3),
    ]


def key_of(wall: Wall, ledger: Ledger) -> str:
    """A machine's key of the office."""
    with wall.open(ledger.ref.id) as session:
        token = make_api_token(session, None, ledger.ref.slug, ledger.office.person_id, name="测速")
        session.commit()
    return token


LIST = "findings?page_size=50"


def time_lists(stage: Stage, ports: dict[str, int], rounds: int, each: int) -> list[Target]:
    """One tenant's list among many tenants, among few, and with the policies taken away."""
    keys = {"bench": key_of(stage.at.wall, stage.ledger), "small": key_of(stage.small, stage.small_ledger)}
    with wall_of(stage.urls.for_database("open")) as wall:
        keys["open"] = key_of(wall, stage.ledger)
    slugs = {"bench": stage.ledger.ref.slug, "small": stage.small_ledger.ref.slug, "open": stage.ledger.ref.slug}
    askers = {name: Asker(ports[name], "Bearer", key) for name, key in keys.items()}
    acts = {name: (lambda name=name: askers[name].ask("GET", f"/api/v1/t/{slugs[name]}/{LIST}")) for name in askers}
    times = interleave(acts, rounds, each)
    count, few = stage.nation.size.tenants, min(100, stage.nation.size.tenants)
    return [
        Target(
            "One tenant's list among all tenants against among few",
            f"list of 50 of {stage.ledger.count:,}, {count:,} tenants / {few}",
            "<= 1.5x",
            ratios(times["bench"], times["small"]),
            most=1.5,
        ),
        Target(
            "Policies on against off",
            "list of 50, whole request, p50",
            "<= 1.25x",
            ratios(times["bench"], times["open"]),
            most=1.25,
        ),
    ]


def time_bare(stage: Stage, port: int, rounds: int, each: int) -> list[Target]:
    """The list against the bare driver: two statements, rows fetched, nothing made of them."""
    asker = Asker(port, "Bearer", key_of(stage.at.wall, stage.ledger))
    tenant = stage.ledger.ref.id
    with connect(stage.urls.superuser, database="bench") as plain:

        def bare() -> None:
            rows = plain.execute(BARE_LIST, [tenant]).fetchall()
            plain.execute(BARE_PARTS, [tenant, [row[0] for row in rows]]).fetchall()
            assert len(rows) == 50

        acts = {"ours": lambda: asker.ask("GET", f"/api/v1/t/{stage.ledger.ref.slug}/{LIST}"), "bare": bare}
        times = interleave(acts, rounds, each)
    return [
        Target(
            "List of 50 against the bare driver",
            "whole request / two statements of psycopg",
            "told",
            ratios(times["ours"], times["bare"]),
        )
    ]


BARE_LIST = """SELECT f.id, f.*, s.name, u.name FROM finding f LEFT JOIN site s ON s.tenant_id = f.tenant_id AND s.id = f.site_id
JOIN unit u ON u.tenant_id = f.tenant_id AND u.id = f.unit_id WHERE f.tenant_id = %s ORDER BY f.opened_at DESC, f.id DESC LIMIT 50"""
BARE_PARTS = """SELECT p.*, u.name FROM part p JOIN unit u ON u.tenant_id = p.tenant_id AND u.id = p.unit_id
WHERE p.tenant_id = %s AND p.finding_id = ANY(%s)"""


def time_league(stage: Stage, port: int, rounds: int) -> list[Target]:
    """The nation's league table as a page, for whoever compares at the top."""
    reader = stage.nation.reader
    with stage.at.wall.open(reader.id) as session:
        root = root_unit(session).id
    token = come_in(stage.at.wall, add_actor(stage.at.wall, reader, "bureau", root))[0]
    connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def page() -> None:
        connection.request("GET", f"/c/{reader.slug}/comparison", headers={"Cookie": f"{COOKIE}={token}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status

    times = interleave({"page": page}, rounds, 2)
    what = f"page of {stage.nation.size.tenants:,} districts, request to last byte"
    return [Target("Nation-wide league table, milliseconds", what, "< 300 ms", tuple(times["page"]), most=300)]


def time_peer(stage: Stage, port: int, rounds: int, each: int) -> list[Target]:
    """The list of 50, a hundred answers at once and one finding, ours and the peer's in turns."""
    ours = Asker(port, "Bearer", key_of(stage.at.wall, stage.ledger))
    base, site, questions, items = _large_site(stage)
    with serve_peer(stage.urls, "bench", stage.ledger.ref.id, items) as peer:
        theirs = peer.asker()
        answers = [{"question": code, "rating": 10} for code in questions]
        acts = {
            "our list": lambda: ours.ask("GET", f"{base}/{LIST}"),
            "peer list": lambda: theirs.ask("GET", "/findings"),
            "our bulk": lambda: ours.ask(
                "POST", f"{base}/visits", {"id": str(new_id()), "site_id": site, "answers": questions}, 201
            ),
            "peer bulk": lambda: theirs.ask(
                "POST", "/visits", {"id": str(uuid.uuid4()), "site_id": site, "answers": answers}, 201
            ),
            "our one": lambda: ours.ask("POST", f"{base}/findings", {"category": "ENV-LITTER", "site_id": site}, 201),
            "peer one": lambda: theirs.ask("POST", "/findings", {"category": "ENV-LITTER", "site_id": site}, 201),
        }
        times = interleave(acts, rounds, each)
    many = f"{len(questions)} answers in one request, rows/s"
    return [
        Target(
            "List of 50 against DRF",
            f"of {stage.ledger.count:,} findings, by token",
            ">= 1.5x",
            ratios(times["peer list"], times["our list"]),
            least=1.5,
        ),
        Target(
            "Bulk submission against DRF", many, ">= 1.0x", ratios(times["peer bulk"], times["our bulk"]), least=1.0
        ),
        Target(
            "Single submission against DRF",
            "one finding reported",
            ">= 0.8x",
            ratios(times["peer one"], times["our one"]),
            least=0.8,
        ),
    ]


def _large_site(stage: Stage) -> tuple[str, str, dict[str, dict[str, object]], list[AskedItem]]:
    """A site of so many types that a visit answers about a hundred questions, the answers that pass, and the forms' items."""
    campaigns = list(installed().campaigns.values())
    types: list[str] = []
    for one in sorted({t for c in campaigns for f in c.edition.forms for t in f.site_types}):
        if len(plan(types, campaigns).questions) < 100:
            types.append(one)
    with stage.at.wall.open(stage.ledger.ref.id) as session:
        unit = session.scalars(select(Unit.id).where(Unit.kind == "community").limit(1)).one()
        site = Site(name="测速综合体", pinyin="cesu", unit_id=unit)
        session.add(site)
        session.flush()
        since = datetime(2020, 1, 1, tzinfo=ZONE).date()
        rows = [
            {"tenant_id": stage.ledger.ref.id, "site_id": site.id, "site_type": t, "valid_from": since} for t in types
        ]
        session.execute(insert(SiteKind), rows)
        session.commit()
    due = plan(types, campaigns)
    chosen = {code: passing(one) for code, one in due.questions.items()}
    items = [
        (f"{n}", "/".join(f.key), item.question, int(item.points * 100))
        for n, (f, item) in enumerate((f, item) for f in due.forms for item in f.form.items)
    ]
    return f"/api/v1/t/{stage.ledger.ref.slug}", str(site.id), chosen, items


GOOD = {
    "yes_no": ({"yes": True}, {"yes": False}),
    "rating10": ({"rating": 10},),
    "count": ({"count": 0}, {"count": 20}),
    "n_of_m": ({"n": 10, "m": 10}, {"n": 0, "m": 10}),
}


def passing(asked: PlannedQuestion) -> dict[str, object]:
    """The answer with which all items pass, so that nothing is found: the peer opens no finding either."""
    for said in GOOD[asked.question.answer_type]:
        answer = parse_answer(asked.question, said)
        if all(score_item(one.item, asked.question, answer, {}).outcome != "fail" for one in asked.items):
            return said
    raise AssertionError(f"no answer passes: {asked.code}")


def run_figures(*, quick: bool, tell: Tell, tenants: int | None = None, keep: Path | None = None) -> str:
    """Lay, measure, and give the Markdown text of docs/performance.md; a stage kept in a folder is measured as it stands."""
    today = now().astimezone(ZONE).date().replace(day=1)
    tenants = tenants or (60 if quick else NATION)
    size = Size(tenants, tenants * 4300, tenants * (20 if quick else 100), 12, today, territory=not quick)
    with trial(keep=keep) as at:
        stage = find_stage(at, keep) if keep else None
        kept = KEPT if stage else ""
        if stage is None:
            stage = lay_stage(at, size, 100 if not quick else 30, 2_000 if quick else 20_000, tell)
            if keep:
                keep_stage(stage, keep)
        try:
            targets = measure(stage, at.files, 3 if quick else 9, 8 if quick else 20, tell)
        finally:
            stage.small.dispose()
            stage.ten.dispose()
    return page_of(targets, stage.nation, "" if stage.nation.size.tenants == NATION else SMALL, kept)


def page_of(targets: list[Target], nation: Nation, note: str, kept: str) -> str:
    """The page: what was laid, and each target with its ratio, spread and verdict."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    laid = "\n".join(f"    {line}" for line in nation.tally.lines())
    rows = "\n".join(one.line for one in targets)
    return PAGE.format(
        note=note,
        head=HEAD,
        rows=rows,
        laid=laid,
        tenants=f"{nation.size.tenants:,}",
        how=kept or LAID.format(memory=memory),
        cores=os.cpu_count(),
    )


SMALL = "This was a small run: it shows that the measuring works, not what the nation takes.\n\n"
LAID = "the largest\nmemory of the process was {memory} MB."
KEPT = """laid by an
earlier run, kept, and brought to this version by its migrations; how long it took was counted while other work ran."""
PAGE = """# Performance

{note}Written by `make bench`: one run on {cores} cores, everything that is compared asked in turns. A ratio above 1 against a peer
means that ours is faster. Ours is measured with login, policies and audit on, over HTTP through the product's own server.

{head}
{rows}

The peers: hand-written SQL over the raw rows as the superuser, without policies (`tests/bench/raw.py`); a Django REST
Framework application of the same job, served alike (`benchmarks/peers/drf`); psycopg alone, two statements.

## The nation that was laid

{tenants} districts of the national list, written as the app role with policies on, one transaction a district; {how}

{laid}
"""
