"""The pages of sponsors, walked with the real application: list, matrix, form, log, own page, publication, import."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from flask import Flask, g, render_template
from sqlalchemy import select

from core.settings import ZONE
from core.web.duties.sponsor_reading import sponsors_beside, sponsors_beside_units
from core.work.duties.sponsor_keeping import Wish, begin_sponsorship
from core.work.papers.notice_issuing import Draft, issue
from core.work.tables import FindingCampaign, SponsorEntry, Sponsorship
from tenants.db import new_id, now
from tenants.models import Person
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content
from tests.work.duty_stage import Stage, a_finding, nobody, set_stage
from tests.work.test_sponsoring import HEAD
from tests.work.test_workbooks import book

TODAY = now().astimezone(ZONE).date()
DAY = timedelta(1)


class Desk:
    """A district with an HQ office before its pages."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.app, self.wall = app, wall
        self.stage: Stage = set_stage(wall)
        self.office = self.seat("hq_office")

    def seat(self, role: str, unit=None, name: str = "") -> Clerk:
        district = self.stage.district
        return clerk(self.app, self.wall, add_actor(self.wall, district.ref, role, unit or district.root, name))

    def begin(self, kind: str, name: str, **more) -> Sponsorship:
        with self.stage.district.session(self.wall) as session:
            person = session.scalars(select(Person).where(Person.name == name)).first() or nobody(session, name)
            row = begin_sponsorship(session, None, Wish(kind, person.id, **more), today=TODAY - 20 * DAY)
            session.commit()
            return row

    def rows(self, table):
        with self.stage.district.session(self.wall) as session:
            return list(session.scalars(select(table)))


@pytest.fixture
def desk(app: Flask, wall: Wall) -> Desk:
    return Desk(app, wall)


def test_a_sponsorship_is_registered_shown_and_ended(desk: Desk) -> None:
    office, home = desk.office, desk.stage.homes[0]
    assert "还没有登记包保" in office.read("sponsors")
    assert "登记包保" in office.read(f"sponsors/new?unit={home}")
    form = {"kind": "leader", "person_name": "市领导甲", "title": "副市长", "object": str(home), "field": "市容"}
    answer, _ = office.send("sponsors/new", form, 303)
    page = content(office.client.get(answer.headers["Location"]).get_data(as_text=True))
    assert "市领导甲" in page
    assert "副市长" in page
    listed = content(office.read("sponsors"))
    assert "测试区第1社区" in listed
    assert "没有人包保的地方" in listed
    assert "没有符合条件的包保" in content(office.read("sponsors?q=nobody"))
    row = desk.rows(Sponsorship)[0]
    _, again = office.send("sponsors/new", form | {"person_name": "", "person": str(row.person_id)}, 409)
    assert "同样的包保关系已有" in again
    office.send(f"sponsors/{row.id}/end", {"until": (TODAY + DAY).isoformat()}, 303)
    assert desk.rows(Sponsorship)[0].valid_to == TODAY + 2 * DAY
    assert "没有符合条件的包保" in office.read(f"sponsors?on={(TODAY + 2 * DAY).isoformat()}")
    office.send(f"sponsors/{row.id}/end", {"until": (TODAY - 60 * DAY).isoformat()}, 422)


def test_a_bad_form_comes_back_with_its_values(desk: Desk) -> None:
    form = {"kind": "department", "title": "某职务", "site": "没有的点", "valid_from": "昨天"}
    _, page = desk.office.send("sponsors/new", form, 422)
    assert "某职务" in page
    _, page = desk.office.send("sponsors/new", form | {"valid_from": "", "site": ""}, 422)
    assert "这一类要选单位" in page
    assert "没有选包保对象" in page
    assert desk.rows(Sponsorship) == []
    desk.office.send("sponsors/new", {"kind": "leader", "person": str(new_id()), "object": str(desk.stage.street)}, 404)


