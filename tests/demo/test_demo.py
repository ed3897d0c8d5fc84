"""The demo (演示数据): laid once, resumable, labelled, made up - and every figure of it explains itself."""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from core.campaigns.registry import installed
from core.cli.main import main as cli
from core.databases import Urls, clone, connect, drop_database
from core.demo import lay
from core.demo.cast import ACCOUNTS, PARTS, PASSWORD, PLACES, STAGE, Part
from core.demo.field_scenes import CHECKED as VILLAGES_CHECKED
from core.demo.field_scenes import VERIFIED, VILLAGES
from core.demo.grid_scenes import EACH, HOMES
from core.demo.inspections import play_findings
from core.demo.own_form_scenes import CODE
from core.figures.comparison import compare
from core.figures.explain import explain
from core.figures.periods import containing
from core.figures.run_causes import causes
from core.figures.run_tables import ScoreRun
from core.figures.runs import changes_between
from core.figures.scores import score_campaign
from core.figures.seals import verify
from core.figures.site_attainment.board import read_board, whole
from core.figures.site_attainment.choosing import Choice, choose
from core.figures.site_outlines import kept_outlines
from core.figures.tables import Publication, PublishedFigure
from core.settings import ZONE
from core.work.accounts import log_in, tenant_ref
from core.work.actors import resolve_actor
from core.work.calendar import local_day
from core.work.desk.inbox import NUMBERS
from core.work.desk.inbox_rows import read_duties
from core.work.duties.coverage import COVERED, GAP, prove_coverage
from core.work.enabling import enabled
from core.work.forms.fielding import read_forms
from core.work.forms.pictures import pictures_for
from core.work.intake.duplicates import candidates_for
from core.work.loop.states import HELD, STATES
from core.work.plans.days import count_down
from core.work.plans.plan_list import lines_of as plan_lines
from core.work.plans.writing import calendar_from
from core.work.plates.citizens import read_progress
from core.work.plates.plates import find_plate
from core.work.quantities.board import all_candidates
from core.work.quantities.reading import Asked as QuantitiesAsked
from core.work.quantities.sums import gap_of
from core.work.rounds.drawing import list_draws, opened
from core.work.statistics.checks import remarks_of
from core.work.statistics.grid import Asked, lines_of
from core.work.statistics.rates import QUALIFIERS
from core.work.statistics.seeds import BASES
from core.work.statistics.steps import STATES as STATISTIC_STATES
from core.work.tables import (
    Appeal,
    AreaMember,
    Attachment,
    CardIssue,
    CardScheme,
    CategorySet,
    CitizenReport,
    Finding,
    HandOn,
    NegativeEntry,
    Notice,
    Observation,
    OwnForm,
    Patrol,
    Plan,
    Plate,
    Precedent,
    Project,
    ProjectItem,
    ProjectShare,
    QuantityEntry,
    RankDay,
    Recheck,
    Reorganisation,
    RoutingRule,
    SheetEntry,
    Signal,
    Site,
    SponsorEntry,
    Sponsorship,
    Statistic,
    SweepSite,
    Task,
    Visit,
    Whistle,
)
from tenants.access import TenantRef
from tenants.accounts import AppUser, PlatformEvent, Tenant
from tenants.db import Base, now
from tenants.models import Holding, Person, Unit
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
MADE_UP = re.compile(
    r"演示(管理员|创建办|检查员[甲乙丙]|区领导|市级主管部门|省级主管部门|联络员(·.+)?"
    r"|包保领导[甲乙丙丁戊]|物业公司|路长|楼院长|(街道|村级)?网格员(·.+)?|代理联络员|外部测评员|作风督导员|作风联络员)"
    r"|市民（扫码）"  # what history says of whoever scanned a plate: nobody's name is known
)


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
    """A province, a city, two districts with their real units, visits over the days, findings in several states, publications."""
    assert demo.tenants().keys() == {"14", "1401", "140105", "140106"}
    until = now().astimezone(ZONE).date()
    for part in SMALL:
        with demo.of(part.division) as session:
            days = session.scalars(select(Visit.day).distinct()).all()
            assert min(days) >= until - timedelta(days=DAYS + 1)
            assert max(days) <= until
            assert (session.scalar(select(func.count()).select_from(Visit)) or 0) >= part.visits * DAYS // 30 * 0.8
            states = set(session.scalars(select(Finding.state).distinct()))
            assert "closed" in states, states
            assert session.scalar(select(func.count()).select_from(Publication)) == 3 * len(part.campaigns)
            assert verify(session) == []
    sites = sum(many for _, many, _, _ in PLACES)
    with demo.of("140105") as session:
        assert session.scalar(select(func.count()).select_from(Site)) == sites + HOMES * EACH + VILLAGES


