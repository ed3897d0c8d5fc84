"""The formula grammar: binding, exactness, missing values, errors with their position."""

from fractions import Fraction

import pytest

from core.campaigns.expressions import BadExpression, Binary, Name, Number, evaluate, names, parse


def value(text, **given):
    return evaluate(parse(text), {k: None if v is None else Fraction(v) for k, v in given.items()})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("24 / 4 / 3", 2),
        ("-2 * -3", 6),
        ("--2", 2),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1 / 3", Fraction(1, 3)),
        ("2 < 3", 1),
        ("3 <= 2", 0),
        ("2 = 2", 1),
        ("2 == 2", 1),
        ("2 != 2", 0),
        ("2 <> 3", 1),
        ("not 1 > 2", 1),
        ("not not 5", 1),
        ("1 > 2 or 3 > 2 and 2 > 1", 1),
        ("min(3, 1, 2)", 1),
        ("max(3, 1, 2)", 3),
        ("worst_of(0, 2, 1)", 2),
        ("if(2 > 1, 10, 20)", 10),
        ("if(0, 10, 20)", 20),
        ("1 + 1 > 1", 1),
    ],
)
def test_arithmetic(text, expected):
    assert value(text) == expected


def test_names_and_quoted_names():
    assert value("a / b * 100", a=1, b=3) == Fraction(100, 3)
    assert evaluate(parse("${CIV-ROAD-01} + 1"), {"CIV-ROAD-01": Fraction(4)}) == 5
    assert names(parse("if(a > b, a, min(c, ${D-1}))")) == ("a", "b", "c", "D-1")
    assert parse("a - 1") == Binary("-", Name("a"), Number(Fraction(1)))


def test_missing_carries_through():
    assert value("a + 1", a=None) is None
    assert value("a + 1") is None
    assert value("min(1, a)", a=None) is None
    assert value("-a") is None
    assert value("not a") is None
    assert value("if(a, 1, 2)") is None
    assert value("if(1, 5, a)") == 5  # the branch not taken may be missing


def test_logic_is_settled_by_what_is_known():
    assert value("0 and a") == 0
    assert value("a and 0") == 0
    assert value("1 and a") is None
    assert value("1 or a") == 1
    assert value("a or 0") is None
    assert value("1 and 2") == 1


def test_division_by_zero_is_missing():
    assert value("1 / 0") is None
    assert value("a / b * 100", a=3, b=0) is None
    assert value("1 / 0 > 2") is None


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("1 +", 4),
        ("", 1),
        ("1 2", 3),
        ("(1 + 2", 7),
        ("1 + 2)", 6),
        ("a # b", 3),
        ("a ** 2", 4),
        ("__import__('os')", 12),
        ("a.b", 2),
        ("sum(1)", 1),
        ("1 + pow(2, 3)", 5),
        ("min()", 5),
        ("if(1, 2)", 8),
        ("and 1", 1),
        ("1 ＋ 2", 3),
        ("１ + 2", 1),
        ("1 < 2 < 3", 7),
        ("a[0]", 2),
        ("lambda: 1", 7),
    ],
)
def test_errors_name_the_position(text, position):
    with pytest.raises(BadExpression) as caught:
        parse(text)
    assert caught.value.position == position
    assert caught.value.faults[0].value == text
    assert str(position) in caught.value.text()


def test_depth_and_length_are_bounded():
    assert value("(" * 30 + "1" + ")" * 30) == 1
    for text in ("(" * 500 + "1", "-" * 500 + "1", "not " * 200 + "1", "min(" * 200 + "1", "1+" * 600 + "1"):
        with pytest.raises(BadExpression):
            parse(text)
