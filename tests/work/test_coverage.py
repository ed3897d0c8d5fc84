"""The coverage proof: one accountable post with a holder for every site and campaign, a liaison for every unit, on any day."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import insert, make_url, select

from core.databases import Urls, connect
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.duties.coverage import COVERED, DOUBLE, GAP, VACANT, prove_coverage
from core.work.duties.coverage_posts import load_posts
from core.work.duties.holdings import appoint, end_holding
from core.work.duties.site_posts import assign_sites, preview_assignment, release_site
from core.work.tables import Site, SiteKind, SitePost
from tenants.access import reach
from tenants.db import new_id
from tenants.models import EnabledCampaign, Holding, Unit
from tenants.scope import Wall
from tests.factory import SINCE, add_actor, add_site, add_unit
from tests.work.duty_stage import DAY, TODAY, Stage, a_post, nobody, set_stage, somebody

CIVILIZED, SANITARY = "civilized_city", "sanitary_city"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def stage(wall: Wall) -> Stage:
    return set_stage(wall)


@pytest.fixture
def session(wall: Wall, stage: Stage):
    with stage.district.session(wall) as opened:
        yield opened
        opened.rollback()


def state(session, site: UUID, campaign: str = CIVILIZED, on=TODAY) -> str:
    return prove_coverage(session, on).answers[site, campaign].state


def held(session, unit: UUID, name: str, role: str = "liaison", **more) -> UUID:
    """A post that somebody holds from the stage's day on."""
    post = a_post(session, unit, role, more.pop("title", ""), **more)
    appoint(session, None, nobody(session, name).id, post, today=TODAY)
    return post


# ---- the rule ----


def test_without_any_post_everything_is_a_gap(session, stage) -> None:
    held(session, stage.district.root, "区里的人")  # what everybody answers for, nobody does
    proof = prove_coverage(session, TODAY)
    assert proof.campaigns == (CIVILIZED, SANITARY)
    assert proof.counts == {GAP: 4}
    assert not proof.complete
    assert {answer.state for answer in proof.answers.values()} == {GAP}


def test_the_nearest_liaison_answers_and_vacant_ones_are_told(session, stage) -> None:
    street = held(session, stage.street, "街道联络员")
    proof = prove_coverage(session, TODAY)
    assert proof.counts == {COVERED: 4}
    assert {answer.posts for answer in proof.answers.values()} == {(street,)}
    a_post(session, stage.homes[0])  # nearer, but nobody holds it
    assert (state(session, stage.market), state(session, stage.hospital)) == (VACANT, COVERED)


def test_on_three_days_the_same_site_is_vacant_covered_double_and_vacant_again(session, stage) -> None:
    post = a_post(session, stage.homes[0])
    person = nobody(session, "甲")
    holding = appoint(session, None, person.id, post, today=TODAY, valid_from=TODAY + DAY)
    end_holding(session, None, holding.id, today=TODAY + 10 * DAY)
    second = a_post(session, stage.homes[0], "liaison", "第二联络员")
    appoint(
        session, None, nobody(session, "乙").id, second, today=TODAY, valid_from=TODAY + 5 * DAY, until=TODAY + 7 * DAY
    )
    days = (0, 1, 4, 5, 7, 8, 10)
    found = [state(session, stage.market, on=TODAY + n * DAY) for n in days]
    assert found == [VACANT, COVERED, COVERED, DOUBLE, DOUBLE, COVERED, VACANT]
    assert state(session, stage.hospital) == GAP


def test_vacant_posts_beside_a_held_one_do_not_count(session, stage) -> None:
    """Posts have no end: an old one that nobody holds is no second owner."""
    old = somebody(session, "旧人", stage.homes[0])
    end_holding(session, None, load_held(session, old.id), today=TODAY)
    assert state(session, stage.market) == VACANT
    new = held(session, stage.homes[0], "新人", title="新设联络员")
    assert prove_coverage(session, TODAY).answers[stage.market, CIVILIZED].posts == (new,)


def load_held(session, person_id: UUID) -> UUID:
    return session.scalars(select(Holding.id).where(Holding.person_id == person_id)).one()


def test_a_campaigns_own_liaison_goes_before_the_general_one(session, stage) -> None:
    general = held(session, stage.homes[0], "通用")
    own = held(session, stage.homes[0], "卫生专员", campaign=SANITARY, title="卫生联络员")
    answers = prove_coverage(session, TODAY).answers
    assert answers[stage.market, CIVILIZED].posts == (general,)
    assert answers[stage.market, SANITARY].posts == (own,)
    # a unit whose only liaison is for another campaign is passed by
    held(session, stage.homes[1], "文明专员", campaign=CIVILIZED)
    street = held(session, stage.street, "街道")
    answers = prove_coverage(session, TODAY).answers
    assert answers[stage.hospital, SANITARY].posts == (street,)


