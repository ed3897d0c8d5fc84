"""Appeals: who may raise and who decides, in every state; the race; what an upheld one really does; what never leaks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, SanchengError, Stale
from core.work.appeals.appeal_list import (
    LATE,
    MINE,
    Wanted,
    appeals_about,
    events_of,
    find_appeal,
    list_appeals,
    standing_of,
)
from core.work.appeals.appeal_moves import EFFECTS, STATES, STEPS
from core.work.appeals.deciding import Carry, Effect, decide, withdraw
from core.work.appeals.finding_effects import Wish, carry_out, correcting_visits, effects_for
from core.work.appeals.raising import about_finding, appeal_finding
from core.work.calendar import load_calendar
from core.work.desk.inbox import OBJECTION, count_kinds
from core.work.desk.inbox_rows import read_duties
from core.work.inspection.photos import open_photo, store
from core.work.inspection.visit_corrections import correct
from core.work.loop.ledger import act
from core.work.papers.notes import list_notes
from core.work.tables import Appeal, Audit, Finding, FindingCampaign, Part
from core.work.tenant_settings import Times, read_setting
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.work.market import ANSWERS, THURSDAY, Town, campaigns, send, town
from tests.work.pictures import jpeg

FRIDAY = THURSDAY + timedelta(days=1)


@dataclass
class Scene:
    """A finding that the sanitation office has, and everybody around it."""

    place: Town
    finding: UUID
    people: dict[str, Actor]

    @property
    def unit(self) -> UUID:
        return self.place.district.departments["sanitation"]

    def session(self, wall: Wall) -> ScopedSession:
        return self.place.district.session(wall)

    def appeal(self, session: ScopedSession, who: str = "liaison", **more: object) -> Appeal:
        given = {"unit_id": self.unit, "reason": "现场已经整改，照片为证", "now": FRIDAY} | more
        return appeal_finding(session, self.people[who], self.finding, **given)

    def carry(self, session: ScopedSession, effect: str = "cancel", who: str = "office", **more: object) -> Carry:
        seen = session.scalars(select(Finding.version).where(Finding.id == self.finding)).one()
        wish = Wish(effect, **({"seen": seen} | more))
        actor = self.people[who]
        return lambda appeal, said: carry_out(session, actor, appeal, said, wish, FRIDAY)


@pytest.fixture
def scene(wall: Wall) -> Scene:
    place = town(wall)
    unit, root = place.district.departments["sanitation"], place.district.root
    with place.district.session(wall) as session:
        send(session, place)
        finding = session.scalars(
            select(Part.finding_id)
            .join(Finding, (Finding.tenant_id == Part.tenant_id) & (Finding.id == Part.finding_id))
            .where(Part.unit_id == unit, Part.leading, Finding.question == "toilet_clean")
        ).first()
        assert finding
        session.commit()
    office = place.office
    peer = add_actor(wall, place.ref, "liaison", unit)
    own_office = add_actor(wall, place.ref, "hq_office", unit)
    people = {
        "liaison": place.liaison,
        "peer": peer,
        "office": office,
        "other_office": add_actor(wall, place.ref, "hq_office", root),
        "own_office": own_office,
        "insider": replace(own_office, duties=(*own_office.duties, *office.duties)),
        "raiser_above": replace(place.liaison, duties=office.duties),
        "inspector": place.inspector,
        "leader": place.leader,
        "outsider": add_actor(wall, place.ref, "liaison", place.district.communities[1]),
        "street_office": add_actor(wall, place.ref, "hq_office", place.district.street),
    }
    return Scene(place, finding, people)


def outcome(session: ScopedSession, what: object) -> str:
    """What became of an act, which is undone again."""
    point = session.begin_nested()
    try:
        what()  # type: ignore[operator]
    except SanchengError as error:
        return type(error).__name__
    finally:
        point.rollback()
        session.expire_all()
    return "done"


DONE, NO, GONE, OVER = "done", "Forbidden", "NotFound", "Conflict"
# Who -> what comes of withdrawing, upholding and rejecting an appeal that waits.
WAITING = {
    "liaison": (DONE, NO, NO),
    "peer": (DONE, NO, NO),
    "office": (NO, DONE, DONE),
    "other_office": (NO, DONE, DONE),
    "own_office": (NO, NO, NO),
    "insider": (NO, NO, NO),
    "raiser_above": (NO, NO, NO),
    "inspector": (NO, NO, NO),
    "leader": (NO, NO, NO),
    "outsider": (GONE, GONE, GONE),
    "street_office": (GONE, GONE, GONE),
}


@pytest.mark.parametrize("state", list(STATES))
def test_who_may_do_what_in_which_state(wall: Wall, scene: Scene, state: str) -> None:
    with scene.session(wall) as session:
        appeal = scene.appeal(session)
        session.execute(
            update(Appeal).where(Appeal.tenant_id == appeal.tenant_id, Appeal.id == appeal.id).values(state=state)
        )
        session.expire_all()
        found = {}
        for name, actor in scene.people.items():
            deciding = partial(decide, session, actor, appeal.id, version=1, text="核实过", now=FRIDAY)
            found[name] = (
                outcome(session, partial(withdraw, session, actor, appeal.id, version=1, now=FRIDAY)),
                outcome(session, partial(deciding, "uphold", carry=scene.carry(session, who=name))),
                outcome(session, partial(deciding, "reject")),
            )
    waits = state == "raised"
    expected = {name: tuple(one if waits or one != DONE else OVER for one in said) for name, said in WAITING.items()}
    assert found == expected


def test_who_may_raise_and_for_whom(wall: Wall, scene: Scene) -> None:
    with scene.session(wall) as session:
        raised = {name: outcome(session, partial(scene.appeal, session, name)) for name in scene.people}
        assert raised == dict.fromkeys(raised, NO) | {
            "liaison": DONE,
            "peer": DONE,
            "outsider": GONE,
            "street_office": NO,
        }
        # the place's own liaison sees the finding and has a part of his own, not the office's
        home = add_actor(wall, scene.place.ref, "liaison", scene.place.district.communities[0])
        with pytest.raises(InvalidInput) as caught:
            appeal_finding(session, home, scene.finding, unit_id=scene.unit, reason="不对", now=FRIDAY)
        assert caught.value.faults[0].field == "unit"
        one = appeal_finding(session, home, scene.finding, unit_id=None, reason="不在本辖区", now=FRIDAY)
        assert one.unit_id == scene.place.district.communities[0]
        two = scene.appeal(session)
        assert {one.about, two.about} == {about_finding(scene.finding)}
        assert [a.id for a in appeals_about(session, home, one.about, FRIDAY)] == [one.id]
        assert {a.id for a in appeals_about(session, scene.people["office"], one.about, FRIDAY)} == {one.id, two.id}


def test_what_a_bad_one_is_told(wall: Wall, scene: Scene) -> None:
    with scene.session(wall) as session:
        with pytest.raises(InvalidInput) as caught:
            scene.appeal(session, reason=" ", photos=["nothing"])
        assert {fault.field for fault in caught.value.faults} == {"reason", "photos"}
        appeal = scene.appeal(session)
        office = scene.people["office"]
        with pytest.raises(InvalidInput) as caught:
            decide(session, office, appeal.id, "perhaps", version=1, text="", now=FRIDAY)
        assert {fault.field for fault in caught.value.faults} == {"text", "verdict"}
        with pytest.raises(InvalidInput) as caught:
            decide(session, office, appeal.id, "uphold", version=1, text="属实", now=FRIDAY)
        assert {fault.field for fault in caught.value.faults} == {"effect"}
        assert session.scalars(select(Appeal.state)).one() == "raised"
        session.rollback()
        act(session, office, scene.finding, "cancel", version=1, note="误报", now=FRIDAY)
        with pytest.raises(Conflict):
            scene.appeal(session)


def test_one_open_appeal_of_a_unit_about_a_thing(wall: Wall, scene: Scene) -> None:
    with scene.session(wall) as session:
        first = scene.appeal(session)
        with pytest.raises(Conflict, match="已由"):
            scene.appeal(session, "peer")
        withdraw(session, scene.people["peer"], first.id, version=1, note="弄错了", now=FRIDAY)
        again = scene.appeal(session, "peer")
        assert [event.verb for event in events_of(session, first.id)] == ["raise", "withdraw"]
        session.commit()
        twin = {name: getattr(again, name) for name in ("about", "finding_id", "unit_id", "unit_name", "person_id")}
        session.add(Appeal(**twin, reason="x", due_at=FRIDAY))
        with pytest.raises(IntegrityError, match="ix_appeal_open"):
            session.flush()


def test_two_raise_at_the_same_moment(wall: Wall, scene: Scene) -> None:
    results: list[str] = []
    barrier = threading.Barrier(6)

    def run(name: str) -> None:
        with scene.session(wall) as session:
            barrier.wait()
            try:
                scene.appeal(session, name)
                session.commit()
                results.append("done")
            except Conflict:
                results.append("conflict")

    threads = [threading.Thread(target=run, args=(name,)) for name in ("liaison", "peer") * 3]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(results) == ["conflict"] * 5 + ["done"]


def test_of_two_deciders_one_wins_and_the_other_is_told_who(wall: Wall, scene: Scene) -> None:
    with scene.session(wall) as session:
        appeal_id = scene.appeal(session).id
        session.commit()
    results: list[str] = []
    barrier = threading.Barrier(8)

    def run(name: str, verdict: str) -> None:
        with scene.session(wall) as session:
            barrier.wait()
            carry = scene.carry(session, who=name)
            try:
                decide(session, scene.people[name], appeal_id, verdict, version=1, text="核实", carry=carry, now=FRIDAY)
                session.commit()
                results.append("done")
            except Stale as error:
                results.append(error.params["who"])

    pairs = [(name, verdict) for name in ("office", "other_office") for verdict in ("uphold", "reject")] * 2
    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with scene.session(wall) as session:
        appeal = session.get_one(Appeal, (scene.place.ref.id, appeal_id))
        assert sorted(results) == sorted(["done"] + [appeal.decided_by] * 7)
        assert len(events_of(session, appeal_id)) == 2
        state = session.scalars(select(Finding.state).where(Finding.id == scene.finding)).one()
        assert (state == "cancelled") == (appeal.state == "upheld")


def test_upheld_it_cancels_the_finding_and_its_history_says_why(wall: Wall, scene: Scene) -> None:
    office = scene.people["office"]
    with scene.session(wall) as session:
        appeal = scene.appeal(session)
        finding = session.get_one(Finding, (scene.place.ref.id, scene.finding))
        assert effects_for(session, office, finding, FRIDAY) == ["cancel", "correct"]
        carry = scene.carry(session)
        done = decide(session, office, appeal.id, "uphold", version=1, text="照片属实，撤销", carry=carry, now=FRIDAY)
        session.commit()
        assert (done.state, done.effect, done.effect_id) == ("upheld", "cancel", scene.finding)
        assert done.outcome == {"from": "dispatched", "to": "cancelled", "version": 2}
        session.refresh(finding)
        assert finding.state == "cancelled"
        notes = list_notes(session, scene.people["liaison"], now=FRIDAY)
        assert [n.params["decision"] for n in notes if n.kind == "appeal"] == ["照片属实，撤销"]
        with pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text("UPDATE appeal_event SET note = 'x'"))


def test_upheld_it_corrects_the_finding(wall: Wall, scene: Scene) -> None:
    office = scene.people["office"]
    with scene.session(wall) as session:
        appeal = scene.appeal(session)
        carry = scene.carry(session, "correct", changes={"severity": "ordinary", "title": "厕所地面有少量污水"})
        done = decide(session, office, appeal.id, "uphold", version=1, text="描述过重", carry=carry, now=FRIDAY)
        finding = session.get_one(Finding, (scene.place.ref.id, scene.finding), populate_existing=True)
        assert finding.title == "厕所地面有少量污水"
        assert done.outcome["after"]["title"] == finding.title
        assert done.outcome["before"]["title"] != finding.title
        session.commit()


def test_what_the_ledger_refuses_decides_nothing(wall: Wall, scene: Scene) -> None:
    office = scene.people["office"]
    with scene.session(wall) as session:
        appeal_id = scene.appeal(session).id
        session.commit()
    for carry_of, error in (
        (lambda s: scene.carry(s, seen=7), Stale),
        (lambda s: scene.carry(s, "correct", changes={}), InvalidInput),
        (lambda s: scene.carry(s, "already"), Conflict),
        (lambda s: scene.carry(s, "visit", visit_id=new_id()), InvalidInput),
        (lambda s: scene.carry(s, "burn"), InvalidInput),
    ):
        with scene.session(wall) as session, pytest.raises(error):
            decide(session, office, appeal_id, "uphold", version=1, text="属实", carry=carry_of(session), now=FRIDAY)
        with scene.session(wall) as session:
            assert find_appeal(session, office, appeal_id, FRIDAY).state == "raised"
            assert session.scalars(select(Finding.version).where(Finding.id == scene.finding)).one() == 1


def test_a_corrected_visit_is_linked(wall: Wall, scene: Scene) -> None:
    office = scene.people["office"]
    with scene.session(wall) as session:
        appeal = scene.appeal(session)
        finding = session.get_one(Finding, (scene.place.ref.id, scene.finding))
        assert finding.visit_id
        assert correcting_visits(session, office, finding, FRIDAY) == []
        made = correct(
            session,
            office,
            finding.visit_id,
            campaigns=campaigns(),
            new_visit_id=new_id(),
            answers={**ANSWERS, "toilet_clean": {"rating": 10}},
            reason="申诉属实，当天已清洁",
            now=FRIDAY,
        )
        session.refresh(finding)
        assert effects_for(session, office, finding, FRIDAY) == ["already", "visit"]
        carry = scene.carry(session, "visit", visit_id=made.visit.id)
        done = decide(session, office, appeal.id, "uphold", version=1, text="检查已更正", carry=carry, now=FRIDAY)
        assert (done.effect, done.effect_id) == ("visit", made.visit.id)
        assert done.outcome["finding"] == "cancelled"
        session.commit()


def test_the_time_to_decide_is_working_time_and_the_inbox_knows_it(wall: Wall, scene: Scene) -> None:
    office, liaison = scene.people["office"], scene.people["liaison"]
    with scene.session(wall) as session:
        appeal = scene.appeal(session)
        hours = timedelta(hours=read_setting(session, Times).appeal_hours)
        assert hours == timedelta(hours=72)
        assert appeal.due_at == load_calendar(session, FRIDAY).add_working_time(FRIDAY, hours)
        assert count_kinds(session, office, FRIDAY)[OBJECTION] == 1
        assert OBJECTION not in count_kinds(session, liaison, FRIDAY)
        assert count_kinds(session, scene.people["insider"], FRIDAY)[OBJECTION] == 0
        duty = read_duties(session, office, OBJECTION, FRIDAY, limit=9)[0]
        assert (duty.id, duty.due_at, duty.late) == (appeal.id, appeal.due_at, False)
        assert read_duties(session, office, OBJECTION, appeal.due_at + timedelta(1), limit=9)[0].late
        told = [n.object_id for n in list_notes(session, office, now=FRIDAY) if n.kind == "appeal"]
        assert told == [str(appeal.id)]

        def listed(state: str, when: timedelta = timedelta(0), who: Actor = office) -> int:
            return len(list_appeals(session, who, Wanted(state=state), now=FRIDAY + when, limit=9))

        assert (listed(LATE), listed(LATE, timedelta(30)), listed(MINE), listed(MINE, who=liaison)) == (0, 1, 1, 0)
        assert len(list_appeals(session, office, Wanted(kind="figure"), now=FRIDAY, limit=9)) == 0
        named = set(
            session.scalars(select(FindingCampaign.campaign).where(FindingCampaign.finding_id == scene.finding))
        )
        assert named
        for one in campaigns():
            found = list_appeals(session, office, Wanted(campaign=one.key), now=FRIDAY, limit=9)
            assert len(found) == (one.key in named)
        decide(session, office, appeal.id, "reject", version=1, text="证据不足", now=FRIDAY)
        assert count_kinds(session, office, FRIDAY)[OBJECTION] == 0
        session.commit()


def test_photos_are_for_who_sees_the_appeal(wall: Wall, scene: Scene, tmp_path) -> None:
    with scene.session(wall) as session:
        photo = store(session, scene.people["liaison"], jpeg(), files=tmp_path, now=FRIDAY)
        scene.appeal(session, photos=[photo.original_sha256])
        session.commit()
        for name in ("office", "peer", "leader"):
            assert open_photo(session, scene.people[name], photo.id, tmp_path, now=FRIDAY).is_file()
        for name in ("outsider", "street_office"):
            with pytest.raises(NotFound):
                open_photo(session, scene.people[name], photo.id, tmp_path, now=FRIDAY)


def test_an_appeal_about_what_became_restricted_is_gone_for_everybody_else(wall: Wall, scene: Scene, tmp_path) -> None:
    """Also what was told, counted, listed and written into the trail before."""
    district = scene.place.district
    keeper = add_actor(wall, scene.place.ref, "discipline", district.root)
    office, liaison = scene.people["office"], scene.people["liaison"]
    with scene.session(wall) as session:
        photo = store(session, liaison, jpeg((50, 40)), files=tmp_path, now=FRIDAY)
        appeal = scene.appeal(session, photos=[str(photo.id)])
        session.execute(
            update(Finding)
            .where(Finding.tenant_id == scene.place.ref.id, Finding.id == scene.finding)
            .values(restricted=True)
        )
        session.commit()
        for who in (office, liaison, scene.people["leader"], scene.people["peer"]):
            with pytest.raises(NotFound):
                find_appeal(session, who, appeal.id, FRIDAY)
            assert list_appeals(session, who, Wanted(), now=FRIDAY, limit=9) == []
            assert appeals_about(session, who, appeal.about, FRIDAY) == []
            assert not any(n.object_id == str(appeal.id) for n in list_notes(session, who, now=FRIDAY))
            standing = standing_of(session, who, appeal, FRIDAY)
            assert (standing.withdraws, standing.decides) == (False, False)
        assert count_kinds(session, office, FRIDAY)[OBJECTION] == 0
        with pytest.raises(NotFound):
            open_photo(session, office, photo.id, tmp_path, now=FRIDAY)
        with pytest.raises(NotFound):
            decide(session, office, appeal.id, "reject", version=1, text="不成立", now=FRIDAY)
        found = find_appeal(session, keeper, appeal.id, FRIDAY)
        assert count_kinds(session, keeper, FRIDAY)[OBJECTION] == 1
        done = decide(session, keeper, found.id, "reject", version=1, text="不成立", now=FRIDAY)
        kinds = session.scalars(select(Audit.object_kind).where(Audit.object_id == str(done.id)).order_by(Audit.at))
        assert list(kinds)[-1] == "conduct"
        told = [n for n in list_notes(session, liaison, now=FRIDAY) if n.kind == "appeal"]
        assert told == []
        session.commit()


def test_another_district_knows_nothing_of_it(wall: Wall, scene: Scene) -> None:
    with scene.session(wall) as session:
        appeal_id = scene.appeal(session).id
        session.commit()
    other = town(wall, "邻区")
    with other.district.session(wall) as session:
        assert session.scalar(select(func.count()).select_from(Appeal)) == 0
        with pytest.raises(NotFound):
            find_appeal(session, other.office, appeal_id, FRIDAY)


def test_every_word_is_there() -> None:
    assert {state for state, _ in STEPS.values()} == set(STATES)
    assert set(EFFECTS) == {"cancel", "correct", "visit", "already", "run"}
    assert Effect("").outcome == {}
    assert Forbidden.status == 403
