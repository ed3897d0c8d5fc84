"""Pages at three levels: grants along the chain, the province's table by city, the operator opening bureaus."""

from __future__ import annotations

import io
import re
import secrets
from datetime import date

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from core.app import create_app
from core.databases import Urls
from core.figures.grants import grants_in_force
from core.settings import Settings
from core.work.accounts import create_user
from core.work.onboarding import create_bureau, create_district
from tenants.access import TenantRef, root_unit
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import bare_tenant
from tests.figures.build import CIVILIZED
from tests.figures.sent import send
from tests.web.figure_stage import MONTH, PASSWORD, TODAY, Reader, plain, seat

KEY = CIVILIZED.key
Q = f"campaign={KEY}&kind=month&period={MONTH.key}"


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)


def bureau(wall: Wall, kind: str, name: str, upper: TenantRef | None = None) -> TenantRef:
    slug = f"{kind[0]}{secrets.token_hex(5)}"
    with wall.platform() as platform:
        given = {"kind": kind, "name": name, "slug": slug, "upper": upper.slug if upper else None}
        return create_bureau(platform, wall.open, today=date(2020, 1, 1), **given).tenant


def sit(app: Flask, wall: Wall, ref: TenantRef, role: str) -> Reader:
    with wall.open(ref.id) as session:
        root = root_unit(session).id
    return seat(app, wall, ref, role, root)


@pytest.fixture(scope="module")
def province(wall: Wall) -> TenantRef:
    return bureau(wall, "province", "试验省", bureau(wall, "nation", "试验全国"))


@pytest.fixture(scope="module")
def reader(app: Flask, wall: Wall, province: TenantRef) -> Reader:
    """Four of 太原 and one of 阳泉 published to the province."""
    shares = {"140105": 900, "140106": 801, "140107": 700, "140108": 600, "140302": 850}
    for code, earned in shares.items():
        send(wall, province, bare_tenant(wall, name=f"区{code}", code=code), MONTH, earned=earned)
    send(wall, province, bare_tenant(wall, name="无码开发区"), MONTH, earned=500)
    return sit(app, wall, province, "bureau")


def rows_of(page: str, heading: str) -> list[str]:
    """The body of the table under a caption, line by line as text."""
    table = page.split(heading, 1)[1].split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    return [plain(line).strip() for line in table.split("</tr>") if plain(line).strip()]


def test_the_table_says_and_filters_by_city_and_keeps_the_ranks(province: TenantRef, reader: Reader) -> None:
    c = f"/c/{province.slug}/comparison"
    page = reader.get(f"{c}?{Q}")
    assert len(rows_of(page, "<caption")) == 6
    assert {"太原市", "阳泉市", "没有区划代码"} <= set(re.findall(r'territory=[^"]+">([^<]+)</a>', page))
    only = rows_of(reader.get(f"{c}?{Q}&territory=1403"), "<caption")
    assert [line.split()[:2] for line in only] == [["2", "区140302"]]
    nowhere = rows_of(reader.get(f"{c}?{Q}&territory=none"), "<caption")
    assert [line.split()[:2] for line in nowhere] == [["6", "无码开发区"]]
    lines = reader.lines(f"{c}/export.csv?{Q}&territory=1403")
    assert dict(zip(lines[0][-3:], lines[1][-3:], strict=True)) == {
        "区划代码": "140302",
        "省": "山西省",
        "市": "阳泉市",
    }
    assert lines[1][2] == "区140302"
    assert len(lines) == 3  # the head, the district, the note


def test_the_summary_by_city_is_told_of_districts(province: TenantRef, reader: Reader) -> None:
    c = f"/c/{province.slug}/comparison/territories"
    page = reader.get(f"{c}?{Q}")
    taiyuan, yangquan, nowhere = rows_of(page, "<caption")
    assert taiyuan.split() == "太原市 4 / 4 10.00% 4 75.05% 区140105 90.00% · 第 1 名 区140108 60.00% · 第 5 名".split()
    assert yangquan.split()[:6] == ["阳泉市", "1", "/", "1", "10.00%", "1"]
    assert nowhere.startswith("没有区划代码")
    assert "地区没有自己的得分" in page
    lines = reader.lines(f"{c}/export.csv?{Q}")
    assert lines[1] == [
        "1401",
        "太原市",
        "4",
        "4",
        "10.00",
        "2026",
        "否",
        "4",
        "75.05",
        *"区140105 90.00 1 区140108 60.00 5".split(),
    ]
    assert [line[1] for line in lines[1:]] == ["太原市", "阳泉市", "没有区划代码"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(reader.ask(f"{c}/export.xlsx?{Q}").data)).get_sheet_by_index(0)
    assert len(book.to_python()) == len(lines)
    before = rows_of(reader.get(f"{c}?campaign={KEY}&kind=month&period={MONTH.previous.key}"), "<caption")
    assert before[0].split() == ["太原市", "0", "/", "4", "—", "0", "—", "—", "—"]


