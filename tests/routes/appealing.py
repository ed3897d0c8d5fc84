"""Appeals for the routes' world (申诉): one that waits in each district, and fresh ones for every write."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from core.work.appeals.appeal_moves import RAISED
from core.work.appeals.deciding import withdraw
from core.work.appeals.raising import appeal_finding, units_of_finding
from core.work.tables import Appeal, Finding
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession


def give_appeals(session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor]) -> dict[str, str]:
    """An appeal with a photo against a finding that a unit has; gives its id."""
    return {"appeal_id": new_appeal(session, ids, actors, "数据有误")}


def new_appeal(session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], reason: str) -> str:
    """An appeal that nobody has decided, against a finding that the district's visit found."""
    liaison = actors["liaison"]
    finding = open_finding(session)
    unit = units_of_finding(session, liaison, finding, now())[0]
    made = appeal_finding(
        session, liaison, finding.id, unit_id=unit.id, reason=reason, photos=[ids["photo_id"]], now=now()
    )
    return str(made.id)


def open_finding(session: ScopedSession) -> Finding:
    """A finding that is with its unit, without an appeal that waits."""
    busy = select(Appeal.finding_id).where(Appeal.state == RAISED, Appeal.finding_id.is_not(None))
    wanted = (Finding.state == "dispatched", Finding.restricted.is_(False), Finding.source == "visit")
    found = select(Finding).where(*wanted, Finding.hidden.is_(False), Finding.id.not_in(busy))
    return session.scalars(found.order_by(Finding.opened_at.desc(), Finding.id).limit(1)).one()


def free_unit(session: ScopedSession, actors: Mapping[str, Actor], finding_id: str) -> str:
    """A unit that may appeal against a finding, and has no appeal there that waits."""
    liaison = actors["liaison"]
    finding = session.get_one(Finding, (session.tenant_id, UUID(finding_id)))
    for one in session.scalars(select(Appeal).where(Appeal.finding_id == finding.id, Appeal.state == RAISED)).all():
        withdraw(session, liaison, one.id, version=one.version, now=now())
    return str(units_of_finding(session, liaison, finding, now())[0].id)
