"""How long a district of 90 days and 60 visits a day takes to score; measured, never asserted."""

from __future__ import annotations

import time
from datetime import date

import pytest

from core.figures.overview import by_unit, trend
from core.figures.periods import Period, containing
from core.figures.scores import score_campaign
from tenants.scope import Wall
from tests.figures.build import CIVILIZED, FOOD, SANITARY, fill, make


@pytest.mark.bench
def test_scoring_ninety_days(wall: Wall) -> None:
    made = make(wall, CIVILIZED, SANITARY, FOOD)
    fill(wall, made, first=date(2026, 9, 1), days=90, per_day=60)
    quarter = Period("quarter", date(2026, 9, 1), date(2026, 11, 29))
    with made.district.session(wall) as session:
        for campaign in (CIVILIZED, SANITARY, FOOD):
            for period in (quarter, containing("month", date(2026, 10, 5))):
                score_campaign(session, None, campaign, campaign.edition, period)
                start = time.perf_counter()
                score = score_campaign(session, None, campaign, campaign.edition, period)
                print(campaign.key, period.kind, score.visits, f"{(time.perf_counter() - start) * 1000:.0f} ms")
        start = time.perf_counter()
        by_unit(session, None, SANITARY, SANITARY.edition, quarter, kind="community")
        print("by unit", f"{(time.perf_counter() - start) * 1000:.0f} ms")
        start = time.perf_counter()
        trend(session, None, SANITARY, SANITARY.edition, date(2026, 11, 29))
        print("trend", f"{(time.perf_counter() - start) * 1000:.0f} ms")
