"""People and posts: adding, changing, appointing, leaving; the last administrator stays."""

from __future__ import annotations

import threading
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.actors import resolve_actor
from core.work.duties.people import add_person, change_person, checked_phone, get_person, list_people
from core.work.duties.posts import add_person_with_post, add_post, appoint, deactivate_person, end_holding
from core.work.tables import Audit
from tenants.models import EnabledCampaign, Holding, Person, Post
from tenants.scope import Wall
from tests.factory import add_actor, add_unit, bare_district, bare_tenant

TODAY = date(2026, 3, 2)
LATER = date(2026, 4, 1)


def names(rows) -> list[str]:
    return [row.name for row in rows]


def test_a_person_with_a_post_may_act_from_that_day(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        person = add_person_with_post(
            session,
            None,
            name="测试甲",
            unit_id=district.street,
            role="inspector",
            title="",
            phone="１３８００００００００",
            today=TODAY,
        )
        session.commit()
        assert (person.pinyin, person.phone) == ("ce shi jia", "13800000000")
        actor = resolve_actor(session, district.ref, person.id, TODAY)
        assert actor
        assert actor.roles() == {"inspector"}
        assert resolve_actor(session, district.ref, person.id, TODAY - timedelta(1)).duties == ()
        row = get_person(session, person.id, on=TODAY)
        assert [(p.role, p.title, p.unit_id) for p in row.posts] == [("inspector", "检查员", district.street)]
        assert get_person(session, person.id, on=TODAY - timedelta(1)).posts == ()
        assert set(session.scalars(select(Audit.verb))) == {"person.add", "post.add", "holding.begin"}


def test_one_post_two_holders_and_two_posts_one_holder(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        wish = {"unit_id": district.street, "role": "liaison", "title": "联络员", "today": TODAY}
        one = add_person_with_post(session, None, name="测试甲", **wish)
        add_person_with_post(session, None, name="测试乙", **wish)
        assert len(session.scalars(select(Post)).all()) == 1
        other = add_post(session, None, unit_id=district.root, role="leader", title="副区长", today=TODAY)
        appoint(session, None, one.id, other.id, today=TODAY)
        with pytest.raises(Conflict, match="已任“副区长”"):
            appoint(session, None, one.id, other.id, today=LATER)
        assert len(get_person(session, one.id, on=TODAY).posts) == 2


def test_lists_follow_reach_text_unit_and_day(wall: Wall) -> None:
    district = bare_district(wall)
    chief = add_actor(wall, district.ref, "administrator", district.root, name="总管")
    local = add_actor(wall, district.ref, "administrator", district.street, name="街道管")
    liaison = add_actor(wall, district.ref, "liaison", district.departments["cdc"], name="疾控联络")
    with district.session(wall) as session:
        add_person(session, None, name="无岗人员", phone="0351-1234567", today=TODAY)
        add_person_with_post(
            session, None, name="社区员", unit_id=district.communities[0], role="inspector", title="", today=TODAY
        )
        assert set(names(list_people(session, chief, on=TODAY))) == {"总管", "街道管", "疾控联络", "无岗人员", "社区员"}
        assert names(list_people(session, local, on=TODAY)) == ["街道管", "社区员"]
        assert names(list_people(session, liaison, on=TODAY)) == ["疾控联络"]
        assert names(list_people(session, None, on=TODAY, text="1234")) == ["无岗人员"]
        assert names(list_people(session, None, on=TODAY, text="she qu")) == ["社区员"]
        assert names(list_people(session, None, on=TODAY, text="%")) == []
        assert names(list_people(session, None, on=TODAY, unit_id=district.street)) == ["街道管"]
        assert names(list_people(session, local, on=TODAY - timedelta(1))) == ["街道管"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"role": "mayor"}, "role"),
        ({"role": "bureau"}, "role"),
        ({"role": "liaison", "campaign": "sanitary_city"}, "campaign"),
        ({"role": "liaison", "title": "长" * 61}, "title"),
        ({"role": "liaison", "name": " "}, "name"),
        ({"role": "liaison", "name": "长" * 41}, "name"),
        ({"role": "liaison", "phone": "一二三"}, "phone"),
    ],
)
def test_bad_input_is_refused(wall: Wall, wish: dict[str, str], field: str) -> None:
    district = bare_district(wall)
    with district.session(wall) as session, pytest.raises(InvalidInput) as caught:
        add_person_with_post(
            session, None, **({"name": "测试甲", "unit_id": district.root, "title": "", "today": TODAY} | wish)
        )
    assert caught.value.faults[0].field == field
    assert caught.value.faults[0].remedy


