"""What became of the findings of a notice (文书所涉问题的去向): still with its unit, or left - transferred, closed, cancelled.

A notice all of whose findings have left asks for an answer that nobody can give: it is no longer chased or late, and its
issuer is offered to cancel it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select
from sqlalchemy.orm import Session

from core.errors import N_
from core.work.dated import valid_on
from core.work.loop.states import CLOSED_STATES, DISMISSED
from core.work.tables import Finding, Notice, NoticeAddressee, NoticeFinding, Part
from tenants.models import UnitPath

OVER = (*CLOSED_STATES, *DISMISSED)
MOVED, SETTLED = "moved", "settled"
WAYS: dict[str, str] = {MOVED: N_("已转出"), SETTLED: N_("已办结")}


def is_gone(tenant_id: int, on: date) -> ColumnElement[bool]:
    """Filter on Notice: it is about findings, and every one of them has left its units."""
    about = (NoticeFinding.tenant_id == tenant_id, NoticeFinding.notice_id == Notice.id)
    stays = exists().where(
        *about,
        Finding.tenant_id == tenant_id,
        Finding.id == NoticeFinding.finding_id,
        not_(or_(Finding.state.in_(OVER), _moved(tenant_id, Notice.id, on))),
    )
    any_finding = exists().where(*about)
    return and_(any_finding.correlate(Notice), ~stays.correlate(Notice))


def left_findings(session: Session, notice: Notice, on: date) -> dict[UUID, str]:
    """The findings of a notice that have left its units, each with the way (a code of WAYS); one query."""
    moved = _moved(notice.tenant_id, notice.id, on)
    query = (
        select(Finding.id, Finding.state)
        .join(NoticeFinding, and_(NoticeFinding.tenant_id == Finding.tenant_id, NoticeFinding.finding_id == Finding.id))
        .where(NoticeFinding.notice_id == notice.id, or_(Finding.state.in_(OVER), moved))
    )
    return {finding_id: SETTLED if state in OVER else MOVED for finding_id, state in session.execute(query)}


def gone_of(session: Session, notice_ids: Collection[UUID], tenant_id: int, on: date) -> set[UUID]:
    """Of some notices those whose findings have all left (one query)."""
    if not notice_ids:
        return set()
    return set(session.scalars(select(Notice.id).where(Notice.id.in_(notice_ids), is_gone(tenant_id, on))))


def _moved(tenant_id: int, notice_id: Any, on: date) -> ColumnElement[bool]:
    """Condition on Finding: an addressee of the notice (with those below it) had the lead, and none of them works on it."""
    under = (
        select(UnitPath.unit_id)
        .join(
            NoticeAddressee,
            and_(NoticeAddressee.tenant_id == UnitPath.tenant_id, NoticeAddressee.unit_id == UnitPath.ancestor_id),
        )
        .where(UnitPath.tenant_id == tenant_id, NoticeAddressee.notice_id == notice_id, valid_on(UnitPath, on))
        .correlate(Notice)
    )
    own = (Part.tenant_id == tenant_id, Part.finding_id == Finding.id, Part.unit_id.in_(under))
    had = exists().where(*own, Part.kind == "line", Part.ended_at.is_not(None)).correlate(Finding, Notice)
    works = exists().where(*own, Part.ended_at.is_(None), or_(Part.leading, Part.state == "open"))
    return and_(had, ~works.correlate(Finding, Notice))
