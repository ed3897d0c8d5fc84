"""Who sees a notice, and how he stands to it (文书可见范围与身份): by his posts over the addressed unit."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.papers.notice_moves import ADDRESSEE, ISSUER
from core.work.roles import ANSWER, DIRECT, RESTRICTED, SEE
from core.work.tables import File, Finding, FindingCampaign, Notice, NoticeEvent, NoticeFinding
from tenants.access import Actor, reach_of
from tenants.models import Unit, UnitPath


def sees_notice(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Notice: its unit lies in the actor's reach; one about restricted findings, in the reach of such a post.

    A post for one campaign sees only notices about that campaign's findings.
    """
    restricted = or_(Notice.restricted, _became_restricted(actor))
    plain = and_(~restricted, _within(actor, SEE, on))
    if not actor.has(RESTRICTED):
        return plain
    return or_(plain, and_(restricted, _within(actor, RESTRICTED, on)))


def _became_restricted(actor: Actor) -> ColumnElement[bool]:
    """Condition on Notice: a finding that it is about was turned into the restricted class after it was issued."""
    about = exists().where(
        NoticeFinding.tenant_id == actor.tenant.id,
        NoticeFinding.notice_id == Notice.id,
        Finding.tenant_id == actor.tenant.id,
        Finding.id == NoticeFinding.finding_id,
        Finding.restricted,
    )
    return about.correlate(Notice)


def _within(actor: Actor, verb: str, on: date) -> ColumnElement[bool]:
    if actor.covers(verb):
        return true()
    found: list[ColumnElement[bool]] = []
    for campaign in sorted({d.campaign or "" for d in actor.duties if verb in d.verbs}):
        inside: ColumnElement[bool] = Notice.unit_id.in_(reach_of(actor, verb, on, campaign or None))
        if campaign:
            about = exists().where(
                NoticeFinding.tenant_id == actor.tenant.id,
                NoticeFinding.notice_id == Notice.id,
                FindingCampaign.tenant_id == actor.tenant.id,
                FindingCampaign.finding_id == NoticeFinding.finding_id,
                FindingCampaign.campaign == campaign,
            )
            inside = and_(inside, about.correlate(Notice))
        found.append(inside)
    return or_(false(), *found)


def sees_notice_photo(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on File: it came with the answer to a notice that the actor sees."""
    of_answer = exists().where(
        NoticeEvent.tenant_id == actor.tenant.id,
        NoticeEvent.photos.contains(func.jsonb_build_array(cast(File.id, String))),
        Notice.tenant_id == actor.tenant.id,
        Notice.id == NoticeEvent.notice_id,
        sees_notice(actor, on),
    )
    return of_answer.correlate(File)


def parties_of(session: Session, actor: Actor, unit: Unit, restricted: bool, on: date) -> frozenset[str]:
    """What the actor is to a notice of a unit: its addressee, its issuer, both, or nothing (one query).

    The issuer directs from above: whoever has a post inside the addressed unit never checks its answer himself.
    """
    if restricted and not actor.has(RESTRICTED):
        return frozenset()
    above = set(
        session.scalars(
            select(UnitPath.ancestor_id).where(UnitPath.unit_id == unit.id, UnitPath.depth > 0, valid_on(UnitPath, on))
        )
    )
    found = set()
    if actor.roots(ANSWER) & (above | {unit.id}):
        found.add(ADDRESSEE)
    if actor.roots(DIRECT) & above and unit.id not in {duty.unit_id for duty in actor.duties}:
        found.add(ISSUER)
    return frozenset(found)


def is_addressee(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Notice: the actor answers for the addressed unit."""
    found = [
        Notice.unit_id.in_(reach_of(actor, ANSWER, on, campaign))
        for campaign in {d.campaign for d in actor.duties if ANSWER in d.verbs}
    ]
    return and_(or_(false(), *found), sees_notice(actor, on))


def is_issuer(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Notice: the actor directs the addressed unit from above."""
    roots = actor.roots(DIRECT)
    above = exists().where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.unit_id == Notice.unit_id,
        UnitPath.ancestor_id.in_(roots),
        UnitPath.depth > 0,
        valid_on(UnitPath, on),
    )
    return and_(above.correlate(Notice), sees_notice(actor, on))
