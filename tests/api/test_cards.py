"""Daily ranks and cards over the API: what is kept and shown, for whom, with the facts behind it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.campaigns import installed
from core.figures.card_days import close_days, recompute_day
from core.figures.card_periods import propose_period
from core.figures.periods import parse_period
from core.work.marks.card_forward import correct
from core.work.marks.card_issues import act, act_on_all, live_cards
from core.work.marks.card_schemes import find_scheme, keep_scheme, move_scheme
from core.work.tables import CardScheme
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.api.conftest import Caller
from tests.factory import add_actor
from tests.work.carding import NOW, STREETS, Town, at, problem, scheme_of, shares, shop, town

DAY = date(2026, 11, 18)
TODAY = date(2026, 11, 22)


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


def ranked(session: ScopedSession, place: Town, **changes: Any) -> CardScheme:
    """The streets' scheme with its days kept: one clear first, a tie, and a last."""
    shares(session, place, [9, 7, 7, 3, 0], day=DAY)
    row = scheme_of(session, place, **changes)
    close_days(session, installed(), now=NOW)
    return row


def show(session: ScopedSession, who: Actor, row: CardScheme, key: str = "2026-11-T2") -> None:
    """The cards of a period, put forward, confirmed and shown."""
    period = parse_period(key)
    propose_period(session, who, installed(), find_scheme(session, who, row.id, TODAY), period, now=NOW)
    for verb in ("confirm", "show"):
        act_on_all(session, who, live_cards(session, row.id, period.start), verb, now=NOW)


def rows(caller: Caller, address: str) -> list[dict[str, Any]]:
    made = caller.get(address)
    assert made.status_code == 200, made.text
    return made.get_json()["items"]


def test_a_day_with_its_places_and_facts(client_for, wall: Wall, place: Town) -> None:
    with place.session(wall) as session:
        row = ranked(session, place)
        session.commit()
        scheme_id = str(row.id)
    caller = client_for(place.inspector)
    day = rows(caller, f"rankings/days?since={DAY}&until={DAY}")
    assert [(one["rank"], one["numerator"], one["denominator"]) for one in day] == [
        (1, 9, 10), (2, 7, 10), (2, 7, 10), (4, 3, 10), (5, 0, 10),
    ]  # fmt: skip
    first = day[0]
    assert (first["scheme_id"], first["scheme"], first["league"]) == (scheme_id, "街道旬亮牌", "streets")
    assert (first["subject_id"], first["measure"], first["direction"]) == (
        str(place.streets[0]),
        "on_time_rate",
        "more",
    )
    assert (first["counts"]["on_time"], first["counts"]["due"], first["n"], first["unranked"]) == (9, 10, 10, "")
    assert (first["revision"], first["corrected"]) == (1, False)
    everything = rows(caller, "rankings/days?page_size=200")
    assert [one["day"] for one in everything] == sorted((one["day"] for one in everything), reverse=True)
    assert {one["rank"] for one in everything if one["day"] < str(DAY)} == {None}, "without data there is no rank"
    assert {one["unranked"] for one in everything if one["day"] < str(DAY)} == {"no_data"}
    mine = rows(caller, f"rankings/days?subject_id={place.streets[4]}&since={DAY}&league=streets&scheme_id={scheme_id}")
    assert {one["subject_id"] for one in mine} == {str(place.streets[4])}
    assert rows(caller, "rankings/days?league=nobody") == []
    assert rows(caller, f"rankings/days?scheme_id={place.streets[0]}") == []


def test_pages_meet_over_ties_and_those_without_a_rank(client_for, wall: Wall, place: Town) -> None:
    with place.session(wall) as session:
        ranked(session, place)
        session.commit()
    caller = client_for(place.office)
    whole = rows(caller, f"rankings/days?since={DAY - timedelta(days=1)}&page_size=200")
    for size in (1, 2, 3):
        found: list[dict[str, Any]] = []
        address = f"rankings/days?since={DAY - timedelta(days=1)}&page_size={size}"
        while address:
            made = caller.get(address)
            found += made.get_json()["items"]
            link = made.headers.get("Link", "")
            address = link[1 : link.index(">")] if link else ""
        assert found == whole


