"""Field pages (点位、检查、照片): one visit through the page scores in three campaigns; nothing typed is lost, nothing leaks."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from core.work.calendar import local_day
from core.work.dispatch.routing_rules import RuleWish, add_rule
from core.work.inspection.photo_reading import MAX_BYTES
from core.work.intake.reporting import report
from core.work.places.grams import index_sites
from core.work.tables import Attachment, File, Finding, RoutingRule, Sheet, Site, Visit
from tenants.access import Actor
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor, add_site, come_in
from tests.work.market import ANSWERS, FAILED, Town, town
from tests.work.pictures import jpeg

COOKIE = "sancheng_login"


@dataclass
class Reader:
    """A person before the pages of one district, logged in."""

    client: FlaskClient
    slug: str
    csrf: str

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(f"/t/{self.slug}/{path}", **more)

    def post(self, path: str, data: dict[str, Any], **more: Any) -> TestResponse:
        return self.client.post(f"/t/{self.slug}/{path}", data={"csrf_token": self.csrf} | data, **more)

    def upload(self, body: bytes, **headers: str) -> TestResponse:
        said = {"X-CSRF-Token": self.csrf, "Content-Type": "image/jpeg"} | headers
        return self.client.post(f"/t/{self.slug}/photos", data=body, headers=said)


@pytest.fixture(scope="module")
def files(app: Flask) -> Path:
    return app.extensions["sancheng"].settings.files


@pytest.fixture(scope="module")
def place(wall: Wall) -> Town:
    return town(wall)


def reader(app: Flask, wall: Wall, actor: Actor) -> Reader:
    token, csrf = come_in(wall, actor)
    client = app.test_client()
    client.set_cookie(COOKIE, token)
    return Reader(client, actor.tenant.slug, csrf)


@pytest.fixture(scope="module")
def inspector(app: Flask, wall: Wall, place: Town) -> Reader:
    return reader(app, wall, place.inspector)


@pytest.fixture(scope="module")
def office(app: Flask, wall: Wall, place: Town) -> Reader:
    return reader(app, wall, place.office)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def typed(answers: Any = ANSWERS) -> dict[str, str]:
    """Answers as the page's fields."""
    fields: dict[str, str] = {}
    for code, raw in answers.items():
        for part, value in raw.items():
            said = {True: "yes", False: "no"}.get(value, str(value)) if part == "yes" else str(value)
            if part == "na":
                fields[f"a.{code}.na"] = ""
            else:
                fields[f"a.{code}.{part}"] = said
    return fields


def fresh_form(who: Reader, site: uuid.UUID, **answers: Any) -> dict[str, Any]:
    page = who.get(f"visit/{site}").text
    start = {name: hidden(page, name) for name in ("visit_id", "started_at")}
    return start | typed(answers.pop("answers", ANSWERS)) | answers


def new_market(wall: Wall, place: Town, name: str = "另一个市场") -> uuid.UUID:
    with place.district.session(wall) as session:
        made = add_site(session, place.district.communities[1], "produce_market", name=f"{name}{uuid.uuid4().hex[:6]}")
        session.commit()
        return made


def count(wall: Wall, place: Town, table: Any, *conditions: Any) -> int:
    with place.district.session(wall) as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


# ---- the visit ----