def test_a_city_has_its_own_roles(wall: Wall) -> None:
    city = bare_tenant(wall, kind="city", name="测试市")
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        assert add_post(session, None, unit_id=root, role="bureau", title="", today=TODAY).title == "主管部门"
        with pytest.raises(InvalidInput):
            add_post(session, None, unit_id=root, role="inspector", title="", today=TODAY)


def test_a_post_may_be_for_one_enabled_campaign(wall: Wall) -> None:
    district = bare_district(wall, campaigns={"sanitary_city": ("e", "s")})
    with district.session(wall) as session:
        assert session.scalars(select(EnabledCampaign.campaign)).one() == "sanitary_city"
        wish = {"unit_id": district.root, "role": "inspector", "title": "", "today": TODAY}
        one = add_post(session, None, campaign="sanitary_city", **wish)
        every = add_post(session, None, **wish)
        assert one.id != every.id
        assert add_post(session, None, campaign="sanitary_city", **wish).id == one.id


def test_name_and_phone_are_one_person(wall: Wall) -> None:
    with bare_district(wall).session(wall) as session:
        add_person(session, None, name="测试甲", phone="13800000000", today=TODAY)
        with pytest.raises(Conflict) as caught:
            add_person(session, None, name="测试甲", phone="138 0000 0000", today=TODAY)
        assert caught.value.faults[0].remedy
        add_person(session, None, name="测试甲", phone="", today=TODAY)
        add_person(session, None, name="测试甲", phone="", today=TODAY)


def test_correcting_a_person(wall: Wall) -> None:
    district = bare_district(wall)
    local = add_actor(wall, district.ref, "administrator", district.street)
    other = add_actor(wall, district.ref, "inspector", district.departments["cdc"], name="外人")
    own = add_actor(wall, district.ref, "inspector", district.communities[0], name="己人")
    with district.session(wall) as session:
        assert (
            change_person(session, local, own.person_id, name="己人甲", phone="5551234", today=TODAY).name == "己人甲"
        )
        session.commit()
        (said,) = session.scalars(select(Audit.detail).where(Audit.verb == "person.change"))
        assert said == {"name": "己人甲", "phone": "5551234"}
        change_person(session, local, own.person_id, name="己人甲", today=TODAY)
        assert len(session.scalars(select(Audit).where(Audit.verb == "person.change")).all()) == 1
        with pytest.raises(Forbidden):
            change_person(session, local, other.person_id, name="改名", today=TODAY)
        with pytest.raises(NotFound):
            change_person(session, local, uuid.uuid4(), name="改名", today=TODAY)


