"""Helping units (协办): a part may have a day of its own, and a unit gives a part back that is not its own, with the reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput
from core.work.desk.finding_detail import detail
from core.work.desk.inbox import ASSIST
from core.work.desk.inbox_rows import read_duties
from core.work.loop import clocks
from core.work.loop.history import replay
from core.work.loop.ledger import act, steps_for
from core.work.tables import Finding, FindingEvent, Note, Part
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

LATER = THURSDAY + timedelta(hours=1)
FRIDAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    return town(wall, tmp_path_factory.mktemp("files"))


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def ask(session, place: Town, finding: Finding, **more) -> Finding:
    given = {"unit_id": place.helper, "note": "请清运垃圾", "now": THURSDAY} | more
    return act(session, place.people["liaison"], finding.id, "assist", version=finding.version, **given)


def part(session, place: Town, finding: Finding) -> Part:
    return session.get_one(Part, (place.district.ref.id, finding.id, "assist", place.helper))


def test_a_part_has_a_day_of_its_own_and_the_helpers_inbox_shows_it(session, place):
    finding = ask(session, place, lay_finding(session, place, "taken"), due_on=FRIDAY)
    assert part(session, place, finding).due_on == FRIDAY
    helper = place.people["helper"]
    (duty,) = [one for one in read_duties(session, helper, ASSIST, LATER, limit=50) if one.id == finding.id]
    assert (duty.due_at, duty.late) == (clocks.end_of(FRIDAY), False)
    after = clocks.end_of(FRIDAY) + timedelta(minutes=1)
    (late,) = [one for one in read_duties(session, helper, ASSIST, after, limit=50) if one.id == finding.id]
    assert late.late
    assert finding.due_at > after  # the finding itself still has time
    shown = detail(session, place.people["liaison"], finding.id, now=LATER)
    assert [one.due_on for one in shown.row.parts if one.kind == "assist"] == [FRIDAY]
    without = ask(session, place, lay_finding(session, place, "taken"))
    (plain,) = [one for one in read_duties(session, helper, ASSIST, LATER, limit=50) if one.id == without.id]
    assert plain.due_at == without.due_at


def test_a_day_that_is_over_is_refused(session, place):
    finding = lay_finding(session, place, "taken")
    for day in (date(2026, 11, 18), date(2028, 1, 1)):
        with pytest.raises(InvalidInput) as refused:
            ask(session, place, finding, due_on=day)
        assert [fault.field for fault in refused.value.faults] == ["due_on"]


def test_a_wrong_part_is_given_back_with_its_reason(session, place):
    finding = ask(session, place, lay_finding(session, place, "taken"))
    helper = place.people["helper"]
    with pytest.raises(InvalidInput, match="缺少说明"):
        act(session, helper, finding.id, "decline_part", version=2, now=LATER)
    with pytest.raises(Conflict, match="协办"):
        act(session, place.people["liaison"], finding.id, "answer", version=2, photos=[place.photo], now=LATER)
    done = act(session, helper, finding.id, "decline_part", version=2, note="此处归环卫自运", now=LATER)
    given_back = part(session, place, done)
    assert (given_back.state, given_back.ended_at, done.state) == ("declined", LATER, "taken")
    line = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == done.id).order_by(FindingEvent.version)
    ).all()
    assert (line[-1].verb, line[-1].note, line[-1].detail["unit"]) == (
        "decline_part",
        "此处归环卫自运",
        {"id": str(place.helper)},
    )
    assert replay(line).state == "taken"
    told = session.scalars(
        select(Note.person_id).where(Note.object_id == str(done.id), Note.kind == "finding.decline_part")
    ).all()
    assert {place.people["office"].person_id, place.people["liaison"].person_id} <= set(told)
    assert helper.person_id not in told
    assert steps_for(session, helper, done, LATER) == []
    with pytest.raises(Forbidden):
        act(session, helper, done.id, "finish_part", version=3, note="做了", now=LATER)
    answered = act(session, place.people["liaison"], done.id, "answer", version=3, photos=[place.photo], now=LATER)
    assert answered.state == "answered"


def test_who_gave_it_back_may_be_asked_again(session, place):
    finding = ask(session, place, lay_finding(session, place, "taken"), due_on=FRIDAY)
    act(session, place.people["helper"], finding.id, "decline_part", version=2, note="不归我们", now=LATER)
    again = ask(session, place, finding, note="查过了，归你们")
    found = part(session, place, again)
    assert (found.state, found.ended_at, found.due_on, found.asked) == ("open", None, None, "查过了，归你们")