def test_an_assigned_post_wins_the_campaigns_before_the_general(session, stage) -> None:
    held(session, stage.homes[0], "社区联络员")
    keeper = held(session, stage.street, "路长", role="grid_worker", title="路长")
    special = held(session, stage.street, "卫生员", role="inspector", title="卫生员")
    assign_sites(session, None, [stage.market], keeper, today=TODAY)
    assign_sites(session, None, [stage.market], special, campaign=SANITARY, today=TODAY)
    answers = prove_coverage(session, TODAY).answers
    assert answers[stage.market, CIVILIZED].posts == (keeper,)
    assert answers[stage.market, SANITARY].posts == (special,)
    assert prove_coverage(session, TODAY - DAY).answers[stage.market, SANITARY].posts != (special,)
    session.add(SitePost(site_id=stage.market, campaign="", post_id=special, valid_from=TODAY))
    session.flush()
    assert state(session, stage.market) == DOUBLE


def test_a_deputy_alone_fills_no_post(session, stage) -> None:
    post = a_post(session, stage.homes[0])
    holder = appoint(session, None, nobody(session, "正").id, post, today=TODAY)
    until = TODAY + 30 * DAY
    appoint(session, None, nobody(session, "代").id, post, today=TODAY, until=until, kind="deputy")
    assert state(session, stage.market) == COVERED
    end_holding(session, None, holder.id, today=TODAY + DAY)
    assert state(session, stage.market, on=TODAY + DAY) == VACANT
    assert load_posts(session, TODAY + DAY).faces[post].deputies == ("代",)


def test_closed_suspended_and_later_ones_are_not_asked_for(session, stage) -> None:
    closed = add_site(session, stage.homes[0], "hospital", name="关了的")
    session.get_one(Site, (session.tenant_id, closed)).state = "closed"
    later = Site(name="后加的", pinyin="hou", unit_id=stage.homes[0], created_at=LONG_AGO.replace(year=2026, month=6))
    session.add(later)
    session.flush()
    row = session.get_one(EnabledCampaign, (session.tenant_id, SANITARY))
    row.state = "suspended"
    session.flush()
    proof = prove_coverage(session, TODAY)
    assert proof.campaigns == (CIVILIZED,)
    assert {place.id for place in proof.places} == {stage.market, stage.hospital}
    summer = prove_coverage(session, TODAY.replace(month=7))
    assert {place.id for place in summer.places} == {stage.market, stage.hospital, later.id}


def test_every_unit_needs_a_liaison_of_its_own(session, stage) -> None:
    held(session, stage.street, "街道")
    a_post(session, stage.homes[0])
    proof = prove_coverage(session, TODAY)
    states = {row.unit_id: row.answer.state for row in proof.units}
    assert (states[stage.street], states[stage.homes[0]], states[stage.homes[1]]) == (COVERED, VACANT, GAP)
    assert stage.district.root not in states
    assert set(stage.district.departments.values()) <= set(states)
    assert sum(proof.unit_counts.values()) == len(states)
    session.get_one(Unit, (session.tenant_id, stage.homes[1])).valid_to = TODAY
    session.flush()
    assert stage.homes[1] not in {row.unit_id for row in prove_coverage(session, TODAY).units}
    assert stage.homes[1] in {row.unit_id for row in prove_coverage(session, TODAY - DAY).units}


def test_it_is_limited_to_a_reach_a_unit_and_a_text(session, stage, wall: Wall) -> None:
    local = add_actor(wall, stage.district.ref, "administrator", stage.homes[0])
    mine = prove_coverage(session, TODAY, within=reach(local, "administer", TODAY))
    assert ({p.id for p in mine.places}, {u.unit_id for u in mine.units}) == ({stage.market}, {stage.homes[0]})
    below = prove_coverage(session, TODAY, unit_id=stage.homes[1])
    assert {p.id for p in below.places} == {stage.hospital}
    assert {p.name for p in prove_coverage(session, TODAY, text="市场").places} == {"测试市场"}
    rows = prove_coverage(session, TODAY).rows([GAP], SANITARY)
    assert {(place.name, campaign) for place, campaign, _ in rows} == {("测试市场", SANITARY), ("测试医院", SANITARY)}


# ---- assigning ----


def test_one_post_for_many_sites_in_one_step_with_preview(session, stage) -> None:
    first, second = held(session, stage.street, "甲", title="甲岗"), held(session, stage.street, "乙", title="乙岗")
    both = [stage.market, stage.hospital]
    plan = preview_assignment(session, None, both, first, today=TODAY)
    assert (set(plan.fresh), plan.replaced, plan.unchanged) == (set(both), (), ())
    assert session.scalars(select(SitePost)).all() == []
    assign_sites(session, None, [stage.market], first, today=TODAY)
    plan = preview_assignment(session, None, both, second, today=TODAY, valid_from=TODAY + DAY)
    assert plan.replaced == ((stage.market, (first,)),)
    assign_sites(session, None, both, second, today=TODAY, valid_from=TODAY + DAY)
    days = {day: prove_coverage(session, day).answers[stage.market, CIVILIZED].posts for day in (TODAY, TODAY + DAY)}
    assert days == {TODAY: (first,), TODAY + DAY: (second,)}
    again = assign_sites(session, None, both, second, today=TODAY + DAY)
    assert (again.count, set(again.unchanged)) == (0, set(both))


