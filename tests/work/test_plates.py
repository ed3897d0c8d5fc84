"""Plates and what citizens report there: codes, replacing, the public grade, receipts, contacts that end; settings; the datum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from math import cos, hypot, radians
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.campaigns.registry import installed
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import local_day
from core.work.loop.ledger import act
from core.work.places.datum import to_gcj, to_wgs
from core.work.places.site_lists import sites_query
from core.work.places.site_map import MOST_POINTS, USUAL, Box, read_view
from core.work.places.site_settings import MapSettings, PlateSettings, keep_settings, read_settings
from core.work.places.sites import change_site
from core.work.plates.citizens import (
    CATEGORIES,
    DONE,
    HANDLED,
    RECEIVED,
    Said,
    citizen_of,
    mask_contact,
    purge_contacts,
    read_progress,
    reveal_contact,
    take_report,
)
from core.work.plates.plates import (
    ALPHABET,
    LENGTH,
    find_plate,
    issue_missing,
    issue_plate,
    plate_of,
    revoke_plate,
)
from core.work.plates.public_card import public_grade
from core.work.tables import Audit, CitizenReport, File, Finding, FindingEvent, Note, Plate, Visit
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.bench.places import HERE, lay_shops
from tests.factory import add_actor, add_site, bare_district
from tests.work.market import ALL_GOOD, ANSWERS, THURSDAY, Town, send, town
from tests.work.pictures import jpeg

DAY = local_day(THURSDAY)


@pytest.fixture(scope="module")
def place(wall: Wall) -> Town:
    return town(wall, "门牌区")


@pytest.fixture
def session(wall: Wall, place: Town) -> Iterator[ScopedSession]:
    with place.district.session(wall) as opened:
        yield opened
        opened.rollback()


def plate(session: ScopedSession, place: Town) -> Plate:
    return issue_plate(session, place.office, place.market, today=DAY, now=THURSDAY)


def report(
    session: ScopedSession, place: Town, tmp_path: Path, key: UUID | None = None, **said: object
) -> CitizenReport:
    found = find_plate(session, plate_of(session, place.market).code)  # type: ignore[union-attr]  # there is one
    words = Said(**({"category": "ENV-LITTER", "what": "门口有垃圾", "contact": "138-0000-0000"} | said))  # type: ignore[arg-type]
    return take_report(session, place.ref, found, words, key or new_id(), files=tmp_path, now=THURSDAY)


def test_a_plate_is_issued_replaced_and_revoked(session: ScopedSession, place: Town) -> None:
    first = plate(session, place)
    assert len(first.code) == LENGTH
    assert set(first.code) <= set(ALPHABET)
    assert "门前三包" in first.duties
    assert find_plate(session, first.code.lower()).is_in_force
    second = issue_plate(session, place.office, place.market, today=DAY, now=THURSDAY, duties="门前五包")
    assert second.code != first.code
    assert not find_plate(session, first.code).is_in_force, "the old one goes on saying that it was replaced"
    third = issue_plate(session, place.office, place.market, today=DAY, now=THURSDAY)
    assert third.duties == "门前五包", "what the plate before said"
    revoke_plate(session, place.office, place.market, today=DAY, now=THURSDAY)
    assert plate_of(session, place.market) is None
    with pytest.raises(NotFound):
        revoke_plate(session, place.office, place.market, today=DAY, now=THURSDAY)
    verbs = session.scalars(select(Audit.verb).where(Audit.object_id == str(place.market)).order_by(Audit.id)).all()
    assert verbs == ["plate.issue", "plate.replace", "plate.replace", "plate.revoke"]
    for bad in ("", "AAAAAAAAAA", first.code[:-1], first.code + "2", "%"):
        with pytest.raises(NotFound):
            find_plate(session, bad)


def test_who_keeps_no_sites_issues_no_plates(session: ScopedSession, place: Town) -> None:
    with pytest.raises(Forbidden):
        issue_plate(session, place.inspector, place.market, today=DAY, now=THURSDAY)
    assert issue_missing(session, place.inspector, [place.market], today=DAY, now=THURSDAY) == 0


def test_a_closed_site_gets_none_and_many_get_one_each(session: ScopedSession, place: Town) -> None:
    sites = [add_site(session, place.district.communities[0], "small_shop", name=f"店{n}") for n in range(3)]
    change_site(session, None, sites[2], today=DAY, state="closed")
    with pytest.raises(Conflict):
        issue_plate(session, place.office, sites[2], today=DAY, now=THURSDAY)
    assert issue_missing(session, place.office, sites, today=DAY, now=THURSDAY) == 2
    assert issue_missing(session, place.office, sites, today=DAY, now=THURSDAY) == 0
    with pytest.raises(InvalidInput):
        issue_missing(session, place.office, [new_id() for _ in range(2001)], today=DAY, now=THURSDAY)


def test_another_district_has_not_this_plate(wall: Wall, session: ScopedSession, place: Town) -> None:
    code = plate(session, place).code
    session.commit()
    with bare_district(wall).session(wall) as theirs, pytest.raises(NotFound):
        find_plate(theirs, code)
    revoke_plate(session, place.office, place.market, today=DAY, now=THURSDAY)
    session.commit()


def test_the_grade_is_the_last_verified_one_and_never_a_hidden_one(wall: Wall) -> None:
    place = town(wall, "等级区")
    with place.district.session(wall) as session:
        assert public_grade(session, place.market) is None
        send(session, place, ALL_GOOD)
        good = public_grade(session, place.market)
        assert good is not None
        assert (good.word, good.day) == ("优秀", DAY)
        later = send(session, place, ANSWERS, now=THURSDAY + timedelta(days=1))
        worse = public_grade(session, place.market)
        assert worse is not None
        assert worse.day == DAY + timedelta(days=1)
        assert worse.word != good.word
        session.execute(update(Visit).where(Visit.id == later.visit.id).values(basis="self"))
        assert public_grade(session, place.market) == good, "what a place says of itself is no verified grade"
        session.execute(update(Visit).where(Visit.id == later.visit.id).values(basis="verified"))
        session.commit()
    with wall.open(place.ref.id, cleared=True) as cleared:
        cleared.execute(update(Visit).where(Visit.id == later.visit.id).values(hidden=True))
        assert public_grade(cleared, place.market) == good, (
            "a secret visit is told to nobody, however cleared the session"
        )


def test_a_report_waits_at_the_desk_and_names_nobody(session: ScopedSession, place: Town, tmp_path: Path) -> None:
    plate(session, place)
    kept = report(session, place, tmp_path, photos=[jpeg(seed=5), jpeg(seed=6)])
    finding = session.get_one(Finding, (session.tenant_id, kept.finding_id))
    assert (finding.state, finding.source, finding.site_id) == ("reported", "snapshot", place.market)
    assert finding.detail == "门口有垃圾"
    event = session.scalars(select(FindingEvent).where(FindingEvent.finding_id == finding.id)).one()
    assert (event.person_id, event.person_name) == (None, "市民（扫码）")
    assert {one.contact_name for one in session.scalars(select(File))} == {"市民（扫码）"}
    assert "138" not in str([one.detail for one in session.scalars(select(Audit))]) + str(event.detail)
    assert session.scalars(select(Note).where(Note.person_id == place.office.person_id)).first(), "the desk hears of it"


def test_the_same_form_sent_twice_is_one_report(session: ScopedSession, place: Town, tmp_path: Path) -> None:
    plate(session, place)
    key = new_id()
    first = report(session, place, tmp_path, key)
    assert report(session, place, tmp_path, key).receipt == first.receipt
    with pytest.raises(Conflict):
        report(session, place, tmp_path, key, what="别的")
    assert len(session.scalars(select(CitizenReport)).all()) == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"category": "nonsense"}, "category"),
        ({"category": "FD-EXPIRE"}, "category"),
        ({"what": ""}, "what"),
        ({"what": "长" * 301}, "what"),
        ({"contact": "1" * 61}, "contact"),
        ({"photos": [b"x"] * 4}, "photos"),
    ],
)
def test_what_cannot_be_taken_is_told(
    session: ScopedSession, place: Town, tmp_path: Path, said: dict[str, object], field: str
) -> None:
    plate(session, place)
    with pytest.raises(InvalidInput) as error:
        report(session, place, tmp_path, **said)
    assert [fault.field for fault in error.value.faults] == [field]
    assert not session.scalars(select(Finding)).all()


def test_every_category_offered_is_a_shared_one() -> None:
    assert set(CATEGORIES) <= set(installed().vocabulary.categories)


def test_a_plate_out_of_force_takes_no_report(session: ScopedSession, place: Town, tmp_path: Path) -> None:
    found = find_plate(session, plate(session, place).code)
    plate(session, place)
    session.refresh(found.plate)
    with pytest.raises(Conflict):
        take_report(session, place.ref, found, Said("ENV-LITTER", "有"), new_id(), files=tmp_path, now=THURSDAY)


def test_the_receipt_tells_the_stage_and_nothing_else(session: ScopedSession, place: Town, tmp_path: Path) -> None:
    found = find_plate(session, plate(session, place).code)
    kept = report(session, place, tmp_path)
    assert read_progress(session, found, kept.receipt.lower()).stage == RECEIVED
    for verb, more in (("accept", {}), ("dispatch", {})):
        version = session.get_one(Finding, (session.tenant_id, kept.finding_id)).version
        act(session, place.office, kept.finding_id, verb, version=version, now=THURSDAY, **more)
    assert read_progress(session, found, kept.receipt).stage == HANDLED
    finding = session.get_one(Finding, (session.tenant_id, kept.finding_id))
    finding.state, finding.outcome, finding.closed_at = "closed", "fixed", THURSDAY + timedelta(days=1)
    session.flush()
    done = read_progress(session, found, kept.receipt)
    assert (done.stage, done.outcome, done.done_at) == (DONE, "已经处理好", THURSDAY + timedelta(days=1))
    other = add_site(session, place.district.communities[1], "small_shop", name="另一家")
    elsewhere = issue_plate(session, place.office, other, today=DAY, now=THURSDAY)
    for bad, where in (
        (kept.receipt, find_plate(session, elsewhere.code)),
        ("AAAA", found),
        (kept.receipt[:-1], found),
    ):
        with pytest.raises(NotFound):
            read_progress(session, where, bad)


def test_the_office_alone_reads_a_contact_and_it_ends(
    wall: Wall, session: ScopedSession, place: Town, tmp_path: Path
) -> None:
    plate(session, place)
    kept = report(session, place, tmp_path)
    street = add_actor(wall, place.ref, "hq_office", place.district.street)
    shown = citizen_of(session, place.office, kept.finding_id)
    assert shown is not None
    assert shown.masked == "138-****-0000"
    assert not read_trail(session), "what is masked is no reading"
    assert reveal_contact(session, place.office, kept.finding_id) == "138-0000-0000"
    assert [(one.person_id, one.object_id) for one in read_trail(session)] == [
        (place.office.person_id, str(kept.finding_id))
    ]
    assert "138" not in str(read_trail(session)[0].detail), "the trail says who looked, not at what"
    for other in (place.inspector, place.liaison, place.leader, street, replace(place.office, duties=())):
        assert citizen_of(session, other, kept.finding_id) is None
        with pytest.raises(NotFound):
            reveal_contact(session, other, kept.finding_id)
    assert len(read_trail(session)) == 1
    assert purge_contacts(session, THURSDAY + timedelta(days=4000)) == 0, "it is not closed yet"
    values = {"state": "closed", "outcome": "fixed", "closed_at": THURSDAY, "changed_at": THURSDAY}
    session.execute(update(Finding).where(Finding.id == kept.finding_id).values(**values))
    assert purge_contacts(session, THURSDAY + timedelta(days=179)) == 0
    assert purge_contacts(session, THURSDAY + timedelta(days=181)) == 1
    session.expire_all()
    row = session.scalars(select(CitizenReport)).one()
    assert (row.contact, row.purged_at) == ("", THURSDAY + timedelta(days=181))
    with pytest.raises(NotFound):
        reveal_contact(session, place.office, kept.finding_id)


def read_trail(session: ScopedSession) -> list[Audit]:
    """Who read a citizen's contact in full."""
    return list(session.scalars(select(Audit).where(Audit.verb == "citizen.contact").order_by(Audit.at)))


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("13800000000", "138****0000"),
        ("138-0000-0000", "138-****-0000"),
        ("wx: zhangsan2026", "wx: z*******2026"),
        ("", ""),
        ("找我", "**"),
        ("门口小李", "门**李"),
    ],
)
def test_a_contact_is_masked_in_its_middle(said: str, masked: str) -> None:
    assert mask_contact(said) == masked


