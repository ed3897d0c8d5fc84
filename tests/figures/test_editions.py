"""Periods scored by the edition in force at their start, old visits by another edition, shadows that never leave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal as D
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.campaigns import parse_answer
from core.errors import Conflict
from core.figures.by_edition import Break, break_after, breaks_in, score_in_force, score_shadow
from core.figures.explain import explain
from core.figures.impact import impact_of
from core.figures.overview import by_unit, side_by_side, trend
from core.figures.periods import Period, containing, parse_period
from core.figures.publishing import preview, publish
from core.figures.scores import score_campaign
from core.figures.tables import Publication
from core.work.editions.choices import IN_FORCE, SHADOW
from core.work.editions.in_force import edition_for, editions_for
from core.work.editions.switching import choose_edition
from core.work.enabling import freeze
from core.work.organisation.units import add_unit
from core.work.tables import AnswerRow, AreaMember, Sheet
from tenants.scope import ScopedSession, Wall
from tests.factory import SINCE
from tests.figures.build import CIVILIZED, SANITARY, WORDS, Made, make, visit

OLD, NEW = SANITARY.shipped
SEPTEMBER, OCTOBER = parse_period("2026-09"), parse_period("2026-10")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
SWITCH = date(2026, 10, 1)
SALON = ("beauty_salon",)
# One salon shows its licence and its grade but not its yearly test; the other shows all three.
FIRST = {
    "hygiene_licence_shown": {"yes": True},
    "hygiene_grade_shown": {"yes": True},
    "yearly_test_shown": {"yes": False},
}
SECOND = {
    "hygiene_licence_shown": {"yes": True},
    "hygiene_grade_shown": {"yes": True},
    "yearly_test_shown": {"yes": True},
}
ROAD = {"street_cleaning": {"rating": 8}, "waste_heaps": {"count": 1}}


def seen(
    session: ScopedSession, made: Made, types: tuple[str, ...], answers: Mapping[str, Any], day: date, **more: Any
) -> UUID:
    """A visit with its answers kept, as a submission keeps them."""
    visit_id = visit(session, made, types, answers, day=day, **more)
    for code, raw in answers.items():
        one = parse_answer(WORDS.questions[code], raw)
        session.add(
            AnswerRow(
                visit_id=visit_id,
                question=code,
                na=one.na,
                yes=one.yes,
                count=one.count,
                rating=one.rating,
                n=one.n,
                m=one.m,
            )
        )
    session.flush()
    return visit_id


def stage(wall: Wall, *, switch: bool) -> Made:
    """Two salons and a road in September and in October, all recorded by the forms of 2024."""
    made = make(wall, SANITARY)
    with made.district.session(wall) as session:
        freeze(session, SANITARY, OLD)
        for month in (9, 10):
            seen(session, made, SALON, FIRST, date(2026, month, 5))
            seen(session, made, SALON, SECOND, date(2026, month, 6))
            seen(session, made, ("main_road",), ROAD | {"pavement_tactile_faults": {"count": 0}}, date(2026, month, 7))
        if switch:
            choose_edition(session, None, SANITARY, NEW, role=IN_FORCE, day=SWITCH, today=date(2026, 9, 20))
        session.commit()
    return made


def test_a_period_is_scored_by_the_edition_of_its_first_day(wall: Wall) -> None:
    made = stage(wall, switch=True)
    with made.district.session(wall) as session:
        assert [edition_for(session, SANITARY, d) for d in (date(2026, 9, 30), SWITCH)] == [OLD, NEW]
        found = score_in_force(session, None, SANITARY, (SEPTEMBER, OCTOBER), cut_off=NOW)
        before, after = found[None, 0], found[None, 1]
    assert (before.edition.key, after.edition.key) == ("edition_2024", "edition_2025")
    # 2024: visits in which all three were shown: 1 of 2 = 50 %, under the floor of 70: nothing.
    one = before.indicator("SAN-502")
    assert (one.numerator, one.denominator, one.value, one.earned) == (1, 2, D("50.00"), D("0.00"))
    # 2025: things shown: 5 of 6 = 83.33 %, 25 x 13.333/30 = 11.11.
    two = after.indicator("SAN-502")
    assert (two.numerator, two.denominator, two.value, two.earned) == (5, 6, D("83.33"), D("11.11"))


def test_old_visits_are_scored_by_new_forms(wall: Wall) -> None:
    made = stage(wall, switch=False)
    with made.district.session(wall) as session:
        old = score_campaign(session, None, SANITARY, OLD, OCTOBER, cut_off=NOW)
        new = score_campaign(session, None, SANITARY, NEW, OCTOBER, cut_off=NOW)
        stored = session.scalars(select(Sheet.edition).distinct()).all()
    # 2024: cleaning 12 x 8/10 = 9.6 and heaps 14 - 2 = 12 of 26. 2025: 8 x 8/10 = 6.4, 12, and the pavement 4 of 4, of 26.
    assert old.indicator("SAN-301").numerator == Fraction(2160, 26)
    assert new.indicator("SAN-301").numerator == Fraction(2240, 26)
    # The new indicator reads a question that the old form did not ask, yet was answered: 1 of 1.
    fresh = new.indicator("SAN-311")
    assert (fresh.numerator, fresh.denominator, fresh.earned) == (1, 1, D("10.00"))
    assert (old.visits, new.visits) == (3, 3)
    assert stored == ["edition_2024"], "nothing is written"


def test_what_nobody_answered_is_left_out(wall: Wall) -> None:
    made = make(wall, SANITARY)
    with made.district.session(wall) as session:
        freeze(session, SANITARY, OLD)
        seen(session, made, ("main_road",), ROAD, date(2026, 10, 7))
        new = score_campaign(session, None, SANITARY, NEW, OCTOBER, cut_off=NOW)
    assert new.indicator("SAN-311").status == "not_assessed"
    assert new.indicator("SAN-301").numerator == Fraction(1840, 22)


def test_the_same_edition_scores_the_same_either_way(wall: Wall) -> None:
    """Recorded and computed anew agree: visits of 2024 regraded as 2024 after a detour by a shadow."""
    made = stage(wall, switch=False)
    with made.district.session(wall) as session:
        plain = score_campaign(session, None, SANITARY, OLD, OCTOBER, cut_off=NOW)
        choose_edition(session, None, SANITARY, NEW, role=SHADOW, day=date(2026, 9, 1), today=date(2026, 9, 1))
        again = score_campaign(session, None, SANITARY, OLD, OCTOBER, cut_off=NOW)
        assert [(f.numerator, f.denominator, f.earned) for f in plain.indicators] == [
            (f.numerator, f.denominator, f.earned) for f in again.indicators
        ]


def test_every_figure_of_a_regraded_period_explains_itself(wall: Wall) -> None:
    made = stage(wall, switch=True)
    with made.district.session(wall) as session:
        for code in ("SAN-502", "SAN-301", "SAN-311"):
            found = explain(session, None, SANITARY, NEW, code, OCTOBER, cut_off=NOW)
            assert sum(row.numerator for row in found.rows) == found.figure.numerator, code
            assert sum(row.denominator or 0 for row in found.rows) == found.figure.denominator, code


def test_units_and_the_whole_agree_when_regraded(wall: Wall) -> None:
    made = stage(wall, switch=True)
    with made.district.session(wall) as session:
        (street,) = by_unit(session, None, SANITARY, NEW, OCTOBER, cut_off=NOW)
        whole = score_campaign(session, None, SANITARY, NEW, OCTOBER, cut_off=NOW)
    assert street.score.earned == whole.earned
    assert street.score.visits == whole.visits == 3


def test_an_area_is_regraded_by_its_members(wall: Wall) -> None:
    made = stage(wall, switch=True)
    with made.district.session(wall) as session:
        area = add_unit(session, None, name="东片区", kind="area", today=SINCE)
        member = {"area_id": area.id, "unit_id": made.district.communities[0], "valid_from": date(2026, 10, 6)}
        session.add(AreaMember(**member))
        session.flush()
        found = score_campaign(session, None, SANITARY, NEW, OCTOBER, area.id, cut_off=NOW)
    # Without the salon of the fifth: three of three things shown, and the road.
    assert (found.visits, found.indicator("SAN-502").numerator, found.indicator("SAN-311").numerator) == (2, 3, 1)


def test_self_visits_stay_out_when_regraded(wall: Wall) -> None:
    made = stage(wall, switch=True)
    with made.district.session(wall) as session:
        before = score_campaign(session, None, SANITARY, NEW, OCTOBER, cut_off=NOW).earned
        seen(session, made, SALON, FIRST, date(2026, 10, 9), basis="self")
        assert score_campaign(session, None, SANITARY, NEW, OCTOBER, cut_off=NOW).earned == before


def test_a_trend_breaks_where_the_edition_changed(wall: Wall) -> None:
    made = stage(wall, switch=True)
    with made.district.session(wall) as session:
        months = (parse_period("2026-08"), SEPTEMBER, OCTOBER, parse_period("2026-11"))
        assert breaks_in(session, SANITARY, months) == (Break(2, OCTOBER, OLD, NEW),)
        points = trend(session, None, SANITARY, None, date(2026, 10, 31), kind="month", count=2, cut_off=NOW)
        found = score_in_force(session, None, SANITARY, (SEPTEMBER, OCTOBER), cut_off=NOW)
        assert [p.percent for p in points] == [found[None, n].percent_of_assessed for n in (0, 1)]
        (card,) = side_by_side(session, None, [SANITARY], OCTOBER, cut_off=NOW)
        assert card.is_break
        assert card.change is None, "scores of two editions are not subtracted"
        (same,) = side_by_side(session, None, [SANITARY], parse_period("2026-11"), cut_off=NOW)
        assert not same.is_break


def test_a_quarter_that_has_begun_keeps_its_edition(wall: Wall) -> None:
    made = stage(wall, switch=False)
    with made.district.session(wall) as session:
        choose_edition(session, None, SANITARY, NEW, role=IN_FORCE, day=date(2026, 10, 15), today=date(2026, 10, 1))
        starts = [p.start for p in (OCTOBER, parse_period("2026-Q4"), parse_period("2026-11"), parse_period("2027-Q1"))]
        assert editions_for(session, SANITARY, starts) == (OLD, OLD, NEW, NEW)
    assert break_after(containing("month", date(2026, 10, 15)), date(2026, 10, 15)) == parse_period("2026-11")
    assert break_after(containing("month", SWITCH), SWITCH) == OCTOBER


def test_a_shadow_is_scored_beside_and_never_published(wall: Wall) -> None:
    made = stage(wall, switch=False)
    with made.district.session(wall) as session:
        assert score_shadow(session, None, SANITARY, OCTOBER, cut_off=NOW) is None
        choose_edition(session, None, SANITARY, NEW, role=SHADOW, day=SWITCH, today=date(2026, 9, 20))
        found = score_shadow(session, None, SANITARY, OCTOBER, cut_off=NOW)
        assert found
        assert found.score.indicator("SAN-502").earned == D("11.11")
        assert edition_for(session, SANITARY, SWITCH) == OLD
        with pytest.raises(Conflict, match="影子"):
            publish(session, made.office, SANITARY, NEW, OCTOBER, now=NOW)
        assert session.scalar(select(func.count()).select_from(Publication)) == 0
        shown = preview(session, made.office, SANITARY, OCTOBER, now=NOW)
        assert {c.publication.edition_sha256 for c in shown.copies} == {OLD.sha256}
        (sent,) = publish(session, made.office, SANITARY, OLD, OCTOBER, now=NOW)
        assert (sent.edition, sent.edition_sha256) == (OLD.key, OLD.sha256)


def test_what_was_published_does_not_move_with_a_switch(wall: Wall) -> None:
    made = stage(wall, switch=False)
    with made.district.session(wall) as session:
        (sent,) = publish(session, made.office, SANITARY, OLD, SEPTEMBER, now=datetime(2026, 10, 2, tzinfo=UTC))
        seal, earned = sent.sha256, sent.earned
        choose_edition(session, None, SANITARY, NEW, role=IN_FORCE, day=date(2026, 11, 1), today=date(2026, 10, 2))
        session.commit()
        session.refresh(sent)
        assert (sent.sha256, sent.earned) == (seal, earned)
        with pytest.raises(Conflict):
            publish(session, made.office, SANITARY, NEW, SEPTEMBER, now=NOW, reason="换版本")
        again = publish(session, made.office, SANITARY, OLD, SEPTEMBER, now=NOW, reason="重发")
        assert again[0].earned == earned


def test_the_impact_report_counts_from_records(wall: Wall) -> None:
    made = make(wall, SANITARY, CIVILIZED)
    with made.district.session(wall) as session:
        freeze(session, SANITARY, OLD)
        seen(session, made, SALON, FIRST, date(2026, 10, 5))
        seen(session, made, ("main_road",), ROAD | {"pavement_tactile_faults": {"count": 2}}, date(2026, 10, 7))
        session.commit()
        found = impact_of(session, None, SANITARY, OLD, NEW, OCTOBER, cut_off=NOW)
    assert [(n.form, n.item.code, n.answered) for n in found.new_items] == [("SAN-ROAD", "SAN-ROAD-13", 1)]
    assessed = sum((f.possible for f in found.after.indicators if f.assessed), D(0))
    assert found.covered == (assessed / 10).quantize(D("0.01"))
    assert "SAN-311" not in {f.code for f in found.open}
    rows = {row.change.new: row for row in found.rows if row.change.new}
    assert rows["SAN-311",].covered
    assert [f.code for f in rows["SAN-303",].before] == ["SAN-304", "SAN-305"]
    assert not rows["SAN-605A", "SAN-605B"].covered
    assert [(one.unit, one.new, one.changed, one.sites) for one in found.duties] == [
        ("测试区环卫", (), ("SAN-ROAD-09",), 0),
        ("测试区城管", ("SAN-ROAD-13",), (), 0),
        ("测试区一街道", ("SAN-ROAD-13",), (), 1),
    ]


@pytest.mark.parametrize("period", [SEPTEMBER, OCTOBER])
def test_an_edition_against_itself_changes_nothing(wall: Wall, period: Period) -> None:
    made = stage(wall, switch=False)
    with made.district.session(wall) as session:
        found = impact_of(session, None, SANITARY, OLD, OLD, period, cut_off=NOW)
    assert found.before == found.after
    assert {row.change.kind for row in found.rows} == {"same"}
    assert (found.new_items, found.duties, found.lineage.forms) == ((), (), ())
