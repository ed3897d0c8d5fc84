"""What belongs to a secret round is born hidden: no row of any table that a plain session can read is touched by it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.inspection.photos import find_files, open_photo
from core.work.inspection.visit_corrections import correct
from core.work.inspection.visit_list import list_visits, visit_detail
from core.work.journal import sealed
from core.work.loop.ledger import act_by_system
from core.work.loop.sight import sees_finding
from core.work.rounds.clearance import find_round, may_know_some, sees_round
from core.work.rounds.planning import cancel_round
from core.work.rounds.sealing import READ, note_read
from core.work.rounds.teams import change_team
from core.work.tables import Audit, File, FileLook, Finding, Round, RoundMember, RoundTeam, Visit
from tenants.db import Base, new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import add_site
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, THURSDAY, campaigns, send
from tests.work.pictures import jpeg
from tests.work.secret_stage import Stage, close, photo, plan, stage, walk

LATER = THURSDAY + timedelta(hours=2)
TODAY = THURSDAY.date()


@pytest.fixture
def there(wall: Wall, tmp_path: Path) -> Stage:
    found = stage(wall, tmp_path)
    with found.plain() as session:  # forms are frozen at their first use, and the inspector is known
        send(session, found.town)
        session.commit()
    return found


def readable(session: ScopedSession) -> dict[str, tuple[int, str]]:
    """Of every table that a tenant's session may read: how many rows, and a hash of all they say."""
    found = {}
    for table in Base.metadata.sorted_tables:
        asked = f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table.name} t"
        row = session.execute(text(asked)).one()
        found[table.name] = (row[0], row[1])
    return found


def test_nothing_of_a_secret_round_can_be_read_before_its_release(there: Stage) -> None:
    """Planned, photographed, walked, seen again, corrected, looked at, closed: all of it leaves every readable row as it was."""
    with there.plain() as session:
        before = readable(session)
    assert before["visit"][0] == 1
    round_id = plan(there)
    with there.cleared() as session:
        shots = [photo(session, there, round_id, jpeg(seed=n)) for n in range(4)]
        session.commit()
    said = {"photos": {"toilet_clean": shots[:1]}, "fixed": {"toilet_clean": shots[1:2]}}
    with there.cleared() as session:
        first = walk(session, there, round_id, **said)
        session.commit()
    with there.cleared() as session:
        standing = next(one for one in first.findings if one.question == "illegal_posters")
        again = walk(session, there, round_id, now=LATER, again={"illegal_posters": str(standing.id)})
        session.commit()
        assert [one.id for one in again.again] == [standing.id]
    with there.cleared() as session:
        given = {"campaigns": campaigns(), "new_visit_id": new_id(), "reason": "看错了", "now": LATER}
        correct(session, there.inspector, first.visit.id, answers=ALL_GOOD, **given)
        act_by_system(session, standing.id, "note", now=LATER, note="核实过")
        row = find_round(session, there.office, round_id, TODAY)
        note_read(session, there.office, row, "rounds.show", now=LATER)
        session.commit()
    close(there, round_id, now=LATER)
    with there.plain() as session:
        after = readable(session)
    assert {name: pair for name, pair in after.items() if pair != before[name]} == {}


