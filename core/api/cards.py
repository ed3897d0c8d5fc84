"""Cards (亮牌) over the API: those that are or were shown, within the schemes that the asker sees; read only."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.fields import Body, Day, Id, Length, ListOf, Mapping, Moment, OneOf, Part, Text, Whole
from core.api.replies import ListQuery, a_day, cursor_of, read_cursor, reply_list
from core.api.rooms import READING, Room
from core.work.marks.card_lists import Wanted, corrections_of, list_shown
from core.work.marks.card_moves import PUBLIC
from core.work.marks.card_schemes import ACTIVE, RETIRED, list_schemes
from core.work.roles import SEE
from core.work.tables import CardIssue

room = Room("cards", __name__, description="Cards (亮牌) as they are shown: whose, for which period, and why.")


class CardShape(Body):
    """A card that is or was shown (亮牌); reason holds the place, the cut and the rule that gave it.

    ``corrects_id`` is the card that this one mends, ``corrected_by_id`` the one that mends this one.
    """

    id = Id(required=True)
    scheme_id = Id(required=True)
    scheme = Text(required=True)
    league = Text(required=True)
    period_kind = Text(required=True)
    period_start = Day(required=True)
    period_end = Day(required=True)
    subject_id = Id(required=True)
    subject_kind = Text(required=True)
    subject_name = Text(required=True)
    card = Text(required=True, metadata={"description": "the card's code in its scheme"})
    label_zh = Text(required=True)
    label_en = Text(required=True)
    rank = Whole(required=True, allow_none=True)
    state = Text(required=True, validate=OneOf(PUBLIC))
    version = Whole(required=True)
    reason = Mapping(required=True)
    sponsors = ListOf(Mapping(), required=True)
    confirmed_by = Text(required=True)
    shown_at = Moment(required=True)
    withdrawn_at = Moment(required=True, allow_none=True)
    corrects_id = Id(required=True, allow_none=True)
    corrected_by_id = Id(required=True, allow_none=True)


class CardList(Body):
    """Cards (亮牌清单)."""

    items = ListOf(Part(CardShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class CardQuery(ListQuery):
    """Which cards (亮牌筛选); the newest period first."""

    scheme_id = ListOf(Id(), load_default=[], metadata={"description": "repeat for several"})
    subject_id = Id(metadata={"description": "a unit or a site"})
    card = Text(load_default="", validate=Length(max=40), metadata={"description": "a card's code in its scheme"})
    since = Day(metadata={"description": "of periods that begin on this day or later"})
    until = Day(metadata={"description": "of periods that begin on this day or before"})


@room.get("/cards")
@asked.require(SEE)
@room.arguments(CardQuery, location="query")
@room.response(200, CardList)
@room.refuses(*READING)
def list_all(query: dict[str, Any]) -> Response:
    """List the cards that are or were shown within reach, the newest period first"""
    names = schemes_within_reach(query["scheme_id"])
    after, size = read_cursor(query["cursor"], [a_day, UUID]), query["page_size"]
    wanted = Wanted(
        tuple(names),
        query.get("subject_id"),
        query["card"],
        after=(after[0], after[1]) if after else None,
        since=query.get("since"),
        until=query.get("until"),
    )
    found = list_shown(asked.db(), wanted, size)
    cards = found[:size]
    mended = corrections_of(asked.db(), [card.id for card in cards])
    last = cards[-1] if len(found) > size else None
    return reply_list(
        (shape_card(card, names[card.scheme_id], mended.get(card.id)) for card in cards),
        cursor_of(last.period_start, last.id) if last else None,
    )


def schemes_within_reach(chosen: list[UUID]) -> dict[UUID, str]:
    """The schemes that the asker sees and asked for, with their names; those that are no longer in force too."""
    kept = list_schemes(asked.db(), asked.actor(), asked.today(), states=(ACTIVE, RETIRED))
    return {one.row.id: one.row.name for one in kept if not chosen or one.row.id in chosen}


def shape_card(card: CardIssue, scheme: str, mended: CardIssue | None) -> dict[str, Any]:
    """A card as JSON."""
    words: AnyMapping[str, str] = card.reason.get("card", {})
    label = words.get("label") or card.colour
    own = {
        "scheme": scheme,
        "card": card.colour,
        "label_zh": label,
        "label_en": words.get("label_en") or label,
        "reason": {name: said for name, said in card.reason.items() if name != "card"},
        "sponsors": card.sponsors.get("lines", []),
        "corrected_by_id": mended.id if mended else None,
    }
    same = {name: getattr(card, name) for name in CardShape.names() if name not in own}
    return CardShape.arrange(same | own)
