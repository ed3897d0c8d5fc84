"""Reading and saying quantities (工作量的写法): 1400多名, 约200, 两万, 7-8次, 数万 as people write them, and the same words again.

What names no number (数万, 若干) is kept as its words: it is unknown, never nought and never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Protocol

from core.errors import N_, Fault, InvalidInput
from core.work.statistics.measures import MEASURES, names_of, plain
from core.work.statistics.writing import bound_number

# Every qualifier (限定词) with how it is written around a number, Chinese then English; "{n}" is absent where there is none.
QUALIFIERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "exact": ("{n}", "{n}"),
        "over": ("{n}余", "over {n}"),
        "about": ("约{n}", "about {n}"),
        "at_least": ("至少{n}", "at least {n}"),
        "below": ("不到{n}", "under {n}"),
        "tens": ("数十", "dozens of"),
        "hundreds": ("数百", "hundreds of"),
        "thousands": ("数千", "thousands of"),
        "tens_of_thousands": ("数万", "tens of thousands of"),
        "unknown": ("若干", "an unknown number of"),
    }
)
VAGUE = frozenset({"tens", "hundreds", "thousands", "tens_of_thousands", "unknown"})
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "exact": N_("准确"),
        "over": N_("余"),
        "about": N_("约"),
        "at_least": N_("至少"),
        "below": N_("不到"),
        "tens": N_("数十"),
        "hundreds": N_("数百"),
        "thousands": N_("数千"),
        "tens_of_thousands": N_("数万"),
        "unknown": N_("若干"),
    }
)
_HEADS = (
    *(("大约", "about"), ("约", "about"), ("近", "about"), ("将近", "about"), ("~", "about"), ("about", "about")),
    *(("approx", "about"), ("至少", "at_least"), ("不少于", "at_least"), (">=", "at_least"), ("≥", "at_least")),
    *(("at least", "at_least"), ("不到", "below"), ("不足", "below"), ("少于", "below"), ("under", "below")),
    *(("below", "below"), ("<", "below"), ("over", "over"), ("超过", "over"), ("逾", "over"), (">", "over")),
)
_TAILS = (
    *(("左右", "about"), ("上下", "about"), ("以上", "at_least"), ("以下", "below"), ("以内", "below")),
    *(("余", "over"), ("多", "over"), ("几", "over"), ("+", "over")),
)
_VAGUE_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("数十", "几十", "tens of", "tens", "dozens of", "dozens"), "tens"),
    **dict.fromkeys(("数百", "几百", "上百", "hundreds of", "hundreds"), "hundreds"),
    **dict.fromkeys(("数千", "几千", "上千", "thousands of", "thousands"), "thousands"),
    **dict.fromkeys(("数万", "几万", "上万", "tens of thousands of", "tens of thousands"), "tens_of_thousands"),
    **dict.fromkeys(("若干", "不详", "大量", "一批", "未统计", "unknown", "an unknown number of"), "unknown"),
}
_DIGITS = {one: value for value, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "廿": 20}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10_000, "亿": 100_000_000}
_NUMBER = (
    r"(?:(?:\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.\d+)?|[零〇一二两三四五六七八九十百千]+万[零〇一二两三四五六七八九十百千]+"
)
_NUMBER += r"|[零〇一二两三四五六七八九十百千]+(?:点[零〇一二三四五六七八九]+)?|(?=[万亿]))[十百千]?[万亿]?"
_PLAIN = re.compile(_NUMBER)
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|–|—|~|至|到|to)\s*({_NUMBER})")
_SPLIT = re.compile(rf"((?:{_NUMBER}\s*(?:-|–|—|~|至|到|to)\s*)?{_NUMBER})(.*)", re.DOTALL)
_NEIGHBOURS = re.compile(r"([一二两三四五六七八九])([一二三四五六七八九])([十百千]?)([万亿]?)")
_DOUBTFUL = re.compile(r"[一二两三四五六七八九]{2,}[十百千]")
MEAN = N_("请填数字，例如 1400多、约200、两万、7-8；说不出数就写 数万、若干，不要填 0")


@dataclass(frozen=True, slots=True)
class Read:
    """What somebody wrote (读出的数量): one number, a range, or words alone; ``unit`` is what stood behind the number."""

    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    qualifier: str = "exact"
    said: str = ""
    unit: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written at all."""
        return not self.said


