"""Answers by the type of their question (答案类型): what a page or the API sends, checked, and kept as plain JSON values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from core.campaigns.xlsform.model import Field
from core.campaigns.xlsform.parameters import range_bounds
from core.errors import N_

MOST = 10**12  # no number in a form is larger (ours)
TEXT = 10_000
_WHOLE = re.compile(r"-?[0-9]{1,13}", re.ASCII)
_PLAIN = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as read (作答值): what is stored, and what formulas see."""

    stored: Any = None
    seen: Any = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was answered."""
        return self.stored is None or self.stored in ("", [])


class Misfit(Exception):
    """An answer that does not fit its question's type; carries the message, the remedy and their placeholders."""

    def __init__(self, message: str, remedy: str, **params: str) -> None:
        super().__init__(message)
        self.message, self.remedy, self.params = message, remedy, params


NOTHING = Given()


def read_answer(field: Field, raw: Any) -> Given:
    """The answer to one field; NOTHING when it was left open. Raises Misfit."""
    if raw is None or (isinstance(raw, str) and not raw.strip()) or raw in ([], {}):
        return NOTHING
    if field.type == "range":
        return _range(field, raw)
    reader = _READERS.get(field.type)
    return reader(raw) if reader is not None else NOTHING


def _text(raw: Any) -> Given:
    if not isinstance(raw, str):
        raise Misfit(N_("应为文字"), N_("请填文字"))
    if len(raw) > TEXT:
        raise Misfit(N_("文字过长"), N_("最多 10000 个字符"))
    said = raw.replace("\r\n", "\n").replace("\x00", "").strip()
    return Given(said, said)


def _integer(raw: Any) -> Given:
    said = raw.strip() if isinstance(raw, str) else raw
    is_whole = isinstance(said, int) or (isinstance(said, str) and _WHOLE.fullmatch(said))
    if isinstance(said, bool) or not is_whole or abs(int(said)) > MOST:
        raise Misfit(N_("应为整数"), N_("请填阿拉伯数字，不带单位"))
    return Given(int(said), int(said))


def _number(raw: Any) -> Decimal:
    said = str(raw).strip() if isinstance(raw, str | int | float | Decimal) and not isinstance(raw, bool) else ""
    try:
        found = Decimal(said) if _PLAIN.fullmatch(said) else None
    except InvalidOperation:
        found = None
    if found is None or abs(found) > MOST:
        raise Misfit(N_("应为数字"), N_("请填阿拉伯数字，不带单位，小数最多九位"))
    return found


def _plain(number: Decimal) -> str:
    said = format(number, "f")
    return said.rstrip("0").rstrip(".") if "." in said else said


def _decimal(raw: Any) -> Given:
    found = _number(raw)
    return Given(_plain(found), found)


def _range(field: Field, raw: Any) -> Given:
    found = _number(raw)
    low, high, step = range_bounds(field.parameters)
    bounds = {"low": _plain(low), "high": _plain(high), "step": _plain(step)}
    if not low <= found <= high or (found - low) % step:
        raise Misfit(N_("超出范围"), N_("请填 {low} 到 {high} 之间的数，每档 {step}"), **bounds)
    return Given(int(found) if found == found.to_integral_value() else _plain(found), found)


def _moment(kind: type[date | time | datetime], example: str) -> Callable[[Any], Given]:
    """A reader of days, times or both, as ISO 8601 writes them."""

    def read(raw: Any) -> Given:
        try:
            found = kind.fromisoformat(raw.strip()).isoformat()
        except (ValueError, AttributeError) as error:
            raise Misfit(N_("日期或时间写法无效"), N_("请写成 {example}"), example=example) from error
        return Given(found, found)

    return read


def _one(raw: Any) -> Given:
    if not isinstance(raw, str):
        raise Misfit(N_("应为一个选项"), N_("请选一项"))
    return Given(raw, raw)


def _several(raw: Any) -> Given:
    found = raw.split() if isinstance(raw, str) else raw
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise Misfit(N_("应为几个选项"), N_("请从选项中选"))
    chosen = list(dict.fromkeys(found))
    return Given(chosen, chosen)


def _geopoint(raw: Any) -> Given:
    """Latitude and longitude in degrees, height and accuracy in metres."""
    if isinstance(raw, Mapping):
        parts: list[Any] = [
            raw.get("latitude"),
            raw.get("longitude"),
            raw.get("altitude") or 0,
            raw.get("accuracy") or 0,
        ]
    else:
        parts = raw.split() if isinstance(raw, str) else []
    numbers = [_degree(one) for one in parts]
    if not 2 <= len(numbers) <= 4 or abs(numbers[0]) > 90 or abs(numbers[1]) > 180:
        raise Misfit(N_("位置写法无效"), N_("请给出纬度和经度，例如 37.7369 112.5656"))
    said = " ".join(_plain(one) for one in [*numbers, Decimal(0), Decimal(0)][:4])
    return Given(said, said)


def _degree(raw: Any) -> Decimal:
    try:
        found = Decimal(str(raw))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > MOST:
        raise Misfit(N_("位置写法无效"), N_("请给出纬度和经度，例如 37.7369 112.5656"))
    return round(found, 7)


def _pair(raw: Any) -> Given:
    """How many conform of how many checked, ``{"n": 7, "m": 9}``; nothing to check is ``{"na": true}``."""
    if not isinstance(raw, Mapping):
        raise Misfit(N_("应为合格数和检查数"), N_("请填两个整数"))
    if raw.get("na") is True:
        return Given({"na": True}, {"n": "", "m": 0})
    n, m = (_integer(raw.get(key)).stored for key in ("n", "m"))
    if not 0 <= n <= m:
        raise Misfit(N_("合格数不能多于检查数"), N_("合格数应为 0 到检查数"))
    return Given({"n": n, "m": m}, {"n": n, "m": m})


_READERS: Mapping[str, Callable[[Any], Given]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "date": _moment(date, "2026-03-02"),
    "time": _moment(time, "08:30"),
    "dateTime": _moment(datetime, "2026-03-02T08:30"),
    "select_one": _one,
    "select_multiple": _several,
    "image": _text,
    "geopoint": _geopoint,
    "hidden": _text,
    "today": _moment(date, "2026-03-02"),
    "start": _moment(datetime, "2026-03-02T08:30+08:00"),
    "end": _moment(datetime, "2026-03-02T08:30+08:00"),
    "deviceid": _text,
    "username": _text,
    "n_of_m": _pair,
}


def read_item(raw: Any) -> Given:
    """A scored item's answer, which its own rules check elsewhere: kept as it is, seen as ODK would hold it."""
    if not isinstance(raw, Mapping):
        return Given(raw, raw if isinstance(raw, str | int) else "")
    given = dict(raw)
    if given.get("na") in (True, "true", "1"):
        return Given(given, {"n": "", "m": 0, "": "na"})
    if "yes" in given:
        return Given(given, {"": "yes" if given["yes"] in (True, "true", "yes", "1") else "no"})
    if "m" in given:
        return Given(given, {"n": given.get("n", ""), "m": given["m"]})
    return Given(given, {"": given.get("count", given.get("rating", ""))}) if given else NOTHING
