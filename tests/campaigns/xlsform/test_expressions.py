"""Formulas of forms: every shared vector in Python, hostile texts, the patterns against Python's own engine, the docs."""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.campaigns.xlsform.context import take
from core.campaigns.xlsform.days import days_of, spell_day
from core.campaigns.xlsform.expressions import (
    NOT_A_NUMBER,
    REASONS,
    BadFormula,
    Context,
    columns,
    evaluate,
    functions,
    holds,
    names,
    parse,
    reads_current,
    to_text,
)
from core.campaigns.xlsform.functions import FUNCTIONS
from core.campaigns.xlsform.patterns import BadPattern, compile_pattern
from core.campaigns.xlsform.signatures import ELSEWHERE, SIGNATURES
from core.errors import InvalidInput
from tests.campaigns.xlsform.shared import VECTORS, make_context, work_out
from tests.campaigns.xlsform.wild import Maker
from tests.house.tree import ROOT

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=timezone(timedelta(hours=8)))
SPECIAL = {"if", "once", "jr:choice-name", "indexed-repeat"}


def show(vector: dict[str, Any]) -> str:
    return f"{vector['expression'][:40]!r}"


@pytest.mark.parametrize("vector", VECTORS, ids=show)
def test_every_vector(vector: dict[str, Any]) -> None:
    found = work_out(vector)
    expected = {key: vector[key] for key in ("result", "text", "error_at", "reason") if key in vector}
    assert {key: found.get(key) for key in expected} == expected


def test_the_vectors_are_many_and_leave_nothing_out() -> None:
    called = {name for vector in VECTORS if "result" in vector for name in functions(read(vector))}
    assert called == set(SIGNATURES)
    assert {vector["reason"] for vector in VECTORS if "error_at" in vector} == set(REASONS)
    assert len(VECTORS) >= 450


def read(vector: dict[str, Any]) -> Any:
    return parse(vector["expression"], vector.get("column", "relevant"))


def test_every_function_has_a_rule() -> None:
    assert set(FUNCTIONS) | SPECIAL == set(SIGNATURES)
    assert not set(FUNCTIONS) & SPECIAL
    assert not set(SIGNATURES) & ELSEWHERE


def test_the_docs_name_every_function_and_operator() -> None:
    page = (ROOT / "docs" / "formulas.md").read_text("utf-8")
    told = set(re.findall(r"`([^`\s(]+)\(", page))
    assert set(SIGNATURES) - told == set()
    assert ELSEWHERE - set(re.findall(r"`([^`\s(]+)\(?[^`]*`", page)) == set()
    for operator in ("or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod"):
        assert f"`{operator}`" in page


def test_what_a_formula_reads() -> None:
    node = parse("if(${a} > 1, ${b}, ${a}) and selected(../c, 'x') and jr:choice-name('1', '${d}') = ''")
    assert names(node) == ("a", "b", "c", "d")
    assert functions(node) == ("if", "selected", "jr:choice-name")
    assert columns(parse("city = ${town} and -size < name", "choice_filter")) == ("city", "size", "name")
    assert not reads_current(node)
    assert reads_current(parse(". > 1"))
    assert reads_current(parse("once('x')", "calculation"))


def test_an_error_says_what_where_and_what_to_do() -> None:
    with pytest.raises(BadFormula) as caught:
        parse("1 + pulldata('a', 'b')")
    error = caught.value
    assert (error.position, error.reason, error.found, error.code) == (
        5,
        "unsupported_function",
        "pulldata",
        "bad_formula",
    )
    assert "不支持函数 pulldata()" in str(error)
    assert "第 5 个字符" in str(error)
    assert isinstance(error, InvalidInput)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_can_be_said(reason: str) -> None:
    assert "{" not in str(BadFormula(reason, 3, "x", "found")).replace("${", "").replace("“{", "")


def test_a_moment_without_its_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="UTC"):
        Context(now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("raw", "taken"),
    [
        (None, ""),
        (3, Fraction(3)),
        (0.1, Fraction(1, 10)),
        (float("nan"), NOT_A_NUMBER),
        (float("inf"), NOT_A_NUMBER),
        (Decimal("1.50"), Fraction(3, 2)),
        (Decimal("NaN"), NOT_A_NUMBER),
        (Fraction(1, 3), Fraction(1, 3)),
        (1 << 1024, NOT_A_NUMBER),
        (True, True),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "2026-01-02T03:04:05.678+00:00"),
        (time(8, 30), "08:30:00.000"),
        (["a", "b"], "a b"),
        (("a", None), "a "),
        ({"x": 1}, "*"),
        ({"x": ""}, ""),
        (object(), ""),
    ],
)
def test_answers_of_every_kind_are_taken(raw: object, taken: object) -> None:
    assert take(raw) == taken
    assert type(take(raw)) is type(taken)


