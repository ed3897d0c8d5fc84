"""The city's word to a district about its place: its own row alone, sealed, corrected by new issues, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError

from core.cli.main import main
from core.databases import Urls
from core.errors import Forbidden, InvalidInput
from core.figures.comparison import MINIMUM_VISITS, compare
from core.figures.grants import give_grant
from core.figures.issued_standings import issue, prepare, received_standings, seal_of, standings_in, verify_standings
from core.figures.periods import parse_period
from core.figures.publishing import publish
from core.figures.tables import Standing
from tenants.access import Actor, TenantRef
from tenants.scope import ScopedSession, Wall
from tests.conftest import SECRET
from tests.factory import add_actor, add_unit, bare_tenant
from tests.figures.build import CIVILIZED, Made, at, make, visit

MONTH = parse_period("2026-10")
NOW = at(date(2026, 11, 3))


@pytest.fixture
def city(wall: Wall) -> TenantRef:
    return bare_tenant(wall, kind="city", name="测试市")


@pytest.fixture
def bureau(wall: Wall, city: TenantRef) -> Actor:
    with wall.open(city.id) as session:
        root = add_unit(session, "city", city.name, [])
        session.commit()
    return add_actor(wall, city, "bureau", root)


@pytest.fixture
def table(wall: Wall, city: TenantRef) -> Iterator[ScopedSession]:
    with wall.open(city.id) as opened:
        yield opened


def district(wall: Wall, city: TenantRef, name: str, good: int, bad: int) -> Made:
    """A district that publishes a month of so many good and bad visits to its city."""
    made = make(wall, CIVILIZED, name=name, upper_id=city.id)
    with made.district.session(wall) as session:
        for n in range(good + bad):
            answers = {"fire_lane_open": {"yes": n < good}}
            made.sites.clear()
            visit(session, made, ["housing_estate"], answers, day=date(2026, 10, 1 + n % 28))
        give_grant(session, made.office, city, CIVILIZED.key, "totals", date(2026, 1, 1))
        publish(session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW)
        session.commit()
    return made


def correct(wall: Wall, made: Made, reason: str) -> None:
    with made.district.session(wall) as session:
        publish(session, made.office, CIVILIZED, CIVILIZED.edition, MONTH, now=NOW, reason=reason)
        session.commit()


def test_each_district_gets_its_own_place_and_nobody_elses(
    wall: Wall, city: TenantRef, bureau: Actor, table: ScopedSession
) -> None:
    best = district(wall, city, "甲区", MINIMUM_VISITS + 10, 1)
    poor = district(wall, city, "乙区", 5, MINIMUM_VISITS + 5)
    few = district(wall, city, "丙区", 3, 0)
    rows = {r.tenant_id: r for r in compare(table, bureau, CIVILIZED.key, MONTH)}
    sent = issue(table, bureau, CIVILIZED.key, MONTH, now=NOW)
    table.commit()
    assert len(sent) == 3
    for made, rank in ((best, 1), (poor, 2), (few, None)):
        with made.district.session(wall) as session:
            (mine,) = received_standings(session)
            assert standings_in(session, CIVILIZED.key, MONTH) == [mine]
            assert standings_in(session, CIVILIZED.key, MONTH.previous) == []
            assert (mine.rank, mine.size, mine.reader_slug) == (rank, 2, made.district.ref.slug)
            row = rows[made.district.ref.id]
            assert (mine.percent, mine.interval_low, mine.interval_high) == (
                row.percent,
                row.interval_low,
                row.interval_high,
            )
            assert (mine.best, mine.worst, mine.rests_on, mine.unranked) == (
                row.best,
                row.worst,
                row.sha256,
                row.unranked,
            )
            assert seal_of(mine) == mine.sha256
            assert verify_standings(session) == []
    assert rows[best.district.ref.id].interval_low is not None
    assert not rows[poor.district.ref.id].same_as_above


def test_a_correction_is_a_new_issue_with_a_reason(
    wall: Wall, city: TenantRef, bureau: Actor, table: ScopedSession
) -> None:
    one = district(wall, city, "甲区", MINIMUM_VISITS + 10, 1)
    two = district(wall, city, "乙区", 5, MINIMUM_VISITS + 5)
    first = {s.reader_id: s for s in issue(table, bureau, CIVILIZED.key, MONTH, now=NOW)}
    with pytest.raises(InvalidInput) as caught:
        issue(table, bureau, CIVILIZED.key, MONTH, now=NOW)
    assert caught.value.faults[0].field == "period"
    table.commit()
    with two.district.session(wall) as session:
        for n in range(400):
            two.sites.clear()
            visit(session, two, ["housing_estate"], {"fire_lane_open": {"yes": True}}, day=date(2026, 10, 1 + n % 28))
        session.commit()
    correct(wall, two, "补录检查")
    assert {i.row.reader_id for i in prepare(table, bureau, CIVILIZED.key, MONTH, now=NOW) if i.is_new} >= {
        two.district.ref.id
    }
    with pytest.raises(InvalidInput) as caught:
        issue(table, bureau, CIVILIZED.key, MONTH, now=NOW, reason=" ")
    assert caught.value.faults[0].field == "reason"
    later = {
        s.reader_id: s for s in issue(table, bureau, CIVILIZED.key, MONTH, now=NOW + timedelta(1), reason="乙区更正")
    }
    table.commit()
    new, old = later[two.district.ref.id], first[two.district.ref.id]
    assert (new.corrects_sha256, new.previous_sha256, new.sequence, new.reason) == (
        old.sha256,
        old.sha256,
        2,
        "乙区更正",
    )
    with two.district.session(wall) as session:
        assert [s.sequence for s in received_standings(session)] == [2, 1]
        assert standings_in(session, CIVILIZED.key, MONTH)
        assert verify_standings(session) == []
    with one.district.session(wall) as session:
        assert {s.reader_id for s in received_standings(session)} == {one.district.ref.id}


def test_nothing_to_issue_and_nobody_else_issues(
    wall: Wall, city: TenantRef, bureau: Actor, table: ScopedSession
) -> None:
    with pytest.raises(InvalidInput):
        issue(table, bureau, CIVILIZED.key, MONTH, now=NOW)
    made = district(wall, city, "甲区", 3, 0)
    with made.district.session(wall) as session, pytest.raises(Forbidden):
        issue(session, made.office, CIVILIZED.key, MONTH, now=NOW)


def test_an_issue_is_never_changed_and_a_forged_one_shows(
    wall: Wall, urls: Urls, city: TenantRef, bureau: Actor, table: ScopedSession
) -> None:
    made = district(wall, city, "甲区", MINIMUM_VISITS + 1, 0)
    issue(table, bureau, CIVILIZED.key, MONTH, now=NOW)
    table.commit()
    row = table.scalars(select(Standing)).one()
    row.rank = 2
    with pytest.raises(ProgrammingError, match="permission denied"):
        table.flush()
    table.rollback()
    engine = create_engine(urls.superuser)
    with engine.begin() as raw:
        raw.execute(text("UPDATE standing SET rank = 7 WHERE reader_id = :who"), {"who": made.district.ref.id})
    engine.dispose()
    with made.district.session(wall) as session:
        assert [b.message for b in verify_standings(session)] == ["内容与封签不符"]


def test_demonstration_and_real_are_two_leagues(
    wall: Wall, urls: Urls, city: TenantRef, bureau: Actor, table: ScopedSession
) -> None:
    real = district(wall, city, "甲区", MINIMUM_VISITS, 10)
    shown = district(wall, city, "演示区", MINIMUM_VISITS + 10, 0)
    engine = create_engine(urls.superuser)
    with engine.begin() as raw:
        raw.execute(
            text("UPDATE publication SET is_demo = true WHERE tenant_id = :who"), {"who": shown.district.ref.id}
        )
    engine.dispose()
    rows = {r.tenant_id: r for r in compare(table, bureau, CIVILIZED.key, MONTH)}
    assert rows[real.district.ref.id].rank == rows[shown.district.ref.id].rank == 1
    assert (rows[real.district.ref.id].best, rows[real.district.ref.id].worst) == (1, 1)
    assert [i.row.size for i in prepare(table, bureau, CIVILIZED.key, MONTH, now=NOW)] == [1, 1]


def test_the_command_names_a_broken_link(
    wall: Wall, urls: Urls, city: TenantRef, bureau: Actor, table: ScopedSession
) -> None:
    made = district(wall, city, "甲区", MINIMUM_VISITS + 1, 0)
    issue(table, bureau, CIVILIZED.key, MONTH, now=NOW)
    table.commit()
    environ = {"SANCHENG_DATABASE_URL": urls.app, "SANCHENG_SECRET_KEY": SECRET}
    for slug, papers in ((made.district.ref.slug, 2), (city.slug, 1)):
        said = CliRunner().invoke(main, ["seals", slug, "--json"], env=environ)
        assert said.exit_code == 0, said.output
        assert json.loads(said.stdout) == {"publications": papers, "standings": 1, "breaks": []}
    engine = create_engine(urls.superuser)
    with engine.begin() as raw:
        raw.execute(text("UPDATE publication SET visits = 1 WHERE reader_id = :who"), {"who": city.id})
    engine.dispose()
    said = CliRunner().invoke(main, ["seals", city.slug], env=environ)
    assert said.exit_code == 1
    assert f"{made.district.ref.slug} → {city.slug} 第 1 号：内容与封签不符" in said.output
