"""Checklists (检查表) over the API: the forms of the campaigns in force, with their items."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response

from core import request as asked
from core.api.fields import Body, ListOf, Number, Part, Text, Whole
from core.api.replies import ListQuery, cut_list, reply
from core.api.rooms import READING, Room
from core.campaigns import Campaign, Form, Item
from core.errors import NotFound
from core.work import enabling
from core.work.forms.fielding import with_own
from core.work.roles import SEE

room = Room("forms", __name__, description="Checklists (检查表) of the campaigns in force.")


class FormShape(Body):
    """One campaign's checklist (检查表)."""

    campaign = Text(required=True)
    code = Text(required=True)
    edition = Text(required=True)
    sha256 = Text(required=True)
    title_zh = Text(required=True)
    title_en = Text(required=True)
    site_types = ListOf(Text(), required=True)
    points = Number(required=True)
    item_count = Whole(required=True)


class ItemShape(Body):
    """One line of a checklist (检查项)."""

    code = Text(required=True)
    number = Whole(required=True)
    text_zh = Text(required=True)
    text_en = Text(required=True)
    question = Text(required=True)
    mode = Text(required=True)
    rule = Text(required=True)
    points = Number(required=True)
    key = Text(required=True)
    category = Text(required=True)
    indicators = ListOf(Text(), required=True)
    owner_role = Text(required=True)
    working_days = Whole(required=True)
    evidence = Text(required=True)


class FormDetail(FormShape):
    """A checklist with its items (检查表与检查项)."""

    items = ListOf(Part(ItemShape), required=True)


class FormList(Body):
    """Checklists by campaign, in the edition's order (检查表列表)."""

    items = ListOf(Part(FormShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class FormQuery(ListQuery):
    """Which checklists (检查表筛选)."""

    campaign = ListOf(Text(), load_default=[], metadata={"description": "repeat for several"})
    type = ListOf(Text(), load_default=[], metadata={"description": "site type; repeat for several"})


@room.get("/forms")
@asked.require(SEE)
@room.arguments(FormQuery, location="query")
@room.response(200, FormList)
@room.refuses(*READING)
def list_forms(query: dict[str, Any]) -> Response:
    """List the checklists of the campaigns in force"""
    found = [
        (campaign, form)
        for campaign in in_force()
        for form in (campaign.edition.forms_for(query["type"]) if query["type"] else campaign.edition.all_forms)
        if not query["campaign"] or campaign.key in query["campaign"]
    ]
    return cut_list(found, query, lambda pair: shape_form(*pair), key=lambda pair: f"{pair[0].key}/{pair[1].code}")


@room.get("/forms/<campaign>/<code>")
@asked.require(SEE)
@room.response(200, FormDetail)
@room.refuses(401, 403, 404)
def get_form(campaign: str, code: str) -> Response:
    """Show one checklist with its items"""
    found = one_in_force(campaign)
    form = found.edition.form(code)
    return reply(shape_form(found, form) | {"items": [shape_item(item) for item in form.items]})


def in_force(day: date | None = None) -> list[Campaign]:
    """The campaigns that run in this tenant, each with the one edition it runs on a day, by default today."""
    return enabling.enabled(asked.db(), asked.house().registry, day=day or asked.today())


def in_hand() -> list[Campaign]:
    """The same today, with the forms that inspectors are given: the district's own versions among them."""
    return with_own(asked.db(), in_force())


def one_in_force(key: str, day: date | None = None) -> Campaign:
    """A campaign that runs here, with its edition of a day; a suspended one is as good as none. Raises NotFound."""
    found = next((campaign for campaign in in_force(day) if campaign.key == key), None)
    if found is None:
        raise NotFound
    return found


def shape_form(campaign: Campaign, form: Form) -> dict[str, Any]:
    """A checklist as JSON."""
    return {
        "campaign": campaign.key,
        "code": form.code,
        "edition": campaign.edition.key,
        "sha256": form.sha256,
        "title_zh": form.title_zh,
        "title_en": form.title_en,
        "site_types": form.site_types,
        "points": form.points,
        "item_count": len(form.items),
    }


def shape_item(item: Item) -> dict[str, Any]:
    """A line of a checklist as JSON."""
    fields = ("code", "number", "text_zh", "text_en", "question", "mode", "rule", "points", "key", "category")
    more = ("indicators", "owner_role", "working_days", "evidence")
    return {name: getattr(item, name) for name in (*fields, *more)}
