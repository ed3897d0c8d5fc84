"""Tasks on the pages (任务): given, accepted, reported with a photo, broken down, verified; lists, files, refusals."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from types import SimpleNamespace

import openpyxl
import pytest

from core.work.calendar import local_day
from core.work.desk.inbox import count_kinds
from core.work.tasks.acting import act
from core.work.tasks.making import TaskWish, create, create_many
from tenants.db import now
from tests.factory import add_actors, bare_district
from tests.web.desk import clerk, content
from tests.work.pictures import jpeg


@pytest.fixture(scope="module")
def place(app, wall):
    district = bare_district(wall)
    posts = {
        "office": ("hq_office", district.root),
        "street": ("liaison", district.street),
        "first": ("liaison", district.communities[0]),
        "second": ("liaison", district.communities[1]),
        "leader": ("leader", district.root),
    }
    made = add_actors(wall, district.ref, [(role, unit, name) for name, (role, unit) in posts.items()])
    people = dict(zip(posts, made, strict=True))
    desks = {name: clerk(app, wall, actor) for name, actor in people.items()}
    return SimpleNamespace(
        **desks | {"desks": desks, "people": people, "district": district, "street": district.street},
        communities=district.communities,
    )


def day(more: int = 0) -> str:
    return (local_day(now()) + timedelta(days=more)).isoformat()


def version(page: str) -> str:
    return re.findall(r'name="version" value="(\d+)"', page)[-1]


def given(place, **more) -> dict[str, str]:
    said = {"title": "清理楼道杂物", "unit_id": str(place.communities[0]), "due_on": day(20), "issue": "1"}
    return said | {"way": "count", "target": "４７", "measure": "household"} | more


def made(place, **more) -> str:
    answer, _ = place.office.send("tasks/new", given(place, **more), 303)
    return answer.headers["Location"].rsplit("/", 1)[-1]


def test_from_the_form_to_the_archive(place):
    _, page = place.office.send("tasks/new", given(place, title="", target="零", due_on=""), 422)
    assert "请填截止日期" in page
    _, page = place.office.send("tasks/new", given(place, title="", target="0"), 422)
    assert "请填写任务名称" in page
    assert "请填大于 0 的数" in page
    key = made(place, requirement="做到无堆放")
    page = place.first.read(f"tasks/{key}")
    assert "待接收" in content(page)
    assert "做到无堆放" in content(page)
    place.first.send(f"tasks/{key}/steps", {"verb": "accept", "version": version(page)}, 303)
    page = place.first.read(f"tasks/{key}")
    photo = place.first.photo(jpeg())
    wrong = {"verb": "report", "version": version(page), "done": "48", "photos": photo, "day": day()}
    _, refused = place.first.send(f"tasks/{key}/steps", wrong, 422)
    assert "目标量是 47" in refused
    assert photo in refused
    place.first.send(f"tasks/{key}/steps", wrong | {"done": "9", "note": "先做九户"}, 303)
    page = place.first.read(f"tasks/{key}")
    assert "19.15%" in page
    assert "9/47 户" in page
    assert "先做九户" in page
    assert re.search(r'href="/t/[^"]+/photos/[0-9a-f-]{36}"', page)
    place.first.send(f"tasks/{key}/steps", {"verb": "finish", "version": version(page), "done": "47"}, 303)
    place.first.send(f"tasks/{key}/steps", {"verb": "verify", "version": "4"}, 403)
    page = place.office.read(f"tasks/{key}")
    assert "已完成待核验" in content(page)
    place.office.send(f"tasks/{key}/steps", {"verb": "verify", "version": version(page)}, 303)
    place.office.send(f"tasks/{key}/steps", {"verb": "close", "version": "4"}, 412)
    place.office.send(f"tasks/{key}/steps", {"verb": "nothing", "version": "5"}, 422)
    assert "已核验" in content(place.first.read(f"tasks/{key}"))


def test_a_street_breaks_its_task_down(place):
    key = made(place, unit_id=str(place.street), target="10")
    desk, (first, second) = place.desks["street"], place.communities
    page = desk.read(f"tasks/{key}/break-down")
    _, refused = desk.send(f"tasks/{key}/break-down", {"version": version(page), "due_on": day(3)}, 422)
    assert "没有选择单位" in refused
    parts = {"units": [str(first), str(second)], f"target-{first}": "7", f"target-{second}": "3", "due_on": day(90)}
    _, refused = desk.send(f"tasks/{key}/break-down", parts | {"version": version(page)}, 422)
    assert "截止日期晚于上级任务" in refused
    desk.send(f"tasks/{key}/break-down", parts | {"version": version(page), "due_on": day(10)}, 303)
    page = desk.read(f"tasks/{key}")
    assert "由下级任务按权重汇总" in page
    assert "下级任务" in content(page)
    children = re.findall(r'data-href="/t/[^"]+/tasks/([0-9a-f-]{36})"', page)
    assert len(children) == 2
    assert "没有找到" in place.second.read(f"tasks/{key}", 404)
    mine = [one for one in children if place.first.ask(f"tasks/{one}").status_code == 200]
    assert len(mine) == 1
    assert key not in place.first.read(f"tasks/{mine[0]}")
    place.office.send(f"tasks/{key}/break-down", {"version": "1", "units": str(first)}, 412)


def test_returned_and_given_to_another(place):
    key = made(place)
    _, page = place.first.send(f"tasks/{key}/steps", {"verb": "return", "version": "1", "note": " "}, 422)
    assert "请写明原因或情况" in page
    place.first.send(f"tasks/{key}/steps", {"verb": "return", "version": "1", "note": "不归我们"}, 303)
    page = place.office.read(f"tasks/{key}")
    assert "退回 1 次" in page
    unit = {"verb": "reissue", "version": version(page), "unit_id": str(place.communities[1])}
    place.office.send(f"tasks/{key}/steps", unit, 303)
    assert "待接收" in content(place.second.read(f"tasks/{key}"))
    place.first.read(f"tasks/{key}", 404)


def test_the_list_its_filters_and_its_files(app, wall):
    district = bare_district(wall)
    office, first = add_actors(
        wall, district.ref, [("hq_office", district.root, "办"), ("liaison", district.communities[0], "社区")]
    )
    today = local_day(now())
    with district.session(wall) as session:
        wishes = [
            TaskWish(f"任务{n:03d}", district.communities[n % 2], today + timedelta(days=n - 5), code=f"={n}")
            for n in range(60)
        ]
        create_many(session, office, wishes, now=now(), issue=True)
        create(session, office, TaskWish("草稿任务", district.street, today), now=now())
        session.commit()
    desk, unit = clerk(app, wall, office), clerk(app, wall, first)
    page = desk.read("tasks")
    assert "任务000" in page
    assert "0.0%" in page
    assert "0/60" in page
    following = re.search(r'href="(\?[^"]*cursor=[^"]+)"[^>]*>下一页|rel="next" href="([^"]+)"', page)
    second = desk.read(f"tasks{following.group(1) or following.group(2)}")
    assert "任务059" in second
    assert "任务000" not in second
    assert desk.read("tasks?tab=overdue").count("data-href") == 5
    assert unit.read("tasks?tab=overdue").count("data-href") == 3
    assert desk.read(f"tasks?unit={district.communities[1]}&tab=all").count("data-href") == 30
    assert desk.read(f"tasks?from={today}&to={today}&tab=all&state=issued").count("data-href") == 1
    assert desk.read("tasks?q=任务00&tab=all").count("data-href") == 10
    assert "草稿任务" in desk.read("tasks?tab=all&state=draft")
    assert "没有符合条件的任务" in unit.read("tasks?tab=all&state=draft")
    assert desk.ask("tasks?tab=nothing").status_code == 422
    lines = desk.ask("tasks/export.csv?tab=all").get_data(as_text=True).splitlines()
    assert len(lines) == 62
    assert "'=0" in lines[1] + lines[2]
    book = openpyxl.load_workbook(io.BytesIO(unit.ask("tasks/export.xlsx?tab=all").get_data()))
    assert book.active.max_row == 31


def test_a_leader_gives_a_task_and_others_do_not(place):
    answer, _ = place.leader.send("tasks/new", given(place, way="percent", target="", measure="", source="own"), 303)
    key = answer.headers["Location"].rsplit("/", 1)[-1]
    assert "领导交办" in content(place.first.read(f"tasks/{key}"))
    place.first.send("tasks/new", given(place), 403)


def test_what_waits_is_in_the_inbox(app, wall):
    district = bare_district(wall)
    posts = [
        ("hq_office", district.root, "办"),
        ("liaison", district.communities[0], "社区"),
        ("liaison", district.street, "街"),
    ]
    office, unit, street = add_actors(wall, district.ref, posts)
    today = local_day(now())
    with district.session(wall) as session:
        soon, later = today + timedelta(days=2), today + timedelta(days=40)
        made = create_many(
            session,
            office,
            [TaskWish(f"任务{n}", district.communities[0], later if n == 1 else soon) for n in range(6)],
            now=now(),
            issue=True,
        )

        def do(n: int, *verbs: str, **asked) -> None:
            for verb in verbs:
                act(session, unit, made[n].id, verb, version=made[n].version, now=now(), **asked)

        for n in (1, 2, 3, 4):
            do(n, "accept")
        do(3, "ask_extension", due_on=later, note="雨天")
        do(4, "finish")
        do(5, "return", note="不归我们")
        assert counted(session, unit) == {"task_accept": 1, "task_doing": 2}
        assert counted(session, office) == {"task_returned": 1, "task_extension": 1, "task_verify": 1}
        assert counted(session, street) == {"task_accept": 1, "task_doing": 2}
        session.commit()
    desk, liaison = clerk(app, wall, office), clerk(app, wall, unit)
    page = content(liaison.read("inbox"))
    assert "待接收的任务" in page
    assert "任务0" in page
    assert "任务1" not in page
    page = content(liaison.read("inbox/task_doing"))
    assert [n for n in range(6) if f"任务{n}" in page] == [2, 3]
    assert "任务4" in content(desk.read("inbox/task_verify"))
    assert "任务3" in desk.ask("inbox/task_extension/export.csv").get_data(as_text=True)


def counted(session, actor) -> dict[str, int]:
    found = count_kinds(session, actor, now())
    return {code: n for code, n in found.items() if code.startswith("task_") and n}
