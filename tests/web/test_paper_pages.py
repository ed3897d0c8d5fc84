"""Paper (纸质表): blank sheets say all that a phone says, and a filled one becomes the visit of whoever walked."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from sqlalchemy import select

from core.campaigns import installed, load_vocabulary
from core.campaigns.body import seal
from core.campaigns.xlsform.model import Choice, ChoiceList, Field, Survey, Text
from core.campaigns.xlsform.scored import survey_of
from core.work.calendar import ZONE, local_day
from core.work.forms.versions import draft
from core.work.inspection.visit_plan import plan
from core.work.tables import Attachment, Audit, File, Finding, FormPicture, Visit
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content, with_second_post
from tests.web.test_correction_pages import filled
from tests.work.market import ANSWERS, FAILED, Town, campaigns, town
from tests.work.pictures import jpeg
from tests.work.rounding import open_one, rounds_town

YESTERDAY = local_day(now()) - timedelta(days=1)


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def office(app: Flask, wall: Wall, place: Town) -> Clerk:
    return clerk(app, wall, place.office)


def sheet(place: Town, person: Any, **changed: Any) -> dict[str, Any]:
    """A filled sheet of the town's market as the page sends it."""
    return market_sheet(place.market, person, **changed)


def market_sheet(site: UUID, person: Any, **changed: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"visit_id": str(new_id()), "started_at": now().isoformat(), "site": str(site)}
    for code, raw in ANSWERS.items():
        for part, value in raw.items():
            fields[f"a.{code}.{part}"] = {True: "yes", False: "no"}[value] if part == "yes" else str(value)
    head = {"person": str(person), "day": YESTERDAY.isoformat(), "began": "930", "ended": "9:55", "note": "早市"}
    return fields | head | changed


def the_visit(wall: Wall, place: Town) -> Visit:
    with place.district.session(wall) as session:
        found = session.scalars(select(Visit)).one()
        session.expunge(found)
        return found


# ---- blank sheets ----


def test_a_form_prints_with_every_question_and_its_version(place: Town, office: Clerk) -> None:
    campaign = installed().campaigns["sanitary_city"]
    form = next(one for one in campaign.edition.forms if "produce_market" in one.site_types)
    page = office.read(f"paper/{campaign.key}/{form.code}")
    questions = {item.question for item in form.items}
    assert page.count('class="pa-question"') == len(questions)
    assert form.code in page
    assert form.sha256[:12] in page
    assert f"共 {len(questions)} 题" in content(page)
    assert page.count("关键项") == len({i.question for i in form.items if i.key})
    assert all(item.code in page for item in form.items)


def test_a_place_prints_all_that_is_due_there_once(place: Town, office: Clerk) -> None:
    due = plan(["produce_market"], campaigns())
    page = office.read(f"paper/site/{place.market}?copies=3")
    assert page.count('class="pa-question"') == 3 * len(due.questions) == 3 * len(ANSWERS)
    assert page.count('<table class="pa-sheet"') == 3
    assert page.count('class="pa-rate"') == 3 * sum(
        q.question.answer_type == "rating10" for q in due.questions.values()
    )
    assert "测试区便民市场" in page
    assert office.ask(f"paper/site/{place.market}?copies=51").status_code == 422
    assert office.ask(f"paper/site/{new_id()}").status_code == 404
    assert office.ask("paper/sanitary_city/NONE").status_code == 404


def test_a_form_without_items_of_a_district_elsewhere_is_not_found(app: Flask, wall: Wall, place: Town) -> None:
    other = town(wall, "邻区")
    stranger = clerk(app, wall, other.office)
    assert stranger.ask(f"paper/site/{place.market}").status_code == 404
    assert stranger.ask(f"paper/enter?site={place.market}").status_code == 404
    stranger.send("paper/enter", sheet(place, other.inspector.person_id), 404)


