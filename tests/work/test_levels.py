"""Bureaus above a district: city, province, nation; who may stand under whom, and what a district's chain is."""

from __future__ import annotations

import secrets

import pytest

from core.errors import InvalidInput, NotFound
from core.work.onboarding import create_bureau, create_district
from core.work.tenancy import NATION, read_chain
from tenants.access import BUREAUS, TenantRef, root_unit
from tenants.scope import Wall
from tests.work.test_onboarding import TODAY


def make(wall: Wall, kind: str, upper: TenantRef | None = None, *, division: str | None = None) -> TenantRef:
    """A tenant of a kind under another."""
    given = {"slug": f"{kind}-{secrets.token_hex(5)}", "upper": upper.slug if upper else None, "today": TODAY}
    given |= {"division": division} if division else {"name": f"试验{kind}"}
    with wall.platform() as session:
        if kind in BUREAUS:
            return create_bureau(session, wall.open, kind=kind, **given).tenant
        return create_district(session, wall.open, **given).tenant


def chain_of(wall: Wall, ref: TenantRef) -> list[str]:
    with wall.platform() as session:
        return [one.slug for one in read_chain(session, ref)]


def test_a_districts_chain_goes_up_to_the_nation(wall: Wall) -> None:
    nation = make(wall, "nation")
    province = make(wall, "province", nation, division="14")
    city = make(wall, "city", province, division="1401")
    district = make(wall, "district", city)
    county = make(wall, "district", province)  # directly administered: no city in between
    assert chain_of(wall, district) == [city.slug, province.slug, nation.slug]
    assert chain_of(wall, county) == [province.slug, nation.slug]
    assert chain_of(wall, nation) == []
    assert (nation.is_bureau, city.is_bureau, district.is_bureau) == (True, True, False)


def test_the_root_unit_is_of_the_tenants_kind(wall: Wall) -> None:
    for kind in BUREAUS:
        with wall.open(make(wall, kind).id) as session:
            assert root_unit(session).kind == kind


def test_a_municipality_stands_under_the_nation_alone(wall: Wall) -> None:
    nation = make(wall, "nation")
    province = make(wall, "province", nation)
    beijing = make(wall, "city", nation, division="11")
    assert (beijing.kind, chain_of(wall, beijing)) == ("city", [nation.slug])
    with pytest.raises(InvalidInput):
        make(wall, "city", province, division="12")
    with pytest.raises(InvalidInput):
        make(wall, "city", nation, division="1402")


@pytest.mark.parametrize(
    ("kind", "above"),
    [("district", "nation"), ("city", "city"), ("province", "city"), ("province", "province"), ("nation", "nation")],
)
def test_who_cannot_stand_above(wall: Wall, kind: str, above: str) -> None:
    upper = make(wall, above)
    with pytest.raises(InvalidInput) as refused:
        make(wall, kind, upper)
    assert refused.value.faults[0].field == "upper"


def test_a_district_is_nobodys_bureau(wall: Wall) -> None:
    with pytest.raises(NotFound):
        make(wall, "city", make(wall, "district"))


@pytest.mark.parametrize(
    ("kind", "division"), [("province", "1401"), ("province", "140105"), ("nation", "14"), ("city", "140105")]
)
def test_a_division_of_another_level_is_refused(wall: Wall, kind: str, division: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make(wall, kind, division=division)
    assert refused.value.faults[0].field == "division"


def test_the_nation_needs_neither_code_nor_name(wall: Wall) -> None:
    with wall.platform() as session:
        made = create_bureau(session, wall.open, kind="nation", today=TODAY, dry_run=True)
    assert (made.tenant.slug, made.tenant.name, made.tenant.code) == (*NATION, None)
