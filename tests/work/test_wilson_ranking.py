"""A rate of few cases against one of many: what the default says, and what a scheme that declares Wilson says."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from core.errors import InvalidInput
from core.figures.intervals import rank_ranges, same_as_above, wilson
from core.work.marks.card_proposing import Subject, Value, propose
from core.work.marks.card_reading import read_scheme
from core.work.marks.ranking_days import place, replay

ORDERS = {"二十二件": (22, 22), "六千五百件": (6400, 6530), "最差": (500, 1000)}  # 100 % of 22, 98 % of 6 530


def scheme(**more: Any) -> Any:
    body = {
        "title": "办结率",
        "period": "month",
        "basis": "findings",
        "measure": "closing_rate",
        "leagues": [{"key": "streets", "title": "街道", "kinds": ["subdistrict"]}],
        "colours": [{"code": "red", "label": "红", "meaning": "好", "tone": "red", "give": {"top": 1}}],
    }
    return read_scheme(body | more)


def counted() -> list[tuple[Subject, dict[str, int]]]:
    return [
        (Subject(uuid4(), "subdistrict", name), {"found_closed": over, "found": under})
        for name, (over, under) in ORDERS.items()
    ]


def test_by_value_the_small_one_leads_but_not_silently() -> None:
    places = place(scheme(), "streets", counted())
    assert [(one.subject.name, one.rank) for one in places] == [("二十二件", 1), ("六千五百件", 2), ("最差", 3)]
    bounds = [wilson(one.numerator, one.denominator) for one in places]
    assert rank_ranges(bounds) == [(1, 2), (1, 2), (3, 3)]
    assert same_as_above(bounds) == [False, True, False]
    assert "method" not in places[0].facts


def test_by_wilson_six_thousand_lead_twenty_two() -> None:
    places = place(scheme(method="wilson"), "streets", counted())
    assert [(one.subject.name, one.rank) for one in places] == [("六千五百件", 1), ("二十二件", 2), ("最差", 3)]
    assert {one.facts["method"] for one in places} == {"wilson"}
    assert replay(places) == {("streets", one.subject.id): one.rank for one in places}


def test_where_less_is_better_the_upper_end_decides() -> None:
    counts = [
        (Subject(uuid4(), "subdistrict", name), {"relapsed": over, "closings": under})
        for name, (over, under) in {"少": (0, 5), "多": (10, 1000)}.items()
    ]
    places = place(scheme(measure="relapse_rate", method="wilson"), "streets", counts)
    assert [(one.subject.name, one.rank) for one in places] == [("多", 1), ("少", 2)]


def test_cards_follow_the_declared_method() -> None:
    values = [Value(subject, n["found_closed"], n["found"], n["found"]) for subject, n in counted()]
    for method, first in (("value", "二十二件"), ("wilson", "六千五百件")):
        rules = scheme(method=method)
        proposals = propose(rules, rules.leagues[0], values, start=date(2026, 10, 1))
        assert [(p.value.subject.name, p.colour) for p in proposals if p.colour] == [(first, "red")]


def test_only_rates_of_findings_have_cases() -> None:
    for more in ({"measure": "overdue"}, {"basis": "scores", "measure": "share", "campaign": "civilized_city"}):
        with pytest.raises(InvalidInput) as caught:
            scheme(method="wilson", **more)
        assert [fault.field for fault in caught.value.faults] == ["method"]
    with pytest.raises(InvalidInput):
        scheme(method="guess")
