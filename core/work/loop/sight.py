"""What an actor may see (可见范围): the places under his posts, and the findings in which one of his units has a part."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, CompoundSelect, Text, and_, cast, exists, false, or_, select, true, union_all
from sqlalchemy.orm import Session

from core.work.roles import AUDIT, RESTRICTED, SEE
from core.work.rounds.clearance import knows_finding, knows_visit
from core.work.tables import Appeal, Attachment, Audit, Finding, FindingCampaign, NoticeFinding, Part, Visit
from tenants.access import Actor, may, reach, reach_of, root_unit
from tenants.models import Holding, Post

RESTRICTED_KIND = "conduct"  # what lines of the trail about restricted findings and their papers are about


def audit_kind(restricted: bool, kind: str = "finding") -> str:
    """The kind under which the trail names a thing: restricted ones apart, so that lines are judged without a look-up."""
    return RESTRICTED_KIND if restricted else kind


def sees_finding(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Finding: its place, or the unit of any of its parts, lies in the actor's reach.

    The restricted class (作风纪律) is seen by posts that carry RESTRICTED only, within what those posts reach; what a secret
    round found by those who may know of it (core.work.rounds.clearance).
    """
    seen = _within(actor, SEE, on)
    if not actor.has(RESTRICTED):
        return and_(Finding.restricted.is_(False), seen, knows_finding(actor, on))
    judged = or_(and_(Finding.restricted.is_(False), seen), and_(Finding.restricted, _within(actor, RESTRICTED, on)))
    return and_(judged, knows_finding(actor, on))


def _within(actor: Actor, verb: str, on: date) -> ColumnElement[bool]:
    """Condition on Finding: its place or one of its parts lies under a post with the verb; one campaign that fits is enough."""
    tenant = actor.tenant.id
    if actor.covers(verb):
        return true()
    found = []
    for campaign in sorted({d.campaign or "" for d in actor.duties if verb in d.verbs}):
        units = reach_of(actor, verb, on, campaign or None)
        part = exists().where(Part.tenant_id == tenant, Part.finding_id == Finding.id, Part.unit_id.in_(units))
        inside = or_(Finding.unit_id.in_(units), part.correlate(Finding))
        if campaign:
            named = exists().where(
                FindingCampaign.tenant_id == tenant,
                FindingCampaign.finding_id == Finding.id,
                FindingCampaign.campaign == campaign,
            )
            inside = and_(inside, named.correlate(Finding))
        found.append(inside)
    return or_(false(), *found)


def unseen_restricted(actor: Actor, on: date) -> CompoundSelect[str]:
    """The ids, as texts, of the restricted findings that the actor may not know of, and of the papers and appeals about them.

    Lines and notes from before a finding became restricted are told from others by these.
    """
    tenant = actor.tenant.id
    found = [Finding.tenant_id == tenant, Finding.restricted]
    found += [~_within(actor, RESTRICTED, on)] if actor.has(RESTRICTED) else []
    papers = and_(NoticeFinding.tenant_id == tenant, NoticeFinding.finding_id == Finding.id)
    about = select(cast(NoticeFinding.notice_id, Text)).select_from(Finding).join(NoticeFinding, papers).where(*found)
    appeals = and_(Appeal.tenant_id == tenant, Appeal.finding_id == Finding.id)
    raised = select(cast(Appeal.id, Text)).select_from(Finding).join(Appeal, appeals).where(*found)
    return union_all(select(cast(Finding.id, Text)).where(*found), about, raised)


def sees_visit(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Visit: the place lies in the actor's reach, or the visit is his own; of secret rounds those that he may know of."""
    placed = or_(Visit.unit_id.in_(reach(actor, SEE, on)), Visit.person_id == actor.person_id)
    return and_(placed, knows_visit(actor, on))


def sees_attachment(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Attachment: it belongs to a finding or visit that the actor sees, or to the visit of such a finding."""
    tenant = actor.tenant.id
    by_finding = exists().where(
        Finding.tenant_id == tenant,
        or_(
            Finding.id == Attachment.finding_id,
            and_(Finding.visit_id == Attachment.visit_id, Finding.question == Attachment.question),
        ),
        sees_finding(actor, on),
    )
    by_visit = exists().where(Visit.tenant_id == tenant, Visit.id == Attachment.visit_id, sees_visit(actor, on))
    return or_(by_finding.correlate(Attachment), by_visit.correlate(Attachment))


def sees_line(session: Session, actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on Audit: all of it for the whole tenant's auditor, else what people did who hold or held a post in his reach.

    Lines about restricted findings are for those alone who may see such findings, those from before they became it as well.
    """
    earlier = Audit.object_id.not_in(unseen_restricted(actor, on))
    plain = true() if actor.has(RESTRICTED) else and_(Audit.object_kind != RESTRICTED_KIND, earlier)
    plain = and_(plain, Audit.hidden.is_(False))  # the trail is read in the open, after the release
    if may(session, actor, AUDIT, root_unit(session).id, on):
        return plain
    held = exists().where(
        Holding.tenant_id == actor.tenant.id,
        Holding.person_id == Audit.person_id,
        Post.tenant_id == Holding.tenant_id,
        Post.id == Holding.post_id,
        Post.unit_id.in_(reach(actor, AUDIT, on)),
    )
    return and_(plain, held.correlate(Audit))
