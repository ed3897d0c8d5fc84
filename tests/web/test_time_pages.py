"""Time on the pages: the tenant's own amber, a leader's orders with their answers, a year's notice entered at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from core.work.loop.ledger import act
from core.work.tenant_settings import Times, write_setting
from tenants.db import now
from tenants.models import Unit
from tenants.scope import Wall
from tests.web.desk import clerk, content, panels
from tests.work.ledger_town import Town, lay_finding, town
from tests.work.test_leader_orders import order


@pytest.fixture
def place(wall: Wall, tmp_path) -> Town:
    return town(wall, tmp_path, "时限区")


def test_amber_is_what_the_tenant_set(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        finding = lay_finding(session, place, "rectifying")
        finding.due_at = now() + timedelta(days=200)  # far away, whatever days are worked
        session.commit()
        key = finding.id
    office = clerk(app, wall, place.people["office"])
    pages = ("findings?view=rectification", f"findings/{key}")
    assert all("is-soon" not in office.read(page) for page in pages)
    with place.district.session(wall) as session:
        write_setting(session, place.people["office"], Times(24, 240, 48), version=0, now=now())
        finding = session.get_one(type(finding), (place.district.ref.id, key))
        finding.due_at = now() + timedelta(days=6)  # at least two working days, more than one
        session.commit()
    assert all("is-soon" in office.read(page) for page in pages)


def test_a_leader_finds_his_orders_and_their_answers(app: Flask, wall: Wall, place: Town) -> None:
    leader = clerk(app, wall, place.people["leader"])
    assert "我交办的" not in panels(leader.read())
    with place.district.session(wall) as session:
        done = order(session, place)
        order(session, place, "office", "别的领导", "rectifying").title = "别人交办的事"
        act(session, place.people["office"], done.id, "report_back", version=1, note="已安排专人值守")
        session.commit()
    page = leader.read()
    assert panels(page)[0] == "我交办的"
    assert "回报：已安排专人值守" in content(page)
    listed = content(leader.read("findings?source=leader&mine=1"))
    assert "地面有烟头" in listed
    assert "别人交办的事" not in listed
    assert "我的" in listed


def test_a_notice_is_previewed_and_entered(app: Flask, wall: Wall, place: Town) -> None:
    admin, year = clerk(app, wall, place.people["administrator"]), now().year + 2
    assert "按国务院通知录入" in admin.read("settings/calendar")
    assert "放假安排" in admin.read(f"settings/calendar/notice?year={year}")
    text = "一、元旦：1月1日至3日放假调休，共3天。1月9日上班。"
    _, page = admin.send("settings/calendar/notice", {"year": str(year), "text": text}, 200)
    assert "读到的安排 4" in content(page)
    assert "录入后 0 件问题的期限会变" in content(page)
    _, page = admin.send("settings/calendar/notice", {"year": str(year), "text": "2月30日放假"}, 422)
    assert "没有这一天" in page
    assert "2月30日放假" in page, "what was typed is kept"
    answer, _ = admin.send("settings/calendar/notice", {"year": str(year), "text": text, "step": "enter"}, 303)
    assert answer.location.endswith(f"month={year}-01")
    month = content(admin.read(f"settings/calendar?month={year}-01"))
    assert "元旦" in month
    assert "暂定" not in month
    assert "按通知录入放假安排" in admin.read("audit")


def test_a_request_reads_as_one(app: Flask, wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        key = lay_finding(session, place, "dispatched").id
        session.commit()
    liaison = clerk(app, wall, place.people["liaison"])
    ordered = content(liaison.read(f"findings/{key}"))
    assert "已交办" in ordered
    assert "商请" not in ordered
    with place.district.session(wall) as session:
        session.get_one(Unit, (place.district.ref.id, place.lead)).commanded = False
        session.commit()
    asked = content(liaison.read(f"findings/{key}"))
    assert "这是商请，不是派遣" in asked
    assert "婉拒" in asked
    assert "逾时视为已接收" not in asked
    assert "已交办" not in liaison.read(f"findings/{key}").split("</header>")[0]
