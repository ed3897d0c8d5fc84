"""The administrator's and the operator's pages, walked with the real application on a real database."""

from __future__ import annotations

import ast
import io
import re
import uuid
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

import core
from core.app import create_app
from core.campaigns.registry import Refusal, installed
from core.databases import Urls
from core.settings import Settings
from core.web.audit_verbs import DERIVED, VERBS
from core.web.audit_words import KINDS
from core.web.words import VERBS as ROLE_VERBS
from core.work.accounts import create_user
from core.work.calendar import local_day
from core.work.duties.posts import add_person_with_post
from core.work.invitations import find_api_token, join
from core.work.onboarding import create_bureau, create_district
from core.work.roles import ROLES
from core.work.tables import Audit, CalendarDay, Site
from tenants.access import TenantRef, root_unit
from tenants.accounts import Membership, PlatformEvent, Tenant
from tenants.db import now
from tenants.models import EnabledCampaign, Person, Unit, UnitName, UnitRole
from tenants.scope import Wall
from tests.conftest import SECRET

TODAY = local_day(now())
PASSWORD = "a password of the tests"


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The product itself, with one plugin that was refused at start."""
    refused = Refusal("broken_city", "sancheng-broken", "ValueError: 缺少文件 campaign.toml")
    registry = replace(installed(), refused=(refused,))
    settings = Settings(urls.app, SECRET, tmp_path_factory.mktemp("files"))
    return create_app(settings, registry=registry, wall=wall)


class Reader:
    """A browser of one person: keeps cookies, carries the form's word, reads pages as text."""

    def __init__(self, app: Flask, login: str) -> None:
        self.client: FlaskClient = app.test_client()
        answer = self.client.post("/login", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        page = self.client.get("/account").get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        self.csrf = found.group(1)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[:400])
        return answer.get_data(as_text=True)

    def post(self, path: str, status: int = 303, **data: object) -> TestResponse:
        answer = self.client.post(path, data={"csrf_token": self.csrf} | data)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[:600])
        return answer

    def follow(self, path: str, **data: object) -> str:
        return self.get(self.post(path, **data).headers["Location"])


class Place:
    """A district with an administrator, onboarded by the product's own function."""

    def __init__(self, app: Flask, wall: Wall, *, city: str | None = None, campaigns: tuple[str, ...] = ()) -> None:
        self.app, self.wall = app, wall
        slug = f"d{uuid.uuid4().hex[:10]}"
        with wall.platform() as platform:
            given = {"name": "试验区", "slug": slug, "today": TODAY, "campaigns": campaigns, "upper": city}
            self.ref: TenantRef = create_district(platform, wall.open, **given).tenant
        self.t = f"/t/{slug}"
        with wall.open(self.ref.id) as session:
            self.root = root_unit(session).id
        self.admin, self.admin_id = self.seat("administrator", self.root)

    def ids(self, chosen: object) -> list[UUID]:
        with self.wall.open(self.ref.id) as session:
            return list(session.scalars(chosen))  # type: ignore[call-overload]

    def seat(self, role: str, unit: UUID, *, operator: bool = False) -> tuple[Reader, UUID]:
        login = f"u{uuid.uuid4().hex[:10]}"
        with self.wall.open(self.ref.id) as session:
            person = add_person_with_post(
                session, None, name=f"测试{login[:6]}", unit_id=unit, role=role, title="", today=TODAY
            )
            session.commit()
            person_id = person.id
        with self.wall.platform() as platform:
            user = create_user(platform, login=login, name=login, password=PASSWORD, is_operator=operator)
            join(platform, self.ref.id, user, person_id)
            platform.commit()
        return Reader(self.app, login), person_id

    def add_unit(self, name: str, kind: str = "community", parent: UUID | None = None) -> UUID:
        self.admin.post(f"{self.t}/units/new", name=name, kind=kind, parent=str(parent or ""))
        return self.ids(select(Unit.id).where(Unit.name == name))[0]


@pytest.fixture(scope="module")
def place(app: Flask, wall: Wall) -> Place:
    """One district for the tests that do not mind each other."""
    return Place(app, wall)


