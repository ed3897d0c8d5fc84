"""What a card scheme says (亮牌办法): its parts as plain data, and the words that its keys may take. No database here.

A scheme is written as JSON (:mod:`core.work.marks.card_reading` reads and checks it, docs/cards.md explains every key). What a
colour means is the district's own: red is the best card in one place and the worst in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID

from core.errors import N_

PERIODS = ("day", "ten_day", "week", "month", "quarter", "year")

FINDINGS = "findings"  # what became of problems
SCORES = "scores"  # points of a campaign
RANKS = "ranks"  # the mean of the daily ranks of the period
PROGRESS = "progress"  # tasks
BASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        RANKS: (N_("本期逐日名次的平均"), "mean of the daily ranks"),
        FINDINGS: (N_("问题整改"), "findings"),
        SCORES: (N_("考核得分"), "scores"),
        PROGRESS: (N_("任务进度"), "progress of tasks"),
    }
)

PERCENT, COUNT, RANK = "percent", "count", "rank"
MORE, LESS = "more", "less"
DIRECTIONS = (MORE, LESS)
BY_VALUE, BY_WILSON = "value", "wilson"
METHODS = (BY_VALUE, BY_WILSON)  # ranked by the rate itself, or by the end of its interval that speaks against it
IN, OUT = "in", "out"
TIES = (IN, OUT)
WHOLE_PERIOD, ONE_DAY = "period", "day"
LONGEST_WINDOW = 366
APPEAL_DAYS = 5  # working days in which an appeal is decided, where the scheme names none (ours)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number by which subjects are compared (排名指标): its unit, and whether more of it is better."""

    code: str
    basis: str
    title_zh: str
    title_en: str
    unit: str
    direction: str

    @property
    def is_rate(self) -> bool:
        """Whether it is a share of something, so that nothing to share is no data."""
        return self.unit == PERCENT


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        one.code: one
        for one in (
            Measure("on_time_rate", FINDINGS, N_("按期办结率"), "closed on time", PERCENT, MORE),
            Measure("closing_rate", FINDINGS, N_("办结率"), "closed of those found", PERCENT, MORE),
            Measure("overdue", FINDINGS, N_("超期未办结"), "overdue", COUNT, LESS),
            Measure("open", FINDINGS, N_("未办结"), "still open", COUNT, LESS),
            Measure("found", FINDINGS, N_("发现问题"), "found", COUNT, LESS),
            Measure("returns", FINDINGS, N_("退回次数"), "returned", COUNT, LESS),
            Measure("relapse_rate", FINDINGS, N_("反弹率"), "relapsed", PERCENT, LESS),
            Measure("share", SCORES, N_("占已评估分"), "of assessed points", PERCENT, MORE),
            Measure("checklist", SCORES, N_("检查表得分率"), "of checklist points", PERCENT, MORE),
            Measure("task_rate", PROGRESS, N_("任务完成率"), "tasks done", PERCENT, MORE),
            Measure("task_verified_rate", PROGRESS, N_("任务核验完成率"), "tasks done and verified", PERCENT, MORE),
            Measure("tasks_overdue", PROGRESS, N_("任务超期"), "tasks overdue", COUNT, LESS),
        )
    }
)

# Kinds of unit that may meet in one league; what stands in different lines is never ranked together (S0-11).
CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "area": "area",
        "subdistrict": "subdistrict",
        "community": "community",
        "village": "community",
        "grid": "grid",
        "department": "department",
        "hq": "department",
        "operator": "operator",
        "work_group": "group",
        "guidance_group": "group",
    }
)
SITE = "site"
TONES = ("red", "orange", "yellow", "green", "blue", "white", "black")
PLACE_RULES = ("top", "bottom", "top_share", "bottom_share", "ranks", "rest")
BOUNDS = ("at_least", "above", "at_most", "below")
EFFECTS = ("deduct", "cap", "bar")
BY_PLACE, BY_LEAD = "place", "lead"