def test_one_walk_scores_in_three_campaigns(wall: Wall, place: Town, inspector: Reader) -> None:
    page = inspector.get(f"visit/{place.market}").text
    assert page.count("data-question") == 34
    assert "全国文明城市" in page
    body = jpeg(seed=11)
    sent = inspector.upload(body, **{"X-Content-SHA256": hashlib.sha256(body).hexdigest()})
    assert sent.status_code == 201
    assert sent.json["sha256"] == hashlib.sha256(body).hexdigest()
    assert (sent.json["width"], sent.json["height"], sent.json["taken_at"]) == (640, 480, "2026-11-19T01:30:00+00:00")

    form = fresh_form(inspector, place.market)
    form |= {"photo.toilet_clean": sent.json["sha256"], "note.toilet_clean": "洗手池下有积水", "note": "周末人多"}
    done = inspector.post(f"visit/{place.market}", form)
    assert done.status_code == 303
    assert done.location == f"/t/{place.ref.slug}/visits/{form['visit_id']}"
    result = inspector.client.get(done.location).text
    with place.district.session(wall) as session:
        sheets = session.scalars(select(Sheet).where(Sheet.visit_id == uuid.UUID(form["visit_id"]))).all()
        findings = session.scalars(select(Finding).where(Finding.visit_id == uuid.UUID(form["visit_id"]))).all()
    assert {s.campaign for s in sheets} == {"civilized_city", "sanitary_city", "food_safety_city"}
    for points in ("77.22", "75.78", "68.5"):  # computed by hand with the market's answers
        assert re.search(rf'class="value">{points}<span class="unit">/ ', result), points
    assert {f.question for f in findings} == FAILED
    for finding in findings:
        assert finding.number in result
        assert f"/t/{place.ref.slug}/findings/{finding.id}" in result
    assert "洗手池下有积水" in result
    assert "周末人多" in result
    photo = f"/t/{place.ref.slug}/photos/{sent.json['id']}"
    assert f'href="{photo}"' in result
    assert f'src="{photo}/small"' in result
    assert f'data-visit-done="{form["visit_id"]}"' in result


def test_sent_twice_it_is_one_visit(wall: Wall, place: Town, inspector: Reader) -> None:
    site = new_market(wall, place)
    form = fresh_form(inspector, site)
    first = inspector.post(f"visit/{site}", form)
    again = inspector.post(f"visit/{site}", form)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.location == again.location
    assert count(wall, place, Visit, Visit.site_id == site) == 1
    assert count(wall, place, Finding, Finding.site_id == site) == len(FAILED)
    assert "没有重复记录" in inspector.client.get(again.location).text


def test_another_body_under_the_same_id_offers_both_ways(wall: Wall, place: Town, inspector: Reader) -> None:
    site = new_market(wall, place)
    form = fresh_form(inspector, site)
    assert inspector.post(f"visit/{site}", form).status_code == 303
    other = inspector.post(f"visit/{site}", form | {"a.parking_offences.count": "4"})
    assert other.status_code == 409
    assert f"/t/{place.ref.slug}/visits/{form['visit_id']}" in other.text
    assert 'name="a.parking_offences.count" value="4"' in other.text
    second = form | {"visit_id": hidden(other.text, "visit_id"), "a.parking_offences.count": "4"}
    assert second["visit_id"] != form["visit_id"]
    assert count(wall, place, Visit, Visit.site_id == site) == 1
    assert inspector.post(f"visit/{site}", second).status_code == 303
    assert count(wall, place, Visit, Visit.site_id == site) == 2


def test_faults_stand_beside_their_questions_and_keep_what_was_typed(
    wall: Wall, place: Town, inspector: Reader
) -> None:
    site = new_market(wall, place)
    form = fresh_form(inspector, site)
    form |= {
        "a.stall_licences.n": "12",
        "a.illegal_posters.count": "-3",
        "note.toilet_clean": "地面湿滑",
        "note": "雨天",
    }
    form |= {"photo.toilet_clean_file": (io.BytesIO(jpeg(seed=31)), "湿滑.jpg")}
    form |= {"photo.parking_offences_file": (io.BytesIO(b"no photo at all"), "停车.jpg")}
    del form["a.fire_lane_and_equipment.yes"]
    answer = inspector.post(f"visit/{site}", form, content_type="multipart/form-data")
    page = answer.text
    assert answer.status_code == 422

    def beside(code: str) -> str:
        found = re.search(rf'<fieldset[^>]*id="q-{code}".*?</fieldset>', page, re.DOTALL)
        assert found
        return found[0]

    assert "合格数不能多于检查数" in beside("stall_licences")
    assert 'name="a.stall_licences.n" value="12"' in beside("stall_licences")
    assert "超出范围（-3）" in beside("illegal_posters")
    assert "没有作答" in beside("fire_lane_and_equipment")
    assert "这不是可识别的照片（停车.jpg）" in beside("parking_offences")
    assert "地面湿滑" in beside("toilet_clean")
    assert "雨天" in page
    assert '<a href="#q-fire_lane_and_equipment">19</a>' in page
    assert hidden(page, "visit_id") == form["visit_id"]
    for code, raw in ANSWERS.items():
        if "rating" in raw:
            assert re.search(rf'name="a.{code}.rating" value="{raw["rating"]}"[^>]* checked', page), code
    assert count(wall, place, Visit, Visit.site_id == site) == 0

    # The photo that came with the form is kept: the corrected form refers to it.
    kept = hidden(beside("toilet_clean"), "photo.toilet_clean")
    right = typed() | {"photo.toilet_clean": kept, "visit_id": form["visit_id"], "started_at": form["started_at"]}
    done = inspector.post(f"visit/{site}", right)
    assert done.status_code == 303
    with place.district.session(wall) as session:
        found = session.scalars(
            select(File.original_sha256)
            .join(Attachment, Attachment.file_id == File.id)
            .where(Attachment.visit_id == uuid.UUID(form["visit_id"]))
        ).all()
    assert found == [kept]


