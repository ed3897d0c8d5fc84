"""Findings on the pages (问题): three lists over one ledger, and the steps that a person may take, with nothing typed lost."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from core.web.ledger.finding_words import PART_STATES, PARTS, TONES, say_left, say_reason, say_span, say_verb
from core.web.ledger.step_words import CONSEQUENCES, DONE, LABELS
from core.work.loop.ledger import act
from core.work.loop.transitions import STATES, TRANSITIONS
from core.work.tables import Finding, Part
from tenants.access import Actor
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import add_actor, add_site
from tests.web.desk import Clerk, clerk, content, with_second_post
from tests.work.market import FAILED, Town, send, town
from tests.work.pictures import jpeg


@dataclass
class Case:
    """One district with the findings of one visit, and a person at each desk."""

    place: Town
    office: Clerk
    liaison: Clerk
    inspector: Clerk
    leader: Clerk
    found: dict[str, UUID]  # by question


def open_case(app: Flask, wall: Wall) -> Case:
    place = town(wall)
    with place.district.session(wall) as session:
        submitted = send(session, place, now=now() - timedelta(hours=1))
        found = {one.question: one.id for one in submitted.findings}
        session.commit()
    people = (place.office, place.liaison, place.inspector, place.leader)
    return Case(place, *(clerk(app, wall, who) for who in people), found)


@pytest.fixture(scope="module")
def shared(app: Flask, wall: Wall) -> Case:
    """For tests that change nothing."""
    return open_case(app, wall)


@pytest.fixture
def case(app: Flask, wall: Wall) -> Case:
    return open_case(app, wall)


def finding_of(case: Case, wall: Wall, question: str) -> Finding:
    with case.place.district.session(wall) as session:
        return session.scalars(select(Finding).where(Finding.id == case.found[question])).one()


def led_by(case: Case, wall: Wall, actor: Actor) -> list[UUID]:
    """The findings that an actor's own unit leads."""
    units = {duty.unit_id for duty in actor.duties}
    with case.place.district.session(wall) as session:
        return list(session.scalars(select(Part.finding_id).where(Part.leading, Part.unit_id.in_(units))))


def open_form(page: str) -> list[str]:
    """The verbs of the form that stands open."""
    return re.findall(r'name="verb" value="(\w+)"', page)


def offered_by(page: str) -> set[str]:
    """Every step that the page offers: in the open form, and a click away."""
    return {*open_form(page), *(verb for found in re.findall(r'data-verb="([\w ]+)"', page) for verb in found.split())}


