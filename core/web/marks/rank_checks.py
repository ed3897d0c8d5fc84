"""Corrections of a day's ranks on the page (排名更正): places and values before and after, and what a check came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext

from core.request import db
from core.web.marks import card_words as words
from core.web.words import counted, listed
from core.work.marks.card_rules import League
from core.work.marks.card_schemes import Kept
from core.work.marks.rank_corrections import Changed, Correction, corrections_of_day, is_replayed
from core.work.marks.ranking_days import KeptDay, Placed

MOST_NAMED = 12  # subjects named in one message (ours)
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Mended:
    """One subject of a correction (更正行): place, value and volume, each before and after."""

    name: str
    rank: Pair
    value: Pair
    n: Pair


def read_corrections(kept: Kept, found: KeptDay | None, league: League) -> list[tuple[Correction, list[Mended]]]:
    """What each correction of a day changed in a league; no query for a day that was computed once."""
    if found is None or not found.is_corrected:
        return []
    unit = kept.scheme.measure.unit
    return [
        (one, [_mended(change, unit) for change in one.changed if change.league == league.key])
        for one in corrections_of_day(db(), kept.row.id, found.day)
    ]


def _mended(change: Changed, unit: str) -> Mended:
    before, after = _cells(change.before, unit), _cells(change.after, unit)
    rank, value, n = zip(before, after, strict=True)
    return Mended(change.name, rank, value, n)


def _cells(one: Placed | None, unit: str) -> tuple[str, str, str]:
    if one is None:
        return "—", "—", "—"
    return str(one.rank or "—"), words.say_ratio(one.numerator, one.denominator, unit), str(one.n)


def say_check(kept: Kept, day: date, before: KeptDay | None, revision: int) -> tuple[str, str]:
    """What checking a day came to, and its tone; ``before`` is the day as it was kept, ``revision`` what it is now."""
    on = day.isoformat()
    if not revision:
        return gettext("%(day)s 没有可排名的对象", day=on), "warning"
    if before is None:
        return gettext("%(day)s 的名次已经算好", day=on), "success"
    if revision != before.revision:
        changed = corrections_of_day(db(), kept.row.id, day)[0].changed
        names = listed(dict.fromkeys(one.name for one in changed[:MOST_NAMED]))
        text = counted("%(day)s 有 %(n)s 个对象和留存的不同，已更正：%(names)s", len(changed), day=on, names=names)
        return text, "warning"
    if is_replayed(before):
        return gettext("%(day)s 核对一致：按留存的数据重排、按现在的记录重算，都和留存的名次相同", day=on), "success"
    return gettext("%(day)s 按留存的数据重排得不出留存的名次，请报告管理员", day=on), "error"