def test_a_city_has_nothing_to_group(app: Flask, wall: Wall, province: TenantRef) -> None:
    city = bureau(wall, "city", "试验市", province)
    who = sit(app, wall, city, "bureau")
    send(wall, city, bare_tenant(wall, name="本市区", code="140105"), MONTH)
    assert "territories" not in who.get(f"/c/{city.slug}/comparison")
    who.get(f"/c/{city.slug}/comparison/territories", 404)
    who.get(f"/c/{province.slug}/comparison", 404)


def test_every_room_of_a_province_and_of_the_nation_opens(app: Flask, wall: Wall) -> None:
    nation = bureau(wall, "nation", "试验全国")
    send(wall, nation, bare_tenant(wall, name="某区", code="110101"), MONTH)
    who = sit(app, wall, nation, "bureau")
    c = f"/c/{nation.slug}"
    for path in ("", "/territories", "/matrix", "/pair", "/map", "/due", "/outside"):
        assert "按省汇总" in who.get(f"{c}/comparison{path}?{Q}"), path
    assert "北京市" in who.get(f"{c}/comparison/territories?{Q}")
    for path in (f"{c}/received", f"{c}/standings", f"/t/{nation.slug}/"):
        who.get(path)


def test_a_district_grants_each_bureau_above_it_alone(app: Flask, wall: Wall, province: TenantRef) -> None:
    city = bureau(wall, "city", "授权市", province)
    stranger = bureau(wall, "province", "邻省")
    with wall.platform() as platform:
        given = {"name": "授权区", "slug": f"d{secrets.token_hex(5)}", "upper": city.slug, "campaigns": (KEY,)}
        district = create_district(platform, wall.open, today=TODAY, **given).tenant
    admin = sit(app, wall, district, "administrator")
    path = f"/t/{district.slug}/settings/grants"
    page = admin.get(path)
    assert re.findall(r'<option value="([^"]+)"[^>]*>(授权市|试验省|试验全国|邻省)', page)[0] == (city.slug, "授权市")
    assert "邻省" not in page
    assert "授权市、试验省、试验全国现在收不到" in page
    good = {"campaign": KEY, "detail": "totals", "valid_from": TODAY.isoformat()}
    admin.post(path, **good, reader=province.slug)
    with wall.open(district.id) as session:
        (grant,) = grants_in_force(session, TODAY)
        assert (grant.reader_id, grant.reader_name) == (province.id, "试验省")
    for other in (stranger.slug, district.slug, "nobody", ""):
        answer = admin.post(path, 422, **good, reader=other).get_data(as_text=True)
        assert "请选择上级主管部门" in answer
        assert "邻省" not in answer
    admin.post(path, **good)  # an address of before names no reader: the nearest
    with wall.open(district.id) as session:
        assert {one.reader_id for one in grants_in_force(session, TODAY)} == {province.id, city.id}
    office = sit(app, wall, district, "hq_office")
    shown = office.get(f"/t/{district.slug}/publications/new?campaign={KEY}&period={MONTH.key}")
    assert "送给授权市" in shown
    assert "送给试验省" in shown
    assert "试验全国" not in shown


def test_the_operator_opens_bureaus_of_every_kind(app: Flask, wall: Wall) -> None:
    login = f"u{secrets.token_hex(5)}"
    with wall.platform() as platform:
        create_user(platform, login=login, name="运维", password=PASSWORD, is_operator=True)
        platform.commit()
    operator, slugs = Reader(app, login), {kind: f"{kind[0]}{secrets.token_hex(5)}" for kind in ("nation", "province")}
    asked = operator.get("/operator/tenants/new?kind=nation")
    assert 'name="upper"' not in asked
    assert 'name="name"' in asked
    assert "山西省" in operator.get("/operator/tenants/new?kind=province&q=山西")
    form = {"name": "页面全国", "slug": slugs["nation"], "person": "测试员", "kind": "nation"}
    operator.post("/operator/tenants", **form)
    form |= {"kind": "province", "name": "页面省", "slug": slugs["province"]}
    operator.post("/operator/tenants", **form, upper=slugs["nation"])
    page = plain(operator.get(f"/operator/tenants/{slugs['province']}"))
    assert "省级 · 页面全国" in page
    page = plain(
        operator.get(
            f"/operator/tenants/preview?kind=city&name=页面市&slug=cs{slugs['province']}&person=甲&upper={slugs['province']}"
        )
    )
    assert "上级主管部门 页面省" in page
    wrong = (
        f"/operator/tenants/preview?kind=province&name=错&slug=w{slugs['province']}&person=甲&upper={slugs['province']}"
    )
    assert "不能作为上级：页面省" in operator.get(wrong, 422)
