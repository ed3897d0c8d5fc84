"""Which answers open a finding (立案界限), for pages and phones to show at once; the server judges again when they arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.campaigns import Answer, score_item
from core.campaigns.answers import MOST
from core.work.inspection.visit_plan import PlannedQuestion

RATINGS = tuple(range(10, -1, -1))
SAMPLE = 20  # of how many a share is tried out; rules speak of the number that is missing, not of the total


@dataclass(frozen=True, slots=True)
class Limits:
    """Which numbers open a finding (立案界限): below, from ``beyond`` on, or with so many ``missing``."""

    below: int | None = None
    beyond: int | None = None
    missing: int | None = None


def fails_at(one: PlannedQuestion, attrs: Mapping[str, Any]) -> Callable[[Answer], bool]:
    """Whether an answer to a question fails one of its items at a site with some attributes."""

    def fails(answer: Answer) -> bool:
        return any(score_item(i.item, one.question, answer, attrs).outcome == "fail" for i in one.items)

    return fails


def kinds_of(kind: str, fails: Callable[[Answer], bool]) -> Mapping[Any, str]:
    """Good or bad for each button of a question with buttons."""
    options: dict[Any, Answer] = {}
    if kind == "yes_no":
        options = {"yes": Answer(yes=True), "no": Answer(yes=False)}
    elif kind == "rating10":
        options = {rating: Answer(rating=rating) for rating in RATINGS}
    return {value: "bad" if fails(answer) else "good" for value, answer in options.items()}


def limits_of(kind: str, fails: Callable[[Answer], bool]) -> Limits:
    """The numbers from which a question with numbers opens a finding."""
    if kind == "n_of_m":
        missing = next((u for u in range(SAMPLE + 1) if fails(Answer(n=SAMPLE - u, m=SAMPLE))), None)
        return Limits(missing=missing)
    if kind != "count":
        return Limits()
    if fails(Answer(count=0)):
        return Limits(below=_turn(lambda count: not fails(Answer(count=count))))
    return Limits(beyond=_turn(lambda count: fails(Answer(count=count))))


def _turn(reached: Callable[[int], bool]) -> int | None:
    """The smallest count from which ``reached`` holds, which is false at 0; None when no count reaches it."""
    high = 1
    while not reached(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