def test_leaving_ends_the_posts_and_coming_back_begins_new_ones(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        person = add_person_with_post(
            session, None, name="测试甲", unit_id=district.street, role="inspector", title="", today=TODAY
        )
        session.commit()
        deactivate_person(session, None, person.id, today=LATER)
        deactivate_person(session, None, person.id, today=LATER)
        session.commit()
        assert resolve_actor(session, district.ref, person.id, LATER) is None
        row = get_person(session, person.id, on=TODAY)
        assert (row.state, len(row.posts), row.posts[0].valid_to) == ("inactive", 1, LATER)
        assert names(list_people(session, None, on=LATER)) == []
        assert names(list_people(session, None, on=LATER, inactive=True)) == ["测试甲"]
        appoint(session, None, person.id, session.scalars(select(Post.id)).one(), today=LATER + timedelta(9))
        session.commit()
        assert session.get_one(Person, (session.tenant_id, person.id)).state == "active"
        assert len(session.scalars(select(Holding)).all()) == 2
        assert session.scalars(select(Audit.verb)).all().count("person.deactivate") == 1


def test_the_last_administrator_stays(wall: Wall) -> None:
    district = bare_district(wall)
    chief = add_actor(wall, district.ref, "administrator", district.root)
    local = add_actor(wall, district.ref, "administrator", district.street)
    with district.session(wall) as session:
        for row in session.scalars(select(Holding).where(Holding.person_id == chief.person_id)):
            with pytest.raises(Conflict) as caught:
                end_holding(session, chief, row.id, today=TODAY)
            assert caught.value.faults[0].remedy
        with pytest.raises(Conflict):
            deactivate_person(session, chief, chief.person_id, today=TODAY)
        (mine,) = session.scalars(select(Holding).where(Holding.person_id == local.person_id))
        end_holding(session, chief, mine.id, today=TODAY)
        ended = end_holding(session, chief, mine.id, today=LATER)
        assert ended.valid_to == TODAY
        session.commit()
    add_actor(wall, district.ref, "administrator", district.root)
    with district.session(wall) as session:
        deactivate_person(session, chief, chief.person_id, today=TODAY)
        session.commit()


def test_two_administrators_cannot_dismiss_each_other(wall: Wall) -> None:
    district = bare_district(wall)
    pair = [add_actor(wall, district.ref, "administrator", district.root) for _ in range(2)]
    barrier, outcomes = threading.Barrier(2), []

    def dismiss(actor, other) -> None:
        with district.session(wall) as session:
            barrier.wait()
            try:
                deactivate_person(session, actor, other.person_id, today=TODAY)
                session.commit()
                outcomes.append("done")
            except Conflict:
                outcomes.append("refused")

    threads = [threading.Thread(target=dismiss, args=(pair[i], pair[1 - i])) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]


def test_a_local_administrator_keeps_to_his_ground(wall: Wall) -> None:
    district = bare_district(wall)
    local = add_actor(wall, district.ref, "administrator", district.street)
    chief = add_actor(wall, district.ref, "administrator", district.root)
    inspector = add_actor(wall, district.ref, "inspector", district.root)
    with district.session(wall) as session:
        with pytest.raises(Forbidden):
            add_post(session, local, unit_id=district.root, role="administrator", title="", today=TODAY)
        (post,) = session.scalars(select(Post).where(Post.unit_id == district.root, Post.role == "administrator"))
        with pytest.raises(Forbidden):
            appoint(session, local, local.person_id, post.id, today=TODAY)
        with pytest.raises(Forbidden):
            deactivate_person(session, local, chief.person_id, today=TODAY)
        with pytest.raises(Forbidden):
            add_person(session, inspector, name="测试甲", today=TODAY)


def test_another_districts_people_are_not_found(wall: Wall) -> None:
    one, two = bare_district(wall), bare_district(wall)
    stranger = add_actor(wall, one.ref, "administrator", one.root)
    with one.session(wall) as session:
        holding, post = session.scalars(select(Holding.id)).one(), session.scalars(select(Post.id)).one()
    with two.session(wall) as session:
        for act in (
            lambda: get_person(session, stranger.person_id, on=TODAY),
            lambda: deactivate_person(session, None, stranger.person_id, today=TODAY),
            lambda: end_holding(session, None, holding, today=TODAY),
            lambda: appoint(session, None, stranger.person_id, post, today=TODAY),
            lambda: add_post(session, None, unit_id=one.root, role="liaison", title="", today=TODAY),
        ):
            with pytest.raises(NotFound):
                act()
        assert list_people(session, None, on=TODAY) == []


@pytest.mark.parametrize(
    ("said", "number"),
    [("138 0000-0000", "13800000000"), ("（0351）1234567", "03511234567"), ("0351-1234567", "0351-1234567"), ("", "")],
)
def test_phones_are_read_as_people_write_them(said: str, number: str) -> None:
    assert checked_phone(said).replace("-", "") == number.replace("-", "")
