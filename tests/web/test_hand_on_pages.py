"""Contacts without an account on the pages (转交整改): the link, the phone's page, what comes back; and deep links for those with one."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from core.app import create_app
from core.databases import Urls
from core.settings import Settings
from core.web.proofs.link_door import COOKIE, TRIES
from core.work.accounts import SESSION_DAYS
from core.work.inspection.photos import store
from core.work.loop.ledger import act
from core.work.passwords import hash_password
from core.work.proofs.contacts import add_contact, revoke_links
from core.work.proofs.hand_ons import hand_on
from core.work.tables import Attachment, ContactLink, File, Finding, HandOn, Site
from tenants.accounts import AppUser, LoginSession, Tenant
from tenants.db import new_id, now
from tests.conftest import SECRET
from tests.web.desk import Clerk, clerk, content
from tests.work.ledger_town import Town, lay_finding, town
from tests.work.pictures import jpeg

SECURE = "https://x.example"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def app(urls: Urls, wall, files) -> Flask:
    return create_app(Settings(urls.app, SECRET, files), wall=wall)


@dataclass
class Case:
    """A unit that answers, its contact, and two findings."""

    place: Town
    liaison: Clerk
    contact: UUID
    findings: list[UUID]


@pytest.fixture
def case(app, wall, files) -> Case:
    place = town(wall, files)
    with place.district.session(wall) as session:
        findings = [lay_finding(session, place, "rectifying") for _ in range(2)]
        for finding in findings:
            finding.due_at = now() + timedelta(days=2)
        session.add(Attachment(finding_id=findings[0].id, version=1, file_id=UUID(place.photo)))
        made = {"kind": "property", "name": "一号院物业", "unit_id": place.lead, "now": now()}
        contact = add_contact(session, place.people["liaison"], **made)
        session.commit()
        return Case(place, clerk(app, wall, place.people["liaison"]), contact.id, [f.id for f in findings])


def give(wall, case: Case) -> None:
    with case.place.district.session(wall) as session:
        who = case.place.people["liaison"]
        hand_on(session, who, case.findings, case.contact, asked="请清运", now=now())
        session.commit()


def link_of(case: Case) -> str:
    """A new link by the page; its path."""
    answer, _ = case.liaison.send(f"contacts/{case.contact}/link", {"days": "14"}, 303)
    page = case.liaison.read(f"contacts/{case.contact}")
    assert answer.headers["Location"].endswith(str(case.contact))
    found = re.search(r"http://localhost(/h/[^\s<]+)", page)
    assert found
    assert found[1] not in case.liaison.read(f"contacts/{case.contact}"), "it is shown once"
    return found[1]


def phone(app: Flask, path: str, base: str = "http://localhost") -> FlaskClient:
    """Somebody's phone after a tap on the link."""
    client = app.test_client()
    answer = client.get(path, base_url=base)
    assert answer.status_code == 303, answer.status_code
    return client


def page_of(client: FlaskClient, slug: str) -> str:
    answer = client.get(f"/h/{slug}")
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def items_in(page: str) -> list[str]:
    return re.findall(r'name="photos-([0-9a-f-]{36})"', page)


def seal_in(page: str) -> str:
    found = re.search(r'name="seal" value="([^"]+)"', page)
    assert found
    return found[1]


def send(client: FlaskClient, slug: str, **fields: object) -> TestResponse:
    return client.post(f"/h/{slug}/answer", data=fields, content_type="multipart/form-data")


def shot(seed: int) -> tuple[io.BytesIO, str]:
    return io.BytesIO(jpeg(seed=seed)), "a.jpg"


def test_a_link_opens_the_items_and_stays_on_that_phone(app, wall, case) -> None:
    give(wall, case)
    path = link_of(case)
    slug = case.liaison.slug
    client = app.test_client()
    first = client.get(path)
    cookie = first.headers["Set-Cookie"]
    assert f"{COOKIE}=" in cookie
    for part in ("HttpOnly", "SameSite=Lax", f"Path=/h/{slug}"):
        assert part in cookie
    assert "Secure" not in cookie
    age = int(re.search(r"Max-Age=(\d+)", cookie)[1])
    assert 13 * 86400 < age <= 14 * 86400
    assert first.headers["Location"] == f"/h/{slug}"
    page = page_of(client, slug)
    assert len(items_in(page)) == 2
    assert "请清运" in page
    assert "capture=" not in page, "the album is offered as well"
    assert "台账区环卫" in page, "the sending unit is"
    for person in case.place.people.values():
        assert person.name not in page, "no official is named"
    assert "<script>" not in page
    assert "style=" not in page
    token = path.rpartition("/")[2]
    assert token not in page


