"""How the API answers (接口应答): JSON from rows, lists with a link to the next page, and requests that may be sent twice."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson
from flask import Response, request

from core import request as asked
from core.api.fields import Body, Length, OneOf, Range, Text, Whole
from core.api.problems import VersionNeeded
from core.api.rooms import wants
from core.errors import N_, Fault, InvalidInput, Stale
from core.figures.model import as_decimal
from core.work.idempotency import replay_or_run

Row = TypeVar("Row")
JSON = "application/json"
MOST = 200
USUAL = 50
_VERSION = re.compile(r'"v(\d{1,9})"', re.ASCII)


class ListQuery(Body):
    """What every list takes (列表参数)."""

    cursor = Text(load_default="", validate=Length(max=600), metadata={"description": "where the last page ended"})
    page_size = Whole(load_default=USUAL, validate=Range(1, MOST))


def sort_by(*keys: str) -> Text:
    """The ``sort`` argument of a list: one of its declared keys; a leading minus turns the order round."""
    return Text(
        load_default=keys[0], validate=OneOf(keys), metadata={"description": "a leading - turns the order round"}
    )


def plain(value: Any) -> Any:
    """What orjson does not write by itself: points, rates and shares as exact text."""
    if isinstance(value, Decimal):
        return points(value)
    if isinstance(value, Fraction):
        return points(as_decimal(value))
    raise TypeError(type(value).__name__)


def points(value: Decimal | None) -> str | None:
    """An exact number as text, never in exponent form."""
    return None if value is None else format(value, "f")


def hundredths(value: int | None) -> str | None:
    """Points kept as integers of 1/100, as text."""
    return None if value is None else format(Decimal(value).scaleb(-2), "f")


def dump(body: Any) -> bytes:
    """Any answer as JSON; times in UTC are written with Z."""
    return orjson.dumps(body, default=plain, option=orjson.OPT_UTC_Z)


def reply(body: Any, status: int = 200, **headers: str) -> Response:
    """One thing as JSON."""
    made = Response(dump(body), status=status, content_type=JSON)
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


def reply_list(
    rows: Iterable[Mapping[str, Any]], next_cursor: str | None = None, beside: Mapping[str, Any] | None = None
) -> Response:
    """A list as JSON, with the link to its next page when there is one; ``beside`` stands beside its items."""
    made = reply({"items": list(rows), "next_cursor": next_cursor, **(beside or {})})
    if next_cursor:
        given = [(key, value) for key, value in request.args.items(multi=True) if key != "cursor"]
        made.headers["Link"] = f'<{request.path}?{urlencode([*given, ("cursor", next_cursor)])}>; rel="next"'
    return made


def cut_list(
    rows: Sequence[Row],
    query: Mapping[str, Any],
    shape: Callable[[Row], Mapping[str, Any]],
    key: Callable[[Row], Any] = lambda row: row.id,  # type: ignore[attr-defined]  # most rows have one
    beside: Mapping[str, Any] | None = None,
) -> Response:
    """One page of a list that was read whole, since it is small and ordered otherwise than by its key."""
    start = 0
    after = read_cursor(query["cursor"], [str])
    if after is not None:
        keys = [str(key(row)) for row in rows]
        if after[0] not in keys:
            raise broken_cursor(query["cursor"])
        start = keys.index(after[0]) + 1
    page = rows[start : start + query["page_size"]]
    more = len(rows) > start + len(page)
    return reply_list([shape(row) for row in page], cursor_of(str(key(page[-1]))) if more else None, beside)


def etag(version: int) -> str:
    """The strong tag of a version."""
    return f'"v{version}"'


def expected_version() -> int:
    """The version that If-Match names. Raises VersionNeeded (428) without one, Stale (412) for what is no version."""
    said = wants("If-Match")
    if not said:
        raise VersionNeeded
    found = _VERSION.fullmatch(said)
    if found is None:
        raise Stale(N_('If-Match 应为读到的 ETag，例如 "v3"'))
    return int(found[1])


def once(run: Callable[[], tuple[int, Any]], *, headers: Callable[[Any], Mapping[str, str]] = lambda _: {}) -> Response:
    """Answer a POST; with an Idempotency-Key a repetition gets the first answer without acting again.

    ``run`` gives status and body; ``headers`` are made from the body. A replay says so in ``Idempotency-Replayed``.
    """
    key = wants("Idempotency-Key")

    def act() -> tuple[int, str]:
        status, body = run()
        return status, dump(body).decode()

    if key:
        what = f"{request.method} {request.full_path}\n{wants('If-Match')}\n".encode() + request.get_data(cache=True)
        answer = replay_or_run(asked.db(), asked.actor(), key, what, act)
        status, text, replayed = answer.status, answer.body, answer.replayed
    else:
        (status, text), replayed = act(), False
    made = Response(text, status=status, content_type=JSON)
    if replayed:
        made.headers["Idempotency-Replayed"] = "true"
    made.headers.update(headers(orjson.loads(text)))
    return made


def placed(room: str) -> Callable[[Any], Mapping[str, str]]:
    """The header that names a new thing's address, from its id."""
    return lambda made: {"Location": here(room, made["id"])}


def here(*parts: object) -> str:
    """An address under this tenant's API."""
    return "/".join(["/api/v1/t", asked.tenant().slug, *map(str, parts)])


def cursor_of(*values: Any) -> str:
    """Where a page ended, as an opaque text."""
    return base64.urlsafe_b64encode(orjson.dumps(values, default=plain)).decode().rstrip("=")


def read_cursor(said: str, kinds: Sequence[Callable[[Any], Any]]) -> tuple[Any, ...] | None:
    """The values in a cursor, each made by its kind, or None for the first page. Raises InvalidInput for a broken one."""
    if not said:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
        return tuple(kind(value) for kind, value in zip(kinds, found, strict=True))
    except (ValueError, TypeError, AttributeError) as error:  # an id that is a number has nothing to read
        raise broken_cursor(said) from error


def broken_cursor(said: str) -> InvalidInput:
    """The refusal of a cursor that this list did not give, or whose row is gone."""
    fault = Fault(N_("翻页位置无效"), field="cursor", value=said[:40], remedy=N_("请从第一页重新开始"))
    return InvalidInput(faults=[fault])


def a_moment(value: Any) -> datetime:
    """A moment from a cursor."""
    found = datetime.fromisoformat(value)
    if found.tzinfo is None or not 1 < found.year < 9998:
        raise ValueError(value)
    return found


def a_day(value: Any) -> date:
    """A day from a cursor."""
    return date.fromisoformat(value)
