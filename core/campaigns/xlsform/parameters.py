"""The column parameters (参数列), such as ``start=0 end=10 step=1``: what each type takes, and of what form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from core.campaigns.xlsform.sheets import Line
from core.errors import N_

RATING = "start=0 end=10 step=1"
_PAIR = re.compile(r"([\w-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|\$\{[^}]*\}|[^\s,;]+)")
_WHOLE, _NUMBER = re.compile(r"[0-9]{1,9}"), re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_FLAG, _SEED = re.compile(r"true|false"), re.compile(r"-?[0-9]{1,15}(\.[0-9]+)?|\$\{[^}]+\}")
_SELECT = {"randomize": _FLAG, "seed": _SEED}
#: type -> parameter -> the form of its value
_TAKEN: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "range": {"start": _NUMBER, "end": _NUMBER, "step": _NUMBER},
    "select_one": _SELECT,
    "select_multiple": _SELECT,
    "image": {"max-pixels": _WHOLE},
    "text": {"rows": _WHOLE},
    "geopoint": {"capture-accuracy": _NUMBER, "warning-accuracy": _NUMBER, "allow-mock-accuracy": _FLAG},
}
#: What ODK knows beside: left out, and said so
_LEFT_OUT = frozenset({"placeholder", "tick_interval", "tick_labelset", "app", "reference-geometry", "quality"})


def pairs_of(said: str) -> dict[str, str]:
    """The pairs of a cell, names in small letters."""
    return {key.lower(): value.strip("\"'") for key, value in _PAIR.findall(said)}


def read_parameters(line: Line, kind: str, *, scored: bool) -> str:
    """The parameters that a type takes, in one spelling; faults are noted in the cell."""
    said = line.text("parameters")
    if _PAIR.sub("", said).strip(" ,;"):
        line.error("parameters", N_("参数写法有误"), N_("请写成 start=0 end=10 这样的“名称=值”，用空格隔开"))
        return ""
    taken = _TAKEN.get(kind, {})
    kept = {}
    for key, given in pairs_of(said).items():
        form = taken.get(key)
        value = given.lower() if form is _FLAG else given
        if form is not None and form.fullmatch(value):
            kept[key] = value
        elif form is not None:
            line.error("parameters", N_("参数 {part} 的值无效"), N_("请改正或删去这个参数"), part=key, value=value)
        elif key in _LEFT_OUT or not taken:
            line.tell("parameters", N_("本系统不用参数 {part}，已略过"), part=key)
        else:
            remedy = N_("可用的参数：{names}")
            line.error("parameters", N_("没有参数 {part}"), remedy, part=key, names=", ".join(taken))
    if kind == "range":
        _check_range(line, kept)
    return " ".join(f"{key}={value}" for key, value in kept.items()) or (RATING if kind == "range" and scored else "")


def _check_range(line: Line, kept: Mapping[str, str]) -> None:
    """A step fits between the bounds."""
    low, high, step = range_bounds(" ".join(f"{key}={value}" for key, value in kept.items()))
    if not 0 < step <= high - low:
        line.error("parameters", N_("步长应大于 0 且不超过范围"), N_("请写成 start=0 end=10 step=1"))


def range_bounds(parameters: str) -> tuple[Decimal, Decimal, Decimal]:
    """The smallest and largest value of a range and its step; XLSForm's own defaults are 1 to 10 by 1."""
    pairs = pairs_of(parameters)
    try:
        start, end, step = (
            Decimal(pairs.get(key, usual)) for key, usual in (("start", "1"), ("end", "10"), ("step", "1"))
        )
    except InvalidOperation:
        start, end, step = Decimal(1), Decimal(10), Decimal(1)
    return min(start, end), max(start, end), abs(step)
