"""Areas and grids by workbook: members compared as a whole, written once; a site's grids in the sheet 点位."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core.errors import Forbidden
from core.work.imports.area_workbook import AREAS, area_rows, import_areas, read_areas
from core.work.organisation.areas import members_of
from core.work.organisation.units import add_unit
from core.work.tables import Site, SiteGrid
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, District, add_actor, add_site, bare_district
from tests.work.test_workbooks import TODAY, book, load

HEAD = ["片区", "成员类型", "成员"]
SITE_HEAD = ["点位名称", "属地单位", "点位类型", "网格"]


@pytest.fixture
def district(wall: Wall) -> District:
    return bare_district(wall)


def bring(session: ScopedSession, rows: list[list[str]], actor=None, **more: object):
    return import_areas(session, actor, read_areas(book(片区=rows), "片区.xlsx"), today=TODAY, **more)


def area_in(session: ScopedSession, name: str = "东片区") -> UUID:
    return add_unit(session, None, name=name, kind="area", today=SINCE).id


def test_members_come_by_name_path_and_code_and_a_second_import_changes_nothing(wall: Wall, district: District) -> None:
    rows = [
        HEAD,
        ["东片区", "单位", "测试区一街道/测试区第1社区"],
        ["东片区", "点位", "测试点位"],
        ["东片区", "unit", "G-9"],
    ]
    with district.session(wall) as session:
        area, site = area_in(session), add_site(session, district.communities[1])
        grid = add_unit(
            session,
            None,
            name="九网格",
            kind="grid",
            parent_id=district.street,
            code="G-9",
            code_issuer="区",
            today=SINCE,
        ).id
        seen = bring(session, rows, dry_run=True)
        assert (seen.created, seen.written, members_of(session, area, TODAY)) == (3, False, [])
        done = bring(session, rows)
        assert (done.created, done.unchanged, done.faults, done.written) == (3, 0, (), True)
        found = {(one.unit_id, one.site_id) for one in members_of(session, area, TODAY)}
        assert found == {(district.communities[0], None), (grid, None), (None, site)}
        again = bring(session, rows)
        assert (again.created, again.unchanged, again.written) == (0, 3, True)
        assert members_of(session, area, TODAY - timedelta(1)) == []


def test_an_export_can_be_imported_again(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        area_in(session)
        add_site(session, district.communities[1])
        bring(session, [HEAD, ["东片区", "单位", "测试区第1社区"], ["东片区", "点位", "测试点位"]])
        rows = [list(row) for row in area_rows(session, TODAY)]
        assert rows == [["东片区", "单位", "测试区一街道/测试区第1社区"], ["东片区", "点位", "测试点位"]]
        again = bring(session, [[column.titles[0] for column in AREAS.columns], *rows])
        assert (again.created, again.unchanged, again.faults) == (0, 2, ())


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (["西片区", "单位", "测试区第1社区"], "片区", "没有这个单位"),
        (["测试区一街道", "单位", "测试区第1社区"], "片区", "这个单位不是片区"),
        (["东片区", "人员", "测试区第1社区"], "成员类型", "没有这种成员"),
        (["东片区", "单位", "没有社区"], "成员", "没有这个单位"),
        (["东片区", "单位", "东片区"], "成员", "这个单位不能作为片区成员"),
        (["东片区", "点位", "没有点位"], "成员", "没有这个点位"),
        (["东片区", "", "测试区第1社区"], "成员类型", "不能为空"),
        (["东片区", "单位", "测试区第2社区"], "成员", "与第 {first} 行重复"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(
    wall: Wall, district: District, row: list[str], column: str, message: str
) -> None:
    with district.session(wall) as session:
        area = area_in(session)
        report = bring(session, [HEAD, ["东片区", "单位", "测试区第2社区"], row])
        assert [(f.row, f.field, f.message) for f in report.faults] == [(3, column, message)]
        assert report.faults[0].remedy
        assert (report.written, members_of(session, area, TODAY)) == (False, [])


def test_only_administrators_import_and_within_their_reach(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        area_in(session)
        session.commit()
        rows = [HEAD, ["东片区", "单位", "测试区第1社区"]]
        with pytest.raises(Forbidden):
            bring(session, rows, add_actor(wall, district.ref, "inspector", district.root))
        street = add_actor(wall, district.ref, "administrator", district.street)
        assert [f.message for f in bring(session, rows, street).faults] == ["不在您的管辖范围内"]


# ---- grids of sites ----


def lying(session: ScopedSession) -> dict[tuple[str, str], UUID]:
    rows = session.execute(
        select(Site.name, SiteGrid.partition, SiteGrid.unit_id)
        .join(SiteGrid, SiteGrid.site_id == Site.id)
        .where(SiteGrid.valid_to.is_(None))
    )
    return {(name, partition): unit for name, partition, unit in rows}


def test_the_grids_of_a_site_come_with_it_and_an_empty_cell_leaves_them(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        one, two = (
            add_unit(session, None, name=name, kind="grid", parent_id=district.communities[0], today=SINCE).id
            for name in ("一网格", "二网格")
        )
        row = ["某某市场", "测试区第1社区", "农贸市场", "社区网格：一网格；单元网格:二网格"]
        assert load(session, book(点位=[SITE_HEAD, row])).faults == ()
        both = {("某某市场", "社区网格"): one, ("某某市场", "单元网格"): two}
        assert lying(session) == both
        assert load(session, book(点位=[SITE_HEAD, row])).unchanged["sites"] == 1
        assert load(session, book(点位=[SITE_HEAD, [*row[:3], ""]])).unchanged["sites"] == 1
        assert lying(session) == both
        moved = load(session, book(点位=[SITE_HEAD, [*row[:3], "二网格"]]))
        assert moved.changed["sites"] == 1
        assert lying(session) == both | {("某某市场", "社区网格"): two}


@pytest.mark.parametrize(
    ("said", "message"),
    [("没有网格", "没有这个单位"), ("一网格;一网格", "网格写法无效"), ("：一网格", "网格写法无效")],
)
def test_a_grid_that_is_wrong_keeps_the_row_out(wall: Wall, district: District, said: str, message: str) -> None:
    with district.session(wall) as session:
        add_unit(session, None, name="一网格", kind="grid", parent_id=district.communities[0], today=SINCE)
        report = load(session, book(点位=[SITE_HEAD, ["某某市场", "测试区第1社区", "农贸市场", said]]))
        assert [(f.row, f.field, f.message) for f in report.faults] == [(2, "网格", message)]
        assert lying(session) == {}