def test_assigning_anew_on_the_same_day_and_releasing(session, stage) -> None:
    first, second = held(session, stage.street, "甲", title="甲岗"), held(session, stage.street, "乙", title="乙岗")
    general = {first, second}
    for post in (first, second, first):
        assign_sites(session, None, [stage.market], post, today=TODAY)
        assert prove_coverage(session, TODAY).answers[stage.market, SANITARY].posts == (post,)
    release_site(session, None, stage.market, first, today=TODAY)
    assert set(prove_coverage(session, TODAY).answers[stage.market, SANITARY].posts) == general
    with pytest.raises(Conflict):
        release_site(session, None, stage.market, first, today=TODAY)
    assign_sites(session, None, [stage.market], first, today=TODAY, valid_from=TODAY + 5 * DAY)
    assign_sites(session, None, [stage.market], second, today=TODAY, until=TODAY + 20 * DAY)
    days = (TODAY, TODAY + 5 * DAY, TODAY + 20 * DAY)
    assert {prove_coverage(session, day).answers[stage.market, CIVILIZED].posts for day in days} == {(second,)}


def test_what_cannot_be_assigned_is_refused(session, stage, wall: Wall) -> None:
    post = a_post(session, stage.street, title="某岗")
    limited = a_post(session, stage.street, title="卫生岗", campaign=SANITARY)
    sites = [stage.market]
    for given, more, field in (
        ([], {}, "site"),
        (sites, {"valid_from": TODAY - DAY}, "valid_from"),
        (sites, {"until": TODAY - DAY}, "until"),
        (sites, {"campaign": "no_such"}, "campaign"),
    ):
        with pytest.raises(InvalidInput) as error:
            assign_sites(session, None, given, post, today=TODAY, **more)
        assert {fault.field for fault in error.value.faults} == {field}
    with pytest.raises(InvalidInput):
        assign_sites(session, None, sites, limited, today=TODAY)
    assign_sites(session, None, sites, limited, campaign=SANITARY, today=TODAY)
    for given, target in (([new_id()], post), (sites, new_id())):
        with pytest.raises(NotFound):
            assign_sites(session, None, given, target, today=TODAY)
    for role, unit in (("administrator", stage.homes[1]), ("liaison", stage.district.root)):
        who = add_actor(wall, stage.district.ref, role, unit)
        with pytest.raises(Forbidden):
            assign_sites(session, who, sites, post, today=TODAY)
    office = add_actor(wall, stage.district.ref, "hq_office", stage.district.root)
    assign_sites(session, office, sites, post, today=TODAY)


# ---- size ----


def test_thirty_thousand_sites_and_three_campaigns_take_less_than_three_seconds(wall: Wall, urls: Urls) -> None:
    stage = set_stage(wall)
    # An earlier test's connection may have planned how references are checked when these tables held a page: thirty
    # thousand sites then read all of them each, for minutes. Fresh statistics let it plan anew.
    with connect(urls.superuser, database=str(make_url(urls.app).database)) as server:
        server.execute("ANALYZE unit, site, person, post")
    with stage.district.session(wall) as session:
        session.add(EnabledCampaign(campaign="food_safety_city", state="enabled", edition="x", edition_sha256="c"))
        homes = [add_unit(session, "community", f"社区{n}", [stage.street, stage.district.root]) for n in range(300)]
        for n, home in enumerate(homes[:200]):
            held(session, home, f"联络{n}")
        tenant = {"tenant_id": session.tenant_id}
        ids = [new_id() for _ in range(30_000)]
        rows = [
            tenant | {"id": one, "name": f"点{n}", "pinyin": f"dian {n}", "unit_id": homes[n % 300], "state": "active"}
            for n, one in enumerate(ids)
        ]
        session.execute(insert(Site), rows)
        kinds = [tenant | {"site_id": one, "site_type": "street", "valid_from": SINCE} for one in ids]
        session.execute(insert(SiteKind), kinds)
        session.commit()
        keeper = held(session, stage.street, "街道总长", title="总长")
        assign_sites(session, None, ids[:5000], keeper, today=TODAY)
        session.commit()
        started = time.perf_counter()
        proof = prove_coverage(session, TODAY)
        spent = time.perf_counter() - started
        assert sum(proof.counts.values()) == 30_002 * 3
        assert (
            proof.counts[COVERED] == 30_002 * 3
        )  # 5000 by assignment, the rest by a community's or the street's liaison
        assert spent < 3, spent
