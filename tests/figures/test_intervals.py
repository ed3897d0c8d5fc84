"""Intervals and what they allow: Wilson, the drawn score, rank ranges, and what cannot be told apart."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest

from core.campaigns import Campaign
from core.figures.frames import frame_of
from core.figures.intervals import (
    MINIMUM_CLUSTERS,
    Scored,
    Spread,
    bootstrap,
    rank_ranges,
    same_as_above,
    seed_of,
    wilson,
)
from core.figures.leagues import MINIMUM_VISITS, rank, unit_league
from core.figures.overview import by_unit
from core.figures.periods import parse_period
from core.figures.scores import score_slices
from core.figures.site_sums import drawn_parts, read_intervals, read_site_sums
from core.figures.terms import RecheckTerm
from tenants.scope import Wall
from tests.factory import add_unit
from tests.figures.build import CIVILIZED, SANITARY, Made, at, fill, make, visit

MONTH = parse_period("2026-10")
NOW = at(date(2026, 11, 3))


@pytest.mark.parametrize(
    ("over", "under", "low", "high"),
    [
        (22, 22, "85.13", "100.00"),
        (6400, 6530, "97.64", "98.32"),
        (0, 10, "0.00", "27.75"),
        (5, 10, "23.66", "76.34"),
    ],
)
def test_wilson_as_in_the_books(over: int, under: int, low: str, high: str) -> None:
    assert wilson(over, under) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(("over", "under"), [(0, 0), (3, 2), (-1, 4)])
def test_no_share_no_interval(over: int, under: int) -> None:
    assert wilson(over, under) is None


def test_twenty_two_orders_do_not_silently_beat_six_thousand() -> None:
    """100 % of 22 and 98 % of 6 530 overlap: the ranks say that either may be first."""
    few, many, poor = wilson(22, 22), wilson(6400, 6530), wilson(800, 1000)
    assert rank_ranges([few, many, poor]) == [(1, 2), (1, 2), (3, 3)]
    assert same_as_above([few, many, poor]) == [False, True, False]


def test_rank_ranges_hold_the_rank_and_no_interval_means_any_rank() -> None:
    rng = random.Random(3)
    for _ in range(200):
        middles = sorted((Decimal(rng.randint(0, 100)) for _ in range(rng.randint(1, 9))), reverse=True)
        bounds = [(m - rng.randint(0, 9), m + rng.randint(0, 9)) for m in middles]
        for m, (best, worst) in zip(middles, rank_ranges(bounds), strict=True):
            assert best <= 1 + sum(other > m for other in middles) <= worst <= len(middles)
    assert rank_ranges([None, (Decimal(1), Decimal(2)), (Decimal(3), Decimal(4))]) == [(1, 3), (2, 3), (1, 2)]
    assert rank_ranges([(Decimal(1), Decimal(2)), (Decimal(3), Decimal(4))], more=False) == [(1, 1), (2, 2)]
    assert rank_ranges([]) == []
    assert same_as_above([]) == []


def share(earned: float, assessed: float) -> float | None:
    return earned / assessed * 100 if assessed else None


def drawn(values: list[float], seed: str, value: str = "50") -> tuple[Decimal, Decimal] | None:
    """The interval of a plain share: each site has one case, good or not."""
    places = tuple(range(len(values)))
    one = Scored(
        Spread(places, tuple(values)), Spread(places, (1.0,) * len(values)), lambda n, d: (n / d, 1.0) if d else None
    )
    found = bootstrap(len(values), [one], (0.0, 0.0), seed, share, Decimal(value))
    return (found.low, found.high) if found else None


def test_the_bootstrap_is_seeded_and_agrees_with_theory() -> None:
    values = [1.0] * 60 + [0.0] * 40
    first = drawn(values, seed_of("a", "b"), "60")
    assert first == drawn(values, seed_of("a", "b"), "60")
    assert first != drawn(values, seed_of("a", "c"), "60")
    assert first is not None
    # 60 +- 1.96 * sqrt(.6 * .4 / 100) = 50.4 .. 69.6
    assert abs(first[0] - Decimal("50.4")) < 2
    assert abs(first[1] - Decimal("69.6")) < 2
    assert drawn([1.0] * 3, seed_of("a")) is None
    assert drawn([1.0] * MINIMUM_CLUSTERS, seed_of("a"), "100") == (Decimal(100), Decimal(100))


def test_the_interval_is_right_nineteen_times_in_twenty() -> None:
    """Coverage: of many samples from a known share the interval holds it about as often as it says."""
    rng, held = random.Random(11), 0
    for n in range(120):
        values = [float(rng.random() < 0.7) for _ in range(80)]
        found = drawn(values, seed_of(n), str(sum(values) / 80 * 100))
        assert found is not None
        held += found[0] <= 70 <= found[1]
    assert 105 <= held <= 120


def test_a_part_that_comes_from_no_site_does_not_move() -> None:
    places = tuple(range(10))
    fixed = Scored(Spread((), (), 5.0), None, lambda n, _d: (n, 10.0))
    assert fixed.drawn([1] * 10) == (5.0, 10.0)
    gone = Scored(Spread(places, (1.0,) * 10), None, lambda n, _d: (n, 10.0))
    assert gone.drawn([0] * 10) is None
    assert Spread((3,), (2.0,), 1.0).drawn([0, 0, 0, 4]) == 9.0


@pytest.fixture(scope="module")
def made(wall: Wall) -> Made:
    found = make(wall, CIVILIZED, SANITARY)
    fill(wall, found, first=date(2026, 10, 1), days=20, per_day=6)
    return found


@pytest.mark.parametrize("campaign", [CIVILIZED, SANITARY], ids=lambda one: one.key)
def test_every_site_drawn_once_gives_the_figures(wall: Wall, made: Made, campaign: Campaign) -> None:
    """What the sites bring is each indicator's figure again; what varies with no site is left as it is."""
    with made.district.session(wall) as session:
        units = (made.district.street, *made.district.communities)
        slices = score_slices(session, None, campaign, campaign.edition, (MONTH,), units, cut_off=NOW)
        frame = frame_of(session, (MONTH,), NOW, units)
        terms = {t for s in slices.values() for f in s.indicators if f.plan for t in f.plan.terms}
        sums = read_site_sums(session, frame, terms, campaign.key)
        for key, score in slices.items():
            drawn, fixed = drawn_parts(score, sums[key], {})
            once = [1] * len(sums[key].places)
            points = {code: one.drawn(once) for code, one in drawn.items()}
            left = {f.code: f for f in score.indicators if f.earned is not None and f.code not in drawn}
            assert len(points) > 10
            assert {type(f.plan.numerator) for f in left.values() if f.plan} <= {RecheckTerm}
            assert fixed[1] == sum(float(f.possible) for f in left.values())
            for code, pair in points.items():
                figure = score.indicator(code)
                assert pair is not None
                assert pair[0] == pytest.approx(float(figure.earned or 0), abs=0.05)  # ratios are looked up in steps
                assert pair[1] == float(figure.possible)


