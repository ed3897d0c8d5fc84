"""What is seen beside the forms in a round goes with the round; when it was seen is kept, and no deadline moves into the past."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.calendar import ZONE, local_day, seed_calendar
from core.work.field.sending import Ask, Came, take
from core.work.loop.ledger import act
from core.work.rounds.results import look_at, totals
from core.work.tables import Audit, DayMark, Finding, FindingEvent, Note, Round, Serial, Site
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor, add_site
from tests.work.market import THURSDAY, campaigns
from tests.work.pictures import jpeg
from tests.work.secret_stage import RELEASED, Stage, let_out, photo, plan, stage
from tests.work.test_secret_release import hidden_rows

NINE = datetime(2026, 11, 19, 9, 0, tzinfo=ZONE)
THREE = datetime(2026, 11, 19, 15, 0, tzinfo=ZONE)


@pytest.fixture
def there(wall: Wall, tmp_path: Path) -> Stage:
    found = stage(wall, tmp_path)
    with found.plain() as session:
        seed_calendar(session, [2026, 2027])
        session.commit()
    return found


def said(there: Stage, round_id: UUID | None = None, **more: Any) -> dict[str, Any]:
    """A report as the phone sends it, under a number of its own."""
    round_of = {"round_id": str(round_id)} if round_id else {}
    site = {"site_id": str(there.town.market), "category": "ENV-LITTER"}
    return {"kind": "report", "id": str(new_id()), **site, **round_of, **more}


def send(
    session: ScopedSession,
    actor: Actor,
    body: dict[str, Any],
    now: datetime = THURSDAY,
    clock: datetime | None = None,
) -> Came:
    return take(Ask(session, actor, campaigns(), now, clock), body | {"person_id": str(actor.person_id)})


def test_of_a_secret_round_it_is_born_hidden_and_released_with_it(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        before, after = (photo(session, there, round_id, jpeg(seed=n)) for n in range(2))
        found = said(there, round_id, photos=[before], detail="暗访看到的")
        came = send(session, there.inspector, found)
        spot = said(there, round_id, photos=[before], fixed=[after])
        send(session, there.inspector, spot)
        assert came.said == {"number": "", "state": "dispatched", "outcome": ""}
        assert send(session, there.inspector, found).replayed
        session.commit()
    with there.plain() as session:
        assert session.scalar(select(func.count()).select_from(Finding)) == 0
        assert session.scalar(select(func.count()).select_from(Note)) == 0
        assert session.scalar(select(func.count()).select_from(Serial).where(Serial.series == "finding-2026")) == 0
        assert session.scalar(select(func.count()).select_from(Audit).where(Audit.verb == "finding.report")) == 0
        marks = session.scalar(select(func.count()).select_from(DayMark))
        with pytest.raises(Conflict):  # the number is taken, and nothing more is said
            send(session, there.town.inspector, said(there) | {"id": found["id"]})
        session.rollback()
    done = let_out(there, round_id)
    assert done.findings == 2
    assert hidden_rows(there) == {}
    with there.plain() as session:
        rows = session.scalars(select(Finding).order_by(Finding.number)).all()
        assert [one.number for one in rows] == ["2026-00001", "2026-00002"]
        assert [one.state for one in rows] == ["dispatched", "closed"]
        assert rows[0].clock_from == RELEASED
        assert {one.round_id for one in rows} == {round_id}
        told = session.scalars(select(Note).where(Note.kind == "finding.open")).all()
        assert {one.object_id for one in told} == {str(rows[0].id)}
        assert (session.scalar(select(func.count()).select_from(DayMark)) or 0) > (marks or 0)
        sealed = session.scalars(select(Audit.verb).where(Audit.sealed_for == round_id))
        assert "finding.report" in set(sealed)


def test_a_step_before_the_release_stays_sealed(there: Stage) -> None:
    round_id = plan(there)
    with there.cleared() as session:
        came = send(session, there.inspector, said(there, round_id))
        act(session, there.office, UUID(came.id), "cancel", version=1, reason="other", note="看错了", now=THURSDAY)
        lines = session.execute(select(Audit.hidden, Audit.sealed_for).where(Audit.object_id == came.id)).all()
        assert {(True, round_id)} == set(map(tuple, lines))
        assert len(lines) == 2


def test_members_of_another_secret_round_know_nothing_of_it(there: Stage) -> None:
    other = there.another()
    mine, theirs = plan(there), plan(there, other, title="另一轮")
    with there.cleared() as session:
        came = send(session, there.inspector, said(there, mine))
        session.commit()
    with there.cleared() as session:
        with pytest.raises(Conflict):
            send(session, other, said(there, theirs) | {"id": came.id})
        session.rollback()
        with pytest.raises(NotFound):
            send(session, other, said(there, mine))
    with there.plain() as session, pytest.raises(NotFound):
        send(session, there.town.inspector, said(there, mine))


def test_of_an_announced_round_it_is_counted_with_it(there: Stage) -> None:
    round_id = plan(there, mode="announced", title="周督查")
    with there.plain() as session:
        came = send(session, there.town.inspector, said(there, round_id))
        send(session, there.town.inspector, said(there))
        session.commit()
        assert came.said["number"]
        of = session.get_one(Round, (there.town.ref.id, round_id))
        assert totals(look_at(session, there.town.office, of, local_day(THURSDAY))).findings == 1
        assert session.scalars(select(Finding.round_id).where(Finding.id == UUID(came.id))).one() == round_id


def test_a_stop_out_of_reach_is_reported_for_the_round_alone(there: Stage) -> None:
    """Subdistricts check each other: the round sends one where the post does not reach."""
    with there.plain() as session:
        away = session.get_one(Site, (there.town.ref.id, there.town.market)).unit_id
    home = next(one for one in there.town.district.communities if one != away)
    walker = add_actor(there.wall, there.town.ref, "inspector", home, "互查员")
    with there.plain() as session:
        far = add_site(session, away, "back_street", name="邻街")
        session.commit()
    round_id = plan(there, walker, mode="announced", title="互查")
    with there.cleared() as session:
        of = session.get_one(Round, (there.town.ref.id, round_id))
        of.sampling = {"beside": True}
        session.commit()
    with there.plain() as session:
        with pytest.raises(NotFound):  # it is no stop, and out of his reach
            send(session, walker, said(there, round_id) | {"site_id": str(far)})
        session.rollback()
        send(session, walker, said(there, round_id))
        session.rollback()
        with pytest.raises(NotFound):  # without the round the place is not his
            send(session, walker, said(there))


def test_who_is_not_in_it_and_what_does_not_go_with_it_are_refused(there: Stage) -> None:
    round_id = plan(there, mode="announced", title="周督查")
    stranger = add_actor(there.wall, there.town.ref, "inspector", there.town.district.root, "检查员乙")
    with there.plain() as session:
        with pytest.raises(Forbidden):
            send(session, stranger, said(there, round_id))
        body = said(there, round_id) | {"site_id": None, "unit_id": str(there.town.district.root), "place": "路口"}
        with pytest.raises(InvalidInput) as refused:
            send(session, there.town.inspector, body)
        assert [one.field for one in refused.value.faults] == ["site_id"]


def test_it_says_when_it_was_seen_and_its_clock_starts_when_it_arrives(there: Stage) -> None:
    body = said(there, taken_at=NINE.isoformat())
    with there.plain() as session:
        came = send(session, there.town.inspector, body, now=THREE, clock=THREE)
        found = session.get_one(Finding, (there.town.ref.id, UUID(came.id)))
        first = session.scalars(select(FindingEvent).where(FindingEvent.finding_id == found.id)).one()
        assert datetime.fromisoformat(first.detail["taken_at"]) == NINE
        assert first.detail["arrival"] == "late"
        assert (found.opened_at, found.clock_from) == (THREE, THREE)
        assert send(session, there.town.inspector, body, now=THREE + timedelta(hours=1)).replayed
        with pytest.raises(Conflict):
            send(session, there.town.inspector, body | {"taken_at": THREE.isoformat()}, now=THREE)


def test_a_wrong_clock_is_put_right_and_an_incredible_moment_is_said(there: Stage) -> None:
    fast = timedelta(hours=5)
    with there.plain() as session:
        come = send(session, there.town.inspector, said(there, taken_at=(NINE + fast).isoformat()), THREE, THREE + fast)
        old = send(session, there.town.inspector, said(there, taken_at="2020-01-01T00:00:00+08:00"), THREE, THREE)
        details = {
            one.finding_id: one.detail for one in session.scalars(select(FindingEvent).where(FindingEvent.version == 1))
        }
        assert datetime.fromisoformat(details[UUID(come.id)]["taken_at"]) == NINE
        assert details[UUID(old.id)]["arrival"] == "undated"
        with pytest.raises(InvalidInput):
            send(session, there.town.inspector, said(there, taken_at="2026-11-19T09:00:00"), THREE, THREE)
