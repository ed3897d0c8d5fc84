"""The OpenAPI description: complete, resolvable, and the same for every refusal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import Flask

from core.api.describe import METHODS, SCHEMES
from core.api.roomlist import ROOMS
from tests.api.shapes import MARK, described, resolve

REFUSED = "application/problem+json"


def operations(app: Flask) -> list[tuple[str, str, dict[str, Any]]]:
    found = described(app)["paths"]
    return [(path, method, item[method]) for path, item in found.items() for method in METHODS if method in item]


def test_it_is_open_to_everyone_and_names_itself(app: Flask) -> None:
    found = described(app)
    assert found["openapi"] == "3.1.0"
    assert found["info"]["title"] == "三城 Sancheng"
    assert found["info"]["version"]
    assert found["components"]["securitySchemes"] == SCHEMES


def test_every_route_is_described(app: Flask) -> None:
    routes = {
        (MARK.sub("{}", rule.rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}")), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule != "/api/v1/openapi.json"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert len(routes) >= 40
    assert {(MARK.sub("{}", path), method) for path, method, _ in operations(app)} == routes


def test_no_page_loads_scripts_from_elsewhere(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert not [rule for rule in rules if any(word in rule for word in ("swagger", "redoc", "rapidoc", "docs"))]


def test_every_operation_has_a_name_a_summary_a_tag_and_its_security(app: Flask) -> None:
    names = []
    tags = {tag["name"] for tag in described(app)["tags"]}
    assert tags == {room.tag for room in ROOMS}
    for path, method, operation in operations(app):
        names.append(operation["operationId"])
        assert operation["summary"], path
        assert set(operation["tags"]) <= tags, path
        needed = [set(one) for one in operation["security"]]
        assert {"bearer"} in needed, path
        assert ({"cookie", "csrf"} if method != "get" else {"cookie"}) in needed, path
    assert len(names) == len(set(names))


def test_every_parameter_of_an_address_is_described(app: Flask) -> None:
    for path, item in described(app)["paths"].items():
        named = {one["name"] for one in item["parameters"] if one["in"] == "path"}
        assert named == set(MARK.findall(path))


def test_every_refusal_is_a_problem(app: Flask) -> None:
    for path, method, operation in operations(app):
        said = operation["responses"]
        assert {"401", "403", "404", "default"} <= said.keys(), path
        assert any(status.startswith("2") for status in said), path
        for status, response in said.items():
            if not status.startswith("2"):
                content = resolve(app, response)["content"]
                assert list(content) == [REFUSED], (path, method, status)
                assert content[REFUSED]["schema"] == {"$ref": "#/components/schemas/Problem"}
        takes_json = "application/json" in operation.get("requestBody", {}).get("content", {})
        if takes_json:
            assert {"400", "413", "415", "422"} <= said.keys(), path


def test_every_reference_leads_somewhere(app: Flask) -> None:
    def walk(value: Any) -> int:
        if isinstance(value, dict):
            if "$ref" in value:
                resolve(app, value)
            return ("$ref" in value) + sum(walk(one) for one in value.values())
        return sum(walk(one) for one in value) if isinstance(value, list) else 0

    assert walk(described(app)) > 300


def test_no_body_knows_a_float_and_all_refuse_what_is_undeclared(app: Flask) -> None:
    for name, schema in described(app)["components"]["schemas"].items():
        assert schema["additionalProperties"] is False, name
        for key, value in schema["properties"].items():
            assert "number" not in value.get("type", ""), f"{name}.{key}"


def test_the_docs_name_every_route(app: Flask) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    told = set(re.findall(r"^\| `([A-Z]+)` \| `([^`]+)` \|", page, re.MULTILINE))
    assert told == {(method.upper(), path.removeprefix("/api/v1/")) for path, method, _ in operations(app)}
