"""Findings without a form (随手上报): photo, place, category, severity - from patrols, leaders, deputies, experts, oneself.

The id comes from the device: the same report again changes nothing and is answered alike, another one under the id is a
conflict. What the desk must accept waits as reported; who directs the work there dispatches at once. What was put right on
the spot (发现即处置) is closed at once with photos before and after. Restricted reports go to the conduct liaison's unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput
from core.work.bulk import Lot
from core.work.calendar import load_calendar, local_day
from core.work.dispatch.precedents import count_used
from core.work.dispatch.routing import Case, Owners, Place, Route, load_router, owners_at
from core.work.dispatch.routing_trial import declared_of
from core.work.dispatch.trusted import trusted_lead
from core.work.intake.patrols import patrol_for_report
from core.work.intake.report_input import CheckedReport, ReportBody, check_report
from core.work.intake.report_rows import Entry, enter_rows, new_finding, opening_of, own_unit
from core.work.intake.report_standing import ReportStanding, may_for_round, stand_in
from core.work.intake.sources import BY_POST, SELF, VERIFIED, VERIFYING, Source
from core.work.journal import line, seal_of
from core.work.loop.announcing import notes_of_new
from core.work.loop.ledger import act
from core.work.loop.sight import audit_kind, sees_finding
from core.work.loop.states import CLOSED, DISPATCHED, REPORTED
from core.work.organisation.owners import UnitFacts, facts_of
from core.work.proofs.doubts import look_at_spot
from core.work.roles import DIRECT, REPORT, RESTRICTED, SEE
from core.work.rounds.sealing import seal
from core.work.tables import Audit, Finding, FindingEvent
from tenants.access import Actor, may
from tenants.db import new_id
from tenants.db import now as server_now

TAKEN = N_("这个编号的问题已经上报过，内容不同；请核对，新的问题请用新的编号")


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report led to (上报结果); ``replayed`` when it had been sent before.

    ``opening`` is the detail of its first line of history and ``parts`` are its parts, with what is known of their ``units``,
    when all of it was written just now and nothing happened to it since.
    """

    finding: Finding
    replayed: bool = False
    opening: Mapping[str, Any] | None = None
    parts: tuple[Mapping[str, Any], ...] = ()
    units: Mapping[UUID, UnitFacts] = field(default_factory=dict)


def report(
    session: Session,
    actor: Actor,
    *,
    photos: Sequence[str] = (),
    fixed: Sequence[str] | None = None,
    campaigns: Sequence[str] = (),
    finding_id: UUID | None = None,
    now: datetime | None = None,
    **said: Any,
) -> Finding:
    """Report one finding (上报问题); ``said`` are the other fields of :class:`ReportBody` by name.

    ``photos`` are file ids or SHA-256 of how it looked; ``fixed``, if given, those after it was put right at once. ``due_at``
    is a deadline by hand, ``lead_unit_id`` who shall answer, both for who directs the work there; ``merge_into`` a finding
    that this one repeats. Raises InvalidInput with every fault, NotFound (out of reach), Forbidden (not his source),
    Conflict (another body under the id).
    """
    body = ReportBody(
        **said,
        photos=tuple(photos),
        fixed=None if fixed is None else tuple(fixed),
        campaigns=tuple(campaigns) or own_campaigns(actor),
    )
    key, is_new = finding_id or new_id(), finding_id is None
    return enter(session, actor, body, key, now or server_now(), is_new=is_new).finding


def enter(
    session: Session,
    actor: Actor,
    body: ReportBody,
    finding_id: UUID,
    now: datetime,
    *,
    is_new: bool = False,
    device_now: datetime | None = None,
) -> Reported:
    """Enter a report under an id; ``is_new``: the id was made just now, so nothing can be there.

    ``device_now`` is the phone's clock at the moment of sending, which puts ``taken_at`` right. Raises as :func:`report`, and
    for a report that goes with a round as ``stand_in`` does.
    """
    earlier = None if is_new else _earlier(session, actor, finding_id, body.sha256())
    if earlier is not None:
        return earlier
    standing = stand_in(session, actor, body, now, device_now)
    with seal(session, standing.round):
        return _take(session, actor, body, finding_id, now, standing)


def _take(
    session: Session, actor: Actor, body: ReportBody, finding_id: UUID, now: datetime, standing: ReportStanding
) -> Reported:
    """Check a report that is not there yet, and enter it."""
    digest = body.sha256()
    checked = check_report(session, actor, body, now)
    owners = owners_at(session, actor, checked.where.unit_id, checked.where.operator_id, local_day(now))
    directs = _check_person(actor, checked, body, owners, standing)
    if body.patrol_id is not None:
        patrol_for_report(session, actor, body.patrol_id, now)
    route = _route(session, actor, checked, body, owners, now)
    straight = directs or checked.source.straight or standing.is_secret
    state = _state(straight=straight, is_fixed=checked.is_fixed, merges=body.merge_into is not None)
    target = _target(session, actor, body.merge_into, now)
    named = {route.line, route.place} | ({own} if (own := own_unit(actor, checked.source)) else set())
    units = facts_of(session, owners, named)
    basis = _basis(actor, checked.source)
    entry = Entry(finding_id, digest, checked, route, state, basis, body.patrol_id, target, units, standing)
    merges = target is not None and directs
    written = _write(session, actor, entry, now, is_told=not merges)
    if written is None:
        return _lost_race(session, actor, finding_id, digest)
    finding = written.finding
    if checked.is_fixed:
        look_at_spot(session, finding, checked.after, now)
    if not finding.hidden:  # a precedent of what is secret counts at the release
        count_used(session, actor, [route])
    if target is None or not merges:
        return written
    return Reported(act(session, actor, finding.id, "merge", version=1, target_id=target.id, now=now))


