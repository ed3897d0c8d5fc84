"""Whatever is sent, the answer is described and never a 500: every argument and body field with values nobody should send."""

from __future__ import annotations

import copy
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from tests.api.conftest import Caller
from tests.api.province import Province
from tests.api.shapes import MARK, described, resolve
from tests.conftest import WHOLE

TEXTS = (
    "",
    "%00",
    "%ff%fe",
    "x" * 3000,
    "-1",
    "99999999999999999999",
    "1e400",
    "NaN",
    "9999-12-31",
    "0001-01-01",
    "2026-13",
    "null",
    quote("' OR 1=1 --"),
    quote("%_\\"),
    quote("\U0001f9f9金"),
    "eyJ4IjoxfQ",
    "W1tdLHt9XQ",
    "WyIyMDI2LTExLTAxIiwieCJd",
    "true",
    "00000000-0000-0000-0000-000000000000",
)
VALUES: tuple[Any, ...] = (
    None,
    "",
    "\x00",
    "x" * 5000,
    -1,
    2**70,
    1.5,
    True,
    [],
    [None],
    ["\x00"],
    [[["x"]]],
    {},
    {"": None},
    {"\x00": 1},
    {"x": {"x": {"x": 1}}},
    {"length_m": 1e300},
    "9999-12-31T23:59:59-14:00",
    "\U0001f9f9",
    "00000000-0000-0000-0000-000000000000",
)


def in_turn(values: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    """Every second value, for the next argument the others; all of them where everything is asked for (.ci/run)."""
    return values if WHOLE else values[number % 2 :: 2]


NOBODY = "00000000-0000-0000-0000-000000000000"
ANY = {"If-Match": '"v1"'}


@pytest.fixture(scope="module")
def callers(client_for, land: Province) -> dict[str, list[Caller]]:
    place = land.north
    people = (land.administrators[place.ref.slug], place.office, place.inspector, place.liaison)
    return {"t": [client_for(actor) for actor in people], "c": [client_for(land.bureau)]}


def address(path: str, caller: Caller, text: str | None = None) -> str:
    ids = {"slug": caller.slug, "campaign": "sanitary_city", "code": "SAN-MARKET", "key": "sanitary_city"}
    return MARK.sub(lambda m: ids["slug"] if m[1] == "slug" else text if text is not None else ids.get(m[1], "0"), path)


def first_let_in(callers: dict[str, list[Caller]], method: str, path: str) -> Caller:
    """The first caller whose posts open a route."""
    for caller in callers["c" if "/c/" in path else "t"]:
        if caller.ask(method, address(path, caller, NOBODY), json={}, headers=ANY).status_code != 403:
            return caller
    raise AssertionError(f"nobody may {method} {path}")


def test_no_argument_breaks_a_read(app: Flask, callers: dict[str, list[Caller]]) -> None:
    asked, turns = 0, count()
    for path, item in described(app)["paths"].items():
        names = [one["name"] for one in item.get("get", {}).get("parameters", ()) if one["in"] == "query"]
        caller = first_let_in(callers, "GET", path) if names else None
        for name in names if caller else ():
            for text in in_turn(TEXTS, next(turns)):
                made = caller.get(f"{address(path, caller)}?{name}={text}")
                assert made.status_code < 500, (path, name, text)
                asked += 1
    assert asked > 1000


def test_no_address_breaks_anything(app: Flask, callers: dict[str, list[Caller]]) -> None:
    caller = callers["t"][0]
    for path, item in described(app)["paths"].items():
        if len(MARK.findall(path)) == 1:
            continue
        for method in item.keys() - {"parameters"}:
            for text in (t for t in TEXTS if t):
                made = caller.ask(method.upper(), address(path, caller, text), headers=ANY)
                assert made.status_code < 500, (method, path, text)


def test_no_body_breaks_a_write(app: Flask, callers: dict[str, list[Caller]]) -> None:
    refused, turns = 0, count()
    for path, item in described(app)["paths"].items():
        for method in ("post", "patch"):
            content = item.get(method, {}).get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            schema = resolve(app, content["application/json"]["schema"])
            caller = first_let_in(callers, method.upper(), path)
            there = address(path, caller, NOBODY)
            for name in (*schema["properties"], "x" * 200):
                for value in in_turn(VALUES, next(turns)):
                    body = {key: copy.deepcopy(SAMPLE.get(key)) for key in schema.get("required", ())} | {name: value}
                    made = caller.ask(method.upper(), there, json=body, headers=ANY)
                    assert made.status_code < 500, (path, name, value)
                    refused += made.status_code >= 400
    assert refused > 500


SAMPLE: dict[str, Any] = {
    "id": "00000000-0000-0000-0000-000000000001",
    "site_id": "00000000-0000-0000-0000-000000000002",
    "answers": {"toilet_clean": {"rating": 8}},
    "name": "测试",
    "unit_id": "00000000-0000-0000-0000-000000000003",
    "types": ["produce_market"],
    "verb": "take",
    "campaign": "no_such",
    "period": "2026-10",
    "reader": "nowhere",
    "detail": "totals",
}
