"""The coverage proof of a past day: campaigns that ran then, sites that were in use then, in the units of then."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from core.settings import ZONE
from core.work.duties.coverage import prove_coverage
from core.work.duties.coverage_past import campaigns_on
from core.work.enabling import DISABLE, ENABLE, KIND
from core.work.journal import record_at
from core.work.organisation.units import add_unit
from core.work.places.site_lists import get_site, list_sites
from core.work.places.sites import change_site
from core.work.tables import AreaMember
from tenants.db import now
from tenants.models import EnabledCampaign
from tenants.scope import Wall
from tests.factory import SINCE
from tests.work.duty_stage import Stage, set_stage

TODAY = now().astimezone(ZONE).date()
EVE = TODAY - timedelta(1)
CIVILIZED, SANITARY = "civilized_city", "sanitary_city"


@pytest.fixture(scope="module")
def stage(wall: Wall) -> Stage:
    return set_stage(wall)


@pytest.fixture
def session(wall: Wall, stage: Stage):
    with stage.district.session(wall) as opened:
        yield opened
        opened.rollback()


def sites(session, on, **more: object) -> dict[str, UUID]:
    return {place.name: place.unit_id for place in prove_coverage(session, on, **more).places}


def test_a_campaign_switched_off_since_counts_on_the_day_and_not_after(session) -> None:
    off = EnabledCampaign.campaign == SANITARY
    session.execute(update(EnabledCampaign).where(off).values(state="suspended"))
    record_at(session, now(), None, DISABLE, KIND, SANITARY)
    session.flush()
    assert prove_coverage(session, TODAY).campaigns == (CIVILIZED,)
    assert prove_coverage(session, EVE).campaigns == (CIVILIZED, SANITARY)
    session.execute(update(EnabledCampaign).where(off).values(state="enabled"))
    record_at(session, now(), None, ENABLE, KIND, SANITARY)
    session.flush()
    assert campaigns_on(session, EVE) == campaigns_on(session, TODAY) == (CIVILIZED, SANITARY)


def test_a_site_closed_or_moved_since_stands_as_it_stood(session, stage: Stage) -> None:
    one, two = stage.homes
    change_site(session, None, stage.hospital, state="closed", today=TODAY)
    change_site(session, None, stage.market, unit_id=two, today=TODAY)
    assert sites(session, TODAY) == {"测试市场": two}
    assert sites(session, EVE) == {"测试市场": one, "测试医院": two}
    assert sites(session, EVE, unit_id=one) == {"测试市场": one}
    assert sites(session, TODAY, unit_id=one) == {}
    assert [row.name for row in list_sites(session, None, today=TODAY, as_of=EVE).rows] == ["测试医院", "测试市场"]
    assert [row.name for row in list_sites(session, None, today=TODAY).rows] == ["测试市场"]
    assert get_site(session, None, stage.hospital, today=TODAY, as_of=EVE).state == "active"


def test_a_proof_is_narrowed_to_an_area_as_it_was_that_day(session, stage: Stage) -> None:
    area = add_unit(session, None, name="东片区", kind="area", today=SINCE).id
    session.add(AreaMember(area_id=area, unit_id=stage.homes[0], valid_from=TODAY))
    session.add(AreaMember(area_id=area, site_id=stage.hospital, valid_from=TODAY))
    session.flush()
    assert set(sites(session, TODAY, area_id=area)) == {"测试市场", "测试医院"}
    assert sites(session, EVE, area_id=area) == {}
    units = {row.unit_id for row in prove_coverage(session, TODAY, area_id=area).units}
    assert units == {stage.homes[0], area}
