"""Every score explains itself: for every indicator of every campaign the rows add up to the figure, exactly."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import Forbidden, NotFound
from core.figures.explain import explain
from core.figures.periods import containing
from core.figures.scores import score_campaign
from tenants.scope import Wall
from tests.factory import add_actor
from tests.figures.build import CAMPAIGNS, CIVILIZED, FOOD, SANITARY, Made, at, fill, finding, make, visit

MONTH = containing("month", date(2026, 10, 1))
LATER = at(date(2026, 11, 9))


@pytest.fixture(scope="module")
def made(wall: Wall) -> Made:
    found = make(wall, CIVILIZED, SANITARY, FOOD)
    fill(wall, found, first=date(2026, 9, 25), days=40, per_day=12)
    return found


@pytest.mark.parametrize("key", sorted(CAMPAIGNS))
@pytest.mark.parametrize("place", ["district", "community"])
def test_rows_add_up_to_every_figure(wall: Wall, made: Made, key: str, place: str) -> None:
    campaign = CAMPAIGNS[key]
    unit = None if place == "district" else made.district.communities[1]
    assessed = 0
    with made.district.session(wall) as session:
        for indicator in campaign.edition.indicators:
            found = explain(session, None, campaign, campaign.edition, indicator.code, MONTH, unit, cut_off=LATER)
            figure = found.figure
            assert (found.numerator, found.denominator) == (figure.numerator, figure.denominator), indicator.code
            assert found.rule_zh
            assert found.rule_en
            assert bool(found.rows) == (figure.status == "assessed")
            assert all(MONTH.start <= row.day <= MONTH.end for row in found.rows)
            assessed += figure.assessed
    # domain README: 20, 14 and 8 indicators can be computed from visits, findings and their re-inspections
    assert assessed == {"civilized_city": 20, "sanitary_city": 14, "food_safety_city": 8}[key]


@pytest.mark.parametrize(("key", "points"), [("civilized_city", 61), ("sanitary_city", 400), ("food_safety_city", 29)])
def test_points_that_visits_and_findings_can_assess(wall: Wall, made: Made, key: str, points: int) -> None:
    with made.district.session(wall) as session:
        score = score_campaign(session, None, CAMPAIGNS[key], CAMPAIGNS[key].edition, MONTH, cut_off=LATER)
    assert score.assessed == Decimal(points)


def test_a_row_names_the_visit_and_what_failed(wall: Wall) -> None:
    made = make(wall, CIVILIZED)
    day = date(2026, 10, 12)
    with made.district.session(wall) as session:
        answers = {"fire_lane_open": {"yes": False}, "stairwells_clear_lit": {"count": 0}}
        seen = visit(session, made, ["housing_estate"], answers, day=day)
        item = [(CIVILIZED, "CIV-ESTATE-05")]
        dear = finding(session, made, item, opened=at(day), due=at(day), visit_id=seen, lost=1200)
        finding(session, made, item, opened=at(day), due=at(day), closed=at(day), visit_id=seen)
        finding(session, made, [(CIVILIZED, "CIV-ESTATE-02")], opened=at(day), due=at(day), visit_id=seen)
        found = explain(session, made.office, CIVILIZED, CIVILIZED.edition, "CIV-G2", MONTH, cut_off=LATER)
    (row,) = found.rows
    assert (row.kind, row.ref, row.day, row.numerator, row.denominator) == ("visit", seen, day, 0, 1)
    assert row.site == "housing_estate点位"
    assert row.label == CIVILIZED.edition.form("CIV-ESTATE").title_zh
    assert [f.code for f in row.failed] == ["CIV-ESTATE-05"]
    assert row.failed[0].text_zh == CIVILIZED.edition.item("CIV-ESTATE-05").text_zh
    assert [(f.finding_id, f.lost) for f in found.findings] == [(dear, 1200)]
    assert found.formula == "sites_fire_ok / sites_checked * 100 = 0 / 1 * 100 = 0.00"
    assert found.rule_zh == "达到 95 得 3 分，70 及以下不得分，其间按比例计分"
    assert found.rule_en == "3 points at 95, none at 70 or below, in proportion between"


def test_rows_are_for_those_who_reach_them(wall: Wall, made: Made) -> None:
    home = made.district.communities[0]
    liaison = add_actor(wall, made.district.ref, "liaison", home)
    with made.district.session(wall) as session:
        mine = explain(session, liaison, CIVILIZED, CIVILIZED.edition, "CIV-F2", MONTH, home, cut_off=LATER)
        assert mine.rows
        for unit in (None, made.district.communities[1]):
            with pytest.raises(Forbidden):
                explain(session, liaison, CIVILIZED, CIVILIZED.edition, "CIV-F2", MONTH, unit, cut_off=LATER)
        with pytest.raises(NotFound):
            explain(session, made.office, CIVILIZED, CIVILIZED.edition, "CIV-X9", MONTH)
