"""Checks of all similar sites that one finding gives rise to (举一反三): planned in one step, done by visits, reports or by hand.

What more it found are the findings of the same category or question that were opened at its sites from its beginning to
its end. The restricted class gives rise to none (ours): the places would tell of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.bulk import insert_rows
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.journal import record
from core.work.loop.sight import sees_finding
from core.work.loop.states import DISMISSED
from core.work.permits import require
from core.work.proofs.sweep_people import tell_planned
from core.work.proofs.sweep_reading import progress_of
from core.work.roles import CHECK, DIRECT, VISIT
from core.work.tables import Finding, Site, SiteKind, Sweep, SweepSite
from core.work.wording import read_text
from tenants.access import Actor, may, reach
from tenants.db import new_id
from tenants.models import Unit, UnitPath
from tenants.scope import ScopedSession

OPEN, CLOSED = "open", "closed"
MOST_SITES = 2000  # in one check (ours)
LONGEST_NOTE, LONGEST_TITLE = 300, 120


@dataclass(frozen=True, slots=True)
class Similar:
    """A site that is like the one of a finding (同类点位)."""

    id: UUID
    name: str
    unit_id: UUID
    unit_name: str


def similar_sites(
    session: ScopedSession,
    actor: Actor,
    finding: Finding,
    *,
    types: Sequence[str] = (),
    unit_id: UUID | None = None,
    on: date,
) -> list[Similar]:
    """Active sites within the actor's reach that share a type with the finding's site, or have one of ``types`` (one query)."""
    own = select(SiteKind.site_type).where(
        SiteKind.tenant_id == session.tenant_id, SiteKind.site_id == finding.site_id, valid_on(SiteKind, on)
    )
    alike = select(SiteKind.site_id).where(
        SiteKind.tenant_id == session.tenant_id,
        SiteKind.site_type.in_(types or own),
        valid_on(SiteKind, on),
    )
    query = (
        select(Site.id, Site.name, Unit.id, Unit.name)
        .join(Unit, (Unit.tenant_id == Site.tenant_id) & (Unit.id == Site.unit_id))
        .where(
            Site.tenant_id == session.tenant_id,
            Site.state == "active",
            Site.id.in_(alike),
            Site.unit_id.in_(reach(actor, DIRECT, on)),
        )
        .order_by(Unit.pinyin, Unit.id, Site.pinyin, Site.id)
    )
    if finding.site_id is not None:
        query = query.where(Site.id != finding.site_id)
    if unit_id is not None:
        under = select(UnitPath.unit_id).where(
            UnitPath.tenant_id == session.tenant_id, UnitPath.ancestor_id == unit_id, valid_on(UnitPath, on)
        )
        query = query.where(Site.unit_id.in_(under))
    return [Similar(*row) for row in session.execute(query).all()]


def types_of(session: ScopedSession, site_id: UUID | None, on: date) -> list[str]:
    """The types that a site has on a day."""
    if site_id is None:
        return []
    chosen = select(SiteKind.site_type).where(SiteKind.site_id == site_id, valid_on(SiteKind, on))
    return list(session.scalars(chosen.order_by(SiteKind.site_type)))


def finding_to_sweep(session: ScopedSession, actor: Actor, finding_id: UUID, now: datetime) -> Finding:
    """The finding from which the actor may plan such a check. Raises NotFound, Forbidden and Conflict."""
    day = local_day(now)
    finding = session.scalars(select(Finding).where(Finding.id == finding_id, sees_finding(actor, day))).first()
    if finding is None:
        raise NotFound
    require(session, actor, DIRECT, finding.unit_id, day)
    if finding.restricted:
        raise Conflict(N_("限定范围的问题不能举一反三"))
    if finding.state in DISMISSED:
        raise Conflict(N_("没有成立的问题不能举一反三"))
    return finding


def plan(
    session: ScopedSession,
    actor: Actor,
    finding_id: UUID,
    *,
    sites: Sequence[UUID] | None = None,
    types: Sequence[str] = (),
    unit_id: UUID | None = None,
    due_on: date,
    title: str = "",
    now: datetime,
) -> Sweep:
    """Plan a check of similar sites in one step (举一反三); ``sites`` None means all of :func:`similar_sites`.

    Raises NotFound, Forbidden, Conflict (one is under way for this finding already) and InvalidInput.
    """
    day = local_day(now)
    finding = finding_to_sweep(session, actor, finding_id, now)
    session.execute(select(Finding.id).where(Finding.id == finding.id).with_for_update())
    if session.scalar(select(Sweep.id).where(Sweep.finding_id == finding.id, Sweep.state == OPEN).limit(1)):
        raise Conflict(N_("这个问题的举一反三正在进行，请先结束"))
    known = [one.id for one in similar_sites(session, actor, finding, types=types, unit_id=unit_id, on=day)]
    chosen = known if sites is None else _within(session, actor, sites, day)
    said = _checked(title.strip() or finding.title[:LONGEST_TITLE], due_on, len(chosen), day)
    sweep = Sweep(
        id=new_id(),
        finding_id=finding.id,
        title=said,
        category=finding.category,
        question=finding.question,
        due_on=due_on,
        person_id=actor.person_id,
        person_name=actor.name,
        hidden=finding.hidden,
        created_at=now,
    )
    session.add(sweep)
    session.flush()
    empty = {"checked_at": None, "visit_id": None, "found": 0, "note": "", "person_name": "", "hidden": finding.hidden}
    insert_rows(session, actor, SweepSite, [{"sweep_id": sweep.id, "site_id": one} | empty for one in chosen])
    record(session, actor, "sweep.plan", "sweep", sweep.id, finding=str(finding.id), sites=len(chosen))
    tell_planned(session, actor, sweep, chosen, now)
    session.flush()
    return sweep


def tick_site(
    session: ScopedSession, actor: Actor, sweep_id: UUID, site_id: UUID, *, note: str, now: datetime
) -> SweepSite:
    """Say by hand that a site was checked and nothing was found (已查无此问题); a note says what was looked at.

    Raises NotFound, Forbidden, Conflict (checked already, by whom, or the check is over) and InvalidInput.
    """
    day = local_day(now)
    row = session.scalars(
        select(SweepSite).where(SweepSite.sweep_id == sweep_id, SweepSite.site_id == site_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).first()
    site = session.get(Site, (session.tenant_id, site_id)) if row else None
    if row is None or site is None:
        raise NotFound
    if not any(may(session, actor, verb, site.unit_id, day) for verb in (VISIT, CHECK, DIRECT)):
        raise NotFound
    if session.scalars(select(Sweep.state).where(Sweep.id == sweep_id)).one() != OPEN:
        raise Conflict(N_("这次举一反三已经结束"))
    if row.checked_at is not None:
        raise Conflict(N_("这个点位已由{who}排查"), who=row.person_name)
    faults: list[Fault] = []
    said = read_text(note, "note", faults, LONGEST_NOTE)
    if not said and not faults:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明查了什么")))
    if faults:
        raise InvalidInput(faults=faults)
    row.checked_at, row.note, row.person_name = now, said, actor.name
    record(session, actor, "sweep.tick", "sweep", sweep_id, site=str(site_id))
    session.flush()
    return row


def close(session: ScopedSession, actor: Actor, sweep_id: UUID, *, now: datetime) -> Sweep:
    """Close such a check (结束举一反三): what was checked and found so far is written down. Raises NotFound, Forbidden, Conflict."""
    day = local_day(now)
    sweep = session.scalars(
        select(Sweep).where(Sweep.id == sweep_id).with_for_update(), execution_options={"populate_existing": True}
    ).first()
    finding = session.get(Finding, (session.tenant_id, sweep.finding_id)) if sweep else None
    if sweep is None or finding is None:
        raise NotFound
    if not may(session, actor, DIRECT, finding.unit_id, day):
        raise Forbidden(N_("您的岗位不能在这个单位办理此事；请联系管理员"))
    if sweep.state != OPEN:
        raise Conflict(N_("这次举一反三已经结束"))
    for one in progress_of(session, sweep, now=now):
        session.execute(
            update(SweepSite)
            .where(
                SweepSite.tenant_id == session.tenant_id,
                SweepSite.sweep_id == sweep.id,
                SweepSite.site_id == one.site_id,
            )
            .values(checked_at=one.checked_at, visit_id=one.visit_id, found=one.found)
        )
    sweep.state, sweep.ended_at = CLOSED, now
    record(session, actor, "sweep.close", "sweep", sweep.id)
    session.flush()
    return sweep


def _within(session: Session, actor: Actor, sites: Sequence[UUID], on: date) -> list[UUID]:
    """The named sites, when all of them are active and within reach."""
    wanted = list(dict.fromkeys(sites))
    known = set(
        session.scalars(
            select(Site.id).where(
                Site.id.in_(wanted), Site.state == "active", Site.unit_id.in_(reach(actor, DIRECT, on))
            )
        )
    )
    if len(known) != len(wanted):
        raise NotFound(N_("没有找到这个点位"))
    return wanted


def _checked(title: str, due_on: date, count: int, today: date) -> str:
    faults: list[Fault] = []
    said = read_text(title, "title", faults, LONGEST_TITLE)
    if due_on < today:
        faults.append(Fault(N_("日期已经过去"), "due_on", value=due_on.isoformat(), remedy=N_("请填今天或以后的日期")))
    if not count:
        remedy = N_("请换一种点位类型，或放宽单位")
        faults.append(Fault(N_("没有同类点位"), "types", remedy=remedy))
    if count > MOST_SITES:
        remedy, params = N_("一次最多 {most} 个，请按单位分几次"), {"most": MOST_SITES}
        faults.append(Fault(N_("点位过多"), "types", None, str(count), "", remedy, params))
    if faults:
        raise InvalidInput(faults=faults)
    return said
