"""The demo (演示数据): laid once, resumable, labelled, made up - and every figure of it explains itself."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.campaigns.registry import installed
from core.databases import Urls, clone, connect, drop_database
from core.demo import lay
from core.demo.cast import ACCOUNTS, PARTS, PASSWORD, PLACES, Part
from core.demo.inspections import play_findings
from core.figures.comparison import compare
from core.figures.explain import explain
from core.figures.periods import containing
from core.figures.scores import score_campaign
from core.figures.seals import verify
from core.figures.tables import Publication, PublishedFigure
from core.settings import ZONE
from core.work.accounts import log_in
from core.work.enabling import enabled
from core.work.tables import Finding, Site, Visit
from tenants.accounts import AppUser, PlatformEvent, Tenant
from tenants.db import Base, now
from tenants.models import Person
from tenants.scope import ScopedSession, Wall
from tests.conftest import SECRET
from tests.routes.canaries import digest

DAYS = 40
BY_CODE = {part.division: part for part in PARTS}
SMALL: tuple[Part, ...] = (
    replace(BY_CODE["140105"], visits=40),
    replace(BY_CODE["140106"], visits=20),
)
# A made-up person of the demo is named after his post; no other name is anybody's.
MADE_UP = re.compile(r"演示(管理员|创建办|检查员甲|检查员乙|区领导|市级主管部门|联络员(·.+)?)")


@dataclass
class Stage:
    """A database with the small demo (小演示)."""

    urls: Urls
    wall: Wall
    files: Path
    said: list[str]

    def lay(self) -> None:
        lay.lay_demo(self.wall, self.urls.app, SECRET, self.files, tell=self.said.append, parts=SMALL, days=DAYS)

    def tenants(self) -> dict[str, int]:
        with self.wall.platform() as session:
            return {row.slug: row.id for row in session.scalars(select(Tenant))}

    def of(self, slug: str) -> ScopedSession:
        return self.wall.open(self.tenants()[slug])

    def digests(self) -> dict[str, dict[str, str]]:
        name = str(self.urls.app).rpartition("/")[2].partition("?")[0]
        with connect(self.urls.superuser, database=name) as connection:
            return {slug: digest(connection, tenant) for slug, tenant in self.tenants().items()}


def stage_on(server: Urls, template: str, files: Path) -> Iterator[Stage]:
    name = f"demo_{secrets.token_hex(5)}"
    clone(server.superuser, template, name)
    urls = server.for_database(name)
    wall = Wall(urls.app, SECRET)
    yield Stage(urls, wall, files, [])
    wall.dispose()
    drop_database(server.superuser, name)


@pytest.fixture(scope="module")
def demo(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    for stage in stage_on(server, template, tmp_path_factory.mktemp("files")):
        stage.lay()
        yield stage


@pytest.fixture
def empty(server: Urls, template: str, tmp_path: Path) -> Iterator[Stage]:
    yield from stage_on(server, template, tmp_path)


def test_a_second_call_finds_everything_and_writes_nothing(demo: Stage) -> None:
    before, said = demo.digests(), len(demo.said)
    assert all(before.values())
    demo.lay()
    assert demo.digests() == before
    assert len(demo.said) == said


def test_what_was_laid(demo: Stage) -> None:
    """A city, two districts with their real units, visits over the days, findings in several states, publications."""
    assert demo.tenants().keys() == {"1401", "140105", "140106"}
    until = now().astimezone(ZONE).date()
    for part in SMALL:
        with demo.of(part.division) as session:
            days = session.scalars(select(Visit.day).distinct()).all()
            assert min(days) >= until - timedelta(days=DAYS + 1)
            assert max(days) <= until
            assert (session.scalar(select(func.count()).select_from(Visit)) or 0) >= part.visits * DAYS // 30 * 0.8
            states = set(session.scalars(select(Finding.state).distinct()))
            assert "closed" in states, states
            assert session.scalar(select(func.count()).select_from(Publication)) == 2 * len(part.campaigns)
            assert verify(session) == []
    sites = sum(many for _, many, _, _ in PLACES)
    with demo.of("140105") as session:
        assert session.scalar(select(func.count()).select_from(Site)) == sites


def test_everything_is_labelled(demo: Stage) -> None:
    with demo.wall.platform() as session:
        assert all(session.scalars(select(Tenant.is_demo)))
    for part in SMALL:
        with demo.of(part.division) as session:
            assert set(session.scalars(select(Visit.note))) == {"演示数据"}
            assert all("演示" in name for name in session.scalars(select(Site.name)))
            assert all("演示数据" in place for place in session.scalars(select(Site.address)))
            assert all(session.scalars(select(Publication.is_demo)))


def test_no_name_is_anybodys(demo: Stage) -> None:
    """Every column that holds a person's name holds a made-up one."""
    columns = [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name in {"person_name", "granted_by", "published_by"}
    ]
    assert len(columns) >= 4
    for part in SMALL:
        with demo.of(part.division) as session:
            names = set(session.scalars(select(Person.name)))
            for table, column in columns:
                chosen = Base.metadata.tables[table]
                rows = session.execute(
                    select(chosen.c[column]).where(chosen.c.tenant_id == session.tenant_id).distinct()
                )
                names |= {row[0] for row in rows}
            strange = sorted(name for name in names - {""} if not MADE_UP.fullmatch(name))
            assert not strange, strange
            assert set(session.scalars(select(Person.phone))) == {""}
    with demo.wall.platform() as session:
        assert all(name.startswith("演示") for name in session.scalars(select(AppUser.name)))


