"""The pages of posts, hand-overs and the coverage proof, walked with the real application on a real database."""

from __future__ import annotations

import io
from datetime import date, timedelta

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from core.settings import ZONE
from core.work.duties.holdings import appoint
from core.work.duties.posts import add_person_with_post, add_post
from core.work.tables import Handover, Part, SitePost
from tenants.db import new_id, now
from tenants.models import Holding, Person
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content
from tests.work.duty_stage import Stage, a_finding, nobody, set_stage

TODAY = now().astimezone(ZONE).date()
DAY = timedelta(1)


class Desk:
    """A district with an administrator before its pages."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.app, self.wall = app, wall
        self.stage: Stage = set_stage(wall)
        self.admin = self.seat("administrator")

    def seat(self, role: str, unit=None) -> Clerk:
        district = self.stage.district
        return clerk(self.app, self.wall, add_actor(self.wall, district.ref, role, unit or district.root))

    def session(self):
        return self.stage.district.session(self.wall)

    def person(self, name: str, unit, role: str = "liaison", title: str = "") -> Person:
        with self.session() as session:
            wish = {"name": name, "unit_id": unit, "role": role, "title": title}
            made = add_person_with_post(session, None, **wish, today=TODAY - 40 * DAY)
            session.commit()
            return made

    def stranger(self, name: str) -> Person:
        with self.session() as session:
            made = nobody(session, name)
            session.commit()
            return made

    def post(self, unit, role: str = "liaison", title: str = "", holder: str = "", since: date = TODAY):
        with self.session() as session:
            post = add_post(session, None, unit_id=unit, role=role, title=title, today=TODAY)
            if holder:
                appoint(session, None, nobody(session, holder).id, post.id, today=TODAY, valid_from=since)
            session.commit()
            return post.id

    def rows(self, chosen) -> list:
        with self.session() as session:
            return list(session.scalars(chosen))


@pytest.fixture
def desk(app: Flask, wall: Wall) -> Desk:
    return Desk(app, wall)


# ---- posts ----


def test_posts_are_listed_with_holders_deputies_and_gaps(desk: Desk) -> None:
    empty = desk.post(desk.stage.street, title="空岗")
    both = desk.post(desk.stage.district.root, "leader", "领导小组组长", "书记")
    chair = desk.stranger("区长")
    desk.admin.send(f"posts/{both}/holders", {"person": str(chair.id)}, 303)
    deputy = desk.stranger("代理人")
    until = (TODAY + 5 * DAY).isoformat()
    desk.admin.send(f"posts/{both}/holders", {"person": str(deputy.id), "kind": "deputy", "until": until}, 303)
    page = content(desk.admin.read("posts?q=领导小组"))
    assert "书记、区长" in page
    assert "代理：代理人" in page
    assert "多人任职" in page
    assert "空岗" in content(desk.admin.read("posts?state=empty"))
    assert "空岗" not in content(desk.admin.read("posts?state=shared"))
    _, page = desk.admin.send(f"posts/{both}/holders", {"person": str(chair.id)}, 409)
    assert "任职时间重叠" in page
    _, page = desk.admin.send(
        f"posts/{empty}/holders", {"person": str(deputy.id), "kind": "deputy", "until": until}, 422
    )
    assert "这个岗位没有可以代理的任职人" in page
    desk.admin.send(f"posts/{empty}/holders", {"person": ""}, 422)
    text = desk.admin.ask("posts/export.csv?q=领导小组").get_data(as_text=True)
    assert "书记、区长,代理人" in text
    desk.admin.read(f"posts/{new_id()}", 404)
    desk.seat("leader").read("posts", 403)
    below = desk.seat("administrator", desk.stage.homes[0])
    below.read(f"posts/{both}", 404)
    below.send(f"posts/{both}/holders", {"person": str(chair.id)}, 404)


def test_a_term_is_given_changed_and_withdrawn_on_the_persons_page(desk: Desk) -> None:
    person = desk.stranger("限期")
    path = f"people/{person.id}"
    form = {"unit": str(desk.stage.street), "role": "assessor"}
    _, page = desk.admin.send(f"{path}/posts", form, 422)
    assert "没有填截止日期" in page
    desk.admin.send(f"{path}/posts", form | {"until": (TODAY + 9 * DAY).isoformat()}, 303)
    assert "外聘（限期）" in content(desk.admin.read(path))
    holding = desk.rows(select(Holding).where(Holding.person_id == person.id))[0]
    desk.admin.send(f"{path}/posts/{holding.id}/term", {"until": (TODAY + 2 * DAY).isoformat()}, 303)
    assert desk.rows(select(Holding.valid_to).where(Holding.id == holding.id)) == [TODAY + 3 * DAY]
    _, page = desk.admin.send(f"{path}/posts/{holding.id}/term", {"until": ""}, 422)
    assert "没有填截止日期" in page
    desk.admin.send(f"{path}/posts/{holding.id}/term", {"until": "明天"}, 422)
    later = {"unit": str(desk.stage.street), "role": "liaison", "valid_from": (TODAY + 3 * DAY).isoformat()}
    desk.admin.send(f"{path}/posts", later, 303)
    assert "已安排的岗位" in desk.admin.read(path)
    coming = desk.rows(select(Holding.id).where(Holding.person_id == person.id, Holding.valid_from > TODAY))[0]
    desk.admin.send(f"{path}/posts/{coming}/end", {}, 303)
    assert "已安排的岗位" not in desk.admin.read(path)
    other = desk.person("别人", desk.stage.street)
    theirs = desk.rows(select(Holding.id).where(Holding.person_id == other.id))[0]
    desk.admin.send(f"{path}/posts/{theirs}/term", {"until": ""}, 404)


# ---- hand-over ----


def test_a_hand_over_is_previewed_done_and_printed(desk: Desk) -> None:
    old, new = desk.person("张老", desk.stage.homes[0]), desk.stranger("李新")
    with desk.session() as session:
        finding = a_finding(session, desk.stage.market, desk.stage.homes[0], old.id)
        session.commit()
    path = f"people/{old.id}/handover"
    page = desk.admin.read(path)
    assert "李新" in page
    post = desk.rows(select(Holding.post_id).where(Holding.person_id == old.id))[0]
    form = {"to": str(new.id), "posts": str(post), "kinds": "findings", "on": TODAY.isoformat(), "note": "调任"}
    _, seen = desk.admin.send(path, form, 200)
    assert "张老 交给 李新" in content(seen)
    assert "公厕不洁" in content(seen)
    assert desk.rows(select(Handover)) == []
    answer, _ = desk.admin.send(path, form | {"confirm": "1"}, 303)
    record = answer.headers["Location"].removeprefix(f"/t/{desk.admin.slug}/")
    page = content(desk.admin.read(record))
    for words in ("交接记录", "张老", "李新", "调任", "联络员", "公厕不洁", "接手人签字"):
        assert words in page
    assert desk.rows(select(Part.assignee_id).where(Part.finding_id == finding)) == [new.id]
    for person in (old, new):
        assert "交接记录" in desk.admin.read(f"people/{person.id}")
    desk.seat("liaison", desk.stage.homes[1]).read(record, 404)
    desk.seat("administrator", desk.stage.homes[1]).read(record, 404)
    desk.admin.read(f"handovers/{new_id()}", 404)


def test_a_hand_over_that_cannot_be_comes_back_with_what_was_chosen(desk: Desk) -> None:
    old, new = desk.person("张三", desk.stage.homes[0]), desk.stranger("李三")
    path, post = f"people/{old.id}/handover", desk.rows(select(Holding.post_id).where(Holding.person_id == old.id))[0]
    form = {"to": str(new.id), "posts": str(post), "on": TODAY.isoformat(), "note": "事由甲"}
    for change, words in (
        ({"to": ""}, "请选择接手人"),
        ({"to": str(old.id)}, "交接双方是同一个人"),
        ({"on": (TODAY + DAY).isoformat()}, "交接日期无效"),
        ({"on": "明天"}, "日期写法无效"),
        ({"posts": []}, "没有要交接的内容"),
    ):
        _, page = desk.admin.send(path, form | change, 422)
        assert words in page
        assert "事由甲" in page
    desk.admin.send(path, form | {"to": str(new_id())}, 404)
    desk.seat("leader").read(path, 403)
    assert desk.rows(select(Handover)) == []


# ---- coverage ----


def test_the_proof_shows_gaps_and_leads_to_their_repair(desk: Desk) -> None:
    page = content(desk.admin.read("coverage"))
    assert "没有责任岗" in page
    assert "测试市场" in page
    chosen = desk.admin.read(f"coverage/assign?site={desk.stage.market}&site={desk.stage.hospital}")
    assert "2 个点位" in content(chosen)
    post = desk.post(desk.stage.street, "grid_worker", "路长", "路长甲")
    form = {"site": [str(desk.stage.market), str(desk.stage.hospital)], "post": str(post)}
    _, plan = desk.admin.send("coverage/assign", form, 200)
    assert "新指定 2" in content(plan)
    assert desk.rows(select(SitePost)) == []
    seal = plan.split('name="seen" value="')[1].split('"')[0]
    desk.admin.send("coverage/assign", form | {"confirm": "1", "seen": "nothing"}, 409)
    desk.admin.send("coverage/assign", form | {"confirm": "1", "seen": seal}, 303)
    assert len(desk.rows(select(SitePost))) == 2
    assert "没有缺口" in desk.admin.read("coverage")
    assert "路长甲" in content(desk.admin.read("coverage?state=covered"))
    yesterday = content(desk.admin.read(f"coverage?on={(TODAY - DAY).isoformat()}"))
    assert "没有责任岗 4" in yesterday
    release = {"site": str(desk.stage.market), "post": str(post)}
    desk.admin.send("coverage/assign/release", release, 303)
    assert "测试市场" in content(desk.admin.read("coverage"))
    desk.admin.send("coverage/assign/release", release, 409)


def test_all_of_a_filtered_list_gets_one_post(desk: Desk) -> None:
    post = desk.post(desk.stage.street, "grid_worker", "路长", "路长乙")
    page = desk.admin.read(f"coverage/assign?all=1&unit={desk.stage.homes[0]}&campaign=sanitary_city")
    assert "1 个点位" in content(page)
    form = {"all": "1", "f_unit": str(desk.stage.homes[0]), "post": str(post), "campaign": "sanitary_city"}
    _, plan = desk.admin.send("coverage/assign", form, 200)
    seal = plan.split('name="seen" value="')[1].split('"')[0]
    desk.admin.send("coverage/assign", form | {"confirm": "1", "seen": seal}, 303)
    assert [(row.site_id, row.campaign) for row in desk.rows(select(SitePost))] == [
        (desk.stage.market, "sanitary_city")
    ]
    for bad in ({"post": ""}, {"valid_from": (TODAY - DAY).isoformat()}, {"site": [], "all": ""}):
        desk.admin.send("coverage/assign", form | bad, 422)
    for ids in (str(new_id()),):
        desk.admin.send("coverage/assign", {"site": ids, "post": str(post)}, 404)
        desk.admin.read(f"coverage/assign?site={ids}", 404)


def test_units_without_a_liaison_are_listed_and_the_files_agree(desk: Desk) -> None:
    desk.post(desk.stage.homes[1], holder="社区联络员")
    page = content(desk.admin.read("coverage/units"))
    assert "测试区第1社区" in page
    assert "安排联络员" in page
    csv = desk.admin.ask(f"coverage/units.csv?unit={desk.stage.street}").get_data(as_text=True)
    assert [line.split(",")[0] for line in csv.splitlines()[1:]] == ["测试区一街道", "测试区第1社区"]
    rows = desk.admin.ask("coverage/export.csv").get_data(as_text=True).splitlines()
    assert len(rows) == 3  # the hospital is covered by its community's liaison
    sheet = openpyxl.load_workbook(io.BytesIO(desk.admin.ask("coverage/export.xlsx?state=covered").get_data())).active
    assert {row[0].value for row in sheet.iter_rows(min_row=2)} == {"测试医院"}
    assert "网址中的参数无效" in desk.admin.read("coverage?state=lost", 422)


def test_readers_see_their_own_part_of_the_proof(desk: Desk) -> None:
    local = desk.seat("administrator", desk.stage.homes[0])
    page = content(local.read("coverage"))
    assert "测试市场" in page
    assert "测试医院" not in page
    leader = desk.seat("leader")
    assert "测试医院" in content(leader.read("coverage"))
    assert "给选中的点位指定责任岗" not in leader.read("coverage")
    leader.read("coverage/assign", 403)
    desk.seat("liaison").read("coverage", 403)
    local.read(f"coverage/assign?site={desk.stage.hospital}", 404)
