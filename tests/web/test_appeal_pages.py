"""Appeals on the pages: from the finding and the indicator to the decision, its effect and what differs; list, CSV, inbox."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from core.campaigns import installed
from core.figures.periods import containing
from core.figures.publishing import publish
from core.settings import ZONE
from core.work.enabling import enable
from core.work.tables import Appeal, Finding, Part
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content, panels
from tests.work.market import ALL_GOOD, Town, send, town
from tests.work.pictures import jpeg

FOOD = installed().campaigns["food_safety_city"]
CODE = "FS-C1"
TODAY = now().astimezone(ZONE).date()
MONTH = containing("month", TODAY)


@dataclass
class Stage:
    place: Town
    findings: list[UUID]
    liaison: Clerk
    office: Clerk
    other: Clerk
    near: Clerk
    outsider: Clerk
    english: Clerk

    def left(self) -> UUID:
        """A finding that nobody touched."""
        return self.findings.pop()


@pytest.fixture
def stage(app: Flask, wall: Wall) -> Stage:
    place = town(wall)
    district = place.district
    unit = district.departments["sanitation"]
    with district.session(wall) as session:
        for campaign in installed().campaigns.values():
            enable(session, None, campaign, today=TODAY)
        send(session, place, now=now())
        mine = select(Part.finding_id).where(Part.unit_id == unit, Part.leading)
        findings = list(session.scalars(select(Finding.id).where(Finding.id.in_(mine))))
        session.commit()
    assert findings
    second = add_actor(wall, place.ref, "hq_office", district.root)
    people = (
        place.liaison,
        place.office,
        second,
        add_actor(wall, place.ref, "liaison", district.communities[0]),
        add_actor(wall, place.ref, "liaison", district.communities[1]),
    )
    english = clerk(app, wall, add_actor(wall, place.ref, "hq_office", district.root), "en")
    return Stage(place, findings, *(clerk(app, wall, one) for one in people), english)


def raised(stage: Stage, finding: UUID, reason: str = "已经整改到位") -> str:
    """The path of a new appeal against a finding."""
    unit = str(stage.place.district.departments["sanitation"])
    answer, _ = stage.liaison.send("appeals/new", {"finding": str(finding), "unit": unit, "reason": reason}, 303)
    return "appeals/" + answer.location.rpartition("/")[2]


def decision(stage: Stage, wall: Wall, path: str, verdict: str, **more: str) -> dict[str, str]:
    with stage.place.district.session(wall) as session:
        appeal = session.get_one(Appeal, (stage.place.ref.id, UUID(path.rpartition("/")[2])))
        finding = session.get(Finding, (stage.place.ref.id, appeal.finding_id)) if appeal.finding_id else None
        seen = str(finding.version) if finding else "0"
        return {"verdict": verdict, "text": "核实过", "version": str(appeal.version), "seen": seen} | more


def test_from_the_finding_to_its_cancelling(wall: Wall, stage: Stage) -> None:
    finding = stage.left()
    page = stage.liaison.read(f"findings/{finding}")
    assert f"appeals/new?finding={finding}" in page
    assert "appeals/new" not in stage.office.read(f"findings/{finding}")
    assert "申诉理由" in content(stage.liaison.read(f"appeals/new?finding={finding}"))
    _, page = stage.liaison.send("appeals/new", {"finding": str(finding), "reason": ""}, 422)
    assert "缺少申诉理由" in content(page)
    photo = stage.liaison.photo(jpeg((64, 48)))
    sent = {"finding": str(finding), "reason": "照片为证", "photos": photo}
    answer, _ = stage.liaison.send("appeals/new", sent, 303)
    path = "appeals/" + answer.location.rpartition("/")[2]
    page = stage.liaison.read(path)
    assert "撤回申诉" in panels(page)
    assert "裁决" not in panels(page)
    assert "/small" in page
    assert "appeals/new" not in stage.liaison.read(f"findings/{finding}")
    assert "申诉" in panels(stage.office.read(f"findings/{finding}"))
    assert "待裁决的申诉" in content(stage.office.read("inbox"))
    assert "待裁决的申诉" not in content(stage.liaison.read("inbox"))

    page = stage.office.read(path)
    assert "裁决" in panels(page)
    _, page = stage.office.send(f"{path}/decide", decision(stage, wall, path, "uphold"), 422)
    assert "请选择成立后怎么办" in content(page)
    assert "核实过" in page
    stage.office.send(f"{path}/decide", decision(stage, wall, path, "uphold", effect="cancel"), 303)
    page = content(stage.liaison.read(path))
    assert "申诉成立" in page
    assert "撤销问题" in page
    assert "已撤销" in content(stage.liaison.read(f"findings/{finding}"))
    assert "的申诉成立" in content(stage.liaison.read("inbox/notes"))


def test_a_correction_shows_what_was_and_what_is(wall: Wall, stage: Stage) -> None:
    finding = stage.left()
    path = raised(stage, finding)
    with stage.place.district.session(wall) as session:
        one = session.get_one(Finding, (stage.place.ref.id, finding))
        was = {f"changes.{name}": getattr(one, name) for name in ("category", "severity", "detail", "place")}
        title = one.title
    changed = was | {"changes.title": "地面有少量污水"}
    sent = decision(stage, wall, path, "uphold", effect="correct", **(was | {"changes.title": title}))
    _, page = stage.office.send(f"{path}/decide", sent, 422)
    assert "没有要更正的内容" in content(page)
    assert "待裁决" in content(page)
    stage.office.send(f"{path}/decide", decision(stage, wall, path, "uphold", effect="correct", **changed), 303)
    page = content(stage.liaison.read(path))
    assert title in page
    assert "地面有少量污水" in page


def test_who_comes_second_sees_who_was_first(wall: Wall, stage: Stage) -> None:
    path = raised(stage, stage.left())
    sent = decision(stage, wall, path, "reject")
    stage.office.send(f"{path}/decide", sent, 303)
    _, page = stage.other.send(f"{path}/decide", sent, 412)
    assert stage.place.office.name in content(page)
    assert "申诉不成立" in content(page)
    _, page = stage.liaison.send(f"{path}/withdraw", {"version": sent["version"]}, 412)
    assert "申诉不成立" in content(page)
    stage.liaison.send(f"{path}/withdraw", {"version": str(int(sent["version"]) + 1)}, 409)
    assert stage.liaison.ask(f"{path}").status_code == 200
    assert stage.liaison.client.post(f"/t/{stage.liaison.slug}/{path}/decide").status_code in (400, 403)


def test_taken_back(stage: Stage) -> None:
    finding = stage.left()
    path = raised(stage, finding)
    stage.liaison.send(f"{path}/withdraw", {"version": "1", "note": "弄错了"}, 303)
    assert "弄错了" in content(stage.liaison.read(path))
    assert f"appeals/new?finding={finding}" in stage.liaison.read(f"findings/{finding}")
    assert "撤回申诉" not in panels(stage.liaison.read(path))


def test_an_effect_that_is_refused_leaves_all_as_it_was(wall: Wall, stage: Stage) -> None:
    finding = stage.left()
    path = raised(stage, finding)
    sent = decision(stage, wall, path, "uphold", effect="cancel", seen="99")
    _, page = stage.office.send(f"{path}/decide", sent, 412)
    assert "待裁决" in content(page)
    assert "裁决" in panels(page)
    with stage.place.district.session(wall) as session:
        assert session.get_one(Finding, (stage.place.ref.id, finding)).version == 1


def test_a_figure_is_computed_anew_and_the_publication_stays(wall: Wall, stage: Stage) -> None:
    with stage.place.district.session(wall) as session:
        publish(session, stage.place.office, FOOD, FOOD.edition, MONTH, now=now())
        session.commit()
    here = f"k/{FOOD.key}/i/{CODE}?kind=month&period={MONTH.key}"
    page = stage.near.read(here)
    assert "appeals/new?campaign=" in page
    assert "appeals/new?campaign=" not in stage.office.read(here)
    asked = {"campaign": FOOD.key, "indicator": CODE, "period": MONTH.key}
    assert CODE in content(stage.near.read(f"appeals/new?campaign={FOOD.key}&indicator={CODE}&period={MONTH.key}"))
    answer, _ = stage.near.send("appeals/new", asked | {"reason": "有一户已办证"}, 303)
    path = "appeals/" + answer.location.rpartition("/")[2]
    page = content(stage.near.read(path))
    assert "申诉时的数值" in page
    assert "分母 9" in page
    assert "申诉" in panels(stage.near.read(here))
    with stage.place.district.session(wall) as session:
        send(session, stage.place, ALL_GOOD, now=now())
        session.commit()
    stage.office.send(f"{path}/decide", decision(stage, wall, path, "uphold"), 303)
    page = stage.office.read(path)
    assert "申诉时和重算后" in panels(page)
    assert "分母 9 18" in content(page)
    assert "发布更正" in content(page)
    assert f"publications/new?campaign={FOOD.key}" in page
    assert "发布更正" not in content(stage.near.read(path))
    run = page.split("/runs/")[1][:36]
    assert "申诉重算" in stage.office.read(f"runs/{run}")
    assert stage.near.ask(f"runs/{run}").status_code == 200


def test_list_filters_and_csv(wall: Wall, stage: Stage) -> None:
    first = raised(stage, stage.left(), "=1+1")
    with stage.place.district.session(wall) as session:
        late = update(Appeal).where(Appeal.tenant_id == stage.place.ref.id).values(due_at=now().replace(year=2020))
        session.execute(late)
        session.commit()
    asked = {"campaign": FOOD.key, "indicator": CODE, "period": MONTH.key, "reason": "数值有误"}
    answer, _ = stage.near.send("appeals/new", asked, 303)
    second = "appeals/" + answer.location.rpartition("/")[2]
    stage.office.send(f"{second}/decide", decision(stage, wall, second, "reject"), 303)

    def shown(query: str, who: Clerk = stage.office) -> set[str]:
        page = who.read(f"appeals?{query}")
        return {one for one in (first, second) if f"/{one}" in page}

    assert shown("") == {first, second}
    assert shown("state=raised") == {first}
    assert shown("state=late") == {first}
    assert shown("state=mine") == {first}
    assert shown("state=mine", stage.liaison) == set()
    assert shown("state=rejected") == {second}
    assert shown("kind=figure") == {second}
    assert shown("kind=finding") == {first}
    assert shown("", stage.near) == {second}
    assert shown("", stage.outsider) == set()
    assert "已超过期限" in content(stage.office.read("appeals"))
    assert stage.office.ask("appeals?state=lost").status_code == 422
    assert stage.outsider.ask(first).status_code == 404
    table = stage.office.ask("appeals/export.csv?kind=finding").get_data(as_text=True).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(table)))
    assert len(rows) == 2
    assert rows[1][6] == "'=1+1"
    assert "Appeals" in content(stage.english.read("appeals"))


def test_what_became_restricted_leaves_every_page(wall: Wall, stage: Stage) -> None:
    finding = stage.left()
    path = raised(stage, finding, "不应公开的理由")
    with stage.place.district.session(wall) as session:
        hide = update(Finding).where(Finding.tenant_id == stage.place.ref.id, Finding.id == finding)
        session.execute(hide.values(restricted=True))
        session.commit()
    for who in (stage.office, stage.liaison):
        for page in ("appeals", "appeals?state=raised", "inbox", "inbox/notes"):
            text = who.read(page)
            assert path not in text
            assert "不应公开" not in text
        assert "不应公开" not in who.ask("appeals/export.csv").get_data(as_text=True)
        assert who.ask(path).status_code == 404
    assert stage.liaison.ask(f"appeals/new?finding={finding}").status_code == 404
    assert stage.office.ask("inbox/objection").get_data(as_text=True).count(path) == 0
    sent = {"verdict": "reject", "text": "x", "version": "1", "seen": "1"}
    stage.office.send(f"{path}/decide", sent, 404)
    stage.liaison.send(f"{path}/withdraw", {"version": "1"}, 404)


def test_what_nobody_may_appeal_against(stage: Stage) -> None:
    finding = stage.left()
    assert stage.outsider.ask(f"appeals/new?finding={finding}").status_code == 404
    assert stage.office.ask(f"appeals/new?finding={finding}").status_code == 403
    assert stage.liaison.ask("appeals/new").status_code == 422
    assert stage.liaison.ask(f"appeals/new?campaign=none&indicator=x&period={MONTH.key}").status_code == 404
    stage.near.send("appeals/new", {"campaign": FOOD.key, "indicator": "x", "period": MONTH.key}, 404)
