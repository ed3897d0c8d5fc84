"""Statistics in scores: every target shape against numbers computed by hand; only verified and locked values enter totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import pytest

from core.campaigns import Campaign
from core.campaigns.levels import LevelBound
from core.campaigns.policy import VetoPolicy
from core.figures.explain import explain
from core.figures.model import CampaignScore, IndicatorFigure
from core.figures.periods import Period, parse_period
from core.figures.scores import score_campaign
from tenants.scope import ScopedSession, Wall
from tests.factory import add_unit
from tests.figures.build import CIVILIZED, FOOD, SANITARY, Made, at, make, visit
from tests.figures.statistics import lock

YEAR = parse_period("2026")
OCTOBER = parse_period("2026-10")
LATER = at(date(2027, 1, 20))
LOCKED = at(date(2027, 1, 10))


@pytest.fixture
def made(wall: Wall) -> Made:
    return make(wall, CIVILIZED, SANITARY, FOOD)


@pytest.fixture
def session(wall: Wall, made: Made) -> Iterator[ScopedSession]:
    with made.district.session(wall) as opened:
        yield opened


def put(
    session: ScopedSession, made: Made, values: dict[str, str | int], period: Period = YEAR, **more: object
) -> None:
    for code, value in values.items():
        lock(session, made, code, value, period, at=LOCKED, **more)  # type: ignore[arg-type] - keywords of the tests


def score(session: ScopedSession, campaign: Campaign, period: Period = YEAR) -> CampaignScore:
    return score_campaign(session, None, campaign, campaign.edition, period, cut_off=LATER)


def figure(session: ScopedSession, campaign: Campaign, code: str, period: Period = YEAR) -> IndicatorFigure:
    return score(session, campaign, period).indicator(code)


def tuned(campaign: Campaign, code: str, **changes: object) -> Campaign:
    """The same campaign with one indicator changed, as a private edition might have it."""
    edition = campaign.edition
    changed = tuple(replace(i, **changes) if i.code == code else i for i in edition.indicators)  # type: ignore[arg-type] - keywords of the tests
    return replace(campaign, editions=(replace(edition, indicators=changed),))


def test_a_rate_of_two_statistics(session: ScopedSession, made: Made) -> None:
    """Sewage: 874 of 1000 treated, linear from 60 to 85: full 15 points; a month before lock counts for nothing."""
    put(session, made, {"sewage_treated": 874, "sewage_discharged": 1000})
    one = figure(session, SANITARY, "SAN-403")
    assert (one.numerator, one.denominator, one.value, one.earned, one.n) == (874, 1000, Decimal("87.40"), 15, 1)
    early = score_campaign(session, None, SANITARY, SANITARY.edition, YEAR, cut_off=at(date(2027, 1, 5)))
    assert early.indicator("SAN-403").status == "not_assessed"


def test_what_is_not_entered_is_named(session: ScopedSession, made: Made) -> None:
    put(session, made, {"sewage_treated": 874})
    one = figure(session, SANITARY, "SAN-403")
    assert (one.status, one.earned) == ("not_assessed", None)
    assert one.reason_zh.startswith("来源：")
    assert "部门填报" in one.reason_zh
    assert "treated" not in one.reason_en


def test_zero_entered_is_a_value(session: ScopedSession, made: Made) -> None:
    put(session, made, {"medical_waste_disposed": 0, "medical_waste_generated": 12})
    one = figure(session, SANITARY, "SAN-404")
    assert (one.value, one.earned, one.met) == (Decimal("0.00"), Decimal("0.00"), False)
    put(session, made, {"samples_met": 0, "samples_taken": 0})
    assert figure(session, SANITARY, "SAN-402").reason_zh == "分母为零"


def test_or_falling_reads_the_year_before(session: ScopedSession, made: Made) -> None:
    """6 per mille misses 5.6, but it was 6.5 the year before."""
    put(session, made, {"infant_deaths": 6, "live_births": 1000})
    assert figure(session, SANITARY, "SAN-708").reason_zh.startswith("未达到目标值，且缺少上一期数值")
    put(session, made, {"infant_deaths": 13, "live_births": 2000}, YEAR.previous)
    one = figure(session, SANITARY, "SAN-708")
    assert (one.value, one.earned, one.met) == (Decimal("6.00"), Decimal("10.00"), True)
    assert any("上一期 6.5，本期 6" in step.zh for step in one.steps)


def test_own_five_year_mean_needs_all_five(session: ScopedSession, made: Made) -> None:
    """Per 100 000: 200, 210, 220, 230, 240 make a mean of 220; 220 now is not above it, 221 is."""
    for n, cases in enumerate((200, 210, 220, 230, 240)):
        year = parse_period(str(2021 + n))
        put(session, made, {"cases_reported": cases, "resident_population": 100_000}, year)
        if n == 3:
            put(session, made, {"cases_reported": 220, "resident_population": 100_000})
            assert figure(session, SANITARY, "SAN-709").reason_zh == "缺少本地前五年均值，无法确定目标"
    one = figure(session, SANITARY, "SAN-709")
    assert (one.value, one.earned, one.met) == (Decimal("220.00"), Decimal("25.00"), True)
    assert any("本地前五年均值：220" in step.zh for step in one.steps)


def test_the_worst_subdistrict_decides(wall: Wall, session: ScopedSession, made: Made) -> None:
    one, two = made.district.street, add_unit(session, "subdistrict", "乙街道", [made.district.root])
    put(session, made, {"children_vaccinated": 95, "children_due": 100}, unit=one)
    waiting = figure(session, SANITARY, "SAN-706")
    assert waiting.reason_zh == "按最差的街道评定，缺少分街道数据"
    put(session, made, {"children_vaccinated": 89, "children_due": 100}, unit=two)
    put(session, made, {"children_vaccinated": 990, "children_due": 1000})  # the district's own total decides nothing
    found = figure(session, SANITARY, "SAN-706")
    assert (found.numerator, found.denominator, found.value, found.earned) == (89, 100, Decimal("89.00"), 0)
    assert found.n == 2
    assert any("乙街道：89" in step.zh for step in found.steps)


def test_by_city_size(session: ScopedSession, made: Made) -> None:
    """A population of 1.3 million is a medium city here: 92 is asked for, 90 would do in a small one."""
    params = MappingProxyType({"ref": "city_size", "small": "90", "medium": "92", "large": "95"})
    campaign = tuned(SANITARY, "SAN-506", target="by_size", target_op=">=", params=params)
    put(session, made, {"enterprises_declared": 91, "enterprises_with_hazard": 100})
    assert figure(session, campaign, "SAN-506").reason_zh == "按城市规模定目标，缺少人口数"
    put(session, made, {"resident_population": 1_300_000}, basis="declared")
    one = figure(session, campaign, "SAN-506")
    assert (one.value, one.met, one.earned) == (Decimal("91.00"), False, 0)
    assert any("城市规模属于 medium 档" in step.zh for step in one.steps)


def test_levels_come_from_the_bounds_of_the_edition(session: ScopedSession, made: Made) -> None:
    edition = SANITARY.edition
    bounds = tuple(
        LevelBound("SAN-701", metric, level, op, Decimal(bound))
        for metric, op, three in (
            ("facility_rate", ">=", (97, 95, 93)),
            ("indoor_rate", "<=", (1, 3, 5)),
            ("path_index", "<=", (1, 3, 5)),
        )
        for level, bound in zip("ABC", three, strict=True)
    )
    campaign = replace(SANITARY, editions=(replace(edition, levels=bounds),))
    values = {"facility_rate.SAN-701": "97.5", "indoor_rate.rodent": "2.5", "path_index.SAN-701": "4.9"}
    put(session, made, values, combine="mean")  # type: ignore[arg-type] - keywords of the tests
    one = figure(session, campaign, "SAN-701")
    assert (one.level, one.earned, one.met) == ("C", Decimal("20.00"), True)
    assert figure(session, SANITARY, "SAN-701").reason_zh == "缺少密度控制等级"


def test_tracks_stand_apart_and_only_verified_ranks(session: ScopedSession, made: Made) -> None:
    """Waste treated: declared 100 %, self-checked 98 %, verified 90 %: linear 80..100 gives 12.5 of 25."""
    for basis, treated in (("declared", 1000), ("self", 980)):
        put(session, made, {"waste_treated": treated, "waste_collected": 1000}, basis=basis)
    before = score(session, SANITARY)
    one = before.indicator("SAN-306")
    assert (one.status, one.earned, before.earned) == ("not_assessed", None, 0)
    assert {t.basis: (t.value, t.n) for t in one.tracks} == {
        "self": (Decimal("98.00"), 1),
        "declared": (Decimal("100.00"), 1),
    }
    assert one.estimated == ("self", Decimal("22.50"))
    assert (before.estimate.earned, before.estimate.assessed) == (Decimal("22.50"), 25)
    assert before.estimated == ("SAN-306",)
    put(session, made, {"waste_treated": 900, "waste_collected": 1000})
    after = score(session, SANITARY)
    two = after.indicator("SAN-306")
    assert (two.earned, after.earned, after.estimated) == (Decimal("12.50"), Decimal("12.50"), ())
    assert two.gap == Decimal("8.00")
    assert [t.basis for t in two.tracks] == ["verified", "self", "declared"]


def test_self_checks_make_a_track_of_their_own(session: ScopedSession, made: Made) -> None:
    day = date(2026, 10, 12)
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=day)
    for _ in range(3):
        visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": True}}, day=day, basis="self")
    one = figure(session, CIVILIZED, "CIV-G2", OCTOBER)
    assert (one.numerator, one.denominator, one.n) == (0, 1, 1)
    own = one.track("self")
    assert own is not None
    assert (own.numerator, own.denominator, own.n, own.value) == (3, 3, 3, Decimal("100.00"))
    assert one.gap == Decimal("100.00")


def test_two_lower_bounds_give_no_rate(session: ScopedSession, made: Made) -> None:
    put(session, made, {"enterprises_declared": 13_000, "enterprises_with_hazard": 14_000}, qualifier="over")
    one = figure(session, SANITARY, "SAN-506")
    assert one.status == "not_assessed"
    assert one.reason_zh == "分子和分母都只是约数或下限，得不出准确的比率"


def test_a_gate_looks_back_as_far_as_it_says(session: ScopedSession, made: Made) -> None:
    """An accident of 2024 still breaks a gate of 36 months at the end of 2026; one of 2023 does not."""
    put(session, made, {"accidents": 0}, YEAR)
    put(session, made, {"accidents": 2}, parse_period("2023"))
    assert not figure(session, SANITARY, "SAN-G01").breach
    put(session, made, {"accidents": 1}, parse_period("2024"))
    one = score(session, SANITARY)
    assert one.indicator("SAN-G01").breach
    assert [v.code for v in one.vetoes] == ["SAN-G01"]
    assert not one.barred


@pytest.mark.parametrize(
    ("policy", "barred", "earned"),
    [
        (VetoPolicy(), False, "15.00"),
        (VetoPolicy("capped", "flagged", Decimal(600)), False, "9.00"),  # 600 of 1000 is 9 of the 15 assessed
        (VetoPolicy("capped", "flagged", Decimal(1000)), False, "15.00"),
        (VetoPolicy("ineligible"), True, "15.00"),
        (VetoPolicy("flagged", "ineligible"), False, "15.00"),
    ],
)
def test_what_a_veto_does_is_edition_data(
    session: ScopedSession, made: Made, policy: VetoPolicy, barred: bool, earned: str
) -> None:
    put(session, made, {"sewage_treated": 90, "sewage_discharged": 100, "accidents": 1})
    campaign = replace(SANITARY, editions=(replace(SANITARY.edition, veto=policy),))
    one = score(session, campaign)
    assert (one.barred, str(one.earned)) == (barred, earned)
    assert (one.percent_of_assessed is None) == barred


def test_an_indicator_opens_into_its_locked_values(session: ScopedSession, made: Made) -> None:
    for month in ("2026-09", "2026-10"):
        put(session, made, {"waste_treated": 450, "waste_collected": 500}, parse_period(month), note="环卫月报")
    put(session, made, {"waste_treated": 990, "waste_collected": 1000}, basis="declared")
    found = explain(session, None, SANITARY, SANITARY.edition, "SAN-306", YEAR, cut_off=LATER)
    assert (found.numerator, found.denominator) == (900, 1000) == (found.figure.numerator, found.figure.denominator)
    assert [(row.kind, row.numerator, row.denominator) for row in found.rows] == [
        ("observation", 450, 0),
        ("observation", 450, 0),
        ("observation", 0, 500),
        ("observation", 0, 500),
    ]
    life = found.rows[0].observation
    assert life is not None
    assert (life.metric, life.code, life.basis, life.note) == ("waste_treated", "waste_treated", "verified", "环卫月报")
    assert [(s.verb, s.person) for s in life.steps] == [
        ("save", "经手人1"),
        ("submit", "经手人2"),
        ("review", "经手人3"),
        ("lock", "经手人4"),
    ]
    said = [step.zh for step in found.figure.steps]
    assert "数值 = waste_treated / waste_collected * 100 = 900 / 1000 * 100 = 90" in said
    assert said[-1] == "四舍五入到两位小数：12.50"


def test_site_types_weigh_the_same(session: ScopedSession, made: Made) -> None:
    """Three parks at 6 of 10 conduct points and one hall at 0 of 6: the type means 60 and 0 make 30, not 45."""
    day = date(2026, 10, 12)
    for _ in range(3):
        visit(session, made, ["park"], {"square_conduct": {"count": 2}}, day=day)
    visit(session, made, ["service_hall"], {"no_smoking": {"yes": False}}, day=day)
    one = figure(session, CIVILIZED, "CIV-D3", OCTOBER)
    assert (one.numerator, one.denominator, one.value) == (120, 4, Decimal("30.00"))
    assert {s.site_type: (s.visits, s.mean) for s in one.strata} == {"park": (3, 60), "service_hall": (1, 0)}
    found = explain(session, None, CIVILIZED, CIVILIZED.edition, "CIV-D3", OCTOBER, cut_off=LATER)
    assert (found.numerator, found.denominator) == (120, 4)
    plain = tuned(CIVILIZED, "CIV-D3", params=MappingProxyType({"items": "linked", "mean": "visits"}))
    assert figure(session, plain, "CIV-D3", OCTOBER).value == Decimal("45.00")


FIRE = {"fire_lane_open": {"yes": True}}, {"fire_lane_open": {"yes": False}}


def test_recorded_indicators_are_held_against_their_own_past(session: ScopedSession, made: Made) -> None:
    """Fire lanes: 1 of 3 in September, 1 of 2 in October: risen, though far from 95."""
    for day, passed in ((8, True), (9, False), (10, False)):
        visit(session, made, ["housing_estate"], FIRE[not passed], day=date(2026, 9, day))
    for day, passed in ((12, True), (13, False)):
        visit(session, made, ["housing_estate"], FIRE[not passed], day=date(2026, 10, day))
    rising = tuned(CIVILIZED, "CIV-G2", params=MappingProxyType({"floor": "70", "alt": "rising"}))
    one = figure(session, rising, "CIV-G2", OCTOBER)
    assert (one.value, one.earned, one.met) == (Decimal("50.00"), Decimal("3.00"), True)
    assert any("上一期 100/3 ≈ 33.3333，本期 50" in step.zh for step in one.steps)
    september = figure(session, rising, "CIV-G2", OCTOBER.previous)
    assert september.reason_zh == "未达到目标值，且缺少上一期数值，无法判断是否上升"
    assert figure(session, CIVILIZED, "CIV-G2", OCTOBER).earned == 0


def test_recorded_indicators_against_their_own_five_years(session: ScopedSession, made: Made) -> None:
    """Five Octobers at 0, 100, 0, 100, 100 make 60; this October is at 50."""
    params = MappingProxyType({"ref": "own_5y_mean"})
    campaign = tuned(CIVILIZED, "CIV-G2", mode="threshold", target="mean_5y", params=params)
    visit(session, made, ["housing_estate"], FIRE[0], day=date(2026, 10, 12))
    visit(session, made, ["housing_estate"], FIRE[1], day=date(2026, 10, 12))
    assert figure(session, campaign, "CIV-G2", OCTOBER).reason_zh == "缺少本地前五年均值，无法确定目标"
    for year, passed in ((2021, False), (2022, True), (2023, False), (2024, True), (2025, True)):
        visit(session, made, ["housing_estate"], FIRE[not passed], day=date(year, 10, 12))
    one = figure(session, campaign, "CIV-G2", OCTOBER)
    assert (one.value, one.met, one.earned) == (Decimal("50.00"), False, 0)
    assert any("本地前五年均值：60" in step.zh for step in one.steps)


def test_recorded_indicators_by_the_worst_subdistrict(session: ScopedSession, made: Made) -> None:
    other = add_unit(session, "subdistrict", "乙街道", [made.district.root])
    home = add_unit(session, "community", "乙社区", [other, made.district.root])
    params = MappingProxyType({"floor": "0", "scope": "min_over_subdistricts"})
    campaign = tuned(CIVILIZED, "CIV-G2", params=params, target="100")
    for unit, answers in ((made.district.communities[0], FIRE[0]), (home, FIRE[0]), (home, FIRE[1])):
        visit(session, made, ["housing_estate"], answers, day=date(2026, 10, 12), unit=unit)
    one = figure(session, campaign, "CIV-G2", OCTOBER)
    assert (one.numerator, one.denominator, one.value, one.earned) == (1, 2, Decimal("50.00"), Decimal("1.50"))
    assert any("乙街道：50" in step.zh for step in one.steps)
    found = explain(session, None, campaign, campaign.edition, "CIV-G2", OCTOBER, cut_off=LATER)
    assert (found.numerator, found.denominator, len(found.rows)) == (1, 2, 2)
