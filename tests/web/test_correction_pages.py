"""Correcting a visit on the pages: the filled form, the reason, what changed, the old version and who may."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.work.tables import Finding, Visit
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content
from tests.web.test_field_pages import fresh_form, hidden, reader, typed
from tests.work.market import ANSWERS, FAILED, Town, town


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def inspector(app: Flask, wall: Wall, place: Town) -> Clerk:
    return clerk(app, wall, place.inspector)


def visited(app: Flask, wall: Wall, place: Town, **more: str) -> str:
    who = reader(app, wall, place.inspector)
    answer = who.post(f"visit/{place.market}", fresh_form(who, place.market) | {"note": "早市"} | more)
    assert answer.status_code == 303
    return answer.headers["Location"].rpartition("/")[2]


def filled(page: str) -> dict[str, Any]:
    """What the form would send as it stands."""
    found: dict[str, Any] = {name: hidden(page, name) for name in ("visit_id", "started_at")}
    for tag in re.findall(r"<input[^>]*>", page):
        name = re.search(r'name="(a\.[^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and (" checked" in tag or 'type="number"' in tag) and (value or " checked" in tag):
            said = unescape(value[1]) if value else ""
            if said or name[1].endswith(".na"):
                found[name[1]] = said
    for name, options in re.findall(r'<select[^>]* name="(severity[^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        found[name] = next(iter(re.findall(r'value="(\w+)" selected', options)), "ordinary")
    note = re.search(r'<textarea[^>]* name="note"[^>]*>([^<]*)</textarea>', page)
    return found | {"note": unescape(note[1]) if note else ""}


def test_the_form_comes_filled_and_the_correction_shows_what_changed(
    app: Flask, wall: Wall, place: Town, inspector: Clerk
) -> None:
    first = visited(app, wall, place)
    assert f"visits/{first}/correct" in inspector.read(f"visits/{first}")
    page = inspector.read(f"visits/{first}/correct")
    sent = filled(page)
    asked = {code: raw for code, raw in ANSWERS.items() if "na" not in raw}
    assert {k: v for k, v in sent.items() if k.startswith("a.") and v != "na"} == typed(asked)
    assert {k for k, v in sent.items() if v == "na"} == {"a.fair_scale.yes", "a.fish_area_plumbing.rating"}
    assert sent["note"] == "早市"
    _, page = inspector.send(f"visits/{first}/correct", sent, 422)
    assert "缺少更正原因" in page
    _, page = inspector.send(f"visits/{first}/correct", sent | {"reason": "没改什么"}, 422)
    assert "完全一样" in page
    changed = sent | {"a.toilet_clean.rating": "9", "a.parking_offences.count": "5", "reason": "看错了厕所"}
    answer, _ = inspector.send(f"visits/{first}/correct", changed, 303)
    second = answer.headers["Location"].rpartition("/")[2]
    shown = content(inspector.read(f"visits/{second}"))
    assert "这一版更正了什么 2" in shown
    assert "5 分 9 分" in shown
    assert "看错了厕所" in shown
    assert f"立案的问题 {len(FAILED) - 1}" in shown
    old = inspector.read(f"visits/{first}")
    assert "不再计分" in content(old)
    assert f"visits/{second}" in old
    assert f"visits/{first}/correct" not in old
    again, _ = inspector.send(f"visits/{first}/correct", changed, 303)
    assert again.headers["Location"].endswith(second)
    listed = inspector.read("visits")
    assert f"visits/{second}" in listed
    assert f"visits/{first}" not in listed
    with place.district.session(wall) as session:
        states = dict(session.execute(select(Finding.question, Finding.state)).all())
        assert states["toilet_clean"] == "cancelled"
        assert len(session.scalars(select(Visit)).all()) == 2


def test_the_severity_is_said_under_what_failed_and_comes_back_in_a_correction(
    app: Flask, wall: Wall, place: Town, inspector: Clerk
) -> None:
    first = visited(app, wall, place, **{"severity.toilet_clean": "serious"})
    sent = filled(inspector.read(f"visits/{first}/correct"))
    assert (sent["severity.toilet_clean"], sent["severity.parking_offences"]) == ("serious", "ordinary")
    sent |= {"severity.toilet_clean": "urgent", "reason": "比当时判断的重"}
    _, page = inspector.send(f"visits/{first}/correct", sent | {"severity.toilet_clean": "grave"}, 422)
    assert "没有这个严重程度" in page
    inspector.send(f"visits/{first}/correct", sent, 303)
    with place.district.session(wall) as session:
        found = dict(session.execute(select(Finding.question, Finding.severity)).all())
    assert found["toilet_clean"] == "urgent"
    assert set(found.values()) == {"urgent", "ordinary"}


def test_a_second_correction_is_led_to_the_newer_version(app: Flask, wall: Wall, place: Town, inspector: Clerk) -> None:
    first = visited(app, wall, place)
    office = clerk(app, wall, place.office)
    mine, theirs = filled(inspector.read(f"visits/{first}/correct")), filled(office.read(f"visits/{first}/correct"))
    answer, _ = office.send(f"visits/{first}/correct", theirs | {"a.toilet_clean.rating": "9", "reason": "复看"}, 303)
    newer = answer.headers["Location"]
    late, _ = inspector.send(f"visits/{first}/correct", mine | {"a.toilet_clean.rating": "8", "reason": "我也改"}, 303)
    assert late.headers["Location"] == newer
    said = content(inspector.read(newer.partition(f"/t/{inspector.slug}/")[2]))
    assert "更正过这次检查" in said
    assert inspector.ask(f"visits/{first}/correct").status_code == 303


def test_a_faulty_form_keeps_what_was_typed(app: Flask, wall: Wall, place: Town, inspector: Clerk) -> None:
    first = visited(app, wall, place)
    sent = filled(inspector.read(f"visits/{first}/correct")) | {"reason": "厕所写错", "a.toilet_clean.rating": "11"}
    _, page = inspector.send(f"visits/{first}/correct", sent, 422)
    assert "厕所写错" in page
    assert "改正" in content(page)


def test_who_may(app: Flask, wall: Wall, place: Town) -> None:
    first = visited(app, wall, place)
    other = clerk(app, wall, add_actor(wall, place.ref, "inspector", place.district.root))
    assert "correct" not in other.read(f"visits/{first}")
    assert other.ask(f"visits/{first}/correct").status_code == 403
    leader = clerk(app, wall, place.leader)
    assert leader.ask(f"visits/{first}/correct").status_code == 403
    stranger = town(wall, "别的区")
    assert clerk(app, wall, stranger.office).ask(f"visits/{first}/correct").status_code == 404
