"""What the whole ledger means for the figures: free places, intake, parking, restriction, re-inspection, corrected visits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import update

from core.figures.explain import Explanation, explain
from core.figures.model import CampaignScore
from core.figures.periods import parse_period
from core.figures.scores import score_campaign
from core.work.tables import Visit
from tenants.db import now
from tenants.scope import ScopedSession, Wall
from tests.figures.build import CIVILIZED, SANITARY, Made, at, finding, make, recheck, visit

MONTH = parse_period("2026-10")
DAY = date(2026, 10, 12)
LATER = at(date(2026, 11, 20))
ROAD = [(CIVILIZED, "CIV-ROAD-03")]
DUE = at(DAY)
WHEN = {"opened": at(DAY - timedelta(days=2)), "due": DUE}
SOON = DUE - timedelta(hours=1)


@pytest.fixture
def made(wall: Wall) -> Made:
    return make(wall, CIVILIZED, SANITARY)


@pytest.fixture
def session(wall: Wall, made: Made) -> Iterator[ScopedSession]:
    with made.district.session(wall) as opened:
        yield opened


def score(session: ScopedSession, unit: UUID | None = None) -> CampaignScore:
    return score_campaign(session, None, CIVILIZED, CIVILIZED.edition, MONTH, unit, cut_off=LATER)


def reasons(session: ScopedSession, code: str) -> Explanation:
    return explain(session, None, CIVILIZED, CIVILIZED.edition, code, MONTH, cut_off=LATER)


def test_a_finding_without_form_or_site_counts_for_the_campaign_it_was_given(
    session: ScopedSession, made: Made
) -> None:
    kept = finding(session, made, [], campaigns=[CIVILIZED], place="人民路北侧绿地", closed=SOON, **WHEN)
    finding(session, made, [], campaigns=[SANITARY], place="别处", **WHEN)
    finding(session, made, [], place="没有归到项目", **WHEN)
    one = score(session)
    assert one.findings == {"found": 1, "due": 1, "closed": 1, "on_time": 1, "overdue": 0}
    (row,) = reasons(session, "CIV-I3").rows
    assert (row.ref, row.site, row.site_id, row.numerator, row.denominator) == (kept, "人民路北侧绿地", None, 1, 1)


def test_an_open_finding_at_a_free_place_costs_points_without_breaking_the_page(
    session: ScopedSession, made: Made
) -> None:
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=DAY)
    finding(session, made, [(CIVILIZED, "CIV-ESTATE-05")], place="3号楼北侧", lost=300, **WHEN)
    (cost,) = reasons(session, "CIV-G2").findings
    assert (cost.site, cost.site_id, cost.lost) == ("3号楼北侧", None, 300)


def test_basis_is_the_findings_own(session: ScopedSession, made: Made) -> None:
    """What a grid worker reports by hand counts as found by the unit itself, whatever visit it lies beside."""
    seen = visit(session, made, ["main_road"], {}, day=DAY)
    finding(session, made, ROAD, basis="self", visit_id=seen, **WHEN)
    assert score(session).findings["found"] == 0


def test_stable_is_closed_and_dismissed_is_nowhere(session: ScopedSession, made: Made) -> None:
    finding(session, made, ROAD, closed=SOON, state="stable", **WHEN)
    for state in ("rejected", "cancelled", "merged"):
        finding(session, made, ROAD, state=state, closed=SOON, **WHEN)
    assert score(session).findings == {"found": 1, "due": 1, "closed": 1, "on_time": 1, "overdue": 0}


@pytest.mark.parametrize("state", ["parked", "held", "returned"])
def test_what_stands_still_is_not_late(session: ScopedSession, made: Made, state: str) -> None:
    finding(session, made, ROAD, closed=SOON, **WHEN)
    finding(session, made, ROAD, **WHEN)
    finding(session, made, ROAD, state=state, **WHEN)
    one = score(session)
    assert one.findings == {"found": 3, "due": 2, "closed": 1, "on_time": 1, "overdue": 1}
    assert (one.indicator("CIV-I3").numerator, one.indicator("CIV-I3").denominator) == (1, 2)
    assert len(reasons(session, "CIV-I3").rows) == 2


def test_restricted_findings_are_in_no_number_and_no_explanation(session: ScopedSession, made: Made) -> None:
    visit(session, made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=DAY)
    secret = finding(session, made, ROAD, restricted=True, closed=SOON, **WHEN)
    finding(session, made, [(CIVILIZED, "CIV-ESTATE-05")], restricted=True, lost=1200, **WHEN)
    recheck(session, secret, "relapsed", at(DAY + timedelta(days=5)))
    one = score(session)
    assert set(one.findings.values()) == {0}
    assert one.indicator("CIV-I4").status == "not_assessed"
    for code in ("CIV-I3", "CIV-I4"):
        assert not reasons(session, code).rows
    assert not reasons(session, "CIV-G2").findings


def test_the_relapse_rate_comes_from_re_inspections(session: ScopedSession, made: Made) -> None:
    """Ten looked at in October, one of them twice; two relapsed; what is due, dropped or of November does not count."""
    done = at(date(2026, 10, 25))
    found = [finding(session, made, ROAD, closed=SOON, **WHEN) for _ in range(13)]
    for one in found[:8]:
        recheck(session, one, "stable", done)
    recheck(session, found[0], "relapsed", done + timedelta(days=1))
    recheck(session, found[8], "relapsed", done)
    recheck(session, found[9], "stable", done)
    recheck(session, found[10], "due", None)
    recheck(session, found[11], "dropped", done)
    recheck(session, found[12], "relapsed", at(date(2026, 11, 3)))
    other = finding(session, made, [(SANITARY, "SAN-ROAD-01")], closed=SOON, **WHEN)
    recheck(session, other, "relapsed", done)
    figure = score(session).indicator("CIV-I4")
    assert (figure.numerator, figure.denominator, figure.n) == (2, 10, 10)
    # lower_linear: full points at 5 %, none at 20 % or more
    assert (figure.status, figure.value, figure.earned) == ("assessed", Decimal("20.00"), Decimal("0.00"))
    why = reasons(session, "CIV-I4")
    assert (why.numerator, why.denominator, len(why.rows)) == (2, 10, 10)
    assert next(row for row in why.rows if row.ref == found[0]).day == date(2026, 10, 26)


def test_without_a_re_inspection_the_relapse_rate_is_not_assessed(session: ScopedSession, made: Made) -> None:
    recheck(session, finding(session, made, ROAD, closed=SOON, **WHEN), "due", None)
    figure = score(session).indicator("CIV-I4")
    assert (figure.status, figure.earned, figure.n) == ("not_assessed", None, 0)
    assert figure.reason_zh == "本期没有回头看复查"


def test_a_replaced_visit_counts_nowhere(session: ScopedSession, made: Made) -> None:
    lane = "fire_lane_open"
    old = visit(session, made, ["housing_estate"], {lane: {"yes": False}}, day=DAY)
    visit(session, made, ["housing_estate"], {lane: {"yes": True}}, day=DAY)
    assert score(session).visits == 2
    session.execute(update(Visit).where(Visit.id == old).values(replaced_at=now()))
    for unit in (None, made.district.communities[0]):
        one = score(session, unit)
        assert (one.visits, one.sites) == (1, 1)
        assert (one.indicator("CIV-G2").numerator, one.indicator("CIV-G2").denominator) == (1, 1)
        assert one.indicator("CIV-F2").n == 1
    assert [row.ref for row in reasons(session, "CIV-F2").rows] != [old]
    assert len(reasons(session, "CIV-F2").rows) == 1
