"""Cards by rule: the reports' own ways of giving them, and what could go wrong at their edges."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.errors import InvalidInput
from core.figures.periods import containing, parse_period
from core.work.marks.card_moves import MOVES, PUBLISHER
from core.work.marks.card_proposing import Breach, Held, Proposal, Subject, Value, propose, standing, whole_share
from core.work.marks.card_reading import read_scheme
from core.work.marks.card_rules import KEYS, MEASURES
from core.work.marks.card_templates import TEMPLATES

START = date(2026, 11, 11)
COLOURS = (
    {"code": "red", "label": "红牌", "meaning": "表扬", "tone": "red", "give": {"top": 1}},
    {"code": "yellow", "label": "黄牌", "meaning": "提醒", "tone": "yellow", "give": {"ranks": [4, 5]}},
    {"code": "black", "label": "黑牌", "meaning": "末位", "tone": "black", "give": {"bottom": 1}},
)
BODY: dict[str, Any] = {
    "title": "旬亮牌",
    "period": "ten_day",
    "basis": "findings",
    "measure": "on_time_rate",
    "leagues": [{"key": "areas", "title": "片区", "kinds": ["area"]}],
    "colours": list(COLOURS),
}


def body(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BODY), **changes}


def card(code: str, **give: Any) -> dict[str, Any]:
    return {"code": code, "label": code, "meaning": code, "tone": code, "give": give}


def cards(
    said: Mapping[str, Any],
    numbers: Sequence[tuple[int, int]],
    *,
    n: int = 100,
    days: int = 10,
    history: Mapping[int, Sequence[Held]] | None = None,
    breaches: Mapping[int, Sequence[Breach]] | None = None,
) -> list[Proposal]:
    """Propose for subjects 0, 1, 2 ... with these numerators and denominators; given back in that order."""
    scheme = read_scheme(said)
    values = [Value(Subject(UUID(int=i + 1), "area", f"片区{i}"), a, b, n, days) for i, (a, b) in enumerate(numbers)]
    found = propose(
        scheme,
        scheme.leagues[0],
        values,
        start=START,
        history={UUID(int=i + 1): held for i, held in (history or {}).items()},
        breaches={UUID(int=i + 1): held for i, held in (breaches or {}).items()},
    )
    return sorted(found, key=lambda one: one.value.subject.id)


def colours(found: Sequence[Proposal]) -> list[str | None]:
    return [one.colour for one in found]


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 2, 25), date(2026, 2, 21), date(2026, 2, 28)),
        (date(2028, 2, 29), date(2028, 2, 21), date(2028, 2, 29)),
        (date(2026, 10, 31), date(2026, 10, 21), date(2026, 10, 31)),
        (date(2026, 11, 30), date(2026, 11, 21), date(2026, 11, 30)),
        (date(2026, 11, 20), date(2026, 11, 11), date(2026, 11, 20)),
        (date(2026, 11, 10), date(2026, 11, 1), date(2026, 11, 10)),
    ],
)
def test_a_third_of_a_month_ends_where_the_month_does(day: date, first: date, last: date) -> None:
    period = containing("ten_day", day)
    assert (period.start, period.end) == (first, last)
    assert period.next.start == last + timedelta(days=1)
    assert period.next.previous == period


def test_ten_day_cards_run_over_the_end_of_february_without_a_gap() -> None:
    """Three black thirds in a row, across the months: 21-28 February, then 1-10 March."""
    row = [parse_period(key) for key in ("2026-02-T2", "2026-02-T3", "2026-03-T1")]
    held = [Held(p.start, p.end, "yellow") for p in row[:2]]
    said = body(streaks=[{"colour": "yellow", "periods": 3, "to": "black"}])
    scheme = read_scheme(said)
    values = [Value(Subject(UUID(int=i), "area", "片区"), 90 - i, 100, 9) for i in range(6)]
    found = propose(scheme, scheme.leagues[0], values, start=row[2].start, history={UUID(int=3): held})
    fourth = next(one for one in found if one.value.subject.id == UUID(int=3))
    assert (fourth.rank, fourth.colour) == (4, "black")
    assert fourth.reason["streak"] == {"colour": "yellow", "periods": 3, "to": "black"}
    again = propose(scheme, scheme.leagues[0], values, start=row[2].next.start, history={UUID(int=3): held})
    assert next(one for one in again if one.value.subject.id == UUID(int=3)).colour == "yellow"  # a gap ends the row


def test_equal_values_share_a_rank_exactly() -> None:
    third, same, more = Fraction(1, 3), Fraction(2, 6), Fraction(333334, 1000000)
    assert standing([third, same, None, more, Fraction(1, 4)], more=True) == [2, 2, None, 1, 4]
    assert standing([third, same, None, more, Fraction(1, 4)], more=False) == [2, 2, None, 4, 1]
    assert standing([], more=True) == []


def test_the_five_unit_league() -> None:
    """Red for the best, yellow for the fourth, black for the last: the range of ranks does not take the last place."""
    found = cards(BODY, [(9, 10), (8, 10), (7, 10), (6, 10), (5, 10)])
    assert colours(found) == ["red", None, None, "yellow", "black"]
    last = cards(body(colours=[COLOURS[0], card("black", bottom=1)]), [(9, 10), (8, 10), (7, 10), (6, 10), (5, 10)])
    assert colours(last) == ["red", None, None, None, "black"]
    assert last[4].reason | {"n": 0} == {
        "why": "rule",
        "rule": "bottom",
        "numbers": [1],
        "cut": 1,
        "bounds": {},
        "earned": "black",
        "split": False,
        "n": 0,
        "days": 10,
        "size": 5,
        "tied": 1,
    }


def test_red_may_be_the_worst() -> None:
    """The same places, where green leads and red is the blame."""
    said = body(colours=[card("green", top=2), card("yellow", ranks=[3, 4]), card("red", bottom=1)])
    assert colours(cards(said, [(5, 10), (9, 10), (7, 10), (6, 10), (8, 10)])) == [
        *("red", "green", "yellow", "yellow", "green"),
    ]


def test_ties_share_a_card_or_none_has_it() -> None:
    numbers = [(9, 10), (18, 20), (7, 10), (6, 10), (3, 5)]
    two = [card("red", top=1), card("black", bottom=1)]
    let_in = cards(body(ties="in", colours=two), numbers)
    assert colours(let_in) == ["red", "red", None, "black", "black"]
    assert (let_in[0].rank, let_in[1].rank, let_in[2].rank, let_in[3].rank, let_in[4].rank) == (1, 1, 3, 4, 4)
    assert let_in[0].reason["split"] is True
    left_out = cards(body(ties="out", colours=two), numbers)
    assert colours(left_out) == [None] * 5
    assert {one.reason["why"] for one in left_out} == {"tie_out", "no_rule"}
    whole = cards(body(ties="out", colours=[card("red", top=2), card("black", bottom=2)]), numbers)
    assert colours(whole) == ["red", "red", None, "black", "black"]  # the cut does not split these


@pytest.mark.parametrize("ties", ["in", "out"])
def test_where_all_are_equal_nobody_is_last(ties: str) -> None:
    found = cards(body(ties=ties, colours=[card("red", top=1), card("black", bottom=1)]), [(1, 2), (2, 4), (3, 6)])
    assert colours(found) == [None, None, None]
    assert [one.reason["why"] for one in found] == ["all_tied"] * 3


def test_the_better_card_wins_where_two_rules_meet() -> None:
    found = cards(body(colours=[card("green", top=3), card("black", bottom=3)]), [(n, 10) for n in (9, 8, 7, 6)])
    assert colours(found) == ["green", "green", "green", "black"]


def test_less_may_be_better() -> None:
    said = body(measure="overdue", colours=[card("green", top=1), card("black", bottom=1)])
    assert colours(cards(said, [(4, 1), (0, 1), (9, 1)])) == [None, "green", "black"]


@pytest.mark.parametrize(("under", "worst", "expected"), [(5, 0, None), (5, 1, "black"), (3, 0, "black")])
def test_a_small_league_spares_its_last(under: int, worst: int, expected: str | None) -> None:
    said = body(small={"under": under, "worst": worst}, colours=[card("red", top=1), card("black", bottom=2)])
    found = cards(said, [(9, 10), (8, 10), (7, 10)])
    assert found[2].colour == expected
    spared = found[1]  # of two that would be black at most one is
    assert spared.colour == ("black" if under == 3 else None)
    assert spared.reason["why"] == ("rule" if under == 3 else "small_league")


def test_a_small_league_does_not_split_a_tie() -> None:
    said = body(small={"under": 5, "worst": 1}, ties="in", colours=[card("red", top=1), card("black", bottom=1)])
    assert colours(cards(said, [(9, 10), (7, 10), (14, 20)])) == ["red", None, None]


def test_a_small_league_counts_the_ranked_only() -> None:
    said = body(small={"under": 4, "worst": 0}, colours=[card("red", top=1), card("black", bottom=1)])
    assert colours(cards(said, [(9, 10), (8, 10), (7, 10), (0, 0)])) == ["red", None, None, None]
    assert cards(said, [(9, 10), (8, 10), (7, 10), (6, 10)])[3].colour == "black"


def test_no_data_has_no_place_and_no_card() -> None:
    found = cards(body(colours=[card("red", top=1), card("black", bottom=1)]), [(0, 0), (9, 10), (8, 10)])
    assert [(one.rank, one.colour) for one in found] == [(None, None), (1, "red"), (2, "black")]
    assert found[0].reason["why"] == "no_data"


def test_a_floor_is_exact() -> None:
    said = body(colours=[card("green", at_least=95), card("yellow", at_least="92.5"), card("black", below="92.5")])
    assert colours(cards(said, [(19, 20), (37, 40), (9249999, 10000000), (94999, 100000)])) == [
        *("green", "yellow", "black", "yellow"),
    ]
    both = body(colours=[card("green", top=2, at_least=90), card("black", bottom=1, below=60)])
    assert colours(cards(both, [(95, 100), (89, 100), (60, 100)])) == ["green", None, None]
    strict = body(measure="overdue", colours=[card("green", at_most=0), card("black", above=2)])
    assert colours(cards(strict, [(0, 1), (2, 1), (3, 1)])) == ["green", None, "black"]


@pytest.mark.parametrize(
    ("size", "percent", "expected"), [(5, 10, 1), (4, 10, 0), (14, 10, 1), (15, 10, 2), (7, 50, 4), (3, 100, 3)]
)
def test_shares_round_half_up(size: int, percent: int, expected: int) -> None:
    assert whole_share(size, percent) == expected
    numbers = [(size - n, size * 2) for n in range(size)]
    found = cards(body(colours=[card("green", top=1000, at_least=1000), card("black", bottom_share=percent)]), numbers)
    assert colours(found).count("black") == expected


def test_the_rest_gets_what_is_left() -> None:
    said = body(colours=[card("green", top=1), card("white", rest=True), card("black", bottom=1)])
    assert colours(cards(said, [(9, 10), (8, 10), (7, 10), (0, 0)])) == ["green", "white", "black", None]


def test_eligibility_by_volume_and_days() -> None:
    said = body(eligibility={"volume": 5, "days": 0})
    assert cards(said, [(1, 4)], n=4)[0].reason["why"] == "low_volume"
    ranks = body(basis="ranks", daily="findings", eligibility={"days": 6}, colours=[card("red", top=1)])
    assert cards(ranks, [(10, 5)], days=5)[0].reason["why"] == "few_days"
    assert cards(ranks, [(12, 6)], days=6)[0].colour == "red"


def test_the_mean_of_ranks_is_better_the_smaller() -> None:
    """Ten daily ranks: 1.5 on average leads 2.4, whatever the measure's own direction."""
    said = body(basis="ranks", daily="findings", colours=[card("red", top=1), card("black", bottom=1)])
    assert colours(cards(said, [(24, 10), (15, 10), (31, 10)])) == [None, "red", "black"]


