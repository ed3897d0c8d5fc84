"""Reading what people type (填写解析) into numbers, periods and words: a fault names the field, the value and the remedy."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

from core.errors import N_, Fault
from core.periods import Period, containing

LONGEST = 200
DIGITS = 18  # ours: whole digits of a number; a population has ten, a budget in yuan thirteen
PLACES = 6
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_DAY = re.compile(r"(\d{4})(?:[-./年](\d{1,2})(?:[-./月](\d{1,2})日?|月)?|年)?")
# 余, 多 and their like after a number say that it is a lower bound; before it, 约 that it is rounded.
_TAILS = (
    ("数万", "tens_of_thousands"),
    ("tens of thousands", "tens_of_thousands"),
    ("余", "over"),
    ("多", "over"),
    ("+", "over"),
    ("以上", "at_least"),
)
_HEADS = (
    *(("约", "about"), ("近", "about"), ("~", "about"), ("about", "about")),
    *(("至少", "at_least"), ("≥", "at_least"), (">=", "at_least"), ("at least", "at_least"), ("over", "over")),
)


def clean_text(text: str, field: str) -> tuple[str, Fault | None]:
    """A name on one line; a fault when it is empty or too long."""
    found = " ".join(unicodedata.normalize("NFKC", text).split())
    if not found:
        return "", Fault(N_("请填写"), field)
    if len(found) > LONGEST:
        return "", Fault(N_("最多 {most} 个字"), field, value=found[:20], params={"most": LONGEST})
    return found, None


def clean_code(text: str, field: str) -> tuple[str, Fault | None]:
    """A code; a fault when it is none."""
    found = text.strip()
    if _CODE.fullmatch(found):
        return found, None
    remedy = N_("以字母开头，用字母、数字、点、横线和下划线，最多 80 个字符")
    return "", Fault(N_("代码写法不对"), field, value=found[:40], remedy=remedy)


def read_number(text: str, field: str) -> tuple[Decimal | None, str, Fault | None]:
    """A number with the qualifier written on it (13000余, 约200, 3,182); an empty text is no number, not zero."""
    said, qualifier = unicodedata.normalize("NFKC", text).strip(), "exact"
    if not said:
        return None, qualifier, None
    for mark, meaning in _HEADS:
        if said.startswith(mark):
            said, qualifier = said.removeprefix(mark).strip(), meaning
    for mark, meaning in _TAILS:
        if said.endswith(mark):
            said, qualifier = said.removesuffix(mark).strip(), meaning
    if not said and qualifier == "tens_of_thousands":
        said = "10000"  # 数万 names no number: the least that it can be
    scale = Decimal(10_000) if said.endswith("万") else Decimal(1)
    said = said.removesuffix("万").replace(",", "").replace(" ", "")
    said = said.removesuffix("%") if field == "declared_rate" else said
    if not _NUMBER.fullmatch(said):
        remedy = N_("请填数字，例如 3182、12.5、13000余；没有数据就留空，不要填 0")
        return None, qualifier, Fault(N_("不是数字"), field, value=text.strip()[:40], remedy=remedy)
    value = Decimal(said) * scale
    fault = bound_number(value, field)
    return (None, qualifier, fault) if fault else (value, qualifier, None)


def bound_number(value: Decimal | None, field: str) -> Fault | None:
    """A fault for a number that is larger or finer than anything is counted."""
    try:
        if value is None or (
            abs(value) < Decimal(10) ** DIGITS and value == value.quantize(Decimal(1).scaleb(-PLACES))
        ):
            return None
    except InvalidOperation:
        pass
    remedy = N_("整数部分最多 {digits} 位，小数最多 {places} 位")
    params = {"digits": DIGITS, "places": PLACES}
    return Fault(N_("数字太大或小数位太多"), field, value=f"{value}"[:40], remedy=remedy, params=params)


def read_partial_date(text: str, field: str) -> tuple[date | None, str, Fault | None]:
    """A date as precise as it is known: 2020, 2020-11, 2020-11-01 or 2020年11月; gives its first day and its precision."""
    said = unicodedata.normalize("NFKC", text).strip()
    if not said:
        return None, "day", None
    found = _DAY.fullmatch(said)
    if found:
        year, month, day = (int(part) if part else None for part in found.groups())
        try:
            precision = "day" if day else "month" if month else "year"
            return date(year or 0, month or 1, day or 1), precision, None
        except ValueError:
            pass
    remedy = N_("可写到年、月或日：2020、2020-11、2020-11-01")
    return None, "day", Fault(N_("日期写法不对"), field, value=said[:40], remedy=remedy)


def say_partial_date(on: date | None, precision: str) -> str:
    """A date as precisely as it was given: 2020, 2020-11, 2020-11-01."""
    if on is None:
        return ""
    return {"year": f"{on:%Y}", "month": f"{on:%Y-%m}"}.get(precision, on.isoformat())


def last_finished(kind: str, today: date) -> Period:
    """The last period of a kind that is over: the one that is being asked for (本次应报的周期)."""
    return containing(kind, today).previous
