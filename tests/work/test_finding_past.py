"""The lists as of a day: who led, helped, was in charge, and what a finding was called then, not now."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from core.work.calendar import seed_calendar
from core.work.desk.finding_filters import Filter
from core.work.desk.findings import list_findings
from core.work.loop.ledger import act, act_by_system, note_handover
from core.work.loop.mass_steps import move_parts
from core.work.tables import Finding, Part
from tenants.models import Person
from tests.factory import add_actor
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

HOUR, ONE = timedelta(hours=1), timedelta(days=1)
FRIDAY = THURSDAY + ONE
FIRST, SECOND = date(2026, 11, 19), date(2026, 11, 20)
LATER = FRIDAY + 9 * HOUR


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    made = town(wall, tmp_path_factory.mktemp("files"), "往日区")
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def rows(session, place, finding, **wanted):
    only = Filter(extra=(Finding.id == finding.id,), **wanted)
    return list_findings(session, place.people["office"], only, now=LATER).rows


def listed(session, place, finding, **wanted) -> tuple[bool, ...]:
    """Whether a filter shows the finding as of the first day, the second, and now."""
    return tuple(bool(rows(session, place, finding, as_of=day, **wanted)) for day in (FIRST, SECOND, None))


def test_a_finding_transferred_later_stands_under_the_unit_that_led_that_day(session, place):
    office, finding = place.people["office"], lay_finding(session, place, "dispatched")
    act(session, place.people["liaison"], finding.id, "take", version=1, now=THURSDAY + HOUR)
    act(session, office, finding.id, "transfer", version=2, now=FRIDAY, unit_id=place.other, note="职责不符")
    assert listed(session, place, finding, units=[place.lead]) == (True, False, False)
    assert listed(session, place, finding, units=[place.other]) == (False, True, True)
    for unit, told in ((place.lead, (True, False, False)), (place.other, (False, True, True))):
        assert listed(session, place, finding, units=[unit], view="responsibility") == told
    assert listed(session, place, finding, units=[place.place]) == (True, True, True)
    assert listed(session, place, finding, units=[place.place], view="responsibility") == (True, True, True)
    assert rows(session, place, finding, as_of=FIRST)[0].lead.unit_id == place.lead


def test_a_helping_unit_is_one_from_the_day_it_was_asked_until_it_was_dropped(session, place):
    office, finding = place.people["office"], lay_finding(session, place, "taken")
    said = {"unit_id": place.helper, "note": "请配合"}
    act(session, office, finding.id, "assist", version=1, now=FRIDAY, **said)
    assert listed(session, place, finding, units=[place.helper]) == (False, True, True)
    act(session, office, finding.id, "drop_part", version=2, now=FRIDAY + ONE, **said)
    assert listed(session, place, finding, units=[place.helper]) == (False, True, False)


def test_a_moved_part_stands_under_the_old_unit_before_the_reorganisation(session, place):
    finding = lay_finding(session, place, "taken")
    move_parts(session, None, {place.lead: place.other}, note="机构调整", now=FRIDAY)
    assert listed(session, place, finding, units=[place.lead]) == (True, False, False)
    assert listed(session, place, finding, units=[place.other]) == (False, True, True)


def test_the_person_in_charge_is_the_one_of_that_day(wall, session, place):
    liaison, finding = place.people["liaison"], lay_finding(session, place, "dispatched")
    heir = add_actor(wall, place.district.ref, "liaison", place.lead, "演示接任")
    act(session, liaison, finding.id, "take", version=1, now=THURSDAY + HOUR, person_id=liaison.person_id)
    act(session, liaison, finding.id, "assign", version=2, now=FRIDAY, person_id=heir.person_id)
    assert listed(session, place, finding, people=[liaison.person_id]) == (True, False, False)
    assert listed(session, place, finding, people=[heir.person_id]) == (False, True, True)
    was, then = (rows(session, place, finding, as_of=day)[0].lead.assignee for day in (FIRST, SECOND))
    assert (was, then) == (liaison.name, "演示接任")


def test_a_hand_over_changes_who_was_in_charge_from_its_day_on(wall, session, place):
    liaison, finding = place.people["liaison"], lay_finding(session, place, "dispatched")
    heir = add_actor(wall, place.district.ref, "liaison", place.lead, "演示接手")
    act(session, liaison, finding.id, "take", version=1, now=THURSDAY + HOUR, person_id=liaison.person_id)
    people = [session.get(Person, (session.tenant_id, one.person_id)) for one in (liaison, heir)]
    parts = update(Part).where(Part.finding_id == finding.id, Part.leading)
    session.execute(parts.values(assignee_id=heir.person_id))
    note_handover(session, None, [finding.id], *people, now=FRIDAY)
    act_by_system(session, finding.id, "note", version=3, now=FRIDAY + ONE, note="已联系")
    assert listed(session, place, finding, people=[liaison.person_id]) == (True, False, False)
    assert listed(session, place, finding, people=[heir.person_id]) == (False, True, True)
    assert rows(session, place, finding, as_of=SECOND)[0].lead.assignee == "演示接手"


def test_a_person_who_helped_is_found_until_the_help_ended(session, place):
    office, helper = place.people["office"], place.people["helper"]
    finding = lay_finding(session, place, "taken")
    said = {"unit_id": place.helper, "note": "请配合"}
    act(session, office, finding.id, "assist", version=1, now=THURSDAY, person_id=helper.person_id, **said)
    act(session, office, finding.id, "drop_part", version=2, now=FRIDAY, **said)
    assert listed(session, place, finding, people=[helper.person_id]) == (True, False, False)


def test_what_was_corrected_later_stands_as_it_was(session, place):
    office, finding = place.people["office"], lay_finding(session, place, "taken")
    changes = {"category": "SAF-FIRE", "severity": "serious", "title": "消防通道堵塞"}
    act(session, office, finding.id, "correct", version=1, now=FRIDAY, note="选错了", changes=changes)
    assert listed(session, place, finding, categories=["ENV-LITTER"]) == (True, False, False)
    assert listed(session, place, finding, categories=["SAF-FIRE"]) == (False, True, True)
    assert listed(session, place, finding, severities=["ordinary"]) == (True, False, False)
    was = rows(session, place, finding, as_of=FIRST)[0]
    assert (was.category, was.severity, was.title) == ("ENV-LITTER", "ordinary", "地面有烟头")


def test_the_severity_that_the_desk_set_holds_from_the_dispatch_on(session, place):
    office, finding = place.people["office"], lay_finding(session, place, "accepted")
    act(session, office, finding.id, "dispatch", version=1, now=FRIDAY, severity="urgent", unit_id=place.lead)
    assert listed(session, place, finding, severities=["ordinary"]) == (True, False, False)
    assert listed(session, place, finding, severities=["urgent"]) == (False, True, True)
