"""The first page (今日): each post finds what it is asked for now, and nothing that is not its own."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask, g
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError

from core import request as asked
from core.campaigns import installed
from core.figures.grants import give_grant
from core.figures.periods import containing
from core.figures.publishing import publish
from core.figures.scores import score_campaign
from core.settings import ZONE
from core.web.desk.bell import BELL_COOKIE, KEPT, Bell, read_bell
from core.web.desk.today_leader import dearest, read_lines
from core.web.errors import page as error_page
from core.work.desk.waiting import todo
from core.work.loop.ledger import act
from core.work.papers.notes import tell
from core.work.tables import Finding
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor, add_site, add_unit, bare_district, bare_tenant
from tests.web.desk import clerk, content, panels, with_second_post
from tests.work.market import ALL_GOOD, FAILED, Town, send, town
from tests.work.pictures import jpeg

A_DAY = timedelta(days=1)


def this_day() -> date:
    return now().astimezone(ZONE).date()


@pytest.fixture
def place(wall: Wall) -> Town:
    """A district whose market was inspected just now."""
    found = town(wall)
    with found.district.session(wall) as session:
        send(session, found, now=now())
        session.commit()
    return found


def make_late(wall: Wall, place: Town, count: int) -> list[str]:
    """Let some findings of the liaison's unit be late; gives their numbers, the latest deadline last."""
    with place.district.session(wall) as session:
        rows = session.scalars(select(Finding).order_by(Finding.number).limit(count)).all()
        for days, row in enumerate(reversed(rows), 1):
            session.execute(update(Finding).where(Finding.id == row.id).values(due_at=now() - 9 * days * A_DAY))
        session.commit()
        return [str(row.number) for row in rows]


def tiles(page: str) -> dict[str, str]:
    """The tiles of a page by their labels."""
    found = re.findall(r'<span class="label">(.*?)</span><span class="value">(\d+/\d+|[\d+−-]+|—)', page)
    return dict(found)


# ---- by post ----


