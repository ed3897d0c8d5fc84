"""Ten at once register the same place (并发登记点位): one does, the others are told that it is there already."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select

from core.errors import Conflict, SanchengError
from core.work.places.sites import add_site, change_site
from core.work.tables import Site, SiteKind
from tenants.scope import Wall
from tests.factory import District, add_actor, bare_district

DAY = date(2026, 11, 20)
AT_ONCE = 10


@pytest.fixture
def district(wall: Wall) -> District:
    return bare_district(wall)


def race(wall: Wall, district: District, act) -> Counter[str]:
    """So many at once do something in sessions of their own, all from the same moment; gives what each was told."""
    start = Barrier(AT_ONCE)

    def run(number: int) -> str:
        with district.session(wall) as session:
            start.wait()
            try:
                act(session, number)
                session.commit()
            except Conflict as error:
                return error.faults[0].message
            except SanchengError as error:  # pragma: no cover - would be a fault of the product
                return repr(error)
            return "written"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(run, range(AT_ONCE)))


@pytest.mark.parametrize("turn", range(3))
def test_the_same_name_in_a_unit_is_registered_once(wall: Wall, district: District, turn: int) -> None:
    keeper = add_actor(wall, district.ref, "administrator", district.root)
    fields = {
        "name": f"便民小店{turn}",
        "unit_id": district.communities[0],
        "types": ["small_caterer"],
        "address": "柳巷 1 号",
    }
    told = race(wall, district, lambda session, _n: add_site(session, keeper, today=DAY, **fields))
    assert told == {"written": 1, "名称重复": AT_ONCE - 1}
    with district.session(wall) as session:
        assert len(session.scalars(select(Site).where(Site.name == fields["name"])).all()) == 1
        assert len(session.scalars(select(SiteKind)).all()) == 1


def test_the_same_code_under_many_names_is_given_once(wall: Wall, district: District) -> None:
    def act(session, number: int) -> None:
        unit = district.communities[number % 2]
        add_site(session, None, today=DAY, name=f"小店{number}", code="S-1", unit_id=unit, types=["small_caterer"])

    assert race(wall, district, act) == {"written": 1, "编号重复": AT_ONCE - 1}


def test_others_do_not_wait_and_nobody_waits_for_himself(wall: Wall, district: District) -> None:
    def act(session, number: int) -> None:
        site = add_site(
            session,
            None,
            today=DAY,
            name=f"小店{number}",
            code=f"S-{number}",
            unit_id=district.communities[0],
            types=["small_caterer"],
        )
        change_site(session, None, site.id, today=DAY, name=f"新店{number}")

    assert race(wall, district, act) == {"written": AT_ONCE}


def test_renaming_to_the_same_name_at_once_is_done_once(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        sites = [
            add_site(
                session, None, today=DAY, name=f"小店{n}", unit_id=district.communities[0], types=["small_caterer"]
            ).id
            for n in range(AT_ONCE)
        ]
        session.commit()
    told = race(wall, district, lambda session, n: change_site(session, None, sites[n], today=DAY, name="同名的店"))
    assert told == {"written": 1, "名称重复": AT_ONCE - 1}
