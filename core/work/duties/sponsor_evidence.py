"""What stands behind a sponsor's numbers (包保情况明细): the findings settled at his places, his inspections there, his log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, false, or_, select

from core.errors import NotFound
from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.duties.sponsor_deeds import Deeds, deeds
from core.work.duties.sponsor_findings import Claim, Days, claims, term_in
from core.work.duties.sponsor_keeping import get_sponsorship
from core.work.duties.sponsor_lists import find_sponsorship
from core.work.duties.sponsor_log import LogLine, is_own, read_log, visible
from core.work.duties.sponsoring import SponsorLine
from core.work.loop.sight import sees_finding, sees_visit
from core.work.roles import SEE
from core.work.tables import Finding, Site, Sponsorship, Visit
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession

MOST = 200


@dataclass(frozen=True, slots=True)
class Inspection:
    """One visit that the sponsor made at his places (检查); ``opens``: whether the reader may open it."""

    id: UUID
    day: date
    site_name: str
    unit_name: str
    opens: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is behind the numbers of one sponsorship in a period (包保情况明细).

    ``settled`` are those that the reader may see, at most MOST, the latest first; ``unseen`` how many more were counted;
    ``opens`` whose pages open to him.
    """

    line: SponsorLine
    did: Deeds
    settled: Sequence[FindingRow]
    unseen: int
    opens: set[UUID]
    inspections: Sequence[Inspection]
    log: Sequence[LogLine]


def read_evidence(
    session: ScopedSession, actor: Actor, sponsorship_id: UUID, days: Days, *, now: datetime, today: date
) -> Evidence:
    """The rows behind what a sponsor did from a first to a last day (包保情况明细). Raises NotFound.

    The sponsor himself sees everything at his places, with or without a post; anybody else what his posts reach.
    """
    row = get_sponsorship(session, sponsorship_id)
    own = is_own(session, actor, row, today)
    if not own and not actor.has(SEE):
        raise NotFound
    line = find_sponsorship(session, actor, sponsorship_id, today)
    claim = claims(session, [row], days[1])[row.id]
    did = deeds(session, [row.id], days)[row.id]
    settled = _settled(session, actor, row, claim, days, now=now, today=today, own=own)
    return Evidence(
        line,
        did,
        settled,
        did.at_places - len(settled),
        visible(session, actor, [one.id for one in settled], today),
        _inspections(session, actor, row, claim, days, today),
        [one for one in read_log(session, actor, row.id, today) if days[0] <= one.entry.day <= days[1]],
    )


def _settled(
    session: ScopedSession,
    actor: Actor,
    row: Sponsorship,
    claim: Claim,
    days: Days,
    *,
    now: datetime,
    today: date,
    own: bool,
) -> list[FindingRow]:
    term = term_in(row, days)
    if term is None:
        return []
    here = and_(claim.findings(actor.tenant.id), Finding.closed_at >= term[0], Finding.closed_at < term[1])
    sight = here if own else and_(here, sees_finding(actor, today))
    query = base_query(actor, Filter(view="problem"), now, sight=sight)
    found = session.execute(query.order_by(Finding.closed_at.desc(), Finding.id).limit(MOST)).all()
    return rows_of(session, found, now)


def _inspections(
    session: ScopedSession, actor: Actor, row: Sponsorship, claim: Claim, days: Days, today: date
) -> list[Inspection]:
    ground = claim.territory
    here = [Visit.unit_id.in_(ground.units)] if ground.units else []
    here += [Visit.site_id.in_(ground.sites)] if ground.sites else []
    first = max(days[0], row.valid_from)
    seen = sees_visit(actor, today) if actor.has(SEE) else false()
    query = (
        select(Visit.id, Visit.day, Site.name, Unit.name, seen)
        .join(Site, and_(Site.tenant_id == Visit.tenant_id, Site.id == Visit.site_id))
        .join(Unit, and_(Unit.tenant_id == Visit.tenant_id, Unit.id == Visit.unit_id))
        .where(Visit.person_id == row.person_id, Visit.replaced_at.is_(None), or_(false(), *here))
        .where(Visit.day.between(first, days[1]))
        .order_by(Visit.day.desc(), Visit.submitted_at.desc())
        .limit(MOST)
    )
    if row.valid_to is not None:
        query = query.where(Visit.day < row.valid_to)
    return [Inspection(*found) for found in session.execute(query)]