def test_only_the_chosen_campaigns_are_asked(wall: Wall, place: Town, inspector: Reader) -> None:
    site = new_market(wall, place)
    page = inspector.get(f"visit/{site}?campaign=sanitary_city").text
    assert page.count("data-question") == 13
    codes = set(re.findall(r'id="q-(\w+)"', page))
    form = typed({code: raw for code, raw in ANSWERS.items() if code in codes})
    form |= {name: hidden(page, name) for name in ("visit_id", "started_at")} | {"campaign": "sanitary_city"}
    done = inspector.post(f"visit/{site}", form)
    assert done.status_code == 303
    with place.district.session(wall) as session:
        keys = session.scalars(select(Sheet.campaign).where(Sheet.site_id == site)).all()
    assert keys == ["sanitary_city"]
    result = inspector.client.get(done.location).text
    assert "农贸市场(文明)" in result, "what was left out is named"


def test_a_site_without_forms_says_what_to_do(wall: Wall, place: Town, inspector: Reader) -> None:
    with place.district.session(wall) as session:
        site = add_site(session, place.district.communities[0], "bank_branch", name="演示银行")
        session.commit()
    answer = inspector.get(f"visit/{site}")
    assert answer.status_code == 200
    assert "这个点位没有应查的检查表" in answer.text


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"visit_id": "seven"}, "visit_id"),
        ({"started_at": "2026-11-21 09:30"}, "started_at"),
        ({"visit_id": ""}, "visit_id"),
    ],
)
def test_hidden_fields_are_checked(inspector: Reader, place: Town, changed: dict[str, str], field: str) -> None:
    answer = inspector.post(f"visit/{place.market}", fresh_form(inspector, place.market) | changed)
    assert answer.status_code == 422
    assert field in answer.text


# ---- photos ----


