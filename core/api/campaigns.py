"""Campaigns (创建项目) over the API: what is installed, what runs here, enabling and suspending."""

from __future__ import annotations

from typing import Any

from flask import Response

from core import request as asked
from core.api.describe import REPEATABLE
from core.api.fields import Body, Flag, ListOf, Number, OneOf, Part, Text, Whole
from core.api.replies import ListQuery, cut_list, once
from core.api.rooms import READING, Room
from core.errors import NotFound
from core.work import campaign_cards, enabling
from core.work.roles import ADMINISTER, SEE

STATES = ("available", "enabled", "suspended", "archived")
room = Room("campaigns", __name__, description="Campaigns (创建项目): installed, enabled, suspended.")


class CampaignShape(Body):
    """One campaign in this tenant (创建项目)."""

    key = Text(required=True)
    state = Text(required=True, validate=OneOf(STATES))
    installed = Flag(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    edition = Text(required=True)
    edition_sha256 = Text(required=True)
    indicators = Whole(required=True)
    points = Number(required=True)
    forms = Whole(required=True)
    items = Whole(required=True)


class CampaignList(Body):
    """Campaigns by key (创建项目列表)."""

    items = ListOf(Part(CampaignShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class CampaignQuery(ListQuery):
    """Which campaigns (活动筛选)."""

    state = ListOf(Text(validate=OneOf(STATES)), load_default=[], metadata={"description": "repeat for several"})


@room.get("/campaigns")
@asked.require(SEE)
@room.arguments(CampaignQuery, location="query")
@room.response(200, CampaignList)
@room.refuses(*READING)
def list_campaigns(query: dict[str, Any]) -> Response:
    """List the campaigns that are installed or were ever enabled here"""
    found = [card for card in _cards() if not query["state"] or card.state in query["state"]]
    return cut_list(found, query, shape_campaign, key=lambda card: card.key)


@room.post("/campaigns/<key>/enable")
@asked.require(ADMINISTER)
@room.doc(parameters=[REPEATABLE])
@room.response(200, CampaignShape)
@room.refuses(400, 401, 403, 404, 409, 422)
def enable(key: str) -> Response:
    """Enable a campaign, or enable it again: everything that it had is found as it was"""

    def run() -> tuple[int, Any]:
        enabling.enable(asked.db(), asked.actor(), asked.house().registry.get(key), today=asked.today())
        return 200, _one(key)

    return once(run)


@room.post("/campaigns/<key>/suspend")
@asked.require(ADMINISTER)
@room.doc(parameters=[REPEATABLE])
@room.response(200, CampaignShape)
@room.refuses(400, 401, 403, 404, 409, 422)
def suspend(key: str) -> Response:
    """Suspend a campaign; nothing is deleted"""

    def run() -> tuple[int, Any]:
        enabling.suspend(asked.db(), asked.actor(), key, today=asked.today())
        return 200, _one(key)

    return once(run)


def _cards() -> list[campaign_cards.Card]:
    return campaign_cards.list_campaigns(asked.db(), asked.house().registry, on=asked.today())


def _one(key: str) -> dict[str, Any]:
    card = next((card for card in _cards() if card.key == key), None)
    if card is None:
        raise NotFound
    return shape_campaign(card)


def shape_campaign(card: campaign_cards.Card) -> dict[str, Any]:
    """A campaign as JSON."""
    return {
        "key": card.key,
        "state": card.state,
        "installed": card.installed,
        "title_zh": card.campaign.title_zh,
        "title_en": card.campaign.title_en,
        "edition": card.edition.key,
        "edition_sha256": card.edition.sha256,
        "indicators": card.indicators,
        "points": card.points,
        "forms": card.forms,
        "items": card.items,
    }
