"""What the city's pages ask for (对比条件): campaign, period and the districts chosen, all from the address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import Response, request

from core.errors import NotFound
from core.figures.comparison import ComparisonRow, known_districts, received_periods
from core.figures.periods import containing
from core.request import actor, db, house, today
from core.web.exports import Rows, stream_csv
from core.web.paging import bad_argument
from core.web.scores.periods import Choice, read_period
from core.web.words import by_locale
from core.web.workbook_answers import send_xlsx
from core.work.tenancy import find_tenant
from tenants.scope import ScopedSession

LEVELS = ("category", "indicator")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's address asks for (对比条件): the campaign, the period, and what else there is to choose."""

    campaign: str
    titles: Mapping[str, str]
    choice: Choice

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address."""
        return {"campaign": self.campaign, **self.choice.query}

    @property
    def stem(self) -> str:
        """The campaign and period as part of a file's name."""
        return f"{self.campaign}-{self.choice.period.key}"


def read_asked() -> Asked:
    """The campaign and period of this address: by default the first campaign, the last month received.

    Raises InvalidInput, and NotFound for a campaign of which this city knows nothing.
    """
    titles = {row.campaign: by_locale(row.title_zh, row.title_en) for row in known_districts(db(), None).values()}
    campaign = request.args.get("campaign", "") or next(iter(titles), "")
    if campaign not in titles and titles:
        raise NotFound
    received = received_periods(db(), actor(), campaign or None)
    newest = next((one for one in received if one.kind == "month"), received[0] if received else None)
    choice = read_period(newest or containing("month", today()), received)
    return Asked(campaign, titles, choice)


def read_level() -> str:
    """Headings or indicators, as the address says. Raises InvalidInput."""
    level = request.args.get("level", LEVELS[0])
    if level not in LEVELS:
        raise bad_argument("level", level)
    return level


def districts_of(wanted: Asked) -> list[ComparisonRow]:
    """Every district that the city knows in the campaign, each with the name that it writes."""
    return list(known_districts(db(), wanted.campaign).values())


def find_district(slug: str, rows: Iterable[ComparisonRow]) -> ComparisonRow:
    """The row of the tenant that owns a slug: what a district writes of itself in a publication does not count. Raises NotFound."""
    with house().wall.platform() as platform:
        owner = find_tenant(platform, slug, kind="district")
    found = next((one for one in rows if one.tenant_id == owner.id), None)
    if found is None:
        raise NotFound
    return found


def send_table(
    name: str, title: str, header: Sequence[str], ending: str, read: Callable[[ScopedSession], Rows]
) -> Response:
    """A table as CSV or as a workbook, read from a scope of its own; ``name`` without its ending."""
    if ending == "csv":
        return stream_csv(f"{name}.csv", header, read)
    return send_xlsx(f"{name}.xlsx", title, header, read)
