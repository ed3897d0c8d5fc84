"""A district's figures at three levels: each bureau above reads what was granted to it, and nothing of the others'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.errors import InvalidInput
from core.figures.boards import read_board
from core.figures.by_territory import DIGITS, NO_CODE, Territory, group, name_of
from core.figures.comparison import compare
from core.figures.due import due_calendar, open_reminders, remind, set_term
from core.figures.grants import give_grant, grants_received, withdraw_grant
from core.figures.issued_standings import issue, received_standings, standings_in
from core.figures.periods import parse_period
from core.figures.publishing import preview, publish
from core.figures.tables import Publication, PublicationGrant, PublicationReminder, PublishedFigure, Standing
from tenants.access import Actor, TenantRef
from tenants.scope import Wall
from tests.factory import add_actor, add_unit, bare_tenant
from tests.figures.build import CIVILIZED, Made, at, make, visit
from tests.figures.sent import NEW, OLD, send

MONTH = parse_period("2026-10")
KEY = CIVILIZED.key
SINCE = date(2026, 1, 1)
NOW = at(date(2026, 11, 3))
LATER = at(date(2026, 11, 9))


@dataclass
class Level:
    """A bureau with somebody in it."""

    ref: TenantRef
    actor: Actor


@dataclass
class Levels:
    """A nation, its province, that one's city, and a district below."""

    nation: Level
    province: Level
    city: Level
    made: Made

    def __iter__(self) -> Iterator[Level]:
        return iter((self.city, self.province, self.nation))


def bureau(wall: Wall, kind: str, upper: TenantRef | None = None, code: str | None = None) -> Level:
    ref = bare_tenant(wall, kind=kind, name=f"测试{kind}", upper_id=upper.id if upper else None, code=code)
    with wall.open(ref.id) as session:
        root = add_unit(session, kind, ref.name, [])
        session.commit()
    return Level(ref, add_actor(wall, ref, "bureau", root))


@pytest.fixture
def levels(wall: Wall) -> Levels:
    nation = bureau(wall, "nation")
    province = bureau(wall, "province", nation.ref)
    city = bureau(wall, "city", province.ref)
    made = make(wall, CIVILIZED, upper_id=city.ref.id)
    with made.district.session(wall) as session:
        for n in range(40):
            made.sites.clear()
            answers = {"fire_lane_open": {"yes": n % 4 > 0}}
            visit(session, made, ["housing_estate"], answers, day=date(2026, 10, 1 + n % 28))
        session.commit()
    return Levels(nation, province, city, made)


def allow(wall: Wall, levels: Levels, **details: str) -> None:
    with levels.made.district.session(wall) as session:
        for name, detail in details.items():
            give_grant(session, levels.made.office, getattr(levels, name).ref, KEY, detail, SINCE)
        session.commit()


def publish_month(wall: Wall, levels: Levels, reason: str = "") -> list[Publication]:
    with levels.made.district.session(wall) as session:
        sent = publish(session, levels.made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW, reason=reason)
        session.commit()
        return sent


def held(wall: Wall, level: Level) -> list[Publication]:
    with wall.open(level.ref.id) as session:
        return list(session.scalars(select(Publication)))


def test_each_level_gets_a_copy_of_its_own_in_the_detail_granted(wall: Wall, levels: Levels) -> None:
    allow(wall, levels, city="sites", province="indicators", nation="totals")
    with levels.made.district.session(wall) as session:
        shown = preview(session, levels.made.office, CIVILIZED, MONTH, now=NOW)
        readers = [(c.publication.reader_name, c.publication.detail) for c in shown.copies if not c.is_own]
    assert sorted(readers) == [("测试city", "sites"), ("测试nation", "totals"), ("测试province", "indicators")]
    publish_month(wall, levels)
    finest = {"city": {"category", "indicator", "unit", "site"}, "province": {"category", "indicator"}, "nation": set()}
    for level in levels:
        (row,) = held(wall, level)
        assert (row.reader_id, row.sequence) == (level.ref.id, 1)
        with wall.open(level.ref.id) as session:
            found = set(session.scalars(select(PublishedFigure.level))) - {"effect"}
            assert found == finest[level.ref.kind], level.ref.kind
            assert [r.rank for r in compare(session, level.actor, KEY, MONTH)] == [1]
    assert len({held(wall, level)[0].sha256 for level in levels}) == 3


@pytest.mark.parametrize("reader", ["city", "province", "nation"])
def test_what_was_granted_to_one_level_is_nothing_to_the_others(wall: Wall, levels: Levels, reader: str) -> None:
    allow(wall, levels, **{reader: "indicators"})
    publish_month(wall, levels)
    for level in levels:
        is_reader = level.ref.kind == reader
        with wall.open(level.ref.id) as session:
            for table in (Publication, PublicationGrant, PublishedFigure):
                assert bool(session.scalars(select(table)).first()) is is_reader, (level.ref.kind, table)
            assert bool(grants_received(session, SINCE)) is is_reader


def test_withdrawing_from_one_level_leaves_the_others(wall: Wall, levels: Levels) -> None:
    allow(wall, levels, city="totals", province="totals")
    publish_month(wall, levels)
    with levels.made.district.session(wall) as session:
        grant = session.scalars(select(PublicationGrant).where(PublicationGrant.reader_id == levels.city.ref.id)).one()
        withdraw_grant(session, levels.made.office, grant, date(2026, 11, 2))
        session.commit()
    publish_month(wall, levels, reason="补录")
    assert (len(held(wall, levels.city)), len(held(wall, levels.province))) == (1, 2)


