"""The trial nation at a tiny scale: what it lays holds by the product's own checks, and reading many districts is right."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import func, make_url, select

from core.bench.nation import Nation, lay_nation
from core.bench.plan import Size, all_districts, cities_of
from core.campaigns import Campaign
from core.campaigns.registry import installed
from core.databases import Urls, clone, connect, drop_database
from core.errors import Forbidden
from core.figures.grants import give_grant
from core.figures.nationwide import LOW_VOLUME, NOTHING_ASSESSED, figure_table, rank_indicator
from core.figures.publishing import publish
from core.figures.seals import verify
from core.figures.tables import Publication, PublishedFigure
from core.work.divisions import subtree
from core.work.tables import Finding, ItemResult, Visit
from tenants.db import now
from tenants.models import Unit
from tenants.scope import Wall
from tests.bench.figures import fed
from tests.bench.raw import compare_raw, rate
from tests.conftest import SECRET
from tests.factory import add_actor, bare_district

CODE = "CIV-G2"
SIZE = Size(tenants=4, results=900, findings=40, months=2, today=date(2026, 11, 1))


@dataclass
class Laid:
    """A nation of four districts on a database of its own; the last one's figures are published by the product."""

    wall: Wall
    urls: Urls
    nation: Nation
    campaign: Campaign


@pytest.fixture(scope="module")
def laid(server: Urls, template: str) -> Iterator[Laid]:
    name = f"nation_{secrets.token_hex(4)}"
    clone(server.superuser, template, name)
    urls = server.for_database(name)
    wall = Wall(urls.app, SECRET)
    campaign = installed().campaigns["civilized_city"]
    nation = lay_nation(wall, campaign, SIZE, sealed=lambda number: number < 3, tell=lambda _: None)
    last = nation.districts[3]
    with wall.open(last.id) as session:
        give_grant(session, None, nation.reader, campaign.key, "indicators", SIZE.periods[0].start, issuer=last)
        for period in SIZE.periods:
            publish(session, None, campaign, campaign.edition, period, now=now(), issuer=last)
        session.commit()
    yield Laid(wall, urls, nation, campaign)
    wall.dispose()
    drop_database(server.superuser, name)


def test_the_list_has_every_district_once_and_each_has_a_city() -> None:
    found = all_districts()
    assert len(found) == len({one.code for one in found}) == 2978
    cities = cities_of(found)
    assert cities["1101"] == "北京市"
    assert cities["1403"] == "阳泉市"
    assert all(one.code[:4] in cities for one in found)


def test_a_district_has_its_real_units_and_its_share_of_records(laid: Laid) -> None:
    nation = laid.nation
    results = findings = 0
    for ref in nation.districts:
        with laid.wall.open(ref.id) as session:
            listed = [one.code for one in subtree(ref.code)]
            codes = set(session.scalars(select(Unit.code).where(Unit.kind != "district", Unit.code.is_not(None))))
            assert codes | {ref.code} == set(listed)
            results += session.scalar(select(func.count()).select_from(ItemResult)) or 0
            findings += session.scalar(select(func.count()).select_from(Finding)) or 0
            days = session.execute(select(func.min(Visit.day), func.max(Visit.day))).one()
            assert SIZE.periods[0].start <= days[0] <= days[1] <= SIZE.periods[-1].end
    assert 0.8 * SIZE.results < results < 1.2 * SIZE.results
    assert results == nation.tally.rows["results"]
    assert 0 < findings == nation.tally.rows["findings"] <= SIZE.findings


def test_every_seal_holds_for_district_city_and_nation(laid: Laid) -> None:
    nation = laid.nation
    first = nation.districts[0]
    for reader in (first, nation.cities[first.code[:4]], nation.reader):
        with laid.wall.open(reader.id) as session:
            assert verify(session) == []
            count = session.scalar(
                select(func.count()).select_from(Publication).where(Publication.reader_id == reader.id)
            )
            assert count
            figures = select(func.count()).select_from(PublishedFigure).where(PublishedFigure.reader_id == reader.id)
            assert session.scalar(figures) >= 35 * count


def test_ranking_reads_the_last_word_of_each_district_and_shares_equal_ranks(laid: Laid) -> None:
    period = SIZE.periods[-1]
    with laid.wall.open(laid.nation.reader.id) as session:
        found = rank_indicator(session, None, laid.campaign.key, CODE, period)
        assert {one.tenant_id for one in found} == {ref.id for ref in laid.nation.districts}
        ranked = [one for one in found if one.rank is not None]
        values = [one.value for one in ranked]
        assert values == sorted(values, reverse=True)
        assert [one.rank for one in ranked] == [1 + sum(v > one.value for v in values) for one in ranked]
        upward = rank_indicator(session, None, laid.campaign.key, CODE, period, ascending=True)
        assert upward[0].value == min(values)
        few = rank_indicator(session, None, laid.campaign.key, CODE, period, least=10_000)
        assert {one.unranked for one in few} <= {LOW_VOLUME, NOTHING_ASSESSED}


def test_figures_over_months_are_those_of_the_publications(laid: Laid) -> None:
    codes = [one.code for one in laid.campaign.edition.indicators]
    with laid.wall.open(laid.nation.reader.id) as session:
        whole = figure_table(session, None, laid.campaign.key, codes, SIZE.periods)
        assert len(whole) == 4 * len(codes) * len(SIZE.periods)
        one = laid.nation.districts[1].id
        few = figure_table(session, None, laid.campaign.key, codes[:3], SIZE.periods, [one])
        assert few == {key: point for key, point in whole.items() if key[0] == one and key[1] in codes[:3]}
        assert figure_table(session, None, laid.campaign.key, [], SIZE.periods) == {}


def test_what_the_product_published_is_what_hand_written_sql_counts(laid: Laid) -> None:
    codes, last = fed(laid.campaign), laid.nation.districts[3].id
    with laid.wall.open(laid.nation.reader.id) as session:
        table = figure_table(session, None, laid.campaign.key, codes, SIZE.periods, [last])
    mine = {key: rate(one.numerator, one.denominator) for key, one in table.items() if one.denominator}
    with connect(laid.urls.superuser, database=make_url(laid.urls.superuser).database) as plain:
        theirs = compare_raw(plain, laid.campaign, codes, [last], SIZE.periods[0].start, SIZE.periods[-1].end)
    assert len(mine) > 10
    assert mine == theirs


def test_ranking_is_for_those_who_compare(wall: Wall) -> None:
    district = bare_district(wall)
    liaison = add_actor(wall, district.ref, "liaison", district.street)
    with district.session(wall) as session, pytest.raises(Forbidden):
        rank_indicator(session, liaison, "civilized_city", CODE, SIZE.periods[0])
