"""Items that lose points easily: sums of the period and of the one before, by campaign, unit and reach."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update

from core.errors import Forbidden
from core.figures.lost_here import lost_here
from core.figures.lost_items import lost_by_type, lost_by_unit, lost_items
from core.figures.periods import parse_period
from core.work.tables import Visit
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor
from tests.figures.build import CIVILIZED, SANITARY, at, make, visit

MONTH = parse_period("2026-10")
DAY = date(2026, 10, 12)
LATER = at(date(2026, 11, 20))


def test_items_by_points_lost(wall: Wall) -> None:
    made = make(wall, CIVILIZED, SANITARY)
    one, two = made.district.communities
    bad = {"fire_lane_open": {"yes": False}, "public_adverts": {"count": 1}, "pet_misconduct": {"count": 1}}
    with made.district.session(wall) as session:
        visit(session, made, ["housing_estate"], bad, day=DAY, unit=one)
        visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=DAY, unit=two)
        visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": True}}, day=DAY, unit=one)
        visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=date(2026, 9, 8), unit=one)
        visit(session, made, ["housing_estate"], bad, day=DAY, basis="self")
        replaced = visit(session, made, ["housing_estate"], bad, day=DAY, unit=one)
        session.execute(update(Visit).where(Visit.id == replaced).values(replaced_at=now()))
        session.commit()
        found = lost_items(session, None, [CIVILIZED, SANITARY], MONTH, cut_off=LATER)
        lane = found[0]
        assert (lane.code, lane.question, lane.form) == ("CIV-ESTATE-05", "fire_lane_open", "CIV-ESTATE")
        # 12 points, 2 of 3 visits failed in October, one in September
        assert (lane.visits, lane.failed, lane.lost, lane.possible) == (3, 2, Decimal("24.00"), Decimal("36.00"))
        assert (lane.lost_before, lane.fail_rate) == (Decimal("12.00"), Decimal("66.67"))
        assert lane.item is CIVILIZED.edition.item("CIV-ESTATE-05")
        assert [i.question for i in found] == ["fire_lane_open", "public_adverts", "pet_misconduct"]
        assert [i.lost for i in found[1:]] == [Decimal("5.00"), Decimal("2.00")]
        assert lost_items(session, None, [CIVILIZED], MONTH, cut_off=LATER, count=1) == [lane]
        assert lost_items(session, None, [SANITARY], MONTH, cut_off=LATER) == []
        below = lost_items(session, None, [CIVILIZED], MONTH, two, cut_off=LATER)
        assert [(i.code, i.lost, i.lost_before) for i in below] == [("CIV-ESTATE-05", 12, 0)]
        liaison = add_actor(wall, made.district.ref, "liaison", two)
        assert lost_items(session, liaison, [CIVILIZED], MONTH, two, cut_off=LATER) == below
        with pytest.raises(Forbidden):
            lost_items(session, liaison, [CIVILIZED], MONTH, one, cut_off=LATER)


def test_by_site_type_and_unit(wall: Wall) -> None:
    """A lane lost at an estate of one community, an advert at a supermarket of the other; each type and unit has its own."""
    made = make(wall, CIVILIZED)
    one, two = made.district.communities
    with made.district.session(wall) as session:
        visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=DAY, unit=one)
        visit(session, made, ["supermarket"], {"public_adverts": {"count": 1}}, day=DAY, unit=two)
        session.commit()
        estate = lost_items(session, None, [CIVILIZED], MONTH, cut_off=LATER, site_type="housing_estate")
        assert [(i.code, i.lost) for i in estate] == [("CIV-ESTATE-05", 12)]
        assert lost_items(session, None, [CIVILIZED], MONTH, cut_off=LATER, site_type="park") == []
        kinds = lost_by_type(session, None, [CIVILIZED], MONTH, cut_off=LATER)
        assert {kind: [i.code for i in found] for kind, found in kinds.items()} == {
            "housing_estate": ["CIV-ESTATE-05"],
            "supermarket": ["CIV-SHOP-01"],
        }
        units = lost_by_unit(session, None, [CIVILIZED], MONTH, [one, two, made.district.street], cut_off=LATER)
        assert {unit: [i.code for i in found] for unit, found in units.items()} == {
            one: ["CIV-ESTATE-05"],
            two: ["CIV-SHOP-01"],
            made.district.street: ["CIV-ESTATE-05", "CIV-SHOP-01"],
        }
        liaison = add_actor(wall, made.district.ref, "liaison", two)
        with pytest.raises(Forbidden):
            lost_by_unit(session, liaison, [CIVILIZED], MONTH, [one], cut_off=LATER)


def test_what_is_lost_here(wall: Wall) -> None:
    """At estates of the district in 30 days: the lane failed 2 of 3, here 1 of 1; older, self-checked and other types stay out."""
    made = make(wall, CIVILIZED)
    one, two = made.district.communities
    no, yes = {"fire_lane_open": {"yes": False}}, {"fire_lane_open": {"yes": True}}
    items = [(CIVILIZED.key, i.code) for i in CIVILIZED.edition.form("CIV-ESTATE").items]
    with made.district.session(wall) as session:
        visit(session, made, ["housing_estate"], no | {"public_adverts": {"count": 2}}, day=DAY, unit=one)
        visit(session, made, ["housing_estate"], no, day=DAY, unit=two)
        visit(session, made, ["housing_estate"], yes, day=DAY, unit=two)
        visit(session, made, ["housing_estate"], no, day=date(2026, 8, 1), unit=two)
        visit(session, made, ["housing_estate"], no, day=DAY, unit=two, basis="self")
        visit(session, made, ["supermarket"], no, day=DAY, unit=two)
        session.commit()
        (lane,) = lost_here(session, made.sites["housing_estate", one], items, date(2026, 10, 20))
        assert (lane.question, lane.visits, lane.failed) == ("fire_lane_open", 3, 2)
        assert (lane.visits_here, lane.failed_here) == (1, 1)
        (other,) = lost_here(session, made.sites["housing_estate", two], items, date(2026, 12, 31))
        assert (other.visits, other.failed, other.visits_here, other.failed_here) == (0, 0, 3, 2)
        assert lost_here(session, made.sites["housing_estate", one], [], DAY) == []