def test_all_that_a_secret_visit_writes_is_hidden_and_without_a_number(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        shot = photo(session, there, round_id)
        made = walk(session, there, round_id, photos={"toilet_clean": [shot]})
        session.commit()
        assert made.visit.hidden
        assert made.visit.round_id == round_id
        assert len(made.findings) == len(FAILED)
        assert {(one.hidden, one.number) for one in made.findings} == {(True, None)}
        lines = session.scalars(select(Audit).where(Audit.sealed_for == round_id)).all()
        assert {"round.create", "round.open", "photo.store", "visit.submit"} <= {one.verb for one in lines}
        assert all(one.hidden for one in lines)
        about = [str(made.visit.id), str(round_id), shot, *(str(one.id) for one in made.findings)]
        assert session.scalars(select(Audit).where(Audit.object_id.in_(about), Audit.hidden.is_(False))).all() == []


def test_a_visit_of_an_announced_round_stays_visible_and_names_it(there: Stage) -> None:
    round_id = plan(there, mode="announced", title="周督查")
    with there.plain() as session:
        made = walk(session, there, round_id, actor=there.town.inspector)
        session.commit()
        assert (made.visit.round_id, made.visit.hidden) == (round_id, False)
        assert all(one.number for one in made.findings)


def test_the_same_again_is_answered_alike_also_after_the_round_was_closed(there: Stage) -> None:
    round_id = plan(there)
    visit_id = new_id()
    with there.cleared() as session:
        first = walk(session, there, round_id, visit_id=visit_id)
        session.commit()
    close(there, round_id)
    with there.cleared() as session:
        again = walk(session, there, round_id, visit_id=visit_id)
        assert again.replayed
        assert again.visit.summary == first.visit.summary
        with pytest.raises(Conflict):
            walk(session, there, round_id, ALL_GOOD, visit_id=visit_id)
        with pytest.raises(Conflict, match="不收检查"):
            walk(session, there, round_id)
        with pytest.raises(Conflict):  # the same visit for another round, or for none, is another visit
            send(session, there.town, actor=there.inspector, visit_id=visit_id)


def test_who_is_not_in_the_round_learns_nothing_of_it(there: Stage) -> None:
    round_id = plan(there)
    stranger = there.another()
    with there.cleared() as session, pytest.raises(NotFound):  # although his session would meet the rows
        walk(session, there, round_id, actor=stranger)
    with there.plain() as session, pytest.raises(NotFound):
        walk(session, there, round_id, actor=there.town.inspector)
    with there.plain() as session, pytest.raises(NotFound):
        walk(session, there, new_id(), actor=there.town.inspector)
    announced = plan(there, mode="announced", title="周督查")
    with there.plain() as session, pytest.raises(Forbidden):
        walk(session, there, announced, actor=stranger)


def test_a_site_that_the_round_does_not_visit_is_refused_unless_it_allows_others(there: Stage) -> None:
    with there.plain() as session:
        kiosk = add_site(session, there.town.district.communities[0], "produce_market", name="另一处市场")
        session.commit()
    closed, free = plan(there), plan(there, title="自选点位暗访", sampling={"beside": True})
    with there.cleared() as session:
        with pytest.raises(InvalidInput, match="内容有误") as refused:
            walk(session, there, closed, site_id=kiosk)
        assert refused.value.faults[0].field == "site_id"
        assert walk(session, there, free, site_id=kiosk).visit.hidden


def test_a_secret_visit_never_touches_what_stands_in_the_open(there: Stage) -> None:
    """A finding of the open that is still there is found a second time, hidden: a line in its history would tell."""
    round_id = plan(there)
    with there.plain() as session:
        open_one = session.scalars(select(Finding).where(Finding.question == "illegal_posters")).one()
        version = open_one.version
    with there.cleared() as session:
        made = walk(session, there, round_id, again={"illegal_posters": str(open_one.id)})
        session.commit()
        assert made.again == ()
        assert len(made.findings) == len(FAILED)
    with there.plain() as session:
        assert session.get_one(Finding, (there.town.ref.id, open_one.id)).version == version


def test_two_secret_rounds_know_nothing_of_each_other(there: Stage) -> None:
    other = there.another()
    ours, theirs = plan(there), plan(there, other, title="专家暗访")
    with there.cleared() as session:
        mine = walk(session, there, ours, photos={"toilet_clean": [photo(session, there, ours)]})
        shot = photo(session, there, theirs, jpeg(seed=3))
        his = walk(session, there, theirs, actor=other, photos={"toilet_clean": [shot]})
        session.commit()
    on = TODAY
    with there.cleared() as session:
        for actor, own, foreign in ((there.inspector, mine, his), (other, his, mine)):
            seen = set(session.scalars(select(Round.id).where(sees_round(actor, on))))
            assert seen == {own.visit.round_id}
            found = set(session.scalars(select(Finding.id).where(sees_finding(actor, on))))
            assert found >= {one.id for one in own.findings}
            assert not found & {one.id for one in foreign.findings}
            listed = {one.id for one in list_visits(session, actor, now=LATER)[0]}
            assert own.visit.id in listed
            assert foreign.visit.id not in listed
            assert visit_detail(session, actor, own.visit.id, now=LATER).findings
            with pytest.raises(NotFound):
                visit_detail(session, actor, foreign.visit.id, now=LATER)
            with pytest.raises(NotFound):
                find_round(session, actor, foreign.visit.round_id, on)
        assert open_photo(session, other, UUID(shot), there.files, now=LATER)
        stranger = there.another()
        with pytest.raises(NotFound):
            open_photo(session, stranger, UUID(shot), there.files, now=LATER)
        seen = set(session.scalars(select(Round.id).where(sees_round(there.office, on))))
        assert seen == {ours, theirs}
        # Not cleared by the door: no hidden row by any filter, whatever the session.
        found = set(session.scalars(select(Finding.id).where(sees_finding(there.town.office, on))))
        assert not found & {one.id for one in (*mine.findings, *his.findings)}


def test_a_photo_is_kept_once_for_each_round_and_once_in_the_open(there: Stage) -> None:
    ours, theirs = plan(there), plan(there, title="第二轮")
    data = jpeg((64, 64), seed=5)
    with there.cleared() as session:
        ids = [photo(session, there, one, data) for one in (ours, theirs, None, ours)]
        session.commit()
        assert ids[0] == ids[3]
        assert len(set(ids)) == 3
        rows = {str(one.id): one for one in session.scalars(select(File))}
        assert [rows[one].hidden for one in ids[:3]] == [True, True, False]
        assert all(one.hidden for one in session.scalars(select(FileLook).where(FileLook.file_id == UUID(ids[0]))))
        digest = rows[ids[0]].original_sha256
        with sealed(session, ours):
            assert str(find_files(session, [digest])[digest].id) == ids[0]
            assert find_files(session, [ids[1]]) == {}
        assert str(find_files(session, [digest])[digest].id) == ids[2]
    with there.plain() as session:
        assert [str(one.id) for one in session.scalars(select(File))] == [ids[2]]
        with pytest.raises(InvalidInput):
            send(session, there.town, photos={"toilet_clean": [ids[0]]}, now=LATER)


def test_a_photo_of_a_secret_round_is_refused_by_a_visit_in_the_open(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        shot = photo(session, there, round_id)
        with pytest.raises(InvalidInput):
            send(session, there.town, actor=there.inspector, photos={"toilet_clean": [shot]}, now=LATER)


def test_clearance_ends_with_membership(there: Stage) -> None:
    round_id = plan(there)
    who = there.town.inspector
    with there.cleared() as session:
        assert may_know_some(session, who)
        assert may_know_some(session, there.town.office)
        assert not may_know_some(session, there.town.leader)
        session.execute(text("UPDATE round_member SET ended_at = now() WHERE round_id = :r"), {"r": round_id})
        assert not may_know_some(session, who)
        with pytest.raises(NotFound):
            walk(session, there, round_id)


def test_members_know_of_a_round_from_its_beginning_only(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        for state, known in (("draft", False), ("open", True), ("closed", True), ("cancelled", False)):
            session.execute(text("UPDATE round SET state = :s WHERE id = :r"), {"s": state, "r": round_id})
            assert may_know_some(session, there.town.inspector) is known
            seen = session.scalars(select(Round.id).where(Round.id == round_id, sees_round(there.inspector, TODAY)))
            assert (seen.first() == round_id) is known
            assert session.scalars(select(Round.id).where(sees_round(there.office, TODAY))).all() == [round_id]


def test_looks_are_written_down_once_for_each_person_round_route_and_hour(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        row = find_round(session, there.office, round_id, TODAY)
        for actor, route, minutes in (
            (there.office, "rounds.show", 0),
            (there.office, "rounds.show", 20),
            (there.office, "rounds.export", 21),
            (there.office, "rounds.show", 65),
            (there.inspector, "rounds.show", 1),
        ):
            note_read(session, actor, row, route, now=THURSDAY + timedelta(minutes=minutes))
        session.commit()
        lines = session.scalars(select(Audit).where(Audit.verb == READ)).all()
        assert len(lines) == 4
        assert {(one.hidden, one.sealed_for) for one in lines} == {(True, round_id)}
    with there.plain() as session:
        assert session.scalars(select(Audit).where(Audit.verb == READ)).all() == []


def test_a_session_seals_for_one_round_at_a_time(there: Stage) -> None:
    with there.cleared() as session, sealed(session, new_id()), pytest.raises(ValueError, match="another"):
        with sealed(session, new_id()):
            pass


def test_a_draft_that_was_called_off_stays_hidden(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        session.execute(text("UPDATE round SET state = 'draft' WHERE id = :r"), {"r": round_id})
        row = session.get_one(Round, (there.town.ref.id, round_id))
        cancel_round(session, there.office, round_id, version=row.version, now=LATER, note="改期")
        session.commit()
    with there.plain() as session:
        assert session.scalars(select(Round)).all() == []
        assert session.scalars(select(Audit).where(Audit.object_id == str(round_id))).all() == []


def test_a_correction_is_the_members_and_the_planners_alone(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        made = walk(session, there, round_id)
        session.commit()
    given = {
        "campaigns": campaigns(),
        "reason": "看错了",
        "now": LATER,
        "answers": ANSWERS | {"toilet_clean": {"rating": 9}},
    }
    for actor in (there.town.office, there.another(), there.town.leader):
        with there.cleared() as session, pytest.raises(NotFound):
            correct(session, actor, made.visit.id, new_visit_id=new_id(), **given)
    with there.cleared() as session:
        done = correct(session, there.office, made.visit.id, new_visit_id=new_id(), **given)
        session.commit()
        assert (done.visit.hidden, done.visit.round_id) == (True, round_id)
        assert all(one.hidden for one in session.scalars(select(Finding).where(Finding.visit_id == done.visit.id)))
    with there.plain() as session:
        assert session.scalars(select(Visit).where(Visit.round_id == round_id)).all() == []


def test_a_member_who_changes_teams_stays_cleared(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        team = session.scalars(select(RoundTeam)).one()
        row = session.get_one(Round, (there.town.ref.id, round_id))
        people = [there.inspector.person_id]
        change_team(
            session, there.office, round_id, team.id, version=row.version, name="二组", members=people, now=LATER
        )
        session.commit()
        assert session.scalars(select(RoundMember.person_id).where(RoundMember.ended_at.is_(None))).all() == people
        assert may_know_some(session, there.town.inspector)