def test_a_corrected_day_shows_its_latest_revision(client_for, wall: Wall, place: Town) -> None:
    with place.session(wall) as session:
        row = ranked(session, place)
        for _ in range(20):
            problem(session, place.homes[0], opened=at(DAY, 8), due=at(DAY, 12))
        recompute_day(
            session, place.office, installed(), find_scheme(session, place.office, row.id, TODAY), DAY, now=NOW
        )
        session.commit()
    day = rows(client_for(place.office), f"rankings/days?since={DAY}&until={DAY}")
    assert len(day) == 5
    assert {(one["revision"], one["corrected"]) for one in day} == {(2, True)}


def test_cards_are_listed_once_they_are_shown(client_for, wall: Wall, place: Town) -> None:
    caller = client_for(place.inspector)
    with place.session(wall) as session:
        row = ranked(session, place)
        period = parse_period("2026-11-T2")
        kept = find_scheme(session, place.office, row.id, TODAY)
        propose_period(session, place.office, installed(), kept, period, now=NOW)
        red, black = live_cards(session, row.id, period.start)
        act(session, place.office, red.id, "confirm", version=1, now=NOW)
        act(session, place.office, black.id, "drop", version=1, note="数据有误", now=NOW)
        session.commit()
        assert rows(caller, "cards") == []
        assert rows(client_for(place.office), "cards") == [], "what is in work is on the page of those who give cards"
        act(session, place.office, red.id, "show", version=2, now=NOW)
        session.commit()
    (card,) = rows(caller, "cards")
    assert (card["card"], card["label_zh"], card["label_en"], card["rank"]) == ("red", "红牌", "Red card", 1)
    assert (card["period_start"], card["period_end"], card["state"]) == ("2026-11-11", "2026-11-20", "shown")
    assert (card["subject_id"], card["confirmed_by"]) == (str(place.streets[0]), place.office.name)
    assert (card["reason"]["why"], card["reason"]["numerator"], card["reason"]["denominator"]) == ("rule", 9, 10)
    assert "card" not in card["reason"]


def test_corrections_filters_and_periods(client_for, wall: Wall, place: Town) -> None:
    with place.session(wall) as session:
        row = ranked(session, place)
        show(session, place.office, row)
        _, black = live_cards(session, row.id, date(2026, 11, 11))
        new = correct(session, place.office, black.id, version=black.version, colour="red", note="漏计", now=NOW)
        act(session, place.office, new.id, "show", version=new.version, now=NOW)
        session.commit()
        ids = str(black.id), str(new.id)
    caller = client_for(place.liaisons[4])
    found = {one["id"]: one for one in rows(caller, f"cards?subject_id={place.streets[4]}")}
    assert set(found) == set(ids)
    assert (found[ids[0]]["state"], found[ids[0]]["corrected_by_id"]) == ("withdrawn", ids[1])
    assert (found[ids[1]]["state"], found[ids[1]]["corrects_id"]) == ("shown", ids[0])
    for query, n in {
        "": 3,
        "?card=black": 1,
        "?card=red": 2,
        "?since=2026-11-11&until=2026-11-11": 3,
        "?since=2026-11-12": 0,
        "?until=2026-11-10": 0,
        f"?scheme_id={place.streets[0]}": 0,
    }.items():
        assert len(rows(caller, f"cards{query}")) == n, query


def test_a_streets_own_scheme_is_for_those_under_it_and_above(client_for, wall: Wall, place: Town) -> None:
    street = add_actor(wall, place.ref, "hq_office", place.streets[0], "街道创建办甲")
    with place.session(wall) as session:
        shop(session, place, "甲店")
        dirty = shop(session, place, "乙店")
        problem(session, place.homes[0], opened=at(DAY), due=at(DAY, 15), site=dirty)
        league = {"key": "shops", "title": "商户", "site_types": ["frontage_shop"]}
        body = STREETS | {"measure": "found", "leagues": [league]}
        row = keep_scheme(session, street, body, unit_id=place.streets[0], now=NOW)
        move_scheme(session, street, row.id, "activate", version=1, now=NOW)
        close_days(session, installed(), now=NOW)
        show(session, street, row)
        session.commit()
    for who, sees in ((street, True), (place.liaisons[0], True), (place.office, True), (place.liaisons[1], False)):
        caller = client_for(who)
        assert bool(rows(caller, "cards")) is sees
        assert bool(rows(caller, "rankings/days")) is sees
