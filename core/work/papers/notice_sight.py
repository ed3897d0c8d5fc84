"""Who sees a notice, and how he stands to it (文书可见范围与身份): by his posts over the addressed units.

Whoever reaches one of the addressees sees the paper, to whom it went and how far each is; what another addressee answered
is between that one and the desk.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from core.work.dated import valid_on
from core.work.papers.notice_moves import ADDRESSEE, ISSUER
from core.work.roles import ANSWER, DIRECT, RESTRICTED, SEE
from core.work.tables import File, Finding, FindingCampaign, Notice, NoticeAddressee, NoticeEvent, NoticeFinding
from tenants.access import Actor, reach_of
from tenants.models import UnitPath

Inside = Callable[[Any], ColumnElement[bool]]  # a condition, of the units that a post reaches


def goes_to(tenant_id: int, *wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """Filter on Notice: it has an addressee of which the conditions on NoticeAddressee hold."""
    found = exists().where(NoticeAddressee.tenant_id == tenant_id, NoticeAddressee.notice_id == Notice.id, *wanted)
    return found.correlate(Notice)


def sees_notice(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Notice: an addressee lies in the actor's reach; of one about restricted findings, in that of such a post.

    A post for one campaign sees only notices about that campaign's findings.
    """
    return _sees(actor, on, lambda units: goes_to(actor.tenant.id, NoticeAddressee.unit_id.in_(units)))


def sees_step(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on NoticeEvent with its Notice: a step of a notice that he sees, the whole paper's or of a unit in his reach."""

    def inside(units: Any) -> ColumnElement[bool]:
        whole = and_(NoticeEvent.unit_id.is_(None), goes_to(actor.tenant.id, NoticeAddressee.unit_id.in_(units)))
        return or_(NoticeEvent.unit_id.in_(units), whole)

    return _sees(actor, on, inside)


def _sees(actor: Actor, on: date, inside: Inside) -> ColumnElement[bool]:
    restricted = or_(Notice.restricted, _became_restricted(actor))
    plain = and_(~restricted, _within(actor, SEE, on, inside))
    if not actor.has(RESTRICTED):
        return plain
    return or_(plain, and_(restricted, _within(actor, RESTRICTED, on, inside)))


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


def _within(actor: Actor, verb: str, on: date, units: Inside) -> ColumnElement[bool]:
    if actor.covers(verb):
        return true()
    found: list[ColumnElement[bool]] = []
    for campaign in sorted({d.campaign or "" for d in actor.duties if verb in d.verbs}):
        inside = units(reach_of(actor, verb, on, campaign or None))
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
        sees_step(actor, on),
    )
    return of_answer.correlate(File)


def parties_of(
    session: Session, actor: Actor, unit_ids: Collection[UUID], restricted: bool, on: date
) -> dict[UUID, frozenset[str]]:
    """What the actor is to each addressee of a notice: of its people, its issuer, both, or nothing (one query).

    The issuer directs from above: whoever has a post inside the addressed unit never checks its answer himself.
    """
    if restricted and not actor.has(RESTRICTED):
        return dict.fromkeys(unit_ids, frozenset())
    above: dict[UUID, set[UUID]] = {unit_id: set() for unit_id in unit_ids}
    query = select(UnitPath.unit_id, UnitPath.ancestor_id).where(
        UnitPath.unit_id.in_(unit_ids), UnitPath.depth > 0, valid_on(UnitPath, on)
    )
    for unit_id, ancestor in session.execute(query):
        above[unit_id].add(ancestor)
    answers, directs, own = actor.roots(ANSWER), actor.roots(DIRECT), {duty.unit_id for duty in actor.duties}
    found = {}
    for unit_id, over in above.items():
        named = {ADDRESSEE} if answers & (over | {unit_id}) else set()
        found[unit_id] = frozenset(named | ({ISSUER} if directs & over and unit_id not in own else set()))
    return found


def answers_for(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on NoticeAddressee with its Notice: the actor answers for the unit, and sees the notice."""
    found = [
        NoticeAddressee.unit_id.in_(reach_of(actor, ANSWER, on, campaign))
        for campaign in {d.campaign for d in actor.duties if ANSWER in d.verbs}
    ]
    return and_(or_(false(), *found), sees_notice(actor, on))


def directs_to(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on NoticeAddressee with its Notice: the actor directs the unit from above, and sees the notice."""
    above = exists().where(
        UnitPath.tenant_id == actor.tenant.id,
        UnitPath.unit_id == NoticeAddressee.unit_id,
        UnitPath.ancestor_id.in_(actor.roots(DIRECT)),
        UnitPath.depth > 0,
        valid_on(UnitPath, on),
    )
    return and_(above.correlate(NoticeAddressee), sees_notice(actor, on))
