"""A finding turned into the restricted class and back (限定范围): at once nobody without the duty knows of it any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, NotFound
from core.work.calendar import seed_calendar
from core.work.desk.finding_detail import detail
from core.work.desk.findings import list_findings
from core.work.desk.waiting import counts, todo
from core.work.loop.history import replay
from core.work.loop.ledger import act, steps_for
from core.work.loop.sight import sees_line
from core.work.papers.notes import list_notes, unread_count
from core.work.papers.notice_issuing import Draft, issue
from core.work.papers.notice_sight import sees_notice
from core.work.tables import Audit, Finding, FindingEvent, Note, Notice, Outbox, Part
from tests.factory import add_actor
from tests.work.intake import DAY, Street, bring_in, parts, street
from tests.work.market import THURSDAY

HOUR = timedelta(hours=1)
LATER = THURSDAY + 2 * HOUR
CANARY = "窗口金丝雀态度生硬"


@pytest.fixture
def place(wall, tmp_path_factory) -> Street:
    made = street(wall, tmp_path_factory.mktemp("files"))
    with made.district.session(wall) as session:
        seed_calendar(session, [2026])
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


@pytest.fixture
def admin(wall, place):
    return add_actor(wall, place.ref, "administrator", place.district.root)


def told(session, actor) -> dict:
    """Everything that a person can know of findings."""
    todos = todo(session, actor, LATER)
    lines = session.scalars(select(Audit).where(sees_line(session, actor, DAY)))
    return {
        "list": [row.number for row in list_findings(session, actor, now=LATER).rows],
        "open": counts(session, actor, now=LATER).open,
        "todo": todos.count,
        "notes": [note.params.get("title") for note in list_notes(session, actor, now=LATER)],
        "unread": unread_count(session, actor, LATER),
        "notices": session.scalars(select(Notice.title).where(sees_notice(actor, DAY))).all(),
        "trail": [line.object_id for line in lines if line.verb.startswith(("finding.", "notice."))],
    }


def laid(session, place: Street) -> Finding:
    """An open finding with the sanitation department, with a helper, a paper and notes about it."""
    finding = bring_in(session, place, place.office, title=CANARY, category="ENV-LITTER")
    act(session, place.town.liaison, finding.id, "take", version=1, now=THURSDAY)
    helper = place.district.departments["urban_management"]
    act(session, place.office, finding.id, "assist", version=2, unit_id=helper, note="请配合", now=THURSDAY)
    unit = place.district.departments["sanitation"]
    due = THURSDAY + 90 * HOUR
    draft = Draft("rectification_notice", unit, CANARY, CANARY, due_at=due, finding_ids=[finding.id])
    issue(session, place.office, draft, now=THURSDAY)
    session.commit()
    return finding


def turn(session, place: Street, finding: Finding, said: str, actor=None) -> Finding:
    version, changes = finding.version, {"restricted": said}
    actor = actor or place.conduct
    return act(session, actor, finding.id, "correct", version=version, changes=changes, note="作风线索", now=LATER)


def test_who_has_no_duty_for_it_knows_nothing_of_it_from_that_moment_on(session, place, admin):
    without = {"liaison": place.town.liaison, "office": place.office, "admin": admin}
    nothing = {name: told(session, actor) for name, actor in without.items()}
    finding = laid(session, place)
    number, due = finding.number, finding.due_at
    before = {name: told(session, actor) for name, actor in without.items()}
    assert all(before[name] != nothing[name] for name in without)
    assert CANARY in before["liaison"]["notes"]
    assert CANARY in before["liaison"]["notices"]
    sent = len(session.scalars(select(Note)).all())
    done = turn(session, place, finding, "yes")
    session.commit()
    assert (done.restricted, done.number, done.due_at, done.state) == (True, number, due, "taken")
    assert {name: told(session, actor) for name, actor in without.items()} == nothing
    for actor in without.values():
        with pytest.raises(NotFound):
            detail(session, actor, finding.id, now=LATER)
    fresh = session.scalars(select(Note).order_by(Note.created_at, Note.id)).all()[sent:]
    assert {note.person_id for note in fresh} <= {place.trusted.person_id}  # who lost sight of it is not told
    waiting = session.scalars(select(Outbox).where(Outbox.body["object_id"].astext == str(finding.id))).all()
    assert {line.person_id for line in waiting} == {place.trusted.person_id}
    found = told(session, place.conduct)
    assert number in found["list"]
    assert CANARY in found["notices"]


def test_it_goes_into_trusted_hands_and_its_history_holds(session, place):
    finding = laid(session, place)
    done = turn(session, place, finding, "yes")
    session.commit()
    found = parts(session, done)
    assert found["assist"].ended_at == LATER
    assert "answer" in [step.verb for step in steps_for(session, place.trusted, done, LATER)]
    events = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == done.id).order_by(FindingEvent.version)
    ).all()
    last = events[-1]
    assert (last.note, last.detail["before"], last.detail["after"]) == (
        "作风线索",
        {"restricted": "no"},
        {"restricted": "yes"},
    )
    lead = session.scalars(select(Part.unit_id).where(Part.finding_id == done.id, Part.leading)).one()
    assert replay(events).lead == lead == place.district.street
    assert replay(events).due_at == done.due_at


def test_it_comes_back_with_its_number_and_its_past(session, place, admin):
    finding = laid(session, place)
    before = told(session, admin)
    turn(session, place, finding, "yes")
    back = turn(session, place, finding, "no")
    session.commit()
    assert (back.restricted, back.number) == (False, finding.number)
    after = told(session, admin)
    assert after["list"] == before["list"]
    assert set(before["trail"]) <= set(after["trail"])
    assert CANARY in told(session, place.town.liaison)["notices"]


def test_only_a_desk_with_the_duty_and_only_what_is_open(session, place):
    finding = laid(session, place)
    with pytest.raises(Forbidden, match="作风纪律"):
        turn(session, place, finding, "yes", place.office)
    session.rollback()
    act(session, place.office, finding.id, "cancel", version=finding.version, note="撤", now=LATER)
    session.commit()
    with pytest.raises(Conflict):
        turn(session, place, finding, "yes")
    session.rollback()
    closed = bring_in(session, place, place.office)
    act(session, place.town.liaison, closed.id, "answer", version=1, photos=[place.photos[1]], now=LATER)
    act(session, place.office, closed.id, "close", version=2, outcome="fixed", now=LATER)
    with pytest.raises(Conflict, match="已经办结"):
        turn(session, place, closed, "yes")


def test_what_others_went_into_must_be_taken_apart_first(session, place):
    finding, twin = laid(session, place), bring_in(session, place, place.office)
    act(session, place.office, twin.id, "merge", version=1, target_id=finding.id, now=LATER)
    with pytest.raises(Conflict, match="撤销并案"):
        turn(session, place, finding, "yes")
