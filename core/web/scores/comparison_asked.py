"""What the bureau's pages ask for (对比条件): campaign, period and the districts chosen, all from the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from flask import request

from core.errors import NotFound
from core.figures.boards import Spot, read_board
from core.figures.comparison import ComparisonRow, check_compare, named_districts, read_rows
from core.figures.periods import Period, containing
from core.figures.received import Silent, Titles, newest_of, received_titles, walk_received
from core.request import actor, db, house, today
from core.web.paging import bad_argument
from core.web.scores.periods import Choice, read_period
from core.web.words import by_locale
from core.work.divisions import UnknownDivision
from core.work.divisions import get as get_division
from core.work.tenancy import find_tenant
from tenants.access import DISTRICT

LEVELS = ("category", "indicator")
FEW = 60  # more districts than this are found by name instead of picked from a list (ours)
Named = Silent | Spot
Bearer = TypeVar("Bearer", Silent, Spot)
District = TypeVar("District", Silent, Spot, ComparisonRow)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for (对比条件): the campaign, the period, and what else there is to choose.

    ``newest`` is the last period received of the campaign, ``both`` the campaigns' titles in Chinese and English.
    """

    campaign: str
    titles: Mapping[str, str]
    choice: Choice
    newest: Period | None
    both: Mapping[str, Titles]

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        return {"campaign": self.campaign, **self.choice.query}

    @property
    def stem(self) -> str:
        """The campaign and period as part of a file's name."""
        return f"{self.campaign}-{self.choice.period.key}"

    @property
    def own_titles(self) -> Titles:
        """The campaign's titles in Chinese and English."""
        return self.both.get(self.campaign, (self.campaign, self.campaign))


def read_asked() -> Asked:
    """The campaign and period of this address: by default the first campaign, the last month received.

    Raises Forbidden, InvalidInput, and NotFound for a campaign of which this bureau knows nothing.
    """
    check_compare(actor())
    walked = walk_received(db())
    both = received_titles(db(), walked)
    campaign = request.args.get("campaign", "") or next(iter(both), "")
    if campaign not in both and both:
        raise NotFound
    own = {one.period for one in walked if one.campaign == campaign}
    received = sorted(own, key=lambda one: (one.start, one.end), reverse=True)
    newest = next((one for one in received if one.kind == "month"), received[0] if received else None)
    choice = read_period(newest or containing("month", today()), received)
    titles = {key: by_locale(*said) for key, said in both.items()}
    return Asked(campaign, titles, choice, newest_of(walked, campaign), both)


def read_level() -> str:
    """Headings or indicators, as the address says. Raises InvalidInput."""
    level = request.args.get("level", LEVELS[0])
    if level not in LEVELS:
        raise bad_argument("level", level)
    return level


def districts_of(wanted: Asked) -> list[Silent]:
    """Every district that the bureau knows in the campaign, each with the name that it writes."""
    return named_districts(db(), wanted.campaign, wanted.newest)


def find_row(slug: str, wanted: Asked) -> ComparisonRow:
    """A district's row of the league table, by its tenant's slug. Raises NotFound."""
    board = read_board(db(), wanted.campaign, wanted.choice.period)
    return read_rows(db(), board, [find_district(slug, board.spots)], wanted.own_titles)[0]


def find_district(slug: str, rows: Iterable[District]) -> District:
    """The row of the tenant that owns a slug: what a district writes of itself in a publication does not count. Raises NotFound."""
    with house().wall.platform() as platform:
        owner = find_tenant(platform, slug, kinds=(DISTRICT,))
    found = next((one for one in rows if one.tenant_id == owner.id), None)
    if found is None:
        raise NotFound
    return found


def named_like(said: str, rows: Iterable[Bearer]) -> list[Bearer]:
    """The districts that a text names: by slug or whole name, else by a part of it, else with the places above it."""
    text = said.strip().casefold()
    if not text:
        return []
    found = list(rows)
    same = [one for one in found if text in (one.slug.casefold(), one.name.casefold())]
    part = same or [one for one in found if text in one.name.casefold()]
    return part or [one for one in found if text in place_of(one).casefold()]


def place_of(one: Named) -> str:
    """A district's name with the places above it, where its division code tells them: the nation has seven 鼓楼区."""
    if not one.code:
        return one.name
    try:
        return get_division(one.code).full_name
    except UnknownDivision:
        return one.name