def test_an_inspector_is_sent_where_nobody_was_longest(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        homes = place.district.communities
        never = add_site(session, homes[0], "produce_market", name="从未查过的市场")
        old = add_site(session, homes[1], "supermarket", "produce_market", name="上月查过的市场")
        send(session, place, ALL_GOOD, site_id=old, now=now() - 30 * A_DAY)
        add_site(session, homes[1], "no_such_type", name="没有检查表的地方")
        session.commit()
    page = clerk(app, wall, place.inspector).read()
    said = content(page)
    assert said.index("从未查过的市场") < said.index("上月查过的市场")
    assert "30 天没查" in said
    assert "没有检查表的地方" not in said
    route = page[page.index("今天的路线") :]
    assert re.findall(r'/visit/([0-9a-f-]{36})"', route) == [str(never), str(old)], "the market was seen today"
    assert tiles(page) == {"今天我查了": "1", "今天查过的点位": "1"}
    assert f"发现 {len(FAILED)} 个问题" in said
    assert "今天我的检查" in panels(page)


def test_a_liaison_sees_the_most_urgent_first(app: Flask, wall: Wall, place: Town) -> None:
    late = make_late(wall, place, len(FAILED))
    page = clerk(app, wall, place.liaison).read()
    assert panels(page) == ["要我们整改的", "已答复，等核查"]
    queue = page[page.index("要我们整改的") : page.index("已答复，等核查")]
    with place.district.session(wall) as session:
        numbers = {str(one.id): str(one.number) for one in session.scalars(select(Finding))}
    shown = [numbers[one] for one in re.findall(r'/findings/([0-9a-f-]{36})"', queue)]
    assert shown == sorted(shown, key=late.index)
    assert shown
    assert tiles(page)["超期"] == tiles(page)["待整改"] == str(len(shown))
    assert "超期 " in content(queue)
    assert re.search(rf'class="sc-tool sc-todo"[^>]*>.*?<b>{len(shown)}</b>', page), "the bell counts the same"


def test_what_was_answered_waits_for_others(app: Flask, wall: Wall, place: Town) -> None:
    liaison, office = clerk(app, wall, place.liaison), clerk(app, wall, place.office)
    one = re.findall(r'/findings/([0-9a-f-]{36})"', liaison.read())[0]
    liaison.send(f"findings/{one}/act", {"version": "1", "verb": "answer", "photos": liaison.photo(jpeg())}, 303)
    mine, theirs = liaison.read(), office.read()
    assert one in mine[mine.index("已答复，等核查") :]
    assert tiles(mine)["已答复待核查"] == "1"
    assert one in theirs[theirs.index("等我们核查") : theirs.index("超期的单位")]
    assert tiles(theirs)["待核查"] == "1"


def test_the_office_sees_numbers_late_units_and_what_to_publish(app: Flask, wall: Wall, place: Town) -> None:
    make_late(wall, place, 3)
    page = clerk(app, wall, place.office).read()
    assert panels(page) == ["等我们核查", "超期的单位", "发布"]
    assert tiles(page) == {
        "本月发现": str(len(FAILED)),
        "其中已销号": "0",
        "现在超期": "3",
        "24 小时内到期": tiles(page)["24 小时内到期"],
        "待核查": "0",
    }
    late = page[page.index("超期的单位") :]
    assert sum(map(int, re.findall(r'<td class="r sc-late">(\d+)</td>', late))) == 3
    assert content(page).count("未发布") == 3
    assert "今天的路线" not in page, "the office is not sent out"


def test_a_published_period_is_no_longer_due(app: Flask, wall: Wall, place: Town) -> None:
    period = containing("month", this_day()).previous
    campaign = installed().campaigns["sanitary_city"]
    with place.district.session(wall) as session:
        publish(session, place.office, campaign, campaign.edition, period, now=now())
        session.commit()
    said = content(clerk(app, wall, place.office).read())
    assert said.count("未发布") == 2
    assert said.count("已发布") == 1


def test_a_leader_sees_what_is_late_lost_and_new(app: Flask, wall: Wall, place: Town) -> None:
    make_late(wall, place, 3)
    page = clerk(app, wall, place.leader).read()
    assert panels(page) == ["得分", "哪里在失分", "谁超期", "拖得最久的"]
    said = tiles(page)
    assert (said["超期"], said["24 小时内发现"], said["24 小时内销号"]) == ("3", str(len(FAILED)), "0")
    with place.district.session(wall) as session:
        period = containing("month", this_day() - 2 * A_DAY)
        for campaign in installed().campaigns.values():
            score = score_campaign(session, place.leader, campaign, campaign.edition, period, cut_off=now())
            shown = "未评" if score.percent_of_assessed is None else f"{score.percent_of_assessed}%"
            assert re.search(rf"{campaign.title_zh} .{{0,80}}{re.escape(shown)}", content(page)), campaign.key


def test_points_lost_are_weighed_by_their_own_campaign(app: Flask, wall: Wall, place: Town) -> None:
    with app.app_context(), place.district.session(wall) as session:
        lines = read_lines(session, place.leader, containing("month", this_day()), None, now())
    dear = dearest(lines)
    assert len({one.key for one in dear}) > 1
    weights = [one.weight for one in dear]
    assert weights == sorted(weights, reverse=True)
    assert all(one.loss.lost > 0 for one in dear)
    thousand = next(one for one in dearest(lines, 99) if one.key == "sanitary_city")
    assert abs(thousand.weight - thousand.loss.lost / 10) <= Decimal("0.005")


def test_somebody_with_two_posts_sees_both(app: Flask, wall: Wall, place: Town) -> None:
    both = with_second_post(wall, place.liaison, "leader")
    assert panels(clerk(app, wall, both).read())[:3] == ["要我们整改的", "已答复，等核查", "得分"]


def test_an_administrator_is_led_through_the_opening(app: Flask, wall: Wall, place: Town) -> None:
    admin = add_actor(wall, place.ref, "administrator", place.district.root)
    page = clerk(app, wall, admin).read()
    assert panels(page)[0].startswith("开通还差")
    assert "本月发现" in content(page), "then the numbers of the month"
    assert "开通还差" not in content(clerk(app, wall, place.office).read())


def test_somebody_without_a_post_is_told_what_to_do(app: Flask, wall: Wall, place: Town) -> None:
    idle = add_actor(wall, place.ref, "no_such_role", place.district.root)
    said = content(clerk(app, wall, idle).read())
    assert "您在这里还没有岗位" in said


@pytest.mark.parametrize("role", ["inspector", "hq_office", "liaison", "leader"])
def test_an_empty_district_says_what_comes_next(app: Flask, wall: Wall, role: str) -> None:
    district = bare_district(wall)
    page = clerk(app, wall, add_actor(wall, district.ref, role, district.root)).read()
    assert 'class="sc-empty"' in page


def test_a_leader_of_one_subdistrict(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        far = add_unit(session, "subdistrict", "另一街道", [place.district.root])
        session.commit()
    near = clerk(app, wall, add_actor(wall, place.ref, "leader", place.district.street)).read()
    away = clerk(app, wall, add_actor(wall, place.ref, "leader", far)).read()
    assert tiles(near)["24 小时内发现"] == str(len(FAILED))
    assert tiles(away)["24 小时内发现"] == "0"
    assert "还看不出在哪里失分" in away


# ---- the city ----


def test_a_bureau_sees_who_has_published(app: Flask, wall: Wall) -> None:
    city = bare_tenant(wall, "city", "测试市")
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    bureau = add_actor(wall, city, "bureau", root)
    assert "还没有区县授权给您" in clerk(app, wall, bureau).read()
    today = this_day()
    period = containing("month", today).previous
    campaign = installed().campaigns["sanitary_city"]
    for name, publishes in (("先发区", True), ("未发区", False)):
        known = {campaign.key: (campaign.edition.key, campaign.edition.sha256)}
        district = bare_district(wall, name, known, upper_id=city.id)
        office = add_actor(wall, district.ref, "hq_office", district.root)
        with district.session(wall) as session:
            give_grant(session, office, city, campaign.key, "totals", today)
            if publishes:
                publish(session, office, campaign, campaign.edition, period, now=now())
            session.commit()
    page = clerk(app, wall, bureau).read()
    assert tiles(page) == {"国家卫生城市": "1/2"}
    said = content(page)
    assert "还差：未发区" in said
    assert re.search(r"未发区 未发布", said)
    assert f"/c/{city.slug}/comparison" in page
    received = page[page.index("最新收到的发布") :]
    assert "先发区" in received
    assert "未发区" not in received


# ---- the bell ----


def test_everybody_has_a_bell_of_duties_or_of_notes(app: Flask, wall: Wall, place: Town) -> None:
    """Desks, units and those who visit are waited for; who only reads or looks after the accounts is told of his notes."""
    for person in (place.office, place.inspector, place.liaison):
        assert re.search(r'title="等我处理的事".*?<b>\d+</b>', clerk(app, wall, person).read("findings"), re.DOTALL)
    for role in ("leader", "administrator"):
        reader = add_actor(wall, place.ref, role, place.district.root)
        who = clerk(app, wall, reader)
        page = who.read("findings")
        bell = page[page.index("sc-todo") : page.index("</a>", page.index("sc-todo"))]
        assert 'title="未读提醒"' in bell, role
        assert "<b>" not in bell, "nothing unread, no number"
        assert f'href="/t/{place.ref.slug}/inbox"' in bell
        with place.district.session(wall) as session:
            tell(session, person_ids=[reader.person_id], kind="test", text="请知悉", params={}, now=now())
            session.commit()
        assert "请知悉" in who.read("inbox"), role
        assert shown_in_bell(who.read("findings")) == 1, role


def test_the_city_bureau_reaches_its_notes(app: Flask, wall: Wall) -> None:
    city = bare_tenant(wall, "city", "铃铛市")
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "铃铛市", [])
        session.commit()
    bureau = add_actor(wall, city, "bureau", root)
    with wall.open(city.id) as session:
        tell(session, person_ids=[bureau.person_id], kind="test", text="请知悉", params={}, now=now())
        session.commit()
    who = clerk(app, wall, bureau)
    assert shown_in_bell(who.read("")) == 1
    assert "请知悉" in who.read("inbox")
    who.read("inbox/answer", 404)


def test_following_a_note_moves_the_bell_at_once(app: Flask, wall: Wall, place: Town) -> None:
    leader = add_actor(wall, place.ref, "leader", place.district.root)
    with place.district.session(wall) as session:
        for text in ("甲", "乙"):
            tell(session, person_ids=[leader.person_id], kind="test", text=text, params={}, now=now())
        session.commit()
    who = clerk(app, wall, leader)
    assert shown_in_bell(who.read("findings")) == 2
    one = re.search(r"inbox/notes/[0-9a-f-]{36}", who.read("inbox"))
    assert one
    assert who.ask(one[0]).status_code == 303
    assert shown_in_bell(who.read("findings")) == 1


def shown_in_bell(page: str) -> int:
    found = re.search(r"sc-todo.*?<b>(\d+)</b>", page, re.DOTALL)
    assert found
    return int(found[1])


def test_a_count_is_kept_for_a_moment(app: Flask, wall: Wall, place: Town) -> None:
    liaison, office = clerk(app, wall, place.liaison), clerk(app, wall, place.office)
    before = shown_in_bell(liaison.read("findings"))
    with place.district.session(wall) as session:
        one = todo(session, place.liaison).answer[0].id
    photo = office.photo(jpeg())
    with place.district.session(wall) as session:
        act(session, place.liaison, one, "answer", version=1, photos=[photo])
        session.commit()
    assert shown_in_bell(liaison.read("findings")) == before, "kept"
    assert shown_in_bell(liaison.read("inbox")) == before - 1, "the list of duties is counted afresh"
    assert shown_in_bell(liaison.read("findings")) == before - 1, "and that is what is kept"


@pytest.mark.parametrize(
    "said", ["9.{now}.000000000000", "x.{now}.y", "9", "", "9.9.9.9", "-1.{now}.z", "²." + "1." * 9]
)
def test_a_count_that_is_not_ones_own_is_no_count(app: Flask, wall: Wall, place: Town, said: str) -> None:
    office, liaison = clerk(app, wall, place.office), clerk(app, wall, place.liaison)
    right = shown_in_bell(office.read("findings"))
    path = f"/t/{place.ref.slug}/"
    office.client.set_cookie(BELL_COOKIE, said.format(now=int(now().timestamp())), path=path)
    assert shown_in_bell(office.read("findings")) == right
    kept = liaison.ask("findings").headers["Set-Cookie"].partition("=")[2].split(";")[0]
    office.client.set_cookie(BELL_COOKIE, kept, path=path)
    assert shown_in_bell(office.read("findings")) == right, "another's browser kept this one"


def test_an_old_count_is_no_count(app: Flask, wall: Wall, place: Town) -> None:
    office = clerk(app, wall, place.office)
    kept = office.ask("findings").headers["Set-Cookie"].partition("=")[2].split(";")[0]
    count, at, reader = kept.split(".")
    old = f"{int(count) + 5}.{int(at) - int(KEPT.total_seconds()) - 1}.{reader}"
    office.client.set_cookie(BELL_COOKIE, old, path=f"/t/{place.ref.slug}/")
    assert shown_in_bell(office.read("findings")) == int(count)


def test_a_broken_request_still_says_that_it_broke(app: Flask, wall: Wall, place: Town) -> None:
    with app.test_request_context(f"/t/{place.ref.slug}/"):
        asked.begin()
        assert read_bell() is None, "nobody has entered"
        g.actor, g.session = place.office, place.district.session(wall)
        assert read_bell() == Bell(0, True)
        with pytest.raises(ProgrammingError):
            g.session.execute(text("SELECT * FROM no_such_table"))
        assert read_bell() is None
        assert error_page(500).status_code == 500


def test_ones_own_answer_moves_the_bell_at_once(app: Flask, wall: Wall, place: Town) -> None:
    liaison = clerk(app, wall, place.liaison)
    photo = liaison.photo(jpeg())
    before = shown_in_bell(liaison.read("findings"))
    one = re.findall(r'/findings/([0-9a-f-]{36})"', liaison.read())[0]
    liaison.send(f"findings/{one}/act", {"version": "1", "verb": "answer", "photos": photo}, 303)
    assert shown_in_bell(liaison.read("findings")) == before - 1