def test_a_photo_is_private_and_never_changes(inspector: Reader, place: Town) -> None:
    sent = inspector.upload(jpeg((1200, 900), seed=41)).json
    for ref, end, side in ((sent["id"], "", 1200), (sent["sha256"], "/small", 320)):
        answer = inspector.get(f"photos/{ref}{end}")
        assert answer.status_code == 200
        assert answer.mimetype == "image/jpeg"
        assert "private" in answer.headers["Cache-Control"]
        assert "immutable" in answer.headers["Cache-Control"]
        from PIL import Image

        with Image.open(io.BytesIO(answer.data)) as picture:
            assert max(picture.size) == side
            assert not picture.getexif()
        again = inspector.get(f"photos/{ref}{end}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_what_the_device_says_comes_with_the_photo_or_with_the_form(wall: Wall, place: Town, inspector: Reader) -> None:
    headers = {"X-Photo-Taken-At": "2026-11-18T09:12:00+08:00", "X-Device-Now": "2001-01-01T00:00:00Z"}
    sent = inspector.upload(jpeg(taken=None, gps=None, seed=43), **headers).json
    assert sent["taken_at"] == "2026-11-18T01:12:00+00:00"
    bodies = [jpeg((640, 470 + n), taken=None, gps=None, seed=44 + n) for n in range(3)]
    rows = [{"longitude": "112.1", "latitude": "37.1"}, {}, {"device_at": "2026-11-20T09:12:00+08:00"}]
    for mark, (said, expected) in enumerate(
        (
            (json.dumps(rows), [("device", None), ("", None), ("", datetime(2026, 11, 20, 1, 12, tzinfo=UTC))]),
            ("[{}]", [("", None)] * 3),
            ("[" * 90_000, [("", None)] * 3),
            (json.dumps([rows[0] | {"latitude": "x"}, 7, None]), [("", None)] * 3),
        )
    ):
        site = new_market(wall, place)
        marked = [body + bytes([mark]) for body in bodies]  # behind its end a JPEG may hold anything
        form = fresh_form(inspector, site) | {"said.photo.toilet_clean": said}
        form["photo.toilet_clean_file"] = [(io.BytesIO(body), f"{n}.jpg") for n, body in enumerate(marked)]
        assert inspector.post(f"visit/{site}", form, content_type="multipart/form-data").status_code == 303
        with place.district.session(wall) as session:
            hashes = [hashlib.sha256(body).hexdigest() for body in marked]
            known = {one.original_sha256: one for one in session.scalars(select(File))}
            assert [(known[one].place_source, known[one].device_at) for one in hashes] == expected


def test_a_visit_says_where_its_photos_do_not_fit_to_those_who_check(
    wall: Wall, place: Town, app: Flask, inspector: Reader
) -> None:
    site = new_market(wall, place)
    with place.district.session(wall) as session:
        row = session.get_one(Site, (place.ref.id, site))
        row.longitude, row.latitude = Decimal("112.558333"), Decimal("37.725")
        session.commit()
    sent = inspector.upload(jpeg((500, 300), seed=47)).json["sha256"]
    begun = {"started_at": "2026-11-21T09:40:00+08:00", "photo.toilet_clean": sent}
    done = inspector.post(f"visit/{site}", fresh_form(inspector, site) | begun)
    assert done.status_code == 303
    where, words = (
        done.location.partition("?")[0],
        ["照片拍摄于 11月19日 09:30，早于检查开始 2 天", "拍摄地点距点位 1.3 公里"],
    )
    path = where.partition(f"/t/{place.ref.slug}/")[2]
    with place.district.session(wall) as session:
        asked = (Finding.site_id == site, Finding.question == "toilet_clean")
        finding = session.scalars(select(Finding.id).where(*asked)).one()
    for who in (place.inspector, place.office, place.leader, place.liaison):
        told = who is not place.liaison
        page = unescape(reader(app, wall, who).get(path).text)
        assert [one in page for one in words] == [told, told], who
        page = unescape(reader(app, wall, who).get(f"findings/{finding}").text)
        told = told and who is not place.inspector  # beside a finding for those who check or lead
        assert [one in page for one in words] == [told, told], who


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"", {}, 422, "没有收到照片"),
        (b"GIF89a" + b"\0" * 40, {}, 422, "这不是可识别的照片"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, {}, 422, "照片已损坏，无法读取"),
        (jpeg(seed=1), {"X-Content-SHA256": "0" * 64}, 422, "SHA-256"),
        (b"\xff\xd8\xff" + b"\0" * (MAX_BYTES - 2), {}, 413, "照片不能超过 12 MB"),
        (b"\xff\xd8\xff" + b"\0" * (17 * 1024 * 1024), {}, 413, "照片不能超过 12 MB"),
    ],
    ids=["empty", "kind", "empty-heic", "hash", "12MB", "17MB"],
)
def test_a_photo_that_is_refused_says_why(
    wall: Wall, place: Town, inspector: Reader, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    before = count(wall, place, File)
    answer = inspector.upload(body, **headers)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert said in answer.json["detail"]
    assert count(wall, place, File) == before


def test_a_photo_needs_the_pages_own_word_and_a_post(app: Flask, wall: Wall, place: Town, inspector: Reader) -> None:
    assert inspector.upload(jpeg(seed=2), **{"X-CSRF-Token": "guessed"}).status_code == 400
    keeper = add_actor(wall, place.ref, "administrator", place.district.root)
    assert reader(app, wall, keeper).upload(jpeg(seed=2)).status_code == 403
    assert reader(app, wall, place.liaison).upload(jpeg(seed=2)).status_code == 201
    other = reader(app, wall, add_actor(wall, place.ref, "inspector", place.district.communities[1]))
    mine = inspector.upload(jpeg(seed=3)).json
    assert other.get(f"photos/{mine['id']}").status_code == 404, "not attached anywhere yet: only its sender sees it"
    assert inspector.get("photos/nonsense").status_code == 404


# ---- walls ----


def test_what_is_foreign_and_what_is_unknown_look_alike(app: Flask, wall: Wall, inspector: Reader, place: Town) -> None:
    foreign = town(wall, "外区")
    guest = reader(app, wall, foreign.inspector)
    form = fresh_form(guest, foreign.market)
    photo = guest.upload(jpeg(seed=51)).json
    assert guest.post(f"visit/{foreign.market}", form | {"photo.toilet_clean": photo["sha256"]}).status_code == 303
    unknown = uuid.uuid4()
    pairs = [
        (f"visit/{foreign.market}", f"visit/{unknown}"),
        (f"sites/{foreign.market}", f"sites/{unknown}"),
        (f"visits/{form['visit_id']}", f"visits/{unknown}"),
        (f"photos/{photo['id']}", f"photos/{unknown}"),
        (f"photos/{photo['sha256']}/small", f"photos/{'0' * 64}/small"),
    ]
    for theirs, nobodys in pairs:
        one, other = inspector.get(theirs), inspector.get(nobodys)
        assert (one.status_code, other.status_code) == (404, 404), theirs
        assert one.data == other.data, theirs
    mine = fresh_form(inspector, place.market) | {"visit_id": form["visit_id"]}
    refused = inspector.post(f"visit/{foreign.market}", mine)
    assert refused.status_code == 404
    assert inspector.post(f"visit/{place.market}", mine).status_code == 303, "an id of another district's visit is free"
    stolen = inspector.post(
        f"visit/{place.market}", fresh_form(inspector, place.market) | {"photo.toilet_clean": photo["sha256"]}
    )
    assert stolen.status_code == 422
    assert "没有这张照片" in stolen.text


def test_reach_limits_sites_visits_and_forms(app: Flask, wall: Wall, place: Town, inspector: Reader) -> None:
    site = new_market(wall, place)
    near = reader(app, wall, add_actor(wall, place.ref, "inspector", place.district.communities[0]))
    assert near.get(f"sites/{site}").status_code == 404
    assert near.get(f"visit/{site}").status_code == 404
    assert near.get(f"sites/{place.market}").status_code == 200
    leader = reader(app, wall, place.leader)
    assert leader.get(f"visit/{place.market}").status_code == 403
    assert "开始检查" not in leader.get(f"sites/{place.market}").text
    assert "开始检查" in inspector.get(f"sites/{place.market}").text


# ---- sites ----


@dataclass
class Register:
    """A district with sixty sites, for lists."""

    place: Town
    names: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def register(wall: Wall) -> Register:
    place = town(wall, "名册区")
    made = Register(place)
    with place.district.session(wall) as session:
        for number in range(60):
            name = f"名册公厕{number:02d}"
            site = add_site(session, place.district.communities[number % 2], "public_toilet", name=name)
            session.execute(update(Site).where(Site.id == site).values(pinyin=f"ming ce gong ce {number:02d}"))
            index_sites(session, [site])
            made.names.append(name)
        closed = add_site(session, place.district.communities[0], "park", name="名册旧公园")
        session.execute(update(Site).where(Site.id == closed).values(state="closed"))
        add_site(session, place.district.communities[0], "park", name="=HYPERLINK(1)", length_m=1200)
        session.commit()
    return made


@pytest.fixture(scope="module")
def registrar(app: Flask, wall: Wall, register: Register) -> Reader:
    return reader(app, wall, register.place.office)


def listed(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'<a class="key"[^>]*>([^<]+)</a>', page)]


