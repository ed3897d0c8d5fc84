"""Figures of an area (片区): its members' visits and findings, each once, as the area stood on the day of the record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from core.errors import Forbidden
from core.figures.explain import explain
from core.figures.lost_items import lost_items
from core.figures.overview import by_unit
from core.figures.periods import parse_period
from core.figures.scores import score_campaign
from core.work.organisation.area_sight import covers_members, sees_area
from core.work.organisation.units import add_unit
from core.work.tables import AreaMember
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, add_actor
from tests.figures.build import CIVILIZED, Made, at, finding, make, visit

MONTH = parse_period("2026-10")
NOW = at(date(2026, 10, 20))
YES, NO = {"fire_lane_open": {"yes": True}}, {"fire_lane_open": {"yes": False}}
EDITION = CIVILIZED.edition


@pytest.fixture
def made(wall: Wall) -> Made:
    return make(wall, CIVILIZED)


@pytest.fixture
def session(wall: Wall, made: Made) -> Iterator[ScopedSession]:
    with made.district.session(wall) as opened:
        yield opened


def an_area(session: ScopedSession, name: str = "东片区", **member: UUID) -> UUID:
    area = add_unit(session, None, name=name, kind="area", today=SINCE)
    session.add(AreaMember(area_id=area.id, valid_from=date(2026, 10, 5), **member))
    session.flush()
    return area.id


def score(session: ScopedSession, made: Made, area: UUID, actor=None):
    return score_campaign(session, actor or made.office, CIVILIZED, EDITION, MONTH, area, cut_off=NOW)


def test_an_area_has_its_members_records_from_the_day_they_joined(session: ScopedSession, made: Made) -> None:
    one, two = made.district.communities
    visit(session, made, ["housing_estate"], NO, day=date(2026, 10, 3), unit=one)  # not a member yet
    visit(session, made, ["housing_estate"], YES, day=date(2026, 10, 6), unit=one)
    visit(session, made, ["housing_estate"], NO, day=date(2026, 10, 7), unit=two)
    area = an_area(session, unit_id=one)
    found = score(session, made, area)
    assert (found.visits, found.percent_of_assessed) == (1, Decimal("100.00"))
    assert score(session, made, made.district.street).visits == 3
    under = by_unit(session, made.office, CIVILIZED, EDITION, MONTH, kind="community", under=area, cut_off=NOW)
    assert [row.unit_id for row in under] == [one]


def test_two_areas_keep_their_records_apart(session: ScopedSession, made: Made) -> None:
    one, two = made.district.communities
    visit(session, made, ["housing_estate"], NO, day=date(2026, 10, 6), unit=one)
    visit(session, made, ["housing_estate"], YES, day=date(2026, 10, 7), unit=two)
    areas = [an_area(session, name, unit_id=unit) for name, unit in (("东片区", one), ("西片区", two))]
    found = [score(session, made, area) for area in areas]
    assert [(row.visits, row.percent_of_assessed) for row in found] == [(1, Decimal("0.00")), (1, Decimal("100.00"))]


def test_whoever_reaches_every_member_opens_the_area(wall: Wall, session: ScopedSession, made: Made) -> None:
    one, two = made.district.communities
    area = an_area(session, unit_id=one)
    session.commit()
    near, far, both = (add_actor(wall, made.district.ref, "liaison", unit) for unit in (one, two, made.district.street))
    code = EDITION.indicators[0].code
    for reader in (near, both):
        assert score(session, made, area, reader).visits == 0
        assert explain(session, reader, CIVILIZED, EDITION, code, MONTH, area, cut_off=NOW).rows == ()
    with pytest.raises(Forbidden):
        score(session, made, area, far)
    assert not sees_area(session, near, two, NOW.date()), "no area at all"
    session.add(AreaMember(area_id=area, unit_id=two, valid_from=date(2026, 10, 5), valid_to=date(2026, 10, 9)))
    session.flush()
    with pytest.raises(Forbidden):  # a member that left within the period has records in it
        score(session, made, area, near)
    assert covers_members(session, near, area, NOW.date()), "on the day itself only his own is left"
    finding(session, made, [], opened=NOW, due=NOW, unit=area)
    assert not covers_members(session, near, area, NOW.date()), "what lies at the area as such is not his"


def test_a_site_that_is_a_member_counts_once_beside_its_street(session: ScopedSession, made: Made) -> None:
    one, _ = made.district.communities
    visit(session, made, ["housing_estate"], NO, day=date(2026, 10, 6), unit=one)
    visit(session, made, ["produce_market"], YES, day=date(2026, 10, 6), unit=one)
    site = made.sites["housing_estate", one]
    area = an_area(session, site_id=site)
    assert score(session, made, area).visits == 1
    item = (CIVILIZED, EDITION.forms[0].items[0].code)
    finding(session, made, [item], opened=at(date(2026, 10, 6)), due=at(date(2026, 10, 15)), unit=one)
    session.add(AreaMember(area_id=area, unit_id=one, valid_from=date(2026, 10, 5)))
    session.flush()
    found = score(session, made, area)
    assert (found.visits, found.sites, found.findings["found"]) == (2, 2, 1)
    lost = lost_items(session, made.office, [CIVILIZED], MONTH, area, cut_off=NOW)
    assert [item.failed for item in lost] == [1]
    shown = explain(session, made.office, CIVILIZED, EDITION, found.indicators[0].code, MONTH, area, cut_off=NOW)
    assert shown.figure.n == found.indicators[0].n


def test_the_rows_behind_an_area_are_for_the_whole_districts_posts(wall: Wall, session, made: Made) -> None:
    area = an_area(session, unit_id=made.district.communities[0])
    session.commit()
    head = add_actor(wall, made.district.ref, "liaison", area)
    assert score(session, made, area, head).visits == 0
    with pytest.raises(Forbidden, match="片区的明细"):
        explain(session, head, CIVILIZED, EDITION, EDITION.indicators[0].code, MONTH, area, cut_off=NOW)
