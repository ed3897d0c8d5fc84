"""点位达标 on pages: a grid from its place to relapse and back by real visits, both tracks side by side, files, the card."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, update

from core.campaigns import installed
from core.work.calendar import local_day
from core.work.enabling import enabled
from core.work.inspection.visits import submit
from core.work.loop.ledger import act
from core.work.organisation.units import add_unit
from core.work.places.subjects import plan_subjects, settle_subjects
from core.work.tables import Finding, FindingCampaign, Part, Site, SiteKind
from tenants.db import new_id, now
from tenants.models import Unit
from tenants.scope import Wall
from tests.factory import SINCE, add_actor, add_site, bare_district
from tests.web.desk import Clerk, clerk, content

GOOD = {"yes_no": {"yes": True}, "rating10": {"rating": 10}, "count": {"count": 0}, "n_of_m": {"n": 5, "m": 5}}
TODAY = local_day(now())
LONG_AGO = TODAY - timedelta(days=60)
SANITARY = "sanitary_city"


class Town:
    """A district with three grids and the sanitary campaign; times go backwards from now."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        edition = installed().get(SANITARY).edition
        self.app, self.wall = app, wall
        self.place = bare_district(wall, campaigns={SANITARY: (edition.key, edition.sha256)})
        self.admin_actor = add_actor(wall, self.place.ref, "administrator", self.place.root)
        self.inspector = add_actor(wall, self.place.ref, "inspector", self.place.root)
        self.admin = clerk(app, wall, self.admin_actor)
        with self.open() as session:
            self.grids = [
                add_unit(
                    session, None, name=f"第{n}网格", kind="grid", parent_id=self.place.communities[0], today=SINCE
                ).id
                for n in (1, 2, 3)
            ]
            session.commit()
        self.worker = add_actor(wall, self.place.ref, "grid_worker", self.grids[0], "张网格（演示）")
        self.liaison = add_actor(wall, self.place.ref, "liaison", self.place.departments["sanitation"])

    def open(self):
        return self.place.session(self.wall)

    def sit(self, role: str, unit: UUID) -> Clerk:
        return clerk(self.app, self.wall, add_actor(self.wall, self.place.ref, role, unit))

    def check(self, actor: Any, site: UUID, at: datetime, **bad: Any) -> None:
        form = next(f for f in installed().get(SANITARY).subject_forms if f.code == "SAN-GRID")
        words = installed().vocabulary.questions
        answers = {i.question: GOOD[words[i.question].answer_type] for i in form.items} | bad
        with self.open() as session:
            campaigns = enabled(session, installed())
            submit(session, actor, campaigns=campaigns, visit_id=new_id(), site_id=site, answers=answers, now=at)
            session.commit()

    def site(self, unit: UUID) -> UUID:
        with self.open() as session:
            return session.scalars(select(Site.id).where(Site.unit_id == unit, Site.state == "active")).one()


@pytest.fixture
def town(app: Flask, wall: Wall) -> Town:
    return Town(app, wall)


def at(days: int) -> datetime:
    return now().astimezone(UTC) - timedelta(days=days)


def row(page: str, name: str) -> str:
    """The text of the table row of a place."""
    said = content(
        "<main>" + next(part for part in page.split("<tr") if name in part and 'class="lead"' in part) + "</main>"
    )
    return said.split(">", 1)[-1]


