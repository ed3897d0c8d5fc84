"""Whistles on the pages (吹哨报到): three taps to blow, clocks in words, buttons that are allowed, and nothing typed lost."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from core.settings import ZONE
from core.web.whistling.whistle_words import CONSEQUENCES, DONE, TONES
from core.work.tables import Note, Setting, Whistle, WhistleEvent
from core.work.whistling.whistle_blowing import Wanted, blow
from core.work.whistling.whistle_steps import CLOCK, MOVES, STATES
from core.work.whistling.whistles import act, escalate_due
from tenants.access import Actor
from tenants.db import new_id, now
from tenants.models import Unit
from tenants.scope import Wall
from tests.factory import add_actor, add_site
from tests.web.desk import Clerk, clerk, content
from tests.work.market import Town, send, town
from tests.work.pictures import jpeg


@dataclass
class Case:
    """A district with a community that whistles, a department that comes, and those above."""

    place: Town
    caller: Actor
    area: Clerk
    called: Clerk
    office: Clerk
    leader: Clerk
    home: UUID
    department: UUID


@pytest.fixture
def case(app: Flask, wall: Wall) -> Case:
    place = town(wall)
    home = place.district.communities[0]
    caller = add_actor(wall, place.ref, "liaison", home, "社区联络员")
    people = [clerk(app, wall, who) for who in (caller, place.liaison, place.office, place.leader)]
    return Case(place, caller, *people, home, place.district.departments["sanitation"])


def blown(wall: Wall, case: Case, minutes_ago: int = 5, **changed: object) -> UUID:
    """A whistle blown a while ago."""
    given = {"caller_unit_id": case.home, "unit_ids": [case.department], "matter": "井盖松动", "place": "一号院东门"}
    with case.place.district.session(wall) as session:
        at = now() - timedelta(minutes=minutes_ago)
        made = blow(session, case.caller, Wanted(**(given | changed)), now=at)  # type: ignore[arg-type]
        session.commit()
        return made.id


def fields(case: Case, **changed: object) -> dict[str, object]:
    return {
        "id": str(new_id()),
        "caller": str(case.home),
        "place": "一号院东门",
        "matter": "污水外溢",
        "unit": [str(case.department)],
        "minutes": "60",
    } | changed


def version_of(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def buttons(page: str) -> set[str]:
    """The steps that a page offers."""
    return set(re.findall(r'name="verb" value="(\w+)"', page))


def state_of(wall: Wall, case: Case, whistle_id: UUID) -> tuple[str, int]:
    with case.place.district.session(wall) as session:
        row = session.scalars(select(Whistle).where(Whistle.id == whistle_id)).one()
        return row.state, row.version


def test_every_state_and_step_has_its_words() -> None:
    assert TONES.keys() == STATES.keys()
    assert CONSEQUENCES.keys() == DONE.keys() == {move.verb for move in MOVES.values() if move.by != CLOCK}


def test_blowing_in_three_taps_and_the_same_form_twice(case: Case, wall: Wall) -> None:
    form = case.area.read("whistles/new")
    assert "测试区环卫" in form
    assert "测试区一街道" not in content(form).split("叫谁来")[1], "its own line is not offered"
    assert 'type="hidden" name="caller"' in form, "who whistles for one unit is not asked for which"
    sent = fields(case)
    first, _ = case.area.send("whistles/new", sent, 303)
    again, _ = case.area.send("whistles/new", sent, 303)
    assert first.headers["Location"] == again.headers["Location"]
    page = case.area.read(first.headers["Location"].split(f"/t/{case.area.slug}/")[1])
    assert "已吹哨，等待到场" in page
    assert re.search(r"距到场时限 (59 分钟|1 小时)", page)
    assert "常叫的单位" in case.area.read("whistles/new"), "whom one called before stands first"
    with case.place.district.session(wall) as session:
        assert len(session.scalars(select(Whistle)).all()) == 1
        assert session.scalars(select(Note.person_id)).all() == [case.place.liaison.person_id]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"unit": []}, "unit"),
        ({"matter": " "}, "matter"),
        ({"place": ""}, "place"),
        ({"minutes": "many"}, "minutes"),
        ({"minutes": "0"}, "minutes"),
        ({"longitude": "112.5"}, "latitude"),
        ({"longitude": "east", "latitude": "1"}, "longitude"),
        ({"site_id": str(new_id())}, "site_id"),
        ({"caller": str(new_id())}, "caller"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_all_is_kept(
    case: Case, wall: Wall, changed: dict[str, object], field: str
) -> None:
    sent = fields(case) | changed
    _, page = case.area.send("whistles/new", sent, 422)
    assert f'href="#f-{field}"' in page
    for name in ("place", "matter"):
        assert str(sent[name]).strip() in page
    assert str(sent["id"]) in page
    with case.place.district.session(wall) as session:
        assert session.scalars(select(Whistle)).all() == []


def test_a_form_starts_from_the_finding_or_site_one_came_from(case: Case, wall: Wall) -> None:
    with case.place.district.session(wall) as session:
        found = send(session, case.place, now=now() - timedelta(hours=1)).findings[0]
        spot = add_site(session, case.home, "produce_market", name="南市场")
        session.commit()
    form = case.area.read(f"whistles/new?finding={found.id}")
    assert found.title in form
    assert f'name="finding_id" value="{found.id}"' in form
    assert re.search(rf'value="{spot}" selected', case.area.read(f"whistles/new?site={spot}"))
    for unknown in (new_id(), case.home):
        assert 'name="finding_id" value=""' in case.area.read(f"whistles/new?finding={unknown}")
    sent = fields(case, finding_id=str(found.id), site_id=str(spot), place="")
    answer, _ = case.area.send("whistles/new", sent, 303)
    path = answer.headers["Location"].split(f"/t/{case.area.slug}/")[1]
    page = case.area.read(path)
    assert f"findings/{found.id}" in page
    assert "<h1>南市场</h1>" in page


def test_who_cannot_whistle_is_told_who_can(case: Case) -> None:
    assert "您的岗位不能吹哨" in case.called.read("whistles/new")
    assert "whistles/new" not in content(case.called.read("whistles"))


def test_the_whole_story_on_the_pages(case: Case, wall: Wall) -> None:
    whistle_id = blown(wall, case)
    path = f"whistles/{whistle_id}"
    page = case.called.read(path)
    assert buttons(page) == {"accept", "arrive"}
    unit = {"unit": str(case.department)}
    case.called.send(f"{path}/act", {"verb": "accept", "version": version_of(page)} | unit, 303)
    page = case.called.read(path)
    assert buttons(page) == {"arrive"}
    photo = case.called.photo(jpeg())
    sent = {"verb": "arrive", "version": version_of(page), "photo": photo} | unit
    case.called.send(f"{path}/act", sent, 303)
    page = case.area.read(path)
    assert "现场照片" in page
    assert "5 分钟后" in page
    shown = re.search(r'src="(/t/[^"]+/small)"', page)
    assert shown
    assert case.area.client.get(shown[1]).status_code == 200
    assert buttons(page) == {"confirm", "cancel", "escalate"}
    _, kept = case.called.send(f"{path}/act", {"verb": "report", "version": version_of(page), "note": " "} | unit, 422)
    assert "缺少说明" in kept
    anchor = re.search(r'href="#(f-note-\d+)">', kept)
    assert anchor
    assert f'id="{anchor[1]}"' in kept
    case.called.send(f"{path}/act", {"verb": "report", "version": "3", "note": "已加固"} | unit, 303)
    case.area.send(f"{path}/act", {"verb": "confirm", "version": "4", "note": "现场已看"}, 303)
    page = case.area.read(path)
    assert buttons(page) == set()
    assert "现场已看" in page
    assert state_of(wall, case, whistle_id) == ("solved", 5)


def test_an_escalation_and_the_leaders_word(case: Case, wall: Wall) -> None:
    whistle_id = blown(wall, case)
    path = f"whistles/{whistle_id}"
    page = case.area.read(path)
    assert case.place.leader.name in page, "to whom it goes"
    sent = {"verb": "escalate", "version": "1", "note": "叫不动", "leader": str(case.place.leader.person_id)}
    case.area.send(f"{path}/act", sent, 303)
    assert buttons(case.leader.read(path)) == {"instruct"}
    case.leader.send(f"{path}/act", {"verb": "instruct", "version": "2", "note": "环卫立即到场"}, 303)
    page = case.called.read(path)
    assert "环卫立即到场" in page
    assert buttons(page) == {"accept", "arrive"}


def test_who_lost_the_race_sees_the_winner_and_keeps_his_words(case: Case, wall: Wall) -> None:
    whistle_id = blown(wall, case)
    with case.place.district.session(wall) as session:
        act(session, case.place.liaison, whistle_id, "arrive", version=1)
        session.commit()
    sent = {"verb": "escalate", "version": "1", "note": "一直没人来"}
    _, page = case.area.send(f"whistles/{whistle_id}/act", sent, 412)
    assert "测试区环卫" in content(page).split("您打开页面之后")[1]
    assert "一直没人来" in page
    assert version_of(page) == "2"
    _, page = case.area.send(f"whistles/{whistle_id}/act", {"verb": "instruct", "version": "2", "note": "x"}, 403)
    assert "“领导批示”由领导或创建办办理；现在可以办理：" in page
    _, page = case.leader.send(f"whistles/{whistle_id}/act", {"verb": "instruct", "version": "2", "note": "x"}, 409)
    assert "到场处置中" in page
    assert state_of(wall, case, whistle_id) == ("on_site", 2)


def test_a_refusal_is_said_in_english_too(app: Flask, wall: Wall, case: Case) -> None:
    whistle_id = blown(wall, case)
    reader = clerk(app, wall, case.caller, "en")
    _, page = reader.send(f"whistles/{whistle_id}/act", {"verb": "confirm", "version": "1", "note": "x"}, 409)
    alert = re.search(r'class="error">(.*?)</b>', page)
    assert alert
    assert not re.search(r"[\u4e00-\u9fff]", alert[1]), alert[1]


def test_out_of_reach_is_the_same_404(app: Flask, wall: Wall, case: Case) -> None:
    whistle_id = blown(wall, case)
    nobody = clerk(app, wall, add_actor(wall, case.place.ref, "liaison", case.place.district.communities[1]))
    answers = [nobody.ask(f"whistles/{one}") for one in (whistle_id, new_id())]
    assert [a.status_code for a in answers] == [404, 404]
    assert answers[0].data == answers[1].data
    refused = nobody.client.post(
        f"/t/{nobody.slug}/whistles/{whistle_id}/act",
        data={"csrf_token": nobody.csrf, "verb": "accept", "version": "1"},
    )
    assert refused.status_code == 404


def test_the_list_its_filters_and_the_file(app: Flask, wall: Wall, case: Case) -> None:
    assert "还没有吹过哨" in case.area.read("whistles")
    assert "您的范围内还没有吹哨" in case.called.read("whistles")
    late = blown(wall, case, minutes_ago=100, matter="=HYPERLINK(1)")
    blown(wall, case)
    page = case.office.read("whistles")
    assert page.count("<tr data-href") == 2
    assert "到场时限已过 40 分钟" in page
    for query, n in {
        "late=1": 1,
        "state=called": 2,
        "state=solved": 0,
        f"unit={case.department}": 2,
        f"unit={case.place.district.communities[1]}": 0,
        "period=1999": 0,
        "q=HYPERLINK": 1,
    }.items():
        assert case.office.read(f"whistles?{query}").count("<tr data-href") == n, query
        text = case.office.ask(f"whistles/export.csv?{query}").get_data(as_text=True).removeprefix("\ufeff")
        lines = list(csv.reader(io.StringIO(text)))
        assert len(lines) == n + 1, query
    assert "没有符合条件的吹哨" in case.office.read("whistles?state=solved")
    text = case.office.ask("whistles/export.csv?late=1").get_data(as_text=True)
    assert "'=HYPERLINK(1)" in text
    for query in ("state=lost", "unit=7", "period=never", "cursor=x"):
        assert case.office.ask(f"whistles?{query}").status_code == 422, query
    with case.place.district.session(wall) as session:
        assert escalate_due(session, now()) == 1
        session.commit()
        event = session.scalars(select(WhistleEvent).filter_by(whistle_id=late, verb="overdue")).one()
        assert event.person_id is None
    page = case.office.read(f"whistles/{late}")
    assert "逾时未到齐，自动提级" in page
    assert "系统" in page


def test_a_unit_that_cannot_be_ordered_is_asked(case: Case, wall: Wall) -> None:
    with case.place.district.session(wall) as session:
        session.execute(update(Unit).where(Unit.id == case.department).values(commanded=False))
        session.commit()
    assert "商请" in case.area.read("whistles/new")
    whistle_id = blown(wall, case, minutes_ago=200)
    path = f"whistles/{whistle_id}"
    page = case.called.read(path)
    assert re.search(r'class="sc-tag">商请', page)
    assert buttons(page) == {"arrive", "decline"} | {"accept"}
    sent = {"verb": "decline", "version": "1", "unit": str(case.department), "note": " "}
    _, kept = case.called.send(f"{path}/act", sent, 422)
    assert "缺少说明" in kept
    case.area.send(f"{path}/act", sent | {"note": "x"}, 403)
    case.called.send(f"{path}/act", sent | {"note": "另有任务"}, 303)
    page = case.area.read(path)
    for words in ("已婉拒", "另有任务", "商请均被婉拒"):
        assert words in page
    assert "逾时未到" not in page
    assert buttons(page) == {"cancel", "escalate"}
    assert "等吹哨单位决定提级还是撤销" in case.called.read(path)
    assert case.office.read("whistles?late=1").count("<tr data-href") == 0
    assert "婉拒 1" in case.office.read("whistles")
    year = now().year
    page = content(case.office.read(f"whistles/figures?kind=year&period={year}"))
    assert "测试区环卫 商请 0 0 0 没有数据 — 0 0 1" in page


def test_the_time_to_be_solved_by_is_typed_kept_and_escalated(case: Case, wall: Wall) -> None:
    _, page = case.area.send("whistles/new", fields(case, solve_by="soon"), 422)
    assert 'href="#f-solve_by"' in page
    assert 'value="soon"' in page
    _, page = case.area.send("whistles/new", fields(case, solve_by="2020-01-01T10:00"), 422)
    assert "解决时限早于到场时限" in page
    due = (now() + timedelta(hours=3)).astimezone(ZONE).replace(second=0, microsecond=0, tzinfo=None)
    answer, _ = case.area.send("whistles/new", fields(case, solve_by=due.isoformat(timespec="minutes")), 303)
    path = answer.headers["Location"].split(f"/t/{case.area.slug}/")[1]
    with case.place.district.session(wall) as session:
        made = session.scalars(select(Whistle)).one()
        assert made.solve_by == due.replace(tzinfo=ZONE)
        act(session, case.place.liaison, made.id, "arrive", version=1, now=made.called_at)
        assert escalate_due(session, made.solve_by + timedelta(minutes=11)) == 1
        session.commit()
    page = case.leader.read(path)
    assert "逾时未解决，自动提级" in page
    assert buttons(page) == {"instruct"}


def test_figures_and_rules(case: Case, wall: Wall) -> None:
    assert "这一期没有单位被叫到" in case.office.read("whistles/figures")
    whistle_id = blown(wall, case, minutes_ago=30)
    with case.place.district.session(wall) as session:
        act(session, case.place.liaison, whistle_id, "arrive", version=1, now=now() - timedelta(minutes=10))
        session.commit()
    year = now().year
    page = content(case.office.read(f"whistles/figures?kind=year&period={year}"))
    assert "测试区环卫 1 1 1 100.0% 1/1 20 0 0 0" in page
    for side, wanted in (
        ("called", ["测试区环卫", "1", "1", "1", "1", "20", "0", "0", "0"]),
        ("callers", ["测试区第1社区", "1", "1", "1", "1", "1", "20", "0", "0", "0", "0"]),
    ):
        answer = case.office.ask(f"whistles/figures/{side}.csv?kind=year&period={year}")
        head, line = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
        assert line == wanted
        assert len(head) == len(line)
    assert case.office.ask("whistles/figures/nobody.csv").status_code == 404
    rules = {"minutes": "30", "grace": "5", "working": "1"}
    _, page = case.office.send("whistles/rules", rules | {"minutes": "soon"}, 422)
    assert 'value="soon"' in page
    assert 'href="#f-minutes"' in page
    case.office.send("whistles/rules", rules, 303)
    with case.place.district.session(wall) as session:
        body = session.scalars(select(Setting.body).where(Setting.name == "whistle")).one()
    assert body == {"minutes": 30, "grace": 5, "working": True}
    assert "到场时限 30 分钟，宽限 5 分钟" in case.area.read("whistles/figures")
    case.area.send("whistles/rules", rules, 403)
    assert re.search(r'value="30" checked', case.area.read("whistles/new"))