@pytest.fixture(scope="module")
def operator(place: Place) -> Reader:
    """The installation's operator; that he also sits in some district gives him nothing here."""
    return place.seat("leader", place.root, operator=True)[0]


def link_on(page: str) -> str:
    """The one-time link or key that a page shows, or ''."""
    found = re.search(r'id="once" readonly value="([^"]+)"', page)
    return found.group(1) if found else ""


# ---- who gets in ----


def test_pages_of_the_administrator_refuse_everybody_else(place: Place) -> None:
    inspector, _ = place.seat("inspector", place.root)
    for path in ("start", "units", "units/departments", "people", "people/roles", "settings/calendar"):
        inspector.get(f"{place.t}/{path}", 403)
    for path in ("settings/tokens", "settings/grants", "audit", "imports"):
        inspector.get(f"{place.t}/{path}", 403)
    assert "看内容" in inspector.get(f"{place.t}/campaigns")
    inspector.post(f"{place.t}/campaigns/sanitary_city/enable", 403)
    assert place.ids(select(EnabledCampaign.campaign)) == []


def test_another_districts_things_look_like_things_that_do_not_exist(app: Flask, wall: Wall, place: Place) -> None:
    other = Place(app, wall)
    unit = other.add_unit("绝密社区")
    unknown = uuid.uuid4()
    pairs = (
        (f"people/{other.admin_id}", f"people/{unknown}"),
        (f"units?unit={unit}", f"units?unit={unknown}"),
        (f"units/{unit}/rename", f"units/{unknown}/rename"),
        ("imports/" + "a" * 64, "imports/nonsense"),
        ("campaigns/sanitary_cit", "campaigns/nothing"),
    )
    for theirs, nobodys in pairs:
        page = place.admin.get(f"{place.t}/{theirs}", 404)
        assert page == place.admin.get(f"{place.t}/{nobodys}", 404)
        assert "绝密" not in page
    for path in (f"people/{other.admin_id}/link", f"people/{other.admin_id}/leave", f"units/{unit}/rename"):
        place.admin.post(f"{place.t}/{path}", 404, name="改名")
    place.admin.post(f"{place.t}/people/{place.admin_id}/posts", 404, unit=str(unit), role="leader")
    place.admin.get(f"{other.t}/units", 404)
    assert other.ids(select(Unit.name).where(Unit.id == unit)) == ["绝密社区"]


def test_arguments_that_no_page_made_are_refused_with_a_remedy(place: Place) -> None:
    for path in ("audit?cursor=x", "audit?from=31.12.", "units?unit=1", "people?role=king", "people?cursor=x"):
        assert "网址中的参数无效" in place.admin.get(f"{place.t}/{path}", 422)
    assert "网址中的参数无效" in place.admin.get(f"{place.t}/settings/calendar?month=2026-13", 422)
    assert "网址中的参数无效" in place.admin.get(f"{place.t}/settings/calendar?day=1066-10-14", 422)


# ---- units and departments ----


def test_units_are_added_renamed_and_read_as_of_a_day(place: Place) -> None:
    street = place.add_unit("甲街道", "subdistrict")
    home = place.add_unit("甲社区", parent=street)
    page = place.admin.get(f"{place.t}/units?unit={street}")
    assert "甲社区" in page
    assert "缺联络员" in page
    place.seat("liaison", home)
    assert (
        "缺联络员"
        not in re.sub(r"(?s)<aside.*?</aside>", "", place.admin.get(f"{place.t}/units?unit={street}")).split(
            "下级单位"
        )[1]
    )
    with place.wall.open(place.ref.id) as session:  # it was so since last year
        unit = session.get_one(Unit, (place.ref.id, home))
        unit.valid_from = date(2020, 1, 1)
        session.commit()
    page = place.admin.follow(f"{place.t}/units/{home}/rename", name="乙社区")
    assert "曾用名" in page
    assert "甲社区" in page
    with place.wall.open(place.ref.id) as session:
        assert session.scalars(select(UnitName.name).where(UnitName.unit_id == home)).all() == ["甲社区"]
    assert "甲社区" in place.admin.get(f"{place.t}/units?unit={home}&on=2021-06-01")


