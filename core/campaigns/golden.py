"""Golden cases (验算用例): inputs and the scores that somebody computed by hand; a package without them is not accepted.

A file holds ``[[item]]`` (code, answer, attrs), ``[[form]]`` (code, answers; what is not named is left out) and
``[[indicator]]`` (code, numerator, denominator, reference, previous, size, parts, levels, measured) tables, each with an ``expect`` table
that names the fields of the score to compare; ``[[rate]]`` (numerator, denominator), ``[[change]]`` (now, before),
``[[composition]]`` (parts: name, score, weight) and ``[[sum]]`` (parts, scale) check the arithmetic that editions share, by
``value``. ``edition`` at the top picks an edition; without it the current one is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import SimpleNamespace
from typing import Any

from core.campaigns.answers import parse_answer
from core.campaigns.attainment import level_order
from core.campaigns.catalogue import Campaign, Edition
from core.campaigns.composition import Part, add_up, change, compose, rate
from core.campaigns.levels import levels_of
from core.campaigns.scoring import ItemScore, score_form, score_indicator, score_item
from core.campaigns.settings import parse_toml
from core.campaigns.tables import Faults, decode
from core.campaigns.terms import Vocabulary
from core.errors import N_, SanchengError

KINDS = ("item", "form", "indicator", "rate", "change", "composition", "sum")
_KEYS = {
    "item": {"code", "answer", "attrs", "expect"},
    "form": {"code", "answers", "expect"},
    "indicator": {
        "code",
        "numerator",
        "denominator",
        "values",
        "reference",
        "previous",
        "size",
        "parts",
        "levels",
        "measured",
        "expect",
    },
    "rate": {"code", "numerator", "denominator", "expect"},
    "change": {"code", "now", "before", "expect"},
    "composition": {"code", "parts", "expect"},
    "sum": {"code", "parts", "scale", "expect"},
}


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """One case with what was expected and what came out (验算结果)."""

    where: str
    kind: str
    code: str
    expected: Mapping[str, Any]
    got: Mapping[str, Any]
    edition: str = ""

    @property
    def ok(self) -> bool:
        """Whether every expected field came out."""
        return all(_same(value, self.got.get(name)) for name, value in self.expected.items())


def run_golden(campaign: Campaign, words: Vocabulary, data: bytes, where: str, faults: Faults) -> list[GoldenResult]:
    """Run the cases of one file; a case that cannot be run is a fault."""
    cases = parse_toml(decode(data, where, faults) or "", where, faults)
    edition = _edition(campaign, cases.pop("edition", None), where, faults)
    desk = _Desk(edition, words, where, faults)
    found: list[GoldenResult] = []
    for kind, listed in cases.items():
        if kind not in KINDS or not isinstance(listed, list):
            faults.add(
                N_("不认识的用例种类"),
                where=where,
                field=kind,
                remedy=N_("可用 [[item]] [[form]] [[indicator]] [[rate]] [[change]] [[composition]] [[sum]]"),
            )
            continue
        for case in listed:
            result = _run(kind, case, desk)
            if result is not None:
                found.append(result)
    if not found and not faults.concern(where):
        faults.add(N_("文件里没有用例"), where=where, remedy=N_("请写至少一个用例"))
    return found


def _edition(campaign: Campaign, key: str | None, where: str, faults: Faults) -> Edition:
    for edition in campaign.shipped:
        if edition.key == key:
            return edition
    if key is not None:
        faults.add(N_("没有这个版本"), where=where, field="edition", value=str(key), remedy=N_("请写版本文件夹的名称"))
    return campaign.edition


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a case is computed with, and where its faults go."""

    edition: Edition
    words: Vocabulary
    where: str
    faults: Faults

    def fault(self, message: str, field: str, value: str, remedy: str) -> None:
        self.faults.add(message, where=self.where, field=field, value=value, remedy=remedy)


def _run(kind: str, case: Any, desk: _Desk) -> GoldenResult | None:
    if not isinstance(case, dict):
        desk.fault(N_("用例写法有误"), kind, str(case), N_("请写成 [[item]] 加若干行设置"))
        return None
    code = str(case.get("code", ""))
    strange = set(case) - _KEYS[kind]
    expected = case.get("expect")
    if strange or not isinstance(expected, dict) or not expected:
        remedy = N_("请核对名称，并写 expect = ……，列出应得结果")
        desk.fault(N_("用例写法有误"), f"{kind}.{code}", ", ".join(sorted(strange)), remedy)
        return None
    try:
        score = _SCORERS[kind](code, case, desk.edition, desk.words)
    except (SanchengError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        desk.fault(N_("用例无法计算"), f"{kind}.{code}", str(error), N_("请核对输入"))
        return None
    return GoldenResult(desk.where, kind, code, expected, _got(score, expected), desk.edition.key)


def _got(score: object, expected: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(score, name, None) for name in expected}


def _item(code: str, case: dict[str, Any], edition: Edition, words: Vocabulary) -> ItemScore:
    item = edition.item(code)
    question = words.questions[item.question]
    return score_item(item, question, parse_answer(question, case["answer"]), case.get("attrs", {}))


def _form(code: str, case: dict[str, Any], edition: Edition, words: Vocabulary) -> Any:  # a FormScore
    form = edition.form(code)
    results = {c: _item(c, {"answer": a}, edition, words) for c, a in case["answers"].items()}
    for one in results:
        if one not in {i.code for i in form.items}:
            raise KeyError(one)
    return score_form(form, results)


def _indicator(code: str, case: dict[str, Any], edition: Edition, _words: Vocabulary) -> Any:  # an IndicatorScore
    given = {k: v for k, v in case.items() if k not in ("code", "expect")}
    if "parts" in given:
        given["parts"] = [tuple(pair) for pair in given["parts"]]
    indicator = edition.indicator(code)
    if "measured" in given:
        given["levels"] = levels_of(edition.levels, code, level_order(indicator), given.pop("measured"))
    return score_indicator(indicator, **given)


def _rate(_code: str, case: dict[str, Any], _edition: Edition, _words: Vocabulary) -> Any:
    return SimpleNamespace(value=rate(case["numerator"], case["denominator"]))


def _change(_code: str, case: dict[str, Any], _edition: Edition, _words: Vocabulary) -> Any:
    return SimpleNamespace(value=change(case["now"], case["before"]))


def _composition(_code: str, case: dict[str, Any], _edition: Edition, _words: Vocabulary) -> Any:  # a Composition
    return compose([Part(one["name"], one.get("score"), one["weight"]) for one in case["parts"]])


def _sum(_code: str, case: dict[str, Any], _edition: Edition, _words: Vocabulary) -> Any:
    return SimpleNamespace(value=add_up(case["parts"], case["scale"]))


_SCORERS: Mapping[str, Callable[[str, dict[str, Any], Edition, Vocabulary], Any]] = {
    "item": _item,
    "form": _form,
    "indicator": _indicator,
    "rate": _rate,
    "change": _change,
    "composition": _composition,
    "sum": _sum,
}


def _same(expected: Any, got: Any) -> bool:  # numbers by value, all else as it is written
    if isinstance(expected, list):
        return [str(e) for e in expected] == [str(g) for g in got or ()]
    if isinstance(expected, bool) or got is None or isinstance(got, bool):
        return expected is got
    if isinstance(got, Decimal):
        try:
            return Decimal(str(expected)) == got
        except InvalidOperation:
            return False
    return bool(expected == got)
