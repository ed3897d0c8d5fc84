"""Day by day: the kept counts give what the rows give, by day, month and unit, and indicators exactly where they can."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy import select

from core.figures.day_counts import DAY, MONTH, DayLine, day_lines, whole
from core.figures.day_rates import rate_of_days, read_rates
from core.figures.frames import frame_of
from core.figures.periods import Period
from core.figures.scores import make_plans, score_campaign
from core.work.calendar import local_day
from core.work.counting.recounting import recount
from core.work.tables import Finding, ItemResult, Visit
from tenants.scope import Wall
from tests.figures.build import CIVILIZED, FOOD, SANITARY, Made, fill, make

FIRST, LAST = date(2026, 9, 20), date(2026, 10, 12)
SPAN = Period("quarter", date(2026, 9, 1), date(2026, 11, 30))


@pytest.fixture(scope="module")
def made(wall: Wall) -> Made:
    """Three weeks over two months; half of the days are counted, the others still marked."""
    found = make(wall, CIVILIZED, SANITARY, FOOD)
    fill(wall, found, first=FIRST, days=12, per_day=14)
    with found.district.session(wall) as session:
        while recount(session):
            session.commit()
    fill(wall, found, first=date(2026, 10, 2), days=11, per_day=14, seed=8)
    return found


def lines_of(rows: list[DayLine]) -> dict[date, tuple[int, ...]]:
    return {one.day: one.counts for one in rows}


def test_each_day_is_what_the_rows_say(wall: Wall, made: Made) -> None:
    with made.district.session(wall) as session:
        mine = (ItemResult.campaign == SANITARY.key, ItemResult.basis == "verified")
        rows = session.execute(select(ItemResult.day, ItemResult.visit_id, ItemResult.outcome).where(*mine)).all()
        visits = {day: {visit for d, visit, _ in rows if d == day} for day in {row.day for row in rows}}
        failed = {(day, visit) for day, visit, outcome in rows if outcome == "fail"}
        answered = Counter(day for day, _, outcome in rows if outcome != "na")
        passed = Counter(day for day, _, outcome in rows if outcome == "pass")
        opened = Counter(
            local_day(at) for at in session.scalars(select(Finding.opened_at).where(Finding.basis == "verified"))
        )
        closed = Counter(
            local_day(at)
            for at in session.scalars(select(Finding.closed_at).where(Finding.basis == "verified"))
            if at is not None
        )
        days = {*visits, *opened, *closed}
        wanted = {
            day: (
                len(visits.get(day, ())),
                sum((day, visit) not in failed for visit in visits.get(day, ())),
                answered[day],
                passed[day],
                opened[day],
                closed[day],
            )
            for day in days
        }
        assert lines_of(day_lines(session, SPAN.start, SPAN.end, campaign=SANITARY.key)) == wanted
        months = day_lines(session, SPAN.start, SPAN.end, campaign=SANITARY.key, step=MONTH)
        assert [one.day for one in months] == [date(2026, 9, 1), date(2026, 10, 1)]
        assert whole(months).counts == tuple(sum(column) for column in zip(*wanted.values(), strict=True))
        own = day_lines(session, SPAN.start, SPAN.end, campaign=SANITARY.key, basis="self")
        assert 0 < whole(own).visits < whole(months).visits


def test_units_add_up_to_the_whole(wall: Wall, made: Made) -> None:
    district = made.district
    with district.session(wall) as session:
        given = {"campaign": CIVILIZED.key, "step": MONTH}
        everything = whole(day_lines(session, SPAN.start, SPAN.end, **given))
        below = day_lines(session, SPAN.start, SPAN.end, units=[*district.communities, district.street], **given)
        by_unit = {
            unit: whole(one for one in below if one.unit_id == unit)
            for unit in (*district.communities, district.street)
        }
        assert by_unit[district.street].counts == everything.counts
        parts = [by_unit[one].counts for one in district.communities]
        assert tuple(sum(pair) for pair in zip(*parts, strict=True)) == everything.counts
        assert day_lines(session, SPAN.start, SPAN.end, units=[district.departments["sanitation"]], **given) == []
        assert whole([]) is None


def test_rates_of_days_are_those_of_the_score(wall: Wall, made: Made) -> None:
    """Every indicator that the counts offer has, added up, the very numerator and denominator of its score."""
    seen = Counter[str]()
    with made.district.session(wall) as session:
        frame = frame_of(session, (SPAN,), SPAN.bounds[1])
        for campaign in (CIVILIZED, SANITARY, FOOD):
            plans = make_plans(session, frame, campaign.key, campaign.edition).figures
            score = score_campaign(session, None, campaign, campaign.edition, SPAN, cut_off=SPAN.bounds[1])
            for plan in plans:
                rate = rate_of_days(plan, campaign.edition, campaign.key)
                if rate is None:
                    continue
                found = read_rates(session, rate, SPAN.start, SPAN.end, step=DAY)
                months = read_rates(session, rate, SPAN.start, SPAN.end, step=MONTH)
                sums = [tuple(map(sum, zip(*listed.values(), strict=True))) for listed in (found, months) if listed]
                figure = score.indicator(plan.indicator.code)
                if figure.denominator:
                    assert sums == [(figure.numerator, figure.denominator)] * 2, plan.indicator.code
                    seen[campaign.key] += 1
                assert rate.target is None or isinstance(rate.target, Fraction)
    assert sum(seen.values()) >= 3, seen


def test_a_folded_or_typed_figure_is_not_offered(wall: Wall, made: Made) -> None:
    with made.district.session(wall) as session:
        frame = frame_of(session, (SPAN,), SPAN.bounds[1])
        plans = {p.indicator.code: p for p in make_plans(session, frame, CIVILIZED.key, CIVILIZED.edition).figures}
        typed = [code for code, plan in plans.items() if plan.strata_term is not None]
        assert typed
        assert all(rate_of_days(plans[code], CIVILIZED.edition, CIVILIZED.key) is None for code in typed)
        assert session.scalars(select(Visit.id)).first()
