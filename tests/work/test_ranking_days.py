"""Daily ranks: what counts for whom, as of the end of the day; kept once, corrected in sight, replayable from the facts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import pytest

from core.campaigns import installed
from core.errors import Conflict
from core.figures.card_days import close_days, compute_day, stand
from core.figures.periods import parse_period
from core.work.marks.card_reading import read_scheme
from core.work.marks.card_schemes import list_schemes
from core.work.marks.ranking_days import Placed, read_day, read_days, replay
from core.work.tables import Finding, RankDay
from tenants.scope import ScopedSession, Wall
from tests.work.carding import NOW, STREETS, Town, at, join_area, problem, scheme_of, shares, shop, town

DAY = date(2026, 11, 20)
WORDS = installed()


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def session(wall: Wall, place: Town) -> Iterator[ScopedSession]:
    with place.session(wall) as opened:
        yield opened


def ranks(found: list[Placed] | tuple[Placed, ...]) -> dict[str, int | None]:
    return {one.subject.name: one.rank for one in found}


def stand_of(session: ScopedSession, place: Town, day: date = DAY, **changes: object) -> list[Placed]:
    return stand(session, WORDS, place.district.root, read_scheme(STREETS | changes), day)


def counts(found: list[Placed], subject: UUID) -> dict[str, int]:
    return dict(next(one for one in found if one.subject.id == subject).facts["counts"])


def test_streets_are_ranked_with_ties_and_gaps(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    found = stand_of(session, place)
    assert [one.rank for one in found] == [1, 2, 2, 4, 5]
    assert found[0].subject.id == place.streets[0]
    assert found[0].ratio == Fraction(9, 10)
    assert (found[0].numerator, found[0].denominator, found[0].n) == (9, 10, 10)


def test_a_street_without_data_has_no_rank(session: ScopedSession, place: Town) -> None:
    problem(session, place.homes[0], opened=at(DAY), due=at(DAY, 15))
    found = stand_of(session, place)
    assert [(one.rank, one.unranked) for one in found] == [(1, "")] + [(None, "no_data")] * 4


def test_restricted_hidden_self_found_and_dismissed_count_nowhere(session: ScopedSession, place: Town) -> None:
    moments = {"opened": at(DAY - timedelta(days=1)), "due": at(DAY)}
    problem(session, place.homes[0], **moments, restricted=True)
    problem(session, place.homes[0], **moments, basis="self")
    for state in ("rejected", "cancelled", "merged"):
        problem(session, place.homes[0], **moments, state=state)
    problem(session, place.homes[0], **moments, state="held")
    assert counts(stand_of(session, place), place.streets[0])["due"] == 0
    problem(session, place.homes[0], **moments, closed=at(DAY, 10))
    assert counts(stand_of(session, place), place.streets[0])["due"] == 1


def test_hidden_findings_stay_out_even_with_clearance(wall: Wall, place: Town) -> None:
    with wall.open(place.ref.id, cleared=True) as cleared:
        problem(cleared, place.homes[0], opened=at(DAY), due=at(DAY, 15), hidden=True)
        assert counts(stand_of(cleared, place), place.streets[0])["found"] == 0


def test_closed_and_stable_both_count_as_closed(session: ScopedSession, place: Town) -> None:
    moments = {"opened": at(DAY - timedelta(days=1)), "due": at(DAY)}
    problem(session, place.homes[0], **moments, closed=at(DAY, 10))
    problem(session, place.homes[0], **moments, closed=at(DAY, 10), state="stable")
    problem(session, place.homes[0], **moments, closed=at(DAY, 13))
    found = counts(stand_of(session, place), place.streets[0])
    assert (found["due"], found["on_time"], found["found_closed"]) == (3, 2, 3)


def test_the_state_is_that_of_the_day(session: ScopedSession, place: Town) -> None:
    """Closed two days later, it was still overdue on the day that is computed late."""
    problem(
        session, place.homes[0], opened=at(DAY - timedelta(days=1)), due=at(DAY), closed=at(DAY + timedelta(days=2))
    )
    then, later = (counts(stand_of(session, place, day), place.streets[0]) for day in (DAY, DAY + timedelta(days=2)))
    assert (then["overdue"], then["open"], then["found_closed"]) == (1, 1, 0)
    assert (later["overdue"], later["open"]) == (0, 0)


def test_relapses_and_returns(session: ScopedSession, place: Town) -> None:
    day = DAY - timedelta(days=1)
    sanitation = place.district.departments["sanitation"]
    closed = ("close", at(day, 9), "answered", "closed")
    again = ("relapse", at(day, 15), "closed", "rectifying")
    back = ("return", at(day, 8), "dispatched", "returned")
    moments = {"opened": at(day - timedelta(days=1)), "due": at(DAY + timedelta(days=3))}
    problem(session, place.homes[0], **moments, steps=(closed, again))
    problem(session, place.homes[0], **moments, closed=at(DAY, 9))
    problem(session, place.homes[0], **moments, lead=sanitation, steps=(back,))
    found = counts(stand_of(session, place), place.streets[0])
    assert (found["relapsed"], found["closings"], found["returns"]) == (1, 2, 1)
    leagues = [{"key": "offices", "title": "部门", "kinds": ["department"]}]
    led = stand_of(session, place, measure="returns", leagues=leagues)
    assert counts(led, sanitation)["returns"] == 1
    assert next(one for one in led if one.subject.id == sanitation).rank == len(led)


def test_departments_by_what_they_lead(session: ScopedSession, place: Town) -> None:
    sanitation = place.district.departments["sanitation"]
    moments = {"opened": at(DAY - timedelta(days=1)), "due": at(DAY)}
    problem(session, place.homes[0], **moments, lead=sanitation, closed=at(DAY, 9))
    problem(session, place.homes[1], **moments)
    found = stand_of(session, place, leagues=[{"key": "offices", "title": "部门", "kinds": ["department"]}])
    assert [one.subject.id for one in found if one.rank] == [sanitation]


def test_areas_hold_streets_and_single_sites_once(session: ScopedSession, place: Town) -> None:
    market = shop(session, place, "跨片区的店", home=1)
    join_area(session, place.areas[0], unit_id=place.streets[0])
    join_area(session, place.areas[0], unit_id=place.homes[0])  # named twice, counted once
    join_area(session, place.areas[0], site_id=market)
    join_area(session, place.areas[1], unit_id=place.streets[2])
    moments = {"opened": at(DAY - timedelta(days=1)), "due": at(DAY)}
    problem(session, place.homes[0], **moments, closed=at(DAY, 9))
    problem(session, place.homes[1], **moments, site=market)
    problem(session, place.homes[1], **moments)
    found = stand_of(session, place, leagues=[{"key": "areas", "title": "片区", "kinds": ["area"]}])
    assert counts(found, place.areas[0])["due"] == 2
    assert counts(found, place.areas[1])["due"] == 0


def test_shops_may_be_ranked(session: ScopedSession, place: Town) -> None:
    clean, dirty = shop(session, place, "甲店"), shop(session, place, "乙店")
    problem(session, place.homes[0], opened=at(DAY), due=at(DAY, 15), site=dirty)
    leagues = [{"key": "shops", "title": "商户", "site_types": ["frontage_shop"]}]
    found = stand_of(session, place, measure="found", leagues=leagues)
    assert [(one.subject.id, one.rank, one.numerator) for one in found] == [(clean, 1, 0), (dirty, 2, 1)]


@pytest.mark.parametrize(("window", "due"), [("day", 1), ("period", 2), (30, 3)])
def test_what_a_day_looks_back_on(session: ScopedSession, place: Town, window: object, due: int) -> None:
    for day in (DAY, date(2026, 11, 11), date(2026, 11, 10)):
        problem(session, place.homes[0], opened=at(day, 8), due=at(day))
    assert counts(stand_of(session, place, window=window), place.streets[0])["due"] == due


def test_a_day_is_kept_once_and_replays_from_its_facts(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place)
    assert compute_day(session, WORDS, row, DAY, now=NOW) == 1
    assert compute_day(session, WORDS, row, DAY, now=NOW) == 1
    kept = read_day(session, row.id, DAY)
    assert kept
    assert not kept.is_corrected
    assert sorted(one.rank or 0 for one in kept.places) == [1, 2, 2, 4, 5]
    assert replay(kept.places) == {(one.league, one.subject.id): one.rank for one in kept.places}
    assert session.query(RankDay).filter_by(scheme_id=row.id).count() == 5


def test_a_correction_is_a_revision_in_sight(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place)
    compute_day(session, WORDS, row, DAY, now=NOW)
    extra = problem(session, place.homes[4], opened=at(DAY - timedelta(days=1)), due=at(DAY), closed=at(DAY, 9))
    for _ in range(2):
        assert compute_day(session, WORDS, row, DAY, now=NOW + timedelta(hours=1)) == 2
    kept = read_day(session, row.id, DAY)
    assert kept
    assert kept.is_corrected
    assert next(one for one in kept.places if one.subject.id == place.streets[4]).denominator == 11
    first = session.query(RankDay).filter_by(scheme_id=row.id, revision=1, subject_id=place.streets[4]).one()
    assert first.denominator == 10  # what was shown before stays to be compared
    finding = session.get(Finding, (place.ref.id, extra))
    assert finding
    finding.state = "cancelled"
    session.flush()
    assert compute_day(session, WORDS, row, DAY, now=NOW + timedelta(hours=2)) == 3


def test_a_day_that_is_not_over_is_refused(session: ScopedSession, place: Town) -> None:
    row = scheme_of(session, place)
    with pytest.raises(Conflict, match="还没有结束"):
        compute_day(session, WORDS, row, date(2026, 11, 22), now=NOW)


def test_missed_days_are_caught_up_exactly_once(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place)
    draft = scheme_of(session, place, title="另一个")
    assert close_days(session, WORDS, now=at(date(2026, 11, 18))) == {
        row.id: 17,
        draft.id: 17,
    }  # from the period before
    assert close_days(session, WORDS, now=at(date(2026, 11, 18))) == {row.id: 0, draft.id: 0}
    assert close_days(session, WORDS, now=NOW) == {row.id: 4, draft.id: 4}
    days = read_days(session, row.id, date(2026, 11, 1), date(2026, 11, 30))
    assert [one.day.day for one in days] == list(range(1, 22))
    assert {one.revision for one in days} == {1}


def test_an_outage_of_months_is_bounded(session: ScopedSession, place: Town) -> None:
    row = scheme_of(session, place)
    compute_day(session, WORDS, row, date(2026, 6, 1), now=NOW)
    assert close_days(session, WORDS, now=NOW)[row.id] == 62


def test_two_runs_at_once_write_one_revision(wall: Wall, place: Town) -> None:
    with place.session(wall) as session:
        shares(session, place, [9, 7, 7, 3, 0], day=DAY)
        row = scheme_of(session, place)
        session.commit()
        scheme_id = row.id

    def close(_: int) -> int:
        with place.session(wall) as own:
            done = close_days(own, WORDS, now=NOW)[scheme_id]
            own.commit()
            return done

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(close, range(4))) == [0, 0, 0, 11]  # from the 11th, the period before yesterday's
    with place.session(wall) as session:
        month = parse_period("2026-11")
        assert {d.revision for d in read_days(session, scheme_id, month.start, month.end)} == {1}


def test_only_schemes_in_force_are_computed(session: ScopedSession, place: Town) -> None:
    row = scheme_of(session, place)
    row.state = "retired"
    session.flush()
    assert close_days(session, WORDS, now=NOW) == {}
    assert list_schemes(session, place.office, date(2026, 11, 22)) == []
