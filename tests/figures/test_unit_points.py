"""A unit's score of the points it carries: by hand from the campaign's own score, what is not assessed is missing and no zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from core.campaigns.registry import installed
from core.errors import NotFound
from core.figures.periods import containing
from core.figures.scores import score_campaign
from core.figures.task_figures.unit_points import Board, UnitPoints, pieces_by_unit, ranked, unit_points
from core.work.enabling import freeze
from core.work.splits.editing import save_cells
from core.work.splits.issuing import issue_split
from core.work.splits.making import Start, make_split
from core.work.splits.reading import lines_of
from core.work.tables import Split
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actors
from tests.work.market import THURSDAY, Town, send, town

KEY = "sanitary_city"
MONTH = containing("month", THURSDAY.date())
CUT = THURSDAY + timedelta(days=1)


@dataclass
class Scene:
    place: Town
    split: Split


@pytest.fixture
def scene(wall: Wall) -> Scene:
    """One visit, and a table: sanitation leads all, urban management carries half of every second clause."""
    place, campaign = town(wall), installed().campaigns[KEY]
    with place.district.session(wall) as session:
        freeze(session, campaign, campaign.edition)
        send(session, place)
        split = make_split(session, place.office, campaign, Start(), on=THURSDAY.date(), now=THURSDAY)
        cells, marks = {}, {}
        sanitation, city = (place.district.departments[role] for role in ("sanitation", "urban_management"))
        for number, line in enumerate(lines_of(session, split.id)):
            half = line.row.points // 2 if number % 2 else 0
            cells[line.row.id] = {sanitation: f"*{(line.row.points - half) / 100}"} | (
                {city: f"{half / 100}"} if half else {}
            )
            marks[line.row.id] = line.mark
        save_cells(session, place.office, split.id, cells, marks, now=THURSDAY)
        day = THURSDAY.date()
        issue_split(session, place.office, campaign, split.id, version=1, valid_from=day, now=THURSDAY)
        session.commit()
        session.expunge(split)
    return Scene(place, split)


@pytest.fixture
def session(wall: Wall, scene: Scene) -> Iterator[ScopedSession]:
    with scene.place.district.session(wall) as opened:
        yield opened


def board(session: ScopedSession, scene: Scene, actor: str = "office") -> Board:
    campaign = installed().campaigns[KEY]
    return unit_points(session, getattr(scene.place, actor), campaign, campaign.edition, MONTH, cut_off=CUT)


def test_it_is_what_one_adds_up_by_hand(scene: Scene, session: ScopedSession) -> None:
    campaign = installed().campaigns[KEY]
    score = score_campaign(session, None, campaign, campaign.edition, MONTH, cut_off=CUT)
    figures = {one.code: one for one in score.indicators}
    assert any(one.earned is not None for one in figures.values()), "the visit assesses something"
    found = board(session, scene)
    lines = lines_of(session, scene.split.id)
    for unit_id in (scene.place.district.departments[role] for role in ("sanitation", "urban_management")):
        earned, assessed, carried = Fraction(0), 0, 0
        for line in lines:
            share = line.of(unit_id)
            if share is None:
                continue
            figure = figures[line.row.code]
            carried += share.points
            if figure.earned is not None:
                assessed += share.points
                earned += Fraction(share.points, 100) * Fraction(figure.earned) / Fraction(figure.possible)
        one = found.unit(unit_id)
        assert (one.exact, one.assessed, one.carried) == (earned, Decimal(assessed) / 100, Decimal(carried) / 100)
        assert one.n < one.of
        assert one.percent_of_all is not None
        assert one.percent_of_assessed is not None
        assert one.percent_of_all < one.percent_of_assessed
    rows = [one for league in found.leagues.values() for one in league]
    assert sum((one.exact for one in rows), Fraction(0)) == sum(
        (Fraction(one.earned) for one in figures.values() if one.earned is not None and one.possible > 0), Fraction(0)
    )
    assert sum((one.carried for one in rows), Decimal(0)) == campaign.edition.points


def test_what_is_not_assessed_is_missing_and_no_zero(scene: Scene, session: ScopedSession) -> None:
    campaign = installed().campaigns[KEY]
    lines = lines_of(session, scene.split.id)
    empty = score_campaign(session, None, campaign, campaign.edition, MONTH.previous, cut_off=CUT)
    pieces = pieces_by_unit(lines, {one.code: one for one in empty.indicators})
    one = UnitPoints(None, pieces[scene.place.district.departments["sanitation"]])  # type: ignore[arg-type]  # its sums alone
    assert (one.percent_of_assessed, one.percent_of_all, one.coverage, one.n) == (None, None, Decimal("0.00"), 0)
    other = pieces_by_unit(lines, {}, same=False)
    assert all(piece.why for piece in next(iter(other.values())))


def test_before_the_table_there_is_no_score_and_ties_share_a_rank(scene: Scene, session: ScopedSession) -> None:
    campaign = installed().campaigns[KEY]
    before = unit_points(session, scene.place.office, campaign, campaign.edition, MONTH.previous, cut_off=CUT)
    assert before == Board(None, {})
    rows = board(session, scene).leagues["department"]
    twice = ranked([*rows, *rows])
    assert [one.rank for one in twice][:4] == [1, 1, 3, 3]


def test_one_sees_the_units_within_reach(wall: Wall, scene: Scene, session: ScopedSession) -> None:
    [city] = add_actors(wall, scene.place.ref, [("liaison", scene.place.district.departments["urban_management"], "")])
    campaign = installed().campaigns[KEY]
    found = unit_points(session, city, campaign, campaign.edition, MONTH, cut_off=CUT)
    assert [one.unit.id for rows in found.leagues.values() for one in rows] == [
        scene.place.district.departments["urban_management"]
    ]
    assert board(session, scene, "leader").leagues.keys() == {"department"}
    with pytest.raises(NotFound):
        found.unit(scene.place.district.departments["sanitation"])