def test_a_grant_is_for_bureaus_alone_and_says_where_the_district_lies(wall: Wall, levels: Levels) -> None:
    other = bare_tenant(wall, name="邻区")
    with levels.made.district.session(wall) as session:
        with pytest.raises(InvalidInput) as refused:
            give_grant(session, levels.made.office, other, KEY, "totals", SINCE)
        assert refused.value.faults[0].field == "reader"
    zone = replace(levels.made.district.ref, code="140105")
    with levels.made.district.session(wall) as session:
        give_grant(session, None, levels.city.ref, KEY, "totals", SINCE, issuer=zone)
        session.commit()
    with wall.open(levels.city.ref.id) as session:
        assert session.scalars(select(PublicationGrant.district_code)).one() == "140105"


def test_each_level_issues_its_standing_and_the_district_sees_all(wall: Wall, levels: Levels) -> None:
    allow(wall, levels, city="totals", province="totals", nation="totals")
    publish_month(wall, levels)
    rival = bare_tenant(wall, name="外市区")
    send(
        wall, levels.province.ref, rival, MONTH, earned=1000, edition=(CIVILIZED.edition.key, CIVILIZED.edition.sha256)
    )
    for level in levels:
        with wall.open(level.ref.id) as session:
            issue(session, level.actor, KEY, MONTH, now=NOW)
            session.commit()
    with levels.made.district.session(wall) as session:
        found = standings_in(session, KEY, MONTH)
        assert {(one.city_name, one.rank, one.size) for one in found} == {
            ("测试city", 1, 1),
            ("测试province", 2, 2),
            ("测试nation", 1, 1),
        }
        assert found[-1].city_name == "测试province"
        assert len(received_standings(session)) == 3
    for level in levels:
        with wall.open(level.ref.id) as session:
            assert {one.city_slug for one in session.scalars(select(Standing))} == {level.ref.slug}


def test_each_level_has_terms_and_reminders_of_its_own(wall: Wall, levels: Levels) -> None:
    allow(wall, levels, city="totals", province="totals")
    for level in (levels.city, levels.province):
        with wall.open(level.ref.id) as session:
            set_term(session, level.actor, KEY, "month", 5, since=date(2026, 10, 1), now=LATER)
            (due,) = due_calendar(session, level.actor, now=LATER)
            assert [one.name for one in due.missing] == [levels.made.district.ref.name]
            remind(session, level.actor, KEY, MONTH, now=LATER)
            session.commit()
    with wall.open(levels.nation.ref.id) as session:
        assert session.scalars(select(PublicationReminder)).all() == []
    with levels.made.district.session(wall) as session:
        assert {one.city_name for one in open_reminders(session)} == {"测试city", "测试province"}
    publish_month(wall, levels)
    with levels.made.district.session(wall) as session:
        assert open_reminders(session) == []


def territories(wall: Wall, level: Level) -> list[Territory]:
    with wall.open(level.ref.id) as session:
        return group(session, read_board(session, KEY, MONTH), DIGITS[level.ref.kind])


def test_districts_by_city_and_by_province(wall: Wall) -> None:
    """Four of 太原, one of 阳泉 that is not ranked, one of 北京, one silent, one zone without a code."""
    nation = bureau(wall, "nation")
    province = bureau(wall, "province", nation.ref)
    shares = {"140105": 900, "140106": 801, "140107": 700, "140108": 600, "110101": 950}
    for code, earned in shares.items():
        ref = bare_tenant(wall, name=f"区{code}", code=code)
        for reader in (nation.ref, province.ref) if code.startswith("14") else (nation.ref,):
            send(wall, reader, ref, MONTH, earned=earned)
    send(wall, province.ref, bare_tenant(wall, name="区140302", code="140302"), MONTH, earned=990, visits=3)
    send(wall, province.ref, bare_tenant(wall, name="开发区"), MONTH, earned=850)
    send(wall, province.ref, bare_tenant(wall, name="旧版区", code="140109"), MONTH, earned=100, edition=OLD)
    quiet = make(wall, CIVILIZED, name="静区")
    with quiet.district.session(wall) as session:
        give_grant(session, quiet.office, province.ref, KEY, "totals", SINCE)
        session.commit()
    taiyuan, yangquan, nowhere = territories(wall, province)
    assert [one.name for one in (taiyuan, yangquan, nowhere)] == ["太原市", "阳泉市", ""]
    assert (taiyuan.known, taiyuan.published, taiyuan.assessed) == (5, 5, Decimal("10.00"))
    old, new = sorted(taiyuan.leagues, key=lambda part: part.edition)
    assert (old.edition, old.ranked, old.median) == (OLD[0], 1, Decimal("10.00"))
    assert (new.edition, new.ranked, new.median) == (NEW[0], 4, Decimal("75.05"))
    assert (new.best.name, new.best.rank, new.worst.name, new.worst.rank) == ("区140105", 1, "区140108", 5)
    assert (yangquan.known, yangquan.published, yangquan.leagues) == (1, 1, ())
    assert (nowhere.known, nowhere.published, nowhere.key) == (2, 1, NO_CODE)
    beijing, shanxi = territories(wall, nation)
    assert [(one.code, one.name, one.known) for one in (beijing, shanxi)] == [("11", "北京市", 1), ("14", "山西省", 4)]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("14", "山西省"),
        ("1401", "太原市"),
        ("1101", "北京市市辖区"),
        ("4190", "河南省省直辖县级行政区划"),
        ("9999", "9999"),
        ("", ""),
    ],
)
def test_names_of_territories(code: str, name: str) -> None:
    assert name_of(code) == name