def test_a_streak_may_add_a_mark() -> None:
    rows = [parse_period(key) for key in ("2026-10-T2", "2026-10-T3", "2026-11-T1")]
    held = [Held(p.start, p.end, "red") for p in rows]
    marks = [{"colour": "red", "periods": 2, "mark": "两连红"}, {"colour": "red", "periods": 4, "mark": "四连红"}]
    found = cards(body(streaks=marks), [(9, 10), (8, 10)], history={0: held})
    assert found[0].colour == "red"
    assert found[0].reason["mark"] == {"zh": "四连红", "en": "", "periods": 4}
    assert "mark" not in cards(body(streaks=marks), [(9, 10), (8, 10)])[0].reason


def test_a_veto_outranks_the_place() -> None:
    breach = Breach(uuid4(), "发生食品安全事故", "bar", date(2026, 11, 12))
    said = body(vetoes=[{"effect": "bar", "colour": "black"}], colours=[card("red", top=1), card("black", bottom=1)])
    found = cards(said, [(9, 10), (8, 10), (0, 0)], breaches={0: [breach], 2: [breach]})
    assert colours(found) == ["black", "black", "black"]
    assert (found[0].reason["instead_of"], found[0].reason["veto"]["title"]) == ("red", "发生食品安全事故")
    milder = Breach(uuid4(), "通报批评", "deduct", date(2026, 11, 12))
    assert cards(said, [(9, 10), (8, 10)], breaches={0: [milder]})[0].colour == "red"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"colours": []}, "colours", "没有牌色"),
        ({"leagues": []}, "leagues", "没有组别"),
        ({"basis": "luck"}, "basis", "没有这个取值"),
        ({"basis": "progress", "measure": "on_time_rate"}, "measure", "没有这个取值"),
        ({"basis": "ranks", "daily": "progress"}, "measure", "没有这个取值"),
        (
            {
                "basis": "progress",
                "measure": "task_rate",
                "leagues": [{"key": "shops", "title": "商户", "site_types": ["frontage_shop"]}],
            },
            "leagues.0",
            "点位没有任务",
        ),
        ({"daily": "findings"}, "daily", "只有按逐日名次"),
        ({"measure": "share"}, "measure", "没有这个取值"),
        ({"period": "decade"}, "period", "没有这个取值"),
        ({"title": " "}, "title", "缺少这一项"),
        ({"colour": "red"}, "colour", "没有这个键"),
        ({"colours": [card("red", top=1, top_share=10)]}, "colours.0.give", "不能同时使用"),
        ({"colours": [card("red")]}, "colours.0.give", "没有写这种牌怎样给"),
        ({"colours": [card("red", top=0)]}, "colours.0.give.top", "应为整数"),
        ({"colours": [card("red", ranks=[5, 4])]}, "colours.0.give.ranks", "名次的次序反了"),
        ({"colours": [card("red", at_least="many")]}, "colours.0.give.at_least", "应为数字"),
        ({"colours": [card("red", top=1), card("red", bottom=1)]}, "colours.1.code", "代码重复"),
        ({"colours": [card("red", rest=True), card("black", rest=True)]}, "colours", "只能有一种牌"),
        (
            {"leagues": [{"key": "all", "title": "全部", "kinds": ["area", "department"]}]},
            "leagues.0.kinds",
            "不同类的单位不能排在一起",
        ),
        ({"leagues": [{"key": "x", "title": "空"}]}, "leagues.0", "组别的成员没有写清楚"),
        ({"leagues": [{"key": "x", "title": "甲", "units": ["12"]}]}, "leagues.0.units.0", "不是有效的编号"),
        (
            {"basis": "scores", "measure": "share", "campaign": "sanitary_city"},
            "leagues.0",
            "没有考核得分",
        ),
        ({"basis": "scores", "measure": "checklist"}, "campaign", "缺少这一项"),
        ({"streaks": [{"colour": "red", "periods": 3}]}, "streaks.0", "没有写清楚"),
        ({"streaks": [{"colour": "blue", "periods": 3, "mark": "x"}]}, "streaks.0.colour", "没有这种牌"),
        ({"streaks": [{"colour": "red", "periods": 1, "mark": "x"}]}, "streaks.0.periods", "应为整数"),
        ({"vetoes": [{"effect": "bar", "colour": "pink"}]}, "vetoes.0.colour", "没有这种牌"),
        ({"small": {"under": 5, "worst": 2}}, "small.worst", "应为整数"),
        ({"window": 400}, "window", "应为整数"),
        ({"sponsors": "yes"}, "sponsors", "应为是或否"),
    ],
)
def test_a_scheme_that_cannot_be_carried_out_is_refused(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_scheme(body(**changes))
    hits = [fault for fault in refused.value.faults if fault.field == field and message in fault.message]
    assert hits, [(f.field, f.message) for f in refused.value.faults]
    assert all(fault.remedy for fault in hits)


@pytest.mark.parametrize("said", [None, 7, "x", [], {"colours": 1}, {"leagues": [1], "colours": ["x"]}])
def test_what_is_no_scheme_is_refused_in_full(said: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_scheme(said)
    assert len(refused.value.faults) > 2


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_templates_can_be_carried_out(name: str) -> None:
    said = TEMPLATES[name][1]
    scheme = read_scheme(json.loads(json.dumps(said)))
    assert scheme.colours
    assert scheme.title


def test_the_template_of_ten_days() -> None:
    """Six areas in the order of their mean ranks: red leads, fourth and fifth are reminded, the last is black."""
    scheme = read_scheme(TEMPLATES["ten_days"][1])
    values = [Value(Subject(UUID(int=i), "area", f"{i}"), 10 + i * 5, 10, 40, 10) for i in range(6)]
    found = propose(scheme, scheme.leagues[0], values, start=START)
    assert colours(found) == ["red", None, None, "yellow", "yellow", "black"]
    four = propose(scheme, scheme.leagues[0], values[:4], start=START)
    assert colours(four) == ["red", None, None, "yellow"]  # a small league has no black card


def test_the_template_of_shops_praises_with_red() -> None:
    scheme = read_scheme(TEMPLATES["shops"][1])
    values = [Value(Subject(UUID(int=i), "site", f"{i}"), i, 1, 1) for i in (0, 1, 2, 3)]
    assert colours(propose(scheme, scheme.leagues[0], values, start=START)) == ["red", "yellow", "yellow", "black"]


def test_the_page_explains_every_key() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cards.md").read_text("utf-8")
    named = set(re.findall(r"^\| `(\w+)` ", text, re.MULTILINE))
    known = {key for keys in KEYS.values() for key in keys}
    assert named == known | set(MEASURES) | set(MOVES)
    for move in MOVES.values():
        who, why = ("publisher" if move.by == PUBLISHER else "subject"), "yes" if move.needs_note else ""
        line = f"| `{move.verb}` {move.title_zh} | {', '.join(move.from_states)} | {move.to_state} | {who} | {why} |"
        assert line.replace("  |", " |") in text
    for one in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        read_scheme(json.loads(one))
    assert len(re.findall(r"```json\n", text)) == 3
