"""Areas, grids and past days on the lists: one filter everywhere, sites put into a grid in one step, pages as of a day."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from core.settings import ZONE
from core.work.organisation.grids import set_grid
from core.work.organisation.units import add_unit, map_department
from core.work.papers.notice_kinds import RECTIFICATION
from core.work.places.sites import change_site
from core.work.tables import (
    AreaMember,
    Finding,
    FindingEvent,
    Notice,
    NoticeAddressee,
    Part,
    Patrol,
    Precedent,
    Site,
    SiteGrid,
    SiteKind,
    Sponsorship,
    Visit,
    Whistle,
    WhistleCall,
)
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import SINCE, add_actor, add_site, bare_district
from tests.web.desk import Clerk, clerk, content
from tests.work.duty_stage import CAMPAIGNS
from tests.work.test_charts import put_finding
from tests.work.test_workbooks import book

TODAY = now().astimezone(ZONE).date()
EVE = TODAY - timedelta(1)


class Town:
    """A district with two communities, one of them in an area; everything there is in both."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.app, self.wall, self.place = app, wall, bare_district(wall, campaigns=CAMPAIGNS)
        self.actor = add_actor(wall, self.place.ref, "administrator", self.place.root)
        self.office_actor = add_actor(wall, self.place.ref, "hq_office", self.place.root)
        self.admin, self.office = clerk(app, wall, self.actor), clerk(app, wall, self.office_actor)
        self.inside, self.outside = self.place.communities
        with self.place.session(wall) as session:
            self.area = add_unit(session, None, name="东片区", kind="area", today=SINCE).id
            session.add(AreaMember(area_id=self.area, unit_id=self.inside, valid_from=SINCE))
            self.grid = add_unit(session, None, name="一网格", kind="grid", parent_id=self.outside, today=SINCE).id
            self.sites = [self._lay(session, unit, name) for unit, name in ((self.inside, "内"), (self.outside, "外"))]
            session.commit()

    def _lay(self, session, unit: UUID, word: str) -> UUID:
        site, who = add_site(session, unit, "produce_market", name=f"片{word}点位"), self.office_actor.person_id
        long_ago = now() - timedelta(days=900)
        session.execute(update(Site).where(Site.id == site).values(created_at=long_ago))
        session.add(
            Visit(id=new_id(), site_id=site, unit_id=unit, person_id=who, basis="verified", day=TODAY, body_sha256=b"x")
        )
        put_finding(session, unit, unit, site_id=site)
        session.add(Patrol(unit_id=unit, person_id=who, route=f"片{word}路线", started_at=now(), ended_at=now()))
        session.add(
            Sponsorship(kind="leader", unit_id=unit, object_unit_id=unit, title=f"片{word}职务", valid_from=SINCE)
        )
        stamp = {"number": word, "unit_id": unit, "person_id": who}
        whistle = Whistle(
            id=new_id(), caller_unit_id=unit, place=f"片{word}现场", matter="事项", arrive_by=now(), **stamp
        )
        session.add(whistle)
        session.flush()
        notice = Notice(
            number=f"{word}1",
            kind=RECTIFICATION,
            unit_name="测试单位",
            title=f"片{word}通知",
            demand="整改",
            issuer="测试办",
            issuer_unit_id=self.place.root,
            unit_id=unit,
            state="issued",
            year=TODAY.year,
            serial=len(word) + ord(word),
        )
        session.add(notice)
        session.flush()
        session.add(NoticeAddressee(notice_id=notice.id, unit_id=unit, position=1, unit_name="测试单位"))
        session.add(WhistleCall(whistle_id=whistle.id, unit_id=unit))
        return site

    def sit(self, role: str, unit: UUID) -> Clerk:
        return clerk(self.app, self.wall, add_actor(self.wall, self.place.ref, role, unit))

    def open(self):
        return self.place.session(self.wall)


@pytest.fixture(scope="module")
def town(app: Flask, wall: Wall) -> Town:
    return Town(app, wall)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("sites", "点位"),
        ("sites/export.csv", "点位"),
        ("visits", "点位"),
        ("patrols", "路线"),
        ("patrols/export.csv", "路线"),
        ("sponsors", "职务"),
        ("sponsors/export.csv", "职务"),
        ("whistles", "现场"),
        ("whistles/export.csv", "现场"),
        ("coverage?state=gap", "点位"),
        ("coverage/export.csv?state=gap", "点位"),
        ("notices?box=all", "通知"),
    ],
)
def test_every_list_is_narrowed_to_an_area(town: Town, path: str, word: str) -> None:
    joined = "&" if "?" in path else "?"
    whole, narrowed = town.office.read(path), town.office.read(f"{path}{joined}area={town.area}")
    assert f"片内{word}" in whole
    assert f"片外{word}" in whole
    assert f"片内{word}" in narrowed
    assert f"片外{word}" not in narrowed
    if "csv" not in path:
        assert re.search(rf'<option value="{town.area}" selected>东片区', narrowed)
    town.office.read(f"{path}{joined}area=x", 422)


