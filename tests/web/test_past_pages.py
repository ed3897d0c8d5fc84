"""Past days and areas on the pages that are no lists of findings: first pages, scores, category sets, registers."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.app import create_app
from core.databases import Urls
from core.settings import ZONE, Settings
from core.work.dispatch.category_sets import keep_set
from core.work.inspection.visit_corrections import correct
from core.work.loop.clocks import end_of
from core.work.loop.ledger import act
from core.work.marks.negative_input import Event
from core.work.marks.negative_list import move, watch
from core.work.organisation.units import add_unit
from core.work.papers import notices
from core.work.papers.notice_issuing import Draft, issue
from core.work.tables import AreaMember, Finding, Part, Visit
from core.work.whistling import whistles
from core.work.whistling.whistle_blowing import Wanted, blow
from tenants.db import new_id, now
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.factory import SINCE, add_actor, add_site
from tests.web.desk import Clerk, clerk, content
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, campaigns, send, town
from tests.work.pictures import jpeg

TODAY = now().astimezone(ZONE).date()
EVE, BEFORE = TODAY - timedelta(1), TODAY - timedelta(3)
N = len(FAILED)


def ago(days: int):
    return now() - timedelta(days=days)


@dataclass
class Past:
    """A district whose market was inspected three days ago; the answer given two days ago was sent back today, when another market was inspected."""

    town: Any
    leader: Clerk
    office: Clerk
    liaison: Clerk
    area: UUID
    other: UUID


@pytest.fixture(scope="module")
def past(urls: Urls, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Past:
    app = create_app(Settings(urls.app, SECRET, tmp_path_factory.mktemp("files")), wall=wall)
    place = town(wall)
    office = clerk(app, wall, place.office)
    photo = office.photo(jpeg())
    with place.district.session(wall) as session:
        send(session, place, now=ago(3))
        area, other = (add_unit(session, None, name=name, kind="area", today=SINCE).id for name in ("东片区", "西片区"))
        for one, unit in zip((area, other), place.district.communities, strict=False):
            session.add(AreaMember(area_id=one, unit_id=unit, valid_from=SINCE))
        session.commit()
        liaison = place.liaison
        led = select(Part.finding_id).where(Part.leading, Part.unit_id == place.district.departments["sanitation"])
        one = session.scalars(select(Finding).where(Finding.id.in_(led)).limit(1)).one()
        act(session, liaison, one.id, "answer", version=one.version, photos=[photo], now=ago(2))
        session.commit()
        act(session, place.office, one.id, "send_back", version=one.version, note="没有改到位", now=now())
        second = add_site(session, place.district.communities[1], "produce_market", name="西边便民市场")
        send(session, place, site_id=second, now=now())
        session.commit()
    people = (clerk(app, wall, place.leader), office, clerk(app, wall, liaison))
    return Past(place, *people, area, other)


def number(page: str, label: str) -> int:
    """The number of a tile."""
    found = re.search(rf'<span class="label">{label}</span><span class="value">(\d+)', page)
    assert found, (label, content(page)[:800])
    return int(found[1])


def opened(page: str) -> set[int]:
    """The numbers that a page says of what stands open."""
    return {int(one) for one in re.findall(r"未办结 (\d+) 件之中", content(page))}


# ---- first pages ----


def test_the_leaders_page_is_as_it_was_that_evening(past: Past) -> None:
    today, eve, before = (past.leader.read(query) for query in ("", f"?as_of={EVE}", f"?as_of={BEFORE}"))
    assert opened(today) == {2 * N}
    assert opened(eve) == opened(before) == {N}
    assert number(before, "当天发现") == N
    assert number(eve, "当天发现") == 0
    assert number(today, "24 小时内发现") == N
    assert "待核查 1" in content(eve), "the answer that was sent back today"
    assert "待核查 0" in content(today)
    assert "当天结束时的情况" in eve
    assert "当天结束时的情况" not in today
    assert f"as_of={EVE}" in eve, "the lists behind it are of that day too"
    assert opened(past.leader.read(f"?as_of={BEFORE - timedelta(1)}")) == {0}
    past.leader.read(f"?as_of={TODAY + timedelta(1)}", 422)


def test_the_desks_page_is_as_it_was_that_evening(past: Past) -> None:
    today, eve = past.office.read(""), past.office.read(f"?as_of={EVE}")
    assert (number(today, "待核查"), number(eve, "待核查")) == (0, 1)
    assert "当天等核查的" in eve
    assert re.search(r"findings/[0-9a-f-]{36}\?as_of=", eve), "the finding as it was"
    assert "没有等核查的答复" in today
    assert "没有等核查的答复" not in eve


def test_the_liaisons_page_is_as_it_was_that_evening(past: Past) -> None:
    today, eve, before = (past.liaison.read(query) for query in ("", f"?as_of={EVE}", f"?as_of={BEFORE}"))
    led = number(before, "待整改")
    assert led
    assert number(eve, "待整改") == led - 1
    assert number(eve, "已答复待核查") == 1
    assert number(today, "待整改") == 2 * led
    assert "当天要我们整改的" in eve


def test_an_inspector_is_sent_nowhere_in_the_past(past: Past, wall: Wall) -> None:
    page = clerk(past.leader.client.application, wall, past.town.inspector).read(f"?as_of={EVE}")
    assert "今天的路线" not in page


def test_first_pages_are_narrowed_to_an_area(past: Past) -> None:
    for who in (past.leader, past.office):
        assert opened(who.read(f"?area={past.area}")) == {N}
        assert opened(who.read(f"?area={past.other}")) == {N}
        assert opened(who.read(f"?area={past.other}&as_of={EVE}")) == {0}
        assert f"area={past.area}" in who.read(f"?area={past.area}")
    past.leader.read(f"?area={past.town.district.street}", 404)
    past.leader.read("?area=x", 422)


def test_a_deadline_of_this_morning_had_not_passed_last_night(past: Past, wall: Wall) -> None:
    place = town(wall)
    desk = clerk(past.leader.client.application, wall, place.office)
    with place.district.session(wall) as session:
        send(session, place, now=ago(3))
        session.execute(update(Finding).values(due_at=end_of(EVE) + timedelta(microseconds=1)))
        session.commit()
    assert number(desk.read(""), "现在超期") == N
    eve = desk.read(f"?as_of={EVE}")
    assert (number(eve, "当天超期"), number(eve, "24 小时内到期")) == (0, N)
    assert "没有超期的单位" in eve
    assert "没有超期的单位" not in desk.read("")


# ---- scores ----


def visits(page: str) -> set[str]:
    return set(re.findall(r"(\d+) 次检查，", content(page)))


def test_scores_are_as_of_a_day_and_of_an_area(past: Past) -> None:
    month = f"period={TODAY:%Y-%m}"
    if BEFORE.month != TODAY.month:  # at the beginning of a month the first visit lies in the one before
        month = f"period={TODAY:%Y}"
    read = past.leader.read
    assert visits(read(f"figures?{month}")) == {"2"}
    assert visits(read(f"figures?{month}&as_of={EVE}")) == {"1"}
    assert visits(read(f"figures?{month}&area={past.area}")) == {"1"}
    assert visits(read(f"figures?{month}&area={past.other}&as_of={EVE}")) == {"0"}
    assert "只算到这一天的检查和问题" in read(f"figures?{month}&as_of={EVE}")
    rows = [read(f"figures/export.csv?{month}&area={one}") for one in (past.area, past.other)]
    assert "东片区" in rows[0]
    assert "西片区" in rows[1]
    trends = [past.leader.ask(f"figures/trend.json?{month}{more}").get_json() for more in ("", f"&as_of={EVE}")]
    assert [one["series"][0]["n"][-1] for one in trends] == [2, 1]


def test_a_catalogue_and_an_indicator_are_as_of_a_day(past: Past) -> None:
    period = f"period={TODAY:%Y}"
    key = campaigns()[0].key
    code = "indicators.csv?"
    now_rows, then = (past.leader.read(f"k/{key}/{code}{period}{more}") for more in ("", f"&as_of={EVE}"))
    assert now_rows != then
    page = past.leader.read(f"k/{key}/?{period}&as_of={EVE}")
    assert "当天结束时的情况" in page
    first = re.search(rf"/k/{key}/i/([^?\"]+)\?[^\"]*as_of={EVE}", page)
    assert first, "an indicator's link keeps the day"
    told = past.leader.read(f"k/{key}/i/{first[1]}?{period}&as_of={EVE}")
    assert "当天结束时的情况" in told


def test_an_areas_score_opens_to_whoever_reaches_all_its_members(past: Past, wall: Wall) -> None:
    app, place = past.leader.client.application, past.town
    near, street = (
        clerk(app, wall, add_actor(wall, place.ref, "leader", unit))
        for unit in (place.district.communities[0], place.district.street)
    )
    key, period = campaigns()[0].key, f"period={TODAY:%Y}"
    assert visits(near.read(f"figures?{period}&area={past.area}")) == {"1"}
    near.read(f"figures?{period}&area={past.other}", 403)
    assert "西片区" not in near.read(f"figures?{period}")
    code = campaigns()[0].edition.indicators[0].code
    near.read(f"k/{key}/i/{code}?{period}&unit={past.other}", 403)
    near.read(f"k/{key}/i/{code}.csv?{period}&unit={past.area}")
    street.read(f"k/{key}/i/{code}.csv?{period}&unit={past.area}")
    assert "片区的得分不在您的范围内" in near.read(f"?area={past.other}")
    assert "片区的得分不在您的范围内" not in near.read(f"?area={past.area}")


# ---- sets and registers ----


def test_category_sets_count_as_of_a_day_and_in_an_area(past: Past, wall: Wall) -> None:
    with past.town.district.session(wall) as session:
        category = session.scalars(select(Finding.category).limit(1)).one()
        keep_set(session, past.town.office, "一乱", [("乱停", [category])], now=now())
        session.commit()

    def total(query: str = "") -> int:
        page = past.office.read(f"settings/category-sets{query}")
        return sum(int(one) for one in re.findall(r'data-label="合计">(\d+)', page))

    assert total() == 2 * N
    assert total(f"?as_of={EVE}") == total(f"?area={past.area}") == N
    assert total(f"?as_of={EVE}&area={past.other}") == 0
    assert "新建口径" not in past.office.read(f"settings/category-sets?as_of={EVE}"), "nothing is changed in the past"


def test_visits_are_as_they_were(past: Past, wall: Wall) -> None:
    def places(query: str = "") -> int:
        return past.office.read(f"visits/export.csv{query}").count("便民市场")

    assert places() == 2 * places(f"?as_of={EVE}") > 0
    assert places(f"?as_of={BEFORE - timedelta(1)}") == 0
    assert places(f"?as_of={EVE}&area={past.other}") == 0
    assert "当天结束时的情况" in past.office.read(f"visits?as_of={EVE}")


def test_a_corrected_visit_is_shown_as_it_was_before(past: Past, wall: Wall) -> None:
    place = town(wall)
    office = clerk(past.office.client.application, wall, place.office)
    with place.district.session(wall) as session:
        send(session, place, now=ago(2))
        old = session.scalars(select(Visit)).one()
        session.commit()
        reason = {"reason": "录入有误", "new_visit_id": new_id(), "now": now()}
        correct(session, place.inspector, old.id, campaigns=campaigns(), answers={**ANSWERS, **ALL_GOOD}, **reason)
        session.commit()
    today, eve = office.read("visits"), office.read(f"visits?as_of={EVE}")
    assert str(old.id) in eve
    assert str(old.id) not in today


def test_the_negative_list_is_as_it_was(past: Past, wall: Wall) -> None:
    place = past.town
    event = Event("civilized_city", "桥面塌陷", BEFORE, "deduct", "2.5", "通报", "应急〔2026〕8号")
    with place.district.session(wall) as session:
        entry = watch(session, place.office, replace(event, unit_id=place.district.communities[0]), now=ago(2))
        move(session, place.office, entry.id, "trigger", version=1, on=TODAY, document="认定书", now=now())
        session.commit()
    read = past.office.read
    assert "已触发" in read("negative/export.csv")
    assert "关注" in read(f"negative/export.csv?as_of={EVE}")
    assert "已触发" not in read(f"negative/export.csv?as_of={EVE}")
    assert "桥面塌陷" not in read(f"negative/export.csv?as_of={BEFORE}")
    assert "桥面塌陷" in read(f"negative?as_of={EVE}&state=watched")
    assert "桥面塌陷" not in read("negative?state=watched")
    assert "桥面塌陷" in read(f"negative/export.csv?area={past.area}")
    assert "桥面塌陷" not in read(f"negative/export.csv?area={past.other}")
    assert "列入关注" not in read(f"negative?as_of={EVE}"), "nothing is entered in the past"
    whom = clerk(past.leader.client.application, wall, add_actor(wall, place.ref, "leader", place.district.street))
    assert "桥面塌陷" in whom.read("negative/export.csv")
    assert "桥面塌陷" not in whom.read(f"negative/export.csv?as_of={EVE}"), "watched then, not his to see"


def test_whistles_are_as_they_were(past: Past, wall: Wall) -> None:
    place = past.town
    caller = add_actor(wall, place.ref, "liaison", place.district.communities[0])
    wanted = Wanted(
        caller_unit_id=place.district.communities[0],
        unit_ids=(place.district.departments["sanitation"],),
        matter="污水井堵塞",
        place="南门",
        minutes=30,
    )
    with place.district.session(wall) as session:
        one = blow(session, caller, wanted, now=ago(2)).id
        session.commit()
        whistles.act(session, caller, one, "cancel", version=1, note="已经自行疏通", now=now())
        session.commit()
    read = past.office.read
    assert "已撤销" in read("whistles/export.csv")
    then = read(f"whistles/export.csv?as_of={EVE}")
    assert "已吹哨，等待到场" in then
    assert "已撤销" not in then
    assert "南门" not in read(f"whistles/export.csv?as_of={BEFORE}")
    assert "南门" in read(f"whistles?as_of={EVE}&state=called&late=1")
    assert "南门" not in read("whistles?state=called")
    assert "南门" not in read(f"whistles?area={past.other}")
    assert 'data-clock="' not in read(f"whistles?as_of={EVE}"), "clocks of a past day stand still"


def test_people_and_posts_of_an_area(past: Past, wall: Wall) -> None:
    place = past.town
    admin = clerk(
        past.leader.client.application, wall, add_actor(wall, place.ref, "administrator", place.district.root)
    )
    inside, outside = (
        add_actor(wall, place.ref, "liaison", unit, name)
        for unit, name in zip(place.district.communities, ("片内人", "片外人"), strict=False)
    )
    assert inside.name != outside.name
    for path in ("people", "people/export.csv", "posts", "posts/export.csv"):
        page = admin.read(f"{path}?area={past.area}")
        assert "片内人" in page, path
        assert "片外人" not in page, path
    assert "片内人" in admin.read("posts?q=片内")
    assert "片内人" not in admin.read(f"posts?q=片内&as_of={SINCE - timedelta(1)}").split("</form>")[-1]


def test_notices_are_as_they_were(past: Past, wall: Wall) -> None:
    place = past.town
    units = [place.district.departments["sanitation"], place.district.communities[0]]
    draft = Draft(
        "rectification_notice", units[0], "往日整改单", "限期整改", due_at=now() + timedelta(hours=1), further=units[1:]
    )
    with place.district.session(wall) as session:
        notice = issue(session, place.office, draft, now=ago(2))
        session.commit()
        version = notice.version
        notices.act(session, place.liaison, notice.id, "sign", version=version, now=ago(1))
        notices.act(session, place.office, notice.id, "cancel", version=version + 1, note="发错了", now=now())
        session.commit()
    read = past.office.read
    lines = [read(f"notices/export.csv?box=all{more}") for more in ("", f"&as_of={EVE}", f"&as_of={BEFORE}")]
    assert "已撤销" in lines[0]
    assert "待签收" in lines[1], "one of the two had not signed"
    assert "已撤销" not in lines[1]
    assert "往日整改单" not in lines[2]
    then = read(f"notices?box=all&as_of={EVE}&state=issued")
    assert "往日整改单" in then
    assert "当天结束时的情况" in then
    assert "往日整改单" not in read("notices?box=all&state=issued")
    assert "往日整改单" not in read(f"notices?box=all&as_of={EVE}&state=cancelled")
    assert "往日整改单" not in read(f"notices?box=all&as_of={EVE}&late=1"), "its day had not come"
    assert "往日整改单" in read(f"notices?box=all&as_of={EVE}&area={past.area}")
    assert "往日整改单" not in read(f"notices?box=all&as_of={EVE}&area={past.other}")
    mine = past.liaison.read(f"notices?box=in&as_of={EVE - timedelta(1)}")
    assert "往日整改单" in mine, "his own signature came the day after"
