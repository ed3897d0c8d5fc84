"""A secret round is released whole or not at all: numbers, clocks, notes and counts begin with it, and nothing stays hidden."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from core.errors import Conflict, Forbidden, NotFound, SanchengError, Stale
from core.work.calendar import load_calendar, local_day, seed_calendar
from core.work.counting.recounting import differences, recount
from core.work.enabling import enable, suspend
from core.work.inspection.visit_corrections import correct
from core.work.journal import sealed
from core.work.loop.clocks import accept_by
from core.work.loop.hidden_following import follow_calendar, follow_switches
from core.work.loop.history import replay
from core.work.loop.ledger import act, act_by_system
from core.work.loop.recomputing import change_day
from core.work.organisation.part_shares import count_open
from core.work.papers.chasing import chase
from core.work.rounds.releasing import release
from core.work.rounds.sealing import note_read
from core.work.tables import (
    Audit,
    DayMark,
    Draw,
    DrawSeed,
    Finding,
    FindingEvent,
    Note,
    Outbox,
    Part,
    Round,
    RoundPlan,
    Serial,
    Visit,
)
from tenants.db import Base, SecretRow, new_id
from tenants.scope import Wall
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, THURSDAY, campaigns, send
from tests.work.pictures import jpeg
from tests.work.secret_stage import RELEASED, Stage, close, counted, let_out, photo, plan, stage, walk

LATER = THURSDAY + timedelta(hours=2)

SLACK = 10  # statements (ours)


@pytest.fixture
def there(wall: Wall, tmp_path: Path) -> Stage:
    found = stage(wall, tmp_path)
    with found.plain() as session:
        seed_calendar(session, [2026, 2027])
        session.commit()
    return found


def lively(there: Stage, round_id: UUID) -> list[UUID]:
    """A round with two visits, one put right on the spot, one corrected; gives the ids of its findings by their opening."""
    with there.cleared() as session:
        shots = [photo(session, there, round_id, jpeg(seed=n)) for n in range(3)]
        said = {"photos": {"toilet_clean": shots[:1]}, "fixed": {"toilet_clean": shots[1:2]}}
        walk(session, there, round_id, **said)
        second = walk(session, there, round_id, now=LATER)
        session.commit()
    with there.cleared() as session:
        given = {"campaigns": campaigns(), "new_visit_id": new_id(), "reason": "看错了", "now": LATER}
        answers = {**ANSWERS, "illegal_posters": {"count": 0}}
        correct(session, there.inspector, second.visit.id, answers=answers, **given)
        note_read(session, there.office, session.get_one(Round, (there.town.ref.id, round_id)), "x", now=LATER)
        session.commit()
        ordered = select(Finding.id).order_by(Finding.opened_at, Finding.id)
        return list(session.scalars(ordered.where(Finding.hidden)))


def hidden_rows(there: Stage) -> dict[str, int]:
    """How many hidden rows each table that can have such still has."""
    found = {}
    with there.cleared() as session:
        for mapper in Base.registry.mappers:
            if issubclass(mapper.class_, SecretRow):
                table = mapper.local_table.name
                count = session.scalar(text(f"SELECT count(*) FROM {table} WHERE hidden"))
                if count:
                    found[table] = count
    return found


def test_everything_comes_to_light_at_once(there: Stage) -> None:
    round_id = plan(there)
    findings = lively(there, round_id)
    assert {"visit", "finding", "audit", "file", "attachment", "round_event"} <= set(hidden_rows(there))
    done = let_out(there, round_id)
    assert hidden_rows(there) == {}
    assert done.findings == len(findings)
    with there.plain() as session:
        row = session.get_one(Round, (there.town.ref.id, round_id))
        assert (row.state, row.number, row.released_at) == ("released", "L2026-0001", RELEASED)
        seen = session.scalars(select(Finding).order_by(Finding.number)).all()
        assert [one.id for one in seen] == findings
        assert [one.number for one in seen] == [f"2026-{n:05d}" for n in range(1, len(findings) + 1)]
        verbs = set(session.scalars(select(Audit.verb).where(Audit.sealed_for == round_id)))
        assert {"visit.submit", "visit.correct", "photo.store", "secret.read", "round.open", "round.close"} <= verbs
        assert session.scalars(select(Audit.verb).where(Audit.verb == "round.release")).all() == ["round.release"]


def test_numbers_go_on_where_the_open_ones_stand(there: Stage) -> None:
    round_id = plan(there)
    findings = lively(there, round_id)
    with there.plain() as session:
        plain = send(session, there.town, now=LATER).findings
        session.commit()
    assert [one.number for one in plain] == [f"2026-{n:05d}" for n in range(1, len(plain) + 1)]
    let_out(there, round_id)
    with there.plain() as session:
        first = session.get_one(Finding, (there.town.ref.id, findings[0])).number
        assert first == f"2026-{len(plain) + 1:05d}"
        assert session.scalar(select(Serial.last).where(Serial.series == "finding-2026")) == len(plain) + len(findings)


def test_no_unit_is_late_for_what_it_could_not_know(there: Stage) -> None:
    round_id = plan(there)
    lively(there, round_id)
    late = RELEASED + timedelta(days=40)
    let_out(there, round_id, now=late)
    with there.plain() as session:
        calendar = load_calendar(session, late)
        states = set()
        for one in session.scalars(select(Finding)):
            states.add(one.state)
            assert local_day(one.opened_at) == local_day(THURSDAY)
            if one.state == "dispatched":
                span = timedelta(seconds=one.limit_seconds)
                assert (one.clock_from, one.due_at) == (late, calendar.add_working_time(late, span))
                assert one.accept_by == accept_by(calendar, late, span)
            else:
                assert one.due_at < late
                assert one.closed_at in (None, THURSDAY)
        assert states == {"dispatched", "closed", "cancelled"}
        done = chase(session, late + timedelta(minutes=1))
        assert (done.taken, done.notices, done.unaccepted) == (0, 0, 0)


def test_every_history_replays_to_what_stands(there: Stage) -> None:
    round_id = plan(there)
    findings = lively(there, round_id)
    let_out(there, round_id)
    with there.plain() as session:
        for one in session.scalars(select(Finding)):
            lines = session.scalars(
                select(FindingEvent).where(FindingEvent.finding_id == one.id).order_by(FindingEvent.version)
            ).all()
            read = replay(lines)
            assert (read.state, read.version, read.due_at) == (one.state, one.version, one.due_at)
            assert lines[-1].verb == "unseal"
            assert lines[-1].detail["number"] == one.number
        chosen = session.get_one(Finding, (there.town.ref.id, findings[1]))
        office = there.town.office
        done = act(
            session, office, chosen.id, "instruct", version=chosen.version, note="抓紧", leader="区长", now=RELEASED
        )
        assert done.state == "dispatched"


def test_units_are_told_once_each_with_the_count(there: Stage) -> None:
    round_id = plan(there)
    lively(there, round_id)
    with there.plain() as session:
        assert session.scalars(select(Note)).all() == []
        assert session.scalars(select(Outbox)).all() == []
    done = let_out(there, round_id)
    with there.plain() as session:
        notes = session.scalars(select(Note).where(Note.person_id == there.town.liaison.person_id)).all()
        assert len(notes) == 1
        assert notes[0].params["number"] == "L2026-0001"
        assert done.told == session.scalar(select(func.count()).select_from(Note))
        assert done.told == session.scalar(select(func.count()).select_from(Outbox))
        open_ones = session.scalar(select(func.count()).where(Finding.state == "dispatched"))
        units = {(one.params["count"], one.object_kind) for one in session.scalars(select(Note))}
        assert sum(count for count, _ in units) <= (open_ones or 0)


def test_the_counts_agree_with_a_recount_after_the_release(there: Stage) -> None:
    round_id = plan(there)
    lively(there, round_id)
    with there.plain() as session:
        assert session.scalars(select(DayMark)).all() == []
    let_out(there, round_id)
    with there.plain() as session:
        assert session.scalars(select(DayMark)).all() != []
        while recount(session):
            session.commit()
        assert differences(session) == []
        counted = session.scalar(text("SELECT sum(n) FROM day_count WHERE kind = 'opened'"))
        assert counted == session.scalar(select(func.count()).where(Finding.state != "cancelled"))


def test_who_may_not_or_comes_at_the_wrong_time_is_refused(there: Stage) -> None:
    round_id = plan(there)
    lively(there, round_id)
    with there.cleared() as session:
        version = session.get_one(Round, (there.town.ref.id, round_id)).version
        with pytest.raises(Conflict):
            release(session, there.office, round_id, version=version, now=RELEASED)
    version = close(there, round_id)
    with there.cleared() as session:
        with pytest.raises(Forbidden):
            release(session, there.inspector, round_id, version=version, now=RELEASED)
        with pytest.raises(NotFound):
            release(session, there.town.office, round_id, version=version, now=RELEASED)
        with pytest.raises(Stale):
            release(session, there.office, round_id, version=version - 1, now=RELEASED)
    with there.plain() as session, pytest.raises(NotFound):
        release(session, there.office, round_id, version=version, now=RELEASED)
    assert hidden_rows(there)
    let_out_version = version
    with there.cleared() as session:
        release(session, there.office, round_id, version=let_out_version, now=RELEASED)
        session.commit()
        with pytest.raises(Conflict):
            release(session, there.office, round_id, version=let_out_version + 1, now=RELEASED)


def test_a_release_that_breaks_leaves_everything_hidden(there: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    round_id = plan(there)
    lively(there, round_id)
    version = close(there, round_id)
    before = hidden_rows(there)

    def broken(*_args: object, **_given: object) -> int:
        raise RuntimeError("the last step fails")

    monkeypatch.setattr("core.work.rounds.releasing.mark_days", broken)
    with there.cleared() as session, pytest.raises(RuntimeError):
        release(session, there.office, round_id, version=version, now=RELEASED)
    assert hidden_rows(there) == before


def test_the_other_rounds_stay_hidden(there: Stage) -> None:
    other = there.another()
    ours, theirs = plan(there), plan(there, other, title="专家暗访")
    lively(there, ours)
    with there.cleared() as session:
        shot = photo(session, there, theirs, jpeg(seed=77))
        his = walk(session, there, theirs, actor=other, photos={"toilet_clean": [shot]})
        session.commit()
    with there.cleared() as session:
        before = session.execute(text("SELECT count(*) FROM finding WHERE hidden")).scalar_one()
    done = let_out(there, ours)
    with there.cleared() as session:
        assert session.execute(text("SELECT count(*) FROM finding WHERE hidden")).scalar_one() == before - done.findings
        assert session.get_one(Visit, (there.town.ref.id, his.visit.id)).hidden
        sealed_for = select(Audit).where(Audit.sealed_for == theirs, Audit.hidden.is_(False))
        assert session.scalars(sealed_for).all() == []
    with there.plain() as session:
        assert session.scalars(select(Round.id)).all() == [ours]


def test_the_seed_is_shown_and_the_plan_stays_hidden(there: Stage) -> None:
    round_id = plan(there)
    day = local_day(THURSDAY)
    with there.cleared() as session:
        draw = Draw(number="2026-900", commitment="c" * 64, committed_at=THURSDAY)
        session.add(draw)
        session.flush()
        session.add(DrawSeed(draw_id=draw.id, seed="s", frame={}, sizes={}, hidden=True))
        root = there.town.district.root
        again = RoundPlan(kind="ten_day_secret", mode="secret", title="每旬", unit_id=root, starts_on=day, hidden=True)
        session.add(again)
        session.flush()
        row = session.get_one(Round, (there.town.ref.id, round_id))
        row.draw_id, row.plan_id = draw.id, again.id
        session.commit()
    let_out(there, round_id)
    assert hidden_rows(there) == {"round_plan": 1}
    with there.plain() as session:
        assert session.scalars(select(Draw.revealed_at)).all() == [RELEASED]


def test_what_was_held_meanwhile_starts_when_its_campaign_runs_again(there: Stage) -> None:
    round_id = plan(there)
    lively(there, round_id)
    admin = there.another("administrator")
    with there.plain() as session:
        for campaign in campaigns():
            suspend(session, admin, campaign.key, today=local_day(LATER))
        session.commit()
    with there.cleared() as session:
        follow_switches(session, LATER)
        session.commit()
    let_out(there, round_id)
    back = RELEASED + timedelta(days=30)
    with there.plain() as session:
        held = session.scalars(select(Finding).where(Finding.state == "held")).all()
        assert held
        assert {one.stopped_at for one in held} == {RELEASED}
        for campaign in campaigns():
            enable(session, admin, campaign, today=local_day(back))
        session.commit()
    with there.plain() as session:
        for one in session.scalars(select(Finding).where(Finding.state == "dispatched")):
            assert one.due_at > RELEASED


def test_a_calendar_day_reaches_hidden_rows_of_a_round(there: Stage) -> None:
    round_id = plan(there)
    lively(there, round_id)
    with there.plain() as session:
        change_day(session, there.town.office, local_day(THURSDAY + timedelta(days=1)), False, "停工", now=LATER)
        session.commit()
    with there.cleared() as session:
        assert follow_calendar(session, LATER) > 0
        session.commit()
    with there.plain() as session:
        assert session.scalars(select(Finding)).all() == []
        assert session.scalars(select(Note)).all() == []
    let_out(there, round_id)
    with there.plain() as session:
        calendar = load_calendar(session, RELEASED)
        for one in session.scalars(select(Finding).where(Finding.state == "dispatched")):
            assert one.due_at == calendar.add_working_time(RELEASED, timedelta(seconds=one.limit_seconds))


def test_a_reorganisation_tells_no_count_of_hidden_findings(there: Stage) -> None:
    """It runs in a cleared turn, so that hidden parts follow; what it tells everybody is how many others moved."""
    with there.plain() as session:
        send(session, there.town)
        session.commit()
        units = list(session.scalars(select(Part.unit_id).distinct()))
        before = count_open(session, units)
        assert before
    lively(there, plan(there))
    with there.cleared() as session:
        assert count_open(session, units) == before


def test_a_system_step_at_a_hidden_finding_leaves_a_sealed_line(there: Stage) -> None:
    round_id = plan(there)
    (first, *_) = lively(there, round_id)
    with there.cleared() as session:
        act_by_system(session, first, "note", now=LATER, note="机构调整")
        session.commit()
        line = session.scalars(select(Audit).where(Audit.verb == "finding.note")).one()
        assert (line.hidden, line.sealed_for) == (True, round_id)


def test_a_visit_and_a_release_at_the_same_moment_lose_nothing(there: Stage) -> None:
    """Whoever writes for a round holds it: the visit is in before the round is closed, or is refused."""
    round_id = plan(there)
    lively(there, round_id)
    done: list[str] = []
    started = threading.Event()

    def visit() -> None:
        with there.cleared() as session:
            try:
                walk(session, there, round_id, now=LATER)
                started.set()
                time.sleep(0.3)
                session.commit()
                done.append("in")
            except SanchengError:
                started.set()
                done.append("refused")

    thread = threading.Thread(target=visit)
    thread.start()
    started.wait()
    let_out(there, round_id)
    thread.join()
    assert done == ["in"]
    assert hidden_rows(there) == {}


def test_the_function_of_the_database_refuses_all_but_a_closed_secret_round_of_its_own(
    there: Stage, wall: Wall, tmp_path: Path
) -> None:
    mine = plan(there)
    foreign = stage(wall, tmp_path, "邻区")
    theirs = plan(foreign)
    close(foreign, theirs)
    announced = plan(there, mode="announced", title="周督查")
    close(there, announced)
    closed = plan(there, title="第二轮")
    close(there, closed)
    tenant = there.town.ref.id
    asked = text("SELECT app_release(:r)")
    for scope, cleared, which in (
        (tenant, False, closed),
        (tenant, True, mine),
        (tenant, True, theirs),
        (tenant, True, announced),
        (tenant, True, new_id()),
        (0, True, closed),
        (foreign.town.ref.id, True, closed),
    ):
        with wall.open(scope, cleared=cleared) as session, pytest.raises(DBAPIError):
            session.execute(asked, {"r": which})
    with wall.open(tenant, cleared=True) as session:
        assert session.scalar(asked, {"r": closed}) == 0
        with pytest.raises(DBAPIError):  # once
            session.execute(asked, {"r": closed})


def test_the_function_knows_every_table_that_a_secret_round_can_reach(there: Stage) -> None:
    """A new table with hidden rows must be released too; plans stay hidden, and a seed is shown by its draw."""
    with there.plain() as session:
        body = session.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'app_release'"))
    kept = {"round_plan", "draw_seed"}
    for mapper in Base.registry.mappers:
        table = mapper.local_table.name
        if issubclass(mapper.class_, SecretRow) and table not in kept:
            assert f"UPDATE public.{table} SET hidden = false" in body, table


def test_a_release_asks_one_statement_for_a_finding_and_no_more(there: Stage) -> None:
    """Hundreds of findings are released in seconds (docs/secrecy.md): each is read on its own once at most."""
    few, many = (asked_to_release(there, visits) for visits in (2, 12))
    assert (few[0], many[0]) == (2 * len(FAILED), 12 * len(FAILED))
    assert many[1] - few[1] <= many[0] - few[0] + SLACK, (few, many)
    with there.plain() as session:
        numbered = select(func.count()).select_from(Finding).where(Finding.number.is_not(None))
        assert session.scalar(numbered) == 14 * len(FAILED)


def asked_to_release(there: Stage, visits: int) -> tuple[int, int]:
    """How many findings a round of so many visits released, and how many statements that took."""
    round_id = plan(there, title=f"{visits} 次检查")
    with there.cleared() as session:
        for number in range(visits):
            walk(session, there, round_id, now=THURSDAY + timedelta(minutes=number))
        session.commit()
    version = close(there, round_id)
    with there.cleared() as session, counted(there.wall) as asked:
        done = release(session, there.office, round_id, version=version, now=RELEASED)
        session.commit()
    return done.findings, len(asked)


def test_what_is_good_is_released_too(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        walk(session, there, round_id, ALL_GOOD)
        session.commit()
    assert let_out(there, round_id).findings == 0
    with there.plain() as session, sealed(session, None):
        assert len(session.scalars(select(Visit)).all()) == 1
