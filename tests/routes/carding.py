"""Cards for the routes' world (亮牌): a scheme in force with a ranked day and a shown card, and fresh ones for each write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from core.campaigns.registry import installed
from core.figures.card_days import recompute_day
from core.figures.card_periods import propose_period
from core.figures.periods import containing
from core.settings import ZONE
from core.work.marks.card_issues import act, act_on_all, live_cards
from core.work.marks.card_schemes import find_scheme, keep_scheme, move_scheme
from core.work.tables import CardIssue, CardScheme
from tenants.access import Actor, root_unit
from tenants.db import new_id, now
from tenants.scope import ScopedSession

TODAY = now().astimezone(ZONE).date()
DAY = containing("day", TODAY - timedelta(days=1))
BODY = {
    "title": "每日亮牌",
    "period": "day",
    "basis": "findings",
    "measure": "found",
    "leagues": [{"key": "streets", "title": "街道", "kinds": ["subdistrict"]}],
    "colours": [
        {"code": "red", "label": "红牌", "meaning": "好", "tone": "red", "give": {"rest": True}},
        {"code": "black", "label": "黑牌", "meaning": "差", "tone": "black", "give": {"above": 1000}},
    ],
}
TEXT = json.dumps(BODY, ensure_ascii=False)


def give_cards(session: ScopedSession, actors: Mapping[str, Actor]) -> dict[str, str]:
    """A scheme with a kept day and a card that was shown and appealed; gives their ids."""
    office = actors["hq_office"]
    row = keep_scheme(session, office, BODY, unit_id=root_unit(session).id, now=now())
    move_scheme(session, office, row.id, "activate", version=1, now=now())
    kept = find_scheme(session, office, row.id, TODAY)
    recompute_day(session, office, installed(), kept, DAY.start, now=now())
    propose_period(session, office, installed(), kept, DAY, now=now())
    cards = live_cards(session, row.id, DAY.start)
    for verb in ("confirm", "show"):
        act_on_all(session, office, cards, verb, now=now())
    act(session, actors["liaison"], cards[0].id, "appeal", version=3, note="数据有误", now=now())
    return {"scheme_id": str(row.id), "card_id": str(cards[0].id)}


def fresh_card(session: ScopedSession, scheme_id: str) -> str:
    """A card of the kept day that nobody has confirmed; gives its id."""
    shown = session.scalars(select(CardIssue).where(CardIssue.scheme_id == UUID(scheme_id))).first()
    assert shown
    names = ("scheme_id", "scheme_version", "period_kind", "period_start", "period_end", "league", "colour")
    same = {name: getattr(shown, name) for name in names}
    card = CardIssue(id=new_id(), **same, subject_kind="unit", subject_id=new_id(), subject_name="新对象")
    session.add(card)
    session.flush()
    return str(card.id)


def fresh_scheme(session: ScopedSession, actors: Mapping[str, Actor]) -> str:
    """A draft; gives its id."""
    row: CardScheme = keep_scheme(session, actors["hq_office"], BODY, unit_id=root_unit(session).id, now=now())
    return str(row.id)
