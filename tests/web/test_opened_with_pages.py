"""A visit's page across a switch of editions: sent with the forms it was opened with, and nothing typed disappears."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask import Flask
from sqlalchemy import select

from core.work.calendar import local_day
from core.work.enabling import suspend
from core.work.tables import Sheet, Visit
from tenants.db import now
from tenants.scope import Wall
from tests.web.test_field_pages import Reader, hidden, reader, typed
from tests.work.test_opened_with import ADDED, KEY, NEW, OLD, ROAD_NEW, ROAD_OLD, Place, answers_of, place, switch

SAID = "按打开时的检查表收下；新版增加的 1 题没有问到，不评分"


def opened(who: Reader, here: Place, query: str = "") -> dict[str, Any]:
    """The hidden fields of a fresh page."""
    page = who.get(f"visit/{here.road}{query}").text
    return {name: hidden(page, name) for name in ("visit_id", "started_at", "forms")}


def turn(wall: Wall, here: Place) -> None:
    """The new edition comes into force today."""
    with here.district.session(wall) as session:
        switch(session, NEW, local_day(now()))
        session.commit()


def test_a_page_opened_before_the_switch_is_sent_after_it(app: Flask, wall: Wall) -> None:
    here = place(wall)
    who = reader(app, wall, here.inspector)
    form = opened(who, here)
    assert form["forms"] == ROAD_OLD.sha256
    turn(wall, here)
    short = typed({code: raw for code, raw in answers_of(ROAD_OLD).items() if code != "waste_heaps"})
    wrong = who.post(f"visit/{here.road}", form | short)
    page = unescape(wrong.text)
    assert wrong.status_code == 422
    assert hidden(page, "forms") == ROAD_OLD.sha256, "still the forms that it was opened with"
    assert "新版增加的 1 题不评分" in page
    assert f'id="q-{ADDED}"' not in page
    made = who.post(f"visit/{here.road}", form | typed(answers_of(ROAD_OLD)))
    assert made.status_code == 303
    first, later = (who.client.get(made.location).text.count(SAID) for _ in range(2))
    assert (first, later) == (2, 1), "once when it was taken, once on its page for good"
    again = who.post(f"visit/{here.road}", form | typed(answers_of(ROAD_OLD)))
    assert (again.status_code, again.location) == (303, made.location)
    with here.district.session(wall) as session:
        assert [(s.edition, s.form_sha256) for s in session.scalars(select(Sheet))] == [(OLD.key, ROAD_OLD.sha256)]


def test_a_page_opened_after_it_asks_the_new_forms(app: Flask, wall: Wall) -> None:
    here = place(wall)
    who = reader(app, wall, here.inspector)
    turn(wall, here)
    form = opened(who, here)
    assert form["forms"] == ROAD_NEW.sha256
    made = who.post(f"visit/{here.road}", form | typed(answers_of(ROAD_NEW)))
    assert "新版增加" not in who.client.get(made.location).text


def test_a_draft_goes_on_with_its_forms_or_with_the_new_ones(app: Flask, wall: Wall) -> None:
    here = place(wall)
    who = reader(app, wall, here.inspector)
    turn(wall, here)
    assert opened(who, here, f"?forms={ROAD_OLD.sha256}")["forms"] == ROAD_OLD.sha256
    page = who.get(f"visit/{here.road}?forms={ROAD_OLD.sha256}").text
    assert f"forms={ROAD_NEW.sha256}" in page, "the way to the new ones"
    assert re.search(rf'data-due="{ROAD_NEW.sha256}"', page)
    strange = unescape(who.get(f"visit/{here.road}?forms={'0' * 64}").text)
    assert "这里从没用过这张检查表" in strange
    assert hidden(strange, "forms") == ROAD_NEW.sha256


def test_what_cannot_be_taken_stays_on_the_page(app: Flask, wall: Wall) -> None:
    """The campaign was suspended meanwhile; another one's form remains, and every answer is still there to be read."""
    here = place(wall)
    who = reader(app, wall, here.inspector)
    form = opened(who, here)
    with here.district.session(wall) as session:
        suspend(session, None, KEY, today=local_day(now()))
        session.commit()
    sent = form | typed(answers_of(ROAD_OLD)) | {"note.waste_heaps": "东口一堆", "note": "雨天"}
    refused = who.post(f"visit/{here.road}", sent)
    assert refused.status_code == 422
    page = unescape(refused.text)
    assert "这张检查表的创建项目没有启用" in page
    assert hidden(page, "kept.waste_heaps").endswith("：0；东口一堆")
    assert page.count('name="kept.') == len(ROAD_OLD.items)
    with here.district.session(wall) as session:
        assert session.scalars(select(Visit)).all() == []


def test_answers_without_a_question_are_kept_in_words(app: Flask, wall: Wall) -> None:
    here = place(wall)
    who = reader(app, wall, here.inspector)
    turn(wall, here)
    form = opened(who, here) | {"forms": "1" * 64}
    lost = {"a.toilet_clean.rating": "7", "note.toilet_clean": "有积水"}
    refused = unescape(who.post(f"visit/{here.road}", form | lost | {"a.waste_heaps.count": "2"}).text)
    assert "这里从没用过这张检查表" in refused
    kept = hidden(refused, "kept.toilet_clean")
    assert kept.endswith("：7 分；有积水")
    assert 'value="2"' in refused, "what is asked still is where it was"
    once_more = form | {"forms": ROAD_NEW.sha256, "kept.toilet_clean": kept} | {"a.waste_heaps.count": "2"}
    assert kept in unescape(who.post(f"visit/{here.road}", once_more).text)