def test_findings_and_coverage_of_units_are_narrowed_too(town: Town) -> None:
    assert "1" in content(town.office.read(f"findings?area={town.area}&more=1"))
    units = town.office.read(f"coverage/units.csv?state=gap&area={town.area}")
    assert "第1社区" in units
    assert "第2社区" not in units


def test_an_area_is_chosen_as_the_unit_of_a_score(town: Town) -> None:
    whole = town.office.read("k/civilized_city/")
    assert "东片区" in whole
    assert "东片区" in content(town.office.read(f"k/civilized_city/?unit={town.area}"))


# ---- grids ----


def test_ticked_sites_are_put_into_a_grid_and_the_list_is_narrowed_by_it(town: Town) -> None:
    page = town.office.read("sites")
    assert "把勾选的点位划入网格" in page
    wish = {"partition": "单元网格", "unit": str(town.grid), "query": f"?area={town.area}"}
    answer, _ = town.office.send("sites/grids", wish | {"site": [str(one) for one in town.sites]}, 303)
    assert answer.headers["Location"].endswith(f"/sites?area={town.area}")
    with town.open() as session:
        rows = session.scalars(select(SiteGrid)).all()
        assert {(row.site_id, row.partition, row.unit_id) for row in rows} == {
            (one, "单元网格", town.grid) for one in town.sites
        }
    assert "单元网格 · 一网格" in town.office.read("sites")
    assert "片外点位" in town.office.read(f"sites?grid={town.grid}")
    assert "片内点位" not in town.office.read(f"sites?grid={town.inside}")
    assert "测试问题" in town.office.read(f"findings?grid={town.grid}")
    assert "测试问题" not in town.office.read(f"findings?grid={town.inside}")
    answer, _ = town.office.send("sites/grids", wish, 303)
    assert "没有勾选点位" in town.office.read("sites")
    assert "把勾选的点位划入网格" not in town.sit("liaison", town.inside).read("sites")
    town.sit("liaison", town.inside).send("sites/grids", wish | {"site": str(town.sites[0])}, 403)


def test_a_grid_worker_goes_to_the_sites_of_his_grid_only_while_they_lie_there(town: Town) -> None:
    with town.open() as session:
        grid = add_unit(session, None, name="二网格", kind="grid", parent_id=town.outside, today=SINCE).id
        set_grid(session, None, town.sites[0], partition="巡查网格", unit_id=grid, today=TODAY, on=TODAY)
        session.commit()
    worker = town.sit("grid_worker", grid)
    assert "片内点位" in worker.read("sites")
    assert "片外点位" not in worker.read("sites")
    assert worker.ask(f"sites/{town.sites[0]}").status_code == 200
    assert worker.ask(f"sites/{town.sites[1]}").status_code == 404
    assert worker.ask(f"visit/{town.sites[0]}").status_code == 200
    assert worker.ask(f"visit/{town.sites[1]}").status_code == 404
    assert "共 1 个应查点位" in content(worker.read(""))
    with town.open() as session:
        session.execute(update(SiteGrid).where(SiteGrid.unit_id == grid).values(valid_to=TODAY))
        session.commit()
    assert worker.ask(f"sites/{town.sites[0]}").status_code == 404


# ---- as of a day ----


def test_sites_as_of_a_day_have_the_types_and_states_of_that_day(town: Town) -> None:
    site = town.sites[1]
    with town.open() as session:
        session.execute(update(SiteKind).where(SiteKind.site_id == site).values(valid_to=TODAY))
        session.add(SiteKind(site_id=site, site_type="hospital", valid_from=TODAY))
        change_site(session, town.actor, site, state="closed", today=TODAY)
        session.commit()
    try:
        assert "片外点位" not in town.office.read("sites")
        then = town.office.read(f"sites?as_of={EVE}")
        assert "片外点位" in then
        assert "当天结束时的情况" in then
        assert "把勾选的点位划入网格" not in then
        assert "片外点位" in town.office.read(f"sites?as_of={EVE}&type=produce_market")
        assert "片外点位" not in town.office.read(f"sites?as_of={EVE}&type=hospital")
        assert "片外点位" in town.office.read(f"sites/export.csv?as_of={EVE}")
        one = town.office.read(f"sites/{site}?as_of={EVE}")
        assert "当天结束时的情况" in one
        assert "现场检查" not in one
        assert "现场检查" in town.office.read(f"sites/{site}")
        town.office.read(f"sites?as_of={TODAY + timedelta(1)}", 422)
        assert "片外点位" in town.office.read(f"coverage?state=gap&on={EVE}")
        assert "片外点位" not in town.office.read("coverage?state=gap")
        assert "没有逐点留底" in town.office.read(f"coverage?on={EVE}")
        assert "没有逐点留底" not in town.office.read("coverage")
    finally:
        with town.open() as session:
            change_site(session, town.actor, site, state="active", today=TODAY)
            session.commit()


