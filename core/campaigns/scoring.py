"""Points from answers (计分): one item, one form, one indicator; exact inside, two decimals half-up at the end.

"Passed" is the same in every campaign: yes; no occurrence (deduct) or as many as needed (min_count); a rating of 7 or more;
n = m; any grade but the last. Not applicable is left out, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Any

from core.campaigns.answers import Answer
from core.campaigns.arithmetic import ALL, NONE, clamp, exact, half_up
from core.campaigns.attainment import IndicatorScore, score_indicator
from core.campaigns.catalogue import Form, Item
from core.campaigns.rules import PASS_RATING, Rule, fits, parse_rule
from core.campaigns.terms import Question
from core.errors import N_, Fault, InvalidInput

__all__ = ["FormScore", "IndicatorScore", "ItemScore", "score_form", "score_indicator", "score_item"]

KEY_GROUP_FLOOR = Fraction(7, 10)  # a key group under 70 % of its points vetoes (secret-visit rule, frameworks 3.2)
NO_LENGTH = N_("未登记点位长度，按一个路段计算")


@dataclass(frozen=True, slots=True)
class ItemScore:
    """What one answer earns on one item (检查项得分).

    ``n`` of ``m`` for sums over visits: 1 of 1 or 0 of 1 for yes/no and ratings, the answer's own n of m; for a count ``n``
    is the count and ``m`` None. Not applicable: outcome 'na', 0 of 0. ``note`` says when an assumption was made.
    """

    outcome: str
    earned: Decimal
    possible: Decimal
    n: int | None = None
    m: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FormScore:
    """What one visit earns on one form (检查表得分). ``percent`` is None when nothing applied.

    ``veto`` lists the key groups under 70 % of their points (一票否决), empty when there is none.
    """

    earned: Decimal
    possible: Decimal
    percent: Decimal | None
    veto: tuple[str, ...] = ()


READ_ATTRS = ("length_m",)
NOTHING = Decimal("0.00")
NOT_APPLICABLE = ItemScore("na", NOTHING, Decimal(0))


def attrs_read(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """The site's attributes that a rule can read (计分用到的点位属性): a visit keeps them as they were on its day."""
    return {name: attrs[name] for name in READ_ATTRS if name in attrs}


def reads_attrs(item: Item) -> bool:
    """Whether an item's points depend on an attribute of the site."""
    return bool(parse_rule(item.mode, item.rule).per_metres)


def score_item(item: Item, question: Question, answer: Answer, attrs: Mapping[str, Any]) -> ItemScore:
    """The points of one item for one answer.

    ``attrs`` are the site's declared attributes; ``length_m`` scales a need "per 500m" (longer than one stretch: in
    proportion, rounded up; shorter or unknown: one stretch). Raises InvalidInput when the answer does not fit.
    """
    if answer.na or (answer.m == 0 and question.answer_type == "n_of_m"):
        return NOT_APPLICABLE
    rule = parse_rule(item.mode, item.rule)
    raw = _raw(item, question, rule, answer)
    share, passed, note = _share(item, rule, raw, answer, attrs)
    n, m = _tally(question.answer_type, answer)
    return ItemScore("pass" if passed else "fail", _earned(share, item.points), item.points, n, m, note)


def _earned(share: Fraction, points: Decimal) -> Decimal:
    """A share of the points, to two decimals; most items of a visit earn all of them or none."""
    if share.numerator == share.denominator:
        return _whole(points)
    return half_up(share * exact(points)) if share.numerator else NOTHING


@lru_cache(maxsize=4096)
def _whole(points: Decimal) -> Decimal:
    return half_up(exact(points))


def _raw(item: Item, question: Question, rule: Rule, answer: Answer) -> int:
    """The answer as one whole number: 1/0 for yes/no, the count, the rating, n (or m - n for unmet) of n-of-m."""
    values = {"yes_no": answer.yes, "count": answer.count, "rating10": answer.rating, "n_of_m": answer.n}
    raw = values[question.answer_type]
    if raw is None or (question.answer_type == "n_of_m" and answer.m is None):
        raise _misfit(item, N_("没有作答"))
    if not fits(item.mode, rule, question.answer_type):
        raise _misfit(item, N_("计分方式与答案类型不符"))
    return (answer.m or 0) - int(raw) if rule.source == "unmet" else int(raw)


def _misfit(item: Item, message: str) -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field=item.code, value=item.mode, remedy=N_("请核对检查项的定义"))])


def _share(item: Item, rule: Rule, raw: int, answer: Answer, attrs: Mapping[str, Any]) -> tuple[Fraction, bool, str]:
    """Share of the points earned (0..1), whether the item passed, and a note."""
    if item.mode == "conform":
        passed = rule.passes(raw) if rule.source else raw == 1
        return (ALL if passed else NONE), passed, ""
    if item.mode == "band10":
        rating = rule.rating_of(raw) if rule.bands else raw
        return Fraction(rating, 10), rating >= PASS_RATING, ""
    if item.mode == "grade":
        letter, share = rule.grade_of(raw)
        return share, bool(letter), ""
    if item.mode == "deduct":
        lost = min(rule.per * raw, rule.cap) / exact(item.points) if raw else NONE
        return clamp(1 - lost) if lost else ALL, raw == 0, ""
    if item.mode == "ratio":
        return Fraction(raw, answer.m or 1), raw == answer.m, ""
    need, note = _need(rule, attrs)
    return clamp(Fraction(raw, need)), raw >= need, note


def _need(rule: Rule, attrs: Mapping[str, Any]) -> tuple[int, str]:
    """How many are needed on this site, and a note when its length is not known."""
    if not rule.per_metres:
        return rule.need, ""
    length = _length(attrs.get("length_m"))
    if length is None:
        return rule.need, NO_LENGTH
    return max(rule.need, ceil(rule.need * length / rule.per_metres)), ""


def _length(value: Any) -> Fraction | None:
    """A length in metres from a site attribute; None when it is missing or no positive number."""
    try:
        length = Decimal(str(value)) if value is not None else Decimal(0)
    except InvalidOperation:
        return None
    return exact(length) if length.is_finite() and length > 0 else None


def _tally(answer_type: str, answer: Answer) -> tuple[int | None, int | None]:
    if answer_type == "yes_no":
        return int(bool(answer.yes)), 1
    if answer_type == "rating10":
        return int((answer.rating or 0) >= PASS_RATING), 1
    return (answer.n, answer.m) if answer_type == "n_of_m" else (answer.count, None)


def score_form(form: Form, results: Mapping[str, ItemScore]) -> FormScore:
    """The form's points from its items' scores by item code; what is not applicable or not answered is left out."""
    scored = [(i, results[i.code]) for i in form.items if i.code in results and results[i.code].outcome != "na"]
    earned = sum((s.earned for _, s in scored), Decimal(0))
    possible = sum((s.possible for _, s in scored), Decimal(0))
    percent = half_up(exact(earned) / exact(possible) * 100) if possible else None
    return FormScore(earned, possible, percent, _vetoes(scored))


def _vetoes(scored: list[tuple[Item, ItemScore]]) -> tuple[str, ...]:
    """The key groups whose earned points stay under 70 % of what was possible."""
    groups: dict[str, list[ItemScore]] = {}
    for item, score in scored:
        if item.key not in ("", "key"):
            groups.setdefault(item.key, []).append(score)
    return tuple(
        group
        for group, members in groups.items()
        if exact(sum(s.earned for s in members)) < KEY_GROUP_FLOOR * exact(sum(s.possible for s in members))
    )