class Sayable(Protocol):
    """Whatever has a quantity: an entry, an item of a bill, what was read."""

    @property
    def value(self) -> Decimal | None: ...  # noqa: D102 - fields, named as in the table
    @property
    def low(self) -> Decimal | None: ...  # noqa: D102
    @property
    def high(self) -> Decimal | None: ...  # noqa: D102
    @property
    def qualifier(self) -> str: ...  # noqa: D102
    @property
    def said(self) -> str: ...  # noqa: D102


def read_quantity(text: str, measure: str = "", field: str = "value") -> Read:
    """A quantity as it is written (1400多名, 约200, 两万, 7-8, 数万); with ``measure`` its own unit may stand behind it.

    An empty text is no quantity. Raises InvalidInput with the remedy when it is no number and no known word.
    """
    written = " ".join(unicodedata.normalize("NFKC", text).split())
    said, unit = _without_unit(written, measure)
    if not said and not unit:
        return Read()
    head, said = _take(said, _HEADS, at_start=True)
    vague = _vague(said)
    if vague is not None:
        return Read(qualifier=vague[0], said=written, unit=vague[1] or unit)
    found = _SPLIT.fullmatch(said)
    if found is None:
        raise _unreadable(field, text)
    number, rest = found[1].strip(), found[2].strip()
    tail, rest = _take(rest, _TAILS, at_start=True)
    if rest and not tail:
        tail, rest = _take(rest, _TAILS, at_start=False)
    read = Read(qualifier=head or tail or "exact", said=written, unit=rest or unit)
    if rest and (rest[0].isdigit() or rest[0] in _DIGITS or rest[0] in "+-.,*/=~:十百千万亿"):
        raise _unreadable(field, text)
    return _with_number(read, number, field, text)


def _without_unit(written: str, measure: str) -> tuple[str, str]:
    """The text without the unit of the kind at its end: 200万元 of 万元 is 200, of 元 it is 200万."""
    known = MEASURES.get(measure)
    for name in names_of(known) if known else ():
        # 个 alone is a unit; the 月 of 个月 is not one of a number.
        if written.lower().endswith(name.lower()) and len(written) > len(name):
            return written[: -len(name)].strip(), known.name_zh if known else ""
    return written, ""


def _take(said: str, marks: tuple[tuple[str, str], ...], *, at_start: bool) -> tuple[str, str]:
    """The qualifier written at one end of a text, and the rest of it."""
    low = said.lower()
    for mark, meaning in sorted(marks, key=lambda one: -len(one[0])):
        if at_start and low.startswith(mark):
            return meaning, said[len(mark) :].strip()
        if not at_start and low.endswith(mark):
            return meaning, said[: -len(mark)].strip()
    return "", said


def _vague(said: str) -> tuple[str, str] | None:
    """The qualifier of words that name no number (数万人), and what stands behind them."""
    low = said.lower()
    for word in sorted(_VAGUE_WORDS, key=lambda one: -len(one)):
        if low.startswith(word):
            return _VAGUE_WORDS[word], said[len(word) :].strip()
    return None


def _with_number(read: Read, number: str, field: str, text: str) -> Read:
    pair = _RANGE.fullmatch(number)
    if pair is not None:
        low, high = _number(pair[1], field, text), _number(pair[2], field, text)
        if pair[2][-1] in _BIG and pair[1][-1] not in _BIG:
            low *= _BIG[pair[2][-1]]  # 2-3万 is two to three times ten thousand
        if low >= high:
            raise _refuse(field, text, N_("范围的下限要小于上限"), N_("例如 7-8"))
        return replace(read, low=low, high=high)
    near = _neighbours(number)
    if near is not None:
        return replace(read, low=near[0], high=near[1])
    return replace(read, value=_number(number, field, text))


