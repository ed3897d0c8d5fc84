"""Takes values out of a parsed card scheme (亮牌办法) one by one, and notes what is wrong with each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from uuid import UUID

from core.errors import N_, Fault
from core.work.marks.card_rules import KEYS
from core.work.wording import read_text, shown

MOST = 20  # colours, leagues, streaks of one scheme (ours)
MOST_SUBJECTS = 2000  # listed by name (ours)
LONGEST_TITLE = 60
_CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")


class Reader:
    """Takes values out of parsed JSON and notes what is wrong with them."""

    def __init__(self, *, kept: bool = False) -> None:
        self.kept = kept  # what was checked when it was written may carry keys of a later version
        self.faults: list[Fault] = []

    def note(self, message: str, place: str, value: Any = "", remedy: str = "", **params: Any) -> None:
        """Note one fault: what is wrong, where, with which value, and the remedy."""
        self.faults.append(Fault(message, place, None, shown(value), "", remedy, params))

    def part(self, raw: Any, place: str, kind: str) -> Mapping[str, Any]:
        """An object with none but the known keys."""
        if not isinstance(raw, Mapping):
            self.note(N_("应为一组键和值"), place, raw, N_("可用的键：{keys}"), keys=", ".join(KEYS[kind]))
            return {}
        for key in raw:
            if key not in KEYS[kind] and not self.kept:
                self.note(N_("没有这个键"), _at(place, key), key, N_("可用的键：{keys}"), keys=", ".join(KEYS[kind]))
        return raw

    def parts(self, raw: Any, place: str, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        """A list of such objects, each with its place."""
        if raw is None:
            return []
        if not isinstance(raw, Sequence) or isinstance(raw, str) or len(raw) > MOST:
            self.note(N_("应为列表"), place, raw, N_("最多 {most} 项"), most=MOST)
            return []
        return [(f"{place}.{n}", self.part(one, f"{place}.{n}", kind)) for n, one in enumerate(raw)]

    def text(self, raw: Any, place: str, longest: int = LONGEST_TITLE, *, required: bool = False) -> str:
        """A text, trimmed."""
        found = read_text("" if raw is None else raw, place, self.faults, longest)
        if required and not found:
            self.note(N_("缺少这一项"), place, remedy=N_("请填写"))
        return found

    def one_of(self, raw: Any, known: Iterable[str], place: str, default: str = "") -> str:
        """One of some words; ``default`` when nothing is said."""
        if raw in (None, "") and default:
            return default
        options = list(known)
        if raw not in options:
            self.note(N_("没有这个取值"), place, raw, N_("可填：{known}"), known=", ".join(options))
            return default or options[0]
        return str(raw)

    def whole(self, raw: Any, place: str, least: int, most: int, default: int = 0) -> int:
        """A whole number within bounds."""
        if raw is None:
            return default
        if isinstance(raw, bool) or not isinstance(raw, int) or not least <= raw <= most:
            self.note(N_("应为整数"), place, raw, N_("请填 {least} 到 {most}"), least=least, most=most)
            return default
        return raw

    def number(self, raw: Any, place: str) -> Fraction:
        """An exact number."""
        try:
            found = Decimal(str(raw))
        except InvalidOperation:
            found = Decimal("NaN")
        if isinstance(raw, bool) or not found.is_finite() or abs(found) > 10**9:
            self.note(N_("应为数字"), place, raw, N_("例如 60 或 92.5"))
            return Fraction(0)
        return Fraction(found)

    def codes(self, raw: Any, place: str) -> tuple[str, ...]:
        """A list of words."""
        if raw is None:
            return ()
        if not isinstance(raw, list) or not all(isinstance(one, str) and one for one in raw):
            self.note(N_("应为列表"), place, raw, N_("请写成由代码组成的列表"))
            return ()
        return tuple(dict.fromkeys(raw))

    def ids(self, raw: Any, place: str) -> tuple[UUID, ...]:
        """A list of ids."""
        found = []
        for n, one in enumerate(self.codes(raw, place)[:MOST_SUBJECTS]):
            try:
                found.append(UUID(one))
            except ValueError:
                self.note(N_("不是有效的编号"), f"{place}.{n}", one, N_("请从单位或点位的页面地址复制"))
        return tuple(found)

    def yes(self, raw: Any, place: str) -> bool:
        """True or false."""
        if not isinstance(raw, bool):
            self.note(N_("应为是或否"), place, raw, N_("请填 true 或 false"))
        return raw is True

    def code(self, raw: Any, place: str) -> str:
        """A short code of small letters."""
        if not isinstance(raw, str) or not _CODE.fullmatch(raw):
            self.note(N_("代码无效"), place, raw or "", N_("小写字母开头，可含数字和下划线，最多 30 位"))
            return ""
        return raw

    def refuse_twins(self, place: str, codes: Sequence[str], key: str) -> None:
        """Note codes that stand twice in a list."""
        for n, code in enumerate(codes):
            if code and code in codes[:n]:
                self.note(N_("代码重复"), f"{place}.{n}.{key}", code, N_("每项用不同的代码"))


def _at(place: str, key: object) -> str:
    return f"{place}.{key}" if place else str(key)
