"""Who may visit here, for which round, and as what it counts (检查资格): his posts, his round, and nobody's claim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.inspection.visit_ground import Ground
from core.work.places.reaching import may_at
from core.work.roles import DIRECT, VISIT
from core.work.rounds.clearance import find_round, hold_round, is_member, may_plan_secret_at
from core.work.tables import Round, RoundStop, Site
from core.work.wording import shown
from tenants.access import Actor, may

SELF, VERIFIED = "self", "verified"
_VERIFYING = frozenset(
    {"inspector", "hq_office", "assessor"}
)  # roles whose visits count as verified; others check themselves
BESIDE = "beside"  # in a round's sampling: whether its teams may visit sites that are no stops of it


def reached(ground: Ground) -> Site:
    """The site, when it is one for the actor. Raises NotFound."""
    if ground.site is None:
        raise NotFound
    return ground.site


def within_posts(
    session: Session, actor: Actor, site: Site, campaigns: Sequence[Campaign], on: date
) -> Sequence[Campaign]:
    """The campaigns that the actor may visit for here: a post for one campaign brings that one's forms only."""
    if all(duty.campaign is None for duty in actor.duties if VISIT in duty.verbs):
        return campaigns
    return [one for one in campaigns if may_at(session, actor, VISIT, site, on, campaign=one.key)]


def basis_of(actor: Actor, asked: str | None) -> str:
    """Verified when an inspector or the HQ office visits, else the unit's own check; nobody may claim more than his post."""
    roles = {d.role for d in actor.duties if VISIT in d.verbs}
    own = VERIFIED if roles & _VERIFYING else SELF
    if asked in (None, own, SELF):
        return asked or own
    remedy = N_("检查员和创建办可填 verified，其他岗位只能填 self")
    raise InvalidInput(faults=[Fault(N_("检查性质不对"), "basis", value=shown(asked), remedy=remedy)])


def round_of_visit(session: Session, actor: Actor, round_id: UUID | None, site_id: UUID, on: date) -> Round | None:
    """The round for which a site is visited, when the actor may visit it for that one; None without a round.

    Raises NotFound for an unknown round and for a secret one that he may not know of, Forbidden for whoever is not in it,
    Conflict when it is not open, InvalidInput when the site is none of its stops and it does not allow others.
    """
    if round_id is None:
        return None
    found = hold_round(session, find_round(session, actor, round_id, on).id)
    if not is_member(session, actor, found.id) and not _directs(session, actor, found, on):
        raise Forbidden(N_("您不在这一轮的检查组里"))
    if found.state != "open":
        raise Conflict(N_("这一轮现在不收检查：{title}"), title=found.title, state=found.state)
    if not _is_stop(session, found, site_id):
        remedy = N_("请从这一轮的点位中选，或请创建办把它加进来")
        raise InvalidInput(faults=[Fault(N_("这个点位不在这一轮里"), "site_id", value=str(site_id), remedy=remedy)])
    return found


def stamp_of_round(of: Round | None) -> dict[str, Any]:
    """The columns of a visit that belongs to a round: of a secret one it is born hidden."""
    return {"round_id": None, "hidden": False} if of is None else {"round_id": of.id, "hidden": of.hidden}


def _directs(session: Session, actor: Actor, of: Round, on: date) -> bool:
    """Whether the actor runs such rounds: the office, which walks with any of its teams."""
    if of.hidden:
        return may_plan_secret_at(session, actor, of.unit_id, on)
    return may(session, actor, DIRECT, of.unit_id, on)


def _is_stop(session: Session, of: Round, site_id: UUID) -> bool:
    """Whether the round visits the site; one that names no stop at all visits every site."""
    if of.sampling.get(BESIDE) is True:
        return True
    stops = select(RoundStop.site_id).where(RoundStop.round_id == of.id, RoundStop.state != "dropped")
    if session.scalar(stops.where(RoundStop.site_id == site_id)) is not None:
        return True
    return session.scalar(stops.limit(1)) is None
