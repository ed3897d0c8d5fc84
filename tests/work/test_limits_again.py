"""The time limit and the owner are decided again (重新裁量) when a finding's severity or category is put right after intake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict, InvalidInput
from core.work.calendar import seed_calendar
from core.work.dispatch.routing_rules import RuleWish, add_rule
from core.work.inspection.visit_corrections import correct
from core.work.inspection.visit_input import VisitBody
from core.work.loop.history import replay
from core.work.loop.ledger import act
from core.work.tables import Finding, FindingEvent, Part
from tenants.db import new_id
from tests.work.intake import DAY, Street, bring_in, street
from tests.work.market import ALL_GOOD, THURSDAY, campaigns, send

HOUR = timedelta(hours=1)
DAYS = 24 * HOUR  # of working time
TOILET = {**ALL_GOOD, "toilet_clean": {"rating": 3}}


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Street:
    """Serious litter takes three days, urgent litter two hours and goes to urban management; toilets when serious two days."""
    made = street(wall, tmp_path_factory.mktemp("files"))
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        chief = made.district.departments["urban_management"]
        for wish in (
            RuleWish(category="ENV-LITTER", severity="serious", hours=72),
            RuleWish(category="ENV-LITTER", severity="urgent", hours=2, line_unit_id=chief),
            RuleWish(category="ENV-TOILET", severity="serious", hours=48),
        ):
            add_rule(session, made.office, wish, today=DAY)
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def step(session, place: Street, finding: Finding, verb: str, hours: int = 1, who=None, **given) -> Finding:
    given.setdefault("note", "现场核实")
    actor = who or place.office
    return act(session, actor, finding.id, verb, version=finding.version, now=THURSDAY + hours * HOUR, **given)


def lead(session, finding: Finding) -> tuple:
    return session.execute(
        select(Part.unit_id, Part.state).where(Part.finding_id == finding.id, Part.leading, Part.ended_at.is_(None))
    ).one()


def told(session, finding: Finding) -> dict:
    """The detail of the last line; the whole history replays to the row."""
    events = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.version)
    ).all()
    seen = replay(events)
    assert (seen.due_at, seen.lead) == (finding.due_at, lead(session, finding)[0])
    return events[-1].detail


def test_a_severity_said_at_dispatch_brings_its_limit_and_its_owner(session, place):
    urgent = step(session, place, bring_in(session, place), "dispatch", severity="urgent")
    assert (urgent.limit_seconds, urgent.working_days, urgent.due_at) == (7200, 1, THURSDAY + 3 * HOUR)
    assert urgent.accept_by == THURSDAY + 2 * HOUR
    assert lead(session, urgent) == (place.district.departments["urban_management"], "open")
    assert told(session, urgent)["limit"] == {"before": 86400, "after": 7200}


def test_what_is_said_by_hand_at_dispatch_stands(session, place):
    finance = place.district.departments["finance_bureau"]
    done = step(session, place, bring_in(session, place), "dispatch", severity="urgent", days=5, unit_id=finance)
    assert (done.limit_seconds, done.working_days, lead(session, done)[0]) == (5 * 86400, 5, finance)
    again = step(session, place, done, "correct", 2, changes={"severity": "serious"})
    assert (again.limit_seconds, again.due_at) == (5 * 86400, done.due_at)
    assert "limit" not in told(session, again)


def test_a_correction_before_dispatch_proposes_anew(session, place):
    finding = bring_in(session, place)
    desk = finding.accept_by
    done = step(session, place, finding, "correct", changes={"severity": "urgent"})
    assert (done.state, done.limit_seconds, done.due_at) == ("reported", 7200, THURSDAY + 2 * HOUR)
    assert done.accept_by == desk  # the desk's own clock
    assert lead(session, done) == (place.district.departments["urban_management"], "informed")
    assert told(session, done)["proposed"]["id"] == str(place.district.departments["urban_management"])
    sent = step(session, place, done, "dispatch", 2)
    assert (sent.limit_seconds, sent.due_at) == (7200, THURSDAY + 4 * HOUR)


def test_a_correction_moves_the_deadline_and_keeps_who_has_it(session, place):
    finding = bring_in(session, place, place.office)
    before = lead(session, finding)
    longer = step(session, place, finding, "correct", changes={"severity": "serious"})
    assert (longer.limit_seconds, longer.working_days, longer.due_at) == (3 * 86400, 3, THURSDAY + 4 * DAYS + DAYS)
    assert longer.accept_by == finding.accept_by
    assert lead(session, longer) == before
    assert told(session, longer)["limit"] == {"before": 86400, "after": 3 * 86400}
    back = step(session, place, longer, "correct", 2, changes={"severity": "ordinary"})
    assert back.due_at == THURSDAY + DAYS


def test_granted_days_stay_added(session, place):
    finding = bring_in(session, place, place.office, severity="serious")
    step(session, place, finding, "take", who=place.town.liaison)
    step(session, place, finding, "ask_extension", who=place.town.liaison, days=2)
    granted = step(session, place, finding, "grant")
    assert granted.clock_seconds == 5 * 86400
    ordinary = step(session, place, granted, "correct", 2, changes={"severity": "ordinary"})
    assert (ordinary.extended_days, ordinary.limit_seconds, ordinary.clock_seconds) == (2, 86400, 3 * 86400)


def test_nobody_is_late_by_a_correction_alone(session, place):
    finding = bring_in(session, place, place.office, severity="serious")
    done = step(session, place, finding, "correct", 30, changes={"severity": "urgent"})
    assert done.due_at == THURSDAY + 32 * HOUR  # two hours from now, not the day before
    assert (done.clock_from, done.clock_seconds) == (THURSDAY + 30 * HOUR, 7200)
    late = bring_in(session, place, place.office)
    assert step(session, place, late, "correct", 40, changes={"severity": "urgent"}).due_at == late.due_at


def test_a_deadline_by_hand_stays(session, place):
    due = THURSDAY + 5 * DAYS
    finding = bring_in(session, place, place.office, due_at=due)
    done = step(session, place, finding, "correct", changes={"severity": "urgent", "category": "ENV-TOILET"})
    assert (done.due_at, done.due_fixed, done.limit_seconds) == (due, True, finding.limit_seconds)


def test_another_category_brings_its_own_limit(session, place):
    finding = bring_in(session, place, place.office, severity="serious")
    done = step(session, place, finding, "correct", changes={"category": "ENV-TOILET"})
    assert (done.limit_seconds, done.working_days) == (2 * 86400, 2)


def test_what_was_answered_keeps_its_deadline_until_its_clock_starts_again(session, place):
    finding = bring_in(session, place, place.office)
    answered = step(session, place, finding, "answer", who=place.town.liaison, photos=[place.photos[1]])
    due = answered.due_at
    done = step(session, place, answered, "correct", changes={"severity": "serious"})
    assert (done.due_at, done.limit_seconds) == (due, 3 * 86400)
    step(session, place, done, "close", outcome="fixed")
    again = step(session, place, done, "reopen", 2)
    assert again.clock_seconds == 3 * 86400


def test_a_visit_says_how_grave_and_its_limit_follows(session, place):
    sent = {"severities": {"toilet_clean": "serious", "stall_licences": "urgent"}}
    made = send(session, place.town, TOILET, **sent)
    (finding,) = made.findings  # what is said of a question that passes has no effect
    assert (finding.severity, finding.limit_seconds, finding.working_days) == ("serious", 2 * 86400, 2)
    again = {"visit_id": made.visit.id}
    assert send(session, place.town, TOILET, **sent, **again).replayed
    with pytest.raises(Conflict):
        send(session, place.town, TOILET, severities={"toilet_clean": "urgent"}, **again)
    with pytest.raises(InvalidInput) as refused:
        send(session, place.town, TOILET, severities={"toilet_clean": "bad", "nothing": "urgent"})
    assert [fault.field for fault in refused.value.faults] == ["severities.toilet_clean", "severities.nothing"]


def test_a_visit_without_severities_hashes_as_before_there_were_any(place):
    body = VisitBody(place.market, TOILET, {}, {}, None, "", None)
    assert body.sha256() == replace(body, severities={"toilet_clean": ""}).sha256()
    assert body.sha256() != replace(body, severities={"toilet_clean": "serious"}).sha256()


def test_a_corrected_visit_carries_the_severity(session, place):
    made = send(session, place.town, TOILET)
    given = {"campaigns": campaigns(), "answers": TOILET, "reason": "比当时判断的重", "now": THURSDAY + 2 * HOUR}
    amended = correct(
        session,
        place.town.inspector,
        made.visit.id,
        new_visit_id=new_id(),
        severities={"toilet_clean": "serious"},
        **given,
    )
    (finding,) = amended.findings
    assert (finding.id, finding.severity, finding.limit_seconds) == (made.findings[0].id, "serious", 2 * 86400)
    line = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding.id, FindingEvent.version == 2)
    ).one()
    assert (line.verb, line.person_name, line.detail["after"]) == (
        "correct",
        place.town.inspector.name,
        {"severity": "serious"},
    )
    told(session, finding)
    with pytest.raises(InvalidInput, match="完全一样"):
        correct(session, place.town.inspector, amended.visit.id, new_visit_id=new_id(), **given)
    silent = {**TOILET, "toilet_clean": {"rating": 2}}
    third = correct(
        session, place.town.inspector, amended.visit.id, new_visit_id=new_id(), **(given | {"answers": silent})
    )
    assert third.findings[0].severity == "serious"  # not said again, so it stays


def test_a_visits_finding_goes_by_its_item_until_a_rule_speaks(session, place):
    market = place.town
    finding = send(session, market, TOILET).findings[0]
    session.commit()
    limit = finding.limit_seconds
    title = step(session, place, finding, "correct", changes={"title": "公厕有异味"})
    assert title.limit_seconds == limit
    urgent = step(session, place, title, "correct", changes={"severity": "urgent"})
    assert (urgent.limit_seconds, urgent.due_at) == (limit, finding.due_at)  # no rule for urgent toilets
    serious = step(session, place, urgent, "correct", changes={"severity": "serious"})
    assert serious.limit_seconds == 2 * 86400
    back = step(session, place, serious, "correct", changes={"severity": "ordinary"})
    assert back.limit_seconds == limit
