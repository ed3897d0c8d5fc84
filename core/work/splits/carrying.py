"""Carries shares over to a new issue (沿用上一版): by the clauses that are the same; what could not be carried is listed.

Nothing is rescaled and nothing is lost in silence: a share is carried as it was, or it stands in the list with its points.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.campaigns import Edition
from core.campaigns.lineage import CHANGED, DROPPED, MERGED, REWORDED, SAME, SPLIT, lineage_of
from core.errors import N_
from core.work.splits.portions import Portion, portions_of
from core.work.splits.reading import Line

UNCERTAIN, GONE = "uncertain", "gone"
# Why shares of a clause were not carried.
REASONS: Mapping[str, str] = {
    SPLIT: N_("条款拆分成了几条"),
    MERGED: N_("几条合并成了一条"),
    DROPPED: N_("新版测评体系没有这一条"),
    UNCERTAIN: N_("条款相似，但承接关系没有确认"),
    GONE: N_("新版分解表没有这一条"),
}


@dataclass(frozen=True, slots=True)
class Left:
    """A clause whose shares were not carried (未承接): with the points that its units carried, in 1/100."""

    code: str
    title: str
    why: str
    points: int
    shares: tuple[Portion, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """What becomes of an old table's shares in a new one (承接结果): new code -> old clause; what is left; whose points moved."""

    lines: Mapping[str, Line]
    left: tuple[Left, ...]
    moved: tuple[tuple[str, int, int], ...]


def code_map(old: Edition, new: Edition) -> dict[str, tuple[str, str]]:
    """Old code -> new code ('' for none) and why not, from the lineage of two editions; one edition is the same throughout."""
    if old.sha256 == new.sha256:
        return {one.code: (one.code, "") for one in old.indicators}
    found: dict[str, tuple[str, str]] = {}
    for change in lineage_of(old, new).changes:
        for code in change.old:
            if change.kind in (SAME, REWORDED, CHANGED):
                found[code] = (change.new[0], "") if change.decided else ("", UNCERTAIN)
            else:
                found[code] = ("", change.kind)
    return found


def carry(lines: Iterable[Line], codes: Mapping[str, tuple[str, str]], points: Mapping[str, int]) -> Carried:
    """Hold old clauses against the new table's codes and their points in 1/100; the district's own clauses keep their code."""
    found: dict[str, Line] = {}
    left: list[Left] = []
    moved: list[tuple[str, int, int]] = []
    for line in lines:
        row = line.row
        code, why = codes.get(row.code, (row.code, ""))
        if code not in points or code in found:
            if line.shares:
                left.append(Left(row.code, row.title, why or GONE, line.shared, tuple(portions_of(line))))
            continue
        found[code] = line
        if points[code] != row.points:
            moved.append((code, row.points, points[code]))
    return Carried(found, tuple(left), tuple(moved))


def own_clauses(lines: Iterable[Line], old: Edition, new_codes: Collection[str]) -> list[Line]:
    """The clauses that the district had added itself (自定条款): they belong to no edition and go into every new table."""
    known = {one.code for one in old.indicators}
    return [line for line in lines if line.row.code not in known and line.row.code not in new_codes]