def test_settings_are_checked_versioned_and_for_the_desk(session: ScopedSession, place: Town) -> None:
    value = MapSettings("https://tiles.example.cn/{z}/{x}/{y}.png", "示例图源 审图号", "gcj02")
    keep_settings(session, place.office, value, version=0, now=THURSDAY)
    assert read_settings(session, MapSettings, session.tenant_id) == (value, 1)
    assert value.origin == "https://tiles.example.cn"
    with pytest.raises(Stale):
        keep_settings(session, place.office, value, version=0, now=THURSDAY)
    with pytest.raises(Forbidden):
        keep_settings(session, place.inspector, value, version=1, now=THURSDAY)
    own = MapSettings("/tiles/{z}/{x}/{y}.png", "本单位")
    keep_settings(session, place.office, own, version=1, now=THURSDAY)
    assert own.origin == ""
    keep_settings(session, place.office, PlateSettings(True, 30, "门前五包"), version=0, now=THURSDAY)
    assert read_settings(session, PlateSettings, session.tenant_id)[0].public_grade


@pytest.mark.parametrize(
    "tiles",
    [
        "https://*.example.cn/{z}/{x}/{y}.png",
        "https://tiles.example.cn/{z}/{x}.png",
        "javascript:alert(1)/{z}/{x}/{y}",
        "//tiles.example.cn/{z}/{x}/{y}",
        "https://tiles.example.cn;script-src/{z}/{x}/{y}",
        "https://u:p@tiles.example.cn/{z}/{x}/{y}",
        "https://tiles.example.cn /{z}/{x}/{y}",
        "https://[::1/{z}/{x}/{y}",
        "data:image/png,{z}{x}{y}",
    ],
)
def test_no_tile_address_opens_the_policy_further(session: ScopedSession, place: Town, tiles: str) -> None:
    with pytest.raises(InvalidInput) as error:
        keep_settings(session, place.office, MapSettings(tiles, "某图源"), version=0, now=THURSDAY)
    assert [fault.field for fault in error.value.faults] == ["tiles"]


