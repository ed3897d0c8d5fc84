"""Visits opened with one edition's forms and sent after a switch: accepted as answered, stored and scored by what they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.campaigns import Campaign, Edition, Form, installed
from core.campaigns.body import seal
from core.errors import Conflict, InvalidInput
from core.figures.by_edition import score_in_force
from core.figures.periods import parse_period
from core.work.editions.choices import IN_FORCE, PRIVATE, SHADOW
from core.work.editions.switching import choose_edition, withdraw_edition
from core.work.enabling import enabled, freeze, suspend
from core.work.inspection.opened_with import ELSEWHERE, MIXED, NEVER, STOPPED, STRANGE
from core.work.inspection.visit_corrections import correct
from core.work.inspection.visits import Submitted, due_at_site, submit
from core.work.tables import AnswerRow, Definition, ItemResult, SiteKind, Visit
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, District, add_actor, add_site, bare_district

KEY = "sanitary_city"
SANITARY = installed().campaigns[KEY]
OLD, NEW = SANITARY.shipped
ROAD_OLD, ROAD_NEW = OLD.form("SAN-ROAD"), NEW.form("SAN-ROAD")
SAME = OLD.form("TOILET")
ADDED = "pavement_tactile_faults"
OWN = seal(
    replace(
        NEW, key="own_2026", title_zh="本区版", forms=tuple(f for f in OLD.forms if f.code != "TOILET"), draft=False
    )
)
SWITCH = date(2026, 10, 1)
BEFORE = datetime(2026, 9, 30, 8, tzinfo=UTC)
AFTER = datetime(2026, 10, 2, 2, tzinfo=UTC)
GOOD: Mapping[str, Mapping[str, Any]] = {
    "yes_no": {"yes": True},
    "count": {"count": 0},
    "rating10": {"rating": 10},
    "n_of_m": {"n": 5, "m": 5},
}


def answers_of(*forms: Form, **changed: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every question of some forms answered as well as can be."""
    words = installed().vocabulary.questions
    return {item.question: GOOD[words[item.question].answer_type] for form in forms for item in form.items} | changed


@dataclass
class Place:
    district: District
    road: UUID
    inspector: Actor

    def send(self, session: ScopedSession, visit_id: UUID, now: datetime = AFTER, **more: Any) -> Submitted:
        on = now.astimezone(UTC).date()
        said = {"answers": answers_of(ROAD_OLD), "started_at": BEFORE, "site_id": self.road} | more
        campaigns = enabled(session, installed(), day=on)
        return submit(session, self.inspector, campaigns=campaigns, visit_id=visit_id, now=now, **said)


def place(wall: Wall, *types: str) -> Place:
    """A road in a district that runs the edition of 2024."""
    district = bare_district(wall, campaigns={KEY: (OLD.key, OLD.sha256)})
    with district.session(wall) as session:
        freeze(session, SANITARY, OLD)
        road = add_site(session, district.communities[0], *(types or ("main_road",)))
        session.commit()
    return Place(district, road, add_actor(wall, district.ref, "inspector", district.root))


def switch(session: ScopedSession, edition: Edition, day: date, today: date | None = None, **more: Any) -> None:
    choose_edition(session, None, SANITARY, edition, **({"role": IN_FORCE} | more), day=day, today=today or day)


def faults_of(error: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str, str, str]]:
    return [(f.message, f.field, f.value, f.where) for f in error.value.faults]


def test_a_visit_opened_before_the_switch_is_taken_as_answered(wall: Wall) -> None:
    here = place(wall)
    visit_id = new_id()
    with here.district.session(wall) as session:
        _, due = due_at_site(
            session, here.inspector, here.road, enabled(session, installed(), day=BEFORE.date()), SWITCH
        )
        opened = [planned.form.sha256 for planned in due.forms]
        assert opened == [ROAD_OLD.sha256]
        switch(session, NEW, SWITCH, date(2026, 9, 20))
        heaps = {"waste_heaps": {"count": 2}}
        done = here.send(session, visit_id, forms=opened, answers=answers_of(ROAD_OLD) | heaps)
        session.commit()
        assert [(s.form_sha256, s.edition, s.edition_sha256) for s in done.sheets] == [
            (ROAD_OLD.sha256, OLD.key, OLD.sha256)
        ]
        assert done.sheets[0].possible == int(sum(i.points for i in ROAD_OLD.items) * 100)
        assert done.visit.summary["not_asked"] == [ADDED]
        assert (done.visit.day, len(done.findings)) == (date(2026, 10, 2), 1)
        items = set(session.scalars(select(ItemResult.item).where(ItemResult.visit_id == visit_id)))
        assert items == {item.code for item in ROAD_OLD.items}
    with here.district.session(wall) as session:  # lost answer: the phone sends it once more
        again = here.send(session, visit_id, forms=opened, answers=answers_of(ROAD_OLD) | heaps)
        assert again.replayed
        assert again.visit.summary == done.visit.summary
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
        with pytest.raises(Conflict):
            here.send(session, visit_id, forms=opened, answers=answers_of(ROAD_OLD))


