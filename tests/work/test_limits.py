"""Posts for one campaign: they visit, answer and check for that one and no other; the root never leads a finding."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from core.campaigns import Campaign, installed
from core.errors import InvalidInput, NotFound
from core.work.dispatch.routing import owners_of
from core.work.inspection.visits import due_at_site, submit
from core.work.loop import ledger
from core.work.tables import Finding, Site
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import Wall
from tests.factory import District, add_actor, add_site, bare_district
from tests.work.market import ANSWERS, THURSDAY

CIVILIZED, FOOD = "civilized_city", "food_safety_city"


@pytest.fixture(scope="module")
def district(wall: Wall) -> District:
    return bare_district(wall, "限区")


@pytest.fixture(scope="module")
def market(wall: Wall, district: District) -> UUID:
    with district.session(wall) as session:
        site_id = add_site(session, district.communities[0], "produce_market")
        session.commit()
        return site_id


def campaigns() -> list[Campaign]:
    return list(installed().campaigns.values())


def limited(actor: Actor, campaign: str) -> Actor:
    return replace(actor, duties=tuple(replace(duty, campaign=campaign) for duty in actor.duties))


def test_a_post_for_one_campaign_brings_its_forms_only(wall: Wall, district: District, market: UUID) -> None:
    inspector = add_actor(wall, district.ref, "inspector", district.root)
    with district.session(wall) as session:
        _site, all_due = due_at_site(session, inspector, market, campaigns(), THURSDAY.date())
        _site, due = due_at_site(session, limited(inspector, FOOD), market, campaigns(), THURSDAY.date())
    assert {one.form.code for one in all_due.forms} == {"CIV-MARKET", "SAN-MARKET", "FS-MARKET"}
    assert {one.form.code for one in due.forms} == {"FS-MARKET"}


def test_other_campaigns_questions_are_unknown_to_it(wall: Wall, district: District, market: UUID) -> None:
    inspector = limited(add_actor(wall, district.ref, "inspector", district.root), FOOD)
    given = {"campaigns": campaigns(), "site_id": market, "answers": ANSWERS, "now": THURSDAY}
    with district.session(wall) as session, pytest.raises(InvalidInput, match="fair_scale"):
        submit(session, inspector, visit_id=new_id(), **given)


def test_a_checker_for_one_campaign_leaves_the_others_findings_alone(
    wall: Wall, district: District, market: UUID
) -> None:
    inspector = add_actor(wall, district.ref, "inspector", district.root)
    checker = add_actor(wall, district.ref, "hq_office", district.root)
    with district.session(wall) as session:
        submit(
            session, inspector, campaigns=campaigns(), visit_id=new_id(), site_id=market, answers=ANSWERS, now=THURSDAY
        )
        session.commit()
        finding = session.scalars(select(Finding).where(Finding.question == "core_value_adverts")).first()
        assert finding
        for campaign, may_check in ((CIVILIZED, True), (FOOD, False)):
            standing = ledger.standing_of(session, limited(checker, campaign), finding, THURSDAY.date())
            assert standing.checks is may_check
        # A post for one campaign does not even see the others' findings.
        with pytest.raises(NotFound):
            ledger.act(session, limited(checker, FOOD), finding.id, "close", version=1, outcome="fixed", now=THURSDAY)


def test_the_root_leads_nothing_while_an_office_can(wall: Wall, district: District) -> None:
    inspector = add_actor(wall, district.ref, "inspector", district.root)
    with district.session(wall) as session:
        at_root = session.get_one(Site, (district.ref.id, add_site(session, district.root, "public_square")))
        owners = owners_of(session, inspector, at_root, THURSDAY.date())
    office = district.departments["civilisation_office"]
    assert owners.place == district.root
    assert owners.line("site_owner", "civilisation_office") == office
    assert owners.line("subdistrict", "civilisation_office") == office
    assert owners.line("landscape", "civilisation_office") == district.departments["landscape"]
