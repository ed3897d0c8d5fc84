"""What must not stand in a committed file: unfinished work, other people's code, this or that machine."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import ROOT, list_files, read_texts

# Written in pieces, so that this file does not contain what it forbids.
UNFINISHED = re.compile(rf"\b({'TO'}{'DO'}|{'FIX'}{'ME'}|{'X'}{'XX'}|{'HA'}{'CK'}|raise {'NotImpl'}{'ementedError'})\b")
MACHINE = re.compile(rf"(?<![\w.])/({'wo'}{'rk'}/(main|shared)|{'tm'}{'p'}/\w|{'ro'}{'ot'}/\w|{'ho'}{'me'}/\w)")
REGISTRY = re.compile(
    rf"({'py'}{'pi'}\.org|{'python'}{'hosted'}\.org|{'npm'}{'js'}\.(org|com)|{'npm'}{'mirror'}\.com|{'simple'}/\?)"
)
FOREIGN = re.compile(
    r"(\.min\.(js|css)$|(^|/)(vendor|node_modules|third_party|site-packages)/|\.(woff2?|ttf|otf|whl|jar|so)$)"
)
BANNER = re.compile(r"@license|\(c\) *(19|20)\d\d|Copyright \d{4}|SPDX-License", re.IGNORECASE)
MACHINE_DAY = re.compile(r"\b(date|datetime)\.today\(\)|\bnow\((tz=)?UTC\)\.date\(\)")
"""The day of the machine or of UTC: between 00:00 and 08:00 it is not the district's; `local_day(now())` is."""
FREE = {"package-lock.json"}
"""Hashes in base64 may spell anything."""


def breaches(pattern: re.Pattern[str], texts: dict[str, str]) -> list[str]:
    """``path:line: match`` of everything that a pattern finds."""
    return [
        f"{name}:{number}: {found.group()}"
        for name, text in texts.items()
        if name not in FREE
        for number, line in enumerate(text.splitlines(), 1)
        if (found := pattern.search(line))
    ]


def test_nothing_is_unfinished() -> None:
    assert breaches(UNFINISHED, read_texts()) == []


def test_no_machine_is_named() -> None:
    assert breaches(MACHINE, read_texts()) == []


def test_nobody_asks_the_machine_for_the_day() -> None:
    assert breaches(MACHINE_DAY, {n: t for n, t in read_texts().items() if n.endswith(".py")}) == []


def test_no_registry_is_named() -> None:
    assert breaches(REGISTRY, read_texts() | {"lock": read_texts().get("package-lock.json", "")}) == []


def test_no_third_party_file_is_committed() -> None:
    assert [str(p.relative_to(ROOT)) for p in list_files() if FOREIGN.search(p.relative_to(ROOT).as_posix())] == []


def test_no_foreign_banner_stands_in_scripts_or_styles() -> None:
    assert breaches(BANNER, {n: t for n, t in read_texts().items() if n.endswith((".js", ".css"))}) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (UNFINISHED, "# " + "TO" + "DO: later"),
        (MACHINE_DAY, "TODAY = date." + "today()"),
        (MACHINE_DAY, "datetime.now(UTC)" + ".date()"),
        (UNFINISHED, "raise " + "NotImpl" + "ementedError"),
        (MACHINE, "path = '/" + "tm" + "p/x'"),
        (MACHINE, "cd /" + "wo" + "rk/main"),
        (REGISTRY, "https://" + "py" + "pi.org/simple"),
        (FOREIGN, "core/web/static/vendor/x.js"),
        (FOREIGN, "core/web/static/js/htmx.min.js"),
        (BANNER, "/*! @license MIT */"),
    ],
)
def test_a_breach_is_seen(pattern: re.Pattern[str], line: str) -> None:
    assert breaches(pattern, {"x": line})


@pytest.mark.parametrize(
    "line", ["core/web/desk/todo.py", "method=", "TODOS", "/workers/main", "core/home/x", "/var/lib/sancheng"]
)
def test_ordinary_lines_pass(line: str) -> None:
    assert not [p for p in (UNFINISHED, MACHINE, REGISTRY, FOREIGN, BANNER) if breaches(p, {"x": line})]
