"""What leaves, to the byte, and what comes back: the files of a publication, the city's chains, its standings."""

from __future__ import annotations

import json
from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import create_engine, select, text

from core.databases import Urls
from core.figures.grants import give_grant, grants_in_force, withdraw_grant
from core.figures.tables import Publication, Standing
from tenants.access import TenantRef
from tenants.scope import Wall
from tests.factory import add_unit, bare_tenant
from tests.figures.build import CIVILIZED, Made, make, visit
from tests.web.figure_stage import MONTH, TODAY, Reader, plain, seat

KEY = MONTH.key
ASKED = f"campaign={CIVILIZED.key}&period={KEY}"


@pytest.fixture(scope="module")
def city(wall: Wall) -> TenantRef:
    ref = bare_tenant(wall, kind="city", name="测试市")
    with wall.open(ref.id) as session:
        add_unit(session, "city", ref.name, [])
        session.commit()
    return ref


@pytest.fixture(scope="module")
def bureau(app: Flask, wall: Wall, city: TenantRef) -> Reader:
    with wall.open(city.id) as session:
        root = session.execute(text("SELECT id FROM unit WHERE tenant_id = :who"), {"who": city.id}).scalar_one()
    return seat(app, wall, city, "bureau", root)


@pytest.fixture
def made(wall: Wall, city: TenantRef) -> Made:
    found = make(wall, CIVILIZED, upper_id=city.id)
    with found.district.session(wall) as session:
        for n in range(36):
            found.sites.clear()
            home = found.district.communities[n % 2]
            visit(
                session, found, ["housing_estate"], {"fire_lane_open": {"yes": n % 3 > 0}}, day=MONTH.start, unit=home
            )
        give_grant(session, found.office, city, CIVILIZED.key, "sites", date(2020, 1, 1))
        session.commit()
    return found


@pytest.fixture
def office(app: Flask, wall: Wall, made: Made) -> Reader:
    return seat(app, wall, made.district.ref, "hq_office", made.district.root)


def publish(office: Reader, t: str, reason: str = "") -> str:
    """Publish as the page shows it; gives the own copy's address."""
    page = office.get(f"{t}/publications/new?{ASKED}")
    seen = page.split('name="seen" value="', 1)[1].split('"', 1)[0]
    answer = office.post(
        f"{t}/publications/new", campaign=CIVILIZED.key, period=KEY, seen=seen, **({"reason": reason} if reason else {})
    )
    return answer.headers["Location"]


def test_the_file_before_is_the_file_after(wall: Wall, made: Made, office: Reader, city: TenantRef) -> None:
    t = f"/t/{made.district.ref.slug}"
    asked = f"{ASKED}&reader={city.slug}"
    before = office.ask(f"{t}/publications/new/content.json?{asked}").data
    digest = sha256(before).hexdigest()
    assert digest in office.get(f"{t}/publications/new?{ASKED}")
    table = office.lines(f"{t}/publications/new/rows.csv?{asked}")
    book = load_workbook(BytesIO(office.ask(f"{t}/publications/new/rows.xlsx?{asked}").data)).active
    assert book is not None
    assert book.max_row == len(table)
    said = json.loads(before)
    assert len(table) == 2 + len(said["figures"])
    levels = [line[1] for line in table]
    assert levels.count("site") == 36
    assert levels.count("unit") == 1
    publish(office, t)
    with made.district.session(wall) as session:
        rows = {p.reader_slug: p for p in session.scalars(select(Publication))}
    sent = rows[city.slug]
    assert sent.content_sha256 == digest
    assert office.ask(f"{t}/publications/{sent.id}/content.json").data == before
    assert sha256(office.ask(f"{t}/publications/{sent.id}/sealed.json").data).hexdigest() == sent.sha256
    assert office.lines(f"{t}/publications/{sent.id}/rows.csv") == table
    page = plain(office.get(f"{t}/publications/{sent.id}"))
    assert digest in page
    assert "测试区一街道" in page
    office.get(f"{t}/publications/new/content.json?{ASKED}&reader=nobody", 404)


def test_no_person_and_no_text_leaves(made: Made, office: Reader, city: TenantRef) -> None:
    file = office.get(f"/t/{made.district.ref.slug}/publications/new/content.json?{ASKED}&reader={city.slug}")
    assert "检查员甲" not in file
    assert set(json.loads(file)["figures"][0]) & {"person", "photo", "title", "site_id", "unit_id"} == set()


def test_units_and_sites_are_for_who_sees_the_whole(app: Flask, wall: Wall, made: Made, office: Reader) -> None:
    t = f"/t/{made.district.ref.slug}"
    address = publish(office, t)
    liaison = seat(app, wall, made.district.ref, "liaison", made.district.communities[0])
    page = plain(liaison.get(address))
    assert "housing_estate点位" not in page
    assert "只有看得到全区县的人能看" in page
    assert "housing_estate点位" in plain(office.get(address))
    for name in ("content.json", "sealed.json", "rows.csv", "rows.xlsx"):
        liaison.get(f"{address}/{name}", 403)


