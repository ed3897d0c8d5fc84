"""One room of the API (接口房间): a blueprint that enters the tenant, reads arguments strictly and documents its refusals."""

from __future__ import annotations

from typing import Any, NoReturn

import orjson
from flask import Request, request
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, ValidationError
from webargs.core import missing
from webargs.flaskparser import FlaskParser

from core import request as asked
from core.api.fields import faults_of
from core.api.problems import VARY, UnreadableJson, WrongMedia
from core.errors import N_, Fault, InvalidInput, NotFound

JSON_DEPTH = 40  # no body of ours is nested deeper than five (ours)
JSON_LIMIT = 2 * 1024 * 1024  # no visit of three forms is larger than 100 KB; photos go their own way
TENANT = "/api/v1/t/<slug>"
CITY = "/api/v1/c/<slug>"
REFUSALS = (401, 404)
READING = (*REFUSALS, 403, 422)
WRITING = (*READING, 400, 409, 413, 415)


class Reader(FlaskParser):
    """Reads bodies and queries: unknown names are refused everywhere, illegal JSON is 400, another kind of body 415."""

    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, RAISE)

    def load_json(self, req: Request, schema: Schema) -> Any:  # noqa: ARG002 - webargs' own signature
        """The body as JSON; nothing at all counts as an empty object, so that the missing fields are named."""
        req.max_content_length = JSON_LIMIT
        raw = req.get_data(cache=True)
        if not raw and not req.form:  # a form was read already, where every request is looked through
            return missing
        if req.mimetype != "application/json" and not req.mimetype.endswith("+json"):
            raise WrongMedia(N_("请求体应为 JSON，请写 Content-Type: application/json"))
        try:
            found = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            place = f"{error.lineno}:{error.colno}"
            raise UnreadableJson(N_("请求体不是合法的 JSON，出错处（行:列）{place}"), place=place) from error
        _refuse_nul(found)
        return found

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Turn marshmallow's messages into ours, field by field."""
        (messages,) = error.messages.values()  # type: ignore[union-attr]  # webargs puts the location around them
        raise InvalidInput(faults=faults_of(messages, error.data)) from error


def _refuse_nul(found: Any, path: str = "", depth: int = 0) -> None:
    """PostgreSQL keeps no NUL in a text; say where it stands before it gets there. Endless nesting is no body either."""
    if depth > JSON_DEPTH:
        raise UnreadableJson(N_("请求体嵌套过深，最多 {most} 层"), most=JSON_DEPTH)
    if isinstance(found, str) and "\0" in found:
        raise InvalidInput(faults=[Fault(N_("文本里有不可见的空字符"), field=path, remedy=N_("请删去 \\u0000"))])
    pairs = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in pairs:
        if isinstance(key, str) and "\0" in key:
            _refuse_nul(key, path)
        _refuse_nul(value, f"{path}.{key}".lstrip("."), depth + 1)


class Room(Blueprint):
    """A blueprint under a tenant's or a city's address; ``city`` rooms are for city bureaus only."""

    ARGUMENTS_PARSER = Reader()

    def __init__(self, name: str, import_name: str, *, description: str, city: bool = False) -> None:
        super().__init__(f"api_{name}", import_name, url_prefix=CITY if city else TENANT, description=description)
        self.tag = name
        self.before_request(_refuse_nul_address)
        self.before_request(asked.enter_city if city else asked.enter)
        self.after_request(_say_private)

    def add_url_rule(self, *args: Any, **options: Any) -> None:
        """Register a view under the room's own tag."""
        super().add_url_rule(*args, **(options | {"tags": [self.tag]}))

    def arguments(self, schema: Any, **options: Any) -> Any:
        """Read a body or a query by one schema object: made anew for each request it took longer than the reading."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)

    def refuses(self, *statuses: int) -> Any:
        """Document the problems that a view may answer with."""

        def mark(view: Any) -> Any:
            for status in sorted(set(statuses), reverse=True):
                view = self.alt_response(status, f"Problem{status}")(view)
            return view

        return mark


def _refuse_nul_address() -> None:
    """No name has a NUL in it, so an address with one names nothing."""
    if any("\0" in str(value) for value in (request.view_args or {}).values()):
        raise NotFound


def _say_private(response: Any) -> Any:
    """What one reader gets must not be kept for another; the language belongs to the answer."""
    response.headers["Vary"] = VARY
    return response


def wants(name: str) -> str:
    """A header of the request, or an empty text."""
    return request.headers.get(name, "").strip()
