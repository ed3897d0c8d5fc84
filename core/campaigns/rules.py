"""How an item's points come from the shared answer (计分规则): the ``rule`` column, read once.

====================  =====================================================================================
mode                  rule
====================  =====================================================================================
conform               ``0 or full``, or ``from=count;pass=0``, ``from=rating10;pass>=7``
deduct                ``per=2,cap=12``: points taken off for each occurrence, and the most that can be taken off
band10                ``9-10/7-8/0-6`` (a note to the inspector), or ``from=count;0=10;1=8;2=7;else=0``,
                      ``from=unmet;0=10;1=8;else=0`` (unmet = m - n of an n-of-m answer)
ratio                 ``ok/checked`` (names what is counted, a note)
min_count             ``need=2``, or ``need=9 per 500m`` (by the site's ``length_m``)
grade                 ``A>=9=1;B>=7=2/3;else=1/3`` by the rating, or ``from=count;A<=0=1;B<=2=2/3;else=0``: A full, B two
                      thirds, C one third or nothing, as the edition says; the last grade does not pass
====================  =====================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from core.campaigns.expressions import compare
from core.errors import N_, Fault, InvalidInput

#: mode -> the answer type it scores by itself; another type needs a rule that starts with ``from=``
NATURAL = {
    "conform": "yes_no",
    "deduct": "count",
    "band10": "rating10",
    "ratio": "n_of_m",
    "min_count": "count",
    "grade": "rating10",
}
#: what ``from=`` may read -> the answer type it is read from
SOURCES = {"count": "count", "unmet": "n_of_m", "rating10": "rating10"}
PASS_RATING = 7  # 9-10 good, 7-8 pass, 0-6 fail

_DEDUCT = re.compile(r"per=(\d+(?:\.\d+)?),\s*cap=(\d+(?:\.\d+)?)", re.ASCII)
_NEED = re.compile(r"need=(\d+)(?:\s+per\s+(\d+)\s*m)?", re.ASCII)
_PASS = re.compile(r"pass(<=|>=|<|>|=)(\d+)", re.ASCII)
_GRADE = re.compile(r"([A-Z])(<=|>=|<|>|=)(\d+)=(\d+(?:/[1-9]\d*|\.\d+)?)", re.ASCII)
_LAST = re.compile(r"else=(\d+(?:/[1-9]\d*|\.\d+)?)", re.ASCII)
_BAND = re.compile(r"(\d+|else)=(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as data (规则). ``source`` is '' when the mode scores its natural answer."""

    source: str = ""
    per: Fraction = Fraction(0)
    cap: Fraction = Fraction(0)
    need: int = 0
    per_metres: int = 0
    bands: tuple[tuple[int, int], ...] = ()
    otherwise: int = 0
    passing: tuple[str, int] | None = None
    grades: tuple[tuple[str, str, int, Fraction], ...] = ()  # letter, comparison, bound, share: the first that holds
    last: Fraction = Fraction(0)

    def rating_of(self, raw: int) -> int:
        """The rating 0..10 that a raw number stands for (分档)."""
        return dict(self.bands).get(raw, self.otherwise)

    def grade_of(self, raw: int) -> tuple[str, Fraction]:
        """The grade that a raw number reaches (等次) and its share of the points; '' is the last one, which does not pass."""
        for letter, op, bound, share in self.grades:
            if compare(op, Fraction(raw), Fraction(bound)):
                return letter, share
        return "", self.last

    def passes(self, raw: int) -> bool:
        """Whether a raw number passes ``pass=``."""
        op, bound = self.passing or ("=", 0)
        return compare(op, Fraction(raw), Fraction(bound))


class BadRule(InvalidInput):
    """A rule that cannot be read (计分规则有误)."""

    code = "bad_rule"


