"""The districts of a province by city, those of the nation by province (按地区汇总): from published figures alone.

A city has no score of its own: what stands here is told of its districts, how many published, the one in the middle, the best
and the worst with their ranks in the whole league, and how much was assessed (the rule is ours, and printed beside the table).
Editions, and demonstration with the real, are never mixed: each league has its own line in each territory. To which one a
district belongs is read from its division code; who has none stands by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from core.errors import N_
from core.figures.boards import Board, Spot, as_percent, hundredths
from core.figures.received import last_of
from core.figures.tables import Publication
from core.work.divisions import HEADINGS, UnknownDivision
from core.work.divisions import get as get_division
from tenants.scope import ScopedSession

# How many digits of a division code name the territory by which a bureau's districts are grouped; a city's are one group.
DIGITS: Mapping[str, int] = MappingProxyType({"province": 4, "nation": 2})
METHOD_ZH = N_(
    "地区没有自己的得分：这里只汇总它的区县已发布的数值。中位是参加排名的区县按占已评估分排在中间的一个（双数时取中间两个的平均，两位小数，四舍五入）；"
    "最好、最差的名次是在全部区县中的名次；已评估是各区县已评估分之和占总分之和的比例。不同版本、演示数据和真实数据分行列出。"
)

NO_CODE = "none"  # how an address names the districts that no division code places

Points = tuple[int, int]  # assessed and total of one publication, in 1/100


@dataclass(frozen=True, slots=True)
class LeaguePart:
    """The ranked districts of a territory in one league (地区在一个版本中): ``median`` in per cent, best and worst by rank."""

    edition: str
    is_demo: bool
    ranked: int
    median: Decimal
    best: Spot
    worst: Spot


@dataclass(frozen=True, slots=True)
class Territory:
    """A city or province with what its districts published (地区). ``code`` is empty for districts without a division code.

    ``known`` counts those that ever granted or published, ``assessed`` is the share of all points in per cent.
    """

    code: str
    name: str
    known: int
    published: int
    assessed: Decimal | None
    leagues: tuple[LeaguePart, ...]

    @property
    def key(self) -> str:
        """The territory as an address names it."""
        return self.code or NO_CODE


def code_of(code: str | None, digits: int) -> str:
    """The territory's part of a district's division code; empty where there is none."""
    return code[:digits] if code and code.isdecimal() and len(code) >= digits else ""


@lru_cache(maxsize=1000)
def name_of(code: str) -> str:
    """A territory's name in the division list; headings of the list (省直辖县级行政区划) with their province, else the code."""
    if not code:
        return ""
    try:
        found = get_division(code)
    except UnknownDivision:
        return code
    return "".join((*found.path_names, found.name)) if found.name in HEADINGS else found.name


def place_of(code: str | None, digits: int) -> tuple[str, str]:
    """The territory of a district's division code, as an address names it and by name."""
    found = code_of(code, digits)
    return found or NO_CODE, name_of(found)


def group(session: ScopedSession, board: Board, digits: int) -> list[Territory]:
    """A board by territory, in the order of the codes; districts without a code last (one query more than the board)."""
    by_code: dict[str, list[Spot]] = {}
    for one in board.spots:
        by_code.setdefault(code_of(one.code, digits), []).append(one)
    points = _points(session, board)
    ordered = sorted(by_code.items(), key=lambda pair: (not pair[0], pair[0]))
    return [_territory(code, own, board, points) for code, own in ordered]


def _points(session: ScopedSession, board: Board) -> dict[int, Points]:
    columns = (Publication.tenant_id, Publication.assessed, Publication.total)
    rows = session.execute(last_of(session, board.campaign, board.period, columns))
    return {tenant_id: (assessed, total) for tenant_id, assessed, total in rows}


def _territory(code: str, own: Sequence[Spot], board: Board, points: Mapping[int, Points]) -> Territory:
    sent = [points[one.tenant_id] for one in own if one.tenant_id in points]
    total = sum(of for _, of in sent)
    ids = {one.tenant_id for one in own}
    parts = ([one for one in league if one.tenant_id in ids] for league in board.leagues.values())
    return Territory(
        code,
        name_of(code),
        len(own),
        len(sent),
        as_percent(hundredths(sum(part for part, _ in sent), total)) if total else None,
        tuple(_part(ranked) for ranked in parts if ranked),
    )


def _part(ranked: Sequence[Spot]) -> LeaguePart:
    """The ranked of one league in a territory, given in the order of their ranks."""
    first = ranked[0].sent
    assert first is not None
    shares = [one.share for one in ranked if one.share is not None]
    low, high = shares[len(shares) // 2], shares[(len(shares) - 1) // 2]
    median = Decimal((low + high + 1) // 2).scaleb(-2)
    return LeaguePart(first.edition, first.is_demo, len(ranked), median, ranked[0], ranked[-1])
