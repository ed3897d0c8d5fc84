"""Reads a card scheme (亮牌办法) from its JSON and refuses what cannot be carried out, naming the field and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import N_, InvalidInput
from core.work.marks.card_rules import (
    APPEAL_DAYS,
    BASES,
    BOUNDS,
    BY_LEAD,
    BY_PLACE,
    BY_VALUE,
    BY_WILSON,
    CLASSES,
    DIRECTIONS,
    EFFECTS,
    FINDINGS,
    LONGEST_WINDOW,
    MEASURES,
    METHODS,
    ONE_DAY,
    OUT,
    PERIODS,
    PLACE_RULES,
    PROGRESS,
    RANKS,
    SCORES,
    TIES,
    TONES,
    WHOLE_PERIOD,
    Colour,
    Give,
    League,
    Measure,
    Scheme,
    Streak,
    Veto,
)
from core.work.marks.card_values import Reader

LONGEST_MEANING = 200


def read_scheme(raw: Any, *, kept: bool = False) -> Scheme:
    """A scheme out of parsed JSON. Raises InvalidInput with every fault: field, value, remedy.

    ``kept``: it was checked when it was written; keys that this version does not know are left aside.
    """
    read = Reader(kept=kept)
    body = read.part(raw, "", "scheme")
    basis = read.one_of(body.get("basis"), BASES, "basis")
    daily = _read_daily(read, body, basis)
    measure = _read_measure(read, body, daily or basis)
    colours = _read_colours(read, body.get("colours"))
    codes = [one.code for one in colours]
    eligibility = read.part(body.get("eligibility", {}), "eligibility", "eligibility")
    small = read.part(body.get("small", {}), "small", "small")
    scheme = Scheme(
        title=read.text(body.get("title"), "title", required=True),
        title_en=read.text(body.get("title_en"), "title_en"),
        period=read.one_of(body.get("period"), PERIODS, "period"),
        basis=basis,
        daily=daily,
        measure=measure,
        campaign=read.text(body.get("campaign"), "campaign", required=measure.basis == SCORES),
        categories=read.codes(body.get("categories"), "categories"),
        window=_read_window(read, body.get("window")),
        direction=read.one_of(body.get("direction"), DIRECTIONS, "direction", measure.direction),
        leagues=_read_leagues(read, body.get("leagues"), measure),
        colours=colours,
        volume=read.whole(eligibility.get("volume"), "eligibility.volume", 0, 10**6),
        days=read.whole(eligibility.get("days"), "eligibility.days", 0, LONGEST_WINDOW),
        ties=read.one_of(body.get("ties"), TIES, "ties", OUT),
        small_under=read.whole(small.get("under"), "small.under", 0, 1000),
        small_worst=read.whole(small.get("worst"), "small.worst", 0, 1),
        streaks=tuple(_streak(read, p, one, codes) for p, one in read.parts(body.get("streaks"), "streaks", "streak")),
        vetoes=tuple(_veto(read, p, one, codes) for p, one in read.parts(body.get("vetoes"), "vetoes", "veto")),
        sponsors=read.yes(body.get("sponsors", True), "sponsors"),
        appeal_days=read.whole(body.get("appeal_days"), "appeal_days", 1, 60, APPEAL_DAYS),
        method=read.one_of(body.get("method"), METHODS, "method", BY_VALUE),
    )
    _check_measure(read, scheme)
    if read.faults:
        raise InvalidInput(faults=read.faults)
    return scheme


def _check_measure(read: Reader, scheme: Scheme) -> None:
    """What only findings can be ranked by: categories, and the interval of a rate."""
    measure = scheme.measure
    if scheme.method == BY_WILSON and not (measure.is_rate and measure.basis == FINDINGS):
        remedy = N_("请改为 value，或选一个问题的比率（如办结率）")
        read.note(N_("只有问题的比率才能按区间排名"), "method", measure.code, remedy)
    if scheme.categories and measure.basis != FINDINGS:
        read.note(N_("只有按问题排名才能限定类别"), "categories", remedy=N_("请删去类别，或把依据改为问题整改"))


def _read_daily(read: Reader, body: Mapping[str, Any], basis: str) -> str:
    """What is ranked each day, when the card is decided by the mean of those ranks."""
    said = body.get("daily")
    if basis == RANKS:
        return read.one_of(said, (FINDINGS, SCORES, PROGRESS), "daily")
    if said not in (None, ""):
        read.note(N_("只有按逐日名次亮牌才写这一项"), "daily", said, N_("请删去，或把依据改为 ranks"))
    return ""


def _read_measure(read: Reader, body: Mapping[str, Any], source: str) -> Measure:
    known = [code for code, one in MEASURES.items() if one.basis == source]
    return MEASURES[read.one_of(body.get("measure"), known or list(MEASURES), "measure")]


def _read_window(read: Reader, raw: Any) -> str:
    if raw is None or raw in (WHOLE_PERIOD, ONE_DAY):
        return raw or WHOLE_PERIOD
    if isinstance(raw, str):
        read.note(N_("没有这个取值"), "window", raw, N_("可填：{known}"), known="period, day, 1–366")
        return WHOLE_PERIOD
    return str(read.whole(raw, "window", 1, LONGEST_WINDOW, 1))


def _read_leagues(read: Reader, raw: Any, measure: Measure) -> tuple[League, ...]:
    found = [_league(read, place, one, measure) for place, one in read.parts(raw, "leagues", "league")]
    if not found:
        read.note(N_("没有组别"), "leagues", remedy=N_("请至少写一个组别，说明谁和谁比"))
    read.refuse_twins("leagues", [one.key for one in found], "key")
    return tuple(found)


def _league(read: Reader, place: str, raw: Mapping[str, Any], measure: Measure) -> League:
    kinds, types = (read.codes(raw.get(name), f"{place}.{name}") for name in ("kinds", "site_types"))
    for kind in kinds:
        if kind not in CLASSES:
            read.note(N_("没有这个取值"), f"{place}.kinds", kind, N_("可填：{known}"), known=", ".join(CLASSES))
    groups = {CLASSES[kind] for kind in kinds if kind in CLASSES}
    if len(groups) > 1:
        remedy = N_("片区只同片区比，部门只同部门比；请分成几个组别")
        read.note(N_("不同类的单位不能排在一起"), f"{place}.kinds", ", ".join(kinds), remedy)
    units, sites = (read.ids(raw.get(name), f"{place}.{name}") for name in ("units", "sites"))
    if sum(map(bool, (kinds, types, units, sites))) != 1:
        remedy = N_("kinds、site_types、units、sites 中恰好写一项")
        read.note(N_("组别的成员没有写清楚"), place, remedy=remedy)
    if measure.code == "share" and (types or sites or groups & {"area", "group", "department", "operator"}):
        remedy = N_("请改用 checklist（检查表得分率），或只比街道、社区")
        read.note(N_("这些单位没有考核得分"), f"{place}", measure.code, remedy)
    if measure.basis == PROGRESS and (types or sites):
        read.note(N_("点位没有任务"), place, measure.code, N_("请改为单位的组别"))
    lead = bool(groups & {"department", "operator"})
    count_by = read.one_of(raw.get("count_by"), (BY_PLACE, BY_LEAD), f"{place}.count_by", BY_LEAD if lead else BY_PLACE)
    if count_by == BY_LEAD and (types or sites or measure.basis == SCORES):
        read.note(N_("点位和得分只能按所在地统计"), f"{place}.count_by", count_by, N_("请改为 place"))
    return League(
        key=read.code(raw.get("key"), f"{place}.key"),
        title=read.text(raw.get("title"), f"{place}.title", required=True),
        title_en=read.text(raw.get("title_en"), f"{place}.title_en"),
        kinds=kinds,
        site_types=types,
        units=units,
        sites=sites,
        count_by=count_by,
    )


def _read_colours(read: Reader, raw: Any) -> tuple[Colour, ...]:
    found = [_colour(read, place, one) for place, one in read.parts(raw, "colours", "colour")]
    if not found:
        read.note(N_("没有牌色"), "colours", remedy=N_("请从最好到最差写出每一种牌，至少一种"))
    read.refuse_twins("colours", [one.code for one in found], "code")
    if sum(one.give.rule == "rest" for one in found) > 1:
        read.note(N_("只能有一种牌给其余单位"), "colours", remedy=N_("请只留一个 rest"))
    return tuple(found)


def _colour(read: Reader, place: str, raw: Mapping[str, Any]) -> Colour:
    return Colour(
        code=read.code(raw.get("code"), f"{place}.code"),
        label=read.text(raw.get("label"), f"{place}.label", 20, required=True),
        label_en=read.text(raw.get("label_en"), f"{place}.label_en", 40),
        meaning=read.text(raw.get("meaning"), f"{place}.meaning", LONGEST_MEANING, required=True),
        meaning_en=read.text(raw.get("meaning_en"), f"{place}.meaning_en", LONGEST_MEANING),
        tone=read.one_of(raw.get("tone"), TONES, f"{place}.tone"),
        give=_give(read, f"{place}.give", read.part(raw.get("give"), f"{place}.give", "give")),
    )


def _give(read: Reader, place: str, raw: Mapping[str, Any]) -> Give:
    """At most one rule about places, and bounds besides."""
    rules = [name for name in PLACE_RULES if raw.get(name) is not None]
    if len(rules) > 1:
        remedy = N_("名次的规则只留一条；另可加分数线")
        read.note(N_("这几条规则不能同时使用"), place, ", ".join(rules), remedy)
    bounds = {name: read.number(raw[name], f"{place}.{name}") for name in BOUNDS if raw.get(name) is not None}
    if not rules and not bounds:
        remedy = N_("可用：{known}")
        read.note(N_("没有写这种牌怎样给"), place, remedy=remedy, known=", ".join((*PLACE_RULES, *BOUNDS)))
        return Give()
    rule = rules[0] if rules else ""
    first, last = _numbers(read, f"{place}.{rule}", rule, raw.get(rule))
    return Give(rule, first, last, bounds)


def _numbers(read: Reader, place: str, rule: str, raw: Any) -> tuple[int, int]:
    if rule in ("top", "bottom"):
        return read.whole(raw, place, 1, 10**6, 1), 0
    if rule in ("top_share", "bottom_share"):
        return read.whole(raw, place, 1, 100, 1), 0
    if rule == "rest" and raw is not True:
        read.note(N_("应为 true"), place, raw, N_("其余单位都给这种牌时写 true"))
    if rule != "ranks":
        return 0, 0
    if not isinstance(raw, list) or len(raw) != 2:
        read.note(N_("应为两个名次"), place, raw, N_("例如 [4, 6]"))
        return 1, 1
    first, last = (read.whole(one, place, 1, 10**6, 1) for one in raw)
    if first > last:
        read.note(N_("名次的次序反了"), place, raw, N_("先写靠前的名次"))
    return first, last


def _streak(read: Reader, place: str, raw: Mapping[str, Any], codes: Sequence[str]) -> Streak:
    to, mark = raw.get("to") or "", read.text(raw.get("mark"), f"{place}.mark", 40)
    if bool(to) == bool(mark):
        read.note(N_("连续亮牌后怎样办没有写清楚"), place, remedy=N_("to（改亮哪种牌）和 mark（加注）恰好写一项"))
    return Streak(
        colour=_known_colour(read, raw.get("colour"), f"{place}.colour", codes),
        periods=read.whole(raw.get("periods", ""), f"{place}.periods", 2, 36, 2),
        to=_known_colour(read, to, f"{place}.to", codes) if to else "",
        mark=mark,
        mark_en=read.text(raw.get("mark_en"), f"{place}.mark_en", 60),
    )


def _veto(read: Reader, place: str, raw: Mapping[str, Any], codes: Sequence[str]) -> Veto:
    return Veto(
        read.one_of(raw.get("effect"), EFFECTS, f"{place}.effect"),
        _known_colour(read, raw.get("colour"), f"{place}.colour", codes),
    )


def _known_colour(read: Reader, raw: Any, place: str, codes: Sequence[str]) -> str:
    if raw not in codes:
        read.note(N_("没有这种牌"), place, raw or "", N_("可填：{known}"), known=", ".join(codes))
        return ""
    return str(raw)
