"""Plans on the pages (计划页): made, put in force, given lines, bound, counted down, replaced, printed, taken away as files."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from uuid import UUID

import openpyxl
import pytest

from core.work.calendar import local_day
from core.work.tables import QuantityKind
from tenants.db import new_id, now
from tests.factory import add_site
from tests.web.desk import Clerk, clerk, content
from tests.work.planning import Planners, lay_task, moment, planners


@pytest.fixture(scope="module")
def place(wall) -> Planners:
    return planners(wall)


@pytest.fixture(scope="module")
def office(app, wall, place) -> Clerk:
    return clerk(app, wall, place.office)


def today() -> date:
    return local_day(now())


def fields(place: Planners, **more: str) -> dict[str, str]:
    day = today()
    said = {"kind": "annual", "title": "年度指引", "unit_id": str(place.district.root)}
    days = {"starts_on": (day - timedelta(days=30)).isoformat(), "ends_on": (day + timedelta(days=200)).isoformat()}
    return said | days | more


def version(page: str) -> str:
    return re.findall(r'name="version" value="(\d+)"', page)[-1]


def planned(place: Planners, office: Clerk, *, lines: str = "", active: bool = True, **more: str) -> str:
    answer, _ = office.send("plans/new", fields(place, **more), 303)
    key = answer.headers["Location"].rsplit("/", 1)[-1]
    at = 1
    if lines:
        office.send(f"plans/{key}/lines/new", {"version": str(at), "titles": lines}, 303)
        at += 1
    if active:
        office.send(f"plans/{key}/step", {"version": str(at), "verb": "activate"}, 303)
    return key


def line_ids(page: str, title: str) -> str:
    return re.search(rf'/lines/([0-9a-f-]{{36}})">{title}<', page).group(1)


def test_a_plan_from_the_form_to_its_lines(app, wall, place, office):
    _, page = office.send("plans/new", fields(place, title="", ends_on="2020-01-01"), 422)
    assert "请填写名称" in page
    assert "结束日早于开始日" in page
    key = planned(place, office, title="第一份指引", active=False)
    street = clerk(app, wall, place.street)
    assert street.ask(f"plans/{key}").status_code == 404
    page = office.read(f"plans/{key}")
    assert "草稿" in content(page)
    assert "还没有条线" in content(page)
    office.send(f"plans/{key}/lines/new", {"version": version(page), "titles": "市容环境\n交通秩序\n\n老旧小区"}, 303)
    page = office.read(f"plans/{key}")
    assert "没有任务" in content(page)
    assert "0.0%" not in content(page)
    second = line_ids(page, "交通秩序")
    _, page = office.send(
        f"plans/{key}/lines/{second}", {"version": "2", "title": "交通秩序", "milestone": "全部开工"}, 422
    )
    assert "里程碑没有日期" in page
    due = (today() - timedelta(days=1)).isoformat()
    said = {"version": "2", "title": "交通秩序", "milestone": "全部开工", "due_on": due, "unit_id": str(place.unit())}
    office.send(f"plans/{key}/lines/{second}", said, 303)
    page = office.read(f"plans/{key}")
    assert "有逾期" in content(page)
    office.send(f"plans/{key}/lines/{second}/move", {"version": "3", "way": "up"}, 303)
    page = office.read(f"plans/{key}")
    assert page.index("交通秩序") < page.index("市容环境")
    office.send(f"plans/{key}/lines/{second}/reach", {"version": "4", "reached_on": due}, 303)
    office.send(f"plans/{key}/lines/{second}/drop", {"version": "4", "dropped": "1"}, 412)
    office.send(f"plans/{key}/step", {"version": "5", "verb": "activate"}, 303)
    assert "执行中" in content(street.read(f"plans/{key}"))
    assert street.ask(f"plans/{key}/edit").status_code == 403
    shown = content(office.read(f"plans/{key}?state=planned"))
    assert "市容环境" in shown
    assert office.ask(f"plans/{key}?state=nope").status_code == 422


def test_progress_is_shown_and_leaves_in_files(wall, place, office):
    key = planned(place, office, title="进度计划", lines="甲线\n乙线")
    page = office.read(f"plans/{key}")
    first = line_ids(page, "甲线")
    with place.district.session(wall) as session:
        from_day = today() - timedelta(days=4)
        unit, of = place.unit(), UUID(key)
        line = UUID(first)
        lay_task(
            session, unit, of, [("issued", moment(from_day)), ("done", moment(from_day))], line_id=line, progress=10000
        )
        lay_task(session, unit, of, [("issued", moment(from_day))], line_id=line, due_on=from_day)
        session.commit()
    said = content(office.read(f"plans/{key}"))
    assert "50.0% 1/2" in said
    assert "逾期 1" in said
    assert "50.0% 1/2" in content(office.read("plans?q=进度计划"))
    lines = office.ask(f"plans/{key}/lines.csv").get_data(as_text=True).splitlines()
    assert any("甲线" in one and ",2,1,0,1,0,50.0%," in one for one in lines)
    assert any("乙线" in one and "没有任务" in one for one in lines)
    book = openpyxl.load_workbook(io.BytesIO(office.ask("plans/export.xlsx").get_data()))
    rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert next(row for row in rows if row[2] == "进度计划")[9:13] == [2, 1, 0, 1]
    assert "进度计划" in office.ask("plans/export.csv?q=进度").get_data(as_text=True)
    paper = content(office.read(f"plans/{key}/print"))
    assert "甲线" in paper
    assert "打印于" in paper
    assert office.ask("plans?year=20x6").status_code == 422


def test_a_sprint_counts_down_and_burns_down(wall, place, office):
    first = (today() - timedelta(days=9)).isoformat()
    key = planned(
        place, office, kind="sprint", title="大干50天", starts_on=first, ends_on="", length="50", days="calendar"
    )
    with place.district.session(wall) as session:
        of, at = UUID(key), moment(today() - timedelta(days=8))
        for n in range(4):
            steps = [("issued", at)] + ([("done", moment(today() - timedelta(days=2)))] if n == 0 else [])
            lay_task(session, place.unit(), of, steps, due_on=today() + timedelta(days=1))
        session.commit()
    said = content(office.read(f"plans/{key}"))
    assert "第 10 天，共 50 天，还剩 40 天" in said
    assert "开始那天是第 1 天" in said
    data = office.ask(f"plans/{key}/burn-down.json").get_json()
    assert data["kind"] == "trend"
    assert len(data["periods"]) == 50
    remaining = data["series"][0]["values"]
    assert remaining[:10] == [0, 4, 4, 4, 4, 4, 4, 3, 3, 3]
    assert remaining[10:] == [None] * 40
    assert data["series"][1]["values"][-1] == 0
    other = office.ask(f"plans/{key}/burn-down.json?unit={place.district.street}").get_json()
    assert other["series"][0]["values"][9] == 0
    rows = office.ask(f"plans/{key}/burn-down.csv").get_data(as_text=True).splitlines()
    assert len(rows) == 51
    _, page = office.send("plans/new", fields(place, kind="sprint", ends_on="", length="五十"), 422)
    assert "应为整数" in page


def test_a_drive_is_tried_before_it_is_kept(wall, place, office):
    key = planned(place, office, kind="drive", title="市场专项整治", lines="占道经营\n小广告")
    with place.district.session(wall) as session:
        site = add_site(session, place.district.communities[0], "produce_market", name="第九市场")
        session.commit()
    page = office.read(f"plans/{key}/scope")
    tried = {"version": version(page), "site_types": "produce_market", "named": "第九市场", "act": "try"}
    _, page = office.send(f"plans/{key}/scope", tried, 200)
    assert "试算，还没有保存" in content(page)
    assert "0/1" in content(page)
    _, refused = office.send(f"plans/{key}/scope", tried | {"named": "没有的市场", "act": "keep"}, 422)
    assert "没有这个点位" in refused
    assert "没有的市场" in refused
    office.send(f"plans/{key}/scope", tried | {"act": "keep"}, 303)
    said = content(office.read(f"plans/{key}"))
    assert "点位覆盖 0/1" in said
    line = line_ids(office.read(f"plans/{key}"), "占道经营")
    office.send(f"plans/{key}/scope", {"version": "4", "line": line, "sites": str(site), "act": "keep"}, 303)
    said = content(office.read(f"plans/{key}"))
    assert "分条线" in said
    assert "第九市场" in said
    guide = planned(place, office, title="不是整治")
    office.send(f"plans/{guide}/scope", {"version": "2", "site_types": "produce_market", "act": "keep"}, 409)


def test_targets_are_set_in_the_kinds_own_unit(wall, place, office):
    key = planned(place, office, title="有目标量的计划")
    assert "工作量科目还没有" in content(office.read(f"plans/{key}/targets"))
    with place.district.session(wall) as session:
        kind = QuantityKind(id=new_id(), code="waste", name_zh="清运垃圾", measure="t")
        session.add(kind)
        session.commit()
        kind_id = str(kind.id)
    said = {"version": "2", "kind_id": [kind_id, ""], "line_id": ["", ""], "planned": ["很多", ""]}
    _, page = office.send(f"plans/{key}/targets", said, 422)
    assert "应为数字" in page
    office.send(f"plans/{key}/targets", said | {"planned": ["１２００", ""]}, 303)
    shown = content(office.read(f"plans/{key}"))
    assert "清运垃圾" in shown
    assert "1200 吨" in shown


def test_a_new_issue_leaves_the_old_one_readable(place, office):
    key = planned(place, office, title="旧版计划", lines="一线\n二线")
    page = office.read(f"plans/{key}/replace")
    _, refused = office.send(f"plans/{key}/replace", fields(place, version=version(page), title=""), 422)
    assert "请填写名称" in refused
    answer, _ = office.send(f"plans/{key}/replace", fields(place, version=version(page), title="新版计划"), 303)
    new = answer.headers["Location"].rsplit("/", 1)[-1]
    old = content(office.read(f"plans/{key}"))
    assert "已被新版代替" in old
    assert "一线" in old
    assert "代替" in content(office.read(f"plans/{new}"))
    assert "二线" in content(office.read(f"plans/{new}"))
    assert office.ask(f"plans/{key}/edit").status_code == 409
