"""Words of rankings and cards (亮牌用词): numbers, places and the reason for each card as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from flask_babel import gettext

from core.campaigns.arithmetic import half_up
from core.errors import N_, SanchengError
from core.figures.rules import number_text
from core.web.errors import say
from core.web.words import by_locale, counted
from core.work.marks.card_moves import CARD_STATES, MOVES, STEPS
from core.work.marks.card_proposing import Proposal
from core.work.marks.card_rules import MEASURES, PERCENT, RANK, Colour, League, Scheme
from core.work.marks.card_schemes import SCHEME_STATES, STATE_MOVES
from core.work.tables import CardIssue
from core.work.wording import SEPARATOR

PERIOD_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "day": N_("每天"),
        "ten_day": N_("每旬"),
        "week": N_("每周"),
        "month": N_("每月"),
        "quarter": N_("每季度"),
        "year": N_("每年"),
    }
)
TONES: Mapping[str, str] = MappingProxyType(
    {
        "red": N_("红"),
        "orange": N_("橙"),
        "yellow": N_("黄"),
        "green": N_("绿"),
        "blue": N_("蓝"),
        "white": N_("白"),
        "black": N_("黑"),
    }
)
RULES: Mapping[str, str] = MappingProxyType(
    {
        "top": N_("前几名"),
        "bottom": N_("末几名"),
        "top_share": N_("前百分之几"),
        "bottom_share": N_("末百分之几"),
        "ranks": N_("第几名到第几名"),
        "rest": N_("其余全部"),
    }
)
BOUNDS: Mapping[str, str] = MappingProxyType(
    {"at_least": N_("不低于"), "above": N_("高于"), "at_most": N_("不高于"), "below": N_("低于")}
)
EFFECTS: Mapping[str, str] = MappingProxyType({"deduct": N_("扣分"), "cap": N_("封顶"), "bar": N_("一票否决")})
WHY_NONE: Mapping[str, str] = MappingProxyType(
    {
        "no_data": N_("没有数据，不排名"),
        "low_volume": N_("数量不足，不排名"),
        "few_days": N_("有名次的天数不足，不亮牌"),
        "no_rule": N_("不在任何一种牌的范围内"),
        "small_league": N_("本组单位太少，不亮最差的牌"),
        "all_tied": N_("本组全部并列，不分先后"),
        "tie_out": N_("名次界线落在并列之间，按办法都不亮"),
    }
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A card as it is drawn (牌面): a patch of its tone, always with its word."""

    label: str
    meaning: str
    tone: str


def card_of(card: CardIssue) -> Shown:
    """A kept card by the words that were kept with it."""
    said: Mapping[str, str] = card.reason.get("card", {})
    label = by_locale(said.get("label", card.colour), said.get("label_en", ""))
    return Shown(label, by_locale(said.get("meaning", ""), said.get("meaning_en", "")), said.get("tone", "white"))


def colour_of(colour: Colour) -> Shown:
    """A card of a scheme."""
    return Shown(by_locale(colour.label, colour.label_en), by_locale(colour.meaning, colour.meaning_en), colour.tone)


def say_title(scheme: Scheme) -> str:
    """A scheme's title in the reader's language."""
    return by_locale(scheme.title, scheme.title_en)


def say_league(league: League | None, key: str = "") -> str:
    """A league's title; its key when the scheme has it no more."""
    return by_locale(league.title, league.title_en) if league else key


def say_measure(scheme: Scheme) -> str:
    """What is ranked each day."""
    return gettext(scheme.measure.title_zh)


def say_ratio(numerator: int, denominator: int, unit: str) -> str:
    """A number with what it is made of: 90.00% (9/10), or a count."""
    if not denominator:
        return "—"
    if unit == PERCENT:
        return f"{percent_of(numerator, denominator)}%"
    if unit == RANK:
        return str(half_up(Fraction(numerator, denominator)))
    return number_text(Fraction(numerator, denominator))


def percent_of(numerator: int, denominator: int) -> Decimal:
    """A share in per cent, rounded half-up at the very end."""
    return half_up(Fraction(numerator * 100, denominator))


def say_state(code: str) -> str:
    """A card's state."""
    return gettext(CARD_STATES[code].title_zh) if code in CARD_STATES else code


def say_step(verb: str) -> str:
    """A step of a card's history."""
    return gettext(STEPS[verb]) if verb in STEPS else verb


def say_scheme_state(code: str) -> str:
    """A scheme's state."""
    return gettext(SCHEME_STATES[code][0])


def say_refusal(error: SanchengError) -> str:
    """A refusal of the cards' room; the names of states and steps in it are translated too."""
    words = {one.title_zh for one in (*CARD_STATES.values(), *MOVES.values())}
    words |= {one[0] for one in SCHEME_STATES.values()} | {one[2] for one in STATE_MOVES.values()}
    params = {key: _translated(value, words) for key, value in error.params.items()}
    return say(type(error)(error.message, **params))


def _translated(value: Any, words: set[str]) -> Any:
    if not isinstance(value, str):
        return value
    parts = value.split(SEPARATOR)
    return gettext("、").join(gettext(part) for part in parts) if set(parts) <= words else value


def reason_of_proposal(scheme: Scheme, one: Proposal) -> list[str]:
    """Why a subject gets a proposed card, or none."""
    value = one.value
    numbers = {"numerator": value.numerator, "denominator": value.denominator, "unit": scheme.unit}
    return say_reason(dict(one.reason) | numbers | {"measure": scheme.measure.code}, one.rank, scheme)


def reason_of_card(card: CardIssue, scheme: Scheme) -> list[str]:
    """Why a kept card was given, by what was kept with it."""
    return say_reason(card.reason, card.rank, scheme)


