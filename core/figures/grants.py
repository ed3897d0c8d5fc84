"""Who may receive a district's figures (发布授权): dated grants, each a row; the latest row for a reader and campaign decides.

A district may let any bureau above it read, its city, that city's province, the nation, each by a grant of its own: what one
receives it cannot pass on. Nothing is ever changed: a new grant replaces the old one, a withdrawal is a row too. What was published before stays with
its reader; what comes after does not leave any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from core.errors import N_, Fault, InvalidInput
from core.figures.tables import PublicationGrant
from core.work.journal import record
from core.work.permits import require
from core.work.roles import GRANT
from tenants.access import Actor, TenantRef, root_unit
from tenants.db import now
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession

DETAILS = ("totals", "categories", "indicators", "units", "sites")  # each with what stands before it

IN_FORCE, WITHDRAWN, EXPIRED, NOT_BEGUN = "in_force", "withdrawn", "expired", "not_begun"


def give_grant(
    session: ScopedSession,
    actor: Actor | None,
    reader: TenantRef,
    campaign: str,
    detail: str,
    valid_from: date,
    valid_to: date | None = None,
    *,
    issuer: TenantRef | None = None,
) -> PublicationGrant:
    """Let a bureau receive a campaign's publications in some detail; ``valid_to`` is the last day, None without end.

    ``issuer`` names the district when no person acts. Raises Forbidden, and InvalidInput naming the field.
    """
    district = issuer_of(actor, issuer)
    require(session, actor, GRANT, root_unit(session).id, valid_from, campaign=campaign)
    faults = list(_faults(session, reader, district, campaign, detail, valid_from, valid_to))
    if faults:
        raise InvalidInput(faults=faults)
    grant = _grant(district, actor, reader.id, reader.slug, reader.name, campaign, detail, valid_from, valid_to)
    session.add(grant)
    session.flush()
    said = {"reader": reader.slug, "campaign": campaign, "detail": detail, "from": valid_from.isoformat()}
    record(session, actor, "grant.give", "grant", grant.id, **said, to=valid_to.isoformat() if valid_to else None)
    return grant


def withdraw_grant(
    session: ScopedSession,
    actor: Actor | None,
    grant: PublicationGrant,
    on: date,
    *,
    issuer: TenantRef | None = None,
) -> PublicationGrant:
    """Withdraw what a grant allowed, from ``on``; withdrawing what is withdrawn changes nothing. Raises Forbidden."""
    district = issuer_of(actor, issuer)
    require(session, actor, GRANT, root_unit(session).id, on, campaign=grant.campaign)
    latest = _latest(session).get((grant.reader_id, grant.campaign))
    if latest is not None and latest.revoked:
        return latest
    reader = (grant.reader_id, grant.reader_slug, grant.reader_name)
    row = _grant(district, actor, *reader, grant.campaign, grant.detail, on, None)
    row.revoked = True
    session.add(row)
    session.flush()
    record(session, actor, "grant.withdraw", "grant", row.id, reader=grant.reader_slug, campaign=grant.campaign)
    return row


def grants_in_force(session: ScopedSession, on: date, campaign: str | None = None) -> list[PublicationGrant]:
    """This district's grants that hold on a day, by campaign and reader."""
    return [
        grant
        for grant in _latest(session).values()
        if not grant.revoked
        and grant.valid_from <= on
        and (grant.valid_to is None or grant.valid_to >= on)
        and campaign in (None, grant.campaign)
    ]


def grant_history(session: ScopedSession) -> list[PublicationGrant]:
    """Every grant and withdrawal of this district, newest first (授权记录)."""
    query = select(PublicationGrant).where(PublicationGrant.tenant_id == session.tenant_id)
    return list(session.scalars(query.order_by(PublicationGrant.created_at.desc(), PublicationGrant.id.desc())))


