"""No page, file or answer tells of a restricted finding (作风纪律): every GET route, asked before and after it came in.

The installation is that of the route tests, with one of everything. The clock stands, so that an answer that differs
after the finding came in differs because of it - a count, a gap, a line of the trail.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Container, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from werkzeug.routing import Rule

import core.request
from core.databases import Urls
from core.work.inspection.photos import store
from core.work.intake.reporting import report
from core.work.loop.ledger import act
from core.work.papers.notice_issuing import Draft, issue
from core.work.tables import Finding
from tenants.access import root_unit
from tenants.db import now
from tests.conftest import Once
from tests.routes import canaries
from tests.routes.walk import ENDS_LOGIN, VOLATILE, call_of, methods_of, reads_more, rules_of, send, variables_of
from tests.routes.world import World, standing
from tests.work.pictures import jpeg

WORD = "金丝雀作风问题"
TRUSTED = ("discipline", "discipline_liaison")
SHOWING = ("findings.show_list", "findings.export", "api_findings.list_findings")  # where trusted people must find it
# Those that reach furthest and do most; what the other roles see is a part of it (their rows are hunted in tests/routes).
OTHERS = ("administrator", "hq_office", "liaison", "leader")
WHOLLY = ("hq_office", "liaison")  # the others read what these may not, and all of it where everything is asked for
OWN = re.compile(r'(csrf_token" value=|name="seal" value=|data-csrf=|csp-nonce=)"[^"]*"')
MINTED = {"token", "sha256"}  # variables whose value the recipes make anew for each request
UNSTEADY = frozenset({"static", "health.metrics", "audit.export", "tokens.show_tokens"})
"""Files that ship with the product, and answers that the asking itself changes; the trail's file is read by itself."""


@pytest.fixture(scope="module")
def world(server: Urls, once: Once) -> Iterator[World]:
    with standing(server, once) as made:
        yield made


@pytest.fixture(scope="module")
def moment() -> datetime:
    return now()


