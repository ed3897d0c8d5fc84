"""Looking visits up: pages, filters, one visit with everything in it, within the reader's reach."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.errors import InvalidInput, NotFound
from core.work.inspection.photos import store
from core.work.inspection.visit_list import list_visits, visit_detail
from tests.factory import add_actor, add_site
from tests.work.market import ALL_GOOD, FAILED, THURSDAY, Town, send, town
from tests.work.pictures import jpeg


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    made = town(wall)
    with made.district.session(wall) as session:
        photo = store(session, made.inspector, jpeg(), files=tmp_path_factory.mktemp("files"))
        made.first = send(session, made, photos={"toilet_clean": [str(photo.id)]}).visit.id
        far = add_site(session, made.district.communities[1], "produce_market", name="远处市场")
        made.rest = [
            send(session, made, ALL_GOOD, site_id=far, now=THURSDAY + timedelta(days=n), actor=made.office).visit.id
            for n in range(1, 5)
        ]
        made.far = far
        session.commit()
    return made


def test_pages_and_filters(wall, place):
    with place.district.session(wall) as session:
        found, cursor = [], None
        while True:
            rows, cursor = list_visits(session, place.office, page_size=2, cursor=cursor)
            found += rows
            if cursor is None:
                break
        assert [r.id for r in found] == [*reversed(place.rest), place.first]
        last = found[-1]
        assert (last.site_name, last.unit_name, last.person_name) == (
            "测试区便民市场",
            "测试区第1社区",
            place.inspector.name,
        )
        assert [(s.form, s.earned) for s in last.sheets] == [
            ("CIV-MARKET", 7722),
            ("FS-MARKET", 7578),
            ("SAN-MARKET", 6850),
        ]
        for wanted, ids in (
            ({"site_id": place.far}, set(place.rest)),
            ({"person_id": place.inspector.person_id}, {place.first}),
            ({"since": date(2026, 11, 22)}, set(place.rest[2:])),
            ({"until": date(2026, 11, 20)}, {place.first, place.rest[0]}),
        ):
            assert {r.id for r in list_visits(session, place.office, **wanted)[0]} == ids
        for bad in ({"cursor": "x"}, {"cursor": "2026-11-19~x"}, {"page_size": 201}):
            with pytest.raises(InvalidInput):
                list_visits(session, place.office, **bad)


def test_one_visit_with_everything_in_it(wall, place):
    with place.district.session(wall) as session:
        found = visit_detail(session, place.office, place.first)
        assert (len(found.answers), len(found.results)) == (34, 37)
        assert {f.number for f in found.findings} == {s["number"] for s in found.visit.summary["findings"]}
        assert len(found.findings) == len(FAILED)
        assert [(p.question, p.finding_id) for p in found.photos] == [("toilet_clean", None)]


def test_visits_out_of_reach_are_not_found(wall, place):
    other = town(wall, "邻区")
    home = add_actor(wall, place.ref, "inspector", place.district.communities[1])
    with place.district.session(wall) as session:
        assert {r.id for r in list_visits(session, home)[0]} == set(place.rest)
        assert list_visits(session, place.liaison)[0] == []
        for actor in (home, place.liaison):
            with pytest.raises(NotFound):
                visit_detail(session, actor, place.first)
    with other.district.session(wall) as session:
        assert list_visits(session, other.office)[0] == []
        with pytest.raises(NotFound):
            visit_detail(session, other.office, place.first)