def test_a_withdrawal_is_seen_and_what_came_stays(
    wall: Wall, made: Made, office: Reader, city: TenantRef, bureau: Reader
) -> None:
    t, c = f"/t/{made.district.ref.slug}", f"/c/{city.slug}"
    publish(office, t)
    assert "有效" in row_of(bureau.get(f"{c}/received"), made.district.ref.slug)
    with made.district.session(wall) as session:
        (grant,) = grants_in_force(session, TODAY)
        withdraw_grant(session, made.office, grant, TODAY)
        session.commit()
    publish(office, t, reason="更正一次")
    page = bureau.get(f"{c}/received")
    assert "已收回：收到的保留，以后不再收到" in row_of(page, made.district.ref.slug)
    with wall.open(city.id) as session:
        (kept,) = session.scalars(select(Publication).where(Publication.tenant_id == made.district.ref.id))
    assert sha256(bureau.ask(f"{c}/received/{kept.id}/sealed.json").data).hexdigest() == kept.sha256
    assert sha256(bureau.ask(f"{c}/received/{kept.id}/content.json").data).hexdigest() == kept.content_sha256
    assert len(bureau.lines(f"{c}/received/{kept.id}/rows.csv")) > 40
    bureau.ask(f"{c}/received/{kept.id}/rows.xlsx")
    assert kept.sha256 in bureau.get(f"{c}/received/export.csv")


def row_of(page: str, slug: str) -> str:
    """The words of the table row that links to a district."""
    return plain(page.split(f"/comparison/{slug}?", 1)[1].split("</tr>", 1)[0])


def test_a_broken_chain_is_named_by_its_link(
    urls: Urls, made: Made, office: Reader, city: TenantRef, bureau: Reader
) -> None:
    t, c = f"/t/{made.district.ref.slug}", f"/c/{city.slug}"
    publish(office, t)
    publish(office, t, reason="更正")
    assert "断开" not in bureau.get(f"{c}/received/seals")
    change = "UPDATE published_figure SET value = 99 WHERE tenant_id = :who AND reader_id = :city AND level = 'unit'"
    engine = create_engine(urls.superuser)
    with engine.begin() as raw:
        raw.execute(text(change), {"who": made.district.ref.id, "city": city.id})
    page = plain(bureau.get(f"{c}/received/seals"))
    assert "第 1 号：内容与封签不符" in page
    assert "第 2 号：内容与封签不符" in page
    assert "不符" in plain(office.get(f"{t}/publications/seals"))
    with engine.begin() as raw:  # the city is shared by the tests of this module
        for name in ("published_figure", "publication"):
            raw.execute(text(f"DELETE FROM {name} WHERE tenant_id = :who"), {"who": made.district.ref.id})
    engine.dispose()
    assert "断开" not in bureau.get(f"{c}/received/seals")


def test_the_district_sees_its_place_exactly_as_issued(
    wall: Wall, made: Made, office: Reader, city: TenantRef, bureau: Reader
) -> None:
    t, c = f"/t/{made.district.ref.slug}", f"/c/{city.slug}"
    publish(office, t)
    assert "公布的名次" not in office.get(f"{t}/figures?{ASKED}")
    page = bureau.get(f"{c}/standings?{ASKED}&kind=month")
    seen = page.split('name="seen" value="', 1)[1].split('"', 1)[0]
    form = {"campaign": CIVILIZED.key, "period": KEY, "seen": seen, "reason": "有区县新发布"}
    assert "页面打开之后" in bureau.post(f"{c}/standings", 422, **form | {"seen": "x"}).get_data(as_text=True)
    bureau.post(f"{c}/standings", 303, **form)
    with made.district.session(wall) as session:
        (mine,) = session.scalars(select(Standing))
    words = plain(office.get(f"{t}/figures?{ASKED}"))
    assert f"第 {mine.rank} 名（共 {mine.size} 个）" in words
    assert f"95% 区间 {mine.interval_low:.2f}–{mine.interval_high:.2f}%" in words
    listed = plain(office.get(f"{t}/standings"))
    assert f"{mine.rank} / {mine.size}" in listed
    assert "链条完整" in listed
    assert mine.sha256 in office.get(f"{t}/standings/export.csv")
    assert mine.sha256 in bureau.get(f"{c}/standings/export.csv?{ASKED}")
    assert "各区县都已经收到现在的名次" in bureau.get(f"{c}/standings?{ASKED}&kind=month")


def test_a_grant_by_site_is_given_on_the_page(wall: Wall, made: Made, app: Flask) -> None:
    t = f"/t/{made.district.ref.slug}"
    admin = seat(app, wall, made.district.ref, "administrator", made.district.root)
    page = admin.get(f"{t}/settings/grants")
    assert 'value="units"' in page
    assert 'value="sites"' in page
    until = (TODAY + timedelta(days=30)).isoformat()
    admin.post(f"{t}/settings/grants", campaign=CIVILIZED.key, detail="units", valid_from="", valid_to=until)
    with made.district.session(wall) as session:
        assert [g.detail for g in grants_in_force(session, TODAY)] == ["units"]
