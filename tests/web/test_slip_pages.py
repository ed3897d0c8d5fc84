"""The slip on the pages (任务单): the week on the phone, the sheet on paper with a code to each task, a unit's sheets for who directs."""

from __future__ import annotations

import re

import pytest

from core.periods import containing
from core.work.calendar import local_day
from core.work.tasks.making import TaskWish, create
from tenants.db import now
from tests.factory import add_actors, bare_district
from tests.web.desk import clerk, content

DAY = local_day(now())


@pytest.fixture(scope="module")
def people(app, wall):
    made = bare_district(wall)
    department, other = made.departments["market_regulator"], made.departments["health_bureau"]
    wishes = [("hq_office", made.root, "演示甲"), ("liaison", department, "演示乙"), ("liaison", other, "演示丙")]
    actors = add_actors(wall, made.ref, wishes)
    with made.session(wall) as session:
        task = create(session, actors[0], TaskWish("清理夜市", department, DAY), now=now(), issue=True)
        session.commit()
        task_id = str(task.id)
    office, liaison, stranger = (clerk(app, wall, one) for one in actors)
    return {"office": office, "liaison": liaison, "stranger": stranger, "task": task_id, "unit": str(department)}


def test_ones_own_week_leads_to_the_task(people):
    page = people["liaison"].read("tasks/slip")
    assert "清理夜市" in content(page)
    assert f"/tasks/{people['task']}" in page
    assert "这一周没有要办的事" in content(people["stranger"].read("tasks/slip"))
    following = containing("week", DAY).next.key
    assert 'aria-current="page"' in people["liaison"].read(f"tasks/slip?week={following}")
    people["liaison"].read("tasks/slip?week=2020-W01", 422)


def test_the_paper_has_a_box_and_a_code_for_each_task(people):
    page = people["liaison"].read("tasks/slip/print")
    assert page.count('class="box"') == page.count('class="sl-qr"') == 1
    for said in ("定人", "演示乙", "定岗", "定时", "定责", "清理夜市"):
        assert said in content(page)


def test_who_directs_prints_a_units_sheets_and_nobody_else(people):
    assert people["unit"] in people["office"].read("tasks/slip/unit")
    page = people["office"].read(f"tasks/slip/unit?unit={people['unit']}")
    assert len(re.findall(r'class="sl-sheet"', page)) == 1
    people["liaison"].read(f"tasks/slip/unit?unit={people['unit']}", 403)
    people["office"].read("tasks/slip/unit?unit=01a205bb-59d9-7d38-a2e8-978e1d4b8e1f", 404)
