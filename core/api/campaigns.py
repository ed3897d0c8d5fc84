"""Campaigns (创建项目) over the API: what is installed, what runs here, enabling and suspending."""

from __future__ import annotations

from typing import Any

from flask import Response

from core import request as asked
from core.api.describe import REPEATABLE
from core.api.fields import Body, Day, Flag, ListOf, Number, OneOf, Part, Text, Whole
from core.api.forms import one_in_force
from core.api.replies import ListQuery, cut_list, once, reply
from core.api.rooms import READING, Room
from core.campaigns.lineage import KINDS, PARTS, Change, FormChange, lineage_of
from core.errors import NotFound
from core.work import campaign_cards, enabling
from core.work.editions.choices import IN_FORCE, PRIVATE, SHADOW, SHIPPED, choices_of
from core.work.editions.known import Known, known_edition, known_editions
from core.work.roles import ADMINISTER, SEE
from core.work.tables import EnabledEdition

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


class ChoiceShape(Body):
    """From when to when an edition is chosen (版本选择); ``valid_to`` is the first day on which it holds no more."""

    role = Text(required=True, validate=OneOf((IN_FORCE, SHADOW)))
    valid_from = Day(required=True)
    valid_to = Day(required=True, allow_none=True)


class EditionShape(Body):
    """One edition of a campaign's standard (测评体系版本); without choices the one in force has been so from the start."""

    key = Text(required=True)
    sha256 = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    source = Text(required=True, validate=OneOf((SHIPPED, PRIVATE)))
    draft = Flag(required=True)
    in_force = Flag(required=True, metadata={"description": "today"})
    valid_from = Day(required=True)
    valid_to = Day(required=True, allow_none=True)
    indicators = Whole(required=True)
    points = Number(required=True)
    items = Whole(required=True)
    choices = ListOf(Part(ChoiceShape), required=True)


class EditionList(Body):
    """Editions by the day they are valid from (版本列表)."""

    items = ListOf(Part(EditionShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class ChangeShape(Body):
    """What became of some indicators (承接关系); one that is not decided is only proposed."""

    kind = Text(required=True, validate=OneOf(KINDS))
    old = ListOf(Text(), required=True)
    new = ListOf(Text(), required=True)
    parts = ListOf(Text(validate=OneOf(PARTS)), required=True)
    decided = Flag(required=True)


class FormChangeShape(Body):
    """What became of one checklist (检查表变化): its item codes."""

    code = Text(required=True)
    kind = Text(required=True, validate=OneOf(KINDS))
    added = ListOf(Text(), required=True)
    removed = ListOf(Text(), required=True)
    changed = ListOf(Text(), required=True)


class LineageShape(Body):
    """Every change between two editions (版本承接)."""

    old_sha256 = Text(required=True)
    new_sha256 = Text(required=True)
    changes = ListOf(Part(ChangeShape), required=True)
    forms = ListOf(Part(FormChangeShape), required=True)


class LineageQuery(Body):
    """Against which edition (对照版本)."""

    against = Text(
        load_default="", metadata={"description": "the hash of the older edition; by default the one in force"}
    )


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


@room.get("/campaigns/<key>/editions")
@asked.require(SEE)
@room.arguments(ListQuery, location="query")
@room.response(200, EditionList)
@room.refuses(*READING)
def list_editions(query: dict[str, Any], key: str) -> Response:
    """List a campaign's editions: shipped, and this district's own, with the days they are chosen for"""
    campaign = one_in_force(key)
    choices = choices_of(asked.db(), key)
    current = campaign.edition.sha256

    def shape(one: Known) -> dict[str, Any]:
        chosen = [row for row in choices if row.sha256 == one.edition.sha256]
        return shape_edition(one, chosen, in_force=one.edition.sha256 == current)

    listed = list(known_editions(asked.db(), campaign))
    return cut_list(listed, query, shape, key=lambda one: f"{one.edition.valid_from} {one.edition.sha256}")


@room.get("/campaigns/<key>/editions/<edition_sha>/lineage")
@asked.require(SEE)
@room.arguments(LineageQuery, location="query")
@room.response(200, LineageShape)
@room.refuses(*READING)
def get_lineage(query: dict[str, Any], key: str, edition_sha: str) -> Response:
    """Show what an edition makes of another one's indicators and checklists"""
    campaign = one_in_force(key)
    new = known_edition(asked.db(), campaign, edition_sha).edition
    against = query["against"]
    old = known_edition(asked.db(), campaign, against).edition if against else campaign.edition
    found = lineage_of(old, new)
    data = {"old_sha256": old.sha256, "new_sha256": new.sha256}
    return reply(data | {"changes": [*map(shape_change, found.changes)], "forms": [*map(shape_form, found.forms)]})


def shape_edition(one: Known, choices: list[EnabledEdition], *, in_force: bool) -> dict[str, Any]:
    """An edition as JSON."""
    edition = one.edition
    named = ("key", "sha256", "title_zh", "title_en", "draft", "valid_from", "valid_to", "points")
    chosen = [{name: getattr(row, name) for name in ("role", "valid_from", "valid_to")} for row in choices]
    counts = {"indicators": len(edition.indicators), "items": one.items}
    return (
        {name: getattr(edition, name) for name in named}
        | counts
        | {"source": one.source, "in_force": in_force, "choices": chosen}
    )


def shape_change(one: Change) -> dict[str, Any]:
    """A change of indicators as JSON."""
    codes = {"old": list(one.old), "new": list(one.new), "parts": list(one.parts)}
    return {"kind": one.kind, "decided": one.decided} | codes


def shape_form(one: FormChange) -> dict[str, Any]:
    """A change of a checklist as JSON."""
    codes = {name: list(getattr(one, name)) for name in ("added", "removed", "changed")}
    return {"code": one.code, "kind": one.kind} | codes
