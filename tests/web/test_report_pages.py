"""Intake on the pages (上报页面): three taps, duplicates asked before, leaders, shifts, routing rules, sets - nothing typed lost."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from core.settings import ZONE
from core.web.intake import report_words
from core.work.dispatch.category_sets import groups_of
from core.work.dispatch.routing_rules import list_rules
from core.work.intake.patrols import running_patrol
from core.work.loop.ledger import act
from core.work.tables import CampaignPhase, Finding, Precedent
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content
from tests.work.intake import HERE, Street, bring_in, opening, parts, street
from tests.work.pictures import jpeg


@pytest.fixture
def place(app: Flask, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Street:
    return street(wall, app.extensions["sancheng"].settings.files)


@pytest.fixture
def grid(app: Flask, wall: Wall, place: Street) -> Clerk:
    return clerk(app, wall, place.grid)


@pytest.fixture
def office(app: Flask, wall: Wall, place: Street) -> Clerk:
    return clerk(app, wall, place.office)


def filled(stage: Street, **changed: Any) -> dict[str, Any]:
    """What three taps send."""
    given = {"id": str(new_id()), "site": str(stage.market), "category": "ENV-LITTER", "severity": "ordinary"}
    return given | {"source": "snapshot"} | changed


def the_only(wall: Wall, place: Street) -> Finding:
    with place.district.session(wall) as session:
        return session.scalars(select(Finding)).one()


# --- the phone -----------------------------------------------------------------------------------------------------


def test_the_form_begins_with_the_usual_and_the_last_site(wall, place, grid):
    with place.district.session(wall) as session:
        bring_in(session, place, category="ORD-PET", now=now() - timedelta(days=9))
        session.commit()
    page = grid.read("findings/new")
    usual = re.search(r"<details open><summary>常用.*?</details>", page, re.DOTALL)
    assert usual
    names = re.findall(r"<label for=\"c-\d+\">([^<]+)</label>", usual[0])
    assert names[0] == "不文明养宠"
    assert len(names) == report_words.MOST_USUAL
    assert f'name="site" value="{place.market}" checked' in page
    assert 'value="ordinary" checked' in page
    assert page.count('name="category"') >= 48


def test_three_taps_report_with_a_photo(wall, place, grid):
    page = grid.read("findings/new")
    key = re.search(r'name="id" value="([0-9a-f-]{36})"', page)
    assert key
    sha = grid.photo(jpeg((80, 60)))
    answer, _ = grid.send("findings/new", filled(place, id=key[1], photos=sha), 303)
    finding = the_only(wall, place)
    assert (str(finding.id), finding.state, finding.source) == (key[1], "reported", "snapshot")
    assert answer.headers["Location"].endswith(f"/findings/{finding.id}")
    shown = grid.read(f"findings/{finding.id}")
    assert f"{finding.number} 已上报，等创建办受理" in shown
    assert "再报一个" in shown
    again, _ = grid.send("findings/new", filled(place, id=key[1], photos=sha), 303)
    assert again.headers["Location"] == answer.headers["Location"]
    assert "没有重复记录" in grid.read(f"findings/{finding.id}")


def test_faults_come_back_beside_their_fields_with_everything_typed(place, grid):
    sha = grid.photo(jpeg((80, 60)))
    said = filled(place, category="", detail="门口一堆", photos=sha, fixed="1", severity="urgent")
    _, page = grid.send("findings/new", said, 422)
    assert "没有这个问题类别" in page
    assert "缺少照片" in page
    assert "门口一堆" in page
    assert f'value="{sha}"' in page
    assert 'value="urgent" checked' in page
    assert re.search(r'name="fixed" value="1" checked', page)


def test_a_free_place_needs_its_words_and_its_unit(wall, place, grid):
    home = str(place.district.communities[0])
    _, page = grid.send("findings/new", filled(place, site="free", unit=home, place=""), 422)
    assert "没有写明地点" in page
    grid.send("findings/new", filled(place, site="free", unit=home, place="小区东门"), 303)
    finding = the_only(wall, place)
    assert (finding.site_id, finding.place, finding.unit_id) == (None, "小区东门", UUID(home))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"site": "x"}, 422),
        ({"id": "x"}, 422),
        ({"longitude": "x", "latitude": "1"}, 422),
        ({"site": str(UUID(int=4))}, 404),
        ({"source": "leader", "asked_by": "区长"}, 403),
        ({"duplicate": "x"}, 422),
        ({"duplicate": str(UUID(int=4))}, 422),
    ],
)
def test_nonsense_is_refused(place, grid, changed, status):
    grid.send("findings/new", filled(place, **changed), status)


def test_put_right_on_the_spot(wall, place, grid):
    before, after = grid.photo(jpeg((80, 60))), grid.photo(jpeg((80, 61)))
    grid.send("findings/new", filled(place, photos=before, fixed="1", after=after), 303)
    finding = the_only(wall, place)
    assert (finding.state, finding.outcome) == ("closed", "on_spot")
    assert "已当场处置并销号" in grid.read(f"findings/{finding.id}")


# --- duplicates ----------------------------------------------------------------------------------------------------


def test_what_was_reported_there_is_asked_before(wall, place, grid):
    with place.district.session(wall) as session:
        first = bring_in(session, place, now=now() - timedelta(hours=2))
        session.commit()
    part = grid.read(f"findings/new/twins?category=ENV-LITTER&site={place.market}")
    assert "和这件是同一件" in part
    assert (first.number or "?") in part
    assert "这是新的" in part
    assert "<html" not in part
    assert grid.read(f"findings/new/twins?category=ENV-BIN&site={place.market}").strip() == ""
    _, page = grid.send("findings/new", filled(place), 422)
    assert "这里刚报过相近的问题" in page
    grid.send("findings/new", filled(place, duplicate="new"), 303)
    grid.send("findings/new", filled(place, duplicate=str(first.id)), 303)
    with place.district.session(wall) as session:
        rows = session.scalars(select(Finding).order_by(Finding.opened_at)).all()
        assert [row.state for row in rows] == ["reported"] * 3
        assert opening(session, rows[2]).detail["duplicate_of"] == str(first.id)
        assert "duplicate_of" not in opening(session, rows[1]).detail


def test_the_office_merges_at_once_and_takes_apart_again(wall, place, office):
    with place.district.session(wall) as session:
        first = bring_in(session, place, photos=place.photos[:1], now=now() - timedelta(hours=2))
        session.commit()
    answer, _ = office.send("findings/new", filled(place, duplicate=str(first.id)), 303)
    merged = answer.headers["Location"].rpartition("/")[2]
    with place.district.session(wall) as session:
        row = session.get_one(Finding, (place.ref.id, UUID(merged)))
        assert (row.state, row.merged_into) == ("merged", first.id)
    office.send(f"findings/{merged}/unmerge", {"version": "2", "note": "两处"}, 303)
    office.send(f"findings/{first.id}/merge", {"version": "1", "target": merged}, 303)
    with place.district.session(wall) as session:
        row = session.get_one(Finding, (place.ref.id, first.id))
        assert (row.state, str(row.merged_into)) == ("merged", merged)
    photo = office.ask(f"findings/{merged}/merged/{place.photos[0]}")
    assert (photo.status_code, photo.content_type) == (200, "image/jpeg")
    for ref in (place.photos[1], str(UUID(int=3)), "x"):
        assert office.ask(f"findings/{merged}/merged/{ref}").status_code in (404, 422)


def test_a_refused_merge_says_why(wall, place, office):
    with place.district.session(wall) as session:
        one = bring_in(session, place)
        two = bring_in(session, place)
        session.commit()
    office.send(f"findings/{one.id}/merge", {"version": "7", "target": str(two.id)}, 303)
    assert "请刷新后再办理" in office.read(f"findings/{one.id}")
    office.send(f"findings/{one.id}/merge", {"version": "1", "target": str(UUID(int=6))}, 404)
    office.send(f"findings/{one.id}/merge", {"version": "x", "target": str(two.id)}, 422)


# --- places --------------------------------------------------------------------------------------------------------


def test_places_by_the_device_and_by_name(place, grid, office):
    near = office.read(f"findings/new/places?longitude={HERE[0]}&latitude={HERE[1]}")
    assert re.findall(r'name="site" value="([0-9a-f-]+)"', near) == [str(place.market), str(place.kiosk)]
    assert "26 米" in near
    assert str(place.kiosk) in office.read("findings/new/places?q=小店")
    assert "没有您可以上报的点位" in grid.read("findings/new/places?q=小店")


# --- leaders -------------------------------------------------------------------------------------------------------


def test_an_instruction_goes_straight_to_its_unit(app, wall, place, office):
    page = office.read("findings/instruct")
    assert "谁交办" in page
    lead = str(place.district.departments["landscape"])
    due = (now() + timedelta(days=9)).date().isoformat()
    said = filled(place, source="leader", title="尽快修好护栏", lead=lead, due_on=due, category="FAC-ROAD")
    _, page = office.send("findings/instruct", said, 422)
    assert "没有写明交办领导" in page
    assert "尽快修好护栏" in page
    office.send("findings/instruct", said | {"asked_by": "区长"}, 303)
    finding = the_only(wall, place)
    assert (finding.state, finding.asked_by, finding.priority, finding.due_fixed) == ("dispatched", "区长", True, True)
    with place.district.session(wall) as session:
        assert str(parts(session, finding)["line"].unit_id) == lead
    _, page = office.send(
        "findings/instruct", said | {"id": str(new_id()), "asked_by": "区长", "due_on": "2020-01-01"}, 422
    )
    assert "期限不对" in page
    leader = clerk(app, wall, place.town.leader)
    assert "congress" not in leader.read("findings/instruct")
    leader.send("findings/instruct", filled(place, source="congress", asked_by="区政协"), 403)


def test_an_independent_body_is_named_shown_and_found(wall, place, office):
    said = filled(place, source="congress", title="护栏缺损")
    _, page = office.send("findings/instruct", said, 422)
    assert "没有写明是哪个机构" in page
    office.send("findings/instruct", said | {"asked_by": "演示区政协城建委"}, 303)
    finding = the_only(wall, place)
    assert "提出：演示区政协城建委" in content(office.read(f"findings/{finding.id}"))
    assert "护栏缺损" in content(office.read("findings?q=政协城建"))
    assert "没有符合条件的问题" in office.read("findings?q=人大")


def test_who_may_not_instruct_is_refused(grid):
    assert grid.ask("findings/instruct").status_code == 403


# --- shifts --------------------------------------------------------------------------------------------------------


def test_a_shift_from_its_beginning_to_its_file(wall, place, grid, office):
    home = str(place.district.communities[0])
    chief = str(place.town.inspector.person_id)
    said = {"unit": home, "route": "学府街东段", "duty": "grid_worker", "member.road_chief": chief}
    grid.send("patrols", said, 303)
    with place.district.session(wall) as session:
        running = running_patrol(session, place.grid)
        assert running is not None
        patrol = str(running.id)
    assert "正在巡查" in grid.read("patrols")
    page = grid.read("findings/new")
    assert re.search(rf'name="patrol_id" value="{patrol}" checked', page)
    before, after = grid.photo(jpeg((80, 60))), grid.photo(jpeg((80, 61)))
    grid.send("findings/new", filled(place, patrol_id=patrol, photos=before, fixed="1", after=after), 303)
    grid.send("findings/new", filled(place, patrol_id=patrol, category="ORD-STALL"), 303)
    with place.district.session(wall) as session:
        assert set(session.scalars(select(Finding.source))) == {"patrol"}
    _, page = grid.send("patrols", said, 409)
    assert "还在" in page
    grid.send(f"patrols/{patrol}/end", {"note": "一切正常"}, 303)
    listed = content(office.read("patrols"))
    assert "学府街东段" in listed
    assert "一切正常" in listed
    text = office.ask("patrols/export.csv").get_data(as_text=True).lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["路线"], row["当场处置"], row["转交"]) for row in rows] == [("学府街东段", "1", "1")]
    assert "路长" in rows[0]["人员"]
    links = re.findall(r'href="/t/[^/]+/(findings\?[^"]*patrol=[^"]*)">(\d+)<', office.read("patrols"))
    assert [n for _, n in links] == ["1", "1"]
    for link, title in zip((one for one, _ in links), ("暴露垃圾", "占道"), strict=True):
        page = office.read(link)
        assert len(re.findall(r'name="row" value="|<tr', page[page.index("<tbody") :])) >= 1
        assert title in page[page.index("<tbody") :]
        assert "巡查班次：" in content(page)
        assert "学府街东段" in content(page)
    for by, name in (("unit", "测试区第1社区"), ("month", f"{now().astimezone(ZONE):%Y-%m}")):
        text = office.ask(f"patrols/sums.csv?by={by}").get_data(as_text=True).lstrip("\ufeff")
        assert list(csv.reader(io.StringIO(text)))[1:] == [[name, "1", "1", "1", "2"]]
    assert "每个人都计一次" in office.read("patrols?by=person")
    assert office.ask("patrols?by=weather").status_code == 422
    assert "没有符合条件的班次" in office.read("patrols?state=running")
    assert office.ask("patrols?cursor=abc").status_code == 422


def test_a_joint_shift_takes_two_of_a_duty_and_one_more_on_the_way(wall, place, grid):
    home = str(place.district.communities[0])
    team = [add_actor(wall, place.ref, "inspector", place.district.street, f"执法{n}") for n in "甲乙丙"]
    ids = [str(one.person_id) for one in team]
    twice = {"unit": home, "member.enforcement": ids[:2], "member.volunteer": ids[:1]}
    _, page = grid.send("patrols", twice, 422)
    assert "同一个人选了两种身份" in page
    assert page.count(f'value="{ids[1]}" selected') == 1
    grid.send("patrols", {"unit": home, "member.enforcement": ids[:2], "duty": "grid_worker"}, 303)
    with place.district.session(wall) as session:
        running = running_patrol(session, place.grid)
        assert running is not None
    assert "有人中途加入" in grid.read("patrols")
    grid.send(f"patrols/{running.id}/members", {"member.enforcement": ids[2]}, 303)
    _, page = grid.send(f"patrols/{running.id}/members", {}, 422)
    assert "没有选人" in page
    text = grid.ask("patrols/export.csv").get_data(as_text=True).lstrip("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text))
    assert all(f"执法{n} 执法人员" in row["人员"] for n in "甲乙丙")


# --- routing -------------------------------------------------------------------------------------------------------


def test_rules_are_added_tried_and_ended(wall, place, office):
    assert "没有本地规则" in office.read("settings/routing")
    said = {"category": "ENV-TOILET", "severity": "urgent", "hours": "4", "note": "重大活动"}
    office.send("settings/routing", said, 303)
    _, page = office.send("settings/routing", said, 409)
    assert "条件相同" in page
    _, page = office.send("settings/routing", {"category": "ENV-TOILET", "hours": "x", "note": "留着"}, 422)
    assert "应为整数" in page
    assert "留着" in page
    query = f"category=ENV-TOILET&severity=urgent&site={place.market}"
    shown = content(office.read(f"settings/routing?{query}"))
    assert "4 小时内整改" in shown
    assert "依规则：重大活动" in shown
    assert "被后一条取代" in shown
    assert "没有找到" in office.read(f"settings/routing?category=ENV-TOILET&site={UUID(int=5)}")
    assert "请选点位" in office.read("settings/routing?category=ENV-TOILET")
    with place.district.session(wall) as session:
        (line,) = list_rules(session, place.office, on=now().date())
    office.send(f"settings/routing/{line.rule.id}/end", {}, 303)
    assert "没有本地规则" in office.read("settings/routing")
    assert "已终止" in office.read("settings/routing?ended=1")
    office.send(f"settings/routing/{UUID(int=4)}/end", {}, 404)


def test_precedents_are_listed_with_reason_and_returns_and_ended(wall, place, office):
    with place.district.session(wall) as session:
        finding = bring_in(session, place, place.office, category="ENV-TOILET", now=now())
        session.commit()
        act(session, place.town.liaison, finding.id, "return", version=1, reason="not_our_duty", note="不归我")
        unit = place.district.departments["market_regulator"]
        act(session, place.office, finding.id, "arbitrate", version=2, unit_id=unit, note="市场自管", precedent=True)
        session.commit()
        row = session.scalars(select(Precedent)).one()
    page = content(office.read("settings/routing/precedents"))
    for said in ("市场自管", "1 次", finding.number or "?", "公厕不洁"):
        assert said in page
    office.send(f"settings/routing/precedents/{row.id}/end", {}, 303)
    assert "还没有判例" in office.read("settings/routing/precedents")
    office.send(f"settings/routing/precedents/{row.id}/end", {}, 409)


def test_phases_are_arranged(wall, place, office):
    day = (now() + timedelta(days=3)).date().isoformat()
    office.send("settings/routing/phases", {"campaign": "", "phase": "迎检冲刺", "valid_from": day}, 303)
    assert "未到" in office.read("settings/routing/phases")
    _, page = office.send("settings/routing/phases", {"campaign": "", "phase": "常态", "valid_from": "2020-01-01"}, 422)
    assert "日期已过" in page
    _, page = office.send("settings/routing/phases", {"campaign": "", "phase": "常态", "valid_from": "x"}, 422)
    assert "日期写法不对" in page
    with place.district.session(wall) as session:
        assert session.scalars(select(CampaignPhase.phase)).all() == ["迎检冲刺"]


def test_who_does_not_direct_sees_no_rules(grid):
    for path in ("settings/routing", "settings/routing/precedents", "settings/routing/phases"):
        assert grid.ask(path).status_code == 403


# --- sets ----------------------------------------------------------------------------------------------------------


def test_a_set_of_groups_is_kept_counted_and_offered_first(wall, place, office, grid):
    said = {"name": "九乱", "names": "乱扔乱倒\n乱停乱放", "step": "names"}
    _, page = office.send("settings/category-sets/new", said, 200)
    assert page.count('<option value="2">乱停乱放</option>') == page.count('name="group.')
    said |= {"step": "", "group.ENV-LITTER": "1", "group.ENV-BIN": "1"}
    _, page = office.send("settings/category-sets/new", said, 422)
    assert "分组里没有类别" in page
    office.send("settings/category-sets/new", said | {"group.ORD-PARK": "2"}, 303)
    with place.district.session(wall) as session:
        bring_in(session, place, place.office)
        session.commit()
        (one,) = groups_of(session)
    assert re.search(
        r"乱扔乱倒 暴露垃圾烟头杂物 、 垃圾容器满溢破损未分类 1 0 1",
        content(office.read("settings/category-sets")).replace("、", " 、 ").replace("  ", " "),
    )
    for day, counts in (("2026-11-19", "1 0 1"), ("2026-11-20", "0 0 0")):
        told = content(office.read(f"settings/category-sets?from={day}&to=2026-11-30"))
        assert re.search(rf"垃圾容器满溢破损未分类 {counts} ", told), told
    assert office.ask("settings/category-sets?from=2026-11-20&to=2026-11-19").status_code == 422
    text = office.ask("findings/export.csv").get_data(as_text=True).lstrip("\ufeff")
    assert [row["九乱"] for row in csv.DictReader(io.StringIO(text))] == ["乱扔乱倒"]
    page = grid.read("findings/new")
    assert page.index("乱停乱放") < page.index("环境卫生")
    office.send(f"settings/category-sets/{one.id}", said | {"name": "十乱", "group.ORD-PARK": "2"}, 303)
    assert "十乱" in office.read("settings/category-sets")
    office.send(f"settings/category-sets/{one.id}/retire", {}, 303)
    assert "还没有分类口径" in office.read("settings/category-sets")
    assert office.ask(f"settings/category-sets/{one.id}").status_code == 404


def test_a_findings_page_shows_what_was_merged_with_words_and_photos(wall, place, office):
    with place.district.session(wall) as session:
        top = bring_in(session, place, place.office, now=now() - timedelta(hours=2))
        low = bring_in(session, place, photos=place.photos[:1], detail="门口一堆", now=now() - timedelta(hours=1))
        told = bring_in(session, place, merge_into=top.id, category="ENV-BIN", now=now())
        session.commit()
    assert "可能是同一件" in office.read(f"findings/{top.id}")
    office.send(f"findings/{low.id}/merge", {"version": "1", "target": str(top.id)}, 303)
    page = office.read(f"findings/{top.id}")
    for said in ("门口一堆", place.grid.name, "巡查上报", f"findings/{top.id}/merged/{place.photos[0]}"):
        assert said in page
    assert f"/findings/{top.id}" in office.read(f"findings/{low.id}")
    assert "上报人认为和这件是同一件" in office.read(f"findings/{told.id}")
