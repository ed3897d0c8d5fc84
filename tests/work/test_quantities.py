"""Quantities (工作量): writing and reading them, the dictionary, entering, sums, double reports, verification, the workbook."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from core.work.quantities import board
from core.work.quantities.board import all_candidates
from core.work.quantities.doubles import candidates_of
from core.work.quantities.entering import QuantityWish, correct, enter
from core.work.quantities.ground import ground_of
from core.work.quantities.kinds import (
    KindWish,
    add_kind,
    change_kind,
    kind_choices,
    lay_starter,
    list_kinds,
    set_kind_state,
)
from core.work.quantities.periods import read_span
from core.work.quantities.reading import Asked, key_of, list_entries, read_entry
from core.work.quantities.settling import declare_disjoint, merge, take_back
from core.work.quantities.starter import STARTER
from core.work.quantities.steps import set_total, verify, withdraw
from core.work.quantities.sums import Total, gap_of, sum_of, total_of
from core.work.quantities.workbook import HEAD, import_entries, read_entries, rows_of
from core.work.quantities.writing import read_quantity, say_number, say_quantity
from core.work.statistics.measures import MEASURES, find_measure
from core.work.tables import QuantityEntry, QuantityEvent
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Unit
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actors, bare_district

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)


@dataclass
class Town:
    """A district with a dictionary of a few kinds and the people who report and verify."""

    place: District
    people: dict[str, Actor]
    kinds: dict[str, UUID]

    def wish(self, kind: str, amount: str, unit: UUID | None = None, **more: Any) -> QuantityWish:
        return QuantityWish(self.kinds[kind], unit or self.place.communities[0], amount, **more)


KINDS = {
    "removed": ("拆除私搭乱建", "place", "output"),
    "people": ("出动人员", "person_time", "input"),
    "trips": ("出动车辆", "trip", "input"),
    "ditches": ("疏通边沟", "m", "output"),
    "painted": ("粉刷立面", "m2", "output"),
    "money": ("投入资金", "ten_thousand_yuan", "input"),
    "eateries": ("餐饮单位", "operator", "stock"),
    "checked": ("督导", "time", "input"),
}


@pytest.fixture(scope="module")
def town(wall: Wall) -> Town:
    place = bare_district(wall)
    wishes = {
        "office": ("hq_office", place.root),
        "street": ("liaison", place.street),
        "first": ("liaison", place.communities[0]),
        "second": ("liaison", place.communities[1]),
        "inspector": ("inspector", place.root),
    }
    made = add_actors(wall, place.ref, [(role, unit, name) for name, (role, unit) in wishes.items()])
    with place.session(wall) as session:
        kinds = {
            code: add_kind(session, None, KindWish(code, name, measure, flow), now=NOW).id
            for code, (name, measure, flow) in KINDS.items()
        }
        session.commit()
    return Town(place, dict(zip(wishes, made, strict=True)), kinds)


def faults(error: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    return {fault.field: fault.text() for fault in error.value.faults}


# ---- writing ----


@pytest.mark.parametrize(
    ("text", "measure", "value", "qualifier"),
    [
        ("1400多名", "person", "1400", "over"),
        ("１４００余人", "person", "1400", "over"),
        ("约200", "", "200", "about"),
        ("两万", "", "20000", "exact"),
        ("两万人次", "person_time", "20000", "exact"),
        ("1.2万平方米", "m2", "12000", "exact"),
        ("968,447.06㎡", "m2", "968447.06", "exact"),
        ("一万二千", "", "12000", "exact"),
        ("二十余处", "place", "20", "over"),
        ("300天以上", "d", "300", "at_least"),
        ("至少300", "", "300", "at_least"),
        ("不到6米", "m", "6", "below"),
        ("200万元", "yuan", "2000000", "exact"),
        ("200万元", "ten_thousand_yuan", "200", "exact"),
        ("over 1,400 persons", "person", "1400", "over"),
        ("0", "", "0", "exact"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, measure: str, value: str, qualifier: str) -> None:
    read = read_quantity(text, measure)
    assert (read.value, read.qualifier) == (Decimal(value), qualifier)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7-8", 7, 8),
        ("7～8", 7, 8),
        ("七八", 7, 8),
        ("三四十", 30, 40),
        ("2-3万", 20000, 30000),
        ("两三万", 20000, 30000),
    ],
)
def test_ranges_keep_both_ends(text: str, low: int, high: int) -> None:
    read = read_quantity(text)
    assert (read.value, read.low, read.high) == (None, low, high)


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [("数万", "tens_of_thousands"), ("数十次", "tens"), ("几百", "hundreds"), ("若干", "unknown"), ("dozens", "tens")],
)
def test_words_without_a_number_are_unknown_and_never_nought(text: str, qualifier: str) -> None:
    read = read_quantity(text)
    assert (read.value, read.low, read.high, read.qualifier) == (None, None, None, qualifier)


@pytest.mark.parametrize("text", ["很好", "-5", "一万二", "1-2-3", "5=5", "8-7", "1 2", "1,40", "9" * 30])
def test_what_is_not_certain_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_quantity(text)
    assert raised.value.faults[0].remedy


def test_a_quantity_is_said_in_both_languages() -> None:
    assert say_quantity(read_quantity("1400多"), "zh", "person") == "1400余人"
    assert say_quantity(read_quantity("1400多"), "en", "person") == "over 1400 persons"
    assert say_quantity(read_quantity("数万"), "zh", "person") == "数万人"
    assert say_quantity(read_quantity("数万"), "en", "person") == "tens of thousands of persons"
    assert say_quantity(read_quantity("7-8"), "zh", "time") == "7～8 次"


@pytest.mark.parametrize("text", [f"{n}{tail}" for n in ("3", "12.5", "1400", "968447.06") for tail in ("", "余")])
def test_what_is_said_is_read_again_as_the_same(text: str) -> None:
    read = read_quantity(text)
    for locale in ("zh", "en"):
        again = read_quantity(say_quantity(read, locale, "m2"), "m2")
        assert (again.value, again.qualifier) == (read.value, read.qualifier)


def test_periods_are_as_precise_as_they_were_said() -> None:
    assert read_span("2018").precision == "year"
    assert (read_span("2018-2019-10").start, read_span("2018-2019-10").end) == (date(2018, 1, 1), date(2019, 10, 31))
    assert (read_span("截至2019-10").start, read_span("截至2019-10").end) == (None, date(2019, 10, 31))
    assert (read_span("7月以来").precision, read_span("7月以来").text) == ("none", "7月以来")
    for wrong in ("2018-13", "2019至2018"):
        with pytest.raises(InvalidInput):
            read_span(wrong)


def test_units_that_count_different_things_are_of_different_dimensions() -> None:
    whole = [one for one in MEASURES.values() if one.whole]
    assert len({one.dimension for one in whole}) == len(whole)
    assert find_measure("份").code == "copy"
    assert find_measure("gifts").dimension != find_measure("copies").dimension
    assert find_measure("辆").dimension != find_measure("车次").dimension != find_measure("台次").dimension


# ---- the dictionary ----


def test_the_usual_kinds_are_taken_over_once(wall: Wall, town: Town) -> None:
    with town.place.session(wall) as session:
        assert lay_starter(session, town.people["office"], now=NOW) == len(STARTER)
        assert lay_starter(session, town.people["office"], now=NOW) == 0
        assert {row.measure for row in list_kinds(session)} <= set(MEASURES)
        assert {one.flow for one in kind_choices(session)} == {"input", "output", "outcome", "stock"}
        with pytest.raises(Forbidden):
            lay_starter(session, town.people["first"], now=NOW)
        session.rollback()


def test_a_kind_that_is_reported_in_keeps_its_unit(wall: Wall, town: Town) -> None:
    office = town.people["office"]
    with town.place.session(wall) as session:
        made = add_kind(session, office, KindWish("trees", "补植树木", "株"), now=NOW)
        made = change_kind(session, office, made.id, KindWish("x", "补植行道树", "tree"), 1, now=NOW)
        assert (made.code, made.name_zh, made.version) == ("trees", "补植行道树", 2)
        with pytest.raises(Stale):
            change_kind(session, office, made.id, KindWish("x", "树", "tree"), 1, now=NOW)
        with pytest.raises(Conflict):
            add_kind(session, office, KindWish("trees", "树", "tree"), now=NOW)
        with pytest.raises(InvalidInput) as raised:
            add_kind(session, office, KindWish("1x", "", "桶", "profit"), now=NOW)
        assert set(faults(raised)) == {"code", "name_zh", "measure", "flow"}
        enter(session, office, replace(town.wish("people", "3"), kind_id=made.id), now=NOW)
        with pytest.raises(Conflict):
            change_kind(session, office, made.id, KindWish("x", "树", "m2"), 2, now=NOW)
        set_kind_state(session, office, made.id, "retired", 2, now=NOW)
        with pytest.raises(InvalidInput, match="停用"):
            enter(session, office, replace(town.wish("people", "3"), kind_id=made.id), now=NOW)
        session.rollback()


# ---- entering ----


def test_a_foreign_unit_is_refused_with_the_conversion_as_advice(wall: Wall, town: Town) -> None:
    first = town.people["first"]
    with town.place.session(wall) as session:
        with pytest.raises(InvalidInput) as raised:
            enter(session, first, town.wish("ditches", "5.7公里"), now=NOW)
        assert "1 公里 (km) = 1000 米 (m)" in faults(raised)["amount"]
        with pytest.raises(InvalidInput) as raised:
            enter(session, first, town.wish("people", "41329", measure="人"), now=NOW)
        assert "人次" in faults(raised)["measure"]
        assert "=" not in faults(raised)["measure"]
        made = enter(session, first, town.wish("money", "200万元", measure="万元"), now=NOW)
        assert (made.value, made.measure) == (200, "ten_thousand_yuan")
        session.rollback()


def test_every_fault_of_a_quantity_is_named_at_once(wall: Wall, town: Town) -> None:
    with town.place.session(wall) as session:
        wish = town.wish("people", "2.5", basis="verified", period="2018-13", scope="长" * 200, site_id=town.place.root)
        with pytest.raises(InvalidInput) as raised:
            enter(session, town.people["first"], wish, now=NOW)
        assert set(faults(raised)) == {"amount", "basis", "period", "scope", "site"}
        with pytest.raises(InvalidInput) as raised:
            enter(session, town.people["first"], town.wish("people", ""), now=NOW)
        assert "不要填 0" in faults(raised)["amount"]
        session.rollback()


def test_a_number_and_its_qualifier_must_not_contradict_each_other(wall: Wall, town: Town) -> None:
    first = town.people["first"]
    with town.place.session(wall) as session:
        assert enter(session, first, town.wish("people", "30", qualifier="over"), now=NOW).qualifier == "over"
        for amount, qualifier in (("约30", "over"), ("30", "tens"), ("数十", "over"), ("30", "much")):
            with pytest.raises(InvalidInput) as raised:
                enter(session, first, town.wish("people", amount, qualifier=qualifier), now=NOW)
            assert set(faults(raised)) == {"qualifier"}
        session.rollback()


def test_only_the_units_own_people_and_the_office_report(wall: Wall, town: Town) -> None:
    with town.place.session(wall) as session:
        for name in ("second", "inspector"):
            with pytest.raises(Forbidden):
                enter(session, town.people[name], town.wish("people", "3"), now=NOW)
        for name in ("first", "street", "office"):
            enter(session, town.people[name], town.wish("people", "3"), now=NOW)
        gone = session.get(Unit, (session.tenant_id, town.place.communities[0]))
        assert gone is not None
        gone.valid_to = DAY
        session.flush()
        with pytest.raises(InvalidInput, match="没有这个单位"):
            enter(session, None, town.wish("people", "3"), now=NOW)
        session.rollback()


def test_a_correction_keeps_the_history_and_takes_the_verification_back(wall: Wall, town: Town) -> None:
    first, office = town.people["first"], town.people["office"]
    with town.place.session(wall) as session:
        made = enter(session, first, town.wish("people", "2300多", period="2018"), now=NOW)
        with pytest.raises(Forbidden):
            verify(session, first, made.id, 1, now=NOW)
        assert verify(session, office, made.id, 1, now=NOW).state == "verified"
        with pytest.raises(InvalidInput, match="理由"):
            correct(session, first, made.id, town.wish("people", "2400", period="2018"), 2, reason="", now=NOW)
        with pytest.raises(InvalidInput, match="没有要保存的改动"):
            correct(session, first, made.id, town.wish("people", "2300多", period="2018"), 2, reason="无", now=NOW)
        with pytest.raises(Stale):
            correct(session, first, made.id, town.wish("people", "2400"), 1, reason="漏报", now=NOW)
        made = correct(session, first, made.id, town.wish("people", "2400", period="2018"), 2, reason="漏报", now=NOW)
        assert (made.state, made.value, made.qualifier, made.version) == ("reported", 2400, "exact", 3)
        events = session.scalars(select(QuantityEvent).where(QuantityEvent.entry_id == made.id)).all()
        told = {(one.verb, one.value, one.qualifier) for one in events}
        assert told == {("enter", 2300, "over"), ("verify", 2300, "over"), ("correct", 2400, "exact")}
        session.rollback()


def test_who_reported_never_verifies_even_with_the_right(wall: Wall, town: Town) -> None:
    office = town.people["office"]
    with town.place.session(wall) as session:
        made = enter(session, office, town.wish("people", "20"), now=NOW)
        with pytest.raises(Forbidden):
            verify(session, office, made.id, 1, now=NOW)
        own = enter(session, None, town.wish("people", "20", town.place.root), now=NOW)
        with pytest.raises(Forbidden):
            verify(session, office, own.id, 1, now=NOW)
        session.rollback()


# ---- sums ----


def total(session: ScopedSession, *entries: QuantityEntry) -> Total:
    return total_of(session, entries, DAY)


def test_sums_say_what_they_are_or_why_they_are_not(wall: Wall, town: Town) -> None:
    one, other = town.place.communities
    street, root = town.place.street, town.place.root

    with town.place.session(wall) as session:

        def put(amount: str, unit: UUID = one, kind: str = "people", **more: Any) -> QuantityEntry:
            return enter(session, None, town.wish(kind, amount, unit, **({"period": "2026-10"} | more)), now=NOW)

        exact, over = put("100"), put("50多", other)
        assert (total(session, exact, over).value, total(session, exact, over).qualifier) == (150, "over")
        vague = put("数百", other, period="2026-09")
        found = total(session, exact, over, vague)
        assert (found.value, found.qualifier, found.unknown, found.n) == (150, "at_least", 1, 3)
        assert total(session, put("约3", other, period="2025"), exact).why == "rounded"
        assert total(session, put("7-8", other, period="2025"), exact).why == "rounded"
        assert total(session, exact, put("3", kind="trips")).why == "kinds"
        assert total(session, exact, put("3", other, basis="declared")).why == "bases"
        again = put("40", street)
        assert (total(session, exact, again).why, total(session, exact, again).clash) == (
            "overlap",
            (exact.id, again.id),
        )
        assert total(session, exact, put("40", street, period="2026-09")).value == 140
        assert total(session, exact, put("40", root, period="今年以来")).why == "overlap"
        stock = put("3182", root, "eateries", period="2020"), put("3190", root, "eateries", period="2021")
        assert total(session, *stock).why == "overlap"
        assert total(session).why == "nothing"
        withdraw(session, None, over.id, 1, reason="重复", now=NOW)
        assert total(session, exact, over).value == 100
        session.rollback()


def test_the_sum_of_disjoint_months_is_the_recount_in_any_order(wall: Wall, town: Town) -> None:
    with town.place.session(wall) as session:
        entries = [
            enter(session, None, town.wish("painted", f"{n}.25", unit, period=f"2025-{n:02}"), now=NOW)
            for n in range(1, 13)
            for unit in town.place.communities
        ]
        whole = sum((one.value or 0 for one in entries), Decimal())
        for order in (entries, entries[::-1], sorted(entries, key=lambda one: one.value or 0)):
            assert total(session, *order).value == whole
        session.rollback()


@given(
    numbers=st.lists(
        st.tuples(st.decimals(0, 10**9, places=2), st.sampled_from(["exact", "over", "at_least", "tens"])),
        min_size=1,
        max_size=12,
    ),
    order=st.randoms(use_true_random=False),
)
def test_any_sum_is_the_recount_of_its_known_numbers(numbers: list[tuple[Decimal, str]], order: random.Random) -> None:
    kind, unit = new_id(), new_id()
    entries = [
        QuantityEntry(
            id=new_id(),
            kind_id=kind,
            unit_id=unit,
            value=None if qualifier == "tens" else value,
            qualifier=qualifier,
            measure="t",
            basis="self",
            state="reported",
            scope="",
            period_start=date(2020 + n, 1, 1),
            period_end=date(2020 + n, 12, 31),
        )
        for n, (value, qualifier) in enumerate(numbers)
    ]
    order.shuffle(entries)
    found = sum_of(entries)
    known = [one.value for one in entries if one.value is not None]
    said = {qualifier for _value, qualifier in numbers}
    assert (found.n, found.unknown) == (len(numbers), len(numbers) - len(known))
    assert found.value == (sum(known, Decimal()) if known else None)
    if known:
        weakest = "at_least" if said & {"tens", "at_least"} else "over" if "over" in said else "exact"
        assert found.qualifier == weakest


@given(
    st.decimals(0, 10**12, places=4),
    st.sampled_from(["", "余"]),
    st.sampled_from(["m2", "person", "ten_thousand_yuan"]),
)
def test_any_number_that_is_said_is_read_as_itself(value: Decimal, tail: str, measure: str) -> None:
    read = read_quantity(f"{value:f}{tail}")
    assert read.value == value
    for locale in ("zh", "en"):
        assert read_quantity(say_number(read, locale), measure).value == value


def test_too_many_to_compare_are_counted_and_not_added(wall: Wall, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MOST", 2)
    with town.place.session(wall) as session:
        for n in range(1, 4):
            enter(session, None, town.wish("painted", str(n), period=f"2015-{n:02}"), now=NOW)
        enter(session, None, town.wish("people", "3", period="2015"), now=NOW)
        asked, kinds = Asked(end=date(2015, 12, 31)), [town.kinds["painted"], town.kinds["people"]]
        found = board.board_of(session, None, asked, kinds, today=DAY).sums
        assert [(one.n, one.why, one.value) for one in found[kinds[0]]] == [(3, "many", None)]
        assert [(one.n, one.why, one.value) for one in found[kinds[1]]] == [(1, "", 3)]
        session.rollback()


def test_a_declared_total_shows_what_its_classes_lack(wall: Wall, town: Town) -> None:
    root = town.place.root
    with town.place.session(wall) as session:
        whole = enter(session, None, town.wish("eateries", "3182", root), now=NOW)
        parts = [
            enter(session, None, town.wish("eateries", amount, root, scope=scope), now=NOW)
            for scope, amount in (("大型", "36"), ("中型", "142"), ("小型", "2124"), ("微型", "819"))
        ]
        for part in parts:
            set_total(session, None, part.id, whole.id, 1, now=NOW)
        gap = gap_of(whole, parts)
        assert gap is not None
        assert (gap.total, gap.parts, gap.short, gap.percent) == (3182, 3121, 61, Decimal("1.92"))
        assert total(session, whole, *parts).value == 3182
        assert not candidates_of([whole, *parts], ground_of(session, [whole, *parts], DAY))
        with pytest.raises(InvalidInput, match="只分一层"):
            set_total(session, None, whole.id, parts[0].id, 1, now=NOW)
        trips = enter(session, None, town.wish("trips", "3", root), now=NOW)
        with pytest.raises(InvalidInput, match="同一种计量单位"):
            set_total(session, None, trips.id, whole.id, 1, now=NOW)
        assert set_total(session, None, parts[0].id, None, 2, now=NOW).total_id is None
        session.rollback()


# ---- double reports ----


def test_candidates_are_named_settled_and_taken_back(wall: Wall, town: Town) -> None:
    one, other = town.place.communities
    office, first = town.people["office"], town.people["first"]
    with town.place.session(wall) as session:

        def put(amount: str, unit: UUID, kind: str = "people", **more: Any) -> QuantityEntry:
            return enter(session, None, town.wish(kind, amount, unit, **({"period": "2024-10"} | more)), now=NOW)

        def why() -> dict[frozenset[UUID], str]:
            found = all_candidates(session, office, Asked(start=date(2024, 1, 1), end=date(2024, 12, 31)), today=DAY)
            return {frozenset(c.pair): c.why for c in found}

        a, b = put("2800", one), put("2800", town.place.street)
        c = put("280", town.place.street, period="2024-10-05")
        put("2800", other, period="2024-11")
        lone = put("2800", other, period="2024-09")
        assert why() == {
            frozenset({a.id, b.id}): "number",
            frozenset({a.id, c.id}): "digits",
            frozenset({b.id, c.id}): "digits",
        }
        with pytest.raises(InvalidInput, match="理由"):
            declare_disjoint(session, office, a.id, b.id, reason="", now=NOW)
        with pytest.raises(Forbidden):
            declare_disjoint(session, town.people["street"], a.id, enter_root(session, town).id, reason="x", now=NOW)
        declare_disjoint(session, office, a.id, c.id, reason="两次行动", now=NOW)
        with pytest.raises(Conflict, match="撤销认定"):
            merge(session, office, a.id, c.id, now=NOW)
        merge(session, office, b.id, a.id, now=NOW)
        assert (a.state, a.merged_into_id) == ("merged", b.id)
        assert why() == {frozenset({b.id, c.id}): "digits"}
        with pytest.raises(Conflict, match="并入了这一条"):
            withdraw(session, office, b.id, 1, reason="重复", now=NOW)
        seen = read_entry(session, office, b.id, today=DAY)
        assert [line.entry.id for line in seen.merged] == [a.id]
        assert [pair.verdict for pair, _line in seen.settled] == ["merged"]
        take_back(session, office, a.id, b.id, now=NOW)
        assert (a.state, a.merged_into_id) == ("reported", None)
        assert frozenset({a.id, b.id}) in why()
        with pytest.raises(Conflict):
            take_back(session, office, a.id, b.id, now=NOW)
        with pytest.raises(NotFound):
            merge(session, first, a.id, lone.id, now=NOW)
        session.rollback()


def enter_root(session: ScopedSession, town: Town) -> QuantityEntry:
    wish = town.wish("people", "9", town.place.root, scope_unit_id=town.place.street)
    return enter(session, None, wish, now=NOW)


# ---- the workbook ----


def book(*rows: tuple[str, ...], head: tuple[str, ...] = ("科目", "填报单位", "数量", "期间", "计量单位")) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        sheet = made.add_worksheet("工作量填报")
        sheet.merge_range(0, 0, 0, len(head) - 1, "工作量填报表")
        for number, row in enumerate((head, *rows), 1):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)
    return file.getvalue()


def test_a_workbook_is_checked_entered_and_changes_nothing_the_second_time(wall: Wall, town: Town) -> None:
    office, moment = town.people["office"], {"today": DAY, "now": NOW}
    with town.place.session(wall) as session:
        name = session.scalars(select(Unit.name).where(Unit.id == town.place.communities[0])).one()
        bad = read_entries(
            book(
                ("出动人员", name, "２３００余", "2023", "人次"),
                ("出动人员", name, "很多人", "2023", "人次"),
                ("没有的科目", name, "3", "2023", ""),
                ("疏通边沟", "没有的单位", "3", "2023", ""),
                ("疏通边沟", name, "5.7", "2023", "公里"),
            ),
            "a.xlsx",
        )
        report = import_entries(session, office, bad, **moment)
        assert (report.created, report.written) == (1, False)
        assert {(f.row, f.field) for f in report.faults} == {
            (4, "数量"),
            (5, "科目"),
            (6, "填报单位"),
            (7, "计量单位"),
        }
        assert [(f.row, f.params["meant"]) for f in report.remarks] == [(3, "2300余")]
        assert not list_entries(session, office, Asked(start=date(2023, 1, 1), end=date(2023, 12, 31)), today=DAY)
        assert import_entries(session, office, bad, **moment, keep_good=True).written
        asked = Asked(start=date(2023, 1, 1), end=date(2023, 12, 31))
        rows = list(rows_of(list_entries(session, office, asked, today=DAY)))
        again = import_entries(session, office, read_entries(book(*rows, head=HEAD), "b.xlsx"), **moment)
        assert (again.created, again.unchanged, again.faults) == (0, 1, ())
        session.rollback()


def test_the_list_turns_its_pages_by_key(wall: Wall, town: Town) -> None:
    with town.place.session(wall) as session:
        for kind in ("eateries", "people", "painted"):
            for n in range(1, 5):
                enter(session, None, town.wish(kind, str(n), period=f"2022-{n:02}"), now=NOW)
        asked = Asked(start=date(2022, 1, 1), end=date(2022, 12, 31))
        whole = list_entries(session, town.people["office"], asked, today=DAY)
        assert [line.kind.flow for line in whole] == ["input"] * 4 + ["output"] * 4 + ["stock"] * 4
        seen, after = [], None
        while page := list_entries(session, town.people["office"], asked, today=DAY, after=after, limit=5):
            seen += [line.entry.id for line in page]
            after = key_of(page[-1])
        assert seen == [line.entry.id for line in whole]
        assert not list_entries(session, town.people["second"], asked, today=DAY)
        session.rollback()