def test_grids_tell_a_story(demo: Stage) -> None:
    """Self-checked and verified side by side; one revoked by a later finding, one by a later visit, two never checked."""
    with demo.of("140105") as session:
        chosen = choose(session, None, Choice(subject="grid"), now().astimezone(ZONE).date())
        board = read_board(session, chosen.ground, chosen.scope)
        for campaign in ("sanitary_city", "civilized_city"):
            total = whole(board[campaign].values())
            assert (total.places, total.gap > 0, total.states["unchecked"]) == (HOMES * EACH, True, 2)
        total = whole(board["sanitary_city"].values())
        assert (total.self_met, total.verified, total.relapsed) == (7, 5, 2)


def test_everything_is_labelled(demo: Stage) -> None:
    with demo.wall.platform() as session:
        assert all(session.scalars(select(Tenant.is_demo)))
    for part in SMALL:
        with demo.of(part.division) as session:
            assert set(session.scalars(select(Visit.note))) == {"演示数据"}
            free = select(Finding.detail, Finding.place).where(Finding.source != "visit")
            assert all("演示数据" in detail + place for detail, place in session.execute(free))
            assert all("演示" in name for name in session.scalars(select(Site.name)))
            assert all("演示数据" in place for place in session.scalars(select(Site.address)))
            assert all(session.scalars(select(Publication.is_demo)))


