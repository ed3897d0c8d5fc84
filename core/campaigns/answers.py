"""Answers as given on the spot (作答): checked against the question, kept without any edition's points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.campaigns.terms import Question
from core.errors import N_, Fault, InvalidInput

MOST = 100_000  # no count on one site is larger; it also keeps the storage type safe (ours)

_KEYS = {"yes_no": ("yes",), "count": ("count",), "rating10": ("rating",), "n_of_m": ("n", "m")}
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer (作答): not applicable, or the one or two values that its question asks for."""

    na: bool = False
    yes: bool | None = None
    count: int | None = None
    rating: int | None = None
    n: int | None = None
    m: int | None = None


def parse_answer(question: Question, raw: Mapping[str, Any]) -> Answer:
    """An answer from a page or the API, e.g. ``{"n": 7, "m": 9}`` or ``{"na": true}``.

    Whole numbers may come as text, as pages send them. ``m = 0`` means there was nothing to look at: not applicable.
    Raises InvalidInput with one fault a value: unknown key, wrong type, out of range, n over m, no answer at all.
    """
    reader = _Reader(question.code)
    given = {str(k): v for k, v in raw.items() if v is not None and v != ""}
    wanted = _KEYS[question.answer_type]
    for key in given.keys() - {*wanted, "na"}:
        reader.refuse(key, given[key], N_("这个问题不收这一项"), N_("只填：{keys}"), keys=", ".join(wanted))
    na = reader.flag("na", given["na"]) if "na" in given else False
    if na and any(k in given for k in wanted):
        reader.refuse("na", given["na"], N_("既选了不适用又填了答案"), N_("两者只留一个"))
    values: dict[str, Any] = {} if na else {k: reader.value(k, given.get(k)) for k in wanted}
    reader.settle()
    answer = Answer(na=bool(na), **values)
    if answer.n is not None and answer.m is not None and answer.n > answer.m:
        reader.refuse("n", answer.n, N_("合格数不能多于检查数"), N_("n 应不大于 m（{m}）"), m=answer.m)
        reader.settle()
    return Answer(na=True) if answer.m == 0 else answer


def to_raw(answer: Answer) -> dict[str, Any]:
    """The answer as the plain mapping that :func:`parse_answer` reads; only what was given."""
    if answer.na:
        return {"na": True}
    pairs = (("yes", answer.yes), ("count", answer.count), ("rating", answer.rating), ("n", answer.n), ("m", answer.m))
    return {key: value for key, value in pairs if value is not None}


class _Reader:
    """Reads single values and collects their faults."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.faults: list[Fault] = []

    def refuse(self, key: str, value: Any, message: str, remedy: str, **params: Any) -> None:
        place = f"{self.code}.{key}"
        shown = "" if value is None else str(value)[:40]
        self.faults.append(Fault(message, field=place, value=shown, remedy=remedy, params=params))

    def settle(self) -> None:
        if self.faults:
            raise InvalidInput(faults=self.faults)

    def value(self, key: str, raw: Any) -> bool | int | None:
        if raw is None:
            self.refuse(key, raw, N_("没有作答"), N_("请作答，或选“不适用”"))
            return None
        return self.flag(key, raw) if key == "yes" else self.whole(key, raw, 10 if key == "rating" else MOST)

    def flag(self, key: str, raw: Any) -> bool | None:
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.lower() in _YES:
            return _YES[raw.lower()]
        self.refuse(key, raw, N_("应为是或否"), N_("请填 true 或 false"))
        return None

    def whole(self, key: str, raw: Any, most: int) -> int | None:
        is_text = isinstance(raw, str) and raw.isascii() and raw.removeprefix("-").isdigit() and len(raw) <= 12
        if isinstance(raw, bool) or not (isinstance(raw, int) or is_text):
            self.refuse(key, raw, N_("应为整数"), N_("请填 0 到 {most} 之间的整数"), most=most)
            return None
        number = int(raw)
        if not 0 <= number <= most:
            self.refuse(key, raw, N_("超出范围"), N_("请填 0 到 {most} 之间的整数"), most=most)
            return None
        return number
