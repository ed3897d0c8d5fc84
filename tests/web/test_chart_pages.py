"""The pages of the chart: units moved and closed, reorganisations drawn, seen and approved, areas, grids, the paper."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from uuid import UUID

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select

from core.settings import ZONE
from core.work.duties.posts import add_person_with_post
from core.work.organisation.units import add_unit, rename_unit
from core.work.tables import AreaMember, Reorganisation, SiteGrid, UnitLineage
from tenants.db import now
from tenants.models import Unit, UnitParent
from tenants.scope import Wall
from tests.factory import SINCE, add_actor, add_site, bare_district
from tests.web.desk import Clerk, clerk, content
from tests.work.test_charts import lead, put_finding
from tests.work.test_workbooks import book

TODAY = now().astimezone(ZONE).date()
EVE = TODAY - timedelta(1)


class Desk:
    """A district with an administrator, the office and a reader before its pages."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.wall, self.place = wall, bare_district(wall)
        self.admin = self.sit(app, "administrator")
        self.office = self.sit(app, "hq_office")
        self.liaison = self.sit(app, "liaison")
        self.app = app

    def sit(self, app: Flask, role: str, unit: UUID | None = None, locale: str = "zh") -> Clerk:
        return clerk(app, self.wall, add_actor(self.wall, self.place.ref, role, unit or self.place.root), locale)

    def one(self, chosen: object) -> object:
        with self.place.session(self.wall) as session:
            return session.scalars(chosen).first()  # type: ignore[call-overload]

    def add(self, name: str, kind: str, parent: UUID | None = None) -> UUID:
        with self.place.session(self.wall) as session:
            unit = add_unit(session, None, name=name, kind=kind, parent_id=parent, today=SINCE).id
            session.commit()
            return unit


@pytest.fixture
def desk(app: Flask, wall: Wall) -> Desk:
    return Desk(app, wall)