def test_a_grid_from_its_place_to_relapse_and_back(town: Town) -> None:
    page = town.admin.read("attainment?of=grid")
    assert "3 个还没有检查对象" in page
    town.admin.send("attainment/subjects/grid", {}, 303)
    page = town.admin.read("attainment?of=grid")
    assert "新建 3 个" in page
    assert "为每个网格建立检查对象" not in page
    assert page.count("还没查过") >= 3
    with town.open() as session:
        session.execute(update(SiteKind).values(valid_from=LONG_AGO))
        session.execute(update(Site).values(created_at=at(60)))
        session.commit()
    site = town.site(town.grids[0])
    town.check(town.worker, site, at(9))
    page = town.admin.read("attainment?of=grid")
    assert "自查达标" in row(page, "第1网格")
    assert "1/3" in content(page)
    assert "0/3" in content(page)
    town.check(town.inspector, site, at(8))
    assert "核验达标" in row(town.admin.read("attainment?of=grid"), "第1网格")
    town.check(town.inspector, site, at(7), waste_heaps={"count": 1})  # 98 points: up to standard, with one finding
    said = row(town.admin.read("attainment?of=grid"), "第1网格")
    assert "核验达标" in said
    assert " 1 " in said
    town.check(town.inspector, site, at(6), breeding_places={"count": 1})
    said = row(town.admin.read("attainment?of=grid"), "第1网格")
    assert "达标后反弹" in said
    assert "关键项不合格" in said
    before = (TODAY - timedelta(days=7)).isoformat()
    assert "核验达标" in row(town.admin.read(f"attainment?of=grid&as_of={before}"), "第1网格")
    town.check(town.inspector, site, at(5))
    assert "核验达标" in row(town.admin.read("attainment?of=grid&state=verified"), "第1网格")
    card = content(town.admin.read(f"sites/{site}"))
    assert "达标情况" in card
    assert "核验达标" in card


def test_a_finding_revokes_until_it_is_closed(town: Town) -> None:
    with town.open() as session:
        settle_subjects(session, None, "grid", today=LONG_AGO)
        session.commit()
    site = town.site(town.grids[1])
    town.check(town.inspector, site, at(9))
    office = add_actor(town.wall, town.place.ref, "hq_office", town.place.root)
    with town.open() as session:
        row_of = session.get_one(Site, (town.place.ref.id, site))
        finding = Finding(
            site_id=site, unit_id=row_of.unit_id, category="ENV-LITTER", title="积存垃圾", state="answered",
            working_days=1, opened_at=at(3), due_at=at(1), number="2026-77777", answered_at=at(1),
        )  # fmt: skip
        finding.id = new_id()
        session.add(finding)
        session.flush()
        from_campaign(session, finding)
        unit = town.place.departments["sanitation"]
        session.add(Part(finding_id=finding.id, kind="line", unit_id=unit, leading=True, state="open"))
        session.commit()
        key = finding.id
    said = row(town.admin.read("attainment?of=grid"), "第2网格")
    assert "达标后反弹" in said
    assert "有未办结的问题 2026-77777 积存垃圾" in said
    with town.open() as session:
        act(session, office, key, "close", version=1, outcome="fixed", now=now())
        session.commit()
    assert "核验达标" in row(town.admin.read("attainment?of=grid"), "第2网格")


def from_campaign(session: Any, finding: Finding) -> None:
    session.add(FindingCampaign(finding_id=finding.id, campaign=SANITARY))


def test_files_say_what_the_page_says(town: Town) -> None:
    with town.open() as session:
        settle_subjects(session, None, "grid", today=LONG_AGO)
        session.commit()
    town.check(town.worker, town.site(town.grids[0]), at(2), waste_heaps={"count": 9})
    lines = town.admin.read("attainment/export.csv?of=grid").strip().splitlines()
    assert len(lines) == 4
    first = next(line for line in lines if "第1网格" in line)
    assert "得分不到 90%" in first
    book = load_workbook(io.BytesIO(town.admin.ask("attainment/export.xlsx?of=grid").data))
    sheet = [[cell.value for cell in line] for line in book.active.iter_rows()]
    assert len(sheet) == 4
    assert {line[1] for line in sheet[1:]} == {"第1网格", "第2网格", "第3网格"}


