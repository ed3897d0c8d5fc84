"""Who sees and who plans which round (轮次可见范围), on top of the secrecy of core.work.rounds.clearance."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from core.errors import N_, Forbidden, NotFound
from core.work.places.reaching import reaches_site
from core.work.roles import ANSWER, DIRECT, SECRET, SEE
from core.work.rounds.clearance import is_member, sees_round
from core.work.rounds.kinds import AFTER_CLOSING, AT_ONCE, KINDS, SECRET_MODE, kind_of
from core.work.tables import Round, RoundPlan
from tenants.access import Actor, may, reach

SHOWN = ("open", "closed", "released")  # drafts and what was called off are for those who plan
OVER = ("closed", "released")
_OWN = tuple(code for code, kind in KINDS.items() if kind.is_own)


def in_view(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Round: what the actor may read in the rounds room."""
    if actor.covers(DIRECT):
        return sees_round(actor, on)
    plans: list[ColumnElement[bool]] = [Round.unit_id.in_(reach(actor, DIRECT, on))] if actor.has(DIRECT) else []
    if actor.has(ANSWER):
        plans.append(and_(Round.kind.in_(_OWN), Round.unit_id.in_(reach(actor, ANSWER, on))))
    return and_(sees_round(actor, on), or_(Round.state.in_(SHOWN), *plans))


def get_round(session: Session, actor: Actor, round_id: UUID, on: date) -> Round:
    """A round that the actor may read. Raises NotFound, alike for what is not there and what is not his to know."""
    found = session.scalars(select(Round).where(Round.id == round_id, in_view(actor, on))).first()
    if found is None:
        raise NotFound
    return found


def may_plan(session: Session, actor: Actor, kind: str, mode: str, unit_id: UUID, on: date) -> bool:
    """Whether the actor may plan rounds of this kind and mode for a unit; a secret one needs SECRET there and a cleared session."""
    if mode == SECRET_MODE:
        return actor.cleared and may(session, actor, SECRET, unit_id, on)
    return any(may(session, actor, verb, unit_id, on) for verb in sorted(kind_of(kind).planners))


def plans(session: Session, actor: Actor, of: Round | RoundPlan, on: date) -> bool:
    """Whether the actor may change this round or plan."""
    return may_plan(session, actor, of.kind, of.mode, of.unit_id, on)


def need_plan(session: Session, actor: Actor, of: Round | RoundPlan, on: date) -> None:
    """Raise Forbidden unless the actor may change it."""
    if not plans(session, actor, of, on):
        raise Forbidden(N_("您的岗位不能安排这个轮次"))


def reads_whole(session: Session, actor: Actor, of: Round, on: date) -> bool:
    """Whether all of its places are for the actor: he plans it, is in it, or sees the whole district."""
    return actor.covers(SEE) or plans(session, actor, of, on) or is_member(session, actor, of.id)


def stops_in_view(session: Session, actor: Actor, of: Round, on: date) -> ColumnElement[bool]:
    """Filter on Site: the places of a round that the actor reads; others see those within their reach."""
    return true() if reads_whole(session, actor, of, on) else reaches_site(actor, SEE, on)


def reads_results(session: Session, actor: Actor, of: Round, on: date) -> bool:
    """Whether the actor reads what a round came to: each source keeps its own rule (see kinds)."""
    if plans(session, actor, of, on) or is_member(session, actor, of.id):
        return True
    when = kind_of(of.kind).results
    return when == AT_ONCE or (when == AFTER_CLOSING and of.state in OVER)


def plan_in_view(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on RoundPlan: those that the actor may change; a secret one in a cleared session only."""
    found: list[ColumnElement[bool]] = [RoundPlan.unit_id.in_(reach(actor, DIRECT, on))]
    if actor.has(ANSWER):
        found.append(and_(RoundPlan.kind.in_(_OWN), RoundPlan.unit_id.in_(reach(actor, ANSWER, on))))
    secret: ColumnElement[bool] = RoundPlan.hidden.is_(False)
    if actor.cleared and actor.has(SECRET):
        secret = or_(secret, RoundPlan.unit_id.in_(reach(actor, SECRET, on)))
    return and_(or_(*found), secret)
