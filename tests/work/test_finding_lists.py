"""The lists narrowed and counted in every way, as of a day that is past, kept under a name, and worked through in bulk."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from core.errors import Conflict, InvalidInput, NotFound
from core.work.calendar import seed_calendar
from core.work.desk.bulk_steps import act_on_all, preview, step_of, steps_in_bulk
from core.work.desk.finding_filters import GROUPS, Filter
from core.work.desk.finding_numbers import id_of_number
from core.work.desk.finding_tally import tally
from core.work.desk.findings import list_findings
from core.work.desk.people_in_charge import people_in_charge
from core.work.desk.saved_filters import MOST, remove_filter, restore_filter, save_filter, saved_filters
from core.work.loop.ledger import act
from core.work.loop.states import STATES
from core.work.organisation.unit_people import people_of
from core.work.tables import AreaMember, Finding, FindingEvent
from tenants.access import Actor
from tests.factory import add_actor, add_unit
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

HOUR = timedelta(hours=1)
THE_DAY = date(2026, 11, 19)


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    """One finding in each state, and some that differ in one thing."""
    made = town(wall, tmp_path_factory.mktemp("files"))
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        made.by = {}
        for state in STATES:
            made.by[state] = lay_finding(session, made, state).id
        for name, columns in (
            ("serious", {"severity": "serious"}),
            ("returned", {"returns": 2}),
            ("relapsed", {"reopened": 1, "relapsed": 1}),
            ("late", {"due_at": THURSDAY + HOUR}),
            ("older", {"opened_at": THURSDAY - timedelta(days=9)}),
            ("other_kind", {"category": "SAF-FIRE"}),
            ("free", {"site_id": None, "place": "南门口路边", "number": "2026-00777"}),
        ):
            finding = lay_finding(session, made, "taken", source="leader" if name == "serious" else "visit")
            for column, value in columns.items():
                setattr(finding, column, value)
            made.by[name] = finding.id
        made.by["secret_class"] = lay_finding(session, made, "taken", restricted=True).id
        session.flush()
        act(
            session,
            made.people["liaison"],
            made.by["dispatched"],
            "take",
            version=1,
            now=THURSDAY + HOUR,
            person_id=made.people["liaison"].person_id,
        )
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


@pytest.fixture
def office(place) -> Actor:
    return place.people["office"]


LATER = THURSDAY + 3 * HOUR


def found(session, actor, place, **wanted) -> set[str]:
    names = {key: name for name, key in place.by.items()}
    rows = list_findings(session, actor, Filter(**wanted), now=LATER, page_size=200).rows
    return {names[row.id] for row in rows if row.id in names}  # without the one that the merged one went into


# --- filters -------------------------------------------------------------------------------------------------------


def test_groups_cover_every_state_once(session, office, place):
    own = [state for key in ("new", "working", "to_check", "closed", "dismissed") for state in GROUPS[key][1]]
    assert sorted(own) == sorted(STATES)
    assert found(session, office, place, groups=["new"]) == {"reported", "accepted"}
    assert found(session, office, place, groups=["to_check", "closed"]) == {"answered", "closed", "stable"}
    assert found(session, office, place, groups=["overdue"]) == {"late"}
    assert found(session, office, place, groups=["recurring"]) == {"relapsed"}
    assert found(session, office, place, groups=["dismissed"]) == {"rejected", "cancelled", "merged"}


def test_each_filter_by_itself(session, office, place):
    whole = found(session, office, place)
    assert whole == place.by.keys() - {"secret_class"}
    assert found(session, office, place, severities=["serious"]) == {"serious"}
    assert found(session, office, place, sources=["leader"]) == {"serious"}
    assert found(session, office, place, returned=True) == {"returned"}
    assert found(session, office, place, returned=False) == whole - {"returned"}
    assert found(session, office, place, relapsed=True) == {"relapsed"}
    assert found(session, office, place, categories=["SAF-FIRE"]) == {"other_kind"}
    assert found(session, office, place, text="南门口") == {"free"}
    assert found(session, office, place, text="00777") == {"free"}
    assert found(session, office, place, site_id=place.site) == whole - {"free"}
    assert found(session, office, place, people=[place.people["liaison"].person_id]) == {"dispatched"}
    assert found(session, office, place, people=[place.people["helper"].person_id]) == set()
    assert found(session, office, place, opened_to=THE_DAY - timedelta(days=1)) == {"older"}
    assert found(session, office, place, opened_from=THE_DAY, opened_to=THE_DAY) == whole - {"older"}
    assert found(session, office, place, states=["taken"], severities=["serious"], returned=True) == set()


def test_the_restricted_class_needs_its_post(session, place):
    assert found(session, place.people["discipline"], place, states=["taken"]) >= {"secret_class", "serious"}
    assert "secret_class" not in found(session, place.people["leader"], place)


def test_areas_go_across_subdistricts(session, office, place):
    area = add_unit(session, "area", "一片区", [])
    empty = add_unit(session, "area", "二片区", [])
    session.add(AreaMember(area_id=area, site_id=place.site, valid_from=date(2026, 1, 1)))
    session.flush()
    whole = found(session, office, place)
    assert found(session, office, place, areas=[area]) == whole - {"free"}
    assert found(session, office, place, areas=[empty]) == set()
    assert found(session, office, place, areas=[empty, area], severities=["serious"]) == {"serious"}
    assert found(session, office, place, areas=[area], as_of=date(2025, 12, 31)) == set()


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"groups": ["soon"]}, "group"),
        ({"sources": ["radio"]}, "source"),
        ({"severities": ["dreadful"]}, "severity"),
        ({"outcomes": ["gone"]}, "outcome"),
        ({"opened_from": date(2026, 11, 20), "opened_to": THE_DAY}, "to"),
    ],
)
def test_bad_filters_are_named(session, office, wanted, field):
    with pytest.raises(InvalidInput) as caught:
        list_findings(session, office, Filter(**wanted))
    assert [fault.field for fault in caught.value.faults] == [field]


def test_people_to_filter_and_to_choose_from(session, place, office):
    liaison = place.people["liaison"]
    assert [key for key, _ in people_in_charge(session, office, THE_DAY)] == [liaison.person_id]
    assert people_in_charge(session, place.people["stranger"], THE_DAY) == []
    names = {one.id for one in people_of(session, place.lead, THE_DAY)}
    assert liaison.person_id in names
    assert place.people["office"].person_id not in names
    assert people_of(session, place.lead, THE_DAY, person_id=office.person_id) == []


def test_a_number_leads_to_its_finding_within_reach(session, place, office):
    assert id_of_number(session, office, " 2026-00777 ", now=LATER) == place.by["free"]
    assert id_of_number(session, place.people["stranger"], "2026-00777", now=LATER) is None
    assert id_of_number(session, office, "2026-99999", now=LATER) is None


# --- counts --------------------------------------------------------------------------------------------------------


def test_the_tally_agrees_with_the_rows(session, office, place):
    for wanted in (Filter(), Filter(view="rectification"), Filter(severities=["serious"]), Filter(text="南门口")):
        said = tally(session, office, wanted, now=LATER)
        whole = list_findings(session, office, wanted, now=LATER, page_size=200)
        rows = whole.rows
        assert tally(session, office, wanted, now=LATER, whole=whole) == said, "counted from the page alike"
        assert said.total == len(rows)
        assert not said.more
        assert said.overdue == sum(row.overdue for row in rows)
        assert said.to_check == sum(row.state == "answered" for row in rows)
        assert said.open == sum(bool(STATES[row.state].waits_for) or row.state == "held" for row in rows)
        assert said.closed == sum(row.state in ("closed", "stable") for row in rows)


def test_a_long_list_is_not_counted_to_its_end(session, office, place, monkeypatch):
    whole = tally(session, office, Filter(), now=LATER)
    monkeypatch.setattr("core.work.desk.finding_tally.MOST", 3)
    said = tally(session, office, Filter(), now=LATER)
    assert (said.total, said.more) == (3, True)
    assert (said.open, said.overdue, said.to_check, said.at_desk) == (
        whole.open,
        whole.overdue,
        whole.to_check,
        whole.at_desk,
    ), "what is not over is counted to its end"


def test_a_list_takes_few_queries_whatever_is_asked(wall, session, office, place):
    statements: list[str] = []

    @event.listens_for(wall.engine, "before_cursor_execute")
    def note(_conn, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    wanted = Filter(groups=["overdue"], people=[office.person_id], returned=True, units=[place.district.street])
    try:
        for filtered, limit in ((wanted, 3), (replace(wanted, as_of=THE_DAY), 5)):
            statements.clear()
            list_findings(session, office, filtered, now=LATER)
            tally(session, office, filtered, now=LATER)
            assert len(statements) <= limit + 2, statements
    finally:
        event.remove(wall.engine, "before_cursor_execute", note)


# --- as of a day ---------------------------------------------------------------------------------------------------


def test_a_list_as_of_a_day_tells_what_the_history_tells(session, place, wall):
    """Two days of one finding: taken on the first, answered and sent back on the second."""
    finding = lay_finding(session, place, "dispatched")
    liaison, office = place.people["liaison"], place.people["office"]
    friday = THURSDAY + timedelta(days=1)
    act(session, liaison, finding.id, "take", version=1, now=THURSDAY + HOUR)
    act(session, liaison, finding.id, "answer", version=2, photos=[place.photo], now=friday)
    act(session, office, finding.id, "send_back", version=3, note="墙角未清", now=friday + HOUR)
    session.flush()

    def row(day):
        wanted = Filter(extra=(Finding.id == finding.id,), as_of=day)
        return next(iter(list_findings(session, office, wanted, now=friday + 9 * HOUR).rows), None)

    assert row(THE_DAY - timedelta(days=1)) is None
    assert (row(THE_DAY).state, row(THE_DAY).version, row(THE_DAY).answered_at) == ("taken", 2, None)
    later = row(THE_DAY + timedelta(days=1))
    assert (later.state, later.version, later.lead.unit_id) == ("rectifying", 4, place.lead)
    only = Filter(states=["taken"], extra=(Finding.id == finding.id,), as_of=THE_DAY)
    assert len(list_findings(session, office, only, now=friday).rows) == 1
    assert list_findings(session, office, replace(only, as_of=friday.date()), now=friday + 9 * HOUR).rows == []
    counted = tally(session, office, replace(only, states=()), now=friday + 9 * HOUR)
    assert (counted.total, counted.open, counted.to_check) == (1, 1, 0)
    page = list_findings(session, office, replace(only, states=()), now=friday + 9 * HOUR)
    assert tally(session, office, replace(only, states=()), now=friday + 9 * HOUR, whole=page) == counted


# --- saved filters -------------------------------------------------------------------------------------------------


def test_a_filter_is_kept_shared_removed_and_restored(session, office, place):
    leader = place.people["leader"]
    kept = save_filter(session, office, "findings", " 超期 ", "view=problem&group=overdue")
    assert [one.name for one in saved_filters(session, office, "findings")] == ["超期"]
    assert saved_filters(session, leader, "findings") == []
    assert saved_filters(session, office, "sites") == []
    again = save_filter(session, office, "findings", "超期", "view=rectification&group=overdue", shared=True)
    assert (again.id, again.query) == (kept.id, "view=rectification&group=overdue")
    assert [one.id for one in saved_filters(session, leader, "findings")] == [kept.id]
    with pytest.raises(NotFound):
        remove_filter(session, leader, kept.id)
    remove_filter(session, office, kept.id)
    assert saved_filters(session, office, "findings") == []
    restore_filter(session, office, kept.id)
    assert [one.id for one in saved_filters(session, office, "findings")] == [kept.id]


@pytest.mark.parametrize(
    ("name", "query", "field"), [("", "a=1", "name"), ("甲" * 31, "a=1", "name"), ("甲", "", "query")]
)
def test_a_filter_needs_a_name_and_something_to_filter(session, office, name, query, field):
    with pytest.raises(InvalidInput) as caught:
        save_filter(session, office, "findings", name, query)
    assert [fault.field for fault in caught.value.faults] == [field]


def test_nobody_keeps_too_many(session, place):
    who = place.people["inspector"]
    for number in range(MOST):
        save_filter(session, who, "findings", f"条件{number}", "group=new")
    with pytest.raises(Conflict):
        save_filter(session, who, "findings", "再来一个", "group=new")


# --- many at once --------------------------------------------------------------------------------------------------


def test_what_may_be_done_in_bulk_follows_the_table(place):
    of = {name: {step.verb for step in steps_in_bulk(actor)} for name, actor in place.people.items()}
    assert of["liaison"] >= {"take", "start", "assign", "return"}
    assert "answer" not in of["liaison"], "a photo proves one finding"
    assert of["office"] >= {"close", "accept", "dispatch", "cancel"}
    assert not of["office"] & {"merge", "correct", "hold", "move"}
    assert of["inspector"] == set()
    with pytest.raises(InvalidInput):
        step_of(place.people["liaison"], "close")


def test_a_preview_says_which_may_and_why_not(wall, session, place):
    liaison = place.people["liaison"]
    step = step_of(liaison, "take")
    chosen = [place.by[name] for name in ("taken", "answered", "returned")]
    ready = lay_finding(session, place, "dispatched").id
    statements: list[str] = []

    @event.listens_for(wall.engine, "before_cursor_execute")
    def note(_conn, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    try:
        rows = {one.row.id: one for one in preview(session, liaison, step, [ready, *chosen], now=LATER)}
    finally:
        event.remove(wall.engine, "before_cursor_execute", note)
    assert len(statements) <= 6
    assert rows[ready].refusal is None
    assert {type(rows[key].refusal) for key in chosen} == {Conflict}
    assert preview(session, place.people["stranger"], step, [ready], now=LATER) == [], "out of reach is not named"
    by_filter = preview(session, liaison, step, Filter(states=["dispatched"]), now=LATER)
    assert {one.row.id for one in by_filter} == {ready}


def test_each_finding_stands_for_itself(session, place):
    """One is stale, one is in another state, two are taken; what is missing for all is said before anything is done."""
    office = place.people["office"]
    answered = [lay_finding(session, place, "answered").id for _ in range(3)]
    wrong = lay_finding(session, place, "taken").id
    versions = dict.fromkeys([*answered, wrong], 1) | {answered[0]: 7}
    step = step_of(office, "close")
    with pytest.raises(InvalidInput) as caught:
        act_on_all(session, office, step, versions, now=LATER)
    assert [fault.field for fault in caught.value.faults] == ["outcome"]
    done = {one.id: one for one in act_on_all(session, office, step, versions, now=LATER, outcome="fixed")}
    assert [done[key].state for key in answered] == ["answered", "closed", "closed"]
    assert type(done[answered[0]].refusal).__name__ == "Stale"
    assert isinstance(done[wrong].refusal, Conflict)
    lines = session.scalars(select(FindingEvent.finding_id).where(FindingEvent.verb == "close")).all()
    assert sorted(lines) == sorted(answered[1:])


def test_never_more_than_can_be_looked_through(session, place, monkeypatch):
    monkeypatch.setattr("core.work.desk.bulk_steps.MOST", 3)
    office = place.people["office"]
    with pytest.raises(Conflict, match="一次最多办理"):
        preview(session, office, step_of(office, "cancel"), Filter(), now=LATER)
    with pytest.raises(Conflict):
        act_on_all(session, office, step_of(office, "cancel"), dict.fromkeys(place.by.values(), 1), now=LATER, note="x")


def test_a_person_in_charge_works_at_the_unit(wall, session, place):
    """Whoever is named with a dispatch or as a helper holds a post there."""
    office, stranger = place.people["office"], place.people["stranger"]
    finding = lay_finding(session, place, "accepted").id
    with pytest.raises(InvalidInput) as caught:
        act(session, office, finding, "dispatch", version=1, person_id=stranger.person_id, now=LATER)
    assert [fault.field for fault in caught.value.faults] == ["person"]
    mate = add_actor(wall, place.district.ref, "liaison", place.other)
    with pytest.raises(InvalidInput):
        act(session, office, finding, "dispatch", version=1, unit_id=place.lead, person_id=mate.person_id, now=LATER)
    done = act(
        session, office, finding, "dispatch", version=1, unit_id=place.other, person_id=mate.person_id, now=LATER
    )
    assert done.state == "dispatched"
    row = list_findings(session, office, Filter(people=[mate.person_id]), now=LATER).rows[0]
    assert (row.id, row.lead.unit_id) == (finding, place.other)