def test_over_https_the_cookie_is_secure(app, wall, case) -> None:
    answer = app.test_client().get(link_of(case), base_url=SECURE)
    assert "Secure" in answer.headers["Set-Cookie"]


def test_photos_are_those_of_his_own_items(app, wall, case) -> None:
    give(wall, case)
    slug, photo = case.liaison.slug, case.place.photo
    client = phone(app, link_of(case))
    for query in ("", "?small=1"):
        answer = client.get(f"/h/{slug}/photo/{photo}{query}")
        assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert client.get(f"/h/{slug}/photo/{new_id()}").status_code == 404
    assert app.test_client().get(f"/h/{slug}/photo/{photo}").status_code == 404
    with case.place.district.session(wall) as session:
        session.execute(update(HandOn).values(state="withdrawn"))
        session.commit()
    assert client.get(f"/h/{slug}/photo/{photo}").status_code == 404


def test_one_item_then_all_the_rest(app, wall, case) -> None:
    give(wall, case)
    slug = case.liaison.slug
    client = phone(app, link_of(case))
    page = page_of(client, slug)
    one, other = items_in(page)
    seal = seal_in(page)
    refused = send(client, slug, seal=seal, only=one, **{f"note-{one}": "等一下"})
    assert refused.status_code == 422
    said = unescape(refused.get_data(as_text=True))
    assert "请拍 1 到" in said
    assert "等一下" in said
    assert send(client, slug, seal=seal).status_code == 422
    fields = {f"photos-{one}": shot(1), f"note-{one}": "已清运"}
    assert send(client, slug, seal=seal, only=one, **fields).status_code == 303
    page = page_of(client, slug)
    assert items_in(page) == [other]
    again = send(client, slug, seal=seal, only=one, **{f"photos-{one}": shot(2)})
    assert again.status_code == 409
    assert "已经回复" in unescape(again.get_data(as_text=True))
    assert send(client, slug, seal=seal, **{f"photos-{other}": [shot(3), shot(4)]}).status_code == 303
    assert "没有要处理的事项" in page_of(client, slug)
    with case.place.district.session(wall) as session:
        rows = {str(row.id): row for row in session.scalars(select(HandOn))}
    assert (rows[one].state, rows[one].note, len(rows[one].photos)) == ("answered", "已清运", 1)
    assert (rows[other].state, len(rows[other].photos)) == ("answered", 2)


def test_of_many_the_good_ones_stay(app, wall, case) -> None:
    give(wall, case)
    slug = case.liaison.slug
    client = phone(app, link_of(case))
    page = page_of(client, slug)
    one, other = items_in(page)
    bad = (io.BytesIO(b"no picture"), "b.jpg")
    fields = {f"photos-{one}": shot(5), f"photos-{other}": bad}
    assert send(client, slug, seal=seal_in(page), **fields).status_code == 303
    page = page_of(client, slug)
    assert "已提交 1 项" in page
    assert "1 项没有提交" in page
    assert items_in(page) == [other]


def test_a_form_needs_its_seal_its_cookie_and_our_own_origin(app, wall, case) -> None:
    give(wall, case)
    slug = case.liaison.slug
    client = phone(app, link_of(case))
    page = page_of(client, slug)
    one, seal = items_in(page)[0], seal_in(page)

    def fields() -> dict[str, object]:
        return {"only": one, f"photos-{one}": shot(6)}

    assert send(client, slug, seal="forged", **fields()).status_code == 400
    assert send(client, slug, **fields()).status_code == 400
    assert send(app.test_client(), slug, seal=seal, **fields()).status_code == 404
    with case.place.district.session(wall) as session:
        who = case.place.people["liaison"]
        second = add_contact(session, who, kind="shop", name="商户", unit_id=case.place.lead, now=now())
        session.commit()
    elsewhere = phone(app, link_of(Case(case.place, case.liaison, second.id, [])))
    assert send(elsewhere, slug, seal=seal, **fields()).status_code == 400, "another link's page"
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post(f"/h/{slug}/answer", data={"seal": seal} | fields(), headers=headers)
        assert answer.status_code == 400
    with case.place.district.session(wall) as session:
        assert set(session.scalars(select(HandOn.state))) == {"sent"}


