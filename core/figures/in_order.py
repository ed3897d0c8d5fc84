"""Had it been in order (假如合格): what a failed item would have brought with the best answer that its question allows.

The points come from the rule by which the item was scored; nothing here knows how a rule works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.campaigns import Answer, Item, score_item
from core.campaigns.answers import MOST
from core.campaigns.scoring import ItemScore
from core.campaigns.terms import Question


@dataclass(frozen=True, slots=True)
class Best:
    """The best result of one item (合格时的结果): points earned in 1/100, and the numbers that sums over visits read."""

    earned: int
    n: int | None
    m: int | None


def best_result(item: Item, question: Question, m: int | None, attrs: Mapping[str, Any]) -> Best:
    """What an item earns at best where ``m`` were looked at; of equal answers the smallest count, the highest rating."""
    found = max(_scores(item, question, m, attrs), key=lambda one: one.earned)
    return Best(int(found.earned * 100), found.n, found.m)


def _scores(item: Item, question: Question, m: int | None, attrs: Mapping[str, Any]) -> list[ItemScore]:
    def score(answer: Answer) -> ItemScore:
        return score_item(item, question, answer, attrs)

    if question.answer_type == "yes_no":
        return [score(Answer(yes=True)), score(Answer(yes=False))]
    if question.answer_type == "rating10":
        return [score(Answer(rating=rating)) for rating in range(10, -1, -1)]
    if question.answer_type == "n_of_m":
        return [score(Answer(n=m or 1, m=m or 1)), score(Answer(n=0, m=m or 1))]
    none, full = score(Answer(count=0)), score(Answer(count=MOST))
    if none.earned >= full.earned:
        return [none]
    low, high = 0, 1
    while score(Answer(count=high)).earned < full.earned:
        low, high = high, min(high * 2, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if score(Answer(count=middle)).earned >= full.earned else (middle, high)
    return [none, score(Answer(count=high))]
