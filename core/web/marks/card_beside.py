"""The card in force beside a unit, a site or on the first page (现行亮牌): one quiet line with its reason and where it leads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask_babel import gettext

from core.figures.periods import Period
from core.request import tenant
from core.web.marks import card_words as words
from core.web.scores.periods import say_period
from core.work.marks.card_in_force import InForce, cards_in_force, own_cards
from core.work.roles import SEE
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Beside:
    """One card as the other pages show it (亮牌一行)."""

    id: UUID
    subject: str
    face: words.Shown
    scheme: str
    period: str
    state: str
    why: str


def cards_beside(session: ScopedSession, who: Actor, subject_ids: Collection[UUID], on: date) -> list[Beside]:
    """The cards in force of some units or sites, the newest first; cities give none."""
    if tenant().kind != "district" or not who.has(SEE):
        return []
    return [_beside(one) for one in cards_in_force(session, who, subject_ids, on)]


def own_cards_beside(session: ScopedSession, site_id: UUID | None, on: date) -> list[Beside]:
    """The cards of a site for whoever runs it and has no account."""
    return [_beside(one) for one in own_cards(session, site_id, on)] if site_id else []


def _beside(one: InForce) -> Beside:
    card = one.card
    return Beside(
        card.id,
        card.subject_name,
        words.card_of(card),
        words.say_title(one.kept.scheme),
        say_period(Period(card.period_kind, card.period_start, card.period_end)),
        words.say_state(card.state) if card.state != "shown" else "",
        gettext("；").join(words.reason_of_card(card, one.kept.scheme)[:3]),
    )