def test_every_link_that_is_not_good_gets_the_same_404(app, wall, case, files) -> None:
    give(wall, case)
    path = link_of(case)
    slug, token = case.liaison.slug, path.rpartition("/")[2]
    other = town(wall, files, "邻区")
    unknown = app.test_client().get(f"/h/{slug}/no-such-word")
    assert unknown.status_code == 404

    def same(asked: str, cookie: str = "") -> None:
        client = app.test_client()
        if cookie:
            client.set_cookie(COOKIE, cookie, path=f"/h/{slug}")
        answer = client.get(asked)
        assert answer.status_code == 404, asked
        assert answer.data == unknown.data, asked
        kept = [[h for h in a.headers.to_wsgi_list() if h[0] != "X-Request-Id"] for a in (answer, unknown)]
        assert kept[0] == kept[1], asked

    same(f"/h/{other.district.ref.slug}/{token}")
    same(f"/h/no-such-place/{token}")
    same(f"/h/{slug}/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}")
    same(f"/h/{slug}/{'x' * 300}")
    same(f"/h/{slug}")
    same(f"/h/{slug}/answer")
    same(f"/h/{slug}", "forged")
    same(f"/h/{slug}/photo/{case.place.photo}", "forged")
    with case.place.district.session(wall) as session:
        who = case.place.people["liaison"]
        session.execute(update(ContactLink).values(expires_at=now() - timedelta(seconds=1)))
        session.commit()
        same(path)
        same(f"/h/{slug}", token)
        session.execute(update(ContactLink).values(expires_at=now() + timedelta(days=1)))
        session.commit()
        assert app.test_client().get(path).status_code == 303
        revoke_links(session, who, case.contact, now())
        session.commit()
    same(path)
    same(f"/h/{slug}", token)


def test_a_forged_word_never_reaches_the_database(app, case, monkeypatch) -> None:
    def no(*_args: object, **_more: object) -> None:
        raise AssertionError("the database was asked")

    path = link_of(case)
    monkeypatch.setattr(type(app.extensions["sancheng"].wall), "open", no)
    monkeypatch.setattr(type(app.extensions["sancheng"].wall), "platform", no)
    slug = case.liaison.slug
    for word in ("x", "a.b", path.rpartition("/")[2].partition(".")[0], "中文"):
        assert app.test_client().get(f"/h/{slug}/{word}").status_code == 404
    client = app.test_client()
    client.set_cookie(COOKIE, "a.b", path=f"/h/{slug}")
    assert client.get(f"/h/{slug}").status_code == 404


def test_one_link_cannot_be_opened_without_end(app, wall, case) -> None:
    path = link_of(case)
    client = app.test_client()
    for _ in range(TRIES):
        assert client.get(path).status_code == 303
    assert client.get(path).status_code == 429
    assert client.get(f"/h/{case.liaison.slug}").status_code == 200, "who is in stays in"


def test_the_sender_hands_on_uses_sends_back_and_takes_back(app, wall, case) -> None:
    one, other = (str(finding) for finding in case.findings)
    page = case.liaison.read(f"findings/{one}")
    assert f"hand-on?finding={one}" in page
    form = case.liaison.read(f"hand-on?finding={one}&finding={other}")
    assert len(re.findall(r'type="hidden" name="finding"', form)) == 2
    case.liaison.send("hand-on", {"finding": [one], "contact": ""}, 422)
    _, again = case.liaison.send("hand-on", {"finding": [one], "contact": str(case.contact), "asked": "长" * 301}, 422)
    assert "#f-asked" in again
    answer, _ = case.liaison.send(
        "hand-on", {"finding": [one, other], "contact": str(case.contact), "asked": "请清运"}, 303
    )
    assert answer.headers["Location"].endswith(f"contacts/{case.contact}")
    _, twice = case.liaison.send("hand-on", {"finding": [one], "contact": str(case.contact)}, 409)
    assert "已经转交" in twice
    slug = case.liaison.slug
    client = phone(app, link_of(case))
    items = page_of(client, slug)
    ids = items_in(items)
    sent = {f"photos-{item}": shot(30 + n) for n, item in enumerate(ids)}
    assert send(client, slug, seal=seal_in(items), **sent).status_code == 303
    with case.place.district.session(wall) as session:
        rows = {str(row.finding_id): row for row in session.scalars(select(HandOn))}
    page = case.liaison.read(f"findings/{one}")
    photo = rows[one].photos[0]
    assert f"photos/{photo}/small" in page
    assert case.liaison.ask(f"photos/{photo}/small").status_code == 200
    case.liaison.send(f"hand-on/{rows[other].id}/judge", {"verdict": "sent_back", "note": "没清干净"}, 303)
    assert "没清干净" in page_of(client, slug)
    used, _ = case.liaison.send(f"hand-on/{rows[one].id}/judge", {"verdict": "accepted"}, 303)
    target = used.headers["Location"].split(f"/t/{slug}/")[1].partition("#")[0]
    ready = case.liaison.read(target)
    assert f'name="photos" value="{photo}"' in ready, "its photos wait in the answer's form"
    version = re.search(r'name="version" value="(\d+)"', ready)[1]
    case.liaison.send(f"findings/{one}/act", {"verb": "answer", "version": version, "photos": photo}, 303)
    with case.place.district.session(wall) as session:
        assert session.get(Finding, (session.tenant_id, UUID(one))).state == "answered"
    case.liaison.send(f"hand-on/{rows[other].id}/judge", {"verdict": "withdrawn"}, 303)
    assert "没有要处理的事项" in page_of(client, slug)


