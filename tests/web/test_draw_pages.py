"""Sealed draws on the pages (密封抽样): everybody sees commitments, only the office steps, and the file recomputes."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask

from core.work.rounds.drawing import commit
from core.work.rounds.sealed_sample import commitment, sample
from tenants.db import new_id
from tenants.scope import Wall
from tests.factory import add_actor, add_site, bare_district
from tests.web.desk import Clerk, clerk, content

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class Stage:
    """A district with one draw that waits for an outside number, before three readers."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.district = bare_district(wall)
        ref, root = self.district.ref, self.district.root
        actors = {role: add_actor(wall, ref, role, root) for role in ("hq_office", "inspector", "liaison")}
        self.office, self.inspector, self.liaison = (clerk(app, wall, one) for one in actors.values())
        with wall.open(ref.id, cleared=True) as session:
            community = self.district.communities[0]
            sites = [add_site(session, community, "produce_market", name=f"甲{n}号市场") for n in range(6)]
            given = {"frame": {"produce_market": sites}, "sizes": {"produce_market": 2}, "outside": "双色球 2026134 期"}
            self.draw_id: UUID = commit(session, actors["hq_office"], **given, now=NOW).id
            session.commit()

    @property
    def path(self) -> str:
        return f"draws/{self.draw_id}"


@pytest.fixture(scope="module")
def stage(app: Flask, wall: Wall) -> Stage:
    return Stage(app, wall)


def outsiders(stage: Stage) -> list[Clerk]:
    return [stage.inspector, stage.liaison]


def test_a_draw_from_commitment_to_file(stage: Stage) -> None:
    for one in outsiders(stage):
        page = one.read(stage.path)
        assert "承诺值已公布" in page
        assert "甲" not in content(page)
        assert one.ask(f"{stage.path}/draw.json").status_code == 404
        assert "登记场外数字" not in page
        one.send(f"{stage.path}/outside", {"outside_value": "01"}, 403)
        one.send(f"{stage.path}/reveal", {}, 403)
    _, page = stage.office.send(f"{stage.path}/outside", {"outside_value": ""}, 422)
    assert "请填写公布的结果" in page
    stage.office.send(f"{stage.path}/outside", {"outside_value": "03 08 11 19 22 30+07"}, 303)
    _, page = stage.office.send(f"{stage.path}/outside", {"outside_value": "04"}, 409)
    assert "不能再改" in page
    assert "市场" not in stage.inspector.read(stage.path), "settled, and not public yet"
    stage.office.send(f"{stage.path}/reveal", {}, 303)
    for one in outsiders(stage):
        page = one.read(stage.path)
        assert "承诺值相符" in page
        assert "号市场" in page
        said = one.ask(f"{stage.path}/draw.json").get_json()
        assert commitment(said["seed"], said["frame"], said["sizes"], said["outside"]) == said["commitment"]
        assert sample(said["seed"], said["outside_value"], said["frame"], said["sizes"]) == said["drawn"]
    assert "已公布种子" in stage.liaison.read("draws")


def test_another_draw_is_not_found(stage: Stage) -> None:
    for who in (stage.office, stage.liaison):
        assert who.ask(f"draws/{new_id()}").status_code == 404
    stage.office.send(f"draws/{new_id()}/reveal", {}, 404)


def test_a_district_without_draws_says_what_to_do(app: Flask, wall: Wall) -> None:
    made = bare_district(wall)
    page = clerk(app, wall, add_actor(wall, made.ref, "hq_office", made.root)).read("draws")
    assert "还没有密封抽样" in page
