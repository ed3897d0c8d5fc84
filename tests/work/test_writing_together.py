"""What belongs together is written in one statement (一次写入): all of it or nothing, in few questions to the database."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text

from core.campaigns.arithmetic import ALL, NONE, clamp, half_up
from core.work.bulk import Lot, insert_together, made_of, stand, whole_row
from core.work.dispatch.routing import owners_at
from core.work.intake.report_input import ReportBody
from core.work.intake.reporting import enter
from core.work.roles import DIRECT, REPORT
from core.work.serials import give_back, take_serials
from core.work.tables import Audit, FindingEvent, Note, Part, Serial, Visit
from tenants.access import may
from tenants.db import new_id
from tests.work.intake import DAY, Street, street
from tests.work.market import ALL_GOOD, THURSDAY, send

CLEAN_VISIT, REPORTED = 2, 6  # questions to the database: what it stands on, and one that writes everything


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Street:
    return street(wall, Path(tmp_path_factory.mktemp("files")))


@pytest.fixture
def session(wall, place):
    with wall.open(place.ref.id) as opened:
        yield opened


@pytest.fixture
def asked(wall):
    """Every statement that is sent, but those that state the scope."""
    said: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:
        if "app.scope" not in statement:
            said.append(statement)

    event.listen(wall.engine, "before_cursor_execute", note)
    yield said
    event.remove(wall.engine, "before_cursor_execute", note)


def test_a_clean_visit_asks_twice(session, place, asked):
    send(session, place.town, ALL_GOOD)
    session.commit()
    asked.clear()
    send(session, place.town, ALL_GOOD)
    assert len(asked) == CLEAN_VISIT, asked


def test_a_reported_finding_asks_six_times(session, place, asked):
    body = ReportBody(source="snapshot", category="ENV-LITTER", site_id=place.market)
    done = enter(session, place.office, body, new_id(), THURSDAY, is_new=True)
    session.commit()
    assert len(asked) - 1 == REPORTED, asked  # one reads the site
    event_row = session.get_one(FindingEvent, (place.ref.id, done.finding.id, 1))
    assert done.opening == event_row.detail
    kept = session.scalars(select(Part).where(Part.finding_id == done.finding.id))
    assert {(p.kind, p.unit_id, p.state) for p in kept} == {(p["kind"], p["unit_id"], p["state"]) for p in done.parts}


def test_the_object_is_what_the_database_has(session, place):
    """What stands without being read back is the row, column by column."""
    visit = send(session, place.town, ALL_GOOD).visit
    session.flush()
    before = {name: getattr(visit, name) for name in Visit.__table__.columns.keys()}
    session.refresh(visit)
    assert before == {name: getattr(visit, name) for name in before}


def test_nothing_follows_a_row_that_is_there_already(session, place):
    done = send(session, place.town, ALL_GOOD)
    session.commit()
    count = session.scalar(select(func.count()).select_from(Audit))
    row = {name: getattr(done.visit, name) for name in Visit.__table__.columns.keys()}
    line = {"verb": "test", "object_kind": "test", "person_name": "", "detail": {}}
    assert not insert_together(session, place.office, Lot(Visit, [row]), [Lot(Audit, [line, line])])
    assert insert_together(session, place.office, Lot(Visit, [row | {"id": new_id()}]), [Lot(Audit, [line, line])])
    assert session.scalar(select(func.count()).select_from(Audit)) == count + 2
    session.rollback()


def test_defaults_are_filled_in(session, place):
    note = {"person_id": place.office.person_id, "kind": "k", "text": "话“引号”\\n", "params": {"n": [1, None]}}
    row = whole_row(Note, note | {"tenant_id": place.ref.id})
    assert row["object_kind"] == ""
    assert row["read_at"] is None
    assert insert_together(session, place.office, Lot(Note, [row]), [])
    made = stand(session, made_of(Note, row))
    before = {name: getattr(made, name) for name in row}
    session.refresh(made)
    assert before == {name: getattr(made, name) for name in row}
    session.rollback()


def test_a_number_given_back_is_given_out_again(session, place):
    first = take_serials(session, place.office, "test-series", 3)
    give_back(session, place.office, "test-series", 1)
    assert list(take_serials(session, place.office, "test-series")) == [first[-1]]
    assert session.scalar(select(Serial.last).where(Serial.series == "test-series")) == first[-1]
    session.rollback()


def test_a_lost_race_costs_no_number(wall, place):
    """Somebody enters the same report between the look and the writing: one finding stands, and no number is lost."""
    body, key = ReportBody(source="snapshot", category="ENV-LITTER", site_id=place.market), new_id()
    with wall.open(place.ref.id) as one:
        first = enter(one, place.grid, body, key, THURSDAY)
        one.commit()
    with wall.open(place.ref.id) as two:
        again = enter(two, place.grid, body, key, THURSDAY, is_new=True)  # as if it had looked a moment too early
        two.commit()
        assert again.replayed
        assert again.finding.number == first.finding.number
        after = enter(two, place.grid, body, new_id(), THURSDAY)
        assert int(after.finding.number.split("-")[1]) == int(first.finding.number.split("-")[1]) + 1
        two.rollback()


def test_owners_judge_as_the_posts_do(session, place):
    for actor in (place.office, place.grid, place.conduct, place.town.inspector, place.town.liaison):
        for unit in (place.district.communities[0], place.district.street, place.district.root):
            owners = owners_at(session, actor, unit, None, DAY)
            for verb in (DIRECT, REPORT):
                for campaign in (None, "civilized_city"):
                    expected = may(session, actor, verb, unit, DAY, campaign=campaign)
                    assert owners.may(actor, verb, campaign) == expected, (actor.name, verb)


def test_rounding_and_holding_are_exact():
    """The whole-number ways of rounding and of holding a share say what the fractions say."""
    for value in (Fraction(n, d) for n in range(-41, 42) for d in (1, 3, 8, 200, 400)):
        cents = int((abs(value) * 100 + Fraction(1, 2)).__floor__())
        assert half_up(value) == Decimal(-cents if value < 0 else cents).scaleb(-2)
        assert clamp(value) == min(max(value, NONE), ALL)


def test_what_waits_is_written_before_text_is_asked(session, place):
    session.add(Audit(verb="waiting", object_kind="test", person_name="", detail={}))
    take_serials(session, place.office, "test-flush")
    assert session.connection().execute(text("SELECT count(*) FROM audit WHERE verb = 'waiting'")).scalar() == 1
    session.rollback()
