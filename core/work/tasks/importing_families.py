"""Rows that lie under one another (上下级): in any order in a file; circles, unknown parents and too many levels are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from core.errors import N_
from core.work.tasks.importing_sheet import Line

MOST_LEVELS = 12  # ours: from the headquarters to a grid there are six


def later_than(line: Line, limit: date) -> None:
    """Refuse a row whose last day is after its parent's."""
    remedy, said = N_("请填 {due} 或以前的日期，或先延长上级任务"), line.row.cells.get("due_on", "")
    line.refuse("due_on", N_("截止日期晚于上级任务"), remedy, said, due=limit.isoformat())


def under_limit(line: Line, limit: date) -> None:
    """Refuse a row whose last day is after its parent's, if it is."""
    if line.values["due_on"] > limit:
        later_than(line, limit)


def refuse_below(line: Line, new: Mapping[str, Line]) -> None:
    """Refuse a row whose parent in the same file was refused."""
    above = new.get(line.parent)
    if above is not None and above.faults and not line.faults:
        remedy = N_("请先改好第 {at} 行")
        line.refuse("parent", N_("上级任务所在的第 {at} 行没有被接受"), remedy, line.parent, at=above.row.number)


def levels_of(new: Mapping[str, Line], standing: Mapping[str, Any], known: set[str]) -> dict[str, int]:
    """How deep each new row lies under the others; unknown parents and circles are refused."""
    levels: dict[str, int] = {}
    for key in new:
        chain: dict[str, None] = {}
        here = key
        while here in new and here not in levels and here not in chain and not new[here].faults:
            chain[here] = None
            here = new[here].parent
        if here in chain:
            _circle([new[one] for one in list(chain)[list(chain).index(here) :]])
        elif here and here not in new and here not in standing:
            _no_parent(new[next(reversed(chain))], here, known)
        level = levels.get(here, -1)
        for one in reversed(chain):
            level += 1
            refuse_below(new[one], new)
            if level >= MOST_LEVELS:
                remedy = N_("请并到上一级，或分成几项任务")
                new[one].refuse("parent", N_("任务最多分 {most} 级"), remedy, new[one].parent, most=MOST_LEVELS)
            if not new[one].faults:
                levels[one] = level
    return levels


def _circle(lines: Sequence[Line]) -> None:
    loop = " → ".join([line.key for line in lines[:5]] + [lines[0].key])
    for line in lines:
        remedy = N_("请改其中一行的上级编号：{loop}")
        line.refuse("parent", N_("上级编号绕成了一圈"), remedy, line.parent, loop=loop)


def _no_parent(line: Line, key: str, known: set[str]) -> None:
    if key in known:
        line.refuse("parent", N_("上级任务所在的行没有被接受"), N_("请先改好编号为 {code} 的那一行"), key, code=key)
    else:
        remedy = N_("请填本文件里或系统里已有的任务编号，没有就留空")
        line.refuse("parent", N_("没有这个上级任务"), remedy, key)