def test_a_finding_as_of_a_day_has_the_state_and_the_history_of_that_day(town: Town) -> None:
    opened, moved = now() - timedelta(days=3), now() - timedelta(days=1)
    days = [(one.astimezone(ZONE).date()).isoformat() for one in (opened - timedelta(days=1), opened, moved)]
    with town.open() as session:
        one = new_id()
        wish = {"category": "litter", "title": "测试问题", "working_days": 1, "severity": "serious"}
        wish |= {"id": one, "unit_id": town.inside, "state": "dispatched", "opened_at": opened}
        session.add(Finding(due_at=opened + timedelta(days=9), **wish))
        session.flush()
        session.add(Part(finding_id=one, kind="line", unit_id=town.inside, leading=True, state="open"))
        known = {"finding_id": one, "person_name": "演示甲"}
        start = {"due_at": (opened + timedelta(days=9)).isoformat(), "lead": str(town.inside)}
        session.add(FindingEvent(**known, version=1, at=opened, verb="open", to_state="dispatched", detail=start))
        told = {"before": {"severity": "ordinary"}, "after": {"severity": "serious"}}
        line = {"verb": "correct", "from_state": "dispatched", "to_state": "dispatched", "note": "记错了"}
        session.flush()
        session.add(FindingEvent(**known, **line, version=2, at=moved, detail=told))
        session.commit()
    then = content(town.office.read(f"findings/{one}?as_of={days[1]}"))
    assert "当天结束时的情况" in then
    assert "已交办" in then
    assert "一般" in then
    assert "记错了" not in then
    after = content(town.office.read(f"findings/{one}?as_of={days[2]}"))
    assert "记错了" in after
    assert "严重" in after
    town.office.read(f"findings/{one}?as_of={days[0]}", 404)
    now_page = town.office.read(f"findings/{one}")
    assert "当天结束时的情况" not in now_page
    assert 'name="as_of"' in now_page
    assert f"/findings/{one}?as_of={days[1]}" in town.office.read(f"findings?as_of={days[1]}")


def test_departments_and_precedents_as_of_a_day(town: Town) -> None:
    role = "sanitation"
    with town.open() as session:
        map_department(session, town.actor, role, name="新环卫局", today=TODAY)
        row = {"category": "ENV-LITTER", "unit_id": town.inside, "reason": "昨天的判例"}
        finding = put_finding(session, town.inside, town.inside)
        long_ago = now() - timedelta(days=5)
        session.add(Precedent(**row, finding_id=finding, decided_at=long_ago, valid_to=TODAY))
        session.add(Precedent(**(row | {"reason": "今天的判例"}), finding_id=finding, decided_at=now()))
        session.commit()
    assert "新环卫局" in content(town.admin.read("units/departments"))
    then = town.admin.read(f"units/departments?as_of={EVE}")
    assert "当天结束时的情况" in then
    assert "改为" not in then
    rows = town.admin.read(f"units/departments/export.csv?as_of={EVE}")
    assert "新环卫局" not in rows
    assert "新环卫局" in town.admin.read("units/departments/export.csv")
    told = content(town.office.read(f"settings/routing/precedents?as_of={EVE}"))
    assert "昨天的判例" in told
    assert "今天的判例" not in told
    assert "昨天的判例" not in content(town.office.read("settings/routing/precedents"))
    assert "口径没有留每天的底" in town.office.read("settings/category-sets")


# ---- members by workbook ----


def test_members_are_exported_checked_and_imported_on_pages(town: Town) -> None:
    assert town.office.ask("units/areas/import/areas.xlsx").status_code == 200
    assert town.office.ask("units/areas/import").status_code == 403
    data = book(片区=[["片区", "成员类型", "成员"], ["东片区", "点位", "片外点位"]])
    sent = {"file": (io.BytesIO(data), "片区.xlsx")}
    answer, _ = town.admin.send("units/areas/import", sent, 303)
    path = answer.headers["Location"].split(f"/t/{town.admin.slug}/")[1]
    page = town.admin.read(path)
    assert "还没有写入任何内容" in page
    answer, _ = town.admin.send(path.split("?")[0], {"name": "片区.xlsx"}, 303)
    with town.open() as session:
        member = session.scalars(select(AreaMember).where(AreaMember.site_id == town.sites[1])).one()
        assert (member.area_id, member.valid_from) == (town.area, TODAY)
        member.valid_to = TODAY  # the other tests go on without it
        session.commit()
    bad = {"file": (io.BytesIO(book(片区=[["片区", "成员类型", "成员"], ["西", "点位", "无"]])), "片区.xlsx")}
    answer, _ = town.admin.send("units/areas/import", bad, 303)
    page = town.admin.read(answer.headers["Location"].split(f"/t/{town.admin.slug}/")[1])
    assert "没有这个单位" in page
    assert "没有这个点位" in page
