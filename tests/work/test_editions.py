"""Choosing editions: dated, one at a time, taken back, frozen by content; switching a campaign off and on again keeps it all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.campaigns import installed
from core.campaigns.body import seal
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work import enabling
from core.work.editions.choices import IN_FORCE, SHADOW, choices_of
from core.work.editions.in_force import edition_for, shadow_of, spans_of
from core.work.editions.known import known_edition, known_editions
from core.work.editions.switching import choose_edition, withdraw_edition
from core.work.enabling import campaign_as_run, enable, enabled, suspend
from core.work.tables import Audit, Definition, EnabledEdition
from tenants.models import EnabledCampaign
from tenants.scope import Wall
from tests.factory import add_actor, bare_district
from tests.work.test_enabling import KEY, campaign, dump, started

TODAY = date(2026, 3, 2)
LATER = date(2026, 7, 1)
OLD, NEW = campaign().shipped
OTHER = seal(replace(NEW, key="own_2026", title_zh="本区版", draft=False))


def spans(session):
    return [(c.edition, c.role, c.valid_from, c.valid_to) for c in choices_of(session, KEY)]


def choose(session, edition=NEW, *, role=IN_FORCE, day=LATER, today=TODAY, actor=None, **more):
    return choose_edition(session, actor, campaign(), edition, role=role, day=day, today=today, **more)


def test_a_draft_is_never_taken_by_itself(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        assert session.scalars(select(EnabledCampaign.edition)).one() == "edition_2024"
        assert [k.edition.key for k in known_editions(session, campaign())] == ["edition_2024", "edition_2025"]


def test_an_edition_holds_from_its_day_on(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        choose(session)
        session.commit()
        day_before = LATER - timedelta(days=1)
        assert [edition_for(session, campaign(), d).key for d in (TODAY, day_before, LATER, date(2030, 1, 1))] == [
            "edition_2024",
            "edition_2024",
            "edition_2025",
            "edition_2025",
        ]
        assert enabled(session, installed(), day=day_before)[0].edition is OLD
        assert enabled(session, installed(), day=LATER)[0].edition is NEW
        row = session.scalars(select(EnabledCampaign)).one()
        assert campaign_as_run(session, installed(), row, day=LATER).edition is NEW
        assert campaign_as_run(session, installed(), row, day=day_before).edition is OLD
        kept = session.scalars(select(Definition.sha256).where(Definition.kind == "edition")).all()
        assert set(kept) == {OLD.sha256, NEW.sha256}
        said = session.scalars(select(Audit).where(Audit.verb == "edition.enforce")).one()
        assert said.detail == {"edition": "edition_2025", "edition_sha256": NEW.sha256, "valid_from": "2026-07-01"}


def test_a_newer_choice_ends_the_one_before_and_takes_back_those_to_come(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        choose(session, NEW, day=date(2026, 4, 1))
        choose(session, OTHER, day=date(2026, 9, 1))
        assert spans(session) == [
            ("edition_2025", IN_FORCE, date(2026, 4, 1), date(2026, 9, 1)),
            ("own_2026", IN_FORCE, date(2026, 9, 1), None),
        ]
        choose(session, OLD, day=date(2026, 6, 1))
        assert spans(session) == [
            ("edition_2025", IN_FORCE, date(2026, 4, 1), date(2026, 6, 1)),
            ("edition_2024", IN_FORCE, date(2026, 6, 1), None),
        ]
        days = (date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 1), date(2026, 9, 1))
        assert [edition_for(session, campaign(), d).key for d in days] == [
            "edition_2024",
            "edition_2025",
            "edition_2024",
            "edition_2024",
        ]
        assert [s.first for s in spans_of(session, campaign())] == [None, date(2026, 4, 1), date(2026, 6, 1)]


def test_a_choice_is_taken_back_before_it_begins(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        first = choose(session, NEW, day=date(2026, 4, 1))
        second = choose(session, OTHER, day=date(2026, 9, 1))
        withdraw_edition(session, None, second.id, campaign=KEY, today=TODAY)
        assert spans(session) == [("edition_2025", IN_FORCE, date(2026, 4, 1), None)]
        with pytest.raises(Conflict, match="结束"):
            withdraw_edition(session, None, second.id, campaign=KEY, today=TODAY)
        with pytest.raises(Conflict, match="在用版本不能撤回"):
            withdraw_edition(session, None, first.id, campaign=KEY, today=date(2026, 4, 1))
        with pytest.raises(NotFound):
            withdraw_edition(session, None, first.id, campaign="civilized_city", today=TODAY)
        assert session.get(EnabledEdition, (session.tenant_id, second.id)), "nothing is deleted"


def test_a_shadow_runs_beside_and_ends_when_its_edition_comes_into_force(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        shadow = choose(session, role=SHADOW, day=TODAY)
        found = shadow_of(session, campaign(), TODAY)
        assert found
        assert found.edition is NEW
        assert edition_for(session, campaign(), TODAY) is OLD
        assert enabled(session, installed(), day=TODAY)[0].edition is OLD
        assert choose(session, role=SHADOW, day=TODAY) is shadow, "the same choice again changes nothing"
        assert len(session.scalars(select(Audit).where(Audit.verb == "edition.shadow")).all()) == 1
        with pytest.raises(Conflict, match="影子"):
            choose(session, role=SHADOW, day=LATER)
        choose(session, day=LATER)
        assert shadow.valid_to == LATER
        assert shadow_of(session, campaign(), LATER) is None
        other = choose(session, OTHER, role=SHADOW, day=TODAY)
        assert shadow.valid_to == TODAY, "one shadow at a time"
        withdraw_edition(session, None, other.id, campaign=KEY, today=date(2026, 3, 9))
        assert shadow_of(session, campaign(), date(2026, 3, 9)) is None
        assert shadow_of(session, campaign(), date(2026, 3, 8))


@pytest.mark.parametrize(
    ("edition", "more", "wanted"),
    [
        (NEW, {"day": date(2026, 3, 1)}, "已经过去"),
        (replace(NEW, valid_from=date(2026, 8, 1)), {}, "还没有施行"),
        (replace(NEW, valid_to=date(2026, 6, 30)), {}, "已经废止"),
        (replace(NEW, valid_to=date(2026, 6, 30)), {"role": SHADOW}, "已经废止"),
    ],
)
def test_bad_days_are_refused(wall: Wall, edition, more, wanted: str) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        with pytest.raises(InvalidInput) as refused:
            choose(session, edition, **more)
        (fault,) = refused.value.faults
        assert fault.field == "day"
        assert wanted in fault.message
        assert fault.remedy
        assert spans(session) == []


def test_an_edition_to_come_may_be_a_shadow_already(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        choose(session, seal(replace(NEW, valid_from=date(2027, 1, 1))), role=SHADOW, day=TODAY)
        assert len(spans(session)) == 1


def test_the_edition_in_force_is_not_chosen_again(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        for role in (IN_FORCE, SHADOW):
            with pytest.raises(Conflict, match="在用版本"):
                choose(session, OLD, role=role)


def test_only_administrators_of_the_district_choose(wall: Wall) -> None:
    district = started(wall, KEY)
    office = add_actor(wall, district.ref, "hq_office", district.root)
    local = add_actor(wall, district.ref, "administrator", district.street)
    chief = add_actor(wall, district.ref, "administrator", district.root)
    with district.session(wall) as session:
        for actor in (office, local):
            with pytest.raises(Forbidden):
                choose(session, actor=actor)
        row = choose(session, actor=chief)
        with pytest.raises(Forbidden):
            withdraw_edition(session, local, row.id, campaign=KEY, today=TODAY)


def test_a_campaign_that_does_not_run_has_no_editions_to_choose(wall: Wall) -> None:
    with bare_district(wall).session(wall) as session, pytest.raises(NotFound):
        choose(session)
    district = started(wall, KEY)
    with district.session(wall) as session:
        suspend(session, None, KEY, today=TODAY)
        with pytest.raises(NotFound):
            choose(session)


def test_suspended_and_enabled_again_every_choice_is_equal(wall: Wall) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        choose(session, role=SHADOW, day=TODAY)
        choose(session, OTHER, day=LATER)
        session.commit()
        before = dump(session)
        assert len(before["enabled_edition"]) == 2
        suspend(session, None, KEY, today=TODAY)
        session.commit()
        enable(session, None, campaign(), today=date(2027, 1, 1))
        session.commit()
        assert dump(session) == before
        assert enabled(session, installed(), day=LATER)[0].edition == OTHER


def test_a_chosen_edition_stays_readable_without_its_plugin(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    district = started(wall, KEY)
    with district.session(wall) as session:
        choose(session, OTHER, day=LATER)
        session.commit()
    monkeypatch.setattr(enabling, "_editions", {})
    with district.session(wall) as session:
        found = edition_for(session, campaign(), LATER)
        assert (found, found.sha256) == (OTHER, OTHER.sha256)
        assert known_edition(session, campaign(), OTHER.sha256).edition == OTHER
        with pytest.raises(NotFound):
            known_edition(session, campaign(), "0" * 64)


def test_two_districts_choose_for_themselves(wall: Wall) -> None:
    one, two = started(wall, KEY), started(wall, KEY)
    with one.session(wall) as session:
        choose(session)
        session.commit()
    with two.session(wall) as session:
        assert spans(session) == []
        assert edition_for(session, campaign(), LATER) is OLD