def test_others_may_neither_see_nor_judge(app, wall, case) -> None:
    give(wall, case)
    with case.place.district.session(wall) as session:
        row = session.scalars(select(HandOn)).first()
    stranger = clerk(app, wall, case.place.people["stranger"])
    stranger.read(f"contacts/{case.contact}", 404)
    stranger.send(f"contacts/{case.contact}/link", {"days": "1"}, 404)
    stranger.send(f"contacts/{case.contact}/revoke", {}, 404)
    stranger.send(f"hand-on/{row.id}/judge", {"verdict": "withdrawn"}, 404)
    stranger.send(f"hand-on/{new_id()}/judge", {"verdict": "withdrawn"}, 404)
    inspector = clerk(app, wall, case.place.people["inspector"])
    inspector.read("contacts", 403)
    assert "转交外部处理" not in inspector.read(f"findings/{row.finding_id}")


def test_contacts_are_kept_on_the_page(app, wall, case) -> None:
    page = case.liaison.read("contacts")
    assert "一号院物业" in page
    unit = str(case.place.lead)
    _, refused = case.liaison.send("contacts", {"name": "", "kind": "shop", "phone": "x", "unit": unit}, 422)
    assert "#f-name" in refused
    assert "#f-phone" in refused
    case.liaison.send("contacts", {"name": "面馆", "kind": "shop", "phone": "", "unit": unit}, 303)
    case.liaison.send(f"contacts/{case.contact}/link", {"days": "91"}, 422)
    path = link_of(case)
    case.liaison.send(f"contacts/{case.contact}/revoke", {}, 303)
    assert app.test_client().get(path).status_code == 404
    case.liaison.send(f"contacts/{case.contact}/retire", {}, 303)
    case.liaison.read("contacts")  # says that it is done
    assert "一号院物业" not in content(case.liaison.read("contacts"))


def test_the_phone_reads_english(app, wall, case) -> None:
    give(wall, case)
    client = phone(app, link_of(case))
    client.set_cookie("sancheng_language", "en")
    assert 'lang="en"' in page_of(client, case.liaison.slug)


# ---- deep links of those with an account ----


def test_a_deep_link_leads_through_login_and_back(app, wall, case) -> None:
    """The address from a group chat: login, then just that page; and the phone stays in."""
    path = f"/t/{case.liaison.slug}/findings/{case.findings[0]}"
    with wall.platform() as platform:
        row = platform.scalars(select(LoginSession).order_by(LoginSession.created_at.desc())).first()
        user = platform.get(AppUser, row.user_id)
        login = user.login
        user.password_hash = hash_password("a password of the tests")
        row.expires_at = now() - timedelta(seconds=1)
        platform.commit()
    gone = case.liaison.client.get(path)
    assert gone.status_code == 302
    assert gone.headers["Location"].startswith("/login?next=")
    asked = case.liaison.client.get(gone.headers["Location"])
    back = re.search(r'name="next" value="([^"]+)"', asked.get_data(as_text=True))[1]
    assert back == path
    given = {"login": login, "password": "a password of the tests", "next": back}
    entered = case.liaison.client.post("/login", data=given)
    assert entered.headers["Location"] == path
    cookie = next(c for c in entered.headers.getlist("Set-Cookie") if c.startswith("sancheng_login="))
    assert f"Max-Age={SESSION_DAYS * 86400}" in cookie
    assert "HttpOnly" in cookie
    assert case.liaison.client.get(path).status_code == 200


