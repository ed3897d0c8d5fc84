"""Gives cards (亮牌提出与更正): proposals of a period put forward by rule, and a card that mends another one.

What nobody has confirmed yet follows the numbers; what somebody decided - confirmed, dropped, withdrawn - stays decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.calendar import local_day
from core.work.journal import record
from core.work.marks.card_issues import add_event, change, live_cards, prepare, read_note, step
from core.work.marks.card_moves import CONFIRMED, CORRECT, DROPPED, PROPOSE, PROPOSED, RENEW, WITHDRAWN
from core.work.marks.card_proposing import Proposal
from core.work.marks.card_rules import Colour
from core.work.marks.card_schemes import find_scheme, freeze
from core.work.marks.card_versions import Rules, rules_on
from core.work.permits import require
from core.work.roles import PUBLISH
from core.work.tables import CardEvent, CardIssue, CardScheme
from core.work.wording import shown
from tenants.access import Actor

Sponsors = Mapping[UUID, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Span:
    """The period of a card (亮牌周期): its kind, first and last day."""

    kind: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Forward:
    """What putting proposals forward did: new ones, renewed ones, and those that stand as they were."""

    added: int
    renewed: int
    kept: int


def put_forward(
    session: Session,
    actor: Actor | None,
    row: CardScheme,
    span: Span,
    proposals: Iterable[Proposal],
    *,
    sponsors: Sponsors,
    now: datetime,
) -> Forward:
    """Keep the proposed cards of a period; what nobody has confirmed yet follows the numbers, the rest stays as it is.

    ``actor`` is None for the night; the rules are those of the period's last day. Raises Forbidden, Conflict while the period runs. The scheme's row is locked until the commit, so that a subject never has two cards in a period.
    """
    if actor is not None:
        require(session, actor, PUBLISH, row.unit_id, local_day(now))
    if span.end >= local_day(now):
        raise Conflict(N_("本期到 {end} 才结束；现在可以预览，结束后再提出"), end=span.end.isoformat())
    session.execute(select(CardScheme.id).where(CardScheme.id == row.id).with_for_update())
    rules, decided = rules_on(session, row, span.end), _decided(session, row.id, span.start)
    standing = {(one.league, one.subject_id): one for one in live_cards(session, row.id, span.start)}
    sha256 = freeze(session, row, rules.body)
    counts = {"added": 0, "renewed": 0, "kept": 0}
    for proposal in proposals:
        key = (proposal.league, proposal.value.subject.id)
        old = standing.pop(key, None)
        wanted = proposal.colour and not (old is None and key in decided)
        made = _card(row, rules, span, proposal, sponsors, sha256, now) if wanted else None
        counts[_settle(session, actor, old, made, now)] += 1 if old or made else 0
    for old in standing.values():
        counts[_settle(session, actor, old, None, now)] += 1
    session.flush()
    record(session, actor, "card.propose", "card_scheme", row.id, name=row.name, period=str(span.start), **counts)
    return Forward(**counts)


def _settle(session: Session, actor: Actor | None, old: CardIssue | None, made: CardIssue | None, now: datetime) -> str:
    """Put a new proposal beside what stands: an unconfirmed one gives way when the card or its reason differs."""
    if old is not None and (old.state != PROPOSED or (made and (old.colour, old.reason) == (made.colour, made.reason))):
        return "kept"
    if old is not None:
        change(session, actor, old, {"state": "dropped"}, RENEW, "", now)
    if made is not None:
        session.add(made)
        session.flush()
        add_event(session, actor, made, PROPOSE, None, "", now)
    return "renewed" if old is not None else "added"


def correct(
    session: Session, actor: Actor, card_id: UUID, *, version: int, colour: str, note: str, now: datetime
) -> CardIssue:
    """Withdraw a card and give another one that names it (更正); the new one is confirmed by the same person.

    ``colour`` is a card of the rules that the period was judged by. Raises as :func:`act`; Conflict when it was corrected already.
    """
    old, move = prepare(session, actor, card_id, CORRECT, version, now)
    said = read_note(move, note)
    kept = find_scheme(session, actor, old.scheme_id, local_day(now))
    rules = rules_on(session, kept.row, old.period_end)
    card = rules.scheme.colour(colour)
    if card is None or card.code == old.colour:
        known = ", ".join(one.code for one in rules.scheme.colours if one.code != old.colour)
        fault = Fault(N_("没有这种牌"), "colour", None, shown(colour), "", N_("可填：{known}"), {"known": known})
        raise InvalidInput(faults=[fault])
    session.execute(select(CardScheme.id).where(CardScheme.id == old.scheme_id).with_for_update())
    others = live_cards(session, old.scheme_id, old.period_start)
    if any(one.subject_id == old.subject_id and one.league == old.league and one.id != old.id for one in others):
        raise Conflict(N_("这张牌已经更正过，请办理新的那一张"))
    step(session, actor, old, move, said, now)
    kept_facts = {name: one for name, one in old.reason.items() if name not in ("streak", "mark", "veto")}
    reason = {"why": "corrected", "earned": colour, "instead_of": old.colour, "note": said, "card": words_of(card)}
    same = ("scheme_id", "period_kind", "period_start", "period_end", "league", "subject_kind", "subject_id")
    new = CardIssue(
        **{name: getattr(old, name) for name in (*same, "subject_name", "rank", "sponsors")},
        scheme_version=rules.version,
        colour=colour,
        state=CONFIRMED,
        reason=kept_facts | reason,
        corrects_id=old.id,
        confirmed_by=actor.name,
        confirmed_at=now,
        created_at=now,
        changed_at=now,
    )
    session.add(new)
    session.flush()
    add_event(session, actor, new, CORRECT, None, said, now, corrects=str(old.id))
    return new


def words_of(colour: Colour) -> dict[str, str]:
    """What a card is called and means, kept with it so that it stays readable under later schemes."""
    names = ("label", "label_en", "meaning", "meaning_en", "tone")
    return {name: getattr(colour, name) for name in names}


def _card(
    row: CardScheme,
    rules: Rules,
    span: Span,
    proposal: Proposal,
    sponsors: Sponsors,
    sha256: str,
    now: datetime,
) -> CardIssue:
    scheme = rules.scheme
    value, colour = proposal.value, scheme.colour(proposal.colour or "")
    numbers = {"numerator": value.numerator, "denominator": value.denominator, "unit": scheme.unit}
    rule = {"measure": scheme.measure.code, "basis": scheme.basis, "ties": scheme.ties, "definition": sha256}
    return CardIssue(
        scheme_id=row.id,
        scheme_version=rules.version,
        period_kind=span.kind,
        period_start=span.start,
        period_end=span.end,
        league=proposal.league,
        subject_kind=value.subject.kind,
        subject_id=value.subject.id,
        subject_name=value.subject.name,
        colour=proposal.colour,
        rank=proposal.rank,
        reason=dict(proposal.reason) | numbers | rule | ({"card": words_of(colour)} if colour else {}),
        sponsors={"lines": [dict(line) for line in sponsors.get(value.subject.id, ())]},
        created_at=now,
        changed_at=now,
    )


def _decided(session: Session, scheme_id: UUID, start: date) -> set[tuple[str, UUID]]:
    """The subjects whose card of the period somebody dropped or withdrew: it is not proposed again by rule."""
    by_hand = exists().where(
        CardEvent.tenant_id == CardIssue.tenant_id, CardEvent.card_id == CardIssue.id, CardEvent.verb == "drop"
    )
    rows = session.execute(
        select(CardIssue.league, CardIssue.subject_id).where(
            CardIssue.scheme_id == scheme_id,
            CardIssue.period_start == start,
            or_(CardIssue.state == WITHDRAWN, (CardIssue.state == DROPPED) & by_hand.correlate(CardIssue)),
        )
    )
    return {(league, subject) for league, subject in rows}