def test_the_list_turns_pages_without_losing_a_row(registrar: Reader, register: Register) -> None:
    first = registrar.get("sites?type=public_toilet").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = registrar.get(f"sites{unescape(following[1])}").text
    assert listed(first) + listed(second) == register.names
    assert 'rel="next"' not in second


def test_the_list_is_filtered(registrar: Reader, register: Register) -> None:
    community = register.place.district.communities[1]
    assert listed(registrar.get(f"sites?unit={community}&type=public_toilet").text) == register.names[1::2]
    assert listed(registrar.get("sites?q=公厕07").text) == ["名册公厕07"]
    assert listed(registrar.get("sites?q=ming+ce+gong+ce+5").text) == register.names[50:]
    assert listed(registrar.get("sites?state=closed").text) == ["名册旧公园"]
    nothing = registrar.get("sites?q=没有这个地方").text
    assert "没有符合条件的点位" in nothing
    assert "清除条件" in nothing
    for bad in ("state=gone", "unit=7", "cursor=zzz", "sort=shoe"):
        assert registrar.get(f"sites?{bad}").status_code == 422, bad


def test_an_empty_district_says_what_to_do_next(app: Flask, wall: Wall) -> None:
    place = town(wall, "空区")
    with place.district.session(wall) as session:
        session.execute(update(Site).values(state="closed"))
        session.commit()
    assert "登记点位" in reader(app, wall, place.office).get("sites").text
    assert "点位由管理员或创建办登记" in reader(app, wall, place.inspector).get("sites").text
    assert "还没有检查记录" in reader(app, wall, place.inspector).get("visits").text


