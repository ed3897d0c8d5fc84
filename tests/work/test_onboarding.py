"""Onboarding districts and cities: real units, departments, campaigns; twice, half-way, at once, and dry."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, text

from core.campaigns import installed
from core.errors import Conflict, InvalidInput, NotFound
from core.work.divisions import CODE_ISSUER, STATED, Division
from core.work.onboarding import Outcome, create_bureau, create_district
from core.work.organisation.territory import kind_of, settle_divisions
from core.work.tables import Audit
from core.work.tenancy import check_slug, find_tenant, list_tenants
from tenants.access import reach, root_unit
from tenants.accounts import PlatformEvent, Tenant
from tenants.models import EnabledCampaign, Unit, UnitParent, UnitPath, UnitRole
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor

TODAY = date(2026, 3, 2)
TABLES = ("unit", "unit_parent", "unit_path", "unit_role", "enabled_campaign", "definition", "audit")


def slug() -> str:
    return f"o-{uuid.uuid4().hex[:10]}"


def onboard(wall: Wall, **wish: Any) -> Outcome:
    with wall.platform() as session:
        return create_district(session, wall.open, today=TODAY, **wish)


def dump(session: ScopedSession) -> dict[str, list[Any]]:
    return {t: sorted(map(str, session.execute(text(f"SELECT to_jsonb(t) FROM {t} t")).scalars())) for t in TABLES}


def counts(session: ScopedSession) -> dict[str, int]:
    return dict(session.execute(select(Unit.kind, func.count()).group_by(Unit.kind)).all())


def test_a_district_gets_its_real_territory(wall: Wall) -> None:
    name = slug()
    made = onboard(wall, division="140302", slug=name, campaigns=["sanitary_city"])
    assert made.plain() == {"tenant": name, "created": True, "units": {"2": 6, "3": 65}}
    assert (made.created, made.units) == (True, {"2": 6, "3": 65})
    assert (made.tenant.name, made.tenant.code, made.tenant.kind) == ("城区", "140302", "district")
    assert made.campaigns == ("sanitary_city",)
    with wall.open(made.tenant.id) as session:
        found = counts(session)
        assert (found["district"], found["subdistrict"], found["department"] + found["hq"]) == (1, 6, 27)
        assert found["community"] + found["village"] == 65
        assert found["village"] > 0
        unit = session.scalars(select(Unit).where(Unit.code == "140302001")).one()
        assert (unit.name, unit.kind, unit.code_issuer) == ("上站街道", "subdistrict", CODE_ISSUER)
        assert (unit.pinyin, unit.valid_from) == ("shang zhan jie dao", STATED)
        assert session.scalars(select(EnabledCampaign.state)).all() == ["enabled"]


def test_the_tree_is_closed(wall: Wall) -> None:
    made = onboard(wall, division="140302", slug=slug())
    with wall.open(made.tenant.id) as session:
        root = root_unit(session)
        units = {u.id: u for u in session.scalars(select(Unit))}
        parents = dict(session.execute(select(UnitParent.unit_id, UnitParent.parent_id)).all())
        paths = set(session.execute(select(UnitPath.ancestor_id, UnitPath.unit_id, UnitPath.depth)).all())
        wanted = set()
        for unit_id in units:
            above, depth = unit_id, 0
            while above is not None:
                wanted.add((above, unit_id, depth))
                above, depth = parents.get(above), depth + 1
        assert paths == wanted
        for unit in units.values():
            if unit.code and len(unit.code) == 12:
                assert units[parents[unit.id]].code == unit.code[:9]
        assert len(parents) == len(units) - 1
        admin = add_actor(wall, made.tenant, "administrator", root.id)
        assert len(session.scalars(reach(admin, "administer", TODAY)).all()) == len(units)


def test_each_duty_gets_a_department_not_yet_confirmed(wall: Wall) -> None:
    made = onboard(wall, name="试验新区", slug=slug())
    assert made.units == {"2": 0, "3": 0}
    assert "市场监督管理局" in made.departments
    with wall.open(made.tenant.id) as session:
        rows = session.execute(
            select(UnitRole.role, Unit.name, Unit.kind, UnitRole.confirmed).join(
                Unit, (Unit.tenant_id == UnitRole.tenant_id) & (Unit.id == UnitRole.unit_id)
            )
        )
        mapped = {role: (name, kind, confirmed) for role, name, kind, confirmed in rows}
        assert len(mapped) == 27
        assert mapped["propaganda"] == ("宣传部", "department", False)
        assert mapped["phcc_office"][1] == "hq"
        assert not {"site_owner", "subdistrict"} & mapped.keys()
        assert session.scalars(select(Unit).where(Unit.kind == "district")).one().valid_from == TODAY


def test_twice_changes_nothing(wall: Wall) -> None:
    wish = {"division": "140302", "slug": slug(), "campaigns": ["sanitary_city", "food_safety_city"]}
    first = onboard(wall, **wish)
    with wall.open(first.tenant.id) as session:
        before = dump(session)
    again = onboard(wall, **wish)
    assert (again.created, again.units, again.tenant) == (False, first.units, first.tenant)
    assert (again.added, again.departments, again.campaigns) == ((), (), ())
    with wall.open(first.tenant.id) as session:
        assert dump(session) == before


def test_a_suspended_campaign_stays_suspended(wall: Wall) -> None:
    wish = {"division": "140302", "slug": slug(), "campaigns": ["sanitary_city"]}
    first = onboard(wall, **wish)
    with wall.open(first.tenant.id) as session:
        session.scalars(select(EnabledCampaign)).one().state = "suspended"
        session.commit()
    onboard(wall, **wish)
    with wall.open(first.tenant.id) as session:
        assert session.scalars(select(EnabledCampaign.state)).all() == ["suspended"]


def test_a_dry_run_counts_and_writes_nothing(wall: Wall) -> None:
    name = slug()
    planned = onboard(wall, division="140105", slug=name, campaigns=["civilized_city"], dry_run=True)
    assert (planned.dry_run, planned.created, planned.units) == (True, True, {"2": 10, "3": 152})
    assert "龙城街道" in planned.added
    assert len(planned.departments) == 27
    with wall.platform() as session:
        assert session.scalar(select(Tenant.id).where(Tenant.slug == name)) is None
    made = onboard(wall, division="140105", slug=name, campaigns=["civilized_city"])
    assert (made.units, made.added, made.departments) == (planned.units, planned.added, planned.departments)
    after = onboard(wall, division="140105", slug=name, campaigns=["food_safety_city"], dry_run=True)
    assert (after.created, after.added, after.campaigns) == (False, (), ("food_safety_city",))
    with wall.open(made.tenant.id) as session:
        assert session.scalars(select(EnabledCampaign.campaign)).all() == ["civilized_city"]


class Broken(RuntimeError):
    pass


@pytest.mark.parametrize("at", [0, 3])
def test_broken_half_way_it_is_completed_by_the_next_call(wall: Wall, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    name = slug()

    def broken(*_: object, **__: object) -> None:
        raise Broken

    with monkeypatch.context() as patch:
        patch.setattr("core.work.onboarding." + ("_settle_root" if at == 0 else "settle_departments"), broken)
        with pytest.raises(Broken):
            onboard(wall, division="140302", slug=name)
    with wall.platform() as session:
        ref = find_tenant(session, name)
    with wall.open(ref.id) as session:
        assert session.scalar(select(func.count()).select_from(Unit)) == 0
    made = onboard(wall, division="140302", slug=name)
    assert (made.created, made.units, len(made.departments)) == (False, {"2": 6, "3": 65}, 27)


def test_two_at_once_make_one_district(wall: Wall) -> None:
    name = slug()

    def run(_: int) -> object:
        try:
            return onboard(wall, division="140302", slug=name).units
        except Conflict as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(run, range(4)))
    assert {"2": 6, "3": 65} in outcomes
    with wall.platform() as session:
        ref = find_tenant(session, name)
    with wall.open(ref.id) as session:
        assert counts(session)["subdistrict"] == 6
        assert session.scalar(select(func.count()).select_from(UnitRole)) == 27


def test_a_later_list_adds_and_reports_but_never_deletes(wall: Wall) -> None:
    made = onboard(wall, division="140302", slug=slug())
    later = [
        Division("140302001", "新名街道", "subdistrict"),
        Division("140302009", "新设街道", "subdistrict"),
        Division("140302009001", "新设社区居委会", "community"),
    ]
    with wall.open(made.tenant.id) as session:
        before = counts(session)
        growth = settle_divisions(session, root_unit(session).id, later, TODAY)
        session.commit()
        assert [u.name for u in growth.added] == ["新设街道", "新设社区居委会"]
        assert [(r.code, r.here, r.listed) for r in growth.renamed] == [("140302001", "上站街道", "新名街道")]
        after = counts(session)
        assert after["subdistrict"] == before["subdistrict"] + 1
        assert after["village"] == before["village"]
        child = session.scalars(select(Unit).where(Unit.code == "140302009001")).one()
        chain = select(UnitPath.depth).where(UnitPath.unit_id == child.id).order_by(UnitPath.depth)
        assert session.scalars(chain).all() == [0, 1, 2]
        assert session.scalars(select(Unit.name).where(Unit.code == "140302001")).one() == "上站街道"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("师范街社区居委会", "community"),
        ("白羊墅村委会", "village"),
        ("某某嘎查村", "village"),
        ("某村居委会", "community"),
        ("七连生活区", "community"),
        ("某某村民委员会", "village"),
    ],
)
def test_the_committee_tells_the_kind(name: str, kind: str) -> None:
    assert kind_of(Division("140105001001", name, "community")) == kind


def test_a_city_and_its_district(wall: Wall) -> None:
    town = slug()
    with wall.platform() as session:
        city = create_bureau(session, wall.open, division="1401", slug=town, today=TODAY)
        assert create_bureau(session, wall.open, division="1401", slug=town, today=TODAY, dry_run=True).created is False
        again = create_bureau(session, wall.open, division="1401", slug=town, today=TODAY)
    assert (city.created, city.tenant.name, city.tenant.kind, again.created) == (True, "太原市", "city", False)
    with wall.open(city.tenant.id) as session:
        assert root_unit(session).code == "1401"
    name = slug()
    plain = onboard(wall, division="140105", slug=name)
    assert plain.tenant.upper_id is None
    joined = onboard(wall, division="140105", slug=name, upper=town)
    assert joined.tenant.upper_id == city.tenant.id
    with wall.platform() as session:
        other = slug()
        create_bureau(session, wall.open, name="另一市", slug=other, today=TODAY)
    with pytest.raises(Conflict):
        onboard(wall, division="140105", slug=name, upper=other)
    with pytest.raises(NotFound):
        onboard(wall, division="140105", slug=slug(), upper="no-such-city")
    with pytest.raises(NotFound):
        onboard(wall, division="140105", slug=slug(), upper=name)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"division": "140399"}, "division"),
        ({"division": "1401"}, "division"),
        ({"division": "140105001"}, "division"),
        ({"division": "140105", "slug": "大写"}, "slug"),
        ({"division": "140105", "slug": "-x"}, "slug"),
        ({"division": "140105", "slug": "x" * 41}, "slug"),
        ({"name": "试验新区"}, "slug"),
        ({"slug": "shiyan"}, "name"),
        ({"name": "长" * 61, "slug": "shiyan"}, "name"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(wall: Wall, wish: dict[str, Any], field: str) -> None:
    with wall.platform() as session:
        before = session.scalar(select(func.count()).select_from(Tenant))
    with pytest.raises(InvalidInput) as caught:
        onboard(wall, **wish)
    assert caught.value.faults[0].field == field
    assert caught.value.faults[0].remedy
    with wall.platform() as session:
        assert session.scalar(select(func.count()).select_from(Tenant)) == before


def test_an_unknown_campaign_is_refused_before_anything_is_written(wall: Wall) -> None:
    name = slug()
    with pytest.raises(NotFound):
        onboard(wall, division="140302", slug=name, campaigns=["no_such_city"])
    with wall.platform() as session, pytest.raises(NotFound):
        find_tenant(session, name)


def test_a_slug_belongs_to_one_tenant(wall: Wall) -> None:
    name = slug()
    onboard(wall, division="140302", slug=name)
    for wish in ({"division": "140105", "slug": name}, {"name": "别的区", "slug": name}):
        with pytest.raises(Conflict) as caught:
            onboard(wall, **wish)
        assert caught.value.faults[0].remedy
    with wall.platform() as session, pytest.raises(Conflict):
        create_bureau(session, wall.open, division="1401", slug=name, today=TODAY)
    with wall.platform() as session, pytest.raises(Conflict):
        create_district(session, wall.open, division="140105", slug=name, today=TODAY, dry_run=True)


def test_slugs_are_made_half_width() -> None:
    assert check_slug(" ｘｉａｏ-1 ") == "xiao-1"
    with pytest.raises(InvalidInput):
        check_slug("Xiao")


def test_two_districts_do_not_see_each_other(wall: Wall) -> None:
    one = onboard(wall, division="140302", slug=slug())
    two = onboard(wall, division="140105", slug=slug())
    with wall.open(one.tenant.id) as session:
        mine = set(session.scalars(select(Unit.code).where(Unit.code.is_not(None))))
    assert mine
    assert all(code.startswith("140302") for code in mine)
    with wall.open(two.tenant.id) as session:
        assert all(c.startswith("140105") for c in session.scalars(select(Unit.code).where(Unit.code.is_not(None))))


def test_onboarding_is_remembered(wall: Wall) -> None:
    name = slug()
    made = onboard(wall, division="140302", slug=name, campaigns=["sanitary_city"])
    with wall.platform() as session:
        said = select(PlatformEvent.detail).where(PlatformEvent.verb == "tenant.create")
        assert name in {detail["slug"] for detail in session.scalars(said)}
        assert name in {ref.slug for ref in list_tenants(session, kinds=("district",))}
    with wall.open(made.tenant.id) as session:
        assert {"tenant.onboard", "campaign.enable", "unit.add"} <= set(session.scalars(select(Audit.verb)))


def test_how_long_a_big_district_takes(wall: Wall) -> None:
    onboard(wall, division="140302", slug=slug())
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        made = onboard(wall, division="140105", slug=slug(), campaigns=list(installed().campaigns))
        taken.append(round(time.perf_counter() - start, 3))
        assert made.units == {"2": 10, "3": 152}
    print("小店区, three campaigns, seconds:", taken)
