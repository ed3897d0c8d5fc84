"""Lays a trial nation (测试全国): real districts with their real units, a year of visits, and sealed figures.

Everything is written through the wall: as the app role, policies on, one signed scope and one transaction a district. Of
a district there is in memory what one transaction needs, so that memory does not grow with the nation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert, select

from core.bench.plan import CITY, NATION, NATION_SLUG, Size, chosen_districts, cities_of
from core.bench.records import lay_records
from core.bench.sealed import Reader, seal_year
from core.campaigns import Campaign
from core.campaigns.vocabulary import load_vocabulary
from core.work.divisions import CODE_ISSUER, STATED, Division, subtree
from core.work.names import pinyin_key
from core.work.onboarding import create_bureau
from core.work.organisation.territory import NewUnit, plan_divisions, plant, settle_departments
from tenants.access import TenantRef
from tenants.accounts import Tenant
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession, Wall

BATCH = 500
Tell = Callable[[str], None]


@dataclass(slots=True)
class Tally:
    """What was written (计数): rows by kind, and the seconds that each kind took."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, kind: str, rows: int, seconds: float) -> None:
        """Count what was written and how long it took."""
        self.rows[kind] = self.rows.get(kind, 0) + rows
        self.seconds[kind] = self.seconds.get(kind, 0.0) + seconds

    def lines(self) -> list[str]:
        """One line a kind: rows, seconds, rows a second."""
        return [
            f"{kind:<12}{rows:>12,} rows{self.seconds[kind]:>9.1f} s{rows / max(self.seconds[kind], 0.001):>12,.0f} rows/s"
            for kind, rows in self.rows.items()
        ]


@dataclass(frozen=True, slots=True)
class Nation:
    """What stands (测试全国): the nation's reader, its cities by code, its districts in the order of the list."""

    reader: TenantRef
    cities: dict[str, TenantRef]
    districts: list[TenantRef]
    size: Size
    tally: Tally


def lay_nation(
    wall: Wall, campaign: Campaign, size: Size, *, sealed: Callable[[int], bool] = lambda _: True, tell: Tell = print
) -> Nation:
    """Lay the nation; ``sealed`` says of a district's number whether its figures are sealed here, in bulk."""
    began = time.perf_counter()
    listed = chosen_districts(size.tenants)
    with wall.platform() as session:
        reader = create_bureau(
            session, wall.open, kind="nation", name=NATION, slug=NATION_SLUG, today=size.today, is_demo=True
        ).tenant
        cities = {
            code: create_bureau(session, wall.open, name=name, slug=code, today=size.today, is_demo=True).tenant
            for code, name in cities_of(listed).items()
        }
    districts = _register(wall, listed, cities)
    tally = Tally()
    for number, (division, ref) in enumerate(zip(listed, districts, strict=True)):
        readers = (ref, cities[division.code[:CITY]], reader)
        with wall.open(ref.id) as session:
            _lay_district(session, campaign, size, number, division, tally)
            if sealed(number):
                at = time.perf_counter()
                rows = seal_year(session, campaign, size.periods, ref, [_reader(r) for r in readers])
                tally.add("figures", rows, time.perf_counter() - at)
            session.commit()
        if (number + 1) % 100 == 0:
            spent = time.perf_counter() - began
            tell(f"{number + 1} districts, {spent:.0f} s, {sum(tally.rows.values()):,} rows")
    return Nation(reader, cities, districts, size, tally)


def _register(wall: Wall, listed: Sequence[Division], cities: dict[str, TenantRef]) -> list[TenantRef]:
    """The districts' rows on the platform, in batches."""
    rows = [
        {
            "slug": one.code,
            "kind": "district",
            "name": one.name,
            "pinyin": pinyin_key(one.name),
            "code": one.code,
            "code_issuer": CODE_ISSUER,
            "upper_id": cities[one.code[:CITY]].id,
            "is_demo": True,
        }
        for one in listed
    ]
    with wall.platform() as session:
        for start in range(0, len(rows), BATCH):
            session.execute(insert(Tenant), rows[start : start + BATCH])
        session.commit()
        known = dict(session.execute(select(Tenant.slug, Tenant.id)).all())
    return [
        TenantRef(known[one.code], one.code, one.name, "district", True, one.code, cities[one.code[:CITY]].id)
        for one in listed
    ]


def _reader(ref: TenantRef) -> Reader:
    return Reader(ref.id, ref.slug, ref.name)


def _lay_district(
    session: ScopedSession, campaign: Campaign, size: Size, number: int, division: Division, tally: Tally
) -> None:
    """One district's units, its campaign and its year of records."""
    began = time.perf_counter()
    root = NewUnit(division.name, "district", None, division.code, CODE_ISSUER)
    listed = subtree(division.code) if size.territory else []
    below = [one for one in listed if one.level in ("subdistrict", "community")]
    growth = plan_divisions(below, root.id, {})
    plant(session, [root, *growth.added], STATED)
    offices = settle_departments(session, root.id, load_vocabulary().roles.values(), STATED)
    edition = campaign.edition
    session.add(
        EnabledCampaign(campaign=campaign.key, state="enabled", edition=edition.key, edition_sha256=edition.sha256)
    )
    session.flush()
    tally.add("units", 1 + len(growth.added) + len(offices), time.perf_counter() - began)
    places = [u.id for u in growth.added if u.kind != "subdistrict"] or [root.id]
    results, findings = size.share(size.results, number), size.share(size.findings, number)
    for kind, (rows, seconds) in lay_records(
        session, campaign, size, places, offices[0].id, results=results, findings=findings
    ).items():
        tally.add(kind, rows, seconds)
