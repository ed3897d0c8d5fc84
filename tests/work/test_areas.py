"""Areas and grids: groups across the lines of subdistricts, and a site that lies in several partitions, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.organisation.areas import (
    add_members,
    areas_of,
    findings_in_area,
    get_area,
    list_areas,
    members_of,
    remove_member,
    sites_in_area,
    units_in_area,
    visits_in_area,
)
from core.work.organisation.charts import close_unit, move_unit
from core.work.organisation.grids import end_grid, grids_of, list_grid_sites, partitions, set_grid, sites_in_grid
from core.work.organisation.units import add_unit
from core.work.tables import AreaMember, Audit, Finding, Site, SiteGrid, Visit
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, District, add_actor, add_site, bare_district
from tests.work.test_charts import NOW, TODAY, put_finding, second_street

EVE = TODAY - timedelta(1)


def area_in(session: ScopedSession, name: str = "东片区", parent: UUID | None = None) -> UUID:
    return add_unit(session, None, name=name, kind="area", today=SINCE, parent_id=parent).id


def put_visit(session: ScopedSession, district: District, site: UUID, unit: UUID, person: UUID) -> UUID:
    visit = Visit(
        id=new_id(), site_id=site, unit_id=unit, person_id=person, basis="verified", day=TODAY, body_sha256=b"x"
    )
    session.add(visit)
    session.flush()
    return visit.id


def chosen(session: ScopedSession, table: type, condition: ColumnElement[bool]) -> set[UUID]:
    return set(session.scalars(select(table.id).where(condition)))  # type: ignore[attr-defined]


def test_an_area_reaches_across_subdistricts_and_takes_single_sites(wall: Wall) -> None:
    district = bare_district(wall)
    actor = add_actor(wall, district.ref, "administrator", district.root)
    one, two = district.communities
    tenant = district.ref.id
    with district.session(wall) as session:
        other = second_street(session, district)
        far = add_unit(session, None, name="远社区", kind="community", parent_id=other, today=SINCE).id
        grid = add_unit(session, None, name="一网格", kind="grid", parent_id=one, today=SINCE).id
        places = {unit: add_site(session, unit, name=f"点位{n}") for n, unit in enumerate((one, two, far, grid, other))}
        single = add_site(session, two, name="单独点位")
        found = {site: put_finding(session, unit, unit, site_id=site) for unit, site in places.items()}
        alone = put_finding(session, two, two, site_id=single)
        free = put_finding(session, one, one, place="街角")
        visits = {site: put_visit(session, district, site, unit, actor.person_id) for unit, site in places.items()}
        east = area_in(session)
        assert add_members(session, actor, east, units=[one, far], sites=[single], today=TODAY) == 3
        assert add_members(session, actor, east, units=[one], sites=[single], today=TODAY) == 0
        session.commit()
        assert set(session.scalars(units_in_area(tenant, east, TODAY))) == {one, far, grid}
        inside = {places[one], places[far], places[grid]}
        assert chosen(session, Site, sites_in_area(tenant, east, TODAY)) == {*inside, single}
        expected = {found[site] for site in inside} | {alone, free}
        assert chosen(session, Finding, findings_in_area(tenant, east, TODAY)) == expected
        assert chosen(session, Visit, visits_in_area(tenant, east, TODAY)) == {visits[site] for site in inside}
        for condition, table in ((sites_in_area, Site), (findings_in_area, Finding), (visits_in_area, Visit)):
            assert chosen(session, table, condition(tenant, east, EVE)) == set(), "nobody was a member yet"
        assert [(m.name, m.kind) for m in members_of(session, east, TODAY) if m.site_id] == [("单独点位", "")]
        assert [a.id for a in areas_of(session, TODAY, unit_id=grid)] == [east]
        assert [a.id for a in areas_of(session, TODAY, site_id=single)] == [east]
        assert areas_of(session, EVE, unit_id=one) == []
        assert areas_of(session, TODAY) == []


def test_members_come_and_go_on_their_days(wall: Wall) -> None:
    district = bare_district(wall)
    actor = add_actor(wall, district.ref, "administrator", district.root)
    one, tenant = district.communities[0], district.ref.id
    with district.session(wall) as session:
        east = area_in(session)
        since = TODAY - timedelta(10)
        add_members(session, actor, east, units=[one], today=TODAY, on=since)
        member = members_of(session, east, TODAY)[0]
        assert member.valid_from == since
        with pytest.raises(Conflict):
            remove_member(session, actor, member.id, today=TODAY, on=since - timedelta(1))
        with pytest.raises(InvalidInput):
            remove_member(session, actor, member.id, today=TODAY, on=TODAY + timedelta(1))
        for _ in range(2):
            remove_member(session, actor, member.id, today=TODAY)
        assert members_of(session, east, TODAY) == []
        assert one in session.scalars(units_in_area(tenant, east, EVE)).all()
        add_members(session, actor, east, units=[one], today=TODAY)
        assert [m.unit_id for m in members_of(session, east, TODAY)] == [one]
        verbs = session.scalars(select(Audit.verb).where(Audit.verb.startswith("area."))).all()
        assert sorted(verbs) == ["area.add", "area.add", "area.remove"]


def test_an_area_holds_what_the_areas_under_it_hold(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    with district.session(wall) as session:
        whole = area_in(session, "大片区")
        part = area_in(session, "小片区", whole)
        add_members(session, None, part, units=[one], today=TODAY)
        add_members(session, None, whole, units=[two], today=TODAY)
        tenant = district.ref.id
        assert set(session.scalars(units_in_area(tenant, whole, TODAY))) == {one, two}
        assert set(session.scalars(units_in_area(tenant, part, TODAY))) == {one}
        assert [a.name for a in list_areas(session, TODAY)] == ["大片区", "小片区"]


def test_an_area_follows_its_members_through_the_chart(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    tenant = district.ref.id
    with district.session(wall) as session:
        other = second_street(session, district)
        east = area_in(session)
        add_members(session, None, east, units=[other], today=TODAY)
        found = put_finding(session, one, one)
        move_unit(session, None, one, other, today=TODAY)
        assert found in chosen(session, Finding, findings_in_area(tenant, east, TODAY))
        close_unit(session, None, one, heir_id=two, today=TODAY, now=NOW)
        assert found not in chosen(session, Finding, findings_in_area(tenant, east, TODAY))
        add_members(session, None, east, units=[two], today=TODAY)
        assert found in chosen(session, Finding, findings_in_area(tenant, east, TODAY)), "its place is the heir's now"


def test_what_is_no_member_is_refused(wall: Wall) -> None:
    district = bare_district(wall)
    one = district.communities[0]
    street = add_actor(wall, district.ref, "administrator", district.street)
    elsewhere = bare_district(wall)
    with district.session(wall) as session:
        east, west = area_in(session), area_in(session, "西片区")
        session.commit()
        for units in ([district.root], [west], []):
            with pytest.raises(InvalidInput) as bad:
                add_members(session, None, east, units=units, today=TODAY)
            assert bad.value.faults[0].field == "unit"
        for wish in ({"units": [elsewhere.communities[0]]}, {"sites": [new_id()]}):
            with pytest.raises(NotFound):
                add_members(session, None, east, today=TODAY, **wish)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            get_area(session, one)
        with pytest.raises(Forbidden):
            add_members(session, street, east, units=[one], today=TODAY)
        add_members(session, None, east, units=[one], today=TODAY)
        member = session.scalars(select(AreaMember.id)).one()
        with pytest.raises(Forbidden):
            remove_member(session, street, member, today=TODAY)
        with pytest.raises(NotFound):
            remove_member(session, None, new_id(), today=TODAY)


# ---- grids ----


def test_a_site_lies_in_several_partitions(wall: Wall) -> None:
    district = bare_district(wall)
    keeper = add_actor(wall, district.ref, "hq_office", district.root)
    one, two = district.communities
    tenant = district.ref.id
    with district.session(wall) as session:
        site, other = add_site(session, one), add_site(session, one, name="另一处")
        grid = add_unit(session, None, name="一网格", kind="grid", parent_id=one, today=SINCE).id
        cell = add_unit(session, None, name="单元 1405-01", kind="grid", parent_id=two, today=SINCE).id
        session.commit()
        assert partitions(session) == ["社区网格", "单元网格"]
        set_grid(session, keeper, site, partition="社区网格", unit_id=grid, today=TODAY, on=TODAY - timedelta(5))
        set_grid(session, keeper, site, partition="单元网格", unit_id=cell, today=TODAY)
        assert [(g.partition, g.unit_name) for g in grids_of(session, site, TODAY)] == [
            ("单元网格", "单元 1405-01"),
            ("社区网格", "一网格"),
        ]
        assert [g.partition for g in grids_of(session, site, EVE)] == ["社区网格"]
        assert chosen(session, Site, sites_in_grid(tenant, grid, TODAY)) == {site}
        assert chosen(session, Site, sites_in_grid(tenant, one, TODAY)) == {site}, "and everything under it"
        assert chosen(session, Site, sites_in_grid(tenant, two, TODAY, "社区网格")) == set()
        assert chosen(session, Site, sites_in_grid(tenant, two, TODAY, "单元网格")) == {site}
        assert [s.id for s in list_grid_sites(session, cell, TODAY)] == [site]
        assert other not in chosen(session, Site, sites_in_grid(tenant, district.root, TODAY))


def test_a_site_changes_grids_day_by_day(wall: Wall) -> None:
    district = bare_district(wall)
    one = district.communities[0]
    with district.session(wall) as session:
        site = add_site(session, one)
        first, second = (
            add_unit(session, None, name=f"{n}网格", kind="grid", parent_id=one, today=SINCE).id for n in "一二"
        )

        def lie(unit: UUID, on: date) -> None:
            set_grid(session, None, site, partition="社区网格", unit_id=unit, today=TODAY, on=on)

        def here(on: date) -> list[UUID]:
            return [g.unit_id for g in grids_of(session, site, on)]

        lie(first, TODAY - timedelta(9))
        lie(first, TODAY)
        lie(second, TODAY)
        assert (here(EVE), here(TODAY)) == ([first], [second])
        lie(first, TODAY)
        assert here(TODAY) == [first]
        end_grid(session, None, site, partition="社区网格", today=TODAY)
        assert (here(EVE), here(TODAY)) == ([first], [])
        lie(second, TODAY)
        assert here(TODAY) == [second]
        with pytest.raises(InvalidInput):
            lie(first, EVE)
        with pytest.raises(NotFound):
            end_grid(session, None, site, partition="单元网格", today=TODAY)
        with pytest.raises(InvalidInput):
            end_grid(session, None, site, partition="社区网格", today=TODAY, on=EVE)
        assert len(session.scalars(select(SiteGrid)).all()) == 2


def test_grids_are_refused_to_strangers_and_headquarters(wall: Wall) -> None:
    district = bare_district(wall)
    one, two = district.communities
    stranger = add_actor(wall, district.ref, "administrator", two)
    reader = add_actor(wall, district.ref, "inspector", district.root)
    with district.session(wall) as session:
        site = add_site(session, one)
        group = add_unit(session, None, name="一组", kind="work_group", today=SINCE).id
        session.commit()
        wish = {"partition": "社区网格", "unit_id": one, "today": TODAY}
        with pytest.raises(NotFound):
            set_grid(session, stranger, site, **wish)  # type: ignore[arg-type]
        with pytest.raises(Forbidden):
            set_grid(session, reader, site, **wish)  # type: ignore[arg-type]
        for change, field in (({"partition": " "}, "partition"), ({"unit_id": group}, "unit")):
            with pytest.raises(InvalidInput) as bad:
                set_grid(session, None, site, **(wish | change))  # type: ignore[arg-type]
            assert bad.value.faults[0].field == field