def say_reason(reason: Mapping[str, Any], rank: int | None, scheme: Scheme) -> list[str]:
    """The reason in plain words: the number, the place, the rule, then what outranks it."""
    why = reason.get("why", "")
    said = [_number(reason)] if reason.get("denominator") else []
    if rank is not None:
        said.append(_place(reason, rank))
    if reason.get("earned") and why != "corrected":
        said.append(_rule(reason, scheme))
    elif why in WHY_NONE:
        said.append(gettext(WHY_NONE[why]))
    if reason.get("split"):
        said.append(gettext("名次界线落在并列之间，按办法并列的一起亮牌"))
    return said + list(_beyond(reason, scheme))


def _number(reason: Mapping[str, Any]) -> str:
    over, under, unit = reason["numerator"], reason["denominator"], reason["unit"]
    measure = MEASURES.get(reason.get("measure", ""))
    name = gettext(measure.title_zh) if measure else ""
    value = say_ratio(over, under, unit)
    if unit == RANK:
        return gettext("%(measure)s逐日名次 %(days)s 天平均 %(value)s", measure=name, days=under, value=value)
    if unit == PERCENT:
        return gettext("%(measure)s %(value)s（%(over)s/%(under)s）", measure=name, value=value, over=over, under=under)
    return f"{name} {value}"


def _place(reason: Mapping[str, Any], rank: int) -> str:
    size, tied = reason.get("size", 0), reason.get("tied", 1)
    if tied > 1:
        return gettext("%(size)s 个中并列第 %(rank)s（%(tied)s 个相同）", size=size, rank=rank, tied=tied)
    return gettext("%(size)s 个中第 %(rank)s", size=size, rank=rank)


def _rule(reason: Mapping[str, Any], scheme: Scheme) -> str:
    colour = scheme.colour(reason["earned"])
    label = colour_of(colour).label if colour else reason["earned"]
    conditions = [*_places(reason), *_bounds(reason)]
    return gettext("%(rule)s：%(card)s", rule=gettext("、").join(conditions), card=label)


def _places(reason: Mapping[str, Any]) -> Iterable[str]:
    rule, numbers, cut = reason.get("rule", ""), reason.get("numbers", [0]), reason.get("cut", 0)
    if rule == "top":
        yield gettext("前 %(n)s 名", n=cut)
    elif rule == "bottom":
        yield gettext("末 %(n)s 名", n=cut)
    elif rule == "top_share":
        yield gettext("前 %(share)s%%，即 %(n)s 个", share=numbers[0], n=cut)
    elif rule == "bottom_share":
        yield gettext("末 %(share)s%%，即 %(n)s 个", share=numbers[0], n=cut)
    elif rule == "ranks":
        yield gettext("第 %(first)s 至 %(last)s 名", first=numbers[0], last=numbers[1])
    elif rule == "rest":
        yield gettext("其余全部")


def _bounds(reason: Mapping[str, Any]) -> Iterable[str]:
    sign = "%" if reason.get("unit") == PERCENT else ""
    for name, bound in reason.get("bounds", {}).items():
        yield f"{gettext(BOUNDS[name])} {number_text(Fraction(bound))}{sign}"


def _beyond(reason: Mapping[str, Any], scheme: Scheme) -> Iterable[str]:
    """What outranks the place: a streak, a mark, the negative list, a correction."""
    streak, mark, veto = reason.get("streak"), reason.get("mark"), reason.get("veto")
    if streak:
        words = {
            "n": streak["periods"],
            "was": label_of(scheme, streak["colour"]),
            "now": label_of(scheme, streak["to"]),
        }
        yield gettext("连续 %(n)s 期%(was)s，改亮%(now)s", **words)
    if mark:
        yield counted("连续 %(n)s 期：%(mark)s", n=mark["periods"], mark=by_locale(mark["zh"], mark["en"]))
    if veto:
        yield gettext("负面清单：%(title)s（%(on)s），不论名次", title=veto["title"], on=veto["on"])
    if reason.get("why") == "corrected":
        was = label_of(scheme, reason.get("instead_of", ""))
        yield gettext("更正：原为%(was)s。%(note)s", was=was, note=reason.get("note", ""))


def label_of(scheme: Scheme, code: str) -> str:
    """A card's name by its code; the code when the scheme has it no more."""
    colour = scheme.colour(code)
    return colour_of(colour).label if colour else code


def say_give(scheme: Scheme, colour: Colour) -> str:
    """How a colour is given, for the scheme's own page."""
    give = colour.give
    bounds = {name: str(bound) for name, bound in give.bounds.items()}
    unit = scheme.unit
    reason = {"rule": give.rule, "numbers": [give.first, give.last], "cut": give.first, "bounds": bounds, "unit": unit}
    if give.rule.endswith("share"):
        side = gettext("前 %(share)s%%", share=give.first) if give.rule == "top_share" else ""
        places = [side or gettext("末 %(share)s%%", share=give.first)]
    else:
        places = list(_places(reason))
    return gettext("、").join([*places, *_bounds(reason)])


def say_sponsor(line: Mapping[str, Any]) -> str:
    """A sponsor as a card keeps him: name, title."""
    name = line.get("person_name") or line.get("unit_name") or ""
    return " ".join(part for part in (line.get("title") or "", name) if part)


def say_did(line: Mapping[str, Any]) -> str:
    """What the sponsor did in the card's period."""
    did = line.get("did")
    if not did:
        return ""
    entries = did.get("entries", {})
    numbers = {"came": entries.get("visit", 0) + did.get("inspections", 0), "closed": did.get("closed", 0)}
    said = gettext("到现场 %(came)s 次，办结 %(closed)s 件", **numbers)
    return said + gettext("，包保地销号 %(n)s 件", n=did["at_places"]) if did.get("at_places") else said