def version_of(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def begin(desk: Desk, tree: str = "administration", day: date = TODAY) -> str:
    """A new draft; gives its path."""
    wish = {"title": "机构调整测试", "tree": tree, "effective_on": day.isoformat(), "document": "文〔2026〕1 号"}
    answer, _ = desk.admin.send("units/reorganisations/new", wish, 303)
    path = answer.headers["Location"].split(f"/t/{desk.admin.slug}/")[1]
    assert path.endswith("/draft")
    return path


def change(desk: Desk, draft: str, path: str, status: int = 303, **data: object) -> str:
    version = version_of(desk.admin.read(draft))
    answer, page = desk.admin.send(f"{draft}/{path}", {"version": version} | data, status)
    return page if status != 303 else desk.admin.read(answer.headers["Location"].split(f"/t/{desk.admin.slug}/")[1])


def key_of(page: str, name: str) -> str:
    found = re.search(rf'<option value="([0-9a-f-]+)"[^>]*>\s*{name}</option>', page)
    assert found, name
    return found[1]


# ---- who gets in ----


def test_the_office_reads_the_tree_and_everybody_the_chart_but_only_administrators_change(desk: Desk) -> None:
    home = desk.place.communities[0]
    for path in ("units", "units/reorganisations", "units/export.csv", "units/export.xlsx"):
        assert desk.office.ask(path).status_code == 200
        assert desk.liaison.ask(path).status_code == 403
    for path in (f"units/{home}", "units/chart", "units/areas"):
        assert desk.liaison.ask(path).status_code == 200
    page = desk.office.read("units")
    assert "新增单位" not in page
    assert "撤销" not in content(page)
    for path in (f"units/{home}/move", f"units/{home}/close", "units/reorganisations/new"):
        assert desk.office.ask(path).status_code == 403
    desk.office.send(f"units/{home}/close", {}, 403)
    desk.office.send("units/reorganisations/new", {"title": "x"}, 403)
    street = desk.sit(desk.app, "administrator", desk.place.street)
    street.send("units/reorganisations/new", {"title": "x", "tree": "administration"}, 403)


# ---- one unit ----


def test_a_units_page_tells_where_it_stands_as_of_a_day(desk: Desk) -> None:
    home = desk.place.communities[0]
    with desk.place.session(desk.wall) as session:
        add_person_with_post(session, None, name="测试甲", unit_id=home, role="liaison", title="联络", today=SINCE)
        rename_unit(session, None, home, "新名社区", today=TODAY)
        put_finding(session, home, home)
        session.commit()
    page = desk.admin.read(f"units/{home}")
    assert "<h1>新名社区</h1>" in page
    assert "测试甲" in page
    assert "曾用名" in page
    assert re.search(r"未办结问题</dt><dd class=\"num\"><a [^>]+>1</a>", page)
    earlier = desk.admin.read(f"units/{home}?on={EVE}")
    assert "<h1>测试区第1社区</h1>" in earlier
    assert "不是今天的" in earlier
    assert "还没有设立" in desk.admin.read(f"units/{home}?on=2019-01-01")
    desk.admin.read(f"units/{UUID(int=7)}", 404)


def test_a_unit_is_moved_and_refusals_stand_beside_the_field(desk: Desk) -> None:
    home, street = desk.place.communities[0], desk.place.street
    other, head = desk.add("二街道", "subdistrict"), desk.add("指挥部", "headquarters")
    assert "二街道" in desk.admin.read(f"units/{home}/move")
    for data, word in (
        ({"parent": ""}, "请选一个上级单位"),
        ({"parent": str(head)}, "两个单位不在同一棵树里"),
        ({"parent": str(other), "on": "31.12."}, "日期写法有误"),
        ({"parent": str(other), "on": (TODAY + timedelta(1)).isoformat()}, "日期还没有到"),
    ):
        _, page = desk.admin.send(f"units/{home}/move", data, 422)
        assert word in page
        assert f'value="{data.get("on", "")}"' in page
    _, page = desk.admin.send(f"units/{street}/move", {"parent": str(home)}, 409)
    assert "它自己的下级" in page
    desk.admin.send(f"units/{home}/move", {"parent": str(other)}, 303)
    assert "已隶属 二街道" in desk.admin.read(f"units/{home}")
    assert (
        desk.one(select(UnitParent.parent_id).where(UnitParent.unit_id == home, UnitParent.valid_to.is_(None))) == other
    )


def test_closing_names_what_hangs_on_a_unit_and_the_heir_takes_it(desk: Desk) -> None:
    one, two = desk.place.communities
    with desk.place.session(desk.wall) as session:
        found = put_finding(session, one, one)
        session.commit()
    assert re.search(r"未办结问题</dt><dd class=\"num\">1", desk.admin.read(f"units/{one}/close"))
    _, page = desk.admin.send(f"units/{one}/close", {"heir": ""}, 409)
    assert "还有 1 件未办结问题" in page
    _, page = desk.admin.send(f"units/{one}/close", {"heir": str(desk.place.departments["sanitation"])}, 422)
    assert "辖区和部门不能互相承接" in page
    desk.admin.send(f"units/{one}/close", {"heir": str(two)}, 303)
    page = desk.admin.read(f"units/{one}")
    assert "已撤销" in page
    assert "后继" in page
    assert f"units/{one}" in desk.admin.read(f"units/{two}"), "and its forebear there"
    with desk.place.session(desk.wall) as session:
        assert lead(session, found) == two
    assert "测试区第1社区" not in content(desk.admin.read("units/chart"))
    assert "测试区第1社区" in content(desk.admin.read(f"units/chart?on={EVE}"))


def test_whether_a_unit_may_be_ordered_is_changed_with_a_reason(desk: Desk) -> None:
    office = desk.place.departments["sanitation"]
    desk.admin.send(f"units/{office}/commanded", {"commanded": "0"}, 422)
    desk.admin.send(f"units/{office}/commanded", {"commanded": "0", "reason": "铁路单位"}, 303)
    assert "不受指令" in content(desk.admin.read(f"units/{office}"))
    assert "不受指令" in content(desk.admin.read("units"))
    assert desk.one(select(Unit.commanded).where(Unit.id == office)) is False


def test_a_unit_is_added_from_an_earlier_day(desk: Desk) -> None:
    wish = {"name": "补录网格", "kind": "grid", "parent": str(desk.place.communities[0])}
    _, page = desk.admin.send("units/new", wish | {"on": (TODAY + timedelta(9)).isoformat()}, 422)
    assert "日期还没有到" in page
    desk.admin.send("units/new", wish | {"on": "2024-05-06"}, 303)
    assert desk.one(select(Unit.valid_from).where(Unit.name == "补录网格")) == date(2024, 5, 6)


# ---- reorganisations ----


def test_a_reorganisation_is_drawn_seen_approved_and_in_force(desk: Desk) -> None:
    one, two = desk.place.communities
    with desk.place.session(desk.wall) as session:
        found = put_finding(session, one, one)
        session.commit()
    assert "还没有机构调整" in desk.admin.read("units/reorganisations")
    draft = begin(desk)
    room = draft.removesuffix("/draft")
    assert "草案没有改动任何单位" in desk.admin.read(room)
    page = change(desk, draft, "seats", name="合并社区", kind="community", parent=str(desk.place.street))
    new = key_of(page, "合并社区")
    page = change(desk, draft, "many", unit=[str(one), str(two)], doing="merge", target=new)
    assert "已改 2 个单位的去向" in page
    page = desk.admin.read(f"{draft}?show=changed")
    assert content(page).count("并入") >= 2
    listed = page[page.index('id="units"') : page.index('id="new"')]
    assert len(re.findall(r'name="unit" value=', listed)) == 2, "only what changes"
    seen = content(desk.admin.read(room))
    assert "移交的未办结问题 1" in seen
    assert "批准后马上生效" in seen
    version = version_of(desk.admin.read(room))
    desk.admin.send(f"{room}/approve", {"version": version}, 303)
    page = desk.admin.read(room)
    assert "已生效" in content(page)
    assert content(page).count("并入") == 2
    with desk.place.session(desk.wall) as session:
        assert lead(session, found) == UUID(new)
        assert session.scalar(select(func.count()).select_from(UnitLineage)) == 2
    desk.admin.send(f"{room}/approve", {"version": version}, 412)
    assert desk.admin.ask(draft).status_code == 303, "a draft no more"
    assert "合并社区" in desk.admin.read("units/chart?tree=administration")
    assert "机构调整测试" in desk.office.read("units/reorganisations")


def test_a_draft_that_loses_a_unit_is_not_approved(desk: Desk) -> None:
    one = desk.place.communities[0]
    draft = begin(desk)
    room = draft.removesuffix("/draft")
    page = change(desk, draft, "seats", name="新社区", kind="community", parent=str(desk.place.street))
    new = key_of(page, "新社区")
    change(desk, draft, f"units/{one}", doing="merge", into=new)
    page = change(desk, draft, f"seats/{new}/drop")
    assert "没有说明这个单位的去向（测试区第1社区）" in page
    assert "没有去向" in content(desk.admin.read(f"{draft}?show=lost"))
    _, page = desk.admin.send(f"{room}/approve", {"version": version_of(desk.admin.read(draft))}, 422)
    assert "测试区第1社区" in page
    assert desk.one(select(Reorganisation.state)) == "draft"
    page = change(desk, draft, f"units/{one}", doing="keep", name="改名社区", parent=str(desk.place.street))
    assert "没有说明" not in page
    assert "更名" in content(page)


def test_a_split_is_drawn_with_its_heir_and_exceptions(desk: Desk) -> None:
    street, (one, two) = desk.place.street, desk.place.communities
    with desk.place.session(desk.wall) as session:
        site = add_site(session, street, name="街道直管点位")
        at_site, in_two = put_finding(session, street, street, site_id=site), put_finding(session, two, street)
        stays = put_finding(session, one, street)
        session.commit()
    draft = begin(desk)
    page = change(desk, draft, "seats", name="新街道", kind="subdistrict", parent=str(desk.place.root))
    new = key_of(page, "新街道")
    form = desk.admin.read(f"{draft}/units/{street}")
    assert "街道直管点位" in form
    wish = {"doing": "split", "to": [str(street), new], "heir": str(street)}
    rules = {"rule_scope": [f"site:{site}", "unit:x", ""], "rule_to": [new, new, ""]}
    change(desk, draft, f"units/{street}", **wish, **rules)
    change(desk, draft, "many", unit=[str(two)], doing="move", target=new)
    form = desk.admin.read(f"{draft}/units/{street}")
    assert f'value="site:{site}" selected' in form
    room = draft.removesuffix("/draft")
    assert "测试区一街道、新街道" in content(desk.admin.read(room))
    desk.admin.send(f"{room}/approve", {"version": version_of(desk.admin.read(room))}, 303)
    with desk.place.session(desk.wall) as session:
        assert {f: lead(session, f) for f in (at_site, in_two, stays)} == {
            at_site: UUID(new),
            in_two: UUID(new),
            stays: street,
        }


def test_refused_forms_of_a_draft_come_back_with_their_words(desk: Desk) -> None:
    one, draft = desk.place.communities[0], begin(desk)
    cases: list[tuple[str, dict[str, object], str]] = [
        ("many", {"doing": "merge", "target": str(one)}, "没有选单位"),
        ("many", {"doing": "merge", "unit": [str(one)]}, "请选去向"),
        ("many", {"doing": "move", "unit": [str(desk.place.street)], "target": str(one)}, "它自己的下级"),
        ("seats", {"name": "", "kind": "grid"}, "不能为空"),
        ("seats", {"name": "片区", "kind": "area"}, "这种单位只在指挥部树里"),
        (f"units/{one}", {"doing": "merge"}, "没有选去向"),
        (f"units/{one}", {"doing": "keep", "name": ""}, "不能为空"),
        ("head", {"title": "", "effective_on": TODAY.isoformat()}, "不能为空"),
        ("head", {"title": "x", "effective_on": EVE.isoformat()}, "生效日期已经过去"),
        ("head", {"title": "x", "effective_on": "soon"}, "日期写法有误"),
        (f"seats/{one}/drop", {}, "现有的单位不能删去"),
    ]
    for path, data, word in cases:
        assert word in change(desk, draft, path, 422, **data), path
    page = change(desk, draft, "head", title="改个名", effective_on=(TODAY + timedelta(3)).isoformat())
    assert "<h1>改个名</h1>" in page
    desk.admin.send(f"{draft}/many", {"version": "1", "unit": str(one), "doing": "keep"}, 412)
    desk.admin.send(f"{draft}/many", {"version": "x", "unit": str(one), "doing": "keep"}, 422)
    assert desk.admin.ask(f"{draft}?show=nothing").status_code == 422
    desk.admin.read(f"{draft}/units/{UUID(int=7)}", 404)
    desk.admin.read(f"{draft}/seats/{UUID(int=7)}", 404)


def test_a_new_unit_of_a_draft_is_renamed_and_moved(desk: Desk) -> None:
    draft = begin(desk)
    page = change(desk, draft, "seats", name="新街道", kind="subdistrict", parent="")
    new = key_of(page, "新街道")
    assert "新街道" in desk.admin.read(f"{draft}/seats/{new}")
    assert "不能为空" in change(desk, draft, f"seats/{new}", 422, name="", parent="")
    page = change(desk, draft, f"seats/{new}", name="东街道", parent=str(desk.place.root))
    assert "东街道" in page
    answer = desk.admin.ask(f"{draft}/seats/{desk.place.street}")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"/units/{desk.place.street}")


