"""Projects on the pages: from the form to acceptance, each refusal beside its field; list, funds, objects, print."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

import pytest
from flask import Flask

from core.work.calendar import local_day
from core.work.tables import Finding
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content, panels
from tests.work.building import Yard, lay_yard
from tests.work.pictures import jpeg

TODAY = local_day(now())


@dataclass
class Desk:
    yard: Yard
    builder: Clerk
    judge: Clerk
    office: Clerk
    outsider: Clerk
    english: Clerk


@pytest.fixture(scope="module")
def desk(app: Flask, wall: Wall, tmp_path_factory) -> Desk:
    yard = lay_yard(wall, tmp_path_factory.mktemp("files"))
    people = (yard.builder, yard.judge, yard.office, yard.outsider)
    english = clerk(app, wall, add_actor(wall, yard.district.ref, "hq_office", yard.district.root), "en")
    return Desk(yard, *(clerk(app, wall, one) for one in people), english)


def made(desk: Desk, **more: str) -> str:
    """The path of a new project."""
    said = {
        "kind": "works",
        "title": "麻巷提升改造",
        "unit_id": str(desk.yard.unit),
        "acceptance_unit_id": str(desk.yard.judging),
        "starts_on": TODAY.isoformat(),
        "ends_on": TODAY.replace(year=TODAY.year + 1, day=1).isoformat(),
        "cost": "200余万",
    } | more
    answer, _ = desk.builder.send("projects/new", said, 303)
    return "projects/" + answer.location.rpartition("/")[2]


def version(page: str) -> str:
    return re.search(r'name="version" value="(\d+)"', page)[1]


def seen(who: Clerk, path: str) -> str:
    return version(who.read(path))


def fields_of(page: str, prefix: str) -> list[str]:
    return re.findall(rf'name="({re.escape(prefix)}[^"]+)"', page)


def with_bill(desk: Desk, path: str) -> None:
    rows = {
        "id": ["", "", ""],
        "title": ["取缔废品收购站", "拆违拆临", "拆违拆临面积"],
        "flow": ["counter", "output", "output"],
        "measure": ["place", "place", "m2"],
        "planned": ["5", "20余", "300余"],
    }
    desk.builder.send(f"{path}/bill", rows | {"version": seen(desk.builder, f"{path}/bill")}, 303)


def act(who: Clerk, path: str, verb: str, status: int = 303, **more) -> str:
    page = who.read(path)
    return who.send(f"{path}/act", {"verb": verb, "version": version(page)} | more, status)[1]


def test_the_form_refuses_and_keeps_what_was_typed(desk):
    page = desk.builder.read("projects/new")
    assert "项目名称" in content(page)
    said = {"kind": "works", "title": "", "unit_id": str(desk.yard.unit), "cost": "abc", "starts_on": "2026-13-01"}
    _, page = desk.builder.send("projects/new", said, 422)
    assert "不是数量" in page
    assert 'value="abc"' in page
    said |= {"cost": "", "starts_on": "2026-03-02", "ends_on": "2026-03-01"}
    _, page = desk.builder.send("projects/new", said, 422)
    assert "缺少项目名称" in page
    assert "完工日期早于开工日期" in page
    said |= {"title": "x", "ends_on": "2026-04-01", "acceptance_unit_id": str(desk.yard.unit)}
    _, page = desk.builder.send("projects/new", said, 422)
    assert "责任单位不能验收自己的项目" in page


def test_a_project_from_the_bill_to_its_closing(desk):
    path = made(desk)
    page = desk.builder.read(path)
    assert {"工程量清单", "资金分担", "照片", "办理", "项目阶段", "办理记录"} <= set(panels(page))
    assert "2,000,000余 元" in content(page)
    with_bill(desk, path)
    page = desk.builder.read(path)
    assert "20余处" in content(page)
    assert "300余平方米" in content(page)
    act(desk.builder, path, "start")
    table = desk.builder.read(f"{path}/report")
    one, two, three = fields_of(table, "done.")
    said = {one: "5", two: "7-8", three: "3吨", "day": TODAY.isoformat(), "version": version(table)}
    _, page = desk.builder.send(f"{path}/report", said, 422)
    assert "这里要一个数" in page
    assert "单位不对" in page
    said |= {one: "6", two: "20余", three: "320"}
    _, page = desk.builder.send(f"{path}/report", said, 422)
    assert "超出计划 5 的部分有 1" in page
    photo = desk.builder.photo(jpeg((64, 48)))
    desk.builder.send(f"{path}/report", said | {one: "5", "photos": photo}, 303)
    assert "320 平方米" in content(desk.builder.read(path))
    page = act(desk.builder, path, "finish", 422)
    assert "阶段“立项”没有通过" in page
    act(desk.builder, path, "photos", kind="before", photos=photo)
    for _ in range(4):
        page = desk.builder.read(path)
        stage = re.search(r'name="stage" value="([0-9a-f-]{36})"', page[page.index("stage_pass") :])[1]
        act(desk.builder, path, "stage_pass", stage=stage, confirmed="1", photos=photo)
    act(desk.builder, path, "finish")
    page = act(desk.judge, path, "refuse", 422, reason="")
    assert "缺少不通过的原因" in page
    assert "验收通过" not in content(desk.builder.read(path)).partition("办理记录")[0]
    act(desk.judge, path, "accept", note="合格")
    act(desk.office, path, "close")
    assert "已结案" in content(desk.judge.read(path))
    assert "的项目" in content(desk.judge.read("inbox/notes")) or "请验收" in content(desk.judge.read("inbox/notes"))


def test_shares_are_typed_with_the_cost_and_the_gap_is_said(desk):
    path = made(desk)
    table = desk.builder.read(f"{path}/shares")
    said = {
        "id": ["", ""],
        "payer": ["经营户", "区财政"],
        "source": ["owner", "finance"],
        "planned": ["50万", "120万"],
        "cost": "200万",
        "version": version(table),
    }
    _, page = desk.builder.send(f"{path}/shares", said, 422)
    assert "比总投资 2000000 元少 300000 元" in page
    desk.builder.send(f"{path}/shares", said | {"planned": ["50万", "150万"]}, 303)
    act(desk.builder, path, "start")
    table = desk.builder.read(f"{path}/pay")
    owner, _finance = fields_of(table, "paid.")
    said = {owner: "60万", "day": TODAY.isoformat(), "version": version(table)}
    _, page = desk.builder.send(f"{path}/pay", said, 422)
    assert "还能支付 500000 元" in page
    desk.builder.send(f"{path}/pay", said | {owner: "45万"}, 303)
    assert "450,000 元" in content(desk.builder.read(path))
    assert "450,000 元" in content(desk.builder.read("projects/funds"))
    rows = list(csv.reader(io.StringIO(desk.builder.read("projects/funds.csv").removeprefix("\ufeff"))))
    assert ["经营户", "业主（单位）自筹", "500000", "450000", "50000"] in [row[3:] for row in rows]


def test_stages_are_changed_in_a_table(desk):
    path = made(desk)
    table = desk.builder.read(f"{path}/stages")
    ids = re.findall(r'name="id" value="([0-9a-f-]{36})"', table)
    assert len(ids) == 4
    said = {
        "id": [*ids[:2], ""],
        "title": ["立项", "", "施工"],
        "gate": ["", "", "完成"],
        "planned_on": ["", "", ""],
        "photo": ["2"],
        "version": version(table),
    }
    desk.builder.send(f"{path}/stages", said, 303)
    page = content(desk.builder.read(path))
    assert "施工 完成" in page
    assert "签约" not in page.partition("办理记录")[0]


def test_a_counter_is_listed_object_by_object(desk):
    path = made(desk, kind="objects", title="小锅炉淘汰", ends_on=TODAY.replace(year=TODAY.year + 1, day=1).isoformat())
    rows = {"id": [""], "title": ["小锅炉"], "flow": ["counter"], "measure": ["set"], "planned": ["23"]}
    desk.builder.send(f"{path}/bill", rows | {"version": seen(desk.builder, f"{path}/bill")}, 303)
    line = re.search(r"/objects/([0-9a-f-]{36})", desk.builder.read(path))[1]
    place = f"{path}/objects/{line}"
    page = desk.builder.read(place)
    _, refused = desk.builder.send(f"{place}/import", {"names": "甲\n甲\n,2026-12-01", "version": version(page)}, 422)
    assert "第2行" in refused
    assert "重名" in refused
    assert "缺少名称" in refused
    names = "名称\t期限\n" + "\n".join(f"锅炉{n}\t2099-12-31" for n in range(1, 24))
    desk.builder.send(f"{place}/import", {"names": names, "version": version(page)}, 303)
    act(desk.builder, path, "start")
    page = desk.builder.read(place)
    boxes = re.findall(r'name="objects" value="([0-9a-f-]{36})"', page)
    assert len(boxes) == 23
    given = {"version": version(page), "day": TODAY.isoformat()}
    desk.builder.send(place, given | {"objects": boxes[:9], "state": "done"}, 303)
    page = content(desk.builder.read(path))
    assert "39.1%" in page
    assert "14" in page
    _, refused = desk.builder.send(
        place, given | {"objects": boxes[22:], "state": "dropped", "version": seen(desk.builder, place)}, 422
    )
    assert "不再计入或退回的，要写明原因" in refused
    desk.builder.send(
        place,
        given | {"objects": boxes[22:], "state": "dropped", "note": "已拆", "version": seen(desk.builder, place)},
        303,
    )
    assert "另有 1 不再计入" in content(desk.builder.read(path))


def test_the_list_its_files_and_who_sees_what(desk):
    path = made(desk, title="后巷硬化", place="后巷")
    assert "后巷硬化" in content(desk.builder.read("projects?q=后巷&kind=works&state=open"))
    assert "没有符合条件的项目" in content(desk.builder.read("projects?q=没有这条巷"))
    assert "还没有项目" in content(desk.outsider.read("projects"))
    assert desk.outsider.ask(path).status_code == 404
    rows = list(csv.reader(io.StringIO(desk.builder.read("projects/export.csv?q=后巷").removeprefix("\ufeff"))))
    assert rows[1][1] == "后巷硬化"
    assert desk.builder.ask("projects/export.xlsx").status_code == 200
    assert desk.builder.ask("projects/funds.xlsx").status_code == 200
    paper = desk.office.read(f"{path}/print")
    assert "验收单位（盖章）" in paper
    assert desk.english.ask(path).status_code == 200
    assert desk.builder.ask("projects?kind=walk").status_code == 422


def test_a_lost_race_shows_the_winner(desk):
    path = made(desk)
    old = seen(desk.builder, path)
    act(desk.builder, path, "start")
    _, page = desk.office.send(f"{path}/act", {"verb": "stop", "version": old, "reason": "缺钱"}, 412)
    assert "已于" in page
    assert "实施中" in page


def test_a_site_file_is_seen_from_the_site_and_its_findings(desk, wall):
    site = desk.yard.site
    with desk.yard.district.session(wall) as session:
        found = Finding(
            category="ENV-LITTER",
            title="垃圾满溢",
            site_id=site,
            unit_id=desk.yard.district.communities[0],
            state="rectifying",
            number="2026-80001",
            working_days=5,
            opened_at=now(),
            due_at=now(),
        )
        session.add(found)
        session.commit()
        finding = found.id
    assert "建立整改方案" in content(desk.office.read(f"sites/{site}"))
    form = {"kind": "site_file", "title": "市场整改方案", "site_id": str(site)}
    unit = str(desk.yard.district.communities[0])
    days = {"starts_on": TODAY.isoformat(), "ends_on": TODAY.replace(year=TODAY.year + 1, day=1).isoformat()}
    answer, _ = desk.office.send("projects/new", form | days | {"unit_id": unit}, 303)
    path = "projects/" + answer.location.rpartition("/")[2]
    page = desk.office.read(path)
    desk.office.send(f"{path}/findings", {"version": version(page), "findings": str(finding)}, 303)
    assert "2026-80001" in content(desk.office.read(path))
    assert "市场整改方案" in content(desk.office.read(f"findings/{finding}"))
    assert "市场整改方案" in content(desk.office.read(f"sites/{site}"))
    _, refused = desk.office.send(f"{path}/sign", {"version": seen(desk.office, f"{path}/sign")}, 422)
    assert "缺少签字人" in refused
    scan = desk.office.photo(jpeg((64, 48)))
    signed = {"owner_name": "演示经营者", "signed_on": TODAY.isoformat(), "photos": scan}
    desk.office.send(f"{path}/sign", signed | {"version": seen(desk.office, f"{path}/sign")}, 303)
    paper = content(desk.office.read(f"{path}/print"))
    assert "整改方案（一场一策）" in paper
    assert "演示经营者" in paper
    assert "2026-80001" in paper
