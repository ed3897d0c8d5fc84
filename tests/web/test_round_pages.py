"""Rounds on the pages (检查轮次): planned, staffed, filled, opened, walked, read, printed; hidden ones in this room alone."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import select

from core.work.calendar import local_day
from core.work.rounds.stops import count_stops
from core.work.tables import Round, RoundPlan
from tenants.db import now
from tests.web.desk import Clerk, clerk, content
from tests.work.rounding import ANSWERS, Rounds, open_one, rounds_town, visit


@pytest.fixture
def place(wall) -> Rounds:
    return rounds_town(wall)


@pytest.fixture
def office(app, wall, place) -> Clerk:
    return clerk(app, wall, place.office)


def fields(place: Rounds, **more: str) -> dict[str, str]:
    day = local_day(now())
    said = {"kind": "weekly", "title": "本周督查", "unit_id": str(place.district.root), "mode": "announced"}
    return (
        said
        | {
            "source": "office",
            "weight": "1",
            "starts_on": day.isoformat(),
            "ends_on": (day + timedelta(days=6)).isoformat(),
        }
        | more
    )


def version(page: str) -> str:
    return re.findall(r'name="version" value="(\d+)"', page)[-1]


def planned(place: Rounds, office: Clerk, **more: str) -> str:
    answer, _ = office.send("rounds/new", fields(place, **more), 303)
    return answer.headers["Location"].rsplit("/", 1)[-1]


def lives(place: Rounds) -> dict[str, object]:
    """Days around the real one: pages ask the clock."""
    day = local_day(now())
    return {"starts_on": day, "ends_on": day + timedelta(days=6), "now": now()}


def test_a_round_from_the_form_to_the_first_visit(place, office):
    assert "这里还没有轮次" in content(office.read("rounds"))
    _, page = office.send("rounds/new", fields(place, title="", ends_on="2020-01-01"), 422)
    assert "请填写名称" in page
    assert "结束日早于开始日" in page
    key = planned(place, office)
    page = office.read(f"rounds/{key}")
    assert "筹备" in content(page)
    assert "还没有点位" in content(page)
    office.send(f"rounds/{key}/open", {"version": version(page)}, 409)
    person = str(place.people["first"].person_id)
    office.send(
        f"rounds/{key}/teams", {"version": version(page), "name": "一组", "members": person, "leader": person}, 303
    )
    page = office.read(f"rounds/{key}")
    team = re.search(r'value="([0-9a-f-]{36})">一组</option>', page).group(1)
    office.send(
        f"rounds/{key}/lines",
        {"version": version(page), "name": "东线", "team_id": team, "visits_min": "7", "visits_max": "8"},
        303,
    )
    page = office.read(f"rounds/{key}")
    assert "每点 7–8 次" in content(page)
    _, refused = office.send(
        f"rounds/{key}/lines", {"version": version(page), "name": "", "visits_min": "0", "visits_max": "x"}, 422
    )
    assert "应为整数" in refused
    line = re.search(r"/lines/([0-9a-f-]{36})", page).group(1)
    chosen = office.read(f"rounds/{key}/sites?type=produce_market")
    assert "第1市场" in chosen
    assert "还没查过" in chosen
    data = {"version": version(chosen), "sites": [str(one) for one in place.sites[:2]], "line": line}
    office.send(f"rounds/{key}/sites", data, 303)
    page = office.read(f"rounds/{key}/order")
    first, second = (f"pos.{one}" for one in place.sites[:2])
    office.send(f"rounds/{key}/order", {"version": version(page), first: "2", second: "1", "act": "order"}, 303)
    page = office.read(f"rounds/{key}/order")
    assert page.index("第2市场") < page.index("第1市场")
    page = office.read(f"rounds/{key}")
    assert "0/14" in content(page)
    office.send(f"rounds/{key}/open", {"version": version(page)}, 303)
    page = office.read(f"rounds/{key}")
    assert "进行中" in content(page)
    assert "hx-trigger" in page
    _, lost = office.send(f"rounds/{key}/close", {"version": "1"}, 412)
    assert "别人刚刚更新过" in lost
    office.send(f"rounds/{key}/sites/{place.sites[0]}/drop", {"version": version(page), "reason": "停业整顿"}, 303)
    page = office.read(f"rounds/{key}")
    assert "停业整顿" in page
    assert "0/7" in content(page)
    office.send(f"rounds/{key}/close", {"version": version(page)}, 303)
    assert "已结束" in content(office.read(f"rounds/{key}"))


def test_results_are_read_printed_and_downloaded(place, office, app, wall):
    with place.session() as session:
        of = open_one(place, session, **lives(place))
        visit(place, session, place.sites[0], of, answers=ANSWERS, now=now())
        visit(place, session, place.sites[1], of, now=now())
        session.commit()
        key = of.id
    page = office.read(f"rounds/{key}/results")
    said = content(page)
    assert "2/4" in said
    assert "得分率" in said
    assert "没有可比的上一轮" in said
    assert "不足 5 次" in said
    assert "最弱的检查项" in said
    assert "第1市场" in said
    assert "1/1" in content(office.read(f"rounds/{key}/results?level=community"))
    paper = office.read(f"rounds/{key}/results/print")
    assert "打印于" in paper
    assert "data-print" in paper
    text = office.ask(f"rounds/{key}/results/items.csv").get_data(as_text=True)
    assert text.startswith("\ufeff创建项目,检查表")
    assert len(text.splitlines()) > 30
    book = openpyxl.load_workbook(io.BytesIO(office.ask(f"rounds/{key}/results/sites.xlsx").get_data()))
    assert [row[0].value for row in book.active.iter_rows(min_row=2)] == ["第1市场", "第2市场"]
    assert "一街道" in office.ask(f"rounds/{key}/results/units.csv").get_data(as_text=True)
    liaison = clerk(app, wall, place.people["liaison"])
    assert "得分率" in content(liaison.read(f"rounds/{key}/results"))


def test_a_secret_round_is_shown_to_its_own_alone_and_leaves_no_trace(place, office, app, wall):
    key = planned(place, office, kind="ten_day_secret", mode="secret", title="十一月下旬暗访")
    page = office.read("rounds?when=running")
    assert "十一月下旬暗访" in page
    assert "暗访，未解密" in page
    inspector, liaison = (clerk(app, wall, place.people[who]) for who in ("first", "liaison"))
    for one in (inspector, liaison):
        assert "十一月下旬暗访" not in one.read("rounds?when=running")
        assert one.ask(f"rounds/{key}").status_code == 404
        assert one.ask(f"rounds/{key}/results").status_code == 404
        assert "暗访" not in one.ask("rounds/export.csv").get_data(as_text=True)
    assert "十一月下旬暗访" in office.ask("rounds/export.csv").get_data(as_text=True)
    with place.session() as session:
        of = open_one(place, session, kind="ten_day_secret", title="走着的暗访", **lives(place))
        visit(place, session, place.sites[0], of, answers=ANSWERS, now=now())
        session.commit()
        key = of.id
    assert "走着的暗访" in inspector.read("rounds")
    assert "走着的暗访" not in liaison.read("rounds")
    page = office.read(f"rounds/{key}")
    office.send(f"rounds/{key}/close", {"version": version(page)}, 303)
    page = office.read(f"rounds/{key}")
    office.send(f"rounds/{key}/release", {"version": version(page)}, 303)
    assert "走着的暗访" in liaison.read("rounds?when=over")
    assert "第1市场" in liaison.read(f"rounds/{key}/results")


def test_a_plan_shows_its_dates_and_makes_its_rounds(place, office):
    copied = None
    with place.session() as session:
        copied = open_one(place, session, **lives(place)).id
        session.commit()
    asked = office.read(f"rounds/plans/new?copy={copied}&every=week&weekdays=0&starts_on=2030-01-01")
    assert len(re.findall(r"1月7日", content(asked))) >= 1
    day = local_day(now())
    said = {
        "kind": "daily",
        "mode": "announced",
        "title": "日督查",
        "unit_id": str(place.district.root),
        "every": "day",
    }
    said |= {
        "day": "1",
        "week": "1",
        "days": "0",
        "working": "",
        "starts_on": day.isoformat(),
        "copy": str(copied),
        "opens": "1",
    }
    _, page = office.send("rounds/plans/new", said | {"days": "900", "every": "week"}, 422)
    assert "天数超出范围" in page
    assert "没有选星期几" in page
    answer, _ = office.send("rounds/plans/new", said, 303)
    key = answer.headers["Location"].rsplit("/", 1)[-1]
    page = office.read(f"rounds/plans/{key}")
    assert f"日督查 {day:%m-%d}" in page
    with place.session() as session:
        rounds = session.scalars(select(Round).where(Round.plan_id == key)).all()
        assert len(rounds) == 8
        assert {one.state for one in rounds} == {"open"}
        assert {count_stops(session, one.id) for one in rounds} == {4}
    office.send(f"rounds/plans/{key}/state", {"version": version(page), "state": "paused"}, 303)
    page = office.read(f"rounds/plans/{key}")
    assert "已暂停" in content(page)
    office.send(
        f"rounds/plans/{key}/edit", said | {"version": version(page), "title": "每日督查", "every": "ten_day"}, 303
    )
    assert "每日督查" in office.read("rounds/plans")
    with place.session() as session:
        assert session.scalars(select(RoundPlan)).one().template["stops"]


def test_a_sample_is_committed_and_drawn(place, office):
    key = planned(place, office)
    page = office.read(f"rounds/{key}/sampling?plan=sanitary_assessment&size=to_2m")
    assert "还差" in page
    assert 'value="79"' in page
    said = {"version": version(page), "name.1": "市场", "types.1": "produce_market", "size.1": "2"}
    _, refused = office.send(f"rounds/{key}/sampling", said | {"size.1": "x", "types.2": "no_such"}, 422)
    assert "数量超出范围" in refused
    office.send(f"rounds/{key}/sampling", said, 303)
    page = office.read(f"rounds/{key}/sampling")
    assert "在用的有 4 个" in content(page)
    office.send(f"rounds/{key}/sampling", {"version": version(page), "act": "commit"}, 303)
    page = office.read(f"rounds/{key}/sampling")
    assert "已经公布" in page
    office.send(f"rounds/{key}/sampling", {"version": version(page), "act": "draw"}, 303)
    with place.session() as session:
        assert count_stops(session, key) == 2


def test_a_subdistrict_runs_its_own_round(place, app, wall):
    liaison = clerk(app, wall, place.people["liaison"])
    form = liaison.read("rounds/new")
    assert "街道自办检查" in form
    assert "旬暗访" not in form
    assert ">周督查<" not in form
    street = str(place.district.street)
    own = fields(place, kind="own_round", unit_id=street, source="own", title="街道自查自评")
    answer, _ = liaison.send("rounds/new", own, 303)
    key = answer.headers["Location"].rsplit("/", 1)[-1]
    assert "第1市场" in liaison.read(f"rounds/{key}/sites")
    liaison.send("rounds/new", own | {"kind": "weekly"}, 403)
    inspector = clerk(app, wall, place.people["first"])
    assert inspector.ask(f"rounds/{key}").status_code == 404  # a draft is for those who plan


def test_today_shows_where_rounds_send_the_inspector(place, app, wall):
    with place.session() as session:
        open_one(place, session, quota=7, **lives(place))
        session.commit()
    page = clerk(app, wall, place.people["first"]).read("")
    assert "轮次要去的点位" in page
    assert "0/7 次" in content(page)