def test_a_later_one_waits_and_is_withdrawn(desk: Desk) -> None:
    one, two = desk.place.communities
    draft = begin(desk, day=TODAY + timedelta(4))
    room = draft.removesuffix("/draft")
    change(desk, draft, f"units/{one}", doing="merge", into=str(two))
    desk.admin.send(f"{room}/approve", {"version": version_of(desk.admin.read(room))}, 303)
    assert "已批准，待生效" in content(desk.admin.read(room))
    _, page = desk.admin.send(f"units/{two}/move", {"parent": str(desk.place.root)}, 409)
    assert "机构调整" in page
    desk.admin.send(f"{room}/withdraw", {"version": version_of(desk.admin.read(room))}, 303)
    assert "已撤回" in content(desk.admin.read("units/reorganisations"))
    assert desk.one(select(Unit.valid_to).where(Unit.id == one)) is None


def test_a_workbook_draws_a_new_headquarters(desk: Desk) -> None:
    head = desk.add("指挥部", "headquarters")
    for name in ("宣传组", "督查组"):
        desk.add(name, "work_group", head)
    draft = begin(desk, "headquarters")
    data = desk.admin.ask(f"{draft}/chart.xlsx").get_data()
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    rows = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == ["上级单位", "单位名称", "单位类型", "原单位"]
    assert ["指挥部", "宣传组", "工作组（专班）", "宣传组"] in rows
    merged = [r for r in rows if r[1] != "督查组"]
    merged[[r[1] for r in merged].index("宣传组")] = ["指挥部", "宣传督查组", "工作组", "宣传组；督查组"]
    bad = [*merged, ["没有", "新组", "组", ""]]

    def upload(rows: list[list[str]], status: int) -> str:
        file = (io.BytesIO(book(单位=rows)), "新架构.xlsx")
        return change(desk, draft, "import", status, file=file)

    page = upload(bad, 422)
    assert "没有这个上级单位" in page
    assert "第5行" in page.replace(" ", "") or "第4行" in page.replace(" ", "")
    page = upload(merged, 303)
    assert content(page).count("→ 宣传督查组") == 2
    assert "请选择一个" in change(desk, draft, "import", 422)


