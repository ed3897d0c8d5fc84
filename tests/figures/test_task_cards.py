"""Ten days of tasks give daily places, and these the ten-day cards with their reasons, night by night."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.figures.periods import parse_period
from core.jobs.turns import take_turn
from core.work.marks.card_issues import live_cards
from core.work.marks.card_templates import TASK_DAYS
from core.work.marks.ranking_days import read_days
from core.work.tables import TaskDay
from tenants.scope import Wall
from tests.figures.tasking import task
from tests.work.carding import Town, at, town
from tests.work.test_card_versions import since

SECOND = parse_period("2026-11-T2")
STREETS = {"key": "streets", "title": "街道", "kinds": ["subdistrict"]}


@pytest.fixture(scope="module")
def place(wall: Wall) -> Town:
    return town(wall, "旬牌区")


def test_ten_days_of_tasks_give_cards_with_reasons(wall: Wall, place: Town) -> None:
    """The k-th street is done with its four tasks on the 11th, 13th, 15th, 17th and 19th: the sooner, the better."""
    with place.session(wall) as session:
        for number, street in enumerate(place.streets):
            done = at(date(2026, 11, 11) + timedelta(days=2 * number), 12)
            for _ in range(4):
                task(session, street, starts_on=date(2026, 11, 2), due_on=date(2026, 11, 30), steps=[("done", done)])
        row = since(session, place, date(2026, 11, 10), **(TASK_DAYS | {"leagues": [STREETS]}))
        session.commit()
        scheme_id = row.id
    for day in (15, 20, 21):  # two nights were missed for days on end, and are caught up
        take_turn(wall, place.ref.id, "rank", at(date(2026, 11, day), 2))
        take_turn(wall, place.ref.id, "task_rank", at(date(2026, 11, day), 2))
    with place.session(wall) as session:
        days = read_days(session, scheme_id, SECOND.start, SECOND.end)
        assert [one.day for one in days] == [SECOND.start + timedelta(days=n) for n in range(10)]
        fifth = {one.subject.id: (one.rank, one.numerator, one.denominator) for one in days[4].places}  # the 15th
        assert [fifth[street] for street in place.streets] == [(1, 4, 4)] * 3 + [(4, 0, 4)] * 2
        own = select(TaskDay.unit_id, TaskDay.rank).where(TaskDay.day == days[4].day, TaskDay.campaign == "")
        kept = dict(session.execute(own).all())
        assert [kept[street] for street in place.streets] == [1, 1, 1, 4, 4]  # the room's own places say the same
        cards = {card.subject_id: card for card in live_cards(session, scheme_id, SECOND.start)}
        assert {cards[place.streets[0]].colour, cards[place.streets[3]].colour} == {"red", "yellow"}
        assert place.streets[1] not in cards
        worst = cards[place.streets[4]]
        assert (worst.rank, worst.state) == (5, "proposed")
        assert (worst.colour, worst.reason["numerator"], worst.reason["denominator"]) == (
            "black",
            2 * (2 + 3 + 4 + 5 + 1),
            10,
        )
        assert (worst.reason["measure"], worst.reason["rule"], worst.reason["days"]) == ("task_rate", "bottom", 10)
