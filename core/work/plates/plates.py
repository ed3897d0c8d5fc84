"""Plates (门牌): issuing one for a site, replacing and revoking it, and finding it by its code."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.journal import record
from core.work.permits import require
from core.work.places.site_lists import get_site
from core.work.places.site_settings import LONGEST_DUTIES, PlateSettings, read_settings
from core.work.roles import KEEP_SITES
from core.work.tables import Plate, Site
from core.work.wording import read_text
from tenants.access import Actor, reach
from tenants.db import new_id
from tenants.scope import ScopedSession

ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"  # nothing that is read for another, and no vowels, so that no words come out
LENGTH = 10
MOST = 2_000  # plates issued at once (ours)
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Found:
    """A plate by its code with its site (扫到的门牌)."""

    plate: Plate
    site: Site

    @property
    def is_in_force(self) -> bool:
        """Whether it is the site's plate now."""
        return self.plate.revoked_at is None


def draw_code(length: int = LENGTH) -> str:
    """A code of chance that is read aloud without mistakes."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def issue_plate(
    session: ScopedSession, actor: Actor, site_id: UUID, *, today: date, now: datetime, duties: str | None = None
) -> Plate:
    """Issue a plate for a site (发放门牌); one that it has goes on saying that it was replaced.

    ``duties`` None: those of the plate before, else the district's usual ones. Raises NotFound, Forbidden, InvalidInput,
    and Conflict for a closed site.
    """
    row = get_site(session, actor, site_id, today=today)
    require(session, actor, KEEP_SITES, row.unit_id, today)
    if row.state != "active":
        raise Conflict(N_("这个点位已经停用"))
    before = plate_of(session, site_id)
    if duties is None:
        usual = read_settings(session, PlateSettings, session.tenant_id)[0].duties
        duties = before.duties if before else usual
    faults: list[Fault] = []
    said = read_text(duties, "duties", faults, LONGEST_DUTIES)
    if faults:
        raise InvalidInput(faults=faults)
    if before is not None:
        before.revoked_at = now
        session.flush()
    made = Plate(id=new_id(), site_id=site_id, code=draw_code(), duties=said, person_id=actor.person_id, issued_at=now)
    session.add(made)
    record(session, actor, "plate.replace" if before else "plate.issue", "site", site_id, name=row.name)
    session.flush()
    return made


def issue_missing(session: ScopedSession, actor: Actor, sites: Collection[UUID], *, today: date, now: datetime) -> int:
    """Issue a plate for each of some active sites that has none and that the actor keeps; gives how many."""
    if len(sites) > MOST:
        remedy = N_("请用条件分批，每批不超过 {most} 个")
        raise InvalidInput(
            faults=[Fault(N_("一次发放太多"), "site", None, str(len(sites)), "", remedy, {"most": MOST})]
        )
    plated = select(Plate.site_id).where(Plate.tenant_id == session.tenant_id, Plate.revoked_at.is_(None))
    mine = Site.unit_id.in_(reach(actor, KEEP_SITES, today))
    wanted = select(Site.id, Site.name).where(Site.id.in_(sites), Site.state == "active", mine, Site.id.not_in(plated))
    rows = session.execute(wanted.order_by(Site.id)).all()
    usual = read_settings(session, PlateSettings, session.tenant_id)[0].duties
    for site_id, name in rows:
        code = draw_code()
        session.add(Plate(site_id=site_id, code=code, duties=usual, person_id=actor.person_id, issued_at=now))
        record(session, actor, "plate.issue", "site", site_id, name=name)
    session.flush()
    return len(rows)


def revoke_plate(session: ScopedSession, actor: Actor, site_id: UUID, *, today: date, now: datetime) -> None:
    """Revoke a site's plate (作废门牌): scanning it says so. Raises NotFound, Forbidden."""
    row = get_site(session, actor, site_id, today=today)
    require(session, actor, KEEP_SITES, row.unit_id, today)
    plate = plate_of(session, site_id)
    if plate is None:
        raise NotFound
    plate.revoked_at = now
    record(session, actor, "plate.revoke", "site", site_id, name=row.name)
    session.flush()


def plate_of(session: Session, site_id: UUID) -> Plate | None:
    """A site's plate in force."""
    return session.scalars(select(Plate).where(Plate.site_id == site_id, Plate.revoked_at.is_(None))).first()


def plates_of(session: Session, sites: Sequence[UUID]) -> dict[UUID, Plate]:
    """The plates in force of some sites."""
    rows = session.scalars(select(Plate).where(Plate.site_id.in_(sites), Plate.revoked_at.is_(None)))
    return {plate.site_id: plate for plate in rows}


def find_plate(session: Session, code: str) -> Found:
    """A plate by its code, in force or not, in the tenant of the session. Raises NotFound."""
    said = code.upper()
    row = None
    if _CODE.fullmatch(said):
        found = select(Plate, Site).join(Site, (Site.tenant_id == Plate.tenant_id) & (Site.id == Plate.site_id))
        row = session.execute(found.where(Plate.code == said)).first()
    if row is None:
        raise NotFound
    return Found(*row)