def test_files_and_the_matrix_say_the_same(desk: Desk) -> None:
    desk.begin("leader", "总包", object_unit_id=desk.stage.street)
    desk.begin("field_officer", "容甲", object_unit_id=desk.stage.homes[0], field="市容")
    desk.begin("field_officer", "=公式", object_unit_id=desk.stage.homes[1], field="消防")
    text = desk.office.ask("sponsors/export.csv").get_data(as_text=True)
    assert text.startswith("\ufeff包保对象,")
    assert "'=公式" in text
    assert text.count("\r\n") == 4
    data = desk.office.ask("sponsors/export.xlsx").get_data()
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert [cell.value for cell in sheet[1]][:4] == ["包保对象", "对象类型", "包保类别", "包保人"]
    assert {row[3].value for row in sheet.iter_rows(min_row=2)} == {"总包", "容甲", "=公式"}
    page = content(desk.office.read("sponsors/matrix?level=community"))
    assert "有 2 处没有人负责" in page
    assert "容甲" in page
    table = desk.office.ask("sponsors/matrix.csv?level=community").get_data(as_text=True)
    assert "测试区第1社区,,容甲,缺" in table.replace("消防,市容", "市容,消防") or "测试区第1社区,,缺,容甲" in table
    assert "网址中的参数无效" in desk.office.read("sponsors/matrix?level=king", 422)
    assert "网址中的参数无效" in desk.office.read("sponsors?role=king", 422)


def test_a_sponsors_own_page_with_one_tap_entries(desk: Desk) -> None:
    mine = desk.seat("leader", name="包片领导")
    row = desk.begin("leader", "包片领导", object_unit_id=desk.stage.homes[0])
    with desk.stage.district.session(desk.wall) as session:
        due = {"opened_at": now(), "due_at": now() + DAY}
        finding = a_finding(session, desk.stage.market, desk.stage.homes[0], **due)
        a_finding(session, desk.stage.hospital, desk.stage.homes[1], title="别处的问题", **due)
        session.commit()
    page = content(mine.read("sponsors/mine"))
    assert "公厕不洁" in page
    assert "别处的问题" not in page
    assert "还没有日志" in page
    mine.send(f"sponsors/{row.id}/log", {"kind": "visit", "note": "看了早市", "from": "mine"}, 303)
    mine.send(f"sponsors/{row.id}/log", {"kind": "settled", "finding": str(finding), "from": "mine"}, 303)
    page = content(mine.read("sponsors/mine"))
    assert "看了早市" in page
    assert "已记办结" in page
    mine.send(f"sponsors/{row.id}/log", {"kind": "settled", "finding": str(finding), "from": "mine"}, 303)
    assert "这一条已经记过了" in content(mine.read("sponsors/mine"))
    assert len(desk.rows(SponsorEntry)) == 2
    other = desk.seat("leader")
    other.send(f"sponsors/{row.id}/log", {"kind": "visit"}, 403)
    assert "您现在没有包保任务" in other.read("sponsors/mine")
    report = content(desk.office.read("sponsors/report"))
    assert "包片领导" in report
    assert "没有记录" not in report
    text = desk.office.ask("sponsors/report.csv").get_data(as_text=True)
    assert re.search(r"包片领导,.*,0,1,1,0,0,0,", text)


def test_the_log_on_the_page_of_one_sponsorship(desk: Desk) -> None:
    row = desk.begin("leader", "市领导乙", object_unit_id=desk.stage.homes[0])
    path = f"sponsors/{row.id}"
    assert "记一条" in desk.office.read(path)
    _, page = desk.office.send(f"{path}/log", {"kind": "settled", "day": TODAY.isoformat(), "note": ""}, 422)
    assert "没有说明办结了什么" in page
    desk.office.send(f"{path}/log", {"kind": "meeting", "day": TODAY.isoformat(), "note": "现场会"}, 303)
    assert "现场会" in desk.office.read(path)
    reader = desk.seat("liaison", desk.stage.homes[0])
    assert "记一条" not in reader.read(path)
    stranger = desk.seat("liaison", desk.stage.homes[1])
    stranger.read(path, 404)
    stranger.send(f"{path}/log", {"kind": "visit"}, 404)
    stranger.send(f"{path}/end", {"until": ""}, 404)
    reader.send(f"{path}/end", {"until": TODAY.isoformat()}, 403)
    reader.read("sponsors/new", 403)


