"""Units: the tree as of a day, adding, renaming with former names, duties mapped and dated."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.organisation.units import (
    add_unit,
    departments,
    former_names,
    get_unit,
    map_department,
    rename_unit,
    tree,
)
from core.work.tables import Audit
from tenants.access import reach
from tenants.models import Unit, UnitRole
from tenants.scope import Wall
from tests.factory import SINCE, add_actor, bare_district

TODAY = date(2026, 3, 2)
LATER = date(2026, 5, 1)


def test_the_tree_is_in_reading_order(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        nodes = tree(session, TODAY)
        assert (nodes[0].id, nodes[0].depth, nodes[0].parent) == (district.root, 0, None)
        place = {n.id: i for i, n in enumerate(nodes)}
        depth = {n.id: n.depth for n in nodes}
        for node in nodes[1:]:
            assert place[node.parent] < place[node.id]
            assert node.depth == depth[node.parent] + 1
        assert tree(session, date(2019, 12, 31)) == []
        assert len(nodes) == len(session.scalars(select(Unit)).all())


def test_a_unit_is_added_with_its_closure(wall: Wall) -> None:
    district = bare_district(wall)
    actor = add_actor(wall, district.ref, "administrator", district.street)
    with district.session(wall) as session:
        home = district.communities[0]
        unit = add_unit(session, actor, name=" 第一 网格 ", kind="grid", parent_id=home, today=TODAY)
        session.commit()
        assert (unit.name, unit.pinyin, unit.valid_from) == ("第一 网格", "di yi wang ge", TODAY)
        assert unit.id in session.scalars(reach(actor, "see", TODAY)).all()
        assert unit.id not in session.scalars(reach(actor, "see", TODAY - timedelta(1))).all()
        assert unit.id not in {n.id for n in tree(session, TODAY - timedelta(1))}
        assert session.scalars(select(Audit.verb)).all() == ["unit.add"]
        with pytest.raises(Forbidden):
            add_unit(session, actor, name="新部门", kind="department", today=TODAY)
        head = add_unit(session, None, name="指挥部", kind="headquarters", today=TODAY)
        group = add_unit(session, None, name="宣传组", kind="work_group", parent_id=head.id, today=TODAY)
        assert group.tree == "headquarters"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": " ", "kind": "grid"}, "name"),
        ({"name": "长" * 81, "kind": "grid"}, "name"),
        ({"name": "某网格", "kind": "gird"}, "kind"),
        ({"name": "某网格", "kind": "district"}, "kind"),
        ({"name": "某网格", "kind": "grid", "code": "12"}, "code_issuer"),
    ],
)
def test_bad_units_are_refused(wall: Wall, wish: dict[str, str], field: str) -> None:
    with bare_district(wall).session(wall) as session, pytest.raises(InvalidInput) as caught:
        add_unit(session, None, today=TODAY, **wish)
    assert caught.value.faults[0].field == field
    assert caught.value.faults[0].remedy


def test_twins_are_refused(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        add_unit(session, None, name="商贸办", kind="department", code="７", code_issuer="本区", today=TODAY)
        with pytest.raises(Conflict):
            add_unit(session, None, name="商贸办", kind="department", today=TODAY)
        with pytest.raises(Conflict):
            add_unit(session, None, name="工贸办", kind="department", code="7", code_issuer="本区", today=TODAY)
        elsewhere = add_unit(session, None, name="商贸办", kind="department", parent_id=district.street, today=TODAY)
        assert elsewhere.id
        with pytest.raises(NotFound):
            add_unit(session, None, name="某网格", kind="grid", parent_id=uuid.uuid4(), today=TODAY)


def test_another_districts_unit_is_not_found(wall: Wall) -> None:
    one, two = bare_district(wall), bare_district(wall)
    with two.session(wall) as session:
        with pytest.raises(NotFound):
            get_unit(session, one.street)
        with pytest.raises(NotFound):
            add_unit(session, None, name="某网格", kind="grid", parent_id=one.street, today=TODAY)
        with pytest.raises(NotFound):
            rename_unit(session, None, one.street, "别名", today=TODAY)
        with pytest.raises(NotFound):
            map_department(session, None, "sanitation", unit_id=one.street, today=TODAY)


def test_a_former_name_stays_readable(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        old = get_unit(session, district.street).name
        rename_unit(session, None, district.street, "新街道", today=TODAY)
        rename_unit(session, None, district.street, "更新街道", today=LATER)
        rename_unit(session, None, district.street, "更新街道", today=LATER)
        session.commit()
        names = [(n.name, n.valid_from, n.valid_to) for n in former_names(session, district.street)]
        assert names == [(old, SINCE, TODAY), ("新街道", TODAY, LATER)]

        def named(on: date) -> str:
            return next(n.name for n in tree(session, on) if n.id == district.street)

        assert [named(d) for d in (SINCE, TODAY - timedelta(1), TODAY, LATER)] == [old, old, "新街道", "更新街道"]
        assert get_unit(session, district.street).pinyin == "geng xin jie dao"
        assert session.scalars(select(Audit.verb)).all() == ["unit.rename", "unit.rename"]


def test_a_name_of_one_moment_was_borne_on_no_day(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        for name in ("甲街道", "乙街道", "丙街道"):
            rename_unit(session, None, district.street, name, today=TODAY)
        assert len(former_names(session, district.street)) == 1
        with pytest.raises(InvalidInput):
            rename_unit(session, None, district.street, "", today=TODAY)


def test_a_duty_is_mapped_from_a_day_on(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        before = {d.role: d for d in departments(session, TODAY)}
        assert len(before) == 27
        assert not any(d.confirmed for d in before.values())
        map_department(session, None, "sanitation", unit_id=district.departments["urban_management"], today=TODAY)
        session.commit()
        after = {d.role: d for d in departments(session, TODAY)}["sanitation"]
        assert (after.unit_id, after.confirmed) == (district.departments["urban_management"], True)
        yesterday = {d.role: d for d in departments(session, TODAY - timedelta(1))}["sanitation"]
        assert (yesterday.unit_id, yesterday.confirmed) == (district.departments["sanitation"], False)
        rows = session.scalars(select(UnitRole).where(UnitRole.role == "sanitation")).all()
        assert sorted((r.valid_from, r.valid_to) for r in rows) == [(SINCE, TODAY), (TODAY, None)]
        map_department(session, None, "sanitation", unit_id=district.departments["cdc"], today=TODAY)
        assert {d.role: d for d in departments(session, TODAY)}["sanitation"].unit_id == district.departments["cdc"]
        assert session.scalars(select(Audit.verb)).all() == ["unit.map_role", "unit.map_role"]


def test_confirming_the_same_unit_opens_nothing_new(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        map_department(session, None, "cdc", unit_id=district.departments["cdc"], today=TODAY)
        session.commit()
        (row,) = session.scalars(select(UnitRole).where(UnitRole.role == "cdc"))
        assert (row.confirmed, row.valid_from, row.valid_to) == (True, SINCE, None)


def test_a_duty_may_go_to_a_new_department(wall: Wall) -> None:
    district = bare_district(wall)
    with district.session(wall) as session:
        first = map_department(session, None, "sports_bureau", name="文旅体局", today=TODAY)
        second = map_department(session, None, "education_bureau", name="文旅体局", today=TODAY)
        assert first.unit_id == second.unit_id
        assert get_unit(session, first.unit_id).kind == "department"


@pytest.mark.parametrize(
    ("role", "wish", "field"),
    [("mayor", {"name": "某局"}, "role"), ("site_owner", {"name": "某局"}, "role"), ("cdc", {}, "unit_id")],
)
def test_bad_mappings_are_refused(wall: Wall, role: str, wish: dict[str, str], field: str) -> None:
    with bare_district(wall).session(wall) as session, pytest.raises(InvalidInput) as caught:
        map_department(session, None, role, today=TODAY, **wish)
    assert caught.value.faults[0].field == field


def test_mapping_needs_the_whole_district(wall: Wall) -> None:
    district = bare_district(wall)
    local = add_actor(wall, district.ref, "administrator", district.street)
    with district.session(wall) as session, pytest.raises(Forbidden):
        map_department(session, local, "cdc", unit_id=district.departments["cdc"], today=TODAY)
