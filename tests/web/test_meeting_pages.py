"""Meetings on the pages (会议): planned, drafted, shown, signed, decided into a task, minuted, printed, counted; kept from strangers."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from docx import Document

from core.work.calendar import local_day, seed_calendar
from core.work.tasks.making import TaskWish, create
from tenants.db import now
from tests.factory import District, add_actors, bare_district
from tests.web.desk import Clerk, clerk, content

DAY = local_day(now())


@dataclass
class Place:
    district: District
    office: Clerk
    market: Clerk
    street: Clerk
    inspector: Clerk
    department: str
    names: dict[str, str]


@pytest.fixture(scope="module")
def place(app, wall) -> Place:
    made = bare_district(wall)
    department = made.departments["market_regulator"]
    wishes = [
        ("hq_office", made.root, "演示甲"),
        ("liaison", department, "演示乙"),
        ("liaison", made.street, "演示丙"),
        ("inspector", made.communities[0], "演示丁"),
    ]
    actors = add_actors(wall, made.ref, wishes)
    with made.session(wall) as session:
        seed_calendar(session, [DAY.year])
        wish = TaskWish("逾期的任务", department, DAY - timedelta(days=2), DAY - timedelta(days=9))
        create(session, actors[0], wish, now=now(), issue=True)
        session.commit()
    return Place(made, *(clerk(app, wall, one) for one in actors), str(department), {})


def fields(here: Place, /, **more: object) -> dict[str, object]:
    said: dict[str, object] = {"kind": "dispatch", "title": "", "held_on": DAY.isoformat(), "tier": "1"}
    return said | {"unit_id": str(here.district.root), "unit": [here.department]} | more


def version(page: str) -> str:
    return re.findall(r'name="version" value="(\d+)"', page)[-1]


def planned(here: Place, /, **more: object) -> str:
    answer, _ = here.office.send("meetings/new", fields(here, **more), 303)
    return answer.headers["Location"].rsplit("/", 1)[-1]


def held(here: Place, /, **more: object) -> str:
    key = planned(here, **more)
    here.office.send(f"meetings/{key}/hold", {"version": "1"}, 303)
    return key


def test_a_meeting_from_the_form_to_the_locked_minutes(place):
    office = place.office
    page = office.read("meetings/new?kind=promotion")
    assert "季度推进会" in page
    assert "每季度一次" in content(page)
    _, page = office.send("meetings/new", fields(place, held_on="", clock="早上"), 422)
    assert "请填写" in page
    key = planned(place, place="三楼会议室", chair="演示甲", clock="09:30")
    page = office.read(f"meetings/{key}")
    assert "还没有议程" in content(page)
    office.send(f"meetings/{key}/agenda/draft", {}, 303)
    page = office.read(f"meetings/{key}")
    assert "新加了 1 项议题" in content(page)
    assert "逾期的任务" in content(page)
    assert "逾期 2 天" in content(page)
    office.send(f"meetings/{key}/agenda/draft", {}, 303)
    assert "没有新的议题要加" in content(office.read(f"meetings/{key}"))
    office.send(f"meetings/{key}/agenda", {"point_title": "下周安排"}, 303)
    items = re.findall(r"/agenda/([0-9a-f-]{36})/drop", office.read(f"meetings/{key}"))
    order = {f"pos.{items[1]}": "1", f"pos.{items[0]}": "2"}
    office.send(f"meetings/{key}/agenda/order", order, 303)
    assert re.findall(r'name="pos\.([0-9a-f-]{36})"', office.read(f"meetings/{key}/agenda")) == [items[1], items[0]]
    office.send(f"meetings/{key}/hold", {"version": version(office.read(f"meetings/{key}"))}, 303)
    office.send(f"meetings/{key}/agenda/{items[1]}", {"said": "都到位", "state": "deferred"}, 303)
    wish = {"title": "清理夜市", "unit_id": place.department, "person": "演示乙", "task": "1", "key": "new"}
    _, page = office.send(f"meetings/{key}/decisions", wish, 422)
    assert "缺少这一项" in page
    assert "清理夜市" in page
    office.send(f"meetings/{key}/decisions", wish | {"due_on": (DAY + timedelta(days=3)).isoformat()}, 303)
    page = office.read(f"meetings/{key}")
    assert re.search(r"已下达任务 T\d{4}-\d{5}", content(page))
    _, page = office.send(f"meetings/{key}/decisions", wish | {"person": "没有这个人", "task": ""}, 422)
    assert "没有叫这个名字的人" in page
    text = {"minutes": "会议强调：守住底线。", "do": "publish", "version": version(office.read(f"meetings/{key}"))}
    office.send(f"meetings/{key}/minutes", text, 303)
    page = office.read(f"meetings/{key}")
    assert "纪要已定稿" in content(page)
    office.send(f"meetings/{key}/minutes", text, 412)
    paper = content(office.read(f"meetings/{key}/minutes"))
    for said in ("会议强调：守住底线。", "清理夜市", "演示乙", "三楼会议室", "下周安排：都到位。下次再议"):
        assert said in paper
    assert "未定稿" not in paper
    office.send(f"meetings/{key}/correct", {"version": version(page), "reason": "日期有误"}, 303)
    assert "更正：日期有误" in content(office.read(f"meetings/{key}/minutes"))


def test_the_word_document_holds_what_the_page_holds(place):
    key = held(place, title="<b>标题</b>")
    answer = place.office.client.get(f"/t/{place.district.ref.slug}/meetings/{key}.docx")
    assert answer.status_code == 200
    text = "\n".join(one.text for one in Document(io.BytesIO(answer.data)).paragraphs)
    assert "<b>标题</b>" in text
    assert "未定稿" in text


def test_a_second_press_makes_no_second_task(place):
    key = held(place)
    due = (DAY + timedelta(days=3)).isoformat()
    wish = {"title": "只办一次", "unit_id": place.department, "due_on": due, "key": "new", "kind": "pledge"}
    place.office.send(f"meetings/{key}/decisions", wish, 303)
    page = place.office.read(f"meetings/{key}")
    decision = re.search(r"/decisions/([0-9a-f-]{36})/task", page).group(1)
    numbers = []
    for _ in range(2):
        place.office.send(f"meetings/{key}/decisions/{decision}/task", {}, 303)
        numbers.append(re.search(r"已下达任务 (T\d{4}-\d{5})", content(place.office.read(f"meetings/{key}"))).group(1))
    assert numbers[0] == numbers[1]
    place.office.send(f"meetings/{key}/decisions/{decision}", wish, 409)
    place.office.send(f"meetings/{key}/decisions/{decision}/drop", {"reason": "不办"}, 409)


def test_the_projector_shows_one_point_and_takes_a_decision(place):
    key = planned(place, kind="topical")
    place.office.send(f"meetings/{key}/agenda/draft", {}, 303)
    place.office.send(f"meetings/{key}/agenda", {"point_title": "第二项"}, 303)
    page = place.office.read(f"meetings/{key}/show?point=2")
    assert "第二项" in content(page)
    assert 'rel="prev"' in page
    assert 'rel="next"' in page
    place.office.send(f"meetings/{key}/hold", {"version": version(page), "back": "show", "point": "2"}, 303)
    item = re.search(r'name="item" value="([0-9a-f-]{36})"', place.office.read(f"meetings/{key}/show?point=2")).group(1)
    wish = {"back": "show", "point": "2", "item": item, "title": "当场定", "kind": "decision"}
    _, page = place.office.send(f"meetings/{key}/decisions", wish | {"task": "1"}, 422)
    assert "mt-wall" in page
    assert "当场定" in page
    answer, _ = place.office.send(f"meetings/{key}/decisions", wish, 303)
    assert answer.headers["Location"].endswith("show?point=2")
    assert "当场定" in content(place.office.read(f"meetings/{key}/show?point=2"))
    assert "当场定" in content(place.office.read(f"meetings/{key}/show?point=9"))
    assert 'name="title"' not in place.market.read(f"meetings/{key}/show")


def test_attendance_by_the_office_and_by_ones_own_liaison(place):
    key = planned(place, unit=[place.department, str(place.district.street)])
    mine = place.market.read(f"meetings/{key}")
    (row,) = re.findall(r"/attendance/([0-9a-f-]{36})\"", mine)
    place.market.send(f"meetings/{key}/attendance/{row}", {f"state.{row}": "present", f"name.{row}": "演示乙"}, 303)
    page = place.office.read(f"meetings/{key}")
    rows = re.findall(r'name="state\.([0-9a-f-]{36})"', page)
    other = next(one for one in rows if one != row)
    said = {f"state.{row}": "present", f"name.{row}": "演示乙", f"speaks.{row}": "1", f"state.{other}": "substitute"}
    _, page = place.office.send(f"meetings/{key}/attendance", said, 422)
    assert "请写上代会人的姓名" in page
    said |= {f"name.{other}": "某科员", "new_name": "专家", "new_state": "present"}
    place.office.send(f"meetings/{key}/attendance", said, 303)
    assert "3/3" in content(place.office.read(f"meetings/{key}"))
    place.street.send(f"meetings/{key}/attendance/{row}", {f"state.{row}": "absent"}, 403)
    place.office.send(f"meetings/{key}/invite", {"unit": str(place.district.departments["health_bureau"])}, 303)
    place.office.send(f"meetings/{key}/attendance/{other}/drop", {}, 303)
    place.street.read(f"meetings/{key}", 404)


def test_lists_filter_count_and_export(place):
    for week in (4, 3):
        held(place, held_on=(DAY - timedelta(weeks=week)).isoformat(), chair="演示总指挥")
    month = f"{DAY:%Y-%m}"
    assert "还没有会议" not in content(place.office.read("meetings"))
    page = content(place.office.read("meetings?kind=dispatch&tier=1&state=held"))
    assert "周调度会" in page
    assert "没有按期召开" in page
    assert "没有符合条件的会议" in content(place.office.read(f"meetings?kind=training&month={month}"))
    place.office.read("meetings?kind=茶话会", 422)
    place.office.read("meetings?tier=x", 422)
    page = content(place.office.read("meetings/counts"))
    assert "演示总指挥" in page
    assert "周调度会 2" in page
    lines = place.office.read("meetings/export.csv").splitlines()
    assert "已转任务" in lines[0]
    assert any("演示总指挥" in line for line in lines)
    assert any("没有召开" in line for line in place.office.read("meetings/counts.csv").splitlines())
    assert "请本单位参加的会议" in content(place.inspector.read("meetings"))


def test_units_are_ticked_as_a_whole_and_cancelled_meetings_say_so(place):
    page = place.office.send("meetings/new", fields(place, unit=[], do="all:subdistricts"), 200)[1]
    assert re.search(rf'value="{place.district.street}" checked', page)
    key = planned(place)
    place.office.send(f"meetings/{key}/cancel", {"version": "1", "reason": ""}, 422)
    place.office.send(f"meetings/{key}/edit", fields(place, version="1", title="改名", place="二楼"), 303)
    assert "改名" in place.office.read(f"meetings/{key}/edit")
    place.office.send(f"meetings/{key}/cancel", {"version": "2", "reason": "改期"}, 303)
    assert "已取消" in content(place.office.read(f"meetings/{key}"))
    place.office.send(f"meetings/{key}/agenda", {"point_title": "再议"}, 409)


def test_strangers_get_the_same_404_as_for_nothing(place):
    key = planned(place)
    for path in (f"meetings/{key}", f"meetings/{key}/show", f"meetings/{key}/minutes", f"meetings/{key}.docx"):
        assert place.inspector.read(path, 404) == place.inspector.read(path.replace(key, str(uuid4())), 404)
    assert key not in place.inspector.read("meetings")
    place.market.send(f"meetings/{key}/agenda", {"point_title": "x"}, 403)
