"""Cards step by step (亮牌办理): each by a named person - one guarded UPDATE and one line of history, or nothing.

The expected version stands in the UPDATE's WHERE clause: of two who act at the same moment one wins, the other is told.
A card that was shown never disappears: withdrawn it stays in sight with the reason, a correction names the card it mends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import ZONE, local_day
from core.work.journal import record
from core.work.marks.card_appeals import appeal_due, read_photos
from core.work.marks.card_moves import (
    APPEAL,
    CARD_STATES,
    CONFIRMED,
    CORRECT,
    LIVE,
    MOVES,
    PUBLIC,
    PUBLISHER,
    SUBJECT,
    Move,
    moves_from,
)
from core.work.marks.card_notes import tell_card
from core.work.marks.card_rules import SITE
from core.work.marks.card_schemes import find_scheme
from core.work.roles import PUBLISH
from core.work.tables import CardEvent, CardIssue, CardScheme, Site
from core.work.wording import read_text, shown
from tenants.access import Actor, may

MOST_NAMED = 10  # subjects named in one refusal (ours)


def act(
    session: Session,
    actor: Actor,
    card_id: UUID,
    verb: str,
    *,
    version: int,
    note: str = "",
    photos: Sequence[str] = (),
    now: datetime,
) -> CardIssue:
    """Take one step of a card's life: confirm, drop, show, appeal, uphold, withdraw.

    ``photos`` refer to stored ones and come with an appeal only.

    Raises NotFound, Forbidden (and who may), Stale (somebody was faster), Conflict (what is possible now), InvalidInput.
    """
    card, move = prepare(session, actor, card_id, verb, version, now)
    if verb == CORRECT:
        raise InvalidInput(faults=[Fault(N_("更正要写明新的牌色"), "colour", remedy=N_("请选择一种牌"))])
    said = read_note(move, note)
    return step(session, actor, card, move, said, now, photos=read_photos(session, move, photos))


def act_on_all(
    session: Session,
    actor: Actor,
    cards: Iterable[CardIssue],
    verb: str,
    *,
    seen: Mapping[UUID, int] | None = None,
    now: datetime,
) -> int:
    """Take one step that needs no reason on many cards, those that it fits; gives their number.

    ``seen`` are the cards that the person had before him, each with its version: only these are touched, and none of them
    when one has changed. Raises Stale with the names of those.
    """
    if seen is not None:
        cards = _as_seen(session, cards, verb, seen)
    done = 0
    for card in cards:
        if card.state in MOVES[verb].from_states and not MOVES[verb].needs_note:
            act(session, actor, card.id, verb, version=card.version, now=now)
            done += 1
    return done


def _as_seen(session: Session, cards: Iterable[CardIssue], verb: str, seen: Mapping[UUID, int]) -> Sequence[CardIssue]:
    found = {one.id: one for one in cards if one.state in MOVES[verb].from_states}
    changed = [id_ for id_, version in seen.items() if id_ not in found or found[id_].version != version]
    if changed:
        query = select(CardIssue.subject_name).where(CardIssue.id.in_(changed)).order_by(CardIssue.subject_name)
        names = list(dict.fromkeys(session.scalars(query.limit(MOST_NAMED))))
        more = "…" if len(changed) > MOST_NAMED else ""
        message = N_("您打开页面以后这些牌有了变化：{names}；一张也没有办理，请看过以后再办理")
        raise Stale(message, names=("、".join(names) or "—") + more)
    return [found[id_] for id_ in seen]


def moves_for(session: Session, actor: Actor, card: CardIssue, now: datetime) -> list[Move]:
    """The steps that this person may take now, for the buttons."""
    return moves_from(card.state, parties_of(session, actor, card, now))


def parties_of(session: Session, actor: Actor, card: CardIssue, now: datetime) -> frozenset[str]:
    """How a person stands to a card: publishes for the scheme's unit, answers for the subject's, both or neither."""
    on = local_day(now)
    scheme = session.get(CardScheme, (actor.tenant.id, card.scheme_id))
    found = {PUBLISHER} if scheme and may(session, actor, PUBLISH, scheme.unit_id, on) else set()
    units = units_of_subject(session, card)
    answers = MOVES["appeal"].permission
    return frozenset(found | ({SUBJECT} if any(may(session, actor, answers, unit, on) for unit in units) else set()))


def units_of_subject(session: Session, card: CardIssue) -> list[UUID]:
    """The units that answer for a subject: the unit itself; for a site its operator and its place."""
    if card.subject_kind != SITE:
        return [card.subject_id]
    site = session.get(Site, (card.tenant_id, card.subject_id))
    return [unit for unit in (site.operator_unit_id, site.unit_id) if unit] if site else []


def live_cards(session: Session, scheme_id: UUID, start: date) -> Sequence[CardIssue]:
    """The cards of a period that are neither dropped nor withdrawn."""
    return session.scalars(
        select(CardIssue)
        .where(CardIssue.scheme_id == scheme_id, CardIssue.period_start == start, CardIssue.state.in_(LIVE))
        .order_by(CardIssue.league, CardIssue.rank.nulls_last(), CardIssue.subject_name),
        execution_options={"populate_existing": True},
    ).all()


def find_card(session: Session, actor: Actor, card_id: UUID, now: datetime) -> CardIssue:
    """One card. Raises NotFound for one that is not shown and not this person's to give."""
    card = session.get(CardIssue, (actor.tenant.id, card_id), populate_existing=True)
    if card is None:
        raise NotFound
    kept = find_scheme(session, actor, card.scheme_id, local_day(now))
    if not kept.may_publish and not is_public(card):
        raise NotFound
    return card


