"""Where the same comes back (反复清单): a site and a category within a window; relapses count, dismissals do not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.work.loop.ledger import act
from core.work.proofs.recurring import recurring
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