@pytest.mark.parametrize("where", [(112.55, 37.87), (121.47, 31.23), (87.6, 43.8), (116.391, 39.907), (109.5, 18.25)])
def test_the_offset_goes_there_and_back_within_a_metre(where: tuple[float, float]) -> None:
    east, north = to_gcj(*where)
    away = hypot((east - where[0]) * cos(radians(where[1])), north - where[1]) * 111_320
    assert 100 < away < 1000, "what makes a map of the other datum look wrong by a block"
    back = to_wgs(east, north)
    assert hypot((back[0] - where[0]) * cos(radians(where[1])), back[1] - where[1]) * 111_320 < 1


def test_the_offset_is_the_public_one() -> None:
    """A published pair: Tiananmen in both."""
    east, north = to_gcj(116.391, 39.907)
    assert (round(east, 4), round(north, 4)) == (116.3972, 39.9084)
    assert to_gcj(2.35, 48.85) == (2.35, 48.85), "abroad both are the same"


def test_a_map_sums_up_what_is_much_and_shows_what_is_little(wall: Wall) -> None:
    place = town(wall, "地图区")
    with place.district.session(wall) as session:
        lay_shops(session, place.district.communities, MOST_POINTS + 200)
        send(session, place)
        session.execute(update(Finding).values(due_at=THURSDAY - timedelta(days=1)))
        change_site(session, None, place.market, today=DAY, longitude=str(HERE[0]), latitude=str(HERE[1]))
        session.commit()
        chosen = sites_query(session, place.office, today=DAY)
        whole = read_view(session, place.office, chosen, None, THURSDAY)
        assert whole.is_summed
        assert whole.total == MOST_POINTS + 201 == sum(mark.sites for mark in whole.marks)
        assert len(whole.marks) <= (USUAL + 1) ** 2
        opened = session.scalars(select(Finding.id).where(Finding.state.not_in(("closed", "cancelled")))).all()
        assert sum(mark.open for mark in whole.marks) == len(opened) > 0
        assert sum(mark.late for mark in whole.marks) > 0
        near = Box(112.5599, 37.8599, 112.5601, 37.8601)
        close = read_view(session, place.office, chosen, near, THURSDAY)
        market = next(mark for mark in close.marks if mark.site_id == place.market)
        assert (market.sites, market.open) == (1, len(opened))
        assert not close.is_summed
        nowhere = read_view(session, place.office, chosen, Box(0, 0, 1, 1), THURSDAY)
        assert (nowhere.marks, nowhere.total) == ((), 0)
        reduced = replace(place.office, duties=())
        mine = sites_query(session, reduced, today=DAY)
        assert read_view(session, reduced, mine, None, THURSDAY).total == 0, "nothing out of reach is counted"
