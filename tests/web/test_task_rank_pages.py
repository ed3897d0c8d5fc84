"""Task ranks, appraisals and the leader's page: from tasks to places, to a frozen and signed month, to one page on the phone."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import update

from core.figures.task_figures import places
from core.periods import containing
from core.work.calendar import local_day
from core.work.tables import Sponsorship, Task, TaskDay
from tenants.db import new_id, now
from tenants.models import Person
from tenants.scope import Wall
from tests.factory import SINCE, add_actor
from tests.figures.tasking import task
from tests.web.desk import Clerk, clerk, content, panels
from tests.work.carding import Town, at, join_area, town

TODAY = local_day(now())
YESTERDAY = TODAY - timedelta(days=1)
MONTH = containing("month", TODAY).previous
LONG_AGO = MONTH.start - timedelta(days=3)


@dataclass
class Desk:
    place: Town
    office: Clerk
    leader: Clerk
    liaison: Clerk
    english: Clerk


@pytest.fixture(scope="module")
def desk(app: Flask, wall: Wall) -> Desk:
    place = town(wall, "排名区", streets=3)
    leader = add_actor(wall, place.ref, "leader", place.district.root, "区领导乙")
    english = add_actor(wall, place.ref, "hq_office", place.district.root, "创建办乙")
    with place.session(wall) as session:
        join_area(session, place.areas[0], unit_id=place.streets[0])
        first, second, third = place.streets
        common = {"starts_on": LONG_AGO, "due_on": TODAY + timedelta(days=400)}
        for unit, done in ((first, 3), (second, 1), (third, 3)):
            for n in range(4):
                task(session, unit, steps=[("done", at(LONG_AGO, 10))] if n < done else (), **common)
        charge = Person(id=new_id(), name="演示责任人", pinyin="yanshi", phone="13800000000")
        session.add(charge)
        session.flush()
        task(
            session,
            second,
            title="拆除违建雨棚",
            starts_on=LONG_AGO,
            due_on=YESTERDAY,
            person_id=charge.id,
            wanted_due_on=TODAY + timedelta(days=9),
            told=[(5000, at(LONG_AGO, 12))],
        )
        task(
            session,
            second,
            title="清运建筑垃圾",
            starts_on=LONG_AGO,
            due_on=TODAY + timedelta(days=5),
            told=[(300, at(YESTERDAY, 9))],
        )
        session.add(
            Sponsorship(
                kind="leader",
                person_id=leader.person_id,
                object_unit_id=second,
                valid_from=SINCE,
            )
        )
        for day in (MONTH.start, MONTH.start + timedelta(days=1), MONTH.end, YESTERDAY):
            places.compute_day(session, day, now=now())
        session.commit()
    people = (place.office, leader, place.liaisons[1])
    return Desk(place, *(clerk(app, wall, one) for one in people), clerk(app, wall, english, "en"))


def rows_of(answer: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.decode("utf-8-sig"))))


def test_the_places_of_today_and_of_a_kept_day(desk: Desk) -> None:
    page = desk.office.read("task-ranks?league=subdistrict")
    text = content(page)
    assert "75.00% 3/4" in text
    assert "16.67% 1/6" in text
    assert text.count("并列") >= 2
    assert "今天还没有结束" in text
    kept = desk.office.read(f"task-ranks?league=subdistrict&day={YESTERDAY}")
    assert "核对重算" in kept
    assert "截至当日结束" in kept
    assert "这一天没有名次" in desk.office.read(f"task-ranks?league=subdistrict&day={SINCE}")
    assert "第1片区" in desk.liaison.read("task-ranks")
    assert "核对重算" not in desk.liaison.read(f"task-ranks?day={YESTERDAY}")
    desk.office.read(f"task-ranks?day={TODAY + timedelta(days=1)}", 422)
    desk.office.read("task-ranks?league=everybody", 422)


def test_a_day_is_computed_by_button_and_only_changes_in_sight(desk: Desk, wall: Wall) -> None:
    desk.office.send("task-ranks/recompute", {"day": YESTERDAY.isoformat()}, 303)
    assert "核对完毕" in desk.office.read("task-ranks")
    desk.office.send("task-ranks/recompute", {"day": TODAY.isoformat()}, 303)
    assert "还没有结束" in desk.office.read("task-ranks")
    assert desk.liaison.ask("task-ranks").status_code == 200
    desk.liaison.send("task-ranks/recompute", {"day": YESTERDAY.isoformat()}, 403)


def test_the_files(desk: Desk) -> None:
    rows = rows_of(desk.office.ask(f"task-ranks/export.csv?day={YESTERDAY}").data)
    street = next(one for one in rows if one[3] == "排名区2号街道")
    assert (street[4], street[5], street[6]) == ("1", "6", "16.67")
    assert desk.office.ask("task-ranks/export.xlsx").data[:2] == b"PK"
    rates = rows_of(desk.office.ask("task-ranks/rates/export.csv?by=area").data)
    assert rates[1][1:6] == ["第1片区", "", "3", "4", "75.00"]
    assert desk.office.ask("task-ranks/rates/export.xlsx").data[:2] == b"PK"


def test_completion_rates_of_what_one_may_see(desk: Desk) -> None:
    text = content(desk.office.read("task-ranks/rates"))
    assert "已报完成 7/14" in text
    assert "50.00%" in text
    own = content(desk.liaison.read("task-ranks/rates"))
    assert "已报完成 1/6" in own
    assert "排名区一街道" not in own
    for by in ("area", "line", "campaign", "plan"):
        assert desk.office.ask(f"task-ranks/rates?by={by}").status_code == 200
    assert "截至当日结束" in desk.office.read(f"task-ranks/rates?day={YESTERDAY}")
    desk.office.read("task-ranks/rates?by=colour", 422)


def test_the_wall_has_lights_numbers_and_who_answers(desk: Desk) -> None:
    text = content(desk.office.read("task-ranks/wall"))
    assert "任务上墙、进度上墙、责任上墙" in text
    assert "红灯 排名区2号街道" in text
    assert "绿灯 排名区一街道" in text
    assert "区领导乙" in text


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="((?:weight|month)\.[\w]+)"[^>]*value="([^"]*)"', page))


def test_from_a_rule_to_a_signed_month(desk: Desk, wall: Wall) -> None:
    said = {
        "name": "街道月考核",
        "league": "subdistrict",
        "missing": "skipped",
        "weeks": "equal",
        "missing_part": "reweigh",
    }
    said |= {"minimum_days": "１", "weight.task_rate": "６０", "weight.task_in_time": "30"}
    _, page = desk.office.send("appraisals/rules", said, 422)
    assert "各项权重之和应为 100%，现在是 90%" in page
    assert fields(page)["weight.task_rate"] == "６０"
    answer, _ = desk.office.send("appraisals/rules", said | {"weight.task_in_time": "40%"}, 303)
    rule = "appraisals/rules/" + answer.location.rpartition("/")[2]
    assert fields(desk.office.read(rule))["weight.task_in_time"] == "40"
    desk.office.send(f"{rule}/move", {"version": "1", "verb": "activate"}, 303)
    assert "执行中" in desk.office.read(rule)
    assert 'name="weight' not in desk.liaison.read(rule)
    desk.liaison.send(rule, said | {"version": "2"}, 403)
    preview = desk.office.read(f"{rule}/preview?period={MONTH.key}")
    units = re.findall(r"unit=([0-9a-f-]{36})#sums", preview)
    page = desk.office.read(f"{rule}/preview?period={MONTH.key}&unit={units[0]}")
    assert "÷" in content(page)
    assert "3/4" in content(page)
    answer, _ = desk.leader.send(f"{rule}/freeze", {"period": MONTH.key}, 303)
    one = "appraisals/" + answer.location.rpartition("/")[2]
    page = desk.leader.read(one)
    sha256 = re.search(r'name="sha256" value="([0-9a-f]{64})"', page)[1]
    assert hashlib.sha256(desk.leader.ask(f"{one}/body.json").data).hexdigest() == sha256
    assert "待签字" in page
    desk.leader.send(f"{one}/sign", {"sha256": sha256}, 303)
    assert "您已签字，等另一个人签" in desk.leader.read(one)
    desk.leader.send(f"{one}/sign", {"sha256": sha256}, 303)
    assert "另一个签名须由另一个人签" in desk.leader.read(one)
    desk.liaison.send(f"{one}/sign", {"sha256": sha256}, 303)
    assert "只有全区的领导或创建办" in desk.liaison.read(one)
    assert "考核结果待签字" in desk.office.read("leader")
    desk.office.send(f"{one}/sign", {"sha256": sha256}, 303)
    page = desk.office.read(one)
    assert "待签字" not in page
    assert "两人已签" in desk.office.read("appraisals")
    before = desk.office.ask(f"{one}/body.json").data
    with desk.place.session(wall) as session:
        session.execute(update(Task).values(state="cancelled"))
        session.flush()
        assert desk.office.ask(f"{one}/body.json").data == before
        session.rollback()
    sheet = load_workbook(io.BytesIO(desk.office.ask(f"{one}/export.xlsx").data)).active
    said_rows = [[str(c) for c in row if c is not None] for row in sheet.iter_rows(values_only=True)]
    assert any(sha256 in row for row in said_rows)
    assert any("日" in row and "3/4" in row for row in said_rows)
    unit = re.search(rf"{one}/units/([0-9a-f-]+)", page)[1]
    assert "四舍五入" in desk.office.read(f"{one}/units/{unit}")
    desk.office.read(f"{one}/units/{new_id()}", 404)
    _, page = desk.office.send(f"{rule}/freeze", {"period": MONTH.key, "reason": ""}, 422)
    assert "更正须写明原因" in page
    desk.office.send(f"{rule}/freeze", {"period": MONTH.key, "reason": "漏算了一天"}, 303)
    assert "已由第 2 次封存更正" in desk.office.read(one)
    _, page = desk.office.send(f"{rule}/freeze", {"period": containing("month", TODAY).key}, 422)
    assert "还没有结束" in page


def test_samples_in_one_click(desk: Desk) -> None:
    answer, _ = desk.english.send("appraisals/rules/sample", {"sample": "areas"}, 303)
    rule = "appraisals/rules/" + answer.location.rpartition("/")[2]
    assert fields(desk.office.read(rule))["weight.task_rate"] == "60"
    desk.office.send("appraisals/rules/sample", {"sample": "nothing"}, 422)
    assert desk.office.ask(f"{rule}/preview?kind=year").status_code == 200
    desk.office.read(f"{rule}/preview?kind=decade", 422)
    desk.office.read(f"{rule}/preview?period={YESTERDAY}", 422)


def test_the_leaders_page(desk: Desk, wall: Wall) -> None:
    page = desk.leader.read("leader")
    text = content(page)
    assert {"待我决定", "超期的", "按现在的进度会超期的", "较昨日此时", "我包保的地方"} <= set(panels(page))
    assert "拆除违建雨棚" in text
    assert "清运建筑垃圾" in text
    assert 'href="tel:13800000000"' in page
    assert "新超期 1" in text
    assert "任务未完成 5，超期 1" in text
    assert "申请延期到" not in text  # a leader directs nothing
    assert "申请延期到" in desk.office.read("leader")
    desk.liaison.read("leader", 403)
    assert "leader" in desk.leader.read("")


def test_other_districts_know_none_of_it(desk: Desk, app: Flask, wall: Wall) -> None:
    other = town(wall, "旁区", streets=1)
    away = clerk(app, wall, other.office)
    for path in ("task-ranks", "task-ranks/rates", "task-ranks/wall", "appraisals", "leader"):
        assert "排名区" not in away.read(path)
    with desk.place.session(wall) as session:
        assert session.query(TaskDay).count() > 0