def test_a_formula_leaves_as_text(app: Flask, wall: Wall, registrar: Reader, register: Register) -> None:
    rows = list(csv.reader(io.StringIO(registrar.get("sites/export.csv?type=park").text.lstrip("\ufeff"))))
    assert [row[1] for row in rows] == ["名称", "'=HYPERLINK(1)"]
    assert rows[1][rows[0].index("长度（米）")] == "1200"
    whole = list(csv.reader(io.StringIO(registrar.get("sites/export.csv?state=any").text)))
    assert len(whole) == 1 + 60 + 1 + 1 + 1, "a heading, the toilets, two parks and the market"
    walker = reader(app, wall, register.place.inspector)
    with register.place.district.session(wall) as session:
        site = add_site(session, register.place.district.communities[0], "public_toilet", name="@SUM(1)")
        session.commit()
    page = walker.get(f"visit/{site}").text
    form = {name: hidden(page, name) for name in ("visit_id", "started_at")}
    form |= {f"a.{code}.na": "" for code in re.findall(r'id="q-(\w+)"', page)}
    assert walker.post(f"visit/{site}", form).status_code == 303
    lines = list(csv.DictReader(io.StringIO(registrar.get("visits/export.csv").text.lstrip("\ufeff"))))
    assert {line["点位名称"] for line in lines} == {"'@SUM(1)"}
    assert {line["创建项目"] for line in lines} == {"全国文明城市", "国家卫生城市"}, (
        "the toilet's form serves two campaigns"
    )


def test_a_site_is_added_changed_and_closed(app: Flask, wall: Wall, place: Town, office: Reader) -> None:
    unit = str(place.district.communities[0])
    name = f"新建大街{uuid.uuid4().hex[:6]}"
    form: dict[str, Any] = {"name": name, "unit_id": unit, "types": ["main_road", "shopping_street"]}
    form |= {"attrs.length_m": "一千", "longitude": "112.5", "address": "演示路"}
    bad = office.post("sites/new", form)
    assert bad.status_code == 422
    assert f'name="name" type="text" value="{name}"' in bad.text
    assert "属性的值无效（一千）" in bad.text
    assert "经度和纬度要同时填写" in bad.text
    assert re.search(r'value="shopping_street" checked', bad.text)
    assert f'<option value="{unit}" selected>' in bad.text
    made = office.post("sites/new", form | {"attrs.length_m": "1,200", "latitude": "37.8"})
    assert made.status_code == 303
    site = made.location.rsplit("/", 1)[1]
    page = office.client.get(made.location).text
    assert "1200" in page
    assert "开始检查" in page
    shown = office.get(f"sites/{site}/edit").text
    assert 'name="longitude" type="text" value="112.5"' in shown
    twin = office.post("sites/new", form | {"attrs.length_m": "", "longitude": ""})
    assert twin.status_code == 409
    assert "名称重复" in twin.text
    form |= {"attrs.length_m": "", "longitude": "", "types": ["main_road"], "state": "closed"}
    assert office.post(f"sites/{site}/edit", form).status_code == 303
    with place.district.session(wall) as session:
        row = session.get_one(Site, (place.ref.id, uuid.UUID(site)))
        assert (row.state, row.attrs, row.longitude) == ("closed", {}, None)
    assert "开始检查" not in office.get(f"sites/{site}").text
    assert office.get(f"visit/{site}").status_code == 404
    assert reader(app, wall, place.inspector).post("sites/new", form).status_code == 403