@pytest.fixture(scope="module", autouse=True)
def _standing_clock(moment: datetime) -> Iterator[None]:
    """Every request of this module happens at one moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core.request, "clock", lambda: moment)
        yield


def bring_in(world: World, moment: datetime, photo: UUID) -> tuple[str, str]:
    """A conduct finding with a paper, taken and answered; its id and number."""
    made = world.a
    boss, liaison = made.actors["discipline"], made.actors["discipline_liaison"]
    with world.session() as session:
        site, root = UUID(made.ids["site_id"]), root_unit(session).id
        given = {"source": "conduct", "category": "SRV-STAFF", "site_id": site, "title": WORD, "detail": WORD}
        finding = report(session, boss, **given, photos=[str(photo)], now=moment)
        draft = Draft(
            "rectification_notice",
            UUID(made.ids["unit_id"]),
            WORD,
            WORD,
            due_at=moment + timedelta(days=9),
            finding_ids=[finding.id],
        )
        issue(session, boss, draft, now=moment)
        act(session, liaison, finding.id, "take", version=1, note=WORD, now=moment)
        act(session, liaison, finding.id, "answer", version=2, photos=[str(photo)], note=WORD, now=moment)
        session.commit()
        found = session.get_one(Finding, (made.ref.id, finding.id))
        assert found.number
        assert root
        return str(found.id), found.number


def routes(world: World) -> list[Rule]:
    chosen = [rule for rule in rules_of(world) if "GET" in methods_of(rule) and rule.endpoint not in ENDS_LOGIN]
    return [rule for rule in chosen if rule.endpoint not in UNSTEADY and not rule.arguments & MINTED]


def sweep(world: World, role: str, endpoints: Container[str] | None = None) -> dict[str, str]:
    """Every GET route (or the named ones) as one person reads it, without what differs between two readings."""
    who, told = world.askers[role], {}
    for rule in routes(world):
        if rule.endpoint not in endpoints if endpoints is not None else not reads_more(world, role, WHOLLY, rule):
            continue
        answer, _sent = send(world, who, call_of(world, who, rule, "GET", dict.fromkeys(variables_of(rule), "own")))
        assert answer.status_code < 500, f"{role}: {rule.rule}: {answer.status_code}"
        text = canaries.readable(answer.data)
        told[f"{rule.rule} ({rule.endpoint})"] = f"{answer.status_code}\n{plain(text)}"
    return told


def plain(text: str) -> str:
    return VOLATILE.sub("<then>", canaries.IDS_LOW.sub("<id>", OWN.sub(r"\1", text)))


@pytest.fixture(scope="module")
def swept(world: World, moment: datetime) -> dict[str, object]:
    """What everybody reads before and after."""
    with world.session() as session:
        photo = store(session, world.a.actors["discipline"], jpeg((90, 70)), files=world.files).id
        session.commit()
    before = {role: sweep(world, role) for role in OTHERS}
    finding, number = bring_in(world, moment, photo)
    after = {role: sweep(world, role) for role in OTHERS} | {role: sweep(world, role, SHOWING) for role in TRUSTED}
    return {"before": before, "after": after, "id": finding, "number": number, "photo": str(photo)}


def test_the_sweep_reads_much(world: World, swept) -> None:
    assert len(routes(world)) > 90
    assert all(len(swept["after"][role]) > 5 for role in OTHERS)
    good = [key for key, text in swept["after"]["hq_office"].items() if text.startswith("200")]
    assert len(good) > 45


def test_trusted_people_do_read_it(swept) -> None:
    """Otherwise the silence of the others would prove nothing."""
    for role in TRUSTED:
        pages = [key for key, text in swept["after"][role].items() if swept["number"] in text]
        for endpoint in SHOWING:
            assert any(f"({endpoint})" in key for key in pages), (role, endpoint, pages)


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_reads_a_word_of_it(swept, role: str) -> None:
    marks = (WORD, swept["number"], swept["id"])
    found = [f"{key}: {mark}" for key, text in swept["after"][role].items() for mark in marks if mark in text]
    assert found == []


@pytest.mark.parametrize("role", OTHERS)
def test_no_number_no_gap_and_no_line_changes_for_anybody_else(swept, role: str) -> None:
    faults = []
    for key, text in swept["before"][role].items():
        later = swept["after"][role][key]
        if later != text:
            lines = difflib.unified_diff(text.splitlines(), later.splitlines(), lineterm="", n=0)
            changed = [line[:160] for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
            faults.append(f"{key}: {changed[:6]}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", [*OTHERS, *TRUSTED])
def test_its_own_addresses_answer_like_unknown_ones(world: World, swept, role: str) -> None:
    who = world.askers[role]
    slug = world.a.ref.slug
    unknown = str(UUID(int=0x7000_8000_0000_0000_0000))
    for path in (
        "t/{s}/findings/{f}",
        "api/v1/t/{s}/findings/{f}",
        "t/{s}/photos/{p}",
        "t/{s}/photos/{p}/small",
        "api/v1/t/{s}/photos/{p}",
        "t/{s}/findings/{f}/merged/{p}",
    ):
        told = []
        for finding, photo in ((swept["id"], swept["photo"]), (unknown, unknown)):
            who.fresh()
            headers = {"Authorization": f"Bearer {who.token}"} if path.startswith("api") else {}
            answer = who.client.get("/" + path.format(s=slug, f=finding, p=photo), headers=headers)
            told.append((answer.status_code, plain(answer.get_data(as_text=True)) if answer.status_code >= 400 else ""))
        if role in TRUSTED and "merged" not in path:
            assert told[0][0] == 200, (role, path)
        else:
            assert told[0] == told[1], (role, path)
            assert told[0][0] in (403, 404)


@pytest.mark.parametrize("role", OTHERS)
def test_no_search_or_filter_finds_it(world: World, swept, role: str) -> None:
    who, slug = world.askers[role], world.a.ref.slug
    query = "q=%E9%87%91%E4%B8%9D%E9%9B%80"  # 金丝雀
    for path in (
        f"t/{slug}/findings?{query}",
        f"t/{slug}/findings/export.csv?{query}",
        f"t/{slug}/findings?category=SRV-STAFF",
        f"api/v1/t/{slug}/findings?{query}",
        f"api/v1/t/{slug}/findings?category=SRV-STAFF",
        f"api/v1/t/{slug}/findings/duplicates?category=SRV-STAFF&site_id={world.a.ids['site_id']}",
        f"api/v1/t/{slug}/audit?object_id={swept['id']}",
        f"t/{slug}/audit?q={swept['id']}",
        f"t/{slug}/audit/export.csv",
    ):
        who.fresh()
        headers = {"Authorization": f"Bearer {who.token}"} if path.startswith("api") else {}
        answer = who.client.get(f"/{path}", headers=headers)
        assert answer.status_code < 500, path
        text = answer.get_data(as_text=True)
        assert WORD not in text, path
        assert swept["number"] not in text, path
        said_by_asker = path.endswith(str(swept["id"]))
        assert said_by_asker or swept["id"] not in text, path