def test_a_contact_of_a_closed_district_finds_nothing(app, wall, case) -> None:
    path = link_of(case)
    with wall.platform() as platform:
        platform.execute(update(Tenant).where(Tenant.slug == case.liaison.slug).values(state="closed"))
        platform.commit()
    assert app.test_client().get(path).status_code == 404


def test_many_are_handed_on_from_the_list(app, wall, case) -> None:
    page = case.liaison.read("findings?view=rectification")
    assert "hand-on/choose" in page
    with case.place.district.session(wall) as session:
        closed = lay_finding(session, case.place, "closed").id
        session.commit()
    ids = [str(one) for one in (*case.findings, closed)]
    answer, _ = case.liaison.send("hand-on/choose", {"id": ids}, 303)
    form = case.liaison.read(answer.headers["Location"].split("/", 3)[3])
    assert re.findall(r'type="hidden" name="finding" value="([^"]+)"', form) == [str(one) for one in case.findings]
    assert "不能转交的" in form
    assert "现在不在整改中" in form
    assert "hand-on/choose" not in clerk(app, wall, case.place.people["inspector"]).read("findings")


def test_the_contact_of_the_place_is_proposed_first(app, wall, case) -> None:
    made = {"kind": "shop", "name": "阿姨饭馆", "phone": "", "unit": str(case.place.lead), "site": "没有这个地方"}
    _, again = case.liaison.send("contacts", made, 422)
    assert "没有找到这个点位" in again
    with case.place.district.session(wall) as session:
        site = session.get_one(Site, (case.place.district.ref.id, case.place.site))
        name, site.unit_id = site.name, case.place.lead
        session.commit()
    answer, _ = case.liaison.send("contacts", made | {"site": name}, 303)
    shop = answer.headers["Location"].rpartition("/")[2]
    assert name in case.liaison.read(f"contacts/{shop}")
    assert name in case.liaison.read("contacts")
    form = case.liaison.read(f"hand-on?finding={case.findings[0]}")
    options = re.findall(r'<option value="([0-9a-f-]{36})"( selected)?>([^<]+)', form)
    assert [(key, bool(chosen)) for key, chosen, _ in options] == [(shop, True), (str(case.contact), False)]
    assert options[0][2].endswith("本点位")


def test_what_came_back_is_retaken_and_what_was_sent_is_shown(app, wall, case, files) -> None:
    give(wall, case)
    slug, client = case.liaison.slug, phone(app, link_of(case))
    page = page_of(client, slug)
    one = items_in(page)[0]
    assert send(client, slug, seal=seal_in(page), only=one, **{f"photos-{one}": shot(71)}).status_code == 303
    with case.place.district.session(wall) as session:
        row = session.get_one(HandOn, (case.place.district.ref.id, UUID(one)))
        file = session.get_one(File, (case.place.district.ref.id, UUID(row.photos[0])))
        assert file.contact_name == "一号院物业"
        finding = row.finding_id
    case.liaison.send(f"hand-on/{one}/judge", {"verdict": "sent_back", "note": "没清干净"}, 303)
    page = page_of(client, slug)
    assert "您上次发来的，请再处理" in page
    assert f"/h/{slug}/photo/{file.id}?small=1" in page
    assert client.get(f"/h/{slug}/photo/{file.id}").status_code == 200
    assert send(client, slug, seal=seal_in(page), only=one, **{f"photos-{one}": shot(72)}).status_code == 303
    assert client.get(f"/h/{slug}/photo/{file.id}").status_code == 404
    case.liaison.send(f"hand-on/{one}/judge", {"verdict": "accepted"}, 303)
    with case.place.district.session(wall) as session:
        row = session.get_one(HandOn, (case.place.district.ref.id, UUID(one)))
        version = session.get_one(Finding, (case.place.district.ref.id, finding)).version
        said = {"photos": row.photos, "version": version, "now": now()}
        act(session, case.place.people["liaison"], finding, "answer", **said)
        back = str(store(session, case.place.people["office"], jpeg(seed=73), files=files).id)
        said = {"photos": [back], "version": version + 1, "note": "没改好", "now": now()}
        act(session, case.place.people["office"], finding, "send_back", **said)
        hand_on(session, case.place.people["liaison"], [finding], case.contact, asked="", now=now())
        session.commit()
    assert "一号院物业拍摄" in case.liaison.read(f"findings/{finding}")
    again = page_of(client, slug)
    assert f"photo/{back}" in again, "the picture of what came back is the one to retake"
    assert f"photo/{case.place.photo}" not in again