def test_a_sites_zone_is_written_shown_and_decides_the_limit(wall: Wall, place: Town, office: Reader) -> None:
    with place.district.session(wall) as session:
        wish = RuleWish(category="ENV-LITTER", zone="核心区", hours=4)
        rule = add_rule(session, place.office, wish, today=local_day(now()))
        session.commit()
    assert '<option value="核心区"></option>' in office.get("sites/new").text  # a rule asks for it already
    unit, name = str(place.district.communities[0]), f"核心大街{uuid.uuid4().hex[:6]}"
    form: dict[str, Any] = {"name": name, "unit_id": unit, "types": ["main_road"], "attrs.length_m": "900"}
    bad = office.post("sites/new", form | {"zone": "很" * 41})
    assert bad.status_code == 422
    assert "内容过长" in bad.text
    made = office.post("sites/new", form | {"zone": "  核心区 "})
    assert made.status_code == 303
    assert "核心区" in office.client.get(made.location).text
    assert name in office.get("sites?zone=核心区").text
    assert name not in office.get("sites?zone=外围区").text
    assert re.search(rf"{name}.*,核心区,900", office.get("sites/export.csv?zone=核心区").text)
    site = uuid.UUID(made.location.rsplit("/", 1)[1])
    with place.district.session(wall) as session:
        fields = {"source": "snapshot", "category": "ENV-LITTER", "site_id": site}
        assert report(session, place.office, **fields).limit_seconds == 4 * 3600
        session.get_one(RoutingRule, (place.ref.id, rule.id)).valid_to = local_day(now())
        session.commit()
    assert office.post(f"sites/{site}/edit", form | {"zone": "外围区", "state": "active"}).status_code == 303
    with place.district.session(wall) as session:
        assert session.get_one(Site, (place.ref.id, site)).zone == "外围区"


def test_nothing_is_added_without_a_name_a_unit_and_a_type(wall: Wall, place: Town, office: Reader) -> None:
    before = count(wall, place, Site)
    answer = office.post("sites/new", {"name": " ", "unit_id": ""})
    assert answer.status_code == 422
    for name in ("name", "types", "unit_id"):
        assert f'href="#f-{name}"' in answer.text
        assert f'id="e-{name}"' in answer.text
    assert office.post("sites/new", {"name": "甲", "unit_id": "nowhere", "types": "park"}).status_code == 422
    assert count(wall, place, Site) == before


# ---- the list of visits ----


def test_visits_are_listed_by_what_is_asked(app: Flask, wall: Wall) -> None:
    place = town(wall, "记录区")
    walker, head = reader(app, wall, place.inspector), reader(app, wall, place.office)
    other = new_market(wall, place)
    for site in (place.market, other):
        assert walker.post(f"visit/{site}", fresh_form(walker, site)).status_code == 303
    assert len(listed(head.get("visits").text)) == 2
    only = f"visits?unit={place.district.communities[1]}"
    assert len(listed(head.get(only).text)) == 1
    for query, number in (
        ("type=produce_market", 2),
        ("type=park", 0),
        ("campaign=sanitary_city", 2),
        ("campaign=nothing", 0),
        ("who=inspector", 2),
        ("who=谁", 0),
        ("to=2020-01-01", 0),
        ("from=2020-01-01", 2),
        (f"site={other}", 1),
    ):
        assert len(listed(head.get(f"visits?{query}").text)) == number, query
    assert head.get("visits?from=soon").status_code == 422
    liaison = reader(app, wall, place.liaison)
    assert listed(liaison.get("visits").text) == [], "visits lie in the reach of the place, not of the department"
    card = head.get(f"sites/{other}").text
    assert card.count("/visits/") >= 3
    assert "68.5" in card


def test_what_is_open_there_already_is_said_at_the_question_and_after(app, wall) -> None:
    there = town(wall)
    who = reader(app, wall, there.inspector)
    first = who.get(f"visit/{there.market}").get_data(as_text=True)
    assert "这里已有未销号的同样问题" not in first
    for n in range(2):
        page = who.get(f"visit/{there.market}").get_data(as_text=True)
        said = typed() | {name: hidden(page, name) for name in ("visit_id", "started_at")}
        answer = who.post(f"visit/{there.market}", said)
        assert answer.status_code == 303
        done = unescape(who.client.get(answer.headers["Location"]).get_data(as_text=True))
        assert ("此前已有一件同样问题没有销号" in done) is bool(n)
    with there.district.session(wall) as session:
        failed = {one.question: one for one in session.scalars(select(Finding).order_by(Finding.opened_at.desc()))}
        page = who.get(f"visit/{there.market}").get_data(as_text=True)
        assert page.count("这里已有未销号的同样问题") == len(failed)
        for earliest in failed.values():
            assert f"findings/{earliest.id}" in page, "the earliest of them"
        session.execute(update(Finding).values(state="closed", closed_at=now(), outcome="fixed"))
        session.commit()
    assert "未销号的同样问题" not in who.get(f"visit/{there.market}").get_data(as_text=True)


