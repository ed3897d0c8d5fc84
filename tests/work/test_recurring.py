"""Where the same comes back (反复清单): a site and a category within a window; relapses count, dismissals do not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from core.work.loop.ledger import act
from core.work.proofs.recurring import recurring
from core.work.proofs.recurring_places import came_before
from core.work.tenant_settings import Sampling, write_setting
from tests.factory import add_site
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

NOW = THURSDAY + timedelta(days=10)


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    return town(wall, tmp_path_factory.mktemp("files"))


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened
        opened.rollback()


def lay(session, place, *, days: int = 0, category: str = "ENV-LITTER", state: str = "rectifying", site=None, **more):
    found = lay_finding(session, place, state, **more)
    found.opened_at, found.category = THURSDAY - timedelta(days=days), category
    found.site_id = site or found.site_id
    session.flush()
    return found


def shape(rows) -> list[tuple[str, int, int, int]]:
    return [(row.category, row.times, row.relapsed, row.open) for row in rows]


def test_site_by_category_by_window(session, place) -> None:
    office = place.people["office"]
    for days in (0, 20, 79, 81):
        lay(session, place, days=days, state="closed" if days == 20 else "rectifying")
    lay(session, place, category="ENV-ODOUR")
    other = add_site(session, place.place, "MKT", name="北市场")
    lay(session, place, site=other)
    for state in ("cancelled", "merged", "rejected"):
        lay(session, place, state=state, site=other)
    assert shape(recurring(session, office, now=NOW)) == [("ENV-LITTER", 3, 0, 2)]
    assert shape(recurring(session, office, now=NOW, days=92)) == [("ENV-LITTER", 4, 0, 3)]
    assert shape(recurring(session, office, now=NOW, days=15)) == []
    assert shape(recurring(session, office, now=NOW, least=3)) == [("ENV-LITTER", 3, 0, 2)]
    assert shape(recurring(session, office, now=NOW, least=4)) == []
    assert len(recurring(session, office, now=NOW, least=1)) == 3
    assert recurring(session, office, now=NOW, categories=["ENV-ODOUR"]) == []
    assert recurring(session, office, now=NOW, site_id=other) == []
    assert len(recurring(session, office, now=NOW, unit_id=place.place)) == 1
    assert recurring(session, office, now=NOW, unit_id=place.other) == []


def test_a_relapse_in_the_window_counts_even_of_an_old_finding(session, place) -> None:
    office = place.people["office"]
    old = lay(session, place, days=300, state="closed")
    act(session, office, old.id, "relapse", version=1, note="又有了", now=THURSDAY)
    assert shape(recurring(session, office, now=NOW, least=1)) == [("ENV-LITTER", 1, 1, 1)]
    assert recurring(session, office, now=NOW, least=2) == []
    lay(session, place)
    rows = recurring(session, office, now=NOW, least=2)
    assert shape(rows) == [("ENV-LITTER", 2, 1, 2)]
    assert rows[0].last_at == THURSDAY
    assert recurring(session, office, now=NOW + timedelta(days=200), least=1) == []


def test_the_restricted_class_and_what_is_out_of_reach_count_for_nobody_else(session, place) -> None:
    for _ in range(2):
        lay(session, place, category="CONDUCT", restricted=True)
        lay(session, place)
    assert [row.category for row in recurring(session, place.people["office"], now=NOW)] == ["ENV-LITTER"]
    assert len(recurring(session, place.people["discipline"], now=NOW)) == 2
    assert recurring(session, place.people["stranger"], now=NOW) == []


def lay_free(session, place, *, east: int = 0, words: str = "", **more):
    """A finding without a site, some metres east of a corner, or known by its words alone."""
    found = lay(session, place, **more)
    found.site_id, found.place = None, words
    if not words:
        found.longitude, found.latitude = Decimal("116.30") + Decimal(east) / 100_000, Decimal("30.65")
    session.flush()
    return found


def test_the_tenants_window_is_the_usual_one(session, place) -> None:
    office = place.people["office"]
    for days in (0, 40):
        lay(session, place, days=days)
    assert shape(recurring(session, office, now=NOW)) == [("ENV-LITTER", 2, 0, 2)]
    write_setting(session, office, Sampling(window_days=30), version=0, now=NOW)
    assert shape(recurring(session, office, now=NOW)) == []


def test_places_without_a_site_recur_by_nearness_or_words(session, place) -> None:
    office = place.people["office"]
    lay_free(session, place, days=3, east=0)
    latest = lay_free(session, place, days=1, east=40)  # about 38 metres on
    lay_free(session, place, days=2, east=80)  # near the second, not the first
    lay_free(session, place, days=2, east=400)
    lay_free(session, place, east=20, category="ENV-ODOUR")
    for words in ("北门　公厕旁", "北门公厕旁", "南门"):
        lay_free(session, place, days=5, words=words)
    rows = recurring(session, office, now=NOW)
    assert shape(rows) == [("ENV-LITTER", 3, 0, 3), ("ENV-LITTER", 2, 0, 2)]
    assert (rows[0].site_id, rows[0].finding_id) == (None, latest.id)
    assert rows[1].site_name.startswith("北门")
    assert recurring(session, place.people["stranger"], now=NOW) == []
    assert recurring(session, office, now=NOW, unit_id=place.other) == []


def test_a_new_finding_knows_what_was_there_before(session, place) -> None:
    office = place.people["office"]
    for days in (1, 20, 89, 95):
        lay(session, place, days=days, state="closed")
    lay(session, place, days=2, category="ENV-ODOUR")
    assert came_before(session, office, lay(session, place), NOW) == 3
    lay_free(session, place, days=3, east=0)
    assert came_before(session, office, lay_free(session, place, east=40), NOW) == 1
    assert came_before(session, office, lay_free(session, place, east=300), NOW) == 0
    lay_free(session, place, days=3, words="北门")
    assert came_before(session, office, lay_free(session, place, words="北门 "), NOW) == 1
    assert came_before(session, place.people["stranger"], lay(session, place), NOW) == 0