@lru_cache(maxsize=1024)
def parse_rule(mode: str, rule: str) -> Rule:
    """The rule of an item; BadRule with the remedy when the mode cannot be scored by it."""
    if mode not in NATURAL:
        raise _bad(mode, N_("没有这种计分方式"), N_("可用：conform, deduct, band10, ratio, min_count, grade"))
    if rule.startswith("from="):
        return _derived(mode, rule)
    if mode == "deduct":
        return _deduct(rule)
    if mode == "grade":
        return _grades("", rule, rule.split(";"))
    return _min_count(rule) if mode == "min_count" else Rule()


def fits(mode: str, rule: Rule, answer_type: str) -> bool:
    """Whether a mode and its rule can score answers of this type."""
    return answer_type == (SOURCES[rule.source] if rule.source else NATURAL[mode])


def _bad(value: str, message: str, remedy: str) -> BadRule:
    return BadRule(faults=[Fault(message, field="rule", value=value, remedy=remedy)])


def _deduct(rule: str) -> Rule:
    match = _DEDUCT.fullmatch(rule)
    if match is None or Fraction(match[1]) == 0:
        raise _bad(rule, N_("扣分规则写法有误"), N_("请写成 per=2,cap=12"))
    return Rule(per=Fraction(match[1]), cap=Fraction(match[2]))


def _min_count(rule: str) -> Rule:
    match = _NEED.fullmatch(rule)
    if match is None or int(match[1]) == 0 or (match[2] and int(match[2]) == 0):
        raise _bad(rule, N_("数量规则写法有误"), N_("请写成 need=2 或 need=9 per 500m"))
    return Rule(need=int(match[1]), per_metres=int(match[2] or 0))


def _derived(mode: str, rule: str) -> Rule:
    """A rule that reads another kind of answer: bands for band10, ``pass`` for conform."""
    head, *terms = rule.split(";")
    source = head.removeprefix("from=")
    if source not in SOURCES:
        raise _bad(rule, N_("from= 的来源不认识"), N_("可用：count, unmet, rating10"))
    if mode == "conform":
        match = _PASS.fullmatch(terms[0]) if len(terms) == 1 else None
        if match is None:
            raise _bad(rule, N_("缺少合格条件"), N_("请写成 from=count;pass=0"))
        return Rule(source=source, passing=(match[1], int(match[2])))
    if mode == "grade":
        return _grades(source, rule, terms)
    if mode != "band10":
        raise _bad(rule, N_("这种计分方式不能用 from="), N_("from= 只用于 conform、band10 和 grade"))
    return _bands(source, rule, terms)


def _bands(source: str, rule: str, terms: list[str]) -> Rule:
    found: dict[str, int] = {}
    for term in terms:
        match = _BAND.fullmatch(term)
        if match is None or int(match[2]) > 10 or match[1] in found:
            raise _bad(rule, N_("分档写法有误"), N_("请写成 from=count;0=10;1=8;else=0，分档为 0 到 10"))
        found[match[1]] = int(match[2])
    if "else" not in found or len(found) < 2:
        raise _bad(rule, N_("分档不完整"), N_("请至少写一档并以 else=0 结尾"))
    bands = tuple((int(k), v) for k, v in found.items() if k != "else")
    return Rule(source=source, bands=bands, otherwise=found["else"])


def _grades(source: str, rule: str, terms: list[str]) -> Rule:
    """Grades from best to worst, each with its share; ``else=`` comes last."""
    *listed, end = (term.strip() for term in terms)
    found = [_GRADE.fullmatch(term) for term in listed]
    last = _LAST.fullmatch(end)
    grades = tuple((m[1], m[2], int(m[3]), Fraction(m[4])) for m in found if m)
    shares = [*(share for *_, share in grades), Fraction(last[1]) if last else Fraction(2)]
    falling = all(one > other for one, other in pairwise(shares))
    if last is None or not grades or None in found or not falling or shares[0] > 1:
        raise _bad(rule, N_("等次规则写法有误"), N_("请写成 A>=9=1;B>=7=2/3;else=1/3，得分率由高到低"))
    return Rule(source=source, grades=grades, last=shares[-1])
