"""Turning pages by key (翻页): the address says after which row the page begins; nothing is counted or skipped."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from flask import request

from core.errors import N_, Fault, InvalidInput

Row = TypeVar("Row")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list: its rows, and the cursor of the next page when there is one."""

    rows: Sequence[Row]
    next: str | None


def read_cursor(parts: int) -> list[str] | None:
    """The keys that the address's ``cursor`` stands for; None on the first page. Raises InvalidInput."""
    said = request.args.get("cursor", "")
    if not said:
        return None
    try:
        found = base64.urlsafe_b64decode(said.encode() + b"=" * (-len(said) % 4)).decode().split("\x1f")
    except (ValueError, binascii.Error):
        found = []
    if len(found) != parts or "\x00" in said:
        raise bad_argument("cursor", said)
    return found


def read_moment_cursor() -> tuple[datetime, UUID] | None:
    """Where the page before ended in a list by time: the moment, aware, and the id of its last row. Raises InvalidInput."""
    said = read_cursor(2)
    if said is None:
        return None
    try:
        moment = datetime.fromisoformat(said[0])
    except ValueError:
        raise bad_argument("cursor", said[0]) from None
    if moment.tzinfo is None:
        raise bad_argument("cursor", said[0])
    return moment, read_id(said[1], "cursor")


def make_cursor(*keys: object) -> str:
    """The cursor that stands for the keys of a page's last row."""
    return base64.urlsafe_b64encode("\x1f".join(str(k) for k in keys).encode()).decode().rstrip("=")


def cut(rows: Sequence[Row], key: Callable[[Row], Sequence[object]], size: int = PAGE) -> Page[Row]:
    """Make a page of ``size`` rows out of one more than that, which tells whether another page follows."""
    more = len(rows) > size
    return Page(rows[:size], make_cursor(*key(rows[size - 1])) if more else None)


def bad_argument(name: str, value: str) -> InvalidInput:
    """The refusal of an address that nobody's page made."""
    remedy = N_("请从页面上的链接或筛选条件重新进入")
    return InvalidInput(faults=[Fault(N_("网址中的参数无效"), field=name, value=value[:60], remedy=remedy)])


def read_id(text: str, name: str = "id") -> UUID:
    """An id from a form or an address. Raises InvalidInput."""
    try:
        return UUID(text)
    except ValueError:
        raise bad_argument(name, text) from None


def read_day(name: str) -> date | None:
    """A day from the address, or None when it is not given. Raises InvalidInput."""
    said = request.args.get(name, "").strip()
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise bad_argument(name, said) from None