def is_public(card: CardIssue) -> bool:
    """Whether a card is or was shown to everybody."""
    return card.state in PUBLIC and card.shown_at is not None


def prepare(
    session: Session, actor: Actor, card_id: UUID, verb: str, version: int, now: datetime
) -> tuple[CardIssue, Move]:
    """The card and the step, when this person may take it now from the version that he saw. Raises as :func:`act`."""
    card = find_card(session, actor, card_id, now)
    move = MOVES.get(verb)
    if move is None:
        remedy = N_("可用：{verbs}")
        fault = Fault(N_("没有这种办理"), "verb", None, shown(verb), "", remedy, {"verbs": ", ".join(MOVES)})
        raise InvalidInput(faults=[fault])
    parties = parties_of(session, actor, card, now)
    if move.by not in parties:
        message = N_("“{verb}”由办法所属单位的发布人办理") if move.by == PUBLISHER else N_("“{verb}”由被亮牌的单位办理")
        raise Forbidden(message, verb=move.title_zh)
    if card.version != version:
        raise _stale(session, card)
    if card.state not in move.from_states:
        possible = "、".join(one.title_zh for one in moves_from(card.state, parties)) or "—"
        message = N_("这张牌目前是“{state}”，不能“{verb}”；现在可以办理：{possible}")
        raise Conflict(message, state=CARD_STATES[card.state].title_zh, verb=move.title_zh, possible=possible)
    return card, move


def read_note(move: Move, note: str) -> str:
    """What is said with a step, trimmed. Raises InvalidInput where a reason is needed and missing."""
    faults: list[Fault] = []
    said = read_text(note, "note", faults)
    if move.needs_note and not said and not faults:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明理由")))
    if faults:
        raise InvalidInput(faults=faults)
    return said


def step(
    session: Session,
    actor: Actor,
    card: CardIssue,
    move: Move,
    note: str,
    now: datetime,
    *,
    photos: Sequence[str] = (),
) -> CardIssue:
    """Take a step that was judged already, and tell whom it concerns once the card is in sight."""
    before = card.state
    changed: dict[str, Any] = {"state": move.to_state}
    if move.to_state == CONFIRMED:
        changed |= {"confirmed_by": actor.name, "confirmed_at": now}
    if move.verb == "show":
        changed["shown_at"] = now
    if move.verb == APPEAL:
        changed["appeal_due_at"] = appeal_due(session, card, now)
    if move.to_state == "withdrawn":
        changed["withdrawn_at"] = card.withdrawn_at or now
    change(session, actor, card, changed, move.verb, note, now, **({"photos": list(photos)} if photos else {}))
    record(session, actor, f"card.{move.verb}", "card", card.id, name=card.subject_name, version=card.version)
    units, by = units_of_subject(session, card), actor.person_id
    tell_card(session, card, move.verb, before=before, unit_ids=units, by=by, now=now)
    return card


def change(
    session: Session,
    actor: Actor | None,
    card: CardIssue,
    changed: Mapping[str, Any],
    verb: str,
    note: str,
    now: datetime,
    **detail: Any,
) -> None:
    """The guarded UPDATE with its line of history. Raises Stale when somebody was faster."""
    before, version = card.state, card.version
    done = session.execute(
        update(CardIssue)
        .where(
            CardIssue.tenant_id == card.tenant_id,
            CardIssue.id == card.id,
            CardIssue.version == version,
            CardIssue.state == before,
        )
        .values(**changed, version=version + 1, changed_at=now)
        .returning(CardIssue.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(card)
    if done is None:
        raise _stale(session, card)
    add_event(session, actor, card, verb, before, note, now, **detail)


def add_event(
    session: Session,
    actor: Actor | None,
    card: CardIssue,
    verb: str,
    before: str | None,
    note: str,
    now: datetime,
    **detail: Any,
) -> None:
    """Write one line of a card's history; ``actor`` is None for the night."""
    session.add(
        CardEvent(
            card_id=card.id,
            version=card.version,
            at=now,
            verb=verb,
            from_state=before,
            to_state=card.state,
            person_id=actor.person_id if actor else None,
            person_name=actor.name if actor else "",
            note=note,
            detail=detail,
        )
    )
    session.flush()


def _stale(session: Session, card: CardIssue) -> Stale:
    """Somebody was faster: who, when, and what the state is now."""
    last = session.scalars(
        select(CardEvent).where(CardEvent.card_id == card.id).order_by(CardEvent.version.desc()).limit(1)
    ).first()
    session.refresh(card)
    return Stale(
        N_("{who}已于 {when} 办理：这张牌现在是“{state}”。请刷新后再办理"),
        who=last.person_name if last else "",
        when=(last.at if last else card.changed_at).astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=CARD_STATES[card.state].title_zh,
    )
