"""Choosing and ordering a round's sites on the pages (选点与排序): by attainment, places beside the stops, the nearest next."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from core.work.calendar import local_day
from core.work.rounds.beside import allows_beside
from core.work.rounds.progress import stops_of
from core.work.tables import Round, RoundPlan
from tenants.db import now
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content
from tests.work.rounding import ALL_GOOD, ANSWERS, Rounds, lives, open_one, rounds_town, visit


@pytest.fixture
def place(wall) -> Rounds:
    return rounds_town(wall)


@pytest.fixture
def office(app, wall, place) -> Clerk:
    return clerk(app, wall, place.office)


def rows(page: str) -> list[str]:
    """The sites on offer, in their order."""
    return re.findall(r'name="sites" value="[^"]*" aria-label="([^"]*)"', page)


def test_sites_are_chosen_by_how_they_stand(place, office):
    with place.session() as session:
        visit(place, session, place.sites[0], None, answers=ALL_GOOD, now=now())
        visit(place, session, place.sites[1], None, answers=ANSWERS, now=now())
        of = open_one(place, session, place.sites[3:], campaigns=("civilized_city",), **lives())
        session.commit()
        key = of.id
    asked = f"rounds/{key}/sites"
    assert sorted(rows(office.read(asked))) == ["第1市场", "第2市场", "第3市场"]
    page = office.read(asked + "?attained=verified")
    assert rows(page) == ["第1市场"]
    assert "核验达标" in content(page)
    assert rows(office.read(asked + "?attained=not_met")) == ["第2市场"]
    assert rows(office.read(asked + "?attained=unchecked")) == ["第3市场"]
    assert rows(office.read(asked + "?attained=relapsed")) == []
    assert rows(office.read(asked + "?attained=verified&q=第2")) == []
    assert office.ask(asked + "?attained=splendid").status_code == 422
    version = re.findall(r'name="version" value="(\d+)"', office.read(asked))[-1]
    office.send(asked + "?attained=not_met", {"version": version, "all": "1"}, 303)
    with place.session() as session:
        stops = [one.name for one in stops_of(session, session.get_one(Round, (place.district.ref.id, key)))]
    assert stops == ["第4市场", "第2市场"]


def test_a_secret_visit_moves_nobody_in_the_filter(place, office):
    with place.session() as session:
        of = open_one(place, session, kind="ten_day_secret", title="暗访", **lives())
        visit(place, session, place.sites[0], of, answers=ALL_GOOD, now=now())
        public = open_one(place, session, place.sites[3:], **lives()).id
        session.commit()
    assert rows(office.read(f"rounds/{public}/sites?attained=verified")) == []
    assert len(rows(office.read(f"rounds/{public}/sites?attained=unchecked"))) == 3


def test_from_attainment_an_inspector_goes_to_the_visit(place, office, app, wall):
    there = f"/visit/{place.sites[0]}"
    inspector = clerk(app, wall, place.people["first"])
    assert there in inspector.read("attainment")
    assert "去检查" in inspector.read("attainment")
    assert there not in inspector.read(f"attainment?as_of={local_day(now()) - timedelta(days=1)}")
    assert there not in clerk(app, wall, place.people["leader"]).read("attainment")
    grid = clerk(app, wall, place.people["grid"])
    page = grid.read("attainment")
    assert there in page
    assert f"/visit/{place.sites[1]}" not in page


def test_places_beside_the_stops_are_allowed_on_the_form(place, office):
    page = office.read("rounds/new")
    assert "在用的点位：4，其中不在这一轮里的：4" in page
    day = local_day(now())
    said = {"kind": "weekly", "title": "本周督查", "unit_id": str(place.district.root), "mode": "announced"}
    said |= {"source": "office", "weight": "1", "starts_on": day.isoformat(), "ends_on": day.isoformat()}
    answer, _ = office.send("rounds/new", said | {"beside": "1"}, 303)
    key = answer.headers["Location"].rsplit("/", 1)[-1]
    assert "点位以外" in content(office.read(f"rounds/{key}"))
    page = office.read(f"rounds/{key}/edit")
    assert re.search(r'name="beside" value="1" checked', page)
    version = re.findall(r'name="version" value="(\d+)"', page)[-1]
    office.send(f"rounds/{key}/edit", said | {"version": version}, 303)
    with place.session() as session:
        assert not allows_beside(session.get_one(Round, (place.district.ref.id, key)).sampling)
    rule = {"every": "week", "weekdays": "0", "day": "1", "week": "1", "days": "0", "working": ""}
    plan = said | rule | {"starts_on": (day + timedelta(days=30)).isoformat(), "beside": "1", "ends_on": ""}
    office.send("rounds/plans/new", plan | {"copy": "nothing"}, 422)
    answer, _ = office.send("rounds/plans/new", plan, 303)
    key = answer.headers["Location"].rsplit("/", 1)[-1]
    assert "也可以查点位以外的地方" in content(office.read(f"rounds/plans/{key}"))
    with place.session() as session:
        assert session.get_one(RoundPlan, (place.district.ref.id, key)).template["beside"] is True


def test_the_nearest_next_is_a_proposal_until_it_is_saved(place, office, wall):
    with place.session() as session:
        of = open_one(place, session, **lives())
        session.commit()
        key, line = of.id, stops_of(session, of)[0].line_id
    page = office.read(f"rounds/{key}/order?line={line}")
    assert "从哪里出发" in page
    assert "还没有保存。" not in page
    asked = f"rounds/{key}/order?line={line}&nearest="
    page = office.read(asked + str(place.sites[3]))
    assert re.findall(r'<li data-name="([^"]*)"', page) == ["第4市场", "第2市场", "第3市场", "第1市场"]
    assert "比原来的" in page
    assert "直线距离" not in office.read(asked + "x")
    assert "起点不在这里" in office.read(asked + str(place.people["first"].person_id))
    assert "选一条线路，就可以按最近路线排" in office.read(f"rounds/{key}/order")
    stranger = clerk(
        app_of(office), wall, add_actor(wall, place.district.ref, "liaison", place.district.communities[0])
    )
    assert stranger.ask(asked + str(place.sites[3])).status_code in (403, 404)
    with place.session() as session:
        of = session.get_one(Round, (place.district.ref.id, key))
        assert [one.site_id for one in stops_of(session, of)] == place.sites


def app_of(someone: Clerk):
    return someone.client.application
