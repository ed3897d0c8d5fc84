"""What a card tells to whom (亮牌提醒): the people of the subject, and the sponsors who stand on the card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.marks.card_moves import APPEALED, CORRECT
from core.work.papers.notes import tell
from core.work.roles import ANSWER
from core.work.tables import CardIssue, CardScheme, Sponsorship

KIND = "card"
SUCCEEDED = "appeal_succeeded"
SHOWN_AGAIN = "show_corrected"
TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "show": N_("{scheme}：{subject} {since} 至 {until} 得{card}，已公示；有异议的可以申诉"),
        SHOWN_AGAIN: N_("{scheme}：{subject} {since} 至 {until} 更正为{card}，已公示；有异议的可以申诉"),
        "withdraw": N_("{scheme}：{subject} {since} 至 {until} 的{card}已撤回"),
        SUCCEEDED: N_("{scheme}：{subject} {since} 至 {until} 的申诉成立，{card}已撤回"),
        "uphold": N_("{scheme}：{subject} {since} 至 {until} 的申诉不成立，维持{card}"),
        CORRECT: N_("{scheme}：{subject} {since} 至 {until} 的{card}有误，已撤回更正"),
    }
)


def tell_card(
    session: Session,
    card: CardIssue,
    verb: str,
    *,
    before: str,
    unit_ids: Iterable[UUID],
    by: UUID,
    now: datetime,
) -> int:
    """Tell of a step that a card took in sight; gives how many were told, each once whatever ties him to the card.

    ``before`` is the state that it was in, ``unit_ids`` are those that answer for the subject, ``by`` is who took the step.
    What a correction gives instead is told when the new card is shown.
    """
    text = TEXTS.get(_occasion(card, verb, before))
    if text is None:
        return 0
    people, sponsors = _sponsors(session, card)
    return tell(
        session,
        unit_ids={*unit_ids, *sponsors},
        person_ids=people,
        verb=ANSWER,
        kind=KIND,
        text=text,
        params=_params(session, card),
        object_kind=KIND,
        object_id=card.id,
        now=now,
        but=by,
    )


def _occasion(card: CardIssue, verb: str, before: str) -> str:
    if verb == "withdraw" and before == APPEALED:
        return SUCCEEDED
    return SHOWN_AGAIN if verb == "show" and card.corrects_id else verb


def _sponsors(session: Session, card: CardIssue) -> tuple[set[UUID], set[UUID]]:
    """The sponsors that stand on the card: people, and units whose people are told (one query, none without a sponsor)."""
    ids = [UUID(line["id"]) for line in card.sponsors.get("lines", ()) if line.get("id")]
    if not ids:
        return set(), set()
    query = select(Sponsorship.person_id, Sponsorship.unit_id).where(Sponsorship.id.in_(ids))
    rows = session.execute(query).all()
    people = {person for person, _ in rows if person}
    return people, {unit for person, unit in rows if unit and not person}


def _params(session: Session, card: CardIssue) -> dict[str, str]:
    """The words of a note, those with two languages in both."""
    scheme = session.get_one(CardScheme, (card.tenant_id, card.scheme_id))
    words = card.reason.get("card", {})
    return {
        "scheme": scheme.name,
        "scheme_en": scheme.body.get("title_en") or scheme.name,
        "subject": card.subject_name,
        "since": card.period_start.isoformat(),
        "until": card.period_end.isoformat(),
        "card": words.get("label") or card.colour,
        "card_en": words.get("label_en") or words.get("label") or card.colour,
    }