# ---- areas, grids, paper ----


def test_an_area_is_made_of_units_and_single_sites(desk: Desk) -> None:
    one, two = desk.place.communities
    with desk.place.session(desk.wall) as session:
        site = add_site(session, two, name="单独的点位")
        put_finding(session, one, one)
        session.commit()
    assert "还没有片区" in desk.admin.read("units/areas")
    area = desk.add("东片区", "area")
    _, page = desk.admin.send(f"units/areas/{area}", {}, 422)
    assert "没有选成员" in page
    assert "单独的点位" in desk.admin.read(f"units/areas/{area}?q=单独")
    desk.admin.send(f"units/areas/{area}", {"unit": [str(one)], "site": [str(site)]}, 303)
    page = desk.liaison.read(f"units/areas/{area}")
    assert "测试区第1社区" in page
    assert "单独的点位" in page
    assert "移出" not in page
    assert "今天有 1 个在用点位、1 件未办结问题" in content(page)
    assert "单独的点位" not in content(desk.admin.read(f"units/areas/{area}?on={EVE}"))
    assert "东片区" in desk.admin.read(f"units/{one}")
    member = desk.one(select(AreaMember.id).where(AreaMember.unit_id == one))
    desk.liaison.send(f"units/areas/members/{member}/remove", {}, 403)
    desk.admin.send(f"units/areas/members/{member}/remove", {}, 303)
    assert "测试区第1社区" not in content(desk.liaison.read(f"units/areas/{area}"))
    desk.admin.read(f"units/areas/{one}", 404)