PIECES = [
    "1",
    "'a'",
    "${a}",
    ".",
    "..",
    "/",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "=",
    "<",
    " div ",
    " and ",
    "not(",
    "if(",
    "'",
]
PIECES += ["regex(.,'", "[", "]", "|", "${", "}", "count(", "position(..)", "current()", "::", "@", "x", "😀", "　"]


def check(text: str) -> None:
    """A text is a formula that can be computed, or refused with a place inside of it; nothing else may happen."""
    refused = None
    try:
        node = parse(text, "calculation")
    except BadFormula as bad:
        refused = bad
    if refused is None:
        to_text(evaluate(node, Context(now=NOW)))
        return
    assert 1 <= refused.position <= len(text) + 1
    assert refused.reason in REASONS
    assert refused.text()


@given(st.text(max_size=60))
@settings(max_examples=600, deadline=None)
def test_no_text_breaks_the_parser(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from(PIECES), max_size=40))
@settings(max_examples=600, deadline=None)
def test_no_heap_of_tokens_breaks_the_parser(pieces: list[str]) -> None:
    check("".join(pieces))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 2000,
        "-" * 2000,
        "not(" * 500,
        "1" * 2000,
        "'" * 1999,
        "${" * 1000,
        "regex(.,'" + "(" * 1900,
        "+".join(["1"] * 1000),
        "or".join([" 1 "] * 300),
        "[" * 2000,
        "\ud800",
        "'\ud800'",
    ],
)
def test_hostile_texts_end_in_an_answer(text: str) -> None:
    check(text)


def test_the_deepest_formula_stays_off_the_end_of_the_stack() -> None:
    """Sixty brackets with all six levels of binding in each, inside of a caller that is itself deep."""
    text = "(0or 1and 1=0<1+1*" * 60 + "1" + ")" * 60
    assert len(text) <= 2000

    def deep(left: int) -> bool:
        return deep(left - 1) if left else holds(parse(text), Context(now=NOW)) and names(parse(text)) == ()

    assert sys.getrecursionlimit() == 1000
    assert deep(300)


def test_what_cannot_be_computed_is_no_failure() -> None:
    maker = Maker(20261122)
    kinds = set()
    for _ in range(1500):
        found = work_out(maker.vector())
        kinds.add(found.get("reason") or type(found["result"]).__name__)
    assert {"bool", "str", "dict", "surplus", "open_text"} <= kinds


def test_patterns_agree_with_pythons_own_engine() -> None:
    maker, agreed = Maker(7), 0
    for _ in range(4000):
        pattern = maker.pattern()
        try:
            mine = compile_pattern(pattern)
        except BadPattern:
            continue
        theirs = re.compile(pattern.replace("$", r"\Z").replace(".", "[^\n\r]"), re.ASCII)
        for _ in range(8):
            word = maker.word()
            assert mine.matches(word) == bool(theirs.fullmatch(word)), (pattern, word)
            agreed += mine.matches(word)
    assert agreed > 500


def test_no_pattern_takes_long() -> None:
    """The pattern that hangs backtracking engines for years, on the longest value there may be."""
    word = "a" * 1999 + "b"
    for pattern in ("(a+)+", "(a|a)*", "(a*)*", "a*a*a*a*a*a*c", "(.*)(.*)(.*)x"):
        assert not compile_pattern(pattern).matches(word)


@given(st.dates())
@settings(max_examples=300, deadline=None)
def test_days_are_counted_as_the_calendar_does(day: date) -> None:
    counted = days_of(day.isoformat(), 480)
    assert counted == (day - date(1970, 1, 1)).days
    assert spell_day(int(counted)) == day.isoformat()


@given(st.fractions())
@settings(max_examples=300, deadline=None)
def test_the_text_of_a_number_is_rounded_half_up(number: Fraction) -> None:
    said = to_text(number)
    assert abs(Fraction(said) - number) <= Fraction(1, 2 * 10**12)
    assert not re.search(r"\.\d*0$|^-0$", said)


def test_the_same_formula_is_read_once() -> None:
    assert parse("${a} + 1") is parse("${a} + 1")
    assert make_context({"expression": "1"}).row == 1