def test_intervals_hold_the_score_and_do_not_change(wall: Wall, made: Made) -> None:
    with made.district.session(wall) as session:
        units = tuple(made.district.communities)
        slices = score_slices(session, None, CIVILIZED, CIVILIZED.edition, (MONTH,), units, cut_off=NOW)
        frame = frame_of(session, (MONTH,), NOW, units)
        found = read_intervals(session, frame, slices, "somewhere")
        assert read_intervals(session, frame, slices, "somewhere") == found
        assert {one.seed for one in read_intervals(session, frame, slices, "elsewhere").values() if one} != {
            one.seed for one in found.values() if one
        }
        for key, interval in found.items():
            value = slices[key].percent_of_assessed
            assert interval is not None
            assert value is not None
            assert interval.low < value < interval.high
            assert interval.clusters >= MINIMUM_CLUSTERS


def test_the_league_has_intervals_ranges_and_no_value_of_few(wall: Wall, made: Made) -> None:
    with made.district.session(wall) as session:
        other = add_unit(session, "subdistrict", "人少街道", [made.district.root])
        home = add_unit(session, "community", "人少社区", [other, made.district.root])
        for n in range(MINIMUM_VISITS - 1):
            visit(
                session,
                made,
                ["housing_estate"],
                {"fire_lane_open": {"yes": True}},
                day=date(2026, 10, 2 + n),
                unit=home,
            )
        session.commit()
        rows = unit_league(session, None, CIVILIZED, CIVILIZED.edition, MONTH, tenant="x", cut_off=NOW)
        assert [one.rank for one in rows] == [1, None]
        first, last = rows
        assert (first.best, first.worst, first.same_as_above) == (1, 1, False)
        assert first.low is not None
        assert first.share == first.row.score.percent_of_assessed
        assert first.found_per_site is not None
        assert first.found_per_residents is None
        assert last.row.score.percent_of_assessed is not None
        assert (last.unranked, last.share, last.low, last.found_per_site) == ("low_volume", None, None, None)
        plain = rank(by_unit(session, None, CIVILIZED, CIVILIZED.edition, MONTH, cut_off=NOW))
        assert [one.rank for one in plain] == [1, None]
