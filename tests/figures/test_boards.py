"""The league table in few columns: the same ranks, ranges and order as the rules say, whole or page by page."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from core.figures.boards import (
    MINIMUM_VISITS,
    as_percent,
    hundredths,
    rank_sent,
    ranks_of,
    read_board,
    tell_apart,
)
from core.figures.comparison import ComparisonRow, compare, known_districts, league_of, read_rows, received_periods
from core.figures.grants import give_grant
from core.figures.indicator_boards import read_indicator
from core.figures.intervals import ANYWHERE, rank_ranges, same_as_above
from core.figures.model import percent
from core.figures.nationwide import rank_indicator
from core.figures.periods import parse_period
from core.figures.received import last_sent, silent_in
from tenants.access import TenantRef
from tenants.scope import Wall
from tests.factory import bare_tenant
from tests.figures.build import CIVILIZED, make
from tests.figures.sent import NEW, OLD, Figure, send

MONTH = parse_period("2026-10")


@pytest.fixture
def city(wall: Wall) -> TenantRef:
    return bare_tenant(wall, kind="city", name="测试市")


def many(wall: Wall, city: TenantRef, count: int = 24, seed: int = 7) -> list[TenantRef]:
    """Districts with equal shares, several editions, demonstration, few visits, nothing assessed, corrections, intervals, silence."""
    draw, made = Random(seed), []
    for number in range(count):
        ref = bare_tenant(wall, name=f"第{number:02d}区", upper_id=city.id)
        made.append(ref)
        for period in (MONTH.previous, MONTH):
            if draw.random() < 0.1:
                continue
            for _ in range(2 if draw.random() < 0.2 else 1):
                earned = draw.choice((800, 801, 850, 900, 950))
                send(
                    wall,
                    city,
                    ref,
                    period,
                    earned=earned,
                    assessed=draw.choice((1000, 1000, 1000, 999, 0)),
                    visits=draw.choice((100, 100, 100, MINIMUM_VISITS, MINIMUM_VISITS - 1)),
                    edition=draw.choice((NEW, NEW, OLD)),
                    is_demo=draw.random() < 0.2,
                    interval=draw.choice((None, (str(earned / 10 - 3), str(earned / 10 + 2)))),
                    figures=(Figure("CIV-A1", draw.choice(("80.00", "90.50", None)), 8, 10),),
                )
    return made


def by_the_rule(rows: list[ComparisonRow]) -> dict[int, int]:
    """Competition ranks, said as the rule says them: 1 + how many of the same league are strictly better."""
    ranked = [one for one in rows if not one.unranked and one.percent is not None]
    return {
        one.tenant_id: 1
        + sum(
            1
            for other in ranked
            if league_of(other) == league_of(one) and other.percent is not None and other.percent > (one.percent or 0)
        )
        for one in ranked
    }


@pytest.mark.parametrize("size", [1, 5, 7, 100])
def test_the_pages_together_are_the_table(wall: Wall, city: TenantRef, size: int) -> None:
    many(wall, city)
    with wall.open(city.id) as session:
        whole = compare(session, None, CIVILIZED.key, MONTH)
        board = read_board(session, CIVILIZED.key, MONTH)
        titles = ("全国文明城市", "National Civilized City")
        pages = [
            row
            for start in range(0, len(board.spots), size)
            for row in read_rows(session, board, board.spots[start : start + size], titles)
        ]
        earlier = compare(session, None, CIVILIZED.key, MONTH.previous)
    assert pages == whole
    assert len({one.tenant_id for one in whole}) == len(whole) == 24
    assert {one.tenant_id: one.rank for one in whole if one.rank} == by_the_rule(whole)
    assert len({one.rank for one in whole}) < sum(1 for one in whole if one.rank)  # there are ties
    assert {one.tenant_id: one.previous_rank for one in whole} == {
        one.tenant_id: by_the_rule(earlier).get(one.tenant_id) for one in whole
    }
    for league in {league_of(one) for one in whole if one.rank}:
        own = [one for one in whole if one.rank and league_of(one) == league]
        ends = [(one.interval_low, one.interval_high) for one in own]
        bounds = [(low, high) if low is not None and high is not None else None for low, high in ends]
        assert [(one.best, one.worst) for one in own] == rank_ranges(bounds)
        assert [one.same_as_above for one in own] == same_as_above(bounds)
        assert [one.rank for one in own] == sorted(one.rank or 0 for one in own)


def test_the_database_ranks_as_we_do(wall: Wall, city: TenantRef) -> None:
    made = many(wall, city, seed=11)
    with wall.open(city.id) as session:
        ranks = ranks_of(session, CIVILIZED.key, MONTH)
        assert ranks == {
            one.tenant_id: one.rank for one in rank_sent(last_sent(session, CIVILIZED.key, MONTH)) if one.rank
        }
        few = [ref.id for ref in made[:5]]
        assert ranks_of(session, CIVILIZED.key, MONTH, few) == {key: ranks[key] for key in few if key in ranks}


def test_summaries_speak_of_the_whole_league(wall: Wall, city: TenantRef) -> None:
    for number, earned in enumerate((950, 900, 901, 700)):
        send(wall, city, bare_tenant(wall, name=f"{number}区", upper_id=city.id), MONTH, earned=earned)
    send(wall, city, bare_tenant(wall, name="旧区", upper_id=city.id), MONTH, earned=123, edition=OLD)
    with wall.open(city.id) as session:
        board = read_board(session, CIVILIZED.key, MONTH)
    said = [(one.edition, one.ranked, one.best, one.median, one.worst) for one in board.summaries()]
    assert said == [
        ("2024", 1, Decimal("12.30"), Decimal("12.30"), Decimal("12.30")),
        ("2026", 4, Decimal("95.00"), Decimal("90.05"), Decimal("70.00")),
    ]


def test_shares_without_fractions_are_the_printed_ones() -> None:
    draw = Random(3)
    for _ in range(3000):
        part, whole = draw.randrange(-50, 20_000), draw.randrange(1, 20_000)
        assert as_percent(hundredths(part, whole)) == percent(part, whole)
    assert as_percent(hundredths(1, 800)) == Decimal("0.13")  # 0.125 is rounded up


def test_ranges_of_some_places_are_those_of_all() -> None:
    draw = Random(5)
    for _ in range(50):
        ends = [(Decimal(low), Decimal(low + draw.randrange(6))) for low in (draw.randrange(30) for _ in range(12))]
        bounds = [one if draw.random() < 0.9 else None for one in ends]
        known = [one or ANYWHERE for one in bounds]
        for more in (True, False):
            told = tell_apart(known, range(12), more=more)
            assert [(told[n].best, told[n].worst) for n in range(12)] == rank_ranges(bounds, more=more)
            assert [told[n].same_as_above for n in range(12)] == same_as_above(bounds)


def test_the_silent_are_known_by_grant_or_by_what_they_once_sent(wall: Wall, city: TenantRef) -> None:
    once, there, other, stranger = (
        bare_tenant(wall, name=name, upper_id=city.id) for name in ("曾发区", "本期区", "别项区", "陌生区")
    )
    granted = make(wall, CIVILIZED, name="授权区", upper_id=city.id)
    send(wall, city, once, MONTH.previous)
    send(wall, city, there, MONTH)
    send(wall, city, other, MONTH, campaign="food_safety_city")
    send(wall, bare_tenant(wall, kind="city", name="别的市"), stranger, MONTH)
    with granted.district.session(wall) as session:
        give_grant(session, granted.office, city, CIVILIZED.key, "totals", MONTH.start)
        session.commit()
    with wall.open(city.id) as session:
        assert {one.name for one in silent_in(session, CIVILIZED.key, MONTH)} == {"曾发区", "授权区"}
        assert {one.name for one in silent_in(session, CIVILIZED.key, MONTH.previous)} == {"授权区", "本期区"}
        known = known_districts(session, None)
        assert {(key, row.district_name) for (key, _), row in known.items()} == {
            (CIVILIZED.key, "曾发区"),
            (CIVILIZED.key, "授权区"),
            (CIVILIZED.key, "本期区"),
            ("food_safety_city", "别项区"),
        }
        assert [one.key for one in received_periods(session, None)] == ["2026-10", "2026-09"]
        assert received_periods(session, None, "no_such_campaign") == []


def test_an_indicator_is_ranked_within_its_league(wall: Wall, city: TenantRef) -> None:
    values = (("甲区", "90.00", NEW, False), ("乙区", "80.00", NEW, False), ("丙区", "80.00", NEW, False))
    others = (("旧区", "99.00", OLD, False), ("演示区", "95.00", NEW, True), ("未评区", None, NEW, False))
    for name, value, edition, is_demo in (*values, *others):
        ref = bare_tenant(wall, name=name, upper_id=city.id)
        if name == "乙区":
            send(wall, city, ref, MONTH.previous, figures=(Figure("CIV-A1", "70.00", 7, 10),))
        given = {"edition": edition, "is_demo": is_demo}
        send(wall, city, ref, MONTH, figures=(Figure("CIV-A1", value, 8, 10),), **given)
    with wall.open(city.id) as session:
        board = read_indicator(session, None, CIVILIZED.key, "CIV-A1", MONTH)
        placed = rank_indicator(session, None, CIVILIZED.key, "CIV-A1", MONTH, ascending=True)
    ranks = {one.district_name: one.rank for one in board.places}
    assert ranks == {"甲区": 1, "乙区": 2, "丙区": 2, "旧区": 1, "演示区": 1, "未评区": None}
    assert (board.targets, board.ascending) == ((">= 95",), False)
    assert {one.rank for one in placed if one.district_name in ("乙区", "丙区")} == {1}
    second = next(one for one in board.places if one.district_name == "乙区")
    assert board.before == {second.tenant_id: 1}
    assert (board.detail(second).numerator, board.detail(second).denominator) == (8, 10)