def test_filters_and_reach(town: Town) -> None:
    with town.open() as session:
        settle_subjects(session, None, "grid", today=LONG_AGO)
        add_site(session, town.place.communities[1], "produce_market", name="甲市场")
        session.commit()
    assert "甲市场" in town.admin.read("attainment")
    assert "第1网格" not in content(town.admin.read("attainment")).split("明细")[-1]
    assert "甲市场" in town.admin.read("attainment?type=produce_market&state=unchecked")
    assert "没有这样的点位" in town.admin.read("attainment?state=met")
    assert "没有这样的点位" in town.admin.read("attainment?person=没有这个人")
    own = clerk(town.app, town.wall, town.worker).read("attainment?of=grid")
    assert "第1网格" in own
    assert "第2网格" not in content(own).split("明细")[-1]
    assert "为每个网格建立检查对象" not in own
    town.admin.read("attainment?state=typed", 422)
    town.admin.read("attainment?of=caves", 422)
    unit = town.grids[1]
    assert "第1网格" not in content(town.admin.read(f"attainment?of=grid&unit={unit}")).split("明细")[-1]


def test_the_leaders_first_page_has_both_numbers(town: Town) -> None:
    leader = town.sit("leader", town.place.root)
    assert "网格达标" not in leader.read()
    with town.open() as session:
        settle_subjects(session, None, "grid", today=LONG_AGO)
        session.commit()
    town.check(town.worker, town.site(town.grids[0]), at(2))
    said = content(leader.read())
    assert "网格达标" in said
    assert "自查达标 1/3" in said
    assert "0/3 核验达标" in said


def test_english(town: Town, app: Flask, wall: Wall) -> None:
    reader = clerk(app, wall, town.admin_actor, "en")
    assert "<main" in reader.read("attainment")


# ---- subjects follow the chart ----


def test_subjects_are_made_once_and_follow_the_chart(town: Town) -> None:
    with town.open() as session:
        done = settle_subjects(session, town.admin_actor, "grid", today=TODAY)
        assert (len(done.missing), len(done.ended)) == (3, 0)
        assert settle_subjects(session, town.admin_actor, "grid", today=TODAY).is_settled
        kinds = session.scalars(select(SiteKind.site_type).join(Site, SiteKind.site_id == Site.id)).all()
        assert kinds == ["grid"] * 3
        first, second, _ = town.grids
        session.execute(update(Unit).where(Unit.id == first).values(name="改名网格"))
        session.execute(update(Unit).where(Unit.id == second).values(valid_to=TODAY))
        fourth = add_unit(
            session, None, name="第4网格", kind="grid", parent_id=town.place.communities[1], today=SINCE
        ).id
        plan = plan_subjects(session, "grid", TODAY)
        assert ([u.id for u in plan.missing], [n for _, n in plan.renamed], len(plan.ended)) == (
            [fourth],
            ["改名网格"],
            1,
        )
        settle_subjects(session, town.admin_actor, "grid", today=TODAY)
        standing = session.execute(select(Site.name, Site.unit_id).where(Site.state == "active")).all()
        assert {tuple(one) for one in standing} == {
            ("改名网格", first),
            ("第3网格", town.grids[2]),
            ("第4网格", fourth),
        }
        assert plan_subjects(session, "grid", TODAY).is_settled


def test_a_merged_grid_leaves_one_place(town: Town) -> None:
    """A reorganisation moves the place of a closed grid to its heir, where another stands already: that of its own name stays."""
    with town.open() as session:
        settle_subjects(session, None, "grid", today=TODAY)
        first, second, _ = town.grids
        session.execute(update(Site).where(Site.unit_id == second).values(unit_id=first))
        session.execute(update(Unit).where(Unit.id == second).values(valid_to=TODAY))
        plan = plan_subjects(session, "grid", TODAY)
        assert ([one.name for one in plan.ended], plan.missing, plan.renamed) == (["第2网格"], [], [])


def test_villages_have_their_own(town: Town) -> None:
    with town.open() as session:
        add_unit(session, None, name="河东村", kind="village", parent_id=town.place.street, today=SINCE)
        session.commit()
    town.admin.send("attainment/subjects/village", {}, 303)
    assert "河东村" in town.admin.read("attainment?of=village")
    town.admin.send("attainment/subjects/caves", {}, 404)
    town.sit("grid_worker", town.grids[0]).send("attainment/subjects/grid", {}, 403)
