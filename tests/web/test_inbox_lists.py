"""The whole list of each kind of duty (待办清单): pages, CSV, campaigns, what is late; and what waits in other tenants."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from core.app import create_app
from core.campaigns import installed
from core.databases import Urls
from core.settings import Settings
from core.work.calendar import local_day
from core.work.proofs.sweeps import plan
from core.work.tables import Contact, Finding, FindingCampaign, HandOn, Signal
from tenants.accounts import AppUser, Membership
from tenants.db import new_id, now
from tenants.models import EnabledCampaign
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import add_site
from tests.web.desk import clerk, content
from tests.work.ledger_town import Town, lay_finding, town


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, files) -> Flask:
    return create_app(Settings(urls.app, SECRET, files), wall=wall)


@pytest.fixture
def place(wall: Wall, files) -> Town:
    return town(wall, files, "待办清单区")


def lay_many(wall: Wall, place: Town, count: int, late: int, campaign: str = "") -> None:
    """Findings to answer, so many of them late."""
    with place.district.session(wall) as session:
        for n in range(count):
            finding = lay_finding(session, place, "rectifying")
            finding.title = f"第{n:02}件"
            finding.due_at = now() + timedelta(hours=n + 1 if n >= late else n - 200)
            if campaign:
                session.add(FindingCampaign(finding_id=finding.id, campaign=campaign))
        session.commit()


def enable(wall: Wall, place: Town, *keys: str) -> None:
    """Have campaigns in the district, by their shipped editions."""
    with place.district.session(wall) as session:
        for key in keys:
            edition = installed().campaigns[key].edition
            session.add(
                EnabledCampaign(campaign=key, state="enabled", edition=edition.key, edition_sha256=edition.sha256)
            )
        session.commit()


def test_a_kind_has_all_its_duties_page_by_page_and_as_csv(app: Flask, wall: Wall, place: Town) -> None:
    lay_many(wall, place, 56, late=20)
    who = clerk(app, wall, place.people["liaison"])
    page = who.read("inbox")
    assert "超期 20" in content(page), "eight are shown, all are counted"
    assert page.count("?do=answer") == 2 * 8
    assert f'/t/{who.slug}/inbox/answer"' in page
    seen: list[str] = []
    path = "inbox/answer"
    for rows in (50, 6):
        page = who.read(path)
        found = re.findall(r">(第\d\d件)</a>", page)
        assert len(found) == rows
        assert page.count("?do=answer") == 2 * rows, "the same next step"
        assert "超期 20" in content(page)
        seen += found
        more = re.search(r'rel="next" href="(\?[^"]+)"', page)
        path = f"inbox/answer{more[1]}" if more else ""
    assert path == ""
    assert seen == [f"第{n:02}件" for n in range(56)], "by deadline, each once"
    body = who.ask("inbox/answer/export.csv").get_data(as_text=True)
    lines = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
    assert [line[0] for line in lines[1:]] == seen
    assert sum(line[5] == "是" for line in lines[1:]) == 20


def test_only_kinds_of_ones_own_posts_have_a_list(app: Flask, wall: Wall, place: Town) -> None:
    who = clerk(app, wall, place.people["liaison"])
    assert "没有这一类等您处理的事" in who.read("inbox/assist")
    for path in ("inbox/desk", "inbox/no_such", "inbox/desk/export.csv"):
        who.read(path, 404)
    for cursor in ("x", "MjAyNg", "MjAyNi0wMS0wMR94"):
        who.read(f"inbox/answer?cursor={cursor}", 422)
    who.read("inbox/answer?campaign=no_such", 422)


def test_rows_name_their_campaign_and_are_filtered_by_it(app: Flask, wall: Wall, place: Town) -> None:
    enable(wall, place, "sanitary_city", "civilized_city")
    lay_many(wall, place, 2, 0, "sanitary_city")
    lay_many(wall, place, 3, 1, "civilized_city")
    who = clerk(app, wall, place.people["liaison"])
    page = who.read("inbox")
    assert "共 5 件等您处理" in content(page)
    assert page.count('class="of">国家卫生城市<') == 2
    page = who.read("inbox?campaign=civilized_city")
    assert "共 3 件等您处理" in content(page)
    assert "超期 1" in content(page)
    assert 'class="of">国家卫生城市<' not in page
    assert "inbox/answer?campaign=civilized_city" in page
    assert "共 2 件等您处理" in content(who.read("inbox/answer?campaign=sanitary_city"))


def test_another_tenant_says_what_is_late_and_the_first_deadline(app: Flask, wall: Wall, files) -> None:
    one, other = town(wall, files, "此区"), town(wall, files, "彼区")
    lay_many(wall, other, 3, late=2)
    with other.district.session(wall) as session:
        first = min(session.scalars(select(Finding.due_at)))
    who = clerk(app, wall, one.people["liaison"])
    with wall.platform() as session:
        seat = session.scalars(select(Membership).where(Membership.person_id == one.people["liaison"].person_id)).one()
        user = session.get_one(AppUser, seat.user_id)
        there = other.people["liaison"]
        session.add(Membership(tenant_id=there.tenant.id, user_id=user.id, person_id=there.person_id, login=user.login))
        session.commit()
    for page in (who.read("inbox"), who.client.get("/").get_data(as_text=True)):
        assert "3 件待办" in content(page)
        assert "超期 2" in content(page)
        assert first.astimezone(first.tzinfo).isoformat()[:16] in page.replace("+08:00", "")


def test_a_confirmation_lands_on_what_was_handed_on_and_a_doubt_on_itself(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        finding = lay_finding(session, place, "rectifying")
        contact = Contact(kind="property", name="某物业", unit_id=place.lead)
        session.add(contact)
        session.flush()
        person = place.people["liaison"].person_id
        session.add(HandOn(finding_id=finding.id, contact_id=contact.id, person_id=person, state="answered"))
        doubts = [Signal(key=str(new_id()), kind="burst", finding_id=finding.id, body={}) for _ in range(2)]
        session.add_all(doubts)
        session.commit()
        ids = (finding.id, doubts[0].id, doubts[1].id)
    page = clerk(app, wall, place.people["liaison"]).read("inbox")
    assert f'/findings/{ids[0]}#hand-on"' in page
    office = clerk(app, wall, place.people["office"])
    assert f"/doubts?doubt={ids[1]}" in office.read("inbox")
    page = office.read(f"doubts?doubt={ids[1]}")
    assert f'id="d-{ids[1]}"' in page
    assert f'id="d-{ids[2]}"' not in page
    office.read(f"doubts?doubt={new_id()}")
    office.read("doubts?doubt=x", 422)


def test_an_inspectors_route_begins_where_a_check_sends_him(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        site = add_site(session, place.place, "MKT", name="东市场")
        finding = lay_finding(session, place, "rectifying")
        due = local_day(now()) + timedelta(days=5)
        sweep = plan(session, place.people["office"], finding.id, sites=[site], due_on=due, now=now())
        session.commit()
        found = sweep.id
    who = clerk(app, wall, place.people["inspector"])
    page = who.read()
    route = page[page.index("今天的路线") :]
    assert route.index("东市场") < route.index("举一反三")
    assert f"/sweeps/{found}" in route
    assert f'/sites/{site}/visit"' in route or str(site) in route
    assert "已过期限" not in route
    with place.district.session(wall) as session:
        session.get_one(type(sweep), (session.tenant_id, found)).due_on = local_day(now()) - timedelta(days=1)
        session.commit()
    page = who.read()
    assert "已过期限" in page[page.index("今天的路线") :]
    assert "举一反三待排查" in content(who.read("inbox"))
