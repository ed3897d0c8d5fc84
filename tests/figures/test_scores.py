"""Scores against numbers computed by hand, one for each way of counting; other districts and self-checks stay out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest

from core.campaigns import Campaign
from core.errors import Forbidden, NotFound
from core.figures.model import CampaignScore, IndicatorFigure
from core.figures.periods import containing, parse_period
from core.figures.scores import score_campaign, score_slices
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.figures.build import CIVILIZED, FOOD, SANITARY, Made, at, finding, make, visit

DAY = date(2026, 10, 12)
MONTH = containing("month", DAY)
LATER = at(date(2026, 11, 3))


@pytest.fixture
def made(wall: Wall) -> Made:
    return make(wall, CIVILIZED, SANITARY, FOOD)


@pytest.fixture
def session(wall: Wall, made: Made) -> Iterator[ScopedSession]:
    with made.district.session(wall) as opened:
        yield opened


def score(session: ScopedSession, campaign: Campaign, **more: object) -> CampaignScore:
    return score_campaign(session, None, campaign, campaign.edition, MONTH, cut_off=LATER, **more)  # type: ignore[arg-type] - keywords of the tests


def figure(session: ScopedSession, campaign: Campaign, code: str) -> IndicatorFigure:
    return score(session, campaign).indicator(code)


def pair(one: IndicatorFigure) -> tuple[Fraction | None, Fraction | None]:
    return one.numerator, one.denominator


def test_count_needs_every_answered_item_to_pass(session: ScopedSession, made: Made) -> None:
    """CIV-G2 links 04, 05 and 06 of the estate form: all passed; one failed; two left out and one passed; none answered."""
    estate = ["housing_estate"]
    good = {"stairwells_clear_lit": {"count": 0}, "fire_lane_open": {"yes": True}, "loose_wire_charging": {"count": 0}}
    visit(session, made, estate, good, day=DAY)
    visit(session, made, estate, good | {"loose_wire_charging": {"count": 1}}, day=DAY)
    visit(session, made, estate, {"fire_lane_open": {"yes": True}}, day=DAY)
    visit(session, made, estate, {"illegal_posters": {"count": 0}}, day=DAY)
    one = figure(session, CIVILIZED, "CIV-G2")
    assert pair(one) == (2, 3)
    assert one.n == 3
    # linear, floor 70, target 95: 66.67 % is under the floor
    assert (one.value, one.earned, one.possible) == (Decimal("66.67"), Decimal("0.00"), Decimal(3))


def test_site_mean_adds_scores_out_of_100_without_rounding(session: ScopedSession, made: Made) -> None:
    """Three estates: 12 of 12, 4 of 12 (a third of 100) and 0 of 12."""
    for answers in (
        {"fire_lane_open": {"yes": True}},
        {
            "living_circle_sign": {"yes": True},
            "fitness_equipment_whole": {"yes": False},
            "pet_misconduct": {"count": 2},
        },
        {"fire_lane_open": {"yes": False}},
    ):
        visit(session, made, ["housing_estate"], answers, day=DAY)
    one = figure(session, CIVILIZED, "CIV-F2")
    assert pair(one) == (Fraction(100) + Fraction(400, 12), 3)
    # value 44.444..., 6 points x 0.44444 = 2.67
    assert (one.value, one.earned) == (Decimal("44.44"), Decimal("2.67"))


def test_site_mean_over_linked_items_only(session: ScopedSession, made: Made) -> None:
    """CIV-D3: the square's conduct (10 - 2x2 = 6 of 10) and pets (8 of 8) make 14 of 18; the hall's smoking 0 of 6."""
    visit(session, made, ["park"], {"square_conduct": {"count": 2}, "pet_misconduct": {"count": 0}}, day=DAY)
    visit(
        session, made, ["service_hall"], {"no_smoking": {"yes": False}, "barrier_free_usable": {"yes": True}}, day=DAY
    )
    visit(session, made, ["park"], {"landscape_pieces": {"count": 1}}, day=DAY)
    one = figure(session, CIVILIZED, "CIV-D3")
    assert pair(one) == (Fraction(1400, 18), 2)


def test_sums_of_n_and_m(session: ScopedSession, made: Made) -> None:
    """CIV-D4 adds rooms; FS-C9 mixes ratings (7 passes) with n of m; FS-C1 yes/no with n of m."""
    visit(session, made, ["community"], {"function_rooms_open": {"n": 3, "m": 5}}, day=DAY)
    visit(session, made, ["community"], {"function_rooms_open": {"n": 4, "m": 4}}, day=DAY)
    visit(session, made, ["community"], {"function_rooms_open": {"m": 0, "n": 0}}, day=DAY)
    assert pair(figure(session, CIVILIZED, "CIV-D4")) == (7, 9)
    visit(session, made, ["caterer"], {"purchase_records": {"rating": 7}, "food_licence_shown": {"yes": True}}, day=DAY)
    visit(session, made, ["school_canteen"], {"purchase_records": {"rating": 6}}, day=DAY)
    visit(session, made, ["stall_area"], {"stall_purchase_tickets": {"n": 2, "m": 6}}, day=DAY)
    visit(session, made, ["produce_market"], {"stall_licences": {"n": 9, "m": 10}}, day=DAY)
    assert pair(figure(session, FOOD, "FS-C9")) == (1 + 0 + 2, 1 + 1 + 6)
    assert pair(figure(session, FOOD, "FS-C1")) == (1 + 9, 1 + 10)


def test_points_earned_and_possible_and_their_key_group(session: ScopedSession, made: Made) -> None:
    """SAN-604: 8+6+6 points; ratings 5, 10, 10 give 4+6+6 of 20; a second market has its zone only, rated 2: 1.6 of 8."""
    live = ("live_poultry_zone", "live_poultry_slaughter", "live_poultry_hygiene")
    visit(
        session, made, ["produce_market"], dict(zip(live, ({"rating": r} for r in (5, 10, 10)), strict=True)), day=DAY
    )
    fine = score(session, SANITARY)
    assert pair(fine.indicator("SAN-604")) == (16, 20)
    assert fine.vetoes == ()
    visit(session, made, ["produce_market"], {"live_poultry_zone": {"rating": 2}}, day=DAY)
    one = score(session, SANITARY)
    assert pair(one.indicator("SAN-604")) == (Fraction("17.6"), 28)
    # 62.857 % against 70: 20 x 0.62857 / 0.70 = 17.96; under 70 % of the points the group vetoes, and so does the gate
    assert one.indicator("SAN-604").earned == Decimal("17.96")
    assert {(v.kind, v.code) for v in one.vetoes} == {("gate", "SAN-604"), ("key_group", "K1")}
    assert "17.60 分" in next(v.text_zh for v in one.vetoes if v.kind == "key_group")


def test_a_count_found_is_a_plain_value(session: ScopedSession, made: Made) -> None:
    """SAN-203: adverts found, 15 points less 5 each; none looked for is not assessed, none found is full marks."""
    assert figure(session, SANITARY, "SAN-203").status == "not_assessed"
    visit(session, made, ["main_road"], {"tobacco_adverts": {"count": 0}}, day=DAY)
    clean = figure(session, SANITARY, "SAN-203")
    assert (clean.numerator, clean.denominator, clean.earned, clean.n) == (0, None, Decimal("15.00"), 1)
    visit(session, made, ["back_street"], {"tobacco_adverts": {"count": 2}}, day=DAY)
    found = figure(session, SANITARY, "SAN-203")
    assert (found.numerator, found.earned, found.breach) == (2, Decimal("5.00"), True)


def test_a_question_is_read_in_every_enabled_campaign(wall: Wall, session: ScopedSession, made: Made) -> None:
    """CIV-G4 has no item of its own: the sanitary site form asks it; suspended, the source is gone."""
    visit(session, made, ["construction_site"], {"hoarding_continuous": {"yes": True}}, day=DAY)
    visit(session, made, ["construction_site"], {"hoarding_continuous": {"yes": False}}, day=DAY)
    assert pair(figure(session, CIVILIZED, "CIV-G4")) == (1, 2)
    row = session.get(EnabledCampaign, (session.tenant_id, SANITARY.key))
    assert row
    row.state = "suspended"
    session.flush()
    gone = figure(session, CIVILIZED, "CIV-G4")
    assert (gone.status, gone.numerator) == ("not_assessed", None)
    assert gone.reason_zh == "本期没有相关的核查记录"


def test_a_shared_form_counts_once(session: ScopedSession, made: Made) -> None:
    """TOILET is answered for two campaigns in one visit; each takes its own sheet and counts one visit."""
    visit(session, made, ["public_toilet"], {"barrier_free_stall": {"yes": True}}, day=DAY)
    assert pair(figure(session, CIVILIZED, "CIV-F7")) == (100, 1)
    assert pair(figure(session, CIVILIZED, "CIV-G5")) == (1, 1)
    assert pair(figure(session, SANITARY, "SAN-307")) == (100, 1)


def test_findings_due_and_closed_on_time(session: ScopedSession, made: Made) -> None:
    """Due in October: closed in time, closed late, open, rejected; due in November; another campaign's; a self-check's."""
    road = [(CIVILIZED, "CIV-ROAD-03"), (SANITARY, "SAN-ROAD-01")]
    due = at(DAY)
    kept = {"opened": at(DAY - timedelta(days=2)), "due": due}
    finding(session, made, road, closed=due - timedelta(hours=1), **kept)
    finding(session, made, road, closed=due + timedelta(hours=1), **kept)
    finding(session, made, road, **kept)
    finding(session, made, road, state="rejected", **kept)
    finding(session, made, road, opened=at(DAY), due=at(date(2026, 11, 2)))
    finding(session, made, [(FOOD, "FS-CATERING-04")], closed=due, **kept)
    own = visit(session, made, ["main_road"], {}, day=DAY, basis="self")
    finding(session, made, road, closed=due, visit_id=own, **kept)
    one = score(session, CIVILIZED)
    assert pair(one.indicator("CIV-I3")) == (1, 3)
    assert one.findings == {"found": 4, "due": 3, "closed": 2, "on_time": 1, "overdue": 1}
    food = figure(session, FOOD, "FS-D5")
    assert pair(food) == (1, 1)
    relapse = one.indicator("CIV-I4")
    assert (relapse.status, relapse.n) == ("not_assessed", 0)
    assert "回头看" in relapse.reason_zh
    assert "re-inspected" in relapse.reason_en


def test_what_has_no_source_names_it(session: ScopedSession) -> None:
    one = score(session, CIVILIZED)
    volunteers = one.indicator("CIV-D1")
    assert volunteers.status == "not_assessed"
    assert volunteers.earned is None
    assert volunteers.reason_zh.startswith("来源：期末注册志愿者人数（部门填报）")
    assert volunteers.reason_en.startswith("source: registered volunteers at period end")
    assert (one.earned, one.assessed, one.total) == (0, 0, 100)
    assert one.percent_of_assessed is None
    assert one.coverage == 0


def test_a_sample_stands_beside_and_never_inside(session: ScopedSession, made: Made) -> None:
    """CIV-A3 comes from a register that is not there yet; the stations seen in visits are shown beside it."""
    visit(session, made, ["community"], {"volunteer_station": {"rating": 9}}, day=DAY)
    visit(session, made, ["community"], {"volunteer_station": {"rating": 3}}, day=DAY)
    one = figure(session, CIVILIZED, "CIV-A3")
    assert (one.status, one.numerator, one.n) == ("not_assessed", None, 0)
    assert one.sample
    assert (one.sample.numerator, one.sample.denominator, one.sample.value) == (1, 2, Decimal("50.00"))


def test_self_checks_other_periods_hidden_rows_and_other_districts_stay_out(wall: Wall, made: Made) -> None:
    other = make(wall, CIVILIZED, name="别的区")
    yes, no = {"fire_lane_open": {"yes": True}}, {"fire_lane_open": {"yes": False}}
    with other.district.session(wall) as theirs:
        visit(theirs, other, ["housing_estate"], no, day=DAY)
        theirs.commit()
    with wall.open(made.district.ref.id, cleared=True) as cleared:
        visit(cleared, made, ["housing_estate"], no, day=DAY, hidden=True)
        cleared.commit()
    with made.district.session(wall) as session:
        visit(session, made, ["housing_estate"], yes, day=DAY)
        visit(session, made, ["housing_estate"], no, day=DAY, basis="self")
        visit(session, made, ["housing_estate"], no, day=date(2026, 9, 30))
        visit(session, made, ["housing_estate"], no, day=date(2026, 11, 1))
        session.commit()
        one = score(session, CIVILIZED)
        assert pair(one.indicator("CIV-G2")) == (1, 1)
        assert (one.visits, one.sites) == (1, 1)
    with wall.open(made.district.ref.id, cleared=True) as cleared:
        assert pair(figure(cleared, CIVILIZED, "CIV-G2")) == (1, 2)


def test_units_and_periods_share_one_set_of_queries(session: ScopedSession, made: Made) -> None:
    one, two = made.district.communities
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": True}}, day=DAY, unit=one)
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=DAY, unit=two)
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=date(2026, 9, 8), unit=one)
    periods = (parse_period("2026-09"), MONTH)
    units = (made.district.street, one, two)
    found = score_slices(session, None, CIVILIZED, CIVILIZED.edition, periods, units, cut_off=LATER)
    shares = {key: pair(s.indicator("CIV-G2")) for key, s in found.items()}
    assert shares[made.district.street, 1] == (1, 2)
    assert shares[made.district.street, 0] == (0, 1)
    assert (shares[one, 1], shares[two, 1]) == ((1, 1), (0, 1))
    assert shares[two, 0] == (None, None)
    for (unit, n), one_score in found.items():
        alone = score_campaign(session, None, CIVILIZED, CIVILIZED.edition, periods[n], unit, cut_off=LATER)
        assert alone == one_score


def test_totals_are_the_sum_of_their_parts(session: ScopedSession, made: Made) -> None:
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": True}, "public_adverts": {"count": 1}}, day=DAY)
    one = score(session, CIVILIZED)
    assert one.assessed == Decimal(4 + 3 + 6)  # CIV-A1, CIV-G2, CIV-F2
    assert one.earned == sum(f.earned for f in one.indicators if f.earned is not None)
    assert one.earned == sum(c.totals.earned for c in one.categories)
    assert sum(c.totals.total for c in one.categories) == one.total == 100
    assert one.coverage == Decimal("13.00")
    # A1: 0 of 1 -> 0; G2: full 3; F2: (12 + 5) of 22 = 77.27 -> 4.64
    assert one.earned == Decimal("7.64")
    assert one.percent_of_assessed == Decimal("58.77")
    assert one.percent_of_all == Decimal("7.64")


def test_reach(wall: Wall, session: ScopedSession, made: Made) -> None:
    one, two = made.district.communities
    liaison = add_actor(wall, made.district.ref, "liaison", one)
    bureau = add_actor(wall, made.district.ref, "bureau", made.district.root)
    score_campaign(session, liaison, CIVILIZED, CIVILIZED.edition, MONTH, one)
    score_campaign(session, liaison, CIVILIZED, CIVILIZED.edition, MONTH)
    with pytest.raises(Forbidden):
        score_campaign(session, liaison, CIVILIZED, CIVILIZED.edition, MONTH, two)
    with pytest.raises(Forbidden):
        score_campaign(session, bureau, CIVILIZED, CIVILIZED.edition, MONTH)
    with pytest.raises(NotFound):
        score_campaign(session, liaison, CIVILIZED, CIVILIZED.edition, MONTH, uuid4())
