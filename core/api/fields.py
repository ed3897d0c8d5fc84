"""What the API takes and gives, field by field (接口字段): our own words for every fault, said once, here.

marshmallow ships English messages only; these fields carry Chinese source texts that the edge translates like any other.
A check that wants to name a remedy raises a :class:`core.errors.Fault` inside the ValidationError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar

from flask_babel import gettext
from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate

from core.errors import N_, Fault, InvalidInput
from core.figures.periods import Period, parse_period

SAID = {"required": N_("缺少这一项"), "null": N_("不能为空值"), "validator_failed": N_("无效的值")}
YEARS = range(1990, 2101)  # ours: no record is older, no plan goes further, and every moment fits the database
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)


class Body(Schema):
    """A body with exactly the declared fields; an unknown one is refused by name (请求与应答的结构)."""

    error_messages: ClassVar[dict[str, str]] = {"type": N_("应为 JSON 对象"), "unknown": N_("没有这一项")}

    class Meta:
        """Nothing undeclared gets in."""

        unknown = RAISE

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names of the declared fields."""
        return frozenset(cls._declared_fields)

    @classmethod
    def arrange(cls, row: AnyMapping[str, Any]) -> dict[str, Any]:
        """The declared fields of a mapping in their order; jsonb forgets the order of keys."""
        return {name: row[name] for name in cls._declared_fields}

    @classmethod
    def pick(cls, row: Any) -> dict[str, Any]:
        """The declared fields of a row that has them under the same names."""
        return dict(zip(cls._declared_fields, cls._reader()(row), strict=True))

    @classmethod
    @cache
    def _reader(cls) -> Callable[[Any], tuple[Any, ...]]:
        """Reads all declared fields at once: a list of 50 asks for thousands."""
        names = tuple(cls._declared_fields)
        return attrgetter(*names) if len(names) > 1 else lambda row: (getattr(row, names[0]),)


class Text(fields.String):
    """A text (文本); the database keeps no NUL, so none is taken."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {
        "invalid": N_("应为文本"),
        "invalid_utf8": N_("应为 UTF-8 文本"),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(value, attr, data, **kwargs)
        if "\0" in found:
            raise self.make_error("invalid")
        return found


class Id(fields.UUID):
    """An id (编号), a UUID."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {"invalid_uuid": N_("应为 UUID")}


class Whole(fields.Integer):
    """A whole number that the database can hold (整数); neither 1.5 nor true is one."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {"invalid": N_("应为整数"), "too_large": N_("数字过大")}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool | float):
            raise self.make_error("invalid")
        found = super()._deserialize(value, attr, data, **kwargs)
        if found is not None and not -(2**31) <= found < 2**31:
            raise self.make_error("too_large")
        return found


class Flag(fields.Boolean):
    """True or false (是否)."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {"invalid": N_("应为 true 或 false")}
    truthy: ClassVar[set[Any]] = {"true", "1", True}
    falsy: ClassVar[set[Any]] = {"false", "0", False}


class Moment(fields.AwareDateTime):
    """A moment with its zone, ISO 8601 (时刻)."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {
        "invalid": N_("应为 ISO 8601 时刻，例如 2026-11-21T08:00:00Z"),
        "invalid_awareness": N_("时刻要带时区，例如 2026-11-21T08:00:00Z"),
        "format": N_("应为 ISO 8601 时刻，例如 2026-11-21T08:00:00Z"),
        "year": N_("年份超出范围"),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return _in_years(self, super()._deserialize(value, attr, data, **kwargs))


class Day(fields.Date):
    """A day in Asia/Shanghai (日期)."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {
        "invalid": N_("应为日期，例如 2026-11-21"),
        "format": N_("应为日期，例如 2026-11-21"),
        "year": N_("年份超出范围"),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return _in_years(self, super()._deserialize(value, attr, data, **kwargs))


def _in_years(field: fields.Field[Any], found: Any) -> Any:  # a day, a moment or a period, as it came
    if (found.start if isinstance(found, Period) else found).year not in YEARS:
        raise field.make_error("year")
    return found