def test_a_bad_unit_comes_back_with_its_values_and_a_fault_beside_the_field(place: Place) -> None:
    form = {"name": "有码社区", "kind": "community", "code": "140105999999", "parent": ""}
    page = place.admin.post(f"{place.t}/units/new", 422, **form).get_data(as_text=True)
    assert 'value="140105999999"' in page
    assert 'id="e-code_issuer"' in page
    assert "有码社区" in page
    assert "e-kind" in place.admin.post(f"{place.t}/units/new", 422, name="x", kind="palace").get_data(as_text=True)
    place.add_unit("双胞胎社区")
    twin = place.admin.post(f"{place.t}/units/new", 409, name="双胞胎社区", kind="community").get_data(as_text=True)
    assert "名称重复" in twin
    assert place.ids(select(Unit.name).where(Unit.name == "有码社区")) == []


def test_units_leave_as_csv_and_no_cell_is_a_formula(place: Place) -> None:
    place.add_unit("=1+1社区")
    answer = place.admin.client.get(f"{place.t}/units/export.csv")
    text = answer.get_data(as_text=True)
    assert answer.content_type.startswith("text/csv")
    assert text.startswith("\ufeff单位,")
    assert "'=1+1社区" in text


def test_departments_are_mapped_confirmed_and_kept_apart_by_day(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    path = f"{place.t}/units/departments"
    assert "还没有确认" in place.admin.get(path)
    place.admin.post(path, role="propaganda", name="区委宣传部（新）", unit="")
    with wall.open(place.ref.id) as session:
        row = session.scalars(select(UnitRole).where(UnitRole.role == "propaganda", UnitRole.valid_to.is_(None))).one()
        assert row.confirmed
        assert session.get_one(Unit, (place.ref.id, row.unit_id)).name == "区委宣传部（新）"
    nothing = place.admin.post(path, 422, role="propaganda", name="", unit="").get_data(as_text=True)
    assert "没有选单位" in nothing
    assert "没有这项部门职责" in place.admin.post(path, 422, role="site_owner", name="某市场").get_data(as_text=True)
    page = place.admin.follow(f"{path}/confirm")
    assert "都已确认" in page
    assert "派给点位登记的主办单位" in page
    assert place.ids(
        select(func.count()).select_from(UnitRole).where(~UnitRole.confirmed, UnitRole.valid_to.is_(None))
    ) == [0]


# ---- people ----


def test_a_person_is_added_invited_once_and_comes_in(app: Flask, place: Place) -> None:
    form = {"name": "测试员甲", "phone": "0351-1234567", "unit": str(place.root), "role": "inspector", "invite": "1"}
    answer = place.admin.post(f"{place.t}/people/new", **form)
    first = place.admin.get(answer.headers["Location"])
    link = link_on(first)
    assert "/invite/" in link
    assert "有效至" in first
    assert link_on(place.admin.get(answer.headers["Location"])) == ""
    guest, login = app.test_client(), f"g{uuid.uuid4().hex[:8]}"
    taken = guest.post(link, data={"login": login, "name": "测试员甲", "password": PASSWORD})
    assert taken.status_code == 302
    assert taken.headers["Location"] == f"{place.t}/"
    assert guest.get(f"{place.t}/campaigns").status_code == 200
    assert "有账号" in place.admin.get(f"{place.t}/people?q=测试员甲")


def test_a_bad_person_comes_back_with_values_and_faults(place: Place) -> None:
    empty = place.admin.post(f"{place.t}/people/new", 422, name="某人").get_data(as_text=True)
    assert 'value="某人"' in empty
    assert "请选择单位" in empty
    assert "请选择角色" in empty
    form = {"name": "某人", "phone": "not a number", "unit": str(place.root), "role": "inspector"}
    assert "电话号码无效" in place.admin.post(f"{place.t}/people/new", 422, **form).get_data(as_text=True)
    form |= {"phone": "", "role": "bureau"}
    assert "这里没有这个角色" in place.admin.post(f"{place.t}/people/new", 422, **form).get_data(as_text=True)
    assert place.ids(select(Person.id).where(Person.name == "某人")) == []


def test_posts_begin_and_end_and_the_last_administrator_stays(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    _, person = place.seat("inspector", place.root)
    path = f"{place.t}/people/{person}"
    assert "加一个岗位" in place.admin.get(path)
    page = place.admin.follow(f"{path}/posts", unit=str(place.root), role="leader", title="分管领导")
    assert "分管领导" in page
    ends = re.findall(rf'action="({path}/posts/[0-9a-f-]+/end)"', page)
    assert len(ends) == 2
    assert "曾任岗位" in place.admin.follow(ends[0])
    own = place.admin.get(f"{place.t}/people/{place.admin_id}")
    end = re.findall(r'action="([^"]+/end)"', own)[0]
    assert "不能让最后一名管理员离任" in place.admin.post(end, 409).get_data(as_text=True)
    assert "不能让最后一名管理员离任" in place.admin.post(f"{place.t}/people/{place.admin_id}/leave", 409).get_data(
        as_text=True
    )
    assert "已离任" in place.admin.follow(f"{path}/leave")
    assert "已离任" not in place.admin.get(f"{place.t}/people")
    assert "已离任" in place.admin.get(f"{place.t}/people?left=1")
    stranger = place.admin.post(
        f"{place.t}/people/{place.admin_id}" + end[end.index("/posts") :].replace("/end", "/x"), 404
    )
    assert stranger.status_code == 404


def test_an_account_is_deactivated_restored_and_reset(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    leader, person = place.seat("leader", place.root)
    path = f"{place.t}/people/{person}"
    assert "恢复账号" in place.admin.follow(f"{path}/access", active="0")
    leader.get(f"{place.t}/campaigns", 404)
    place.admin.follow(f"{path}/access", active="1")
    leader.get(f"{place.t}/campaigns")
    link = link_on(place.admin.follow(f"{path}/link"))
    assert "/reset/" in link
    new = app.test_client().post(link, data={"password": "quite another password"})
    assert new.status_code == 302
    leader.get(f"{place.t}/campaigns", 302)
    refused = place.admin.post(f"{place.t}/people/{place.admin_id}/access", 409, active="0").get_data(as_text=True)
    assert "不能停用自己的账号" in refused
    with wall.open(place.ref.id) as session:  # an account that another tenant made
        session.scalars(select(Membership).where(Membership.person_id == person)).one().home = False
        session.commit()
    assert "由其他单位创建" in place.admin.post(f"{path}/link", 403).get_data(as_text=True)


def test_who_administers_a_part_reaches_nobody_above_it(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    street = place.add_unit("乙街道", "subdistrict")
    below, _ = place.seat("administrator", street)
    _, inside = place.seat("inspector", street)
    assert below.get(f"{place.t}/people/{inside}")
    below.get(f"{place.t}/people/{place.admin_id}", 404)
    below.post(f"{place.t}/people/{place.admin_id}/link", 404)
    below.post(f"{place.t}/settings/tokens", 403, name="x", person=str(place.admin_id), days="30")
    below.post(f"{place.t}/settings/calendar", 403, day=TODAY.isoformat(), working="0")
    below.post(f"{place.t}/campaigns/sanitary_city/enable", 403)
    below.post(f"{place.t}/people/{inside}/posts", 403, unit=str(place.root), role="administrator")
    both, _ = place.seat("administrator", street)
    place.admin.post(f"{place.t}/people/{inside}/posts", unit=str(place.root), role="leader")
    both.post(f"{place.t}/people/{inside}/link", 403)  # he also holds a post above the street


def test_the_table_of_roles_is_the_one_table(place: Place) -> None:
    page = place.admin.get(f"{place.t}/people/roles")
    district = [role for role in ROLES.values() if "district" in role.tenant_kinds]
    assert all(role.title_zh in page for role in district)
    assert page.count('aria-label="能"') == sum(len(role.verbs) for role in district)
    assert {verb for role in ROLES.values() for verb in role.verbs} == set(ROLE_VERBS)


def test_people_leave_as_csv_with_their_posts(place: Place) -> None:
    place.admin.post(f"{place.t}/people/new", name="@测试员乙", unit=str(place.root), role="liaison", title="联络员")
    text = place.admin.client.get(f"{place.t}/people/export.csv?role=liaison").get_data(as_text=True)
    assert "'@测试员乙" in text
    assert "联络员" in text
    assert "检查员" not in text


# ---- campaigns ----


def test_a_campaign_is_enabled_suspended_and_enabled_again(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    page = place.admin.get(f"{place.t}/campaigns")
    for words in ("35 项，共 100 分", "41 项，共 1000 分", "34 项，共 100 分", "broken_city", "缺少文件 campaign.toml"):
        assert words in page
    place.admin.post(f"{place.t}/campaigns/sanitary_city/enable")
    before = place.ids(select(EnabledCampaign.edition_sha256))
    assert "不删除任何记录" in place.admin.get(f"{place.t}/campaigns")
    page = place.admin.follow(f"{place.t}/campaigns/sanitary_city/suspend")
    assert "已停用" in page
    one = place.admin.get(f"{place.t}/campaigns/sanitary_city")
    assert "只能查看" in one
    assert "SAN-MARKET" in one
    place.admin.post(f"{place.t}/campaigns/sanitary_city/enable")
    assert place.ids(select(EnabledCampaign.edition_sha256)) == before
    assert "只能查看" not in place.admin.get(f"{place.t}/campaigns/sanitary_city")
    place.admin.post(f"{place.t}/campaigns/food_safety_city/suspend", 404)
    place.admin.post(f"{place.t}/campaigns/broken_city/enable", 404)
    leader, _ = place.seat("leader", place.root)
    assert "broken_city" not in leader.get(f"{place.t}/campaigns")


# ---- workbook ----


def workbook(rows: dict[str, list[list[str]]]) -> io.BytesIO:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in rows.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    buffer.seek(0)
    return buffer


def test_a_workbook_is_checked_then_written_whole_or_by_its_good_rows(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    path = f"{place.t}/imports"
    blank = place.admin.client.get(f"{path}/template.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(blank.data)).sheetnames[:3] == ["单位", "人员", "点位"]
    rows = {
        "单位": [["单位名称", "上级单位", "单位类型"], ["丙街道", "", "街道（镇、乡）"], ["丙社区", "丙街道", "社区"]],
        "点位": [
            ["点位名称", "属地单位", "点位类型"],
            ["丙市场", "丙街道/丙社区", "农贸市场"],
            ["坏市场", "没有的街道", "农贸市场"],
        ],
    }
    sent = place.admin.post(path, file=(workbook(rows), "开通.xlsx"))
    report = place.admin.get(sent.headers["Location"])
    assert "需要改正" in report
    assert "没有的街道" in report
    assert "只导入没有问题的行" in report
    assert place.ids(select(Unit.id).where(Unit.name == "丙街道")) == []
    sha256 = sent.headers["Location"].split("/imports/")[1].split("?")[0]
    assert "需要改正" in place.admin.post(f"{path}/{sha256}", 422, name="开通.xlsx").get_data(as_text=True)
    assert place.ids(select(Unit.id).where(Unit.name == "丙街道")) == []
    done = place.admin.follow(f"{path}/{sha256}", name="开通.xlsx", keep_good="1")
    assert "已导入：单位 2 个，人员 0 人，点位 1 个" in done
    assert "开通.xlsx" in done
    assert place.ids(select(Site.name)) == ["丙市场"]
    place.admin.get(f"{path}/{sha256}?name=x.xlsx", 404)  # taken in, hence gone
    again = place.admin.post(path, file=(workbook({"单位": rows["单位"]}), "again.xlsx"))
    assert "完全一样" in place.admin.get(again.headers["Location"])
    other = Place(app, wall)
    other.admin.get(again.headers["Location"].replace(place.t, other.t), 404)


def test_a_file_that_is_no_workbook_is_refused_with_a_remedy(place: Place) -> None:
    path = f"{place.t}/imports"
    assert "请选择一个" in place.admin.post(path, 422).get_data(as_text=True)
    sent = place.admin.post(path, file=(io.BytesIO(b"no zip at all"), "x.xlsx"))
    assert "工作簿打不开" in place.admin.get(sent.headers["Location"], 422)
    sent = place.admin.post(path, file=(io.BytesIO(b"x"), "x.pdf"))
    assert "不支持这种文件" in place.admin.get(sent.headers["Location"], 422)


# ---- settings ----


def test_the_calendar_is_loaded_and_a_day_is_changed(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    path = f"{place.t}/settings/calendar"
    assert "还没有载入" in place.admin.get(f"{path}?month=2024-10")
    assert "国庆节" in place.admin.follow(f"{path}/year", year="2024", month="2024-10")
    later = place.admin.follow(f"{path}/year", year="2031", month="2031-05")
    assert "暂定" in later
    page = place.admin.follow(path, day="2024-10-16", working="0", name="全区大扫除")
    assert "全区大扫除" in page
    with wall.open(place.ref.id) as session:
        day = session.get_one(CalendarDay, (place.ref.id, date(2024, 10, 16)))
        assert (day.working, day.name, day.provisional) == (False, "全区大扫除", False)
    kept = place.admin.post(path, 422, day="2024-10-17", working="1", name="长" * 41).get_data(as_text=True)
    assert "名称过长" in kept
    assert "长" * 41 in kept
    place.admin.post(path, 422, day="2024-10-17", working="perhaps")


def test_a_token_is_shown_once_and_dies_when_revoked(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    path = f"{place.t}/settings/tokens"
    errors = place.admin.post(path, 422, name="", person="", days="5").get_data(as_text=True)
    assert errors.count('class="error"') == 3
    place.admin.post(path, 404, name="别处", person=str(uuid.uuid4()), days="30")
    page = place.admin.follow(path, name="市大数据平台", person=str(place.admin_id), days="30")
    token = link_on(page)
    assert token.startswith(f"sc_{place.ref.slug}_")
    again = place.admin.get(path)
    assert token not in again
    assert "市大数据平台" in again
    assert "没有用过" in again
    with wall.platform() as platform:
        found = find_api_token(platform, token, now())
        assert found is not None
        assert found[0].person_id == place.admin_id
        token_id = found[0].id
    assert "已作废" in place.admin.follow(f"{path}/revoke", id=str(token_id))
    with wall.platform() as platform:
        assert find_api_token(platform, token, now()) is None
    place.admin.post(f"{path}/revoke", 404, id=str(uuid.uuid4()))


def test_a_grant_is_given_replaced_and_withdrawn_and_remembered(app: Flask, wall: Wall) -> None:
    with wall.platform() as platform:
        slug = f"c{uuid.uuid4().hex[:8]}"
        create_bureau(platform, wall.open, today=TODAY, name="试验市", slug=slug)
    place = Place(app, wall, city=slug, campaigns=("sanitary_city",))
    path = f"{place.t}/settings/grants"
    assert "试验市现在收不到" in place.admin.get(path)
    good = {"campaign": "sanitary_city", "detail": "totals", "valid_from": TODAY.isoformat()}
    assert "请选择创建项目" in place.admin.post(path, 422, **(good | {"campaign": ""})).get_data(as_text=True)
    assert "授权期限有误" in place.admin.post(path, 422, **(good | {"valid_to": "2001-01-01"})).get_data(as_text=True)
    assert "网址中的参数无效" in place.admin.post(path, 422, **(good | {"valid_to": "soon"})).get_data(as_text=True)
    assert "只有总分" in place.admin.follow(path, **good)
    page = place.admin.follow(path, **(good | {"detail": "indicators"}))
    ends = re.findall(r'action="([^"]+/withdraw)"', page)
    assert len(ends) == 1
    page = place.admin.follow(ends[0])
    assert "没有有效的授权" in page
    assert page.count('class="what"') == 3
    place.admin.post(ends[0], 404)
    alone = Place(app, wall)
    assert "还没有上级主管部门" in alone.admin.get(f"{alone.t}/settings/grants")
    alone.admin.post(f"{alone.t}/settings/grants", 404, **good)


# ---- the trail ----


def test_the_trail_is_filtered_paged_and_exported(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    with wall.open(place.ref.id) as session:
        session.add_all(
            Audit(verb="site.add", object_kind="site", object_id=str(n), person_name="录入员") for n in range(60)
        )
        session.commit()
    path = f"{place.t}/audit"
    page = place.admin.get(f"{path}?verb=site.add")
    assert page.count("录入员") == 50
    following = re.search(r'rel="next" href="(\?[^"]+)"', page)
    assert following
    rest = place.admin.get(path + following.group(1).replace("&amp;", "&"))
    assert rest.count("录入员") == 10
    assert 'rel="next"' not in rest
    assert "录入员" not in place.admin.get(f"{path}?to=2001-01-01")
    assert place.admin.get(f"{path}?object=7&kind=site").count("录入员") == 1
    text = place.admin.client.get(f"{path}/export.csv?verb=site.add").get_data(as_text=True)
    assert text.count("录入员") == 60
    assert "导出日志" in place.admin.get(path)


def test_every_verb_and_kind_that_is_recorded_has_words() -> None:
    """Grows by itself: whoever records a new verb is told to name it."""
    verbs, kinds = set(), set()
    for file in Path(core.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "record" and len(call.args) >= 4:
                verbs |= {c.value for c in ast.walk(call.args[2]) if isinstance(c, ast.Constant)} - {
                    "account.",
                    *DERIVED,
                    "negative.",
                    "round.",
                    "round_plan.",
                    "plan.",
                    "appraisal_rule.",
                }
                kinds |= {c.value for c in ast.walk(call.args[3]) if isinstance(c, ast.Constant)}
    assert len(verbs) > 15
    assert verbs <= set(VERBS)
    assert kinds <= set(KINDS)


# ---- the checklist ----


def test_the_checklist_says_what_is_missing_and_where_to_go_next(app: Flask, wall: Wall) -> None:
    place = Place(app, wall)
    path = f"{place.t}/start"
    page = place.admin.get(path)
    assert "下一步：街道和社区" in page
    assert page.count("is-done") == 3
    street = place.add_unit("丁街道", "subdistrict")
    place.add_unit("丁社区", parent=street)
    assert "下一步：部门对应" in place.admin.get(path)
    place.admin.post(f"{place.t}/units/departments/confirm")
    page = place.admin.get(path)
    assert "下一步：邀请人员" in page
    assert "还缺：创建办、检查员、联络员" in page
    for role in ("hq_office", "inspector", "liaison"):
        place.seat(role, place.root)
    assert "下一步：创建项目" in place.admin.get(path)
    place.admin.post(f"{place.t}/campaigns/sanitary_city/enable")
    assert "下一步：点位" in place.admin.get(path)
    with wall.open(place.ref.id) as session:
        session.add(Site(name="丁市场", unit_id=street))
        session.commit()
    page = place.admin.get(path)
    assert "都已就绪" in page
    assert page.count("is-done") == 8


# ---- the operator ----


def test_the_operators_pages_do_not_exist_for_others(place: Place, app: Flask) -> None:
    nothing = place.admin.get("/operator/nothing", 404)
    for path in ("/operator/tenants", "/operator/tenants/new", f"/operator/tenants/{place.ref.slug}"):
        assert place.admin.get(path, 404) == nothing
    place.admin.post("/operator/tenants", 404, division="140302", person="某人")
    assert app.test_client().get("/operator/tenants").status_code == 302


def test_a_district_is_found_previewed_created_and_its_administrator_invited(
    app: Flask, wall: Wall, operator: Reader
) -> None:
    new = "/operator/tenants/new"
    assert "山西省阳泉市城区" in operator.get(f"{new}?q=阳泉 城区")
    assert "没有找到" in operator.get(f"{new}?q=没有这个地方")
    assert 'value="140302"' in operator.get(f"{new}?division=140302")
    assert "没有这个区划代码" in operator.get(f"{new}?division=140399", 422)
    slug = f"yq{uuid.uuid4().hex[:8]}"
    wanted = {
        "kind": "district",
        "division": "140302",
        "slug": slug,
        "campaign": "sanitary_city",
        "person": "测试管理员",
    }
    address = "/operator/tenants/preview?" + "&".join(f"{k}={v}" for k, v in wanted.items())
    page = operator.get(address)
    assert ">6<" in page
    assert ">65<" in page
    assert "上站街道" in page
    assert "国家卫生城市" in page
    with wall.platform() as session:
        assert session.scalar(select(func.count()).select_from(Tenant).where(Tenant.slug == slug)) == 0
    faulty = operator.get(address.replace("person=", "nobody="), 422)
    assert 'id="e-person"' in faulty
    assert f'value="{slug}"' in faulty
    page = operator.follow("/operator/tenants", **wanted)
    assert "已开通城区，用时" in page
    assert ">65<" in page
    link = link_on(page)
    login = f"a{uuid.uuid4().hex[:8]}"
    guest = app.test_client()
    assert guest.post(link, data={"login": login, "name": "测试管理员", "password": PASSWORD}).status_code == 302
    assert "140302" in guest.get(f"/t/{slug}/start").get_data(as_text=True)
    operator.get(f"/t/{slug}/start", 404)  # the operator has no seat there
    again = operator.follow("/operator/tenants", **wanted)
    assert "早已开通" in again
    with wall.platform() as session:
        noted = select(PlatformEvent).where(PlatformEvent.verb == "tenant.onboard")
        mine = [e for e in session.scalars(noted) if e.detail.get("slug") == slug]
        assert len(mine) == 2
        assert all(e.user_id for e in mine)


def test_a_second_try_gives_a_new_link_not_a_double(wall: Wall, operator: Reader) -> None:
    slug = f"zone{uuid.uuid4().hex[:8]}"
    wanted = {"kind": "district", "name": "试验开发区", "slug": slug, "person": "测试主任"}
    assert link_on(operator.follow("/operator/tenants", **wanted)) != link_on(
        operator.follow("/operator/tenants", **wanted)
    )
    with wall.platform() as session:
        tenant_id = session.scalars(select(Tenant.id).where(Tenant.slug == slug)).one()
    with wall.open(tenant_id) as session:
        assert session.scalars(select(Person.name)).all() == ["测试主任"]
    page = operator.get(f"/operator/tenants?q={slug}")
    assert "试验开发区" in page
    assert "还没有加入" in operator.get(f"/operator/tenants/{slug}")
    taken = operator.post("/operator/tenants", 409, **(wanted | {"name": "另一个区"})).get_data(as_text=True)
    assert "网址代号已被占用" in taken
    assert 'value="另一个区"' in taken
    bad = operator.post("/operator/tenants", 422, **(wanted | {"slug": "No Slug!"})).get_data(as_text=True)
    assert "网址代号无效" in bad
    assert "不能为空" in operator.post(f"/operator/tenants/{slug}/administrators", 422, person=" ").get_data(
        as_text=True
    )
    operator.get("/operator/tenants/nowhere", 404)


def test_a_city_is_created_and_has_its_own_few_pages(app: Flask, wall: Wall, operator: Reader) -> None:
    slug = f"city{uuid.uuid4().hex[:8]}"
    page = operator.follow("/operator/tenants", kind="city", name="试验市", slug=slug, person="测试处长")
    login = f"b{uuid.uuid4().hex[:8]}"
    guest = app.test_client()
    data = {"login": login, "name": "测试处长", "password": PASSWORD}
    assert guest.post(link_on(page), data=data).status_code == 302
    for path in ("units", "people", "people/new", "people/roles", "settings/calendar", "settings/tokens", "audit"):
        assert guest.get(f"/t/{slug}/{path}").status_code == 200, path
    for path in ("start", "campaigns", "imports", "units/departments", "settings/grants"):
        assert guest.get(f"/t/{slug}/{path}").status_code == 404, path
    assert "主管部门" in guest.get(f"/t/{slug}/people/roles").get_data(as_text=True)


def test_every_page_speaks_english_too(app: Flask, place: Place, operator: Reader) -> None:
    """The language switch reaches these rooms: a page asked for in English names its language."""
    answer = place.admin.client.get(f"{place.t}/units", headers={"Accept-Language": "en"})
    assert 'lang="zh-CN"' in answer.get_data(as_text=True)  # the account's own choice goes first
    place.admin.client.post("/language", data={"csrf_token": place.admin.csrf, "locale": "en", "next": "/account"})
    assert '<html lang="en"' in place.admin.get(f"{place.t}/units")
    place.admin.client.post("/language", data={"csrf_token": place.admin.csrf, "locale": "zh", "next": "/account"})
