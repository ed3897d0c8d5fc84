"""Clearance (知密范围): who may know of a secret round before its release, and of what it found.

A plain session meets no hidden row: that is the wall (migrations/wall.py). A cleared one meets them all, so there every
question about rounds, visits and findings carries one of these filters. An actor who was not cleared by
``core.request.enter_cleared`` is shown no hidden row by them either, whatever session he is given.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, true
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work.roles import SECRET
from core.work.tables import Finding, Round, RoundMember, Visit
from tenants.access import Actor, may, reach
from tenants.scope import ScopedSession, Wall

UNDER_WAY = ("open", "closed")  # what members may know of; drafts and what was withdrawn is for those who plan


def may_plan_secret(actor: Actor) -> bool:
    """Whether the actor may plan, see and release secret rounds somewhere; for menus and forms, never for one round."""
    return actor.has(SECRET)


def may_plan_secret_at(session: Session, actor: Actor, unit_id: UUID, on: date) -> bool:
    """Whether he may for a round of this unit."""
    return may(session, actor, SECRET, unit_id, on)


def may_know_some(session: Session, actor: Actor) -> bool:
    """Whether the actor needs a cleared session: he plans secret rounds, or is in one that is under way.

    ``session`` is a cleared one of its own, for this question alone; it is asked of everybody alike.
    """
    mine = (RoundMember.person_id == actor.person_id, RoundMember.ended_at.is_(None))
    query = select(RoundMember.round_id).where(*mine, Round.hidden, Round.state.in_(UNDER_WAY))
    its = and_(Round.tenant_id == RoundMember.tenant_id, Round.id == RoundMember.round_id)
    is_in = session.scalar(query.join(Round, its).limit(1)) is not None
    return is_in or actor.has(SECRET)


def go_on(wall: Wall, plain: ScopedSession, actor: Actor) -> tuple[ScopedSession, Actor]:
    """End a plain session and give the one in which the actor goes on, cleared if he may know of a secret, and himself in it.

    Everybody is asked the same statements in the same order, so that an answer's time says nothing either.
    """
    with wall.open(actor.tenant.id, cleared=True) as look:
        knows = may_know_some(look, actor)
    plain.close()
    return wall.open(actor.tenant.id, cleared=knows), replace(actor, cleared=knows)


def sees_round(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Round, and on nothing but its secrecy: an announced or released one, or a secret one that he may know of.

    That is a round of a unit under a post of his with SECRET, or one under way of which he is a member. Whether a round that
    is no secret is for his eyes is for the room to say.
    """
    if not actor.cleared:
        return Round.hidden.is_(False)
    if actor.covers(SECRET):
        return true()
    return or_(Round.hidden.is_(False), _knows(actor, on))


def knows_visit(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Visit: no secret, or one of a round that he may know of."""
    if not actor.cleared:
        return Visit.hidden.is_(False)
    if actor.covers(SECRET):
        return true()
    its = exists().where(Round.tenant_id == actor.tenant.id, Round.id == Visit.round_id, _knows(actor, on))
    return or_(Visit.hidden.is_(False), its.correlate(Visit))


def knows_finding(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Finding: no secret, or found by a visit of a round that he may know of, or reported for such a one."""
    if not actor.cleared:
        return Finding.hidden.is_(False)
    if actor.covers(SECRET):
        return true()
    its = exists().where(
        Visit.tenant_id == actor.tenant.id,
        Visit.id == Finding.visit_id,
        Round.tenant_id == actor.tenant.id,
        Round.id == Visit.round_id,
        _knows(actor, on),
    )
    reported = exists().where(Round.tenant_id == actor.tenant.id, Round.id == Finding.round_id, _knows(actor, on))
    return or_(Finding.hidden.is_(False), its.correlate(Finding), reported.correlate(Finding))


def find_round(session: Session, actor: Actor, round_id: UUID, on: date) -> Round:
    """The round, when it is no secret before the actor; NotFound otherwise, as for one that does not exist."""
    found = session.scalars(select(Round).where(Round.id == round_id, sees_round(actor, on))).first()
    if found is None:
        raise NotFound
    return found


def hold_round(session: Session, round_id: UUID) -> Round:
    """The round as it stands now, which nobody closes or releases before this transaction ends.

    Whoever writes something for a round holds it: what came in while it is released would stay hidden for good.
    """
    query = select(Round).where(Round.id == round_id).with_for_update(read=True)
    return session.scalars(query, execution_options={"populate_existing": True}).one()


def may_release(session: Session, actor: Actor, of: Round, on: date) -> bool:
    """Whether the actor may release, close or withdraw this secret round: SECRET at its unit, in a cleared session."""
    return actor.cleared and may(session, actor, SECRET, of.unit_id, on)


def is_member(session: Session, actor: Actor, round_id: UUID) -> bool:
    """Whether the actor stands in a round's team now."""
    mine = (RoundMember.round_id == round_id, RoundMember.person_id == actor.person_id, RoundMember.ended_at.is_(None))
    return session.scalar(select(RoundMember.person_id).where(*mine)) is not None


def _knows(actor: Actor, on: date) -> ColumnElement[bool]:
    """Condition on a hidden Round."""
    member = and_(Round.state.in_(UNDER_WAY), _is_member(actor))
    if not actor.has(SECRET):
        return member
    return or_(Round.unit_id.in_(reach(actor, SECRET, on)), member)


def _is_member(actor: Actor) -> ColumnElement[bool]:
    found = exists().where(
        RoundMember.tenant_id == actor.tenant.id,
        RoundMember.round_id == Round.id,
        RoundMember.person_id == actor.person_id,
        RoundMember.ended_at.is_(None),
    )
    return found.correlate(Round)
