"""Photos whose time or place does not fit what they stand beside: said to those who check, never as a hint to the unit."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from core.work.desk.finding_detail import detail
from core.work.inspection.photo_gaps import Frame, finding_gaps, gaps_of, visit_gaps
from core.work.inspection.photo_said import Said
from core.work.inspection.photos import store
from core.work.loop.ledger import act
from core.work.tables import File, Finding, Site, Visit
from core.work.tenant_settings import Integrity
from tenants.db import new_id
from tests.factory import add_actor
from tests.work.market import THURSDAY, Town, send, town
from tests.work.pictures import jpeg

LIMITS = Integrity()
PLACE = (Decimal(112), Decimal(37))
VISIT = Frame("visit", THURSDAY, PLACE, on_site=True)


def photo(**said: object) -> File:
    """A photo that fits: taken at the beginning, at the place, by a right clock."""
    known = {
        "taken_at": THURSDAY,
        "time_source": "exif",
        "longitude": PLACE[0],
        "latitude": PLACE[1],
        "place_source": "exif",
    }
    return File(id=new_id(), created_at=THURSDAY + timedelta(hours=1), **(known | said))


def kinds(file: File, frame: Frame = VISIT) -> list[str]:
    return [gap.kind for gap in gaps_of(file, frame, LIMITS)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"taken_at": None, "longitude": None, "latitude": None}, []),
        ({"taken_at": THURSDAY - timedelta(minutes=30)}, []),
        ({"taken_at": THURSDAY - timedelta(minutes=31)}, ["visit"]),
        ({"taken_at": THURSDAY + timedelta(minutes=90)}, []),
        ({"taken_at": THURSDAY + timedelta(minutes=91)}, ["received"]),
        ({"latitude": Decimal("37.0026")}, []),  # 289 m, the district allows 300
        ({"latitude": Decimal("37.0028")}, ["far"]),  # 311 m
        ({"device_latitude": Decimal(38), "device_longitude": PLACE[0]}, []),  # the picture itself says where
        (
            {"longitude": None, "latitude": None, "device_longitude": PLACE[0], "device_latitude": Decimal("37.01")},
            ["device_far"],
        ),
        ({"device_skew_seconds": 300}, []),
        ({"device_skew_seconds": 301}, ["fast"]),
        ({"device_skew_seconds": -3600, "taken_at": THURSDAY - timedelta(hours=1)}, ["visit", "slow"]),
    ],
)
def test_what_does_not_fit_a_visit(said: dict[str, object], expected: list[str]) -> None:
    assert kinds(photo(**said)) == expected


def test_a_device_that_is_not_sure_where_it_is_is_believed() -> None:
    far = {"longitude": None, "latitude": None, "device_longitude": PLACE[0], "device_latitude": Decimal("37.01")}
    assert kinds(photo(**far, device_accuracy_m=800)) == ["device_far"]  # 1112 m away, at least 312
    assert kinds(photo(**far, device_accuracy_m=900)) == []
    assert kinds(photo(**far), Frame("found", THURSDAY, PLACE)) == []  # an answer is sent from wherever one sits


def test_how_far_and_how_long() -> None:
    early = photo(taken_at=THURSDAY - timedelta(days=2), time_source="device", latitude=Decimal("37.0117"))
    time, place = gaps_of(early, VISIT, LIMITS)
    assert (time.span, time.by_device, place.by_device) == (timedelta(days=2), True, False)
    assert place.metres == 1301
    (said,) = gaps_of(
        photo(taken_at=THURSDAY - timedelta(days=1)), Frame("report", THURSDAY - timedelta(hours=12), PLACE), LIMITS
    )
    assert said.span == timedelta(days=1)
    assert (
        kinds(photo(taken_at=THURSDAY - timedelta(hours=11)), Frame("report", THURSDAY - timedelta(hours=12), PLACE))
        == []
    )


# ---- beside visits and findings ----


@pytest.fixture(scope="module")
def place(wall) -> Town:
    made = town(wall)
    with made.district.session(wall) as session:
        site = session.get_one(Site, (made.ref.id, made.market))
        site.longitude, site.latitude = PLACE
        session.commit()
    return made


def sent(session, place: Town, folder, taken: str, *, by=None, now=THURSDAY) -> File:
    size = (320 + random.randrange(200), 240)
    return store(session, by or place.inspector, jpeg(size, taken=taken), files=folder, now=now, said=Said())


def test_beside_a_finding_by_step_for_those_who_check(wall, place: Town, tmp_path) -> None:
    with place.district.session(wall) as session:
        early = sent(session, place, tmp_path, "2026:11:17 09:00:00")
        fits = sent(session, place, tmp_path, "2026:11:19 09:50:00")
        photos = {"toilet_clean": [str(early.id), str(fits.id)]}
        begun = THURSDAY - timedelta(minutes=20)
        done = send(session, place, photos=photos, started_at=begun)
        finding = next(one for one in done.findings if one.question == "toilet_clean")
        act(session, place.liaison, finding.id, "take", version=finding.version, now=THURSDAY + timedelta(hours=1))
        old = sent(session, place, tmp_path, "2026:11:18 09:00:00", by=place.liaison)
        found = session.get_one(Finding, (session.tenant_id, finding.id))
        step = {"version": found.version, "photos": [str(old.id)], "note": "已整改"}
        act(session, place.liaison, finding.id, "answer", now=THURSDAY + timedelta(hours=2), **step)
        session.commit()
        later = THURSDAY + timedelta(hours=3)
        seen = detail(session, place.office, finding.id, now=later)
        said = {
            key[0]: [(g.kind, g.metres > 0) for g in gaps]
            for key, gaps in finding_gaps(session, place.office, seen).items()
        }
        # every picture of tests is taken 95 km away
        assert said[early.id] == [("visit", False), ("far", True)]
        assert said[fits.id] == [("far", True)]
        assert said[old.id] == [("found", False), ("far", True)]
        assert finding_gaps(session, place.liaison, detail(session, place.liaison, finding.id, now=later)) == {}
        visit = session.get_one(Visit, (session.tenant_id, done.visit.id))
        site = session.get_one(Site, (session.tenant_id, place.market))
        assert set(visit_gaps(session, place.inspector, visit, site, [early])) == {early.id}, "his own visit"
        other = add_actor(wall, place.ref, "inspector", place.district.communities[0])
        assert visit_gaps(session, other, visit, site, [early]) == {}
        assert visit_gaps(session, place.liaison, visit, site, [early]) == {}


def test_many_photos_take_as_few_queries_as_one(wall, place: Town, tmp_path) -> None:
    statements: list[str] = []

    def note(_conn, _cursor, statement, *_rest) -> None:
        if "set_config" not in statement:
            statements.append(statement)

    counts: list[int] = []
    for many in (1, 6):
        with place.district.session(wall) as session:
            files = [str(sent(session, place, tmp_path, "2026:11:19 09:55:00").id) for _ in range(many)]
            done = send(session, place, photos={"toilet_clean": files})
            session.commit()
        with place.district.session(wall) as session:
            finding = next(one for one in done.findings if one.question == "toilet_clean")
            seen = detail(session, place.office, finding.id, now=THURSDAY + timedelta(hours=1))
            event.listen(wall.engine, "before_cursor_execute", note)
            try:
                gaps: Mapping = finding_gaps(session, place.office, seen)
            finally:
                event.remove(wall.engine, "before_cursor_execute", note)
            assert len(gaps) == many
            counts.append(len(statements))
            statements.clear()
    assert counts[0] == counts[1] <= 4
