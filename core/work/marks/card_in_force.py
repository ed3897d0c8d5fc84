"""The cards that stand for somebody now (现行亮牌): of each scheme the newest period that was shown, as the reader may see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from core.work.loop.clocks import end_of
from core.work.marks.card_moves import STANDING
from core.work.marks.card_schemes import Kept, as_of, list_schemes
from core.work.marks.card_versions import ACTIVE, rules_on
from core.work.tables import CardIssue, CardScheme
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class InForce:
    """A card in force with the rules that gave it (现行牌)."""

    card: CardIssue
    kept: Kept


def cards_in_force(session: Session, actor: Actor, subject_ids: Collection[UUID], on: date) -> list[InForce]:
    """The cards of units or sites that were shown by the end of a day and that no newer period of the scheme replaced.

    A subject without a card in the newest period has none; withdrawn cards count no more. One query when there is none.
    """
    rows = _newest(session, subject_ids, on) if subject_ids else []
    seen = {kept.row.id: kept for kept in list_schemes(session, actor, on, states=(ACTIVE,))} if rows else {}
    return [InForce(row, as_of(session, seen[row.scheme_id], row.period_end)) for row in rows if row.scheme_id in seen]


def own_cards(session: Session, site_id: UUID, on: date) -> list[InForce]:
    """The same for whoever runs a site and has no account: its own cards, of schemes in force."""
    found = []
    for card in _newest(session, [site_id], on):
        row = session.get_one(CardScheme, (card.tenant_id, card.scheme_id))
        if row.state == ACTIVE:
            rules = rules_on(session, row, card.period_end)
            found.append(InForce(card, Kept(row, rules.scheme, "", may_edit=False, may_publish=False)))
    return found


def _newest(session: Session, subject_ids: Collection[UUID], on: date) -> Sequence[CardIssue]:
    later, shown_by = aliased(CardIssue), end_of(on)
    newer = exists().where(
        later.tenant_id == CardIssue.tenant_id,
        later.scheme_id == CardIssue.scheme_id,
        later.period_start > CardIssue.period_start,
        later.state.in_(STANDING),
        later.shown_at < shown_by,
    )
    return session.scalars(
        select(CardIssue)
        .where(
            CardIssue.subject_id.in_(subject_ids),
            CardIssue.state.in_(STANDING),
            CardIssue.shown_at < shown_by,
            ~newer.correlate(CardIssue),
        )
        .order_by(CardIssue.period_end.desc(), CardIssue.subject_name, CardIssue.id)
    ).all()
