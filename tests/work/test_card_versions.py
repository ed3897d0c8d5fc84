"""Rules of their time (办法版本): a change of a scheme leaves days and periods that are over as they were judged."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from core.campaigns import installed
from core.errors import Conflict, InvalidInput, Stale
from core.figures.card_days import compute_day, recompute_day
from core.figures.card_periods import preview, propose_period
from core.figures.periods import parse_period
from core.work.calendar import local_day
from core.work.desk.inbox import APPEAL
from core.work.desk.inbox_rows import read_duties
from core.work.marks.card_forward import correct
from core.work.marks.card_issues import act, act_on_all, live_cards
from core.work.marks.card_schemes import find_scheme, keep_scheme, move_scheme
from core.work.marks.card_versions import rules_on
from core.work.marks.ranking_days import read_day
from core.work.tables import CardScheme
from tenants.scope import ScopedSession, Wall
from tests.work.carding import NOW, STREETS, Town, at, shares, town

WORDS = installed()
DAY = date(2026, 11, 18)
SECOND = parse_period("2026-11-T2")
TODAY = date(2026, 11, 22)


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def session(wall: Wall, place: Town) -> Iterator[ScopedSession]:
    with place.session(wall) as opened:
        yield opened


def since(session: ScopedSession, place: Town, day: date, **changes: Any) -> CardScheme:
    """A scheme in force since a day."""
    body = copy.deepcopy(STREETS) | changes
    row = keep_scheme(session, place.office, body, unit_id=place.district.root, now=at(day, 9))
    return move_scheme(session, place.office, row.id, "activate", version=row.version, now=at(day, 10))


def change(session: ScopedSession, place: Town, row: CardScheme, day: date, **changes: Any) -> CardScheme:
    body = copy.deepcopy(STREETS) | changes
    unit = place.district.root
    return keep_scheme(
        session, place.office, body, unit_id=unit, scheme_id=row.id, version=row.version, now=at(day, 11)
    )


def test_a_day_keeps_the_rules_of_that_day(session: ScopedSession, place: Town) -> None:
    """Eligibility is tightened on the 22nd: checking the 18th again says what it said, the 22nd falls under the new rules."""
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = since(session, place, date(2026, 11, 1))
    assert compute_day(session, WORDS, row, DAY, now=NOW) == 1
    row = change(session, place, row, TODAY, eligibility={"volume": 50})
    kept = find_scheme(session, place.office, row.id, TODAY)
    assert recompute_day(session, place.office, WORDS, kept, DAY, now=NOW) == 1
    assert compute_day(session, WORDS, row, TODAY - timedelta(days=1), now=NOW) == 1
    later = NOW + timedelta(days=1)
    compute_day(session, WORDS, row, TODAY, now=later)
    ranks = {day: read_day(session, row.id, day) for day in (DAY, TODAY)}
    assert [one.rank for one in ranks[DAY].places] == [1, 2, 2, 4, 5]  # type: ignore[union-attr]
    assert {one.unranked for one in ranks[TODAY].places} == {"no_data"}  # type: ignore[union-attr]
    assert {one.facts["volume"] for one in ranks[TODAY].places} == {50}  # type: ignore[union-attr]


def test_a_period_is_judged_by_the_rules_of_its_last_day(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = since(session, place, date(2026, 11, 1))
    green = [{"code": "green", "label": "绿牌", "meaning": "都好", "tone": "green", "give": {"rest": True}}]
    row = change(session, place, row, TODAY, colours=green)
    kept = find_scheme(session, place.office, row.id, TODAY)
    found = preview(session, WORDS, kept, SECOND, now=NOW)
    assert [one.colour for one in found[0].proposals] == ["red", None, None, None, "black"]
    propose_period(session, place.office, WORDS, kept, SECOND, now=NOW)
    red, black = live_cards(session, row.id, SECOND.start)
    assert (red.colour, black.colour, red.scheme_version) == ("red", "black", 2)
    running = preview(session, WORDS, kept, parse_period("2026-11-T3"), now=NOW)
    assert {one.colour for one in running[0].proposals} <= {"green", None}
    act_on_all(session, place.office, [red, black], "confirm", now=NOW)
    act_on_all(session, place.office, [red, black], "show", now=NOW)
    new = correct(session, place.office, black.id, version=3, colour="red", note="口径有误", now=NOW)
    assert (new.colour, new.scheme_version) == ("red", 2)


def test_a_change_on_the_last_day_counts_for_it(session: ScopedSession, place: Town) -> None:
    row = since(session, place, date(2026, 11, 1))
    change(session, place, row, date(2026, 11, 20), eligibility={"volume": 7})
    assert [rules_on(session, row, date(2026, 11, n)).scheme.volume for n in (19, 20, 22)] == [0, 7, 7]


def test_days_before_the_scheme_have_the_rules_it_came_with(session: ScopedSession, place: Town) -> None:
    """Drafts count for nothing, nor what was written while it was retired; on its first day the last word of the day does."""
    body = copy.deepcopy(STREETS)
    draft = keep_scheme(
        session, place.office, body | {"ties": "in"}, unit_id=place.district.root, now=at(date(2026, 11, 2))
    )
    row = change(session, place, draft, date(2026, 11, 5), eligibility={"volume": 3})
    row = move_scheme(session, place.office, row.id, "activate", version=row.version, now=at(date(2026, 11, 6)))
    change(session, place, row, date(2026, 11, 6), eligibility={"volume": 4})
    row = move_scheme(session, place.office, row.id, "retire", version=row.version, now=at(date(2026, 11, 8)))
    change(session, place, row, date(2026, 11, 9), eligibility={"volume": 5})
    days = {n: rules_on(session, row, date(2026, 11, n)).scheme.volume for n in (1, 3, 6, 10)}
    assert days == {1: 4, 3: 4, 6: 4, 10: 4}


def test_a_period_of_another_kind_than_its_rules_knew_is_refused(session: ScopedSession, place: Town) -> None:
    row = since(session, place, date(2026, 10, 1))
    change(session, place, row, TODAY, period="month")
    kept = find_scheme(session, place.office, row.id, TODAY)
    assert preview(session, WORDS, kept, parse_period("2026-10"), now=NOW) == []
    with pytest.raises(Conflict, match="不是按这种周期"):
        propose_period(session, place.office, WORDS, kept, parse_period("2026-10"), now=NOW)
    propose_period(session, place.office, WORDS, kept, SECOND, now=NOW)  # the ten days before the change still go


def test_confirming_all_means_those_that_were_seen(session: ScopedSession, place: Town) -> None:
    """Between page and click the numbers were put forward again: what changed is named and nothing is confirmed."""
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = since(session, place, date(2026, 11, 1))
    kept = find_scheme(session, place.office, row.id, TODAY)
    propose_period(session, place.office, WORDS, kept, SECOND, now=NOW)
    red, black = live_cards(session, row.id, SECOND.start)
    seen = {red.id: red.version, black.id: black.version}
    act(session, place.office, red.id, "confirm", version=1, now=NOW)
    with pytest.raises(Stale, match=red.subject_name):
        act_on_all(session, place.office, live_cards(session, row.id, SECOND.start), "confirm", seen=seen, now=NOW)
    session.refresh(black)
    assert black.state == "proposed"
    found = live_cards(session, row.id, SECOND.start)
    assert act_on_all(session, place.office, found, "confirm", seen={black.id: 1}, now=NOW) == 1
    found = live_cards(session, row.id, SECOND.start)
    assert act_on_all(session, place.office, found, "show", seen={red.id: 2}, now=NOW) == 1
    assert {one.id: one.state for one in live_cards(session, row.id, SECOND.start)} == {
        red.id: "shown",
        black.id: "confirmed",  # not on the page that was clicked
    }


def test_an_appeal_is_due_in_the_scheme_s_working_days(session: ScopedSession, place: Town) -> None:
    """What is appealed on a Sunday begins on Monday: five working days end when Sunday the 29th does, two with the 24th."""
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    for days, due in ((None, date(2026, 11, 29)), (2, date(2026, 11, 24))):
        row = since(session, place, date(2026, 11, 1), **({"appeal_days": days} if days else {}))
        kept = find_scheme(session, place.office, row.id, TODAY)
        propose_period(session, place.office, WORDS, kept, SECOND, now=NOW)
        for verb in ("confirm", "show"):
            act_on_all(session, place.office, live_cards(session, row.id, SECOND.start), verb, now=NOW)
        black = live_cards(session, row.id, SECOND.start)[1]
        with pytest.raises(InvalidInput, match="没有这张照片"):
            act(session, place.liaisons[4], black.id, "appeal", version=3, note="有误", photos=["0" * 64], now=NOW)
        act(session, place.liaisons[4], black.id, "appeal", version=3, note="数据有误", now=NOW)
        assert black.appeal_due_at is not None
        assert local_day(black.appeal_due_at - timedelta(seconds=1)) == due
        found = {one.id: one for one in read_duties(session, place.office, APPEAL, NOW, limit=9)}
        assert (found[black.id].due_at, found[black.id].late) == (black.appeal_due_at, False)
        later = {
            one.id: one.late for one in read_duties(session, place.office, APPEAL, NOW + timedelta(days=9), limit=9)
        }
        assert later[black.id]
