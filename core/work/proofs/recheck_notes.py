"""Tells people of re-inspections (回头看提醒): when they are drawn or asked for, and once more when they are late.

One without a name belongs to whoever checks at the place. Notes about the restricted class reach only those who may know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.calendar import day_end, local_day
from core.work.loop import clocks
from core.work.loop.announcing import campaigns_by_finding, params_of
from core.work.papers.notes import tell
from core.work.papers.rungs import fire, fired
from core.work.roles import CHECK
from core.work.tables import Finding, Recheck
from tenants.access import Actor
from tenants.scope import ScopedSession

KIND = "recheck"
# One and many: when they are drawn, on the day, and when the day is over.
DRAWN = (
    N_("请回头看问题 {number}「{title}」，期限 {day}"),
    N_("有 {count} 件已销号的问题等您回头看，期限 {day}"),
)
DUE = (
    N_("问题 {number}「{title}」的回头看今天到期"),
    N_("有 {count} 件回头看今天到期"),
)
LATE = (
    N_("问题 {number}「{title}」的回头看已过期限 {day}，请尽快复查"),
    N_("有 {count} 件回头看已过期限，请尽快复查"),
)


def tell_drawn(session: Session, actor: Actor, rechecks: Sequence[Recheck], now: datetime) -> int:
    """Tell the people named, or those who check at the places; gives how many notes there were."""
    findings = _findings(session, [one.finding_id for one in rechecks])
    return _tell(session, [(one, findings[one.finding_id]) for one in rechecks], DRAWN, now, but=actor.person_id)


def remind_rechecks(session: ScopedSession, now: datetime) -> int:
    """Remind of re-inspections on their day and, when nobody did them, after it, once each; gives how many were reminded."""
    today = local_day(now)
    late = _remind(session, "recheck_late", LATE, Recheck.due_on < today, now)
    return late + _remind(session, "recheck_due", DUE, Recheck.due_on == today, now)


def _remind(
    session: ScopedSession, rung: str, texts: tuple[str, str], ready: ColumnElement[bool], now: datetime
) -> int:
    rows = session.execute(
        select(Recheck, Finding)
        .join(Finding, and_(Finding.tenant_id == Recheck.tenant_id, Finding.id == Recheck.finding_id))
        .where(
            Recheck.tenant_id == session.tenant_id,
            Recheck.state == "due",
            Finding.hidden.is_(False),
            ready,
            ~fired(session, rung, day_end(Recheck.due_on)),
        )
        .order_by(Recheck.due_on, Recheck.id)
    ).all()
    claimed = fire(session, rung, [(finding.id, clocks.end_of(one.due_on)) for one, finding in rows], now)
    told = [(one, finding) for one, finding in rows if finding.id in claimed]
    _tell(session, told, texts, now)
    return len(told)


def _findings(session: Session, ids: Sequence[UUID]) -> dict[UUID, Finding]:
    return {finding.id: finding for finding in session.scalars(select(Finding).where(Finding.id.in_(ids)))}


def _tell(
    session: Session,
    rows: Sequence[tuple[Recheck, Finding]],
    texts: tuple[str, str],
    now: datetime,
    but: UUID | None = None,
) -> int:
    """One note to each person, or to those who check at each place, however many re-inspections there are."""
    named = campaigns_by_finding(session, [finding.id for recheck, finding in rows if recheck.person_id is None])
    groups: dict[tuple[UUID | None, UUID | None, bool, tuple[str, ...]], list[tuple[Recheck, Finding]]] = defaultdict(
        list
    )
    for recheck, finding in rows:
        unit = None if recheck.person_id else finding.unit_id
        campaigns = () if recheck.person_id else named.get(finding.id, ())
        groups[recheck.person_id, unit, finding.restricted, campaigns].append((recheck, finding))
    told = 0
    for (person, unit, restricted, campaigns), group in groups.items():
        recheck, finding = group[0]
        alone = len(group) == 1
        day = {"day": min(one.due_on for one, _ in group).isoformat()}
        told += tell(
            session,
            unit_ids=[unit] if unit else [],
            person_ids=[person],
            verb=CHECK,
            kind=KIND,
            text=texts[0] if alone else texts[1],
            params=(params_of(finding) if alone else {"count": len(group)}) | day,
            object_kind=KIND if alone else "inbox",
            object_id=recheck.id if alone else "",
            now=now,
            restricted=restricted,
            campaigns=campaigns if unit else None,
            but=but,
        )
    return told