def test_only_a_picture_that_a_form_names_is_given(wall: Wall, place: Town, office: Clerk) -> None:
    sha = office.photo(jpeg((80, 60), seed=5))
    with place.district.session(wall) as session:
        file_id = session.scalars(select(File.id).where(File.original_sha256 == sha)).one()
    assert office.ask(f"illustrations/{file_id}").status_code == 404
    with place.district.session(wall) as session:
        session.add(FormPicture(name="right.jpg", file_id=file_id))
        session.commit()
    answer = office.ask(f"illustrations/{file_id}")
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.data)).format == "JPEG"


def test_the_code_on_the_sheet_leads_to_typing_it_in(place: Town, office: Clerk) -> None:
    page = office.read(f"paper/site/{place.market}")
    address = re.search(r'class="btn btn-s" href="(http[^"]+/paper/enter\?[^"]+)"', page)
    assert address
    assert str(place.market) in address[1]
    for planned in plan(["produce_market"], campaigns()).forms:
        assert planned.form.sha256 in address[1]
    assert read_code(page) == address[1]
    opened = office.client.get(address[1].split("localhost", 1)[-1])
    assert opened.status_code == 200
    assert opened.get_data(as_text=True).count("data-question") == len(ANSWERS)


def read_code(page: str) -> str:
    """What a reader makes of the drawing, module by module."""
    svg = re.search(r'<svg[^>]*class="pa-qr"[^>]*>.*?</svg>', page, re.DOTALL)
    assert svg
    assert "style=" not in svg[0]
    side = int(re.search(r'viewBox="0 0 (\d+)', svg[0])[1])  # type: ignore[index] - a drawing without one fails here
    image = Image.new("L", (side, side), 255)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", re.search(r' d="([^"]+)"', svg[0])[1]):  # type: ignore[index]
        values = [float(one) for one in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for at in range(int(values[0])):
                image.putpixel((int(x) + at, int(y)), 0)
            x += values[0]
    found = zxingcpp.read_barcodes(image.resize((side * 6, side * 6), Image.Resampling.NEAREST))
    return str(found[0].text)


# ---- typing in ----


def test_a_sheet_is_the_visit_of_whoever_walked_on_that_day(wall: Wall, place: Town, office: Clerk) -> None:
    answer, _ = office.send("paper/enter", sheet(place, place.inspector.person_id), 303)
    assert f"day={YESTERDAY}" in answer.headers["Location"]
    visit = the_visit(wall, place)
    assert (visit.person_id, visit.day, visit.basis) == (place.inspector.person_id, YESTERDAY, "verified")
    assert visit.started_at is not None
    assert visit.finished_at is not None
    assert [f"{one.astimezone(ZONE):%H:%M}" for one in (visit.started_at, visit.finished_at)] == ["09:30", "09:55"]
    assert visit.note == f"早市\n据纸质表录入，录入人 {place.office.name}"
    assert visit.summary["paper"]["by_id"] == str(place.office.person_id)
    with place.district.session(wall) as session:
        trail = session.execute(select(Audit.verb, Audit.person_id).where(Audit.object_id == str(visit.id))).all()
        assert {"visit.submit", "visit.paper"} <= {verb for verb, _ in trail}
        assert {person for _, person in trail} == {place.office.person_id}
        assert set(session.scalars(select(Finding.question))) == FAILED
    listed = content(office.read("paper/enter"))
    assert "测试区便民市场" in listed
    assert "本次已录入 1" in listed
    shown = content(office.read(f"visits/{visit.id}"))
    assert f"{place.office.name} 据纸质表录入" in shown
    assert "没有信号" not in shown


def test_the_same_sheet_twice_is_one_visit_and_another_one_must_be_meant(
    wall: Wall, place: Town, office: Clerk
) -> None:
    sent = sheet(place, place.inspector.person_id)
    office.send("paper/enter", sent, 303)
    office.send("paper/enter", sent, 303)
    assert "没有重复记录" in office.read("paper/enter")
    the_visit(wall, place)
    again = sent | {"visit_id": str(new_id())}
    _, page = office.send("paper/enter", again, 409)
    assert "已经有一次检查" in page
    assert 'name="another"' in page
    assert 'value="9:55"' in page
    office.send("paper/enter", again | {"another": "1"}, 303)
    _, page = office.send("paper/enter", sent | {"note": "晚市"}, 409)
    assert "内容不同" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"day": (local_day(now()) - timedelta(days=15)).isoformat()}, "过了录入期限"),
        ({"day": (local_day(now()) + timedelta(days=1)).isoformat()}, "在将来"),
        ({"day": ""}, "没有填日期"),
        ({"day": "22日"}, "日期写法无效"),
        ({"ended": ""}, "没有填结束时间"),
        ({"ended": "25:00"}, "时间写法无效"),
        ({"began": "10:30"}, "开始时间晚于结束时间"),
        ({"person": ""}, "没有选检查人"),
        ({"person": str(new_id())}, "没有检查这个点位的岗位"),
        ({"a.toilet_clean.rating": ""}, "没有作答"),
        ({"scan": "0" * 64}, "没有这张照片"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    wall: Wall, place: Town, office: Clerk, changed: dict[str, str], said: str
) -> None:
    _, page = office.send("paper/enter", sheet(place, place.inspector.person_id) | changed, 422)
    assert said in content(page)
    assert "早市" in page
    with place.district.session(wall) as session:
        assert session.scalars(select(Visit)).first() is None


def test_who_may_type_in_for_whom(app: Flask, wall: Wall, place: Town) -> None:
    inspector = clerk(app, wall, place.inspector)
    other = add_actor(wall, place.ref, "inspector", place.district.root)
    _, page = inspector.send("paper/enter", sheet(place, other.person_id), 403)
    assert "要在这个点位同时有检查和统筹的权限" in page
    form = inspector.read(f"paper/enter?site={place.market}")
    assert place.inspector.name in form
    assert other.name not in form or other.name == place.inspector.name
    inspector.send("paper/enter", sheet(place, place.inspector.person_id), 303)
    assert the_visit(wall, place).person_id == place.inspector.person_id
    leader = clerk(app, wall, place.leader)
    leader.send("paper/enter", sheet(place, place.inspector.person_id), 403)
    assert leader.ask("paper/enter").status_code == 403


def test_who_held_no_post_on_that_day_did_not_walk(wall: Wall, place: Town, office: Clerk) -> None:
    _, page = office.send("paper/enter", sheet(place, place.leader.person_id), 422)
    assert "没有检查这个点位的岗位" in content(page)
    both = with_second_post(wall, place.leader, "inspector")
    office.send("paper/enter", sheet(place, both.person_id), 303)


def test_pictures_of_the_sheet_stay_with_the_visit(wall: Wall, place: Town, office: Clerk) -> None:
    scan = (io.BytesIO(jpeg((300, 400), seed=77)), "sheet.jpg")
    office.send("paper/enter", sheet(place, place.inspector.person_id, scan_file=scan), 303)
    visit = the_visit(wall, place)
    with place.district.session(wall) as session:
        kept = session.scalars(select(Attachment).where(Attachment.visit_id == visit.id)).all()
    assert [(one.question, str(one.file_id)) for one in kept] == [("", visit.summary["paper"]["scans"][0])]
    page = office.read(f"visits/{visit.id}")
    assert f"photos/{kept[0].file_id}/small" in page
    assert "纸质表原件" in page


def test_a_slip_of_the_typist_is_corrected_with_history(wall: Wall, place: Town, office: Clerk) -> None:
    office.send("paper/enter", sheet(place, place.inspector.person_id), 303)
    first = the_visit(wall, place)
    assert f"visits/{first.id}/correct" in office.read("paper/enter")
    form = office.read(f"visits/{first.id}/correct")
    sent = filled(form) | {"a.toilet_clean.rating": "9", "reason": "录错了一题"}
    answer, _ = office.send(f"visits/{first.id}/correct", sent, 303)
    page = content(office.read(answer.headers["Location"].split(f"/t/{office.slug}/")[1]))
    assert "录错了一题" in page
    assert f"{place.office.name} 据纸质表录入" in page


def test_without_script_a_place_is_found_by_the_field_alone(place: Town, office: Clerk) -> None:
    page = office.read("paper/enter?q=便民市场")
    assert f"paper/enter?site={place.market}" in page
    assert "没有找到" in content(office.read("paper/enter?q=不存在的地方"))


def test_rooms_lead_to_paper(place: Town, office: Clerk) -> None:
    assert "/paper/sanitary_city/" in office.read("forms")
    site = office.read(f"sites/{place.market}")
    assert f"paper/site/{place.market}" in site
    assert f"paper/enter?site={place.market}" in site
    assert "/paper/enter" in office.read("visits")


def test_a_sheet_of_a_round_counts_for_it_and_a_secret_one_is_not_offered(app: Flask, wall: Wall) -> None:
    place = rounds_town(wall, sites=1)
    when = {"now": now() - timedelta(days=2), "starts_on": YESTERDAY, "ends_on": YESTERDAY + timedelta(days=6)}
    with place.session() as session:
        known, secret = (
            open_one(place, session, **when).id,
            open_one(place, session, title="暗访", mode="secret", **when).id,
        )
        session.commit()
    office = clerk(app, wall, place.office)
    page = office.read(f"paper/enter?site={place.sites[0]}&round={known}")
    assert f'value="{known}" selected' in page
    assert str(secret) not in page
    assert f"paper/enter?round={known}" in office.read(f"rounds/{known}")
    first = place.people["first"].person_id
    sent = market_sheet(place.sites[0], first)
    office.send("paper/enter", sent | {"round": str(secret)}, 404)
    _, page = office.send(
        "paper/enter", market_sheet(place.sites[0], place.people["second"].person_id, round=str(known)), 403
    )
    assert "检查组" in page
    answer, _ = office.send("paper/enter", sent | {"round": str(known)}, 303)
    assert f"round={known}" in answer.headers["Location"]
    with place.session(cleared=False) as session:
        assert session.scalars(select(Visit.round_id)).all() == [known]


def test_an_illustration_and_what_is_asked_beside_the_items_are_printed(
    app: Flask, wall: Wall, place: Town, office: Clerk
) -> None:
    campaign = installed().campaigns["sanitary_city"]
    words = load_vocabulary().with_own(questions=campaign.questions)
    form = campaign.edition.form("SAN-MARKET")
    asked = survey_of(form, words)
    first = replace(asked.children[0], image=Text("right.jpg"))
    phone, stalls = (
        Field("phone", "text", Text("经营者电话", "Phone")),
        Field("kind", "select_one", Text("市场级别"), choices="kinds"),
    )
    lists = (*asked.lists, ChoiceList("kinds", (Choice("a", Text("甲级")), Choice("b", Text("乙级")))))
    mine = seal(replace(form, survey=Survey((first, *asked.children[1:], phone, stalls), lists)))
    admin = add_actor(wall, place.ref, "administrator", place.district.root)
    sha = office.photo(jpeg((80, 60), seed=6))
    with place.district.session(wall) as session:
        file_id = session.scalars(select(File.id).where(File.original_sha256 == sha)).one()
        session.add(FormPicture(name="right.jpg", file_id=file_id))
        row = draft(session, admin, campaign, mine, now=now())
        row.state, row.published_at = "published", now()
        session.commit()
    page = office.read("paper/sanitary_city/SAN-MARKET")
    assert page.count(f'class="pa-picture" src="/t/{office.slug}/illustrations/') == 1
    assert f"illustrations/{file_id}" in page
    assert page.count("is-further") == 2
    for word in ("经营者电话", "市场级别", "甲级", "乙级"):
        assert word in page
    assert mine.sha256[:12] in page
