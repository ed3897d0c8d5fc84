"""Lists as of a day and of an area (截至与片区): the same two arguments in every room that has them on its page."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from core.campaigns import installed
from core.settings import ZONE
from core.work.organisation.units import add_unit
from core.work.places.sites import change_site
from core.work.tables import AreaMember, Site
from core.work.whistling import whistles
from core.work.whistling.whistle_blowing import Wanted, blow
from tenants.db import now
from tenants.scope import Wall
from tests.factory import SINCE, add_actor, add_site
from tests.work.market import Town, send, town

TODAY = now().astimezone(ZONE).date()
EVE, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)
ROOMS = ("sites", "visits", "whistles", "figures", "rankings?campaign=civilized_city")


@pytest.fixture(scope="module")
def past(wall: Wall) -> tuple[Town, UUID, UUID]:
    """A market that was inspected two days ago, another one today; a whistle of two days ago that was cancelled today."""
    place = town(wall)
    inside, outside = place.district.communities[:2]
    caller = add_actor(wall, place.ref, "liaison", inside)
    with place.district.session(wall) as session:
        session.get_one(Site, (session.tenant_id, place.market)).created_at = now() - timedelta(days=900)
        send(session, place, now=now() - timedelta(days=2))
        areas = [add_unit(session, None, name=name, kind="area", today=SINCE).id for name in ("东片区", "西片区")]
        for area, unit in zip(areas, (inside, outside), strict=True):
            session.add(AreaMember(area_id=area, unit_id=unit, valid_from=SINCE))
        session.commit()
        second = add_site(session, outside, "produce_market", name="西边市场")
        send(session, place, site_id=second, now=now())
        called = (place.district.departments["sanitation"],)
        wanted = Wanted(inside, called, "污水井堵塞", "南门", minutes=30)
        one = blow(session, caller, wanted, now=now() - timedelta(days=2))
        change_site(session, place.office, second, today=TODAY, registry=installed(), state="closed")
        session.commit()
        whistles.act(session, caller, one.id, "cancel", version=1, note="自行疏通", now=now())
        session.commit()
    return place, areas[0], areas[1]


def test_lists_are_as_they_were_and_of_an_area(client_for, past: tuple[Town, UUID, UUID]) -> None:
    place, area, other = past
    caller = client_for(place.office)

    def items(said: str) -> list[dict[str, str]]:
        return caller.get(said).get_json()["items"]

    for room, count in (("visits", 2), ("sites", 1), ("whistles", 1)):
        assert len(items(room)) == count
        assert len(items(f"{room}?area_id={area}")) == 1
        if room != "sites":
            assert len(items(f"{room}?as_of={EVE}")) == 1
            assert len(items(f"{room}?area_id={other}&as_of={EVE}")) == 0
        assert items(f"{room}?as_of={TODAY}") == items(room)
    assert [items(f"whistles?as_of={day}")[0]["state"] for day in (EVE, TODAY)] == ["called", "cancelled"]
    assert len(items(f"sites?as_of={EVE}")) == 2, "it was closed today"
    assert len(items(f"sites?as_of={EVE}&area_id={other}")) == 1
    year = f"period={TODAY.year}"
    seen = [items(f"figures?{year}{more}")[0]["visits"] for more in ("", f"&as_of={EVE}", f"&area_id={area}")]
    assert seen == [2, 1, 1]
    ranks = [items(f"rankings?campaign=civilized_city&{year}{more}")[0]["visits"] for more in ("", f"&as_of={EVE}")]
    assert ranks == [2, 1]
    assert items(f"notices?area_id={area}") == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_day_to_come_is_refused(client_for, past: tuple[Town, UUID, UUID], room: str) -> None:
    joined = "&" if "?" in room else "?"
    refused = client_for(past[0].office).get(f"{room}{joined}as_of={TOMORROW}")
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.get_json()["faults"]] == ["as_of"]


def test_an_area_out_of_reach_tells_nothing(client_for, wall: Wall, past: tuple[Town, UUID, UUID]) -> None:
    place, area, other = past
    near = client_for(add_actor(wall, place.ref, "leader", place.district.communities[0]))
    assert near.get(f"visits?area_id={other}").get_json()["items"] == []
    assert len(near.get(f"visits?area_id={area}").get_json()["items"]) == 1
    assert near.get(f"figures?area_id={other}").status_code == 403
    assert near.get(f"figures?area_id={area}").status_code == 200
    assert near.get(f"figures?area_id={place.district.street}").status_code == 404