def test_a_roster_is_imported_after_a_check(desk: Desk) -> None:
    rows = (["包保领导", "甲领导", "副区长", "", "测试区一街道", "", "", "", "", "", ""],)
    office = desk.office
    assert office.ask("sponsors/import/template.xlsx").content_type.endswith("sheet")
    office.send("sponsors/import", {}, 422)
    data = book(0, 包保=[HEAD, *rows])
    answer, _ = office.send("sponsors/import", {"file": (io.BytesIO(data), "名单.xlsx")}, 303)
    path = answer.headers["Location"].removeprefix(f"/t/{office.slug}/")
    checked = content(office.read(path))
    assert "还没有写入任何内容" in checked
    assert desk.rows(Sponsorship) == []
    office.send(path, {}, 303)
    assert len(desk.rows(Sponsorship)) == 1
    bad = book(0, 包保=[HEAD, ["包保王", "甲", "", "", "没有的街道", "", "", "", "", "", ""]])
    answer, _ = office.send("sponsors/import", {"file": (io.BytesIO(bad), "名单.xlsx")}, 303)
    path = answer.headers["Location"].removeprefix(f"/t/{office.slug}/")
    assert "没有这种包保类别" in office.read(path)
    office.send(path, {}, 422)
    answer, _ = office.send("sponsors/import", {"file": (io.BytesIO(b"PK nothing"), "x.xlsx")}, 303)
    assert "工作簿打不开" in office.read(answer.headers["Location"].removeprefix(f"/t/{office.slug}/"), 422)
    assert len(desk.rows(Sponsorship)) == 1


def test_sponsors_stand_beside_a_finding_as_of_its_day_with_what_they_did(app: Flask, wall: Wall, desk: Desk) -> None:
    home, row = desk.stage.homes[0], desk.begin("leader", "当时包保", object_unit_id=desk.stage.homes[0])
    desk.begin("leader", "后来包保", object_unit_id=home, valid_from=TODAY + 5 * DAY)
    desk.office.send(f"sponsors/{row.id}/log", {"kind": "visit", "day": TODAY.isoformat()}, 303)
    with app.test_request_context("/"), desk.stage.district.session(wall) as session:
        g.now, g.actor = now(), add_actor(wall, desk.stage.district.ref, "leader", desk.stage.district.root)
        place = {"unit_id": home, "site_id": desk.stage.market}
        beside = sponsors_beside(session, **place, on=TODAY, days=(TODAY - 9 * DAY, TODAY))
        page = content(render_template("sponsors/_beside.html", beside=beside))
        assert "当时包保" in page
        assert "到访 1 次" in page
        assert "后来包保" not in page
        later = sponsors_beside(session, **place, on=TODAY + 5 * DAY)
        assert [line.name for line in later.lines] == ["当时包保", "后来包保"]
        before = sponsors_beside(session, **place, on=TODAY - 60 * DAY)
        assert "没有人包保这里" in content(render_template("sponsors/_beside.html", beside=before))
        both = sponsors_beside_units(session, [home, desk.stage.homes[1]], TODAY)
        assert [len(both[one].lines) for one in (home, desk.stage.homes[1])] == [1, 0]


def a_closed_one(desk: Desk, title: str, home: int = 0, **more) -> None:
    site = (desk.stage.market, desk.stage.hospital)[home]
    times = {"opened_at": now() - 2 * DAY, "due_at": now(), "closed_at": now() - timedelta(minutes=1)}
    with desk.stage.district.session(desk.wall) as session:
        a_finding(session, site, desk.stage.homes[home], title=title, state="closed", **(times | more))
        session.commit()


