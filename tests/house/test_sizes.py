"""Small rooms: a file is split by verb before 300 lines, a function before 45."""

from __future__ import annotations

import ast
import statistics
import warnings
from collections.abc import Callable

from tests.house.tree import length, list_functions, parse_code, read_texts

FILE = 300
FUNCTION = 45
MEDIAN = 7
FREE = ("migrations/versions/",)
"""Generated from the models, read once."""


def budgeted() -> dict[str, ast.Module]:
    return {name: tree for name, tree in parse_code().items() if not name.startswith(FREE)}


def test_files_stay_small() -> None:
    lines = {name: len(read_texts()[name].splitlines()) for name in budgeted()}
    assert {name: count for name, count in lines.items() if count > FILE} == {}


def test_functions_stay_small() -> None:
    found = {
        f"{name}:{node.lineno} {node.name}": length(node)
        for name, tree in budgeted().items()
        for node in list_functions(tree)
        if length(node) > FUNCTION
    }
    assert found == {}


def test_the_median_function_is_told(record_property: Callable[[str, object], None]) -> None:
    """Told, not enforced: a median is a habit, and no single change can be blamed for it."""
    lengths = [length(node) for tree in budgeted().values() for node in list_functions(tree)]
    median = statistics.median(lengths)
    record_property("functions", len(lengths))
    record_property("median lines", median)
    if median > MEDIAN:
        warnings.warn(f"the median of {len(lengths)} functions has {median} lines, aimed at {MEDIAN}", stacklevel=1)
    assert len(lengths) > 100
