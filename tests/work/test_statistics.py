"""Statistics (统计填报): rates and qualifiers, entry, review and lock, checks, completeness, what scores read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.campaigns.registry import installed
from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.periods import containing, parse_period
from core.work.organisation.succession import Succession, hand_over
from core.work.statistics.checks import rate_pairs, remarks_of
from core.work.statistics.codes import code_of
from core.work.statistics.completeness import completeness, missing_rows, standing_of, whole
from core.work.statistics.dictionary import Declared, amend, declare, settle_dictionary
from core.work.statistics.entering import Entry, save, submit
from core.work.statistics.grid import Asked, lines_of
from core.work.statistics.measures import MEASURES, Quantity, find_measure, plain, total
from core.work.statistics.observed import observed
from core.work.statistics.rates import rate_of
from core.work.statistics.reviewing import correct, lock, review, send_back
from core.work.statistics.seeds import seeds_of
from core.work.statistics.writing import read_number, read_partial_date
from core.work.tables import LockedValue, Observation, ObservationEvent, Statistic
from tenants.access import Actor
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actor, bare_district

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
OCTOBER = parse_period("2026-10")
OWN = {"owner_unit_id": None, "frequency": "month", "measure": "household"}


@pytest.fixture
def district(wall: Wall) -> District:
    return bare_district(wall)


def office(wall: Wall, district: District) -> Actor:
    return add_actor(wall, district.ref, "hq_office", district.root)


def liaison(wall: Wall, district: District, role: str = "market_regulator") -> Actor:
    return add_actor(wall, district.ref, "liaison", district.departments[role])


def add(
    session: ScopedSession, district: District, code: str, role: str = "market_regulator", **values: Any
) -> Statistic:
    given = {"code": code, "name_zh": f"指标{code}", "name_en": code, "measure": "household", "frequency": "month"}
    owner = {"owner_unit_id": district.departments[role]}
    return declare(session, None, Declared(**(given | owner | values)), today=date(2026, 1, 5))


def entry(district: District, code: str, number: object, period: str = "2026-10", **values: Any) -> Entry:
    amount = None if number is None else Decimal(str(number))
    return Entry(
        code, values.pop("unit_id", district.root), parse_period(period), values.pop("basis", "self"), amount, **values
    )


def keep(session: ScopedSession, who: Actor | None, given: Entry) -> Observation:
    return save(session, who, given, today=TODAY, now=NOW).observation


def through(session: ScopedSession, row: Observation, now: datetime = NOW) -> Observation:
    """Submitted, reviewed and locked by the installation."""
    moment = {"today": TODAY, "now": now}
    submit(session, None, row.id, row.version, **moment)
    review(session, None, row.id, row.version, **moment)
    return lock(session, None, row.id, row.version, **moment)


# -- numbers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("above", "below", "said"),
    [
        (9, 9 + 14, "39.13"),
        (11487, 11831, "97.09"),
        (247, 344, "71.80"),
        (3300, 3190, "103.45"),
        (9, 16, "56.25"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 800, "0.13"),
    ],
)
def test_rates_are_derived_and_rounded_half_up_at_the_end(above: int, below: int, said: str) -> None:
    assert rate_of(Decimal(above), Decimal(below)).text == said


def test_two_lower_bounds_give_no_exact_rate() -> None:
    assert rate_of(Decimal(13000), Decimal(14000), "over", "over").said == "none"
    assert rate_of(Decimal(13000), Decimal(14000), "over", "over").percent is None
    assert rate_of(Decimal(13000), Decimal(14000), "over", "exact").said == "at_least"
    assert rate_of(Decimal(13000), Decimal(14000), "exact", "at_least").said == "at_most"
    assert rate_of(Decimal(13000), Decimal(14000), "about", "exact").said == "about"
    assert rate_of(Decimal(30000), Decimal(14000), "tens_of_thousands", "exact").said == "none"
    assert rate_of(Decimal(1), Decimal(0)).said == "empty"
    assert rate_of(Decimal(3300), Decimal(3190)).over_whole
    assert not rate_of(Decimal(1), Decimal(1)).over_whole


def test_nothing_is_added_across_units() -> None:
    counted = [Quantity(Fraction(n), "household") for n in (36, 142, 2124, 819)]
    assert total(counted) == Quantity(Fraction(3121), "household")
    with pytest.raises(InvalidInput) as refused:
        total([Quantity(Fraction(2800), "t"), Quantity(Fraction(5700), "linear_m")])
    assert "吨 (t)和延长米 (linear m)" in refused.value.text()
    with pytest.raises(InvalidInput) as convertible:
        total([Quantity(Fraction(5), "kg"), Quantity(Fraction(1), "t")])
    assert "1 吨 (t) = 1000 千克 (kg)" in convertible.value.text()
    assert find_measure("延长米").dimension != find_measure("米").dimension
    with pytest.raises(InvalidInput):
        find_measure("桶")


def test_numbers_are_read_with_their_qualifiers() -> None:
    for text, value, qualifier in (
        ("13000余", "13000", "over"),
        ("约200", "200", "about"),
        ("3,182", "3182", "exact"),
        ("150万余", "1500000", "over"),
        ("至少 12.5", "12.5", "at_least"),
        ("２５", "25", "exact"),
    ):
        assert read_number(text, "numerator") == (Decimal(value), qualifier, None)
    assert read_number(" ", "numerator") == (None, "exact", None)
    for text in ("许多", "1e9", "38%", "NaN", "1/2", "9" * 30, "1.12345678"):
        assert read_number(text, "numerator")[2] is not None
    assert plain(Decimal("12.50")) == "12.5"
    assert plain(Fraction(1, 3)) == "1/3"
    assert plain(Decimal("-0.25")) == "-0.25"


def test_dates_keep_their_precision() -> None:
    assert read_partial_date("2018-11", "day")[:2] == (date(2018, 11, 1), "month")
    assert read_partial_date("2020年", "day")[:2] == (date(2020, 1, 1), "year")
    assert read_partial_date("2020年11月1日", "day")[:2] == (date(2020, 11, 1), "day")
    assert read_partial_date("2018年11月日", "day")[2] is not None
    assert read_partial_date("2018-13", "day")[2] is not None


# -- the dictionary --------------------------------------------------------------------------------------------------------


def editions() -> list[tuple[str, Any]]:
    return [(key, campaign.edition) for key, campaign in installed().campaigns.items()]


def test_one_code_has_one_meaning_in_the_shipped_editions() -> None:
    meanings: dict[str, set[tuple[str, ...]]] = {}
    for _key, edition in editions():
        for metric in edition.metrics:
            if metric.row == "figure" and metric.source in ("statistics", "survey", "sampling", "records"):
                for indicator in metric.indicators:
                    said = tuple(
                        f"{k}={v}" for k, v in metric.selector if k != "role" and k != "period" and k != "shared"
                    )
                    meanings.setdefault(code_of(metric, indicator), set()).add((metric.source, *said))
    assert {code: said for code, said in meanings.items() if len(said) > 1} == {}
    assert {"resident_population", "samples_taken", "samples_taken.tableware", "answers_valid.satisfaction"} <= set(
        meanings
    )
    assert {seed.measure for seed in seeds_of(editions()).values()} <= set(MEASURES)


def test_the_dictionary_is_settled_once_and_shared(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        made = settle_dictionary(session, editions(), today=TODAY)
        assert made > 80
        assert settle_dictionary(session, editions(), today=TODAY) == 0
        people = session.scalars(select(Statistic).where(Statistic.code == "resident_population")).one()
        assert (people.campaign, people.measure, people.combine, people.frequency) == ("", "person", "last", "year")
        assert people.needs_population
        assert people.owner_unit_id == district.departments["civilisation_office"]
        tests = session.scalars(select(Statistic).where(Statistic.code == "samples_tested.food")).one()
        assert tests.bases == ["declared"]
        assert tests.campaign == "food_safety_city"


def test_parts_must_be_counted_in_the_same_unit(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        add(session, district, "a", measure="t")
        with pytest.raises(InvalidInput) as refused:
            add(session, district, "b", measure="linear_m", parts=("a",))
        assert refused.value.faults[0].field == "parts"
        with pytest.raises(InvalidInput):
            add(session, district, "c", parts=("nothing",))
        with pytest.raises(Conflict):
            add(session, district, "a")


def test_a_change_of_the_dictionary_meets_the_faster_one(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        row = add(session, district, "a")
        given = Declared("a", "改名", "renamed", "household", district.departments["market_regulator"], "month")
        amend(session, office(wall, district), row.id, given, 1, today=TODAY)
        with pytest.raises(Stale):
            amend(session, office(wall, district), row.id, given, 1, today=TODAY)
        with pytest.raises(Forbidden):
            amend(session, liaison(wall, district), row.id, given, 2, today=TODAY)


# -- entry, review, lock -----------------------------------------------------------------------------------------------------


def test_a_value_goes_from_draft_to_locked_and_only_then_counts(wall: Wall, district: District) -> None:
    owner, desk = liaison(wall, district), office(wall, district)
    with district.session(wall) as session:
        add(session, district, "a")
        row = keep(session, owner, entry(district, "a", 12))
        moment = {"today": TODAY, "now": NOW}

        def counted() -> Any:
            found = observed(session, ["a"], date(2026, 10, 1), date(2026, 10, 31), LATER, ["self"], None)
            return found.get(("a", district.root, "self"))

        with pytest.raises(Conflict):
            review(session, desk, row.id, row.version, **moment)
        submit(session, owner, row.id, row.version, **moment)
        with pytest.raises(Conflict):
            keep(session, owner, entry(district, "a", 13, version=row.version))
        with pytest.raises(Forbidden):
            review(session, owner, row.id, row.version, **moment)
        with pytest.raises(InvalidInput):
            send_back(session, desk, row.id, row.version, reason=" ", **moment)
        send_back(session, desk, row.id, row.version, reason="与台账不符", **moment)
        assert (row.state, row.reason) == ("returned", "与台账不符")
        keep(session, owner, entry(district, "a", 14, version=row.version))
        submit(session, owner, row.id, row.version, **moment)
        review(session, desk, row.id, row.version, **moment)
        assert counted() is None
        lock(session, desk, row.id, row.version, **moment)
        found = counted()
        assert (found.numerator, found.n, found.qualifier, found.measure) == (14, 1, "exact", "household")
        steps = select(ObservationEvent.verb).where(ObservationEvent.observation_id == row.id)
        assert session.scalars(steps.order_by(ObservationEvent.version)).all() == [
            "save",
            "submit",
            "return",
            "save",
            "submit",
            "review",
            "lock",
        ]


def test_who_hands_in_does_not_lock(wall: Wall, district: District) -> None:
    desk = office(wall, district)
    with district.session(wall) as session:
        add(session, district, "a")
        row = keep(session, desk, entry(district, "a", 12))
        submit(session, desk, row.id, row.version, today=TODAY, now=NOW)
        with pytest.raises(Forbidden):
            review(session, desk, row.id, row.version, today=TODAY, now=NOW)


def test_a_correction_leaves_the_locked_version_in_force_until_it_is_locked(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        add(session, district, "a")
        row = through(session, keep(session, None, entry(district, "a", 12)))
        with pytest.raises(InvalidInput):
            correct(session, None, row.id, row.version, reason="", today=TODAY, now=LATER)
        correct(session, None, row.id, row.version, reason="抄错一位", today=TODAY, now=LATER)
        keep(session, None, entry(district, "a", 21, version=row.version))

        def at(cut_off: datetime) -> Fraction:
            found = observed(session, ["a"], date(2026, 10, 1), date(2026, 10, 31), cut_off, ["self"], [district.root])
            return found["a", district.root, "self"].numerator

        assert at(LATER) == 12
        through(session, row, LATER)
        assert (at(NOW), at(LATER)) == (12, 21)
        numbers = select(LockedValue.number, LockedValue.numerator, LockedValue.reason).order_by(LockedValue.number)
        assert [tuple(one) for one in session.execute(numbers)] == [(1, 12, ""), (2, 21, "抄错一位")]


def test_only_owners_enter_and_others_see_nothing(wall: Wall, district: District) -> None:
    stranger = liaison(wall, district, "education_bureau")
    with district.session(wall) as session:
        add(session, district, "a")
        with pytest.raises(NotFound):
            keep(session, stranger, entry(district, "a", 1))
        assert lines_of(session, stranger, Asked(), today=TODAY) == []
        leader = add_actor(wall, district.ref, "leader", district.root)
        assert len(lines_of(session, leader, Asked(), today=TODAY)) == 1
        with pytest.raises(Forbidden):
            keep(session, leader, entry(district, "a", 1))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"basis": "guessed"}, "basis"),
        ({"qualifier": "very"}, "qualifier"),
        ({"denominator": Decimal(5)}, "denominator"),
        ({"note": "长" * 501}, "note"),
        ({"period": "2026-12"}, "period"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(
    wall: Wall, district: District, values: dict[str, Any], field: str
) -> None:
    with district.session(wall) as session:
        add(session, district, "a")
        with pytest.raises(InvalidInput) as refused:
            keep(session, None, entry(district, "a", 1, **values))
        assert [fault.field for fault in refused.value.faults] == [field]
        with pytest.raises(InvalidInput):
            keep(session, None, entry(district, "a", 1, unit_id=district.street))
        assert session.scalars(select(Observation)).all() == []


def test_an_empty_number_is_missing_and_not_zero(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        add(session, district, "a", denominator_zh="总数", denominator_measure="household", needs_population=True)
        row = keep(session, None, entry(district, "a", None, basis="verified"))
        with pytest.raises(InvalidInput) as refused:
            submit(session, None, row.id, row.version, today=TODAY, now=NOW)
        assert [f.field for f in refused.value.faults] == ["numerator", "denominator", "population_base", "note"]


def test_a_month_and_its_days_are_not_both_entered(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        add(session, district, "a")
        keep(session, None, entry(district, "a", 30))
        with pytest.raises(Conflict):
            keep(session, None, entry(district, "a", 1, "2026-10-05"))
        keep(session, None, entry(district, "a", 1, "2026-11-05"))
        with pytest.raises(Conflict):
            keep(session, None, entry(district, "a", 300, "2026"))


def test_the_slower_of_two_is_told_who_won(wall: Wall, district: District) -> None:
    one, two = (
        add_actor(wall, district.ref, "liaison", district.departments["market_regulator"], name)
        for name in ("甲某", "乙某")
    )
    with district.session(wall) as session:
        add(session, district, "a")
        session.commit()
    with district.session(wall) as first, district.session(wall) as second:
        row = keep(first, one, entry(district, "a", 10))
        first.commit()
        with pytest.raises(Stale) as lost:
            keep(second, two, entry(district, "a", 11))
        assert "甲某" in lost.value.text()
        assert "10" in lost.value.text()
        second.rollback()
        keep(second, two, entry(district, "a", 12, version=row.version))
        second.commit()
        with pytest.raises(Stale) as again:
            keep(first, one, entry(district, "a", 13, version=1))
        assert "乙某" in again.value.text()
        first.rollback()
        # What says the same again changes nothing, whoever was faster.
        assert not save(first, one, entry(district, "a", 12, version=1), today=TODAY, now=NOW).changed


def test_of_many_who_enter_one_number_at_once_one_wins(wall: Wall, district: District) -> None:
    people = [liaison(wall, district) for _ in range(6)]
    with district.session(wall) as session:
        add(session, district, "a")
        session.commit()

    def one(number: int) -> str:
        with district.session(wall) as session:
            try:
                save(session, people[number], entry(district, "a", 10 + number), today=TODAY, now=NOW)
            except (Stale, Conflict) as beaten:
                return "lost" if any(person.name in beaten.text() for person in people) else beaten.text()
            session.commit()
            return "won"

    with ThreadPoolExecutor(len(people)) as pool:
        assert sorted(pool.map(one, range(len(people)))) == ["lost"] * 5 + ["won"]
    with district.session(wall) as session:
        assert len(session.scalars(select(Observation)).all()) == 1
        assert len(session.scalars(select(ObservationEvent)).all()) == 1


def test_each_district_reads_its_own_values_by_the_one_statement(wall: Wall, district: District) -> None:
    """The statement is built once; whose values, which codes, days and units are bound each time, in turns."""
    other = bare_district(wall, "别区")
    asked = (["a", "b"], date(2026, 10, 1), date(2026, 10, 31), LATER, ["self"])
    for place, number in ((district, 12), (other, 34)):
        with place.session(wall) as session:
            add(session, place, "a")
            through(session, keep(session, None, entry(place, "a", number)))
            session.commit()
    for place, number in ((district, 12), (other, 34)) * 2:
        with place.session(wall) as session:
            for units in (None, [place.root]):
                found = observed(session, *asked, units)
                assert {key: one.numerator for key, one in found.items()} == {("a", place.root, "self"): number}
            assert observed(session, *asked, [district.communities[0], other.communities[0]]) == {}
            assert observed(session, ["b"], *asked[1:], None) == {}
            assert observed(session, ["a"], date(2026, 11, 1), date(2026, 11, 30), LATER, ["self"], None) == {}


# -- what scores read ----------------------------------------------------------------------------------------------------------


def test_months_add_up_marks_are_averaged_and_what_stands_is_read_last(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        add(session, district, "flow", denominator_zh="总数", denominator_measure="household")
        add(session, district, "mark", combine="mean", measure="point")
        add(session, district, "stock", combine="last", frequency="year", measure="person")
        for month, number in (("2026-08", 1), ("2026-09", 2), ("2026-10", 4)):
            qualifier = "over" if number == 2 else "exact"
            below = {"denominator": Decimal(number + 1), "qualifier": qualifier}
            through(session, keep(session, None, entry(district, "flow", number, month, **below)))
            through(session, keep(session, None, entry(district, "mark", number, month)))
        base = {"population_base": "常住人口", "population_on": date(2020, 11, 1)}
        for year, number in (("2024", 900), ("2025", 1000)):
            through(session, keep(session, None, entry(district, "stock", number, year, **base)))
        keep(session, None, entry(district, "flow", 99, "2026-07", denominator=Decimal(1)))
        bases, codes = ["self"], ["flow", "mark", "stock"]
        found = observed(session, codes, date(2026, 9, 1), date(2026, 10, 31), LATER, bases, None)
        flow, mark, stock = (found[code, district.root, "self"] for code in codes)
        assert (flow.numerator, flow.denominator, flow.n, flow.qualifier) == (6, 8, 2, "over")
        assert mark.numerator == 3
        assert mark.denominator is None
        assert (stock.numerator, stock.n, stock.population_on) == (1000, 1, date(2020, 11, 1))
        assert len(flow.versions) == 2
        assert observed(session, codes, date(2026, 9, 1), date(2026, 10, 31), LATER, ["verified"], None) == {}
        assert observed(session, codes, date(2026, 9, 1), date(2026, 10, 31), LATER, bases, []) == {}
        old = observed(session, ["stock"], date(2028, 1, 1), date(2028, 1, 31), LATER, bases, None)
        assert old == {}  # two years old: it stands no more


# -- what is odd is said -----------------------------------------------------------------------------------------------------------


def remarks(session: ScopedSession, who: Actor, **asked: Any) -> dict[str, list[tuple[str, str]]]:
    lines = lines_of(session, who, Asked(**asked), today=TODAY)
    said = remarks_of(session, lines, rate_pairs(editions()))
    return {
        line.pair.statistic.code: [(r.kind, r.text.format(**r.params)) for value in line.values for r in said[value.id]]
        for line in lines
    }


def test_parts_that_do_not_add_up_are_named_and_never_rescaled(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        for code, number in zip("abcd", (36, 142, 2124, 819), strict=True):
            add(session, district, f"class_{code}")
            keep(session, None, entry(district, f"class_{code}", number))
        add(session, district, "caterers", parts=tuple(f"class_{code}" for code in "abcd"))
        row = keep(session, None, entry(district, "caterers", 3182))
        found = remarks(session, office(wall, district))["caterers"]
        assert found == [("parts_gap", "分项 36 + 142 + 2124 + 819 = 3121，申报合计 3182，相差 61（1.92%）")]
        through(session, row)
        assert (
            observed(session, ["caterers"], OCTOBER.start, OCTOBER.end, LATER, ["self"], None)[
                "caterers", district.root, "self"
            ].numerator
            == 3182
        )


def test_a_fraction_of_a_household_is_said(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        add(session, district, "a")
        keep(session, None, entry(district, "a", "12.5"))
        assert remarks(session, office(wall, district))["a"] == [
            ("fraction", "12.5 不是整数，而计量单位是户 (households)")
        ]


def test_what_a_suspended_campaign_alone_asks_is_not_due(wall: Wall, district: District) -> None:
    desk = office(wall, district)
    with district.session(wall) as session:
        settle_dictionary(session, editions(), today=date(2026, 1, 5))
        for key, edition in editions():
            state = "suspended" if key == "food_safety_city" else "enabled"
            session.add(EnabledCampaign(campaign=key, state=state, edition=edition.key, edition_sha256=edition.sha256))
        session.flush()
        asked = {line.pair.statistic.code for line in lines_of(session, desk, Asked(), today=TODAY)}
        assert "posts_approved" not in asked  # the food campaign's own
        assert {"resident_population", "waste_collected"} <= asked


def test_a_unit_that_takes_over_enters_what_the_old_one_did(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        row = add(session, district, "a")
        old, heir = (district.departments[role] for role in ("market_regulator", "sanitation"))
        hand_over(session, None, Succession(TODAY, NOW, "合并", {old: heir}))
        session.refresh(row)
        assert row.owner_unit_id == heir


def test_a_missing_part_is_said(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        add(session, district, "part_one")
        add(session, district, "all", parts=("part_one",))
        keep(session, None, entry(district, "all", 10))
        assert remarks(session, office(wall, district))["all"] == [("parts_missing", "还有分项没有填：part_one")]


def test_a_rate_above_a_hundred_and_a_typed_rate_are_flagged(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        for code in ("boards", "tasks", "plates"):
            add(session, district, code, denominator_zh="总数", denominator_measure="household")
        keep(session, None, entry(district, "boards", 3300, denominator=Decimal(3190)))
        keep(session, None, entry(district, "tasks", 11487, denominator=Decimal(11831), declared_rate=Decimal("97.00")))
        lower = {"denominator": Decimal(14000), "qualifier": "over", "denominator_qualifier": "over"}
        keep(session, None, entry(district, "plates", 13000, **lower))
        found = remarks(session, office(wall, district))
        assert found["boards"] == [("over_whole", "比率 103.45% 超过 100%，请核对范围")]
        assert [kind for kind, _ in found["tasks"]] == ["declared_rate"]
        assert "97.09%" in found["tasks"][0][1]
        assert [kind for kind, _ in found["plates"]] == ["no_rate"]


def test_a_rate_of_two_statistics_above_a_hundred_is_flagged(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        settle_dictionary(session, editions(), today=TODAY)
        session.add_all(
            EnabledCampaign(campaign=key, state="enabled", edition=e.key, edition_sha256=e.sha256)
            for key, e in editions()
        )
        keep(session, None, entry(district, "waste_treated", 12))
        keep(session, None, entry(district, "waste_collected", 10))
        found = remarks(session, office(wall, district), period=OCTOBER)["waste_treated"]
        assert found == [("over_whole", "SAN-306 的比率 120.00% 超过 100%，请核对范围")]


def test_bounds_equal_numbers_and_a_changed_base_are_hinted(wall: Wall, district: District) -> None:
    with district.session(wall) as session:
        add(session, district, "trips", maximum=Decimal(1000), measure="trip")
        add(session, district, "caterers", role="sanitation")
        add(session, district, "people", needs_population=True, measure="person", frequency="year")
        keep(session, None, entry(district, "trips", 1480))
        keep(session, None, entry(district, "caterers", 1480))
        then = {"population_base": "辖区人口", "population_on": date(2020, 11, 1)}
        keep(session, None, entry(district, "people", 900, "2024", **then))
        keep(session, None, entry(district, "people", 950, "2025", **(then | {"population_base": "常住人口"})))
        found = remarks(session, office(wall, district))
        assert [kind for kind, _ in found["trips"]] == ["bounds", "equal"]
        assert [kind for kind, _ in found["caterers"]] == ["equal"]
        assert found["people"] == [
            ("population", "人口口径与上期不同：本期 常住人口 2020-11-01，上期 辖区人口 2020-11-01；两期不宜直接比较")
        ]
        session.execute(select(Statistic)).scalars().all()
        session.scalars(select(Statistic).where(Statistic.code == "trips")).one().apart = "车次与户数不是一回事"
        session.flush()
        assert [kind for kind, _ in remarks(session, office(wall, district))["caterers"]] == []


# -- completeness ------------------------------------------------------------------------------------------------------------------------


def test_completeness_counts_due_on_time_late_and_missing(wall: Wall, district: District) -> None:
    desk = office(wall, district)
    with district.session(wall) as session:
        for code in "ab":
            add(session, district, code, due_days=10)
        on_time = keep(session, None, entry(district, "a", 1, "2026-08"))
        submit(session, None, on_time.id, 1, today=TODAY, now=datetime(2026, 9, 10, 15, 59, tzinfo=UTC))
        late = keep(session, None, entry(district, "b", 1, "2026-08"))
        submit(session, None, late.id, 1, today=TODAY, now=datetime(2026, 9, 10, 16, 0, tzinfo=UTC))
        span = (date(2026, 8, 1), date(2026, 10, 31))
        found = completeness(session, desk, *span, today=date(2026, 11, 10))
        told = [
            (one.period.key, one.tally.on_time, one.tally.late, one.tally.missing, one.tally.waiting) for one in found
        ]
        assert told == [("2026-10", 0, 0, 0, 2), ("2026-09", 0, 0, 2, 0), ("2026-08", 1, 1, 0, 0)]
        beside = standing_of(session, ["a", "b", "gone"], *span, today=date(2026, 11, 11))
        assert [(beside[code].due, beside[code].on_time, beside[code].late) for code in ("a", "b", "gone")] == [
            (3, 1, 0),
            (3, 0, 1),
            (0, 0, 0),
        ]
        tally = whole(completeness(session, desk, *span, today=date(2026, 11, 11)))
        assert (tally.due, tally.handed, tally.missing) == (6, 2, 4)
        missing = missing_rows(session, desk, *span, today=date(2026, 11, 11))
        assert [(pair.statistic.code, period.key, due) for pair, period, due in missing] == [
            ("a", "2026-09", date(2026, 10, 10)),
            ("b", "2026-09", date(2026, 10, 10)),
            ("a", "2026-10", date(2026, 11, 10)),
            ("b", "2026-10", date(2026, 11, 10)),
        ]
        assert completeness(session, liaison(wall, district, "education_bureau"), *span, today=TODAY) == []


def test_each_subdistrict_has_its_own_row(wall: Wall, district: District) -> None:
    street = add_actor(wall, district.ref, "liaison", district.street)
    with district.session(wall) as session:
        add(session, district, "by_street", unit_kind="subdistrict")
        lines = lines_of(session, street, Asked(), today=TODAY)
        assert [(line.pair.unit_id, line.period) for line in lines] == [
            (district.street, containing("month", date(2026, 10, 1)))
        ]
        keep(session, street, entry(district, "by_street", 3, unit_id=district.street))


def test_two_districts_never_meet(wall: Wall, district: District) -> None:
    other = bare_district(wall, "另一区")
    with district.session(wall) as session:
        add(session, district, "a")
        row = through(session, keep(session, None, entry(district, "a", 7)))
        session.commit()
        key: UUID = row.id
    with other.session(wall) as session:
        assert session.get(Observation, (other.ref.id, key)) is None
        assert observed(session, ["a"], OCTOBER.start, OCTOBER.end, LATER, ["self"], None) == {}
        with pytest.raises(NotFound):
            submit(session, office(wall, other), key, 1, today=TODAY, now=NOW)
