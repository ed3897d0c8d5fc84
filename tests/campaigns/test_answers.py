"""Answers are checked against their question; every refusal names field and value."""

import pytest

from core.campaigns.answers import Answer, parse_answer, to_raw
from core.campaigns.terms import Question
from core.errors import InvalidInput


def question(answer_type):
    return Question("q1", answer_type, "问", "ask")


@pytest.mark.parametrize(
    ("kind", "raw", "answer"),
    [
        ("yes_no", {"yes": True}, Answer(yes=True)),
        ("yes_no", {"yes": "no"}, Answer(yes=False)),
        ("yes_no", {"na": True}, Answer(na=True)),
        ("yes_no", {"na": False, "yes": False}, Answer(yes=False)),
        ("count", {"count": 0}, Answer(count=0)),
        ("count", {"count": "12"}, Answer(count=12)),
        ("count", {"count": 3, "rating": None, "yes": ""}, Answer(count=3)),
        ("rating10", {"rating": 10}, Answer(rating=10)),
        ("rating10", {"rating": 0}, Answer(rating=0)),
        ("n_of_m", {"n": 3, "m": 5}, Answer(n=3, m=5)),
        ("n_of_m", {"n": 0, "m": 0}, Answer(na=True)),
    ],
)
def test_good_answers_round_trip(kind, raw, answer):
    parsed = parse_answer(question(kind), raw)
    assert parsed == answer
    assert parse_answer(question(kind), to_raw(parsed)) == answer


@pytest.mark.parametrize(
    ("kind", "raw", "field", "value"),
    [
        ("yes_no", {}, "q1.yes", ""),
        ("yes_no", {"yes": 1}, "q1.yes", "1"),
        ("yes_no", {"yes": "maybe"}, "q1.yes", "maybe"),
        ("yes_no", {"yes": True, "na": True}, "q1.na", "True"),
        ("yes_no", {"na": "perhaps"}, "q1.na", "perhaps"),
        ("yes_no", {"yes": True, "points": 5}, "q1.points", "5"),
        ("count", {"count": -1}, "q1.count", "-1"),
        ("count", {"count": 2.5}, "q1.count", "2.5"),
        ("count", {"count": True}, "q1.count", "True"),
        ("count", {"count": "３"}, "q1.count", "３"),
        ("count", {"count": "9" * 5000}, "q1.count", "9" * 40),
        ("count", {"count": 10**9}, "q1.count", "1000000000"),
        ("count", {"rating": 3}, "q1.rating", "3"),
        ("rating10", {"rating": 11}, "q1.rating", "11"),
        ("rating10", {"rating": -1}, "q1.rating", "-1"),
        ("rating10", {"rating": [7]}, "q1.rating", "[7]"),
        ("n_of_m", {"n": 3}, "q1.m", ""),
        ("n_of_m", {"n": 6, "m": 5}, "q1.n", "6"),
        ("n_of_m", {"n": 1, "m": 0}, "q1.n", "1"),
        ("n_of_m", {"n": -1, "m": 5}, "q1.n", "-1"),
    ],
)
def test_bad_answers_name_field_and_value(kind, raw, field, value):
    with pytest.raises(InvalidInput) as caught:
        parse_answer(question(kind), raw)
    places = {(f.field, f.value) for f in caught.value.faults}
    assert (field, value) in places
    assert all(f.message and f.remedy for f in caught.value.faults)


def test_all_faults_of_an_answer_come_together():
    with pytest.raises(InvalidInput) as caught:
        parse_answer(question("n_of_m"), {"n": "x", "m": -2, "yes": True})
    assert {f.field for f in caught.value.faults} == {"q1.n", "q1.m", "q1.yes"}
