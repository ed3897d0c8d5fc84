"""A produce market that three campaigns inspect, with one visit whose points were computed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.campaigns import Campaign, installed
from core.work.inspection.visits import Submitted, submit
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import Wall
from tests.factory import District, add_actor, add_actors, add_site, bare_district

# A Thursday, 10:00 in Shanghai.
THURSDAY = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "core_value_adverts": {"count": 1},
    "market_adverts_spaced": {"count": 5},
    "honesty_adverts": {"count": 2},
    "trade_rules_posted": {"yes": True},
    "complaint_desk_visible": {"yes": True},
    "fair_scale": {"na": True},
    "market_floor_drains": {"rating": 8},
    "toilet_clean": {"rating": 5},
    "parking_offences": {"count": 3},
    "pavement_trading": {"count": 0},
    "illegal_posters": {"count": 1},
    "stall_licences": {"n": 7, "m": 9},
    "fire_lane_and_equipment": {"yes": True},
    "market_conduct": {"count": 0},
    "market_rules_posters": {"rating": 9},
    "rapid_test_posted": {"n": 6, "m": 7},
    "market_other_notices": {"rating": 10},
    "trades_zoned": {"rating": 7},
    "stalls_tidy_inside": {"rating": 6},
    "ready_food_protected": {"rating": 10},
    "market_staff_cert_dress": {"rating": 8},
    "fish_area_plumbing": {"na": True},
    "waste_closed_daily_market": {"rating": 9},
    "live_poultry_zone": {"rating": 6},
    "live_poultry_slaughter": {"rating": 6},
    "live_poultry_hygiene": {"rating": 9},
    "market_operator_files": {"rating": 8},
    "rapid_test_room": {"yes": False},
    "stall_purchase_tickets": {"n": 10, "m": 10},
    "trace_code_readable": {"yes": True},
    "cooked_food_cert": {"rating": 7},
    "no_wildlife": {"yes": True},
    "failed_goods_withdrawn": {"yes": True},
    "market_food_waste": {"yes": True},
}

FAILED = {
    "core_value_adverts",
    "toilet_clean",
    "parking_offences",
    "illegal_posters",
    "stall_licences",
    "rapid_test_posted",
    "stalls_tidy_inside",
    "live_poultry_zone",
    "live_poultry_slaughter",
    "rapid_test_room",
}

ALL_GOOD: Mapping[str, Mapping[str, Any]] = {
    **ANSWERS,
    "core_value_adverts": {"count": 2},
    "toilet_clean": {"rating": 10},
    "parking_offences": {"count": 0},
    "illegal_posters": {"count": 0},
    "stall_licences": {"n": 9, "m": 9},
    "rapid_test_posted": {"n": 7, "m": 7},
    "stalls_tidy_inside": {"rating": 9},
    "live_poultry_zone": {"rating": 9},
    "live_poultry_slaughter": {"rating": 9},
    "rapid_test_room": {"yes": True},
}


def campaigns() -> list[Campaign]:
    """The three shipped campaigns."""
    return list(installed().campaigns.values())


@dataclass
class Town:
    """A district with a market and one person of each kind."""

    district: District
    market: UUID
    inspector: Actor
    office: Actor
    liaison: Actor  # of the sanitation department
    leader: Actor

    @property
    def ref(self):
        return self.district.ref


def town(wall: Wall, name: str = "测试区") -> Town:
    district = bare_district(wall, name, {c.key: (c.edition.key, c.edition.sha256) for c in campaigns()})
    with district.session(wall) as session:
        market = add_site(session, district.communities[0], "produce_market", name=f"{name}便民市场")
        session.commit()
    seats = [(role, district.root, "") for role in ("inspector", "hq_office", "leader")]
    inspector, office, leader = add_actors(wall, district.ref, seats)
    liaison = add_actor(wall, district.ref, "liaison", district.departments["sanitation"])
    return Town(district, market, inspector, office, liaison, leader)


def send(session, place: Town, answers: Mapping[str, Any] = ANSWERS, **changed: Any) -> Submitted:
    """One visit of the market by its inspector on that Thursday; ``changed`` overrides anything."""
    given: dict[str, Any] = {
        "campaigns": campaigns(),
        "visit_id": new_id(),
        "site_id": place.market,
        "answers": answers,
        "now": THURSDAY,
    }
    actor = changed.pop("actor", place.inspector)
    return submit(session, actor, **(given | changed))
