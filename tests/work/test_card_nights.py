"""The night gives the office its cards (期满提出): once per period, after missed nights too, as proposals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select

from core.campaigns import installed
from core.figures.card_nightly import propose_due
from core.figures.card_periods import propose_period
from core.figures.periods import parse_period
from core.jobs.turns import take_turn
from core.work.desk.inbox import CARDS, count_kinds
from core.work.desk.inbox_rows import read_duties
from core.work.marks.card_issues import act_on_all, live_cards
from core.work.marks.card_schemes import find_scheme
from core.work.tables import CardEvent, CardIssue, Note
from tenants.scope import ScopedSession, Wall
from tests.work.carding import NOW, Town, at, shares, town
from tests.work.test_card_versions import since

WORDS = installed()
SECOND = parse_period("2026-11-T2")
TODAY = date(2026, 11, 22)


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def session(wall: Wall, place: Town) -> Iterator[ScopedSession]:
    with place.session(wall) as opened:
        yield opened


def notes(session: ScopedSession) -> list[tuple[object, str]]:
    rows = session.scalars(select(Note).where(Note.kind == "card_period").order_by(Note.created_at))
    return [(one.person_id, one.text.format(**one.params)) for one in rows]


def test_the_night_puts_forward_once_and_tells_the_desk(wall: Wall, place: Town) -> None:
    with place.session(wall) as session:
        shares(session, place, [9, 7, 7, 3, 0], day=date(2026, 11, 18))
        row = since(session, place, date(2026, 11, 12))
        session.commit()
        scheme_id = row.id
    for now in (at(date(2026, 11, 19), 1), NOW, NOW, at(date(2026, 11, 23), 1)):
        take_turn(wall, place.ref.id, "rank", now)
    with place.session(wall) as session:
        red, black = live_cards(session, scheme_id, SECOND.start)
        assert {red.state, black.state} == {"proposed"}
        assert session.scalars(select(CardEvent.person_id)).all() == [None, None]
        told = notes(session)
        assert [text for _, text in told] == [
            "街道旬亮牌：2026-11-11 至 2026-11-20 的牌已按规则提出 2 张，请核对、确认后公示"
        ]
        assert told[0][0] == place.office.person_id
        assert count_kinds(session, place.office, NOW)[CARDS] == 1
        (duty,) = read_duties(session, place.office, CARDS, NOW, limit=9)
        assert (duty.id, duty.code, duty.step) == (scheme_id, "2026-11-11", "give_cards")
        assert CARDS not in count_kinds(session, place.liaisons[0], NOW)
        for verb in ("confirm", "show"):
            act_on_all(session, place.office, live_cards(session, scheme_id, SECOND.start), verb, now=NOW)
        assert count_kinds(session, place.office, NOW)[CARDS] == 0


def test_missed_nights_are_caught_up(wall: Wall, session: ScopedSession, place: Town) -> None:
    """Nobody ran the nights for three weeks: two periods are put forward, each told once; nothing before the scheme."""
    for day in (date(2026, 10, 25), date(2026, 11, 5), date(2026, 11, 18)):
        shares(session, place, [9, 7, 7, 3, 0], day=day)
    row = since(session, place, date(2026, 11, 2))
    session.commit()
    take_turn(wall, place.ref.id, "rank", NOW)
    starts = set(session.scalars(select(CardIssue.period_start).where(CardIssue.scheme_id == row.id)))
    assert starts == {date(2026, 11, 1), date(2026, 11, 11)}
    assert len(notes(session)) == 2


def test_what_the_desk_took_in_hand_is_left_to_it(wall: Wall, session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=date(2026, 11, 18))
    row = since(session, place, date(2026, 11, 12))
    kept = find_scheme(session, place.office, row.id, TODAY)
    propose_period(session, place.office, WORDS, kept, SECOND, now=at(date(2026, 11, 21), 9))
    session.commit()
    take_turn(wall, place.ref.id, "rank", NOW)
    assert notes(session) == []
    assert len(live_cards(session, row.id, SECOND.start)) == 2


def test_an_unranked_period_waits(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=date(2026, 11, 18))
    row = since(session, place, date(2026, 11, 12))
    assert propose_due(session, WORDS, now=NOW) == 0
    assert (live_cards(session, row.id, SECOND.start), row.proposed_to) == ([], None)


def test_a_period_without_a_card_is_told_too(wall: Wall, session: ScopedSession, place: Town) -> None:
    since(session, place, date(2026, 11, 12))
    session.commit()
    for _ in range(2):
        take_turn(wall, place.ref.id, "rank", NOW)
    assert [text for _, text in notes(session)] == ["街道旬亮牌：2026-11-11 至 2026-11-20 已期满，按规则没有牌"]
