"""A visit corrected with its history: who may, what it does to points and findings, races, repetition, figures."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.campaigns.body import seal
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.figures.periods import parse_period
from core.figures.scores import score_campaign
from core.work.calendar import local_day
from core.work.inspection.photos import store
from core.work.inspection.visit_chain import versions
from core.work.inspection.visit_corrections import correct, may_correct, permits
from core.work.inspection.visit_list import list_visits
from core.work.inspection.visit_versions import changes, version_of
from core.work.inspection.visits import Submitted
from core.work.loop import ledger
from core.work.tables import Audit, Finding, FindingEvent, Serial, Sheet, Visit
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.work.market import ALL_GOOD, ANSWERS, FAILED, THURSDAY, Town, campaigns, send, town
from tests.work.pictures import jpeg

LATER = THURSDAY + timedelta(hours=3)
NOVEMBER = parse_period("2026-11")
MENDED = {**ANSWERS, "toilet_clean": {"rating": 9}, "parking_offences": {"count": 5}, "fair_scale": {"yes": False}}


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


def amend(session: ScopedSession, place: Town, visit_id: UUID, **changed: Any) -> Submitted:
    given = {"campaigns": campaigns(), "new_visit_id": new_id(), "answers": MENDED, "now": LATER}
    actor = changed.pop("actor", place.inspector)
    return correct(session, actor, visit_id, **({"reason": "看错了厕所"} | given | changed))


def by_question(session: ScopedSession) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for one in session.scalars(select(Finding).order_by(Finding.opened_at)):
        found.setdefault(one.question, []).append(one)
    return found


def test_a_correction_takes_the_place_of_the_visit(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        first = send(session, place)
        done = amend(session, place, first.visit.id)
        session.commit()
        old, new = session.get_one(Visit, (place.ref.id, first.visit.id)), done.visit
        same = ("site_id", "unit_id", "person_id", "day", "basis", "submitted_at")
        assert all(getattr(old, name) == getattr(new, name) for name in same)
        assert (new.replaces_id, old.replaced_at, new.replaced_at) == (old.id, LATER, None)
        assert new.summary["correction"]["reason"] == "看错了厕所"
        assert new.summary["correction"]["by"] == place.inspector.name
        assert [row.id for row in list_visits(session, place.office, now=LATER)[0]] == [new.id]
        for asked in (old, new):
            chain = versions(session, place.office, asked, local_day(LATER))
            assert [one.id for one in chain] == [old.id, new.id]
        changed = {c.question: (c.before, c.after) for c in changes(version_of(session, old), version_of(session, new))}
        assert set(changed) == {"toilet_clean", "parking_offences", "fair_scale"}
        assert changed["toilet_clean"][0].rating == 5
        assert changed["toilet_clean"][1].rating == 9
        assert changed["fair_scale"][0].na
        # the old sheets stay as they were: 77.22 of 94 in the civilized city (decision 0006)
        stays = session.get_one(Sheet, (place.ref.id, old.id, "civilized_city", "CIV-MARKET"))
        assert (stays.earned, stays.possible) == (7722, 9400)
        line = session.scalars(select(Audit).where(Audit.verb == "visit.correct")).one()
        assert line.detail == {"replaces": str(old.id), "kept": 9, "cancelled": 1, "opened": 1}


def test_findings_follow_question_by_question(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        first = send(session, place)
        before = {f.question: f.id for f in first.findings}
        done = amend(session, place, first.visit.id)
        session.commit()
        found = by_question(session)
        assert set(found) == FAILED | {"fair_scale"}
        assert all(len(listed) == 1 for listed in found.values())
        (passed,) = found["toilet_clean"]
        assert (passed.state, passed.visit_id, passed.version) == ("cancelled", first.visit.id, 2)
        last = session.scalars(select(FindingEvent).where(FindingEvent.finding_id == passed.id)).all()[-1]
        assert (last.verb, last.person_id) == ("cancel", None)
        assert "看错了厕所" in last.note
        (fresh,) = found["fair_scale"]
        assert (fresh.state, fresh.visit_id) == ("dispatched", done.visit.id)
        for code in FAILED - {"toilet_clean"}:
            (kept,) = found[code]
            assert (kept.id, kept.version, kept.state) == (before[code], 1, "dispatched")
            assert kept.visit_id == done.visit.id
        assert {f.id for f in done.findings} == {f.id for code, (f,) in found.items() if code != "toilet_clean"}


def test_what_was_closed_keeps_its_end(wall: Wall, place: Town) -> None:
    """A finding that the desk rejected or that was parked, and one that a correction brings back as a new one."""
    with place.district.session(wall) as session:
        first = send(session, place)
        toilet = next(f for f in first.findings if f.question == "toilet_clean")
        ledger.act(session, place.office, toilet.id, "cancel", version=1, note="现场已核实", now=LATER)
        done = amend(session, place, first.visit.id)
        session.refresh(toilet)
        assert (toilet.state, toilet.version) == ("cancelled", 3)
        verbs = session.scalars(
            select(FindingEvent.verb).where(FindingEvent.finding_id == toilet.id).order_by(FindingEvent.version)
        ).all()
        assert verbs == ["open", "cancel", "note"]
        assert done.visit.summary["correction"]["cancelled"] == []
        again = amend(session, place, done.visit.id, answers=ANSWERS, now=LATER + timedelta(hours=1))
        session.commit()
        listed = by_question(session)["toilet_clean"]
        assert [f.state for f in listed] == ["cancelled", "dispatched"]
        assert listed[1].visit_id == again.visit.id
        chain = versions(session, place.office, first.visit, local_day(LATER))
        assert [v.id for v in chain] == [first.visit.id, done.visit.id, again.visit.id]


def test_figures_count_the_version_in_force(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        first = send(session, place)
        amend(session, place, first.visit.id, answers=ALL_GOOD)
        session.commit()
        for campaign in campaigns():
            score = score_campaign(
                session, None, campaign, campaign.edition, NOVEMBER, cut_off=LATER + timedelta(days=30)
            )
            assert (score.visits, score.sites) == (1, 1)
            assert (score.findings["found"], score.findings["due"]) == (0, 0)
            figures = {f.code: (f.numerator, f.denominator) for f in score.indicators}
            if campaign.key == "civilized_city":
                assert figures["CIV-A1"] == (1, 1)
            if campaign.key == "food_safety_city":
                assert figures["FS-C1"] == (9, 9)


def test_sent_twice_it_is_one_correction(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        first = send(session, place)
        made = new_id()
        done = amend(session, place, first.visit.id, new_visit_id=made)
        again = amend(session, place, first.visit.id, new_visit_id=made)
        assert again.replayed
        assert again.visit.id == done.visit.id
        assert {f.id for f in again.findings} == {f.id for f in done.findings}
        with pytest.raises(Conflict):
            amend(session, place, first.visit.id, new_visit_id=made, reason="另一个原因")
        with pytest.raises(Conflict) as refused:
            amend(session, place, first.visit.id)
        assert refused.value.params["newer"] == str(made)
        assert place.inspector.name in refused.value.text()
        assert len(session.scalars(select(Visit)).all()) == 2


def test_of_two_at_once_one_wins_and_the_other_is_told(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        visit_id = send(session, place).visit.id
        session.commit()
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def run(actor: Any) -> None:
        start.wait()
        with place.district.session(wall) as session:
            try:
                done = amend(session, place, visit_id, actor=actor)
                session.commit()
                outcomes.append(str(done.visit.id))
            except Conflict as error:
                outcomes.append(f"newer {error.params['newer']}")

    threads = [threading.Thread(target=run, args=(actor,)) for actor in [place.inspector, place.office] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [one for one in outcomes if not one.startswith("newer")]
    assert sorted(one for one in outcomes if one != winner) == [f"newer {winner}"] * 3
    with place.district.session(wall) as session:
        assert len(session.scalars(select(Visit)).all()) == 2
        assert len(by_question(session)["fair_scale"]) == 1


def test_the_same_correction_at_once_is_one(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        visit_id = send(session, place).visit.id
        session.commit()
    made, outcomes, start = new_id(), [], threading.Barrier(3)

    def run() -> None:
        start.wait()
        with place.district.session(wall) as session:
            outcomes.append(amend(session, place, visit_id, new_visit_id=made).replayed)
            session.commit()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True, True]


def test_who_may_and_for_how_long(wall: Wall, place: Town) -> None:
    other = add_actor(wall, place.ref, "inspector", place.district.root)
    with place.district.session(wall) as session:
        visit = send(session, place).visit
        with pytest.raises(Forbidden, match="本人或创建办"):
            amend(session, place, visit.id, actor=other)
        late = THURSDAY + timedelta(days=4)
        with pytest.raises(Forbidden, match="3 天"):
            amend(session, place, visit.id, now=late)
        with pytest.raises(NotFound):
            amend(session, place, visit.id, actor=place.liaison)
        with pytest.raises(NotFound):
            amend(session, place, new_id())
        keys = [c.key for c in campaigns()]
        assert permits(session, place.inspector, visit, keys, THURSDAY + timedelta(days=3))
        assert not permits(session, place.inspector, visit, keys, late)
        assert not permits(session, other, visit, keys, LATER)
        done = amend(session, place, visit.id, actor=place.office, now=late)
        assert done.visit.person_id == place.inspector.person_id
        assert done.visit.summary["correction"]["by"] == place.office.name
        assert not permits(session, place.office, visit, keys, late)


def test_bad_input_is_named_and_changes_nothing(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        visit = send(session, place).visit
        short = {code: raw for code, raw in MENDED.items() if code != "toilet_clean"}
        with pytest.raises(InvalidInput) as refused:
            amend(session, place, visit.id, answers=short, reason="  ")
        assert [f.field for f in refused.value.faults] == ["reason", "toilet_clean"]
        with pytest.raises(InvalidInput, match="完全一样"):
            amend(session, place, visit.id, answers=ANSWERS)
        only = {i.question for p in may_correct(session, place.inspector, visit.id, campaigns=campaigns(), now=LATER)
                .plan.forms if p.key[0] == "civilized_city" for i in p.form.items}  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            amend(session, place, visit.id, answers={c: MENDED[c] for c in only})
        assert "FS-MARKET" in {f.where for f in refused.value.faults}
        with pytest.raises(InvalidInput, match="没有这张照片"):
            amend(session, place, visit.id, photos={"toilet_clean": [str(new_id())]})
        running = [c for c in campaigns() if c.key != "sanitary_city"]
        with pytest.raises(Conflict, match="停用"):
            amend(session, place, visit.id, campaigns=running)
        session.refresh(visit)
        assert visit.replaced_at is None


def test_photos_and_notes_are_part_of_the_version(wall: Wall, place: Town, tmp_path: Any) -> None:
    with place.district.session(wall) as session:
        photo = store(session, place.inspector, jpeg(), files=tmp_path).id
        first = send(session, place, photos={"toilet_clean": [str(photo)]}, notes={"toilet_clean": "地面有水"})
        kept = {"photos": {"toilet_clean": [str(photo)]}, "notes": {"toilet_clean": "地面有水"}}
        with pytest.raises(InvalidInput, match="完全一样"):
            amend(session, place, first.visit.id, answers=ANSWERS, **kept)
        done = amend(session, place, first.visit.id, answers=ANSWERS, notes={"toilet_clean": "地面已干"})
        (one,) = changes(version_of(session, first.visit), version_of(session, done.visit))
        assert (one.question, one.note_before, one.note_after) == ("toilet_clean", "地面有水", "地面已干")
        assert (one.photos_before, one.photos_after) == ((photo,), ())


def test_a_correction_is_scored_by_the_edition_of_the_visit(wall: Wall, place: Town) -> None:
    """Since then the campaign has another edition in which the toilets are worth nothing: it does not touch old visits."""
    running = []
    for campaign in campaigns():
        items = {form: tuple(replace(i, points=Decimal(0)) for i in form.items) for form in campaign.edition.forms}
        forms = tuple(seal(replace(form, items=kept)) for form, kept in items.items())
        running.append(replace(campaign, editions=(seal(replace(campaign.edition, key="edition_2027", forms=forms)),)))
    with place.district.session(wall) as session:
        first = send(session, place)
        done = amend(session, place, first.visit.id, campaigns=running)
        session.commit()
        before = {s.campaign: (s.edition, s.edition_sha256, s.form_sha256, s.possible) for s in first.sheets}
        after = {s.campaign: (s.edition, s.edition_sha256, s.form_sha256, s.possible) for s in done.sheets}
        # the fair scale, not applicable at first, is worth 5 points more in the civilized city
        assert {key: one[:3] for key, one in after.items()} == {key: one[:3] for key, one in before.items()}
        assert after["sanitary_city"] == before["sanitary_city"]
        assert after["civilized_city"][3] > before["civilized_city"][3] > 0


def test_what_a_secret_round_finds_takes_no_number(wall: Wall, place: Town) -> None:
    with place.district.session(wall) as session:
        first = send(session, place, answers=ALL_GOOD)
        session.commit()
    with wall.open(place.ref.id, cleared=True) as session:
        session.execute(update(Visit).values(hidden=True))
        session.commit()
    with wall.open(place.ref.id, cleared=True) as session:
        office = replace(place.office, cleared=True)  # as whoever plans secret rounds stands in their room
        done = amend(session, place, first.visit.id, answers=ANSWERS, actor=office)
        session.commit()
        assert len(done.findings) == len(FAILED)
        assert {(one.hidden, one.number) for one in done.findings} == {(True, None)}
    with place.district.session(wall) as session:
        assert session.scalars(select(Finding)).all() == []
        assert session.scalar(select(Serial.last).where(Serial.series == "finding-2026")) is None
        seen = send(session, place, now=LATER).findings
        assert sorted(one.number or "" for one in seen) == [f"2026-{n:05d}" for n in range(1, len(seen) + 1)]
