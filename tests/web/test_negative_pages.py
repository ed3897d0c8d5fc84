"""The negative list on the pages: entering, triggering, clearing, refusals; its effect wherever the score is shown."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from flask import Flask

from core.figures.grants import give_grant
from core.figures.publishing import publish
from core.work.intake.reporting import report
from core.work.marks.negative_input import Event
from core.work.marks.negative_list import move, watch
from tenants.access import TenantRef
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor, add_site, add_unit, bare_tenant
from tests.figures.build import CIVILIZED, Made, make, visit
from tests.web.desk import Clerk, clerk, content
from tests.web.figure_stage import MONTH, TODAY

DAY = MONTH.start
PERIOD = f"kind=month&period={MONTH.key}"


@dataclass
class Stage:
    made: Made
    city: TenantRef
    office: Clerk
    english: Clerk
    leader: Clerk
    bureau: Clerk
    near: Clerk


@pytest.fixture(scope="module")
def stage(app: Flask, wall: Wall) -> Stage:
    city = bare_tenant(wall, kind="city", name="测试市")
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    made = make(wall, CIVILIZED, upper_id=city.id)
    ref, district = made.district.ref, made.district
    answers = {"fire_lane_open": {"yes": True}, "public_adverts": {"count": 1}}
    with district.session(wall) as session:
        give_grant(session, made.office, city, CIVILIZED.key, "totals", date(2020, 1, 1))
        for _ in range(30):
            visit(session, made, ["housing_estate"], answers, day=DAY)
        session.commit()
    leader = add_actor(wall, ref, "leader", district.root)
    near = add_actor(wall, ref, "liaison", district.communities[0])
    bureau = add_actor(wall, city, "bureau", root)
    people = [clerk(app, wall, one) for one in (leader, bureau, near)]
    return Stage(
        made,
        city,
        clerk(app, wall, made.office),
        clerk(app, wall, add_actor(wall, ref, "hq_office", district.root), "en"),
        people[0],
        people[1],
        people[2],
    )


def entry(wall: Wall, stage: Stage, effect: str, points: str | None, title: str, *, watched: bool = False) -> str:
    """An entry, triggered on the first day of last month."""
    made = stage.made
    with made.district.session(wall) as session:
        found = watch(session, made.office, Event(CIVILIZED.key, title, DAY, effect, points, "市应急局"), now=now())
        if not watched:
            move(session, made.office, found.id, "trigger", version=1, on=DAY, document=f"{title}认定书", now=now())
        session.commit()
        return str(found.id)


def withdraw(wall: Wall, stage: Stage, entry_id: str) -> None:
    with stage.made.district.session(wall) as session:
        move(session, stage.made.office, UUID(entry_id), "withdraw", version=2, note="测试完毕", now=now())
        session.commit()


def test_from_watching_to_clearing(stage: Stage) -> None:
    office = stage.office
    form = {"campaign": CIVILIZED.key, "title": "较大火灾", "happened_on": DAY.isoformat(), "effect": "deduct"}
    answer, page = office.send("negative", form | {"points": "x"}, 422)
    assert "分值不对" in page
    assert 'value="较大火灾"' in page
    answer, _ = office.send("negative", form | {"points": "1.5", "source": "应急局"}, 303)
    path = answer.headers["Location"].partition(f"/t/{office.slug}/")[2]
    assert "关注" in content(office.read(path))
    assert "较大火灾" in content(office.read("negative"))
    _, page = office.send(
        f"{path}/steps", {"verb": "trigger", "version": 1, "on": TODAY.isoformat(), "document": ""}, 422
    )
    assert "缺少依据文件" in page
    assert 'href="#f-trigger-document"' in page
    assert 'id="f-trigger-document"' in page
    given = {"verb": "trigger", "version": 1, "on": TODAY.isoformat(), "document": "认定书〔2026〕3号"}
    office.send(f"{path}/steps", given, 303)
    shown = content(office.read(path))
    assert "已触发" in shown
    assert "认定书〔2026〕3号" in shown
    _, page = office.send(f"{path}/steps", given, 412)
    assert "已于" in content(page)
    _, page = office.send(f"{path}/steps", {"verb": "trigger", "version": 2, "on": DAY.isoformat()}, 409)
    assert "现在可以办理" in content(page)
    office.send(f"{path}/steps", {"verb": "clear", "version": 2, "on": TODAY.isoformat(), "document": "销案"}, 303)
    assert "已经解除，不再办理" in content(office.read(path))


def test_a_correction_before_the_trigger(wall: Wall, stage: Stage) -> None:
    entry_id = entry(wall, stage, "deduct", "1", "写错的事", watched=True)
    form = {"campaign": CIVILIZED.key, "title": "写对的事", "happened_on": DAY.isoformat(), "effect": "bar"}
    _, page = stage.office.send(f"negative/{entry_id}/steps", form | {"verb": "correct", "version": 1}, 422)
    assert "缺少说明" in page
    stage.office.send(f"negative/{entry_id}/steps", form | {"verb": "correct", "version": 1, "note": "写错了"}, 303)
    assert "写对的事" in content(stage.office.read(f"negative/{entry_id}"))


def test_who_reads_and_who_keeps(wall: Wall, stage: Stage) -> None:
    quiet = entry(wall, stage, "bar", None, "只在关注的事", watched=True)
    assert "只在关注的事" in stage.leader.read("negative")
    assert "列入关注" not in content(stage.leader.read("negative"))
    assert "由发布得分的岗位办理" in content(stage.leader.read(f"negative/{quiet}"))
    assert "只在关注的事" not in stage.near.read("negative")
    stage.near.read(f"negative/{quiet}", 404)
    stage.leader.send("negative", {"title": "x"}, 403)
    stage.leader.send(f"negative/{quiet}/steps", {"verb": "dismiss", "version": 1, "note": "x"}, 403)


def test_the_effect_shows_with_its_document_wherever_the_score_does(wall: Wall, stage: Stage) -> None:
    office, title = stage.office, "较大事故甲"
    entry_id = entry(wall, stage, "deduct", "1.5", title)
    for path in (f"figures?{PERIOD}", f"k/{CIVILIZED.key}/?{PERIOD}", f"k/{CIVILIZED.key}/i/CIV-N1?{PERIOD}"):
        said = content(office.read(path))
        assert title in said, path
        assert f"{title}认定书" in said, path
    # 7.64 of 13 before, 6.14 after (tests/figures/test_effects.py)
    said = content(office.read(f"k/{CIVILIZED.key}/?{PERIOD}"))
    assert "各指标合计 7.64 分，影响后 6.14 分" in said
    assert "47.23" in said
    english = content(stage.english.read(f"k/{CIVILIZED.key}/?{PERIOD}"))
    assert title in english
    lines = list(csv.reader(io.StringIO(office.ask(f"figures/export.csv?{PERIOD}").get_data(as_text=True))))
    assert "6.14" in lines[1]
    withdraw(wall, stage, entry_id)


def test_a_bar_is_published_and_ranked_nowhere(wall: Wall, stage: Stage) -> None:
    title = "重特大事故乙"
    entry_id = entry(wall, stage, "bar", None, title)
    said = content(stage.office.read(f"figures?{PERIOD}"))
    assert "一票否决，不计总分" in said
    preview = content(stage.office.read(f"publications/new?campaign={CIVILIZED.key}&{PERIOD}"))
    assert f"{title}认定书" in preview
    with stage.made.district.session(wall) as session:
        row = publish(session, stage.made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=now())[0]
        session.commit()
        own = row.id
    for path in (f"publications/{own}", f"reports/{own}"):
        said = content(stage.office.read(path))
        assert f"{title}认定书" in said, path
        assert "不计总分" in said, path
    bureau = stage.bureau.client.get(f"/c/{stage.city.slug}/comparison?{PERIOD}").get_data(as_text=True)
    assert "一票否决，不参加排名" in bureau
    assert f"{title}认定书" in bureau
    one = stage.bureau.client.get(f"/c/{stage.city.slug}/comparison/{stage.office.slug}?{PERIOD}").get_data(
        as_text=True
    )
    assert f"{title}认定书" in one
    withdraw(wall, stage, entry_id)


def test_items_that_lose_points_easily(stage: Stage) -> None:
    page = stage.office.read(f"negative?{PERIOD}")
    assert re.search(rf"findings\?campaign={CIVILIZED.key}&(amp;)?category=", page)
    # 30 visits, 5 of 10 points each
    assert "150.00" in content(page)
    assert "这一期没有失分的检查项" in content(stage.office.read("negative?kind=month&period=2020-01"))
    lines = list(csv.reader(io.StringIO(stage.office.ask(f"negative/lost.csv?{PERIOD}").get_data(as_text=True))))
    assert lines[1][4:8] == ["CIV-ESTATE-01", lines[1][5], "150.00", "300.00"]
    unit = stage.made.district.communities[1]
    assert "这一期没有失分的检查项" in content(stage.office.read(f"negative?{PERIOD}&unit={unit}"))
    stage.near.read(f"negative?{PERIOD}&unit={unit}", 403)


def test_lists_filters_and_csv(wall: Wall, stage: Stage) -> None:
    entry(wall, stage, "cap", "80", "=HYPERLINK(1)", watched=True)
    lines = list(csv.reader(io.StringIO(stage.office.ask("negative/export.csv?state=watched").get_data(as_text=True))))
    assert {line[7] for line in lines[1:]} == {"关注"}
    mine = next(line for line in lines if "HYPERLINK" in line[2])
    assert (mine[2], mine[5], mine[6]) == ("'=HYPERLINK(1)", "总分封顶", "80.00")
    assert "没有符合条件的事项" in content(stage.office.read("negative?campaign=no_such"))
    for bad in ("state=burnt", "cursor=x", "unit=x", "period=x"):
        stage.office.read(f"negative?{bad}", 422)
    stage.office.read("negative/00000000-0000-7000-8000-000000000000", 404)


def test_an_entry_leads_to_the_finding_behind_it(wall: Wall, stage: Stage) -> None:
    with stage.made.district.session(wall) as session:
        site = add_site(session, stage.made.district.communities[0], "produce_market")
        made = {"source": "snapshot", "category": "ENV-LITTER", "site_id": site}
        finding = report(session, stage.made.office, **made)
        number, key = finding.number or "", finding.id
        session.commit()
    form = {
        "campaign": CIVILIZED.key,
        "title": "媒体曝光",
        "happened_on": DAY.isoformat(),
        "effect": "deduct",
        "points": "1",
    }
    _, page = stage.office.send("negative", form | {"behind": "2026-99999"}, 422)
    assert "没有这个编号的问题或文书" in page
    answer, _ = stage.office.send("negative", form | {"behind": number}, 303)
    path = answer.headers["Location"].partition(f"/t/{stage.office.slug}/")[2]
    shown = stage.office.read(path)
    assert f"/findings/{key}" in shown
    assert number in shown
