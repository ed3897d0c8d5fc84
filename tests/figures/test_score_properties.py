"""What holds of every district's score: the order of the visits does not matter, and a finding counts once."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.figures.model import CampaignScore
from core.figures.periods import containing
from core.figures.scores import score_campaign
from tenants.scope import ScopedSession, Wall
from tests.figures.build import CIVILIZED, FOOD, SANITARY, WORDS, Made, at, finding, make, random_answer, visit

DAY = date(2026, 10, 12)
MONTH = containing("month", DAY)
LATER = at(date(2026, 11, 3))
TYPES = ("housing_estate", "produce_market", "park", "service_hall", "main_road")
SLOW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def made(wall: Wall) -> Made:
    return make(wall, CIVILIZED, SANITARY, FOOD)


def score(session: ScopedSession, key: int) -> CampaignScore:
    one = (CIVILIZED, SANITARY, FOOD)[key]
    return score_campaign(session, None, one, one.edition, MONTH, cut_off=LATER)


def told(one: CampaignScore) -> object:
    figures = [(f.code, f.status, f.numerator, f.denominator, f.value, f.earned, f.n) for f in one.indicators]
    return figures, one.totals, one.visits, one.sites, one.findings, [v.code for v in one.vetoes]


@SLOW
@given(seed=st.integers(0, 10**6), order=st.randoms(use_true_random=False))
def test_the_order_of_visits_does_not_matter(wall: Wall, made: Made, seed: int, order: random.Random) -> None:
    rng = random.Random(seed)
    planned = []
    for n in range(8):
        kind = rng.choice(TYPES)
        wanted = {i.question for c in made.campaigns for f in c.edition.forms_for([kind]) for i in f.items}
        answers = {q: random_answer(rng, WORDS.questions[q]) for q in sorted(wanted)}
        planned.append((kind, answers, DAY + timedelta(days=n % 3), rng.choice(made.district.communities)))
    shuffled = planned[:]
    order.shuffle(shuffled)
    found = []
    for listed in (planned, shuffled):
        made.sites.clear()
        with made.district.session(wall) as session:
            for kind, answers, day, unit in listed:
                visit(session, made, [kind], answers, day=day, unit=unit)
            found.append([told(score(session, key)) for key in range(3)])
            scores = [score(session, key) for key in range(3)]
            session.rollback()
        for one in scores:
            assert all(f.earned is None or Decimal(0) <= f.earned <= f.possible for f in one.indicators)
            assert Decimal(0) <= one.earned <= one.assessed <= one.total
    made.sites.clear()
    assert found[0] == found[1]


@SLOW
@given(links=st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=5), closed=st.booleans())
def test_a_finding_counts_once_however_many_items_raised_it(
    wall: Wall, made: Made, links: list[int], closed: bool
) -> None:
    """One finding may come from items of three campaigns, several of each: every campaign's total counts it once."""
    market = ["produce_market"]
    choices = [(c, f.items[n]) for c in made.campaigns for f in c.edition.forms_for(market)[:1] for n in range(5)]
    by_campaign = {n: [(c, i.code) for c, i in choices if c is made.campaigns[n]] for n in range(3)}
    items = [by_campaign[n][k] for k, n in enumerate(links)]
    with made.district.session(wall) as session:
        done = at(DAY + timedelta(days=1)) if closed else None
        kept = {"types": ("produce_market",), "closed": done}
        finding(session, made, items, opened=at(DAY), due=at(DAY + timedelta(days=2)), **kept)
        scores = [score(session, key) for key in range(3)]
        session.rollback()
    made.sites.clear()
    for n, one in enumerate(scores):
        assert one.findings["found"] == one.findings["due"] == int(n in links)
        assert one.findings["closed"] == int(n in links and closed)