def test_no_name_is_anybodys(demo: Stage) -> None:
    """Every column that holds a person's name holds a made-up one."""
    columns = [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name in {"person_name", "granted_by", "published_by", "issued_by", "confirmed_by", "arrived_by"}
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


def test_the_province_compares_what_was_published_to_it(demo: Stage) -> None:
    """Its own copies, in the detail that each district granted it; the city's are not among them."""
    period = containing("month", now().astimezone(ZONE).date()).previous
    with demo.of("14") as session:
        for key in installed().campaigns:
            assert {row.district_name for row in compare(session, None, key, period)} == {"小店区", "迎泽区"}
        details = select(Publication.district_slug, Publication.detail).distinct()
        assert dict(session.execute(details).all()) == {part.division: part.to_province for part in SMALL}
        assert verify(session) == []


def test_an_interrupted_start_goes_on(empty: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between two batches of findings, the next call completes what stands and doubles nothing."""
    part, days = replace(SMALL[1], visits=20), 20
    begun = lay.remember_start(empty.wall)
    assert begun is not None
    first = begun.astimezone(ZONE).date() - timedelta(days=days)
    bureaus = lay.raise_bureaus(empty.wall, (part,), first)

    def killed(*given: object) -> Iterator[int]:
        for number, done in enumerate(play_findings(*given)):  # type: ignore[arg-type]
            yield done
            if number == 0:
                raise KeyboardInterrupt

    def lay_it() -> None:
        lay.lay_district(empty.wall, empty.files, installed(), part, bureaus, first, begun)

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


def tally(session: ScopedSession, *columns: Any) -> Counter[Any]:
    """How often each value, or each combination of values, stands in a table."""
    rows = session.execute(select(*columns)).all()
    return Counter(row[0] if len(columns) == 1 else tuple(row) for row in rows)


def test_the_ledger_shows_every_way_of_a_finding(demo: Stage) -> None:
    """In the main district every state that people bring about has a finding, from every kind of source."""
    with demo.of("140105") as session:
        states = tally(session, Finding.state)
        assert states.keys() == STATES.keys() - {HELD}
        assert {"visit", "snapshot", "patrol", "leader", "conduct"} == tally(session, Finding.source).keys()
        assert tally(session, Finding.restricted)[True] == 1
        found = {row.title: row for row in session.scalars(select(Finding).where(Finding.source == "snapshot"))}
        assert found["盲道被占用改造"].extended_days == 8
        assert found["小广告反复张贴"].relapsed == 1
        assert found["校门口车辆停放混乱"].merged_into == found["路口车辆乱停"].id
        arbitrated = found["背街小巷弱电线缆垂落"]
        assert (arbitrated.returns, arbitrated.state) == (1, "closed")
        assert session.scalars(select(Precedent.category)).all() == [arbitrated.category]
        shift = session.scalars(select(Patrol)).one()
        walked = select(Finding.outcome).where(Finding.patrol_id == shift.id)
        assert Counter(session.scalars(walked)) == {"on_spot": 2, None: 1}
        desk = resolve_actor(session, tenant_of(demo), person(session, "演示创建办"), now().date())
        assert desk is not None
        twice = candidates_for(session, desk, found["小区垃圾桶旁散落垃圾"])
        assert [one.finding.id for one in twice] == [found["垃圾桶满溢"].id]


def test_who_answers_is_laid_out(demo: Stage) -> None:
    """Headquarters with areas across lines, a draft that moves nothing, posts with gaps, sponsors with their log."""
    today = now().astimezone(ZONE).date()
    with demo.of("140105") as session:
        grove = select(Unit.kind).where(Unit.tree == "headquarters", Unit.valid_to.is_(None))
        assert Counter(session.scalars(grove)) == {"headquarters": 1, "work_group": 6, "area": 6}
        members = session.execute(select(AreaMember.unit_id, AreaMember.site_id)).all()
        assert (sum(unit is not None for unit, _ in members), sum(site is not None for _, site in members)) == (12, 2)
        draft = session.scalars(select(Reorganisation)).one()
        assert (draft.state, len(draft.body["mapping"])) == ("draft", 2)
        assert {"holder": True, "deputy": True, "assessor": True} == dict.fromkeys(tally(session, Holding.kind), True)
        proof = prove_coverage(session, today)
        assert proof.unit_counts[COVERED] > 20
        assert proof.unit_counts[GAP] > 20
        assert proof.counts[COVERED] > proof.counts["vacant"] > 0
        kinds = tally(session, Sponsorship.kind)
        assert kinds == {"leader": 16, "department": 12, "road_chief": 1, "yard_head": 1}
        assert tally(session, SponsorEntry.kind) == {"visit": 2, "settled": 2, "meeting": 1}
        assert len(session.scalars(select(CategorySet)).one().body["groups"]) == 10
        assert tally(session, RoutingRule.hours) == {4: 1, 12: 1}


def test_what_goes_from_unit_to_unit(demo: Stage) -> None:
    """Notices, whistles, the sample, the sweep, doubts, the contact and the negative list, each in its states."""
    with demo.of("140105") as session:
        assert {"issued", "signed", "replied", "closed", "cancelled"} == tally(session, Notice.state).keys()
        late = select(Notice.id).where(Notice.state == "signed", Notice.due_at < now())
        assert len(session.scalars(late).all()) == 1
        assert tally(session, Whistle.state) == {"solved": 1, "on_site": 1}
        solved = session.scalars(select(Whistle).where(Whistle.state == "solved")).one()
        assert solved.solved_at is not None
        assert solved.solved_at - solved.called_at < timedelta(hours=2)
        assert tally(session, Recheck.state)["relapsed"] == 1
        ticked = session.scalars(select(SweepSite.checked_at)).all()
        assert (len(ticked), sum(at is not None for at in ticked)) == (5, 2)
        doubts = tally(session, Signal.kind, Signal.state)
        assert (
            doubts["photo_reused", "open"] == 4
        )  # the demo has few pictures, and what was fixed on the spot is looked at too
        assert doubts["reopened_soon", "explained"] == 1
        assert tally(session, HandOn.state) == {"answered": 1, "sent": 1}
        assert tally(session, NegativeEntry.state) == {"watched": 1}


def test_cards_of_two_periods(demo: Stage) -> None:
    """The period before last is shown, the last one waits for somebody; every day of both is ranked, for both leagues."""
    last = containing("ten_day", now().astimezone(ZONE).date()).previous
    with demo.of("140105") as session:
        states = {last.previous.start: "shown", last.start: "proposed"}
        rows = session.execute(select(CardIssue.period_start, CardIssue.state)).all()
        assert rows
        assert all(states[start] == state for start, state in rows)
        assert tally(session, CardScheme.state) == {"active": 2}
        days = set(session.scalars(select(RankDay.day)))
        assert (min(days), max(days)) == (last.previous.start, last.end)
        assert all(session.scalars(select(CardIssue.sponsors).where(CardIssue.league == "subdistricts")))


def test_statistics_of_three_months(demo: Stage) -> None:
    """Every basis, every qualifier, every state; what is odd is said, and the numbers are labelled."""
    today = now().astimezone(ZONE).date()
    with demo.of("140105") as session:
        assert tally(session, Observation.basis).keys() == set(BASES)
        assert tally(session, Observation.qualifier).keys() == set(QUALIFIERS)
        assert tally(session, Observation.state).keys() == set(STATISTIC_STATES)
        months = set(session.scalars(select(Observation.period_start).where(Observation.period_kind == "month")))
        assert len(months) == 3
        assert all("演示数据" in note for note in session.scalars(select(Observation.note)))
        assert all(
            "演示数据" in name for name in session.scalars(select(Statistic.name_zh).where(Statistic.origin == "own"))
        )
        desk = resolve_actor(session, tenant_of(demo), person(session, "演示创建办"), today)
        assert desk
        lines = lines_of(session, desk, Asked(period=containing("month", today).previous), today=today)
        said = {one.text.format(**one.params) for found in remarks_of(session, lines, ()).values() for one in found}
        assert "分项 36 + 142 + 2124 + 819 = 3121，申报合计 3182，相差 61（1.92%）" in said
        assert any("103.45" in text for text in said), said
        liaison = resolve_actor(session, tenant_of(demo), person(session, "演示联络员·市场监督管理局"), today)
        assert liaison
        assert read_duties(session, liaison, NUMBERS, now(), limit=9)


def test_appeals_and_a_score_kept_twice(demo: Stage) -> None:
    """One appeal was upheld and cancelled its finding, one waits; the second score differs, and the reason is named."""
    with demo.of("140105") as session:
        assert tally(session, Appeal.state) == {"upheld": 1, "raised": 1}
        upheld = session.scalars(select(Appeal).where(Appeal.state == "upheld")).one()
        assert upheld.effect == "cancel"
        assert session.get_one(Finding, (session.tenant_id, upheld.finding_id)).state == "cancelled"
        waiting = session.scalars(select(Appeal).where(Appeal.state == "raised")).one()
        assert Decimal(waiting.facts["earned"]) < Decimal(waiting.facts["possible"])
        first, second = session.scalars(select(ScoreRun).order_by(ScoreRun.made_at)).all()
        assert second.previous_id == first.id
        assert changes_between(first.body, second.body)
        today = now().astimezone(ZONE).date()
        desk = resolve_actor(session, tenant_of(demo), person(session, "演示创建办"), today)
        assert desk
        assert "statistic" in {one.kind for one in causes(session, desk, first, second)}


def test_other_districts_have_none_of_it(demo: Stage) -> None:
    with demo.of("140106") as session:
        for table in (Notice, Whistle, CardIssue, Sponsorship, Reorganisation, Observation, Appeal, ScoreRun):
            assert session.scalars(select(table)).all() == []


def tenant_of(demo: Stage) -> TenantRef:
    with demo.wall.platform() as session:
        return tenant_ref(session.scalars(select(Tenant).where(Tenant.slug == "140105")).one())


def person(session: ScopedSession, name: str) -> UUID:
    return session.scalars(select(Person.id).where(Person.name == name)).one()


def test_places_can_be_seen_on_a_map_and_scanned(demo: Stage) -> None:
    """Every made-up place has a made-up spot and there are made-up outlines; the main district has plates."""
    for part in SMALL:
        with demo.of(part.division) as session:
            kept = kept_outlines(session)
            assert kept is not None
            assert kept.label == "演示边界"
            spots = session.execute(select(Site.longitude, Site.latitude).where(Site.longitude.is_not(None))).all()
            assert len(set(spots)) >= 10
            plates = session.scalar(select(func.count()).select_from(Plate).where(Plate.revoked_at.is_(None))) or 0
            assert (plates > 10) == (part.division == STAGE)


def test_villages_are_checked_on_both_tracks(demo: Stage) -> None:
    """Made-up villages are places with their own form; some stand by their own word, fewer by others', one was found wanting."""
    today = now().astimezone(ZONE).date()
    with demo.of(STAGE) as session:
        chosen = choose(session, None, Choice(subject="village", campaign="sanitary_city"), today)
        [told] = [whole(one.values()) for one in read_board(session, chosen.ground, chosen.scope).values() if one]
        assert (told.places, told.self_met, told.verified) == (VILLAGES, len(VILLAGES_CHECKED) - 1, len(VERIFIED))
        assert told.states["unchecked"] == VILLAGES - len(VILLAGES_CHECKED)


def test_citizens_reported_at_plates(demo: Stage) -> None:
    """Two reports with photos wait at the desk, one with a made-up contact; their receipts can be followed."""
    with demo.of(STAGE) as session:
        rows = session.execute(
            select(CitizenReport, Finding)
            .join(Finding, Finding.id == CitizenReport.finding_id)
            .order_by(CitizenReport.sent_at)
        ).all()
        assert [(row.contact != "", one.state, one.source) for row, one in rows] == [
            (True, "reported", "snapshot"),
            (False, "reported", "snapshot"),
        ]
        assert all("演示" in row.contact for row, _ in rows if row.contact)
        for row, one in rows:
            assert session.scalars(select(Attachment.id).where(Attachment.finding_id == one.id)).all()
            plate = session.scalars(select(Plate).where(Plate.id == row.plate_id)).one()
            assert read_progress(session, find_plate(session, plate.code), row.receipt).stage == "received"


def test_a_sealed_draw_is_revealed_and_checked_outside(demo: Stage, tmp_path: Path) -> None:
    """One draw is over and its file agrees with itself and with its commitment; another is still sealed."""
    with demo.of(STAGE) as session:
        sealed, shown = list_draws(session)
        assert (sealed.revealed_at, opened(session, sealed.id)) == (None, None)
        found = opened(session, shown.id)
        assert found is not None
        assert found.holds
        assert {stratum: len(ids) for stratum, ids in found.drawn.items()} == dict(found.sizes)
        file = tmp_path / f"{shown.number}.json"
        file.write_text(json.dumps(found.as_json()), encoding="utf-8")
    done = CliRunner().invoke(cli, ["draw", "check", str(file), "--commitment", shown.commitment])
    assert done.exit_code == 0, done.output


def test_an_own_form_is_in_use_with_its_pictures_and_records(demo: Stage) -> None:
    """Published from a workbook: groups, a repeat, a condition, an illustration for each item; two visits answered it."""
    with demo.of(STAGE) as session:
        own = session.scalars(select(OwnForm)).one()
        assert (own.code, own.state, own.title_zh, own.title_en) == (
            CODE, "published", "公交站台巡查表（演示数据）", "Bus stops (demo data)",
        )  # fmt: skip
        form = read_forms(session, [own.sha256])[own.sha256]
        assert pictures_for(session, [form]).keys() >= {"DEMO-STOP-01", "DEMO-STOP-02"}
        entries = [row.data for row in session.scalars(select(SheetEntry).order_by(SheetEntry.visit_id))]
        assert sorted(len(one["boards"]) for one in entries) == [1, 2]
        assert [one["roof_why"] for one in entries if "roof_why" in one] == ["一角漏雨（演示数据）"]
        shots = session.scalars(select(Attachment.question).where(Attachment.question.startswith("entry:"))).all()
        assert len(shots) == 1


def test_projects_are_laid_in_four_kinds(demo: Stage) -> None:
    """A lane that waits for acceptance, a resettlement of 46 households, 9 of 23 boilers, a market's file with its signature."""
    with demo.of(STAGE) as session:
        found = {one.kind: one for one in session.scalars(select(Project))}
        assert {kind: one.state for kind, one in found.items()} == {
            "works": "finished", "resettlement": "running", "objects": "running", "site_file": "running",
        }  # fmt: skip
        counters = {
            one.title: (int(one.planned), int(one.done))
            for one in session.scalars(select(ProjectItem).where(ProjectItem.flow == "counter"))
        }
        assert counters["小锅炉"] == (23, 9)
        assert counters["搬迁住户"] == (46, 21)
        assert found["site_file"].owner_signed_on is not None
        lane = session.scalars(select(ProjectShare.planned).where(ProjectShare.project_id == found["works"].id)).all()
        assert sum(lane) == found["works"].cost


def test_plans_run_with_their_lines(demo: Stage) -> None:
    with demo.of(STAGE) as session:
        plans = list(session.scalars(select(Plan).where(Plan.state == "active")))
        assert Counter(one.kind for one in plans) == {"three_year": 1, "annual": 1, "drive": 2, "sprint": 1}
        guide = next(one for one in plans if one.kind == "annual")
        assert len([one for one in plan_lines(session, [guide.id]) if one.line.parent_id is None]) == 6
        sprint = next(one for one in plans if one.kind == "sprint")
        day = local_day(sprint.created_at) + timedelta(days=20)
        at = count_down(sprint.starts_on, sprint.ends_on, day, sprint.days, calendar_from(session, sprint.starts_on))
        assert (at.number, at.total) == (20, 50)
        states = Counter(session.scalars(select(Task.state).where(Task.plan_id == sprint.id)))
        assert len(states) > 2


def test_quantities_with_what_contradicts_itself(demo: Stage) -> None:
    """Inputs and outputs of two months, the total that its parts are 61 short of, and every kind of candidate."""
    with demo.of(STAGE) as session:
        asked, today = QuantitiesAsked(), now().astimezone(ZONE).date()
        assert {"number", "scopes", "slip"} <= {one.why for one in all_candidates(session, None, asked, today=today)}
        total = session.scalars(select(QuantityEntry).where(QuantityEntry.value == 3182)).one()
        parts = session.scalars(select(QuantityEntry).where(QuantityEntry.total_id == total.id)).all()
        gap = gap_of(total, parts)
        assert gap is not None
        assert (gap.short, gap.percent) == (61, Decimal("1.92"))
        assert {"reported", "verified"} <= set(session.scalars(select(QuantityEntry.state)))
        vague = session.scalars(select(QuantityEntry).where(QuantityEntry.qualifier == "tens_of_thousands")).one()
        assert vague.value is None
