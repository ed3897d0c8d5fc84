"""How large a trial nation is (测试规模), and what stands in each of its districts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from core.campaigns import Campaign, Edition
from core.figures.periods import Period, last_periods
from core.work.divisions import Division, search

NATION_SLUG, NATION = "nation", "全国"
FIRST_DIGITS = "123456"
CITY = 4  # digits of a city's code


@dataclass(frozen=True, slots=True)
class Size:
    """What is to be laid (规模): districts, item results and findings altogether, and months of sealed figures.

    ``today`` is the day after the last month's end, so that all months are over. Without ``territory`` a district is its
    root alone: what is read of a nation's figures asks for no community.
    """

    tenants: int
    results: int
    findings: int
    months: int
    today: date
    territory: bool = True

    def share(self, whole: int, number: int) -> int:
        """How many of ``whole`` things belong to the district of a number: all shares add up."""
        return whole * (number + 1) // self.tenants - whole * number // self.tenants

    @property
    def periods(self) -> tuple[Period, ...]:
        """The months, oldest first."""
        return last_periods("month", self.today - timedelta(days=1), self.months)


def all_districts() -> list[Division]:
    """The 2 978 districts and counties of the national list."""
    return [one for digit in FIRST_DIGITS for one in search(digit, ("district",), limit=100_000)]


def chosen_districts(count: int) -> list[Division]:
    """The first districts of the list; beyond the list's end there are none."""
    return all_districts()[:count]


def cities_of(districts: list[Division]) -> dict[str, str]:
    """The cities of some districts: code and name, a municipality by its own."""
    found: dict[str, str] = {}
    for one in districts:
        province, city = one.path_names[0], one.path_names[-1]
        plain = city not in {"市辖区", "县"} and "直辖县级" not in city
        found.setdefault(one.code[:CITY], city if plain else province)
    return found


@dataclass(frozen=True, slots=True)
class FormItem:
    """One item of a form, as a result needs it (检查项)."""

    form: str
    item: str
    question: str
    category: str
    title: str
    points: int
    site_type: str


def form_items(campaign: Campaign) -> Iterator[FormItem]:
    """Every item of the edition's forms; points in 1/100."""
    for form in campaign.edition.forms:
        for item in form.items:
            points = int(item.points * 100)
            yield FormItem(form.code, item.code, item.question, item.category, item.text_zh, points, form.site_types[0])


def item_links(edition: Edition) -> list[tuple[str, str]]:
    """Which item counts for which indicator: item and indicator."""
    return [(item.code, one) for form in edition.forms for item in form.items for one in item.indicators]