# Every key that a scheme may hold, by part; the documentation is compared with this.
KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "scheme": (
            *("title", "title_en", "period", "basis", "daily", "measure", "campaign", "categories", "window"),
            *(
                "direction",
                "method",
                "leagues",
                "colours",
                "eligibility",
                "ties",
                "small",
                "streaks",
                "vetoes",
                "sponsors",
            ),
            "appeal_days",
        ),
        "league": ("key", "title", "title_en", "kinds", "site_types", "units", "sites", "count_by"),
        "colour": ("code", "label", "label_en", "meaning", "meaning_en", "tone", "give"),
        "give": (*PLACE_RULES, *BOUNDS),
        "eligibility": ("volume", "days"),
        "small": ("under", "worst"),
        "streak": ("colour", "periods", "to", "mark", "mark_en"),
        "veto": ("effect", "colour"),
    }
)


@dataclass(frozen=True, slots=True)
class League:
    """Who is compared with whom (组别): units of some kinds, sites of some types, or a list by name.

    ``count_by``: ``place`` counts what happened in the territory, ``lead`` what the unit leads. ``group`` is the class that
    keeps areas and departments apart; '' for a list of units, whose class is known where the units are.
    """

    key: str
    title: str
    title_en: str = ""
    kinds: tuple[str, ...] = ()
    site_types: tuple[str, ...] = ()
    units: tuple[UUID, ...] = ()
    sites: tuple[UUID, ...] = ()
    count_by: str = BY_PLACE

    @property
    def of_sites(self) -> bool:
        """Whether the subjects are sites, such as shops."""
        return bool(self.site_types or self.sites)


@dataclass(frozen=True, slots=True)
class Give:
    """How a colour is given (亮牌条件): at most one rule about places, and bounds that the value must keep besides.

    ``rule`` is one of PLACE_RULES or ''; ``first`` and ``last`` are its numbers (k, per cent, or a range of ranks).
    """

    rule: str = ""
    first: int = 0
    last: int = 0
    bounds: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Colour:
    """One card (牌): its code, its name, what it means here, the tone in which it is drawn, and how it is given."""

    code: str
    label: str
    label_en: str
    meaning: str
    meaning_en: str
    tone: str
    give: Give


@dataclass(frozen=True, slots=True)
class Streak:
    """So many periods in a row on a colour (连续亮牌) give another colour, or a mark beside the same one."""

    colour: str
    periods: int
    to: str = ""
    mark: str = ""
    mark_en: str = ""


@dataclass(frozen=True, slots=True)
class Veto:
    """An entry of the negative list that is in force gives this colour at once (一票否决)."""

    effect: str
    colour: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """A card scheme (亮牌办法), read and checked. ``colours`` stand best to worst; ``window`` is 'period', 'day' or days.

    ``method`` ``wilson`` ranks a rate by the lower end of its interval (the upper, where less is better), so that few cases
    do not lead many. ``volume`` and ``days`` say who is eligible; in a league of fewer than ``small_under`` ranked subjects at most
    ``small_worst`` get the worst card. ``appeal_days`` are the working days in which an appeal is decided.
    """

    title: str
    title_en: str
    period: str
    basis: str
    daily: str
    measure: Measure
    campaign: str
    categories: tuple[str, ...]
    window: str
    direction: str
    leagues: tuple[League, ...]
    colours: tuple[Colour, ...]
    volume: int
    days: int
    ties: str
    small_under: int
    small_worst: int
    streaks: tuple[Streak, ...]
    vetoes: tuple[Veto, ...]
    sponsors: bool
    appeal_days: int = APPEAL_DAYS
    method: str = BY_VALUE

    @property
    def source(self) -> str:
        """Where the daily numbers come from: findings, scores or the progress of tasks."""
        return self.daily or self.basis

    @property
    def by_ranks(self) -> bool:
        """Whether the card is decided by the mean of the daily ranks."""
        return self.basis == RANKS

    @property
    def more_is_better(self) -> bool:
        """Whether the daily number is better the more it is."""
        return self.direction == MORE

    @property
    def unit(self) -> str:
        """The unit of the number that decides the card."""
        return RANK if self.by_ranks else self.measure.unit

    def colour(self, code: str) -> Colour | None:
        """The card of a code; None when this version of the scheme has none."""
        return next((one for one in self.colours if one.code == code), None)

    def league(self, key: str) -> League | None:
        """The league of a key; None when this version of the scheme has none."""
        return next((one for one in self.leagues if one.key == key), None)
