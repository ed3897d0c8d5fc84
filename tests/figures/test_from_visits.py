"""From a submitted visit to the score: the market that three campaigns inspect at once, computed by hand."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from core.campaigns import installed
from core.figures.explain import explain
from core.figures.periods import parse_period
from core.figures.scores import score_campaign
from core.work.tables import Finding
from tenants.scope import Wall
from tests.work.market import ALL_GOOD, FAILED, THURSDAY, send, town

MONTH = parse_period("2026-11")
CAMPAIGNS = installed().campaigns


def test_two_visits_score_in_three_campaigns(wall: Wall) -> None:
    place = town(wall)
    with place.district.session(wall) as session:
        first = send(session, place)
        send(session, place, ALL_GOOD, now=THURSDAY + timedelta(days=1))
        assert len(first.findings) == len(FAILED)
        session.commit()
        later = THURSDAY + timedelta(days=60)
        scores = {
            key: score_campaign(session, place.office, c, c.edition, MONTH, cut_off=later)
            for key, c in CAMPAIGNS.items()
        }
        pairs = {f.code: (f.numerator, f.denominator) for s in scores.values() for f in s.indicators}
        assert pairs["FS-C1"] == (7 + 9, 9 + 9)
        assert pairs["FS-C8"] == (6 + 7, 7 + 7)
        assert pairs["FS-C9"] == (20, 20)
        assert pairs["FS-B3"] == (1, 2)
        assert pairs["CIV-A1"] == (1, 2)
        assert pairs["CIV-G2"] == (2, 2)
        # 8 + 6 + 6 points rated 6, 6, 9 and then 9, 9, 9
        assert pairs["SAN-604"] == (Fraction("13.8") + 18, 40)
        assert all((s.visits, s.sites) == (2, 1) for s in scores.values())
        # the key group fell in the first visit; over the month it holds: 31.8 of 40 is 79.5 %
        assert scores["sanitary_city"].vetoes == ()
        # what failed and what fell due in the month, each finding once a campaign whatever it is linked to
        due = session.query(Finding).filter(Finding.due_at < MONTH.bounds[1]).count()
        assert 0 < due < len(FAILED)
        for key, score in scores.items():
            assert score.findings["found"] <= len(FAILED)
            assert score.findings["closed"] == 0, key
        found = explain(
            session,
            place.office,
            CAMPAIGNS["food_safety_city"],
            CAMPAIGNS["food_safety_city"].edition,
            "FS-C1",
            MONTH,
            cut_off=later,
        )
        assert [(r.numerator, r.denominator) for r in found.rows] == [(9, 9), (7, 9)]
        assert [f.code for f in found.rows[1].failed] == ["FS-MARKET-02"]
        lost = {f.title: f.lost for f in found.findings}
        assert list(lost.values()) == [222]  # 10 points x 7/9 = 7.78