def test_what_was_settled_at_his_places_counts_by_itself_and_opens_into_its_list(desk: Desk) -> None:
    desk.begin("leader", "不记日志", object_unit_id=desk.stage.homes[0])
    a_closed_one(desk, "已清运")
    a_closed_one(desk, "已补漏")
    a_closed_one(desk, "不宜外传", restricted=True)
    a_closed_one(desk, "别处已办", home=1)
    text = desk.office.ask("sponsors/report.csv").get_data(as_text=True)
    assert re.search(r"不记日志,.*,0,0,0,0,0,2,", text)
    found = re.findall(r'href="([^"]+/deeds[^"]*#settled)">2</a>', desk.office.read("sponsors/report"))
    assert len(found) == 1
    page = content(desk.office.client.get(found[0].replace("&amp;", "&")).get_data(as_text=True))
    assert "已清运" in page
    assert "已补漏" in page
    assert "不宜外传" not in page
    assert "别处已办" not in page
    row = desk.rows(Sponsorship)[0]
    first = content(desk.office.read(f"sponsors/{row.id}/deeds?from=2026-01-01&to=2026-01-02"))
    assert "这段时间没有销号的问题" in first
    desk.office.read(f"sponsors/{row.id}/deeds?from=2026-01-02&to=2026-01-01", 422)
    desk.seat("liaison", desk.stage.homes[1]).read(f"sponsors/{row.id}/deeds", 404)
    assert "包保地销号 2 件" in content(desk.office.read(f"sites/{desk.stage.market}"))


def test_a_reader_is_told_how_many_he_may_not_see(desk: Desk) -> None:
    row = desk.begin("leader", "总包", object_unit_id=desk.stage.street)
    a_closed_one(desk, "本社区的")
    a_closed_one(desk, "邻社区的", home=1)
    local = desk.seat("liaison", desk.stage.homes[0])
    page = desk.office.read(f"sponsors/{row.id}/deeds")
    assert "本社区的" in page
    assert "邻社区的" in page
    local.read(f"sponsors/{row.id}/deeds", 404)
    own = desk.begin("leader", "联络", unit_id=None, object_unit_id=desk.stage.homes[0])
    assert "本社区的" in local.read(f"sponsors/{own.id}/deeds")


def test_a_finding_names_the_sponsors_of_its_own_campaigns_alone(desk: Desk) -> None:
    home = desk.stage.homes[0]
    for name, campaign in (("卫生包保", "sanitary_city"), ("文明包保", "civilized_city"), ("都管", None)):
        desk.begin("leader", name, object_unit_id=home, campaign=campaign)
    with desk.stage.district.session(desk.wall) as session:
        one = a_finding(session, desk.stage.market, home, opened_at=now(), due_at=now() + DAY)
        session.add(FindingCampaign(finding_id=one, campaign="sanitary_city"))
        session.commit()
    page = content(desk.office.read(f"findings/{one}"))
    assert "卫生包保" in page
    assert "都管" in page
    assert "文明包保" not in page


def test_sponsors_stand_in_the_lists_and_their_files(desk: Desk) -> None:
    home = desk.stage.homes[0]
    desk.begin("leader", "街道包保", object_unit_id=desk.stage.street)
    for name in ("甲包保", "乙包保", "丙包保"):
        desk.begin("officer", name, object_unit_id=home)
    with desk.stage.district.session(desk.wall) as session:
        a_finding(session, desk.stage.market, home, opened_at=now(), due_at=now() + DAY)
        session.commit()
    for view in ("responsibility", "rectification"):
        page = content(desk.office.read(f"findings?view={view}"))
        assert "甲包保（包保干部）" in page
        assert "街道包保" not in page
        assert "等 4 人" in page
    for view in ("problem", "responsibility", "rectification"):
        text = desk.office.ask(f"findings/export.csv?view={view}").get_data(as_text=True)
        assert "包保人" in text.splitlines()[0]
        assert "丙包保（包保干部）、街道包保（包保领导）" in text
        sheet = openpyxl.load_workbook(io.BytesIO(desk.office.ask(f"findings/export.xlsx?view={view}").get_data()))
        head, row = (["" if cell.value is None else str(cell.value) for cell in line] for line in sheet.active.rows)
        assert "街道包保" in row[head.index("包保人")]


