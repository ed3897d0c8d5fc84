"""What is read with fewer statements says the same (少读不少算): types of places, sums by basis and type, and what-if."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, literal, or_, select

from core.figures.frames import frame_of
from core.figures.item_facts import ItemSums, RowSums
from core.figures.item_metrics import SELF, VERIFIED, per_sheet, read_items
from core.figures.periods import Period
from core.figures.place_kinds import kinds_on, register_of
from core.figures.scores import make_plans, read_grounds, score_ground
from core.figures.stake import read_stakes
from core.figures.terms import ItemTerm
from core.work.tables import SiteKind, Visit
from tenants.scope import ScopedSession, Wall
from tests.figures.build import CIVILIZED, FOOD, SANITARY, WORDS, Made, fill, make

FIRST = date(2026, 10, 1)
SPAN = Period("month", FIRST, date(2026, 10, 31))
CAMPAIGNS = (CIVILIZED, SANITARY, FOOD)


@pytest.fixture(scope="module")
def made(wall: Wall) -> Made:
    """Three weeks of visits; the register of some places was changed in between, or began later."""
    found = make(wall, *CAMPAIGNS)
    fill(wall, found, first=FIRST, days=20, per_day=14)
    chance = random.Random(5)
    with found.district.session(wall) as session:
        for n, site in enumerate(sorted(found.sites.values())):
            rows = session.scalars(select(SiteKind).where(SiteKind.site_id == site)).all()
            day = FIRST + timedelta(days=chance.randint(1, 18))
            if n % 4 == 0:
                rows[0].valid_to = day
                session.add(SiteKind(site_id=site, site_type="shop", valid_from=day))
            elif n % 4 == 1:
                rows[0].valid_to = date(2026, 1, 1)
                if n % 8 == 1:
                    session.add(SiteKind(site_id=site, site_type="shop", valid_from=day))
            elif n % 4 == 2:
                session.add(SiteKind(site_id=site, site_type="public_toilet", valid_from=day, valid_to=SPAN.end))
        session.commit()
    return found


def asked_each(session: ScopedSession, site: UUID, day: date) -> str:
    """The types of a place on a day, asked for by itself: those in force, else all it ever had."""
    rows = session.scalars(select(SiteKind).where(SiteKind.site_id == site)).all()
    then = [row for row in rows if row.valid_from <= day and (row.valid_to is None or row.valid_to > day)]
    return ",".join(sorted(row.site_type for row in then or rows))


def test_types_joined_are_those_asked_for_each_row(wall: Wall, made: Made) -> None:
    with made.district.session(wall) as session:
        frame = frame_of(session, (SPAN,), SPAN.bounds[1])
        register = register_of(frame)
        query = select(Visit.site_id, Visit.day, kinds_on(register, Visit.day)).outerjoin(
            register, register.c.site_id == Visit.site_id
        )
        rows = session.execute(query.where(Visit.day <= SPAN.end)).all()
        wanted = {(site, day): asked_each(session, site, day) for site, day, _ in rows}
        assert {(site, day): kinds for site, day, kinds in rows} == wanted
        assert len({kinds for *_, kinds in rows}) > len({kinds.split(",")[0] for *_, kinds in rows}) / 2
        assert any("," in kinds for *_, kinds in rows)
        nowhere = select(kinds_on(register, literal(FIRST))).select_from(Visit)
        none = nowhere.outerjoin(register, or_(False, register.c.site_id.is_(None))).limit(1)
        assert session.scalar(none) == ""


def test_sums_by_basis_and_type_are_the_sums(wall: Wall, made: Made) -> None:
    """One statement for both bases and all types: types add up to the whole, and each basis is what it is alone."""
    with made.district.session(wall) as session:
        frame = frame_of(session, (SPAN,), SPAN.bounds[1])
        for campaign in CAMPAIGNS:
            terms = [
                t for t in make_plans(session, frame, campaign.key, campaign.edition).terms() if isinstance(t, ItemTerm)
            ]
            selections = [t.selection for t in terms]
            both = read_items(session, frame, selections, campaign.key, selections)
            plain = read_items(session, frame, selections, campaign.key)
            assert set(both) == {VERIFIED, SELF}
            for basis, slices in both.items():
                one, bare = slices[None, 0], plain[basis][None, 0]
                assert (one.items, one.forms, one.visits, one.sites) == (
                    bare.items,
                    bare.forms,
                    bare.visits,
                    bare.sites,
                )
                for key, here in one.kinds.items():
                    whole = one.items[key] if isinstance(key, frozenset) else one.forms[key]
                    assert sum(here.values(), ItemSums()) == whole
            sheets = per_sheet(frame, campaign.key).c
            count = session.scalar(select(func.count(sheets.visit_id.distinct())))
            assert count == both[VERIFIED][None, 0].visits


def test_whole_numbers_add_up_as_fractions_do() -> None:
    chance = random.Random(3)
    rows = [tuple(chance.randint(0, 9) * (100 if n in (2, 3) else 1) for n in range(7)) for _ in range(200)]
    together, apart = RowSums(), ItemSums()
    for visits, passed, earned, possible, n, m, raw in rows:
        together.add(visits, passed, earned, possible, n, m, raw)
        percent = Fraction(earned * 100, possible) if possible else Fraction(0)
        sums = (visits, passed, percent, n, m, raw, Fraction(earned, 100), Fraction(possible * visits, 100))
        apart += ItemSums(*(Fraction(one) for one in sums))
    assert together.sums() == apart


def test_what_if_of_some_is_the_whole_score_anew(wall: Wall, made: Made) -> None:
    """Only the indicators that a change touches are scored again: the score is that of scoring all of them."""
    chance = random.Random(9)
    given: dict[str, Any] = {"cut_off": SPAN.bounds[1], "questions": WORDS.questions}
    with made.district.session(wall) as session:
        stakes = read_stakes(session, None, CAMPAIGNS, SPAN, **given)
        keys = stakes.keys()
        assert sorted(keys) == sorted(one.key for one in stakes.listed())
        for chosen in ([], keys[:1], *(chance.sample(keys, 9) for _ in range(4)), keys):
            for board in stakes.boards:
                rows = [row for row in board.rows if row.key in chosen]
                standing = [one for one in board.standing if one.key in chosen]
                delta = board.delta(rows, standing)
                anew = score_ground(replace(board.ground, facts=board.facts(delta)))
                assert board.score_with(delta) == anew
        moved = [stakes.boards[0].score_with(board.delta(board.rows, ())) for board in stakes.boards[:1]]
        assert moved[0] != stakes.boards[0].score


def test_failed_rows_are_read_once_for_all_campaigns(wall: Wall, made: Made) -> None:
    """What each campaign reads of the shared rows is what it reads alone."""
    given: dict[str, Any] = {"cut_off": SPAN.bounds[1], "questions": WORDS.questions}
    with made.district.session(wall) as session:
        together = read_stakes(session, None, CAMPAIGNS, SPAN, **given)
        for board in together.boards:
            alone = read_stakes(session, None, [board.ground.campaign], SPAN, **given).boards[0]
            assert [row for row in alone.rows if row.campaign == board.campaign] == [
                row for row in board.rows if row.campaign == board.campaign
            ]
            ground = read_grounds(
                session, None, board.ground.campaign, board.ground.facts.edition, (SPAN,), cut_off=SPAN.bounds[1]
            )
            assert score_ground(ground[None, 0]) == board.score