def test_a_site_is_put_into_grids_on_its_own_page(desk: Desk) -> None:
    one = desk.place.communities[0]
    grid = desk.add("一网格", "grid", one)
    with desk.place.session(desk.wall) as session:
        site = add_site(session, one, name="网格里的点位")
        session.commit()
    assert "还没有划入网格" in desk.admin.read(f"sites/{site}")
    for partition, unit in (("社区网格", grid), ("单元网格", one)):
        desk.admin.send(f"sites/{site}/grids", {"partition": partition, "unit": str(unit)}, 303)
    page = desk.liaison.read(f"sites/{site}")
    assert "社区网格" in page
    assert "单元网格" in page
    assert "划入网格" not in content(page)
    assert "网格里的点位" in content(desk.liaison.read(f"units/{grid}"))
    desk.liaison.send(f"sites/{site}/grids", {"partition": "x", "unit": str(grid)}, 403)
    desk.admin.send(f"sites/{site}/grids/end", {"partition": "社区网格"}, 303)
    desk.admin.send(f"sites/{site}/grids/end", {"partition": "社区网格"}, 404)
    left = select(SiteGrid.partition).where(SiteGrid.site_id == site, SiteGrid.valid_from != SiteGrid.valid_to)
    assert desk.one(left.union_all(select(SiteGrid.partition).where(SiteGrid.valid_to.is_(None)))) == "单元网格"


def test_the_chart_is_a_paper_without_a_menu_and_a_workbook(desk: Desk) -> None:
    head = desk.add("指挥部", "headquarters")
    desk.add("宣传组", "work_group", head)
    with desk.place.session(desk.wall) as session:
        add_person_with_post(session, None, name="测试组长", unit_id=head, role="leader", title="总指挥", today=SINCE)
        session.commit()
    page = desk.liaison.read("units/chart")
    assert "sc-side" not in page
    assert "指挥部架构图" in page
    assert "测试组长" in page
    assert "测试组长" not in desk.liaison.read("units/chart?people=0")
    assert "测试区第1社区" in desk.liaison.read("units/chart?tree=administration")
    assert desk.liaison.ask("units/chart?tree=forest").status_code == 422
    assert "还没有单位" in desk.liaison.read("units/chart?on=2019-01-01") or "还没有指挥部" in desk.liaison.read(
        "units/chart?on=2019-01-01"
    )
    sheet = openpyxl.load_workbook(io.BytesIO(desk.admin.ask("units/export.xlsx?tree=headquarters").get_data())).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][1] == "指挥部"
    assert "测试组长" in rows[1]
    assert rows[2][:2] == ("指挥部", "宣传组")