class Number(Text):
    """An exact decimal number as text (精确小数): never a float."""

    default_error_messages: ClassVar[dict[str, str]] = {"number": N_('应为十进制数，以文本给出，例如 "61.5"')}

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"pattern": r"^-?\d+(\.\d+)?$", "description": "an exact decimal number"} | kwargs.pop(
            "metadata", {}
        )
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        said = super()._deserialize(value, attr, data, **kwargs)
        if len(said) > 40 or not _NUMBER.fullmatch(said):
            raise self.make_error("number")
        return Decimal(said)


class PeriodKey(Text):
    """A period's name (周期): 2026-11-21, 2026-W47, 2026-11-T3, 2026-11, 2026-Q4, 2026."""

    default_error_messages: ClassVar[dict[str, str]] = {"year": N_("年份超出范围")}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Period:
        said = super()._deserialize(value, attr, data, **kwargs)
        try:
            return _in_years(self, parse_period(said))
        except InvalidInput as error:
            raise ValidationError(list(error.faults)) from error  # type: ignore[arg-type]  # marshmallow carries any messages


class ListOf(fields.List):
    """Several of a kind (列表)."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {"invalid": N_("应为列表")}


class Part(fields.Nested):
    """A body inside a body (嵌套结构)."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {"type": N_("应为 JSON 对象")}


class Mapping(fields.Dict):
    """Free pairs of name and value (键值)."""

    default_error_messages: ClassVar[dict[str, str]] = SAID | {"invalid": N_("应为 JSON 对象")}


class OneOf(validate.OneOf):
    """One of a declared few (可选值)."""

    def __call__(self, value: Any) -> Any:
        """Give the value back, or refuse it."""
        if value not in self.choices:
            raise _refused(
                N_("不在可选范围内"), N_("可选：{choices}"), choices=gettext("、").join(map(str, self.choices))
            )
        return value


class Length(validate.Length):
    """Not too many characters or entries, and not too few (长度)."""

    def __call__(self, value: Any) -> Any:
        """Give the value back, or refuse it."""
        if self.max is not None and len(value) > self.max:
            raise _refused(N_("太长"), N_("最多 {most}"), most=self.max)
        if self.min is not None and len(value) < self.min:
            raise _refused(N_("太短"), N_("最少 {least}"), least=self.min)
        return value


class Range(validate.Range):
    """A whole number between two ends, both included (范围)."""

    def __call__(self, value: Any) -> Any:
        """Give the value back, or refuse it."""
        if not self.min <= value <= self.max:
            remedy = N_("请填 {least} 到 {most} 之间的整数")
            raise _refused(N_("超出范围"), remedy, least=self.min, most=self.max)
        return value


def _refused(message: str, remedy: str, **params: Any) -> ValidationError:
    return ValidationError([Fault(message, remedy=remedy, params=params)])  # type: ignore[list-item]  # as above


def faults_of(messages: Any, given: Any, path: str = "") -> list[Fault]:
    """Flatten marshmallow's nested messages into faults that name the field and the value that was sent."""
    if isinstance(messages, dict):
        pairs = ((key, value) for key, value in messages.items() if key != "_schema")
        found = faults_of(messages["_schema"], given, path) if "_schema" in messages else []
        for key, value in pairs:
            found += faults_of(value, _inside(given, key), f"{path}.{key}".lstrip("."))
        return found
    found = []
    for said in messages if isinstance(messages, list) else [messages]:
        fault = said if isinstance(said, Fault) else Fault(str(said))
        found.append(Fault(fault.message, path, None, _shown(given), "", fault.remedy, fault.params))
    return found


def _inside(given: Any, key: Any) -> Any:
    if isinstance(given, AnyMapping):
        return given.get(key, missing)
    if isinstance(given, list) and isinstance(key, int) and key < len(given):
        return given[key]
    return missing


def _shown(given: Any) -> str:
    """A short value as sent; what is missing, or a whole structure, is not repeated."""
    if given is missing or given is None or isinstance(given, AnyMapping | list):
        return ""
    return (str(given).lower() if isinstance(given, bool) else str(given))[:80]