def test_the_printed_accounts_open(demo: Stage) -> None:
    for login, _what in ACCOUNTS:
        with demo.wall.platform() as session:
            found = log_in(session, login=login, password=PASSWORD, address="127.0.0.1", device="", now=now())
            session.commit()
        assert found is not None, login


@pytest.mark.parametrize("slug", [part.division for part in SMALL])
@pytest.mark.parametrize("months_back", [0, 1])
def test_every_explanation_adds_up_to_its_figure(demo: Stage, slug: str, months_back: int) -> None:
    """For every indicator the sum over the explanation's rows is the figure, to the last hundredth."""
    period = containing("month", now().astimezone(ZONE).date())
    for _ in range(months_back):
        period = period.previous
    checked = assessed = 0
    with demo.of(slug) as session:
        for campaign in enabled(session, installed()):
            score = score_campaign(session, None, campaign, campaign.edition, period, cut_off=now())
            for one in score.indicators:
                told = explain(session, None, campaign, campaign.edition, one.code, period, cut_off=score.cut_off)
                checked += 1
                assessed += one.assessed
                assert told.figure == one, one.code
                rows = list(told.rows)
                assert sum((Fraction(row.numerator or 0) for row in rows), Fraction()) == Fraction(
                    one.numerator or 0
                ), one.code
                if one.denominator is not None:
                    whole = sum((Fraction(row.denominator or 0) for row in rows), Fraction())
                    assert whole == Fraction(one.denominator), one.code
                if not one.assessed:
                    assert all((one.reason_zh, one.reason_en)), one.code
    assert checked == 35 + 41 + 34
    assert assessed > 10


def test_the_city_compares_what_was_published(demo: Stage) -> None:
    period = containing("month", now().astimezone(ZONE).date()).previous
    with demo.of("1401") as session:
        for key in installed().campaigns:
            rows = compare(session, None, key, period)
            assert {row.district_name for row in rows} == {"小店区", "迎泽区"}
        assert (session.scalar(select(func.count()).select_from(PublishedFigure)) or 0) > 100


def test_an_interrupted_start_goes_on(empty: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between two batches of findings, the next call completes what stands and doubles nothing."""
    part, days = replace(SMALL[1], visits=20), 20
    begun = lay.remember_start(empty.wall)
    assert begun is not None
    first = begun.astimezone(ZONE).date() - timedelta(days=days)
    city = lay.raise_cities(empty.wall, {part.city}, first)[part.city]

    def killed(*given: object) -> Iterator[int]:
        for number, done in enumerate(play_findings(*given)):  # type: ignore[arg-type]
            yield done
            if number == 0:
                raise KeyboardInterrupt

    def lay_it() -> None:
        lay.lay_district(empty.wall, empty.files, installed(), part, city, first, begun)

    with monkeypatch.context() as patch:
        patch.setattr(lay, "play_findings", killed)
        with pytest.raises(KeyboardInterrupt):
            lay_it()
    with empty.of(part.division) as session:
        visits = set(session.scalars(select(Visit.id)))
        findings = session.scalar(select(func.count()).select_from(Finding))
        assert visits
        assert findings
        assert session.scalar(select(func.count()).select_from(Publication)) == 0
    assert lay.remember_start(empty.wall) == begun
    lay_it()
    with empty.of(part.division) as session:
        assert set(session.scalars(select(Visit.id))) == visits
        assert session.scalar(select(func.count()).select_from(Finding)) == findings
        people = session.scalars(select(Person.name)).all()
        assert len(people) == len(set(people))
        names = session.scalars(select(Site.name)).all()
        assert len(names) == len(set(names))
        before = session.scalar(select(func.count()).select_from(Visit))
    lay_it()
    with empty.of(part.division) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == before
    with empty.wall.platform() as session:
        assert session.scalar(select(func.count()).where(PlatformEvent.verb == lay.DONE)) == 0
