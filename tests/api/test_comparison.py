"""The city's comparison over the API: intervals and warnings as published, and two districts side by side."""

from __future__ import annotations

import pytest

from core.figures.periods import parse_period
from tenants.access import TenantRef
from tenants.scope import Wall
from tests.factory import add_actor, add_unit, bare_tenant
from tests.figures.sent import OLD, Figure, send

MONTH = parse_period("2026-10")
ASKED = f"campaign=civilized_city&period={MONTH.key}"


@pytest.fixture
def city(wall: Wall) -> TenantRef:
    return bare_tenant(wall, kind="city", name="测试市")


@pytest.fixture
def caller(client_for, wall: Wall, city: TenantRef):
    with wall.open(city.id) as session:
        root = add_unit(session, "city", "测试市", [])
        session.commit()
    return client_for(add_actor(wall, city, "bureau", root))


def test_a_row_has_its_interval_and_its_warnings(caller, wall: Wall, city: TenantRef) -> None:
    told = [{"code": "late", "count": "2", "due": "14"}]
    for name, earned in (("甲区", 900), ("乙区", 890)):
        ref = bare_tenant(wall, name=name, upper_id=city.id)
        send(wall, city, ref, MONTH, earned=earned, interval=("85", "95"), warnings=told)
    first, second = caller.get(f"comparison?{ASKED}").get_json()["items"]
    assert [float(first[name]) for name in ("percent", "interval_low", "interval_high")] == [90, 85, 95]
    assert (first["best"], first["worst"], first["same_as_above"], second["same_as_above"]) == (1, 2, False, True)
    assert first["warnings"] == told


def test_two_side_by_side(caller, wall: Wall, city: TenantRef) -> None:
    left, right = (bare_tenant(wall, name=name, upper_id=city.id) for name in ("左区", "右区"))
    sealed = send(wall, city, left, MONTH, figures=(Figure("CIV-A1", "80.00", 120, 150), Figure("CIV-A2", None)))
    send(wall, city, right, MONTH, figures=(Figure("CIV-A1", "70.50", 141, 200),), edition=OLD)
    asked = f"comparison/pair?{ASKED}&left={left.slug}"
    found = caller.get(f"{asked}&right={right.slug}").get_json()
    assert found["doubts"] == ["edition"]
    assert found["left"]["sha256"] == sealed.sha256
    rows = {row["code"]: row for row in found["rows"]}
    assert float(rows["CIV-A1"]["difference"]) == 9.5
    assert (rows["CIV-A2"]["left"], rows["CIV-A2"]["right"], rows["CIV-A2"]["difference"]) == (None, None, None)
    early = caller.get(f"{asked}&right={left.slug}&right_period=2026-09").get_json()
    assert (early["right"]["publication_id"], early["right"]["period"], early["doubts"]) == (None, "2026-09", [])
    assert caller.get(f"{asked}&right=nobody").status_code == 404
    assert caller.get(f"comparison/pair?{ASKED}").status_code == 422
