"""Cards in people's hands: proposed by rule, confirmed by name, shown, appealed, upheld, withdrawn, corrected in sight."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.campaigns import installed
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, SanchengError, Stale
from core.figures.card_days import close_days
from core.figures.card_periods import preview, propose_period
from core.figures.periods import Period, parse_period
from core.work.marks.card_forward import Forward, correct
from core.work.marks.card_issues import act, act_on_all, find_card, is_public, live_cards, moves_for
from core.work.marks.card_lists import stood_at
from core.work.marks.card_moves import CARD_STATES, CORRECT, MOVES, PUBLISHER, moves_from
from core.work.marks.card_schemes import find_scheme, keep_scheme, list_schemes, move_scheme
from core.work.tables import CardEvent, CardIssue, CardScheme, Definition, NegativeEntry, Sponsorship
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Person
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE, add_actor
from tests.work.carding import NOW, STREETS, Town, at, problem, scheme_of, shares, shop, town

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


def propose(
    session: ScopedSession, place: Town, row: CardScheme, period: Period = SECOND, now: Any = NOW
) -> tuple[Forward, list[CardIssue]]:
    kept = find_scheme(session, place.office, row.id, TODAY)
    made = propose_period(session, place.office, WORDS, kept, period, now=now)
    return made, list(live_cards(session, row.id, period.start))


def shown(session: ScopedSession, place: Town, **changes: Any) -> tuple[CardIssue, CardIssue]:
    """The red and the black card of the second third of November, shown."""
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place, **changes)
    _, cards = propose(session, place, row)
    for verb in ("confirm", "show"):
        act_on_all(session, place.office, cards, verb, now=NOW)
    red, black = cards
    return red, black


def history(session: ScopedSession, card: CardIssue) -> list[tuple[str, str, str]]:
    events = session.scalars(select(CardEvent).where(CardEvent.card_id == card.id).order_by(CardEvent.version))
    return [(one.verb, one.to_state, one.person_name) for one in events]


def test_the_period_must_be_over_but_may_be_previewed(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=date(2026, 11, 21))
    row = scheme_of(session, place)
    kept = find_scheme(session, place.office, row.id, TODAY)
    running = parse_period("2026-11-T3")
    found = preview(session, WORDS, kept, running, now=NOW)
    assert [one.colour for one in found[0].proposals] == ["red", None, None, None, "black"]
    with pytest.raises(Conflict, match="2026-11-30"):
        propose_period(session, place.office, WORDS, kept, running, now=NOW)


def test_each_proposal_carries_its_reason(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    made, (red, black) = propose(session, place, scheme_of(session, place))
    assert made == Forward(added=2, renewed=0, kept=0)
    assert (red.subject_id, red.colour, red.rank, red.state) == (place.streets[0], "red", 1, "proposed")
    assert {name: red.reason[name] for name in ("why", "rule", "cut", "numerator", "denominator", "size")} == {
        "why": "rule",
        "rule": "top",
        "cut": 1,
        "numerator": 9,
        "denominator": 10,
        "size": 5,
    }
    assert red.reason["card"]["label"] == "红牌"
    assert black.rank == 5
    frozen = session.get(Definition, (place.ref.id, red.reason["definition"]))
    assert frozen
    assert frozen.kind == "card_scheme"


def test_a_card_is_confirmed_by_name_and_shown(session: ScopedSession, place: Town) -> None:
    red, _ = shown(session, place)
    assert (red.state, red.confirmed_by, red.version) == ("shown", "创建办甲", 3)
    assert red.confirmed_at
    assert red.shown_at
    assert history(session, red) == [
        ("propose", "proposed", "创建办甲"),
        ("confirm", "confirmed", "创建办甲"),
        ("show", "shown", "创建办甲"),
    ]


def test_who_may_what(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place)
    _, (red, black) = propose(session, place, row)
    for stranger in (place.inspector, place.liaisons[0]):
        with pytest.raises(NotFound):  # what is not shown yet is not theirs to see
            act(session, stranger, red.id, "confirm", version=1, now=NOW)
    act_on_all(session, place.office, [red, black], "confirm", now=NOW)
    act_on_all(session, place.office, [red, black], "show", now=NOW)
    with pytest.raises(Forbidden, match="由被亮牌的单位办理"):
        act(session, place.liaisons[0], black.id, "appeal", version=3, note="数据有误", now=NOW)
    with pytest.raises(Forbidden, match="由办法所属单位的发布人办理"):
        act(session, place.liaisons[4], black.id, "withdraw", version=3, note="不服", now=NOW)
    act(session, place.liaisons[4], black.id, "appeal", version=3, note="数据有误", now=NOW)
    assert [one.verb for one in moves_for(session, place.office, black, NOW)] == ["uphold", "withdraw", CORRECT]
    assert moves_for(session, place.liaisons[4], black, NOW) == []


def test_an_appeal_is_upheld_or_the_card_withdrawn_in_sight(session: ScopedSession, place: Town) -> None:
    red, black = shown(session, place)
    for card, liaison in ((red, place.liaisons[0]), (black, place.liaisons[4])):
        with pytest.raises(InvalidInput):
            act(session, liaison, card.id, "appeal", version=3, note=" ", now=NOW)
        act(session, liaison, card.id, "appeal", version=3, note="数据有误", now=NOW)
    act(session, place.office, red.id, "uphold", version=4, note="复核无误", now=NOW)
    act(session, place.office, black.id, "withdraw", version=4, note="两件已在期限内办结", now=NOW)
    assert (red.state, black.state) == ("upheld", "withdrawn")
    assert is_public(black)
    assert find_card(session, place.inspector, black.id, NOW).withdrawn_at == NOW
    assert [verb for verb, _, _ in history(session, black)] == ["propose", "confirm", "show", "appeal", "withdraw"]


def test_a_correcting_card_names_the_old(session: ScopedSession, place: Town) -> None:
    _, black = shown(session, place)
    with pytest.raises(InvalidInput, match="没有这种牌"):
        correct(session, place.office, black.id, version=3, colour="black", note="同一种", now=NOW)
    new = correct(session, place.office, black.id, version=3, colour="red", note="计算口径有误", now=NOW)
    assert (black.state, new.state, new.colour, new.corrects_id) == ("withdrawn", "confirmed", "red", black.id)
    assert (new.confirmed_by, new.reason["why"], new.reason["instead_of"]) == ("创建办甲", "corrected", "black")
    with pytest.raises(NotFound):
        find_card(session, place.inspector, new.id, NOW)  # not shown yet
    act(session, place.office, new.id, "show", version=1, now=NOW)
    assert find_card(session, place.inspector, new.id, NOW).subject_id == place.streets[4]
    with pytest.raises(Conflict, match="已经更正过"):
        correct(session, place.office, black.id, version=black.version, colour="red", note="再来", now=NOW)


def test_a_stale_version_is_told_who_was_faster(session: ScopedSession, place: Town) -> None:
    red, _ = shown(session, place)
    with pytest.raises(Stale, match="创建办甲"):
        act(session, place.office, red.id, "withdraw", version=2, note="误亮", now=NOW)


def test_of_many_at_once_one_wins(wall: Wall, place: Town) -> None:
    with place.session(wall) as session:
        shares(session, place, [9, 7, 7, 3, 0], day=DAY)
        _, cards = propose(session, place, scheme_of(session, place))
        session.commit()
        ids = [one.id for one in cards]

    def confirm(n: int) -> str:
        with place.session(wall) as own:
            try:
                act(own, place.office, ids[n % 2], "confirm", version=1, now=NOW)
                own.commit()
            except SanchengError as error:
                return type(error).__name__
            return "won"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(confirm, range(16)))
    assert outcomes.count("won") == 2
    assert set(outcomes) <= {"won", "Stale"}
    with place.session(wall) as session:
        for card_id in ids:
            events = session.scalars(select(CardEvent.verb).where(CardEvent.card_id == card_id)).all()
            assert sorted(events) == ["confirm", "propose"]


def test_two_who_propose_at_once_give_one_card_each(wall: Wall, place: Town) -> None:
    with place.session(wall) as session:
        shares(session, place, [9, 7, 7, 3, 0], day=DAY)
        row = scheme_of(session, place)
        session.commit()
        scheme_id = row.id

    def again(_: int) -> int:
        with place.session(wall) as own:
            kept = find_scheme(own, place.office, scheme_id, TODAY)
            made = propose_period(own, place.office, WORDS, kept, SECOND, now=NOW)
            own.commit()
            return made.added

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(again, range(6))) == 2
    with place.session(wall) as session:
        assert len(live_cards(session, scheme_id, SECOND.start)) == 2


def test_what_nobody_confirmed_follows_the_numbers(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place)
    _, (red, black) = propose(session, place, row)
    act(session, place.office, red.id, "confirm", version=1, now=NOW)
    for n in range(40):  # the last street turns out to be the best, the fourth the last
        problem(session, place.homes[4], opened=at(DAY - timedelta(days=1)), due=at(DAY), closed=at(DAY, 9 + n % 3))
    for _ in range(300):
        problem(session, place.homes[4], opened=at(DAY - timedelta(days=1)), due=at(DAY), closed=at(DAY, 9))
    made, cards = propose(session, place, row)
    assert (made.renewed, made.kept) == (1, 1)
    assert {(c.subject_id, c.colour, c.state) for c in cards} == {
        (place.streets[0], "red", "confirmed"),
        (place.streets[4], "red", "proposed"),
        (place.streets[3], "black", "proposed"),
    }
    session.refresh(black)
    assert black.state == "dropped"
    assert propose(session, place, row)[0] == Forward(added=0, renewed=0, kept=3)


def test_what_somebody_dropped_or_withdrew_is_not_proposed_again(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place)
    _, (red, black) = propose(session, place, row)
    act(session, place.office, red.id, "drop", version=1, note="材料不全", now=NOW)
    act(session, place.office, black.id, "confirm", version=1, now=NOW)
    act(session, place.office, black.id, "show", version=2, now=NOW)
    act(session, place.office, black.id, "withdraw", version=3, note="误亮", now=NOW)
    assert propose(session, place, row)[1] == []
    with pytest.raises(NotFound):
        find_card(session, place.inspector, red.id, NOW)


def test_five_areas_by_the_mean_of_their_daily_ranks(session: ScopedSession, place: Town) -> None:
    """Ranks 1,2,... of three days: who was first twice and second once leads with 4/3."""
    for day, good in ((11, [9, 8, 7, 6, 5]), (12, [8, 9, 7, 6, 5]), (13, [9, 8, 7, 6, 5])):
        shares(session, place, good, day=date(2026, 11, day))
    row = scheme_of(session, place, basis="ranks", daily="findings", window="day", eligibility={"days": 3})
    close_days(session, WORDS, now=NOW)
    _, (red, black) = propose(session, place, row)
    assert (red.subject_id, red.reason["numerator"], red.reason["denominator"]) == (place.streets[0], 4, 3)
    assert (black.subject_id, black.reason["numerator"]) == (place.streets[4], 15)
    strict = scheme_of(session, place, basis="ranks", daily="findings", window="day", eligibility={"days": 4})
    close_days(session, WORDS, now=NOW)
    assert propose(session, place, strict)[1] == []


def test_a_streak_runs_through_the_cards_that_stood(session: ScopedSession, place: Town) -> None:
    marks = [{"colour": "black", "periods": 2, "mark": "连续两期末位"}]
    row = scheme_of(session, place, streaks=marks)
    for day, key in ((date(2026, 11, 5), "2026-11-T1"), (DAY, "2026-11-T2")):
        shares(session, place, [9, 7, 7, 3, 0], day=day)
        _, cards = propose(session, place, row, parse_period(key))
        for verb in ("confirm", "show"):
            act_on_all(session, place.office, cards, verb, now=NOW)
    assert cards[1].reason["mark"] == {"zh": "连续两期末位", "en": "", "periods": 2}


def test_the_negative_list_gives_its_colour(session: ScopedSession, place: Town) -> None:
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    common = {"campaign": "sanitary_city", "happened_on": DAY, "effect": "bar"}
    session.add_all(
        [
            NegativeEntry(**common, title="事故甲", unit_id=place.homes[0], state="triggered", triggered_on=DAY),
            NegativeEntry(**common, title="只在观察", unit_id=place.homes[1], state="watched"),
            NegativeEntry(
                **common,
                title="早已解除",
                unit_id=place.homes[2],
                state="cleared",
                triggered_on=date(2026, 10, 1),
                cleared_on=date(2026, 10, 9),
            ),
        ]
    )
    row = scheme_of(session, place, vetoes=[{"effect": "bar", "colour": "black"}])
    _, cards = propose(session, place, row)
    assert {c.subject_id: c.colour for c in cards} == {place.streets[0]: "black", place.streets[4]: "black"}
    first = next(c for c in cards if c.subject_id == place.streets[0])
    assert (first.reason["veto"]["title"], first.reason["instead_of"]) == ("事故甲", "red")


def test_the_sponsor_of_the_last_day_stands_on_the_card(session: ScopedSession, place: Town) -> None:
    leader = Person(name="包保领导甲")
    session.add(leader)
    session.flush()
    session.add(Sponsorship(kind="leader", person_id=leader.id, object_unit_id=place.streets[4], valid_from=SINCE))
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place)
    _, (red, black) = propose(session, place, row)
    assert red.sponsors == {"lines": []}
    assert [line["person_name"] for line in black.sponsors["lines"]] == ["包保领导甲"]
    assert "did" in black.sponsors["lines"][0]
    silent = scheme_of(session, place, sponsors=False)
    assert propose(session, place, silent)[1][1].sponsors == {"lines": []}


def test_a_street_gives_cards_to_its_shops(wall: Wall, place: Town) -> None:
    street = add_actor(wall, place.ref, "hq_office", place.streets[0], "街道创建办甲")
    with place.session(wall) as session:
        clean, dirty = shop(session, place, "甲店"), shop(session, place, "乙店")
        shop(session, place, "别街道的店", home=1)
        for _ in range(3):
            problem(session, place.homes[0], opened=at(DAY), due=at(DAY, 15), site=dirty)
        body = STREETS | {
            "measure": "found",
            "leagues": [{"key": "shops", "title": "商户", "site_types": ["frontage_shop"]}],
        }
        row = keep_scheme(session, street, body, unit_id=place.streets[0], now=NOW)
        move_scheme(session, street, row.id, "activate", version=1, now=NOW)
        kept = find_scheme(session, street, row.id, TODAY)
        propose_period(session, street, WORDS, kept, SECOND, now=NOW)
        red, black = live_cards(session, row.id, SECOND.start)
        assert (red.subject_id, black.subject_id, red.subject_kind) == (clean, dirty, "site")
        act_on_all(session, street, [red, black], "confirm", now=NOW)
        act_on_all(session, street, [red, black], "show", now=NOW)
        act(session, place.liaisons[0], black.id, "appeal", version=3, note="已整改", now=NOW)
        assert black.state == "appealed"
        for other in (place.liaisons[1], add_actor(wall, place.ref, "liaison", place.homes[2])):
            with pytest.raises(NotFound):  # another street's scheme is not theirs
                find_scheme(session, other, row.id, TODAY)
        assert [k.row.id for k in list_schemes(session, place.liaisons[0], TODAY)] == [row.id]
        with pytest.raises(Forbidden):
            keep_scheme(session, street, body, unit_id=place.streets[1], now=NOW)


@pytest.mark.parametrize("who", ["inspector", "liaison"])
def test_who_may_write_a_scheme(session: ScopedSession, place: Town, who: str) -> None:
    actor = place.inspector if who == "inspector" else place.liaisons[0]
    with pytest.raises(Forbidden):
        keep_scheme(session, actor, STREETS, unit_id=place.district.root, now=NOW)
    assert keep_scheme(session, place.admin, STREETS, unit_id=place.district.root, now=NOW).state == "draft"
    assert list_schemes(session, actor, TODAY, states=("draft",)) == []


def test_a_scheme_changes_by_version(session: ScopedSession, place: Town) -> None:
    row = scheme_of(session, place)
    assert (row.state, row.version) == ("active", 2)
    keep_scheme(
        session,
        place.admin,
        STREETS | {"title": "新办法"},
        unit_id=row.unit_id,
        scheme_id=row.id,
        version=2,
        now=NOW,
    )
    assert (row.name, row.version, row.state) == ("新办法", 3, "active")
    with pytest.raises(Stale):
        keep_scheme(session, place.admin, STREETS, unit_id=row.unit_id, scheme_id=row.id, version=2, now=NOW)
    with pytest.raises(Conflict, match="执行中"):
        move_scheme(session, place.admin, row.id, "activate", version=3, now=NOW)
    move_scheme(session, place.admin, row.id, "retire", version=3, now=NOW)
    assert row.state == "retired"
    with pytest.raises(NotFound):
        keep_scheme(session, place.admin, STREETS, unit_id=row.unit_id, scheme_id=new_id(), version=1, now=NOW)


def test_a_league_by_name_keeps_lines_apart(session: ScopedSession, place: Town) -> None:
    def named(*units: UUID) -> dict[str, Any]:
        return STREETS | {"leagues": [{"key": "named", "title": "名单", "units": [str(one) for one in units]}]}

    office = place.district.departments["sanitation"]
    for units, message in (((place.streets[0], office), "不同类的单位"), ((new_id(),), "没有这个单位")):
        with pytest.raises(InvalidInput, match=message):
            keep_scheme(session, place.office, named(*units), unit_id=place.district.root, now=NOW)
    assert keep_scheme(session, place.office, named(*place.streets[:2]), unit_id=place.district.root, now=NOW)
    with pytest.raises(InvalidInput, match="没有牌色"):
        keep_scheme(session, place.office, STREETS | {"colours": []}, unit_id=place.district.root, now=NOW)


@pytest.mark.parametrize("state", CARD_STATES)
@pytest.mark.parametrize("verb", [verb for verb in MOVES if verb != CORRECT])
def test_every_state_takes_the_steps_of_the_table_and_no_other(
    wall: Wall, session: ScopedSession, place: Town, state: str, verb: str
) -> None:
    move, actor = MOVES[verb], _actor_for(place, verb)
    row = scheme_of(session, place)
    card = CardIssue(
        scheme_id=row.id,
        scheme_version=1,
        period_kind="ten_day",
        period_start=SECOND.start,
        period_end=SECOND.end,
        league="streets",
        subject_kind="subdistrict",
        subject_id=place.streets[0],
        subject_name="街道",
        colour="red",
        state=state,
        shown_at=NOW,
    )
    session.add(card)
    session.flush()
    offered = {one.verb for one in moves_for(session, actor, card, NOW)}
    assert (verb in offered) == (state in move.from_states)
    if state in move.from_states:
        assert act(session, actor, card.id, verb, version=1, note="理由", now=NOW).state == move.to_state
    else:
        with pytest.raises((Conflict, NotFound)) as refused:
            act(session, actor, card.id, verb, version=1, note="理由", now=NOW)
        if refused.type is Conflict:
            possible = moves_from(state, frozenset({PUBLISHER})) if move.by == PUBLISHER else []
            assert all(one.title_zh in str(refused.value) for one in possible)
        assert card.state == state


def _actor_for(place: Town, verb: str) -> Actor:
    return place.office if MOVES[verb].by == PUBLISHER else place.liaisons[0]


def test_cards_as_of_a_day_stand_as_their_histories_tell(session: ScopedSession, place: Town) -> None:
    _, black = shown(session, place)
    hour = timedelta(hours=1)
    act(session, place.liaisons[4], black.id, "appeal", version=3, note="数据有误", now=NOW + 2 * hour)
    act(session, place.office, black.id, "withdraw", version=4, note="属实", now=NOW + 4 * hour)
    told = [stood_at(session, [black.id], NOW + n * hour).get(black.id) for n in (0, 1, 3, 5)]
    assert told == [None, "shown", "appealed", "withdrawn"]
    assert stood_at(session, [], NOW) == {}
