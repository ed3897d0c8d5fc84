"""What of a league table a page shows (名次表分页): filters and the first row stand in the address; ranks are those of the whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

from flask import request
from flask_babel import gettext

from core.errors import N_
from core.figures.boards import Board, League, Spot, read_board
from core.figures.by_territory import DIGITS, NO_CODE, code_of, name_of, place_of
from core.request import db, tenant
from core.web.paging import bad_argument
from core.web.scores.comparison_asked import Asked
from tenants.scope import ScopedSession

Row = TypeVar("Row")
SIZE = 100  # rows of the table on one page (ours)
LONGEST = 40
MOST_DIGITS = 6

STATES: Mapping[str, tuple[str, Callable[[Spot], bool]]] = MappingProxyType(
    {
        "ranked": (N_("参加排名"), lambda one: one.rank is not None),
        "unranked": (N_("只列出不排名"), lambda one: one.rank is None and one.sent is not None),
        "missing": (N_("本期未发布"), lambda one: one.sent is None),
        "warned": (N_("随附提示"), lambda one: one.sent is not None and one.sent.is_warned),
    }
)


@dataclass(frozen=True, slots=True)
class Filters:
    """How the table is narrowed (筛选): by league, territory, state, and part of a name or code; an empty one lets all through."""

    league: str
    territory: str
    state: str
    text: str
    digits: int | None

    @property
    def query(self) -> dict[str, str]:
        """The filters that are set, as arguments of an address."""
        said = {"league": self.league, "territory": self.territory, "state": self.state, "q": self.text}
        return {name: value for name, value in said.items() if value}

    def place_of(self, code: str | None) -> tuple[str, str] | None:
        """The city or province of a district's code, as an address names it and by name; None where all lie in one."""
        return place_of(code, self.digits) if self.digits else None

    def lets(self, one: Spot) -> bool:
        """Whether a district of a league table is shown."""
        if self.league and (one.league is None or not self.lets_league(one.league)):
            return False
        if self.state and not STATES[self.state][1](one):
            return False
        return self.lets_name(one.name, one.slug, one.code)

    def lets_league(self, league: League) -> bool:
        """Whether the districts of a league are shown."""
        return not self.league or key_of(league) == self.league

    def lets_name(self, name: str, slug: str, code: str | None) -> bool:
        """Whether a district is shown by its name, its code and the territory in which that lies."""
        if self.territory and (self.digits is None or _key(code, self.digits) != self.territory):
            return False
        text = self.text.casefold()
        return not text or text in name.casefold() or slug.startswith(text) or (code or "").startswith(text)


@dataclass(frozen=True, slots=True)
class Pages(Generic[Row]):
    """One page of a ranked table (一页): its rows, how many the filters let through, and the first one's number, from 1.

    ``leagues`` and ``territories`` are what there is to choose between; none where there is but one.
    """

    filters: Filters
    rows: Sequence[Row]
    found: int
    start: int
    size: int
    leagues: Sequence[tuple[str, str]]
    territories: Sequence[tuple[str, str]]

    @property
    def next(self) -> int | None:
        """The first row of the next page."""
        after = self.start + self.size
        return after if after <= self.found else None

    @property
    def before(self) -> int | None:
        """The first row of the page before."""
        return max(self.start - self.size, 1) if self.start > 1 else None

    @property
    def query(self) -> dict[str, str]:
        """What of the table is shown, as arguments of an address."""
        return self.filters.query | ({"start": str(self.start)} if self.start > 1 else {})

    @property
    def states(self) -> list[tuple[str, str]]:
        """The states to choose from."""
        return [(key, gettext(said[0])) for key, said in STATES.items()]


def turn(
    filters: Filters,
    found: Sequence[Row],
    size: int,
    leagues: Mapping[League, str],
    codes: Iterable[str | None],
) -> Pages[Row]:
    """The page that the address asks for, of what the filters let through; ``codes`` are the districts' of the whole table.

    Raises InvalidInput.
    """
    start = read_start(len(found))
    rows = found[start - 1 : start - 1 + size]
    choices = [(key_of(key), word) for key, word in leagues.items()] if len(leagues) > 1 else []
    return Pages(filters, rows, len(found), start, size, choices, _territories(codes, filters.digits))


def read_start(found: int) -> int:
    """The first row that the address asks for; one behind the end of a table that became shorter is its last one.

    Raises InvalidInput.
    """
    said = request.args.get("start", "1")
    if not (said.isascii() and said.isdecimal() and len(said) <= MOST_DIGITS and int(said)):
        raise bad_argument("start", said)
    return min(int(said), max(found, 1))


def _territories(codes: Iterable[str | None], digits: int | None) -> list[tuple[str, str]]:
    keys = {_key(code, digits) for code in codes} if digits else set()
    ordered = sorted(keys, key=lambda key: (key == NO_CODE, key))
    return (
        [(key, name_of(key) if key != NO_CODE else gettext("没有区划代码")) for key in ordered] if len(keys) > 1 else []
    )


def _key(code: str | None, digits: int) -> str:
    return code_of(code, digits) or NO_CODE


def read_shown(
    wanted: Asked, size: int = SIZE, *, only: Callable[[Spot], bool] = lambda _: True, by_code: bool = False
) -> tuple[Board, Pages[Spot]]:
    """The table, and the page of it that the address asks for, of those that ``only`` lets through. Raises InvalidInput.

    ``by_code`` turns pages in the order of the districts' codes instead of that of the ranks.
    """
    board, filters = read_board(db(), wanted.campaign, wanted.choice.period), read_filters()
    found = [one for one in board.spots if only(one) and filters.lets(one)]
    if by_code:
        found.sort(key=lambda one: (one.slug, one.tenant_id))
    leagues = {key: say_league(own[0]) for key, own in board.leagues.items()}
    return board, turn(filters, found, size, leagues, (one.code for one in board.spots))


def read_filtered(session: ScopedSession, wanted: Asked, filters: Filters) -> tuple[Board, list[Spot]]:
    """The table with everybody whom the filters let through, for a file."""
    board = read_board(session, wanted.campaign, wanted.choice.period)
    return board, [one for one in board.spots if filters.lets(one)]


def read_filters() -> Filters:
    """The filters of this address. Raises InvalidInput for a state that is none."""
    state = request.args.get("state", "")
    if state and state not in STATES:
        raise bad_argument("state", state)
    said = {name: request.args.get(name, "").strip()[:LONGEST] for name in ("league", "territory", "q")}
    return Filters(said["league"], said["territory"], state, said["q"], DIGITS.get(tenant().kind))


def key_of(league: League) -> str:
    """A league as an address names it: the first characters of its edition's hash, and whether it is demonstration."""
    sha256, is_demo = league
    return sha256[:12] + ("-demo" if is_demo else "")


def say_league(one: Spot) -> str:
    """A league by its edition, from one of its districts."""
    sent = one.sent
    assert sent is not None
    return say_edition(sent.edition, is_demo=sent.is_demo)


def say_edition(edition: str, *, is_demo: bool) -> str:
    """A league by its edition, and whether it is demonstration."""
    said = gettext("版本 %(edition)s", edition=edition)
    return said + gettext("（演示数据）") if is_demo else said
