"""Words of editions (版本用词): their titles, where they come from, what became of an indicator, where one followed another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from flask_babel import gettext

from core.campaigns import Edition
from core.campaigns.lineage import (
    CHANGED,
    COMPUTATION,
    DROPPED,
    MERGED,
    MODE,
    NEW,
    POINTS,
    REWORDED,
    SAME,
    SPLIT,
    TARGET,
    TEXT,
)
from core.errors import N_
from core.figures.by_edition import Break
from core.web.words import by_locale
from core.work.editions.choices import IN_FORCE, PRIVATE, SHADOW

ROLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {IN_FORCE: (N_("在用版本"), "active"), SHADOW: (N_("影子版本"), "waiting")}
)
# What became of an indicator or a checklist: the word and its tone.
CHANGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        SAME: (N_("未变"), "neutral"),
        REWORDED: (N_("文字有改动"), "neutral"),
        CHANGED: (N_("有改动"), "waiting"),
        SPLIT: (N_("拆分"), "waiting"),
        MERGED: (N_("合并"), "waiting"),
        DROPPED: (N_("已取消"), "held"),
        NEW: (N_("新增"), "next"),
    }
)
PARTS: Mapping[str, str] = MappingProxyType(
    {
        TEXT: N_("文字"),
        COMPUTATION: N_("计算公式"),
        TARGET: N_("目标值"),
        POINTS: N_("分值"),
        MODE: N_("计分方式"),
    }
)
OWN = N_("本区自定版本")
DRAFT = N_("征求意见稿")
SHIPPED_WORD = N_("随系统提供")


def title_of_edition(edition: Edition) -> str:
    """An edition's title in the reader's language."""
    return by_locale(edition.title_zh, edition.title_en)


def say_source(source: str, edition: Edition) -> str:
    """Where an edition comes from, in words."""
    if source == PRIVATE:
        return gettext(OWN)
    return gettext(DRAFT) if edition.draft else gettext(SHIPPED_WORD)


def say_breaks(breaks: Iterable[Break]) -> dict[int, str]:
    """Each break of a series by the place of its first period, as a chart names it."""
    return {one.index: gettext("改用%(edition)s", edition=title_of_edition(one.after)) for one in breaks}
