"""Checks each answer against the description that the API serves (接口说明核对): no shape is taken on trust."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

MARK = re.compile(r"\{(\w+)\}")


@cache
def described(app: Flask) -> dict[str, Any]:
    """The description as served."""
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.get_json()


def find_operation(app: Flask, method: str, path: str) -> dict[str, Any] | None:
    """The described operation that serves an address; paths without a parameter win."""
    known = described(app)["paths"]
    for pattern in sorted(known, key=lambda p: (p.count("{"), p)):
        shaped = "".join(
            f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(MARK.split(pattern))
        )
        if re.fullmatch(shaped, path) and method.lower() in known[pattern]:
            return known[pattern][method.lower()]
    return None


def check_answer(app: Flask, method: str, answer: TestResponse) -> None:
    """The status is described, the body has the described type and shape, and nothing else is in it."""
    assert answer.headers["X-Request-Id"]
    if answer.status_code >= 400:
        check_problem(app, answer)
    operation = find_operation(app, method, answer.request.path)
    if operation is None or answer.status_code == 405:
        return
    said = operation["responses"].get(str(answer.status_code))
    assert said is not None, f"{method} {answer.request.path}: {answer.status_code} is not described: {answer.data!r}"
    content = resolve(app, said)["content"]
    assert answer.mimetype in content, f"{answer.mimetype} is not described"
    if answer.is_json:
        check(app, content[answer.mimetype]["schema"], answer.get_json(), "$")


def check_problem(app: Flask, answer: TestResponse) -> None:
    """A refusal is problem+json with its own status and no trace of us."""
    assert answer.mimetype == "application/problem+json", answer.data
    check(app, {"$ref": "#/components/schemas/Problem"}, answer.get_json(), "$")
    assert answer.get_json()["status"] == answer.status_code
    assert "Traceback" not in answer.text


def resolve(app: Flask, schema: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    while "$ref" in schema:
        found = described(app)
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def check(app: Flask, schema: dict[str, Any], value: Any, at: str) -> None:
    """A small JSON Schema: types, formats, enums, required and unknown properties, references, anyOf."""
    schema = resolve(app, schema)
    if "anyOf" in schema:
        wanted = [one for one in schema["anyOf"] if (one.get("type") == "null") == (value is None)]
        assert wanted, f"{at}: {value!r}"
        return check(app, wanted[0], value, at)
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    assert not kinds or kind_of(value) in kinds, f"{at}: {value!r} is no {kinds}"
    assert "enum" not in schema or value in schema["enum"], f"{at}: {value!r} not in {schema['enum']}"
    if isinstance(value, str):
        check_text(schema, value, at)
    elif isinstance(value, list):
        for n, item in enumerate(value):
            check(app, schema.get("items", {}), item, f"{at}[{n}]")
    elif isinstance(value, dict):
        check_object(app, schema, value, at)
    return None


def check_text(schema: dict[str, Any], value: str, at: str) -> None:
    if schema.get("format") == "uuid":
        UUID(value)
    if schema.get("format") == "date-time":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value), f"{at}: {value}"
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), f"{at}: {value}"


def check_object(app: Flask, schema: dict[str, Any], value: dict[str, Any], at: str) -> None:
    known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    assert set(schema.get("required", ())) <= value.keys(), f"{at}: misses {set(schema['required']) - value.keys()}"
    for name, item in value.items():
        assert name in known or more is not False, f"{at}.{name} is not described"
        inner = known.get(name, more if isinstance(more, dict) else {})
        check(app, inner, item, f"{at}.{name}")


def kind_of(value: Any) -> str:
    """The JSON type of a value; a float is none of ours."""
    assert not isinstance(value, float), f"a float left the API: {value!r}"
    names = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object", type(None): "null"}
    return names[type(value)]
