"""Findings of a sponsorship: sponsors beside the rows of a list, what was settled at their places, and what a sponsor sees."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event

from core.figures.card_periods import sponsors_of
from core.figures.periods import Period
from core.settings import ZONE
from core.work.desk.findings import FindingRow, list_findings
from core.work.duties.sponsor_beside import sponsors_beside_findings
from core.work.duties.sponsor_deeds import deeds
from core.work.duties.sponsor_findings import claims, count_settled, term_in
from core.work.duties.sponsor_keeping import Wish, begin_sponsorship
from core.work.duties.sponsor_log import log_entry, open_findings, own_sponsorships, visible
from core.work.marks.card_proposing import Subject
from core.work.marks.card_reading import read_scheme
from core.work.tables import FindingCampaign, SiteGrid, Sponsorship
from tenants.access import Actor
from tenants.scope import Wall
from tests.factory import SINCE, add_actor, add_unit
from tests.work.carding import STREETS
from tests.work.duty_stage import DAY, MORNING, TODAY, Stage, a_finding, an_area, nobody, set_stage, somebody
from tests.work.test_sponsoring import actor_of


@pytest.fixture(scope="module")
def stage(wall: Wall) -> Stage:
    return set_stage(wall)


@pytest.fixture(scope="module")
def office(wall: Wall, stage: Stage) -> Actor:
    return add_actor(wall, stage.district.ref, "hq_office", stage.district.root)


@pytest.fixture
def session(wall: Wall, stage: Stage):
    with stage.district.session(wall) as opened:
        yield opened
        opened.rollback()


def begin(session, kind: str, name: str, **more) -> Sponsorship:
    today = more.pop("today", TODAY - 60 * DAY)
    return begin_sponsorship(session, None, Wish(kind, nobody(session, name).id, **more), today=today)


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


def rows(session, office: Actor) -> list[FindingRow]:
    session.flush()
    return list(list_findings(session, office, now=at(TODAY + DAY)).rows)


def beside(session, office: Actor) -> dict[str, list[str]]:
    found = rows(session, office)
    near = sponsors_beside_findings(session, found)
    return {row.title: [one.name for one in near[row.id]] for row in found}


def test_sponsors_stand_beside_a_page_of_findings_nearest_first(session, stage, office) -> None:
    grid = add_unit(session, "grid", "网格一", [stage.homes[0], stage.street, stage.district.root])
    session.add(SiteGrid(site_id=stage.market, partition="万米单元", unit_id=grid, valid_from=SINCE))
    area = an_area(session, stage, "一片区", stage.homes[0])
    site_area = an_area(session, stage, "二片区", sites=(stage.market,))
    for kind, name, where in (
        ("leader", "区领导", {"object_unit_id": stage.street}),
        ("leader", "片长", {"object_unit_id": area}),
        ("officer", "社区干部", {"object_unit_id": stage.homes[0]}),
        ("leader", "点片长", {"object_unit_id": site_area}),
        ("yard_head", "格长", {"object_unit_id": grid}),
        ("road_chief", "路长", {"object_site_id": stage.market}),
    ):
        begin(session, kind, name, **where)
    a_finding(session, stage.market, stage.homes[0], title="市场里")
    a_finding(session, stage.hospital, stage.homes[1], title="医院里")
    assert beside(session, office) == {
        "市场里": ["路长", "格长", "点片长", "社区干部", "片长", "区领导"],
        "医院里": ["区领导"],
    }


def test_the_day_the_campaign_and_the_field_decide_who_stands_beside_a_row(session, stage, office) -> None:
    home = stage.homes[0]
    for name, more in (
        ("前任", {"until": TODAY - DAY}),
        ("现任", {"valid_from": TODAY}),
        ("管卫生城", {"campaign": "sanitary_city"}),
        ("管文明城", {"campaign": "civilized_city"}),
        ("管环境", {"field": "ENV"}),
        ("管消防", {"field": "消防"}),
        ("管杂务", {"field": "综合协调"}),
    ):
        begin(session, "leader", name, object_unit_id=home, **more)
    new = a_finding(session, stage.market, home, title="今天的", opened_at=at(TODAY), due_at=at(TODAY + DAY))
    a_finding(session, stage.market, home, title="昨天的", opened_at=at(TODAY - DAY, 23), due_at=at(TODAY + DAY))
    session.add(FindingCampaign(finding_id=new, campaign="sanitary_city"))
    found = {title: set(names) for title, names in beside(session, office).items()}
    assert found == {
        "今天的": {"现任", "管卫生城", "管环境", "管杂务"},
        "昨天的": {"前任", "管环境", "管杂务"},
    }


def test_a_page_asks_for_its_sponsors_in_two_queries_at_most(session, stage, office) -> None:
    begin(session, "leader", "总包", object_unit_id=stage.street)
    begin(session, "leader", "管环境", object_unit_id=stage.street, field="ENV")
    for n in range(12):
        place, unit = ((stage.market, stage.homes[0]), (stage.hospital, stage.homes[1]))[n % 2]
        a_finding(session, place, unit, title=f"问题{n}")
    found, asked = rows(session, office), []
    connection = session.connection()

    def note(_c, _cursor, statement, *_rest) -> None:
        asked.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        near = sponsors_beside_findings(session, found)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    assert 1 <= len(asked) <= 2
    assert {tuple(one.name for one in some) for some in near.values()} == {("总包", "管环境")}
    assert sponsors_beside_findings(session, []) == {}


def settled(session, *sponsorships: Sponsorship, days=(TODAY - 30 * DAY, TODAY)) -> list[int]:
    session.flush()
    found = deeds(session, [one.id for one in sponsorships], days)
    return [found[one.id].at_places for one in sponsorships]


def closed(session, stage: Stage, day: date, *, category: str = "ENV-TOILET", place: int = 0, **more) -> UUID:
    site = (stage.market, stage.hospital)[place]
    moment = more.pop("at", at(day))
    fields = {"state": "closed", "closed_at": moment, "opened_at": moment - DAY, "category": category}
    return a_finding(session, site, stage.homes[place], **(fields | {"due_at": moment} | more))


def test_findings_closed_at_his_places_count_by_themselves_within_term_and_field(session, stage) -> None:
    first, last = TODAY - 20 * DAY, TODAY - 10 * DAY
    term = {"valid_from": first, "until": last}
    home = {"object_unit_id": stage.homes[0]}
    whole = begin(session, "leader", "全部", **home, **term)
    fielded = begin(session, "field_officer", "管消防", **home, **term, field="消防")
    limited = begin(session, "leader", "管卫生城", **home, **term, campaign="sanitary_city")
    street = begin(session, "leader", "街道", object_unit_id=stage.street)
    site = begin(session, "site_officer", "医院", object_site_id=stage.hospital)
    area_id = an_area(session, stage, "三片区", stage.homes[0], sites=(stage.market,))
    area = begin(session, "leader", "片区", object_unit_id=area_id, today=TODAY - 25 * DAY)
    project = begin(session, "project_lead", "项目", project="公园建设")
    for day in (first - DAY, first, last, last + DAY):
        closed(session, stage, day)
    of_both = closed(session, stage, first, category="SAF-FIRE")
    session.add(FindingCampaign(finding_id=of_both, campaign="sanitary_city"))
    closed(session, stage, last, at=at(last, 23))
    closed(session, stage, last + DAY, at=at(last + DAY, 0))
    closed(session, stage, first, place=1)
    closed(session, stage, first, restricted=True)
    a_finding(session, stage.market, stage.homes[0])  # still open
    assert settled(session, whole) == [4]
    assert settled(session, fielded, limited) == [1, 1]
    assert settled(session, street, site, area, project) == [8, 1, 7, 0]
    assert settled(session, whole, street, days=(last, last)) == [2, 2]
    assert settled(session, whole, days=(last + DAY, TODAY)) == [0]


def test_what_is_settled_at_his_places_is_not_what_he_did_himself(session, stage) -> None:
    row = begin(session, "leader", "甩手", object_unit_id=stage.homes[0])
    closed(session, stage, TODAY)
    session.flush()
    did = deeds(session, [row.id], (TODAY, TODAY))[row.id]
    assert (did.at_places, did.settled, did.closed, did.last, did.idle) == (1, 0, 0, None, True)
    assert did.body["at_places"] == 1


def test_the_list_behind_the_number_has_as_many_rows(session, stage, office) -> None:
    row = begin(session, "leader", "全部", object_unit_id=stage.homes[0], campaign="sanitary_city", field="ENV")
    for n, category in enumerate(("ENV-TOILET", "ENV-TOILET", "SAF-FIRE")):
        one = closed(session, stage, TODAY - n * DAY, category=category)
        session.add(FindingCampaign(finding_id=one, campaign="sanitary_city"))
    closed(session, stage, TODAY)
    session.flush()
    days = (TODAY - 9 * DAY, TODAY)
    known = claims(session, [row], TODAY)
    assert count_settled(session, [row], known, days) == {row.id: 2}
    found = [one for one in rows(session, office) if one.closed_at and _within(row, one, days)]
    assert sum(known[row.id].has(one.unit_id, one.site_id, one.category, one.campaigns) for one in found) == 2


def _within(row: Sponsorship, one: FindingRow, days: tuple[date, date]) -> bool:
    term = term_in(row, days)
    return term is not None and one.closed_at is not None and term[0] <= one.closed_at < term[1]


def test_a_sponsor_without_a_post_sees_what_is_open_at_his_places_and_logs_it(session, stage) -> None:
    person = nobody(session, "市领导")
    wish = Wish("leader", person.id, object_unit_id=stage.homes[0], field="ENV")
    row = begin_sponsorship(session, None, wish, today=TODAY - 9 * DAY)
    here = a_finding(session, stage.market, stage.homes[0])
    a_finding(session, stage.market, stage.homes[0], category="SAF-FIRE")
    a_finding(session, stage.market, stage.homes[0], restricted=True)
    a_finding(session, stage.hospital, stage.homes[1])
    closed(session, stage, TODAY)
    actor = actor_of(session, stage, person)
    assert actor.duties == ()
    lines = own_sponsorships(session, actor, TODAY)
    found = open_findings(session, actor, lines, MORNING, TODAY)
    assert [(one.id, line.id) for one, line in found] == [(here, row.id)]
    assert visible(session, actor, [here], TODAY) == set()
    log_entry(session, actor, row.id, kind="settled", day=TODAY, finding_id=here, today=TODAY)


def test_a_post_decides_which_of_them_open(session, stage) -> None:
    person = somebody(session, "第二社区联络员", stage.homes[1])
    for home in stage.homes:
        begin_sponsorship(session, None, Wish("officer", person.id, object_unit_id=home), today=TODAY - 9 * DAY)
    there = a_finding(session, stage.market, stage.homes[0])
    own = a_finding(session, stage.hospital, stage.homes[1])
    actor = actor_of(session, stage, person)
    found = open_findings(session, actor, own_sponsorships(session, actor, TODAY), MORNING, TODAY)
    assert {one.id for one, _ in found} == {there, own}
    assert visible(session, actor, [there, own], TODAY) == {own}


def test_a_term_outside_the_period_is_none() -> None:
    row = Sponsorship(kind="leader", valid_from=TODAY, valid_to=TODAY + timedelta(3))
    assert term_in(row, (TODAY - 9 * DAY, TODAY - DAY)) is None
    assert term_in(row, (TODAY + 3 * DAY, TODAY + 9 * DAY)) is None
    assert term_in(row, (TODAY - DAY, TODAY)) == (at(TODAY, 0), at(TODAY + DAY, 0))


def test_a_card_names_a_units_own_sponsors_else_the_nearest_above(session, stage) -> None:
    begin(session, "leader", "街道包保", object_unit_id=stage.street)
    begin(session, "leader", "社区包保", object_unit_id=stage.homes[0])
    session.flush()
    scheme = read_scheme(STREETS)
    subjects = [Subject(home, "community", "社区") for home in stage.homes]
    found = sponsors_of(session, scheme, subjects, Period("day", TODAY, TODAY))
    assert [[line.name for line in found[home]] for home in stage.homes] == [["社区包保"], ["街道包保"]]
