"""Precedents (权责判例): what an arbitration decided once is proposed the next time, with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, case, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.errors import N_, Conflict, NotFound
from core.work.calendar import local_day
from core.work.dispatch.routing import PRECEDENT, Route, one_of
from core.work.journal import record
from core.work.loop.clocks import end_of
from core.work.loop.sight import sees_finding
from core.work.permits import require
from core.work.roles import DIRECT
from core.work.tables import Finding, FindingCampaign, Precedent, SiteKind
from tenants.access import Actor, root_unit
from tenants.models import Unit


@dataclass(frozen=True, slots=True)
class PrecedentRow:
    """A precedent as a list shows it (判例行); ``number`` is the finding's that it was decided for, if the reader may see it."""

    precedent: Precedent
    unit_name: str
    territory_name: str
    number: str
    in_force: bool


def remember(
    session: Session, actor: Actor | None, finding: Finding, unit_id: UUID, reason: str, now: datetime
) -> None:
    """Keep a decision for findings of the same category at places of the same type, in the same territory and campaign.

    The type and the campaign are kept only when the finding has exactly one; the earlier precedent of the same case ends.
    What is decided about a restricted finding is no precedent: its reason would be told to everybody.
    """
    if finding.restricted:
        return
    day = local_day(now)
    types = session.scalars(
        select(SiteKind.site_type).where(SiteKind.site_id == finding.site_id, SiteKind.valid_to.is_(None))
    ).all()
    campaigns = session.scalars(select(FindingCampaign.campaign).where(FindingCampaign.finding_id == finding.id)).all()
    same = {
        "category": finding.category,
        "site_type": one_of(set(types)),
        "territory_id": finding.unit_id,
        "campaign": one_of(set(campaigns)),
    }
    for earlier in session.scalars(select(Precedent).filter_by(**same).where(Precedent.valid_to.is_(None))):
        earlier.valid_to = day
    session.add(
        Precedent(
            **same,
            unit_id=unit_id,
            reason=reason,
            returns=finding.returns,
            finding_id=finding.id,
            person_name=actor.name if actor else "",
            decided_at=now,
        )
    )
    session.flush()


def count_used(session: Session, actor: Actor, routes: Iterable[Route]) -> None:
    """Count the precedents that some routes followed (one statement, none without any)."""
    add_uses(session, actor, Counter(route.why_id for route in routes if route.why == PRECEDENT and route.why_id))


def add_uses(session: Session, actor: Actor, used: Mapping[UUID, int]) -> None:
    """Count how often some precedents were followed, by id; what secret rounds found is counted at their release."""
    if used:
        more = case(dict(sorted(used.items())), value=Precedent.id)
        session.execute(
            update(Precedent)
            .where(Precedent.tenant_id == actor.tenant.id, Precedent.id.in_(used))
            .values(used=Precedent.used + more)
            .execution_options(synchronize_session=False)
        )


def list_precedents(
    session: Session, actor: Actor, *, on: date, ended: bool = False, category: str = "", as_of: date | None = None
) -> list[PrecedentRow]:
    """The precedents (判例), those in force first, the latest first; ``ended`` shows those that ended too.

    With ``as_of`` those that had been decided by the end of that day, in force or ended as they were then.
    """
    day = as_of or on
    territory = aliased(Unit)
    query = (
        select(Precedent, Unit.name, territory.name, Finding.number)
        .join(Unit, and_(Unit.tenant_id == Precedent.tenant_id, Unit.id == Precedent.unit_id))
        .outerjoin(territory, and_(territory.tenant_id == Precedent.tenant_id, territory.id == Precedent.territory_id))
        .outerjoin(
            Finding,
            and_(
                Finding.tenant_id == Precedent.tenant_id,
                Finding.id == Precedent.finding_id,
                sees_finding(actor, on),
            ),
        )
        .where(Precedent.tenant_id == actor.tenant.id)
        .order_by(Precedent.valid_to.is_not(None), Precedent.decided_at.desc(), Precedent.id.desc())
    )
    if not ended:
        query = query.where(or_(Precedent.valid_to.is_(None), Precedent.valid_to > day))
    if as_of:
        query = query.where(Precedent.decided_at < end_of(as_of))
    if category:
        query = query.where(Precedent.category == category)
    return [
        PrecedentRow(row, unit, place or "", number or "", row.valid_to is None or row.valid_to > day)
        for row, unit, place, number in session.execute(query)
    ]


def end_precedent(session: Session, actor: Actor, precedent_id: UUID, *, today: date) -> Precedent:
    """End a precedent by hand (终止判例): from today it is proposed no more; findings that followed it stay.

    Raises NotFound, Conflict when it has ended, and Forbidden for who does not direct the work in its territory.
    """
    row = session.scalars(select(Precedent).where(Precedent.id == precedent_id)).first()
    if row is None:
        raise NotFound
    require(session, actor, DIRECT, row.territory_id or root_unit(session).id, today)
    if row.valid_to is not None and row.valid_to <= today:
        raise Conflict(N_("这条判例已经终止"))
    row.valid_to = today
    session.flush()
    detail = {"category": row.category, "unit": str(row.unit_id), "used": row.used}
    record(session, actor, "precedent.end", "precedent", row.id, **detail)
    return row