def test_sent_before_the_switch_and_repeated_after_it_is_one_visit(wall: Wall) -> None:
    here = place(wall)
    visit_id = new_id()
    for moment in (BEFORE, AFTER):
        with here.district.session(wall) as session:
            done = here.send(session, visit_id, moment, forms=[ROAD_OLD.sha256])
            assert done.replayed == (moment is AFTER)
            assert done.visit.summary["not_asked"] == []
            if moment is BEFORE:
                switch(session, NEW, SWITCH, date(2026, 9, 30))
            session.commit()


def test_the_other_way_round_new_forms_count_after_the_old_edition_is_back(wall: Wall) -> None:
    here = place(wall)
    with here.district.session(wall) as session:
        switch(session, NEW, date(2026, 9, 1))
        switch(session, OLD, SWITCH)
        visit_id = new_id()
        done = here.send(session, visit_id, forms=[ROAD_NEW.sha256], answers=answers_of(ROAD_NEW))
        assert [(s.edition, s.form_sha256) for s in done.sheets] == [(NEW.key, ROAD_NEW.sha256)]
        assert done.visit.summary["not_asked"] == []
        asked = select(AnswerRow.yes, AnswerRow.count).where(AnswerRow.question == ADDED)
        assert session.execute(asked).one() == (None, 0)


def test_each_period_scores_such_visits_by_its_own_edition(wall: Wall) -> None:
    """October began under 2025, November's edition is 2024 again; each visit was answered on the other one's form."""
    here = place(wall)
    october, november = parse_period("2026-10"), parse_period("2026-11")
    with here.district.session(wall) as session:
        switch(session, NEW, SWITCH)
        cleaning = {"street_cleaning": {"rating": 8}}
        here.send(session, new_id(), forms=[ROAD_OLD.sha256], answers=answers_of(ROAD_OLD) | cleaning)
        switch(session, OLD, date(2026, 11, 1))
        late = datetime(2026, 11, 3, 2, tzinfo=UTC)
        heaps = {"waste_heaps": {"count": 2}, ADDED: {"count": 1}}
        here.send(session, new_id(), late, forms=[ROAD_NEW.sha256], answers=answers_of(ROAD_NEW) | heaps)
        scores = score_in_force(
            session, None, SANITARY, (october, november), cut_off=datetime(2026, 11, 20, tzinfo=UTC)
        )
    first, second = scores[None, 0], scores[None, 1]
    assert (first.edition.key, second.edition.key) == (NEW.key, OLD.key)
    # October by 2025: the added item was not asked, so its indicator has nothing to stand on; cleaning weighs 8 there.
    assert first.indicator("SAN-311").status == "not_assessed"
    asked = sum(Fraction(item.points) for item in ROAD_NEW.items if item.question != ADDED)
    assert first.indicator("SAN-301").numerator == (asked - Fraction(16, 10)) / asked * 100
    # November by 2024: two heaps cost 4, the added question does not exist.
    asked = sum(Fraction(item.points) for item in ROAD_OLD.items)
    assert second.indicator("SAN-301").numerator == (asked - 4) / asked * 100


def test_forms_that_did_not_change_are_those_in_force(wall: Wall) -> None:
    here = place(wall, "main_road", "public_toilet")
    with here.district.session(wall) as session:
        switch(session, NEW, SWITCH)
        done = here.send(session, new_id(), forms=[SAME.sha256], answers=answers_of(SAME))
        assert [(s.form, s.edition) for s in done.sheets] == [("TOILET", NEW.key)]
        assert done.visit.summary["not_asked"] == []
        both = here.send(session, new_id(), forms=[SAME.sha256, ROAD_OLD.sha256], answers=answers_of(SAME, ROAD_OLD))
        # One visit was opened with one edition: its unchanged form is that edition's, too.
        assert {(s.form, s.edition) for s in both.sheets} == {("TOILET", OLD.key), ("SAN-ROAD", OLD.key)}


def test_without_naming_forms_those_in_force_are_asked(wall: Wall) -> None:
    here = place(wall)
    with here.district.session(wall) as session:
        switch(session, NEW, SWITCH)
        with pytest.raises(InvalidInput) as error:
            here.send(session, new_id())
        assert [f.field for f in error.value.faults] == [ADDED]


def test_a_type_that_the_site_had_when_it_was_opened_is_enough(wall: Wall) -> None:
    here = place(wall)
    with here.district.session(wall) as session:
        kind = session.get_one(SiteKind, (session.tenant_id, here.road, "main_road", SINCE))
        kind.valid_to = SWITCH
        session.add(SiteKind(site_id=here.road, site_type="public_toilet", valid_from=SWITCH))
        session.flush()
        done = here.send(session, new_id(), forms=[ROAD_OLD.sha256])
        assert [s.form for s in done.sheets] == ["SAN-ROAD"]
        with pytest.raises(InvalidInput) as error:
            here.send(session, new_id(), forms=[ROAD_OLD.sha256], started_at=AFTER - timedelta(hours=1))
        assert faults_of(error) == [(ELSEWHERE, "forms", ROAD_OLD.sha256[:12], "SAN-ROAD")]