def hidden_version(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def lines_of(who: Clerk, query: str = "") -> list[list[str]]:
    answer = who.ask(f"findings/export.csv{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


# ---- the lists ----


def test_three_lists_show_what_is_theirs(shared: Case) -> None:
    for view, title in (("problem", "问题清单"), ("rectification", "整改清单"), ("responsibility", "责任清单")):
        page = shared.office.read(f"findings?view={view}")
        assert re.search(rf'aria-current="page">{title}<span class="n">{len(FAILED)}', page)
        assert page.count("<tr data-href") == len(FAILED)
    assert "属地和协办" in shared.office.read("findings?view=responsibility")
    assert "属地和协办" not in shared.office.read("findings")


def test_each_filter_narrows_the_list(shared: Case, wall: Wall) -> None:
    one = finding_of(shared, wall, "toilet_clean")
    department = shared.place.district.departments["sanitation"]
    wanted = {
        f"q={one.number}": 1,
        "state=closed": 0,
        f"category={one.category}": None,
        "campaign=food_safety_city": None,
        f"unit={department}&view=responsibility": len(led_by(shared, wall, shared.place.liaison)),
        "overdue=1": 0,
        f"site={shared.place.market}": len(FAILED),
        "indicator=nothing": 0,
    }
    whole = len(lines_of(shared.office)) - 1
    assert whole == len(FAILED)
    for query, n in wanted.items():
        rows = len(lines_of(shared.office, f"?{query}")) - 1
        page = shared.office.read(f"findings?{query}")
        assert page.count("<tr data-href") == rows, query
        assert rows == n if n is not None else 0 < rows < whole, query


@pytest.mark.parametrize(
    "query", ["view=all", "sort=title", "state=lost", "unit=7", "site=7", "cursor=x", "q=" + "长" * 61]
)
def test_an_address_that_no_page_made(shared: Case, query: str) -> None:
    answer = shared.office.ask(f"findings?{query}")
    assert answer.status_code == (200 if query.startswith("q=") else 422)


def test_an_empty_list_says_what_to_do(app: Flask, wall: Wall, shared: Case) -> None:
    assert "清除条件" in shared.office.read("findings?state=closed")
    fresh = town(wall)
    assert "检查提交后，不合格的检查项会自动立案" in clerk(app, wall, fresh.office).read("findings")
    assert "没有未办结的问题" in clerk(app, wall, fresh.office).read("findings?view=rectification")


def test_pages_turn_without_loss_and_the_file_has_all(app: Flask, wall: Wall) -> None:
    place = town(wall)
    with place.district.session(wall) as session:
        spot = add_site(session, place.district.communities[1], "produce_market", name="=HYPERLINK(1)")
        for _ in range(6):
            send(session, place, site_id=spot)
        session.commit()
    office = clerk(app, wall, place.office)
    first = office.read("findings")
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = office.read("findings" + following[1])
    links = [re.findall(r'<a class="key" href="([^"]+)"', page) for page in (first, second)]
    assert [len(one) for one in links] == [50, 6 * len(FAILED) - 50]
    assert len(set(links[0] + links[1])) == 6 * len(FAILED)
    lines = lines_of(office)
    assert len(lines) == 1 + 6 * len(FAILED)
    assert {line[2] for line in lines[1:]} == {"'=HYPERLINK(1)"}, "a name must stay text in a spreadsheet"


def test_lists_and_pages_keep_to_reach(app: Flask, wall: Wall, shared: Case) -> None:
    mine = led_by(shared, wall, shared.place.liaison)
    assert 0 < len(mine) < len(FAILED)
    assert len(lines_of(shared.liaison)) - 1 == len(mine)
    other = next(one for one in shared.found.values() if one not in mine)
    unknown = shared.liaison.ask(f"findings/{new_id()}")
    far = shared.liaison.ask(f"findings/{other}")
    assert unknown.status_code == far.status_code == 404
    assert unknown.data == far.data
    stranger = clerk(app, wall, town(wall).office)
    assert stranger.ask(f"findings/{other}").data == unknown.data
    refused, page = stranger.send(f"findings/{other}/act", {"version": "1", "verb": "close"}, 404)
    assert refused.data == unknown.data
    assert str(other) not in page


# ---- one finding ----


def test_a_finding_shows_where_it_stands(shared: Case, wall: Wall) -> None:
    one = finding_of(shared, wall, "toilet_clean")
    said = content(shared.office.read(f"findings/{one.id}"))
    for words in (
        one.number,
        one.title,
        "已交办",
        "剩 ",
        "便民市场",
        "国家卫生城市",
        "关联指标",
        "发现",
        "发现时没有拍照",
    ):
        assert str(words) in said, words
    assert "失 " in said, "what it costs"
    assert re.search(r"测试区环卫 条线 · 牵头 办理中", said)
    assert "前接收或退回，逾时视为已接收" in said, "the clock of taking it"
    assert "第1社区" in said, "the place that is informed"


def test_an_english_reader(app: Flask, wall: Wall, shared: Case) -> None:
    reader = clerk(app, wall, add_actor(wall, shared.place.ref, "hq_office", shared.place.district.root), "en")
    one = finding_of(shared, wall, "toilet_clean")
    said = one.title_en[:1].upper() + one.title_en[1:]
    assert said in reader.read(f"findings/{one.id}")
    assert said in reader.read("findings")


def test_steps_are_offered_to_those_who_may_take_them(shared: Case, wall: Wall) -> None:
    one = led_by(shared, wall, shared.place.liaison)[0]
    offered = {
        name: offered_by(who.read(f"findings/{one}"))
        for name, who in (("liaison", shared.liaison), ("office", shared.office), ("leader", shared.leader))
    }
    assert offered == {
        "liaison": {"take", "return", "assign", "assist", "answer"},
        "office": {"assist", "transfer", "cancel", "merge", "correct"},
        "leader": {"instruct"},
    }
    assert "整改后答复" in shared.office.read(f"findings/{one}"), "the page says who is waited for"
    assert open_form(shared.liaison.read(f"findings/{one}")) == ["take"], "what he came for stands open"
    assert open_form(shared.office.read(f"findings/{one}")) == []
    assert open_form(shared.liaison.read(f"findings/{one}?do=answer")) == ["answer"]
    assert open_form(shared.liaison.read(f"findings/{one}?do=close")) == ["take"], "what is not his is not opened"


def test_the_whole_lap(case: Case, wall: Wall) -> None:
    one = led_by(case, wall, case.place.liaison)[0]
    path = f"findings/{one}"
    answer, _ = case.liaison.send(f"{path}/act", {"version": "1", "verb": "take"}, 303)
    assert answer.headers["Location"].endswith(path)
    taken = case.liaison.read(path)
    assert re.search(r"已接收 2026-\d{5}", content(taken))

    _, page = case.liaison.send(f"{path}/act", {"version": "2", "verb": "answer", "note": "已换新锁<b>"}, 422)
    assert "缺少整改后的照片" in page
    assert "已换新锁<b></textarea>" in page, "what was typed is still there"
    assert hidden_version(page) == "2"

    photo = case.liaison.photo(jpeg())
    sent = {"version": "2", "verb": "answer", "note": "已换新锁", "photos": photo}
    case.liaison.send(f"{path}/act", sent, 303)

    checked = case.office.read(path)
    assert "整改后 1" in content(checked)
    assert open_form(checked) == ["close", "send_back"]
    assert offered_by(checked) == {"close", "send_back", "cancel", "correct"}
    _, page = case.office.send(f"{path}/act", {"version": "3", "verb": "send_back", "outcome": "cannot_fix"}, 422)
    assert "缺少说明" in page
    assert re.search(r'value="cannot_fix" checked', page)
    _, page = case.office.send(f"{path}/act", {"version": "3", "verb": "close"}, 422)
    assert "请选择销号结论" in page
    case.office.send(f"{path}/act", {"version": "3", "verb": "close", "outcome": "fixed"}, 303)

    said = content(case.office.read(path))
    for words in ("已销号", "已整改到位", "附 1 张照片", "已换新锁"):
        assert words in said
    assert finding_of_id(case, wall, one).state == "closed"
    case.office.send(f"{path}/act", {"version": "4", "verb": "reopen", "note": "又坏了"}, 303)
    assert "新的期限" in content(case.office.read(path))


def finding_of_id(case: Case, wall: Wall, finding_id: UUID) -> Finding:
    with case.place.district.session(wall) as session:
        return session.scalars(select(Finding).where(Finding.id == finding_id)).one()


def test_success_offers_the_next_one(case: Case, wall: Wall) -> None:
    first, *rest = led_by(case, wall, case.place.liaison)
    answer, _ = case.liaison.send(f"findings/{first}/act", {"version": "1", "verb": "take"}, 303)
    page = case.liaison.read(f"findings/{first}")
    following = re.search(r'class="next" href="[^"]*/findings/([0-9a-f-]{36})"', page)
    if rest:
        assert following
        assert UUID(following[1]) in rest
    else:
        assert "回到清单" in page
    assert answer.status_code == 303


def test_who_lost_the_race_sees_the_winner(case: Case, wall: Wall) -> None:
    one = led_by(case, wall, case.place.liaison)[0]
    photo = case.liaison.photo(jpeg())
    colleague = add_actor(wall, case.place.ref, "liaison", case.place.district.departments["sanitation"], "演示同事")
    with case.place.district.session(wall) as session:
        act(session, colleague, one, "take", version=1)
        session.commit()
    sent = {"version": "1", "verb": "answer", "note": "已整改", "photos": photo}
    _, page = case.liaison.send(f"findings/{one}/act", sent, 412)
    said = content(page)
    assert "演示同事" in said
    assert "已接收" in said
    assert "您打开页面之后" in said
    assert "已整改</textarea>" in page
    assert f'name="photos" value="{photo}"' in page
    assert hidden_version(page) == "2"
    case.liaison.send(f"findings/{one}/act", sent | {"version": hidden_version(page)}, 303)


def test_what_was_typed_survives_when_nothing_is_left_to_do(case: Case, wall: Wall) -> None:
    one = led_by(case, wall, case.place.liaison)[0]
    photo = case.liaison.photo(jpeg())
    colleague = add_actor(wall, case.place.ref, "liaison", case.place.district.departments["sanitation"], "演示同事")
    with case.place.district.session(wall) as session:
        act(session, colleague, one, "answer", version=1, photos=[photo])
        session.commit()
    _, page = case.liaison.send(f"findings/{one}/act", {"version": "1", "verb": "answer", "note": "我写的说明"}, 412)
    assert "没有提交" in page
    assert "我写的说明" in content(page)
    assert open_form(page) == []


def test_a_photo_that_cannot_be_kept_is_named(case: Case, wall: Wall) -> None:
    one = led_by(case, wall, case.place.liaison)[0]
    sent = {
        "version": "1",
        "verb": "answer",
        "note": "见照片",
        "photos_file": [(io.BytesIO(jpeg()), "好.jpg"), (io.BytesIO(b"no photo"), "坏.jpg")],
    }
    _, page = case.liaison.send(f"findings/{one}/act", sent, 422)
    assert "坏.jpg" in page
    assert "见照片</textarea>" in page
    assert len(re.findall(r'name="photos" value="[0-9a-f]{64}"', page)) == 1, "the good one is kept"
    assert finding_of_id(case, wall, one).version == 1


@pytest.mark.parametrize("version", ["", "x", "-1", "٣", "99999999999"])
def test_a_version_that_no_page_made(shared: Case, wall: Wall, version: str) -> None:
    one = led_by(shared, wall, shared.place.liaison)[0]
    shared.liaison.send(f"findings/{one}/act", {"version": version, "verb": "take"}, 422)


def test_steps_that_are_not_his(case: Case, wall: Wall) -> None:
    one = led_by(case, wall, case.place.liaison)[0]
    case.inspector.send(f"findings/{one}/act", {"version": "1", "verb": "take"}, 403)
    _, page = case.office.send(f"findings/{one}/act", {"version": "1", "verb": "take", "note": "留着"}, 403)
    assert "您的岗位不能" in page
    assert "留着" in page
    _, page = case.liaison.send(f"findings/{one}/act", {"version": "1", "verb": "burn"}, 422)
    assert "没有这种办理" in page
    assert finding_of_id(case, wall, one).version == 1


def test_who_answered_is_told_why_he_cannot_check(app: Flask, wall: Wall, case: Case) -> None:
    one = led_by(case, wall, case.place.liaison)[0]
    both = with_second_post(wall, case.place.office, "liaison")
    desk = clerk(app, wall, both)
    desk.send(f"findings/{one}/act", {"version": "1", "verb": "answer", "photos": desk.photo(jpeg())}, 303)
    page = desk.read(f"findings/{one}")
    assert offered_by(page) == {"cosign", "cancel", "correct"}, "everything but judging it"
    assert "整改结果是您本人提交的" in page
    desk.send(f"findings/{one}/act", {"version": "2", "verb": "close", "outcome": "fixed"}, 403)
    assert 'value="close"' in clerk(
        app, wall, add_actor(wall, case.place.ref, "hq_office", case.place.district.root)
    ).read(f"findings/{one}")


# ---- words ----


def test_every_state_and_step_has_its_words() -> None:
    assert set(TONES) == set(STATES)
    assert set(CONSEQUENCES) == set(DONE) == set(TRANSITIONS)
    assert set(PARTS) == {"line", "place", "assist"}
    assert set(PART_STATES) == {"informed", "open", "done", "cosigned", "declined"}
    for step in TRANSITIONS.values():
        assert step.title_zh
        assert step.title_en
        assert set(step.fields) <= set(LABELS)


def test_words_of_codes(app: Flask) -> None:
    with app.test_request_context("/"):
        assert {verb: say_verb(verb) for verb in TRANSITIONS} == {v: t.title_zh for v, t in TRANSITIONS.items()}
        assert [say_reason("return", "not_our_duty"), say_reason("reject", "duplicate")] == ["不属本单位职责", "重复"]


def test_working_time_in_words(app: Flask) -> None:
    with app.test_request_context("/"):
        said = {
            timedelta(days=2, hours=5, minutes=59): "2 个工作日 5 小时",
            timedelta(days=3): "3 个工作日",
            timedelta(hours=7, minutes=30): "7 小时",
            timedelta(minutes=40): "40 分钟",
            timedelta(seconds=5): "1 分钟",
        }
        assert {span: say_span(span) for span in said} == said
        assert say_left(timedelta(hours=-26), late=True) == say_left(-timedelta(hours=26), late=True)
        assert say_left(timedelta(hours=-26), late=True).text == "超期 1 个工作日 2 小时"
        assert say_left(timedelta(0), late=True).tone == "overdue"
        assert [say_left(timedelta(hours=n), late=False).tone for n in (0, 23, 24)] == ["soon", "soon", "neutral"]