def _write(session: Session, actor: Actor, entry: Entry, now: datetime, *, is_told: bool) -> Reported | None:
    """Write the finding with its line of the trail, and tell who should know; None when somebody was faster."""
    finding = new_finding(session, actor, entry, load_calendar(session, now), now)
    detail = {"number": finding.number, "source": finding.source, "state": finding.state}
    trail = line(actor, "finding.report", audit_kind(finding.restricted), finding.id, **detail)
    beside = [Lot(Audit, [trail | seal_of(session)])]
    if is_told:
        lead, campaigns = entry.route.line, entry.checked.campaigns
        is_asked = entry.units[lead].is_asked
        beside += notes_of_new(session, finding, lead, campaigns, now, is_asked=is_asked, but=actor.person_id)
    opening = opening_of(actor, entry, finding)
    if not enter_rows(session, actor, entry, finding, opening, beside):
        return None
    return Reported(finding, opening=opening["detail"], parts=tuple(entry.parts), units=entry.units)


def own_campaigns(actor: Actor) -> tuple[str, ...]:
    """The campaigns that an actor stands for, when all his posts are limited to some: his reports belong to them."""
    limits = {duty.campaign for duty in actor.duties if REPORT in duty.verbs}
    return () if None in limits else tuple(sorted(limit for limit in limits if limit))


def _earlier(session: Session, actor: Actor, finding_id: UUID, digest: str) -> Reported | None:
    """The finding that is there under this id already, when it is the same report of the same person."""
    finding = session.scalars(select(Finding).where(Finding.id == finding_id)).first()
    if finding is None:
        return None
    first = session.scalars(
        select(FindingEvent).where(FindingEvent.finding_id == finding_id, FindingEvent.version == 1)
    )
    opened = first.one()
    if opened.detail.get("body") != digest or opened.person_id != actor.person_id:
        raise Conflict(TAKEN)
    return Reported(finding, replayed=True)


def _lost_race(session: Session, actor: Actor, finding_id: UUID, digest: str) -> Reported:
    """The same report was entered a moment ago by another request; it is committed, hence it can be read."""
    earlier = _earlier(session, actor, finding_id, digest)
    if earlier is None:  # it is there, but not for these eyes (a secret round)
        raise Conflict(TAKEN)
    return earlier


def _check_person(
    actor: Actor, checked: CheckedReport, body: ReportBody, owners: Owners, standing: ReportStanding
) -> bool:
    """Whether the actor directs the work there. Raises Forbidden when the source, or what he asks for, is not his."""

    def allowed(verb: str) -> bool:
        return all(owners.may(actor, verb, key) for key in checked.campaigns or (None,))

    directs = allowed(DIRECT)
    is_sent = may_for_round(actor, standing.round) and REPORT in checked.source.verbs
    if not is_sent and not any(allowed(verb) for verb in checked.source.verbs):
        raise Forbidden(N_("您的岗位不能用“{source}”上报"), source=checked.source.title_zh)
    if checked.restricted and not allowed(RESTRICTED):
        raise Forbidden(N_("您的岗位不能上报作风纪律问题"))
    by_hand = body.due_at is not None or body.lead_unit_id is not None or body.priority
    if by_hand and not (directs or checked.source.straight):
        raise Forbidden(N_("期限、牵头单位和优先由创建办确定"))
    return directs


def _route(
    session: Session, actor: Actor, checked: CheckedReport, body: ReportBody, owners: Owners, now: datetime
) -> Route:
    """Who answers and by when: as routed, but for what was said by hand; a restricted one goes to trusted hands."""
    on, where = local_day(now), checked.where
    code = checked.category.code
    router = load_router(session, actor, owners, Place(where.site_id), [code], on)
    declared = declared_of(code, checked.campaigns)
    route = router.decide(Case(code, checked.severity, frozenset(checked.campaigns)), declared)
    if checked.restricted:
        lead = trusted_lead(session, body.lead_unit_id or where.unit_id, on)
        return Route(lead, lead, route.limit, "restricted")
    if body.lead_unit_id is None:
        return route
    if body.lead_unit_id == owners.root or not may(session, actor, SEE, body.lead_unit_id, on):
        remedy = N_("请选一个部门、街道或社区")
        raise InvalidInput(faults=[Fault(N_("没有这个单位"), "lead_unit_id", remedy=remedy)])
    return Route(body.lead_unit_id, route.place, route.limit, "named")


def _state(*, straight: bool, is_fixed: bool, merges: bool) -> str:
    if is_fixed:
        return CLOSED
    return DISPATCHED if straight and not merges else REPORTED


def _target(session: Session, actor: Actor, target_id: UUID | None, now: datetime) -> Finding | None:
    """The finding that this one repeats, if the actor sees it. Raises InvalidInput."""
    if target_id is None:
        return None
    seen = select(Finding).where(Finding.id == target_id, sees_finding(actor, local_day(now)))
    found = session.scalars(seen).first()
    if found is None:
        remedy = N_("请从列出的相近问题中选一件")
        raise InvalidInput(faults=[Fault(N_("没有选要并入的问题"), "merge_into", remedy=remedy)])
    return found


def _basis(actor: Actor, source: Source) -> str:
    if source.basis != BY_POST:
        return source.basis
    return VERIFIED if actor.roles() & VERIFYING else SELF