def test_a_form_that_was_never_in_force_is_refused_by_name(wall: Wall) -> None:
    here = place(wall)
    with here.district.session(wall) as session:
        switch(session, NEW, date(2026, 10, 2), date(2026, 10, 2), role=SHADOW)
        freeze(session, SANITARY, OWN)
        with pytest.raises(InvalidInput) as error:
            here.send(session, new_id(), forms=["0" * 64, ROAD_NEW.sha256])
        assert faults_of(error) == [
            (STRANGE, "forms", "0" * 12, ""),
            (NEVER, "forms", ROAD_NEW.sha256[:12], "SAN-ROAD"),
        ]
        assert all(f.remedy for f in error.value.faults)
        assert session.scalar(select(func.count()).select_from(Visit)) == 0


def test_a_choice_taken_back_before_it_began_never_held(wall: Wall) -> None:
    here = place(wall)
    with here.district.session(wall) as session:
        switch(session, NEW, SWITCH, date(2026, 9, 20))
        chosen = choose_edition(session, None, SANITARY, NEW, role=IN_FORCE, day=SWITCH, today=date(2026, 9, 20))
        withdraw_edition(session, None, chosen.id, campaign=KEY, today=date(2026, 9, 25))
        with pytest.raises(InvalidInput) as error:
            here.send(session, new_id(), forms=[ROAD_NEW.sha256], answers=answers_of(ROAD_NEW))
        assert [f.message for f in error.value.faults] == [NEVER]


def test_two_editions_of_one_campaign_are_not_mixed(wall: Wall) -> None:
    here = place(wall)
    with here.district.session(wall) as session:
        switch(session, NEW, SWITCH)
        with pytest.raises(InvalidInput) as error:
            here.send(session, new_id(), forms=[ROAD_NEW.sha256, ROAD_OLD.sha256], answers=answers_of(ROAD_NEW))
        assert faults_of(error) == [(MIXED, "forms", ROAD_OLD.sha256[:12], "SAN-ROAD")]


def test_a_suspended_campaigns_form_says_so(wall: Wall) -> None:
    here = place(wall)
    with here.district.session(wall) as session:
        suspend(session, None, KEY, today=SWITCH)
        with pytest.raises(InvalidInput) as error:
            here.send(session, new_id(), forms=[ROAD_OLD.sha256])
        assert faults_of(error) == [(STOPPED, "forms", ROAD_OLD.sha256[:12], "SAN-ROAD")]


def test_another_districts_form_is_unknown_here(wall: Wall) -> None:
    here, other = place(wall), place(wall)
    strange = seal(replace(ROAD_OLD, title_zh="别区的检查表"))
    theirs = seal(replace(OLD, key="theirs", forms=(strange,)))
    with other.district.session(wall) as session:
        freeze(session, SANITARY, theirs)
        session.commit()
        assert session.scalar(select(Definition.code).where(Definition.sha256 == strange.sha256)) == "SAN-ROAD"
    with here.district.session(wall) as session:
        with pytest.raises(InvalidInput) as error:
            here.send(session, new_id(), forms=[strange.sha256])
        assert faults_of(error) == [(STRANGE, "forms", strange.sha256[:12], "")]


def test_an_own_editions_forms_are_found_after_it_was_replaced(wall: Wall) -> None:
    """Frozen here alone: no package has them."""
    here = place(wall)
    form = seal(replace(ROAD_OLD, title_zh="本区道路检查表"))
    own = seal(replace(OWN, forms=(form,)))
    with here.district.session(wall) as session:
        switch(session, own, date(2026, 9, 1), source=PRIVATE)
        switch(session, NEW, SWITCH)
        done = here.send(session, new_id(), forms=[form.sha256])
        assert [(s.edition, s.form_sha256) for s in done.sheets] == [("own_2026", form.sha256)]
        assert done.visit.summary["not_asked"] == [ADDED]


def test_a_correction_keeps_the_forms_and_what_was_not_asked(wall: Wall) -> None:
    here = place(wall)
    with here.district.session(wall) as session:
        switch(session, NEW, SWITCH)
        done = here.send(session, new_id(), forms=[ROAD_OLD.sha256])
        campaigns: list[Campaign] = enabled(session, installed(), day=AFTER.date())
        answers = answers_of(ROAD_OLD) | {"waste_heaps": {"count": 1}}
        said = {"campaigns": campaigns, "new_visit_id": new_id(), "answers": answers, "reason": "数错了", "now": AFTER}
        made = correct(session, here.inspector, done.visit.id, **said)
        assert [(s.edition, s.form_sha256) for s in made.sheets] == [(OLD.key, ROAD_OLD.sha256)]
        assert made.visit.summary["not_asked"] == [ADDED]