def _neighbours(said: str) -> tuple[Decimal, Decimal] | None:
    """The range that two digits in a row mean: 七八 is 7-8, 三四十 is 30-40, 两三万 is 20000-30000."""
    found = _NEIGHBOURS.fullmatch(said)
    if found is None:
        return None
    low, high = _DIGITS[found[1]], _DIGITS[found[2]]
    scale = _SCALES.get(found[3], 1) * _BIG.get(found[4], 1)
    return (Decimal(low * scale), Decimal(high * scale)) if low < high and (scale > 1 or high == low + 1) else None


def _number(said: str, field: str, text: str) -> Decimal:
    """One number in digits or in characters: 1400, 1,400, 2.3万, 两万, 三百二十."""
    if not _PLAIN.fullmatch(said.strip()) or _DOUBTFUL.search(said):
        raise _unreadable(field, text)
    bare, scale = said.replace(",", "").replace(" ", ""), Decimal(1)
    head, _ten_thousand, rest = bare.partition("万")
    if rest and rest not in _BIG:
        if "千" not in rest and rest[0] not in "零〇":
            raise _unreadable(field, text)  # 一万二 may be 12000 or 10002
        return _characters(head) * 10_000 + _characters(rest)
    while bare and bare[-1] in _BIG:
        bare, scale = bare[:-1], scale * _BIG[bare[-1]]
    if bare[:1].isdigit() and bare[-1] in _SCALES:
        bare, scale = bare[:-1], scale * _SCALES[bare[-1]]
    value = (Decimal(bare) if bare[:1].isdigit() else _characters(bare)) * scale
    fault = bound_number(value, field)
    if fault is not None:
        raise InvalidInput(faults=[fault])
    return value


def _characters(said: str) -> Decimal:
    """The number that characters write: 两 is 2, 二十一 is 21, 百 is 100, 三点五 is 3.5."""
    whole, _point, part = said.partition("点")
    total = digit = 0
    for one in whole:
        if one in _SCALES:
            total, digit = total + (digit or 1) * _SCALES[one], 0
        else:
            digit = digit * 10 + _DIGITS[one]
    found = Decimal(total + digit if whole else 1)
    return found + Decimal("0." + "".join(str(_DIGITS[one]) for one in part)) if part else found


def _unreadable(field: str, text: str) -> InvalidInput:
    return _refuse(field, text, N_("不是数量"), MEAN)


def _refuse(field: str, text: str, message: str, remedy: str) -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field, value=text.strip()[:40], remedy=remedy)])


def say_number(item: Sayable, locale: str) -> str:
    """A quantity without its unit: 1400余, over 1400; what has no number as its words."""
    zh = locale.startswith("zh")
    pattern = QUALIFIERS.get(item.qualifier, QUALIFIERS["exact"])[0 if zh else 1]
    if item.low is not None and item.high is not None:
        return pattern.format(n=f"{plain(item.low)}{'～' if zh else '–'}{plain(item.high)}")
    if item.value is None:
        words = pattern.removesuffix(" of") if item.qualifier in VAGUE else item.said
        return words or "—"
    return pattern.format(n=plain(item.value))


def say_quantity(item: Sayable, locale: str, measure: str = "") -> str:
    """A quantity with its unit in the reader's language: 1400余人, over 1400 persons; ``measure`` where the item has none."""
    code = measure or getattr(item, "measure", "")
    known = MEASURES.get(code)
    number = say_number(item, locale)
    if known is None or number == "—":
        return number
    if item.qualifier in VAGUE and item.value is None and not locale.startswith("zh"):
        number = QUALIFIERS[item.qualifier][1]
    if locale.startswith("zh"):
        return f"{number}{'' if number[-1:] > '⺀' and known.name_zh[:1] > '⺀' else ' '}{known.name_zh}"
    return f"{number} {'× ' if known.name_en[0].isdigit() else ''}{known.name_en}"