@dataclass(frozen=True, slots=True)
class Received:
    """What a district allows this reader now (收到的授权); what was received before stays, whatever the state.

    ``state`` is in_force, withdrawn, expired or not_begun; ``since`` the day on which it began.
    """

    grant: PublicationGrant
    state: str
    since: date


def grants_received(session: ScopedSession, on: date) -> list[Received]:
    """The deciding grant of each district and campaign that addressed this reader, by campaign and district."""
    query = select(PublicationGrant).where(
        PublicationGrant.reader_id == session.tenant_id, PublicationGrant.tenant_id != session.tenant_id
    )
    ordered = query.order_by(PublicationGrant.created_at, PublicationGrant.id)
    last = {(g.campaign, g.district_slug, g.tenant_id): g for g in session.scalars(ordered)}
    return [Received(grant, *_state(grant, on)) for _, grant in sorted(last.items())]


def _state(grant: PublicationGrant, on: date) -> tuple[str, date]:
    if grant.revoked:
        return WITHDRAWN, grant.valid_from
    if grant.valid_to is not None and grant.valid_to < on:
        return EXPIRED, grant.valid_to + timedelta(days=1)
    return (IN_FORCE if grant.valid_from <= on else NOT_BEGUN), grant.valid_from


def issuer_of(actor: Actor | None, issuer: TenantRef | None) -> TenantRef:
    """The district that speaks: the actor's own, or the one named by the installation."""
    if actor is not None:
        return actor.tenant
    if issuer is None:
        raise ValueError("without an actor the issuing district must be named")
    return issuer


def _latest(session: ScopedSession) -> dict[tuple[int, str], PublicationGrant]:
    """The row that decides for each reader and campaign."""
    query = select(PublicationGrant).where(PublicationGrant.tenant_id == session.tenant_id)
    ordered = query.order_by(PublicationGrant.created_at, PublicationGrant.id)
    found = {(g.reader_id, g.campaign): g for g in session.scalars(ordered)}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].campaign, pair[1].reader_slug)))


def _grant(
    district: TenantRef,
    actor: Actor | None,
    reader_id: int,
    reader_slug: str,
    reader_name: str,
    campaign: str,
    detail: str,
    valid_from: date,
    valid_to: date | None,
) -> PublicationGrant:
    return PublicationGrant(
        reader_id=reader_id,
        campaign=campaign,
        detail=detail,
        valid_from=valid_from,
        valid_to=valid_to,
        reader_slug=reader_slug,
        reader_name=reader_name,
        district_slug=district.slug,
        district_code=district.code,
        district_name=district.name,
        granted_by=actor.name if actor else "",
        created_at=now(),
    )


def _faults(
    session: ScopedSession,
    reader: TenantRef,
    district: TenantRef,
    campaign: str,
    detail: str,
    valid_from: date,
    valid_to: date | None,
) -> list[Fault]:
    found = []
    if not reader.is_bureau or reader.id == district.id:
        message, remedy = N_("只能授权给市级、省级或国家级主管部门"), N_("请选择上级主管部门")
        found.append(Fault(message, field="reader", value=reader.slug, remedy=remedy))
    if detail not in DETAILS:
        remedy = N_("可选：totals（总分）、categories（分项）、indicators（指标）、units（单位）、sites（点位）")
        found.append(Fault(N_("不认识的详细程度"), field="detail", value=detail, remedy=remedy))
    if valid_to is not None and valid_to < valid_from:
        remedy = N_("截止日期不能早于开始日期 {day}")
        said = {"day": valid_from.isoformat()}
        found.append(Fault(N_("授权期限有误"), "valid_to", value=valid_to.isoformat(), remedy=remedy, params=said))
    if session.get(EnabledCampaign, (session.tenant_id, campaign)) is None:
        remedy = N_("请先启用该创建项目")
        found.append(Fault(N_("这个区县没有启用该创建项目"), field="campaign", value=campaign, remedy=remedy))
    return found
