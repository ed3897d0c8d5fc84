"""Holdings: several posts of one person, several holders of one post, deputies, assessors; ends come by themselves."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.actors import resolve_actor
from core.work.duties.holdings import appoint, deactivate_person, end_holding, set_last_day
from core.work.duties.people import get_person
from core.work.duties.post_lists import find_face, list_posts, seats_of
from core.work.tables import Audit
from tenants.db import new_id
from tenants.models import Holding
from tenants.scope import Wall
from tests.factory import add_actor
from tests.work.duty_stage import DAY, TODAY, a_post, nobody, set_stage, somebody


@pytest.fixture(scope="module")
def stage(wall: Wall):
    return set_stage(wall)


@pytest.fixture
def session(wall: Wall, stage):
    with stage.district.session(wall) as opened:
        yield opened
        opened.rollback()


def roles_on(session, stage, person, day) -> set[str]:
    actor = resolve_actor(session, stage.district.ref, person.id, day)
    assert actor is not None
    return set(actor.roles())


def faults_of(error) -> set[str]:
    return {fault.field for fault in error.value.faults}


def test_a_leading_group_has_two_chairs(session, stage) -> None:
    """双组长领导小组 (S3-01): one post, two holders, both with its rights."""
    post = a_post(session, stage.district.root, "leader", "领导小组组长")
    for name in ("书记", "区长"):
        appoint(session, None, nobody(session, name).id, post, today=TODAY)
    face = find_face(session, post, TODAY)
    assert face.holders == ("书记", "区长")
    assert [row.state for row in list_posts(session, None, on=TODAY, text="领导小组")] == ["shared"]


def test_one_person_has_three_posts_and_their_roles_together(session, stage) -> None:
    person = somebody(session, "三岗", stage.street, "liaison")
    for unit, role in ((stage.district.root, "leader"), (stage.homes[0], "grid_worker")):
        appoint(session, None, person.id, a_post(session, unit, role), today=TODAY)
    actor = resolve_actor(session, stage.district.ref, person.id, TODAY)
    assert actor is not None
    assert {(duty.role, duty.unit_id) for duty in actor.duties} == {
        ("liaison", stage.street),
        ("leader", stage.district.root),
        ("grid_worker", stage.homes[0]),
    }


def test_an_assessor_loses_all_rights_the_day_after(session, stage) -> None:
    until = TODAY + 10 * DAY
    person = somebody(session, "外聘", stage.district.root, "assessor", until=until)
    held = get_person(session, person.id, on=TODAY).posts[0]
    assert (held.kind, held.until) == ("assessor", until)
    assert roles_on(session, stage, person, until) == {"assessor"}
    assert roles_on(session, stage, person, until + DAY) == set()
    assert roles_on(session, stage, person, TODAY - DAY) == set()


def test_who_comes_from_outside_must_have_an_end_and_that_role(session, stage) -> None:
    person = nobody(session, "外聘二")
    assessor, liaison = (a_post(session, stage.district.root, role) for role in ("assessor", "liaison"))
    with pytest.raises(InvalidInput) as error:
        appoint(session, None, person.id, assessor, today=TODAY)
    assert faults_of(error) == {"until"}
    for post, kind in ((liaison, "assessor"), (assessor, "holder")):
        with pytest.raises(InvalidInput) as error:
            appoint(session, None, person.id, post, today=TODAY, until=TODAY + DAY, kind=kind)
        assert faults_of(error) == {"kind"}
    for until in (TODAY - DAY, TODAY - 400 * DAY):
        with pytest.raises(InvalidInput) as error:
            appoint(session, None, person.id, liaison, today=TODAY, until=until)
        assert faults_of(error) == {"until"}
    with pytest.raises(InvalidInput) as error:
        appoint(session, None, person.id, liaison, today=TODAY, kind="king")
    assert faults_of(error) == {"kind"}


def test_a_deputy_stands_in_for_a_holder_until_a_day(session, stage) -> None:
    post = a_post(session, stage.homes[1], "liaison", "代理试验岗")
    deputy = nobody(session, "代理人")
    week = TODAY + 7 * DAY
    with pytest.raises(InvalidInput) as error:  # of nobody
        appoint(session, None, deputy.id, post, today=TODAY, until=week, kind="deputy")
    assert faults_of(error) == {"kind"}
    appoint(session, None, nobody(session, "正职").id, post, today=TODAY)
    with pytest.raises(InvalidInput) as error:  # for ever
        appoint(session, None, deputy.id, post, today=TODAY, kind="deputy")
    assert faults_of(error) == {"until"}
    appoint(session, None, deputy.id, post, today=TODAY, until=week, kind="deputy")
    face = find_face(session, post, TODAY)
    assert (face.holders, face.deputies) == (("正职",), ("代理人",))
    assert roles_on(session, stage, deputy, week) == {"liaison"}
    assert roles_on(session, stage, deputy, week + DAY) == set()
    assert find_face(session, post, week + DAY).deputies == ()


def test_a_holding_arranged_for_later_begins_by_itself(session, stage) -> None:
    person = nobody(session, "下周上任")
    post = a_post(session, stage.street, "grid_worker", "下周岗")
    start = TODAY + 7 * DAY
    appoint(session, None, person.id, post, today=TODAY, valid_from=start)
    assert roles_on(session, stage, person, start - DAY) == set()
    assert roles_on(session, stage, person, start) == {"grid_worker"}
    assert find_face(session, post, TODAY).holders == ()


def test_the_same_post_twice_at_once_is_refused_naming_the_standing_one(session, stage) -> None:
    person = nobody(session, "重任")
    post = a_post(session, stage.street, "liaison", "重叠岗")
    appoint(session, None, person.id, post, today=TODAY, until=TODAY + 10 * DAY)
    with pytest.raises(Conflict, match=r"重任已任“重叠岗”（2026-03-02 — 2026-03-12）"):
        appoint(session, None, person.id, post, today=TODAY, valid_from=TODAY + 10 * DAY)
    appoint(session, None, person.id, post, today=TODAY, valid_from=TODAY + 11 * DAY, until=TODAY + 20 * DAY)
    with pytest.raises(Conflict, match="重叠"):
        appoint(session, None, person.id, post, today=TODAY, valid_from=TODAY + 20 * DAY)
    first = session.scalars(select(Holding).where(Holding.person_id == person.id).order_by(Holding.valid_from)).first()
    with pytest.raises(Conflict, match="重叠"):  # a longer term would run into the next one
        set_last_day(session, None, first.id, None, today=TODAY)
    assert len(seats_of(session, post)) == 2


def test_a_withdrawn_holding_never_was(session, stage) -> None:
    person = nobody(session, "未到任")
    post = a_post(session, stage.street, "liaison", "撤回岗")
    holding = appoint(session, None, person.id, post, today=TODAY, valid_from=TODAY + DAY)
    end_holding(session, None, holding.id, today=TODAY)
    assert seats_of(session, post) == []
    assert roles_on(session, stage, person, TODAY + DAY) == set()
    appoint(session, None, person.id, post, today=TODAY, valid_from=TODAY + DAY)
    assert roles_on(session, stage, person, TODAY + DAY) == {"liaison"}


def test_a_term_is_made_shorter_and_longer_but_not_after_its_end(session, stage) -> None:
    person = nobody(session, "延期")
    post = a_post(session, stage.district.root, "assessor", "测评岗")
    holding = appoint(session, None, person.id, post, today=TODAY, until=TODAY + DAY)
    set_last_day(session, None, holding.id, TODAY + 30 * DAY, today=TODAY)
    assert roles_on(session, stage, person, TODAY + 30 * DAY) == {"assessor"}
    with pytest.raises(InvalidInput) as error:
        set_last_day(session, None, holding.id, None, today=TODAY)
    assert faults_of(error) == {"until"}
    with pytest.raises(Conflict, match="已经结束"):
        set_last_day(session, None, holding.id, TODAY + 90 * DAY, today=TODAY + 60 * DAY)
    assert "holding.term" in set(session.scalars(select(Audit.verb)))


def test_leaving_ends_limited_and_arranged_posts_too(session, stage) -> None:
    person = somebody(session, "离任", stage.street, "liaison", until=TODAY + 90 * DAY)
    later = a_post(session, stage.street, "grid_worker", "以后的岗")
    appoint(session, None, person.id, later, today=TODAY, valid_from=TODAY + 10 * DAY)
    deactivate_person(session, None, person.id, today=TODAY + DAY)
    rows = session.scalars(select(Holding).where(Holding.person_id == person.id)).all()
    assert sorted(row.valid_to for row in rows) == [TODAY + DAY, TODAY + 10 * DAY]
    assert get_person(session, person.id, on=TODAY + 20 * DAY).posts == ()


def test_an_administrator_with_an_end_does_not_count_as_the_last_one(wall: Wall) -> None:
    stage = set_stage(wall)
    with stage.district.session(wall) as session:
        chief = somebody(session, "总管", stage.district.root, "administrator")
        somebody(session, "代管", stage.district.root, "administrator", title="临时管理员", until=TODAY + 5 * DAY)
        held = get_person(session, chief.id, on=TODAY).posts[0]
        with pytest.raises(Conflict, match="最后一名管理员"):
            end_holding(session, None, held.holding_id, today=TODAY)
        with pytest.raises(Conflict, match="最后一名管理员"):
            set_last_day(session, None, held.holding_id, TODAY + DAY, today=TODAY)


def test_who_administers_a_part_appoints_there_only(session, stage, wall: Wall) -> None:
    local = add_actor(wall, stage.district.ref, "administrator", stage.street)
    person = nobody(session, "某人")
    appoint(session, local, person.id, a_post(session, stage.homes[0], "grid_worker"), today=TODAY)
    with pytest.raises(Forbidden):
        appoint(session, local, person.id, a_post(session, stage.district.root, "leader", "别处"), today=TODAY)
    for wrong in ((new_id(), a_post(session, stage.street)), (person.id, new_id())):
        with pytest.raises(NotFound):
            appoint(session, local, *wrong, today=TODAY)