def deal_of(page: str, code: str) -> tuple[str, list[str]]:
    """What is chosen about a failed question, and all that can be."""
    found = re.search(rf'<select[^>]* name="deal\.{code}">(.*?)</select>', page, re.DOTALL)
    assert found, code
    values = re.findall(r'value="([^"]*)"', found[1])
    return next(iter(re.findall(r'value="([^"]*)" selected', found[1])), values[0]), values


def test_what_is_put_right_on_the_spot_comes_with_its_photo(app, wall) -> None:
    there = town(wall)
    who = reader(app, wall, there.inspector)
    form = fresh_form(who, there.market) | {"deal.toilet_clean": "fixed"}
    assert deal_of(who.get(f"visit/{there.market}").text, "toilet_clean") == ("open", ["open", "fixed"])
    shown = [who.upload(jpeg(seed=n)).get_json()["sha256"] for n in (71, 72)]
    refused = who.post(f"visit/{there.market}", form | {"photo.toilet_clean": shown[0], "note.toilet_clean": "有积水"})
    beside = re.search(r'<fieldset[^>]*id="q-toilet_clean".*?</fieldset>', refused.text, re.DOTALL)
    assert refused.status_code == 422
    assert beside
    assert "缺少处置后的照片" in beside[0]
    assert "当场处置要有处置前和处置后的照片" in beside[0]
    assert "有积水" in beside[0]
    assert deal_of(beside[0], "toilet_clean")[0] == "fixed"
    assert hidden(beside[0], "photo.toilet_clean") == shown[0]
    sent = form | {"photo.toilet_clean": shown[0], "after.toilet_clean_file": (io.BytesIO(jpeg(seed=72)), "后.jpg")}
    done = who.post(f"visit/{there.market}", sent, content_type="multipart/form-data")
    assert done.status_code == 303
    result = who.client.get(done.location).text
    assert "当场整改 1 个，已销号" in result
    with there.district.session(wall) as session:
        found = session.scalars(select(Finding).where(Finding.question == "toilet_clean")).one()
    assert (found.state, found.outcome) == ("closed", "on_spot")
    page = who.get(f"findings/{found.id}").text
    assert page.index("整改前") < page.index("整改后")
    assert page.count("photos/") >= 4, "one before and one after"


def test_still_there_is_what_the_form_proposes(app, wall) -> None:
    there = town(wall)
    who = reader(app, wall, there.inspector)
    who.post(f"visit/{there.market}", fresh_form(who, there.market))
    with there.district.session(wall) as session:
        first = {one.question: str(one.id) for one in session.scalars(select(Finding))}
    page = who.get(f"visit/{there.market}").text
    for code in FAILED:
        assert deal_of(page, code) == (first[code], [first[code], "another", "fixed"])
    deals = {f"deal.{code}": deal_of(page, code)[0] for code in FAILED} | {"deal.illegal_posters": "another"}
    done = who.post(f"visit/{there.market}", fresh_form(who, there.market) | deals)
    result = unescape(who.client.get(done.location).text)
    assert f"{len(FAILED) - 1} 个问题仍未整改，记入原来的问题" in result
    assert "仍未整改的问题" in result
    assert result.count("再次检查仍未整改 1 次") == len(FAILED) - 1
    with there.district.session(wall) as session:
        seen = session.scalars(select(Finding.seen_again).order_by(Finding.seen_again)).all()
    assert seen == [0, 0] + [1] * (len(FAILED) - 1)
    kept = unescape(who.get(f"findings/{first['toilet_clean']}").text)
    assert "再次检查仍未整改 1 次" in kept
    assert "检查时仍未整改" in kept
    assert kept.count(done.location) == 1, "the history leads to the visit"
