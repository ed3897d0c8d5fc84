"""What the OpenAPI description says beyond the rooms (接口说明): who may ask, and how every refusal looks."""

from __future__ import annotations

import http
from typing import Any

from apispec import APISpec

from core.api.problems import MEDIA, Problem

ABOUT = """\
One tenant's data lies under `/api/v1/t/{slug}/`, a city's comparison under `/api/v1/c/{slug}/`.

Lists take `cursor`, `page_size` (at most 200) and `sort` by the keys each list declares; the next page is named by the
header `Link: <...>; rel="next"`. Points, rates and shares are decimal numbers written as text. Times are ISO 8601 with zone.
Refusals are `application/problem+json` (RFC 9457). What does not exist, is another tenant's or out of reach answers the
same 404. The header `X-Request-Id` names the request in the log.
"""
SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sc_<slug>_<random>",
        "description": "A machine's key; it acts as one person of one tenant, with his posts.",
    },
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sancheng_login", "description": "The login of a browser."},
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-Token",
        "description": "Needed beside the cookie by everything but GET and HEAD.",
    },
}
REPEATABLE = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "the same key and body again get the first answer, another body under it is 409",
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string"},
    "description": "the ETag of the version that was seen",
}
ETAG = {"ETag": {"schema": {"type": "string"}, "description": 'the version, as "v3"'}}
DEFAULT = "ProblemDefault"
READS: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
WRITES: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": [], "csrf": []}]
METHODS = ("get", "post", "put", "patch", "delete")


OPTIONS: dict[str, Any] = {
    "title": "三城 Sancheng",
    "version": "1",
    "openapi_version": "3.1.0",
    "info": {"description": ABOUT},
    "components": {"securitySchemes": SCHEMES},
}


def add_problems(spec: APISpec, statuses: list[int]) -> None:
    """Declare one named response for each refusing status; only those that a room names appear."""
    anything = {"description": "Any other refusal", "content": {MEDIA: {"schema": Problem}}}
    spec.components.response(DEFAULT, anything, lazy=True)
    for status in statuses:
        phrase = http.HTTPStatus(status).phrase
        response: dict[str, Any] = {"description": phrase, "content": {MEDIA: {"schema": Problem}}}
        if status == http.HTTPStatus.UNAUTHORIZED:
            response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
        if status == http.HTTPStatus.METHOD_NOT_ALLOWED:
            response["headers"] = {"Allow": {"schema": {"type": "string"}}}
        spec.components.response(f"Problem{status}", response, lazy=True)


def finish(described: dict[str, Any]) -> dict[str, Any]:
    """Give every operation a name and its security; what reads needs no CSRF word."""
    for path, item in described["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                operation["security"] = READS if method == "get" else WRITES
                operation["operationId"] = name_of(method, path)
    return described


def name_of(method: str, path: str) -> str:
    """A stable name of an operation: ``get_findings_finding_id``."""
    parts = path.removeprefix("/api/v1/").replace("{slug}", "").replace(".", "_").split("/")
    return "_".join([method, *(part.strip("{}") for part in parts[1:] if part)])
