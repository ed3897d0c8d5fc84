"""What is due at a site (检查方案): the forms of all enabled campaigns, and each question asked once, where one stands.

One visit to a produce market answers three campaigns' forms: 37 items, 34 questions. A form that two campaigns share is
one set of questions and two sheets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from core.campaigns import Campaign, Form, Item, Question, load_vocabulary
from core.campaigns.rules import Rule, parse_rule
from core.errors import N_


@dataclass(frozen=True, slots=True)
class Hint:
    """What passes (合格要求): a source text with its values, for the edge to translate."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class PlannedForm:
    """One campaign's form due at the site (应查检查表)."""

    campaign: Campaign
    form: Form

    @property
    def key(self) -> tuple[str, str]:
        """Campaign and form, as sheets are keyed."""
        return self.campaign.key, self.form.code


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One item that a question serves (对应检查项)."""

    planned: PlannedForm
    item: Item

    @property
    def campaign(self) -> Campaign:
        """The campaign whose item this is."""
        return self.planned.campaign


@dataclass(frozen=True, slots=True)
class PlannedQuestion:
    """A question asked once (观测项), with everything that one needs on the spot and the items it serves."""

    question: Question
    items: tuple[PlannedItem, ...]
    hints: tuple[Hint, ...]

    @property
    def code(self) -> str:
        """The question's code; answers, photos and notes are sent under it."""
        return self.question.code

    @property
    def key(self) -> bool:
        """Whether one of its items is a key item (关键项)."""
        return any(one.item.key for one in self.items)

    @property
    def item_codes(self) -> str:
        """The codes of its items, for messages."""
        return "、".join(dict.fromkeys(one.item.code for one in self.items))


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that one answers standing in one spot (检查分组)."""

    code: str
    title_zh: str
    title_en: str
    questions: tuple[PlannedQuestion, ...]


@dataclass(frozen=True)
class VisitPlan:
    """The forms and questions due at one site (检查方案).

    ``not_asked`` are questions that are due by now but were not in the forms that the visit was opened with.
    """

    forms: tuple[PlannedForm, ...]
    groups: tuple[QuestionGroup, ...]
    not_asked: tuple[str, ...] = ()

    @cached_property
    def questions(self) -> Mapping[str, PlannedQuestion]:
        """All questions by code, in the order they are asked."""
        return {q.code: q for group in self.groups for q in group.questions}

    @property
    def item_count(self) -> int:
        """How many items the questions serve."""
        return sum(len(planned.form.items) for planned in self.forms)


# Families of finding categories in the order of a walk: the entrance, the ground, the stalls, the back rooms (ours).
_SPOTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("PRO", ("PRO", "EDU"), N_("宣传公示"), "Notices and adverts"),
    ("ORD", ("ORD",), N_("公共秩序"), "Public order"),
    ("ENV", ("ENV",), N_("环境卫生"), "Cleanliness"),
    ("FAC", ("FAC",), N_("公共设施"), "Public facilities"),
    ("ZONE", ("ZONE",), N_("分区布局"), "Layout"),
    ("SAF", ("SAF",), N_("消防安全"), "Safety"),
    ("SMK", ("SMK", "TOB"), N_("控烟"), "Smoking"),
    ("SRV", ("SRV", "MIN"), N_("服务与未成年人"), "Service and minors"),
    ("DINE", ("DINE",), N_("文明用餐"), "Dining"),
    ("LIC", ("LIC", "HC"), N_("证照健康证"), "Licences and certificates"),
    ("FD", ("FD",), N_("食品安全"), "Food safety"),
    ("DISINF", ("DISINF", "MED"), N_("消毒与医疗废物"), "Disinfection and medical waste"),
    ("VEC", ("VEC",), N_("病媒防制"), "Vector control"),
)
_OTHER = ("OTHER", N_("其他"), "Other")
_SPOT_OF = {prefix: code for code, prefixes, _, _ in _SPOTS for prefix in prefixes}


def plan(site_types: Iterable[str], campaigns: Sequence[Campaign]) -> VisitPlan:
    """The forms due at a site of these types for the given (enabled) campaigns, and their questions, each once."""
    return _plan(frozenset(site_types), tuple(campaigns))


@lru_cache(maxsize=512)
def _plan(site_types: frozenset[str], campaigns: tuple[Campaign, ...]) -> VisitPlan:
    return plan_of([PlannedForm(c, f) for c in campaigns for f in c.edition.forms_for(site_types)])


def plan_of(forms: Iterable[PlannedForm]) -> VisitPlan:
    """The questions of given forms, each once: of those that a visit answered, when it is corrected."""
    forms = tuple(forms)
    vocabulary = load_vocabulary()
    for campaign in {planned.campaign.key: planned.campaign for planned in forms}.values():
        vocabulary = vocabulary.with_own(questions=campaign.questions)
    vocabulary = vocabulary.with_own(questions=(one for planned in forms for one in planned.form.questions))
    served: dict[str, list[PlannedItem]] = {}
    for planned in forms:
        for item in planned.form.items:
            served.setdefault(item.question, []).append(PlannedItem(planned, item))
    asked = [PlannedQuestion(vocabulary.questions[code], tuple(i), _hints(i)) for code, i in served.items()]
    return VisitPlan(forms, _grouped(asked))


def _grouped(asked: list[PlannedQuestion]) -> tuple[QuestionGroup, ...]:
    """Questions by the spot of their first item's category; inside a spot in the order of the forms."""
    found: dict[str, list[PlannedQuestion]] = {}
    for one in asked:
        found.setdefault(_SPOT_OF.get(one.items[0].item.category.split("-")[0], "OTHER"), []).append(one)
    spots = [(code, zh, en) for code, _, zh, en in _SPOTS] + [_OTHER]
    return tuple(QuestionGroup(code, zh, en, tuple(found[code])) for code, zh, en in spots if code in found)


def _hints(items: list[PlannedItem]) -> tuple[Hint, ...]:
    """The distinct requirements of a question's items; an item's own hint wins over its rule."""
    found = [Hint(one.item.hint) if one.item.hint else _rule_hint(one.item) for one in items]
    return tuple({(h.text, tuple(h.params.items())): h for h in found if h is not None}.values())


def _rule_hint(item: Item) -> Hint | None:
    """An item's rule in words; None where the answer says it all."""
    rule = parse_rule(item.mode, item.rule)
    if item.mode == "min_count":
        return _need_hint(rule)
    if item.mode == "deduct":
        return Hint(N_("每发现一处扣 {per} 分，扣完 {cap} 分为止"), {"per": _plain(rule.per), "cap": _plain(rule.cap)})
    if rule.source == "unmet" or item.mode == "ratio":
        return Hint(N_("合格数 / 检查数，全部合格为合格"))
    if rule.source == "count":
        return Hint(N_("填发现的处数，没有填 0"))
    return Hint(N_("9–10 分好，7–8 分合格，0–6 分不合格")) if item.mode == "band10" else None


def _need_hint(rule: Rule) -> Hint:
    if rule.per_metres:
        return Hint(N_("每 {metres} 米不少于 {need} 处"), {"metres": rule.per_metres, "need": rule.need})
    return Hint(N_("不少于 {need} 处"), {"need": rule.need})


def _plain(value: Any) -> str:  # a fraction from a rule, as it is written there
    return str(value.numerator) if value.denominator == 1 else str(float(value))