def test_the_pages_of_places_say_who_answers_for_them(desk: Desk) -> None:
    stage = desk.stage
    desk.begin("road_chief", "一号路长", object_site_id=stage.market)
    desk.begin("leader", "街道包保", object_unit_id=stage.street)
    page = content(desk.office.read(f"sites/{stage.market}"))
    assert "没有责任岗" in page
    desk.seat("liaison", stage.homes[0], "联络员甲")
    page = content(desk.office.read(f"sites/{stage.market}"))
    for said in ("谁负责", "责任岗", "联络员甲", "一号路长", "路长", "街道包保"):
        assert said in page, said
    assert "没有责任岗" not in page
    page = content(desk.office.read(f"units/{stage.homes[0]}"))
    assert "街道包保" in page
    assert "一号路长" not in page
    assert "没有人包保这里" in content(desk.office.read(f"units/{stage.district.root}"))


def test_only_what_opens_is_a_link(desk: Desk) -> None:
    """A community's reader is told the street's sponsor; the page of that sponsorship lies above his reach."""
    above = desk.begin("leader", "街道包保", object_unit_id=desk.stage.street)
    own = desk.begin("officer", "社区包保", object_unit_id=desk.stage.homes[0])
    page = desk.seat("liaison", desk.stage.homes[0]).read(f"sites/{desk.stage.market}")
    assert "街道包保" in page
    assert str(own.id) in page
    assert str(above.id) not in page


def test_late_units_and_the_ranking_of_units_name_their_sponsors(desk: Desk) -> None:
    stage = desk.stage
    desk.begin("leader", "街道包保", object_unit_id=stage.street)
    with stage.district.session(desk.wall) as session:
        a_finding(session, stage.market, stage.homes[0], opened_at=now() - 9 * DAY, due_at=now() - DAY)
        session.commit()
    page = content(desk.seat("leader").read(""))
    assert "包保：街道包保（包保领导）" in page
    assert "街道包保（包保领导）" in content(desk.office.read("figures"))


def test_the_api_says_who_sponsors_a_finding(desk: Desk) -> None:
    row = desk.begin("leader", "街道包保", object_unit_id=desk.stage.street, title="副区长", field="ENV")
    with desk.stage.district.session(desk.wall) as session:
        a_finding(session, desk.stage.market, desk.stage.homes[0], opened_at=now(), due_at=now() + DAY)
        session.commit()
    base = f"/api/v1/t/{desk.office.slug}/findings"
    (item,) = desk.office.client.get(base).get_json()["items"]
    said = {"id": str(row.id), "kind": "leader", "name": "街道包保", "title": "副区长", "field": "ENV"}
    assert item["sponsors"] == [said]
    assert desk.office.client.get(f"{base}/{item['id']}").get_json()["sponsors"] == [said]


def test_a_notice_names_the_sponsors_of_its_unit(desk: Desk) -> None:
    stage = desk.stage
    desk.begin("leader", "街道包保", object_unit_id=stage.street)
    office = add_actor(desk.wall, stage.district.ref, "hq_office", stage.district.root)
    with stage.district.session(desk.wall) as session:
        draft = Draft("rectification_notice", stage.homes[0], "整改通知", "限期整改", due_at=now() + 5 * DAY)
        notice = issue(session, office, draft, now=now()).id
        session.commit()
    assert "街道包保" in content(desk.office.read(f"notices/{notice}"))
