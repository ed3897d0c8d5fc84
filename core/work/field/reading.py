"""What a phone sends, read (现场报文): each field by its kind, every fault named at once, unknown names refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from uuid import UUID

from core.errors import N_, Fault, InvalidInput
from core.work.wording import shown

T = TypeVar("T")
LONGEST_TEXT = 2000
MOST_LISTED = 200
DEPTH = 16  # rows may stand in rows


class Reader:
    """Takes fields off a body one by one and gathers what is wrong with them (报文读取)."""

    def __init__(self, body: Any) -> None:
        if not isinstance(body, Mapping):
            raise InvalidInput(faults=[Fault(N_("内容的写法不对"), remedy=N_("请刷新页面后重新发送"))])
        self.body: dict[str, Any] = {str(key): value for key, value in body.items()}
        self.faults: list[Fault] = []
        _refuse_nul(self.body)

    def settle(self) -> None:
        """Refuse what nobody asked for, and everything that was wrong. Raises InvalidInput."""
        for name in self.body:
            self.faults.append(Fault(N_("没有这一项"), name[:40], remedy=N_("请刷新页面后重新发送")))
        if self.faults:
            raise InvalidInput(faults=self.faults)

    def uuid(self, name: str) -> UUID | None:
        """An id, or None."""
        return self._read(name, lambda said: UUID(str(said)))

    def need_uuid(self, name: str) -> UUID:
        """An id that must be there."""
        found = self.uuid(name)
        if found is None and not any(fault.field == name for fault in self.faults):
            self.faults.append(Fault(N_("缺少这一项"), name, remedy=N_("请刷新页面后重新发送")))
        return found or UUID(int=0)

    def moment(self, name: str) -> datetime | None:
        """A moment with its time zone, or None."""
        return self._read(name, _moment)

    def text(self, name: str, most: int = LONGEST_TEXT) -> str:
        """A text, '' when there is none."""
        return self._read(name, lambda said: _text(said, most)) or ""

    def degrees(self, name: str) -> Decimal | None:
        """A longitude or latitude, or None."""
        return self._read(name, _degrees)

    def mapping(self, name: str) -> dict[str, Any]:
        """An object, empty when there is none."""
        return self._read(name, _mapping) or {}

    def listed(self, name: str) -> list[Any]:
        """A list, empty when there is none."""
        return self._read(name, _listed) or []

    def has(self, name: str) -> bool:
        """Whether a field is there at all and not null."""
        return self.body.get(name) is not None

    def _read(self, name: str, kind: Callable[[Any], T]) -> T | None:
        said = self.body.pop(name, None)
        if said is None or said == "":
            return None
        try:
            return kind(said)
        except (ValueError, TypeError, OverflowError, InvalidOperation):
            self.faults.append(Fault(N_("内容的写法不对"), name, None, shown(said), "", N_("请改正后重新发送")))
            return None


def _moment(said: Any) -> datetime:
    found = datetime.fromisoformat(str(said))
    if found.tzinfo is None:
        raise ValueError(said)
    return found


def _text(said: Any, most: int) -> str:
    if not isinstance(said, str) or len(said) > most:
        raise ValueError(said)
    return said


def _degrees(said: Any) -> Decimal:
    found = Decimal(str(said))
    if isinstance(said, bool) or not found.is_finite():
        raise ValueError(said)
    return found


def _mapping(said: Any) -> dict[str, Any]:
    if not isinstance(said, Mapping):
        raise TypeError(said)
    return {str(key): value for key, value in said.items()}


def _listed(said: Any) -> list[Any]:
    if not isinstance(said, list) or len(said) > MOST_LISTED:
        raise ValueError(said)
    return list(said)


def _refuse_nul(found: Any, depth: int = 0) -> None:
    """PostgreSQL keeps no NUL in a text; endless nesting is no body of ours."""
    if depth > DEPTH:
        raise InvalidInput(faults=[Fault(N_("内容的写法不对"), remedy=N_("请刷新页面后重新发送"))])
    if isinstance(found, str) and "\0" in found:
        raise InvalidInput(faults=[Fault(N_("文本里有不可见的空字符"), remedy=N_("请删去 \\u0000"))])
    if isinstance(found, Mapping):
        for key, value in found.items():
            _refuse_nul(key, depth + 1)
            _refuse_nul(value, depth + 1)
    elif isinstance(found, list):
        for value in found:
            _refuse_nul(value, depth + 1)
