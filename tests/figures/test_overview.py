"""The first glance: side by side, by unit, trend, losses, what changed since yesterday."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from core.figures.overview import by_unit, changed_since_yesterday, points_lost, side_by_side, trend
from core.figures.periods import parse_period
from core.figures.scores import score_campaign
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.figures.build import CIVILIZED, SANITARY, Made, at, finding, make, visit

MONTH = parse_period("2026-10")
NOW = at(date(2026, 10, 20))
YES, NO = {"fire_lane_open": {"yes": True}}, {"fire_lane_open": {"yes": False}}
EDITION = CIVILIZED.edition


@pytest.fixture
def made(wall: Wall) -> Made:
    return make(wall, CIVILIZED, SANITARY)


@pytest.fixture
def session(wall: Wall, made: Made) -> Iterator[ScopedSession]:
    with made.district.session(wall) as opened:
        yield opened


def test_side_by_side_with_the_period_before(session: ScopedSession, made: Made) -> None:
    visit(session, made, ["housing_estate"], NO, day=date(2026, 9, 3))
    visit(session, made, ["housing_estate"], YES, day=date(2026, 10, 3))
    civilized, sanitary = side_by_side(session, made.office, [CIVILIZED, SANITARY], MONTH, cut_off=NOW)
    assert (civilized.score.percent_of_assessed, civilized.change) == (Decimal("100.00"), Decimal("100.00"))
    assert (sanitary.score.percent_of_assessed, sanitary.change) == (None, None)


def test_by_unit_best_first_within_reach(wall: Wall, session: ScopedSession, made: Made) -> None:
    one, two = made.district.communities
    visit(session, made, ["housing_estate"], NO, day=date(2026, 10, 3), unit=one)
    visit(session, made, ["housing_estate"], YES, day=date(2026, 10, 3), unit=two)
    rows = by_unit(session, made.office, CIVILIZED, EDITION, MONTH, kind="community", cut_off=NOW)
    assert [(r.unit_id, r.score.percent_of_assessed) for r in rows] == [(two, Decimal(100)), (one, Decimal(0))]
    assert len(by_unit(session, made.office, CIVILIZED, EDITION, MONTH, cut_off=NOW)) == 1
    under = by_unit(session, None, CIVILIZED, EDITION, MONTH, kind="community", under=made.district.street, cut_off=NOW)
    assert len(under) == 2
    assert by_unit(session, None, CIVILIZED, EDITION, MONTH, kind="community", under=one, cut_off=NOW)[0].unit_id == one
    assert by_unit(session, None, CIVILIZED, EDITION, MONTH, kind="grid", cut_off=NOW) == []
    liaison = add_actor(wall, made.district.ref, "liaison", one)
    mine = by_unit(session, liaison, CIVILIZED, EDITION, MONTH, kind="community", cut_off=NOW)
    assert [r.unit_id for r in mine] == [one]


def test_trend_keeps_gaps(session: ScopedSession, made: Made) -> None:
    visit(session, made, ["housing_estate"], YES, day=date(2026, 9, 25))
    visit(session, made, ["housing_estate"], NO, day=date(2026, 10, 15))
    points = trend(session, made.office, CIVILIZED, EDITION, date(2026, 10, 15), count=3, cut_off=NOW)
    assert [(p.period.key, p.percent, p.visits) for p in points] == [
        ("2026-09-T3", Decimal("100.00"), 1),
        ("2026-10-T1", None, 0),
        ("2026-10-T2", Decimal("0.00"), 1),
    ]


def test_where_points_are_lost(session: ScopedSession, made: Made) -> None:
    visit(session, made, ["housing_estate"], NO | {"public_adverts": {"count": 2}}, day=date(2026, 10, 3))
    score = score_campaign(session, None, CIVILIZED, EDITION, MONTH, cut_off=NOW)
    # adverts 4 of 4; fire lane 0 of 3; the form 10 of 22 -> 2.73 of 6
    assert [(x.figure.code, x.lost, x.share) for x in points_lost(score)] == [
        ("CIV-F2", Decimal("3.27"), Decimal("52.15")),
        ("CIV-G2", Decimal("3.00"), Decimal("47.85")),
    ]
    assert [x.figure.code for x in points_lost(score, 1)] == ["CIV-F2"]


def test_what_changed_since_yesterday(session: ScopedSession, made: Made) -> None:
    visit(session, made, ["housing_estate"], YES, day=date(2026, 10, 19))
    visit(session, made, ["housing_estate"], NO, day=date(2026, 10, 20))
    item = [(CIVILIZED, "CIV-ESTATE-05")]
    finding(
        session,
        made,
        item,
        opened=at(date(2026, 10, 19)),
        due=at(date(2026, 10, 20), 9),
        closed=at(date(2026, 10, 20), 8),
    )
    finding(session, made, item, opened=at(date(2026, 10, 20), 8), due=at(date(2026, 10, 21)))
    found = changed_since_yesterday(session, None, CIVILIZED, EDITION, MONTH, cut_off=NOW)
    assert (found.visits, found.found, found.closed) == (1, 1, 1)
    assert found.yesterday.percent_of_assessed == Decimal("100.00")
    # G2 50 % -> 0 of 3, F2 50 -> 3 of 6, I3 1 of 1 -> 2 of 2: 5 of 11
    assert found.change == Decimal("45.45") - 100
    assert {new.code for new, _ in found.indicators} == {"CIV-G2", "CIV-F2", "CIV-I3"}
    first = changed_since_yesterday(
        session, None, CIVILIZED, EDITION, parse_period("2026-10-T3"), cut_off=at(date(2026, 10, 21))
    )
    assert first.change is None
