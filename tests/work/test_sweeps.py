"""Checks of similar sites (举一反三): planned in one step, done by visits, reports or by hand, and what more they found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from core.campaigns import installed
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.inspection.visits import submit
from core.work.intake.reporting import report
from core.work.proofs.sweep_reading import by_unit, get_sweep, list_sweeps, open_at_site, progress_of
from core.work.proofs.sweeps import close, plan, similar_sites, tick_site
from core.work.tables import Finding, Site, Sweep, SweepSite
from tenants.access import Actor
from tenants.db import new_id
from tests.factory import District, add_actor, add_site, bare_district
from tests.work.ledger_town import Town, lay_finding
from tests.work.market import ALL_GOOD, ANSWERS, THURSDAY

NOW = THURSDAY + timedelta(hours=1)
LATE = NOW + timedelta(days=3)
DUE = date(2026, 11, 27)


@dataclass
class Place:
    """Five sites, three of them markets, and those who go there."""

    district: District
    office: Actor
    inspector: Actor
    homes: list[Actor]
    sites: list[UUID]
    photo: str = ""


@pytest.fixture(scope="module")
def place(wall) -> Place:
    registry = installed()
    campaigns = {c.key: (c.edition.key, c.edition.sha256) for c in registry.campaigns.values()}
    made = bare_district(wall, "同类区", campaigns)
    office = add_actor(wall, made.ref, "hq_office", made.root)
    inspector = add_actor(wall, made.ref, "inspector", made.root)
    homes = [add_actor(wall, made.ref, "grid_worker", home) for home in made.communities]
    with made.session(wall) as session:
        sites = [
            add_site(session, made.communities[0], "produce_market", name="南市场"),
            add_site(session, made.communities[0], "produce_market", name="北市场"),
            add_site(session, made.communities[1], "produce_market", "square", name="东市场"),
            add_site(session, made.communities[1], "square", name="西广场"),
            add_site(session, made.communities[1], "produce_market", name="已关市场"),
        ]
        session.commit()
    return Place(made, office, inspector, homes, sites)


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        opened.execute(select(1))
        yield opened
        opened.rollback()


def visit(session, place, site, answers=ANSWERS, *, now=NOW):
    campaigns = list(installed().campaigns.values())
    return submit(
        session, place.inspector, campaigns=campaigns, visit_id=new_id(), site_id=site, answers=answers, now=now
    )


def first(session, place, question: str = "toilet_clean") -> Finding:
    done = visit(session, place, place.sites[0], now=THURSDAY)
    return next(found for found in done.findings if found.question == question)


def begun(session, place, finding=None, **more) -> Sweep:
    found = finding or first(session, place)
    return plan(session, place.office, found.id, due_on=DUE, now=NOW, **more)


def named(session, place, sweep, who=None) -> dict[str, bool]:
    rows = progress_of(session, sweep, now=NOW + timedelta(days=3), actor=who or place.office)
    return {row.site_name: row.done for row in rows}


def test_all_similar_active_sites_in_one_step(session, place) -> None:
    session.get(Site, (session.tenant_id, place.sites[4])).state = "closed"
    finding = first(session, place)
    names = [one.name for one in similar_sites(session, place.office, finding, on=DUE)]
    assert sorted(names) == ["东市场", "北市场"]
    sweep = begun(session, place, finding)
    assert sweep.question == "toilet_clean"
    assert named(session, place, sweep) == {"北市场": False, "东市场": False}
    other = similar_sites(session, place.office, finding, types=["square"], on=DUE)
    assert sorted(one.name for one in other) == ["东市场", "西广场"]
    here = similar_sites(session, place.office, finding, unit_id=place.district.communities[0], on=DUE)
    assert [one.name for one in here] == ["北市场"]
    with pytest.raises(Conflict, match="正在进行"):
        begun(session, place, finding)


def test_chosen_sites_and_what_is_refused(session, place, wall) -> None:
    finding = first(session, place)
    sweep = begun(session, place, finding, sites=[place.sites[3]])
    assert named(session, place, sweep) == {"西广场": False}
    another = next(f for f in session.scalars(select(Finding)) if f.question == "rapid_test_room")
    for more, error in (
        ({"sites": [new_id()]}, NotFound),
        ({"sites": []}, InvalidInput),
        ({"types": ["no_such"]}, InvalidInput),
        ({"due_on": THURSDAY.date() - timedelta(days=1)}, InvalidInput),
        ({"title": "长" * 121}, InvalidInput),
    ):
        with pytest.raises(error):
            plan(session, place.office, another.id, **({"due_on": DUE, "now": NOW} | more))
    with pytest.raises(Forbidden):
        plan(session, place.inspector, another.id, due_on=DUE, now=NOW)
    with pytest.raises(NotFound):
        plan(session, place.office, new_id(), due_on=DUE, now=NOW)


def test_the_next_visit_that_asked_the_same_settles_a_site(session, place) -> None:
    sweep = begun(session, place)
    before = visit(session, place, place.sites[1], now=NOW - timedelta(minutes=5))
    assert named(session, place, sweep)["北市场"] is False, "an earlier visit does not count"
    done = visit(session, place, place.sites[1], ALL_GOOD, now=NOW + timedelta(hours=1))
    rows = {r.site_name: r for r in progress_of(session, sweep, now=NOW + timedelta(days=1), actor=place.office)}
    assert rows["北市场"].visit_id == done.visit.id
    assert rows["北市场"].found == 0
    assert before.visit.id != done.visit.id
    assert not rows["东市场"].done


def test_what_more_it_found_is_counted_from_its_beginning_to_its_end(session, place) -> None:
    finding = first(session, place)
    visit(session, place, place.sites[2], now=NOW - timedelta(minutes=5))
    sweep = begun(session, place, finding)
    alike = visit(session, place, place.sites[1], now=NOW + timedelta(hours=1)).findings
    wanted = [f for f in alike if f.question == "toilet_clean" or f.category == finding.category]
    row = get_sweep(session, place.office, sweep.id, NOW + timedelta(days=1))
    assert (row.sites, row.done, row.found) == (3, 1, len(wanted))
    assert wanted
    close(session, place.office, sweep.id, now=NOW + timedelta(days=2))
    visit(session, place, place.sites[2], now=NOW + timedelta(days=3))
    row = get_sweep(session, place.office, sweep.id, NOW + timedelta(days=4))
    assert (row.sites, row.done, row.found) == (3, 1, len(wanted)), "what comes later is no part of it"
    kept = session.scalars(select(SweepSite).where(SweepSite.site_id == place.sites[1])).one()
    assert kept.checked_at == NOW + timedelta(hours=1)
    with pytest.raises(Conflict):
        close(session, place.office, sweep.id, now=NOW)
    with pytest.raises(Conflict, match="结束"):
        tick_site(session, place.office, sweep.id, place.sites[2], note="看过", now=NOW)


def test_a_report_of_the_kind_settles_a_site_too(session, place) -> None:
    finding = first(session, place)
    sweep = begun(session, place, finding)
    at = NOW + timedelta(hours=2)
    report(
        session, place.office, source="self", category=finding.category, site_id=place.sites[2], detail="也有", now=at
    )
    rows = {r.site_name: r for r in progress_of(session, sweep, now=at, actor=place.office)}
    assert (rows["东市场"].done, rows["东市场"].found) == (True, 1)


def test_by_hand_with_a_note_once(session, place) -> None:
    sweep = begun(session, place)
    south, _east = place.homes
    site = place.sites[1]
    with pytest.raises(InvalidInput) as refused:
        tick_site(session, south, sweep.id, site, note=" ", now=NOW)
    assert refused.value.faults[0].field == "note"
    with pytest.raises(NotFound):
        tick_site(session, south, sweep.id, place.sites[2], note="看过", now=NOW)  # another community's
    with pytest.raises(NotFound):
        tick_site(session, south, sweep.id, place.sites[0], note="看过", now=NOW)  # no site of it
    tick_site(session, south, sweep.id, site, note="查过厕所，干净", now=NOW)
    with pytest.raises(Conflict, match=south.name):
        tick_site(session, place.inspector, sweep.id, site, note="也看过", now=NOW)
    row = next(r for r in progress_of(session, sweep, now=NOW, actor=place.office) if r.site_id == site)
    assert (row.done, row.by_hand, row.note) == (True, south.name, "查过厕所，干净")


def test_everybody_sees_his_own_sites(session, place) -> None:
    sweep = begun(session, place)
    south, east = place.homes
    assert named(session, place, sweep, south) == {"北市场": False}
    assert [one.sweep.id for one in list_sweeps(session, east, now=NOW)] == [sweep.id]
    assert get_sweep(session, east, sweep.id, NOW).finding is None, "the finding itself lies elsewhere"
    assert [one.id for one in open_at_site(session, south, place.sites[1], NOW)] == [sweep.id]
    assert open_at_site(session, south, place.sites[0], NOW) == []
    visit(session, place, place.sites[1], now=NOW + timedelta(hours=1))
    assert open_at_site(session, south, place.sites[1], NOW + timedelta(hours=2)) == []
    groups = by_unit(progress_of(session, sweep, now=NOW, actor=place.office))
    assert [len(rows) for _unit, rows in groups] == [1, 2]


def test_the_restricted_class_gives_rise_to_none(session, place, wall) -> None:
    finding = first(session, place)
    sweep = begun(session, place, finding)
    finding.restricted = True
    session.flush()
    assert list_sweeps(session, place.office, now=NOW) == []
    with pytest.raises(NotFound):
        get_sweep(session, place.homes[0], sweep.id, NOW)
    assert open_at_site(session, place.homes[0], place.sites[1], NOW) == []
    discipline = add_actor(wall, place.district.ref, "discipline", place.district.root)
    with pytest.raises(Conflict, match="限定范围"):
        plan(session, discipline, finding.id, due_on=DUE, now=NOW)


def test_a_finding_without_a_site_needs_types(session, place) -> None:
    stand = Town(place.district, site=place.sites[0])
    finding = lay_finding(session, stand, "rectifying")
    finding.site_id, finding.place = None, "路口"
    session.flush()
    with pytest.raises(InvalidInput):
        begun(session, place, finding)
    sweep = begun(session, place, finding, types=["square"])
    assert len(named(session, place, sweep)) == 2


def test_the_list_takes_two_queries_however_many_checks_there_are(wall, session, place) -> None:
    said: list[str] = []

    def note(_conn, _cursor, statement, *_rest) -> None:
        said.append(statement)

    def count(who: Actor, size: int) -> int:
        said.clear()
        event.listen(wall.engine, "before_cursor_execute", note)
        try:
            assert len(list_sweeps(session, who, now=LATE, size=50)) == size
        finally:
            event.remove(wall.engine, "before_cursor_execute", note)
        return len(said)

    found = visit(session, place, place.sites[0], now=THURSDAY).findings
    begun(session, place, found[0])
    assert count(place.office, 1) == 2
    for finding in found[1:7]:
        begun(session, place, finding)
    begun(session, place, lay_finding_without_question(session, place), types=["produce_market"])
    east = place.homes[1]
    visit(session, place, place.sites[2], now=NOW + timedelta(hours=2))
    visit(session, place, place.sites[1], ALL_GOOD, now=NOW + timedelta(hours=3))
    close(session, place.office, list_sweeps(session, place.office, now=LATE)[0].sweep.id, now=LATE)
    visit(session, place, place.sites[1], now=LATE + timedelta(hours=3))
    for who in (place.office, east):
        assert count(who, 8) == 2
        for row in list_sweeps(session, who, now=LATE):
            sites = progress_of(session, row.sweep, now=LATE, actor=who)
            wanted = (len(sites), sum(one.done for one in sites), sum(one.found for one in sites))
            assert (row.sites, row.done, row.found) == wanted
            again = get_sweep(session, who, row.sweep.id, LATE)
            assert (again.sites, again.done, again.found) == wanted
    assert any(row.done for row in list_sweeps(session, place.office, now=LATE))
    assert any(row.found for row in list_sweeps(session, place.office, now=LATE))


def lay_finding_without_question(session, place) -> Finding:
    """A finding of another kind that no form asked for."""
    finding = lay_finding(session, Town(place.district, site=place.sites[3]), "dispatched")
    assert finding.question in (None, "")
    return finding
